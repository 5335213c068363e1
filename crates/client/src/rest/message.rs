//! Messages: send, edit, delete, read, react.

use hyper::Method;
use proto::{
    Id, marker,
    message::{Message, Pins},
};
use serde_json::{Value, json};

use super::{Body, File, Rest, guild::escape};
use crate::Error;

impl Rest {
    /// Sends text. With a nonce it can be sent again when no answer came: it names one message.
    pub async fn send_message(
        &self,
        channel: Id<marker::Channel>,
        content: &str,
        nonce: Option<&str>,
    ) -> Result<Message, Error> {
        let mut draft = json!({ "content": content });
        if let Some(nonce) = nonce {
            draft["nonce"] = nonce.into();
        }
        self.create_message(channel, &draft).await
    }

    /// Sends whatever a message can hold.
    pub async fn create_message(
        &self,
        channel: Id<marker::Channel>,
        draft: &Value,
    ) -> Result<Message, Error> {
        let path = format!("/channels/{channel}/messages");
        self.ask(Method::POST, &path, Body::json(draft)?).await
    }

    /// Sends files with a message.
    pub async fn upload(
        &self,
        channel: Id<marker::Channel>,
        draft: &Value,
        files: &[File],
    ) -> Result<Message, Error> {
        let path = format!("/channels/{channel}/messages");
        self.ask(Method::POST, &path, Body::form(draft, files)?).await
    }

    pub async fn message(
        &self,
        channel: Id<marker::Channel>,
        message: Id<marker::Message>,
    ) -> Result<Message, Error> {
        self.ask(Method::GET, &format!("/channels/{channel}/messages/{message}"), Body::none())
            .await
    }

    /// Newest first, at most 100; before a message or from the end.
    pub async fn messages(
        &self,
        channel: Id<marker::Channel>,
        before: Option<Id<marker::Message>>,
        limit: usize,
    ) -> Result<Vec<Message>, Error> {
        let mut path = format!("/channels/{channel}/messages?limit={limit}");
        if let Some(before) = before {
            path.push_str(&format!("&before={before}"));
        }
        self.ask(Method::GET, &path, Body::none()).await
    }

    pub async fn edit_message(
        &self,
        channel: Id<marker::Channel>,
        message: Id<marker::Message>,
        content: &str,
    ) -> Result<Message, Error> {
        let body = Body::json(&json!({ "content": content }))?;
        self.ask(Method::PATCH, &format!("/channels/{channel}/messages/{message}"), body).await
    }

    pub async fn delete_message(
        &self,
        channel: Id<marker::Channel>,
        message: Id<marker::Message>,
    ) -> Result<(), Error> {
        let path = format!("/channels/{channel}/messages/{message}");
        self.order(Method::DELETE, &path, Body::none()).await
    }

    /// Reacts with an emoji, or with `name:id`.
    pub async fn react(
        &self,
        channel: Id<marker::Channel>,
        message: Id<marker::Message>,
        emoji: &str,
    ) -> Result<(), Error> {
        self.order(Method::PUT, &reaction(channel, message, emoji), Body::none()).await
    }

    pub async fn unreact(
        &self,
        channel: Id<marker::Channel>,
        message: Id<marker::Message>,
        emoji: &str,
    ) -> Result<(), Error> {
        self.order(Method::DELETE, &reaction(channel, message, emoji), Body::none()).await
    }

    pub async fn pin(
        &self,
        channel: Id<marker::Channel>,
        message: Id<marker::Message>,
    ) -> Result<(), Error> {
        let path = format!("/channels/{channel}/messages/pins/{message}");
        self.order(Method::PUT, &path, Body::none()).await
    }

    pub async fn unpin(
        &self,
        channel: Id<marker::Channel>,
        message: Id<marker::Message>,
    ) -> Result<(), Error> {
        let path = format!("/channels/{channel}/messages/pins/{message}");
        self.order(Method::DELETE, &path, Body::none()).await
    }

    /// The newest pins.
    pub async fn pins(&self, channel: Id<marker::Channel>) -> Result<Pins, Error> {
        self.ask(Method::GET, &format!("/channels/{channel}/messages/pins"), Body::none()).await
    }
}

fn reaction(channel: Id<marker::Channel>, message: Id<marker::Message>, emoji: &str) -> String {
    let emoji = escape(emoji);
    format!("/channels/{channel}/messages/{message}/reactions/{emoji}/@me")
}
