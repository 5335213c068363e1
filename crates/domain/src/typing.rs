//! Typing: somebody writes, told to those who look.
//!
//! Not stored and worth nothing a moment later, so it is the first thing to be dropped under load.

use proto::{Id, Permissions, gateway::Dispatch, marker, presence::TypingStart};

use crate::{App, access, actor::Actor, bus::Event, dm, message::audience, reject::Result, render};

/// Tells a channel that the actor begins to write.
pub async fn start(app: &App, actor: &Actor, channel: Id<marker::Channel>) -> Result<()> {
    let place = access::require(app, actor, channel, Permissions::SEND_MESSAGES).await?;
    dm::on_terms(app, actor, &place.channel).await?;
    let user = app.user(actor.user).await?;
    let member = place.member.as_ref();
    let typing = TypingStart {
        channel_id: channel,
        guild_id: place.guild_id(),
        user_id: actor.user,
        timestamp: render::unix_seconds(app.clock.now()),
        member: member.map(|row| render::member(row, Some(render::user(&user)))),
    };
    let audience = audience(&place);
    app.announce(Event::Dispatch(audience, Dispatch::TypingStart(Box::new(typing))));
    Ok(())
}
