//! What the global options come to: where to connect, as what, with which credentials.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory};
use openclaw_client::connect::{Auth, Role, Scope};
use openclaw_client::proto::GatewayUrl;
use openclaw_client::{Fingerprint, Plaintext, Secret, UrlError};

use crate::adapter::Adapter;
use crate::cli::{Cli, DEFAULT_URL, Global};
use crate::output::mask::Mask;

/// Where to connect, as what, with which credentials.
pub(crate) struct Settings {
    pub(crate) url: String,
    pub(crate) auth: Auth,
    pub(crate) role: Role,
    /// The scopes that will be asked for.
    pub(crate) scopes: Vec<Scope>,
    /// What carries the connection.
    pub(crate) adapter: Adapter,
    /// Whether to connect as this device.
    pub(crate) device: bool,
    /// The only certificates to believe; none for what authorities say.
    pub(crate) pins: Vec<Fingerprint>,
    /// Authorities to believe beside the system's.
    pub(crate) authorities: Vec<Vec<u8>>,
    /// Whether the user allows plaintext to the host of the address.
    pub(crate) insecure_plaintext: bool,
}

/// More than any gateway takes before it knows who connects.
const MAX_TOKEN_FILE: u64 = 65_536;

/// The lists of authorities that systems come with have a few hundred kilobytes.
const MAX_CA_FILE: u64 = 4 * 1024 * 1024;

impl Settings {
    /// Resolves the global options; `matches` tells a value of the command line from one of the environment.
    pub(crate) fn resolve(global: &Global, matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |id| matches.value_source(id) == Some(ValueSource::CommandLine);
        let token = match &global.token_file {
            Some(_) if given("token") => {
                let text = "the argument '--token <TOKEN>' cannot be used with '--token-file <FILE>'";
                return Err(usage(ErrorKind::ArgumentConflict, text));
            }
            Some(path) => Some(token_file(path).map_err(|text| usage(ErrorKind::ValueValidation, &text))?),
            None => global.token.clone(),
        };
        let mut auth = Auth::default();
        auth.token = token.filter(|token| !token.is_blank());
        auth.password = global.password.clone().filter(|password| !password.is_blank());
        // A variable that is set to nothing is as good as unset; an empty argument is a mistake that shows later.
        let blank = global.url.trim().is_empty() && !given("url");
        let role = Role::from(global.role.as_str());
        let scopes = if global.scopes.is_empty() && role == Role::Operator {
            vec![Scope::Read]
        } else {
            global.scopes.iter().map(|scope| Scope::from(scope.as_str())).collect()
        };
        Ok(Self {
            url: if blank { DEFAULT_URL.into() } else { global.url.clone() },
            auth,
            role,
            scopes,
            adapter: global.runtime,
            device: !global.no_device,
            pins: global.pins.clone(),
            authorities: global
                .authorities
                .iter()
                .map(|path| ca_file(path))
                .collect::<Result<_, _>>()
                .map_err(|text| usage(ErrorKind::ValueValidation, &text))?,
            insecure_plaintext: global.insecure_plaintext,
        })
    }

    /// The address, if it may be used.
    pub(crate) fn address(&self) -> Result<GatewayUrl, UrlError> {
        let allowed = if self.insecure_plaintext { Plaintext::Anywhere } else { Plaintext::default() };
        GatewayUrl::parse(&self.url, allowed)
    }

    /// Whether the credential will be readable on the way, beyond what is allowed anyway.
    pub(crate) fn exposed(&self) -> bool {
        matches!(
            GatewayUrl::parse(&self.url, Plaintext::default()),
            Err(UrlError::PlaintextRefused { .. }) if self.insecure_plaintext
        )
    }

    /// What hides these credentials, and that of the device, wherever they turn up.
    pub(crate) fn mask(&self, device: Option<&Secret>) -> Mask {
        Mask::new([self.auth.token.as_ref(), self.auth.password.as_ref(), device].into_iter().flatten())
    }
}

#[cfg(test)]
impl Settings {
    /// What `openclaw-gw --token t` comes to.
    pub(crate) fn example() -> Self {
        Self {
            url: DEFAULT_URL.into(),
            auth: Auth::token("t"),
            role: Role::Operator,
            scopes: vec![Scope::Read],
            adapter: Adapter::default(),
            device: true,
            pins: Vec::new(),
            authorities: Vec::new(),
            insecure_plaintext: false,
        }
    }
}

fn usage(kind: ErrorKind, text: &str) -> clap::Error {
    Cli::command().error(kind, text)
}

fn token_file(path: &Path) -> Result<Secret, String> {
    let shown = path.display();
    let read = || {
        let mut text = String::new();
        File::open(path)?.take(MAX_TOKEN_FILE + 1).read_to_string(&mut text).map(|_| text)
    };
    let text: String =
        read().map_err(|error: std::io::Error| format!("cannot read the token file {shown}: {error}"))?;
    match text.trim() {
        "" => Err(format!("the token file {shown} is empty")),
        _ if text.len() as u64 > MAX_TOKEN_FILE => Err(format!("the token file {shown} is too large to hold a token")),
        token => Ok(Secret::new(token)),
    }
}

fn ca_file(path: &Path) -> Result<Vec<u8>, String> {
    let shown = path.display();
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_CA_FILE + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot read the authorities in {shown}: {error}"))?;
    match bytes.len() as u64 {
        0 => Err(format!("the file of authorities {shown} is empty")),
        len if len > MAX_CA_FILE => Err(format!("the file {shown} is too large to hold authorities")),
        _ => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    fn settings(line: &str) -> Result<Settings, clap::Error> {
        let parsed = parse(std::iter::once("openclaw-gw").chain(line.split(' ')).map(Into::into))?;
        Settings::resolve(&parsed.cli.global, &parsed.matches)
    }

    fn file(name: &str, content: &str) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("openclaw-gw-{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        path
    }

    #[test]
    fn a_token_file_is_read_without_the_white_space_around_it() {
        let path = file("token", "\n  from-file \r\n");
        let settings = settings(&format!("--token-file {} status", path.display())).unwrap();
        assert_eq!(settings.auth.token.unwrap().expose(), "from-file");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_token_file_that_cannot_be_used_is_a_usage_error() {
        let empty = file("empty", " \n");
        let large = file("large", &"x".repeat(70_000));
        for path in [empty.display().to_string(), large.display().to_string(), "/nowhere/token".into()] {
            assert!(settings(&format!("--token-file {path} status")).is_err(), "{path}");
        }
        std::fs::remove_file(empty).unwrap();
        std::fs::remove_file(large).unwrap();
    }

    #[test]
    fn token_and_token_file_exclude_each_other_wherever_they_stand() {
        for line in
            ["--token t --token-file f status", "--token t status --token-file f", "status --token t --token-file f"]
        {
            assert_eq!(settings(line).err().unwrap().kind(), ErrorKind::ArgumentConflict, "{line}");
        }
    }

    #[test]
    fn operators_ask_to_read_unless_they_ask_for_something_else() {
        assert_eq!(settings("status").unwrap().scopes, [Scope::Read]);
        assert_eq!(settings("--scope operator.admin status").unwrap().scopes, [Scope::Admin]);
        assert_eq!(settings("--role node status").unwrap().scopes, []);
    }
}
