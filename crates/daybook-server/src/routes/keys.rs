//! Managing keys.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::json;
use super::quarantine::read_small;
use crate::collector::Collector;
use crate::keyring::Key;
use crate::keys::{self, CreatedKey, KeyInfo, NewKey, Scope, now};
use crate::problem::Problem;
use crate::query::Query;

/// All keys, oldest first, revoked ones included. The keys themselves are not among what is told.
#[utoipa::path(
    get, path = "/v1/keys", tag = "keys", operation_id = "listKeys",
    responses(
        (status = 200, description = "The keys", body = crate::openapi::KeysBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope admin", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn list(State(collector): State<Arc<Collector>>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    collector.authorise(&parts, &[Scope::Admin]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let keys = keys::all(&collector.database).await.map_err(|error| Problem::state(&error))?;
    json(&serde_json::json!({ "keys": keys }))
}

/// Makes a key. The answer is the only place where it is ever shown.
#[utoipa::path(
    post, path = "/v1/keys", tag = "keys", operation_id = "createKey",
    request_body = NewKey,
    responses(
        (status = 201, description = "The key", body = CreatedKey),
        (status = 400, description = "What was asked for makes no sense", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope admin", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There are as many keys as there may be", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn create(State(collector): State<Arc<Collector>>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let admin = collector.authorise(&parts, &[Scope::Admin]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let body = read_small(&collector, &parts.headers, body).await?;
    let new: NewKey = serde_json::from_slice(&body)
        .map_err(|error| Problem::bad_request("key.invalid", format!("This does not describe a key: {error}.")))?;
    if let Some(unknown) = new.apps.iter().flatten().find(|app| collector.app(app).is_none()) {
        return Err(Problem::bad_request("key.invalid", format!("There is no app {unknown}.")));
    }
    let created = keys::insert(&collector.database, new, now()).await?;
    refresh(&collector).await;
    note(&collector, "key.created", &admin, &created.info).await;
    Ok((StatusCode::CREATED, json(&created)?).into_response())
}

/// Takes a key back, for good.
#[utoipa::path(
    delete, path = "/v1/keys/{id}", tag = "keys", operation_id = "revokeKey",
    params(("id" = String, Path, description = "The key's id")),
    responses(
        (status = 200, description = "The key as it is now", body = KeyInfo),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope admin", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such key", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn revoke(
    State(collector): State<Arc<Collector>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let admin = collector.authorise(&parts, &[Scope::Admin]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let time = now();
    let revoked = keys::mark_revoked(&collector.database, &id, time).await?;
    if revoked.revoked == Some(time) {
        refresh(&collector).await;
        note(&collector, "key.revoked", &admin, &revoked).await;
    }
    json(&revoked)
}

/// Writes down who changed what.
async fn note(collector: &Arc<Collector>, name: &'static str, admin: &Key, key: &KeyInfo) {
    tracing::info!(key = key.id, "{name}");
    let mut data = serde_json::json!({ "key": key.id });
    if let Some([app]) = key.apps.as_deref() {
        data["app"] = app.as_str().into();
    }
    if name == "key.created" {
        data["scopes"] = key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().into();
        data["public"] = key.public.into();
        if let Some(expires) = key.expires {
            data["expires"] = expires.to_string().into();
        }
    }
    collector.note(name, Some(&admin.info.id), data).await;
}

/// Makes the change count at once. Where that fails it counts a second later.
async fn refresh(collector: &Collector) {
    if let Err(error) = collector.keys.refresh().await {
        tracing::warn!(error = %crate::problem::Chain(&error), "the keys could not be read again");
    }
}
