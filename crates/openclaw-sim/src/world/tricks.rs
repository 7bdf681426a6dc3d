//! Tricks of a gateway in the terms of the testkit.

use std::time::Duration;

use openclaw_testkit::{Effect, Fault, HttpRefusal, Point};
use serde_json::json;

use crate::script::{BadHello, Refusal, Trick};

/// What the testkit's gateway has to be told.
pub(super) fn played(trick: &Trick, times: u32) -> Vec<Fault> {
    let late = |ms: u64| Effect::Delay(Duration::from_millis(ms));
    let close = |code: u16| Effect::Close { code, reason: "a trick".into() };
    let challenge = |payload: &str| format!(r#"{{"type":"event","event":"connect.challenge","payload":{payload}}}"#);
    let (point, effect) = match trick {
        Trick::NoChallenge => (Point::Challenge, Effect::Withhold),
        Trick::LateChallenge { ms } => (Point::Challenge, late(*ms)),
        Trick::EmptyChallenge => (Point::Challenge, Effect::Replace(challenge(r#"{"nonce":""}"#))),
        Trick::TimelessChallenge => (Point::Challenge, Effect::Replace(challenge(r#"{"nonce":"n"}"#))),
        Trick::TwoChallenges => (Point::Challenge, Effect::Duplicate),
        Trick::ChallengeAfterHello => (Point::AfterHello, Effect::Inject(challenge(r#"{"nonce":"n"}"#))),
        Trick::RefuseUpgrade { status, retry_after } => {
            let refusal = HttpRefusal::new(*status, "a trick");
            let refusal = match retry_after {
                Some(after) => refusal.header("Retry-After", after.to_string()),
                None => refusal,
            };
            (Point::Upgrade, Effect::Refuse(refusal))
        }
        Trick::CloseAtConnect { code } => (Point::Connect, close(*code)),
        Trick::CutAtConnect => (Point::Connect, Effect::Abort),
        Trick::RefuseConnect { refusal } => return refuse(*refusal, times),
        Trick::NoHello => (Point::Hello, Effect::Withhold),
        Trick::LateHello { ms } => (Point::Hello, late(*ms)),
        Trick::BadHello { how } => (Point::Hello, bad_hello(*how)),
        Trick::HelloTick { ms } => (Point::Hello, Effect::MergeHello(json!({"policy": {"tickIntervalMs": ms}}))),
        Trick::FewerScopes => (Point::Hello, Effect::MergeHello(json!({"auth": {"scopes": ["operator.read"]}}))),
        Trick::CloseAfterHello { code } => (Point::AfterHello, close(*code)),
        Trick::AnswerTwice => (Point::AnyResponse, Effect::Duplicate),
        Trick::AnswerLate { ms } => (Point::AnyResponse, late(*ms)),
        Trick::AnswerNever => (Point::AnyResponse, Effect::Withhold),
        Trick::AnswerUnreadable => {
            (Point::AnyResponse, Effect::Replace(r#"{"type":"res","id":$id,"ok":"yes"}"#.into()))
        }
        Trick::AnswerRestarting => {
            let error = json!({
                "code": "UNAVAILABLE",
                "message": "unavailable during gateway restart",
                "retryable": true,
                "retryAfterMs": 1_000,
                "details": {"reason": "gateway-restarting"},
            });
            (Point::AnyResponse, Effect::Replace(format!(r#"{{"type":"res","id":$id,"ok":false,"error":{error}}}"#)))
        }
        Trick::AnswerForeign => {
            let foreign = r#"{"type":"res","id":"018f2c7a-1111-8222-8333-444455556666","ok":true,"payload":{}}"#;
            (Point::AnyResponse, Effect::Inject(foreign.into()))
        }
        Trick::AnswerUnattributed => {
            let mumbled =
                r#"{"type":"res","id":"invalid","ok":false,"error":{"code":"INVALID_REQUEST","message":"?"}}"#;
            (Point::AnyResponse, Effect::Inject(mumbled.into()))
        }
        Trick::EventsSkipped { count } => (Point::AnyEvent, Effect::SkipSeq(*count)),
        Trick::EventLost => (Point::AnyEvent, Effect::Withhold),
        Trick::EventOdd => {
            let odd = r#"{"type":"event","event":"odd","seq":"three","stateVersion":7,"payload":null}"#;
            (Point::AnyEvent, Effect::Inject(odd.into()))
        }
        Trick::Mute => (Point::AnyFrame, Effect::StopWriting),
        Trick::Deaf => (Point::AnyFrame, Effect::StopReading),
    };
    vec![Fault::new(point, effect).times(times)]
}

fn bad_hello(how: BadHello) -> Effect {
    match how {
        BadHello::NoProtocol => Effect::MergeHello(json!({"protocol": null})),
        BadHello::OtherProtocol => Effect::MergeHello(json!({"protocol": 9})),
        BadHello::NotAnObject => Effect::Replace(r#"{"type":"res","id":$id,"ok":true,"payload":[4]}"#.into()),
        BadHello::WrongType => Effect::MergeHello(json!({"type": "goodbye"})),
        BadHello::NoVerdict => Effect::Replace(r#"{"type":"res","id":$id,"ok":1}"#.into()),
    }
}

/// The gateway answers the connect itself and lets the connection be.
fn refuse(refusal: Refusal, times: u32) -> Vec<Fault> {
    let body = match refusal {
        Refusal::Pairing => {
            json!({"code": "NOT_PAIRED", "message": "pairing required", "details": {"code": "PAIRING_REQUIRED"}})
        }
        Refusal::PairingWait => json!({
            "code": "NOT_PAIRED",
            "message": "pairing required",
            "details": {"code": "PAIRING_REQUIRED", "recommendedNextStep": "wait_then_retry", "retryAfterMs": 2_000},
        }),
        Refusal::ProtocolInWords => json!({"code": "INVALID_REQUEST", "message": "protocol mismatch"}),
        Refusal::Device => json!({"code": "NOT_PAIRED", "message": "no", "details": {"code": "DEVICE_AUTH_INVALID"}}),
        Refusal::Unknown => json!({"code": "OUT_OF_COFFEE", "message": "no"}),
        Refusal::RateLimited => {
            json!({"code": "INVALID_REQUEST", "message": "no", "details": {"code": "AUTH_RATE_LIMITED"}})
        }
        Refusal::RateLimitedFor => json!({
            "code": "INVALID_REQUEST",
            "message": "no",
            "retryAfterMs": 2_500,
            "details": {"code": "AUTH_RATE_LIMITED"},
        }),
        Refusal::RetryAfter => {
            json!({"code": "UNAVAILABLE", "message": "no", "retryable": true, "retryAfterMs": 3_500.5})
        }
        Refusal::Forbidden => json!({"code": "FORBIDDEN", "message": "no"}),
        Refusal::Mumbled => {
            let text = r#"{"type":"res","id":"invalid","ok":false}"#.to_owned();
            return answered(text, times);
        }
    };
    answered(format!(r#"{{"type":"res","id":$id,"ok":false,"error":{body}}}"#), times)
}

fn answered(text: String, times: u32) -> Vec<Fault> {
    vec![
        Fault::new(Point::Connect, Effect::Inject(text)).times(times),
        Fault::new(Point::Connect, Effect::Withhold).times(times),
    ]
}
