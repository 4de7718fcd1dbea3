//! The OpenAPI description of the HTTP interface.
//!
//! Answers that other crates write (receipts, events, catalogs) are described here by structures of the same shape; tests
//! hold them against the real ones.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};

use crate::aggregates::Backfilled;
use crate::consumers::Changes;
use crate::consumers::replay::Replay;
use crate::dcb::{ConditionBody, QueryBody, QueryItemBody};
use crate::keys::{CreatedKey, KeyInfo, NewKey, Scope};
use crate::rights::retention::{Done, PlanBody, PlannedMonth, PlannedRecords, Running};
use crate::routes;
use crate::routes::actor_keys::{ActorKeyBody, ActorKeysBody, ActorName, NewActorKeyRequest};
use crate::routes::aggregates::{AggregateBody, AggregatesBody, ComputeRequest, DefinitionBody, DefinitionsBody};
use crate::routes::audit::{AnswerBody, AuditBody, AuditedBody};
use crate::routes::consumers::{
    ConsumerBody, ConsumerLatency, ConsumerPromise, ConsumersBody, RewindRequest, RewindTo,
};
use crate::routes::counters::{CountBody, CountersBody};
use crate::routes::dcb::{AppendBody, ReadAsOf, ReadBody, ReadRequest};
use crate::routes::dead_letters::{AttemptBody, DeadLetterBody, DeadLettersBody, DroppedBody};
use crate::routes::inputs::{InputBody, InputEventsBody, InputsBody};
use crate::routes::lake::{DroppedDay, LakeBody, LakesBody, RetainRequest, RetainedBody};
use crate::routes::metrics::MetricBody;
use crate::routes::ops::Reason;
use crate::routes::privacy::{PrivacyBody, VaultBody};
use crate::routes::proof::EventProofBody;
use crate::routes::quarantine::{EntriesBody, EntryBody, RetriedBody};
use crate::routes::retention::{LastBody, RetentionBody};
use crate::routes::rights::{ErasureBody, ErasureRequest, ErasuresBody, SignedReportBody};
use crate::routes::sql::{MomentWord, SqlBody, SqlColumn, SqlRequest};
use crate::routes::subjects::{
    ConsentBody, ConsentRequest, ConsentsBody, ObjectionBody, ObjectionRequest, SubjectBody,
};
use crate::routes::traces::{NodeBody, SummaryBody, TraceBody};
use crate::routes::webhooks::WebhookBody;
use crate::trail::CauseBody;

/// The whole description.
pub fn document() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Daybook",
        description = "The book of record for what happens in a product: events are declared in a catalog, admitted by it, written down durably, and read back.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    modifiers(&Keys),
    tags(
        (name = "events", description = "Sending and reading events"),
        (name = "catalog", description = "What events there are"),
        (name = "quarantine", description = "Events that were not admitted"),
        (name = "counters", description = "How often what happened of late"),
        (name = "questions", description = "What happened, asked in SQL and by name"),
        (name = "consumers", description = "What reacts to events, and what of it could not be delivered"),
        (name = "people", description = "What is known of people, what they allow, and what they may ask for"),
        (name = "aggregates", description = "Numbers computed of events, which are kept longer than those"),
        (name = "lake", description = "The tables that questions are asked of"),
        (name = "proof", description = "That an event is in the log, and that the log only ever grew"),
        (name = "retention", description = "What is past its time"),
        (name = "keys", description = "Who may do what"),
        (name = "operations", description = "How the server is doing"),
    ),
    paths(
        routes::events::post,
        routes::events::post_from_browser,
        routes::feed::feed,
        routes::feed::event,
        routes::proof::event,
        routes::proof::origin,
        routes::proof::checkpoint,
        routes::proof::tile,
        routes::dcb::append,
        routes::dcb::read,
        routes::live::live,
        routes::counters::counters,
        routes::counters::live,
        routes::sql::ask,
        routes::metrics::read,
        routes::metrics::ask,
        routes::traces::trace,
        routes::audit::audit,
        routes::aggregates::list,
        routes::aggregates::definitions,
        routes::aggregates::compute,
        routes::webhooks::post,
        routes::webhooks::verify,
        routes::catalog::catalog,
        routes::catalog::event_type,
        routes::catalog::event_type_version,
        routes::quarantine::list,
        routes::quarantine::show,
        routes::quarantine::repair,
        routes::quarantine::retry,
        routes::quarantine::retry_many,
        routes::quarantine::remove,
        routes::consumers::list,
        routes::consumers::show,
        routes::consumers::pause,
        routes::consumers::resume,
        routes::consumers::rewind,
        routes::consumers::retire,
        routes::consumers::reload,
        routes::dead_letters::list,
        routes::dead_letters::show,
        routes::dead_letters::replay,
        routes::dead_letters::replay_all,
        routes::dead_letters::remove,
        routes::dead_letters::remove_all,
        routes::subjects::show,
        routes::rights::erase,
        routes::rights::export,
        routes::subjects::consents,
        routes::subjects::consent,
        routes::subjects::set_consent,
        routes::subjects::objection,
        routes::subjects::object,
        routes::subjects::withdraw_objection,
        routes::actor_keys::list,
        routes::actor_keys::add,
        routes::actor_keys::show,
        routes::actor_keys::revoke,
        routes::actor_keys::remove,
        routes::rights::list,
        routes::rights::erase_many,
        routes::rights::show,
        routes::inputs::list,
        routes::lake::list,
        routes::lake::show,
        routes::lake::retain,
        routes::privacy::privacy,
        routes::retention::status,
        routes::retention::plan,
        routes::retention::run,
        routes::keys::list,
        routes::keys::create,
        routes::keys::revoke,
        routes::ops::health,
        routes::ops::ready,
        routes::ops::metrics,
        routes::ops::openapi,
    ),
    components(schemas(
        ProblemBody, ReceiptsBody, ReceiptBody, FindingBody, EventsBody, FeedBody, EventBody, ActorBody, UpcastBody, CatalogBody,
        EventTypeBody, KeysBody, HealthBody, EntryBody, EntriesBody, RetriedBody, Reason, KeyInfo, NewKey, CreatedKey, Scope,
        ConsentRequest, ConsentBody, ConsentsBody, SubjectBody, ObjectionRequest, ObjectionBody, ErasureRequest, ErasureBody,
        ErasuresBody, SignedReportBody, PrivacyBody, VaultBody, RetentionBody, LastBody, Done, PlanBody, PlannedMonth,
        PlannedRecords, Running, ConsumerBody, ConsumersBody, ConsumerLatency, ConsumerPromise, RewindRequest, RewindTo,
        Changes, Replay, CountersBody, CountBody, DeadLetterBody, DeadLettersBody, AttemptBody, DroppedBody,
        TraceBody, SummaryBody, NodeBody, CauseBody, AuditBody, AuditedBody, AnswerBody,
        InputBody, InputEventsBody, InputsBody, WebhookBody, SqlRequest, MomentWord, SqlBody, SqlColumn, MetricBody,
        AggregateBody, AggregatesBody, DefinitionBody, DefinitionsBody, ComputeRequest, Backfilled,
        LakeBody, LakesBody, RetainRequest, RetainedBody, DroppedDay, EventProofBody,
        ConditionBody, QueryBody, QueryItemBody, AppendBody, ReadRequest, ReadAsOf, ReadBody,
        LakeBody, LakesBody, RetainRequest, RetainedBody, DroppedDay, SignatureBody,
        ActorKeyBody, ActorKeysBody, ActorName, NewActorKeyRequest,
    ))
)]
struct Description;

struct Keys;

impl Modify for Keys {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("dbk_…")
            .description(Some("A key. It may also be sent as the user's name of Basic authentication."))
            .build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// An error answer (RFC 9457).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ProblemBody {
    /// Names the kind of problem: `urn:daybook:problem:` and the code.
    pub r#type: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Stable, dotted, lower-case: what programs go by.
    pub code: String,
    /// What went wrong this time.
    pub detail: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Of an atomic call: the receipts of the events that stood in its way.
    pub receipts: Option<Vec<ReceiptBody>>,
    /// Of a condition that does not hold: where the event is that stands against it.
    pub position: Option<u64>,
    /// Of an append that was partly there: where those events are.
    pub positions: Option<Vec<u64>>,
    /// Of a query that cannot be asked: a JSON Pointer into it.
    pub path: Option<String>,
    /// Of a position that there is not yet: the last one that there is.
    pub head: Option<u64>,
    /// Of a server that is not ready: why.
    pub reasons: Option<Vec<Value>>,
}

/// What is sent: one event, several, or a batch. Events are written in the app's own form, Daybook's, or as CloudEvents.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum EventsBody {
    /// A batch.
    Batch {
        /// The events.
        events: Vec<Value>,
        /// The batch's id.
        id: Option<String>,
        /// The batch's place among the client's batches.
        sequence: Option<u64>,
        /// When the batch was made.
        created_at: Option<String>,
    },
    /// Several events.
    Array(Vec<Value>),
    /// One event.
    Event(BTreeMap<String, Value>),
}

/// What became of the events of a call.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptsBody {
    /// Events in the log now.
    pub stored: u64,
    /// Events that were in the log already.
    pub duplicate: u64,
    /// Events kept aside, with their reasons.
    pub quarantined: u64,
    /// Events not kept because their type is sampled, or low-priority events shed under pressure.
    pub sampled_out: u64,
    /// Events of counts-only types.
    pub counted: u64,
    /// Events not taken at all.
    pub refused: u64,
    /// What the batch said of itself.
    pub batch: Option<Value>,
    /// The last place in the log that one of the events has; only where `Prefer: return=minimal` was asked for.
    pub last_position: Option<u64>,
    /// One for every event, in the order they came; with `Prefer: return=minimal`, for those with errors or warnings.
    pub receipts: Vec<ReceiptBody>,
}

/// What became of one event.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptBody {
    /// Its place in the call, from 0.
    pub index: u64,
    /// Its canonical id.
    pub id: Option<String>,
    /// `stored`, `duplicate`, `quarantined`, `sampled_out`, `counted` or `refused`.
    pub status: String,
    /// Its place in the log.
    pub position: Option<u64>,
    /// Why it is not stored, where that is no fault of the event.
    pub reason: Option<String>,
    /// What is worth a word.
    pub warnings: Option<Vec<FindingBody>>,
    /// What is wrong with it.
    pub errors: Option<Vec<FindingBody>>,
    /// Findings beyond those that are listed.
    pub more_findings: Option<u64>,
}

/// One thing that is wrong with an event, or worth a word.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingBody {
    /// Stable, dotted, lower-case: `data.required`.
    pub code: String,
    /// JSON Pointer (RFC 6901) into the event as it was sent.
    pub path: String,
    /// What it is, in one sentence.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// A page of the feed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedBody {
    /// The events, in the order of the log.
    pub events: Vec<EventBody>,
    /// What to give as `after` for the next page.
    pub next: u64,
}

/// An event in the canonical form. What it has no value for is left out.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventBody {
    /// Its canonical id, a UUID.
    pub id: String,
    /// Its id as the app wrote it, where that was neither a UUID nor an ObjectId.
    pub original_id: Option<String>,
    /// The app.
    pub app: String,
    /// The event type.
    pub name: String,
    /// The version of the event type.
    pub version: String,
    /// When it happened.
    pub time: String,
    /// When it was received.
    pub received: String,
    /// Its place in the log.
    pub position: u64,
    /// Its category.
    pub category: String,
    /// `low`, `normal`, `high` or `critical`.
    pub priority: String,
    /// The share of such events that was kept: it stands for `1 / sample_rate` events.
    pub sample_rate: f64,
    /// The part of the app that sent it.
    pub source: Option<String>,
    /// The platform the person used.
    pub platform: Option<String>,
    /// `production`, `staging`, and so on.
    pub environment: Option<String>,
    /// The person; only for keys with the scope `privacy`.
    pub identity: Option<String>,
    /// The person, by a name that tells nothing.
    pub anonymous_id: Option<String>,
    /// The session; only for keys with the scope `privacy`.
    pub session: Option<String>,
    /// The tenant, community or workspace.
    pub group: Option<String>,
    /// Who acted; where that is a person, only for keys with the scope `privacy`.
    pub actor: Option<ActorBody>,
    /// The workflow it belongs to.
    pub correlation: Option<String>,
    /// The event that caused it.
    pub causation: Option<String>,
    /// The request it was part of.
    pub request: Option<String>,
    /// Tags.
    pub tags: Option<BTreeMap<String, String>>,
    /// What the type's schema describes; fields it calls personal only for keys with the scope `privacy`.
    pub data: Option<Value>,
    /// What else came with it.
    pub metadata: Option<Value>,
    /// The signature that it came with.
    pub signature: Option<SignatureBody>,
    /// What was done about its version, where `upcast` was asked for and it is of an older one.
    pub upcast: Option<UpcastBody>,
}

/// The signature of an event. It was verified when the event came in.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatureBody {
    /// Always true: an event whose signature is wrong is quarantined.
    pub verified: bool,
    /// False where the event is not kept as it was signed, so that nobody can verify it again.
    pub kept: Option<bool>,
    /// The thumbprint of the key; only for keys with the scope `privacy`.
    pub kid: Option<String>,
    /// The detached JWS; only for keys with the scope `privacy`, and as long as everybody is there whom the event names.
    pub jws: Option<String>,
}

/// What was done about the version of an event.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpcastBody {
    /// The version it was sent in; it is given in the current one.
    pub from: Option<String>,
    /// Why it is given as it was sent: `upcast.step`, `upcast.no-way`, `upcast.unknown-type`, `upcast.version` or `upcast.data`.
    pub code: Option<String>,
    /// The same in words.
    pub message: Option<String>,
}

/// Who acted.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActorBody {
    /// `user`, `system`, `ai`, `service`, and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// Which one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// The catalog of an app.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CatalogBody {
    /// The app's slug.
    pub app: String,
    /// The version of the catalog.
    pub version: String,
    /// The app's name for people.
    pub title: String,
    /// The categories.
    pub categories: Value,
    /// The event types, each in its current version.
    pub events: Vec<EventTypeBody>,
}

/// An event type.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EventTypeBody {
    /// Its name.
    pub name: String,
    /// The version of its schema.
    pub version: String,
    /// Its category.
    pub category: String,
    /// The JSON Schema of its data.
    pub data: Option<Value>,
    /// Examples of its data.
    pub examples: Option<Vec<Value>>,
    /// That it should not be sent any more: since which version of the catalog, and what to use instead.
    pub deprecated: Option<Value>,
    /// Of one event type: all its versions, the current one last.
    pub versions: Option<Vec<String>>,
    /// Of one event type: how data of older versions becomes data of this one, step by step.
    pub migrations: Option<Vec<Value>>,
}

/// All keys.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeysBody {
    /// The keys, oldest first.
    pub keys: Vec<KeyInfo>,
}

/// How the server is doing.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthBody {
    /// `ok` or `ready`.
    pub status: String,
    /// How many consumers are in which state. A dead destination takes nothing from anybody but its own consumer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumers: Option<BTreeMap<String, u64>>,
    /// How the proof of the log is, where it is signed: `signing`; `failing` while the disk takes no tiles or checkpoints;
    /// `refused` when the log is not what was signed. Events are taken all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `docs/openapi.json` is generated: `UPDATE_DOCS=1 cargo test -p daybook-server`.
    #[test]
    fn the_description_in_the_documentation_is_this_one() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
        let current = document().to_pretty_json().unwrap() + "\n";
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, &current).unwrap();
        }
        assert!(
            std::fs::read_to_string(&path).is_ok_and(|written| written == current),
            "docs/openapi.json is out of date; run the tests with UPDATE_DOCS=1 and look at the difference"
        );
    }

    #[test]
    fn every_route_is_described() {
        let document = serde_json::to_value(document()).unwrap();
        let described: Vec<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut paths = routes::paths();
        for path in &described {
            assert!(paths.contains(path), "{path} is described but not served");
        }
        paths.retain(|path| !described.contains(path));
        assert_eq!(paths, Vec::<&str>::new(), "served but not described");
        // Nothing refers to a schema that is not there.
        let text = document.to_string();
        for reference in text.split("\"#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
        }
    }
}
