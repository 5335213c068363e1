//! Messages as they are read: pages of history, single ones, and for events.

mod answered;

use std::{collections::HashMap, sync::Arc};

use proto::{
    Code, Id, Permissions,
    channel::Channel,
    marker,
    message::{self, Attachment, Message, Reaction, ReactionCounts},
    user::User,
};

use crate::{
    Actor, App, access,
    access::Place,
    attachment, emoji,
    reject::{Reject, Result, no},
    render,
    rows::{ChannelRow, MessageRow, ReactionRow, UserRow, WebhookRow},
    store::{IntoKey as _, Scan},
    thread,
};

/// Which part of a channel's history.
#[derive(Debug, Clone, Copy, Default)]
pub enum Around {
    /// The newest.
    #[default]
    End,
    Before(Id<marker::Message>),
    After(Id<marker::Message>),
    /// Half before it, itself, half after it.
    Around(Id<marker::Message>),
}

impl Around {
    /// As a query asks for it: `around` counts more than `before`, that more than `after`.
    pub fn of(
        around: Option<Id<marker::Message>>,
        before: Option<Id<marker::Message>>,
        after: Option<Id<marker::Message>>,
    ) -> Self {
        let after = after.map_or(Self::End, Self::After);
        let before = before.map_or(after, Self::Before);
        around.map_or(before, Self::Around)
    }
}

/// A page of history, newest first. Without READ_MESSAGE_HISTORY it is empty.
pub async fn list(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    around: Around,
    limit: usize,
) -> Result<Vec<Message>> {
    let place = access::channel(app, actor, channel).await?;
    super::check::takes_messages(&place)?;
    if limit == 0 || limit > app.limits.history_page {
        let message = format!("Must be between 1 and {}.", app.limits.history_page);
        return no(Reject::field("limit", "NUMBER_TYPE_RANGE", message));
    }
    if !place.permissions.contains(Permissions::READ_MESSAGE_HISTORY) {
        return Ok(Vec::new());
    }
    let rows = page(app, channel, around, limit).await?;
    render_page(app, Some(actor.user), &place.channel, &rows).await
}

/// One message.
pub async fn one(
    app: &App,
    actor: &Actor,
    channel: Id<marker::Channel>,
    id: Id<marker::Message>,
) -> Result<Message> {
    let place = access::channel(app, actor, channel).await?;
    place.require(Permissions::READ_MESSAGE_HISTORY)?;
    match app.disk.get::<MessageRow>((channel, id)).await? {
        Some(row) => render_one(app, actor, &row).await,
        None => no(Reject::Unknown(Code::UNKNOWN_MESSAGE)),
    }
}

/// A page of a public room for a visitor, newest first. The caller checked what @everyone may.
pub async fn preview_page(
    app: &App,
    channel: &ChannelRow,
    around: Around,
    limit: usize,
) -> Result<Vec<Message>> {
    let rows = page(app, channel.id, around, limit.min(app.limits.history_page)).await?;
    render_page(app, None, channel, &rows).await
}

/// Newest first.
async fn page(
    app: &App,
    channel: Id<marker::Channel>,
    around: Around,
    limit: usize,
) -> Result<Vec<MessageRow>> {
    let all = Scan::of::<MessageRow>().prefix(channel).limit(limit);
    let newest = all.clone().newest_first();
    Ok(match around {
        Around::End => app.disk.scan(newest).await?,
        Around::Before(id) => app.disk.scan(newest.before(id)).await?,
        Around::After(id) => {
            let mut rows: Vec<MessageRow> = app.disk.scan(all.after(id)).await?;
            rows.reverse();
            rows
        }
        Around::Around(id) => {
            let older = limit / 2 + 1;
            let mut rows: Vec<MessageRow> =
                app.disk.scan(all.clone().limit(limit - older.min(limit)).after(id)).await?;
            rows.reverse();
            let rest = newest.up_to(id).limit(limit - rows.len());
            rows.extend(app.disk.scan::<MessageRow>(rest).await?);
            rows
        }
    })
}

/// One message as this person sees it.
pub async fn render_one(app: &App, actor: &Actor, row: &MessageRow) -> Result<Message> {
    let (channel, _) = app.channel(row.channel_id).await?;
    let rows = std::slice::from_ref(row);
    let page = render_page(app, Some(actor.user), &channel, rows).await?;
    Ok(page.into_iter().next().expect("one row gives one message"))
}

/// Messages of one channel as somebody in it sees them, in the order of the rows.
pub(crate) async fn render_all(
    app: &App,
    actor: &Actor,
    channel: &ChannelRow,
    rows: &[MessageRow],
) -> Result<Vec<Message>> {
    render_page(app, Some(actor.user), channel, rows).await
}

/// For an event: nothing per viewer, but the guild and the member beside it.
pub async fn render_for_event(app: &App, place: &Place, row: &MessageRow) -> Result<Message> {
    let rows = std::slice::from_ref(row);
    let page = render_page(app, None, &place.channel, rows).await?;
    let mut message = page.into_iter().next().expect("one row gives one message");
    message.guild_id = place.guild_id();
    message.member = super::beside(place, row.author_id);
    Ok(message)
}

/// The same message as an answer: the keys that only events have are gone.
pub fn for_answer(message: &Message) -> Message {
    Message { guild_id: None, member: None, ..message.clone() }
}

/// Rows as messages: people, quoted messages and own reactions are looked up together.
async fn render_page(
    app: &App,
    viewer: Option<Id<marker::User>>,
    channel: &ChannelRow,
    rows: &[MessageRow],
) -> Result<Vec<Message>> {
    let quoted = quoted(app, channel, rows).await?;
    let users = people(app, rows.iter().chain(quoted.values())).await?;
    let hooks = avatars(app, rows.iter().chain(quoted.values())).await?;
    let mine = own_reactions(app, viewer, rows).await?;
    let threads = threads(app, viewer, channel, rows).await?;
    let whole = |row: &MessageRow, mine: &[ReactionRow]| -> Message {
        let mut message = bare(app, channel, row, &users);
        if let Some(by) = &row.webhook {
            message.webhook_id = Some(by.id);
            message.author = render::webhook(by, hooks.get(&by.id).cloned());
        }
        message.reactions = reactions(row, mine);
        message
    };
    let render = |row: &MessageRow| {
        let mut message = whole(row, &mine);
        let thread = thread_of(row).and_then(|id| threads.get(&id));
        message.thread = thread.map(|thread| Box::new(thread.clone()));
        let reply = row.reference.as_ref().filter(|_| quotes(row.kind));
        let answered = reply.and_then(|reference| reference.message_id);
        message.referenced_message =
            answered.map(|id| quoted.get(&id).map(|quoted| Box::new(whole(quoted, &[]))));
        message
    };
    Ok(rows.iter().map(render).collect())
}

/// The messages these answer, as far as they are there.
async fn quoted(
    app: &App,
    channel: &ChannelRow,
    rows: &[MessageRow],
) -> Result<HashMap<Id<marker::Message>, MessageRow>> {
    let replies = rows.iter().filter(|row| quotes(row.kind)).filter_map(|row| {
        let reference = row.reference.as_ref()?;
        // A thread begins with a message of the channel that it hangs on, and quotes no other.
        let here =
            reference.channel_id == channel.id || row.kind == message::THREAD_STARTER_MESSAGE;
        let there = if here { reference.channel_id } else { channel.id };
        Some((there, reference.message_id?))
    });
    let mut ids: Vec<_> = replies.collect();
    ids.sort_unstable();
    ids.dedup();
    let keys = ids.iter().map(|id| id.into_key()).collect();
    // With what waits: an answer may be sent right behind what it answers.
    let found = app.store.get_many::<MessageRow>(keys).await?;
    Ok(found.into_iter().flatten().map(|row| (row.id, row)).collect())
}

/// Whether a message of this type shows the one it points at.
fn quotes(kind: u8) -> bool {
    matches!(kind, message::REPLY | message::THREAD_STARTER_MESSAGE)
}

/// The thread that hangs on a message, or that it tells of.
fn thread_of(row: &MessageRow) -> Option<Id<marker::Channel>> {
    match row.kind {
        message::THREAD_CREATED => row.reference.as_ref().map(|reference| reference.channel_id),
        _ => (row.flags & message::HAS_THREAD != 0).then(|| row.id.cast()),
    }
}

async fn threads(
    app: &App,
    viewer: Option<Id<marker::User>>,
    channel: &ChannelRow,
    rows: &[MessageRow],
) -> Result<HashMap<Id<marker::Channel>, Channel>> {
    let ids: Vec<_> = rows.iter().filter_map(thread_of).collect();
    match channel.guild_id {
        Some(guild) if !ids.is_empty() => {
            let guild = app.guild(guild).await?;
            thread::of_messages(app, &guild, viewer, ids).await
        }
        _ => Ok(HashMap::new()),
    }
}

type People = HashMap<Id<marker::User>, Arc<UserRow>>;

async fn people<'r>(app: &App, rows: impl Iterator<Item = &'r MessageRow>) -> Result<People> {
    let named = rows.flat_map(|row| {
        let author = row.webhook.is_none().then_some(row.author_id);
        let invoked = row.answers.as_ref().map(answered::people).unwrap_or_default();
        row.mentions.iter().copied().chain(author).chain(invoked)
    });
    let mut ids: Vec<_> = named.collect();
    ids.sort_unstable();
    ids.dedup();
    let users = app.users(&ids).await?;
    Ok(users.into_iter().flatten().map(|user| (user.id, user)).collect())
}

/// Pictures of the webhooks among the authors, as far as they are there and have one.
async fn avatars<'r>(
    app: &App,
    rows: impl Iterator<Item = &'r MessageRow>,
) -> Result<HashMap<Id<marker::Webhook>, String>> {
    let mut ids: Vec<_> = rows.filter_map(|row| Some(row.webhook.as_ref()?.id)).collect();
    ids.sort_unstable();
    ids.dedup();
    let keys = ids.iter().map(|id| (*id).into_key()).collect();
    let rows = app.store.get_many::<WebhookRow>(keys).await?.into_iter().flatten();
    Ok(rows.filter_map(|row| Some((row.id, row.avatar?))).collect())
}

/// Which of these reactions are the viewer's.
async fn own_reactions(
    app: &App,
    viewer: Option<Id<marker::User>>,
    rows: &[MessageRow],
) -> Result<Vec<ReactionRow>> {
    let Some(viewer) = viewer else {
        return Ok(Vec::new());
    };
    let there = rows.iter().flat_map(|row| row.reactions.iter().map(move |r| (row.id, r)));
    let keys = there.map(|(id, reaction)| (id, &reaction.emoji, viewer).into_key()).collect();
    Ok(app.disk.get_many::<ReactionRow>(keys).await?.into_iter().flatten().collect())
}

fn reactions(row: &MessageRow, mine: &[ReactionRow]) -> Vec<Reaction> {
    let one = |count: &crate::rows::ReactionCount| Reaction {
        emoji: emoji::wire(count),
        count: count.count,
        count_details: ReactionCounts { burst: 0, normal: count.count },
        me: mine.iter().any(|own| own.message_id == row.id && own.emoji == count.emoji),
        me_burst: false,
        burst_colors: Vec::new(),
    };
    row.reactions.iter().map(one).collect()
}

fn bare(app: &App, channel: &ChannelRow, row: &MessageRow, users: &People) -> Message {
    let user = |id: &Id<marker::User>| -> User {
        users.get(id).map_or_else(|| render::deleted_user(*id), |row| render::user(row))
    };
    let files =
        row.attachments.iter().map(|file| -> Attachment { attachment::render(app, channel, file) });
    let user_of = |id: Id<marker::User>| user(&id);
    let files: Vec<_> = files.collect();
    Message {
        id: row.id,
        kind: row.kind,
        channel_id: row.channel_id,
        author: user(&row.author_id),
        content: row.content.clone(),
        timestamp: row.id.created_at(),
        edited_timestamp: row.edited_at,
        mention_everyone: row.mention_everyone,
        mentions: row.mentions.iter().map(user).collect(),
        mention_roles: row.mention_roles.clone(),
        components: answered::components(row, &files),
        attachments: files,
        embeds: row.embeds.clone(),
        pinned: row.pinned,
        flags: row.flags,
        reactions: Vec::new(),
        nonce: row.nonce.clone(),
        webhook_id: row.answers.as_ref().map(|answers| answers.application_id.cast()),
        message_reference: row.reference.clone(),
        referenced_message: None,
        thread: None,
        application_id: row.answers.as_ref().map(|answers| answers.application_id),
        interaction_metadata: answered::metadata(row, &user_of),
        interaction: answered::interaction(row, &user_of),
        guild_id: None,
        member: None,
        fixed: Default::default(),
    }
}
