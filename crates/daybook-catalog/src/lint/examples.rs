//! Examples are what their schemas say.

use serde_json::Map;

use super::schemas::short;
use crate::AppCatalog;
use crate::read_events::Declared;
use crate::schema::{Shape, validation_options};
use crate::source::{Problem, suggestion};
use crate::yaml::Node;

/// Errors said of one example.
const EXAMPLE_ERRORS_MAX: usize = 20;

/// Every example is valid, and has no fields that the schema does not name.
pub(super) fn lint(catalog: &AppCatalog, declared: &Declared<'_>, data: &Node) {
    let Declared { event_type, file, node } = declared;
    let schema = catalog.validation_schema(event_type);
    let validator = match validation_options::<jsonschema::json::SerdeJson>().build(&schema) {
        Ok(validator) => validator,
        Err(error) => {
            Problem::error("schema.invalid", format!("the schema cannot be used: {}", short(&error.to_string())))
                .at(file, data.place);
            return;
        }
    };
    let shape = event_type.data.as_ref().map(|data| Shape::of(&catalog.types, data));
    for (index, example) in event_type.examples.iter().enumerate() {
        for error in validator.iter_errors(example).take(EXAMPLE_ERRORS_MAX) {
            let pointer = format!("/examples/{index}{}", error.instance_path().as_str());
            Problem::error("example.invalid", short(&error.to_string())).at(file, node.locate(&pointer));
        }
        let Some(shape) = shape.as_ref().filter(|shape| !shape.open) else { continue };
        for name in example.as_object().into_iter().flat_map(Map::keys) {
            if shape.property(name).is_none() {
                let mut pointer = format!("/examples/{index}");
                daybook_event::finding::push_pointer(&mut pointer, name);
                Problem::warning("example.unknown-field", format!("the schema declares no property `{name}`"))
                    .maybe_hint(suggestion(name, shape.names()))
                    .at(file, node.locate(&pointer));
            }
        }
    }
}
