//! Who guesses too often is locked out. Pages are, even those of the gateway's own machine.

use std::hash::{BuildHasher, RandomState};

use serde_json::json;

use crate::join::Join;
use crate::scene::{Scene, Stage};

/// So many failures lock out.
const FAILURES: usize = 10;

/// The origin of a page that nobody else comes from.
fn page() -> String {
    format!("http://localhost:{}", 10_000 + RandomState::new().hash_one("page") % 10_000)
}

fn guess(stage: &mut Stage<'_>, join: &Join, origin: &str) {
    for _ in 0..FAILURES {
        stage.join_from("guess", join, Some(origin));
    }
}

pub const SCENES: &[Scene] = &[
    Scene {
        name: "lockout: by shared tokens",
        play: |stage| {
            let (join, origin) = (Join::cli(), page());
            guess(stage, &join.clone().auth(json!({"token": "bad"})), &origin);
            stage.join_from("wrong", &join.clone().auth(json!({"token": "bad"})), Some(&origin));
            stage.join_from("right", &join, Some(&origin));
            stage.join_from("none", &join.clone().auth(json!(null)), Some(&origin));
            stage.join("elsewhere", &join);
        },
    },
    Scene {
        name: "lockout: by device tokens",
        play: |stage| {
            let (device, origin) = (stage.device("a"), page());
            let join = Join::cli().device(&device);
            let token = stage.join("dev", &join)["auth"]["deviceToken"].clone();
            guess(stage, &join.clone().device_token(&json!("bad")), &origin);
            stage.join_from("right", &join.clone().device_token(&token), Some(&origin));
            stage.join_from("shared", &join, Some(&origin));
        },
    },
    Scene {
        name: "lockout: by shared tokens, from a device",
        play: |stage| {
            let (device, origin) = (stage.device("a"), page());
            let join = Join::cli().device(&device);
            let token = stage.join("dev", &join)["auth"]["deviceToken"].clone();
            guess(stage, &join.clone().auth(json!({"token": "bad"})), &origin);
            stage.join_from("shared", &join, Some(&origin));
            stage.join_from("token", &join.clone().device_token(&token), Some(&origin));
            stage.join_from("both", &join.auth(json!({"token": "bad", "deviceToken": token})), Some(&origin));
        },
    },
    Scene {
        name: "lockout: a right token in between",
        play: |stage| {
            let (join, origin) = (Join::cli(), page());
            let wrong = join.clone().auth(json!({"token": "bad"}));
            for _ in 0..FAILURES - 1 {
                stage.join_from("wrong", &wrong, Some(&origin));
            }
            stage.join_from("right", &join, Some(&origin));
            stage.join_from("wrong", &wrong, Some(&origin));
            stage.join_from("right", &join, Some(&origin));
        },
    },
];
