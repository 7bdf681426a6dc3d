//! Which definition belongs to which method and event. Neither the schema nor the packages say: names follow a rule, with
//! exceptions.

/// The params of methods that are not named after their method, by the stem of the definition.
const PARAMS: &[(&str, &str)] = &[
    ("agent.identity.get", "AgentIdentity"),
    ("config.openFile", "ConfigGet"),
    ("conversations.list", "ConversationList"),
    ("conversations.send", "ConversationSend"),
    ("conversations.turn", "ConversationTurn"),
    ("conversations.turn.cancel", "ConversationTurnCancel"),
    ("device.scopes.requestUpgrade", "ScopeUpgradeRequest"),
    ("device.scopes.waitUpgrade", "ScopeUpgradeWait"),
    ("node.pending.pull", "NodeList"),
    ("openclaw.changes.list", "SystemChangesList"),
    ("openclaw.chat", "SystemAgentChat"),
    ("openclaw.chat.history", "SystemAgentChatHistory"),
    ("session.members.add", "SessionMemberAdd"),
    ("session.members.listEvidence", "SessionMembersList"),
    ("session.members.remove", "SessionMemberRemove"),
    ("sessions.github.confirm", "SessionGitHubConfirm"),
    ("sessions.github.options", "SessionGitHubOptions"),
    ("sessions.github.publish", "SessionGitHubPublish"),
    ("sessions.github.status", "SessionGitHubStatus"),
    ("sessions.steer", "SessionsSend"),
    ("sessions.subscribe", "SessionsList"),
    ("sessions.viewers.set", "SessionsViewerPresenceSet"),
    ("skills.curator.pin", "SkillsCuratorAction"),
    ("skills.curator.restore", "SkillsCuratorAction"),
    ("skills.curator.unpin", "SkillsCuratorAction"),
    ("skills.proposals.apply", "SkillsProposalDecision"),
    ("skills.proposals.quarantine", "SkillsProposalAction"),
    ("skills.proposals.reject", "SkillsProposalDecision"),
    ("tasks.dismiss", "TasksRecovery"),
    ("tasks.retry", "TasksRecovery"),
];

/// The payloads of events that are not named after their event with `Event` behind it.
const EVENTS: &[(&str, &str)] = &[
    ("gateway.suspension", "GatewaySuspension"),
    ("question.requested", "QuestionRecord"),
    ("session.observer", "SessionObserverDigest"),
    ("ui.command", "UiCommandParams"),
];

/// What may be the name of the definition of a method's params, the likeliest first. Names are compared without case.
pub(crate) fn params_of(method: &str) -> Vec<String> {
    if method == "connect" {
        return vec!["ConnectParams".to_owned()];
    }
    let alias = PARAMS.iter().find(|(name, _)| *name == method).map(|(_, stem)| format!("{stem}Params"));
    alias.into_iter().chain([format!("{}Params", stem(method))]).collect()
}

/// What may be the name of the definition of a method's result.
pub(crate) fn result_of(method: &str) -> Vec<String> {
    if method == "connect" {
        return vec!["HelloOk".to_owned()];
    }
    let alias = PARAMS.iter().find(|(name, _)| *name == method).map(|(_, stem)| format!("{stem}Result"));
    [format!("{}Result", stem(method))].into_iter().chain(alias).collect()
}

/// What may be the name of the definition of an event's payload.
pub(crate) fn payload_of(event: &str) -> Vec<String> {
    let alias = EVENTS.iter().find(|(name, _)| *name == event).map(|(_, definition)| (*definition).to_owned());
    alias.into_iter().chain([format!("{}Event", stem(event))]).collect()
}

fn stem(name: &str) -> String {
    let mut stem = String::new();
    for part in name.split(['.', '-']) {
        let mut letters = part.chars();
        stem.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        stem.push_str(letters.as_str());
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rule_but_for_the_exceptions() {
        assert_eq!(params_of("chat.send"), ["ChatSendParams"]);
        assert_eq!(params_of("last-heartbeat"), ["LastHeartbeatParams"]);
        assert_eq!(params_of("sessions.steer"), ["SessionsSendParams", "SessionsSteerParams"]);
        assert_eq!(result_of("connect"), ["HelloOk"]);
        assert_eq!(payload_of("tick"), ["TickEvent"]);
        assert_eq!(payload_of("question.requested"), ["QuestionRecord", "QuestionRequestedEvent"]);
    }
}
