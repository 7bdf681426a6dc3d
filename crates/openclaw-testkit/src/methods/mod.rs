//! The methods the gateway has.

mod chat;
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

/// All methods by name.
pub(crate) struct Methods(BTreeMap<String, Method>);

impl Methods {
    pub(crate) fn new(dialect: Dialect, user: Vec<(String, Scope, Handler)>, without: &[String]) -> Self {
        const READ: &str = "operator.read";
        const WRITE: &str = "operator.write";
        let builtin: &[(&str, &str, Builtin)] = &[
            ("agent", WRITE, chat::agent),
            ("agent.wait", WRITE, chat::wait),
            ("agents.list", READ, info::agents),
            ("blob", READ, traffic::blob),
            ("chat.abort", WRITE, chat::abort),
            ("chat.send", WRITE, chat::send),
            ("connect", "operator.admin", traffic::connect),
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
                let access = Access::Scope(Scope::from(*scope));
                ((*name).to_owned(), Method { access, run: Run::Builtin(*run), listed: *name != "connect" })
            })
            .collect();
        if !dialect.is_v4() {
            methods.remove("plugins.sessionAction");
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
