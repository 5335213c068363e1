//! A guild as a session knows it.

use std::collections::BTreeMap;

use proto::{
    Id, Timestamp,
    channel::Channel,
    guild::{Guild, GuildCreate},
    marker,
    member::Member,
    presence::{Presence, Status},
    role::Role,
    thread::ThreadMember,
    voice::VoiceState,
};

#[derive(Debug, Clone, PartialEq)]
pub struct GuildCopy {
    /// Its roles are in `roles`.
    pub guild: Guild,
    pub roles: BTreeMap<Id<marker::Role>, Role>,
    pub joined_at: Timestamp,
    pub large: bool,
    pub member_count: u32,
    /// Those the session may see.
    pub channels: BTreeMap<Id<marker::Channel>, Channel>,
    /// Active ones that it may see.
    pub threads: BTreeMap<Id<marker::Channel>, Channel>,
    /// Those that were told; in a large guild not all.
    pub members: BTreeMap<Id<marker::User>, Member>,
    /// Of those who are there.
    pub presences: BTreeMap<Id<marker::User>, Presence>,
    pub voice_states: BTreeMap<Id<marker::User>, VoiceState>,
}

impl GuildCopy {
    pub fn new(told: &GuildCreate) -> Self {
        let guild = told.guild.clone();
        let mut copy = Self {
            roles: guild.roles.iter().map(|role| (role.id, role.clone())).collect(),
            guild: Guild { roles: Vec::new(), ..guild },
            joined_at: told.joined_at,
            large: told.large,
            member_count: told.member_count,
            channels: BTreeMap::new(),
            threads: BTreeMap::new(),
            members: BTreeMap::new(),
            presences: BTreeMap::new(),
            voice_states: BTreeMap::new(),
        };
        for channel in &told.channels {
            // COMPAT: within a GUILD_CREATE the guild's id may be missing.
            let channel = Channel { guild_id: Some(copy.guild.id), ..channel.clone() };
            copy.channels.insert(channel.id, channel);
        }
        for thread in &told.threads {
            let thread = Channel { guild_id: Some(copy.guild.id), ..thread.clone() };
            copy.put_thread(&thread);
        }
        told.members.iter().for_each(|member| copy.put_member(member));
        told.presences.iter().for_each(|presence| copy.put_presence(presence));
        told.voice_states.iter().for_each(|voice| copy.put_voice(voice));
        copy
    }

    /// A channel or an active thread.
    pub fn channel(&self, id: Id<marker::Channel>) -> Option<&Channel> {
        self.channels.get(&id).or_else(|| self.threads.get(&id))
    }

    pub(super) fn channel_mut(&mut self, id: Id<marker::Channel>) -> Option<&mut Channel> {
        let thread = self.threads.get_mut(&id);
        self.channels.get_mut(&id).or(thread)
    }

    /// Ids of the threads that hang on a channel.
    pub(super) fn threads_of(&self, channel: Id<marker::Channel>) -> Vec<Id<marker::Channel>> {
        let hang = self.threads.values().filter(|thread| thread.parent_id == Some(Some(channel)));
        hang.map(|thread| thread.id).collect()
    }

    /// Events for many say nothing of who hears them: one's own place stays.
    pub(super) fn put_thread(&mut self, thread: &Channel) {
        let own = self.threads.get(&thread.id).and_then(|known| known.member.clone());
        let member = thread.member.clone().or(own);
        let known = Channel { member, newly_created: None, ..thread.clone() };
        self.threads.insert(thread.id, known);
    }

    pub(super) fn put_own(&mut self, thread: Id<marker::Channel>, own: Option<&ThreadMember>) {
        let bare =
            |own: &ThreadMember| ThreadMember { member: None, presence: None, ..own.clone() };
        if let Some(thread) = self.threads.get_mut(&thread) {
            thread.member = own.map(|own| Box::new(bare(own)));
        }
    }

    pub(super) fn sync_threads(&mut self, of: Option<&[Id<marker::Channel>]>, threads: &[Channel]) {
        self.threads.retain(|_, thread| {
            let parent = thread.parent_id.flatten();
            of.is_some_and(|of| parent.is_some_and(|parent| !of.contains(&parent)))
        });
        threads.iter().for_each(|thread| self.put_thread(thread));
    }

    pub(super) fn update(&mut self, guild: &Guild) {
        self.roles = guild.roles.iter().map(|role| (role.id, role.clone())).collect();
        self.guild = Guild { roles: Vec::new(), ..guild.clone() };
    }

    pub(super) fn put_role(&mut self, role: &Role) {
        self.roles.insert(role.id, role.clone());
    }

    /// A role goes with all that it was given to.
    pub(super) fn drop_role(&mut self, id: Id<marker::Role>) {
        self.roles.remove(&id);
        for member in self.members.values_mut() {
            member.roles.retain(|role| *role != id);
        }
        for channel in self.channels.values_mut() {
            if let Some(overwrites) = &mut channel.permission_overwrites {
                overwrites.retain(|overwrite| overwrite.id != id.cast());
            }
        }
    }

    pub(super) fn add_member(&mut self, member: &Member) {
        self.member_count += 1;
        self.put_member(member);
    }

    pub(super) fn put_member(&mut self, member: &Member) {
        if let Some(user) = &member.user {
            self.members.insert(user.id, member.clone());
        }
    }

    pub(super) fn drop_member(&mut self, user: Id<marker::User>) {
        self.member_count = self.member_count.saturating_sub(1);
        self.members.remove(&user);
        self.presences.remove(&user);
        self.voice_states.remove(&user);
    }

    pub(super) fn put_presence(&mut self, presence: &Presence) {
        let user = presence.user.id;
        if presence.status == Status::Offline {
            self.presences.remove(&user);
        } else {
            let guild_id = Some(self.guild.id);
            self.presences.insert(user, Presence { guild_id, ..presence.clone() });
        }
    }

    pub(super) fn put_voice(&mut self, voice: &VoiceState) {
        if voice.channel_id.is_none() {
            self.voice_states.remove(&voice.user_id);
        } else {
            let guild_id = Some(self.guild.id);
            self.voice_states.insert(voice.user_id, VoiceState { guild_id, ..voice.clone() });
        }
    }

    /// A channel goes with those who are in it.
    pub(super) fn drop_channel(&mut self, id: Id<marker::Channel>) {
        self.threads.retain(|_, thread| thread.parent_id != Some(Some(id)));
        if self.channels.remove(&id).is_some() {
            self.voice_states.retain(|_, voice| voice.channel_id != Some(id));
        }
    }
}
