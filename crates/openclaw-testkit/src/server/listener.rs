//! Accepting connections, and ending.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use super::conn;
use super::shared::Shared;

/// How long connections may take to end after a drain has closed them.
const PATIENCE: Duration = Duration::from_secs(5);

/// The listener's task and the way to end it.
#[derive(Debug)]
pub(super) struct Listening {
    stop: oneshot::Sender<End>,
    task: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How a listener ends its connections.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// They are cut.
    Cut,
    /// They may finish their close handshakes.
    LetFinish,
}

pub(super) async fn end(listening: Option<Listening>, how: End) {
    if let Some(mut listening) = listening {
        let (stop, _) = oneshot::channel();
        // Whoever cannot be told has ended already.
        let _ = std::mem::replace(&mut listening.stop, stop).send(how);
        let _ = (&mut listening.task).await;
    }
}

/// Accepts connections until told to end. The task owns the connections' tasks, so that its end is theirs.
pub(super) fn listen(listener: TcpListener, shared: &Arc<Shared>) -> Listening {
    let (stop, mut stopped) = oneshot::channel();
    let shared = Arc::clone(shared);
    let task = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        let how = loop {
            tokio::select! {
                biased;
                how = &mut stopped => break how.unwrap_or(End::Cut),
                Some(_) = connections.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((tcp, _)) => {
                        connections.spawn(conn::run(Arc::clone(&shared), tcp));
                    }
                    // Out of descriptors, most likely: one of the connections has to end first.
                    Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                },
            }
        };
        drop(listener);
        if matches!(how, End::LetFinish) {
            let finish = async { while connections.join_next().await.is_some() {} };
            let _ = tokio::time::timeout(PATIENCE, finish).await;
        }
        connections.shutdown().await;
    });
    Listening { stop, task }
}
