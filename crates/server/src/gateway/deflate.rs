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

#[derive(Debug)]
pub struct Deflate(Compress);

impl Deflate {
    pub fn new() -> Self {
        Self(Compress::new_with_window_bits(Compression::fast(), true, WINDOW_BITS))
    }

    /// One message in its own frame. It ends with `00 00 ff ff`, which is how clients find its end.
    pub fn frame(&mut self, parts: [&[u8]; 2]) -> Bytes {
        let mut out = Vec::with_capacity(64 + (parts[0].len() + parts[1].len()) / 2);
        self.feed(parts[0], FlushCompress::None, &mut out);
        self.feed(parts[1], FlushCompress::Sync, &mut out);
        encode::binary(&out)
    }

    fn feed(&mut self, mut input: &[u8], flush: FlushCompress, out: &mut Vec<u8>) {
        loop {
            if out.capacity() - out.len() < 64 {
                out.reserve(256.max(input.len()));
            }
            let before = self.0.total_in();
            let room = out.capacity() - out.len();
            let written = self.0.total_out();
            self.0.compress_vec(input, out, flush).expect("a deflate stream takes all bytes");
            input = &input[(self.0.total_in() - before) as usize..];
            let filled = (self.0.total_out() - written) as usize == room;
            // With room left over there was nothing more to write.
            if input.is_empty() && !filled {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Decompress, FlushDecompress};

    #[test]
    fn each_message_can_be_read_when_it_arrived() {
        let (mut deflate, mut inflate) = (Deflate::new(), Decompress::new(true));
        let messages = [b"{\"op\":10}".to_vec(), vec![b'x'; 100_000], b"a".to_vec(), noise(70_000)];
        for message in messages {
            let (head, tail) = message.split_at(message.len() / 3);
            let frame = deflate.frame([head, tail]);
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
