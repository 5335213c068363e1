//! What both arms of the bench hold: people, a guild and a million plausible messages.

use std::cell::Cell;

use domain::bus::Audience;
use domain::rows::{
    EventRow, MemberRow, MessageRow, NonceRow, Raw, ReactionCount, TipRow, UserKind, UserRow,
};
use domain::store::Batch;
use proto::message::{MessageReference, Nonce};
use proto::{Id, Timestamp};
use serde_json::value::RawValue;

pub const MESSAGES: usize = 1_000_000;
pub const MEMBERS: usize = 5_000;
const USERS: usize = 50_000;
pub const GUILD: i64 = 1_200_000_000_000_000_001;
pub const CHANNEL: i64 = 1_200_000_000_000_000_002;
const USER: i64 = 1_100_000_000_000_000_000;
const FIRST_MESSAGE: i64 = 1_210_000_000_000_000_000;

/// Gives out ids: each message sent in a run is a new one.
pub struct Data {
    next: Cell<i64>,
}

/// A message on its way, with everything that is written for it.
pub struct Sent {
    pub message: MessageRow,
    pub nonce: NonceRow,
    pub tip: TipRow,
    pub event: EventRow,
}

pub fn message_id(at: usize) -> i64 {
    FIRST_MESSAGE + at as i64 * 4_194_304
}

impl Data {
    pub fn new() -> Self {
        Self { next: Cell::new(MESSAGES as i64) }
    }

    pub fn users(&self) -> impl Iterator<Item = UserRow> + Clone + use<> {
        (0..USERS).map(|at| UserRow {
            id: id(USER + at as i64),
            kind: UserKind::Account,
            username: format!("person.{at}"),
            skeleton: Some(format!("person.{at}")),
            global_name: (at % 3 > 0).then(|| format!("Person the {at}th")),
            avatar: (at % 2 == 0).then(|| format!("{at:032x}")),
            owner_id: None,
            idle_since: None,
            intents: 0,
            bio: None,
        })
    }

    /// Five thousand of one guild, spread among all users, and everybody in some other guild.
    pub fn members(&self) -> impl Iterator<Item = MemberRow> + Clone + use<> {
        let member = |guild: i64, user: usize| MemberRow {
            guild_id: id(guild),
            user_id: id(USER + user as i64),
            nick: (user.is_multiple_of(50)).then(|| format!("nick {user}")),
            roles: (0..user as i64 / 10 % 4).map(|role| id(guild + 10 + role)).collect(),
            joined_at: Timestamp::from_ms(1_700_000_000_000 + user as i64),
            timed_out_until: None,
            deaf: false,
            mute: false,
            guest: false,
            quarantined: false,
        };
        let of_guild = (0..MEMBERS).map(move |at| member(GUILD, at * (USERS / MEMBERS)));
        let others = (0..USERS).map(move |at| member(GUILD + 1_000 + at as i64 % 700, at));
        of_guild.chain(others)
    }

    pub fn messages(&self) -> impl Iterator<Item = MessageRow> + use<> {
        (0..MESSAGES).map(|at| message(CHANNEL, at))
    }

    /// The next message, for one of 64 channels.
    pub fn sent(&self, channel: usize) -> Sent {
        let at = self.next.replace(self.next.get() + 1);
        let channel = CHANNEL + 1 + channel as i64;
        let nonce = Some(Nonce::Text(at.to_string()));
        let message = MessageRow { nonce, ..message(channel, at as usize) };
        let author = r#"{"id":"1","username":"person","global_name":"A person","avatar":null}"#;
        let d = format!(
            "{{\"id\":\"{}\",\"channel_id\":\"{channel}\",\"author\":{author},\"content\":\"{}\",\
             \"timestamp\":\"2026-01-01T00:00:00.000000+00:00\",\"pinned\":false,\"type\":0}}",
            message.id.get(),
            message.content
        );
        let written = Timestamp::from_ms(1_760_000_000_000 + at);
        Sent {
            nonce: NonceRow {
                author_id: message.author_id,
                channel_id: message.channel_id,
                nonce: at.to_string(),
                message_id: message.id,
                at: written,
            },
            tip: TipRow {
                channel_id: message.channel_id,
                guild_id: message.guild_id,
                last_message_id: Some(message.id),
                loud: Vec::new(),
                last_pin_at: None,
                messages: 0,
                sent: 0,
            },
            event: EventRow {
                number: at,
                at: written,
                audience: Audience::Channel(id(GUILD), id(channel)),
                t: "MESSAGE_CREATE".to_owned(),
                d: Raw(RawValue::from_string(d).expect("JSON")),
            },
            message,
        }
    }
}

impl Sent {
    pub fn batch(&self, whole: bool) -> Batch {
        if whole { self.batch_with(true) } else { Batch::new().insert(&self.message) }
    }

    pub fn batch_with(&self, event: bool) -> Batch {
        let rows = Batch::new().insert(&self.nonce).insert(&self.message).put(&self.tip);
        if event { rows.insert(&self.event) } else { rows }
    }
}

/// Mostly plain text; some mention somebody, some answer, some have reactions.
fn message(channel: i64, at: usize) -> MessageRow {
    let words = "Has anybody seen the notes of yesterday, or shall I write them down once more? ";
    let reaction =
        || ReactionCount { emoji: "👍".to_owned(), count: 1 + at as u32 % 7, custom: None };
    let answered = || MessageReference {
        kind: 0,
        message_id: Some(id(message_id(at) - 4_194_304)),
        channel_id: id(channel),
        guild_id: Some(id(GUILD)),
    };
    MessageRow {
        webhook: None,
        answers: None,
        channel_id: id(channel),
        id: id(message_id(at)),
        guild_id: Some(id(GUILD)),
        author_id: id(USER + (at * 7 % USERS) as i64),
        kind: 0,
        content: words.repeat(1 + at % 3)[..20 + at % 60].to_owned(),
        edited_at: (at.is_multiple_of(20))
            .then(|| Timestamp::from_ms(1_700_000_000_000 + at as i64)),
        mention_everyone: false,
        mentions: (0..usize::from(at.is_multiple_of(5))).map(|n| id(USER + n as i64)).collect(),
        mention_roles: Vec::new(),
        attachments: Vec::new(),
        embeds: Vec::new(),
        components: Vec::new(),
        pinned: false,
        flags: 0,
        reactions: (0..usize::from(at.is_multiple_of(10))).map(|_| reaction()).collect(),
        reference: (at.is_multiple_of(6)).then(answered),
        nonce: None,
    }
}

fn id<T>(raw: i64) -> Id<T> {
    Id::new(raw as u64).expect("positive")
}
