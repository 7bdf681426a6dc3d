//! Stopping gateways, and tidying up after those that nobody stopped.

use std::fs;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Result, bail};

use super::record::{self, Record};
use crate::process::{self, Signal};
use crate::{paths, signals, supervise};

/// From SIGTERM to SIGKILL. A gateway usually needs one or two seconds, seven under load.
pub(super) const GRACE: Duration = Duration::from_secs(15);
const AFTER_KILL: Duration = Duration::from_secs(5);
const KEEP_LOGS: Duration = Duration::from_secs(24 * 60 * 60);

/// How a gateway was stopped.
#[derive(Debug, Clone, Copy)]
pub struct Stopped {
    /// Some process did not end on SIGTERM and was killed.
    pub killed: bool,
    /// How long it took.
    pub took: Duration,
}

/// Stops all processes of a gateway and removes its state and its record.
///
/// # Errors
///
/// When a process survives SIGKILL.
pub fn stop(record: &Record) -> Result<Stopped> {
    stop_child(record, || ())
}

/// `reap` is called again and again: a parent has to wait for its child, which otherwise stays
/// as a zombie.
pub(super) fn stop_child(record: &Record, reap: impl FnMut()) -> Result<Stopped> {
    let stopped = end_child(record, GRACE, reap)?;
    record.remove();
    Ok(stopped)
}

/// Ends the processes and leaves the state. Without grace they are killed at once.
pub(super) fn end_child(record: &Record, grace: Duration, mut reap: impl FnMut()) -> Result<Stopped> {
    let started = Instant::now();
    let mut gone = || {
        reap();
        record.is_gone()
    };
    if grace.is_zero() {
        send(record, Signal::Kill);
    } else if record.is_running() {
        process::signal(record.pid, Signal::Terminate);
        // A suspended process would not hear of it.
        process::signal(record.pid, Signal::Continue);
    } else {
        send(record, Signal::Terminate);
    }
    let mut ended = false;
    supervise::wait_until(grace, || {
        ended = gone();
        ended || signals::count() > 1
    });
    if !ended {
        send(record, Signal::Kill);
        // Whatever was being started when its parent was killed.
        let killed = supervise::wait_until(AFTER_KILL, || {
            let gone = gone();
            if !gone {
                send(record, Signal::Kill);
            }
            gone
        });
        if !killed {
            bail!("gateway {}: processes {:?} do not end", record.name, record.processes());
        }
    }
    Ok(Stopped { killed: !ended, took: started.elapsed() })
}

fn send(record: &Record, signal: Signal) {
    if record.is_running() {
        process::signal(record.pid, signal);
    }
    for pid in record.processes() {
        process::signal(pid, signal);
    }
}

/// Stops gateways whose owner is gone, removes the records of gateways that ended, and old logs.
/// Returns the records that are left.
pub fn tidy() -> Vec<Record> {
    let (left, over): (Vec<_>, Vec<_>) =
        record::all().into_iter().partition(|record| record.is_running() && !record.is_abandoned());
    for record in over {
        if let Err(error) = stop(&record) {
            anstream::eprintln!("warning: {error:#}");
        }
    }
    remove_old_logs(&left);
    left
}

fn remove_old_logs(left: &[Record]) {
    let Ok(files) = fs::read_dir(paths::run_dir()) else {
        return;
    };
    for file in files.flatten() {
        let path = file.path();
        let old = file
            .metadata()
            .and_then(|metadata| metadata.modified())
            .is_ok_and(|time| SystemTime::now().duration_since(time).is_ok_and(|age| age > KEEP_LOGS));
        let is_log = path.extension().is_some_and(|extension| extension == "log");
        if is_log && old && left.iter().all(|record| record.log != path) {
            let _ = fs::remove_file(path);
        }
    }
}
