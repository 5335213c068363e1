//! What an application says of itself, to its bot and to whoever made it.

use std::collections::BTreeMap;

use proto::{
    Code, Id, Patch, Permissions,
    application::{
        Application, GATEWAY_GUILD_MEMBERS, GATEWAY_MESSAGE_CONTENT, GATEWAY_PRESENCE,
        InstallDraft, InstallParams, IntegrationType, ModifyApplication,
    },
    gateway::Intents,
    marker,
    user::ModifyCurrentUser,
};
use serde_json::Value;

use crate::{
    Actor, App, bot,
    interaction::endpoint,
    name,
    reject::{Reject, Result, no},
    render,
    rows::{ApplicationRow, MemberRow, UserKind, UserRow},
    store::{Batch, Scan},
    user,
};

type ApplicationId = Id<marker::Application>;

/// Characters of a description, and of a tag; tags; characters of an address.
const DESCRIPTION: usize = 400;
const TAG: usize = 20;
const TAGS: usize = 5;
const ADDRESS: usize = 2_048;

/// How bots are added to rooms.
pub(crate) const SCOPES: [&str; 2] = ["bot", "applications.commands"];

/// Each privileged intent with its flag, and that flag's form for small applications, which is
/// what libraries set.
const FLAGS: [(Intents, u32, u32); 3] = [
    (Intents::GUILD_PRESENCES, GATEWAY_PRESENCE, 1 << 13),
    (Intents::GUILD_MEMBERS, GATEWAY_GUILD_MEMBERS, 1 << 15),
    (Intents::MESSAGE_CONTENT, GATEWAY_MESSAGE_CONTENT, 1 << 19),
];

/// The application of the bot that asks.
pub async fn current(app: &App, actor: &Actor) -> Result<Application> {
    if !actor.is_bot() {
        return no(Reject::Refused(Code::BOTS_ONLY));
    }
    whole(app, actor.user.cast()).await
}

/// An application of the actor's: its own, or that of a bot it made. Others look like missing ones.
pub async fn get(app: &App, actor: &Actor, id: ApplicationId) -> Result<Application> {
    own(app, actor, id).await?;
    whole(app, id).await
}

async fn own(app: &App, actor: &Actor, id: ApplicationId) -> Result<()> {
    let unknown = Reject::Unknown(Code::UNKNOWN_APPLICATION);
    let bot = app.users(&[id.cast()]).await?.pop().flatten();
    match bot.filter(|bot| bot.kind == UserKind::Bot) {
        Some(bot) if bot.id == actor.user || bot.owner_id == Some(actor.user) => Ok(()),
        _ => no(unknown),
    }
}

/// What is kept of an application.
pub(crate) async fn about(app: &App, id: ApplicationId) -> Result<ApplicationRow> {
    let row = app.disk.get::<ApplicationRow>(id).await?;
    Ok(row.unwrap_or_else(|| blank(id)))
}

fn blank(id: ApplicationId) -> ApplicationRow {
    ApplicationRow {
        id,
        description: String::new(),
        tags: Vec::new(),
        public: false,
        install: None,
        custom_install_url: None,
    }
}

/// Which privileged intents, as flags of an application.
pub fn granted(bot: &UserRow) -> u32 {
    let has = |(intent, flag, _)| if Intents(bot.intents).contains(intent) { flag } else { 0 };
    FLAGS.into_iter().map(has).sum()
}

async fn whole(app: &App, id: ApplicationId) -> Result<Application> {
    let bot = app.user(id.cast()).await?;
    let row = about(app, id).await?;
    let owner = match bot.owner_id {
        Some(owner) => render::user(app.user(owner).await?.as_ref()),
        None => render::user(&bot),
    };
    let flags = granted(&bot);
    let guilds = Scan::of::<MemberRow>().by("by_user").prefix(bot.id);
    let guilds = app.disk.scan::<MemberRow>(guilds).await?.len();
    let in_rooms = IntegrationType { oauth2_install_params: row.install.clone() };
    Ok(Application {
        id,
        name: bot.username.clone(),
        icon: bot.avatar.clone(),
        description: row.description,
        tags: row.tags,
        bot: render::user(&bot),
        bot_public: row.public,
        owner,
        install_params: row.install,
        integration_types_config: BTreeMap::from([("0".to_owned(), in_rooms)]),
        custom_install_url: row.custom_install_url,
        flags,
        flags_new: flags.to_string(),
        approximate_guild_count: guilds as u32,
        verify_key: endpoint::verify_key(app, id).await?,
        interactions_endpoint_url: endpoint::url(app, id).await?,
        fixed: Default::default(),
    })
}

/// What changes of an application beside its bot.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub description: Option<String>,
    pub tags: Option<Vec<String>>,
    pub public: Option<bool>,
    pub install: Option<Option<InstallParams>>,
    pub custom_install_url: Option<Option<String>>,
    /// Privileged intents.
    pub intents: Option<u64>,
}

/// Changes an application of the actor's. A bot gives up privileged intents here, and gets none:
/// those are its maker's to grant.
pub async fn edit_about(
    app: &App,
    actor: &Actor,
    id: ApplicationId,
    draft: ModifyApplication,
) -> Result<Application> {
    if actor.user == id.cast() && !actor.is_bot() {
        return no(Reject::Refused(Code::BOTS_ONLY));
    }
    own(app, actor, id).await?;
    not_kept(&draft)?;
    let row = app.user(id.cast()).await?;
    let change = Change {
        description: draft.description.change().map(description).transpose()?,
        tags: draft.tags.change().map(Option::unwrap_or_default),
        public: None,
        install: installed(draft.install_params, draft.integration_types_config)?,
        custom_install_url: draft.custom_install_url.change(),
        intents: match draft.flags.change() {
            None => None,
            Some(flags) => Some(intents(actor, &row, flags.unwrap_or_default())?),
        },
    };
    let change = checked(change)?;
    if let Patch::Absent = draft.icon {
    } else {
        let change = ModifyCurrentUser { avatar: draft.icon, ..Default::default() };
        user::modify(app, &bot::itself(&row), change).await?;
    }
    write(app, id, change).await?;
    whole(app, id).await
}

fn not_kept(draft: &ModifyApplication) -> Result<()> {
    let kept = [
        ("cover_image", &draft.cover_image),
        ("role_connections_verification_url", &draft.role_connections_verification_url),
        ("event_webhooks_url", &draft.event_webhooks_url),
    ];
    match kept.into_iter().find(|(_, value)| matches!(value, Patch::Value(_))) {
        Some((field, _)) => {
            no(Reject::field(field, "FIELD_NOT_SUPPORTED", "This server does not have this yet."))
        }
        None => Ok(()),
    }
}

/// COMPAT: the description has an object here, libraries send a text.
fn description(value: Option<Value>) -> Result<String> {
    match value {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text),
        Some(Value::Object(object)) => match object.get("default") {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => no(Reject::field("description", "BASE_TYPE_BAD_TYPE", "A text.")),
        },
        Some(_) => no(Reject::field("description", "BASE_TYPE_BAD_TYPE", "A text.")),
    }
}

type Configs = BTreeMap<String, Option<proto::application::IntegrationDraft>>;

/// Both say the same here: applications are added to rooms, and to nothing else.
fn installed(
    params: Patch<InstallDraft>,
    configs: Patch<Configs>,
) -> Result<Option<Option<InstallParams>>> {
    if let Some(params) = params.change() {
        return Ok(Some(params.map(install).transpose()?));
    }
    let Some(configs) = configs.change() else { return Ok(None) };
    let mut configs = configs.unwrap_or_default();
    let in_rooms = configs.remove("0").flatten();
    if let Some(other) = configs.keys().next() {
        let message = "Applications are added to rooms here: key 0.";
        let field = format!("integration_types_config.{other}");
        return no(Reject::field(&field, "BASE_TYPE_CHOICES", message));
    }
    let params = in_rooms.and_then(|config| config.oauth2_install_params);
    Ok(Some(params.map(install).transpose()?))
}

fn install(draft: InstallDraft) -> Result<InstallParams> {
    let scopes = draft.scopes.unwrap_or_default();
    if scopes.iter().any(|scope| !SCOPES.contains(&scope.as_str())) || scopes.len() > SCOPES.len() {
        let message = "Scopes are bot and applications.commands.";
        return no(Reject::field("install_params.scopes", "BASE_TYPE_CHOICES", message));
    }
    let bits = match draft.permissions {
        None => Some(0),
        Some(Value::Number(bits)) => bits.as_u64(),
        Some(Value::String(bits)) => bits.parse().ok(),
        Some(_) => None,
    };
    let Some(bits) = bits else {
        let field = "install_params.permissions";
        return no(Reject::field(field, "BASE_TYPE_BAD_TYPE", "A decimal string."));
    };
    Ok(InstallParams { scopes, permissions: Permissions::from_bits_truncate(bits) })
}

fn intents(actor: &Actor, bot: &UserRow, flags: u64) -> Result<u64> {
    let asked = |(_, flag, limited): &(Intents, u32, u32)| flags & u64::from(flag | limited) != 0;
    let wanted: u64 = FLAGS.iter().filter(|row| asked(row)).map(|(intent, ..)| intent.0).sum();
    if actor.is_bot() && wanted & !bot.intents != 0 {
        let message = "Only who made this bot grants it privileged intents, in the settings.";
        return no(Reject::field("flags", "APPLICATION_FLAGS_NOT_GRANTED", message));
    }
    Ok(wanted)
}

/// The change, if all of it is allowed.
pub(crate) fn checked(change: Change) -> Result<Change> {
    let description = match change.description {
        None => None,
        Some(text) => match name::clean_lines(&text) {
            Some(text) if text.chars().count() <= DESCRIPTION => Some(text.trim().to_owned()),
            _ => return no(Reject::length("description", 0, DESCRIPTION)),
        },
    };
    let tags = match change.tags {
        None => None,
        Some(tags) => Some(sound_tags(tags)?),
    };
    if let Some(Some(url)) = &change.custom_install_url {
        let web = url.starts_with("https://") || url.starts_with("http://");
        if !web || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
            let message = "An address that begins with https://";
            return no(Reject::field("custom_install_url", "URL_TYPE_INVALID_URL", message));
        }
        if url.len() > ADDRESS {
            return no(Reject::length("custom_install_url", 0, ADDRESS));
        }
    }
    Ok(Change { description, tags, ..change })
}

fn sound_tags(tags: Vec<String>) -> Result<Vec<String>> {
    let mut sound: Vec<String> = Vec::new();
    for (at, tag) in tags.iter().enumerate() {
        let field = format!("tags.{at}");
        match name::clean_text(tag).filter(|tag| (1..=TAG).contains(&tag.chars().count())) {
            Some(tag) if sound.contains(&tag) => {
                let message = "This tag is there already.";
                return no(Reject::field(&field, "SET_TYPE_ALREADY_CONTAINS_VALUE", message));
            }
            Some(tag) => sound.push(tag),
            None => return no(Reject::length(&field, 1, TAG)),
        }
    }
    if sound.len() > TAGS {
        return no(Reject::length("tags", 0, TAGS));
    }
    Ok(sound)
}

/// Writes a change that is sound. Whoever is connected with an intent that was taken is closed.
pub(crate) async fn write(app: &App, id: ApplicationId, change: Change) -> Result<()> {
    let lane = app.lane_user(id.cast()).await;
    let bot = user::present(app, id.cast()).await?;
    let mut row = app.store.get::<ApplicationRow>(id).await?.unwrap_or_else(|| blank(id));
    let before = row.clone();
    row.description = change.description.unwrap_or(row.description);
    row.tags = change.tags.unwrap_or(row.tags);
    row.public = change.public.unwrap_or(row.public);
    row.install = change.install.unwrap_or(row.install);
    row.custom_install_url = change.custom_install_url.unwrap_or(row.custom_install_url);
    let mut batch = Batch::new();
    if row != before {
        batch = batch.put(&row);
    }
    let mut events = Vec::new();
    let intents = change.intents.map_or(bot.intents, |bits| bits & Intents::PRIVILEGED.0);
    if intents != bot.intents {
        if bot.intents & !intents != 0 {
            events.push(crate::bus::Event::IntentsTaken(bot.id));
        }
        batch = batch.put(&UserRow { intents, ..bot });
    }
    lane.enqueue(batch, events).durable().await
}
