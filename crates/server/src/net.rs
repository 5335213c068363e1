//! Accepts connections and feeds their requests to the door; bounds what strangers can hold.
//!
//! Our own loop instead of a framework's, for timeouts, limits per address, upgrades and an orderly
//! end. Where a connection comes from is settled here: addresses are those of the peer.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock},
    time::Duration,
};

use anyhow::Context as _;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use proto::{Id, Limits, marker};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
};

use crate::{door::Door, metrics::Metrics};

/// Head lines of a request.
const HEADERS: usize = 100;

/// A peer that takes no bytes for so long is gone: the kernel ends the connection.
const STUCK: Duration = Duration::from_secs(30);

/// How long to wait when the system has no more file descriptors.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// Connections from this machine beyond the limit.
const SPARE: u32 = 16;

/// Both ends of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    pub address: IpAddr,
    /// Ours, as the peer reached it.
    pub local: SocketAddr,
}

/// Binds an address. The error says what to do.
pub fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let family = socket2::Domain::for_address(address);
    let socket = socket2::Socket::new(family, socket2::Type::STREAM, None)?;
    // A restart must not wait for the connections of before to be forgotten.
    socket.set_reuse_address(true)?;
    if family == socket2::Domain::IPV6 && address.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into()).map_err(|error| unbindable(address, error))?;
    socket.listen(4_096)?;
    TcpListener::from_std(socket.into()).context("cannot watch the listener")
}

fn unbindable(address: SocketAddr, error: std::io::Error) -> anyhow::Error {
    let advice = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "another program uses it; stop it, or choose another port with --listen HOST:PORT"
        }
        std::io::ErrorKind::PermissionDenied => {
            "ports below 1024 need rights; choose another with --listen HOST:PORT"
        }
        std::io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address; choose another with --listen HOST:PORT"
        }
        _ => return anyhow::Error::new(error).context(format!("cannot listen on {address}")),
    };
    anyhow::anyhow!("cannot listen on {address}: {advice}")
}

/// Accepts until told to stop, then lets running requests end.
pub async fn serve(
    listener: TcpListener,
    door: Arc<Door>,
    connections: Arc<Connections>,
    mut stop: watch::Receiver<bool>,
) {
    // Each conversation holds a sender: when all are gone, nothing comes any more.
    let (alive, mut all_gone) = mpsc::channel::<()>(1);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stop) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let address = canonical(peer.ip());
                door.metrics().connections_accepted.add(1);
                match connections.admit(address) {
                    Some(slot) => {
                        let (door, stop, alive) = (door.clone(), stop.clone(), alive.clone());
                        tokio::spawn(async move {
                            converse(stream, address, slot, door, stop).await;
                            drop(alive);
                        });
                    }
                    None => turn_away(stream, door.metrics()),
                }
            }
            Err(error) => {
                // Of one connection, or no descriptors are left: neither ends the listener.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(EXHAUSTED).await;
            }
        }
    }
    drop((listener, alive));
    all_gone.recv().await;
}

/// Waits until the server stops; so does its end without a word.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn converse(
    stream: TcpStream,
    address: IpAddr,
    slot: Arc<Slot>,
    door: Arc<Door>,
    mut stop: watch::Receiver<bool>,
) {
    let Ok(local) = stream.local_addr() else { return };
    let _ = stream.set_nodelay(true);
    let _ = socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(STUCK));
    let peer = Peer { address, local };
    let limits = door.limits();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(limits.request_seconds))
        .max_buf_size(limits.head_bytes.max(8_192))
        .max_headers(HEADERS);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (door, slot) = (door.clone(), slot.clone());
        async move { Ok::<_, std::convert::Infallible>(door.pass(peer, slot, request).await) }
    });
    let connection = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => Some(ended),
        () = stopped(&mut stop) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    // Broken connections are the peer's business, and there are many of them.
    if let Err(error) = ended {
        tracing::trace!(%error, "connection ended");
    }
}

/// Tells that there are too many connections, without waiting for anything.
fn turn_away(stream: TcpStream, metrics: &Metrics) {
    const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n\
        Retry-After: 10\r\nConnection: close\r\nContent-Length: 78\r\n\r\n\
        {\"message\":\"Too many connections from your address: close some.\",\"code\":130000}";
    metrics.connections_refused.add(1);
    tokio::spawn(async move {
        let mut stream = stream;
        let answer = stream.write_all(ANSWER);
        let _ = tokio::time::timeout(Duration::from_secs(1), answer).await;
    });
}

/// IPv4 in IPv6 clothes is IPv4.
pub fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Whom limits per address count as one: an IPv4 address, or an IPv6 /64.
pub fn household(address: IpAddr) -> IpAddr {
    match canonical(address) {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

/// Counts connections: in all, per address those that have not signed in, per person the others.
pub struct Connections {
    most: u32,
    most_per_address: u32,
    most_per_person: u32,
    /// They carry many people.
    proxies: Proxies,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    all: u32,
    by_address: HashMap<IpAddr, u32>,
    by_person: HashMap<Id<marker::User>, u32>,
}

/// A connection's place. Given back when the last holder drops it.
pub struct Slot {
    connections: Arc<Connections>,
    address: Option<IpAddr>,
    /// Who was the first to sign in on it.
    person: OnceLock<Id<marker::User>>,
}

impl Connections {
    pub fn new(limits: &Limits, proxies: Proxies) -> Arc<Self> {
        Arc::new(Self {
            most: limits.connections,
            most_per_address: limits.address_connections,
            most_per_person: limits.user_connections,
            proxies,
            counts: Mutex::default(),
        })
    }

    pub fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Arc<Slot>> {
        let counted = (!self.proxies.trust(address)).then(|| household(address));
        let mut counts = self.counts();
        // Who looks after the machine still gets an answer from it.
        let spare = if address.is_loopback() { SPARE } else { 0 };
        if counts.all >= self.most.saturating_add(spare) {
            return None;
        }
        if let Some(address) = counted {
            let here = counts.by_address.entry(address).or_default();
            if *here >= self.most_per_address {
                return None;
            }
            *here += 1;
        }
        counts.all += 1;
        let person = OnceLock::new();
        Some(Arc::new(Slot { connections: self.clone(), address: counted, person }))
    }

    pub fn open(&self) -> u32 {
        self.counts().all
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().expect("no panic while locked")
    }
}

/// One less; who has none is not kept.
fn less<K: Eq + Hash>(counts: &mut HashMap<K, u32>, key: &K) {
    if let Some(here) = counts.get_mut(key) {
        *here -= 1;
        if *here == 0 {
            counts.remove(key);
        }
    }
}

impl Slot {
    /// Who is known does not count towards the strangers of an address, but has a limit as well.
    /// False: this is one too many. A proxy's connections carry many people: they count for nobody.
    pub fn signed_in(&self, person: Id<marker::User>) -> bool {
        let Some(address) = self.address.filter(|_| self.person.get().is_none()) else {
            return true;
        };
        let mut counts = self.connections.counts();
        let here = counts.by_person.get(&person).copied().unwrap_or_default();
        if here >= self.connections.most_per_person {
            return false;
        }
        if self.person.set(person).is_ok() {
            counts.by_person.insert(person, here + 1);
            less(&mut counts.by_address, &address);
        }
        true
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.connections.counts();
        counts.all -= 1;
        match (self.person.get(), self.address) {
            (Some(person), _) => less(&mut counts.by_person, person),
            (None, Some(address)) => less(&mut counts.by_address, &address),
            (None, None) => {}
        }
    }
}

/// Networks whose word about addresses counts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Proxies(Vec<Network>);

/// An address and how many of its first bits matter.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Network(IpAddr, u8);

impl Proxies {
    /// Reads `10.0.0.0/8`, `::1`, ...
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        texts.iter().map(|text| Network::parse(text)).collect::<Result<_, _>>().map(Self)
    }

    pub fn trust(&self, address: IpAddr) -> bool {
        let address = canonical(address);
        self.0.iter().any(|network| network.holds(address))
    }
}

impl Network {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an address or a network such as 10.0.0.0/8");
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits > most {
            return Err(wrong());
        }
        Ok(Self(address, bits))
    }

    fn holds(&self, address: IpAddr) -> bool {
        let first = |bits: u128, width: u8, most: u8| {
            if width == 0 { 0 } else { bits >> (most - width) }
        };
        match (self.0, address) {
            (IpAddr::V4(net), IpAddr::V4(address)) => {
                let (net, address) = (net.to_bits().into(), address.to_bits().into());
                first(net, self.1, 32) == first(address, self.1, 32)
            }
            (IpAddr::V6(net), IpAddr::V6(address)) => {
                first(net.to_bits(), self.1, 128) == first(address.to_bits(), self.1, 128)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_what_is_in_them() {
        let texts = ["10.0.0.0/8", "::1", "fd00::/8", "0.0.0.0/32"].map(str::to_owned);
        let proxies = Proxies::parse(&texts).expect("networks");
        let trust = |text: &str| proxies.trust(text.parse().expect("an address"));
        assert!(trust("10.255.0.1") && trust("::ffff:10.0.0.1") && trust("::1"));
        assert!(trust("fd12::5") && !trust("11.0.0.1") && !trust("::2") && !trust("fe80::1"));
        assert!(Proxies::parse(&["10.0.0.0/33".to_owned()]).is_err());
        assert!(Proxies::parse(&["host".to_owned()]).is_err());
    }

    #[test]
    fn an_address_is_bounded_until_it_signs_in() {
        let limits = Limits { address_connections: 2, connections: 4, ..Limits::default() };
        let connections = Connections::new(&limits, Proxies::default());
        let home = |end: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, end, 0, 0, 1));
        let ann = Id::new(1).expect("an id");
        let one = connections.admit(home(1)).expect("room");
        let _two = connections.admit(home(2)).expect("room");
        assert!(connections.admit(home(3)).is_none(), "the same /64");
        assert!(one.signed_in(ann) && one.signed_in(ann));
        let three = connections.admit(home(3)).expect("one is known now");
        let other = IpAddr::from([192, 0, 2, 1]);
        let _four = connections.admit(other).expect("another address");
        assert!(connections.admit(other).is_none(), "full in all");
        drop((one, three));
        assert_eq!(connections.open(), 2);
        assert!(connections.admit(home(4)).is_some());
    }

    #[test]
    fn a_person_has_so_many_connections_and_not_one_more() {
        let limits = Limits { user_connections: 2, connections: 4, ..Limits::default() };
        let proxies = Proxies::parse(&["10.0.0.0/8".to_owned()]).expect("networks");
        let connections = Connections::new(&limits, proxies);
        let (ann, bob) = (Id::new(1).expect("an id"), Id::new(2).expect("an id"));
        let open = |last: u8| connections.admit(IpAddr::from([192, 0, 2, last])).expect("room");
        let (one, two, three) = (open(1), open(2), open(3));
        assert!(one.signed_in(ann) && two.signed_in(ann) && !three.signed_in(ann));
        assert!(three.signed_in(bob), "others are not in the way");
        drop(two);
        let four = open(4);
        assert!(four.signed_in(ann));
        let proxied = connections.admit(IpAddr::from([10, 0, 0, 1])).expect("room");
        assert!(proxied.signed_in(ann));
        assert!(connections.admit(IpAddr::from([192, 0, 2, 9])).is_none(), "full");
        assert!(connections.admit(IpAddr::from([127, 0, 0, 1])).is_some(), "but for the operator");
    }
}
