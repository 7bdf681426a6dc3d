//! Scripts out of nothing but a seed.

mod churn;
mod faults;
mod ops;
mod specs;

use super::{ClientSpec, Event, Fault, GatewaySpec, Op, Script, What};
use crate::dice::Dice;

/// What the makers of parts share.
struct Maker {
    dice: Dice,
    script: Script,
}

impl Script {
    /// The script of a seed: some clients and gateways, minutes to hours of work, and much that goes wrong.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let mut dice = Dice::new(seed).fork(0x5c1);
        let lasts_ms = match dice.below(40) {
            0 => dice.between(3_600_000, 6 * 3_600_000),
            1..5 => dice.between(600_000, 1_800_000),
            _ => dice.between(60_000, 300_000),
        };
        let (clients, gateways) = (dice.between(1, 3), dice.between(1, 2));
        let (ops, faults) = (dice.between(15, 40), dice.between(3, 14));
        make(seed, dice, lasts_ms, [clients, gateways, ops, faults])
    }

    /// A shorter script of a seed, for tests that are built without optimisation.
    #[must_use]
    pub fn short(seed: u64) -> Self {
        let mut dice = Dice::new(seed).fork(0x5c2);
        let lasts_ms = dice.between(30_000, 90_000);
        let clients = dice.between(1, 2);
        make(seed, dice, lasts_ms, [clients, 1, 12, 5])
    }
}

/// `[clients, gateways, operations of each client, faults]`.
fn make(seed: u64, mut dice: Dice, lasts_ms: u64, [clients, gateways, ops, faults]: [u64; 4]) -> Script {
    let gateways: Vec<GatewaySpec> = (0..gateways).map(|_| specs::gateway(&mut dice)).collect();
    let clients: Vec<ClientSpec> = (0..clients).map(|_| specs::client(&mut dice, gateways.len())).collect();
    let script = Script { seed, lasts_ms, gateways, clients, events: Vec::new() };
    let mut maker = Maker { dice, script };
    (0..maker.script.clients.len()).for_each(|client| maker.operations(client, ops));
    (0..faults).for_each(|_| maker.fault());
    maker.script.events.sort_by_key(|event| event.at_ms);
    maker.script.events.retain(|event| event.at_ms < lasts_ms);
    maker.script
}

impl Maker {
    fn any_time(&mut self) -> u64 {
        self.dice.below(self.script.lasts_ms)
    }

    fn any_client(&mut self) -> usize {
        self.dice.place(self.script.clients.len())
    }

    fn any_gateway(&mut self) -> usize {
        self.dice.place(self.script.gateways.len())
    }

    fn wrong(&mut self, at_ms: u64, fault: Fault) {
        self.script.events.push(Event { at_ms, what: What::Wrong(fault) });
    }

    fn does(&mut self, at_ms: u64, client: usize, op: Op) {
        self.script.events.push(Event { at_ms, what: What::Do { client, op } });
    }
}

/// A number between the two whose length is even: as many between 10 and 100 as between 100 and 1000.
fn spread(dice: &mut Dice, low: u64, high: u64) -> u64 {
    let doublings = u64::from((high / low.max(1)).max(1).ilog2());
    let scale = 1_u64 << dice.below(doublings + 1);
    dice.between(low * scale, (low * scale * 2).min(high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_scripts_in_order() {
        for make in [Script::of_seed, Script::short, Script::churn] {
            for seed in 0..50 {
                let script = make(seed);
                assert_eq!(script, make(seed));
                assert!(script.events.is_sorted_by_key(|event| event.at_ms));
                assert_ne!(script.events, make(seed + 1_000).events);
            }
        }
    }

    #[test]
    fn spread_numbers_stay_between_their_bounds() {
        let mut dice = Dice::new(1);
        for _ in 0..1_000 {
            assert!((50..=90_000).contains(&spread(&mut dice, 50, 90_000)));
            assert_eq!(spread(&mut dice, 7, 7), 7);
        }
    }
}
