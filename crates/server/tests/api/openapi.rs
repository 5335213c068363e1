//! The description of our namespace: served, and true of what is answered.

use serde_json::{Value, json};

use crate::town::Town;

/// What the document says of a path's answer, with all that it refers to.
fn schema(document: &Value, path: &str, method: &str, status: &str) -> Value {
    let answer = &document["paths"][path][method]["responses"][status];
    let mut schema = answer["content"]["application/json"]["schema"].clone();
    assert!(schema.is_object(), "{method} {path} {status}: {answer}");
    schema["components"] = document["components"].clone();
    schema
}

#[tokio::test]
async fn answers_are_as_the_document_says() {
    let town = Town::new().await;
    let document = town.nobody().get("/osc/v1/openapi.json").await;
    assert_eq!((document.status, &document["openapi"]), (200, &json!("3.1.0")));
    let [alice, bob] = town.accounts(["alice", "bob"]).await;
    alice.found_guild_with(&[&bob]).await;
    alice.post("/osc/v1/relationships", json!({ "username": "bob" })).await;
    alice.post("/users/@me/channels", json!({ "recipient_id": bob.id })).await;
    for (path, asked) in [
        ("/sessions", "/sessions".to_owned()),
        ("/directory", "/directory".to_owned()),
        ("/relationships", "/relationships".to_owned()),
        ("/users/@me/channels", "/users/@me/channels".to_owned()),
        ("/users/{user}/profile", format!("/users/{}/profile", bob.id)),
        ("/bots", "/bots".to_owned()),
    ] {
        let answer = alice.get(&format!("/osc/v1{asked}")).await;
        let schema = schema(&document.body, path, "get", "200");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let faults: Vec<_> = validator.iter_errors(&answer.body).map(|e| e.to_string()).collect();
        assert!(faults.is_empty(), "{path}: {faults:?}\n{answer}");
    }
    town.close().await;
}
