//! `-v`: what this project's own crates report, on standard error.

use std::io::{self, Write};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::output::mask::Mask;
use crate::output::sanitise::escape;

/// The only crates that are heard. Those below them report whole frames, credentials included.
const OURS: [&str; 7] = [
    "openclaw_proto",
    "openclaw_client",
    "openclaw_tokio",
    "openclaw_async_std",
    "openclaw_smol",
    "openclaw_blocking",
    "openclaw_gw",
];

/// Starts reporting at the level that so many `-v` ask for.
pub(crate) fn start(verbose: u8, mask: Mask) {
    let level = match verbose {
        0 => return,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let lines =
        tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || SafeStderr { mask: mask.clone() });
    // Fails only when there is a subscriber already, and this is the one place that makes one.
    let _ = tracing_subscriber::registry().with(lines).with(targets(level)).try_init();
}

fn targets(level: LevelFilter) -> Targets {
    Targets::new().with_targets(OURS.map(|target| (target, level)))
}

/// What peers say ends up in reports, so each line is made harmless before a terminal sees it.
struct SafeStderr {
    mask: Mask,
}

impl Write for SafeStderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let line = escape(text.trim_end_matches('\n'));
        writeln!(io::stderr(), "{}", self.mask.hide(&line))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn only_our_own_crates_are_heard() {
        let targets = targets(LevelFilter::TRACE);
        for target in ["openclaw_client::driver", "openclaw_gw", "openclaw_tokio::dial", "openclaw_proto"] {
            assert!(targets.would_enable(target, &Level::DEBUG), "{target}");
        }
        for target in ["tungstenite::protocol", "rustls::client", "tokio_tungstenite", "hyper", ""] {
            assert!(!targets.would_enable(target, &Level::ERROR), "{target}");
        }
    }
}
