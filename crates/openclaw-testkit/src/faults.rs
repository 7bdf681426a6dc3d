//! Misbehaviour as data: where, to whom, how often, and what.

use std::time::Duration;

use serde_json::Value;

use crate::gateway::HttpRefusal;

/// Where in a connection's life a [`Fault`] strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Point {
    /// The HTTP upgrade. Takes [`Effect::Refuse`].
    Upgrade,
    /// The challenge is about to be sent.
    Challenge,
    /// A connect has arrived; nothing of it has been looked at.
    Connect,
    /// The hello is about to be sent.
    Hello,
    /// The hello has been sent.
    AfterHello,
    /// A request of this method has arrived; it has not run.
    Request(String),
    /// A response to this method is about to be sent; the method has run.
    Response(String),
    /// An event of this name is about to be sent.
    Event(String),
    /// [`Request`](Self::Request) of any method.
    AnyRequest,
    /// [`Response`](Self::Response) to any method.
    AnyResponse,
    /// [`Event`](Self::Event) of any name.
    AnyEvent,
    /// Anything is about to be sent: challenge, hello, response or event.
    AnyFrame,
    /// This long after the gateway's start, for every connection that is open then.
    Time(Duration),
}

impl Point {
    /// Whether a fault meant for this point strikes at that one.
    fn covers(&self, point: &Self) -> bool {
        match (self, point) {
            (Self::AnyRequest, Self::Request(_))
            | (Self::AnyResponse, Self::Response(_))
            | (Self::AnyEvent, Self::Event(_))
            | (Self::AnyFrame, Self::Challenge | Self::Hello | Self::Response(_) | Self::Event(_)) => true,
            _ => self == point,
        }
    }
}

/// What a [`Fault`] does.
///
/// [`Withhold`](Self::Withhold), [`Delay`](Self::Delay), [`Close`](Self::Close), [`Abort`](Self::Abort) and
/// [`Inject`](Self::Inject) work at every point but the upgrade, [`Replace`](Self::Replace) and
/// [`Duplicate`](Self::Duplicate) where something is about to be sent, the others where they say. An effect that does not
/// fit its point does nothing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// The upgrade is refused.
    Refuse(HttpRefusal),
    /// It does not happen: the frame is not sent (an event has used its sequence number all the same), the request is
    /// swallowed.
    Withhold,
    /// It happens this much later.
    Delay(Duration),
    /// The connection is closed instead.
    Close {
        /// The close code.
        code: u16,
        /// The reason.
        reason: String,
    },
    /// The connection is cut without a close frame instead.
    Abort,
    /// This text message is sent first, whatever it is. `$id` becomes the request's id as JSON.
    Inject(String),
    /// This text message is sent instead. `$id` becomes the request's id as JSON.
    Replace(String),
    /// It is sent twice.
    Duplicate,
    /// The sequence of the connection's events skips this many numbers. At [`Point::Event`], [`Point::AfterHello`]
    /// and [`Point::Time`].
    SkipSeq(u64),
    /// From here on nothing is read from the connection.
    StopReading,
    /// From here on nothing is written to the connection, not even ticks and pings.
    StopWriting,
    /// The hello's payload is changed by this JSON merge patch. At [`Point::Hello`].
    MergeHello(Value),
}

/// A piece of misbehaviour. Strikes every connection, every time, unless told otherwise.
///
/// ```
/// use openclaw_testkit::{Effect, Fault, Point};
/// use std::time::Duration;
///
/// // The first connection never gets its hello, the second one gets it late.
/// let faults = [
///     Fault::new(Point::Hello, Effect::Withhold).connection(1),
///     Fault::new(Point::Hello, Effect::Delay(Duration::from_secs(2))).connection(2),
/// ];
/// // The first `chat.send` runs, but its answer is lost with the connection.
/// let lost = Fault::new(Point::Response("chat.send".into()), Effect::Abort).once();
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub(crate) point: Point,
    pub(crate) effect: Effect,
    pub(crate) connection: Option<u64>,
    pub(crate) skip: u32,
    pub(crate) times: Option<u32>,
}

impl Fault {
    /// A fault that strikes every connection, every time.
    #[must_use]
    pub fn new(point: Point, effect: Effect) -> Self {
        Self { point, effect, connection: None, skip: 0, times: None }
    }

    /// Only the connection of that number strikes; the first one is 1. A refused upgrade takes a number too.
    #[must_use]
    pub fn connection(mut self, number: u64) -> Self {
        self.connection = Some(number);
        self
    }

    /// Lets so many occasions pass first.
    #[must_use]
    pub fn skip(mut self, occasions: u32) -> Self {
        self.skip = occasions;
        self
    }

    /// Strikes so many times and then no more.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Strikes once and then no more.
    #[must_use]
    pub fn once(self) -> Self {
        self.times(1)
    }
}

/// The faults in force, and how often each has struck.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<(Fault, u64)>);

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        Self(faults.into_iter().map(|fault| (fault, 0)).collect())
    }

    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push((fault, 0));
    }

    /// How often each has struck, in the order in which they were given.
    pub(crate) fn struck(&self) -> impl Iterator<Item = u64> {
        self.0.iter().map(|(_, struck)| *struck)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The moments at which faults strike by the clock.
    pub(crate) fn times(&self) -> Vec<Duration> {
        self.0
            .iter()
            .filter_map(|(fault, _)| match fault.point {
                Point::Time(at) => Some(at),
                _ => None,
            })
            .collect()
    }

    /// What strikes here and now, in the order in which the faults were given.
    pub(crate) fn strike(&mut self, point: &Point, connection: u64) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (fault, struck) in &mut self.0 {
            if !fault.point.covers(point) || fault.connection.is_some_and(|number| number != connection) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            match &mut fault.times {
                Some(0) => continue,
                Some(times) => *times -= 1,
                None => {}
            }
            *struck += 1;
            effects.push(fault.effect.clone());
        }
        effects
    }

    /// Whether a point could strike at all, so that the common case costs nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_its_connection_after_its_skips_and_no_more_often_than_told() {
        let mut faults = Faults::new(vec![
            Fault::new(Point::Hello, Effect::Withhold).connection(2),
            Fault::new(Point::Hello, Effect::Duplicate).skip(1).once(),
        ]);
        assert_eq!(faults.strike(&Point::Challenge, 2), []);
        assert_eq!(faults.strike(&Point::Hello, 1), []);
        assert_eq!(faults.strike(&Point::Hello, 2), [Effect::Withhold, Effect::Duplicate]);
        assert_eq!(faults.strike(&Point::Hello, 2), [Effect::Withhold]);
    }

    #[test]
    fn the_wide_points_cover_their_kind_and_no_other() {
        let point = |wide| Faults::new(vec![Fault::new(wide, Effect::Abort)]);
        let (event, request) = (Point::Event("tick".into()), Point::Request("echo".into()));
        for (wide, covered, not) in [
            (Point::AnyEvent, &event, &request),
            (Point::AnyRequest, &request, &event),
            (Point::AnyFrame, &event, &request),
            (Point::AnyFrame, &Point::Challenge, &Point::Connect),
        ] {
            assert_eq!(point(wide.clone()).strike(covered, 1).len(), 1, "{wide:?}");
            assert_eq!(point(wide.clone()).strike(not, 1).len(), 0, "{wide:?}");
        }
    }
}
