//! `where`: what the data of an event must be.
//!
//! It is written as the `where` of consumers is: a field, or a path to one, and its value, a list of values it may be one of, or a
//! schema. Of schemas those words can be used that compare. Every field must be there, except where it is asked to be null:
//! columns do not tell null from missing.

use datafusion::arrow::compute::kernels::cast_utils::parse_decimal;
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, ScalarUDF, ident, lit, when};
use datafusion_functions_json::udfs;
use daybook_event::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::columns;
use super::error::Findings;
use super::limits::{CONDITION_DEPTH_MAX, CONDITION_VALUES_MAX, CONDITIONS_MAX, TEXT_BYTES_MAX};
use super::span::time_literal;

/// Conditions on fields, all of which must hold. A name is that of a data field, or, where no field has it, of a column of the
/// envelope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Conditions(pub Map<String, Value>);

impl Conditions {
    /// The events for which all of them hold; none if there are no conditions, or if something is wrong with one.
    pub(super) fn filter(&self, schema: &Schema, parameter: &str, findings: &mut Findings) -> Option<Expr> {
        if self.0.len() > CONDITIONS_MAX {
            findings.add(parameter, format!("names {} fields, and may name {CONDITIONS_MAX}", self.0.len()));
            return None;
        }
        let conditions = self.0.iter().filter_map(|(name, wanted)| {
            let found = Subject::of(schema, name).and_then(|subject| subject.filter(wanted));
            found.map_err(|message| findings.add(format!("{parameter}.{name}"), message)).ok()
        });
        conditions.reduce(Expr::and)
    }
}

/// What a condition is about.
enum Subject<'s> {
    /// A column.
    Column(&'s Field),
    /// A value inside of a column's, by the names of the fields on the way to it.
    Inside(&'s Field, Vec<&'s str>),
}

impl<'s> Subject<'s> {
    fn of(schema: &'s Schema, name: &'s str) -> Result<Self, String> {
        let column = |name: &str| columns::data_field(schema, name).or_else(|| columns::envelope(schema, name));
        let unknown = || format!("no event type declares this field: {}", columns::known(schema));
        let mut path = name.split('.');
        // A point leads into a field; names of columns have `_` in its place.
        let Some(field) = path.next().and_then(column) else {
            return column(name).map(Self::Column).ok_or_else(unknown);
        };
        let path: Vec<&str> = path.collect();
        match field.data_type() {
            _ if path.is_empty() => Ok(Self::Column(field)),
            _ if path.len() > CONDITION_DEPTH_MAX || path.contains(&"") => {
                Err(format!("is no path to a field: at most {CONDITION_DEPTH_MAX} names between points"))
            }
            kind if kind.is_string() => Ok(Self::Inside(field, path)),
            _ => Err(format!("`{}` has no fields inside", field.name())),
        }
    }

    /// The events for which what is said of it holds.
    fn filter(&self, wanted: &Value) -> Result<Expr, String> {
        match wanted {
            Value::Object(schema) => Ok(self.is_there().and(self.fits(schema)?)),
            Value::Array(values) => self.one_of(values),
            value => self.equals(value),
        }
    }

    fn fits(&self, schema: &Map<String, Value>) -> Result<Expr, String> {
        let compare = |value: &Value, how: fn(Expr, Expr) -> Expr| {
            self.compared(value).and_then(|(own, other)| match value {
                Value::Number(_) => Ok(how(own, other)),
                // Later than a time or a day is of use too; columns of both are compared with texts.
                Value::String(_) if matches!(self, Self::Column(field) if field.data_type().is_temporal()) => {
                    Ok(how(own, other))
                }
                _ => Err("only a number can be compared with a number".to_owned()),
            })
        };
        let conditions = schema.iter().map(|(word, wanted)| match (word.as_str(), wanted) {
            ("const", value) => self.equals(value),
            ("enum", Value::Array(values)) => self.one_of(values),
            ("minimum", value) => compare(value, Expr::gt_eq),
            ("exclusiveMinimum", value) => compare(value, Expr::gt),
            ("maximum", value) => compare(value, Expr::lt_eq),
            ("exclusiveMaximum", value) => compare(value, Expr::lt),
            // Of a value of another type it is not known whether it is greater: it does not fit either.
            ("not", Value::Object(schema)) => Ok(self.fits(schema)?.is_not_true()),
            _ => Err(format!(
                "`{}` cannot be asked of a column: const, enum, minimum, maximum, exclusiveMinimum, exclusiveMaximum and not \
                 can",
                word.escape_debug()
            )),
        });
        let all = conditions.collect::<Result<Vec<Expr>, String>>()?;
        all.into_iter().reduce(Expr::and).ok_or_else(|| "a schema says something".to_owned())
    }

    fn one_of(&self, values: &[Value]) -> Result<Expr, String> {
        if values.len() > CONDITION_VALUES_MAX {
            return Err(format!("a field is one of at most {CONDITION_VALUES_MAX} values"));
        }
        if let Self::Column(field) = self
            && values.len() > 1
            && !values.iter().any(Value::is_null)
        {
            let values = values.iter().map(|value| literal(field, value)).collect::<Result<Vec<Expr>, String>>()?;
            return Ok(ident(field.name()).in_list(values, false));
        }
        let any = values.iter().map(|value| self.equals(value)).collect::<Result<Vec<Expr>, String>>()?;
        let any = any.into_iter().reduce(Expr::or);
        any.ok_or_else(|| "no value is one of none: name values, or leave the field out".to_owned())
    }

    fn equals(&self, value: &Value) -> Result<Expr, String> {
        match self {
            Self::Column(field) if value.is_null() => Ok(ident(field.name()).is_null()),
            _ => self.compared(value).map(|(own, other)| own.eq(other)),
        }
    }

    fn is_there(&self) -> Expr {
        match self {
            Self::Column(field) => ident(field.name()).is_not_null(),
            Self::Inside(field, path) => inside(&udfs::json_contains_udf(), field, path),
        }
    }

    /// What of it is compared with a value, and the value.
    fn compared(&self, value: &Value) -> Result<(Expr, Expr), String> {
        let (field, path) = match self {
            Self::Column(field) => return Ok((ident(field.name()), literal(field, value)?)),
            Self::Inside(field, path) => (*field, path.as_slice()),
        };
        let text = || inside(&udfs::json_get_str_udf(), field, path);
        match (value, value.as_f64()) {
            (Value::String(value), _) if value.len() > TEXT_BYTES_MAX => Err(too_long()),
            (Value::String(value), _) => Ok((text(), lit(value))),
            (Value::Bool(value), _) => Ok((inside(&udfs::json_get_bool_udf(), field, path), lit(*value))),
            (_, Some(value)) => {
                // The function reads numbers out of texts as well.
                let number = when(text().is_null(), inside(&udfs::json_get_float_udf(), field, path)).end();
                number.map(|number| (number, lit(value))).map_err(|error| error.to_string())
            }
            _ => Err("inside of a field texts, numbers, true and false can be asked for".to_owned()),
        }
    }
}

/// What a function of JSON makes of a value inside of a column's.
fn inside(function: &ScalarUDF, column: &Field, path: &[&str]) -> Expr {
    let path = path.iter().map(|name| lit(*name));
    function.call(std::iter::once(ident(column.name())).chain(path).collect())
}

fn too_long() -> String {
    format!("a text has at most {TEXT_BYTES_MAX} bytes")
}

/// A value as one of the column's type.
fn literal(field: &Field, value: &Value) -> Result<Expr, String> {
    let unlike = |expected: &str| Err(format!("the field is {expected}, and {} is not", shown(value)));
    match (field.data_type(), value) {
        (DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8, Value::String(text)) => {
            if text.len() > TEXT_BYTES_MAX {
                return Err(too_long());
            }
            Ok(lit(text))
        }
        (DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8, _) => unlike("text"),
        (DataType::Boolean, Value::Bool(value)) => Ok(lit(*value)),
        (DataType::Boolean, _) => unlike("true or false"),
        (DataType::Int64, Value::String(text)) => text.parse::<i64>().map(lit).or_else(|_| unlike("a whole number")),
        (DataType::Int64 | DataType::Float64, Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) if field.data_type() == &DataType::Int64 => Ok(lit(number)),
            (_, Some(number)) => Ok(lit(number)),
            _ => unlike("a number"),
        },
        (DataType::Int64, _) => unlike("a whole number"),
        (DataType::Float64, _) => unlike("a number"),
        (DataType::Decimal128(digits, scale), Value::Number(_) | Value::String(_)) => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            // More digits than a column has would read as something else.
            let whole = text.trim_start_matches('-').find(['.', 'e', 'E']).unwrap_or(text.len());
            if text.len() > TEXT_BYTES_MAX || whole + usize::from(scale.unsigned_abs()) > usize::from(*digits) {
                return unlike("a decimal number of 38 digits");
            }
            match parse_decimal::<Decimal128Type>(&text, *digits, *scale) {
                Ok(number) => Ok(lit(ScalarValue::Decimal128(Some(number), *digits, *scale))),
                Err(_) => unlike("a decimal number"),
            }
        }
        (DataType::Decimal128(..), _) => unlike("a decimal number"),
        (DataType::Timestamp(..), Value::String(text)) => match Timestamp::parse(text) {
            Ok(time) => Ok(time_literal(time.microseconds())),
            Err(_) => unlike("a date and time of RFC 3339"),
        },
        (DataType::Timestamp(..), _) => unlike("a date and time of RFC 3339"),
        (DataType::Date32, Value::String(text)) => match text.parse::<jiff::civil::Date>() {
            Ok(date) => {
                let days = date.since(jiff::civil::Date::constant(1970, 1, 1)).map(|since| since.get_days());
                days.map(|days| lit(ScalarValue::Date32(Some(days)))).or_else(|_| unlike("a date"))
            }
            Err(_) => unlike("a date"),
        },
        (DataType::Date32, _) => unlike("a date"),
        (other, _) => Err(format!("a field of type {other} cannot be compared")),
    }
}

/// A value in a message.
fn shown(value: &Value) -> String {
    const SHOWN: usize = 60;
    let text = value.to_string();
    if text.chars().count() > SHOWN { format!("{}...", text.chars().take(SHOWN).collect::<String>()) } else { text }
}
