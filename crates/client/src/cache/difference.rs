//! Where two copies of one truth differ.
//!
//! For tests: an old session's copy against that of a session that has just started.

use std::{collections::BTreeMap, fmt::Debug};

use proto::{osc::ReadState, voice::VoiceState};

use super::{Cache, GuildCopy};

/// The first difference between a copy kept up by events and a fresh one, in words; `None` if
/// they are alike. What was not told to a session in full is compared as far as both know it.
pub fn difference(kept: &Cache, fresh: &Cache) -> Option<String> {
    None.or_else(|| differs("user", &kept.user, &fresh.user))
        .or_else(|| differs("unavailable guilds", &kept.unavailable, &fresh.unavailable))
        .or_else(|| maps("dm", &kept.dms, &fresh.dms))
        .or_else(|| maps("read state", &read_states(kept), &read_states(fresh)))
        .or_else(|| maps("relationship", &kept.relationships, &fresh.relationships))
        .or_else(|| maps("notification", &kept.notifications, &fresh.notifications))
        .or_else(|| differs("guild order", &kept.guild_order, &fresh.guild_order))
        .or_else(|| keys("guild", &kept.guilds, &fresh.guilds))
        .or_else(|| {
            let both = kept.guilds.iter().zip(&fresh.guilds);
            both.into_iter().find_map(|((id, kept), (_, fresh))| {
                in_guild(kept, fresh).map(|what| format!("guild {id}: {what}"))
            })
        })
}

fn in_guild(kept: &GuildCopy, fresh: &GuildCopy) -> Option<String> {
    let whole = fresh.members.len() == fresh.member_count as usize;
    None.or_else(|| differs("guild", &kept.guild, &fresh.guild))
        .or_else(|| maps("role", &kept.roles, &fresh.roles))
        .or_else(|| maps("channel", &kept.channels, &fresh.channels))
        .or_else(|| maps("thread", &kept.threads, &fresh.threads))
        .or_else(|| differs("joined_at", &kept.joined_at, &fresh.joined_at))
        .or_else(|| differs("member_count", &kept.member_count, &fresh.member_count))
        .or_else(|| match whole {
            true => maps("member", &kept.members, &fresh.members),
            false => common("member", &kept.members, &fresh.members),
        })
        .or_else(|| maps("presence", &kept.presences, &fresh.presences))
        .or_else(|| maps("voice state", &voices(kept), &voices(fresh)))
}

/// Only of channels that are seen now: what is hidden may come back as it was.
fn read_states(cache: &Cache) -> BTreeMap<u64, ReadState> {
    let seen = cache.read_states.values().filter(|state| cache.channel(state.channel_id).is_some());
    seen.map(|state| (state.channel_id.get(), state.clone())).collect()
}

/// The member beside a voice state is as old as the state.
fn voices(guild: &GuildCopy) -> BTreeMap<u64, VoiceState> {
    let bare = |voice: &VoiceState| VoiceState { member: None, ..voice.clone() };
    guild.voice_states.iter().map(|(user, voice)| (user.get(), bare(voice))).collect()
}

fn differs<T: PartialEq + Debug>(what: &str, kept: &T, fresh: &T) -> Option<String> {
    (kept != fresh).then(|| format!("{what}\n  kept:  {kept:?}\n  fresh: {fresh:?}"))
}

fn keys<K: Ord + Debug, V>(
    what: &str,
    kept: &BTreeMap<K, V>,
    fresh: &BTreeMap<K, V>,
) -> Option<String> {
    let gone = kept.keys().find(|key| !fresh.contains_key(key));
    let gone = gone.map(|key| format!("{what} {key:?} is still known, and is not there"));
    let missed = || fresh.keys().find(|key| !kept.contains_key(key));
    gone.or_else(|| missed().map(|key| format!("{what} {key:?} is there, and was not told")))
}

fn common<K: Ord + Debug, V: PartialEq + Debug>(
    what: &str,
    kept: &BTreeMap<K, V>,
    fresh: &BTreeMap<K, V>,
) -> Option<String> {
    fresh.iter().find_map(|(key, fresh)| differs(&format!("{what} {key:?}"), kept.get(key)?, fresh))
}

fn maps<K: Ord + Debug, V: PartialEq + Debug>(
    what: &str,
    kept: &BTreeMap<K, V>,
    fresh: &BTreeMap<K, V>,
) -> Option<String> {
    keys(what, kept, fresh).or_else(|| common(what, kept, fresh))
}
