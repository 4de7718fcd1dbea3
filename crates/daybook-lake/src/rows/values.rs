//! Columns of data fields: JSON values as what the column holds, where they fit it.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder,
    TimestampMicrosecondBuilder,
};
use datafusion::arrow::error::ArrowError;
use daybook_event::Timestamp;
use daybook_event::json::unescaped;
use jiff::civil::Date;

use super::{Texts, day};
use crate::columns::{DECIMAL, ValueKind};

/// Significant digits that a number of 64 bits keeps, whatever they are, when it is written shortest.
const EXACT_DIGITS: usize = 17;
/// Whole numbers below have a float of their own.
const EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;

/// A column that grows. Rows that say nothing are filled in when the next one does, for most fields belong to few event types.
pub(super) struct Values {
    length: usize,
    column: Column,
}

enum Column {
    Text(Texts),
    Json(Texts),
    Time(TimestampMicrosecondBuilder),
    Date(Date32Builder),
    Integer(Int64Builder),
    IntegerOrText(Int64Builder),
    Number(Float64Builder),
    Decimal(Decimal128Builder),
    Boolean(BooleanBuilder),
}

impl Values {
    pub(super) fn of(kind: ValueKind) -> Self {
        let column = match kind {
            ValueKind::Text => Column::Text(Texts::default()),
            ValueKind::Json => Column::Json(Texts::default()),
            ValueKind::Time => Column::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            ValueKind::Date => Column::Date(Date32Builder::new()),
            ValueKind::Integer => Column::Integer(Int64Builder::new()),
            ValueKind::IntegerOrText => Column::IntegerOrText(Int64Builder::new()),
            ValueKind::Number => Column::Number(Float64Builder::new()),
            ValueKind::Decimal => Column::Decimal(Decimal128Builder::new()),
            ValueKind::Boolean => Column::Boolean(BooleanBuilder::new()),
        };
        Self { length: 0, column }
    }

    /// Writes the value of a row, given as JSON. Answers whether it fits; where it does not, the row stays null.
    pub(super) fn push(&mut self, row: usize, json: &str) -> bool {
        // A field that is there twice keeps its first value.
        let Some(missing) = row.checked_sub(self.length) else { return false };
        let text = || Some(unescaped(json.strip_prefix('"')?.strip_suffix('"')?));
        macro_rules! write {
            ($builder:expr, $value:expr) => {{
                let Some(value) = $value else { return false };
                $builder.append_nulls(missing);
                $builder.append_value(value);
            }};
        }
        match &mut self.column {
            Column::Text(column) => {
                let Some(value) = text() else { return false };
                column.skip(missing);
                column.push(Some(&value));
            }
            Column::Json(column) => {
                column.skip(missing);
                column.push(Some(json));
            }
            Column::Time(column) => write!(column, text().and_then(|text| time(&text))),
            Column::Date(column) => write!(column, text().and_then(|text| date(&text))),
            Column::Integer(column) => write!(column, integer(json)),
            Column::IntegerOrText(column) => {
                write!(column, integer(json).or_else(|| text().and_then(|text| integer(&text))));
            }
            Column::Number(column) => write!(column, float(json)),
            Column::Decimal(column) => {
                write!(column, decimal(json).or_else(|| text().and_then(|text| decimal(&text))));
            }
            Column::Boolean(column) => write!(column, json.parse::<bool>().ok()),
        }
        self.length = row + 1;
        true
    }

    /// The column of so many rows.
    pub(super) fn finish(self, rows: usize) -> Result<ArrayRef, ArrowError> {
        let missing = rows.saturating_sub(self.length);
        macro_rules! finish {
            ($builder:expr) => {{
                let mut builder = $builder;
                builder.append_nulls(missing);
                Arc::new(builder.finish())
            }};
        }
        Ok(match self.column {
            Column::Text(mut column) | Column::Json(mut column) => {
                column.skip(missing);
                column.finish()
            }
            Column::Time(column) => finish!(column),
            Column::Date(column) => finish!(column),
            Column::Integer(column) | Column::IntegerOrText(column) => finish!(column),
            Column::Number(column) => finish!(column),
            Column::Decimal(mut column) => {
                column.append_nulls(missing);
                Arc::new(column.finish().with_precision_and_scale(DECIMAL.0, DECIMAL.1)?)
            }
            Column::Boolean(column) => finish!(column),
        })
    }
}

/// A point in time, where nothing below a microsecond is lost.
fn time(text: &str) -> Option<i64> {
    let fraction = text.get(20..).filter(|_| text.as_bytes().get(19) == Some(&b'.')).unwrap_or_default();
    let digits = fraction.bytes().take_while(u8::is_ascii_digit);
    if digits.skip(6).any(|digit| digit != b'0') {
        return None;
    }
    Timestamp::parse(text).ok().map(Timestamp::microseconds)
}

/// A day of the form `2026-01-14`.
fn date(text: &str) -> Option<i32> {
    if text.len() != 10 {
        return None;
    }
    let midnight = text.parse::<Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(day(midnight.timestamp().as_microsecond()))
}

/// A whole number, also one that is written with a point or an exponent.
fn integer(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let number: f64 = text.parse().ok().filter(|_| is_number(text))?;
    // Below this bound the conversion is exact.
    (number.fract() == 0.0 && number.abs() < EXACT_INTEGER).then_some(number as i64)
}

/// A number, where a float is as good as its text.
fn float(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite() && is_number(text))?;
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits = mantissa.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    let whole = number.fract() == 0.0 && number.abs() < EXACT_INTEGER;
    (whole || (digits <= EXACT_DIGITS && (digits < EXACT_DIGITS - 1 || !is_integer(text)))).then_some(number)
}

fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
        && text.ends_with(|last: char| last.is_ascii_digit())
}

fn is_integer(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit())
}

/// A decimal number in units of its last place, where no digit is lost.
fn decimal(text: &str) -> Option<i128> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut number: i128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        let digit = byte.is_ascii_digit().then(|| i128::from(byte - b'0'))?;
        number = number.checked_mul(10)?.checked_add(digit)?;
    }
    let shift = i32::from(DECIMAL.1).checked_add(exponent)?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let power = 10_i128.checked_pow(shift.unsigned_abs());
    let number = match power {
        _ if number == 0 => 0,
        Some(power) if shift >= 0 => number.checked_mul(power)?,
        Some(power) if number % power == 0 => number / power,
        _ => return None,
    };
    let bound = 10_i128.checked_pow(DECIMAL.0.into())?;
    (number < bound).then_some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_every_digit() {
        let check = |text: &str, expected: Option<i128>| assert_eq!(decimal(text), expected, "{text}");
        check("0", Some(0));
        check("12.50", Some(12_500_000_000));
        check("-0.000000001", Some(-1));
        check("1e3", Some(1_000_000_000_000));
        check("25e-1", Some(2_500_000_000));
        check("1e-9", Some(1));
        check("1e-10", None);
        check("10e-10", Some(1));
        check("0.0000000001", None);
        check("12345678901234567890123456789", Some(12_345_678_901_234_567_890_123_456_789_000_000_000));
        check("123456789012345678901234567890", None);
        for text in ["", "-", ".", "x", "1.2.3", "1e", "1_000", "0e99999999999"] {
            check(text, None);
        }
    }

    #[test]
    fn numbers_are_kept_or_left() {
        assert_eq!(integer("1.0"), Some(1));
        assert_eq!(integer("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(integer("9223372036854775808"), None);
        assert_eq!(integer("1.5"), None);
        assert_eq!(integer("nan"), None);
        assert_eq!(integer("true"), None);
        assert_eq!(float("0.1"), Some(0.1));
        assert_eq!(float("1e300"), Some(1e300));
        assert_eq!(float("1e400"), None);
        assert_eq!(float("9007199254740993"), None);
        assert_eq!(float("0.12345678901234567890"), None);
        assert_eq!(float("true"), None);
        assert_eq!(float("inf"), None);
    }

    #[test]
    fn times_and_days_are_exact() {
        assert_eq!(time("1970-01-01T00:00:01.5Z"), Some(1_500_000));
        assert_eq!(time("1970-01-01T01:00:01.1234560+01:00"), Some(1_123_456));
        assert_eq!(time("1970-01-01T00:00:01.1234567Z"), None);
        assert_eq!(time("yesterday"), None);
        assert_eq!(date("1970-01-02"), Some(1));
        assert_eq!(date("1969-12-31"), Some(-1));
        assert_eq!(date("1970-02-30"), None);
        assert_eq!(date("1970-1-2"), None);
    }
}
