//! JPEG: segments behind markers, then scans. <https://www.w3.org/Graphics/JPEG/itu-t81.pdf>

use super::{Bare, Cursor};

pub(crate) const EXIF: &[u8] = b"Exif\0\0";
const ORIENTATION: u16 = 0x0112;

pub(super) fn bare(bytes: &[u8]) -> Option<Bare> {
    let mut cursor = Cursor(bytes.strip_prefix(&[0xff, 0xd8])?);
    let mut kept: Vec<&[u8]> = Vec::new();
    let (mut size, mut painted, mut turned) = (None, false, None);
    loop {
        let marker = marker(&mut cursor)?;
        if marker == 0xd9 {
            break;
        }
        let whole = cursor.0;
        let length = usize::from(cursor.u16_be()?);
        let data = cursor.take(length.checked_sub(2)?)?;
        match marker {
            // A frame's header: precision, height, width.
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let mut header = Cursor(data.get(1..)?);
                let (height, width) = (header.u16_be()?, header.u16_be()?);
                size = Some((u32::from(width), u32::from(height)));
            }
            0xe1 if data.starts_with(EXIF) => turned = turned.or(orientation(&data[6..])),
            _ => {}
        }
        // JFIF, colour profile and Adobe's colour transform matter; other programs' notes do not.
        let note = matches!(marker, 0xe0..=0xef | 0xfe) && !matches!(marker, 0xe0 | 0xe2 | 0xee);
        let mut end = length;
        if marker == 0xda {
            painted = true;
            end += scan(&mut cursor)?;
        }
        if !note {
            // The marker's two bytes stand right before its segment.
            let start = bytes.len() - whole.len() - 2;
            kept.push(&bytes[start..start + 2 + end]);
        }
    }
    let (width, height) = size.filter(|_| painted)?;
    let mut out = vec![0xff, 0xd8];
    if let Some(turned) = turned.filter(|turned| (2..=8).contains(turned)) {
        out.extend_from_slice(&only_orientation(turned));
    }
    kept.iter().for_each(|segment| out.extend_from_slice(segment));
    out.extend_from_slice(&[0xff, 0xd9]);
    Some(Bare { bytes: out, width, height })
}

/// The next marker; fill bytes before it are skipped.
fn marker(cursor: &mut Cursor<'_>) -> Option<u8> {
    if cursor.u8()? != 0xff {
        return None;
    }
    loop {
        match cursor.u8()? {
            0xff => {}
            0x00 => return None,
            marker => return Some(marker),
        }
    }
}

/// Skips the data of a scan up to the next marker; answers how long it was.
fn scan(cursor: &mut Cursor<'_>) -> Option<usize> {
    let data = cursor.0;
    let ends = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff);
    let length = data.windows(2).position(ends)?;
    cursor.take(length)?;
    Some(length)
}

/// How the camera was held, out of the first directory of its notes.
pub(crate) fn orientation(tiff: &[u8]) -> Option<u16> {
    let little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let u16_at = |at: usize| {
        let bytes = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let u32_at = |at: usize| {
        let bytes = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    let directory = usize::try_from(u32_at(4)?).ok()?;
    let entries = usize::from(u16_at(directory)?);
    let mut places = (0..entries).map(|entry| directory.checked_add(2 + entry * 12));
    let place = places.find_map(|place| place.filter(|at| u16_at(*at) == Some(ORIENTATION)))?;
    u16_at(place.checked_add(8)?)
}

/// Notes that say nothing but how the camera was held.
pub(crate) fn only_orientation(turned: u16) -> Vec<u8> {
    let tiff =
        [&b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01"[..], &turned.to_be_bytes(), &[0; 6]]
            .concat();
    let length = (2 + EXIF.len() + tiff.len()) as u16;
    [&[0xff, 0xe1][..], &length.to_be_bytes(), EXIF, &tiff].concat()
}
