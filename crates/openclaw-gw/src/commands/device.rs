//! `device`: the stored identity.

use openclaw_client::connect::Scope;
use openclaw_client::proto::UnixMillis;
use openclaw_client::store::{CredentialStore, DeviceSeed, FileStore, KeptToken, StoreError};
use serde_json::{Value, json};

use crate::cli::Device;
use crate::device::identity;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::look::{GOOD, LABEL, Look, WARNING};
use crate::output::sanitise::escape;
use crate::output::stdout::print;
use crate::output::time::rfc3339;

/// Shows, makes or removes the identity.
pub(crate) fn run(args: &Device, look: Look) -> Result<Exit, Failure> {
    let result = FileStore::of_user().map(|store| match args {
        Device::Show => show(&store, look),
        Device::New { replace } => new(&store, *replace, look),
        Device::Forget { yes } => forget(&store, *yes, look),
    });
    result.map_err(|error| failed(&error))?
}

fn failed(error: &StoreError) -> Failure {
    Failure::store_alone(error)
}

fn show(store: &FileStore, look: Look) -> Result<Exit, Failure> {
    let seed = store.load_seed().map_err(|error| failed(&error))?;
    let kept = store.kept().map_err(|error| failed(&error))?;
    let device = seed.map(|seed| identity(&seed));
    let id = device.as_ref().map(|device| device.id().as_str());
    let key = device.as_ref().map(|device| device.public_key_text());
    let dir = store.dir().display().to_string();
    if look.json {
        let tokens: Vec<Value> = kept.iter().map(|token| object(token, id)).collect();
        let shown = json!({"deviceId": id, "publicKey": key, "directory": dir, "tokens": tokens});
        return print(&escape(&shown.to_string()));
    }
    let mut lines = Vec::new();
    let mut row = |label: &str, value: &str| {
        lines.push(format!("{}  {}", look.out.paint(LABEL, &format!("{label:10}")), escape(value)));
    };
    match (id, &key) {
        (Some(id), Some(key)) => {
            row("device", id);
            row("public key", key);
        }
        _ => row("device", "none yet: it is made at the first connect, or with openclaw-gw device new"),
    }
    row("stored in", &dir);
    for token in &kept {
        row("token for", &line(token, id));
    }
    if kept.is_empty() {
        row("token for", "no gateway");
    }
    print(&lines.join("\n"))
}

fn issued(token: &KeptToken) -> Option<String> {
    token.issued_at_ms.map(|at| rfc3339(UnixMillis(at)))
}

fn names(token: &KeptToken) -> Vec<&str> {
    token.scopes.iter().map(Scope::as_str).collect()
}

fn object(token: &KeptToken, id: Option<&str>) -> Value {
    json!({
        "gateway": token.gateway,
        "role": token.role.as_str(),
        "client": token.client.as_str(),
        "scopes": names(token),
        "issuedAt": issued(token),
        "ofThisDevice": Some(token.device.as_str()) == id,
    })
}

fn line(token: &KeptToken, id: Option<&str>) -> String {
    let mut text = format!("{} as {}", token.gateway, token.role);
    if !token.scopes.is_empty() {
        text.push_str(" (");
        text.push_str(&names(token).join(", "));
        text.push(')');
    }
    if let Some(at) = issued(token) {
        text.push_str(", issued ");
        text.push_str(&at);
    }
    if Some(token.device.as_str()) != id {
        text.push_str(", of an earlier identity");
    }
    text
}

fn new(store: &FileStore, replace: bool, look: Look) -> Result<Exit, Failure> {
    let old = store.load_seed().map_err(|error| failed(&error))?.map(|seed| identity(&seed));
    let (device, created) = match &old {
        Some(old) if !replace => (old.clone(), false),
        _ => {
            let made = || {
                let seed = DeviceSeed::generate()?;
                if old.is_none() {
                    return store.save_seed_if_absent(&seed);
                }
                store.replace_seed(&seed).map(|()| seed)
            };
            (identity(&made().map_err(|error| failed(&error))?), true)
        }
    };
    let id = device.id().as_str();
    let replaced = old.filter(|_| created).map(|old| old.id().as_str().to_owned());
    if look.json {
        let made = json!({
            "created": created,
            "deviceId": id,
            "publicKey": device.public_key_text(),
            "directory": store.dir().display().to_string(),
            "replaced": replaced,
        });
        return print(&escape(&made.to_string()));
    }
    let mut text = if created {
        format!("{} {id}", look.out.paint(GOOD, "this device is now"))
    } else {
        format!("this device is already {id}; --replace makes a new one, and loses every pairing")
    };
    if let Some(old) = replaced {
        let lost = format!(
            "it was {old}: the pairings of that one are lost. Pair again with openclaw-gw pair, and have the operator \
             remove the old device"
        );
        text.push('\n');
        text.push_str(&look.out.paint(WARNING, &lost));
    }
    print(&text)
}

fn forget(store: &FileStore, yes: bool, look: Look) -> Result<Exit, Failure> {
    if !yes {
        return Err(Failure::usage_with(
            "this removes the identity of this device and its tokens, and every pairing is lost",
            "to do it: openclaw-gw device forget --yes",
        ));
    }
    let found = store.forget().map_err(|error| failed(&error))?;
    if look.json {
        return print(&json!({"forgotten": found}).to_string());
    }
    print(if found { "the identity and its tokens are removed" } else { "there was nothing to remove" })
}
