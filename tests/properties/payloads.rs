//! A payload reaches the application as the gateway wrote it, byte for byte, and params the gateway as written.

use openclaw_proto::{Outcome, Request};
use openclaw_tests::{Drive, event, refusal, response};
use proptest::prelude::*;

use crate::config;
use crate::json;

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn of_an_event(payload in json::value(), space in json::space()) {
        let mut d = Drive::ready();
        d.text(&event("made.up", 1, &format!("{space}{payload}{space}")));
        let events = d.events();
        prop_assert_eq!(events.len(), 1);
        prop_assert_eq!(events[0].payload(), Some(payload.as_str()));
        prop_assert_eq!(events[0].name(), "made.up");
    }

    #[test]
    fn of_an_answer_and_of_its_acceptance(payload in json::value(), accepted in json::value()) {
        let mut d = Drive::ready();
        d.request("agent", 1).unwrap();
        let frame = d.frame();
        d.text(&response(&frame, &format!(r#"{{"status":"accepted","x":{accepted}}}"#)));
        d.text(&response(&frame, &payload));
        let mut outcomes = d.outcomes();
        prop_assert_eq!(outcomes.len(), 1);
        match outcomes.remove(0) {
            (1, Outcome::Replied(Some(replied))) => prop_assert_eq!(replied.as_str(), payload),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn of_a_refusal(details in json::value()) {
        let mut d = Drive::ready();
        d.request("health", 1).unwrap();
        let frame = d.frame();
        let error = format!(r#"{{"code":"X","details":{details}}}"#);
        d.text(&refusal(&frame, &error));
        match d.outcomes().remove(0) {
            (1, Outcome::Rejected(rejected)) => {
                prop_assert_eq!(&rejected.error.body, &error);
                prop_assert_eq!(rejected.error.details(), Some(details.as_str()).filter(|details| *details != "null"));
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn of_a_request(params in json::value(), space in json::space()) {
        let mut d = Drive::ready();
        let request = Request::with_raw_params("m", &format!("{space}{params}{space}")).unwrap();
        let id = d.submit(request, 1).unwrap().to_string();
        let frame = d.frame();
        prop_assert_eq!(&frame, &format!(r#"{{"type":"req","id":"{id}","method":"m","params":{params}}}"#));
    }
}
