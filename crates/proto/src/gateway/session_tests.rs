//! The server half alone: what each frame and each silence leads to.

use super::*;

fn terms() -> Arc<Terms> {
    Arc::new(Terms::from(&Limits::default()))
}

fn drain(session: &mut Session) -> Vec<String> {
    let mut said = Vec::new();
    while let Some(output) = session.poll() {
        said.push(match output {
            Output::Send(frame) => String::from_utf8(frame.to_vec()).expect("text"),
            Output::Dispatch { s, tail } => prefix(s) + std::str::from_utf8(&tail).expect("text"),
            Output::Identify(identify) => format!("identify {}", identify.token),
            Output::Resume(resume) => format!("resume {} {}", resume.session_id, resume.seq),
            Output::Close(code) => format!("close {code}"),
            Output::Expired => "expired".to_owned(),
            other => format!("{other:?}").split(['(', '{']).next().expect("a name").to_owned(),
        });
    }
    said
}

fn greeted(now: Instant) -> Session {
    let mut session = Session::new(now, terms());
    let hello = r#"{"op":10,"d":{"heartbeat_interval":41250},"s":null,"t":null}"#;
    assert_eq!(drain(&mut session), [hello]);
    session
}

fn live(now: Instant, numbering: Numbering, osc: bool) -> Session {
    let mut session = greeted(now);
    session.handle(now, Input::Frame(br#"{"op":2,"d":{"token":"Bot t","intents":1}}"#));
    assert_eq!(drain(&mut session), ["identify Bot t"]);
    session.handle(now, Input::Granted { numbering, osc });
    session
}

fn tail(n: u32) -> Bytes {
    Bytes::from(format!(",\"t\":\"E\",\"d\":{n}}}"))
}

fn says(session: &mut Session, now: Instant, frame: &str) -> Vec<String> {
    session.handle(now, Input::Frame(frame.as_bytes()));
    drain(session)
}

#[test]
fn a_heartbeat_is_answered_before_and_after_identify() {
    let now = Instant::now();
    let ack = [r#"{"op":11,"d":null,"s":null,"t":null}"#];
    assert_eq!(says(&mut greeted(now), now, r#"{"op":1,"d":null}"#), ack);
    assert_eq!(says(&mut live(now, Numbering::Own, false), now, r#"{"op":1,"d":3}"#), ack);
    let mut session = live(now, Numbering::Shared, true);
    session.handle(now, Input::Dispatch { number: 90, tail: tail(1) });
    session.handle(now, Input::Dispatch { number: 95, tail: tail(2) });
    drain(&mut session);
    let counted = [r#"{"op":11,"d":{"dispatches":2},"s":null,"t":null}"#];
    assert_eq!(says(&mut session, now, r#"{"op":1,"d":95}"#), counted);
}

#[test]
fn who_does_not_identify_in_time_is_closed() {
    let now = Instant::now();
    let mut session = greeted(now);
    session.handle_timeout(now + Duration::from_millis(9_999));
    assert!(drain(&mut session).is_empty());
    session.handle_timeout(now + Duration::from_secs(10));
    assert_eq!(drain(&mut session), ["close 4003"]);
    assert!(session.is_over());
}

#[test]
fn a_silent_client_is_detached_and_later_forgotten() {
    let now = Instant::now();
    let mut session = live(now, Numbering::Own, false);
    let silent = Duration::from_millis(41_250 * 3 / 2 + 5_000);
    session.handle_timeout(now + silent - Duration::from_millis(1));
    assert!(drain(&mut session).is_empty());
    session.handle_timeout(now + silent);
    assert_eq!(drain(&mut session), ["close 4000"]);
    let gone = now + silent;
    session.handle(gone, Input::Detached);
    assert_eq!(session.poll_timeout(), Some(gone + Duration::from_secs(600)));
    session.handle_timeout(gone + Duration::from_secs(600));
    assert_eq!(drain(&mut session), ["expired"]);
}

#[test]
fn each_wrong_frame_has_its_close_code() {
    let now = Instant::now();
    let cases = [
        (false, r#"{"op":3,"d":{"status":"idle"}}"#, 4003),
        (false, r#"{"op":8,"d":{"guild_id":"1"}}"#, 4003),
        (false, r#"{"op":200,"t":"X","d":{}}"#, 4003),
        (false, r#"{"op":2,"d":{"token":"t","intents":1,"shard":[2,2]}}"#, 4010),
        (false, r#"{"op":2,"d":{"token":"t","intents":1,"shard":[0,0]}}"#, 4010),
        (false, r#"{"op":2,"d":{"token":"t","intents":1,"shard":"x"}}"#, 4002),
        (false, r#"{"op":99}"#, 4001),
        (false, "nonsense", 4002),
        (true, r#"{"op":2,"d":{"token":"t","intents":1}}"#, 4005),
        (true, r#"{"op":6,"d":{"token":"t","session_id":"s","seq":1}}"#, 4005),
        (true, r#"{"op":200,"t":"X","d":{}}"#, 4001),
        (true, r#"{"op":10}"#, 4001),
    ];
    for (identified, frame, code) in cases {
        let mut session = if identified { live(now, Numbering::Own, false) } else { greeted(now) };
        assert_eq!(says(&mut session, now, frame), [format!("close {code}")], "{frame}");
        assert!(says(&mut session, now, r#"{"op":1}"#).is_empty(), "nothing is heard after it");
    }
}

#[test]
fn a_frame_can_be_too_long_and_ours_may_be_longer() {
    let now = Instant::now();
    let beat = |len: usize| format!("{{\"op\":1,\"d\":null{}}}", " ".repeat(len - 17));
    let mut session = live(now, Numbering::Own, false);
    assert_eq!(says(&mut session, now, &beat(4_096)), [r#"{"op":11,"d":null,"s":null,"t":null}"#]);
    assert_eq!(says(&mut session, now, &beat(4_097)), ["close 4002"]);
    let mut session = live(now, Numbering::Own, true);
    assert_eq!(says(&mut session, now, &beat(65_536)).len(), 1);
    assert_eq!(says(&mut session, now, &beat(65_537)), ["close 4002"]);
}

#[test]
fn too_many_frames_in_a_minute_are_too_many() {
    let now = Instant::now();
    let mut session = live(now, Numbering::Own, true);
    // The IDENTIFY counted.
    for _ in 0..119 {
        assert_eq!(says(&mut session, now, r#"{"op":1}"#).len(), 1);
    }
    for _ in 0..600 {
        assert_eq!(says(&mut session, now, r#"{"op":200,"t":"X","d":{}}"#), ["Osc"]);
    }
    assert_eq!(says(&mut session, now, r#"{"op":1}"#), ["close 4008"]);

    let mut session = live(now, Numbering::Own, false);
    for second in 0..300 {
        let now = now + Duration::from_secs(second);
        assert_eq!(says(&mut session, now, r#"{"op":1}"#).len(), 1);
    }
}

#[test]
fn own_numbers_are_kept_for_as_long_as_is_promised() {
    let now = Instant::now();
    let mut session = live(now, Numbering::Own, false);
    for n in 1..=3_000 {
        session.handle(now, Input::Dispatch { number: 0, tail: tail(n) });
    }
    assert_eq!(drain(&mut session).len(), 3_000);
    session.handle(now, Input::Detached);
    let told = |seq| session.replay(seq).map(|missing| missing.map(|(s, _)| s).collect());
    assert_eq!(told(2_998), Ok(vec![2_999, 3_000]));
    assert_eq!(told(3_000), Ok(vec![]));
    assert_eq!(told(3_001), Err(NotResumable::Ahead));
    assert_eq!(told(3_000 - 2_048).map(|missing| missing.len()), Ok(2_048));
    assert_eq!(told(3_000 - 2_049), Err(NotResumable::Behind));
    assert_eq!(session.kept(0).len(), 0);
    assert_eq!(session.kept(tail(3_000).len() * 2), [tail(2_999), tail(3_000)]);
}

#[test]
fn an_answer_is_told_once_and_its_number_stays_taken() {
    let now = Instant::now();
    for osc in [false, true] {
        let mut session = live(now, Numbering::Own, osc);
        session.handle(now, Input::Dispatch { number: 0, tail: tail(1) });
        session.handle(now, Input::Answer { number: 0, tail: Bytes::from(vec![b'x'; 100_000]) });
        session.handle(now, Input::Dispatch { number: 0, tail: tail(3) });
        assert_eq!(drain(&mut session).len(), 3, "it was told");
        let places = 3 * size_of::<Bytes>();
        assert_eq!(session.kept_bytes(), tail(1).len() + tail(3).len() + places);
        session.handle(now, Input::Detached);
        let told: Vec<_> = session.replay(0).expect("resumable").collect();
        let skipped = (2, Bytes::from_static(SKIPPED));
        let expected = match osc {
            true => vec![(1, tail(1)), skipped, (3, tail(3))],
            false => vec![(1, tail(1)), (3, tail(3))],
        };
        assert_eq!(told, expected);
        let known = session.kept(1_000);
        let again = Session::restore(now, terms(), Numbering::Own, osc, 3, known);
        assert_eq!(again.replay(0).expect("resumable").collect::<Vec<_>>(), expected);
        session.trim_kept(tail(3).len() + size_of::<Bytes>());
        assert_eq!(session.replay(0).err(), Some(NotResumable::Behind));
        assert_eq!(session.replay(2).map(Iterator::count), Ok(1));
        session.trim_kept(0);
        assert_eq!(session.replay(2).err(), Some(NotResumable::Behind));
        assert_eq!(session.replay(3).map(Iterator::count), Ok(0));
    }
}

#[test]
fn an_invalid_session_may_identify_on_the_same_socket() {
    let now = Instant::now();
    let mut session = greeted(now);
    let resume = r#"{"op":6,"d":{"token":"t","session_id":"gone","seq":5}}"#;
    assert_eq!(says(&mut session, now, resume), ["resume gone 5"]);
    session.handle(now, Input::Invalid);
    assert_eq!(drain(&mut session), [r#"{"op":9,"d":false,"s":null,"t":null}"#]);
    assert_eq!(
        says(&mut session, now, r#"{"op":2,"d":{"token":"t","intents":1}}"#),
        ["identify t"]
    );
    session.handle(now, Input::Refused(4004));
    assert_eq!(drain(&mut session), ["close 4004"]);
}
