//! What a gateway checks of a request and of a `connect`. Its schemas are closed: a key they do not name is a fault.

use openclaw_proto::connect::{ClientId, ClientMode};
use serde_json::{Map, Value};

use crate::config::Dialect;

/// A request whose envelope is in order.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) id: Value,
    pub(crate) method: String,
    pub(crate) params: Value,
}

/// A JSON value that is no request: what a response to it carries as id, and what is wrong.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NoRequest {
    pub(crate) id: Value,
    pub(crate) fault: String,
}

/// Reads a request's envelope.
pub(crate) fn request(dialect: Dialect, value: &Value) -> Result<Request, NoRequest> {
    // The id comes back as it came, whatever it is, so that the sender may recognise its own.
    let id = value.get("id").cloned().unwrap_or_else(|| "invalid".into());
    let Value::Object(object) = value else {
        return Err(NoRequest { id, fault: "at root: must be object".into() });
    };
    let mut faults = Faults::default();
    faults.text(object, "", "id", Need::Required);
    faults.text(object, "", "method", Need::Required);
    if object.get("type").and_then(Value::as_str) != Some("req") {
        faults.0.push(if object.contains_key("type") {
            "at /type: must be equal to constant".into()
        } else {
            "must have required property 'type'".into()
        });
    }
    let mut known = vec!["type", "id", "method", "params"];
    if dialect == Dialect::V4 {
        known.extend(["traceparent", "expectedProfileId"]);
        for (key, longest) in [("traceparent", 128), ("expectedProfileId", 128)] {
            faults.longest(object, key, longest);
        }
    }
    faults.closed(object, "root", &known);
    if !faults.0.is_empty() {
        return Err(NoRequest { id, fault: faults.0.join("; ") });
    }
    let method = object.get("method").and_then(Value::as_str).unwrap_or_default().to_owned();
    let params = match object.get("params") {
        None | Some(Value::Null) => Value::Object(Map::new()),
        Some(params) => params.clone(),
    };
    Ok(Request { id, method, params })
}

/// What is wrong with a `connect`'s params; empty when nothing is.
pub(crate) fn connect(dialect: Dialect, params: &Value) -> Vec<String> {
    let Value::Object(params) = params else {
        return vec!["at root: must be object".into()];
    };
    let mut faults = Faults::default();
    for key in ["minProtocol", "maxProtocol"] {
        match params.get(key) {
            None => faults.0.push(format!("must have required property '{key}'")),
            Some(number) if number.as_u64().is_some_and(|n| n >= 1) => {}
            Some(_) => faults.0.push(format!("at /{key}: must be an integer from 1")),
        }
    }
    let mut known = vec![
        "minProtocol",
        "maxProtocol",
        "client",
        "caps",
        "commands",
        "permissions",
        "pathEnv",
        "role",
        "scopes",
        "device",
        "auth",
        "locale",
        "userAgent",
    ];
    if dialect == Dialect::V4 {
        known.extend(["computerUse", "workerRuns", "modelCatalog"]);
    }
    for key in ["pathEnv", "role", "locale", "userAgent"] {
        faults.text(params, "", key, Need::Optional);
    }
    for key in ["caps", "commands", "scopes"] {
        let texts = |value: &Value| value.as_array().is_some_and(|items| items.iter().all(Value::is_string));
        if params.get(key).is_some_and(|value| !texts(value)) {
            faults.0.push(format!("at /{key}: must be an array of strings"));
        }
    }
    match params.get("client") {
        Some(Value::Object(info)) => client(dialect, info, &mut faults),
        Some(_) => faults.0.push("at /client: must be object".into()),
        None => faults.0.push("must have required property 'client'".into()),
    }
    if let Some(device) = faults.object(params, "device") {
        for key in ["id", "publicKey", "signature", "nonce"] {
            // An empty nonce passes the schema; that it is not the challenge's is found later.
            if !device.get(key).is_some_and(Value::is_string) {
                faults.0.push(format!("at /device: must have required property '{key}'"));
            }
        }
        if device.get("signedAt").and_then(Value::as_u64).is_none() {
            faults.0.push("at /device: must have required property 'signedAt'".into());
        }
        faults.closed(device, "/device", &["id", "publicKey", "signature", "signedAt", "nonce"]);
    }
    if let Some(auth) = faults.object(params, "auth") {
        let known =
            ["token", "bootstrapToken", "deviceToken", "password", "approvalRuntimeToken", "agentRuntimeIdentityToken"];
        for (key, _) in auth.iter().filter(|(_, value)| !value.is_string()) {
            faults.0.push(format!("at /auth/{key}: must be string"));
        }
        faults.closed(auth, "/auth", &known);
    }
    faults.closed(params, "root", &known);
    faults.0
}

fn client(dialect: Dialect, info: &Map<String, Value>, faults: &mut Faults) {
    let original = dialect == Dialect::Original;
    let allowed_id =
        |id: &str| ClientId::KNOWN.iter().any(|known| known.as_str() == id) || (original && id == "control-center");
    let allowed_mode =
        |mode: &str| ClientMode::KNOWN.iter().any(|known| known.as_str() == mode) || (original && mode == "operator");
    faults.one_of(info, "id", allowed_id);
    faults.text(info, "/client", "version", Need::Required);
    faults.text(info, "/client", "platform", Need::Required);
    faults.one_of(info, "mode", allowed_mode);
    let optional = ["displayName", "buildId", "deviceFamily", "modelIdentifier", "timeZone", "instanceId"];
    for key in optional {
        faults.text(info, "/client", key, Need::Optional);
    }
    let known: Vec<&str> = ["id", "version", "platform", "mode"].into_iter().chain(optional).collect();
    faults.closed(info, "/client", &known);
}

#[derive(Clone, Copy, PartialEq)]
enum Need {
    Required,
    Optional,
}

/// Collects what is wrong, in the order it is found.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn text(&mut self, object: &Map<String, Value>, at: &str, key: &str, need: Need) {
        let place = if at.is_empty() { String::new() } else { format!("at {at}: ") };
        match object.get(key) {
            None if need == Need::Optional => {}
            None => self.0.push(format!("{place}must have required property '{key}'")),
            Some(Value::String(text)) if text.is_empty() => {
                self.0.push(format!("at {at}/{key}: must not have fewer than 1 characters"));
            }
            Some(Value::String(_)) => {}
            Some(_) => self.0.push(format!("at {at}/{key}: must be string")),
        }
    }

    fn one_of(&mut self, info: &Map<String, Value>, key: &str, allowed: impl Fn(&str) -> bool) {
        match info.get(key) {
            None => self.0.push(format!("at /client: must have required property '{key}'")),
            Some(value) if value.as_str().is_some_and(allowed) => {}
            Some(_) => self.0.push(format!("at /client/{key}: must be equal to one of the allowed values")),
        }
    }

    fn longest(&mut self, object: &Map<String, Value>, key: &str, longest: usize) {
        match object.get(key) {
            None => {}
            Some(Value::String(text)) if text.chars().count() <= longest => {}
            Some(Value::String(_)) => self.0.push(format!("at /{key}: must not have more than {longest} characters")),
            Some(_) => self.0.push(format!("at /{key}: must be string")),
        }
    }

    fn closed(&mut self, object: &Map<String, Value>, at: &str, known: &[&str]) {
        for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
            self.0.push(format!("at {at}: unexpected property '{key}'"));
        }
    }

    fn object<'a>(&mut self, params: &'a Map<String, Value>, key: &str) -> Option<&'a Map<String, Value>> {
        let value = params.get(key)?;
        if !value.is_object() {
            self.0.push(format!("at /{key}: must be object"));
        }
        value.as_object()
    }
}
