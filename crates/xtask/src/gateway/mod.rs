//! Real gateways: pinned, on loopback, with throw-away state.

pub mod config;
pub mod install;
pub mod isolation;
mod launch;
pub mod ready;
pub mod record;
mod stop;
pub mod versions;

use std::fs;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

pub use install::Install;
pub use record::Record;
pub use stop::{Stopped, stop, tidy};
pub use versions::Version;

use crate::{signals, supervise};

/// The token a gateway expects unless it is told another one.
pub const DEFAULT_TOKEN: &str = "local-test-token";

/// Much more than a start takes on a small machine: on one with much else to do it was seen to take two minutes.
const READY_LIMIT: Duration = Duration::from_secs(300);
const READY_POLL: Duration = Duration::from_millis(150);
const REAP_LIMIT: Duration = Duration::from_secs(30);
const PORT_ATTEMPTS: usize = 3;
const TAIL_LINES: usize = 30;

/// How to start a gateway.
#[derive(Debug, Clone)]
pub struct StartOptions {
    /// Which one.
    pub version: &'static Version,
    /// The loopback port; none takes a free one.
    pub port: Option<u16>,
    /// The shared token.
    pub token: String,
    /// Additions to its configuration.
    pub config: Vec<config::Extra>,
    /// The gateway is going to be left running ([`Gateway::leave_running`]).
    pub stays: bool,
    /// The system is asked to end the gateway with the thread that starts it, however that
    /// thread ends. Only for a thread that lives as long as the gateway shall.
    pub ends_with_thread: bool,
}

impl StartOptions {
    /// A gateway of `version` that ends with its [`Gateway`].
    pub fn new(version: &'static Version) -> Self {
        Self {
            version,
            port: None,
            token: DEFAULT_TOKEN.to_owned(),
            config: Vec::new(),
            stays: false,
            ends_with_thread: false,
        }
    }
}

/// A gateway this process started. Dropping it stops the gateway.
#[derive(Debug)]
pub struct Gateway {
    install: Install,
    options: StartOptions,
    record: Record,
    child: Option<Child>,
}

impl Gateway {
    /// Installs the gateway if needed, starts it, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// When it cannot be installed or started, or is not ready in time. Nothing is left running.
    pub fn start(options: StartOptions) -> Result<Self> {
        let install = install::ensure_installed(options.version)?;
        let mut gateway = Self::launch(install, options)?;
        gateway.wait_ready()?;
        Ok(gateway)
    }

    /// Starts the gateway's process and does not wait: several can come up at the same time.
    ///
    /// # Errors
    ///
    /// When the process cannot be started.
    pub fn launch(install: Install, options: StartOptions) -> Result<Self> {
        let (record, child) = launch::launch(&install, &options)?;
        Ok(Self { install, options, record, child: Some(child) })
    }

    /// Waits until the gateway serves connections.
    ///
    /// # Errors
    ///
    /// When it ends or takes too long; with the end of its log.
    pub fn wait_ready(&mut self) -> Result<()> {
        let started = Instant::now();
        let mut attempts = PORT_ATTEMPTS;
        loop {
            signals::check()?;
            if let Some(ended) = self.ended()? {
                let tail = log_tail(&self.record.log);
                attempts -= 1;
                if attempts > 0 && self.options.port.is_none() && tail.contains("EADDRINUSE") {
                    self.launch_again()?;
                    continue;
                }
                bail!(
                    "gateway {} ended ({ended}) before it was ready; the end of its log:\n{tail}",
                    self.record.version
                );
            }
            if ready::is_ready(self.record.port) {
                return Ok(());
            }
            if started.elapsed() > READY_LIMIT {
                bail!(
                    "gateway {} was not ready within {READY_LIMIT:?}; the end of its log:\n{}",
                    self.record.version,
                    log_tail(&self.record.log)
                );
            }
            std::thread::sleep(READY_POLL);
        }
    }

    fn launch_again(&mut self) -> Result<()> {
        self.end()?;
        let (record, child) = launch::launch(&self.install, &self.options)?;
        self.record = record;
        self.child = Some(child);
        Ok(())
    }

    /// What is known about the gateway.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// How the first process ended, if it did.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    pub fn ended(&mut self) -> Result<Option<String>> {
        let Some(child) = &mut self.child else {
            return Ok(Some("stopped".to_owned()));
        };
        let status = child.try_wait().context("cannot wait for the gateway")?;
        Ok(status.map(|status| status.to_string()))
    }

    /// Waits until the gateway ends by itself or a signal comes.
    ///
    /// # Errors
    ///
    /// When the gateway ended, and [`Interrupted`](signals::Interrupted) when a signal came.
    pub fn wait(&mut self) -> Result<()> {
        let mut ended = Ok(None);
        supervise::wait_until(Duration::MAX, || {
            ended = self.ended();
            signals::count() > 0 || !matches!(ended, Ok(None))
        });
        signals::check()?;
        match ended? {
            Some(ended) => bail!("gateway {} ended ({ended})", self.record.version),
            None => Ok(()),
        }
    }

    /// Stops the gateway and removes its state.
    ///
    /// # Errors
    ///
    /// When a process cannot be ended.
    pub fn stop(mut self) -> Result<Stopped> {
        self.end()
    }

    /// Leaves the gateway running after this process; the record tells how to stop it.
    pub fn leave_running(mut self) -> Record {
        self.child = None;
        self.record.clone()
    }

    /// Kills every process of the gateway, as a crash of the machine would. Its state stays for
    /// [`relaunch`](Self::relaunch).
    ///
    /// # Errors
    ///
    /// When a process does not end.
    pub fn kill(&mut self) -> Result<()> {
        self.end_with(Duration::ZERO).map(drop)
    }

    /// Asks the gateway to end and waits for that. Its state stays for [`relaunch`](Self::relaunch).
    ///
    /// # Errors
    ///
    /// When a process does not end.
    pub fn terminate(&mut self) -> Result<Stopped> {
        self.end_with(stop::GRACE)
    }

    fn end_with(&mut self, grace: Duration) -> Result<Stopped> {
        let child = &mut self.child;
        let stopped = stop::end_child(&self.record, grace, || {
            if let Some(child) = child {
                let _ = child.try_wait();
            }
        })?;
        // A process looks ended as soon as its first thread is; only a while later can it be waited for.
        supervise::wait_until(REAP_LIMIT, || !matches!(self.ended(), Ok(None)));
        Ok(stopped)
    }

    /// Starts a gateway that has ended once more, with its state and on its port, and does not wait until it is ready.
    ///
    /// # Errors
    ///
    /// When it still runs, or cannot be started.
    pub fn relaunch(&mut self) -> Result<()> {
        if self.ended()?.is_none() {
            bail!("gateway {} still runs", self.record.name);
        }
        let (record, child) = launch::relaunch(&self.install, &self.options, &self.record)?;
        self.record = record;
        self.child = Some(child);
        Ok(())
    }

    fn end(&mut self) -> Result<Stopped> {
        let mut child = self.child.take();
        stop::stop_child(&self.record, || {
            if let Some(child) = &mut child {
                let _ = child.try_wait();
            }
        })
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if self.child.is_some() {
            if let Err(error) = self.end() {
                anstream::eprintln!("warning: {error:#}");
            }
        }
    }
}

/// The last lines of a log, for an error message.
pub(crate) fn log_tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    tail(&String::from_utf8_lossy(&text), TAIL_LINES)
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<_> = text.lines().collect();
    let from = all.len().saturating_sub(lines);
    all.get(from..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_the_last_lines() {
        assert_eq!(tail("a\nb\nc\n", 2), "b\nc");
        assert_eq!(tail("a\n", 2), "a");
        assert_eq!(tail("", 2), "");
    }
}
