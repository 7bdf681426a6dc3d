//! What is written as a frame is read as that frame, and whatever is no frame is told as such.

use openclaw_proto::frame::{EventFrame, Frame, FrameError, RequestFrame, ResponseFrame, ResponseId, Verdict, parse};
use openclaw_proto::{Request, StateKind};
use openclaw_tests::Drive;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::value::RawValue;

use crate::config;
use crate::json::{self, quoted};

/// Members of an object in any order, with strangers among them.
fn object(members: Vec<(&'static str, String)>) -> impl Strategy<Value = String> {
    let strangers = vec(("[x-z]{1,3}", json::value()), 0..3);
    let shuffled = strangers.prop_flat_map(move |strangers| {
        let known = members.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Just(known.chain(strangers).collect::<Vec<_>>()).prop_shuffle()
    });
    (shuffled, json::space()).prop_map(|(members, space)| {
        let members: Vec<String> =
            members.iter().map(|(name, value)| format!("{space}{}{space}:{space}{value}", quoted(name))).collect();
        format!("{space}{{{}{space}}}{space}", members.join(","))
    })
}

/// Name, payload, sequence number and state version of an event.
type EventParts = (String, Option<String>, Option<u64>, Option<(u64, u64)>);
/// Id, verdict, payload and error of a response.
type ResponseParts = (String, bool, Option<String>, Option<String>);

/// An event's parts and the frame they make.
fn event() -> impl Strategy<Value = (EventParts, String)> {
    let seq = option::of(any::<u64>());
    (".{1,20}", option::of(json::value()), seq, option::of(any::<(u64, u64)>())).prop_flat_map(
        |(name, payload, seq, versions)| {
            let mut members = vec![("type", quoted("event")), ("event", quoted(&name))];
            members.extend(payload.clone().map(|payload| ("payload", payload)));
            members.extend(seq.map(|seq| ("seq", seq.to_string())));
            members.extend(versions.map(|(p, h)| ("stateVersion", format!(r#"{{"presence":{p},"health":{h}}}"#))));
            (Just((name, payload, seq, versions)), object(members))
        },
    )
}

/// A response's parts and the frame they make.
fn response() -> impl Strategy<Value = (ResponseParts, String)> {
    let error = json::string().prop_map(|message| format!(r#"{{"code":"X","message":{message}}}"#));
    (".{0,40}", any::<bool>(), option::of(json::value()), option::of(error)).prop_flat_map(
        |(id, ok, payload, error)| {
            let mut members = vec![("type", quoted("res")), ("id", quoted(&id)), ("ok", ok.to_string())];
            members.extend(payload.clone().map(|payload| ("payload", payload)));
            members.extend(error.clone().map(|error| ("error", error)));
            (Just((id, ok, payload, error)), object(members))
        },
    )
}

/// A frame, damaged in a few places.
fn damaged() -> impl Strategy<Value = String> {
    let whole = prop_oneof![event().prop_map(|(_, text)| text), response().prop_map(|(_, text)| text)];
    let damage = (any::<Index>(), 0_usize..6, proptest::sample::select(&b"\"\\{}[]:, 0eu\n\x00\xff"[..]));
    (whole, vec(damage, 1..4)).prop_map(|(text, damages)| {
        let mut bytes = text.into_bytes();
        for (place, kind, byte) in damages {
            let at = place.index(bytes.len());
            match kind {
                0 => bytes.truncate(at.max(1)),
                1 => drop(bytes.remove(at)),
                2 | 3 => bytes.insert(at, byte),
                _ => bytes[at] = byte,
            }
            if bytes.is_empty() {
                bytes.push(byte);
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Reads a text in both ways there are; neither panics, and they agree on what is JSON.
fn read(text: &str) -> Result<(), TestCaseError> {
    let read = parse(text);
    match serde_json::from_str::<&RawValue>(text) {
        Err(_) => prop_assert!(read.is_err(), "read a frame from what is not JSON: {:?}", text),
        Ok(_) => {
            let no_json = matches!(read, Err(FrameError::NotJson { .. } | FrameError::Truncated));
            prop_assert!(!no_json, "{:?} for JSON: {:?}", read, text);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn an_event_is_read_as_it_was_written(((name, payload, seq, versions), text) in event()) {
        let Ok(Frame::Event(frame)) = parse(&text) else { return Err(TestCaseError::fail(text)) };
        let expected = EventFrame {
            event: name.into(),
            payload: payload.as_deref(),
            seq,
            state_version: versions,
            recipient_profile_id: None,
            oddities: Vec::new(),
        };
        prop_assert_eq!(frame, expected);
    }

    #[test]
    fn a_response_is_read_as_it_was_written(((id, ok, payload, error), text) in response()) {
        let Ok(Frame::Response(ResponseFrame { id: read, verdict, payload: p, error: e, .. })) = parse(&text) else {
            return Err(TestCaseError::fail(text));
        };
        prop_assert_eq!(read, ResponseId::Text(id.into()));
        prop_assert_eq!(verdict, if ok { Verdict::Ok } else { Verdict::Error });
        prop_assert_eq!((p, e), (payload.as_deref(), error.as_deref()));
    }

    #[test]
    fn a_request_is_read_as_it_was_built(
        method in ".{1,20}",
        params in option::of(json::value()),
        trace in option::of(".{0,128}"),
        profile in option::of(".{1,128}"),
    ) {
        let mut request = match &params {
            Some(params) => Request::with_raw_params(&method, params),
            None => Request::new(&method),
        }
        .unwrap();
        if let Some(trace) = &trace {
            request = request.traceparent(trace).unwrap();
        }
        if let Some(profile) = &profile {
            request = request.expected_profile_id(profile).unwrap();
        }
        let len = request.frame_len();
        let mut d = Drive::ready();
        let id = d.submit(request, 1).unwrap().to_string();
        let text = d.frame();
        prop_assert_eq!(text.len(), len);
        let expected = RequestFrame {
            id: id.into(),
            method: method.into(),
            params: params.as_deref().filter(|params| *params != "null"),
            traceparent: trace.map(Into::into),
            expected_profile_id: profile.map(Into::into),
        };
        prop_assert_eq!(parse(&text), Ok(Frame::Request(expected)));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in prop_oneof![".{0,60}", "[\\[\\]{}\":,\\\\0-9eu. trufalsn]{0,60}"]) {
        read(&text)?;
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in vec(any::<u8>(), 0..200)) {
        read(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn a_damaged_frame_is_read_as_json_or_not_at_all(text in damaged()) {
        read(&text)?;
    }

    #[test]
    fn no_text_ends_a_connection_or_goes_unnoticed(texts in vec(damaged(), 1..5)) {
        let mut d = Drive::ready();
        for text in &texts {
            let before = d.outputs.len();
            d.text(text);
            prop_assert!(d.outputs.len() > before, "nothing came of {:?}", text);
        }
        prop_assert!(matches!(d.client.state(), StateKind::Ready | StateKind::Draining));
    }
}
