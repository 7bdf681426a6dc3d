//! A network namespace that holds the loopback interface only: a gateway inside cannot reach
//! anything outside the machine, whatever it tries, and its ports clash with nobody's.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::paths;

/// The options of `unshare` that work here: as root, else as a user who may make user namespaces.
const WAYS: [&str; 2] = ["-n", "-rn"];

/// A way to run programs without a network.
#[derive(Debug, Clone, Copy)]
pub struct Isolation {
    unshare_option: &'static str,
}

impl Isolation {
    /// Finds a way by trying it.
    pub fn find() -> Option<Self> {
        WAYS.into_iter().map(|unshare_option| Self { unshare_option }).find(Self::works)
    }

    fn works(&self) -> bool {
        self.command("ip")
            .args(["link", "set", "lo", "up"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// A command that runs `program` in a new namespace, where loopback is not up yet.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("unshare");
        command.arg(self.unshare_option).arg("--").arg(program);
        command
    }
}

/// Brings up the loopback interface of the namespace this process is in.
///
/// # Errors
///
/// When `ip` fails.
pub fn loopback_up() -> Result<()> {
    let ip = paths::find_program("ip").unwrap_or_else(|| "ip".into());
    let status = Command::new(ip).args(["link", "set", "lo", "up"]).status();
    if !status.is_ok_and(|status| status.success()) {
        bail!("`ip link set lo up` failed");
    }
    Ok(())
}
