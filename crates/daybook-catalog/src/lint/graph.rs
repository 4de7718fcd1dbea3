//! How the named types of a catalog refer to each other.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use crate::schema::{TYPES_PREFIX, visit};

/// How the named types hang together.
pub(super) struct Graph<'s> {
    pub(super) types: &'s Map<String, Value>,
    extents: HashMap<&'s str, Extent>,
    in_place: HashMap<&'s str, Vec<&'s str>>,
}

/// What a schema stands for when every reference is followed, recursive types once.
#[derive(Clone, Copy, Default)]
pub(super) struct Extent {
    /// The number of schemas.
    pub(super) size: usize,
    /// How many of them lie inside one another.
    pub(super) height: usize,
}

impl Extent {
    /// Schemas that one schema may stand for.
    pub(super) const SIZE_MAX: usize = 10_000;
    /// Schemas that may lie inside one another.
    pub(super) const HEIGHT_MAX: usize = 128;

    const UNBOUNDED: Self = Self { size: usize::MAX, height: usize::MAX };

    pub(super) const fn is_bounded(self) -> bool {
        self.size <= Self::SIZE_MAX && self.height <= Self::HEIGHT_MAX
    }
}

impl<'s> Graph<'s> {
    pub(super) fn new(types: &'s Map<String, Value>) -> Self {
        let in_place = types.iter().map(|(name, schema)| (name.as_str(), targets_in_place(schema))).collect();
        let mut graph = Self { types, extents: HashMap::new(), in_place };
        for name in types.keys() {
            graph.measure(name, 0);
        }
        graph
    }

    /// The extent of a named type; nothing for one that does not exist.
    pub(super) fn extent_of(&self, name: &str) -> Extent {
        self.extents.get(name).copied().unwrap_or_default()
    }

    /// The extent of a schema that refers to the named types.
    pub(super) fn extent(&mut self, schema: &'s Value) -> Extent {
        self.follow(schema, 0)
    }

    fn measure(&mut self, name: &'s str, depth: usize) -> Extent {
        if let Some(extent) = self.extents.get(name) {
            return *extent;
        }
        let Some(schema) = self.types.get(name) else { return Extent::default() };
        // A chain as long as this is too high whatever lies at its end, which need not be looked for.
        if depth > Extent::HEIGHT_MAX {
            return Extent::UNBOUNDED;
        }
        // Found again further down, the type is recursive there.
        self.extents.insert(name, Extent::default());
        let extent = self.follow(schema, depth);
        self.extents.insert(name, extent);
        extent
    }

    fn follow(&mut self, schema: &'s Value, depth: usize) -> Extent {
        let (mut extent, mut targets) = (Extent::default(), Vec::new());
        visit(schema, &mut |pointer, object| {
            // Between a schema and one inside it lie one or two steps of the pointer.
            let height = 1 + pointer.matches('/').count().div_ceil(2);
            extent = Extent { size: extent.size + 1, height: extent.height.max(height) };
            targets.extend(target(object).map(|name| (name, height)));
        });
        for (name, height) in targets {
            let below = self.measure(name, depth + 1);
            extent.size = extent.size.saturating_add(below.size);
            extent.height = extent.height.max(height.saturating_add(below.height));
        }
        extent
    }

    /// Whether checking a value against the type comes back to the type with the same value, and so never ends.
    pub(super) fn is_circular(&self, name: &str) -> bool {
        let mut reached = BTreeSet::new();
        let mut pending = vec![name];
        while let Some(next) = pending.pop() {
            for target in self.in_place.get(next).into_iter().flatten() {
                if reached.insert(*target) {
                    pending.push(target);
                }
            }
        }
        reached.contains(name)
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
