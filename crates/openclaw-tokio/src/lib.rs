//! A client for the OpenClaw gateway on tokio.
//!
//! [`builder`] makes a [`Client`]; everything else is [`openclaw_client`]'s, re-exported. The adapter itself is a dialer, a
//! clock and a spawner.

#[doc = include_str!("../docs/from-the-go-client.md")]
pub mod from_the_go_client {}

mod counted;
mod dial;

use std::sync::Arc;

use openclaw_client::proto::{DialPlan, Instant, Now};
use openclaw_client::transport::{BoxFuture, Clock, DialOptions, Runtime};
use openclaw_client::websocket::WebSocket;
pub use openclaw_client::*;
use tokio::runtime::Handle;
use tokio_tungstenite::WebSocketStream;

use counted::Counted;
use dial::Stream;

/// A client for the gateway at `url`, on the tokio runtime this is called in.
///
/// # Panics
/// Outside a tokio runtime. [`Tokio::on`] takes a handle instead.
pub fn builder(url: impl Into<String>) -> Builder<Tokio> {
    Builder::new(Tokio::on(Handle::current()), url)
}

/// tokio as a [`Runtime`].
#[derive(Clone, Debug)]
pub struct Tokio {
    clock: Clock,
    handle: Handle,
}

impl Tokio {
    /// The runtime of that handle, for a client that is made outside of it: `Builder::new(Tokio::on(handle), url)`.
    #[must_use]
    pub fn on(handle: Handle) -> Self {
        Self { clock: Clock::default(), handle }
    }
}

impl Runtime for Tokio {
    type Transport = WebSocket<WebSocketStream<Counted<Stream>>>;
    type Sleep = tokio::time::Sleep;

    fn now(&self) -> Now {
        self.clock.now()
    }

    fn sleep_until(&self, at: Instant) -> Self::Sleep {
        tokio::time::sleep_until(self.clock.instant(at).into())
    }

    fn spawn(&self, task: BoxFuture<()>) {
        self.handle.spawn(task);
    }

    fn dial(&self, plan: DialPlan, options: Arc<DialOptions>) -> BoxFuture<Result<Self::Transport, TransportError>> {
        Box::pin(dial::dial(self.clone(), plan, options))
    }
}
