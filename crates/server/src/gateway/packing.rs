//! How the frames of a connection are packed: what its address asked for, or its IDENTIFY.

use std::cell::RefCell;

use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress};
use proto::websocket::encode;

use super::{deflate::Deflate, zstd::Zstd};

/// What the address asks for: `compress=`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Transport {
    #[default]
    Plain,
    Zlib,
    Zstd,
}

/// Of a connection that is not plain.
#[derive(Debug)]
pub enum Packing {
    /// One stream for all messages.
    Zlib(Deflate),
    Zstd(Zstd),
    /// Each long message by itself: `compress` of IDENTIFY.
    Each,
}

/// Shorter messages gain nothing by themselves.
const EACH_LEAST: usize = 512;

thread_local! {
    static CONTEXT: RefCell<Compress> = RefCell::new(Compress::new(Compression::new(4), true));
}

impl Packing {
    pub fn of(transport: Transport) -> Option<Box<Self>> {
        match transport {
            Transport::Plain => None,
            Transport::Zlib => Some(Box::new(Self::Zlib(Deflate::default()))),
            Transport::Zstd => Some(Box::new(Self::Zstd(Zstd::default()))),
        }
    }

    /// The message in its frame; `None`: it goes out as it is.
    pub fn frame(&mut self, parts: [&[u8]; 2]) -> Option<Bytes> {
        match self {
            Self::Zlib(stream) => Some(stream.frame(parts)),
            Self::Zstd(stream) => Some(stream.frame(parts)),
            // COMPAT: libraries that ask for it read what is text as text.
            Self::Each if parts[0].len() + parts[1].len() < EACH_LEAST => None,
            Self::Each => Some(encode::binary(&whole(parts))),
        }
    }
}

/// A zlib stream of its own.
fn whole(parts: [&[u8]; 2]) -> Vec<u8> {
    let text = parts.concat();
    let mut out = Vec::with_capacity(64 + text.len() / 2);
    CONTEXT.with_borrow_mut(|context| {
        context.reset();
        loop {
            let rest = &text[context.total_in() as usize..];
            let status = context.compress_vec(rest, &mut out, FlushCompress::Finish);
            if status.expect("a deflate stream takes all bytes") == flate2::Status::StreamEnd {
                return;
            }
            out.reserve(text.len() / 2 + 64);
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_message_by_itself_is_a_zlib_stream() {
        let mut packing = Packing::Each;
        assert_eq!(packing.frame([b"{\"op\":11}", b""]), None);
        for len in [EACH_LEAST, 5_000, 200_000] {
            let text = "{\"t\":\"READY\"} ".repeat(len / 14 + 1);
            let frame = packing.frame([&text.as_bytes()[..9], &text.as_bytes()[9..]]);
            let frame = frame.expect("packed");
            let skip = if frame[1] == 126 { 4 } else { 2 };
            let mut read = String::new();
            flate2::read::ZlibDecoder::new(&frame[skip..]).read_to_string(&mut read).expect("zlib");
            assert!(read == text, "{len}");
        }
    }
}
