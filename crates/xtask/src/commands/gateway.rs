//! `gateway`: install, start and stop real gateways.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Subcommand;
use serde_json::{Value, json};
use xtask::gateway::config::Extra;
use xtask::gateway::{self, Gateway, Record, StartOptions, Version, install, ready, versions};
use xtask::signals::Interrupted;

use super::exec;

/// Install, start and stop real gateways for tests.
///
/// The gateways are installed with npm from its registry, each with the Node it needs, and run on
/// loopback with a configuration and a state of their own. Nothing in the home folder is read or
/// written.
///
/// The installations are in target/gateways, or where OPENCLAW_GATEWAY_CACHE says.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the pinned versions and which of them are installed
    List,

    /// Install pinned versions (about 50 s and up to 800 MB each)
    Install {
        /// A pinned version; may be given several times [default: the newest]
        #[arg(long = "version", value_name = "VERSION", value_parser = versions::find)]
        versions: Vec<&'static Version>,
    },

    /// Start a gateway and leave it running
    Start(StartArgs),

    /// Stop gateways that `start` left running
    Stop {
        /// Only gateways of this version
        #[arg(long, value_parser = versions::find)]
        version: Option<&'static Version>,

        /// Only the gateway of this name
        name: Option<String>,
    },

    /// Show the running gateways; fails if there is none that is ready
    Status {
        /// Only gateways of this version
        #[arg(long, value_parser = versions::find)]
        version: Option<&'static Version>,

        /// Print JSON
        #[arg(long)]
        json: bool,
    },

    Exec(exec::Args),
}

/// The versions that were asked for, each once; if none was, the default ones.
pub(crate) fn distinct(asked: &[&'static Version], default: &[&'static Version]) -> Vec<&'static Version> {
    let mut chosen: Vec<&'static Version> = Vec::new();
    for version in if asked.is_empty() { default } else { asked } {
        if !chosen.contains(version) {
            chosen.push(version);
        }
    }
    chosen
}

#[derive(Debug, clap::Args)]
struct StartArgs {
    /// A pinned version
    #[arg(long, value_parser = versions::find, default_value = versions::DEFAULT.number)]
    version: &'static Version,

    /// The loopback port [default: a free one]
    #[arg(long)]
    port: Option<u16>,

    /// Keep attached until Ctrl-C, then stop the gateway
    #[arg(long)]
    foreground: bool,

    /// Print what is known about the gateway as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    /// The shared token clients connect with
    #[arg(long, default_value = gateway::DEFAULT_TOKEN)]
    pub(crate) token: String,

    /// Lay JSON over the gateway's configuration
    ///
    /// A JSON object or a file with one; objects are merged, null removes a member. With
    /// VERSION= in front it is for that version only. May be given several times.
    #[arg(long, value_name = "[VERSION=]FILE|JSON")]
    pub(crate) config: Vec<Extra>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    match &args.command {
        Command::List => list(),
        Command::Install { versions } => {
            for version in distinct(versions, &[versions::DEFAULT]) {
                let install = install::ensure_installed(version)?;
                anstream::println!("{} {}", version.number, install.entry.display());
            }
        }
        Command::Start(args) => start(args)?,
        Command::Stop { version, name } => stop(*version, name.as_deref())?,
        Command::Status { version, json } => return status(*version, *json),
        Command::Exec(args) => return exec::run(args),
    }
    Ok(ExitCode::SUCCESS)
}

fn list() {
    for version in versions::PINNED {
        anstream::println!(
            "{:10}  wire {}  {}{}",
            version.number,
            version.wire,
            if install::find(version).is_some() { "installed" } else { "not installed" },
            if *version == versions::DEFAULT { " (default)" } else { "" }
        );
    }
}

fn start(args: &StartArgs) -> Result<()> {
    gateway::tidy();
    let mut options = StartOptions::new(args.version);
    options.port = args.port;
    options.token.clone_from(&args.common.token);
    options.config.clone_from(&args.common.config);
    options.stays = !args.foreground;
    options.ends_with_thread = args.foreground;
    anstream::eprintln!("starting gateway {}", args.version.number);
    let mut gateway = Gateway::start(options)?;
    show(gateway.record(), args.json)?;
    if !args.foreground {
        gateway.leave_running();
        return Ok(());
    }
    anstream::eprintln!("press Ctrl-C to stop it");
    let result = gateway.wait();
    let stopped = gateway.stop()?;
    anstream::eprintln!("stopped in {:.1} s", stopped.took.as_secs_f64());
    match result {
        // The way to end it is no failure.
        Err(error) if error.is::<Interrupted>() => Ok(()),
        result => result,
    }
}

fn show(record: &Record, as_json: bool) -> Result<()> {
    if as_json {
        anstream::println!("{}", serde_json::to_string(record)?);
        return Ok(());
    }
    anstream::println!("name   {}", record.name);
    anstream::println!("url    {}", record.url);
    anstream::println!("token  {}", record.token);
    anstream::println!("wire   {}", record.wire);
    anstream::println!("pid    {}", record.pid);
    anstream::println!("log    {}", record.log.display());
    Ok(())
}

fn stop(version: Option<&Version>, name: Option<&str>) -> Result<()> {
    let chosen: Vec<_> = gateway::tidy()
        .into_iter()
        // What belongs to a running `exec` or test is stopped by that.
        .filter(|record| record.owner.is_none())
        .filter(|record| matches(record, version) && name.is_none_or(|name| record.name == name))
        .collect();
    if chosen.is_empty() {
        if let Some(name) = name {
            bail!("no gateway of the name {name} was left running");
        }
        anstream::println!("no gateway was left running");
    }
    for record in chosen {
        let stopped = gateway::stop(&record)?;
        anstream::println!(
            "{} stopped in {:.1} s{}",
            record.name,
            stopped.took.as_secs_f64(),
            if stopped.killed { " (killed)" } else { "" }
        );
    }
    Ok(())
}

fn matches(record: &Record, version: Option<&Version>) -> bool {
    version.is_none_or(|version| record.version == version.number)
}

fn status(version: Option<&Version>, as_json: bool) -> Result<ExitCode> {
    let records: Vec<_> = gateway::tidy()
        .into_iter()
        .filter(|record| matches(record, version))
        .map(|record| {
            let ready = ready::is_ready(record.port);
            (record, ready)
        })
        .collect();
    if as_json {
        let rows: Vec<Value> =
            records.iter().map(|(record, ready)| json!({"gateway": record, "ready": ready})).collect();
        anstream::println!("{}", serde_json::to_string(&rows)?);
    } else if records.is_empty() {
        anstream::println!("no gateway is running");
    } else {
        for (record, ready) in &records {
            anstream::println!(
                "{}  {}  pid {}  {}{}",
                record.name,
                record.url,
                record.pid,
                // One that runs isolated cannot be asked from here.
                if *ready { "ready" } else { "not reachable" },
                record.owner.map_or_else(String::new, |owner| format!("  (belongs to pid {})", owner.pid))
            );
        }
    }
    Ok(if records.iter().any(|(_, ready)| *ready) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
