//! Which credential a connect shows: every row of the table, and what holds for all combinations.

use openclaw_proto::Secret;
use openclaw_proto::connect::{Auth, Role, Scope};
use openclaw_proto::credentials::{Choice, Holdings, StoredToken, choose};

/// What is in hand, one letter each: `t`oken, `p`assword, explicit `d`evice token, `b`ootstrap token, `B` the same and
/// preferred, `s`tored token, `r`etry armed, endpoint trus`T`ed, bootstrap spent (`x`).
fn holding(what: &str, scopes: Option<&[Scope]>, role: &Role) -> Choice {
    let has = |letter: char| what.contains(letter);
    let secret = |letter: char, text: &str| has(letter).then(|| Secret::from(text));
    let mut auth = Auth::default();
    auth.token = secret('t', "token");
    auth.password = secret('p', "password");
    auth.device_token = secret('d', "device");
    auth.bootstrap_token = secret('b', "bootstrap").or(secret('B', "bootstrap"));
    auth.prefer_bootstrap = has('B');
    let stored = StoredToken::new("stored", [Scope::Write, Scope::Approvals]);
    choose(&Holdings {
        auth: &auth,
        stored: has('s').then_some(&stored),
        retry_armed: has('r'),
        endpoint_trusted: has('T'),
        bootstrap_spent: has('x'),
        role,
        scopes,
    })
}

/// What goes out, and what is signed.
fn shown(choice: &Choice) -> (String, &str) {
    let auth = &choice.auth;
    let fields = [
        ("token", &auth.token),
        ("password", &auth.password),
        ("deviceToken", &auth.device_token),
        ("bootstrapToken", &auth.bootstrap_token),
    ];
    let out: Vec<String> =
        fields.into_iter().filter_map(|(name, secret)| Some(format!("{name}={}", secret.as_ref()?.expose()))).collect();
    (out.join(" "), choice.signed_token().map_or("", Secret::expose))
}

#[test]
fn every_row_of_the_table_is_chosen_as_it_says() {
    for (what, expected, signed, uses_stored) in [
        // Nothing, or one thing alone.
        ("", "", "", false),
        ("t", "token=token", "token", false),
        ("p", "password=password", "", false),
        ("d", "deviceToken=device", "device", false),
        ("b", "bootstrapToken=bootstrap", "bootstrap", false),
        ("s", "deviceToken=stored", "stored", true),
        // A preferred bootstrap token silences everything else, once.
        ("B", "bootstrapToken=bootstrap", "bootstrap", false),
        ("Btpds", "bootstrapToken=bootstrap", "bootstrap", false),
        ("BtpsrT", "bootstrapToken=bootstrap", "bootstrap", false),
        ("Bx", "", "", false),
        ("Bxs", "deviceToken=stored", "stored", true),
        ("Bxtps", "deviceToken=stored", "stored", true),
        ("Bxtp", "token=token password=password", "token", false),
        ("Bxd", "deviceToken=device", "device", false),
        // A shared secret stands in front of the stored token …
        ("tp", "token=token password=password", "token", false),
        ("ts", "token=token", "token", false),
        ("ps", "password=password", "", false),
        ("tps", "token=token password=password", "token", false),
        // … unless the one retry is armed, and the endpoint trusted.
        ("tsr", "token=token", "token", false),
        ("tsT", "token=token", "token", false),
        ("tsrT", "token=token deviceToken=stored", "token", true),
        ("psrT", "password=password deviceToken=stored", "stored", true),
        ("tpsrT", "token=token password=password deviceToken=stored", "token", true),
        ("trT", "token=token", "token", false),
        // Without a shared secret the endpoint does not matter.
        ("sr", "deviceToken=stored", "stored", true),
        ("sT", "deviceToken=stored", "stored", true),
        // An explicit device token is shown always, and instead of the stored one.
        ("td", "token=token deviceToken=device", "token", false),
        ("pd", "password=password deviceToken=device", "device", false),
        ("ds", "deviceToken=device", "device", false),
        ("tdsrT", "token=token deviceToken=device", "token", false),
        // A bootstrap token gives way to everything.
        ("tb", "token=token", "token", false),
        ("pb", "password=password", "", false),
        ("db", "deviceToken=device", "device", false),
        ("sb", "deviceToken=stored", "stored", true),
        ("bx", "", "", false),
        ("bxs", "deviceToken=stored", "stored", true),
    ] {
        let choice = holding(what, None, &Role::Operator);
        assert_eq!(shown(&choice), (expected.to_owned(), signed), "{what:?}");
        assert_eq!(choice.uses_stored, uses_stored, "{what:?}");
    }
}

#[test]
fn the_scopes_asked_for_are_the_applications_else_the_stored_tokens_else_the_roles() {
    let explicit = [Scope::Pairing];
    for (what, scopes, role, expected) in [
        ("t", None, Role::Operator, vec![Scope::Read]),
        ("t", None, Role::Node, vec![]),
        ("t", None, Role::from("invented"), vec![]),
        ("s", None, Role::Operator, vec![Scope::Write, Scope::Approvals]),
        ("tsrT", None, Role::Operator, vec![Scope::Write, Scope::Approvals]),
        ("ts", None, Role::Operator, vec![Scope::Read]),
        ("ds", None, Role::Operator, vec![Scope::Read]),
        ("Bs", None, Role::Operator, vec![Scope::Read]),
        ("s", Some(explicit.as_slice()), Role::Operator, vec![Scope::Pairing]),
        ("s", Some([].as_slice()), Role::Operator, vec![]),
        ("tsrT", Some(explicit.as_slice()), Role::Operator, vec![Scope::Pairing]),
        ("t", Some(explicit.as_slice()), Role::Node, vec![Scope::Pairing]),
    ] {
        assert_eq!(holding(what, scopes, &role).scopes, expected, "{what} {scopes:?} {role}");
    }
    // A stored token without scopes says nothing about them.
    let stored = StoredToken::new("stored", []);
    let choice = choose(&Holdings {
        auth: &Auth::default(),
        stored: Some(&stored),
        retry_armed: false,
        endpoint_trusted: false,
        bootstrap_spent: false,
        role: &Role::Operator,
        scopes: None,
    });
    assert_eq!((choice.uses_stored, choice.scopes), (true, vec![Scope::Read]));
}

#[test]
fn what_holds_for_all_512_combinations() {
    for set in 0..512_u32 {
        let what: String = "tpdbBsrTx".chars().enumerate().filter(|(n, _)| set >> n & 1 == 1).map(|(_, c)| c).collect();
        let choice = holding(&what, None, &Role::Operator);
        let (auth, signed) = (&choice.auth, choice.signed_token());
        let first = auth.token.as_ref().or(auth.device_token.as_ref()).or(auth.bootstrap_token.as_ref());
        assert_eq!(signed, first, "{what}: what the gateway looks at first is signed");
        assert_ne!(auth.token.as_ref().map(Secret::expose), Some("stored"), "{what}");
        assert!(signed.is_none_or(|token| token.expose() != "password"), "{what}");
        let shared = auth.token.is_some() || auth.password.is_some();
        if choice.uses_stored {
            assert!(what.contains('s') && !what.contains('d'), "{what}");
            assert!(!shared || (what.contains('r') && what.contains('T')), "{what}");
        }
        if auth.bootstrap_token.is_some() {
            assert!(!shared && auth.device_token.is_none() && !what.contains('x'), "{what}");
        }
        assert!(!choice.scopes.contains(&Scope::Admin), "{what}");
        let anything = what.contains(['t', 'p', 'd', 's']) || (what.contains(['b', 'B']) && !what.contains('x'));
        assert_eq!(!auth.is_empty(), anything, "{what}: something is shown if there is something");
    }
}

#[test]
fn blank_credentials_are_absent_and_white_space_is_no_part_of_one() {
    let mut auth = Auth::default();
    auth.token = Some(" \n\u{feff}".into());
    auth.password = Some("".into());
    auth.device_token = Some("\u{3000}".into());
    auth.bootstrap_token = Some("\tboot strap\r\n".into());
    let has = |auth: &Auth, stored: Option<&StoredToken>| {
        let choice = choose(&Holdings {
            auth,
            stored,
            retry_armed: true,
            endpoint_trusted: true,
            bootstrap_spent: false,
            role: &Role::Operator,
            scopes: None,
        });
        let (shown, signed) = shown(&choice);
        format!("{shown}, signed {signed}")
    };
    let blank = StoredToken::new(" ", []);
    assert_eq!(has(&auth, Some(&blank)), "bootstrapToken=boot strap, signed boot strap");
    auth.prefer_bootstrap = true;
    auth.bootstrap_token = Some(" ".into());
    auth.token = Some("\u{feff}to\u{85}ken\u{85}\n".into());
    assert_eq!(has(&auth, None), "token=to\u{85}ken\u{85}, signed to\u{85}ken\u{85}");
    let stored = StoredToken::new(" stored\n", []);
    assert_eq!(has(&Auth::default(), Some(&stored)), "deviceToken=stored, signed stored");
}
