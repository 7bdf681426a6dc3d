//! Runs of the agent: what is said, piece by piece, and what becomes of it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};

use super::events::droppable_by_name;
use super::{Action, GatewayCore, Ticket};
use crate::chat::{ChatEnd, ChatReply};
use crate::reply::{Answer, ErrorBody, Step};

/// How many ended runs are remembered.
const REMEMBERED: usize = 1000;

/// The runs of one life of the gateway.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    active: BTreeMap<String, Run>,
    ended: BTreeMap<String, Ended>,
    order: VecDeque<String>,
    waiting: BTreeMap<String, Vec<Ticket>>,
    sessions: BTreeMap<String, u64>,
    turns: u64,
}

#[derive(Debug)]
struct Run {
    session: String,
    message: String,
    said: String,
    left: VecDeque<String>,
    interval: Duration,
    end: ChatEnd,
    /// The counter of the run's own events.
    seq: u64,
    /// Tells the steps of this run from those of another one of its name.
    turn: u64,
    /// Who waits for the second answer of `agent`.
    caller: Option<Ticket>,
    started_at: u64,
}

#[derive(Debug)]
struct Ended {
    message: String,
    ending: Value,
    result: Answer,
}

impl Runs {
    pub(crate) fn is_active(&self, run: &str) -> bool {
        self.active.contains_key(run)
    }

    /// What a run was asked, if it is known.
    pub(crate) fn message_of(&self, run: &str) -> Option<&str> {
        let active = self.active.get(run).map(|run| run.message.as_str());
        active.or_else(|| self.ended.get(run).map(|run| run.message.as_str()))
    }

    /// The second answer of an ended run, for those who ask again.
    pub(crate) fn result_of(&self, run: &str) -> Option<Step> {
        self.ended.get(run).map(|run| Step { delay: Duration::ZERO, answer: run.result.clone() })
    }

    /// What `agent.wait` answers of an ended run.
    pub(crate) fn ending_of(&self, run: &str) -> Option<Value> {
        self.ended.get(run).map(|run| run.ending.clone())
    }

    pub(crate) fn active_in<'a>(&'a self, session: &'a str) -> impl Iterator<Item = &'a str> {
        self.active.iter().filter(move |(_, run)| run.session == session).map(|(id, _)| id.as_str())
    }

    /// The sessions and when something last happened in them.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = (&str, u64)> {
        self.sessions.iter().map(|(key, at)| (key.as_str(), *at))
    }
}

/// How a run ends.
enum End {
    Final,
    Error(String),
    Aborted,
}

impl GatewayCore {
    /// Starts a run; its first words come a moment later.
    pub(crate) fn begin_run(&mut self, id: &str, session: &str, message: &str, caller: Option<Ticket>) {
        let ChatReply { pieces, interval, end } = (self.script.0)(message);
        self.runs.turns += 1;
        let turn = self.runs.turns;
        self.runs.sessions.insert(session.into(), self.now.unix.0);
        let run = Run {
            session: session.into(),
            message: message.into(),
            said: String::new(),
            left: pieces.into(),
            interval,
            end,
            seq: 0,
            turn,
            caller,
            started_at: self.now.unix.0,
        };
        self.runs.active.insert(id.into(), run);
        self.schedule.put(self.now.mono, Action::Run(id.into(), turn));
    }

    pub(crate) fn run_step(&mut self, id: &str, turn: u64) {
        let Some(run) = self.runs.active.get_mut(id).filter(|run| run.turn == turn) else { return };
        let interval = run.interval;
        if run.seq == 0 {
            self.open_run(id);
        } else if let Some(piece) = run.left.pop_front() {
            run.said.push_str(&piece);
            self.say(id, &piece);
        } else {
            match run.end.clone() {
                ChatEnd::Final => self.end_run(id, &End::Final),
                ChatEnd::Error(message) => self.end_run(id, &End::Error(message)),
                ChatEnd::Never => {}
            }
            return;
        }
        self.schedule.put(self.now.mono.after(interval), Action::Run(id.into(), turn));
    }

    fn open_run(&mut self, id: &str) {
        if self.dialect.is_v4() {
            for phase in ["preparing_context", "starting_model"] {
                let status = json!({"stream": "run_status", "data": {"phase": phase}});
                self.run_event(id, "agent", &status, true);
                self.run_event(id, "chat", &json!({"state": "status", "phase": phase}), false);
            }
        }
        let started = self.now.unix.0;
        let data = json!({"phase": "start", "startedAt": started});
        self.run_event(id, "agent", &json!({"stream": "lifecycle", "data": data}), true);
    }

    fn say(&mut self, id: &str, piece: &str) {
        let Some(said) = self.runs.active.get(id).map(|run| run.said.clone()) else { return };
        let data = json!({"text": said, "delta": piece});
        self.run_event(id, "agent", &json!({"stream": "assistant", "data": data}), true);
        let mut delta = json!({"state": "delta", "message": self.message(&said)});
        if self.dialect.is_v4() {
            crate::json::merge(&mut delta, &json!({"deltaText": piece}));
        }
        self.run_event(id, "chat", &delta, false);
    }

    fn message(&self, text: &str) -> Value {
        json!({"role": "assistant", "content": [{"type": "text", "text": text}], "timestamp": self.now.unix.0})
    }

    /// Sends an event of a run. `counts` says whether it takes a number of its own.
    fn run_event(&mut self, id: &str, name: &str, more: &Value, counts: bool) {
        let v4 = self.dialect.is_v4();
        let Some(run) = self.runs.active.get_mut(id) else { return };
        if counts {
            run.seq += 1;
        }
        let mut payload = json!({"runId": id, "sessionKey": run.session, "seq": run.seq});
        crate::json::merge(&mut payload, more);
        if v4 {
            crate::json::merge(&mut payload, &json!({"agentId": "main"}));
        }
        if name == "agent" {
            crate::json::merge(&mut payload, &json!({"ts": self.now.unix.0}));
        }
        // v3 lets slow readers miss what the next delta repeats anyway.
        let delta = payload.get("state").and_then(Value::as_str) == Some("delta");
        self.send_event(name, &payload, delta && !v4 || droppable_by_name(name));
    }

    /// Ends a run because somebody asked for it.
    pub(crate) fn abort_run(&mut self, id: &str) {
        self.end_run(id, &End::Aborted);
    }

    fn end_run(&mut self, id: &str, end: &End) {
        let Some(run) = self.runs.active.get(id) else { return };
        let (said, started_at, now) = (run.said.clone(), run.started_at, self.now.unix.0);
        let message = self.message(&said);
        let (phase, stop) = match end {
            End::Final => ("end", "stop"),
            End::Error(_) => ("error", "error"),
            End::Aborted => ("end", "rpc"),
        };
        let lifecycle = json!({
            "phase": phase,
            "startedAt": started_at,
            "endedAt": now,
            "aborted": matches!(end, End::Aborted),
            "stopReason": stop,
        });
        let (chat, status, error) = match end {
            End::Final => {
                let mut chat = json!({"state": "final", "message": message});
                if self.dialect.is_v4() {
                    crate::json::merge(&mut chat, &json!({"stopReason": "stop"}));
                }
                (chat, "ok", None)
            }
            End::Error(why) => (json!({"state": "error", "errorMessage": why}), "error", Some(why.as_str())),
            End::Aborted => (json!({"state": "aborted", "stopReason": "rpc", "message": message}), "aborted", None),
        };
        // An abort is told before the run's own end, everything else after it.
        let lifecycle = json!({"stream": "lifecycle", "data": lifecycle});
        if matches!(end, End::Aborted) {
            self.run_event(id, "chat", &chat, false);
            self.run_event(id, "agent", &lifecycle, true);
        } else {
            self.run_event(id, "agent", &lifecycle, true);
            self.run_event(id, "chat", &chat, false);
        }
        self.forget_run(id, status, stop, &said, error);
    }

    fn forget_run(&mut self, id: &str, status: &str, stop: &str, said: &str, error: Option<&str>) {
        let Some(run) = self.runs.active.remove(id) else { return };
        let summary = error.unwrap_or(if status == "ok" { "completed" } else { status });
        let duration = self.now.unix.0.saturating_sub(run.started_at);
        let payload = json!({
            "runId": id,
            "status": status,
            "summary": summary,
            "result": {
                "payloads": [{"text": said, "mediaUrl": null}],
                "meta": {"durationMs": duration, "aborted": status == "aborted"},
            },
        });
        let payload = Some(payload.to_string());
        let result = match error {
            Some(why) => Answer::Error(payload, ErrorBody::unavailable(why)),
            None => Answer::Ok(payload),
        };
        let mut ending = json!({"runId": id, "status": status, "endedAt": self.now.unix.0, "stopReason": stop});
        // To old gateways a message that was dealt with is one that succeeded.
        if !self.dialect.is_v4() && status == "error" && run.caller.is_none() {
            ending = json!({"runId": id, "status": "ok", "endedAt": self.now.unix.0});
        }
        if let Some(caller) = &run.caller {
            self.respond(caller, &result);
        }
        for waiter in self.runs.waiting.remove(id).unwrap_or_default() {
            self.respond(&waiter, &Answer::Ok(Some(ending.to_string())));
        }
        self.runs.order.push_back(id.into());
        self.runs.ended.insert(id.into(), Ended { message: run.message, ending, result });
        if self.runs.order.len() > REMEMBERED {
            if let Some(oldest) = self.runs.order.pop_front() {
                self.runs.ended.remove(&oldest);
            }
        }
    }

    /// Lets a caller wait for the end of a run.
    pub(crate) fn await_run(&mut self, run: &str, ticket: &Ticket, limit: Duration) {
        self.runs.waiting.entry(run.into()).or_default().push(ticket.clone());
        self.schedule.put(self.now.mono.after(limit), Action::WaitEnds(ticket.clone(), run.into()));
    }

    pub(crate) fn wait_ends(&mut self, ticket: &Ticket, run: &str) {
        let Some(waiting) = self.runs.waiting.get_mut(run) else { return };
        let before = waiting.len();
        waiting.retain(|other| other.peer != ticket.peer || other.id != ticket.id);
        if waiting.len() < before {
            let payload = json!({"runId": run, "status": "timeout"}).to_string();
            self.respond(ticket, &Answer::Ok(Some(payload)));
        }
    }
}
