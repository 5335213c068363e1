//! Modals: a bot's form, and what somebody filled in.

use serde_json::{Value as Json, json};

use super::{
    ACTION_ROW, CHANNEL_SELECT, Check, LABEL, MENTIONABLE_SELECT, MOST, Object, ROLE_SELECT,
    STRING_SELECT, TEXT_DISPLAY, TEXT_INPUT, USER_SELECT, pick,
};
use crate::reject::{FieldError, Reject, Result, no};

/// Fields of a modal.
const FIELDS: usize = 5;
/// Characters that one field takes.
const LONGEST: u64 = 4_000;

const IN_LABEL: &[u64] =
    &[TEXT_INPUT, STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT];

/// A form as it is shown.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Modal {
    pub custom_id: String,
    pub title: String,
    pub components: Vec<Json>,
}

/// The form in a callback of type 9.
pub fn modal(data: &Json) -> Result<Modal> {
    let empty = Object::new();
    let given = data.as_object().unwrap_or(&empty);
    let mut check = Check::new(&[]);
    let mut sound = Object::new();
    check.text(given, &mut sound, "data", ("custom_id", 1, 100), true);
    check.text(given, &mut sound, "data", ("title", 1, 45), true);
    let rows = check.list(given, "data", ("components", 1, MOST));
    let mut components = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let path = format!("data.components.{at}");
        components.extend(check.modal_row(row, &path));
    }
    let fields = components.iter().filter(|row| row["type"] != TEXT_DISPLAY).count();
    if fields > FIELDS {
        let message = format!("Must be between 1 and {FIELDS} in length.");
        check.wrong("data.components", "BASE_TYPE_BAD_LENGTH", &message);
    }
    let components = check.done(components)?;
    let text = |key: &str| sound.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    Ok(Modal { custom_id: text("custom_id"), title: text("title"), components })
}

impl Check {
    fn modal_row(&mut self, row: &Json, path: &str) -> Option<Json> {
        if row["type"] != ACTION_ROW {
            return self.one(row, path, &[ACTION_ROW, LABEL, TEXT_DISPLAY]);
        }
        // The older form: each field in a row of its own.
        let given = row.as_object()?;
        let inside = self.list(given, path, ("components", 1, 1));
        let inside = self.all(inside, &format!("{path}.components"), &[TEXT_INPUT]);
        let labelled = inside.iter().all(|input| input["label"].is_string());
        if !labelled {
            let path = format!("{path}.components.0.label");
            self.wrong(&path, "BASE_TYPE_REQUIRED", "This field is required");
        }
        Some(json!({ "type": ACTION_ROW, "id": self.id(given), "components": inside }))
    }

    pub(super) fn label(&mut self, given: &Object, sound: &mut Object, path: &str) {
        self.text(given, sound, path, ("label", 1, 45), true);
        self.text(given, sound, path, ("description", 1, 100), false);
        let path = format!("{path}.component");
        let Some(inside) = given.get("component").filter(|value| !value.is_null()) else {
            return self.wrong(&path, "BASE_TYPE_REQUIRED", "This field is required");
        };
        let Some(mut field) = self.one(inside, &path, IN_LABEL) else { return };
        if field["type"] != TEXT_INPUT {
            let required = inside["required"].as_bool().unwrap_or(true);
            field["required"] = required.into();
        }
        sound.insert("component".to_owned(), field);
    }

    pub(super) fn input(&mut self, given: &Object, sound: &mut Object, path: &str) {
        self.custom_id(given, sound, path);
        if given.get("style").is_none_or(Json::is_null) {
            self.wrong(&format!("{path}.style"), "BASE_TYPE_REQUIRED", "This field is required");
        }
        let style = self.number(given, path, ("style", 1, 2)).unwrap_or(1);
        sound.insert("style".to_owned(), style.into());
        self.text(given, sound, path, ("label", 1, 45), false);
        self.text(given, sound, path, ("placeholder", 0, 100), false);
        self.text(given, sound, path, ("value", 0, LONGEST as usize), false);
        self.flag(given, sound, path, "required", Some(true));
        let min = self.number(given, path, ("min_length", 0, LONGEST));
        let max = self.number(given, path, ("max_length", 1, LONGEST));
        if min.zip(max).is_some_and(|(min, max)| min > max) {
            let message = "It cannot be shorter at most than at least.";
            self.wrong(&format!("{path}.max_length"), "COMPONENT_VALIDATION_FAILED", message);
        }
        sound.insert("min_length".to_owned(), json!(min));
        sound.insert("max_length".to_owned(), json!(max));
    }
}

/// What was filled in, checked against the form: rows as a bot gets them. `known`: whether somebody
/// may name this user, role or channel.
pub fn submitted(
    form: &[Json],
    values: &serde_json::Map<String, Json>,
    known: &impl Fn(u64, &str) -> bool,
) -> Result<Vec<Json>> {
    let mut errors = Vec::new();
    let row = |row: &Json| match row["type"].as_u64() {
        Some(ACTION_ROW) => {
            let field = filled(&row["components"][0], values, known, &mut errors);
            json!({ "type": ACTION_ROW, "id": row["id"], "components": [field] })
        }
        Some(LABEL) => {
            let field = filled(&row["component"], values, known, &mut errors);
            json!({ "type": LABEL, "id": row["id"], "component": field })
        }
        _ => json!({ "type": row["type"], "id": row["id"] }),
    };
    let rows = form.iter().map(row).collect();
    if errors.is_empty() { Ok(rows) } else { no(Reject::Invalid(errors)) }
}

fn filled(
    field: &Json,
    values: &serde_json::Map<String, Json>,
    known: &impl Fn(u64, &str) -> bool,
    errors: &mut Vec<FieldError>,
) -> Json {
    let name = field["custom_id"].as_str().unwrap_or_default();
    let kind = field["type"].as_u64().unwrap_or_default();
    let mut told = json!({ "type": kind, "id": field["id"], "custom_id": name });
    let mut wrong = |code, message: String| {
        errors.push(FieldError { path: format!("data.values.{name}"), code, message });
    };
    let needed = field["required"].as_bool().unwrap_or(true);
    if kind != TEXT_INPUT {
        let empty = Vec::new();
        let picked = values.get(name).and_then(Json::as_array).unwrap_or(&empty);
        if picked.is_empty() && !needed {
            told["values"] = json!([]);
            return told;
        }
        match pick::picked(field, picked, known) {
            Ok(picked) => told["values"] = json!(picked.values),
            Err(message) => wrong("COMPONENT_VALIDATION_FAILED", message),
        }
        return told;
    }
    let text = values.get(name).and_then(Json::as_str).unwrap_or_default();
    let length = text.chars().count() as u64;
    let min = field["min_length"].as_u64().unwrap_or(0).max(u64::from(needed));
    let max = field["max_length"].as_u64().unwrap_or(LONGEST);
    if length == 0 && needed {
        wrong("BASE_TYPE_REQUIRED", "This field is required".to_owned());
    } else if length > max || (length > 0 && length < min) {
        wrong("BASE_TYPE_BAD_LENGTH", format!("Must be between {min} and {max} in length."));
    }
    told["value"] = text.into();
    told
}
