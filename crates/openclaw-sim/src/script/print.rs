//! Scripts for people to read.

use std::fmt;

use super::{Script, What};

/// What is as usual is left out.
impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, {:.3} s", self.seed, seconds(self.lasts_ms))?;
        for (place, gateway) in self.gateways.iter().enumerate() {
            writeln!(f, "  gateway {place}: {}", differences(gateway, &super::GatewaySpec::default()))?;
        }
        for (place, client) in self.clients.iter().enumerate() {
            writeln!(f, "  client {place}: {}", differences(client, &super::ClientSpec::default()))?;
        }
        for event in &self.events {
            write!(f, "  {:10.3}  ", seconds(event.at_ms))?;
            match &event.what {
                What::Do { client, op } => writeln!(f, "client {client}: {op:?}")?,
                What::Wrong(fault) => writeln!(f, "{fault:?}")?,
            }
        }
        Ok(())
    }
}

fn seconds(ms: u64) -> f64 {
    std::time::Duration::from_millis(ms).as_secs_f64()
}

/// The members of a structure that are not as those of another.
fn differences<T: serde::Serialize>(one: &T, usual: &T) -> String {
    let members = |value: &T| match serde_json::to_value(value) {
        Ok(serde_json::Value::Object(members)) => members,
        _ => serde_json::Map::new(),
    };
    let (one, usual) = (members(one), members(usual));
    let other: Vec<String> = one
        .iter()
        .filter(|(name, value)| usual.get(*name) != Some(value))
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    if other.is_empty() { "as usual".into() } else { other.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::super::{ClientSpec, Event, GatewaySpec, Op};
    use super::*;

    #[test]
    fn a_script_reads_in_lines() {
        let script = Script {
            seed: 7,
            lasts_ms: 1_500,
            gateways: vec![GatewaySpec::default()],
            clients: vec![ClientSpec { base_ms: 50, ..ClientSpec::default() }],
            events: vec![Event { at_ms: 20, what: What::Do { client: 0, op: Op::Start } }],
        };
        let expected =
            "seed 7, 1.500 s\n  gateway 0: as usual\n  client 0: base_ms 50\n       0.020  client 0: Start\n";
        assert_eq!(script.to_string(), expected);
    }
}
