//! The directory of public rooms; no login.

use std::sync::Arc;

use axum::extract::State;
use domain::{App, directory};
use proto::osc::Directory;
use serde::Deserialize;

use super::{Answer, Reply, Routes, extract::Query};

pub fn routes() -> Routes {
    Routes::osc().get("/directory", list)
}

#[derive(Deserialize)]
struct Page {
    q: Option<String>,
    #[serde(default)]
    sort: directory::Order,
    limit: Option<usize>,
    after: Option<String>,
}

/// A page of rooms, those with people and activity first unless asked otherwise.
async fn list(State(app): State<Arc<App>>, Query(page): Query<Page>) -> Answer<Directory> {
    let Page { q, sort, limit, after } = page;
    Ok(Reply::ok(directory::list(&app, q.as_deref(), sort, limit, after.as_deref()).await?))
}
