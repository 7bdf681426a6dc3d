//! A device's token is what the gateway issued last: it is given out when a hello brings it, forgotten when a gateway does
//! not know it, shown as it is, and beside a shared token only in the one attempt after that was refused.

use openclaw_proto::connect::Role;
use openclaw_proto::{Input, Output};
use serde_json::Value;

use super::Invariant;
use crate::reading::{Reading, Says};
use crate::watch::{Call, Chronicle, Shown, Step};

#[derive(Debug, Default)]
pub(super) struct TokenKept {
    /// The one attempt with both tokens is due.
    due: bool,
}

/// The token that a hello brings by this step, and the role it is for.
fn brought<'a>(step: &'a Step<'_>, known: &Chronicle) -> Option<(&'a str, &'a str)> {
    let Some(Reading::Answer(answer)) = &step.reading else { return None };
    let is_hello = !known.hello && answer.says == Says::Yes && known.connect.is_some() && answer.id == known.connect;
    let auth = answer.payload.get("auth").filter(|_| is_hello && known.config.device.is_some())?;
    let token = auth.get("deviceToken").and_then(Value::as_str)?;
    let usable = !token.trim().is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    let role = auth.get("role").and_then(Value::as_str).unwrap_or("operator");
    usable.then_some((token, role))
}

/// Whether the gateway says by this step that it does not know the token it was shown. Where the answer got lost, the close
/// reason says so, if there was nothing else it could mean.
fn disowned(step: &Step<'_>, shown: &Shown) -> bool {
    match (&step.reading, &step.call) {
        (Some(Reading::Answer(answer)), _) => {
            answer.error.as_ref().is_some_and(|fault| fault.detail == "AUTH_DEVICE_TOKEN_MISMATCH")
        }
        (_, Call::Input { input: Input::Closed { code: Some(1008), reason }, .. }) => {
            !shown.shared && reason.to_lowercase().contains("device token mismatch")
        }
        _ => false,
    }
}

impl TokenKept {
    fn shown(&mut self, frame: &str, known: &Chronicle) -> Result<(), String> {
        let (shown, due) = (Shown::by(frame), std::mem::take(&mut self.due));
        if shown.device.is_some() && shown.device != known.wallet.stored {
            return Err("a connect shows another token than the stored one".into());
        }
        if shown.both() && !due {
            return Err("a connect shows both tokens, which is not its turn".into());
        }
        Ok(())
    }
}

impl Invariant for TokenKept {
    fn name(&self) -> &'static str {
        "token_kept"
    }

    fn check(&mut self, step: &Step<'_>, known: &Chronicle) -> Result<(), String> {
        if let Call::Transmit { frame: Some(frame), .. } = &step.call {
            return if known.hello { Ok(()) } else { self.shown(&frame.text, known) };
        }
        let (mut ready, mut issued) = (false, None);
        for output in step.outputs {
            match output {
                Output::State(openclaw_proto::State::Ready { .. }) => ready = !known.hello,
                Output::State(openclaw_proto::State::Backoff { .. }) => {
                    self.due |= known.wallet.may_try_both() && known.connect.is_some() && !known.hello;
                }
                Output::TokenIssued { key, token } => issued = Some((token.token.expose(), &key.role)),
                Output::TokenRejected { token, .. } => {
                    let shown = known.wallet.shown.clone().unwrap_or_default();
                    if shown.device.as_deref() != Some(token.expose()) || !disowned(step, &shown) {
                        return Err("a token is rejected that nobody disowned".into());
                    }
                }
                _ => {}
            }
        }
        let brought = brought(step, known).filter(|_| ready);
        match (brought, issued) {
            (None, None) => Ok(()),
            (Some((token, role)), Some((given, of))) if token == given && Role::from(role) == *of => Ok(()),
            (Some(_), None) => Err("a hello brought a token, and nobody is told".into()),
            _ => Err("another token is told than a hello brought".into()),
        }
    }
}
