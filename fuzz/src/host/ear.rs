//! What a text that came in must lead to, as far as that is about events and answers.

use openclaw_proto::frame::{Frame, ResponseId, Verdict, parse};
use openclaw_proto::{ConnId, Event, Outcome, Output, Sequence};
use openclaw_sim::watch::{Chronicle, Open};

/// Remembers the numbers of events.
#[derive(Debug, Default)]
pub struct Ear {
    conn: Option<ConnId>,
    highest: Option<u64>,
}

impl Ear {
    /// Checks what came of `text`, which came in over `conn`.
    ///
    /// What the frame says is taken from [`parse`], which has a target of its own.
    pub fn heard(&mut self, conn: ConnId, text: &str, outputs: &[Output<u32, String>], known: &Chronicle) {
        let counts = known.conn == Some(conn) && text.len() <= known.config.limits.inbound_frame;
        let frame = parse(text).ok().filter(|_| counts);
        let events: Vec<&Event<String>> = outputs.iter().filter_map(as_event).collect();
        match (&frame, events.as_slice()) {
            (Some(Frame::Event(came)), [event]) if came.event != "connect.challenge" => {
                assert_eq!((event.name(), event.seq, event.conn), (&*came.event, came.seq, conn));
                assert_eq!((event.payload(), event.frame().as_str()), (came.payload, text));
                assert_eq!(event.sequence, self.place(conn, came.seq));
            }
            (Some(Frame::Event(came)), []) if came.event == "connect.challenge" => {}
            (Some(Frame::Event(_)), events) => panic!("{} events of one", events.len()),
            (_, events) => assert!(events.is_empty(), "{events:?} of no event"),
        }
        let response = match &frame {
            Some(Frame::Response(response)) if known.hello => Some(response),
            _ => None,
        };
        let asked = response.and_then(|response| match &response.id {
            ResponseId::Text(id) => known.asked(id),
            _ => None,
        });
        let Some((waiter, open)) = asked else { return answers_nothing(outputs, known) };
        let verdict = response.map(|response| response.verdict);
        let mut results = outputs.iter().filter(|output| is_answer(output));
        match (verdict, results.next()) {
            (Some(Verdict::Ok), Some(Output::Accepted { waiter: told, id, .. })) => {
                assert_eq!((*told, *id), (waiter, open.id));
                assert!(open.facts.two_stage && !open.accepted, "{waiter} is accepted");
            }
            (Some(verdict), Some(Output::Completed { waiter: told, outcome })) => {
                assert_eq!(*told, waiter);
                answers(verdict, outcome, open);
            }
            (_, other) => panic!("an answer for {waiter} led to {other:?}"),
        }
        assert!(results.next().is_none(), "one answer, two results");
    }

    fn place(&mut self, conn: ConnId, seq: Option<u64>) -> Sequence {
        if self.conn.replace(conn) != Some(conn) {
            self.highest = None;
        }
        let Some(seq) = seq else { return Sequence::Unsequenced };
        let highest = self.highest;
        self.highest = highest.max(Some(seq));
        match highest.map(|highest| (seq.checked_sub(highest), highest)) {
            None => Sequence::First,
            Some((None, _)) => Sequence::Regressed,
            Some((Some(0), _)) => Sequence::Duplicate,
            Some((Some(1), _)) => Sequence::Next,
            Some((Some(ahead), _)) => Sequence::Gap { missing: ahead - 1 },
        }
    }
}

/// Whatever else happens, requests do not end with answers or give false account of their sending.
pub fn answers_nothing(outputs: &[Output<u32, String>], known: &Chronicle) {
    for output in outputs {
        assert!(!is_answer(output), "{output:?} without an answer");
        let Output::Completed { waiter, outcome } = output else { continue };
        let Some(open) = known.open.get(waiter) else { continue };
        match outcome {
            Outcome::TimedOut { sent } => assert_eq!(*sent, open.taken),
            Outcome::OutcomeUnknown(_) => assert!(open.taken, "{waiter} was never sent"),
            Outcome::NotSent(why) => assert!(!open.taken, "{waiter} was sent: {why}"),
            _ => {}
        }
    }
}

fn answers(verdict: Verdict, outcome: &Outcome<String>, open: &Open) {
    match (verdict, outcome) {
        (Verdict::Ok, Outcome::Replied(_)) | (Verdict::Unreadable, Outcome::UnreadableAnswer) => {}
        (Verdict::Error, Outcome::Rejected(rejected)) => assert_eq!(rejected.accepted, open.accepted),
        (verdict, outcome) => panic!("{verdict:?} became {outcome:?}"),
    }
}

fn as_event(output: &Output<u32, String>) -> Option<&Event<String>> {
    match output {
        Output::Event(event) => Some(event),
        _ => None,
    }
}

fn is_answer(output: &Output<u32, String>) -> bool {
    match output {
        Output::Accepted { .. } => true,
        Output::Completed { outcome, .. } => {
            matches!(outcome, Outcome::Replied(_) | Outcome::Rejected(_) | Outcome::UnreadableAnswer)
        }
        _ => false,
    }
}
