//! Events as rows, and the statements that write them.

use std::borrow::Cow;

use daybook_consumers::{Failure, FailureKind, Item};
use daybook_event::{Event, Timestamp};
use sha2::{Digest, Sha256};
use sqlx::{MySql as Database, QueryBuilder};

use super::schema::Tables;
use crate::tables::personal::Personal;
use crate::tables::retention::Age;

/// The first and the last second that TIMESTAMP holds, in UTC.
const SECONDS: std::ops::RangeInclusive<i64> = 1..=2_147_483_647;
/// What a row takes in a statement beside its texts, about.
const ROW_OVERHEAD_BYTES: usize = 256;

/// A row of `analytics_events`.
pub(super) struct Row<'e> {
    event: &'e Event<'e>,
    id: String,
    time: String,
    created: String,
    identity: Option<Id<'e>>,
    session: Option<String>,
    group: Option<Id<'e>>,
    properties: Cow<'e, str>,
    position: i64,
}

/// An identity or a group, as its column has it.
enum Id<'e> {
    Integer(i64),
    Text(&'e str),
}

impl<'e> Row<'e> {
    /// The row of an event; of one that is too old for names without them.
    pub(super) fn of(item: &'e Item, age: Age, tables: &Tables, personal: &Personal) -> Result<Self, Failure> {
        let event = &item.event;
        let is_named = age == Age::Kept;
        let refused = |code, message: &str| Failure::new(FailureKind::GiveUp, code, message);
        let time = timestamp(event.time, 3).ok_or_else(|| {
            refused("mysql.time", "its time is outside what TIMESTAMP holds, 1970 to 19 January 2038")
        })?;
        let created = timestamp(event.received, 0).unwrap_or_else(|| time.clone());
        let columns = &tables.columns;
        let id = |text: Option<&'e str>, integer: bool, what: &str| match text {
            None => Ok(None),
            Some(text) if !integer => Ok(Some(Id::Text(text))),
            Some(text) => match text.parse() {
                Ok(number) => Ok(Some(Id::Integer(number))),
                Err(_) => Err(refused("mysql.integer", &format!("its {what} is no integer of 64 bits"))),
            },
        };
        let properties = match personal.data(event) {
            data if data.is_empty() => Cow::Borrowed("{}"),
            data => data,
        };
        Ok(Self {
            event,
            id: event.id.to_string(),
            time,
            created,
            identity: id(event.identity.as_deref().filter(|_| is_named), columns.integer_identity, "identity")?,
            session: event.session.as_deref().filter(|_| is_named).map(session_hash),
            group: id(event.group.as_deref(), columns.integer_group, "group")?,
            properties,
            position: i64::try_from(event.position).unwrap_or(i64::MAX),
        })
    }

    /// What it takes in a statement, at most.
    pub(super) fn bytes(&self) -> usize {
        let event = self.event;
        let length = |text: &Option<Cow<'_, str>>| text.as_deref().map_or(0, str::len);
        let texts = [&event.identity, &event.anonymous_id, &event.source, &event.group].map(length);
        texts.iter().sum::<usize>()
            + event.name.len()
            + event.category.len()
            + self.properties.len()
            + ROW_OVERHEAD_BYTES
    }
}

/// The statement that writes rows; those that are there stay as they are.
pub(super) fn insert<'r>(tables: &Tables, rows: impl IntoIterator<Item = &'r Row<'r>>) -> QueryBuilder<Database> {
    let (events, group) = (&tables.events, &tables.columns.group);
    let mut query = QueryBuilder::new(format!(
        "INSERT INTO `{events}` (event_id, event_name, timestamp, source, identity_id, anonymous_id, `{group}`, session_id, \
         properties, created_at, position, category) "
    ));
    query.push_values(rows, |mut values, row| {
        let event = row.event;
        values.push_bind(row.id.as_str()).push_bind(&*event.name).push_bind(row.time.as_str());
        values.push_bind(event.source.as_deref());
        bind_id(&mut values, row.identity.as_ref(), tables.columns.integer_identity);
        values.push_bind(event.anonymous_id.as_deref());
        bind_id(&mut values, row.group.as_ref(), tables.columns.integer_group);
        values.push_bind(row.session.as_deref()).push_bind(&*row.properties).push_bind(row.created.as_str());
        values.push_bind(row.position).push_bind(&*event.category);
    });
    // INSERT IGNORE would also pass over what does not fit.
    query.push(" ON DUPLICATE KEY UPDATE event_id = VALUES(event_id)");
    query
}

fn bind_id(
    values: &mut sqlx::query_builder::Separated<'_, Database, &'static str>,
    id: Option<&Id<'_>>,
    integer: bool,
) {
    match id {
        Some(Id::Integer(number)) => values.push_bind(*number),
        Some(Id::Text(text)) => values.push_bind(*text),
        None if integer => values.push_bind(None::<i64>),
        None => values.push_bind(None::<&str>),
    };
}

/// What stands for a session: `SHA2(session, 256)`.
fn session_hash(session: &str) -> String {
    Sha256::digest(session.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A time as TIMESTAMP reads it in a session of UTC, cut to so many digits of the second; nothing where it does not hold it.
pub(super) fn timestamp(time: Timestamp, digits: usize) -> Option<String> {
    let microseconds = time.microseconds();
    if !SECONDS.contains(&microseconds.div_euclid(1_000_000)) {
        return None;
    }
    let text = jiff::Timestamp::from_microsecond(microseconds).ok()?.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string();
    // 19 letters, the point, and the digits.
    let length = if digits == 0 { 19 } else { 20 + digits };
    text.get(..length).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_cut_and_bounded() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(timestamp(Timestamp::parse(text).unwrap(), 3).as_deref(), expected, "{text}");
        };
        check("2026-01-31T23:59:59.999999Z", Some("2026-01-31 23:59:59.999"));
        check("2026-01-01T00:00:00Z", Some("2026-01-01 00:00:00.000"));
        check("2038-01-19T03:14:07.999Z", Some("2038-01-19 03:14:07.999"));
        check("2038-01-19T03:14:08Z", None);
        check("1970-01-01T00:00:00.5Z", None);
        check("0001-01-01T00:00:00Z", None);
        let time = Timestamp::parse("2026-01-31T23:59:59.999Z").unwrap();
        assert_eq!(timestamp(time, 0).as_deref(), Some("2026-01-31 23:59:59"));
    }

    #[test]
    fn sessions_are_hashed_as_the_server_would() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(session_hash("abc"), expected);
    }
}
