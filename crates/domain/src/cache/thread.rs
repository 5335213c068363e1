//! Active threads of an active guild, and who sees them.

use std::{collections::BTreeMap, sync::Arc};

use proto::{
    Id, Permissions, Timestamp,
    channel::PUBLIC_THREAD,
    marker,
    permission::{self, Asker},
};

use super::{Cache, Class, GuildState};
use crate::rows::{ChannelRow, ThreadRow};

/// An active thread.
#[derive(Debug, Clone)]
pub struct Thread {
    pub row: Arc<ThreadRow>,
    /// Who is in it, and since when.
    pub members: BTreeMap<Id<marker::User>, Timestamp>,
}

impl GuildState {
    /// A thread as the channel that messages stand in. `None`: what it hangs on is gone.
    pub fn thread_channel(&self, row: &ThreadRow) -> Option<Arc<ChannelRow>> {
        let parent = self.channels.get(&row.parent_id)?;
        Some(Arc::new(ChannelRow {
            id: row.id,
            kind: row.kind as u8,
            name: row.name.clone(),
            position: 0,
            topic: None,
            parent_id: Some(row.parent_id),
            rate_limit_per_user: row.rate_limit_per_user,
            // Who sees it is decided by its parent: `in_thread`.
            overwrites: Vec::new(),
            epoch: parent.epoch.wrapping_add(row.epoch),
            owner_id: Some(row.owner_id),
            ..ChannelRow::clone(parent)
        }))
    }

    /// A channel or an active thread.
    pub fn channel(&self, id: Id<marker::Channel>) -> Option<Arc<ChannelRow>> {
        let thread = || self.thread_channel(&self.threads.get(&id)?.row);
        self.channels.get(&id).cloned().or_else(thread)
    }

    /// Whether somebody is in an active thread.
    pub fn is_in(&self, user: Id<marker::User>, thread: Id<marker::Channel>) -> bool {
        self.threads.get(&thread).is_some_and(|thread| thread.members.contains_key(&user))
    }

    /// What a member may do in a thread, if it is known whether they are in it.
    pub fn permissions_inside(
        &self,
        user: Id<marker::User>,
        channel: &ChannelRow,
        is_in: bool,
        now: Timestamp,
    ) -> Permissions {
        let Some(member) = self.members.get(&user) else {
            return Permissions::NONE;
        };
        let roles = self.roles_of(member);
        let have = self.in_thread(&self.asker(member, &roles, now), channel, is_in);
        self.as_it_stands(member, have, now)
    }

    /// What its channel allows; in a private one only to who is in it or manages threads.
    pub(super) fn in_thread(
        &self,
        asker: &Asker<'_>,
        channel: &ChannelRow,
        is_in: bool,
    ) -> Permissions {
        let Some(parent) = channel.parent_id.and_then(|id| self.channels.get(&id)) else {
            return Permissions::NONE;
        };
        // Being silenced hides nothing.
        let loud = Asker { timed_out: false, ..*asker };
        let manages = || {
            let have = permission::compute(&loud, &parent.overwrites);
            have.contains(Permissions::MANAGE_THREADS)
        };
        if channel.kind == PUBLIC_THREAD || is_in || manages() {
            permission::compute_in_thread(asker, &parent.overwrites)
        } else {
            Permissions::NONE
        }
    }

    /// Whether a member sees all private threads of a channel.
    pub fn manages_threads(&self, user: Id<marker::User>, parent: Id<marker::Channel>) -> bool {
        let class = self.class_of(user);
        let parent = self.channels.get(&parent);
        class.zip(parent).is_some_and(|(class, parent)| self.class_manages(&class, parent))
    }

    /// Whether a member sees a private thread of this channel only by being in it.
    pub fn is_guest_of_threads(&self, user: Id<marker::User>, parent: Id<marker::Channel>) -> bool {
        let class = self.class_of(user);
        let parent = self.channels.get(&parent);
        class.zip(parent).is_some_and(|(class, parent)| {
            self.class_has(&class, parent, Permissions::VIEW_CHANNEL)
                && !self.class_manages(&class, parent)
        })
    }

    /// Whether members of a class see all private threads of a channel.
    pub fn class_manages(&self, class: &Class, parent: &ChannelRow) -> bool {
        self.class_has(class, parent, Permissions::VIEW_CHANNEL | Permissions::MANAGE_THREADS)
    }

    /// The active threads that a member sees, of these channels or of all.
    pub fn threads_seen(
        &self,
        user: Id<marker::User>,
        of: Option<&[Id<marker::Channel>]>,
    ) -> Vec<&Thread> {
        let Some(class) = self.class_of(user) else { return Vec::new() };
        let asked = |thread: &&Thread| of.is_none_or(|of| of.contains(&thread.row.parent_id));
        let seen = self.threads.values().filter(asked).filter(|thread| {
            let Some(parent) = self.channels.get(&thread.row.parent_id) else { return false };
            let public = thread.row.kind == i64::from(PUBLIC_THREAD);
            self.class_sees(&class, parent)
                && (public
                    || thread.members.contains_key(&user)
                    || self.class_manages(&class, parent))
        });
        seen.collect()
    }
}

impl Cache {
    /// Follows a thread: active ones are known, others are not.
    pub(super) fn put_thread(&self, row: ThreadRow) {
        let Some(guild) = self.guild(row.guild_id) else { return };
        let mut state = guild.write();
        if row.active_in.is_none() {
            return self.drop_thread(&mut state, row.id);
        }
        self.places.write().expect("no panic while locked").insert(row.id, guild.id);
        match state.threads.get_mut(&row.id) {
            Some(known) => known.row = Arc::new(row),
            None => {
                let thread = Thread { row: Arc::new(row), members: BTreeMap::new() };
                state.threads.insert(thread.row.id, thread);
            }
        }
    }

    pub(super) fn drop_thread(&self, state: &mut GuildState, id: Id<marker::Channel>) {
        if state.threads.remove(&id).is_some() {
            state.tips.remove(&id);
            self.places.write().expect("no panic while locked").remove(&id);
        }
    }
}
