//! Rooms: the directory, making, joining, leaving, and who is in them.

use hyper::Method;
use proto::{
    Id,
    channel::Channel,
    guild::{Guild, PartialGuild, Visibility},
    invite::Invite,
    marker,
    member::Member,
    osc::{Directory, Preview},
    role::Role,
};
use serde_json::{Value, json};

use super::{Body, Rest};
use crate::Error;

impl Rest {
    /// Public rooms; `after` is `next` of the page before.
    pub async fn directory(&self, query: &str, after: Option<&str>) -> Result<Directory, Error> {
        let mut path = format!("/osc/v1/directory?q={}", escape(query));
        if let Some(after) = after {
            path.push_str(&format!("&after={}", escape(after)));
        }
        self.ask(Method::GET, &path, Body::none()).await
    }

    /// What anybody may read of a public room.
    pub async fn preview(&self, guild: Id<marker::Guild>) -> Result<Preview, Error> {
        self.ask(Method::GET, &format!("/osc/v1/guilds/{guild}/preview"), Body::none()).await
    }

    pub async fn create_guild(&self, name: &str, visibility: Visibility) -> Result<Guild, Error> {
        let body = Body::json(&json!({ "name": name, "visibility": visibility }))?;
        self.ask(Method::POST, "/osc/v1/guilds", body).await
    }

    pub async fn delete_guild(&self, guild: Id<marker::Guild>) -> Result<(), Error> {
        self.order(Method::DELETE, &format!("/osc/v1/guilds/{guild}"), Body::none()).await
    }

    /// Joins a public room.
    pub async fn join_guild(&self, guild: Id<marker::Guild>) -> Result<(), Error> {
        let path = format!("/osc/v1/guilds/{guild}/join");
        self.order(Method::POST, &path, Body::json(&json!({}))?).await
    }

    pub async fn leave_guild(&self, guild: Id<marker::Guild>) -> Result<(), Error> {
        self.order(Method::DELETE, &format!("/users/@me/guilds/{guild}"), Body::none()).await
    }

    /// The rooms I am in.
    pub async fn current_guilds(&self) -> Result<Vec<PartialGuild>, Error> {
        self.ask(Method::GET, "/users/@me/guilds", Body::none()).await
    }

    pub async fn guild(&self, guild: Id<marker::Guild>) -> Result<Guild, Error> {
        self.ask(Method::GET, &format!("/guilds/{guild}"), Body::none()).await
    }

    /// Those I may see.
    pub async fn guild_channels(&self, guild: Id<marker::Guild>) -> Result<Vec<Channel>, Error> {
        self.ask(Method::GET, &format!("/guilds/{guild}/channels"), Body::none()).await
    }

    pub async fn create_channel(
        &self,
        guild: Id<marker::Guild>,
        draft: &Value,
    ) -> Result<Channel, Error> {
        let path = format!("/guilds/{guild}/channels");
        self.ask(Method::POST, &path, Body::json(draft)?).await
    }

    pub async fn create_role(
        &self,
        guild: Id<marker::Guild>,
        draft: &Value,
    ) -> Result<Role, Error> {
        self.ask(Method::POST, &format!("/guilds/{guild}/roles"), Body::json(draft)?).await
    }

    /// One page of members, in the order of their ids.
    pub async fn members(
        &self,
        guild: Id<marker::Guild>,
        after: Option<Id<marker::User>>,
        limit: usize,
    ) -> Result<Vec<Member>, Error> {
        let mut path = format!("/guilds/{guild}/members?limit={limit}");
        if let Some(after) = after {
            path.push_str(&format!("&after={after}"));
        }
        self.ask(Method::GET, &path, Body::none()).await
    }

    /// Takes somebody out of a room; they may come back.
    pub async fn kick(
        &self,
        guild: Id<marker::Guild>,
        user: Id<marker::User>,
    ) -> Result<(), Error> {
        self.order(Method::DELETE, &format!("/guilds/{guild}/members/{user}"), Body::none()).await
    }

    /// Takes somebody out of a room for good.
    pub async fn ban(&self, guild: Id<marker::Guild>, user: Id<marker::User>) -> Result<(), Error> {
        let path = format!("/guilds/{guild}/bans/{user}");
        self.order(Method::PUT, &path, Body::json(&json!({}))?).await
    }

    pub async fn create_invite(
        &self,
        channel: Id<marker::Channel>,
        draft: &Value,
    ) -> Result<Invite, Error> {
        let path = format!("/channels/{channel}/invites");
        self.ask(Method::POST, &path, Body::json(draft)?).await
    }

    /// Joins the room that an invite leads to.
    pub async fn join_by_invite(&self, code: &str) -> Result<(), Error> {
        let path = format!("/osc/v1/invites/{}/join", escape(code));
        self.order(Method::POST, &path, Body::json(&json!({}))?).await
    }
}

/// Percent-encodes all that is not plain in a path or a query.
pub fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let escaped = text.bytes().map(|byte| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    escaped.collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_in_a_query_is_escaped() {
        assert_eq!(super::escape("a b&c=é/1"), "a%20b%26c%3D%C3%A9%2F1");
    }
}
