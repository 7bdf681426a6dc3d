//! One measurement of one client.

mod blocking;
mod dial;
mod inline;
mod meter;
mod ours;
mod raw;
mod raw_blocking;
mod raw_dial;
mod reading;

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use openclaw_client::transport::DialOptions;

use crate::{cores, files};

pub(crate) use meter::Line;
use reading::Reading;

/// What to measure, and how.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// The gateway's address
    #[arg(long)]
    pub(crate) url: String,
    /// The certificate to believe, for wss://: what `serve --tls` has written
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Its token
    #[arg(long, default_value = "t")]
    pub(crate) token: String,
    /// What to do
    #[arg(long, value_enum)]
    pub(crate) mode: Mode,
    /// How often: calls, events or connections; a tenth of it warms up and is not counted
    #[arg(long)]
    pub(crate) n: u64,
    /// Calls in flight (pipeline), events asked for at a time (flood)
    #[arg(long, default_value_t = 64)]
    pub(crate) window: u64,
    /// Bytes of a frame (flood) or a payload (blob)
    #[arg(long, default_value_t = 200)]
    pub(crate) size: usize,
    /// What a blob is made of
    #[arg(long, value_enum, default_value_t = Kind::History)]
    pub(crate) kind: Kind,
    /// How long idle connections are held, in milliseconds
    #[arg(long, default_value_t = 1_000)]
    pub(crate) hold: u64,
    /// Who does it: the library, or a bare WebSocket on the same runtime
    #[arg(long, value_enum, default_value_t = Who::Openclaw)]
    pub(crate) client: Who,
    /// What carries it
    #[arg(long, value_enum, default_value_t = On::Tokio)]
    pub(crate) runtime: On,
    /// Bytes of the read buffer. Default: the library's own; 16 KiB for a bare WebSocket, which is its best
    #[arg(long)]
    pub(crate) buffer: Option<usize>,
    /// Read each payload into a struct
    #[arg(long, conflicts_with = "kind")]
    parse: bool,
    /// The core to run on, with all threads. Default: any
    #[arg(long, value_name = "CPU")]
    core: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// One call after the other
    Rtt,
    /// Many calls in flight
    Pipeline,
    /// Events to one reader
    Flood,
    /// Large answers, one after the other
    Blob,
    /// Connections that do nothing
    Idle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    History,
    String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Who {
    Openclaw,
    Raw,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum On {
    /// tokio on one thread
    Tokio,
    /// tokio on two threads
    TokioMulti,
    AsyncStd,
    Smol,
    /// Threads
    Blocking,
    /// The core driven by hand, in one thread
    Inline,
}

impl Args {
    /// Params of a blob.
    fn blob(&self) -> String {
        let kind = if self.kind == Kind::String { "string" } else { "history" };
        format!(r#"{{"size":{},"kind":"{kind}"}}"#, self.size)
    }

    /// Params of a flood.
    fn flood(&self, count: u64) -> String {
        format!(r#"{{"count":{count},"size":{}}}"#, self.size)
    }

    fn warm_up(&self) -> u64 {
        (self.n / 10).max(1)
    }

    /// What becomes of payloads.
    fn reading(&self) -> Reading {
        match self.mode {
            _ if !self.parse => Reading::Raw,
            Mode::Rtt | Mode::Pipeline | Mode::Idle => Reading::Echo,
            Mode::Flood => Reading::Event,
            Mode::Blob => Reading::History,
        }
    }

    /// The read buffer of a bare WebSocket.
    fn raw_buffer(&self) -> usize {
        self.buffer.unwrap_or(16 * 1024)
    }

    /// The library's read buffer.
    fn own_buffer(&self) -> usize {
        self.buffer.unwrap_or_else(|| DialOptions::default().read_buffer)
    }

    fn hold(&self) -> Duration {
        Duration::from_millis(self.hold)
    }
}

/// Params of an `echo`.
const ECHO: &str = r#"{"sessionKey":"agent:main:main","limit":20}"#;

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if let Some(core) = args.core {
        cores::pin(core)?;
    }
    anstream::println!("{}", serde_json::to_string(&measure(args)?)?);
    Ok(())
}

fn measure(args: &Args) -> anyhow::Result<Line> {
    if args.mode == Mode::Idle {
        files::room_for(args.n + args.warm_up())?;
    }
    match (args.client, args.runtime) {
        (Who::Raw, On::Blocking | On::Inline) => raw_blocking::measure(args),
        (Who::Raw, On::Tokio) => current_thread()?.block_on(raw::on_tokio(args.clone())),
        (Who::Raw, On::TokioMulti) => multi_thread()?.block_on(raw::on_tokio(args.clone())),
        (Who::Raw, On::AsyncStd) => on_async_std(raw::on_async_std(args.clone())),
        (Who::Raw, On::Smol) => on_smol(raw::on_smol(args.clone())),
        (Who::Openclaw, On::Tokio) => {
            let runtime = current_thread()?;
            let on = openclaw_tokio::Tokio::on(runtime.handle().clone());
            runtime.block_on(ours::measure(args.clone(), on))
        }
        (Who::Openclaw, On::TokioMulti) => {
            let runtime = multi_thread()?;
            let on = openclaw_tokio::Tokio::on(runtime.handle().clone());
            runtime.block_on(ours::measure(args.clone(), on))
        }
        (Who::Openclaw, On::AsyncStd) => {
            on_async_std(ours::measure(args.clone(), openclaw_async_std::AsyncStd::default()))
        }
        (Who::Openclaw, On::Smol) => on_smol(ours::measure(args.clone(), openclaw_smol::Smol::default())),
        (Who::Openclaw, On::Blocking) => blocking::measure(args),
        (Who::Openclaw, On::Inline) => inline::measure(args),
    }
}

/// On the executor's own threads, where a program's tasks and the driver are.
fn on_async_std(work: impl Future<Output = anyhow::Result<Line>> + Send + 'static) -> anyhow::Result<Line> {
    async_std::task::block_on(async_std::task::spawn(work))
}

/// The same for smol.
fn on_smol(work: impl Future<Output = anyhow::Result<Line>> + Send + 'static) -> anyhow::Result<Line> {
    smol::block_on(smol::spawn(work))
}

fn current_thread() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

fn multi_thread() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}
