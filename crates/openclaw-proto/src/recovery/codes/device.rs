//! The device: its pairing, its identity, its signature.

use super::super::PauseReason::{DeviceIdentity, Pairing};
use super::super::rows::{CodeRow, Place, Rule};
use super::pause;

const fn row(code: &'static str, proven: bool, meaning: &'static str, rule: Rule, next: &'static str) -> CodeRow {
    super::row(Place::Detail, code, proven, meaning, rule, next)
}

const fn fault(code: &'static str, proven: bool, meaning: &'static str, next: &'static str) -> CodeRow {
    row(code, proven, meaning, pause(DeviceIdentity), next)
}

const OWN_SIGNER: &str = "check the signer, if it is one of your own";

pub(super) const ROWS: &[CodeRow] = &[
    row(
        "PAIRING_REQUIRED",
        true,
        "an operator has to approve the device, or a change of its role, scopes or platform",
        Rule::Poll(Pairing),
        "on the gateway: openclaw devices list, then openclaw devices approve <requestId>",
    ),
    fault(
        "DEVICE_IDENTITY_REQUIRED",
        true,
        "the gateway wants a device identity for this role, address or credential",
        "configure a device; or give the shared token and connect from the gateway's own machine",
    ),
    fault(
        "CONTROL_UI_DEVICE_IDENTITY_REQUIRED",
        true,
        "this kind of client needs a device identity",
        "configure a device",
    ),
    fault("DEVICE_AUTH_INVALID", false, "the device's proof was refused", OWN_SIGNER),
    fault("DEVICE_AUTH_DEVICE_ID_MISMATCH", true, "the device's id is not the hash of its public key", OWN_SIGNER),
    fault(
        "DEVICE_AUTH_SIGNATURE_EXPIRED",
        true,
        "the time signed is more than two minutes from the gateway's clock",
        "the time is the gateway's own: a slow link or a stopped machine may have held the connect back; try again",
    ),
    fault("DEVICE_AUTH_NONCE_REQUIRED", true, "no nonce came with the signature", OWN_SIGNER),
    fault(
        "DEVICE_AUTH_NONCE_MISMATCH",
        true,
        "the nonce signed is not this connection's",
        "a proxy may have mixed connections up; try again",
    ),
    fault(
        "DEVICE_AUTH_SIGNATURE_INVALID",
        true,
        "the signature does not fit what was sent",
        "check the signer; a proxy may have changed the frame; old gateways may want payload version 2",
    ),
    fault("DEVICE_AUTH_PUBLIC_KEY_INVALID", false, "the public key cannot be read", OWN_SIGNER),
];
