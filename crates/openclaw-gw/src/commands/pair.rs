//! `pair`: have this device approved, and wait for that.

use std::io::BufRead;
use std::time::Duration;

use openclaw_client::connect::{Hello, Scope, missing_scopes};
use openclaw_client::{Down, PairingRequest, State, StopReason};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Halt;
use crate::cli::{Pair, Patience};
use crate::connect::Session;
use crate::device::Device;
use crate::failure::Failure;
use crate::output::look::{GOOD, LABEL, NAME, WARNING};
use crate::output::pairing::{PairingObject, rows};
use crate::output::sanitise::escape;
use crate::output::time::{now, rfc3339, span};
use crate::settings::Settings;

/// How long to wait, and what has come of it so far.
pub(crate) struct Job {
    patience: Patience,
    /// The request that was shown last.
    shown: Option<PairingRequest>,
}

impl Job {
    pub(super) fn prepare(args: &Pair, settings: &Settings) -> Result<Self, Failure> {
        if settings.device {
            Ok(Self { patience: args.timeout, shown: None })
        } else {
            Err(Failure::usage_with("there is no pairing without a device", "leave --no-device out"))
        }
    }

    pub(super) async fn run(mut self, session: &mut Session) -> Result<(), Halt> {
        let Patience::For(limit) = self.patience else { return self.wait(session).await };
        let end = tokio::time::sleep_until(Instant::now() + limit.min(Duration::from_secs(u32::MAX.into())));
        let late = tokio::select! {
            result = self.wait(session) => return result,
            () = end => limit,
        };
        Err(match self.shown {
            Some(request) => Failure::not_approved_in_time(late, request),
            None => Failure::no_connection_in_time(late),
        }
        .into())
    }

    async fn wait(&mut self, session: &mut Session) -> Result<(), Halt> {
        let mut states = session.client.states();
        session.client.start();
        let mut lines = lines();
        loop {
            let state = tokio::select! {
                biased;
                state = states.next() => state,
                Some(()) = lines.recv() => {
                    session.client.nudge();
                    continue;
                }
            };
            match state {
                Some(Ok(State::Ready { hello, .. })) => return self.paired(session, &hello).await,
                Some(Ok(State::Backoff { why, delay, .. })) => {
                    self.request(session, &why).await?;
                    self.waiting(session, &why, delay).await?;
                }
                // Nothing will change before somebody changes a setting, and that takes another run.
                Some(Ok(State::Paused { why, .. } | State::Stopped { why: StopReason::Down(why) })) => {
                    return Err(Failure::down(&why, &session.settings).into());
                }
                Some(Ok(State::Stopped { .. })) | None => return Ok(()),
                _ => {}
            }
        }
    }

    /// Shows what an operator has to approve, once for each request.
    async fn request(&mut self, session: &mut Session, why: &Down) -> Result<(), Halt> {
        let Some(request) = why.pairing() else {
            // A gateway that cannot be reached is not waited for before it has said that it wants a pairing.
            return match self.shown {
                Some(_) => Ok(()),
                None => Err(Failure::down(why, &session.settings).into()),
            };
        };
        if self.shown.as_ref() == Some(&request) {
            return Ok(());
        }
        let text = if session.look.json {
            let pairing = serde_json::to_value(PairingObject::from(&request)).unwrap_or_default();
            row(json!({"state": "pairing", "pairing": pairing}))
        } else {
            let out = session.look.out;
            let mut lines = vec![out.paint(NAME, "an operator has to approve this device")];
            for (label, value) in rows(&request) {
                lines.push(format!("  {}  {}", out.paint(LABEL, &format!("{label:15}")), escape(&value)));
            }
            lines.join("\n")
        };
        self.shown = Some(request);
        show(session, &text).await
    }

    async fn waiting(&self, session: &mut Session, why: &Down, delay: Duration) -> Result<(), Halt> {
        if session.look.json {
            let wait = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
            return show(session, &row(json!({"state": "waiting", "reason": why.to_string(), "waitMs": wait}))).await;
        }
        let why = if why.pairing().is_some() { "waiting for approval".to_owned() } else { why.to_string() };
        // Whole seconds are enough for people.
        let delay = span(Duration::from_secs(delay.as_secs().max(1)));
        let text = format!("{}; asking again in {delay}, or at once with Enter", escape(&why));
        show(session, &session.look.out.paint(LABEL, &text)).await
    }

    async fn paired(&self, session: &mut Session, hello: &Hello) -> Result<(), Halt> {
        // The token is in its store when this returns.
        session.client.shutdown().await;
        let approved = self.shown.is_some();
        let device = session.device.as_ref();
        let already = !approved && device.is_some_and(|device| device.token.is_some());
        let stored = device.map(Device::has_token).transpose()?.unwrap_or_default();
        let asked = &session.settings.scopes;
        let missing = hello.scopes().map(|granted| missing_scopes(asked, granted)).unwrap_or_default();
        if session.look.json {
            let line = row(json!({
                "state": "paired",
                "already": already,
                "approved": approved,
                "tokenStored": stored,
                "deviceId": device.map(|device| device.identity.id().as_str()),
                "role": hello.auth().and_then(|auth| auth.role),
                "scopes": hello.scopes().map(names),
                "missingScopes": names(&missing),
            }));
            return show(session, &line).await;
        }
        let out = session.look.out;
        let verdict = match (approved, already) {
            (true, _) => "approved",
            (false, true) => "this device is paired already",
            (false, false) => "the gateway lets this device in without asking anybody",
        };
        let token = if stored {
            ": its token is stored"
        } else {
            ", but the gateway has issued no token: the credential is needed every time"
        };
        let mut text = format!("{}{token}", out.paint(GOOD, verdict));
        if !missing.is_empty() {
            text.push('\n');
            text.push_str(&out.paint(WARNING, &escape(&format!("not granted: {}", names(&missing).join(", ")))));
        }
        show(session, &text).await
    }
}

fn names(scopes: &[Scope]) -> Vec<&str> {
    scopes.iter().map(Scope::as_str).collect()
}

fn row(mut object: Value) -> String {
    if let Some(object) = object.as_object_mut() {
        object.insert("receivedAt".into(), rfc3339(now()).into());
    }
    escape(&object.to_string()).into_owned()
}

async fn show(session: &mut Session, text: &str) -> Result<(), Halt> {
    let text = session.mask.hide(text).into_owned();
    session.stdout.line(&text).await
}

/// Every line of standard input asks for an attempt. The thread ends with the program.
fn lines() -> mpsc::Receiver<()> {
    let (tell, told) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut line = Vec::new();
        while std::io::stdin().lock().read_until(b'\n', &mut line).is_ok_and(|len| len > 0) {
            line.clear();
            if tell.blocking_send(()).is_err() {
                return;
            }
        }
    });
    told
}
