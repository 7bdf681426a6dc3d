//! Starting the gateway's process.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use std::time::Duration;

use anyhow::{Context, Result};

use super::record::{self, Owner, Record};
use super::{Install, StartOptions, config};
use crate::{paths, process, supervise};

/// How long to wait for a port that was asked for by number.
const PORT_GRACE: Duration = Duration::from_secs(5);

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// Starts the process and records it. It is not ready yet.
pub(super) fn launch(install: &Install, options: &StartOptions) -> Result<(Record, Child)> {
    let port = match options.port {
        Some(port) => {
            await_port(port)?;
            port
        }
        None => free_port()?,
    };
    let name = if options.stays {
        format!("{}-{port}", options.version.number)
    } else {
        // Not the port: isolated gateways may have the same.
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        format!("{}-run-{}-{count}", options.version.number, std::process::id())
    };
    let run_dir = paths::run_dir();
    fs::create_dir_all(&run_dir).with_context(|| format!("cannot create {}", run_dir.display()))?;
    let log = run_dir.join(format!("{name}.log"));
    let _ = fs::remove_file(&log);
    let state_dir = make_state_dir()?;

    let started = write_config(options, &state_dir).and_then(|()| start(install, options, port, &state_dir, &log));
    let child = match started {
        Ok(child) => child,
        Err(error) => {
            let _ = fs::remove_dir_all(&state_dir);
            return Err(error);
        }
    };
    let record = Record {
        name,
        version: options.version.number.to_owned(),
        wire: options.version.wire,
        url: format!("ws://127.0.0.1:{port}"),
        port,
        token: options.token.clone(),
        pid: 0,
        log,
        state_dir,
        owner: if options.stays { None } else { Owner::this_process() },
        started: 0,
        boot: process::boot_id(),
    };
    save(record, child)
}

/// Starts the process of a gateway that has ended once more: with the state it left, on the port it had.
pub(super) fn relaunch(install: &Install, options: &StartOptions, record: &Record) -> Result<(Record, Child)> {
    await_port(record.port)?;
    let child = start(install, options, record.port, &record.state_dir, &record.log)?;
    save(record.clone(), child)
}

/// The record with what is new: the process.
fn save(mut record: Record, mut child: Child) -> Result<(Record, Child)> {
    record.pid = process::pid_of(child.id());
    record.started = process::stat(record.pid).map_or(0, |stat| stat.started);
    if let Err(error) = record.save() {
        let _ = child.kill();
        let _ = child.wait();
        record.remove();
        return Err(error);
    }
    Ok((record, child))
}

fn start(install: &Install, options: &StartOptions, port: u16, state_dir: &Path, log: &Path) -> Result<Child> {
    // Of a gateway that is started again, the log goes on.
    let output = File::options().create(true).append(true).open(log);
    let output = output.with_context(|| format!("cannot write {}", log.display()))?;
    let mut command = program(install, options.ends_with_thread);
    command
        .arg(&install.entry)
        .args(["gateway", "run", "--allow-unconfigured", "--bind", "loopback"])
        .args(["--port", &port.to_string()])
        .args(["--auth", "token", "--token", &options.token])
        .current_dir(state_dir)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output);
    environment(&mut command, install, state_dir);
    process::own_group(&mut command).spawn().with_context(|| format!("cannot start {}", install.node.display()))
}

/// Node, if possible behind `setpriv`, which asks the system to end it together with this thread:
/// the only thing that still works when this process is killed with SIGKILL.
fn program(install: &Install, ends_with_thread: bool) -> Command {
    let setpriv = paths::find_program("setpriv").filter(|setpriv| {
        ends_with_thread
            && Command::new(setpriv)
                .args(["--pdeathsig", "TERM", "--", "true"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
    });
    match setpriv {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", "TERM", "--"]).arg(&install.node);
            command
        }
        None => Command::new(&install.node),
    }
}

/// Nothing of the caller's environment reaches the gateway, and nothing the gateway starts by
/// itself (channels, discovery, updates) runs.
fn environment(command: &mut Command, install: &Install, state_dir: &Path) {
    let node_dir = install.node.parent().unwrap_or(&install.node);
    let (state_name, state_value) = record::state_variable(state_dir);
    command
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", node_dir.display()))
        .env("HOME", state_dir)
        .env("TMPDIR", state_dir.join("tmp"))
        .env("LANG", "C.UTF-8")
        .env("NO_COLOR", "1")
        .env("NODE_COMPILE_CACHE", &install.compile_cache)
        .env(state_name, state_value)
        .env("OPENCLAW_CONFIG_PATH", config_file(state_dir));
    for flag in [
        "OPENCLAW_SKIP_CHANNELS",
        "OPENCLAW_SKIP_CANVAS_HOST",
        "OPENCLAW_SKIP_GMAIL_WATCHER",
        "OPENCLAW_DISABLE_BONJOUR",
        "OPENCLAW_NO_AUTO_UPDATE",
        "OPENCLAW_NO_RESPAWN",
    ] {
        command.env(flag, "1");
    }
    command.env("OPENCLAW_EXEC_SHELL_SNAPSHOT", "0");
}

fn write_config(options: &StartOptions, state_dir: &Path) -> Result<()> {
    let config = config::build(options.version, state_dir, &options.config)?;
    let file = config_file(state_dir);
    fs::create_dir_all(state_dir.join(".openclaw"))
        .and_then(|()| fs::create_dir_all(state_dir.join("tmp")))
        .and_then(|()| fs::write(&file, config.to_string()))
        .with_context(|| format!("cannot write {}", file.display()))
}

fn config_file(state_dir: &Path) -> PathBuf {
    state_dir.join(".openclaw").join("openclaw.json")
}

/// A new folder only this user can read.
fn make_state_dir() -> Result<PathBuf> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.as_nanos());
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let name = format!("{}{}-{now:x}-{count}", record::STATE_PREFIX, std::process::id());
    let dir = std::env::temp_dir().join(name);
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    // Fails if somebody else made a folder of that name first.
    builder.create(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    dir.canonicalize().with_context(|| format!("cannot find {}", dir.display()))
}

/// Waits until that port is free. The gateway itself notices only after ten seconds. A killed one holds its port for a
/// moment after it has ceased to look like a process.
fn await_port(port: u16) -> Result<()> {
    let mut bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    supervise::wait_until(PORT_GRACE, || {
        if bound.is_err() {
            bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        }
        bound.is_ok()
    });
    bound.map(drop).with_context(|| format!("port {port} is not free"))
}

/// A port nobody uses now. Somebody may take it before the gateway does; the gateway then ends,
/// and the caller tries another.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen on loopback")?;
    Ok(listener.local_addr()?.port())
}
