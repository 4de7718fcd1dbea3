//! What is known of one person, and what they said about it.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::Response;
use daybook_catalog::ConsentPurpose;
use daybook_event::{SubjectId, Timestamp};
use daybook_privacy::{ConsentRow, NewConsent};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::json;
use super::quarantine::read_small;
use crate::access::Access;
use crate::collector::{App, Collector};
use crate::keys::now;
use crate::limits;
use crate::own_events::Note;
use crate::problem::Problem;
use crate::rights::Asked;

/// What a person says of a purpose.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentRequest {
    /// Whether they agree.
    pub granted: bool,
    /// Where they said so: `settings`, `sign-up`, `support`.
    #[serde(default)]
    pub source: Option<String>,
    /// The version of the text they were shown.
    #[serde(default)]
    pub version: Option<String>,
    /// When they said so, RFC 3339; now where left out.
    #[serde(default)]
    pub time: Option<String>,
}

/// What holds of a purpose for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConsentBody {
    /// The purpose.
    pub purpose: String,
    /// What it allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it is allowed.
    pub granted: bool,
    /// Whether they ever said so themselves; otherwise it is what the catalog says of people who were not asked.
    pub decided: bool,
    /// What held before; of an answer to a change, null where they had never said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bool>)]
    pub previous: Option<Option<bool>>,
    /// When they said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub time: Option<Timestamp>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The version of the text they were shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// All purposes of an app, for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConsentsBody {
    /// In the order of the catalog.
    pub consents: Vec<ConsentBody>,
}

/// What is known of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SubjectBody {
    /// The random id that stands for them in every event and view.
    #[schema(value_type = String)]
    pub anonymous_id: SubjectId,
    /// When they were first seen.
    #[schema(value_type = String, format = DateTime)]
    pub created: Timestamp,
    /// Since when they object; null where they do not.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub objected: Option<Timestamp>,
    /// What holds of each purpose.
    pub consents: Vec<ConsentBody>,
}

/// Where somebody said that they object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectionRequest {
    /// Where they said so.
    #[serde(default)]
    pub source: Option<String>,
}

/// Whether a person objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ObjectionBody {
    /// Since when they do; null where they do not.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub objected: Option<Timestamp>,
}

/// What is known of a person, but for their name and their events.
#[utoipa::path(
    get, path = "/v1/{app}/subjects/{identity}", tag = "people", operation_id = "readSubject",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("identity" = String, Path, description = "The person, as the app names them"),
        ("kind" = Option<String>, Query, description = "`anonymous` where the name is the client's own anonymous id; else `identity`"),
    ),
    responses(
        (status = 200, description = "What is known", body = SubjectBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not see people, or not of this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app, or nothing is known of this person", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn show(
    State(collector): State<Arc<Collector>>,
    Path((slug, person)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (asked, _) = Asked::read(&collector, &parts, &slug, person, &[]).await?;
    let known = collector.vault.subject(&asked.app.slug, &asked.name).await?.ok_or_else(unknown)?;
    let access = Access { subject: Some(known.id), ..Access::to(&asked.app.slug, "subject") };
    collector.note_access(&asked.key, access).await?;
    let consents = all_consents(&asked.app, &known.consents);
    json(&SubjectBody { anonymous_id: known.id, created: known.created, objected: known.objected, consents })
}

/// What holds of each purpose for a person: what they said, or what the catalog says of people who were not asked.
#[utoipa::path(
    get, path = "/v1/{app}/subjects/{identity}/consents", tag = "people", operation_id = "readConsents",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("identity" = String, Path, description = "The person, as the app names them"),
        ("kind" = Option<String>, Query, description = "`anonymous` where the name is the client's own anonymous id; else `identity`"),
    ),
    responses(
        (status = 200, description = "Every purpose of the app", body = ConsentsBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not see people, or not of this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn consents(
    State(collector): State<Arc<Collector>>,
    Path((slug, person)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (asked, _) = Asked::read(&collector, &parts, &slug, person, &[]).await?;
    let rows = collector.vault.consents(&asked.app.slug, &asked.name).await?;
    json(&ConsentsBody { consents: all_consents(&asked.app, &rows) })
}

/// What holds of one purpose for a person.
#[utoipa::path(
    get, path = "/v1/{app}/subjects/{identity}/consents/{purpose}", tag = "people", operation_id = "readConsent",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("identity" = String, Path, description = "The person, as the app names them"),
        ("purpose" = String, Path, description = "One of the purposes of the app's catalog"),
        ("kind" = Option<String>, Query, description = "`anonymous` where the name is the client's own anonymous id; else `identity`"),
    ),
    responses(
        (status = 200, description = "What holds", body = ConsentBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not see people, or not of this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or purpose", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn consent(
    State(collector): State<Arc<Collector>>,
    Path((slug, person, purpose)): Path<(String, String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (asked, _) = Asked::read(&collector, &parts, &slug, person, &[]).await?;
    let purpose = purpose_of(&asked.app, &purpose)?;
    let rows = collector.vault.consents(&asked.app.slug, &asked.name).await?;
    json(&consent_body(purpose, rows.into_iter().find(|row| row.purpose == purpose.purpose)))
}

/// Notes what a person says of a purpose. It counts from the next event on, and is an event of the app `daybook` itself.
#[utoipa::path(
    put, path = "/v1/{app}/subjects/{identity}/consents/{purpose}", tag = "people", operation_id = "setConsent",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("identity" = String, Path, description = "The person, as the app names them"),
        ("purpose" = String, Path, description = "One of the purposes of the app's catalog"),
        ("kind" = Option<String>, Query, description = "`anonymous` where the name is the client's own anonymous id; else `identity`"),
    ),
    request_body = ConsentRequest,
    responses(
        (status = 200, description = "What holds now, and what held before", body = ConsentBody),
        (status = 400, description = "The body is not a consent", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not see people, or not of this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or purpose", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "It cannot be written at the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn set_consent(
    State(collector): State<Arc<Collector>>,
    Path((slug, person, purpose)): Path<(String, String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let (asked, _) = Asked::read(&collector, &parts, &slug, person, &[]).await?;
    let purpose = purpose_of(&asked.app, &purpose)?;
    let body = read_small(&collector, &parts.headers, body).await?;
    let said: ConsentRequest = serde_json::from_slice(&body)
        .map_err(|error| Problem::bad_request("consent.invalid", format!("This is not a consent: {error}.")))?;
    words([("source", &said.source), ("version", &said.version)])?;
    let now = now();
    let time = match said.time.as_deref().map(Timestamp::parse) {
        None => now,
        Some(Ok(time)) if time <= now => time,
        Some(Ok(_)) => return Err(Problem::bad_request("consent.time", "time lies in the future.")),
        Some(Err(error)) => return Err(Problem::bad_request("consent.time", format!("time is {error}."))),
    };
    let new = NewConsent { granted: said.granted, time, source: said.source, version: said.version };
    let changed = collector.vault.set_consent(&asked.app.slug, &asked.name, &purpose.purpose, new.clone()).await?;
    let previous = changed.previous.map(|row| row.granted);
    let data = json!({
        "app": &*asked.app.slug, "subject": changed.person.id, "purpose": purpose.purpose, "granted": new.granted,
        "previous": previous, "source": new.source, "version": new.version, "time": new.time,
    });
    // What has been said holds already; whoever gets an error says it again, and it is written down then.
    let note = Note::new("privacy.consent.changed", Some(&asked.key.info.id), without_nulls(data));
    collector.write_notes(&[note]).await?;
    let row = ConsentRow {
        purpose: purpose.purpose.clone(),
        granted: new.granted,
        time: new.time,
        source: new.source,
        version: new.version,
    };
    json(&ConsentBody { previous: Some(previous), ..consent_body(purpose, Some(row)) })
}

/// Whether a person objects to anything being kept that points to them.
#[utoipa::path(
    get, path = "/v1/{app}/subjects/{identity}/objection", tag = "people", operation_id = "readObjection",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("identity" = String, Path, description = "The person, as the app names them"),
        ("kind" = Option<String>, Query, description = "`anonymous` where the name is the client's own anonymous id; else `identity`"),
    ),
    responses(
        (status = 200, description = "Whether they object", body = ObjectionBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not see people, or not of this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn objection(
    State(collector): State<Arc<Collector>>,
    Path((slug, person)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (asked, _) = Asked::read(&collector, &parts, &slug, person, &[]).await?;
    let known = collector.vault.subject(&asked.app.slug, &asked.name).await?;
    json(&ObjectionBody { objected: known.and_then(|known| known.objected) })
}

/// Notes that a person objects: from the next event on only anonymous ones are kept of them, whatever they consented to.
#[utoipa::path(
    put, path = "/v1/{app}/subjects/{identity}/objection", tag = "people", operation_id = "object",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("identity" = String, Path, description = "The person, as the app names them"),
        ("kind" = Option<String>, Query, description = "`anonymous` where the name is the client's own anonymous id; else `identity`"),
    ),
    request_body(content = Option<ObjectionRequest>),
    responses(
        (status = 200, description = "They object", body = ObjectionBody),
        (status = 400, description = "The body is not understood", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not see people, or not of this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "It cannot be written at the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn object(
    State(collector): State<Arc<Collector>>,
    Path((slug, person)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let (asked, _) = Asked::read(&collector, &parts, &slug, person, &[]).await?;
    let body = read_small(&collector, &parts.headers, body).await?;
    let said: ObjectionRequest = if body.trim_ascii().is_empty() {
        ObjectionRequest::default()
    } else {
        serde_json::from_slice(&body)
            .map_err(|error| Problem::bad_request("objection.invalid", format!("This is not an objection: {error}.")))?
    };
    words([("source", &said.source)])?;
    change_objection(&collector, &asked, Some(now()), said.source).await
}

/// Notes that a person no longer objects.
#[utoipa::path(
    delete, path = "/v1/{app}/subjects/{identity}/objection", tag = "people", operation_id = "withdrawObjection",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("identity" = String, Path, description = "The person, as the app names them"),
        ("kind" = Option<String>, Query, description = "`anonymous` where the name is the client's own anonymous id; else `identity`"),
    ),
    responses(
        (status = 200, description = "They do not object", body = ObjectionBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not see people, or not of this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "It cannot be written at the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn withdraw_objection(
    State(collector): State<Arc<Collector>>,
    Path((slug, person)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (asked, _) = Asked::read(&collector, &parts, &slug, person, &[]).await?;
    if collector.vault.subject(&asked.app.slug, &asked.name).await?.is_none() {
        // Nobody is made known for not objecting.
        return json(&ObjectionBody { objected: None });
    }
    change_objection(&collector, &asked, None, None).await
}

async fn change_objection(
    collector: &Arc<Collector>,
    asked: &Asked,
    objected: Option<Timestamp>,
    source: Option<String>,
) -> Result<Response, Problem> {
    let changed = collector.vault.set_objection(&asked.app.slug, &asked.name, objected).await?;
    let data = json!({
        "app": &*asked.app.slug, "subject": changed.person.id, "objected": objected.is_some(),
        "previous": changed.previous.is_some(), "source": source,
    });
    let note = Note::new("privacy.objection.changed", Some(&asked.key.info.id), without_nulls(data));
    collector.write_notes(&[note]).await?;
    // Who objected before has done so since then.
    json(&ObjectionBody { objected: objected.map(|now| changed.previous.unwrap_or(now)) })
}

/// The answer where nothing is known of a person.
pub(super) fn unknown() -> Problem {
    Problem::not_found("subject.unknown", "Nothing is known of this person.")
        .hint("They may never have been seen, have been erased, or the vault may be locked: GET /v1/privacy says so.")
}

fn purpose_of<'a>(app: &'a App, purpose: &str) -> Result<&'a ConsentPurpose, Problem> {
    let purposes = &app.catalog.consent;
    purposes.iter().find(|known| known.purpose == purpose).ok_or_else(|| {
        let names: Vec<&str> = purposes.iter().map(|known| known.purpose.as_str()).collect();
        let problem = Problem::not_found("consent.unknown", "The app's catalog has no such purpose.");
        if names.is_empty() {
            problem.hint("It has none at all.")
        } else {
            problem.hint(format!("It has {}.", names.join(", ")))
        }
    })
}

fn all_consents(app: &App, rows: &[ConsentRow]) -> Vec<ConsentBody> {
    let row_of = |purpose: &ConsentPurpose| rows.iter().find(|row| row.purpose == purpose.purpose).cloned();
    app.catalog.consent.iter().map(|purpose| consent_body(purpose, row_of(purpose))).collect()
}

fn consent_body(purpose: &ConsentPurpose, row: Option<ConsentRow>) -> ConsentBody {
    let body = ConsentBody {
        purpose: purpose.purpose.clone(),
        description: purpose.description.clone(),
        granted: purpose.default,
        decided: false,
        previous: None,
        time: None,
        source: None,
        version: None,
    };
    match row {
        None => body,
        Some(row) => ConsentBody {
            granted: row.granted,
            decided: true,
            time: Some(row.time),
            source: row.source,
            version: row.version,
            ..body
        },
    }
}

/// Words of a caller that are kept are short.
fn words<const N: usize>(given: [(&'static str, &Option<String>); N]) -> Result<(), Problem> {
    for (name, word) in given {
        if word.as_ref().is_some_and(|word| word.len() > limits::WORD_BYTES_MAX) {
            let detail = format!("{name} has at most {} bytes.", limits::WORD_BYTES_MAX);
            return Err(Problem::bad_request("body.too-long", detail));
        }
    }
    Ok(())
}

/// The object without members that say nothing; `previous` says something even where it is null.
fn without_nulls(mut data: serde_json::Value) -> serde_json::Value {
    if let Some(members) = data.as_object_mut() {
        members.retain(|name, value| !value.is_null() || name == "previous");
    }
    data
}
