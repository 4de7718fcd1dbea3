//! The variables that templates see.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::draw::Draw;

/// Variables by name, without their `$`.
pub type Variables = BTreeMap<String, Value>;

/// The lists a plan names, and the counters it has run up.
#[derive(Default)]
pub struct Supplies {
    /// Named lists of values, for `$from` and for `{name}` in a `$text`.
    pub lists: HashMap<String, Vec<Value>>,
    /// Where each `$counter` stands.
    pub counters: HashMap<String, i64>,
}

/// What a template is evaluated with: variables in layers (the innermost wins), randomness, and the time it is.
pub struct Scope<'s> {
    /// From the outermost layer (the app) to the innermost (the event).
    pub layers: &'s [&'s Variables],
    /// The simulation's randomness.
    pub draw: &'s mut Draw,
    /// The simulation's lists and counters.
    pub supplies: &'s mut Supplies,
    /// The time of what is being made, in microseconds since the Unix epoch.
    pub now_us: i64,
}

impl Scope<'_> {
    /// The value of a variable.
    pub fn variable(&self, name: &str) -> Option<&Value> {
        self.layers.iter().rev().find_map(|layer| layer.get(name)).filter(|value| !value.is_null())
    }
}
