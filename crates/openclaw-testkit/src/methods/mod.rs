//! The methods the gateway has.

mod chat;
mod devices;
mod info;
mod traffic;

use std::collections::BTreeMap;
use std::fmt;

use openclaw_proto::connect::Scope;
use serde_json::Value;

use crate::config::Handler;
use crate::dialect::Dialect;
use crate::gateway::{GatewayCore, Ticket};
use crate::reply::Reply;

pub(crate) use info::health;

/// Who may call a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Scope(Scope),
    /// Every operator, whatever its scopes.
    Operator,
    Node,
}

/// A method the gateway has of its own. It gets its params as JSON text.
pub(crate) type Builtin = fn(&mut GatewayCore, &Ticket, &str) -> Reply;

/// What runs when a method is called.
pub(crate) enum Run {
    Builtin(Builtin),
    User(Handler),
}

/// A method.
pub(crate) struct Method {
    access: Access,
    run: Run,
    /// Whether the hello names it.
    listed: bool,
}

/// A built-in method's params; anything unreadable reads as null.
pub(crate) fn parse(params: &str) -> Value {
    serde_json::from_str(params).unwrap_or_default()
}

/// Methods that no hello names.
const UNLISTED: [&str; 2] = ["connect", "device.pair.setupCode"];

/// Methods that v3 does not have.
const NEW: [&str; 5] = [
    "device.pair.rename",
    "device.pair.setupCode",
    "device.scopes.requestUpgrade",
    "device.scopes.waitUpgrade",
    "plugins.sessionAction",
];

/// All methods by name.
pub(crate) struct Methods(BTreeMap<String, Method>);

impl Methods {
    pub(crate) fn new(dialect: Dialect, user: Vec<(String, Scope, Handler)>, without: &[String]) -> Self {
        const READ: &str = "operator.read";
        const WRITE: &str = "operator.write";
        const PAIRING: &str = "operator.pairing";
        let builtin: &[(&str, &str, Builtin)] = &[
            ("agent", WRITE, chat::agent),
            ("agent.wait", WRITE, chat::wait),
            ("agents.list", READ, info::agents),
            ("blob", READ, traffic::blob),
            ("chat.abort", WRITE, chat::abort),
            ("chat.send", WRITE, chat::send),
            ("connect", "operator.admin", traffic::connect),
            ("device.pair.approve", PAIRING, devices::approve),
            ("device.pair.list", PAIRING, devices::list),
            ("device.pair.reject", PAIRING, devices::reject),
            ("device.pair.remove", PAIRING, devices::remove),
            ("device.pair.rename", PAIRING, devices::rename),
            ("device.pair.setupCode", "operator.admin", devices::setup_code),
            ("device.scopes.requestUpgrade", READ, devices::request_upgrade),
            ("device.scopes.waitUpgrade", READ, devices::wait_upgrade),
            ("device.token.revoke", PAIRING, devices::revoke),
            ("device.token.rotate", PAIRING, devices::rotate),
            ("echo", READ, traffic::echo),
            ("flood", READ, traffic::flood),
            ("health", READ, info::health_now),
            ("models.list", READ, info::models),
            ("plugins.sessionAction", WRITE, info::session_action),
            ("sessions.list", READ, info::sessions),
            ("slow", READ, traffic::slow),
            ("status", READ, info::status),
            ("system-presence", READ, info::presence),
        ];
        let mut methods: BTreeMap<String, Method> = builtin
            .iter()
            .map(|(name, scope, run)| {
                let is_for_all = name.starts_with("device.scopes.");
                let access = if is_for_all { Access::Operator } else { Access::Scope(Scope::from(*scope)) };
                ((*name).to_owned(), Method { access, run: Run::Builtin(*run), listed: !UNLISTED.contains(name) })
            })
            .collect();
        if !dialect.is_v4() {
            methods.retain(|name, _| !NEW.contains(&name.as_str()));
        }
        methods.retain(|name, _| !without.contains(name));
        for (name, scope, handler) in user {
            let access = if scope.as_str() == "node" { Access::Node } else { Access::Scope(scope) };
            methods.insert(name, Method { access, run: Run::User(handler), listed: true });
        }
        Self(methods)
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.0.iter().filter(|(_, method)| method.listed).map(|(name, _)| name.as_str()).collect()
    }

    pub(crate) fn access(&self, name: &str) -> Option<&Access> {
        self.0.get(name).map(|method| &method.access)
    }

    pub(crate) fn run(&self, name: &str) -> Option<&Run> {
        self.0.get(name).map(|method| &method.run)
    }

    pub(crate) fn run_mut(&mut self, name: &str) -> Option<&mut Run> {
        self.0.get_mut(name).map(|method| &mut method.run)
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
