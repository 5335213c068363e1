//! What rules do once they are hit: alerts, timeouts, and telling those who manage the guild.

use std::sync::Arc;

use proto::{
    Id, Permissions,
    audit_log::action,
    auto_moderation::{
        Action, ActionExecution, BLOCK_MEMBER_INTERACTION, BLOCK_MESSAGE, SEND_ALERT_MESSAGE,
        TIMEOUT,
    },
    gateway::Dispatch,
    marker,
    message::AUTO_MODERATION_ACTION,
};
use serde_json::{Value as Json, json};

use super::{Hit, Rule, judge::Verdict};
use crate::{
    App,
    access::Place,
    audit_log::Entry,
    bus::{Audience, Event},
    cache, guild, member, message,
    reject::{Error, Reject, Result},
    rows::MemberRow,
    store::Batch,
};

/// Where and by whom rules were hit.
pub(crate) struct Scene<'a> {
    pub guild: &'a Arc<cache::Guild>,
    pub user: Id<marker::User>,
    /// `None`: a name hit it.
    pub channel: Option<Id<marker::Channel>>,
    /// `None`: it was blocked.
    pub message: Option<Id<marker::Message>>,
}

/// Does what the rules say, one action after another, with no lane held. What cannot be done any
/// more (a channel is gone, somebody left) is left out: the message's own fate is settled.
pub(crate) async fn carry_out(app: &App, scene: Scene<'_>, verdict: &Verdict) -> Result<()> {
    for (rule, hit) in &verdict.hits {
        for action in &rule.row.actions {
            let done = match action.kind {
                SEND_ALERT_MESSAGE => alert(app, &scene, rule, hit, verdict, action).await,
                TIMEOUT => time_out(app, &scene, rule, action).await.map(|()| None),
                BLOCK_MESSAGE | BLOCK_MEMBER_INTERACTION => {
                    note(app, &scene, rule, action.kind).await.map(|()| None)
                }
                _ => Ok(None),
            };
            let alerted = match done {
                Ok(alerted) => alerted,
                Err(Error::Reject(reject)) => {
                    tracing::debug!(?reject, rule.id = %rule.row.id, "an action was left out");
                    continue;
                }
                Err(fault) => return Err(fault),
            };
            app.announce(told(&scene, rule, hit, verdict, action, alerted));
        }
    }
    // Told by the time that the writer has its answer.
    app.flushed().await
}

fn told(
    scene: &Scene<'_>,
    rule: &Rule,
    hit: &Hit,
    verdict: &Verdict,
    action: &Action,
    alerted: Option<Id<marker::Message>>,
) -> Event {
    let done = ActionExecution {
        guild_id: scene.guild.id,
        action: action.clone(),
        rule_id: rule.row.id,
        rule_trigger_type: rule.row.trigger_type,
        user_id: scene.user,
        channel_id: scene.channel,
        message_id: scene.message,
        alert_system_message_id: alerted,
        content: verdict.content.clone(),
        matched_keyword: hit.keyword.clone(),
        matched_content: hit.matched.clone(),
    };
    let audience = Audience::GuildWith(scene.guild.id, Permissions::MANAGE_GUILD);
    Event::Dispatch(audience, Dispatch::AutoModerationActionExecution(Box::new(done)))
}

/// What the audit log says of an action. Nobody did it: a rule has no hands.
fn entry(kind: u8, scene: &Scene<'_>, rule: &Rule) -> Entry {
    let entry = Entry::new(kind, Some(scene.user.cast()))
        .option("auto_moderation_rule_name", &rule.row.name)
        .option("auto_moderation_rule_trigger_type", rule.row.trigger_type);
    match scene.channel {
        Some(channel) => entry.option("channel_id", channel),
        None => entry,
    }
}

/// Notes what was done already: a text was not let through, or a name keeps somebody out.
async fn note(app: &App, scene: &Scene<'_>, rule: &Rule, kind: u8) -> Result<()> {
    let kind = match kind {
        BLOCK_MESSAGE => action::AUTO_MODERATION_BLOCK_MESSAGE,
        _ => action::AUTO_MODERATION_QUARANTINE_USER,
    };
    let lane = app.lane_member(scene.guild.id, scene.user).await;
    if app.cache.guild(scene.guild.id).is_none() {
        return Ok(());
    }
    let (mut batch, mut events) = (Batch::new(), Vec::new());
    entry(kind, scene, rule).write(app, scene.guild.id, None, &mut batch, &mut events);
    lane.enqueue(batch, events).durable().await
}

/// Tells in a channel what was written where, as a message by its author that nobody wrote.
async fn alert(
    app: &App,
    scene: &Scene<'_>,
    rule: &Rule,
    hit: &Hit,
    verdict: &Verdict,
    action: &Action,
) -> Result<Option<Id<marker::Message>>> {
    let Some(id) = action.metadata.channel_id else { return Ok(None) };
    let lane = app.lane_channel(Some(scene.guild.id), id).await;
    let (channel, member) = {
        let state = scene.guild.read();
        (state.channels.get(&id).cloned(), state.members.get(&scene.user).cloned())
    };
    let Some(channel) = channel.filter(|_| app.cache.guild(scene.guild.id).is_some()) else {
        return Err(Reject::Unknown(proto::Code::UNKNOWN_CHANNEL).into());
    };
    let place = Place {
        channel,
        thread: None,
        guild: Some(scene.guild.clone()),
        permissions: Permissions::NONE,
        member,
    };
    let mut row = message::bare(app, &place, AUTO_MODERATION_ACTION, scene.user);
    row.embeds = vec![embed(app, scene, rule, hit, verdict)];
    let (tip, batch, mut events) = message::tell(app, &place, &row).await?;
    let mut batch = batch.put(&tip);
    let entry = entry(action::AUTO_MODERATION_FLAG_TO_CHANNEL, scene, rule);
    entry.write(app, scene.guild.id, None, &mut batch, &mut events);
    lane.enqueue(batch, events).durable().await?;
    Ok(Some(row.id))
}

/// COMPAT: the embed as Discord's clients and bots read it: fields by name.
fn embed(app: &App, scene: &Scene<'_>, rule: &Rule, hit: &Hit, verdict: &Verdict) -> Json {
    let decision: Id<marker::Message> = app.ids.next();
    let keyword = hit.keyword.clone().unwrap_or_default();
    let matched = hit.matched.clone().unwrap_or_default();
    let mut fields = vec![
        ("rule_name", rule.row.name.clone()),
        ("decision_id", decision.to_string()),
        ("keyword", keyword),
        ("keyword_matched_content", matched),
    ];
    if let Some(channel) = scene.channel {
        fields.push(("channel_id", channel.to_string()));
    } else {
        fields.push(("block_profile_update_type", "name_update".to_owned()));
    }
    if let Some(message) = scene.message {
        fields.push(("flagged_message_id", message.to_string()));
    }
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, value)| json!({ "name": name, "value": value, "inline": false }))
        .collect();
    let mut embed = json!({ "type": "auto_moderation_message", "fields": fields });
    embed["description"] = verdict.content.clone().into();
    embed
}

/// Silences the author, unless it is silenced for longer already or an administrator.
async fn time_out(app: &App, scene: &Scene<'_>, rule: &Rule, action: &Action) -> Result<()> {
    let seconds = i64::from(action.metadata.duration_seconds.unwrap_or(0));
    let user = app.user(scene.user).await?;
    let (lane, guild) = guild::alone(app, scene.guild.id).await?;
    let now = app.clock.now();
    let until = now.plus_ms(seconds * 1_000);
    let row = {
        let state = guild.read();
        let above = state.permissions(scene.user, now).contains(Permissions::ADMINISTRATOR);
        let member = state.members.get(&scene.user).filter(|_| !above && seconds > 0);
        let longer = |row: &Arc<MemberRow>| row.timed_out_until.is_some_and(|at| at >= until);
        match member.filter(|row| !longer(row)) {
            Some(row) => MemberRow { timed_out_until: Some(until), ..MemberRow::clone(row) },
            None => return Ok(()),
        }
    };
    let (mut batch, mut events) = (Batch::new().put(&row), vec![member::updated(&row, &user)]);
    let entry = entry(action::AUTO_MODERATION_USER_COMMUNICATION_DISABLED, scene, rule);
    entry.write(app, scene.guild.id, None, &mut batch, &mut events);
    lane.enqueue(batch, events).durable().await
}
