//! Voice as a place: who is in which channel.
//!
//! Kept in memory with the guild; it ends with the session that came in, so nothing is stored.

use std::fmt::Write as _;

use proto::{
    Id, Permissions,
    channel::GUILD_VOICE,
    gateway::{Dispatch, UpdateVoiceState},
    marker,
    voice::{VoiceServerUpdate, VoiceState},
};

use crate::{
    Actor, App, access,
    bus::{Audience, Event},
    cache::{Guild, GuildState},
    reject::{Reject, Result, no},
    render,
};

/// What somebody asked for in voice, as far as it is theirs to say.
type Asked = UpdateVoiceState;

/// Enters, moves, leaves, or mutes oneself. Answers the stay's name while somebody is in voice.
pub async fn update(
    app: &App,
    user: Id<marker::User>,
    asked: &Asked,
    stay: Option<String>,
) -> Result<Option<String>> {
    let guild = app.guild(asked.guild_id).await?;
    let row = app.user(user).await?;
    let Some(channel) = asked.channel_id else {
        leave(app, &guild, user, None);
        return Ok(None);
    };
    // The gate keeps a snapshot from falling between the change and its event, and two people
    // from taking the last place.
    let gate = app.gate.hold();
    let (state, before) = {
        let known = guild.read();
        let before = known.voice.get(&user).cloned();
        require(app, &known, user, channel, before.as_ref())?;
        let member = known.members.get(&user).expect("who has permissions is a member");
        let state = VoiceState {
            guild_id: Some(guild.id),
            channel_id: Some(channel),
            user_id: user,
            member: Some(render::member(member, Some(render::user(&row)))),
            session_id: stay.unwrap_or_else(|| name_stay(app)),
            deaf: member.deaf,
            mute: member.mute,
            self_deaf: asked.self_deaf,
            self_mute: asked.self_mute,
            self_video: asked.self_video,
            self_stream: false,
            suppress: false,
            request_to_speak_timestamp: None,
        };
        (state, before)
    };
    let stay = state.session_id.clone();
    let entered = before.as_ref().is_none_or(|before| before.channel_id != state.channel_id);
    guild.set_voice(user, Some(state.clone()));
    drop(gate);
    if let Some(before) = before.filter(|before| moved_out_of_sight(&guild, before, channel)) {
        tell(app, &guild, VoiceState { channel_id: None, ..before.clone() }, before.channel_id);
    }
    tell(app, &guild, state, Some(channel));
    if entered {
        // A mesh has no server; bots are told so instead of waiting for one.
        let server = VoiceServerUpdate { token: stay.clone(), guild_id: guild.id, endpoint: None };
        app.announce(Event::to_users([user], Dispatch::VoiceServerUpdate(server)));
    }
    Ok(Some(stay))
}

/// Where somebody is in voice, if the actor sees that channel.
pub async fn get(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    user: Id<marker::User>,
) -> Result<VoiceState> {
    let (guild, _) = access::guild(app, actor, id).await?;
    let known = guild.read();
    let unknown = || Reject::Unknown(proto::Code::UNKNOWN_VOICE_STATE);
    let state = known.voice.get(&user).ok_or_else(unknown)?;
    let channel = state.channel_id.and_then(|channel| known.channels.get(&channel));
    let now = app.clock.now();
    let sees = channel.is_some_and(|channel| {
        known.permissions_in(actor.user, channel, now).contains(Permissions::VIEW_CHANNEL)
    });
    if sees { Ok(state.clone()) } else { no(unknown()) }
}

/// Somebody with the right moves a member to another channel, or out of voice.
pub async fn move_member(
    app: &App,
    guild: &Guild,
    user: Id<marker::User>,
    channel: Option<Id<marker::Channel>>,
) -> Result<()> {
    let Some(before) = guild.read().voice.get(&user).cloned() else {
        return no(Reject::Refused(proto::Code::NOT_IN_VOICE));
    };
    if channel.is_none() {
        leave(app, guild, user, None);
        return Ok(());
    }
    let asked = Asked {
        guild_id: guild.id,
        channel_id: channel,
        self_mute: before.self_mute,
        self_deaf: before.self_deaf,
        self_video: before.self_video,
    };
    update(app, user, &asked, Some(before.session_id)).await.map(drop)
}

/// Takes somebody out of voice; with a stay's name only if it is still that one.
pub fn leave(app: &App, guild: &Guild, user: Id<marker::User>, stay: Option<&str>) {
    let gate = app.gate.hold();
    let before = end_stay(guild, user, stay);
    drop(gate);
    tell_left(app, guild, before);
}

/// The same from where the gate is held already: on hearing that somebody left the guild.
pub fn leave_behind_gate(app: &App, guild: &Guild, user: Id<marker::User>) {
    let before = end_stay(guild, user, None);
    tell_left(app, guild, before);
}

/// A channel is gone, and with it who was in it. The gate is held: an event is being heard.
pub fn empty_behind_gate(app: &App, guild: &Guild, channel: Id<marker::Channel>) {
    let there = guild.read();
    let there = there.voice.values().filter(|state| state.channel_id == Some(channel));
    let users: Vec<_> = there.map(|state| state.user_id).collect();
    for user in users {
        leave_behind_gate(app, guild, user);
    }
}

fn end_stay(guild: &Guild, user: Id<marker::User>, stay: Option<&str>) -> Option<VoiceState> {
    let current = guild.read().voice.get(&user).map(|state| state.session_id.clone())?;
    if stay.is_some_and(|stay| stay != current) {
        return None;
    }
    guild.set_voice(user, None)
}

fn tell_left(app: &App, guild: &Guild, before: Option<VoiceState>) {
    if let Some(before) = before {
        let channel = before.channel_id;
        tell(app, guild, VoiceState { channel_id: None, ..before }, channel);
    }
}

fn tell(app: &App, guild: &Guild, state: VoiceState, channel: Option<Id<marker::Channel>>) {
    let known = channel.filter(|channel| guild.read().channels.contains_key(channel));
    let audience = match known {
        Some(channel) => Audience::Channel(guild.id, channel),
        None => Audience::Guild(guild.id),
    };
    app.announce(Event::Dispatch(audience, Dispatch::VoiceStateUpdate(Box::new(state))));
}

fn require(
    app: &App,
    guild: &GuildState,
    user: Id<marker::User>,
    channel: Id<marker::Channel>,
    before: Option<&VoiceState>,
) -> Result<()> {
    let unknown = Reject::Unknown(proto::Code::UNKNOWN_CHANNEL);
    let Some(row) = guild.channels.get(&channel).filter(|row| row.kind == GUILD_VOICE) else {
        return no(unknown);
    };
    let have = guild.permissions_in(user, row, app.clock.now());
    if !have.contains(Permissions::VIEW_CHANNEL) {
        return no(unknown);
    }
    if before.is_some_and(|before| before.channel_id == Some(channel)) {
        return Ok(());
    }
    if !have.contains(Permissions::CONNECT) {
        return no(Reject::Forbidden(Permissions::CONNECT));
    }
    let inside = guild.voice.values().filter(|state| state.channel_id == Some(channel)).count();
    let full = row.user_limit > 0 && inside >= row.user_limit as usize;
    if full && !have.contains(Permissions::MOVE_MEMBERS) {
        return no(Reject::Refused(proto::Code::VOICE_FULL));
    }
    Ok(())
}

/// Whether somebody may see the old channel and not the new one: they must hear of the leaving.
fn moved_out_of_sight(guild: &Guild, before: &VoiceState, channel: Id<marker::Channel>) -> bool {
    let guild = guild.read();
    let overwrites = |id: Option<Id<marker::Channel>>| {
        let row = id.and_then(|id| guild.channels.get(&id))?;
        Some(&row.overwrites)
    };
    before.channel_id != Some(channel) && overwrites(before.channel_id) != overwrites(Some(channel))
}

fn name_stay(app: &App) -> String {
    app.random::<16>().iter().fold(String::new(), |mut name, byte| {
        write!(name, "{byte:02x}").expect("a string takes all");
        name
    })
}
