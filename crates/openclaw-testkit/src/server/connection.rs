//! One connection, from its first byte to its last.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::door::Stream;
use super::http::{self, Head};
use super::shared::{Out, Road, Shared};
use super::traffic::count;
use crate::gateway::{PeerId, PeerInfo};

/// How long a client may take to ask for its upgrade.
const HEAD_DEADLINE: Duration = Duration::from_secs(15);

/// How long a connection that shall be cut may still write what came before.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// No message is larger, whatever the gateway's own limit: the gateway wants to see what it refuses.
const LARGEST: usize = 1 << 28;

/// How many messages that have come together are taken up together. Their requests wait for each other, as in
/// a real gateway.
const BATCH: usize = 2048;

/// Tells the gateway that a connection is gone, however its task ends.
struct Farewell {
    shared: Arc<Shared>,
    peer: PeerId,
}

impl Drop for Farewell {
    fn drop(&mut self) {
        self.shared.gone(self.peer);
    }
}

/// Serves a connection until it ends.
pub(crate) async fn serve(tcp: TcpStream, remote: SocketAddr, shared: Arc<Shared>) {
    let _ = tcp.set_nodelay(true);
    let head = async {
        let mut stream = shared.door.open(tcp).await?;
        let head = Head::read(&mut stream).await.ok().flatten()?;
        Some((stream, head))
    };
    let Ok(Some((mut stream, head))) = tokio::time::timeout(HEAD_DEADLINE, head).await else { return };
    count(&shared.door.counters.requests);
    let Some(key) = head.websocket_key() else {
        let page = http::page(&head.path, shared.with(|core, _| core.phase()));
        let _ = http::answer(&mut stream, &page).await;
        return;
    };
    let granted = http::upgrade(key);
    let mut info = PeerInfo::new(remote.ip());
    info.headers.clone_from(&head.headers);
    let road = match shared.admit(info) {
        Ok(road) => road,
        Err(refusal) => {
            let _ = http::answer(&mut stream, &refusal).await;
            return;
        }
    };
    let farewell = Farewell { shared, peer: road.peer };
    if stream.write_all(granted.as_bytes()).await.is_ok() {
        let config = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
        let socket = WebSocketStream::from_partially_read(stream, head.rest, Role::Server, Some(config)).await;
        talk(socket, road, &farewell.shared).await;
    }
}

async fn talk(socket: WebSocketStream<Box<dyn Stream>>, road: Road, shared: &Shared) {
    let (sink, stream) = socket.split();
    let Road { peer, out, waiting, reading, cut } = road;
    let stuck = async {
        cut.notified().await;
        tokio::time::sleep(LAST_WORDS).await;
    };
    tokio::select! {
        () = read(stream, reading, peer, shared) => {}
        _ = write(sink, out, &waiting) => {}
        () = stuck => {}
    }
}

async fn read(
    mut stream: SplitStream<WebSocketStream<Box<dyn Stream>>>,
    mut reading: watch::Receiver<bool>,
    peer: PeerId,
    shared: &Shared,
) {
    loop {
        let first = tokio::select! {
            biased;
            () = stopped(&mut reading) => return std::future::pending().await,
            message = stream.next() => message,
        };
        let mut messages = Vec::new();
        let mut next = first;
        let ended = loop {
            match next {
                Some(Ok(message)) => messages.push(message),
                Some(Err(_)) | None => break true,
            }
            if messages.len() >= BATCH {
                break false;
            }
            match stream.next().now_or_never() {
                Some(message) => next = message,
                None => break false,
            }
        };
        shared.with(|core, now| {
            for message in &messages {
                match message {
                    Message::Text(text) => core.handle_text(now, peer, text),
                    Message::Binary(bytes) => core.handle_binary(now, peer, bytes),
                    Message::Pong(_) => core.handle_pong(now, peer),
                    Message::Ping(_) | Message::Close(_) | Message::Frame(_) => {}
                }
            }
        });
        if ended {
            return;
        }
    }
}

/// Waits until nothing is to be read any more.
async fn stopped(reading: &mut watch::Receiver<bool>) {
    while *reading.borrow_and_update() {
        if reading.changed().await.is_err() {
            return;
        }
    }
}

async fn write(
    mut sink: SplitSink<WebSocketStream<Box<dyn Stream>>, Message>,
    mut out: mpsc::UnboundedReceiver<Out>,
    waiting: &AtomicUsize,
) -> Result<(), Error> {
    while let Some(next) = out.recv().await {
        match next {
            Out::Text(text) => {
                let size = text.len();
                sink.feed(Message::text(text)).await?;
                waiting.fetch_sub(size, Ordering::Relaxed);
            }
            Out::Ping => sink.feed(Message::Ping(Vec::new().into())).await?,
            Out::Close(code, reason) => {
                let frame = CloseFrame { code: code.into(), reason: reason.into() };
                sink.send(Message::Close(Some(frame))).await?;
            }
            Out::Abort => return sink.flush().await,
        }
        if out.is_empty() {
            sink.flush().await?;
        }
    }
    Ok(())
}
