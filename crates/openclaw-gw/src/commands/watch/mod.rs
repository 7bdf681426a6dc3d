//! `watch`: events as they come.

mod phase;
mod row;

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use openclaw_client::connect::missing_scopes;
use openclaw_client::{EventFilter, Events, State, StopReason};
use tokio::time::Instant;

use super::Halt;
use crate::cli::Watch;
use crate::connect::Session;
use crate::failure::Failure;
use crate::output::look::WARNING;
use crate::output::sanitise::escape;
use crate::output::{stdout, time};

use row::Row;

/// What to watch, and for how long.
pub(crate) struct Job {
    filter: EventFilter,
    count: Option<u64>,
    period: Option<Duration>,
    reconnects: bool,
}

/// What to do after a row.
enum Next {
    GoOn,
    End,
}

impl Job {
    pub(super) fn prepare(args: &Watch) -> Self {
        let filter = if args.events.is_empty() { EventFilter::all() } else { EventFilter::names(&args.events) };
        Self { filter, count: args.count, period: args.period, reconnects: !args.no_reconnect }
    }

    pub(super) fn reconnects(&self) -> bool {
        self.reconnects
    }

    pub(super) async fn run(mut self, session: &mut Session) -> Result<(), Halt> {
        let mut events = session.client.events(self.filter.clone());
        let mut states = session.client.states();
        session.client.start();
        let mut closed = std::pin::pin!(stdout::closed());
        let mut end: Option<Instant> = None;
        loop {
            let next = tokio::select! {
                // States come first: that the gateway is ready is told before its first event.
                biased;
                () = &mut closed => return Err(Halt::StdoutClosed),
                state = states.next() => match state {
                    Some(Ok(State::Stopped { why })) => {
                        if let Next::End = self.drain(session, &mut events).await? {
                            return Ok(());
                        }
                        return stopped(session, &why).await;
                    }
                    // Nothing will change until somebody changes a setting, and that takes another run.
                    Some(Ok(State::Paused { why, reason, until: None })) => {
                        let state = State::Paused { why: Arc::clone(&why), reason, until: None };
                        changed(session, &state).await?;
                        return Err(Failure::down(&why, &session.settings).into());
                    }
                    Some(Ok(state)) => {
                        if let (State::Ready { .. }, Some(period), None) = (&state, self.period, end) {
                            end = Instant::now().checked_add(period);
                        }
                        changed(session, &state).await?;
                        Next::GoOn
                    }
                    Some(Err(lagged)) => show(session, &Row::Lagged { missed: lagged.missed, at: time::now() }).await?,
                    None => return Ok(()),
                },
                () = until(end) => return Ok(()),
                event = events.next() => match event {
                    Some(event) => self.event(session, event).await?,
                    None => return Ok(()),
                },
            };
            if let Next::End = next {
                return Ok(());
            }
        }
    }

    async fn event(
        &mut self,
        session: &mut Session,
        event: Result<openclaw_client::Event, openclaw_client::Lagged>,
    ) -> Result<Next, Halt> {
        let event = match event {
            Ok(event) => event,
            Err(lagged) => return show(session, &Row::Lagged { missed: lagged.missed, at: time::now() }).await,
        };
        show(session, &Row::Event(&event)).await?;
        let Some(left) = &mut self.count else { return Ok(Next::GoOn) };
        *left = left.saturating_sub(1);
        Ok(if *left == 0 { Next::End } else { Next::GoOn })
    }

    /// What came before the connection ended is shown before its end.
    async fn drain(&mut self, session: &mut Session, events: &mut Events) -> Result<Next, Halt> {
        loop {
            let event = tokio::select! {
                biased;
                event = events.next() => event,
                () = std::future::ready(()) => None,
            };
            match event {
                None => return Ok(Next::GoOn),
                Some(event) => {
                    if let Next::End = self.event(session, event).await? {
                        return Ok(Next::End);
                    }
                }
            }
        }
    }
}

async fn until(end: Option<Instant>) {
    match end {
        Some(end) => tokio::time::sleep_until(end).await,
        None => std::future::pending().await,
    }
}

async fn show(session: &mut Session, row: &Row<'_>) -> Result<Next, Halt> {
    let line = if session.look.json { row.json(session.look.out) } else { row.text(session.look.out) };
    session.stdout.line(&line).await?;
    Ok(Next::GoOn)
}

async fn changed(session: &mut Session, state: &State) -> Result<(), Halt> {
    if let State::Idle = state {
        return Ok(());
    }
    let missing = match state {
        State::Ready { hello, .. } => {
            hello.scopes().map(|granted| missing_scopes(&session.settings.scopes, granted)).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    if !session.look.json && !missing.is_empty() {
        let names: Vec<_> = missing.iter().map(|scope| escape(scope.as_str())).collect();
        let label = session.look.err.paint(WARNING, "warning:");
        let _ = writeln!(std::io::stderr(), "{label} not granted, so some events will not come: {}", names.join(", "));
    }
    show(session, &Row::State { state, missing: &missing, at: time::now() }).await?;
    Ok(())
}

async fn stopped(session: &mut Session, why: &StopReason) -> Result<(), Halt> {
    let state = State::Stopped { why: why.clone() };
    show(session, &Row::State { state: &state, missing: &[], at: time::now() }).await?;
    match why {
        StopReason::Down(down) => Err(Failure::down(down, &session.settings).into()),
        _ => Ok(()),
    }
}
