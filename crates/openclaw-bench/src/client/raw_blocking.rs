//! The floor of the blocking client and of the core driven by hand: tungstenite over a socket that blocks.

use std::net::TcpStream;
use std::time::Instant;

use tungstenite::WebSocket;
use tungstenite::client::client_with_config;
use tungstenite::protocol::WebSocketConfig;

use super::meter::{Line, Meter, resident};
use super::raw::request;
use super::{Args, ECHO, Mode};

type Socket = WebSocket<TcpStream>;

fn greeted(args: &Args) -> anyhow::Result<Socket> {
    let tcp = TcpStream::connect(args.url.trim_start_matches("ws://").trim_end_matches('/'))?;
    tcp.set_nodelay(true)?;
    let config = WebSocketConfig::default().read_buffer_size(args.raw_buffer()).write_buffer_size(16 * 1024);
    let (mut socket, _) = client_with_config(args.url.as_str(), tcp, Some(config))?;
    socket.read()?;
    socket.send(request("connect", "{}"))?;
    socket.read()?;
    Ok(socket)
}

pub(super) fn measure(args: &Args) -> anyhow::Result<Line> {
    if args.mode == Mode::Idle {
        let warm_up = (0..args.warm_up()).map(|_| greeted(args)).collect::<anyhow::Result<Vec<_>>>()?;
        let before = resident()?;
        let mut meter = Meter::start();
        let sockets = (0..args.n).map(|_| greeted(args)).collect::<anyhow::Result<Vec<_>>>()?;
        std::thread::sleep(args.hold());
        meter.per_connection = resident()?.saturating_sub(before) / args.n.max(1);
        drop((warm_up, sockets));
        return Ok(meter.stop(args));
    }
    let mut socket = greeted(args)?;
    work(args, &mut socket, args.warm_up(), &mut Meter::start())?;
    let mut meter = Meter::start();
    work(args, &mut socket, args.n, &mut meter)?;
    Ok(meter.stop(args))
}

fn work(args: &Args, socket: &mut Socket, n: u64, meter: &mut Meter) -> anyhow::Result<()> {
    match args.mode {
        Mode::Rtt => sequence(socket, "echo", ECHO, n, meter),
        Mode::Blob => sequence(socket, "blob", &args.blob(), n, meter),
        Mode::Pipeline => pipeline(socket, n, args.window, meter),
        Mode::Flood => flood(args, socket, n, meter),
        Mode::Idle => Ok(()),
    }
}

fn sequence(socket: &mut Socket, method: &str, params: &str, n: u64, meter: &mut Meter) -> anyhow::Result<()> {
    for _ in 0..n {
        let begin = Instant::now();
        socket.send(request(method, params))?;
        meter.bytes += socket.read()?.len() as u64;
        meter.samples.push(begin.elapsed());
    }
    Ok(())
}

/// Half a window is sent in one write when half a window has been answered: a socket that blocks cannot be asked
/// what is there.
fn pipeline(socket: &mut Socket, n: u64, window: u64, meter: &mut Meter) -> anyhow::Result<()> {
    let (mut sent, mut received) = (0, 0);
    while received < n {
        while sent < n && sent - received < window {
            socket.write(request("echo", ECHO))?;
            sent += 1;
        }
        socket.flush()?;
        for _ in 0..(window / 2).max(1).min(sent - received) {
            meter.bytes += socket.read()?.len() as u64;
            received += 1;
        }
    }
    Ok(())
}

fn flood(args: &Args, socket: &mut Socket, n: u64, meter: &mut Meter) -> anyhow::Result<()> {
    let mut left = n;
    while left > 0 {
        let count = left.min(args.window);
        left -= count;
        socket.send(request("flood", &args.flood(count)))?;
        for _ in 0..=count {
            meter.bytes += socket.read()?.len() as u64;
        }
    }
    Ok(())
}
