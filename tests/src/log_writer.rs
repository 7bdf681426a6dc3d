//! Where a recording goes in a test.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};

/// A writer that gives its text away when the recorder is done with it.
#[derive(Debug)]
pub struct LogWriter {
    bytes: Vec<u8>,
    done: Sender<String>,
}

impl LogWriter {
    /// The writer, and where its text arrives.
    #[must_use]
    pub fn new() -> (Self, Receiver<String>) {
        let (done, log) = channel();
        (Self { bytes: Vec::new(), done }, log)
    }
}

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        // A test that has failed does not listen any more.
        let _ = self.done.send(String::from_utf8_lossy(&self.bytes).into_owned());
    }
}
