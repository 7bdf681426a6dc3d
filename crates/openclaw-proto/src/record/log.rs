//! The log of a client that is being recorded.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;

use super::line::Line;
use super::mask::Mask;
use super::ring::Ring;
use super::tape::{self, TokenVerdict, Told};
use super::{Keep, RecordLimit, header, input};
use crate::client::{ClientConfig, Input, Output, Transmit};
use crate::connect::Auth;
use crate::connection::{ConnId, TimerKind};
use crate::credentials::StoredToken;
use crate::device::SignError;
use crate::frame::Request;
use crate::request::{NotSent, Outcome, RequestId};
use crate::secret::Secret;
use crate::time::Now;

const LIMIT_REACHED: &str = r#"{"end":"limit"}"#;

/// What has been recorded, and what is known of secrets.
pub(crate) struct Log {
    lines: Lines,
    mask: Mask,
    ended: bool,
}

enum Lines {
    /// Lines that wait to be taken.
    First {
        waiting: VecDeque<String>,
        /// What is left of the limit, the last line's room already taken off.
        room: usize,
    },
    /// Lines that wait for the end.
    Last(Ring),
}

impl Log {
    pub(crate) fn new(config: &ClientConfig, seed: [u8; 32], limit: RecordLimit) -> Self {
        let mask = Mask::new(config);
        let header = header::encode(config, seed, &mask);
        match limit.keep {
            Keep::First => {
                let room = limit.bytes.saturating_sub(LIMIT_REACHED.len() + 1);
                let mut log = Self { lines: Lines::First { waiting: VecDeque::new(), room }, mask, ended: false };
                log.push(header);
                log
            }
            Keep::Last => {
                let mut ring = Ring::new(limit.bytes);
                ring.set_first(header);
                Self { lines: Lines::Last(ring), mask, ended: false }
            }
        }
    }

    pub(crate) fn poll(&mut self) -> Option<String> {
        match &mut self.lines {
            Lines::First { waiting, .. } => waiting.pop_front(),
            Lines::Last(ring) if self.ended => ring.pop(),
            Lines::Last(_) => None,
        }
    }

    /// What a ring holds, if this is one and nobody has taken it.
    pub(crate) fn text(&self) -> Option<String> {
        match &self.lines {
            Lines::First { .. } => None,
            Lines::Last(ring) => Some(ring.text()).filter(|text| !text.is_empty()),
        }
    }

    /// Start, nudge, shutdown: they consist of their time.
    pub(crate) fn called(&mut self, kind: &str, now: Now) {
        self.write(|_| Line::input(kind, Some(now)).finish());
    }

    /// The timer that is due is for readers; a replay finds it out.
    pub(crate) fn timeout(&mut self, now: Now, due: Option<TimerKind>) {
        let due = due.map(|due| format!("{due:?}"));
        self.write(|_| Line::input("timeout", Some(now)).optional("due", due.as_ref()).finish());
    }

    pub(crate) fn input<T: AsRef<str>>(&mut self, now: Now, conn: ConnId, input: &Input<T>) {
        self.write(|mask| input::encode_input(now, conn, input, mask));
    }

    /// What the signer returned.
    pub(crate) fn signed(&mut self, signature: &Result<[u8; 64], SignError>) {
        let told = Told::Signed(signature.clone());
        self.write(|mask| tape::encode(&told, mask));
    }

    /// What an issued token turned out to be.
    pub(crate) fn token_verdict(&mut self, verdict: TokenVerdict) {
        self.write(|mask| tape::encode(&Told::Token(verdict), mask));
    }

    /// A token came from the store.
    pub(crate) fn stored_token(&mut self, token: Option<&StoredToken>) {
        if let Some(stored) = token {
            self.learn(&stored.token);
        }
        self.write(|mask| input::encode_stored(token, mask));
    }

    /// Other credentials were configured.
    pub(crate) fn auth(&mut self, auth: &Auth) {
        auth.fields().filter_map(|(_, secret)| secret).for_each(|secret| self.mask.learn(secret));
        self.write(|mask| Line::input("auth", None).raw("auth", &mask.json(&header::encode_auth(auth))).finish());
    }

    /// From here on this is masked wherever it occurs.
    pub(crate) fn learn(&mut self, secret: &Secret) {
        self.mask.learn(secret.expose());
    }

    /// The beginning of a request's line; none when nothing more is recorded.
    pub(crate) fn request(&self, now: Now, request: &Request) -> Option<Line> {
        (!self.ended).then(|| input::encode_request(now, request, &self.mask))
    }

    pub(crate) fn requested(&mut self, line: Line, result: Result<RequestId, &NotSent>) {
        self.write(|mask| line.value("got", &input::answer_of(result, mask)).finish());
    }

    pub(crate) fn cancelled(&mut self, id: RequestId, found: bool) {
        self.write(|_| Line::input("cancel", None).value("id", &format!("{id}")).value("got", &found).finish());
    }

    pub(crate) fn transmit(&mut self, now: Now, transmit: &Transmit) {
        self.write(|mask| {
            let frame = Line::new().value("conn", &transmit.conn.0).value("text", &mask.json(&transmit.text)).finish();
            Line::new().raw("tx", &frame).now(now).finish()
        });
    }

    pub(crate) fn output<W, T: AsRef<str>>(&mut self, output: &Output<W, T>) {
        self.write(|mask| Line::new().value("out", &mask.text(&describe(output))).finish());
    }

    /// The recording ends here, and `left` outputs were not taken.
    pub(crate) fn end(&mut self, left: usize) {
        self.write(|_| Line::new().value("end", "done").value("left", &left).finish());
        self.ended = true;
    }

    fn write(&mut self, line: impl FnOnce(&Mask) -> String) {
        if !self.ended {
            let line = line(&self.mask);
            self.push(line);
        }
    }

    fn push(&mut self, line: String) {
        match &mut self.lines {
            Lines::First { waiting, room } => match room.checked_sub(line.len() + 1) {
                Some(left) => {
                    *room = left;
                    waiting.push_back(line);
                }
                None => {
                    self.ended = true;
                    waiting.push_back(LIMIT_REACHED.into());
                }
            },
            Lines::Last(ring) => ring.push(line),
        }
    }
}

/// An output as a log shows it: what `Debug` says, for texts that need not be `Debug` themselves.
pub(crate) fn describe<W, T: AsRef<str>>(output: &Output<W, T>) -> String {
    match output {
        Output::Dial { conn, plan, deadline } => format!("Dial({conn:?}, {plan:?}, until {deadline:?})"),
        Output::Close { conn, code, reason } => format!("Close({conn:?}, {code}, {reason:?})"),
        Output::Abort { conn } => format!("Abort({conn:?})"),
        Output::Accepted { id, payload, .. } => format!("Accepted({id}, {payload:?})"),
        Output::Completed { outcome, .. } => match outcome {
            Outcome::Replied(payload) => format!("Completed(Replied({payload:?}))"),
            Outcome::Rejected(why) => {
                format!("Completed(Rejected({:?}, {:?}, accepted: {}))", why.error, why.payload, why.accepted)
            }
            Outcome::NotSent(why) => format!("Completed(NotSent({why:?}))"),
            Outcome::TimedOut { sent } => format!("Completed(TimedOut(sent: {sent}))"),
            Outcome::OutcomeUnknown(down) => format!("Completed(OutcomeUnknown({down:?}))"),
            Outcome::UnreadableAnswer => "Completed(UnreadableAnswer)".into(),
        },
        Output::Event(event) => format!("{event:?}"),
        Output::State(state) => format!("State({state:?})"),
        Output::TokenIssued { key, token } => format!("TokenIssued({key:?}, {token:?})"),
        Output::TokenRejected { key, .. } => format!("TokenRejected({key:?})"),
        Output::Notice(notice) => format!("Notice({notice:?})"),
    }
}
