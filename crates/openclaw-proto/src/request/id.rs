//! Correlation ids that find their request without a map.

use core::fmt;

use uuid::{Uuid, Variant};

use super::hyphenated;
use crate::frame::ID_LEN;

/// The number of seeded bits in an id.
const TAG_BITS: u32 = 58;
const TAG_MASK: u64 = (1 << TAG_BITS) - 1;

/// Names one request for the life of a client.
///
/// On the wire it is a UUID of version 8 (RFC 9562: the layout is the maker's own): 32 bits of slot, 32 bits
/// of generation, 58 bits from the client's seed. The slot finds the request in constant time, the generation
/// tells a late answer from a current one, and the seeded bits make ids of different clients differ.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
    pub(crate) tag: u64,
}

impl RequestId {
    #[inline]
    pub(crate) fn new(slot: u32, generation: u32, random: u64) -> Self {
        Self { slot, generation, tag: random & TAG_MASK }
    }

    /// The id of the `connect` of connection number `conn`. It has the slot that no request gets, so that no answer can be
    /// for both, however alike the random bits are.
    pub(crate) fn of_connect(conn: u64, random: u64) -> Self {
        // After 2^32 connections nobody waits for an answer over the first.
        let [.., a, b, c, d] = conn.to_be_bytes();
        Self::new(u32::MAX, u32::from_be_bytes([a, b, c, d]), random)
    }

    fn uuid(self) -> Uuid {
        // Octets 6 and 8 carry version and variant; the uuid crate sets them. The tag's 58 bits fill what is
        // left: 12 in octets 6 and 7, 6 in octet 8, 40 in octets 11 to 15.
        let slot = self.slot.to_be_bytes();
        let generation = self.generation.to_be_bytes();
        let tag = self.tag.to_be_bytes(); // 58 bits: the top byte holds two of them
        let [s0, s1, s2, s3] = slot;
        let [g0, g1, g2, g3] = generation;
        let [t0, t1, t2, t3, t4, t5, t6, t7] = tag;
        let high = (u32::from(t0) << 16) | (u32::from(t1) << 8) | u32::from(t2); // 18 bits
        let [_, h0, h1, h2] = high.to_be_bytes();
        let twelve = (u16::from(h0) << 10) | (u16::from(h1) << 2) | u16::from(h2 >> 6);
        let [m0, m1] = (twelve & 0x0fff).to_be_bytes();
        Uuid::new_v8([s0, s1, s2, s3, g0, g1, m0, m1, h2 & 0x3f, g2, g3, t3, t4, t5, t6, t7])
    }

    /// The wire form: ASCII.
    pub(crate) fn encode(self) -> [u8; ID_LEN] {
        hyphenated::write(self.uuid().into_bytes())
    }

    /// Reads the wire form; an id this library did not make reads as none.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let uuid = Uuid::from_bytes(hyphenated::read(text)?);
        // Version and variant must be ours.
        if uuid.get_version_num() != 8 || uuid.get_variant() != Variant::RFC4122 {
            return None;
        }
        let [s0, s1, s2, s3, g0, g1, m0, m1, v, g2, g3, t3, t4, t5, t6, t7] = *uuid.as_bytes();
        let twelve = u32::from(u16::from_be_bytes([m0, m1]) & 0x0fff);
        let high = (twelve << 6) | u32::from(v & 0x3f);
        let [_, h0, h1, h2] = high.to_be_bytes();
        Some(Self {
            slot: u32::from_be_bytes([s0, s1, s2, s3]),
            generation: u32::from_be_bytes([g0, g1, g2, g3]),
            tag: u64::from_be_bytes([h0, h1, h2, t3, t4, t5, t6, t7]),
        })
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(&self.encode()).unwrap_or_default())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use alloc::string::ToString;

    #[test]
    fn ids_survive_the_wire_and_are_uuids_of_version_8() {
        let mut rng = Rng::from_seed([3; 32]);
        for _ in 0..10_000 {
            let bits = rng.next_u64().to_be_bytes();
            let [a, b, c, d, e, f, g, h] = bits;
            let id = RequestId::new(u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]), rng.next_u64());
            let text = id.to_string();
            assert_eq!(RequestId::decode(&text), Some(id));
            let uuid = Uuid::try_parse(&text).unwrap();
            assert_eq!(uuid.get_version_num(), 8);
            assert_eq!(uuid.get_variant(), Variant::RFC4122);
        }
    }

    #[test]
    fn foreign_ids_do_not_parse() {
        for text in [
            "",
            "invalid",
            "1",
            "1:3f2b0c1e-6f1a-4a55-9d0e-0d6a7a1f2b3c",
            "3f2b0c1e-6f1a-4a55-9d0e-0d6a7a1f2b3c",
            "3F2B0C1E-6F1A-8A55-9D0E-0D6A7A1F2B3C",
            "{3f2b0c1e-6f1a-8a55-9d0e-0d6a7a1f2b}",
            "3f2b0c1e6f1a8a559d0e0d6a7a1f2b3c0000",
        ] {
            assert_eq!(RequestId::decode(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_read_is_what_would_be_written() {
        let mut rng = Rng::from_seed([4; 32]);
        let (mut read, mut refused) = (0, 0);
        for _ in 0..50_000 {
            let id = RequestId::new(1, 2, rng.next_u64());
            let mut text = id.to_string().into_bytes();
            let bits = rng.next_u64().to_be_bytes();
            text[usize::from(bits[0]) % ID_LEN] = b"0123456789abcdefABCDEF-{}: xyz\x80"[usize::from(bits[1]) % 31];
            let Ok(text) = core::str::from_utf8(&text) else { continue };
            match RequestId::decode(text) {
                Some(id) => {
                    assert_eq!(id.to_string(), text);
                    read += 1;
                }
                None => refused += 1,
            }
        }
        assert!(read > 1_000 && refused > 1_000, "{read} {refused}");
    }
}
