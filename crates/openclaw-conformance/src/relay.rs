//! A way to a gateway that can be cut, without the gateway's doing.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

#[derive(Debug)]
struct Shared {
    target: String,
    /// Both ends of every connection that may still be open.
    open: Mutex<Vec<TcpStream>>,
    cut_next: AtomicBool,
    stopped: AtomicBool,
}

impl Shared {
    fn open(&self) -> MutexGuard<'_, Vec<TcpStream>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A relay on loopback; dropping it cuts everything.
#[derive(Debug)]
pub(crate) struct Relay {
    shared: Arc<Shared>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// A relay to `target`, which is `HOST:PORT` and may come and go.
    pub(crate) fn start(target: String) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            target,
            open: Mutex::default(),
            cut_next: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        });
        let thread = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Ok(Self { shared, address, thread: Some(thread) })
    }

    /// Where clients connect.
    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Delivers the next thing any client sends, and cuts that client's connection instead of delivering what comes back:
    /// what it asked for is done, and the answer is lost.
    pub(crate) fn cut_next(&self) {
        self.shared.cut_next.store(true, Ordering::Relaxed);
    }

    /// Cuts all connections.
    pub(crate) fn cut(&self) {
        self.shared.open().drain(..).for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        self.cut();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        if shared.stopped.load(Ordering::Relaxed) {
            return;
        }
        // A gateway that is away refuses, and so does the relay.
        if let Ok(client) = client {
            let _ = connect(client, shared);
        }
    }
}

fn connect(client: TcpStream, shared: &Arc<Shared>) -> io::Result<()> {
    let gateway = TcpStream::connect(&shared.target)?;
    client.set_nodelay(true)?;
    gateway.set_nodelay(true)?;
    shared.open().extend([client.try_clone()?, gateway.try_clone()?]);
    let lose = Arc::new(AtomicBool::new(false));
    for (from, to, asks) in [(client.try_clone()?, gateway.try_clone()?, true), (gateway, client, false)] {
        let (shared, lose) = (Arc::clone(shared), Arc::clone(&lose));
        thread::spawn(move || {
            let _ = carry(&from, &to, asks, &shared, &lose);
            let _ = from.shutdown(Shutdown::Both);
            let _ = to.shutdown(Shutdown::Both);
        });
    }
    Ok(())
}

/// Carries one way. `lose` is set by the way there, for the way back.
fn carry(mut from: &TcpStream, mut to: &TcpStream, asks: bool, shared: &Shared, lose: &AtomicBool) -> io::Result<()> {
    let mut piece = [0; 16 * 1024];
    loop {
        let length = from.read(&mut piece)?;
        let Some(piece) = piece.get(..length).filter(|piece| !piece.is_empty()) else { return Ok(()) };
        if asks && shared.cut_next.swap(false, Ordering::Relaxed) {
            lose.store(true, Ordering::Relaxed);
        } else if !asks && lose.load(Ordering::Relaxed) {
            return Ok(());
        }
        to.write_all(piece)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echo() -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        thread::spawn(move || {
            for stream in listener.incoming() {
                thread::spawn(move || {
                    let stream = stream.unwrap();
                    let _ = io::copy(&mut &stream, &mut &stream);
                });
            }
        });
        address
    }

    fn ask(relay: &Relay) -> (TcpStream, [u8; 4]) {
        let mut stream = TcpStream::connect(relay.address).unwrap();
        stream.write_all(b"ping").unwrap();
        let mut answer = [0; 4];
        let _ = stream.read_exact(&mut answer);
        (stream, answer)
    }

    #[test]
    fn it_carries_until_it_is_cut() {
        let relay = Relay::start(echo()).unwrap();
        let (mut stream, answer) = ask(&relay);
        assert_eq!(&answer, b"ping");
        relay.cut();
        assert_eq!(stream.read(&mut [0; 1]).unwrap_or(0), 0);
        assert_eq!(&ask(&relay).1, b"ping", "new connections are carried");
    }

    #[test]
    fn it_cuts_whoever_sends_next() {
        let relay = Relay::start(echo()).unwrap();
        let (mut one, _) = ask(&relay);
        relay.cut_next();
        let (mut two, _) = ask(&relay);
        assert_eq!(two.read(&mut [0; 1]).unwrap_or(0), 0);
        one.write_all(b"more").unwrap();
        one.read_exact(&mut [0; 4]).unwrap();
    }

    #[test]
    fn a_target_that_is_away_is_as_away_as_through_no_relay() {
        let relay = Relay::start("127.0.0.1:1".into()).unwrap();
        let mut stream = TcpStream::connect(relay.address).unwrap();
        assert_eq!(stream.read(&mut [0; 1]).unwrap_or(0), 0);
    }
}
