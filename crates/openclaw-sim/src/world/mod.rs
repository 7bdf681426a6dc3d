//! The world of a run: everybody in it, and the time they share.

mod ask;
mod carry;
mod client_side;
mod clock;
mod devices;
mod failure;
mod finale;
mod gateway_side;
mod happen;
mod host;
mod knock;
mod mend;
mod note;
mod queue;
mod site;
mod strike;
mod trace;
mod tricks;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use openclaw_proto::{Instant, StateKind, Stats, UrlError};
use openclaw_testkit::PeerId;

pub use failure::{Failure, Look};
pub(crate) use note::Note;

use crate::coverage::Coverage;
use crate::dice::Dice;
use crate::net::{Link, Road, RoadId};
use crate::script::Script;
use host::Host;
use queue::{Ended, Happening, Queue};
use site::Site;
use trace::Trace;

/// Something a crowd is watched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Knock { accepted: bool },
    Ready,
}

/// The world of a run.
#[derive(Debug)]
pub struct World {
    at: Instant,
    script: Script,
    queue: Queue,
    hosts: Vec<Host>,
    sites: Vec<Site>,
    links: Vec<Link>,
    roads: BTreeMap<RoadId, Road>,
    by_peer: BTreeMap<(usize, PeerId), RoadId>,
    next_road: u64,
    next_token: u64,
    /// The clients' timers.
    alarms: BTreeSet<(Instant, usize)>,
    /// Hosts that have something to do.
    busy: BTreeSet<usize>,
    dice: Dice,
    coverage: Coverage,
    trace: Trace,
    moments: Option<Vec<(Instant, Moment)>>,
    failure: Option<Failure>,
}

impl World {
    /// The world of a script, before anything has happened.
    ///
    /// # Errors
    /// When a client's address were none, which it is.
    pub fn new(script: &Script, look: Look<'_>) -> Result<Self, UrlError> {
        Self::build(script, Some(look))
    }

    /// A world in which nobody looks at the calls: for crowds.
    pub(crate) fn crowd(script: &Script) -> Result<Self, UrlError> {
        let mut world = Self::build(script, None)?;
        world.moments = Some(Vec::new());
        Ok(world)
    }

    fn build(script: &Script, look: Option<Look<'_>>) -> Result<Self, UrlError> {
        let dice = Dice::new(script.seed);
        let part = |kind: u64, place: usize| dice.fork(kind).fork(place as u64);
        let hosts = script.clients.iter().enumerate();
        let hosts = hosts.map(|(place, spec)| Host::new(spec, &part(1, place), look.map(|look| look.only)));
        let sites = script.gateways.iter().enumerate().map(|(place, spec)| Site::new(spec, &mut part(2, place)));
        let mut world = Self {
            at: Instant::ZERO,
            queue: Queue::default(),
            hosts: hosts.collect::<Result<_, _>>()?,
            sites: sites.collect(),
            links: script.clients.iter().map(|_| Link::default()).collect(),
            roads: BTreeMap::new(),
            by_peer: BTreeMap::new(),
            next_road: 1,
            next_token: 1,
            alarms: BTreeSet::new(),
            busy: BTreeSet::new(),
            dice: dice.fork(3),
            coverage: Coverage::default(),
            trace: Trace::new(look.is_some_and(|look| look.trace)),
            moments: None,
            failure: None,
            script: script.clone(),
        };
        for (place, event) in script.events.iter().enumerate() {
            let at = Instant::ZERO.after(Duration::from_millis(event.at_ms));
            world.queue.put(at, Happening::Event(place));
        }
        world.introduce();
        Ok(world)
    }

    /// Lives the script and its finale.
    ///
    /// # Errors
    /// With the first thing that does not hold.
    pub fn run(&mut self) -> Result<(), Failure> {
        self.run_until(Instant::ZERO.after(Duration::from_millis(self.script.lasts_ms)))?;
        self.finale()
    }

    /// Lets everything happen until a time.
    ///
    /// # Errors
    /// With the first thing that does not hold.
    pub fn run_until(&mut self, until: Instant) -> Result<(), Failure> {
        loop {
            let next = self.next().filter(|next| *next <= until);
            let Some(next) = next else { break };
            self.at = self.at.max(next);
            self.moment();
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
        }
        self.at = self.at.max(until);
        Ok(())
    }

    /// The world's time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.at
    }

    /// The state of a client.
    #[must_use]
    pub fn state(&self, client: usize) -> Option<StateKind> {
        self.hosts.get(client).map(|host| host.core().state())
    }

    /// The totals of a client.
    #[must_use]
    pub fn stats(&self, client: usize) -> Option<Stats> {
        self.hosts.get(client).map(|host| host.core().stats())
    }

    /// The calls of a client's core.
    #[must_use]
    pub fn steps(&self, client: usize) -> u64 {
        self.hosts.get(client).map_or(0, |host| host.steps)
    }

    /// What has been met so far.
    #[must_use]
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// What was written down.
    #[must_use]
    pub fn trace(&self) -> &str {
        self.trace.text()
    }

    pub(crate) fn moments(&self) -> &[(Instant, Moment)] {
        self.moments.as_deref().unwrap_or_default()
    }

    fn next(&self) -> Option<Instant> {
        let alarm = self.alarms.first().map(|(at, _)| *at);
        let sites = self.sites.iter().filter_map(|site| site.core.poll_timeout()).min();
        [self.queue.next(), alarm, sites].into_iter().flatten().min()
    }

    /// One thing happens, and everything that follows from it without time going by.
    fn moment(&mut self) {
        if let Some(happening) = self.queue.take(self.at) {
            self.happen(happening);
        } else if let Some(site) =
            self.sites.iter().position(|site| site.core.poll_timeout().is_some_and(|t| t <= self.at))
        {
            let now = self.world_clock();
            if let Some(site) = self.sites.get_mut(site) {
                site.core.handle_timeout(now);
            }
            self.serve(site);
        } else if let Some((_, client)) = self.alarms.first().copied().filter(|(at, _)| *at <= self.at) {
            let at = self.at;
            self.with(client, |host| host.timeout(at));
        }
        self.settle();
    }

    /// Lets every host do what its core wants, until nobody has anything left to do.
    fn settle(&mut self) {
        while let Some(client) = self.busy.pop_first() {
            while self.act(client) || self.transmit(client) {}
            let Some(host) = self.hosts.get_mut(client) else { continue };
            let (old, new) = host.arm();
            if old != new {
                self.alarms.extend(new.map(|at| (at, client)));
                if let Some(at) = old {
                    self.alarms.remove(&(at, client));
                }
            }
            self.coverage.notes(&mut host.notes);
            if !host.broken.is_empty() && self.failure.is_none() {
                let broken = std::mem::take(&mut host.broken);
                self.failure = Some(Failure { client, at: self.at.elapsed(), broken });
            }
        }
    }

    /// Does something with a host, which then has to be settled.
    fn with(&mut self, client: usize, act: impl FnOnce(&mut Host)) {
        if let Some(host) = self.hosts.get_mut(client) {
            act(host);
            self.busy.insert(client);
        }
    }

    fn tell(&mut self, client: usize, conn: openclaw_proto::ConnId, input: &openclaw_proto::Input<String>) {
        let at = self.at;
        self.trace.line(at, || format!("c{client} {conn} {input:?}"));
        self.with(client, |host| host.tell(at, conn, input));
    }

    fn remember(&mut self, moment: Moment) {
        if let Some(moments) = &mut self.moments {
            moments.push((self.at, moment));
        }
    }

    fn token(&mut self) -> u64 {
        self.next_token += 1;
        self.next_token
    }

    fn later(&mut self, ms: u64, happening: Happening) {
        self.queue.put(self.at.after(Duration::from_millis(ms)), happening);
    }

    fn ends(&mut self, ms: u64, ended: Ended) -> u64 {
        let token = self.token();
        self.later(ms, Happening::End(token, ended));
        token
    }
}
