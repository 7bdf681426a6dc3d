//! Which core of the machine a process runs on: processes that wander between cores, or share one, are measured with that.

use std::fmt;

use serde::Serialize;

/// How a measure shares the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    /// The gateway and the client each on a core of their own.
    Apart,
    /// Both on the same.
    Together,
    /// Wherever the scheduler puts them.
    Free,
}

/// The cores there are to bind processes to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cores {
    Two {
        gateway: usize,
        client: usize,
    },
    /// None are, and why.
    Free(&'static str),
}

impl Cores {
    /// A core each, where this process may use two.
    pub(crate) fn choose() -> Self {
        match two() {
            Ok([gateway, client]) => Self::Two { gateway, client },
            Err(why) => Self::Free(why),
        }
    }

    /// What becomes of a wish: the place, and the cores of the gateway and of the client.
    pub(crate) fn settle(self, place: Place) -> (Place, [Option<usize>; 2]) {
        match (self, place) {
            (Self::Two { gateway, client }, Place::Apart) => (place, [Some(gateway), Some(client)]),
            (Self::Two { client, .. }, Place::Together) => (place, [Some(client), Some(client)]),
            (Self::Two { .. }, Place::Free) | (Self::Free(_), _) => (Place::Free, [None, None]),
        }
    }
}

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Two { gateway, client } => write!(
                f,
                "the gateway runs on core {gateway} and each client on core {client}, but for runtimes with several threads \
                 and for the measures that say so"
            ),
            Self::Free(why) => write!(f, "no process is bound to a core: {why}"),
        }
    }
}

#[cfg(target_os = "linux")]
fn two() -> Result<[usize; 2], &'static str> {
    use rustix::thread::{CpuSet, sched_getaffinity};
    let allowed = sched_getaffinity(None).map_err(|_errno| "the system does not say which cores there are")?;
    let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
    match (cores.next(), cores.next()) {
        (Some(first), Some(second)) => Ok([first, second]),
        _ => Err("there is only one"),
    }
}

#[cfg(not(target_os = "linux"))]
fn two() -> Result<[usize; 2], &'static str> {
    Err("that is done on Linux only")
}

/// Binds this thread, and all that it will start, to a core.
#[cfg(target_os = "linux")]
pub(crate) fn pin(core: usize) -> anyhow::Result<()> {
    use anyhow::Context;
    use rustix::thread::{CpuSet, sched_setaffinity};
    anyhow::ensure!(core < CpuSet::MAX_CPU, "there is no core {core}");
    let mut only = CpuSet::new();
    only.set(core);
    sched_setaffinity(None, &only).with_context(|| format!("cannot run on core {core} only"))
}

/// Binds this thread, and all that it will start, to a core.
#[cfg(not(target_os = "linux"))]
pub(crate) fn pin(core: usize) -> anyhow::Result<()> {
    anyhow::bail!("cannot run on core {core} only: that is done on Linux only")
}
