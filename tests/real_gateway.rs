//! What the client promises, against real gateways. Run by `cargo xtask test`, which starts them.

use std::process::Command;
use std::time::Duration;

use openclaw_client::connect::{ClientId, ClientInfo, ClientMode, ProtocolRange, Scope};
use openclaw_client::record::{replay, rerecord};
use openclaw_client::{
    Builder, CallError, ConnectError, Down, EventFilter, GatewayError, NotSent, Notice, Request, Sequence, StartError,
    State,
};
use openclaw_tests::lane::{Client, Lane};
use openclaw_tests::{LogWriter, RealGateway, real_gateways};
use serde_json::{Value, json};

/// No request waits longer than this.
const PATIENCE: Duration = Duration::from_secs(20);

/// Every gateway with every adapter.
fn gateways_and_lanes() -> impl Iterator<Item = (Gateway, Lane)> {
    Lane::ALL.into_iter().flat_map(|lane| gateways().map(move |gateway| (gateway, lane)))
}

/// A gateway, and what is made of it.
struct Gateway(RealGateway);

impl std::ops::Deref for Gateway {
    type Target = RealGateway;

    fn deref(&self) -> &RealGateway {
        &self.0
    }
}

fn gateways() -> impl Iterator<Item = Gateway> {
    real_gateways().into_iter().map(Gateway)
}

impl Gateway {
    fn builder(&self) -> Builder<()> {
        openclaw_tests::lane::builder(&self.url).token(self.token.as_str())
    }

    fn client(&self, lane: Lane) -> Client {
        lane.connect(self.builder()).unwrap_or_else(|e| panic!("{}: {e}", self.version))
    }

    /// Runs the program and gives its exit code, standard output and standard error.
    fn program(&self, args: &[&str]) -> (i32, String, String) {
        let mut path = std::env::current_exe().expect("a path");
        path.pop();
        path.pop();
        path.push("openclaw-gw");
        assert!(path.exists(), "{} is missing: cargo build -p openclaw-gw", path.display());
        let output = Command::new(path)
            // The user's own device is not for tests.
            .args(["--no-device", "--url", &self.url])
            .args(args)
            .env("OPENCLAW_GATEWAY_TOKEN", &self.token)
            .output()
            .expect("the program runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let (out, err) = (text(output.stdout), text(output.stderr));
        assert!(!out.contains(&self.token) && !err.contains(&self.token), "the token shows");
        (output.status.code().unwrap_or(-1), out, err)
    }
}

fn refusal(result: Result<Client, StartError>) -> GatewayError {
    match result {
        Err(StartError::Connect(ConnectError::Down(down))) => match &*down {
            Down::Refused(error) => error.clone(),
            other => panic!("not refused: {other}"),
        },
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn hello_says_version_protocol_connection_and_granted_scopes() {
    for (gateway, lane) in gateways_and_lanes() {
        let client = gateway.client(lane);
        let hello = client.ready().unwrap();
        assert_eq!(u64::from(hello.protocol), gateway.wire);
        assert_eq!(hello.server().version.as_deref(), Some(gateway.version.as_str()));
        assert!(hello.server().conn_id.is_some());
        assert_eq!(hello.scopes(), Some([Scope::Read].as_slice()));
        assert_eq!(hello.policy.max_payload, 26_214_400);
        assert!(hello.features().methods.len() > 100);
        client.shutdown();
    }
}

#[test]
fn read_methods_answer_and_an_unknown_one_is_a_typed_rejection() {
    for (gateway, lane) in gateways_and_lanes() {
        let client = gateway.client(lane);
        let health: Value = client.request("health", &json!({})).unwrap();
        assert_eq!(health["ok"], true);
        let agents: Value = client.request("agents.list", &json!({})).unwrap();
        assert_eq!(agents["defaultId"], "main");
        let error = client.request("nope", &json!({})).unwrap_err();
        assert!(!error.may_have_run());
        let body = error.gateway_error().expect("a gateway error");
        assert_eq!(body.missing_scope.as_deref(), Some("operator.admin"), "{}: {body:?}", gateway.version);
    }
}

#[test]
fn an_admin_is_told_that_a_method_does_not_exist() {
    for (gateway, lane) in gateways_and_lanes() {
        let client = lane.connect(gateway.builder().scopes([Scope::Admin])).unwrap();
        let error = client.request_raw("nope", "{}").unwrap_err();
        let body = error.gateway_error().unwrap();
        assert_eq!(body.code.as_str(), "INVALID_REQUEST");
        assert!(body.message.contains("unknown method"), "{}", body.message);
    }
}

#[test]
fn a_hundred_concurrent_calls_each_get_their_own_answer() {
    for (gateway, lane) in gateways_and_lanes() {
        let client = gateway.client(lane);
        let calls: Vec<_> = (0..100)
            .map(|i| {
                let method = if i % 2 == 0 { "agents.list" } else { "models.list" };
                (method, client.call(Request::with_raw_params(method, "{}").unwrap()))
            })
            .collect();
        for (method, call) in calls {
            let payload = call.wait().unwrap().unwrap();
            let key = if method == "agents.list" { "agents" } else { "models" };
            assert!(payload.deserialize::<Value>().unwrap()[key].is_array(), "{method}");
        }
        assert_eq!(client.stats().foreign_responses, 0);
        assert_eq!(client.stats().malformed, 0);
    }
}

#[test]
fn requests_made_before_start_are_answered_after_hello() {
    for (gateway, lane) in gateways_and_lanes() {
        let client = lane.build(gateway.builder()).unwrap();
        let early = client.call(Request::new("health").unwrap());
        client.start();
        assert!(early.wait().unwrap().is_some());
    }
}

#[test]
fn events_arrive_in_sequence() {
    for (gateway, lane) in gateways_and_lanes() {
        let client = lane.build(gateway.builder()).unwrap();
        let mut events = client.events(EventFilter::all());
        client.connect().unwrap();
        // A visitor that is no backend shows as presence or health, depending on the release.
        let visitor = ClientInfo::new(ClientId::Test, ClientMode::Test);
        let visitor = lane.connect(gateway.builder().client_info(visitor)).unwrap();
        visitor.shutdown();
        let mut sequenced = Vec::new();
        while sequenced.len() < 2 {
            let event = events.item();
            if event.seq.is_some() {
                sequenced.push(event.sequence);
            }
        }
        assert_eq!(sequenced, [Sequence::First, Sequence::Next], "{}", gateway.version);
    }
}

#[test]
fn a_wrong_token_and_a_missing_one_are_told_apart() {
    for (gateway, lane) in gateways_and_lanes() {
        let wrong = refusal(lane.connect(openclaw_tests::lane::builder(&gateway.url).token("wrong")));
        assert_eq!(wrong.detail_code.as_deref(), Some("AUTH_TOKEN_MISMATCH"));
        let missing = refusal(lane.connect(openclaw_tests::lane::builder(&gateway.url)));
        assert_eq!(missing.detail_code.as_deref(), Some("DEVICE_IDENTITY_REQUIRED"), "{missing:?}");
    }
}

#[test]
fn a_protocol_range_without_overlap_is_refused_and_the_default_is_not() {
    for (gateway, lane) in gateways_and_lanes() {
        for version in [3, 4, 5] {
            let range = ProtocolRange { min: version, max: version };
            let result = lane.connect(gateway.builder().protocol(range));
            if u64::from(version) == gateway.wire {
                assert!(result.is_ok());
            } else {
                assert!(refusal(result).message.contains("protocol mismatch"));
            }
        }
    }
}

#[test]
fn the_identity_of_the_original_client_is_still_refused() {
    for (gateway, lane) in gateways_and_lanes() {
        let identity = ClientInfo::new(ClientId::from("control-center"), ClientMode::from("operator"));
        let error = refusal(lane.connect(gateway.builder().client_info(identity)));
        assert!(error.message.contains("invalid connect params"), "{error:?}");
    }
}

#[test]
fn scopes_that_are_silently_withheld_are_told() {
    for (gateway, lane) in gateways_and_lanes() {
        let identity = ClientInfo::new(ClientId::Test, ClientMode::Test);
        let client = lane.build(gateway.builder().client_info(identity)).unwrap();
        let mut notices = client.notices();
        let hello = client.connect().unwrap();
        assert_eq!(hello.scopes(), Some([].as_slice()));
        match notices.item() {
            Notice::ScopeShortfall { missing, .. } => assert_eq!(missing, [Scope::Read]),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_frame_of_exactly_the_gateways_limit_is_served_and_a_larger_one_never_leaves() {
    for (gateway, lane) in gateways_and_lanes() {
        let client = gateway.client(lane);
        let limit = client.ready().unwrap().policy.max_payload;
        let overhead = Request::with_params("health", &json!({"x": ""})).unwrap().frame_len();
        let request = |size: usize| {
            Request::with_params("health", &json!({"x": "x".repeat(size - overhead)})).unwrap().timeout(PATIENCE)
        };
        let error = client.call(request(limit + 1)).wait().unwrap_err();
        assert!(matches!(error, CallError::NotSent(NotSent::FrameTooLarge { size, limit: l }) if size == l + 1));
        client.call(request(limit)).wait().unwrap();
        assert!(matches!(client.state(), State::Ready { .. }));
    }
}

#[test]
fn trace_context_is_accepted_and_profile_binding_is_used_only_where_it_is_advertised() {
    for (gateway, lane) in gateways_and_lanes() {
        let client = gateway.client(lane);
        let traced = Request::new("health")
            .unwrap()
            .traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
            .unwrap();
        client.call(traced).wait().unwrap();
        let bound = Request::new("health").unwrap().expected_profile_id("nobody-of-that-name").unwrap();
        let result = client.call(bound).wait();
        let advertised = client.ready().unwrap().features().has_capability("profile-binding-v1");
        if advertised {
            assert!(matches!(&result, Err(CallError::Rejected(_))), "{result:?}");
        } else {
            assert!(matches!(&result, Err(CallError::NotSent(NotSent::ProfileBindingUnsupported))), "{result:?}");
        }
        assert!(matches!(client.state(), State::Ready { .. }));
    }
}

#[test]
fn a_session_is_recorded_and_replays_byte_for_byte() {
    for (gateway, lane) in gateways_and_lanes() {
        let (writer, logs) = LogWriter::new();
        let client = lane.build(gateway.builder().seed([7; 32]).record(writer)).unwrap();
        let mut events = client.events(EventFilter::all());
        let early = client.call(Request::new("health").unwrap());
        client.connect().unwrap();
        early.wait().unwrap();
        client.request("agents.list", &json!({})).unwrap();
        client.request("nope", &json!({"token": "s3cr3t"})).unwrap_err();
        let visitor = ClientInfo::new(ClientId::Test, ClientMode::Test);
        lane.connect(gateway.builder().client_info(visitor)).unwrap().shutdown();
        while events.item().seq.is_none() {}
        client.shutdown();
        client.connect().unwrap();
        client.request_raw("health", "{}").unwrap();
        client.shutdown();
        drop((client, events));
        let log = logs.recv_timeout(PATIENCE).expect("the log");

        let name = format!("{} on {lane}", gateway.version);
        let told = replay(&log).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(told.complete && told.transmits == 6, "{name}: {told:?}");
        assert!(rerecord(&log).as_ref() == Ok(&log), "{name}: the log of the replay differs");
        assert!(!log.contains(&gateway.token) && !log.contains("s3cr3t"), "{name}: a secret is in the log");

        let file = std::env::temp_dir().join(format!("openclaw-session-{}-{lane}", std::process::id()));
        std::fs::write(&file, &log).expect("a file");
        let path = file.to_str().expect("UTF-8");
        let (replayed, traced) =
            (gateway.program(&["replay", path, "--json"]), gateway.program(&["trace", path, "--json"]));
        let _ = std::fs::remove_file(&file);
        assert_eq!(replayed.0, 0, "{name}: {}", replayed.2);
        let report: Value = serde_json::from_str(&replayed.1).expect("JSON");
        assert_eq!((&report["identical"], report["inputs"].as_u64()), (&json!(true), Some(told.inputs)), "{name}");
        let ready = traced.1.lines().filter(|row| row.contains(r#""what":"state","name":"Ready""#)).count();
        assert_eq!((traced.0, ready), (0, 2), "{name}: {}", traced.2);
        println!("{name}: {} bytes, {} inputs, {} outputs: identical", log.len(), told.inputs, told.outputs);
    }
}

#[test]
fn the_program_shows_status_calls_and_watches() {
    for gateway in gateways() {
        let (code, out, err) = gateway.program(&["status"]);
        assert_eq!(code, 0, "{err}");
        assert!(out.contains(&gateway.version) && out.contains("operator.read"), "{out}");

        let (code, out, err) = gateway.program(&["status", "--json"]);
        assert_eq!(code, 0, "{err}");
        let hello: Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!(hello["protocol"].as_u64(), Some(gateway.wire));

        for method in ["health", "agents.list"] {
            let (code, out, err) = gateway.program(&["call", method]);
            assert_eq!(code, 0, "{err}");
            assert!(serde_json::from_str::<Value>(&out).expect("JSON").is_object());
        }

        let (code, out, err) = gateway.program(&["call", "nope"]);
        assert_eq!((code, out.as_str()), (1, ""));
        assert!(err.contains("operator.admin"), "{err}");

        let (code, out, err) = gateway.program(&["watch", "--for", "5s", "--json"]);
        assert_eq!(code, 0, "{err}");
        assert!(out.lines().count() >= 1);
        for line in out.lines() {
            let row: Value = serde_json::from_str(line).expect("NDJSON");
            assert!(row["receivedAt"].is_string(), "{line}");
        }

        let file = std::env::temp_dir().join(format!("openclaw-recording-{}-{}", std::process::id(), gateway.version));
        let path = file.to_str().expect("UTF-8");
        let (code, _, err) = gateway.program(&["record", path, "--", "watch", "--for", "3s"]);
        assert_eq!(code, 0, "{err}");
        let (code, out, err) = gateway.program(&["replay", path, "--json"]);
        let log = std::fs::read_to_string(&file).expect("a recording");
        let _ = std::fs::remove_file(&file);
        assert_eq!(code, 0, "{err}");
        println!("{}: a recording of {} bytes replays: {}", gateway.version, log.len(), out.trim());
        let replayed: Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!((&replayed["identical"], &replayed["complete"]), (&json!(true), &json!(true)));
        assert!(!log.contains(&gateway.token), "the token is in the recording");

        let (code, ..) = gateway.program(&["--token", "wrong", "call", "health"]);
        assert_eq!(code, 5, "not authenticated");
    }
}

#[test]
fn the_program_calls_and_watches_on_every_runtime() {
    for gateway in gateways() {
        for runtime in ["tokio", "async-std", "smol", "blocking"] {
            let (code, out, err) = gateway.program(&["--runtime", runtime, "call", "agents.list"]);
            assert_eq!(code, 0, "{runtime}: {err}");
            assert!(serde_json::from_str::<Value>(&out).expect("JSON").is_object());
            let (code, out, err) = gateway.program(&["--runtime", runtime, "watch", "--for", "2s", "--json"]);
            assert_eq!(code, 0, "{runtime}: {err}");
            assert!(out.lines().any(|line| line.contains(r#""state":"ready""#)), "{runtime}: {out}");
            println!("{}: {runtime}: {} lines in 2 s", gateway.version, out.lines().count());
        }
    }
}
