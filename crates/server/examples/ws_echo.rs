//! `ws_echo ADDR`: echoes messages over the real codec and socket, without limits.
//!
//! It is what the Autobahn suite talks to: the production limits would refuse its 16 MiB messages
//! and 65,536 fragments. Like the server, it takes the upgrade elsewhere and then drives sockets
//! in the loop that the shards run.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use mio::Token;
use proto::websocket::handshake::{self, HeadReader};
use proto::websocket::{Event, Limits, Opcode, encode};
use server::gateway::readiness::{Readiness, Turn};
use server::gateway::socket::{Outbound, Progress, Socket, SocketLimits};
use slab::Slab;

const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
const NO_LIMITS: SocketLimits = SocketLimits { inbound: Limits::NONE, queue_bytes: u32::MAX };

fn main() -> Result<()> {
    let address = std::env::args().nth(1).context("usage: ws_echo ADDR")?;
    let listener = TcpListener::bind(&address).with_context(|| format!("cannot bind {address}"))?;
    println!("listening on {}", listener.local_addr()?);

    let readiness = Readiness::new()?;
    let waker = readiness.waker();
    let (upgraded, arrivals) = channel();
    thread::spawn(move || run(readiness, &arrivals));
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
    stream.set_read_timeout(Some(HANDSHAKE_WITHIN))?;
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

fn run(mut readiness: Readiness, arrivals: &Receiver<(TcpStream, Bytes)>) -> Result<()> {
    let mut sockets: Slab<Socket> = Slab::new();
    let mut scratch = vec![0; 64 << 10];
    let mut turn = Turn::new();
    loop {
        readiness.wait(false, &mut turn)?;
        while let Ok((stream, leftover)) = arrivals.try_recv() {
            let Ok(mut socket) = Socket::new(stream, leftover, NO_LIMITS) else {
                continue;
            };
            let entry = sockets.vacant_entry();
            socket.register(readiness.registry(), Token(entry.key()))?;
            readiness.again(entry.key());
            entry.insert(socket);
        }
        for &at in &turn.writable {
            sockets.get_mut(at).map(Socket::writable);
        }
        for &at in &turn.readable {
            let Some(socket) = sockets.get_mut(at) else {
                continue;
            };
            let progress = socket.readable(&mut scratch, &mut echo);
            if socket.wants_read() {
                readiness.again(at);
            }
            if progress == Progress::Gone {
                sockets.remove(at).deregister(readiness.registry()).ok();
            }
        }
        if turn.sweep {
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
