//! SQL for MariaDB and MySQL: the table that the handler `mysql` fills, and a view with typed columns for each event
//! type.

use std::fmt::Write as _;

use heck::ToSnakeCase;

use super::model::{Declared, Model, Object, Shape, Type, camel};
use super::text;
use super::typescript::format_in_words;
use crate::{AppCatalog, As, Field, Store};

/// Longest name in either database.
const NAME_CHARS_MAX: usize = 64;
/// Columns that every view begins with.
const ENVELOPE: [&str; 7] =
    ["event_id", "timestamp", "source", "identity_id", "anonymous_id", "session_id", "position"];

pub(super) fn emit(app: &AppCatalog) -> String {
    let model = Model::of(app);
    let group = group(app);
    let mut out = text::comment(
        "-- ",
        &format!("Events of {}, catalog {} {}, for MariaDB and MySQL.", app.title, app.app, app.version),
    );
    out.push_str(&text::comment(
        "-- ",
        &format!("Written by `daybook emit sql --app {}`; changes belong in the catalog.", app.app),
    ));
    out.push_str("--\n");
    out.push_str(&text::comment(
        "-- ",
        "The table is the one that the handler `mysql` of Daybook makes, fills and partitions by months; it is here for \
         those who make it beforehand. A row has what is not personal of an event's data in `properties`, so what the \
         catalog marks as personal is in no view. What is only counted by the day has no rows. Bounds, patterns and \
         formats stand in the comments of the views: Daybook has checked them, and the database does not. MySQL reads \
         text in `properties` up to 512 characters; what is longer is NULL in a view. Fields that the catalog does not \
         declare are in `properties`, and in no view.",
    ));
    table(&mut out, app, &group);
    let mut used = vec!["analytics_events".to_owned(), "analytics_aggregates".to_owned()];
    for declared in model.current() {
        view(&mut out, &model, declared, &group, &mut used);
    }
    out
}

/// What the column of the group is called: as the handler calls it.
fn group(app: &AppCatalog) -> String {
    let written = app.dialect.field(Field::Group).and_then(|spec| spec.path.last()).map(String::as_str);
    let fits = |name: &&str| {
        name.ends_with("_id")
            && name.len() <= NAME_CHARS_MAX
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            && !ENVELOPE.contains(name)
    };
    written.filter(fits).unwrap_or("group_id").to_owned()
}

fn table(out: &mut String, app: &AppCatalog, group: &str) {
    let kind = |field: Field| match app.dialect.field(field).map(|spec| spec.kind) {
        Some(As::Integer) => "BIGINT",
        _ => "VARCHAR(256)",
    };
    let (identity, group_type) = (kind(Field::Identity), kind(Field::Group));
    let index = group.trim_end_matches("_id");
    let _ = write!(
        out,
        "
CREATE TABLE IF NOT EXISTS `analytics_events` (
    id BIGINT NOT NULL AUTO_INCREMENT,
    event_id VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    event_name VARCHAR(128) NOT NULL,
    timestamp TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    source VARCHAR(256) NULL,
    identity_id {identity} NULL,
    anonymous_id VARCHAR(64) NULL,
    `{group}` {group_type} NULL,
    session_id VARCHAR(64) NULL,
    properties JSON NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    position BIGINT NOT NULL,
    category VARCHAR(128) NOT NULL,
    -- A unique key of a partitioned table has the column that it is partitioned by.
    PRIMARY KEY (id, timestamp),
    UNIQUE KEY uk_event (event_id, timestamp),
    INDEX idx_event_time (event_name, timestamp),
    INDEX idx_identity (identity_id, timestamp),
    INDEX `idx_{index}` (`{group}`, timestamp),
    INDEX idx_anonymous (anonymous_id),
    INDEX idx_category (category, timestamp)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
PARTITION BY RANGE (UNIX_TIMESTAMP(timestamp)) (
    PARTITION p_future VALUES LESS THAN MAXVALUE
);
"
    );
}

fn view(out: &mut String, model: &Model<'_>, declared: &Declared<'_>, group: &str, used: &mut Vec<String>) {
    let event_type = declared.event_type;
    out.push('\n');
    let title = format!("`{}` {}.", event_type.name, event_type.version);
    out.push_str(&text::comment("-- ", &text::sentences(Some(&title), event_type.description.as_deref())));
    if let Some(deprecated) = &event_type.deprecated {
        let other = deprecated.use_instead.as_ref().map(|other| format!(": send `{other}` instead"));
        let _ = writeln!(out, "-- Deprecated{}.", other.unwrap_or_default());
    }
    if event_type.store == Store::DailyCounts {
        out.push_str("-- Only counted by the day: it has no rows, and no view.\n");
        return;
    }
    let name = free(&camel(&event_type.name).to_snake_case(), used);
    let mut columns: Vec<String> = ENVELOPE.iter().map(|column| format!("    `{column}`")).collect();
    columns.insert(4, format!("    `{group}`"));
    let mut taken: Vec<String> = ENVELOPE.iter().map(|column| (*column).to_owned()).collect();
    taken.push(group.to_owned());
    let mut sealed = Vec::new();
    let nothing = Object { fields: Vec::new(), others: None };
    for field in &fields(model, declared.data.as_ref(), &nothing).fields {
        let inner: Vec<&String> =
            event_type.pii.keys().filter(|path| path.split('.').next() == Some(field.name.as_str())).collect();
        if inner.iter().any(|path| **path == field.name) {
            sealed.push(field.name.clone());
            continue;
        }
        let mut said: Vec<String> =
            format_in_words(&field.ty).into_iter().chain(field.ty.limits.iter().cloned()).collect();
        said.extend(choice_in_words(model, &field.ty));
        said.extend(field.deprecated.then(|| "deprecated".to_owned()));
        if !inner.is_empty() {
            let paths: Vec<String> = inner.iter().map(|path| format!("`{path}`")).collect();
            said.push(format!("without {}, which is personal", paths.join(", ")));
        }
        let limits = text::limits(&said);
        let comment = text::sentences(field.description.as_deref(), limits.as_deref());
        let expression = expression(model, &field.ty, &field.name);
        let column = free(&column_name(&field.name), &mut taken);
        columns.push(format!("{}    {expression} AS `{column}`", text::comment("    -- ", &comment)));
    }
    if !sealed.is_empty() {
        let _ = writeln!(out, "-- Personal, and therefore not here: {}.", sealed.join(", "));
    }
    let _ = writeln!(
        out,
        "CREATE OR REPLACE VIEW `{name}` AS SELECT\n{}\nFROM `analytics_events` WHERE event_name = {};",
        columns.join(",\n"),
        literal(&event_type.name)
    );
}

/// The fields of the data, those of a named type where it is one.
fn fields<'m>(model: &'m Model<'_>, data: Option<&'m Type>, nothing: &'m Object) -> &'m Object {
    match data.map(|data| &data.shape) {
        Some(Shape::Object(object)) => object,
        Some(Shape::Named(name)) => fields(model, model.named(name).map(|named| &named.ty), nothing),
        _ => nothing,
    }
}

/// How a field is read out of `properties`.
fn expression(model: &Model<'_>, ty: &Type, name: &str) -> String {
    let path = literal(&format!("$.{}", text::quoted(name)));
    let value = format!("JSON_VALUE(properties, {path})");
    match &ty.shape {
        Shape::Boolean => format!("CAST(JSON_EXTRACT(properties, {path}) AS CHAR(5)) = 'true'"),
        Shape::Integer | Shape::Int64 => format!("CAST({value} AS SIGNED)"),
        Shape::Number => format!("CAST({value} AS DOUBLE)"),
        Shape::Decimal => format!("CAST({value} AS DECIMAL(38, 10))"),
        Shape::Text(_) => value,
        Shape::Choice(values) if values.iter().all(serde_json::Value::is_string) => value,
        Shape::Named(other) => match model.named(other).map(|named| &named.ty) {
            Some(ty) if !matches!(ty.shape, Shape::Named(_)) => expression(model, ty, name),
            _ => format!("JSON_EXTRACT(properties, {path})"),
        },
        Shape::Any | Shape::Choice(_) | Shape::List(_) | Shape::Map(_) | Shape::Object(_) | Shape::Union(_) => {
            format!("JSON_EXTRACT(properties, {path})")
        }
    }
}

fn choice_in_words(model: &Model<'_>, ty: &Type) -> Option<String> {
    match &ty.shape {
        Shape::Choice(values) => {
            let values: Vec<String> =
                values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect();
            Some(format!("one of {}", values.join(", ")))
        }
        Shape::Named(name) => {
            let named = model.named(name)?;
            let mut said: Vec<String> = choice_in_words(model, &named.ty).into_iter().collect();
            said.extend(named.ty.limits.iter().cloned());
            (!said.is_empty()).then(|| said.join(", "))
        }
        _ => None,
    }
}

/// A column may be called as the field is, as long as it is short; backticks would end its name.
fn column_name(field: &str) -> String {
    field.chars().filter(|char| *char != '`' && !char.is_control()).take(NAME_CHARS_MAX).collect()
}

/// A name that none of `used` is, whatever the case.
fn free(name: &str, used: &mut Vec<String>) -> String {
    let name: String = name.chars().take(NAME_CHARS_MAX).collect();
    let mut free = name.clone();
    let mut count = 1;
    while used.iter().any(|other| other.eq_ignore_ascii_case(&free)) {
        count += 1;
        let suffix = format!("_{count}");
        free = name.chars().take(NAME_CHARS_MAX - suffix.len()).collect::<String>() + &suffix;
    }
    used.push(free.clone());
    free
}

/// A string of SQL; in MySQL a backslash escapes.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
