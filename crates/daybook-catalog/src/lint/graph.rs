//! How the named types of a catalog refer to each other.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::schema::{TYPES_PREFIX, visit};

/// How the named types hang together.
pub(super) struct Graph<'s> {
    pub(super) types: &'s Map<String, Value>,
    /// Schemas a type stands for when every reference is followed, those of recursive types once.
    pub(super) sizes: HashMap<&'s str, usize>,
}

impl<'s> Graph<'s> {
    pub(super) fn new(types: &'s Map<String, Value>) -> Self {
        let mut graph = Self { types, sizes: HashMap::new() };
        for (name, schema) in types {
            graph.measure(name, schema);
        }
        graph
    }

    fn measure(&mut self, name: &'s str, schema: &'s Value) -> usize {
        if let Some(size) = self.sizes.get(name) {
            return *size;
        }
        // Found again further down, the type is recursive there.
        self.sizes.insert(name, 0);
        let size = self.size(schema);
        self.sizes.insert(name, size);
        size
    }

    pub(super) fn size(&mut self, schema: &'s Value) -> usize {
        let (mut count, mut targets) = (0usize, Vec::new());
        visit(schema, &mut |_, object| {
            count += 1;
            targets.extend(target(object));
        });
        for name in targets {
            if let Some(schema) = self.types.get(name) {
                count = count.saturating_add(self.measure(name, schema));
            }
        }
        count
    }

    /// Whether checking a value against the type comes back to the type with the same value, and so never ends.
    pub(super) fn is_circular(&self, name: &'s str) -> bool {
        let mut reached: Vec<&str> = Vec::new();
        let mut pending = vec![name];
        while let Some(next) = pending.pop() {
            for target in self.types.get(next).map(targets_in_place).unwrap_or_default() {
                if target == name {
                    return true;
                }
                if !reached.contains(&target) {
                    reached.push(target);
                    pending.push(target);
                }
            }
        }
        false
    }
}

/// The named type a schema refers to.
fn target(object: &Map<String, Value>) -> Option<&str> {
    object.get("$ref").and_then(Value::as_str)?.strip_prefix(TYPES_PREFIX)
}

/// The named types that a value is checked against as a whole when it is checked against the schema.
fn targets_in_place(schema: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    let mut pending = vec![schema];
    while let Some(schema) = pending.pop() {
        let Some(object) = schema.as_object() else { continue };
        found.extend(target(object));
        for keyword in ["allOf", "anyOf", "oneOf"] {
            pending.extend(object.get(keyword).and_then(Value::as_array).into_iter().flatten());
        }
        pending.extend(["if", "then", "else", "not"].iter().filter_map(|keyword| object.get(*keyword)));
        pending.extend(object.get("dependentSchemas").and_then(Value::as_object).into_iter().flat_map(Map::values));
    }
    found
}
