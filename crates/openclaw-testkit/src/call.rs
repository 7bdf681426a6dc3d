//! What a method sees of its call.

use std::fmt;
use std::time::Duration;

use openclaw_proto::Now;
use openclaw_proto::connect::{Role, Scope};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::gateway::PeerId;
use crate::json;
use crate::reply::ErrorBody;
use crate::rng::Rng;

/// A call under way, as its method sees it. Events asked for here are sent before the method's answer.
pub struct Call<'a> {
    pub(crate) peer: PeerId,
    pub(crate) now: Now,
    pub(crate) method: &'a str,
    pub(crate) id: &'a str,
    pub(crate) params: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) client_mode: &'a str,
    pub(crate) role: &'a Role,
    pub(crate) scopes: &'a [Scope],
    pub(crate) rng: &'a mut Rng,
    pub(crate) events: Vec<Wanted>,
}

/// An event a method asked for.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) delay: Duration,
    /// Only to the caller.
    pub(crate) only: bool,
    pub(crate) name: String,
    pub(crate) payload: Value,
}

impl Call<'_> {
    /// The caller's connection.
    #[must_use]
    pub fn peer(&self) -> PeerId {
        self.peer
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Now {
        self.now
    }

    /// The method's name.
    #[must_use]
    pub fn method(&self) -> &str {
        self.method
    }

    /// The request's id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.id
    }

    /// The params' JSON text as it came; `{}` when there were none.
    #[must_use]
    pub fn params(&self) -> &str {
        self.params
    }

    /// The params as a type of the method's own; what does not fit is the error a gateway would answer.
    ///
    /// # Errors
    /// When the params do not have that shape.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ErrorBody> {
        serde_json::from_str(self.params)
            .map_err(|error| ErrorBody::invalid(format!("invalid {} params: {error}", self.method)))
    }

    /// The caller's `client.id`.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.client_id
    }

    /// The caller's `client.mode`.
    #[must_use]
    pub fn client_mode(&self) -> &str {
        self.client_mode
    }

    /// The caller's role.
    #[must_use]
    pub fn role(&self) -> &Role {
        self.role
    }

    /// The scopes the caller was granted.
    #[must_use]
    pub fn scopes(&self) -> &[Scope] {
        self.scopes
    }

    /// A fresh UUID out of the gateway's seed.
    pub fn uuid(&mut self) -> String {
        self.rng.uuid()
    }

    /// Sends an event to every connection that may see it.
    pub fn broadcast(&mut self, name: &str, payload: &(impl Serialize + ?Sized)) {
        self.broadcast_after(Duration::ZERO, name, payload);
    }

    /// The same, later.
    pub fn broadcast_after(&mut self, delay: Duration, name: &str, payload: &(impl Serialize + ?Sized)) {
        self.events.push(Wanted { delay, only: false, name: name.into(), payload: json::value_of(payload) });
    }

    /// Sends an event to the caller alone, outside of its sequence.
    pub fn event(&mut self, name: &str, payload: &(impl Serialize + ?Sized)) {
        self.events.push(Wanted {
            delay: Duration::ZERO,
            only: true,
            name: name.into(),
            payload: json::value_of(payload),
        });
    }
}

/// Params may hold anything, so their size is shown and not their content.
impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("peer", &self.peer)
            .field("method", &self.method)
            .field("params_bytes", &self.params.len())
            .finish_non_exhaustive()
    }
}
