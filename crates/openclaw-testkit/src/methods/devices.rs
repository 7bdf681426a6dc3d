//! Methods by which operators manage devices.

use openclaw_proto::connect::Scope;
use serde_json::{Value, json};

use super::parse;
use crate::base64;
use crate::gateway::{GatewayCore, Ticket};
use crate::pairing::{Approval, Approver, Setup};
use crate::reply::{ErrorBody, Reply};

/// What a caller is, to other devices.
struct Caller {
    /// The device by whose token it was let in.
    device: Option<String>,
    scopes: Vec<String>,
    is_admin: bool,
}

impl Caller {
    fn of(gateway: &GatewayCore, ticket: &Ticket) -> Option<Self> {
        let session = gateway.session(ticket.peer)?;
        let by_token = session.method == "device-token";
        Some(Self {
            device: session.device_id().filter(|_| by_token).map(str::to_owned),
            scopes: session.scope_texts(),
            is_admin: session.scopes.contains(&Scope::Admin),
        })
    }

    /// The device to which it is confined.
    fn confined(&self) -> Option<&str> {
        self.device.as_deref().filter(|_| !self.is_admin)
    }

    fn is_stranger_to(&self, device: &str) -> bool {
        self.confined().is_some_and(|own| own != device)
    }
}

fn denied(what: &str) -> Reply {
    Reply::error(ErrorBody::invalid(format!("device {what} denied")))
}

fn unknown(what: &str) -> Reply {
    Reply::error(ErrorBody::invalid(format!("unknown {what}")))
}

fn text<'a>(params: &'a Value, name: &str) -> &'a str {
    params.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn texts(params: &Value, name: &str) -> Option<Vec<String>> {
    let items = params.get(name)?.as_array()?;
    Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

pub(super) fn list(gateway: &mut GatewayCore, ticket: &Ticket, _: &str) -> Reply {
    let Some(caller) = Caller::of(gateway, ticket) else { return Reply::never() };
    gateway.pairing.expire(gateway.now.unix.0);
    let (v4, here) = (gateway.dialect.is_v4(), gateway.connected_devices().collect::<Vec<_>>());
    let is_shown = |id: &str| !caller.is_stranger_to(id);
    let pending: Vec<Value> = gateway
        .pairing
        .requests()
        .filter(|request| is_shown(&request.device_id))
        .map(|request| request.row())
        .collect();
    let paired: Vec<Value> = gateway
        .pairing
        .paired()
        .into_iter()
        .filter(|device| is_shown(&device.id))
        .map(|device| device.row(v4, Some(here.contains(&device.id))))
        .collect();
    Reply::ok(json!({"pending": pending, "paired": paired}))
}

pub(super) fn approve(gateway: &mut GatewayCore, ticket: &Ticket, params: &str) -> Reply {
    let Some(caller) = Caller::of(gateway, ticket) else { return Reply::never() };
    let (params, v4, now) = (parse(params), gateway.dialect.is_v4(), gateway.now.unix.0);
    let id = text(&params, "requestId").trim();
    let request = gateway.pairing.request(id);
    if v4 && !caller.is_admin || caller.confined().is_some() {
        let Some(request) = request else { return denied("pairing approval") };
        let is_more_than_operator = request.roles.iter().any(|role| role != "operator");
        if caller.is_stranger_to(&request.device_id) || v4 && is_more_than_operator {
            return denied("pairing approval");
        }
    }
    let approver = Approver { scopes: &caller.scopes, via: "owner", here: None };
    match gateway.pairing.approve(id, &approver, now, &mut gateway.rng) {
        Approval::Unknown => unknown("requestId"),
        Approval::Forbidden(message) => Reply::error(ErrorBody::invalid(message)),
        Approval::Approved(device) => {
            gateway.approved(id, &device.id);
            Reply::ok(json!({"requestId": id, "device": device.row(v4, None)}))
        }
    }
}

pub(super) fn reject(gateway: &mut GatewayCore, ticket: &Ticket, params: &str) -> Reply {
    let Some(caller) = Caller::of(gateway, ticket) else { return Reply::never() };
    let params = parse(params);
    let id = text(&params, "requestId").trim();
    if caller.confined().is_some() {
        let request = gateway.pairing.request(id);
        if request.is_none_or(|request| caller.is_stranger_to(&request.device_id)) {
            return denied("pairing rejection");
        }
    }
    let Some(device) = gateway.pairing.reject(id, gateway.now.unix.0) else { return unknown("requestId") };
    gateway.rejected(id, &device);
    Reply::ok(json!({"requestId": id, "deviceId": device}))
}

/// Whether a caller that is confined to its device may do this to the device as a whole.
fn may_manage(gateway: &GatewayCore, caller: &Caller, device: &str) -> bool {
    let known = gateway.pairing.devices.get(device);
    let needs_admin = gateway.dialect.is_v4() && known.is_some_and(|known| known.is_more_than_operator());
    !caller.is_stranger_to(device) && (caller.confined().is_none() || !needs_admin)
}

pub(super) fn remove(gateway: &mut GatewayCore, ticket: &Ticket, params: &str) -> Reply {
    let Some(caller) = Caller::of(gateway, ticket) else { return Reply::never() };
    let params = parse(params);
    let device = text(&params, "deviceId").trim();
    if !may_manage(gateway, &caller, device) {
        return denied("pairing removal");
    }
    if gateway.pairing.remove(device).is_none() {
        return unknown("deviceId");
    }
    gateway.disconnect_device(device, None);
    gateway.settle_upgrades();
    Reply::ok(json!({"deviceId": device}))
}

pub(super) fn rename(gateway: &mut GatewayCore, ticket: &Ticket, params: &str) -> Reply {
    let Some(caller) = Caller::of(gateway, ticket) else { return Reply::never() };
    let params = parse(params);
    let (device, label) = (text(&params, "deviceId"), text(&params, "label").trim());
    if label.is_empty() {
        return Reply::error(ErrorBody::invalid("label required"));
    }
    if !may_manage(gateway, &caller, device.trim()) {
        return denied("pairing rename");
    }
    let Some(known) = gateway.pairing.devices.get_mut(device.trim()) else { return unknown("deviceId") };
    known.label = Some(label.to_owned());
    gateway.send_event("device.pair.changed", &json!({}), true);
    Reply::ok(json!({"deviceId": device, "label": label}))
}

/// Whether a caller may do something to a device's token for a role, and what bounds it in that.
fn token_bounds(gateway: &GatewayCore, caller: &Caller, device: &str, role: &str) -> Option<Option<Vec<String>>> {
    let v4 = gateway.dialect.is_v4();
    if caller.is_stranger_to(device) || v4 && role != "operator" && !caller.is_admin {
        return None;
    }
    Some((!v4 || role == "operator").then(|| caller.scopes.clone()))
}

pub(super) fn rotate(gateway: &mut GatewayCore, ticket: &Ticket, params: &str) -> Reply {
    let Some(caller) = Caller::of(gateway, ticket) else { return Reply::never() };
    let (params, now) = (parse(params), gateway.now.unix.0);
    let (id, role) = (text(&params, "deviceId"), text(&params, "role").trim());
    let device = id.trim();
    let Some(bounds) = token_bounds(gateway, &caller, device, role) else { return denied("token rotation") };
    let asked = texts(&params, "scopes");
    let rotated = gateway.pairing.rotate(device, role, asked.as_deref(), bounds.as_deref(), now, &mut gateway.rng);
    let Some(token) = rotated else { return denied("token rotation") };
    gateway.disconnect_device(device, Some(role));
    let is_own = caller.device.as_deref() == Some(device);
    let mut answer = json!({
        "deviceId": id,
        "role": token.role,
        "scopes": token.scopes,
        "rotatedAtMs": token.issued_at(),
    });
    if is_own {
        crate::json::merge(&mut answer, &json!({"token": token.token}));
    }
    if gateway.dialect.is_v4() {
        let delivery = if is_own { "in-band" } else { "withheld-cross-device" };
        crate::json::merge(&mut answer, &json!({"tokenDelivery": delivery}));
    }
    Reply::ok(answer)
}

pub(super) fn revoke(gateway: &mut GatewayCore, ticket: &Ticket, params: &str) -> Reply {
    let Some(caller) = Caller::of(gateway, ticket) else { return Reply::never() };
    let (params, now) = (parse(params), gateway.now.unix.0);
    let (device, role) = (text(&params, "deviceId").trim(), text(&params, "role").trim());
    let Some(bounds) = token_bounds(gateway, &caller, device, role) else { return denied("token revocation") };
    if gateway.pairing.revoke(device, role, bounds.as_deref(), now).is_none() {
        return denied("token revocation");
    }
    gateway.disconnect_device(device, Some(role));
    Reply::ok(json!({"deviceId": device, "role": role, "revokedAtMs": now}))
}

/// Makes a setup code for a device that shall get in without anybody being asked.
pub(super) fn setup_code(gateway: &mut GatewayCore, _: &Ticket, params: &str) -> Reply {
    let (params, now) = (parse(params), gateway.now.unix.0);
    let (setup, access) = match text(&params, "bootstrapProfile") {
        "node" => (Setup::Node, "node"),
        "voice-node" => (Setup::VoiceNode, "limited"),
        "limited" => (Setup::MobileLimited, "limited"),
        _ => (Setup::Mobile, "full"),
    };
    let url = match text(&params, "publicUrl") {
        "" => "ws://127.0.0.1",
        url => url,
    };
    let setup_id = gateway.rng.uuid();
    let (token, expires) = gateway.pairing.issue_setup(setup, Some(setup_id.clone()), now, &mut gateway.rng);
    let payload = json!({"url": url, "bootstrapToken": token, "expiresAtMs": expires});
    Reply::ok(json!({
        "setupId": setup_id,
        "expiresAtMs": expires,
        "setupCode": base64::encode(payload.to_string().as_bytes()),
        "gatewayUrl": url,
        "auth": "token",
        "urlSource": "request.publicUrl",
        "access": access,
    }))
}

pub(super) fn request_upgrade(gateway: &mut GatewayCore, ticket: &Ticket, params: &str) -> Reply {
    let asked = texts(&parse(params), "scopes").unwrap_or_default();
    gateway.request_upgrade(ticket.peer, &asked)
}

pub(super) fn wait_upgrade(gateway: &mut GatewayCore, ticket: &Ticket, params: &str) -> Reply {
    gateway.wait_upgrade(ticket, text(&parse(params), "requestId"))
}
