//! A scripted gateway on loopback: one thread a connection, blocking, so that any adapter can be tested against it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tungstenite::handshake::server::{Request, Response};
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};

use crate::{HELLO, challenge, event};

/// No script waits longer than this for its client.
const PATIENCE: Duration = Duration::from_secs(20);

/// A stream a peer can speak over.
pub trait Socket: Read + Write + Send {}
impl<S: Read + Write + Send> Socket for S {}

/// A listening gateway. Dropping it stops listening; scripts that run end with their clients.
#[derive(Debug)]
pub struct Peer {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    accepted: Arc<AtomicUsize>,
    listener: Option<JoinHandle<()>>,
}

impl Peer {
    /// Runs `script` for every connection that completes the WebSocket upgrade. A script that panics ends its connection.
    pub fn start(script: impl Fn(&mut Conn) + Send + Sync + 'static) -> Self {
        Self::raw(move |tcp| {
            if let Ok(mut conn) = Conn::accept(Box::new(tcp)) {
                script(&mut conn);
            }
        })
    }

    /// Runs `script` for every TCP connection.
    pub fn raw(script: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let (stop, accepted) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (stopped, count) = (Arc::clone(&stop), Arc::clone(&accepted));
        let script = Arc::new(script);
        let thread = std::thread::spawn(move || {
            while let Ok((tcp, _)) = listener.accept() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                count.fetch_add(1, Ordering::SeqCst);
                let _ = tcp.set_read_timeout(Some(PATIENCE));
                let _ = tcp.set_write_timeout(Some(PATIENCE));
                let _ = tcp.set_nodelay(true);
                let script = Arc::clone(&script);
                std::thread::spawn(move || script(tcp));
            }
        });
        Self { address, stop, accepted, listener: Some(thread) }
    }

    /// The gateway's address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// TCP connections so far.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the accept loop.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.listener.take() {
            let _ = thread.join();
        }
    }
}

/// One connection, as its script sees it.
pub struct Conn {
    socket: WebSocket<Box<dyn Socket>>,
    /// The headers of the upgrade request, names in lower case.
    pub headers: Vec<(String, String)>,
}

impl std::fmt::Debug for Conn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conn").field("headers", &self.headers).finish_non_exhaustive()
    }
}

/// A request as a script sees it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its id.
    pub id: String,
    /// Its method.
    pub method: String,
    /// Its params.
    pub params: serde_json::Value,
}

impl Conn {
    /// Performs the server side of the upgrade.
    ///
    /// # Errors
    /// When the client does not complete it.
    #[allow(clippy::result_large_err, reason = "the shape of tungstenite's callback")]
    pub fn accept(stream: Box<dyn Socket>) -> Result<Self, String> {
        let mut headers = Vec::new();
        let callback = |request: &Request, response: Response| {
            for (name, value) in request.headers() {
                headers.push((name.as_str().to_owned(), value.to_str().unwrap_or("?").to_owned()));
            }
            Ok(response)
        };
        let config = WebSocketConfig::default().max_frame_size(None).max_message_size(None);
        let socket = tungstenite::accept_hdr_with_config(stream, callback, Some(config)).map_err(|e| e.to_string())?;
        Ok(Self { socket, headers })
    }

    /// Sends the challenge, reads the connect and answers with [`HELLO`].
    pub fn handshake(&mut self) -> Asked {
        self.text(&challenge("nonce-1"));
        let connect = self.ask();
        self.reply(&connect, HELLO);
        connect
    }

    /// Sends a text message.
    pub fn text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).expect("the client reads");
    }

    /// Sends bytes as they are, past the WebSocket.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.socket.get_mut().write_all(bytes).expect("the client reads");
    }

    /// Queues a text message without flushing.
    pub fn queue(&mut self, text: &str) {
        self.socket.write(Message::text(text)).expect("the client reads");
    }

    /// Writes everything queued.
    pub fn flush(&mut self) {
        self.socket.flush().expect("the client reads");
    }

    /// Sends an event.
    pub fn event(&mut self, name: &str, seq: u64, payload: &str) {
        self.text(&event(name, seq, payload));
    }

    /// Answers a request with `ok:true`.
    pub fn reply(&mut self, asked: &Asked, payload: &str) {
        self.text(&format!(r#"{{"type":"res","id":"{}","ok":true,"payload":{payload}}}"#, asked.id));
    }

    /// Answers a request with an error.
    pub fn refuse(&mut self, asked: &Asked, error: &str) {
        self.text(&format!(r#"{{"type":"res","id":"{}","ok":false,"error":{error}}}"#, asked.id));
    }

    /// The next message of whatever kind; none when the connection has ended.
    pub fn message(&mut self) -> Option<Message> {
        self.socket.read().ok()
    }

    /// The next request.
    pub fn ask(&mut self) -> Asked {
        self.next_request().expect("the client asks")
    }

    /// The next request; none when the client has closed or gone.
    pub fn next_request(&mut self) -> Option<Asked> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    let value: serde_json::Value = serde_json::from_str(&text).expect("the client sends JSON");
                    let field = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
                    return Some(Asked { id: field("id"), method: field("method"), params: value["params"].clone() });
                }
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Sends a ping.
    pub fn ping(&mut self) {
        self.socket.send(Message::Ping(vec![1, 2, 3].into())).expect("the client reads");
    }

    /// Closes and waits for the client's answer. Returns how many text messages came before it.
    pub fn close(&mut self, code: u16, reason: &str) -> usize {
        let frame = CloseFrame { code: code.into(), reason: reason.into() };
        let _ = self.socket.close(Some(frame));
        let mut texts = 0;
        loop {
            match self.socket.read() {
                Ok(message) => texts += usize::from(message.is_text()),
                Err(Error::ConnectionClosed | Error::AlreadyClosed | Error::Io(_)) => return texts,
                Err(_) => {}
            }
        }
    }

    /// Answers requests until the client goes: `echo` gives its params back, everything else an empty object.
    /// Returns the client's close code.
    pub fn serve(&mut self) -> Option<u16> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    let value: serde_json::Value = serde_json::from_str(&text).expect("the client sends JSON");
                    let payload = if value["method"] == "echo" { value["params"].to_string() } else { "{}".into() };
                    let id = value["id"].as_str().unwrap_or_default();
                    self.text(&format!(r#"{{"type":"res","id":"{id}","ok":true,"payload":{payload}}}"#));
                }
                Ok(Message::Close(frame)) => return Some(frame.map_or(1005, |f| f.code.into())),
                Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}
