//! What the model makes of what a gateway says.

use std::time::Duration;

use openclaw_proto::{Now, StateKind, Trigger};
use serde_json::Value;

use super::{Alarm, Cause, Expect, Model, Stage, integer};
use crate::reading::{Answer, Reading, Says, millis};
use crate::watch::Chronicle;

impl Model {
    pub(super) fn hear(&mut self, now: Now, reading: &Reading, known: &Chronicle) {
        let Some(stage) = self.socket.as_ref().map(|socket| socket.stage) else { return };
        match (reading, stage) {
            (Reading::TooLarge, _) => self.down(now, &Cause::Other("FrameTooLarge"), true),
            (Reading::Challenge { nonce: true, time: false }, Stage::Greeting) if self.config.device.is_some() => {
                self.down(now, &Cause::Other("ChallengeWithoutTime"), true);
            }
            (Reading::Challenge { nonce: true, .. }, Stage::Greeting) => self.challenged(now),
            (Reading::Challenge { nonce: false, .. }, Stage::Greeting) => {
                self.down(now, &Cause::Other("ChallengeWithoutNonce"), true);
            }
            (Reading::Event { name, payload, .. }, _) => self.event(now, name, payload),
            (Reading::Answer(answer), Stage::Connecting) => self.connect_answered(now, answer, known),
            (Reading::Answer(answer), Stage::Welcome) => {
                let ours = answer.id.as_deref().is_some_and(|id| known.asked(id).is_some());
                if let Some(hint) = answer.says_farewell().filter(|_| ours) {
                    self.drain(now, hint);
                }
            }
            _ => {}
        }
    }

    fn challenged(&mut self, now: Now) {
        let limit = self.config.timeouts.connect;
        if let Some(socket) = &mut self.socket {
            socket.stage = Stage::Connecting;
            socket.clear(Alarm::Challenge);
            socket.set(Alarm::Connect, now.mono.after(limit));
        }
    }

    fn event(&mut self, now: Now, name: &str, payload: &Value) {
        let text = |key| payload.get(key).and_then(Value::as_str);
        match (name, text("phase")) {
            ("shutdown", _) => self.drain(now, payload.get("restartExpectedMs").and_then(millis)),
            ("gateway.suspension", Some("draining" | "prepared")) => self.drain(now, None),
            ("gateway.suspension", Some("accepting")) => self.resume(),
            _ => {}
        }
    }

    fn drain(&mut self, now: Now, hint: Option<Duration>) {
        let limit = hint.unwrap_or_default() + self.config.timeouts.drain;
        let Some(socket) = &mut self.socket else { return };
        socket.away = socket.away.max(hint);
        socket.set(Alarm::Drain, now.mono.after(limit));
        let (number, away) = (socket.number, socket.away);
        if self.state == StateKind::Ready {
            self.turn(Trigger::Drain, Expect::Draining(number, away));
        }
    }

    fn connect_answered(&mut self, now: Now, answer: &Answer, known: &Chronicle) {
        let ours = answer.id.is_some() && answer.id == known.connect;
        match answer.says {
            Says::No if ours || answer.is_nobodys() => {
                self.down(now, &Cause::Refused(answer.error.clone().unwrap_or_default()), true);
            }
            Says::Unclear if ours => self.down(now, &Cause::Other("UnreadableConnectAnswer"), true),
            Says::Yes if ours => self.hello(now, &answer.payload),
            _ => {}
        }
    }

    fn hello(&mut self, now: Now, payload: &Value) {
        let kind = payload.get("type").filter(|kind| !kind.is_null());
        let right_kind = kind.is_none_or(|kind| kind == "hello-ok");
        let protocol =
            payload.get("protocol").and_then(integer).filter(|version| (1..=u64::from(u32::MAX)).contains(version));
        let offered = u64::from(self.config.connect.protocol.min)..=u64::from(self.config.connect.protocol.max);
        match protocol.filter(|_| right_kind) {
            None => return self.down(now, &Cause::Other("InvalidHello"), true),
            Some(version) if !offered.contains(&version) => return self.down(now, &Cause::OtherProtocol, true),
            Some(_) => {}
        }
        let tick = payload.pointer("/policy/tickIntervalMs").and_then(integer).filter(|ms| *ms > 0).unwrap_or(30_000);
        let (limits, stable) = (self.config.timeouts, self.config.backoff.stable_after);
        let Some(socket) = &mut self.socket else { return };
        socket.stage = Stage::Welcome;
        socket.tick = Duration::from_millis(tick);
        socket.clear(Alarm::Connect);
        socket.set(Alarm::Stable, now.mono.after(stable));
        socket.alive(now.mono, &limits);
        let number = socket.number;
        self.turn(Trigger::Hello, Expect::Ready(number));
    }
}
