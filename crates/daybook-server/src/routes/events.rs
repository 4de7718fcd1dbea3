//! Sending events.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use daybook_admission::Receipts;
use daybook_event::Signals;
use http::header::{CONTENT_TYPE, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};

use crate::collector::{Account, App, Collector, PostOptions};
use crate::keys::Scope;
use crate::media;
use crate::observe::Counts;
use crate::problem::Problem;
use crate::query::Query;

/// Sends events.
///
/// One event, an array of events, or `{"events": [...]}`; one event a line as NDJSON; CloudEvents; or messages of the app's
/// `events.proto` (`daybook emit protobuf`), of which receipts tell places as the canonical form has them. Each event gets a
/// receipt; one that is not admitted is quarantined and does no harm to the others.
#[utoipa::path(
    post, path = "/v1/{app}/events", tag = "events", operation_id = "sendEvents",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("atomic" = Option<bool>, Query, description = "All or nothing: unless every event is stored or a duplicate, nothing is kept and the answer is 422"),
        ("key" = Option<String>, Query, description = "A public key, for beacons, which can send no header"),
        ("traceparent" = Option<String>, Header, description = "W3C Trace Context: the trace of events that name none; a malformed one is ignored, with a warning in their receipts"),
        ("Content-Encoding" = Option<String>, Header, description = "`identity`, `gzip`, `zstd` or `deflate`"),
        ("Prefer" = Option<String>, Header, description = "`return=minimal` leaves out the receipts of events that there is nothing to say of, and gives `last_position` instead (RFC 7240)"),
    ),
    request_body(content(
        (crate::openapi::EventsBody = "application/json"),
        (String = "application/x-ndjson"),
        (Object = "application/cloudevents+json"),
        (Vec<Object> = "application/cloudevents-batch+json"),
        (String = "application/x-protobuf"),
        (String = "text/plain"),
    )),
    responses(
        (status = 200, description = "What became of each event; all of it is on disk", body = crate::openapi::ReceiptsBody),
        (status = 400, description = "The body cannot be read as events at all", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not write, or not for this app or origin", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body arrived too slowly", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large, or too many events", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "A media type or encoding that is not understood", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`atomic` was asked for and cannot be; the receipts say which events stood in the way", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Over the key's rate; `Retry-After` says when to come again", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The disk or a queue is full, or the log has stopped; `Retry-After` says when to come again", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn post(
    State(collector): State<Arc<Collector>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Write]).await?;
    let query = Query::parse(parts.uri.query(), &["atomic", "key"])?;
    let options = PostOptions { atomic: query.flag("atomic")?, ..PostOptions::default() };
    take(&collector, &app, &parts, body, Account::Key(key), options).await
}

/// Sends events from a web page, without a key, where the server allows it.
///
/// The events belong to the one app that the configuration names under `browser-events`.
#[utoipa::path(
    post, path = "/api/events", tag = "events", operation_id = "sendEventsFromBrowser",
    request_body(content((crate::openapi::EventsBody = "application/json"), (String = "text/plain"))),
    responses(
        (status = 200, description = "What became of each event", body = crate::openapi::ReceiptsBody),
        (status = 400, description = "The body cannot be read as events at all", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Pages of this origin may not call", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This server does not take events without a key", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large, or too many events", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "A media type or encoding that is not understood", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Over the rate for browsers", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The disk or a queue is full, or the log has stopped", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn post_from_browser(State(collector): State<Arc<Collector>>, request: Request) -> Result<Response, Problem> {
    let options = &collector.config.browser_events;
    let app = options.app.as_deref().filter(|_| options.allow).and_then(|slug| collector.app(slug));
    let Some(app) = app.map(Arc::clone) else {
        return Err(Problem::not_found("browser-events.off", "This server does not take events without a key."));
    };
    let (parts, body) = request.into_parts();
    if let Some(origin) = parts.headers.get(ORIGIN)
        && !origin.to_str().is_ok_and(|origin| options.allows(origin))
    {
        return Err(Problem::forbidden("browser-events.origin", "Pages of this origin may not send events here."));
    }
    Query::parse(parts.uri.query(), &[])?;
    take(&collector, &app, &parts, body, Account::Browsers, PostOptions::default()).await
}

pub(super) async fn take(
    collector: &Arc<Collector>,
    app: &Arc<App>,
    parts: &Parts,
    body: Body,
    account: Account,
    options: PostOptions,
) -> Result<Response, Problem> {
    let form = media::body_form(&parts.headers)?;
    let (signals, traceparent) = (signals(&parts.headers), traceparent(&parts.headers));
    let options = PostOptions { signals, traceparent, ..options };
    let body = collector.body_memory.read(&parts.headers, body, collector.config.limits.body_bytes).await?;
    collector.metrics.body(body.bytes.len());
    let receipts = collector.post(app, body, form, account, options).await?;
    let counts = Counts { events: receipts.receipts.len(), stored: receipts.stored };
    let minimal = prefers_minimal(&parts.headers);
    let mut response = receipts_json(&if minimal { receipts.minimal() } else { receipts })?;
    if minimal {
        response.headers_mut().insert("preference-applied", HeaderValue::from_static("return=minimal"));
    }
    response.extensions_mut().insert(counts);
    Ok(response)
}

/// Whether the caller asks for no more than it has to know: the preference `return=minimal` of RFC 7240, section 4.2.
fn prefers_minimal(headers: &HeaderMap) -> bool {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| value.split(','));
    preferences.any(|preference| {
        // What follows a semicolon are parameters, of which this preference has none.
        let (name, value) = preference.split(';').next().and_then(|bare| bare.split_once('=')).unwrap_or_default();
        name.trim().eq_ignore_ascii_case("return") && value.trim().trim_matches('"').eq_ignore_ascii_case("minimal")
    })
}

/// What the browser says about being followed: `Sec-GPC` (Global Privacy Control) and `DNT` (Tracking Preference Expression).
fn signals(headers: &HeaderMap) -> Signals {
    let says = |name: &str| headers.get(name).is_some_and(|value| value.as_bytes() == b"1");
    Signals { gpc: says("sec-gpc"), dnt: says("dnt") }
}

/// The trace that the call is part of, as W3C Trace Context has it. What cannot be one is as good as an empty one.
fn traceparent(headers: &HeaderMap) -> Option<Arc<str>> {
    let mut values = headers.get_all("traceparent").iter();
    let first = values.next()?;
    let only = values.next().is_none();
    Some(first.to_str().ok().filter(|_| only).unwrap_or_default().into())
}

/// Receipts as the body of an answer, written once into one buffer.
///
/// # Errors
/// When they cannot be written as JSON, which they always can.
pub fn receipts_json(receipts: &Receipts) -> Result<Response, Problem> {
    // A receipt without findings takes 93 to 110 bytes.
    let mut body = Vec::with_capacity(128 + receipts.receipts.len() * 112);
    serde_json::to_writer(&mut body, receipts).map_err(|error| Problem::internal("server.failed", &error))?;
    Ok(([(CONTENT_TYPE, media::JSON)], body).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_are_read_as_the_rfc_writes_them() {
        let check = |values: &[&'static str], expected: bool| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("prefer", HeaderValue::from_static(value));
            }
            assert_eq!(prefers_minimal(&headers), expected, "{values:?}");
        };
        check(&["return=minimal"], true);
        check(&["Return = \"Minimal\""], true);
        check(&["respond-async, return=minimal; foo=\"some\""], true);
        check(&["respond-async", "return=minimal"], true);
        check(&[], false);
        check(&["return=representation"], false);
        check(&["return"], false);
        check(&["minimal"], false);
        check(&["foo; return=minimal"], false);
    }
}
