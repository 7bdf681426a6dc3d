//! From the command line to the exit code.

use std::ffi::OsString;
use std::future::Future;

use openclaw_client::Notice;

use crate::cli::{self, Colour, Command, Parsed};
use crate::commands::{Halt, Job, demo, device, explain, replay, serve, trace};
use crate::connect::Session;
use crate::device::Device;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt;
use crate::logging;
use crate::output::look::Look;
use crate::output::mask::Mask;
use crate::output::warning::warn;
use crate::recording::RecordFile;
use crate::settings::Settings;

/// Runs the program.
pub(crate) fn run() -> Exit {
    let args: Vec<OsString> = std::env::args_os().collect();
    let json = wants_json(&args);
    let parsed = cli::parse(args).and_then(|parsed| {
        let settings = Settings::resolve(&parsed.cli.global, &parsed.matches)?;
        Ok((parsed, settings))
    });
    match parsed {
        Ok((parsed, settings)) => execute(parsed, settings),
        Err(error) => usage(&error, json),
    }
}

/// Whether errors are to be machine-readable, as far as a command line tells that cannot be read.
fn wants_json(args: &[OsString]) -> bool {
    // What is recorded has its options behind a `--` of its own.
    let mut parts = args.split(|arg| arg == "--");
    let asks = |part: Option<&[OsString]>| part.is_some_and(|part| part.iter().any(|arg| arg == "--json"));
    let recorded = args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "record");
    asks(parts.next()) || (recorded && asks(parts.next()))
}

/// Help and version are no errors; everything else the parser objects to is one of usage.
fn usage(error: &clap::Error, json: bool) -> Exit {
    let exit = if error.use_stderr() { Exit::Usage } else { Exit::Success };
    if json && exit == Exit::Usage {
        let text = error.render().to_string();
        let text = text.trim();
        let message = text.strip_prefix("error: ").unwrap_or(text);
        Failure::usage(message).print(Look::new(json, Colour::Never), &Mask::default());
    } else {
        // A reader that has gone has seen enough.
        let _ = error.print();
    }
    exit
}

fn execute(parsed: Parsed, settings: Settings) -> Exit {
    let Parsed { cli, record, .. } = parsed;
    let look = Look::new(cli.global.json, cli.global.color);
    let mask = settings.mask(None);
    let alone = match &cli.command {
        Command::Replay(args) => Some(replay::run(&args.file, look)),
        Command::Trace(args) => Some(trace::run(args, look)),
        Command::Device(args) => Some(device::run(args, look)),
        Command::Explain(args) => Some(explain::run(args, look)),
        Command::Demo => {
            let demo = unless_interrupted(demo::run(look, settings.adapter));
            Some(alone(demo, &mask, cli.global.verbose))
        }
        Command::Serve(args) => {
            // Ctrl-C is how a server ends.
            let serving = async { serve::run(args, &settings, look, interrupted()?).await };
            Some(alone(serving, &mask, cli.global.verbose))
        }
        _ => None,
    };
    if let Some(result) = alone {
        return result.unwrap_or_else(|failure| {
            failure.print(look, &mask);
            failure.exit
        });
    }
    // Before the runtime and its signal handlers are there, so that Ctrl-C ends a wait for standard input, or for another
    // process that holds the store, at once.
    let prepared = Job::prepare(cli.command, &settings).and_then(|job| Ok((job, Device::open(&settings)?)));
    let (job, device) = match prepared {
        Ok(prepared) => prepared,
        Err(failure) => {
            failure.print(look, &mask);
            return failure.exit;
        }
    };
    let mask = settings.mask(device.as_ref().and_then(|device| device.token.as_ref()));
    logging::start(cli.global.verbose, mask.clone());
    if settings.exposed() {
        warn(look, "the credential crosses the network in clear, as --insecure-plaintext allows; wss:// would hide it");
    }
    let result = (|| {
        let (file, finished) = record.as_ref().map(RecordFile::create).transpose()?.unzip();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::system("cannot start the runtime", &error))?;
        let result = runtime.block_on(async {
            let result = work(job, settings, device, look, mask.clone(), file).await;
            if let Some(finished) = finished {
                // The driver ends now that nobody holds the client, and with it the recording.
                let _ = tokio::task::spawn_blocking(|| finished.wait()).await;
            }
            result
        });
        // Name resolution and a blocked standard output may still be under way, and nobody waits for them any more.
        runtime.shutdown_background();
        Ok(result)
    })();
    match result.unwrap_or_else(|failure: Failure| Err(failure.into())) {
        Ok(()) | Err(Halt::StdoutClosed) => Exit::Success,
        Err(Halt::Interrupted) => Exit::Interrupted,
        Err(Halt::Failed(failure)) => {
            failure.print(look, &mask);
            failure.exit
        }
    }
}

/// Runs a command that brings its own gateway.
fn alone(work: impl Future<Output = Result<(), Halt>>, mask: &Mask, verbose: u8) -> Result<Exit, Failure> {
    logging::start(verbose, mask.clone());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::system("cannot start the runtime", &error))?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    match result {
        Ok(()) | Err(Halt::StdoutClosed) => Ok(Exit::Success),
        Err(Halt::Interrupted) => Ok(Exit::Interrupted),
        Err(Halt::Failed(failure)) => Err(*failure),
    }
}

/// Ends with the first Ctrl-C.
fn interrupted() -> Result<impl Future<Output = ()>, Failure> {
    interrupt::listen().map_err(|error| Failure::system("cannot listen for signals", &error))
}

async fn unless_interrupted(work: impl Future<Output = Result<(), Halt>>) -> Result<(), Halt> {
    let interrupted = interrupted()?;
    tokio::select! {
        biased;
        () = interrupted => Err(Halt::Interrupted),
        result = work => result,
    }
}

/// Runs a job until it is done or interrupted, and closes the connection either way.
async fn work(
    job: Job,
    settings: Settings,
    device: Option<Device>,
    look: Look,
    mask: Mask,
    record: Option<RecordFile>,
) -> Result<(), Halt> {
    let interrupted = interrupted()?;
    let ends_when_interrupted = job.ends_when_interrupted();
    let mut session = Session::new(settings, device, look, mask.clone(), job.manner(), record)?;
    let client = session.client.clone();
    let mut notices = client.notices();
    let result = tokio::select! {
        biased;
        () = interrupted => if ends_when_interrupted { Ok(()) } else { Err(Halt::Interrupted) },
        result = job.run(&mut session) => result,
    };
    client.shutdown().await;
    // By now every token that was issued is stored, or is not.
    while let Some(notice) = now(notices.next()).await {
        if let Ok(Notice::Store { error }) = notice {
            warn(look, &mask.hide(&format!("the token of this device was not stored: {error}")));
        }
    }
    result
}

/// What is there already.
async fn now<V>(next: impl Future<Output = Option<V>>) -> Option<V> {
    tokio::select! {
        biased;
        value = next => value,
        () = std::future::ready(()) => None,
    }
}
