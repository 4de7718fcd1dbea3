//! Events as rows, and the statement that writes them.

use std::borrow::Cow;

use daybook_consumers::Item;
use daybook_event::Priority;
use daybook_event::json::ObjectWriter;
use sqlx::{AssertSqlSafe, PgConnection};

use super::schema::Tables;
use crate::tables::personal::Personal;
use crate::tables::retention::Age;

/// What a row takes in a statement beside its texts, about.
const ROW_OVERHEAD_BYTES: usize = 256;
/// The columns that a statement fills, each with the type that its text becomes.
const COLUMNS: [(&str, &str); 24] = [
    ("event_id", "uuid"),
    ("time", "timestamptz"),
    ("received", "timestamptz"),
    ("position", "bigint"),
    ("name", "text"),
    ("version", "text"),
    ("category", "text"),
    ("priority", "text"),
    ("sample_rate", "double precision"),
    ("source", "text"),
    ("platform", "text"),
    ("environment", "text"),
    ("identity", "text"),
    ("anonymous_id", "uuid"),
    ("session", "text"),
    ("group_id", "text"),
    ("actor_type", "text"),
    ("actor_id", "text"),
    ("correlation", "text"),
    ("causation", "text"),
    ("request", "text"),
    ("tags", "jsonb"),
    ("data", "jsonb"),
    ("metadata", "jsonb"),
];

/// A row: the text of each column.
pub(super) struct Row<'e> {
    values: [Option<Cow<'e, str>>; COLUMNS.len()],
}

impl<'e> Row<'e> {
    /// The row of an event. `personal` says what may not stand in its data where the event was opened; one that is too old for names is
    /// written without them.
    pub(super) fn of(item: &'e Item, age: Age, personal: Option<&Personal>) -> Self {
        let event = &item.event;
        let named = |text: &'e Option<Cow<'static, str>>| {
            text.as_deref().filter(|_| age == Age::Kept && personal.is_some()).map(clean)
        };
        let optional = |text: &'e Option<Cow<'static, str>>| text.as_deref().map(clean);
        let actor = event.actor.as_ref();
        let is_person = matches!(actor.and_then(|actor| actor.kind.as_deref()), None | Some("user"));
        let (data, metadata, tags) = match personal {
            Some(personal) => (personal.data(event), Personal::metadata(event), tags(personal.tags(event))),
            None => (
                Cow::Borrowed(&*event.data),
                Cow::Borrowed(&*event.metadata),
                tags(event.tags.iter().map(|(key, value)| (&**key, &**value)).collect()),
            ),
        };
        let owned = |text: String| Some(Cow::Owned(text));
        let values = [
            owned(event.id.to_string()),
            owned(event.time.to_string()),
            owned(event.received.to_string()),
            owned(event.position.to_string()),
            Some(clean(&event.name)),
            Some(clean(&event.version)),
            Some(clean(&event.category)),
            Some(Cow::Borrowed(Priority::as_str(event.priority))),
            owned(event.sample_rate.to_string()),
            optional(&event.source),
            optional(&event.platform),
            optional(&event.environment),
            named(&event.identity),
            item.standing.subject().map(|subject| Cow::Owned(subject.to_string())),
            named(&event.session),
            optional(&event.group),
            actor.and_then(|actor| actor.kind.as_deref()).map(clean),
            actor.filter(|_| !is_person).and_then(|actor| actor.id.as_deref()).map(clean),
            optional(&event.correlation),
            optional(&event.causation),
            optional(&event.request),
            Some(clean_json(Cow::Owned(tags))),
            Some(clean_json(data)),
            Some(clean_json(metadata)),
        ];
        Self { values }
    }

    /// What it takes in a statement, at most.
    pub(super) fn bytes(&self) -> usize {
        self.values.iter().flatten().map(|text| text.len()).sum::<usize>() + ROW_OVERHEAD_BYTES
    }
}

/// Writes rows; those that are there stay as they are.
pub(super) async fn insert(
    connection: &mut PgConnection,
    tables: &Tables,
    rows: &[(usize, Row<'_>)],
) -> Result<(), sqlx::Error> {
    let list = |part: fn(usize, &str, &str) -> String| {
        let parts = COLUMNS.iter().enumerate().map(|(index, (name, kind))| part(index, name, kind));
        parts.collect::<Vec<_>>().join(", ")
    };
    let statement = format!(
        "INSERT INTO {} ({}) SELECT {} FROM UNNEST({}) AS r ({}) ON CONFLICT (event_id, time) DO NOTHING",
        tables.events,
        list(|_, name, _| name.to_owned()),
        list(|_, name, kind| format!("r.{name}::{kind}")),
        list(|index, _, _| format!("${}::text[]", index + 1)),
        list(|_, name, _| name.to_owned()),
    );
    let mut query = sqlx::query(AssertSqlSafe(statement));
    for column in 0..COLUMNS.len() {
        let values: Vec<Option<&str>> =
            rows.iter().map(|(_, row)| row.values.get(column).and_then(Option::as_deref)).collect();
        query = query.bind(values);
    }
    query.execute(connection).await.map(|_| ())
}

/// The tags as an object.
fn tags(tags: Vec<(&str, &str)>) -> String {
    let mut out = Vec::new();
    let mut object = ObjectWriter::open(&mut out);
    for (key, value) in tags {
        object.string(key, value);
    }
    object.close();
    String::from_utf8_lossy(&out).into_owned()
}

/// A text that the server takes: it knows no NUL, for which the replacement character stands.
fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// JSON that the server takes, likewise; an object where there is nothing.
fn clean_json(json: Cow<'_, str>) -> Cow<'_, str> {
    if json.is_empty() {
        return Cow::Borrowed("{}");
    }
    if !json.contains("\\u0000") {
        return json;
    }
    let mut out = String::with_capacity(json.len());
    let mut rest = &*json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let (replacement, length) = if escape.starts_with("\\u0000") { ("\\ufffd", 6) } else { ("", 2) };
        out.push_str(if replacement.is_empty() { escape.get(..length).unwrap_or(escape) } else { replacement });
        rest = escape.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_is_replaced_and_nothing_else() {
        let check = |json: &str, expected: &str| assert_eq!(clean_json(Cow::Borrowed(json)), expected, "{json}");
        check("", "{}");
        check(r#"{"x":"a\u0000b"}"#, r#"{"x":"a\ufffdb"}"#);
        check(r#"{"x":"\\u0000"}"#, r#"{"x":"\\u0000"}"#);
        check(r#"{"x":"\\\u0000\n\u00e9"}"#, r#"{"x":"\\\ufffd\n\u00e9"}"#);
        assert_eq!(clean("a\0b"), "a\u{fffd}b");
    }
}
