//! Gateways with TLS.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use openclaw_client::Builder;
use openclaw_tests::lane::builder;
use openclaw_tests::{Conn, Peer};
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::certificates::{Authority, Identity};

/// A gateway with TLS.
pub struct Secured {
    pub peer: Peer,
    pub identity: Identity,
    /// WebSocket upgrades so far.
    pub upgrades: Arc<AtomicUsize>,
}

pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// TLS for a gateway that shows `identity` and, if there is somebody to ask about them, wants to see its clients'.
pub fn server_config(identity: &Identity, clients: Option<&Authority>) -> ServerConfig {
    let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.certificate.clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build().unwrap();
            config.with_client_cert_verifier(verifier)
        }
    };
    config.with_single_cert(vec![identity.certificate.clone()], identity.key.clone_key()).unwrap()
}

impl Secured {
    /// A gateway with a certificate for `localhost` that nobody knows.
    pub fn start(script: impl Fn(&mut Conn) + Send + Sync + 'static) -> Self {
        Self::watched(script, None)
    }

    /// The same; `ends` is told whether each connection's TLS was closed by the client.
    pub fn watched(script: impl Fn(&mut Conn) + Send + Sync + 'static, ends: Option<Sender<bool>>) -> Self {
        let identity = Identity::self_signed("localhost");
        let config = server_config(&identity, None);
        Self::run(identity, config, script, ends)
    }

    /// A gateway that shows `identity` and answers everything.
    pub fn serving(identity: Identity) -> Self {
        let config = server_config(&identity, None);
        Self::configured(identity, config)
    }

    /// The same with a configuration of the test's own.
    pub fn configured(identity: Identity, config: ServerConfig) -> Self {
        let serve = |conn: &mut Conn| {
            conn.handshake();
            conn.serve();
        };
        Self::run(identity, config, serve, None)
    }

    fn run(
        identity: Identity,
        config: ServerConfig,
        script: impl Fn(&mut Conn) + Send + Sync + 'static,
        ends: Option<Sender<bool>>,
    ) -> Self {
        let (config, upgrades) = (Arc::new(config), Arc::new(AtomicUsize::new(0)));
        let (counter, ends) = (Arc::clone(&upgrades), ends.map(Mutex::new));
        let peer = Peer::raw(move |tcp| {
            let tls = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), tcp);
            let ends = ends.as_ref().map(|ends| ends.lock().unwrap().clone());
            if let Ok(mut conn) = Conn::accept(Box::new(Watched { tls, ends })) {
                counter.fetch_add(1, Ordering::SeqCst);
                script(&mut conn);
            }
        });
        Self { peer, identity, upgrades }
    }

    /// A client for it that trusts the platform; its first connection is its last.
    pub fn builder(&self) -> Builder<()> {
        builder(format!("wss://localhost:{}", self.peer.port())).token("secret").no_reconnect()
    }

    /// A client that trusts it.
    pub fn trusting(&self) -> Builder<()> {
        let mut roots = RootCertStore::empty();
        roots.add(self.identity.certificate.clone()).unwrap();
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

/// What a listener made out of one connection.
#[derive(Debug)]
pub struct Heard {
    /// The client's end of the handshake never came.
    pub unfinished: bool,
    /// Bytes under TLS: of HTTP, and of all that comes after it.
    pub said: usize,
    /// The client ended TLS with an alert.
    pub alert: Option<rustls::AlertDescription>,
    /// Bytes that came after that.
    pub after_alert: usize,
}

/// A peer that shows `identity` and listens to what its clients say until they are gone.
pub fn listening(identity: &Identity) -> (Peer, Receiver<Heard>) {
    let config = Arc::new(server_config(identity, None));
    let (tx, rx) = channel();
    let tx = Mutex::new(tx);
    let peer = Peer::raw(move |mut tcp| {
        let heard = listen(ServerConnection::new(Arc::clone(&config)).unwrap(), &mut tcp);
        let _ = tx.lock().unwrap().send(heard);
    });
    (peer, rx)
}

fn listen(mut tls: ServerConnection, tcp: &mut TcpStream) -> Heard {
    let (mut said, mut alert) = (0, None);
    while alert.is_none() {
        while tls.wants_write() {
            if tls.write_tls(tcp).is_err() {
                break;
            }
        }
        if !matches!(tls.read_tls(tcp), Ok(1..)) {
            break;
        }
        match tls.process_new_packets() {
            Ok(_) => {
                let mut plain = Vec::new();
                // It ends with an error, as more could come.
                let _ = tls.reader().read_to_end(&mut plain);
                said += plain.len();
            }
            Err(rustls::Error::AlertReceived(received)) => alert = Some(received),
            Err(error) => panic!("{error}"),
        }
    }
    let unfinished = tls.is_handshaking();
    let mut rest = Vec::new();
    let _ = tcp.read_to_end(&mut rest);
    Heard { unfinished, said, alert, after_alert: rest.len() }
}
