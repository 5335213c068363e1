//! What the gateway counts, for `/metrics`.
//!
//! Plain atomics: no label names a person or a room.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

#[derive(Debug, Default)]
pub struct Metrics {
    /// Sockets open now.
    pub sockets: AtomicI64,
    /// Sessions now, attached or waiting to be resumed.
    pub sessions: AtomicI64,
    /// Dispatches handed to sockets.
    pub dispatches: AtomicU64,
    /// Sessions begun by IDENTIFY.
    pub identifies: AtomicU64,
    /// Sessions taken up again.
    pub resumes: AtomicU64,
    /// Attempts to resume answered with op 9.
    pub invalid: AtomicU64,
    /// Bytes that sessions keep for a resume.
    pub kept_bytes: AtomicI64,
    /// Sessions that had to give up some or all of that, for the limits.
    pub given_up: AtomicU64,
    /// Sockets closed because they did not read.
    pub slow: AtomicU64,
    /// Connections closed by a fault of ours.
    pub panics: AtomicU64,
}

impl Metrics {
    /// Name, help, kind and value of each.
    pub fn table(&self) -> [(&'static str, &'static str, &'static str, i64); 10] {
        let up = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as i64;
        let now = |gauge: &AtomicI64| gauge.load(Ordering::Relaxed);
        [
            ("gateway_sockets", "Gateway sockets open.", "gauge", now(&self.sockets)),
            ("gateway_sessions", "Gateway sessions.", "gauge", now(&self.sessions)),
            ("gateway_dispatches_total", "Events sent.", "counter", up(&self.dispatches)),
            ("gateway_identifies_total", "Sessions begun.", "counter", up(&self.identifies)),
            ("gateway_resumes_total", "Sessions resumed.", "counter", up(&self.resumes)),
            ("gateway_invalid_total", "Resumes refused.", "counter", up(&self.invalid)),
            ("gateway_kept_bytes", "Kept for resumes.", "gauge", now(&self.kept_bytes)),
            ("gateway_given_up_total", "Resumes given up.", "counter", up(&self.given_up)),
            ("gateway_slow_total", "Sockets too slow to keep.", "counter", up(&self.slow)),
            ("gateway_panics_total", "Connections lost to faults.", "counter", up(&self.panics)),
        ]
    }
}

/// Adds one to a counter.
pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
