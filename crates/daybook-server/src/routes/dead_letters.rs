//! Dead letters: events that a consumer gave up. They can be listed, looked at, delivered again, and dropped.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use daybook_consumers::dead_letters::{DeadLetter, Letters};
use daybook_event::{Position, Timestamp};
use http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{feed, json};
use crate::access::Access;
use crate::blobs::BlobSight;
use crate::collector::{App, Collector};
use crate::consumers::replay::Replay;
use crate::keys::Scope;
use crate::limits;
use crate::output::Form;
use crate::problem::{NO_DEAD_LETTER, Problem};
use crate::query::Query;
use crate::reading;

/// An event that a consumer gave up.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadLetterBody {
    /// The event's place in the log.
    pub position: Position,
    /// The event's type.
    pub name: String,
    /// When it was given up.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// When it was last tried.
    #[schema(value_type = String, format = DateTime)]
    pub last_tried: Timestamp,
    /// How often it was tried in all.
    pub attempts: u64,
    /// The attempts, the oldest first; of many the first and the last.
    pub history: Vec<AttemptBody>,
    /// The event, where one dead letter was asked for and the event is not past its retention. What names people is in it for keys with
    /// the scope `privacy` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::openapi::EventBody>)]
    pub event: Option<Box<RawValue>>,
}

/// An attempt that failed.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttemptBody {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// Stable, for programs.
    pub code: String,
    /// For people.
    pub message: String,
}

/// A page of dead letters.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadLettersBody {
    /// In the order of the log.
    pub dead_letters: Vec<DeadLetterBody>,
    /// What to give as `after` for the next page; null on the last.
    pub next: Option<Position>,
}

/// How many dead letters were dropped.
#[derive(Debug, Serialize, ToSchema)]
pub struct DroppedBody {
    /// So many.
    pub dropped: u64,
}

/// Lists a consumer's dead letters, in the order of the log.
#[utoipa::path(
    get, path = "/v1/consumers/{app}/{name}/dead-letters", tag = "consumers", operation_id = "listDeadLetters",
    params(
        ("app" = String, Path, description = "The app's slug"), ("name" = String, Path, description = "The consumer's name"),
        ("after" = Option<u64>, Query, description = "Those of events after this position"),
        ("limit" = Option<u64>, Query, description = "So many at most; 50 unless given, 500 is the most"),
    ),
    responses(
        (status = 200, description = "A page of dead letters", body = DeadLettersBody),
        (status = 400, description = "A parameter that is not understood", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or consumer", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The state database does not answer at the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn list(
    State(collector): State<Arc<Collector>>,
    Path((slug, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (_, app) = collector.enter(&parts, &slug, &[Scope::Read]).await?;
    let query = Query::parse(parts.uri.query(), &["after", "limit"])?;
    let after = query.number("after")?.unwrap_or(0);
    let limit = query.limit(limits::DEAD_LETTERS_PAGE_DEFAULT, limits::DEAD_LETTERS_PAGE_MAX)?;
    collector.consumer(&app, &name).await?;
    let letters = collector.consumers.runtime().dead_letters(&slug, &name, after, limit as u64).await?;
    let whole = letters.len() == limit;
    let next = letters.last().filter(|_| whole).map(|letter| letter.position);
    json(&DeadLettersBody { dead_letters: letters.into_iter().map(|letter| body_of(letter, None)).collect(), next })
}

/// One dead letter, with its event.
#[utoipa::path(
    get, path = "/v1/consumers/{app}/{name}/dead-letters/{position}", tag = "consumers", operation_id = "readDeadLetter",
    params(
        ("app" = String, Path, description = "The app's slug"), ("name" = String, Path, description = "The consumer's name"),
        ("position" = u64, Path, description = "The event's place in the log"),
    ),
    responses(
        (status = 200, description = "The dead letter", body = DeadLetterBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app, consumer or dead letter", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The state database does not answer at the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn show(
    State(collector): State<Arc<Collector>>,
    Path((slug, name, position)): Path<(String, String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Read]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let letter = collector.dead_letter(&app, &name, &position).await?;
    let privacy = key.has(Scope::Privacy);
    let (reader, of, position) = (Arc::clone(&collector), Arc::clone(&app), letter.position);
    let read = move || feed::event_at(&reader, &of, position, Form::Canonical, (privacy, BlobSight::Referred));
    let event = reading::apart(&collector, read).await?;
    let opened = event.as_ref().is_some_and(|(_, opened)| *opened);
    collector.note_access(&key, Access { rows: Some(opened.into()), ..Access::to(&app.slug, "event") }).await?;
    let event = event.and_then(|(event, _)| String::from_utf8(event).ok());
    json(&body_of(letter, event))
}

/// Delivers a dead letter again.
#[utoipa::path(
    post, path = "/v1/consumers/{app}/{name}/dead-letters/{position}/replay", tag = "consumers", operation_id = "replayDeadLetter",
    params(
        ("app" = String, Path, description = "The app's slug"), ("name" = String, Path, description = "The consumer's name"),
        ("position" = u64, Path, description = "The event's place in the log"),
    ),
    responses(
        (status = 200, description = "How it went; the dead letter stays where it failed", body = Replay),
        (status = 202, description = "It is under way; the consumer says how far it is", body = Replay),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope admin, or is not for this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app, consumer or dead letter", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The consumer cannot deliver now, or dead letters of it are being delivered already", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The state database does not answer at the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn replay(
    State(collector): State<Arc<Collector>>,
    Path((slug, name, position)): Path<(String, String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Admin]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let letter = collector.dead_letter(&app, &name, &position).await?;
    let letters = Letters::One(letter.position);
    answer(&collector.replay(&app.slug, &name, letters, key.info.id.clone()).await?)
}

/// Delivers all dead letters of a consumer again, one after another. It goes on by itself; the consumer says how far it is.
#[utoipa::path(
    post, path = "/v1/consumers/{app}/{name}/replay", tag = "consumers", operation_id = "replayDeadLetters",
    params(
        ("app" = String, Path, description = "The app's slug"), ("name" = String, Path, description = "The consumer's name"),
    ),
    responses(
        (status = 200, description = "How it went; dead letters that failed again stay", body = Replay),
        (status = 202, description = "It is under way; the consumer says how far it is", body = Replay),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope admin, or is not for this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or consumer", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The consumer cannot deliver now, or dead letters of it are being delivered already", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The state database does not answer at the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn replay_all(
    State(collector): State<Arc<Collector>>,
    Path((slug, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Admin]).await?;
    Query::parse(parts.uri.query(), &[])?;
    collector.consumer(&app, &name).await?;
    answer(&collector.replay(&app.slug, &name, Letters::All, key.info.id.clone()).await?)
}

/// Drops a dead letter for good.
#[utoipa::path(
    delete, path = "/v1/consumers/{app}/{name}/dead-letters/{position}", tag = "consumers", operation_id = "dropDeadLetter",
    params(
        ("app" = String, Path, description = "The app's slug"), ("name" = String, Path, description = "The consumer's name"),
        ("position" = u64, Path, description = "The event's place in the log"),
    ),
    responses(
        (status = 204, description = "It is gone; its event stays in the log"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope admin, or is not for this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app, consumer or dead letter", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The state database does not answer at the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn remove(
    State(collector): State<Arc<Collector>>,
    Path((slug, name, position)): Path<(String, String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Admin]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let letter = collector.dead_letter(&app, &name, &position).await?;
    match collector.drop_dead_letters(&app, &name, Letters::One(letter.position), &key.info.id).await? {
        0 => Err(no_dead_letter()),
        _ => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// Drops all dead letters of a consumer for good.
#[utoipa::path(
    delete, path = "/v1/consumers/{app}/{name}/dead-letters", tag = "consumers", operation_id = "dropDeadLetters",
    params(
        ("app" = String, Path, description = "The app's slug"), ("name" = String, Path, description = "The consumer's name"),
        ("all" = bool, Query, description = "`true`: all of them are meant"),
    ),
    responses(
        (status = 200, description = "How many they were; their events stay in the log", body = DroppedBody),
        (status = 400, description = "It is not said that all are meant", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope admin, or is not for this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or consumer", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The state database does not answer at the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn remove_all(
    State(collector): State<Arc<Collector>>,
    Path((slug, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Admin]).await?;
    let query = Query::parse(parts.uri.query(), &["all"])?;
    if !query.flag("all")? {
        return Err(Problem::bad_request("consumer.all", "This drops all dead letters of the consumer.")
            .hint("Say so with `all=true`, or name one by its position."));
    }
    collector.consumer(&app, &name).await?;
    let dropped = collector.drop_dead_letters(&app, &name, Letters::All, &key.info.id).await?;
    json(&DroppedBody { dropped })
}

impl Collector {
    /// A dead letter of a consumer.
    async fn dead_letter(&self, app: &App, name: &str, position: &str) -> Result<DeadLetter, Problem> {
        self.consumer(app, name).await?;
        let Ok(position) = position.parse() else { return Err(no_dead_letter()) };
        let letter = self.consumers.runtime().dead_letter(&app.slug, name, position).await?;
        letter.ok_or_else(no_dead_letter)
    }

    /// Drops dead letters, and writes down who did.
    async fn drop_dead_letters(
        self: &Arc<Self>,
        app: &App,
        name: &str,
        letters: Letters,
        actor: &str,
    ) -> Result<u64, Problem> {
        let dropped = self.consumers.runtime().drop_dead_letters(&app.slug, name, letters).await?;
        if dropped > 0 {
            let data = serde_json::json!({
                "app": &*app.slug, "consumer": name, "count": dropped, "all": letters == Letters::All,
            });
            self.note("consumer.dropped", Some(actor), data).await;
        }
        Ok(dropped)
    }
}

fn answer(replay: &Replay) -> Result<Response, Problem> {
    let status = if replay.ended.is_some() { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, json(replay)?).into_response())
}

fn no_dead_letter() -> Problem {
    Problem::not_found("consumer.no-dead-letter", NO_DEAD_LETTER)
}

fn body_of(letter: DeadLetter, event: Option<String>) -> DeadLetterBody {
    let history = letter.history.into_iter().map(|attempt| AttemptBody {
        time: Timestamp::from_microseconds(attempt.time_us),
        code: attempt.code,
        message: attempt.message,
    });
    DeadLetterBody {
        position: letter.position,
        name: letter.event,
        time: letter.time,
        last_tried: letter.last_tried,
        attempts: letter.attempts,
        history: history.collect(),
        // It was JSON when it was written.
        event: event.and_then(|event| RawValue::from_string(event).ok()),
    }
}
