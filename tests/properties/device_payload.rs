//! The text a device signs, put together and taken apart again.

use openclaw_proto::Secret;
use openclaw_proto::connect::{ClientId, ClientInfo, ClientMode, Role, Scope};
use openclaw_proto::device::{DeviceId, PayloadVersion, SigningPayload, normalise};
use openclaw_tests::scene::device;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::config;
use crate::javascript::{spaced, trim};

/// Only the letters A to Z are lowered, whatever a text is made of.
fn lowered(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_uppercase() { char::from(c as u8 + 32) } else { c }).collect()
}

/// A field without the character between fields.
fn field() -> impl Strategy<Value = String> {
    "[^|]{0,12}"
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn normalising_trims_as_javascript_does_and_lowers_ascii_alone(text in prop_oneof![spaced(), any::<String>()]) {
        let normal = normalise(&text);
        prop_assert_eq!(&normal, &lowered(trim(&text)));
        prop_assert_eq!(normalise(&normal), normal, "twice is once");
    }

    #[test]
    fn fields_stand_in_their_order_in_both_versions(
        (id, mode, platform, family) in (field(), field(), field(), option::of(field())),
        (role, scopes) in (field(), vec("[^|,]{1,9}", 0..4)),
        signed_at in any::<u64>(),
        token in option::of(field()),
        nonce in field(),
    ) {
        let device: DeviceId = device().id().clone();
        let mut client = ClientInfo::new(ClientId::from(id.as_str()), ClientMode::from(mode.as_str()));
        client.platform.clone_from(&platform);
        client.device_family.clone_from(&family);
        let named: Vec<Scope> = scopes.iter().map(|scope| Scope::from(scope.as_str())).collect();
        let secret = token.as_deref().map(Secret::from);
        let payload = SigningPayload {
            device: &device,
            client: &client,
            role: &Role::from(role.as_str()),
            scopes: &named,
            signed_at,
            token: secret.as_ref(),
            nonce: &nonce,
        };
        let (v2, v3) = (payload.text(PayloadVersion::V2), payload.text(PayloadVersion::V3));
        let covered = [
            device.as_str().to_owned(),
            id,
            mode,
            role,
            scopes.join(","),
            signed_at.to_string(),
            token.unwrap_or_default(),
            nonce.clone(),
        ];
        let fields = |text: &Secret| text.expose().split('|').map(str::to_owned).collect::<Vec<_>>();
        let (of_v2, of_v3) = (fields(&v2), fields(&v3));
        prop_assert_eq!((of_v2.len(), of_v3.len()), (9, 11));
        prop_assert_eq!((&of_v2[0][..], &of_v3[0][..]), ("v2", "v3"));
        prop_assert_eq!(&of_v2[1..], &covered[..]);
        prop_assert_eq!(&of_v3[1..9], &covered[..]);
        prop_assert_eq!(&of_v3[9], &lowered(trim(&platform)));
        prop_assert_eq!(&of_v3[10], &lowered(trim(&family.unwrap_or_default())));
    }
}
