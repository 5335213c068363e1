//! What is known without asking the store: active guilds whole, and users.
//!
//! Permission checks and fan-out read only this. It changes only after a commit, by the rows that
//! were committed, under the publish gate, so it is always the state as of the last event.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use proto::{
    Id, Permissions, Timestamp,
    channel::is_thread,
    marker,
    permission::{self, Asker, OVERWRITE_MEMBER, OVERWRITE_ROLE},
    voice::VoiceState,
};

use crate::{
    auto_moderation::Rule,
    rows::{
        AutoModerationRow, ChannelRow, EmojiRow, GuildRow, MemberRow, RoleRow, ThreadMemberRow,
        ThreadRow, TipRow, UserRow,
    },
    store::{Entity, Op, Row, Table},
};

mod thread;

pub use thread::Thread;
/// Who may write in a locked room: those with one of these.
pub const MODERATES: Permissions = Permissions::from_bits_truncate(
    Permissions::MANAGE_MESSAGES.bits()
        | Permissions::MODERATE_MEMBERS.bits()
        | Permissions::MANAGE_GUILD.bits(),
);

/// What nobody else does in one.
const WRITES: Permissions = Permissions::from_bits_truncate(
    Permissions::SEND_MESSAGES.bits()
        | Permissions::SEND_MESSAGES_IN_THREADS.bits()
        | Permissions::CREATE_PUBLIC_THREADS.bits()
        | Permissions::CREATE_PRIVATE_THREADS.bits()
        | Permissions::SEND_TTS_MESSAGES.bits()
        | Permissions::SEND_VOICE_MESSAGES.bits()
        | Permissions::SEND_POLLS.bits()
        | Permissions::ADD_REACTIONS.bits(),
);

#[derive(Default)]
pub struct Cache {
    guilds: RwLock<HashMap<Id<marker::Guild>, Arc<Guild>>>,
    /// The guild of each channel of an active guild.
    places: RwLock<HashMap<Id<marker::Channel>, Id<marker::Guild>>>,
    users: RwLock<HashMap<Id<marker::User>, Arc<UserRow>>>,
    /// Grows with each committed change of a user: what was read before must not be kept after.
    user_changes: AtomicU64,
    pub(crate) logins: crate::login::Logins,
    pub(crate) tries: crate::tries::Tries,
    /// Whom people brought into groups, counted by who did.
    pub(crate) brought: crate::tries::Tries,
    pub(crate) subscribers: crate::push::Subscribers,
    pub(crate) pictures: crate::picture::Shelf,
    pub(crate) index: crate::search::Index,
    pub(crate) touched: crate::directory::Touched,
    /// What people wrote and who came just now, for rules against spam and raids.
    pub(crate) spam: crate::auto_moderation::Recent,
    pub(crate) arrivals: crate::safety::Arrivals,
    pub(crate) challenges: crate::challenge::Challenges,
    /// Reports, counted by who made them.
    pub(crate) reported: crate::tries::Tries,
}

/// An active guild. Lock it briefly, never across an await.
pub struct Guild {
    pub id: Id<marker::Guild>,
    state: RwLock<GuildState>,
}

/// All of a guild but its messages.
#[derive(Debug, Clone)]
pub struct GuildState {
    pub row: GuildRow,
    pub channels: BTreeMap<Id<marker::Channel>, Arc<ChannelRow>>,
    /// Active ones.
    pub threads: BTreeMap<Id<marker::Channel>, Thread>,
    pub tips: HashMap<Id<marker::Channel>, TipRow>,
    /// With @everyone.
    pub roles: BTreeMap<Id<marker::Role>, RoleRow>,
    pub emojis: BTreeMap<Id<marker::Emoji>, EmojiRow>,
    pub members: HashMap<Id<marker::User>, Arc<MemberRow>>,
    /// Who is in voice; not stored.
    pub voice: HashMap<Id<marker::User>, VoiceState>,
    /// Of automatic moderation.
    pub rules: BTreeMap<Id<marker::AutoModerationRule>, Arc<Rule>>,
}

/// Members of one class see the same channels: what fan-out groups by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Owner and administrators.
    All,
    /// Those of the member's roles that matter to who sees what.
    Roles(Vec<Id<marker::Role>>),
    /// An overwrite names this person.
    Person(Id<marker::User>),
}

impl Guild {
    pub fn new(state: GuildState) -> Self {
        Self { id: state.row.id, state: RwLock::new(state) }
    }

    pub fn read(&self) -> std::sync::RwLockReadGuard<'_, GuildState> {
        self.state.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, GuildState> {
        self.state.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Voice is not stored: the gateway keeps it here. Answers what was there before.
    pub fn set_voice(
        &self,
        user: Id<marker::User>,
        state: Option<VoiceState>,
    ) -> Option<VoiceState> {
        let mut guild = self.write();
        match state {
            Some(state) => guild.voice.insert(user, state),
            None => guild.voice.remove(&user),
        }
    }
}

impl GuildState {
    /// A guild with nothing in it yet.
    pub fn new(row: GuildRow) -> Self {
        Self {
            row,
            channels: BTreeMap::new(),
            threads: BTreeMap::new(),
            tips: HashMap::new(),
            roles: BTreeMap::new(),
            emojis: BTreeMap::new(),
            members: HashMap::new(),
            voice: HashMap::new(),
            rules: BTreeMap::new(),
        }
    }

    pub fn is_owner(&self, user: Id<marker::User>) -> bool {
        self.row.owner_id == user
    }

    fn everyone(&self) -> Permissions {
        let everyone = self.roles.get(&self.row.id.cast());
        everyone.map_or(Permissions::NONE, |role| role.permissions)
    }

    fn roles_of(&self, member: &MemberRow) -> Vec<(Id<marker::Role>, Permissions)> {
        let known = member.roles.iter().filter_map(|id| self.roles.get(id));
        known.map(|role| (role.id, role.permissions)).collect()
    }

    /// Permissions of a member in the guild; none for others.
    pub fn permissions(&self, user: Id<marker::User>, now: Timestamp) -> Permissions {
        let Some(member) = self.members.get(&user) else {
            return Permissions::NONE;
        };
        let roles = self.roles_of(member);
        let have = permission::compute_guild(&self.asker(member, &roles, now));
        self.as_it_stands(member, have, now)
    }

    /// Permissions of a member in a channel; none for others.
    pub fn permissions_in(
        &self,
        user: Id<marker::User>,
        channel: &ChannelRow,
        now: Timestamp,
    ) -> Permissions {
        let Some(member) = self.members.get(&user) else {
            return Permissions::NONE;
        };
        let roles = self.roles_of(member);
        let asker = self.asker(member, &roles, now);
        let have = match is_thread(channel.kind) {
            true => self.in_thread(&asker, channel, self.is_in(member.user_id, channel.id)),
            false => permission::compute(&asker, &channel.overwrites),
        };
        self.as_it_stands(member, have, now)
    }

    /// What somebody without any role may do in a channel: a visitor of a public room.
    pub fn permissions_of_everyone(&self, channel: &ChannelRow) -> Permissions {
        let nobody = Id::new(1).expect("one is not zero");
        let asker = Asker {
            user: nobody,
            is_owner: false,
            guild: self.row.id,
            everyone: self.everyone(),
            roles: &[],
            timed_out: false,
        };
        match is_thread(channel.kind) {
            true => self.in_thread(&asker, channel, false),
            false => permission::compute(&asker, &channel.overwrites),
        }
    }

    fn asker<'a>(
        &self,
        member: &MemberRow,
        roles: &'a [(Id<marker::Role>, Permissions)],
        now: Timestamp,
    ) -> Asker<'a> {
        Asker {
            user: member.user_id,
            is_owner: self.is_owner(member.user_id),
            guild: self.row.id,
            everyone: self.everyone(),
            roles,
            timed_out: member.timed_out_until.is_some_and(|until| until > now),
        }
    }

    /// Without what is shut for now: where guests may not write they may still look and listen, as
    /// may everybody but moderators in a locked room, and who has a name that is not wanted.
    fn as_it_stands(&self, member: &MemberRow, have: Permissions, now: Timestamp) -> Permissions {
        const LOOKS: Permissions = Permissions::from_bits_truncate(
            Permissions::VIEW_CHANNEL.bits() | Permissions::READ_MESSAGE_HISTORY.bits(),
        );
        if self.is_owner(member.user_id) || have.contains(Permissions::ADMINISTRATOR) {
            return have;
        }
        let safety = &self.row.safety;
        let raid = safety.raid_until.is_some_and(|until| until > now);
        if member.guest && (!self.row.guests_write || raid) {
            return have & (LOOKS | Permissions::CONNECT);
        }
        if member.quarantined && !have.contains(Permissions::MANAGE_GUILD) {
            return have & (LOOKS | Permissions::CHANGE_NICKNAME);
        }
        if safety.locked && (have & MODERATES).is_empty() {
            return have.without(WRITES);
        }
        have
    }

    /// The highest place among the member's roles; the owner stands above all.
    pub fn rank(&self, user: Id<marker::User>) -> u32 {
        if self.is_owner(user) {
            return u32::MAX;
        }
        let Some(member) = self.members.get(&user) else {
            return 0;
        };
        let places = member.roles.iter().filter_map(|id| self.roles.get(id)).map(|r| r.position);
        places.max().unwrap_or(0)
    }

    /// Which class a member is in; `None` for others.
    pub fn class_of(&self, user: Id<marker::User>) -> Option<Class> {
        let member = self.members.get(&user)?;
        let roles = self.roles_of(member);
        let asker = self.asker(member, &roles, Timestamp::from_ms(i64::MAX));
        if permission::compute_guild(&asker) == Permissions::ALL {
            return Some(Class::All);
        }
        if self.named_in_overwrites(OVERWRITE_MEMBER).any(|id| id == user.cast()) {
            return Some(Class::Person(user));
        }
        let named: BTreeSet<_> = self.named_in_overwrites(OVERWRITE_ROLE).collect();
        let matters = |(role, permissions): &&(Id<marker::Role>, Permissions)| {
            let shows = *permissions & (Permissions::VIEW_CHANNEL | Permissions::MANAGE_THREADS);
            named.contains(&role.cast()) || !shows.is_empty()
        };
        let mut roles: Vec<_> = roles.iter().filter(matters).map(|(role, _)| *role).collect();
        roles.sort_unstable();
        roles.dedup();
        Some(Class::Roles(roles))
    }

    fn named_in_overwrites(&self, kind: u8) -> impl Iterator<Item = Id<marker::Overwrite>> {
        let overwrites = self.channels.values().flat_map(|channel| &channel.overwrites);
        overwrites.filter(move |overwrite| overwrite.kind == kind).map(|overwrite| overwrite.id)
    }

    /// Whether members of this class see the channel.
    pub fn class_sees(&self, class: &Class, channel: &ChannelRow) -> bool {
        self.class_has(class, channel, Permissions::VIEW_CHANNEL)
    }

    /// Whether members of this class have these permissions in the channel, who is silenced and
    /// guests aside: of VIEW_CHANNEL and MANAGE_THREADS only.
    pub fn class_has(&self, class: &Class, channel: &ChannelRow, needed: Permissions) -> bool {
        let have = match class {
            Class::All => return true,
            Class::Person(user) => {
                let Some(member) = self.members.get(user) else { return false };
                let roles = self.roles_of(member);
                let asker = self.asker(member, &roles, Timestamp::from_ms(i64::MAX));
                permission::compute(&asker, &channel.overwrites)
            }
            Class::Roles(ids) => {
                let known = ids.iter().filter_map(|id| self.roles.get(id));
                let roles: Vec<_> = known.map(|role| (role.id, role.permissions)).collect();
                let asker = Asker {
                    user: Id::new(1).expect("one is not zero"),
                    is_owner: false,
                    guild: self.row.id,
                    everyone: self.everyone(),
                    roles: &roles,
                    timed_out: false,
                };
                permission::compute(&asker, &channel.overwrites)
            }
        };
        have.contains(needed)
    }

    /// The channels this member sees.
    pub fn visible_to(&self, user: Id<marker::User>) -> BTreeSet<Id<marker::Channel>> {
        let Some(class) = self.class_of(user) else {
            return BTreeSet::new();
        };
        let seen = self.channels.values().filter(|channel| self.class_sees(&class, channel));
        seen.map(|channel| channel.id).collect()
    }
}

impl Cache {
    pub fn guild(&self, id: Id<marker::Guild>) -> Option<Arc<Guild>> {
        self.guilds.read().expect("no panic while locked").get(&id).cloned()
    }

    pub fn guilds(&self) -> Vec<Arc<Guild>> {
        self.guilds.read().expect("no panic while locked").values().cloned().collect()
    }

    /// The guild of a channel, if it is active.
    pub fn place(&self, channel: Id<marker::Channel>) -> Option<Id<marker::Guild>> {
        self.places.read().expect("no panic while locked").get(&channel).copied()
    }

    /// Keeps a guild just loaded. The caller holds the guild's lane, and nothing of it waits.
    pub(crate) fn keep_guild(&self, state: GuildState) -> Arc<Guild> {
        let mut places = self.places.write().expect("no panic while locked");
        for channel in state.channels.keys().chain(state.threads.keys()) {
            places.insert(*channel, state.row.id);
        }
        drop(places);
        let guild = Arc::new(Guild::new(state));
        self.guilds.write().expect("no panic while locked").insert(guild.id, guild.clone());
        guild
    }

    /// Forgets a guild, under its lane.
    pub(crate) fn drop_guild(&self, id: Id<marker::Guild>) {
        self.guilds.write().expect("no panic while locked").remove(&id);
        self.places.write().expect("no panic while locked").retain(|_, guild| *guild != id);
    }

    pub fn user(&self, id: Id<marker::User>) -> Option<Arc<UserRow>> {
        self.users.read().expect("no panic while locked").get(&id).cloned()
    }

    /// Call before reading a user from the store; hand it to `keep_user`.
    pub(crate) fn user_changes(&self) -> u64 {
        self.user_changes.load(Ordering::SeqCst)
    }

    /// Keeps a user read from the store, unless one changed meanwhile.
    pub(crate) fn keep_user(&self, user: Arc<UserRow>, changes: u64, most: usize) {
        let mut users = self.users.write().expect("no panic while locked");
        if self.user_changes.load(Ordering::SeqCst) != changes {
            return;
        }
        if users.len() >= most {
            // Whole and rare beats exact and constant: what is in use comes back at once.
            users.clear();
        }
        users.insert(user.id, user);
    }

    /// Follows what was committed.
    pub(crate) fn apply(&self, ops: &[Op]) -> anyhow::Result<()> {
        for op in ops {
            self.logins.follow(op);
            self.subscribers.follow(op)?;
            match op {
                // A new guild is active at once: all of it follows in the batch that inserts it.
                Op::Insert(table, row) if is::<GuildRow>(table) => {
                    self.keep_guild(GuildState::new(GuildRow::from_row(row)?));
                }
                Op::Put(table, row) | Op::Insert(table, row) => self.apply_put(table, row)?,
                Op::Delete(table, key) => self.apply_delete(table, key),
                Op::Expect(..) | Op::Prune { .. } => {}
            }
        }
        Ok(())
    }

    fn apply_put(&self, table: &'static Table, row: &Row) -> anyhow::Result<()> {
        if is::<GuildRow>(table) {
            let row = GuildRow::from_row(row)?;
            if let Some(guild) = self.guild(row.id) {
                guild.write().row = row;
            }
        } else if is::<ChannelRow>(table) {
            let row = ChannelRow::from_row(row)?;
            if let Some(guild) = row.guild_id.and_then(|id| self.guild(id)) {
                self.places.write().expect("no panic while locked").insert(row.id, guild.id);
                guild.write().channels.insert(row.id, Arc::new(row));
            }
        } else if is::<TipRow>(table) {
            let row = TipRow::from_row(row)?;
            if let Some(guild) = row.guild_id.and_then(|id| self.guild(id)) {
                self.touched.touch(guild.id);
                // Nothing is kept in memory of threads that are archived.
                if self.place(row.channel_id).is_some() {
                    guild.write().tips.insert(row.channel_id, row);
                }
            }
        } else if is::<ThreadRow>(table) {
            self.put_thread(ThreadRow::from_row(row)?);
        } else if is::<ThreadMemberRow>(table) {
            let row = ThreadMemberRow::from_row(row)?;
            if let Some(guild) = self.guild(row.guild_id) {
                let mut state = guild.write();
                // Who left the guild in this moment is not in its threads either.
                let here = state.members.contains_key(&row.user_id);
                if let Some(thread) = state.threads.get_mut(&row.thread_id).filter(|_| here) {
                    thread.members.insert(row.user_id, row.joined_at);
                }
            }
        } else if is::<RoleRow>(table) {
            let row = RoleRow::from_row(row)?;
            if let Some(guild) = self.guild(row.guild_id) {
                guild.write().roles.insert(row.id, row);
            }
        } else if is::<EmojiRow>(table) {
            let row = EmojiRow::from_row(row)?;
            if let Some(guild) = self.guild(row.owner_id.cast()) {
                guild.write().emojis.insert(row.id, row);
            }
        } else if is::<MemberRow>(table) {
            let row = MemberRow::from_row(row)?;
            if let Some(guild) = self.guild(row.guild_id) {
                self.touched.touch(guild.id);
                guild.write().members.insert(row.user_id, Arc::new(row));
            }
        } else if is::<AutoModerationRow>(table) {
            let row = AutoModerationRow::from_row(row)?;
            if let Some(guild) = self.guild(row.guild_id) {
                guild.write().rules.insert(row.id, Arc::new(Rule::new(row)));
            }
        } else if is::<UserRow>(table) {
            self.user_changes.fetch_add(1, Ordering::SeqCst);
            let row = UserRow::from_row(row)?;
            let mut users = self.users.write().expect("no panic while locked");
            if let Some(user) = users.get_mut(&row.id) {
                *user = Arc::new(row);
            }
        }
        Ok(())
    }

    fn apply_delete(&self, table: &'static Table, key: &[crate::store::Value]) {
        let id = |at: usize| match key.get(at) {
            Some(crate::store::Value::Int(raw)) => u64::try_from(*raw).ok(),
            _ => None,
        };
        let (Some(first), second) = (id(0), id(1)) else {
            return;
        };
        if is::<GuildRow>(table) {
            Id::new(first).into_iter().for_each(|guild| self.drop_guild(guild));
        } else if is::<ChannelRow>(table) {
            let Some(channel) = Id::new(first) else { return };
            let place = self.places.write().expect("no panic while locked").remove(&channel);
            if let Some(guild) = place.and_then(|guild| self.guild(guild)) {
                let mut state = guild.write();
                state.channels.remove(&channel);
                state.tips.remove(&channel);
                let hung = state.threads.values().filter(|thread| thread.row.parent_id == channel);
                let hung: Vec<_> = hung.map(|thread| thread.row.id).collect();
                hung.into_iter().for_each(|thread| self.drop_thread(&mut state, thread));
            }
        } else if is::<ThreadRow>(table) {
            let Some(thread) = Id::new(first) else { return };
            if let Some(guild) = self.place(thread).and_then(|guild| self.guild(guild)) {
                self.drop_thread(&mut guild.write(), thread);
            }
        } else if is::<ThreadMemberRow>(table) {
            let (Some(thread), Some(user)) = (Id::new(first), second.and_then(Id::new)) else {
                return;
            };
            if let Some(guild) = self.place(thread).and_then(|guild| self.guild(guild)) {
                let mut state = guild.write();
                if let Some(thread) = state.threads.get_mut(&thread) {
                    thread.members.remove(&user);
                }
            }
        } else if is::<EmojiRow>(table) {
            let guild = Id::new(first).and_then(|guild| self.guild(guild));
            if let (Some(guild), Some(id)) = (guild, second.and_then(Id::new)) {
                guild.write().emojis.remove(&id);
            }
        } else if is::<AutoModerationRow>(table) {
            let guild = Id::new(first).and_then(|guild| self.guild(guild));
            let rule = second.and_then(Id::new);
            if let (Some(guild), Some(rule)) = (guild, rule) {
                guild.write().rules.remove(&rule);
            }
        } else if is::<RoleRow>(table) || is::<MemberRow>(table) {
            let guild = Id::new(first).and_then(|guild| self.guild(guild));
            let (Some(guild), Some(second)) = (guild, second) else { return };
            self.touched.touch(guild.id);
            let mut state = guild.write();
            if is::<RoleRow>(table) {
                Id::new(second).into_iter().for_each(|role| drop(state.roles.remove(&role)));
            } else if let Some(user) = Id::new(second) {
                state.members.remove(&user);
                for thread in state.threads.values_mut() {
                    thread.members.remove(&user);
                }
            }
        }
    }
}

fn is<E: Entity>(table: &'static Table) -> bool {
    std::ptr::eq(table, E::TABLE) || table.name == E::TABLE.name
}
