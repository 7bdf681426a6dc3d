//! The limit of open files, which thousands of connections meet first.

use anyhow::bail;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files a process has open beside its connections, generously.
const OTHERS: u64 = 64;

/// Raises this process's limit as far as it may, and says whether that leaves room for so many connections.
///
/// # Errors
/// When it does not: what the limit is, and what to do.
pub(crate) fn room_for(connections: u64) -> anyhow::Result<()> {
    let wanted = connections + OTHERS;
    let limit = raise();
    match limit {
        Some(limit) if limit < wanted => bail!(
            "{connections} connections need {wanted} open files in each of the two processes, and this one may have {limit}: \
             raise the hard limit (`ulimit -Hn {wanted}` in a root shell, or `nofile` in /etc/security/limits.conf) or ask \
             for fewer connections with --n"
        ),
        _ => Ok(()),
    }
}

/// Raises the limit as far as the hard limit allows. None where there is no limit.
pub(crate) fn raise() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    // Refused where something else limits it: what counts then is what it was.
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    if raised.is_ok() { limit.maximum } else { limit.current }
}
