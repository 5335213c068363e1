//! Bodies of requests: JSON, or a form with files. Files are sent without being copied.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use serde::Serialize;

use crate::Error;

/// What a request carries. Cheap to clone, so that it can be sent again.
#[derive(Debug, Clone, Default)]
pub struct Body {
    content_type: Option<String>,
    pieces: Vec<Bytes>,
}

/// A file to upload.
#[derive(Debug, Clone)]
pub struct File {
    pub name: String,
    pub content_type: String,
    pub bytes: Bytes,
}

impl Body {
    pub fn none() -> Self {
        Self::default()
    }

    pub fn json(value: &impl Serialize) -> Result<Self, Error> {
        let bytes = serde_json::to_vec(value).map_err(|error| Error::NotSent(error.into()))?;
        Ok(Self::raw("application/json", bytes))
    }

    /// Bytes as they are: for tests that send nonsense.
    pub fn raw(content_type: &str, bytes: impl Into<Bytes>) -> Self {
        Self { content_type: Some(content_type.to_owned()), pieces: vec![bytes.into()] }
    }

    /// `payload_json` and `files[n]`, as v10 has it.
    pub fn form(payload: &impl Serialize, files: &[File]) -> Result<Self, Error> {
        let mut unpredictable = [0; 16];
        getrandom::fill(&mut unpredictable).map_err(|error| Error::NotSent(error.into()))?;
        let boundary = format!("osc-{:032x}", u128::from_le_bytes(unpredictable));
        let json = serde_json::to_vec(payload).map_err(|error| Error::NotSent(error.into()))?;
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"payload_json\"\r\n\
             Content-Type: application/json\r\n\r\n"
        );
        let mut pieces = vec![head.into(), json.into()];
        for (n, file) in files.iter().enumerate() {
            let name = quoted(&file.name);
            let content_type = one_line(&file.content_type);
            let head = format!(
                "\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"files[{n}]\"; \
                 filename=\"{name}\"\r\nContent-Type: {content_type}\r\n\r\n"
            );
            pieces.push(head.into());
            pieces.push(file.bytes.clone());
        }
        pieces.push(format!("\r\n--{boundary}--\r\n").into());
        let content_type = Some(format!("multipart/form-data; boundary={boundary}"));
        Ok(Self { content_type, pieces })
    }

    pub(super) fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    pub(super) fn pieces(&self) -> Pieces {
        Pieces(self.pieces.iter().filter(|piece| !piece.is_empty()).cloned().collect())
    }
}

/// As browsers do it. <https://html.spec.whatwg.org/#multipart-form-data>
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// The pieces one after another.
#[derive(Debug)]
pub struct Pieces(VecDeque<Bytes>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|piece| piece.len() as u64).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_cannot_be_broken_out_of_by_a_name() {
        let file = File {
            name: "a\"\r\nX: 1.png".to_owned(),
            content_type: "image/png\r\nX: 1".to_owned(),
            bytes: Bytes::from_static(b"bytes"),
        };
        let body = Body::form(&serde_json::json!({ "content": "hi" }), &[file]).expect("a body");
        let text: Vec<u8> = body.pieces.concat();
        let text = String::from_utf8(text).expect("text");
        assert!(
            text.contains("filename=\"a%22%0D%0AX: 1.png\"\r\nContent-Type: image/pngX: 1\r\n")
        );
        assert!(text.contains("{\"content\":\"hi\"}") && text.ends_with("--\r\n"));
        let size = hyper::body::Body::size_hint(&body.pieces()).exact();
        assert_eq!(size, Some(text.len() as u64));
    }
}
