//! Answers that a client may know already (RFC 9110, section 13).

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use crate::media;
use crate::problem::Problem;

/// A value as the JSON body of an answer with an `ETag`, or 304 without a body where the client has it already. It may be
/// kept by who asked, and has to be asked for again before it is used: catalogs change when the server is started.
///
/// # Errors
/// When it cannot be written as JSON, which everything here can.
pub fn json(headers: &HeaderMap, value: &impl Serialize) -> Result<Response, Problem> {
    let body = serde_json::to_vec(value).map_err(|error| Problem::internal("server.failed", &error))?;
    let tag = format!("\"{}\"", blake3::hash(&body).to_hex().get(..32).unwrap_or_default());
    let known = is_known(headers, &tag);
    let tag = HeaderValue::try_from(tag).map_err(|error| Problem::internal("server.failed", &error))?;
    let caching = [
        (ETAG, tag),
        (CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
        (VARY, HeaderValue::from_static("authorization")),
    ];
    Ok(if known {
        (StatusCode::NOT_MODIFIED, caching).into_response()
    } else {
        (caching, [(CONTENT_TYPE, media::JSON)], body).into_response()
    })
}

/// Whether `If-None-Match` names the tag. Weak tags are compared as strong ones are: the bytes are the same.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lists = headers.get_all(IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
    let mut tags = lists.flat_map(|list| list.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_not_sent_again() {
        let check = |known: Option<&str>, expected: bool| {
            let mut headers = HeaderMap::new();
            headers.extend(known.map(|known| (IF_NONE_MATCH, HeaderValue::from_str(known).unwrap())));
            assert_eq!(is_known(&headers, "\"a\""), expected, "{known:?}");
        };
        check(None, false);
        check(Some("\"a\""), true);
        check(Some("\"b\", W/\"a\""), true);
        check(Some("*"), true);
        check(Some("a"), false);
        check(Some("\"ab\""), false);
    }
}
