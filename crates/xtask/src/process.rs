//! The few things this program needs to know about, and do to, other processes.
//!
//! Facts come from `/proc`, so that a process number that was given to another program in the
//! meantime is recognised and left alone.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A process number as the system's calls take it.
pub type Pid = i32;

/// What can be sent to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM: end in an orderly way.
    Terminate,
    /// SIGKILL: end now.
    Kill,
    /// SIGSTOP: do nothing until [`Continue`](Self::Continue).
    Suspend,
    /// SIGCONT: go on.
    Continue,
}

/// What `/proc/<pid>/stat` says about a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// One letter; `Z` is a process that has ended and waits for its parent.
    pub state: char,
    /// Start time in clock ticks since boot: with the number, it names one process for good.
    pub started: u64,
}

/// The number of a child as a [`Pid`].
pub fn pid_of(id: u32) -> Pid {
    // Linux gives out numbers below 2^22; 0 is refused by `signal`.
    Pid::try_from(id).unwrap_or(0)
}

/// The facts about a process, if there is one of that number.
pub fn stat(pid: Pid) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Whether the process that started at `started` still runs.
pub fn is_running(pid: Pid, started: u64) -> bool {
    stat(pid).is_some_and(|stat| stat.started == started && stat.state != 'Z')
}

/// A text that differs from one start of the machine to the next.
pub fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// All processes that have `entry` (`NAME=value`) in the environment they were started with.
///
/// A gateway starts helpers in sessions of their own, so neither the parent nor the process
/// group finds them all; the environment they inherit does.
pub fn with_environment(entry: &str) -> Vec<Pid> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    processes
        .flatten()
        .filter_map(|process| process.file_name().to_str()?.parse().ok())
        .filter(|pid| has_environment(*pid, entry))
        .collect()
}

/// Whether no process has `entry` in its environment.
///
/// Looks twice: a process that is just becoming another program has no environment for a moment.
pub fn none_with_environment(entry: &str) -> bool {
    with_environment(entry).is_empty() && {
        std::thread::sleep(Duration::from_millis(5));
        with_environment(entry).is_empty()
    }
}

fn has_environment(pid: Pid, entry: &str) -> bool {
    // A process that has ended but was not waited for has no environment: it does not count.
    fs::read(Path::new("/proc").join(pid.to_string()).join("environ"))
        .is_ok_and(|environ| environ.split(|byte| *byte == 0).any(|e| e == entry.as_bytes()))
}

fn parse_stat(text: &str) -> Option<Stat> {
    // The second field is the program's name in brackets and may itself contain brackets.
    let (_, rest) = text.rsplit_once(") ")?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let started = fields.nth(18)?.parse().ok()?;
    Some(Stat { state, started })
}

/// Sends a signal; whether the system took it.
#[cfg(unix)]
pub fn signal(pid: Pid, signal: Signal) -> bool {
    let signal = match signal {
        Signal::Terminate => rustix::process::Signal::TERM,
        Signal::Kill => rustix::process::Signal::KILL,
        Signal::Suspend => rustix::process::Signal::STOP,
        Signal::Continue => rustix::process::Signal::CONT,
    };
    // 0 and negative numbers name process groups, which are never meant here.
    rustix::process::Pid::from_raw(pid.max(0)).is_some_and(|pid| rustix::process::kill_process(pid, signal).is_ok())
}

/// Gateways run on Linux only; elsewhere there is nothing to signal.
#[cfg(not(unix))]
pub fn signal(_pid: Pid, _signal: Signal) -> bool {
    false
}

/// Keeps the child out of this program's process group, so that a Ctrl-C in the terminal reaches
/// only this program, which then stops the child in its own order.
#[cfg(unix)]
pub fn own_group(command: &mut Command) -> &mut Command {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0)
}

/// Elsewhere the child stays where it is.
#[cfg(not(unix))]
pub fn own_group(command: &mut Command) -> &mut Command {
    command
}

/// Becomes `command`, under the same process number. Returns only if that fails.
#[cfg(unix)]
pub fn become_command(command: &mut Command) -> std::io::Error {
    use std::os::unix::process::CommandExt as _;
    command.exec()
}

/// Elsewhere a program cannot become another one.
#[cfg(not(unix))]
pub fn become_command(_command: &mut Command) -> std::io::Error {
    std::io::ErrorKind::Unsupported.into()
}

/// Takes the file's exclusive lock if nobody holds it; whether it was taken.
#[cfg(unix)]
pub fn try_lock(file: &fs::File) -> std::io::Result<bool> {
    use rustix::fs::{FlockOperation, flock};
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Elsewhere nothing is ever installed, so nothing needs a lock.
#[cfg(not(unix))]
pub fn try_lock(_file: &fs::File) -> std::io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_is_read_behind_a_name_with_brackets() {
        let text = "4045 (a) b) c) S 3988 3973 3409 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 11 0 987654 1 2 3";
        assert_eq!(parse_stat(text), Some(Stat { state: 'S', started: 987_654 }));
        assert_eq!(parse_stat("4045 (cut"), None);
        assert_eq!(parse_stat("4045 (cut) S 1 2"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_runs_and_another_start_time_is_another_process() {
        let own = pid_of(std::process::id());
        let started = stat(own).unwrap().started;
        assert!(is_running(own, started));
        assert!(!is_running(own, started + 1));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn children_are_found_by_their_environment() {
        let mark = format!("XTASK_TEST_MARK={}", std::process::id());
        let (name, value) = mark.split_once('=').unwrap();
        let mut child = Command::new("sleep").arg("30").env(name, value).spawn().unwrap();
        let pid = pid_of(child.id());
        let found = || with_environment(&mark) == [pid];
        assert!(crate::supervise::wait_until(Duration::from_secs(10), found));
        assert!(signal(pid, Signal::Kill));
        child.wait().unwrap();
        assert!(none_with_environment(&mark));
    }

    #[test]
    fn process_groups_are_never_signalled() {
        assert!(!signal(0, Signal::Terminate));
        assert!(!signal(-1, Signal::Terminate));
    }
}
