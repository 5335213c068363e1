//! The directory: public rooms, those first where people are and something happens.
//!
//! A row of its own for each listed room, some seconds old, so that a page costs the same however
//! many rooms there are. What decides the order grows with time and never decays: nothing has to be
//! counted again for rooms where nothing happens.

use std::{collections::HashSet, mem, sync::Mutex};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use proto::{
    Id, Permissions, Timestamp,
    guild::Visibility,
    marker,
    osc::{Directory, DirectoryItem},
};
use serde::Deserialize;

use crate::{
    App,
    cache::GuildState,
    lane::Receipt,
    reject::{Reject, Result, no},
    rows::{DirectoryRow, GuildRow},
    store::{Batch, Entity as _, IntoKey as _, Scan, Search, Value},
};

/// Matches that a search orders and pages: the newest rooms, if more match. Also the rooms that an
/// order by what is so right now is made of: those that rank highest.
const SEARCH_MOST: usize = 1_000;

/// Characters of a search.
const QUERY_LENGTH: usize = 100;

/// What twice as many people are worth, in seconds by which a room may have been silent longer.
const DOUBLING_S: f64 = 43_200.0;

/// An activity this much newer than the listed one is worth a write.
const ACTIVITY_STEP_MS: i64 = 60_000;

/// Rooms brought up to date in one run.
const REFRESH_MOST: usize = 2_000;

/// Guilds in which something changed that the directory shows.
#[derive(Default)]
pub struct Touched(Mutex<HashSet<Id<marker::Guild>>>);

impl Touched {
    pub(crate) fn touch(&self, guild: Id<marker::Guild>) {
        self.0.lock().expect("no panic while locked").insert(guild);
    }

    fn take(&self) -> HashSet<Id<marker::Guild>> {
        mem::take(&mut *self.0.lock().expect("no panic while locked"))
    }
}

/// Where a page begins: after this room.
type Cursor = (Value, Id<marker::Guild>);

/// What comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// People and activity together.
    #[default]
    Rank,
    /// Those where most people are now.
    Online,
    Members,
    /// The newest message.
    Active,
    /// The newest room.
    New,
    /// From A to Z.
    Name,
}

impl Order {
    /// Higher comes first, but for names.
    fn value(self, app: &App, row: &DirectoryRow) -> Value {
        let number = match self {
            Self::Name => return row.sort_name.clone().into(),
            Self::Rank => row.rank,
            Self::Online => i64::from(app.presences.online_count(row.guild_id)),
            Self::Members => i64::from(row.member_count),
            Self::Active => row.last_activity.map_or(0, Timestamp::as_ms),
            Self::New => row.guild_id.get() as i64,
        };
        number.into()
    }

    /// All rooms in this order, if the store keeps them so.
    fn scan(self, after: Option<Cursor>) -> Option<Scan> {
        let scan = Scan::of::<DirectoryRow>();
        let after = after.map(|(value, guild)| match self {
            Self::New => vec![value],
            _ => vec![value, guild.into()],
        });
        let scan = match self {
            Self::Rank => scan.by("by_rank"),
            Self::Members => scan.by("by_members"),
            Self::Name => scan.by("by_name"),
            Self::New => scan,
            Self::Online | Self::Active => return None,
        };
        Some(match (self, after) {
            (Self::Name, None) => scan,
            (Self::Name, Some(after)) => scan.after(after),
            (_, None) => scan.newest_first(),
            (_, Some(after)) => scan.newest_first().before(after),
        })
    }
}

/// A page of the directory, for everybody.
pub async fn list(
    app: &App,
    query: Option<&str>,
    order: Order,
    limit: Option<usize>,
    after: Option<&str>,
) -> Result<Directory> {
    let most = app.limits.directory_page;
    let limit = limit.unwrap_or(most);
    if limit == 0 || limit > most {
        let message = format!("Must be between 1 and {most}.");
        return no(Reject::field("limit", "NUMBER_TYPE_RANGE", message));
    }
    let after = after.filter(|after| !after.is_empty());
    let after = after.map(|after| read_cursor(after, order)).transpose()?;
    let query = query.map(str::trim).filter(|query| !query.is_empty());
    // One more than asked for tells whether there is a next page.
    let mut rows = match (query, order.scan(after.clone())) {
        (None, Some(scan)) => app.disk.scan(scan.limit(limit + 1)).await?,
        (None, None) => ordered(app, ranked(app).await?, order, after),
        (Some(query), _) => ordered(app, found(app, query).await?, order, after),
    };
    let more = rows.len() > limit;
    rows.truncate(limit);
    let cursor = |row: &DirectoryRow| write_cursor((order.value(app, row), row.guild_id));
    let next = rows.last().filter(|_| more).map(cursor);
    Ok(Directory { items: rows.into_iter().map(|row| item(app, row)).collect(), next })
}

/// Those that rank highest.
async fn ranked(app: &App) -> Result<Vec<DirectoryRow>> {
    let scan = Scan::of::<DirectoryRow>().by("by_rank").newest_first().limit(SEARCH_MOST);
    Ok(app.disk.scan(scan).await?)
}

/// What comes after the cursor, in this order.
fn ordered(
    app: &App,
    rows: Vec<DirectoryRow>,
    order: Order,
    after: Option<Cursor>,
) -> Vec<DirectoryRow> {
    let keyed = rows.into_iter().map(|row| ((order.value(app, &row), row.guild_id), row));
    let mut keyed: Vec<_> = keyed.collect();
    keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
    if order != Order::Name {
        keyed.reverse();
    }
    let behind = |key: &Cursor| match &after {
        None => true,
        Some(after) if order == Order::Name => key > after,
        Some(after) => key < after,
    };
    keyed.into_iter().filter(|(key, _)| behind(key)).map(|(_, row)| row).collect()
}

async fn found(app: &App, query: &str) -> Result<Vec<DirectoryRow>> {
    if query.chars().count() > QUERY_LENGTH {
        return no(Reject::length("q", 0, QUERY_LENGTH));
    }
    let words = query.split_whitespace().map(str::to_owned).collect();
    let search = Search::new(DirectoryRow::TABLE, words, SEARCH_MOST);
    let ids = app.disk.search::<marker::Guild>(&search).await?;
    let keys = ids.into_iter().map(|id| id.into_key()).collect();
    let rows = app.disk.get_many::<DirectoryRow>(keys).await?;
    Ok(rows.into_iter().flatten().collect())
}

fn item(app: &App, row: DirectoryRow) -> DirectoryItem {
    DirectoryItem {
        online_count: app.presences.online_count(row.guild_id),
        id: row.guild_id,
        slug: row.slug,
        name: row.name,
        description: row.description,
        icon: row.icon,
        member_count: row.member_count,
        last_activity: row.last_activity,
    }
}

fn write_cursor((value, guild): Cursor) -> String {
    let mut bytes = guild.get().to_be_bytes().to_vec();
    match value {
        Value::Int(number) => bytes.extend(number.to_be_bytes()),
        Value::Text(text) => bytes.extend(text.bytes()),
        Value::Null => {}
    }
    BASE64.encode(bytes)
}

fn read_cursor(text: &str, order: Order) -> Result<Cursor> {
    let wrong = || Reject::field("after", "BASE_TYPE_BAD_TYPE", "Take `next` of a page before.");
    let bytes = BASE64.decode(text).map_err(|_| wrong())?;
    let (guild, value) = bytes.split_first_chunk::<8>().ok_or_else(wrong)?;
    let guild = Id::new(u64::from_be_bytes(*guild)).ok_or_else(wrong)?;
    let value = match order {
        Order::Name => Value::Text(String::from_utf8(value.to_vec()).map_err(|_| wrong())?),
        _ => {
            let value = <[u8; 8]>::try_from(value).map_err(|_| wrong())?;
            Value::Int(i64::from_be_bytes(value))
        }
    };
    Ok((value, guild))
}

/// What a name is sorted by: small and capital letters alike.
pub fn sort_name(name: &str) -> String {
    name.to_lowercase()
}

/// The room as the directory lists it now; `None` for one that it must not list.
pub(crate) fn row(state: &GuildState) -> Option<DirectoryRow> {
    if state.row.visibility != Visibility::Public {
        return None;
    }
    // What happens where visitors cannot look is not theirs to know.
    let open = state.channels.values().filter(|channel| {
        state.permissions_of_everyone(channel).contains(Permissions::VIEW_CHANNEL)
    });
    let newest = open
        .filter_map(|channel| state.tips.get(&channel.id)?.last_message_id)
        .map(Id::created_at)
        .max();
    let people = state.members.len().max(1);
    Some(DirectoryRow {
        guild_id: state.row.id,
        name: state.row.name.clone(),
        slug: state.row.slug.clone(),
        description: state.row.description.clone(),
        icon: state.row.icon.clone(),
        member_count: people as u32,
        last_activity: newest,
        rank: rank(people, newest.unwrap_or(state.row.id.created_at())),
        sort_name: sort_name(&state.row.name),
    })
}

fn rank(people: usize, newest: Timestamp) -> i64 {
    newest.as_ms().div_euclid(1_000) + ((people as f64).log2() * DOUBLING_S) as i64
}

/// Brings the rooms in which something happened up to date. Adds none and removes none: that
/// happens with the room, at once.
pub async fn refresh_dirty(app: &App) -> Result<()> {
    let mut touched: Vec<_> = app.cache.touched.take().into_iter().collect();
    for later in touched.drain(REFRESH_MOST.min(touched.len())..) {
        app.cache.touched.touch(later);
    }
    let keys = touched.iter().map(|guild| guild.into_key()).collect();
    let listed = app.disk.get_many::<DirectoryRow>(keys).await?;
    let mut waiting = Vec::new();
    for listed in listed.into_iter().flatten() {
        waiting.extend(refresh(app, &listed).await);
    }
    for receipt in waiting {
        // A lost race: the guild was changed or went, and whoever did that wrote the row.
        let _ = receipt.durable_or_conflict().await?;
    }
    Ok(())
}

async fn refresh(app: &App, listed: &DirectoryRow) -> Option<Receipt> {
    let guild = app.cache.guild(listed.guild_id)?;
    let (now, of): (DirectoryRow, GuildRow) = {
        let state = guild.read();
        (row(&state)?, state.row.clone())
    };
    let age = |row: &DirectoryRow| row.last_activity.map_or(0, Timestamp::as_ms);
    let same_but_for_age =
        DirectoryRow { last_activity: now.last_activity, rank: now.rank, ..listed.clone() };
    if same_but_for_age == now && age(&now) - age(listed) < ACTIVITY_STEP_MS {
        if now != *listed {
            app.cache.touched.touch(now.guild_id);
        }
        return None;
    }
    // The guild must still be as it was read: one that is private by now must not come back.
    let batch = Batch::new().expect(&of).expect(listed).put(&now);
    let lane = app.lane_named("directory", now.guild_id).await;
    Some(lane.enqueue(batch, Vec::new()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;

    fn entry(at: u64, rank: i64, name: &str) -> DirectoryRow {
        DirectoryRow {
            guild_id: Id::new(at).expect("an id"),
            name: name.to_owned(),
            slug: None,
            description: None,
            icon: None,
            member_count: 1,
            last_activity: None,
            rank,
            sort_name: sort_name(name),
        }
    }

    #[tokio::test]
    async fn pages_hold_each_room_once_also_where_ranks_are_equal() {
        let world = World::new().await;
        let rows: Vec<_> = (1..=25).map(|at| entry(at, (at / 7) as i64, "tea room")).collect();
        let batch = rows.iter().fold(Batch::new(), Batch::insert);
        world.write(batch).await;
        for query in [None, Some("tea"), Some("roo TEA")] {
            let (mut seen, mut after) = (Vec::new(), None::<String>);
            loop {
                let page = list(&world.app, query, Order::Rank, Some(4), after.as_deref());
                let page = page.await.expect("page");
                seen.extend(page.items.iter().map(|item| item.id.get()));
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            let mut expected: Vec<_> = (1..=25).collect();
            expected.sort_by_key(|at| std::cmp::Reverse((at / 7, *at)));
            assert_eq!(seen, expected, "{query:?}");
        }
    }

    /// All rooms, page by page.
    async fn pages(world: &World, query: Option<&str>, order: Order, limit: usize) -> Vec<u64> {
        let (mut seen, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = list(&world.app, query, order, Some(limit), after.as_deref());
            let page = page.await.expect("page");
            seen.extend(page.items.iter().map(|item| item.id.get()));
            match page.next {
                Some(next) => after = Some(next),
                None => return seen,
            }
        }
    }

    #[tokio::test]
    async fn other_orders_hold_each_room_once_and_are_exact_beyond_those_that_rank_highest() {
        let world = World::new().await;
        let count = SEARCH_MOST as u64 + 200;
        let row = |at: u64| DirectoryRow {
            member_count: (at % 5) as u32,
            // The newest ranks lowest.
            ..entry(
                at,
                (count - at) as i64,
                ["Äther", "tea room", "Tea room", "b"][at as usize % 4],
            )
        };
        let rows: Vec<_> = (1..=count).map(row).collect();
        world.write(rows.iter().fold(Batch::new(), Batch::insert)).await;
        let mut expected: Vec<_> = (1..=count).collect();
        expected.reverse();
        assert_eq!(pages(&world, None, Order::New, 50).await, expected);
        expected.sort_by_key(|at: &u64| std::cmp::Reverse((at % 5, *at)));
        assert_eq!(pages(&world, None, Order::Members, 50).await, expected);
        let name = |at: u64| ["äther", "tea room", "tea room", "b"][at as usize % 4];
        expected.sort_by_key(|at: &u64| (name(*at), *at));
        assert_eq!(pages(&world, None, Order::Name, 50).await, expected);
        // A search orders what it found.
        let of = |order| pages(&world, Some("tea"), order, 50);
        expected.retain(|at| name(*at) == "tea room");
        assert_eq!(of(Order::Name).await, expected);
        expected.sort_by_key(|at: &u64| std::cmp::Reverse((at % 5, *at)));
        assert_eq!(of(Order::Members).await, expected);
    }

    #[tokio::test]
    async fn hostile_questions_get_a_clear_no_or_nothing() {
        let world = World::new().await;
        let app = &world.app;
        world.write(Batch::new().insert(&entry(1, 1, "plain"))).await;
        for after in ["x", "AAAA", "////////////////////////", "%00", "🦀"] {
            assert!(list(app, None, Order::Members, None, Some(after)).await.is_err(), "{after}");
            assert!(list(app, None, Order::Name, None, Some(after)).await.is_err(), "{after}");
        }
        for limit in [0, 51, usize::MAX] {
            assert!(list(app, None, Order::Rank, Some(limit), None).await.is_err(), "{limit}");
        }
        for query in ["\"", "*", "name:plain OR", "'); --", "\0"] {
            list(app, Some(query), Order::Online, None, None).await.expect("an answer");
        }
        assert!(list(app, Some(&"q".repeat(101)), Order::New, None, None).await.is_err());
    }

    #[test]
    fn people_and_activity_raise_a_room() {
        let at = |s: i64| Timestamp::from_ms(s * 1_000);
        assert!(rank(2, at(1_000)) > rank(1, at(1_000)));
        assert!(rank(1, at(2_000)) > rank(1, at(1_000)));
        assert!(rank(4, at(0)) > rank(2, at(40_000)), "twice the people weigh half a day");
        assert!(rank(4, at(0)) < rank(2, at(50_000)));
    }
}
