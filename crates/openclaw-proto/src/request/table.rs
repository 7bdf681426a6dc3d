//! The table of requests: who waits, what is queued, what is in flight, and when each gives up.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::deadlines::{Deadlines, Due};
use super::outcome::{NotSent, Refused};
use super::slab::{Key, Slab};
use super::{RequestId, hyphenated};
use crate::frame::{ID_LEN, Request, WhenNotReady, strip_trace, timeout_of};
use crate::rng::Rng;
use crate::time::Instant;

/// The bounds of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLimits {
    pub(crate) in_flight: usize,
    pub(crate) waiting: usize,
    pub(crate) outgoing_bytes: usize,
}

/// What the present connection takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Readiness {
    pub(crate) max_frame: usize,
    pub(crate) profile_binding: bool,
    pub(crate) trace_context: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// For a connection.
    Waiting,
    /// For room in the transport.
    Queued,
    /// For the answer; the transport has the frame.
    Sent,
    /// For the second answer.
    Accepted,
}

#[derive(Debug)]
struct Entry<W> {
    waiter: W,
    text: String,
    tag: u64,
    /// As it stands on the wire: an answer's id is compared with it, which is cheaper than to read that.
    id: [u8; ID_LEN],
    phase: Phase,
    deadline: Option<Due>,
    final_timeout: Option<Duration>,
    two_stage: bool,
    needs_profile_binding: bool,
    /// Bytes of the trace context at the end of the text.
    trace_len: usize,
}

/// What the table has to know of a request beside its text.
#[derive(Clone, Copy, Debug, Default)]
struct Terms {
    timeout: Option<Duration>,
    final_timeout: Option<Duration>,
    two_stage: bool,
    needs_profile_binding: bool,
}

/// How the last tenant of a slot ended, to name late answers.
#[derive(Clone, Copy, Debug)]
struct Ended {
    tag: u64,
    answered: bool,
}

/// A response nobody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stray {
    /// Its request has been answered already.
    Duplicate,
    /// Its request timed out or was cancelled.
    Late,
    /// Its request was made long ago; how it ended is no longer known.
    Stale,
    /// No request of this client ever had that id.
    Foreign,
}

/// What a response means.
#[derive(Debug)]
pub(crate) enum Answer<W> {
    Final { waiter: W, accepted: bool },
    Accepted { waiter: W, id: RequestId },
    Stray(Stray),
}

#[derive(Debug)]
pub(crate) struct Requests<W> {
    slab: Slab<Entry<W>, Ended>,
    waiting: Fifo,
    outgoing: Fifo,
    outgoing_bytes: usize,
    deadlines: Deadlines,
    limits: RequestLimits,
}

impl<W: Clone> Requests<W> {
    pub(crate) fn new(limits: RequestLimits) -> Self {
        Self {
            slab: Slab::new(),
            waiting: Fifo::default(),
            outgoing: Fifo::default(),
            outgoing_bytes: 0,
            deadlines: Deadlines::default(),
            limits,
        }
    }

    /// Takes a request in: to be sent if there is a ready connection, else to wait for one.
    pub(crate) fn submit(
        &mut self,
        now: Instant,
        request: Request,
        waiter: W,
        default_timeout: Option<Duration>,
        ready: Option<Readiness>,
        rng: &mut Rng,
    ) -> Result<RequestId, Refused<W>> {
        if let Err(why) = self.admit(&request, ready) {
            return Err(Refused { waiter, why });
        }
        let Some(key) = self.slab.next_key() else {
            return Err(Refused { waiter, why: NotSent::TooManyInFlight { limit: self.limits.in_flight } });
        };
        let terms = Terms {
            timeout: timeout_of(&request, default_timeout),
            final_timeout: request.final_timeout,
            two_stage: request.two_stage,
            needs_profile_binding: request.needs_profile_binding(),
        };
        let id = self.enter(key, now, waiter, terms, ready.is_some(), rng.next_u64());
        if let Some(entry) = self.slab.get_mut(key) {
            (entry.text, entry.trace_len) = request.finish(&entry.id);
            if let Some(ready) = ready {
                entry.adapt(ready);
            }
            self.outgoing_bytes += entry.text.len();
        }
        Ok(id)
    }

    /// Gives a request its slot (the next one), its id, its deadline and its place in a queue. Its text is still to come.
    #[inline(always)]
    fn enter(&mut self, key: Key, now: Instant, waiter: W, terms: Terms, ready: bool, random: u64) -> RequestId {
        let id = RequestId::new(key.slot, key.generation, random);
        self.slab.insert(Entry {
            waiter,
            text: String::new(),
            tag: id.tag,
            id: id.encode(),
            phase: if ready { Phase::Queued } else { Phase::Waiting },
            deadline: terms.timeout.map(|timeout| self.deadlines.set(now, timeout, key)),
            final_timeout: terms.final_timeout,
            two_stage: terms.two_stage,
            needs_profile_binding: terms.needs_profile_binding,
            trace_len: 0,
        });
        if ready {
            self.outgoing.push(key);
        } else {
            self.waiting.push(key);
        }
        id
    }

    fn admit(&self, request: &Request, ready: Option<Readiness>) -> Result<(), NotSent> {
        let size = request.frame_len();
        // First what will not change by waiting.
        if let Some(ready) = ready {
            ready.check(size, request.needs_profile_binding())?;
        }
        let queued = self.outgoing_bytes;
        if queued.saturating_add(size) > self.limits.outgoing_bytes {
            return Err(NotSent::OutgoingFull { queued, limit: self.limits.outgoing_bytes });
        }
        match ready {
            Some(_) if self.in_flight() >= self.limits.in_flight => {
                return Err(NotSent::TooManyInFlight { limit: self.limits.in_flight });
            }
            None if request.when_not_ready == WhenNotReady::Refuse => return Err(NotSent::NotReady),
            None if self.waiting.live >= self.limits.waiting => {
                return Err(NotSent::TooManyWaiting { limit: self.limits.waiting });
            }
            _ => {}
        }
        Ok(())
    }

    /// A connection is ready: those that waited are queued, in order. Returns the ones it does not take.
    pub(crate) fn connection_ready(&mut self, ready: Readiness) -> Vec<(W, NotSent)> {
        let mut refused = Vec::new();
        while let Some(key) = self.waiting.pop(|key| self.slab.get(key).is_some()) {
            // It waits no longer, so it is counted already.
            let room = self.in_flight() <= self.limits.in_flight;
            let Some(entry) = self.slab.get_mut(key) else { continue };
            let verdict = if room {
                ready.check(entry.text.len(), entry.needs_profile_binding)
            } else {
                Err(NotSent::TooManyInFlight { limit: self.limits.in_flight })
            };
            match verdict {
                Ok(()) => {
                    entry.phase = Phase::Queued;
                    self.outgoing_bytes -= entry.text.len();
                    entry.adapt(ready);
                    self.outgoing_bytes += entry.text.len();
                    self.outgoing.push(key);
                }
                Err(why) => {
                    // Already popped from the waiting queue, so only the entry itself is left to remove.
                    entry.phase = Phase::Sent;
                    self.outgoing_bytes -= entry.text.len();
                    refused.extend(self.remove(key, false).map(|e| (e.waiter, why)));
                }
            }
        }
        refused
    }

    /// The next frame to send. From here on its request may run.
    pub(crate) fn take_outgoing(&mut self) -> Option<String> {
        let key = self.outgoing.pop(|key| self.slab.get(key).is_some())?;
        let entry = self.slab.get_mut(key)?;
        entry.phase = Phase::Sent;
        let text = core::mem::take(&mut entry.text);
        self.outgoing_bytes -= text.len();
        Some(text)
    }

    pub(crate) fn has_outgoing(&self) -> bool {
        self.outgoing.live > 0
    }

    /// Forgets a request; its answer, if one comes, is late.
    pub(crate) fn cancel(&mut self, id: RequestId) -> Option<W> {
        let key = Key { slot: id.slot, generation: id.generation };
        if self.slab.get(key)?.tag != id.tag {
            return None;
        }
        self.remove(key, false).map(|entry| entry.waiter)
    }

    /// Finds whom a response is for. `says_accepted` is asked only of requests that expect two answers.
    pub(crate) fn answer(&mut self, now: Instant, id: &str, says_accepted: impl FnOnce() -> bool) -> Answer<W> {
        let Some((key, entry)) = self.slab.awaiting(id) else {
            return Answer::Stray(self.stray(id));
        };
        match entry.phase {
            Phase::Waiting | Phase::Queued => return Answer::Stray(Stray::Foreign),
            Phase::Sent if entry.two_stage && says_accepted() => {
                entry.phase = Phase::Accepted;
                let (waiter, tag) = (entry.waiter.clone(), entry.tag);
                let id = RequestId { slot: key.slot, generation: key.generation, tag };
                let (old, timeout) = (entry.deadline.take(), entry.final_timeout);
                self.clear_deadline(old, key);
                let deadline = timeout.map(|timeout| self.deadlines.set(now, timeout, key));
                if let Some(entry) = self.slab.get_mut(key) {
                    entry.deadline = deadline;
                }
                return Answer::Accepted { waiter, id };
            }
            Phase::Sent | Phase::Accepted => {}
        }
        let accepted = entry.phase == Phase::Accepted;
        match self.remove(key, true) {
            Some(entry) => Answer::Final { waiter: entry.waiter, accepted },
            None => Answer::Stray(Stray::Foreign),
        }
    }

    /// What an answer is that no request waits for.
    fn stray(&self, id: &str) -> Stray {
        let Some(RequestId { slot, generation, tag }) = RequestId::decode(id) else { return Stray::Foreign };
        let key = Key { slot, generation };
        match self.slab.note(key) {
            Some(ended) if ended.tag == tag && ended.answered => Stray::Duplicate,
            Some(ended) if ended.tag == tag => Stray::Late,
            Some(_) => Stray::Foreign,
            // The slot has had other tenants since, so the tag can no longer be checked.
            None if self.slab.get(key).is_none() && self.slab.knew(key) => Stray::Stale,
            None => Stray::Foreign,
        }
    }

    /// Removes one request whose deadline has passed: its waiter, and whether it had been sent.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<(W, bool)> {
        let (at, key) = self.deadlines.first()?;
        if at > now {
            return None;
        }
        let entry = self.remove(key, false)?;
        Some((entry.waiter, matches!(entry.phase, Phase::Sent | Phase::Accepted)))
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| at)
    }

    /// The connection is gone: everything it carried ends. Returns each waiter and whether it had been sent.
    pub(crate) fn connection_lost(&mut self) -> Vec<(W, bool)> {
        self.remove_where(|phase| phase != Phase::Waiting)
    }

    /// Nothing will ever be ready: those that wait end too.
    pub(crate) fn give_up_waiting(&mut self) -> Vec<W> {
        self.remove_where(|phase| phase == Phase::Waiting).into_iter().map(|(waiter, _)| waiter).collect()
    }

    fn remove_where(&mut self, mut which: impl FnMut(Phase) -> bool) -> Vec<(W, bool)> {
        let keys: Vec<Key> =
            self.slab.keys().filter(|key| self.slab.get(*key).is_some_and(|entry| which(entry.phase))).collect();
        keys.into_iter()
            .filter_map(|key| self.remove(key, false))
            .map(|entry| (entry.waiter, matches!(entry.phase, Phase::Sent | Phase::Accepted)))
            .collect()
    }

    fn remove(&mut self, key: Key, answered: bool) -> Option<Entry<W>> {
        let entry = self.slab.remove(key, |entry| Ended { tag: entry.tag, answered })?;
        self.clear_deadline(entry.deadline, key);
        let slab = &self.slab;
        match entry.phase {
            Phase::Waiting => self.waiting.forget_one(|key| slab.get(key).is_some()),
            Phase::Queued => self.outgoing.forget_one(|key| slab.get(key).is_some()),
            Phase::Sent | Phase::Accepted => return Some(entry),
        }
        self.outgoing_bytes -= entry.text.len();
        Some(entry)
    }

    /// To be called when the entry no longer has it.
    fn clear_deadline(&mut self, deadline: Option<Due>, key: Key) {
        let Some(due) = deadline else { return };
        let slab = &self.slab;
        self.deadlines.clear(due, key, |due, key| slab.get(key).is_some_and(|entry| entry.deadline == Some(due)));
    }

    /// The slots stay: they tell late answers from foreign ones.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.waiting.shrink_to_fit();
        self.outgoing.shrink_to_fit();
        self.deadlines.shrink_to_fit();
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.slab.len() - self.waiting.live
    }

    /// Whether no request has ever been taken in: an earlier one would show in later ids.
    pub(crate) fn untouched(&self) -> bool {
        self.slab.untouched()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.live
    }

    pub(crate) fn outgoing_bytes(&self) -> usize {
        self.outgoing_bytes
    }
}

impl<W> Slab<Entry<W>, Ended> {
    /// The request whose id on the wire this is.
    fn awaiting(&mut self, id: &str) -> Option<(Key, &mut Entry<W>)> {
        let id = <&[u8; ID_LEN]>::try_from(id.as_bytes()).ok()?;
        self.tenant(hyphenated::first_word(id)).filter(|(_, entry)| entry.id == *id)
    }
}

impl<W> Entry<W> {
    /// Leaves out what this gateway would refuse the frame for and can do without.
    fn adapt(&mut self, ready: Readiness) {
        if !ready.trace_context {
            strip_trace(&mut self.text, core::mem::take(&mut self.trace_len));
        }
    }
}

impl Readiness {
    fn check(self, size: usize, needs_profile_binding: bool) -> Result<(), NotSent> {
        if size > self.max_frame {
            return Err(NotSent::FrameTooLarge { size, limit: self.max_frame });
        }
        if needs_profile_binding && !self.profile_binding {
            return Err(NotSent::ProfileBindingUnsupported);
        }
        Ok(())
    }
}

/// A queue whose members may vanish: dead keys are skipped, and swept out before they outnumber the living.
#[derive(Debug, Default)]
struct Fifo {
    keys: VecDeque<Key>,
    live: usize,
}

impl Fifo {
    const SWEEP_ABOVE: usize = 64;

    fn push(&mut self, key: Key) {
        self.keys.push_back(key);
        self.live += 1;
    }

    fn pop(&mut self, alive: impl Fn(Key) -> bool) -> Option<Key> {
        loop {
            let key = self.keys.pop_front()?;
            if alive(key) {
                self.live -= 1;
                return Some(key);
            }
        }
    }

    /// A host may ask for this after each request: a queue in use is not copied to be a little smaller.
    fn shrink_to_fit(&mut self) {
        if self.live == 0 {
            self.keys = VecDeque::new();
        }
    }

    fn forget_one(&mut self, alive: impl Fn(Key) -> bool) {
        self.live -= 1;
        if self.keys.len() > Self::SWEEP_ABOVE && self.keys.len() > self.live * 2 {
            self.keys.retain(|key| alive(*key));
        }
    }
}

#[cfg(feature = "measuring")]
mod measuring;
#[cfg(feature = "measuring")]
pub use measuring::Correlation;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    const LIMITS: RequestLimits = RequestLimits { in_flight: 1000, waiting: 100, outgoing_bytes: 1 << 20 };
    const READY: Readiness = Readiness { max_frame: 1 << 20, profile_binding: false, trace_context: true };

    fn table() -> (Requests<u32>, Rng) {
        (Requests::new(LIMITS), Rng::from_seed([1; 32]))
    }

    fn submit(t: &mut Requests<u32>, rng: &mut Rng, waiter: u32, ready: Option<Readiness>) -> RequestId {
        let request = Request::new("health").unwrap();
        t.submit(Instant::ZERO, request, waiter, Some(Duration::from_secs(30)), ready, rng).unwrap()
    }

    #[test]
    fn a_thousand_answers_in_reverse_order_find_their_waiters() {
        let (mut t, mut rng) = table();
        let ids: Vec<_> = (0..1000).map(|i| submit(&mut t, &mut rng, i, Some(READY))).collect();
        while t.take_outgoing().is_some() {}
        for (i, id) in (0..1000).zip(&ids).rev() {
            match t.answer(Instant::ZERO, &id.to_string(), || false) {
                Answer::Final { waiter, .. } => assert_eq!(waiter, i),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((t.in_flight(), t.next_deadline()), (0, None));
    }

    #[test]
    fn strays_are_told_apart() {
        let (mut t, mut rng) = table();
        let answered = submit(&mut t, &mut rng, 1, Some(READY)).to_string();
        let cancelled = submit(&mut t, &mut rng, 2, Some(READY));
        while t.take_outgoing().is_some() {}
        assert!(matches!(t.answer(Instant::ZERO, &answered, || false), Answer::Final { .. }));
        assert!(matches!(t.answer(Instant::ZERO, &answered, || false), Answer::Stray(Stray::Duplicate)));
        assert_eq!(t.cancel(cancelled), Some(2));
        assert!(matches!(t.answer(Instant::ZERO, &cancelled.to_string(), || false), Answer::Stray(Stray::Late)));
        // Two more tenants of the same slots, and the old ids are merely old.
        for round in 0..2 {
            let (a, b) = (submit(&mut t, &mut rng, round, Some(READY)), submit(&mut t, &mut rng, round, Some(READY)));
            t.cancel(a);
            t.cancel(b);
        }
        assert!(matches!(t.answer(Instant::ZERO, &answered, || false), Answer::Stray(Stray::Stale)));
        let other = RequestId::new(77, 0, 5).to_string();
        assert!(matches!(t.answer(Instant::ZERO, &other, || false), Answer::Stray(Stray::Foreign)));
        assert!(matches!(t.answer(Instant::ZERO, "invalid", || false), Answer::Stray(Stray::Foreign)));
    }

    #[test]
    fn cancelling_for_ever_does_not_grow_the_queues() {
        let (mut t, mut rng) = table();
        for ready in [None, Some(READY)] {
            for i in 0..10_000 {
                let id = submit(&mut t, &mut rng, i, ready);
                assert_eq!(t.cancel(id), Some(i));
            }
        }
        assert!(t.waiting.keys.len() <= Fifo::SWEEP_ABOVE + 1);
        assert!(t.outgoing.keys.len() <= Fifo::SWEEP_ABOVE + 1);
        assert_eq!((t.outgoing_bytes(), t.waiting(), t.in_flight()), (0, 0, 0));
        assert_eq!(t.next_deadline(), None);
    }

    #[test]
    fn those_that_waited_are_sent_in_order_and_the_unsendable_come_back() {
        let (mut t, mut rng) = table();
        for i in 0..3 {
            submit(&mut t, &mut rng, i, None);
        }
        let bound = Request::new("health").unwrap().expected_profile_id("p").unwrap();
        t.submit(Instant::ZERO, bound, 9, None, None, &mut rng).unwrap();
        let refused = t.connection_ready(READY);
        assert!(matches!(refused.as_slice(), [(9, NotSent::ProfileBindingUnsupported)]));
        assert_eq!((0..4).filter_map(|_| t.take_outgoing()).count(), 3);
        assert_eq!(t.outgoing_bytes(), 0);
        let lost = t.connection_lost();
        assert_eq!(lost, [(0, true), (1, true), (2, true)]);
    }
}
