//! Making a script that fails as short as it can be.

use std::time::Duration;

use crate::run::run;
use crate::script::{ClientSpec, Event, Fault, GatewaySpec, Op, Script, What};
use crate::world::{Failure, Look};

/// Runs one shrinking may take.
const MOST_RUNS: u32 = 3_000;

/// A script that fails, made shorter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The script.
    pub script: Script,
    /// How it fails: by the same invariant as the one it was made of.
    pub failure: Failure,
    /// How many runs it took.
    pub runs: u32,
}

/// Leaves out of a script what is not needed for its failure: clients, operations, faults, time, peculiarities.
#[must_use]
pub fn shrink(script: &Script, failure: &Failure, look: Look<'_>) -> Shrunk {
    let mut shrunk = Shrunk { script: script.clone(), failure: failure.clone(), runs: 0 };
    let invariant = failure.broken.first().map_or("", |broken| broken.invariant);
    let mut before = None;
    while before.as_ref() != Some(&shrunk.script) {
        before = Some(shrunk.script.clone());
        shrunk.cut_time(invariant, look);
        shrunk.drop_clients(invariant, look);
        shrunk.drop_events(invariant, look);
        shrunk.fewer_at_once(invariant, look);
        shrunk.plain_specs(invariant, look);
    }
    shrunk
}

impl Shrunk {
    /// Takes another script if it still fails by the same invariant.
    fn take(&mut self, script: Script, invariant: &str, look: Look<'_>) -> bool {
        if self.runs >= MOST_RUNS || script == self.script {
            return false;
        }
        self.runs += 1;
        let failure = run(&script, look).failure;
        match failure.filter(|failure| failure.broken.iter().any(|broken| broken.invariant == invariant)) {
            Some(failure) => {
                (self.script, self.failure) = (script, failure);
                true
            }
            None => false,
        }
    }

    /// Nothing after the failure matters; less may do, too.
    fn cut_time(&mut self, invariant: &str, look: Look<'_>) {
        let end = whole_ms(self.failure.at).saturating_add(1);
        for lasts_ms in [end, self.script.lasts_ms / 2, self.script.lasts_ms * 3 / 4] {
            let mut script = self.script.clone();
            script.lasts_ms = lasts_ms.min(script.lasts_ms);
            script.events.retain(|event| event.at_ms < script.lasts_ms);
            self.take(script, invariant, look);
        }
    }

    fn drop_clients(&mut self, invariant: &str, look: Look<'_>) {
        for client in (0..self.script.clients.len()).rev() {
            let script = without_client(&self.script, client);
            self.take(script, invariant, look);
        }
        if self.script.gateways.len() > 1 {
            let mut script = self.script.clone();
            script.gateways.truncate(1);
            script.clients.iter_mut().for_each(|client| client.gateway = 0);
            self.take(script, invariant, look);
        }
    }

    /// Halves first, then quarters, and so on.
    fn drop_events(&mut self, invariant: &str, look: Look<'_>) {
        let mut size = self.script.events.len().div_ceil(2);
        while size > 0 {
            let mut from = 0;
            while from < self.script.events.len() {
                let mut script = self.script.clone();
                script.events.drain(from..(from + size).min(script.events.len()));
                if !self.take(script, invariant, look) {
                    from += size;
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
    }

    fn fewer_at_once(&mut self, invariant: &str, look: Look<'_>) {
        for place in 0..self.script.events.len() {
            for divisor in [u32::MAX, 8, 2] {
                let mut script = self.script.clone();
                if let Some(Event { what: What::Do { op: Op::Ask { count, .. }, .. }, .. }) =
                    script.events.get_mut(place)
                {
                    *count = (*count / divisor).max(1);
                }
                self.take(script, invariant, look);
            }
        }
    }

    fn plain_specs(&mut self, invariant: &str, look: Look<'_>) {
        for client in 0..self.script.clients.len() {
            let mut script = self.script.clone();
            if let Some(spec) = script.clients.get_mut(client) {
                *spec = ClientSpec { gateway: spec.gateway, ..ClientSpec::default() };
            }
            self.take(script, invariant, look);
        }
        for gateway in 0..self.script.gateways.len() {
            let mut script = self.script.clone();
            if let Some(spec) = script.gateways.get_mut(gateway) {
                *spec = GatewaySpec::default();
            }
            self.take(script, invariant, look);
        }
    }
}

fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A script without a client and all that is about it. The others keep their places, so that chance stays theirs: the
/// client is left in, and does nothing.
fn without_client(script: &Script, gone: usize) -> Script {
    let mut script = script.clone();
    script.events.retain(|event| match &event.what {
        What::Do { client, .. } => *client != gone,
        What::Wrong(fault) => Fault::client(fault) != Some(gone),
    });
    let is_last = gone + 1 == script.clients.len() && gone > 0;
    if is_last {
        script.clients.truncate(gone);
    }
    script
}
