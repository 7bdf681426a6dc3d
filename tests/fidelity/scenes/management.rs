//! Tokens that are replaced or withdrawn, devices that are renamed or removed.

use serde_json::{Value, json};

use crate::join::Join;
use crate::scene::{Scene, Stage};

/// An admin, and a paired device that may read, write and pair, connected by its token.
fn set(stage: &mut Stage<'_>) -> (Join, Value) {
    stage.admin();
    let device = stage.device("a");
    let join = Join::cli().device(&device).scopes(&["operator.pairing", "operator.read", "operator.write"]);
    let token = stage.join("dev", &join)["auth"]["deviceToken"].clone();
    let join = join.device_token(&token);
    stage.join("dev", &join);
    let id = json!(device.id());
    (join, id)
}

pub const SCENES: &[Scene] = &[
    Scene {
        name: "rotate: by an admin",
        play: |stage| {
            let (join, id) = set(stage);
            stage.ask("admin", "device.token.rotate", json!({"deviceId": id, "role": "operator"}));
            stage.fate("dev");
            stage.heard("admin");
            stage.join("again", &join);
            stage.join("by shared", &Join { auth: None, ..join });
            stage.ask("admin", "device.pair.list", json!({}));
        },
    },
    Scene {
        name: "rotate: by the device itself",
        play: |stage| {
            let (join, id) = set(stage);
            let params = json!({"deviceId": id, "role": "operator"});
            let token = stage.ask("dev", "device.token.rotate", params)["token"].clone();
            stage.fate("dev");
            stage.join("again", &join.device_token(&token));
        },
    },
    Scene {
        name: "rotate: by the device, let in by the shared token",
        play: |stage| {
            let (join, id) = set(stage);
            stage.join("shared", &Join { auth: None, ..join });
            stage.ask("shared", "device.token.rotate", json!({"deviceId": id, "role": "operator"}));
            stage.fate("shared");
            stage.fate("dev");
        },
    },
    Scene {
        name: "rotate: to other scopes",
        play: |stage| {
            let (join, id) = set(stage);
            let rotate = |scopes: Value| json!({"deviceId": id, "role": "operator", "scopes": scopes});
            stage.ask("dev", "device.token.rotate", rotate(json!(["operator.admin"])));
            stage.ask("admin", "device.token.rotate", rotate(json!(["operator.admin"])));
            let params = rotate(json!(["operator.read"]));
            let token = stage.ask("dev", "device.token.rotate", params)["token"].clone();
            let join = join.device_token(&token);
            stage.join("as before", &join);
            stage.join("less", &join.clone().scopes(&["operator.read"]));
            stage.join("shared", &Join { auth: None, ..join });
        },
    },
    Scene {
        name: "rotate: what is not there",
        play: |stage| {
            let (_, id) = set(stage);
            stage.ask("admin", "device.token.rotate", json!({"deviceId": "none", "role": "operator"}));
            stage.ask("admin", "device.token.rotate", json!({"deviceId": id, "role": "node"}));
            stage.ask("dev", "device.token.rotate", json!({"deviceId": id, "role": "node"}));
            stage.ask("dev", "device.token.rotate", json!({"deviceId": "none", "role": "operator"}));
            stage.ask("admin", "device.token.revoke", json!({"deviceId": "none", "role": "operator"}));
            stage.ask("admin", "device.token.revoke", json!({"deviceId": id, "role": "node"}));
            stage.ask("dev", "device.token.revoke", json!({"deviceId": id, "role": "node"}));
            stage.ask("dev", "device.token.revoke", json!({"deviceId": "none", "role": "operator"}));
            stage.ask("admin", "device.pair.remove", json!({"deviceId": "none"}));
            stage.ask("dev", "device.pair.remove", json!({"deviceId": "none"}));
            stage.ask("dev", "device.pair.rename", json!({"deviceId": "none", "label": "x"}));
            stage.ask("admin", "device.pair.rename", json!({"deviceId": "none", "label": "x"}));
            stage.fate("dev");
        },
    },
    Scene {
        name: "rotate: by somebody who may less",
        play: |stage| {
            let (_, id) = set(stage);
            stage.join("judge", &Join::program("gateway-client", "backend").scopes(&["operator.pairing"]));
            stage.ask("judge", "device.token.rotate", json!({"deviceId": id, "role": "operator"}));
            stage.ask("judge", "device.token.revoke", json!({"deviceId": id, "role": "operator"}));
            stage.fate("dev");
            stage.ask("judge", "device.pair.remove", json!({"deviceId": id}));
            stage.fate("dev");
        },
    },
    Scene {
        name: "rotate: a node's",
        play: |stage| {
            stage.admin();
            let device = stage.device("a");
            let token = stage.join("node", &Join::node().device(&device))["auth"]["deviceToken"].clone();
            stage.ask("admin", "device.token.rotate", json!({"deviceId": device.id(), "role": "node"}));
            stage.fate("node");
            stage.join("again", &Join::node().device(&device).device_token(&token));
            stage.join("shared", &Join::node().device(&device));
            stage.join("judge", &Join::program("gateway-client", "backend").scopes(&["operator.pairing"]));
            stage.ask("judge", "device.token.rotate", json!({"deviceId": device.id(), "role": "node"}));
            stage.ask("judge", "device.token.revoke", json!({"deviceId": device.id(), "role": "node"}));
        },
    },
    Scene {
        name: "rotate: of two roles, one",
        play: |stage| {
            stage.admin();
            let device = stage.device("a");
            stage.join("node", &Join::node().device(&device));
            stage.join("dev", &Join::cli().device(&device).client("deviceFamily", "Linux"));
            stage.ask("admin", "device.token.rotate", json!({"deviceId": device.id(), "role": "node"}));
            stage.fate("dev");
            stage.fate("node");
        },
    },
    Scene {
        name: "revoke: by an admin",
        play: |stage| {
            let (join, id) = set(stage);
            stage.ask("admin", "device.token.revoke", json!({"deviceId": id, "role": "operator"}));
            stage.fate("dev");
            stage.heard("admin");
            stage.ask("admin", "device.pair.list", json!({}));
            stage.join("again", &join);
            stage.join("shared", &Join { auth: None, ..join });
            stage.heard("admin");
            stage.ask("admin", "device.pair.list", json!({}));
        },
    },
    Scene {
        name: "revoke: by the device itself",
        play: |stage| {
            let (join, id) = set(stage);
            stage.ask("dev", "device.token.revoke", json!({"deviceId": id, "role": "operator"}));
            stage.fate("dev");
            stage.join("from a page", &Join { auth: None, ..join }.on_page());
        },
    },
    Scene {
        name: "remove: by an admin",
        play: |stage| {
            let (join, id) = set(stage);
            stage.ask("admin", "device.pair.remove", json!({"deviceId": id}));
            stage.fate("dev");
            stage.heard("admin");
            stage.ask("admin", "device.pair.list", json!({}));
            stage.join("again", &join);
            stage.ask("admin", "device.pair.remove", json!({"deviceId": id}));
        },
    },
    Scene {
        name: "remove: by the device itself",
        play: |stage| {
            let (join, id) = set(stage);
            stage.ask("dev", "device.pair.remove", json!({"deviceId": id}));
            stage.fate("dev");
            stage.join("shared", &Join { auth: None, ..join });
        },
    },
    Scene {
        name: "remove: with a request that waits",
        play: |stage| {
            let (join, id) = set(stage);
            stage.join("more", &Join { auth: None, ..join }.on_page().scopes(&["operator.admin"]));
            stage.ask("admin", "device.pair.remove", json!({"deviceId": id}));
            stage.ask("admin", "device.pair.list", json!({}));
        },
    },
    Scene {
        name: "rename: by an admin and by the device",
        play: |stage| {
            let (_, id) = set(stage);
            stage.ask("admin", "device.pair.rename", json!({"deviceId": id, "label": " Kitchen "}));
            stage.ask("dev", "device.pair.rename", json!({"deviceId": id, "label": "Hall"}));
            stage.ask("dev", "device.pair.rename", json!({"deviceId": id, "label": "  "}));
            stage.ask("admin", "device.pair.list", json!({}));
        },
    },
];
