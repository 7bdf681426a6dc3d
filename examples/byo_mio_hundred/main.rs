//! A hundred clients in one thread: the core driven by hand over nonblocking sockets and `mio`. Each makes a few calls,
//! waits for an event, and leaves.
//!
//! `cargo run -p openclaw-examples --example byo_mio_hundred` brings its own gateway. With `OPENCLAW_GATEWAY_TOKEN=…` and
//! `--url ws://…` (or `OPENCLAW_GATEWAY_URL`) it talks to yours; the event is then what comes, a tick after half a minute at
//! the latest.
//!
//! What to look at: `fleet` sleeps until a socket or the earliest of all deadlines wakes it; `member` is a turn, in the order
//! of the guide `openclaw_proto::bring_your_own_io`; `dial` makes sockets step by step; `openclaw_examples::Link` reads until
//! there is nothing, and writes while there is room.

mod dial;
mod fleet;
mod member;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use fleet::Plan;
use openclaw_examples::{OwnGateway, Target, resolve};
use openclaw_proto::Request;
use openclaw_testkit::{GatewayConfig, Server};
use serde_json::json;

const MEMBERS: usize = 100;
const CALLS: u32 = 3;
/// Between two events of our own gateway.
const PAUSE: Duration = Duration::from_millis(100);

fn main() -> Result<(), Box<dyn Error>> {
    let gateway;
    let target = match Target::given()? {
        Some(target) => target,
        None => {
            gateway = OwnGateway::start(GatewayConfig::v4())?;
            gateway.spawn(|server| tell_news(server, "health", MEMBERS * 3));
            gateway.target()
        }
    };
    let summary = fleet::run(&plan(&target)?)?;
    println!("{summary}");
    match summary.reasons.first() {
        None => Ok(()),
        Some(reason) => Err(format!("{} clients gave up, one because: {reason}", summary.reasons.len()).into()),
    }
}

fn plan(target: &Target) -> Result<Plan, Box<dyn Error>> {
    let config = target.config()?;
    Ok(Plan {
        // Once and for all, since the system's resolver blocks. A program that lives long asks it in a thread, at each dial.
        addresses: resolve(&config.url)?,
        config,
        members: MEMBERS,
        calls: CALLS,
        request: Request::new("health")?,
        patience: Duration::from_secs(120),
    })
}

/// Once so many calls have been made there is news, again and again, for whoever was not there.
async fn tell_news(server: Arc<Server>, method: &str, calls: usize) {
    server.asked(method, calls).await;
    loop {
        server.broadcast("chat", &json!({"runId": "r", "sessionKey": "agent:main:main", "state": "final"}));
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use fleet::Summary;
    use openclaw_proto::connect::Auth;
    use openclaw_testkit::{Effect, Fault, Point, RestartPlan};

    use super::*;

    /// Runs a plan against such a gateway, with news once `method` has been called so often.
    fn run(config: GatewayConfig, method: &'static str, calls: usize, change: impl FnOnce(&mut Plan)) -> Summary {
        let gateway = OwnGateway::start(config).unwrap();
        gateway.spawn(move |server| tell_news(server, method, calls));
        run_against(&gateway, change)
    }

    fn run_against(gateway: &OwnGateway, change: impl FnOnce(&mut Plan)) -> Summary {
        let mut plan = plan(&gateway.target()).unwrap();
        plan.config.backoff.base = Duration::from_millis(10);
        change(&mut plan);
        fleet::run(&plan).unwrap()
    }

    #[test]
    fn a_hundred_clients_on_one_thread_get_what_they_want_without_spinning() {
        let summary = run(GatewayConfig::v4(), "health", MEMBERS * 3, |_| {});
        assert_eq!(summary.reasons, [""; 0]);
        assert_eq!((summary.at_once, summary.answered), (MEMBERS, 300));
        assert_eq!((summary.dials, summary.connections), (100, 100), "none is refused for being one too many");
        // Two for the dial, and one each for challenge, hello, three answers, event and close; and some to spare.
        assert!(summary.wakes < 2_000, "{summary}");
    }

    #[test]
    fn they_all_come_back_after_a_restart() {
        let gateway = OwnGateway::start(GatewayConfig::v4()).unwrap();
        gateway.spawn(async move |server| {
            server.connected(20).await;
            server.restart(RestartPlan::default()).await.unwrap();
            tell_news(server, "health", 60).await;
        });
        let summary = run_against(&gateway, |plan| plan.members = 20);
        assert_eq!(summary.reasons, [""; 0]);
        assert_eq!((summary.answered, summary.connections), (60, 40));
    }

    #[test]
    fn calls_larger_than_a_socket_takes_wait_for_room_and_no_longer() {
        let summary = run(GatewayConfig::v4(), "echo", 4, |plan| {
            (plan.members, plan.calls) = (2, 2);
            plan.request = Request::with_params("echo", &"x".repeat(12 << 20)).unwrap();
        });
        assert_eq!(summary.reasons, [""; 0]);
        assert_eq!(summary.answered, 4);
        assert!(summary.blocked > 0, "{summary}");
    }

    #[test]
    fn a_gateway_that_stops_reading_is_left_and_found_again() {
        let deaf = Fault::new(Point::AfterHello, Effect::StopReading).connection(1);
        let summary = run(GatewayConfig::v4().fault(deaf), "echo", 1, |plan| {
            (plan.members, plan.calls) = (1, 1);
            plan.config.timeouts.write_stall = Duration::from_millis(200);
            plan.request = Request::with_params("echo", &"x".repeat(20 << 20)).unwrap();
        });
        assert_eq!(summary.reasons, [""; 0]);
        assert_eq!((summary.connections, summary.answered), (2, 1));
    }

    #[test]
    fn those_who_are_not_let_in_say_why() {
        let summary = run(GatewayConfig::v4(), "health", 1, |plan| {
            plan.members = 3;
            plan.config.connect.auth = Auth::token("wrong");
        });
        assert_eq!(summary.reasons.len(), 3);
        assert!(summary.reasons.iter().all(|reason| reason.ends_with("(Credentials)")), "{summary:?}");
    }

    #[test]
    fn a_gateway_that_is_not_there_or_never_answers_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = Target { url: format!("ws://{}", listener.local_addr().unwrap()), token: String::new() };
        let mut plan = plan(&target).unwrap();
        plan.members = 3;
        plan.config.timeouts.dial = Duration::from_millis(50);
        plan.config.backoff.base = Duration::from_millis(5);
        plan.config.backoff.max_attempts = Some(2);
        assert_eq!(fleet::run(&plan).unwrap().reasons, ["no connection within the time allowed for dialing"; 3]);
        // Nobody listens on port 1.
        plan.addresses = vec!["127.0.0.1:1".parse().unwrap()];
        let refused = fleet::run(&plan).unwrap();
        assert_eq!(refused.reasons.len(), 3);
        assert!(refused.reasons.iter().all(|reason| reason.starts_with("cannot connect")), "{refused:?}");
    }
}
