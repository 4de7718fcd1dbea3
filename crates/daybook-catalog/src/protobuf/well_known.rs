//! The messages of Protocol Buffers' own that events use: times, and values of any type.

use daybook_event::{Finding, Timestamp};
use serde_json::{Map, Number, Value};

use super::wire::{Content, Entries, Reading, Step, put_bytes, put_double, put_message, put_varint};

/// Times that Protocol Buffers can say, in seconds: the years 1 to 9999.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
/// Whole numbers up to here are told apart by a double.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// A `google.protobuf.Timestamp` as RFC 3339.
pub(super) fn time(bytes: &[u8], reading: &Reading<'_>) -> Result<String, Finding> {
    let (mut seconds, mut nanoseconds) = (0, 0);
    let mut entries = Entries(bytes);
    while let Some(entry) = reading.next(&mut entries)? {
        match entry.number {
            1 => seconds = reading.varint(entry)?.cast_signed(),
            2 => nanoseconds = reading.varint(entry)?.cast_signed(),
            number => return Err(reading.unknown_field(number)),
        }
    }
    if !SECONDS.contains(&seconds) || !(0..1_000_000_000).contains(&nanoseconds) {
        return Err(reading.finding("protobuf.time", "no time between the years 1 and 9999"));
    }
    let time = Timestamp::from_microseconds(seconds * 1_000_000 + nanoseconds / 1_000).to_string();
    if nanoseconds % 1_000 == 0 {
        return Ok(time);
    }
    // Finer than Daybook's own times; as text it may be.
    let second = time.split('.').next().unwrap_or_default();
    Ok(format!("{second}.{nanoseconds:09}Z"))
}

/// Writes a time of RFC 3339 as a `google.protobuf.Timestamp`; nothing where it says more than that can.
pub(super) fn put_time(number: u32, text: &str, out: &mut Vec<u8>) -> Option<()> {
    let digits = text.split_once('.').map_or(0, |(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count());
    let time = Timestamp::parse(text).ok().filter(|_| digits <= 6)?;
    put_timestamp(number, time, out)
}

/// Writes a time; nothing where it is out of range.
pub(super) fn put_timestamp(number: u32, time: Timestamp, out: &mut Vec<u8>) -> Option<()> {
    let seconds = time.microseconds().div_euclid(1_000_000);
    let nanoseconds = time.microseconds().rem_euclid(1_000_000) * 1_000;
    if !SECONDS.contains(&seconds) {
        return None;
    }
    put_message(number, out, |out| {
        if seconds != 0 {
            put_varint(1, seconds.cast_unsigned(), out);
        }
        if nanoseconds != 0 {
            put_varint(2, nanoseconds.cast_unsigned(), out);
        }
    });
    Some(())
}

/// A `google.protobuf.Struct`.
pub(super) fn object<'r>(bytes: &'r [u8], reading: &mut Reading<'r>) -> Result<Map<String, Value>, Finding> {
    let mut object = Map::new();
    let mut entries = Entries(bytes);
    while let Some(entry) = reading.next(&mut entries)? {
        if entry.number != 1 {
            return Err(reading.unknown_field(entry.number));
        }
        let (name, content) = map_entry(reading.bytes(entry)?, reading)?;
        let content = match content {
            Some(Content::Bytes(bytes)) => bytes,
            Some(_) => return Err(reading.wire_type(2, "a google.protobuf.Value")),
            None => return Err(no_value(reading)),
        };
        let value = reading.inside(Step::Name(name), |reading| any(content, reading))?;
        object.insert(name.to_owned(), value);
    }
    Ok(object)
}

/// The key and the content of an entry of a map.
pub(super) fn map_entry<'b>(bytes: &'b [u8], reading: &Reading<'_>) -> Result<(&'b str, Option<Content<'b>>), Finding> {
    let (mut name, mut content) = ("", None);
    let mut entries = Entries(bytes);
    while let Some(entry) = reading.next(&mut entries)? {
        match entry.number {
            1 => name = reading.text(entry)?,
            2 => content = Some(entry.content),
            number => return Err(reading.unknown_field(number)),
        }
    }
    Ok((name, content))
}

/// A `google.protobuf.Value`.
pub(super) fn any<'r>(bytes: &'r [u8], reading: &mut Reading<'r>) -> Result<Value, Finding> {
    reading.value()?;
    let mut value = None;
    let mut entries = Entries(bytes);
    while let Some(entry) = reading.next(&mut entries)? {
        value = Some(match entry.number {
            1 => reading.varint(entry).map(|_| Value::Null)?,
            2 => number(reading.double(entry)?, reading)?,
            3 => Value::from(reading.text(entry)?),
            4 => Value::from(reading.varint(entry)? != 0),
            5 => Value::Object(object(reading.bytes(entry)?, reading)?),
            6 => Value::Array(list(reading.bytes(entry)?, reading)?),
            number => return Err(reading.unknown_field(number)),
        });
    }
    value.ok_or_else(|| no_value(reading))
}

fn no_value(reading: &Reading<'_>) -> Finding {
    reading.finding("protobuf.no-value", "a google.protobuf.Value without one")
}

/// A `google.protobuf.ListValue`.
fn list<'r>(bytes: &'r [u8], reading: &mut Reading<'r>) -> Result<Vec<Value>, Finding> {
    let mut list = Vec::new();
    let mut entries = Entries(bytes);
    while let Some(entry) = reading.next(&mut entries)? {
        if entry.number != 1 {
            return Err(reading.unknown_field(entry.number));
        }
        let content = reading.bytes(entry)?;
        list.push(reading.inside(Step::Index(list.len()), |reading| any(content, reading))?);
    }
    Ok(list)
}

/// A double as JSON has it; a whole one as a whole number.
pub(super) fn number(number: f64, reading: &Reading<'_>) -> Result<Value, Finding> {
    let value = whole(number).map(Value::from).or_else(|| Number::from_f64(number).map(Value::Number));
    value.ok_or_else(|| reading.finding("protobuf.number", "a number that is none, or infinite"))
}

/// The whole number that a double is.
#[expect(clippy::cast_possible_truncation, reason = "it is a whole number of at most 54 bits")]
pub(super) fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() <= EXACT_MAX).then_some(number as i64)
}

/// Writes a `google.protobuf.Struct`.
pub(super) fn put_object(number: u32, object: &Map<String, Value>, out: &mut Vec<u8>) {
    put_message(number, out, |out| put_members(object, out));
}

/// Writes the fields of a `google.protobuf.Struct`.
pub(super) fn put_members(object: &Map<String, Value>, out: &mut Vec<u8>) {
    for (name, value) in object {
        put_message(1, out, |out| {
            put_bytes(1, name.as_bytes(), out);
            put_any(2, value, out);
        });
    }
}

/// Writes a `google.protobuf.Value`. Whole numbers beyond 53 bits lose their last digits.
pub(super) fn put_any(number: u32, value: &Value, out: &mut Vec<u8>) {
    put_message(number, out, |out| put_content(value, out));
}

/// Writes the fields of a `google.protobuf.Value`.
pub(super) fn put_content(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => put_varint(1, 0, out),
        Value::Number(number) => put_double(2, number.as_f64().unwrap_or_default(), out),
        Value::String(text) => put_bytes(3, text.as_bytes(), out),
        Value::Bool(boolean) => put_varint(4, u64::from(*boolean), out),
        Value::Object(object) => put_object(5, object, out),
        Value::Array(items) => put_message(6, out, |out| items.iter().for_each(|item| put_any(1, item, out))),
    }
}
