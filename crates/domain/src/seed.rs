//! Many guests in a room at once: for load tests and benches.

use proto::{Id, guild::Visibility, marker, osc::CreateGuild};

use crate::{
    Actor, App, guest, guild, login, name,
    reject::{Reject, Result, no},
    rows::{MemberRow, UserKind},
    store::Batch,
};

/// Guests written in one batch.
const PIECE: usize = 500;
/// More than any test needs, less than what fills a disk by mistake.
const MOST: usize = 1_000_000;

/// What a load test needs to begin.
#[derive(Debug, serde::Serialize)]
pub struct Seeded {
    pub guild_id: Id<marker::Guild>,
    /// #general.
    pub channel_id: Id<marker::Channel>,
    /// One of each guest, the owner of the room first.
    #[serde(skip)]
    pub tokens: Vec<String>,
}

/// Makes so many guests who are members of a new public room.
pub async fn guests(app: &App, count: usize, guild_name: &str) -> Result<Seeded> {
    if !(1..=MOST).contains(&count) {
        return no(Reject::field("guests", "NUMBER_TYPE_RANGE", format!("1 to {MOST} guests.")));
    }
    name::display("guild", guild_name, app.limits.name_length)?;
    let mut tokens = Vec::with_capacity(count);
    let owner = guest::new_row(app, "Guest 1".to_owned());
    let (login, token) = login::issue(app, owner.id, "seed");
    tokens.push(token);
    let lane = app.lane_user(owner.id).await;
    let batch = Batch::new().insert(&owner).insert(&login);
    lane.enqueue(batch, Vec::new()).durable().await?;
    let actor =
        Actor { user: owner.id, kind: UserKind::Guest, login: login.id, server_owner: false };
    let draft = CreateGuild {
        name: guild_name.to_owned(),
        visibility: Visibility::Public,
        description: None,
        icon: None,
        guests_write: None,
    };
    let room = guild::create(app, &actor, draft).await?;
    while tokens.len() < count {
        let piece = (count - tokens.len()).min(PIECE);
        fill(app, room.id, piece, &mut tokens).await?;
    }
    let state = app.guild(room.id).await?;
    let channel_id = state.read().channels.keys().next().copied();
    let Some(channel_id) = channel_id else {
        return no(Reject::Unknown(proto::Code::UNKNOWN_CHANNEL));
    };
    Ok(Seeded { guild_id: room.id, channel_id, tokens })
}

/// Nobody is told: those who were there learn of it when they ask for members.
async fn fill(
    app: &App,
    guild: Id<marker::Guild>,
    count: usize,
    tokens: &mut Vec<String>,
) -> Result<()> {
    let lane = app.lane_guild(guild).await;
    let mut batch = Batch::new();
    for _ in 0..count {
        let guest = guest::new_row(app, format!("Guest {}", tokens.len() + 1));
        let (login, token) = login::issue(app, guest.id, "seed");
        let member = MemberRow {
            guild_id: guild,
            user_id: guest.id,
            nick: None,
            roles: Vec::new(),
            joined_at: app.clock.now(),
            timed_out_until: None,
            deaf: false,
            mute: false,
            guest: true,
            quarantined: false,
        };
        batch = batch.insert(&guest).insert(&login).insert(&member);
        tokens.push(token);
    }
    lane.enqueue(batch, Vec::new()).durable().await
}
