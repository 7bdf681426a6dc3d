//! WebSocket frames as a server reads and writes them, without fragments.

/// What a client sent.
pub(super) enum Frame<'a> {
    Text(&'a [u8]),
    Ping(&'a [u8]),
    Close,
    Other,
}

/// The first whole frame, unmasked in place, and its size.
pub(super) fn next_frame(bytes: &mut [u8]) -> Option<(Frame<'_>, usize)> {
    let opcode = bytes.first()? & 0x0f;
    let (len, at) = match bytes.get(1)? & 0x7f {
        126 => (usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
        127 => (usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?, 10),
        len => (usize::from(len), 2),
    };
    let mask: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    let data = bytes.get_mut(at + 4..at + 4 + len)?;
    unmask(data, mask);
    let frame = match opcode {
        1 => Frame::Text(data),
        8 => Frame::Close,
        9 => Frame::Ping(data),
        _ => Frame::Other,
    };
    Some((frame, at + 4 + len))
}

/// Eight bytes at a time: at a byte each, a megabyte would cost more here than at the client.
fn unmask(data: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let mut chunks = data.chunks_exact_mut(8);
    for chunk in &mut chunks {
        if let Ok(word) = <[u8; 8]>::try_from(&*chunk) {
            chunk.copy_from_slice(&(u64::from_ne_bytes(word) ^ wide).to_ne_bytes());
        }
    }
    for (byte, mask) in chunks.into_remainder().iter_mut().zip(mask.into_iter().cycle()) {
        *byte ^= mask;
    }
}

pub(super) fn push_text(out: &mut Vec<u8>, text: &[u8]) {
    push_head(out, 0x81, text.len());
    out.extend_from_slice(text);
}

pub(super) fn push_head(out: &mut Vec<u8>, first: u8, len: usize) {
    out.push(first);
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(len @ 0..=125), _) => out.push(len),
        (_, Ok(len)) => {
            out.push(126);
            out.extend_from_slice(&len.to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
}

pub(super) fn push_pong(out: &mut Vec<u8>, data: &[u8]) {
    push_head(out, 0x8a, data.len());
    out.extend_from_slice(data);
}

pub(super) fn push_close(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0x88, 2, 3, 0xe8]);
}
