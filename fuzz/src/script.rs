//! A fuzzer's bytes, read as a script.
//!
//! A script is made of letters, each of which says what happens, followed by what that needs: numbers (a digit is itself,
//! any other byte is its value) and lines (up to the next line end). White space between steps means nothing. So a seed can
//! be written and read by a person, and every byte string is a script all the same.

/// What is left of a script.
#[derive(Clone, Copy, Debug)]
pub struct Script<'a> {
    rest: &'a [u8],
}

impl<'a> Script<'a> {
    /// The script in these bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// The next step, one of `letters`; none at the end. A byte that is none of them stands for one, so that none is lost.
    pub fn step(&mut self, letters: &[u8]) -> Option<u8> {
        let byte = loop {
            match self.byte()? {
                b' ' | b'\n' | b'\r' => {}
                byte => break byte,
            }
        };
        if letters.contains(&byte) { Some(byte) } else { letters.get(usize::from(byte) % letters.len()).copied() }
    }

    /// A number below 256; zero at the end.
    pub fn number(&mut self) -> u8 {
        match self.byte() {
            Some(digit @ b'0'..=b'9') => digit - b'0',
            other => other.unwrap_or_default(),
        }
    }

    /// One of several, of which there must be one.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::from(self.number()) % from.len()]
    }

    /// Yes, one time in so many.
    pub fn chance(&mut self, of: u8) -> bool {
        self.number() % of == of - 1
    }

    /// The rest of the line, which may be the rest of the script.
    pub fn line(&mut self) -> String {
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let (line, rest) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        String::from_utf8_lossy(line).into_owned()
    }
}
