//! `Patch<T>`: a field that is absent, null or a value.
//!
//! PATCH bodies mean three things; `Option` can say two.

use serde::{Deserialize, Deserializer};

/// Use with `#[serde(default)]`: a missing key is `Absent`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// The key is not there: leave it.
    #[default]
    Absent,
    /// The key is null: clear it.
    Null,
    /// A new value.
    Value(T),
}

impl<T> Patch<T> {
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// `None` if absent; else what the field becomes.
    pub fn change(self) -> Option<Option<T>> {
        match self {
            Self::Absent => None,
            Self::Null => Some(None),
            Self::Value(value) => Some(Some(value)),
        }
    }

    /// Writes the change, if there is one, into an optional field.
    pub fn apply(self, field: &mut Option<T>) {
        if let Some(value) = self.change() {
            *field = value;
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Option::deserialize(deserializer)? {
            None => Self::Null,
            Some(value) => Self::Value(value),
        })
    }
}
