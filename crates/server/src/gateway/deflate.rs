//! `zlib-stream`: one deflate context per connection, flushed after each message.
//!
//! Bot libraries ask for it and one cannot live without it. The window is bounded, since a context
//! costs memory for as long as its connection lives.
//! <https://discord.com/developers/docs/events/gateway#transport-compression>

use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress};
use proto::websocket::encode;

/// 2^13 bytes: most of the gain at an eighth of the memory.
const WINDOW_BITS: u8 = 13;

/// How a zlib stream with that window begins (RFC 1950).
const HEADER: [u8; 2] = [0x58, 0x09];

/// What `Z_SYNC_FLUSH` ends with: an empty stored block.
const FLUSHED: [u8; 5] = [0, 0, 0, 0xff, 0xff];

/// The longest text that is worth sending as it is.
const STORED_MOST: usize = 256;

/// A stream. Without a context as long as only short frames went out: who says hello and goes, or
/// never says who it is, costs next to nothing.
#[derive(Debug, Default)]
pub struct Deflate {
    begun: bool,
    context: Option<Compress>,
}

impl Deflate {
    /// One message in its own frame. It ends with `00 00 ff ff`, which is how clients find its end.
    pub fn frame(&mut self, parts: [&[u8]; 2]) -> Bytes {
        let length = parts[0].len() + parts[1].len();
        let mut out = Vec::with_capacity(64 + length / 2);
        if !std::mem::replace(&mut self.begun, true) {
            out.extend(HEADER);
        }
        if self.context.is_none() && length <= STORED_MOST {
            store(parts, &mut out);
        } else {
            // Stored blocks end at whole bytes, so deflate goes on behind them.
            let fresh = || Compress::new_with_window_bits(Compression::fast(), false, WINDOW_BITS);
            let context = self.context.get_or_insert_with(fresh);
            feed(context, parts[0], FlushCompress::None, &mut out);
            feed(context, parts[1], FlushCompress::Sync, &mut out);
        }
        encode::binary(&out)
    }
}

/// A stored block (RFC 1951, 3.2.4) and the mark of its end.
fn store(parts: [&[u8]; 2], out: &mut Vec<u8>) {
    let length = (parts[0].len() + parts[1].len()) as u16;
    out.push(0);
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(parts.concat());
    out.extend(FLUSHED);
}

fn feed(deflate: &mut Compress, mut input: &[u8], flush: FlushCompress, out: &mut Vec<u8>) {
    loop {
        if out.capacity() - out.len() < 64 {
            out.reserve(256.max(input.len()));
        }
        let before = deflate.total_in();
        let room = out.capacity() - out.len();
        let written = deflate.total_out();
        deflate.compress_vec(input, out, flush).expect("a deflate stream takes all bytes");
        input = &input[(deflate.total_in() - before) as usize..];
        let filled = (deflate.total_out() - written) as usize == room;
        // With room left over there was nothing more to write.
        if input.is_empty() && !filled {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Decompress, FlushDecompress};

    #[test]
    fn each_message_can_be_read_when_it_arrived() {
        let (mut deflate, mut inflate) = (Deflate::default(), Decompress::new(true));
        let messages = [
            b"{\"op\":10}".to_vec(),
            b"{\"op\":11}".to_vec(),
            vec![b'x'; 100_000],
            b"a".to_vec(),
            noise(70_000),
        ];
        for (at, message) in messages.into_iter().enumerate() {
            let (head, tail) = message.split_at(message.len() / 3);
            let frame = deflate.frame([head, tail]);
            assert_eq!(deflate.context.is_some(), at > 1, "only once there is something to gain");
            let payload = match frame[1] {
                126 => &frame[4..],
                127 => &frame[10..],
                _ => &frame[2..],
            };
            assert_eq!(payload[payload.len() - 4..], [0, 0, 0xff, 0xff]);
            let mut read = Vec::with_capacity(message.len() + 64);
            inflate.decompress_vec(payload, &mut read, FlushDecompress::Sync).expect("deflate");
            assert!(read == message, "{} of {}", read.len(), message.len());
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
}
