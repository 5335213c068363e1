//! Whether a command is sound: names, languages, and the tree of its options.
//!
//! Options are built anew from the keys that are known: nothing else is stored or told.

use proto::application::{ApplicationCommand, CHAT_INPUT};
use serde_json::{Map, Value as Json, json};
use unicode_normalization::char::is_combining_mark;

use crate::{
    name,
    reject::{FieldError, Reject},
};

const NAME_LENGTH: usize = 32;
const DESCRIPTION_LENGTH: usize = 100;
const OPTIONS: usize = 25;
const CHOICES: usize = 25;
const CHOICE_LENGTH: usize = 100;
const TEXT_LENGTH: u64 = 6_000;
/// Bytes of a command as JSON.
const COMMAND_BYTES: usize = 64 * 1_024;
/// Characters of all names, descriptions and values together.
const COMMAND_LENGTH: usize = 8_000;
/// What JavaScript counts to.
const WHOLE: f64 = 9_007_199_254_740_992.0;

pub const SUB_COMMAND: u64 = 1;
pub const SUB_COMMAND_GROUP: u64 = 2;
pub const STRING: u64 = 3;
pub const INTEGER: u64 = 4;
pub const BOOLEAN: u64 = 5;
pub const USER: u64 = 6;
pub const CHANNEL: u64 = 7;
pub const ROLE: u64 = 8;
pub const MENTIONABLE: u64 = 9;
pub const NUMBER: u64 = 10;
pub const ATTACHMENT: u64 = 11;

/// Languages that Discord knows.
const LOCALES: &[&str] = &[
    "id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl",
    "no", "pl", "pt-BR", "ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th",
    "zh-CN", "ja", "zh-TW", "ko",
];

type Object = Map<String, Json>;

/// The command, or all that is wrong with it.
pub fn sound(mut command: ApplicationCommand) -> Result<ApplicationCommand, Reject> {
    let mut check = Check::default();
    if !(1..=3).contains(&command.kind) {
        check.wrong("type", "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3}.");
    }
    let chat = command.kind == CHAT_INPUT;
    check.name(&command.name, "name", chat);
    check.description(&command, chat);
    check.localized(
        command.name_localizations.as_ref(),
        "name_localizations",
        |check, text, at| {
            check.name(text, at, chat);
        },
    );
    let described = command.description_localizations.as_ref();
    check.localized(described, "description_localizations", |check, text, at| {
        check.length(text, at, 1, DESCRIPTION_LENGTH);
    });
    check.places(&command);
    let options = command.options.take().unwrap_or_default();
    if !chat && !options.is_empty() {
        let code = "APPLICATION_COMMAND_OPTIONS_CANNOT_BE_SET";
        check.wrong("options", code, "Only chat commands have options.");
    }
    let options = check.options(&options, "options", 0);
    command.options = (!options.is_empty()).then_some(options);
    let bytes = serde_json::to_vec(&command).map_or(usize::MAX, |json| json.len());
    if check.length > COMMAND_LENGTH || bytes > COMMAND_BYTES {
        check.wrong("", "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)");
    }
    if check.errors.is_empty() { Ok(command) } else { Err(Reject::Invalid(check.errors)) }
}

#[derive(Default)]
struct Check {
    errors: Vec<FieldError>,
    length: usize,
}

impl Check {
    fn wrong(&mut self, path: &str, code: &'static str, message: &str) {
        if self.errors.len() < OPTIONS {
            let (path, message) = (path.to_owned(), message.to_owned());
            self.errors.push(FieldError { path, code, message });
        }
    }

    fn length(&mut self, text: &str, path: &str, min: usize, max: usize) {
        let length = text.chars().count();
        self.length += length;
        if length < min || length > max {
            let message = format!("Must be between {min} and {max} in length.");
            self.wrong(path, "BASE_TYPE_BAD_LENGTH", &message);
        }
    }

    /// A name as the composer takes it (`chat`), or as a menu shows it.
    fn name(&mut self, text: &str, path: &str, chat: bool) {
        let length = text.chars().count();
        self.length += length;
        if !(1..=NAME_LENGTH).contains(&length) {
            let message = format!("Must be between 1 and {NAME_LENGTH} in length.");
            return self.wrong(path, "BASE_TYPE_BAD_LENGTH", &message);
        }
        let plain = |c: char| c.is_alphanumeric() || is_combining_mark(c) || "-_'ʼ".contains(c);
        let fits = if chat {
            text.chars().all(plain) && text.to_lowercase() == text
        } else {
            name::clean_text(text).as_deref() == Some(text)
        };
        if !fits {
            self.wrong(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid");
        }
    }

    fn description(&mut self, command: &ApplicationCommand, chat: bool) {
        if chat {
            self.length(&command.description, "description", 1, DESCRIPTION_LENGTH);
        } else if !command.description.is_empty() {
            let code = "APPLICATION_COMMAND_DESCRIPTION_CANNOT_BE_SET";
            self.wrong("description", code, "Only chat commands have a description.");
        }
    }

    /// Where it can be used, and by what it can be installed.
    fn places(&mut self, command: &ApplicationCommand) {
        let distinct =
            |list: &[u8]| list.iter().enumerate().all(|(at, item)| !list[..at].contains(item));
        if let Some(contexts) = &command.contexts {
            let known = contexts.iter().all(|context| *context <= 2);
            if contexts.is_empty() || !known || !distinct(contexts) {
                self.wrong("contexts", "BASE_TYPE_CHOICES", "Each of {0, 1, 2}, once.");
            }
        }
        let types = &command.integration_types;
        if types.is_empty() || !types.iter().all(|kind| *kind <= 1) || !distinct(types) {
            self.wrong("integration_types", "BASE_TYPE_CHOICES", "Each of {0, 1}, once.");
        }
    }

    fn localized(
        &mut self,
        given: Option<&Option<Json>>,
        path: &str,
        fits: impl Fn(&mut Self, &str, &str),
    ) {
        let texts = match given {
            None | Some(None | Some(Json::Null)) => return,
            Some(Some(Json::Object(texts))) => texts,
            Some(Some(_)) => {
                return self.wrong(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used.");
            }
        };
        for (locale, text) in texts {
            let path = format!("{path}.{locale}");
            if !LOCALES.contains(&locale.as_str()) {
                self.wrong(&path, "BASE_TYPE_CHOICES", "This is not a language that is known.");
            } else if let Some(text) = text.as_str() {
                fits(self, text, &path);
            } else {
                let message = "Could not interpret the value as string.";
                self.wrong(&path, "STRING_TYPE_CONVERT", message);
            }
        }
    }

    /// The options of a command (`depth` 0), of a group or of a sub command.
    fn options(&mut self, options: &[Json], path: &str, depth: u8) -> Vec<Json> {
        if options.len() > OPTIONS {
            let message = format!("Must be {OPTIONS} or fewer in length.");
            self.wrong(path, "BASE_TYPE_MAX_LENGTH", &message);
            return Vec::new();
        }
        let mut made: Vec<Json> = Vec::new();
        for (at, option) in options.iter().enumerate() {
            let path = format!("{path}.{at}");
            let Some(option) = option.as_object() else {
                self.wrong(&path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used.");
                continue;
            };
            let Some(option) = self.option(option, &path, depth) else { continue };
            if made.iter().any(|other| other["name"] == option["name"]) {
                let code = "APPLICATION_COMMAND_OPTIONS_NAME_INVALID";
                self.wrong(&format!("{path}.name"), code, "Command option names must be unique");
            }
            made.push(option);
        }
        self.order(&made, path);
        made
    }

    /// What must be given comes first, and a command is either run itself or only its parts are.
    fn order(&mut self, options: &[Json], path: &str) {
        let sub = |option: &Json| option["type"].as_u64().is_some_and(|kind| kind <= 2);
        if options.iter().any(sub) && !options.iter().all(sub) {
            let message = "Sub-command and sub-command group option types are mutually exclusive \
                to all other types";
            self.wrong(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message);
        }
        let needed = |option: &Json| option["required"] == true;
        for (at, pair) in options.windows(2).enumerate() {
            if !needed(&pair[0]) && needed(&pair[1]) {
                let path = format!("{path}.{}", at + 1);
                let message = "Required options must be placed before non-required options";
                self.wrong(&path, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message);
            }
        }
    }

    fn option(&mut self, given: &Object, path: &str, depth: u8) -> Option<Json> {
        let kind = given.get("type").and_then(Json::as_u64).unwrap_or_default();
        // Groups are at the top, sub commands there or in a group.
        let allowed = match depth {
            0 => SUB_COMMAND..=ATTACHMENT,
            1 => SUB_COMMAND..=SUB_COMMAND,
            _ => STRING..=ATTACHMENT,
        };
        if !allowed.contains(&kind) {
            let message = "This type of option cannot be here.";
            self.wrong(&format!("{path}.type"), "UNION_TYPE_CHOICES", message);
            return None;
        }
        let mut made = Object::new();
        made.insert("type".to_owned(), kind.into());
        self.words(given, &mut made, path);
        if kind <= SUB_COMMAND_GROUP {
            let inside = given.get("options").and_then(Json::as_array);
            let inside = inside.map_or(&[][..], Vec::as_slice);
            let deeper = if kind == SUB_COMMAND_GROUP { 1 } else { 2 };
            let options = self.options(inside, &format!("{path}.options"), deeper);
            if kind == SUB_COMMAND_GROUP && options.is_empty() {
                let path = format!("{path}.options");
                self.wrong(&path, "BASE_TYPE_REQUIRED", "This field is required");
            }
            made.insert("options".to_owned(), options.into());
            return Some(Json::Object(made));
        }
        for key in ["required", "autocomplete"] {
            match given.get(key) {
                Some(Json::Bool(flag)) => drop(made.insert(key.to_owned(), (*flag).into())),
                None | Some(Json::Null) => {}
                Some(_) => {
                    let message = "Must be either true or false.";
                    self.wrong(&format!("{path}.{key}"), "BOOLEAN_TYPE_CONVERT", message);
                }
            }
        }
        self.bounds(kind, given, &mut made, path);
        self.choices(kind, given, &mut made, path);
        Some(Json::Object(made))
    }

    /// Name and description, in all languages.
    fn words(&mut self, given: &Object, made: &mut Object, path: &str) {
        for (key, all) in
            [("name", "name_localizations"), ("description", "description_localizations")]
        {
            let at = format!("{path}.{key}");
            let Some(text) = given.get(key).and_then(Json::as_str) else {
                self.wrong(&at, "BASE_TYPE_REQUIRED", "This field is required");
                continue;
            };
            let named = key == "name";
            let fits = |check: &mut Self, text: &str, at: &str| match named {
                true => check.name(text, at, true),
                false => check.length(text, at, 1, DESCRIPTION_LENGTH),
            };
            fits(self, text, &at);
            made.insert(key.to_owned(), text.into());
            let Some(texts) = given.get(all).filter(|texts| !texts.is_null()) else { continue };
            self.localized(Some(&Some(texts.clone())), &format!("{path}.{all}"), fits);
            made.insert(all.to_owned(), texts.clone());
        }
    }

    /// How large a number or how long a text may be, and which channels can be chosen.
    fn bounds(&mut self, kind: u64, given: &Object, made: &mut Object, path: &str) {
        let keys: [&str; 2] = match kind {
            STRING => ["min_length", "max_length"],
            INTEGER | NUMBER => ["min_value", "max_value"],
            CHANNEL => {
                let types = given.get("channel_types").and_then(Json::as_array);
                let known = types.into_iter().flatten().filter_map(Json::as_u64);
                let known: Vec<_> = known.filter(|kind| *kind < 64).take(OPTIONS).collect();
                if !known.is_empty() {
                    made.insert("channel_types".to_owned(), json!(known));
                }
                return;
            }
            _ => return,
        };
        let mut bounds = [None; 2];
        for (at, key) in keys.into_iter().enumerate() {
            let Some(value) = given.get(key).filter(|value| !value.is_null()) else { continue };
            let fits = match kind {
                STRING => value.as_u64().is_some_and(|n| (at as u64..=TEXT_LENGTH).contains(&n)),
                INTEGER => value.as_i64().is_some_and(|n| (n as f64).abs() <= WHOLE),
                _ => value.as_f64().is_some_and(|n| n.abs() <= WHOLE),
            };
            if !fits {
                self.wrong(&format!("{path}.{key}"), "NUMBER_TYPE_COERCE", "Not such a number.");
                continue;
            }
            bounds[at] = value.as_f64();
            made.insert(key.to_owned(), value.clone());
        }
        if let [Some(min), Some(max)] = bounds
            && min > max
        {
            let message = "It must not be less than the least.";
            self.wrong(&format!("{path}.{}", keys[1]), "NUMBER_TYPE_MIN", message);
        }
    }

    fn choices(&mut self, kind: u64, given: &Object, made: &mut Object, path: &str) {
        let completes = made.get("autocomplete") == Some(&Json::Bool(true));
        let typed = matches!(kind, STRING | INTEGER | NUMBER);
        if completes && !typed {
            let path = format!("{path}.autocomplete");
            let message = "Only texts and numbers can be completed.";
            self.wrong(&path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message);
        }
        let choices = given.get("choices").filter(|choices| !choices.is_null());
        let Some(choices) = choices.filter(|_| typed) else { return };
        let path = format!("{path}.choices");
        let choices = choices.as_array().map_or(&[][..], Vec::as_slice);
        if choices.len() > CHOICES {
            let message = format!("Must be {CHOICES} or fewer in length.");
            return self.wrong(&path, "BASE_TYPE_MAX_LENGTH", &message);
        }
        if completes && !choices.is_empty() {
            let message = "Autocomplete options cannot have choices.";
            return self.wrong(&path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message);
        }
        let mut all = Vec::new();
        for (at, given) in choices.iter().enumerate() {
            let path = format!("{path}.{at}");
            let name = given["name"].as_str().unwrap_or_default();
            self.length(name, &format!("{path}.name"), 1, CHOICE_LENGTH);
            let value = &given["value"];
            if !is_of(kind, value) {
                self.wrong(&format!("{path}.value"), "BASE_TYPE_BAD_TYPE", "Not of this type.");
            }
            if all.iter().any(|other: &Json| other["name"] == name) {
                let code = "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_EXISTS";
                self.wrong(&format!("{path}.name"), code, "Option choice name already exists");
            }
            let mut choice = json!({ "name": name, "value": value });
            if let Some(texts) = given.get("name_localizations").filter(|all| !all.is_null()) {
                let at = format!("{path}.name_localizations");
                self.localized(Some(&Some(texts.clone())), &at, |check, text, at| {
                    check.length(text, at, 1, CHOICE_LENGTH);
                });
                choice["name_localizations"] = texts.clone();
            }
            all.push(choice);
        }
        if !all.is_empty() {
            made.insert("choices".to_owned(), all.into());
        }
    }
}

/// Whether a value is one of an option of this type, as far as that shows.
pub fn is_of(kind: u64, value: &Json) -> bool {
    match kind {
        STRING => value.as_str().is_some_and(|text| text.chars().count() as u64 <= TEXT_LENGTH),
        INTEGER => {
            let whole = value.as_f64().is_some_and(|n| n.fract() == 0.0 && n.abs() <= WHOLE);
            whole && value.is_number()
        }
        NUMBER => value.as_f64().is_some_and(|n| n.abs() <= WHOLE),
        BOOLEAN => value.is_boolean(),
        USER | CHANNEL | ROLE | MENTIONABLE => {
            value.as_str().is_some_and(|id| id.parse::<u64>().is_ok())
        }
        _ => false,
    }
}
