//! How much a socket has carried.

/// Counts a socket's bytes from inside the stream that carries them, from the HTTP answer on.
#[derive(Debug, Default)]
pub struct ByteCount {
    read: u64,
    written: u64,
    /// How long the answer's head is; zero while it has not come to its end.
    head: u32,
    /// The last byte ended a line, so that an empty one would end the head.
    line_ended: bool,
}

impl ByteCount {
    /// Bytes were read.
    pub fn read(&mut self, bytes: &[u8]) {
        if self.head == 0 {
            self.find_head(bytes);
        }
        self.read += bytes.len() as u64;
    }

    fn find_head(&mut self, bytes: &[u8]) {
        for (before, byte) in (self.read..).zip(bytes) {
            match byte {
                b'\n' if self.line_ended => {
                    self.head = u32::try_from(before + 1).unwrap_or(u32::MAX);
                    return;
                }
                b'\r' => {}
                _ => self.line_ended = *byte == b'\n',
            }
        }
    }

    /// Bytes read behind the head, once that has ended.
    pub(crate) fn after_head(&self) -> Option<u64> {
        (self.head != 0).then(|| self.read.saturating_sub(self.head.into()))
    }

    /// Bytes were written.
    pub fn written(&mut self, bytes: usize) {
        self.written += bytes as u64;
    }

    /// Read and written so far.
    #[must_use]
    pub fn totals(&self) -> (u64, u64) {
        (self.read, self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after_head(parts: &[&[u8]]) -> Option<u64> {
        let mut count = ByteCount::default();
        parts.iter().for_each(|part| count.read(part));
        assert_eq!(count.totals(), (parts.iter().map(|part| part.len() as u64).sum(), 0));
        count.after_head()
    }

    #[test]
    fn the_head_ends_at_the_empty_line_wherever_reads_end() {
        let answers: [&[u8]; 3] = [
            b"HTTP/1.1 101 Go\r\nA: b\r\n\r\n\x81\x03abc",
            b"HTTP/1.1 101 Go\nA: b\n\n\x81\x03abc",
            b"HTTP/1.1 101 Go\r\nA: b\n\r\n\x81\x03\n\n\n",
        ];
        for answer in answers {
            for cut in 0..answer.len() {
                let (one, other) = answer.split_at(cut);
                assert_eq!(after_head(&[one, other]), Some(5), "{cut}");
            }
        }
    }

    #[test]
    fn without_an_end_of_the_head_there_is_nothing_behind_it() {
        assert_eq!(after_head(&[]), None);
        assert_eq!(after_head(&[b"HTTP/1.1 101 Go\r\nA: b\r\nB: c\r\n"]), None);
        assert_eq!(after_head(&[b"\r\n"]), None);
    }
}
