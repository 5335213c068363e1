//! Pictures of people and rooms: looked at by content, rid of what they tell about their maker.
//!
//! Nothing is decoded here, so nothing can blow up: a picture is taken apart into its blocks, and
//! only blocks that paint are kept. Position, camera, comments and hidden tails go.

mod gif;
pub(crate) mod jpeg;
mod png;
mod shelf;
mod webp;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest as _, Sha256};

use crate::reject::{Error, Reject};

pub use shelf::{Kind, Shelf, find};
pub(crate) use shelf::{Turn, remove_emoji, sweep, turn};

/// Most pixels of a side and of all, so that a browser can show it.
const SIDE: u32 = 8_192;
const PIXELS: u64 = 40_000_000;

/// What a picture is, by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Png,
    Jpeg,
    Gif,
    Webp,
}

impl Format {
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
        }
    }
}

/// What the bytes begin like.
pub fn sniff(bytes: &[u8]) -> Option<Format> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(Format::Png)
    } else if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        Some(Format::Jpeg)
    } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        Some(Format::Gif)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some(Format::Webp)
    } else {
        None
    }
}

/// A picture without what does not paint, and its size in pixels.
struct Bare {
    bytes: Vec<u8>,
    width: u32,
    height: u32,
}

/// A full disk is no fault of ours.
fn full(error: anyhow::Error) -> Error {
    let kinds = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    let mut kinds = kinds.map(std::io::Error::kind);
    if kinds.any(|kind| kind == std::io::ErrorKind::StorageFull) {
        Reject::StorageFull.into()
    } else {
        Error::Fault(error.context("cannot keep a picture"))
    }
}

fn check(field: &str, data_uri: &str, most: usize) -> Result<(String, Vec<u8>), Reject> {
    let wrong = |message: &str| Reject::field(field, "IMAGE_INVALID", message);
    let data = data_uri.strip_prefix("data:image/").and_then(|rest| rest.split_once(";base64,"));
    let Some((_, data)) = data else {
        return Err(wrong("Send a picture as a data URI: data:image/png;base64,..."));
    };
    if data.len() / 4 * 3 > most + 2 {
        return Err(wrong(&format!("A picture can have {} KiB.", most / 1_024)));
    }
    let Ok(bytes) = BASE64_STANDARD.decode(data) else {
        return Err(wrong("The data URI is not valid base64."));
    };
    let kinds = "Send a whole PNG, JPEG, GIF or WebP.";
    let format = sniff(&bytes).ok_or_else(|| wrong(kinds))?;
    let bare = match format {
        Format::Png => png::bare(&bytes),
        Format::Jpeg => jpeg::bare(&bytes),
        Format::Gif => gif::bare(&bytes),
        Format::Webp => webp::bare(&bytes),
    };
    let bare = bare.ok_or_else(|| wrong(kinds))?;
    let sides = 1..=SIDE;
    let pixels = u64::from(bare.width) * u64::from(bare.height);
    if !sides.contains(&bare.width) || !sides.contains(&bare.height) || pixels > PIXELS {
        return Err(wrong("The picture has too many pixels."));
    }
    Ok((hash(format, &bare.bytes), bare.bytes))
}

/// Whether a picture, rid of all else, moves.
pub(crate) fn moves(bare: &[u8]) -> bool {
    match sniff(bare) {
        Some(Format::Gif) => true,
        Some(Format::Png) => png::moves(bare),
        Some(Format::Webp) => webp::moves(bare),
        Some(Format::Jpeg) | None => false,
    }
}

/// 32 hex digits. COMPAT: libraries take a hash that begins with `a_` for one that moves.
fn hash(format: Format, bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut hash = if format == Format::Gif { "a_".to_owned() } else { String::new() };
    for byte in &Sha256::digest(bytes)[..16] {
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}

/// Reads numbers and pieces off the front; `None` at the end of what is there.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    fn u8(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    fn u16_be(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn u32_be(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    fn u32_le(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(bytes: &[u8]) -> String {
        format!("data:image/png;base64,{}", BASE64_STANDARD.encode(bytes))
    }

    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let length = (data.len() as u32).to_be_bytes();
        [&length[..], kind, data, &[0; 4]].concat()
    }

    fn png(extra: &[u8]) -> Vec<u8> {
        let header = [&3u32.to_be_bytes()[..], &2u32.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
        let start = b"\x89PNG\r\n\x1a\n".to_vec();
        let parts = [
            start,
            chunk(b"IHDR", &header),
            extra.to_vec(),
            chunk(b"IDAT", &[1, 2, 3]),
            chunk(b"IEND", &[]),
        ];
        parts.concat()
    }

    fn jpeg(orientation: u8) -> Vec<u8> {
        let tiff = [
            &b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"[..],
            &[orientation, 0, 0, 0, 0, 0, 0, 0],
            b"GPS secret",
        ];
        let exif = [&b"Exif\0\0"[..], &tiff.concat()].concat();
        let segment = |marker: u8, data: &[u8]| {
            [&[0xff, marker][..], &(data.len() as u16 + 2).to_be_bytes(), data].concat()
        };
        let parts = [
            vec![0xff, 0xd8],
            segment(0xe1, &exif),
            segment(0xfe, b"a comment"),
            segment(0xc0, &[8, 0, 2, 0, 3, 1, 1, 0x11, 0]),
            segment(0xda, &[1, 1, 0, 0, 63, 0]),
            vec![0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56],
            vec![0xff, 0xd9],
            b"<script>".to_vec(),
        ];
        parts.concat()
    }

    fn has(bytes: &[u8], needle: &[u8]) -> bool {
        bytes.windows(needle.len()).any(|window| window == needle)
    }

    #[test]
    fn what_does_not_paint_goes() {
        let told = chunk(b"tEXt", b"Author\0secret");
        let (hash, bytes) = check("avatar", &uri(&png(&told)), 1_000).expect("a picture");
        assert!(!has(&bytes, b"secret"));
        assert_eq!(bytes, png(&[]));
        let with_tail = [png(&[]), b"<script>alert(1)</script>".to_vec()].concat();
        assert_eq!(check("avatar", &uri(&with_tail), 1_000).expect("a picture").0, hash);

        let (_, bytes) = check("avatar", &uri(&jpeg(1)), 1_000).expect("a picture");
        assert!(!has(&bytes, b"secret") && !has(&bytes, b"comment") && !has(&bytes, b"script"));
        assert!(bytes.ends_with(&[0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56, 0xff, 0xd9]));
        assert!(!has(&bytes, b"Exif"));
        let (_, turned) = check("avatar", &uri(&jpeg(6)), 1_000).expect("a picture");
        assert!(has(&turned, b"Exif") && !has(&turned, b"secret"), "it is still turned");
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let half = &png(&[])[..30];
        let big = {
            let mut bytes = png(&[]);
            bytes[16..20].copy_from_slice(&60_000u32.to_be_bytes());
            bytes
        };
        let wrong = [
            uri(b"<svg onload=alert(1)>"),
            uri(half),
            uri(&big),
            uri(b""),
            uri(b"GIF89a"),
            uri(b"RIFF\0\0\0\0WEBP"),
            uri(&[0xff, 0xd8, 0xff, 0xd9]),
            String::new(),
            "http://127.0.0.1/x.png".to_owned(),
            "data:image/png;base64,!!!".to_owned(),
            "data:text/html;base64,PGI+".to_owned(),
            uri(&vec![0; 2_000]),
        ];
        for uri in wrong {
            assert!(check("avatar", &uri, 1_000).is_err(), "{uri:.60}");
        }
    }

    #[test]
    fn gif_and_webp_keep_what_moves() {
        let frame = [&[0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0][..], &[2, 2, 0x44, 1, 0]];
        let looped = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0";
        let start = b"GIF89a\x01\0\x01\0\0\0\0";
        let plain = [&start[..], looped, &frame.concat(), b";"].concat();
        let told = [&start[..], b"\x21\xfe\x06secret\0", looped, &frame.concat(), b";<b>"].concat();
        let (hash, bytes) = check("avatar", &uri(&told), 1_000).expect("a picture");
        assert_eq!(bytes, plain);
        assert!(hash.starts_with("a_"));

        let vp8x = [&b"VP8X\x0a\0\0\0\x0c\0\0\0"[..], &[2, 0, 0, 1, 0, 0]].concat();
        let body = [&b"WEBP"[..], &vp8x, b"VP8L\x05\0\0\0\x2f\x02\x40\0\0\0"];
        let body = [&body.concat()[..], b"EXIF\x04\0\0\0home"];
        let body = body.concat();
        let file = [&b"RIFF"[..], &(body.len() as u32).to_le_bytes(), &body].concat();
        let (_, bytes) = check("avatar", &uri(&file), 1_000).expect("a picture");
        assert!(!has(&bytes, b"home"));
        assert_eq!(bytes[20] & 0x0c, 0, "it no longer says that there is more");
        assert_eq!(bytes.len() - 8, u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize);
    }

    mod any {
        use super::*;
        use proptest::prelude::*;

        proptest! {
            #[test]
            fn bytes_are_taken_apart_without_a_panic(
                start in 0usize..4,
                rest in proptest::collection::vec(any::<u8>(), 0..300),
            ) {
                let starts: [&[u8]; 4] = [
                    b"\x89PNG\r\n\x1a\n", &[0xff, 0xd8, 0xff], b"GIF89a", b"RIFF\0\0\0\0WEBP",
                ];
                let bytes = [starts[start], &rest].concat();
                if let Ok((_, bare)) = check("avatar", &uri(&bytes), 10_000) {
                    prop_assert!(bare.len() <= bytes.len() + 64);
                }
            }
        }
    }
}
