//! What is noted of every request: counters, and a log line that names nobody.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::collector::Collector;
use crate::problem::{Problem, ProblemCode};

/// How many events a call brought, for its log line.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    /// Events in the call.
    pub events: usize,
    /// How many of them were stored.
    pub stored: usize,
}

/// Counts a request and says a line about it: at `debug` where it went well, louder where it did not. The line has the
/// route and not the address, which may name a person.
pub async fn request(State(collector): State<Arc<Collector>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let took = started.elapsed();
    let route = path.as_ref().map_or("", MatchedPath::as_str);
    let status = response.status().as_u16();
    let code = response.extensions().get::<ProblemCode>().map(|code| code.0);
    collector.metrics.request(route, status, code, took);
    let milliseconds = took.as_secs_f64() * 1e3;
    let method = method.as_str();
    if status >= 500 {
        tracing::warn!(method, route, status, code, milliseconds, "request");
    } else if status >= 400 {
        tracing::info!(method, route, status, code, milliseconds, "request");
    } else if tracing::enabled!(tracing::Level::DEBUG) {
        let counts = response.extensions().get::<Counts>();
        let events = counts.map(|counts| counts.events);
        let stored = counts.map(|counts| counts.stored);
        tracing::debug!(method, route, status, milliseconds, events, stored, "request");
    }
    response
}

/// The answer where the program failed in the middle of a request. What it says of itself goes to standard error by its own
/// way; it may quote input, so it is not repeated here.
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a request made the program fail");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "server.panic", "The server failed at this. That is a bug in it.")
        .into_response()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_problem() {
        async fn fails() -> &'static str {
            panic!("somebody's secret")
        }
        let router =
            Router::new().route("/", get(fails)).layer(tower_http::catch_panic::CatchPanicLayer::custom(panicked));
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("secret"));
    }
}
