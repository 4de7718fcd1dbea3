//! The routes: which address does what.

pub(crate) mod actor_keys;
pub(crate) mod aggregates;
pub(crate) mod audit;
pub(crate) mod catalog;
pub(crate) mod consumers;
pub(crate) mod counters;
pub(crate) mod dcb;
pub(crate) mod dead_letters;
pub(crate) mod events;
pub(crate) mod feed;
pub(crate) mod inputs;
pub(crate) mod keys;
pub(crate) mod lake;
pub(crate) mod live;
pub(crate) mod metrics;
pub(crate) mod ops;
pub(crate) mod privacy;
pub(crate) mod proof;
pub(crate) mod quarantine;
pub(crate) mod retention;
pub(crate) mod rights;
pub(crate) mod sql;
pub(crate) mod subjects;
pub(crate) mod traces;
pub(crate) mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post};
use http::header::CONTENT_TYPE;
use serde::Serialize;

use crate::collector::Collector;
use crate::problem::Problem;
use crate::{cors, media, observe};

use events::receipts_json;

/// Every route with what serves it, in the order of the documentation.
fn table() -> Vec<(&'static str, MethodRouter<Arc<Collector>>)> {
    let only = |methods: MethodRouter<Arc<Collector>>, allow: &'static str| {
        methods.fallback(move || async move { Problem::method_not_allowed(allow) })
    };
    vec![
        ("/v1/{app}/events", only(post(events::post).get(feed::feed), "GET, HEAD, POST")),
        ("/v1/{app}/events/{id}", only(get(feed::event), "GET, HEAD")),
        ("/v1/{app}/events/{id}/proof", only(get(proof::event), "GET, HEAD")),
        ("/v1/{app}/append", only(post(dcb::append), "POST")),
        ("/v1/{app}/read", only(post(dcb::read), "POST")),
        ("/v1/{app}/live", only(get(live::live), "GET, HEAD")),
        ("/v1/{app}/counters", only(get(counters::counters), "GET, HEAD")),
        ("/v1/{app}/counters/live", only(get(counters::live), "GET, HEAD")),
        ("/v1/{app}/sql", only(post(sql::ask), "POST")),
        ("/v1/{app}/metrics/{metric}", only(get(metrics::read).post(metrics::ask), "GET, HEAD, POST")),
        ("/v1/{app}/traces/{correlation}", only(get(traces::trace), "GET, HEAD")),
        ("/v1/{app}/audit", only(get(audit::audit), "GET, HEAD")),
        ("/v1/{app}/aggregates", only(get(aggregates::list), "GET, HEAD")),
        ("/v1/{app}/aggregates/definitions", only(get(aggregates::definitions), "GET, HEAD")),
        ("/v1/{app}/aggregates/compute", only(post(aggregates::compute), "POST")),
        ("/v1/{app}/webhooks/{source}", only(post(webhooks::post).get(webhooks::verify), "GET, HEAD, POST")),
        ("/v1/{app}/catalog", only(get(catalog::catalog), "GET, HEAD")),
        ("/v1/{app}/catalog/{name}", only(get(catalog::event_type), "GET, HEAD")),
        ("/v1/{app}/catalog/{name}/{version}", only(get(catalog::event_type_version), "GET, HEAD")),
        ("/v1/{app}/quarantine", only(get(quarantine::list), "GET, HEAD")),
        ("/v1/{app}/quarantine/retry", only(post(quarantine::retry_many), "POST")),
        (
            "/v1/{app}/quarantine/{id}",
            only(get(quarantine::show).put(quarantine::repair).delete(quarantine::remove), "GET, HEAD, PUT, DELETE"),
        ),
        ("/v1/{app}/quarantine/{id}/retry", only(post(quarantine::retry), "POST")),
        ("/v1/{app}/subjects/{identity}", only(get(subjects::show).delete(rights::erase), "GET, HEAD, DELETE")),
        ("/v1/{app}/subjects/{identity}/export", only(get(rights::export), "GET, HEAD")),
        ("/v1/{app}/subjects/{identity}/consents", only(get(subjects::consents), "GET, HEAD")),
        (
            "/v1/{app}/subjects/{identity}/consents/{purpose}",
            only(get(subjects::consent).put(subjects::set_consent), "GET, HEAD, PUT"),
        ),
        (
            "/v1/{app}/subjects/{identity}/objection",
            only(
                get(subjects::objection).put(subjects::object).delete(subjects::withdraw_objection),
                "GET, HEAD, PUT, DELETE",
            ),
        ),
        ("/v1/{app}/actor-keys", only(get(actor_keys::list).post(actor_keys::add), "GET, HEAD, POST")),
        ("/v1/{app}/actor-keys/{kid}", only(get(actor_keys::show).delete(actor_keys::remove), "GET, HEAD, DELETE")),
        ("/v1/{app}/actor-keys/{kid}/revoke", only(post(actor_keys::revoke), "POST")),
        ("/v1/{app}/erasures", only(get(rights::list).post(rights::erase_many), "GET, HEAD, POST")),
        ("/v1/{app}/erasures/{id}", only(get(rights::show), "GET, HEAD")),
        ("/v1/consumers", only(get(consumers::list), "GET, HEAD")),
        ("/v1/consumers/reload", only(post(consumers::reload), "POST")),
        ("/v1/consumers/{app}/{name}", only(get(consumers::show), "GET, HEAD")),
        ("/v1/consumers/{app}/{name}/pause", only(post(consumers::pause), "POST")),
        ("/v1/consumers/{app}/{name}/resume", only(post(consumers::resume), "POST")),
        ("/v1/consumers/{app}/{name}/rewind", only(post(consumers::rewind), "POST")),
        ("/v1/consumers/{app}/{name}/retire", only(post(consumers::retire), "POST")),
        ("/v1/consumers/{app}/{name}/replay", only(post(dead_letters::replay_all), "POST")),
        (
            "/v1/consumers/{app}/{name}/dead-letters",
            only(get(dead_letters::list).delete(dead_letters::remove_all), "GET, HEAD, DELETE"),
        ),
        (
            "/v1/consumers/{app}/{name}/dead-letters/{position}",
            only(get(dead_letters::show).delete(dead_letters::remove), "GET, HEAD, DELETE"),
        ),
        ("/v1/consumers/{app}/{name}/dead-letters/{position}/replay", only(post(dead_letters::replay), "POST")),
        ("/v1/inputs", only(get(inputs::list), "GET, HEAD")),
        ("/v1/lake", only(get(lake::list), "GET, HEAD")),
        ("/v1/lake/{app}", only(get(lake::show), "GET, HEAD")),
        ("/v1/lake/{app}/retain", only(post(lake::retain), "POST")),
        ("/v1/privacy", only(get(privacy::privacy), "GET, HEAD")),
        ("/v1/retention", only(get(retention::status), "GET, HEAD")),
        ("/v1/retention/plan", only(get(retention::plan), "GET, HEAD")),
        ("/v1/retention/run", only(post(retention::run), "POST")),
        ("/v1/keys", only(get(keys::list).post(keys::create), "GET, HEAD, POST")),
        ("/v1/keys/{id}", only(delete(keys::revoke), "DELETE")),
        ("/log", only(get(proof::origin), "GET, HEAD")),
        ("/log/checkpoint", only(get(proof::checkpoint), "GET, HEAD")),
        ("/log/tile/{*path}", only(get(proof::tile), "GET, HEAD")),
        ("/api/events", only(post(events::post_from_browser), "POST")),
        ("/healthz", only(get(ops::health), "GET, HEAD")),
        ("/readyz", only(get(ops::ready), "GET, HEAD")),
        ("/metrics", only(get(ops::metrics), "GET, HEAD")),
        ("/openapi.json", only(get(ops::openapi), "GET, HEAD")),
    ]
}

/// The addresses of all routes.
pub fn paths() -> Vec<&'static str> {
    table().into_iter().map(|(path, _)| path).collect()
}

/// The service that answers every request.
pub fn router(collector: Arc<Collector>) -> Router {
    let mut router = Router::new();
    for (path, methods) in table() {
        router = router.route(path, methods);
    }
    router
        .fallback(|| async { Problem::not_found("http.not-found", "There is nothing at this address.") })
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&collector), cors::answer))
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(observe::panicked))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&collector), observe::request))
        .with_state(collector)
}

/// A value as the JSON body of an answer.
///
/// # Errors
/// When it cannot be written as JSON, which everything here can.
fn json(value: &impl Serialize) -> Result<Response, Problem> {
    let body = serde_json::to_vec(value).map_err(|error| Problem::internal("server.failed", &error))?;
    Ok(([(CONTENT_TYPE, media::JSON)], body).into_response())
}
