//! From the driver to everyone who listens.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openclaw_proto::{Notice, Output, State};

use crate::call::Waiter;
use crate::queue::{Backlog, Queue, Receiver};
use crate::{Event, Text};

/// Which events a subscription wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFilter(Option<Vec<Box<str>>>);

impl EventFilter {
    /// Every event.
    #[must_use]
    pub const fn all() -> Self {
        Self(None)
    }

    /// Events of these names.
    pub fn names<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        Self(Some(names.into_iter().map(|name| name.as_ref().into()).collect()))
    }

    fn wants(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|names| names.iter().any(|wanted| **wanted == *name))
    }
}

impl From<&str> for EventFilter {
    fn from(name: &str) -> Self {
        Self::names([name])
    }
}

impl<const N: usize> From<[&str; N]> for EventFilter {
    fn from(names: [&str; N]) -> Self {
        Self::names(names)
    }
}

#[derive(Debug)]
pub(crate) struct Hub(Mutex<HubState>);

#[derive(Debug)]
struct HubState {
    state: State,
    ended: bool,
    events: Vec<(EventFilter, Arc<Queue<Event>>)>,
    states: Vec<Arc<Queue<State>>>,
    notices: Vec<Arc<Queue<Notice>>>,
}

impl Default for Hub {
    fn default() -> Self {
        let (events, states, notices) = (Vec::new(), Vec::new(), Vec::new());
        Self(Mutex::new(HubState { state: State::Idle, ended: false, events, states, notices }))
    }
}

impl Hub {
    fn lock(&self) -> MutexGuard<'_, HubState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn events(&self, filter: EventFilter, backlog: Backlog) -> Receiver<Event> {
        let queue = Queue::new(backlog, |event: &Event| event.frame().as_ref().len());
        let mut hub = self.lock();
        if hub.ended {
            queue.end();
        } else {
            hub.events.retain(|(_, queue)| held(queue));
            hub.events.push((filter, Arc::clone(&queue)));
        }
        Receiver::new(queue)
    }

    /// States from the present one on.
    pub(crate) fn states(&self) -> Receiver<State> {
        let queue = Queue::new(Backlog::default(), |_| 0);
        let mut hub = self.lock();
        queue.push(hub.state.clone());
        if hub.ended {
            queue.end();
        } else {
            hub.states.retain(held);
            hub.states.push(Arc::clone(&queue));
        }
        Receiver::new(queue)
    }

    pub(crate) fn notices(&self) -> Receiver<Notice> {
        let queue = Queue::new(Backlog::default(), |_| 0);
        let mut hub = self.lock();
        if hub.ended {
            queue.end();
        } else {
            hub.notices.retain(held);
            hub.notices.push(Arc::clone(&queue));
        }
        Receiver::new(queue)
    }

    /// Forgets who has left. Most of them only waited for the client to become ready, and the next state may be long in
    /// coming.
    pub(crate) fn sweep(&self) {
        let mut hub = self.lock();
        hub.states.retain(held);
        if hub.states.is_empty() {
            hub.states = Vec::new();
        }
    }

    pub(crate) fn state(&self) -> State {
        self.lock().state.clone()
    }

    /// Gives events to those who want them: all that are at the front of the outputs. Who does not want one costs a look at a
    /// filter.
    pub(crate) fn publish_events(&self, outputs: &mut VecDeque<Output<Waiter, Text>>) {
        let listeners = &mut self.lock().events;
        let mut gone = false;
        if let [(filter, queue)] = listeners.as_slice() {
            let mut pusher = queue.pusher();
            while let Some(event) = next_event(outputs) {
                if filter.wants(event.name()) {
                    gone |= !pusher.push(event.map_text(Text::detached));
                }
            }
        }
        while let Some(event) = next_event(outputs) {
            gone |= publish_event(listeners, event);
        }
        if gone {
            listeners.retain(|(_, queue)| held(queue));
        }
    }

    pub(crate) fn publish_state(&self, state: State) {
        let mut hub = self.lock();
        hub.states.retain(|queue| queue.push(state.clone()));
        hub.state = state;
    }

    pub(crate) fn publish_notice(&self, notice: &Notice) {
        self.lock().notices.retain(|queue| queue.push(notice.clone()));
    }

    /// The driver has ended: every stream ends.
    pub(crate) fn end(&self) {
        let mut hub = self.lock();
        hub.ended = true;
        hub.events.drain(..).for_each(|(_, queue)| queue.end());
        hub.states.drain(..).for_each(|queue| queue.end());
        hub.notices.drain(..).for_each(|queue| queue.end());
    }
}

fn next_event(outputs: &mut VecDeque<Output<Waiter, Text>>) -> Option<Event> {
    if !matches!(outputs.front(), Some(Output::Event(_))) {
        return None;
    }
    match outputs.pop_front() {
        Some(Output::Event(event)) => Some(event),
        _ => None,
    }
}

/// Returns whether somebody who wanted it reads no more.
fn publish_event(listeners: &[(EventFilter, Arc<Queue<Event>>)], event: Event) -> bool {
    let wants = |(filter, _): &(EventFilter, _)| filter.wants(event.name());
    let Some(last) = listeners.iter().rposition(wants) else { return false };
    let Some(((_, last), earlier)) = listeners.get(..=last).and_then(<[_]>::split_last) else { return false };
    let event = event.map_text(Text::detached);
    let mut gone = false;
    for (_, queue) in earlier.iter().filter(|(filter, _)| filter.wants(event.name())) {
        gone |= !queue.push(event.clone());
    }
    // The last one gets the event itself.
    gone | !last.push(event)
}

/// Whether somebody still reads a queue. Those who have left are swept out when the next one comes, as an event or a
/// state that would show their absence may be long in coming.
fn held<V>(queue: &Arc<Queue<V>>) -> bool {
    Arc::strong_count(queue) > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_and_leaving_for_ever_does_not_grow_the_hub() {
        let hub = Hub::default();
        for _ in 0..1_000 {
            drop(hub.events("never".into(), Backlog::default()));
            drop(hub.states());
            drop(hub.notices());
        }
        let hub = hub.lock();
        assert!(hub.events.len() <= 1 && hub.states.len() <= 1 && hub.notices.len() <= 1);
    }
}
