//! Reports: who sees them, what is done about them, and what is never told to whom.

use proto::{
    message::CreateMessage,
    safety::{ReportReason, ReportState},
};

use super::*;
use crate::testing::World;

async fn say(
    world: &World,
    who: &Actor,
    channel: Id<marker::Channel>,
    text: &str,
) -> Id<marker::Message> {
    let draft = CreateMessage { content: Some(text.to_owned()), ..Default::default() };
    message::send(&world.app, who, channel, draft, vec![]).await.expect("sent").id
}

fn about(channel: Id<marker::Channel>, message: Id<marker::Message>) -> CreateReport {
    CreateReport {
        reason: ReportReason::Spam,
        text: Some("please look".to_owned()),
        channel_id: Some(channel),
        message_id: Some(message),
        guild_id: None,
        user_id: None,
    }
}

fn code<T: std::fmt::Debug>(outcome: Result<T>) -> u32 {
    match outcome {
        Err(Error::Reject(Reject::Refused(code) | Reject::Unknown(code))) => code.0,
        Err(Error::Reject(Reject::Forbidden(_))) => Code::MISSING_PERMISSIONS.0,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_report_keeps_what_it_is_about_and_its_author_hears_what_came_of_it() {
    let world = World::new().await;
    let (owner, bob) = (world.person("owner").await, world.person("bob").await);
    let (eve, out) = (world.person("eve").await, world.person("out").await);
    let room = world.guild(&[&owner, &bob, &eve]).await;
    let app = &world.app;
    say(&world, &bob, room.general, "before").await;
    let bad = say(&world, &eve, room.general, "bad words").await;
    say(&world, &bob, room.general, "after").await;
    assert_eq!(code(create(app, &out, about(room.general, bad)).await), 10003);
    let made = create(app, &bob, about(room.general, bad)).await.expect("reported");
    message::delete(app, &eve, room.general, bad).await.expect("deleted");

    let desk = Desk::Guild(room.id);
    assert_eq!(code(list(app, &bob, desk, Which::default()).await), 50013);
    assert_eq!(code(list(app, &out, desk, Which::default()).await), 10004);
    let all = list(app, &owner, desk, Which::default()).await.expect("listed");
    let report = &all.items[0];
    assert_eq!((all.open, report.id, report.evidence.len()), (1, made.id, 3));
    let kept = report.evidence.iter().find(|message| message.reported).expect("kept");
    assert_eq!((kept.content.as_str(), kept.author_id), ("bad words", eve.user));

    let change = |action, state| ModifyReport {
        action,
        state,
        answer: Some("Thank you.".to_owned()),
        duration_seconds: Some(600),
        ..Default::default()
    };
    let act = async |action, state| {
        edit(app, &owner, desk, made.id, change(action, state)).await.expect("changed")
    };
    act(Some(ReportAction::Delete), None).await;
    let done = act(Some(ReportAction::Timeout), Some(ReportState::Done)).await;
    assert_eq!(done.actions, [ReportAction::Delete, ReportAction::Timeout]);
    let row = app.guild(room.id).await.expect("there").read().members[&eve.user].clone();
    assert!(row.timed_out_until.is_some());
    let mine = mine(app, &bob).await.expect("listed");
    assert_eq!((mine[0].answer.as_deref(), mine[0].acted), (Some("Thank you."), Some(true)));
    assert!(world.saw().contains(&"OSC_REPORT_ANSWER"));

    world.clock.advance_ms(91 * 86_400_000);
    crate::due::run_once(app).await;
    let left = list(app, &owner, desk, Which::default()).await.expect("listed");
    assert!(left.items.is_empty());
}

#[tokio::test]
async fn rooms_go_to_the_owner_of_the_server_and_there_are_limits() {
    let world = World::new().await;
    let (owner, bob) = (world.person("owner").await, world.person("bob").await);
    let host = Actor { server_owner: true, ..world.person("host").await };
    let room = world.guild(&[&owner, &bob]).await;
    let app = &world.app;
    let draft = |user| CreateReport {
        reason: ReportReason::Illegal,
        text: None,
        channel_id: None,
        message_id: None,
        guild_id: Some(room.id),
        user_id: user,
    };
    let made = create(app, &bob, draft(None)).await.expect("reported");
    assert!(
        list(app, &owner, Desk::Guild(room.id), Which::default())
            .await
            .expect("ok")
            .items
            .is_empty()
    );
    assert_eq!(code(list(app, &bob, Desk::Server, Which::default()).await), 900_009);
    let all = list(app, &host, Desk::Server, Which::default()).await.expect("listed");
    assert_eq!((all.items[0].id, all.items[0].guild_name.as_deref()), (made.id, Some("Room")));
    let close = ModifyReport { action: Some(ReportAction::Close), ..Default::default() };
    edit(app, &host, Desk::Server, made.id, close).await.expect("closed");
    assert!(create(app, &bob, draft(Some(bob.user))).await.is_err(), "oneself");
    let mut refused = 0;
    for _ in 0..12 {
        refused += usize::from(create(app, &bob, draft(Some(owner.user))).await.is_err());
    }
    assert!(refused >= 2, "ten in ten minutes");
}
