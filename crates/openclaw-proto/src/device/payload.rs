//! The text a device signs.

use alloc::format;
use alloc::string::String;

use super::DeviceId;
use crate::connect::{ClientInfo, Role, Scope};
use crate::secret::Secret;
use crate::trim::trim;

/// Which fields a signature covers. Gateways try 3, then 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum PayloadVersion {
    /// Nine fields, without platform and device family. For gateways that know no other.
    V2,
    /// Eleven fields.
    #[default]
    V3,
}

/// Everything a signature covers. It has to be what the same connect says elsewhere: the gateway puts the text together
/// from the frame.
#[derive(Clone, Copy, Debug)]
pub struct SigningPayload<'a> {
    /// Which device signs.
    pub device: &'a DeviceId,
    /// Id, mode, platform and family of the client, as sent.
    pub client: &'a ClientInfo,
    /// The role asked for.
    pub role: &'a Role,
    /// The scopes asked for, in the order sent.
    pub scopes: &'a [Scope],
    /// The challenge's `ts`.
    pub signed_at: u64,
    /// The token of the connect that counts: `token`, else `deviceToken`, else `bootstrapToken`.
    pub token: Option<&'a Secret>,
    /// The challenge's nonce.
    pub nonce: &'a str,
}

impl SigningPayload<'_> {
    /// The text to sign. It holds the token in clear.
    #[must_use]
    pub fn text(&self, version: PayloadVersion) -> Secret {
        let scopes: usize = self.scopes.iter().map(|scope| scope.as_str().len() + 1).sum();
        let token = self.token.map_or("", Secret::expose);
        let client = self.client;
        let signed_at = format!("{}", self.signed_at);
        let (platform, family) =
            (normalise(&client.platform), normalise(client.device_family.as_deref().unwrap_or("")));
        let fields = [
            match version {
                PayloadVersion::V2 => "v2",
                PayloadVersion::V3 => "v3",
            },
            self.device.as_str(),
            client.id.as_str(),
            client.mode.as_str(),
            self.role.as_str(),
            "",
            &signed_at,
            token,
            self.nonce,
            &platform,
            &family,
        ];
        // Room for all of it at once: a text that grows leaves copies of the token behind.
        let mut text = String::with_capacity(scopes + fields.iter().map(|field| field.len() + 1).sum::<usize>());
        let count = match version {
            PayloadVersion::V2 => 9,
            PayloadVersion::V3 => 11,
        };
        for (place, field) in fields.into_iter().enumerate().take(count) {
            if place > 0 {
                text.push('|');
            }
            if place == SCOPES {
                for (n, scope) in self.scopes.iter().enumerate() {
                    text.push_str(if n > 0 { "," } else { "" });
                    text.push_str(scope.as_str());
                }
            }
            text.push_str(field);
        }
        text.into()
    }
}

/// The place of the scopes among the fields.
const SCOPES: usize = 5;

/// Platform and device family as they are signed: trimmed as JavaScript trims, and only ASCII letters lowered.
///
/// That differs from [`str::trim`] and [`str::to_lowercase`]: a byte order mark is trimmed, U+0085 is not, and `İ` stays.
#[must_use]
pub fn normalise(text: &str) -> String {
    trim(text).to_ascii_lowercase()
}
