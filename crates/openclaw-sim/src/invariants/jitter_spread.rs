//! What jitter draws is spread evenly between its bounds: not only within them, which a constant would be, too.

use openclaw_proto::Jitter;

/// How finely draws are told apart.
const PARTS: u8 = 64;
/// With so small a probability an even spread is found uneven: once in 10^12 looks.
const LN_OF_TWO_BY_CHANCE: f64 = 28.32;

/// Where between its bounds a wait of chance fell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Draw {
    part: u8,
    equal: bool,
}

impl Draw {
    /// Of a wait whose jitter drew so much out of so much, in nanoseconds; none where there was nothing to draw.
    #[must_use]
    pub fn of(jitter: Jitter, drew: u128, out_of: u128) -> Option<Self> {
        // A bound of a few nanoseconds has no 64 parts.
        if out_of < 1_000_000 || matches!(jitter, Jitter::None) {
            return None;
        }
        let part = u8::try_from(drew * u128::from(PARTS) / (out_of + 1)).ok()?;
        Some(Self { part, equal: matches!(jitter, Jitter::Equal) })
    }
}

/// Draws, counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draws {
    full: [u64; PARTS as usize],
    equal: [u64; PARTS as usize],
}

impl Default for Draws {
    fn default() -> Self {
        Self { full: [0; PARTS as usize], equal: [0; PARTS as usize] }
    }
}

impl Draws {
    /// Counts one.
    pub fn count(&mut self, draw: Draw) {
        let counts = if draw.equal { &mut self.equal } else { &mut self.full };
        if let Some(count) = counts.get_mut(usize::from(draw.part)) {
            *count += 1;
        }
    }

    /// Takes in what another has counted.
    pub fn add(&mut self, other: &Self) {
        let pairs = [(&mut self.full, &other.full), (&mut self.equal, &other.equal)];
        for (own, theirs) in pairs {
            own.iter_mut().zip(theirs).for_each(|(own, theirs)| *own += theirs);
        }
    }

    /// How many there are, with full jitter and with equal.
    #[must_use]
    pub fn counts(&self) -> [u64; 2] {
        [self.full.iter().sum(), self.equal.iter().sum()]
    }

    /// Whether they are spread evenly, as far as so many can tell: by the inequality of Dvoretzky, Kiefer, Wolfowitz and
    /// Massart, which bounds how far any number of even draws can be from even.
    ///
    /// # Errors
    /// With how they are not.
    pub fn check(&self) -> Result<(), String> {
        even(&self.full).map_err(|how| format!("full jitter: {how}"))?;
        even(&self.equal).map_err(|how| format!("equal jitter: {how}"))
    }
}

fn even(counts: &[u64]) -> Result<(), String> {
    let total: u64 = counts.iter().sum();
    let (mut below, mut expected) = (0_u64, 0.0);
    let allowed = (LN_OF_TWO_BY_CHANCE / 2.0 / float(total.max(1))).sqrt();
    for count in counts {
        below += count;
        expected += 1.0 / f64::from(PARTS);
        let found = float(below) / float(total.max(1));
        if total > 0 && (found - expected).abs() > allowed {
            return Err(format!(
                "of {total} draws {found:.3} are below {expected:.3} of the bound, {allowed:.3} is allowed"
            ));
        }
    }
    Ok(())
}

fn float(count: u64) -> f64 {
    // Counts of draws are far below what a float holds exactly.
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    fn draws(count: u64, mut draw: impl FnMut(&mut Dice) -> u64) -> Draws {
        let (mut dice, mut draws) = (Dice::new(5), Draws::default());
        for _ in 0..count {
            let drew = u128::from(draw(&mut dice));
            Draw::of(Jitter::Full, drew, 10_000_000).into_iter().for_each(|draw| draws.count(draw));
        }
        draws
    }

    #[test]
    fn even_draws_pass_in_any_number_and_others_are_found_out_by_enough_of_them() {
        for count in [0, 1, 10, 100, 10_000, 100_000] {
            draws(count, |dice| dice.below(10_000_001)).check().unwrap();
        }
        for count in [60, 10_000] {
            draws(count, |_| 5_000_000).check().unwrap_err();
        }
        // The sum of two is a triangle, and the lower nine tenths are not the whole.
        draws(10_000, |dice| dice.below(5_000_001) + dice.below(5_000_001)).check().unwrap_err();
        draws(10_000, |dice| dice.below(9_000_001)).check().unwrap_err();
        assert!(Draw::of(Jitter::None, 0, 10_000_000).is_none() && Draw::of(Jitter::Full, 3, 7).is_none());
    }
}
