//! File descriptors: as many as the system gives, and what fits into them.
//!
//! Systems start programs with a soft limit of 1,024 that is meant for others. Each connection is a
//! descriptor, and the store needs some as well: without them nothing could be written any more.

use rlimit::Resource;

/// For the store, files of messages, the operator's socket and the gateway's own.
const RESERVE: u64 = 256;

/// Raises the limit as far as it goes; answers how many connections there can be.
pub fn fit(connections: u32) -> u32 {
    let known = Resource::NOFILE.get().and_then(|(soft, hard)| {
        if soft < hard {
            // What cannot be raised stays as it was.
            let _ = Resource::NOFILE.set(hard, hard);
        }
        Resource::NOFILE.get()
    });
    let Ok((soft, _)) = known else {
        return connections;
    };
    let fitting = fitting(soft, connections);
    if fitting < connections {
        tracing::warn!(
            descriptors = soft,
            connections = fitting,
            wished = connections,
            "the system gives too few file descriptors for `limits.connections`: raise them \
             (`ulimit -n`, LimitNOFILE= of systemd) or lower the limit"
        );
    }
    fitting
}

/// With few descriptors half of them is kept for the rest.
fn fitting(descriptors: u64, connections: u32) -> u32 {
    let room = descriptors.saturating_sub(RESERVE).max(descriptors / 2);
    u32::try_from(room).unwrap_or(u32::MAX).min(connections)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_the_rest() {
        assert_eq!(fitting(1_024, 100_000), 768);
        assert_eq!(fitting(1_048_576, 100_000), 100_000);
        assert_eq!(fitting(256, 100_000), 128);
        assert_eq!(fitting(u64::MAX, 10), 10);
    }

    #[test]
    fn the_limit_goes_up_to_what_is_allowed() {
        fit(10);
        let (soft, hard) = Resource::NOFILE.get().expect("readable");
        assert_eq!(soft, hard);
    }
}
