//! Scopes that are asked for on a live connection.

use serde_json::{Value, json};

use crate::join::Join;
use crate::scene::{Scene, Stage};

const REQUEST: &str = "device.scopes.requestUpgrade";
const WAIT: &str = "device.scopes.waitUpgrade";

/// An admin, and a connected device with `operator.read`.
fn set(stage: &mut Stage<'_>) -> Join {
    stage.admin();
    let device = stage.device("a");
    let join = Join::cli().device(&device);
    stage.join("dev", &join);
    join
}

fn more() -> Value {
    json!({"scopes": ["operator.read", "operator.write"]})
}

pub const SCENES: &[Scene] = &[
    Scene {
        name: "upgrade: approved",
        play: |stage| {
            let join = set(stage);
            let request = stage.ask("dev", REQUEST, more())["requestId"].clone();
            stage.heard("admin");
            let waiting = stage.send("dev", WAIT, json!({"requestId": request}));
            stage.ask("admin", "device.pair.approve", json!({"requestId": request}));
            stage.heard("admin");
            stage.answer("dev", &waiting);
            stage.ask("dev", WAIT, json!({"requestId": request}));
            stage.ask("dev", "device.pair.list", json!({}));
            stage.join("again", &join.scopes(&["operator.read", "operator.write"]));
        },
    },
    Scene {
        name: "upgrade: approved before anybody waits",
        play: |stage| {
            set(stage);
            let request = stage.ask("dev", REQUEST, json!({"scopes": ["operator.admin"]}))["requestId"].clone();
            stage.ask("admin", "device.pair.approve", json!({"requestId": request}));
            stage.ask("dev", WAIT, json!({"requestId": request}));
        },
    },
    Scene {
        name: "upgrade: rejected",
        play: |stage| {
            set(stage);
            let request = stage.ask("dev", REQUEST, more())["requestId"].clone();
            let waiting = stage.send("dev", WAIT, json!({"requestId": request}));
            stage.ask("admin", "device.pair.reject", json!({"requestId": request}));
            stage.answer("dev", &waiting);
            stage.ask("dev", WAIT, json!({"requestId": request}));
        },
    },
    Scene {
        name: "upgrade: asked for twice",
        play: |stage| {
            set(stage);
            let first = stage.ask("dev", REQUEST, more())["requestId"].clone();
            stage.ask("dev", REQUEST, more());
            let waiting = stage.send("dev", WAIT, json!({"requestId": first}));
            stage.ask("dev", REQUEST, json!({"scopes": ["operator.admin"]}));
            stage.heard("admin");
            stage.answer("dev", &waiting);
        },
    },
    Scene {
        name: "upgrade: to what it has",
        play: |stage| {
            set(stage);
            stage.ask("dev", REQUEST, json!({"scopes": ["operator.read"]}));
        },
    },
    Scene {
        name: "upgrade: to what leaves something out",
        play: |stage| {
            set(stage);
            stage.ask("dev", REQUEST, json!({"scopes": ["operator.approvals"]}));
        },
    },
    Scene {
        name: "upgrade: to unknown scopes",
        play: |stage| {
            set(stage);
            stage.ask("dev", REQUEST, json!({"scopes": ["operator.read", "operator.nope"]}));
            stage.ask("dev", REQUEST, json!({"scopes": ["operator.read", "operator.talk.secrets"]}));
        },
    },
    Scene {
        name: "upgrade: odd params",
        play: |stage| {
            set(stage);
            for params in [
                json!({}),
                json!({"scopes": []}),
                json!({"scopes": "x"}),
                json!({"scopes": [""]}),
                json!({"scopes": ["operator.read", "operator.read"]}),
                json!({"scopes": ["1", "2", "3", "4", "5", "6", "7", "8", "9"]}),
                json!({"scopes": ["operator.read"], "x": 1}),
            ] {
                stage.ask("dev", REQUEST, params);
            }
            stage.ask("dev", WAIT, json!({}));
            stage.ask("dev", WAIT, json!({"requestId": ""}));
            stage.ask("dev", WAIT, json!({"requestId": "none"}));
        },
    },
    Scene {
        name: "upgrade: without a device",
        play: |stage| {
            stage.join("dev", &Join::cli());
            stage.ask("dev", REQUEST, more());
            stage.ask("dev", WAIT, json!({"requestId": "none"}));
        },
    },
    Scene {
        name: "upgrade: of a device that is not paired",
        play: |stage| {
            let device = stage.device("a");
            stage.join("dev", &Join::program("gateway-client", "backend").device(&device));
            stage.ask("dev", REQUEST, more());
        },
    },
    Scene {
        name: "upgrade: by a node",
        play: |stage| {
            let device = stage.device("a");
            stage.join("node", &Join::node().device(&device));
            stage.ask("node", REQUEST, more());
        },
    },
    Scene {
        name: "upgrade: of a connection without scopes",
        play: |stage| {
            let device = stage.device("a");
            stage.join("dev", &Join::cli().device(&device).scopes(&[]));
            stage.ask("dev", REQUEST, more());
        },
    },
    Scene {
        name: "upgrade: waited for by another device",
        play: |stage| {
            set(stage);
            let request = stage.ask("dev", REQUEST, more())["requestId"].clone();
            let other = stage.device("b");
            stage.join("other", &Join::cli().device(&other));
            stage.ask("other", WAIT, json!({"requestId": request}));
        },
    },
    Scene {
        name: "upgrade: the device is removed",
        play: |stage| {
            let join = set(stage);
            let request = stage.ask("dev", REQUEST, more())["requestId"].clone();
            let id = join.device.as_ref().map(openclaw_testkit::TestDevice::id);
            stage.ask("admin", "device.pair.remove", json!({"deviceId": id}));
            stage.ask("admin", "device.pair.approve", json!({"requestId": request}));
            stage.fate("dev");
        },
    },
];
