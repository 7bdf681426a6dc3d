//! What goes wrong.

use super::super::{Ask, BadHello, Damage, DeviceLoss, DialFailure, Fault, Limit, Op, Refusal, Trick, Way, Ways};
use super::{Maker, spread};

pub(super) const CODES: &[u16] = &[1000, 1001, 1002, 1005, 1008, 1009, 1011, 1012, 1013, 4001, 4008, 4013, 4999];

impl Maker {
    /// Something goes wrong, at any time.
    pub(super) fn fault(&mut self) {
        let at = self.any_time();
        // Much of what goes wrong shows only to those who have something to say.
        if self.dice.chance(1, 4) {
            let (client, count) = (self.any_client(), u32::try_from(self.dice.between(2, 9)).unwrap_or(2));
            let what = Ask::Echo { bytes: self.dice.place(60_000) };
            let soon = at + self.dice.below(3_000);
            self.does(soon, client, Op::Ask { what, limit: Limit::Never, refuse: false, count });
        }
        if self.dice.chance(1, 40) {
            let client = self.any_client();
            let soon = at + self.dice.below(3_000);
            self.does(soon, client, Op::Shutdown);
            self.does(at + 5_000, client, Op::Start);
        }
        let fault = if self.dice.chance(3, 5) { self.of_a_client(at) } else { self.of_a_gateway(at) };
        self.wrong(at, fault);
    }

    fn lasting(&mut self, most: u64) -> u64 {
        spread(&mut self.dice, 50, most)
    }

    fn of_a_client(&mut self, at: u64) -> Fault {
        let (client, for_ms) = (self.any_client(), self.lasting(90_000));
        let dice = &mut self.dice;
        match dice.below(38) {
            0..2 => {
                Fault::Latency { client, latency_ms: spread(dice, 1, 4_000), jitter_ms: spread(dice, 1, 2_000), for_ms }
            }
            2..5 => Fault::Bandwidth { client, bytes_per_s: spread(dice, 200, 200_000), for_ms },
            5..9 => Fault::BlackHole { client, ways: dice.pick(&[Ways::Both, Ways::Up, Ways::Down]), for_ms },
            9..11 => Fault::HalfOpen { client },
            11..13 => Fault::Reset { client },
            13 => Fault::ResetMidFrame { client },
            14..17 => {
                use DialFailure::{Name, Protocol, Refused, Tls};
                let how = dice.pick(&[Refused, Name, Tls, Protocol]);
                self.broken_dial(at, client);
                Fault::DialFails { client, how, for_ms }
            }
            17..19 => {
                let by_ms = spread(dice, 100, 20_000);
                self.broken_dial(at, client);
                Fault::DialSlow { client, by_ms, for_ms }
            }
            19..21 => {
                let status = dice.pick(&[401, 403, 404, 429, 500, 502, 503]);
                let retry_after = if dice.chance(1, 2) { Some(dice.between(0, 40)) } else { None };
                self.broken_dial(at, client);
                self.does(at + for_ms + 500, client, Op::Nudge);
                Fault::Http { client, status, retry_after, for_ms }
            }
            21..25 => {
                use Damage::{Altered, Binary, NotAnObject, Protocol, Truncated, UnknownType};
                let damage = dice.pick(&[Truncated, Altered, NotAnObject, UnknownType, Binary, Protocol]);
                let way = if dice.chance(3, 4) { Way::Down } else { Way::Up };
                let frames = u32::try_from(dice.between(1, 3)).unwrap_or(1);
                Fault::Damaged { client, way, damage, frames }
            }
            25 => Fault::Twice { client, frames: u32::try_from(dice.between(1, 4)).unwrap_or(1) },
            26 => Fault::Again { client },
            27..29 => {
                // Gateways mind only when there is much to read.
                if dice.chance(2, 3) {
                    let (count, bytes) = (dice.between(100, 400), dice.between(1_000, 4_000));
                    let what = Ask::Flood { count, bytes, droppable: dice.chance(1, 2) };
                    self.does(at, client, Op::Ask { what, limit: Limit::Never, refuse: false, count: 1 });
                }
                Fault::SlowReader { client, for_ms }
            }
            29..31 => {
                let (for_ms, clock_stops) = (spread(dice, 200, 4_000_000), dice.chance(2, 3));
                // Who sleeps between two attempts wakes up to the next one.
                if dice.chance(1, 2) {
                    let how = DialFailure::Refused;
                    self.wrong(at.saturating_sub(400), Fault::DialFails { client, how, for_ms: for_ms / 2 });
                    self.wrong(at.saturating_sub(399), Fault::Reset { client });
                }
                Fault::Sleep { client, for_ms, clock_stops }
            }
            31..33 => Fault::WallClock { client, by_ms: dice.pick(&[-86_400_000, -5_000, 500, 15_000, 3_600_000]) },
            33..37 => {
                let loss = dice.pick(&[DeviceLoss::TokenRotated, DeviceLoss::TokenRevoked, DeviceLoss::Removed]);
                self.does(at + 2_000 + for_ms, client, Op::Nudge);
                Fault::Device { client, loss }
            }
            _ => {
                let gateway = self.any_gateway();
                self.broken_dial(at, client);
                Fault::Reroute { client, gateway }
            }
        }
    }

    /// What is about dials wants one.
    fn broken_dial(&mut self, at: u64, client: usize) {
        self.wrong(at + 1, Fault::Reset { client });
    }

    fn of_a_gateway(&mut self, at: u64) -> Fault {
        let (gateway, for_ms) = (self.any_gateway(), self.lasting(40_000));
        let dice = &mut self.dice;
        let boot_ms = if dice.chance(1, 2) { 0 } else { spread(dice, 50, 3_000) };
        match dice.below(32) {
            0..3 => Fault::Crash { gateway, with_machine: dice.chance(1, 2), down_ms: for_ms, boot_ms },
            3..8 => Fault::Restart {
                gateway,
                drain_ms: if dice.chance(1, 2) { 0 } else { spread(dice, 100, 10_000) },
                expected_ms: if dice.chance(1, 2) { Some(spread(dice, 100, 5_000)) } else { None },
                down_ms: spread(dice, 50, 20_000),
                boot_ms,
            },
            8..11 => Fault::Suspend { gateway, for_ms },
            11..13 => {
                // Whoever tries again and again with the old token is locked out.
                for client in 0..self.script.clients.len() {
                    let tries = self.dice.below(4);
                    (0..tries).for_each(|nth| self.does(at + 2_000 + nth * 1_000, client, Op::Nudge));
                    self.does(at + for_ms + 1_000, client, Op::Nudge);
                }
                Fault::Rotate { gateway, for_ms }
            }
            13 => Fault::CloseAll { gateway, code: dice.pick(CODES) },
            14 => Fault::CutAll { gateway },
            _ => self.trick(at, gateway),
        }
    }

    fn trick(&mut self, at: u64, gateway: usize) -> Fault {
        let dice = &mut self.dice;
        let ms = spread(dice, 100, 25_000);
        let code = dice.pick(CODES);
        let (trick, at_handshake) = match dice.below(32) {
            0 => (Trick::NoChallenge, true),
            1 => (Trick::LateChallenge { ms }, true),
            2 => (if dice.chance(1, 2) { Trick::EmptyChallenge } else { Trick::TimelessChallenge }, true),
            3 => (Trick::TwoChallenges, true),
            4 => (Trick::ChallengeAfterHello, true),
            5 | 6 => {
                let retry_after = if dice.chance(1, 2) { Some(dice.between(1, 30)) } else { None };
                (Trick::RefuseUpgrade { status: dice.pick(&[403, 429, 503]), retry_after }, true)
            }
            7 | 8 => (Trick::CloseAtConnect { code }, true),
            9 => (Trick::CutAtConnect, true),
            10..14 => {
                use Refusal::{
                    Device, Forbidden, Mumbled, Pairing, PairingWait, ProtocolInWords, RateLimited, RateLimitedFor,
                    RetryAfter, Unknown,
                };
                let refusal = dice.pick(&[
                    Pairing,
                    PairingWait,
                    ProtocolInWords,
                    Device,
                    Unknown,
                    RateLimited,
                    RateLimitedFor,
                    RetryAfter,
                    Forbidden,
                    Mumbled,
                ]);
                (Trick::RefuseConnect { refusal }, true)
            }
            14 => (Trick::NoHello, true),
            15 => (Trick::LateHello { ms }, true),
            16..19 => {
                use BadHello::{NoProtocol, NoVerdict, NotAnObject, OtherProtocol, WrongType};
                (
                    Trick::BadHello { how: dice.pick(&[NoProtocol, OtherProtocol, NotAnObject, WrongType, NoVerdict]) },
                    true,
                )
            }
            19 if dice.chance(1, 2) => (Trick::FewerScopes, true),
            19 => (Trick::HelloTick { ms: dice.pick(&[0, 500, 5_000]) }, true),
            20 => (Trick::CloseAfterHello { code }, true),
            21 => (Trick::AnswerTwice, false),
            22 => (Trick::AnswerLate { ms }, false),
            23 => (Trick::AnswerNever, false),
            24 => (Trick::AnswerUnreadable, false),
            25 => (Trick::AnswerRestarting, false),
            26 => (Trick::AnswerForeign, false),
            27 => (Trick::AnswerUnattributed, false),
            28 => (Trick::EventsSkipped { count: dice.between(1, 9) }, false),
            29 => (dice.pick(&[Some(Trick::EventLost), Some(Trick::EventOdd)]).unwrap_or(Trick::EventLost), false),
            30 => (Trick::Mute, false),
            _ => (Trick::Deaf, false),
        };
        if at_handshake {
            self.wrong(at + 5, Fault::CutAll { gateway });
            let client = self.any_client();
            self.does(at + ms + 3_000, client, Op::Nudge);
            if self.dice.chance(1, 3) {
                self.wrong(at, Fault::NoGoodbye { client, for_ms: ms + 5_000 });
            }
        }
        let times = u32::try_from(self.dice.between(1, 5)).unwrap_or(1);
        Fault::Trick { gateway, trick, times }
    }
}
