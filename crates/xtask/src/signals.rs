//! Ctrl-C and friends, as a flag that every waiting loop looks at.
//!
//! The default action would end this program at once and leave gateways running, so the program
//! installs [`install`] first and each loop ends by itself when [`check`] says so.

use std::fmt;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

static COUNT: AtomicUsize = AtomicUsize::new(0);
static LAST: AtomicI32 = AtomicI32::new(0);

/// The program was asked to end by this signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interrupted(pub i32);

impl Interrupted {
    /// The exit code a shell gives to a program ended by this signal.
    pub fn exit_code(self) -> u8 {
        u8::try_from(128 + self.0).unwrap_or(255)
    }
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "interrupted by signal {}", self.0)
    }
}

impl std::error::Error for Interrupted {}

/// From now on SIGINT, SIGTERM and SIGHUP are recorded and do not end the program.
///
/// # Errors
///
/// When the system does not let handlers be installed.
#[cfg(unix)]
pub fn install() -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            LAST.store(signal, Ordering::SeqCst);
            COUNT.fetch_add(1, Ordering::SeqCst);
        }
    })?;
    Ok(())
}

/// Where there are no Unix signals nothing is installed.
///
/// # Errors
///
/// Never.
#[cfg(not(unix))]
pub fn install() -> std::io::Result<()> {
    Ok(())
}

/// The last signal, if there was one.
pub fn received() -> Option<Interrupted> {
    (count() > 0).then(|| Interrupted(LAST.load(Ordering::SeqCst)))
}

/// How many signals came. A second one means: do not wait for anything.
pub fn count() -> usize {
    COUNT.load(Ordering::SeqCst)
}

/// An error as soon as a signal came.
///
/// # Errors
///
/// [`Interrupted`] when a signal came.
pub fn check() -> Result<(), Interrupted> {
    received().map_or(Ok(()), Err)
}
