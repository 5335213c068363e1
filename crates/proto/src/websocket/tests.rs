//! Proofs of the codec: any cut of the bytes gives the same events, and nothing panics.
//!
//! The Autobahn suite runs against the `ws_echo` example; these are the parts that need no socket.

use proptest::collection::vec;
use proptest::prelude::*;

use super::handshake::{self, HeadReader, Refusal};
use super::*;

const SMALL: Limits = Limits { frame: 1000, message: 2000, fragments: 8 };

#[test]
fn a_whole_frame_is_borrowed_and_leaves_nothing_behind() {
    let mut decoder = Decoder::new(Role::Server, SMALL);
    let mut bytes = encode::masked(Opcode::Text, "grüß dich".as_bytes(), [1, 2, 3, 4]);
    let mut input = &mut bytes[..];
    match decoder.decode(&mut input) {
        Ok(Some(Event::Text(Cow::Borrowed("grüß dich")))) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(decoder.held_bytes(), 0);
    assert!(size_of::<Decoder>() <= 32, "{}", size_of::<Decoder>());
}

#[test]
fn a_message_of_fragments_with_a_ping_inside_comes_out_whole() {
    let mut bytes = raw(0x01, b"a\xc3", MASK);
    bytes.extend(raw(0x89, b"now", MASK));
    bytes.extend(raw(0x80, b"\xa4b", MASK));
    for size in 1..=bytes.len() {
        let (events, violation) = decode(Role::Server, SMALL, &bytes, size);
        assert_eq!(events, ["ping now", "text aäb"], "cut into {size}");
        assert_eq!(violation, None);
    }
}

#[test]
fn violations_carry_their_close_code() {
    let cases: [(&str, Vec<u8>, u16); 19] = [
        ("unmasked", vec![0x81, 1, b'a'], 1002),
        ("rsv1", raw(0xc1, b"a", MASK), 1002),
        ("rsv3", raw(0x91, b"a", MASK), 1002),
        ("reserved opcode", raw(0x83, b"a", MASK), 1002),
        ("reserved control", raw(0x8b, b"a", MASK), 1002),
        ("long ping", vec![0x89, 0x80 | 126, 0, 126], 1002),
        ("fragmented ping", raw(0x09, b"a", MASK), 1002),
        ("continuation first", raw(0x80, b"a", MASK), 1002),
        ("text in text", [raw(0x01, b"a", MASK), raw(0x81, b"b", MASK)].concat(), 1002),
        ("long form of a short length", vec![0x81, 0x80 | 126, 0, 5], 1002),
        ("64 bits for 16", vec![0x81, 0x80 | 127, 0, 0, 0, 0, 0, 0, 1, 0], 1002),
        ("negative", [vec![0x82, 0x80 | 127], vec![0xff; 8]].concat(), 1002),
        ("lying", vec![0x82, 0x80 | 127, 0x7f, 255, 255, 255, 255, 255, 255, 255], 1009),
        ("one more than the limit", vec![0x82, 0x80 | 126, 3, 233], 1009),
        (
            "fragments past the message",
            [fragment(1000), fragment(1000), fragment(1)].concat(),
            1009,
        ),
        ("too many fragments", vec![fragment(0); 9].concat(), 1009),
        ("close of one byte", raw(0x88, b"x", MASK), 1002),
        ("close with 1005", raw(0x88, &1005u16.to_be_bytes(), MASK), 1002),
        ("close with a bad reason", raw(0x88, b"\x03\xe8\xff", MASK), 1007),
    ];
    for (name, mut bytes, code) in cases {
        if name.contains("fragments") {
            bytes[0] = 0x02;
        }
        for size in 1..=bytes.len().min(20) {
            let (_, violation) = decode(Role::Server, SMALL, &bytes, size);
            let found = violation.map(Violation::close_code);
            assert_eq!(found, Some(code), "{name}, cut into {size}");
        }
    }
}

#[test]
fn bad_text_is_refused_at_its_first_impossible_byte() {
    // The frame claims 100 bytes; the verdict must not wait for them.
    for text in [&b"ok \xff"[..], b"\xed\xa0", b"\xf4\x90", b"\xc0", b"a\xe2\x28"] {
        let bytes = &raw(0x81, &[text, &[b'x'; 100]].concat(), MASK)[..6 + text.len()];
        for size in 1..=bytes.len() {
            let (_, violation) = decode(Role::Server, SMALL, bytes, size);
            assert_eq!(violation, Some(Violation::InvalidUtf8), "{text:?}, cut into {size}");
        }
    }
}

#[test]
fn a_character_left_open_at_the_end_is_refused() {
    let (_, violation) = decode(Role::Server, SMALL, &raw(0x81, b"a\xe2\x82", MASK), 3);
    assert_eq!(violation, Some(Violation::InvalidUtf8));
}

#[test]
fn a_claimed_length_is_never_allocated() {
    let mut decoder = Decoder::new(Role::Server, Limits::NONE);
    let mut bytes = [0x82, 0x80 | 127, 0, 0, 0, 0, 0xff, 0, 0, 0, 1, 2, 3, 4, 9, 9];
    assert_eq!(decoder.decode(&mut &mut bytes[..]), Ok(None));
    assert!(decoder.held_bytes() < 256, "{}", decoder.held_bytes());
}

#[test]
fn nothing_is_heard_after_a_close() {
    let mut bytes = raw(0x88, &[&1000u16.to_be_bytes()[..], b"bye"].concat(), MASK);
    bytes.extend(raw(0x81, b"ghost", MASK));
    let (events, violation) = decode(Role::Server, SMALL, &bytes, 5);
    assert_eq!(events, ["close 1000 bye"]);
    assert_eq!(violation, None);
}

#[test]
fn a_reason_that_is_too_long_is_cut_at_a_character() {
    let frame = encode::close(4004, &"ä".repeat(100));
    let (events, _) = decode(Role::Client, SMALL, &frame, frame.len());
    assert_eq!(events, [format!("close 4004 {}", "ä".repeat(61))]);
}

#[test]
fn the_handshake_of_the_rfc_is_understood_by_both_halves() {
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    assert_eq!(handshake::accept_key(key), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");

    let request = handshake::request("chat.example", "/gateway?v=10", key, &[("Origin", "x")]);
    let request = read_head(request.as_bytes());
    let accept = handshake::accept(|name| request.field(name)).unwrap();
    let response = read_head(handshake::response(&accept).as_bytes());
    assert_eq!(handshake::check_response(&response, key), Ok(()));
    assert_eq!(handshake::check_response(&response, "other"), Err(Refusal::Accept));
}

#[test]
fn handshakes_that_are_none_are_refused() {
    let fields = |text: &'static str| {
        let head = read_head(format!("GET / HTTP/1.1\r\n{text}\r\n\r\n").as_bytes());
        handshake::accept(|name| head.field(name))
    };
    const UPGRADE: &str = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade";
    assert_eq!(fields("Host: a"), Err(Refusal::NotWebSocket));
    assert_eq!(fields(UPGRADE), Err(Refusal::Version));
    let mut reader = HeadReader::default();
    assert_eq!(reader.push(&vec![b'a'; 20_000]), Err(Refusal::TooLong));
    let refused = read_head(b"HTTP/1.1 403 Forbidden\r\n\r\nleft");
    assert_eq!(handshake::check_response(&refused, "k"), Err(Refusal::Status(403)));
}

#[test]
fn a_head_may_come_byte_by_byte_with_frames_behind_it() {
    let mut reader = HeadReader::default();
    let bytes = b"HTTP/1.1 101 X\r\nA: b\r\n\r\n\x81\x00";
    let (last, first) = bytes.split_last().unwrap();
    let mut found = None;
    for byte in first {
        found = found.or(reader.push(&[*byte]).unwrap());
    }
    let (head, rest) = found.unwrap();
    assert_eq!((head.field("a"), rest.len(), *last), (Some("b"), 0, 0));

    let (_, rest) = HeadReader::default().push(bytes).unwrap().unwrap();
    assert_eq!(rest, b"\x81\x00");
}

proptest! {
    #[test]
    fn any_bytes_in_any_cut_give_the_same_verdict(
        bytes in vec(any::<u8>(), 0..200), cuts in vec(1usize..20, 1..20), client in any::<bool>(),
    ) {
        let role = if client { Role::Client } else { Role::Server };
        let whole = decode(role, SMALL, &bytes, bytes.len().max(1));
        prop_assert_eq!(whole, decode_cut(role, SMALL, &bytes, cuts.iter().copied().cycle()));
    }

    #[test]
    fn any_frames_in_any_cut_give_the_same_events(
        frames in vec((first_byte(), payload(), any::<[u8; 4]>()), 0..12),
        cuts in vec(1usize..300, 1..20),
    ) {
        let bytes: Vec<u8> = frames.iter().flat_map(|(b, p, mask)| raw(*b, p, *mask)).collect();
        let whole = decode(Role::Server, SMALL, &bytes, bytes.len().max(1));
        let cut = decode_cut(Role::Server, SMALL, &bytes, cuts.iter().copied().cycle());
        prop_assert_eq!(&whole, &cut);
        prop_assert_eq!(&whole, &decode(Role::Server, SMALL, &bytes, 1));
    }

    #[test]
    fn what_is_encoded_is_decoded(text in any::<String>(), bytes in vec(any::<u8>(), 0..70_000),
                                  mask in any::<[u8; 4]>(), size in 1usize..5000) {
        let masked = [
            encode::masked(Opcode::Text, text.as_bytes(), mask),
            encode::masked(Opcode::Binary, &bytes, mask),
        ].concat();
        let plain = [encode::text(&text), encode::binary(&bytes)].concat();
        let expected = [format!("text {text}"), format!("binary {bytes:?}")];
        for (role, wire) in [(Role::Server, masked), (Role::Client, plain)] {
            let (events, violation) = decode(role, Limits::NONE, &wire, size);
            prop_assert_eq!(&events[..], &expected[..]);
            prop_assert_eq!(violation, None);
        }
    }

    #[test]
    fn heap_is_bounded_by_the_limits(
        frames in vec((first_byte(), payload(), any::<[u8; 4]>()), 0..40), size in 1usize..50,
    ) {
        let mut bytes: Vec<u8> =
            frames.iter().flat_map(|(b, p, mask)| raw(*b, p, *mask)).collect();
        let mut decoder = Decoder::new(Role::Server, SMALL);
        for part in bytes.chunks_mut(size) {
            let mut input = part;
            while let Ok(Some(_)) = decoder.decode(&mut input) {}
            prop_assert!(decoder.held_bytes() <= 2 * 2000 + 256 + 128);
        }
    }
}

const MASK: [u8; 4] = [0x12, 0x00, 0xfe, 0x7f];

fn first_byte() -> impl Strategy<Value = u8> {
    // Mostly sound frames, so that sequences get far; sometimes anything.
    prop_oneof![
        8 => prop::sample::select(vec![0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a]),
        1 => Just(0x88),
        1 => any::<u8>(),
    ]
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "\\PC{0,60}".prop_map(String::into_bytes),
        "[äöü€😀]{0,40}".prop_map(String::into_bytes),
        vec(any::<u8>(), 0..300),
    ]
}

fn fragment(len: usize) -> Vec<u8> {
    raw(0x00, &vec![7; len], MASK)
}

/// A masked frame with any first byte.
fn raw(first: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut bytes = encode::masked(Opcode::Text, payload, mask);
    bytes[0] = first;
    bytes
}

fn decode(
    role: Role,
    limits: Limits,
    bytes: &[u8],
    size: usize,
) -> (Vec<String>, Option<Violation>) {
    decode_cut(role, limits, bytes, std::iter::repeat(size))
}

fn decode_cut(
    role: Role,
    limits: Limits,
    bytes: &[u8],
    mut cuts: impl Iterator<Item = usize>,
) -> (Vec<String>, Option<Violation>) {
    let mut decoder = Decoder::new(role, limits);
    let mut bytes = bytes.to_vec();
    let mut rest = &mut bytes[..];
    let mut events = Vec::new();
    while !rest.is_empty() {
        let size = cuts.next().unwrap_or(1).min(rest.len());
        let mut input = take_front(&mut rest, size);
        loop {
            match decoder.decode(&mut input) {
                Ok(Some(event)) => events.push(show(event)),
                Ok(None) => break,
                Err(violation) => return (events, Some(violation)),
            }
        }
        assert!(input.is_empty());
    }
    (events, None)
}

fn show(event: Event<'_>) -> String {
    match event {
        Event::Text(text) => format!("text {text}"),
        Event::Binary(bytes) => format!("binary {bytes:?}"),
        Event::Ping(bytes) => format!("ping {}", String::from_utf8_lossy(&bytes)),
        Event::Pong(bytes) => format!("pong {}", String::from_utf8_lossy(&bytes)),
        Event::Close(None) => "close".into(),
        Event::Close(Some(close)) => format!("close {} {}", close.code, close.reason),
    }
}

fn read_head(bytes: &[u8]) -> handshake::Head {
    HeadReader::default().push(bytes).unwrap().unwrap().0
}
