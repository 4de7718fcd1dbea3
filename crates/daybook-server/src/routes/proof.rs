//! The proof of the log: checkpoints, tiles, keys, and the proof that an event is in it.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use daybook_event::{Kind, Position, stored};
use daybook_proof::checkpoint::SignedCheckpoint;
use daybook_proof::hash::to_base64;
use daybook_proof::inclusion::InclusionProof;
use daybook_proof::key::PublicKey;
use daybook_proof::store::TileError;
use daybook_proof::tile::{TileName, width_at};
use daybook_proof::tree::TreeError;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::feed::position_of;
use super::json;
use crate::collector::Collector;
use crate::keys::Scope;
use crate::limits;
use crate::media;
use crate::problem::Problem;
use crate::proof::Proof;
use crate::query::Query;
use crate::reading;

const TEXT: &str = "text/plain; charset=utf-8";

/// Says whose log this is: its origin and its public keys, the current one first.
///
/// Whoever verifies takes the key from here once, and keeps it elsewhere.
#[utoipa::path(
    get, path = "/log", tag = "proof", operation_id = "readLogOrigin",
    responses(
        (status = 200, description = "Origin, keys, and where the rest is", body = String, content_type = "text/plain"),
        (status = 401, description = "Checkpoints and tiles are not public here, and there is no key", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This log is not signed", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security((), ("bearer" = []))
)]
pub async fn origin(State(collector): State<Arc<Collector>>, request: Request) -> Result<Response, Problem> {
    let proof = enter(&collector, &request.into_parts().0).await?;
    let keys = proof.keys();
    let mut page = format!(
        "# The log of this Daybook: a tiled transparency log (c2sp.org/tlog-tiles).\n# Checkpoint: log/checkpoint. Tiles: \
         log/tile/<L>/<N>[.p/<W>].\norigin {}\n# Public keys (c2sp.org/signed-note), the one that signs now first.\n",
        keys.first().map_or("", PublicKey::name)
    );
    for key in &*keys {
        // Writing to a text does not fail.
        let _ = writeln!(page, "vkey {key}");
    }
    Ok(([(CONTENT_TYPE, TEXT), (CACHE_CONTROL, "no-cache")], page).into_response())
}

/// The newest checkpoint: how large the log is, and its root, signed.
#[utoipa::path(
    get, path = "/log/checkpoint", tag = "proof", operation_id = "readCheckpoint",
    responses(
        (status = 200, description = "The checkpoint, a signed note (c2sp.org/tlog-checkpoint)", body = String, content_type = "text/plain"),
        (status = 304, description = "It is the one that `If-None-Match` names"),
        (status = 401, description = "Checkpoints and tiles are not public here, and there is no key", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nothing was signed yet", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security((), ("bearer" = []))
)]
pub async fn checkpoint(State(collector): State<Arc<Collector>>, request: Request) -> Result<Response, Problem> {
    let parts = request.into_parts().0;
    let proof = enter(&collector, &parts).await?;
    let signed = proof.checkpoint().ok_or_else(nothing_signed)?;
    let tag = etag(&signed)?;
    let headers = [(CACHE_CONTROL, HeaderValue::from_static("no-cache")), (ETAG, tag.clone())];
    if parts.headers.get_all(IF_NONE_MATCH).iter().any(|known| *known == tag) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, [(CONTENT_TYPE, TEXT)], signed.note.to_string()).into_response())
}

/// A tile: up to 256 hashes of the tree.
///
/// Entries are not served in this way: they are events, sealed, and read as such.
#[utoipa::path(
    get, path = "/log/tile/{*path}", tag = "proof", operation_id = "readTile",
    params(("*path" = String, Path, description = "`<L>/<N>` of a full tile, `<L>/<N>.p/<W>` of a partial one (c2sp.org/tlog-tiles)")),
    responses(
        (status = 200, description = "The hashes, 32 bytes each", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 401, description = "Checkpoints and tiles are not public here, and there is no key", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The tree that was signed has no such tile", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security((), ("bearer" = []))
)]
pub async fn tile(
    State(collector): State<Arc<Collector>>,
    Path(path): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let proof = enter(&collector, &request.into_parts().0).await?;
    let unknown = || Problem::not_found("tile.unknown", "The tree that was signed has no such tile.");
    let name = TileName::parse(&format!("tile/{path}")).ok_or_else(unknown)?;
    let size = proof.checkpoint().ok_or_else(nothing_signed)?.checkpoint.size;
    // Only what was signed: what is written and not signed yet may be written again.
    let width = width_at(name.level, name.index, size);
    if name.width > width {
        return Err(unknown());
    }
    let store = proof.handle.store().clone();
    let tile = reading::apart(&collector, move || match store.tile(TileName { width, ..name }) {
        Ok(tile) => Ok(tile),
        Err(TileError::Missing(_)) => Err(unknown()),
        Err(error) => Err(Problem::internal("proof.unreadable", &error)),
    })
    .await?;
    let bytes = tile.hashes().get(..usize::from(name.width)).ok_or_else(unknown)?.as_flattened().to_vec();
    let headers = [(CONTENT_TYPE, "application/octet-stream"), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, bytes).into_response())
}

/// Proves that an event is in the log, for whoever has the log's public key and nothing else.
///
/// As text it is a `tlog-proof` (c2sp.org/tlog-proof). What it proves is that the record's bytes are in the log; they are the
/// `record` of the JSON form, with what is personal sealed. `daybook proof` verifies both.
#[utoipa::path(
    get, path = "/v1/{app}/events/{id}/proof", tag = "proof", operation_id = "proveEvent",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("id" = String, Path, description = "The event's canonical id, or its id in the app"),
        ("format" = Option<String>, Query, description = "`text` or `json`; overrides `Accept`"),
    ),
    responses(
        (status = 200, description = "The proof", content(
            (String = "text/plain"),
            (EventProofBody = "application/json"),
        )),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or event, or the log is not signed", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 406, description = "None of the forms in `Accept` is to be had", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The event is not signed yet, or nothing is signed any more", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn event(
    State(collector): State<Arc<Collector>>,
    Path((slug, id)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (_, app) = collector.enter(&parts, &slug, &[Scope::Read]).await?;
    let query = Query::parse(parts.uri.query(), &["format"])?;
    let offered = [("text", "text/plain"), ("json", media::JSON)];
    let media_type = media::answer_form(&parts.headers, query.text("format"), &offered)?;
    let proof = collector.proof.as_ref().ok_or_else(not_signed)?;
    let reader = Arc::clone(&collector);
    let position = reading::apart(&collector, move || position_of(&reader, &app, &id)).await?;
    let signed = covering(proof, position).await?;
    let reader = Arc::clone(&collector);
    let proven = reading::apart(&collector, move || prove(&reader, position, &signed)).await?;
    if media_type == media::JSON {
        return json(&proven);
    }
    Ok(([(CONTENT_TYPE, TEXT)], proven.proof).into_response())
}

/// The proof that an event is in the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventProofBody {
    /// The event's position in the log.
    pub position: Position,
    /// The index of its leaf: the position less one.
    pub index: u64,
    /// The bytes of the record as they are stored, in base64; none where only their hash is left.
    pub record: Option<String>,
    /// The hash of the leaf, in base64: SHA-256 of a zero byte and the record.
    pub leaf: String,
    /// The hashes from the leaf's sibling up to the root's child, in base64.
    pub hashes: Vec<String>,
    /// How many leaves the tree has.
    pub size: u64,
    /// Its root, in base64.
    pub root: String,
    /// The checkpoint, a signed note.
    pub checkpoint: String,
    /// All of it as a `tlog-proof`, but for the record.
    pub proof: String,
    /// The public keys of the log. Take them from here only once.
    pub keys: Vec<String>,
}

fn prove(collector: &Collector, position: Position, signed: &SignedCheckpoint) -> Result<EventProofBody, Problem> {
    let failed = |error: &dyn std::error::Error| Problem::internal("log.unreadable", error);
    let unknown = || Problem::not_found("event.unknown", "There is no event of this id in this app.");
    let proof = collector.proof.as_ref().ok_or_else(not_signed)?;
    let record = collector.log.record(position).map_err(|error| failed(&error))?;
    // A count is not an event, though it has a place.
    let is_count = |bytes: &[u8]| stored::heading(bytes).is_some_and(|heading| heading.kind == Kind::DailyCount);
    if record.as_deref().is_some_and(is_count) {
        return Err(unknown());
    }
    let leaf = collector.log.leaf(position).map_err(|error| failed(&error))?.ok_or_else(unknown)?;
    let made: InclusionProof = proof.handle.store().prove(position, signed).map_err(|error| match error {
        TreeError::Tile(error) => Problem::internal("proof.unreadable", &error),
        TreeError::Range { .. } => not_yet(),
    })?;
    Ok(EventProofBody {
        position,
        index: made.index,
        record: record.map(|bytes| BASE64_STANDARD.encode(bytes)),
        leaf: to_base64(&leaf),
        hashes: made.hashes.iter().map(to_base64).collect(),
        size: signed.checkpoint.size,
        root: to_base64(&signed.checkpoint.root),
        checkpoint: made.checkpoint.clone(),
        proof: made.to_string(),
        keys: proof.keys().iter().map(ToString::to_string).collect(),
    })
}

/// A checkpoint that covers a record, which is signed within a second.
async fn covering(proof: &Proof, position: Position) -> Result<Arc<SignedCheckpoint>, Problem> {
    match tokio::time::timeout(limits::PROOF_PATIENCE, proof.handle.covering(position)).await {
        Ok(Some(signed)) => Ok(signed),
        Ok(None) => Err(Problem::unavailable(
            "proof.refused",
            "The log is not what was signed before, so nothing more of it is signed. The server's own log says why.",
            limits::PROOF_REFUSED_RETRY_AFTER,
        )),
        Err(_) => Err(not_yet()),
    }
}

/// Checkpoints and tiles, for whoever may see them.
async fn enter<'a>(collector: &'a Collector, parts: &Parts) -> Result<&'a Proof, Problem> {
    if collector.config.proof.public {
        Query::parse(parts.uri.query(), &[])?;
    } else {
        collector.authorise(parts, &[Scope::Read]).await?;
        Query::parse(parts.uri.query(), &["key"])?;
    }
    collector.proof.as_ref().ok_or_else(not_signed)
}

fn etag(signed: &SignedCheckpoint) -> Result<HeaderValue, Problem> {
    let key = signed.signed.first().map_or(0, |signed| signed.key.id());
    HeaderValue::from_str(&format!("\"{}-{key:08x}\"", signed.checkpoint.size))
        .map_err(|error| Problem::internal("server.failed", &error))
}

fn not_signed() -> Problem {
    Problem::not_found("proof.none", "This log is not signed.")
        .hint("The server says why when it starts; `proof.key-file` says where the signing key is.")
}

fn nothing_signed() -> Problem {
    Problem::not_found("proof.none", "Nothing of this log was signed yet.")
}

fn not_yet() -> Problem {
    Problem::unavailable("proof.not-yet", "The event is not signed yet.", limits::PROOF_RETRY_AFTER)
}
