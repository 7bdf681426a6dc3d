//! The core driven by hand in the thread that calls: what the protocol itself costs.

use std::io::{Read, Write};
use std::time::Instant;

use anyhow::bail;
use openclaw_client::transport::Clock;
use openclaw_proto::connect::Auth;
use openclaw_proto::{Client, ClientConfig, ConnId, GatewayUrl, Input, Outcome, Output, Plaintext, Request, StateKind};
use tungstenite::{Message, Utf8Bytes, WebSocket};

use super::meter::{Line, Meter, resident};
use super::reading::Reading;
use super::{Args, ECHO, Mode, dial};

struct Driven<S> {
    core: Client<(), Utf8Bytes>,
    clock: Clock,
    conn: ConnId,
    socket: WebSocket<S>,
    completed: u64,
    events: u64,
    bytes: u64,
    reading: Reading,
}

impl<S: Read + Write> Driven<S> {
    fn connect(args: &Args, stream: S) -> anyhow::Result<Self> {
        let mut config = ClientConfig::new(GatewayUrl::parse(&args.url, Plaintext::PrivateOnly)?);
        config.connect.auth = Auth::token(args.token.as_str());
        config.backoff.max_attempts = Some(0);
        let clock = Clock::default();
        let mut core = Client::new(config, [1; 32]);
        core.start(clock.now());
        let conn = loop {
            match core.poll_output() {
                Some(Output::Dial { conn, .. }) => break conn,
                Some(_) => {}
                None => bail!("no dial"),
            }
        };
        let socket = dial::upgrade(args, stream, args.own_buffer())?;
        core.handle_input(clock.now(), conn, Input::Opened);
        let mut driven = Self { core, clock, conn, socket, completed: 0, events: 0, bytes: 0, reading: args.reading() };
        while driven.core.state() != StateKind::Ready {
            driven.receive()?;
            driven.transmit()?;
        }
        Ok(driven)
    }

    fn ask(&mut self, method: &str, params: &str) -> anyhow::Result<()> {
        let request = Request::with_raw_params(method, params)?;
        match self.core.request(self.clock.now(), request, ()) {
            Ok(_) => Ok(()),
            Err(refused) => bail!("{}", refused.why),
        }
    }

    fn transmit(&mut self) -> anyhow::Result<()> {
        let now = self.clock.now();
        while let Some(transmit) = self.core.poll_transmit(now) {
            self.socket.write(Message::text(transmit.text))?;
        }
        self.socket.flush()?;
        self.core.handle_input(now, self.conn, Input::Flushed);
        Ok(())
    }

    fn receive(&mut self) -> anyhow::Result<()> {
        let Message::Text(text) = self.socket.read()? else { return Ok(()) };
        self.core.handle_input(self.clock.now(), self.conn, Input::Text(text));
        while let Some(output) = self.core.poll_output() {
            match output {
                Output::Completed { outcome: Outcome::Replied(payload), .. } => {
                    self.completed += 1;
                    self.bytes += self.reading.answer(payload.as_ref())?;
                }
                Output::Completed { outcome, .. } => bail!("{outcome:?}"),
                Output::Event(event) => {
                    self.events += 1;
                    self.bytes += self.reading.event(&event)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn until_completed(&mut self, count: u64) -> anyhow::Result<()> {
        while self.completed < count {
            self.receive()?;
        }
        Ok(())
    }
}

pub(super) fn measure(args: &Args) -> anyhow::Result<Line> {
    if args.is_secure() { measure_over(args, dial::tls) } else { measure_over(args, dial::tcp) }
}

fn measure_over<S: Read + Write>(args: &Args, dial: fn(&Args) -> anyhow::Result<S>) -> anyhow::Result<Line> {
    let connect = || Driven::connect(args, dial(args)?);
    if args.mode == Mode::Idle {
        let warm_up = (0..args.warm_up()).map(|_| connect()).collect::<anyhow::Result<Vec<_>>>()?;
        let before = resident()?;
        let mut meter = Meter::start(args);
        let clients = (0..args.n).map(|_| connect()).collect::<anyhow::Result<Vec<_>>>()?;
        std::thread::sleep(args.hold());
        meter.per_connection = resident()?.saturating_sub(before) / args.n.max(1);
        drop((warm_up, clients));
        return Ok(meter.stop(args));
    }
    let mut driven = connect()?;
    work(args, &mut driven, args.warm_up(), &mut Meter::start(args))?;
    driven.bytes = 0;
    let mut meter = Meter::start(args);
    work(args, &mut driven, args.n, &mut meter)?;
    meter.bytes = driven.bytes;
    Ok(meter.stop(args))
}

fn work(args: &Args, driven: &mut Driven<impl Read + Write>, n: u64, meter: &mut Meter) -> anyhow::Result<()> {
    driven.completed = 0;
    match args.mode {
        Mode::Rtt => sequence(driven, "echo", ECHO, n, meter),
        Mode::Blob => sequence(driven, "blob", &args.blob(), n, meter),
        Mode::Pipeline => pipeline(driven, n, args.window),
        Mode::Flood => flood(args, driven, n),
        Mode::Idle => Ok(()),
    }
}

fn sequence(
    driven: &mut Driven<impl Read + Write>,
    method: &str,
    params: &str,
    n: u64,
    meter: &mut Meter,
) -> anyhow::Result<()> {
    for done in 1..=n {
        let begin = Instant::now();
        driven.ask(method, params)?;
        driven.transmit()?;
        driven.until_completed(done)?;
        meter.samples.push(begin.elapsed());
    }
    Ok(())
}

fn pipeline(driven: &mut Driven<impl Read + Write>, n: u64, window: u64) -> anyhow::Result<()> {
    let mut sent = 0;
    while driven.completed < n {
        while sent < n && sent - driven.completed < window {
            driven.ask("echo", ECHO)?;
            sent += 1;
        }
        driven.transmit()?;
        let some = (window / 2).max(1).min(sent - driven.completed);
        driven.until_completed(driven.completed + some)?;
    }
    Ok(())
}

fn flood(args: &Args, driven: &mut Driven<impl Read + Write>, n: u64) -> anyhow::Result<()> {
    let mut left = n;
    while left > 0 {
        let count = left.min(args.window);
        left -= count;
        driven.ask("flood", &args.flood(count))?;
        driven.transmit()?;
        driven.until_completed(driven.completed + 1)?;
    }
    if driven.events < n {
        bail!("{} events of {n}", driven.events);
    }
    Ok(())
}
