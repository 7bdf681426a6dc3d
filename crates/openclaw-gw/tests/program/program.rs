//! The program as a process that is always ended.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::gateway::{Gateway, PATIENCE, TOKEN};

/// A process under way. Dropping it kills it.
pub(crate) struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: Option<ChildStderr>,
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program with nothing of this process's environment that could change what it does.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_openclaw-gw"));
    for (name, _) in std::env::vars_os() {
        let known = name.to_string_lossy().to_ascii_uppercase();
        let proxy = known.ends_with("_PROXY");
        if proxy
            || known.starts_with("OPENCLAW_")
            || ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "RUST_LOG"].contains(&&*known)
        {
            command.env_remove(name);
        }
    }
    command.env("OPENCLAW_GW_STATE_DIR", state_dir());
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

thread_local! {
    /// What to remove when the test, which has a thread of its own, ends.
    static STATE_DIRS: RefCell<StateDirs> = const { RefCell::new(StateDirs(Vec::new())) };
}

struct StateDirs(Vec<PathBuf>);

impl Drop for StateDirs {
    fn drop(&mut self) {
        for dir in &self.0 {
            let _ = std::fs::remove_dir_all(dir);
        }
    }
}

/// A directory for a device's identity that nobody else has. The program makes it.
pub(crate) fn state_dir() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let dir = std::env::temp_dir().join(format!("openclaw-gw-state-{}-{number}", std::process::id()));
    STATE_DIRS.with_borrow_mut(|dirs| dirs.0.push(dir.clone()));
    dir
}

/// Runs the program to its end against a gateway, as the device whose state is there.
pub(crate) fn run_as(state: &Path, gateway: &Gateway, args: &[&str]) -> Ended {
    Program::start(told(gateway, args).env("OPENCLAW_GW_STATE_DIR", state)).end()
}

/// The program, told of a gateway and its token.
pub(crate) fn told(gateway: &Gateway, args: &[&str]) -> Command {
    let mut command = command(args);
    command.env("OPENCLAW_GATEWAY_URL", &gateway.url).env("OPENCLAW_GATEWAY_TOKEN", TOKEN);
    command
}

/// Runs the program to its end against a gateway.
pub(crate) fn run(gateway: &Gateway, args: &[&str]) -> Ended {
    Program::start(&mut told(gateway, args)).end()
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().map(BufReader::new);
        Self { stdin: child.stdin.take(), stdout, stderr: child.stderr.take(), child }
    }

    /// Writes to its standard input and closes it.
    pub(crate) fn feed(&mut self, text: &str) {
        self.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Writes a line to its standard input, which stays open.
    pub(crate) fn enter(&mut self) {
        self.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    /// The next line of its standard output.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.as_mut().unwrap().read_line(&mut line).unwrap();
        line
    }

    /// Reads lines until one has that state.
    pub(crate) fn until_state(&mut self, state: &str) {
        loop {
            let line = self.line();
            assert!(!line.is_empty(), "the output ended before the state {state}");
            if serde_json::from_str::<Value>(&line).unwrap()["state"] == state {
                return;
            }
        }
    }

    /// Closes the reading end of its standard output.
    pub(crate) fn stop_reading(&mut self) {
        self.stdout = None;
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(name).arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success());
    }

    /// Waits for its end. What it still writes is read meanwhile.
    pub(crate) fn end(mut self) -> Ended {
        drop(self.stdin.take());
        let stdout = self.stdout.take().map(collect);
        let stderr = self.stderr.take().map(collect);
        let code = self.wait();
        let text = |reader: Option<JoinHandle<String>>| reader.map(|reader| reader.join().unwrap()).unwrap_or_default();
        Ended { code, stdout: text(stdout), stderr: text(stderr) }
    }

    /// Waits for its end while nobody reads its standard output.
    pub(crate) fn end_unread(mut self) -> Option<i32> {
        self.wait()
    }

    fn wait(&mut self) -> Option<i32> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(begun.elapsed() < PATIENCE, "the program does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already in every test that went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(mut reader: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        text
    })
}

impl Ended {
    /// Standard output as one JSON value.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// Standard output as one JSON value a line.
    pub(crate) fn rows(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The error object of standard error.
    pub(crate) fn error(&self) -> Value {
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        serde_json::from_str::<Value>(&self.stderr).unwrap()["error"].take()
    }
}
