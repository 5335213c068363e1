//! An event ready to be told: encoded at most once per shape, and framed once for all sessions that
//! share its number.
//!
//! <https://discord.com/developers/docs/events/gateway#sending-events>

use std::sync::{Arc, OnceLock};

use bytes::{Bytes, BytesMut};
use domain::bus::{Audience, Event, Published};
use proto::{
    Id,
    gateway::{Dispatch, Shape, session},
    marker,
    websocket::{Opcode, encode},
};

/// Shared numbers between two events: room for what only one session is told in between, so that
/// every `s` of a session is greater than the one before.
pub const STEP: u64 = 256;

#[derive(Debug)]
pub struct Parcel {
    pub published: Arc<Published>,
    frames: [OnceLock<Option<Bytes>>; 4],
}

impl Parcel {
    pub fn new(published: Arc<Published>) -> Self {
        Self { published, frames: Default::default() }
    }

    /// The shared number of its frames.
    pub fn s(&self) -> u64 {
        self.published.number * STEP
    }

    pub fn dispatch(&self) -> Option<(&Audience, &Dispatch)> {
        match &self.published.event {
            Event::Dispatch(audience, dispatch) => Some((audience, dispatch)),
            Event::LoginsRevoked(_) | Event::IntentsTaken(_) => None,
        }
    }

    /// The whole WebSocket frame, for all sessions of this shape that share numbers.
    pub fn frame(&self, shape: Shape) -> Option<Bytes> {
        let make = || self.published.tail(shape).map(|tail| text_frame(self.s(), &tail));
        self.frames[shape.index()].get_or_init(make).clone()
    }

    /// Worth nothing a moment later: the first to be dropped for a slow reader.
    pub fn is_ephemeral(&self) -> bool {
        let dispatch = self.dispatch().map(|(_, dispatch)| dispatch);
        matches!(dispatch, Some(Dispatch::TypingStart(_) | Dispatch::PresenceUpdate(_)))
    }
}

/// Whether somebody gets the content of a message without having asked for all content: of their
/// own, of those that mention them, and of direct messages.
pub fn is_entitled(dispatch: &Dispatch, user: Id<marker::User>) -> bool {
    let (Dispatch::MessageCreate(message) | Dispatch::MessageUpdate(message)) = dispatch else {
        return false;
    };
    message.guild_id.is_none()
        || message.author.id == user
        || message.mentions.iter().any(|mentioned| mentioned.id == user)
}

/// A dispatch as one frame.
pub fn text_frame(s: u64, tail: &[u8]) -> Bytes {
    let prefix = session::prefix(s);
    let len = prefix.len() + tail.len();
    let mut frame = BytesMut::with_capacity(encode::MAX_SERVER_HEADER + len);
    encode::frame_header(Opcode::Text, len, &mut frame);
    frame.extend_from_slice(prefix.as_bytes());
    frame.extend_from_slice(tail);
    frame.freeze()
}

/// The own beginning of a frame whose tail is shared: header and number.
pub fn own_prefix(s: u64, tail_len: usize) -> Vec<u8> {
    let prefix = session::prefix(s);
    let mut own = Vec::with_capacity(encode::MAX_SERVER_HEADER + prefix.len());
    encode::frame_header(Opcode::Text, prefix.len() + tail_len, &mut own);
    own.extend_from_slice(prefix.as_bytes());
    own
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::{Timestamp, gateway::Resumed};

    #[test]
    fn a_shared_frame_and_an_own_one_say_the_same() {
        let event = Event::to_users([], Dispatch::Resumed(Resumed {}));
        let parcel = Parcel::new(Arc::new(Published::new(7, Timestamp::from_ms(0), event)));
        let shape = Shape { content: true, osc: true };
        let shared = parcel.frame(shape).expect("everybody hears it");
        assert_eq!(&shared[2..], br#"{"op":0,"s":1792,"t":"RESUMED","d":{}}"#);
        let tail = parcel.published.tail(shape).expect("everybody hears it");
        let mut own = own_prefix(parcel.s(), tail.len());
        own.extend_from_slice(&tail);
        assert_eq!(own, shared);
    }
}
