//! Reactions: counted once each, told to all, gone with the message.

use crate::town::Town;

/// 🦀, as it stands in a path.
const CRAB: &str = "%F0%9F%A6%80";

#[tokio::test]
async fn a_reaction_counts_once_and_is_told_to_all() {
    let town = Town::new().await;
    let [alice, bob, eve] = town.people(["alice", "bob", "eve"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    alice.opens(&lobby.general).await;
    bob.opens(&lobby.general).await;
    let id = alice.say(&lobby.general, "hi").await;
    let message = format!("/channels/{}/messages/{id}", lobby.general);
    let mine = format!("{message}/reactions/{CRAB}/@me");

    for _ in 0..2 {
        assert_eq!(bob.put_nothing(&mine).await.status, 204);
    }
    assert_eq!(alice.put_nothing(&mine).await.status, 204);
    assert_eq!(eve.put_nothing(&mine).await.no(), (404, 10003));
    assert_eq!(
        alice.saw().await,
        ["MESSAGE_CREATE", "MESSAGE_REACTION_ADD", "MESSAGE_REACTION_ADD"]
    );
    let read = bob.get(&message).await;
    assert_eq!(read["reactions"][0]["count"], 2);
    assert_eq!(read["reactions"][0]["me"], true);
    let who = bob.get(&format!("{message}/reactions/{CRAB}")).await.ids();
    assert_eq!(who.len(), 2);

    assert_eq!(bob.delete(&mine).await.status, 204);
    let of_alice = format!("{message}/reactions/{CRAB}/{}", alice.id);
    assert_eq!(bob.delete(&of_alice).await.no(), (403, 50013));
    assert_eq!(bob.get(&message).await["reactions"][0]["me"], false);
    town.close().await;
}

#[tokio::test]
async fn managers_clear_reactions_of_one_emoji_or_all() {
    let town = Town::new().await;
    let [alice, bob] = town.people(["alice", "bob"]).await;
    let lobby = alice.found_guild_with(&[&bob]).await;
    bob.opens(&lobby.general).await;
    let id = alice.say(&lobby.general, "hi").await;
    let reactions = format!("/channels/{}/messages/{id}/reactions", lobby.general);
    for emoji in ["%F0%9F%A6%80", "%F0%9F%8E%89", "%E2%9D%A4%EF%B8%8F"] {
        assert_eq!(bob.put_nothing(&format!("{reactions}/{emoji}/@me")).await.status, 204);
    }
    bob.saw().await;
    assert_eq!(bob.delete(&reactions).await.no(), (403, 50013));
    assert_eq!(alice.delete(&format!("{reactions}/{CRAB}")).await.status, 204);
    assert_eq!(alice.delete(&reactions).await.status, 204);
    assert_eq!(bob.saw().await, ["MESSAGE_REACTION_REMOVE_EMOJI", "MESSAGE_REACTION_REMOVE_ALL"]);
    let read = bob.get(&format!("/channels/{}/messages/{id}", lobby.general)).await;
    assert!(read["reactions"].as_array().is_none_or(Vec::is_empty), "{read}");
    town.close().await;
}

#[tokio::test]
async fn what_is_no_emoji_is_refused() {
    let town = Town::new().await;
    let [alice] = town.people(["alice"]).await;
    let lobby = alice.found_guild_with(&[]).await;
    let id = alice.say(&lobby.general, "hi").await;
    let reactions = format!("/channels/{}/messages/{id}/reactions", lobby.general);
    for bad in ["x", "%3Cscript%3E", "%00", "a%20b", "name:0", "name:x", "%E2%80%AE"] {
        let answer = alice.put_nothing(&format!("{reactions}/{bad}/@me")).await;
        assert_eq!(answer.status / 100, 4, "{bad}: {answer}");
    }
    let missing = format!("/channels/{}/messages/7/reactions/{CRAB}/@me", lobby.general);
    assert_eq!(alice.put_nothing(&missing).await.no(), (404, 10008));
    assert_eq!(alice.saw().await, ["MESSAGE_CREATE"]);
    town.close().await;
}
