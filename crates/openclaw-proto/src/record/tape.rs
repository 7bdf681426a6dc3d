//! What a replay cannot work out, since a log holds no keys and no tokens: it is told instead.

use alloc::collections::VecDeque;

use super::line::{Fields, Line, Unusable};
use super::mask::Mask;
use crate::device::SignError;

/// Answers that wait for their question.
pub(crate) type Tape = VecDeque<Told>;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// What the signer returned. The signature itself would let a reader of the log try out tokens, so it is masked.
    Signed(Result<[u8; 64], SignError>),
    /// What a token turned out to be that the gateway has issued.
    Token(TokenVerdict),
}

impl Told {
    /// What its line is called.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Signed(_) => "signed",
            Self::Token(_) => "token",
        }
    }
}

/// Masked tokens are all alike, so a replay cannot compare them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenVerdict {
    /// It is the stored one.
    Same,
    /// It is another one.
    New,
    /// It is blank, or nothing that a token is made of.
    Unusable,
}

impl TokenVerdict {
    const ALL: [(Self, &'static str); 3] = [(Self::Same, "same"), (Self::New, "new"), (Self::Unusable, "unusable")];
}

pub(super) fn encode(told: &Told, mask: &Mask) -> alloc::string::String {
    match told {
        Told::Signed(Ok(_)) => Line::input(told.name(), None).value("signature", "masked"),
        Told::Signed(Err(error)) => {
            Line::input(told.name(), None).value("error", &mask.text(&alloc::format!("{error}")))
        }
        Told::Token(verdict) => {
            let word = TokenVerdict::ALL.into_iter().find(|(known, _)| known == verdict).map_or("", |(_, word)| word);
            Line::input(told.name(), None).value("is", word)
        }
    }
    .finish()
}

/// Reads a line that answers; none if it is of another kind.
pub(super) fn decode(fields: &Fields<'_>) -> Result<Option<Told>, Unusable> {
    if fields.0.get("in").is_none() {
        return Ok(None);
    }
    match fields.text("in")?.as_str() {
        "signed" => match fields.optional("error")? {
            Some(error) => Ok(Some(Told::Signed(Err(SignError::new(error))))),
            None => fields.text("signature").map(|_| Some(Told::Signed(Ok([0; 64])))),
        },
        "token" => {
            let word = fields.text("is")?;
            let known = TokenVerdict::ALL.into_iter().find(|(_, known)| *known == word);
            known.map(|(verdict, _)| Some(Told::Token(verdict))).ok_or(Unusable("is"))
        }
        _ => Ok(None),
    }
}
