//! What a finished builder becomes.

use super::{BuildError, Builder, StartError};
use crate::client::Client;
use crate::transport::{BoxFuture, Runtime};

impl<A: Adapter> Builder<A> {
    /// Makes the client and sets its driver going, without connecting. On an asynchronous runtime, call it where tasks can
    /// be spawned.
    ///
    /// # Errors
    /// When the address is refused, or something else that was said cannot be used: see [`BuildError`].
    pub fn build(self) -> Result<A::Client, BuildError> {
        A::build(self)
    }

    /// Makes the client, connects it and waits until it is ready. Asynchronous adapters give a future.
    ///
    /// # Errors
    /// A [`StartError`] when it cannot be made or does not become ready.
    pub fn connect(self) -> A::Connected {
        A::connect(self)
    }
}

/// What a finished [`Builder`] becomes: the asynchronous [`Client`] on every [`Runtime`], a blocking one elsewhere.
pub trait Adapter: Sized {
    /// The handle.
    type Client;
    /// What connecting gives: a result, or the future of one.
    type Connected;

    /// Makes the client and sets its driver going.
    ///
    /// # Errors
    /// See [`Builder::build`].
    fn build(builder: Builder<Self>) -> Result<Self::Client, BuildError>;

    /// Makes the client and connects it.
    fn connect(builder: Builder<Self>) -> Self::Connected;
}

impl<R: Runtime> Adapter for R {
    type Client = Client;
    type Connected = BoxFuture<Result<Client, StartError>>;

    fn build(builder: Builder<Self>) -> Result<Client, BuildError> {
        let runtime = builder.runtime.clone();
        let (client, driver) = builder.split()?;
        runtime.spawn(Box::pin(driver));
        Ok(client)
    }

    fn connect(builder: Builder<Self>) -> Self::Connected {
        Box::pin(async move {
            let client = builder.build()?;
            client.connect().await?;
            Ok(client)
        })
    }
}
