//! The host a request names, and whether this server goes by it.
//!
//! A page of any site can have its own name lead to an address in the visitor's network or to the
//! visitor's machine (DNS rebinding), and then reads whatever answers there as if it were its own.
//! So a name counts only if nobody else can make it lead here, or if the operator says that it is
//! ours.

use std::net::IpAddr;

use axum::http::{HeaderMap, Uri, header, uri::Authority};

use super::last;
use crate::{net::canonical, outbound::is_global};

/// Ends of names that no public name server gives out.
const PRIVATE: [&str; 5] = ["local", "lan", "internal", "home.arpa", "localhost"];

/// The names this server goes by.
#[derive(Debug, Clone)]
pub struct Names {
    /// As configured, without a slash at its end.
    pub public_url: Option<String>,
    /// Further hosts, with their ports.
    pub hosts: Vec<String>,
    /// What to say if the caller used a name that we do not know.
    pub fallback: String,
}

impl Names {
    /// Whether the server goes by this host. `local`: the address that the caller reached.
    pub fn know(&self, host: &str, local: IpAddr) -> bool {
        let name = bare(host);
        let public = self.public_url.as_deref().and_then(|url| Some(url.split_once("://")?.1));
        let mut own = public.into_iter().chain(self.hosts.iter().map(String::as_str));
        if is_private(name) || own.any(|own| bare(own).eq_ignore_ascii_case(name)) {
            return true;
        }
        // Nothing is configured, and everybody can reach the address anyway: a page that has its
        // name lead here gains nothing, and who tries us on a server of theirs has a chat.
        public.is_none() && self.hosts.is_empty() && is_global(canonical(local))
    }
}

/// An address, or a name that means something in one network only.
fn is_private(name: &str) -> bool {
    let address = name.trim_matches(['[', ']']);
    let within = |end: &&str| name.strip_suffix(*end).is_some_and(|start| start.ends_with('.'));
    address.parse::<IpAddr>().is_ok() || !name.contains('.') || PRIVATE.iter().any(within)
}

/// Without its port, and without the dot at the end of a full name.
fn bare(host: &str) -> &str {
    let end = match host.rfind(']') {
        Some(bracket) => bracket + 1,
        None => host.find(':').unwrap_or(host.len()),
    };
    host[..end].trim_end_matches('.')
}

/// The one host that the request names.
pub fn host(headers: &HeaderMap, uri: &Uri, proxied: bool) -> Option<String> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    if second.is_some() {
        return None;
    }
    let forwarded = last(headers, "x-forwarded-host").filter(|_| proxied);
    // The whole address in the request line beats the header (RFC 9112, 3.2.2).
    let name = match (forwarded, uri.authority()) {
        (Some(name), _) => name,
        (None, Some(authority)) => authority.as_str(),
        (None, None) => first?.to_str().ok()?,
    };
    let authority = name.parse::<Authority>().ok()?;
    if authority.host().is_empty() || name.contains('@') {
        return None;
    }
    Some(name.to_ascii_lowercase())
}

/// Host names are the same up to case and the usual port.
pub fn same(one: &str, other: &str) -> bool {
    let bare = |name: &str| {
        let name = name.to_ascii_lowercase();
        let usual = name.strip_suffix(":443").or_else(|| name.strip_suffix(":80"));
        usual.unwrap_or(&name).to_owned()
    };
    bare(one) == bare(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(public_url: Option<&str>, hosts: &[&str]) -> Names {
        Names {
            public_url: public_url.map(str::to_owned),
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            fallback: String::new(),
        }
    }

    #[test]
    fn a_name_that_others_can_lead_here_is_not_ours_unless_it_is_said() {
        let home: IpAddr = "192.168.1.5".parse().expect("an address");
        let internet: IpAddr = "8.8.8.8".parse().expect("an address");
        let nothing = names(None, &[]);
        let public = names(Some("https://chat.example.org"), &[]);
        let hosts = names(None, &["Chat.Example.org:8080"]);
        for (host, of_nothing, of_others) in [
            ("192.168.1.5:8080", true, true),
            ("[::1]:8080", true, true),
            ("[fd00::5]", true, true),
            ("127.0.0.1", true, true),
            ("localhost:8080", true, true),
            ("pi", true, true),
            ("pi.local:8080", true, true),
            ("chat.lan", true, true),
            ("chat.home.arpa.", true, true),
            ("chat.example.org", false, true),
            ("chat.example.org:8443", false, true),
            ("evil.example:8080", false, false),
            ("evil-local", true, true),
            ("evillocal.example", false, false),
            ("192.168.1.5.evil.example", false, false),
            ("local.evil", false, false),
            ("1.2.3", false, false),
        ] {
            assert_eq!(nothing.know(host, home), of_nothing, "{host}");
            assert!(nothing.know(host, internet), "{host}: it is reached anyway");
            assert!(nothing.know(host, "::ffff:8.8.8.8".parse().expect("an address")));
            assert_eq!(nothing.know(host, "::ffff:10.0.0.1".parse().expect("one")), of_nothing);
            for configured in [&public, &hosts] {
                assert_eq!(configured.know(host, home), of_others, "{host}");
                assert_eq!(configured.know(host, internet), of_others, "{host}");
            }
        }
    }
}
