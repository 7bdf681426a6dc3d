//! One connection: bytes to the core, outputs to bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::shared::Shared;
use crate::core::GatewayOutput;
use crate::reply::PeerId;

/// What a gateway keeps for a client that does not read; beyond it the client is cut off, as gateways do.
const MAX_BUFFERED: usize = 52_428_800;
/// How long a client may take for the upgrade, and for its half of a close.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an aborted connection may still send what came before the abort.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// The core's end of a connection.
#[derive(Debug)]
pub(super) struct Line {
    outputs: UnboundedSender<GatewayOutput>,
    buffered: Arc<AtomicUsize>,
    /// There is no room left.
    full: Arc<Notify>,
    /// The queue ends with an abort.
    ending: Arc<Notify>,
}

impl Line {
    pub(super) fn put(&self, output: GatewayOutput) {
        let size = if let GatewayOutput::Send { text, .. } = &output { text.len() } else { 0 };
        if self.buffered.fetch_add(size, Ordering::Relaxed).saturating_add(size) > MAX_BUFFERED {
            // Not through the queue: it may never move again.
            self.full.notify_one();
            return;
        }
        if matches!(output, GatewayOutput::Abort { .. }) {
            self.ending.notify_one();
        }
        // A connection that is gone has nobody to tell.
        let _ = self.outputs.send(output);
    }
}

/// Serves one TCP connection until either side ends it.
pub(super) async fn run(shared: Arc<Shared>, tcp: TcpStream) {
    let _ = tcp.set_nodelay(true);
    // The core judges sizes, before and after the hello; this limit only bounds memory.
    let config = WebSocketConfig::default().max_message_size(Some(64 << 20)).max_frame_size(Some(64 << 20));
    let upgrade = tokio_tungstenite::accept_async_with_config(tcp, Some(config));
    let Ok(Ok(socket)) = tokio::time::timeout(PATIENCE, upgrade).await else { return };
    let (outputs, queue) = tokio::sync::mpsc::unbounded_channel();
    let (buffered, full, ending) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()), Arc::new(Notify::new()));
    let line = Line { outputs, buffered: Arc::clone(&buffered), full: Arc::clone(&full), ending: Arc::clone(&ending) };
    let peer = shared.join(line);
    // However this ends, also by an abort of the task, the core hears of it.
    let _gone = Gone { shared: Arc::clone(&shared), peer };
    tokio::select! {
        () = full.notified() => {}
        // What was said before an abort arrives if the client reads; if it does not, that must not hold up the abort.
        () = async { ending.notified().await; tokio::time::sleep(LAST_WORDS).await } => {}
        () = talk(&shared, peer, socket, queue, &buffered) => {}
    }
}

struct Gone {
    shared: Arc<Shared>,
    peer: PeerId,
}

impl Drop for Gone {
    fn drop(&mut self) {
        self.shared.leave(self.peer);
    }
}

async fn talk(
    shared: &Shared,
    peer: PeerId,
    socket: WebSocketStream<TcpStream>,
    mut queue: UnboundedReceiver<GatewayOutput>,
    buffered: &AtomicUsize,
) {
    let (mut sink, mut stream) = socket.split();
    // Both at once: a gateway that writes goes on reading, or two full buffers would wait for each other.
    let write = async {
        while let Some(output) = queue.recv().await {
            let message = match output {
                GatewayOutput::Send { text, .. } => {
                    let size = text.len();
                    let sent = sink.send(Message::text(text)).await;
                    buffered.fetch_sub(size, Ordering::Relaxed);
                    if sent.is_err() {
                        return;
                    }
                    continue;
                }
                GatewayOutput::Ping { .. } => Message::Ping(Bytes::new()),
                GatewayOutput::Close { code, reason, .. } => {
                    let frame = CloseFrame { code: code.into(), reason: reason.into() };
                    let _ = sink.send(Message::Close(Some(frame))).await;
                    // The client's half of the close ends the reader.
                    return tokio::time::sleep(PATIENCE).await;
                }
                GatewayOutput::Abort { .. } => return,
            };
            if sink.send(message).await.is_err() {
                return;
            }
        }
    };
    let read = async {
        while let Some(Ok(message)) = stream.next().await {
            match message {
                Message::Text(text) => shared.with(|core, now| core.handle_text(now, peer, &text)),
                Message::Binary(bytes) => {
                    let text = String::from_utf8_lossy(&bytes);
                    shared.with(|core, now| core.handle_text(now, peer, &text));
                }
                Message::Pong(_) => shared.with(|core, now| core.handle_pong(now, peer)),
                Message::Ping(_) | Message::Close(_) | Message::Frame(_) => {}
            }
        }
    };
    tokio::select! {
        () = write => {}
        () = read => {}
    }
}
