//! From a transport's report to what it means.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::io::{Event, Input, Name, Output};
use super::omen::Omen;
use super::{Client, Ending, Notice, State, Trigger};
use crate::connect::Challenge;
use crate::connection::{ConnId, Down, Handshake, HandshakeStep, Phase, TimerKind, challenge};
use crate::error::GatewayError;
use crate::frame::{Envelope, FrameError, Kind, Oddity, RequestFrame, ResponseFrame, ResponseId, Verdict};
use crate::json::RawObject;
use crate::payload::Payload;
use crate::request::{Answer, Outcome, Rejected, Stray};
use crate::span::Span;
use crate::time::Now;

/// What a text turned out to be, free of it so that it can move into an output.
enum Read<W> {
    Challenge(Option<Challenge>),
    Event(About),
    Handshake(HandshakeStep, String, Vec<Oddity>),
    Answer(Answer<W>, Answered),
    Unattributed(GatewayError),
    Malformed(FrameError),
}

/// What is kept of an event beside its text.
struct About {
    seq: Option<u64>,
    name: Name,
    payload: Span,
    state_version: Span,
    recipient: Span,
    omen: Option<Omen>,
    oddities: Vec<Oddity>,
}

/// What is kept of a response beside its text.
struct Answered {
    /// Shown where nobody waits for it, else empty.
    id: String,
    verdict: Verdict,
    payload: Option<Span>,
    /// Boxed, since it is rare and large.
    error: Option<Box<GatewayError>>,
    oddities: Vec<Oddity>,
}

impl<W: Clone, T: AsRef<str>> Client<W, T> {
    /// Takes in what the transport reports of connection `conn`.
    ///
    /// Inputs of any other than the present connection are counted and change nothing.
    pub fn handle_input(&mut self, now: Now, conn: ConnId, input: Input<T>) {
        if let Some(log) = &mut self.log {
            log.input(now, conn, &input);
        }
        self.observe_clocks(now);
        let gone = matches!(input, Input::Closed { .. } | Input::Failed(_));
        if self.closing.is_some_and(|closing| closing.conn == conn) {
            if gone {
                self.closed();
            }
            return;
        }
        if self.connection.as_ref().is_none_or(|connection| connection.id != conn) {
            self.stats.stale_inputs += 1;
            return;
        }
        match input {
            Input::Opened => self.opened(now),
            Input::Text(text) => self.text(now, text),
            Input::Binary { len } => {
                self.alive(now);
                self.stats.binary += 1;
                self.notice(Notice::Binary { len });
            }
            Input::Alive { bytes_in, bytes_out } => self.progress(now, bytes_in, bytes_out),
            Input::Flushed => {
                if let Some(connection) = &mut self.connection {
                    connection.flushed();
                }
            }
            Input::Closed { code, reason } => {
                let after_hello = self.hello().is_some();
                self.down(now, Down::Closed { code, reason, after_hello }, &Ending::Gone);
            }
            Input::Failed(error) => self.down(now, Down::Transport(error), &Ending::Gone),
        }
    }

    fn opened(&mut self, now: Now) {
        let limit = self.config.timeouts.challenge;
        let Some(connection) = self.connection.as_mut().filter(|c| matches!(c.phase, Phase::Dialing)) else { return };
        connection.timers.clear(TimerKind::Dial);
        connection.timers.set(TimerKind::Challenge, now.mono.after(limit));
        connection.phase = Phase::Handshaking(Handshake::AwaitingChallenge);
        let conn = connection.id;
        if self.advance(Trigger::Opened) {
            self.outputs.push_back(Output::State(State::Handshaking { conn }));
        }
    }

    fn alive(&mut self, now: Now) {
        let Some(limit) = self.hello().map(|hello| self.silence_limit(hello)) else { return };
        if let Some(connection) = &mut self.connection {
            connection.alive(now.mono, limit);
        }
    }

    fn progress(&mut self, now: Now, bytes_in: u64, bytes_out: u64) {
        let silence = self.hello().map(|hello| self.silence_limit(hello)).unwrap_or_default();
        let stall = self.config.timeouts.write_stall;
        if let Some(connection) = &mut self.connection {
            connection.progress(now.mono, bytes_in, bytes_out, silence, stall);
        }
    }

    pub(super) fn notice(&mut self, notice: Notice) {
        self.outputs.push_back(Output::Notice(notice));
    }

    fn odd(&mut self, oddities: Vec<Oddity>) {
        for oddity in oddities {
            self.stats.odd += 1;
            self.notice(Notice::Odd(oddity));
        }
    }

    fn text(&mut self, now: Now, text: T) {
        self.alive(now);
        self.stats.frames_in += 1;
        let (size, limit) = (text.as_ref().len(), self.config.limits.inbound_frame.min(Span::LIMIT));
        if size > limit {
            self.down(now, Down::FrameTooLarge { size, limit }, &Ending::Close(1009, "frame too large"));
            return;
        }
        match self.read(now, text.as_ref()) {
            Read::Event(about) => self.event(now, text, about),
            Read::Answer(answer, answered) => self.answered(now, text, answer, answered),
            Read::Challenge(challenge) => self.challenged(now, challenge),
            Read::Handshake(step, id, oddities) => {
                self.odd(oddities);
                self.handshake(now, step, id);
            }
            Read::Unattributed(error) => {
                self.stats.unattributed_errors += 1;
                self.notice(Notice::UnattributedError(Box::new(error)));
            }
            Read::Malformed(error) => {
                self.stats.malformed += 1;
                self.notice(Notice::Malformed { error, len: size });
            }
        }
    }

    #[inline(always)]
    fn read(&mut self, now: Now, text: &str) -> Read<W> {
        let mut envelope = Envelope::new(text);
        if let Err(error) = envelope.fill() {
            return Read::Malformed(error);
        }
        match envelope.kind() {
            Ok(Kind::Event) => read_event(&envelope),
            Ok(Kind::Response) => match self.connection.as_ref().map(|c| &c.phase) {
                Some(Phase::Handshaking(handshake)) => {
                    let response = ResponseFrame::of(&envelope);
                    let step = handshake.response(&response, &self.config.connect);
                    Read::Handshake(step, shown_id(&response.id), response.oddities)
                }
                _ => self.correlate(now, &envelope),
            },
            Ok(Kind::Request) => {
                Read::Malformed(RequestFrame::of(&envelope).err().unwrap_or(FrameError::RequestFromGateway))
            }
            Err(error) => Read::Malformed(error),
        }
    }

    #[inline(always)]
    fn correlate(&mut self, now: Now, envelope: &Envelope<'_>) -> Read<W> {
        let mut oddities = Vec::new();
        let verdict = envelope.verdict(&mut oddities);
        let id = envelope.response_id();
        let answer = match &id {
            ResponseId::Text(id) if !matches!(&**id, "" | "invalid") => {
                let says_accepted = || verdict == Verdict::Ok && says_accepted(envelope.payload());
                self.requests.answer(now.mono, id, says_accepted)
            }
            // The gateway could not read the id of some request of ours; nobody can say of which.
            _ if verdict == Verdict::Error => return Read::Unattributed(error_of(envelope)),
            _ => Answer::Stray(Stray::Foreign),
        };
        let answered = Answered {
            id: if matches!(answer, Answer::Stray(_)) { shown_id(&id) } else { String::new() },
            verdict,
            payload: envelope.payload_place().map(Span::of),
            error: (verdict == Verdict::Error).then(|| Box::new(error_of(envelope))),
            oddities,
        };
        Read::Answer(answer, answered)
    }

    #[inline(always)]
    fn event(&mut self, now: Now, text: T, about: About) {
        self.odd(about.oddities);
        let Some(connection) = &mut self.connection else { return };
        self.stats.events += 1;
        self.outputs.push_back(Output::Event(Event {
            conn: connection.id,
            seq: about.seq,
            sequence: connection.watermark.observe(about.seq),
            received: now,
            name: about.name,
            payload: about.payload,
            state_version: about.state_version,
            recipient: about.recipient,
            text,
        }));
        match about.omen {
            Some(Omen::Going(hint)) => self.drain(now, hint),
            Some(Omen::Staying) => self.resume(),
            None => {}
        }
    }

    fn answered(&mut self, now: Now, text: T, answer: Answer<W>, answered: Answered) {
        self.odd(answered.oddities);
        let payload = answered.payload.map(|span| Payload::new(text, span));
        let (waiter, accepted) = match answer {
            Answer::Stray(stray) => return self.stray(stray, answered.id),
            Answer::Accepted { waiter, id } => {
                self.stats.responses += 1;
                self.outputs.push_back(Output::Accepted { waiter, id, payload });
                return;
            }
            Answer::Final { waiter, accepted } => (waiter, accepted),
        };
        self.stats.responses += 1;
        // A gateway that stops may say so only by refusing.
        let going = answered.error.as_ref().filter(|error| error.says_gateway_is_going());
        let going = going.map(|error| error.retry_after);
        let outcome = match answered.verdict {
            Verdict::Ok => Outcome::Replied(payload),
            Verdict::Error => Outcome::Rejected(Box::new(Rejected {
                error: answered.error.map_or_else(GatewayError::without_body, |error| *error),
                payload,
                accepted,
            })),
            Verdict::Unreadable => Outcome::UnreadableAnswer,
        };
        self.outputs.push_back(Output::Completed { waiter, outcome });
        if let Some(hint) = going {
            self.drain(now, hint);
        }
    }

    pub(super) fn stray(&mut self, stray: Stray, id: String) {
        let counter = match stray {
            Stray::Duplicate => &mut self.stats.duplicate_responses,
            Stray::Late => &mut self.stats.late_responses,
            Stray::Stale => &mut self.stats.stale_responses,
            Stray::Foreign => &mut self.stats.foreign_responses,
        };
        *counter += 1;
        self.notice(Notice::StrayResponse { stray, id });
    }
}

#[inline(always)]
fn read_event<W>(envelope: &Envelope<'_>) -> Read<W> {
    let (place, name) = match envelope.event() {
        Ok(event) => event,
        Err(error) => return Read::Malformed(error),
    };
    if name == "connect.challenge" {
        return Read::Challenge(challenge(envelope.payload()));
    }
    let mut oddities = Vec::new();
    Read::Event(About {
        seq: envelope.seq(&mut oddities),
        payload: Span::of_optional(envelope.payload_place()),
        state_version: Span::of_optional(envelope.state_version_place(&mut oddities)),
        recipient: Span::of_optional(envelope.recipient_place()),
        omen: Omen::of(&name, || envelope.payload()),
        name: match name {
            Cow::Borrowed(_) => Name::In(Span::of(place)),
            Cow::Owned(name) => Name::Owned(name.into()),
        },
        oddities,
    })
}

fn error_of(envelope: &Envelope<'_>) -> GatewayError {
    envelope.error().map_or_else(GatewayError::without_body, GatewayError::parse)
}

fn says_accepted(payload: Option<&str>) -> bool {
    payload.and_then(RawObject::parse).and_then(|p| p.string("status")).as_deref() == Some("accepted")
}

/// An id for a notice: it is the peer's text, so it is bounded.
fn shown_id(id: &ResponseId<'_>) -> String {
    let text = match id {
        ResponseId::Text(text) => text,
        ResponseId::Other(raw) => *raw,
        ResponseId::Missing => "",
    };
    text.chars().take(64).collect()
}
