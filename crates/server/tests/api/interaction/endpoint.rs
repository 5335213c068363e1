//! Interactions that go to an application's own endpoint, signed.

use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};

use super::Stage;
use crate::town::{PATIENCE, Town};

/// A small web server of a bot: it checks the signature of what comes, and answers.
async fn serve(key: Option<Vec<u8>>) -> (String, mpsc::UnboundedReceiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/interactions", listener.local_addr().expect("an address"));
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(take(stream, key.clone(), tell.clone()));
        }
    });
    (url, told)
}

async fn take(mut stream: TcpStream, key: Option<Vec<u8>>, tell: mpsc::UnboundedSender<Value>) {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.expect("a request") == 0 {
            return;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let header = |name: &str| {
        let rest = head.split(&format!("{name}: ")).nth(1).expect("the header");
        rest.lines().next().expect("a line").trim().to_owned()
    };
    let length: usize = header("content-length").parse().expect("a length");
    while bytes.len() < end + length {
        stream.read_buf(&mut bytes).await.expect("a body");
    }
    let body = &bytes[end..];
    let signed = [header("x-signature-timestamp").as_bytes(), body].concat();
    let signature = unhex(&header("x-signature-ed25519"));
    let checked = key.map(|key| UnparsedPublicKey::new(&ED25519, key).verify(&signed, &signature));
    let (status, answer) = match checked.unwrap_or(Ok(())) {
        Err(_) => ("401 Unauthorized", json!({})),
        Ok(()) => {
            let interaction: Value = serde_json::from_slice(body).expect("JSON");
            let answer = match interaction["type"].as_u64() {
                Some(1) => json!({ "type": 1 }),
                _ => json!({ "type": 4, "data": { "content": "by post" } }),
            };
            let _ = tell.send(interaction);
            ("200 OK", answer)
        }
    };
    let answer = answer.to_string();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        answer.len()
    );
    let _ = stream.write_all(format!("{head}{answer}").as_bytes()).await;
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = (0..text.len()).step_by(2).map(|at| &text[at..at + 2]);
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hex")).collect()
}

#[tokio::test]
async fn an_endpoint_gets_what_is_signed_and_answers_in_its_answer() {
    let town = Town::with(|config| config.outbound_private = true).await;
    let stage = Stage::with(town).await;
    let command = stage.command(json!({ "name": "post", "description": "x" })).await;
    let at = format!("/osc/v1/bots/{}/endpoint", stage.app);
    let key = stage.alice.put(&at, json!({ "url": null })).await;
    let key = key["verify_key"].as_str().expect("a key").to_owned();
    assert_eq!(key.len(), 64);
    assert_eq!(stage.bob.put(&at, json!({ "url": null })).await.no(), (404, 10_013));
    for wrong in ["http://127.0.0.1:1/", "nowhere", "https://me@example.org/"] {
        let no = stage.alice.put(&at, json!({ "url": wrong })).await;
        assert_eq!(no.no(), (400, 50_035), "{wrong}: {no}");
    }
    // One that takes every signature is not taken.
    let (careless, _told) = serve(None).await;
    assert_eq!(stage.alice.put(&at, json!({ "url": careless })).await.no(), (400, 50_035));
    let (url, mut told) = serve(Some(unhex(&key))).await;
    let set = stage.alice.put(&at, json!({ "url": url })).await;
    assert_eq!((set.status, &set["url"]), (200, &json!(url)), "{set}");
    let ping = timeout(PATIENCE, told.recv()).await.expect("in time").expect("a ping");
    assert_eq!(ping["type"], 1);
    stage.bob.saw().await;
    let path = format!("/osc/v1/channels/{}/interactions", stage.lobby.general);
    let done = stage.alice.post(&path, stage.use_of(&command, json!([]))).await;
    assert_eq!(done["state"], "answered", "{done}");
    let got = timeout(PATIENCE, told.recv()).await.expect("in time").expect("an interaction");
    assert_eq!((&got["type"], &got["data"]["name"]), (&json!(2), &json!("post")));
    assert_eq!(stage.bob.heard().await[0].1["content"], "by post");
    assert!(!stage.bot.saw().await.contains(&"INTERACTION_CREATE"), "one way or the other");
    stage.town.close().await;
}
