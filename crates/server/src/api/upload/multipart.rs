//! `multipart/form-data` (RFC 7578) as a pure machine: bytes in, pieces out, bounded memory.
//!
//! Crates for it buffer a part's head without a limit of its own, which for uploads means as much
//! as a file may have. Here a head has 8 KiB and everything else passes through.

use bytes::{Bytes, BytesMut};

/// Bytes of the head of one part.
const HEAD_BYTES: usize = 8 * 1024;

/// Spaces between a boundary and the end of its line.
const PADDING_BYTES: usize = 64;

/// What came next.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// A part begins.
    Part(Head),
    /// Bytes of the part that began.
    Data(Bytes),
    /// The part is whole.
    PartEnd,
    /// The form is whole; what follows is ignored.
    End,
}

/// What a part says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Head {
    pub name: String,
    /// A file has one.
    pub filename: Option<String>,
}

/// The body is no multipart form.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

pub struct Multipart {
    /// `\r\n--boundary`.
    delimiter: Vec<u8>,
    buffer: BytesMut,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Preamble,
    AfterDelimiter,
    Head,
    Body,
    Epilogue,
}

/// The boundary in a content type, if that is a multipart form.
pub fn boundary(content_type: &str) -> Option<String> {
    let (essence, parameters) = content_type.split_once(';')?;
    if !essence.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let mut parameters = Parameters(parameters);
    let boundary = parameters.find_map(|(key, value)| (key == "boundary").then_some(value));
    let allowed = |c: char| c.is_ascii_alphanumeric() || "'()+_,-./:=? ".contains(c);
    boundary.filter(|b| (1..=70).contains(&b.len()) && b.chars().all(allowed) && !b.ends_with(' '))
}

impl Multipart {
    pub fn new(boundary: &str) -> Self {
        Self {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            // The first boundary needs no line before it.
            buffer: BytesMut::from(&b"\r\n"[..]),
            state: State::Preamble,
        }
    }

    pub fn push(&mut self, bytes: &[u8]) {
        if self.state != State::Epilogue {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next piece; `None` if more bytes are needed for it.
    pub fn poll(&mut self) -> Result<Option<Piece>, Malformed> {
        loop {
            match self.state {
                State::Preamble => {
                    if self.before_delimiter().is_none() {
                        return Ok(None);
                    }
                }
                State::AfterDelimiter => {
                    if !self.after_delimiter()? {
                        return Ok(None);
                    }
                    if self.state == State::Epilogue {
                        self.buffer.clear();
                        return Ok(Some(Piece::End));
                    }
                }
                State::Head => return self.head(),
                State::Body => {
                    let Some(data) = self.before_delimiter() else { return Ok(None) };
                    if !data.is_empty() {
                        return Ok(Some(Piece::Data(data)));
                    }
                    return Ok(Some(Piece::PartEnd));
                }
                State::Epilogue => return Ok(None),
            }
        }
    }

    /// Takes what stands before the delimiter. Empty: the delimiter is here, and is taken. `None`:
    /// nothing sure yet.
    fn before_delimiter(&mut self) -> Option<Bytes> {
        let found = find(&self.buffer, &self.delimiter);
        match found {
            Some(0) => {
                let _ = self.buffer.split_to(self.delimiter.len());
                self.state = State::AfterDelimiter;
                Some(Bytes::new())
            }
            Some(at) => Some(self.buffer.split_to(at).freeze()),
            None => {
                // The end could be the beginning of a delimiter.
                let sure = self.buffer.len().saturating_sub(self.delimiter.len() - 1);
                (sure > 0).then(|| self.buffer.split_to(sure).freeze())
            }
        }
    }

    /// Whether it is clear by now what follows the delimiter: another part, or nothing.
    fn after_delimiter(&mut self) -> Result<bool, Malformed> {
        if self.buffer.starts_with(b"--") {
            self.state = State::Epilogue;
            return Ok(true);
        }
        let spaces = self.buffer.iter().take_while(|byte| b" \t".contains(byte)).count();
        let rest = &self.buffer[spaces..];
        if rest.starts_with(b"\r\n") {
            let _ = self.buffer.split_to(spaces + 2);
            self.state = State::Head;
            return Ok(true);
        }
        let may_become = rest.is_empty() || rest == b"\r" || (spaces == 0 && rest == b"-");
        if may_become && spaces <= PADDING_BYTES {
            return Ok(false);
        }
        Err(Malformed("A boundary is followed by something else"))
    }

    fn head(&mut self) -> Result<Option<Piece>, Malformed> {
        let Some(end) = find(&self.buffer, b"\r\n\r\n").filter(|end| *end <= HEAD_BYTES) else {
            return match self.buffer.len() {
                0..=HEAD_BYTES => Ok(None),
                _ => Err(Malformed("The head of a part is too long")),
            };
        };
        let lines = self.buffer.split_to(end + 4);
        let lines = std::str::from_utf8(&lines[..end])
            .map_err(|_| Malformed("The head of a part is not UTF-8"))?;
        self.state = State::Body;
        head(lines).map(|head| Some(Piece::Part(head)))
    }
}

fn head(lines: &str) -> Result<Head, Malformed> {
    for line in lines.split("\r\n") {
        let Some((name, value)) = line.split_once(':') else { continue };
        if !name.trim().eq_ignore_ascii_case("content-disposition") {
            continue;
        }
        let parameters = value.split_once(';').map_or("", |(_, parameters)| parameters);
        let (mut head, mut named) = (Head::default(), false);
        let mut extended = None;
        for (key, value) in Parameters(parameters) {
            match key.as_str() {
                "name" => (head.name, named) = (value, true),
                "filename" => head.filename = Some(value),
                "filename*" => extended = decode_extended(&value),
                _ => {}
            }
        }
        head.filename = extended.or(head.filename);
        return if named { Ok(head) } else { Err(Malformed("A part has no name")) };
    }
    Err(Malformed("A part has no Content-Disposition"))
}

/// RFC 8187, UTF-8 only.
fn decode_extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_, text) = rest.split_once('\'')?;
    charset.eq_ignore_ascii_case("utf-8").then_some(())?;
    crate::api::extract::percent_decoded(text.as_bytes(), false)
}

/// `key=value; key="value"`, keys in lower case.
struct Parameters<'a>(&'a str);

impl Iterator for Parameters<'_> {
    type Item = (String, String);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.0.trim_start_matches([';', ' ', '\t', '\r', '\n']);
            if rest.is_empty() {
                return None;
            }
            let end = rest.find([';', '=']).unwrap_or(rest.len());
            let key = rest[..end].trim().to_ascii_lowercase();
            let Some(value) = rest[end..].strip_prefix('=') else {
                self.0 = &rest[end..];
                continue;
            };
            let (value, left) = self::value(value);
            self.0 = left;
            return Some((key, value));
        }
    }
}

/// A value, quoted or not, and what is left. Browsers write a quote within as `%22`; others put a
/// backslash before it, and before nothing else: Windows paths have them too.
fn value(text: &str) -> (String, &str) {
    let text = text.trim_start();
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return (text[..end].trim().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value.replace("%22", "\""), &quoted[at + 1..]),
            '\\' => match chars.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, next)) => value.push(next),
                None => value.push(c),
            },
            _ => value.push(c),
        }
    }
    (value, "")
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let first = needle[0];
    let mut from = 0;
    while let Some(at) = haystack[from..].iter().position(|byte| *byte == first) {
        let at = from + at;
        if haystack[at..].starts_with(needle) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Name, filename and bytes of each part, however the body is cut.
    fn parts(body: &[u8], cut: usize) -> Result<Vec<(String, Option<String>, Vec<u8>)>, Malformed> {
        let mut form = Multipart::new("XX");
        let mut parts = Vec::new();
        for chunk in body.chunks(cut) {
            form.push(chunk);
            while let Some(piece) = form.poll()? {
                match piece {
                    Piece::Part(head) => parts.push((head.name, head.filename, Vec::new())),
                    Piece::Data(data) => parts.last_mut().expect("a part").2.extend(data),
                    Piece::PartEnd | Piece::End => {}
                }
            }
            assert!(form.buffer.len() <= HEAD_BYTES + cut + 80, "memory is bounded");
        }
        if form.state == State::Epilogue { Ok(parts) } else { Err(Malformed("cut off")) }
    }

    const FORM: &[u8] =
        b"preamble\r\n--XX\r\nContent-Disposition: form-data; name=\"payload_json\"\r\n\
        Content-Type: application/json\r\n\r\n{}\r\n--XX  \r\n\
        content-disposition: form-data; name=\"files[0]\"; filename=\"a;\\\"b.png\"\r\n\r\n\
        \r\n--X\r\n\r\n--XX\r\nContent-Disposition: form-data; name=empty\r\n\r\n\
        \r\n--XX--\r\nepilogue";

    #[test]
    fn parts_come_whole_however_they_are_cut() {
        for cut in 1..FORM.len() {
            let parts = parts(FORM, cut).unwrap();
            let file = Some("a;\"b.png".to_owned());
            assert_eq!(
                parts,
                [
                    ("payload_json".to_owned(), None, b"{}".to_vec()),
                    ("files[0]".to_owned(), file, b"\r\n--X\r\n".to_vec()),
                    ("empty".to_owned(), None, Vec::new()),
                ],
                "cut every {cut}"
            );
        }
    }

    #[test]
    fn names_of_files_come_in_many_ways() {
        let named = |disposition: &str| {
            head(&format!("Content-Disposition: form-data; name=f; {disposition}"))
                .unwrap()
                .filename
        };
        assert_eq!(named("filename=a.png").as_deref(), Some("a.png"));
        assert_eq!(named(r#"filename="C:\x\a.png""#).as_deref(), Some(r"C:\x\a.png"));
        assert_eq!(named(r#"filename="a%22b""#).as_deref(), Some("a\"b"));
        assert_eq!(named("filename=a; filename*=utf-8''%C3%BC.txt").as_deref(), Some("ü.txt"));
        assert_eq!(named("filename*=latin-1''%FC.txt").as_deref(), None);
    }

    #[test]
    fn what_is_no_form_is_refused() {
        let cases: [&[u8]; 4] = [
            b"--XX\r\n\r\n\r\nno head\r\n--XX--",
            b"--XX\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--XX--",
            b"--XXY\r\n",
            b"--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nno end",
        ];
        for case in cases {
            assert!(parts(case, 7).is_err(), "{:?}", String::from_utf8_lossy(case));
        }
        let long = [b"--XX\r\nX: ".as_slice(), &b"a".repeat(64 * 1024)].concat();
        assert!(parts(&long, 1_024).is_err());
    }

    #[test]
    fn boundaries_are_read_and_bounded() {
        let read = |text: &str| boundary(&format!("multipart/form-data{text}"));
        assert_eq!(
            read("; boundary=----------------Eris").as_deref(),
            Some("----------------Eris")
        );
        assert_eq!(read(r#"; charset=utf-8; Boundary="a b""#).as_deref(), Some("a b"));
        assert_eq!(read(&format!("; boundary={}", "a".repeat(71))), None);
        assert_eq!(read("; boundary="), None);
        assert_eq!(boundary("multipart/mixed; boundary=a"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(
            bytes in prop::collection::vec(prop::sample::select(b"\r\n-X: a".to_vec()), 0..200),
            cut in 1..20_usize,
        ) {
            let body = [b"--XX\r\n", bytes.as_slice()].concat();
            let _ = parts(&body, cut);
        }

        #[test]
        fn a_file_comes_as_it_was_sent(
            file in prop::collection::vec(prop::sample::select(b"\r\n-X".to_vec()), 0..100),
            cut in 1..20_usize,
        ) {
            prop_assume!(!file.windows(6).any(|window| window == b"\r\n--XX"));
            let head = b"--XX\r\nContent-Disposition: form-data; name=f\r\n\r\n".as_slice();
            let body = [head, &file, b"\r\n--XX--"].concat();
            prop_assert_eq!(&parts(&body, cut).unwrap()[0].2, &file);
        }
    }
}
