//! The port: open, closed, and open again.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;

use super::connection;
use super::shared::Shared;

/// How often a port that somebody else has is asked for again.
const ATTEMPTS: u32 = 200;

/// Opens a port.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    socket(address)?.listen(1024)
}

/// A socket that has the port but does not listen: whoever connects is refused.
fn socket(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Connections of the life before may linger on the port.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// The same, some times over: another process may have the port for a moment.
async fn reserve(address: SocketAddr) -> io::Result<TcpSocket> {
    let mut attempts = 0;
    loop {
        match socket(address) {
            Ok(socket) => return Ok(socket),
            Err(error) if attempts >= ATTEMPTS => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
        attempts += 1;
    }
}

/// Accepts connections while the gateway wants any.
pub(crate) async fn run(listener: TcpListener, address: SocketAddr, shared: Arc<Shared>) {
    if let Err(error) = accept(listener, address, &shared).await {
        shared.lost(&error);
    }
}

async fn accept(mut listener: TcpListener, address: SocketAddr, shared: &Arc<Shared>) -> io::Result<()> {
    let mut wanted = shared.listen.subscribe();
    let mut connections = JoinSet::new();
    loop {
        while *wanted.borrow_and_update() {
            tokio::select! {
                accepted = listener.accept() => {
                    if let Ok((stream, remote)) = accepted {
                        connections.spawn(connection::serve(stream, remote, Arc::clone(shared)));
                    }
                }
                Some(_) = connections.join_next() => {}
                changed = wanted.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                }
            }
        }
        drop(listener);
        // Kept from others meanwhile, without listening.
        let socket = reserve(address).await?;
        shared.listening(false);
        while !*wanted.borrow_and_update() {
            tokio::select! {
                Some(_) = connections.join_next() => {}
                changed = wanted.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                }
            }
        }
        listener = socket.listen(1024)?;
        shared.listening(true);
    }
}
