//! Threads are begun: at a message, or with nothing.

use std::sync::Arc;

use proto::{
    Code, Id, Permissions,
    audit_log::action,
    channel::{Channel, GUILD_TEXT, PRIVATE_THREAD, PUBLIC_THREAD, is_thread},
    gateway::Dispatch,
    marker,
    message::{self as wire, MessageReference},
    thread::CreateThread,
};

use super::{ChannelId, audience, auto_archive, due, noted, people, slow_mode};
use crate::{
    Actor, App, access,
    access::Place,
    bus::Event,
    cache::Guild,
    guild, message, name,
    reject::{Reject, Result, no},
    render,
    rows::{MessageRow, ThreadMemberRow, ThreadRow, TipRow},
    store::Batch,
    thread::Standing,
};

/// Minutes, if neither the request nor the channel says otherwise.
const AUTO_ARCHIVE: u32 = 4_320;

/// Start Thread without Message.
pub async fn begin(
    app: &App,
    actor: &Actor,
    parent: ChannelId,
    draft: CreateThread,
) -> Result<Channel> {
    // As Discord has it: private, unless something else is asked for.
    let kind = draft.kind.unwrap_or(PRIVATE_THREAD);
    if !is_thread(kind) {
        access::channel(app, actor, parent).await?;
        let message = "Only public threads (11) and private threads (12) can be made.";
        return no(Reject::field("type", "BASE_TYPE_CHOICES", message));
    }
    let (place, _) = may_begin(app, actor, parent, kind).await?;
    let draft = checked(app, &place, kind, draft)?;
    message::may_be_called(app, actor, &place, &draft.name).await?;
    let (lane, _) = guild::alone(app, draft.guild).await?;
    let (place, guild) = may_begin(app, actor, parent, kind).await?;
    let made = Made::new(app, &guild, actor, &place, app.ids.next(), draft)?;
    let (mut batch, mut events) = made.told(app, &guild).await?;
    batch = batch.put(&made.empty_tip());
    let mut answer = made.channel();
    if kind == PUBLIC_THREAD {
        let mut notice = message::bare(app, &place, wire::THREAD_CREATED, actor.user);
        notice.content.clone_from(&made.row.name);
        notice.reference = Some(MessageReference {
            kind: 0,
            message_id: None,
            channel_id: made.row.id,
            guild_id: place.guild_id(),
        });
        let (tip, more, told) = message::tell(app, &place, &notice).await?;
        batch = batch.put(&tip).and(more);
        events.extend(told.into_iter().map(|event| with_thread(event, &answer)));
    }
    lane.enqueue(batch, events).durable().await?;
    answer.member = Some(Box::new(super::seat(&made.owner)));
    Ok(answer)
}

/// Start Thread from Message: it has the message's id.
pub async fn begin_at(
    app: &App,
    actor: &Actor,
    parent: ChannelId,
    id: Id<marker::Message>,
    draft: CreateThread,
) -> Result<Channel> {
    let (place, _) = may_begin(app, actor, parent, PUBLIC_THREAD).await?;
    may_hang_on(app, &place, id).await?;
    let draft = checked(app, &place, PUBLIC_THREAD, draft)?;
    message::may_be_called(app, actor, &place, &draft.name).await?;
    let (lane, _) = guild::alone(app, draft.guild).await?;
    let (place, guild) = may_begin(app, actor, parent, PUBLIC_THREAD).await?;
    let before = may_hang_on(app, &place, id).await?;
    let mut made = Made::new(app, &guild, actor, &place, id.cast(), draft)?;
    made.row.of_message = true;
    let (mut batch, mut events) = made.told(app, &guild).await?;

    let inside = made.place(&guild, &place)?;
    let mut starter = message::bare(app, &inside, wire::THREAD_STARTER_MESSAGE, actor.user);
    starter.reference = Some(MessageReference {
        kind: 0,
        message_id: Some(id),
        channel_id: parent,
        guild_id: place.guild_id(),
    });
    let (tip, more, told) = message::tell(app, &inside, &starter).await?;
    batch = batch.put(&tip).and(more);
    events.extend(told);

    let row = MessageRow { flags: before.flags | wire::HAS_THREAD, ..before };
    let answer = made.channel();
    let update = message::render_for_event(app, &place, &row).await?;
    let update = Dispatch::MessageUpdate(Box::new(update));
    let update = Event::Dispatch(message::audience(&place), update);
    events.push(with_thread(update, &answer));
    lane.enqueue(batch.put(&row), events).durable().await?;
    let member = Some(Box::new(super::seat(&made.owner)));
    Ok(Channel { member, last_message_id: Some(Some(starter.id)), ..answer })
}

/// The message of an event, with a thread that no reading finds yet.
fn with_thread(event: Event, thread: &Channel) -> Event {
    let with = |mut message: Box<wire::Message>| {
        message.thread = Some(Box::new(thread.clone()));
        message
    };
    match event {
        Event::Dispatch(audience, Dispatch::MessageCreate(message)) => {
            Event::Dispatch(audience, Dispatch::MessageCreate(with(message)))
        }
        Event::Dispatch(audience, Dispatch::MessageUpdate(message)) => {
            Event::Dispatch(audience, Dispatch::MessageUpdate(with(message)))
        }
        other => other,
    }
}

/// The channel, if the actor may begin a thread of this type there.
async fn may_begin(
    app: &App,
    actor: &Actor,
    parent: ChannelId,
    kind: u8,
) -> Result<(Place, Arc<Guild>)> {
    let place = access::channel(app, actor, parent).await?;
    let Some(guild) = place.guild.clone().filter(|_| place.channel.kind == GUILD_TEXT) else {
        return no(Reject::Refused(Code::WRONG_TYPE));
    };
    place.require(match kind {
        PUBLIC_THREAD => Permissions::CREATE_PUBLIC_THREADS,
        _ => Permissions::CREATE_PRIVATE_THREADS,
    })?;
    Ok((place, guild))
}

/// The message, if a thread may hang on it.
async fn may_hang_on(app: &App, place: &Place, id: Id<marker::Message>) -> Result<MessageRow> {
    place.require(Permissions::READ_MESSAGE_HISTORY)?;
    let row = message::find(app, place.channel.id, id).await?;
    if !message::may_be_pinned(row.kind) {
        return no(Reject::Refused(Code::MESSAGE_TYPE));
    }
    if app.store.get::<ThreadRow>(id.cast::<marker::Channel>()).await?.is_some() {
        return no(Reject::Refused(Code::HAS_THREAD));
    }
    Ok(row)
}

/// What a thread is to be, sound.
#[derive(Debug, Clone)]
struct Checked {
    guild: Id<marker::Guild>,
    kind: u8,
    name: String,
    auto_archive: u32,
    slow: u32,
    invitable: bool,
}

fn checked(app: &App, place: &Place, kind: u8, draft: CreateThread) -> Result<Checked> {
    let Some(guild) = place.guild_id() else {
        return no(Reject::Refused(Code::WRONG_TYPE));
    };
    let usual = match place.channel.thread_auto_archive {
        0 => AUTO_ARCHIVE,
        minutes => minutes,
    };
    let minutes = draft.auto_archive_duration.unwrap_or(usual);
    let slow = draft.rate_limit_per_user.unwrap_or(place.channel.thread_rate_limit);
    Ok(Checked {
        guild,
        kind,
        name: name::display("name", &draft.name, app.limits.name_length)?,
        auto_archive: auto_archive("auto_archive_duration", minutes)?,
        slow: slow_mode("rate_limit_per_user", slow)?,
        invitable: kind == PRIVATE_THREAD && draft.invitable.unwrap_or(true),
    })
}

/// A thread that is about to be.
struct Made {
    row: ThreadRow,
    owner: ThreadMemberRow,
}

impl Made {
    fn new(
        app: &App,
        guild: &Guild,
        actor: &Actor,
        place: &Place,
        id: ChannelId,
        draft: Checked,
    ) -> Result<Self> {
        if guild.read().threads.len() >= app.limits.guild_threads {
            return no(Reject::Refused(Code::MAX_THREADS));
        }
        let now = app.clock.now();
        let mut row = ThreadRow {
            id,
            parent_id: place.channel.id,
            kind: draft.kind.into(),
            active_in: Some(guild.id),
            archived_at: None,
            look_at: None,
            guild_id: guild.id,
            name: draft.name,
            owner_id: actor.user,
            auto_archive: draft.auto_archive,
            created_at: now,
            changed_at: now,
            locked: false,
            invitable: draft.invitable,
            of_message: false,
            rate_limit_per_user: draft.slow,
            member_count: 0,
            epoch: 0,
        };
        row.look_at = Some(due(now, &row));
        let (thread_id, user_id, guild_id) = (id, actor.user, guild.id);
        let owner = ThreadMemberRow { thread_id, user_id, guild_id, joined_at: now };
        Ok(Self { row, owner })
    }

    fn channel(&self) -> Channel {
        render::thread(&self.row, None, 1)
    }

    /// The rows of the thread and of who began it, and what everybody who sees it hears.
    async fn told(&self, app: &App, guild: &Guild) -> Result<(Batch, Vec<Event>)> {
        let new = Channel { newly_created: Some(true), ..self.channel() };
        let made = Dispatch::ThreadCreate(Box::new(new));
        let came = people::came(app, guild, &self.row, std::slice::from_ref(&self.owner), 1);
        let mut events = vec![Event::Dispatch(audience(&self.row, Vec::new()), made), came.await?];
        let mut batch = Batch::new().insert(&self.row).put(&self.owner);
        let entry = noted::entry(action::THREAD_CREATE, None, Some(&self.row));
        entry.write(app, guild.id, self.row.owner_id, &mut batch, &mut events);
        Ok((batch, events))
    }

    fn empty_tip(&self) -> TipRow {
        TipRow {
            channel_id: self.row.id,
            guild_id: Some(self.row.guild_id),
            last_message_id: None,
            loud: Vec::new(),
            last_pin_at: None,
            messages: 0,
            sent: 0,
        }
    }

    /// The thread as a place to write in, before it is there.
    fn place(&self, guild: &Guild, parent: &Place) -> Result<Place> {
        let Some(channel) = guild.read().thread_channel(&self.row) else {
            return no(Reject::Unknown(Code::UNKNOWN_CHANNEL));
        };
        let thread = Standing { row: self.row.clone(), is_in: true, also: Vec::new() };
        Ok(Place { channel, thread: Some(Arc::new(thread)), ..parent.clone() })
    }
}
