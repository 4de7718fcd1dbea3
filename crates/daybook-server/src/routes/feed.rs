//! Reading events: pages of the feed, and one by its id.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use daybook_event::{Event, EventId, Kind, Position, stored};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue};

use crate::access::Access;
use crate::blobs::BlobSight;
use crate::collector::{App, Collector};
use crate::keyring::Key;
use crate::keys::Scope;
use crate::limits;
use crate::media;
use crate::output::{self, Form, Manner};
use crate::problem::Problem;
use crate::query::Query;
use crate::reading::{self, Got, Opening, Reading, Sight};

/// Where a page whose body is a bare list says how to go on.
const NEXT: HeaderName = HeaderName::from_static("daybook-next");

/// Reads events of an app in the order of the log.
///
/// `next` is what to give as `after` for the following page; when a page ends before the newest event was looked at,
/// because little of it matched, `next` is still ahead of `after`.
#[utoipa::path(
    get, path = "/v1/{app}/events", tag = "events", operation_id = "readEvents",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("after" = Option<u64>, Query, description = "Events after this position; 0, the default, is the beginning"),
        ("limit" = Option<u64>, Query, description = "So many at most; 100 unless given, 1000 is the most"),
        ("name" = Option<Vec<String>>, Query, description = "Event types: exact names, or beginnings such as `world.*`; repeated or separated by commas"),
        ("since" = Option<String>, Query, description = "Events that happened at this time or later, RFC 3339"),
        ("as_of" = Option<String>, Query, description = "The feed as it was: events up to this position, or received by this time, RFC 3339"),
        ("dialect" = Option<String>, Query, description = "`app` gives the events in the app's own form"),
        ("upcast" = Option<bool>, Query, description = "Events of older versions as the current version of their type has them; `upcast` in the event says from which version, or why not"),
        ("format" = Option<String>, Query, description = "`json`, `cloudevents`, `ndjson` or `protobuf`; overrides `Accept`"),
        ("blobs" = Option<String>, Query, description = "`reference` leaves values that lie in blobs there and gives references to them; `fetch`, the default, gives them whole"),
    ),
    responses(
        (status = 200, description = "A page of events. As `application/x-ndjson` one a line and as `application/cloudevents-batch+json` an array, with `next` in the header `daybook-next`; as `application/x-protobuf` an `EventBatch`", content(
            (crate::openapi::FeedBody = "application/json"),
            (String = "application/x-ndjson"),
            (Vec<Object> = "application/cloudevents-batch+json"),
            (String = "application/x-protobuf"),
        )),
        (status = 400, description = "A parameter that is not understood", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 406, description = "None of the forms in `Accept` is to be had", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn feed(
    State(collector): State<Arc<Collector>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Read]).await?;
    let known = ["after", "limit", "name", "since", "as_of", "dialect", "upcast", "format", "blobs"];
    let query = Query::parse(parts.uri.query(), &known)?;
    let offered = [
        ("json", media::JSON),
        ("cloudevents", media::CLOUD_EVENT_BATCH),
        ("ndjson", media::NDJSON),
        ("protobuf", media::PROTOBUF),
    ];
    let media_type = media::answer_form(&parts.headers, query.text("format"), &offered)?;
    let manner = manner(&query, media_type, &key)?;
    let wanted = Reading {
        after: query.number("after")?.unwrap_or(0),
        limit: query.limit(daybook_event::limits::PAGE_EVENTS_DEFAULT, daybook_event::limits::PAGE_EVENTS_MAX)?,
        names: query.names()?,
        since: query.time("since")?,
        as_of: query.moment("as_of")?,
        sight: Sight::of(manner.privacy, manner.form),
        blobs: BlobSight::of(&query)?,
    };
    let content_type = content_type(media_type, || app.protobuf().batch_type())?;
    let (reader, slug) = (Arc::clone(&collector), Arc::clone(&app.slug));
    let (body, got) = reading::apart(&collector, move || page(&reader, &app, &wanted, media_type, manner)).await?;
    collector.note_access(&key, Access { rows: Some(got.opened), ..Access::to(&slug, "event") }).await?;
    let headers = [(CONTENT_TYPE, content_type), (NEXT, HeaderValue::from(got.next))];
    Ok((headers, body).into_response())
}

/// Reads one event, by its canonical id or the one the app gave it.
#[utoipa::path(
    get, path = "/v1/{app}/events/{id}", tag = "events", operation_id = "readEvent",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("id" = String, Path, description = "The event's canonical id, or its id in the app"),
        ("dialect" = Option<String>, Query, description = "`app` gives the event in the app's own form"),
        ("upcast" = Option<bool>, Query, description = "An event of an older version as the current version of its type has it; `upcast` in the event says from which version, or why not"),
        ("format" = Option<String>, Query, description = "`json`, `cloudevents` or `protobuf`; overrides `Accept`"),
        ("blobs" = Option<String>, Query, description = "`reference` leaves values that lie in blobs there and gives references to them; `fetch`, the default, gives them whole"),
    ),
    responses(
        (status = 200, description = "The event", content(
            (crate::openapi::EventBody = "application/json"),
            (Object = "application/cloudevents+json"),
            (String = "application/x-protobuf"),
        )),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or event", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 406, description = "None of the forms in `Accept` is to be had", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn event(
    State(collector): State<Arc<Collector>>,
    Path((slug, id)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Read]).await?;
    let query = Query::parse(parts.uri.query(), &["dialect", "upcast", "format", "blobs"])?;
    let offered = [("json", media::JSON), ("cloudevents", media::CLOUD_EVENT), ("protobuf", media::PROTOBUF)];
    let media_type = media::answer_form(&parts.headers, query.text("format"), &offered)?;
    let manner = manner(&query, media_type, &key)?;
    let blobs = BlobSight::of(&query)?;
    let content_type = content_type(media_type, || app.protobuf().event_type())?;
    let (reader, slug) = (Arc::clone(&collector), Arc::clone(&app.slug));
    let (body, opened) =
        reading::apart(&collector, move || one(&reader, &app, &id, media_type, (manner, blobs))).await?;
    collector.note_access(&key, Access { rows: Some(opened.into()), ..Access::to(&slug, "event") }).await?;
    Ok(([(CONTENT_TYPE, content_type)], body).into_response())
}

/// How events are given that a request asks for as a media type.
fn manner(query: &Query<'_>, media_type: &str, key: &Key) -> Result<Manner, Problem> {
    let form = event_form(query, media_type)?;
    Ok(Manner { form, privacy: key.has(Scope::Privacy), upcast: query.flag("upcast")? })
}

/// What an answer is. Of a message it also says which one.
fn content_type(media_type: &'static str, message: impl FnOnce() -> String) -> Result<HeaderValue, Problem> {
    if media_type != media::PROTOBUF {
        return Ok(HeaderValue::from_static(media_type));
    }
    let value = format!("{media_type}; messageType=\"{}\"", message());
    HeaderValue::try_from(value).map_err(|error| Problem::internal("server.failed", &error))
}

/// In which form events are wanted.
pub(super) fn event_form(query: &Query<'_>, media_type: &str) -> Result<Form, Problem> {
    let cloud_event = matches!(media_type, media::CLOUD_EVENT | media::CLOUD_EVENT_BATCH);
    match query.text("dialect") {
        None | Some("canonical") if cloud_event => Ok(Form::CloudEvent),
        None | Some("canonical") => Ok(Form::Canonical),
        Some("app") if cloud_event => {
            Err(Problem::bad_request("query.dialect", "A CloudEvent has its own form; dialect=app cannot change it."))
        }
        Some("app") if media_type == media::PROTOBUF => {
            Err(Problem::bad_request("query.dialect", "A message has its own form; dialect=app cannot change it."))
        }
        Some("app") => Ok(Form::Dialect),
        Some(_) => Err(Problem::bad_request("query.dialect", "dialect is app or canonical.")),
    }
}

fn page(
    collector: &Collector,
    app: &App,
    reading: &Reading,
    media_type: &str,
    manner: Manner,
) -> Result<(Vec<u8>, Got), Problem> {
    let mut body = Vec::with_capacity(64 * 1024);
    if media_type == media::PROTOBUF {
        let got = reading::read(collector, app, reading, |event| {
            let (event, upcasting) = output::prepare(manner, event, &app.catalog);
            app.protobuf().write_to_batch(&event, &upcasting, &mut body);
            body.len() < limits::PAGE_BYTES_MAX
        })?;
        app.protobuf().end_batch(got.next, &mut body);
        return Ok((body, got));
    }
    body.extend_from_slice(match media_type {
        media::JSON => b"{\"events\":[".as_slice(),
        media::CLOUD_EVENT_BATCH => b"[",
        _ => b"",
    });
    let lines = media_type == media::NDJSON;
    let mut first = true;
    let got = reading::read(collector, app, reading, |event| {
        if !first && !lines {
            body.push(b',');
        }
        first = false;
        output::write_in(manner, event, &app.catalog, &mut body);
        if lines {
            body.push(b'\n');
        }
        body.len() < limits::PAGE_BYTES_MAX
    })?;
    match media_type {
        media::JSON => body.extend_from_slice(format!("],\"next\":{}}}", got.next).as_bytes()),
        media::CLOUD_EVENT_BATCH => body.push(b']'),
        _ => {}
    }
    Ok((body, got))
}

fn one(
    collector: &Collector,
    app: &App,
    id: &str,
    media_type: &str,
    (manner, blobs): (Manner, BlobSight),
) -> Result<(Vec<u8>, bool), Problem> {
    let position = position_of(collector, app, id)?;
    let (event, opened) = opened_at(collector, app, position, (manner, blobs))?.ok_or_else(unknown)?;
    let mut body = Vec::with_capacity(1024);
    if media_type == media::PROTOBUF {
        let (event, upcasting) = output::prepare(manner, event, &app.catalog);
        app.protobuf().write(&event, &upcasting, &mut body);
    } else {
        output::write_in(manner, event, &app.catalog, &mut body);
    }
    Ok((body, opened))
}

fn unknown() -> Problem {
    Problem::not_found("event.unknown", "There is no event of this id in this app.")
}

/// The position of an event by its canonical id or the one the app gave it, past its retention or not.
///
/// # Errors
/// 404 where there is none; when the log does not answer.
pub(super) fn position_of(collector: &Collector, app: &App, id: &str) -> Result<Position, Problem> {
    if id.len() > daybook_event::limits::IDENTIFIER_BYTES_MAX {
        return Err(unknown());
    }
    let key = app.admission.record_key(&EventId::from_any(&app.slug, id));
    let known = collector.log.lookup(&[key]).map_err(|error| Problem::internal("log.unreadable", &error))?;
    Ok(known.first().copied().flatten().ok_or_else(unknown)?.position)
}

/// The event at a position, and whether something personal was opened in it; nothing where it is past its retention, another app's, or
/// none.
///
/// # Errors
/// When the log or the vault does not answer.
pub(super) fn event_at(
    collector: &Collector,
    app: &App,
    position: Position,
    form: Form,
    (privacy, blobs): (bool, BlobSight),
) -> Result<Option<(Vec<u8>, bool)>, Problem> {
    let manner = Manner { form, privacy, upcast: false };
    let found = opened_at(collector, app, position, (manner, blobs))?;
    Ok(found.map(|(event, opened)| {
        let mut body = Vec::with_capacity(1024);
        output::write_in(manner, event, &app.catalog, &mut body);
        (body, opened)
    }))
}

/// The event at a position as far as it may be seen, and whether something personal was opened in it.
fn opened_at(
    collector: &Collector,
    app: &App,
    position: Position,
    (manner, blobs): (Manner, BlobSight),
) -> Result<Option<(Event<'static>, bool)>, Problem> {
    let failed = |error: &dyn std::error::Error| Problem::internal("log.unreadable", error);
    let Some(record) = collector.log.record(position).map_err(|error| failed(&error))? else { return Ok(None) };
    let stored = stored::decode(&record, position).map_err(|error| failed(&error))?;
    // A count is not an event, though it has a place.
    if stored.event.kind != Kind::Event || stored.event.app != *app.slug {
        return Ok(None);
    }
    let sight = Sight::of(manner.privacy, manner.form);
    let opening = Opening::of(collector, app, std::slice::from_ref(&stored), sight, blobs)?;
    Ok(Some(opening.open(stored)))
}
