//! What somebody wants to be told of: levels and mutes of rooms and of channels.
//!
//! A channel without a level of its own is as its room; a room without one is as it is by default.

use proto::{
    Code, Id, Timestamp,
    gateway::Dispatch,
    marker,
    osc::{ALL, MENTIONS, ModifyNotification, NOTHING, NotificationSetting},
};

use crate::{
    Actor, App, access,
    bus::Event,
    cache::GuildState,
    reject::{Error, Reject, Result, no},
    rows::NotificationRow,
    store::{Batch, Scan},
};

/// Members of a public room above which only mentions are told of.
const MANY: usize = 50;

/// Sets how the actor is told of a room or a channel that it sees.
pub async fn set(
    app: &App,
    actor: &Actor,
    target: Id<marker::Target>,
    change: ModifyNotification,
) -> Result<NotificationSetting> {
    actor.person()?;
    sees(app, actor, target).await?;
    let lane = app.lane_user(actor.user).await;
    let before = app.store.get::<NotificationRow>((actor.user, target)).await?;
    let is_new = before.is_none();
    let mut row = before.unwrap_or(NotificationRow {
        user_id: actor.user,
        target_id: target,
        level: None,
        muted: false,
        muted_until: None,
    });
    change.level.apply(&mut row.level);
    if row.level.is_some_and(|level| level > NOTHING) {
        return no(Reject::field("level", "NUMBER_TYPE_RANGE", "Must be between 0 and 2."));
    }
    if let Some(until) = change.muted_until.change() {
        if until.is_some_and(|until| until <= app.clock.now()) {
            let message = "Must be in the future.";
            return no(Reject::field("muted_until", "TIMESTAMP_TYPE_PAST", message));
        }
        row.muted_until = until;
        row.muted |= until.is_some();
    }
    row.muted = change.muted.unwrap_or(row.muted);
    row.muted_until = row.muted_until.filter(|_| row.muted);
    let batch = if row.level.is_none() && !row.muted {
        Batch::new().delete::<NotificationRow>((actor.user, target))
    } else {
        let most = app.limits.user_notifications;
        let rows = Scan::of::<NotificationRow>().prefix(actor.user).limit(most);
        if is_new && app.store.scan::<NotificationRow>(rows).await?.len() >= most {
            return no(Reject::Refused(Code::MAX_NOTIFICATIONS));
        }
        Batch::new().put(&row)
    };
    let setting = setting(&row);
    let event = Dispatch::OscNotificationUpdate(setting.clone());
    lane.enqueue(batch, vec![Event::to_users([actor.user], event)]).durable().await?;
    Ok(setting)
}

/// Says no unless it is a channel or a room that the actor sees.
async fn sees(app: &App, actor: &Actor, target: Id<marker::Target>) -> Result<()> {
    match access::channel(app, actor, target.cast()).await {
        Err(Error::Reject(_)) => {}
        other => return other.map(drop),
    }
    match access::guild(app, actor, target.cast()).await {
        Err(Error::Reject(_)) => no(Reject::Unknown(Code::UNKNOWN_CHANNEL)),
        other => other.map(drop),
    }
}

/// All that somebody has set.
pub async fn all(app: &App, user: Id<marker::User>) -> Result<Vec<NotificationSetting>> {
    Ok(rows(app, user).await?.iter().map(setting).collect())
}

pub(crate) async fn rows(app: &App, user: Id<marker::User>) -> Result<Vec<NotificationRow>> {
    let rows = Scan::of::<NotificationRow>().prefix(user);
    Ok(app.disk.scan::<NotificationRow>(rows).await?)
}

/// What people have set for a room or a channel, some of it.
pub(crate) async fn of(
    app: &App,
    target: Id<marker::Target>,
    most: usize,
) -> Result<Vec<NotificationRow>> {
    let rows = Scan::of::<NotificationRow>().by("by_target").prefix(target).limit(most);
    Ok(app.disk.scan::<NotificationRow>(rows).await?)
}

/// Takes settings away, each person being told of its own.
pub(crate) fn forget(batch: Batch, rows: &[NotificationRow]) -> (Batch, Vec<Event>) {
    let batch = rows
        .iter()
        .fold(batch, |batch, row| batch.delete::<NotificationRow>((row.user_id, row.target_id)));
    let told = |row: &NotificationRow| {
        let unset = NotificationRow { level: None, muted: false, muted_until: None, ..row.clone() };
        let event = Dispatch::OscNotificationUpdate(setting(&unset));
        Event::to_users([row.user_id], event)
    };
    (batch, rows.iter().map(told).collect())
}

/// A guest goes on as the account it has: what it set goes along where the account sees the room or
/// channel and has set nothing itself.
pub(crate) async fn inherit(app: &App, guest: Id<marker::User>, account: &Actor) -> Result<()> {
    let mut seen = Vec::new();
    for row in rows(app, guest).await? {
        match sees(app, account, row.target_id).await {
            Err(Error::Reject(_)) => {}
            other => {
                other?;
                seen.push(NotificationRow { user_id: account.user, ..row });
            }
        }
    }
    let lane = app.lane_user(account.user).await;
    let own = Scan::of::<NotificationRow>().prefix(account.user);
    let own = app.store.scan::<NotificationRow>(own).await?;
    seen.retain(|row| own.iter().all(|own| own.target_id != row.target_id));
    seen.truncate(app.limits.user_notifications.saturating_sub(own.len()));
    let batch = seen.iter().fold(Batch::new(), Batch::put);
    let told = |row| {
        let event = Dispatch::OscNotificationUpdate(setting(row));
        Event::to_users([account.user], event)
    };
    lane.enqueue(batch, seen.iter().map(told).collect()).durable().await
}

fn setting(row: &NotificationRow) -> NotificationSetting {
    NotificationSetting {
        id: row.target_id,
        level: row.level,
        muted: row.muted,
        muted_until: row.muted_until,
    }
}

/// What a room tells its members if they have set nothing.
pub fn by_default(state: &GuildState) -> u8 {
    let public = state.row.visibility == proto::guild::Visibility::Public;
    if public && state.members.len() > MANY { MENTIONS } else { ALL }
}

/// Of what somebody wants to be told, where both have said what they say.
pub fn level(
    guild: Option<&NotificationRow>,
    channel: Option<&NotificationRow>,
    default: u8,
    now: Timestamp,
) -> u8 {
    let muted =
        |row: &&NotificationRow| row.muted && row.muted_until.is_none_or(|until| until > now);
    if guild.filter(muted).is_some() || channel.filter(muted).is_some() {
        return NOTHING;
    }
    let of = |row: Option<&NotificationRow>| row.and_then(|row| row.level);
    of(channel).or(of(guild)).unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(level: Option<u8>, muted: bool, until: Option<i64>) -> NotificationRow {
        let muted_until = until.map(Timestamp::from_ms);
        let (user_id, target_id) = (Id::new(1).expect("an id"), Id::new(2).expect("an id"));
        NotificationRow { user_id, target_id, level, muted, muted_until }
    }

    #[test]
    fn a_channel_goes_before_its_room_and_a_mute_before_both() {
        let now = Timestamp::from_ms(1_000);
        assert_eq!(level(None, None, MENTIONS, now), MENTIONS);
        assert_eq!(level(Some(&row(Some(ALL), false, None)), None, MENTIONS, now), ALL);
        let (room, here) = (row(Some(ALL), false, None), row(Some(NOTHING), false, None));
        assert_eq!(level(Some(&room), Some(&here), ALL, now), NOTHING);
        assert_eq!(level(Some(&row(None, true, None)), Some(&room), ALL, now), NOTHING);
        assert_eq!(level(Some(&row(None, true, Some(1_001))), None, ALL, now), NOTHING);
        assert_eq!(level(Some(&row(None, true, Some(1_000))), None, ALL, now), ALL, "it is over");
    }
}
