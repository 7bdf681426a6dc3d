//! The core driven by hand over a blocking `std::net::TcpStream` and tungstenite: one thread, no runtime. It makes a few
//! calls, prints the events between them, and reconnects when it has to.
//!
//! `cargo run -p openclaw-examples --example byo_std_net` brings its own gateway, which restarts in the middle of it. With
//! `OPENCLAW_GATEWAY_TOKEN=…` and `--url ws://…` (or `OPENCLAW_GATEWAY_URL`) it talks to yours.
//!
//! The thread sleeps inside a read whose timeout is the core's next deadline. That is the simplest form there is, and it
//! has limits: a blocked read hears of nothing but its own socket, so a request from another thread would wait for it; a
//! write that blocks is tried again by the clock and not when there is room; and a dial stops everything else. A program
//! that minds waits for readiness instead: see `byo_mio_hundred`. The rules are in `openclaw_proto::bring_your_own_io`.

use std::collections::VecDeque;
use std::error::Error;
use std::net::TcpStream;
use std::time::{Duration, Instant as Deadline};

use openclaw_examples::{
    Clock, Counted, Link, OwnGateway, Reading, Target, met_itself, resolve, transport_error, websocket_config,
};
use openclaw_proto::{
    Client, ClientConfig, DialPlan, Input, Instant, NotSent, Outcome, Output, Request, State, Stats, StopReason,
    TransportError,
};
use openclaw_testkit::{GatewayConfig, RestartPlan};
use tungstenite::handshake::HandshakeError;
use tungstenite::{Utf8Bytes, WebSocket};

const CALLS: u32 = 6;
/// Between two calls.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a read or write may block while there is something else to do with the socket.
const GLANCE: Duration = Duration::from_millis(20);

fn main() -> Result<(), Box<dyn Error>> {
    let stats = match Target::given()? {
        Some(target) => Host::new(target.config()?)?.run(|_| {})?,
        None => run_with_a_restart()?,
    };
    println!("{} connections, {} frames out, {} frames in", stats.hellos, stats.frames_out, stats.frames_in);
    Ok(())
}

fn run_with_a_restart() -> Result<Stats, Box<dyn Error>> {
    let gateway = OwnGateway::start(GatewayConfig::v4())?;
    let mut restarted = false;
    Host::new(gateway.target().config()?)?.run(|answered| {
        if answered == 2 && !std::mem::replace(&mut restarted, true) {
            println!("(the gateway restarts)");
            gateway.server().with(|core, now| core.restart(now, RestartPlan::default()));
        }
    })
}

/// The core and everything it cannot have itself: a clock, a socket, somebody who wants something.
struct Host {
    clock: Clock,
    core: Client<u32, Utf8Bytes>,
    link: Option<Link<TcpStream>>,
    /// Calls that are still to be made.
    calls: VecDeque<u32>,
    next_call: Instant,
    answered: u32,
    stopped: Option<StopReason>,
}

impl Host {
    fn new(config: ClientConfig) -> Result<Self, getrandom::Error> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        Ok(Self {
            clock: Clock::default(),
            core: Client::new(config, seed),
            link: None,
            calls: (1..=CALLS).collect(),
            next_call: Instant::ZERO,
            answered: 0,
            stopped: None,
        })
    }

    /// The whole loop. `each_turn` hears how many calls have been answered.
    fn run(mut self, mut each_turn: impl FnMut(u32)) -> Result<Stats, Box<dyn Error>> {
        self.core.start(self.clock.now());
        loop {
            // What the core says comes before anything is written: the connection may be over.
            self.deliver()?;
            // Delivering leads to calls, and writing leads to inputs. Sleep when neither has led to more.
            loop {
                self.call()?;
                if let Some(link) = &mut self.link {
                    link.transmit(&mut self.core, &self.clock);
                }
                if !self.deliver()? {
                    break;
                }
            }
            match self.stopped.take() {
                Some(StopReason::Requested) => return Ok(self.core.stats()),
                Some(why) => return Err(format!("gave up: {why:?}").into()),
                None => {}
            }
            each_turn(self.answered);
            self.receive()?;
            self.core.handle_timeout(self.clock.now());
        }
    }

    /// Sleeps until something comes or some time does, and hands it to the core.
    fn receive(&mut self) -> Result<(), Box<dyn Error>> {
        let timer = self.core.poll_timeout().map(|(at, _)| at);
        let next_call = (!self.calls.is_empty()).then_some(self.next_call);
        let wait = [timer, next_call].into_iter().flatten().min().map(|at| self.clock.until(at));
        let Some(link) = &mut self.link else {
            std::thread::sleep(wait.ok_or("there is nothing to wait for")?);
            return Ok(());
        };
        let impatient = link.is_blocked() || link.is_broken();
        let wait = if impatient { Some(wait.map_or(GLANCE, |wait| wait.min(GLANCE))) } else { wait };
        // Zero would mean no timeout at all.
        link.stream().set_read_timeout(wait.map(|wait| wait.max(Duration::from_millis(1))))?;
        if link.receive(&mut self.core, &self.clock, 1) == Reading::Over {
            self.link = None;
        }
        Ok(())
    }

    /// Makes the call that is due.
    fn call(&mut self) -> Result<(), Box<dyn Error>> {
        let now = self.clock.now();
        if now.mono < self.next_call {
            return Ok(());
        }
        let Some(number) = self.calls.pop_front() else { return Ok(()) };
        self.next_call = now.mono.after(PAUSE);
        if let Err(refused) = self.core.request(now, Request::new("health")?, number) {
            println!("call {number}: {refused}");
        }
        Ok(())
    }

    /// Acts on what the core says. Returns whether it said anything.
    fn deliver(&mut self) -> Result<bool, Box<dyn Error>> {
        let mut any = false;
        while let Some(output) = self.core.poll_output() {
            any = true;
            match output {
                Output::Dial { conn, plan, deadline } => {
                    // An earlier connection whose close is not answered yet has had its time: this host has one socket.
                    self.link = None;
                    let input = match dial(&plan, self.clock.until(deadline)) {
                        Ok(socket) => {
                            self.link = Some(Link::new(conn, socket));
                            Input::Opened
                        }
                        Err(error) => Input::Failed(error),
                    };
                    self.core.handle_input(self.clock.now(), conn, input);
                }
                Output::Close { conn, code, reason } => {
                    if let Some(link) = self.link.as_mut().filter(|link| link.conn() == conn) {
                        link.close(code, reason);
                    }
                }
                Output::Abort { conn } => {
                    self.link.take_if(|link| link.conn() == conn);
                }
                Output::Completed { waiter, outcome } => self.completed(waiter, &outcome),
                Output::Event(event) => println!("event {} {:?}", event.name(), event.sequence),
                Output::State(State::Stopped { why }) => self.stopped = Some(why),
                Output::State(State::Ready { conn, .. }) => println!("{conn} ready"),
                Output::State(State::Backoff { why, delay, .. }) => println!("{why}; again in {delay:.1?}"),
                Output::State(State::Paused { why, reason, .. }) => {
                    // Only a person can mend this, and none is here.
                    return Err(format!("{why} ({reason:?})").into());
                }
                Output::Notice(notice) => println!("{notice:?}"),
                _ => {}
            }
        }
        Ok(any)
    }

    fn completed(&mut self, number: u32, outcome: &Outcome<Utf8Bytes>) {
        println!("call {number}: {outcome:?}");
        match outcome {
            Outcome::Replied(_) => self.answered += 1,
            // It may have run, but to ask for the health twice does no harm.
            Outcome::NotSent(NotSent::ConnectionLost(_)) | Outcome::OutcomeUnknown(_) => self.calls.push_front(number),
            Outcome::Rejected(rejected) if rejected.error.retryable == Some(true) => self.calls.push_front(number),
            _ => println!("call {number} is given up"),
        }
        if self.calls.is_empty() && self.core.load().0 + self.core.load().1 == 0 {
            self.core.shutdown(self.clock.now());
        }
    }
}

/// Name, TCP, upgrade, all within `limit` but for the name, which the system resolves in its own time.
fn dial(plan: &DialPlan, limit: Duration) -> Result<WebSocket<Counted<TcpStream>>, TransportError> {
    if plan.url.is_secure() {
        return Err(TransportError::Tls("this example speaks ws: only".into()));
    }
    let until = Deadline::now() + limit;
    let left = || until.saturating_duration_since(Deadline::now()).max(GLANCE);
    let stream = connect(plan, left)?;
    let prepare = || {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(GLANCE))?;
        stream.set_read_timeout(Some(GLANCE))
    };
    prepare().map_err(|error| TransportError::Io(error.to_string()))?;
    let mut result =
        tungstenite::client::client_with_config(plan.url.as_str(), Counted::new(stream), Some(websocket_config(plan)));
    loop {
        match result {
            Ok((socket, _response)) => return Ok(socket),
            Err(HandshakeError::Failure(error)) => return Err(transport_error(error)),
            Err(HandshakeError::Interrupted(_)) if Deadline::now() >= until => {
                return Err(TransportError::Connect("the upgrade took too long".into()));
            }
            Err(HandshakeError::Interrupted(handshake)) => result = handshake.handshake(),
        }
    }
}

fn connect(plan: &DialPlan, left: impl Fn() -> Duration) -> Result<TcpStream, TransportError> {
    let mut last = String::new();
    for address in resolve(&plan.url)? {
        match TcpStream::connect_timeout(&address, left()) {
            Ok(stream) if met_itself(stream.local_addr(), stream.peer_addr()) => {
                last = format!("{address}: nobody listens there");
            }
            Ok(stream) => return Ok(stream),
            Err(error) => last = format!("{address}: {error}"),
        }
    }
    Err(TransportError::Connect(last))
}

#[cfg(test)]
mod tests {
    use openclaw_proto::connect::Auth;

    use super::*;

    fn host(gateway: &OwnGateway, change: impl FnOnce(&mut ClientConfig)) -> Host {
        let mut config = gateway.target().config().unwrap();
        config.backoff.base = Duration::from_millis(10);
        change(&mut config);
        Host::new(config).unwrap()
    }

    #[test]
    fn every_call_is_answered_although_the_gateway_restarts() {
        let stats = run_with_a_restart().unwrap();
        assert_eq!(stats.hellos, 2);
        assert_eq!(stats.responses, u64::from(CALLS));
    }

    #[test]
    fn a_connection_outlives_the_write_stall_limit_because_flushes_are_reported() {
        let gateway = OwnGateway::start(GatewayConfig::v4()).unwrap();
        let stats = host(&gateway, |config| config.timeouts.write_stall = PAUSE / 2).run(|_| {}).unwrap();
        assert_eq!((stats.hellos, stats.downs), (1, 0));
    }

    #[test]
    fn a_wrong_token_ends_it() {
        let gateway = OwnGateway::start(GatewayConfig::v4()).unwrap();
        let error = host(&gateway, |config| config.connect.auth = Auth::token("wrong")).run(|_| {}).unwrap_err();
        assert!(error.to_string().ends_with("(Credentials)"), "{error}");
    }

    #[test]
    fn a_gateway_that_is_not_there_is_given_up_after_some_attempts() {
        let target = Target { url: "ws://127.0.0.1:1".into(), token: String::new() };
        let mut config = target.config().unwrap();
        config.backoff.base = Duration::from_millis(1);
        config.backoff.max_attempts = Some(3);
        let error = Host::new(config).unwrap().run(|_| {}).unwrap_err();
        assert!(error.to_string().starts_with("gave up"), "{error}");
    }

    #[test]
    fn an_upgrade_that_never_ends_is_given_up_at_the_deadline() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let target = Target { url: format!("ws://{}", listener.local_addr().unwrap()), token: String::new() };
        let mut config = target.config().unwrap();
        config.timeouts.dial = Duration::from_millis(100);
        config.backoff.max_attempts = Some(0);
        let begin = Deadline::now();
        Host::new(config).unwrap().run(|_| {}).unwrap_err();
        assert!(begin.elapsed() < Duration::from_secs(5));
    }
}
