//! Other processes: this test binary once more, told by a variable what to do.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use openclaw_client::store::{FileStore, STATE_DIR_VAR};

const JOB: &str = "OPENCLAW_TEST_STORE_JOB";
const NUMBER: &str = "OPENCLAW_TEST_STORE_NUMBER";

/// A process at work. Dropping it kills it.
pub(crate) struct Worker {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts a process that does a job with the store in a directory, once it is told to [go](Self::go).
    pub(crate) fn start(job: &str, number: usize, dir: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "worker::at_work", "--nocapture", "--test-threads=1"])
            .env(JOB, job)
            .env(NUMBER, number.to_string())
            .env(STATE_DIR_VAR, dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        wait_for(&mut said, "ready");
        Self { child, said }
    }

    /// Lets it begin.
    pub(crate) fn go(&mut self, word: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{word}").unwrap();
    }

    /// Waits until it says a word; returns the rest of that line.
    pub(crate) fn hear(&mut self, word: &str) -> String {
        wait_for(&mut self.said, word)
    }

    /// Waits until it has ended well.
    pub(crate) fn finish(mut self) {
        // It may have more to say than a pipe holds.
        std::io::copy(&mut self.said, &mut std::io::sink()).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The test harness of the process says things of its own, also in the same line.
fn wait_for(said: &mut impl BufRead, word: &str) -> String {
    let mark = format!("[{word}]");
    loop {
        let mut line = String::new();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "the process ended before it said {word}");
        if let Some((_, rest)) = line.split_once(&mark) {
            return rest.trim().to_owned();
        }
    }
}

/// In the process: says a word to the one who started it.
pub(crate) fn say(word: &str, rest: impl std::fmt::Display) {
    println!("[{word}] {rest}");
}

/// Not a test: what the processes run. On its own it does nothing.
#[test]
fn at_work() {
    let Ok(job) = std::env::var(JOB) else { return };
    let number = std::env::var(NUMBER).unwrap().parse().unwrap();
    let store = FileStore::of_user().unwrap();
    assert_eq!(store.dir(), PathBuf::from(std::env::var_os(STATE_DIR_VAR).unwrap()));
    say("ready", "");
    let mut word = String::new();
    std::io::stdin().read_line(&mut word).unwrap();
    super::processes::work(&job, number, &store, word.trim());
}
