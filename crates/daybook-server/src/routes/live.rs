//! The live tail: events as they come, as server-sent events.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use daybook_event::Position;
use http::HeaderName;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::SendTimeoutError;

use crate::access::Access;
use crate::blobs::BlobSight;
use crate::collector::{App, Collector};
use crate::keyring::Key;
use crate::keys::Scope;
use crate::limits;
use crate::output::{self, Form, Manner};
use crate::problem::Problem;
use crate::query::{NameFilter, Query};
use crate::reading::{self, Got, Reading, Sight};

/// Chunks that may wait for a reader, besides the last word.
const CHUNKS_WAITING: usize = 2;
/// Least time between two looks at the log, so that a busy log is not asked for every group it commits.
const PACE: Duration = Duration::from_millis(50);

/// Follows an app's events.
///
/// Each message's `id` is the event's position and its `data` the event. A client that comes back with `Last-Event-ID`
/// misses nothing. A reader that leaves its messages lying is sent the message `cut`, with the position to go on from,
/// and disconnected.
#[utoipa::path(
    get, path = "/v1/{app}/live", tag = "events", operation_id = "followEvents",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("after" = Option<u64>, Query, description = "Begin after this position instead of at the newest event"),
        ("name" = Option<Vec<String>>, Query, description = "Event types: exact names, or beginnings such as `world.*`; repeated or separated by commas"),
        ("dialect" = Option<String>, Query, description = "`app` gives the events in the app's own form"),
        ("upcast" = Option<bool>, Query, description = "Events of older versions as the current version of their type has them; `upcast` in the event says from which version, or why not"),
        ("blobs" = Option<String>, Query, description = "`reference` leaves values that lie in blobs there and gives references to them; `fetch`, the default, gives them whole"),
        ("Last-Event-ID" = Option<u64>, Header, description = "Begin after this position; goes before `after`"),
    ),
    responses(
        (status = 200, description = "Server-sent events, until either side ends it", body = String, content_type = "text/event-stream"),
        (status = 400, description = "A parameter that is not understood", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "As many tails are open as may be", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn live(
    State(collector): State<Arc<Collector>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Read]).await?;
    let query = Query::parse(parts.uri.query(), &["after", "name", "dialect", "upcast", "blobs"])?;
    let form = match query.text("dialect") {
        None | Some("canonical") => Form::Canonical,
        Some("app") => Form::Dialect,
        Some(_) => return Err(Problem::bad_request("query.dialect", "dialect is app or canonical.")),
    };
    let resumed = match parts.headers.get("last-event-id").map(|id| id.to_str().ok().and_then(|id| id.parse().ok())) {
        None => None,
        Some(Some(position)) => Some(position),
        Some(None) => {
            return Err(Problem::bad_request("live.last-event-id", "Last-Event-ID is the position of an event."));
        }
    };
    let after = match resumed {
        Some(position) => position,
        None => query.number("after")?.unwrap_or_else(|| collector.log.head()),
    };
    let slot = Arc::clone(&collector.live_streams).try_acquire_owned().map_err(|_| {
        Problem::unavailable("live.too-many", "As many live tails are open as may be.", Duration::from_secs(30))
    })?;
    let (chunks, received) = mpsc::channel(CHUNKS_WAITING + 1);
    let privacy = key.has(Scope::Privacy);
    if privacy {
        collector.note_access(&key, Access::to(&app.slug, "event")).await?;
    }
    let manner = Manner { form, privacy, upcast: query.flag("upcast")? };
    let (names, blobs) = (query.names()?, BlobSight::of(&query)?);
    let tail = Tail { app, key, names, manner, blobs, after, opened: 0, chunks };
    tokio::spawn(async move {
        collector.metrics.live_streams.inc();
        tail.follow(&collector).await;
        collector.metrics.live_streams.dec();
        drop(slot);
    });
    let stream = futures_util::stream::unfold(received, |mut received| async move {
        received.recv().await.map(|chunk| (Ok::<Bytes, std::convert::Infallible>(chunk), received))
    });
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store"),
        // Some proxies hold answers back to fill their buffers unless told not to.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(stream)).into_response())
}

/// One reader's place in the log.
struct Tail {
    app: Arc<App>,
    key: Arc<Key>,
    names: NameFilter,
    manner: Manner,
    blobs: BlobSight,
    after: Position,
    /// Events in which something personal was shown.
    opened: u64,
    chunks: mpsc::Sender<Bytes>,
}

/// Why a tail ended.
enum End {
    /// The reader went away.
    Gone,
    /// The reader left what it was sent lying.
    Slow,
    /// The server is stopping.
    Stopping,
    /// The log cannot be read.
    Failed,
}

impl Tail {
    async fn follow(mut self, collector: &Arc<Collector>) {
        // Room for the last word is kept free from the start: when it is needed there is none.
        let Ok(last_word) = self.chunks.clone().reserve_owned().await else { return };
        let end = match self.send(Bytes::from_static(b": welcome\nretry: 2000\n\n")).await {
            Ok(()) => self.send_all(collector).await,
            Err(end) => end,
        };
        if self.opened > 0 {
            let access = Access { rows: Some(self.opened), ..Access::to(&self.app.slug, "event") };
            // The reader has seen it all by now; where it cannot be written, the server's own log says so.
            let _ = collector.note_access(&self.key, access).await;
        }
        let after = self.after;
        let word = match end {
            End::Gone => return,
            End::Slow => {
                collector.metrics.live_streams_cut.inc();
                ("cut", "live.too-slow", "You read more slowly than events come. Come back with Last-Event-ID.")
            }
            End::Stopping => ("bye", "live.stopping", "The server is stopping. Come back with Last-Event-ID."),
            End::Failed => ("bye", "log.unreadable", "The log cannot be read here. Its own log says why."),
        };
        let (event, code, message) = word;
        let word = serde_json::json!({"code": code, "message": message, "after": after});
        last_word.send(Bytes::from(format!("event: {event}\ndata: {word}\n\n")));
    }

    async fn send_all(&mut self, collector: &Arc<Collector>) -> End {
        let mut head = collector.log.subscribe();
        loop {
            // Marked as seen before reading, so that what comes meanwhile is noticed.
            let newest = *head.borrow_and_update();
            while self.after < newest {
                match self.page(collector).await {
                    Ok((chunk, Got { next, opened })) => {
                        self.opened += opened;
                        if !chunk.is_empty()
                            && let Err(end) = self.send(chunk).await
                        {
                            return end;
                        }
                        if next <= self.after {
                            break;
                        }
                        self.after = next;
                    }
                    Err(end) => return end,
                }
                if collector.stopping.is_cancelled() {
                    return End::Stopping;
                }
            }
            let heartbeat = tokio::time::timeout(limits::LIVE_HEARTBEAT, head.changed());
            tokio::select! {
                () = collector.stopping.cancelled() => return End::Stopping,
                () = self.chunks.closed() => return End::Gone,
                news = heartbeat => match news {
                    Ok(Ok(())) => tokio::time::sleep(PACE).await,
                    Ok(Err(_)) => return End::Stopping,
                    Err(_) => {
                        if let Err(end) = self.send(Bytes::from_static(b":\n\n")).await {
                            return end;
                        }
                    }
                }
            }
        }
    }

    /// The next events as one chunk of messages, and how far they go.
    async fn page(&self, collector: &Arc<Collector>) -> Result<(Bytes, Got), End> {
        let reading = Reading {
            after: self.after,
            limit: limits::LIVE_PAGE_EVENTS,
            names: self.names.clone(),
            since: None,
            as_of: None,
            sight: Sight::of(self.manner.privacy, self.manner.form),
            blobs: self.blobs,
        };
        let (reader, app) = (Arc::clone(collector), Arc::clone(&self.app));
        let manner = self.manner;
        let page = reading::apart(collector, move || {
            let mut chunk = Vec::new();
            let got = reading::read(&reader, &app, &reading, |event| {
                chunk.extend_from_slice(format!("id: {}\ndata: ", event.position).as_bytes());
                // JSON has no line breaks of its own here, so one line holds an event.
                output::write_in(manner, event, &app.catalog, &mut chunk);
                chunk.extend_from_slice(b"\n\n");
                chunk.len() < limits::PAGE_BYTES_MAX
            });
            got.map(|got| (Bytes::from(chunk), got))
        });
        page.await.map_err(|_| End::Failed)
    }

    async fn send(&self, chunk: Bytes) -> Result<(), End> {
        self.chunks.send_timeout(chunk, limits::LIVE_STALL_MAX).await.map_err(|error| match error {
            SendTimeoutError::Timeout(_) => End::Slow,
            SendTimeoutError::Closed(_) => End::Gone,
        })
    }
}
