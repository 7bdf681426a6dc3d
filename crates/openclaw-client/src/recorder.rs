//! Writing a recording where it cannot delay a connection: on a thread of its own.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use openclaw_proto::Client as Core;

use crate::Text;
use crate::call::Waiter;

/// The driver's end. Dropping it lets the thread write what it has, flush and end.
pub(crate) struct Recorder {
    lines: Option<Sender<String>>,
}

impl Recorder {
    /// Starts the thread. The log's own limit bounds what can wait for it.
    pub(crate) fn start(writer: Box<dyn Write + Send>) -> io::Result<Self> {
        let (sender, receiver) = channel();
        thread::Builder::new().name("openclaw-record".into()).spawn(move || {
            if let Err(error) = write(writer, &receiver) {
                tracing::warn!(%error, "the recording cannot be written and ends; the connection goes on");
            }
        })?;
        Ok(Self { lines: Some(sender) })
    }

    /// Takes the core's lines. After a failed write there is nobody to take them, and the core need not make more.
    pub(crate) fn drain(&mut self, core: &mut Core<Waiter, Text>) {
        while let Some(line) = core.poll_record() {
            let gone = self.lines.as_ref().is_none_or(|lines| lines.send(line).is_err());
            if gone && self.lines.take().is_some() {
                core.end_record();
            }
        }
    }

    /// Takes the last lines of a log that has ended.
    pub(crate) fn finish(&mut self, core: &mut Core<Waiter, Text>) {
        self.drain(core);
        self.lines = None;
    }
}

fn write(writer: Box<dyn Write + Send>, lines: &Receiver<String>) -> io::Result<()> {
    let mut writer = io::BufWriter::new(writer);
    while let Ok(mut line) = lines.recv() {
        line.push('\n');
        writer.write_all(line.as_bytes())?;
        // Flushed whenever nothing waits, so that a crash costs little of the log.
        while let Ok(mut line) = lines.try_recv() {
            line.push('\n');
            writer.write_all(line.as_bytes())?;
        }
        writer.flush()?;
    }
    writer.flush()
}
