//! A socket that mio watches, and that is not read in vain.

use std::io::{self, ErrorKind, Read, Write};

use mio::Token;
use mio::net::TcpStream;

use crate::reactor::Reactor;

/// Whether a read that does not fill its buffer has emptied the socket, so that the operating system will tell of whatever
/// comes later. epoll promises it; elsewhere only a read that finds nothing is sure to have that effect.
const SHORT_READ_EMPTIES: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// A socket that is known to be empty from when a read has emptied it until the operating system tells of something new.
#[derive(Debug)]
pub(crate) struct Watched {
    tcp: TcpStream,
    reactor: Reactor,
    token: Token,
    /// What the reactor had been told when the socket was empty.
    empty_at: Option<u64>,
}

impl Watched {
    pub(crate) fn new(mut tcp: TcpStream, reactor: Reactor) -> io::Result<Self> {
        let token = reactor.register(&mut tcp)?;
        Ok(Self { tcp, reactor, token, empty_at: None })
    }

    pub(crate) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// Watches for data, and for room if something waits to be written.
    pub(crate) fn watch(&mut self, room: bool) -> io::Result<()> {
        self.reactor.watch(&mut self.tcp, self.token, room)
    }

    /// What the peer said before a connection broke is still to be read.
    fn unless_broken(&mut self, written: io::Result<usize>) -> io::Result<usize> {
        if matches!(&written, Err(error) if error.kind() != ErrorKind::WouldBlock) {
            self.empty_at = None;
        }
        written
    }
}

impl Read for Watched {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let told = self.reactor.told();
        if self.empty_at == Some(told) {
            return Err(ErrorKind::WouldBlock.into());
        }
        let read = self.tcp.read(buf);
        let empty = match &read {
            // The end of a stream that the peer has closed is told along with its last bytes.
            Ok(read) => SHORT_READ_EMPTIES && (1..buf.len()).contains(read) && !self.reactor.is_closing(self.token),
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        };
        self.empty_at = empty.then_some(told);
        read
    }
}

impl Write for Watched {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.tcp.write(buf);
        self.unless_broken(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}
