//! Options of every command.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgAction, Args, ValueEnum};
use openclaw_client::{Fingerprint, Secret};

use crate::adapter::Adapter;

/// Where a gateway listens unless it is told otherwise.
pub(crate) const DEFAULT_URL: &str = "ws://127.0.0.1:18789";

#[derive(Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The gateway's address; wss:// for anything beyond this machine and private networks
    #[arg(long, global = true, value_name = "URL", env = "OPENCLAW_GATEWAY_URL", default_value = DEFAULT_URL)]
    #[arg(hide_env_values = true)]
    pub(crate) url: String,

    /// The gateway's token; other users of this machine may see it, so prefer the variable or --token-file
    #[arg(long, global = true, value_name = "TOKEN", env = "OPENCLAW_GATEWAY_TOKEN", value_parser = secret)]
    #[arg(hide_env_values = true)]
    pub(crate) token: Option<Secret>,

    /// A file that holds the token; white space around it is ignored
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,

    /// The gateway's password
    #[arg(long, global = true, value_name = "PASSWORD", env = "OPENCLAW_GATEWAY_PASSWORD", value_parser = secret)]
    #[arg(hide_env_values = true)]
    pub(crate) password: Option<Secret>,

    /// What to connect as
    #[arg(long, global = true, value_name = "ROLE", default_value = "operator", value_parser = ["operator", "node"])]
    pub(crate) role: String,

    /// A scope to ask for, instead of operator.read; may be repeated
    #[arg(long = "scope", global = true, value_name = "SCOPE", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) scopes: Vec<String>,

    /// Connect without the identity and the tokens of this device
    #[arg(long, global = true)]
    pub(crate) no_device: bool,

    /// The SHA-256 of the only certificate to believe; may be repeated
    #[arg(long = "tls-pin", global = true, value_name = "FINGERPRINT")]
    pub(crate) pins: Vec<Fingerprint>,

    /// A file of authorities (PEM) to believe beside the system's, with a pin as well as it; may be repeated
    #[arg(long = "ca", global = true, value_name = "FILE")]
    pub(crate) authorities: Vec<PathBuf>,

    /// Allow ws:// to whatever host the address names: the credential can be read on the way
    #[arg(long, global = true)]
    pub(crate) insecure_plaintext: bool,

    /// Which adapter of the library carries the connection
    #[arg(long, global = true, value_name = "RUNTIME", value_enum, default_value_t = Adapter::Tokio)]
    pub(crate) runtime: Adapter,

    /// Machine-readable output, errors included
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// When to use colours; auto heeds NO_COLOR and CLICOLOR_FORCE
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Colour::Auto)]
    pub(crate) color: Colour,

    /// Record what the connection does, for trace and replay; credentials are left out
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// Tell on standard error what happens; twice for more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    Auto,
    Always,
    Never,
}

#[allow(clippy::unnecessary_wraps, reason = "clap takes fallible functions")]
fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}
