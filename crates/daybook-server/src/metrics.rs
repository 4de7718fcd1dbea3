//! What is counted, and how it is said in the Prometheus text format.
//!
//! Every series exists from the start and none is added later, but for those of consumers, which come and go with them: labels are
//! apps and consumers of the catalogs, routes of the router, statuses and codes of this program. Nothing a client sends becomes a label.

mod aggregates;
mod indexes;
mod lakes;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use daybook_admission::{Receipts, Status};
use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

pub use aggregates::AggregateGauge;
use aggregates::AggregateGauges;
pub use indexes::IndexGauge;
use indexes::IndexGauges;
pub use lakes::LakeGauge;
use lakes::LakeGauges;

/// Upper bounds of the latency buckets, in seconds.
const BUCKETS_SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// The status classes requests are counted by.
const STATUS_CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];
/// What can become of an event.
const STATUSES: [Status; 6] =
    [Status::Stored, Status::Duplicate, Status::Quarantined, Status::SampledOut, Status::Counted, Status::Refused];

/// All counters of one server, in a registry of its own.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    // Counters are looked up by their labels once, here, and not on every request.
    events: HashMap<Arc<str>, [IntCounter; STATUSES.len()]>,
    routes: HashMap<&'static str, Route>,
    body_bytes: IntCounter,
    problems: HashMap<&'static str, IntCounter>,
    /// Connections open now.
    pub connections: IntGauge,
    /// Connections turned away because there were too many.
    pub connections_refused: IntCounter,
    /// Live tails open now.
    pub live_streams: IntGauge,
    /// Live tails cut because their readers were too slow.
    pub live_streams_cut: IntCounter,
    proof_size: IntGauge,
    proof_lag: IntGauge,
    proof_failing: IntGauge,
    proof_refused: IntGauge,
    log_head: IntGauge,
    log_segments: IntGauge,
    log_bytes: IntGauge,
    log_queue_fill: Gauge,
    log_writable: IntGauge,
    quarantine_open: IntGaugeVec,
    indexes: IndexGauges,
    lakes: LakeGauges,
    aggregates: AggregateGauges,
}

#[derive(Debug)]
struct Route {
    classes: [IntCounter; STATUS_CLASSES.len()],
    seconds: Histogram,
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
    /// How many records are signed; nothing where the log is not.
    pub proof_size: Option<u64>,
    /// Whether what is signed cannot be written at the moment.
    pub proof_failing: bool,
    /// Whether nothing is signed any more, because the log is not what was signed.
    pub proof_refused: bool,
    /// The indexes of the log.
    pub indexes: Vec<IndexGauge>,
    /// The lakes.
    pub lakes: Vec<LakeGauge>,
    /// The aggregates.
    pub aggregates: Vec<AggregateGauge>,
}

impl Metrics {
    /// Counters for these apps and routes, all at zero; `codes` are the problem codes worth a series of their own.
    ///
    /// # Errors
    /// When two metrics have one name, which would be a mistake in this file.
    pub fn new<'a>(
        apps: impl Iterator<Item = &'a str>,
        routes: &[&'static str],
        codes: &[&'static str],
    ) -> prometheus::Result<Self> {
        let registry = Registry::new();
        let made = Maker(&registry);
        let events =
            made.counters("daybook_events_total", "Events by app and what became of them.", &["app", "status"])?;
        let requests = made.counters(
            "daybook_http_requests_total",
            "Requests by route and class of status.",
            &["route", "status"],
        )?;
        let seconds = made.registered(HistogramVec::new(
            HistogramOpts::new("daybook_http_request_seconds", "Time from a request's head to its answer's head.")
                .buckets(BUCKETS_SECONDS.to_vec()),
            &["route"],
        )?)?;
        let problems = made.counters(
            "daybook_problems_total",
            "Error answers by code, for the codes that tell of pressure.",
            &["code"],
        )?;
        registry.register(Box::new(ProcessCollector::for_self()))?;
        Ok(Self {
            events: apps
                .map(|app| (Arc::from(app), STATUSES.map(|status| events.with_label_values(&[app, status.as_str()]))))
                .collect(),
            routes: routes
                .iter()
                .map(|route| {
                    let classes = STATUS_CLASSES.map(|class| requests.with_label_values(&[*route, class]));
                    (*route, Route { classes, seconds: seconds.with_label_values(&[*route]) })
                })
                .collect(),
            problems: codes.iter().map(|code| (*code, problems.with_label_values(&[*code]))).collect(),
            body_bytes: made
                .counter("daybook_body_bytes_total", "Bytes of request bodies with events, as they arrived.")?,
            connections: made.gauge("daybook_connections", "Connections open.")?,
            connections_refused: made
                .counter("daybook_connections_refused_total", "Connections turned away because there were too many.")?,
            live_streams: made.gauge("daybook_live_streams", "Live tails open.")?,
            live_streams_cut: made
                .counter("daybook_live_streams_cut_total", "Live tails cut because their readers were too slow.")?,
            log_head: made.gauge("daybook_log_head", "Position of the newest record in the log.")?,
            log_segments: made.gauge("daybook_log_segments", "Segment files of the log.")?,
            log_bytes: made.gauge("daybook_log_bytes", "Bytes of the log.")?,
            log_queue_fill: made
                .registered(Gauge::new("daybook_log_queue_fill", "How full the log's queue is, from 0 to 1.")?)?,
            log_writable: made.gauge("daybook_log_writable", "1 while the log takes writes.")?,
            quarantine_open: made.registered(IntGaugeVec::new(
                Opts::new("daybook_quarantine_open", "Open entries of the quarantine."),
                &["app"],
            )?)?,
            proof_size: made.gauge("daybook_proof_size", "Records that the newest checkpoint is of.")?,
            proof_lag: made.gauge("daybook_proof_lag_events", "Records that are not signed yet.")?,
            proof_failing: made.gauge(
                "daybook_proof_failing",
                "1 while nothing is signed because the disk takes no tiles or checkpoints, or the log cannot be read.",
            )?,
            proof_refused: made.gauge(
                "daybook_proof_refused",
                "1 when nothing is signed any more, because the log is not what was signed.",
            )?,
            indexes: IndexGauges::new(&made)?,
            lakes: LakeGauges::new(&made)?,
            aggregates: AggregateGauges::new(&made)?,
            registry,
        })
    }

    /// Where others register what they measure.
    pub fn registry(&self) -> &Registry {
        &self.registry
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
                counter.inc_by(count as u64);
            }
        }
    }

    /// Counts bytes of a body as they arrived.
    pub fn body(&self, bytes: usize) {
        self.body_bytes.inc_by(bytes as u64);
    }

    /// Counts a request.
    pub fn request(&self, route: &str, status: u16, code: Option<&str>, took: Duration) {
        if let Some(route) = self.routes.get(route) {
            let class = usize::from((status / 100).clamp(2, 5) - 2);
            if let Some(counter) = route.classes.get(class) {
                counter.inc();
            }
            route.seconds.observe(took.as_secs_f64());
        }
        if let Some(counter) = code.and_then(|code| self.problems.get(code)) {
            counter.inc();
        }
    }

    /// All of it as Prometheus reads it.
    ///
    /// # Errors
    /// When the encoder fails, which it does for metrics without samples only.
    pub fn render(&self, gauges: &Gauges) -> prometheus::Result<String> {
        self.log_head.set(whole(gauges.log_head));
        self.log_segments.set(whole(gauges.log_segments));
        self.log_bytes.set(whole(gauges.log_bytes));
        self.log_queue_fill.set(gauges.log_queue_fill);
        self.log_writable.set(i64::from(gauges.log_writable));
        // An app whose last entry was settled is not named any more.
        self.quarantine_open.reset();
        for (app, open) in &gauges.quarantine_open {
            self.quarantine_open.with_label_values(&[app]).set(whole(*open));
        }
        if let Some(size) = gauges.proof_size {
            self.proof_size.set(whole(size));
            self.proof_lag.set(whole(gauges.log_head.saturating_sub(size)));
        }
        self.proof_failing.set(i64::from(gauges.proof_failing));
        self.proof_refused.set(i64::from(gauges.proof_refused));
        self.indexes.set(&gauges.indexes);
        self.lakes.set(&gauges.lakes);
        self.aggregates.set(&gauges.aggregates);
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Makes metrics that are in the registry.
struct Maker<'r>(&'r Registry);

impl Maker<'_> {
    fn registered<M: Collector + Clone + 'static>(&self, metric: M) -> prometheus::Result<M> {
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn counter(&self, name: &str, help: &str) -> prometheus::Result<IntCounter> {
        self.registered(IntCounter::new(name, help)?)
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntCounterVec> {
        self.registered(IntCounterVec::new(Opts::new(name, help), labels)?)
    }

    fn gauge(&self, name: &str, help: &str) -> prometheus::Result<IntGauge> {
        self.registered(IntGauge::new(name, help)?)
    }
}

#[cfg(test)]
mod tests {
    use daybook_lake::lake::Health;
    use daybook_log::{IndexStatus, LogStatus, TermIndexStatus};

    use super::*;

    fn log_status(index: IndexStatus, terms: TermIndexStatus) -> LogStatus {
        let (segments, bytes, queue_bytes, queue_bytes_max) = (1, 64, 0, 1);
        LogStatus { head: 7, poisoned: None, segments, bytes, queue_bytes, queue_bytes_max, index, terms: Some(terms) }
    }

    #[test]
    fn counts_are_said_as_prometheus_reads_them() {
        let metrics = Metrics::new(["shop"].into_iter(), &["/v1/{app}/events"], &["rate.events"]).unwrap();
        metrics.receipts("shop", &Receipts { stored: 3, quarantined: 1, ..Receipts::default() });
        metrics.receipts("unknown", &Receipts { stored: 3, ..Receipts::default() });
        metrics.request("/v1/{app}/events", 200, None, Duration::from_millis(3));
        metrics.request("/v1/{app}/events", 429, Some("rate.events"), Duration::from_secs(20));
        metrics.request("/unknown", 200, None, Duration::ZERO);
        let health = Health { hot_rows: 5, files: 2, committed: 4, ..Health::default() };
        let lakes = vec![LakeGauge { app: "shop".to_owned(), health, lag: 1 }];
        let aggregate = |name: &str, failing| AggregateGauge {
            app: "shop".to_owned(),
            aggregate: name.to_owned(),
            periods: 3,
            failing,
        };
        let aggregates = vec![aggregate("sales", false), aggregate("visits", true)];
        let index =
            |lookups| IndexStatus { table_ids: 3, run_ids: 40, runs: 2, merges: 1, lookups, ..IndexStatus::default() };
        let terms = TermIndexStatus { table_postings: 5, missing: 9, ..TermIndexStatus::default() };
        let gauges = |lookups| Gauges {
            log_head: 7,
            log_writable: true,
            indexes: IndexGauge::of(&log_status(index(lookups), terms)),
            lakes: lakes.clone(),
            aggregates: aggregates.clone(),
            ..Gauges::default()
        };
        // What is counted elsewhere is brought up to what is so, each time.
        metrics.render(&gauges(50)).unwrap();
        let text = metrics.render(&gauges(60)).unwrap();
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
            "daybook_log_index_entries{index=\"ids\"} 43",
            "daybook_log_index_waiting{index=\"ids\"} 3",
            "daybook_log_index_runs{index=\"ids\"} 2",
            "daybook_log_index_merges_total{index=\"ids\"} 1",
            "daybook_log_index_lookups_total{index=\"ids\"} 60",
            "daybook_log_index_entries{index=\"terms\"} 5",
            "daybook_log_index_missing{index=\"terms\"} 9",
            "daybook_lake_rows_waiting{app=\"shop\"} 5",
            "daybook_lake_files{app=\"shop\"} 2",
            "daybook_lake_committed{app=\"shop\"} 4",
            "daybook_lake_lag{app=\"shop\"} 1",
            "daybook_aggregate_periods{aggregate=\"sales\",app=\"shop\"} 3",
            "daybook_aggregate_failing{aggregate=\"sales\",app=\"shop\"} 0",
            "daybook_aggregate_failing{aggregate=\"visits\",app=\"shop\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(!text.contains("unknown"));
    }
}
