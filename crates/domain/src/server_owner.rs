//! The owner of this server: whoever opened the one-time link that its operator printed.
//!
//! Owning the server is not being administrator of rooms (decision 12).

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use proto::{Code, Id, gateway::Dispatch, marker};

use crate::{
    Actor, App,
    bus::Event,
    login,
    reject::{Error, Reject, Result, no},
    render,
    rows::{MetaRow, SecretPurpose, SecretRow, UserKind},
    store::{Batch, Entity as _, Row, Scan, Table, Value},
};

/// Name of the meta row.
pub(crate) const NAME: &str = "server_owner";
/// A link is good for a day.
const LINK_MS: i64 = 86_400_000;

/// A link as the operator hands it on: the secret stands in the fragment, which browsers do not
/// send and servers do not log.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Link {
    pub secret: String,
    pub url: String,
}

/// Who owns this server.
pub async fn get(app: &App) -> Result<Option<Id<marker::User>>> {
    let changes = match app.cache.logins.server_owner() {
        Ok(owner) => return Ok(owner),
        Err(changes) => changes,
    };
    let row: Option<MetaRow> = app.disk.get(NAME).await?;
    let owner = row.and_then(|row| row.value.as_str().and_then(|id| id.parse().ok()));
    app.cache.logins.keep_server_owner(owner, changes);
    Ok(owner)
}

pub(crate) fn is_row(table: &Table, row: &Row) -> bool {
    let name = row.key.first();
    table.name == MetaRow::TABLE.name && name.is_some_and(|n| *n == Value::from(NAME))
}

/// Makes the link; those made before stop working. For who has the machine.
pub async fn make_link(app: &App) -> Result<Link> {
    make_secret(app, SecretPurpose::Owner, "/owner").await
}

/// A one-time secret for this purpose; earlier ones for it end.
pub(crate) async fn make_secret(app: &App, purpose: SecretPurpose, path: &str) -> Result<Link> {
    let secret = BASE64.encode(app.random::<32>());
    let row = SecretRow {
        digest: login::digest(&secret),
        purpose: purpose.clone(),
        expires_at: app.clock.now().plus_ms(LINK_MS),
    };
    let lane = app.lane_named("secrets", ()).await;
    let before: Vec<SecretRow> = app.store.scan(Scan::of::<SecretRow>()).await?;
    let before = before.iter().filter(|before| before.purpose == purpose);
    let batch = before.fold(Batch::new().insert(&row), |batch, before| {
        batch.delete::<SecretRow>(before.digest.as_str())
    });
    lane.enqueue(batch, Vec::new()).durable().await?;
    let url = format!("{}{path}#{secret}", app.policy.public_url);
    Ok(Link { secret, url })
}

/// The secret's row, if it is still good and meant for this.
pub(crate) async fn good_secret(app: &App, secret: &str) -> Result<SecretRow> {
    let row: Option<SecretRow> = app.store.get(login::digest(secret)).await?;
    match row.filter(|row| row.expires_at > app.clock.now()) {
        Some(row) => Ok(row),
        None => no(Reject::Refused(Code::SECRET_GONE)),
    }
}

/// A lost race for a secret: somebody else used it.
pub(crate) fn used_up(result: Result<()>) -> Result<()> {
    match result {
        Err(Error::Reject(Reject::Conflict(_))) => no(Reject::Refused(Code::SECRET_GONE)),
        other => other,
    }
}

/// The actor opened the link and clicked.
pub async fn become_owner(app: &App, actor: &Actor, secret: &str) -> Result<()> {
    actor.account()?;
    let lane = app.lane_named("server_owner", ()).await;
    let row = good_secret(app, secret).await?;
    if row.purpose != SecretPurpose::Owner {
        return no(Reject::Refused(Code::SECRET_GONE));
    }
    let before = get(app).await?;
    let owner = MetaRow { name: NAME.to_owned(), value: actor.user.to_string().into() };
    let batch = Batch::new().expect(&row).delete::<SecretRow>(row.digest.as_str()).put(&owner);
    let mut events = Vec::new();
    for user in before.into_iter().filter(|user| *user != actor.user).chain([actor.user]) {
        let row = app.user(user).await?;
        if row.kind != UserKind::Deleted {
            let current = render::current_user(app, &row, user == actor.user);
            events.push(Event::to_users([user], Dispatch::UserUpdate(Box::new(current))));
        }
    }
    used_up(lane.enqueue(batch, events).durable().await)
}

/// Says no to everybody but the owner.
pub fn require(actor: &Actor) -> Result<()> {
    if actor.server_owner { Ok(()) } else { no(Reject::Refused(Code::NOT_SERVER_OWNER)) }
}
