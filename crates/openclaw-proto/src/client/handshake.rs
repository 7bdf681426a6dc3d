//! challenge → connect → hello-ok, as it concerns the client.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Client, Ending, Notice, Output, State, Trigger, readiness};
use crate::connect::{Challenge, Hello, HelloError, PolicyField, missing_scopes};
use crate::connection::{Connecting, Down, Handshake, HandshakeStep, Phase, TimerKind};
use crate::credentials::Choice;
use crate::device::{DeviceIdentity, Proof, SignError, SigningPayload};
use crate::record::Told;
use crate::request::{Outcome, RequestId, Stray};
use crate::time::Now;

impl<W: Clone, T: AsRef<str>> Client<W, T> {
    pub(super) fn challenged(&mut self, now: Now, challenge: Option<Challenge>) {
        let Some(connection) = &mut self.connection else { return };
        let first = match &connection.phase {
            Phase::Handshaking(Handshake::AwaitingChallenge) => true,
            Phase::Handshaking(Handshake::AwaitingHello { .. }) => false,
            Phase::Dialing | Phase::Ready(_) => {
                self.stats.surplus_challenges += 1;
                return self.notice(Notice::ChallengeAfterHello);
            }
        };
        // Once `connect` is on its way a newer nonce comes too late; until then it replaces the older one.
        let unsent = connection.has_connect_frame();
        if !first {
            self.stats.surplus_challenges += 1;
            self.notice(Notice::SecondChallenge);
        }
        match challenge {
            None if first => {
                let ending = Ending::Close(1008, "connect challenge without nonce");
                self.down(now, Down::ChallengeWithoutNonce, &ending);
            }
            // A newer challenge that cannot be answered takes nothing from the older one.
            Some(challenge) if !first && challenge.ts.is_none() && self.config.device.is_some() => {}
            Some(challenge) if first || unsent => self.connect(now, &challenge),
            _ => {}
        }
    }

    /// Answers a challenge.
    fn connect(&mut self, now: Now, challenge: &Challenge) {
        let id = RequestId::of_connect(self.connections, self.rng.next_u64());
        let again = self.connection.as_mut().and_then(|connection| connection.connecting.take());
        let (choice, offered) = self.choose(again.as_ref().map(|again| &again.offered));
        let proof = match (self.config.device.clone(), challenge.ts) {
            (None, _) => None,
            (Some(_), None) => return self.down(now, Down::ChallengeWithoutTime, &Ending::Close(1000, "")),
            (Some(device), Some(signed_at)) => match self.prove(&device, signed_at, &challenge.nonce, &choice) {
                Ok(proof) => Some(proof),
                Err(error) => return self.down(now, Down::NotSigned(error), &Ending::Close(1000, "")),
            },
        };
        let frame = self.config.connect.encode(id, &choice, proof.as_ref());
        let (size, limit) = (frame.len(), self.config.limits.connect_frame);
        if size > limit {
            self.down(now, Down::ConnectTooLarge { size, limit }, &Ending::Close(1000, ""));
            return;
        }
        let deadline = now.mono.after(self.config.timeouts.connect);
        if let Some(connection) = &mut self.connection {
            // The deadline runs from the first challenge; another one may replace the nonce but buys no time.
            if matches!(connection.phase, Phase::Handshaking(Handshake::AwaitingChallenge)) {
                connection.timers.clear(TimerKind::Challenge);
                connection.timers.set(TimerKind::Connect, deadline);
            }
            connection.phase = Phase::Handshaking(Handshake::AwaitingHello { connect: id });
            connection.connecting = Some(Box::new(Connecting { frame: Some(frame), offered }));
        }
    }

    /// The device's proof over what this connect says.
    fn prove(&mut self, device: &DeviceIdentity, at: u64, nonce: &str, choice: &Choice) -> Result<Proof, SignError> {
        let payload = SigningPayload {
            device: device.id(),
            client: &self.config.connect.client,
            role: &self.config.connect.role,
            scopes: &choice.scopes,
            signed_at: at,
            token: choice.signed_token(),
            nonce,
        };
        let signature = match &mut self.tape {
            Some(tape) => taped(tape.pop_front()),
            None => device.sign(&payload),
        };
        if let Some(log) = &mut self.log {
            log.signed(&signature);
        }
        Ok(Proof::new(device, &signature?, at, nonce))
    }

    pub(super) fn handshake(&mut self, now: Now, step: HandshakeStep, id: String) {
        match step {
            HandshakeStep::NotForConnect => self.stray(Stray::Foreign, id),
            HandshakeStep::Hello(hello, odd) => self.ready(now, hello, odd),
            HandshakeStep::Failed(down) => {
                let ending = match &down {
                    Down::InvalidHello(HelloError::ProtocolNotOffered { .. }) => {
                        Ending::Close(1002, "protocol not offered")
                    }
                    Down::Refused(_) => Ending::Close(1008, "connect failed"),
                    _ => Ending::Close(1008, "invalid hello"),
                };
                self.down(now, down, &ending);
            }
        }
    }

    fn ready(&mut self, now: Now, hello: Hello, odd: Vec<PolicyField>) {
        let silence = self.silence_limit(&hello);
        let hello = Arc::new(hello);
        let Some(connection) = &mut self.connection else { return };
        let offered = connection.connecting.take().map(|connecting| connecting.offered);
        connection.timers.clear(TimerKind::Connect);
        connection.phase = Phase::Ready(Arc::clone(&hello));
        connection.alive(now.mono, silence);
        if self.backoff.attempts() > 0 {
            connection.timers.set(TimerKind::Stable, now.mono.after(self.config.backoff.stable_after));
        }
        let conn = connection.id;
        self.stats.hellos += 1;
        if self.advance(Trigger::Hello) {
            self.outputs.push_back(Output::State(State::Ready { conn, hello: Arc::clone(&hello) }));
        }
        for field in odd {
            self.notice(Notice::PolicyOutOfRange(field));
        }
        let asked = self.welcomed(offered, &hello);
        if let Some(granted) = hello.scopes() {
            let missing = missing_scopes(&asked, granted);
            if !missing.is_empty() {
                self.notice(Notice::ScopeShortfall { granted: granted.to_vec(), missing });
            }
        }
        self.send_waiting(&hello);
    }

    /// What waited for a gateway is queued for this one.
    pub(super) fn send_waiting(&mut self, hello: &Hello) {
        for (waiter, why) in self.requests.connection_ready(readiness(hello)) {
            self.outputs.push_back(Output::Completed { waiter, outcome: Outcome::NotSent(why) });
        }
    }
}

/// What the signer returned when the log was written.
fn taped(told: Option<Told>) -> Result<[u8; 64], SignError> {
    match told {
        Some(Told::Signed(signature)) => signature,
        _ => Err(SignError::new("the log holds no signature here")),
    }
}
