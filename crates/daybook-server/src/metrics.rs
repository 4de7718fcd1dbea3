//! What is counted, and how it is said in the Prometheus text format (version 0.0.4).
//!
//! Every series exists from the start and none is added later: labels are apps of the catalogs, routes of the router,
//! statuses and codes of this program. Nothing a client sends becomes a label.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use daybook_admission::{Receipts, Status};

/// Upper bounds of the latency buckets, in seconds.
const BUCKETS_SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// The status classes requests are counted by.
const STATUS_CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];
/// What can become of an event.
const STATUSES: [Status; 6] =
    [Status::Stored, Status::Duplicate, Status::Quarantined, Status::SampledOut, Status::Counted, Status::Refused];

/// All counters of one server.
#[derive(Debug)]
pub struct Metrics {
    events: HashMap<Arc<str>, [AtomicU64; STATUSES.len()]>,
    routes: HashMap<&'static str, Route>,
    body_bytes: AtomicU64,
    problems: Vec<(&'static str, AtomicU64)>,
    /// Connections open now.
    pub connections: AtomicU64,
    /// Connections turned away because there were too many.
    pub connections_refused: AtomicU64,
    /// Live tails open now.
    pub live_streams: AtomicU64,
    /// Live tails cut because their readers were too slow.
    pub live_streams_cut: AtomicU64,
}

#[derive(Debug, Default)]
struct Route {
    classes: [AtomicU64; STATUS_CLASSES.len()],
    buckets: [AtomicU64; BUCKETS_SECONDS.len()],
    count: AtomicU64,
    microseconds: AtomicU64,
}

/// What is measured at the moment of asking rather than counted as it happens.
#[derive(Debug, Clone, Default)]
pub struct Gauges {
    /// Position of the log's newest record.
    pub log_head: u64,
    /// Segment files of the log.
    pub log_segments: u64,
    /// Bytes of the log.
    pub log_bytes: u64,
    /// How full the log's queue is, from 0 to 1.
    pub log_queue_fill: f64,
    /// Whether the log takes writes.
    pub log_writable: bool,
    /// Open entries of the quarantine, by app.
    pub quarantine_open: Vec<(String, u64)>,
}

impl Metrics {
    /// Counters for these apps and routes, all at zero; `codes` are the problem codes worth a series of their own.
    pub fn new<'a>(apps: impl Iterator<Item = &'a str>, routes: &[&'static str], codes: &[&'static str]) -> Self {
        Self {
            events: apps.map(|app| (Arc::from(app), Default::default())).collect(),
            routes: routes.iter().map(|route| (*route, Route::default())).collect(),
            body_bytes: AtomicU64::new(0),
            problems: codes.iter().map(|code| (*code, AtomicU64::new(0))).collect(),
            connections: AtomicU64::new(0),
            connections_refused: AtomicU64::new(0),
            live_streams: AtomicU64::new(0),
            live_streams_cut: AtomicU64::new(0),
        }
    }

    /// Counts the events of an answered call.
    pub fn receipts(&self, app: &str, receipts: &Receipts) {
        let Some(counters) = self.events.get(app) else { return };
        for (status, counter) in STATUSES.iter().zip(counters) {
            let count = match status {
                Status::Stored => receipts.stored,
                Status::Duplicate => receipts.duplicate,
                Status::Quarantined => receipts.quarantined,
                Status::SampledOut => receipts.sampled_out,
                Status::Counted => receipts.counted,
                Status::Refused => receipts.refused,
            };
            if count > 0 {
                counter.fetch_add(count as u64, Ordering::Relaxed);
            }
        }
    }

    /// Counts bytes of a body as they arrived.
    pub fn body(&self, bytes: usize) {
        self.body_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Counts a request.
    pub fn request(&self, route: &str, status: u16, code: Option<&str>, took: Duration) {
        if let Some(route) = self.routes.get(route) {
            let class = usize::from((status / 100).clamp(2, 5) - 2);
            if let Some(counter) = route.classes.get(class) {
                counter.fetch_add(1, Ordering::Relaxed);
            }
            let seconds = took.as_secs_f64();
            if let Some(bucket) = BUCKETS_SECONDS.iter().position(|bound| seconds <= *bound)
                && let Some(counter) = route.buckets.get(bucket)
            {
                counter.fetch_add(1, Ordering::Relaxed);
            }
            route.count.fetch_add(1, Ordering::Relaxed);
            let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            route.microseconds.fetch_add(microseconds, Ordering::Relaxed);
        }
        if let Some(code) = code
            && let Some((_, counter)) = self.problems.iter().find(|(known, _)| *known == code)
        {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// All of it as Prometheus reads it.
    pub fn render(&self, gauges: &Gauges) -> String {
        let mut page = Page(String::with_capacity(16 * 1024));
        page.family("daybook_events_total", "counter", "Events by app and what became of them.");
        let mut apps: Vec<_> = self.events.iter().collect();
        apps.sort_unstable_by_key(|(app, _)| Arc::clone(app));
        for (app, counters) in apps {
            for (status, counter) in STATUSES.iter().zip(counters) {
                page.sample("daybook_events_total", &[("app", app), ("status", status.as_str())], load(counter));
            }
        }
        page.family("daybook_body_bytes_total", "counter", "Bytes of request bodies with events, as they arrived.");
        page.sample("daybook_body_bytes_total", &[], load(&self.body_bytes));
        self.render_requests(&mut page);
        page.family("daybook_problems_total", "counter", "Error answers by code, for the codes that tell of pressure.");
        for (code, counter) in &self.problems {
            page.sample("daybook_problems_total", &[("code", code)], load(counter));
        }
        for (name, kind, help, value) in [
            ("daybook_connections", "gauge", "Connections open.", &self.connections),
            (
                "daybook_connections_refused_total",
                "counter",
                "Connections turned away because there were too many.",
                &self.connections_refused,
            ),
            ("daybook_live_streams", "gauge", "Live tails open.", &self.live_streams),
            (
                "daybook_live_streams_cut_total",
                "counter",
                "Live tails cut because their readers were too slow.",
                &self.live_streams_cut,
            ),
        ] {
            page.family(name, kind, help);
            page.sample(name, &[], load(value));
        }
        gauges.render(&mut page);
        page.0
    }

    fn render_requests(&self, page: &mut Page) {
        let mut routes: Vec<_> = self.routes.iter().collect();
        routes.sort_unstable_by_key(|(route, _)| **route);
        page.family("daybook_http_requests_total", "counter", "Requests by route and class of status.");
        for (name, route) in &routes {
            for (class, counter) in STATUS_CLASSES.iter().zip(&route.classes) {
                page.sample("daybook_http_requests_total", &[("route", name), ("status", class)], load(counter));
            }
        }
        page.family("daybook_http_request_seconds", "histogram", "Time from a request's head to its answer's head.");
        for (name, route) in &routes {
            let mut sum = 0;
            for (bound, counter) in BUCKETS_SECONDS.iter().zip(&route.buckets) {
                sum += load(counter);
                let bound = bound.to_string();
                page.sample("daybook_http_request_seconds_bucket", &[("route", name), ("le", &bound)], sum);
            }
            let count = load(&route.count).max(sum);
            page.sample("daybook_http_request_seconds_bucket", &[("route", name), ("le", "+Inf")], count);
            let seconds = load(&route.microseconds) as f64 / 1e6;
            page.sample("daybook_http_request_seconds_sum", &[("route", name)], seconds);
            page.sample("daybook_http_request_seconds_count", &[("route", name)], count);
        }
    }
}

impl Gauges {
    fn render(&self, page: &mut Page) {
        page.family("daybook_log_head", "gauge", "Position of the newest record in the log.");
        page.sample("daybook_log_head", &[], self.log_head);
        page.family("daybook_log_segments", "gauge", "Segment files of the log.");
        page.sample("daybook_log_segments", &[], self.log_segments);
        page.family("daybook_log_bytes", "gauge", "Bytes of the log.");
        page.sample("daybook_log_bytes", &[], self.log_bytes);
        page.family("daybook_log_queue_fill", "gauge", "How full the log's queue is, from 0 to 1.");
        page.sample("daybook_log_queue_fill", &[], self.log_queue_fill);
        page.family("daybook_log_writable", "gauge", "1 while the log takes writes.");
        page.sample("daybook_log_writable", &[], u8::from(self.log_writable));
        page.family("daybook_quarantine_open", "gauge", "Open entries of the quarantine.");
        for (app, open) in &self.quarantine_open {
            page.sample("daybook_quarantine_open", &[("app", app)], *open);
        }
    }
}

struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.0.push_str(name);
        for (index, (label, text)) in labels.iter().enumerate() {
            // Labels are slugs, routes and codes: nothing in them needs escaping.
            let _ = write!(self.0, "{}{label}=\"{text}\"", if index == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }
}

fn load(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_said_as_prometheus_reads_them() {
        let metrics = Metrics::new(["shop"].into_iter(), &["/v1/{app}/events"], &["rate.events"]);
        metrics.receipts("shop", &Receipts { stored: 3, quarantined: 1, ..Receipts::default() });
        metrics.receipts("unknown", &Receipts { stored: 3, ..Receipts::default() });
        metrics.request("/v1/{app}/events", 200, None, Duration::from_millis(3));
        metrics.request("/v1/{app}/events", 429, Some("rate.events"), Duration::from_secs(20));
        metrics.request("/unknown", 200, None, Duration::ZERO);
        let text = metrics.render(&Gauges { log_head: 7, log_writable: true, ..Gauges::default() });
        for line in [
            "# TYPE daybook_events_total counter",
            "daybook_events_total{app=\"shop\",status=\"stored\"} 3",
            "daybook_events_total{app=\"shop\",status=\"sampled_out\"} 0",
            "daybook_http_requests_total{route=\"/v1/{app}/events\",status=\"4xx\"} 1",
            "daybook_http_request_seconds_bucket{route=\"/v1/{app}/events\",le=\"0.0025\"} 0",
            "daybook_http_request_seconds_bucket{route=\"/v1/{app}/events\",le=\"0.005\"} 1",
            "daybook_http_request_seconds_bucket{route=\"/v1/{app}/events\",le=\"+Inf\"} 2",
            "daybook_http_request_seconds_sum{route=\"/v1/{app}/events\"} 20.003",
            "daybook_problems_total{code=\"rate.events\"} 1",
            "daybook_log_head 7",
            "daybook_log_writable 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(!text.contains("unknown"));
    }
}
