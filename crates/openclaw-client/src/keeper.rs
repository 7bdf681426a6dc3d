//! Keeping tokens where it cannot delay a connection: on a thread of its own.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Poll, Waker};
use std::thread;

use openclaw_proto::{Notice, Secret};

use crate::shared::Shared;
use crate::store::{CredentialStore, StoreError, StoredToken, TokenKey};

/// What is to be done to the store.
pub(crate) enum Errand {
    Save(TokenKey, StoredToken),
    /// Unless another token has taken its place by now.
    Clear(TokenKey, Secret),
}

/// The store's end in a client.
pub(crate) struct Keeper {
    store: Arc<dyn CredentialStore>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// To the thread, once there has been an errand.
    errands: Option<Sender<Errand>>,
    /// Errands not done yet.
    pending: usize,
    /// Who waits for that to be none.
    waiting: Vec<Waker>,
    /// What failed before anybody could listen.
    failed: Option<StoreError>,
}

impl Keeper {
    pub(crate) fn new(store: Arc<dyn CredentialStore>, failed: Option<StoreError>) -> Self {
        let state = State { failed, ..State::default() };
        Self { store, state: Arc::new(Mutex::new(state)) }
    }

    /// Tells what failed when the client was made.
    pub(crate) fn begin(&self, shared: &Shared) {
        let failed = lock(&self.state).failed.take();
        failed.into_iter().for_each(|error| report(shared, &error));
    }

    /// Has an errand run. Errands run one after the other, in their order.
    pub(crate) fn send(&self, shared: &Arc<Shared>, errand: Errand) {
        let mut state = lock(&self.state);
        if state.errands.is_none() {
            match self.start(Arc::downgrade(shared)) {
                Ok(errands) => state.errands = Some(errands),
                Err(error) => return report(shared, &error),
            }
        }
        // The thread ends only after its sender has gone.
        if state.errands.as_ref().is_some_and(|errands| errands.send(errand).is_ok()) {
            state.pending += 1;
        }
    }

    /// Waits until everything is done that was asked for.
    pub(crate) async fn settled(&self) {
        std::future::poll_fn(|cx| {
            let mut state = lock(&self.state);
            if state.pending == 0 {
                return Poll::Ready(());
            }
            state.waiting.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn start(&self, shared: Weak<Shared>) -> std::io::Result<Sender<Errand>> {
        let (sender, errands) = channel();
        let (store, state) = (Arc::clone(&self.store), Arc::clone(&self.state));
        thread::Builder::new().name("openclaw-store".into()).spawn(move || {
            for errand in errands {
                let result = match &errand {
                    Errand::Save(key, token) => store.save_token(key, token),
                    Errand::Clear(key, token) => store.clear_token(key, Some(token)).map(drop),
                };
                if let (Err(error), Some(shared)) = (result, shared.upgrade()) {
                    report(&shared, &error);
                }
                let waiting = {
                    let mut state = lock(&state);
                    state.pending -= 1;
                    if state.pending == 0 { std::mem::take(&mut state.waiting) } else { Vec::new() }
                };
                waiting.into_iter().for_each(Waker::wake);
            }
        })?;
        Ok(sender)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn report(shared: &Shared, error: &dyn std::error::Error) {
    tracing::warn!(error = %error, "the credential store");
    shared.hub.publish_notice(&Notice::Store { error: error.to_string() });
}
