//! Inputs and requests as lines, and back.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::header;
use super::line::{Fields, Line, Unusable};
use super::mask::Mask;
use crate::client::Input;
use crate::connect::{Auth, Scope};
use crate::connection::{ConnId, ProxyError, ProxyRefusal, TransportError, UpgradeRefused};
use crate::credentials::StoredToken;
use crate::fingerprint::FingerprintError;
use crate::frame::{Extra, Method, Request, Timeout, WhenNotReady};
use crate::json;
use crate::request::{NotSent, RequestId};
use crate::time::Now;

/// What happened to a recorded client.
pub(crate) enum Happened {
    Start(Now),
    Nudge(Now),
    Shutdown(Now),
    Timeout(Now),
    Request(Now, Request),
    Cancel(RequestId),
    Stored(Option<StoredToken>),
    Auth(Auth),
    Input(Now, ConnId, Input<String>),
}

pub(crate) fn encode_input<T: AsRef<str>>(now: Now, conn: ConnId, input: &Input<T>, mask: &Mask) -> String {
    let line = |kind| Line::input(kind, Some(now)).value("conn", &conn.0);
    match input {
        Input::Opened => line("opened"),
        Input::Text(text) => line("text").value("text", &mask.json(text.as_ref())),
        Input::Binary { len } => line("binary").value("len", len),
        Input::Alive { bytes_in, bytes_out } => line("alive").value("read", bytes_in).value("written", bytes_out),
        Input::Flushed => line("flushed"),
        Input::Closed { code, reason } => {
            line("closed").optional("code", code.as_ref()).value("reason", &mask.text(reason))
        }
        Input::Failed(error) => encode_error(line("failed"), error, mask),
    }
    .finish()
}

fn encode_error(line: Line, error: &TransportError, mask: &Mask) -> Line {
    let (kind, message) = match error {
        TransportError::Resolve { host, message } => {
            return line
                .value("error", "resolve")
                .value("host", &mask.text(host))
                .value("message", &mask.text(message));
        }
        TransportError::UpgradeRefused(refused) => {
            let headers: Vec<_> =
                refused.headers.iter().map(|(name, value)| (name, mask.header(name, value))).collect();
            return line
                .value("error", "upgrade")
                .value("status", &refused.status)
                .value("headers", &headers)
                .value("body", &mask.json(&refused.body));
        }
        TransportError::Proxy(error) => return encode_proxy(line.value("error", "proxy"), error, mask),
        TransportError::PinMismatch { expected, found } => {
            let expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
            return line.value("error", "pin").value("expected", &expected).value("found", &found.to_string());
        }
        TransportError::Connect(message) => ("connect", message),
        TransportError::Tls(message) => ("tls", message),
        TransportError::Protocol(message) => ("protocol", message),
        TransportError::FrameTooLarge(message) => ("too large", message),
        TransportError::Io(message) => ("io", message),
    };
    line.value("error", kind).value("message", &mask.text(message))
}

fn encode_proxy(line: Line, error: &ProxyError, mask: &Mask) -> Line {
    match error {
        ProxyError::Refused(refusal) => {
            let line = line
                .value("kind", "refused")
                .value("status", &refusal.status)
                .value("reason", &mask.text(&refusal.reason))
                .optional("schemes", refusal.schemes.as_ref().map(|schemes| mask.text(schemes)).as_ref());
            match refusal.retry_after {
                Some(wait) => line.duration("retryAfter", wait),
                None => line,
            }
        }
        ProxyError::Malformed(message) => line.value("kind", "malformed").value("message", &mask.text(message)),
        ProxyError::TooLarge { limit } => line.value("kind", "too large").value("limit", limit),
        ProxyError::Ended => line.value("kind", "ended"),
    }
}

/// A request's line without its result, which is not known yet.
pub(crate) fn encode_request(now: Now, request: &Request, mask: &Mask) -> Line {
    let field = |bytes: &Vec<u8>| mask.json(&String::from_utf8_lossy(bytes));
    let extra = request.extra.as_deref();
    let line = Line::input("request", Some(now))
        .value("method", &mask.text(request.method()))
        .value("frame", &field(&request.text))
        .optional("profile", extra.and_then(|extra| extra.profile.as_ref()).map(field).as_ref())
        .optional("trace", extra.and_then(|extra| extra.trace.as_ref()).map(field).as_ref())
        .value("two_stage", &request.two_stage)
        .value("wait", &(request.when_not_ready == WhenNotReady::Wait));
    let line = match request.timeout {
        Timeout::Default => line,
        Timeout::After(timeout) => line.duration("timeout", timeout),
        Timeout::Never => line.value("timeout", "never"),
    };
    match request.final_timeout {
        Some(timeout) => line.duration("final", timeout),
        None => line,
    }
}

/// A stored token, which the mask has to know.
pub(crate) fn encode_stored(token: Option<&StoredToken>, mask: &Mask) -> String {
    let line = Line::input("stored", None);
    match token {
        Some(stored) => line
            .value("token", &mask.text(stored.token.expose()))
            .value("scopes", &stored.scopes)
            .optional("issuedAtMs", stored.issued_at_ms.as_ref()),
        None => line,
    }
    .finish()
}

fn stored(fields: &Fields<'_>) -> Result<Option<StoredToken>, Unusable> {
    let Some(token) = fields.optional("token")? else { return Ok(None) };
    let scopes = fields.texts("scopes")?.into_iter().map(Scope::from);
    Ok(Some(StoredToken::new(token, scopes).issued_at(fields.optional_number("issuedAtMs")?)))
}

/// What came of a request, in words that a replay can compare.
pub(crate) fn answer_of(result: Result<RequestId, &NotSent>, mask: &Mask) -> String {
    match result {
        Ok(id) => id.to_string(),
        Err(why) => mask.text(&alloc::format!("{why:?}")),
    }
}

pub(crate) fn decode(kind: &str, fields: &Fields<'_>) -> Result<Happened, Unusable> {
    let input = match kind {
        "start" => return Ok(Happened::Start(fields.now()?)),
        "nudge" => return Ok(Happened::Nudge(fields.now()?)),
        "shutdown" => return Ok(Happened::Shutdown(fields.now()?)),
        "timeout" => return Ok(Happened::Timeout(fields.now()?)),
        "cancel" => {
            let id = RequestId::decode(&fields.text("id")?).ok_or(Unusable("id"))?;
            return Ok(Happened::Cancel(id));
        }
        "stored" => return Ok(Happened::Stored(stored(fields)?)),
        "auth" => return Ok(Happened::Auth(header::decode_auth(&fields.object("auth")?)?)),
        "request" => return Ok(Happened::Request(fields.now()?, request(fields)?)),
        "opened" => Input::Opened,
        "text" => Input::Text(fields.text("text")?),
        "binary" => Input::Binary { len: fields.number("len")? },
        "alive" => Input::Alive { bytes_in: fields.number("read")?, bytes_out: fields.number("written")? },
        "flushed" => Input::Flushed,
        "closed" => Input::Closed { code: fields.optional_number("code")?, reason: fields.text("reason")? },
        "failed" => Input::Failed(error(fields)?),
        _ => return Err(Unusable("in")),
    };
    Ok(Happened::Input(fields.now()?, ConnId(fields.number("conn")?), input))
}

fn error(fields: &Fields<'_>) -> Result<TransportError, Unusable> {
    let message = || fields.text("message");
    Ok(match fields.text("error")?.as_str() {
        "resolve" => TransportError::Resolve { host: fields.text("host")?, message: message()? },
        "connect" => TransportError::Connect(message()?),
        "tls" => TransportError::Tls(message()?),
        "protocol" => TransportError::Protocol(message()?),
        "too large" => TransportError::FrameTooLarge(message()?),
        "io" => TransportError::Io(message()?),
        "proxy" => TransportError::Proxy(proxy(fields)?),
        "pin" => {
            let expected = fields.texts("expected")?.iter().map(|text| text.parse()).collect::<Result<_, _>>();
            let found = fields.text("found")?.parse();
            TransportError::PinMismatch {
                expected: expected.map_err(|FingerprintError| Unusable("expected"))?,
                found: found.map_err(|FingerprintError| Unusable("found"))?,
            }
        }
        "upgrade" => {
            let headers = json::array(fields.get("headers")?).and_then(|rows| rows.into_iter().map(header).collect());
            let headers: Vec<_> = headers.ok_or(Unusable("headers"))?;
            TransportError::UpgradeRefused(UpgradeRefused::new(fields.number("status")?, headers, fields.text("body")?))
        }
        _ => return Err(Unusable("error")),
    })
}

fn proxy(fields: &Fields<'_>) -> Result<ProxyError, Unusable> {
    Ok(match fields.text("kind")?.as_str() {
        "refused" => ProxyError::Refused(ProxyRefusal {
            status: fields.number("status")?,
            reason: fields.text("reason")?,
            schemes: fields.optional("schemes")?,
            retry_after: fields.optional_duration("retryAfter")?,
        }),
        "malformed" => ProxyError::Malformed(fields.text("message")?),
        "too large" => ProxyError::TooLarge { limit: fields.number("limit")? },
        "ended" => ProxyError::Ended,
        _ => return Err(Unusable("kind")),
    })
}

fn header(row: &str) -> Option<(String, String)> {
    match json::array(row)?.as_slice() {
        [name, value] => Some((json::text(name)?.into(), json::text(value)?.into())),
        _ => None,
    }
}

fn request(fields: &Fields<'_>) -> Result<Request, Unusable> {
    let extra = Extra {
        profile: fields.optional("profile")?.map(String::into_bytes),
        trace: fields.optional("trace")?.map(String::into_bytes),
    };
    Ok(Request {
        text: fields.text("frame")?.into_bytes(),
        method: Method::Owned(fields.text("method")?.into()),
        extra: (extra.profile.is_some() || extra.trace.is_some()).then(|| Box::new(extra)),
        timeout: match fields.0.get("timeout") {
            None => Timeout::Default,
            Some("\"never\"") => Timeout::Never,
            Some(_) => Timeout::After(fields.duration("timeout")?),
        },
        final_timeout: fields.optional_duration("final")?,
        two_stage: fields.flag("two_stage")?,
        when_not_ready: if fields.flag("wait")? { WhenNotReady::Wait } else { WhenNotReady::Refuse },
    })
}
