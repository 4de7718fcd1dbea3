//! Picks single values out of an event's data without building the rest.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Appends the values of these top-level fields, each with its number. Objects, arrays and nulls are no values. Of a field
/// that is there twice, the last counts, as everywhere. Text that is not JSON has as many as were found before it broke.
pub(super) fn pick<'a>(data: &'a str, fields: &[(String, usize)], found: &mut Vec<(usize, Cow<'a, str>)>) {
    let mut json = serde_json::Deserializer::from_str(data);
    let _ = json.deserialize_map(Members { fields, found });
}

struct Members<'f, 'o, 'a> {
    fields: &'f [(String, usize)],
    found: &'o mut Vec<(usize, Cow<'a, str>)>,
}

impl<'a> Visitor<'a> for Members<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(number) = members.next_key_seed(Name(self.fields))? {
            let Some(number) = number else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = members.next_value_seed(Single)?;
            self.found.retain(|(known, _)| *known != number);
            self.found.extend(value.map(|value| (number, value)));
        }
        Ok(())
    }
}

/// A member's name, as the number of the field it is.
struct Name<'f>(&'f [(String, usize)]);

impl<'a> DeserializeSeed<'a> for Name<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'a>>(self, name: D) -> Result<Self::Value, D::Error> {
        name.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<usize>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().find(|(field, _)| field == name).map(|(_, number)| *number))
    }
}

/// A single value as text.
struct Single;

impl<'a> DeserializeSeed<'a> for Single {
    type Value = Option<Cow<'a, str>>;

    fn deserialize<D: Deserializer<'a>>(self, value: D) -> Result<Self::Value, D::Error> {
        value.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Single {
    type Value = Option<Cow<'a, str>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(if value { "true" } else { "false" })))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(number.to_string())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(number.to_string())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_values_are_picked() {
        let fields = [("a".to_owned(), 0), ("b\"c".to_owned(), 1)];
        let check = |data: &str, expected: &[(usize, &str)]| {
            let mut found = Vec::new();
            pick(data, &fields, &mut found);
            let found: Vec<_> = found.iter().map(|(number, value)| (*number, &**value)).collect();
            assert_eq!(found, expected, "{data}");
        };
        check(r#"{"x":[1,{"a":2}],"a":"one","y":null}"#, &[(0, "one")]);
        check(r#"{"b\"c":true,"a":-12}"#, &[(1, "true"), (0, "-12")]);
        check(r#"{"a":1.5}"#, &[(0, "1.5")]);
        check(r#"{"a":18446744073709551615}"#, &[(0, "18446744073709551615")]);
        check(r#"{"a":"line\nbreak"}"#, &[(0, "line\nbreak")]);
        check(r#"{"a":{"a":1},"b\"c":[1]}"#, &[]);
        check(r#"{"a":null}"#, &[]);
        check(r#"{"a":1,"a":2}"#, &[(0, "2")]);
        check(r#"{"a":1,"a":null}"#, &[]);
        check(r#"{"a":"one","b"#, &[(0, "one")]);
        for data in ["", "[]", "null", "{", "\"a\"", "{\"a\":}", "\u{feff}{}"] {
            check(data, &[]);
        }
    }
}
