//! `trace`: a recording as a timeline.

mod entry;
mod reader;
mod row;

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Write};
use std::path::Path;

use crate::cli::{Only, Trace};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::line::width;
use crate::output::look::{Look, Stream};

use entry::{Entry, Topic};
use reader::Reader;
use row::Cut;

/// Prints the timeline of a recording.
pub(crate) fn run(args: &Trace, look: Look) -> Result<Exit, Failure> {
    let mut entries = Entries::open(&args.file)?;
    let mut stdout = BufWriter::new(io::stdout().lock());
    let mut print = || -> Result<(), Stop> {
        while let Some(entry) = entries.next()? {
            if shown(&entry, args) {
                let cut = if args.full { Cut::Nowhere } else { width(look.out).map_or(Cut::Text, Cut::Row) };
                let row = if look.json { row::object(&entry, look.out, cut) } else { row::text(&entry, look.out, cut) };
                writeln!(stdout, "{row}")?;
            }
        }
        Ok(stdout.flush()?)
    };
    match print() {
        Ok(()) => Ok(Exit::Success),
        // A reader that has gone has seen enough.
        Err(Stop::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(Exit::Success),
        Err(Stop::Output(error)) => Err(Failure::output(&error)),
        Err(Stop::Input(failure)) => Err(failure),
    }
}

/// The rows of the lines before that one, without colours.
pub(super) fn rows_before(path: &Path, line: u64, count: usize) -> Vec<String> {
    const PLAIN: Stream = Stream { terminal: false, colour: false };
    let mut rows = Vec::new();
    let Ok(mut entries) = Entries::open(path) else { return rows };
    while let Ok(Some(entry)) = entries.next() {
        if entry.line >= line {
            break;
        }
        if rows.len() == count {
            rows.remove(0);
        }
        rows.push(row::text(&entry, PLAIN, Cut::Row(120)));
    }
    rows
}

enum Stop {
    Input(Failure),
    Output(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Input(failure)
    }
}

/// The lines of a file, read one by one: a recording may be large.
struct Entries<'a> {
    path: &'a Path,
    file: BufReader<File>,
    reader: Reader,
    line: u64,
    over: bool,
}

impl<'a> Entries<'a> {
    fn open(path: &'a Path) -> Result<Self, Failure> {
        let file = File::open(path).map_err(|error| unreadable(path, &error))?;
        Ok(Self { path, file: BufReader::new(file), reader: Reader::default(), line: 0, over: false })
    }

    fn next(&mut self) -> Result<Option<Entry>, Failure> {
        if self.over {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        self.file.read_until(b'\n', &mut bytes).map_err(|error| unreadable(self.path, &error))?;
        self.line += 1;
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_end();
        if self.line == 1 {
            let first = self.reader.first(text);
            return first.map(Some).ok_or_else(|| Failure::usage(format!("{} is no recording", self.path.display())));
        }
        if bytes.is_empty() {
            self.over = true;
            return Ok(self.reader.missing_end(self.line));
        }
        Ok(Some(self.reader.read(self.line, text)))
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("cannot read the recording {}: {error}", path.display()))
}

fn shown(entry: &Entry, args: &Trace) -> bool {
    if entry.topic == Topic::Log {
        return true;
    }
    let wanted = |only: &Only| match only {
        Only::Frames => entry.topic == Topic::Frame,
        Only::Requests => entry.topic == Topic::Request || (entry.topic == Topic::Frame && entry.id.is_some()),
        Only::States => entry.topic == Topic::State,
        Only::Timers => entry.topic == Topic::Timer,
        Only::Sockets => entry.topic == Topic::Socket,
        Only::Notices => entry.topic == Topic::Notice,
        Only::Credentials => entry.topic == Topic::Credential,
    };
    (args.all || entry.notable) && (args.only.is_empty() || args.only.iter().any(wanted))
}
