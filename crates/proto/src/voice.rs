//! Voice as a place: who is in which channel.
//! <https://discord.com/developers/docs/resources/voice>

use crate::{Id, Timestamp, marker, member::Member, wire::wire};

wire! {
    /// VOICE_STATE_UPDATE, and an item of GUILD_CREATE's voice states (there without `guild_id`).
    pub struct VoiceState {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub guild_id: Option<Id<marker::Guild>>,
        /// Null: left voice.
        pub channel_id: Option<Id<marker::Channel>>,
        pub user_id: Id<marker::User>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub member: Option<Member>,
        /// Names this stay in voice; never a gateway session's id, which is a secret.
        pub session_id: String,
        pub deaf: bool,
        pub mute: bool,
        pub self_deaf: bool,
        pub self_mute: bool,
        #[serde(default)]
        pub self_video: bool,
        #[serde(default)]
        pub self_stream: bool,
        #[serde(default)]
        pub suppress: bool,
        #[serde(default)]
        pub request_to_speak_timestamp: Option<Timestamp>,
    }

    /// VOICE_SERVER_UPDATE. `endpoint` null: no server, voice is a mesh.
    pub struct VoiceServerUpdate {
        pub token: String,
        pub guild_id: Id<marker::Guild>,
        pub endpoint: Option<String>,
    }
}
