//! The audit log: what those with power did in a guild, for those who may ask.
//!
//! An operation that is logged makes an `Entry` and writes it into its own batch, so that nothing
//! is done without being noted, nor noted without being done:
//!
//! ```ignore
//! let entry = Entry::new(action::MEMBER_KICK, Some(target.cast()));
//! entry.write(app, guild_id, actor.user, &mut batch, &mut events);
//! ```

use std::{cell::RefCell, collections::BTreeSet, future::poll_fn, pin::pin, task::Context};

use proto::{
    Id, Permissions, Timestamp,
    application::ApplicationCommand,
    audit_log::{AuditLog, AuditLogChange, AuditLogEntry, AuditLogEntryCreate, action},
    gateway::Dispatch,
    id::{EPOCH_MS, TIME_SHIFT},
    marker,
};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::{
    Actor, App, access,
    application::permission,
    auto_moderation,
    bus::{Audience, Event},
    cache::Guild,
    name,
    reject::{Reject, Result, no},
    render,
    rows::{AuditLogRow, WebhookRow},
    store::{Batch, IntoKey as _, Scan},
    thread, webhook,
};

/// Characters of a reason.
pub const REASON_LENGTH: usize = 512;

/// Entries of one page, unless asked for more.
const PAGE: usize = 50;

/// Deletions of one person's messages by another within this time are one entry that counts.
const TOGETHER_MS: i64 = 5 * 60_000;

/// Newest entries that are looked through for the one to count on.
const LOOKED_AT: usize = 20;

thread_local! {
    /// Why, as whoever asks says it: there while what is done for it is polled. It goes with the
    /// request rather than through the hands of every operation: none reads it but this file, and
    /// none can lose it.
    static REASON: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Puts back the reason of before, also if what was done panics.
struct Before(Option<String>);

impl Drop for Before {
    fn drop(&mut self) {
        REASON.set(self.0.take());
    }
}

/// Does something for this reason.
pub async fn because<F: Future>(reason: Option<String>, doing: F) -> F::Output {
    let reason = reason.and_then(|text| readable(&text));
    let mut doing = pin!(doing);
    let poll = |context: &mut Context<'_>| {
        let _before = Before(REASON.replace(reason.clone()));
        doing.as_mut().poll(context)
    };
    poll_fn(poll).await
}

/// Why, as whoever asks said it.
pub(crate) fn said() -> Option<String> {
    REASON.with_borrow(Clone::clone)
}

/// A reason without what cannot be seen, as long as one may be.
fn readable(text: &str) -> Option<String> {
    let clean = name::clean_lines(text).unwrap_or_else(|| {
        text.chars().filter(|c| c.is_ascii_graphic() || c.is_alphanumeric() || *c == ' ').collect()
    });
    let clean: String = clean.trim().chars().take(REASON_LENGTH).collect();
    (!clean.is_empty()).then_some(clean)
}

/// Something that was done, before it has an id.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    action: u8,
    target: Option<Id<marker::AuditLogTarget>>,
    changes: Vec<AuditLogChange>,
    options: Map<String, Json>,
}

impl Entry {
    pub fn new(action: u8, target: Option<Id<marker::AuditLogTarget>>) -> Self {
        Self { action, target, changes: Vec::new(), options: Map::new() }
    }

    /// What became of one thing. What stayed the same is left out; null counts as nothing.
    pub fn change(mut self, key: &str, old: impl Serialize, new: impl Serialize) -> Self {
        let value = |value: Json| (!value.is_null()).then_some(value);
        let old = serde_json::to_value(old).ok().and_then(value);
        let new = serde_json::to_value(new).ok().and_then(value);
        if old != new {
            let key = key.to_owned();
            self.changes.push(AuditLogChange { key, old_value: old, new_value: new });
        }
        self
    }

    /// What became of these keys of something as it goes over the wire; `()` is what was not there
    /// before, or is gone.
    pub fn changes(
        mut self,
        before: &impl Serialize,
        after: &impl Serialize,
        keys: &[&str],
    ) -> Self {
        let before = serde_json::to_value(before).unwrap_or_default();
        let after = serde_json::to_value(after).unwrap_or_default();
        for key in keys {
            self = self.change(key, &before[key], &after[key]);
        }
        self
    }

    /// What else is to be known: a text on the wire, also if it is a number.
    pub fn option(mut self, key: &str, value: impl ToString) -> Self {
        self.options.insert(key.to_owned(), value.to_string().into());
        self
    }

    /// Whether anything became of anything.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Adds the entry to what is about to be done by this person in this guild.
    pub fn write(
        self,
        app: &App,
        guild: Id<marker::Guild>,
        by: impl Into<Option<Id<marker::User>>>,
        batch: &mut Batch,
        events: &mut Vec<Event>,
    ) {
        let row = AuditLogRow {
            guild_id: guild,
            id: app.ids.next(),
            user_id: by.into(),
            action: self.action.into(),
            target_id: self.target,
            changes: self.changes,
            options: self.options,
            reason: said(),
        };
        let told = AuditLogEntryCreate { entry: rendered(&row), guild_id: guild };
        let told = Dispatch::GuildAuditLogEntryCreate(Box::new(told));
        let audience = Audience::GuildWith(guild, Permissions::VIEW_AUDIT_LOG);
        events.push(Event::Dispatch(audience, told));
        *batch = std::mem::take(batch).insert(&row);
    }

    /// The same for what is done again and again: one entry counts how often it was done to the
    /// same target in the same channel. The caller holds the channel's lane.
    pub async fn count(
        self,
        app: &App,
        guild: Id<marker::Guild>,
        by: Id<marker::User>,
        batch: &mut Batch,
        events: &mut Vec<Event>,
    ) -> Result<()> {
        let since = app.clock.now().plus_ms(-TOGETHER_MS);
        let key = vec![guild.into(), by.into(), i64::from(self.action).into()];
        let newest = Scan::of::<AuditLogRow>().by("by_both").prefix(key).newest_first();
        let newest = newest.from(first_id_at(since)).limit(LOOKED_AT);
        let newest = app.store.scan::<AuditLogRow>(newest).await?;
        let reason = said();
        let same = newest.into_iter().find(|row| {
            row.target_id == self.target
                && row.options.get("channel_id") == self.options.get("channel_id")
                && row.reason == reason
        });
        let Some(mut row) = same else {
            self.option("count", 1).write(app, guild, by, batch, events);
            return Ok(());
        };
        let count = row.options.get("count").and_then(|count| count.as_str()?.parse::<u32>().ok());
        let count = count.unwrap_or(1).saturating_add(1).to_string();
        row.options.insert("count".to_owned(), count.into());
        *batch = std::mem::take(batch).put(&row);
        Ok(())
    }
}

/// The least id of that time.
pub(crate) fn first_id_at(at: Timestamp) -> Id<marker::AuditLogEntry> {
    let ms = at.as_ms().saturating_sub(EPOCH_MS).max(1) as u64;
    Id::new(ms << TIME_SHIFT).expect("a time above the epoch")
}

fn rendered(row: &AuditLogRow) -> AuditLogEntry {
    AuditLogEntry {
        id: row.id,
        action_type: u8::try_from(row.action).unwrap_or_default(),
        user_id: row.user_id,
        target_id: row.target_id,
        changes: row.changes.clone(),
        options: (!row.options.is_empty()).then(|| row.options.clone()),
        reason: row.reason.clone(),
    }
}

/// Which part of the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct Page {
    pub user_id: Option<Id<marker::User>>,
    pub target_id: Option<Id<marker::AuditLogTarget>>,
    pub action: Option<u8>,
    pub before: Option<Id<marker::AuditLogEntry>>,
    /// From here on the oldest come first.
    pub after: Option<Id<marker::AuditLogEntry>>,
    pub limit: Option<usize>,
}

/// A page of the log, the newest first. Needs VIEW_AUDIT_LOG.
pub async fn page(app: &App, actor: &Actor, id: Id<marker::Guild>, page: Page) -> Result<AuditLog> {
    let needed = Permissions::VIEW_AUDIT_LOG;
    let (guild, _) = access::require_guild(app, actor, id, needed).await?;
    let limit = page.limit.unwrap_or(PAGE);
    if limit == 0 || limit > app.limits.audit_log_page {
        let message = format!("Must be between 1 and {}.", app.limits.audit_log_page);
        return no(Reject::field("limit", "NUMBER_TYPE_RANGE", message));
    }
    let entries = rows(app, id, &page, limit).await?;
    with_what_they_name(app, actor, &guild, &entries).await
}

/// Pages of the log that are looked through for those of one target.
const PAGES_LOOKED_AT: usize = 20;

async fn rows(
    app: &App,
    id: Id<marker::Guild>,
    page: &Page,
    limit: usize,
) -> Result<Vec<AuditLogRow>> {
    let all = Scan::of::<AuditLogRow>();
    let action = page.action.map(i64::from);
    let mut scan = match (page.user_id, action) {
        (Some(user), Some(action)) => {
            all.by("by_both").prefix(vec![id.into(), user.into(), action.into()])
        }
        (Some(user), None) => all.by("by_user").prefix((id, user)),
        (None, Some(action)) => all.by("by_action").prefix((id, action)),
        (None, None) => all.prefix(id),
    };
    scan = match (page.before, page.after) {
        (None, Some(after)) => scan.after(after),
        (Some(before), _) => scan.before(before).newest_first(),
        (None, None) => scan.newest_first(),
    };
    let Some(target) = page.target_id else {
        return Ok(app.disk.scan(scan.limit(limit)).await?);
    };
    let mut found = Vec::new();
    for _ in 0..PAGES_LOOKED_AT {
        let rows = app.disk.scan::<AuditLogRow>(scan.clone()).await?;
        let Some(last) = rows.last().map(|row| row.id) else { break };
        let full = rows.len() == scan.limit;
        found.extend(rows.into_iter().filter(|row| row.target_id == Some(target)));
        if found.len() >= limit || !full {
            break;
        }
        scan = if scan.reverse { scan.before(last) } else { scan.after(last) };
    }
    found.truncate(limit);
    Ok(found)
}

/// Whether what was done was done to a person.
fn is_about_a_person(kind: u8) -> bool {
    matches!(
        kind,
        action::MEMBER_KICK..=action::BOT_ADD
            | action::MESSAGE_DELETE
            | action::MESSAGE_PIN
            | action::MESSAGE_UNPIN
            | action::AUTO_MODERATION_BLOCK_MESSAGE..=action::AUTO_MODERATION_QUARANTINE_USER
    )
}

/// The entries with the people and things that they name, as far as these are still there.
async fn with_what_they_name(
    app: &App,
    actor: &Actor,
    guild: &Guild,
    rows: &[AuditLogRow],
) -> Result<AuditLog> {
    let audit_log_entries: Vec<_> = rows.iter().map(rendered).collect();
    let mut people: Vec<Id<marker::User>> = Vec::new();
    for entry in &audit_log_entries {
        people.extend(entry.user_id);
        let target = entry.target_id.filter(|_| is_about_a_person(entry.action_type));
        people.extend(target.map(Id::cast::<marker::User>));
    }
    people.sort_unstable();
    people.dedup();
    let users = app.users(&people).await?.into_iter().flatten();
    let users = users.map(|user| render::user(&user)).collect();
    let about = |kinds: std::ops::RangeInclusive<u8>| {
        let entries = audit_log_entries.iter().filter(move |e| kinds.contains(&e.action_type));
        let mut ids: Vec<_> = entries.filter_map(|entry| entry.target_id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter()
    };
    let webhooks = about(action::WEBHOOK_CREATE..=action::WEBHOOK_DELETE);
    let webhooks = webhooks.map(|id| id.cast::<marker::Webhook>().into_key()).collect();
    let webhooks = app.disk.get_many::<WebhookRow>(webhooks).await?.into_iter().flatten();
    let webhooks = webhooks.filter(|row| row.guild_id == guild.id);
    let webhooks = webhooks.map(|row| webhook::without_token(&row)).collect();
    let threads = about(action::THREAD_CREATE..=action::THREAD_UPDATE);
    let threads = threads.map(Id::cast::<marker::Channel>).collect();
    // Without private ones: their entries say enough to who cannot read them.
    let threads = thread::of_messages(app, guild, Some(actor.user), threads).await?;
    let mut threads: Vec<_> = threads.into_values().collect();
    threads.sort_unstable_by_key(|thread| thread.id);
    let rules = about(action::AUTO_MODERATION_RULE_CREATE..=action::AUTO_MODERATION_RULE_DELETE);
    let rules = auto_moderation::known(guild, rules.map(Id::cast));
    Ok(AuditLog {
        audit_log_entries,
        users,
        webhooks,
        integrations: Vec::new(),
        threads,
        application_commands: commands(app, rows).await?,
        auto_moderation_rules: rules,
        guild_scheduled_events: Vec::new(),
    })
}

/// The commands whose rights were changed.
async fn commands(app: &App, rows: &[AuditLogRow]) -> Result<Vec<ApplicationCommand>> {
    let kind = i64::from(action::APPLICATION_COMMAND_PERMISSION_UPDATE);
    let mut named = BTreeSet::new();
    for row in rows.iter().filter(|row| row.action == kind) {
        let of = row.options.get("application_id").and_then(|id| id.as_str()?.parse().ok());
        named.extend(row.target_id.zip(of).map(|(id, of)| (row.guild_id, of, id.cast())));
    }
    let mut commands = Vec::new();
    for (guild, of, command) in named {
        // Where the entry is about all commands of an application, it names none.
        commands.extend(permission::known(app, of, Some(guild), command).await?);
    }
    Ok(commands)
}

#[cfg(test)]
mod tests {
    use proto::member::ModifyMember;

    use super::*;
    use crate::{due, guild, member, purge, testing::World};

    async fn noted(world: &World) -> Vec<AuditLogRow> {
        world.app.disk.scan(Scan::of::<AuditLogRow>()).await.expect("read")
    }

    #[tokio::test]
    async fn an_entry_is_kept_for_its_days_and_goes_with_the_room() {
        let world = World::new().await;
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        let room = world.guild(&[&alice, &bob]).await;
        let app = &world.app;
        app.guild(room.id).await.expect("active");
        let mute = |mute| ModifyMember { mute: proto::Patch::Value(mute), ..Default::default() };
        let why = Some(" too\u{202e} loud ".to_owned());
        let muting = member::edit(app, &alice, room.id, bob.user, mute(true));
        because(why, muting).await.expect("muted");
        let entries = noted(&world).await;
        assert_eq!((entries.len(), entries[0].reason.as_deref()), (1, Some("too loud")));
        assert_eq!(entries[0].changes[0].key, "mute");
        let day_ms = 86_400_000;
        world.clock.advance_ms(44 * day_ms);
        due::run_once(app).await;
        assert_eq!(noted(&world).await.len(), 1);
        world.clock.advance_ms(2 * day_ms);
        due::run_once(app).await;
        assert_eq!(noted(&world).await.len(), 0);
        member::edit(app, &alice, room.id, bob.user, mute(false)).await.expect("unmuted");
        guild::delete(app, &alice, room.id).await.expect("deleted");
        purge::run_once(app).await.expect("runs");
        assert_eq!(noted(&world).await.len(), 0);
    }
}
