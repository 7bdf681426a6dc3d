//! Twenty thousand steps in no particular direction; the model beside the client checks each of them.

use openclaw_tests::Walk;

#[test]
fn every_accepted_request_completes_exactly_once_wherever_the_way_leads() {
    let mut total = std::collections::BTreeMap::new();
    for script in 1..=4 {
        let mut walk = Walk::new([u8::try_from(script).unwrap(); 32], script);
        walk.run(20_000);
        for (what, count) in &walk.tally {
            *total.entry(*what).or_insert(0) += count;
        }
    }
    println!("{total:#?}");
    // A walk that never met one of these would prove nothing about it.
    for what in [
        "accepted by the client",
        "accepted by the gateway",
        "cancelled",
        "ready",
        "stray",
        "replied",
        "rejected",
        "unreadable",
        "outcome unknown",
        "timed out, sent",
        "timed out, unsent",
        "not sent: connection lost",
        "not sent: stopped",
        "not sent: shut down",
        "not sent: frame too large",
        "not sent: profile binding",
        "not sent: too many in flight",
        "refused: not ready",
        "refused: stopped",
        "refused: too many waiting",
        "refused: too many in flight",
        "refused: outgoing full",
        "refused: frame too large",
        "refused: profile binding",
    ] {
        assert!(total.get(what).is_some_and(|count| *count >= 10), "{what}: {:?}", total.get(what));
    }
}
