//! What operators and their tools ask.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use daybook_proof::publisher::PublisherState;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Serialize;

use super::json;
use crate::collector::Collector;
use crate::media;
use crate::metrics::{AggregateGauge, Gauges, IndexGauge, LakeGauge};
use crate::openapi;
use crate::problem::{Chain, Problem};

/// Says that the process runs, how many consumers are in which state, and whether the log is being signed.
#[utoipa::path(
    get, path = "/healthz", tag = "operations", operation_id = "health",
    responses((status = 200, description = "The process runs", body = openapi::HealthBody))
)]
pub async fn health(State(collector): State<Arc<Collector>>) -> Result<Response, Problem> {
    let mut consumers = BTreeMap::new();
    for status in collector.consumers.statuses() {
        let state = collector.consumers.state_of(&status);
        *consumers.entry(state.to_owned()).or_default() += 1;
    }
    let proof = collector.proof.as_ref().map(|proof| proof.health().to_owned());
    json(&openapi::HealthBody { status: "ok".to_owned(), consumers: Some(consumers), proof })
}

/// Says whether events can be taken.
#[utoipa::path(
    get, path = "/readyz", tag = "operations", operation_id = "ready",
    responses(
        (status = 200, description = "Events can be taken", body = openapi::HealthBody),
        (status = 503, description = "They cannot; `reasons` says why", body = openapi::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn ready(State(collector): State<Arc<Collector>>) -> Response {
    let reasons = collector.reasons_not_ready().await;
    if reasons.is_empty() {
        return ([(CONTENT_TYPE, media::JSON)], r#"{"status":"ready"}"#).into_response();
    }
    let reasons = serde_json::to_value(&reasons).unwrap_or_default();
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "server.not-ready", "Events cannot be taken at the moment.")
        .with("reasons", reasons)
        .into_response()
}

/// Metrics in the Prometheus text format.
#[utoipa::path(
    get, path = "/metrics", tag = "operations", operation_id = "metrics",
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain; version=0.0.4"))
)]
pub async fn metrics(State(collector): State<Arc<Collector>>) -> Result<Response, Problem> {
    let body = collector.metrics.render(&collector.gauges().await);
    let body = body.map_err(|error| Problem::internal("server.failed", &error))?;
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], body).into_response())
}

/// This description.
#[utoipa::path(
    get, path = "/openapi.json", tag = "operations", operation_id = "openapi",
    responses((status = 200, description = "The OpenAPI document", body = Object))
)]
pub async fn openapi() -> Result<Response, Problem> {
    let body = openapi::document().to_json().map_err(|error| Problem::internal("server.failed", &error))?;
    Ok(([(CONTENT_TYPE, media::JSON)], body).into_response())
}

/// One thing that keeps the server from taking events.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Reason {
    /// Stable, dotted, lower-case.
    code: &'static str,
    /// What it is.
    detail: &'static str,
}

impl Collector {
    async fn reasons_not_ready(&self) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let status = self.log.status();
        if status.poisoned.is_some() {
            reasons.push(Reason {
                code: "log.stopped",
                detail: "The log met an error of the disk and takes no more events until the server is started again.",
            });
        }
        if self.disk_full.load(Ordering::Relaxed) {
            reasons.push(Reason { code: "log.no-space", detail: "The disk has no room for more events." });
        }
        if self.stopping.is_cancelled() {
            reasons.push(Reason { code: "server.stopping", detail: "The server is stopping." });
        }
        if let Err(error) = self.database.ping().await {
            tracing::warn!(error = %Chain(&error), "the state database does not answer");
            reasons.push(Reason { code: "state.failed", detail: "The state database does not answer." });
        }
        reasons
    }

    async fn gauges(&self) -> Gauges {
        let status = self.log.status();
        let open = self.quarantine.open_entries().await.unwrap_or_default();
        let mut quarantine_open: Vec<_> =
            self.apps.keys().map(|app| (app.to_string(), open.get(&**app).copied().unwrap_or(0))).collect();
        quarantine_open.sort_unstable();
        let proof = self.proof.as_ref().map(|proof| proof.handle.state());
        let signed = |state: &PublisherState| state.checkpoint.as_ref().map_or(0, |signed| signed.checkpoint.size);
        Gauges {
            proof_size: proof.as_ref().map(signed),
            proof_failing: proof.as_ref().is_some_and(|state| state.trouble.is_some()),
            proof_refused: proof.is_some_and(|state| state.refusal.is_some()),
            log_head: status.head,
            log_segments: status.segments as u64,
            log_bytes: status.bytes,
            log_queue_fill: f64::from(self.log.queue_fill()),
            log_writable: status.poisoned.is_none() && !self.disk_full.load(Ordering::Relaxed),
            quarantine_open,
            indexes: IndexGauge::of(&status),
            lakes: self.apps.keys().filter_map(|app| self.lake_gauge(app)).collect(),
            aggregates: self.aggregate_gauges(),
        }
    }

    fn aggregate_gauges(&self) -> Vec<AggregateGauge> {
        let declared = self.apps.values().flat_map(|app| app.catalog.aggregates.iter().map(move |spec| (app, spec)));
        declared
            .map(|(app, spec)| AggregateGauge {
                app: app.slug.to_string(),
                aggregate: spec.name.clone(),
                periods: self.aggregates.computed_periods(&app.slug, &spec.name),
                failing: self.aggregates.trouble(&app.slug, &spec.name).is_some(),
            })
            .collect()
    }

    fn lake_gauge(&self, app: &str) -> Option<LakeGauge> {
        let (lake, consumer) = self.consumers.named_lake(app)?;
        let lag = self.consumers.runtime().status(app, &consumer)?.lag_events;
        Some(LakeGauge { app: app.to_owned(), health: lake.health(), lag })
    }
}
