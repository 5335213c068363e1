//! Bodies that may bring files: JSON, or `payload_json` and `files[n]` as a multipart form, or
//! `payload_json` alone as a plain form.
//!
//! Files go to the disk as they come, never into memory. What is refused is refused as early as can
//! be known: by the length that the request says, by the right to attach files, by what is left of
//! the sender's space; only then by counting.

mod multipart;

use std::{io::ErrorKind, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use domain::{
    App, Reject, access,
    attachment::{
        self, Upload, file_name,
        sniff::{self, Sniffed},
        strip::Strip,
    },
    blobs::Draft,
    reject::no,
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use proto::{
    Code, Id, Patch, Permissions,
    marker::{Attachment, Channel},
    message::{AttachmentDraft, CreateMessage, EditMessage},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{extract, refuse_http};
use multipart::{Head, Multipart, Piece};

/// Parts beside the files: `payload_json`, and fields that we do not know.
const OTHER_PARTS: usize = 16;

/// Bytes of a plain form for each byte that it stands for, at most.
const ENCODED: usize = 3;

/// Fields of a message that may come by themselves, without `payload_json`.
const TEXTS: [&str; 4] = ["content", "nonce", "username", "avatar_url"];

/// What a form may have around its files and its JSON.
const FORM_BYTES: u64 = 64 * 1024;

/// What is read of a form that was refused, so that its sender hears why.
const DRAIN_BYTES: u64 = 64 * 1024 * 1024;

/// Characters of the text that describes a file.
const DESCRIPTION_LENGTH: usize = 1_024;

/// A body not read yet. Comes last among what a handler takes; `read` it after the object and the
/// permission were looked at.
pub struct Form {
    headers: HeaderMap,
    kind: Kind,
    body: Body,
}

enum Kind {
    Json,
    Multipart {
        boundary: String,
    },
    /// COMPAT: py-cord answers interactions so when there are no files; `curl -d` sends it too.
    Fields,
}

/// JSON that says something of its files.
pub trait WithFiles: DeserializeOwned + Send {
    fn attachments(&self) -> Option<&[AttachmentDraft]>;
    /// Whether each entry must be a file of this request, or may be one that is there already.
    const ALL_NEW: bool;
}

impl WithFiles for CreateMessage {
    const ALL_NEW: bool = true;

    fn attachments(&self) -> Option<&[AttachmentDraft]> {
        self.attachments.as_deref()
    }
}

impl WithFiles for EditMessage {
    const ALL_NEW: bool = false;

    fn attachments(&self) -> Option<&[AttachmentDraft]> {
        match &self.attachments {
            Patch::Value(attachments) => Some(attachments),
            Patch::Absent | Patch::Null => None,
        }
    }
}

/// Files that came in. When this is dropped, those that no message has are given up: also if the
/// request is broken off in the middle of it.
#[must_use]
pub struct Taken {
    app: Arc<App>,
    uploader: domain::Actor,
    channel: Id<Channel>,
    uploads: Vec<Upload>,
}

impl Taken {
    /// The files, for the message.
    pub fn files(&self) -> Vec<Upload> {
        self.uploads.clone()
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if self.uploads.is_empty() {
            return;
        }
        let (app, uploads) = (self.app.clone(), std::mem::take(&mut self.uploads));
        let (uploader, channel) = (self.uploader.user, self.channel);
        tokio::spawn(async move {
            if let Err(fault) = attachment::settle(&app, uploader, channel, uploads).await {
                tracing::warn!(error = ?fault, "cannot give up files that no message has");
            }
        });
    }
}

impl FromRequest<Arc<App>> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, _: &Arc<App>) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let said = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = match multipart::boundary(said.unwrap_or_default()) {
            Some(boundary) => Kind::Multipart { boundary },
            None if extract::is_json(&parts.headers) => Kind::Json,
            None if extract::is_form(&parts.headers) => Kind::Fields,
            None => {
                let message = "Send the body as application/json or multipart/form-data";
                return Err(refuse_http(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
            }
        };
        Ok(Self { headers: parts.headers, kind, body })
    }
}

impl Form {
    /// The JSON and the files, which are on disk and counted by then.
    pub async fn read<T: WithFiles>(
        self,
        app: &Arc<App>,
        actor: &domain::Actor,
        channel: Id<Channel>,
    ) -> domain::Result<(T, Taken)> {
        self.read_if(app, actor, channel, false).await
    }

    /// The same where the right to attach files is settled: `uploader` only gives the space.
    pub async fn read_asked<T: WithFiles>(
        self,
        app: &Arc<App>,
        uploader: &domain::Actor,
        channel: Id<Channel>,
    ) -> domain::Result<(T, Taken)> {
        self.read_if(app, uploader, channel, true).await
    }

    async fn read_if<T: WithFiles>(
        self,
        app: &Arc<App>,
        actor: &domain::Actor,
        channel: Id<Channel>,
        may_attach: bool,
    ) -> domain::Result<(T, Taken)> {
        let said = self.said_length();
        let (uploader, uploads) = (*actor, Vec::new());
        let mut taken = Taken { app: app.clone(), uploader, channel, uploads };
        let boundary = match self.kind {
            Kind::Multipart { boundary } => boundary,
            Kind::Json | Kind::Fields => {
                let json = matches!(self.kind, Kind::Json);
                let most = app.limits.body_bytes * if json { 1 } else { ENCODED };
                let body = whole(self.body, said, most).await?;
                let draft: T = extract::parse(&if json { body } else { payload(&body) })?;
                names(app, &draft, &mut [])?;
                return Ok((draft, taken));
            }
        };
        let mut reader = Reader {
            app,
            actor,
            channel,
            form: Multipart::new(&boundary),
            body: self.body,
            most: 0,
            left: attachment::room_left(app, actor).await?,
            others: 0,
            may_attach,
        };
        let (json, mut files) = match reader.read(said).await {
            Ok(read) => read,
            Err(error) => {
                reader.drain(said).await;
                return Err(error);
            }
        };
        let draft: T = extract::parse(&json)?;
        names(app, &draft, &mut files)?;
        taken.uploads = keep(app, actor, files).await?;
        Ok((draft, taken))
    }

    fn said_length(&self) -> Option<u64> {
        self.headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }
}

/// How long a form may be; refused now if it says that it is longer. `left`: of the sender's space.
fn most_bytes(app: &App, left: u64, said: Option<u64>) -> domain::Result<u64> {
    let around = FORM_BYTES + app.limits.body_bytes as u64;
    let files = app.limits.attachment_bytes.saturating_mul(app.limits.message_attachments as u64);
    let most = files.saturating_add(around);
    if said.is_some_and(|said| said > most) {
        return no(Reject::Refused(Code::UPLOAD_TOO_LARGE));
    }
    if said.is_some_and(|said| said > left.saturating_add(around)) {
        return no(Reject::Refused(Code::FILES_FULL));
    }
    Ok(most)
}

/// A file on its way: on disk, but under no name yet.
struct Incoming {
    n: u64,
    filename: String,
    draft: Box<dyn Draft>,
    size: u64,
    seen: Option<Sniffed>,
    description: Option<String>,
}

/// Reads a form piece by piece.
struct Reader<'a> {
    app: &'a App,
    actor: &'a domain::Actor,
    channel: Id<Channel>,
    form: Multipart,
    body: Body,
    /// Bytes that may still come.
    most: u64,
    /// Bytes of files that the sender may still have.
    left: u64,
    /// Parts that are no files.
    others: usize,
    /// It is known that the sender may attach files.
    may_attach: bool,
}

impl Reader<'_> {
    /// The JSON and the files. `said`: how long the form says it is.
    async fn read(&mut self, said: Option<u64>) -> domain::Result<(Bytes, Vec<Incoming>)> {
        self.most = most_bytes(self.app, self.left, said)?;
        let (mut json, mut fields) = (None, serde_json::Map::new());
        let mut files = Vec::new();
        loop {
            match self.piece().await? {
                Piece::End => break,
                Piece::Part(head) => match number(&head) {
                    Some(n) => files.push(self.file(n, head, files.len()).await?),
                    None => {
                        let text = self.text().await?;
                        match head.name.as_str() {
                            "payload_json" => json = Some(text),
                            name if TEXTS.contains(&name) => {
                                let text = String::from_utf8_lossy(&text).into_owned();
                                fields.insert(head.name, Value::String(text));
                            }
                            _ => {}
                        }
                    }
                },
                Piece::Data(_) | Piece::PartEnd => {}
            }
        }
        let json = match json {
            Some(json) => json,
            // As a plain HTML form or curl sends it.
            None => Bytes::from(Value::Object(fields).to_string()),
        };
        Ok((json, files))
    }

    /// Lets a refused form end. Most clients look for an answer only when they have sent all; one
    /// that comes before is lost with the connection.
    async fn drain(&mut self, said: Option<u64>) {
        if said.is_some_and(|said| said > DRAIN_BYTES) {
            return;
        }
        let mut left = DRAIN_BYTES;
        while let Some(Ok(frame)) = self.body.frame().await {
            let length = frame.data_ref().map_or(0, |data| data.len() as u64);
            if length > left {
                return;
            }
            left -= length;
        }
    }

    /// What comes next in the form.
    async fn piece(&mut self) -> domain::Result<Piece> {
        loop {
            if let Some(piece) = self.form.poll().map_err(|no| not_whole(no.0))? {
                return Ok(piece);
            }
            let Some(frame) = self.body.frame().await else {
                return no(not_whole("The form has no end"));
            };
            let frame = frame.map_err(|error| broken(&error))?;
            let Ok(data) = frame.into_data() else { continue };
            let length = data.len() as u64;
            if length > self.most {
                return no(Reject::Refused(Code::UPLOAD_TOO_LARGE));
            }
            self.most -= length;
            self.form.push(&data);
        }
    }

    async fn file(&mut self, n: u64, head: Head, before: usize) -> domain::Result<Incoming> {
        if before == 0 && !self.may_attach {
            let needed = Permissions::ATTACH_FILES;
            access::require(self.app, self.actor, self.channel, needed).await?;
        }
        if before >= self.app.limits.message_attachments {
            return no(Reject::Refused(Code::MAX_ATTACHMENTS));
        }
        let most = self.app.limits.attachment_bytes.min(u64::from(u32::MAX));
        let filename = head.filename.unwrap_or_default();
        let filename = file_name::clean(&filename, self.app.limits.filename_length);
        let draft = self.app.blobs.begin().await.map_err(disk)?;
        let mut file = Incoming { n, filename, draft, size: 0, seen: None, description: None };
        let (mut strip, mut head) = (Strip::default(), Vec::new());
        loop {
            let (data, ends) = match self.piece().await? {
                Piece::Data(data) => (strip.push(&data), false),
                _ => (strip.end(), true),
            };
            let length = data.len() as u64;
            file.size += length;
            if file.size > most {
                return no(Reject::Refused(Code::UPLOAD_TOO_LARGE));
            }
            if length > self.left {
                return no(Reject::Refused(Code::FILES_FULL));
            }
            self.left -= length;
            let wanted = sniff::HEAD_BYTES.saturating_sub(head.len()).min(data.len());
            head.extend_from_slice(&data[..wanted]);
            file.draft.append(data.into()).await.map_err(disk)?;
            if ends {
                file.seen = sniff::sniff(&head);
                return Ok(file);
            }
        }
    }

    async fn text(&mut self) -> domain::Result<Bytes> {
        self.others += 1;
        if self.others > OTHER_PARTS {
            return no(not_whole("The form has too many parts"));
        }
        let mut text = Vec::new();
        while let Piece::Data(data) = self.piece().await? {
            if text.len() + data.len() > self.app.limits.body_bytes {
                return no(Reject::Refused(Code::BODY_TOO_LARGE));
            }
            text.extend_from_slice(&data);
        }
        Ok(text.into())
    }
}

/// The JSON of a plain form.
fn payload(form: &[u8]) -> Bytes {
    if let Some(json) = extract::form_field(form, "payload_json") {
        return json.into();
    }
    let text = |name: &str| Some((name.to_owned(), extract::form_field(form, name)?.into()));
    Bytes::from(Value::Object(TEXTS.into_iter().filter_map(text).collect()).to_string())
}

/// `files[3]`; older libraries write `file3` or `file`. No number: no file.
fn number(head: &Head) -> Option<u64> {
    let digits = match head.name.strip_prefix("files[") {
        Some(rest) => rest.strip_suffix(']')?,
        None => head.name.strip_prefix("file").filter(|_| head.filename.is_some())?,
    };
    if digits.is_empty() { Some(0) } else { digits.parse().ok() }
}

/// Gives the files the names and descriptions that the JSON has for them.
fn names<T: WithFiles>(app: &App, draft: &T, files: &mut [Incoming]) -> domain::Result<()> {
    for (at, said) in draft.attachments().unwrap_or_default().iter().enumerate() {
        let n = match &said.id {
            Value::Number(n) => n.as_u64(),
            Value::String(n) => n.parse().ok(),
            _ => None,
        };
        let file = files.iter_mut().find(|file| Some(file.n) == n);
        let Some(file) = file else {
            if T::ALL_NEW {
                let path = format!("attachments.{at}.id");
                let message = "There is no file with this number in the form.";
                return no(Reject::field(&path, "ATTACHMENT_NOT_FOUND", message));
            }
            continue;
        };
        if let Some(name) = &said.filename {
            file.filename = file_name::clean(name, app.limits.filename_length);
        }
        if let Some(text) = said.description.as_ref().filter(|text| !text.is_empty()) {
            if text.chars().count() > DESCRIPTION_LENGTH {
                let path = format!("attachments.{at}.description");
                return no(Reject::length(&path, 0, DESCRIPTION_LENGTH));
            }
            file.description = Some(text.clone());
        }
    }
    Ok(())
}

/// Makes the files durable, then counts them.
async fn keep(
    app: &App,
    actor: &domain::Actor,
    files: Vec<Incoming>,
) -> domain::Result<Vec<Upload>> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let mut uploads = Vec::with_capacity(files.len());
    let result = keep_all(app, actor, files, &mut uploads).await;
    if result.is_err() {
        for upload in &uploads {
            // What cannot be removed now is found by the sweep.
            let _ = app.blobs.remove(&upload.id.to_string()).await;
        }
    }
    result.map(|()| uploads)
}

async fn keep_all(
    app: &App,
    actor: &domain::Actor,
    files: Vec<Incoming>,
    uploads: &mut Vec<Upload>,
) -> domain::Result<()> {
    let bytes = files.iter().map(|file| file.size).sum();
    for file in files {
        let id: Id<Attachment> = app.ids.next();
        file.draft.finish(&id.to_string()).await.map_err(disk)?;
        uploads.push(Upload {
            id,
            filename: file.filename,
            size: u32::try_from(file.size).expect("files are smaller than 4 GiB"),
            content_type: file.seen.map(|seen| seen.content_type.to_owned()),
            description: file.description,
            width: file.seen.and_then(|seen| seen.width),
            height: file.seen.and_then(|seen| seen.height),
        });
    }
    attachment::reserve(app, actor, bytes).await
}

async fn whole(body: Body, said: Option<u64>, most: usize) -> domain::Result<Bytes> {
    let too_large = || Reject::Refused(Code::BODY_TOO_LARGE);
    if said.is_some_and(|said| said > most as u64) {
        return no(too_large());
    }
    match Limited::new(body, most).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => no(too_large()),
        Err(error) => no(broken(error.as_ref())),
    }
}

fn not_whole(message: &'static str) -> Reject {
    Reject::Refused(Code(Code::INVALID_FORM.0, message))
}

/// The body stopped coming.
fn broken(error: &(dyn std::error::Error + 'static)) -> Reject {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|error| error.kind() == ErrorKind::TimedOut) {
            return Reject::Refused(Code::TOO_SLOW);
        }
        cause = error.source();
    }
    not_whole("The body did not come whole")
}

/// A full disk is a refusal; anything else is ours.
fn disk(error: anyhow::Error) -> domain::Error {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    if causes.any(|error| error.kind() == ErrorKind::StorageFull) {
        return Reject::StorageFull.into();
    }
    domain::Error::Fault(error.context("cannot keep a file"))
}
