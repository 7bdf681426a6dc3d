//! The blocking handle, as a program uses it.

use std::collections::VecDeque;
use std::time::Instant;

use openclaw_blocking::{Backlog, Client, Request};

use super::meter::{Line, Meter, resident};
use super::{Args, ECHO, Mode};

fn connect(args: &Args) -> anyhow::Result<Client> {
    let buffer = args.own_buffer();
    let builder = openclaw_blocking::builder(&args.url).token(args.token.as_str()).trust(args.trust()?).no_reconnect();
    Ok(builder.dial_options(|dial| dial.read_buffer = buffer).connect()?)
}

pub(super) fn measure(args: &Args) -> anyhow::Result<Line> {
    if args.mode == Mode::Idle {
        return idle(args);
    }
    let client = connect(args)?;
    work(args, &client, args.warm_up(), &mut Meter::start(args))?;
    let mut meter = Meter::start(args);
    work(args, &client, args.n, &mut meter)?;
    Ok(meter.stop(args))
}

fn work(args: &Args, client: &Client, n: u64, meter: &mut Meter) -> anyhow::Result<()> {
    match args.mode {
        Mode::Rtt => sequence(client, "echo", ECHO, n, meter),
        Mode::Blob => sequence(client, "blob", &args.blob(), n, meter),
        Mode::Pipeline => pipeline(client, n, args.window, meter),
        Mode::Flood => flood(args, client, n, meter),
        Mode::Idle => Ok(()),
    }
}

fn sequence(client: &Client, method: &str, params: &str, n: u64, meter: &mut Meter) -> anyhow::Result<()> {
    for _ in 0..n {
        let begin = Instant::now();
        let payload = client.request_raw(method, params)?;
        meter.samples.push(begin.elapsed());
        meter.bytes += meter.reading.answer(payload.as_ref())?;
    }
    Ok(())
}

fn pipeline(client: &Client, n: u64, window: u64, meter: &mut Meter) -> anyhow::Result<()> {
    let mut calls = VecDeque::new();
    let mut made = 0;
    for _ in 0..n {
        while made < n && (calls.len() as u64) < window {
            made += 1;
            calls.push_back(client.call(Request::with_raw_params("echo", ECHO)?));
        }
        if let Some(call) = calls.pop_front() {
            meter.bytes += meter.reading.answer(call.wait()?.as_ref())?;
        }
    }
    Ok(())
}

fn flood(args: &Args, client: &Client, n: u64, meter: &mut Meter) -> anyhow::Result<()> {
    let mut events = client.events_with("chat", Backlog { items: usize::MAX, bytes: usize::MAX });
    let mut left = n;
    while left > 0 {
        let count = left.min(args.window);
        left -= count;
        let answer = client.call(Request::with_raw_params("flood", &args.flood(count))?);
        for _ in 0..count {
            let event = events.recv().ok_or_else(|| anyhow::anyhow!("the client has ended"))??;
            meter.bytes += meter.reading.event(&event)?;
        }
        answer.wait()?;
    }
    Ok(())
}

fn idle(args: &Args) -> anyhow::Result<Line> {
    let mut clients = Vec::new();
    for _ in 0..args.warm_up() {
        clients.push(connect(args)?);
    }
    let before = resident()?;
    let mut meter = Meter::start(args);
    for _ in 0..args.n {
        clients.push(connect(args)?);
    }
    std::thread::sleep(args.hold());
    meter.per_connection = resident()?.saturating_sub(before) / args.n.max(1);
    Ok(meter.stop(args))
}
