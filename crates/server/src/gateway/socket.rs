//! One connection after its upgrade: a nonblocking stream, a frame decoder, and what is still to
//! be written.
//!
//! It owns no task, timer, channel or buffer, so that a shard can hold very many: reads go through
//! the shard's own buffer, shared frames are queued as (bytes, offset), and idle it owns no heap.
//!
//! How a shard drives it:
//! - `Socket::new`, `register` once (edge-triggered, both directions), then `readable` once, since
//!   frames may have come with the upgrade request;
//! - on a readable event `readable`, and again next turn while `wants_read()`;
//! - on a writable event `writable`;
//! - `send`, `send2` write through; `push`, `push2` only queue, and want one `flush` at the end
//!   of the turn;
//! - `tick` once a second;
//! - each of them answers with `Progress`: at `Closing` the session is over (`end()` says why) and
//!   the socket only needs to be driven on; at `Gone` deregister and drop it.

mod outbound;

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use bytes::Bytes;
use mio::net::TcpStream;
use proto::websocket::{self, Decoder, Event, Role};
use socket2::SockRef;

pub use outbound::{End, Outbound};
use outbound::{Phase, SLICES};

/// Reads per turn, so that a flooding peer cannot hold up its shard.
const READS_PER_TURN: usize = 16;
/// What is read and thrown away after the connection failed, so that the peer gets to see the
/// close frame instead of a reset.
const LINGER_BYTES: usize = 8 << 20;
/// The kernel doubles it. Enough for a burst, little enough for very many slow readers.
const SEND_BUFFER: usize = 64 << 10;
const RECEIVE_BUFFER: usize = 32 << 10;
/// How long the kernel may fail to deliver before it gives the connection up.
const USER_TIMEOUT: Duration = Duration::from_secs(30);

/// What a socket may hold of memory: for a message under assembly and for queued output.
#[derive(Debug, Clone, Copy)]
pub struct SocketLimits {
    pub inbound: websocket::Limits,
    /// Past this many queued bytes a reader counts as slow. One frame is always taken.
    pub queue_bytes: u32,
}

/// Where a socket stands after it was driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    Open,
    /// The session is over; the socket is finishing its close handshake.
    Closing,
    /// Nothing more will happen: deregister and drop it.
    Gone,
}

/// The stream below the frames. TCP now; a TLS stream keeps the same three promises.
pub trait Wire: Read + Write {
    fn shutdown_write(&self) -> io::Result<()>;
}

impl Wire for TcpStream {
    fn shutdown_write(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

#[derive(Debug)]
pub struct Socket<S = TcpStream> {
    stream: S,
    decoder: Decoder,
    out: Outbound,
    /// Bytes that came with the upgrade request; gone after the first read.
    leftover: Option<Box<Bytes>>,
    wants_read: bool,
}

/// Bounds what the kernel keeps per connection. Accepted sockets inherit it.
pub fn bound_kernel_memory(listener: &std::net::TcpListener) -> io::Result<()> {
    let listener = SockRef::from(listener);
    listener.set_send_buffer_size(SEND_BUFFER)?;
    listener.set_recv_buffer_size(RECEIVE_BUFFER)
}

impl Socket {
    /// Takes over a connection after the 101 answer was sent. `leftover` is what the HTTP parser
    /// had read beyond the request.
    pub fn new(
        stream: std::net::TcpStream,
        leftover: Bytes,
        limits: SocketLimits,
    ) -> io::Result<Socket> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let options = SockRef::from(&stream);
        options.set_send_buffer_size(SEND_BUFFER)?;
        #[cfg(target_os = "linux")]
        options.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
        Ok(Socket::over(TcpStream::from_std(stream), leftover, limits))
    }

    pub fn register(&mut self, registry: &mio::Registry, token: mio::Token) -> io::Result<()> {
        let both = mio::Interest::READABLE | mio::Interest::WRITABLE;
        registry.register(&mut self.stream, token, both)
    }

    pub fn deregister(&mut self, registry: &mio::Registry) -> io::Result<()> {
        registry.deregister(&mut self.stream)
    }

    pub fn peer_addr(&self) -> io::Result<std::net::SocketAddr> {
        self.stream.peer_addr()
    }
}

impl<S: Wire> Socket<S> {
    pub fn over(stream: S, leftover: Bytes, limits: SocketLimits) -> Socket<S> {
        Socket {
            stream,
            decoder: Decoder::new(Role::Server, limits.inbound),
            out: Outbound::new(limits.queue_bytes),
            wants_read: !leftover.is_empty(),
            leftover: (!leftover.is_empty()).then(|| Box::new(leftover)),
        }
    }

    /// Reads what has arrived and hands over each complete message, with the queue in which to put
    /// answers. Pings are answered already. `scratch` is the shard's read buffer.
    pub fn readable(
        &mut self,
        scratch: &mut [u8],
        on: &mut impl FnMut(&mut Outbound, Event<'_>),
    ) -> Progress {
        self.wants_read = false;
        if let Some(leftover) = self.leftover.take() {
            for part in leftover.chunks(scratch.len()) {
                scratch[..part.len()].copy_from_slice(part);
                self.decode(&mut scratch[..part.len()], on);
            }
        }
        for _ in 0..READS_PER_TURN {
            if self.out.phase == Phase::Gone {
                return Progress::Gone;
            }
            match self.stream.read(scratch) {
                Ok(0) => return self.end_of_stream(),
                Ok(len) => self.decode(&mut scratch[..len], on),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return self.flush(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return self.lose(),
            }
            // Answers leave between reads, so that a busy peer finds room for more of them.
            self.flush();
        }
        self.wants_read = true;
        self.progress()
    }

    /// The stream takes bytes again.
    pub fn writable(&mut self) -> Progress {
        self.out.unblock();
        self.flush()
    }

    /// Writes the queue until it is empty or the stream takes no more.
    pub fn flush(&mut self) -> Progress {
        while self.out.may_write() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = self.out.gather(&mut slices);
            match self.stream.write_vectored(&slices[..count]) {
                Ok(0) => return self.lose(),
                Ok(written) => self.out.advance(written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.out.block(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return self.lose(),
            }
        }
        if self.out.phase == Phase::Finishing && self.out.queued_bytes() == 0 {
            if self.stream.shutdown_write().is_err() {
                return self.lose();
            }
            self.out.linger();
        }
        self.progress()
    }

    /// Queues a shared frame, or several joined ones.
    pub fn push(&mut self, frames: Bytes) {
        self.out.push(frames);
    }

    /// Queues a frame made of its own beginning and a shared tail.
    pub fn push2(&mut self, prefix: &[u8], tail: Bytes) {
        self.out.push2(prefix, tail);
    }

    /// Writes a shared frame through, without a queue or a reference count if the stream takes it.
    pub fn send(&mut self, frames: &Bytes) -> Progress {
        self.send2(&[], frames)
    }

    /// The same for a frame made of its own beginning and a shared tail: one vectored write.
    pub fn send2(&mut self, prefix: &[u8], tail: &Bytes) -> Progress {
        if self.out.phase != Phase::Open || self.out.queued_bytes() > 0 {
            self.out.push2(prefix, tail.clone());
            return self.flush();
        }
        let written = match self.stream.write_vectored(&[IoSlice::new(prefix), IoSlice::new(tail)])
        {
            Ok(written) if written == prefix.len() + tail.len() => return Progress::Open,
            Ok(written) => written,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) if error.kind() == ErrorKind::Interrupted => 0,
            Err(_) => return self.lose(),
        };
        self.out.push2(prefix, tail.clone());
        self.out.advance(written);
        self.flush()
    }

    /// Starts the close handshake behind what is queued; nothing can be queued after it.
    pub fn close(&mut self, code: u16, reason: &str) -> Progress {
        self.out.close(code, reason);
        self.flush()
    }

    /// To be called once a second: notices readers that take nothing and closes that never end.
    pub fn tick(&mut self) -> Progress {
        self.out.tick();
        self.flush()
    }

    /// The queue, for answers that depend on nothing just read.
    pub fn out(&mut self) -> &mut Outbound {
        &mut self.out
    }

    pub fn queued_bytes(&self) -> usize {
        self.out.queued_bytes()
    }

    /// A flush would try to write (it is not waiting for a writable event).
    pub fn wants_write(&self) -> bool {
        self.out.may_write()
    }

    /// There may be more to read although no event will say so.
    pub fn wants_read(&self) -> bool {
        self.wants_read
    }

    pub fn is_open(&self) -> bool {
        self.out.phase == Phase::Open
    }

    /// Why the session is over, once it is.
    pub fn end(&self) -> Option<End> {
        self.out.end
    }

    /// Heap bytes held for an incomplete message; queued output is shared and counted apart.
    pub fn held_bytes(&self) -> usize {
        self.decoder.held_bytes()
    }

    /// What the peer may send from its next frame on.
    pub fn set_inbound_limits(&mut self, limits: websocket::Limits) {
        self.decoder.set_limits(limits);
    }

    fn decode(&mut self, bytes: &mut [u8], on: &mut impl FnMut(&mut Outbound, Event<'_>)) {
        if matches!(self.out.phase, Phase::Finishing | Phase::Lingering | Phase::Gone) {
            self.out.discard(bytes.len(), LINGER_BYTES);
            return;
        }
        let mut input = bytes;
        loop {
            match self.decoder.decode(&mut input) {
                Ok(Some(event)) => self.out.hear(event, on),
                Ok(None) => return,
                Err(violation) => return self.out.fail(violation),
            }
        }
    }

    fn end_of_stream(&mut self) -> Progress {
        // The peer may have closed its half only; what is queued, a close frame at least, may
        // still reach it.
        self.flush();
        self.lose()
    }

    fn lose(&mut self) -> Progress {
        self.out.lose();
        Progress::Gone
    }

    fn progress(&self) -> Progress {
        match self.out.phase {
            Phase::Open => Progress::Open,
            Phase::Closing | Phase::Finishing | Phase::Lingering => Progress::Closing,
            Phase::Gone => Progress::Gone,
        }
    }
}

#[cfg(test)]
mod tests;
