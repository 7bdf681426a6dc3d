//! The commands.

mod call;
pub(crate) mod demo;
pub(crate) mod device;
pub(crate) mod explain;
mod pair;
pub(crate) mod replay;
pub(crate) mod serve;
mod status;
pub(crate) mod trace;
mod watch;

use openclaw_client::recovery::PAIRING_POLL_MIN;

use crate::cli::Command;
use crate::connect::{Manner, Session};
use crate::failure::Failure;
use crate::settings::Settings;

/// Why a command ended without being done.
#[derive(Debug)]
pub(crate) enum Halt {
    /// Something went wrong.
    Failed(Box<Failure>),
    /// Nobody reads the output any more.
    StdoutClosed,
    /// Ctrl-C.
    Interrupted,
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

/// A command whose arguments and files have been read.
pub(crate) enum Job {
    Status,
    Call(call::Job),
    Watch(watch::Job),
    Pair(pair::Job),
}

impl Job {
    /// Reads what the command names. May block.
    pub(crate) fn prepare(command: Command, settings: &Settings) -> Result<Self, Failure> {
        Ok(match command {
            // These connect to nothing and have been dealt with before.
            Command::Record(_)
            | Command::Trace(_)
            | Command::Replay(_)
            | Command::Demo
            | Command::Serve(_)
            | Command::Device(_)
            | Command::Explain(_) => {
                return Err(Failure::usage("this command takes no connection"));
            }
            Command::Status => Self::Status,
            Command::Call(args) => Self::Call(call::Job::prepare(&args)?),
            Command::Watch(args) => Self::Watch(watch::Job::prepare(&args)),
            Command::Pair(args) => Self::Pair(pair::Job::prepare(&args, settings)?),
        })
    }

    /// Whether an interrupt is the ordinary end.
    pub(crate) fn ends_when_interrupted(&self) -> bool {
        matches!(self, Self::Watch(_))
    }

    /// How the client is to behave.
    pub(crate) fn manner(&self) -> Manner {
        match self {
            Self::Watch(job) => Manner { reconnects: job.reconnects(), ..Manner::default() },
            Self::Pair(_) => Manner { reconnects: true, pairing_poll: Some(PAIRING_POLL_MIN) },
            _ => Manner::default(),
        }
    }

    pub(crate) async fn run(self, session: &mut Session) -> Result<(), Halt> {
        match self {
            Self::Status => status::run(session).await,
            Self::Call(job) => job.run(session).await,
            Self::Watch(job) => job.run(session).await,
            Self::Pair(job) => job.run(session).await,
        }
    }
}
