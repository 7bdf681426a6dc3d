//! What counts as a proof, and what is found fault with first.

use serde_json::json;

use crate::join::Join;
use crate::scene::{Scene, Stage};

/// One connect of a new device.
fn once(stage: &mut Stage<'_>, change: impl FnOnce(Join) -> Join) {
    let device = stage.device("a");
    stage.join("dev", &change(Join::cli().device(&device)));
}

pub const SCENES: &[Scene] = &[
    Scene { name: "proof: by version 3", play: |stage| once(stage, |join| join) },
    Scene { name: "proof: by version 2", play: |stage| once(stage, |join| Join { v2: true, ..join }) },
    Scene {
        name: "proof: an odd spelling of the platform",
        play: |stage| once(stage, |join| join.client("platform", " LINUX\u{feff}").client("deviceFamily", "\tServer")),
    },
    Scene {
        name: "proof: many scopes, in an order of their own",
        play: |stage| once(stage, |join| join.scopes(&["operator.write", "operator.approvals", "operator.read"])),
    },
    Scene { name: "proof: no scopes", play: |stage| once(stage, |join| join.scopes(&[])) },
    Scene {
        name: "proof: a token with spaces around it",
        play: |stage| {
            let auth = json!({"token": format!(" {} ", stage.gateway.token)});
            once(stage, |join| join.auth(auth));
        },
    },
    Scene {
        name: "proof: a blank token and a device token",
        play: |stage| once(stage, |join| join.auth(json!({"token": "", "deviceToken": "x"}))),
    },
    Scene { name: "proof: 119 s late", play: |stage| once(stage, |join| join.ahead(-119_000)) },
    Scene { name: "proof: 119 s early", play: |stage| once(stage, |join| join.ahead(119_000)) },
    Scene { name: "proof: 122 s late", play: |stage| once(stage, |join| join.ahead(-122_000)) },
    Scene { name: "proof: 122 s early", play: |stage| once(stage, |join| join.ahead(122_000)) },
    Scene {
        name: "proof: of another text",
        play: |stage| once(stage, |join| join.tamper(|device| device["signature"] = json!("A".repeat(86)))),
    },
    Scene {
        name: "proof: a signature that is none",
        play: |stage| once(stage, |join| join.tamper(|device| device["signature"] = json!("xyz"))),
    },
    Scene {
        name: "proof: another nonce",
        play: |stage| once(stage, |join| join.tamper(|device| device["nonce"] = json!("another one"))),
    },
    Scene {
        name: "proof: a blank nonce",
        play: |stage| once(stage, |join| join.tamper(|device| device["nonce"] = json!("  "))),
    },
    Scene {
        name: "proof: spaces around the nonce",
        play: |stage| {
            once(stage, |join| {
                join.tamper(|device| {
                    device["nonce"] = json!(format!(" {} ", device["nonce"].as_str().unwrap_or_default()));
                })
            });
        },
    },
    Scene {
        name: "proof: the id of another device",
        play: |stage| once(stage, |join| join.tamper(|device| device["id"] = json!("0".repeat(64)))),
    },
    Scene {
        name: "proof: the id in upper case",
        play: |stage| {
            once(stage, |join| {
                join.tamper(|device| device["id"] = json!(device["id"].as_str().unwrap_or_default().to_uppercase()))
            });
        },
    },
    Scene {
        name: "proof: a key of 3 bytes",
        play: |stage| once(stage, |join| join.tamper(|device| device["publicKey"] = json!("AAAA"))),
    },
    Scene {
        // The id is that of the three bytes.
        name: "proof: a key of 3 bytes and its id",
        play: |stage| {
            once(stage, |join| {
                join.tamper(|device| {
                    device["publicKey"] = json!("AAAA");
                    device["id"] = json!("709e80c88487a2411e1ee4dfb9f22a861492d20c4765150c0c794abd70f8147c");
                })
            });
        },
    },
    Scene {
        name: "proof: a key in the other base64",
        play: |stage| {
            once(stage, |join| {
                join.tamper(|device| {
                    let key = device["publicKey"].as_str().unwrap_or_default();
                    device["publicKey"] = json!(format!("{}=", key.replace('-', "+").replace('_', "/")));
                })
            });
        },
    },
    Scene {
        name: "proof: wrong in every way",
        play: |stage| {
            once(stage, |join| {
                join.ahead(-500_000).tamper(|device| {
                    device["id"] = json!("x");
                    device["nonce"] = json!("x");
                    device["signature"] = json!("x");
                })
            });
        },
    },
    Scene {
        name: "proof: late, of another nonce",
        play: |stage| once(stage, |join| join.ahead(-500_000).tamper(|device| device["nonce"] = json!("x"))),
    },
    Scene {
        name: "proof: another nonce, another text",
        play: |stage| {
            once(stage, |join| {
                join.tamper(|device| {
                    device["nonce"] = json!("x");
                    device["signature"] = json!("x");
                })
            });
        },
    },
    Scene {
        name: "proof: of another text, with a wrong token",
        play: |stage| {
            once(stage, |join| join.auth(json!({"token": "bad"})).tamper(|device| device["signature"] = json!("x")));
        },
    },
    Scene {
        name: "proof: of another text, without a token",
        play: |stage| {
            once(stage, |join| join.auth(json!(null)).tamper(|device| device["signature"] = json!("x")));
        },
    },
    Scene {
        name: "proof: of another text, from a program that needs none",
        play: |stage| {
            let device = stage.device("a");
            let join = Join::program("gateway-client", "backend").device(&device);
            stage.join("dev", &join.tamper(|device| device["signature"] = json!("x")));
        },
    },
    Scene {
        name: "proof: of another text, from a node",
        play: |stage| {
            let device = stage.device("a");
            stage.join("dev", &Join::node().device(&device).tamper(|device| device["signature"] = json!("x")));
        },
    },
];
