//! A socket that never blocks, with or without TLS, counted: for adapters that wait by polling sockets.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use crate::TransportError;
use crate::transport::ByteCount;

/// A socket with or without TLS that counts the bytes it carries.
#[derive(Debug)]
pub struct Stream<S: Read + Write> {
    kind: Kind<S>,
    count: ByteCount,
}

#[derive(Debug)]
enum Kind<S: Read + Write> {
    Plain(S),
    Tls(Box<Tls<S>>),
}

impl<S: Read + Write> Stream<S> {
    /// Without TLS.
    pub fn plain(socket: S) -> Self {
        Self { kind: Kind::Plain(socket), count: ByteCount::default() }
    }

    /// With TLS: [`handshake`](Self::handshake) comes first.
    ///
    /// # Errors
    /// When rustls does not like the configuration.
    pub fn tls(socket: S, name: ServerName<'static>, config: Arc<ClientConfig>) -> Result<Self, TransportError> {
        let session = ClientConnection::new(config, name).map_err(|e| TransportError::Tls(e.to_string()))?;
        let tls = Tls { session, socket, ended: false };
        Ok(Self { kind: Kind::Tls(Box::new(tls)), count: ByteCount::default() })
    }

    /// Goes on with the TLS handshake, if there is one.
    ///
    /// # Errors
    /// `WouldBlock` when it waits for the peer; any other error is its end.
    pub fn handshake(&mut self) -> io::Result<()> {
        match &mut self.kind {
            Kind::Plain(_) => Ok(()),
            Kind::Tls(tls) => tls.handshake(),
        }
    }

    /// The socket underneath.
    pub fn socket(&mut self) -> &mut S {
        match &mut self.kind {
            Kind::Plain(socket) => socket,
            Kind::Tls(tls) => &mut tls.socket,
        }
    }

    /// What it has carried so far.
    pub fn count(&self) -> &ByteCount {
        &self.count
    }
}

impl<S: Read + Write> Read for Stream<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.kind {
            Kind::Plain(socket) => socket.read(buf),
            Kind::Tls(tls) => tls.read(buf),
        }?;
        self.count.read(buf.get(..read).unwrap_or_default());
        Ok(read)
    }
}

impl<S: Read + Write> Write for Stream<S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = match &mut self.kind {
            Kind::Plain(socket) => socket.write(buf),
            Kind::Tls(tls) => tls.write(buf),
        }?;
        self.count.written(written);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.kind {
            Kind::Plain(socket) => socket.flush(),
            Kind::Tls(tls) => tls.flush(),
        }
    }
}

/// TLS over a socket that never blocks.
///
/// `rustls::StreamOwned` cannot be used on such a socket: it does not read while a write is stuck, so two peers that both
/// have much to say would wait for each other, and it does not tell that a write is stuck.
#[derive(Debug)]
struct Tls<S: Read + Write> {
    session: ClientConnection,
    socket: S,
    ended: bool,
}

impl<S: Read + Write> Tls<S> {
    fn handshake(&mut self) -> io::Result<()> {
        while self.session.is_handshaking() {
            self.write_out()?;
            if self.session.is_handshaking() {
                self.read_in()?;
            }
        }
        self.write_out()
    }

    /// Takes in what the socket has.
    fn read_in(&mut self) -> io::Result<()> {
        if self.session.read_tls(&mut self.socket)? == 0 {
            self.ended = true;
            if self.session.is_handshaking() {
                return Err(io::Error::new(ErrorKind::UnexpectedEof, "the connection ended in the TLS handshake"));
            }
        }
        if let Err(error) = self.session.process_new_packets() {
            // The alert that says why; the error is told either way.
            let _ = self.write_out();
            return Err(io::Error::new(ErrorKind::InvalidData, error));
        }
        Ok(())
    }

    fn write_out(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            self.session.write_tls(&mut self.socket)?;
        }
        Ok(())
    }
}

fn would_block(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock
}

impl<S: Read + Write> Read for Tls<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.session.reader().read(buf) {
                Err(error) if would_block(&error) && !self.ended => self.read_in()?,
                result => return result,
            }
        }
    }
}

impl<S: Read + Write> Write for Tls<S> {
    /// rustls takes what its buffer has room for; a stuck socket shows when that is full, and in `flush`.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let taken = self.session.writer().write(buf)?;
        match self.write_out() {
            Err(error) if taken == 0 || !would_block(&error) => Err(error),
            _ => Ok(taken),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_out()
    }
}

impl<S: Read + Write> Drop for Tls<S> {
    fn drop(&mut self) {
        self.session.send_close_notify();
        // One attempt: nobody waits for a connection that is given up.
        let _ = self.write_out();
    }
}
