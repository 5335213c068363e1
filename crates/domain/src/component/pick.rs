//! What somebody picked from a select.

use serde_json::Value as Json;

use super::{CHANNEL_SELECT, MENTIONABLE_SELECT, ROLE_SELECT, STRING_SELECT, USER_SELECT};

/// Values that a select takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Picked {
    pub values: Vec<String>,
}

/// Whether a select's values are ids of something to be told beside them.
pub fn resolvable(kind: u64) -> bool {
    matches!(kind, USER_SELECT | ROLE_SELECT | MENTIONABLE_SELECT | CHANNEL_SELECT)
}

/// The values picked, if the select has them and takes so many. Errors are words.
pub fn picked(
    select: &Json,
    values: &[Json],
    known: &impl Fn(u64, &str) -> bool,
) -> Result<Picked, String> {
    let kind = select["type"].as_u64().unwrap_or_default();
    let (min, max) = (number(select, "min_values"), number(select, "max_values"));
    if (values.len() as u64) < min || values.len() as u64 > max {
        return Err(format!("Pick between {min} and {max}."));
    }
    let mut picked: Vec<String> = Vec::with_capacity(values.len());
    for value in values {
        let Some(value) = value.as_str() else {
            return Err("Each value is a text.".to_owned());
        };
        let there = if kind == STRING_SELECT {
            let options = select["options"].as_array().map_or(&[][..], Vec::as_slice);
            options.iter().any(|option| option["value"] == value)
        } else {
            resolvable(kind) && known(kind, value)
        };
        if !there || picked.iter().any(|other| other == value) {
            return Err("This cannot be picked here.".to_owned());
        }
        picked.push(value.to_owned());
    }
    Ok(Picked { values: picked })
}

fn number(select: &Json, key: &str) -> u64 {
    select[key].as_u64().unwrap_or(1)
}
