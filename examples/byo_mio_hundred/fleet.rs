//! The event loop: one poll, a hundred clients, one thread.

use std::error::Error;
use std::fmt;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use mio::{Events, Poll, Token};
use openclaw_examples::Clock;
use openclaw_proto::{ClientConfig, Request, StateKind};

use crate::member::Member;

/// Gateways admit 32 connections of one address that have not said hello yet, so not all begin at once.
const AT_ONCE: usize = 16;

/// What is to be done.
pub(crate) struct Plan {
    pub(crate) config: ClientConfig,
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) members: usize,
    /// Calls of each.
    pub(crate) calls: u32,
    pub(crate) request: Request,
    /// For all of it.
    pub(crate) patience: Duration,
}

/// What has been done.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub(crate) members: usize,
    pub(crate) dials: u64,
    pub(crate) connections: u64,
    /// Most members that were ready at the same time.
    pub(crate) at_once: usize,
    pub(crate) answered: u32,
    pub(crate) events: u32,
    pub(crate) blocked: u32,
    /// Returns of the poll.
    pub(crate) wakes: u32,
    pub(crate) elapsed: Duration,
    /// Of those that did not get what they wanted.
    pub(crate) reasons: Vec<String>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} clients, {} of them ready at once, on one thread", self.members, self.at_once)?;
        writeln!(f, "{} dials, {} connections", self.dials, self.connections)?;
        writeln!(f, "{} calls answered, {} events", self.answered, self.events)?;
        write!(f, "{:.0?}, {} wakes, {} times no room to write", self.elapsed, self.wakes, self.blocked)
    }
}

pub(crate) fn run(plan: &Plan) -> Result<Summary, Box<dyn Error>> {
    let clock = Clock::default();
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(256);
    let addresses: Rc<[SocketAddr]> = plan.addresses.as_slice().into();
    let member =
        |token| Member::new(Token(token), plan.config.clone(), Rc::clone(&addresses), plan.calls, plan.request.clone());
    let mut members = (0..plan.members).map(member).collect::<Result<Vec<_>, _>>()?;
    // Whose turn it is. A socket's token is its member's place, so a wake says whom to look at.
    let mut awake = vec![false; plan.members];
    let mut summary = Summary { members: plan.members, ..Summary::default() };
    let end = clock.now().mono.after(plan.patience);

    loop {
        start_some(&mut members, &mut awake, &clock);
        for (member, awake) in members.iter_mut().zip(&mut awake) {
            if *awake || member.deadline().is_some_and(|at| at <= clock.now().mono) {
                *awake = member.turn(&clock, poll.registry())?;
            }
        }
        let ready = members.iter().filter(|member| member.state() == StateKind::Ready).count();
        summary.at_once = summary.at_once.max(ready);
        if members.iter().all(Member::is_over) {
            break;
        }
        if clock.now().mono >= end {
            // Their sockets are cut when they are dropped.
            members.iter_mut().filter(|member| !member.is_over()).for_each(|m| m.give_up(&clock, "out of time".into()));
            break;
        }
        // The least of a hundred is found in no time; thousands would want a heap of (deadline, member).
        let sleep = if awake.contains(&true) || may_start(&members) {
            Duration::ZERO
        } else {
            clock.until(members.iter().filter_map(Member::deadline).chain([end]).min().unwrap_or(end))
        };
        match poll.poll(&mut events, Some(sleep)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            result => result?,
        }
        summary.wakes += 1;
        for event in &events {
            if let Some(awake) = awake.get_mut(event.token().0) {
                *awake = true;
            }
        }
    }
    for member in members {
        let stats = member.stats();
        summary.dials += stats.dials;
        summary.connections += stats.hellos;
        summary.answered += member.answered;
        summary.events += member.events;
        summary.blocked += member.blocked;
        summary.reasons.extend(member.gave_up);
    }
    summary.elapsed = clock.now().mono.elapsed();
    Ok(summary)
}

/// Whether somebody has not begun and could.
fn may_start(members: &[Member]) -> bool {
    let beginning = |member: &&Member| matches!(member.state(), StateKind::Dialing | StateKind::Handshaking);
    members.iter().filter(beginning).count() < AT_ONCE && members.iter().any(|m| m.state() == StateKind::Idle)
}

fn start_some(members: &mut [Member], awake: &mut [bool], clock: &Clock) {
    while may_start(members) {
        let idle = members.iter_mut().zip(&mut *awake).find(|(member, _)| member.state() == StateKind::Idle);
        let Some((member, awake)) = idle else { return };
        member.start(clock);
        *awake = true;
    }
}
