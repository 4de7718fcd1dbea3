//! The quarantine: listing, repairing, retrying, deleting.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::json;
use crate::access::Access;
use crate::collector::{App, Collector};
use crate::keyring::Key;
use crate::keys::{Scope, now};
use crate::limits;
use crate::problem::Problem;
use crate::quarantine::{Change, Entry, Selection};
use crate::query::Query;
use crate::repair::Outcome;

/// Changing the quarantine is for keys that both read and write: a public key never does.
const CHANGE: &[Scope] = &[Scope::Read, Scope::Write];

/// An entry of the quarantine, as it is told.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryBody {
    /// The entry's number.
    pub id: i64,
    /// The app the event was sent for.
    pub app: String,
    /// The event's canonical id, where it had one.
    pub event_id: Option<String>,
    /// The event type it claims to be.
    pub name: Option<String>,
    /// `open`, or what became of it: `stored`, `duplicate`, `counted`, `sampled_out`, `refused`.
    pub state: String,
    /// What is wrong with it: findings with `code`, `path`, `message` and perhaps `hint`.
    #[schema(value_type = Vec<crate::openapi::FindingBody>)]
    pub errors: Box<RawValue>,
    /// The event as it was sent, without credentials. Only for keys with the scope `privacy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub event: Option<Box<RawValue>>,
    /// When it first came.
    pub received: String,
    /// When anything about it last changed.
    pub updated: String,
    /// How often it was sent.
    pub seen: i32,
    /// How often it was tried again.
    pub attempts: i32,
    /// Its place in the log, where it got one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
}

/// A page of entries.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntriesBody {
    /// The entries, by number.
    pub entries: Vec<EntryBody>,
    /// What to give as `after` for the next page.
    pub next: i64,
}

/// What a retry of many entries did.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct RetriedBody {
    /// Entries that were tried.
    pub tried: usize,
    /// Entries that are settled now.
    pub resolved: usize,
    /// Entries that are still not admitted.
    pub still_quarantined: usize,
    /// Entries that somebody else is busy with.
    pub busy: usize,
    /// What to give as `after` to go on; null when all that was asked for has been tried.
    pub next: Option<i64>,
    /// The code of the problem that ended it early, such as `log.no-space`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<&'static str>,
}

/// Lists quarantined events.
#[utoipa::path(
    get, path = "/v1/{app}/quarantine", tag = "quarantine", operation_id = "listQuarantine",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("after" = Option<i64>, Query, description = "Entries with a higher number"),
        ("limit" = Option<u64>, Query, description = "So many at most; 50 unless given, 500 is the most"),
        ("code" = Option<String>, Query, description = "Entries with an error of this code"),
        ("name" = Option<String>, Query, description = "Entries of this event type, or of all that begin like `world.*`"),
        ("state" = Option<String>, Query, description = "`open` (the default), `resolved` or `all`"),
    ),
    responses(
        (status = 200, description = "A page of entries", body = EntriesBody),
        (status = 400, description = "A parameter that is not understood", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn list(
    State(collector): State<Arc<Collector>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Read]).await?;
    let selection = selection(&parts, limits::QUARANTINE_PAGE_DEFAULT, limits::QUARANTINE_PAGE_MAX)?;
    let entries = collector.quarantine.list(&app.slug, &selection).await;
    let entries = entries.map_err(|error| Problem::state(&error))?;
    let next = entries.last().map_or(selection.after, |entry| entry.id);
    json(&EntriesBody { entries: collector.bodies(&key, &app, entries).await?, next })
}

/// One quarantined event.
#[utoipa::path(
    get, path = "/v1/{app}/quarantine/{id}", tag = "quarantine", operation_id = "readQuarantined",
    params(("app" = String, Path, description = "The app's slug"), ("id" = i64, Path, description = "The entry's number")),
    responses(
        (status = 200, description = "The entry", body = EntryBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or entry", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn show(
    State(collector): State<Arc<Collector>>,
    Path((slug, id)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Read]).await?;
    let entry = collector.entry(&app, &id).await?;
    json(&collector.bodies(&key, &app, vec![entry]).await?.pop())
}

/// Repairs a quarantined event: puts the event in the body in its place.
///
/// It is judged at once, and the entry's errors are those it has now. It is stored when it is retried.
#[utoipa::path(
    put, path = "/v1/{app}/quarantine/{id}", tag = "quarantine", operation_id = "repairQuarantined",
    params(("app" = String, Path, description = "The app's slug"), ("id" = i64, Path, description = "The entry's number")),
    request_body = Object,
    responses(
        (status = 200, description = "The entry as it is now; without errors it would be admitted", body = EntryBody),
        (status = 400, description = "The body is not one event", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read and write, or not for this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or entry", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The entry is settled, or somebody else is busy with it", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn repair(
    State(collector): State<Arc<Collector>>,
    Path((slug, id)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, CHANGE).await?;
    let entry = collector.entry(&app, &id).await?;
    let body = read_small(&collector, &parts.headers, body).await?;
    let entry = collector.repair(&app, entry, &body).await?;
    json(&collector.bodies(&key, &app, vec![entry]).await?.pop())
}

/// Tries a quarantined event again, by the way every event takes.
///
/// With a body, the event in it takes the place of the one that was kept. The answer holds the receipt; when the event is
/// admitted the entry is settled, otherwise it stays, with the errors of this attempt.
#[utoipa::path(
    post, path = "/v1/{app}/quarantine/{id}/retry", tag = "quarantine", operation_id = "retryQuarantined",
    params(("app" = String, Path, description = "The app's slug"), ("id" = i64, Path, description = "The entry's number")),
    request_body(content = Option<Object>, description = "The event, repaired; the kept one without"),
    responses(
        (status = 200, description = "What became of it", body = crate::openapi::ReceiptsBody),
        (status = 400, description = "The body is not one event", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read and write, or not for this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or entry", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The entry is settled, or somebody else is busy with it", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The disk or a queue is full, or the log has stopped", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn retry(
    State(collector): State<Arc<Collector>>,
    Path((slug, id)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, CHANGE).await?;
    let mut entry = collector.entry(&app, &id).await?;
    let body = read_small(&collector, &parts.headers, body).await?;
    let repaired = !body.trim_ascii().is_empty();
    if repaired {
        entry = collector.repair(&app, entry, &body).await?;
    }
    let (receipts, _) = collector.retry(&app, entry).await?;
    let stored = receipts.stored + receipts.duplicate;
    note_retry(&collector, &key, &app, &[id], (stored, receipts.quarantined), repaired).await;
    super::receipts_json(&receipts)
}

/// Tries many quarantined events again: all open ones, or those of a code or an event type, at most 1000 a call.
#[utoipa::path(
    post, path = "/v1/{app}/quarantine/retry", tag = "quarantine", operation_id = "retryQuarantine",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("after" = Option<i64>, Query, description = "Entries with a higher number"),
        ("limit" = Option<u64>, Query, description = "So many at most; 1000 unless given, which is the most"),
        ("code" = Option<String>, Query, description = "Entries with an error of this code"),
        ("name" = Option<String>, Query, description = "Entries of this event type, or of all that begin like `world.*`"),
    ),
    responses(
        (status = 200, description = "What became of them", body = RetriedBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read and write, or not for this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The disk or a queue is full, or the log has stopped", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn retry_many(
    State(collector): State<Arc<Collector>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, CHANGE).await?;
    let mut selection = selection(&parts, limits::QUARANTINE_RETRY_MAX, limits::QUARANTINE_RETRY_MAX)?;
    selection.resolved = Some(false);
    let entries = collector.quarantine.list(&app.slug, &selection).await;
    let entries = entries.map_err(|error| Problem::state(&error))?;
    let mut told = RetriedBody::default();
    // A page that is not full was the last.
    let whole = entries.len() as u64 == selection.limit;
    told.next = entries.last().filter(|_| whole).map(|entry| entry.id);
    let mut tried = Vec::with_capacity(entries.len());
    for entry in entries {
        let id = entry.id;
        match collector.retry(&app, entry).await {
            Ok((_, Outcome::Resolved)) => told.resolved += 1,
            Ok((_, Outcome::StillQuarantined)) => told.still_quarantined += 1,
            // Somebody was faster; there is nothing left to do.
            Err(problem) if problem.code().starts_with("quarantine.entry") => told.busy += 1,
            // What was kept is not even an event: a line that is no JSON, for instance. It takes a repair.
            Err(problem) if problem.code().starts_with("body.") => told.still_quarantined += 1,
            // What is done is done, and said.
            Err(problem) if told.tried > 0 => {
                told.next = Some(id - 1);
                told.stopped = Some(problem.code());
                break;
            }
            Err(problem) => return Err(problem),
        }
        told.tried += 1;
        tried.push(id.to_string());
    }
    if !tried.is_empty() {
        note_retry(&collector, &key, &app, &tried, (told.resolved, told.still_quarantined), false).await;
    }
    json(&told)
}

/// Deletes a quarantined event for good.
#[utoipa::path(
    delete, path = "/v1/{app}/quarantine/{id}", tag = "quarantine", operation_id = "deleteQuarantined",
    params(("app" = String, Path, description = "The app's slug"), ("id" = i64, Path, description = "The entry's number")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read and write, or not for this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or entry", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Somebody else is busy with it", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn remove(
    State(collector): State<Arc<Collector>>,
    Path((slug, id)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (_, app) = collector.enter(&parts, &slug, CHANGE).await?;
    let entry = collector.entry(&app, &id).await?;
    let _hold = collector.hold(entry.id)?;
    if collector.quarantine.change(&app.slug, entry.id, Change::Deleted, now()).await? {
        Ok(StatusCode::NO_CONTENT.into_response())
    } else {
        Err(unknown_entry())
    }
}

/// Reads the body of a call that holds one small document.
pub(super) async fn read_small(collector: &Collector, headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let most = 2 * daybook_event::limits::EVENT_JSON_BYTES_MAX;
    let body = collector.body_memory.read(headers, body, most).await?;
    Ok(body.inflate(most)?.bytes)
}

impl Collector {
    /// Entries as they are told: with their events for keys that may see people.
    async fn bodies(self: &Arc<Self>, key: &Key, app: &App, entries: Vec<Entry>) -> Result<Vec<EntryBody>, Problem> {
        if !key.has(Scope::Privacy) {
            return Ok(entries.into_iter().map(|entry| body_of(entry, None)).collect());
        }
        let events = self.open_aside(app, &entries).await?;
        let rows = events.iter().flatten().count() as u64;
        self.note_access(key, Access { rows: Some(rows), ..Access::to(&app.slug, "quarantine") }).await?;
        Ok(entries.into_iter().zip(events).map(|(entry, event)| body_of(entry, event)).collect())
    }

    /// The entry of an app with this number.
    async fn entry(&self, app: &App, id: &str) -> Result<Entry, Problem> {
        let Ok(id) = id.parse() else { return Err(unknown_entry()) };
        let entry = self.quarantine.entry(&app.slug, id).await;
        entry.map_err(|error| Problem::state(&error))?.ok_or_else(unknown_entry)
    }
}

/// Writes down who retried what.
async fn note_retry(
    collector: &Arc<Collector>,
    key: &Key,
    app: &App,
    entries: &[String],
    (stored, still_quarantined): (usize, usize),
    repaired: bool,
) {
    let data = serde_json::json!({
        "app": &*app.slug, "entries": entries, "repaired": repaired, "stored": stored,
        "still_quarantined": still_quarantined,
    });
    collector.note("quarantine.retried", Some(&key.info.id), data).await;
}

fn unknown_entry() -> Problem {
    Problem::not_found("quarantine.unknown", "The quarantine of this app has no such entry.")
}

fn selection(parts: &Parts, default: usize, most: usize) -> Result<Selection, Problem> {
    let query = Query::parse(parts.uri.query(), &["after", "limit", "code", "name", "state"])?;
    let name = query.text("name").map(str::to_owned);
    query.names()?;
    let code = query.text("code").map(str::to_owned);
    let is_code = |code: &String| code.bytes().all(|byte| byte.is_ascii_lowercase() || b".-0123456789".contains(&byte));
    if !code.iter().all(is_code) {
        return Err(Problem::bad_request("query.code", "code is the code of an error, such as data.required."));
    }
    let resolved = match query.text("state") {
        None | Some("open") => Some(false),
        Some("resolved") => Some(true),
        Some("all") => None,
        Some(_) => return Err(Problem::bad_request("query.state", "state is open, resolved or all.")),
    };
    let after = query.number("after")?.map_or(Ok(0), i64::try_from);
    let after = after.map_err(|_| Problem::bad_request("query.value", "after is the number of an entry."))?;
    Ok(Selection { after, limit: query.limit(default, most)? as u64, code, name, resolved })
}

fn body_of(entry: Entry, event: Option<String>) -> EntryBody {
    let time = |microseconds| daybook_event::Timestamp::from_microseconds(microseconds).to_string();
    // Both were JSON when they were written.
    let raw = |text: String| RawValue::from_string(text).unwrap_or_default();
    EntryBody {
        id: entry.id,
        app: entry.app,
        event_id: entry.event_id,
        name: entry.name,
        state: entry.resolution.unwrap_or_else(|| "open".to_owned()),
        errors: raw(entry.errors),
        event: event.map(raw),
        received: time(entry.received_us),
        updated: time(entry.updated_us),
        seen: entry.seen,
        attempts: entry.attempts,
        position: entry.position,
    }
}
