//! Formats of strings beyond those of JSON Schema.

use rust_decimal::Decimal;

/// A decimal number as text: digits, perhaps a sign, a point and an exponent, within 28 significant digits.
#[must_use]
pub fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    // rust_decimal also reads underscores and bare points, which no other system would.
    digits.as_bytes().first().is_some_and(u8::is_ascii_digit)
        && digits.as_bytes().last().is_some_and(u8::is_ascii_digit)
        && !text.contains('_')
        && (Decimal::from_str_exact(text).is_ok() || Decimal::from_scientific(text).is_ok())
}

/// A whole number of 64 bits as text.
#[must_use]
pub fn is_int64(text: &str) -> bool {
    !text.starts_with('+') && text.parse::<i64>().is_ok()
}

/// A MongoDB ObjectId: 24 hexadecimal digits.
#[must_use]
pub fn is_object_id(text: &str) -> bool {
    daybook_event::id::parse_object_id(text).is_some()
}

/// A date and time of RFC 3339.
#[must_use]
pub fn is_date_time(text: &str) -> bool {
    daybook_event::Timestamp::parse(text).is_ok()
}
