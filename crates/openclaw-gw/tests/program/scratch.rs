//! Recordings in files of their own.

use std::path::PathBuf;

use serde_json::json;

use crate::gateway::{Script, event};
use crate::program::run;

/// A file of its own for each test, gone afterwards.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("openclaw-gw-{}-{name}.ndjson", std::process::id())))
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    pub(crate) fn text(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Records a watch of two events.
pub(crate) fn recorded(file: &Scratch) -> String {
    let gateway = Script::default().then(vec![event("a", 1, &json!({"x": 1})), event("b", 2, &json!(2))]).start();
    let ended = run(&gateway, &["--record", file.path(), "watch", "--count", "2"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    file.text()
}
