//! What the rules of a guild say about a text or a name. Nothing happens here.

use std::sync::Arc;

use proto::{
    Id, Permissions,
    auto_moderation::{
        BLOCK_MESSAGE, KEYWORD, KEYWORD_PRESET, MEMBER_PROFILE, MENTION_SPAM, SPAM, TriggerMetadata,
    },
    markdown, marker,
};

use super::{Hit, Matcher, Rule, spam};
use crate::{
    Actor, App,
    access::Place,
    cache::GuildState,
    reject::Reject,
    rows::{MemberRow, UserRow},
};

/// The rules that were hit.
pub(crate) struct Verdict {
    pub hits: Vec<(Arc<Rule>, Hit)>,
    pub content: String,
}

impl Verdict {
    /// Whether the text may not stand, and what its author is told.
    pub fn refusal(&self) -> Option<Reject> {
        let actions = self.hits.iter().flat_map(|(rule, _)| &rule.row.actions);
        let mut blocks = actions.filter(|action| action.kind == BLOCK_MESSAGE).peekable();
        blocks.peek()?;
        let code = proto::Code::AUTO_MODERATION_BLOCKED;
        let words = blocks.find_map(|action| action.metadata.custom_message.clone());
        Some(match words {
            Some(words) => Reject::Worded(code, words),
            None => Reject::Refused(code),
        })
    }
}

/// What the rules say about a text that its author sends or edits. COMPAT: those who manage the
/// guild, bots and webhooks are free of all rules.
pub(crate) fn judge(app: &App, actor: &Actor, place: &Place, content: &str) -> Option<Verdict> {
    let guild = place.guild.as_ref()?;
    let member = place.member.as_ref()?;
    if actor.is_bot() || content.is_empty() {
        return None;
    }
    let now = app.clock.now();
    let rules: Vec<Arc<Rule>> = {
        let state = guild.read();
        if state.rules.is_empty() || is_free(&state, member, now) {
            return None;
        }
        let looks = |rule: &&Arc<Rule>| rule.row.trigger_type != MEMBER_PROFILE;
        let rules = state.rules.values().filter(|rule| rule.row.enabled).filter(looks);
        let above = above(&state, place);
        rules.filter(|rule| !is_exempt(rule, &above, member)).cloned().collect()
    };
    let mentions = markdown::mentions(content);
    let hits = rules.into_iter().filter_map(|rule| {
        let trigger = &rule.row.trigger;
        let hit = match rule.row.trigger_type {
            KEYWORD | KEYWORD_PRESET => rule.matcher(app.limits.pattern_bytes).find(content),
            SPAM => {
                let again = app.cache.spam.repeats(now, (guild.id, actor.user), content);
                let again = again.then(|| Hit {
                    keyword: Some("the same again and again".to_owned()),
                    matched: None,
                });
                again.or_else(|| spam::shape(content, &mentions))
            }
            MENTION_SPAM => {
                let count = mentions.users.len() + mentions.roles.len();
                let guarded = trigger.mention_raid_protection_enabled == Some(true);
                let joined = member.joined_at;
                let raid = || app.cache.spam.mention_raid(now, guild.id, joined, count);
                too_many(trigger, count).or_else(|| {
                    (guarded && raid()).then(|| Hit {
                        keyword: Some("mentions by many newcomers".to_owned()),
                        matched: None,
                    })
                })
            }
            _ => None,
        };
        hit.map(|hit| (rule, hit))
    });
    let hits: Vec<_> = hits.collect();
    (!hits.is_empty()).then(|| Verdict { hits, content: content.to_owned() })
}

fn is_free(state: &GuildState, member: &MemberRow, now: proto::Timestamp) -> bool {
    let have = state.permissions(member.user_id, now);
    have.contains(Permissions::MANAGE_GUILD) || have.contains(Permissions::ADMINISTRATOR)
}

/// Where it is written, and what that stands in: of a thread its channel, and the category of that.
fn above(state: &GuildState, place: &Place) -> Vec<Id<marker::Channel>> {
    let parent = place.channel.parent_id;
    let category = parent.and_then(|id| state.channels.get(&id)).and_then(|row| row.parent_id);
    std::iter::once(place.channel.id).chain(parent).chain(category).collect()
}

fn is_exempt(rule: &Rule, above: &[Id<marker::Channel>], member: &MemberRow) -> bool {
    above.iter().any(|id| rule.row.exempt_channels.contains(id))
        || member.roles.iter().any(|role| rule.row.exempt_roles.contains(role))
}

fn too_many(trigger: &TriggerMetadata, count: usize) -> Option<Hit> {
    let most = trigger.mention_total_limit.unwrap_or(u32::MAX) as usize;
    (count > most).then(|| Hit { keyword: Some(format!("{count} mentions")), matched: None })
}

/// What a rule would say about this text alone.
pub(super) fn one_text(app: &App, kind: u8, trigger: &TriggerMetadata, text: &str) -> Option<Hit> {
    let mentions = markdown::mentions(text);
    match kind {
        SPAM => spam::shape(text, &mentions),
        MENTION_SPAM => too_many(trigger, mentions.users.len() + mentions.roles.len()),
        _ => Matcher::new(trigger, app.limits.pattern_bytes).find(text),
    }
}

/// What the rules for names say about a member: nickname, name, username.
pub(crate) fn names(
    app: &App,
    state: &GuildState,
    member: &MemberRow,
    user: &UserRow,
) -> Option<Verdict> {
    if user.kind == crate::rows::UserKind::Bot || state.is_owner(member.user_id) {
        return None;
    }
    let have = state.permissions(member.user_id, app.clock.now());
    if have.contains(Permissions::MANAGE_GUILD) {
        return None;
    }
    let guest = user.kind == crate::rows::UserKind::Guest;
    let username = (!guest).then_some(&user.username);
    let shown = member.nick.iter().chain(&user.global_name).chain(username);
    let text = shown.map(String::as_str).collect::<Vec<_>>().join("\n");
    let rules = state.rules.values().filter(|rule| {
        let row = &rule.row;
        let exempt = member.roles.iter().any(|role| row.exempt_roles.contains(role));
        row.enabled && row.trigger_type == MEMBER_PROFILE && !exempt
    });
    let hits = rules.filter_map(|rule| {
        let hit = rule.matcher(app.limits.pattern_bytes).find(&text)?;
        Some((rule.clone(), hit))
    });
    let hits: Vec<_> = hits.collect();
    (!hits.is_empty()).then_some(Verdict { hits, content: text })
}

impl Verdict {
    /// Whether a member with such a name only looks on.
    pub fn quarantines(&self) -> bool {
        let mut actions = self.hits.iter().flat_map(|(rule, _)| &rule.row.actions);
        actions.any(|action| action.kind == proto::auto_moderation::BLOCK_MEMBER_INTERACTION)
    }
}
