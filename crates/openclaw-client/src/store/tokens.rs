//! `tokens.json`: a list of tokens, each with its key.

use std::collections::BTreeMap;
use std::io;

use openclaw_proto::Secret;
use openclaw_proto::connect::{ClientId, Role, Scope};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::format::{self, Damage, Fields, VERSION};
use super::{StoredToken, TokenKey};

/// What a store says of a token without giving it away. Texts are as the file has them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeptToken {
    /// The gateway that issued it.
    pub gateway: String,
    /// The id of the device it was issued to.
    pub device: String,
    /// The role.
    pub role: Role,
    /// The kind of client that uses it.
    pub client: ClientId,
    /// Its scopes.
    pub scopes: Vec<Scope>,
    /// When it was issued, in Unix milliseconds, where the gateway said.
    pub issued_at_ms: Option<u64>,
}

/// The file's contents: what was read, still in the file's text, and what the caller puts there, still in his hands.
#[derive(Serialize)]
pub(super) struct Tokens<'a> {
    version: u64,
    #[serde(flatten)]
    unknown: Fields<'a>,
    tokens: Vec<Row<'a>>,
}

/// A token. Rows of other keys are never looked into.
#[derive(Serialize)]
struct Row<'a>(BTreeMap<String, Field<'a>>);

#[derive(Serialize)]
#[serde(untagged)]
enum Field<'a> {
    Kept(&'a RawValue),
    Text(&'a str),
    Scopes(&'a [Scope]),
    Number(u64),
}

impl<'a> Tokens<'a> {
    pub(super) fn empty() -> Self {
        Self { version: VERSION, unknown: Fields::new(), tokens: Vec::new() }
    }

    pub(super) fn parse(contents: &'a [u8]) -> Result<Self, Damage> {
        let mut unknown = format::fields(contents)?;
        let rows = unknown.remove("tokens").ok_or_else(|| Damage::corrupt("it has no tokens"))?;
        let rows: Vec<Fields<'a>> = serde_json::from_str(rows.get())
            .ok()
            .ok_or_else(|| Damage::corrupt("its tokens are no list of objects"))?;
        let kept = |row: Fields<'a>| Row(row.into_iter().map(|(name, raw)| (name, Field::Kept(raw))).collect());
        Ok(Self { version: VERSION, unknown, tokens: rows.into_iter().map(kept).collect() })
    }

    /// Rows that are not ours to understand are left out.
    pub(super) fn kept(&self) -> Vec<KeptToken> {
        self.tokens.iter().filter_map(Row::kept).collect()
    }

    pub(super) fn find(&self, key: &TokenKey) -> Result<Option<StoredToken>, Damage> {
        self.tokens.iter().find(|row| row.is_for(key)).map(|row| row.token(key)).transpose()
    }

    /// Returns whether that changed anything.
    pub(super) fn put(&mut self, key: &'a TokenKey, token: &'a StoredToken) -> Result<bool, Damage> {
        if self.find(key)?.is_some_and(|kept| kept == *token) {
            return Ok(false);
        }
        match self.tokens.iter_mut().find(|row| row.is_for(key)) {
            Some(row) => row.set(token),
            None => {
                let mut row = Row(key_fields(key).map(|(name, text)| (name.into(), Field::Text(text))).into());
                row.set(token);
                self.tokens.push(row);
            }
        }
        Ok(true)
    }

    /// Removes the key's token, or only that token if one is given. Returns whether it was there.
    pub(super) fn remove(&mut self, key: &TokenKey, only: Option<&Secret>) -> Result<bool, Damage> {
        let meant = self.find(key)?.is_some_and(|kept| only.is_none_or(|only| kept.token == *only));
        if meant {
            self.tokens.retain(|row| !row.is_for(key));
        }
        Ok(meant)
    }

    pub(super) fn encode(&self) -> io::Result<Zeroizing<Vec<u8>>> {
        format::encode(self)
    }
}

fn key_fields(key: &TokenKey) -> [(&'static str, &str); 4] {
    [
        ("gateway", key.gateway.as_str()),
        ("device", key.device.as_str()),
        ("role", key.role.as_str()),
        ("client", key.client.as_str()),
    ]
}

impl<'a> Row<'a> {
    fn is_for(&self, key: &TokenKey) -> bool {
        key_fields(key).iter().all(|(name, wanted)| self.read::<String>(name).is_some_and(|found| found == *wanted))
    }

    /// The field, if it is there and of that type.
    fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        match self.0.get(name)? {
            Field::Kept(raw) => serde_json::from_str(raw.get()).ok(),
            _ => None,
        }
    }

    fn kept(&self) -> Option<KeptToken> {
        let text = |name| self.read::<String>(name);
        Some(KeptToken {
            gateway: text("gateway")?,
            device: text("device")?,
            role: Role::from(text("role")?),
            client: ClientId::from(text("client")?),
            scopes: self.read::<Vec<String>>("scopes").unwrap_or_default().into_iter().map(Scope::from).collect(),
            issued_at_ms: self.read("issuedAtMs"),
        })
    }

    fn token(&self, key: &TokenKey) -> Result<StoredToken, Damage> {
        fn given<T>(value: Option<T>, name: &str, key: &TokenKey) -> Result<T, Damage> {
            value.ok_or_else(|| Damage::Corrupt(format!("the {name} of {} for {} is wrong", key.gateway, key.client)))
        }
        let optional = |name| self.0.contains_key(name).then_some(name);
        let scopes: Vec<String> = match optional("scopes") {
            Some(name) => given(self.read(name), name, key)?,
            None => Vec::new(),
        };
        let token = Secret::new(given(self.read::<String>("token"), "token", key)?);
        let issued_at = match optional("issuedAtMs") {
            Some(name) => Some(given(self.read(name), name, key)?),
            None => None,
        };
        Ok(StoredToken::new(token, scopes.into_iter().map(Scope::from)).issued_at(issued_at))
    }

    fn set(&mut self, token: &'a StoredToken) {
        self.0.insert("token".into(), Field::Text(token.token.expose()));
        self.0.insert("scopes".into(), Field::Scopes(&token.scopes));
        match token.issued_at_ms {
            Some(at) => self.0.insert("issuedAtMs".into(), Field::Number(at)),
            None => self.0.remove("issuedAtMs"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use openclaw_proto::device::DeviceId;
    use openclaw_proto::{GatewayUrl, Plaintext};

    fn key(path: &str) -> TokenKey {
        let url = GatewayUrl::parse(&format!("wss://g.example{path}"), Plaintext::Never).unwrap();
        TokenKey::new(&url, DeviceId::of(&[1; 32]), Role::Operator, ClientId::Cli)
    }

    fn text(tokens: &Tokens<'_>) -> String {
        String::from_utf8(tokens.encode().unwrap().to_vec()).unwrap()
    }

    #[test]
    fn the_format() {
        let (key, mut tokens) = (key("/a"), Tokens::empty());
        let token = StoredToken::new("t\"1", [Scope::Read]).issued_at(Some(5));
        assert!(tokens.put(&key, &token).unwrap());
        let expected = r#"{
  "version": 1,
  "tokens": [
    {
      "client": "cli",
      "device": "72cd6e8422c407fb6d098690f1130b7ded7ec2f7f5e1d30bd9d521f015363793",
      "gateway": "wss://g.example:443/a",
      "issuedAtMs": 5,
      "role": "operator",
      "scopes": [
        "operator.read"
      ],
      "token": "t\"1"
    }
  ]
}
"#;
        assert_eq!(text(&tokens), expected);
        let tokens = Tokens::parse(expected.as_bytes()).unwrap();
        assert_eq!(tokens.find(&key), Ok(Some(token)));
        let kept = tokens.kept();
        assert_eq!((kept[0].gateway.as_str(), kept[0].issued_at_ms, kept.len()), ("wss://g.example:443/a", Some(5), 1));
        assert!(!format!("{kept:?}").contains("t\"1"));
    }

    #[test]
    fn what_is_not_known_survives_as_it_is_spelled() {
        let before = r#"{"version":1, "later":{"a": 1e400, "b":[1,  2]}, "tokens":[
            {"gateway":"wss://g.example:443/a","device":"72cd6e8422c407fb6d098690f1130b7ded7ec2f7f5e1d30bd9d521f015363793","role":"operator","client":"cli","token":"old",
             "issuedAtMs":5,"later":123456789012345678901234567890},
            {"gateway":7,"later":"\u0041"},
            {}
        ]}"#;
        let (a, b) = (key("/a"), key("/b"));
        let token = StoredToken::new("new", []);
        let mut tokens = Tokens::parse(before.as_bytes()).unwrap();
        assert_eq!(tokens.find(&a).unwrap().unwrap().issued_at_ms, Some(5));
        assert!(tokens.put(&a, &token).unwrap());
        assert!(tokens.put(&b, &token).unwrap());
        let after = text(&tokens);
        for kept in [
            r#""later": {"a": 1e400, "b":[1,  2]}"#,
            r#": 123456789012345678901234567890"#,
            r#""gateway": 7"#,
            r#""\u0041""#,
        ] {
            assert!(after.contains(kept), "{kept}: {after}");
        }
        assert!(!after.contains("old") && !after.contains("issuedAtMs"), "{after}");
        let mut tokens = Tokens::parse(after.as_bytes()).unwrap();
        assert_eq!(tokens.tokens.len(), 4);
        assert_eq!(tokens.find(&b), Ok(Some(token.clone())));
        assert!(tokens.remove(&a, None).unwrap());
        assert_eq!((tokens.tokens.len(), tokens.find(&a), tokens.find(&b)), (3, Ok(None), Ok(Some(token))));
    }

    #[test]
    fn nothing_changes_when_there_is_nothing_to_change() {
        let key = key("/a");
        let token = StoredToken::new("t", [Scope::Read]);
        let mut tokens = Tokens::empty();
        tokens.put(&key, &token).unwrap();
        let file = text(&tokens);
        let mut tokens = Tokens::parse(file.as_bytes()).unwrap();
        assert_eq!(tokens.put(&key, &token), Ok(false));
        assert_eq!(tokens.remove(&key, Some(&"other".into())), Ok(false));
        assert_eq!(tokens.put(&key, &token.clone().issued_at(Some(1))), Ok(true));
    }

    #[test]
    fn fields_of_the_wrong_type_are_damage_and_stay() {
        let row = r#""gateway":"wss://g.example:443/a","device":"72cd6e8422c407fb6d098690f1130b7ded7ec2f7f5e1d30bd9d521f015363793","role":"operator","client":"cli""#;
        let key = key("/a");
        let token = StoredToken::new("t", []);
        for (rest, name) in [
            ("", "token"),
            (r#","token":5"#, "token"),
            (r#","token":null"#, "token"),
            (r#","token":"s3cr3t","scopes":"s3cr3t""#, "scopes"),
            (r#","token":"s3cr3t","scopes":[1]"#, "scopes"),
            (r#","token":"s3cr3t","issuedAtMs":"s3cr3t""#, "issuedAtMs"),
            (r#","token":"s3cr3t","issuedAtMs":-1"#, "issuedAtMs"),
        ] {
            let file = format!(r#"{{"version":1,"tokens":[{{{row}{rest}}}]}}"#);
            let damage = Damage::corrupt(format!("the {name} of wss://g.example:443/a for cli is wrong"));
            let mut tokens = Tokens::parse(file.as_bytes()).unwrap();
            assert_eq!(tokens.find(&key).as_ref(), Err(&damage), "{file}");
            assert_eq!(tokens.put(&key, &token).as_ref(), Err(&damage));
            assert_eq!(tokens.remove(&key, None).as_ref(), Err(&damage));
        }
        for file in [r#"{"version":1}"#, r#"{"version":1,"tokens":{}}"#, r#"{"version":1,"tokens":["s3cr3t"]}"#] {
            assert!(matches!(Tokens::parse(file.as_bytes()), Err(Damage::Corrupt(_))), "{file}");
        }
    }
}
