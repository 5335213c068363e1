//! Pictures for those who have none: a head and shoulders in one of six colours.
//!
//! Drawn here because libraries ask for PNG at `embed/avatars/{n}.png`; it takes no more lines than
//! the files would take room.

/// Width and height in pixels.
const SIDE: usize = 128;

/// Backgrounds; white stands out from each.
const COLORS: [[u8; 3]; 6] = [
    [0x0f, 0x7f, 0x7a],
    [0x5b, 0x5f, 0x97],
    [0x8a, 0x4f, 0x7d],
    [0xa3, 0x4a, 0x28],
    [0x3f, 0x6f, 0x3a],
    [0x5c, 0x5c, 0x66],
];

/// A PNG of two colours, one bit a pixel.
pub fn png(number: u64) -> Vec<u8> {
    let color = COLORS[(number % COLORS.len() as u64) as usize];
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let side = (SIDE as u32).to_be_bytes();
    // One bit deep, with a palette.
    chunk(&mut png, b"IHDR", &[&side[..], &side, &[1, 3, 0, 0, 0]].concat());
    chunk(&mut png, b"PLTE", &[&color[..], &[0xff, 0xff, 0xff]].concat());
    chunk(&mut png, b"IDAT", &stored(&pixels()));
    chunk(&mut png, b"IEND", &[]);
    png
}

/// Each row after the number of its filter: none.
fn pixels() -> Vec<u8> {
    let mut rows = Vec::with_capacity(SIDE * (SIDE / 8 + 1));
    for y in 0..SIDE as i32 {
        rows.push(0);
        for byte in 0..SIDE as i32 / 8 {
            let bits = (0..8).map(|bit| u8::from(is_white(byte * 8 + bit, y)) << (7 - bit));
            rows.push(bits.sum());
        }
    }
    rows
}

fn is_white(x: i32, y: i32) -> bool {
    let within = |cx: i32, cy: i32, rx: i32, ry: i32| {
        let (dx, dy) = ((x - cx) * ry, (y - cy) * rx);
        dx * dx + dy * dy <= rx * rx * ry * ry
    };
    within(64, 50, 24, 24) || within(64, 128, 46, 44)
}

/// zlib without compression: one stored block (RFC 1950, 1951).
fn stored(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("a small picture");
    let mut out = vec![0x78, 0x01, 1];
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(bytes);
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in bytes {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    out.extend((high << 16 | low).to_be_bytes());
    out
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], bytes: &[u8]) {
    png.extend((bytes.len() as u32).to_be_bytes());
    let start = png.len();
    png.extend(kind);
    png.extend(bytes);
    let sum = crc32(&png[start..]);
    png.extend(sum.to_be_bytes());
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 }
        })
    };
    !bytes.iter().fold(!0, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_standards() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let adler = stored(b"Wikipedia");
        assert_eq!(adler[adler.len() - 4..], [0x11, 0xe6, 0x03, 0x98]);
    }

    #[test]
    fn a_portrait_is_a_picture() {
        let seen = domain::attachment::sniff::sniff(&png(7)).expect("a picture");
        assert_eq!((seen.content_type, seen.width), ("image/png", Some(128)));
        assert_ne!(png(0), png(1));
        assert_eq!(png(0), png(6));
    }
}
