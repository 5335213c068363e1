//! People one knows: friends, blocks, profiles, groups, and what one is told of.

use hyper::Method;
use proto::{
    Id,
    channel::Channel,
    marker,
    osc::{NotificationSetting, Profile, Relationship},
};
use serde_json::{Value, json};

use super::{Body, Rest};
use crate::Error;

impl Rest {
    pub async fn relationships(&self) -> Result<Vec<Relationship>, Error> {
        self.ask(Method::GET, "/osc/v1/relationships", Body::none()).await
    }

    /// Asks whoever has this username to be a friend.
    pub async fn befriend(&self, username: &str) -> Result<Relationship, Error> {
        let body = Body::json(&json!({ "username": username }))?;
        self.ask(Method::POST, "/osc/v1/relationships", body).await
    }

    /// `osc::FRIEND` asks or agrees, `osc::BLOCKED` blocks.
    pub async fn put_relationship(
        &self,
        user: Id<marker::User>,
        kind: u8,
    ) -> Result<Relationship, Error> {
        let body = Body::json(&json!({ "type": kind }))?;
        self.ask(Method::PUT, &format!("/osc/v1/relationships/{user}"), body).await
    }

    pub async fn remove_relationship(&self, user: Id<marker::User>) -> Result<(), Error> {
        self.order(Method::DELETE, &format!("/osc/v1/relationships/{user}"), Body::none()).await
    }

    pub async fn profile(&self, user: Id<marker::User>) -> Result<Profile, Error> {
        self.ask(Method::GET, &format!("/osc/v1/users/{user}/profile"), Body::none()).await
    }

    /// A conversation of several.
    pub async fn open_group(&self, with: &[Id<marker::User>]) -> Result<Channel, Error> {
        let body = Body::json(&json!({ "recipients": with }))?;
        self.ask(Method::POST, "/users/@me/channels", body).await
    }

    pub async fn add_recipient(
        &self,
        group: Id<marker::Channel>,
        user: Id<marker::User>,
    ) -> Result<(), Error> {
        let path = format!("/channels/{group}/recipients/{user}");
        self.order(Method::PUT, &path, Body::none()).await
    }

    /// Takes somebody out of a group, or oneself.
    pub async fn remove_recipient(
        &self,
        group: Id<marker::Channel>,
        user: Id<marker::User>,
    ) -> Result<(), Error> {
        let path = format!("/channels/{group}/recipients/{user}");
        self.order(Method::DELETE, &path, Body::none()).await
    }

    /// Sets what a room or a channel tells: `level`, `muted`, `muted_until`.
    pub async fn set_notification(
        &self,
        target: Id<marker::Target>,
        change: &Value,
    ) -> Result<NotificationSetting, Error> {
        let path = format!("/osc/v1/notifications/{target}");
        self.ask(Method::PUT, &path, Body::json(change)?).await
    }
}
