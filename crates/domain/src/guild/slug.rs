//! Addresses of rooms: from the name where everybody may find them, by chance where not.
//!
//! An address is never given to another room, not even after its room is gone: who kept a link
//! must not end up with strangers.

use proto::{Code, Patch, guild::Visibility};
use unicode_normalization::UnicodeNormalization as _;

use crate::{
    App,
    reject::{Reject, Result, no},
    rows::{GuildRow, SlugRow},
};

/// Characters of an address.
const LENGTH: usize = 48;
/// Characters of an address that somebody chose.
const LENGTH_MIN: usize = 3;

/// Numbers tried behind a name that is taken, before chance decides.
const NUMBERS: u32 = 9;

const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// The address of a new room.
pub(super) async fn fresh(app: &App, visibility: Visibility, name: &str) -> Result<Option<String>> {
    match visibility {
        Visibility::Private => Ok(None),
        // 80 bits: nobody finds it by trying.
        Visibility::Unlisted => Ok(Some(by_chance::<16>(app))),
        Visibility::Public => from_name(app, name).await.map(Some),
    }
}

/// The address of a room after a change of who finds it.
pub(super) async fn next(
    app: &App,
    before: &GuildRow,
    visibility: Visibility,
    wish: &Patch<String>,
) -> Result<Option<String>> {
    let stays = before.visibility == visibility;
    match (visibility, wish) {
        (Visibility::Public, Patch::Value(wish)) => chosen(app, before, wish).await.map(Some),
        (_, Patch::Value(_)) => {
            let message = "Only a public room has an address of its choice.";
            no(Reject::field("slug", "SLUG_INVALID", message))
        }
        (Visibility::Unlisted, Patch::Null) => fresh(app, visibility, &before.name).await,
        _ if stays && (before.slug.is_some() || visibility == Visibility::Private) => {
            Ok(before.slug.clone())
        }
        _ => fresh(app, visibility, &before.name).await,
    }
}

async fn chosen(app: &App, of: &GuildRow, wish: &str) -> Result<String> {
    let sound = (LENGTH_MIN..=LENGTH).contains(&wish.len())
        && wish.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !wish.starts_with('-')
        && !wish.ends_with('-')
        && !wish.contains("--");
    if !sound {
        let message = format!(
            "Use {LENGTH_MIN} to {LENGTH} small letters a-z, digits, and single dashes inside."
        );
        return no(Reject::field("slug", "SLUG_INVALID", message));
    }
    match app.store.get::<SlugRow>(wish).await? {
        Some(taken) if taken.guild_id != of.id => no(Reject::Refused(Code::SLUG_TAKEN)),
        _ => Ok(wish.to_owned()),
    }
}

async fn from_name(app: &App, name: &str) -> Result<String> {
    let plain = folded(name);
    let numbered = (1..=NUMBERS).map(|n| if n == 1 { plain.clone() } else { with(&plain, n) });
    for slug in numbered {
        if app.store.get::<SlugRow>(slug.as_str()).await?.is_none() {
            return Ok(slug);
        }
    }
    Ok(with(&plain, by_chance::<8>(app)))
}

fn with(plain: &str, tail: impl std::fmt::Display) -> String {
    format!("{plain}-{tail}")
}

/// The name in plain letters: `Café für Öl!` is `cafe-fur-ol`.
fn folded(name: &str) -> String {
    let mut slug = String::new();
    for c in name.nfkd() {
        match c {
            'ß' => slug.push_str("ss"),
            'a'..='z' | '0'..='9' => slug.push(c),
            'A'..='Z' => slug.push(c.to_ascii_lowercase()),
            // Marks that stood on a letter leave nothing behind.
            _ if unicode_normalization::char::is_combining_mark(c) || c == '\'' => {}
            _ if slug.ends_with('-') || slug.is_empty() => {}
            _ => slug.push('-'),
        }
    }
    // Room for a tail.
    slug.truncate(LENGTH - 9);
    let slug = slug.trim_matches('-');
    if slug.is_empty() { "room".to_owned() } else { slug.to_owned() }
}

fn by_chance<const N: usize>(app: &App) -> String {
    let letter = |byte: u8| char::from(LETTERS[usize::from(byte) % LETTERS.len()]);
    app.random::<N>().into_iter().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_an_address_in_plain_letters() {
        assert_eq!(folded("Rust & Friends"), "rust-friends");
        assert_eq!(folded("Café für Öl — Straße!"), "cafe-fur-ol-strasse");
        assert_eq!(folded("Anna's ROOM 7"), "annas-room-7");
        assert_eq!(folded("日本"), "room");
        assert_eq!(folded("../../etc"), "etc");
        assert_eq!(folded(&"x".repeat(200)).len(), LENGTH - 9);
    }
}
