//! JSON in the one form that it is signed in (RFC 8785), for values that every parser reads alike (RFC 7493).

use daybook_event::finding::push_pointer;
use serde_json::Value;

use crate::limits::NUMBER_MAX;

/// A value has no form in which it could be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCanonical {
    /// A number that a double does not carry: another one would have the same signature.
    #[error("the number at {0:?} lies beyond ±(2^53 − 1), where parsers disagree on what it is; send it as text")]
    Number(String),
    /// It cannot be written at all, which no value read from JSON is.
    #[error("it cannot be written as JSON")]
    Unwritable,
}

/// The value in its canonical form.
///
/// # Errors
/// [`NotCanonical`].
pub fn canonical(value: &Value) -> Result<Vec<u8>, NotCanonical> {
    let mut pointer = String::new();
    if !is_carried(value, &mut pointer) {
        return Err(NotCanonical::Number(pointer));
    }
    serde_json_canonicalizer::to_vec(value).map_err(|_| NotCanonical::Unwritable)
}

/// Whether a double carries every number in it; where not, `pointer` says at which.
fn is_carried(value: &Value, pointer: &mut String) -> bool {
    let length = pointer.len();
    let mut inner = |step: &str, value: &Value| {
        push_pointer(pointer, step);
        let carried = is_carried(value, pointer);
        if carried {
            pointer.truncate(length);
        }
        carried
    };
    match value {
        Value::Number(number) => number.as_f64().is_some_and(|number| number.abs() <= NUMBER_MAX),
        Value::Array(items) => items.iter().enumerate().all(|(index, item)| inner(&index.to_string(), item)),
        Value::Object(members) => members.iter().all(|(name, value)| inner(name, value)),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: &str) {
        let value: Value = serde_json::from_str(json).unwrap();
        assert_eq!(String::from_utf8(canonical(&value).unwrap()).unwrap(), expected);
    }

    /// The example of RFC 8785, section 3.2.2, but for its number beyond what a double carries, and that of section 3.2.3.
    #[test]
    fn the_examples_of_the_rfc_hold() {
        check(
            r#"{"numbers": [4.50, 2e-3, 0.000000000000000000000000001], "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"#,
            r#"{"literals":[null,true,false],"numbers":[4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#,
        );
        check(
            r#"{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"}"#,
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}",
        );
    }

    /// Numbers of RFC 8785, appendix B, as the IEEE 754 bits that it names; those beyond ±(2^53 − 1) are refused.
    #[test]
    fn numbers_are_written_as_the_rfc_says() {
        for (bits, expected) in [
            (0x0000_0000_0000_0000u64, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x433f_ffff_ffff_ffff, "9007199254740991"),
            (0xc33f_ffff_ffff_ffff, "-9007199254740991"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        ] {
            let value = Value::from(f64::from_bits(bits));
            assert_eq!(String::from_utf8(canonical(&value).unwrap()).unwrap(), expected);
        }
        for bits in [0x4340_0000_0000_0000u64, 0x7fef_ffff_ffff_ffff, 0xffef_ffff_ffff_ffff, 0x444b_1ae4_d6e2_ef50] {
            assert!(canonical(&Value::from(f64::from_bits(bits))).is_err(), "{bits:x}");
        }
    }

    #[test]
    fn numbers_that_parsers_disagree_on_are_refused_with_their_place() {
        let check = |json: &str, expected: &str| {
            let refused = canonical(&serde_json::from_str(json).unwrap());
            assert_eq!(refused, Err(NotCanonical::Number(expected.to_owned())), "{json}");
        };
        check("9007199254740992", "");
        check("-9007199254740993", "");
        check("123456789012345678901234567890", "");
        check(r#"{"a":[1,{"b/c":2,"d~":1e16}]}"#, "/a/1/d~0");
        check(r#"{"a":1,"b":18446744073709551615}"#, "/b");
    }
}
