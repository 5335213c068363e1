//! `ws_echo ADDR`: echoes messages over the real codec and socket, without limits.
//!
//! It is what the Autobahn suite talks to: the production limits would refuse its 16 MiB messages
//! and 65,536 fragments. Like the server, it takes the upgrade elsewhere and then drives sockets
//! in one loop.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use mio::{Events, Poll, Token, Waker};
use proto::websocket::handshake::{self, HeadReader};
use proto::websocket::{Event, Limits, Opcode, encode};
use server::gateway::socket::{Outbound, Progress, Socket, SocketLimits};
use slab::Slab;

const WAKE: Token = Token(usize::MAX);
const SECOND: Duration = Duration::from_secs(1);
const NO_LIMITS: SocketLimits = SocketLimits { inbound: Limits::NONE, queue_bytes: u32::MAX };

fn main() -> Result<()> {
    let address = std::env::args().nth(1).context("usage: ws_echo ADDR")?;
    let listener = TcpListener::bind(&address).with_context(|| format!("cannot bind {address}"))?;
    println!("listening on {}", listener.local_addr()?);

    let poll = Poll::new()?;
    let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
    let (upgraded, arrivals) = channel();
    thread::spawn(move || run(poll, &arrivals));
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let (upgraded, waker) = (upgraded.clone(), Arc::clone(&waker));
        thread::spawn(move || -> Result<()> {
            upgraded.send(upgrade(stream)?).context("the loop has stopped")?;
            Ok(waker.wake()?)
        });
    }
    Ok(())
}

/// Answers the handshake; gives the stream on with what was read beyond it.
fn upgrade(mut stream: TcpStream) -> Result<(TcpStream, Bytes)> {
    stream.set_read_timeout(Some(10 * SECOND))?;
    let mut reader = HeadReader::default();
    let mut buffer = [0; 4096];
    let (head, rest) = loop {
        let len = stream.read(&mut buffer)?;
        anyhow::ensure!(len > 0, "closed during the handshake");
        if let Some(found) = reader.push(&buffer[..len])? {
            break found;
        }
    };
    match handshake::accept(|name| head.field(name)) {
        Ok(accept) => stream.write_all(handshake::response(&accept).as_bytes())?,
        Err(refusal) => {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")?;
            return Err(refusal.into());
        }
    }
    Ok((stream, Bytes::from(rest)))
}

fn run(mut poll: Poll, arrivals: &Receiver<(TcpStream, Bytes)>) -> Result<()> {
    let mut events = Events::with_capacity(1024);
    let mut sockets: Slab<Socket> = Slab::new();
    let mut scratch = vec![0; 64 << 10];
    let mut eager: Vec<usize> = Vec::new();
    let mut swept = Instant::now();
    loop {
        let wait = if eager.is_empty() { SECOND } else { Duration::ZERO };
        poll.poll(&mut events, Some(wait)).or_else(ignore_interrupt)?;
        while let Ok((stream, leftover)) = arrivals.try_recv() {
            let Ok(mut socket) = Socket::new(stream, leftover, NO_LIMITS) else {
                continue;
            };
            let entry = sockets.vacant_entry();
            socket.register(poll.registry(), Token(entry.key()))?;
            eager.push(entry.key());
            entry.insert(socket);
        }
        let mut turn = std::mem::take(&mut eager);
        for event in events.iter().filter(|event| event.token() != WAKE) {
            if event.is_writable()
                && let Some(socket) = sockets.get_mut(event.token().0)
            {
                socket.writable();
            }
            turn.push(event.token().0);
        }
        turn.sort_unstable();
        turn.dedup();
        for key in turn {
            let Some(socket) = sockets.get_mut(key) else {
                continue;
            };
            let progress = socket.readable(&mut scratch, &mut echo);
            if socket.wants_read() {
                eager.push(key);
            }
            if progress == Progress::Gone {
                sockets.remove(key).deregister(poll.registry()).ok();
            }
        }
        if swept.elapsed() >= SECOND {
            swept = Instant::now();
            sockets.retain(|_, socket| socket.tick() != Progress::Gone);
        }
    }
}

fn echo(out: &mut Outbound, event: Event<'_>) {
    match event {
        Event::Text(text) => out.push(encode::text(&text)),
        Event::Binary(bytes) => out.push(encode::frame(Opcode::Binary, &bytes)),
        Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
    }
}

fn ignore_interrupt(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::Interrupted { Ok(()) } else { Err(error) }
}
