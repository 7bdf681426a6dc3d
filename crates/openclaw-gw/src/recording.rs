//! `record` and `--record`: the file a run is recorded to.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use openclaw_client::record::RecordLimit;

use crate::cli::Recording;
use crate::failure::Failure;

/// The last lines are written by a thread of the library's; nobody waits longer than this for it.
const LAST_LINES: Duration = Duration::from_secs(2);

/// The file as the library writes it. It tells when the library lets go of it.
pub(crate) struct RecordFile {
    file: BufWriter<File>,
    limit: RecordLimit,
    _done: Sender<()>,
}

/// Waits for the last line.
pub(crate) struct Finished(Receiver<()>);

impl RecordFile {
    /// Makes the file, or empties it.
    pub(crate) fn create(recording: &Recording) -> Result<(Self, Finished), Failure> {
        let file = File::create(&recording.file).map_err(|error| {
            Failure::usage(format!("cannot write the recording {}: {error}", recording.file.display()))
        })?;
        let (sender, receiver) = channel();
        Ok((Self { file: BufWriter::new(file), limit: recording.limit, _done: sender }, Finished(receiver)))
    }

    pub(crate) fn limit(&self) -> RecordLimit {
        self.limit
    }
}

impl Finished {
    /// Blocks until the recording is complete.
    pub(crate) fn wait(self) {
        // Nothing is ever sent: what ends the wait is that the writer, and with it the sender, is dropped.
        let _ = self.0.recv_timeout(LAST_LINES);
    }
}

impl Write for RecordFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
