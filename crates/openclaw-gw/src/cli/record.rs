//! Recording: which file, how much of it, and the two ways to say so.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, CommandFactory, ValueEnum};
use openclaw_client::record::RecordLimit;

use super::{Cli, Command};

#[derive(Args)]
pub(crate) struct Record {
    /// How large the file may become, for example 500KiB or 64MiB
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = size)]
    pub(crate) limit: usize,

    /// Keep the end of a longer run, not its beginning; the file is written at the end
    #[arg(long)]
    pub(crate) last: bool,

    /// The file to write
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// What to record: status, call, watch or pair, with its options
    #[arg(value_name = "COMMAND", last = true, required = true, num_args = 1..)]
    pub(crate) command: Vec<OsString>,
}

#[derive(Args)]
pub(crate) struct Trace {
    /// Show only this; may be repeated
    #[arg(long, value_name = "WHAT", value_enum, value_delimiter = ',')]
    pub(crate) only: Vec<Only>,

    /// Show every byte count, every flush and every annotation too
    #[arg(long)]
    pub(crate) all: bool,

    /// Do not cut long payloads
    #[arg(long)]
    pub(crate) full: bool,

    /// A recording
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// What of a recording to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Only {
    /// Frames in both directions
    Frames,
    /// Changes of the client's state
    States,
    /// Requests, their frames and what came of them
    Requests,
    /// Timers
    Timers,
    /// Sockets: dialed, opened, closed
    Sockets,
    /// What the client noticed
    Notices,
    /// Signatures and tokens, masked
    Credentials,
}

/// What to record, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recording {
    pub(crate) file: PathBuf,
    pub(crate) limit: RecordLimit,
}

/// The command line of the recorded command, with the global options that were given to `record`.
pub(super) fn expanded(record: &Record, matches: &ArgMatches, program: Option<&OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = program.into_iter().cloned().collect();
    args.extend(given_globally(matches));
    args.extend(record.command.iter().cloned());
    args
}

/// The global options of a command line, as it gave them.
fn given_globally(matches: &ArgMatches) -> Vec<OsString> {
    let mut given = Vec::new();
    for arg in Cli::command().get_arguments().filter(|arg| arg.is_global_set()) {
        let id = arg.get_id().as_str();
        let Some(name) = arg.get_long() else { continue };
        if matches.value_source(id) != Some(ValueSource::CommandLine) {
            continue;
        }
        let option = OsString::from(format!("--{name}"));
        match arg.get_action() {
            ArgAction::SetTrue => given.push(option),
            ArgAction::Count => given.extend(std::iter::repeat_n(option, usize::from(matches.get_count(id)))),
            _ => {
                for value in matches.get_raw(id).into_iter().flatten() {
                    // In one piece: a value may begin with a hyphen.
                    let mut whole = option.clone();
                    whole.push("=");
                    whole.push(value);
                    given.push(whole);
                }
            }
        }
    }
    given
}

/// What a command line records, if it records anything and its command can be recorded.
pub(super) fn recording(cli: &Cli, outer: Option<&Record>) -> Result<Option<Recording>, clap::Error> {
    let usage = |kind, text: &str| Err(Cli::command().error(kind, text));
    let recording = match (outer, &cli.global.record) {
        (Some(_), Some(_)) => {
            return usage(ErrorKind::ArgumentConflict, "a run is recorded once: --record is one too many");
        }
        (Some(record), None) => {
            let limit = if record.last { RecordLimit::last(record.limit) } else { RecordLimit::bytes(record.limit) };
            Recording { file: record.file.clone(), limit }
        }
        (None, Some(file)) => Recording { file: file.clone(), limit: RecordLimit::default() },
        (None, None) => return Ok(None),
    };
    match cli.command {
        Command::Status | Command::Call(_) | Command::Watch(_) | Command::Pair(_) => Ok(Some(recording)),
        _ => usage(
            ErrorKind::InvalidValue,
            "only status, call, watch and pair can be recorded: no other command connects",
        ),
    }
}

/// Less than this would hold little more than the first line.
const SMALLEST: usize = 4096;

fn size(text: &str) -> Result<usize, String> {
    let text = text.trim();
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or("a unit is missing, for example 64MiB")?;
    let (number, unit) = text.split_at(unit_at);
    let shift = match unit.trim().to_ascii_lowercase().as_str() {
        "kib" => 10,
        "mib" => 20,
        "gib" => 30,
        _ => return Err("expected a size in KiB, MiB or GiB, for example 64MiB".into()),
    };
    let number: usize = number.parse().map_err(|error| format!("{error}"))?;
    let bytes = number.checked_mul(1 << shift).ok_or("this is too large")?;
    if bytes < SMALLEST { Err("it must be at least 4KiB".into()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::super::{Parsed, parse};
    use super::*;

    fn try_parse(line: &str) -> Result<Parsed, clap::Error> {
        parse(std::iter::once("openclaw-gw").chain(line.split_whitespace()).map(Into::into))
    }

    #[test]
    fn sizes() {
        assert_eq!((size("4KiB"), size("64 mib"), size("1GiB")), (Ok(4096), Ok(64 << 20), Ok(1 << 30)));
        for bad in ["", "64", "1KiB", "0MiB", "-1MiB", "1MB", "99999999999GiB", "99999999999999999999KiB", "MiB", "é"]
        {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_recorded_command_has_the_global_options_of_both_sides() {
        let parsed =
            try_parse("--scope a -vv --url=ws://h record --last --limit 1MiB f -- call m --json --scope b").unwrap();
        let global = &parsed.cli.global;
        assert!(global.json && global.verbose == 2 && global.url == "ws://h");
        assert_eq!(global.scopes, ["b"], "what both have counts as the command has it");
        assert!(matches!(&parsed.cli.command, Command::Call(call) if call.method == "m"));
        assert_eq!(parsed.record, Some(Recording { file: "f".into(), limit: RecordLimit::last(1 << 20) }));
    }

    #[test]
    fn the_command_and_the_option_are_the_same() {
        let option = try_parse("--record f status").unwrap();
        let command = try_parse("record f -- status").unwrap();
        assert_eq!(option.record, command.record);
        assert_eq!(option.record, Some(Recording { file: "f".into(), limit: RecordLimit::default() }));
    }

    #[test]
    fn what_cannot_be_recorded_is_refused() {
        for line in [
            "record f",
            "record f --",
            "record f status",
            "record f -- demo",
            "record f -- dance",
            "record f -- record g -- status",
            "record f -- --record g status",
            "--record g record f -- status",
            "--record f explain",
            "record --limit 5 f -- status",
        ] {
            assert!(try_parse(line).is_err(), "{line}");
        }
    }
}
