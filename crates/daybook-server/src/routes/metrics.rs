//! Metrics: questions about an app's events that have names.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Path, Request, State};
use axum::response::Response;
use daybook_lake::metrics::{Answer, Definitions, MetricError, Question};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::json;
use super::quarantine::read_small;
use crate::collector::{App, Collector};
use crate::config::nearest;
use crate::keyring::Key;
use crate::keys::Scope;
use crate::problem::Problem;
use crate::query::Query;

/// The answer to a metric.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what another crate writes")]
pub struct MetricBody {
    /// The rows; of every metric but `funnel`.
    rows: Option<Vec<Map<String, Value>>>,
    /// The steps of a `funnel`.
    steps: Option<Vec<Map<String, Value>>>,
}

/// Asks a metric: who is active, who comes back, who gets how far, what a number comes to.
///
/// Which parameters there are depends on the metric, and one that it does not know is refused. Periods are those of UTC, weeks begin on
/// Monday.
#[utoipa::path(
    get, path = "/v1/{app}/metrics/{metric}", tag = "questions", operation_id = "readMetric",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("metric" = String, Path, description = "Its name, such as `active-users` or `funnel`"),
        ("from" = String, Query, description = "From this date, or date and time with its zone"),
        ("to" = String, Query, description = "To before this date, or date and time with its zone"),
        ("period" = Option<String>, Query, description = "`day`, `week` or `month`: active users, retention, stickiness, churn, sessions"),
        ("events" = Option<Vec<String>>, Query, description = "Event types and patterns, repeated or separated by commas: all but funnels"),
        ("by" = Option<String>, Query, description = "A column to divide active users and sessions by; whose steps a funnel is of: `identity` or `session`"),
        ("group_by" = Option<String>, Query, description = "A column to divide the answer by: trends, funnels"),
        ("where" = Option<String>, Query, description = "What events must be, as a JSON object: trends"),
        ("interval" = Option<String>, Query, description = "`minute`, `hour`, `day`, `week` or `month`: trends"),
        ("measure" = Option<String>, Query, description = "`count`, `unique`, or `sum:field`, `avg:`, `min:`, `max:`, `p50:`, `p95:`, `p99:`: trends"),
        ("steps" = Option<String>, Query, description = "The steps as a JSON array: funnels"),
        ("within" = Option<String>, Query, description = "How long after the first step, such as `7d`: funnels"),
        ("start" = Option<String>, Query, description = "The event that people begin with: retention"),
        ("return" = Option<String>, Query, description = "The event that they come back with: retention"),
        ("periods" = Option<u64>, Query, description = "How many periods are looked at: retention"),
    ),
    responses(
        (status = 200, description = "The answer", body = MetricBody),
        (status = 400, description = "It cannot be asked like this; `errors` says everything that is wrong", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or metric, or the app's lake is turned off", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "It takes too long, or too much memory", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "A file of the lake is missing or damaged", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "As many queries run as may, or the tables are being made anew", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn read(
    State(collector): State<Arc<Collector>>,
    Path((slug, metric)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Read]).await?;
    let metric = known(&metric)?;
    let pairs: Vec<_> = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).collect();
    let question = Question::from_pairs(metric, pairs.iter().map(|(name, value)| (&**name, &**value)));
    let question = question.map_err(|error| refused(&collector, error))?;
    answer(&collector, &key, &app, metric, question).await
}

/// Asks a metric whose parameters are the members of a JSON object.
#[utoipa::path(
    post, path = "/v1/{app}/metrics/{metric}", tag = "questions", operation_id = "askMetric",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("metric" = String, Path, description = "Its name, such as `active-users` or `funnel`"),
    ),
    request_body(content = Object, description = "The parameters by name, as of the GET; `where` and `steps` as they are, `events` as a list"),
    responses(
        (status = 200, description = "The answer", body = MetricBody),
        (status = 400, description = "It cannot be asked like this; `errors` says everything that is wrong", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or metric, or the app's lake is turned off", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "It takes too long, or too much memory", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "A file of the lake is missing or damaged", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "As many queries run as may, or the tables are being made anew", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn ask(
    State(collector): State<Arc<Collector>>,
    Path((slug, metric)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Read]).await?;
    let metric = known(&metric)?;
    Query::parse(parts.uri.query(), &[])?;
    let body = read_small(&collector, &parts.headers, body).await?;
    let parameters: Value = serde_json::from_slice(&body).map_err(|error| {
        Problem::bad_request("metric.body", format!("The body is no JSON: {error}."))
            .hint(r#"Send an object, such as {"from": "2026-03-01", "to": "2026-04-01"}."#)
    })?;
    let question = Question::read(metric, parameters).map_err(|error| refused(&collector, error))?;
    answer(&collector, &key, &app, metric, question).await
}

/// The metric of this name.
fn known(metric: &str) -> Result<&'static str, Problem> {
    Question::NAMES.into_iter().find(|name| *name == metric).ok_or_else(|| {
        let problem = Problem::not_found("metric.unknown", "There is no metric of this name.");
        problem.hint(match nearest(metric, Question::NAMES.into_iter()) {
            Some(name) => format!("Did you mean `{name}`?"),
            None => format!("There are {}.", Question::NAMES.join(", ")),
        })
    })
}

async fn answer(
    collector: &Collector,
    key: &Key,
    app: &App,
    metric: &'static str,
    question: Question,
) -> Result<Response, Problem> {
    let begun = Instant::now();
    let answered = compute(collector, app, question).await;
    let code = answered.as_ref().map_or_else(Problem::code, |_| "ok");
    let (app, key) = (&*app.slug, key.info.id.as_str());
    tracing::info!(app, key, metric, code, took_ms = begun.elapsed().as_millis() as u64, "a metric was asked");
    json(&answered?)
}

async fn compute(collector: &Collector, app: &App, question: Question) -> Result<Answer, Problem> {
    let engine = &collector.engine;
    let session = engine.session(&collector.snapshot(app).await?)?;
    let definitions = Definitions::from(&*app.catalog);
    let work = Box::pin(async move { question.ask(&session, &definitions).await });
    let why = |error| match error {
        MetricError::Query(error) => Ok(engine.explain(&error)),
        error @ MetricError::Refused(_) => Err(refused(collector, error)),
    };
    collector.compute(app, work, why).await
}

/// What is wrong with a question.
fn refused(collector: &Collector, error: MetricError) -> Problem {
    let findings = match error {
        MetricError::Refused(findings) => findings,
        MetricError::Query(error) => return collector.engine.explain(&error).into(),
    };
    let said: Vec<String> = findings.iter().map(ToString::to_string).collect();
    let problem = Problem::bad_request("metric.invalid", format!("This cannot be asked: {}.", said.join("; ")));
    problem.with("errors", serde_json::to_value(&findings).unwrap_or_default())
}
