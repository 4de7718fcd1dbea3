//! Which columns the `events` of an app have.
//!
//! The envelope's columns are the same for every app. Then comes one `data_<field>` for each top-level field that a current event
//! type of the catalog declares and that is not personal, and at last what has no column of its own (`extra`, `metadata`), and
//! the two columns that the table is partitioned by. A column that a table has once keeps its type, whatever later catalogs say:
//! what does not fit into it is in `extra`.

mod kinds;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use daybook_catalog::{AppCatalog, Store};

pub use kinds::ValueKind;

/// What the names of columns of data fields begin with.
pub const DATA_PREFIX: &str = "data_";
/// Digits of a decimal column, and how many of them stand after the point.
pub const DECIMAL: (u8, i8) = (38, 9);
/// The columns that tables are partitioned by. They are the last of the schema, and stand in no file.
pub const PARTITION_COLUMNS: [&str; 2] = ["category", "date"];

/// The columns of one app's events.
#[derive(Debug, Clone)]
pub struct Columns {
    schema: SchemaRef,
    fields: Vec<DataField>,
    by_field: HashMap<String, usize>,
    /// By event type, the top-level fields that are personal in it.
    personal: HashMap<String, HashSet<String>>,
}

/// A data field that has a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataField {
    /// As events call it.
    pub field: String,
    /// As the column is called.
    pub column: String,
    /// What the column holds.
    pub kind: ValueKind,
}

impl Columns {
    /// The columns of an app's catalog, for a table that has none yet.
    #[must_use]
    pub fn of(app: &AppCatalog) -> Self {
        Self::with(app, &[])
    }

    /// The columns of an app's catalog, for a table that has `existing` ones. These stay as they are.
    #[must_use]
    pub fn with(app: &AppCatalog, existing: &[DataField]) -> Self {
        let mut fields = existing.to_vec();
        // To Delta, names that differ only by case are the same.
        let mut taken: HashSet<String> = fields.iter().map(|field| field.column.to_lowercase()).collect();
        let known: HashSet<String> = fields.iter().map(|field| field.field.clone()).collect();
        for (name, kind) in declared(app) {
            let column = column_name(name);
            if !known.contains(name) && taken.insert(column.to_lowercase()) {
                fields.push(DataField { field: name.to_owned(), column, kind });
            }
        }
        fields.sort_by(|one, other| one.column.cmp(&other.column));
        let by_field = fields.iter().enumerate().map(|(index, field)| (field.field.clone(), index)).collect();
        Self { schema: schema_of(&fields), fields, by_field, personal: personal(app) }
    }

    /// The Arrow schema, with the partition columns last.
    #[must_use]
    pub const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The data fields that have a column, in the order of the columns.
    #[must_use]
    pub fn fields(&self) -> &[DataField] {
        &self.fields
    }

    /// The place of a data field among [`Columns::fields`].
    pub(crate) fn index_of(&self, field: &str) -> Option<usize> {
        self.by_field.get(field).copied()
    }

    /// The top-level fields that are personal in an event type. They are sealed before an event is stored; only records of
    /// before there was sealing hold them in the clear, and they are left out of the lake.
    pub(crate) fn personal_of(&self, event: &str) -> Option<&HashSet<String>> {
        self.personal.get(event)
    }
}

/// The type that texts have. Views are sorted and filtered without copying the text.
pub(crate) const TEXT: DataType = DataType::Utf8View;

/// Points in time, as columns hold them.
pub(crate) fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// A type of a fixed column, before there is a schema.
#[derive(Clone, Copy)]
enum Type {
    Integer,
    Number,
    Text,
    Time,
    Boolean,
}

/// The columns before those of the data: name, type, whether it may be null. `rows` fills them in this order.
const ENVELOPE: [(&str, Type, bool); 24] = [
    ("position", Type::Integer, false),
    ("id", Type::Text, false),
    ("name", Type::Text, false),
    ("version", Type::Text, false),
    ("time", Type::Time, false),
    ("received", Type::Time, false),
    ("priority", Type::Text, false),
    ("sample_rate", Type::Number, false),
    ("source", Type::Text, true),
    ("platform", Type::Text, true),
    ("environment", Type::Text, true),
    ("anonymous_id", Type::Text, true),
    ("person", Type::Integer, true),
    ("pseudonym", Type::Boolean, true),
    ("session", Type::Integer, true),
    ("group_id", Type::Text, true),
    ("actor_type", Type::Text, true),
    ("actor_id", Type::Text, true),
    // Null in files of before there were these two.
    ("signature_verified", Type::Boolean, true),
    ("signature_kept", Type::Boolean, true),
    ("correlation", Type::Text, true),
    ("causation", Type::Text, true),
    ("request", Type::Text, true),
    ("tags", Type::Text, true),
];

fn schema_of(fields: &[DataField]) -> SchemaRef {
    let envelope = ENVELOPE.iter().map(|(name, kind, nullable)| {
        let kind = match kind {
            Type::Integer => DataType::Int64,
            Type::Number => DataType::Float64,
            Type::Text => TEXT,
            Type::Time => time_type(),
            Type::Boolean => DataType::Boolean,
        };
        Field::new(*name, kind, *nullable)
    });
    let data = fields.iter().map(|field| Field::new(&field.column, field.kind.arrow(), true));
    let rest = ["extra", "metadata"].map(|name| Field::new(name, TEXT, true));
    Arc::new(Schema::new(envelope.chain(data).chain(rest).chain(partition_fields()).collect::<Vec<_>>()))
}

/// The partition columns.
pub(crate) fn partition_fields() -> [Field; 2] {
    let [category, date] = PARTITION_COLUMNS;
    [Field::new(category, TEXT, false), Field::new(date, DataType::Date32, false)]
}

/// The columns of `daily_counts`: how often something happened that is only counted. One row is one event; whoever asks sums
/// up.
#[must_use]
pub fn daily_counts_schema() -> SchemaRef {
    let [category, date] = partition_fields();
    Arc::new(Schema::new(vec![
        Field::new("position", DataType::Int64, false),
        Field::new("name", TEXT, false),
        Field::new("group_id", TEXT, true),
        Field::new("anonymous_id", TEXT, true),
        Field::new("person", DataType::Int64, true),
        Field::new("count", DataType::Int64, false),
        category,
        date,
    ]))
}

/// The fields that current event types declare, by name, with what their columns hold.
fn declared(app: &AppCatalog) -> BTreeMap<&str, ValueKind> {
    let mut found: BTreeMap<&str, ValueKind> = BTreeMap::new();
    for event_type in app.current_events().filter(|event_type| event_type.store == Store::Event) {
        let Some(data) = &event_type.data else { continue };
        for (name, schema) in kinds::properties(&app.types, data) {
            if event_type.pii.contains_key(name) {
                continue;
            }
            let kind = kinds::kind_of(&app.types, schema);
            found.entry(name).and_modify(|known| *known = known.and(kind)).or_insert(kind);
        }
    }
    found
}

/// By event type, the top-level fields that any of its versions calls personal.
fn personal(app: &AppCatalog) -> HashMap<String, HashSet<String>> {
    let mut found: HashMap<String, HashSet<String>> = HashMap::new();
    for event_type in &app.events {
        let top: BTreeSet<&String> = event_type.pii.keys().filter(|path| !path.contains('.')).collect();
        if !top.is_empty() {
            found.entry(event_type.name.clone()).or_default().extend(top.into_iter().cloned());
        }
    }
    found
}

/// The column of a field: what neither Delta nor SQL can hold without quotes is written as `_`.
fn column_name(field: &str) -> String {
    let clean = field.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '_' });
    DATA_PREFIX.chars().chain(clean).collect()
}
