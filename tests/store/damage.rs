//! What cannot be understood is reported and left alone.

use std::fs;

use openclaw_client::store::{CredentialStore, DeviceSeed, FileStore, StoreError};

use super::temp_dir::{TempDir, names, write_private};
use super::{key, token};

fn seed() -> DeviceSeed {
    DeviceSeed::from_bytes(&[3; 32])
}

/// The errors of every operation on one of the files, which is as it was afterwards.
fn refused(store: &FileStore, file: &str, contents: &[u8]) -> Vec<StoreError> {
    let path = store.dir().join(file);
    write_private(&path, contents);
    let key = key("wss://g.example");
    let errors = match file {
        "identity.json" => vec![
            store.load_seed().unwrap_err(),
            store.save_seed_if_absent(&seed()).unwrap_err(),
            store.forget_seed().unwrap_err(),
        ],
        _ => vec![
            store.load_token(&key).unwrap_err(),
            store.save_token(&key, &token("t")).unwrap_err(),
            store.clear_token(&key, None).unwrap_err(),
        ],
    };
    assert_eq!(fs::read(&path).unwrap(), contents);
    assert_eq!(names(store.dir()), [file.to_owned()].into());
    fs::remove_file(&path).unwrap();
    errors
}

#[test]
fn a_damaged_file_is_kept_and_the_error_says_what_to_do() {
    let dir = TempDir::new();
    let store = dir.store();
    let good = format!(r#"{{"version":1,"seed":"{}"}}"#, "ab".repeat(32));
    let short = format!(r#"{{"version":1,"seed":"{}"}}"#, "ab".repeat(31));
    for (file, contents) in [
        ("identity.json", ""),
        ("identity.json", "\0\0\0\0"),
        ("identity.json", &good[..good.len() - 1]),
        ("identity.json", &format!("{good}{good}")),
        ("identity.json", &short),
        ("identity.json", r#"{"version":1}"#),
        ("identity.json", r#"{"version":1,"seed":null}"#),
        ("identity.json", r#"{"seed":""}"#),
        ("tokens.json", ""),
        ("tokens.json", "[]"),
        ("tokens.json", r#"{"version":1}"#),
        ("tokens.json", r#"{"version":1,"tokens":[1]}"#),
        ("tokens.json", r#"{"version":1,"tokens":[{"gateway":"wss://g.ex"#),
        (
            "tokens.json",
            r#"{"version":1,"tokens":[{"gateway":"wss://g.example:443","device":"72cd6e8422c407fb6d098690f1130b7ded7ec2f7f5e1d30bd9d521f015363793","role":"operator","client":"gateway-client"}]}"#,
        ),
    ] {
        for error in refused(&store, file, contents.as_bytes()) {
            let text = error.to_string();
            match error {
                StoreError::Corrupt { path, .. } => assert_eq!(path, store.dir().join(file)),
                other => panic!("{contents}: {other:?}"),
            }
            let told = [file, "damaged", "left as it is", "move it away"];
            assert!(told.iter().all(|part| text.contains(part)), "{text}");
            assert!(text.contains(if file == "tokens.json" { "new tokens" } else { "paired again" }), "{text}");
        }
    }
    for error in refused(&store, "tokens.json", b"{\"version\":1,\"tokens\":[\"\xff\"]}") {
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    }
}

#[test]
fn a_later_format_is_kept_and_the_error_says_what_to_do() {
    let dir = TempDir::new();
    let store = dir.store();
    for file in ["identity.json", "tokens.json"] {
        for error in refused(&store, file, br#"{"version":2,"unheard":"of"}"#) {
            let text = error.to_string();
            assert!(matches!(error, StoreError::Newer { found: 2, known: 1, .. }), "{error:?}");
            for part in [file, "format 2", "up to 1", "update", "OPENCLAW_GW_STATE_DIR"] {
                assert!(text.contains(part), "{text}");
            }
        }
    }
}

#[test]
fn what_is_too_large_is_neither_read_nor_written() {
    let dir = TempDir::new();
    let store = dir.store();
    for file in ["identity.json", "tokens.json"] {
        for error in refused(&store, file, &vec![b' '; 4 * 1024 * 1024 + 1]) {
            assert!(matches!(error, StoreError::TooLarge { .. }), "{error:?}");
        }
    }
    let key = key("wss://g.example");
    store.save_token(&key, &token("small")).unwrap();
    let error = store.save_token(&key, &token(&"x".repeat(4 * 1024 * 1024))).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { .. }), "{error:?}");
    assert_eq!(store.load_token(&key).unwrap(), Some(token("small")));
}

/// One file is damaged: the other serves.
#[test]
fn files_do_not_share_their_fate() {
    let dir = TempDir::new();
    let store = dir.store();
    let key = key("wss://g.example");
    store.save_token(&key, &token("t")).unwrap();
    write_private(&store.dir().join("identity.json"), b"{");
    store.load_seed().unwrap_err();
    store.save_token(&key, &token("u")).unwrap();
    assert_eq!(store.load_token(&key).unwrap(), Some(token("u")));
    fs::rename(store.dir().join("identity.json"), dir.join("moved away")).unwrap();
    assert_eq!(store.save_seed_if_absent(&seed()).unwrap(), seed());
}

#[test]
fn a_write_that_fails_leaves_the_old_file() {
    let dir = TempDir::new();
    let store = dir.store();
    let key = key("wss://g.example");
    store.save_token(&key, &token("old")).unwrap();
    // In the way of the temporary file, and not to be removed like a left-over one.
    let way = store.dir().join("tokens.json.new");
    fs::create_dir(&way).unwrap();
    for _ in 0..2 {
        let error = store.save_token(&key, &token("new")).unwrap_err();
        assert!(matches!(error, StoreError::Io { what: "write", .. }), "{error:?}");
        assert_eq!(store.load_token(&key).unwrap(), Some(token("old")));
    }
    fs::remove_dir(&way).unwrap();
    write_private(&way, b"what a crash left");
    store.save_token(&key, &token("new")).unwrap();
    assert_eq!(store.load_token(&key).unwrap(), Some(token("new")));
    assert_eq!(names(store.dir()), ["lock".into(), "tokens.json".into()].into());
}

#[test]
fn a_file_in_the_place_of_the_directory_is_reported() {
    let dir = TempDir::new();
    fs::write(dir.join("state"), "x").unwrap();
    let error = dir.store().load_seed().unwrap_err();
    assert!(matches!(error, StoreError::Unreadable { .. }), "{error:?}");
    let below = FileStore::in_dir(dir.join("state/below"));
    below.save_seed_if_absent(&seed()).unwrap_err();
    assert_eq!(fs::read(dir.join("state")).unwrap(), b"x");
}
