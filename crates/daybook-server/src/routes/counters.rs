//! Live counters: how often what happened of late, once or as it changes.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use daybook_consumers::counters::{
    Ask, AskError, By, Changes, Counters, EventFilter, Interval, Row, Selection, limits as bounds,
};
use daybook_event::{Position, Timestamp};
use http::HeaderName;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::SendTimeoutError;
use utoipa::ToSchema;

use super::json;
use crate::collector::{App, Collector};
use crate::keys::{Scope, now};
use crate::limits;
use crate::problem::Problem;
use crate::query::Query;

/// Buckets that are shown where the caller does not say since when.
const BUCKETS_DEFAULT: u32 = 60;
/// Messages that may wait for a reader, besides the last word.
const MESSAGES_WAITING: usize = 2;
/// Least time between two messages.
const PACE: Duration = Duration::from_millis(250);

/// Counts of an app.
#[derive(Serialize, ToSchema)]
pub struct CountersBody {
    /// Everything up to this position is counted.
    as_of: Position,
    /// Whether all of the log is counted; not so for a while after a start, when the counts are too low.
    complete: bool,
    /// How far that is, from 0 to 1.
    progress: f64,
    /// `minute`, `hour` or `day`.
    interval: &'static str,
    /// The start of the first bucket.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// Where the last bucket ends at the latest.
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
    /// The counts, by start, event type, and group or value; what is not there is zero.
    #[schema(value_type = Vec<CountBody>)]
    rows: Vec<Row>,
    /// Whether there are more series than `limit`.
    truncated: bool,
}

/// The count of a bucket.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what another crate writes")]
pub struct CountBody {
    /// When the bucket begins.
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    /// The event type; absent where all are counted together.
    event: Option<String>,
    /// The group, where groups are told apart.
    group: Option<String>,
    /// The dimension's value, where a dimension is told apart.
    dimension: Option<String>,
    /// Present and true where it is what was left of event types, groups or values when there was no room for more.
    other: Option<bool>,
    /// How many events. A sampled one counts for as many as it stands for.
    count: f64,
    /// How many different people, to about 2 %.
    people: u64,
}

/// Counts an app's events.
///
/// Events count at the time they happened, in UTC: minutes are kept for a day, hours for 35 days, days for 400. Counts are of the events
/// that are in the log, weighted where they were sampled.
#[utoipa::path(
    get, path = "/v1/{app}/counters", tag = "counters", operation_id = "readCounters",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("event" = Option<Vec<String>>, Query, description = "Event types, each counted for itself: exact names, or beginnings such as `world.*`; repeated or separated by commas. Without it, all are counted together"),
        ("group" = Option<String>, Query, description = "One group alone"),
        ("by" = Option<String>, Query, description = "What is told apart: `event`, `group`, or a dimension that the catalog declares"),
        ("interval" = Option<String>, Query, description = "`minute` (the default), `hour` or `day`"),
        ("from" = Option<String>, Query, description = "From the bucket of this time, RFC 3339; unless given, the last 60"),
        ("to" = Option<String>, Query, description = "To before this time; unless given, now"),
        ("limit" = Option<u64>, Query, description = "So many series at most, those with the highest counts; 100 unless given, 1000 is the most"),
    ),
    responses(
        (status = 200, description = "The counts", body = CountersBody),
        (status = 400, description = "A parameter that is not understood, or more than 50,000 rows", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app, or its counters are turned off", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn counters(
    State(collector): State<Arc<Collector>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (_, app) = collector.enter(&parts, &slug, &[Scope::Read]).await?;
    let counters = counters_of(&collector, &app)?;
    let query = Query::parse(parts.uri.query(), &["event", "group", "by", "interval", "from", "to", "limit"])?;
    let (selection, interval, from) = read(&query, &counters)?;
    let to = query.time("to")?.unwrap_or_else(|| Timestamp::from_microseconds(now().microseconds() + 1));
    let series = query.limit(bounds::SERIES_DEFAULT, bounds::SERIES_MAX)?;
    let asked = Arc::clone(&counters);
    let ask = Ask { selection, interval, from, to, series };
    let answer = tokio::task::spawn_blocking(move || asked.read(&ask));
    let answer = answer.await.map_err(|error| Problem::internal("server.failed", &error))?.map_err(refused)?;
    let far = Far::of(&collector, &app, &counters, answer.as_of);
    json(&CountersBody {
        as_of: far.as_of,
        complete: far.complete,
        progress: far.progress,
        interval: interval.as_str(),
        from: answer.from,
        to,
        rows: answer.rows,
        truncated: answer.truncated,
    })
}

/// Follows an app's counts.
///
/// The first messages hold the counts as they are, the next ones those that changed, as they are then, at most four times a second. The
/// message `counts` has `as_of`, `complete` and `rows`; its `id` is where a client that comes back with `Last-Event-ID` goes on. After
/// the message `reset` everything before it is void, and comes again. A reader that leaves its messages lying is sent
/// the message `cut` and disconnected.
#[utoipa::path(
    get, path = "/v1/{app}/counters/live", tag = "counters", operation_id = "followCounters",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("event" = Option<Vec<String>>, Query, description = "Event types, each counted for itself: exact names, or beginnings such as `world.*`; repeated or separated by commas. Without it, all are counted together"),
        ("group" = Option<String>, Query, description = "One group alone"),
        ("by" = Option<String>, Query, description = "What is told apart: `event`, `group`, or a dimension that the catalog declares"),
        ("interval" = Option<String>, Query, description = "`minute` (the default), `hour` or `day`"),
        ("from" = Option<String>, Query, description = "From the bucket of this time, RFC 3339; unless given, the last 60"),
        ("Last-Event-ID" = Option<u64>, Header, description = "Only what changed after this position"),
    ),
    responses(
        (status = 200, description = "Server-sent events, until either side ends it", body = String, content_type = "text/event-stream"),
        (status = 400, description = "A parameter that is not understood", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app, or its counters are turned off", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "As many streams are open as may be", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn live(
    State(collector): State<Arc<Collector>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (_, app) = collector.enter(&parts, &slug, &[Scope::Read]).await?;
    let counters = counters_of(&collector, &app)?;
    let query = Query::parse(parts.uri.query(), &["event", "group", "by", "interval", "from"])?;
    let (selection, interval, from) = read(&query, &counters)?;
    let after = resumed(&parts)?;
    // What cannot be answered is said now, and not in the stream.
    let generation = counters.changes(&selection, interval, from, Position::MAX).map_err(refused)?.generation;
    let slot = Arc::clone(&collector.live_streams).try_acquire_owned().map_err(|_| {
        Problem::unavailable("live.too-many", "As many live tails are open as may be.", Duration::from_secs(30))
    })?;
    let (messages, received) = mpsc::channel(MESSAGES_WAITING + 1);
    let stream = Stream { app, counters, selection, interval, from, after, generation, said: None, messages };
    tokio::spawn(async move {
        collector.metrics.live_streams.inc();
        stream.follow(&collector).await;
        collector.metrics.live_streams.dec();
        drop(slot);
    });
    let body = futures_util::stream::unfold(received, |mut received| async move {
        received.recv().await.map(|message| (Ok::<Bytes, std::convert::Infallible>(message), received))
    });
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store"),
        // Some proxies hold answers back to fill their buffers unless told not to.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// How far the counts are.
#[derive(Clone, Copy, PartialEq)]
struct Far {
    as_of: Position,
    complete: bool,
    progress: f64,
}

impl Far {
    fn of(collector: &Collector, app: &App, counters: &Counters, as_of: Position) -> Self {
        let complete_at = counters.health().complete_at;
        // Positions of other apps are passed over without a delivery; the runtime knows of them.
        let statuses = collector.consumers.runtime().statuses();
        let own = statuses.iter().filter(|status| status.app == *app.slug && status.handler == "counters");
        let as_of = own.map(|status| status.offset).chain([as_of]).max().unwrap_or(as_of);
        let progress = if as_of >= complete_at { 1.0 } else { as_of as f64 / complete_at as f64 };
        Self { as_of, complete: as_of >= complete_at, progress }
    }
}

fn counters_of(collector: &Collector, app: &App) -> Result<Arc<Counters>, Problem> {
    let off = || Problem::not_found("counters.off", "The live counters of this app are turned off.");
    collector.consumers.counters(&app.slug).ok_or_else(off)
}

/// What is asked for: the series, the interval, and since when.
fn read(query: &Query<'_>, counters: &Counters) -> Result<(Selection, Interval, Timestamp), Problem> {
    let names = query.patterns("event")?;
    let by = match query.text("by") {
        None => By::Nothing,
        Some("event") => By::Event,
        Some("group") => By::Group,
        Some(name) => By::Dimension(counters.dimensions().number(name).ok_or_else(|| {
            let known: Vec<_> = counters.dimensions().names().iter().map(String::as_str).collect();
            let problem = Problem::bad_request("counters.by", "by is event, group, or a dimension of the catalog.");
            if known.is_empty() {
                problem.hint("The catalog declares no dimensions.")
            } else {
                problem.hint(format!("The dimensions are {}.", known.join(", ")))
            }
        })?),
    };
    let interval = query.text("interval").map_or(Some(Interval::Minute), Interval::parse);
    let interval =
        interval.ok_or_else(|| Problem::bad_request("counters.interval", "interval is minute, hour or day."))?;
    let back = i64::try_from((interval.length() * (BUCKETS_DEFAULT - 1)).as_micros()).unwrap_or(i64::MAX);
    let from = query.time("from")?.unwrap_or_else(|| Timestamp::from_microseconds(now().microseconds() - back));
    let events = (!names.is_empty()).then(|| Arc::new(move |name: &str| names.matches(name)) as EventFilter);
    Ok((Selection { events, group: query.text("group").map(str::to_owned), by }, interval, from))
}

fn resumed(parts: &Parts) -> Result<Position, Problem> {
    let Some(id) = parts.headers.get("last-event-id") else { return Ok(0) };
    let position = id.to_str().ok().and_then(|id| id.parse().ok());
    position.ok_or_else(|| Problem::bad_request("live.last-event-id", "Last-Event-ID is the position of an event."))
}

fn refused(error: AskError) -> Problem {
    match error {
        AskError::TooManyRows => {
            Problem::bad_request("counters.too-many-rows", "The answer has more than 50,000 rows.")
                .hint("Ask for fewer series, a shorter time or a longer interval.")
        }
        AskError::ValuesOfGroup => {
            Problem::bad_request("counters.by", "Values of a dimension are not counted by group.")
        }
    }
}

/// What a reader has been sent.
struct Stream {
    app: Arc<App>,
    counters: Arc<Counters>,
    selection: Selection,
    interval: Interval,
    from: Timestamp,
    after: Position,
    generation: u64,
    /// Whether the counts were complete when it was last told.
    said: Option<bool>,
    messages: mpsc::Sender<Bytes>,
}

/// Why a stream ended.
enum End {
    /// The reader went away.
    Gone,
    /// The reader left what it was sent lying.
    Slow,
    /// The server is stopping.
    Stopping,
    /// The counters were turned off, or do not know any more what is asked for.
    Off,
}

impl Stream {
    async fn follow(mut self, collector: &Arc<Collector>) {
        // Room for the last word is kept free from the start: when it is needed there is none.
        let Ok(last_word) = self.messages.clone().reserve_owned().await else { return };
        let end = match self.send(Bytes::from_static(b": welcome\nretry: 2000\n\n")).await {
            Ok(()) => self.send_all(collector).await,
            Err(end) => end,
        };
        let (event, code, message) = match end {
            End::Gone => return,
            End::Slow => {
                collector.metrics.live_streams_cut.inc();
                ("cut", "live.too-slow", "You read more slowly than counts change. Come back with Last-Event-ID.")
            }
            End::Stopping => ("bye", "live.stopping", "The server is stopping. Come back with Last-Event-ID."),
            End::Off => ("bye", "counters.off", "What you asked for is not counted any more."),
        };
        let word = serde_json::json!({"code": code, "message": message});
        last_word.send(Bytes::from(format!("event: {event}\ndata: {word}\n\n")));
    }

    async fn send_all(&mut self, collector: &Arc<Collector>) -> End {
        loop {
            let mut news = self.counters.subscribe();
            let end = loop {
                // Marked as seen before reading, so that what comes meanwhile is noticed.
                news.borrow_and_update();
                match self.send_changes(collector).await {
                    Ok(true) => {}
                    Ok(false) => {
                        let waiting = tokio::time::timeout(limits::LIVE_HEARTBEAT, news.changed());
                        tokio::select! {
                            () = collector.stopping.cancelled() => return End::Stopping,
                            () = self.messages.closed() => return End::Gone,
                            waited = waiting => if waited.is_err()
                                && let Err(end) = self.send(Bytes::from_static(b":\n\n")).await
                            {
                                return end;
                            },
                        }
                    }
                    Err(end) => return end,
                }
                if collector.stopping.is_cancelled() {
                    return End::Stopping;
                }
                match collector.consumers.counters(&self.app.slug) {
                    Some(counters) if Arc::ptr_eq(&counters, &self.counters) => {}
                    other => break other,
                }
                tokio::time::sleep(PACE).await;
            };
            // The catalog was read again, and everything is counted anew.
            let Some(counters) = end else { return End::Off };
            if counters.dimensions() != self.counters.dimensions() {
                return End::Off;
            }
            self.counters = counters;
            self.generation = u64::MAX;
        }
    }

    /// Sends what changed since the last message; whether there is more.
    async fn send_changes(&mut self, collector: &Arc<Collector>) -> Result<bool, End> {
        let mut changes = self.changes(self.after).await?;
        if changes.generation != self.generation {
            if self.said.is_some() {
                self.send(Bytes::from_static(b"event: reset\ndata: {}\n\n")).await?;
            }
            changes = self.changes(0).await?;
            self.generation = changes.generation;
        }
        let far = Far::of(collector, &self.app, &self.counters, changes.as_of);
        let more = changes.next < changes.as_of;
        self.after = changes.next;
        if !changes.rows.is_empty() || self.said != Some(far.complete) {
            self.said = Some(far.complete);
            let data = serde_json::json!({
                "as_of": far.as_of,
                "complete": far.complete,
                "interval": self.interval.as_str(),
                "rows": changes.rows,
            });
            self.send(Bytes::from(format!("id: {}\nevent: counts\ndata: {data}\n\n", self.after))).await?;
        }
        Ok(more)
    }

    async fn changes(&self, after: Position) -> Result<Changes, End> {
        let (counters, selection) = (Arc::clone(&self.counters), self.selection.clone());
        let (interval, from) = (self.interval, self.from);
        let changes = tokio::task::spawn_blocking(move || counters.changes(&selection, interval, from, after));
        changes.await.map_err(|_| End::Off)?.map_err(|_| End::Off)
    }

    async fn send(&self, message: Bytes) -> Result<(), End> {
        self.messages.send_timeout(message, limits::LIVE_STALL_MAX).await.map_err(|error| match error {
            SendTimeoutError::Timeout(_) => End::Slow,
            SendTimeoutError::Closed(_) => End::Gone,
        })
    }
}
