//! Rules: what they keep out, whom they leave alone, and what they may say.

use proto::{
    Patch,
    auto_moderation::{ActionDraft, ActionMetadata, KEYWORD, MEMBER_PROFILE, TriggerMetadata},
    member::ModifyCurrentMember,
    message::{CreateMessage, EditMessage, Message},
};

use super::*;
use crate::{
    Error, member, message,
    testing::{TestGuild, World},
};

fn keyword(words: &[&str], actions: Vec<ActionDraft>) -> RuleDraft {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    RuleDraft {
        name: Some("words".to_owned()),
        event_type: Some(1),
        trigger_type: Some(KEYWORD),
        trigger_metadata: Some(TriggerMetadata {
            keyword_filter: Some(words),
            ..Default::default()
        }),
        actions: Some(actions),
        enabled: Some(true),
        ..Default::default()
    }
}

fn action(kind: u8, metadata: ActionMetadata) -> ActionDraft {
    ActionDraft { kind, metadata: Some(metadata) }
}

async fn say(world: &World, who: &Actor, room: &TestGuild, text: &str) -> Result<Message> {
    let draft = CreateMessage { content: Some(text.to_owned()), ..Default::default() };
    message::send(&world.app, who, room.general, draft, vec![]).await
}

fn said<T: std::fmt::Debug>(outcome: Result<T>) -> (u32, String) {
    match outcome {
        Err(Error::Reject(Reject::Worded(code, words))) => (code.0, words),
        Err(Error::Reject(Reject::Refused(code))) => (code.0, String::new()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_word_is_kept_out_also_by_an_edit_and_its_author_is_told_and_silenced() {
    let world = World::new().await;
    let (owner, bob) = (world.person("owner").await, world.person("bob").await);
    let room = world.guild(&[&owner, &bob]).await;
    let app = &world.app;
    let own = ActionMetadata { custom_message: Some("Be kind.".to_owned()), ..Default::default() };
    let alert = ActionMetadata { channel_id: Some(room.general), ..Default::default() };
    let quiet = ActionMetadata { duration_seconds: Some(60), ..Default::default() };
    let actions = vec![action(1, own), action(2, alert)];
    let rule = create(app, &owner, room.id, keyword(&["darn*"], actions)).await.expect("made");
    world.saw();

    assert_eq!(said(say(&world, &bob, &room, "D-a-r-n it").await), (200_000, "Be kind.".into()));
    assert_eq!(
        world.saw(),
        ["AUTO_MODERATION_ACTION_EXECUTION", "MESSAGE_CREATE", "AUTO_MODERATION_ACTION_EXECUTION"]
    );
    say(&world, &owner, &room, "darn").await.expect("who manages is free");
    let fine = say(&world, &bob, &room, "hello").await.expect("sent");
    let worse = EditMessage { content: Patch::Value("darned".to_owned()), ..Default::default() };
    let edited = message::edit(app, &bob, room.general, fine.id, worse, vec![]).await;
    assert_eq!(said(edited).0, 200_000);
    let page =
        message::list(app, &bob, room.general, message::Around::End, 50).await.expect("read");
    let alerts: Vec<_> = page.iter().filter(|message| message.kind == 24).collect();
    assert_eq!((alerts.len(), alerts[0].author.id), (2, bob.user));
    assert_eq!(alerts[0].embeds[0]["description"], "darned");
    let own_alert = message::delete(app, &bob, room.general, alerts[0].id).await;
    assert!(own_alert.is_err(), "an alert is not its author's");

    let draft = RuleDraft { actions: Some(vec![action(3, quiet)]), ..Default::default() };
    edit(app, &owner, room.id, rule.id, draft).await.expect("changed");
    say(&world, &bob, &room, "darn").await.expect("it only silences now");
    assert!(say(&world, &bob, &room, "hello?").await.is_err(), "silenced");
    world.clock.advance_ms(61_000);
    say(&world, &bob, &room, "hello again").await.expect("for a minute");
    delete(app, &owner, room.id, rule.id).await.expect("deleted");
    say(&world, &bob, &room, "darn").await.expect("free");
}

#[tokio::test]
async fn exempt_roles_and_channels_and_rules_that_are_off_do_nothing() {
    let world = World::new().await;
    let (owner, bob) = (world.person("owner").await, world.person("bob").await);
    let room = world.guild(&[&owner, &bob]).await;
    let app = &world.app;
    let draft = keyword(&["darn"], vec![action(1, ActionMetadata::default())]);
    let rule = create(app, &owner, room.id, draft).await.expect("made");
    assert_eq!(said(say(&world, &bob, &room, "darn").await).0, 200_000);
    let set = async |draft| edit(app, &owner, room.id, rule.id, draft).await.expect("changed");
    set(RuleDraft { exempt_channels: Some(vec![room.general]), ..Default::default() }).await;
    say(&world, &bob, &room, "darn").await.expect("exempt");
    let draft = RuleDraft {
        exempt_channels: Some(vec![]),
        exempt_roles: Some(vec![room.id.cast()]),
        enabled: Some(false),
        ..Default::default()
    };
    set(draft).await;
    say(&world, &bob, &room, "darn").await.expect("off");
}

#[tokio::test]
async fn rules_are_looked_at_and_numbered() {
    let world = World::new().await;
    let (owner, bob) = (world.person("owner").await, world.person("bob").await);
    let room = world.guild(&[&owner, &bob]).await;
    let app = &world.app;
    let block = || vec![action(1, ActionMetadata::default())];
    let made = async |draft| create(app, &owner, room.id, draft).await;
    assert!(create(app, &bob, room.id, keyword(&["x"], block())).await.is_err());
    for (n, bad) in [
        RuleDraft { name: None, ..keyword(&["x"], block()) },
        RuleDraft { event_type: Some(2), ..keyword(&["x"], block()) },
        RuleDraft { trigger_type: Some(2), ..keyword(&["x"], block()) },
        RuleDraft { actions: Some(vec![]), ..keyword(&["x"], block()) },
        keyword(&["***"], block()),
        keyword(&[&"x".repeat(61)], block()),
        keyword(&["x"], vec![action(4, ActionMetadata::default())]),
        keyword(&["x"], vec![action(2, ActionMetadata::default())]),
        RuleDraft {
            trigger_metadata: Some(TriggerMetadata {
                regex_patterns: Some(vec![r"(?=x)".to_owned()]),
                ..Default::default()
            }),
            ..keyword(&[], block())
        },
    ]
    .into_iter()
    .enumerate()
    {
        assert!(made(bad).await.is_err(), "{n}");
    }
    for _ in 0..app.limits.keyword_rules {
        made(keyword(&["x"], block())).await.expect("made");
    }
    assert_eq!(said(made(keyword(&["x"], block())).await).0, Code::MAX_RULES.0);
    let count = list(app, &owner, room.id).await.expect("listed").len();
    assert_eq!(count, app.limits.keyword_rules);
}

#[tokio::test]
async fn who_has_a_name_that_is_not_wanted_looks_on_until_it_has_another() {
    let world = World::new().await;
    let (owner, eve) = (world.person("owner").await, world.person("eve").await);
    let room = world.guild(&[&owner, &eve]).await;
    let app = &world.app;
    let draft = RuleDraft {
        event_type: Some(2),
        trigger_type: Some(MEMBER_PROFILE),
        ..keyword(&["*darn*"], vec![action(4, ActionMetadata::default())])
    };
    create(app, &owner, room.id, draft).await.expect("made");
    let call = async |nick: &str| {
        let draft = ModifyCurrentMember { nick: Patch::Value(nick.to_owned()) };
        member::edit_own(app, &eve, room.id, draft).await.expect("renamed")
    };
    assert_eq!(call("Darn Eve").await.flags & (1 << 7), 1 << 7);
    assert!(say(&world, &eve, &room, "hi").await.is_err());
    assert_eq!(call("Eve").await.flags & (1 << 7), 0);
    say(&world, &eve, &room, "hi").await.expect("free again");
    let judy = world.person("darnjudy").await;
    member::join(app, &judy, room.id, Default::default()).await.expect("in");
    assert!(say(&world, &judy, &room, "hi").await.is_err());
}
