//! Requests of the server's own to addresses that others named: never into the network behind it.
//!
//! A name is resolved once, every address it has is checked, and one of those is connected to, so a
//! name that changes its mind leads nowhere. There are no redirects. All has a limit.

use std::{
    io::{Error, ErrorKind},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, anyhow, ensure};
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
};
use tokio_rustls::TlsConnector;

/// For one request with everything.
const WITHIN: Duration = Duration::from_secs(10);
/// What is read of an answer.
const ANSWER_BYTES: usize = 64 << 10;
/// Addresses of a name that are tried.
const ADDRESSES: usize = 3;

pub struct Outbound {
    tls: TlsConnector,
    /// Addresses on this machine and in private networks are fine, and so is plain HTTP.
    private: bool,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Outbound {
    pub fn new(private: bool) -> anyhow::Result<Self> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: TlsConnector::from(Arc::new(config)), private })
    }

    /// Whether an address may be called at all, as far as it shows: its name is not resolved.
    pub fn check(&self, address: &str) -> anyhow::Result<Uri> {
        let uri: Uri = address.parse().context("not an address")?;
        let authority = uri.authority().context("an address needs a host")?;
        let scheme = uri.scheme_str().unwrap_or_default();
        ensure!(scheme == "https" || (self.private && scheme == "http"), "must be https");
        ensure!(!authority.as_str().contains('@'), "must not name a user");
        ensure!(self.private || matches!(uri.port_u16(), None | Some(443)), "must be on port 443");
        let public = host(&uri)?.parse().map_or(true, is_global);
        ensure!(self.private || public, "not public");
        Ok(uri)
    }

    pub async fn post(
        &self,
        address: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> anyhow::Result<Answer> {
        let uri = self.check(address)?;
        let answer = tokio::time::timeout(WITHIN, self.exchange(&uri, headers, body));
        answer.await.context("no answer in time")?
    }

    async fn exchange(&self, uri: &Uri, headers: HeaderMap, body: Bytes) -> anyhow::Result<Answer> {
        let stream = self.connect(uri).await?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = path.parse()?;
        *request.headers_mut() = headers;
        let authority = uri.authority().context("an address needs a host")?;
        request.headers_mut().insert(header::HOST, authority.as_str().parse()?);
        if uri.scheme_str() == Some("http") {
            return talk(stream, request).await;
        }
        let name = ServerName::try_from(host(uri)?.to_owned())?;
        let stream = self.tls.connect(name, stream).await.map_err(untrusted)?;
        talk(stream, request).await
    }

    async fn connect(&self, uri: &Uri) -> anyhow::Result<TcpStream> {
        let port =
            uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
        let found = lookup_host((host(uri)?, port)).await;
        let found: Vec<SocketAddr> = found.map_err(|_| anyhow!("no such name is known"))?.collect();
        let public = found.iter().all(|address| is_global(address.ip()));
        ensure!(self.private || public, "the name leads into a private network");
        let mut last = anyhow!("the name leads nowhere");
        for address in found.into_iter().take(ADDRESSES) {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = unreached(&error),
            }
        }
        Err(last)
    }
}

/// Why nobody was reached, in words for whoever gave the address.
fn unreached(error: &Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::ConnectionRefused => {
            anyhow!("nothing listens there: start the program first, and look at the port")
        }
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::TimedOut => {
            anyhow!("it cannot be reached from this server: look at the address and at firewalls")
        }
        kind => anyhow!("no connection: {kind}"),
    }
}

/// Why a connection is not safe.
fn untrusted(error: Error) -> anyhow::Error {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::InvalidCertificate(_)) => {
            anyhow!("its certificate is not valid for this name, or nobody known has signed it")
        }
        Some(_) => anyhow!("it does not speak TLS as it should"),
        None => anyhow!("it hung up before the connection was safe"),
    }
}

fn host(uri: &Uri) -> anyhow::Result<&str> {
    let host = uri.host().context("an address needs a host")?;
    Ok(host.trim_start_matches('[').trim_end_matches(']'))
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> anyhow::Result<Answer> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await.context("it hung up without an answer");
    let answer = async {
        let (parts, body) = answer?.into_parts();
        // What somebody else's server says matters little: a long answer is cut.
        let body = Limited::new(body, ANSWER_BYTES).collect().await;
        let body = body.map(|body| body.to_bytes()).unwrap_or_default();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    };
    let answer = answer.await;
    connection.abort();
    answer
}

/// Whether an address is of the internet, and not of this machine or of a network behind it.
/// <https://www.iana.org/assignments/iana-ipv4-special-registry>, and the same for IPv6.
pub fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_global_v4(address),
        IpAddr::V6(address) => is_global_v6(address),
    }
}

fn is_global_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !special
}

/// Only 2000::/3 is given out; what in it carries an IPv4 address or belongs to nobody is not for
/// us: Teredo and other special uses, documentation, 6to4.
fn is_global_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let given_out = first & 0xe000 == 0x2000;
    let special = match first {
        0x2001 => second < 0x200 || second == 0xdb8,
        0x2002 => true,
        0x3fff => second < 0x1000,
        _ => false,
    };
    given_out && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_called() {
        let global = |text: &str| is_global(text.parse().expect("an address"));
        for public in ["1.1.1.1", "203.0.114.1", "2606:4700::1111", "2a00:1450:4001::200e"] {
            assert!(global(public), "{public}");
        }
        let closed = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::ffff:1.1.1.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001:0:a00:1::",
            "2001:db8::1",
            "fc00::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "3fff::1",
        ];
        for closed in closed {
            assert!(!global(closed), "{closed}");
        }
    }

    #[test]
    fn an_address_shows_what_it_is() {
        let outbound = Outbound::new(false).expect("a client");
        for fine in [
            "https://push.example.org/send/abc?x=1",
            "https://example.org:443/",
            "https://1.1.1.1/",
        ] {
            assert!(outbound.check(fine).is_ok(), "{fine}");
        }
        let wrong = [
            "",
            "push",
            "/send",
            "http://example.org/",
            "ftp://example.org/",
            "https://example.org:8443/",
            "https://me@example.org/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "file:///etc/passwd",
            "https://169.254.169.254/latest",
        ];
        for wrong in wrong {
            assert!(outbound.check(wrong).is_err(), "{wrong}");
        }
        assert!(Outbound::new(true).expect("a client").check("http://127.0.0.1:9/").is_ok());
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_not_followed() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let outbound = Outbound::new(false).expect("a client");
        let home: Uri = format!("https://localhost:{port}/").parse().expect("an address");
        let error = outbound.connect(&home).await.expect_err("refused");
        assert!(error.to_string().contains("private"), "{error}");
    }
}
