//! `/cdn`: files of messages, avatars and icons, at the paths that bot libraries build.
//!
//! What strangers uploaded is never a document of ours: shown only if its bytes are a picture,
//! sound or film, in a sandbox, and refused to whatever would run it.
//! <https://discord.com/developers/docs/reference#image-formatting>

mod portrait;
mod range;

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use domain::{
    App, Reject,
    attachment::{self, Signature, file_name, sniff},
    emoji, picture,
    reject::no,
    rows::AttachmentRow,
};
use futures_util::stream;
use proto::{
    Code, Id,
    marker::{self, Attachment, Channel, Guild, User},
};
use serde::Deserialize;

use super::{
    Error, Routes,
    extract::{self, Caller, Origin, Path, Query, Who},
    refuse_http,
};

/// Bytes read at a time for one reader.
const CHUNK_BYTES: usize = 64 * 1024;

/// Seconds a browser may show a file again without asking. Short: a deleted file should go.
const FRESH_SECONDS: u32 = 600;

pub fn routes() -> Routes {
    Routes::root()
        .get("/cdn/attachments/{channel}/{attachment}/{filename}", file)
        .get("/cdn/avatars/{user}/{hash}", avatar)
        .get("/cdn/icons/{guild}/{hash}", icon)
        .get("/cdn/emojis/{file}", custom_emoji)
        .get("/cdn/channel-icons/{guild}/{hash}", icon)
        .get("/cdn/embed/avatars/{number}", default_avatar)
}

#[derive(Deserialize)]
struct Signed {
    ex: Option<String>,
    hm: Option<String>,
}

/// A file of a message, by its signed address or by the right to see its channel.
async fn file(
    State(app): State<Arc<App>>,
    Path((channel, id, _)): Path<(Id<Channel>, Id<Attachment>, String)>,
    Query(Signed { ex, hm }): Query<Signed>,
    request: Request,
) -> Result<Response, Error> {
    let (parts, _) = request.into_parts();
    if would_run(&parts.headers) {
        return Ok(refuse_http(StatusCode::FORBIDDEN, "This cannot be embedded"));
    }
    let signature = ex.zip(hm).and_then(|(ex, hm)| Signature::parse(&ex, &hm));
    let actor = if signature.is_none() { reader(&app, &parts).await? } else { None };
    let fetched = attachment::fetch(&app, actor.as_ref(), channel, id, signature.as_ref()).await;
    let row = match fetched {
        // A page left open for days has addresses that ended: then the reader's right counts.
        Err(domain::Error::Reject(_)) if signature.is_some() => {
            let actor = reader(&app, &parts).await?;
            attachment::fetch(&app, actor.as_ref(), channel, id, None).await?
        }
        other => other?,
    };
    send(&app, &parts.headers, &row).await
}

/// Who reads, also by the cookie that a picture in our page brings.
async fn reader(app: &App, parts: &Parts) -> domain::Result<Option<domain::Actor>> {
    if parts.headers.contains_key(header::AUTHORIZATION) {
        return Ok(match extract::who(app, parts).await? {
            Who::Actor(actor) => Some(actor),
            Who::Nobody | Who::Refused(_) => None,
        });
    }
    if Caller::of(parts).origin == Origin::Foreign {
        return Ok(None);
    }
    extract::signed_in(app, parts).await
}

/// The browser wants it as something with power over a page.
fn would_run(headers: &HeaderMap) -> bool {
    let wanted = headers.get("sec-fetch-dest").and_then(|wanted| wanted.to_str().ok());
    wanted.is_some_and(|wanted| {
        !matches!(wanted, "image" | "audio" | "video" | "track" | "document" | "empty" | "")
    })
}

async fn send(app: &Arc<App>, asked: &HeaderMap, row: &AttachmentRow) -> Result<Response, Error> {
    let name = row.id.to_string();
    let Some(size) = app.blobs.size(&name).await? else {
        return Ok(no::<Response>(Reject::Unknown(Code::UNKNOWN_MESSAGE))?);
    };
    let etag = format!("\"{name}\"");
    let mut headers = HeaderMap::new();
    let mut set = |name, value: &str| {
        headers.insert(name, HeaderValue::try_from(value).expect("escaped or ours"));
    };
    let kind = row.content_type.as_deref().unwrap_or_default();
    let inline = sniff::is_inline(kind);
    let served = if inline || kind.starts_with("text/plain") { kind } else { OCTETS };
    set(header::CONTENT_TYPE, served);
    set(header::CONTENT_DISPOSITION, &disposition(&row.filename, inline));
    set(header::ETAG, &etag);
    set(header::ACCEPT_RANGES, "bytes");
    set(header::CACHE_CONTROL, &format!("private, max-age={FRESH_SECONDS}"));
    set(header::CONTENT_SECURITY_POLICY, SANDBOX);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Other clients on other pages may show it: whoever has the address may have the file.
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    if asked.get(header::IF_NONE_MATCH).is_some_and(|seen| seen == etag.as_str()) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let same = asked.get(header::IF_RANGE).is_none_or(|seen| seen == etag.as_str());
    let wanted = asked.get(header::RANGE).filter(|_| same).and_then(|wanted| wanted.to_str().ok());
    let (status, from, to) = match range::of(wanted, size) {
        range::Range::Whole => (StatusCode::OK, 0, size),
        range::Range::Part(from, to) => (StatusCode::PARTIAL_CONTENT, from, to),
        range::Range::Beyond => {
            let range = format!("bytes */{size}").parse().expect("digits");
            headers.insert(header::CONTENT_RANGE, range);
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response());
        }
    };
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {from}-{}/{size}", to - 1).parse().expect("digits");
        headers.insert(header::CONTENT_RANGE, range);
    }
    headers.insert(header::CONTENT_LENGTH, (to - from).into());
    Ok((status, headers, stream_blob(app.clone(), name, from, to)).into_response())
}

const OCTETS: &str = "application/octet-stream";
const SANDBOX: &str = "sandbox; default-src 'none'";

/// Reads as fast as the reader takes it.
fn stream_blob(app: Arc<App>, name: String, from: u64, to: u64) -> Body {
    let chunks = stream::try_unfold(from, move |at| {
        let (app, name) = (app.clone(), name.clone());
        async move {
            let most = usize::try_from(to - at).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
            if most == 0 {
                return Ok(None);
            }
            match app.blobs.read(&name, at, most).await {
                Ok(Some(bytes)) if !bytes.is_empty() => {
                    let next = at + bytes.len() as u64;
                    Ok(Some((bytes, next)))
                }
                Ok(_) => Err(std::io::Error::other("the file was deleted meanwhile")),
                Err(fault) => Err(std::io::Error::other(fault)),
            }
        }
    });
    Body::from_stream(chunks)
}

fn disposition(filename: &str, inline: bool) -> String {
    let how = if inline { "inline" } else { "attachment" };
    let plain: String = filename.chars().map(|c| if c.is_ascii() { c } else { '_' }).collect();
    format!("{how}; filename=\"{plain}\"; filename*=UTF-8''{}", file_name::escape(filename))
}

/// Of a user. The name of the blob is the hash of its bytes: it never changes.
async fn avatar(
    State(app): State<Arc<App>>,
    Path((user, hash)): Path<(Id<User>, String)>,
) -> Result<Response, Error> {
    picture(&app, "avatar", user.get(), &hash).await
}

/// Of a guild.
async fn icon(
    State(app): State<Arc<App>>,
    Path((guild, hash)): Path<(Id<Guild>, String)>,
) -> Result<Response, Error> {
    picture(&app, "icon", guild.get(), &hash).await
}

/// The ending of the path is ignored: the picture goes out in the form it came in.
async fn picture(
    app: &Arc<App>,
    kind: picture::Kind,
    owner: u64,
    hash: &str,
) -> Result<Response, Error> {
    let hash = hash.split('.').next().unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if hash.is_empty() || hash.len() > 128 || !hash.bytes().all(plain) {
        return Ok(super::no_such_route().await);
    }
    let Some(name) = picture::find(app, kind, owner, hash).await? else {
        return Ok(super::no_such_route().await);
    };
    show(app, name).await
}

/// A custom emoji: its picture never changes. A small one for browsers, whatever `?size` says.
async fn custom_emoji(
    State(app): State<Arc<App>>,
    Path(file): Path<String>,
) -> Result<Response, Error> {
    let id = file.split('.').next().and_then(|id| id.parse::<Id<marker::Emoji>>().ok());
    let Some(id) = id else { return Ok(super::no_such_route().await) };
    match emoji::blob(&app, id).await? {
        Some(name) => show(&app, name).await,
        None => Ok(super::no_such_route().await),
    }
}

/// A picture for everybody, as what it is by its bytes.
async fn show(app: &Arc<App>, name: String) -> Result<Response, Error> {
    let head = app.blobs.read(&name, 0, CHUNK_BYTES).await?;
    let seen = head.as_deref().and_then(sniff::sniff).map(|seen| seen.content_type);
    let (Some(size), Some(kind)) =
        (app.blobs.size(&name).await?, seen.filter(|kind| sniff::is_picture(kind)))
    else {
        return Ok(super::no_such_route().await);
    };
    let mut response = public(kind, stream_blob(app.clone(), name, 0, size));
    response.headers_mut().insert(header::CONTENT_LENGTH, size.into());
    Ok(response)
}

/// For those without a picture: one of six.
async fn default_avatar(Path(number): Path<String>) -> Response {
    let number = number.split('.').next().and_then(|number| number.parse::<u64>().ok());
    match number {
        Some(number) => public("image/png", Body::from(portrait::png(number))),
        None => super::no_such_route().await,
    }
}

fn public(content_type: &'static str, body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::CONTENT_SECURITY_POLICY, SANDBOX),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    (headers, body).into_response()
}
