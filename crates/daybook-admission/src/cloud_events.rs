//! CloudEvents 1.0: where its attributes go, and events written as CloudEvents.
//!
//! The context attributes map to the canonical fields they stand for; the rest of the envelope travels as extension
//! attributes, whose names the specification allows only lower-case letters and digits. Source: CloudEvents 1.0.2, and
//! its extensions for correlation and sampling.

use daybook_catalog::{Field, FieldSpec};
use daybook_event::Event;
use daybook_event::json::{ObjectWriter, write_number};

/// The attribute that carries a canonical field.
pub(crate) const fn attribute(field: Field) -> &'static str {
    match field {
        Field::Id => "id",
        Field::Name => "type",
        Field::Version => "eventversion",
        Field::Time => "time",
        Field::Category => "category",
        Field::Priority => "priority",
        Field::Source => "eventsource",
        Field::Platform => "platform",
        Field::Environment => "environment",
        Field::Identity => "identity",
        Field::AnonymousId => "anonymousid",
        Field::Session => "session",
        Field::Group => "group",
        Field::ActorType => "actortype",
        Field::ActorId => "actorid",
        Field::Correlation => "correlationid",
        Field::Causation => "causationid",
        Field::Request => "requestid",
        Field::Tags => "tags",
        Field::Data => "data",
        Field::Metadata => "metadata",
    }
}

/// A canonical field as CloudEvents have it.
pub(crate) fn field(field: Field) -> FieldSpec {
    FieldSpec { path: vec![attribute(field).to_owned()], ..FieldSpec::canonical(field) }
}

/// Appends an event as a structured CloudEvent. Its source is the one it came with, or `/v1/{app}`.
pub fn render(event: &Event<'_>, out: &mut Vec<u8>) {
    let metadata: Option<serde_json::Value> = serde_json::from_str(&event.metadata).ok();
    let source = metadata.as_ref().and_then(|metadata| metadata.get("source")?.as_str());
    let mut object = ObjectWriter::open(out);
    object.string("specversion", "1.0");
    object.string("id", &event.app_id());
    match source {
        Some(source) => object.string("source", source),
        None => object.string("source", &format!("/v1/{}", event.app)),
    }
    object.string(attribute(Field::Name), &event.name);
    object.string(attribute(Field::Time), &event.time.to_string());
    object.string("datacontenttype", "application/json");
    object.string(attribute(Field::Version), &event.version);
    object.string(attribute(Field::Category), &event.category);
    object.string(attribute(Field::Priority), event.priority.as_str());
    if event.sample_rate < 1.0 {
        object.field("sampledrate");
        write_number(object.out, (1.0 / event.sample_rate).round());
    }
    let actor = event.actor.as_ref();
    for (field, text) in [
        (Field::Source, event.source.as_ref()),
        (Field::Platform, event.platform.as_ref()),
        (Field::Environment, event.environment.as_ref()),
        (Field::Identity, event.identity.as_ref()),
        (Field::AnonymousId, event.anonymous_id.as_ref()),
        (Field::Session, event.session.as_ref()),
        (Field::Group, event.group.as_ref()),
        (Field::ActorType, actor.and_then(|actor| actor.kind.as_ref())),
        (Field::ActorId, actor.and_then(|actor| actor.id.as_ref())),
        (Field::Correlation, event.correlation.as_ref()),
        (Field::Causation, event.causation.as_ref()),
        (Field::Request, event.request.as_ref()),
    ] {
        object.optional(attribute(field), text);
    }
    // Everything else the event came with: attributes are scalars, so an object travels as JSON text only inside data.
    if let Some(serde_json::Value::Object(metadata)) = metadata {
        for (name, value) in metadata {
            let is_attribute = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
            if is_attribute && name != "source" && !value.is_object() && !value.is_array() && !value.is_null() {
                object.raw(&name, &value.to_string());
            }
        }
    }
    if let Some(jws) = event.jws() {
        object.string("signature", jws);
    }
    if !event.data.is_empty() {
        object.raw("data", &event.data);
    }
    object.close();
}
