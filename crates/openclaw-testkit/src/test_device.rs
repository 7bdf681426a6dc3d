//! A device for tests that connect without a client.

use std::fmt;

use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

use crate::base64;
use crate::json::Json;
use crate::proof::{self, Claim};

/// A device: a key pair, its id, and the proofs it makes. For tests that write their own frames; clients bring their
/// own.
///
/// ```
/// use openclaw_testkit::TestDevice;
/// use serde_json::json;
///
/// let device = TestDevice::from_seed([7; 32]);
/// let mut params = json!({
///     "minProtocol": 4,
///     "maxProtocol": 4,
///     "client": {"id": "cli", "version": "1", "platform": "linux", "mode": "cli"},
///     "scopes": ["operator.read"],
///     "auth": {"token": "test-token"},
/// });
/// // Nonce and time are those of the challenge.
/// params["device"] = device.prove(&params, "3f2b0c1e-6f1a-4a55-9d0e-0d6a7a1f2b3c", 1_795_000_000_000);
/// assert_eq!(params["device"]["id"], device.id());
/// ```
#[derive(Clone)]
pub struct TestDevice {
    key: SigningKey,
}

impl TestDevice {
    /// The device with this secret key.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self { key: SigningKey::from_bytes(&seed) }
    }

    /// Its id: the SHA-256 of its public key in lower-case hex.
    #[must_use]
    pub fn id(&self) -> String {
        proof::device_id(self.key.verifying_key().as_bytes())
    }

    /// Its public key in base64url.
    #[must_use]
    pub fn public_key(&self) -> String {
        base64::encode(self.key.verifying_key().as_bytes())
    }

    /// A signature of this text, in base64url.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        base64::encode(&self.key.sign(text.as_bytes()).to_bytes())
    }

    /// The `device` member for a connect of these params. They must not change after that: what is proven is that this
    /// device connects in this way.
    #[must_use]
    pub fn prove(&self, params: &Value, nonce: &str, signed_at: u64) -> Value {
        self.proof(params, nonce, signed_at, |claim| claim.v3())
    }

    /// The same in the older version 2, which leaves platform and device family out.
    #[must_use]
    pub fn prove_v2(&self, params: &Value, nonce: &str, signed_at: u64) -> Value {
        self.proof(params, nonce, signed_at, |claim| claim.v2())
    }

    fn proof(&self, params: &Value, nonce: &str, signed_at: u64, payload: fn(&Claim<'_>) -> String) -> Value {
        let params = Json::parse(&params.to_string()).unwrap_or(Json::Null);
        let id = self.id();
        let time = i64::try_from(signed_at).unwrap_or(i64::MAX);
        let claim = Claim { params: &params, id: &id, signed_at: time, nonce };
        let signature = self.sign(&payload(&claim));
        json!({
            "id": id,
            "publicKey": self.public_key(),
            "signature": signature,
            "signedAt": signed_at,
            "nonce": nonce,
        })
    }
}

/// Shows the id.
impl fmt::Debug for TestDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TestDevice({})", self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Signed by other programs over the same values.
    #[test]
    fn proofs_are_the_ones_that_others_make() {
        let seed = std::array::from_fn(|index| u8::try_from(index).unwrap());
        let device = TestDevice::from_seed(seed);
        let params = json!({
            "client": {"id": "gateway-client", "mode": "backend", "platform": " Linux"},
            "scopes": ["operator.read", "operator.write"],
            "auth": {"token": "shared-secret-token"},
        });
        let nonce = "3f2b0c1e-6f1a-4a55-9d0e-0d6a7a1f2b3c";
        let proof = device.prove(&params, nonce, 1_737_264_000_000);
        assert_eq!(proof["id"], "56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c");
        assert_eq!(proof["publicKey"], "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg");
        assert_eq!(
            proof["signature"],
            "WZm6tgTjP_jXfr41EO99zcS8DDqelIeN6LlnHqVdq6N8LUOCsYsKJDz2-wKPLS912NpwIjEuKcN_2jA5m2OKAw"
        );
        assert_eq!(
            device.prove_v2(&params, nonce, 1_737_264_000_000)["signature"],
            "LF7__dRMSjkNF5KdqtuZNtl7x8hE4E5qPcUTs0shaRuvTLqhvnCcMQ5KjBFmhVmpIaNghhtEJ5IIacv0ukF6AQ"
        );
    }
}
