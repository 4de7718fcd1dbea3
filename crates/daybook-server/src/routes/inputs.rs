//! Inputs: how they are.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use daybook_sinks::inputs::{State as InputState, Status};
use serde::Serialize;
use utoipa::ToSchema;

use super::json;
use crate::collector::Collector;
use crate::keys::Scope;
use crate::problem::Problem;
use crate::query::Query;

/// How an input is.
#[derive(Debug, Serialize, ToSchema)]
pub struct InputBody {
    /// Its name.
    pub input: String,
    /// What it drains: `redis-stream`, `redis-list`, `nats-jetstream` or `nats`.
    pub kind: &'static str,
    /// The app its events are for.
    pub app: String,
    /// The key or subject it takes messages from.
    pub from: String,
    /// `connecting`, `connected`, `lost` (it is tried again) or `stopped`.
    pub state: &'static str,
    /// What its source, or admission, said last when something did not work; gone once it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Messages taken since the start.
    pub received: u64,
    /// Messages acknowledged.
    pub acknowledged: u64,
    /// Messages set aside because nobody could read them.
    pub unreadable: u64,
    /// Messages taken that wait for admission.
    pub waiting: u64,
    /// Messages not yet taken, where the source can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag: Option<u64>,
    /// What became of the events.
    pub events: InputEventsBody,
}

/// What became of an input's events since the start.
#[derive(Debug, Serialize, ToSchema)]
pub struct InputEventsBody {
    /// In the log now.
    pub stored: u64,
    /// In the log already.
    pub duplicate: u64,
    /// Kept aside, with their reasons.
    pub quarantined: u64,
    /// Not kept because of sampling or pressure.
    pub sampled_out: u64,
    /// Counted.
    pub counted: u64,
    /// Not taken: no consent, or too old.
    pub refused: u64,
}

/// All inputs.
#[derive(Debug, Serialize, ToSchema)]
pub struct InputsBody {
    /// By name.
    pub inputs: Vec<InputBody>,
}

/// Lists the inputs that the key may know of, and how they are.
#[utoipa::path(
    get, path = "/v1/inputs", tag = "operations", operation_id = "listInputs",
    responses(
        (status = 200, description = "The inputs, by name", body = InputsBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope `read`", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn list(State(collector): State<Arc<Collector>>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let key = collector.authorise(&parts, &[Scope::Read]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let statuses = collector.inputs.statuses();
    let inputs = statuses.into_iter().filter(|status| key.covers(&status.app)).map(InputBody::from).collect();
    json(&InputsBody { inputs })
}

impl From<Status> for InputBody {
    fn from(status: Status) -> Self {
        let events = status.events;
        Self {
            input: status.name,
            kind: status.kind,
            app: status.app,
            from: status.from,
            state: match status.state {
                InputState::Connecting => "connecting",
                InputState::Connected => "connected",
                InputState::Lost => "lost",
                InputState::Stopped => "stopped",
            },
            message: status.error,
            received: status.received,
            acknowledged: status.acknowledged,
            unreadable: status.unreadable,
            waiting: status.waiting,
            lag: status.lag,
            events: InputEventsBody {
                stored: events.stored,
                duplicate: events.duplicate,
                quarantined: events.quarantined,
                sampled_out: events.sampled_out,
                counted: events.counted,
                refused: events.refused,
            },
        }
    }
}
