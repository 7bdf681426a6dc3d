//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgAction, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use openclaw_client::Secret;

use crate::adapter::Adapter;

/// Where a gateway listens unless it is told otherwise.
pub(crate) const DEFAULT_URL: &str = "ws://127.0.0.1:18789";

pub(crate) const AFTER_HELP: &str = "\
Examples:
  openclaw-gw status
  openclaw-gw call agents.list
  openclaw-gw --scope operator.write call chat.send --params @message.json
  openclaw-gw watch --event chat --json | jq .payload

Exit codes:
  0    done
  1    the gateway refused the call, or a replay differs
  2    cannot connect or authenticate, or the connection broke
  3    no answer in time
  64   wrong usage, or a file that cannot be used
  74   standard output cannot be written
  130  interrupted by Ctrl-C or SIGTERM (watch: 0)

The gateway's own answers go to standard output, everything else to standard error.";

const CALL_HELP: &str = "\
Examples:
  openclaw-gw call health
  openclaw-gw call sessions.list --params '{\"limit\": 5}'
  echo '{}' | openclaw-gw call agents.list --params -
  openclaw-gw --json --scope operator.write call agent --params @turn.json --two-stage --timeout 5m

On a terminal the payload is laid out for reading; piped, or with --json, it is the line the gateway sent. \
With --json an error is one object, {\"error\":{...}}, on standard error.

--two-stage shows that the gateway accepted the request before the result is there: as a line on standard error, \
or with --json as the first of two lines on standard output, {\"stage\":\"accepted\",\"payload\":...} and \
{\"stage\":\"final\",\"payload\":...}.";

const WATCH_HELP: &str = "\
Examples:
  openclaw-gw watch
  openclaw-gw watch --event chat --event agent
  openclaw-gw watch --json --for 1m > events.ndjson

With --json every event is a line with exactly the keys event, seq, stateVersion, payload and receivedAt. \
Changes of the connection are lines with the key state; where a reader was too slow, a line with the key lagged \
says how many events are missing.

When the connection ends it comes back by itself and says so. It ends after --count events or --for a time, with Ctrl-C, \
or on a refusal that takes a person to mend; with --no-reconnect also with the connection.";

const SERVE_HELP: &str = "\
Examples:
  openclaw-gw serve
  openclaw-gw serve --port 0 --json --event chat=2s
  openclaw-gw --token let-me-in serve --protocol v3

The token is the one given with --token (or OPENCLAW_GATEWAY_TOKEN); without one the gateway has a token of its own, \
which it prints. It listens on 127.0.0.1 only, and ends with Ctrl-C.";

const REPLAY_HELP: &str = "\
Examples:
  openclaw-gw --record run.ndjson call health
  openclaw-gw replay run.ndjson

It needs no gateway. Exit code 0: identical; 1: the first difference is shown.

A recording holds what was sent and received, without the credentials of this program and without what stands under keys \
that look secret. Everything else, the words of people among it, is in it.";

const STATUS_HELP: &str = "\
Examples:
  openclaw-gw status
  openclaw-gw --scope operator.admin status
  openclaw-gw status --json | jq '.features.methods'

With --json the whole greeting of the gateway is shown; tokens and other secrets in it are replaced.";

/// Talks to an OpenClaw gateway: its status, any of its methods, its events.
#[derive(Parser)]
#[command(name = "openclaw-gw", version, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The gateway's address; wss:// for anything beyond this machine and private networks
    #[arg(long, global = true, value_name = "URL", env = "OPENCLAW_GATEWAY_URL", default_value = DEFAULT_URL)]
    #[arg(hide_env_values = true)]
    pub(crate) url: String,

    /// The gateway's token; other users of this machine may see it, so prefer the variable or --token-file
    #[arg(long, global = true, value_name = "TOKEN", env = "OPENCLAW_GATEWAY_TOKEN", value_parser = secret)]
    #[arg(hide_env_values = true)]
    pub(crate) token: Option<Secret>,

    /// A file that holds the token; white space around it is ignored
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,

    /// The gateway's password
    #[arg(long, global = true, value_name = "PASSWORD", env = "OPENCLAW_GATEWAY_PASSWORD", value_parser = secret)]
    #[arg(hide_env_values = true)]
    pub(crate) password: Option<Secret>,

    /// What to connect as
    #[arg(long, global = true, value_name = "ROLE", default_value = "operator", value_parser = ["operator", "node"])]
    pub(crate) role: String,

    /// A scope to ask for, instead of operator.read; may be repeated
    #[arg(long = "scope", global = true, value_name = "SCOPE", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) scopes: Vec<String>,

    /// Which adapter of the library carries the connection
    #[arg(long, global = true, value_name = "RUNTIME", value_enum, default_value_t = Adapter::Tokio)]
    pub(crate) runtime: Adapter,

    /// Machine-readable output, errors included
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// When to use colours; auto heeds NO_COLOR and CLICOLOR_FORCE
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Colour::Auto)]
    pub(crate) color: Colour,

    /// Record what the connection does, for replay; credentials are left out
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// Tell on standard error what happens; twice for more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    Auto,
    Always,
    Never,
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
    /// Run the client over a recording once more and tell whether it does the same again
    #[command(after_help = REPLAY_HELP)]
    Replay(Replay),
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
    /// A file that --record has written
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

/// Reads the command line. The matches tell where a value came from.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<(Cli, ArgMatches), clap::Error> {
    let matches = Cli::command().try_get_matches_from(args)?;
    Ok((Cli::from_arg_matches(&matches)?, matches))
}

fn repeated(text: &str) -> Result<Repeated, String> {
    let (name, period) = text.split_once('=').ok_or("expected NAME=PERIOD, for example chat=2s")?;
    if name.is_empty() {
        return Err("the event has no name".into());
    }
    Ok(Repeated { name: name.into(), period: duration(period)? })
}

#[allow(clippy::unnecessary_wraps, reason = "clap takes fallible functions")]
fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
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

    fn try_parse(line: &str) -> Result<(Cli, ArgMatches), clap::Error> {
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
            let (cli, _) = try_parse(line).unwrap();
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
            let (cli, _) = try_parse(&format!("call m --params {value}")).unwrap();
            let Command::Call(call) = cli.command else { panic!("not a call") };
            assert_eq!(call.params.as_deref(), Some(value));
        }
    }
}
