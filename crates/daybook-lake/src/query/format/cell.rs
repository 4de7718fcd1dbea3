//! One value as JSON.

use std::io::Write;

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Date64Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{DataFusionError, Result};
use jiff::{Timestamp, Zoned};

/// Writes a value. Numbers that JSON does not have (infinities, what is not a number) are null; decimals are texts, with all
/// their digits; times are RFC 3339 in UTC; bytes are hexadecimal.
///
/// # Errors
/// For what no answer holds.
pub fn write(array: &dyn Array, row: usize, out: &mut Vec<u8>) -> Result<()> {
    if array.is_null(row) {
        out.extend_from_slice(b"null");
        return Ok(());
    }
    macro_rules! number {
        ($kind:ty) => {
            write!(out, "{}", array.as_primitive::<$kind>().value(row))?
        };
    }
    match array.data_type() {
        DataType::Null => out.extend_from_slice(b"null"),
        DataType::Boolean => write!(out, "{}", array.as_boolean().value(row))?,
        DataType::Int8 => number!(Int8Type),
        DataType::Int16 => number!(Int16Type),
        DataType::Int32 => number!(Int32Type),
        DataType::Int64 => number!(Int64Type),
        DataType::UInt8 => number!(UInt8Type),
        DataType::UInt16 => number!(UInt16Type),
        DataType::UInt32 => number!(UInt32Type),
        DataType::UInt64 => number!(UInt64Type),
        DataType::Float32 => json(&array.as_primitive::<Float32Type>().value(row), out)?,
        DataType::Float64 => json(&array.as_primitive::<Float64Type>().value(row), out)?,
        DataType::Utf8 => json(array.as_string::<i32>().value(row), out)?,
        DataType::LargeUtf8 => json(array.as_string::<i64>().value(row), out)?,
        DataType::Utf8View => json(array.as_string_view().value(row), out)?,
        DataType::Binary => hexadecimal(array.as_binary::<i32>().value(row), out)?,
        DataType::LargeBinary => hexadecimal(array.as_binary::<i64>().value(row), out)?,
        DataType::BinaryView => hexadecimal(array.as_binary_view().value(row), out)?,
        DataType::FixedSizeBinary(_) => hexadecimal(array.as_fixed_size_binary().value(row), out)?,
        DataType::Date32 => date(i64::from(array.as_primitive::<Date32Type>().value(row)), out)?,
        DataType::Date64 => date(array.as_primitive::<Date64Type>().value(row).div_euclid(86_400_000), out)?,
        DataType::Timestamp(unit, _) => {
            let (value, unit) = match unit {
                TimeUnit::Second => (array.as_primitive::<TimestampSecondType>().value(row), 1_000_000_000),
                TimeUnit::Millisecond => (array.as_primitive::<TimestampMillisecondType>().value(row), 1_000_000),
                TimeUnit::Microsecond => (array.as_primitive::<TimestampMicrosecondType>().value(row), 1_000),
                TimeUnit::Nanosecond => (array.as_primitive::<TimestampNanosecondType>().value(row), 1),
            };
            time(i128::from(value) * unit, out)?;
        }
        DataType::Decimal128(_, scale) => {
            let value = array.as_primitive::<Decimal128Type>().value(row);
            match u32::try_from(*scale) {
                Ok(scale) => decimal(value, scale, out)?,
                Err(_) => formatted(array, row, out)?,
            }
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let key = dictionary.normalized_keys().get(row).copied().unwrap_or_default();
            write(dictionary.values(), key, out)?;
        }
        DataType::List(_) => list(array.as_list::<i32>().value(row).as_ref(), out)?,
        DataType::LargeList(_) => list(array.as_list::<i64>().value(row).as_ref(), out)?,
        DataType::FixedSizeList(..) => list(array.as_fixed_size_list().value(row).as_ref(), out)?,
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns();
            for (index, (field, column)) in fields.iter().zip(columns).enumerate() {
                out.push(if index == 0 { b'{' } else { b',' });
                json(field.name(), out)?;
                out.push(b':');
                write(column, row, out)?;
            }
            out.extend_from_slice(if fields.is_empty() { b"{}" } else { b"}" });
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            for index in 0..entries.len() {
                out.push(if index == 0 { b'{' } else { b',' });
                let mut name = Vec::new();
                write(entries.column(0), index, &mut name)?;
                // Names of JSON are texts, keys of maps need not be.
                if name.first() == Some(&b'"') {
                    out.extend_from_slice(&name);
                } else {
                    write!(out, "\"{}\"", name.escape_ascii())?;
                }
                out.push(b':');
                write(entries.column(1), index, out)?;
            }
            out.extend_from_slice(if entries.is_empty() { b"{}" } else { b"}" });
        }
        DataType::Union(..) => union(array, row, out)?,
        _ => formatted(array, row, out)?,
    }
    Ok(())
}

/// What a function of JSON found: texts as texts, objects and arrays as they stand there.
fn union(array: &dyn Array, row: usize, out: &mut Vec<u8>) -> Result<()> {
    let union = array.as_union();
    let (kind, offset) = (union.type_id(row), union.value_offset(row));
    let child = union.child(kind);
    let nested =
        union.fields().iter().any(|(id, field)| id == kind && matches!(field.name().as_str(), "object" | "array"));
    if nested && child.is_valid(offset) && child.data_type() == &DataType::Utf8 {
        out.extend_from_slice(child.as_string::<i32>().value(offset).as_bytes());
        return Ok(());
    }
    write(child, offset, out)
}

fn list(values: &dyn Array, out: &mut Vec<u8>) -> Result<()> {
    out.push(b'[');
    for row in 0..values.len() {
        if row > 0 {
            out.push(b',');
        }
        write(values, row, out)?;
    }
    out.push(b']');
    Ok(())
}

fn json<T: serde::Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<()> {
    serde_json::to_writer(out, value).map_err(|error| DataFusionError::External(Box::new(error)))
}

fn hexadecimal(bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
    out.push(b'"');
    for byte in bytes {
        write!(out, "{byte:02x}")?;
    }
    out.push(b'"');
    Ok(())
}

fn date(days: i64, out: &mut Vec<u8>) -> Result<()> {
    let second = days.checked_mul(86_400).and_then(|seconds| Timestamp::from_second(seconds).ok());
    match second.map(|time| Zoned::new(time, jiff::tz::TimeZone::UTC).date()) {
        Some(date) => write!(out, "\"{date}\"")?,
        // Before or after what has a name.
        None => write!(out, "\"{days} days\"")?,
    }
    Ok(())
}

fn time(nanoseconds: i128, out: &mut Vec<u8>) -> Result<()> {
    match Timestamp::from_nanosecond(nanoseconds) {
        Ok(time) => write!(out, "\"{time}\"")?,
        Err(_) => write!(out, "\"{nanoseconds} ns\"")?,
    }
    Ok(())
}

fn decimal(value: i128, scale: u32, out: &mut Vec<u8>) -> Result<()> {
    let sign = if value < 0 { "-" } else { "" };
    let Some(unit) = 10_u128.checked_pow(scale).filter(|_| scale > 0) else {
        write!(out, "\"{value}\"")?;
        return Ok(());
    };
    let (whole, part) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
    write!(out, "\"{sign}{whole}.{part:0width$}\"", width = scale as usize)?;
    Ok(())
}

/// What has no form of its own in JSON, as Arrow writes it.
fn formatted(array: &dyn Array, row: usize, out: &mut Vec<u8>) -> Result<()> {
    let options = FormatOptions::default();
    let text = ArrayFormatter::try_new(array, &options)?.value(row).try_to_string()?;
    json(text.as_str(), out)
}
