//! What somebody filled into a command: checked against its options, and told in full.

use std::collections::BTreeSet;

use proto::{
    Id, Permissions, application::ApplicationCommand, interaction::InvokeOption, marker,
    message::Message,
};
use serde_json::{Map, Value as Json, json};

use crate::{
    Actor, App,
    access::Place,
    application::{
        ATTACHMENT, BOOLEAN, CHANNEL, INTEGER, MENTIONABLE, NUMBER, ROLE, STRING,
        SUB_COMMAND_GROUP, USER, is_of,
    },
    attachment::{self, Upload},
    component, message,
    reject::{FieldError, Reject, Result, no},
    render,
};

/// What options name.
#[derive(Default)]
pub(super) struct Found {
    pub users: BTreeSet<Id<marker::User>>,
    roles: BTreeSet<Id<marker::Role>>,
    channels: BTreeSet<Id<marker::Channel>>,
    pub messages: Vec<Message>,
    /// By their place among the files of the request.
    files: BTreeSet<usize>,
}

pub(super) struct Read {
    pub options: Vec<Json>,
    pub found: Found,
    /// The type of the option that is being completed.
    pub focused: Option<u8>,
    /// The command with its sub command: `remind add`.
    pub name: String,
}

struct Reader<'a> {
    place: &'a Place,
    actor: &'a Actor,
    files: &'a [Upload],
    /// Suggestions are asked for: what is not filled in yet is no fault.
    completing: bool,
    read: Read,
    errors: Vec<FieldError>,
}

/// Reads what was filled in.
pub(super) fn read(
    place: &Place,
    actor: &Actor,
    command: &ApplicationCommand,
    given: &[InvokeOption],
    completing: bool,
    files: &[Upload],
) -> Result<Read> {
    let (found, name) = (Found::default(), command.name.clone());
    let read = Read { options: Vec::new(), found, focused: None, name };
    let mut reader = Reader { place, actor, files, completing, read, errors: Vec::new() };
    let known = command.options.as_deref().unwrap_or_default();
    reader.read.options = reader.all(known, given, "data.options");
    if reader.errors.is_empty() { Ok(reader.read) } else { no(Reject::Invalid(reader.errors)) }
}

impl Reader<'_> {
    fn wrong(&mut self, path: &str, code: &'static str, message: impl Into<String>) {
        if self.errors.len() < 25 {
            let (path, message) = (path.to_owned(), message.into());
            self.errors.push(FieldError { path, code, message });
        }
    }

    fn all(&mut self, known: &[Json], given: &[InvokeOption], path: &str) -> Vec<Json> {
        let sub = |option: &Json| option["type"].as_u64().unwrap_or(0) <= SUB_COMMAND_GROUP;
        if known.first().is_some_and(sub) {
            return self.sub(known, given, path);
        }
        for (at, option) in given.iter().enumerate() {
            let twice = given[..at].iter().any(|other| other.name == option.name);
            if twice || !known.iter().any(|known| known["name"] == option.name.as_str()) {
                let message = "The command has no such option, or has it once.";
                self.wrong(&format!("{path}.{at}.name"), "BASE_TYPE_CHOICES", message);
            }
        }
        let mut told = Vec::new();
        for known in known {
            let name = known["name"].as_str().unwrap_or_default();
            let path = format!("{path}.{name}");
            let given = given.iter().find(|given| given.name == name);
            let value = given.and_then(|given| given.value.as_ref());
            match (given, value.filter(|value| !value.is_null())) {
                (Some(given), value) if self.completing && given.focused => {
                    told.extend(self.focused(known, value, &path));
                }
                (Some(_), Some(value)) => told.extend(self.value(known, value, &path)),
                _ if known["required"] == true && !self.completing => {
                    self.wrong(&path, "BASE_TYPE_REQUIRED", "This field is required");
                }
                _ => {}
            }
        }
        told
    }

    /// One of the parts of a command, and what was filled into it.
    fn sub(&mut self, known: &[Json], given: &[InvokeOption], path: &str) -> Vec<Json> {
        let named =
            |given: &InvokeOption| known.iter().find(|known| known["name"] == given.name.as_str());
        let ([given], Some(known)) = (given, given.first().and_then(named)) else {
            self.wrong(path, "BASE_TYPE_REQUIRED", "One of the command's parts is needed.");
            return Vec::new();
        };
        let inside = known["options"].as_array().map_or(&[][..], Vec::as_slice);
        self.read.name = format!("{} {}", self.read.name, given.name);
        let options = self.all(inside, &given.options, &format!("{path}.{}", given.name));
        vec![json!({ "name": given.name, "type": known["type"], "options": options })]
    }

    /// The option that somebody is typing into: as it stands.
    fn focused(&mut self, known: &Json, value: Option<&Json>, path: &str) -> Option<Json> {
        let kind = known["type"].as_u64().unwrap_or_default();
        if known["autocomplete"] != true || self.read.focused.is_some() {
            self.wrong(path, "BASE_TYPE_CHOICES", "This option has no suggestions.");
            return None;
        }
        self.read.focused = u8::try_from(kind).ok();
        let text = match value {
            Some(Json::String(text)) => text.chars().take(6_000).collect(),
            Some(Json::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        Some(json!({ "name": known["name"], "type": kind, "value": text, "focused": true }))
    }

    fn value(&mut self, known: &Json, value: &Json, path: &str) -> Option<Json> {
        let kind = known["type"].as_u64().unwrap_or_default();
        if kind == ATTACHMENT {
            return self.file(known, value, path);
        }
        if !is_of(kind, value) {
            if !self.completing {
                let (code, message) = match kind {
                    STRING => ("BASE_TYPE_MAX_LENGTH", "A text of up to 6000 characters."),
                    INTEGER => ("NUMBER_TYPE_COERCE", "A whole number."),
                    NUMBER => ("NUMBER_TYPE_COERCE", "A number."),
                    BOOLEAN => ("BOOLEAN_TYPE_CONVERT", "Either true or false."),
                    _ => ("NUMBER_TYPE_COERCE", "The id of what is meant."),
                };
                self.wrong(path, code, message);
            }
            return None;
        }
        if let Err((code, message)) = self.fits(kind, known, value)
            && !self.completing
        {
            self.wrong(path, code, message);
            return None;
        }
        let value = match kind {
            // 3.0 is a whole number, too, and told as one.
            INTEGER => value.as_f64().map_or(Json::Null, |number| json!(number as i64)),
            _ => value.clone(),
        };
        Some(json!({ "name": known["name"], "type": kind, "value": value }))
    }

    /// Whether a value of the right type is within bounds, or names something that is known.
    fn fits(
        &mut self,
        kind: u64,
        known: &Json,
        value: &Json,
    ) -> std::result::Result<(), (&'static str, String)> {
        let choices = known["choices"].as_array().map_or(&[][..], Vec::as_slice);
        let among = |choice: &Json| match (choice["value"].as_f64(), value.as_f64()) {
            (Some(choice), Some(value)) => choice == value,
            _ => choice["value"] == *value,
        };
        if !choices.is_empty() && !choices.iter().any(among) {
            return Err(("BASE_TYPE_CHOICES", "One of the choices.".to_owned()));
        }
        let (low, high) = if kind == STRING {
            (known["min_length"].as_f64(), known["max_length"].as_f64())
        } else {
            (known["min_value"].as_f64(), known["max_value"].as_f64())
        };
        let measure =
            value.as_str().map_or(value.as_f64(), |text| Some(text.chars().count() as f64));
        if matches!(kind, STRING | INTEGER | NUMBER)
            && let Some(measure) = measure
        {
            if let Some(low) = low.filter(|low| measure < *low) {
                return Err(("NUMBER_TYPE_MIN", format!("At least {low}.")));
            }
            if let Some(high) = high.filter(|high| measure > *high) {
                return Err(("NUMBER_TYPE_MAX", format!("At most {high}.")));
            }
        }
        let text = value.as_str().unwrap_or_default();
        let select = match kind {
            USER => component::USER_SELECT,
            ROLE => component::ROLE_SELECT,
            MENTIONABLE => component::MENTIONABLE_SELECT,
            CHANNEL => component::CHANNEL_SELECT,
            _ => return Ok(()),
        };
        if !may_name(self.place, self.actor, known, select, text) {
            return Err(("BASE_TYPE_CHOICES", "There is nothing of this id here.".to_owned()));
        }
        self.read.found.note(self.place, select, text);
        Ok(())
    }

    /// A file, named by its number in the form.
    fn file(&mut self, known: &Json, value: &Json, path: &str) -> Option<Json> {
        let at = match value {
            Json::Number(number) => number.as_u64(),
            Json::String(text) => text.parse().ok(),
            _ => None,
        };
        let at = at.and_then(|at| usize::try_from(at).ok());
        match at.and_then(|at| Some((at, self.files.get(at)?))) {
            Some((at, file)) => {
                self.read.found.files.insert(at);
                let (name, id) = (&known["name"], file.id);
                Some(json!({ "name": name, "type": ATTACHMENT, "value": id }))
            }
            None => {
                if !self.completing {
                    self.wrong(path, "ATTACHMENT_NOT_FOUND", "There is no such file in the form.");
                }
                None
            }
        }
    }
}

impl Found {
    fn note(&mut self, place: &Place, select: u64, id: &str) {
        let Ok(id) = id.parse::<Id<marker::Target>>() else { return };
        match select {
            component::USER_SELECT => drop(self.users.insert(id.cast())),
            component::ROLE_SELECT => drop(self.roles.insert(id.cast())),
            component::CHANNEL_SELECT => drop(self.channels.insert(id.cast())),
            _ if is_role(place, id.cast()) => drop(self.roles.insert(id.cast())),
            _ => drop(self.users.insert(id.cast())),
        }
    }
}

pub(super) fn is_here(place: &Place, user: Id<marker::User>) -> bool {
    match &place.guild {
        Some(guild) => guild.read().members.contains_key(&user),
        None => place.channel.recipients.contains(&user),
    }
}

fn is_role(place: &Place, role: Id<marker::Role>) -> bool {
    place.guild.as_ref().is_some_and(|guild| guild.read().roles.contains_key(&role))
}

/// Whether the actor may name this here: people and roles of the room, and channels they see.
pub(super) fn may_name(place: &Place, actor: &Actor, known: &Json, select: u64, id: &str) -> bool {
    let Ok(id) = id.parse::<Id<marker::Target>>() else { return false };
    match select {
        component::USER_SELECT => is_here(place, id.cast()),
        component::ROLE_SELECT => is_role(place, id.cast()),
        component::MENTIONABLE_SELECT => is_role(place, id.cast()) || is_here(place, id.cast()),
        component::CHANNEL_SELECT => {
            let Some(guild) = &place.guild else { return id.cast() == place.channel.id };
            let state = guild.read();
            let Some(channel) = state.channels.get(&id.cast()) else { return false };
            let types = known["channel_types"].as_array();
            let of_type = types.is_none_or(|types| {
                types.iter().any(|kind| kind.as_u64() == Some(u64::from(channel.kind)))
            });
            // Times out of reach: who is timed out sees what they saw.
            let now = proto::Timestamp::from_ms(i64::MAX);
            let have = state.permissions_in(actor.user, channel, now);
            of_type && have.contains(Permissions::VIEW_CHANNEL)
        }
        _ => false,
    }
}

/// What values picked from a select name.
pub(super) fn of_values(place: &Place, select: u64, values: &[String]) -> Found {
    let mut found = Found::default();
    values.iter().for_each(|value| found.note(place, select, value));
    found
}

/// What the selects of a form name.
pub(super) fn of_form(place: &Place, rows: &[Json]) -> Found {
    let mut found = Found::default();
    for row in rows {
        let field = &row["component"];
        let kind = field["type"].as_u64().unwrap_or_default();
        if component::resolvable(kind) {
            let values = field["values"].as_array().into_iter().flatten();
            values.filter_map(Json::as_str).for_each(|value| found.note(place, kind, value));
        }
    }
    found
}

/// `resolved`: what ids stand for.
pub(super) async fn resolved(
    app: &App,
    actor: &Actor,
    place: &Place,
    found: &Found,
    files: &[Upload],
) -> Result<Map<String, Json>> {
    let now = app.clock.now();
    let mut all = Map::new();
    let mut keep = |key: &str, map: Map<String, Json>| {
        if !map.is_empty() {
            all.insert(key.to_owned(), map.into());
        }
    };
    let ids: Vec<_> = found.users.iter().copied().collect();
    let users = app.users(&ids).await?;
    let users = users.iter().flatten().map(|row| (row.id.to_string(), json!(render::user(row))));
    keep("users", users.collect());
    if let Some(guild) = &place.guild {
        let state = guild.read();
        let member = |id: &Id<marker::User>| {
            let member = state.members.get(id)?;
            let mut told = render::member(member, None);
            told.permissions = Some(state.permissions_in(*id, &place.channel, now));
            let mut told = json!(told);
            let partial = told.as_object_mut()?;
            partial.remove("deaf");
            partial.remove("mute");
            Some((id.to_string(), told))
        };
        keep("members", found.users.iter().filter_map(member).collect());
        let role = |id: &Id<marker::Role>| {
            Some((id.to_string(), json!(render::role(state.roles.get(id)?))))
        };
        keep("roles", found.roles.iter().filter_map(role).collect());
        let channel = |id: &Id<marker::Channel>| {
            let row = state.channels.get(id)?;
            let mut told = json!(render::channel(row, state.tips.get(id)));
            told["permissions"] = json!(state.permissions_in(actor.user, row, now));
            let partial = told.as_object_mut()?;
            partial.remove("permission_overwrites");
            Some((id.to_string(), told))
        };
        keep("channels", found.channels.iter().filter_map(channel).collect());
    }
    let messages = found.messages.iter().map(|told| (told.id.to_string(), json!(told)));
    keep("messages", messages.collect());
    let files = found.files.iter().filter_map(|at| files.get(*at));
    let files = files.map(|file| {
        let row = message::option_file(actor, place.channel.id, file);
        (file.id.to_string(), json!(attachment::render(app, &place.channel, &row)))
    });
    keep("attachments", files.collect());
    Ok(all)
}
