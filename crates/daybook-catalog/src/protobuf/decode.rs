//! Messages as the canonical JSON of events.
//!
//! By proto3: of a field that is there twice the last counts, messages are merged, numbers of a list may be packed or
//! not. Stricter: what a message does not declare is an error, because it would be lost.

use daybook_event::Finding;
use serde_json::{Map, Value};

use super::codec::{Codec, Compiled};
use super::schema::{Count, FieldType, Message, MessageField};
use super::wire::{Content, Entries, Entry, Reading, Step, take_varint};
use super::{envelope, well_known};
use crate::Field;

/// Reads one event.
pub(super) fn event(codec: &Codec, bytes: &[u8]) -> Result<Value, Finding> {
    let mut reading = Reading::new();
    let mut event = Map::new();
    let mut data = None;
    let mut entries = Entries(bytes);
    while let Some(entry) = reading.next(&mut entries)? {
        let Some(field) = envelope::field(entry.number) else {
            given(entry, &mut event, &mut reading)?;
            continue;
        };
        let name = field.as_str();
        match field {
            Field::Data => data = Some(reading.bytes(entry)?),
            Field::Tags => tag(entry, &mut event, &mut reading)?,
            Field::Time => {
                let time = reading.bytes(entry)?;
                let time = reading.inside(Step::Name(name), |reading| well_known::time(time, reading))?;
                event.insert(name.to_owned(), time.into());
            }
            Field::Metadata => {
                let object = reading.bytes(entry)?;
                let object = reading.inside(Step::Name(name), |reading| well_known::object(object, reading))?;
                merge(&mut event, name, object);
            }
            Field::ActorType | Field::ActorId => {
                let text = reading.text(entry)?;
                let member = if field == Field::ActorType { "type" } else { "id" };
                merge(&mut event, "actor", Map::from_iter([(member.to_owned(), text.into())]));
            }
            _ => {
                let text = reading.text(entry)?;
                event.insert(name.to_owned(), text.into());
            }
        }
    }
    if let Some(data) = data {
        let data = self::data(codec, data, &mut event, &mut reading)?;
        event.insert(Field::Data.as_str().to_owned(), data);
    }
    Ok(Value::Object(event))
}

/// A field that catalogs do not know as one. What Daybook gives is passed over when it comes back.
fn given(entry: Entry<'_>, event: &mut Map<String, Value>, reading: &mut Reading<'_>) -> Result<(), Finding> {
    match entry.number {
        envelope::ORIGINAL_ID => {
            event.insert("original_id".to_owned(), reading.text(entry)?.into());
        }
        envelope::SIGNATURE => {
            event.insert("signature".to_owned(), reading.text(entry)?.into());
        }
        envelope::SAMPLE_RATE => {
            let rate = well_known::number(reading.double(entry)?, reading)?;
            event.insert("sample_rate".to_owned(), rate);
        }
        envelope::POSITION => {
            reading.varint(entry)?;
        }
        envelope::APP | envelope::RECEIVED | envelope::UPCAST_FROM | envelope::UPCAST_ERROR => {
            reading.bytes(entry)?;
        }
        number => return Err(reading.unknown_field(number)),
    }
    Ok(())
}

fn tag<'r>(entry: Entry<'r>, event: &mut Map<String, Value>, reading: &mut Reading<'r>) -> Result<(), Finding> {
    let bytes = reading.bytes(entry)?;
    let (name, content) = reading.inside(Step::Name("tags"), |reading| well_known::map_entry(bytes, reading))?;
    reading.value()?;
    let value = match content {
        Some(content) => reading.text(Entry { number: 2, content })?,
        None => "",
    };
    merge(event, "tags", Map::from_iter([(name.to_owned(), value.into())]));
    Ok(())
}

/// Puts members into the object that a member is.
fn merge(event: &mut Map<String, Value>, name: &str, members: Map<String, Value>) {
    match event.entry(name).or_insert_with(|| Value::Object(Map::new())) {
        Value::Object(object) => object.extend(members),
        other => *other = Value::Object(members),
    }
}

/// The data in a `google.protobuf.Any`. An event that does not name its type is of the one that the message belongs to.
fn data<'r>(
    codec: &'r Codec,
    any: &'r [u8],
    event: &mut Map<String, Value>,
    reading: &mut Reading<'r>,
) -> Result<Value, Finding> {
    reading.inside(Step::Name("data"), |reading| {
        let (mut url, mut content) = ("", [].as_slice());
        let mut entries = Entries(any);
        while let Some(entry) = reading.next(&mut entries)? {
            match entry.number {
                1 => url = reading.text(entry)?,
                2 => content = reading.bytes(entry)?,
                number => return Err(reading.unknown_field(number)),
            }
        }
        match url.rsplit('/').next().unwrap_or_default() {
            "google.protobuf.Struct" => return well_known::object(content, reading).map(Value::Object),
            "google.protobuf.Value" => return well_known::any(content, reading),
            _ => {}
        }
        let wrong = |message: &'static str| reading.finding("protobuf.data-type", message);
        let Some(found) = message_name(url, &codec.package).and_then(|name| codec.data.get(name)) else {
            return Err(wrong("the data is in none of the app's messages")
                .hint("pack a message of the app's events.proto, or a google.protobuf.Struct"));
        };
        let text = |event: &Map<String, Value>, name: &str| event.get(name).and_then(Value::as_str).map(str::to_owned);
        match text(event, "name") {
            Some(name) if name != found.event_type => {
                return Err(wrong("the data is in the message of another event type"));
            }
            Some(_) => {}
            None => {
                event.insert("name".to_owned(), found.event_type.as_str().into());
            }
        }
        // The version says what the data is; the message says it where the version does not.
        let message = match (text(event, "version"), &found.version) {
            (Some(version), _) => codec.of.get(&(found.event_type.clone(), version)).copied(),
            (None, Some(version)) => {
                event.insert("version".to_owned(), version.as_str().into());
                None
            }
            (None, None) => None,
        };
        let message = message.unwrap_or(found.message);
        self::message(codec, message, content, None, reading)
    })
}

/// The name of a message of the app, whatever version of the catalog it is from: numbers stay.
fn message_name<'u>(url: &'u str, package: &str) -> Option<&'u str> {
    let (_, full) = url.rsplit_once('/').unwrap_or(("", url));
    let (of, name) = full.rsplit_once('.')?;
    let family = package.rsplit_once(".v").map(|(family, _)| family)?;
    let major = of.strip_prefix(family)?.strip_prefix(".v")?;
    (!major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit())).then_some(name)
}

/// Reads a message; `before` is what came under the same name before, and is gone on with.
fn message<'r>(
    codec: &'r Codec,
    place: usize,
    bytes: &'r [u8],
    before: Option<Value>,
    reading: &mut Reading<'r>,
) -> Result<Value, Finding> {
    let Some(compiled) = codec.messages.get(place) else { return Ok(Value::Null) };
    let message = &compiled.message;
    reading.value()?;
    let mut object = match before {
        Some(Value::Object(object)) if !message.is_value => object,
        Some(value) if message.is_value => Map::from_iter([("value".to_owned(), value)]),
        _ => Map::new(),
    };
    let mut entries = Entries(bytes);
    while let Some(entry) = reading.next(&mut entries)? {
        match field_of(compiled, entry.number) {
            Some(field) if message.is_value => self::field(codec, field, entry, &mut object, reading)?,
            Some(field) => {
                let step = Step::Name(field.json.as_str());
                reading.inside(step, |reading| self::field(codec, field, entry, &mut object, reading))?;
            }
            None if entry.number == Message::FURTHER && message.further.is_some() => {
                let further = well_known::object(reading.bytes(entry)?, reading)?;
                // What is declared has a field of its own.
                object.extend(further.into_iter().filter(|(name, _)| !compiled.by_name.contains_key(name)));
            }
            None => return Err(reading.unknown_field(entry.number)),
        }
    }
    for field in message.fields.iter().filter(|field| field.required) {
        if object.contains_key(&field.json) {
            continue;
        }
        // Nothing on the wire is what must be there and may be nothing.
        let nothing = match (field.count, field.ty) {
            (Count::List, _) => Value::Array(Vec::new()),
            (Count::Map, _) => Value::Object(Map::new()),
            (Count::One, FieldType::Struct) if message.is_value => Value::Object(Map::new()),
            (Count::One, _) if field.nullable => Value::Null,
            (Count::One, _) => continue,
        };
        reading.value()?;
        object.insert(field.json.clone(), nothing);
    }
    Ok(if message.is_value { object.shift_remove("value").unwrap_or_default() } else { Value::Object(object) })
}

fn field_of(compiled: &Compiled, number: u32) -> Option<&MessageField> {
    compiled.by_number.get(&number).and_then(|place| compiled.message.fields.get(*place))
}

/// Reads one field into the object of its message.
fn field<'r>(
    codec: &'r Codec,
    field: &'r MessageField,
    entry: Entry<'r>,
    object: &mut Map<String, Value>,
    reading: &mut Reading<'r>,
) -> Result<(), Finding> {
    match field.count {
        Count::One => {
            let before = object.shift_remove(&field.json);
            let value = single(codec, field.ty, entry, before, reading)?;
            // A value of an enumeration that is no value is a field that is not there.
            object.extend(value.map(|value| (field.json.clone(), value)));
        }
        Count::List => {
            let list = object.entry(field.json.as_str()).or_insert_with(|| Value::Array(Vec::new()));
            let Value::Array(list) = list else { return Ok(()) };
            self::list(codec, field.ty, entry, list, reading)?;
        }
        Count::Map => {
            let (name, content) = well_known::map_entry(reading.bytes(entry)?, reading)?;
            let value = reading.inside(Step::Name(name), |reading| match content {
                Some(content) => single(codec, field.ty, Entry { number: 2, content }, None, reading),
                None => Ok(default(codec, field.ty)),
            })?;
            let map = object.entry(field.json.as_str()).or_insert_with(|| Value::Object(Map::new()));
            if let (Value::Object(map), Some(value)) = (map, value) {
                map.insert(name.to_owned(), value);
            }
        }
    }
    Ok(())
}

/// Reads one item of a list, or several that are packed.
fn list<'r>(
    codec: &'r Codec,
    ty: FieldType,
    entry: Entry<'r>,
    list: &mut Vec<Value>,
    reading: &mut Reading<'r>,
) -> Result<(), Finding> {
    let packs = matches!(ty, FieldType::Boolean | FieldType::Integer | FieldType::Number | FieldType::Enumeration(_));
    let (number, mut packed) = match entry.content {
        Content::Bytes(bytes) if packs => (entry.number, bytes),
        _ => {
            let value = reading.inside(Step::Index(list.len()), |reading| single(codec, ty, entry, None, reading))?;
            list.extend(value);
            return Ok(());
        }
    };
    while !packed.is_empty() {
        let cut_off = || reading.finding("protobuf.malformed", "a packed list that ends too early");
        let content = if ty == FieldType::Number {
            let (bits, rest) = packed.split_first_chunk().ok_or_else(cut_off)?;
            packed = rest;
            Content::Fixed64(u64::from_le_bytes(*bits))
        } else {
            Content::Varint(take_varint(&mut packed).ok_or_else(cut_off)?)
        };
        let value = reading
            .inside(Step::Index(list.len()), |reading| single(codec, ty, Entry { number, content }, None, reading))?;
        list.extend(value);
    }
    Ok(())
}

/// Reads one value; none where it is the value of an enumeration that stands for none.
fn single<'r>(
    codec: &'r Codec,
    ty: FieldType,
    entry: Entry<'r>,
    before: Option<Value>,
    reading: &mut Reading<'r>,
) -> Result<Option<Value>, Finding> {
    if let FieldType::Message(place) = ty {
        let bytes = reading.bytes(entry)?;
        return message(codec, place, bytes, before, reading).map(Some);
    }
    reading.value()?;
    Ok(Some(match ty {
        FieldType::Boolean => (reading.varint(entry)? != 0).into(),
        FieldType::Integer => reading.varint(entry)?.cast_signed().into(),
        FieldType::Number => well_known::number(reading.double(entry)?, reading)?,
        FieldType::Text | FieldType::Decimal => reading.text(entry)?.into(),
        FieldType::Time => well_known::time(reading.bytes(entry)?, reading)?.into(),
        FieldType::Any => well_known::any(reading.bytes(entry)?, reading)?,
        FieldType::Struct => {
            let mut object = match before {
                Some(Value::Object(before)) => before,
                _ => Map::new(),
            };
            object.extend(well_known::object(reading.bytes(entry)?, reading)?);
            Value::Object(object)
        }
        FieldType::Enumeration(place) => match reading.varint(entry)? {
            0 => return Ok(None),
            number => {
                let value = codec.enumerations.get(place).and_then(|found| found.by_number.get(&number));
                let unknown = || reading.finding("protobuf.unknown-value", format!("no value has the number {number}"));
                value.ok_or_else(unknown)?.as_str().into()
            }
        },
        FieldType::Message(_) => Value::Null,
    }))
}

/// What an entry of a map is whose value was left out, as encoders do where it is the first one of its type.
fn default(codec: &Codec, ty: FieldType) -> Option<Value> {
    Some(match ty {
        FieldType::Boolean => false.into(),
        FieldType::Integer | FieldType::Number => 0.into(),
        FieldType::Text | FieldType::Decimal => "".into(),
        FieldType::Time => daybook_event::Timestamp::from_microseconds(0).to_string().into(),
        FieldType::Any => Value::Null,
        FieldType::Struct => Value::Object(Map::new()),
        FieldType::Message(place) => message(codec, place, &[], None, &mut Reading::new()).ok()?,
        FieldType::Enumeration(_) => return None,
    })
}
