//! How the vault is doing.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::json;
use crate::collector::Collector;
use crate::keys::Scope;
use crate::problem::Problem;
use crate::query::Query;

/// How the vault is doing, and the key that verifies reports.
#[derive(Debug, Serialize, ToSchema)]
pub struct PrivacyBody {
    /// The vault.
    pub vault: VaultBody,
    /// The key that verifies reports of erasures: Ed25519, as base64url.
    pub report_key: String,
    /// All keys that ever signed a report here, the newest first.
    pub report_keys: Vec<String>,
}

/// How the vault is doing.
#[derive(Debug, Serialize, ToSchema)]
pub struct VaultBody {
    /// `open`, or `degraded` where something in it cannot be read.
    pub state: &'static str,
    /// People who can be read.
    pub people: u64,
    /// People who cannot: the master key that wraps them is not at hand, or their row is damaged.
    pub unreadable_people: u64,
    /// Months whose secrets can be read.
    pub months: u64,
    /// Months whose secrets cannot.
    pub unreadable_months: u64,
    /// Generations of the vault's key; more than one where it was once opened with another master key.
    #[schema(value_type = Vec<Object>)]
    pub generations: Vec<daybook_privacy::vault::Generation>,
}

/// How the vault is doing, and the key that verifies reports of erasures.
#[utoipa::path(
    get, path = "/v1/privacy", tag = "people", operation_id = "readPrivacy",
    responses(
        (status = 200, description = "How the vault is doing", body = PrivacyBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The state database does not answer", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn privacy(State(collector): State<Arc<Collector>>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    collector.authorise(&parts, &[Scope::Read]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let status = collector.vault.status().await?;
    let vault = VaultBody {
        state: if status.is_degraded() { "degraded" } else { "open" },
        people: status.people,
        unreadable_people: status.unreadable_people,
        months: status.months,
        unreadable_months: status.unreadable_months,
        generations: status.generations,
    };
    let report_keys = collector.eraser.report_keys().await;
    let mut report_keys = report_keys.map_err(|error| Problem::internal("vault.failed", &error))?;
    if report_keys.is_empty() {
        let first = collector.eraser.report_key().await;
        report_keys.push(first.map_err(|error| Problem::internal("vault.failed", &error))?);
    }
    json(&PrivacyBody { vault, report_key: report_keys[0].clone(), report_keys })
}
