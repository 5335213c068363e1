//! Rows of tables that are searched by their words.

use proto::{Id, Timestamp, marker, time::ms};
use serde::{Deserialize, Serialize};

use super::{cell, column, from_json, index, to_json};
use crate::store::{Entity, Key, Row, Table, Value};

/// A public room as the directory lists it: a projection of the guild, some seconds old.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DirectoryRow {
    pub guild_id: Id<marker::Guild>,
    pub name: String,
    pub slug: Option<String>,
    pub description: Option<String>,
    pub icon: Option<String>,
    pub member_count: u32,
    #[serde(with = "ms::option")]
    pub last_activity: Option<Timestamp>,
    /// Higher is listed first.
    pub rank: i64,
    /// What it is sorted by among names: the column `name`. Rows of before there was one are sorted
    /// by the name as it is until they are written again.
    #[serde(skip)]
    pub sort_name: String,
}

impl Entity for DirectoryRow {
    const TABLE: &'static Table = &Table {
        name: "directory",
        key: &[column::<Id<marker::Guild>>("guild_id")],
        columns: &[column::<i64>("rank"), column::<i64>("member_count"), column::<String>("name")],
        indexes: &[
            index("by_rank", &["rank"]),
            index("by_members", &["member_count"]),
            index("by_name", &["name"]),
        ],
        searched: true,
    };

    fn key(&self) -> Key {
        vec![self.guild_id.into()]
    }

    fn columns(&self) -> Vec<Value> {
        let members = i64::from(self.member_count);
        vec![self.rank.into(), members.into(), self.sort_name.clone().into()]
    }

    fn body(&self) -> Vec<u8> {
        to_json(self)
    }

    fn text(&self) -> String {
        format!("{} {}", self.name, self.description.as_deref().unwrap_or_default())
    }

    fn from_row(row: &Row) -> anyhow::Result<Self> {
        let mut values = row.columns.iter().skip(2);
        Ok(Self { sort_name: cell(&mut values)?, ..from_json(row)? })
    }
}

/// What a message is found by: an entry of the index, some moments old.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageTextRow {
    pub message_id: Id<marker::Message>,
    pub channel_id: Id<marker::Channel>,
    /// Never read back.
    pub text: String,
}

impl Entity for MessageTextRow {
    const TABLE: &'static Table = &Table {
        name: "message_text",
        key: &[column::<Id<marker::Message>>("message_id")],
        columns: &[column::<Id<marker::Channel>>("channel_id")],
        indexes: &[],
        searched: true,
    };

    fn key(&self) -> Key {
        vec![self.message_id.into()]
    }

    fn columns(&self) -> Vec<Value> {
        vec![self.channel_id.into()]
    }

    fn body(&self) -> Vec<u8> {
        b"{}".to_vec()
    }

    fn text(&self) -> String {
        self.text.clone()
    }

    fn from_row(row: &Row) -> anyhow::Result<Self> {
        let mut values = row.key.iter().chain(&row.columns);
        let (message_id, channel_id) = (cell(&mut values)?, cell(&mut values)?);
        Ok(Self { message_id, channel_id, text: String::new() })
    }
}
