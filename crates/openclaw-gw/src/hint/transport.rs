//! Advice for a way to the gateway that does not lead there.

use openclaw_client::proto::UpgradeRefused;
use openclaw_client::recovery::HTTP_STATUSES;
use openclaw_client::{ProxyError, TransportError};

pub(super) fn for_transport(error: &TransportError) -> Option<String> {
    let text = match error {
        TransportError::Connect(_) => {
            "is the gateway running? Start it, or give its address with --url or OPENCLAW_GATEWAY_URL"
        }
        TransportError::Resolve { .. } => "is the host name right? Check --url or OPENCLAW_GATEWAY_URL",
        TransportError::Tls(_) => {
            "the certificate must be valid for this host and issued by an authority this system trusts, or by one of \
             --ca FILE; a certificate that signed itself is believed with --tls-pin; a gateway without TLS is reached with ws://, from the same machine or a private network"
        }
        TransportError::PinMismatch { found, .. } => {
            return Some(format!(
                "somebody is in between, or the gateway's certificate was changed: compare the fingerprint on its own \
                 machine, and if it is the same, accept the new one with --tls-pin {found}"
            ));
        }
        TransportError::Proxy(error) => return Some(for_proxy(error)),
        TransportError::UpgradeRefused(refused) => return for_upgrade(refused),
        TransportError::Protocol(_) => {
            "does an OpenClaw gateway listen at this address? If that port speaks TLS, use wss://"
        }
        TransportError::FrameTooLarge(_) => "the answer is larger than any a gateway should send: ask for less of it",
        _ => return None,
    };
    Some(text.into())
}

fn for_proxy(error: &ProxyError) -> String {
    let text = match error {
        ProxyError::Refused(refusal) if refusal.status == 407 => {
            "the proxy wants a login: put it into HTTPS_PROXY or ALL_PROXY as http://user:password@host:port"
        }
        ProxyError::Refused(refusal) if refusal.status == 403 => {
            "the proxy lets nobody through to this gateway; NO_PROXY names hosts that are reached without it"
        }
        _ => "is it a proxy at all? HTTPS_PROXY and ALL_PROXY name it, NO_PROXY what is reached without it",
    };
    text.into()
}

pub(super) fn for_upgrade(refused: &UpgradeRefused) -> Option<String> {
    let text = match refused.status {
        503 | 429 => {
            let wait = refused.header("retry-after").map(|wait| format!(" (it asks for {wait} s of patience)"));
            return Some(format!(
                "the gateway, or a proxy before it, takes no more connections now: try again{}",
                wait.unwrap_or_default()
            ));
        }
        300..=399 => "the address redirects elsewhere: give the gateway's own address with --url",
        status => {
            let row = HTTP_STATUSES.iter().find(|row| row.status == status);
            row.map_or("does an OpenClaw gateway listen at this address and path? Check --url", |row| row.next)
        }
    };
    Some(text.into())
}
