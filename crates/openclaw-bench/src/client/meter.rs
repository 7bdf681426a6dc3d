//! What a measurement took.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use super::reading::Reading;
use super::{Args, Mode, On, Who};

/// A measurement's result, as it is printed.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Line {
    pub(crate) client: String,
    pub(crate) mode: String,
    pub(crate) n: u64,
    pub(crate) window: u64,
    pub(crate) size: usize,
    pub(crate) wall_ns: u64,
    pub(crate) cpu_ns: u64,
    pub(crate) bytes: u64,
    pub(crate) ops_per_s: f64,
    pub(crate) mb_per_s: f64,
    pub(crate) cpu_ns_per_op: f64,
    pub(crate) p50_ns: u64,
    pub(crate) p99_ns: u64,
    pub(crate) per_conn_bytes: u64,
}

/// Runs from the end of the warm-up.
pub(crate) struct Meter {
    /// What becomes of payloads.
    pub(super) reading: Reading,
    wall: Instant,
    cpu: Duration,
    /// What each operation took, where they come one by one.
    pub(crate) samples: Vec<Duration>,
    /// Payload bytes received.
    pub(crate) bytes: u64,
    /// Memory that a connection costs, where that is measured.
    pub(crate) per_connection: u64,
}

impl Meter {
    pub(crate) fn start(args: &Args) -> Self {
        Self {
            reading: args.reading(),
            cpu: cpu(),
            samples: Vec::new(),
            bytes: 0,
            per_connection: 0,
            wall: Instant::now(),
        }
    }

    pub(crate) fn stop(mut self, args: &Args) -> Line {
        let wall = self.wall.elapsed();
        let cpu = cpu().saturating_sub(self.cpu);
        self.samples.sort_unstable();
        let at = |part: usize| {
            let index = self.samples.len().saturating_sub(1) * part / 100;
            self.samples.get(index).map_or(0, |sample| nanos(*sample))
        };
        let operations = args.n as f64;
        let who = if args.client == Who::Raw { "raw" } else { "openclaw" };
        let on = match args.runtime {
            On::Tokio => "tokio",
            On::TokioMulti => "tokio-multi",
            On::AsyncStd => "async-std",
            On::Smol => "smol",
            On::Blocking => "blocking",
            On::Inline => "inline",
        };
        let mode = match args.mode {
            Mode::Rtt => "rtt",
            Mode::Pipeline => "pipeline",
            Mode::Flood => "flood",
            Mode::Blob => "blob",
            Mode::Idle => "idle",
        };
        Line {
            client: format!("{who}-{on}"),
            mode: mode.into(),
            n: args.n,
            window: args.window,
            size: args.size,
            wall_ns: nanos(wall),
            cpu_ns: nanos(cpu),
            bytes: self.bytes,
            ops_per_s: operations / wall.as_secs_f64(),
            mb_per_s: self.bytes as f64 / 1e6 / wall.as_secs_f64(),
            cpu_ns_per_op: cpu.as_secs_f64() * 1e9 / operations,
            p50_ns: at(50),
            p99_ns: at(99),
            per_conn_bytes: self.per_connection,
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The processor time of this process, all threads together.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The memory of this process that is in RAM, in bytes.
pub(crate) fn resident() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next()).and_then(|number| number.parse::<u64>().ok());
    kib.map(|kib| kib * 1024).ok_or_else(|| anyhow::anyhow!("/proc/self/status has no VmRSS"))
}
