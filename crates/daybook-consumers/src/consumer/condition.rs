//! A consumer's condition on an event's data.

use jsonschema::Validator;
use jsonschema::json::SerdeJson;
use serde_json::Value;

use crate::Item;

/// A compiled condition.
pub(crate) struct Condition(Validator<SerdeJson>);

impl Condition {
    /// Compiles a JSON Schema; otherwise says what is wrong with it.
    pub fn new(schema: &Value) -> Result<Self, String> {
        let options = daybook_catalog::validation_options::<SerdeJson>();
        options.build(schema).map(Self).map_err(|error| error.to_string())
    }

    /// Whether the event meets it, as far as everybody may see it: what is personal is not there. An event without data has an empty
    /// object of it; one whose data is anything else meets no condition.
    pub fn is_met(&self, item: &Item) -> bool {
        let data = if item.event.data.is_empty() { "{}" } else { &item.event.data };
        serde_json::from_str::<Value>(data).is_ok_and(|data| data.is_object() && self.0.is_valid(&data))
    }
}
