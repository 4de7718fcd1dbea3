//! What each step of a migration does to data.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Map, Number, Value};

use super::{StepError, path};
use crate::{Conversion, Step, formats};

/// Takes one step. A field that is not there stays away, but for the one that `set` sets.
pub(super) fn apply(step: &Step, data: &mut Value) -> Result<(), StepError> {
    match step {
        Step::Rename { from, to } => rename(data, from, to),
        Step::Set { field, value } => set(data, field, field, value),
        Step::Drop { field } => path::each(data, field, &mut |object, name| {
            object.shift_remove(name);
            Ok(())
        }),
        Step::Move { from, to } => relocate(data, from, to, to),
        Step::Convert { field, to } => path::each(data, field, &mut |object, name| {
            if let Some(value) = object.get_mut(name) {
                *value = convert(value, *to, field)?;
            }
            Ok(())
        }),
    }
}

/// The new name takes the old one's place among the fields.
fn rename(data: &mut Value, from: &str, to: &str) -> Result<(), StepError> {
    let new = to.rsplit_once('.').map_or(to, |(_, name)| name);
    path::each(data, from, &mut |object, old| {
        if !object.contains_key(old) || old == new {
            return Ok(());
        }
        if object.contains_key(new) {
            return Err(StepError::Occupied(to.to_owned()));
        }
        let renamed = std::mem::take(object).into_iter();
        let renamed = renamed.map(|(name, value)| (if name == old { new.to_owned() } else { name }, value));
        *object = renamed.collect::<Map<String, Value>>();
        Ok(())
    })
}

/// In lists the field is set in each item; what leads to it is made where it is missing.
fn set(data: &mut Value, field: &str, whole: &str, value: &Value) -> Result<(), StepError> {
    match data {
        Value::Array(items) => items.iter_mut().try_for_each(|item| set(item, field, whole, value)),
        Value::Object(object) => match field.split_once('.') {
            None => {
                object.entry(field).or_insert_with(|| value.clone());
                Ok(())
            }
            Some((name, rest)) => {
                set(object.entry(name).or_insert_with(|| Value::Object(Map::new())), rest, whole, value)
            }
        },
        _ => Err(StepError::NotAnObject(whole.to_owned())),
    }
}

/// Where both paths go through the same list, each item's field stays in its item.
fn relocate(data: &mut Value, from: &str, to: &str, whole: &str) -> Result<(), StepError> {
    if let Value::Array(items) = data {
        return items.iter_mut().try_for_each(|item| relocate(item, from, to, whole));
    }
    if let (Some((first, from)), Some((other, to))) = (from.split_once('.'), to.split_once('.'))
        && first == other
    {
        return data.get_mut(first).map_or(Ok(()), |inner| relocate(inner, from, to, whole));
    }
    if path::is_set(data, to) && path::is_set(data, from) && from != to {
        return Err(StepError::Occupied(whole.to_owned()));
    }
    match path::take(data, from, whole)? {
        Some(value) => path::put(data, to, whole, value),
        None => Ok(()),
    }
}

/// The value in another type; null is none of any type, and stays.
fn convert(value: &Value, to: Conversion, field: &str) -> Result<Value, StepError> {
    let not = |to: &'static str| StepError::NotConvertible { field: field.to_owned(), found: kind(value), to };
    Ok(match (to, value) {
        (_, Value::Null) => Value::Null,
        (Conversion::String, Value::String(_)) | (Conversion::Boolean, Value::Bool(_)) => value.clone(),
        (Conversion::Number, Value::Number(_)) => value.clone(),
        (Conversion::String, Value::Number(number)) => Value::String(number.to_string()),
        (Conversion::String, Value::Bool(truth)) => Value::String(truth.to_string()),
        (Conversion::String, _) => return Err(not("text")),
        (Conversion::Integer, Value::Number(number)) => whole(number).ok_or_else(|| not("whole number"))?,
        (Conversion::Integer, Value::String(text)) => {
            let decimal = decimal(text).filter(Decimal::is_integer).and_then(|decimal| decimal.to_i64());
            decimal.map(Value::from).ok_or_else(|| not("whole number"))?
        }
        (Conversion::Integer, _) => return Err(not("whole number")),
        (Conversion::Number, Value::String(text)) => {
            let decimal = decimal(text).ok_or_else(|| not("number"))?;
            let number = decimal.is_integer().then(|| decimal.to_i64()).flatten().map(Number::from);
            // Written once more and read as JSON, so that 0.1 stays 0.1.
            let number = number.or_else(|| serde_json::from_str(&decimal.normalize().to_string()).ok());
            Value::Number(number.ok_or_else(|| not("number"))?)
        }
        (Conversion::Number, _) => return Err(not("number")),
        (Conversion::Boolean, Value::String(text)) if text == "true" => Value::Bool(true),
        (Conversion::Boolean, Value::String(text)) if text == "false" => Value::Bool(false),
        (Conversion::Boolean, _) => return Err(not("true or false")),
    })
}

/// A number without a fraction as a whole one.
fn whole(number: &Number) -> Option<Value> {
    if number.is_i64() || number.is_u64() {
        return Some(Value::Number(number.clone()));
    }
    let number = number.as_f64()?;
    /// Whole numbers up to here are doubles.
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= EXACT_MAX).then(|| Value::from(number as i64))
}

fn decimal(text: &str) -> Option<Decimal> {
    let text = formats::is_decimal(text).then_some(text)?;
    Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
