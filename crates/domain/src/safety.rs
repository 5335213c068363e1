//! Raid mode, the lock of a room, and how people came in: what moderators need while many come who
//! mean no good.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex},
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use proto::{
    Code, Id, Patch, Permissions, Timestamp,
    audit_log::action,
    gateway::Dispatch,
    guild::IncidentsData,
    marker,
    message::{DEFAULT, REPLY},
    safety::{
        IncidentActions, Join, Joins, JoinsBy, ModifySafety, RaidAlert, RaidDetection, Safety,
    },
};
use sha2::Sha256;

use crate::{
    Actor, App, access,
    audit_log::Entry,
    bus::{Audience, Event},
    cache::{self, GuildState},
    guild, member,
    reject::{Reject, Result, no},
    render,
    rows::{self, BanRow, GuildRow, JoinRow, MessageRow},
    store::{Batch, Scan},
};

/// Seconds between two messages of one person in raid mode.
pub const RAID_PACE_S: u32 = 15;

/// How long raid mode lasts that goes on by itself: an hour.
const RAID_MS: i64 = 3_600_000;
/// The longest that anything is paused: as documented, a day.
const PAUSE_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;
/// Joins in a minute that look like a raid, unless the room says otherwise.
const RAID_JOINS: u32 = 20;
const RAID_JOINS_LEAST: u32 = 3;
const RAID_JOINS_MOST: u32 = 1_000;
/// Those who manage the room are told again after so long.
const ALERT_MS: i64 = 10 * MINUTE_MS;

/// Who looks at settings.
const LOOKS: Permissions = Permissions::MODERATE_MEMBERS;

/// How somebody comes in, as far as it helps against those who come in numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Arrival {
    pub block: Option<Block>,
}

/// A block of addresses (IPv4: /24, IPv6: /64) that nobody can read out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Block(u64);

impl Block {
    /// The block of an address, by the server's own secret.
    pub fn of(app: &App, address: IpAddr) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(&app.signing_key).expect("any length will do");
        mac.update(b"address block\0");
        match address {
            IpAddr::V4(address) => mac.update(&address.octets()[..3]),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(address) => mac.update(&address.octets()[..3]),
                None => mac.update(&address.octets()[..8]),
            },
        }
        let bytes = mac.finalize().into_bytes();
        let mut first = [0; 8];
        first.copy_from_slice(&bytes[..8]);
        Self(u64::from_le_bytes(first))
    }

    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

/// Who came just now, by guild.
#[derive(Default)]
pub struct Arrivals(Mutex<HashMap<Id<marker::Guild>, Vec<Timestamp>>>);

impl Arrivals {
    /// Guilds remembered.
    const GUILDS: usize = 10_000;

    /// One more; answers how many within a minute.
    fn count(&self, now: Timestamp, guild: Id<marker::Guild>, more: bool) -> u32 {
        let recent = |at: &Timestamp| (0..MINUTE_MS).contains(&now.ms_since(*at));
        let mut guilds = self.0.lock().expect("no panic while locked");
        if guilds.len() >= Self::GUILDS {
            guilds.retain(|_, times| times.last().is_some_and(recent));
        }
        let times = guilds.entry(guild).or_default();
        times.retain(recent);
        // As many as any room can ask for.
        if more && times.len() <= RAID_JOINS_MOST as usize {
            times.push(now);
        }
        times.len() as u32
    }
}

/// Whether raid mode is on.
pub(crate) fn raid(state: &GuildState, now: Timestamp) -> bool {
    state.row.safety.raid_until.is_some_and(|until| until > now)
}

/// Says no to who may not come in for now.
pub(crate) fn may_enter(state: &GuildState, actor: &Actor, now: Timestamp) -> Result<()> {
    if actor.is_guest() && raid(state, now) {
        return no(Reject::Refused(Code::RAID_GUESTS));
    }
    Ok(())
}

/// Whether invites lead nowhere for now.
pub(crate) fn invites_paused(state: &GuildState, now: Timestamp) -> bool {
    let safety = &state.row.safety;
    raid(state, now) || safety.invites_disabled_until.is_some_and(|until| until > now)
}

/// What is kept of a join.
pub(crate) fn joined(
    app: &App,
    guild_id: Id<marker::Guild>,
    user_id: Id<marker::User>,
    arrival: Arrival,
    code: Option<&str>,
) -> JoinRow {
    let block = arrival.block.map(Block::number);
    JoinRow { guild_id, user_id, at: app.clock.now(), code: code.map(str::to_owned), block }
}

/// Somebody came in: whether that is one too many.
pub(crate) async fn watch(app: &App, guild: &Arc<cache::Guild>) -> Result<()> {
    let now = app.clock.now();
    let joins = app.cache.arrivals.count(now, guild.id, true);
    let due = |state: &GuildState| {
        let safety = &state.row.safety;
        let many = joins >= threshold(safety);
        let told = safety.alerted_at.is_some_and(|at| (0..ALERT_MS).contains(&now.ms_since(at)));
        many && safety.raid_detection != RaidDetection::Off && !told && !raid(state, now)
    };
    if !due(&guild.read()) {
        return Ok(());
    }
    let (lane, guild) = guild::alone(app, guild.id).await?;
    let state = guild.read().clone();
    if !due(&state) {
        return Ok(());
    }
    let mut row = state.row.clone();
    row.safety.alerted_at = Some(now);
    let on = row.safety.raid_detection == RaidDetection::On;
    if on {
        row.safety.raid_until = Some(now.plus_ms(RAID_MS));
    }
    let raid_until = row.safety.raid_until.filter(|_| on);
    let alert = RaidAlert { guild_id: guild.id, joins, raid_until };
    let audience = Audience::GuildWith(guild.id, LOOKS);
    let mut events = vec![Event::Dispatch(audience, Dispatch::OscRaidAlert(alert))];
    let mut batch = Batch::new().put(&row);
    if on {
        events.push(updated(&state, &row));
        noted(now, &state.row, &row).write(app, guild.id, None, &mut batch, &mut events);
    }
    lane.enqueue(batch, events).durable().await
}

fn threshold(safety: &rows::Safety) -> u32 {
    if safety.raid_joins == 0 { RAID_JOINS } else { safety.raid_joins }
}

fn updated(state: &GuildState, row: &GuildRow) -> Event {
    let update = Dispatch::GuildUpdate(Box::new(render::changed_guild(state, row)));
    Event::to_guild(row.id, update)
}

/// What the audit log says of a change. COMPAT: keys of our own in an entry of Discord's; libraries
/// pass over keys that they do not know.
fn noted(now: Timestamp, before: &GuildRow, after: &GuildRow) -> Entry {
    let ahead = |until: Option<Timestamp>| until.filter(|until| *until > now);
    let (was, is) = (&before.safety, &after.safety);
    Entry::new(action::GUILD_UPDATE, Some(after.id.cast()))
        .change("raid_until", ahead(was.raid_until), ahead(is.raid_until))
        .change("locked", was.locked, is.locked)
        .change("raid_detection", was.raid_detection, is.raid_detection)
        .change("raid_joins", threshold(was), threshold(is))
        .change(
            "invites_disabled_until",
            ahead(was.invites_disabled_until),
            ahead(is.invites_disabled_until),
        )
        .change("dms_disabled_until", ahead(was.dms_disabled_until), ahead(is.dms_disabled_until))
}

fn rendered(app: &App, state: &GuildState) -> Safety {
    let (safety, now) = (&state.row.safety, app.clock.now());
    let ahead = |until: Option<Timestamp>| until.filter(|until| *until > now);
    Safety {
        raid_until: ahead(safety.raid_until),
        locked: safety.locked,
        raid_detection: safety.raid_detection,
        raid_joins: threshold(safety),
        invites_disabled_until: ahead(safety.invites_disabled_until),
        dms_disabled_until: ahead(safety.dms_disabled_until),
        joins_now: app.cache.arrivals.count(now, state.row.id, false),
        alerted_at: safety.alerted_at,
    }
}

/// How safe a room is set. Needs MODERATE_MEMBERS.
pub async fn get(app: &App, actor: &Actor, id: Id<marker::Guild>) -> Result<Safety> {
    let (guild, _) = access::require_guild(app, actor, id, LOOKS).await?;
    let state = guild.read();
    Ok(rendered(app, &state))
}

/// Raid mode and the lock need MODERATE_MEMBERS, what happens by itself MANAGE_GUILD.
pub async fn edit(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    draft: ModifySafety,
) -> Result<Safety> {
    let settings = draft.raid_detection.is_some() || draft.raid_joins.is_some();
    let needed = if settings { LOOKS | Permissions::MANAGE_GUILD } else { LOOKS };
    access::require_guild(app, actor, id, needed).await?;
    if draft.raid_joins.is_some_and(|n| !(RAID_JOINS_LEAST..=RAID_JOINS_MOST).contains(&n)) {
        let message = format!("Must be between {RAID_JOINS_LEAST} and {RAID_JOINS_MOST}.");
        return no(Reject::field("raid_joins", "NUMBER_TYPE_RANGE", message));
    }
    let raid_until = paused(app, "raid_until", draft.raid_until)?;
    change(app, actor, id, needed, |safety| {
        safety.raid_until = raid_until.unwrap_or(safety.raid_until);
        safety.locked = draft.locked.unwrap_or(safety.locked);
        safety.raid_detection = draft.raid_detection.unwrap_or(safety.raid_detection);
        safety.raid_joins = draft.raid_joins.unwrap_or(safety.raid_joins);
    })
    .await?;
    get(app, actor, id).await
}

/// Pauses invites and direct messages. Needs MANAGE_GUILD.
pub async fn pause(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    draft: IncidentActions,
) -> Result<IncidentsData> {
    let needed = Permissions::MANAGE_GUILD;
    access::require_guild(app, actor, id, needed).await?;
    let invites = paused(app, "invites_disabled_until", draft.invites_disabled_until)?;
    let dms = paused(app, "dms_disabled_until", draft.dms_disabled_until)?;
    let safety = change(app, actor, id, needed, |safety| {
        safety.invites_disabled_until = invites.unwrap_or(safety.invites_disabled_until);
        safety.dms_disabled_until = dms.unwrap_or(safety.dms_disabled_until);
    })
    .await?;
    let (invites_disabled_until, dms_disabled_until) =
        (safety.invites_disabled_until, safety.dms_disabled_until);
    Ok(IncidentsData { invites_disabled_until, dms_disabled_until })
}

/// Until when: within a day; what is past ends it.
fn paused(
    app: &App,
    path: &str,
    wish: Patch<Timestamp>,
) -> Result<Option<Option<Timestamp>>, Reject> {
    let now = app.clock.now();
    let Some(until) = wish.change() else { return Ok(None) };
    let until = until.filter(|until| *until > now);
    if until.is_some_and(|until| until.ms_since(now) > PAUSE_MS + MINUTE_MS) {
        return Err(Reject::field(path, "DATE_TYPE_RANGE", "Must be within 24 hours."));
    }
    Ok(Some(until))
}

async fn change(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    needed: Permissions,
    with: impl FnOnce(&mut rows::Safety),
) -> Result<rows::Safety> {
    let (lane, guild) = guild::alone(app, id).await?;
    let state = guild.read().clone();
    guild::require(app, &state, actor, needed)?;
    let mut row = state.row.clone();
    with(&mut row.safety);
    let safety = row.safety.clone();
    if row != state.row {
        let (mut batch, mut events) = (Batch::new().put(&row), vec![updated(&state, &row)]);
        let entry = noted(app.clock.now(), &state.row, &row);
        entry.write(app, id, actor.user, &mut batch, &mut events);
        lane.enqueue(batch, events).durable().await?;
    }
    Ok(safety)
}

/// Which joins to look at.
#[derive(Debug, Clone, Default)]
pub struct Which {
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub code: Option<String>,
    /// From the same network as this member.
    pub near: Option<Id<marker::User>>,
}

/// Joins in one answer.
const JOINS: usize = 1_000;
/// Messages of one person that are counted.
const MESSAGES: usize = 100;

/// Who came in some time, for undoing a raid. Needs BAN_MEMBERS.
pub async fn joins(app: &App, actor: &Actor, id: Id<marker::Guild>, which: Which) -> Result<Joins> {
    let (guild, _) = access::require_guild(app, actor, id, Permissions::BAN_MEMBERS).await?;
    let (found, more) = found(app, id, &which).await?;
    let ids: Vec<_> = found.iter().map(|row| row.user_id).collect();
    let users = app.users(&ids).await?;
    let keys = ids.iter().map(|user| crate::store::IntoKey::into_key((id, *user))).collect();
    let bans = app.disk.get_many::<BanRow>(keys).await?;
    let mut networks: HashMap<u64, u32> = HashMap::new();
    let mut invites: BTreeMap<Option<String>, u32> = BTreeMap::new();
    let mut items = Vec::with_capacity(found.len());
    for ((row, user), ban) in found.iter().zip(users).zip(bans) {
        // In the order of this answer: nothing of the hash is in it.
        let next = networks.len() as u32 + 1;
        let network = row.block.map(|block| *networks.entry(block).or_insert(next));
        *invites.entry(row.code.clone()).or_default() += 1;
        let (here, above) = {
            let state = guild.read();
            let here = state.members.contains_key(&row.user_id);
            let outranks = !here || member::outranks(&state, actor.user, row.user_id);
            (here, !outranks || row.user_id == actor.user || state.is_owner(row.user_id))
        };
        items.push(Join {
            user: user
                .map_or_else(|| render::deleted_user(row.user_id), |user| render::user(&user)),
            joined_at: row.at,
            code: row.code.clone(),
            network,
            here,
            banned: ban.is_some(),
            above,
            messages: messages(app, id, row).await?,
        });
    }
    let mut invites: Vec<_> =
        invites.into_iter().map(|(code, count)| JoinsBy { code, count }).collect();
    invites.sort_by_key(|by| std::cmp::Reverse(by.count));
    Ok(Joins { items, invites, more })
}

async fn found(app: &App, id: Id<marker::Guild>, which: &Which) -> Result<(Vec<JoinRow>, bool)> {
    let now = app.clock.now();
    let since = which.since.unwrap_or(now.plus_ms(-PAUSE_MS));
    let until = which.until.unwrap_or(now.plus_ms(1));
    let near = match which.near {
        None => None,
        Some(user) => match app.disk.get::<JoinRow>((id, user)).await?.and_then(|row| row.block) {
            Some(block) => Some(block),
            None => return Ok((Vec::new(), false)),
        },
    };
    let scan = Scan::of::<JoinRow>().by("by_guild").prefix(id).newest_first();
    let scan = scan.from(since).before(until).limit(JOINS + 1);
    let mut rows = app.disk.scan::<JoinRow>(scan).await?;
    let more = rows.len() > JOINS;
    rows.truncate(JOINS);
    rows.retain(|row| {
        let by_code = which.code.as_ref().is_none_or(|code| row.code.as_ref() == Some(code));
        by_code && near.is_none_or(|block| row.block == Some(block))
    });
    Ok((rows, more))
}

async fn messages(app: &App, guild: Id<marker::Guild>, row: &JoinRow) -> Result<u32> {
    let scan = Scan::of::<MessageRow>().by("by_author").prefix(row.user_id);
    let scan = scan.newest_first().limit(MESSAGES);
    let written = app.disk.scan::<MessageRow>(scan).await?;
    let here = written.iter().filter(|message| message.guild_id == Some(guild));
    // That they came is told under their name, too.
    Ok(here.filter(|row| matches!(row.kind, DEFAULT | REPLY)).count() as u32)
}

#[cfg(test)]
mod tests;
