//! One request was refused.

use super::super::rows::{CodeRow, Place, Rule};

const fn row(code: &'static str, proven: bool, meaning: &'static str, next: &'static str) -> CodeRow {
    super::row(Place::Detail, code, proven, meaning, Rule::Request, next)
}

const fn reason(code: &'static str, proven: bool, meaning: &'static str, next: &'static str) -> CodeRow {
    super::row(Place::Reason, code, proven, meaning, Rule::Request, next)
}

pub(super) const ROWS: &[CodeRow] = &[
    row(
        "MISSING_SCOPE",
        true,
        "the connection was not granted a scope the method needs",
        "ask for the scope at the next connect; a method nobody knows looks the same without operator.admin",
    ),
    row("CRON_JOB_NOT_FOUND", false, "there is no such scheduled job", "list the jobs again"),
    row("MCP_APP_VIEW_EXPIRED", false, "the view has expired", "open it again"),
    row("OUTBOUND_DELIVERY_QUEUED", false, "the message is queued and will be delivered later", "do not send it again"),
    row("USER_PREFS_LIMIT_EXCEEDED", false, "the user has too many preferences", "remove some"),
    row("SESSION_COMPANION_BUSY", false, "the companion answers another question", "ask again in a moment"),
    row("SESSION_MUTATION_TARGET_REQUIRED", true, "there is no such session to change", "name a session that exists"),
    row(
        "SKILL_PROPOSAL_REVISION_CHANGED",
        false,
        "the proposal has changed since it was read",
        "read it again, then decide",
    ),
    row("PROJECT_CLONE_FAILED", false, "the project could not be cloned; details.cause says why", "mend the cause"),
    row("UNKNOWN_AGENT_ID", false, "there is no such agent", "list the agents"),
    row("WIZARD_NOT_FOUND", false, "there is no such setup wizard (any more)", "start it again"),
    row("SETUP_ADMISSION_BUSY", false, "another setup is under way", "try again in a moment"),
    row(
        "GITHUB_PUBLICATION_SELECTION_REJECTED",
        false,
        "what was selected for publication is not accepted",
        "select again",
    ),
    row(
        "SESSION_WORKSPACE_RECOVERY_REQUIRED",
        false,
        "the session's workspace has to be recovered first",
        "recover it on the gateway",
    ),
    row("TASK_WORKTREE_SOURCE_REQUIRED", false, "the task's worktree needs a source", "name one"),
    row("AGENT_RUNTIME_RESTRICTED", false, "the agent's runtime may not do this", "use another agent"),
    row("PROGRESS_CARD_REFRESH_TERMINAL", false, "the card's run has ended", "do not refresh it again"),
    reason(
        "EXPECTED_PROFILE_MISMATCH",
        true,
        "the request was meant for another user profile; details.execution says whether it ran",
        "select the profile again",
    ),
    reason(
        "system_agent_inference_unavailable",
        false,
        "the gateway's own agent has no model to ask",
        "set up a model on the gateway",
    ),
    reason(
        "system_agent_session_invalidated",
        false,
        "the session with the gateway's own agent is over",
        "begin a new one",
    ),
    reason(
        "chat-request-conflict",
        true,
        "the idempotency key was used for another message",
        "look into the history, then send with a new key",
    ),
    reason(
        "command not allowlisted",
        true,
        "the node may not run this command",
        "allow it in the gateway's configuration",
    ),
];
