//! Running this program once more, in a network namespace of its own.

use std::env;

use anyhow::{Context as _, Result, bail};
use xtask::gateway::isolation::{self, Isolation};
use xtask::process;

/// Set when this program has called itself inside the namespace.
pub(crate) const INSIDE_VARIABLE: &str = "OPENCLAW_XTASK_ISOLATED";

/// Whether the network is taken away.
#[derive(Debug, clap::Args)]
pub(crate) struct Network {
    /// Fail if the network cannot be taken away
    #[arg(long, conflicts_with = "no_isolate")]
    isolate: bool,

    /// Keep the network
    #[arg(long)]
    no_isolate: bool,
}

impl Network {
    /// Has `prepare` done while there still is a network, then this program becomes one without. Returns, inside, or
    /// where there is no isolation to be had, whether it is isolated.
    pub(crate) fn enter(&self, prepare: impl FnOnce() -> Result<()>) -> Result<bool> {
        if env::var_os(INSIDE_VARIABLE).is_some() {
            isolation::loopback_up()?;
            return Ok(true);
        }
        prepare()?;
        if !self.no_isolate {
            if let Some(isolation) = Isolation::find() {
                return Err(call_self_in(isolation));
            }
            if self.isolate {
                bail!("isolation is not available (it needs `unshare`, `ip`, and the right to use them)");
            }
            anstream::eprintln!("isolation is not available here: the network stays");
        }
        Ok(false)
    }
}

/// One line about it for people.
pub(crate) fn told(isolated: bool) -> &'static str {
    if isolated { "without a network but loopback" } else { "with the machine's network" }
}

/// This process becomes the isolated one: its number stays, so signals reach the right process.
fn call_self_in(isolation: Isolation) -> anyhow::Error {
    let own = match env::current_exe().context("cannot find this program") {
        Ok(own) => own,
        Err(error) => return error,
    };
    let mut command = isolation.command(own);
    command.args(env::args_os().skip(1)).env(INSIDE_VARIABLE, "1");
    anyhow::Error::new(process::become_command(&mut command)).context("cannot run unshare")
}
