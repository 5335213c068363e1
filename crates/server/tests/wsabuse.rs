//! Hostile WebSocket peers over loopback, against the socket with production-like limits.
//!
//! Each gets the right close code, and none makes the server hold more than its bound.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytes::Bytes;
use mio::{Events, Poll, Token};
use proto::websocket::{Decoder, Event, Limits, Opcode, Role, encode};
use server::gateway::socket::{End, Outbound, Progress, Socket, SocketLimits};

#[test]
fn a_lying_length_is_refused_before_its_payload() {
    let frame = [0x82, 0x80 | 127, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4];
    assert_refused(&frame, 1009);
    let longest = [0x82, 0x80 | 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4];
    assert_refused(&longest, 1009);
}

#[test]
fn a_negative_length_is_refused() {
    let frame = [0x82, 0x80 | 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4];
    assert_refused(&frame, 1002);
}

#[test]
fn a_length_just_past_the_limit_is_refused_and_the_limit_itself_is_not() {
    assert_refused(&masked(0x82, &vec![7; 65_537]), 1009);
    let (mut peer, server) = connect();
    peer.write_all(&masked(0x82, &vec![7; 65_536])).unwrap();
    peer.write_all(&masked(0x88, &1000u16.to_be_bytes())).unwrap();
    assert_eq!(close_code(peer), Some(1000));
    let report = server.join().unwrap();
    assert_eq!((report.end, report.heard), (Some(End::Peer(1000)), 1));
}

#[test]
fn a_big_message_is_refused_while_it_is_still_coming() {
    assert_refused(&masked(0x82, &vec![b'x'; 64 << 20]), 1009);
}

#[test]
fn a_message_of_endless_fragments_is_refused() {
    let mut flood = masked(0x02, b"x");
    flood.extend(masked(0x00, &[b'x'; 60]).repeat(200_000));
    assert_refused(&flood, 1009);
}

#[test]
fn empty_fragments_are_counted() {
    let mut flood = masked(0x01, b"");
    flood.extend(masked(0x00, b"").repeat(200_000));
    assert_refused(&flood, 1009);
}

#[test]
fn frames_that_break_the_protocol_are_refused() {
    assert_refused(&[0x81, 2, b'h', b'i'], 1002);
    for rsv in [0x40, 0x20, 0x10] {
        assert_refused(&masked(0x81 | rsv, b"hi"), 1002);
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        assert_refused(&masked(0x80 | opcode, b"hi"), 1002);
    }
    for control in [0x88, 0x89, 0x8a] {
        assert_refused(&masked(control, &[b'x'; 126]), 1002);
        assert_refused(&masked(control & 0x0f, b""), 1002);
    }
    assert_refused(&masked(0x80, b"nothing to continue"), 1002);
    assert_refused(&[masked(0x01, b"a"), masked(0x81, b"b")].concat(), 1002);
    assert_refused(&masked(0x88, b"x"), 1002);
    for code in [0u16, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535] {
        assert_refused(&masked(0x88, &code.to_be_bytes()), 1002);
    }
}

#[test]
fn text_that_is_not_utf8_is_refused_before_the_frame_ends() {
    let long = masked(0x81, &[&b"fine so far \xff"[..], &[b'x'; 1000]].concat());
    assert_refused(&long[..40], 1007);
    assert_refused(&[masked(0x01, b"\xed"), masked(0x00, b"\xa0")].concat(), 1007);
    assert_refused(&masked(0x81, b"cut \xe2\x82"), 1007);
    assert_refused(&masked(0x88, b"\x03\xe8\xc0\xaf"), 1007);
}

#[test]
fn pings_whose_pongs_nobody_reads_stay_bounded() {
    let (mut peer, server) = connect();
    peer.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
    let flood = masked(0x89, &[b'p'; 125]).repeat(1000);
    let mut sent = 0usize;
    while sent < 32 << 20 {
        match peer.write(&flood) {
            Ok(len) => sent += len,
            Err(_) => break,
        }
    }
    assert!(sent >= 32 << 20, "the server stopped reading after {sent} bytes");
    drop(peer);
    let report = server.join().unwrap();
    assert!(report.peak_queued <= 17 << 10, "{report:?}");
    assert!(report.peak_held <= 1 << 10, "{report:?}");
}

#[test]
fn a_reader_that_never_reads_is_closed_at_its_bound() {
    let (mut peer, server) = connect();
    peer.write_all(&masked(0x81, b"flood me")).unwrap();
    let report = server.join().unwrap();
    assert_eq!(report.end, Some(End::Slow));
    assert!(report.peak_queued <= QUEUE as usize + FLOOD_FRAME, "{report:?}");
    // Frames that were begun end; then comes a code after which clients resume.
    assert_eq!(close_code(peer), Some(4000));
}

#[test]
fn a_peer_that_vanishes_is_noticed() {
    let (mut peer, server) = connect();
    peer.write_all(&masked(0x81, &[b'x'; 500])[..300]).unwrap();
    drop(peer);
    let report = server.join().unwrap();
    assert_eq!((report.end, report.heard), (Some(End::Lost), 0));
}

#[test]
fn a_half_message_costs_what_it_sent_and_not_what_it_claims() {
    let (mut peer, server) = connect();
    peer.write_all(&masked(0x82, &vec![7; 60_000])[..100]).unwrap();
    thread::sleep(Duration::from_millis(100));
    drop(peer);
    let report = server.join().unwrap();
    assert!(report.peak_held < 1000, "{report:?}");
}

const QUEUE: u32 = 256 << 10;
const MESSAGE: u32 = 64 << 10;
const FLOOD_FRAME: usize = 4004;
const LIMITS: SocketLimits =
    SocketLimits { inbound: Limits::message(MESSAGE, 1024), queue_bytes: QUEUE };

#[derive(Debug, Default)]
struct Report {
    end: Option<End>,
    heard: usize,
    peak_held: usize,
    peak_queued: usize,
}

#[track_caller]
fn assert_refused(bytes: &[u8], code: u16) {
    let (mut peer, server) = connect();
    // The server may hang up before everything is sent; what it said is still there to read.
    let _ = peer.write_all(bytes);
    assert_eq!(close_code(peer), Some(code), "{:?}", &bytes[..bytes.len().min(20)]);
    let report = server.join().unwrap();
    assert_eq!(report.end, Some(End::Violation(code)));
    assert_eq!(report.heard, 0);
    assert!(report.peak_held <= 2 * MESSAGE as usize + 1024, "{report:?}");
}

fn connect() -> (TcpStream, JoinHandle<Report>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    server::gateway::socket::bound_kernel_memory(&listener).unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    peer.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let (stream, _) = listener.accept().unwrap();
    (peer, thread::spawn(move || serve(stream)))
}

/// A shard with one socket.
fn serve(stream: TcpStream) -> Report {
    let mut poll = Poll::new().unwrap();
    let mut socket = Socket::new(stream, Bytes::new(), LIMITS).unwrap();
    socket.register(poll.registry(), Token(0)).unwrap();
    let mut events = Events::with_capacity(8);
    let mut scratch = vec![0; 64 << 10];
    let mut report = Report::default();
    let mut ticked = Instant::now();
    let mut progress = Progress::Open;
    while progress != Progress::Gone {
        let wait = if socket.wants_read() { 0 } else { 50 };
        poll.poll(&mut events, Some(Duration::from_millis(wait))).unwrap();
        if events.iter().any(|event| event.is_writable()) {
            socket.writable();
        }
        progress = socket.readable(&mut scratch, &mut |out, event| {
            if let Event::Text(_) | Event::Binary(_) = &event {
                report.heard += 1;
            }
            if event == Event::Text("flood me".into()) {
                flood(out);
            }
            report.peak_queued = report.peak_queued.max(out.queued_bytes());
        });
        report.peak_held = report.peak_held.max(socket.held_bytes());
        if ticked.elapsed() >= Duration::from_secs(1) {
            ticked = Instant::now();
            progress = socket.tick();
        }
    }
    report.end = socket.end();
    report
}

fn flood(out: &mut Outbound) {
    let frame = encode::text(&"x".repeat(FLOOD_FRAME - 4));
    while out.is_open() {
        out.push(frame.clone());
    }
}

/// Reads to the end; the code of the close frame on the way, if there is one.
fn close_code(mut peer: TcpStream) -> Option<u16> {
    let mut decoder = Decoder::new(Role::Client, Limits::NONE);
    let mut code = None;
    let mut buffer = vec![0; 64 << 10];
    loop {
        let len = match peer.read(&mut buffer) {
            Ok(0) | Err(_) => return code,
            Ok(len) => len,
        };
        let mut input = &mut buffer[..len];
        while let Some(event) = decoder.decode(&mut input).unwrap() {
            if let Event::Close(Some(close)) = event {
                code = Some(close.code);
            }
        }
    }
}

/// A masked frame with any first byte.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = encode::masked(Opcode::Text, payload, [0xa5, 0x01, 0x00, 0x3c]);
    frame[0] = first;
    frame
}
