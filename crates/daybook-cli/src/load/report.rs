//! What a load run found.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::output::{Table, grouped};

/// Longest acknowledgement that is told apart, in microseconds.
const LATENCY_MAX_US: u64 = 60_000_000;

/// What one connection, or all together, sent and was told.
#[derive(Debug, Clone)]
pub struct Tally {
    /// Requests that were answered 200.
    pub requests: u64,
    /// Events in them.
    pub events: u64,
    /// Bytes of all bodies that were sent, again for those that were sent again.
    pub bytes: u64,
    /// Events by what became of them.
    pub outcomes: BTreeMap<String, u64>,
    /// Answers by HTTP status.
    pub statuses: BTreeMap<u16, u64>,
    /// Connections that broke.
    pub broken: u64,
    /// Time from sending to acknowledgement, in microseconds.
    pub latency_us: Histogram<u64>,
}

/// A whole run.
#[derive(Debug, Clone)]
pub struct Report {
    /// What all connections were told.
    pub tally: Tally,
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// Events in a request.
    pub batch: usize,
    /// Connections.
    pub connections: usize,
}

/// [`Report`] for programs.
#[derive(Debug, Clone, Serialize)]
struct Summary<'r> {
    batch: usize,
    connections: usize,
    seconds: f64,
    requests: u64,
    events: u64,
    events_per_second: f64,
    bytes: u64,
    latency_ms: BTreeMap<&'static str, f64>,
    outcomes: &'r BTreeMap<String, u64>,
    statuses: &'r BTreeMap<u16, u64>,
    broken_connections: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            requests: 0,
            events: 0,
            bytes: 0,
            outcomes: BTreeMap::new(),
            statuses: BTreeMap::new(),
            broken: 0,
            // These bounds are always good; a histogram that grows by itself is the way out if they were not.
            latency_us: Histogram::new_with_bounds(1, LATENCY_MAX_US, 3)
                .or_else(|_| Histogram::new(3))
                .unwrap_or_else(|_| unreachable!("three significant digits are always possible")),
        }
    }
}

impl Tally {
    /// Notes an acknowledgement.
    pub fn acknowledge(&mut self, events: usize, after: Duration) {
        self.requests += 1;
        self.events += events as u64;
        self.latency_us.saturating_record(after.as_micros() as u64);
    }

    /// Adds another tally to this one.
    pub fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.events += other.events;
        self.bytes += other.bytes;
        self.broken += other.broken;
        for (name, count) in &other.outcomes {
            *self.outcomes.entry(name.clone()).or_default() += count;
        }
        for (status, count) in &other.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
        // The bounds are the same, so nothing falls outside.
        let _ = self.latency_us.add(&other.latency_us);
    }
}

impl Report {
    /// Acknowledged events a second.
    pub fn events_per_second(&self) -> f64 {
        self.tally.events as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// Milliseconds within which this share of the requests was acknowledged.
    pub fn latency_ms(&self, quantile: f64) -> f64 {
        self.tally.latency_us.value_at_quantile(quantile) as f64 / 1_000.0
    }

    /// The report for programs.
    pub fn summary(&self) -> impl Serialize + '_ {
        let latency_ms = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999), ("max", 1.0)];
        Summary {
            batch: self.batch,
            connections: self.connections,
            seconds: self.elapsed.as_secs_f64(),
            requests: self.tally.requests,
            events: self.tally.events,
            events_per_second: self.events_per_second(),
            bytes: self.tally.bytes,
            latency_ms: latency_ms.into_iter().map(|(name, at)| (name, self.latency_ms(at))).collect(),
            outcomes: &self.tally.outcomes,
            statuses: &self.tally.statuses,
            broken_connections: self.tally.broken,
        }
    }

    /// The report for people.
    pub fn text(&self) -> String {
        let tally = &self.tally;
        let mut table =
            Table::new(&["batch", "connections", "events", "events/s", "MB/s", "p50 ms", "p99 ms", "max ms"]);
        let megabytes = tally.bytes as f64 / 1e6 / self.elapsed.as_secs_f64().max(1e-9);
        table.row(vec![
            self.batch.to_string(),
            self.connections.to_string(),
            grouped(tally.events),
            grouped(self.events_per_second() as u64),
            format!("{megabytes:.1}"),
            format!("{:.2}", self.latency_ms(0.5)),
            format!("{:.2}", self.latency_ms(0.99)),
            format!("{:.2}", self.latency_ms(1.0)),
        ]);
        let outcomes: Vec<String> = tally
            .outcomes
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(name, count)| format!("{} {name}", grouped(*count)))
            .collect();
        let statuses: Vec<String> =
            tally.statuses.iter().map(|(status, count)| format!("{} × {status}", grouped(*count))).collect();
        let mut out = table.render();
        out.push_str(&format!("events: {}\nanswers: {}\n", outcomes.join(", "), statuses.join(", ")));
        if tally.broken > 0 {
            out.push_str(&format!("connections that broke: {}\n", tally.broken));
        }
        out
    }
}
