//! The socket over a scripted wire: short writes, slow readers, closes.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use proptest::prelude::*;
use proto::websocket::{Limits, Opcode, encode};

use super::*;

#[test]
fn a_message_is_heard_and_its_answer_leaves() {
    let (mut socket, wire) = socket(LIMITS);
    wire.arrives(&encode::masked(Opcode::Text, b"hi", MASK));
    let progress = socket.readable(&mut [0; 64], &mut |out, event| match event {
        Event::Text(text) => out.push(encode::text(&text)),
        other => panic!("{other:?}"),
    });
    assert_eq!(progress, Progress::Open);
    assert_eq!(wire.heard(), ["text hi"]);
    assert_eq!(socket.queued_bytes(), 0);
}

#[test]
fn frames_that_came_with_the_upgrade_are_heard_first() {
    let frame = encode::masked(Opcode::Text, b"early", MASK);
    let wire = TestWire::default();
    let mut socket = Socket::over(wire.clone(), Bytes::from(frame), LIMITS);
    assert!(socket.wants_read());
    wire.arrives(&encode::masked(Opcode::Text, b"late", MASK));
    assert_eq!(read(&mut socket), ["text early", "text late"]);
    assert!(!socket.wants_read());
}

#[test]
fn what_the_stream_does_not_take_waits_in_order() {
    let (mut socket, wire) = socket(LIMITS);
    let tail = Bytes::from_static(b",\"t\":null}");
    wire.takes(5);
    let mut prefix = Vec::new();
    encode::frame_header(Opcode::Text, 6 + tail.len(), &mut prefix);
    prefix.extend_from_slice(b"{\"s\":1");
    assert_eq!(socket.send2(&prefix, &tail), Progress::Open);
    assert_eq!(socket.queued_bytes(), prefix.len() + tail.len() - 5);
    assert!(!socket.wants_write());
    socket.push(encode::text("second"));
    assert_eq!(socket.flush(), Progress::Open, "blocked: nothing is tried");
    assert_eq!(wire.written(), 5);
    wire.takes(usize::MAX);
    socket.writable();
    assert_eq!(wire.heard(), ["text {\"s\":1,\"t\":null}", "text second"]);
    assert!(socket.out.queue_is_released());
}

#[test]
fn a_reader_past_the_bound_is_closed_behind_the_frame_it_has_begun() {
    let (mut socket, wire) = socket(LIMITS);
    wire.takes(10);
    socket.send(&encode::text(&"x".repeat(600)));
    socket.push(encode::text(&"y".repeat(300)));
    assert!(socket.is_open());
    socket.push(encode::text(&"z".repeat(300)));
    assert_eq!(socket.end(), Some(End::Slow));
    assert_eq!(socket.flush(), Progress::Closing);
    wire.takes(usize::MAX);
    assert_eq!(socket.writable(), Progress::Closing);
    assert_eq!(wire.heard(), [format!("text {}", "x".repeat(600)), "close 4000".into()]);
    assert!(wire.is_shut());
}

#[test]
fn a_snapshot_does_not_count_and_one_frame_is_always_taken() {
    let (mut socket, wire) = socket(LIMITS);
    wire.takes(0);
    socket.out().push_snapshot(Bytes::from(vec![0; 5000]));
    socket.push(encode::text(&"x".repeat(2000)));
    assert!(socket.is_open());
    socket.push(encode::text("x"));
    assert!(!socket.is_open());
}

#[test]
fn a_reader_that_takes_nothing_for_ten_seconds_is_slow() {
    let (mut socket, wire) = socket(LIMITS);
    wire.takes(1);
    socket.send(&encode::text("hello"));
    for _ in 0..10 {
        assert_eq!(socket.tick(), Progress::Open);
    }
    assert_eq!(socket.tick(), Progress::Closing);
    assert_eq!(socket.end(), Some(End::Slow));
    let ticks = (0..20).take_while(|_| socket.tick() == Progress::Closing).count();
    assert_eq!(ticks, 4, "then it is dropped");
}

#[test]
fn a_reader_that_takes_a_byte_now_and_then_is_not_stalled() {
    let (mut socket, wire) = socket(LIMITS);
    wire.takes(1);
    socket.send(&encode::text("hello"));
    for _ in 0..5 {
        for _ in 0..9 {
            assert_eq!(socket.tick(), Progress::Open);
        }
        wire.takes(1);
        socket.writable();
    }
}

#[test]
fn a_peer_that_closes_gets_its_code_back_and_then_an_end_of_stream() {
    let (mut socket, wire) = socket(LIMITS);
    wire.arrives(&encode::masked(Opcode::Close, &encode::close_payload(1001, "bye"), MASK));
    wire.arrives(&encode::masked(Opcode::Text, b"ghost", MASK));
    assert_eq!(read(&mut socket), ["close 1001"]);
    assert_eq!(socket.end(), Some(End::Peer(1001)));
    assert_eq!(wire.heard(), ["close 1001"]);
    assert!(wire.is_shut());
    assert_eq!(socket.tick(), Progress::Closing);
    wire.ends();
    assert_eq!(socket.readable(&mut [0; 64], &mut |_, _| {}), Progress::Gone);
    assert_eq!(socket.end(), Some(End::Peer(1001)));
}

#[test]
fn our_close_waits_for_the_peers() {
    let (mut socket, wire) = socket(LIMITS);
    assert_eq!(socket.close(4004, "Authentication failed."), Progress::Closing);
    socket.push(encode::text("too late"));
    wire.arrives(&encode::masked(Opcode::Text, b"not heard", MASK));
    assert_eq!(read(&mut socket), [""; 0]);
    assert!(!wire.is_shut());
    wire.arrives(&encode::masked(Opcode::Close, &encode::close_payload(4004, ""), MASK));
    assert_eq!(read(&mut socket), ["close 4004"]);
    assert!(wire.is_shut());
    assert_eq!(wire.heard(), ["close 4004"]);
    assert_eq!(socket.end(), Some(End::Ours(4004)));
}

#[test]
fn our_close_does_not_wait_for_ever() {
    let (mut socket, _wire) = socket(LIMITS);
    socket.close(4009, "");
    let ticks = (0..20).take_while(|_| socket.tick() == Progress::Closing).count();
    assert_eq!(ticks, 4);
}

#[test]
fn a_violation_is_answered_and_what_follows_is_thrown_away() {
    let (mut socket, wire) = socket(LIMITS);
    wire.arrives(&[0x81, 3, b'a', b'b', b'c']);
    assert_eq!(read(&mut socket), [""; 0]);
    assert_eq!(socket.end(), Some(End::Violation(1002)));
    assert_eq!(wire.heard(), ["close 1002"]);
    assert!(wire.is_shut());
    for _ in 0..2000 {
        wire.arrives(&[0; 8192]);
    }
    let mut progress = Progress::Closing;
    let mut turns = 0;
    while progress == Progress::Closing && turns < 100 {
        progress = socket.readable(&mut [0; 65536], &mut |_, _| panic!("heard"));
        turns += 1;
    }
    assert_eq!(progress, Progress::Gone, "and not without end");
    assert!(turns > 5, "with others served in between");
}

#[test]
fn pongs_nobody_reads_are_bounded_and_the_newest_ping_is_answered() {
    let (mut socket, wire) = socket(LIMITS);
    wire.takes(0);
    for count in 0..20_000u32 {
        wire.arrives(&encode::masked(Opcode::Ping, &count.to_be_bytes(), MASK));
    }
    while socket.readable(&mut [0; 65536], &mut |_, _| {}) == Progress::Open && socket.wants_read()
    {
    }
    assert!(socket.queued_bytes() <= 64 * 6, "{}", socket.queued_bytes());
    wire.takes(usize::MAX);
    socket.writable();
    let heard = wire.heard_frames();
    assert_eq!(heard.len(), 65);
    assert_eq!(heard.last().unwrap()[..], 19_999u32.to_be_bytes());
}

#[test]
fn a_flood_ends_its_turn() {
    let (mut socket, wire) = socket(LIMITS);
    for _ in 0..100 {
        wire.arrives(&encode::masked(Opcode::Text, b"again", MASK));
    }
    let mut heard = 0;
    socket.readable(&mut [0; 11], &mut |_, _| heard += 1);
    assert!(heard <= READS_PER_TURN && socket.wants_read(), "{heard}");
    while socket.wants_read() {
        socket.readable(&mut [0; 11], &mut |_, _| heard += 1);
    }
    assert_eq!(heard, 100);
}

#[test]
fn idle_it_is_small_and_owns_no_heap() {
    let (mut socket, wire) = socket(LIMITS);
    wire.arrives(&encode::masked(Opcode::Ping, b"", MASK));
    read(&mut socket);
    assert!(socket.out.queue_is_released());
    assert_eq!(socket.held_bytes(), 0);
    let size = size_of::<Decoder>() + size_of::<Outbound>();
    assert!(size <= 64, "{size}");
}

proptest! {
    #[test]
    fn any_short_writes_give_the_same_stream(
        frames in prop::collection::vec((0usize..3, 0usize..200), 1..60),
        takes in prop::collection::vec(0usize..90, 1..40),
    ) {
        let limits = SocketLimits { queue_bytes: u32::MAX, ..LIMITS };
        let (mut socket, wire) = socket(limits);
        let mut expected = Vec::new();
        let mut takes = takes.into_iter().cycle();
        for (how, len) in frames {
            wire.takes(takes.next().unwrap());
            let payload: String = ('a'..='z').cycle().take(len).collect();
            let frame = encode::text(&payload);
            expected.push(format!("text {payload}"));
            match how {
                0 => socket.push(frame),
                1 => { socket.send(&frame); }
                _ => {
                    let cut = frame.len().min(11);
                    socket.send2(&frame[..cut], &frame.slice(cut..));
                }
            }
            socket.writable();
        }
        wire.takes(usize::MAX);
        socket.writable();
        prop_assert_eq!(wire.heard(), expected);
        prop_assert_eq!(socket.queued_bytes(), 0);
    }
}

const MASK: [u8; 4] = [7, 0, 200, 9];
const LIMITS: SocketLimits = SocketLimits { inbound: Limits::message(4096, 16), queue_bytes: 1000 };

fn socket(limits: SocketLimits) -> (Socket<TestWire>, TestWire) {
    let wire = TestWire::default();
    wire.takes(usize::MAX);
    (Socket::over(wire.clone(), Bytes::new(), limits), wire)
}

fn read(socket: &mut Socket<TestWire>) -> Vec<String> {
    let mut heard = Vec::new();
    socket.readable(&mut [0; 64], &mut |_, event| heard.push(show(&event)));
    heard
}

/// Both ends of a wire that takes as many bytes as the test says.
#[derive(Clone, Default)]
struct TestWire(Rc<RefCell<Ends>>);

#[derive(Default)]
struct Ends {
    inbound: VecDeque<u8>,
    outbound: Vec<u8>,
    room: usize,
    ended: bool,
    shut: bool,
}

impl TestWire {
    fn arrives(&self, bytes: &[u8]) {
        self.0.borrow_mut().inbound.extend(bytes);
    }

    fn takes(&self, room: usize) {
        self.0.borrow_mut().room = room;
    }

    fn ends(&self) {
        self.0.borrow_mut().ended = true;
    }

    fn is_shut(&self) -> bool {
        self.0.borrow().shut
    }

    fn written(&self) -> usize {
        self.0.borrow().outbound.len()
    }

    fn heard(&self) -> Vec<String> {
        self.decode(|event| show(&event))
    }

    fn heard_frames(&self) -> Vec<Vec<u8>> {
        self.decode(|event| match event {
            Event::Pong(payload) => payload.into_owned(),
            other => panic!("{other:?}"),
        })
    }

    fn decode<T>(&self, mut show: impl FnMut(Event<'_>) -> T) -> Vec<T> {
        let mut bytes = self.0.borrow().outbound.clone();
        let mut decoder = Decoder::new(Role::Client, Limits::NONE);
        let mut input = &mut bytes[..];
        let mut heard = Vec::new();
        while let Some(event) = decoder.decode(&mut input).unwrap() {
            heard.push(show(event));
        }
        heard
    }
}

impl Read for TestWire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut ends = self.0.borrow_mut();
        if ends.inbound.is_empty() {
            return if ends.ended { Ok(0) } else { Err(ErrorKind::WouldBlock.into()) };
        }
        ends.inbound.read(into)
    }
}

impl Write for TestWire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut ends = self.0.borrow_mut();
        assert!(!ends.shut, "written after the end");
        let len = bytes.len().min(ends.room);
        if len == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        ends.room -= len;
        ends.outbound.extend_from_slice(&bytes[..len]);
        Ok(len)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        self.write(&bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Wire for TestWire {
    fn shutdown_write(&self) -> io::Result<()> {
        self.0.borrow_mut().shut = true;
        Ok(())
    }
}

fn show(event: &Event<'_>) -> String {
    match event {
        Event::Text(text) => format!("text {text}"),
        Event::Close(Some(close)) => format!("close {}", close.code),
        other => format!("{other:?}"),
    }
}
