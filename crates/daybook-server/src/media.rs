//! Media types: what a body is by its headers, and in which form an answer is wanted.

use daybook_admission::BodyForm;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};

use crate::problem::Problem;

/// Structured CloudEvent.
pub const CLOUD_EVENT: &str = "application/cloudevents+json";
/// Batch of CloudEvents.
pub const CLOUD_EVENT_BATCH: &str = "application/cloudevents-batch+json";
/// One JSON value a line.
pub const NDJSON: &str = "application/x-ndjson";
/// Messages of the app's `events.proto`.
pub const PROTOBUF: &str = "application/x-protobuf";
/// JSON.
pub const JSON: &str = "application/json";

/// Attributes that a binary-mode CloudEvent may have.
const CLOUD_EVENT_ATTRIBUTES_MAX: usize = 64;

/// How the body of a request with events is written.
///
/// # Errors
/// 415 where it is written in a way that is not understood, 400 where its `ce-*` headers cannot be read.
pub fn body_form(headers: &HeaderMap) -> Result<BodyForm, Problem> {
    let content_type = match headers.get(CONTENT_TYPE) {
        // Who sends no type sends JSON; what is not JSON will be found out.
        None => return Ok(binary_cloud_event(headers, true)?.unwrap_or(BodyForm::Json)),
        Some(value) => value.to_str().map_err(|_| unsupported())?,
    };
    let (essence, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let essence = essence.trim();
    let is = |name: &str| essence.eq_ignore_ascii_case(name);
    if !is_utf8(parameters) {
        return Err(unsupported().hint("Send the text as UTF-8."));
    }
    if is(CLOUD_EVENT) {
        return Ok(BodyForm::CloudEvent);
    }
    if is(CLOUD_EVENT_BATCH) {
        return Ok(BodyForm::CloudEventBatch);
    }
    if is(PROTOBUF) || is("application/protobuf") || is("application/vnd.google.protobuf") {
        return protobuf(parameters);
    }
    let is_json = is(JSON) || essence.to_ascii_lowercase().ends_with("+json");
    if let Some(form) = binary_cloud_event(headers, is_json)? {
        return Ok(form);
    }
    // Browsers send JSON as text where a page may not ask for more: beacons, and calls without a preflight.
    if is(JSON) || is("text/plain") || is("text/json") {
        Ok(BodyForm::Json)
    } else if is(NDJSON) || is("application/ndjson") || is("application/jsonl") || is("application/x-jsonlines") {
        Ok(BodyForm::Ndjson)
    } else {
        Err(unsupported())
    }
}

/// Which message it is: a batch, unless `messageType` says that it is one event.
fn protobuf(parameters: &str) -> Result<BodyForm, Problem> {
    let message = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("messageType").then(|| value.rsplit('.').next().unwrap_or(value))
    });
    match message {
        None | Some("EventBatch") => Ok(BodyForm::Protobuf { single: false }),
        Some("Event") => Ok(BodyForm::Protobuf { single: true }),
        Some(_) => Err(unsupported().hint("messageType is the app's Event or EventBatch.")),
    }
}

/// The form in which an answer is wanted, out of those that are offered: by `format`, if given, else by the `Accept` header.
///
/// # Errors
/// 400 where `format` names none of them, 406 where `Accept` leaves none.
pub fn answer_form(
    headers: &HeaderMap,
    format: Option<&str>,
    offered: &[(&'static str, &'static str)],
) -> Result<&'static str, Problem> {
    if let Some(format) = format {
        let found = offered.iter().find(|(name, _)| *name == format).map(|(_, media_type)| *media_type);
        return found.ok_or_else(|| {
            let names: Vec<_> = offered.iter().map(|(name, _)| *name).collect();
            Problem::bad_request("query.format", format!("format is one of {}", names.join(", ")))
        });
    }
    let Some((_, default)) = offered.first() else { return Ok(JSON) };
    let mut accepts = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
    if accepts.peek().is_none() {
        return Ok(default);
    }
    let ranges: Vec<&str> = accepts.flat_map(|value| value.split(',')).collect();
    let mut best: Option<(f32, &'static str)> = None;
    for (_, media_type) in offered {
        let quality = quality_of(media_type, &ranges);
        if quality > 0.0 && best.is_none_or(|(so_far, _)| quality > so_far) {
            best = Some((quality, media_type));
        }
    }
    best.map(|(_, media_type)| media_type).ok_or_else(|| {
        let types: Vec<_> = offered.iter().map(|(_, media_type)| *media_type).collect();
        Problem::new(
            StatusCode::NOT_ACCEPTABLE,
            "http.not-acceptable",
            format!("This is given as {}.", types.join(", ")),
        )
    })
}

/// How much a media type is wanted, by the most specific of the ranges that cover it (RFC 9110, section 12.5.1).
fn quality_of(media_type: &str, ranges: &[&str]) -> f32 {
    let mut best = (0, 0.0);
    for range in ranges {
        let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
        let name = name.trim();
        let major = media_type.split('/').next().unwrap_or_default();
        let specificity = if name.eq_ignore_ascii_case(media_type) {
            3
        } else if name.strip_suffix("/*").is_some_and(|prefix| prefix.eq_ignore_ascii_case(major)) {
            2
        } else if name == "*/*" {
            1
        } else {
            0
        };
        let quality = parameters
            .split(';')
            .find_map(|parameter| parameter.trim().strip_prefix("q="))
            .map_or(1.0, |quality| quality.parse().unwrap_or(0.0));
        if specificity > best.0 {
            best = (specificity, quality);
        }
    }
    best.1
}

fn is_utf8(parameters: &str) -> bool {
    parameters.split(';').all(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = value.trim().trim_matches('"');
        !name.trim().eq_ignore_ascii_case("charset")
            || value.eq_ignore_ascii_case("utf-8")
            || value.eq_ignore_ascii_case("utf8")
            || value.eq_ignore_ascii_case("us-ascii")
    })
}

/// The attributes of a CloudEvent in binary mode, if the request is one.
fn binary_cloud_event(headers: &HeaderMap, json: bool) -> Result<Option<BodyForm>, Problem> {
    if !headers.contains_key("ce-specversion") {
        return Ok(None);
    }
    let mut attributes = Vec::new();
    for (name, value) in headers {
        let Some(attribute) = name.as_str().strip_prefix("ce-") else { continue };
        let unreadable = || Problem::bad_request("cloud-event.header", format!("The header {name} cannot be read."));
        let value = percent_decoded(value.to_str().map_err(|_| unreadable())?).ok_or_else(unreadable)?;
        if attributes.len() == CLOUD_EVENT_ATTRIBUTES_MAX {
            return Err(Problem::bad_request("cloud-event.attributes", "A CloudEvent has at most 64 attributes here."));
        }
        attributes.push((attribute.to_owned(), value));
    }
    Ok(Some(BodyForm::CloudEventBinary { attributes, json }))
}

/// Values of `ce-*` headers are percent-encoded (HTTP protocol binding for CloudEvents, section 3.1.3.2).
fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let (byte, after) = match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                match (digit(*high), digit(*low)) {
                    (Some(high), Some(low)) => (u8::try_from(high * 16 + low).ok()?, after),
                    _ => return None,
                }
            }
            (b'%', _) => return None,
            (byte, after) => (*byte, after),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

fn unsupported() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "body.media-type",
        "Events are taken as application/json, application/x-ndjson, application/cloudevents+json, \
         application/cloudevents-batch+json, application/x-protobuf, text/plain with JSON, or a CloudEvent in binary mode.",
    )
    .hint("Set the Content-Type header; with curl, -H 'Content-Type: application/json'.")
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn bodies_are_what_their_headers_say() {
        let check = |pairs: &[(&'static str, &'static str)], expected: Option<BodyForm>| {
            assert_eq!(body_form(&headers(pairs)).ok(), expected, "{pairs:?}");
        };
        check(&[], Some(BodyForm::Json));
        check(&[("content-type", "application/json")], Some(BodyForm::Json));
        check(&[("content-type", "Application/JSON; Charset=\"UTF-8\"")], Some(BodyForm::Json));
        check(&[("content-type", "text/plain;charset=UTF-8")], Some(BodyForm::Json));
        check(&[("content-type", "application/x-ndjson")], Some(BodyForm::Ndjson));
        check(&[("content-type", "application/cloudevents+json; charset=utf-8")], Some(BodyForm::CloudEvent));
        check(&[("content-type", "application/cloudevents-batch+json")], Some(BodyForm::CloudEventBatch));
        let protobuf = |single| Some(BodyForm::Protobuf { single });
        check(&[("content-type", "application/x-protobuf")], protobuf(false));
        check(
            &[("content-type", "application/protobuf; messageType=\"daybook.tamma.v1.EventBatch\"")],
            protobuf(false),
        );
        check(&[("content-type", "application/x-protobuf; messagetype=daybook.tamma.v1.Event")], protobuf(true));
        check(&[("content-type", "application/x-protobuf; messageType=Resource")], None);
        check(&[("content-type", "application/json; charset=latin1")], None);
        check(&[("content-type", "application/x-www-form-urlencoded")], None);
        check(&[("content-type", "image/png")], None);
        let attributes = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
        };
        check(
            &[("ce-specversion", "1.0"), ("ce-id", "caf%C3%A9"), ("content-type", "text/plain")],
            Some(BodyForm::CloudEventBinary {
                attributes: attributes(&[("specversion", "1.0"), ("id", "café")]),
                json: false,
            }),
        );
        check(&[("ce-specversion", "1.0"), ("ce-id", "%C3")], None);
        check(&[("ce-specversion", "1.0"), ("ce-id", "100%")], None);
    }

    #[test]
    fn answers_are_given_as_they_are_wanted() {
        const OFFERED: &[(&str, &str)] = &[("json", JSON), ("cloudevents", CLOUD_EVENT_BATCH), ("ndjson", NDJSON)];
        let check = |accept: &'static str, expected: Option<&str>| {
            assert_eq!(answer_form(&headers(&[("accept", accept)]), None, OFFERED).ok(), expected, "{accept}");
        };
        check("*/*", Some(JSON));
        check("application/*", Some(JSON));
        check("text/html, */*;q=0.1", Some(JSON));
        check("application/x-ndjson", Some(NDJSON));
        check("application/json;q=0.5, application/cloudevents-batch+json", Some(CLOUD_EVENT_BATCH));
        check("application/json;q=0, application/*", Some(CLOUD_EVENT_BATCH));
        check("text/html", None);
        assert_eq!(answer_form(&HeaderMap::new(), None, OFFERED).ok(), Some(JSON));
        assert_eq!(answer_form(&HeaderMap::new(), Some("ndjson"), OFFERED).ok(), Some(NDJSON));
        assert!(answer_form(&HeaderMap::new(), Some("xml"), OFFERED).is_err());
    }
}
