//! Automatic moderation: rules that look at what is written, and at names.
//! <https://discord.com/developers/docs/resources/auto-moderation>

mod act;
mod check;
mod fold;
mod judge;
mod matcher;
mod spam;

use std::sync::{Arc, OnceLock};

use proto::{
    Code, Id, Permissions,
    audit_log::action,
    auto_moderation::{self as wire, AutoModerationRule, RuleDraft},
    gateway::Dispatch,
    marker,
    safety::{RuleTrial, TryRule},
};
use serde::Serialize;

use crate::{
    Actor, App, access,
    audit_log::Entry,
    bus::{Audience, Event},
    cache::{Guild, GuildState},
    guild,
    reject::{Reject, Result, no},
    rows::AutoModerationRow,
    store::Batch,
};

pub(crate) use act::{Scene, carry_out};
pub(crate) use judge::{Verdict, judge, names};
pub use matcher::{Hit, Matcher};
pub use spam::Recent;

/// A rule of an active guild, with what it looks for made ready when it is first needed.
#[derive(Debug)]
pub struct Rule {
    pub row: AutoModerationRow,
    matcher: OnceLock<Matcher>,
}

impl Rule {
    pub fn new(row: AutoModerationRow) -> Self {
        Self { row, matcher: OnceLock::new() }
    }

    fn matcher(&self, pattern_bytes: usize) -> &Matcher {
        self.matcher.get_or_init(|| Matcher::new(&self.row.trigger, pattern_bytes))
    }
}

fn rendered(row: &AutoModerationRow) -> AutoModerationRule {
    AutoModerationRule {
        id: row.id,
        guild_id: row.guild_id,
        name: row.name.clone(),
        creator_id: row.creator_id,
        event_type: row.event_type,
        trigger_type: row.trigger_type,
        trigger_metadata: row.trigger.clone(),
        actions: row.actions.clone(),
        enabled: row.enabled,
        exempt_roles: row.exempt_roles.clone(),
        exempt_channels: row.exempt_channels.clone(),
    }
}

const NEEDED: Permissions = Permissions::MANAGE_GUILD;

/// The rules of a guild. Needs MANAGE_GUILD, as all here.
pub async fn list(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
) -> Result<Vec<AutoModerationRule>> {
    let (guild, _) = access::require_guild(app, actor, id, NEEDED).await?;
    let state = guild.read();
    Ok(state.rules.values().map(|rule| rendered(&rule.row)).collect())
}

fn find(state: &GuildState, id: Id<marker::AutoModerationRule>) -> Result<Arc<Rule>> {
    let rule = state.rules.get(&id).cloned();
    rule.ok_or_else(|| Reject::Unknown(Code::UNKNOWN_AUTO_MODERATION_RULE).into())
}

/// One rule.
pub async fn get(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    rule: Id<marker::AutoModerationRule>,
) -> Result<AutoModerationRule> {
    let (guild, _) = access::require_guild(app, actor, id, NEEDED).await?;
    let state = guild.read();
    Ok(rendered(&find(&state, rule)?.row))
}

/// Those of these that are still there.
pub(crate) fn known(
    guild: &Guild,
    rules: impl Iterator<Item = Id<marker::AutoModerationRule>>,
) -> Vec<AutoModerationRule> {
    let state = guild.read();
    rules.filter_map(|rule| Some(rendered(&state.rules.get(&rule)?.row))).collect()
}

/// What the audit log notes of a rule.
const NOTED: [&str; 8] = [
    "name",
    "event_type",
    "trigger_type",
    "trigger_metadata",
    "actions",
    "enabled",
    "exempt_roles",
    "exempt_channels",
];

fn entry(
    kind: u8,
    id: Id<marker::AutoModerationRule>,
    before: &impl Serialize,
    after: &impl Serialize,
) -> Entry {
    Entry::new(kind, Some(id.cast())).changes(before, after, &NOTED)
}

/// Told to those who may change rules: they show what a room does not want to see.
fn told(id: Id<marker::Guild>, dispatch: Dispatch) -> Event {
    Event::Dispatch(Audience::GuildWith(id, NEEDED), dispatch)
}

/// A new rule.
pub async fn create(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    draft: RuleDraft,
) -> Result<AutoModerationRule> {
    access::require_guild(app, actor, id, NEEDED).await?;
    let (lane, guild) = guild::alone(app, id).await?;
    let row = {
        let state = guild.read();
        guild::require(app, &state, actor, NEEDED)?;
        let blank = AutoModerationRow {
            guild_id: id,
            id: app.ids.next(),
            name: String::new(),
            creator_id: actor.user,
            event_type: 0,
            trigger_type: 0,
            trigger: wire::TriggerMetadata::default(),
            actions: Vec::new(),
            enabled: false,
            exempt_roles: Vec::new(),
            exempt_channels: Vec::new(),
        };
        let row = check::changed(app, actor, &state, &blank, draft)?;
        let alike = state.rules.values().filter(|rule| rule.row.trigger_type == row.trigger_type);
        let most = if row.trigger_type == wire::KEYWORD { app.limits.keyword_rules } else { 1 };
        if alike.count() >= most {
            return no(Reject::Refused(Code::MAX_RULES));
        }
        row
    };
    let rule = rendered(&row);
    let event = told(id, Dispatch::AutoModerationRuleCreate(Box::new(rule.clone())));
    let (mut batch, mut events) = (Batch::new().insert(&row), vec![event]);
    let entry = entry(action::AUTO_MODERATION_RULE_CREATE, row.id, &(), &rule);
    entry.write(app, id, actor.user, &mut batch, &mut events);
    lane.enqueue(batch, events).durable().await?;
    Ok(rule)
}

/// Changes a rule: what the draft names. Its kind stays.
pub async fn edit(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    rule: Id<marker::AutoModerationRule>,
    draft: RuleDraft,
) -> Result<AutoModerationRule> {
    let (guild, _) = access::require_guild(app, actor, id, NEEDED).await?;
    find(&guild.read(), rule)?;
    let (lane, guild) = guild::alone(app, id).await?;
    let (before, row) = {
        let state = guild.read();
        guild::require(app, &state, actor, NEEDED)?;
        let before = find(&state, rule)?;
        let row = check::changed(app, actor, &state, &before.row, draft)?;
        (before, row)
    };
    let answer = rendered(&row);
    if row != before.row {
        let event = told(id, Dispatch::AutoModerationRuleUpdate(Box::new(answer.clone())));
        let (mut batch, mut events) = (Batch::new().put(&row), vec![event]);
        let was = rendered(&before.row);
        let entry = entry(action::AUTO_MODERATION_RULE_UPDATE, rule, &was, &answer);
        entry.write(app, id, actor.user, &mut batch, &mut events);
        lane.enqueue(batch, events).durable().await?;
    }
    Ok(answer)
}

/// Deletes a rule.
pub async fn delete(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    rule: Id<marker::AutoModerationRule>,
) -> Result<()> {
    let (guild, _) = access::require_guild(app, actor, id, NEEDED).await?;
    find(&guild.read(), rule)?;
    let (lane, guild) = guild::alone(app, id).await?;
    let row = {
        let state = guild.read();
        guild::require(app, &state, actor, NEEDED)?;
        find(&state, rule)?.row.clone()
    };
    let gone = rendered(&row);
    let entry = entry(action::AUTO_MODERATION_RULE_DELETE, rule, &gone, &());
    let event = told(id, Dispatch::AutoModerationRuleDelete(Box::new(gone)));
    let mut batch = Batch::new().delete::<AutoModerationRow>((id, rule));
    let mut events = vec![event];
    entry.write(app, id, actor.user, &mut batch, &mut events);
    lane.enqueue(batch, events).durable().await
}

/// What a rule that need not exist would do with a text.
pub async fn attempt(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    draft: TryRule,
) -> Result<RuleTrial> {
    access::require_guild(app, actor, id, NEEDED).await?;
    let trigger = check::trigger(app, draft.trigger_type, draft.trigger_metadata)?;
    if draft.text.chars().count() > app.limits.message_length {
        return no(Reject::length("text", 0, app.limits.message_length));
    }
    let hit = judge::one_text(app, draft.trigger_type, &trigger, &draft.text);
    let hits = hit.is_some();
    let (keyword, matched) = hit.map_or((None, None), |hit| (hit.keyword, hit.matched));
    Ok(RuleTrial { hits, keyword, matched })
}

#[cfg(test)]
mod tests;
