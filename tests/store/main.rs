//! What the stores of seeds and tokens promise.

mod damage;
mod keeping;
#[cfg(unix)]
mod permissions;
mod processes;
mod silence;
mod temp_dir;
mod worker;

use openclaw_client::connect::{ClientId, Role, Scope};
use openclaw_client::proto::GatewayUrl;
use openclaw_client::proto::device::DeviceId;
use openclaw_client::store::{StoredToken, TokenKey};
use openclaw_client::{Plaintext, Secret};

fn key(address: &str) -> TokenKey {
    let url = GatewayUrl::parse(address, Plaintext::Anywhere).unwrap();
    TokenKey::new(&url, DeviceId::of(&[1; 32]), Role::Operator, ClientId::GatewayClient)
}

fn token(text: &str) -> StoredToken {
    StoredToken::new(Secret::from(text), [Scope::Read, Scope::from("later.scope")])
}
