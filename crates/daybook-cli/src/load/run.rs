//! Keeping connections busy until enough is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hyper::Uri;
use hyper::body::Bytes;

use super::connection::{Connection, Target};
use super::corpus::{AppCorpus, Corpus};
use super::report::{Report, Tally};
use super::stamp::Stamp;
use crate::failure::Failure;

/// Wait before a request is tried again, where the server does not say.
const RETRY_DELAY: Duration = Duration::from_millis(200);
/// Failures in a row after which a connection gives up.
const FAILURES_MAX: u32 = 25;

/// What to send.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where to.
    pub target: Target,
    /// What.
    pub corpus: Arc<Corpus>,
    /// Events in a request.
    pub batch: usize,
    /// Whether a body is NDJSON instead of a JSON array.
    pub ndjson: bool,
    /// Connections.
    pub connections: usize,
    /// People that events speak of.
    pub people: u64,
    /// When to stop, and how fast to go.
    pub pace: Pace,
}

/// When to stop, and how fast to go.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Stop after this time.
    pub duration: Option<Duration>,
    /// Stop after so many events.
    pub events: Option<u64>,
    /// Events a second, all connections together; as fast as the server answers without it.
    pub rate: Option<f64>,
}

/// What the connections of a run share.
pub struct Shared {
    started: Instant,
    /// Events that are sent or spoken for.
    claimed: AtomicU64,
    /// Events that are acknowledged, for a progress line.
    pub acknowledged: AtomicU64,
    /// Set to end the run early.
    pub stop: AtomicBool,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            claimed: AtomicU64::new(0),
            acknowledged: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        }
    }
}

/// Sends until the pace says stop.
///
/// # Errors
/// [`Failure`] when a connection cannot be made, or the server refuses what it is sent.
pub async fn run(plan: &Plan, shared: Arc<Shared>) -> Result<Report, Failure> {
    let mut connections = tokio::task::JoinSet::new();
    for index in 0..plan.connections {
        connections.spawn(keep_busy(plan.clone(), Arc::clone(&shared), index));
    }
    let mut tally = Tally::default();
    let mut failure = None;
    while let Some(ended) = connections.join_next().await {
        match ended {
            Ok(Ok(part)) => tally.add(&part),
            Ok(Err(error)) => {
                shared.stop.store(true, Ordering::Relaxed);
                failure.get_or_insert(error);
            }
            Err(error) => {
                shared.stop.store(true, Ordering::Relaxed);
                failure.get_or_insert(Failure::server(&error));
            }
        }
    }
    match failure {
        Some(failure) => Err(failure),
        None => {
            Ok(Report { tally, elapsed: shared.started.elapsed(), batch: plan.batch, connections: plan.connections })
        }
    }
}

async fn keep_busy(plan: Plan, shared: Arc<Shared>, index: usize) -> Result<Tally, Failure> {
    let mut stamp = Stamp::new(rand::random(), plan.people);
    let paths: Vec<Uri> =
        plan.corpus.apps.iter().filter_map(|app| format!("/v1/{}/events", app.app).parse().ok()).collect();
    let mut tally = Tally::default();
    let mut connection = None;
    let mut failures = 0;
    let mut turn = index;
    while let Some((before, events)) = shared.claim(&plan) {
        let Some((app, path)) =
            plan.corpus.apps.get(turn % plan.corpus.apps.len()).zip(paths.get(turn % paths.len().max(1)))
        else {
            break;
        };
        turn += 1;
        let due = shared.due(&plan, before);
        if let Some(due) = due {
            tokio::time::sleep_until(due.into()).await;
        }
        let body = body(&mut stamp, app, events, plan.ndjson);
        // Against a given rate, waiting for a slow server counts (no coordinated omission).
        let sent = due.unwrap_or_else(Instant::now);
        loop {
            let answer = match &mut connection {
                Some(open) => send(open, &plan, path, body.clone()).await,
                None => match Connection::open(&plan.target).await {
                    Ok(mut open) => {
                        let answer = send(&mut open, &plan, path, body.clone()).await;
                        connection = Some(open);
                        answer
                    }
                    Err(error) => Err(error),
                },
            };
            tally.bytes += body.len() as u64;
            match answer {
                Ok(answer) if answer.status == 200 => {
                    failures = 0;
                    tally.acknowledge(events, sent.elapsed());
                    *tally.statuses.entry(200).or_default() += 1;
                    for (name, count) in answer.counts.named() {
                        *tally.outcomes.entry(name.to_owned()).or_default() += count;
                    }
                    shared.acknowledged.fetch_add(events as u64, Ordering::Relaxed);
                    break;
                }
                Ok(answer) if matches!(answer.status, 429 | 503) => {
                    *tally.statuses.entry(answer.status).or_default() += 1;
                    tokio::time::sleep(answer.retry_after.unwrap_or(RETRY_DELAY)).await;
                }
                Ok(answer) => return Err(unexpected(answer.status, &answer.detail)),
                Err(error) => {
                    tally.broken += 1;
                    failures += 1;
                    connection = None;
                    if failures >= FAILURES_MAX || tally.requests == 0 {
                        return Err(Failure::Unreachable {
                            url: plan.target.authority.clone(),
                            reason: error.to_string(),
                        });
                    }
                    tokio::time::sleep(RETRY_DELAY).await;
                }
            }
            if shared.stop.load(Ordering::Relaxed) {
                return Ok(tally);
            }
        }
    }
    Ok(tally)
}

async fn send(
    connection: &mut Connection,
    plan: &Plan,
    path: &Uri,
    body: Bytes,
) -> Result<super::connection::Answer, super::connection::ConnectionError> {
    let content_type = if plan.ndjson { "application/x-ndjson" } else { "application/json" };
    connection.post(&plan.target, path, content_type, body).await
}

fn unexpected(status: u16, detail: &str) -> Failure {
    let problem: serde_json::Value = serde_json::from_str(detail).unwrap_or_default();
    let text = |member: &str| problem.get(member).and_then(serde_json::Value::as_str).map(str::to_owned);
    Failure::Refused {
        status,
        code: text("code").unwrap_or_else(|| "no code".into()),
        detail: text("detail").unwrap_or_else(|| detail.chars().take(200).collect()),
        hint: text("hint"),
    }
}

impl Shared {
    /// How many events come before the next request's, and how many it has; `None` when the run is over.
    fn claim(&self, plan: &Plan) -> Option<(u64, usize)> {
        let over = plan.pace.duration.is_some_and(|duration| self.started.elapsed() >= duration);
        if over || self.stop.load(Ordering::Relaxed) {
            return None;
        }
        let batch = plan.batch as u64;
        let before = self.claimed.fetch_add(batch, Ordering::Relaxed);
        match plan.pace.events {
            Some(events) if before >= events => None,
            Some(events) => Some((before, batch.min(events - before) as usize)),
            None => Some((before, plan.batch)),
        }
    }

    /// When a request is due that so many events come before, against a given rate.
    fn due(&self, plan: &Plan, before: u64) -> Option<Instant> {
        let rate = plan.pace.rate?;
        Some(self.started + Duration::from_secs_f64((before as f64 / rate.max(0.001)).min(1e9)))
    }
}

/// The body of a request: one event alone, an array, or one event a line.
pub fn body(stamp: &mut Stamp, app: &AppCorpus, events: usize, ndjson: bool) -> Bytes {
    stamp.read_clock();
    let mut body = Vec::with_capacity(events * 600 + 2);
    let array = !ndjson && events > 1;
    if array {
        body.push(b'[');
    }
    for index in 0..events {
        if index > 0 {
            body.push(if ndjson { b'\n' } else { b',' });
        }
        let pick = stamp.next_random() as usize % app.templates.len().max(1);
        if let Some(template) = app.templates.get(pick) {
            stamp.copy(template, &mut body);
        }
    }
    if array {
        body.push(b']');
    }
    Bytes::from(body)
}
