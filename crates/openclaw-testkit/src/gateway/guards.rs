//! Who may see which event.

use openclaw_proto::connect::Scope;

use super::peer::Session;
use crate::dialect::Dialect;

/// What a connection must be to see an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    Anyone,
    Scope(&'static str),
    /// Either of them.
    Either(&'static str, &'static str),
}

impl Guard {
    pub(crate) fn admits(self, session: &Session) -> bool {
        match self {
            Self::Anyone => true,
            Self::Scope(scope) => session.may(&Scope::from(scope)),
            Self::Either(a, b) => session.may(&Scope::from(a)) || session.may(&Scope::from(b)),
        }
    }
}

const ANYONE: &[&str] = &["tick", "shutdown", "gateway.suspension", "health", "heartbeat", "update.available"];
const APPROVALS: &[&str] = &["session.approval", "exec.approval.", "plugin.approval.", "openclaw.approval."];
const ADMIN: &[&str] = &["terminal.", "plugins.install.progress", "update.run.changed"];

/// The guard of an event. Events that no real gateway has are for everyone: tests make them up.
pub(crate) fn guard(dialect: Dialect, event: &str) -> Guard {
    let in_family = |families: &[&str]| {
        families.iter().any(|family| event == *family || family.ends_with('.') && event.starts_with(family))
    };
    if in_family(ANYONE) {
        return Guard::Anyone;
    }
    if event == "presence" && !dialect.is_v4() {
        return Guard::Anyone;
    }
    if in_family(APPROVALS) {
        return Guard::Scope("operator.approvals");
    }
    if in_family(ADMIN) {
        return Guard::Scope("operator.admin");
    }
    if in_family(&["node.pair.", "device.pair."]) {
        return Guard::Scope("operator.pairing");
    }
    if in_family(&["question."]) {
        return Guard::Scope("operator.questions");
    }
    if in_family(&["talk.mode", "talk.voice.change"]) {
        return Guard::Scope(if dialect.is_v4() { "operator.talk" } else { "operator.write" });
    }
    if event == "chat.metadata.changed" {
        return Guard::Either("operator.read", "operator.sessions.read");
    }
    if in_family(&["plugin."]) {
        return Guard::Scope("operator.write");
    }
    if events(dialect).contains(&event) { Guard::Scope("operator.read") } else { Guard::Anyone }
}

/// The events a hello lists.
pub(crate) fn events(dialect: Dialect) -> &'static [&'static str] {
    if dialect.is_v4() { EVENTS_V4 } else { EVENTS_V3 }
}

const EVENTS_V3: &[&str] = &[
    "connect.challenge",
    "agent",
    "chat",
    "session.message",
    "session.tool",
    "sessions.changed",
    "presence",
    "tick",
    "talk.mode",
    "shutdown",
    "health",
    "heartbeat",
    "cron",
    "node.pair.requested",
    "node.pair.resolved",
    "node.invoke.request",
    "device.pair.requested",
    "device.pair.resolved",
    "voicewake.changed",
    "voicewake.routing.changed",
    "exec.approval.requested",
    "exec.approval.resolved",
    "plugin.approval.requested",
    "plugin.approval.resolved",
    "update.available",
];

const EVENTS_V4: &[&str] = &[
    "connect.challenge",
    "agent",
    "chat",
    "chat.metadata.changed",
    "models.snapshot",
    "ui.command",
    "session.approval",
    "session.message",
    "session.observer",
    "session.operation",
    "session.sharing",
    "session.sharing.evidence",
    "session.suggestion",
    "session.typing",
    "session.tool",
    "sessions.changed",
    "controlUi.sessionPullRequests.changed",
    "plugins.controlUi.changed",
    "presence",
    "tick",
    "talk.mode",
    "talk.event",
    "talk.voice.change",
    "shutdown",
    "gateway.suspension",
    "health",
    "heartbeat",
    "cron",
    "task",
    "task.suggestion",
    "node.pair.requested",
    "node.pair.resolved",
    "node.presence",
    "node.hostStats",
    "node.runnerInventory.changed",
    "node.invoke.cancel",
    "node.invoke.input",
    "node.invoke.request",
    "device.pair.changed",
    "device.pair.requested",
    "device.pair.resolved",
    "device.pair.setup.completed",
    "device.pair.setup.deliveryUncertain",
    "users.prefs.changed",
    "skills.changed",
    "plugins.changed",
    "plugins.install.progress",
    "voicewake.changed",
    "voicewake.routing.changed",
    "exec.approval.requested",
    "exec.approval.resolved",
    "question.requested",
    "question.resolved",
    "plugin.approval.requested",
    "plugin.approval.resolved",
    "openclaw.approval.requested",
    "openclaw.approval.resolved",
    "terminal.data",
    "terminal.exit",
    "update.available",
    "update.run.changed",
    "portal.changed",
    "progressCard.changed",
    "mentions.changed",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_the_guards_of_the_protocol() {
        for (event, v4) in [
            ("tick", Guard::Anyone),
            ("presence", Guard::Scope("operator.read")),
            ("chat", Guard::Scope("operator.read")),
            ("exec.approval.requested", Guard::Scope("operator.approvals")),
            ("device.pair.requested", Guard::Scope("operator.pairing")),
            ("terminal.data", Guard::Scope("operator.admin")),
            ("question.requested", Guard::Scope("operator.questions")),
            ("talk.mode", Guard::Scope("operator.talk")),
            ("talk.event", Guard::Scope("operator.read")),
            ("plugin.cards.dealt", Guard::Scope("operator.write")),
            ("plugin.approval.resolved", Guard::Scope("operator.approvals")),
            ("made.up", Guard::Anyone),
        ] {
            assert_eq!(guard(Dialect::V4, event), v4, "{event}");
        }
        assert_eq!(guard(Dialect::V3, "presence"), Guard::Anyone);
        assert_eq!(guard(Dialect::V3, "talk.mode"), Guard::Scope("operator.write"));
    }
}
