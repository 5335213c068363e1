//! Emoji of an application: its bot uses them everywhere, nobody else does.

use proto::{
    Code, Id,
    emoji::{ApplicationEmojis, CreateEmoji, CustomEmoji, EditEmoji},
    marker,
};

use super::{EmojiId, check_name, one, signed, unknown};
use crate::{
    Actor, App, picture,
    reject::{Reject, Result, no},
    rows::{EmojiRow, UserKind, UserRow},
    store::{Batch, Scan},
};

type ApplicationId = Id<marker::Application>;

/// The bot itself, or the person whose it is. For others there is no such application.
pub async fn require(app: &App, actor: &Actor, id: ApplicationId) -> Result<()> {
    let bot = app.store.get::<UserRow>(id).await?.filter(|row| row.kind == UserKind::Bot);
    let mine = |row: UserRow| row.id == actor.user || row.owner_id == Some(actor.user);
    if bot.is_some_and(mine) {
        return Ok(());
    }
    no(Reject::Unknown(Code::UNKNOWN_APPLICATION))
}

fn rows(id: ApplicationId) -> Scan {
    Scan::of::<EmojiRow>().prefix(id)
}

/// All of an application, by id.
pub async fn list(app: &App, actor: &Actor, id: ApplicationId) -> Result<ApplicationEmojis> {
    require(app, actor, id).await?;
    let rows = app.disk.scan::<EmojiRow>(rows(id)).await?;
    Ok(ApplicationEmojis { items: signed(app, &rows, true).await? })
}

/// One of an application.
pub async fn get(
    app: &App,
    actor: &Actor,
    id: ApplicationId,
    emoji: EmojiId,
) -> Result<CustomEmoji> {
    require(app, actor, id).await?;
    match app.disk.get::<EmojiRow>((id, emoji)).await? {
        Some(row) => one(app, &row, true).await,
        None => no(unknown()),
    }
}

/// Adds one. Names are unique within an application.
pub async fn create(
    app: &App,
    actor: &Actor,
    id: ApplicationId,
    draft: CreateEmoji,
) -> Result<CustomEmoji> {
    require(app, actor, id).await?;
    let emoji: EmojiId = app.ids.next();
    let mut turn = picture::turn(app, "emoji", emoji).await?;
    let outcome = created(app, actor, id, emoji, draft, &mut turn).await;
    turn.settle().await;
    let row = outcome?;
    one(app, &row, true).await
}

async fn created(
    app: &App,
    actor: &Actor,
    id: ApplicationId,
    emoji: EmojiId,
    draft: CreateEmoji,
    turn: &mut picture::Turn<'_>,
) -> Result<EmojiRow> {
    let name = check_name(draft.name)?;
    let (hash, animated) = turn.keep_emoji(actor.user, &draft.image).await?;
    let lane = app.lane_user(id.cast()).await;
    // Who deleted the bot a moment ago has no application any more.
    require(app, actor, id).await?;
    let there = app.store.scan::<EmojiRow>(rows(id)).await?;
    if there.len() >= app.limits.application_emojis {
        return no(Reject::Refused(Code::MAX_EMOJIS));
    }
    is_free(&there, emoji, &name)?;
    let (owner_id, user_id, roles) = (id.cast(), actor.user, Vec::new());
    let row = EmojiRow { owner_id, id: emoji, name, hash, animated, user_id, roles };
    lane.enqueue(Batch::new().insert(&row), Vec::new()).durable().await?;
    Ok(row)
}

fn is_free(there: &[EmojiRow], emoji: EmojiId, name: &str) -> Result<()> {
    if there.iter().any(|other| other.id != emoji && other.name == name) {
        let code = "APPLICATION_EMOJI_NAME_ALREADY_TAKEN";
        return no(Reject::field("name", code, "Another emoji of this application has this name."));
    }
    Ok(())
}

/// Renames one.
pub async fn edit(
    app: &App,
    actor: &Actor,
    id: ApplicationId,
    emoji: EmojiId,
    draft: EditEmoji,
) -> Result<CustomEmoji> {
    require(app, actor, id).await?;
    let name = draft.name.map(check_name).transpose()?;
    let lane = app.lane_user(id.cast()).await;
    let there = app.store.scan::<EmojiRow>(rows(id)).await?;
    let Some(mut row) = there.iter().find(|row| row.id == emoji).cloned() else {
        return no(unknown());
    };
    if let Some(name) = name {
        is_free(&there, emoji, &name)?;
        row.name = name;
        lane.enqueue(Batch::new().put(&row), Vec::new()).durable().await?;
    } else {
        drop(lane);
    }
    one(app, &row, true).await
}

/// Deletes one.
pub async fn delete(app: &App, actor: &Actor, id: ApplicationId, emoji: EmojiId) -> Result<()> {
    require(app, actor, id).await?;
    let turn = picture::turn(app, "emoji", emoji).await?;
    let lane = app.lane_user(id.cast()).await;
    if app.store.get::<EmojiRow>((id, emoji)).await?.is_none() {
        return no(unknown());
    }
    lane.enqueue(Batch::new().delete::<EmojiRow>((id, emoji)), Vec::new()).durable().await?;
    turn.settle().await;
    Ok(())
}
