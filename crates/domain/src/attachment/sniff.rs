//! What a file is, by its first bytes: never by its name and never by what the sender says.
//!
//! Only these kinds are shown in the page; all else is a download. Nothing is decoded here: sizes
//! stand in the headers, and a picture with absurd ones is not taken for a picture.

use crate::picture::jpeg::{EXIF, orientation};

/// So many first bytes are enough: a photograph has its size behind embedded previews and colours.
pub const HEAD_BYTES: usize = 256 * 1024;

/// More pixels than this are not shown: decoding costs the reader four bytes for each.
const PIXELS: u64 = 40_000_000;

/// A kind of file, as its head tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sniffed {
    pub content_type: &'static str,
    /// Of pictures.
    pub width: Option<u32>,
    pub height: Option<u32>,
}

/// What this is the beginning of; `None`: anything else, bytes.
pub fn sniff(head: &[u8]) -> Option<Sniffed> {
    if let Some((content_type, width, height)) = picture(head) {
        let pixels = u64::from(width) * u64::from(height);
        let (width, height) = (Some(width), Some(height));
        return (1..=PIXELS).contains(&pixels).then_some(Sniffed { content_type, width, height });
    }
    let content_type = sound_or_film(head).or_else(|| text(head))?;
    Some(Sniffed { content_type, width: None, height: None })
}

/// May be shown where it stands: raster pictures, sound and film. A browser runs nothing in them.
pub fn is_inline(content_type: &str) -> bool {
    is_picture(content_type)
        || content_type.starts_with("audio/")
        || content_type.starts_with("video/")
}

/// The pictures that avatars and icons may be, too.
pub fn is_picture(content_type: &str) -> bool {
    matches!(content_type, "image/png" | "image/jpeg" | "image/gif" | "image/webp")
}

fn picture(head: &[u8]) -> Option<(&'static str, u32, u32)> {
    if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        let size = (be32(head, 16), be32(head, 20));
        return (head.get(12..16)? == b"IHDR").then_some(("image/png", size.0?, size.1?));
    }
    if head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a") {
        return Some(("image/gif", le16(head, 6)?, le16(head, 8)?));
    }
    if head.starts_with(b"\xff\xd8\xff") {
        let (width, height) = jpeg(head)?;
        return Some(("image/jpeg", width, height));
    }
    if head.starts_with(b"RIFF") && head.get(8..12)? == b"WEBP" {
        let (width, height) = webp(head)?;
        return Some(("image/webp", width, height));
    }
    None
}

/// Width and height as it is shown: from the frame header, turned as EXIF says.
fn jpeg(head: &[u8]) -> Option<(u32, u32)> {
    let (mut at, mut turned) = (2, false);
    loop {
        if *head.get(at)? != 0xff {
            return None;
        }
        let marker = *head.get(at + 1)?;
        match marker {
            // Padding, and markers without a length.
            0xff => at += 1,
            0x01 | 0xd0..=0xd8 => at += 2,
            // Start of frame, but for the Huffman, JPG and arithmetic tables among them.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let (height, width) = (be16(head, at + 5)?, be16(head, at + 7)?);
                return Some(if turned { (height, width) } else { (width, height) });
            }
            // The picture or its end: no frame came.
            0xd9 | 0xda => return None,
            _ => {
                let length = be16(head, at + 2)? as usize;
                if marker == 0xe1 {
                    let exif = head.get(at + 4..at + 2 + length.max(2)).unwrap_or_default();
                    let how = exif.strip_prefix(EXIF).and_then(orientation);
                    turned |= how.is_some_and(|how| (5..=8).contains(&how));
                }
                at += 2 + length.max(2);
            }
        }
    }
}

fn webp(head: &[u8]) -> Option<(u32, u32)> {
    match head.get(12..16)? {
        b"VP8 " => Some((le16(head, 26)? & 0x3fff, le16(head, 28)? & 0x3fff)),
        b"VP8L" => {
            let bits = le32(head, 21)?;
            Some(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
        }
        b"VP8X" => {
            let three = |at| Some(le16(head, at)? | u32::from(*head.get(at + 2)?) << 16);
            Some((three(24)? + 1, three(27)? + 1))
        }
        _ => None,
    }
}

fn sound_or_film(head: &[u8]) -> Option<&'static str> {
    let four = head.get(4..8);
    if four == Some(b"ftyp") {
        return Some(match head.get(8..11) {
            Some(b"M4A") => "audio/mp4",
            Some(b"qt ") => "video/quicktime",
            _ => "video/mp4",
        });
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WAVE") {
        return Some("audio/wav");
    }
    if head.starts_with(b"\x1a\x45\xdf\xa3") {
        let webm = head[..head.len().min(64)].windows(4).any(|window| window == b"webm");
        return webm.then_some("video/webm");
    }
    if head.starts_with(b"OggS") {
        return Some("audio/ogg");
    }
    if head.starts_with(b"fLaC") {
        return Some("audio/flac");
    }
    let mpeg = head.len() > 3 && head[0] == 0xff && matches!(head[1], 0xfb | 0xf3 | 0xf2);
    (mpeg || head.starts_with(b"ID3")).then_some("audio/mpeg")
}

/// Whole characters and no controls but white space. It is offered as a download all the same.
fn text(head: &[u8]) -> Option<&'static str> {
    let end = match std::str::from_utf8(head) {
        Ok(_) => head.len(),
        // A character cut at the end of a long head.
        Err(error) if error.error_len().is_none() && head.len() >= HEAD_BYTES => {
            error.valid_up_to()
        }
        Err(_) => return None,
    };
    let plain = |byte: &u8| *byte >= 0x20 && *byte != 0x7f || b"\t\n\r\x0c".contains(byte);
    (end > 0 && head[..end].iter().all(plain)).then_some("text/plain; charset=utf-8")
}

fn be16(bytes: &[u8], at: usize) -> Option<u32> {
    let two = bytes.get(at..at.checked_add(2)?)?;
    Some(u32::from(two[0]) << 8 | u32::from(two[1]))
}

fn le16(bytes: &[u8], at: usize) -> Option<u32> {
    be16(bytes, at).map(|value| u32::from((value as u16).swap_bytes()))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(four.try_into().expect("four bytes")))
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    be32(bytes, at).map(u32::swap_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seen(head: &[u8]) -> Option<(&'static str, Option<u32>, Option<u32>)> {
        sniff(head).map(|found| (found.content_type, found.width, found.height))
    }

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        png.extend(width.to_be_bytes());
        png.extend(height.to_be_bytes());
        png
    }

    #[test]
    fn pictures_are_known_by_their_heads() {
        assert_eq!(seen(&png(640, 480)), Some(("image/png", Some(640), Some(480))));
        let gif = b"GIF89a\x10\0\x20\0/*<script>*/";
        assert_eq!(seen(gif), Some(("image/gif", Some(16), Some(32))));
        let lossy = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x40\x01\xf0\0";
        assert_eq!(seen(lossy), Some(("image/webp", Some(320), Some(240))));
        let extended = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x3f\x01\0\xef\0\0";
        assert_eq!(seen(extended), Some(("image/webp", Some(320), Some(240))));
    }

    #[test]
    fn a_photograph_taken_upright_is_upright() {
        let frame = b"\xff\xc0\0\x11\x08\x01\xe0\x02\x80\x03";
        let plain = [b"\xff\xd8\xff\xe0\0\x04ab".as_slice(), frame].concat();
        assert_eq!(seen(&plain), Some(("image/jpeg", Some(640), Some(480))));
        let exif = b"\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\
            \x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let turned = [b"\xff\xd8".as_slice(), exif, frame].concat();
        assert_eq!(seen(&turned), Some(("image/jpeg", Some(480), Some(640))));
    }

    #[test]
    fn an_absurd_picture_is_a_download() {
        assert_eq!(seen(&png(30_000, 30_000)), None);
        assert_eq!(seen(&png(0, 10)), None);
    }

    #[test]
    fn what_a_browser_could_run_is_never_inline() {
        let documents: [&[u8]; 5] = [
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
            b"<!doctype html><script>1</script>",
            b"MIME-Version: 1.0\r\nContent-Type: multipart/related",
            b"%PDF-1.7\n<html>",
            b"PK\x03\x04",
        ];
        for document in documents {
            let inline = sniff(document).is_some_and(|found| is_inline(found.content_type));
            assert!(!inline, "{document:?}");
        }
    }

    #[test]
    fn sound_and_film_are_known() {
        assert_eq!(seen(b"\0\0\0\x18ftypisom").map(|found| found.0), Some("video/mp4"));
        assert_eq!(seen(b"OggS\0").map(|found| found.0), Some("audio/ogg"));
        assert_eq!(seen(b"ID3\x04\0").map(|found| found.0), Some("audio/mpeg"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(
            start in prop::sample::select(vec![
                &b""[..], b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBPVP8", b"GIF89a", b"\x89PNG\r\n\x1a\n",
                b"\xff\xd8\xff\xe1\0\x40Exif\0\0MM\0\x2a",
            ]),
            rest in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            sniff(&[start, &rest].concat());
        }
    }
}
