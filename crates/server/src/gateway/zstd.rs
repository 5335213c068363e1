//! `zstd-stream`: one compressed stream per connection, flushed after each message.
//!
//! A stream is one frame that never ends. Unlike with deflate (see there) its blocks lean on what
//! the context remembers beside the text, so each connection has a context of its own; a small
//! window keeps it small. Until there is something to gain, the stream consists of stored blocks,
//! so that who says hello and goes costs next to nothing.
//! <https://discord.com/developers/docs/events/gateway#transport-compression>

use std::fmt;

use bytes::Bytes;
use proto::websocket::encode;
use zstd_safe::{CCtx, CParameter, InBuffer, OutBuffer, Strategy, zstd_sys::ZSTD_EndDirective};

/// How far back a stream may point: 2^13 bytes.
const WINDOW_LOG: u32 = 13;

/// Entries of the table of what was seen: 2^12.
const HASH_LOG: u32 = 12;

/// How a frame with that window begins (RFC 8878, 3.1.1): its size is not said, nor a checksum.
const HEADER: [u8; 6] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, ((WINDOW_LOG - 10) << 3) as u8];

/// The longest text that is worth sending as it is.
const STORED_MOST: usize = 256;

/// A stream.
#[derive(Default)]
pub struct Zstd {
    begun: bool,
    context: Option<CCtx<'static>>,
}

impl fmt::Debug for Zstd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zstd").field("begun", &self.begun).finish_non_exhaustive()
    }
}

impl Zstd {
    /// One message in its own WebSocket message, readable as soon as it is there.
    pub fn frame(&mut self, parts: [&[u8]; 2]) -> Bytes {
        let length = parts[0].len() + parts[1].len();
        let mut out = Vec::with_capacity(64 + length / 2);
        if !std::mem::replace(&mut self.begun, true) {
            out.extend(HEADER);
        }
        if self.context.is_none() && length <= STORED_MOST {
            store(parts, &mut out);
            return encode::binary(&out);
        }
        let fresh = self.context.is_none();
        let context = self.context.get_or_insert_with(context);
        let from = out.len();
        feed(context, parts[0], ZSTD_EndDirective::ZSTD_e_continue, &mut out);
        feed(context, parts[1], ZSTD_EndDirective::ZSTD_e_flush, &mut out);
        if fresh {
            // The frame has begun already: its blocks go on from those that were stored.
            debug_assert_eq!(out[from..from + HEADER.len()], HEADER);
            out.drain(from..from + HEADER.len());
        }
        encode::binary(&out)
    }
}

fn context() -> CCtx<'static> {
    let mut context = CCtx::create();
    for parameter in [
        CParameter::CompressionLevel(1),
        CParameter::WindowLog(WINDOW_LOG),
        CParameter::HashLog(HASH_LOG),
        CParameter::ChainLog(HASH_LOG),
        CParameter::Strategy(Strategy::ZSTD_fast),
        CParameter::ContentSizeFlag(false),
        CParameter::ChecksumFlag(false),
    ] {
        context.set_parameter(parameter).expect("a parameter within its bounds");
    }
    context
}

/// A stored block, with its head of three bytes (RFC 8878, 3.1.1.2).
fn store(parts: [&[u8]; 2], out: &mut Vec<u8>) {
    let length = (parts[0].len() + parts[1].len()) as u32;
    out.extend_from_slice(&(length << 3).to_le_bytes()[..3]);
    out.extend(parts.concat());
}

fn feed(context: &mut CCtx<'_>, input: &[u8], until: ZSTD_EndDirective, out: &mut Vec<u8>) {
    let mut input = InBuffer::around(input);
    loop {
        if out.capacity() - out.len() < 64 {
            out.reserve(256.max(input.src.len() - input.pos));
        }
        let at = out.len();
        let mut output = OutBuffer::around_pos(out, at);
        let left = context.compress_stream2(&mut output, &mut input, until);
        let left = left.expect("a stream takes all bytes");
        let flushing = matches!(until, ZSTD_EndDirective::ZSTD_e_flush);
        if input.pos == input.src.len() && (left == 0 || !flushing) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zstd_safe::DCtx;

    fn payload(frame: &[u8]) -> &[u8] {
        match frame[1] {
            126 => &frame[4..],
            127 => &frame[10..],
            _ => &frame[2..],
        }
    }

    /// All that one piece of a stream says.
    fn read(context: &mut DCtx<'_>, piece: &[u8]) -> Vec<u8> {
        let mut input = InBuffer::around(piece);
        let mut all = Vec::new();
        loop {
            let mut out = Vec::with_capacity(1 << 16);
            let mut output = OutBuffer::around(&mut out);
            context.decompress_stream(&mut output, &mut input).expect("zstd");
            let full = out.len() == out.capacity();
            all.extend(out);
            if input.pos == piece.len() && !full {
                return all;
            }
        }
    }

    fn noise(len: usize) -> Vec<u8> {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..len).map(|_| next()).collect()
    }

    #[test]
    fn each_message_can_be_read_when_it_arrived() {
        let (mut stream, mut reader) = (Zstd::default(), DCtx::create());
        let messages = [
            b"{\"op\":10}".to_vec(),
            b"{\"op\":11}".to_vec(),
            b"{\"op\":0,\"t\":\"READY\"}".repeat(40),
            b"{\"op\":11}".to_vec(),
            vec![b'x'; 100_000],
            noise(70_000),
            b"{\"op\":0,\"t\":\"READY\"}".repeat(40),
            b"a".to_vec(),
        ];
        for (at, message) in messages.into_iter().enumerate() {
            let (head, tail) = message.split_at(message.len() / 3);
            let frame = stream.frame([head, tail]);
            assert_eq!(stream.context.is_some(), at > 1, "only once there is something to gain");
            assert!(read(&mut reader, payload(&frame)) == message, "message {at}");
        }
    }

    #[test]
    fn a_connection_takes_little_memory() {
        let mut stream = Zstd::default();
        for _ in 0..50 {
            stream.frame([&noise(300), &vec![b'y'; 20_000]]);
        }
        let bytes = stream.context.expect("a context").sizeof();
        assert!(bytes < 128 << 10, "{bytes}");
    }
}
