//! Where a server is: the few lines of URL that this library needs.
//!
//! Plain TCP only: on a public network the server stands behind a proxy that speaks TLS, and a
//! client there uses an HTTP library of its choice.

use std::fmt;

use crate::Error;

/// `http://host:port`, or `ws://host:port/path?query`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// Name or address; IPv6 in brackets.
    pub host: String,
    pub port: u16,
    /// Starts with a slash; may have a query.
    pub target: String,
}

impl Address {
    /// Reads `http://`, `ws://` and bare `host:port` addresses.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bad = || Error::Address(text.to_owned());
        if text.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(bad());
        }
        let rest = match text.split_once("://") {
            Some(("http" | "ws", rest)) => rest,
            Some(_) => return Err(bad()),
            None => text,
        };
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(at);
        let (host, port) = match authority.rsplit_once(':') {
            // A colon inside brackets is not that of a port.
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| bad())?),
            _ => (authority, 80),
        };
        if host.is_empty() || host.contains('@') {
            return Err(bad());
        }
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        Ok(Self { host: host.to_owned(), port, target })
    }

    /// `host:port`, as it stands in `Host`.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// What a socket connects to: without the brackets of IPv6.
    pub fn socket(&self) -> (&str, u16) {
        (self.host.trim_start_matches('[').trim_end_matches(']'), self.port)
    }

    /// The gateway of the server that is there.
    pub fn gateway(&self) -> String {
        format!("ws://{}/gateway", self.authority())
    }

    /// The same place with these parameters instead of its own.
    pub fn with_query(&self, query: &str) -> Self {
        let path = self.target.split('?').next().unwrap_or("/");
        Self { target: format!("{path}?{query}"), ..self.clone() }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.authority(), self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_nonsense_is_refused() {
        let address = Address::parse("ws://127.0.0.1:8080/gateway?v=10").expect("an address");
        assert_eq!(address.to_string(), "127.0.0.1:8080/gateway?v=10");
        assert_eq!(address.with_query("seq=shared").target, "/gateway?seq=shared");
        let address = Address::parse("http://[::1]:81").expect("an address");
        assert_eq!((address.socket(), address.target.as_str()), (("::1", 81), "/"));
        assert_eq!(Address::parse("http://[::1]/x").expect("an address").port, 80);
        assert_eq!(Address::parse("chat.example?a").expect("an address").target, "/?a");
        for bad in ["https://a", "http://", "http://u@h", "a:x", "a b", "a\r\nb:1", "wss://h:1"] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }
}
