//! Who may do what: loads what the computation needs, and says no.

use std::sync::Arc;

use proto::{Code, Id, Permissions, channel::is_thread, marker};

use crate::{
    App,
    actor::Actor,
    cache::Guild,
    reject::{Reject, Result, no},
    rows::{ChannelRow, MemberRow},
    thread::{self, Standing},
};

/// A channel as somebody stands in it.
#[derive(Clone)]
pub struct Place {
    pub channel: Arc<ChannelRow>,
    /// It is a thread.
    pub thread: Option<Arc<Standing>>,
    /// `None`: a direct message.
    pub guild: Option<Arc<Guild>>,
    pub permissions: Permissions,
    /// The actor's own row, in a guild.
    pub member: Option<Arc<MemberRow>>,
}

/// What both have in a direct message.
const IN_DM: Permissions = Permissions::from_bits_truncate(
    Permissions::DEFAULT_EVERYONE.bits() | Permissions::PIN_MESSAGES.bits(),
);

impl Place {
    pub fn guild_id(&self) -> Option<Id<marker::Guild>> {
        self.channel.guild_id
    }

    /// Says no unless all of these are there.
    pub fn require(&self, needed: Permissions) -> Result<()> {
        if self.permissions.contains(needed) {
            Ok(())
        } else {
            no(Reject::Forbidden(needed.without(self.permissions)))
        }
    }
}

/// The channel, if the actor may see it; invisible looks like missing.
pub async fn channel(app: &App, actor: &Actor, id: Id<marker::Channel>) -> Result<Place> {
    let (channel, guild) = app.channel(id).await?;
    let unknown = Reject::Unknown(Code::UNKNOWN_CHANNEL);
    let Some(guild) = guild else {
        if !channel.recipients.contains(&actor.user) {
            return no(unknown);
        }
        let permissions = IN_DM;
        return Ok(Place { channel, thread: None, guild: None, permissions, member: None });
    };
    let member = guild.read().members.get(&actor.user).cloned();
    let (thread, permissions) = inside(app, actor, &guild, &channel).await?;
    if !permissions.contains(Permissions::VIEW_CHANNEL) {
        return no(unknown);
    }
    Ok(Place { channel, thread, guild: Some(guild), permissions, member })
}

/// How somebody stands in a channel or a thread of a guild, also in one they may not see.
pub(crate) async fn inside(
    app: &App,
    actor: &Actor,
    guild: &Guild,
    channel: &ChannelRow,
) -> Result<(Option<Arc<Standing>>, Permissions)> {
    let now = app.clock.now();
    if !is_thread(channel.kind) {
        return Ok((None, guild.read().permissions_in(actor.user, channel, now)));
    }
    let standing = thread::standing(app, guild, actor, channel.id).await?;
    let have = guild.read().permissions_inside(actor.user, channel, standing.is_in, now);
    Ok((Some(Arc::new(standing)), have))
}

/// The channel, if the actor may see it and has these permissions there.
pub async fn require(
    app: &App,
    actor: &Actor,
    id: Id<marker::Channel>,
    needed: Permissions,
) -> Result<Place> {
    let place = channel(app, actor, id).await?;
    place.require(needed)?;
    Ok(place)
}

/// The guild and the actor's permissions in it, if the actor is a member.
pub async fn guild(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
) -> Result<(Arc<Guild>, Permissions)> {
    let guild = app.guild(id).await?;
    let state = guild.read();
    if !state.members.contains_key(&actor.user) {
        return no(Reject::Unknown(Code::UNKNOWN_GUILD));
    }
    let permissions = state.permissions(actor.user, app.clock.now());
    drop(state);
    Ok((guild, permissions))
}

/// The guild, if the actor is a member with these permissions.
pub async fn require_guild(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    needed: Permissions,
) -> Result<(Arc<Guild>, Permissions)> {
    let (guild, have) = self::guild(app, actor, id).await?;
    if !have.contains(needed) {
        return no(Reject::Forbidden(needed.without(have)));
    }
    Ok((guild, have))
}
