//! Logs of the flight recorder: whole, damaged, and arbitrary texts.

use openclaw_proto::ClientConfig;
use openclaw_proto::record::replay;

use super::host::{Host, LIFE, config};
use super::script::Script;

/// Reads `data` in one of two ways.
///
/// If it begins with `{` it is a log, whatever is in it: replaying it gives a result or a typed error. Otherwise it is some
/// damage (a number of places, then a place, a kind and a byte for each) and a script as of the `client` target. The client
/// that lives the script is recorded. Its log replays to the last line, with as many inputs, outputs and frames as it has
/// lines, and it has no configured credential in it, whatever the gateway made of that; the damaged log gives a result or a typed error, and so does what is left of it when it is cut off.
pub fn replay_log(data: &[u8]) {
    if data.first() == Some(&b'{') {
        let _ = replay(&String::from_utf8_lossy(data));
        return;
    }
    let mut script = Script::new(data);
    let damages: Vec<[u8; 4]> = (0..script.number() % 4).map(|_| std::array::from_fn(|_| script.number())).collect();
    let config = config(&mut script);
    let secrets = secrets(&config);
    let mut host = Host::new(config).recorded();
    while host.play(&mut script, LIFE) {}
    host.end();
    let log = host.log();
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log");
    }
    match replay(&log) {
        Ok(told) => {
            assert!(told.complete);
            assert_eq!(told.inputs + told.outputs + told.transmits + 2, log.lines().count() as u64);
        }
        Err(error) => panic!("{error}\n{log}"),
    }
    let mut damaged = log.into_bytes();
    for [high, low, kind, byte] in damages {
        if damaged.is_empty() {
            break;
        }
        let at = (usize::from(high) * 256 + usize::from(low)) * damaged.len() / 65_536;
        match kind % 4 {
            0 => damaged[at] = byte,
            1 => damaged.insert(at, byte),
            2 => drop(damaged.drain(at..(at + usize::from(byte)).min(damaged.len()))),
            _ => damaged.truncate(at + 1),
        }
        let _ = replay(&String::from_utf8_lossy(&damaged));
    }
}

/// The credentials a client is configured with, those that look the same in JSON.
fn secrets(config: &ClientConfig) -> Vec<String> {
    let auth = &config.connect.auth;
    let tokens = [&auth.token, &auth.device_token, &auth.bootstrap_token].into_iter().flatten();
    let tokens = tokens.map(|token| token.expose().trim().to_owned()).filter(|token| !token.is_empty());
    let in_url = config.url.as_str().split_once("key=").map(|(_, value)| value.to_owned());
    tokens.chain(in_url).collect()
}
