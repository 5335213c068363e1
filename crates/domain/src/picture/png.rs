//! PNG: chunks with a length and a name. <https://www.w3.org/TR/png-3/>

use super::{Bare, Cursor};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Chunks that paint or move; texts, times and EXIF are not among them.
const KEPT: &[&[u8; 4]] = &[
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT",
    b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT", b"cICP",
];

pub(super) fn bare(bytes: &[u8]) -> Option<Bare> {
    let mut cursor = Cursor(bytes.strip_prefix(SIGNATURE)?);
    let mut out = SIGNATURE.to_vec();
    let (mut size, mut painted) = (None, false);
    loop {
        let whole = cursor.0;
        let length = usize::try_from(cursor.u32_be()?).ok()?;
        let kind = cursor.take(4)?;
        let data = cursor.take(length)?;
        cursor.take(4)?;
        match kind {
            b"IHDR" if size.is_none() => {
                let mut header = Cursor(data);
                size = Some((header.u32_be()?, header.u32_be()?));
            }
            // The header is the first chunk and the only one of its kind.
            b"IHDR" => return None,
            b"IDAT" => painted = true,
            _ => {}
        }
        let (width, height) = size?;
        if KEPT.iter().any(|kept| *kept == kind) {
            out.extend_from_slice(&whole[..length + 12]);
        }
        if kind == b"IEND" {
            return painted.then_some(Bare { bytes: out, width, height });
        }
    }
}

/// Whether it has frames: told before the first of its pixels.
pub(super) fn moves(bytes: &[u8]) -> bool {
    let kinds = |bytes: &[u8]| -> Option<bool> {
        let mut cursor = Cursor(bytes.strip_prefix(SIGNATURE)?);
        loop {
            let length = usize::try_from(cursor.u32_be()?).ok()?;
            match cursor.take(4)? {
                b"acTL" => return Some(true),
                b"IDAT" => return Some(false),
                _ => cursor.take(length.checked_add(4)?)?,
            };
        }
    };
    kinds(bytes).unwrap_or(false)
}
