//! Counters of the server, in the text format of Prometheus.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>
//!
//! Our own few lines: atomics, no registry to look up, and no label that could name a person.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Grows only.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Upper bounds of the histogram of requests.
const BOUNDS_MS: [u64; 10] = [1, 2, 5, 10, 25, 50, 100, 250, 1_000, 5_000];

type RequestKey = (String, &'static str, u16);

/// All counters that belong to no other part.
#[derive(Debug, Default)]
pub struct Metrics {
    pub connections_accepted: Counter,
    pub connections_refused: Counter,
    pub panics: Counter,
    pub rate_limited: Counter,
    pub pushes: Counter,
    /// Given up, or dropped because too many waited.
    pub pushes_failed: Counter,
    durations: [Counter; BOUNDS_MS.len() + 1],
    duration_us: Counter,
    /// By route template, method and status: as many as there are routes.
    requests: Mutex<BTreeMap<RequestKey, u64>>,
}

impl Metrics {
    pub fn request(&self, route: &str, method: &'static str, status: u16, took: Duration) {
        let ms = took.as_millis() as u64;
        let at = BOUNDS_MS.iter().position(|bound| ms <= *bound).unwrap_or(BOUNDS_MS.len());
        self.durations[at].add(1);
        self.duration_us.add(took.as_micros() as u64);
        let mut requests = self.requests.lock().expect("no panic while locked");
        *requests.entry((route.to_owned(), method, status)).or_default() += 1;
    }

    /// The text, with further values of other parts: name, help, value.
    pub fn text(&self, gauges: &[(&str, &str, u64)]) -> String {
        let mut text = String::new();
        let single = [
            ("connections_accepted_total", "Connections accepted.", &self.connections_accepted),
            ("connections_refused_total", "Connections over a limit.", &self.connections_refused),
            ("panics_total", "Requests that ended in a panic.", &self.panics),
            ("rate_limited_total", "Requests answered with 429.", &self.rate_limited),
            ("pushes_total", "Pushes that a push service took.", &self.pushes),
            ("pushes_failed_total", "Pushes given up or dropped.", &self.pushes_failed),
        ];
        for (name, help, counter) in single {
            line(&mut text, name, help, "counter", counter.get());
        }
        for (name, help, value) in gauges {
            let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
            line(&mut text, name, help, kind, *value);
        }
        self.write_requests(&mut text);
        text
    }

    fn write_requests(&self, text: &mut String) {
        let name = "osc_http_request_duration_seconds";
        let _ = writeln!(text, "# HELP {name} Time to answer.\n# TYPE {name} histogram");
        let mut count = 0;
        for (at, bucket) in self.durations.iter().enumerate() {
            count += bucket.get();
            let bound = BOUNDS_MS.get(at).map(|ms| (*ms as f64 / 1_000.0).to_string());
            let bound = bound.unwrap_or_else(|| "+Inf".to_owned());
            let _ = writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {count}");
        }
        let sum = self.duration_us.get() as f64 / 1e6;
        let _ = writeln!(text, "{name}_sum {sum}\n{name}_count {count}");
        let name = "osc_http_requests_total";
        let _ = writeln!(text, "# HELP {name} Requests answered.\n# TYPE {name} counter");
        for ((route, method, status), count) in
            self.requests.lock().expect("no panic while locked").iter()
        {
            let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
            let _ = writeln!(text, "{name}{{{labels}}} {count}");
        }
    }
}

fn line(text: &mut String, name: &str, help: &str, kind: &str, value: u64) {
    let _ =
        writeln!(text, "# HELP osc_{name} {help}\n# TYPE osc_{name} {kind}\nosc_{name} {value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_counts_requests_by_template() {
        let metrics = Metrics::default();
        let took = Duration::from_millis(3);
        metrics.request("/api/v10/channels/{channel}", "GET", 200, took);
        metrics.request("/api/v10/channels/{channel}", "GET", 200, took);
        let text = metrics.text(&[("sockets", "Gateway sockets.", 7)]);
        let labels = "method=\"GET\",route=\"/api/v10/channels/{channel}\",status=\"200\"";
        assert!(text.contains(&format!("osc_http_requests_total{{{labels}}} 2")), "{text}");
        assert!(text.contains("le=\"0.005\"} 2") && text.contains("le=\"0.002\"} 0"), "{text}");
        assert!(text.contains("# TYPE osc_sockets gauge\nosc_sockets 7"), "{text}");
    }
}
