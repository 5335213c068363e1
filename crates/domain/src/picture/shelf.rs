//! Where pictures lie: one of each owner's, changed one at a time, gone when nobody shows it.
//!
//! A blob is named after its owner and its hash: what one row shows decides alone whether it goes.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use bytes::Bytes;
use proto::{Id, marker};
use tokio::sync::{Mutex, MutexGuard};

use super::{check, full, moves};
use crate::{
    App,
    reject::Result,
    rows::{ChannelRow, GuildRow, UserRow, WebhookRow},
    store::Scan,
    tries::Tries,
};

/// Owners who share a turn wait for each other: this many seldom do.
const TURNS: usize = 64;

/// Whose turn it is to change a picture, and how often people did.
pub struct Shelf {
    turns: [Mutex<()>; TURNS],
    changes: Tries,
    uploads: Tries,
}

impl Default for Shelf {
    fn default() -> Self {
        Self {
            turns: std::array::from_fn(|_| Mutex::default()),
            changes: Tries::default(),
            uploads: Tries::default(),
        }
    }
}

/// `avatar` is a person's, `icon` a room's or a group's, `emoji` a custom emoji's own.
pub type Kind = &'static str;

/// Held while somebody's picture changes: from before its blob is written until what it replaces is
/// gone. Taken before any lane.
pub(crate) struct Turn<'a> {
    app: &'a App,
    kind: Kind,
    owner: u64,
    /// Hashes that nobody may show afterwards.
    doubtful: Vec<String>,
    _turn: MutexGuard<'a, ()>,
}

pub(crate) async fn turn<T>(app: &App, kind: Kind, owner: Id<T>) -> Result<Turn<'_>> {
    let owner = owner.get();
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let at = hasher.hash_one(owner) as usize % TURNS;
    let turn = app.cache.pictures.turns[at].lock().await;
    let doubtful = shown(app, kind, owner).await?.into_iter().collect();
    Ok(Turn { app, kind, owner, doubtful, _turn: turn })
}

impl Turn<'_> {
    /// Keeps a picture that came as a data URI and answers its hash.
    pub async fn keep(&mut self, by: Id<marker::User>, data_uri: &str) -> Result<String> {
        let app = self.app;
        let (hash, bytes) = check(self.kind, data_uri, app.limits.picture_bytes)?;
        let most = app.limits.picture_changes_per_10min;
        app.cache.pictures.changes.count(app.clock.now(), most, &by.to_string())?;
        self.write(hash, bytes).await
    }

    /// Keeps the picture of an emoji; answers its hash and whether it moves.
    pub async fn keep_emoji(
        &mut self,
        by: Id<marker::User>,
        data_uri: &str,
    ) -> Result<(String, bool)> {
        let app = self.app;
        let (hash, bytes) = check("image", data_uri, app.limits.emoji_bytes)?;
        let most = app.limits.emoji_uploads_per_10min;
        app.cache.pictures.uploads.count(app.clock.now(), most, &by.to_string())?;
        let moves = moves(&bytes);
        Ok((self.write(hash, bytes).await?, moves))
    }

    async fn write(&mut self, hash: String, bytes: Vec<u8>) -> Result<String> {
        let app = self.app;
        let name = name(self.kind, self.owner, &hash);
        self.doubtful.push(hash.clone());
        if app.blobs.size(&name).await?.is_none() {
            let mut draft = app.blobs.begin().await?;
            draft.append(Bytes::from(bytes)).await.map_err(full)?;
            draft.finish(&name).await.map_err(full)?;
        }
        Ok(hash)
    }

    /// After the change, whether or not it came to be: removes what its owner does not show.
    pub async fn settle(self) {
        if let Err(fault) = self.remove_unseen().await {
            // What is left is found by the sweep.
            tracing::warn!(error = ?fault, "cannot remove a picture that was replaced");
        }
    }

    async fn remove_unseen(&self) -> Result<usize> {
        let shown = shown(self.app, self.kind, self.owner).await?;
        let mut gone = 0;
        for hash in self.doubtful.iter().filter(|hash| Some(*hash) != shown.as_ref()) {
            self.app.blobs.remove(&name(self.kind, self.owner, hash)).await?;
            gone += 1;
        }
        Ok(gone)
    }
}

/// Removes the picture of an emoji whose row is gone.
pub(crate) async fn remove_emoji(app: &App, row: &crate::rows::EmojiRow) {
    if let Err(fault) = app.blobs.remove(&name("emoji", row.id.get(), &row.hash)).await {
        // What is left is found by the sweep.
        tracing::warn!(error = ?fault, "cannot remove the picture of an emoji");
    }
}

fn name(kind: &str, owner: u64, hash: &str) -> String {
    format!("{kind}/{owner}/{hash}")
}

/// The blob of a picture, if there is one.
pub async fn find(app: &App, kind: Kind, owner: u64, hash: &str) -> Result<Option<String>> {
    // Those that are older than their owners' names in them lie one folder up.
    for name in [name(kind, owner, hash), format!("{kind}/{hash}")] {
        if app.blobs.size(&name).await?.is_some() {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// What the row of the owner says, pending changes too.
async fn shown(app: &App, kind: Kind, owner: u64) -> Result<Option<String>> {
    let (Some(user), Some(guild)) =
        (Id::<marker::User>::new(owner), Id::<marker::Guild>::new(owner))
    else {
        return Ok(None);
    };
    if kind == "avatar" {
        if let Some(row) = app.store.get::<UserRow>(user).await? {
            return Ok(row.avatar);
        }
        let webhook: Id<marker::Webhook> = user.cast();
        return Ok(app.store.get::<WebhookRow>(webhook).await?.and_then(|row| row.avatar));
    }
    if kind == "emoji" {
        let found = crate::emoji::find(app, guild.cast()).await?;
        return Ok(found.map(|row| row.hash));
    }
    if let Some(row) = app.store.get::<GuildRow>(guild).await? {
        return Ok(row.icon);
    }
    let group: Id<marker::Channel> = guild.cast();
    Ok(app.store.get::<ChannelRow>(group).await?.and_then(|row| row.icon))
}

/// Removes pictures that nobody shows, of all these blobs; how many.
pub(crate) async fn sweep(app: &App, names: &[String]) -> Result<usize> {
    let (mut gone, mut old) = (0, Vec::new());
    for blob in names {
        let mut parts = blob.split('/');
        let kind = match parts.next() {
            Some("avatar") => "avatar",
            Some("icon") => "icon",
            Some("emoji") => "emoji",
            _ => continue,
        };
        match (parts.next(), parts.next()) {
            (Some(owner), Some(hash)) => {
                let Ok(owner) = owner.parse::<Id<marker::User>>() else { continue };
                let mut turn = turn(app, kind, owner).await?;
                turn.doubtful.push(hash.to_owned());
                gone += turn.remove_unseen().await?;
            }
            (Some(_), None) => old.push(blob),
            _ => {}
        }
    }
    // No new ones of the old kind are made, so what no row shows now none will.
    if !old.is_empty() {
        let shown = all_shown(app).await?;
        for blob in old.into_iter().filter(|blob| !shown.contains(*blob)) {
            app.blobs.remove(blob).await?;
            gone += 1;
        }
    }
    Ok(gone)
}

/// What any row shows, as the blobs of old are named.
async fn all_shown(app: &App) -> Result<std::collections::HashSet<String>> {
    let mut shown = std::collections::HashSet::new();
    let mut page = Scan::of::<UserRow>();
    loop {
        let rows = app.disk.scan::<UserRow>(page.clone()).await?;
        shown
            .extend(rows.iter().filter_map(|row| Some(format!("avatar/{}", row.avatar.as_ref()?))));
        match rows.last() {
            Some(last) if rows.len() == page.limit => page = page.after(last.id),
            _ => break,
        }
    }
    let mut page = Scan::of::<GuildRow>();
    loop {
        let rows = app.disk.scan::<GuildRow>(page.clone()).await?;
        shown.extend(rows.iter().filter_map(|row| Some(format!("icon/{}", row.icon.as_ref()?))));
        match rows.last() {
            Some(last) if rows.len() == page.limit => page = page.after(last.id),
            _ => break,
        }
    }
    let mut page = Scan::of::<ChannelRow>();
    loop {
        let rows = app.disk.scan::<ChannelRow>(page.clone()).await?;
        shown.extend(rows.iter().filter_map(|row| Some(format!("icon/{}", row.icon.as_ref()?))));
        match rows.last() {
            Some(last) if rows.len() == page.limit => page = page.after(last.id),
            _ => return Ok(shown),
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use proto::{
        Limits, Patch,
        guild::{ModifyGuild, Visibility},
        osc::CreateGuild,
        user::ModifyCurrentUser,
    };

    use super::*;
    use crate::{
        Error, Reject, guild,
        rows::UserKind,
        store::Batch,
        testing::World,
        user::{self, Rooms},
    };

    /// A picture of so many pixels, as a data URI.
    fn uri(width: u32) -> String {
        let chunk = |kind: &[u8; 4], data: &[u8]| {
            [&(data.len() as u32).to_be_bytes()[..], kind, data, &[0; 4]].concat()
        };
        let header = [&width.to_be_bytes()[..], &2u32.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
        let parts =
            [chunk(b"IHDR", &header), chunk(b"IDAT", &[1, 2, 3]), chunk(b"IEND", &[])].concat();
        let bytes = [&b"\x89PNG\r\n\x1a\n"[..], &parts].concat();
        format!("data:image/png;base64,{}", BASE64_STANDARD.encode(bytes))
    }

    async fn shows(world: &World, actor: &crate::Actor, avatar: Patch<String>) -> Result<()> {
        let change = ModifyCurrentUser { avatar, ..Default::default() };
        user::modify(&world.app, actor, change).await.map(drop)
    }

    async fn blobs(world: &World) -> Vec<String> {
        world.app.blobs.list().await.unwrap()
    }

    #[tokio::test]
    async fn a_replaced_avatar_goes_and_others_like_it_stay() {
        let world = World::new().await;
        let [ann, bob] = [world.person("ann").await, world.person("bob").await];
        shows(&world, &ann, Patch::Value(uri(1))).await.unwrap();
        shows(&world, &bob, Patch::Value(uri(1))).await.unwrap();
        shows(&world, &ann, Patch::Value(uri(2))).await.unwrap();
        shows(&world, &ann, Patch::Value(uri(2))).await.unwrap();
        let left = blobs(&world).await;
        assert_eq!(left.len(), 2, "{left:?}");
        let row = world.app.user(bob.user).await.unwrap();
        let hash = row.avatar.clone().unwrap();
        let found = find(&world.app, "avatar", bob.user.get(), &hash).await.unwrap();
        assert!(found.is_some_and(|name| left.contains(&name)));
        shows(&world, &ann, Patch::Null).await.unwrap();
        assert_eq!(blobs(&world).await.len(), 1);
        user::erase(&world.app, bob.user, Rooms::Any, |_| true).await.unwrap();
        assert_eq!(blobs(&world).await, Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_room_takes_its_picture_along() {
        let world = World::new().await;
        let ann = world.person("ann").await;
        let draft = CreateGuild {
            name: "Lobby".to_owned(),
            visibility: Visibility::Public,
            description: None,
            icon: Some(uri(1)),
            guests_write: None,
        };
        let room = guild::create(&world.app, &ann, draft).await.unwrap();
        assert_eq!(blobs(&world).await.len(), 1);
        let change = ModifyGuild { icon: Patch::Value(uri(2)), ..Default::default() };
        guild::edit(&world.app, &ann, room.id, change).await.unwrap();
        assert_eq!(blobs(&world).await.len(), 1);
        guild::delete(&world.app, &ann, room.id).await.unwrap();
        assert_eq!(blobs(&world).await, Vec::<String>::new());
    }

    #[tokio::test]
    async fn nobody_changes_pictures_all_day() {
        let limits = Limits { picture_changes_per_10min: 2, ..Limits::default() };
        let world = World::with_limits(limits).await;
        let ann = world.person("ann").await;
        shows(&world, &ann, Patch::Value(uri(1))).await.unwrap();
        shows(&world, &ann, Patch::Value(uri(2))).await.unwrap();
        let third = shows(&world, &ann, Patch::Value(uri(3))).await;
        assert!(matches!(third, Err(Error::Reject(Reject::RateLimited { .. }))), "{third:?}");
        shows(&world, &ann, Patch::Null).await.unwrap();
        world.clock.advance_ms(600_000);
        shows(&world, &ann, Patch::Value(uri(3))).await.unwrap();
    }

    #[tokio::test]
    async fn a_sweep_finds_what_nobody_shows_and_nothing_else() {
        let world = World::new().await;
        let ann = world.person("ann").await;
        let guest = world.user("guest", UserKind::Guest).await;
        shows(&world, &ann, Patch::Value(uri(1))).await.unwrap();
        let kept = blobs(&world).await;
        let mut row = user::present(&world.app, guest.user).await.unwrap();
        row.avatar = Some("old".to_owned());
        world.write(Batch::new().put(&row)).await;
        for lost in [name("avatar", ann.user.get(), "lost"), name("icon", 7, "lost")]
            .into_iter()
            .chain(["avatar/old".to_owned(), "avatar/lost".to_owned()])
        {
            let mut draft = world.app.blobs.begin().await.unwrap();
            draft.append(Bytes::from_static(b"x")).await.unwrap();
            draft.finish(&lost).await.unwrap();
        }
        assert_eq!(sweep(&world.app, &blobs(&world).await).await.unwrap(), 3);
        let left = blobs(&world).await;
        assert!(left.contains(&kept[0]) && left.contains(&"avatar/old".to_owned()));
        assert_eq!(left.len(), 2);
    }
}
