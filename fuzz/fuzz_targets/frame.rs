//! Any bytes in any cut: the WebSocket decoder neither panics nor hoards, and its verdict does not
//! depend on where the reads ended.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proto::websocket::{Decoder, Limits, Role};

const LIMITS: Limits = Limits {
    frame: 4096,
    message: 8192,
    fragments: 16,
};

fuzz_target!(|data: &[u8]| {
    // The first two bytes choose the role and how the rest is cut.
    let [how, seed, wire @ ..] = data else { return };
    let role = if how & 1 == 0 {
        Role::Server
    } else {
        Role::Client
    };
    let whole = run(role, wire, |_| usize::MAX);
    let mut state = u32::from(*seed) | 0x100;
    let cut = run(role, wire, |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        1 + (state >> 24) as usize % (1 + usize::from(*how))
    });
    assert_eq!(whole, cut);
});

/// All events, and the violation that ended them.
fn run(role: Role, wire: &[u8], mut cut: impl FnMut(()) -> usize) -> (Vec<String>, String) {
    let mut decoder = Decoder::new(role, LIMITS);
    let mut wire = wire.to_vec();
    let mut rest = &mut wire[..];
    let mut events = Vec::new();
    while !rest.is_empty() {
        let (mut input, later) = rest.split_at_mut(cut(()).min(rest.len()));
        rest = later;
        loop {
            match decoder.decode(&mut input) {
                Ok(Some(event)) => events.push(format!("{event:?}")),
                Ok(None) => break,
                Err(violation) => return (events, format!("{violation:?}")),
            }
        }
        assert!(decoder.held_bytes() <= 2 * LIMITS.message as usize + 512);
    }
    (events, String::new())
}
