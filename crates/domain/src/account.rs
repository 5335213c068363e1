//! Accounts: a username and a password, so that somebody can come back from anywhere.
//!
//! Passwords are hashed outside of any lane, so a decision is looked at again inside it: a password
//! that was changed meanwhile signs nobody in.

use proto::{
    Code, Id,
    account::{ChangePassword, CreateAccount, LogIn, ResetPassword},
    marker,
    osc::{Registration, SignedIn},
};

use crate::{
    Actor, App, bot, guest, login,
    name::{self, Username},
    password,
    reject::{Reject, Result, no},
    rows::{CredentialRow, InviteRow, LoginRow, SecretPurpose, SecretRow, UserKind, UserRow},
    server_owner::{self, Link},
    store::{Batch, Scan},
    tries,
    user::{self, Rooms},
};

/// Owned bots and retired guests of one account that are looked at.
const OWNED: usize = 10_000;

/// Makes an account. A guest becomes it: same id, messages, rooms and roles, and the connection
/// stays up; only the token is another one.
pub async fn create(
    app: &App,
    actor: Option<&Actor>,
    draft: CreateAccount,
    client: &str,
) -> Result<SignedIn> {
    match actor.map(|actor| actor.kind) {
        None | Some(UserKind::Guest) => {}
        Some(UserKind::Account) => return no(Reject::Refused(Code::ALREADY_ACCOUNT)),
        Some(_) => return no(Reject::Refused(Code::PEOPLE_ONLY)),
    }
    may_register(app, draft.invite.as_deref()).await?;
    let username = name::username(&app.limits, &draft.username)?;
    let password = password::check(&app.limits, "password", &draft.password, &username.text)?;
    if name::by_skeleton(app, &username.skeleton).await?.is_some() {
        return no(Reject::Refused(Code::NAME_TAKEN));
    }
    let shown = shown_name(app, &draft.username, &username).await?;
    let password = app.passwords.hash(password).await?;
    match actor {
        Some(guest) => claim(app, guest, username, password, client).await,
        None => found(app, username, shown, password, client).await,
    }
}

async fn may_register(app: &App, invite: Option<&str>) -> Result<()> {
    let open = match app.policy.registration {
        Registration::Open => true,
        Registration::Closed => false,
        Registration::Invite => match invite {
            None => false,
            Some(code) => app.disk.get::<InviteRow>(code).await?.is_some_and(|invite| {
                let ends = invite.created_at.plus_ms(i64::from(invite.max_age) * 1_000);
                let good = invite.max_age == 0 || ends > app.clock.now();
                good && (invite.max_uses == 0 || invite.uses < invite.max_uses)
            }),
        },
    };
    if open { Ok(()) } else { no(Reject::Refused(Code::REGISTRATION_OFF)) }
}

/// Usernames are in small letters; who typed others is shown as typed, unless that misleads.
async fn shown_name(app: &App, typed: &str, username: &Username) -> Result<Option<String>> {
    let Some(typed) = name::clean_text(typed).filter(|typed| *typed != username.text) else {
        return Ok(None);
    };
    let fine = name::not_misleading(app, "username", &typed, None).await;
    Ok(fine.is_ok().then_some(typed))
}

/// An account for somebody who was nobody here.
async fn found(
    app: &App,
    username: Username,
    shown: Option<String>,
    password: String,
    client: &str,
) -> Result<SignedIn> {
    let row = UserRow {
        id: app.ids.next(),
        kind: UserKind::Account,
        username: username.text,
        skeleton: Some(username.skeleton),
        global_name: shown,
        avatar: None,
        owner_id: None,
        idle_since: None,
        intents: 0,
        bio: None,
    };
    let (login, token) = login::issue(app, row.id, client);
    let credential = CredentialRow { user_id: row.id, password };
    let lane = app.lane_user(row.id).await;
    let batch = Batch::new().insert(&row).insert(&credential).insert(&login);
    user::name_taken(lane.enqueue(batch, Vec::new()).durable().await)?;
    Ok(login::signed_in(app, &row, token, false))
}

/// A guest becomes an account. Its login stays, so its sockets do; the secret is another one, since
/// it now opens more (decision 11).
async fn claim(
    app: &App,
    guest: &Actor,
    username: Username,
    password: String,
    client: &str,
) -> Result<SignedIn> {
    let (lane, members) = user::everywhere(app, guest.user).await?;
    let mut row = user::present(app, guest.user).await?;
    let login = app.store.get::<LoginRow>(guest.login).await?;
    let Some(login) = login.filter(|login| login.user_id == guest.user) else {
        return no(Reject::Unauthorized);
    };
    if row.kind != UserKind::Guest {
        return no(Reject::Refused(Code::ALREADY_ACCOUNT));
    }
    row.kind = UserKind::Account;
    (row.username, row.skeleton) = (username.text, Some(username.skeleton));
    row.idle_since = None;
    let (new, token) = login::issue(app, row.id, client);
    let login = LoginRow { id: login.id, created_at: login.created_at, ..new };
    let credential = CredentialRow { user_id: row.id, password };
    let mut batch = Batch::new().put(&row).insert(&credential).put(&login);
    let mut members = members;
    for member in &mut members {
        member.guest = false;
        batch = batch.put(member);
    }
    let events = user::changed(app, &row, &members, guest.server_owner).await?;
    user::name_taken(lane.enqueue(batch, events).durable().await)?;
    Ok(login::signed_in(app, &row, token, guest.server_owner))
}

/// Signs in. A guest who does takes its rooms along; a wrong password and an unknown name look and
/// take alike.
pub async fn log_in(
    app: &App,
    actor: Option<&Actor>,
    draft: LogIn,
    client: &str,
) -> Result<SignedIn> {
    let tried: String = draft.username.chars().take(64).collect();
    let tried = name::skeleton(&tried);
    tries::count(app, &tried)?;
    let account = verify(app, &draft.username, &draft.password).await?;
    let Some((row, phc)) = account else {
        return no(Reject::Refused(Code::WRONG_PASSWORD));
    };
    tries::forgive(app, &tried);
    let guest = actor.filter(|actor| actor.is_guest() && actor.user != row.id);
    if let Some(guest) = guest {
        guest::take_over(app, guest, row.id).await?;
    }
    let (login, token) = login::issue(app, row.id, client);
    let lane = app.lane_user(row.id).await;
    still_valid(app, row.id, &phc).await?;
    let (batch, events) = login::add(app, &login).await?;
    lane.enqueue(batch, events).durable().await?;
    if let Some(guest) = guest {
        guest::retire(app, guest, row.id).await?;
    }
    let server_owner = server_owner::get(app).await? == Some(row.id);
    Ok(login::signed_in(app, &row, token, server_owner))
}

/// The account with this name, if the password is right, and the hash that said so.
async fn verify(app: &App, username: &str, password: &str) -> Result<Option<(UserRow, String)>> {
    let row = match name::username(&app.limits, username) {
        Ok(asked) => {
            let row = name::by_skeleton(app, &asked.skeleton).await?;
            // Names that only look alike do not sign in.
            row.filter(|row| row.kind == UserKind::Account && row.username == asked.text)
        }
        Err(_) => None,
    };
    let phc = match &row {
        Some(row) => app.store.get::<CredentialRow>(row.id).await?.map(|row| row.password),
        None => None,
    };
    let fits = password.len() <= app.limits.password_bytes;
    let phc = phc.filter(|_| fits);
    let typed = if fits { password::normal(password) } else { String::new() };
    let right = app.passwords.verify(typed, phc.clone()).await?;
    Ok(row.zip(phc).filter(|_| right))
}

/// Within a lane of the user's: the password is still the one that was verified.
async fn still_valid(app: &App, user: Id<marker::User>, phc: &str) -> Result<()> {
    let now = app.store.get::<CredentialRow>(user).await?;
    if now.is_some_and(|row| row.password == phc) {
        Ok(())
    } else {
        no(Reject::Refused(Code::WRONG_PASSWORD))
    }
}

/// The hash of the actor's password, if this is it.
async fn verify_own(app: &App, actor: &Actor, password: &str) -> Result<String> {
    let tried = user::present(app, actor.user).await?.skeleton.unwrap_or_default();
    tries::count(app, &tried)?;
    let phc = app.store.get::<CredentialRow>(actor.user).await?.map(|row| row.password);
    let fits = password.len() <= app.limits.password_bytes;
    let typed = if fits { password::normal(password) } else { String::new() };
    match phc {
        Some(phc) if app.passwords.verify(typed, Some(phc.clone())).await? && fits => {
            tries::forgive(app, &tried);
            Ok(phc)
        }
        _ => {
            let message = "This is not your password.";
            no(Reject::field("password", "PASSWORD_DOES_NOT_MATCH", message))
        }
    }
}

/// Chooses a new password. All other logins end.
pub async fn change_password(app: &App, actor: &Actor, change: ChangePassword) -> Result<()> {
    actor.account()?;
    let username = user::present(app, actor.user).await?.username;
    let new = password::check(&app.limits, "new_password", &change.new_password, &username)?;
    let phc = verify_own(app, actor, &change.password).await?;
    let password = app.passwords.hash(new).await?;
    let lane = app.lane_user(actor.user).await;
    still_valid(app, actor.user, &phc).await?;
    let mut others = login::all(app, actor.user).await?;
    others.retain(|login| login.id != actor.login);
    let (batch, events) = login::end(&others);
    let batch = batch.put(&CredentialRow { user_id: actor.user, password });
    lane.enqueue(batch, events).durable().await
}

/// Deletes the actor, account or guest: what is personal goes, messages stay under a neutral name.
/// Rooms must be handed over or deleted before; bots go with their account.
pub async fn delete(app: &App, actor: &Actor, password: Option<&str>) -> Result<()> {
    actor.person()?;
    if actor.is_guest() {
        user::erase(app, actor.user, Rooms::None, |row| row.kind == UserKind::Guest).await?;
        return Ok(());
    }
    verify_own(app, actor, password.unwrap_or_default()).await?;
    user::owns_nothing(app, actor.user).await?;
    erase_owned(app, actor.user).await?;
    user::erase(app, actor.user, Rooms::None, |_| true).await?;
    // A bot made in between; there can be no further one.
    erase_owned(app, actor.user).await
}

/// The bots of an account, and the guests that this person was once.
async fn erase_owned(app: &App, account: Id<marker::User>) -> Result<()> {
    let owned = Scan::of::<UserRow>().by("by_owner").prefix(account).limit(OWNED);
    for row in app.store.scan::<UserRow>(owned).await? {
        match row.kind {
            UserKind::Bot => bot::erase(app, row.id).await?,
            _ => drop(user::erase(app, row.id, Rooms::Any, |_| true).await?),
        }
    }
    Ok(())
}

/// A one-time link with which somebody chooses a new password: for who has the machine.
pub async fn make_reset(app: &App, username: &str) -> Result<Link> {
    let asked = name::username(&app.limits, username)?;
    let row = name::by_skeleton(app, &asked.skeleton).await?;
    match row.filter(|row| row.kind == UserKind::Account) {
        Some(row) => make_reset_of(app, row.id).await,
        None => no(Reject::Unknown(Code::UNKNOWN_USER)),
    }
}

async fn make_reset_of(app: &App, user: Id<marker::User>) -> Result<Link> {
    server_owner::make_secret(app, SecretPurpose::Password(user), "/reset").await
}

/// Chooses a new password with a one-time link. All logins end.
pub async fn reset_password(app: &App, draft: ResetPassword) -> Result<()> {
    let secret = server_owner::good_secret(app, &draft.secret).await?;
    let SecretPurpose::Password(user) = secret.purpose else {
        return no(Reject::Refused(Code::SECRET_GONE));
    };
    let username = app.user(user).await?.username.clone();
    let new = password::check(&app.limits, "password", &draft.password, &username)?;
    let password = app.passwords.hash(new).await?;
    let lane = app.lane_user(user).await;
    let row = app.store.get::<UserRow>(user).await?;
    if row.is_none_or(|row| row.kind != UserKind::Account) {
        return no(Reject::Refused(Code::SECRET_GONE));
    }
    let (batch, events) = login::end(&login::all(app, user).await?);
    let batch = Batch::new()
        .expect(&secret)
        .delete::<SecretRow>(secret.digest.as_str())
        .and(batch)
        .put(&CredentialRow { user_id: user, password });
    server_owner::used_up(lane.enqueue(batch, events).durable().await)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Error,
        bus::Event,
        rows::{GuildRow, MemberRow},
        testing::World,
    };
    use proto::{gateway::Dispatch, member::MEMBER_IS_GUEST};

    fn account(username: &str, password: &str) -> CreateAccount {
        CreateAccount { username: username.into(), password: password.into(), invite: None }
    }

    fn log_in_as(username: &str, password: &str) -> LogIn {
        LogIn { username: username.into(), password: password.into() }
    }

    async fn who(world: &World, token: &str) -> Option<Actor> {
        login::authenticate(&world.app, token).await.expect("no fault")
    }

    fn code(error: &Error) -> Option<Code> {
        match error {
            Error::Reject(Reject::Refused(code) | Reject::Unknown(code)) => Some(*code),
            _ => None,
        }
    }

    /// Signs up; answers who that is and the token.
    async fn sign_up(world: &World, name: &str) -> (Actor, String) {
        let made = create(&world.app, None, account(name, "correct horse"), "test").await;
        let token = made.expect("an account").token.expect("a token");
        (who(world, &token).await.expect("signed in"), token)
    }

    async fn come(world: &World, name: &str) -> (Actor, String) {
        let made = guest::create(&world.app, name, "test", &guest::Newcomer::default()).await;
        let token = made.expect("a guest").token.expect("a token");
        (who(world, &token).await.expect("signed in"), token)
    }

    #[tokio::test]
    async fn a_guest_becomes_an_account_and_keeps_everything() {
        let world = World::new().await;
        let owner = world.person("owner").await;
        let (guest, old) = come(&world, "Anna").await;
        let rooms = [world.guild(&[&owner, &guest]).await, world.guild(&[&guest]).await];
        world.app.guild(rooms[0].id).await.expect("active");
        world.events();

        let draft = account("Anna_K", "correct horse");
        let made = create(&world.app, Some(&guest), draft, "test").await.expect("an account");

        assert_eq!(made.user.id, guest.user);
        assert_eq!(made.user.username, "anna_k");
        assert_eq!(made.user.global_name.as_deref(), Some("Anna"));
        let token = made.token.expect("a token");
        assert_eq!(who(&world, &old).await, None, "the guest's token opens nothing more");
        let now = who(&world, &token).await.expect("signed in");
        assert_eq!((now.user, now.login, now.kind), (guest.user, guest.login, UserKind::Account));
        let heard = world.events();
        let names: Vec<_> = heard.iter().filter_map(|(_, d)| Some(d.as_ref()?.name())).collect();
        assert_eq!(names, ["USER_UPDATE", "GUILD_MEMBER_UPDATE", "GUILD_MEMBER_UPDATE"]);
        for (_, dispatch) in heard {
            if let Some(Dispatch::GuildMemberUpdate(event)) = dispatch {
                assert_eq!(event.member.flags & MEMBER_IS_GUEST, 0);
            }
        }
        let key = (rooms[1].id, guest.user);
        let row: MemberRow = world.app.disk.get(key).await.expect("reads").expect("a member");
        assert!(!row.guest);
        let again = create(&world.app, Some(&now), account("other", "correct horse"), "").await;
        assert_eq!(code(&again.expect_err("no")), Some(Code::ALREADY_ACCOUNT));
        // Deciding by the guest as it was is too late.
        let late = create(&world.app, Some(&guest), account("other", "correct horse"), "").await;
        assert_eq!(code(&late.expect_err("no")), Some(Code::ALREADY_ACCOUNT));
    }

    #[tokio::test]
    async fn a_name_is_given_once_and_look_alikes_are_not() {
        let world = World::new().await;
        sign_up(&world, "paypal").await;
        for name in ["paypal", "PayPal", "paypa1", "pаypаl", "páypal"] {
            let made = create(&world.app, None, account(name, "correct horse"), "").await;
            assert!(made.is_err(), "{name}");
        }
        let same = || create(&world.app, None, account("twins", "correct horse"), "");
        let (a, b) = tokio::join!(same(), same());
        assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(), 1);
        let error = a.err().or(b.err()).expect("one lost");
        assert_eq!(code(&error), Some(Code::NAME_TAKEN));
        let guest = guest::create(&world.app, "Pay Pal", "", &guest::Newcomer::default()).await;
        assert_eq!(code(&guest.expect_err("no")), Some(Code::NAME_TAKEN));
        guest::create(&world.app, "Anna", "", &guest::Newcomer::default()).await.expect("one");
        guest::create(&world.app, "Anna", "", &guest::Newcomer::default())
            .await
            .expect("and another");
    }

    #[tokio::test]
    async fn wrong_name_and_wrong_password_are_one_and_tries_are_counted() {
        let world = World::new().await;
        sign_up(&world, "alice").await;
        let wrong = log_in(&world.app, None, log_in_as("alice", "wrong one"), "").await;
        let unknown = log_in(&world.app, None, log_in_as("nobody", "wrong one"), "").await;
        assert_eq!(code(&wrong.expect_err("no")), Some(Code::WRONG_PASSWORD));
        assert_eq!(code(&unknown.expect_err("no")), Some(Code::WRONG_PASSWORD));
        log_in(&world.app, None, log_in_as("Alice", "correct horse"), "").await.expect("in");
        for name in ["alice", "nobody"] {
            let mut limited = None;
            for _ in 0..20 {
                let tried = log_in(&world.app, None, log_in_as(name, "wrong one"), "").await;
                if matches!(tried, Err(Error::Reject(Reject::RateLimited { .. }))) {
                    limited = Some(());
                }
            }
            assert!(limited.is_some(), "{name}");
        }
        world.clock.advance_ms(601_000);
        log_in(&world.app, None, log_in_as("alice", "correct horse"), "").await.expect("in");
    }

    #[tokio::test]
    async fn a_guest_who_signs_in_takes_its_rooms_along() {
        let world = World::new().await;
        let (alice, _) = sign_up(&world, "alice").await;
        let other = world.person("other").await;
        let (guest, old) = come(&world, "Anna").await;
        let own = world.guild(&[&guest, &other]).await;
        let joined = world.guild(&[&other, &guest]).await;
        let banned = world.guild(&[&other, &guest]).await;
        let ban = crate::rows::BanRow { guild_id: banned.id, user_id: alice.user, reason: None };
        world.write(Batch::new().put(&ban)).await;

        let draft = log_in_as("alice", "correct horse");
        let made = log_in(&world.app, Some(&guest), draft, "").await.expect("in");

        assert_eq!(made.user.id, alice.user);
        assert_eq!(who(&world, &old).await, None);
        let app = &world.app;
        let row: GuildRow = app.disk.get(own.id).await.expect("reads").expect("there");
        assert_eq!(row.owner_id, alice.user);
        for (room, there) in [(&own, true), (&joined, true), (&banned, false)] {
            let member = app.disk.get::<MemberRow>((room.id, alice.user)).await.expect("reads");
            assert_eq!(member.is_some(), there);
            let guest = app.disk.get::<MemberRow>((room.id, guest.user)).await.expect("reads");
            assert_eq!(guest, None);
        }
        let was = app.user(guest.user).await.expect("still known");
        assert_eq!(was.global_name.as_deref(), Some("Anna"), "its messages stay under its name");
    }

    #[tokio::test]
    async fn a_new_password_ends_all_other_logins() {
        let world = World::new().await;
        let (alice, here) = sign_up(&world, "alice").await;
        let there = log_in(&world.app, None, log_in_as("alice", "correct horse"), "").await;
        let there = there.expect("in").token.expect("a token");
        assert!(who(&world, &there).await.is_some());
        let change = |old: &str, new: &str| ChangePassword {
            password: old.into(),
            new_password: new.into(),
        };
        let wrong = change_password(&world.app, &alice, change("not it", "battery staple")).await;
        assert!(wrong.is_err());
        for weak in ["short", "aaaaaaaaaa", "password1"] {
            let weak = change_password(&world.app, &alice, change("correct horse", weak)).await;
            assert!(weak.is_err());
        }
        world.published();
        let change = change("correct horse", "battery staple");
        change_password(&world.app, &alice, change).await.expect("changed");
        let revoked = world.published().iter().any(|published| {
            matches!(&published.event, Event::LoginsRevoked(ids) if !ids.contains(&alice.login))
        });
        assert!(revoked);
        assert!(who(&world, &here).await.is_some());
        assert_eq!(who(&world, &there).await, None);
        let old = log_in(&world.app, None, log_in_as("alice", "correct horse"), "").await;
        assert!(old.is_err());
    }

    #[tokio::test]
    async fn a_link_for_a_new_password_works_once() {
        let world = World::new().await;
        let (alice, token) = sign_up(&world, "alice").await;
        let first = make_reset(&world.app, "alice").await.expect("a link");
        let link = make_reset(&world.app, "alice").await.expect("a link");
        assert_eq!(link.url, format!("http://localhost/reset#{}", link.secret));
        let reset = |secret: &str| ResetPassword {
            secret: secret.into(),
            password: "battery staple".into(),
        };
        for wrong in ["", "nonsense", first.secret.as_str()] {
            let error = reset_password(&world.app, reset(wrong)).await.expect_err("no");
            assert_eq!(code(&error), Some(Code::SECRET_GONE));
        }
        // It opens nothing else.
        let owner = server_owner::become_owner(&world.app, &alice, &link.secret).await;
        assert_eq!(code(&owner.expect_err("no")), Some(Code::SECRET_GONE));
        let both = || reset_password(&world.app, reset(&link.secret));
        let (a, b) = tokio::join!(both(), both());
        assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
        assert_eq!(who(&world, &token).await, None);
        log_in(&world.app, None, log_in_as("alice", "battery staple"), "").await.expect("in");
        let late = make_reset(&world.app, "alice").await.expect("a link");
        world.clock.advance_ms(86_400_001);
        assert!(reset_password(&world.app, reset(&late.secret)).await.is_err());
    }

    #[tokio::test]
    async fn who_deletes_an_account_goes_and_its_name_stays_taken() {
        let world = World::new().await;
        let (alice, token) = sign_up(&world, "alice").await;
        let (bob, _) = sign_up(&world, "bob").await;
        let own = world.guild(&[&alice, &bob]).await;
        let room = world.guild(&[&bob, &alice]).await;
        let delete = |password| delete(&world.app, &alice, password);
        assert!(delete(Some("wrong one")).await.is_err());
        let owns = delete(Some("correct horse")).await.expect_err("no");
        assert_eq!(code(&owns), Some(Code::OWNER_CANNOT_LEAVE));
        world.app.guild(own.id).await.expect("active");
        let row: GuildRow = world.app.disk.get(own.id).await.expect("reads").expect("there");
        world.write(Batch::new().put(&GuildRow { owner_id: bob.user, ..row })).await;
        world.events();
        delete(Some("correct horse")).await.expect("deleted");
        assert_eq!(world.saw(), ["GUILD_MEMBER_REMOVE", "GUILD_MEMBER_REMOVE"]);
        assert_eq!(who(&world, &token).await, None);
        let was = user::get(&world.app, &bob, alice.user).await;
        assert_eq!(code(&was.expect_err("no")), Some(Code::UNKNOWN_USER));
        let was = world.app.user(alice.user).await.expect("a row");
        assert_eq!(was.global_name.as_deref(), Some("Deleted user"));
        let key = (room.id, alice.user);
        assert_eq!(world.app.disk.get::<MemberRow>(key).await.expect("reads"), None);
        let again = create(&world.app, None, account("alice", "correct horse"), "").await;
        assert_eq!(code(&again.expect_err("no")), Some(Code::NAME_TAKEN));
        let back = log_in(&world.app, None, log_in_as("alice", "correct horse"), "").await;
        assert_eq!(code(&back.expect_err("no")), Some(Code::WRONG_PASSWORD));
    }
}
