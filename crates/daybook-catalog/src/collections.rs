//! What an app's `collections.yaml` says: the records that it keeps beside its events, in a document store of its own.
//! Daybook keeps none of them; `daybook emit mongodb` writes their validators.

use serde_json::Value;

/// The collections of an app.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Collections {
    /// What the collection of its events is called.
    pub events: Option<String>,
    /// The others, in the order of the file.
    pub others: Vec<Collection>,
}

/// One collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// Its name.
    pub name: String,
    /// What a record of it is.
    pub description: Option<String>,
    /// The field that is a record's primary key.
    pub key: String,
    /// How it is searched, beside by its key.
    pub indexes: Vec<Index>,
    /// The JSON Schema of a record, as written.
    pub data: Value,
}

/// An index of a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Dotted paths, in order; a minus in front turns the order around.
    pub fields: Vec<String>,
    /// Whether no two records may be alike in them.
    pub unique: bool,
}
