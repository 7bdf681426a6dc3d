//! Who is let in, and with what: credentials, scopes, origins, proxies.

use serde_json::{Value, json};

use crate::probe::{Gateway, Probe, changed, remove, without_auth};

pub fn probes(gateway: &Gateway) -> Vec<Probe> {
    [credentials(gateway), kinds(gateway), origins(gateway)].concat()
}

fn credentials(gateway: &Gateway) -> Vec<Probe> {
    let token = gateway.token.as_str();
    let auth = |name: &str, auth: Value| {
        Probe::first(format!("auth: {name}"), gateway.connect_with(|params| params["auth"] = auth))
    };
    let cli = changed(gateway.connect_as("cli", "cli"), |connect| {
        connect["params"]["auth"] = json!({"token": "bad"});
    });
    vec![
        Probe::first("auth: none", without_auth(gateway.connect())),
        auth("an empty token", json!({"token": ""})),
        auth("a wrong token", json!({"token": "bad"})),
        Probe::first("auth: a wrong token from a command line", cli),
        auth("the token as password", json!({"password": token})),
        auth("a wrong password", json!({"password": "bad"})),
        auth("the token and a wrong password", json!({"token": token, "password": "zzz"})),
        auth("a deviceToken alone", json!({"deviceToken": "d"})),
    ]
}

fn kinds(gateway: &Gateway) -> Vec<Probe> {
    let unknown = |params: &mut Value| params["scopes"] = json!(["operator.nope", "x"]);
    let node = gateway.connect_node("node-host", "node", gateway.wire);
    vec![
        Probe::first("scopes: not asked for", gateway.connect_with(|params| remove(params, "scopes"))),
        Probe::first("scopes: unknown ones", gateway.connect_with(unknown)),
        Probe::first("no auth: a command line", without_auth(gateway.connect_as("cli", "cli"))),
        Probe::first("no auth: a node", without_auth(node)),
        Probe::first("no auth: a terminal interface", without_auth(gateway.connect_as("openclaw-tui", "ui"))),
        Probe::first("no device: a terminal interface", gateway.connect_as("openclaw-tui", "ui")),
        Probe::first("no device: a browser copilot", gateway.connect_as("openclaw-browser-copilot", "ui")),
    ]
}

fn origins(gateway: &Gateway) -> Vec<Probe> {
    let own = format!("http://{}", gateway.address);
    vec![
        Probe::first("origin: none, of a chat page", gateway.connect_as("webchat", "webchat")),
        Probe::first("origin: another one, of a program", gateway.connect()).header("Origin", "http://evil.example"),
        Probe::first("origin: the gateway's own, of a program", gateway.connect()).header("Origin", own.as_str()),
        Probe::first("origin: the gateway's own, of a chat page", gateway.connect_as("webchat", "webchat"))
            .header("Origin", own),
        Probe::first("proxy: an address is forwarded", gateway.connect()).header("X-Forwarded-For", "8.8.8.8"),
        Probe::first("host: another name", gateway.connect()).header("Host", "gw.example.com"),
    ]
}
