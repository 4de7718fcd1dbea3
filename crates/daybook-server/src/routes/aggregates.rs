//! Aggregates: what there are, what was computed, and computing it by command.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::Response;
use daybook_catalog::aggregates::{Period, Spec};
use daybook_catalog::duration;
use daybook_event::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::json;
use super::quarantine::read_small;
use crate::aggregates::store::{self, Filter, Place};
use crate::aggregates::{Backfilled, Trouble, Wanted};
use crate::collector::{App, Collector};
use crate::config::nearest;
use crate::keys::Scope;
use crate::limits;
use crate::problem::Problem;
use crate::query::Query;
use crate::state::aggregates::Model;

/// The numbers of one aggregate, for one period and one set of dimensions.
#[derive(Debug, Serialize, ToSchema)]
pub struct AggregateBody {
    /// The aggregate.
    pub aggregate_type: String,
    /// How long its periods are: `daily`, `weekly` or `monthly`.
    pub period_type: String,
    /// The first day of the period, in UTC.
    #[schema(format = Date)]
    pub period_start: String,
    /// The last day of the period.
    #[schema(format = Date)]
    pub period_end: String,
    /// What the numbers are of.
    #[schema(value_type = Object)]
    pub dimensions: Map<String, Value>,
    /// The numbers.
    #[schema(value_type = Object)]
    pub metrics: Map<String, Value>,
    /// When they were computed, or became what they are.
    #[schema(value_type = String, format = DateTime)]
    pub computed_at: Timestamp,
    /// The catalog declares no such aggregate any more, or one of other periods: what was computed stays as it is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
}

/// A page of aggregates.
#[derive(Debug, Serialize, ToSchema)]
pub struct AggregatesBody {
    /// The rows, by period, aggregate, and then in an order that stays.
    pub aggregates: Vec<AggregateBody>,
    /// What to give as `after` for the next page; absent after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// An aggregate, as the app's catalog declares it, and what there is of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DefinitionBody {
    /// Its name, the `aggregate_type` of its rows.
    pub name: String,
    /// What its numbers say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How long its periods are: `daily`, `weekly` or `monthly`.
    pub period: &'static str,
    /// The category whose `aggregate-retain` its rows have.
    pub category: String,
    /// What its numbers are of.
    pub dimensions: Vec<String>,
    /// The time of day, in UTC, from which on a period that is over is computed.
    pub at: String,
    /// How long after the end of a period it is computed every day again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recompute_for: Option<String>,
    /// How many of its periods were computed.
    pub periods: u64,
    /// The first day of the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    pub first: Option<String>,
    /// The last day of the last of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    pub last: Option<String>,
    /// How many of them wait to be computed again, because events came late.
    pub late: u64,
    /// When one of them was last computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub computed_at: Option<Timestamp>,
    /// Why it could not be computed the last time: stable, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The same, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The aggregates of an app.
#[derive(Debug, Serialize, ToSchema)]
pub struct DefinitionsBody {
    /// In the order of the catalog.
    pub aggregates: Vec<DefinitionBody>,
    /// Those that were computed once, and that the catalog does not declare any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<RemovedBody>,
}

/// An aggregate that is no longer declared, and what there is of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RemovedBody {
    /// Its name.
    pub name: String,
    /// How many of its periods were computed.
    pub periods: u64,
    /// The first day of the first of them.
    #[schema(format = Date)]
    pub first: String,
    /// The last day of the last of them.
    #[schema(format = Date)]
    pub last: String,
}

/// What to compute.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ComputeRequest {
    /// The aggregate; all of the app without it.
    pub aggregate: Option<String>,
    /// Periods that lie on this day or later, at least in part.
    #[schema(format = Date)]
    pub from: String,
    /// Periods that lie on this day or earlier, at least in part.
    #[schema(format = Date)]
    pub to: String,
}

/// Lists computed aggregates.
///
/// They are there longer than the events that they were computed of. Computed again, a row takes the place of the one before.
#[utoipa::path(
    get, path = "/v1/{app}/aggregates", tag = "aggregates", operation_id = "listAggregates",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("type" = Option<String>, Query, description = "One aggregate alone"),
        ("period" = Option<String>, Query, description = "`daily`, `weekly` or `monthly` ones alone"),
        ("from" = Option<String>, Query, description = "Of periods that begin on this day or later"),
        ("to" = Option<String>, Query, description = "Of periods that begin on this day or earlier"),
        ("dimension" = Option<Vec<String>>, Query, description = "`name:value`: rows that have this dimension with this value; repeated, with all of them"),
        ("limit" = Option<u64>, Query, description = "So many rows at most; 100 unless given, 1000 is the most"),
        ("after" = Option<String>, Query, description = "What the page before gave as `next`"),
    ),
    responses(
        (status = 200, description = "A page; a page may be shorter than asked for, and is the last where it has no `next`", body = AggregatesBody),
        (status = 400, description = "A parameter that is not understood", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn list(
    State(collector): State<Arc<Collector>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (_, app) = collector.enter(&parts, &slug, &[Scope::Read]).await?;
    let known = ["type", "period", "from", "to", "dimension", "limit", "after"];
    let query = Query::parse(parts.uri.query(), &known)?;
    let limit = query.limit(limits::AGGREGATES_PAGE_DEFAULT, limits::AGGREGATES_PAGE_MAX)?;
    let dimensions = dimensions(&query)?;
    let mut filter = filter(&query)?;
    let (mut found, mut looked_at) = (Vec::new(), 0);
    // One more than are given tells whether there are more.
    let page_rows = if dimensions.is_empty() { limit + 1 } else { limits::AGGREGATES_PAGE_MAX };
    let next = loop {
        let page = store::page(&collector.database, &app.slug, &filter, page_rows as u64).await;
        let page = page.map_err(|error| Problem::state(&error))?;
        let is_last = page.len() < page_rows;
        looked_at += page.len();
        let mut full = None;
        for row in page {
            let place = Place::of(&row);
            if found.len() == limit {
                full = filter.after.take();
                break;
            }
            filter.after = Some(place);
            let body = body_of(row, &app.catalog.aggregates);
            if has(&body, &dimensions) {
                found.push(body);
            }
        }
        if full.is_some() {
            break full;
        }
        if is_last {
            break None;
        }
        if found.len() == limit || looked_at >= limits::AGGREGATES_SCAN_MAX {
            break filter.after;
        }
    };
    json(&AggregatesBody { aggregates: found, next: next.map(|place| place.to_string()) })
}

/// Lists the aggregates that an app's catalog declares, with what there is of each, and those that it declared once.
#[utoipa::path(
    get, path = "/v1/{app}/aggregates/definitions", tag = "aggregates", operation_id = "listAggregateDefinitions",
    params(("app" = String, Path, description = "The app's slug")),
    responses(
        (status = 200, description = "The aggregates", body = DefinitionsBody),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn definitions(
    State(collector): State<Arc<Collector>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (_, app) = collector.enter(&parts, &slug, &[Scope::Read]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let periods = store::periods(&collector.database, &app.slug).await.map_err(|error| Problem::state(&error))?;
    let mut of: HashMap<&str, Vec<_>> = HashMap::new();
    for period in &periods {
        of.entry(&period.aggregate_type).or_default().push(period);
    }
    let definition = |spec: &Spec| {
        let periods = of.remove(spec.name.as_str()).unwrap_or_default();
        let (code, message) = collector
            .aggregates
            .trouble(&app.slug, &spec.name)
            .map(|Trouble { code, message, .. }| (code, message))
            .unzip();
        DefinitionBody {
            name: spec.name.clone(),
            description: spec.description.clone(),
            period: spec.period.as_str(),
            category: spec.category.clone(),
            dimensions: spec.dimensions.clone(),
            at: spec.at_text(),
            recompute_for: (!spec.recompute_for.is_zero()).then(|| duration::format(spec.recompute_for)),
            periods: periods.len() as u64,
            first: periods.iter().map(|period| period.period_start.clone()).min(),
            last: periods.iter().map(|period| period.period_end.clone()).max(),
            late: periods.iter().filter(|period| period.late.is_some()).count() as u64,
            computed_at: periods.iter().map(|period| period.computed_us).max().map(Timestamp::from_microseconds),
            code,
            message,
        }
    };
    let aggregates = app.catalog.aggregates.iter().map(definition).collect();
    let removed = of.into_iter().filter_map(|(name, periods)| {
        Some(RemovedBody {
            name: name.to_owned(),
            periods: periods.len() as u64,
            first: periods.iter().map(|period| period.period_start.clone()).min()?,
            last: periods.iter().map(|period| period.period_end.clone()).max()?,
        })
    });
    let mut removed: Vec<RemovedBody> = removed.collect();
    removed.sort_by(|one, other| one.name.cmp(&other.name));
    json(&DefinitionsBody { aggregates, removed })
}

/// Computes aggregates for periods that are over, again where they were computed before.
///
/// Periods that begin before the category's events are kept are left out: of those events may be gone, and what was computed
/// before stays as it is.
#[utoipa::path(
    post, path = "/v1/{app}/aggregates/compute", tag = "aggregates", operation_id = "computeAggregates",
    params(("app" = String, Path, description = "The app's slug")),
    request_body(content = ComputeRequest, description = "Which aggregate, and which days"),
    responses(
        (status = 200, description = "What was computed", body = Backfilled),
        (status = 400, description = "That does not say what to compute", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not have the scope admin, or is not for this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app or aggregate, or its lake is turned off", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "More than 400 periods, or the aggregate cannot be computed", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The lake is behind the log, or cannot be used for now", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn compute(
    State(collector): State<Arc<Collector>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Admin]).await?;
    Query::parse(parts.uri.query(), &[])?;
    let body = read_small(&collector, &parts.headers, body).await?;
    let asked: ComputeRequest = serde_json::from_slice(&body).map_err(|error| {
        Problem::bad_request("aggregates.compute", format!("The body does not say what to compute: {error}."))
            .hint(r#"Send {"from": "2026-01-01", "to": "2026-01-31"}, and "aggregate" where not all are meant."#)
    })?;
    let wanted = Wanted {
        specs: specs(&app, asked.aggregate.as_deref())?,
        from: day("from", &asked.from)?,
        to: day("to", &asked.to)?,
    };
    // Boxed: it is large, and seldom called.
    let done = Box::pin(collector.backfill(&app, &wanted, Some(&key.info.id))).await?;
    json(&done)
}

/// The aggregate of this name, or all.
fn specs<'a>(app: &'a App, name: Option<&str>) -> Result<Vec<&'a Spec>, Problem> {
    let all = &app.catalog.aggregates;
    let Some(name) = name else { return Ok(all.iter().collect()) };
    let found: Vec<&Spec> = all.iter().filter(|spec| spec.name == name).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let problem = Problem::not_found("aggregates.unknown", "The catalog of this app has no aggregate of this name.");
    Err(match nearest(name, all.iter().map(|spec| spec.name.as_str())) {
        Some(name) => problem.hint(format!("Did you mean `{name}`?")),
        None => problem,
    })
}

fn filter(query: &Query<'_>) -> Result<Filter, Problem> {
    let period = query.text("period");
    if period.is_some_and(|period| Period::parse(period).is_none()) {
        return Err(Problem::bad_request("aggregates.period", "period is daily, weekly or monthly."));
    }
    let days = |name| query.text(name).map(|text| day(name, text)).transpose();
    let after = query.text("after").map(|text| {
        let wrong = || Problem::bad_request("aggregates.after", "after is what the page before gave as next.");
        Place::parse(text).ok_or_else(wrong)
    });
    Ok(Filter {
        aggregate: query.text("type").map(str::to_owned),
        period: period.map(str::to_owned),
        from: days("from")?.map(|day| day.to_string()),
        to: days("to")?.map(|day| day.to_string()),
        after: after.transpose()?,
    })
}

fn day(name: &str, text: &str) -> Result<Date, Problem> {
    // A date and time would be taken for its date.
    let date = if text.len() == 10 { text.parse().ok() } else { None };
    date.ok_or_else(|| Problem::bad_request("query.value", format!("{name} is a date such as 2026-01-14.")))
}

/// The dimensions that are asked for, with the text of their values.
fn dimensions<'q>(query: &'q Query<'_>) -> Result<Vec<(&'q str, &'q str)>, Problem> {
    let asked: Option<Vec<_>> = query.texts("dimension").map(|text| text.split_once(':')).collect();
    let fits = asked.filter(|asked| asked.len() <= limits::AGGREGATE_FILTER_MAX);
    fits.ok_or_else(|| {
        Problem::bad_request(
            "aggregates.dimension",
            "dimension is name:value, as in community_id:1; at most 16 of them.",
        )
    })
}

/// Whether a row has these dimensions. A value is compared by its text; of what is none, `null` is.
fn has(row: &AggregateBody, dimensions: &[(&str, &str)]) -> bool {
    dimensions.iter().all(|(name, wanted)| match row.dimensions.get(*name) {
        Some(Value::String(text)) => text == wanted,
        Some(value) => Value::to_string(value).as_str() == *wanted,
        None => false,
    })
}

fn body_of(row: Model, declared: &[Spec]) -> AggregateBody {
    let is_of = |spec: &Spec| spec.name == row.aggregate_type && spec.period.as_str() == row.period_type;
    AggregateBody {
        removed: !declared.iter().any(is_of),
        aggregate_type: row.aggregate_type,
        period_type: row.period_type,
        period_start: row.period_start,
        period_end: row.period_end,
        dimensions: serde_json::from_str(&row.dimensions).unwrap_or_default(),
        metrics: serde_json::from_str(&row.metrics).unwrap_or_default(),
        computed_at: Timestamp::from_microseconds(row.computed_us),
    }
}
