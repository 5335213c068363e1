//! Rows as wire values.

use proto::{
    Id, Timestamp,
    channel::{self, Channel},
    emoji::CustomEmoji,
    guild::{FEATURE_DISCOVERABLE, Guild, GuildOsc, IncidentsData, Visibility},
    marker,
    member::{MEMBER_IS_GUEST, MEMBER_QUARANTINED, Member},
    role::{Role, RoleColors, RoleTags},
    thread::ThreadMetadata,
    user::{CurrentUser, User, UserFixed, UserOsc},
};

use crate::{
    App,
    cache::GuildState,
    rows::{
        ChannelRow, EmojiRow, GuildRow, MemberRow, RoleRow, Safety, ThreadRow, TipRow, UserKind,
        UserRow, WebhookAuthor,
    },
};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// A user as everybody may see it.
pub fn user(row: &UserRow) -> User {
    let osc = match row.kind {
        UserKind::Guest => Some(UserOsc {
            guest: true,
            tag: Some(tag(row.id)),
            expires_at: None,
            bio: None,
            server_owner: false,
        }),
        _ => None,
    };
    User {
        id: row.id,
        username: row.username.clone(),
        global_name: row.global_name.clone(),
        avatar: row.avatar.clone(),
        bot: row.kind == UserKind::Bot,
        fixed: Default::default(),
        osc,
    }
}

/// Four digits that tell guests of one name apart. From the counter and time bits of the id,
/// spread by a multiplication, so that guests who come together differ.
pub fn tag(id: Id<marker::User>) -> String {
    let mixed = (id.get() >> 3).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    format!("{:04}", mixed % 10_000)
}

/// A user as it sees itself.
pub fn current_user(app: &App, row: &UserRow, server_owner: bool) -> CurrentUser {
    let mut user = user(row);
    let expires_at = row.idle_since.filter(|_| row.kind == UserKind::Guest);
    let expires_at = expires_at.map(|at| at.plus_ms(i64::from(app.limits.guest_days) * DAY_MS));
    let mut osc = user.osc.take().unwrap_or(UserOsc {
        guest: false,
        tag: None,
        expires_at: None,
        bio: None,
        server_owner: false,
    });
    osc.expires_at = expires_at;
    osc.bio = row.bio.clone();
    osc.server_owner = server_owner;
    user.osc = Some(osc);
    CurrentUser::new(user)
}

/// A webhook as the author of a message. COMPAT: this discriminator is how libraries tell it.
pub fn webhook(by: &WebhookAuthor, avatar: Option<String>) -> User {
    User {
        id: by.id.cast(),
        username: by.username.clone(),
        global_name: None,
        avatar: avatar.filter(|_| by.own_avatar),
        bot: true,
        fixed: UserFixed { discriminator: "0000", ..UserFixed::default() },
        osc: None,
    }
}

/// Somebody whose row is gone: ids are never reused, so it can only have been deleted.
pub fn deleted_user(id: Id<marker::User>) -> User {
    User {
        id,
        username: format!("deleted_{id}"),
        global_name: Some("Deleted user".to_owned()),
        avatar: None,
        bot: false,
        fixed: Default::default(),
        osc: None,
    }
}

/// A member; the user beside it where the protocol has it inside.
pub fn member(row: &MemberRow, user: Option<User>) -> Member {
    Member {
        user,
        nick: row.nick.clone(),
        roles: row.roles.clone(),
        joined_at: row.joined_at,
        communication_disabled_until: row.timed_out_until,
        deaf: row.deaf,
        mute: row.mute,
        flags: if row.guest { MEMBER_IS_GUEST } else { 0 }
            | if row.quarantined { MEMBER_QUARANTINED } else { 0 },
        permissions: None,
        fixed: Default::default(),
    }
}

pub fn role(row: &RoleRow) -> Role {
    Role {
        id: row.id,
        name: row.name.clone(),
        color: row.color,
        colors: RoleColors {
            primary_color: row.color,
            secondary_color: None,
            tertiary_color: None,
        },
        hoist: row.hoist,
        position: row.position,
        permissions: row.permissions,
        managed: row.bot_id.is_some(),
        mentionable: row.mentionable,
        tags: row.bot_id.map(|bot| RoleTags { bot_id: Some(bot) }),
        fixed: Default::default(),
    }
}

/// A guild's channel.
pub fn channel(row: &ChannelRow, tip: Option<&TipRow>) -> Channel {
    let text = row.kind != channel::GUILD_CATEGORY;
    let voice = row.kind == channel::GUILD_VOICE;
    Channel {
        guild_id: row.guild_id,
        name: Some(row.name.clone()),
        position: Some(row.position),
        permission_overwrites: Some(row.overwrites.clone()),
        topic: text.then(|| row.topic.clone()),
        parent_id: Some(row.parent_id),
        last_message_id: text.then(|| tip.and_then(|tip| tip.last_message_id)),
        last_pin_timestamp: tip.and_then(|tip| tip.last_pin_at),
        nsfw: Some(row.nsfw),
        rate_limit_per_user: text.then_some(row.rate_limit_per_user),
        bitrate: voice.then_some(row.bitrate),
        user_limit: voice.then_some(row.user_limit),
        default_auto_archive_duration: row.thread_auto_archive,
        default_thread_rate_limit_per_user: row.thread_rate_limit,
        ..Channel::bare(row.id, row.kind)
    }
}

/// A thread, without anything of who looks at it.
pub fn thread(row: &ThreadRow, tip: Option<&TipRow>, member_count: u32) -> Channel {
    let metadata = ThreadMetadata {
        archived: row.archived_at.is_some(),
        archive_timestamp: row.changed_at,
        auto_archive_duration: row.auto_archive,
        locked: row.locked,
        invitable: (row.kind == i64::from(channel::PRIVATE_THREAD)).then_some(row.invitable),
        create_timestamp: Some(row.created_at),
    };
    Channel {
        guild_id: Some(row.guild_id),
        name: Some(row.name.clone()),
        parent_id: Some(Some(row.parent_id)),
        last_message_id: Some(tip.and_then(|tip| tip.last_message_id)),
        last_pin_timestamp: tip.and_then(|tip| tip.last_pin_at),
        rate_limit_per_user: Some(row.rate_limit_per_user),
        owner_id: Some(row.owner_id),
        thread_metadata: Some(metadata),
        message_count: Some(tip.map_or(0, |tip| tip.messages)),
        member_count: Some(member_count),
        total_message_sent: Some(tip.map_or(0, |tip| tip.sent)),
        ..Channel::bare(row.id, row.kind as u8)
    }
}

/// A direct message or a group as one of those in it sees it.
pub fn dm(row: &ChannelRow, tip: Option<&TipRow>, others: Vec<User>) -> Channel {
    let group = row.kind == channel::GROUP_DM;
    Channel {
        last_message_id: Some(tip.and_then(|tip| tip.last_message_id)),
        last_pin_timestamp: tip.and_then(|tip| tip.last_pin_at),
        recipients: Some(others),
        name: group.then(|| row.name.clone()),
        icon: group.then(|| row.icon.clone()),
        owner_id: row.owner_id,
        ..Channel::bare(row.id, row.kind)
    }
}

/// Nobody is named beside it: who uploaded it is for those who may change emoji.
pub fn emoji(row: &EmojiRow) -> CustomEmoji {
    CustomEmoji {
        id: row.id,
        name: row.name.clone(),
        roles: row.roles.clone(),
        user: None,
        require_colons: true,
        managed: false,
        animated: row.animated,
        available: true,
    }
}

/// What is the guild's own row of it.
pub fn guild(row: &GuildRow, roles: Vec<Role>) -> Guild {
    let features = match row.visibility {
        Visibility::Public => vec![FEATURE_DISCOVERABLE.to_owned()],
        Visibility::Unlisted | Visibility::Private => Vec::new(),
    };
    Guild {
        id: row.id,
        name: row.name.clone(),
        icon: row.icon.clone(),
        description: row.description.clone(),
        owner_id: row.owner_id,
        features,
        roles,
        emojis: Vec::new(),
        system_channel_id: row.system_channel_id,
        approximate_member_count: None,
        approximate_presence_count: None,
        incidents_data: incidents(&row.safety),
        fixed: Default::default(),
        osc: Some(GuildOsc {
            slug: row.slug.clone(),
            visibility: row.visibility,
            guests_write: row.guests_write,
            locked: row.safety.locked,
            raid_until: row.safety.raid_until,
        }),
    }
}

/// What of it bots know; nothing if nothing was ever paused, or all is over that was.
pub fn incidents(safety: &Safety) -> Option<IncidentsData> {
    let data = IncidentsData {
        invites_disabled_until: safety.invites_disabled_until,
        dms_disabled_until: safety.dms_disabled_until,
    };
    (data.invites_disabled_until.is_some() || data.dms_disabled_until.is_some()).then_some(data)
}

/// A guild with its roles and emoji, as it stands.
pub fn whole_guild(state: &GuildState) -> Guild {
    changed_guild(state, &state.row)
}

/// The same with another row of its own.
pub fn changed_guild(state: &GuildState, row: &GuildRow) -> Guild {
    let roles = state.roles.values().map(role).collect();
    let emojis = state.emojis.values().map(emoji).collect();
    Guild { emojis, ..guild(row, roles) }
}

/// Unix seconds, as TYPING_START has them.
pub fn unix_seconds(at: Timestamp) -> i64 {
    at.as_ms().div_euclid(1_000)
}
