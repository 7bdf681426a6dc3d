//! As much of HTTP/1.1 as a model provider needs: one request for each connection, an answer in pieces.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

const MAX_HEAD: usize = 64 * 1024;
const MAX_BODY: usize = 64 * 1024 * 1024;
/// A gateway sends its whole request at once.
const READ_LIMIT: Duration = Duration::from_secs(30);
/// How soon a pause notices that the provider ends.
const SLICE: Duration = Duration::from_millis(20);

/// A request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) body: Vec<u8>,
}

/// Why a pause ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paused {
    /// It was long enough.
    Over,
    /// The other side has left.
    Left,
}

/// A connection of a gateway.
#[derive(Debug)]
pub(super) struct Connection(TcpStream);

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        let _ = stream.set_nodelay(true);
        Self(stream)
    }

    /// Reads the request.
    pub(super) fn request(&mut self) -> io::Result<Request> {
        self.0.set_read_timeout(Some(READ_LIMIT))?;
        let mut received = Vec::new();
        let mut piece = [0; 16 * 1024];
        let head = loop {
            if let Some(at) = received.windows(4).position(|window| window == b"\r\n\r\n") {
                break at;
            }
            if received.len() > MAX_HEAD {
                return Err(invalid("the head is too long"));
            }
            let length = self.0.read(&mut piece)?;
            if length == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            received.extend_from_slice(piece.get(..length).unwrap_or_default());
        };
        let mut body = received.split_off(head + 4);
        let head = String::from_utf8(received).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        let mut lines = head.split("\r\n");
        let mut first = lines.next().unwrap_or_default().split(' ');
        let (method, path) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
        let mut length = 0;
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                length = value
                    .trim()
                    .parse()
                    .ok()
                    .filter(|length| *length <= MAX_BODY)
                    .ok_or_else(|| invalid("the body is too long"))?;
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                return Err(invalid("the body has no length"));
            }
        }
        while body.len() < length {
            let read = self.0.read(&mut piece)?;
            if read == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            body.extend_from_slice(piece.get(..read).unwrap_or_default());
        }
        Ok(Request { method: method.to_owned(), path: path.to_owned(), body })
    }

    /// Sends a whole answer in JSON.
    pub(super) fn answer(&mut self, status: u16, json: &str) -> io::Result<()> {
        let length = json.len();
        write!(
            self.0,
            "HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{json}"
        )
    }

    /// Begins an answer in pieces. Only its end makes it whole, so the other side notices when it breaks off.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        self.0.write_all(
            b"HTTP/1.1 200 -\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n\
              Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        )
    }

    /// Sends a server-sent event.
    pub(super) fn event(&mut self, data: &str) -> io::Result<()> {
        let event = format!("data: {data}\n\n");
        self.0.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes())
    }

    /// Ends an answer in pieces.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.0.write_all(b"0\r\n\r\n")
    }

    /// Ends the connection, whatever was begun.
    pub(super) fn close(&self) {
        let _ = self.0.shutdown(Shutdown::Both);
    }

    /// Waits until `over` or for at most `limit`, unless the other side leaves before.
    pub(super) fn pause(&mut self, limit: Duration, mut over: impl FnMut() -> bool) -> io::Result<Paused> {
        let begun = Instant::now();
        loop {
            let left = limit.saturating_sub(begun.elapsed());
            if left.is_zero() || over() {
                return Ok(Paused::Over);
            }
            self.0.set_read_timeout(Some(left.min(SLICE)))?;
            match self.0.read(&mut [0; 64]) {
                Ok(0) => return Ok(Paused::Left),
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(Paused::Left),
                Err(error) => return Err(error),
            }
        }
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}
