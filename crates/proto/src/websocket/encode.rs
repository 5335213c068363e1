//! Frames as bytes: shared ones for servers, masked ones for clients.
//!
//! A server encodes an event once and hands the same `Bytes` to every socket, so nothing here
//! depends on a connection. Messages are never fragmented on the way out.

use bytes::{BufMut, Bytes, BytesMut};

use super::{MAX_CONTROL, Opcode};

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
/// The longest header of a frame that a server sends.
pub const MAX_SERVER_HEADER: usize = 10;

/// Writes the header of an unmasked frame whose payload of `len` bytes follows.
pub fn frame_header(opcode: Opcode, len: usize, into: &mut impl BufMut) {
    header(opcode, len, 0, into);
}

pub fn text(payload: &str) -> Bytes {
    frame(Opcode::Text, payload.as_bytes())
}

pub fn binary(payload: &[u8]) -> Bytes {
    frame(Opcode::Binary, payload)
}

/// A ping; like all control frames it is cut at 125 bytes.
pub fn ping(payload: &[u8]) -> Bytes {
    frame(Opcode::Ping, &payload[..payload.len().min(MAX_CONTROL)])
}

pub fn pong(payload: &[u8]) -> Bytes {
    frame(Opcode::Pong, &payload[..payload.len().min(MAX_CONTROL)])
}

/// A close frame; the reason is cut at a character so that it fits.
pub fn close(code: u16, reason: &str) -> Bytes {
    frame(Opcode::Close, &close_payload(code, reason))
}

/// A close frame that names no code: the answer to one that named none.
pub fn close_without_code() -> Bytes {
    frame(Opcode::Close, &[])
}

/// What a close frame carries; for clients, who must mask it.
pub fn close_payload(code: u16, reason: &str) -> Vec<u8> {
    let reason = &reason[..reason.floor_char_boundary(MAX_CONTROL - 2)];
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(reason.as_bytes());
    payload
}

/// An unmasked frame in one piece.
pub fn frame(opcode: Opcode, payload: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(MAX_SERVER_HEADER + payload.len());
    frame_header(opcode, payload.len(), &mut bytes);
    bytes.put_slice(payload);
    bytes.freeze()
}

/// A masked frame in one piece. The mask must be unpredictable (RFC 6455, 10.3); chance is handed
/// in, as everywhere in this crate.
pub fn masked(opcode: Opcode, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(MAX_SERVER_HEADER + mask.len() + payload.len());
    header(opcode, payload.len(), MASKED, &mut bytes);
    bytes.extend_from_slice(&mask);
    let start = bytes.len();
    bytes.extend_from_slice(payload);
    super::unmask(&mut bytes[start..], mask);
    bytes
}

fn header(opcode: Opcode, len: usize, masked: u8, into: &mut impl BufMut) {
    into.put_u8(FIN | opcode as u8);
    match len {
        0..=125 => into.put_u8(masked | len as u8),
        126..=0xffff => {
            into.put_u8(masked | 126);
            into.put_u16(len as u16);
        }
        _ => {
            into.put_u8(masked | 127);
            into.put_u64(len as u64);
        }
    }
}
