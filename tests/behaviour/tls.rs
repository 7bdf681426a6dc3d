//! TLS.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use openclaw_client::{Builder, Down, TransportError};
use openclaw_tests::lane::{Lane, PATIENCE, builder};
use openclaw_tests::{Conn, Peer, event};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::pressure::{talk_first, talk_too};
use crate::scene::down;

/// A gateway with a certificate that nobody knows.
struct Secured {
    peer: Peer,
    certificate: CertificateDer<'static>,
    upgrades: Arc<AtomicUsize>,
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

impl Secured {
    fn start(script: impl Fn(&mut Conn) + Send + Sync + 'static) -> Self {
        Self::watched(script, None)
    }

    /// The same; `ends` is told whether each connection's TLS was closed by the client.
    fn watched(script: impl Fn(&mut Conn) + Send + Sync + 'static, ends: Option<Sender<bool>>) -> Self {
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = certified.cert.der().clone();
        let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
        let server = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        let (server, upgrades) = (Arc::new(server), Arc::new(AtomicUsize::new(0)));
        let (counter, ends) = (Arc::clone(&upgrades), ends.map(Mutex::new));
        let peer = Peer::raw(move |tcp| {
            let tls = StreamOwned::new(ServerConnection::new(Arc::clone(&server)).unwrap(), tcp);
            let ends = ends.as_ref().map(|ends| ends.lock().unwrap().clone());
            if let Ok(mut conn) = Conn::accept(Box::new(Watched { tls, ends })) {
                counter.fetch_add(1, Ordering::SeqCst);
                script(&mut conn);
            }
        });
        Self { peer, certificate, upgrades }
    }

    fn builder(&self) -> Builder<()> {
        builder(format!("wss://localhost:{}", self.peer.port())).token("secret").no_reconnect()
    }

    /// A client that trusts it.
    fn trusting(&self) -> Builder<()> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        self.builder().tls(Arc::new(config))
    }
}

/// A TLS stream that, when dropped, tells whether the client ended TLS and not just TCP.
struct Watched {
    tls: StreamOwned<ServerConnection, TcpStream>,
    ends: Option<Sender<bool>>,
}

impl Read for Watched {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.tls.read(buf)
    }
}

impl Write for Watched {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.tls.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tls.flush()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(ends) = &self.ends {
            // rustls gives 0 bytes only after close_notify; an end without it is an error.
            let mut rest = [0; 1024];
            let end = loop {
                match self.tls.read(&mut rest) {
                    Ok(0) => break true,
                    Ok(_) => {}
                    Err(_) => break false,
                }
            };
            let _ = ends.send(end);
        }
    }
}

pub fn wss_works_with_a_trusted_certificate_and_fails_typed_with_another(lane: Lane) {
    let secured = Secured::start(|conn| {
        conn.handshake();
        conn.serve();
    });
    let client = lane.connect(secured.trusting()).unwrap();
    client.request_raw("echo", "[1]").unwrap();
    client.shutdown();

    let error = lane.connect(secured.builder()).unwrap_err();
    assert!(matches!(down(error), Down::Transport(TransportError::Tls(_))));
    assert_eq!(secured.upgrades.load(Ordering::SeqCst), 1, "nothing was said to the untrusted one");
}

pub fn a_hundred_frames_in_one_tls_record_all_arrive(lane: Lane) {
    let secured = Secured::start(|conn| {
        conn.handshake();
        // 100 frames of some 60 bytes: one write, and less than the 16 KiB of a record.
        for seq in 1..=100 {
            conn.queue(&event("burst", seq, "{}"));
        }
        conn.flush();
        // And then silence: whoever waits for the socket again before everything is read waits for ever.
        conn.serve();
    });
    let client = lane.build(secured.trusting()).unwrap();
    let mut events = client.events("burst");
    client.connect().unwrap();
    for seq in 1..=100 {
        assert_eq!(events.item().seq, Some(seq));
    }
}

pub fn both_sides_with_much_to_say_over_tls_do_not_wait_for_each_other(lane: Lane) {
    let secured = Secured::start(talk_first);
    talk_too(&lane.build(secured.trusting()).unwrap());
}

pub fn the_peer_is_told_that_tls_ends(lane: Lane) {
    let (tx, rx) = channel();
    let secured = Secured::watched(
        |conn| {
            conn.handshake();
            conn.serve();
        },
        Some(tx),
    );
    let client = lane.connect(secured.trusting()).unwrap();
    client.shutdown();
    assert_eq!(rx.recv_timeout(PATIENCE), Ok(true), "close_notify");
}
