//! Appending on condition, and reading by types and tags, to the specification of dcb.events.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use daybook_event::limits::PAGE_EVENTS_MAX;
use daybook_event::{Position, Timestamp};
use daybook_log::SelectError;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::events::take;
use super::feed::event_form;
use super::quarantine::read_small;
use crate::access::Access;
use crate::as_of::AsOf;
use crate::blobs::BlobSight;
use crate::collector::{Account, App, Collector, PostOptions};
use crate::dcb::{self, Asked, ConditionBody, QueryBody};
use crate::keys::Scope;
use crate::openapi::EventBody;
use crate::output::{self, Form};
use crate::problem::Problem;
use crate::query::Query;
use crate::reading::{self, Got, Sight};
use crate::{limits, media};

/// Events, and on what condition they are appended.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AppendBody {
    /// The events, at least one: in the app's own form or the canonical one.
    pub events: Vec<Value>,
    /// On what condition; without one they are appended all the same.
    pub condition: Option<ConditionBody>,
    /// The batch's id.
    pub id: Option<String>,
    /// The batch's place among the client's batches.
    pub sequence: Option<u64>,
    /// When the batch was made.
    pub created_at: Option<String>,
}

/// What to read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadRequest {
    /// Which events.
    pub query: QueryBody,
    /// Those behind this position; 0, the default, is the beginning.
    #[serde(default)]
    pub after: Position,
    /// Those before this position.
    pub before: Option<Position>,
    /// So many at most; 1000, the most, where left out.
    pub limit: Option<u64>,
    /// The newest first.
    #[serde(default)]
    pub backwards: bool,
    /// The history as it was: only events up to this position, or received at this time or before.
    pub as_of: Option<ReadAsOf>,
}

/// A position, or a point in time.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ReadAsOf {
    /// A position.
    Position(Position),
    /// A point in time, RFC 3339.
    Time(String),
}

/// What was read.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadBody {
    /// The events, in the order of the log, or the newest first.
    pub events: Vec<EventBody>,
    /// How far was read: what to give as `after` for the next page, or backwards as `before`. It is also the `after` of the
    /// condition under which a decision on what was read so far is appended, unless it was read backwards.
    pub next: u64,
    /// Where the history ended when this was read. A reading is through when `next` is as large.
    pub head: u64,
}

/// Appends events, all or none, on condition that no others were appended in between.
///
/// Nothing is sampled, and nothing quarantined: where an event is not admitted, nothing is kept. The same events sent
/// again are `duplicate` at the positions that they have, whatever came since. A condition needs the scope `read` as well.
#[utoipa::path(
    post, path = "/v1/{app}/append", tag = "events", operation_id = "appendEvents",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("Content-Encoding" = Option<String>, Header, description = "`identity`, `gzip`, `zstd` or `deflate`"),
        ("Prefer" = Option<String>, Header, description = "`return=minimal` leaves out the receipts of events that there is nothing to say of, and gives `last_position` instead (RFC 7240)"),
    ),
    request_body = AppendBody,
    responses(
        (status = 200, description = "All events are on disk: `stored`, or `duplicate` where they were before", body = crate::openapi::ReceiptsBody),
        (status = 400, description = "The body is no append", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not write, not read where there is a condition, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body arrived too slowly", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "An event, at `position`, stands against the condition; or some of the events are in the log already, at `positions`", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large, or too many events", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "A media type or encoding that is not understood", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "An event is not admitted, as the receipts say; or the condition cannot be asked", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Over the key's rate; `Retry-After` says when to come again", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The disk or a queue is full, or the index is being made; `Retry-After` says when to come again", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn append(
    State(collector): State<Arc<Collector>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Write]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let options = PostOptions { atomic: true, append: true, ..PostOptions::default() };
    take(&collector, &app, &parts, body, Account::Key(key), options).await
}

/// Reads the events that a query over types and tags describes.
///
/// Only event types that the catalog marks `indexed` can be asked for, and only tags that are not personal: what would not
/// be found is refused. What was appended before the call is read; `next` of the last page is the `after` of a condition.
#[utoipa::path(
    post, path = "/v1/{app}/read", tag = "events", operation_id = "readByTags",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("dialect" = Option<String>, Query, description = "`app` gives the events in the app's own form"),
        ("blobs" = Option<String>, Query, description = "`reference` leaves values that lie in blobs there and gives references to them; `fetch`, the default, gives them whole"),
    ),
    request_body = ReadRequest,
    responses(
        (status = 200, description = "A page of events; it may have none and yet not be the last", body = ReadBody),
        (status = 400, description = "The body or a parameter is not understood", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The query cannot be asked", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The index is being made; `Retry-After` says when to come again", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn read(
    State(collector): State<Arc<Collector>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Read]).await?;
    let query = Query::parse(parts.uri.query(), &["dialect", "blobs"])?;
    let form = event_form(&query, media::JSON)?;
    let blobs = BlobSight::of(&query)?;
    let body = read_small(&collector, &parts.headers, body).await?;
    let wanted: ReadRequest =
        serde_json::from_slice(&body).map_err(|error| Problem::bad_request("dcb.body", format!("{error}.")))?;
    let asked = asked(&app, &wanted, (Sight::of(key.has(Scope::Privacy), form), blobs))?;
    let head = collector.log.head();
    if asked.after > head {
        return Err(SelectError::Ahead { position: asked.after, head }.into());
    }
    let (reader, slug) = (Arc::clone(&collector), Arc::clone(&app.slug));
    let (body, got) = reading::apart(&collector, move || page(&reader, &app, &asked, form)).await?;
    collector.note_access(&key, Access { rows: Some(got.opened), ..Access::to(&slug, "event") }).await?;
    Ok(([(CONTENT_TYPE, media::JSON)], body).into_response())
}

fn asked(app: &App, wanted: &ReadRequest, (sight, blobs): (Sight, BlobSight)) -> Result<Asked, Problem> {
    let limit = match wanted.limit {
        None => PAGE_EVENTS_MAX,
        Some(limit) => {
            usize::try_from(limit).ok().filter(|limit| (1..=PAGE_EVENTS_MAX).contains(limit)).ok_or_else(|| {
                let detail = format!("limit is a whole number from 1 to {PAGE_EVENTS_MAX}.");
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "dcb.limit", detail)
            })?
        }
    };
    let as_of = match &wanted.as_of {
        None => None,
        Some(ReadAsOf::Position(position)) => Some(AsOf::Position(*position)),
        Some(ReadAsOf::Time(text)) => {
            let time = Timestamp::parse(text).map_err(|_| {
                let detail = "as_of is a position, or an RFC 3339 date and time such as 2026-01-14T15:00:00Z.";
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "dcb.as-of", detail)
            })?;
            Some(AsOf::Time(time))
        }
    };
    Ok(Asked {
        query: wanted.query.compile(app)?,
        after: wanted.after,
        before: wanted.before,
        limit,
        backwards: wanted.backwards,
        as_of,
        sight,
        blobs,
    })
}

fn page(collector: &Collector, app: &App, asked: &Asked, form: Form) -> Result<(Vec<u8>, Got), Problem> {
    let mut body = Vec::with_capacity(16 * 1024);
    body.extend_from_slice(b"{\"events\":[");
    let mut first = true;
    let (got, head) = dcb::ask(collector, app, asked, |event| {
        if !first {
            body.push(b',');
        }
        first = false;
        output::write(event, &app.catalog, form, asked.sight != Sight::Closed, &mut body);
        body.len() < limits::PAGE_BYTES_MAX
    })?;
    body.extend_from_slice(format!("],\"next\":{},\"head\":{head}}}", got.next).as_bytes());
    Ok((body, got))
}
