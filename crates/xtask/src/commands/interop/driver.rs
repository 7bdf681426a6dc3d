//! Running the script that drives a client, and restarting the gateway when it asks for that.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use xtask::signals;
use xtask::strangers::Strangers;

use super::server::{Server, TOKEN};
use super::{Lane, Run, Step};

/// Far more than all steps take.
const LIMIT: Duration = Duration::from_secs(180);
const LOOK: Duration = Duration::from_millis(100);

const SCRIPTS: &[(&str, &str)] = &[
    ("common.mjs", include_str!("../../../interop/common.mjs")),
    ("official.mjs", include_str!("../../../interop/official.mjs")),
    ("openclaw_node.mjs", include_str!("../../../interop/openclaw_node.mjs")),
];

/// Runs a client through its steps.
pub(super) fn drive(lane: &'static Lane, strangers: &Strangers, program: &Path) -> Result<Run> {
    let started = Instant::now();
    let folder = Folder::make(lane.name, strangers)?;
    let mut server = Server::start(program, lane.wire)?;
    let plan = json!({
        "kind": lane.kind,
        "wire": lane.wire,
        "url": server.url,
        "token": TOKEN,
        "badToken": "not-the-token",
        "state": folder.0,
    });
    let mut script = Script::start(lane, strangers, &folder, &plan)?;
    let mut steps = Vec::new();
    if let Err(error) = talk(&mut script, &mut server, &mut steps) {
        signals::check()?;
        steps.push(Step { step: "to the end".to_owned(), ok: false, detail: format!("{error:#}") });
    }
    Ok(Run {
        client: lane.name,
        package: lane.pin.package,
        version: lane.pin.version,
        wire: lane.wire,
        seconds: started.elapsed().as_secs_f64(),
        steps,
    })
}

/// Takes the script's lines until it is done.
fn talk(script: &mut Script, server: &mut Server<'_>, steps: &mut Vec<Step>) -> Result<()> {
    let started = Instant::now();
    loop {
        signals::check()?;
        let line = match script.lines.recv_timeout(LOOK) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) if started.elapsed() < LIMIT => continue,
            Err(RecvTimeoutError::Timeout) => bail!("the script took longer than {LIMIT:?}"),
            Err(RecvTimeoutError::Disconnected) => bail!("the script ended early"),
        };
        let Ok(line) = serde_json::from_str::<Value>(&line) else {
            bail!("the script printed: {line}");
        };
        let text = |name| line.get(name).and_then(Value::as_str);
        if let Some(step) = text("step") {
            let ok = line.get("ok").and_then(Value::as_bool) == Some(true);
            let detail = text("detail").unwrap_or_default().to_owned();
            anstream::eprintln!("  {} {step}  {detail}", if ok { "ok    " } else { "FAILED" });
            steps.push(Step { step: step.to_owned(), ok, detail });
            continue;
        }
        match text("want") {
            Some("restart") => server.kill_and_start()?,
            Some("stop") => server.stop_and_start()?,
            Some(other) => bail!("the script wants {other}"),
            None => return Ok(()),
        }
        script.input.write_all(b"restarted\n").context("the script does not listen")?;
    }
}

/// A running script. Dropping it kills it.
struct Script {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Script {
    fn start(lane: &Lane, strangers: &Strangers, folder: &Folder, plan: &Value) -> Result<Self> {
        let mut child = Command::new(&strangers.node)
            .arg(folder.0.join(lane.script))
            .arg(plan.to_string())
            .current_dir(&folder.0)
            // Nothing of the user's gets near a program of somebody else.
            .env_clear()
            .env("HOME", &folder.0)
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start Node")?;
        let input = child.stdin.take().context("no input")?;
        let output = child.stdout.take().context("no output")?;
        Ok(Self { child, input, lines: lines(output) })
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(output: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// A throw-away folder with the scripts beside the packages, and what the clients keep. Dropping it removes it.
struct Folder(PathBuf);

impl Folder {
    fn make(name: &str, strangers: &Strangers) -> Result<Self> {
        let dir = std::env::temp_dir().join(format!("openclaw-interop-{}-{name}", std::process::id()));
        fs::create_dir(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let folder = Self(dir);
        for (name, text) in SCRIPTS {
            fs::write(folder.0.join(name), text)?;
        }
        link(&strangers.modules, &folder.0.join("node_modules"))?;
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(unix)]
fn link(to: &Path, at: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(to, at)
}

/// Elsewhere there is no pinned Node, so this is never reached.
#[cfg(not(unix))]
fn link(_to: &Path, _at: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
