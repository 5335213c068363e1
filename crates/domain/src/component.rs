//! Components: buttons, selects, layout of messages, and the fields of modals.
//!
//! What a bot sends is taken apart and built anew from the keys that are known: nothing else is
//! stored or told. <https://discord.com/developers/docs/components/reference>

mod kinds;
mod modal;
mod pick;

use std::collections::HashSet;

use serde_json::{Map, Value as Json, json};

use crate::reject::{FieldError, Reject, Result, no};

pub use modal::{Modal, modal, submitted};
pub use pick::{Picked, picked, resolvable};

pub const ACTION_ROW: u64 = 1;
pub const BUTTON: u64 = 2;
pub const STRING_SELECT: u64 = 3;
pub const TEXT_INPUT: u64 = 4;
pub const USER_SELECT: u64 = 5;
pub const ROLE_SELECT: u64 = 6;
pub const MENTIONABLE_SELECT: u64 = 7;
pub const CHANNEL_SELECT: u64 = 8;
pub const SECTION: u64 = 9;
pub const TEXT_DISPLAY: u64 = 10;
pub const THUMBNAIL: u64 = 11;
pub const MEDIA_GALLERY: u64 = 12;
pub const FILE: u64 = 13;
pub const SEPARATOR: u64 = 14;
pub const CONTAINER: u64 = 17;
pub const LABEL: u64 = 18;

/// Action rows of a message without the new layout.
const ROWS: usize = 5;
/// Components of a message in the new layout, those inside others too.
const MOST: usize = 40;
/// Characters of all texts of a message in the new layout.
const TEXTS: usize = 4_000;
const BUTTONS: usize = 5;

/// What stands at the top of a message.
const TOP: &[u64] = &[ACTION_ROW, SECTION, TEXT_DISPLAY, MEDIA_GALLERY, FILE, SEPARATOR, CONTAINER];
const IN_CONTAINER: &[u64] = &[ACTION_ROW, SECTION, TEXT_DISPLAY, MEDIA_GALLERY, FILE, SEPARATOR];
const IN_ROW: &[u64] =
    &[BUTTON, STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT];

/// Components of a message as they are stored. `v2`: the message has the new layout.
pub fn message(components: Vec<Json>, v2: bool) -> Result<Vec<Json>> {
    let most = if v2 { MOST } else { ROWS };
    if components.len() > most {
        return no(Reject::length("components", 1, most));
    }
    let mut check = Check::new(&components);
    let top = if v2 { TOP } else { &[ACTION_ROW] };
    let sound = check.all(&components, "components", top);
    if check.count > MOST {
        let message = format!("There can be {MOST} components in all.");
        check.wrong("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", &message);
    }
    if check.texts > TEXTS {
        let message = format!("The texts have more than {TEXTS} characters.");
        check.wrong("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", &message);
    }
    check.done(sound)
}

/// The component with this name, wherever it stands.
pub fn find<'c>(components: &'c [Json], custom_id: &str) -> Option<&'c Json> {
    components.iter().find_map(|component| {
        if component["custom_id"] == custom_id {
            return Some(component);
        }
        let inside = component["components"].as_array().map_or(&[][..], Vec::as_slice);
        let accessory = std::slice::from_ref(&component["accessory"]);
        let labelled = std::slice::from_ref(&component["component"]);
        [inside, accessory, labelled].into_iter().find_map(|some| {
            if some.first().is_some_and(Json::is_object) { find(some, custom_id) } else { None }
        })
    })
}

/// Names of files that components show: `attachment://NAME`.
pub fn named_files(components: &[Json]) -> Vec<&str> {
    let mut names = Vec::new();
    for component in components {
        let media = [&component["media"], &component["file"]];
        let urls = media.into_iter().filter_map(|media| media["url"].as_str());
        names.extend(urls.filter_map(|url| url.strip_prefix("attachment://")));
        for list in ["components", "items"] {
            let inside = component[list].as_array().map_or(&[][..], Vec::as_slice);
            names.extend(named_files(inside));
        }
        if component["accessory"].is_object() {
            names.extend(named_files(std::slice::from_ref(&component["accessory"])));
        }
    }
    names
}

/// Puts what a file is in the place of its name, as it is told. `file`: by name, its id, address,
/// bytes and type.
pub fn with_files(components: &mut [Json], file: &impl Fn(&str) -> Option<Json>) {
    for component in components {
        for key in ["media", "file"] {
            let Some(media) = component.get_mut(key).and_then(Json::as_object_mut) else {
                continue;
            };
            let url = media.get("url").and_then(Json::as_str).unwrap_or_default().to_owned();
            let known = url.strip_prefix("attachment://").and_then(file);
            let Some(Json::Object(known)) = known else {
                media.insert("proxy_url".to_owned(), url.into());
                continue;
            };
            let (name, size) = (known.get("filename").cloned(), known.get("size").cloned());
            let told = known.into_iter().filter(|(key, _)| key != "filename" && key != "size");
            media.extend(told);
            if key == "file"
                && let (Some(name), Some(size)) = (name, size)
            {
                component["name"] = name;
                component["size"] = size;
            }
        }
        for list in ["components", "items"] {
            if let Some(inside) = component.get_mut(list).and_then(Json::as_array_mut) {
                with_files(inside, file);
            }
        }
        if let Some(accessory) = component.get_mut("accessory").filter(|a| a.is_object()) {
            with_files(std::slice::from_mut(accessory), file);
        }
    }
}

/// What is known while components are gone through.
struct Check {
    errors: Vec<FieldError>,
    custom_ids: HashSet<String>,
    ids: HashSet<u64>,
    next_id: u64,
    count: usize,
    texts: usize,
}

type Object = Map<String, Json>;

impl Check {
    fn new(components: &[Json]) -> Self {
        let mut ids = HashSet::new();
        given_ids(components, &mut ids);
        Self { errors: Vec::new(), custom_ids: HashSet::new(), ids, next_id: 1, count: 0, texts: 0 }
    }

    fn done(self, sound: Vec<Json>) -> Result<Vec<Json>> {
        if self.errors.is_empty() { Ok(sound) } else { no(Reject::Invalid(self.errors)) }
    }

    fn wrong(&mut self, path: &str, code: &'static str, message: &str) {
        // A thousand faults tell no more than some.
        if self.errors.len() < MOST {
            let (path, message) = (path.to_owned(), message.to_owned());
            self.errors.push(FieldError { path, code, message });
        }
    }

    fn all(&mut self, components: &[Json], path: &str, allowed: &[u64]) -> Vec<Json> {
        let one =
            |(at, component): (usize, &Json)| self.one(component, &format!("{path}.{at}"), allowed);
        components.iter().enumerate().filter_map(one).collect()
    }

    fn one(&mut self, component: &Json, path: &str, allowed: &[u64]) -> Option<Json> {
        self.count += 1;
        let Some(given) = component.as_object() else {
            self.wrong(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used.");
            return None;
        };
        let kind = given.get("type").and_then(Json::as_u64);
        let Some(kind) = kind.filter(|kind| allowed.contains(kind)) else {
            let list: Vec<_> = allowed.iter().map(u64::to_string).collect();
            let message = format!("Value of field \"type\" must be one of ({}).", list.join(", "));
            self.wrong(&format!("{path}.type"), "UNION_TYPE_CHOICES", &message);
            return None;
        };
        let mut sound = Object::new();
        sound.insert("type".to_owned(), kind.into());
        sound.insert("id".to_owned(), self.id(given).into());
        self.filled(kind, given, &mut sound, path);
        Some(Json::Object(sound))
    }

    /// The number of a component within its message: its sender's, or the next that is free.
    fn id(&mut self, given: &Object) -> u64 {
        if let Some(id) = given_id(given) {
            return id;
        }
        while !self.ids.insert(self.next_id) {
            self.next_id += 1;
        }
        self.next_id
    }

    /// A text: copied if it is there and sound. Answers its characters.
    fn text(
        &mut self,
        given: &Object,
        sound: &mut Object,
        path: &str,
        (key, min, max): (&str, usize, usize),
        needed: bool,
    ) -> usize {
        match given.get(key).filter(|value| !value.is_null()) {
            None if needed => {
                self.wrong(
                    &format!("{path}.{key}"),
                    "BASE_TYPE_REQUIRED",
                    "This field is required",
                );
                0
            }
            None => 0,
            Some(Json::String(text)) => {
                let length = text.chars().count();
                if length < min || length > max {
                    let message = format!("Must be between {min} and {max} in length.");
                    self.wrong(&format!("{path}.{key}"), "BASE_TYPE_BAD_LENGTH", &message);
                }
                sound.insert(key.to_owned(), text.clone().into());
                length
            }
            Some(_) => {
                let message = "Could not interpret the value as string.";
                self.wrong(&format!("{path}.{key}"), "STRING_TYPE_CONVERT", message);
                0
            }
        }
    }

    /// A flag; left out it is `usual`, unless that is nothing.
    fn flag(
        &mut self,
        given: &Object,
        sound: &mut Object,
        path: &str,
        key: &str,
        usual: Option<bool>,
    ) {
        let value = match given.get(key).filter(|value| !value.is_null()) {
            None => usual,
            Some(Json::Bool(flag)) => Some(*flag),
            Some(_) => {
                let message = "Must be either true or false.";
                self.wrong(&format!("{path}.{key}"), "BOOLEAN_TYPE_CONVERT", message);
                None
            }
        };
        if let Some(value) = value {
            sound.insert(key.to_owned(), value.into());
        }
    }

    /// A whole number in a range; `None` if it is not there.
    fn number(
        &mut self,
        given: &Object,
        path: &str,
        (key, min, max): (&str, u64, u64),
    ) -> Option<u64> {
        let value = given.get(key).filter(|value| !value.is_null())?;
        match value.as_u64() {
            Some(number) if (min..=max).contains(&number) => Some(number),
            Some(_) => {
                let message = format!("int value should be between {min} and {max}.");
                self.wrong(&format!("{path}.{key}"), "NUMBER_TYPE_RANGE", &message);
                None
            }
            None => {
                let message = format!("Value {value:.40} is not int.");
                self.wrong(&format!("{path}.{key}"), "NUMBER_TYPE_COERCE", &message);
                None
            }
        }
    }

    /// The name by which an interaction tells it: no two in a message have the same.
    fn custom_id(&mut self, given: &Object, sound: &mut Object, path: &str) {
        self.text(given, sound, path, ("custom_id", 1, 100), true);
        let Some(name) = sound.get("custom_id").and_then(Json::as_str) else { return };
        if !self.custom_ids.insert(name.to_owned()) {
            let message = "Component custom id cannot be duplicated";
            self.wrong(&format!("{path}.custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", message);
        }
    }

    /// A list of objects within bounds; empty if it is not one.
    fn list<'j>(
        &mut self,
        given: &'j Object,
        path: &str,
        (key, min, max): (&str, usize, usize),
    ) -> &'j [Json] {
        let list = match given.get(key).filter(|value| !value.is_null()) {
            None => &[],
            Some(Json::Array(list)) => list.as_slice(),
            Some(_) => {
                let message = "Only iterables may be used in a ListType.";
                self.wrong(&format!("{path}.{key}"), "LIST_TYPE_CONVERT", message);
                return &[];
            }
        };
        if list.is_empty() && min > 0 {
            self.wrong(&format!("{path}.{key}"), "BASE_TYPE_REQUIRED", "This field is required");
        } else if list.len() < min || list.len() > max {
            let message = format!("Must be between {min} and {max} in length.");
            self.wrong(&format!("{path}.{key}"), "BASE_TYPE_BAD_LENGTH", &message);
            return &[];
        }
        list
    }
}

fn given_id(given: &Object) -> Option<u64> {
    given.get("id").and_then(Json::as_u64).filter(|id| (1..=u64::from(u32::MAX >> 1)).contains(id))
}

fn given_ids(components: &[Json], ids: &mut HashSet<u64>) {
    for component in components.iter().filter_map(Json::as_object) {
        ids.extend(given_id(component));
        if let Some(Json::Array(inside)) = component.get("components") {
            given_ids(inside, ids);
        }
        for key in ["accessory", "component"] {
            if let Some(inside) = component.get(key) {
                given_ids(std::slice::from_ref(inside), ids);
            }
        }
    }
}

/// An emoji of a button or an option: told by name, and by id if it is a room's or an app's.
fn emoji(value: &Json) -> Option<Json> {
    let emoji = value.as_object()?;
    let name = emoji.get("name").and_then(Json::as_str).unwrap_or_default();
    let id = match emoji.get("id") {
        Some(Json::String(id)) => Some(id.parse::<u64>().ok()?),
        Some(Json::Number(id)) => Some(id.as_u64()?),
        _ => None,
    };
    if name.chars().count() > 64 || (name.is_empty() && id.is_none()) {
        return None;
    }
    let mut sound = json!({ "name": name });
    if let Some(id) = id {
        sound["id"] = id.to_string().into();
        if emoji.get("animated") == Some(&Json::Bool(true)) {
            sound["animated"] = true.into();
        }
    }
    Some(sound)
}

#[cfg(test)]
mod tests;
