//! The keys that actors sign with.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use daybook_event::limits::IDENTIFIER_BYTES_MAX;
use daybook_event::{PersonName, SubjectId, Timestamp};
use daybook_privacy::{KnownKey, NewActorKey, Owner};
use daybook_signature::{KeyId, PublicKey};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::json;
use super::quarantine::read_small;
use crate::access::Access;
use crate::collector::{App, Collector};
use crate::keyring::Key;
use crate::keys::{Scope, now};
use crate::limits;
use crate::own_events::Note;
use crate::problem::Problem;
use crate::query::Query;
use crate::rights::person_name;

/// A key that an actor is to sign with. It is that of a person (`identity`) or of an actor who is none (`actor`).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewActorKeyRequest {
    /// The public key: a JSON Web Key (RFC 7517) of kty `OKP` and crv `Ed25519`.
    pub jwk: Value,
    /// The person, as the app names them.
    #[serde(default)]
    pub identity: Option<String>,
    /// The actor.
    #[serde(default)]
    pub actor: Option<ActorName>,
    /// The time of the first event that may be signed with it, RFC 3339.
    #[serde(default)]
    pub not_before: Option<String>,
    /// The time from which on events may not be signed with it any more, RFC 3339.
    #[serde(default)]
    pub not_after: Option<String>,
}

/// An actor who is no person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActorName {
    /// Its kind: `service`, `ai`, `system`, and so on.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    pub id: String,
}

/// A key that an actor signs with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ActorKeyBody {
    /// Its thumbprint (RFC 7638).
    pub kid: String,
    /// By which events of the app `daybook` speak of it.
    pub number: i64,
    /// The person whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// The actor whose it is, who is no person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<ActorName>,
    /// The public key.
    pub jwk: Value,
    /// When it came in.
    #[schema(value_type = String, format = DateTime)]
    pub created: Timestamp,
    /// The time of the first event that may be signed with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub not_before: Option<Timestamp>,
    /// The time from which on events may not be signed with it any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub not_after: Option<Timestamp>,
    /// Since when nothing that comes in is believed to be signed with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked: Option<Timestamp>,
}

/// Keys of an actor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ActorKeysBody {
    /// The oldest first, revoked ones included.
    pub keys: Vec<ActorKeyBody>,
    /// What to give as `after` for the next page, where there may be one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<i64>,
}

impl ActorKeyBody {
    /// What is told of a key.
    pub fn of(known: &KnownKey) -> Self {
        let KnownKey { number, created, key } = known;
        let name = key.owner.name.to_string();
        let (identity, actor) = match &key.owner.kind {
            None => (Some(name), None),
            Some(kind) => (None, Some(ActorName { kind: kind.to_string(), id: name })),
        };
        Self {
            kid: key.public.id().to_string(),
            number: *number,
            identity,
            actor,
            jwk: key.public.to_jwk(),
            created: *created,
            not_before: key.not_before,
            not_after: key.not_after,
            revoked: key.revoked,
        }
    }
}

/// The keys of an actor: of a person, by `identity`, or of one who is none, by `actor_type` and `actor_id`.
#[utoipa::path(
    get, path = "/v1/{app}/actor-keys", tag = "people", operation_id = "listActorKeys",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("identity" = Option<String>, Query, description = "The person, as the app names them"),
        ("actor_type" = Option<String>, Query, description = "The kind of an actor who is no person"),
        ("actor_id" = Option<String>, Query, description = "The name of such an actor"),
        ("after" = Option<i64>, Query, description = "What the page before gave as `next`"),
        ("limit" = Option<u64>, Query, description = "How many keys at most"),
    ),
    responses(
        (status = 200, description = "The keys", body = ActorKeysBody),
        (status = 400, description = "It is not said whose", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
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
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Privacy]).await?;
    let query = Query::parse(parts.uri.query(), &["identity", "actor_type", "actor_id", "after", "limit"])?;
    let text = |name: &str| query.text(name).map(str::to_owned);
    let actor = match (text("actor_type"), text("actor_id")) {
        (None, None) => None,
        (kind, id) => Some(ActorName { kind: kind.unwrap_or_default(), id: id.unwrap_or_default() }),
    };
    let owner = owner(&app, text("identity"), actor)?;
    let limit = query.limit(limits::ACTOR_KEYS_PAGE_DEFAULT, limits::ACTOR_KEYS_PAGE_MAX)? as u64;
    let after = i64::try_from(query.number("after")?.unwrap_or_default()).unwrap_or(i64::MAX);
    note_look(&collector, &key, &app, &owner).await?;
    let keys = collector.vault.keys_of_actor(&app.slug, &owner, after, limit).await?;
    let next = (keys.len() as u64 == limit).then(|| keys.last().map(|last| last.number)).flatten();
    json(&ActorKeysBody { keys: keys.iter().map(ActorKeyBody::of).collect(), next })
}

/// Takes in a key that an actor signs with from now on. The same key of the same actor again changes nothing.
#[utoipa::path(
    post, path = "/v1/{app}/actor-keys", tag = "people", operation_id = "addActorKey",
    params(("app" = String, Path, description = "The app's slug")),
    request_body = NewActorKeyRequest,
    responses(
        (status = 201, description = "The key", body = ActorKeyBody),
        (status = 400, description = "It is no public key of Ed25519, or it is not said whose", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope admin, or is not for this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is another actor's, or the actor has as many as one may have", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "It cannot be written at the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn add(
    State(collector): State<Arc<Collector>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let (admin, app) = collector.enter(&parts, &slug, &[Scope::Admin]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let body = read_small(&collector, &parts.headers, body).await?;
    let new: NewActorKeyRequest = serde_json::from_slice(&body).map_err(|error| {
        Problem::bad_request("actor-key.invalid", format!("This does not describe a key of an actor: {error}."))
    })?;
    let public = PublicKey::from_jwk(&new.jwk.to_string()).map_err(|error| {
        Problem::bad_request("actor-key.invalid", format!("This key cannot be used: {error}."))
            .hint("`daybook actor-key new` makes one.")
    })?;
    let (not_before, not_after) = (time("not_before", new.not_before)?, time("not_after", new.not_after)?);
    if not_before.zip(not_after).is_some_and(|(from, until)| from >= until) {
        return Err(Problem::bad_request("actor-key.invalid", "not_after lies before not_before."));
    }
    let owner = owner(&app, new.identity, new.actor)?;
    let created = now();
    let new = NewActorKey { public, owner: owner.clone(), not_before, not_after, created };
    let known = collector.vault.add_actor_key(&app.slug, new).await?;
    // Who gets an error sends it again; it is written down then, where it was not.
    write_down(&collector, "actor.key.added", &admin, &app, &owner, &known).await?;
    Ok((StatusCode::CREATED, json(&ActorKeyBody::of(&known))?).into_response())
}

/// One key.
#[utoipa::path(
    get, path = "/v1/{app}/actor-keys/{kid}", tag = "people", operation_id = "readActorKey",
    params(("app" = String, Path, description = "The app's slug"), ("kid" = String, Path, description = "The key's thumbprint")),
    responses(
        (status = 200, description = "The key", body = ActorKeyBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not see people, or not of this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or key", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn show(
    State(collector): State<Arc<Collector>>,
    Path((slug, kid)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Privacy]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let known = collector.vault.actor_key(&app.slug, key_id(&kid)?).await?.ok_or_else(unknown)?;
    note_look(&collector, &key, &app, &owner_of(&known)).await?;
    json(&ActorKeyBody::of(&known))
}

/// Revokes a key: nothing that comes in from now on is believed to be signed with it. What came in before stays verified.
#[utoipa::path(
    post, path = "/v1/{app}/actor-keys/{kid}/revoke", tag = "people", operation_id = "revokeActorKey",
    params(("app" = String, Path, description = "The app's slug"), ("kid" = String, Path, description = "The key's thumbprint")),
    responses(
        (status = 200, description = "The key as it is now", body = ActorKeyBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope admin, or is not for this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or key", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "It cannot be written at the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn revoke(
    State(collector): State<Arc<Collector>>,
    Path((slug, kid)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (admin, app) = collector.enter(&parts, &slug, &[Scope::Admin]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let known = collector.vault.revoke_actor_key(&app.slug, key_id(&kid)?, now()).await?.ok_or_else(unknown)?;
    write_down(&collector, "actor.key.revoked", &admin, &app, &owner_of(&known), &known).await?;
    json(&ActorKeyBody::of(&known))
}

/// Forgets a key. Events signed with it stay verified, but the public key has to be kept by whoever wants to verify them again.
#[utoipa::path(
    delete, path = "/v1/{app}/actor-keys/{kid}", tag = "people", operation_id = "removeActorKey",
    params(("app" = String, Path, description = "The app's slug"), ("kid" = String, Path, description = "The key's thumbprint")),
    responses(
        (status = 200, description = "The key as it was", body = ActorKeyBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope admin, or is not for this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or key", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "It cannot be written at the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn remove(
    State(collector): State<Arc<Collector>>,
    Path((slug, kid)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (admin, app) = collector.enter(&parts, &slug, &[Scope::Admin]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let known = collector.vault.remove_actor_key(&app.slug, key_id(&kid)?).await?.ok_or_else(unknown)?;
    write_down(&collector, "actor.key.removed", &admin, &app, &owner_of(&known), &known).await?;
    json(&ActorKeyBody::of(&known))
}

/// Whose a key is, as a request says it.
fn owner(app: &App, identity: Option<String>, actor: Option<ActorName>) -> Result<Owner, Problem> {
    let wrong = |detail: &'static str| Problem::bad_request("actor-key.owner", detail);
    match (identity, actor) {
        (Some(identity), None) => Ok(Owner::Person(person_name(app, identity, None)?)),
        // A user is a person, however they are called.
        (None, Some(actor)) if actor.kind == "user" => Ok(Owner::Person(person_name(app, actor.id, None)?)),
        (None, Some(ActorName { kind, id })) => {
            let fits = |text: &str| !text.is_empty() && text.len() <= IDENTIFIER_BYTES_MAX;
            if !fits(&kind) || !fits(&id) {
                return Err(wrong("An actor has a type and an id of at most 256 bytes each."));
            }
            Ok(Owner::Actor { kind, name: id })
        }
        (None, None) => Err(wrong("It is not said whose the key is.")
            .hint("Name a person with `identity`, or another actor with its type and id.")),
        (Some(_), Some(_)) => Err(wrong("A key is a person's or another actor's, not both.")),
    }
}

fn owner_of(known: &KnownKey) -> Owner {
    let name = known.key.owner.name.to_string();
    match &known.key.owner.kind {
        None => Owner::Person(PersonName::identity(name)),
        Some(kind) => Owner::Actor { kind: kind.to_string(), name },
    }
}

fn key_id(text: &str) -> Result<KeyId, Problem> {
    KeyId::parse(text).ok_or_else(unknown)
}

fn unknown() -> Problem {
    Problem::not_found("actor-key.unknown", "No actor of this app has a key of this name.")
        .hint("It may have been removed, or its person erased; the name of a key is its thumbprint (RFC 7638).")
}

fn time(name: &'static str, text: Option<String>) -> Result<Option<Timestamp>, Problem> {
    let parse = |text: String| {
        Timestamp::parse(&text)
            .map_err(|error| Problem::bad_request("actor-key.invalid", format!("{name} is {error}.")))
    };
    text.map(parse).transpose()
}

/// The random id of the person whose a key is.
async fn subject(collector: &Collector, app: &App, owner: &Owner) -> Result<Option<SubjectId>, Problem> {
    let Owner::Person(name) = owner else { return Ok(None) };
    Ok(collector.vault.subject(&app.slug, name).await?.map(|known| known.id))
}

/// Writes down that the keys of a person are looked at.
async fn note_look(collector: &Arc<Collector>, key: &Key, app: &App, owner: &Owner) -> Result<(), Problem> {
    let Some(subject) = subject(collector, app, owner).await? else { return Ok(()) };
    collector.note_access(key, Access { subject: Some(subject), ..Access::to(&app.slug, "subject") }).await
}

/// Writes down who changed what. The key is named by its number: its thumbprint would lead to whoever published it, also when they are
/// forgotten here.
async fn write_down(
    collector: &Arc<Collector>,
    name: &'static str,
    admin: &Key,
    app: &App,
    owner: &Owner,
    known: &KnownKey,
) -> Result<(), Problem> {
    let mut data = json!({ "app": &*app.slug, "key": known.number });
    match owner {
        Owner::Person(_) => {
            if let Some(subject) = subject(collector, app, owner).await? {
                data["subject"] = subject.to_string().into();
            }
        }
        Owner::Actor { kind, name } => data["actor"] = json!({ "type": kind, "id": name }),
    }
    let times =
        [("not_before", known.key.not_before), ("not_after", known.key.not_after), ("revoked", known.key.revoked)];
    for (name, time) in times {
        if let Some(time) = time {
            data[name] = time.to_string().into();
        }
    }
    collector.write_notes(&[Note::new(name, Some(&admin.info.id), data)]).await.map(drop)
}
