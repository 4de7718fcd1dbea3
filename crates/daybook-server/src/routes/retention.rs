//! The retention: what it would do, and having it done.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use daybook_event::Timestamp;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::json;
use crate::collector::Collector;
use crate::keys::Scope;
use crate::problem::Problem;
use crate::query::Query;
use crate::rights::retention::{Done, PlanBody, Running};

/// How the retention is doing.
#[derive(Debug, Serialize, ToSchema)]
pub struct RetentionBody {
    /// Seconds from one run to the next; 0 where it runs by command only.
    pub every_seconds: u64,
    /// The run under way.
    pub running: Option<Running>,
    /// The last run that ended.
    pub last: Option<LastBody>,
}

/// A run that has ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct LastBody {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub started: Timestamp,
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    pub ended: Timestamp,
    /// What it did.
    #[serde(flatten)]
    pub done: Done,
}

/// How the retention is doing: the run under way, and the last one.
#[utoipa::path(
    get, path = "/v1/retention", tag = "retention", operation_id = "readRetention",
    responses(
        (status = 200, description = "How it is doing", body = RetentionBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope admin", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn status(State(collector): State<Arc<Collector>>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    collector.authorise(&parts, &[Scope::Admin]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let time = Timestamp::from_microseconds;
    let last = collector.last_retention().await?;
    let last = last.map(|done| LastBody { started: time(done.started_us), ended: time(done.ended_us), done });
    let every_seconds = collector.config.retention.every.as_secs();
    json(&RetentionBody { every_seconds, running: collector.retention.running(), last })
}

/// What the next run would do, without doing it: months whose secrets would be destroyed, records that would be compacted.
#[utoipa::path(
    get, path = "/v1/retention/plan", tag = "retention", operation_id = "planRetention",
    responses(
        (status = 200, description = "The plan", body = PlanBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope admin", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn plan(State(collector): State<Arc<Collector>>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    collector.authorise(&parts, &[Scope::Admin]).await?;
    Query::parse(parts.uri.query(), &[])?;
    json(&collector.retention_plan().await?)
}

/// Begins a run. It goes on by itself; `GET /v1/retention` says how far it is.
#[utoipa::path(
    post, path = "/v1/retention/run", tag = "retention", operation_id = "runRetention",
    responses(
        (status = 202, description = "It has begun", body = Running),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope admin", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "A run is under way", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn run(State(collector): State<Arc<Collector>>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let key = collector.authorise(&parts, &[Scope::Admin]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let running = collector.start_retention(Some(key.info.id.clone()))?;
    Ok((StatusCode::ACCEPTED, json(&running)?).into_response())
}
