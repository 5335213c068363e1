//! What a session starts with: READY, a GUILD_CREATE per guild, and members on demand.
//!
//! A GUILD_CREATE is made from the cache alone, so that it can be made under the publish gate: what
//! is in it and what is told after it fit without a gap.

use std::{collections::BTreeSet, sync::Arc};

use proto::{
    Id,
    channel::Channel,
    gateway::RequestGuildMembers,
    guild::GuildCreate,
    marker,
    member::Member,
    osc::{NotificationSetting, ReadState, Relationship},
    voice::VoiceState,
};

use crate::{
    Actor, App,
    cache::{Guild, GuildState},
    dm, guild_order, notification, read_state,
    reject::{Reject, Result, no},
    relationship, render,
    rows::{MemberRow, UserRow},
    store::Scan,
    thread,
};

/// Members a GUILD_CREATE can hold all of.
const SMALL: usize = 50;
/// Presences of a GUILD_CREATE.
const PRESENCES: usize = 1_000;
/// Members found by the beginning of their name.
const FOUND: usize = 100;
/// Members of a GUILD_MEMBERS_CHUNK.
pub const CHUNK: usize = 1_000;

/// All that READY needs beside the session itself.
pub struct Start {
    pub user: Arc<UserRow>,
    /// Active now, in the order of their ids.
    pub guilds: Vec<Arc<Guild>>,
    pub dms: Vec<Channel>,
    pub read_states: Vec<ReadState>,
    pub relationships: Vec<Relationship>,
    pub notifications: Vec<NotificationSetting>,
    pub guild_order: Vec<Id<marker::Guild>>,
}

/// Loads a start. `whole`: also what only our own clients get.
pub async fn start(app: &App, actor: &Actor, whole: bool) -> Result<Start> {
    let user = app.user(actor.user).await?;
    let guilds = guilds(app, actor.user).await?;
    let (dms, read_states, relationships, notifications, guild_order) = if whole {
        (
            dm::list(app, actor.user).await?,
            read_state::all(app, actor.user, &guilds).await?,
            relationship::list(app, actor.user).await?,
            notification::all(app, actor.user).await?,
            guild_order::get(app, actor.user).await?,
        )
    } else {
        Default::default()
    };
    Ok(Start { user, guilds, dms, read_states, relationships, notifications, guild_order })
}

/// The guilds somebody is in, made active.
pub async fn guilds(app: &App, user: Id<marker::User>) -> Result<Vec<Arc<Guild>>> {
    let rows = Scan::of::<MemberRow>().by("by_user").prefix(user);
    let rows = app.disk.scan::<MemberRow>(rows).await?;
    let mut ids: Vec<_> = rows.iter().map(|row| row.guild_id).collect();
    ids.sort_unstable();
    let mut guilds = Vec::with_capacity(ids.len());
    for id in ids {
        match activate(app, id).await {
            Ok(guild) => guilds.push(guild),
            // Deleted in this moment.
            Err(crate::Error::Reject(_)) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(guilds)
}

/// Makes a guild active, and known who is in it as far as a GUILD_CREATE may name them.
pub async fn activate(app: &App, id: Id<marker::Guild>) -> Result<Arc<Guild>> {
    let guild = app.guild(id).await?;
    let small: Vec<_> = {
        let state = guild.read();
        let few = state.members.len() <= SMALL;
        state.members.keys().filter(|_| few).copied().collect()
    };
    if !small.is_empty() {
        app.users(&small).await?;
    }
    Ok(guild)
}

/// What a GUILD_CREATE depends on beside who gets it.
#[derive(Debug, Clone, Copy)]
pub struct Wants {
    pub presences: bool,
    /// `large_threshold` of IDENTIFY.
    pub large: usize,
}

/// A guild as one of its members sees it; `None` for others. Reads the cache only.
pub fn guild_create(
    app: &App,
    state: &GuildState,
    user: &UserRow,
    wants: Wants,
) -> Option<GuildCreate> {
    let own = state.members.get(&user.id)?;
    let visible = state.visible_to(user.id);
    let count = state.members.len();
    let voice: Vec<_> = state.voice.values().filter(|voice| heard(voice, &visible)).collect();
    let mut members = vec![render::member(own, Some(render::user(user)))];
    if wants.presences && count <= SMALL {
        members.extend(others(app, state, user.id));
    } else {
        let speakers = voice.iter().filter(|voice| voice.user_id != user.id);
        members.extend(speakers.filter_map(|voice| voice.member.clone()));
    }
    let presences =
        if wants.presences { app.presences.online_in(state.row.id, PRESENCES) } else { Vec::new() };
    let channels = state.channels.values().filter(|channel| visible.contains(&channel.id));
    let in_guild = |voice: &VoiceState| VoiceState { guild_id: None, ..voice.clone() };
    Some(GuildCreate {
        guild: render::whole_guild(state),
        joined_at: own.joined_at,
        large: count > wants.large,
        unavailable: false,
        member_count: count as u32,
        voice_states: voice.into_iter().map(in_guild).collect(),
        members,
        channels: channels.map(|row| render::channel(row, state.tips.get(&row.id))).collect(),
        presences,
        threads: thread::render_seen(state, user.id, None),
        stage_instances: [],
        guild_scheduled_events: [],
        soundboard_sounds: [],
    })
}

fn heard(voice: &VoiceState, visible: &BTreeSet<Id<marker::Channel>>) -> bool {
    voice.channel_id.is_some_and(|channel| visible.contains(&channel))
}

/// The other members of a small guild, as far as they are known.
fn others(app: &App, state: &GuildState, user: Id<marker::User>) -> Vec<Member> {
    let others = state.members.values().filter(|member| member.user_id != user);
    let known = others.filter_map(|member| {
        let row = app.cache.user(member.user_id)?;
        Some(render::member(member, Some(render::user(&row))))
    });
    let mut known: Vec<_> = known.collect();
    known.sort_unstable_by_key(|member| member.user.as_ref().map(|user| user.id));
    known
}

/// Whom a request for members means, in the order of their ids, and whom it named in vain.
pub async fn members_meant(
    app: &App,
    user: Id<marker::User>,
    request: &RequestGuildMembers,
) -> Result<(Vec<Id<marker::User>>, Vec<String>)> {
    let guild = app.guild(request.guild_id).await?;
    let mut all: Vec<_> = {
        let state = guild.read();
        if !state.members.contains_key(&user) {
            return no(Reject::Unknown(proto::Code::UNKNOWN_GUILD));
        }
        if !request.user_ids.is_empty() {
            let asked: BTreeSet<_> = request.user_ids.iter().take(FOUND).copied().collect();
            let there = |id: &&Id<marker::User>| state.members.contains_key(id);
            let not_found = asked.iter().filter(|id| !there(id)).map(Id::to_string).collect();
            return Ok((asked.iter().filter(there).copied().collect(), not_found));
        }
        state.members.keys().copied().collect()
    };
    all.sort_unstable();
    let begins = request.query.as_deref().unwrap_or_default().trim().to_lowercase();
    let most = if request.limit == 0 { all.len() } else { request.limit as usize };
    if begins.is_empty() {
        all.truncate(most);
        return Ok((all, Vec::new()));
    }
    Ok((named(app, &guild, &all, &begins, most.min(FOUND)).await?, Vec::new()))
}

async fn named(
    app: &App,
    guild: &Guild,
    all: &[Id<marker::User>],
    begins: &str,
    most: usize,
) -> Result<Vec<Id<marker::User>>> {
    let mut found = Vec::new();
    for page in all.chunks(CHUNK) {
        let users = app.users(page).await?;
        let state = guild.read();
        for user in users.into_iter().flatten() {
            let nick = state.members.get(&user.id).and_then(|member| member.nick.as_deref());
            let names = [Some(user.username.as_str()), user.global_name.as_deref(), nick];
            let mut names = names.into_iter().flatten();
            if names.any(|name| name.to_lowercase().starts_with(begins)) {
                found.push(user.id);
            }
        }
        if found.len() >= most {
            break;
        }
    }
    found.truncate(most);
    Ok(found)
}

/// One page of members; who left meanwhile is left out.
pub async fn members(
    app: &App,
    guild: Id<marker::Guild>,
    ids: &[Id<marker::User>],
) -> Result<Vec<Member>> {
    let guild = app.guild(guild).await?;
    let users = app.users(ids).await?;
    let state = guild.read();
    let known = users.into_iter().flatten().filter_map(|user| {
        let member = state.members.get(&user.id)?;
        Some(render::member(member, Some(render::user(&user))))
    });
    Ok(known.collect())
}
