//! The gateways that clients are measured against, each in a process of its own.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};

/// A gateway for each kind of measure, started when it is first wanted.
#[derive(Default)]
pub(crate) struct Gateways {
    started: Vec<(Kind, Gateway)>,
}

/// What tells gateways apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    /// The core it is bound to.
    pub(crate) core: Option<usize>,
    pub(crate) tls: bool,
}

impl Gateways {
    pub(crate) fn get(&mut self, kind: Kind) -> anyhow::Result<&Gateway> {
        let place = match self.started.iter().position(|(of, _)| *of == kind) {
            Some(place) => place,
            None => {
                self.started.push((kind, Gateway::start(kind)?));
                self.started.len() - 1
            }
        };
        self.started.get(place).map(|(_, gateway)| gateway).context("a gateway that was started")
    }
}

/// A gateway, for as long as this lives.
pub(crate) struct Gateway {
    process: Child,
    pub(crate) url: String,
    /// Where its certificate is.
    pub(crate) certificate: Option<PathBuf>,
}

impl Gateway {
    fn start(kind: Kind) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve").args(kind.core.map(|core| format!("--core={core}")));
        let certificate = kind.tls.then(|| {
            let name = format!("openclaw-bench-{}-{:?}.pem", std::process::id(), kind.core);
            std::env::temp_dir().join(name)
        });
        if let Some(file) = &certificate {
            command.arg("--tls").arg(file);
        }
        let mut process = command.stdout(Stdio::piped()).spawn()?;
        let out = process.stdout.take().context("the gateway's output")?;
        let mut gateway = Self { process, url: String::new(), certificate };
        BufReader::new(out).read_line(&mut gateway.url)?;
        gateway.url = gateway.url.trim().into();
        ensure!(!gateway.url.is_empty(), "the gateway ended before it said its address");
        Ok(gateway)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = self.certificate.as_ref().map(std::fs::remove_file);
    }
}
