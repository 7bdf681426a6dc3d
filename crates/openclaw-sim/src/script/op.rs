//! What the program around a client does, as data.

use serde::{Deserialize, Serialize};

/// Something the program does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    /// Starts the client.
    Start,
    /// Asks for an attempt now.
    Nudge,
    /// Shuts the client down.
    Shutdown,
    /// Makes requests.
    Ask {
        /// What for.
        what: Ask,
        /// How long the answer may take.
        limit: Limit,
        /// Whether it wants to be refused where it would have to wait.
        refuse: bool,
        /// How many at once.
        count: u32,
    },
    /// Gives up on open requests.
    Cancel {
        /// On how many.
        count: u32,
    },
}

/// How long an answer may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Limit {
    /// As the client is configured.
    #[default]
    Default,
    /// So many milliseconds.
    Ms(u64),
    /// For ever.
    Never,
}

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// The gateway's health.
    #[default]
    Health,
    /// The params back.
    Echo {
        /// How large they are.
        bytes: usize,
    },
    /// An answer after a while.
    Slow {
        /// How long.
        ms: u64,
    },
    /// A large answer.
    Blob {
        /// How large.
        bytes: u64,
    },
    /// Many events, then an answer.
    Flood {
        /// How many.
        count: u64,
        /// How large each.
        bytes: u64,
        /// Whether a slow reader misses them.
        droppable: bool,
    },
    /// A run of the agent: answered twice.
    Agent {
        /// How many words it says; none means that it never ends.
        words: u64,
        /// How long the second answer may take, if that has a limit.
        final_ms: Option<u64>,
    },
    /// The same, but only the first answer is wanted.
    AgentOnce,
    /// A chat message: answered once, what is said comes as events.
    Chat {
        /// How many words are said.
        words: u64,
    },
    /// An approval, in one phase or two.
    Approval {
        /// Whether in two.
        two_phase: bool,
        /// How long the decision takes.
        ms: u64,
    },
    /// A method nobody knows to answer twice.
    TwoAnswers {
        /// How long the second answer takes.
        ms: u64,
        /// How long it may take.
        within_ms: u64,
        /// Whether it is an error.
        fails: bool,
    },
    /// A method that is never answered.
    Never,
    /// A method that does not exist.
    Unknown,
    /// A method the client may not call.
    Forbidden,
    /// A method that closes the connection.
    Close {
        /// The close code.
        code: u16,
    },
    /// A method that cuts the connection.
    Cut,
    /// A frame larger than the gateway takes.
    Huge,
    /// A request bound to a profile.
    Profile,
    /// A request with trace context.
    Traced,
}

impl Op {
    /// The name of its kind, as reports show it.
    #[must_use]
    pub fn kind(&self) -> String {
        match self {
            Self::Ask { what, .. } => format!("Ask {}", super::fault::word(&format!("{what:?}"))),
            other => super::fault::word(&format!("{other:?}")).into(),
        }
    }
}
