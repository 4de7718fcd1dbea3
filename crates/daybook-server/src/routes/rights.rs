//! What people may ask for: everything that is kept of them, and that it goes.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use daybook_event::{PersonName, Timestamp};
use daybook_privacy::erasure::{EraseError, Erasure, NewErasure, RequestError, Step};
use daybook_privacy::report::{ReportState, SignedReport};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::json;
use super::subjects::unknown;
use crate::access::Access;
use crate::collector::Collector;
use crate::keyring::Key;
use crate::keys::Scope;
use crate::limits;
use crate::problem::Problem;
use crate::query::Query;
use crate::rights::{Asked, export_of, person_name};

/// People to be erased.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureRequest {
    /// The people, as the app names them; 1 to 10,000.
    pub identities: Vec<String>,
    /// `anonymous` where the names are clients' own anonymous ids; else `identity`.
    #[serde(default)]
    pub kind: Option<String>,
    /// Why, without naming anybody: it stands in the report.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A request to erase people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErasureBody {
    /// Its id.
    pub request: String,
    /// `running`; `incomplete`, where the secrets are destroyed and a view has not confirmed; `complete`.
    pub state: &'static str,
    /// The last step that is done: `requested`, `found`, `announced`, `told`, `destroyed`, `confirmed`, `signed`, `complete`.
    #[schema(value_type = String)]
    pub step: Step,
    /// Names of the request.
    pub people: u64,
    /// Names that are dealt with.
    pub done: u64,
    /// When it was asked.
    #[schema(value_type = String, format = DateTime)]
    pub requested: Timestamp,
    /// When all was done.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub completed: Option<Timestamp>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was done; once the secrets are destroyed.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SignedReportBody>)]
    pub report: Option<SignedReport>,
}

/// A report of an erasure, signed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SignedReportBody {
    /// The report, for reading.
    pub report: Value,
    /// The same, signed: a JWS in its compact form (RFC 7515, EdDSA).
    pub jws: String,
    /// The key that verifies it: Ed25519, as base64url. `GET /v1/privacy` gives it too.
    pub public_key: String,
}

/// Requests to erase people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErasuresBody {
    /// In the order they were made.
    pub erasures: Vec<ErasureBody>,
    /// What to give as `after` for the following page; null on the last.
    pub next: Option<String>,
}

/// Everything that is kept of a person: a zip with their events, one a line, their consents, and a summary to read.
#[utoipa::path(
    get, path = "/v1/{app}/subjects/{identity}/export", tag = "people", operation_id = "exportSubject",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("identity" = String, Path, description = "The person, as the app names them"),
        ("kind" = Option<String>, Query, description = "`anonymous` where the name is the client's own anonymous id; else `identity`"),
        ("purpose" = Option<String>, Query, description = "Why; it is written down with the access"),
    ),
    responses(
        (status = 200, description = "The zip", body = Vec<u8>, content_type = "application/zip"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not see people, or not of this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app, or nothing is known of this person", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "That it is asked for cannot be written down at the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn export(
    State(collector): State<Arc<Collector>>,
    Path((slug, person)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (asked, query) = Asked::read(&collector, &parts, &slug, person, &["purpose"]).await?;
    let known = collector.vault.subject(&asked.app.slug, &asked.name).await?.ok_or_else(unknown)?;
    let purpose = query.text("purpose").filter(|purpose| purpose.len() <= limits::WORD_BYTES_MAX);
    let access = Access { subject: Some(known.id), purpose, ..Access::to(&asked.app.slug, "export") };
    collector.note_access(&asked.key, access).await?;
    let name = format!("attachment; filename=\"{}-{}.zip\"", asked.app.slug, known.id);
    let stream = export_of(&collector, asked, known);
    let headers = [(CONTENT_TYPE, "application/zip"), (CACHE_CONTROL, "no-store"), (CONTENT_DISPOSITION, &name)];
    Ok((headers, Body::from_stream(stream)).into_response())
}

/// Erases a person: their secrets are destroyed, and with them everything that is sealed for them, wherever it lies.
///
/// The answer is a signed report. Of somebody who is not known it says so. What a browser sent under an anonymous id of its own
/// before anybody signed in belongs to nobody's identity; it is erased by that id, with `kind=anonymous`.
#[utoipa::path(
    delete, path = "/v1/{app}/subjects/{identity}", tag = "people", operation_id = "eraseSubject",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("identity" = String, Path, description = "The person, as the app names them"),
        ("kind" = Option<String>, Query, description = "`anonymous` where the name is the client's own anonymous id; else `identity`"),
        ("reason" = Option<String>, Query, description = "Why, without naming anybody: it stands in the report"),
    ),
    responses(
        (status = 200, description = "What was done", body = SignedReportBody),
        (status = 202, description = "It is under way, or a view has not confirmed yet; `GET /v1/{app}/erasures/{id}` says more", body = ErasureBody),
        (status = 400, description = "The reason names the person, or is too long", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not see people, or not of this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The request cannot be written down at the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn erase(
    State(collector): State<Arc<Collector>>,
    Path((slug, person)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (Asked { key, app, name }, query) = Asked::read(&collector, &parts, &slug, person, &["reason"]).await?;
    let id = ask(&collector, &key, &app.slug, &[name], query.text("reason")).await?;
    let eraser = collector.eraser.clone();
    let run = {
        let id = id.clone();
        // A task of its own: that the caller goes away does not stop it.
        tokio::spawn(async move { eraser.run(&id, &|_| {}).await })
    };
    match tokio::time::timeout(limits::ERASURE_PATIENCE, run).await {
        Ok(Ok(Ok(signed))) if signed.report.state == ReportState::Complete => json(&signed),
        Ok(Ok(Ok(_)) | Err(_)) | Err(_) => {
            Ok((StatusCode::ACCEPTED, json(&collector.erasure(&app.slug, &id).await?)?).into_response())
        }
        // It is tried again until it succeeds; who asked is told that it is not yet so.
        Ok(Ok(Err(error))) => {
            tracing::warn!(request = id, error = %crate::problem::Chain(&error), "an erasure does not go on");
            Ok((StatusCode::ACCEPTED, json(&collector.erasure(&app.slug, &id).await?)?).into_response())
        }
    }
}

/// Erases many people. The request goes on by itself; `GET /v1/{app}/erasures/{id}` says how far it is.
#[utoipa::path(
    post, path = "/v1/{app}/erasures", tag = "people", operation_id = "eraseSubjects",
    params(("app" = String, Path, description = "The app's slug")),
    request_body = ErasureRequest,
    responses(
        (status = 202, description = "The request is written down", body = ErasureBody),
        (status = 400, description = "The body does not name people", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not see people, or not of this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The request cannot be written down at the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn erase_many(
    State(collector): State<Arc<Collector>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Privacy]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let body = collector.body_memory.read(&parts.headers, body, collector.config.limits.body_bytes).await?;
    let body = body.inflate(collector.config.limits.body_inflated_bytes)?;
    let invalid = |detail: String| Problem::bad_request("erasure.invalid", detail);
    let asked: ErasureRequest = serde_json::from_slice(&body.bytes)
        .map_err(|error| invalid(format!("This does not name people to erase: {error}.")))?;
    if asked.identities.is_empty() || asked.identities.len() > limits::ERASURE_PEOPLE_MAX {
        return Err(invalid(format!("identities names 1 to {} people.", limits::ERASURE_PEOPLE_MAX)));
    }
    let kind = asked.kind.as_deref();
    let names = asked.identities.into_iter().map(|name| person_name(&app, name, kind));
    let names = names.collect::<Result<Vec<_>, _>>()?;
    let id = ask(&collector, &key, &app.slug, &names, asked.reason.as_deref()).await?;
    Ok((StatusCode::ACCEPTED, json(&collector.erasure(&app.slug, &id).await?)?).into_response())
}

/// Requests to erase people of an app, in the order they were made.
#[utoipa::path(
    get, path = "/v1/{app}/erasures", tag = "people", operation_id = "listErasures",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("after" = Option<String>, Query, description = "Those after this request"),
        ("limit" = Option<u64>, Query, description = "So many at most; 50 unless given, 500 is the most"),
    ),
    responses(
        (status = 200, description = "The requests, without their reports", body = ErasuresBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not see people, or not of this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn list(
    State(collector): State<Arc<Collector>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (_, app) = collector.enter(&parts, &slug, &[Scope::Privacy]).await?;
    let query = Query::parse(parts.uri.query(), &["after", "limit"])?;
    let limit = query.limit(limits::QUARANTINE_PAGE_DEFAULT, limits::QUARANTINE_PAGE_MAX)? as u64;
    let erasures = collector.eraser.list(&app.slug, query.text("after"), limit).await.map_err(failed)?;
    let next = (erasures.len() as u64 == limit).then(|| erasures.last().map(|last| last.request.clone())).flatten();
    json(&ErasuresBody { erasures: erasures.into_iter().map(|erasure| erasure_body(erasure, None)).collect(), next })
}

/// One request to erase people, with its report once there is one.
#[utoipa::path(
    get, path = "/v1/{app}/erasures/{id}", tag = "people", operation_id = "readErasure",
    params(("app" = String, Path, description = "The app's slug"), ("id" = String, Path, description = "The request")),
    responses(
        (status = 200, description = "The request", body = ErasureBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not see people, or not of this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or request", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn show(
    State(collector): State<Arc<Collector>>,
    Path((slug, id)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (_, app) = collector.enter(&parts, &slug, &[Scope::Privacy]).await?;
    Query::parse(parts.uri.query(), &[])?;
    json(&collector.erasure(&app.slug, &id).await?)
}

impl Collector {
    async fn erasure(&self, app: &str, id: &str) -> Result<ErasureBody, Problem> {
        let erasure = self.eraser.get(id).await.map_err(failed)?.filter(|erasure| erasure.app == app);
        let erasure =
            erasure.ok_or_else(|| Problem::not_found("erasure.unknown", "There is no such request in this app."))?;
        let report = self.eraser.report(id).await.map_err(failed)?;
        Ok(erasure_body(erasure, report))
    }
}

/// Writes a request down.
async fn ask(
    collector: &Collector,
    key: &Key,
    app: &str,
    names: &[PersonName<'_>],
    reason: Option<&str>,
) -> Result<String, Problem> {
    let new = NewErasure { app, names, reason, actor: Some(&key.info.id) };
    collector.eraser.request(&new).await.map_err(|error| match error {
        RequestError::Vault(error) => error.into(),
        RequestError::Database(error) => Problem::internal("state.failed", &error),
        error @ (RequestError::Nobody
        | RequestError::TooMany(_)
        | RequestError::NameTooLong(_)
        | RequestError::ReasonTooLong(_)
        | RequestError::ReasonNames) => {
            Problem::bad_request("erasure.invalid", format!("This cannot be done: {error}."))
        }
    })
}

fn erasure_body(erasure: Erasure, report: Option<SignedReport>) -> ErasureBody {
    let state = match (&report, erasure.progress.step) {
        (_, Step::Complete) => "complete",
        (Some(signed), _) if signed.report.state == ReportState::Incomplete => "incomplete",
        _ => "running",
    };
    ErasureBody {
        request: erasure.request,
        state,
        step: erasure.progress.step,
        people: erasure.progress.people,
        done: erasure.progress.done,
        requested: erasure.requested,
        completed: erasure.completed,
        reason: erasure.reason,
        report,
    }
}

fn failed(error: EraseError) -> Problem {
    match error {
        EraseError::Vault(error) => error.into(),
        EraseError::Unknown => Problem::not_found("erasure.unknown", "There is no such request in this app."),
        error => Problem::internal("state.failed", &error),
    }
}
