//! Setup codes. Only v4 makes them on request.

use serde_json::{Value, json};

use crate::join::Join;
use crate::scene::{Scene, Stage};

/// The bootstrap token of a new setup code for that kind of device.
fn code(stage: &mut Stage<'_>, profile: &str) -> Value {
    stage.admin();
    let url = format!("ws://{}", stage.gateway.address);
    let mut params = json!({"publicUrl": url, "includeQr": false, "bootstrapProfile": profile});
    if profile.is_empty() {
        params.as_object_mut().expect("an object").remove("bootstrapProfile");
    }
    let answer = stage.ask_quietly("admin", "device.pair.setupCode", params);
    let text = decode(answer["setupCode"].as_str().unwrap_or_default());
    serde_json::from_slice::<Value>(&text).map_or(json!("none"), |payload| payload["bootstrapToken"].clone())
}

/// The bytes of a text in base64url.
fn decode(text: &str) -> Vec<u8> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: Vec<bool> = text
        .chars()
        .filter_map(|digit| DIGITS.find(digit))
        .flat_map(|value| (0..6).rev().map(move |bit| value >> bit & 1 == 1))
        .collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect()
}

/// An app on a phone, as a node.
fn phone() -> Join {
    Join { role: "node", scopes: json!([]), ..Join::program("openclaw-android", "node") }
        .client("platform", "android 15")
        .client("deviceFamily", "Android")
}

fn by(join: Join, code: &Value) -> Join {
    join.auth(json!({"bootstrapToken": code}))
}

pub const SCENES: &[Scene] = &[
    Scene {
        name: "setup: a phone",
        play: |stage| {
            let code = code(stage, "");
            let device = stage.device("a");
            let join = by(phone().device(&device), &code);
            let hello = stage.join("phone", &join);
            stage.join("again", &join);
            stage.heard("admin");
            let own = hello["auth"]["deviceToken"].clone();
            stage.join("by its token", &phone().device(&device).device_token(&own));
            let other = hello["auth"]["deviceTokens"][0].clone();
            let scopes = other["scopes"].clone();
            let operator = Join { scopes, ..Join::program("openclaw-android", "ui") }
                .client("platform", "android 15")
                .client("deviceFamily", "Android");
            stage.join("as operator", &operator.device(&device).device_token(&other["deviceToken"]));
            stage.ask("admin", "device.pair.list", json!({}));
        },
    },
    Scene {
        name: "setup: another device by the same code",
        play: |stage| {
            let code = code(stage, "");
            let (first, second) = (stage.device("a"), stage.device("b"));
            // It gets no further than its proof of who it is.
            stage.join("first", &by(Join::node().device(&first), &code).on_page());
            stage.join("second", &by(phone().device(&second), &code));
        },
    },
    Scene {
        name: "setup: a node",
        play: |stage| {
            let code = code(stage, "node");
            let device = stage.device("a");
            stage.join("node", &by(Join::node().device(&device).client("displayName", "Shed"), &code).on_page());
            stage.join("again", &by(Join::node().device(&device), &code).on_page());
            stage.heard("admin");
        },
    },
    Scene {
        name: "setup: a node that is an operator",
        play: |stage| {
            let code = code(stage, "node");
            let device = stage.device("a");
            stage.join("dev", &by(Join::cli().device(&device), &code));
        },
    },
    Scene {
        name: "setup: a node by a phone's code",
        play: |stage| {
            let code = code(stage, "");
            let device = stage.device("a");
            let join = by(Join::node().device(&device), &code).on_page();
            stage.join("node", &join);
            stage.heard("admin");
            let request = stage.ask("admin", "device.pair.list", json!({}))["pending"][0]["requestId"].clone();
            stage.ask("admin", "device.pair.approve", json!({"requestId": request}));
            stage.join("again", &join);
            stage.join("once more", &join);
            stage.heard("admin");
            stage.ask("admin", "device.pair.list", json!({}));
        },
    },
    Scene {
        name: "setup: a node by a phone's code, from the machine",
        play: |stage| {
            let code = code(stage, "");
            let device = stage.device("a");
            let join = by(Join::node().device(&device), &code);
            stage.join("node", &join);
            stage.heard("admin");
            stage.join("again", &join);
        },
    },
    Scene {
        name: "setup: an operator by a phone's code",
        play: |stage| {
            let code = code(stage, "");
            let device = stage.device("a");
            stage.join("too much", &by(Join::cli().device(&device).scopes(&["operator.admin"]), &code));
            let join = by(Join::cli().device(&device), &code);
            stage.join("dev", &join);
            stage.join("again", &join);
            stage.heard("admin");
        },
    },
    Scene {
        name: "setup: turned down",
        play: |stage| {
            let code = code(stage, "");
            let device = stage.device("a");
            let join = by(Join::node().device(&device), &code).on_page();
            stage.join("node", &join);
            let request = stage.ask("admin", "device.pair.list", json!({}))["pending"][0]["requestId"].clone();
            stage.ask("admin", "device.pair.reject", json!({"requestId": request}));
            stage.join("again", &join);
        },
    },
    Scene {
        name: "setup: a code beside the shared token",
        play: |stage| {
            let code = code(stage, "");
            let device = stage.device("a");
            let auth = json!({"token": stage.gateway.token, "bootstrapToken": code});
            stage.join("phone", &phone().device(&device).auth(auth));
        },
    },
    Scene {
        name: "setup: a phone that may less",
        play: |stage| {
            let code = code(stage, "limited");
            let device = stage.device("a");
            stage.join("phone", &by(phone().device(&device), &code));
            stage.join("again", &by(phone().device(&device), &code));
            stage.heard("admin");
        },
    },
    Scene {
        name: "setup: something else than was asked for first",
        play: |stage| {
            let code = code(stage, "limited");
            let device = stage.device("a");
            stage.join("node", &by(Join::node().device(&device), &code).on_page());
            stage.join("dev", &by(Join::cli().device(&device), &code));
            stage.join("node", &by(Join::node().device(&device), &code));
            stage.join("dev", &by(Join::cli().device(&device).client("deviceFamily", "Linux"), &code));
            let join = Join::cli().device(&device).client("deviceFamily", "Linux");
            let scopes = ["approvals", "questions", "read", "talk.secrets", "write"].map(|s| format!("operator.{s}"));
            stage.join("all", &by(Join { scopes: json!(scopes), ..join.clone() }, &code));
            stage.join("after", &by(join, &code));
            stage.heard("admin");
        },
    },
    Scene {
        name: "setup: a voice node",
        play: |stage| {
            let code = code(stage, "voice-node");
            let device = stage.device("a");
            let join = Join::node().client("platform", "esp32 s3").client("deviceFamily", "ESP32");
            stage.join("node", &by(join.device(&device), &code).on_page());
        },
    },
    Scene {
        name: "setup: the code itself",
        play: |stage| {
            stage.admin();
            let url = format!("ws://{}", stage.gateway.address);
            stage.ask("admin", "device.pair.setupCode", json!({"publicUrl": url, "includeQr": false}));
            stage.join("judge", &Join::program("gateway-client", "backend").scopes(&["operator.pairing"]));
            stage.ask("judge", "device.pair.setupCode", json!({}));
        },
    },
];
