//! Six signatures that a gateway's own verifier has accepted, for both payloads. Other implementations may use them too:
//! a seed, what goes in, the text signed, and the signature.

use std::sync::Arc;

use openclaw_proto::Secret;
use openclaw_proto::connect::{ClientInfo, Role, Scope};
use openclaw_proto::device::{
    DeviceId, DeviceIdentity, Ed25519Signer, PayloadVersion, Signer, SigningPayload, normalise,
};

use crate::verify::{base64url, verifies};

struct Key {
    seed: [u8; 32],
    public: &'static str,
    id: &'static str,
}

struct Vector {
    name: &'static str,
    key: &'static Key,
    client: (&'static str, &'static str),
    role: &'static str,
    scopes: &'static [&'static str],
    signed_at: u64,
    token: Option<&'static str>,
    nonce: &'static str,
    platform: &'static str,
    family: Option<&'static str>,
    v2: (&'static str, &'static str),
    v3: (&'static str, &'static str),
}

static FIRST: Key = Key {
    seed: [
        0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11,
        0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
    ],
    public: "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg",
    id: "56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c",
};

static SECOND: Key = Key {
    seed: [
        0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49,
        0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
    ],
    public: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    id: "21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9",
};

static VECTORS: [Vector; 6] = [
    Vector {
        name: "operator token basic",
        key: &FIRST,
        client: ("gateway-client", "backend"),
        role: "operator",
        scopes: &["operator.read", "operator.write"],
        signed_at: 1_737_264_000_000,
        token: Some("shared-secret-token"),
        nonce: "3f2b0c1e-6f1a-4a55-9d0e-0d6a7a1f2b3c",
        platform: "linux",
        family: None,
        v2: (
            "v2|56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c|gateway-client|backend|operator|operator.read,operator.write|1737264000000|shared-secret-token|3f2b0c1e-6f1a-4a55-9d0e-0d6a7a1f2b3c",
            "LF7__dRMSjkNF5KdqtuZNtl7x8hE4E5qPcUTs0shaRuvTLqhvnCcMQ5KjBFmhVmpIaNghhtEJ5IIacv0ukF6AQ",
        ),
        v3: (
            "v3|56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c|gateway-client|backend|operator|operator.read,operator.write|1737264000000|shared-secret-token|3f2b0c1e-6f1a-4a55-9d0e-0d6a7a1f2b3c|linux|",
            "WZm6tgTjP_jXfr41EO99zcS8DDqelIeN6LlnHqVdq6N8LUOCsYsKJDz2-wKPLS912NpwIjEuKcN_2jA5m2OKAw",
        ),
    },
    Vector {
        name: "operator no token empty scopes",
        key: &FIRST,
        client: ("cli", "cli"),
        role: "operator",
        scopes: &[],
        signed_at: 0,
        token: None,
        nonce: "n",
        platform: "",
        family: None,
        v2: (
            "v2|56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c|cli|cli|operator||0||n",
            "PtjB1b3cRLfM8ueL_V0pVFNIbG76Amj8SThj-wLfDzKoMxx2Fe1Ht0is4pPr2BRkbDdwIdgHPQON5EKlw8X-AA",
        ),
        v3: (
            "v3|56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c|cli|cli|operator||0||n||",
            "qOrXYUeirEe17By-n9y2JPGRgPzJRPTVDG-rhkGjW1xExj25fZIqmJD4hnN3SRAV_Ktma-yybf0QG933YGHeCg",
        ),
    },
    Vector {
        name: "node device token normalised metadata",
        key: &FIRST,
        client: ("node-host", "node"),
        role: "node",
        scopes: &[],
        signed_at: 1_737_264_000_123,
        token: Some("device-token-xyz"),
        nonce: "00000000-0000-4000-8000-000000000000",
        platform: "  MacOS 15.1  ",
        family: Some("MacBook PRO"),
        v2: (
            "v2|56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c|node-host|node|node||1737264000123|device-token-xyz|00000000-0000-4000-8000-000000000000",
            "R_fH6mGHKuBlJdzsedpRpQPSlT4zrohlfyCaVgZDrVTDlPR4TkdZ2cNZSHw5se0-qHeCdIcRYskkuEQ_FBpnAg",
        ),
        v3: (
            "v3|56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c|node-host|node|node||1737264000123|device-token-xyz|00000000-0000-4000-8000-000000000000|macos 15.1|macbook pro",
            "FS8tZq8ajCGgWDxAmzTO9BVUmVVVwbwsGjdRcsr4GIBUCHnXTlIqXpaUAUrRE9Av_31fqZ7p2lN4C4tdo04TAg",
        ),
    },
    Vector {
        name: "ascii only lowercase",
        key: &SECOND,
        client: ("openclaw-ios", "ui"),
        role: "operator",
        scopes: &["operator.admin"],
        signed_at: 1_893_456_000_000,
        token: Some("bootstrap-abc"),
        nonce: "nonce-1",
        platform: "\u{130}OS \u{c4}BC",
        family: Some("\u{a0}iPad Pro\u{3000}"),
        v2: (
            "v2|21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9|openclaw-ios|ui|operator|operator.admin|1893456000000|bootstrap-abc|nonce-1",
            "MYUv8TN5ZYxmbMzRdM_As4NJBl__zZOFkLgq9_eo-4ju-luf-hzwoX567w6DFpBbSe-Vw0ELzC3lGYLTvWH_Bw",
        ),
        v3: (
            "v3|21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9|openclaw-ios|ui|operator|operator.admin|1893456000000|bootstrap-abc|nonce-1|\u{130}os \u{c4}bc|ipad pro",
            "IN7yOLPQhbT8w0j2aa4oD08WAlTcATxWFR6Blr40KmVCudV3LoF1Qlj9rfn_xMrGIk66k4PKxI1nqanfNns4DQ",
        ),
    },
    Vector {
        name: "scope order preserved and pipe in token",
        key: &SECOND,
        client: ("test", "test"),
        role: "operator",
        scopes: &["operator.write", "operator.read", "operator.admin"],
        signed_at: 9_007_199_254_740_991,
        token: Some("a|b"),
        nonce: "x|y",
        platform: "WIN32",
        family: Some(""),
        v2: (
            "v2|21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9|test|test|operator|operator.write,operator.read,operator.admin|9007199254740991|a|b|x|y",
            "ZutSy9_lmOqhr7-ytayqpkL6KvMS0KBxoDKwelxME2RsGAsvjyVWIoq0nnIjmXMmOOwPP6TCr14u2LrGqc0AAw",
        ),
        v3: (
            "v3|21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9|test|test|operator|operator.write,operator.read,operator.admin|9007199254740991|a|b|x|y|win32|",
            "TlB7yRrgDwwRSekoXFoswzXzfBQmCmyou8Fya0zrRckK5RyrNMKPGM4_5xp3SNy3pbZB49o0drAfYzvpmLEbAA",
        ),
    },
    Vector {
        name: "js trim strips bom not nel",
        key: &FIRST,
        client: ("node-host", "node"),
        role: "node",
        scopes: &[],
        signed_at: 1_737_264_000_123,
        token: Some("t"),
        nonce: "nonce-2",
        platform: "\u{feff}Linux\u{feff}",
        family: Some("\u{85}Box\u{85}"),
        v2: (
            "v2|56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c|node-host|node|node||1737264000123|t|nonce-2",
            "uQ5zdcxGxV2pQggaZ4S47GYoIyFsbNVm46NB2uHiyS5WHRnAgmyJMlwdY83tO2NfEZ8Eo0rz9jeYLU9Tau_LBg",
        ),
        v3: (
            "v3|56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c|node-host|node|node||1737264000123|t|nonce-2|linux|\u{85}box\u{85}",
            "UHvB4tXj4ocJVZuiPHzg3dAkqk9do_dwwcMOOSfkbg6D8U39nolwB3yS-NvOZXcNjCMfXm60On_4oHI-GNDnBw",
        ),
    },
];

#[test]
fn keys_ids_payloads_and_signatures_of_all_vectors_are_reproduced() {
    for vector in &VECTORS {
        let signer = Arc::new(Ed25519Signer::from_seed(&vector.key.seed));
        let public = signer.public_key();
        assert_eq!(base64url(&public), vector.key.public);
        assert_eq!(signer.device_id().as_str(), vector.key.id);
        let device = DeviceIdentity::new(Arc::<Ed25519Signer>::clone(&signer));
        assert_eq!((device.id(), device.public_key_text().as_str()), (&DeviceId::of(&public), vector.key.public));

        let mut client = ClientInfo::new(vector.client.0.into(), vector.client.1.into());
        client.platform = vector.platform.into();
        client.device_family = vector.family.map(Into::into);
        let scopes: Vec<Scope> = vector.scopes.iter().map(|scope| Scope::from(*scope)).collect();
        let payload = SigningPayload {
            device: device.id(),
            client: &client,
            role: &Role::from(vector.role),
            scopes: &scopes,
            signed_at: vector.signed_at,
            token: vector.token.map(Secret::from).as_ref(),
            nonce: vector.nonce,
        }
        .texts();
        for ((text, signature), got) in [vector.v2, vector.v3].into_iter().zip(payload) {
            assert_eq!(got, text, "{}", vector.name);
            assert_eq!(base64url(&signer.sign(text.as_bytes()).unwrap()), signature, "{}", vector.name);
            assert!(verifies(vector.key.public, text, signature));
        }
    }
}

/// The payloads of both versions.
trait Texts {
    fn texts(&self) -> [String; 2];
}

impl Texts for SigningPayload<'_> {
    fn texts(&self) -> [String; 2] {
        [PayloadVersion::V2, PayloadVersion::V3].map(|version| self.text(version).expose().to_owned())
    }
}

#[test]
fn platform_and_family_are_trimmed_as_javascript_does_and_lowered_in_ascii_only() {
    for (given, signed) in [
        ("", ""),
        (" \t\n\u{b}\u{c}\r\u{a0}\u{1680}\u{2000}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}", ""),
        ("\u{feff}A B\u{feff}", "a b"),
        ("\u{85}A\u{85}", "\u{85}a\u{85}"),
        ("\u{180e}A\u{200b}", "\u{180e}a\u{200b}"),
        ("\u{130}\u{c4}\u{3a3}Z", "\u{130}\u{c4}\u{3a3}z"),
    ] {
        assert_eq!(normalise(given), signed, "{given:?}");
    }
}
