//! The command line.

mod global;
mod help;
mod record;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

pub(crate) use global::{Colour, DEFAULT_URL, Global};
pub(crate) use help::AFTER_HELP;
use help::{
    CALL_HELP, DEVICE_HELP, EXPLAIN_HELP, PAIR_HELP, RECORD_HELP, REPLAY_HELP, SERVE_HELP, STATUS_HELP, TRACE_HELP,
    WATCH_HELP,
};
pub(crate) use record::{Only, Record, Recording, Trace};

/// Talks to an OpenClaw gateway: its status, any of its methods, its events.
#[derive(Parser)]
#[command(name = "openclaw-gw", version, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show what the gateway is and what it grants
    #[command(after_help = STATUS_HELP)]
    Status,
    /// Call a method and print its answer
    #[command(after_help = CALL_HELP)]
    Call(Call),
    /// Print events as they come
    #[command(after_help = WATCH_HELP)]
    Watch(Watch),
    /// See a connection's whole life against an embedded gateway; needs nothing else
    Demo,
    /// Be a gateway for tests of clients in any language
    #[command(after_help = SERVE_HELP)]
    Serve(Serve),
    /// Run a command and record what its connection does
    #[command(after_help = RECORD_HELP)]
    Record(Record),
    /// Show a recording as a timeline
    #[command(after_help = TRACE_HELP)]
    Trace(Trace),
    /// Run the client over a recording once more and tell whether it does the same again
    #[command(after_help = REPLAY_HELP)]
    Replay(Replay),
    /// Have this device approved by the gateway's operator, and wait for that
    #[command(after_help = PAIR_HELP)]
    Pair(Pair),
    /// This device's identity and the tokens it was issued; needs no gateway
    #[command(after_help = DEVICE_HELP)]
    #[command(subcommand)]
    Device(Device),
    /// Say what an error code, a close code or an HTTP status means and what to do about it
    #[command(after_help = EXPLAIN_HELP)]
    Explain(Explain),
}

#[derive(Args)]
pub(crate) struct Pair {
    /// How long to wait, connecting included: 5m, 1h, or none
    #[arg(long, value_name = "TIME", default_value = "none", value_parser = patience)]
    pub(crate) timeout: Patience,
}

#[derive(Subcommand)]
pub(crate) enum Device {
    /// Show who this device is, where that is kept, and for which gateways it has tokens
    Show,
    /// Make an identity, unless there is one
    New {
        /// Make a new one in its place: every pairing is lost
        #[arg(long)]
        replace: bool,
    },
    /// Remove the identity and every token
    Forget {
        /// Really
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Args)]
pub(crate) struct Explain {
    /// The code, for example PAIRING_REQUIRED, 1008 or 503; without it, all of them
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) code: Option<String>,
}

/// What the served gateway speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServeProtocol {
    /// Wire v4, as gateways since 2026.5.12
    V4,
    /// Wire v3, as gateways before
    V3,
    /// v3 in the field names of the first Go client
    Original,
}

/// NAME=PERIOD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repeated {
    pub(crate) name: String,
    pub(crate) period: Duration,
}

#[derive(Args)]
pub(crate) struct Serve {
    /// The loopback port; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 18_789)]
    pub(crate) port: u16,

    /// What to speak
    #[arg(long, value_enum, default_value_t = ServeProtocol::V4)]
    pub(crate) protocol: ServeProtocol,

    /// How often to send the event tick
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(crate) tick: Duration,

    /// Send an event again and again, for example chat=2s; may be repeated
    #[arg(long = "event", value_name = "NAME=PERIOD", value_parser = repeated)]
    pub(crate) events: Vec<Repeated>,
}

#[derive(Args)]
pub(crate) struct Replay {
    /// A recording
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

#[derive(Args)]
pub(crate) struct Call {
    /// The method, for example health or agents.list
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) method: String,

    /// Its params: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
    pub(crate) params: Option<String>,

    /// How long to wait, connecting included: 500ms, 30s, 5m, or none. A second answer has as long again
    /// [default: 30s, and no limit for the result of the method agent]
    #[arg(long, value_name = "TIME", value_parser = patience)]
    pub(crate) timeout: Option<Patience>,

    /// Expect two answers, acceptance and result, and show both
    #[arg(long)]
    pub(crate) two_stage: bool,
}

#[derive(Args)]
pub(crate) struct Watch {
    /// Only events of this name; may be repeated
    #[arg(long = "event", value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) events: Vec<String>,

    /// End after so many events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,

    /// End after this time, counted from the moment the gateway is ready: 10s, 5m
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(crate) period: Option<Duration>,

    /// End when the connection ends or cannot be made, instead of coming back
    #[arg(long)]
    pub(crate) no_reconnect: bool,
}

/// How long to wait for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    For(Duration),
    Endless,
}

/// A command line that has been read.
pub(crate) struct Parsed {
    pub(crate) cli: Cli,
    /// Where each value came from.
    pub(crate) matches: ArgMatches,
    pub(crate) record: Option<Recording>,
}

/// Reads the command line. What is to be recorded is read as the command it is.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Parsed, clap::Error> {
    let args: Vec<OsString> = args.into_iter().collect();
    let read = |args: &[OsString]| {
        let matches = Cli::command().try_get_matches_from(args)?;
        Ok::<_, clap::Error>((Cli::from_arg_matches(&matches)?, matches))
    };
    let (cli, matches) = read(&args)?;
    let Command::Record(record) = &cli.command else {
        let record = record::recording(&cli, None)?;
        return Ok(Parsed { cli, matches, record });
    };
    let (recorded, matches) = read(&record::expanded(record, &matches, args.first()))?;
    let record = record::recording(&recorded, Some(record))?;
    Ok(Parsed { cli: recorded, matches, record })
}

fn repeated(text: &str) -> Result<Repeated, String> {
    let (name, period) = text.split_once('=').ok_or("expected NAME=PERIOD, for example chat=2s")?;
    if name.is_empty() {
        return Err("the event has no name".into());
    }
    Ok(Repeated { name: name.into(), period: duration(period)? })
}

fn patience(text: &str) -> Result<Patience, String> {
    match text.trim() {
        "none" => Ok(Patience::Endless),
        text => duration(text).map(Patience::For),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("a unit is missing, for example {text}s or {text}ms"));
    }
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("it must be longer than nothing".into()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn try_parse(line: &str) -> Result<Parsed, clap::Error> {
        parse(std::iter::once("openclaw-gw").chain(line.split_whitespace()).map(Into::into))
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_need_a_unit_and_a_length() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration(" 1m 30s "), Ok(Duration::from_secs(90)));
        for bad in ["", "30", "0s", "-1s", "soon", "none"] {
            assert!(duration(bad).is_err(), "{bad:?}");
        }
        assert_eq!(patience("none"), Ok(Patience::Endless));
        assert_eq!(patience("2s"), Ok(Patience::For(Duration::from_secs(2))));
        assert!(patience("never").is_err());
    }

    #[test]
    fn global_options_may_stand_on_either_side_of_the_command() {
        for line in ["--json --scope a --scope b call health", "call health --json --scope a --scope b"] {
            let cli = try_parse(line).unwrap().cli;
            assert!(cli.global.json, "{line}");
            assert_eq!(cli.global.scopes, ["a", "b"], "{line}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in
            ["", "call", "watch --count 0", "watch --for 0s", "--role boss status", "--color blue status", "dance"]
        {
            assert!(try_parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn params_may_begin_with_a_hyphen() {
        for value in ["-", "-1"] {
            let cli = try_parse(&format!("call m --params {value}")).unwrap().cli;
            let Command::Call(call) = cli.command else { panic!("not a call") };
            assert_eq!(call.params.as_deref(), Some(value));
        }
    }
}
