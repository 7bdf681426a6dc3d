//! What programs do.

use super::super::{Ask, Limit, Op};
use super::{Maker, spread};

impl Maker {
    /// Everything a program does in its life.
    pub(super) fn operations(&mut self, client: usize, count: u64) {
        let start = match self.dice.below(20) {
            // Some ask before they start, and some think better of it.
            0 => {
                self.does(0, client, Op::Shutdown);
                self.dice.between(1, 2_000)
            }
            1..5 => {
                let op = self.ask();
                self.does(0, client, op);
                self.dice.between(1, 5_000)
            }
            _ => self.dice.below(2_000),
        };
        self.does(start, client, Op::Start);
        let mut at = 0;
        for _ in 0..count {
            // Work comes in spells.
            if at == 0 || self.dice.chance(1, 6) {
                at = self.any_time();
            }
            at += spread(&mut self.dice, 1, 4_000);
            let op = match self.dice.below(100) {
                0..74 => self.ask(),
                74..84 => Op::Cancel { count: self.few(4) },
                84..90 => Op::Nudge,
                90..93 => Op::Start,
                93..96 => {
                    let rest = spread(&mut self.dice, 1, 20_000);
                    self.does(at + rest, client, Op::Start);
                    Op::Shutdown
                }
                _ => {
                    // More at once than is allowed.
                    let Op::Ask { what, limit, refuse, .. } = self.ask() else { continue };
                    Op::Ask { what, limit, refuse, count: self.few(90) }
                }
            };
            self.does(at, client, op);
        }
    }

    fn few(&mut self, most: u64) -> u32 {
        u32::try_from(self.dice.between(1, most)).unwrap_or(1)
    }

    fn ask(&mut self) -> Op {
        let dice = &mut self.dice;
        let what = match dice.below(100) {
            0..12 => Ask::Health,
            12..24 => Ask::Echo { bytes: usize::try_from(spread(dice, 10, 60_000)).unwrap_or(10) },
            24..36 => Ask::Slow { ms: spread(dice, 10, 40_000) },
            36..42 => Ask::Blob { bytes: spread(dice, 100, 200_000) },
            42..47 => Ask::Flood {
                count: spread(dice, 10, 400),
                bytes: spread(dice, 10, 2_000),
                droppable: dice.chance(1, 2),
            },
            47..55 => Ask::Agent {
                words: dice.pick(&[0, 1, 3, 13, 40]),
                final_ms: if dice.chance(1, 2) { Some(spread(dice, 50, 20_000)) } else { None },
            },
            55..58 => Ask::AgentOnce,
            58..62 => Ask::Chat { words: dice.pick(&[0, 2, 13, 30]) },
            62..68 => Ask::Approval { two_phase: dice.chance(2, 3), ms: spread(dice, 10, 20_000) },
            68..76 => Ask::TwoAnswers {
                ms: spread(dice, 1, 20_000),
                within_ms: spread(dice, 100, 20_000),
                fails: dice.chance(1, 3),
            },
            76..80 => Ask::Never,
            80..83 => Ask::Unknown,
            83..85 => Ask::Forbidden,
            85..87 => Ask::Close { code: dice.pick(&[1000, 1001, 1008, 1011, 1012, 1013, 4001]) },
            87 => Ask::Cut,
            88..92 => Ask::Huge,
            92..96 => Ask::Profile,
            _ => Ask::Traced,
        };
        let limit = match dice.below(10) {
            0..5 => Limit::Default,
            5 => Limit::Never,
            6 => Limit::Ms(dice.below(20)),
            _ => Limit::Ms(spread(dice, 20, 60_000)),
        };
        Op::Ask { what, limit, refuse: dice.chance(1, 6), count: 1 }
    }
}
