//! Bots: users that a program plays, made by an account, added to rooms with a role of their own.

use std::sync::Arc;

use proto::{
    Code, Id, Permissions,
    application::InstallParams,
    audit_log::action,
    bot::{AddBot, BotAuthorization, BotPlace, CreateBot, ModifyBot, OwnBot},
    gateway::{Dispatch, Intents, RoleEvent},
    marker,
    member::Member,
    osc::SignedIn,
    user::ModifyCurrentUser,
};

use crate::{
    Actor, App, access,
    application::{self, Change},
    audit_log::Entry,
    bus::Event,
    cache::GuildState,
    guild, login, member, name,
    reject::{Error, Reject, Result, no},
    render, role,
    rows::{ApplicationRow, BanRow, MemberRow, RoleRow, UserKind, UserRow},
    store::{Batch, Scan},
    user::{self, Rooms},
};

/// A bot of the actor's, with its token: the only time that it is told.
pub async fn create(app: &App, actor: &Actor, draft: CreateBot) -> Result<SignedIn> {
    actor.account()?;
    let row = new_row(app, actor.user, &draft.name)?;
    name::not_misleading(app, "name", &row.username, Some(actor.user)).await?;
    let lane = app.lane_user(actor.user).await;
    user::present(app, actor.user).await?;
    if owned(app, actor.user).await?.len() >= app.limits.account_bots {
        let message = format!("You can have {} bots.", app.limits.account_bots);
        return no(Reject::field("name", "MAX_BOTS", message));
    }
    let (login, token) = login::issue_bot(app, row.id);
    let batch = Batch::new().insert(&row).insert(&login);
    lane.enqueue(batch, Vec::new()).durable().await?;
    Ok(login::signed_in(app, &row, token, false))
}

/// All privileged intents are granted: the bot's owner and the room decide what it may see.
fn new_row(app: &App, owner: Id<marker::User>, name: &str) -> Result<UserRow, Reject> {
    Ok(UserRow {
        id: app.ids.next(),
        kind: UserKind::Bot,
        // Not unique: many call theirs the same, and a bot is marked as one.
        username: name::display("name", name, app.limits.username_length)?,
        skeleton: None,
        global_name: None,
        avatar: None,
        owner_id: Some(owner),
        idle_since: None,
        intents: Intents::PRIVILEGED.0,
        bio: None,
    })
}

async fn owned(app: &App, owner: Id<marker::User>) -> Result<Vec<UserRow>> {
    let scan = Scan::of::<UserRow>().by("by_owner").prefix(owner);
    let mut rows: Vec<UserRow> = app.store.scan(scan).await?;
    rows.retain(|row| row.kind == UserKind::Bot);
    Ok(rows)
}

/// The actor's bots, oldest first.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<OwnBot>> {
    actor.person()?;
    let mut bots = Vec::new();
    for row in owned(app, actor.user).await? {
        bots.push(own_view(app, &row).await?);
    }
    Ok(bots)
}

/// A bot of the actor's.
pub async fn get(app: &App, actor: &Actor, bot: Id<marker::User>) -> Result<OwnBot> {
    let row = own(app, actor, bot).await?;
    own_view(app, &row).await
}

async fn own_view(app: &App, row: &UserRow) -> Result<OwnBot> {
    let about = application::about(app, row.id.cast()).await?;
    Ok(OwnBot {
        user: render::user(row),
        description: about.description,
        tags: about.tags,
        public: about.public,
        intents: row.intents as u32,
        permissions: about.install.map_or(Permissions::NONE, |install| install.permissions),
        guild_count: guild_count(app, row.id).await?,
    })
}

async fn guild_count(app: &App, bot: Id<marker::User>) -> Result<u32> {
    let scan = Scan::of::<MemberRow>().by("by_user").prefix(bot);
    Ok(app.disk.scan::<MemberRow>(scan).await?.len() as u32)
}

/// The bot as one who acts: what its maker changes is changed as if it had done so.
pub(crate) fn itself(row: &UserRow) -> Actor {
    Actor { user: row.id, kind: row.kind, login: row.id.cast(), server_owner: false }
}

/// Changes a bot of the actor's.
pub async fn edit(
    app: &App,
    actor: &Actor,
    bot: Id<marker::User>,
    draft: ModifyBot,
) -> Result<OwnBot> {
    let row = own(app, actor, bot).await?;
    let change = application::checked(Change {
        description: draft.description.change().map(Option::unwrap_or_default),
        tags: draft.tags.change().map(Option::unwrap_or_default),
        public: draft.public,
        install: draft.permissions.change().map(|permissions| permissions.map(install)),
        custom_install_url: None,
        intents: draft.intents,
    })?;
    let name = match draft.name {
        None => None,
        Some(text) => {
            let text = name::display("name", &text, app.limits.username_length)?;
            name::not_misleading(app, "name", &text, Some(actor.user)).await?;
            Some(text).filter(|text| *text != row.username)
        }
    };
    if name.is_some() || !draft.avatar.is_absent() {
        let change = ModifyCurrentUser {
            username: name,
            avatar: draft.avatar,
            ..ModifyCurrentUser::default()
        };
        user::modify(app, &itself(&row), change).await?;
    }
    application::write(app, bot.cast(), change).await?;
    get(app, actor, bot).await
}

fn install(permissions: Permissions) -> InstallParams {
    InstallParams { scopes: application::SCOPES.map(str::to_owned).to_vec(), permissions }
}

/// A bot that the actor may add to rooms, with its application: one of its own, or a public one.
async fn addable(
    app: &App,
    actor: &Actor,
    bot: Id<marker::User>,
    unknown: Code,
) -> Result<(Arc<UserRow>, ApplicationRow)> {
    let row = app.users(&[bot]).await?.pop().flatten();
    let Some(row) = row.filter(|row| row.kind == UserKind::Bot) else {
        return no(Reject::Unknown(unknown));
    };
    let about = application::about(app, bot.cast()).await?;
    if row.owner_id != Some(actor.user) && !about.public {
        return no(Reject::Refused(Code::PRIVATE_BOT));
    }
    Ok((row, about))
}

/// What somebody decides by who is asked to add a bot: what it is, and the rooms it can be added
/// to.
pub async fn authorization(
    app: &App,
    actor: &Actor,
    bot: Id<marker::User>,
) -> Result<BotAuthorization> {
    actor.person()?;
    let (row, about) = addable(app, actor, bot, Code::UNKNOWN_APPLICATION).await?;
    let owner = match row.owner_id {
        Some(owner) => app.users(&[owner]).await?.pop().flatten(),
        None => None,
    };
    Ok(BotAuthorization {
        bot: render::user(&row),
        description: about.description,
        tags: about.tags,
        public: about.public,
        owner: owner.map(|owner| render::user(&owner)),
        intents: row.intents as u32,
        permissions: about.install.map_or(Permissions::NONE, |install| install.permissions),
        guild_count: guild_count(app, bot).await?,
        guilds: places(app, actor, bot).await?,
    })
}

/// Rooms where the actor may add bots, by name.
async fn places(app: &App, actor: &Actor, bot: Id<marker::User>) -> Result<Vec<BotPlace>> {
    let mine = Scan::of::<MemberRow>().by("by_user").prefix(actor.user);
    let rows = app.disk.scan::<MemberRow>(mine).await?;
    let mut places = Vec::new();
    for row in guild::existing(app, rows).await? {
        let guild = match app.guild(row.guild_id).await {
            Err(Error::Reject(_)) => continue,
            other => other?,
        };
        let state = guild.read();
        let permissions = state.permissions(actor.user, app.clock.now());
        if permissions.contains(Permissions::MANAGE_GUILD) {
            places.push(BotPlace {
                id: row.guild_id,
                name: state.row.name.clone(),
                icon: state.row.icon.clone(),
                permissions,
                added: state.members.get(&bot).map(|_| {
                    role_of(&state, bot).map_or(Permissions::NONE, |role| role.permissions)
                }),
            });
        }
    }
    places.sort_by_cached_key(|place| place.name.to_lowercase());
    Ok(places)
}

/// A bot of the actor's; others' look like missing ones.
async fn own(app: &App, actor: &Actor, bot: Id<marker::User>) -> Result<Arc<UserRow>> {
    actor.person()?;
    let row = app.user(bot).await?;
    if row.kind == UserKind::Bot && row.owner_id == Some(actor.user) {
        Ok(row)
    } else {
        no(Reject::Unknown(Code::UNKNOWN_USER))
    }
}

/// A new token; the old one and its connections end.
pub async fn new_token(app: &App, actor: &Actor, bot: Id<marker::User>) -> Result<SignedIn> {
    own(app, actor, bot).await?;
    let lane = app.lane_user(bot).await;
    let Some(row) = app.store.get::<UserRow>(bot).await?.filter(|row| row.kind == UserKind::Bot)
    else {
        return no(Reject::Unknown(Code::UNKNOWN_USER));
    };
    let (login, token) = login::issue_bot(app, bot);
    let (batch, events) = login::end(&login::all(app, bot).await?);
    lane.enqueue(batch.insert(&login), events).durable().await?;
    Ok(login::signed_in(app, &row, token, false))
}

/// Deletes a bot of the actor's: it leaves all rooms, its messages stay under a neutral name.
pub async fn delete(app: &App, actor: &Actor, bot: Id<marker::User>) -> Result<()> {
    own(app, actor, bot).await?;
    erase(app, bot).await
}

pub(crate) async fn erase(app: &App, bot: Id<marker::User>) -> Result<()> {
    let memberships = Scan::of::<MemberRow>().by("by_user").prefix(bot);
    for member in app.store.scan::<MemberRow>(memberships).await? {
        match remove(app, member.guild_id, bot).await {
            // The room is gone.
            Ok(()) | Err(Error::Reject(Reject::Unknown(_))) => {}
            Err(error) => return Err(error),
        }
    }
    let lane = app.lane_user(bot).await;
    let id: Id<marker::Application> = bot.cast();
    lane.enqueue(Batch::new().delete::<ApplicationRow>(id), Vec::new()).durable().await?;
    user::erase(app, bot, Rooms::Any, |_| true).await?;
    Ok(())
}

/// The bot leaves a room, and its role with it.
async fn remove(app: &App, id: Id<marker::Guild>, bot: Id<marker::User>) -> Result<()> {
    let row = app.user(bot).await?;
    app.guild(id).await?;
    let (lane, guild) = guild::alone(app, id).await?;
    let (batch, events) = member::removal(app, &guild.read(), &row);
    lane.enqueue(batch, events).durable().await
}

/// The role that came with the bot.
pub(crate) fn role_of(state: &GuildState, bot: Id<marker::User>) -> Option<&RoleRow> {
    state.roles.values().find(|role| role.bot_id == Some(bot))
}

/// Adds a bot of the actor's, or a public one, to a room, or changes what it may do there: needs
/// MANAGE_GUILD, and nobody grants what they lack.
pub async fn add(
    app: &App,
    actor: &Actor,
    id: Id<marker::Guild>,
    bot: Id<marker::User>,
    draft: AddBot,
) -> Result<Member> {
    actor.person()?;
    access::require_guild(app, actor, id, Permissions::MANAGE_GUILD).await?;
    let (row, _) = addable(app, actor, bot, Code::UNKNOWN_USER).await?;
    join(app, id, &row, draft.permissions, Some(actor)).await
}

/// A bot with every permission in a room; the room's owner owns it. For who has the machine.
pub async fn create_with_all_permissions(
    app: &App,
    id: Id<marker::Guild>,
    name: &str,
) -> Result<SignedIn> {
    let owner = app.guild(id).await?.read().row.owner_id;
    let row = new_row(app, owner, name)?;
    let (login, token) = login::issue_bot(app, row.id);
    let lane = app.lane_user(row.id).await;
    let batch = Batch::new().insert(&row).insert(&login);
    lane.enqueue(batch, Vec::new()).durable().await?;
    join(app, id, &row, Permissions::ALL, None).await?;
    Ok(login::signed_in(app, &row, token, false))
}

/// `adder`: `None` for who has the machine.
async fn join(
    app: &App,
    id: Id<marker::Guild>,
    bot: &UserRow,
    permissions: Permissions,
    adder: Option<&Actor>,
) -> Result<Member> {
    let (lane, guild) = guild::alone(app, id).await?;
    if app.store.get::<BanRow>((id, bot.id)).await?.is_some() {
        return no(Reject::Refused(Code::BANNED));
    }
    let (batch, events, member) = {
        let state = guild.read();
        if let Some(adder) = adder {
            let have = guild::require(app, &state, adder, Permissions::MANAGE_GUILD)?;
            if !have.contains(permissions) {
                return no(Reject::Forbidden(permissions.without(have)));
            }
        }
        joining(app, &state, bot, permissions, adder)?
    };
    if events.is_empty() {
        return Ok(render::member(&member, Some(render::user(bot))));
    }
    lane.enqueue(batch, events).durable().await?;
    Ok(render::member(&member, Some(render::user(bot))))
}

fn joining(
    app: &App,
    state: &GuildState,
    bot: &UserRow,
    permissions: Permissions,
    adder: Option<&Actor>,
) -> Result<(Batch, Vec<Event>, MemberRow)> {
    let id = state.row.id;
    let (mut batch, mut events) = (Batch::new(), Vec::new());
    let role = match role_of(state, bot.id) {
        Some(role) => {
            if adder.is_some_and(|adder| state.rank(adder.user) <= role.position) {
                return no(Reject::Forbidden(Permissions::MANAGE_ROLES));
            }
            let changed = RoleRow { permissions, ..role.clone() };
            if changed != *role {
                let event = RoleEvent { guild_id: id, role: render::role(&changed) };
                events.push(Event::to_guild(id, Dispatch::GuildRoleUpdate(event)));
                batch = batch.put(&changed);
            }
            changed
        }
        None => {
            if state.roles.len() >= app.limits.guild_roles {
                return no(Reject::Refused(Code::MAX_ROLES));
            }
            let role = managed_role(app, state, bot, permissions, adder);
            let (placed, told) = role::placed(state, &role);
            batch = batch.and(placed);
            events.extend(told);
            role
        }
    };
    let member = match state.members.get(&bot.id) {
        Some(member) => member.as_ref().clone(),
        None => {
            let member = MemberRow {
                guild_id: id,
                user_id: bot.id,
                nick: None,
                roles: vec![role.id],
                joined_at: app.clock.now(),
                timed_out_until: None,
                deaf: false,
                mute: false,
                guest: false,
                quarantined: false,
            };
            events.push(member::added(&member, bot));
            batch = batch.insert(&member);
            if let Some(adder) = adder {
                let entry = Entry::new(action::BOT_ADD, Some(bot.id.cast()));
                entry.write(app, id, adder.user, &mut batch, &mut events);
            }
            member
        }
    };
    Ok((batch, events, member))
}

/// A role of the bot's own, above @everyone only; above all where the machine's operator adds it.
fn managed_role(
    app: &App,
    state: &GuildState,
    bot: &UserRow,
    permissions: Permissions,
    adder: Option<&Actor>,
) -> RoleRow {
    let highest = state.roles.values().map(|role| role.position).max().unwrap_or(0);
    RoleRow {
        guild_id: state.row.id,
        id: app.ids.next(),
        name: bot.username.clone(),
        color: 0,
        hoist: false,
        position: if adder.is_some() { 1 } else { highest + 1 },
        permissions,
        mentionable: false,
        bot_id: Some(bot.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;

    fn named(name: &str) -> CreateBot {
        CreateBot { name: name.to_owned() }
    }

    async fn who(world: &World, token: &str) -> Option<Actor> {
        login::authenticate(&world.app, token).await.expect("no fault")
    }

    #[tokio::test]
    async fn a_bot_comes_with_a_role_and_goes_with_it() {
        use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
        let world = World::new().await;
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        let room = world.guild(&[&alice, &bob]).await;
        let made = create(&world.app, &alice, named("Echo Bot")).await.expect("a bot");
        let (bot, token) = (made.user.id, made.token.expect("a token"));
        let parts: Vec<_> = token.split('.').collect();
        assert_eq!(parts.len(), 3);
        assert_eq!(BASE64_STANDARD_NO_PAD.decode(parts[0]).unwrap(), bot.to_string().as_bytes());
        assert!(who(&world, &token).await.is_some_and(|actor| actor.is_bot()));

        let wish = |permissions| AddBot { permissions };
        let all = wish(Permissions::SEND_MESSAGES | Permissions::KICK_MEMBERS);
        world.app.guild(room.id).await.expect("active");
        world.events();
        let member = add(&world.app, &alice, room.id, bot, all).await.expect("added");
        assert_eq!(world.saw(), ["GUILD_ROLE_CREATE", "GUILD_MEMBER_ADD"]);
        assert_eq!(member.roles.len(), 1);
        let fewer = wish(Permissions::SEND_MESSAGES);
        add(&world.app, &alice, room.id, bot, fewer).await.expect("changed");
        assert_eq!(world.saw(), ["GUILD_ROLE_UPDATE"]);
        // Not his bot, and he does not manage the room.
        assert!(add(&world.app, &bob, room.id, bot, wish(Permissions::NONE)).await.is_err());

        let renewed = new_token(&world.app, &alice, bot).await.expect("a token");
        assert_eq!(who(&world, &token).await, None);
        assert!(who(&world, &renewed.token.expect("a token")).await.is_some());
        assert!(delete(&world.app, &bob, bot).await.is_err());
        world.events();
        delete(&world.app, &alice, bot).await.expect("deleted");
        assert_eq!(world.saw(), ["GUILD_MEMBER_REMOVE", "GUILD_ROLE_DELETE"]);
        assert!(list(&world.app, &alice).await.expect("a list").is_empty());
    }

    #[tokio::test]
    async fn nobody_grants_a_bot_what_they_lack() {
        let world = World::new().await;
        let (alice, bob) = (world.person("alice").await, world.person("bob").await);
        let room = world.guild(&[&alice, &bob]).await;
        let role = RoleRow {
            guild_id: room.id,
            id: world.app.ids.next(),
            name: "helpers".into(),
            color: 0,
            hoist: false,
            position: 1,
            permissions: Permissions::MANAGE_GUILD,
            mentionable: false,
            bot_id: None,
        };
        let member = MemberRow { roles: vec![role.id], ..world.member_row(room.id, &bob) };
        world.write(Batch::new().put(&role).put(&member)).await;
        let bot = create(&world.app, &bob, named("helper")).await.expect("a bot").user.id;
        for permissions in [Permissions::ADMINISTRATOR, Permissions::BAN_MEMBERS, Permissions::ALL]
        {
            let more = add(&world.app, &bob, room.id, bot, AddBot { permissions }).await;
            assert!(matches!(more, Err(Error::Reject(Reject::Forbidden(_)))), "{permissions:?}");
        }
        let permissions = Permissions::MANAGE_GUILD | Permissions::SEND_MESSAGES;
        add(&world.app, &bob, room.id, bot, AddBot { permissions }).await.expect("added");
        let guest = world.user("Gast", UserKind::Guest).await;
        assert!(create(&world.app, &guest, named("mine")).await.is_err());
        for name in ["admin", "Moderator", "", "a\u{202e}b"] {
            assert!(create(&world.app, &bob, named(name)).await.is_err(), "{name}");
        }
    }

    #[tokio::test]
    async fn the_operators_bot_may_do_everything() {
        let world = World::new().await;
        let alice = world.person("alice").await;
        let room = world.guild(&[&alice]).await;
        let made = create_with_all_permissions(&world.app, room.id, "bot").await.expect("a bot");
        let guild = world.app.guild(room.id).await.expect("there");
        let have = guild.read().permissions(made.user.id, world.app.clock.now());
        assert_eq!(have, Permissions::ALL);
        let seeded = crate::seed::guests(&world.app, 1_001, "Crowd").await.expect("seeded");
        assert_eq!(seeded.tokens.len(), 1_001);
        let room = world.app.guild(seeded.guild_id).await.expect("there");
        assert_eq!(room.read().members.len(), 1_001);
        for token in [&seeded.tokens[0], &seeded.tokens[1_000]] {
            let guest = who(&world, token).await.expect("signed in");
            let channel = room.read().channels[&seeded.channel_id].clone();
            let have = room.read().permissions_in(guest.user, &channel, world.app.clock.now());
            assert!(have.contains(Permissions::SEND_MESSAGES));
        }
    }
}
