//! A bot library as it comes: twilight drives our API and our gateway, and reads all they say.
//!
//! What its models cannot read is an error here, so each line also checks the shape of an answer.

use std::fmt::Debug;

use serde_json::json;
use twilight_gateway::{ConfigBuilder, EventTypeFlags, Intents, Shard, ShardId, StreamExt as _};
use twilight_http::{
    Client,
    request::{AuditLogReason as _, channel::reaction::RequestReactionType},
};
use twilight_model::{
    channel::{ChannelType, message::embed::Embed},
    gateway::{
        event::Event,
        payload::outgoing::{RequestGuildMembers, UpdatePresence},
        presence::{ActivityType, MinimalActivity, Status},
    },
    guild::Permissions,
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker, UserMarker},
    },
};

use crate::town::{PATIENCE, Person, Room, Town};

/// A bot of alice's in her room, with every right there.
struct Bot {
    http: Client,
    token: String,
    id: Id<UserMarker>,
    guild: Id<GuildMarker>,
    channel: Id<ChannelMarker>,
}

impl Bot {
    async fn of(town: &Town, owner: &Person, room: &Room) -> Self {
        let made = owner.post("/osc/v1/bots", json!({ "name": "Twilight" })).await;
        assert_eq!(made.status, 201, "{made}");
        let id = made["user"]["id"].as_str().expect("an id");
        let path = format!("/osc/v1/guilds/{}/bots/{id}", room.id);
        let all = (1_u64 << 53) - 1;
        let added = owner.put(&path, json!({ "permissions": all.to_string() })).await;
        assert_eq!(added.status, 200, "{added}");
        let token = made["token"].as_str().expect("a token").to_owned();
        let http = Client::builder()
            .token(token.clone())
            .proxy(town.addr().to_string(), true)
            .ratelimiter(None)
            .build();
        let parsed = |text: &str| text.parse::<u64>().expect("an id");
        Self {
            http,
            token,
            id: Id::new(parsed(id)),
            guild: Id::new(parsed(&room.id)),
            channel: Id::new(parsed(&room.general)),
        }
    }

    fn connects(&self, town: &Town) -> Shard {
        let config = ConfigBuilder::new(self.token.clone(), Intents::all())
            .proxy_url(format!("ws://{}/gateway", town.addr()))
            .build();
        Shard::with_config(ShardId::ONE, config)
    }
}

/// Waits for one event; all before it have to be readable too.
async fn until<T>(shard: &mut Shard, what: &str, pick: impl Fn(Event) -> Option<T>) -> T {
    let found = async {
        loop {
            let event = shard.next_event(EventTypeFlags::all()).await.expect("it goes on");
            let event = event.unwrap_or_else(|error| panic!("{what}: {error:?}"));
            if let Some(found) = pick(event) {
                return found;
            }
        }
    };
    tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("no {what}"))
}

/// What an answer says.
macro_rules! read {
    ($request:expr) => {
        seen($request.await.expect(stringify!($request)).model().await)
    };
}

/// An answer that was made out.
fn seen<T, E: Debug>(model: Result<T, E>) -> T {
    model.expect("twilight reads it")
}

#[tokio::test]
async fn twilight_reads_what_a_bot_asks_about_itself_and_its_room() {
    let town = Town::new().await;
    let [alice] = town.accounts(["alice"]).await;
    let room = alice.found_guild_with(&[]).await;
    let bot = Bot::of(&town, &alice, &room).await;
    let http = &bot.http;
    assert_eq!(read!(http.current_user()).id, bot.id);
    let application = read!(http.current_user_application());
    assert_eq!((application.id.get(), application.bot_public), (bot.id.get(), false));
    let gateway = read!(http.gateway().authed());
    assert_eq!((gateway.shards, gateway.session_start_limit.remaining > 0), (1, true));
    assert_eq!(read!(http.current_user_guilds()).len(), 1);
    assert_eq!(read!(http.guild(bot.guild)).id, bot.guild);
    assert!(read!(http.guild_preview(bot.guild)).approximate_member_count >= 2);
    assert_eq!(read!(http.guild_channels(bot.guild)).len(), 2);
    assert_eq!(read!(http.guild_members(bot.guild).limit(10)).len(), 2);
    assert!(read!(http.guild_member(bot.guild, bot.id)).user.bot);
    assert_eq!(read!(http.guild_integrations(bot.guild)).len(), 1);
    assert!(!read!(http.guild_onboarding(bot.guild)).enabled);
    assert!(read!(http.guild_welcome_screen(bot.guild)).welcome_channels.is_empty());
    assert!(read!(http.guild_vanity_url(bot.guild)).code.is_none());
    assert_eq!(read!(http.voice_regions()).len(), 1);
    assert_eq!(read!(http.guild_voice_regions(bot.guild)).len(), 1);
    assert!(read!(http.guild_stickers(bot.guild)).is_empty());
    assert!(read!(http.nitro_sticker_packs()).sticker_packs.is_empty());
    assert!(read!(http.guild_scheduled_events(bot.guild)).is_empty());
    assert!(read!(http.get_templates(bot.guild)).is_empty());
    assert!(read!(http.bans(bot.guild)).is_empty());
    let invite = read!(http.create_invite(bot.channel).max_age(3_600));
    assert_eq!(read!(http.invite(&invite.code)).guild.expect("a room").id, bot.guild);
    assert_eq!(read!(http.guild_invites(bot.guild)).len(), 1);
    assert_eq!(read!(http.channel_invites(bot.channel)).len(), 1);
    http.delete_invite(&invite.code).await.expect("deleted");
    town.close().await;
}

#[tokio::test]
async fn twilight_changes_what_a_bot_may_change() {
    let town = Town::new().await;
    let [alice, bob] = town.accounts(["alice", "bob"]).await;
    let room = alice.found_guild_with(&[&bob]).await;
    let bot = Bot::of(&town, &alice, &room).await;
    let http = &bot.http;
    let bob_id = Id::new(bob.id.get());
    let channel = http.create_guild_channel(bot.guild, "made").kind(ChannelType::GuildText);
    let channel = read!(channel.topic("by a bot").reason("why not"));
    let changed = read!(http.update_channel(channel.id).name("made-anew"));
    assert_eq!(changed.name.as_deref(), Some("made-anew"));
    read!(http.channel(channel.id));
    let role = http.create_role(bot.guild).name("Bells").permissions(Permissions::SEND_MESSAGES);
    let role = read!(role.hoist(true));
    read!(http.update_role(bot.guild, role.id).color(Some(0x33_66_99)));
    http.add_guild_member_role(bot.guild, bob_id, role.id).await.expect("given");
    assert_eq!(read!(http.guild_member(bot.guild, bob_id)).roles, [role.id]);
    http.remove_guild_member_role(bot.guild, bob_id, role.id).await.expect("taken");
    let named = read!(http.update_guild_member(bot.guild, bob_id).nick(Some("Bobby")));
    assert_eq!(named.nick.as_deref(), Some("Bobby"));
    assert!(read!(http.roles(bot.guild)).len() >= 3);
    http.delete_role(bot.guild, role.id).await.expect("deleted");
    read!(http.delete_channel(channel.id));
    http.create_ban(bot.guild, bob_id).reason("a try").await.expect("banned");
    assert_eq!(read!(http.bans(bot.guild)).len(), 1);
    http.delete_ban(bot.guild, bob_id).await.expect("pardoned");
    read!(http.update_current_user().username("Twilit"));
    town.close().await;
}

#[tokio::test]
async fn twilight_writes_and_reads_messages() {
    let town = Town::new().await;
    let [alice] = town.accounts(["alice"]).await;
    let room = alice.found_guild_with(&[]).await;
    let bot = Bot::of(&town, &alice, &room).await;
    let http = &bot.http;
    let first = read!(http.create_message(bot.channel).content("first"));
    let embed = Embed {
        flags: None,
        author: None,
        color: Some(0x00_ff_00),
        description: Some("what it says".to_owned()),
        fields: Vec::new(),
        footer: None,
        image: None,
        kind: "rich".to_owned(),
        provider: None,
        thumbnail: None,
        timestamp: None,
        title: Some("An embed".to_owned()),
        url: None,
        video: None,
    };
    let answer = http.create_message(bot.channel).reply(first.id);
    let answer = read!(answer.content("second").embeds(std::slice::from_ref(&embed)));
    assert_eq!(answer.referenced_message.expect("what it answers").id, first.id);
    assert_eq!(answer.embeds[0].title, embed.title);
    let edited = read!(http.update_message(bot.channel, answer.id).content(Some("changed")));
    assert_eq!(edited.content, "changed");
    let crab = RequestReactionType::Unicode { name: "\u{1f980}" };
    http.create_reaction(bot.channel, first.id, &crab).await.expect("reacted");
    assert_eq!(read!(http.reactions(bot.channel, first.id, &crab)).len(), 1);
    assert_eq!(read!(http.message(bot.channel, first.id)).reactions.len(), 1);
    http.delete_all_reactions(bot.channel, first.id).await.expect("cleared");
    http.create_pin(bot.channel, first.id).await.expect("pinned");
    assert_eq!(read!(http.pins(bot.channel)).items.len(), 1);
    http.delete_pin(bot.channel, first.id).await.expect("unpinned");
    http.create_typing_trigger(bot.channel).await.expect("typing");
    let files = [twilight_model::http::attachment::Attachment::from_bytes(
        "note.txt".to_owned(),
        b"in a file".to_vec(),
        1,
    )];
    let sent = read!(http.create_message(bot.channel).attachments(&files));
    assert_eq!((sent.attachments.len(), sent.attachments[0].size), (1, 9));
    let page = read!(http.channel_messages(bot.channel).limit(10));
    assert_eq!(page.first().map(|message| message.id), Some(sent.id));
    let two = [first.id, answer.id];
    http.delete_messages(bot.channel, &two).await.expect("deleted");
    http.delete_message(bot.channel, sent.id).await.expect("deleted");
    let direct = read!(http.create_private_channel(Id::new(alice.id.get())));
    assert_eq!(read!(http.create_message(direct.id).content("psst")).content, "psst");
    town.close().await;
}

/// Everything that a room tells; the channel whose end is the last of it, which shows that all
/// before was readable.
async fn much_happens(alice: &Person, bob: &Person, room: &Room) -> String {
    let role = alice.makes_role(room, "Bells", 0).await;
    alice.gives_role(room, bob, &role).await;
    let path = format!("/guilds/{}/channels", room.id);
    let made = alice.post(&path, json!({ "name": "side", "type": 0 })).await.id();
    alice.patch(&format!("/channels/{made}"), json!({ "topic": "t" })).await;
    let said = alice.say(&room.general, "to be reacted to").await;
    let reaction = format!("/channels/{}/messages/{said}/reactions/%F0%9F%A6%80/@me", room.general);
    bob.put_nothing(&reaction).await;
    bob.delete(&reaction).await;
    alice.put_nothing(&format!("/channels/{}/messages/pins/{said}", room.general)).await;
    alice
        .patch(&format!("/channels/{}/messages/{said}", room.general), json!({ "content": "x" }))
        .await;
    bob.post(&format!("/channels/{}/typing", room.general), json!({})).await;
    alice.post(&format!("/channels/{}/invites", room.general), json!({})).await;
    alice.delete(&format!("/channels/{}/messages/{said}", room.general)).await;
    alice.patch(&format!("/guilds/{}", room.id), json!({ "name": "Renamed" })).await;
    alice.put(&format!("/guilds/{}/bans/{}", room.id, bob.id), json!({})).await;
    alice.delete(&format!("/channels/{made}")).await;
    made
}

/// It loses its connection, and is told what it missed when it comes back.
async fn misses_something(shard: &mut Shard, alice: &Person, room: &Room) {
    let kept = shard.session().expect("a session").id().to_owned();
    shard.close(twilight_gateway::CloseFrame::RESUME);
    let closed = until(shard, "the close", |event| match event {
        Event::GatewayClose(_) => Some(()),
        _ => None,
    });
    closed.await;
    alice.say(&room.general, "while you were away").await;
    let missed = until(shard, "what was missed", |event| match event {
        Event::MessageCreate(message) => Some(message.content.clone()),
        Event::Ready(_) => panic!("it began anew"),
        _ => None,
    });
    assert_eq!(missed.await, "while you were away");
    assert_eq!(shard.session().map(|session| session.id().to_owned()), Some(kept));
}

#[tokio::test]
async fn twilight_hears_what_happens_and_comes_back() {
    let town = Town::new().await;
    let [alice, bob] = town.accounts(["alice", "bob"]).await;
    let room = alice.found_guild_with(&[&bob]).await;
    let bot = Bot::of(&town, &alice, &room).await;
    let mut shard = bot.connects(&town);
    let ready = until(&mut shard, "READY", |event| match event {
        Event::Ready(ready) => Some(ready),
        _ => None,
    });
    let ready = ready.await;
    assert_eq!((ready.user.id, ready.guilds.len()), (bot.id, 1));
    let guild = until(&mut shard, "GUILD_CREATE", |event| match event {
        Event::GuildCreate(guild) => Some(guild),
        _ => None,
    });
    assert_eq!(guild.await.id(), bot.guild);
    alice.say(&room.general, "hello, library").await;
    let heard = until(&mut shard, "MESSAGE_CREATE", |event| match event {
        Event::MessageCreate(message) => Some(message.content.clone()),
        _ => None,
    });
    assert_eq!(heard.await, "hello, library");
    shard.command(&RequestGuildMembers::builder(bot.guild).nonce("all").query("", None));
    let chunk = until(&mut shard, "GUILD_MEMBERS_CHUNK", |event| match event {
        Event::MemberChunk(chunk) => Some(chunk),
        _ => None,
    });
    let chunk = chunk.await;
    assert_eq!((chunk.members.len(), chunk.nonce.as_deref()), (3, Some("all")));
    let playing = MinimalActivity { kind: ActivityType::Playing, name: "chess".into(), url: None };
    let presence = UpdatePresence::new(vec![playing.into()], false, None, Status::Idle);
    shard.command(&presence.expect("a presence"));
    let seen = until(&mut shard, "PRESENCE_UPDATE", |event| match event {
        Event::PresenceUpdate(update) if update.status == Status::Idle => {
            Some(update.activities.len())
        }
        _ => None,
    });
    assert_eq!(seen.await, 1);

    let made = much_happens(&alice, &bob, &room).await;
    let gone = until(&mut shard, "CHANNEL_DELETE", |event| match event {
        Event::ChannelDelete(channel) => Some(channel.id.to_string()),
        _ => None,
    });
    assert_eq!(gone.await, made);

    misses_something(&mut shard, &alice, &room).await;
    shard.close(twilight_gateway::CloseFrame::NORMAL);
    let closed = until(&mut shard, "the end", |event| match event {
        Event::GatewayClose(_) => Some(()),
        _ => None,
    });
    closed.await;
    town.close().await;
}
