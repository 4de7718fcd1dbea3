//! Cross-origin calls: web pages may send events with a public key, or without one where that is allowed. Nothing else is
//! open to them.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::collector::Collector;
use crate::config::BrowserEvents;
use crate::problem::Problem;

/// Headers a page may set, besides the `ce-*` ones of CloudEvents.
const HEADERS: &str = "authorization, content-type, content-encoding, prefer, traceparent, tracestate";
/// Longest list of headers that a preflight may ask for, in bytes.
const REQUESTED_HEADERS_BYTES_MAX: usize = 1_024;

/// Answers preflights, and tells browsers which answers the page may see.
pub async fn answer(State(collector): State<Arc<Collector>>, request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(ORIGIN).cloned() else { return next.run(request).await };
    let allowed = is_allowed(&collector, &request, &origin);
    let is_preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if is_preflight { preflight(allowed, request.headers()) } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("origin"));
    if allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        // Beacons are always sent as calls with credentials. There are none here: no cookie means anything to Daybook.
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    }
    response
}

/// Whether a page of this origin may send events to this address. Which key it uses is seen when it does.
fn is_allowed(collector: &Collector, request: &Request, origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    match route {
        Some("/v1/{app}/events") => {
            let is_sending = request.method() == Method::POST
                || request.headers().get(ACCESS_CONTROL_REQUEST_METHOD).is_some_and(|method| method == "POST");
            let app = request.uri().path().split('/').nth(2);
            is_sending && app.is_some() && collector.keys.allows_origin(app, origin)
        }
        Some("/api/events") => {
            let options = &collector.config.browser_events;
            options.allow && options.allows(origin)
        }
        _ => false,
    }
}

fn preflight(allowed: bool, headers: &HeaderMap) -> Response {
    if !allowed {
        return Problem::forbidden("cors.refused", "Pages of this origin may not call this address.").into_response();
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let answer = response.headers_mut();
    answer.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed_headers(headers));
    answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

/// The headers a page may set: the usual ones, and those of CloudEvents that it asks for, which cannot be listed ahead.
fn allowed_headers(headers: &HeaderMap) -> HeaderValue {
    let requested = headers.get(ACCESS_CONTROL_REQUEST_HEADERS).and_then(|requested| requested.to_str().ok());
    let requested = requested.filter(|requested| requested.len() <= REQUESTED_HEADERS_BYTES_MAX).unwrap_or_default();
    let mut allowed = HEADERS.to_owned();
    for header in requested.split(',').map(str::trim).filter(|header| header.starts_with("ce-")) {
        allowed.push_str(", ");
        allowed.push_str(header);
    }
    HeaderValue::from_str(&allowed).unwrap_or(HeaderValue::from_static(HEADERS))
}

impl BrowserEvents {
    /// Whether pages of this origin may send events without a key.
    pub(crate) fn allows(&self, origin: &str) -> bool {
        self.origins.iter().any(|allowed| allowed == "*" || allowed == origin)
    }
}
