//! Guilds as they are looked at: by members, and by visitors.

use std::sync::Arc;

use proto::{
    Code, Id, Permissions,
    channel::{Channel, GUILD_TEXT},
    guild::{Guild, GuildPreview, PartialGuild, Visibility},
    marker,
    osc::{GuildSummary, Preview},
};

use crate::{
    Actor, App, access, cache,
    cache::GuildState,
    channel, message,
    message::Around,
    reject::{Reject, Result, no},
    render,
    rows::{ChannelRow, MemberRow, SlugRow},
    store::Scan,
};

/// What a visitor needs to read.
const READ: Permissions = Permissions::from_bits_truncate(
    Permissions::VIEW_CHANNEL.bits() | Permissions::READ_MESSAGE_HISTORY.bits(),
);

/// A guild of the actor's.
pub async fn get(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    with_counts: bool,
) -> Result<Guild> {
    let (guild, _) = access::guild(app, actor, id).await?;
    let state = guild.read();
    let mut answer = render::whole_guild(&state);
    if with_counts {
        answer.approximate_member_count = Some(state.members.len() as u32);
        answer.approximate_presence_count = Some(app.presences.online_count(id));
    }
    Ok(answer)
}

/// A guild as bots look at it before they are in it: one of theirs, or a public one.
pub async fn outline(app: &App, actor: &Actor, id: Id<marker::Guild>) -> Result<GuildPreview> {
    let guild = app.guild(id).await?;
    let state = guild.read();
    let public = state.row.visibility == Visibility::Public;
    if !public && !state.members.contains_key(&actor.user) {
        return no(Reject::Unknown(Code::UNKNOWN_GUILD));
    }
    Ok(GuildPreview {
        id,
        name: state.row.name.clone(),
        icon: state.row.icon.clone(),
        description: state.row.description.clone(),
        features: render::guild(&state.row, Vec::new()).features,
        emojis: state.emojis.values().map(render::emoji).collect(),
        approximate_member_count: state.members.len() as u32,
        approximate_presence_count: app.presences.online_count(id),
        fixed: Default::default(),
    })
}

/// Says no unless everybody may know of the guild.
pub async fn public(app: &App, id: Id<marker::Guild>) -> Result<()> {
    let guild = app.guild(id).await?;
    let public = guild.read().row.visibility == Visibility::Public;
    if public { Ok(()) } else { no(Reject::Unknown(Code::UNKNOWN_GUILD)) }
}

/// Which part of the actor's guilds, by id.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mine {
    pub before: Option<Id<marker::Guild>>,
    pub after: Option<Id<marker::Guild>>,
    pub limit: Option<usize>,
    pub with_counts: bool,
}

/// Guilds that one page of `mine` has at most, as Discord has it.
const MINE_MOST: usize = 200;

/// The actor's guilds, by id.
pub async fn mine(app: &App, actor: &Actor, page: Mine) -> Result<Vec<PartialGuild>> {
    let limit = page.limit.unwrap_or(MINE_MOST);
    if limit == 0 || limit > MINE_MOST {
        let message = format!("Must be between 1 and {MINE_MOST}.");
        return no(Reject::field("limit", "NUMBER_TYPE_RANGE", message));
    }
    let scan = Scan::of::<MemberRow>().by("by_user").prefix(actor.user).limit(limit);
    let scan = match (page.before, page.after) {
        (_, Some(after)) => scan.after(after),
        (Some(before), None) => scan.before(before).newest_first(),
        (None, None) => scan,
    };
    let mut rows = app.disk.scan::<MemberRow>(scan).await?;
    rows.sort_by_key(|row| row.guild_id);
    let mut guilds = Vec::with_capacity(rows.len());
    for row in super::existing(app, rows).await? {
        let guild = match app.guild(row.guild_id).await {
            Err(crate::Error::Reject(_)) => continue,
            other => other?,
        };
        guilds.extend(partial(app, actor, &guild.read(), page.with_counts));
    }
    Ok(guilds)
}

fn partial(
    app: &App,
    actor: &Actor,
    state: &GuildState,
    with_counts: bool,
) -> Option<PartialGuild> {
    let id = state.row.id;
    state.members.get(&actor.user)?;
    let counts = with_counts.then(|| (state.members.len() as u32, app.presences.online_count(id)));
    Some(PartialGuild {
        id,
        name: state.row.name.clone(),
        icon: state.row.icon.clone(),
        banner: None,
        owner: state.is_owner(actor.user),
        permissions: state.permissions(actor.user, app.clock.now()),
        features: render::guild(&state.row, Vec::new()).features,
        approximate_member_count: counts.map(|(members, _)| members),
        approximate_presence_count: counts.map(|(_, online)| online),
    })
}

/// What everybody may know of a room that they found.
pub fn summary(app: &App, state: &GuildState, actor: Option<&Actor>) -> GuildSummary {
    GuildSummary {
        id: state.row.id,
        slug: state.row.slug.clone(),
        name: state.row.name.clone(),
        description: state.row.description.clone(),
        icon: state.row.icon.clone(),
        visibility: state.row.visibility,
        member_count: state.members.len() as u32,
        online_count: app.presences.online_count(state.row.id),
        joined: actor.is_some_and(|actor| state.members.contains_key(&actor.user)),
    }
}

/// The room at an address. A public one answers to all it ever had, an unlisted one only to its
/// own, a private one to none.
pub(crate) async fn at_slug(app: &App, slug: &str) -> Result<Arc<cache::Guild>> {
    let unknown = || Reject::Unknown(Code::UNKNOWN_GUILD);
    let Some(row) = app.disk.get::<SlugRow>(slug).await? else {
        return no(unknown());
    };
    let guild = app.guild(row.guild_id).await?;
    if !answers_to(&guild.read(), slug) {
        return no(unknown());
    }
    Ok(guild)
}

pub(crate) fn answers_to(state: &GuildState, slug: &str) -> bool {
    match state.row.visibility {
        Visibility::Public => true,
        Visibility::Unlisted => state.row.slug.as_deref() == Some(slug),
        Visibility::Private => false,
    }
}

/// The room at an address, for everybody.
pub async fn by_slug(app: &App, actor: Option<&Actor>, slug: &str) -> Result<GuildSummary> {
    let guild = at_slug(app, slug).await?;
    let state = guild.read();
    Ok(summary(app, &state, actor))
}

/// What a visitor may read of a public room: with the rights of @everyone.
pub async fn preview(
    app: &App,
    actor: Option<&Actor>,
    id: Id<marker::Guild>,
    channel: Option<Id<marker::Channel>>,
    around: Around,
    limit: Option<usize>,
) -> Result<Preview> {
    let guild = app.guild(id).await?;
    let (summary, channels, chosen) = {
        let state = guild.read();
        if state.row.visibility != Visibility::Public {
            return no(Reject::Unknown(Code::UNKNOWN_GUILD));
        }
        let open = open_channels(&state);
        let chosen = match channel {
            Some(id) => Some(
                open.iter()
                    .find(|(channel, _)| channel.id == id)
                    .cloned()
                    .ok_or(Reject::Unknown(Code::UNKNOWN_CHANNEL))?,
            ),
            None => open.iter().find(|(channel, may)| is_first(channel, *may)).cloned(),
        };
        let channels = open.iter().map(|(channel, _)| for_visitors(&state, channel)).collect();
        (summary(app, &state, actor), channels, chosen)
    };
    let limit = limit.unwrap_or(PREVIEW_MESSAGES);
    if limit == 0 || limit > app.limits.history_page {
        let message = format!("Must be between 1 and {}.", app.limits.history_page);
        return no(Reject::field("limit", "NUMBER_TYPE_RANGE", message));
    }
    let messages = match &chosen {
        Some((channel, have)) if have.contains(READ) && holds_messages(channel) => {
            message::preview_page(app, channel, around, limit).await?
        }
        _ => Vec::new(),
    };
    let channel_id = chosen.map(|(channel, _)| channel.id);
    Ok(Preview { guild: summary, channels, channel_id, messages })
}

/// Messages of a preview, if no number is asked for.
pub const PREVIEW_MESSAGES: usize = 50;

/// Channels that somebody without any role sees, in their order, and what such a one may there.
fn open_channels(state: &GuildState) -> Vec<(Arc<ChannelRow>, Permissions)> {
    let all = state.channels.values();
    let all = all.map(|channel| (channel.clone(), state.permissions_of_everyone(channel)));
    let mut open: Vec<_> =
        all.filter(|(_, have)| have.contains(Permissions::VIEW_CHANNEL)).collect();
    open.sort_by_key(|(row, _)| channel::order(row));
    open
}

/// Which channel to begin with.
fn is_first(channel: &ChannelRow, have: Permissions) -> bool {
    channel.kind == GUILD_TEXT && have.contains(READ)
}

fn holds_messages(channel: &ChannelRow) -> bool {
    channel.kind != proto::channel::GUILD_CATEGORY
}

/// Who has rights of their own in a channel is nothing for visitors.
fn for_visitors(state: &GuildState, row: &ChannelRow) -> Channel {
    let mut channel = render::channel(row, state.tips.get(&row.id));
    channel.permission_overwrites = Some(Vec::new());
    channel
}
