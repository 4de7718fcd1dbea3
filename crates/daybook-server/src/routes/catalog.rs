//! The catalogs as the server uses them.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::Response;
use daybook_catalog::EventType;
use http::request::Parts;

use crate::collector::{App, Collector};
use crate::conditional;
use crate::problem::Problem;
use crate::query::Query;

/// The catalog of an app.
#[utoipa::path(
    get, path = "/v1/{app}/catalog", tag = "catalog", operation_id = "readCatalog",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of what is known already"),
    ),
    responses(
        (status = 200, description = "The catalog, with the current version of every event type", body = crate::openapi::CatalogBody),
        (status = 304, description = "What `If-None-Match` names is still what it is"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key is not for this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn catalog(
    State(collector): State<Arc<Collector>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let parts = request.into_parts().0;
    let app = enter(&collector, &parts, &slug).await?;
    conditional::json(&parts.headers, &app.catalog.summary_json())
}

/// The current version of an event type, and which versions there are.
#[utoipa::path(
    get, path = "/v1/{app}/catalog/{name}", tag = "catalog", operation_id = "readEventType",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("name" = String, Path, description = "The name of the event type"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of what is known already"),
    ),
    responses(
        (status = 200, description = "The event type", body = crate::openapi::EventTypeBody),
        (status = 304, description = "What `If-None-Match` names is still what it is"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key is not for this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or event type", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn event_type(
    State(collector): State<Arc<Collector>>,
    Path((slug, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let parts = request.into_parts().0;
    let app = enter(&collector, &parts, &slug).await?;
    one(&parts, &app, app.catalog.event(&name))
}

/// One version of an event type: any that the catalog has, also those that are deprecated.
#[utoipa::path(
    get, path = "/v1/{app}/catalog/{name}/{version}", tag = "catalog", operation_id = "readEventTypeVersion",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("name" = String, Path, description = "The name of the event type"),
        ("version" = String, Path, description = "Its version, such as 1.0.0"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of what is known already"),
    ),
    responses(
        (status = 200, description = "The event type", body = crate::openapi::EventTypeBody),
        (status = 304, description = "What `If-None-Match` names is still what it is"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key is not for this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app, event type or version", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn event_type_version(
    State(collector): State<Arc<Collector>>,
    Path((slug, name, version)): Path<(String, String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let parts = request.into_parts().0;
    let app = enter(&collector, &parts, &slug).await?;
    let found = version.parse().ok().and_then(|version| app.catalog.event_version(&name, &version));
    one(&parts, &app, found)
}

/// A catalog holds nothing personal: any key that is good for the app may read it.
async fn enter(collector: &Collector, parts: &Parts, slug: &str) -> Result<Arc<App>, Problem> {
    let (_, app) = collector.enter(parts, slug, &[]).await?;
    Query::parse(parts.uri.query(), &["key"])?;
    Ok(app)
}

fn one(parts: &Parts, app: &App, found: Option<&EventType>) -> Result<Response, Problem> {
    let event_type = found.ok_or_else(|| {
        Problem::not_found("catalog.unknown", "The catalog has no such event type, or not in this version.")
    })?;
    conditional::json(&parts.headers, &app.catalog.event_json(event_type))
}
