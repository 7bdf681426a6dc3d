//! `openclaw-gw serve` as a process that is killed and started again.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xtask::process::{self, Signal};
use xtask::supervise;

const STOP_LIMIT: Duration = Duration::from_secs(15);

/// The token the gateway expects.
pub(super) const TOKEN: &str = "interop-token";

/// A running gateway. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Server<'a> {
    program: &'a Path,
    wire: u8,
    child: Child,
    pub(super) url: String,
    port: u16,
}

impl<'a> Server<'a> {
    /// Starts one on a free port.
    pub(super) fn start(program: &'a Path, wire: u8) -> Result<Self> {
        let (child, url) = spawn(program, wire, 0)?;
        let port = url.rsplit(':').next().and_then(|port| port.parse().ok());
        let port = port.with_context(|| format!("no port in {url}"));
        let mut server = Self { program, wire, child, url, port: 0 };
        server.port = port?;
        Ok(server)
    }

    /// Kills it and starts another one on its port.
    pub(super) fn kill_and_start(&mut self) -> Result<()> {
        self.end();
        self.again()
    }

    /// Asks it to end, and starts another one on its port when it has.
    pub(super) fn stop_and_start(&mut self) -> Result<()> {
        ensure!(
            process::signal(process::pid_of(self.child.id()), Signal::Terminate),
            "the gateway has ended by itself"
        );
        let ended = supervise::wait_until(STOP_LIMIT, || !matches!(self.child.try_wait(), Ok(None)));
        ensure!(ended, "the gateway did not end within {STOP_LIMIT:?} of SIGTERM");
        self.again()
    }

    fn again(&mut self) -> Result<()> {
        let (child, url) = spawn(self.program, self.wire, self.port)?;
        self.child = child;
        ensure!(url == self.url, "the gateway came back as {url}, not {}", self.url);
        Ok(())
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

/// Starts the process and waits for its first line, which it prints when it serves.
fn spawn(program: &Path, wire: u8, port: u16) -> Result<(Child, String)> {
    let mut child = Command::new(program)
        .args(["serve", "--json", "--tick", "2s", "--event", "heartbeat=200ms"])
        .args(["--protocol", if wire == 3 { "v3" } else { "v4" }, "--port", &port.to_string()])
        .env("OPENCLAW_GATEWAY_TOKEN", TOKEN)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let url = first_line(&mut child).and_then(|line| {
        let line: Value = serde_json::from_str(&line).context("the gateway printed no JSON")?;
        Ok(line.get("url").and_then(Value::as_str).context("the gateway told no address")?.to_owned())
    });
    if url.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    Ok((child, url?))
}

fn first_line(child: &mut Child) -> Result<String> {
    let mut line = String::new();
    // It prints nothing more; the pipe stays open with the child.
    let stdout = child.stdout.as_mut().context("no output")?;
    BufReader::new(stdout).read_line(&mut line).context("cannot read what the gateway prints")?;
    ensure!(!line.is_empty(), "the gateway ended before it served");
    Ok(line)
}
