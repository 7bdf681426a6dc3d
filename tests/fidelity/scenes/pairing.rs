//! Devices that are not known, or not for this.

use serde_json::{Value, json};

use crate::join::Join;
use crate::scene::{Scene, Stage};

const PAIRING: &[&str] = &["operator.pairing", "operator.read"];

/// The id of the request that waits for the scene's device.
fn pending(stage: &mut Stage<'_>) -> Value {
    stage.ask("admin", "device.pair.list", json!({}))["pending"][0]["requestId"].clone()
}

pub const SCENES: &[Scene] = &[
    Scene {
        name: "pairing: at once",
        play: |stage| {
            stage.admin();
            let device = stage.device("a");
            stage
                .join("dev", &Join::cli().device(&device).client("displayName", "Dev").client("deviceFamily", "Linux"));
            stage.heard("admin");
            stage.ask("admin", "device.pair.list", json!({}));
        },
    },
    Scene {
        name: "pairing: approved",
        play: |stage| {
            stage.admin();
            let device = stage.device("a");
            let join = Join::cli().device(&device).on_page();
            stage.join("dev", &join);
            stage.heard("admin");
            let request = pending(stage);
            stage.ask("admin", "device.pair.approve", json!({"requestId": request}));
            stage.heard("admin");
            let token = stage.join("again", &join)["auth"]["deviceToken"].clone();
            stage.join("by token", &join.device_token(&token));
            stage.ask("admin", "device.pair.list", json!({}));
            stage.ask("admin", "device.pair.approve", json!({"requestId": request}));
        },
    },
    Scene {
        name: "pairing: rejected",
        play: |stage| {
            stage.admin();
            let device = stage.device("a");
            let join = Join::cli().device(&device).on_page();
            stage.join("dev", &join);
            let request = pending(stage);
            stage.ask("admin", "device.pair.reject", json!({"requestId": request}));
            stage.heard("admin");
            stage.ask("admin", "device.pair.reject", json!({"requestId": request}));
            stage.join("again", &join);
            stage.heard("admin");
        },
    },
    Scene {
        name: "pairing: asked again for the same, for less, for more",
        play: |stage| {
            stage.admin();
            let device = stage.device("a");
            let join = Join::cli().device(&device).on_page().scopes(&["operator.write"]);
            stage.join("dev", &join);
            stage.join("same", &join.clone().client("displayName", "Dev"));
            stage.heard("admin");
            stage.ask("admin", "device.pair.list", json!({}));
            stage.join("less", &join.clone().scopes(&["operator.read"]));
            stage.heard("admin");
            stage.ask("admin", "device.pair.list", json!({}));
            stage.join("more", &join.clone().scopes(&["operator.pairing"]));
            stage.heard("admin");
            let request = pending(stage);
            stage.ask("admin", "device.pair.approve", json!({"requestId": request}));
            stage.join("again", &join.scopes(&["operator.pairing"]));
        },
    },
    Scene {
        name: "pairing: asked from a page, then from the machine",
        play: |stage| {
            stage.admin();
            let device = stage.device("a");
            stage.join("dev", &Join::cli().device(&device).on_page());
            stage.join("same", &Join::cli().device(&device));
            stage.heard("admin");
        },
    },
    Scene {
        name: "pairing: asked from a page, then from the machine for more",
        play: |stage| {
            stage.admin();
            let device = stage.device("a");
            stage.join("dev", &Join::cli().device(&device).on_page());
            stage.join("more", &Join::cli().device(&device).scopes(&["operator.admin"]));
            stage.heard("admin");
        },
    },
    Scene {
        name: "pairing: another platform",
        play: |stage| {
            stage.admin();
            let device = stage.device("a");
            let join = Join::cli().device(&device);
            let token = stage.join("dev", &join)["auth"]["deviceToken"].clone();
            stage.join("spelling", &join.clone().client("platform", "Linux "));
            stage.join("moved", &join.clone().client("platform", "darwin"));
            stage.heard("admin");
            stage.join("moved by token", &join.clone().client("platform", "darwin").device_token(&token));
            stage.join("back", &join.clone().device_token(&token));
            stage.join("family", &join.clone().client("deviceFamily", "Linux"));
            let request = pending(stage);
            stage.ask("admin", "device.pair.approve", json!({"requestId": request}));
            stage.join("back by token", &join.clone().device_token(&token));
            stage.join("moved again", &join.client("platform", "darwin"));
        },
    },
    Scene {
        name: "pairing: another device family",
        play: |stage| {
            let device = stage.device("a");
            let join = Join::cli().device(&device).client("deviceFamily", "Linux");
            stage.join("dev", &join);
            stage.join("other", &join.clone().client("deviceFamily", "Mac"));
            stage.join("none", &Join::cli().device(&device));
        },
    },
    Scene {
        name: "pairing: another client",
        play: |stage| {
            stage.admin();
            let device = stage.device("a");
            stage.join("dev", &Join::cli().device(&device).client("displayName", "Dev"));
            stage.join("test", &Join::program("test", "test").device(&device));
            stage.ask("admin", "device.pair.list", json!({}));
        },
    },
    Scene {
        name: "pairing: more scopes by the shared token",
        play: |stage| {
            stage.admin();
            let device = stage.device("a");
            stage.join("dev", &Join::cli().device(&device));
            stage.join("more", &Join::cli().device(&device).scopes(&["operator.read", "operator.write"]));
            stage.heard("admin");
            stage.ask("admin", "device.pair.list", json!({}));
        },
    },
    Scene {
        name: "pairing: more scopes from a page",
        play: |stage| {
            stage.admin();
            let device = stage.device("a");
            let join = Join::cli().device(&device).on_page();
            stage.join("dev", &Join::cli().device(&device));
            stage.join("more", &join.clone().scopes(&["operator.write"]));
            stage.heard("admin");
            let request = pending(stage);
            stage.ask("admin", "device.pair.approve", json!({"requestId": request}));
            stage.join("again", &join.scopes(&["operator.write"]));
        },
    },
    Scene {
        name: "pairing: an operator's device as a node",
        play: |stage| {
            stage.admin();
            let device = stage.device("a");
            stage.join("dev", &Join::cli().device(&device));
            stage.join("node", &Join::node().device(&device));
            stage.heard("admin");
            stage.ask("admin", "device.pair.list", json!({}));
        },
    },
    Scene {
        name: "pairing: a node's device as an operator",
        play: |stage| {
            stage.admin();
            let device = stage.device("a");
            stage.join("node", &Join::node().device(&device));
            stage.join("dev", &Join::cli().device(&device));
            stage.join("dev", &Join::cli().device(&device).client("deviceFamily", "Linux"));
            stage.heard("admin");
            stage.ask("admin", "device.pair.list", json!({}));
        },
    },
    Scene {
        name: "pairing: a node from a page",
        play: |stage| {
            stage.admin();
            let device = stage.device("a");
            stage.join("node", &Join::node().device(&device).on_page());
            let request = pending(stage);
            stage.ask("admin", "device.pair.approve", json!({"requestId": request}));
            stage.join("again", &Join::node().device(&device).on_page());
        },
    },
    Scene {
        name: "pairing: approved by somebody who may less",
        play: |stage| {
            stage.admin();
            let device = stage.device("a");
            stage.join("dev", &Join::cli().device(&device).on_page().scopes(&["operator.write"]));
            let request = pending(stage);
            let judge = Join::program("gateway-client", "backend").scopes(PAIRING);
            stage.join("judge", &judge);
            stage.ask("judge", "device.pair.approve", json!({"requestId": request}));
            stage.ask("judge", "device.pair.approve", json!({"requestId": "none"}));
            stage.ask("judge", "device.pair.reject", json!({"requestId": "none"}));
            stage.ask("judge", "device.pair.reject", json!({"requestId": request}));
        },
    },
    Scene {
        name: "pairing: a node, approved by somebody who may less",
        play: |stage| {
            stage.admin();
            let device = stage.device("a");
            stage.join("dev", &Join::node().device(&device).on_page());
            let request = pending(stage);
            stage.join("judge", &Join::program("gateway-client", "backend").scopes(PAIRING));
            stage.ask("judge", "device.pair.approve", json!({"requestId": request}));
        },
    },
    Scene {
        name: "pairing: approved by another device",
        play: |stage| {
            stage.admin();
            let (judge, device) = (stage.device("judge"), stage.device("a"));
            let join = Join::cli().device(&judge).scopes(PAIRING);
            let token = stage.join("judge", &join)["auth"]["deviceToken"].clone();
            stage.join("judge", &join.device_token(&token));
            stage.join("dev", &Join::cli().device(&device).on_page());
            let request = pending(stage);
            stage.ask("judge", "device.pair.list", json!({}));
            stage.ask("judge", "device.pair.approve", json!({"requestId": request}));
            stage.ask("judge", "device.pair.reject", json!({"requestId": request}));
            stage.ask("judge", "device.pair.approve", json!({"requestId": "none"}));
            stage.ask("judge", "device.pair.reject", json!({"requestId": "none"}));
            stage.heard("judge");
        },
    },
];
