//! Dotted paths into data, through lists item by item.

use serde_json::{Map, Value};

use super::StepError;

/// Calls `change` with every object that holds, or could hold, the last name of `path`, and with that name. Objects
/// that are not there are passed over.
pub(super) fn each(
    data: &mut Value,
    path: &str,
    change: &mut impl FnMut(&mut Map<String, Value>, &str) -> Result<(), StepError>,
) -> Result<(), StepError> {
    match data {
        Value::Array(items) => items.iter_mut().try_for_each(|item| each(item, path, change)),
        Value::Object(object) => match path.split_once('.') {
            None => change(object, path),
            Some((name, rest)) => object.get_mut(name).map_or(Ok(()), |inner| each(inner, rest, change)),
        },
        _ => Ok(()),
    }
}

/// Puts `value` at `path`, where nothing may be, making the objects that lead there. `whole` is the path as it is told.
pub(super) fn put(data: &mut Value, path: &str, whole: &str, value: Value) -> Result<(), StepError> {
    let object = match data {
        Value::Object(object) => object,
        Value::Array(_) => return Err(StepError::List(whole.to_owned())),
        _ => return Err(StepError::NotAnObject(whole.to_owned())),
    };
    match path.split_once('.') {
        None if object.contains_key(path) => Err(StepError::Occupied(whole.to_owned())),
        None => {
            object.insert(path.to_owned(), value);
            Ok(())
        }
        Some((name, rest)) => put(object.entry(name).or_insert_with(|| Value::Object(Map::new())), rest, whole, value),
    }
}

/// Whether `path` leads from `data` to a value through objects alone, so that it can be set where it is absent.
pub(super) fn is_set(data: &Value, path: &str) -> bool {
    match path.split_once('.') {
        None => data.get(path).is_some(),
        Some((name, rest)) => data.get(name).is_some_and(|inner| is_set(inner, rest)),
    }
}

/// Takes the value at `path` out, through objects alone.
pub(super) fn take(data: &mut Value, path: &str, whole: &str) -> Result<Option<Value>, StepError> {
    match (data, path.split_once('.')) {
        (Value::Array(_), _) => Err(StepError::List(whole.to_owned())),
        (Value::Object(object), None) => Ok(object.shift_remove(path)),
        (Value::Object(object), Some((name, rest))) => {
            object.get_mut(name).map_or(Ok(None), |inner| take(inner, rest, whole))
        }
        _ => Ok(None),
    }
}
