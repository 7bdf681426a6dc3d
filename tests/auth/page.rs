//! The page on recovery says what the tables say.

use std::fmt::Write;

use openclaw_proto::recovery::{CLOSE_CODES, HTTP_STATUSES, Place, Row, codes};

const HEAD: &str = "\
Generated from the tables in `src/recovery`; a test compares the two.

A refused connect is judged by its finest code: `details.code`, else `details.reason`, else `code`. A code without a row
means retry if the gateway calls the error retryable or names a delay; otherwise the top-level code decides, and codes that
begin with `AUTH_` or `DEVICE_AUTH_` pause. *Seen* says whether a code has been provoked on a real gateway.

A **pause** ends with [`nudge`](crate::Client::nudge), with [`start`](crate::Client::start), or at the time it names. The one
**attempt with the stored token** is made when a shared token was refused, a token issued to this device is stored and was
not shown, the gateway is on this machine or has a pinned certificate, and no such attempt was made since the last hello or
stop.
";

fn table(page: &mut String, title: &str, rows: impl Iterator<Item = Row>) {
    let _ = write!(
        page,
        "\n## {title}\n\n| code | what has happened | the client | what to do | seen |\n|---|---|---|---|---|\n"
    );
    for row in rows {
        let code = row.code();
        let code = if code == "none" { code } else { format!("`{code}`") };
        let seen = if row.proven() { "yes" } else { "" };
        let cells = [&code, row.meaning(), &row.reaction(), row.next(), seen].map(|cell| cell.replace('<', "&lt;"));
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    }
}

#[test]
fn the_page_on_recovery_is_the_tables() {
    let mut page = String::from(HEAD);
    for (title, place) in [
        ("`details.code`", Place::Detail),
        ("`details.reason`", Place::Reason),
        ("`code`", Place::Top),
        ("`details.nodeError.code` of `node.invoke`", Place::Node),
    ] {
        table(&mut page, title, codes().filter(|row| row.place == place).map(Row::Code));
    }
    table(&mut page, "Close codes", CLOSE_CODES.iter().map(Row::Close));
    table(&mut page, "HTTP statuses instead of the upgrade", HTTP_STATUSES.iter().map(Row::Http));
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/openclaw-proto/docs/recovery.md");
    if std::env::var_os("OPENCLAW_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    } else {
        let written = std::fs::read_to_string(&path).unwrap();
        assert_eq!(written, page, "run OPENCLAW_UPDATE_DOCS=1 cargo test -p openclaw-tests --test auth");
    }
}
