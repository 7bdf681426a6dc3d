//! The floor of the asynchronous runtimes: a bare WebSocket that batches its writes and reads nothing of what comes.

use std::sync::Arc;
use std::time::Instant;

use futures_util::{FutureExt, SinkExt, StreamExt};
use tungstenite::{Error, Message};

use super::meter::{Line, Meter, resident};
use super::raw_dial::{self, Socket};
use super::{Args, ECHO, Mode};

pub(super) async fn on_tokio(args: Args) -> anyhow::Result<Line> {
    if args.is_secure() { measure(args, raw_dial::tokio_tls).await } else { measure(args, raw_dial::tokio).await }
}

pub(super) async fn on_async_std(args: Args) -> anyhow::Result<Line> {
    if args.is_secure() {
        measure(args, raw_dial::async_std_tls).await
    } else {
        measure(args, raw_dial::async_std).await
    }
}

pub(super) async fn on_smol(args: Args) -> anyhow::Result<Line> {
    if args.is_secure() { measure(args, raw_dial::smol_tls).await } else { measure(args, raw_dial::smol).await }
}

async fn measure<S, F, D>(args: Args, dial: D) -> anyhow::Result<Line>
where
    S: Socket,
    F: Future<Output = anyhow::Result<S>> + Send,
    D: Fn(Arc<Args>) -> F + Send + Sync,
{
    let shared = Arc::new(args);
    let args = &*shared;
    if args.mode == Mode::Idle {
        let mut sockets = Vec::new();
        for _ in 0..args.warm_up() {
            sockets.push(greeted(&dial, &shared).await?);
        }
        let before = resident()?;
        let mut meter = Meter::start(args);
        for _ in 0..args.n {
            sockets.push(greeted(&dial, &shared).await?);
        }
        std::thread::sleep(args.hold());
        meter.per_connection = resident()?.saturating_sub(before) / args.n.max(1);
        return Ok(meter.stop(args));
    }
    let mut socket = greeted(&dial, &shared).await?;
    work(args, &mut socket, args.warm_up(), &mut Meter::start(args)).await?;
    let mut meter = Meter::start(args);
    work(args, &mut socket, args.n, &mut meter).await?;
    Ok(meter.stop(args))
}

/// A socket that has had its challenge and an answer to `connect`.
async fn greeted<S, F>(dial: &(impl Fn(Arc<Args>) -> F + Sync), args: &Arc<Args>) -> anyhow::Result<S>
where
    S: Socket,
    F: Future<Output = anyhow::Result<S>> + Send,
{
    let mut socket = dial(Arc::clone(args)).await?;
    next(&mut socket).await?;
    socket.send(request("connect", "{}")).await?;
    next(&mut socket).await?;
    Ok(socket)
}

/// A request as long as the library's.
pub(super) fn request(method: &str, params: &str) -> Message {
    Message::text(format!(
        r#"{{"type":"req","id":"00000000-0000-8000-8000-000000000000","method":"{method}","params":{params}}}"#
    ))
}

async fn next(socket: &mut impl Socket) -> Result<Message, Error> {
    socket.next().await.ok_or(Error::ConnectionClosed)?
}

async fn work(args: &Args, socket: &mut impl Socket, n: u64, meter: &mut Meter) -> anyhow::Result<()> {
    match args.mode {
        Mode::Rtt => sequence(socket, "echo", ECHO, n, meter).await,
        Mode::Blob => sequence(socket, "blob", &args.blob(), n, meter).await,
        Mode::Pipeline => pipeline(socket, n, args.window, meter).await,
        Mode::Flood => flood(args, socket, n, meter).await,
        Mode::Idle => Ok(()),
    }
}

async fn sequence(
    socket: &mut impl Socket,
    method: &str,
    params: &str,
    n: u64,
    meter: &mut Meter,
) -> anyhow::Result<()> {
    for _ in 0..n {
        let begin = Instant::now();
        socket.send(request(method, params)).await?;
        meter.bytes += meter.reading.frame(&next(socket).await?)?;
        meter.samples.push(begin.elapsed());
    }
    Ok(())
}

/// For every answer that is there a request is fed, and all of them leave in one write.
async fn pipeline(socket: &mut impl Socket, n: u64, window: u64, meter: &mut Meter) -> anyhow::Result<()> {
    let (mut sent, mut received) = (0, 0);
    while received < n {
        while sent < n && sent - received < window {
            socket.feed(request("echo", ECHO)).await?;
            sent += 1;
        }
        socket.flush().await?;
        meter.bytes += meter.reading.frame(&next(socket).await?)?;
        received += 1;
        while let Some(message) = socket.next().now_or_never() {
            meter.bytes += meter.reading.frame(&message.ok_or(Error::ConnectionClosed)??)?;
            received += 1;
        }
    }
    Ok(())
}

async fn flood(args: &Args, socket: &mut impl Socket, n: u64, meter: &mut Meter) -> anyhow::Result<()> {
    let mut left = n;
    while left > 0 {
        let count = left.min(args.window);
        left -= count;
        socket.send(request("flood", &args.flood(count))).await?;
        for _ in 0..count {
            meter.bytes += meter.reading.frame(&next(socket).await?)?;
        }
        next(socket).await?;
    }
    Ok(())
}
