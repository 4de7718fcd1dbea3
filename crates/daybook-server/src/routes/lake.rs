//! Lakes: how they are, and dropping what is in them.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::Response;
use daybook_consumers::status::{State as ConsumerState, Status};
use daybook_event::{Position, Timestamp};
use daybook_lake::lake::{Dropped, Health};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::json;
use super::quarantine::read_small;
use crate::asking::no_lake;
use crate::collector::{App, Collector};
use crate::config::nearest;
use crate::keys::{Scope, now};
use crate::problem::Problem;
use crate::query::Query;

/// How the lake of an app is.
#[derive(Debug, Serialize, ToSchema)]
pub struct LakeBody {
    /// The app.
    pub app: String,
    /// Its consumer, which `daybook consumers` knows by this name.
    pub consumer: String,
    /// What the consumer does: `running`, `catching-up`, `paused`, `waiting` or `stopped`.
    pub state: &'static str,
    /// Why it waits or has stopped: stable, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The same, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Everything up to here is seen by questions.
    pub as_of: Position,
    /// The position of the log's last event.
    pub head: Position,
    /// Positions between the two, those of other apps included.
    pub lag_events: u64,
    /// Age of the oldest event that questions do not see yet.
    pub lag_seconds: f64,
    /// Everything of the app up to here is in the tables on the disk; what comes after it is in memory.
    pub committed: Position,
    /// Rows that wait in memory for that.
    pub rows_waiting: u64,
    /// What they take there in bytes, about.
    pub bytes_waiting: u64,
    /// Rows on the disk.
    pub rows: u64,
    /// Files they are in.
    pub files: u64,
    /// Bytes of the files.
    pub bytes: u64,
}

/// All lakes.
#[derive(Debug, Serialize, ToSchema)]
pub struct LakesBody {
    /// By app.
    pub lakes: Vec<LakeBody>,
}

/// What to drop.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetainRequest {
    /// A category; without it, of every category what its retention does not keep any longer.
    pub category: Option<String>,
    /// Its days before this date, or before the day of this date and time, whatever its retention says.
    pub before: Option<String>,
}

/// What was dropped.
#[derive(Debug, Serialize, ToSchema)]
pub struct RetainedBody {
    /// By table, category and day.
    #[schema(value_type = Vec<DroppedDay>)]
    pub dropped: Vec<Dropped>,
    /// Rows, all together.
    pub rows: u64,
    /// Bytes of files, all together.
    pub bytes: u64,
}

/// A day of a category that was dropped from a table.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what another crate writes")]
pub struct DroppedDay {
    /// `events` or `daily_counts`.
    table: String,
    /// The category.
    category: String,
    /// The day, in UTC; null where only rows in memory were dropped.
    date: Option<String>,
    /// Files.
    files: u64,
    /// Rows in them, or in memory.
    rows: u64,
    /// Bytes of the files.
    bytes: u64,
}

/// Lists the lakes of all apps, with how each is.
#[utoipa::path(
    get, path = "/v1/lake", tag = "lake", operation_id = "listLakes",
    responses(
        (status = 200, description = "The lakes of the apps that the key is for; none where it is turned off", body = LakesBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn list(State(collector): State<Arc<Collector>>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let key = collector.authorise(&parts, &[Scope::Read]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let mut slugs: Vec<_> = collector.apps.keys().filter(|app| key.covers(app)).collect();
    slugs.sort_unstable();
    json(&LakesBody { lakes: slugs.into_iter().filter_map(|app| body_of(&collector, app)).collect() })
}

/// How the lake of an app is.
#[utoipa::path(
    get, path = "/v1/lake/{app}", tag = "lake", operation_id = "readLake",
    params(("app" = String, Path, description = "The app's slug")),
    responses(
        (status = 200, description = "The lake", body = LakeBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app, or its lake is turned off", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn show(
    State(collector): State<Arc<Collector>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (_, app) = collector.enter(&parts, &slug, &[Scope::Read]).await?;
    Query::parse(parts.uri.query(), &[])?;
    json(&body_of(&collector, &app.slug).ok_or_else(no_lake)?)
}

/// Drops what is past its time now; or, given a category and a date, that category's days before it.
///
/// Days go as a whole, and their files at once. Without a body it does what the server does by itself every minute. The log is not
/// touched: where the lake is made anew from it, what was dropped before its time comes back as long as the log has it.
#[utoipa::path(
    post, path = "/v1/lake/{app}/retain", tag = "lake", operation_id = "retainLake",
    params(("app" = String, Path, description = "The app's slug")),
    request_body(content = Option<RetainRequest>, description = "What to drop; what is past its time without"),
    responses(
        (status = 200, description = "What was dropped", body = RetainedBody),
        (status = 400, description = "That is no category and date", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope admin, or is not for this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or category, or the app's lake is turned off", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The tables cannot be used at the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn retain(
    State(collector): State<Arc<Collector>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Admin]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let body = read_small(&collector, &parts.headers, body).await?;
    let wanted = wanted(&body)?;
    let consumer = collector.consumers.lake(&app.slug).ok_or_else(no_lake)?;
    let dropped = match (consumer.present().await?, &wanted) {
        (None, _) => Vec::new(),
        (Some(lake), None) => lake.drop_expired(now()).await?,
        (Some(lake), Some((category, before))) => lake.drop_before(category, *before).await?,
    };
    if let Some((category, _)) = wanted.as_ref().filter(|_| dropped.is_empty()) {
        knows(&app, category)?;
    }
    let sum = |what: fn(&Dropped) -> u64| dropped.iter().map(what).sum::<u64>();
    let (rows, bytes) = (sum(|dropped| dropped.rows), sum(|dropped| dropped.bytes));
    if !dropped.is_empty() {
        let mut data = serde_json::json!({"app": slug, "rows": rows, "bytes": bytes});
        if let Some((members, (category, before))) = data.as_object_mut().zip(wanted) {
            members.insert("category".to_owned(), category.into());
            members.insert("before".to_owned(), before.to_string().into());
        }
        collector.note("lake.dropped", Some(&key.info.id), data).await;
    }
    json(&RetainedBody { dropped, rows, bytes })
}

/// A category and the time that ends what is dropped of it, where the body names them.
fn wanted(body: &[u8]) -> Result<Option<(String, Timestamp)>, Problem> {
    let wrong = |detail: String| {
        Problem::bad_request("lake.retain", detail)
            .hint(r#"Send nothing, or {"category": "telemetry", "before": "2026-01-01"}."#)
    };
    if body.trim_ascii().is_empty() {
        return Ok(None);
    }
    let request: RetainRequest =
        serde_json::from_slice(body).map_err(|error| wrong(format!("The body does not say what to drop: {error}.")))?;
    let (category, before) = match (request.category, request.before) {
        (None, None) => return Ok(None),
        (Some(category), Some(before)) => (category, before),
        _ => return Err(wrong("A category and a date go together.".to_owned())),
    };
    let time = Timestamp::parse(&before).or_else(|_| Timestamp::parse(&format!("{before}T00:00:00Z")));
    let time = time.map_err(|_| wrong("`before` is neither a date nor a date and time.".to_owned()))?;
    Ok(Some((category, time)))
}

/// That a category of which nothing was dropped is one.
fn knows(app: &App, category: &str) -> Result<(), Problem> {
    let names = || app.catalog.categories.iter().map(|category| category.name.as_str());
    if names().any(|name| name == category) {
        return Ok(());
    }
    let problem =
        Problem::not_found("lake.category", "The catalog has no category of this name, and nothing is of it.");
    Err(match nearest(category, names()) {
        Some(name) => problem.hint(format!("Did you mean `{name}`?")),
        None => problem.hint(format!("There are {}.", names().collect::<Vec<_>>().join(", "))),
    })
}

/// How the lake of an app is, where it has one.
fn body_of(collector: &Collector, app: &str) -> Option<LakeBody> {
    let (consumer, name) = collector.consumers.named_lake(app)?;
    let status = collector.consumers.runtime().status(app, &name)?;
    let Health { as_of, committed, hot_rows, hot_bytes, files, rows, file_bytes } = consumer.health();
    let (code, message) = trouble(&status);
    Some(LakeBody {
        app: status.app,
        consumer: status.consumer,
        state: status.state.name(),
        code,
        message,
        // Of what is not the app's nothing is missing.
        as_of: as_of.max(status.offset),
        head: status.head,
        lag_events: status.lag_events,
        lag_seconds: status.lag_seconds,
        committed,
        rows_waiting: hot_rows as u64,
        bytes_waiting: hot_bytes as u64,
        rows,
        files: files as u64,
        bytes: file_bytes,
    })
}

fn trouble(status: &Status) -> (Option<String>, Option<String>) {
    match &status.state {
        ConsumerState::Waiting { code, message, .. } | ConsumerState::Stopped { code, message, .. } => {
            (Some(code.clone()), Some(message.clone()))
        }
        _ => (None, None),
    }
}
