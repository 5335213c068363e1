//! What a session knows: a copy of the server's truth, kept up by events.
//!
//! `apply` is the only place where events change it. The law that it serves: the first READY and
//! all events since make the same copy as a READY of now; `difference` tells where they do not.

mod difference;
mod guild;
mod timeline;

use std::collections::{BTreeMap, BTreeSet};

use proto::{
    Id,
    channel::Channel,
    gateway::{Dispatch, Ready},
    guild::UnavailableGuild,
    marker,
    message::{self, EPHEMERAL, Message},
    osc::{BLOCKED, NotificationSetting, ReadState, Relationship},
    presence::TypingStart,
    thread::ThreadMembersUpdate,
    user::{CurrentUser, User},
};

pub use difference::difference;
pub use guild::GuildCopy;
pub use timeline::Timeline;

/// A session's copy. All lists are sorted by id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cache {
    /// `None` before READY.
    pub user: Option<CurrentUser>,
    pub guilds: BTreeMap<Id<marker::Guild>, GuildCopy>,
    /// Named by READY, not told yet; or gone for a while.
    pub unavailable: BTreeSet<Id<marker::Guild>>,
    /// Direct messages. Pure v10 sessions are not told of them.
    pub dms: BTreeMap<Id<marker::Channel>, Channel>,
    pub read_states: BTreeMap<Id<marker::Channel>, ReadState>,
    pub relationships: BTreeMap<Id<marker::User>, Relationship>,
    /// Only what is not as it is by default.
    pub notifications: BTreeMap<Id<marker::Target>, NotificationSetting>,
    pub guild_order: Vec<Id<marker::Guild>>,
    /// Unix seconds when somebody was last seen typing.
    pub typing: BTreeMap<(Id<marker::Channel>, Id<marker::User>), i64>,
    /// Told of read markers, hence counts mentions: pure v10 sessions are not.
    counts_mentions: bool,
    /// Messages of opened channels.
    timelines: BTreeMap<Id<marker::Channel>, Timeline>,
}

/// Somebody is shown as typing for this long.
pub const TYPING_SECONDS: i64 = 10;

impl Cache {
    /// Whether READY came and all guilds that it named.
    pub fn is_whole(&self) -> bool {
        self.user.is_some() && self.unavailable.is_empty()
    }

    pub fn user_id(&self) -> Option<Id<marker::User>> {
        self.user.as_ref().map(|user| user.user.id)
    }

    /// A channel of a guild or a direct message.
    pub fn channel(&self, id: Id<marker::Channel>) -> Option<&Channel> {
        let in_guild = || self.guilds.values().find_map(|guild| guild.channel(id));
        self.dms.get(&id).or_else(in_guild)
    }

    /// Keeps the newest `most` messages of a channel from now on; `page` is its newest page as
    /// REST gives it, newest first.
    pub fn open(&mut self, channel: Id<marker::Channel>, page: Vec<Message>, most: usize) {
        self.timelines.insert(channel, Timeline::new(page, most));
    }

    /// Forgets a channel's messages.
    pub fn close(&mut self, channel: Id<marker::Channel>) {
        self.timelines.remove(&channel);
    }

    /// The messages of an opened channel.
    pub fn timeline(&self, channel: Id<marker::Channel>) -> Option<&Timeline> {
        self.timelines.get(&channel)
    }

    pub fn opened(&self) -> impl Iterator<Item = Id<marker::Channel>> + '_ {
        self.timelines.keys().copied()
    }

    /// Who types in a channel.
    pub fn typing_in(
        &self,
        channel: Id<marker::Channel>,
        now_seconds: i64,
    ) -> impl Iterator<Item = Id<marker::User>> + '_ {
        let here = self.typing.iter().filter(move |((there, _), _)| *there == channel);
        let fresh = here.filter(move |(_, at)| **at + TYPING_SECONDS > now_seconds);
        fresh.map(|((_, user), _)| *user)
    }

    /// Follows one event. Events of things that are not known change nothing.
    pub fn apply(&mut self, dispatch: &Dispatch) {
        use Dispatch as D;
        match dispatch {
            D::Ready(ready) => self.start(ready),
            D::Resumed(_) => {}
            D::UserUpdate(user) => self.user = Some((**user).clone()),

            D::GuildCreate(guild) => self.put_guild(GuildCopy::new(guild)),
            D::GuildUpdate(update) => {
                if let Some(guild) = self.guilds.get_mut(&update.id) {
                    guild.update(update);
                }
            }
            D::GuildDelete(gone) => self.drop_guild(gone),

            D::ChannelCreate(channel) | D::ChannelUpdate(channel) => self.put_channel(channel),
            D::OscChannelCreate(channel) => {
                self.dms.insert(channel.id, (**channel).clone());
            }
            D::ChannelDelete(channel) => self.drop_channel(channel.id),
            D::ThreadCreate(thread) | D::ThreadUpdate(thread) => self.put_thread(thread),
            D::ThreadDelete(gone) => self.drop_threads(gone.guild_id, &[gone.id]),
            D::ThreadListSync(sync) => {
                let of = sync.channel_ids.as_deref();
                self.in_guild(sync.guild_id, |guild| guild.sync_threads(of, &sync.threads));
            }
            D::ThreadMemberUpdate(update) => {
                let (id, guild) = (update.member.id, update.guild_id);
                self.in_guild(guild, |guild| guild.put_own(id, Some(&update.member)));
            }
            D::ThreadMembersUpdate(update) => self.update_thread_members(update),
            D::ChannelPinsUpdate(pins) => {
                if let Some(channel) = self.channel_mut(pins.channel_id) {
                    channel.last_pin_timestamp = pins.last_pin_timestamp;
                }
            }

            D::ChannelRecipientAdd(event) => {
                if let Some(dm) = self.dms.get_mut(&event.channel_id) {
                    dm.recipients.get_or_insert_default().push(event.user.clone());
                }
            }
            D::ChannelRecipientRemove(event) => {
                if let Some(dm) = self.dms.get_mut(&event.channel_id) {
                    dm.recipients.get_or_insert_default().retain(|user| user.id != event.user.id);
                }
            }

            D::GuildEmojisUpdate(update) => {
                self.in_guild(update.guild_id, |guild| guild.guild.emojis = update.emojis.clone());
            }
            D::GuildRoleCreate(event) | D::GuildRoleUpdate(event) => {
                self.in_guild(event.guild_id, |guild| guild.put_role(&event.role));
            }
            D::GuildRoleDelete(event) => {
                self.in_guild(event.guild_id, |guild| guild.drop_role(event.role_id));
            }

            D::GuildMemberAdd(event) => {
                self.in_guild(event.guild_id, |guild| guild.add_member(&event.member));
            }
            D::GuildMemberUpdate(event) => {
                self.in_guild(event.guild_id, |guild| guild.put_member(&event.member));
            }
            D::GuildMemberRemove(event) => {
                self.in_guild(event.guild_id, |guild| guild.drop_member(event.user.id));
            }
            D::GuildMembersChunk(chunk) => self.in_guild(chunk.guild_id, |guild| {
                chunk.members.iter().for_each(|member| guild.put_member(member));
                let presences = chunk.presences.iter().flatten();
                presences.for_each(|presence| guild.put_presence(presence));
            }),
            // Lists that are asked for when they are shown.
            D::GuildBanAdd(_) | D::GuildBanRemove(_) | D::GuildAuditLogEntryCreate(_) => {}
            D::WebhooksUpdate(_) => {}
            D::InviteCreate(_) | D::InviteDelete(_) => {}
            // Whoever asked too often asks again later.
            D::RateLimited(_) => {}

            D::InteractionCreate(_) | D::ApplicationCommandPermissionsUpdate(_) => {}
            // In no history: what one person sees for a while.
            D::MessageCreate(message) if message.flags & EPHEMERAL != 0 => {}
            D::MessageCreate(message) => self.hear(message),
            D::MessageUpdate(message) => {
                self.in_timeline(message.channel_id, |timeline, _| timeline.change(message));
            }
            D::MessageDelete(gone) => {
                self.uncount(gone.channel_id, 1);
                self.in_timeline(gone.channel_id, |timeline, _| timeline.remove(&[gone.id]));
            }
            D::MessageDeleteBulk(gone) => {
                self.uncount(gone.channel_id, gone.ids.len() as u32);
                self.in_timeline(gone.channel_id, |timeline, _| timeline.remove(&gone.ids));
            }
            D::MessageReactionAdd(event) => self.in_timeline(event.channel_id, |timeline, me| {
                timeline.react(event, me == Some(event.user_id));
            }),
            D::MessageReactionRemove(event) => {
                self.in_timeline(event.channel_id, |timeline, me| {
                    timeline.unreact(event, me == Some(event.user_id));
                });
            }
            D::MessageReactionRemoveAll(event) | D::MessageReactionRemoveEmoji(event) => {
                self.in_timeline(event.channel_id, |timeline, _| timeline.clear(event));
            }

            D::PresenceUpdate(presence) => {
                if let Some(guild) = presence.guild_id {
                    self.in_guild(guild, |guild| guild.put_presence(presence));
                }
            }
            D::TypingStart(typing) => self.put_typing(typing),
            D::VoiceStateUpdate(voice) => {
                if let Some(guild) = voice.guild_id {
                    self.in_guild(guild, |guild| guild.put_voice(voice));
                }
            }
            // For those who connect to a voice server.
            D::VoiceServerUpdate(_) => {}
            // Asked for where they are shown.
            D::AutoModerationRuleCreate(_)
            | D::AutoModerationRuleUpdate(_)
            | D::AutoModerationRuleDelete(_)
            | D::AutoModerationActionExecution(_)
            | D::OscRaidAlert(_)
            | D::OscReportUpdate(_)
            | D::OscReportAnswer(_)
            | D::OscCleanupUpdate(_) => {}
            D::OscReadStateUpdate(state) => {
                self.read_states.insert(state.channel_id, state.clone());
            }
            D::OscRelationshipUpdate(relationship) => {
                self.relationships.insert(relationship.id, (**relationship).clone());
            }
            D::OscRelationshipRemove(gone) => {
                self.relationships.remove(&gone.id);
            }
            D::OscNotificationUpdate(setting) => self.put_notification(setting),
            D::OscGuildOrderUpdate(order) => self.guild_order = order.guild_ids.clone(),
            D::OscUserUpdate(user) => self.put_user(user),
        }
    }

    /// A new session: what was known before is void.
    fn start(&mut self, ready: &Ready) {
        *self = Self {
            user: Some(ready.user.clone()),
            unavailable: ready.guilds.iter().map(|guild| guild.id).collect(),
            counts_mentions: ready.osc.is_some(),
            dms: ready.private_channels.iter().map(|dm| (dm.id, dm.clone())).collect(),
            ..Self::default()
        };
        let Some(osc) = &ready.osc else { return };
        for state in &osc.read_states {
            self.read_states.insert(state.channel_id, state.clone());
        }
        for relationship in &osc.relationships {
            self.relationships.insert(relationship.id, relationship.clone());
        }
        osc.notifications.iter().for_each(|setting| self.put_notification(setting));
        self.guild_order = osc.guild_order.clone();
    }

    fn put_guild(&mut self, guild: GuildCopy) {
        let id = guild.guild.id;
        if let Some(before) = self.guilds.get(&id) {
            let known = before.channels.keys().chain(before.threads.keys());
            let hidden = known.filter(|id| guild.channel(**id).is_none());
            let hidden: Vec<_> = hidden.copied().collect();
            hidden.into_iter().for_each(|channel| self.close(channel));
        }
        self.unavailable.remove(&id);
        self.guilds.insert(id, guild);
    }

    fn drop_guild(&mut self, gone: &UnavailableGuild) {
        let Some(guild) = self.guilds.remove(&gone.id) else {
            self.unavailable.remove(&gone.id);
            return;
        };
        for channel in guild.channels.keys().chain(guild.threads.keys()) {
            self.close(*channel);
        }
        if gone.unavailable == Some(true) {
            self.unavailable.insert(gone.id);
        }
    }

    fn put_channel(&mut self, channel: &Channel) {
        match channel.guild_id {
            Some(guild) => self.in_guild(guild, |guild| {
                guild.channels.insert(channel.id, channel.clone());
            }),
            // Pure v10 sessions do not know of it.
            None => {
                if let Some(known) = self.dms.get_mut(&channel.id) {
                    *known = channel.clone();
                }
            }
        }
    }

    /// Archived threads are not kept.
    fn put_thread(&mut self, thread: &Channel) {
        let Some(guild) = thread.guild_id else { return };
        if thread.thread_metadata.as_ref().is_some_and(|metadata| metadata.archived) {
            return self.drop_threads(guild, &[thread.id]);
        }
        self.in_guild(guild, |guild| guild.put_thread(thread));
    }

    fn drop_threads(&mut self, guild: Id<marker::Guild>, ids: &[Id<marker::Channel>]) {
        for id in ids {
            self.close(*id);
            self.in_guild(guild, |guild| drop(guild.threads.remove(id)));
        }
    }

    fn update_thread_members(&mut self, update: &ThreadMembersUpdate) {
        let Some(me) = self.user_id() else { return };
        let came = update.added_members.iter().find(|added| added.user_id == me);
        let went = update.removed_member_ids.contains(&me);
        self.in_guild(update.guild_id, |guild| {
            if let Some(thread) = guild.threads.get_mut(&update.id) {
                thread.member_count = Some(update.member_count);
            }
            if came.is_some() || went {
                guild.put_own(update.id, came.filter(|_| !went));
            }
        });
        if went {
            // Nobody is called in a thread that they left; calls of before are void.
            match self.read_states.get_mut(&update.id) {
                Some(state) if state.last_message_id.is_some() => state.mention_count = 0,
                _ => drop(self.read_states.remove(&update.id)),
            }
        }
    }

    fn put_notification(&mut self, setting: &NotificationSetting) {
        if setting.level.is_none() && !setting.muted {
            self.notifications.remove(&setting.id);
        } else {
            self.notifications.insert(setting.id, setting.clone());
        }
    }

    /// Somebody looks different, wherever they are kept outside of rooms.
    fn put_user(&mut self, user: &User) {
        if let Some(relationship) = self.relationships.get_mut(&user.id) {
            relationship.user = user.clone();
        }
        let recipients = self.dms.values_mut().filter_map(|dm| dm.recipients.as_mut()).flatten();
        recipients.filter(|known| known.id == user.id).for_each(|known| *known = user.clone());
    }

    fn channel_mut(&mut self, id: Id<marker::Channel>) -> Option<&mut Channel> {
        let in_guild = self.guilds.values_mut().find_map(|guild| guild.channel_mut(id));
        self.dms.get_mut(&id).or(in_guild)
    }

    fn drop_channel(&mut self, id: Id<marker::Channel>) {
        self.dms.remove(&id);
        self.close(id);
        let hang = |guild: &GuildCopy| guild.threads_of(id);
        let threads: Vec<_> = self.guilds.values().flat_map(hang).collect();
        threads.into_iter().for_each(|thread| self.close(thread));
        self.guilds.values_mut().for_each(|guild| guild.drop_channel(id));
    }

    fn hear(&mut self, message: &Message) {
        let here = message.channel_id;
        self.typing.remove(&(here, message.author.id));
        self.in_timeline(here, |timeline, _| timeline.put(message));
        let meant = self.is_meant(message);
        if let Some(channel) = self.channel_mut(here) {
            channel.last_message_id = Some(Some(message.id));
            if message.kind != message::THREAD_STARTER_MESSAGE {
                let counts = [&mut channel.message_count, &mut channel.total_message_sent];
                counts.into_iter().flatten().for_each(|count| *count += 1);
            }
        }
        if meant && self.counts_mentions {
            let unread = ReadState { channel_id: here, last_message_id: None, mention_count: 0 };
            self.read_states.entry(here).or_insert(unread).mention_count += 1;
        }
    }

    /// Messages of a thread are gone.
    fn uncount(&mut self, channel: Id<marker::Channel>, gone: u32) {
        let thread = self.channel_mut(channel);
        if let Some(count) = thread.and_then(|thread| thread.message_count.as_mut()) {
            *count = count.saturating_sub(gone);
        }
    }

    /// Whether a message calls its reader: directly, by a role, or everybody.
    fn is_meant(&self, message: &Message) -> bool {
        let Some(me) = self.user_id().filter(|me| *me != message.author.id) else {
            return false;
        };
        let author = self.relationships.get(&message.author.id);
        if author.is_some_and(|known| known.kind == BLOCKED) {
            return false;
        }
        let Some(guild) = message.guild_id else {
            return true;
        };
        let known = self.guilds.get(&guild);
        let mine = known.and_then(|guild| guild.members.get(&me));
        let mine = mine.map_or(&[][..], |member| &member.roles);
        let thread = known.and_then(|guild| guild.threads.get(&message.channel_id));
        // In a thread many are called only if they are in it.
        let hears = thread.is_none_or(|thread| thread.member.is_some());
        let loud = message.mention_everyone
            || message.mention_roles.iter().any(|role| mine.contains(role));
        message.mentions.iter().any(|user| user.id == me) || (hears && loud)
    }

    fn put_typing(&mut self, typing: &TypingStart) {
        self.typing.retain(|_, at| *at + TYPING_SECONDS > typing.timestamp);
        self.typing.insert((typing.channel_id, typing.user_id), typing.timestamp);
    }

    fn in_guild(&mut self, id: Id<marker::Guild>, change: impl FnOnce(&mut GuildCopy)) {
        if let Some(guild) = self.guilds.get_mut(&id) {
            change(guild);
        }
    }

    fn in_timeline(
        &mut self,
        id: Id<marker::Channel>,
        change: impl FnOnce(&mut Timeline, Option<Id<marker::User>>),
    ) {
        let me = self.user_id();
        if let Some(timeline) = self.timelines.get_mut(&id) {
            change(timeline, me);
        }
    }
}

#[cfg(test)]
#[path = "cache/tests.rs"]
mod tests;
