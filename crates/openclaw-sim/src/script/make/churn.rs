//! Connections that hardly last: everything that ends one, again and again, and clients that come back at once.

use super::super::{
    Ask, BadHello, ClientSpec, DialFailure, Fault, GatewaySpec, Limit, Op, Refusal, Script, Spread, Trick,
};
use super::{Maker, spread};
use crate::dice::Dice;

impl Script {
    /// A script of a seed with thousands of connections: delays are short, and a fault ends some or all connections several
    /// times a second.
    #[must_use]
    pub fn churn(seed: u64) -> Self {
        let mut dice = Dice::new(seed).fork(0x5c3);
        let lasts_ms = dice.between(60_000, 180_000);
        let gateways: Vec<GatewaySpec> = (0..dice.between(1, 2)).map(|_| gateway(&mut dice)).collect();
        let clients = (0..dice.between(3, 6)).map(|_| client(&mut dice, gateways.len())).collect();
        let script = Self { seed, lasts_ms, gateways, clients, events: Vec::new() };
        let mut maker = Maker { dice, script };
        for client in 0..maker.script.clients.len() {
            maker.restless(client);
        }
        let pace = spread(&mut maker.dice, 40, 250);
        let mut at = 1_000;
        while at < lasts_ms {
            let fault = if maker.dice.chance(1, 3) { maker.ends_one() } else { maker.ends_all() };
            maker.wrong(at, fault);
            at += maker.dice.between(1, pace * 2);
        }
        maker.script.events.sort_by_key(|event| event.at_ms);
        maker.script.events.retain(|event| event.at_ms < lasts_ms);
        maker.script
    }
}

fn gateway(dice: &mut Dice) -> GatewaySpec {
    GatewaySpec { tick_ms: spread(dice, 500, 10_000), ping_ms: 5_000, health_ms: 0, ..super::specs::gateway(dice) }
}

fn client(dice: &mut Dice, gateways: usize) -> ClientSpec {
    let base_ms = spread(dice, 4, 60);
    ClientSpec {
        latency_us: spread(dice, 20, 5_000),
        jitter_us: spread(dice, 1, 1_000),
        jitter: dice.pick(&[Spread::Full, Spread::Equal, Spread::None]),
        base_ms,
        max_ms: base_ms * dice.between(1, 16),
        stable_ms: spread(dice, 10, 1_000),
        max_attempts: None,
        handshake_ms: spread(dice, 200, 1_000),
        close_grace_ms: if dice.chance(1, 6) { 0 } else { spread(dice, 5, 200) },
        write_stall_ms: spread(dice, 200, 2_000),
        request_ms: Some(spread(dice, 50, 2_000)),
        silence_floor_ms: spread(dice, 200, 2_000),
        drain_ms: spread(dice, 50, 500),
        ..super::specs::client(dice, gateways)
    }
}

impl Maker {
    /// A program that wants to be connected whatever happens, and asks a little meanwhile.
    fn restless(&mut self, client: usize) {
        let start = self.dice.below(1_000);
        self.does(start, client, Op::Start);
        let mut at = start;
        while at < self.script.lasts_ms {
            at += self.dice.between(1, 400);
            let op = match self.dice.below(20) {
                0..8 => Op::Nudge,
                8 => Op::Start,
                9 if self.dice.chance(1, 4) => {
                    let rest = spread(&mut self.dice, 1, 300);
                    self.does(at + rest, client, Op::Start);
                    Op::Shutdown
                }
                10 => Op::Cancel { count: 2 },
                _ => {
                    let what = match self.dice.below(6) {
                        0 => Ask::Echo { bytes: self.dice.place(2_000) },
                        1 => Ask::Slow { ms: spread(&mut self.dice, 1, 1_000) },
                        2 => Ask::TwoAnswers { ms: spread(&mut self.dice, 1, 500), within_ms: 400, fails: false },
                        3 => Ask::Agent { words: 3, final_ms: Some(300) },
                        _ => Ask::Health,
                    };
                    Op::Ask { what, limit: Limit::Default, refuse: self.dice.chance(1, 6), count: 1 }
                }
            };
            self.does(at, client, op);
        }
    }

    /// Short: while nobody gets in, no connection lives.
    fn moment(&mut self) -> u64 {
        spread(&mut self.dice, 2, 100)
    }

    /// Ends a client's connection, or keeps it from getting another one.
    fn ends_one(&mut self) -> Fault {
        let (client, for_ms) = (self.any_client(), self.moment());
        let dice = &mut self.dice;
        match dice.below(16) {
            0..8 => Fault::Reset { client },
            8 => Fault::ResetMidFrame { client },
            9 => Fault::HalfOpen { client },
            10 => {
                use DialFailure::{Name, Protocol, Refused, Tls};
                Fault::DialFails { client, how: dice.pick(&[Refused, Name, Tls, Protocol]), for_ms }
            }
            11 => Fault::DialSlow { client, by_ms: for_ms, for_ms },
            12 => Fault::Http { client, status: dice.pick(&[403, 429, 500, 503]), retry_after: None, for_ms },
            13 => Fault::NoGoodbye { client, for_ms },
            14 => Fault::Sleep { client, for_ms: for_ms * 4, clock_stops: dice.chance(1, 2) },
            _ => {
                let gateway = self.any_gateway();
                Fault::Reroute { client, gateway }
            }
        }
    }

    /// Ends all connections of a gateway, or those that come its way next.
    fn ends_all(&mut self) -> Fault {
        let (gateway, for_ms) = (self.any_gateway(), self.moment());
        let dice = &mut self.dice;
        let boot_ms = if dice.chance(3, 4) { 0 } else { dice.between(1, 50) };
        let code = dice.pick(super::faults::CODES);
        match dice.below(36) {
            0..14 => Fault::CutAll { gateway },
            14..24 => Fault::CloseAll { gateway, code },
            24 => Fault::Crash { gateway, with_machine: dice.chance(1, 4), down_ms: for_ms, boot_ms },
            25 | 26 => Fault::Restart {
                gateway,
                drain_ms: if dice.chance(1, 2) { 0 } else { for_ms },
                expected_ms: if dice.chance(1, 2) { Some(for_ms) } else { None },
                down_ms: for_ms,
                boot_ms,
            },
            27 => Fault::Suspend { gateway, for_ms },
            28 => Fault::Rotate { gateway, for_ms },
            place => {
                let trick = match place {
                    29 => Trick::CloseAtConnect { code },
                    30 => Trick::CutAtConnect,
                    31 => Trick::RefuseUpgrade { status: dice.pick(&[403, 429, 503]), retry_after: None },
                    32 => Trick::RefuseConnect {
                        refusal: dice.pick(&[Refusal::Pairing, Refusal::Device, Refusal::Unknown, Refusal::Mumbled]),
                    },
                    33 => Trick::BadHello { how: dice.pick(&[BadHello::NoProtocol, BadHello::WrongType]) },
                    34 => Trick::NoChallenge,
                    _ => Trick::CloseAfterHello { code },
                };
                Fault::Trick { gateway, trick, times: u32::try_from(dice.between(1, 5)).unwrap_or(1) }
            }
        }
    }
}
