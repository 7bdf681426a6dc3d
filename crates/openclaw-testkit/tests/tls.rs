//! The gateway behind TLS, and the client of the project in front of it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed expectation is what a test is for"
)]

use std::sync::Arc;

use openclaw_testkit::{ClientIdentity, GatewayConfig, RestartPlan, Server, Tls};
use openclaw_tokio::{Client, StartError};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};

async fn start(tls: Tls) -> Server {
    Server::start_tls(GatewayConfig::v4(), &tls).await.unwrap()
}

/// What a client that trusts the server's certificate expects of TLS.
fn trust(server: &Server, identity: Option<&ClientIdentity>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(server.certificate().unwrap().to_vec())).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    Arc::new(match identity {
        None => builder.with_no_client_auth(),
        Some(ClientIdentity { certificate, key, .. }) => {
            let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.clone()));
            builder.with_client_auth_cert(vec![CertificateDer::from(certificate.clone())], key).unwrap()
        }
    })
}

async fn connect(server: &Server, tls: Option<Arc<ClientConfig>>) -> Result<Client, StartError> {
    let builder = openclaw_tokio::builder(server.url()).token(server.token()).no_reconnect();
    match tls {
        Some(tls) => builder.tls(tls).connect().await,
        None => builder.connect().await,
    }
}

#[tokio::test]
async fn a_client_that_trusts_the_certificate_is_served() {
    let server = start(Tls::new()).await;
    assert!(server.url().starts_with("wss://localhost:"), "{}", server.url());
    assert_eq!(server.fingerprint().unwrap().len(), 64);
    let client = connect(&server, Some(trust(&server, None))).await.unwrap();
    let answer: Value = client.request("echo", &json!({"a": 1})).await.unwrap();
    assert_eq!(answer, json!({"a": 1}));
    let traffic = server.traffic();
    assert_eq!((traffic.connections, traffic.handshakes, traffic.requests), (1, 1, 1));
    assert!(traffic.bytes > traffic.plain_bytes && traffic.plain_bytes > 100, "{traffic:?}");
}

#[tokio::test]
async fn certificates_that_clients_refuse_are_refused_before_anything_is_said() {
    let strange = start(Tls::new()).await;
    assert!(connect(&strange, None).await.is_err());
    let expired = start(Tls::new().expired()).await;
    assert!(connect(&expired, Some(trust(&expired, None))).await.is_err());
    let of_another = start(Tls::new().host_name("gateway.example")).await;
    assert!(connect(&of_another, Some(trust(&of_another, None))).await.is_err());
    for server in [strange, expired, of_another] {
        let traffic = server.traffic();
        assert_eq!((traffic.handshakes, traffic.plain_bytes, traffic.requests), (0, 0, 0), "{traffic:?}");
        assert!(traffic.connections > 0 && traffic.bytes > 0, "the client has been here: {traffic:?}");
    }
}

#[tokio::test]
async fn a_gateway_for_known_clients_serves_nobody_else() {
    let server = start(Tls::new().require_client_certificate()).await;
    assert!(connect(&server, Some(trust(&server, None))).await.is_err());
    assert_eq!(server.traffic().requests, 0);
    let known = trust(&server, server.client_identity());
    assert!(connect(&server, Some(known)).await.is_ok());
    assert_eq!(start(Tls::new()).await.client_identity(), None);
}

#[tokio::test]
async fn a_restart_changes_nothing_about_the_certificate() {
    let server = start(Tls::new()).await;
    let before = server.fingerprint();
    server.restart(RestartPlan::default()).await.unwrap();
    assert_eq!(server.fingerprint(), before);
    assert!(connect(&server, Some(trust(&server, None))).await.is_ok());
}

#[tokio::test]
async fn without_tls_everything_is_plain() {
    let server = Server::start(GatewayConfig::v4()).await.unwrap();
    assert_eq!((server.certificate(), server.fingerprint(), server.client_identity()), (None, None, None));
    connect(&server, None).await.unwrap();
    let traffic = server.traffic();
    assert_eq!((traffic.connections, traffic.handshakes, traffic.requests), (1, 0, 1));
    assert_eq!(traffic.bytes, traffic.plain_bytes);
}
