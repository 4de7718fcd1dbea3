//! Calls of other services: checked, turned into events, admitted.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use daybook_admission::{BodyForm, Receipt, Receipts, Status};
use daybook_event::{EventId, RecordKey};
use daybook_sinks::incoming::{Call, Refused, Webhook};
use http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::body::{Body, Encoding};
use crate::collector::{Account, App, Collector, PostOptions};
use crate::keys::now;
use crate::limits;
use crate::observe::Counts;
use crate::problem::Problem;

/// What became of a call.
#[derive(Debug, Serialize)]
pub struct Taken<'r> {
    delivery: &'r str,
    event_type: &'r str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    ignored: bool,
    #[serde(flatten)]
    receipts: Receipts,
}

/// What became of a call of another service.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookBody {
    /// What the call is known by: repeated, it comes to the same events.
    pub delivery: String,
    /// What it is about, in the service's own word.
    pub event_type: String,
    /// Whether the app's catalog has no use for it.
    pub ignored: Option<bool>,
    /// What became of the events it came to.
    #[serde(flatten)]
    pub receipts: crate::openapi::ReceiptsBody,
}

/// Takes a call of another service.
///
/// The app's catalog says which services may call and what their calls mean; the call is good if its signature is. A call that is
/// repeated is a duplicate. What cannot be turned into a valid event is quarantined.
#[utoipa::path(
    post, path = "/v1/{app}/webhooks/{source}", tag = "events", operation_id = "receiveWebhook",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("source" = String, Path, description = "The service, as the app's catalog names it"),
    ),
    request_body(content((Object = "application/json"), (String = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, description = "What became of the events it came to; all of it is on disk", body = WebhookBody),
        (status = 202, description = "The catalog has no use for it", body = WebhookBody),
        (status = 401, description = "The signature is missing or wrong, or too old", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or service, or no secret for it", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body arrived too slowly", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large, or too many events", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is compressed", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Events cannot be taken at the moment; `Retry-After` says when to come again", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn post(
    State(collector): State<Arc<Collector>>,
    Path((slug, source)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let started = Instant::now();
    let (webhook, app) = find(&collector, &slug, &source)?;
    let (parts, body) = request.into_parts();
    let body = collector.body_memory.read(&parts.headers, body, collector.config.limits.body_bytes).await?;
    if body.encoding != Encoding::Identity {
        let detail = "A signed body is sent as it was signed, without compression.";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "webhook.encoding", detail));
    }
    collector.metrics.body(body.bytes.len());
    let read = read(&collector, &webhook, parts.headers, body).await?;
    let call = read.inspect_err(|_| collector.webhooks.count(&webhook, "refused"))?;
    let handling = Handling { collector: &collector, app: &app, webhook: &webhook, call: &call };
    handling.take(started).await
}

/// Answers a service that asks whether this address wants its calls.
///
/// WhatsApp and Meta's other services ask before the first call, with a token that both sides know; the answer is their challenge.
#[utoipa::path(
    get, path = "/v1/{app}/webhooks/{source}", tag = "events", operation_id = "verifyWebhook",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("source" = String, Path, description = "The service, as the app's catalog names it"),
        ("hub.mode" = String, Query, description = "`subscribe`"),
        ("hub.verify_token" = String, Query, description = "The token of the configuration"),
        ("hub.challenge" = String, Query, description = "What is to be given back"),
    ),
    responses(
        (status = 200, description = "The challenge", body = String, content_type = "text/plain"),
        (status = 403, description = "Another token", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or service, or no secret for it", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn verify(
    State(collector): State<Arc<Collector>>,
    Path((slug, source)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (webhook, _) = find(&collector, &slug, &source)?;
    let query = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
    let query: Vec<(String, String)> = query.into_owned().take(16).collect();
    match webhook.challenge(&query) {
        // Given back as text that no browser takes for anything else.
        Some(challenge) => {
            let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
            Ok((headers, challenge.to_owned()).into_response())
        }
        None => Err(Problem::forbidden("webhook.token", "This is not how the service was to ask.")),
    }
}

fn find(collector: &Collector, slug: &str, source: &str) -> Result<(Arc<Webhook>, Arc<App>), Problem> {
    let webhook = collector.webhooks.find(slug, source);
    let found = webhook.and_then(|webhook| Some((webhook, Arc::clone(collector.app(slug)?))));
    // Which there are is nobody's business who has neither a key nor a secret.
    found.ok_or_else(|| Problem::not_found("webhook.unknown", "No service calls here."))
}

/// Checks and reads a call. Large ones are read on a thread of their own, so that others need not wait for them.
async fn read(
    collector: &Collector,
    webhook: &Arc<Webhook>,
    headers: HeaderMap,
    body: Body,
) -> Result<Result<Call, Problem>, Problem> {
    let webhook = Arc::clone(webhook);
    let is_large = body.bytes.len() > limits::INLINE_BODY_BYTES_MAX;
    let work = move || {
        webhook.verify(&headers, &body.bytes, now()).map_err(refused)?;
        let read = webhook.read(&headers, &body.bytes);
        read.map_err(|error| {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "webhook.too-many-events", format!("{error}."))
        })
    };
    if !is_large {
        return Ok(work());
    }
    let failed = || Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "server.failed", "The server could not do this.");
    let _one_a_processor = collector.judging.acquire().await.map_err(|_| failed())?;
    tokio::task::spawn_blocking(work).await.map_err(|_| failed())
}

fn refused(refused: Refused) -> Problem {
    let (code, detail) = match refused {
        Refused::Unsigned => ("webhook.unsigned", "The call carries no signature of the kind this service has."),
        Refused::Wrong => ("webhook.signature", "The call's signature is not that of its body."),
        Refused::Stale => ("webhook.stale", "The call was signed too long ago, or at a time that has not come."),
    };
    Problem::new(StatusCode::UNAUTHORIZED, code, detail)
}

/// A call on its way.
struct Handling<'c> {
    collector: &'c Arc<Collector>,
    app: &'c Arc<App>,
    webhook: &'c Webhook,
    call: &'c Call,
}

impl Handling<'_> {
    async fn take(&self, started: Instant) -> Result<Response, Problem> {
        let failures = self.failures()?;
        let mapped = self.call.events.len();
        let mut events = self.call.events.clone();
        events.extend(self.own("webhook.received", json!({"event_type": self.call.event_type}), None));
        if failures > 0 {
            events.extend(self.own("webhook.retried", json!({"attempt_number": failures + 1}), None));
        }
        let receipts = if events.is_empty() { Ok(Receipts::default()) } else { self.post(events).await };
        let receipts = match receipts {
            Ok(receipts) => Receipts::of(receipts.receipts.into_iter().take(mapped).collect(), None),
            Err(problem) => return Err(self.failed(problem, failures).await),
        };
        self.collector.webhooks.forget(&self.failure_id(0));
        self.note_received(mapped).await;
        let result = match (mapped, receipts.quarantined) {
            (0, _) => "ignored",
            (_, 0) => "taken",
            _ => "quarantined",
        };
        self.note_result(result, started).await;
        self.collector.webhooks.count(self.webhook, result);
        self.answer(receipts)
    }

    fn answer(&self, receipts: Receipts) -> Result<Response, Problem> {
        let Call { delivery, event_type, .. } = self.call;
        let ignored = receipts.receipts.is_empty();
        let counts = Counts { events: receipts.receipts.len(), stored: receipts.stored };
        let mut response = super::json(&Taken { delivery, event_type, ignored, receipts })?;
        if ignored {
            *response.status_mut() = StatusCode::ACCEPTED;
        }
        response.extensions_mut().insert(counts);
        Ok(response)
    }

    async fn post(&self, events: Vec<Value>) -> Result<Receipts, Problem> {
        let body = Body::kept(&self.collector.body_memory, Value::from(events).to_string());
        let posted = self.collector.post(self.app, body, BodyForm::Json, Account::Own, PostOptions::default());
        Ok(Box::pin(posted).await?)
    }

    /// One of the events that an app may declare to have its webhooks written down under its own name; nothing where it does not.
    fn own(&self, name: &str, mut data: Value, id: Option<EventId>) -> Option<Value> {
        let event_type = self.app.catalog.event(name)?;
        data["source"] = self.webhook.name().into();
        let mut event = json!({"name": name, "data": data});
        let sent_by =
            ["webhooks", "webhook"].into_iter().find(|word| event_type.sources.iter().any(|known| known == word));
        if let Some(sent_by) = sent_by {
            event["source"] = sent_by.into();
        }
        if let Some(id) = id {
            event["id"] = id.to_string().into();
        }
        Some(event)
    }

    /// Daybook's own word for a call, where the app has none.
    async fn note_received(&self, events: usize) {
        if self.app.catalog.event("webhook.received").is_some() {
            return;
        }
        let data = json!({
            "app": self.webhook.app(), "source": self.webhook.name(), "delivery": self.call.delivery,
            "events": events, "verified": true,
        });
        self.collector.note("webhook.received", None, data).await;
    }

    /// What became of a call, under the app's own name. What waits in the quarantine waits for a person: trying again would not help.
    async fn note_result(&self, result: &str, started: Instant) {
        let event_type = &self.call.event_type;
        let own = match result {
            "taken" => {
                let duration_ms = (started.elapsed().as_secs_f64() * 1e6).round() / 1e3;
                self.own("webhook.processed", json!({"event_type": event_type, "duration_ms": duration_ms}), None)
            }
            "quarantined" => self.own("webhook.dead_lettered", json!({"event_type": event_type}), None),
            _ => None,
        };
        if let Some(own) = own
            && let Err(problem) = self.post(vec![own]).await
        {
            tracing::warn!(code = problem.code(), "what became of a webhook was not written down");
        }
    }

    /// A call could not be taken: the service will call again. That is written down where it can be.
    async fn failed(&self, problem: Problem, failures: u32) -> Problem {
        self.collector.webhooks.count(self.webhook, "failed");
        let data = json!({"event_type": self.call.event_type, "error_code": problem.code()});
        let Some(own) = self.own("webhook.failed", data, Some(self.failure_id(failures + 1))) else { return problem };
        let is_written = |receipts: &Receipts| receipts.receipts.iter().all(is_in_log);
        if !self.post(vec![own]).await.is_ok_and(|receipts| is_written(&receipts)) {
            self.collector.webhooks.remember(self.failure_id(0));
        }
        problem
    }

    /// How often the call failed before, as the log says, and what could not be written there.
    fn failures(&self) -> Result<u32, Problem> {
        if self.app.catalog.event("webhook.failed").is_none() {
            return Ok(0);
        }
        let unwritten = self.collector.webhooks.unwritten(&self.failure_id(0));
        let keys: Vec<RecordKey> = (1..=limits::WEBHOOK_ATTEMPTS_COUNTED)
            .map(|attempt| self.app.admission.record_key(&self.failure_id(attempt)))
            .collect();
        let known = self.collector.log.lookup(&keys);
        let known = known.map_err(|error| Problem::internal("log.unreadable", &error))?;
        let highest = known.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        Ok(unwritten.max(u32::try_from(highest).unwrap_or(u32::MAX)))
    }

    /// The id of the event that says that this call failed for the so-manieth time; 0 stands for the call itself.
    fn failure_id(&self, attempt: u32) -> EventId {
        let source = format!("daybook:webhook:{}", self.webhook.name());
        EventId::from_cloud_event(self.webhook.app(), &source, &format!("failed:{attempt}:{}", self.call.delivery))
    }
}

fn is_in_log(receipt: &Receipt) -> bool {
    matches!(receipt.status, Status::Stored | Status::Duplicate)
}
