//! A running gateway of whatever kind.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use openclaw_testkit::{Drain, GatewayConfig, Server};
use openclaw_tests::lane::background;
use xtask::gateway::config::Extra;
use xtask::gateway::{Gateway, StartOptions};
use xtask::process::{self, Signal};

use crate::provider::Provider;
use crate::release::Release;
use crate::setup::Setup;

/// How long a gateway says goodbye before it closes.
const DRAIN: Duration = Duration::from_millis(50);
/// How often a gateway that gives up its start is started.
const STARTS: usize = 3;

/// A running gateway, or one that has ended and can be started again.
#[derive(Debug)]
pub(crate) enum Host {
    Real(Box<Gateway>),
    Embedded { server: Server, up: bool },
}

impl Host {
    /// Starts a gateway and waits until it is ready. None if the embedded gateway cannot be like that.
    pub(crate) fn start(release: Release, setup: &Setup, provider: Option<&Provider>) -> Result<Option<Self>> {
        match release {
            Release::Real(version) => {
                let mut options = StartOptions::new(version);
                options.config.push(Extra::new((setup.config)(&release)));
                options.config.extend(provider.map(|provider| Extra::new(provider.config())));
                Ok(Some(Self::Real(Box::new(Gateway::start(options)?))))
            }
            Release::Embedded(wire) => {
                let config = if wire == 3 { GatewayConfig::v3() } else { GatewayConfig::v4() };
                let Some(config) = (setup.embedded)(config) else { return Ok(None) };
                let server = background().block_on(Server::start(config)).context("no port")?;
                Ok(Some(Self::Embedded { server, up: true }))
            }
        }
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Real(gateway) => gateway.record().url.clone(),
            Self::Embedded { server, .. } => server.url(),
        }
    }

    pub(crate) fn token(&self) -> String {
        match self {
            Self::Real(gateway) => gateway.record().token.clone(),
            Self::Embedded { server, .. } => server.token().to_owned(),
        }
    }

    pub(crate) fn state_dir(&self) -> Result<PathBuf> {
        match self {
            Self::Real(gateway) => Ok(gateway.record().state_dir.clone()),
            Self::Embedded { .. } => bail!("the embedded gateway keeps nothing on disk"),
        }
    }

    pub(crate) fn pid(&self) -> Result<process::Pid> {
        match self {
            Self::Real(gateway) => Ok(gateway.record().pid),
            Self::Embedded { .. } => bail!("the embedded gateway has no process of its own"),
        }
    }

    pub(crate) fn is_up(&mut self) -> Result<bool> {
        match self {
            Self::Real(gateway) => Ok(gateway.ended()?.is_none()),
            Self::Embedded { up, .. } => Ok(*up),
        }
    }

    pub(crate) fn kill(&mut self) -> Result<()> {
        match self {
            Self::Real(gateway) => gateway.kill(),
            Self::Embedded { server, up } => {
                background().block_on(server.kill());
                *up = false;
                Ok(())
            }
        }
    }

    pub(crate) fn terminate(&mut self) -> Result<()> {
        match self {
            Self::Real(gateway) => gateway.terminate().map(drop),
            Self::Embedded { server, up } => {
                background().block_on(server.drain(Drain::default().lasting(DRAIN)));
                *up = false;
                Ok(())
            }
        }
    }

    /// Starts it again with the same state and port, and waits until it is ready.
    pub(crate) fn relaunch(&mut self) -> Result<()> {
        match self {
            Self::Real(gateway) => {
                // On a busy machine gateways give up their own start: 2026.9.6 has five seconds for its first heartbeat.
                let mut attempt = 1;
                loop {
                    gateway.relaunch()?;
                    match gateway.wait_ready() {
                        Err(error) if attempt < STARTS && gateway.ended()?.is_some() => {
                            anstream::eprintln!("warning: start {attempt} failed, once more: {error:#}");
                            attempt += 1;
                        }
                        result => return result,
                    }
                }
            }
            Self::Embedded { server, up } => {
                background().block_on(server.resume()).context("its port is gone")?;
                *up = true;
                Ok(())
            }
        }
    }

    pub(crate) fn wait_ready(&mut self) -> Result<()> {
        match self {
            Self::Real(gateway) => gateway.wait_ready(),
            Self::Embedded { .. } => Ok(()),
        }
    }

    /// To every process: the first one may only watch over the one that serves.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        let Self::Real(gateway) = self else { bail!("the embedded gateway has no process of its own") };
        let processes = gateway.record().processes();
        if processes.is_empty() {
            bail!("nothing is left of the gateway");
        }
        for pid in processes {
            process::signal(pid, signal);
        }
        Ok(())
    }

    /// Where a real gateway's log is.
    pub(crate) fn log(&self) -> Option<PathBuf> {
        match self {
            Self::Real(gateway) => Some(gateway.record().log.clone()),
            Self::Embedded { .. } => None,
        }
    }

    pub(crate) fn stop(self) -> Result<()> {
        match self {
            Self::Real(gateway) => gateway.stop().map(drop),
            Self::Embedded { server, .. } => {
                background().block_on(server.kill());
                Ok(())
            }
        }
    }
}
