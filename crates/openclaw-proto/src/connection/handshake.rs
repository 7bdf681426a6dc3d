//! challenge → connect → hello-ok.

use alloc::vec::Vec;

use super::Down;
use crate::connect::{Challenge, ClientMode, ConnectParams, Hello, HelloError, PolicyField, Role};
use crate::error::GatewayError;
use crate::frame::{ResponseFrame, ResponseId, Verdict};
use crate::request::RequestId;

/// Where the handshake is.
#[derive(Debug)]
pub(crate) enum Handshake {
    /// The socket is open; the gateway speaks first.
    AwaitingChallenge,
    /// `connect` is queued or sent.
    AwaitingHello { connect: RequestId },
}

/// What a response before hello means.
#[derive(Debug)]
pub(crate) enum HandshakeStep {
    Hello(Hello, Vec<PolicyField>),
    Failed(Down),
    /// It answers something else.
    NotForConnect,
}

impl Handshake {
    /// Reads a response while the handshake is under way.
    pub(crate) fn response(&self, response: &ResponseFrame<'_>, params: &ConnectParams) -> HandshakeStep {
        let Self::AwaitingHello { connect } = self else {
            return HandshakeStep::NotForConnect;
        };
        let ours = matches!(&response.id, ResponseId::Text(id) if RequestId::decode(id) == Some(*connect));
        // A gateway that cannot read the id of a request answers with "invalid" or echoes what it found. `connect`
        // is the only request out, so such an error can be about nothing else.
        let unattributed = match &response.id {
            ResponseId::Text(id) => matches!(&**id, "" | "invalid"),
            ResponseId::Other(_) | ResponseId::Missing => true,
        };
        match response.verdict {
            Verdict::Error if ours || unattributed => HandshakeStep::Failed(Down::Refused(
                response.error.map_or_else(GatewayError::without_body, GatewayError::parse),
            )),
            Verdict::Ok if ours => match Hello::parse(response.payload.unwrap_or("null")) {
                Ok((hello, odd)) => match protocol_accepted(&hello, params) {
                    Ok(()) => HandshakeStep::Hello(hello, odd),
                    Err(e) => HandshakeStep::Failed(Down::InvalidHello(e)),
                },
                Err(e) => HandshakeStep::Failed(Down::InvalidHello(e)),
            },
            Verdict::Unreadable if ours => HandshakeStep::Failed(Down::UnreadableConnectAnswer),
            _ => HandshakeStep::NotForConnect,
        }
    }
}

/// v4 gateways state protocol 4 even to a node or probe that offered only 3, so those are not held to their offer.
fn protocol_accepted(hello: &Hello, params: &ConnectParams) -> Result<(), HelloError> {
    let lenient = params.role == Role::Node || params.client.mode == ClientMode::Probe;
    if lenient || params.protocol.contains(hello.protocol) {
        return Ok(());
    }
    Err(HelloError::ProtocolNotOffered { chosen: hello.protocol, min: params.protocol.min, max: params.protocol.max })
}

/// Reads a challenge event's payload; none when it carries no nonce.
pub(crate) fn challenge(payload: Option<&str>) -> Option<Challenge> {
    Challenge::parse(payload?)
}
