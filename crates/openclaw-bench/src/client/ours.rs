//! The asynchronous handle, as a program uses it.

use std::collections::VecDeque;
use std::time::Instant;

use openclaw_client::transport::Runtime;
use openclaw_client::{Backlog, Builder, Client, Request};

use super::meter::{Line, Meter, resident};
use super::{Args, ECHO, Mode};

fn builder<R: Runtime>(args: &Args, on: R) -> anyhow::Result<Builder<R>> {
    let buffer = args.own_buffer();
    let builder = Builder::new(on, &args.url).token(args.token.as_str()).trust(args.trust()?).no_reconnect();
    Ok(builder.dial_options(|dial| dial.read_buffer = buffer))
}

pub(super) async fn measure<R: Runtime>(args: Args, on: R) -> anyhow::Result<Line> {
    let args = &args;
    if args.mode == Mode::Idle {
        return idle(args, &on).await;
    }
    let client = builder(args, on)?.connect().await?;
    work(args, &client, args.warm_up(), &mut Meter::start(args)).await?;
    let mut meter = Meter::start(args);
    work(args, &client, args.n, &mut meter).await?;
    Ok(meter.stop(args))
}

async fn work(args: &Args, client: &Client, n: u64, meter: &mut Meter) -> anyhow::Result<()> {
    match args.mode {
        Mode::Rtt => sequence(client, "echo", ECHO, n, meter).await,
        Mode::Blob => sequence(client, "blob", &args.blob(), n, meter).await,
        Mode::Pipeline => pipeline(client, n, args.window, meter).await,
        Mode::Flood => flood(args, client, n, meter).await,
        Mode::Idle => Ok(()),
    }
}

async fn sequence(client: &Client, method: &str, params: &str, n: u64, meter: &mut Meter) -> anyhow::Result<()> {
    for _ in 0..n {
        let begin = Instant::now();
        let payload = client.request_raw(method, params).await?;
        meter.samples.push(begin.elapsed());
        meter.bytes += meter.reading.answer(payload.as_ref())?;
    }
    Ok(())
}

async fn pipeline(client: &Client, n: u64, window: u64, meter: &mut Meter) -> anyhow::Result<()> {
    let mut calls = VecDeque::new();
    let mut made = 0;
    for _ in 0..n {
        while made < n && (calls.len() as u64) < window {
            made += 1;
            calls.push_back(client.call(Request::with_raw_params("echo", ECHO)?));
        }
        if let Some(call) = calls.pop_front() {
            meter.bytes += meter.reading.answer(call.await?.as_ref())?;
        }
    }
    Ok(())
}

async fn flood(args: &Args, client: &Client, n: u64, meter: &mut Meter) -> anyhow::Result<()> {
    let mut events = client.events_with("chat", Backlog { items: usize::MAX, bytes: usize::MAX });
    let mut left = n;
    while left > 0 {
        let count = left.min(args.window);
        left -= count;
        let answer = client.call(Request::with_raw_params("flood", &args.flood(count))?);
        for _ in 0..count {
            let event = events.next().await.ok_or_else(|| anyhow::anyhow!("the client has ended"))??;
            meter.bytes += meter.reading.event(&event)?;
        }
        answer.await?;
    }
    Ok(())
}

async fn idle<R: Runtime>(args: &Args, on: &R) -> anyhow::Result<Line> {
    let mut clients = Vec::new();
    for _ in 0..args.warm_up() {
        clients.push(builder(args, on.clone())?.connect().await?);
    }
    let before = resident()?;
    let mut meter = Meter::start(args);
    for _ in 0..args.n {
        clients.push(builder(args, on.clone())?.connect().await?);
    }
    std::thread::sleep(args.hold());
    meter.per_connection = resident()?.saturating_sub(before) / args.n.max(1);
    Ok(meter.stop(args))
}
