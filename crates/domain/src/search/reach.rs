//! Where somebody may search in a room, as the index knows it.
//!
//! A message stands in a channel, or in a thread. What stands in the open is marked with its
//! channel (and its room), what stands in a private thread with nothing but that thread and what
//! only those hold who manage threads.

use proto::{
    Id, Permissions,
    channel::{GUILD_CATEGORY, PRIVATE_THREAD},
    marker,
};

use super::READ;
use crate::{
    Actor, App,
    cache::Guild,
    reject::{Reject, Result, no},
    rows::{MessageRow, ThreadMemberRow, ThreadRow},
    store::{IntoKey as _, Scan, words::tag},
    thread,
};

/// Private threads of one's own that are searched: the newest.
const PRIVATE: usize = 500;

pub struct Reach {
    /// One of these is on every message that may be found.
    pub tags: Vec<String>,
}

impl Reach {
    /// Says no if there is no channel at all whose history the actor may read.
    pub async fn of(app: &App, actor: &Actor, guild: &Guild, nsfw: bool) -> Result<Self> {
        let now = app.clock.now();
        let (chosen, managed, all) = {
            let state = guild.read();
            let texts = state.channels.values().filter(|channel| channel.kind != GUILD_CATEGORY);
            let may = |channel: &_| state.permissions_in(actor.user, channel, now).contains(READ);
            let readable: Vec<_> = texts.clone().filter(|channel| may(channel)).collect();
            if readable.is_empty() {
                return no(Reject::Forbidden(Permissions::READ_MESSAGE_HISTORY));
            }
            let chosen = readable.iter().filter(|channel| nsfw || !channel.nsfw);
            let chosen: Vec<Id<marker::Channel>> = chosen.map(|channel| channel.id).collect();
            let managed = chosen.iter().filter(|id| state.manages_threads(actor.user, **id));
            let managed: Vec<_> = managed.copied().collect();
            (chosen, managed, texts.count())
        };
        let mut tags = match chosen.len() == all {
            true => vec![tag('g', guild.id)],
            false => chosen.iter().map(|id| tag('s', id)).collect(),
        };
        tags.extend(managed.iter().map(|id| tag('k', id)));
        for row in private(app, actor, guild).await? {
            if chosen.contains(&row.parent_id) && !managed.contains(&row.parent_id) {
                tags.push(tag('c', row.id));
            }
        }
        Ok(Self { tags })
    }
}

/// Private threads that the actor is in.
async fn private(app: &App, actor: &Actor, guild: &Guild) -> Result<Vec<ThreadRow>> {
    let scan = Scan::of::<ThreadMemberRow>().by("by_user").prefix(actor.user).newest_first();
    let seats = app.disk.scan::<ThreadMemberRow>(scan).await?;
    let keys = {
        let state = guild.read();
        let member = state.members.get(&actor.user);
        let here =
            seats.iter().filter(|seat| seat.guild_id == guild.id && thread::is_valid(seat, member));
        here.map(|seat| seat.thread_id.into_key()).collect()
    };
    let rows = app.disk.get_many::<ThreadRow>(keys).await?.into_iter().flatten();
    let rows = rows.filter(|row| row.kind == i64::from(PRIVATE_THREAD));
    Ok(rows.take(PRIVATE).collect())
}

/// Where a message stands; `thread`: it stands in one.
pub fn place(row: &MessageRow, thread: Option<&ThreadRow>) -> Vec<String> {
    let mut tags = vec![tag('c', row.channel_id)];
    let Some(guild) = row.guild_id else { return tags };
    match thread {
        Some(thread) if thread.kind == i64::from(PRIVATE_THREAD) => {
            tags.push(tag('k', thread.parent_id));
        }
        Some(thread) => tags.extend([tag('g', guild), tag('s', thread.parent_id)]),
        None => tags.extend([tag('g', guild), tag('s', row.channel_id)]),
    }
    tags
}

/// What stands in one of these channels, or in threads of theirs.
pub fn within(channels: &[Id<marker::Channel>]) -> Vec<String> {
    channels.iter().flat_map(|id| ['c', 's', 'k'].map(|kind| tag(kind, id))).collect()
}
