//! What all sessions keep for a resume: counted for each person and in all, and bounded.
//!
//! Shards report what their sessions keep. Above a limit the session that waits longest is given up
//! first; when nobody waits any more, those with most keep less, down to a common measure. Whoever
//! asks later for what was given up gets an honest op 9 and starts over.
//!
//! Frames that sessions share are counted for each of them: it is at least what memory holds.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use proto::{Id, Limits, marker};

/// What one session keeps.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    pub user: Id<marker::User>,
    /// Names the session among all of the node.
    pub key: u64,
    pub bytes: usize,
    /// Since when it has no socket.
    pub waits_since: Option<Instant>,
}

/// What sessions have to give up, by their keys: all, or all but so many bytes.
pub type GiveUp = HashMap<u64, Option<usize>>;

#[derive(Debug)]
pub struct Kept {
    user_most: usize,
    most: usize,
    /// The last report of each shard.
    shards: Mutex<Vec<Vec<Share>>>,
}

impl Kept {
    pub fn new(limits: &Limits) -> Self {
        let (user_most, most) = (limits.user_events_bytes, limits.kept_events_bytes);
        Self { user_most, most, shards: Mutex::default() }
    }

    /// New bytes after which a shard should report at once.
    pub fn soon(&self) -> usize {
        self.most / 16
    }

    /// Takes a shard's report. Answers what each shard's sessions have to give up, and how much is
    /// kept once they did.
    pub fn report(&self, shard: usize, shares: Vec<Share>) -> (Vec<(usize, GiveUp)>, usize) {
        let mut shards = self.shards.lock().unwrap_or_else(PoisonError::into_inner);
        if shards.len() <= shard {
            shards.resize_with(shard + 1, Vec::new);
        }
        shards[shard] = shares;
        let all: Vec<Share> = shards.iter().flatten().copied().collect();
        let mut people: HashMap<_, Vec<Share>> = HashMap::new();
        for share in &all {
            people.entry(share.user).or_default().push(*share);
        }
        let mut given = GiveUp::new();
        for mut person in people.into_values() {
            bound(&mut person, self.user_most, &mut given);
        }
        let mut left: Vec<_> = all.into_iter().filter_map(|share| after(share, &given)).collect();
        bound(&mut left, self.most, &mut given);
        let mut orders = Vec::new();
        for (at, shares) in shards.iter_mut().enumerate() {
            let of: GiveUp =
                shares.iter().filter_map(|s| Some((s.key, *given.get(&s.key)?))).collect();
            *shares = shares.iter().filter_map(|share| after(*share, &given)).collect();
            if !of.is_empty() {
                orders.push((at, of));
            }
        }
        (orders, shards.iter().flatten().map(|share| share.bytes).sum())
    }
}

/// What a session keeps when it gave up what it should.
fn after(share: Share, given: &GiveUp) -> Option<Share> {
    match given.get(&share.key) {
        None => Some(share),
        Some(None) => None,
        Some(Some(most)) => Some(Share { bytes: share.bytes.min(*most), ..share }),
    }
}

/// Decides who gives up what until all together keep at most so much.
fn bound(shares: &mut Vec<Share>, most: usize, given: &mut GiveUp) {
    let mut total: usize = shares.iter().map(|share| share.bytes).sum();
    if total <= most {
        return;
    }
    // Those that wait, the longest first; then the others, with least first.
    shares.sort_unstable_by_key(|s| (s.waits_since.is_none(), s.waits_since, s.bytes));
    let mut attached = shares.as_slice();
    while let [first, rest @ ..] = attached {
        if first.waits_since.is_none() || total <= most {
            break;
        }
        given.insert(first.key, None);
        total -= first.bytes;
        attached = rest;
    }
    if total <= most {
        return;
    }
    let mut room = most;
    for (at, share) in attached.iter().enumerate() {
        let even = room / (attached.len() - at);
        if share.bytes > even {
            given.extend(attached[at..].iter().map(|share| (share.key, Some(even))));
            return;
        }
        room -= share.bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn kept(user_most: usize, most: usize) -> Kept {
        let limits =
            Limits { user_events_bytes: user_most, kept_events_bytes: most, ..<_>::default() };
        Kept::new(&limits)
    }

    fn share(user: u64, key: u64, bytes: usize, waits_since: Option<Instant>) -> Share {
        Share { user: Id::new(user).expect("an id"), key, bytes, waits_since }
    }

    #[test]
    fn who_waits_longest_gives_way_whoever_keeps_it() {
        let kept = kept(1_000, 100);
        let now = Instant::now();
        let ago = |s| Some(now - Duration::from_secs(s));
        let there = vec![share(1, 1, 40, ago(5)), share(2, 2, 30, None)];
        assert_eq!(kept.report(0, there.clone()), (vec![], 70));
        let (orders, left) = kept.report(1, vec![share(3, 3, 40, ago(9)), share(4, 4, 5, ago(2))]);
        assert_eq!(left, 75);
        assert_eq!(orders, [(1, GiveUp::from([(3, None)]))]);
        // What was given up does not count again before its shard says so.
        assert_eq!(kept.report(0, there), (vec![], 75));
    }

    #[test]
    fn with_nobody_waiting_the_largest_keep_less() {
        let kept = kept(1_000, 100);
        let shares = vec![share(1, 1, 10, None), share(2, 2, 60, None), share(3, 3, 400, None)];
        let (orders, left) = kept.report(0, shares);
        assert_eq!(orders, [(0, GiveUp::from([(2, Some(45)), (3, Some(45))]))]);
        assert_eq!(left, 100);
    }

    #[test]
    fn one_person_does_not_take_the_place_of_others() {
        let kept = kept(50, 100);
        let now = Instant::now();
        let long = Some(now - Duration::from_secs(60));
        let other = share(2, 9, 50, long);
        let mine = |key| share(1, key, 20, Some(now + Duration::from_secs(key)));
        let shares = [vec![other], (1..=8).map(mine).collect()].concat();
        let (orders, left) = kept.report(0, shares);
        let given: GiveUp = (1..=6).map(|key| (key, None)).collect();
        assert_eq!(orders, [(0, given)], "the person's own go first, the oldest of them");
        assert_eq!(left, 90);
    }
}
