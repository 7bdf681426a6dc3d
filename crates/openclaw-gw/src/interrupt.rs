//! Ctrl-C and SIGTERM: the first asks for a clean end, the second ends at once.

use std::future::{Future, pending};
use std::io;

use tokio::sync::oneshot;

use crate::exit::Exit;

/// Listens for signals from now on. The future ends with the first one.
pub(crate) fn listen() -> io::Result<impl Future<Output = ()>> {
    let mut signals = Signals::new()?;
    let (tell, told) = oneshot::channel();
    tokio::spawn(async move {
        signals.next().await;
        let _ = tell.send(());
        signals.next().await;
        std::process::exit(Exit::Interrupted.code().into());
    });
    Ok(async {
        if told.await.is_err() {
            pending::<()>().await;
        }
    })
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            pending::<()>().await;
        }
    }
}
