//! Interactions as applications get them.

use proto::{
    Permissions,
    interaction::{IN_BOT_DM, IN_GUILD, Interaction, InteractionGuild, Invoke},
    message::Message,
};
use serde_json::json;

use super::{Deed, LOCALE_LENGTH, answer};
use crate::{
    Actor, App, access,
    access::Place,
    message,
    reject::Result,
    render,
    rows::{InteractionRow, MessageRow},
    thread,
};

/// The language of a room that does not say one.
const LOCALE: &str = "en-US";

pub(super) async fn interaction(
    app: &App,
    actor: &Actor,
    place: &Place,
    draft: &Invoke,
    deed: Deed,
    row: &InteractionRow,
    token: String,
) -> Result<Interaction> {
    let user = render::user(app.user(actor.user).await?.as_ref());
    let mut told = Interaction {
        id: row.id,
        application_id: row.what.application_id,
        kind: draft.kind,
        data: Some(deed.data),
        guild: None,
        guild_id: place.guild_id(),
        channel: None,
        channel_id: Some(place.channel.id),
        member: None,
        user: None,
        token,
        version: 1,
        message: deed.message.map(Box::new),
        app_permissions: Permissions::DEFAULT_EVERYONE,
        locale: Some(locale(draft)),
        guild_locale: None,
        entitlements: [],
        entitlement_sku_ids: [],
        authorizing_integration_owners: json!({ "0": "0" }),
        context: IN_BOT_DM,
        attachment_size_limit: app.limits.attachment_bytes,
    };
    let Some(guild) = &place.guild else {
        told.channel = Some(render::dm(&place.channel, None, vec![user.clone()]));
        told.user = Some(user);
        return Ok(told);
    };
    let bot = answer::bot(row.what.application_id);
    told.app_permissions = access::inside(app, &bot, guild, &place.channel).await?.1;
    if place.thread.is_some() {
        told.channel = Some(thread::get(app, actor, place).await?);
    }
    let state = guild.read();
    told.context = IN_GUILD;
    told.authorizing_integration_owners = json!({ "0": guild.id });
    told.guild_locale = Some(LOCALE.to_owned());
    let features = render::guild(&state.row, Vec::new()).features;
    told.guild = Some(InteractionGuild { id: guild.id, locale: LOCALE.to_owned(), features });
    if place.thread.is_none() {
        let tip = state.tips.get(&place.channel.id);
        told.channel = Some(render::channel(&place.channel, tip));
    }
    told.member = place.member.as_ref().map(|member| {
        let mut member = render::member(member, Some(user));
        member.permissions = Some(place.permissions);
        member
    });
    Ok(told)
}

/// What the page speaks, if that is the name of a language.
fn locale(draft: &Invoke) -> String {
    let said = draft.locale.as_deref().unwrap_or(LOCALE);
    let plain = said.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let fits = plain && (2..=LOCALE_LENGTH).contains(&said.len());
    if fits { said.to_owned() } else { LOCALE.to_owned() }
}

/// A message that an interaction is about, as everybody there sees it.
pub(super) async fn target(app: &App, place: &Place, row: &MessageRow) -> Result<Message> {
    Ok(message::for_answer(&message::render_for_event(app, place, row).await?))
}
