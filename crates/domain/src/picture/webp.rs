//! WebP: chunks in a RIFF. <https://www.rfc-editor.org/rfc/rfc9649.html>

use super::{Bare, Cursor};

/// Flags of the extended header: EXIF and XMP follow.
const NOTES: u8 = 0x0c;

/// Flag of the extended header: it has frames.
const FRAMES: u8 = 0x02;

/// Whether it has frames: told by the first chunk.
pub(super) fn moves(bytes: &[u8]) -> bool {
    bytes.get(12..16) == Some(b"VP8X") && bytes.get(20).is_some_and(|flags| flags & FRAMES != 0)
}

pub(super) fn bare(bytes: &[u8]) -> Option<Bare> {
    let mut cursor = Cursor(bytes);
    cursor.take(4)?;
    let length = usize::try_from(cursor.u32_le()?).ok()?;
    let mut cursor = Cursor(cursor.take(length)?);
    let mut out = [b"RIFF\0\0\0\0", cursor.take(4)?].concat();
    let (mut size, mut painted) = (None, false);
    while !cursor.0.is_empty() {
        let whole = cursor.0;
        let kind = cursor.take(4)?;
        let length = usize::try_from(cursor.u32_le()?).ok()?;
        let data = cursor.take(length)?;
        // Chunks are of even length.
        let padded = cursor.take(length % 2).map_or(length, |pad| length + pad.len());
        let start = out.len();
        match kind {
            b"VP8X" | b"VP8 " | b"VP8L" => {
                size = size.or(dimensions(kind, data));
                painted |= kind != b"VP8X";
            }
            b"ANMF" => painted = true,
            b"ANIM" | b"ALPH" | b"ICCP" => {}
            _ => continue,
        }
        out.extend_from_slice(whole.get(..8 + padded)?);
        if kind == b"VP8X" {
            *out.get_mut(start + 8)? &= !NOTES;
        }
    }
    let (width, height) = size.filter(|_| painted)?;
    let length = u32::try_from(out.len() - 8).ok()?;
    out[4..8].copy_from_slice(&length.to_le_bytes());
    Some(Bare { bytes: out, width, height })
}

fn dimensions(kind: &[u8], data: &[u8]) -> Option<(u32, u32)> {
    let byte = |at: usize| data.get(at).copied().map(u32::from);
    match kind {
        b"VP8X" => {
            let side = |at: usize| Some(byte(at)? | byte(at + 1)? << 8 | byte(at + 2)? << 16);
            Some((side(4)? + 1, side(7)? + 1))
        }
        b"VP8L" => {
            let bits = byte(1)? | byte(2)? << 8 | byte(3)? << 16 | byte(4)? << 24;
            (byte(0)? == 0x2f).then_some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        _ => {
            let start = data.get(3..6)? == [0x9d, 0x01, 0x2a];
            let side = |at: usize| Some((byte(at)? | byte(at + 1)? << 8) & 0x3fff);
            start.then_some((side(6)?, side(8)?))
        }
    }
}
