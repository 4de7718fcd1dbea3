//! The columns that a question may name, and the values that an answer is divided by.

use std::cmp::Ordering;
use std::collections::HashMap;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::logical_expr::{Expr, ident};
use serde_json::Value;

use super::error::{Findings, MetricError};
use super::limits::GROUPS_MAX;

/// What names of columns of data fields begin with.
const DATA: &str = "data_";
/// Columns that every event fills with a value of its own, or with a document.
const NOT_GROUPS: [&str; 11] = [
    "position",
    "id",
    "time",
    "received",
    "sample_rate",
    "correlation",
    "causation",
    "request",
    "tags",
    "extra",
    "metadata",
];

/// The column of a data field, by the field's name or the column's.
pub(super) fn data_field<'s>(schema: &'s Schema, name: &str) -> Option<&'s Field> {
    let clean: String = name.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '_' }).collect();
    find(schema, &format!("{DATA}{clean}")).or_else(|| name.starts_with(DATA).then(|| find(schema, name)).flatten())
}

/// A column of the envelope.
pub(super) fn envelope<'s>(schema: &'s Schema, name: &str) -> Option<&'s Field> {
    (!name.starts_with(DATA)).then(|| find(schema, name)).flatten()
}

fn find<'s>(schema: &'s Schema, name: &str) -> Option<&'s Field> {
    schema.column_with_name(name).map(|(_, field)| field)
}

/// The names of data fields that there are, for who asked for another.
pub(super) fn known(schema: &Schema) -> String {
    const SHOWN: usize = 20;
    let names: Vec<&str> = schema.fields().iter().filter_map(|field| field.name().strip_prefix(DATA)).collect();
    match names.len() {
        0 => "there are none".to_owned(),
        count if count > SHOWN => {
            format!("there are {}, and others", names.get(..SHOWN).unwrap_or_default().join(", "))
        }
        _ => format!("there are {}", names.join(", ")),
    }
}

/// A column that an answer is divided by.
#[derive(Debug, Clone)]
pub(super) struct GroupBy {
    /// The parameter that named it.
    parameter: &'static str,
    column: String,
    kind: DataType,
}

impl GroupBy {
    /// The column that a parameter names: one of the envelope, or else of a data field.
    pub(super) fn of(
        schema: &Schema,
        parameter: &'static str,
        name: Option<&str>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let name = name?;
        let found = envelope(schema, name).or_else(|| data_field(schema, name));
        match found {
            Some(field) if NOT_GROUPS.contains(&field.name().as_str()) => {
                findings.add(parameter, format!("`{name}` differs from event to event, and divides nothing"));
            }
            Some(field) => {
                return Some(Self { parameter, column: field.name().clone(), kind: field.data_type().clone() });
            }
            None => findings.add(
                parameter,
                format!(
                    "`{}` is no column of events (platform, source, environment, group_id, ...) and no data field: {}",
                    name.escape_debug(),
                    known(schema)
                ),
            ),
        }
        None
    }

    pub(super) fn expr(&self) -> Expr {
        ident(&self.column)
    }
}

/// The values of a column that were met, numbered.
#[derive(Debug)]
pub(super) struct Groups {
    by: GroupBy,
    texts: HashMap<String, usize>,
    /// The number of events without a value.
    none: Option<usize>,
}

impl Groups {
    pub(super) fn new(by: &GroupBy) -> Self {
        Self { by: by.clone(), texts: HashMap::new(), none: None }
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len() + usize::from(self.none.is_some())
    }

    /// The number of a value.
    ///
    /// # Errors
    /// [`MetricError::Refused`] for the value that is one too many.
    pub(super) fn number(&mut self, value: Option<&str>) -> Result<usize, MetricError> {
        let found = match value {
            Some(text) => self.texts.get(text).copied(),
            None => self.none,
        };
        if let Some(number) = found {
            return Ok(number);
        }
        let number = self.len();
        if number == GROUPS_MAX {
            return Err(MetricError::refused(
                self.by.parameter,
                format!("`{}` has more than {GROUPS_MAX} different values here", self.by.column),
            ));
        }
        match value {
            Some(text) => _ = self.texts.insert(text.to_owned(), number),
            None => self.none = Some(number),
        }
        Ok(number)
    }

    /// The values and their numbers, in order; none comes last.
    pub(super) fn in_order(&self) -> Vec<(Value, usize)> {
        let mut texts: Vec<(&str, usize)> = self.texts.iter().map(|(text, number)| (text.as_str(), *number)).collect();
        texts.sort_by(|(one, _), (other, _)| self.compare(one, other));
        let values = texts.into_iter().map(|(text, number)| (self.value(text), number));
        values.chain(self.none.map(|number| (Value::Null, number))).collect()
    }

    fn compare(&self, one: &str, other: &str) -> Ordering {
        if self.by.kind.is_numeric()
            && let (Ok(first), Ok(second)) = (one.parse::<f64>(), other.parse::<f64>())
        {
            return first.total_cmp(&second).then_with(|| one.cmp(other));
        }
        one.cmp(other)
    }

    /// A value in the type that its column has.
    fn value(&self, text: &str) -> Value {
        let typed = match self.by.kind {
            DataType::Boolean => text.parse().ok().map(Value::Bool),
            DataType::Int64 => text.parse::<i64>().ok().map(Value::from),
            DataType::Float64 => text.parse::<f64>().ok().map(Value::from),
            _ => None,
        };
        typed.unwrap_or_else(|| Value::String(text.to_owned()))
    }
}
