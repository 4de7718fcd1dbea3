//! YAML text to JSON values, so that serde reads a plan as it reads everything else.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Number, Value};

/// Reads the one document of `text`.
///
/// # Errors
/// A sentence with the line and column, when the text is not YAML, or is YAML that JSON cannot say.
pub fn read(text: &str) -> Result<Value, String> {
    let documents = Yaml::load_from_str(text).map_err(|error| error.to_string())?;
    match documents.as_slice() {
        [document] => value(document),
        documents => Err(format!("one YAML document is expected, {} found", documents.len())),
    }
}

fn value(node: &Yaml<'_>) -> Result<Value, String> {
    Ok(match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(boolean)) => Value::Bool(*boolean),
        Yaml::Value(Scalar::Integer(integer)) => Value::from(*integer),
        Yaml::Value(Scalar::FloatingPoint(number)) => {
            Value::Number(Number::from_f64(number.into_inner()).ok_or("a number that JSON cannot say")?)
        }
        Yaml::Value(Scalar::String(text)) => Value::String(text.to_string()),
        Yaml::Sequence(items) => Value::Array(items.iter().map(value).collect::<Result<_, _>>()?),
        Yaml::Mapping(members) => {
            let mut object = Map::with_capacity(members.len());
            for (name, member) in members {
                let name = match value(name)? {
                    Value::String(text) => text,
                    Value::Array(_) | Value::Object(_) => return Err("a mapping whose key is no scalar".into()),
                    scalar => scalar.to_string(),
                };
                object.insert(name, value(member)?);
            }
            Value::Object(object)
        }
        other => return Err(format!("{other:?} has no place here (tags are not read)")),
    })
}
