//! The floor of the blocking client and of the core driven by hand: tungstenite over a socket that blocks.

use std::io::{Read, Write};
use std::time::Instant;

use tungstenite::WebSocket;

use super::meter::{Line, Meter, resident};
use super::raw::request;
use super::{Args, ECHO, Mode, dial};

fn greeted<S: Read + Write>(args: &Args, stream: S) -> anyhow::Result<WebSocket<S>> {
    let mut socket = dial::upgrade(args, stream, args.raw_buffer())?;
    socket.read()?;
    socket.send(request("connect", "{}"))?;
    socket.read()?;
    Ok(socket)
}

pub(super) fn measure(args: &Args) -> anyhow::Result<Line> {
    if args.is_secure() { measure_over(args, dial::tls) } else { measure_over(args, dial::tcp) }
}

fn measure_over<S: Read + Write>(args: &Args, dial: fn(&Args) -> anyhow::Result<S>) -> anyhow::Result<Line> {
    let connect = || greeted(args, dial(args)?);
    if args.mode == Mode::Idle {
        let warm_up = (0..args.warm_up()).map(|_| connect()).collect::<anyhow::Result<Vec<_>>>()?;
        let before = resident()?;
        let mut meter = Meter::start(args);
        let sockets = (0..args.n).map(|_| connect()).collect::<anyhow::Result<Vec<_>>>()?;
        std::thread::sleep(args.hold());
        meter.per_connection = resident()?.saturating_sub(before) / args.n.max(1);
        drop((warm_up, sockets));
        return Ok(meter.stop(args));
    }
    let mut socket = connect()?;
    work(args, &mut socket, args.warm_up(), &mut Meter::start(args))?;
    let mut meter = Meter::start(args);
    work(args, &mut socket, args.n, &mut meter)?;
    Ok(meter.stop(args))
}

fn work(args: &Args, socket: &mut WebSocket<impl Read + Write>, n: u64, meter: &mut Meter) -> anyhow::Result<()> {
    match args.mode {
        Mode::Rtt => sequence(socket, "echo", ECHO, n, meter),
        Mode::Blob => sequence(socket, "blob", &args.blob(), n, meter),
        Mode::Pipeline => pipeline(socket, n, args.window, meter),
        Mode::Flood => flood(args, socket, n, meter),
        Mode::Idle => Ok(()),
    }
}

fn sequence(
    socket: &mut WebSocket<impl Read + Write>,
    method: &str,
    params: &str,
    n: u64,
    meter: &mut Meter,
) -> anyhow::Result<()> {
    for _ in 0..n {
        let begin = Instant::now();
        socket.send(request(method, params))?;
        meter.bytes += meter.reading.frame(&socket.read()?)?;
        meter.samples.push(begin.elapsed());
    }
    Ok(())
}

/// Half a window is sent in one write when half a window has been answered: a socket that blocks cannot be asked
/// what is there.
fn pipeline(socket: &mut WebSocket<impl Read + Write>, n: u64, window: u64, meter: &mut Meter) -> anyhow::Result<()> {
    let (mut sent, mut received) = (0, 0);
    while received < n {
        while sent < n && sent - received < window {
            socket.write(request("echo", ECHO))?;
            sent += 1;
        }
        socket.flush()?;
        for _ in 0..(window / 2).max(1).min(sent - received) {
            meter.bytes += meter.reading.frame(&socket.read()?)?;
            received += 1;
        }
    }
    Ok(())
}

fn flood(args: &Args, socket: &mut WebSocket<impl Read + Write>, n: u64, meter: &mut Meter) -> anyhow::Result<()> {
    let mut left = n;
    while left > 0 {
        let count = left.min(args.window);
        left -= count;
        socket.send(request("flood", &args.flood(count)))?;
        for _ in 0..count {
            meter.bytes += meter.reading.frame(&socket.read()?)?;
        }
        socket.read()?;
    }
    Ok(())
}
