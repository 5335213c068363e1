//! Takes out of pictures what tells about their maker: where, when, with what. As they come, piece
//! by piece: a picture is never held whole.
//!
//! What paints stays byte for byte, and so does all that is no picture or no sound one: then it is
//! a file like others.

use crate::picture::jpeg::{EXIF, only_orientation, orientation};

/// Bytes that tell what it is.
const SIGNATURE_BYTES: usize = 12;

/// Passes a file through.
pub struct Strip {
    /// What was not understood yet: at most one segment of a JPEG.
    held: Vec<u8>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    /// No picture that we take apart: all goes through.
    Raw,
    /// The picture is over: nothing goes through.
    Over,
    JpegMarker,
    JpegScan,
    PngChunk,
    WebpChunk,
    /// So many bytes go through, or away, or become zeros; then this.
    Bytes(u64, Fate, Next),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Pass,
    Drop,
    Blank,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    JpegMarker,
    JpegScan,
    PngChunk,
    WebpChunk,
    Over,
}

impl Default for Strip {
    fn default() -> Self {
        Self { held: Vec::new(), state: State::Start }
    }
}

impl Strip {
    /// Takes the next bytes; answers what of them, and of those before, is to be kept.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        if self.state == State::Raw {
            return bytes.to_vec();
        }
        self.held.extend_from_slice(bytes);
        let mut out = Vec::with_capacity(bytes.len());
        while self.step(&mut out) {}
        out
    }

    /// The file ends here: what was held back of it.
    pub fn end(&mut self) -> Vec<u8> {
        match self.state {
            State::Over => Vec::new(),
            _ => std::mem::take(&mut self.held),
        }
    }

    /// One step; `false`: more bytes are needed, or none are left.
    fn step(&mut self, out: &mut Vec<u8>) -> bool {
        if self.held.is_empty() {
            return false;
        }
        match self.state {
            State::Start => self.start(out),
            State::Raw => {
                out.append(&mut self.held);
                false
            }
            State::Over => {
                self.held.clear();
                false
            }
            State::JpegMarker => self.jpeg_marker(out),
            State::JpegScan => self.jpeg_scan(out),
            State::PngChunk => self.png_chunk(),
            State::WebpChunk => self.webp_chunk(out),
            State::Bytes(left, fate, next) => {
                let here = self.held.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                match fate {
                    Fate::Pass => out.extend_from_slice(&self.held[..here]),
                    Fate::Drop => {}
                    Fate::Blank => out.resize(out.len() + here, 0),
                }
                self.held.drain(..here);
                let left = left - here as u64;
                self.state = if left > 0 { State::Bytes(left, fate, next) } else { next.state() };
                true
            }
        }
    }

    fn start(&mut self, out: &mut Vec<u8>) -> bool {
        if self.held.len() < SIGNATURE_BYTES {
            return false;
        }
        self.state = if self.held.starts_with(b"\xff\xd8\xff") {
            self.pass(2, out);
            State::JpegMarker
        } else if self.held.starts_with(b"\x89PNG\r\n\x1a\n") {
            self.pass(8, out);
            State::PngChunk
        } else if self.held.starts_with(b"RIFF") && &self.held[8..12] == b"WEBP" {
            self.pass(12, out);
            State::WebpChunk
        } else {
            State::Raw
        };
        true
    }

    /// The first of what is held goes through.
    fn pass(&mut self, count: usize, out: &mut Vec<u8>) {
        out.extend(self.held.drain(..count));
    }

    fn jpeg_marker(&mut self, out: &mut Vec<u8>) -> bool {
        // Any number of 0xff may stand before a marker: all but the last go at once.
        let padding = self.held.iter().take_while(|byte| **byte == 0xff).count();
        if padding > 1 {
            self.held.drain(..padding - 1);
        }
        let [first, marker, ..] = self.held[..] else { return false };
        match (first, marker) {
            (0xff, 0xd9) => {
                self.pass(2, out);
                self.state = State::Over;
                return true;
            }
            (0xff, 0x01 | 0xd0..=0xd8) => {
                self.pass(2, out);
                return true;
            }
            (0xff, 0xc0..=0xfe) => {}
            _ => {
                self.state = State::Raw;
                return true;
            }
        }
        let [_, _, high, low, ..] = self.held[..] else { return false };
        let length = 2 + usize::from(u16::from_be_bytes([high, low]));
        if length < 4 {
            self.state = State::Raw;
            return true;
        }
        let is_exif = marker == 0xe1;
        if is_exif && self.held.len() < length {
            return false;
        }
        if is_exif && let Some(exif) = self.held[4..length].strip_prefix(EXIF) {
            // A picture taken upright has to stay upright.
            let turned = orientation(exif).filter(|turned| (2..=8).contains(turned));
            out.extend(turned.map(only_orientation).unwrap_or_default());
        }
        // JFIF, colour profile and Adobe's colour transform matter; other programs' notes do not.
        let is_note = matches!(marker, 0xe0..=0xef | 0xfe) && !matches!(marker, 0xe0 | 0xe2 | 0xee);
        let fate = if is_note { Fate::Drop } else { Fate::Pass };
        let next = if marker == 0xda { Next::JpegScan } else { Next::JpegMarker };
        self.state = State::Bytes(length as u64, fate, next);
        true
    }

    /// Up to the marker that ends the scan.
    fn jpeg_scan(&mut self, out: &mut Vec<u8>) -> bool {
        let ends = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff);
        match self.held.windows(2).position(ends) {
            Some(at) => {
                self.pass(at, out);
                self.state = State::JpegMarker;
                true
            }
            None => {
                // The last byte could be the first of a marker.
                let sure = self.held.len() - usize::from(self.held.last() == Some(&0xff));
                self.pass(sure, out);
                false
            }
        }
    }

    fn png_chunk(&mut self) -> bool {
        let Some(head) = self.held.first_chunk::<8>() else { return false };
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let kind = &head[4..];
        if !kind.iter().all(u8::is_ascii_alphabetic) {
            self.state = State::Raw;
            return true;
        }
        let next = if kind == b"IEND" { Next::Over } else { Next::PngChunk };
        // Texts, times, EXIF; and whatever else a reader may skip that is not known to paint.
        let paints = kind[0].is_ascii_uppercase() || PNG_KEPT.iter().any(|kept| *kept == kind);
        let fate = if paints { Fate::Pass } else { Fate::Drop };
        self.state = State::Bytes(u64::from(length) + 12, fate, next);
        true
    }

    /// The length of the whole stands at the beginning: notes become blanks of the same length.
    fn webp_chunk(&mut self, out: &mut Vec<u8>) -> bool {
        let Some(head) = self.held.first_chunk::<9>() else { return false };
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let padded = u64::from(length) + u64::from(length % 2);
        match &head[..4] {
            b"EXIF" | b"XMP " => {
                self.held[..4].copy_from_slice(b"JUNK");
                self.pass(8, out);
                self.state = State::Bytes(padded, Fate::Blank, Next::WebpChunk);
                return true;
            }
            // Its flags say that notes follow.
            b"VP8X" => self.held[8] &= !0x0c,
            _ => {}
        }
        self.state = State::Bytes(padded + 8, Fate::Pass, Next::WebpChunk);
        true
    }
}

/// Chunks that one may skip and that paint or move all the same.
const PNG_KEPT: [&[u8; 4]; 12] = [
    b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs", b"acTL", b"fcTL",
    b"fdAT", b"cICP",
];

impl Next {
    fn state(self) -> State {
        match self {
            Self::JpegMarker => State::JpegMarker,
            Self::JpegScan => State::JpegScan,
            Self::PngChunk => State::PngChunk,
            Self::WebpChunk => State::WebpChunk,
            Self::Over => State::Over,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stripped(file: &[u8], cut: usize) -> Vec<u8> {
        let mut strip = Strip::default();
        let mut kept: Vec<_> = file.chunks(cut).flat_map(|piece| strip.push(piece)).collect();
        kept.extend(strip.end());
        kept
    }

    /// The same however it comes.
    fn check(file: &[u8], kept: &[u8]) {
        for cut in 1..=file.len() {
            assert_eq!(stripped(file, cut), kept, "cut every {cut}");
        }
    }

    const SCAN: &[u8] = b"\xff\xda\0\x04ab\x01\x02\xff\0\x03\xff\xd0\xff\xff\xd9";

    #[test]
    fn a_photograph_keeps_its_paint_and_how_it_was_held() {
        let tiff = b"MM\0*\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\
            \x88\x25\0\x04\0\0\0\x01\0\0\0\x26\0\0\0\0GPSGPSGPS";
        let exif = [b"\xff\xe1", &((tiff.len() + 8) as u16).to_be_bytes()[..], EXIF, tiff].concat();
        let start = b"\xff\xd8\xff\xe0\0\x07JFIF\0".as_slice();
        let comment = b"\xff\xfe\0\x07hello".as_slice();
        let table = b"\xff\xdb\0\x05abc".as_slice();
        let file = [start, &exif, comment, table, SCAN, b"PK\x03\x04 a tail"].concat();
        let scan = [&SCAN[..SCAN.len() - 3], &SCAN[SCAN.len() - 2..]].concat();
        let kept = [start, &only_orientation(6), table, &scan].concat();
        // A filling byte before the last marker goes too, or stays: both paint the same.
        let with_filling = [start, &only_orientation(6), table, SCAN].concat();
        for cut in 1..=file.len() {
            let got = stripped(&file, cut);
            assert!(got == kept || got == with_filling, "cut every {cut}");
            assert!(!got.windows(3).any(|window| window == b"GPS"));
        }
    }

    #[test]
    fn a_png_loses_its_notes_and_its_tail() {
        let chunk = |kind: &[u8; 4], data: &[u8]| {
            [&(data.len() as u32).to_be_bytes()[..], kind, data, b"CRC4"].concat()
        };
        let signature = b"\x89PNG\r\n\x1a\n".as_slice();
        let (header, paint) = (chunk(b"IHDR", &[7; 13]), chunk(b"IDAT", b"paint"));
        let end = chunk(b"IEND", b"");
        let notes = [chunk(b"tEXt", b"Author me"), chunk(b"eXIf", b"GPS")].concat();
        let file = [signature, &header, &notes, &paint, &end, b"tail"].concat();
        check(&file, &[signature, &header, &paint, &end].concat());
    }

    #[test]
    fn a_webp_keeps_its_length_and_loses_its_notes() {
        let chunk = |kind: &[u8; 4], data: &[u8]| {
            let padding = vec![0; data.len() % 2];
            [kind, &(data.len() as u32).to_le_bytes()[..], data, &padding].concat()
        };
        let riff = b"RIFF\x40\0\0\0WEBP".as_slice();
        let paint = chunk(b"VP8 ", b"paint");
        let [noted, plain] = [0x1c, 0x10].map(|flags| chunk(b"VP8X", &[flags; 10]));
        let plain = [&plain[..9], &noted[9..]].concat();
        let file = [riff, &noted, &paint, &chunk(b"EXIF", b"GPS")].concat();
        check(&file, &[riff, &plain, &paint, &chunk(b"JUNK", b"\0\0\0")].concat());
    }

    #[test]
    fn what_is_no_picture_stays_as_it_is() {
        for file in [b"".as_slice(), b"hi", b"just some text, no picture at all", b"\xff\xd8\xffzz"]
        {
            assert_eq!(stripped(file, 5), file);
        }
        let odd = b"\xff\xd8\xff\xe0\0\x04ab no marker follows here";
        assert_eq!(stripped(odd, 3), odd);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived_and_memory_is_bounded(
            start in prop::sample::select(vec![
                &b"\xff\xd8\xff"[..], b"RIFF\0\0\0\0WEBP", b"\x89PNG\r\n\x1a\n", b"",
            ]),
            rest in prop::collection::vec(any::<u8>(), 0..400),
            cut in 1..50_usize,
        ) {
            let file = [start, &rest].concat();
            let mut strip = Strip::default();
            for piece in file.chunks(cut) {
                strip.push(piece);
                prop_assert!(strip.held.len() <= 65_540 + cut);
            }
            prop_assert!(stripped(&file, cut).len() <= file.len() + 40);
        }
    }
}
