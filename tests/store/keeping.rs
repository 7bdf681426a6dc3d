//! What is kept comes back, for the key it was kept for and for no other.

use std::fs;

use openclaw_client::connect::{ClientId, Role, Scope};
use openclaw_client::proto::device::DeviceId;
use openclaw_client::store::{CredentialStore, DeviceSeed, FileStore, MemoryStore, StoredToken, TokenKey};

use super::temp_dir::{TempDir, names};
use super::{key, token};

/// Runs a test with both kinds. `FileStore` remembers nothing, so each of its calls reads the files anew.
fn each(test: impl Fn(&dyn CredentialStore)) {
    test(&MemoryStore::new());
    test(&TempDir::new().store());
}

#[test]
fn an_empty_store_has_nothing_and_clearing_nothing_is_no_error() {
    each(|store| {
        assert_eq!(store.load_seed().unwrap(), None);
        assert_eq!(store.load_token(&key("wss://g.example")).unwrap(), None);
        assert!(!store.clear_token(&key("wss://g.example"), None).unwrap());
        store.forget_seed().unwrap();
    });
    let dir = TempDir::new();
    let store = dir.store();
    store.load_seed().unwrap();
    store.clear_token(&key("wss://g.example"), None).unwrap();
    store.forget_seed().unwrap();
    assert!(!store.dir().exists(), "looking creates nothing");
}

#[test]
fn the_first_seed_stays_until_it_is_forgotten() {
    each(|store| {
        let (first, second) = (DeviceSeed::from_bytes(&[1; 32]), DeviceSeed::generate().unwrap());
        assert_eq!(store.save_seed_if_absent(&first).unwrap(), first);
        assert_eq!(store.save_seed_if_absent(&second).unwrap(), first);
        assert_eq!(store.load_seed().unwrap().unwrap().expose(), &[1; 32]);
        store.forget_seed().unwrap();
        assert_eq!(store.load_seed().unwrap(), None);
        assert_eq!(store.save_seed_if_absent(&second).unwrap(), second);
    });
}

#[test]
fn tokens_come_back_as_they_were() {
    each(|store| {
        let key = key("wss://g.example/a");
        for kept in [
            token("plain"),
            token("quote \" backslash \\ newline \n nul \0 umlaut ü emoji 🦀").issued_at(Some(u64::MAX)),
            StoredToken::new("", []),
            token("again").issued_at(Some(0)),
        ] {
            store.save_token(&key, &kept).unwrap();
            store.save_token(&key, &kept).unwrap();
            assert_eq!(store.load_token(&key).unwrap(), Some(kept));
        }
        assert!(store.clear_token(&key, None).unwrap());
        assert_eq!(store.load_token(&key).unwrap(), None);
    });
}

#[test]
fn a_refused_token_is_cleared_only_if_it_is_still_the_one() {
    each(|store| {
        let key = key("wss://g.example");
        store.save_token(&key, &token("new")).unwrap();
        assert!(!store.clear_token(&key, Some(&"old".into())).unwrap());
        assert_eq!(store.load_token(&key).unwrap(), Some(token("new")));
        assert!(store.clear_token(&key, Some(&"new".into())).unwrap());
        assert_eq!(store.load_token(&key).unwrap(), None);
    });
}

fn changed(key: &TokenKey, change: impl FnOnce(&mut TokenKey)) -> TokenKey {
    let mut key = key.clone();
    change(&mut key);
    key
}

/// The token of one gateway must never be sent to another, nor be overwritten by another's.
#[test]
fn every_part_of_the_key_keeps_tokens_apart() {
    each(|store| {
        let base = key("wss://g.example");
        let mut keys = vec![
            base.clone(),
            changed(&base, |key| key.device = DeviceId::of(&[2; 32])),
            changed(&base, |key| key.role = Role::Node),
            changed(&base, |key| key.role = Role::from("operator gateway-client")),
            changed(&base, |key| key.client = ClientId::Cli),
            changed(&base, |key| key.client = ClientId::from("gateway-client ")),
        ];
        keys.extend(["ws://g.example", "wss://g.example:8443", "wss://g.example/a", "wss://h.example"].map(key));
        for (n, key) in keys.iter().enumerate() {
            assert_eq!(store.load_token(key).unwrap(), None, "{key:?}");
            store.save_token(key, &token(&format!("token {n}"))).unwrap();
        }
        for (n, key) in keys.iter().enumerate() {
            assert_eq!(store.load_token(key).unwrap(), Some(token(&format!("token {n}"))), "{key:?}");
        }
        for (n, key) in keys.iter().enumerate() {
            assert!(store.clear_token(key, None).unwrap());
            let left = keys.iter().filter(|key| store.load_token(key).unwrap().is_some()).count();
            assert_eq!(left, keys.len() - n - 1);
        }
    });
}

#[test]
fn spellings_of_one_address_share_a_token() {
    each(|store| {
        store.save_token(&key("https://G.example/team/?token=1"), &token("one")).unwrap();
        for address in ["wss://g.example/team", "wss://g.example:443/team/", "https://g.example/x/../team#y"] {
            assert_eq!(store.load_token(&key(address)).unwrap(), Some(token("one")), "{address}");
        }
    });
}

#[test]
fn the_seed_and_the_tokens_do_not_touch_each_other() {
    each(|store| {
        let key = key("wss://g.example");
        let seed = DeviceSeed::generate().unwrap();
        store.save_seed_if_absent(&seed).unwrap();
        store.save_token(&key, &token("kept")).unwrap();
        store.forget_seed().unwrap();
        assert_eq!(store.load_token(&key).unwrap(), Some(token("kept")));
        store.save_seed_if_absent(&seed).unwrap();
        store.clear_token(&key, None).unwrap();
        assert_eq!(store.load_seed().unwrap(), Some(seed));
    });
}

#[test]
fn there_is_one_file_for_each_kind_and_what_is_the_same_is_not_written_again() {
    let dir = TempDir::new();
    let store = dir.store();
    store.save_token(&key("wss://g.example"), &token("t")).unwrap();
    assert_eq!(names(store.dir()), ["lock".into(), "tokens.json".into()].into());
    store.save_seed_if_absent(&DeviceSeed::generate().unwrap()).unwrap();
    assert_eq!(names(store.dir()), ["identity.json".into(), "lock".into(), "tokens.json".into()].into());
    let before = fs::metadata(store.dir().join("tokens.json")).unwrap().modified().unwrap();
    store.save_token(&key("wss://g.example"), &token("t")).unwrap();
    assert!(!store.clear_token(&key("wss://g.example"), Some(&"other".into())).unwrap());
    assert_eq!(fs::metadata(store.dir().join("tokens.json")).unwrap().modified().unwrap(), before);
}

#[test]
fn a_file_written_by_hand_is_read() {
    let dir = TempDir::new();
    let store = dir.store();
    let seed = "AB".repeat(32);
    let identity = format!(r#"{{"seed":"{seed}","version":1,"note":"mine"}}"#);
    super::temp_dir::write_private(&store.dir().join("identity.json"), identity.as_bytes());
    assert_eq!(store.load_seed().unwrap().unwrap().expose(), &[0xab; 32]);
    let tokens = r#"{"version":1,"tokens":[{"gateway":"wss://g.example:443","device":"72cd6e8422c407fb6d098690f1130b7ded7ec2f7f5e1d30bd9d521f015363793","role":"operator",
        "client":"gateway-client","token":"by hand","scopes":["operator.read"],"note":"mine"}],"note":[1]}"#;
    super::temp_dir::write_private(&store.dir().join("tokens.json"), tokens.as_bytes());
    let kept = StoredToken::new("by hand", [Scope::Read]);
    assert_eq!(store.load_token(&key("wss://g.example")).unwrap(), Some(kept));
    store.save_token(&key("wss://g.example"), &token("new")).unwrap();
    store.save_token(&key("wss://h.example"), &token("new")).unwrap();
    let after = fs::read_to_string(store.dir().join("tokens.json")).unwrap();
    assert_eq!(
        (after.matches(r#""note": "mine""#).count(), after.matches(r#""note": [1]"#).count()),
        (1, 1),
        "{after}"
    );
}

#[test]
fn a_relative_directory_means_one_below_the_current() {
    let here = std::env::current_dir().unwrap();
    assert_eq!(FileStore::in_dir("some/where").dir(), here.join("some").join("where"));
}
