//! All scenes.

mod lockout;
mod management;
mod pairing;
mod proof;
mod setup;
mod tokens;
mod upgrade;

use crate::scene::Scene;

/// The scenes. All gateways play the same ones.
pub fn all() -> Vec<Scene> {
    [
        proof::SCENES,
        tokens::SCENES,
        pairing::SCENES,
        management::SCENES,
        setup::SCENES,
        upgrade::SCENES,
        lockout::SCENES,
    ]
    .concat()
}
