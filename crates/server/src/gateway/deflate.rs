//! `zlib-stream`: one compressed stream per connection, flushed after each message.
//!
//! Bot libraries ask for it and one cannot live without it. A deflate context takes 300 KiB, for as
//! long as its connection lives; all it has to remember between two messages is what the other
//! side still has before its eyes. So a connection keeps only that, and a thread has one context,
//! which is shown it before each message. `docs/benchmarks.md` has what that costs and saves.
//! <https://discord.com/developers/docs/events/gateway#transport-compression>

use std::cell::RefCell;

use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress};
use proto::websocket::encode;

/// How far back a stream may point: 2^13 bytes.
const WINDOW_BITS: u8 = 13;

/// How a zlib stream with that window begins (RFC 1950).
const HEADER: [u8; 2] = [0x58, 0x09];

/// What `Z_SYNC_FLUSH` ends with: an empty stored block.
const FLUSHED: [u8; 5] = [0, 0, 0, 0xff, 0xff];

/// The longest text that is worth sending as it is.
const STORED_MOST: usize = 256;

/// Dearer ones find little more.
const LEVEL: Compression = Compression::new(6);

thread_local! {
    static CONTEXT: RefCell<Compress> = RefCell::new(context(WINDOW_BITS, LEVEL));
}

/// A stream. It remembers nothing as long as only short frames went out: who says hello and goes,
/// or never says who it is, costs next to nothing.
#[derive(Debug, Default)]
pub struct Deflate {
    begun: bool,
    /// What was said last, up to a window.
    history: Vec<u8>,
}

impl Deflate {
    /// One message in its own frame. It ends with `00 00 ff ff`, which is how clients find its end.
    pub fn frame(&mut self, parts: [&[u8]; 2]) -> Bytes {
        let length = parts[0].len() + parts[1].len();
        let mut out = Vec::with_capacity(64 + length / 2);
        if !std::mem::replace(&mut self.begun, true) {
            out.extend(HEADER);
        }
        if self.history.is_empty() && length <= STORED_MOST {
            store(parts, &mut out);
        } else {
            CONTEXT.with_borrow_mut(|context| squeeze(context, &self.history, parts, &mut out));
            remember(&mut self.history, parts, 1 << WINDOW_BITS);
        }
        encode::binary(&out)
    }
}

fn context(window_bits: u8, level: Compression) -> Compress {
    Compress::new_with_window_bits(level, false, window_bits)
}

/// Blocks end at whole bytes, so it does not matter which context made those before: only that the
/// other side has the history.
fn squeeze(context: &mut Compress, history: &[u8], parts: [&[u8]; 2], out: &mut Vec<u8>) {
    context.reset();
    if !history.is_empty() {
        context.set_dictionary(history).expect("a fresh context takes a history");
    }
    feed(context, parts[0], FlushCompress::None, out);
    feed(context, parts[1], FlushCompress::Sync, out);
}

/// Keeps the end of it all.
fn remember(history: &mut Vec<u8>, parts: [&[u8]; 2], most: usize) {
    for part in parts {
        let part = &part[part.len().saturating_sub(most)..];
        let excess = (history.len() + part.len()).saturating_sub(most);
        history.drain(..excess);
        history.reserve_exact(part.len());
        history.extend_from_slice(part);
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
            b"{\"op\":11}".to_vec(),
            noise(70_000)[60_000..].to_vec(),
        ];
        for (at, message) in messages.into_iter().enumerate() {
            let (head, tail) = message.split_at(message.len() / 3);
            let frame = deflate.frame([head, tail]);
            let remembers = !deflate.history.is_empty();
            assert_eq!(remembers, at > 1, "only once there is something to gain");
            assert!(deflate.history.capacity() <= 1 << WINDOW_BITS);
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

    /// A stream of events as a bot hears them.
    fn events() -> impl Iterator<Item = String> {
        let words = ["room", "tea", "later", "yes", "server", "morning", "picture", "who", "lol"];
        let seed = noise(40_000);
        (0..2_000usize).map(move |n| {
            let at = |k: usize| usize::from(seed[(n * 17 + k) % seed.len()]);
            let text: Vec<_> = (0..at(0) % 24).map(|k| words[at(k + 2) % words.len()]).collect();
            let (user, channel) = (at(1) % 40, at(2) % 5);
            let second = format!("2026-11-22T22:{:02}:{:02}", n / 60 % 60, n % 60);
            let author = serde_json::json!({
                "id": (1_300_000_000_000_000_000 + user * 4_194_304_007).to_string(),
                "username": format!("user{user}"), "global_name": format!("User {user}"),
                "discriminator": "0", "avatar": null, "bot": false,
            });
            let event = serde_json::json!({ "t": "MESSAGE_CREATE", "d": {
                "id": (1_400_000_000_000_000_000 + n * 7_919 * 4_194_304).to_string(),
                "channel_id": (1_310_000_000_000_000_000 + channel * 4_194_304_011).to_string(),
                "guild_id": "1310000000000000000", "author": author, "content": text.join(" "),
                "timestamp": format!("{second}.{:03}000+00:00", at(9)),
                "edited_timestamp": null, "tts": false, "mention_everyone": false, "mentions": [],
                "mention_roles": [], "attachments": [], "embeds": [], "pinned": false, "type": 0,
                "flags": 0,
                "member": { "roles": [], "joined_at": "2026-11-01T10:00:00.000000+00:00",
                    "deaf": false, "mute": false, "flags": 0 },
            } });
            format!("{{\"op\":0,\"s\":{n},{}", &event.to_string()[1..])
        })
    }

    /// `cargo test -p server deflate::tests::windows -- --ignored --nocapture`
    #[test]
    #[ignore = "a measurement"]
    fn windows_and_what_they_give() {
        let plain: usize = events().map(|event| event.len()).sum();
        println!("| window | level | of plain | us a message |");
        for (bits, level) in [(0, 1), (11, 1), (12, 1), (13, 1), (14, 1), (15, 1), (12, 6), (13, 6)]
        {
            let window = if bits == 0 { 0 } else { 1 << bits };
            let mut context = context(bits.max(9), Compression::new(level));
            let (mut history, mut out, mut sent) = (Vec::new(), Vec::new(), 0);
            let begun = std::time::Instant::now();
            for event in events() {
                out.clear();
                squeeze(&mut context, &history, [&[], event.as_bytes()], &mut out);
                remember(&mut history, [&[], event.as_bytes()], window);
                sent += out.len();
            }
            let us = begun.elapsed().as_micros() as f64 / 2_000.0;
            println!("| {window} | {level} | {:.3} | {us:.1} |", sent as f64 / plain as f64);
        }
        for level in [1, 6] {
            let mut context = context(13, Compression::new(level));
            let (mut out, mut sent) = (Vec::new(), 0);
            let begun = std::time::Instant::now();
            for event in events() {
                out.clear();
                feed(&mut context, event.as_bytes(), FlushCompress::Sync, &mut out);
                sent += out.len();
            }
            let us = begun.elapsed().as_micros() as f64 / 2_000.0;
            let ratio = sent as f64 / plain as f64;
            println!("| a context each, 8192 | {level} | {ratio:.3} | {us:.1} |");
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
