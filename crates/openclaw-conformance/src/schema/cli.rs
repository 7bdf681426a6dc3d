//! The command line.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::check::Conversation;
use super::inspector::Inspector;
use super::known;
use super::protocol::Schema;
use super::summary::Summary;
use crate::recording::{Direction, Recording};

/// Check frames against the schemas of real gateways.
///
/// Takes the folder into which the hermetic tests wrote their frames (`cargo xtask schema` runs them), or one into which
/// `cargo xtask conformance --recordings` wrote what was said on real gateways. Every frame that a client of ours sent is validated against
/// the schemas of all pinned releases (connect) or of those that speak the wire it was welcomed with (the rest); a fault
/// that the table in schema/known.rs does not excuse is a failure. Faults of received frames are counted: most are what
/// tests are about. Of recordings, received frames have to be without faults, too, but for those that are known.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "cargo xtask schema", bin_name = "cargo xtask schema")]
pub struct Args {
    /// The folder with the frames of the tests
    #[arg(long, value_name = "DIR", required_unless_present = "recordings")]
    frames: Option<PathBuf>,

    /// A folder with the recordings of a whole conformance run
    #[arg(long, value_name = "DIR", conflicts_with = "frames")]
    recordings: Option<PathBuf>,

    /// Show every kind of fault of received frames
    #[arg(long)]
    verbose: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// All that the tests wrote.
#[derive(Debug, Default)]
struct Seen {
    sent: Summary,
    received: Summary,
    counts: BTreeMap<&'static str, u64>,
    unobserved: BTreeMap<String, u64>,
}

/// Does what the command line says.
///
/// # Errors
/// When the frames or the schemas cannot be read.
pub fn run(args: &Args) -> Result<ExitCode> {
    match (&args.frames, &args.recordings) {
        (Some(dir), _) => frames(args, dir),
        (None, Some(dir)) => recordings(args, dir),
        (None, None) => bail!("neither --frames nor --recordings"),
    }
}

/// The files with one JSON object a line.
fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut files: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "ndjson"));
    ensure!(!files.is_empty(), "there is no file with frames in {}", dir.display());
    files.sort();
    Ok(files)
}

fn recordings(args: &Args, dir: &Path) -> Result<ExitCode> {
    let mut inspector = Inspector::default();
    let mut faults = Vec::new();
    for file in files(dir)? {
        let recording = Recording::read(&file).with_context(|| file.display().to_string())?;
        faults.extend(inspector.inspect(&recording));
    }
    faults.extend(inspector.vanished().iter().map(|vanished| format!("in the table, and no more so: {vanished}")));
    if args.json {
        let told = json!({"passed": faults.is_empty(), "faults": faults, "received": inspector.deviations()});
        anstream::println!("{}", serde_json::to_string_pretty(&told)?);
    } else {
        faults.iter().for_each(|fault| anstream::println!("FAILED  {fault}"));
        anstream::println!("{}", inspector.report());
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn frames(args: &Args, dir: &Path) -> Result<ExitCode> {
    let schemas = Schema::all()?;
    let mut seen = Seen::default();
    for file in files(dir)? {
        seen.file(&file, &schemas).with_context(|| file.display().to_string())?;
    }
    ensure!(seen.counts.get("sent").is_some_and(|sent| *sent > 0), "no client sent anything in {}", dir.display());
    let passed = seen.passed();
    if args.json {
        anstream::println!("{}", serde_json::to_string_pretty(&seen.json())?);
    } else {
        seen.print(&schemas, args.verbose);
    }
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Seen {
    fn file(&mut self, file: &Path, schemas: &[Schema]) -> Result<()> {
        let program = file.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let program = program.split('-').next().unwrap_or_default();
        let mut clients: BTreeMap<String, Client<'_>> = BTreeMap::new();
        for line in BufReader::new(File::open(file)?).lines() {
            let line: Value = serde_json::from_str(&line?).context("a line that is no JSON")?;
            let text = |name: &str| line.get(name).and_then(Value::as_str);
            let name = text("client").context("a line without a client")?;
            if let Some(why) = text("unobserved") {
                *self.unobserved.entry(why.to_owned()).or_default() += 1;
                continue;
            }
            let client = clients.entry(name.to_owned()).or_insert_with(|| Client::new(program, name, schemas));
            if let Some(sent) = text("sent") {
                self.count("sent");
                client.look(Direction::Sent, sent, &mut self.sent)?;
            } else if let Some(received) = text("received") {
                self.count("received");
                client.look(Direction::Received, received, &mut self.received)?;
            } else if line.get("sent_bytes").is_some() {
                self.count("sent, too large to look at");
            } else {
                line.get("received_bytes").context("a line without a frame")?;
                self.count("received, too large to look at");
            }
        }
        *self.counts.entry("clients").or_default() += clients.len() as u64;
        Ok(())
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn passed(&self) -> bool {
        self.sent.unknown(known::SENT).is_empty() && self.sent.vanished(known::SENT).is_empty()
    }

    fn print(&self, schemas: &[Schema], verbose: bool) {
        for (what, count) in &self.counts {
            anstream::println!("{count:8}  {what}");
        }
        for (why, count) in &self.unobserved {
            anstream::println!("{count:8}  clients not observed: {why}");
        }
        for schema in schemas {
            anstream::println!("\n{} ({})", schema.name, schema.origin());
            for (way, summary) in [("sent", &self.sent), ("received", &self.received)] {
                let Some(tally) = summary.tallies.get(schema.name) else { continue };
                anstream::println!(
                    "  {way:8}  {:6} validated, {:6} with contents of a definition, {:6} raw, {:6} with faults",
                    tally.frames,
                    tally.contents,
                    tally.raw,
                    tally.faulty
                );
            }
        }
        if verbose {
            anstream::println!("\nfaults of received frames");
            for ((schema, definition, fault, of), count) in self.received.kinds() {
                anstream::println!("{count:8}  {schema} {definition} ({of}): {fault}");
            }
        }
        let (excused, purposes) = (self.sent.excused(known::SENT), known::SENT.len());
        anstream::println!("\n{excused} faults sent on purpose, by the {purposes} tests of the table");
        for unknown in self.sent.unknown(known::SENT) {
            anstream::println!("FAILED  sent: {unknown}");
        }
        for vanished in self.sent.vanished(known::SENT) {
            anstream::println!("FAILED  in the table, and no more so: {vanished}");
        }
        anstream::println!("{}", if self.passed() { "no violation on the way out" } else { "FAILED" });
    }

    fn json(&self) -> Value {
        json!({
            "passed": self.passed(),
            "counts": self.counts,
            "unobserved": self.unobserved,
            "sent": self.sent.json(),
            "received": self.received.json(),
        })
    }
}

/// A client of a test.
struct Client<'a> {
    conversations: Vec<Conversation<'a>>,
    /// The wire it was welcomed with; none before that.
    wire: Option<u8>,
}

impl<'a> Client<'a> {
    fn new(program: &str, name: &str, schemas: &'a [Schema]) -> Self {
        // The number behind it tells the clients of one test apart.
        let test = name.rsplit_once(' ').map_or(name, |(test, _)| test);
        let who = format!("{program} {test}");
        Self { conversations: schemas.iter().map(|schema| Conversation::new(schema, &who)).collect(), wire: None }
    }

    fn look(&mut self, way: Direction, text: &str, summary: &mut Summary) -> Result<()> {
        let frame: Value = serde_json::from_str(text).unwrap_or_default();
        let connect = way == Direction::Sent && frame.get("method").and_then(Value::as_str) == Some("connect");
        if connect {
            self.wire = None;
        }
        let hello = frame.get("payload").filter(|payload| payload.get("type").is_some_and(|kind| kind == "hello-ok"));
        if let Some(protocol) = hello.and_then(|hello| hello.get("protocol")).and_then(Value::as_u64) {
            self.wire = u8::try_from(protocol).ok();
        }
        let wire = self.wire;
        for conversation in &mut self.conversations {
            let schema = conversation.schema;
            // Of several releases of a wire, tests are about the newest.
            let speaks = wire.is_none_or(|wire| wire == schema.wire) && (connect || schema.is_newest());
            if speaks {
                let findings = conversation.look(way, text, summary.tally(schema.name))?;
                summary.add(findings);
            }
        }
        Ok(())
    }
}
