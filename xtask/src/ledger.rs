//! The judge of a run: what was promised about messages, checked against what everybody saw.
//!
//! The same history is written as JSON lines, one event each, so that another judge can read it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt,
    io::Write as _,
    path::Path,
    sync::Mutex,
    time::Instant,
};

use serde_json::{Value, json};

/// All that happened, in real time order.
pub struct History {
    start: Instant,
    events: Mutex<Vec<Entry>>,
}

/// One line. Times are seconds since the start.
#[derive(Debug, Clone)]
pub enum Entry {
    /// Before the request leaves.
    Send { t: f64, client: String, chan: u64, nonce: String },
    /// 2xx; a retry may be told again.
    Ack { t: f64, client: String, chan: u64, nonce: String, id: u64 },
    /// `definite`: refused, so not stored. Else nobody knows.
    Fail { t: f64, client: String, nonce: String, definite: bool },
    /// A client saw it.
    Recv { t: f64, client: String, chan: u64, id: u64, nonce: String },
    /// From now on it is entitled to every message.
    Sub { t: f64, client: String, chan: u64 },
    /// The channel as it was read at the end, oldest first.
    Final { chan: u64, ids: Vec<(u64, String)> },
}

impl Default for History {
    fn default() -> Self {
        Self { start: Instant::now(), events: Mutex::default() }
    }
}

impl History {
    pub fn now(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    pub fn push(&self, entry: impl FnOnce(f64) -> Entry) {
        let mut events = self.events.lock().expect("no panic while locked");
        let t = self.now();
        events.push(entry(t));
    }

    pub fn entries(&self) -> Vec<Entry> {
        self.events.lock().expect("no panic while locked").clone()
    }

    /// Writes the history as JSON lines.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
        for entry in self.entries() {
            for line in entry.lines() {
                writeln!(file, "{line}")?;
            }
        }
        file.flush()?;
        Ok(())
    }
}

impl Entry {
    fn lines(&self) -> Vec<Value> {
        match self {
            Self::Send { t, client, chan, nonce } => vec![json!({
                "op":"send","t":t,"client":client,"chan":chan.to_string(),"nonce":nonce
            })],
            Self::Ack { t, client, chan, nonce, id } => vec![json!({
                "op":"ack","t":t,"client":client,"chan":chan.to_string(),"nonce":nonce,
                "id":id.to_string()
            })],
            Self::Fail { t, client, nonce, definite } => {
                let kind = if *definite { "definite" } else { "unknown" };
                vec![json!({"op":"fail","t":t,"client":client,"nonce":nonce,"kind":kind})]
            }
            Self::Recv { t, client, chan, id, nonce } => vec![json!({
                "op":"recv","t":t,"client":client,"chan":chan.to_string(),"id":id.to_string(),
                "nonce":nonce
            })],
            Self::Sub { t, client, chan } => vec![
                json!({"op":"may","client":client,"chan":chan.to_string()}),
                json!({"op":"sub","t":t,"client":client,"chan":chan.to_string(),"from":null}),
            ],
            Self::Final { chan, ids } => {
                let ids: Vec<_> =
                    ids.iter().map(|(id, nonce)| json!([id.to_string(), nonce])).collect();
                vec![json!({"op":"final","chan":chan.to_string(),"ids":ids})]
            }
        }
    }
}

/// Broken promises, by kind. All zero is what we promise.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub sent: usize,
    pub acked: usize,
    pub stored: usize,
    pub received: usize,
    pub broken: BTreeMap<&'static str, usize>,
}

const PROMISES: &[&str] = &[
    "acked_lost",
    "duplicate",
    "nonce_two_ids",
    "phantom",
    "refused_but_stored",
    "id_order",
    "realtime_order",
    "recv_gap",
    "recv_duplicate",
    "recv_order",
];

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, acked, stored, received, .. } = self;
        write!(f, "ledger sent={sent} acked={acked} stored={stored} received={received}")?;
        for promise in PROMISES {
            write!(f, " {promise}={}", self.broken.get(promise).unwrap_or(&0))?;
        }
        Ok(())
    }
}

impl Verdict {
    pub fn is_kept(&self) -> bool {
        self.broken.is_empty()
    }

    fn blame(&mut self, promise: &'static str, times: usize) {
        if times > 0 {
            *self.broken.entry(promise).or_default() += times;
        }
    }
}

/// Judges a history.
pub fn judge(entries: &[Entry]) -> Verdict {
    let mut verdict = Verdict::default();
    let stored = stored(entries, &mut verdict);
    writing(entries, &stored, &mut verdict);
    order(entries, &stored, &mut verdict);
    reading(entries, &mut verdict);
    verdict
}

/// Where each stored nonce stands: (channel, place, id).
type Stored = HashMap<String, (u64, usize, u64)>;

fn stored(entries: &[Entry], verdict: &mut Verdict) -> Stored {
    let mut stored = Stored::new();
    for entry in entries {
        let Entry::Final { chan, ids } = entry else { continue };
        verdict.stored += ids.len();
        verdict.blame("id_order", ids.windows(2).filter(|pair| pair[0].0 >= pair[1].0).count());
        for (place, (id, nonce)) in ids.iter().enumerate() {
            if stored.insert(nonce.clone(), (*chan, place, *id)).is_some() {
                verdict.blame("duplicate", 1);
            }
        }
    }
    stored
}

fn writing(entries: &[Entry], stored: &Stored, verdict: &mut Verdict) {
    let (mut sent, mut refused) = (HashSet::new(), HashSet::new());
    let mut acked: HashMap<&str, u64> = HashMap::new();
    for entry in entries {
        match entry {
            Entry::Send { nonce, .. } => drop(sent.insert(nonce.as_str())),
            Entry::Fail { nonce, definite: true, .. } => drop(refused.insert(nonce.as_str())),
            Entry::Ack { nonce, id, .. } => {
                let first = *acked.entry(nonce).or_insert(*id);
                verdict.blame("nonce_two_ids", usize::from(first != *id));
            }
            _ => {}
        }
    }
    verdict.sent = sent.len();
    verdict.acked = acked.len();
    let lost = |(nonce, id): &(&&str, &u64)| stored.get(**nonce).is_none_or(|(.., at)| at != *id);
    verdict.blame("acked_lost", acked.iter().filter(lost).count());
    let nonces = || stored.keys().map(String::as_str);
    verdict.blame("phantom", nonces().filter(|nonce| !sent.contains(nonce)).count());
    let wrongly = |nonce: &&str| refused.contains(nonce) && !acked.contains_key(nonce);
    verdict.blame("refused_but_stored", nonces().filter(wrongly).count());
}

/// What was answered before another send began comes first.
fn order(entries: &[Entry], stored: &Stored, verdict: &mut Verdict) {
    let mut newest_answered: HashMap<u64, usize> = HashMap::new();
    let mut begun = HashSet::new();
    for entry in entries {
        match entry {
            Entry::Send { nonce, .. } if begun.insert(nonce) => {
                let Some((chan, place, _)) = stored.get(nonce) else { continue };
                let late = newest_answered.get(chan).is_some_and(|newest| place < newest);
                verdict.blame("realtime_order", usize::from(late));
            }
            Entry::Ack { nonce, .. } => {
                let Some((chan, place, _)) = stored.get(nonce) else { continue };
                let newest = newest_answered.entry(*chan).or_default();
                *newest = (*newest).max(*place);
            }
            _ => {}
        }
    }
}

fn reading(entries: &[Entry], verdict: &mut Verdict) {
    let mut seen: HashMap<(&str, u64), Vec<u64>> = HashMap::new();
    for entry in entries {
        match entry {
            Entry::Sub { client, chan, .. } => drop(seen.entry((client, *chan)).or_default()),
            Entry::Recv { client, chan, id, .. } => {
                verdict.received += 1;
                seen.entry((client, *chan)).or_default().push(*id);
            }
            _ => {}
        }
    }
    for ((_, chan), ids) in &seen {
        let distinct: BTreeSet<_> = ids.iter().collect();
        verdict.blame("recv_duplicate", ids.len() - distinct.len());
        verdict.blame("recv_order", ids.windows(2).filter(|pair| pair[0] >= pair[1]).count());
        let whole = entries.iter().find_map(|entry| match entry {
            Entry::Final { chan: of, ids } if of == chan => Some(ids),
            _ => None,
        });
        let missed = whole.into_iter().flatten().filter(|(id, _)| !distinct.contains(id));
        verdict.blame("recv_gap", missed.count());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(nonce: &str) -> Entry {
        Entry::Send { t: 0.0, client: "w".to_owned(), chan: 1, nonce: nonce.to_owned() }
    }
    fn ack(nonce: &str, id: u64) -> Entry {
        Entry::Ack { t: 0.0, client: "w".to_owned(), chan: 1, nonce: nonce.to_owned(), id }
    }
    fn recv(id: u64) -> Entry {
        let nonce = String::new();
        Entry::Recv { t: 0.0, client: "r".to_owned(), chan: 1, id, nonce }
    }
    fn last(ids: &[(u64, &str)]) -> Entry {
        let ids = ids.iter().map(|(id, nonce)| (*id, (*nonce).to_owned())).collect();
        Entry::Final { chan: 1, ids }
    }
    fn sub() -> Entry {
        Entry::Sub { t: 0.0, client: "r".to_owned(), chan: 1 }
    }

    #[track_caller]
    fn blames(promise: &str, entries: &[Entry]) {
        let verdict = judge(entries);
        let broken: Vec<_> = verdict.broken.keys().copied().collect();
        assert_eq!(broken, [promise]);
    }

    /// The test of the test: each planted violation is seen, and nothing else.
    #[test]
    fn each_broken_promise_is_seen() {
        let fine = [
            sub(),
            send("a"),
            ack("a", 1),
            recv(1),
            send("b"),
            ack("b", 2),
            recv(2),
            last(&[(1, "a"), (2, "b")]),
        ];
        assert!(judge(&fine).is_kept());
        blames("acked_lost", &[send("a"), ack("a", 1), last(&[])]);
        blames("duplicate", &[send("a"), ack("a", 2), last(&[(1, "a"), (2, "a")])]);
        blames("nonce_two_ids", &[send("a"), ack("a", 1), ack("a", 2), last(&[(1, "a")])]);
        blames("phantom", &[last(&[(1, "a")])]);
        let refused =
            Entry::Fail { t: 0.0, client: "w".to_owned(), nonce: "a".to_owned(), definite: true };
        blames("refused_but_stored", &[send("a"), refused, last(&[(1, "a")])]);
        blames("id_order", &[send("a"), send("b"), last(&[(2, "a"), (1, "b")])]);
        let late = [send("a"), ack("a", 2), send("b"), ack("b", 1), last(&[(1, "b"), (2, "a")])];
        blames("realtime_order", &late);
        blames("recv_gap", &[sub(), send("a"), ack("a", 1), last(&[(1, "a")])]);
        let twice = [sub(), send("a"), recv(1), last(&[(1, "a")]), recv(1)];
        assert!(judge(&twice).broken.contains_key("recv_duplicate"));
        let both = [sub(), send("a"), send("b"), recv(2), recv(1), last(&[(1, "a"), (2, "b")])];
        blames("recv_order", &both);
    }
}
