//! Error answers: RFC 9457 problem documents with a stable `code`.

mod aggregates;
mod dcb;
mod errors;
mod lake;
mod state;

pub use errors::{COUNTED_CODES, NO_DEAD_LETTER};

use std::borrow::Cow;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

/// One error answer. Boxed, because it is the unlikely half of nearly every result here.
#[derive(Debug, Clone)]
pub struct Problem(Box<Members>);

#[derive(Debug, Clone, Serialize)]
struct Members {
    /// A URI that names the kind of problem; its last part is the code.
    #[serde(rename = "type")]
    kind: String,
    /// The status in words.
    title: &'static str,
    #[serde(serialize_with = "status_number")]
    status: StatusCode,
    /// Stable, dotted, lower-case.
    code: &'static str,
    /// What went wrong this time, in a sentence.
    detail: Cow<'static, str>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<Cow<'static, str>>,
    /// Members of this kind of problem alone, as JSON: receipts of a refused call, reasons of a server that is not ready.
    #[serde(flatten)]
    extra: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(skip)]
    header: Option<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of this status and code.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Members {
            kind: format!("urn:daybook:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status,
            code,
            detail: detail.into(),
            hint: None,
            extra: None,
            header: None,
        }))
    }

    /// The request cannot be understood.
    pub fn bad_request(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// There is no such thing.
    pub fn not_found(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// The key may not do this.
    pub fn forbidden(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// There is no key, or none that counts.
    pub fn unauthorized(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
            .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"daybook\""))
    }

    /// The server cannot do it now, but may in a while.
    pub fn unavailable(code: &'static str, detail: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(retry_after)
    }

    /// The caller has used up what it may for now.
    pub fn too_many(code: &'static str, detail: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, detail).retry_after(retry_after)
    }

    /// Something went wrong that is nobody's input; what exactly is in the log, not in the answer.
    pub fn internal(code: &'static str, error: &dyn std::error::Error) -> Self {
        tracing::error!(code, error = %Chain(error), "request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, "The server could not do this. Its own log says why.")
    }

    /// The method is not one of those allowed here.
    pub fn method_not_allowed(allow: &'static str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "http.method", format!("This address takes {allow}."))
            .header(ALLOW, HeaderValue::from_static(allow))
    }

    /// The same problem with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The same problem with one more member.
    #[must_use]
    pub fn with(mut self, member: &str, value: serde_json::Value) -> Self {
        self.0.extra.get_or_insert_default().insert(member.to_owned(), value);
        self
    }

    /// The status that it is answered with.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The problem's code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    fn retry_after(self, after: Duration) -> Self {
        // Whole seconds, rounded up, so that whoever keeps to it does not come too early.
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        self.header(RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.header = Some((name, value));
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        // A problem has no member that JSON cannot write.
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = (self.0.status, [(CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some((name, value)) = self.0.header.take() {
            response.headers_mut().insert(name, value);
        }
        response.extensions_mut().insert(ProblemCode(self.0.code));
        response
    }
}

/// The code of the problem an answer carries, for the log line of the request.
#[derive(Debug, Clone, Copy)]
pub struct ProblemCode(pub &'static str);

/// An error and what caused it, on one line.
pub struct Chain<'e>(pub &'e dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(formatter, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn status_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn a_problem_is_a_problem_document() {
        let response = Problem::too_many("rate.events", "Too many.", Duration::from_millis(1_200))
            .with("limit", 5.into())
            .into_response();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        assert_eq!(response.headers()[RETRY_AFTER], "2");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "type": "urn:daybook:problem:rate.events", "title": "Too Many Requests", "status": 429,
                "code": "rate.events", "detail": "Too many.", "limit": 5
            })
        );
    }
}
