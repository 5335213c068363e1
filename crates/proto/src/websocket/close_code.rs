//! The close codes of WebSocket itself; Discord's 4000s live in `code.rs`.
//!
//! They are apart because they say why a *connection* ended, not why a session did.
//! <https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number>

pub const NORMAL: u16 = 1000;
pub const GOING_AWAY: u16 = 1001;
pub const PROTOCOL_ERROR: u16 = 1002;
pub const UNSUPPORTED: u16 = 1003;
pub const INVALID_PAYLOAD: u16 = 1007;
pub const POLICY: u16 = 1008;
pub const TOO_BIG: u16 = 1009;
pub const INTERNAL_ERROR: u16 = 1011;
pub const SERVICE_RESTART: u16 = 1012;
pub const TRY_AGAIN_LATER: u16 = 1013;

/// Whether a close frame may carry the code: registered ones that do not stand for the absence of
/// a close frame (1005, 1006, 1015), and those of libraries and applications.
pub const fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
