//! Secrets that others could read or swap are not used.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use openclaw_client::store::{CredentialStore, DeviceSeed, FileStore, StoreError};

use super::temp_dir::{TempDir, names, write_private};
use super::{key, token};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

fn filled(dir: &TempDir) -> FileStore {
    let store = dir.store();
    store.save_seed_if_absent(&DeviceSeed::from_bytes(&[7; 32])).unwrap();
    store.save_token(&key("wss://g.example"), &token("t")).unwrap();
    store
}

/// Every operation on one of the files.
fn operations(store: &FileStore, file: &str) -> Vec<Result<(), StoreError>> {
    let (seed, key) = (DeviceSeed::from_bytes(&[8; 32]), key("wss://g.example"));
    match file {
        "identity.json" => {
            vec![store.load_seed().map(drop), store.save_seed_if_absent(&seed).map(drop), store.forget_seed()]
        }
        _ => vec![
            store.load_token(&key).map(drop),
            store.save_token(&key, &token("other")),
            store.clear_token(&key, None).map(drop),
        ],
    }
}

fn look(store: &FileStore, file: &str) -> Result<(), StoreError> {
    if file == "identity.json" {
        store.load_seed().map(drop)
    } else {
        store.load_token(&key("wss://g.example")).map(drop)
    }
}

const FILES: [&str; 2] = ["identity.json", "tokens.json"];

#[test]
fn everything_is_created_for_this_user_alone() {
    let dir = TempDir::new();
    let store = FileStore::in_dir(dir.join("a/b"));
    store.save_seed_if_absent(&DeviceSeed::generate().unwrap()).unwrap();
    store.save_token(&key("wss://g.example"), &token("t")).unwrap();
    store.save_token(&key("wss://g.example"), &token("u")).unwrap();
    assert_eq!((mode(&dir.join("a")), mode(store.dir())), (0o700, 0o700));
    for name in names(store.dir()) {
        assert_eq!(mode(&store.dir().join(&name)), 0o600, "{name}");
    }
}

#[test]
fn a_file_open_to_others_is_refused_until_the_command_in_the_error_has_run() {
    let dir = TempDir::new();
    let store = filled(&dir);
    for file in FILES {
        let path = store.dir().join(file);
        let before = fs::read(&path).unwrap();
        for open in [0o644, 0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o777] {
            set_mode(&path, open);
            for result in operations(&store, file) {
                let error = result.unwrap_err();
                let StoreError::TooOpen { path: told, mode, fix } = &error else { panic!("{error:?}") };
                assert_eq!((told, *mode), (&path, open));
                let text = error.to_string();
                assert!(text.contains(fix.as_str()) && text.contains(&format!("{open:04o}")), "{text}");
            }
            assert_eq!((fs::read(&path).unwrap(), mode(&path)), (before.clone(), open));
            let StoreError::TooOpen { fix, .. } = look(&store, file).unwrap_err() else { panic!() };
            assert!(fix.starts_with("chmod 600 "), "{fix}");
            assert!(Command::new("sh").args(["-c", &fix]).status().unwrap().success());
            look(&store, file).unwrap();
        }
    }
    assert_eq!(store.load_token(&key("wss://g.example")).unwrap(), Some(token("t")));
}

#[test]
fn other_bits_of_the_owner_are_his_business() {
    let dir = TempDir::new();
    let store = filled(&dir);
    for mode in [0o400, 0o700] {
        set_mode(&store.dir().join("tokens.json"), mode);
        assert_eq!(store.load_token(&key("wss://g.example")).unwrap(), Some(token("t")));
    }
    store.save_token(&key("wss://g.example"), &token("u")).unwrap();
    assert_eq!(mode(&store.dir().join("tokens.json")), 0o600);
}

#[test]
fn a_directory_others_can_write_to_is_refused_and_one_they_can_see_is_not() {
    let dir = TempDir::new();
    let store = filled(&dir);
    for open in [0o720, 0o702, 0o777, 0o1777] {
        set_mode(store.dir(), open);
        for result in FILES.iter().flat_map(|file| operations(&store, file)) {
            match result.unwrap_err() {
                StoreError::TooOpen { path, mode, fix } => {
                    assert_eq!((path.as_path(), mode), (store.dir(), open));
                    assert!(fix.starts_with("chmod 700 "), "{fix}");
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(mode(store.dir()), open);
    }
    for closed in [0o755, 0o750, 0o700] {
        set_mode(store.dir(), closed);
        store.save_token(&key("wss://g.example"), &token(&closed.to_string())).unwrap();
        assert_eq!(mode(store.dir()), closed);
    }
}

#[test]
fn what_is_no_regular_file_is_refused() {
    let dir = TempDir::new();
    let store = filled(&dir);
    for file in FILES {
        let path = store.dir().join(file);
        let real = dir.join(file);
        fs::rename(&path, &real).unwrap();
        let refused = |what: &str| {
            for result in operations(&store, file) {
                match result.unwrap_err() {
                    StoreError::NotAFile { path: told } => assert_eq!(told, path),
                    other => panic!("{what}: {other:?}"),
                }
            }
        };
        symlink(&real, &path).unwrap();
        refused("a link");
        fs::remove_file(&path).unwrap();
        symlink(dir.join("nowhere"), &path).unwrap();
        refused("a dangling link");
        assert!(!dir.join("nowhere").exists() && fs::symlink_metadata(&path).unwrap().is_symlink());
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        refused("a directory");
        fs::remove_dir(&path).unwrap();
        if Command::new("mkfifo").args(["-m", "600"]).arg(&path).status().is_ok_and(|status| status.success()) {
            // Opening one waits for a writer unless told otherwise.
            refused("a pipe");
            fs::remove_file(&path).unwrap();
        }
        fs::rename(&real, &path).unwrap();
    }
    assert_eq!(store.load_token(&key("wss://g.example")).unwrap(), Some(token("t")));
}

#[test]
fn the_directory_may_be_a_link() {
    let dir = TempDir::new();
    let store = filled(&dir);
    symlink(store.dir(), dir.join("link")).unwrap();
    let linked = FileStore::in_dir(dir.join("link"));
    linked.save_token(&key("wss://g.example"), &token("through")).unwrap();
    assert_eq!(store.load_token(&key("wss://g.example")).unwrap(), Some(token("through")));
    set_mode(store.dir(), 0o777);
    assert!(matches!(linked.load_seed(), Err(StoreError::TooOpen { .. })));
}

/// A store that was laid out by somebody else, for example in an image, needs neither a lock nor a writable directory.
#[test]
fn reading_creates_nothing() {
    let dir = TempDir::new();
    let store = filled(&dir);
    fs::remove_file(store.dir().join("lock")).unwrap();
    write_private(&store.dir().join("tokens.json.new"), b"half");
    let before = names(store.dir());
    store.load_seed().unwrap().unwrap();
    store.load_token(&key("wss://g.example")).unwrap().unwrap();
    store.save_token(&key("wss://g.example"), &token("t")).unwrap();
    assert_eq!(names(store.dir()), before);
}
