//! SQL over an app's tables.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use daybook_lake::people::People;
use daybook_lake::query::{Answer, Format, Question};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::quarantine::read_small;
use crate::as_of::AsOf;
use crate::collector::{App, Collector};
use crate::keyring::Key;
use crate::keys::Scope;
use crate::media;
use crate::people::KnownPeople;
use crate::problem::Problem;
use crate::query::Query;

/// Bytes of the digest by which a query is known in the server's log.
const DIGEST_BYTES: usize = 8;

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SqlRequest {
    /// One statement: `SELECT`, `WITH`, `EXPLAIN`, `DESCRIBE`, `SHOW TABLES` or `SHOW COLUMNS`.
    pub query: String,
    /// `json`, `ndjson`, `csv`, `arrow` or `parquet`; what `Accept` says where left out.
    pub format: Option<String>,
    /// So many rows at most.
    pub limit: Option<u64>,
    /// Seconds that it may take.
    pub timeout: Option<u64>,
    /// The tables as they were: events up to this position, or received by this time, RFC 3339.
    pub as_of: Option<MomentWord>,
}

/// A moment, as JSON writes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum MomentWord {
    /// A position.
    Position(u64),
    /// A position, or a time.
    Text(String),
}

/// An answer in JSON.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SqlBody {
    /// The columns, in order.
    pub columns: Vec<SqlColumn>,
    /// The rows, as objects.
    pub rows: Vec<serde_json::Map<String, serde_json::Value>>,
    /// Whether there are more rows.
    pub truncated: bool,
}

/// A column of an answer.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SqlColumn {
    /// Its name.
    pub name: String,
    /// Its type: `int64`, `float64`, `text`, `boolean`, `timestamp`, `date`, `decimal(38, 9)`, `json` and others.
    pub r#type: String,
}

/// Asks what happened, in SQL.
///
/// Questions only, over the app's tables `events` and `daily_counts`; for keys with the scope `privacy` these have a column `identity`,
/// and that it was looked at is written down. The query may also be sent as `text/plain` or `application/sql`,
/// with the other members as parameters. An answer that breaks off is not whole. Closing the connection stops the query.
#[utoipa::path(
    post, path = "/v1/{app}/sql", tag = "questions", operation_id = "askSql",
    params(
        ("app" = String, Path, description = "The app's slug"),
        ("format" = Option<String>, Query, description = "`json`, `ndjson`, `csv`, `arrow` or `parquet`"),
        ("limit" = Option<u64>, Query, description = "So many rows at most"),
        ("timeout" = Option<u64>, Query, description = "Seconds that it may take"),
        ("as_of" = Option<String>, Query, description = "The tables as they were: events up to this position, or received by this time, RFC 3339"),
    ),
    request_body(content(
        (SqlRequest = "application/json"),
        (String = "application/sql"),
        (String = "text/plain"),
    )),
    responses(
        (status = 200, description = "The answer", content(
            (SqlBody = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"),
            (Vec<u8> = "application/vnd.apache.arrow.stream"), (Vec<u8> = "application/vnd.apache.parquet"),
        )),
        (status = 400, description = "No question, or one that cannot be understood; `line` and `column` say where", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or none that is good", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read, or not this app", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such app, or its lake is turned off", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 406, description = "None of the formats is accepted", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The query is in a form that is not understood", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "It takes too long, too much memory, is too large, or fails on a value", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "A file of the lake is missing or damaged", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "As many queries run as may, or the tables are being made anew", body = crate::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = []))
)]
pub async fn ask(
    State(collector): State<Arc<Collector>>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let (key, app) = collector.enter(&parts, &slug, &[Scope::Read]).await?;
    let body = read_small(&collector, &parts.headers, body).await?;
    let (question, as_of) = read(&parts, &body)?;
    let digest = digest(&question.sql);
    let begun = Instant::now();
    let asked = answer(&collector, &key, &app, (question, as_of), &digest).await;
    let code = asked.as_ref().map_or_else(Problem::code, |_| "ok");
    let (app, key) = (&*app.slug, key.info.id.as_str());
    tracing::info!(app, key, query = digest, code, began_ms = begun.elapsed().as_millis() as u64, "a query was asked");
    let answer = asked?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(answer.format().media_type())),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // Some proxies hold answers back to fill their buffers unless told not to.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, Body::from_stream(answer.into_stream())).into_response())
}

async fn answer(
    collector: &Arc<Collector>,
    key: &Arc<Key>,
    app: &Arc<App>,
    (question, as_of): (Question, Option<AsOf>),
    digest: &str,
) -> Result<Answer, Problem> {
    let snapshot = match as_of {
        None => collector.snapshot(app).await?,
        Some(_) => collector.snapshot_then(app, as_of).await?,
    };
    let session = if key.has(Scope::Privacy) {
        let (key, app) = (Arc::clone(key), Arc::clone(app));
        let people = KnownPeople::new(Arc::clone(collector), key, app, digest.to_owned());
        let people: Arc<dyn People> = Arc::new(people);
        collector.engine.session_with_people(snapshot, &people)?
    } else {
        collector.engine.session(&snapshot)?
    };
    match Box::pin(collector.engine.ask(session, question)).await {
        Ok(answer) => Ok(answer),
        Err(error) => Err(collector.unanswered(app, error).await),
    }
}

/// Reads the question, which is JSON or the query itself.
fn read(parts: &Parts, body: &[u8]) -> Result<(Question, Option<AsOf>), Problem> {
    let parameters = Query::parse(parts.uri.query(), &["format", "limit", "timeout", "as_of"])?;
    let (limit, timeout) = (parameters.number("limit")?, parameters.number("timeout")?);
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or(media::JSON);
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let asked = match essence.as_str() {
        "text/plain" | "application/sql" => {
            let query =
                std::str::from_utf8(body).map_err(|_| Problem::bad_request("sql.body", "The query is not UTF-8."))?;
            SqlRequest { query: query.to_owned(), format: None, limit: None, timeout: None, as_of: None }
        }
        // What curl says where it is not told otherwise.
        media::JSON | "application/x-www-form-urlencoded" => serde_json::from_slice(body).map_err(|error| {
            Problem::bad_request("sql.body", format!("The body is not a question: {error}."))
                .hint("Send {\"query\": \"SELECT …\"}, or the query itself as application/sql.")
        })?,
        _ => {
            let detail = "A query is taken as application/json, application/sql or text/plain.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "body.media-type", detail));
        }
    };
    let format = asked.format.as_deref().or_else(|| parameters.text("format"));
    let offered = Format::ALL.map(|format| (format.as_str(), format.essence()));
    let media_type = media::answer_form(&parts.headers, format, &offered)?;
    let format = Format::of_media_type(media_type).unwrap_or_default();
    let limit = asked.limit.or(limit).map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let time_limit = asked.timeout.or(timeout).map(Duration::from_secs);
    let as_of = match &asked.as_of {
        None => parameters.moment("as_of")?,
        Some(MomentWord::Position(position)) => Some(AsOf::Position(*position)),
        Some(MomentWord::Text(text)) => Some(text.parse().map_err(|()| {
            Problem::bad_request(
                "query.value",
                "as_of is a position, or an RFC 3339 date and time such as 2026-01-14T15:00:00Z.",
            )
        })?),
    };
    Ok((Question { sql: asked.query, format, limit, time_limit }, as_of))
}

/// By which a query is known without being told: its text may hold a name.
fn digest(sql: &str) -> String {
    let digest = Sha256::digest(sql.as_bytes());
    let hexadecimal: String = digest.iter().take(DIGEST_BYTES).map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hexadecimal}")
}
