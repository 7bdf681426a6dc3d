//! The core driven by hand in the thread that calls: what the protocol itself costs.

use std::io::{self, Read, Write};
use std::time::Instant;

use anyhow::bail;
use openclaw_client::transport::Clock;
use openclaw_proto::connect::Auth;
use openclaw_proto::{
    Client, ClientConfig, ConnId, GatewayUrl, Input, Now, Outcome, Output, Plaintext, Request, StateKind,
};
use tungstenite::{Message, Utf8Bytes, WebSocket};

use super::meter::{Line, Meter, resident};
use super::reading::Reading;
use super::{Args, ECHO, Mode, dial};

/// A stream that remembers when it was read last: that is when all the messages came that a read has brought, so the clock need
/// not be asked for each.
struct Timed<S> {
    stream: S,
    clock: Clock,
    read: Now,
}

impl<S: Read> Read for Timed<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buf);
        self.read = self.clock.now();
        read
    }
}

impl<S: Write> Write for Timed<S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.stream.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

struct Driven<S> {
    core: Client<(), Utf8Bytes>,
    clock: Clock,
    conn: ConnId,
    socket: WebSocket<Timed<S>>,
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
        // The socket is the caller's, and so is its buffer: the same as the bare one's, but where memory is measured.
        let buffer = if args.mode == Mode::Idle { args.own_buffer() } else { args.raw_buffer() };
        let socket = dial::upgrade(args, Timed { stream, clock, read: clock.now() }, buffer)?;
        core.handle_input(clock.now(), conn, Input::Opened);
        let mut driven = Self { core, clock, conn, socket, completed: 0, events: 0, bytes: 0, reading: args.reading() };
        while driven.core.state() != StateKind::Ready {
            driven.receive()?;
            driven.transmit(clock.now())?;
        }
        Ok(driven)
    }

    /// Makes some requests and sends them.
    fn ask(&mut self, method: &str, params: &str, times: u64) -> anyhow::Result<()> {
        let now = self.clock.now();
        for _ in 0..times {
            if let Err(refused) = self.core.request(now, Request::with_raw_params(method, params)?, ()) {
                bail!("{}", refused.why);
            }
        }
        self.transmit(now)
    }

    fn transmit(&mut self, now: Now) -> anyhow::Result<()> {
        while let Some(transmit) = self.core.poll_transmit(now) {
            self.socket.write(Message::text(transmit.text))?;
        }
        self.socket.flush()?;
        self.core.handle_input(now, self.conn, Input::Flushed);
        Ok(())
    }

    fn receive(&mut self) -> anyhow::Result<()> {
        let Message::Text(text) = self.socket.read()? else { return Ok(()) };
        self.core.handle_input(self.socket.get_ref().read, self.conn, Input::Text(text));
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
        driven.ask(method, params, 1)?;
        driven.until_completed(done)?;
        meter.samples.push(begin.elapsed());
    }
    Ok(())
}

fn pipeline(driven: &mut Driven<impl Read + Write>, n: u64, window: u64) -> anyhow::Result<()> {
    let mut sent = 0;
    while driven.completed < n {
        let more = (window - (sent - driven.completed)).min(n - sent);
        driven.ask("echo", ECHO, more)?;
        sent += more;
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
        driven.ask("flood", &args.flood(count), 1)?;
        driven.until_completed(driven.completed + 1)?;
    }
    if driven.events < n {
        bail!("{} events of {n}", driven.events);
    }
    Ok(())
}
