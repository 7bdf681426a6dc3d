//! What real gateways were seen to do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::probe::Gateway;
use crate::{probes, scene, scenes, wire};

/// How many probes run at once. Gateways bound the connections of an address that have no hello yet.
const AT_ONCE: usize = 8;

/// What a gateway does about each probe, by the probe's name.
pub type Behaviour = BTreeMap<String, Vec<Value>>;

/// Runs all probes and plays all scenes.
pub fn observe(gateway: &Gateway) -> Behaviour {
    let (probes, scenes) = (probes::all(gateway), scenes::all());
    let names: Vec<&str> =
        probes.iter().map(|probe| probe.name.as_str()).chain(scenes.iter().map(|scene| scene.name)).collect();
    let (next, seen) = (AtomicUsize::new(0), Mutex::new(Behaviour::new()));
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(name) = names.get(index) else { return };
            let answers = match probes.get(index) {
                Some(probe) => wire::run(probe, gateway),
                None => scene::play(&scenes[index - probes.len()], gateway),
            };
            seen.lock().expect("no probe panics with it").insert((*name).to_owned(), answers);
        }
    };
    std::thread::scope(|scope| (0..AT_ONCE).for_each(|_| drop(scope.spawn(work))));
    let seen = seen.into_inner().expect("no probe panics with it");
    assert_eq!(seen.len(), names.len(), "two probes share a name: {names:?}");
    seen
}

/// Where the behaviour of a version is kept.
pub fn path(version: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "fidelity", "golden", &format!("{version}.json")].iter().collect()
}

/// The behaviour of a version as it was recorded.
pub fn read(version: &str) -> Behaviour {
    let path = path(version);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Where two behaviours differ: the probe's name, and in what.
pub fn differences(golden: &Behaviour, seen: &Behaviour) -> BTreeMap<String, String> {
    let names: BTreeSet<_> = golden.keys().chain(seen.keys()).collect();
    let differs = names.into_iter().filter(|name| golden.get(*name) != seen.get(*name));
    differs.map(|name| (name.clone(), difference(golden.get(name), seen.get(name)))).collect()
}

fn difference(golden: Option<&Vec<Value>>, seen: Option<&Vec<Value>>) -> String {
    let (Some(golden), Some(seen)) = (golden, seen) else {
        return if golden.is_some() { "there is no such probe".into() } else { "there is no golden answer".into() };
    };
    let mut text = String::new();
    for index in 0..golden.len().max(seen.len()) {
        walk(&format!("answer {}", index + 1), golden.get(index), seen.get(index), &mut text);
    }
    text
}

/// Tells the smallest parts in which two values differ.
fn walk(path: &str, golden: Option<&Value>, seen: Option<&Value>, text: &mut String) {
    if let (Some(Value::Object(golden)), Some(Value::Object(seen))) = (golden, seen) {
        for name in golden.keys().chain(seen.keys().filter(|name| !golden.contains_key(*name))) {
            walk(&format!("{path}/{name}"), golden.get(name), seen.get(name), text);
        }
    } else if golden != seen {
        let show = |value: Option<&Value>| value.map_or_else(|| "nothing".into(), Value::to_string);
        *text += &format!("\n    {path}\n        golden: {}\n        seen:   {}", show(golden), show(seen));
    }
}
