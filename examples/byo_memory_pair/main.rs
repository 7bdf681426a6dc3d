//! Client and gateway as two state machines in one loop: no socket, no thread, no sleep. A day with a restart, an hour
//! without a gateway and a call every ten minutes passes in milliseconds, and equal seeds give equal days.
//!
//! `cargo run -p openclaw-examples --example byo_memory_pair`
//!
//! There is no network in this program, so no address can be given to it. It is how to test what a program does over days,
//! and it shows the loop with nothing around it: `Day::settle` is all that a host does, and `Day::sleep` is what a real one
//! leaves to the operating system.

mod day;
mod network;

use std::error::Error;

use day::Day;

fn main() -> Result<(), Box<dyn Error>> {
    let begin = std::time::Instant::now();
    let day = Day::live(1)?;
    day.timeline.iter().for_each(|line| println!("{line}"));
    let stats = day.stats();
    println!("{} attempts, {} connections, {} events", stats.dials, stats.hellos, stats.events);
    println!("{:?}", day.tally);
    println!("a day in {:.0?}", begin.elapsed());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_days_and_others_give_others() {
        let [one, same, other] = [1, 1, 2].map(|seed| Day::live(seed).unwrap());
        assert_eq!(one.timeline, same.timeline);
        assert_eq!((one.stats(), one.tally), (same.stats(), same.tally));
        assert_ne!(one.timeline, other.timeline);
    }

    #[test]
    fn every_call_of_a_day_ends_and_the_client_finds_back_every_time() {
        for seed in 0..10 {
            let day = Day::live(seed).unwrap();
            let tally = day.tally;
            assert_eq!(tally.made, 145, "at the day's beginning and every ten minutes, midnight included");
            assert_eq!(tally.made, tally.answered + tally.refused + tally.never_sent + tally.fate_unknown);
            assert_eq!(tally.refused, 1, "one call met the gateway as it was about to restart");
            assert_eq!(tally.fate_unknown, 2, "one was under way at the kill, one at the end");
            assert_eq!(day.stats().hellos, 3);
            assert!(tally.answered > 130, "{tally:?}");
        }
    }
}
