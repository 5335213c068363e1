//! Reports: what somebody tells moderators of, with a copy of how it was, and what came of it.
//!
//! A report on a message or a member of a guild goes to those who moderate there; on a room, or on
//! what is said in a conversation, to the owner of the server. Whom it is about never sees it.

use proto::{
    Code, Id, Patch, Permissions, Timestamp,
    gateway::Dispatch,
    id::{EPOCH_MS, TIME_SHIFT},
    marker,
    member::{CreateBan, ModifyMember},
    safety::{
        CreateReport, Evidence, ModifyReport, OwnReport, Report, ReportAction, ReportKind,
        ReportNotice, ReportState, Reports,
    },
};

use crate::{
    Actor, App, access, ban,
    bus::{Audience, Event},
    cache::{self, GuildState},
    member, message, name,
    reject::{Error, Reject, Result, no},
    render,
    rows::{MessageRow, ReportRow, UserRow},
    server_owner,
    store::{Batch, SCAN_MAX, Scan},
};

/// Messages kept from before and after the one that is reported.
const BEFORE: usize = 4;
const AFTER: usize = 2;

/// Reports of one page.
const PAGE: usize = 50;
/// Own reports that one is shown.
const OWN: usize = 50;

const HOUR_S: u32 = 3_600;

const NEEDED: Permissions = Permissions::MODERATE_MEMBERS;

/// Where reports for the owner of the server lie: no guild has this id.
fn of_server() -> Id<marker::Guild> {
    Id::new(1).expect("one is not zero")
}

/// Reports a message, a member or a room.
pub async fn create(app: &App, actor: &Actor, draft: CreateReport) -> Result<OwnReport> {
    actor.person()?;
    let text = words(app, "text", draft.text.as_deref().unwrap_or_default())?;
    let mut row = match (draft.message_id, draft.user_id, draft.guild_id) {
        (Some(message), ..) => of_message(app, actor, draft.channel_id, message).await?,
        (None, Some(user), Some(guild)) => of_member(app, actor, guild, user).await?,
        (None, None, Some(guild)) => of_guild(app, actor, guild).await?,
        _ => {
            let message = "Say what this is about: a message, a member, or a room.";
            return no(Reject::field("message_id", "BASE_TYPE_REQUIRED", message));
        }
    };
    if row.target_id == Some(actor.user) {
        let message = "This is you: there is nothing to report.";
        return no(Reject::field("user_id", "BASE_TYPE_CHOICES", message));
    }
    (row.reason, row.text) = (draft.reason, text);
    count(app, actor).await?;
    let lane = app.lane_named("report", row.desk_id).await;
    let mut batch = Batch::new().insert(&row);
    for old in superfluous(app, row.desk_id).await? {
        batch = batch.delete::<ReportRow>((old.desk_id, old.id));
    }
    let events = vec![noticed(app, &row).await?];
    lane.enqueue(batch, events).durable().await?;
    Ok(own(&row))
}

fn words(app: &App, path: &str, text: &str) -> Result<String> {
    let most = app.limits.report_length;
    match name::clean_lines(text).filter(|text| text.chars().count() <= most) {
        Some(text) => Ok(text.trim().to_owned()),
        None => no(Reject::length(path, 0, most)),
    }
}

/// So many in a day.
async fn count(app: &App, actor: &Actor) -> Result<()> {
    let day = app.clock.now().plus_ms(-86_400_000);
    let most = app.limits.reports_per_day as usize;
    let scan = Scan::of::<ReportRow>().by("by_reporter").prefix(actor.user);
    let recent = app.store.scan::<ReportRow>(scan.from(id_at(day)).limit(most)).await?;
    if recent.len() >= most {
        return no(Reject::Refused(Code::MAX_REPORTS));
    }
    // And not all of them at once.
    app.cache.reported.count(app.clock.now(), 10, &actor.user.to_string())
}

/// The least id of that time.
pub(crate) fn id_at(at: Timestamp) -> Id<marker::Report> {
    let ms = at.as_ms().saturating_sub(EPOCH_MS).max(1) as u64;
    Id::new(ms << TIME_SHIFT).expect("a time above the epoch")
}

fn blank(app: &App, desk_id: Id<marker::Guild>, actor: &Actor, kind: ReportKind) -> ReportRow {
    ReportRow {
        desk_id,
        id: app.ids.next(),
        reporter_id: actor.user,
        kind,
        state: ReportState::Open,
        reason: proto::safety::ReportReason::Other,
        text: String::new(),
        guild_id: None,
        channel_id: None,
        message_id: None,
        target_id: None,
        guild_name: None,
        evidence: Vec::new(),
        taken_by: None,
        actions: Vec::new(),
        answer: None,
    }
}

async fn of_message(
    app: &App,
    actor: &Actor,
    channel: Option<Id<marker::Channel>>,
    id: Id<marker::Message>,
) -> Result<ReportRow> {
    let Some(channel) = channel else {
        return no(Reject::field("channel_id", "BASE_TYPE_REQUIRED", "This field is required"));
    };
    // Exactly what the reporter may read: a report shows nobody's message to anybody else.
    let seen = message::one(app, actor, channel, id).await?;
    let place = access::channel(app, actor, channel).await?;
    let desk = place.guild_id().unwrap_or_else(of_server);
    let mut row = blank(app, desk, actor, ReportKind::Message);
    row.guild_id = place.guild_id();
    row.channel_id = Some(channel);
    row.message_id = Some(id);
    row.target_id = Some(seen.author.id);
    row.evidence = evidence(app, channel, id).await?;
    if place.guild.is_none() {
        // What else two people said to each other is nobody's business.
        row.evidence.retain(|message| message.reported);
    }
    Ok(row)
}

/// The message and some around it, as they are now.
async fn evidence(
    app: &App,
    channel: Id<marker::Channel>,
    id: Id<marker::Message>,
) -> Result<Vec<Evidence>> {
    let all = Scan::of::<MessageRow>().prefix(channel);
    let older = all.clone().up_to(id).newest_first().limit(BEFORE + 1);
    let mut rows = app.disk.scan::<MessageRow>(older).await?;
    rows.reverse();
    rows.extend(app.disk.scan::<MessageRow>(all.after(id).limit(AFTER)).await?);
    let ids: Vec<_> = rows.iter().map(|row| row.author_id).collect();
    let users = app.users(&ids).await?;
    let shown = |user: &UserRow| user.global_name.clone().unwrap_or(user.username.clone());
    let copy = |(row, user): (MessageRow, Option<std::sync::Arc<UserRow>>)| Evidence {
        message_id: row.id,
        author_id: row.author_id,
        author_name: user.map(|user| shown(&user)).unwrap_or_default(),
        content: row.content,
        at: row.id.created_at(),
        edited: row.edited_at.is_some(),
        files: row.attachments.into_iter().map(|file| file.filename).collect(),
        reported: row.id == id,
    };
    Ok(rows.into_iter().zip(users).map(copy).collect())
}

async fn of_member(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    user: Id<marker::User>,
) -> Result<ReportRow> {
    let (guild, _) = access::guild(app, actor, id).await?;
    if !guild.read().members.contains_key(&user) {
        return no(Reject::Unknown(Code::UNKNOWN_MEMBER));
    }
    let mut row = blank(app, id, actor, ReportKind::Member);
    (row.guild_id, row.target_id) = (Some(id), Some(user));
    Ok(row)
}

/// A room: by its members, and by everybody if everybody finds it.
async fn of_guild(app: &App, actor: &Actor, id: Id<marker::Guild>) -> Result<ReportRow> {
    let guild = app.guild(id).await?;
    let state = guild.read();
    let public = state.row.visibility == proto::guild::Visibility::Public;
    if !public && !state.members.contains_key(&actor.user) {
        return no(Reject::Unknown(Code::UNKNOWN_GUILD));
    }
    let mut row = blank(app, of_server(), actor, ReportKind::Guild);
    (row.guild_id, row.guild_name) = (Some(id), Some(state.row.name.clone()));
    Ok(row)
}

/// What has to give way to a new report: the oldest that are done, then the oldest.
async fn superfluous(app: &App, desk: Id<marker::Guild>) -> Result<Vec<ReportRow>> {
    let most = app.limits.guild_reports;
    let mut rows = all(app, desk).await?;
    let over = (rows.len() + 1).saturating_sub(most);
    rows.sort_by_key(|row| (row.state != ReportState::Done, row.id));
    rows.truncate(over);
    Ok(rows)
}

async fn all(app: &App, desk: Id<marker::Guild>) -> Result<Vec<ReportRow>> {
    let mut rows: Vec<ReportRow> = Vec::new();
    let mut page = Scan::of::<ReportRow>().prefix(desk);
    loop {
        let found = app.store.scan::<ReportRow>(page.clone()).await?;
        let full = found.len() == SCAN_MAX && rows.len() < app.limits.guild_reports;
        rows.extend(found);
        match rows.last() {
            Some(last) if full => page = page.after(last.id),
            _ => return Ok(rows),
        }
    }
}

/// Tells those who may look that there is something: nothing of what it is.
async fn noticed(app: &App, row: &ReportRow) -> Result<Event> {
    let server = row.desk_id == of_server();
    let notice = ReportNotice { guild_id: (!server).then_some(row.desk_id), state: row.state };
    let dispatch = Dispatch::OscReportUpdate(notice);
    Ok(if server {
        Event::to_users(server_owner::get(app).await?, dispatch)
    } else {
        Event::Dispatch(Audience::GuildWith(row.desk_id, NEEDED), dispatch)
    })
}

fn own(row: &ReportRow) -> OwnReport {
    let done = row.state == ReportState::Done;
    let acted = |action: &ReportAction| !matches!(action, ReportAction::Dismiss);
    OwnReport {
        id: row.id,
        kind: row.kind,
        state: row.state,
        created_at: row.id.created_at(),
        reason: row.reason,
        text: row.text.clone(),
        answer: row.answer.clone().filter(|_| done),
        acted: done.then(|| row.actions.iter().any(acted)),
    }
}

/// What one reported, and what came of it.
pub async fn mine(app: &App, actor: &Actor) -> Result<Vec<OwnReport>> {
    actor.person()?;
    let scan = Scan::of::<ReportRow>().by("by_reporter").prefix(actor.user);
    let rows = app.disk.scan::<ReportRow>(scan.newest_first().limit(OWN)).await?;
    Ok(rows.iter().map(own).collect())
}

/// Whose reports: a guild's, or those for the owner of the server.
#[derive(Debug, Clone, Copy)]
pub enum Desk {
    Guild(Id<marker::Guild>),
    Server,
}

/// Somebody at a desk.
struct Sitting {
    desk: Id<marker::Guild>,
    guild: Option<std::sync::Arc<cache::Guild>>,
}

async fn sit(app: &App, actor: &Actor, desk: Desk) -> Result<Sitting> {
    match desk {
        Desk::Guild(id) => {
            let (guild, _) = access::require_guild(app, actor, id, NEEDED).await?;
            Ok(Sitting { desk: id, guild: Some(guild) })
        }
        Desk::Server if actor.server_owner => Ok(Sitting { desk: of_server(), guild: None }),
        Desk::Server => no(Reject::Refused(Code::NOT_SERVER_OWNER)),
    }
}

impl Sitting {
    /// Not what is about oneself, nor what is from where one may not read.
    fn sees(&self, app: &App, actor: &Actor, row: &ReportRow) -> bool {
        let Some(guild) = &self.guild else {
            return row.target_id != Some(actor.user);
        };
        let state = guild.read();
        let own = row.target_id == Some(actor.user) && !state.is_owner(actor.user);
        !own && reads(app, &state, actor, row)
    }
}

fn reads(app: &App, state: &GuildState, actor: &Actor, row: &ReportRow) -> bool {
    let now = app.clock.now();
    let Some(channel) = row.channel_id else { return true };
    match state.channels.get(&channel) {
        Some(channel) => {
            let have = state.permissions_in(actor.user, channel, now);
            let needed = Permissions::VIEW_CHANNEL | Permissions::READ_MESSAGE_HISTORY;
            have.contains(needed)
        }
        // It is gone: those who could see all of them.
        None => state.permissions(actor.user, now).contains(Permissions::MANAGE_GUILD),
    }
}

/// Which reports.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which {
    pub state: Option<ReportState>,
    pub before: Option<Id<marker::Report>>,
}

/// Reports at a desk. Needs MODERATE_MEMBERS, or being the owner of the server.
pub async fn list(app: &App, actor: &Actor, desk: Desk, which: Which) -> Result<Reports> {
    let sitting = sit(app, actor, desk).await?;
    app.flushed().await?;
    let mut rows = all(app, sitting.desk).await?;
    rows.retain(|row| sitting.sees(app, actor, row));
    let open = rows.iter().filter(|row| row.state != ReportState::Done).count() as u32;
    rows.retain(|row| which.state.is_none_or(|state| state == row.state));
    rows.retain(|row| which.before.is_none_or(|before| row.id < before));
    rows.reverse();
    let next = rows.get(PAGE).map(|_| rows[PAGE - 1].id);
    rows.truncate(PAGE);
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        items.push(rendered(app, row).await?);
    }
    Ok(Reports { items, open, next })
}

async fn find(
    app: &App,
    actor: &Actor,
    desk: Desk,
    id: Id<marker::Report>,
) -> Result<(Sitting, ReportRow)> {
    let sitting = sit(app, actor, desk).await?;
    let row = app.store.get::<ReportRow>((sitting.desk, id)).await?;
    match row.filter(|row| sitting.sees(app, actor, row)) {
        Some(row) => Ok((sitting, row)),
        None => no(Reject::Unknown(Code::UNKNOWN_REPORT)),
    }
}

async fn rendered(app: &App, row: &ReportRow) -> Result<Report> {
    let known = async |id: Option<Id<marker::User>>| -> Result<Option<proto::user::User>> {
        let Some(id) = id else { return Ok(None) };
        let user = app.users(&[id]).await?.pop().flatten();
        Ok(Some(user.map_or_else(|| render::deleted_user(id), |user| render::user(&user))))
    };
    let reporter = known(Some(row.reporter_id)).await?;
    Ok(Report {
        id: row.id,
        kind: row.kind,
        state: row.state,
        created_at: row.id.created_at(),
        guild_id: row.guild_id,
        channel_id: row.channel_id,
        message_id: row.message_id,
        target: known(row.target_id).await?,
        reporter: reporter.unwrap_or_else(|| render::deleted_user(row.reporter_id)),
        reason: row.reason,
        text: row.text.clone(),
        evidence: row.evidence.clone(),
        taken_by: known(row.taken_by).await?,
        actions: row.actions.clone(),
        answer: row.answer.clone(),
        guild_name: row.guild_name.clone(),
    })
}

/// Takes a report, gives it back, does something about it, ends it. What is done needs its own
/// rights: a report gives none.
pub async fn edit(
    app: &App,
    actor: &Actor,
    desk: Desk,
    id: Id<marker::Report>,
    draft: ModifyReport,
) -> Result<Report> {
    let (_, row) = find(app, actor, desk, id).await?;
    let answer = draft.answer.as_deref().map(|text| words(app, "answer", text)).transpose()?;
    if let Some(action) = draft.action {
        act(app, actor, &row, action, &draft).await?;
    }
    let lane = app.lane_named("report", row.desk_id).await;
    let (_, mut row) = find(app, actor, desk, id).await?;
    let before = row.clone();
    if let Some(action) = draft.action
        && !row.actions.contains(&action)
    {
        row.actions.push(action);
    }
    let ends = matches!(draft.action, Some(ReportAction::Dismiss | ReportAction::Close));
    row.state = draft.state.unwrap_or(if ends { ReportState::Done } else { row.state });
    row.taken_by = match row.state {
        ReportState::Open => None,
        ReportState::Taken => Some(actor.user),
        ReportState::Done => row.taken_by.or(Some(actor.user)),
    };
    row.answer = answer.filter(|text| !text.is_empty()).or(row.answer);
    let mut events = vec![noticed(app, &row).await?];
    if row.state == ReportState::Done && before.state != ReportState::Done {
        let told = Dispatch::OscReportAnswer(Box::new(own(&row)));
        events.push(Event::to_users([row.reporter_id], told));
    }
    if row != before {
        lane.enqueue(Batch::new().put(&row), events).durable().await?;
    } else {
        drop(lane);
    }
    rendered(app, &row).await
}

async fn act(
    app: &App,
    actor: &Actor,
    row: &ReportRow,
    action: ReportAction,
    draft: &ModifyReport,
) -> Result<()> {
    let wrong = || {
        let message = "This cannot be done about this report.";
        Reject::field("action", "BASE_TYPE_CHOICES", message)
    };
    let target = || row.target_id.ok_or_else(wrong);
    let guild = || row.guild_id.filter(|_| row.kind != ReportKind::Guild).ok_or_else(wrong);
    match action {
        ReportAction::Dismiss | ReportAction::Close => Ok(()),
        ReportAction::Delete => {
            let (Some(channel), Some(message)) = (row.channel_id, row.message_id) else {
                return no(wrong());
            };
            guild()?;
            match message::delete(app, actor, channel, message).await {
                // It is gone already, which is what was asked for.
                Err(Error::Reject(Reject::Unknown(Code::UNKNOWN_MESSAGE))) => Ok(()),
                other => other,
            }
        }
        ReportAction::Timeout => {
            let seconds = i64::from(draft.duration_seconds.unwrap_or(HOUR_S));
            let until = app.clock.now().plus_ms(seconds * 1_000);
            let change = ModifyMember {
                communication_disabled_until: Patch::Value(until),
                ..ModifyMember::default()
            };
            member::edit(app, actor, guild()?, target()?, change).await.map(drop)
        }
        ReportAction::Kick => member::kick(app, actor, guild()?, target()?).await,
        ReportAction::Ban => {
            let ban = CreateBan {
                delete_message_seconds: draft.delete_message_seconds,
                ..CreateBan::default()
            };
            ban::create(app, actor, guild()?, target()?, ban, None).await
        }
    }
}

#[cfg(test)]
mod tests;
