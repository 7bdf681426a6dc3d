//! `call`: one method, its answer.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use openclaw_client::{Payload, Request, TwoStage};

use super::Halt;
use crate::cli::{Call, Patience};
use crate::connect::Session;
use crate::failure::Failure;
use crate::output::json;
use crate::output::look::LABEL;
use crate::output::sanitise::escape;

/// How long to wait where the user does not say.
const DEFAULT_PATIENCE: Patience = Patience::For(Duration::from_secs(30));

/// A call whose params have been read.
pub(crate) struct Job {
    request: Request,
    patience: Option<Patience>,
    two_stage: bool,
}

impl Job {
    pub(super) fn prepare(args: &Call) -> Result<Self, Failure> {
        let request = match &args.params {
            Some(source) => Request::with_raw_params(&args.method, &read(source)?),
            None => Request::new(&args.method),
        };
        let request = request.map_err(|error| Failure::usage(error.to_string()))?;
        Ok(Self { request, patience: args.timeout, two_stage: args.two_stage })
    }

    pub(super) async fn run(self, session: &mut Session) -> Result<(), Halt> {
        let begun = Instant::now();
        let patience = self.patience.unwrap_or(DEFAULT_PATIENCE);
        let hello = session.connect_within(patience).await?;
        let request = with_deadlines(self.request, self.patience, self.two_stage, begun.elapsed());
        tracing::debug!(method = request.method(), bytes = request.frame_len(), "calling");
        let listed = hello.features().methods.iter().any(|method| method == request.method());
        let mut call = session.client.call(request);
        if self.two_stage {
            if let Some(payload) = call.accepted().await {
                show_acceptance(session, &payload).await?;
            }
        }
        let payload = call.await.map_err(|error| Failure::call(&error, &session.settings, listed))?;
        show_result(session, payload.as_ref(), self.two_stage).await
    }
}

/// Params from where the argument says: itself, a file, or standard input.
fn read(source: &str) -> Result<String, Failure> {
    let mut text = String::new();
    if source == "-" {
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| Failure::usage(format!("cannot read params from standard input: {error}")))?;
    } else if let Some(path) = source.strip_prefix('@') {
        text = std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("cannot read params from {path}: {error}")))?;
    } else {
        text.push_str(source);
    }
    Ok(text)
}

fn with_deadlines(request: Request, given: Option<Patience>, two_stage: bool, spent: Duration) -> Request {
    let patience = given.unwrap_or(DEFAULT_PATIENCE);
    let request = match patience {
        Patience::For(limit) => request.timeout(limit.saturating_sub(spent)),
        Patience::Endless => request.no_timeout(),
    };
    // Known to answer twice without being told, and its result takes as long as an agent thinks.
    if two_stage && request.method() != "agent" {
        let within = match patience {
            Patience::For(limit) => limit,
            Patience::Endless => Duration::MAX,
        };
        return request.two_stage(TwoStage::Expect { within });
    }
    match given {
        Some(Patience::For(limit)) => request.final_timeout(limit),
        _ => request,
    }
}

async fn show_acceptance(session: &mut Session, payload: &Payload) -> Result<(), Halt> {
    if session.look.json {
        return stage(session, "accepted", Some(payload)).await;
    }
    let label = session.look.err.paint(LABEL, "accepted:");
    // Progress is a courtesy: without a standard error the result still comes.
    let _ = writeln!(std::io::stderr(), "{label} {}", escape(&json::one_line(payload.as_str())));
    Ok(())
}

async fn show_result(session: &mut Session, payload: Option<&Payload>, two_stage: bool) -> Result<(), Halt> {
    let look = session.look;
    if look.json && two_stage {
        return stage(session, "final", payload).await;
    }
    let payload = text(payload);
    if look.out.terminal && !look.json {
        session.stdout.line(&json::pretty(payload, look.out)).await
    } else {
        session.stdout.line(&json::line(payload, look.out)).await
    }
}

/// One line of a two-stage answer for programs.
async fn stage(session: &mut Session, stage: &str, payload: Option<&Payload>) -> Result<(), Halt> {
    let payload = json::line(text(payload), session.look.out);
    session.stdout.line(&format!(r#"{{"stage":"{stage}","payload":{payload}}}"#)).await
}

/// An answer without a payload reads as `null`.
fn text(payload: Option<&Payload>) -> &str {
    payload.map_or("null", Payload::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepare(params: Option<&str>) -> Result<Job, Failure> {
        let params = params.map(Into::into);
        Job::prepare(&Call { method: "m".into(), params, timeout: None, two_stage: false })
    }

    #[test]
    fn params_are_one_json_value_from_the_argument_or_a_file() {
        for params in [None, Some("{}"), Some(" [1,\n2] "), Some("null"), Some("-1")] {
            assert!(prepare(params).is_ok(), "{params:?}");
        }
        let path = std::env::temp_dir().join(format!("openclaw-gw-params-{}", std::process::id()));
        std::fs::write(&path, "{\"a\": 1}\n").unwrap();
        let from_file = prepare(Some(&format!("@{}", path.display())));
        std::fs::remove_file(path).unwrap();
        assert!(from_file.is_ok());
    }

    #[test]
    fn params_that_cannot_be_used_are_a_usage_error() {
        for params in ["", "{", "{}{}", "{'a':1}", "nope", "@/nowhere/params.json"] {
            let exit = prepare(Some(params)).err().map(|failure| failure.exit);
            assert_eq!(exit, Some(crate::exit::Exit::Usage), "{params}");
        }
    }
}
