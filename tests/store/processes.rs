//! Several processes with one store.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use openclaw_client::Secret;
use openclaw_client::store::{CredentialStore, DeviceSeed, FileStore, StoredToken, TokenKey};
use openclaw_tests::Lcg;

use super::key;
use super::temp_dir::{TempDir, names};
use super::worker::{Worker, say};

const WORKERS: usize = 4;
/// Of each process. A round is six operations or more, so all of them do about 4000.
const ROUNDS: usize = 150;
/// Keys that only one process uses.
const OWN: usize = 3;
const RACES: usize = 60;

/// What a process does; [`Worker`] starts it.
pub(crate) fn work(job: &str, number: usize, store: &FileStore, word: &str) {
    match job {
        "hammer" => hammer(number, store),
        "race" => race(number, store, word.parse().unwrap()),
        "churn" => churn(number, store),
        other => panic!("no such job: {other}"),
    }
}

fn own_key(worker: usize, n: usize) -> TokenKey {
    key(&format!("wss://g.example/{worker}/{}", n % OWN))
}

fn shared_key() -> TokenKey {
    key("wss://g.example/shared")
}

/// Tells who wrote it and when, and is as long as that says, so that a part or a mixture of two is seen.
fn made(worker: usize, n: usize) -> StoredToken {
    let text = format!("{worker}.{n}.{}", "x".repeat(n * 37 % 1500));
    let at = u64::try_from(n).unwrap();
    StoredToken::new(Secret::from(text), []).issued_at(Some(at))
}

fn is_whole(token: &StoredToken) -> bool {
    let mut parts = token.token.expose().split('.').map(str::parse);
    let (Some(Ok(worker)), Some(Ok(n))) = (parts.next(), parts.next()) else { return false };
    *token == made(worker, n)
}

fn seed_of(worker: usize) -> DeviceSeed {
    DeviceSeed::from_bytes(&[u8::try_from(worker).unwrap() + 1; 32])
}

fn winner(seed: &DeviceSeed) -> usize {
    let bytes = seed.expose();
    assert!(bytes.iter().all(|byte| byte == &bytes[0]));
    usize::from(bytes[0]) - 1
}

fn hammer(worker: usize, store: &FileStore) {
    let mut chance = Lcg::new(worker.try_into().unwrap());
    let first = store.save_seed_if_absent(&seed_of(worker)).unwrap();
    for n in 0..ROUNDS {
        let (own, token) = (own_key(worker, n), made(worker, n));
        if chance.chance(1, 6) {
            let had = store.load_token(&own).unwrap();
            assert_eq!(store.clear_token(&own, None).unwrap(), had.is_some());
            assert_eq!(store.load_token(&own).unwrap(), None);
        }
        store.save_token(&own, &token).unwrap();
        assert_eq!(store.load_token(&own).unwrap().as_ref(), Some(&token));
        assert!(!store.clear_token(&own, Some(&"never issued".into())).unwrap());
        store.save_token(&shared_key(), &token).unwrap();
        assert!(is_whole(&store.load_token(&shared_key()).unwrap().unwrap()));
        assert_eq!(store.save_seed_if_absent(&seed_of(worker)).unwrap(), first);
    }
    say("won", winner(&first));
}

#[test]
fn nothing_is_torn_or_lost_and_one_seed_wins() {
    let dir = TempDir::new();
    let store = dir.store();
    let mut workers: Vec<_> = (0..WORKERS).map(|n| Worker::start("hammer", n, store.dir())).collect();
    workers.iter_mut().for_each(|worker| worker.go(""));
    // And a reader that never waits.
    let (done, ended) = std::sync::mpsc::channel::<()>();
    let reader = std::thread::spawn({
        let store = store.clone();
        move || {
            let mut looks = 0;
            while ended.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                assert!(store.load_token(&shared_key()).unwrap().is_none_or(|token| is_whole(&token)));
                store.load_seed().unwrap();
                looks += 1;
            }
            looks
        }
    });
    let winners: BTreeSet<_> = workers.iter_mut().map(|worker| worker.hear("won")).collect();
    workers.into_iter().for_each(Worker::finish);
    drop(done);
    assert!(reader.join().unwrap() > 0);

    let kept = winner(&store.load_seed().unwrap().unwrap()).to_string();
    assert_eq!(winners, [kept].into());
    for worker in 0..WORKERS {
        for n in ROUNDS - OWN..ROUNDS {
            assert_eq!(store.load_token(&own_key(worker, n)).unwrap(), Some(made(worker, n)));
        }
    }
    let tokens: serde_json::Value =
        serde_json::from_slice(&fs::read(store.dir().join("tokens.json")).unwrap()).unwrap();
    assert_eq!(tokens["tokens"].as_array().unwrap().len(), WORKERS * OWN + 1);
    assert_eq!(names(store.dir()), ["identity.json".into(), "lock".into(), "tokens.json".into()].into());
}

fn unix_millis() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()
}

/// Each round in a new directory, which does not exist yet, at the same moment in all processes.
fn race(worker: usize, store: &FileStore, start: u128) {
    let mut won = Vec::new();
    for n in 0..RACES {
        let at = start + 5 * u128::try_from(n).unwrap();
        while unix_millis() < at {
            std::hint::spin_loop();
        }
        let store = FileStore::in_dir(store.dir().join(n.to_string()));
        won.push(winner(&store.save_seed_if_absent(&seed_of(worker)).unwrap()));
    }
    say("won", format!("{won:?}"));
}

#[test]
fn processes_that_start_at_once_are_one_device() {
    let dir = TempDir::new();
    let mut workers: Vec<_> = (0..WORKERS).map(|n| Worker::start("race", n, &dir)).collect();
    let start = (unix_millis() + 50).to_string();
    workers.iter_mut().for_each(|worker| worker.go(&start));
    let won: BTreeSet<_> = workers.iter_mut().map(|worker| worker.hear("won")).collect();
    workers.into_iter().for_each(Worker::finish);
    let kept: Vec<_> =
        (0..RACES).map(|n| winner(&FileStore::in_dir(dir.join(n.to_string())).load_seed().unwrap().unwrap())).collect();
    assert_eq!(won, [format!("{kept:?}")].into());
}

/// Until it is killed, or its test is gone.
fn churn(worker: usize, store: &FileStore) {
    let end = Instant::now() + Duration::from_secs(60);
    say("busy", "");
    for n in 0.. {
        if Instant::now() > end {
            break;
        }
        store.save_token(&shared_key(), &made(worker, n)).unwrap();
        store.save_token(&own_key(worker, n), &made(worker, n)).unwrap();
    }
}

#[test]
fn a_process_that_is_killed_leaves_whole_files_and_no_lock() {
    let dir = TempDir::new();
    let store = dir.store().with_patience(Duration::from_secs(5));
    let mine = key("wss://h.example");
    store.save_seed_if_absent(&seed_of(0)).unwrap();
    store.save_token(&mine, &made(9, 0)).unwrap();
    let mut chance = Lcg::new(7);
    for n in 1..=12 {
        let mut worker = Worker::start("churn", n, store.dir());
        worker.go("");
        worker.hear("busy");
        std::thread::sleep(Duration::from_millis(chance.below(40).try_into().unwrap()));
        drop(worker);
        assert_eq!(store.load_token(&mine).unwrap(), Some(made(9, n - 1)));
        assert!(store.load_token(&shared_key()).unwrap().is_none_or(|token| is_whole(&token)));
        store.save_token(&mine, &made(9, n)).unwrap();
        assert_eq!(winner(&store.load_seed().unwrap().unwrap()), 0);
        assert!(!names(store.dir()).contains("tokens.json.new"), "the next writer cleans up");
    }
}
