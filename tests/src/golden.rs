//! The golden recordings: what clients of ours recorded of real gateways, sanitised. `cargo xtask golden` makes them.

use std::fs;
use std::path::{Path, PathBuf};

/// What stands in them for the gateway's host.
pub const HOST: &str = "gateway-host";
/// What stands in them for its operating system's release.
pub const KERNEL: &str = "6.0.0";
/// What stands in them for the folder with everything it writes.
pub const STATE: &str = "/state";
/// What stands in them for the folder it is installed in.
pub const INSTALLATION: &str = "/openclaw";

/// A log of more bytes is not kept whole.
pub const LARGEST: usize = 50 << 10;

/// Object keys whose values name a machine, or somebody's part of one.
const HOSTS: [&str; 8] = ["host", "hostname", "machineName", "ip", "remoteIp", "clientIp", "user", "username"];
/// The values they may have: what clients call themselves, and what stands for the rest.
const NAMES: [&str; 7] = [HOST, "gateway-client", "gateway", "agent", "node-host", "test", "127.0.0.1"];
/// Object keys whose values are secrets, or parts of such keys, in lower case.
const SECRETS: [&str; 8] =
    ["token", "password", "secret", "apikey", "api_key", "signature", "authorization", "privatekey"];
/// How well-known secrets begin, wherever they are.
const BEGINNINGS: [&str; 7] = ["Bearer ", "sk-", "ghp_", "github_pat_", "xoxb-", "AKIA", "-----BEGIN"];
/// What every signed web token has in it.
const WEB_TOKEN: &str = ".eyJ";
/// Words of machines.
const HARDWARE: [&str; 7] = ["Xeon", "EPYC", "Ryzen", "Intel(R)", "Apple M", "firecracker", "Hypervisor"];
/// What looks like a folder: those that every machine has, a gateway's HTTP paths, and JSON pointers.
const EVERYWHERE: [&str; 5] = ["/usr/bin/", "/bin/", "/dev/null", "/api/users/", "/client/"];

/// The folder with one folder for each release.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// All of them: their release and name, and the log.
///
/// # Panics
/// When they cannot be read.
#[must_use]
pub fn logs() -> Vec<(PathBuf, String)> {
    let entries = |dir: &Path| {
        let entries = fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
        entries.map(|entry| entry.expect("a readable folder").path()).collect::<Vec<_>>()
    };
    let releases = entries(&folder()).into_iter().filter(|path| path.is_dir());
    let mut files: Vec<_> = releases.flat_map(|dir| entries(&dir)).collect();
    files.sort();
    let read = |file: PathBuf| {
        let log = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        (file, log)
    };
    files.into_iter().map(read).collect()
}

/// What of a log could say where, on what and by whom it was made, or give something away. Nothing of that may be in one
/// that is kept.
#[must_use]
pub fn remains(log: &str) -> Vec<String> {
    // A frame is text within a line, and may have documents in it: without its escapes all is alike.
    let mut text = log.to_owned();
    while let Some(less) = unescaped(&text) {
        text = less;
    }
    let mut found = [paths(&text), values(&text), addresses(&text), kernels(&text), mails(&text)].concat();
    for word in BEGINNINGS.iter().chain(&HARDWARE) {
        found.extend(starts(&text, word).map(|at| near(&text, at)));
    }
    found.extend(text.match_indices(WEB_TOKEN).map(|(at, _)| near(&text, at)));
    found.sort();
    found.dedup();
    found
}

/// One level of escapes less, if there is one.
fn unescaped(text: &str) -> Option<String> {
    let blank = ["\\n", "\\r", "\\t"];
    text.contains('\\')
        .then(|| blank.iter().fold(text.to_owned(), |text, escape| text.replace(escape, " ")))
        .map(|text| text.replace("\\\\", "\u{1}").replace('\\', "").replace('\u{1}', "\\"))
}

/// Where a word begins that begins like this.
fn starts<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let apart = |at: &usize| !text[..*at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    text.match_indices(word).map(|(at, _)| at).filter(apart)
}

fn near(text: &str, at: usize) -> String {
    text[at..].chars().take(60).collect()
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> &str {
    &text[..text.find(|c| !belongs(c)).unwrap_or(text.len())]
}

/// Absolute paths of two parts or more, but for those that were put there.
fn paths(text: &str) -> Vec<String> {
    let belongs = |c: char| c.is_ascii_alphanumeric() || "/._-+@~".contains(c);
    let begins = |at: &usize| !text[..*at].ends_with(|c: char| belongs(c) || ":*)]}>^$".contains(c));
    let path = |at: usize| run(&text[at..], belongs);
    let known = |path: &str| {
        let inside = |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        inside(STATE) || inside(INSTALLATION) || EVERYWHERE.iter().any(|folder| path.starts_with(folder))
    };
    let deep = |path: &&str| path.split('/').filter(|part| !part.is_empty()).count() > 1 && !path.starts_with("//");
    let found = text.match_indices('/').map(|(at, _)| at).filter(begins).map(path).filter(deep);
    found.filter(|path| !known(path)).map(str::to_owned).collect()
}

/// Values of keys that name a machine or hold a secret.
fn values(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, separator) in text.match_indices("\":\"") {
        let key = text[..at].rsplit('"').next().unwrap_or_default();
        let value = run(&text[at + separator.len()..], |c| c != '"');
        // A recorder says of signatures that they are masked; of the rest it leaves the length.
        let masked = value == "masked" || value.bytes().all(|byte| byte == b'x');
        let secret = SECRETS.iter().any(|name| key.to_ascii_lowercase().contains(name)) && !masked;
        if secret || (HOSTS.contains(&key) && !NAMES.contains(&value)) {
            found.push(format!("{key}: {value}"));
        }
    }
    found
}

/// IPv4 addresses other than the usual local ones.
fn addresses(text: &str) -> Vec<String> {
    let belongs = |c: char| c.is_ascii_digit() || c == '.';
    let words = text.split(|c: char| !belongs(c)).map(|word| word.trim_matches('.'));
    let address =
        |word: &&str| word.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| !ip.is_loopback() && !ip.is_unspecified());
    words.filter(address).map(str::to_owned).collect()
}

fn kernels(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for system in ["linux ", "Linux ", "darwin ", "Darwin "] {
        for at in starts(text, system) {
            let release = run(&text[at + system.len()..], |c| c.is_ascii_alphanumeric() || "._-".contains(c));
            if release.starts_with(|c: char| c.is_ascii_digit()) && release != KERNEL {
                found.push(format!("{system}{release}"));
            }
        }
    }
    found
}

fn mails(text: &str) -> Vec<String> {
    let belongs = |c: char| c.is_ascii_alphanumeric() || "._-+@".contains(c);
    let words = text.split(|c: char| !belongs(c));
    let mail = |word: &&str| {
        word.split_once('@').is_some_and(|(who, at)| {
            !who.is_empty() && at.contains('.') && !at.starts_with(|c: char| c.is_ascii_digit())
        })
    };
    words.filter(mail).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_there_and_what_names_nobody_may_stay() {
        let log = r#"{"in":"text","text":"{\"host\":\"gateway-host\",\"ip\":\"127.0.0.1\",\"platform\":\"linux 6.0.0\",
            \"token\":\"xxxx\",\"path\":\"/state/.openclaw/a.json\",\"cli\":\"/openclaw/dist/index.js\",\"run\":\"/usr/bin/echo a\",
            \"pattern\":\"^/[^/]+/x/?$\",\"url\":\"https://docs.example/a/b\",\"version\":\"2026.9.6\",\"hook\":\"/hooks\",
            \"doc\":\"{\\\"password\\\":\\\"xx\\\"}\",\"ratio\":\"a/b/c\",\"build\":\"1.2.3.4567\",\"disk-x\":\"task-y\",\"signature\":\"masked\",\"cursor\":\"eyJhIjoxfQ\"}"}"#;
        assert_eq!(remains(log), Vec::<String>::new());
    }

    #[test]
    fn whatever_tells_of_a_machine_is_found() {
        for (text, found) in [
            (r#""stateDir":"/tmp/gateway-1/state""#, "/tmp/gateway-1/state"),
            (r#"\"stateDir\":\"/home/somebody/x\""#, "/home/somebody/x"),
            (r#""text":"look:\n/srv/data/x""#, "/srv/data/x"),
            (r#""text":"(/stateful/x)""#, "/stateful/x"),
            (r#""host":"box7""#, "host: box7"),
            (r#"\\\"hostname\\\":\\\"box7\\\""#, "hostname: box7"),
            (r#""ip":"box7""#, "ip: box7"),
            (r#""text":"from 10.0.0.7.""#, "10.0.0.7"),
            (r#""platform":"linux 6.1.2-cloud""#, "linux 6.1.2-cloud"),
            (r#""by":"somebody@mail.example""#, "somebody@mail.example"),
            (r#""cpu":"Some Xeon thing""#, "Xeon thing\""),
        ] {
            assert_eq!(remains(text), [found], "{text}");
        }
    }

    #[test]
    fn whatever_is_no_mask_under_a_telltale_key_is_found() {
        for (text, found) in [
            (r#""token":"abc""#, "token: abc"),
            (r#"\"deviceToken\":\"xxxabc\""#, "deviceToken: xxxabc"),
            (r#""apiKey":"k""#, "apiKey: k"),
            (r#""words":"Authorization is Bearer abc""#, "Bearer abc\""),
            (r#""words":"it is sk-123""#, "sk-123\""),
            (r#""jwt":"eyJhbGciOiJ9.eyJzdWIiOiJ9.c2ln""#, ".eyJzdWIiOiJ9.c2ln\""),
        ] {
            assert_eq!(remains(text), [found], "{text}");
        }
    }
}
