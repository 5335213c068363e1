//! GIF: a screen, then blocks of sub-blocks. <https://www.w3.org/Graphics/GIF/spec-gif89a.txt>

use super::{Bare, Cursor};

const EXTENSION: u8 = 0x21;
const IMAGE: u8 = 0x2c;
const TRAILER: u8 = 0x3b;
/// Kinds of extensions: how a frame is shown, and those of programs.
const CONTROL: u8 = 0xf9;
const APPLICATION: u8 = 0xff;
/// The one extension of a program that everybody knows: it repeats.
const LOOP: &[u8] = b"\x0bNETSCAPE2.0";

pub(super) fn bare(bytes: &[u8]) -> Option<Bare> {
    let mut cursor = Cursor(bytes);
    let screen = cursor.take(13)?;
    let side = |at: usize| u32::from(u16::from_le_bytes([screen[at], screen[at + 1]]));
    let (width, height) = (side(6), side(8));
    let mut out = screen.to_vec();
    out.extend_from_slice(palette(&mut cursor, screen[10])?);
    let mut painted = false;
    loop {
        let whole = cursor.0;
        let kept = match cursor.u8()? {
            TRAILER => {
                out.push(TRAILER);
                return painted.then_some(Bare { bytes: out, width, height });
            }
            IMAGE => {
                let header = cursor.take(9)?;
                palette(&mut cursor, header[8])?;
                cursor.u8()?;
                painted = true;
                true
            }
            EXTENSION => {
                let kind = cursor.u8()?;
                kind == CONTROL || (kind == APPLICATION && cursor.0.starts_with(LOOP))
            }
            _ => return None,
        };
        sub_blocks(&mut cursor)?;
        if kept {
            out.extend_from_slice(&whole[..whole.len() - cursor.0.len()]);
        }
    }
}

/// A table of colours, if the flags say that there is one.
fn palette<'a>(cursor: &mut Cursor<'a>, flags: u8) -> Option<&'a [u8]> {
    let colours = if flags & 0x80 == 0 { 0 } else { 2usize << (flags & 7) };
    cursor.take(colours * 3)
}

fn sub_blocks(cursor: &mut Cursor<'_>) -> Option<()> {
    loop {
        let length = usize::from(cursor.u8()?);
        cursor.take(length)?;
        if length == 0 {
            return Some(());
        }
    }
}
