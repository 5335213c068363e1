//! WebSocket frames in and out, for both roles, as a pure machine.
//!
//! The usual crates keep a buffer per connection and cannot share an encoded frame; this one holds
//! heap only while a frame or message is incomplete, and unmasks in the reader's own buffer, so
//! that ten thousand idle sockets cost what their structs cost.
//! <https://www.rfc-editor.org/rfc/rfc6455>

pub mod close_code;
pub mod encode;
pub mod handshake;
mod utf8;

use std::borrow::Cow;
use std::fmt;
use std::mem;

use utf8::Text;

/// The longest header: two bytes, a 64-bit length, a mask.
const MAX_HEADER: usize = 14;
/// The longest payload of a control frame (RFC 6455, 5.5).
pub const MAX_CONTROL: usize = 125;

/// Which end of the connection is decoding. Frames for a server are masked, for a client never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Server,
    Client,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

/// What a peer may send before it is refused with 1009. `u32::MAX` is "no limit" in practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Payload bytes of one data frame.
    pub frame: u32,
    /// Payload bytes of one message over all its frames.
    pub message: u32,
    /// Frames of one message; it bounds floods of empty fragments.
    pub fragments: u32,
}

impl Limits {
    pub const NONE: Limits = Limits { frame: u32::MAX, message: u32::MAX, fragments: u32::MAX };

    /// One size for frames and messages: a frame may be as long as the longest message.
    pub const fn message(bytes: u32, fragments: u32) -> Limits {
        Limits { frame: bytes, message: bytes, fragments }
    }
}

/// What a peer said. Borrowed from the read buffer when it arrived in one piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    Text(Cow<'a, str>),
    Binary(Cow<'a, [u8]>),
    Ping(Cow<'a, [u8]>),
    Pong(Cow<'a, [u8]>),
    /// The last event: what follows it on the wire is ignored.
    Close(Option<Close<'a>>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close<'a> {
    pub code: u16,
    pub reason: Cow<'a, str>,
}

/// Why a connection must be failed. Nothing decodes after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    Protocol(&'static str),
    InvalidUtf8,
    TooBig,
}

impl Violation {
    pub const fn close_code(self) -> u16 {
        match self {
            Violation::Protocol(_) => close_code::PROTOCOL_ERROR,
            Violation::InvalidUtf8 => close_code::INVALID_PAYLOAD,
            Violation::TooBig => close_code::TOO_BIG,
        }
    }

    pub const fn reason(self) -> &'static str {
        match self {
            Violation::Protocol(reason) => reason,
            Violation::InvalidUtf8 => "text is not UTF-8",
            Violation::TooBig => "message too big",
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl std::error::Error for Violation {}

/// Bytes in, events out. Idle it is 32 bytes and owns no heap.
#[derive(Debug)]
pub struct Decoder {
    partial: Option<Box<Partial>>,
    limits: Limits,
    role: Role,
    over: bool,
}

/// What is kept of a frame or message between two reads.
#[derive(Debug, Default)]
struct Partial {
    header: [u8; MAX_HEADER],
    header_len: u8,
    frame: Option<Frame>,
    control: Vec<u8>,
    message: Option<Message>,
}

/// A frame whose header is complete.
#[derive(Debug, Clone, Copy)]
struct Frame {
    opcode: Opcode,
    fin: bool,
    mask: [u8; 4],
    /// Payload bytes that have not been seen yet.
    left: usize,
}

/// A data message under assembly.
#[derive(Debug)]
struct Message {
    body: Body,
    fragments: u32,
}

#[derive(Debug)]
enum Body {
    Text(Text),
    Binary(Vec<u8>),
}

impl Decoder {
    pub fn new(role: Role, limits: Limits) -> Decoder {
        Decoder { partial: None, limits, role, over: false }
    }

    /// Takes effect with the next frame header.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Takes bytes off the front of `input` until one event is complete; `None` when all bytes are
    /// used up. Call it until then:
    ///
    /// ```
    /// # use proto::websocket::{Decoder, Limits, Role};
    /// # let mut decoder = Decoder::new(Role::Client, Limits::NONE);
    /// # let mut buffer = [0x81, 2, b'h', b'i'];
    /// let mut input = &mut buffer[..];
    /// while let Some(event) = decoder.decode(&mut input)? {
    ///     println!("{event:?}");
    /// }
    /// # Ok::<(), proto::websocket::Violation>(())
    /// ```
    pub fn decode<'a>(&mut self, input: &mut &'a mut [u8]) -> Result<Option<Event<'a>>, Violation> {
        if self.over {
            *input = &mut [];
            return Ok(None);
        }
        let result = self.next_event(input);
        if matches!(result, Err(_) | Ok(Some(Event::Close(_)))) {
            self.over = true;
            self.partial = None;
            *input = &mut [];
        }
        result
    }

    /// Heap bytes held for an incomplete frame or message.
    pub fn held_bytes(&self) -> usize {
        let Some(partial) = &self.partial else {
            return 0;
        };
        let message = match &partial.message {
            Some(Message { body: Body::Text(text), .. }) => text.capacity(),
            Some(Message { body: Body::Binary(bytes), .. }) => bytes.capacity(),
            None => 0,
        };
        size_of::<Partial>() + partial.control.capacity() + message
    }

    fn next_event<'a>(&mut self, input: &mut &'a mut [u8]) -> Result<Option<Event<'a>>, Violation> {
        loop {
            let resumed = self.partial.as_mut().and_then(|partial| partial.frame.take());
            let fresh = resumed.is_none();
            let frame = match resumed {
                Some(frame) => frame,
                None => match self.header(input)? {
                    Some(frame) => frame,
                    None => return Ok(None),
                },
            };
            let payload = take_front(input, frame.left.min(input.len()));
            unmask(payload, frame.mask);
            let rest = frame.left - payload.len();
            let piece = Piece { fresh, whole: rest == 0, payload };
            let seen = piece.payload.len();
            let event = match frame.opcode {
                Opcode::Text | Opcode::Binary | Opcode::Continuation => self.data(frame, piece)?,
                Opcode::Close | Opcode::Ping | Opcode::Pong => self.control(frame, piece)?,
            };
            if rest > 0 {
                let mut mask = frame.mask;
                mask.rotate_left(seen % 4);
                self.partial().frame = Some(Frame { mask, left: rest, ..frame });
                return Ok(None);
            }
            self.settle();
            if event.is_some() {
                return Ok(event);
            }
        }
    }

    fn partial(&mut self) -> &mut Partial {
        self.partial.get_or_insert_default()
    }

    /// Gives the heap back as soon as nothing is incomplete.
    fn settle(&mut self) {
        if self.partial.as_ref().is_some_and(|partial| partial.message.is_none()) {
            self.partial = None;
        }
    }

    fn data<'a>(&mut self, frame: Frame, piece: Piece<'a>) -> Result<Option<Event<'a>>, Violation> {
        let alone = self.partial.as_ref().is_none_or(|partial| partial.message.is_none());
        if alone && frame.fin && piece.fresh && piece.whole {
            return Ok(Some(match frame.opcode {
                Opcode::Text => match simdutf8::basic::from_utf8(piece.payload) {
                    Ok(text) => Event::Text(Cow::Borrowed(text)),
                    Err(_) => return Err(Violation::InvalidUtf8),
                },
                _ => Event::Binary(Cow::Borrowed(piece.payload)),
            }));
        }
        let partial = self.partial();
        let message = partial.message.get_or_insert_with(|| Message::new(frame.opcode));
        message.fragments += u32::from(piece.fresh);
        match &mut message.body {
            Body::Text(text) => text.push(piece.payload)?,
            Body::Binary(bytes) => bytes.extend_from_slice(piece.payload),
        }
        if !(piece.whole && frame.fin) {
            return Ok(None);
        }
        Ok(match partial.message.take().map(|message| message.body) {
            Some(Body::Text(text)) => Some(Event::Text(Cow::Owned(text.finish()?))),
            Some(Body::Binary(bytes)) => Some(Event::Binary(Cow::Owned(bytes))),
            None => None,
        })
    }

    fn control<'a>(
        &mut self,
        frame: Frame,
        piece: Piece<'a>,
    ) -> Result<Option<Event<'a>>, Violation> {
        let payload = if piece.fresh && piece.whole {
            Cow::Borrowed(&*piece.payload)
        } else {
            let kept = &mut self.partial().control;
            kept.extend_from_slice(piece.payload);
            if !piece.whole {
                return Ok(None);
            }
            Cow::Owned(mem::take(kept))
        };
        Ok(Some(match frame.opcode {
            Opcode::Ping => Event::Ping(payload),
            Opcode::Pong => Event::Pong(payload),
            _ => Event::Close(close(payload)?),
        }))
    }

    /// The next header; its bytes are kept when the read ended inside it.
    fn header(&mut self, input: &mut &mut [u8]) -> Result<Option<Frame>, Violation> {
        if self.partial.as_ref().is_none_or(|partial| partial.header_len == 0) {
            if let Some((frame, len)) = self.parse(input)? {
                take_front(input, len);
                return Ok(Some(frame));
            }
            if input.is_empty() {
                return Ok(None);
            }
        }
        while !input.is_empty() {
            let byte = take_front(input, 1)[0];
            let partial = self.partial();
            partial.header[usize::from(partial.header_len)] = byte;
            partial.header_len += 1;
            let (header, len) = (partial.header, usize::from(partial.header_len));
            if let Some((frame, _)) = self.parse(&header[..len])? {
                self.partial().header_len = 0;
                return Ok(Some(frame));
            }
        }
        Ok(None)
    }

    /// Reads a header and judges it byte by byte, so that the verdict does not depend on how the
    /// bytes were cut. A claimed length is compared with the limits and never allocated.
    fn parse(&self, bytes: &[u8]) -> Result<Option<(Frame, usize)>, Violation> {
        let Some(&first) = bytes.first() else {
            return Ok(None);
        };
        let opcode = self.opcode(first)?;
        let Some(&second) = bytes.get(1) else {
            return Ok(None);
        };
        let masked = second & 0x80 != 0;
        match self.role {
            Role::Server if !masked => return Err(Violation::Protocol("frame is not masked")),
            Role::Client if masked => return Err(Violation::Protocol("frame is masked")),
            Role::Server | Role::Client => {}
        }
        let short = second & 0x7f;
        if opcode.is_control() && usize::from(short) > MAX_CONTROL {
            return Err(Violation::Protocol("control frame too long"));
        }
        let Some((len, at)) = length(short, bytes)? else {
            return Ok(None);
        };
        let left = self.judge_size(opcode, len)?;
        let mut frame = Frame { opcode, fin: first & 0x80 != 0, mask: [0; 4], left };
        if !masked {
            return Ok(Some((frame, at)));
        }
        let Some(mask) = bytes.get(at..at + 4) else {
            return Ok(None);
        };
        frame.mask.copy_from_slice(mask);
        Ok(Some((frame, at + 4)))
    }

    fn opcode(&self, first: u8) -> Result<Opcode, Violation> {
        if first & 0x70 != 0 {
            return Err(Violation::Protocol("reserved bit set"));
        }
        let fin = first & 0x80 != 0;
        let opcode = match first & 0x0f {
            0 => Opcode::Continuation,
            1 => Opcode::Text,
            2 => Opcode::Binary,
            8 => Opcode::Close,
            9 => Opcode::Ping,
            10 => Opcode::Pong,
            _ => return Err(Violation::Protocol("unknown opcode")),
        };
        let assembling = self.message().is_some();
        match opcode {
            Opcode::Continuation if !assembling => {
                Err(Violation::Protocol("continuation without a message"))
            }
            Opcode::Text | Opcode::Binary if assembling => {
                Err(Violation::Protocol("message inside a message"))
            }
            Opcode::Close | Opcode::Ping | Opcode::Pong if !fin => {
                Err(Violation::Protocol("fragmented control frame"))
            }
            _ => Ok(opcode),
        }
    }

    fn judge_size(&self, opcode: Opcode, len: u64) -> Result<usize, Violation> {
        let (held, fragments) = match self.message() {
            Some(message) => (message.len() as u64, message.fragments),
            None => (0, 0),
        };
        let data = !opcode.is_control();
        let too_long = len > u64::from(self.limits.frame)
            || held.saturating_add(len) > u64::from(self.limits.message);
        if data && (too_long || fragments >= self.limits.fragments) {
            return Err(Violation::TooBig);
        }
        usize::try_from(len).map_err(|_| Violation::TooBig)
    }

    fn message(&self) -> Option<&Message> {
        self.partial.as_ref()?.message.as_ref()
    }
}

/// What the current read holds of a frame's payload, already unmasked.
struct Piece<'a> {
    /// Nothing of this frame's payload came before.
    fresh: bool,
    /// Nothing of it is still to come.
    whole: bool,
    payload: &'a mut [u8],
}

impl Opcode {
    pub const fn is_control(self) -> bool {
        matches!(self, Opcode::Close | Opcode::Ping | Opcode::Pong)
    }
}

impl Message {
    fn new(opcode: Opcode) -> Message {
        let body = match opcode {
            Opcode::Text => Body::Text(Text::default()),
            _ => Body::Binary(Vec::new()),
        };
        Message { body, fragments: 0 }
    }

    fn len(&self) -> usize {
        match &self.body {
            Body::Text(text) => text.len(),
            Body::Binary(bytes) => bytes.len(),
        }
    }
}

/// The payload length and where the header goes on. Only the shortest form is legal, and a length
/// has 63 bits (RFC 6455, 5.2).
fn length(short: u8, bytes: &[u8]) -> Result<Option<(u64, usize)>, Violation> {
    let at = match short {
        126 => 4,
        127 => 10,
        _ => return Ok(Some((u64::from(short), 2))),
    };
    let Some(extended) = bytes.get(2..at) else {
        return Ok(None);
    };
    let len = extended.iter().fold(0u64, |len, byte| len << 8 | u64::from(*byte));
    let shortest = if at == 4 { len > 125 } else { len > 0xffff };
    if len > i64::MAX as u64 || !shortest {
        return Err(Violation::Protocol("bad length"));
    }
    Ok(Some((len, at)))
}

fn close(payload: Cow<'_, [u8]>) -> Result<Option<Close<'_>>, Violation> {
    let code = match *payload {
        [] => return Ok(None),
        [_] => return Err(Violation::Protocol("close code is cut off")),
        [high, low, ..] => u16::from_be_bytes([high, low]),
    };
    if !close_code::may_be_sent(code) {
        return Err(Violation::Protocol("close code may not be sent"));
    }
    let reason = match payload {
        Cow::Borrowed(bytes) => match simdutf8::basic::from_utf8(&bytes[2..]) {
            Ok(reason) => Cow::Borrowed(reason),
            Err(_) => return Err(Violation::InvalidUtf8),
        },
        Cow::Owned(bytes) => match String::from_utf8(bytes[2..].to_vec()) {
            Ok(reason) => Cow::Owned(reason),
            Err(_) => return Err(Violation::InvalidUtf8),
        },
    };
    Ok(Some(Close { code, reason }))
}

fn take_front<'a>(input: &mut &'a mut [u8], len: usize) -> &'a mut [u8] {
    let (front, rest) = mem::take(input).split_at_mut(len);
    *input = rest;
    front
}

/// Masks or unmasks in place (the operation is its own inverse), a word at a time.
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    if mask == [0; 4] {
        return;
    }
    let [a, b, c, d] = mask;
    let word = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let mut words = payload.chunks_exact_mut(8);
    for chunk in &mut words {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(chunk);
        chunk.copy_from_slice(&(u64::from_ne_bytes(bytes) ^ word).to_ne_bytes());
    }
    for (byte, mask) in words.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests;
