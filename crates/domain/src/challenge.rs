//! The challenge of guests: who comes in numbers works for each name. Nobody else notices.
//!
//! A proof of work (SHA-256) rather than a puzzle: it asks nothing of people, and nothing of their
//! eyes and ears. Nothing is kept of a challenge until it is answered: it carries what it is about
//! and a seal.

use std::{collections::HashMap, sync::Mutex};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use proto::{
    Timestamp,
    safety::{Challenge, Solution},
};
use sha2::{Digest as _, Sha256};

use crate::{
    App,
    reject::{Reject, Result, no},
    safety::Block,
};

const WINDOW_MS: i64 = 10 * 60_000;
const MINUTE_MS: i64 = 60_000;

/// Zero bits of the first challenge: well under a second in a browser on a phone.
const EASIEST: u8 = 15;
/// A second or two there: what stops many is the rate of their address, not this.
const HARDEST: u8 = 18;

/// How much harder it may have become while somebody worked.
const A_MOMENT: u8 = 1;

/// Blocks and answered challenges remembered.
const REMEMBERED: usize = 50_000;

/// Characters of a solution.
const SOLUTION: usize = 20;

#[derive(Default)]
pub struct Challenges(Mutex<State>);

#[derive(Default)]
struct State {
    blocks: HashMap<u64, Window>,
    all: Window,
    /// Challenges that were answered, until they would have run out anyway.
    used: HashMap<[u8; 8], Timestamp>,
}

#[derive(Default, Clone, Copy)]
struct Window {
    since: Timestamp,
    count: u32,
}

impl Window {
    fn at(self, now: Timestamp, length_ms: i64) -> Self {
        let holds = (0..length_ms).contains(&now.ms_since(self.since));
        if holds { self } else { Self { since: now, count: 0 } }
    }
}

/// Says no to a guest who has to work first and has not. `block`: where it comes from, if known.
pub(crate) fn require(app: &App, block: Option<Block>, answer: Option<&Solution>) -> Result<()> {
    let (now, limits) = (app.clock.now(), &app.limits);
    let here = block.map_or(0, Block::number);
    let mut state = app.cache.challenges.0.lock().expect("no panic while locked");
    state.forget(now);
    let of_block = state.blocks.get(&here).copied().unwrap_or_default().at(now, WINDOW_MS);
    let in_all = state.all.at(now, MINUTE_MS);
    // Who lets more guests in lets more in unasked.
    let most = limits.guests_per_10min;
    let free = limits.guests_unchallenged.max(most / 4 * 3);
    let free_in_all = limits.guests_unchallenged_in_all.max(most.saturating_mul(2));
    let of_here = if block.is_some() { of_block.count } else { 0 };
    let bits = difficulty(of_here, free).max(difficulty(in_all.count, free_in_all));
    if let Some(bits) = bits {
        let solved = answer.and_then(|answer| solved(app, here, bits, answer, now));
        match solved {
            Some(seal) if !state.used.contains_key(&seal.nonce) => {
                state.used.insert(seal.nonce, seal.ends);
            }
            _ => return no(Reject::Challenge(Box::new(issue(app, here, bits, now)))),
        }
    }
    state.blocks.insert(here, Window { count: of_block.count + 1, ..of_block });
    state.all = Window { count: in_all.count + 1, ..in_all };
    Ok(())
}

impl State {
    fn forget(&mut self, now: Timestamp) {
        if self.used.len() >= REMEMBERED {
            self.used.retain(|_, ends| *ends > now);
        }
        if self.blocks.len() >= REMEMBERED {
            self.blocks.retain(|_, window| window.at(now, WINDOW_MS).count > 0);
            if self.blocks.len() >= REMEMBERED {
                self.blocks.clear();
            }
        }
    }
}

/// Zero bits for the next one after so many: one more for each time as many again.
fn difficulty(count: u32, free: u32) -> Option<u8> {
    let over = count.checked_sub(free)?;
    let more = (over / (free / 2).max(1)).min(u32::from(HARDEST - EASIEST));
    Some(EASIEST + more as u8)
}

/// What a challenge says of itself.
struct Sealed {
    nonce: [u8; 8],
    ends: Timestamp,
}

/// Nonce 8, end 8, block 8, difficulty 1; and 16 of its seal.
const BODY: usize = 25;
const SEAL: usize = 16;

fn issue(app: &App, block: u64, bits: u8, now: Timestamp) -> Challenge {
    let ends = now.plus_ms(i64::from(app.limits.challenge_seconds) * 1_000);
    let mut body = Vec::with_capacity(BODY + SEAL);
    body.extend(app.random::<8>());
    body.extend(ends.as_ms().to_be_bytes());
    body.extend(block.to_be_bytes());
    body.push(bits);
    let seal = seal(app, &body);
    body.extend(seal);
    Challenge {
        algorithm: "sha256".to_owned(),
        token: URL_SAFE_NO_PAD.encode(body),
        difficulty: bits,
        expires_at: ends,
    }
}

fn seal(app: &App, body: &[u8]) -> [u8; SEAL] {
    let mut mac = Hmac::<Sha256>::new_from_slice(&app.signing_key).expect("any length will do");
    mac.update(b"guest challenge\0");
    mac.update(body);
    let mut seal = [0; SEAL];
    seal.copy_from_slice(&mac.finalize().into_bytes()[..SEAL]);
    seal
}

/// An answered challenge of ours, for this block, in time. How hard it is was said when it was
/// given: who came a moment earlier is not asked for more. Who gathered easy ones to answer them
/// all together is.
fn solved(app: &App, block: u64, bits: u8, answer: &Solution, now: Timestamp) -> Option<Sealed> {
    let bytes = URL_SAFE_NO_PAD.decode(answer.token.get(..128).unwrap_or(&answer.token)).ok()?;
    if bytes.len() != BODY + SEAL || answer.solution.len() > SOLUTION {
        return None;
    }
    let (body, given) = bytes.split_at(BODY);
    // One byte after the other to the end: how far it was right is nobody's business.
    let differs = seal(app, body).iter().zip(given).fold(0, |sum, (a, b)| sum | (a ^ b));
    let number = |at: usize| u64::from_be_bytes(body[at..at + 8].try_into().expect("eight bytes"));
    let ends = Timestamp::from_ms(number(8) as i64);
    let too_easy = body[24] + A_MOMENT < bits;
    if differs != 0 || number(16) != block || ends <= now || too_easy {
        return None;
    }
    let work = format!("{}:{}", answer.token, answer.solution);
    let nonce = body[..8].try_into().expect("eight bytes");
    (zero_bits(&Sha256::digest(work)) >= u32::from(body[24])).then_some(Sealed { nonce, ends })
}

fn zero_bits(digest: &[u8]) -> u32 {
    let whole = digest.iter().take_while(|byte| **byte == 0).count();
    whole as u32 * 8 + digest.get(whole).map_or(0, |byte| byte.leading_zeros())
}

/// Does the work of a challenge: what clients do.
#[cfg(test)]
fn solve(challenge: &Challenge) -> Solution {
    let enough = |n: &u64| {
        let work = format!("{}:{n}", challenge.token);
        zero_bits(&Sha256::digest(work)) >= u32::from(challenge.difficulty)
    };
    let solution = (0..).find(enough).expect("numbers do not end").to_string();
    Solution { token: challenge.token.clone(), solution }
}

#[cfg(test)]
mod tests {
    use proto::Limits;

    use super::*;
    use crate::{Error, testing::World};

    fn asked(outcome: Result<()>) -> Challenge {
        match outcome {
            Err(Error::Reject(Reject::Challenge(challenge))) => *challenge,
            other => panic!("{other:?}"),
        }
    }

    fn block(app: &App, last: u8) -> Option<Block> {
        Some(Block::of(app, [203, 0, last, 7].into()))
    }

    #[tokio::test]
    async fn a_class_behind_one_address_comes_in_unasked() {
        let world = World::new().await;
        let (app, here) = (&world.app, block(&world.app, 113));
        for _ in 0..40 {
            require(app, here, None).expect("in");
        }
        for _ in 40..app.limits.guests_unchallenged {
            require(app, here, None).expect("in");
        }
        asked(require(app, here, None));
        require(app, block(app, 114), None).expect("others are not asked");
        world.clock.advance_ms(WINDOW_MS);
        require(app, here, None).expect("nor later");
    }

    #[tokio::test]
    async fn an_answer_counts_once_there_and_in_time() {
        let limits = Limits { guests_unchallenged: 0, guests_per_10min: 0, ..Limits::default() };
        let world = World::with_limits(limits).await;
        let (app, here) = (&world.app, block(&world.app, 113));
        let challenge = asked(require(app, here, None));
        let answer = solve(&challenge);
        asked(require(app, block(app, 114), Some(&answer)));
        require(app, here, Some(&answer)).expect("in");
        asked(require(app, here, Some(&answer)));

        let late = solve(&asked(require(app, here, None)));
        world.clock.advance_ms(i64::from(app.limits.challenge_seconds) * 1_000);
        asked(require(app, here, Some(&late)));

        let mut forged = asked(require(app, here, None));
        let mut bytes = URL_SAFE_NO_PAD.decode(&forged.token).expect("ours");
        bytes[24] = 0;
        forged.token = URL_SAFE_NO_PAD.encode(bytes);
        asked(require(app, here, Some(&solve(&forged))));
        for (token, solution) in [("", ""), ("x", "1"), (&*"A".repeat(500), "0")] {
            let bad = Solution { token: token.to_owned(), solution: solution.to_owned() };
            asked(require(app, here, Some(&bad)));
        }
    }

    #[tokio::test]
    async fn easy_ones_gathered_before_are_worth_nothing_once_it_is_harder() {
        let limits = Limits { guests_unchallenged: 2, guests_per_10min: 0, ..Limits::default() };
        let world = World::with_limits(limits).await;
        let (app, here) = (&world.app, block(&world.app, 113));
        for _ in 0..2 {
            require(app, here, None).expect("in");
        }
        let gathered: Vec<_> = (0..3).map(|_| solve(&asked(require(app, here, None)))).collect();
        require(app, here, Some(&gathered[0])).expect("as hard as it is");
        require(app, here, Some(&gathered[1])).expect("a moment earlier");
        let harder = asked(require(app, here, Some(&gathered[2])));
        assert_eq!(harder.difficulty, EASIEST + 2);
    }

    #[tokio::test]
    async fn the_more_come_the_harder_it_gets_up_to_an_end() {
        assert_eq!(difficulty(44, 45), None);
        let bits: Vec<_> = [45, 67, 89, 10_000].map(|n| difficulty(n, 45)).into();
        assert_eq!(bits, [Some(15), Some(16), Some(17), Some(HARDEST)]);
        let limits =
            Limits { guests_unchallenged_in_all: 3, guests_per_10min: 0, ..Limits::default() };
        let world = World::with_limits(limits).await;
        for n in 0..3 {
            require(&world.app, block(&world.app, n), None).expect("in");
        }
        let asked = asked(require(&world.app, block(&world.app, 9), None));
        assert_eq!((asked.difficulty, asked.algorithm.as_str()), (EASIEST, "sha256"));
        world.clock.advance_ms(MINUTE_MS);
        require(&world.app, block(&world.app, 9), None).expect("the rush is over");
    }

    #[tokio::test]
    async fn looking_at_an_answer_costs_next_to_nothing_beside_finding_it() {
        let limits = Limits { guests_unchallenged: 0, guests_per_10min: 0, ..Limits::default() };
        let world = World::with_limits(limits).await;
        let (app, here) = (&world.app, block(&world.app, 113));
        let begun = std::time::Instant::now();
        let answer = solve(&asked(require(app, here, None)));
        let finding = begun.elapsed();
        let begun = std::time::Instant::now();
        let looks = 1_000;
        for _ in 0..looks {
            let here = Block::number(here.expect("known"));
            std::hint::black_box(solved(app, here, EASIEST, &answer, app.clock.now()));
        }
        let looking = begun.elapsed() / looks;
        println!("challenge find_us={} look_us={}", finding.as_micros(), looking.as_micros());
        assert!(
            solved(app, Block::number(here.expect("known")), EASIEST, &answer, app.clock.now())
                .is_some()
        );
        assert!(looking.as_millis() < 5);
    }
}
