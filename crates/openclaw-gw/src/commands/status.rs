//! `status`: what the gateway is and what it grants.

use std::time::Duration;

use openclaw_client::connect::{Hello, Scope, missing_scopes};

use super::Halt;
use crate::connect::Session;
use crate::output::json;
use crate::output::look::{GOOD, LABEL, Look, NAME, WARNING};
use crate::output::redact::redact;
use crate::output::sanitise::escape;
use crate::output::time::span;
use crate::settings::Settings;

pub(super) async fn run(session: &mut Session) -> Result<(), Halt> {
    let hello = session.connect().await?;
    let text = if session.look.json {
        json::line(&redact(hello.raw()), session.look.out).into_owned()
    } else {
        overview(&hello, &session.settings, session.look)
    };
    session.stdout.line(&session.mask.hide(&text)).await
}

fn overview(hello: &Hello, settings: &Settings, look: Look) -> String {
    let mut rows: Vec<(&str, String)> = Vec::new();
    let out = look.out;
    let server = hello.server();
    rows.push(("gateway", out.paint(NAME, &or_unknown(server.version.as_deref()))));
    if let Some(build) = &server.build_id {
        rows.push(("build", escape(build).into_owned()));
    }
    if let Ok(url) = settings.address() {
        rows.push(("address", escape(&url.to_string()).into_owned()));
    }
    rows.push(("connection", or_unknown(server.conn_id.as_deref())));
    rows.push(("protocol", hello.protocol.to_string()));
    if let Some(auth) = hello.auth() {
        if let Some(role) = &auth.role {
            rows.push(("role", escape(role.as_str()).into_owned()));
        }
        if let Some(method) = &auth.method {
            rows.push(("authenticated by", escape(method).into_owned()));
        }
    }
    rows.push(("scopes requested", list(&settings.scopes)));
    match hello.scopes() {
        None => rows.push(("scopes granted", "the gateway does not say".into())),
        Some(granted) => {
            let missing = missing_scopes(&settings.scopes, granted);
            let style = if missing.is_empty() { GOOD } else { WARNING };
            rows.push(("scopes granted", out.paint(style, &list(granted))));
            if !missing.is_empty() {
                rows.push(("scopes missing", out.paint(WARNING, &list(&missing))));
            }
        }
    }
    let policy = &hello.policy;
    rows.push(("largest frame", bytes(policy.max_payload)));
    rows.push(("send buffer", bytes(policy.max_buffered_bytes)));
    rows.push(("tick", format!("every {}", span(policy.tick_interval))));
    let features = hello.features();
    rows.push((
        "offers",
        format!(
            "{} methods, {} events, {} capabilities",
            features.methods.len(),
            features.events.len(),
            features.capabilities.len()
        ),
    ));
    let snapshot = hello.snapshot();
    if let Some(uptime) = snapshot.uptime {
        rows.push(("up for", span(Duration::from_secs(uptime.as_secs()))));
    }
    if let Some(phase) = snapshot.suspension_phase.as_deref().filter(|phase| *phase != "accepting") {
        rows.push(("suspension", out.paint(WARNING, &escape(phase))));
    }
    let width = rows.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
    let lines: Vec<String> = rows
        .iter()
        .map(|(label, value)| format!("{}  {value}", out.paint(LABEL, &format!("{label:width$}"))))
        .collect();
    lines.join("\n")
}

fn or_unknown(text: Option<&str>) -> String {
    text.map_or_else(|| "unknown".into(), |text| escape(text).into_owned())
}

fn list(scopes: &[Scope]) -> String {
    if scopes.is_empty() {
        return "none".into();
    }
    let names: Vec<_> = scopes.iter().map(|scope| escape(scope.as_str())).collect();
    names.join(", ")
}

/// A size in the largest unit that leaves it whole.
fn bytes(count: usize) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
        let size = 1_usize << shift;
        if count >= size && count % size == 0 {
            return format!("{} {unit}", count / size);
        }
    }
    format!("{count} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::look::Stream;

    const PLAIN: Stream = Stream { terminal: false, colour: false };
    const LOOK: Look = Look { json: false, out: PLAIN, err: PLAIN };

    fn overview_of(hello: &str, scopes: &[Scope]) -> String {
        let settings =
            Settings { url: "ws://127.0.0.1:1/?token=s3cret".into(), scopes: scopes.into(), ..Settings::example() };
        overview(&Hello::parse(hello).unwrap().0, &settings, LOOK)
    }

    #[test]
    fn the_overview_shows_what_was_granted_and_what_was_not() {
        let text = overview_of(
            r#"{"type":"hello-ok","protocol":4,"server":{"version":"2026.9.6\u001b[2J","connId":"c-1"},
                "auth":{"role":"operator","scopes":["operator.read"]},"features":{"methods":["a","b"],"events":["e"]},
                "policy":{"maxPayload":26214400,"maxBufferedBytes":1000,"tickIntervalMs":30000}}"#,
            &[Scope::Read, Scope::Write],
        );
        for line in [
            "gateway           2026.9.6\\u001b[2J",
            "address           ws://127.0.0.1:1/?redacted",
            "connection        c-1",
            "protocol          4",
            "scopes requested  operator.read, operator.write",
            "scopes granted    operator.read",
            "scopes missing    operator.write",
            "largest frame     25 MiB",
            "send buffer       1000 bytes",
            "tick              every 30s",
            "offers            2 methods, 1 events, 0 capabilities",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line}:\n{text}");
        }
    }

    #[test]
    fn a_gateway_that_does_not_state_scopes_is_not_said_to_refuse_them() {
        let text = overview_of(r#"{"protocol":3}"#, &[Scope::Read]);
        assert!(text.contains("does not say") && !text.contains("missing"), "{text}");
        let text = overview_of(r#"{"protocol":4,"auth":{"scopes":[]}}"#, &[Scope::Read]);
        assert!(text.contains("scopes granted    none") && text.contains("scopes missing"), "{text}");
    }
}
