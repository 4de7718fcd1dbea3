//! Consumers: how they are, and having them stop, go on, go back, or be read again.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::Response;
use daybook_consumers::To;
use daybook_consumers::error::ManageError;
use daybook_consumers::status::{State as ConsumerState, Status};
use daybook_event::{Position, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::json;
use super::quarantine::read_small;
use crate::collector::{App, Collector};
use crate::config::nearest;
use crate::consumers::replay::Replay;
use crate::keys::Scope;
use crate::problem::Problem;
use crate::query::Query;

/// How a consumer is.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsumerBody {
    /// Its app.
    pub app: String,
    /// Its name.
    pub consumer: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its handler.
    pub handler: String,
    /// What it does: `running`, `catching-up`, `paused`, `waiting` (for a destination that works for nobody), `unconfigured`,
    /// `disabled`, `removed` (no catalog has it any more, and what it delivered cannot be reached), or `stopped` (until somebody resumes it).
    pub state: &'static str,
    /// Since when, where it does not deliver.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Why it waits or has stopped: stable, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The same, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When it tries again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_probe: Option<Timestamp>,
    /// What is missing in the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// Everything up to here is delivered, given up, or not wanted.
    pub offset: Position,
    /// The position of the log's last event.
    pub head: Position,
    /// Positions between the two, those of other events included.
    pub lag_events: u64,
    /// Age of the oldest event that waits to be delivered.
    pub lag_seconds: f64,
    /// Events delivered since the start.
    pub delivered: u64,
    /// Events delivered in the last minute.
    pub delivered_per_minute: u64,
    /// Attempts that failed since the start, and were or will be made again.
    pub retried: u64,
    /// Dead letters there are.
    pub dead_letters: u64,
    /// Events that were given up without a dead letter, ever.
    pub given_up: u64,
    /// Time from receipt to delivery, over the last minute; absent where nothing was delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<ConsumerLatency>,
    /// What it promises, where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise: Option<ConsumerPromise>,
    /// The last delivery of dead letters since the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
}

/// Time from receipt to delivery.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsumerLatency {
    /// Half of the events took no longer.
    pub p50_ms: f64,
    /// All but one in a hundred took no longer.
    pub p99_ms: f64,
}

/// What a consumer promises.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsumerPromise {
    /// Of a hundred events 99 take no longer from receipt to delivery.
    pub latency_ms: u64,
    /// Whether it is so, over the last minute.
    pub kept: bool,
}

/// All consumers.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsumersBody {
    /// By app and name.
    pub consumers: Vec<ConsumerBody>,
}

/// Where a consumer is to go on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RewindRequest {
    /// With what comes after.
    pub to: RewindTo,
}

/// A place in the log.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum RewindTo {
    /// After this position; 0 is the beginning.
    Position(u64),
    /// `beginning`, `now`, or a time (RFC 3339): the first event received then or later.
    Place(String),
}

/// Lists the consumers, by app and name, with how each is.
#[utoipa::path(
    get, path = "/v1/consumers", tag = "consumers", operation_id = "listConsumers",
    params(
        ("app" = Option<String>, Query, description = "Those of this app; of all that the key is for unless given"),
    ),
    responses(
        (status = 200, description = "The consumers", body = ConsumersBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn list(State(collector): State<Arc<Collector>>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let query = Query::parse(parts.uri.query(), &["app"])?;
    let key = match query.text("app") {
        Some(app) => collector.enter(&parts, app, &[Scope::Read]).await?.0,
        None => collector.authorise(&parts, &[Scope::Read]).await?,
    };
    let wanted = |app: &str| query.text("app").map_or_else(|| key.covers(app), |wanted| wanted == app);
    let statuses = collector.consumers.statuses().into_iter().filter(|status| wanted(&status.app));
    json(&ConsumersBody { consumers: statuses.map(|status| body_of(&collector, status)).collect() })
}

/// How one consumer is.
#[utoipa::path(
    get, path = "/v1/consumers/{app}/{name}", tag = "consumers", operation_id = "readConsumer",
    params(
        ("app" = String, Path, description = "The app's slug"), ("name" = String, Path, description = "The consumer's name"),
    ),
    responses(
        (status = 200, description = "The consumer", body = ConsumerBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or consumer", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn show(
    State(collector): State<Arc<Collector>>,
    Path((slug, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (_, app) = collector.enter(&parts, &slug, &[Scope::Read]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let status = match collector.consumer(&app, &name).await {
        Ok(status) => status,
        Err(unknown) => {
            let removed = collector.consumers.runtime().removed().into_iter();
            let mut ours = removed.filter(|status| status.app == slug && status.consumer == name);
            ours.next().ok_or(unknown)?
        }
    };
    json(&body_of(&collector, status))
}

/// Pauses a consumer, until somebody resumes it. It keeps its place in the log.
#[utoipa::path(
    post, path = "/v1/consumers/{app}/{name}/pause", tag = "consumers", operation_id = "pauseConsumer",
    params(
        ("app" = String, Path, description = "The app's slug"), ("name" = String, Path, description = "The consumer's name"),
    ),
    responses(
        (status = 200, description = "The consumer as it is now", body = ConsumerBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope admin, or is not for this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or consumer", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The state database does not answer at the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn pause(
    State(collector): State<Arc<Collector>>,
    Path((slug, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Admin]).await?;
    Query::parse(parts.uri.query(), &[])?;
    collector.consumer(&app, &name).await?;
    let status = collector.consumers.runtime().pause(&slug, &name, Some(&key.info.id)).await?;
    json(&body_of(&collector, status))
}

/// Lets a paused consumer go on, and one that waits or has stopped try again at once.
#[utoipa::path(
    post, path = "/v1/consumers/{app}/{name}/resume", tag = "consumers", operation_id = "resumeConsumer",
    params(
        ("app" = String, Path, description = "The app's slug"), ("name" = String, Path, description = "The consumer's name"),
    ),
    responses(
        (status = 200, description = "The consumer as it is now", body = ConsumerBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope admin, or is not for this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or consumer", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The state database does not answer at the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn resume(
    State(collector): State<Arc<Collector>>,
    Path((slug, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Admin]).await?;
    Query::parse(parts.uri.query(), &[])?;
    collector.consumer(&app, &name).await?;
    let status = collector.consumers.runtime().resume(&slug, &name, Some(&key.info.id)).await?;
    json(&body_of(&collector, status))
}

/// Sets a consumer's place in the log, back or forth: `{"to": "beginning"}`, `{"to": "now"}`, `{"to": 4711}`,
/// `{"to": "2026-01-14T00:00:00Z"}`.
///
/// What it delivered before it delivers again; a handler of Daybook's writes it in the same place, and whatever else takes calls has to
/// know the event's id.
#[utoipa::path(
    post, path = "/v1/consumers/{app}/{name}/rewind", tag = "consumers", operation_id = "rewindConsumer",
    params(
        ("app" = String, Path, description = "The app's slug"), ("name" = String, Path, description = "The consumer's name"),
    ),
    request_body = RewindRequest,
    responses(
        (status = 200, description = "The consumer as it is now", body = ConsumerBody),
        (status = 400, description = "That is no place in the log", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope admin, or is not for this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or consumer", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The state database does not answer at the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn rewind(
    State(collector): State<Arc<Collector>>,
    Path((slug, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Admin]).await?;
    Query::parse(parts.uri.query(), &[])?;
    collector.consumer(&app, &name).await?;
    let body = read_small(&collector, &parts.headers, body).await?;
    let to = place(&body)?;
    let status = collector.consumers.runtime().rewind(&slug, &name, to, Some(&key.info.id)).await?;
    json(&body_of(&collector, status))
}

/// Says that whatever a consumer delivered that is in no catalog any more is taken care of: deleted, or free of names.
///
/// Nobody can ask what is not there any more to forget somebody, so that erasures of its app stay incomplete until this is said. The app
/// need not be served any more either. Who said it is written down.
#[utoipa::path(
    post, path = "/v1/consumers/{app}/{name}/retire", tag = "consumers", operation_id = "retireConsumer",
    params(
        ("app" = String, Path, description = "The app's slug"), ("name" = String, Path, description = "The consumer's name"),
    ),
    responses(
        (status = 200, description = "The consumer as it was", body = ConsumerBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope admin, or is not for this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such consumer was removed, or it has been retired", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The consumer is there, and forgets by itself", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The state database does not answer at the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn retire(
    State(collector): State<Arc<Collector>>,
    Path((slug, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let key = collector.authorise(&parts, &[Scope::Admin]).await?;
    if !key.covers(&slug) {
        return Err(Problem::forbidden("key.app", "This key is not for this app."));
    }
    Query::parse(parts.uri.query(), &[])?;
    let status = collector.consumers.runtime().retire(&slug, &name).await?;
    let mut data = serde_json::json!({"app": slug, "consumer": name, "position": status.offset});
    if let Some(data) = data.as_object_mut().filter(|_| !status.handler.is_empty()) {
        data.insert("handler".to_owned(), status.handler.as_str().into());
    }
    collector.note("consumer.retired", Some(&key.info.id), data).await;
    json(&body_of(&collector, status))
}

/// Reads the consumers again: `consumers.yaml` of the catalogs and `[consumers]` of the configuration's file.
///
/// Consumers are added, changed and removed while the server runs; those of which nothing changed are not disturbed. Everything else in a
/// catalog waits for the next start.
#[utoipa::path(
    post, path = "/v1/consumers/reload", tag = "consumers", operation_id = "reloadConsumers",
    responses(
        (status = 200, description = "What changed", body = crate::consumers::Changes),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope admin", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Something is wrong with what was read; `errors` says what, and nothing was changed", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn reload(State(collector): State<Arc<Collector>>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    collector.authorise(&parts, &[Scope::Admin]).await?;
    Query::parse(parts.uri.query(), &[])?;
    json(&collector.reload_consumers().await?)
}

impl Collector {
    /// How a consumer of an app is.
    ///
    /// # Errors
    /// 404 where there is none of this name.
    pub(super) async fn consumer(&self, app: &App, name: &str) -> Result<Status, Problem> {
        let runtime = self.consumers.runtime();
        if let Some(status) = runtime.status(&app.slug, name) {
            return Ok(status);
        }
        // One that is being changed is not there for a moment.
        self.consumers.settled().await;
        runtime.status(&app.slug, name).ok_or_else(|| {
            let unknown = ManageError::Unknown { app: app.slug.to_string(), name: name.to_owned() };
            let statuses = runtime.statuses();
            let names =
                statuses.iter().filter(|status| *status.app == *app.slug).map(|status| status.consumer.as_str());
            let meant = nearest(name, names).map(|meant| format!("Did you mean `{meant}`?"));
            match meant {
                Some(meant) => Problem::from(unknown).hint(meant),
                None => unknown.into(),
            }
        })
    }
}

fn place(body: &[u8]) -> Result<To, Problem> {
    let wrong = || {
        Problem::bad_request("consumer.place", "The body says where to go on, and this does not.")
            .hint(r#"Send {"to": "beginning"}, {"to": "now"}, {"to": 4711}, or {"to": "2026-01-14T00:00:00Z"}."#)
    };
    let RewindRequest { to } = serde_json::from_slice(body).map_err(|_| wrong())?;
    match to {
        RewindTo::Position(position) => Ok(To::Position(position)),
        RewindTo::Place(place) => match place.as_str() {
            "beginning" => Ok(To::Beginning),
            "now" => Ok(To::Now),
            time => Timestamp::parse(time).map(To::Time).map_err(|_| wrong()),
        },
    }
}

fn body_of(collector: &Collector, status: Status) -> ConsumerBody {
    let state = collector.consumers.state_of(&status);
    let replay = collector.consumers.replays().of(&status.app, &status.consumer);
    let mut body = ConsumerBody {
        state,
        since: None,
        code: None,
        message: None,
        next_probe: None,
        missing: None,
        offset: status.offset,
        head: status.head,
        lag_events: status.lag_events,
        lag_seconds: status.lag_seconds,
        delivered: status.delivered,
        delivered_per_minute: status.delivered_per_minute,
        retried: status.retried,
        dead_letters: status.dead_letters,
        given_up: status.given_up,
        latency: status.latency.map(|latency| ConsumerLatency { p50_ms: latency.p50_ms, p99_ms: latency.p99_ms }),
        promise: status.promise.map(|promise| ConsumerPromise { latency_ms: promise.latency_ms, kept: promise.kept }),
        replay,
        app: status.app,
        consumer: status.consumer,
        description: status.description,
        handler: status.handler,
    };
    match status.state {
        ConsumerState::Running | ConsumerState::CatchingUp => {}
        ConsumerState::Paused { since } => body.since = Some(since),
        ConsumerState::Waiting { since, code, message, next_probe } => {
            (body.since, body.code, body.message) = (Some(since), Some(code), Some(message));
            body.next_probe = Some(next_probe);
        }
        ConsumerState::Unconfigured { missing } => body.missing = Some(missing),
        ConsumerState::Removed => {
            let message = "no catalog has it any more, and what it delivered cannot be reached: nobody of its app is wholly erased \
                until it is back, or `daybook consumers retire` says that this is taken care of";
            (body.code, body.message) = (Some("consumer.removed".to_owned()), Some(message.to_owned()));
        }
        ConsumerState::Stopped { since, code, message } => {
            (body.since, body.code, body.message) = (Some(since), Some(code), Some(message));
        }
    }
    body
}
