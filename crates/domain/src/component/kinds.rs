//! What each type of component is made of.

use serde_json::{Value as Json, json};

use super::{
    ACTION_ROW, BUTTON, BUTTONS, CHANNEL_SELECT, CONTAINER, Check, FILE, IN_CONTAINER, IN_ROW,
    LABEL, MEDIA_GALLERY, MENTIONABLE_SELECT, MOST, Object, ROLE_SELECT, SECTION, SEPARATOR,
    STRING_SELECT, TEXT_DISPLAY, TEXT_INPUT, TEXTS, THUMBNAIL, USER_SELECT, emoji,
};

/// The style of a button that leads to an address.
pub(super) const LINK: u64 = 5;
const PREMIUM: u64 = 6;
/// What one picks from, and how much.
const OPTIONS: usize = 25;
const WHITE: u64 = 0xff_ffff;

impl Check {
    /// Fills in what this type has beside its type and number.
    pub(super) fn filled(&mut self, kind: u64, given: &Object, sound: &mut Object, path: &str) {
        match kind {
            ACTION_ROW => self.row(given, sound, path),
            BUTTON => self.button(given, sound, path),
            STRING_SELECT..=CHANNEL_SELECT if kind != TEXT_INPUT => {
                self.select(kind, given, sound, path);
            }
            TEXT_INPUT => self.input(given, sound, path),
            SECTION => self.section(given, sound, path),
            TEXT_DISPLAY => {
                self.texts += self.text(given, sound, path, ("content", 1, TEXTS), true);
            }
            THUMBNAIL => self.picture(given, sound, path),
            MEDIA_GALLERY => self.gallery(given, sound, path),
            FILE => {
                self.media(given, sound, path, "file", true);
                self.flag(given, sound, path, "spoiler", Some(false));
                sound.insert("name".to_owned(), Json::Null);
                sound.insert("size".to_owned(), Json::Null);
            }
            SEPARATOR => {
                let spacing = self.number(given, path, ("spacing", 1, 2)).unwrap_or(1);
                sound.insert("spacing".to_owned(), spacing.into());
                self.flag(given, sound, path, "divider", Some(true));
            }
            CONTAINER => self.container(given, sound, path),
            LABEL => self.label(given, sound, path),
            _ => {}
        }
    }

    fn row(&mut self, given: &Object, sound: &mut Object, path: &str) {
        let inside = self.list(given, path, ("components", 1, BUTTONS));
        let inside = self.all(inside, &format!("{path}.components"), IN_ROW);
        let selects = inside.iter().filter(|component| component["type"] != BUTTON).count();
        if selects > 1 || (selects == 1 && inside.len() > 1) {
            let message = "The specified component exceeds the maximum width";
            let code = "COMPONENT_LAYOUT_WIDTH_EXCEEDED";
            self.wrong(&format!("{path}.components"), code, message);
        }
        sound.insert("components".to_owned(), inside.into());
    }

    fn button(&mut self, given: &Object, sound: &mut Object, path: &str) {
        let style = self.number(given, path, ("style", 1, PREMIUM));
        if !given.contains_key("style") {
            self.wrong(&format!("{path}.style"), "BASE_TYPE_REQUIRED", "This field is required");
        }
        let Some(style) = style else { return };
        sound.insert("style".to_owned(), style.into());
        if style == PREMIUM {
            let message = "There is nothing to buy here: premium buttons are not supported.";
            return self.wrong(&format!("{path}.style"), "BASE_TYPE_CHOICES", message);
        }
        self.flag(given, sound, path, "disabled", None);
        self.text(given, sound, path, ("label", 0, 80), false);
        self.emoji(given, sound, path);
        let label = sound.get("label").and_then(Json::as_str).unwrap_or_default();
        if label.is_empty() && !sound.contains_key("emoji") {
            let message = "A button needs a label or an emoji.";
            self.wrong(&format!("{path}.label"), "BASE_TYPE_REQUIRED", message);
        }
        let there = |key: &str| given.get(key).is_some_and(|value| !value.is_null());
        if style == LINK {
            self.text(given, sound, path, ("url", 1, 512), true);
            let url = sound.get("url").and_then(Json::as_str).unwrap_or_default();
            if !is_web(url) {
                let message = "Scheme must be one of ('http', 'https').";
                self.wrong(&format!("{path}.url"), "URL_TYPE_INVALID_SCHEME", message);
            }
            if there("custom_id") {
                let message = "A button that leads to an address has no custom id.";
                self.wrong(&format!("{path}.custom_id"), "COMPONENT_VALIDATION_FAILED", message);
            }
            return;
        }
        self.custom_id(given, sound, path);
        if there("url") {
            let message = "Only a button of style 5 leads to an address.";
            self.wrong(&format!("{path}.url"), "COMPONENT_VALIDATION_FAILED", message);
        }
    }

    fn emoji(&mut self, given: &Object, sound: &mut Object, path: &str) {
        let Some(value) = given.get("emoji").filter(|value| !value.is_null()) else { return };
        match emoji(value) {
            Some(emoji) => drop(sound.insert("emoji".to_owned(), emoji)),
            None => {
                self.wrong(
                    &format!("{path}.emoji"),
                    "BUTTON_COMPONENT_INVALID_EMOJI",
                    "Invalid emoji",
                );
            }
        }
    }

    /// A select of a message. In a modal it also says whether it must be filled in.
    pub(super) fn select(&mut self, kind: u64, given: &Object, sound: &mut Object, path: &str) {
        self.custom_id(given, sound, path);
        self.text(given, sound, path, ("placeholder", 0, 150), false);
        self.flag(given, sound, path, "disabled", None);
        let min = self.number(given, path, ("min_values", 0, 25)).unwrap_or(1);
        let max = self.number(given, path, ("max_values", 1, 25)).unwrap_or(1);
        if min > max {
            let message = "There cannot be fewer at most than at least.";
            self.wrong(&format!("{path}.max_values"), "COMPONENT_VALIDATION_FAILED", message);
        }
        sound.insert("min_values".to_owned(), min.into());
        sound.insert("max_values".to_owned(), max.into());
        if kind == STRING_SELECT {
            return self.options(given, sound, path, max);
        }
        if kind == CHANNEL_SELECT
            && let Some(types) = given.get("channel_types").and_then(Json::as_array)
        {
            let types: Vec<_> = types.iter().filter(|kind| kind.as_u64().is_some()).collect();
            sound.insert("channel_types".to_owned(), json!(types));
        }
        self.defaults(kind, given, sound, path, max);
    }

    fn options(&mut self, given: &Object, sound: &mut Object, path: &str, max: u64) {
        let options = self.list(given, path, ("options", 1, OPTIONS));
        let mut chosen = 0;
        let mut values: Vec<String> = Vec::new();
        let mut made: Vec<Json> = Vec::new();
        for (at, option) in options.iter().enumerate() {
            let path = format!("{path}.options.{at}");
            let Some(option) = option.as_object() else {
                self.wrong(&path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used.");
                continue;
            };
            let mut sound = Object::new();
            self.text(option, &mut sound, &path, ("label", 1, 100), true);
            self.text(option, &mut sound, &path, ("value", 1, 100), true);
            self.text(option, &mut sound, &path, ("description", 0, 100), false);
            self.emoji(option, &mut sound, &path);
            self.flag(option, &mut sound, &path, "default", None);
            chosen += u64::from(sound.get("default") == Some(&Json::Bool(true)));
            let value = sound.get("value").and_then(Json::as_str).unwrap_or_default().to_owned();
            if values.contains(&value) {
                let message = "The specified option value is already used";
                let code = "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED";
                self.wrong(&format!("{path}.value"), code, message);
            }
            values.push(value);
            made.push(Json::Object(sound));
        }
        if chosen > max {
            let message = "More options are chosen to begin with than can be.";
            self.wrong(&format!("{path}.options"), "COMPONENT_VALIDATION_FAILED", message);
        }
        sound.insert("options".to_owned(), made.into());
    }

    fn defaults(&mut self, kind: u64, given: &Object, sound: &mut Object, path: &str, max: u64) {
        let values = self.list(given, path, ("default_values", 0, OPTIONS));
        if values.is_empty() {
            return;
        }
        let allowed: &[&str] = match kind {
            USER_SELECT => &["user"],
            ROLE_SELECT => &["role"],
            MENTIONABLE_SELECT => &["user", "role"],
            _ => &["channel"],
        };
        let mut made = Vec::new();
        for (at, value) in values.iter().enumerate() {
            let named = value["type"].as_str().filter(|name| allowed.contains(name));
            let id = value["id"].as_str().filter(|id| id.parse::<u64>().is_ok());
            match (named, id) {
                (Some(named), Some(id)) => made.push(json!({ "type": named, "id": id })),
                _ => {
                    let path = format!("{path}.default_values.{at}");
                    self.wrong(&path, "BASE_TYPE_CHOICES", "Not of this type of select.");
                }
            }
        }
        if made.len() as u64 > max {
            let message = "More is chosen to begin with than can be.";
            self.wrong(&format!("{path}.default_values"), "COMPONENT_VALIDATION_FAILED", message);
        }
        sound.insert("default_values".to_owned(), made.into());
    }

    fn section(&mut self, given: &Object, sound: &mut Object, path: &str) {
        let texts = self.list(given, path, ("components", 1, 3));
        let texts = self.all(texts, &format!("{path}.components"), &[TEXT_DISPLAY]);
        sound.insert("components".to_owned(), texts.into());
        let path = format!("{path}.accessory");
        let Some(accessory) = given.get("accessory").filter(|value| !value.is_null()) else {
            return self.wrong(&path, "BASE_TYPE_REQUIRED", "This field is required");
        };
        if let Some(accessory) = self.one(accessory, &path, &[BUTTON, THUMBNAIL]) {
            sound.insert("accessory".to_owned(), accessory);
        }
    }

    fn container(&mut self, given: &Object, sound: &mut Object, path: &str) {
        let inside = self.list(given, path, ("components", 1, MOST));
        let inside = self.all(inside, &format!("{path}.components"), IN_CONTAINER);
        sound.insert("components".to_owned(), inside.into());
        let color = self.number(given, path, ("accent_color", 0, WHITE));
        sound.insert("accent_color".to_owned(), color.map_or(Json::Null, Json::from));
        self.flag(given, sound, path, "spoiler", Some(false));
    }

    fn gallery(&mut self, given: &Object, sound: &mut Object, path: &str) {
        let items = self.list(given, path, ("items", 1, 10));
        let mut made = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let path = format!("{path}.items.{at}");
            let Some(item) = item.as_object() else {
                self.wrong(&path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used.");
                continue;
            };
            let mut sound = Object::new();
            self.picture(item, &mut sound, &path);
            made.push(Json::Object(sound));
        }
        sound.insert("items".to_owned(), made.into());
    }

    /// What a thumbnail and an item of a gallery have.
    fn picture(&mut self, given: &Object, sound: &mut Object, path: &str) {
        self.media(given, sound, path, "media", false);
        sound.insert("description".to_owned(), Json::Null);
        self.text(given, sound, path, ("description", 0, 1_024), false);
        self.flag(given, sound, path, "spoiler", Some(false));
    }

    /// Something to look at: an address of the web, or a file of the message.
    fn media(&mut self, given: &Object, sound: &mut Object, path: &str, key: &str, file: bool) {
        let url = given.get(key).and_then(|media| media.get("url")).and_then(Json::as_str);
        let path = format!("{path}.{key}.url");
        let Some(url) = url else {
            return self.wrong(&path, "BASE_TYPE_REQUIRED", "This field is required");
        };
        let web = !file && is_web(url);
        if !(web || url.starts_with("attachment://")) || url.len() > 2_048 {
            let message = if file {
                "Scheme must be one of ('attachment',)."
            } else {
                "Scheme must be one of ('http', 'https', 'attachment')."
            };
            return self.wrong(&path, "URL_TYPE_INVALID_SCHEME", message);
        }
        // The number of what is shown: unique within the message is enough.
        while !self.ids.insert(self.next_id) {
            self.next_id += 1;
        }
        let id = self.next_id.to_string();
        sound.insert(key.to_owned(), json!({ "id": id, "url": url, "proxy_url": url }));
    }
}

fn is_web(url: &str) -> bool {
    let start = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    start.starts_with("http://") || start.starts_with("https://")
}
