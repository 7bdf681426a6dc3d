//! Device tokens: who gets one, and what it is good for.

use serde_json::{Value, json};

use crate::join::Join;
use crate::scene::{Scene, Stage};

const READ_WRITE: [&str; 2] = ["operator.read", "operator.write"];

/// A device that has been paired with `operator.read` and `operator.write`; its connect and its token.
fn paired(stage: &mut Stage<'_>) -> (Join, Value) {
    let device = stage.device("a");
    let join = Join::cli().device(&device).scopes(&READ_WRITE);
    let token = stage.join("dev", &join)["auth"]["deviceToken"].clone();
    (join, token)
}

/// A paired device comes again.
fn again(stage: &mut Stage<'_>, change: impl FnOnce(Join, &Value) -> Join) {
    let (join, token) = paired(stage);
    stage.join("again", &change(join, &token));
}

pub const SCENES: &[Scene] = &[
    Scene { name: "token: the same again", play: |stage| again(stage, |join, _| join) },
    Scene { name: "token: as deviceToken", play: |stage| again(stage, |join, token| join.device_token(token)) },
    Scene { name: "token: as token", play: |stage| again(stage, |join, token| join.auth(json!({"token": token}))) },
    Scene {
        name: "token: in both fields",
        play: |stage| again(stage, |join, token| join.auth(json!({"token": token, "deviceToken": token}))),
    },
    Scene {
        name: "token: as password",
        play: |stage| again(stage, |join, token| join.auth(json!({"password": token}))),
    },
    Scene {
        name: "token: right beside a wrong shared token",
        play: |stage| again(stage, |join, token| join.auth(json!({"token": "bad", "deviceToken": token}))),
    },
    Scene {
        name: "token: wrong beside the shared token",
        play: |stage| {
            let shared = stage.gateway.token.clone();
            again(stage, |join, _| join.auth(json!({"token": shared, "deviceToken": "bad"})));
        },
    },
    Scene { name: "token: wrong", play: |stage| again(stage, |join, _| join.device_token(&json!("bad"))) },
    Scene {
        name: "token: wrong, and a wrong shared token",
        play: |stage| again(stage, |join, _| join.auth(json!({"token": "bad", "deviceToken": "bad"}))),
    },
    Scene {
        name: "token: a wrong shared token from a paired device",
        play: |stage| again(stage, |join, _| join.auth(json!({"token": "bad"}))),
    },
    Scene {
        name: "token: a wrong password from a paired device",
        play: |stage| again(stage, |join, _| join.auth(json!({"password": "bad"}))),
    },
    Scene { name: "token: none from a paired device", play: |stage| again(stage, |join, _| join.auth(json!(null))) },
    Scene { name: "token: blank", play: |stage| again(stage, |join, _| join.device_token(&json!("  "))) },
    Scene {
        name: "token: with spaces around it",
        play: |stage| {
            again(stage, |join, token| join.device_token(&json!(format!(" {} ", token.as_str().unwrap_or_default()))));
        },
    },
    Scene {
        name: "token: of another device",
        play: |stage| {
            let (_, token) = paired(stage);
            let other = stage.device("b");
            stage.join("other", &Join::cli().device(&other).device_token(&token));
        },
    },
    Scene {
        name: "token: without a device",
        play: |stage| {
            let (_, token) = paired(stage);
            stage.join("other", &Join::cli().device_token(&token));
        },
    },
    Scene {
        name: "token: none from a new device",
        play: |stage| {
            let device = stage.device("a");
            stage.join("dev", &Join::cli().device(&device).auth(json!(null)));
        },
    },
    Scene {
        name: "token: a wrong shared token from a new device",
        play: |stage| {
            let device = stage.device("a");
            stage.join("dev", &Join::cli().device(&device).auth(json!({"token": "bad"})));
        },
    },
    Scene {
        name: "token: fewer scopes",
        play: |stage| again(stage, |join, token| join.device_token(token).scopes(&["operator.read"])),
    },
    Scene {
        name: "token: fewer scopes, by the shared token",
        play: |stage| again(stage, |join, _| join.scopes(&["operator.read"])),
    },
    Scene {
        name: "token: an implied scope",
        play: |stage| again(stage, |join, token| join.device_token(token).scopes(&["operator.talk"])),
    },
    Scene { name: "token: no scopes", play: |stage| again(stage, |join, token| join.device_token(token).scopes(&[])) },
    Scene {
        name: "token: no scopes, and none before",
        play: |stage| {
            let device = stage.device("a");
            let join = Join::cli().device(&device).scopes(&[]);
            let token = stage.join("dev", &join)["auth"]["deviceToken"].clone();
            stage.join("again", &join.clone().device_token(&token));
            stage.join("more", &join.device_token(&token).scopes(&["operator.read"]));
        },
    },
    Scene {
        name: "token: more scopes",
        play: |stage| again(stage, |join, token| join.device_token(token).scopes(&["operator.admin"])),
    },
    Scene {
        name: "token: more scopes, as token",
        play: |stage| {
            again(stage, |join, token| join.auth(json!({"token": token})).scopes(&["operator.admin"]));
        },
    },
    Scene {
        name: "token: more scopes, beside the shared token",
        play: |stage| {
            let shared = stage.gateway.token.clone();
            again(stage, |join, token| {
                join.auth(json!({"token": shared, "deviceToken": token})).scopes(&["operator.admin"])
            });
        },
    },
    Scene {
        name: "token: an operator's, as a node",
        play: |stage| {
            again(stage, |join, token| Join { device: join.device, ..Join::node() }.device_token(token));
        },
    },
    Scene {
        name: "token: a scope of nobody's",
        play: |stage| {
            let device = stage.device("a");
            stage.join("dev", &Join::cli().device(&device).scopes(&["operator.read", "operator.nope", "x"]));
        },
    },
    Scene {
        name: "token: a program that needs no device",
        play: |stage| {
            let device = stage.device("a");
            let join = Join::program("gateway-client", "backend").device(&device).scopes(&["operator.admin"]);
            stage.join("dev", &join);
            stage.join("again", &join.device_token(&json!("bad")));
        },
    },
    Scene {
        name: "token: a program that needs no device but has a paired one",
        play: |stage| {
            let (join, token) = paired(stage);
            let program = Join { device: join.device, ..Join::program("gateway-client", "backend") };
            stage.join("program", &program);
            stage.join("more", &program.clone().scopes(&["operator.admin"]));
            stage.join("by token", &program.clone().device_token(&token));
            stage.join("platform", &program.clone().client("platform", "darwin"));
            stage.join("more by token", &program.device_token(&token).scopes(&["operator.admin"]));
        },
    },
    Scene {
        name: "token: a node",
        play: |stage| {
            let device = stage.device("a");
            let token = stage.join("dev", &Join::node().device(&device))["auth"]["deviceToken"].clone();
            stage.join("again", &Join::node().device(&device).device_token(&token));
            stage.join("as operator", &Join::cli().device(&device).device_token(&token));
        },
    },
    Scene {
        name: "token: a node that asks for scopes",
        play: |stage| {
            let device = stage.device("a");
            stage.join("dev", &Join::node().device(&device).scopes(&["operator.read"]));
        },
    },
    Scene {
        name: "token: a terminal interface",
        play: |stage| {
            let device = stage.device("a");
            stage.join("dev", &Join::program("openclaw-tui", "ui").device(&device));
        },
    },
    Scene {
        name: "token: a wrong one from a terminal interface",
        play: |stage| {
            let device = stage.device("a");
            let join = Join::program("openclaw-tui", "ui").device(&device);
            stage.join("wrong", &join.clone().auth(json!({"token": "bad"})));
            stage.join("none", &join.auth(json!(null)));
        },
    },
    Scene {
        name: "bootstrap: an unknown token",
        play: |stage| {
            let device = stage.device("a");
            stage.join("dev", &Join::node().device(&device).auth(json!({"bootstrapToken": "bad"})));
        },
    },
    Scene {
        name: "bootstrap: an unknown token beside the shared one",
        play: |stage| {
            let device = stage.device("a");
            let auth = json!({"token": stage.gateway.token, "bootstrapToken": "bad"});
            stage.join("dev", &Join::cli().device(&device).auth(auth));
        },
    },
    Scene {
        name: "bootstrap: an unknown token beside a wrong one",
        play: |stage| {
            let device = stage.device("a");
            let auth = json!({"token": "bad", "bootstrapToken": "bad"});
            stage.join("dev", &Join::cli().device(&device).auth(auth));
        },
    },
    Scene {
        name: "bootstrap: an unknown token without a device",
        play: |stage| {
            stage.join("dev", &Join::cli().auth(json!({"bootstrapToken": "bad"})));
        },
    },
];
