//! Every end of a connection has a reaction, and every reaction keeps its bounds.

use std::time::Duration;

use openclaw_proto::recovery::{
    CLOSE_CODES, HTTP_STATUSES, PAIRING_POLL_MIN, PauseReason, Reaction, Situation, codes, reaction,
};
use openclaw_proto::{
    ConnId, Down, GatewayError, Input, Jitter, Output, State, StateKind, TransportError, UpgradeRefused,
};
use openclaw_tests::{Drive, challenge, refusal};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::config;
use crate::json::{self, quoted};

/// Codes that are known, and others.
fn code() -> impl Strategy<Value = String> {
    let known: Vec<&'static str> = codes().map(|row| row.code).collect();
    prop_oneof![4 => select(known).prop_map(str::to_owned), 1 => "[A-Z_]{0,20}", 1 => "(AUTH|DEVICE_AUTH)_[A-Z]{1,8}"]
}

/// A text that may say what old gateways say in words.
fn words() -> impl Strategy<Value = String> {
    let known = ["protocol mismatch", "Pairing Required", "pending approval", "device token mismatch"];
    prop_oneof![2 => ".{0,30}", 1 => (".{0,9}", select(known.to_vec())).prop_map(|(before, known)| format!("{before}{known}"))]
}

/// An error body: plausible, or any JSON at all.
fn body() -> impl Strategy<Value = String> {
    let details = (option::of(code()), option::of(code()), option::of(any::<bool>()), option::of(any::<bool>()));
    let error = (option::of(code()), words(), option::of(any::<bool>()), option::of(any::<u32>()), details);
    let plausible = error.prop_map(|(code, message, retryable, after, (detail, reason, device, pause))| {
        let member = |name: &str, value: Option<String>| value.map(|value| format!("{}:{value}", quoted(name)));
        let details = [
            member("code", detail.as_deref().map(quoted)),
            member("reason", reason.as_deref().map(quoted)),
            member("canRetryWithDeviceToken", device.map(|device| device.to_string())),
            member("pauseReconnect", pause.map(|pause| pause.to_string())),
        ];
        let details = format!("{{{}}}", details.into_iter().flatten().collect::<Vec<_>>().join(","));
        let members = [
            member("code", code.as_deref().map(quoted)),
            member("message", Some(quoted(&message))),
            member("retryable", retryable.map(|retryable| retryable.to_string())),
            member("retryAfterMs", after.map(|after| after.to_string())),
            member("details", Some(details)),
        ];
        format!("{{{}}}", members.into_iter().flatten().collect::<Vec<_>>().join(","))
    });
    prop_oneof![4 => plausible, 1 => json::value()]
}

fn situation() -> impl Strategy<Value = Situation> {
    (any::<bool>(), option::of(0_u64..4_000)).prop_map(|(device_token_retry, poll)| {
        let mut situation = Situation::default();
        situation.device_token_retry = device_token_retry;
        situation.pairing_poll = poll.map(Duration::from_secs);
        situation
    })
}

fn close_code() -> impl Strategy<Value = Option<u16>> {
    let known: Vec<Option<u16>> = CLOSE_CODES.iter().map(|row| row.code).collect();
    prop_oneof![select(known), any::<Option<u16>>()]
}

fn status() -> impl Strategy<Value = u16> {
    let known: Vec<u16> = HTTP_STATUSES.iter().map(|row| row.status).collect();
    prop_oneof![select(known), 100_u16..600, any::<u16>()]
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn a_refusal_leads_to_a_bounded_reaction(body in body(), situation in situation()) {
        let error = GatewayError::parse(&body);
        let hint = error.retry_after;
        match reaction(&Down::Refused(error.clone()), &situation) {
            Reaction::Retry { floor, counts } => {
                // What the gateway asks for is never undercut, and nothing longer is made up: the floors of the table
                // are seconds, and a pairing is asked after as often as the application says.
                prop_assert!(hint.is_none_or(|hint| floor >= hint), "{:?} under {:?}", floor, hint);
                let slowest = hint.max(situation.pairing_poll).unwrap_or_default().max(PAIRING_POLL_MIN);
                prop_assert!(floor <= slowest, "{:?} above {:?}", floor, slowest);
                prop_assert!(counts || floor >= Duration::from_millis(500), "a free attempt after {:?}", floor);
            }
            Reaction::RetryWithDeviceToken { after } => {
                prop_assert!(situation.device_token_retry, "the token may not be shown");
                prop_assert_eq!(after, Duration::from_millis(250));
            }
            Reaction::Pause { until, .. } => prop_assert!(until.is_none() || until == hint),
            other => prop_assert!(false, "{:?}", other),
        }
        // Another situation changes nothing for what has to do with neither token nor pairing.
        let calm = reaction(&Down::Refused(error), &Situation::default());
        if let Reaction::Pause { reason: PauseReason::Protocol | PauseReason::Configuration, .. } = calm {
            let mut polled = Situation::default();
            polled.pairing_poll = situation.pairing_poll;
            prop_assert_eq!(reaction(&Down::Refused(GatewayError::parse(&body)), &polled), calm);
        }
    }

    #[test]
    fn a_close_leads_to_a_retry_once_there_was_a_hello(code in close_code(), reason in words(), situation in situation()) {
        let closed = |after_hello| Down::Closed { code, reason: reason.clone(), after_hello };
        match reaction(&closed(true), &situation) {
            Reaction::Retry { floor, .. } => prop_assert!(floor <= Duration::from_secs(60), "{:?}", floor),
            other => prop_assert!(false, "{:?}", other),
        }
        match reaction(&closed(false), &situation) {
            Reaction::Retry { floor, .. } => {
                let slowest = situation.pairing_poll.unwrap_or_default().max(PAIRING_POLL_MIN);
                prop_assert!(floor <= slowest, "{:?}", floor);
            }
            Reaction::Pause { until: None, .. } => {}
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn an_http_status_keeps_to_retry_after(status in status(), after in option::of("[0-9]{0,9}|[a-z ]{0,5}"), situation in situation()) {
        let headers = after.iter().map(|after| ("retry-after".to_owned(), after.clone())).collect();
        let refused = UpgradeRefused::new(status, headers, String::new());
        let hint = after.and_then(|after| after.parse::<u64>().ok()).map(Duration::from_secs);
        prop_assert_eq!(refused.retry_after(), hint);
        match reaction(&Down::Transport(TransportError::UpgradeRefused(refused)), &situation) {
            Reaction::Retry { floor, .. } => prop_assert!(hint.map_or(floor <= Duration::from_secs(60), |hint| floor == hint)),
            Reaction::Pause { until: None, .. } => {}
            other => prop_assert!(false, "{:?}", other),
        }
    }
}

proptest! {
    #![proptest_config(config(300))]

    /// The client does what the table says, with a delay between its floor and its floor and the ceiling.
    #[test]
    fn the_client_keeps_to_the_reaction(body in body(), seed in any::<u8>()) {
        let mut d = Drive::seeded([seed; 32], |c| c.backoff.max_attempts = None);
        let ceiling = d.client.config().backoff.base;
        d.start();
        d.input(Input::Opened);
        d.text(&challenge("n"));
        let connect = d.frame();
        d.text(&refusal(&connect, &body));
        let expected = reaction(&Down::Refused(GatewayError::parse(&body)), &Situation::default());
        match (d.last_state(), expected) {
            (Some(State::Backoff { delay, attempt: 1, .. }), Reaction::Retry { floor, .. }) => {
                prop_assert!((floor..=floor + ceiling).contains(delay), "{:?} after {:?}", delay, floor);
            }
            (Some(State::Paused { reason, until, .. }), Reaction::Pause { reason: r, until: u }) => {
                prop_assert_eq!((*reason, until.is_some()), (r, u.is_some()));
                let now = d.now.mono;
                prop_assert!(until.zip(u).is_none_or(|(until, least)| until.since(now) >= least));
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    /// A gateway that refuses for ever is not asked more often than the backoff allows.
    #[test]
    fn a_gateway_that_only_refuses_is_asked_politely(bodies in proptest::collection::vec(body(), 1..6)) {
        let mut d = Drive::new(|c| {
            c.backoff.max_attempts = None;
            c.backoff.jitter = Jitter::None;
        });
        d.start();
        let mut dials: Vec<(ConnId, Duration)> = Vec::new();
        for body in bodies.iter().cycle().take(12) {
            for output in d.take() {
                if let Output::Dial { conn, .. } = output {
                    dials.push((conn, d.now.mono.elapsed()));
                }
            }
            if d.client.state() != StateKind::Dialing {
                break;
            }
            d.input(Input::Opened);
            d.text(&challenge("n"));
            let connect = d.frame();
            d.text(&refusal(&connect, body));
            d.input(Input::Closed { code: Some(1008), reason: "refused".into() });
            let Some((due, _)) = d.client.poll_timeout() else { break };
            d.advance(due.since(d.now.mono));
        }
        for pair in dials.windows(2) {
            prop_assert!(pair[1].1 - pair[0].1 >= Duration::from_secs(1), "{:?}", dials);
            prop_assert_eq!(pair[1].0.number(), pair[0].0.number() + 1);
        }
    }
}
