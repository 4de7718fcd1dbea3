//! Traces: what belongs together, and what caused what.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Path, Request, State};
use axum::response::Response;
use daybook_event::limits::IDENTIFIER_BYTES_MAX;
use daybook_event::{EventId, Position, Timestamp};
use daybook_lake::Snapshot;
use daybook_lake::moment::Moment;
use daybook_lake::traces::tree::{Link, Node, Summary};
use daybook_lake::traces::{Trace, TraceError, Wanted, limits as trace_limits};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::json;
use crate::access::Access;
use crate::as_of::Cursor;
use crate::collector::{App, Collector};
use crate::keys::Scope;
use crate::limits;
use crate::openapi::ActorBody;
use crate::problem::Problem;
use crate::query::Query;
use crate::trail::{self, CauseBody, Seen};

/// Microseconds of a millisecond.
const MILLISECOND_US: i64 = 1_000;

/// A page of a trace.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceBody {
    /// What its events have in common.
    pub correlation: String,
    /// The position up to which events were looked at: given as `as_of`, it asks for the same again.
    pub as_of: Position,
    /// The time up to which events had been received, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub received_by: Option<Timestamp>,
    /// What there is to say of the whole trace.
    pub summary: SummaryBody,
    /// Its events: each after its cause, and after all that an earlier event with the same cause caused.
    pub nodes: Vec<NodeBody>,
    /// What to give as `cursor` for the next page; absent after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What there is to say of a trace as a whole.
#[derive(Debug, Serialize, ToSchema)]
pub struct SummaryBody {
    /// How many events it has.
    pub events: usize,
    /// Events that hang on no other.
    pub roots: usize,
    /// Those of them that name a cause that is not in the trace.
    pub orphans: usize,
    /// Those of them whose causes lead back to them.
    pub circles: usize,
    /// When the first of its events happened.
    #[schema(value_type = String, format = DateTime)]
    pub started: Timestamp,
    /// When the last of them happened.
    #[schema(value_type = String, format = DateTime)]
    pub ended: Timestamp,
    /// The time between the two, in milliseconds.
    pub duration_ms: i64,
    /// Events that say that something failed.
    pub failures: usize,
    /// Events that are another attempt, but for those that end one.
    pub retries: usize,
    /// Beginnings that nothing ended so far.
    pub open: usize,
    /// Most causes that stand one behind the other.
    pub depth: u32,
}

/// An event of a trace.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeBody {
    /// Its canonical id.
    pub id: String,
    /// Its id as the app wrote it, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_id: Option<String>,
    /// Its place in the log.
    pub position: Position,
    /// Its type.
    pub name: String,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// Who acted; where that is a person, the id only for keys with the scope `privacy`, and for nobody once they are erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<ActorBody>,
    /// The person, only for keys with the scope `privacy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// The person, by a name that tells nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anonymous_id: Option<String>,
    /// The part of the app that sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The step of the work that it is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The id of the event that caused it, where that is in the trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The cause that it names, where it hangs on none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<CauseBody>,
    /// How many causes stand behind it.
    pub depth: u32,
    /// How many events it caused.
    pub children: u32,
    /// How many it caused directly or through others.
    pub descendants: u32,
    /// From its cause to it, in milliseconds; below zero where clocks disagree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_cause_ms: Option<i64>,
    /// From it to the last event that it caused directly or through others, in milliseconds.
    pub span_ms: i64,
    /// How long it took: what its data says, or else from the event that it ends to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// The id of the event whose beginning it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends: Option<String>,
    /// What it says of the work: `start`, `success`, `failure` or `retry`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<&'static str>,
    /// Whether it is a beginning that nothing ended so far.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
    /// Whether it says that something failed.
    pub failed: bool,
    /// How often the same was tried before it.
    pub retry: u32,
    /// Whether an earlier event has its id.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub duplicate: bool,
}

/// What is asked for.
struct Asked {
    correlation: String,
    request: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

/// Reads what belongs together, as a tree of causes.
///
/// A trace is all events with one correlation. Its pages are of one moment: events that come later change none of them. The times
/// `from` and `to` make a long search short where it is known when the trace was.
#[utoipa::path(
    get, path = "/v1/{app}/traces/{correlation}", tag = "questions", operation_id = "readTrace",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("correlation" = String, Path, description = "The correlation of its events"),
        ("as_of" = Option<String>, Query, description = "The trace as it was: events up to this position, or received by this time, RFC 3339"),
        ("from" = Option<String>, Query, description = "Only events that happened at this time or later, RFC 3339"),
        ("to" = Option<String>, Query, description = "Only events that happened before this time, RFC 3339"),
        ("request" = Option<String>, Query, description = "Only events of this step"),
        ("limit" = Option<u64>, Query, description = "So many events at most; 100 unless given, 1000 is the most"),
        ("cursor" = Option<String>, Query, description = "What the page before gave as `next`; it goes before `as_of`"),
    ),
    responses(
        (status = 200, description = "A page of the trace, the causes before what they caused", body = TraceBody),
        (status = 400, description = "A parameter that is not understood", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or trace, or the app's lake is turned off", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "It has too many events, or takes too long or too much memory to find", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "A file of the lake is missing or damaged", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "As many queries run as may, or the tables do not have everything up to the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn trace(
    State(collector): State<Arc<Collector>>,
    Path((slug, correlation)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Read]).await?;
    let query = Query::parse(parts.uri.query(), &["as_of", "from", "to", "request", "limit", "cursor"])?;
    let limit = query.limit(limits::TRAIL_PAGE_DEFAULT, limits::TRAIL_PAGE_MAX)?;
    let (as_of, cursor) = (query.moment("as_of")?, query.cursor("cursor")?);
    let asked = Asked {
        request: query.text("request").map(str::to_owned),
        from: query.time("from")?,
        to: query.time("to")?,
        correlation,
    };
    if asked.correlation.len() > IDENTIFIER_BYTES_MAX {
        return Err(unknown());
    }
    let (snapshot, moment) = collector.snapshot_of_page(&app, as_of, cursor).await?;
    let begun = Instant::now();
    let found = find(&collector, &app, &asked, &snapshot, moment).await;
    let code = found.as_ref().map_or_else(Problem::code, |_| "ok");
    let (name, id) = (&*app.slug, key.info.id.as_str());
    tracing::info!(app = name, key = id, code, took_ms = begun.elapsed().as_millis() as u64, "a trace was asked for");
    let trace = found?;
    if trace.events.is_empty() {
        return Err(unknown());
    }
    let page = Page { trace: &trace, offset: cursor.map_or(0, |cursor| cursor.at), limit };
    let privacy = key.has(Scope::Privacy);
    let (seen, opened) = trail::look(&collector, &app, page.positions(), privacy).await?;
    let elsewhere = page.places().filter(|at| page.trace.tree.nodes[*at].link == Link::Elsewhere);
    let elsewhere = elsewhere.filter_map(|at| trace.events[at].causes).collect();
    let causes = trail::find_causes(&collector, &app, elsewhere, moment).await?;
    collector.note_access(&key, Access { rows: Some(opened), ..Access::to(&app.slug, "event") }).await?;
    let nodes = page.places().map(|at| node_of(&app, &trace, at, &seen, &causes)).collect();
    let next = page.end().map(|at| Cursor { moment, at: at as u64 }.to_string());
    json(&TraceBody {
        correlation: asked.correlation,
        as_of: moment.position,
        received_by: moment.received,
        summary: summary_of(&trace.tree.summary),
        nodes,
        next,
    })
}

fn unknown() -> Problem {
    Problem::not_found("trace.unknown", "No event has this correlation.")
        .hint("What was received a moment ago is found within a second.")
}

/// Finds the trace in the app's tables.
async fn find(
    collector: &Collector,
    app: &App,
    asked: &Asked,
    snapshot: &Snapshot,
    moment: Moment,
) -> Result<Trace, Problem> {
    let engine = &collector.engine;
    let session = engine.session(snapshot)?;
    let catalog = Arc::clone(&app.catalog);
    let wanted = Wanted {
        app: app.slug.to_string(),
        correlation: asked.correlation.clone(),
        request: asked.request.clone(),
        from: asked.from,
        to: asked.to,
        moment,
        durations: catalog.audit.traces.durations.clone(),
        attempts: catalog.audit.traces.attempts.clone(),
    };
    let work = Box::pin(async move { wanted.ask(&session, &catalog.audit).await });
    let why = |error| match error {
        TraceError::Query(error) => Ok(engine.explain(&error)),
        error @ TraceError::TooLarge => {
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "trace.too-large", error.to_string());
            let problem = problem.with("events_max", trace_limits::TRACE_EVENTS_MAX.into());
            Err(problem.hint("Ask for a part of it, with from and to, or one request."))
        }
    };
    collector.compute(app, work, why).await
}

/// A part of a trace.
struct Page<'t> {
    trace: &'t Trace,
    offset: u64,
    limit: usize,
}

impl Page<'_> {
    /// Places in the list of events.
    fn places(&self) -> impl Iterator<Item = usize> {
        let offset = usize::try_from(self.offset).unwrap_or(usize::MAX);
        self.trace.tree.order.iter().skip(offset).take(self.limit).map(|at| *at as usize)
    }

    fn positions(&self) -> Vec<Position> {
        self.places().map(|at| self.trace.events[at].position).collect()
    }

    /// Where the next page begins, if there is one.
    fn end(&self) -> Option<usize> {
        let end = usize::try_from(self.offset).unwrap_or(usize::MAX).saturating_add(self.limit);
        (end < self.trace.tree.order.len()).then_some(end)
    }
}

fn node_of(
    app: &App,
    trace: &Trace,
    at: usize,
    seen: &HashMap<Position, Seen>,
    causes: &HashMap<[u128; 2], CauseBody>,
) -> NodeBody {
    let (happening, node) = (&trace.events[at], &trace.tree.nodes[at]);
    let id_of = |at: u32| EventId::from_bytes(trace.events[at as usize].id.to_be_bytes()).to_string();
    let id = EventId::from_bytes(happening.id.to_be_bytes()).to_string();
    let name = trace.names.get(happening.kind).cloned().unwrap_or_default();
    // What is past its time in the log may still be in the tables for a while.
    let seen = seen.get(&happening.position);
    let event = seen.map(|seen| &seen.event);
    let text = |text: Option<&std::borrow::Cow<'_, str>>| text.map(ToString::to_string);
    NodeBody {
        app_id: event.map(|event| event.app_id()).filter(|own| *own != id),
        id,
        position: happening.position,
        outcome: app.catalog.audit.traces.outcome(&name).map(daybook_catalog::audit::Outcome::as_str),
        name,
        time: Timestamp::from_microseconds(happening.time_us),
        actor: seen.and_then(Seen::actor),
        identity: text(event.and_then(|event| event.identity.as_ref())),
        anonymous_id: text(event.and_then(|event| event.anonymous_id.as_ref())),
        source: text(event.and_then(|event| event.source.as_ref())),
        request: text(event.and_then(|event| event.request.as_ref())),
        parent: node.parent.map(id_of),
        cause: cause_of(node, event.and_then(|event| event.causation.as_deref()), happening.causes, causes),
        depth: node.depth,
        children: node.children,
        descendants: node.descendants,
        since_cause_ms: node.since_cause_us.map(milliseconds),
        span_ms: milliseconds(node.span_us),
        duration_ms: node.duration_us.map(milliseconds),
        ends: node.ends.map(id_of),
        open: node.open,
        failed: node.failed,
        retry: node.retry,
        duplicate: node.duplicate,
    }
}

fn cause_of(
    node: &Node,
    named: Option<&str>,
    ids: Option<[u128; 2]>,
    causes: &HashMap<[u128; 2], CauseBody>,
) -> Option<CauseBody> {
    let named = named.map(str::to_owned);
    match node.link {
        Link::Origin | Link::Caused => None,
        Link::Itself => Some(CauseBody::unknown(named, "itself")),
        Link::Circle => Some(CauseBody::unknown(named, "circle")),
        Link::Elsewhere => {
            let known = ids.and_then(|ids| causes.get(&ids)).cloned();
            Some(known.unwrap_or_else(|| CauseBody::unknown(named, "missing")))
        }
    }
}

fn summary_of(summary: &Summary) -> SummaryBody {
    SummaryBody {
        events: summary.events,
        roots: summary.roots,
        orphans: summary.orphans,
        circles: summary.circles,
        started: Timestamp::from_microseconds(summary.started_us),
        ended: Timestamp::from_microseconds(summary.ended_us),
        duration_ms: milliseconds(summary.ended_us - summary.started_us),
        failures: summary.failures,
        retries: summary.retries,
        open: summary.open,
        depth: summary.depth,
    }
}

const fn milliseconds(microseconds: i64) -> i64 {
    microseconds / MILLISECOND_US
}
