//! What an auditor asks: who did what and when, why, what was read for it, and what is different since.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Path, Request, State};
use axum::response::Response;
use daybook_catalog::EventType;
use daybook_catalog::audit::Question;
use daybook_event::limits::IDENTIFIER_BYTES_MAX;
use daybook_event::{PersonName, Position, Timestamp};
use daybook_lake::Snapshot;
use daybook_lake::traces::audit::{Actor, Wanted};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::json;
use crate::access::Access;
use crate::as_of::Cursor;
use crate::collector::{App, Collector};
use crate::keyring::Key;
use crate::keys::Scope;
use crate::limits;
use crate::openapi::ActorBody;
use crate::output;
use crate::problem::Problem;
use crate::query::Query;
use crate::trail::{self, CauseBody, Seen};

/// Bytes of the digest by which a search for somebody is known.
const DIGEST_BYTES: usize = 8;

/// A page of answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditBody {
    /// The questions that are answered.
    pub questions: Vec<&'static str>,
    /// The position up to which events were looked at: given as `as_of`, it asks for the same again.
    pub as_of: Position,
    /// The time up to which events had been received, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub received_by: Option<Timestamp>,
    /// The events, in the order of the log.
    pub events: Vec<AuditedBody>,
    /// What to give as `cursor` for the next page; absent after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// An event, and what it answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditedBody {
    /// Its canonical id.
    pub id: String,
    /// Its place in the log.
    pub position: Position,
    /// Its type.
    pub name: String,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// Whose deed it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<AnswerBody>,
    /// What was done, and to what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<AnswerBody>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<AnswerBody>,
    /// For which reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<AnswerBody>,
    /// What was looked at for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<AnswerBody>,
    /// What is different since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<AnswerBody>,
}

/// The answer to one question. What there is nothing to say of is left out.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct AnswerBody {
    /// Who acted; where that is a person, the id only for keys with the scope `privacy`, and for nobody once they are erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<ActorBody>,
    /// The person, only for keys with the scope `privacy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// The person, by a name that tells nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anonymous_id: Option<String>,
    /// The part of the app that it was done by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What events of this type are, in the words of the catalog.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The trace that it is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// The step of the work that it is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// When it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub time: Option<Timestamp>,
    /// When it was received.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub received: Option<Timestamp>,
    /// The event that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<CauseBody>,
    /// Fields of its data that answer, as the catalog says which do.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub fields: Map<String, Value>,
    /// Fields that would answer and are personal: if the event has them, they are not for this key to see, or for nobody any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
}

impl AnswerBody {
    fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.withheld.is_empty()
    }
}

/// What is asked, and of what.
struct Asked {
    questions: Vec<Question>,
    correlation: Option<String>,
    actor: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    limit: usize,
}

/// Asks who did what and when, why, what was read for it, and what it changed.
///
/// Of a trace, of an actor, or of a period; given together, of what is all of them. Which fields of an event answer which question
/// is said by the app's catalog. Where only `read` and `changed` are asked, events that do not say are left out, so a page may have
/// fewer events than its limit, or none.
#[utoipa::path(
    get, path = "/v1/{app}/audit", tag = "questions", operation_id = "readAudit",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("correlation" = Option<String>, Query, description = "Events of this trace"),
        ("actor" = Option<String>, Query, description = "Events of this actor; people are found only for keys with the scope `privacy`, and that they were looked for is written down"),
        ("from" = Option<String>, Query, description = "Events that happened at this time or later, RFC 3339"),
        ("to" = Option<String>, Query, description = "Events that happened before this time, RFC 3339"),
        ("question" = Option<Vec<String>>, Query, description = "`who`, `what`, `when`, `why`, `read`, `changed`; repeated or separated by commas; all unless given"),
        ("as_of" = Option<String>, Query, description = "As it was: events up to this position, or received by this time, RFC 3339"),
        ("limit" = Option<u64>, Query, description = "So many events at most; 100 unless given, 1000 is the most"),
        ("cursor" = Option<String>, Query, description = "What the page before gave as `next`; it goes before `as_of`"),
    ),
    responses(
        (status = 200, description = "A page of answers, in the order of the log", body = AuditBody),
        (status = 400, description = "A parameter that is not understood, or nothing to ask of", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app, or its lake is turned off", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "It takes too long, or too much memory", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "A file of the lake is missing or damaged", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "As many queries run as may, or the tables do not have everything up to the moment", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn audit(
    State(collector): State<Arc<Collector>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Read]).await?;
    let known = ["correlation", "actor", "from", "to", "question", "as_of", "limit", "cursor"];
    let query = Query::parse(parts.uri.query(), &known)?;
    let asked = Asked::read(&query)?;
    let (as_of, cursor) = (query.moment("as_of")?, query.cursor("cursor")?);
    let actor = match &asked.actor {
        Some(id) => Some(someone(&collector, &key, &app, id).await?),
        None => None,
    };
    let (snapshot, moment) = collector.snapshot_of_page(&app, as_of, cursor).await?;
    let wanted = Wanted {
        correlation: asked.correlation.clone(),
        actor,
        from: asked.from,
        to: asked.to,
        names: asked.names(&app),
        after: cursor.map_or(0, |cursor| cursor.at),
        moment,
        limit: asked.limit,
    };
    let begun = Instant::now();
    let found = find(&collector, &app, wanted, &snapshot).await;
    let code = found.as_ref().map_or_else(Problem::code, |_| "ok");
    let (name, id) = (&*app.slug, key.info.id.as_str());
    tracing::info!(app = name, key = id, code, took_ms = begun.elapsed().as_millis() as u64, "an audit was asked for");
    let positions = found?;
    let next = positions.last().filter(|_| positions.len() == asked.limit);
    let next = next.map(|at| Cursor { moment, at: *at }.to_string());
    let (mut seen, opened) = trail::look(&collector, &app, positions.clone(), key.has(Scope::Privacy)).await?;
    let causes = if asked.questions.contains(&Question::Why) {
        let wanted = seen.values().filter_map(|seen| seen.causes).collect();
        trail::find_causes(&collector, &app, wanted, moment).await?
    } else {
        HashMap::new()
    };
    collector.note_access(&key, Access { rows: Some(opened), ..Access::to(&app.slug, "event") }).await?;
    let events = positions.iter().filter_map(|at| asked.answer(&app, &seen.remove(at)?, &causes)).collect();
    json(&AuditBody {
        questions: asked.questions.iter().map(|question| question.as_str()).collect(),
        as_of: moment.position,
        received_by: moment.received,
        events,
        next,
    })
}

/// The actor of a name. People are looked for only where it may be known who they are, and that is written down first.
async fn someone(collector: &Arc<Collector>, key: &Key, app: &App, id: &str) -> Result<Actor, Problem> {
    let mut actor = Actor { id: id.to_owned(), people: Vec::new() };
    if !key.has(Scope::Privacy) {
        return Ok(actor);
    }
    let digest = digest(id);
    collector.note_access(key, Access { query_digest: Some(&digest), ..Access::to(&app.slug, "query") }).await?;
    let names = [PersonName::identity(id.to_owned())];
    for subject in collector.vault.subjects(&app.slug, &names).await?.into_iter().flatten() {
        actor.people.push(subject.id);
        actor.people.extend(subject.also);
    }
    Ok(actor)
}

/// By which a search for somebody is known without telling for whom.
fn digest(actor: &str) -> String {
    let digest = Sha256::digest(format!("audit?actor={actor}").as_bytes());
    let hexadecimal: String = digest.iter().take(DIGEST_BYTES).map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hexadecimal}")
}

async fn find(collector: &Collector, app: &App, wanted: Wanted, snapshot: &Snapshot) -> Result<Vec<Position>, Problem> {
    let engine = &collector.engine;
    let session = engine.session(snapshot)?;
    let work = Box::pin(async move { wanted.ask(&session).await });
    collector.compute(app, work, |error| Ok(engine.explain(&error))).await
}

impl Asked {
    fn read(query: &Query<'_>) -> Result<Self, Problem> {
        let text = |name: &str| query.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let asked = Self {
            questions: questions(query)?,
            correlation: text("correlation"),
            actor: text("actor"),
            from: query.time("from")?,
            to: query.time("to")?,
            limit: query.limit(limits::TRAIL_PAGE_DEFAULT, limits::TRAIL_PAGE_MAX)?,
        };
        for (name, text) in [("correlation", &asked.correlation), ("actor", &asked.actor)] {
            if text.as_ref().is_some_and(|text| text.len() > IDENTIFIER_BYTES_MAX) {
                let detail = format!("{name} has at most {IDENTIFIER_BYTES_MAX} bytes.");
                return Err(Problem::bad_request("query.value", detail));
            }
        }
        if asked.correlation.is_none() && asked.actor.is_none() && asked.from.is_none() && asked.to.is_none() {
            return Err(Problem::bad_request("audit.of-what", "An audit is of a trace, of an actor, or of a period.")
                .hint("Give correlation, actor, or from and to."));
        }
        Ok(asked)
    }

    /// The event types that can answer; nothing where all can.
    fn names(&self, app: &App) -> Option<Vec<String>> {
        let of_data = |question: &Question| matches!(question, Question::Read | Question::Changed);
        if !self.questions.iter().all(of_data) {
            return None;
        }
        let answers = |event_type: &&EventType| {
            self.questions.iter().any(|question| !app.catalog.audit.fields(&event_type.name, *question).is_empty())
        };
        Some(app.catalog.current_events().filter(answers).map(|event_type| event_type.name.clone()).collect())
    }

    /// What an event answers; nothing where it says nothing of what is asked.
    fn answer(&self, app: &App, seen: &Seen, causes: &HashMap<[u128; 2], CauseBody>) -> Option<AuditedBody> {
        let event = &seen.event;
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        let mut answers: BTreeMap<Question, AnswerBody> = BTreeMap::new();
        for question in &self.questions {
            answers.insert(*question, answer(app, seen, *question, &data, causes));
        }
        let of_data = |question: &Question| matches!(question, Question::Read | Question::Changed);
        answers.retain(|question, answer| !of_data(question) || !answer.is_empty());
        if answers.is_empty() {
            return None;
        }
        Some(AuditedBody {
            id: event.id.to_string(),
            position: event.position,
            name: event.name.to_string(),
            time: event.time,
            who: answers.remove(&Question::Who),
            what: answers.remove(&Question::What),
            when: answers.remove(&Question::When),
            why: answers.remove(&Question::Why),
            read: answers.remove(&Question::Read),
            changed: answers.remove(&Question::Changed),
        })
    }
}

/// The questions that are asked; all unless some are named.
fn questions(query: &Query<'_>) -> Result<Vec<Question>, Problem> {
    let mut asked = Vec::new();
    for word in query.texts("question").flat_map(|text| text.split(',')).map(str::trim) {
        let Some(question) = Question::parse(word) else {
            let known = Question::ALL.map(Question::as_str).join(", ");
            return Err(Problem::bad_request("query.value", format!("question is one of {known}.")));
        };
        if !asked.contains(&question) {
            asked.push(question);
        }
    }
    asked.sort_unstable();
    Ok(if asked.is_empty() { Question::ALL.to_vec() } else { asked })
}

/// What an event answers to one question.
fn answer(
    app: &App,
    seen: &Seen,
    question: Question,
    data: &Value,
    causes: &HashMap<[u128; 2], CauseBody>,
) -> AnswerBody {
    let event = &seen.event;
    let text = |text: Option<&std::borrow::Cow<'_, str>>| text.map(ToString::to_string);
    let event_type = output::event_type(&app.catalog, event);
    let mut answer = match question {
        Question::Who => AnswerBody {
            actor: seen.actor(),
            identity: text(event.identity.as_ref()),
            anonymous_id: text(event.anonymous_id.as_ref()),
            source: text(event.source.as_ref()),
            ..AnswerBody::default()
        },
        Question::What => AnswerBody {
            description: event_type.and_then(|event_type| event_type.description.clone()),
            correlation: text(event.correlation.as_ref()),
            request: text(event.request.as_ref()),
            ..AnswerBody::default()
        },
        Question::When => {
            AnswerBody { time: Some(event.time), received: Some(event.received), ..AnswerBody::default() }
        }
        Question::Why => AnswerBody { cause: cause_of(seen, causes), ..AnswerBody::default() },
        Question::Read | Question::Changed => AnswerBody::default(),
    };
    for path in app.catalog.audit.fields(&event.name, question) {
        match at(data, path.split('.')) {
            Some(value) => {
                answer.fields.insert(path.to_owned(), value);
            }
            None if event_type.is_some_and(|event_type| is_personal(event_type, path)) => {
                answer.withheld.push(path.to_owned());
            }
            None => {}
        }
    }
    answer
}

fn cause_of(seen: &Seen, causes: &HashMap<[u128; 2], CauseBody>) -> Option<CauseBody> {
    let ids = seen.causes?;
    if ids.contains(&u128::from_be_bytes(*seen.event.id.as_bytes())) {
        return Some(CauseBody::unknown(seen.event.causation.as_ref().map(ToString::to_string), "itself"));
    }
    let known = causes.get(&ids).cloned();
    Some(known.unwrap_or_else(|| CauseBody::unknown(seen.event.causation.as_ref().map(ToString::to_string), "missing")))
}

/// Whether a field is personal, or within one that is, or around one.
fn is_personal(event_type: &EventType, path: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner == outer || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
    };
    event_type.pii.keys().any(|marked| within(path, marked) || within(marked, path))
}

/// The value at a path; where the way leads through a list, those of all its items.
fn at<'p>(value: &Value, mut path: impl Iterator<Item = &'p str> + Clone) -> Option<Value> {
    if let Value::Array(items) = value
        && path.clone().next().is_some()
    {
        let found: Vec<Value> = items.iter().filter_map(|item| at(item, path.clone())).collect();
        return (!found.is_empty()).then_some(Value::Array(found));
    }
    match path.next() {
        Some(step) => at(value.get(step)?, path),
        // That there was nothing before, or is nothing now, is an answer.
        None => Some(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_found_in_objects_and_lists() {
        let data = json!({"a": {"b": 1}, "list": [{"c": 2}, {}, {"c": {"d": [3]}}], "none": null, "empty": []});
        let check = |path: &str, expected: Option<Value>| assert_eq!(at(&data, path.split('.')), expected, "{path}");
        check("a", Some(json!({"b": 1})));
        check("a.b", Some(json!(1)));
        check("a.c", None);
        check("list.c", Some(json!([2, {"d": [3]}])));
        check("list.c.d", Some(json!([[3]])));
        check("none", Some(Value::Null));
        check("none.x", None);
        check("empty", Some(json!([])));
        check("empty.x", None);
    }
}
