//! Which credential a connect shows, against a model that says for each field when it is sent.

use openclaw_proto::Secret;
use openclaw_proto::connect::{Auth, Role, Scope};
use openclaw_proto::credentials::{Holdings, StoredToken, choose};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::config;
use crate::javascript::{spaced, trim};

/// Everything a choice depends on.
#[derive(Clone, Debug)]
struct Hand {
    token: Option<String>,
    password: Option<String>,
    device: Option<String>,
    bootstrap: Option<String>,
    prefer_bootstrap: bool,
    stored: Option<(String, Vec<String>)>,
    retry_armed: bool,
    trusted: bool,
    spent: bool,
    node: bool,
    scopes: Option<Vec<String>>,
}

fn secret() -> impl Strategy<Value = Option<String>> {
    option::of(prop_oneof![3 => "[a-z]{1,8}", 1 => spaced()])
}

fn scopes() -> impl Strategy<Value = Vec<String>> {
    vec(prop_oneof![Just("operator.read".to_owned()), Just("operator.admin".into()), "[a-z.]{1,9}"], 0..3)
}

fn hand() -> impl Strategy<Value = Hand> {
    let secrets = (secret(), secret(), secret(), secret(), any::<bool>());
    let stored = secret().prop_flat_map(|token| scopes().prop_map(move |scopes| token.clone().map(|t| (t, scopes))));
    let flags = any::<(bool, bool, bool, bool)>();
    (secrets, stored, flags, option::of(scopes())).prop_map(|(secrets, stored, flags, scopes)| {
        let (token, password, device, bootstrap, prefer_bootstrap) = secrets;
        let (retry_armed, trusted, spent, node) = flags;
        Hand { token, password, device, bootstrap, prefer_bootstrap, stored, retry_armed, trusted, spent, node, scopes }
    })
}

/// What goes out: token, password, device token, bootstrap token.
type Shown<'a> = [Option<&'a str>; 4];

/// Blank is absent, and white space around a secret is not part of it.
fn present(secret: Option<&String>) -> Option<&str> {
    secret.map(|secret| trim(secret)).filter(|secret| !secret.is_empty())
}

fn model(hand: &Hand) -> (Shown<'_>, Vec<String>, bool) {
    let [token, password, device, bootstrap] =
        [&hand.token, &hand.password, &hand.device, &hand.bootstrap].map(|secret| present(secret.as_ref()));
    let stored = present(hand.stored.as_ref().map(|(token, _)| token));

    let preferred = hand.prefer_bootstrap && bootstrap.is_some();
    // It silences everything until it has been used; then it gives way to the token it has brought, and nothing else does.
    let alone = preferred && !hand.spent;
    let replaced = preferred && hand.spent && stored.is_some();
    let shares = !alone && !replaced && (token.is_some() || password.is_some());
    let uses_stored = !alone && stored.is_some() && device.is_none() && (!shares || (hand.retry_armed && hand.trusted));
    let nothing_else = !shares && device.is_none() && stored.is_none();

    let shown = [
        token.filter(|_| shares),
        password.filter(|_| shares),
        if uses_stored { stored } else { device.filter(|_| !alone) },
        bootstrap.filter(|_| !hand.spent && (alone || nothing_else)),
    ];
    let of_stored = hand.stored.as_ref().map(|(_, scopes)| scopes).filter(|scopes| uses_stored && !scopes.is_empty());
    let default = if hand.node { Vec::new() } else { vec!["operator.read".to_owned()] };
    let scopes = hand.scopes.as_ref().or(of_stored).cloned().unwrap_or(default);
    (shown, scopes, uses_stored)
}

proptest! {
    #![proptest_config(config(4_000))]

    #[test]
    fn the_choice_is_the_model_s(hand in hand()) {
        let secret = |text: &Option<String>| text.as_deref().map(Secret::from);
        let mut auth = Auth::default();
        auth.token = secret(&hand.token);
        auth.password = secret(&hand.password);
        auth.device_token = secret(&hand.device);
        auth.bootstrap_token = secret(&hand.bootstrap);
        auth.prefer_bootstrap = hand.prefer_bootstrap;
        let named = |scopes: &Vec<String>| scopes.iter().map(|scope| Scope::from(scope.as_str())).collect::<Vec<_>>();
        let stored = hand.stored.as_ref().map(|(token, scopes)| StoredToken::new(token.as_str(), named(scopes)));
        let scopes = hand.scopes.as_ref().map(named);
        let choice = choose(&Holdings {
            auth: &auth,
            stored: stored.as_ref(),
            retry_armed: hand.retry_armed,
            endpoint_trusted: hand.trusted,
            bootstrap_spent: hand.spent,
            role: if hand.node { &Role::Node } else { &Role::Operator },
            scopes: scopes.as_deref(),
        });

        let (shown, scopes, uses_stored) = model(&hand);
        let out = &choice.auth;
        let got = [&out.token, &out.password, &out.device_token, &out.bootstrap_token]
            .map(|secret| secret.as_ref().map(Secret::expose));
        prop_assert_eq!(got, shown);
        prop_assert_eq!(choice.uses_stored, uses_stored);
        prop_assert_eq!(choice.scopes.iter().map(Scope::as_str).collect::<Vec<_>>(), scopes);
        // A password is never signed, and whatever is signed is also shown.
        let [token, _, device, bootstrap] = shown;
        prop_assert_eq!(choice.signed_token().map(Secret::expose), token.or(device).or(bootstrap));
    }
}
