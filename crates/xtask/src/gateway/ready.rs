//! Asking a gateway whether it is ready, over plain HTTP.
//!
//! A gateway accepts connections some seconds before it serves them; only `/readyz` tells when
//! it does.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(1);
const ANSWER: Duration = Duration::from_secs(3);
/// Enough for the status line and far more than a gateway sends.
const MAX_ANSWER: u64 = 64 * 1024;

/// Whether the gateway on this loopback port answers `GET /readyz` with 200.
pub fn is_ready(port: u16) -> bool {
    status(port) == Some(200)
}

fn status(port: u16) -> Option<u16> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, CONNECT).ok()?;
    stream.set_read_timeout(Some(ANSWER)).ok()?;
    stream.set_write_timeout(Some(ANSWER)).ok()?;
    stream
        .write_all(format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())
        .ok()?;
    let mut answer = Vec::new();
    // What was read before an error is enough if it holds the status line.
    let _ = stream.take(MAX_ANSWER).read_to_end(&mut answer);
    parse_status(&answer)
}

fn parse_status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let mut words = line.split_ascii_whitespace();
    if !words.next()?.starts_with("HTTP/1.") {
        return None;
    }
    let code = words.next()?;
    (code.len() == 3).then(|| code.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn the_status_is_read_from_the_first_line() {
        assert_eq!(parse_status(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n{}"), Some(200));
        assert_eq!(parse_status(b"HTTP/1.1 503 Service Unavailable\r\n"), Some(503));
        assert_eq!(parse_status(b"HTTP/1.0 200\r\n"), Some(200));
    }

    #[test]
    fn anything_else_has_no_status() {
        for answer in
            [&b""[..], b"HTTP/1.1", b"HTTP/2 200 OK", b"SSH-2.0-x 200", b"HTTP/1.1 0200 OK", b"HTTP/1.1 2\xff0 OK"]
        {
            assert_eq!(parse_status(answer), None, "{answer:?}");
        }
    }

    #[test]
    fn a_server_that_says_200_is_ready_and_a_closed_port_is_not() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = server.local_addr().unwrap().port();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            assert!(request[..length].starts_with(b"GET /readyz HTTP/1.1\r\n"));
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        });
        assert!(is_ready(port));
        thread.join().unwrap();
        assert!(!is_ready(port));
    }
}
