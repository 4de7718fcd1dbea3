//! The body of a call, parsed: one event, an array, a batch, NDJSON, or CloudEvents.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use daybook_catalog::protobuf::Codec;
use daybook_event::Finding;
use daybook_event::json::ObjectWriter;
use daybook_event::limits::{BATCH_EVENTS_MAX, BODY_INFLATED_BYTES_MAX};
use sonic_rs::{JsonContainerTrait, JsonValueTrait, Object, Value};

use crate::envelope::Form;
use crate::json::{exceeds_depth, parse};
use crate::receipt::BatchInfo;
use crate::trace_context::{MalformedTraceparent, TraceContext};

/// How a body is written, as its media type says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyForm {
    /// `application/json`: an event, an array of events, or `{"events": […]}`.
    Json,
    /// `application/x-ndjson`: an event a line.
    Ndjson,
    /// `application/cloudevents+json`: one structured CloudEvent.
    CloudEvent,
    /// `application/cloudevents-batch+json`: an array of them.
    CloudEventBatch,
    /// A binary-mode CloudEvent: its attributes came as `ce-*` headers, the body is its data.
    CloudEventBinary {
        /// Attribute names, lower-case and without `ce-`, and their values.
        attributes: Vec<(String, String)>,
        /// Whether the data is JSON, as the content type says.
        json: bool,
    },
    /// `application/x-protobuf`: messages as the app's `events.proto` declares them; for [`Body::protobuf`] alone.
    Protobuf {
        /// One event, and not a batch of them.
        single: bool,
    },
}

/// A parsed body. It owns its documents; what is decoded borrows from them.
#[derive(Debug)]
pub struct Body {
    documents: Vec<Document>,
    layout: Layout,
    /// Whose envelope its events have, where the way it is written says so.
    pub(crate) form: Option<Form>,
    pub(crate) batch: Option<BatchInfo>,
    /// What the call says of the trace that it is part of.
    pub(crate) trace: Option<Result<TraceContext, MalformedTraceparent>>,
}

#[derive(Debug)]
enum Document {
    Json(Value),
    /// A line of NDJSON that is no JSON, or an event in Protocol Buffers that cannot be read: kept for quarantine.
    Broken {
        text: String,
        finding: Finding,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Every document is an event.
    Documents,
    /// The only document is an array of events.
    Array,
    /// The only document has them in `events`.
    Batch,
}

/// One element of a body.
pub(crate) enum Element<'b> {
    /// What should be an event.
    Json(&'b Value),
    /// What is not even JSON.
    Broken { text: &'b str, finding: &'b Finding },
}

/// A body that cannot be read as events at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Nothing came.
    #[error("the body is empty")]
    Empty,
    /// Not JSON.
    #[error("the body is not JSON: {problem} at byte {offset}")]
    Syntax {
        /// What the parser says.
        problem: String,
        /// Where.
        offset: usize,
    },
    /// Not the messages that its media type says.
    #[error("the body is no {message}: {problem} at byte {offset}")]
    Protobuf {
        /// The message that it should be.
        message: String,
        /// What is wrong with it.
        problem: String,
        /// Where.
        offset: usize,
    },
    /// Not UTF-8.
    #[error("the body is not UTF-8 at byte {offset}")]
    Encoding {
        /// Where.
        offset: usize,
    },
    /// Nested too deep to be read.
    #[error("the body nests deeper than {BODY_DEPTH_MAX} levels")]
    TooDeep,
    /// JSON, but neither an object nor an array.
    #[error("the body is neither an event nor an array of events")]
    NotEvents,
    /// The batch's `events` is no array.
    #[error("the batch's events are not an array")]
    NotABatch,
    /// More events than one call may carry.
    #[error("{count} events in one call; {BATCH_EVENTS_MAX} is the most")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// Larger than one call may be.
    #[error("the body has {bytes} bytes; {BODY_INFLATED_BYTES_MAX} is the most")]
    TooLarge {
        /// How large it is.
        bytes: usize,
    },
}

impl BodyError {
    /// A stable code, as in problem documents.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "body.empty",
            Self::Syntax { .. } => "body.syntax",
            Self::Protobuf { .. } => "body.protobuf",
            Self::Encoding { .. } => "body.encoding",
            Self::TooDeep => "body.too-deep",
            Self::NotEvents => "body.not-events",
            Self::NotABatch => "body.not-a-batch",
            Self::TooMany { .. } => "body.too-many-events",
            Self::TooLarge { .. } => "body.too-large",
        }
    }
}

/// Deepest nesting that is parsed at all; events are held to less, each by itself.
const BODY_DEPTH_MAX: usize = 128;

/// How many events are decoded, judged and sealed at a time.
const PART_EVENTS: usize = 64;

impl Body {
    /// Parses a body.
    ///
    /// # Errors
    /// [`BodyError`] when it cannot be read as events at all. What is wrong with one event of several is left to
    /// [`crate::Admission::decode`].
    pub fn parse(bytes: &[u8], form: &BodyForm) -> Result<Self, BodyError> {
        if bytes.len() > BODY_INFLATED_BYTES_MAX {
            return Err(BodyError::TooLarge { bytes: bytes.len() });
        }
        match form {
            BodyForm::Json => Self::json(bytes, false),
            BodyForm::Ndjson => Self::ndjson(bytes),
            BodyForm::CloudEvent | BodyForm::CloudEventBatch => Self::json(bytes, true),
            BodyForm::CloudEventBinary { attributes, json } => Self::json(&structured(attributes, *json, bytes)?, true),
            // What its messages are only an app can say.
            BodyForm::Protobuf { .. } => Err(BodyError::NotEvents),
        }
    }

    /// The same body, which came with a `traceparent`: what events say of no trace is part of that one. One that is malformed
    /// is warned of.
    #[must_use]
    pub fn in_trace(self, traceparent: Option<&str>) -> Self {
        Self { trace: traceparent.map(TraceContext::parse), ..self }
    }

    /// Reads messages of an app's `events.proto`: a batch, or one event. What they say is judged as the canonical form.
    ///
    /// # Errors
    /// [`BodyError`] when they cannot be read as events at all. One event of several that cannot is left to
    /// [`crate::Admission::decode`].
    pub fn protobuf(bytes: &[u8], single: bool, codec: &Codec) -> Result<Self, BodyError> {
        if bytes.len() > BODY_INFLATED_BYTES_MAX {
            return Err(BodyError::TooLarge { bytes: bytes.len() });
        }
        if bytes.is_empty() {
            return Err(BodyError::Empty);
        }
        let events = if single {
            vec![bytes]
        } else {
            codec.split(bytes).map_err(|(offset, problem)| BodyError::Protobuf {
                message: codec.batch_type(),
                problem: problem.to_owned(),
                offset,
            })?
        };
        if events.len() > BATCH_EVENTS_MAX {
            return Err(BodyError::TooMany { count: events.len() });
        }
        let mut documents = Vec::with_capacity(events.len());
        let (mut json, mut total) = (Vec::new(), 0);
        for event in events {
            json.clear();
            let document = match codec.read(event, &mut json) {
                Ok(()) => protobuf_event(&json),
                Err(finding) if single => {
                    let (message, problem) = (codec.event_type(), finding.message.into_owned());
                    return Err(BodyError::Protobuf { message, problem, offset: 0 });
                }
                // What came is kept as far as text can hold it.
                Err(finding) => Document::Broken { text: BASE64_STANDARD.encode(event), finding: *finding },
            };
            // A byte may stand for many characters: together they are held to what JSON is held to.
            total += json.len();
            if total > BODY_INFLATED_BYTES_MAX {
                return Err(BodyError::TooLarge { bytes: total });
            }
            documents.push(document);
        }
        Ok(Self { documents, layout: Layout::Documents, form: Some(Form::Canonical), batch: None, trace: None })
    }

    /// How many events it has.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.layout {
            Layout::Documents => self.documents.len(),
            Layout::Array | Layout::Batch => self.array().len(),
        }
    }

    /// What a batch says beside its events: the names of the members, and their values as JSON. Nothing where the body is
    /// no batch.
    #[must_use]
    pub fn beside_events(&self) -> Option<Vec<(String, String)>> {
        if self.layout != Layout::Batch {
            return None;
        }
        let Some(Document::Json(value)) = self.documents.first() else { return None };
        let members = value.as_object()?.iter().filter(|(name, _)| *name != "events");
        Some(members.map(|(name, value)| (name.to_owned(), sonic_rs::to_string(value).unwrap_or_default())).collect())
    }

    /// These of its events, some at a time: few enough that all they take stays in the processor's cache.
    pub fn parts(&self, places: Range<usize>) -> impl Iterator<Item = Range<usize>> + use<> {
        let Range { start, end } = places;
        (start..end).step_by(PART_EVENTS).map(move |start| start..end.min(start + PART_EVENTS))
    }

    /// Whether it has no event, as an empty array.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The event at `index`.
    pub(crate) fn element(&self, index: usize) -> Option<Element<'_>> {
        match self.layout {
            Layout::Documents => self.documents.get(index).map(|document| match document {
                Document::Json(value) => Element::Json(value),
                Document::Broken { text, finding } => Element::Broken { text, finding },
            }),
            Layout::Array | Layout::Batch => self.array().get(index).map(Element::Json),
        }
    }

    fn array(&self) -> &[Value] {
        let Some(Document::Json(value)) = self.documents.first() else { return &[] };
        let array = if self.layout == Layout::Batch { value.get("events") } else { Some(value) };
        array.and_then(JsonContainerTrait::as_array).map(|array| array.as_slice()).unwrap_or_default()
    }

    fn json(bytes: &[u8], cloud_events: bool) -> Result<Self, BodyError> {
        let value = parse_checked(bytes)?;
        let mut batch = None;
        let layout = if value.is_array() {
            Layout::Array
        } else if let Some(object) = value.as_object() {
            match object.get(&"events") {
                Some(events) if !cloud_events && events.is_array() => {
                    batch = batch_info(object);
                    Layout::Batch
                }
                Some(_) if !cloud_events && object.len() == 1 => return Err(BodyError::NotABatch),
                _ => Layout::Documents,
            }
        } else {
            return Err(BodyError::NotEvents);
        };
        let form = cloud_events.then_some(Form::CloudEvent);
        Self { documents: vec![Document::Json(value)], layout, form, batch, trace: None }.checked()
    }

    fn ndjson(bytes: &[u8]) -> Result<Self, BodyError> {
        let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
        let documents: Vec<Document> = lines.map(ndjson_line).collect();
        if documents.is_empty() {
            return Err(BodyError::Empty);
        }
        // One broken line is one bad event; nothing but broken lines is no NDJSON.
        if let [Document::Broken { .. }] = documents.as_slice() {
            parse_checked(bytes)?;
        }
        Self { documents, layout: Layout::Documents, form: None, batch: None, trace: None }.checked()
    }

    fn checked(self) -> Result<Self, BodyError> {
        match self.len() {
            count if count > BATCH_EVENTS_MAX => Err(BodyError::TooMany { count }),
            _ => Ok(self),
        }
    }
}

/// The canonical form of an event that came as a message.
fn protobuf_event(json: &[u8]) -> Document {
    match parse_checked(json) {
        Ok(value) => Document::Json(value),
        // Nested deeper than is parsed at all.
        Err(problem) => Document::Broken {
            text: String::from_utf8_lossy(json).into_owned(),
            finding: Finding::new("event.not-json", "", problem.to_string().replacen("the body", "the event", 1)),
        },
    }
}

fn ndjson_line(line: &[u8]) -> Document {
    match parse_checked(line) {
        Ok(value) => Document::Json(value),
        Err(problem) => Document::Broken {
            text: String::from_utf8_lossy(line).into_owned(),
            finding: Finding::new("event.not-json", "", problem.to_string().replacen("the body", "the line", 1)),
        },
    }
}

fn parse_checked(bytes: &[u8]) -> Result<Value, BodyError> {
    // Some editors and shells put a byte order mark in front.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() {
        return Err(BodyError::Empty);
    }
    if exceeds_depth(bytes, BODY_DEPTH_MAX) {
        return Err(BodyError::TooDeep);
    }
    let text = std::str::from_utf8(bytes).map_err(|problem| BodyError::Encoding { offset: problem.valid_up_to() })?;
    parse(text).map_err(|problem| BodyError::Syntax { problem: kind_of(&problem), offset: problem.offset() })
}

/// The parser's error without the piece of the body that it quotes.
fn kind_of(problem: &sonic_rs::Error) -> String {
    let text = problem.to_string();
    let first = text.lines().next().unwrap_or_default();
    first.split(" at line ").next().unwrap_or(first).to_owned()
}

fn batch_info(object: &Object) -> Option<BatchInfo> {
    let text = |name: &str| object.get(&name).and_then(JsonValueTrait::as_str).map(str::to_owned);
    let sequence =
        object.get(&"sequence").and_then(JsonValueTrait::as_raw_number).and_then(|number| number.as_str().parse().ok());
    let info = BatchInfo { id: text("id"), sequence, created_at: text("created_at") };
    (info.id.is_some() || info.sequence.is_some() || info.created_at.is_some()).then_some(info)
}

/// A binary-mode CloudEvent in its structured form.
fn structured(attributes: &[(String, String)], json: bool, data: &[u8]) -> Result<Vec<u8>, BodyError> {
    let mut out = Vec::with_capacity(data.len() + 256);
    let mut object = ObjectWriter::open(&mut out);
    for (name, value) in attributes {
        object.string(name, value);
    }
    if !data.trim_ascii().is_empty() {
        object.field("data");
        if json {
            // Parsed by itself first, so that it cannot close the object around it.
            parse_checked(data)?;
            object.out.extend_from_slice(data);
        } else {
            let text = std::str::from_utf8(data).map(Cow::Borrowed);
            let text = text.map_err(|problem| BodyError::Encoding { offset: problem.valid_up_to() })?;
            daybook_event::json::write_string(object.out, &text);
        }
    }
    object.close();
    Ok(out)
}
