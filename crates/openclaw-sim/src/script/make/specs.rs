//! Who takes part.

use super::super::{ClientSpec, Device, GatewaySpec, Spread, Wire};
use super::spread;
use crate::dice::Dice;

pub(super) fn gateway(dice: &mut Dice) -> GatewaySpec {
    let wire = match dice.below(10) {
        0..6 => Wire::V4,
        6..9 => Wire::V3,
        _ => Wire::Original,
    };
    let usual = GatewaySpec { wire, ..GatewaySpec::default() };
    if dice.chance(1, 3) {
        return usual;
    }
    GatewaySpec {
        tick_ms: spread(dice, 1_000, 30_000),
        ping_ms: if dice.chance(1, 5) { 0 } else { spread(dice, 2_000, 25_000) },
        health_ms: if dice.chance(1, 3) { 0 } else { 60_000 },
        max_payload: if dice.chance(1, 2) { 26_214_400 } else { dice.place(60_000) + 4_096 },
        max_buffered: if dice.chance(1, 2) { 52_428_800 } else { dice.place(200_000) + 32_768 },
        boot_ms: if dice.chance(3, 4) { 0 } else { spread(dice, 50, 5_000) },
        auth_attempts: if dice.chance(1, 2) { 0 } else { 2 },
        lockout_ms: spread(dice, 2_000, 60_000),
        approval_ms: if dice.chance(1, 2) { 0 } else { spread(dice, 200, 60_000) },
        ..usual
    }
}

pub(super) fn client(dice: &mut Dice, gateways: usize) -> ClientSpec {
    let usual = ClientSpec {
        gateway: dice.place(gateways),
        latency_us: spread(dice, 50, 200_000),
        jitter_us: spread(dice, 1, 50_000),
        send_buffer: dice.pick(&[0, 1_024, 16_384, 65_536]),
        late_words: dice.chance(1, 3),
        strict_frames: dice.chance(1, 2),
        jitter: dice.pick(&[Spread::Full, Spread::Equal, Spread::None]),
        device: dice.pick(&[Device::None, Device::None, Device::New, Device::Known]),
        pairing_poll_ms: if dice.chance(1, 3) { Some(spread(dice, 1_000, 60_000)) } else { None },
        ..ClientSpec::default()
    };
    if dice.chance(1, 3) {
        return usual;
    }
    let base_ms = spread(dice, 20, 2_000);
    // Nobody gets in who gives up before the answer can be there.
    let there_and_back = (usual.latency_us + usual.jitter_us) * 14 / 1_000;
    ClientSpec {
        base_ms,
        max_ms: base_ms.saturating_mul(dice.between(1, 64)).min(30_000),
        stable_ms: spread(dice, 500, 10_000),
        max_attempts: match dice.below(10) {
            0 => Some(0),
            1 | 2 => u32::try_from(dice.between(1, 4)).ok(),
            _ => None,
        },
        handshake_ms: spread(dice, 1_000, 15_000).max(there_and_back),
        close_grace_ms: if dice.chance(1, 6) { 0 } else { spread(dice, 10, 2_000) },
        write_stall_ms: spread(dice, 1_000, 30_000),
        request_ms: if dice.chance(1, 5) { None } else { Some(spread(dice, 200, 30_000)) },
        silence_floor_ms: spread(dice, 1_000, 10_000),
        drain_ms: spread(dice, 500, 30_000),
        in_flight: dice.pick(&[4, 16, 64, 16_384]),
        waiting: dice.pick(&[2, 8, 32, 1_024]),
        outgoing_bytes: dice.pick(&[2_048, 8_192, 65_536, 67_108_864]),
        inbound_frame: dice.pick(&[98_304, 131_072, 26_214_400]),
        ..usual
    }
}
