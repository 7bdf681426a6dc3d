//! Methods that tell how things are.

use serde_json::{Value, json};

use crate::gateway::{GatewayCore, Ticket};
use crate::reply::{ErrorBody, Reply};

/// The health report, as the method and the event have it.
pub(crate) fn health(gateway: &GatewayCore) -> Value {
    let sessions = json!({"path": "/gateway/sessions", "count": gateway.runs.sessions().count(), "recent": []});
    let heartbeat = json!({
        "enabled": false,
        "every": if gateway.dialect.is_v4() { "disabled" } else { "0m" },
        "everyMs": null,
        "prompt": "If there is nothing to do, reply NO_REPLY.",
        "target": if gateway.dialect.is_v4() { "owner" } else { "none" },
        "ackMaxChars": 300,
    });
    let mut health = json!({
        "ok": true,
        "ts": gateway.now.unix.0,
        "durationMs": 1,
        "eventLoop": event_loop(gateway),
        "plugins": {"loaded": [], "errors": []},
        "channels": {},
        "channelOrder": [],
        "channelLabels": {},
        "heartbeatSeconds": 0,
        "defaultAgentId": "main",
        "agents": [{"agentId": "main", "isDefault": true, "heartbeat": heartbeat, "sessions": sessions}],
        "sessions": sessions,
    });
    if gateway.dialect.is_v4() {
        let more = json!({
            "configReload": {"hotReloadStatus": "active"},
            "modelRuntime": {"degraded": false, "pendingAgents": []},
        });
        crate::json::merge(&mut health, &more);
    }
    health
}

/// How busy a gateway is; this one never is.
fn event_loop(gateway: &GatewayCore) -> Value {
    let mut event_loop = json!({
        "degraded": false,
        "reasons": [],
        "intervalMs": 1000,
        "delayP99Ms": 1,
        "delayMaxMs": 2,
        "utilization": 0.01,
        "cpuCoreRatio": 0.01,
    });
    if gateway.dialect.is_v4() {
        // What real gateways say as long as they have not looked at their workers.
        let cpu = ["mainThreadCoreRatio", "hostUtilization", "hostCpuCount"];
        let cpu: Value = cpu.into_iter().map(|kind| (kind.to_owned(), json!(1))).collect();
        crate::json::merge(&mut event_loop, &json!({"cpuBreakdown": cpu}));
        if let Some(members) = event_loop.as_object_mut() {
            members.insert("degradedSinceMs".into(), Value::Null);
        }
    }
    event_loop
}

pub(super) fn health_now(gateway: &mut GatewayCore, _: &Ticket, _: &str) -> Reply {
    Reply::ok(health(gateway))
}

pub(super) fn status(gateway: &mut GatewayCore, _: &Ticket, _: &str) -> Reply {
    let mut status = json!({
        "runtimeVersion": gateway.version,
        "heartbeat": {"defaultAgentId": "main", "agents": [{"agentId": "main", "enabled": false, "every": "0m"}]},
        "channelSummary": [],
        "queuedSystemEvents": [],
        "tasks": {"total": 0, "active": 0, "terminal": 0, "failures": 0, "byStatus": {}, "byRuntime": {}},
        "taskAudit": {"total": 0, "warnings": 0, "errors": 0, "byCode": {}},
        "sessions": {"paths": [], "count": gateway.runs.sessions().count(), "defaults": {}, "recent": [], "byAgent": []},
        "eventLoop": event_loop(gateway),
    });
    if gateway.dialect.is_v4() {
        let work = ["rootRequests", "cronRuns", "sessionMutations", "terminalPersistence", "lifecycleWrites"];
        let work: Value = work.into_iter().map(|kind| (kind.to_owned(), json!(0))).collect();
        let memory = ["rssBytes", "heapUsedBytes", "heapTotalBytes", "externalBytes", "arrayBuffersBytes"];
        let memory: Value = memory.into_iter().map(|kind| (kind.to_owned(), json!(1 << 26))).collect();
        let pool = json!({"maxWorkers": 1, "workers": 0, "workersCreated": 0, "activeTasks": 0, "pendingTasks": 0});
        let more = json!({
            "hostDesktop": {"enabled": false, "state": "disabled", "port": 5900},
            "degradedSecretOwners": [],
            "degradedPlugins": [],
            "modelRuntime": {"degraded": false, "pendingAgents": []},
            "processMemory": memory,
            "workerPools": {"transcriptReconciliation": pool, "modelCatalog": pool},
            // Of nobody: the gateway is a part of the test's own process.
            "pid": 4_194_305,
            "shutdownBudget": {
                "timeoutMs": 325_000,
                "reserveMs": 10_000,
                "nativeStopBudget": false,
                "activeWork": work,
                "writeCustody": [],
            },
        });
        crate::json::merge(&mut status, &more);
    }
    Reply::ok(status)
}

pub(super) fn agents(gateway: &mut GatewayCore, _: &Ticket, _: &str) -> Reply {
    let mut agents = json!({
        "defaultId": "main",
        "mainKey": "main",
        "scope": "per-sender",
        "agents": [{
            "id": "main",
            "workspace": "/gateway/workspace",
            "agentRuntime": {"id": "script", "source": "implicit"},
        }],
    });
    if gateway.dialect.is_v4() {
        crate::json::merge(&mut agents, &json!({"ownership": "sole", "selectionRequired": false}));
        // Gateways of wire 3 name a model only if one is configured.
        if let Some(agent) = agents.pointer_mut("/agents/0") {
            crate::json::merge(agent, &json!({"model": {"primary": "testkit/script"}}));
        }
    }
    Reply::ok(agents)
}

pub(super) fn models(_: &mut GatewayCore, _: &Ticket, _: &str) -> Reply {
    Reply::ok(json!({"models": [{
        "id": "script",
        "name": "Script",
        "provider": "testkit",
        "contextWindow": 200_000,
        "reasoning": false,
        "input": ["text"],
    }]}))
}

pub(super) fn sessions(gateway: &mut GatewayCore, _: &Ticket, _: &str) -> Reply {
    let sessions: Vec<Value> = gateway
        .runs
        .sessions()
        .map(|(key, at)| json!({"key": key, "kind": "direct", "agentId": "main", "updatedAt": at}))
        .collect();
    let mut list = json!({
        "ts": gateway.now.unix.0,
        "path": "(multiple)",
        "count": sessions.len(),
        "totalCount": sessions.len(),
        "limitApplied": 100,
        "hasMore": false,
        "defaults": {"modelProvider": "testkit", "model": "script", "contextTokens": 200_000},
        "sessions": sessions,
    });
    if gateway.dialect.is_v4() {
        if let Some(members) = list.as_object_mut() {
            members.insert("nextOffset".into(), Value::Null);
            members.insert("owners".into(), json!([]));
        }
    }
    Reply::ok(list)
}

/// Runs what a plugin offers; no plugin is here to offer anything.
pub(super) fn session_action(_: &mut GatewayCore, _: &Ticket, params: &str) -> Reply {
    let params = super::parse(params);
    let name = |field| params.get(field).and_then(Value::as_str).unwrap_or_default().trim();
    let (plugin, action) = (name("pluginId"), name("actionId"));
    Reply::error(if plugin.is_empty() || action.is_empty() {
        ErrorBody::invalid("plugins.sessionAction pluginId and actionId must be non-empty")
    } else {
        ErrorBody::unavailable(format!("unknown plugin session action: {plugin}/{action}"))
    })
}

pub(super) fn presence(gateway: &mut GatewayCore, _: &Ticket, _: &str) -> Reply {
    Reply::ok(gateway.presence.rows(gateway.now.unix.0))
}
