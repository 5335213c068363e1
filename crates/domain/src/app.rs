//! `App`: all that an operation may touch, handed in.

use std::sync::Arc;

use anyhow::Context as _;
use proto::{Id, Limits, marker, osc::Registration};

use crate::{
    auto_moderation::Rule,
    blobs::Blobs,
    bus::{Bus, Gate},
    cache::{Cache, Guild, GuildState},
    clock::{Chance, Clock, Ids},
    interaction::Waiting,
    lane::{IDS_MARK, Lanes, Queue},
    message::LastSent,
    presence::Presences,
    reject::{Reject, Result, no},
    rows::{
        AutoModerationRow, ChannelRow, EmojiRow, EventRow, GuildRow, MemberRow, MetaRow, RoleRow,
        ThreadRow, TipRow, UserRow,
    },
    store::{BoxFuture, IntoKey as _, Scan, Store},
    thread,
    view::View,
};

/// Numbers of events that were told but not stored may have been used: after a start they go on
/// this far ahead.
const NUMBER_JUMP: u64 = 1 << 20;

/// Hashes passwords, a few at a time; too many waiting is `Reject::Busy`.
pub trait Passwords: Send + Sync {
    /// A PHC string.
    fn hash(&self, password: String) -> BoxFuture<'_, Result<String>>;
    /// Takes as long for `None` as for a wrong password: nobody learns who has an account.
    fn verify(&self, password: String, phc: Option<String>) -> BoxFuture<'_, Result<bool>>;
}

/// What the operator decided.
#[derive(Debug, Clone)]
pub struct Policy {
    pub name: String,
    pub description: String,
    pub guests: bool,
    pub registration: Registration,
    /// A new public room is listed at once.
    pub list_new_guilds: bool,
    /// Base of addresses in answers, without a slash at its end.
    pub public_url: String,
}

pub struct App {
    /// For decisions: with what waits for the disk.
    pub store: View,
    /// For answers: what is on disk.
    pub disk: View,
    pub clock: Arc<dyn Clock>,
    pub ids: Ids,
    pub chance: Arc<dyn Chance>,
    pub limits: Limits,
    pub policy: Policy,
    pub passwords: Arc<dyn Passwords>,
    pub blobs: Arc<dyn Blobs>,
    pub cache: Cache,
    pub presences: Presences,
    pub(crate) last_sent: LastSent,
    /// Who waits for an application's answer.
    pub interactions: Waiting,
    pub gate: Gate,
    pub bus: Arc<dyn Bus>,
    /// Signs what the server gives out: attachment addresses.
    pub signing_key: [u8; 32],
    pub(crate) lanes: Lanes,
    pub first_number: u64,
}

/// What `App::open` is made from.
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
    pub limits: Limits,
    pub policy: Policy,
    pub passwords: Arc<dyn Passwords>,
    pub blobs: Arc<dyn Blobs>,
    pub bus: Arc<dyn Bus>,
    pub node: u16,
}

impl App {
    /// Opens the app over its store. Run `lane::write` with what comes beside it.
    pub async fn open(parts: Parts) -> anyhow::Result<(Arc<Self>, Queue)> {
        let store = View::new(parts.store);
        let mark: Option<MetaRow> = store.get(IDS_MARK).await?;
        let mark = mark.and_then(|row| row.value.as_u64()).unwrap_or(0);
        let newest = Scan::of::<EventRow>().newest_first().limit(1);
        let newest = store.scan::<EventRow>(newest).await.context("cannot read the event log")?;
        let first_number = match newest.first() {
            Some(event) => event.number as u64 + NUMBER_JUMP,
            // A random start, so that the number tells nothing about how much goes on here.
            None => first_number(parts.chance.as_ref()),
        };
        let signing_key = signing_key(&store, parts.chance.as_ref()).await?;
        let (lanes, queue) = Lanes::new(parts.limits.queue_batches);
        let app = Self {
            disk: store.committed(),
            store,
            ids: Ids::new(parts.clock.clone(), parts.node, mark),
            clock: parts.clock,
            chance: parts.chance,
            limits: parts.limits,
            policy: parts.policy,
            passwords: parts.passwords,
            blobs: parts.blobs,
            cache: Cache::default(),
            presences: Presences::default(),
            last_sent: LastSent::default(),
            interactions: Waiting::default(),
            gate: Gate::default(),
            bus: parts.bus,
            signing_key,
            lanes,
            first_number,
        };
        Ok((Arc::new(app), queue))
    }

    /// An active guild, loaded if need be. Call it before taking a lane: loading takes the guild's.
    pub async fn guild(&self, id: Id<marker::Guild>) -> Result<Arc<Guild>> {
        if let Some(guild) = self.cache.guild(id) {
            return Ok(guild);
        }
        let lane = self.lane_guild(id).await;
        if let Some(guild) = self.cache.guild(id) {
            return Ok(guild);
        }
        // With the lane held nothing of this guild is decided; what was is now on disk.
        self.flushed().await?;
        let Some(state) = load_guild(&self.disk, id).await? else {
            return no(Reject::Unknown(proto::Code::UNKNOWN_GUILD));
        };
        let guild = self.cache.keep_guild(state);
        drop(lane);
        Ok(guild)
    }

    /// The channel's row and, for a guild's channel, its guild.
    pub async fn channel(
        &self,
        id: Id<marker::Channel>,
    ) -> Result<(Arc<ChannelRow>, Option<Arc<Guild>>)> {
        let unknown = Reject::Unknown(proto::Code::UNKNOWN_CHANNEL);
        let guild = match self.cache.place(id) {
            Some(guild) => guild,
            None => {
                // With what waits: who was taken out of a group a moment ago is out.
                match self.store.get::<ChannelRow>(id).await? {
                    Some(ChannelRow { guild_id: Some(guild), .. }) => guild,
                    Some(row) => return Ok((Arc::new(row), None)),
                    None => match self.store.get::<ThreadRow>(id).await? {
                        Some(row) => row.guild_id,
                        None => return no(unknown),
                    },
                }
            }
        };
        let guild = match self.guild(guild).await {
            Err(crate::reject::Error::Reject(_)) => return no(unknown),
            other => other?,
        };
        let channel = guild.read().channel(id);
        let channel = match channel {
            Some(channel) => Some(channel),
            None => {
                let archived = self.store.get::<ThreadRow>(id).await?;
                archived.and_then(|row| guild.read().thread_channel(&row))
            }
        };
        match channel {
            Some(channel) => Ok((channel, Some(guild))),
            None => no(unknown),
        }
    }

    /// A user of any kind, deleted ones too.
    pub async fn user(&self, id: Id<marker::User>) -> Result<Arc<UserRow>> {
        let users = self.users(&[id]).await?;
        let user = users.into_iter().next().flatten();
        user.ok_or_else(|| Reject::Unknown(proto::Code::UNKNOWN_USER).into())
    }

    /// Users in the order of the ids.
    pub async fn users(&self, ids: &[Id<marker::User>]) -> Result<Vec<Option<Arc<UserRow>>>> {
        let changes = self.cache.user_changes();
        let mut users: Vec<_> = ids.iter().map(|id| self.cache.user(*id)).collect();
        let missing: Vec<_> = (0..ids.len()).filter(|at| users[*at].is_none()).collect();
        let keys = missing.iter().map(|at| ids[*at].into_key()).collect();
        let found = self.disk.get_many::<UserRow>(keys).await?;
        for (at, row) in missing.into_iter().zip(found) {
            let Some(user) = row.map(Arc::new) else { continue };
            self.cache.keep_user(user.clone(), changes, self.limits.cached_users);
            users[at] = Some(user);
        }
        Ok(users)
    }

    /// So many unpredictable bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.chance.fill(&mut bytes);
        bytes
    }
}

fn first_number(chance: &dyn Chance) -> u64 {
    let mut bytes = [0; 8];
    chance.fill(&mut bytes);
    // 40 bits: with any use it stays below 2^53, which JavaScript can count to.
    u64::from_le_bytes(bytes) >> 24 | 1
}

async fn signing_key(store: &View, chance: &dyn Chance) -> anyhow::Result<[u8; 32]> {
    const NAME: &str = "signing_key";
    if let Some(row) = store.get::<MetaRow>(NAME).await? {
        return serde_json::from_value(row.value).context("the signing key is damaged");
    }
    let mut key = [0; 32];
    chance.fill(&mut key);
    let row = MetaRow { name: NAME.to_owned(), value: serde_json::to_value(key)? };
    let batch = crate::store::Batch::new().put(&row);
    match store.store().commit(vec![batch]).await {
        Ok(_) => Ok(key),
        Err(error) => anyhow::bail!("cannot keep the signing key: {error:?}"),
    }
}

/// All of a guild, from the store.
async fn load_guild(disk: &View, id: Id<marker::Guild>) -> anyhow::Result<Option<GuildState>> {
    let Some(row) = disk.get::<GuildRow>(id).await? else {
        return Ok(None);
    };
    let channels = Scan::of::<ChannelRow>().by("by_guild").prefix(id);
    let channels = disk.scan::<ChannelRow>(channels).await?;
    let threads = Scan::of::<ThreadRow>().by("by_active").prefix(id);
    let threads = disk.scan::<ThreadRow>(threads).await?;
    let tips = channels.iter().map(|channel| channel.id);
    let tips = tips.chain(threads.iter().map(|thread| thread.id)).map(|id| id.into_key());
    let tips = disk.get_many::<TipRow>(tips.collect()).await?;
    let roles = disk.scan::<RoleRow>(Scan::of::<RoleRow>().prefix(id)).await?;
    let emojis = disk.scan::<EmojiRow>(Scan::of::<EmojiRow>().prefix(id)).await?;
    let rules = Scan::of::<AutoModerationRow>().prefix(id);
    let rules = disk.scan::<AutoModerationRow>(rules).await?;
    let mut members = std::collections::HashMap::new();
    let mut page = Scan::of::<MemberRow>().prefix(id);
    loop {
        let rows = disk.scan::<MemberRow>(page.clone()).await?;
        let Some(last) = rows.last().map(|row| row.user_id) else { break };
        let full = rows.len() == page.limit;
        members.extend(rows.into_iter().map(|row| (row.user_id, Arc::new(row))));
        if !full {
            break;
        }
        page = page.after(last);
    }
    let threads = thread::load(disk, threads, &members).await?;
    Ok(Some(GuildState {
        row,
        threads,
        channels: channels.into_iter().map(|row| (row.id, Arc::new(row))).collect(),
        tips: tips.into_iter().flatten().map(|row| (row.channel_id, row)).collect(),
        roles: roles.into_iter().map(|row| (row.id, row)).collect(),
        emojis: emojis.into_iter().map(|row| (row.id, row)).collect(),
        members,
        voice: Default::default(),
        rules: rules.into_iter().map(|row| (row.id, Arc::new(Rule::new(row)))).collect(),
    }))
}
