//! Nothing that is printed shows a secret, in whatever spelling.

use std::fmt::Debug;

use openclaw_client::store::{CredentialStore, DeviceSeed, MemoryStore, StoreError, StoredToken};

use super::key;
use super::temp_dir::{TempDir, write_private};

/// Changes under JSON escaping.
const TOKEN: &str = "s3cr3t \"tok\\en\" of\nthis/devicé";

fn seed() -> DeviceSeed {
    DeviceSeed::from_bytes(&std::array::from_fn(|n| u8::try_from(n * 5 + 90).unwrap()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Without padding, so that the padded form contains it.
fn base64(bytes: &[u8], last: [char; 2]) -> String {
    let digits: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(last).collect();
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let groups: Vec<char> = bits.chars().collect();
    let digit = |group: &[char]| {
        let text: String = group.iter().chain(&['0'; 5]).take(6).collect();
        digits[usize::from_str_radix(&text, 2).unwrap()]
    };
    groups.chunks(6).map(digit).collect()
}

/// Every spelling in which a secret could leak.
fn spellings(secret: &[u8]) -> Vec<String> {
    let mut all = vec![
        hex(secret),
        base64(secret, ['+', '/']),
        base64(secret, ['-', '_']),
        format!("{secret:?}"),
        secret.iter().map(|byte| format!("\\x{byte:02x}")).collect(),
    ];
    if let Ok(text) = std::str::from_utf8(secret) {
        let json = serde_json::to_string(text).unwrap();
        let inner = |quoted: String| quoted[1..quoted.len() - 1].to_owned();
        let ascii: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        all.extend([text.into(), inner(json), inner(format!("{text:?}")), ascii]);
    }
    all
}

fn silent(what: &str, shown: &str) {
    let shown = shown.to_lowercase();
    for secret in [TOKEN.as_bytes(), seed().expose(), hex(seed().expose()).as_bytes()] {
        for spelling in spellings(secret) {
            // A part is as bad as the whole.
            let part: String = spelling.to_lowercase().chars().take(12).collect();
            assert!(!shown.contains(&part), "{what} shows {part}: {shown}");
        }
    }
    assert!(!shown.contains("s3cr3t"), "{what}: {shown}");
}

fn debug(what: &str, value: &impl Debug) {
    silent(what, &format!("{value:?}"));
    silent(what, &format!("{value:#?}"));
}

fn error(what: &str, error: &StoreError) {
    debug(what, error);
    silent(what, &error.to_string());
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        silent(what, &format!("{cause} {cause:?}"));
        source = cause.source();
    }
}

#[test]
fn the_spellings_are_right() {
    assert_eq!(base64(b"Many hands", ['+', '/']), "TWFueSBoYW5kcw");
    assert_eq!((base64(&[0xfb, 0xff], ['+', '/']), base64(&[0xfb, 0xff], ['-', '_'])), ("+/8".into(), "-_8".into()));
    let shown = spellings(b"\"a\"");
    for part in ["226122", "ImEi", "[34, 97, 34]", "\\\"a\\\"", "\\u0022\\u0061\\u0022"] {
        assert!(shown.iter().any(|spelling| spelling == part), "{part}: {shown:?}");
    }
}

#[test]
fn values_and_stores_show_nothing() {
    let token = StoredToken::new(TOKEN, []);
    debug("seed", &seed());
    debug("token", &token);
    let memory = MemoryStore::new();
    let dir = TempDir::new();
    let file = dir.store();
    for store in [&memory as &dyn CredentialStore, &file] {
        store.save_seed_if_absent(&seed()).unwrap();
        store.save_token(&key("wss://g.example/?token=s3cr3t"), &token).unwrap();
        debug("loaded", &(store.load_seed(), store.load_token(&key("wss://g.example"))));
    }
    debug("memory", &memory);
    debug("file", &file);
    debug("key", &key("wss://g.example/?token=s3cr3t"));
    let shown = format!("{memory:?}");
    assert!(shown.contains("redacted") && shown.contains("tokens: 1"), "{shown}");
}

#[test]
fn errors_show_nothing_of_the_file() {
    let dir = TempDir::new();
    let store = dir.store();
    let (token, digits) = (serde_json::to_string(TOKEN).unwrap(), hex(seed().expose()));
    let row = r#""gateway":"wss://g.example:443","device":"72cd6e8422c407fb6d098690f1130b7ded7ec2f7f5e1d30bd9d521f015363793","role":"operator","client":"gateway-client""#;
    let texts = [
        format!("{digits}{token}"),
        token.clone(),
        format!(r#"{{{token}:1,"version":{token}}}"#),
        format!(r#"{{"version":"{digits}"}}"#),
        format!(r#"{{"version":2,"seed":"{digits}","tokens":[{token}]}}"#),
        format!(r#"{{"version":1,"seed":"{digits}0","tokens":{token}}}"#),
        format!(r#"{{"version":1,"seed":["{digits}"],"tokens":[{token}]}}"#),
        format!(r#"{{"version":1,"seed":"{digits}x","tokens":[{{{row},"token":[{token}]}}]}}"#),
        format!(r#"{{"version":1,"seed":{token},"tokens":[{{{row},"token":{token},"scopes":{token}}}]}}"#),
        format!(r#"{{"version":1,"seed":"{digits}"{token},"tokens":[{{{row},"token":{token}"#),
        format!(r#"{{"version":1,"seed":"","tokens":[{{{row},"token":{token},"scopes":[{token},1]}}]}}"#),
    ];
    for text in texts {
        for file in ["identity.json", "tokens.json"] {
            write_private(&store.dir().join(file), text.as_bytes());
        }
        let key = key("wss://g.example");
        error(&text, &store.load_seed().unwrap_err());
        error(&text, &store.save_seed_if_absent(&seed()).unwrap_err());
        error(&text, &store.load_token(&key).unwrap_err());
        error(&text, &store.save_token(&key, &StoredToken::new(TOKEN, [])).unwrap_err());
        error(&text, &store.clear_token(&key, Some(&TOKEN.into())).unwrap_err());
    }
}

#[test]
fn errors_of_the_file_system_show_nothing() {
    let dir = TempDir::new();
    let store = dir.store();
    let token = StoredToken::new(TOKEN, []);
    for name in ["tokens.json.new", "identity.json.new"] {
        std::fs::create_dir_all(store.dir().join(name)).unwrap();
    }
    error("write", &store.save_token(&key("wss://g.example"), &token).unwrap_err());
    error("write", &store.save_seed_if_absent(&seed()).unwrap_err());
    let large = StoredToken::new(TOKEN.repeat(200_000), []);
    error("too large", &store.save_token(&key("wss://g.example"), &large).unwrap_err());
}
