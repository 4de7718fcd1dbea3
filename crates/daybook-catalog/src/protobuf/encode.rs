//! Events as messages. Data that its message has no place for is written as a `google.protobuf.Struct`, or as a
//! `google.protobuf.Value` where it is no object: nothing of an event is left out.

use daybook_event::Event;
use serde_json::{Map, Value};

use super::codec::Codec;
use super::schema::{Count, FieldType, Message, MessageField};
use super::well_known::{put_any, put_content, put_members, put_object, put_time, put_timestamp};
use super::wire::{put_bytes, put_double, put_message, put_varint, try_message};
use super::{envelope, well_known};
use crate::Field;
use crate::migrate::Upcasting;

/// What stands before the name of a message in an Any.
const TYPE_URL: &str = "type.googleapis.com/";

/// Writes the fields of one event.
pub(super) fn event(codec: &Codec, event: &Event<'_>, upcasting: &Upcasting, out: &mut Vec<u8>) {
    let mut text = |field: Field, text: Option<&str>| {
        if let Some(text) = text {
            put_bytes(envelope::number(field), text.as_bytes(), out);
        }
    };
    let actor = event.actor.as_ref();
    text(Field::Id, Some(&event.id.to_string()));
    text(Field::Name, Some(&event.name));
    text(Field::Version, Some(&event.version));
    text(Field::Category, Some(&event.category));
    text(Field::Priority, Some(event.priority.as_str()));
    text(Field::Source, event.source.as_deref());
    text(Field::Platform, event.platform.as_deref());
    text(Field::Environment, event.environment.as_deref());
    text(Field::Identity, event.identity.as_deref());
    text(Field::AnonymousId, event.anonymous_id.as_deref());
    text(Field::Session, event.session.as_deref());
    text(Field::Group, event.group.as_deref());
    text(Field::ActorType, actor.and_then(|actor| actor.kind.as_deref()));
    text(Field::ActorId, actor.and_then(|actor| actor.id.as_deref()));
    text(Field::Correlation, event.correlation.as_deref());
    text(Field::Causation, event.causation.as_deref());
    text(Field::Request, event.request.as_deref());
    // Times of events lie between the years that can be said; one that does not is left out.
    let _ = put_timestamp(envelope::number(Field::Time), event.time, out);
    for (key, value) in &event.tags {
        put_message(envelope::number(Field::Tags), out, |out| {
            put_bytes(1, key.as_bytes(), out);
            put_bytes(2, value.as_bytes(), out);
        });
    }
    if !event.data.is_empty() {
        put_message(envelope::number(Field::Data), out, |out| data(codec, event, out));
    }
    if let Ok(Value::Object(metadata)) = serde_json::from_str(&event.metadata) {
        put_object(envelope::number(Field::Metadata), &metadata, out);
    }
    given(event, upcasting, out);
}

/// Writes what catalogs do not know as fields.
fn given(event: &Event<'_>, upcasting: &Upcasting, out: &mut Vec<u8>) {
    if let Some(original) = &event.original_id {
        put_bytes(envelope::ORIGINAL_ID, original.as_bytes(), out);
    }
    if let Some(jws) = event.jws() {
        put_bytes(envelope::SIGNATURE, jws.as_bytes(), out);
    }
    put_double(envelope::SAMPLE_RATE, event.sample_rate, out);
    put_bytes(envelope::APP, event.app.as_bytes(), out);
    let _ = put_timestamp(envelope::RECEIVED, event.received, out);
    if event.position != 0 {
        put_varint(envelope::POSITION, event.position, out);
    }
    match upcasting {
        Upcasting::Current => {}
        Upcasting::From(version) => put_bytes(envelope::UPCAST_FROM, version.as_bytes(), out),
        Upcasting::Failed(error) => put_bytes(envelope::UPCAST_ERROR, error.code().as_bytes(), out),
    }
}

/// Writes the fields of an Any with the data.
fn data(codec: &Codec, event: &Event<'_>, out: &mut Vec<u8>) {
    // What is stored is JSON; what is not could not be given as anything else.
    let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
    let declared = codec.of.get(&(event.name.to_string(), event.version.to_string()));
    if let Some(place) = declared
        && let Some(compiled) = codec.messages.get(*place)
    {
        let start = out.len();
        let url = format!("{TYPE_URL}{}.{}", codec.package, compiled.message.name);
        put_bytes(1, url.as_bytes(), out);
        if try_message(2, out, |out| message(codec, *place, &data, out)).is_some() {
            return;
        }
        out.truncate(start);
    }
    if let Value::Object(object) = &data {
        put_bytes(1, format!("{TYPE_URL}google.protobuf.Struct").as_bytes(), out);
        put_message(2, out, |out| put_members(object, out));
    } else {
        put_bytes(1, format!("{TYPE_URL}google.protobuf.Value").as_bytes(), out);
        put_message(2, out, |out| put_content(&data, out));
    }
}

/// Writes the fields of a message; nothing where it has no place for some of the value.
fn message(codec: &Codec, place: usize, value: &Value, out: &mut Vec<u8>) -> Option<()> {
    let compiled = codec.messages.get(place)?;
    if compiled.message.is_value {
        return field(codec, compiled.message.fields.first()?, value, out);
    }
    let mut further = Map::new();
    for (name, value) in value.as_object()? {
        match compiled.by_name.get(name).and_then(|place| compiled.message.fields.get(*place)) {
            // The same as missing.
            Some(field) if value.is_null() && (field.nullable || !field.required) => {}
            Some(own) => field(codec, own, value, out)?,
            None => drop(further.insert(name.clone(), value.clone())),
        }
    }
    if !further.is_empty() {
        compiled.message.further.as_ref()?;
        put_object(Message::FURTHER, &further, out);
    }
    Some(())
}

fn field(codec: &Codec, field: &MessageField, value: &Value, out: &mut Vec<u8>) -> Option<()> {
    match field.count {
        Count::One => single(codec, field.number, field.ty, value, out),
        Count::List => value.as_array()?.iter().try_for_each(|item| single(codec, field.number, field.ty, item, out)),
        Count::Map => value.as_object()?.iter().try_for_each(|(name, value)| {
            try_message(field.number, out, |out| {
                put_bytes(1, name.as_bytes(), out);
                single(codec, 2, field.ty, value, out)
            })
        }),
    }
}

fn single(codec: &Codec, number: u32, ty: FieldType, value: &Value, out: &mut Vec<u8>) -> Option<()> {
    match ty {
        FieldType::Boolean => put_varint(number, u64::from(value.as_bool()?), out),
        FieldType::Integer => put_varint(number, whole(value)?.cast_unsigned(), out),
        FieldType::Number => put_double(number, value.as_number()?.as_f64()?, out),
        FieldType::Text => put_bytes(number, value.as_str()?.as_bytes(), out),
        FieldType::Decimal => match value {
            Value::String(text) => put_bytes(number, text.as_bytes(), out),
            Value::Number(decimal) => put_bytes(number, decimal.to_string().as_bytes(), out),
            _ => return None,
        },
        FieldType::Time => put_time(number, value.as_str()?, out)?,
        FieldType::Any => put_any(number, value, out),
        FieldType::Struct => put_object(number, value.as_object()?, out),
        FieldType::Message(place) => return try_message(number, out, |out| message(codec, place, value, out)),
        FieldType::Enumeration(place) => {
            let found = codec.enumerations.get(place)?.by_value.get(value.as_str()?)?;
            put_varint(number, u64::from(*found), out);
        }
    }
    Some(())
}

/// A whole number, also one that is written as text or with a fraction of nothing.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_i64().or_else(|| well_known::whole(number.as_f64()?)),
        _ => None,
    }
}
