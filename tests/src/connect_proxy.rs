//! A scripted HTTP proxy on loopback.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::Peer;

/// What a proxy does with a request for a tunnel.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Opens one to that port of this machine, whatever was asked for.
    Tunnel(u16),
    /// Says something and ends.
    Say(Vec<u8>),
    /// Is silent until the client gives up.
    Nothing,
}

/// A proxy.
#[derive(Debug)]
pub struct ConnectProxy {
    peer: Peer,
    asked: Arc<Mutex<Vec<String>>>,
    carried: Arc<Mutex<Vec<u8>>>,
}

impl ConnectProxy {
    /// A proxy that always answers in that way.
    #[must_use]
    pub fn start(answer: Answer) -> Self {
        let (asked, carried) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<Vec<u8>>>::default());
        let (heads, bytes) = (Arc::clone(&asked), Arc::clone(&carried));
        let peer = Peer::raw(move |mut tcp| {
            let Some(head) = head(&mut tcp) else { return };
            heads.lock().expect("whole").push(head);
            match &answer {
                Answer::Tunnel(port) => tunnel(tcp, *port, &bytes),
                Answer::Say(words) => {
                    let _ = tcp.write_all(words);
                }
                Answer::Nothing => while matches!(tcp.read(&mut [0; 64]), Ok(1..)) {},
            }
        });
        Self { peer, asked, carried }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.peer.port())
    }

    /// Connections so far.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.peer.accepted()
    }

    /// The heads of the requests so far.
    ///
    /// # Panics
    /// When a connection's thread has.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("whole").clone()
    }

    /// What clients have said inside their tunnels so far.
    ///
    /// # Panics
    /// When a connection's thread has.
    #[must_use]
    pub fn carried(&self) -> Vec<u8> {
        self.carried.lock().expect("whole").clone()
    }
}

/// A request up to its empty line; none if the client goes before that.
fn head(tcp: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        tcp.read_exact(&mut byte).ok()?;
        head.extend(byte);
    }
    String::from_utf8(head).ok()
}

fn tunnel(mut client: TcpStream, port: u16, carried: &Arc<Mutex<Vec<u8>>>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { return };
    // In pieces, so that nobody can take it for one.
    for part in [&b"HTTP/1.1 200 Connection est"[..], b"ablished\r\nVia: 1.1 proxy\r\n\r", b"\n"] {
        let _ = client.write_all(part);
        std::thread::sleep(Duration::from_millis(5));
    }
    let (Ok(from_server), Ok(to_client)) = (server.try_clone(), client.try_clone()) else { return };
    let back = std::thread::spawn(move || copy(from_server, to_client, |_| {}));
    copy(client, server, |bytes| carried.lock().expect("whole").extend_from_slice(bytes));
    let _ = back.join();
}

fn copy(mut from: TcpStream, mut to: TcpStream, see: impl Fn(&[u8])) {
    let mut buf = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buf) {
        let bytes = buf.get(..read).unwrap_or_default();
        see(bytes);
        if to.write_all(bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
