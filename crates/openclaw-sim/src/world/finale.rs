//! The end of every run: everything is mended, everybody is to come back and to get an answer, and is shut down.

use std::time::Duration;

use openclaw_proto::{Instant, StateKind};

use super::host::Proof;
use super::{Failure, World};
use crate::invariants::{COMES_BACK, REPLAYS};
use crate::watch::Broken;

/// How long it may take to come back: longer than every hint, lockout, silence and backoff of the scripts together.
const PATIENCE: Duration = Duration::from_secs(900);
/// How often the program looks whether its client needs help.
const GLANCE: Duration = Duration::from_secs(10);
/// What is left to happen after a shutdown.
const REST: Duration = Duration::from_secs(30);

impl World {
    pub(super) fn finale(&mut self) -> Result<(), Failure> {
        self.mend();
        self.settle();
        self.taken_failure()?;
        let patience = self.at.after(PATIENCE);
        while let Some(lost) = self.help() {
            if self.at >= patience {
                let how =
                    format!("it is {:?} and got no answer {PATIENCE:?} after everything was mended", self.state(lost));
                return self.broken(lost, COMES_BACK, how);
            }
            self.run_until(self.at.after(GLANCE))?;
        }
        self.stop_all()
    }

    /// Does for everybody what a program would. Gives one that is not back yet.
    fn help(&mut self) -> Option<usize> {
        let (mut lost, at) = (None, self.at);
        for client in 0..self.hosts.len() {
            let proof = self.hosts.get(client).map(|host| host.proof).unwrap_or_default();
            match self.state(client) {
                Some(StateKind::Ready) if proof == Proof::Given => continue,
                Some(StateKind::Ready) if proof == Proof::Missing => self.with(client, |host| host.ask_for_proof(at)),
                Some(StateKind::Idle | StateKind::Stopped) => self.with(client, |host| host.start(at)),
                Some(StateKind::Paused) if self.hosts.get(client).is_some_and(|host| host.alarm.is_none()) => {
                    self.with(client, |host| host.nudge(at));
                }
                _ => {}
            }
            lost = Some(client);
        }
        self.settle();
        lost
    }

    fn stop_all(&mut self) -> Result<(), Failure> {
        let at = self.at;
        for client in 0..self.hosts.len() {
            self.with(client, |host| host.shutdown(at));
        }
        self.settle();
        self.taken_failure()?;
        self.run_until(self.at.after(REST))?;
        for client in 0..self.hosts.len() {
            // Whatever is asked of a client that has stopped, it stays so.
            self.with(client, |host| host.timeout(at.after(REST)));
            self.settle();
            self.taken_failure()?;
            let Some(host) = self.hosts.get_mut(client) else { continue };
            let (state, timeout) = (host.core().state(), host.core().poll_timeout());
            let leftover = host.watch().map(super::super::watch::Watch::finish);
            if let Some(Err(broken)) = leftover {
                return Err(Failure { client, at: self.at.elapsed(), broken });
            }
            if let Err(how) = host.replay() {
                return self.broken(client, REPLAYS, how);
            }
            if state != StateKind::Stopped || timeout.is_some() {
                let how = format!("it is {state:?} after its end, and {timeout:?} is armed");
                return self.broken(client, "quiet_after_shutdown", how);
            }
        }
        Ok(())
    }

    fn taken_failure(&mut self) -> Result<(), Failure> {
        self.failure.take().map_or(Ok(()), Err)
    }

    fn broken(&self, client: usize, invariant: &'static str, how: String) -> Result<(), Failure> {
        let at: Instant = self.at;
        Err(Failure { client, at: at.elapsed(), broken: vec![Broken { invariant, how }] })
    }
}
