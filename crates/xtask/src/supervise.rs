//! Running a child program without leaving it behind.

use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::{self, Signal};
use crate::signals::{self, Interrupted};

const POLL: Duration = Duration::from_millis(25);
/// A terminal sends Ctrl-C to the child as well; it gets this long to end by itself.
const OWN_END: Duration = Duration::from_secs(3);
/// From the forwarded signal to SIGKILL. Longer than a gateway takes to stop, because the child
/// may be this very program with gateways to stop.
const FORWARDED_END: Duration = Duration::from_secs(30);
/// What the child started itself gets this long after the child ended.
const REST_END: Duration = Duration::from_secs(2);
const SIGINT: i32 = 2;

/// In the environment of every child and of all it starts: a cargo that is ended leaves its test
/// program behind, which has to be found and ended too.
const MARK: &str = "OPENCLAW_XTASK_CHILD";
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// Runs `command` to its end. A signal to this program is handed on to the child, and after
/// `limit` the child is killed.
///
/// # Errors
///
/// When the program cannot be started, when it takes longer than `limit`, and [`Interrupted`]
/// when a signal came.
pub fn run(command: &mut Command, limit: Option<Duration>) -> Result<ExitStatus> {
    run_with(command, limit, |_| ())
}

/// Like [`run`], and calls `tick` with the time passed while it waits.
///
/// # Errors
///
/// As [`run`].
pub fn run_with(command: &mut Command, limit: Option<Duration>, mut tick: impl FnMut(Duration)) -> Result<ExitStatus> {
    let program = command.get_program().to_string_lossy().into_owned();
    signals::check()?;
    let mark = format!("{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
    let child = command.env(MARK, &mark).spawn().with_context(|| format!("cannot start {program}"))?;
    let mut family = Family { child, mark: format!("{MARK}={mark}") };
    let started = Instant::now();
    loop {
        if let Some(status) = family.child.try_wait()? {
            return Ok(status);
        }
        if let Some(signal) = signals::received() {
            family.end(signal);
            return Err(signal.into());
        }
        if limit.is_some_and(|limit| started.elapsed() > limit) {
            family.kill();
            bail!("{program} was ended: it ran longer than {limit:?}");
        }
        tick(started.elapsed());
        sleep(POLL);
    }
}

/// Waits until `done` or `limit`; whether it was done.
pub fn wait_until(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let started = Instant::now();
    loop {
        if done() {
            return true;
        }
        if started.elapsed() >= limit {
            return false;
        }
        sleep(POLL);
    }
}

/// A child and all that it started.
struct Family {
    child: Child,
    mark: String,
}

impl Family {
    fn child_is_gone(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    fn all_are_gone(&mut self) -> bool {
        self.child_is_gone() && process::none_with_environment(&self.mark)
    }

    fn end(&mut self, signal: Interrupted) {
        if signal.0 == SIGINT && wait_until(OWN_END, || self.all_are_gone()) {
            return;
        }
        // The child first, alone: it may have to end others in an order of its own.
        if !self.child_is_gone() {
            process::signal(process::pid_of(self.child.id()), Signal::Terminate);
            wait_until(FORWARDED_END, || self.child_is_gone());
        }
        for pid in process::with_environment(&self.mark) {
            process::signal(pid, Signal::Terminate);
        }
        if !wait_until(REST_END, || self.all_are_gone()) {
            self.kill();
        }
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        for pid in process::with_environment(&self.mark) {
            process::signal(pid, Signal::Kill);
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_takes_too_long_is_ended_with_all_it_started() {
        let started = Instant::now();
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 60 & sleep 60"]);
        assert!(run(&mut command, Some(Duration::from_millis(200))).is_err());
        assert!(started.elapsed() < Duration::from_secs(30));
        let mark = command.get_envs().find_map(|(name, value)| (name == MARK).then_some(value?)).unwrap();
        let mark = format!("{MARK}={}", mark.to_str().unwrap());
        assert!(wait_until(REST_END, || process::none_with_environment(&mark)));
    }

    #[test]
    fn the_exit_status_is_handed_on() {
        let status = run(Command::new("sh").args(["-c", "exit 7"]), None).unwrap();
        assert_eq!(status.code(), Some(7));
    }
}
