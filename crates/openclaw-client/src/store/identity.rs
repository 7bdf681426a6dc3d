//! `identity.json`: the device's seed.

use std::io;

use serde::Serialize;
use zeroize::Zeroizing;

use super::DeviceSeed;
use super::format::{self, Damage, VERSION};

#[derive(Serialize)]
struct Identity<'a> {
    version: u64,
    seed: &'a str,
}

pub(super) fn parse(contents: &[u8]) -> Result<DeviceSeed, Damage> {
    let fields = format::fields(contents)?;
    let seed = fields.get("seed").ok_or_else(|| Damage::corrupt("it has no seed"))?;
    serde_json::from_str::<&str>(seed.get())
        .ok()
        .and_then(DeviceSeed::from_hex)
        .ok_or_else(|| Damage::corrupt("its seed is not 64 hexadecimal digits"))
}

pub(super) fn encode(seed: &DeviceSeed) -> io::Result<Zeroizing<Vec<u8>>> {
    format::encode(&Identity { version: VERSION, seed: &seed.to_hex() })
}
