//! Search among messages.
//! <https://discord.com/developers/docs/resources/message#search-guild-messages>

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use domain::{App, search};
use proto::{Id, marker, search::SearchQuery};

use super::{
    Error, Reply, Routes,
    extract::{Actor, Path, Query},
};

pub fn routes() -> Routes {
    let osc = Routes::osc().get("/channels/{channel}/messages/search", of_channel);
    Routes::v10().get("/guilds/{guild}/messages/search", of_guild).merge(osc)
}

/// Search Guild Messages.
async fn of_guild(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(guild): Path<Id<marker::Guild>>,
    Query(query): Query<SearchQuery>,
) -> Result<Response, Error> {
    Ok(answered(search::guild(&app, &actor, guild, query).await?))
}

/// The same in one conversation.
async fn of_channel(
    State(app): State<Arc<App>>,
    Actor(actor): Actor,
    Path(channel): Path<Id<marker::Channel>>,
    Query(query): Query<SearchQuery>,
) -> Result<Response, Error> {
    Ok(answered(search::channel(&app, &actor, channel, query).await?))
}

fn answered(answer: search::Answer) -> Response {
    match answer {
        search::Answer::Found(found) => Reply::ok(found).into_response(),
        search::Answer::NotReady(wait) => Reply::accepted(wait).into_response(),
    }
}
