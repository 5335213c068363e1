//! Channels: direct messages, typing, how far one has read.

use hyper::Method;
use proto::{Id, channel::Channel, marker, osc::ReadState};
use serde_json::json;

use super::{Body, Rest};
use crate::Error;

impl Rest {
    pub async fn channel(&self, channel: Id<marker::Channel>) -> Result<Channel, Error> {
        self.ask(Method::GET, &format!("/channels/{channel}"), Body::none()).await
    }

    /// The conversation with somebody.
    pub async fn open_dm(&self, with: Id<marker::User>) -> Result<Channel, Error> {
        let body = Body::json(&json!({ "recipient_id": with }))?;
        self.ask(Method::POST, "/users/@me/channels", body).await
    }

    /// Shows the others for some seconds that I write.
    pub async fn type_in(&self, channel: Id<marker::Channel>) -> Result<(), Error> {
        self.order(Method::POST, &format!("/channels/{channel}/typing"), Body::none()).await
    }

    /// I have read as far as this message.
    pub async fn mark_read(
        &self,
        channel: Id<marker::Channel>,
        message: Id<marker::Message>,
    ) -> Result<ReadState, Error> {
        let body = Body::json(&json!({ "message_id": message }))?;
        self.ask(Method::PUT, &format!("/osc/v1/channels/{channel}/read"), body).await
    }
}
