//! What a client says, parsed: one value per opcode.
//!
//! Apart from the session machine because libraries differ in how they say things, and the
//! tolerance for it should be in one place.
//! <https://discord.com/developers/docs/events/gateway-events#send-events>

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, value::RawValue};

use crate::{
    code::close,
    gateway::{Identify, RequestGuildMembers, Resume, UpdateVoiceState, opcode},
    presence::{Activity, Status},
};

/// The longest text of an activity.
const ACTIVITY_LENGTH: usize = 128;
const ACTIVITIES: usize = 5;

/// One frame of a client.
#[derive(Debug, Clone)]
pub enum Command {
    Heartbeat,
    Identify(Box<Identify>),
    Presence(PresenceCommand),
    VoiceState(UpdateVoiceState),
    Resume(Box<Resume>),
    Members(Box<RequestGuildMembers>),
    /// Asks for something that there is not here.
    Nothing,
    /// Ours: what it is called, and all of it.
    Osc(String, Value),
}

/// `d` of op 3, as far as it means something here.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PresenceCommand {
    pub status: Status,
    pub activities: Vec<Activity>,
}

#[derive(Deserialize)]
struct Incoming<'a> {
    op: i64,
    #[serde(default, borrow)]
    d: Option<&'a RawValue>,
    #[serde(default, borrow)]
    t: Option<&'a RawValue>,
}

/// Reads a frame; `Err` is the code to close with.
pub fn parse(payload: &[u8]) -> Result<Command, u16> {
    // A struct can be read from a list too; the protocol has objects only.
    if payload.trim_ascii_start().first() != Some(&b'{') {
        return Err(close::DECODE_ERROR);
    }
    let frame: Incoming<'_> = serde_json::from_slice(payload).map_err(|_| close::DECODE_ERROR)?;
    let d = frame.d.map_or("null", RawValue::get);
    match u8::try_from(frame.op) {
        Ok(opcode::HEARTBEAT) => Ok(Command::Heartbeat),
        Ok(opcode::IDENTIFY) => identify(d),
        Ok(opcode::PRESENCE_UPDATE) => {
            let d: Value = data(d)?;
            PresenceCommand::read(&d).map(Command::Presence).ok_or(close::DECODE_ERROR)
        }
        Ok(opcode::VOICE_STATE_UPDATE) => object(d).map(Command::VoiceState),
        Ok(opcode::RESUME) => object(d).map(Command::Resume),
        Ok(opcode::REQUEST_GUILD_MEMBERS) => object(d).map(Command::Members),
        Ok(opcode::REQUEST_SOUNDBOARD_SOUNDS | opcode::REQUEST_CHANNEL_INFO) => {
            Ok(Command::Nothing)
        }
        Ok(opcode::OSC) => {
            let t = frame.t.ok_or(close::DECODE_ERROR)?;
            Ok(Command::Osc(data(t.get())?, data(d)?))
        }
        _ => Err(close::UNKNOWN_OPCODE),
    }
}

/// Intents have to be named; the rest may be left out.
fn identify(d: &str) -> Result<Command, u16> {
    #[derive(Deserialize)]
    struct Named {
        intents: Option<IgnoredAny>,
    }
    let identify = object(d)?;
    match object::<Named>(d)?.intents {
        Some(_) => Ok(Command::Identify(identify)),
        None => Err(close::INVALID_INTENTS),
    }
}

fn data<'a, T: Deserialize<'a>>(d: &'a str) -> Result<T, u16> {
    serde_json::from_str(d).map_err(|_| close::DECODE_ERROR)
}

/// A struct can be read from a list too; the protocol has objects only.
fn object<'a, T: Deserialize<'a>>(d: &'a str) -> Result<T, u16> {
    if d.starts_with('{') { data(d) } else { Err(close::DECODE_ERROR) }
}

impl Command {
    /// Whether it may come before the session is known.
    pub fn needs_session(&self) -> bool {
        !matches!(self, Self::Heartbeat | Self::Identify(_) | Self::Resume(_))
    }
}

impl PresenceCommand {
    /// COMPAT: `game` instead of `activities`, null activities, any `since`, "offline" as a status
    /// and missing keys are all seen in libraries; only something that is no object is refused.
    pub fn read(d: &Value) -> Option<Self> {
        let d = d.as_object()?;
        let status = match d.get("status").and_then(Value::as_str) {
            Some("idle") => Status::Idle,
            Some("dnd") => Status::Dnd,
            Some("invisible" | "offline") => Status::Offline,
            _ => Status::Online,
        };
        let listed = d.get("activities").and_then(Value::as_array);
        let listed = listed.into_iter().flatten().chain(d.get("game"));
        let activities = listed.filter_map(activity).take(ACTIVITIES).collect();
        Some(Self { status, activities })
    }
}

fn activity(value: &Value) -> Option<Activity> {
    let text = |key| {
        let text = value.get(key).and_then(Value::as_str)?;
        Some(text.chars().take(ACTIVITY_LENGTH).collect::<String>())
    };
    let kind = value.get("type").and_then(Value::as_u64).unwrap_or_default();
    Some(Activity {
        name: text("name").filter(|name| !name.is_empty())?,
        kind: u8::try_from(kind).ok().filter(|kind| *kind <= 5)?,
        state: text("state"),
        created_at: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(frame: &str) -> Result<Command, u16> {
        parse(frame.as_bytes())
    }

    #[test]
    fn what_is_no_frame_is_a_decode_error() {
        let bad = [
            "",
            "x",
            "[]",
            "[1]",
            "[1,null]",
            "1",
            "null",
            "{}",
            r#"{"op":"1"}"#,
            r#"{"op":1.5}"#,
            r#"{"d":1}"#,
            r#"{"op":2}"#,
            r#"{"op":2,"d":null}"#,
            r#"{"op":2,"d":[]}"#,
            r#"{"op":2,"d":{"token":1}}"#,
            r#"{"op":6,"d":{"session_id":"a"}}"#,
            r#"{"op":6,"d":{"session_id":"a","seq":-1}}"#,
            r#"{"op":8,"d":{"guild_id":"0"}}"#,
            r#"{"op":3,"d":7}"#,
            r#"{"op":4,"d":{"guild_id":"x"}}"#,
            r#"{"op":200,"d":{}}"#,
            "{\"op\":1,\"d\":\"\u{0}\"}",
            "{\"op\":1}{\"op\":1}",
        ];
        for frame in bad {
            assert_eq!(said(frame).err(), Some(close::DECODE_ERROR), "{frame}");
        }
        assert_eq!(parse(b"{\"op\":1,\"d\":\"\xff\"}").err(), Some(close::DECODE_ERROR));
    }

    #[test]
    fn who_identifies_names_intents() {
        let none = said(r#"{"op":2,"d":{"token":"t"}}"#);
        assert_eq!(none.err(), Some(close::INVALID_INTENTS));
        assert!(said(r#"{"op":2,"d":{"token":"t","intents":0}}"#).is_ok());
    }

    #[test]
    fn what_nobody_sends_is_an_unknown_opcode() {
        for op in ["0", "5", "7", "9", "10", "11", "99", "-1", "300", "1000000"] {
            let frame = format!("{{\"op\":{op},\"d\":null}}");
            assert_eq!(said(&frame).err(), Some(close::UNKNOWN_OPCODE), "{frame}");
        }
    }

    #[test]
    fn a_presence_is_read_however_a_library_says_it() {
        let says = |d: Value| PresenceCommand::read(&d);
        let game = says(json!({ "game": { "name": "chess", "type": 0 }, "since": {} })).unwrap();
        assert_eq!((game.status, game.activities[0].name.as_str()), (Status::Online, "chess"));
        let eris = says(json!({ "activities": null, "status": "offline", "afk": 3 })).unwrap();
        assert_eq!((eris.status, eris.activities.len()), (Status::Offline, 0));
        assert_eq!(says(json!({ "game": null, "status": 7 })).unwrap().status, Status::Online);
        assert!(says(json!([])).is_none());
    }

    #[test]
    fn members_can_be_asked_of_one_guild_in_a_list() {
        let one = said(r#"{"op":8,"d":{"guild_id":["7"],"user_ids":"9","query":null}}"#);
        let Ok(Command::Members(request)) = one else { panic!("{one:?}") };
        assert_eq!((request.guild_id.get(), request.user_ids[0].get()), (7, 9));
    }
}
