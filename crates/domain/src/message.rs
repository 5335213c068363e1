//! Messages: send, edit, delete, read.

pub(crate) mod answer;
mod check;
mod page;
mod system;

use proto::{
    Code, Id, Patch, Permissions,
    audit_log::action,
    gateway::Dispatch,
    marker,
    message::{
        self, AUTO_MODERATION_ACTION, CreateMessage, EditMessage, Message, MessageDelete,
        MessageDeleteBulk, MessageReference, Nonce,
    },
};

use crate::{
    Actor, App, access,
    access::Place,
    attachment::{self, Upload},
    audit_log::Entry,
    auto_moderation::{self, Scene, Verdict},
    bus::{Audience, Event},
    dm, emoji, read_state,
    reject::{Reject, Result, no},
    render,
    rows::{AttachmentRow, Loud, MessageRow, NonceRow, PinRow, ReactionRow, TipRow},
    store::Batch,
    thread,
};

pub(crate) use answer::{Change, option_file};
pub(crate) use check::nonce;
pub use check::{LastSent, Mentioned};
pub(crate) use check::{draft, takes_messages};
pub use page::{Around, for_answer, list, one, preview_page, render_one};
pub(crate) use page::{render_all, render_for_event};
pub use system::joined;
pub(crate) use system::{bare, tell};

/// Messages deleted in one batch.
pub(crate) const DELETE_MOST: usize = 100;

/// Sends a message to a channel. `files` are durable blobs that it takes over.
pub async fn send(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    mut draft: CreateMessage,
    files: Vec<Upload>,
) -> Result<Message> {
    let place = access::require(app, actor, channel, Permissions::SEND_MESSAGES).await?;
    check::takes_messages(&place)?;
    dm::on_terms(app, actor, &place.channel).await?;
    if let Some(text) = draft.content.take() {
        draft.content = Some(emoji::usable_in_text(app, actor, &place, text).await?);
    }
    let lane = app.lane_channel(place.guild_id(), channel).await;
    // What was seen before the lane was free may have changed.
    let place = access::require(app, actor, channel, Permissions::SEND_MESSAGES).await?;
    let nonce = draft.nonce.as_ref().map(|nonce| check::nonce(app, nonce)).transpose()?;
    if let Some(nonce) = &nonce {
        let key = (actor.user, channel, nonce.as_str());
        if let Some(known) = app.store.get::<NonceRow>(key).await? {
            drop(lane);
            return sent_before(app, actor, known).await;
        }
    }
    check::slow_mode(app, actor, &place).await?;
    let reference = check::reference(app, &place, &draft).await?;
    let (mut row, mentioned) = check::draft(app, actor, &place, draft, &files, reference)?;
    let verdict = auto_moderation::judge(app, actor, &place, &row.content);
    if let Some(refusal) = verdict.as_ref().and_then(Verdict::refusal) {
        drop(lane);
        hit(app, &place, actor.user, None, verdict).await;
        return no(refusal);
    }
    row.attachments = attachment::rows(actor, &row, files);

    // Before the message: whom it brings into a thread hears it.
    let (opened, mut events) = thread::written(app, actor, &place, &mentioned.users).await?;
    let (batch, said, message) = told(app, &place, &row, &mentioned).await?;
    let mut batch = opened.and(batch);
    events.extend(said);
    if let Some(nonce) = nonce {
        let at = app.clock.now();
        let author_id = actor.user;
        batch =
            batch.put(&NonceRow { author_id, channel_id: channel, nonce, message_id: row.id, at });
    }
    let answer = page::for_answer(&message);
    lane.enqueue(batch, events).durable().await?;
    check::sent(app, actor, &place);
    hit(app, &place, actor.user, Some(answer.id), verdict).await;
    Ok(answer)
}

/// All that comes with a new message: its rows, who is called, and what is told.
pub(crate) async fn told(
    app: &App,
    place: &Place,
    row: &MessageRow,
    mentioned: &Mentioned,
) -> Result<(Batch, Vec<Event>, Message)> {
    let mut batch = Batch::new().insert(row).put(&next_tip(app, place, row).await?);
    batch = batch.and(attachment::keep(&row.attachments));
    batch = batch.and(read_state::count_mentions(app, place, row, mentioned).await?);
    let mut events = Vec::new();
    if place.guild.is_none() {
        let (open, told) = dm::open_for_all(app, &place.channel).await?;
        batch = batch.and(open);
        events.extend(told);
    }
    let message = page::render_for_event(app, place, row).await?;
    let event = Dispatch::MessageCreate(Box::new(message.clone()));
    events.push(Event::Dispatch(audience(place), event));
    Ok((batch, events, message))
}

/// Says no to a name of something here that a rule blocks. No lane is held.
pub(crate) async fn may_be_called(
    app: &App,
    actor: &Actor,
    place: &Place,
    name: &str,
) -> Result<()> {
    let verdict = auto_moderation::judge(app, actor, place, name);
    let refusal = verdict.as_ref().and_then(Verdict::refusal);
    hit(app, place, actor.user, None, verdict).await;
    refusal.map_or(Ok(()), no)
}

/// Does what rules say that were hit. The message's own fate is settled: what fails here is logged.
async fn hit(
    app: &App,
    place: &Place,
    user: Id<marker::User>,
    message: Option<Id<marker::Message>>,
    verdict: Option<Verdict>,
) {
    let (Some(verdict), Some(guild)) = (verdict, &place.guild) else { return };
    let scene = Scene { guild, user, channel: Some(place.channel.id), message };
    if let Err(error) = auto_moderation::carry_out(app, scene, &verdict).await {
        tracing::error!(?error, "cannot carry out a rule");
    }
}

/// A retry: the same message, once it is sure to be on disk.
async fn sent_before(app: &App, actor: &Actor, known: NonceRow) -> Result<Message> {
    app.flushed().await?;
    let key = (known.channel_id, known.message_id);
    match app.disk.get::<MessageRow>(key).await? {
        Some(row) => page::render_one(app, actor, &row).await,
        // It was sent, and is deleted: a retry must not bring it back.
        None => no(Reject::Unknown(Code::UNKNOWN_MESSAGE)),
    }
}

/// Who hears of messages in this place.
pub(crate) fn audience(place: &Place) -> Audience {
    match (&place.guild, &place.thread) {
        (_, Some(thread)) => thread::audience(&thread.row, thread.also.clone()),
        (Some(guild), None) => Audience::Channel(guild.id, place.channel.id),
        (None, None) => Audience::Users(place.channel.recipients.clone()),
    }
}

/// The end of the channel with this message.
async fn next_tip(app: &App, place: &Place, row: &MessageRow) -> Result<TipRow> {
    let tip = app.store.get::<TipRow>(row.channel_id).await?;
    let mut tip = tip.unwrap_or(TipRow {
        channel_id: row.channel_id,
        guild_id: place.guild_id(),
        last_message_id: None,
        loud: Vec::new(),
        last_pin_at: None,
        messages: 0,
        sent: 0,
    });
    tip.last_message_id = Some(row.id);
    if place.thread.is_some() && row.kind != message::THREAD_STARTER_MESSAGE {
        tip.messages = tip.messages.saturating_add(1);
        tip.sent = tip.sent.saturating_add(1);
    }
    if row.mention_everyone || !row.mention_roles.is_empty() {
        let roles = if row.mention_everyone { Vec::new() } else { row.mention_roles.clone() };
        tip.loud.push(Loud { id: row.id, roles, author_id: Some(row.author_id) });
        if tip.loud.len() > read_state::LOUD_MOST {
            tip.loud.remove(0);
        }
    }
    Ok(tip)
}

/// Edits a message. Only its author changes what it says; managers may hide its embeds.
pub async fn edit(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    id: Id<marker::Message>,
    mut edit: EditMessage,
    files: Vec<Upload>,
) -> Result<Message> {
    let place = access::channel(app, actor, channel).await?;
    if let Patch::Value(text) = edit.content {
        edit.content = Patch::Value(emoji::usable_in_text(app, actor, &place, text).await?);
    }
    let lane = app.lane_channel(place.guild_id(), channel).await;
    let place = access::channel(app, actor, channel).await?;
    thread::is_open(&place)?;
    let before = find(app, channel, id).await?;
    may_edit(app, actor, &place, &before, &edit)?;
    let Change { mut row, added, gone } = revised(app, actor, &place, &before, &edit, files)?;
    if !changes(&before, &row) {
        return page::render_one(app, actor, &before).await;
    }
    let own = before.author_id == actor.user && before.content != row.content;
    let verdict = own.then(|| auto_moderation::judge(app, actor, &place, &row.content)).flatten();
    if let Some(refusal) = verdict.as_ref().and_then(Verdict::refusal) {
        drop(lane);
        hit(app, &place, actor.user, None, verdict).await;
        return no(refusal);
    }
    row.edited_at = Some(app.clock.now());
    let mut batch = Batch::new().put(&row).and(attachment::keep(&added));
    batch = batch.and(attachment::drop_rows(&gone));
    let message = page::render_for_event(app, &place, &row).await?;
    let event = Dispatch::MessageUpdate(Box::new(message));
    lane.enqueue(batch, vec![Event::Dispatch(audience(&place), event)]).durable().await?;
    attachment::remove_blobs(app, &gone).await;
    hit(app, &place, actor.user, Some(row.id), verdict).await;
    page::render_one(app, actor, &row).await
}

/// The message as an edit leaves it, and which files come and go.
pub(crate) fn revised(
    app: &App,
    actor: &Actor,
    place: &Place,
    before: &MessageRow,
    edit: &EditMessage,
    files: Vec<Upload>,
) -> Result<Change> {
    let mut row = check::edited(app, actor, place, before, edit, &files)?;
    let added = attachment::rows(actor, &row, files);
    let gone: Vec<_> = {
        let stays = |file: &AttachmentRow| row.attachments.iter().any(|kept| kept.id == file.id);
        before.attachments.iter().filter(|file| !stays(file)).cloned().collect()
    };
    row.attachments.extend(added.iter().cloned());
    if row.attachments.len() > app.limits.message_attachments {
        return no(Reject::Refused(Code::MAX_ATTACHMENTS));
    }
    Ok(Change { row, added, gone })
}

fn changes(before: &MessageRow, after: &MessageRow) -> bool {
    before.content != after.content
        || before.embeds != after.embeds
        || before.components != after.components
        || before.flags != after.flags
        || before.attachments != after.attachments
}

fn may_edit(
    app: &App,
    actor: &Actor,
    place: &Place,
    row: &MessageRow,
    edit: &EditMessage,
) -> Result<()> {
    if !check::written(row.kind) {
        return no(Reject::Refused(Code::SYSTEM_MESSAGE));
    }
    if row.author_id == actor.user {
        return if is_silenced(app, place) {
            no(Reject::Forbidden(Permissions::SEND_MESSAGES))
        } else {
            Ok(())
        };
    }
    let only_flags = edit.content.is_absent()
        && edit.embeds.is_absent()
        && edit.components.is_absent()
        && edit.attachments.is_absent();
    if !only_flags {
        return no(Reject::Refused(Code::NOT_AUTHOR));
    }
    place.require(Permissions::MANAGE_MESSAGES)
}

/// Whether the actor may say nothing new here for some time, as an edit would.
fn is_silenced(app: &App, place: &Place) -> bool {
    let until = place.member.as_ref().and_then(|member| member.timed_out_until);
    let above = place.permissions.contains(Permissions::ADMINISTRATOR);
    until.is_some_and(|until| until > app.clock.now()) && !above
}

/// The message as decisions see it. The caller holds the channel's lane.
pub(crate) async fn find(
    app: &App,
    channel: Id<marker::Channel>,
    id: Id<marker::Message>,
) -> Result<MessageRow> {
    let row = app.store.get::<MessageRow>((channel, id)).await?;
    row.ok_or_else(|| Reject::Unknown(Code::UNKNOWN_MESSAGE).into())
}

/// Deletes a message: one's own, or with MANAGE_MESSAGES any.
pub async fn delete(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    id: Id<marker::Message>,
) -> Result<()> {
    let place = access::channel(app, actor, channel).await?;
    let lane = app.lane_channel(place.guild_id(), channel).await;
    let place = access::channel(app, actor, channel).await?;
    let row = find(app, channel, id).await?;
    // An alert of a rule stands under the name of whom it is about.
    if row.author_id != actor.user || row.kind == AUTO_MODERATION_ACTION {
        place.require(Permissions::MANAGE_MESSAGES)?;
    }
    if row.kind == message::THREAD_STARTER_MESSAGE {
        return no(Reject::Refused(Code::SYSTEM_MESSAGE));
    }
    let mut batch = deletion(app, std::slice::from_ref(&row)).await?;
    let gone = MessageDelete { id, channel_id: channel, guild_id: place.guild_id() };
    let mut events = vec![Event::Dispatch(audience(&place), Dispatch::MessageDelete(gone))];
    if let Some(guild) = place.guild_id().filter(|_| row.author_id != actor.user) {
        let entry = Entry::new(action::MESSAGE_DELETE, Some(row.author_id.cast()));
        let entry = entry.option("channel_id", channel);
        entry.count(app, guild, actor.user, &mut batch, &mut events).await?;
    }
    lane.enqueue(batch, events).durable().await?;
    attachment::remove_blobs(app, &row.attachments).await;
    Ok(())
}

/// Bulk Delete Messages: 2 to 100 of a channel; those that are gone are passed over.
pub async fn delete_bulk(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    mut ids: Vec<Id<marker::Message>>,
) -> Result<()> {
    let place = access::require(app, actor, channel, Permissions::MANAGE_MESSAGES).await?;
    ids.sort_unstable();
    ids.dedup();
    if !(2..=DELETE_MOST).contains(&ids.len()) {
        return no(Reject::Refused(Code::BULK_DELETE_COUNT));
    }
    let (guild, audience) = (place.guild_id(), audience(&place));
    delete_by(app, channel, guild, audience, ids, Some(actor.user)).await
}

/// Deletes messages of one channel, at most 100, without asking who may.
pub async fn delete_many(
    app: &App,
    channel: Id<marker::Channel>,
    guild_id: Option<Id<marker::Guild>>,
    audience: Audience,
    ids: Vec<Id<marker::Message>>,
) -> Result<()> {
    delete_by(app, channel, guild_id, audience, ids, None).await
}

/// `by`: who is noted down for it.
async fn delete_by(
    app: &App,
    channel: Id<marker::Channel>,
    guild_id: Option<Id<marker::Guild>>,
    audience: Audience,
    ids: Vec<Id<marker::Message>>,
    by: Option<Id<marker::User>>,
) -> Result<()> {
    let lane = app.lane_channel(guild_id, channel).await;
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids.into_iter().take(DELETE_MOST) {
        rows.extend(app.store.get::<MessageRow>((channel, id)).await?);
    }
    rows.retain(|row| row.kind != message::THREAD_STARTER_MESSAGE);
    if rows.is_empty() {
        return Ok(());
    }
    let mut batch = deletion(app, &rows).await?;
    let ids = rows.iter().map(|row| row.id).collect();
    let gone = MessageDeleteBulk { ids, channel_id: channel, guild_id };
    let mut events = vec![Event::Dispatch(audience, Dispatch::MessageDeleteBulk(gone))];
    if let (Some(guild), Some(by)) = (guild_id, by) {
        let entry = Entry::new(action::MESSAGE_BULK_DELETE, Some(channel.cast()));
        entry.option("count", rows.len()).write(app, guild, by, &mut batch, &mut events);
    }
    lane.enqueue(batch, events).durable().await?;
    for row in &rows {
        attachment::remove_blobs(app, &row.attachments).await;
    }
    Ok(())
}

/// All that goes with these messages. The nonces stay: a retry must not bring a message back.
pub(crate) async fn deletion(app: &App, rows: &[MessageRow]) -> Result<Batch> {
    let mut batch = Batch::new();
    let Some(first) = rows.first() else {
        return Ok(batch);
    };
    for row in rows {
        batch = batch.delete::<MessageRow>((row.channel_id, row.id));
        if row.pinned {
            batch = batch.delete::<PinRow>((row.channel_id, row.id));
        }
        batch = batch.prune::<ReactionRow>(row.id, None, usize::MAX >> 1);
    }
    let files: Vec<_> = rows.iter().flat_map(|row| row.attachments.iter().cloned()).collect();
    batch = batch.and(attachment::drop_rows(&files));
    if let Some(mut tip) = app.store.get::<TipRow>(first.channel_id).await? {
        let before = tip.loud.len();
        tip.loud.retain(|loud| !rows.iter().any(|row| row.id == loud.id));
        let messages = tip.messages.saturating_sub(rows.len() as u32);
        if tip.loud.len() != before || messages != tip.messages {
            tip.messages = messages;
            batch = batch.put(&tip);
        }
    }
    Ok(batch)
}

/// As the key of a nonce row. Numbers and texts that look alike are one.
pub(crate) fn nonce_key(nonce: &Nonce) -> String {
    match nonce {
        Nonce::Text(text) => text.clone(),
        Nonce::Number(number) => number.to_string(),
    }
}

/// Whether somebody wrote it: what only happened is not kept at hand.
pub(crate) fn may_be_pinned(kind: u8) -> bool {
    check::written(kind)
}

/// Where a reply points.
pub(crate) fn reply_to(place: &Place, id: Id<marker::Message>) -> MessageReference {
    MessageReference {
        kind: 0,
        message_id: Some(id),
        channel_id: place.channel.id,
        guild_id: place.guild_id(),
    }
}

/// A member as it stands beside a message.
pub(crate) fn beside(place: &Place, author: Id<marker::User>) -> Option<proto::member::Member> {
    let guild = place.guild.as_ref()?;
    let state = guild.read();
    let own = place.member.as_ref().filter(|member| member.user_id == author);
    let member = state.members.get(&author).or(own)?;
    Some(render::member(member, None))
}

#[cfg(test)]
mod tests {
    use proto::message::ReferenceDraft;

    use super::*;
    use crate::{Error, store::Scan, testing::World};

    fn text(content: &str) -> CreateMessage {
        CreateMessage { content: Some(content.to_owned()), ..Default::default() }
    }

    fn named(content: &str, nonce: &str) -> CreateMessage {
        CreateMessage { nonce: Some(Nonce::Text(nonce.to_owned())), ..text(content) }
    }

    fn code<T: std::fmt::Debug>(result: Result<T>) -> u32 {
        match result.expect_err("a no") {
            Error::Reject(Reject::Unknown(code) | Reject::Refused(code)) => code.0,
            Error::Reject(Reject::Forbidden(_)) => Code::MISSING_PERMISSIONS.0,
            Error::Reject(Reject::Invalid(_)) => Code::INVALID_FORM.0,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_message_is_stored_told_and_listed() {
        let world = World::new().await;
        let (alice, eve) = (world.person("alice").await, world.person("eve").await);
        let room = world.guild(&[&alice]).await;

        let sent = send(&world.app, &alice, room.general, text(" hi\0 "), vec![]).await;
        let sent = sent.expect("sent");
        assert_eq!((sent.content.as_str(), sent.guild_id), ("hi", None));
        assert_eq!(world.saw(), ["MESSAGE_CREATE"]);

        let page = list(&world.app, &alice, room.general, Around::End, 50).await.expect("a page");
        assert_eq!(page, [sent]);
        assert_eq!(code(list(&world.app, &eve, room.general, Around::End, 50).await), 10003);
        assert_eq!(code(send(&world.app, &eve, room.general, text("x"), vec![]).await), 10003);
    }

    #[tokio::test]
    async fn a_nonce_names_one_message_for_ever() {
        let world = World::new().await;
        let alice = world.person("alice").await;
        let room = world.guild(&[&alice]).await;
        let (app, here) = (&world.app, room.general);

        let first = send(app, &alice, here, named("once", "n1"), vec![]).await.expect("sent");
        let again = send(app, &alice, here, named("twice", "n1"), vec![]).await.expect("same");
        assert_eq!((first.id, first.content), (again.id, again.content));
        let both = tokio::join!(
            send(app, &alice, here, named("a", "n2"), vec![]),
            send(app, &alice, here, named("b", "n2"), vec![]),
        );
        assert_eq!(both.0.expect("sent").id, both.1.expect("same").id);

        delete(app, &alice, here, first.id).await.expect("deleted");
        assert_eq!(code(send(app, &alice, here, named("x", "n1"), vec![]).await), 10008);
        assert_eq!(world.saw(), ["MESSAGE_CREATE", "MESSAGE_CREATE", "MESSAGE_DELETE"]);
    }

    #[tokio::test]
    async fn an_empty_or_long_message_is_refused() {
        let world = World::new().await;
        let alice = world.person("alice").await;
        let room = world.guild(&[&alice]).await;
        for (content, expected) in
            [("", 50006), (" \u{200b} ", 50006), (&*"x".repeat(2_001), 50035)]
        {
            let refused = send(&world.app, &alice, room.general, text(content), vec![]).await;
            assert_eq!(code(refused), expected);
        }
        send(&world.app, &alice, room.general, text(&"é".repeat(2_000)), vec![]).await.expect("ok");
    }

    #[tokio::test]
    async fn only_the_author_edits_and_managers_delete() {
        let world = World::new().await;
        let (owner, bob) = (world.person("owner").await, world.person("bob").await);
        let room = world.guild(&[&owner, &bob]).await;
        let (app, here) = (&world.app, room.general);
        let sent = send(app, &bob, here, text("mine"), vec![]).await.expect("sent");
        let change = |content: &str| EditMessage {
            content: proto::Patch::Value(content.to_owned()),
            ..Default::default()
        };

        assert_eq!(code(edit(app, &owner, here, sent.id, change("yours"), vec![]).await), 50005);
        let edited = edit(app, &bob, here, sent.id, change("better"), vec![]).await.expect("ok");
        assert!(edited.edited_timestamp.is_some());
        let of_owner = send(app, &owner, here, text("rules"), vec![]).await.expect("sent");
        assert_eq!(code(delete(app, &bob, here, of_owner.id).await), 50013);
        delete(app, &owner, here, sent.id).await.expect("the owner may");
        assert_eq!(code(delete(app, &owner, here, sent.id).await), 10008);
    }

    #[tokio::test]
    async fn concatenated_pages_are_the_history() {
        let world = World::new().await;
        let alice = world.person("alice").await;
        let room = world.guild(&[&alice]).await;
        let (app, here) = (&world.app, room.general);
        let mut sent = Vec::new();
        for n in 0..25 {
            let message = send(app, &alice, here, text(&n.to_string()), vec![]).await;
            sent.insert(0, message.expect("sent").id);
        }
        let (mut seen, mut around) = (Vec::new(), Around::End);
        loop {
            let page = list(app, &alice, here, around, 7).await.expect("a page");
            let Some(last) = page.last() else { break };
            around = Around::Before(last.id);
            seen.extend(page.iter().map(|message| message.id));
        }
        assert_eq!(seen, sent);
        let ids = |page: Vec<Message>| -> Vec<_> { page.iter().map(|m| m.id).collect() };
        let after = list(app, &alice, here, Around::After(sent[10]), 3).await.expect("a page");
        assert_eq!(ids(after), sent[7..10]);
        let around = list(app, &alice, here, Around::Around(sent[10]), 5).await.expect("a page");
        assert_eq!(ids(around), sent[8..13]);
    }

    #[tokio::test]
    async fn a_reply_quotes_and_survives_what_it_quotes() {
        let world = World::new().await;
        let alice = world.person("alice").await;
        let room = world.guild(&[&alice]).await;
        let (app, here) = (&world.app, room.general);
        let first = send(app, &alice, here, text("first"), vec![]).await.expect("sent");
        let reference = ReferenceDraft {
            kind: None,
            message_id: Some(first.id),
            channel_id: None,
            guild_id: None,
            fail_if_not_exists: None,
        };
        let answer =
            || CreateMessage { message_reference: Some(reference.clone()), ..text("answer") };
        let sent = send(app, &alice, here, answer(), vec![]).await.expect("sent");
        let quoted = sent.referenced_message.expect("there").expect("not deleted");
        assert_eq!((sent.kind, quoted.content.as_str()), (message::REPLY, "first"));

        delete(app, &alice, here, first.id).await.expect("deleted");
        let read = one(app, &alice, here, sent.id).await.expect("there");
        assert_eq!(read.referenced_message, Some(None));
        assert_eq!(code(send(app, &alice, here, answer(), vec![]).await), 50035);
    }

    #[tokio::test]
    async fn mentions_reach_who_is_there_and_count_until_read() {
        let world = World::new().await;
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        let eve = world.person("eve").await;
        let room = world.guild(&[&alice, &bob]).await;
        let (app, here) = (&world.app, room.general);
        let content = format!("<@{}> <@{}> @everyone", bob.user, eve.user);
        let sent = send(app, &bob, here, text(&content), vec![]).await.expect("sent");
        assert!(!sent.mention_everyone, "bob may not");
        let sent = send(app, &alice, here, text(&content), vec![]).await.expect("sent");
        assert!(sent.mention_everyone, "the owner may");
        assert_eq!(sent.mentions.iter().map(|u| u.id).collect::<Vec<_>>(), [bob.user]);

        let guild = [app.guild(room.id).await.expect("active")];
        let states = read_state::all(app, bob.user, &guild).await.expect("read");
        assert_eq!(states[0].mention_count, 1, "called by one message, twice in it");
        let state = read_state::mark(app, &bob, here, sent.id).await.expect("marked");
        assert_eq!(state.mention_count, 0);
        assert_eq!(read_state::all(app, bob.user, &guild).await.expect("read"), [state]);
    }

    #[tokio::test]
    async fn slow_mode_does_not_outlive_a_clock_set_back() {
        let world = World::new().await;
        let (ann, bob) = (world.person("ann").await, world.person("bob").await);
        let room = world.guild(&[&ann, &bob]).await;
        let (row, _) = world.app.channel(room.general).await.unwrap();
        let slow = crate::rows::ChannelRow { rate_limit_per_user: 10, ..(*row).clone() };
        world.write(Batch::new().put(&slow)).await;
        let say = async || send(&world.app, &bob, room.general, text("hi"), vec![]).await;
        say().await.unwrap();
        assert!(say().await.is_err());
        world.clock.advance_ms(-86_400_000);
        say().await.unwrap();
        assert!(say().await.is_err(), "it goes on by the new clock");
        world.clock.advance_ms(10_000);
        say().await.unwrap();
    }

    #[tokio::test]
    async fn slow_mode_holds_also_when_the_message_is_deleted() {
        let world = World::new().await;
        let (owner, bob) = (world.person("owner").await, world.person("bob").await);
        let room = world.guild(&[&owner, &bob]).await;
        let (app, here) = (&world.app, room.general);
        let mut channel = (*app.channel(here).await.expect("there").0).clone();
        channel.rate_limit_per_user = 10;
        world.write(Batch::new().put(&channel)).await;

        let first = send(app, &bob, here, text("1"), vec![]).await.expect("sent");
        delete(app, &bob, here, first.id).await.expect("deleted");
        world.clock.advance_ms(4_000);
        let Err(Error::Reject(Reject::SlowMode { retry_after_ms })) =
            send(app, &bob, here, text("2"), vec![]).await
        else {
            panic!("too early");
        };
        assert_eq!(retry_after_ms, 6_000);
        send(app, &owner, here, text("free"), vec![]).await.expect("managers are free");
        world.clock.advance_ms(6_000);
        send(app, &bob, here, text("2"), vec![]).await.expect("in time");
    }

    #[tokio::test]
    async fn a_direct_message_opens_for_both() {
        let world = World::new().await;
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        let eve = world.person("eve").await;
        world.guild(&[&alice, &bob]).await;
        let app = &world.app;
        assert_eq!(code(dm::open(app, &alice, eve.user).await), 10013);
        let channel = dm::open(app, &alice, bob.user).await.expect("open");
        assert_eq!(dm::open(app, &bob, alice.user).await.expect("open").id, channel.id);
        send(app, &alice, channel.id, text("psst"), vec![]).await.expect("sent");
        assert_eq!(world.saw(), ["OSC_CHANNEL_CREATE", "OSC_CHANNEL_CREATE", "MESSAGE_CREATE"]);
        assert_eq!(code(list(app, &eve, channel.id, Around::End, 5).await), 10003);
        let states = read_state::all(app, bob.user, &[]).await.expect("read");
        assert_eq!(states[0].mention_count, 1);
    }

    #[tokio::test]
    async fn reactions_count_once_each_and_go_with_the_message() {
        let world = World::new().await;
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        let room = world.guild(&[&alice, &bob]).await;
        let (app, here) = (&world.app, room.general);
        let id = send(app, &alice, here, text("hi"), vec![]).await.expect("sent").id;
        let react = async |who: &Actor| crate::reaction::add(app, who, here, id, "🦀").await;
        let (one, two) = tokio::join!(react(&alice), react(&bob));
        one.and(two).expect("reacted");
        react(&bob).await.expect("again is no error");
        let seen = one_of(app, &bob, here, id).await;
        assert_eq!((seen.reactions[0].count, seen.reactions[0].me), (2, true));
        crate::reaction::remove(app, &bob, here, id, "🦀", bob.user).await.expect("gone");
        assert!(!one_of(app, &bob, here, id).await.reactions[0].me);
        delete(app, &alice, here, id).await.expect("deleted");
        let left = app.disk.scan::<ReactionRow>(Scan::of::<ReactionRow>()).await.expect("read");
        assert_eq!(left, []);
    }

    async fn one_of(
        app: &App,
        actor: &Actor,
        channel: Id<marker::Channel>,
        id: Id<marker::Message>,
    ) -> Message {
        one(app, actor, channel, id).await.expect("there")
    }
}
