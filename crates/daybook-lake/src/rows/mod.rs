//! Events as rows.

mod counts;
mod texts;
mod values;

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, RecordBatch, TimestampMicrosecondBuilder,
};
use datafusion::arrow::error::ArrowError;
use daybook_consumers::Item;
use daybook_event::json::{ObjectWriter, Scanner, unescaped};
use daybook_event::stored::Standing;
use daybook_event::{Keeping, Kind, Priority, SessionHash, SubjectId};

use crate::columns::Columns;

pub use counts::to_daily_counts;
pub(crate) use texts::Texts;

use values::Values;

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// The rows of these events, in their order. What is only counted is no row.
///
/// # Errors
/// [`ArrowError`]: the columns do not fit their schema, which would be a mistake of this module.
pub fn to_batch(columns: &Columns, items: &[Arc<Item>]) -> Result<RecordBatch, ArrowError> {
    let mut rows = Rows::new(columns, items.len());
    for item in items.iter().filter(|item| item.event.kind == Kind::Event) {
        rows.push(item);
    }
    rows.finish()
}

/// The number that stands for a person in `person`: the first eight bytes of the id, the highest first.
#[must_use]
pub fn person_number(id: SubjectId) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = *id.as_bytes();
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// The number that stands for a session in `session`: that of its hash, with a sign.
#[must_use]
pub fn session_number(session: SessionHash) -> i64 {
    i64::from_be_bytes(session.number().to_be_bytes())
}

/// The day of a time, in days since 1970-01-01.
fn day(time_us: i64) -> i32 {
    i32::try_from(time_us.div_euclid(DAY_US)).unwrap_or(i32::MAX)
}

/// A position as a column holds it.
fn number(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// Rows that become a batch.
struct Rows<'c> {
    columns: &'c Columns,
    count: usize,
    position: Int64Builder,
    id: Texts,
    name: Texts,
    version: Texts,
    time: TimestampMicrosecondBuilder,
    received: TimestampMicrosecondBuilder,
    priority: Texts,
    sample_rate: Float64Builder,
    source: Texts,
    platform: Texts,
    environment: Texts,
    anonymous_id: Texts,
    person: Int64Builder,
    pseudonym: BooleanBuilder,
    session: Int64Builder,
    group_id: Texts,
    actor_type: Texts,
    actor_id: Texts,
    signature_verified: BooleanBuilder,
    signature_kept: BooleanBuilder,
    correlation: Texts,
    causation: Texts,
    request: Texts,
    tags: Texts,
    data: Vec<Values>,
    extra: Texts,
    metadata: Texts,
    category: Texts,
    date: Date32Builder,
    /// Where the text of an object is put together.
    scratch: Vec<u8>,
}

impl<'c> Rows<'c> {
    fn new(columns: &'c Columns, capacity: usize) -> Self {
        let time = || TimestampMicrosecondBuilder::with_capacity(capacity).with_timezone("UTC");
        Self {
            columns,
            count: 0,
            position: Int64Builder::with_capacity(capacity),
            id: Texts::default(),
            name: Texts::repeating(),
            version: Texts::repeating(),
            time: time(),
            received: time(),
            priority: Texts::default(),
            sample_rate: Float64Builder::with_capacity(capacity),
            source: Texts::repeating(),
            platform: Texts::repeating(),
            environment: Texts::repeating(),
            anonymous_id: Texts::default(),
            person: Int64Builder::with_capacity(capacity),
            pseudonym: BooleanBuilder::with_capacity(capacity),
            session: Int64Builder::with_capacity(capacity),
            group_id: Texts::default(),
            actor_type: Texts::repeating(),
            actor_id: Texts::default(),
            signature_verified: BooleanBuilder::with_capacity(capacity),
            signature_kept: BooleanBuilder::with_capacity(capacity),
            correlation: Texts::default(),
            causation: Texts::default(),
            request: Texts::default(),
            tags: Texts::default(),
            data: columns.fields().iter().map(|field| Values::of(field.kind)).collect(),
            extra: Texts::default(),
            metadata: Texts::default(),
            category: Texts::repeating(),
            date: Date32Builder::with_capacity(capacity),
            scratch: Vec::new(),
        }
    }

    fn push(&mut self, item: &Item) {
        let event = &item.event;
        self.position.append_value(number(event.position));
        let mut text = [0; 36];
        self.id.push(Some(event.id.as_uuid().hyphenated().encode_lower(&mut text)));
        self.name.push(Some(&event.name));
        self.version.push(Some(&event.version));
        self.time.append_value(event.time.microseconds());
        self.received.append_value(event.received.microseconds());
        self.priority.push(Some(Priority::as_str(event.priority)));
        self.sample_rate.append_value(event.sample_rate);
        self.source.push(event.source.as_deref());
        self.platform.push(event.platform.as_deref());
        self.environment.push(event.environment.as_deref());
        let subject = item.standing.subject();
        // Who acted is the person where it is not said that it was something else, and the person is named by the id alone.
        let actor = event.actor.as_ref();
        let is_person = matches!(actor.and_then(|actor| actor.kind.as_deref()), None | Some("user"));
        self.anonymous_id.push(subject.map(|id| id.to_string()).as_deref());
        self.person.append_option(subject.map(person_number));
        self.pseudonym.append_option(subject.map(|_| matches!(item.standing, Standing::Pseudonym(_))));
        self.session.append_option(item.session.map(session_number));
        self.group_id.push(event.group.as_deref());
        self.actor_type.push(actor.and_then(|actor| actor.kind.as_deref()));
        self.actor_id.push(actor.filter(|_| !is_person).and_then(|actor| actor.id.as_deref()));
        // The verdict is in clear for everybody, and stays. The key and the signature are sealed, and in no column.
        let keeping = event.signature.as_ref().map(|signature| signature.keeping);
        self.signature_verified.append_value(keeping.is_some());
        self.signature_kept.append_option(keeping.map(|keeping| keeping == Keeping::Whole));
        self.correlation.push(event.correlation.as_deref());
        self.causation.push(event.causation.as_deref());
        self.request.push(event.request.as_deref());
        self.push_tags(item);
        self.push_data(&event.name, &event.data);
        self.metadata.push(Some(&*event.metadata).filter(|text| !text.is_empty() && *text != "{}"));
        self.category.push(Some(&event.category));
        self.date.append_value(day(event.time.microseconds()));
        self.count += 1;
    }

    fn push_tags(&mut self, item: &Item) {
        if item.event.tags.is_empty() {
            return self.tags.push(None);
        }
        self.scratch.clear();
        let mut object = ObjectWriter::open(&mut self.scratch);
        for (key, value) in &item.event.tags {
            object.string(key, value);
        }
        object.close();
        self.tags.push(Some(&String::from_utf8_lossy(&self.scratch)));
    }

    /// Puts each field of the data into its column, and what has none, or does not fit, into `extra`.
    fn push_data(&mut self, name: &str, data: &str) {
        if data.is_empty() || data == "{}" {
            return self.extra.push(None);
        }
        self.scratch.clear();
        match split(self.columns, name, data, self.count, &mut self.data, &mut self.scratch) {
            Some(false) => self.extra.push(None),
            Some(true) => self.extra.push(Some(&String::from_utf8_lossy(&self.scratch))),
            // No object: it has no fields.
            None => self.extra.push(Some(data)),
        }
    }

    fn finish(mut self) -> Result<RecordBatch, ArrowError> {
        let mut arrays: Vec<ArrayRef> = vec![
            Arc::new(self.position.finish()),
            self.id.finish(),
            self.name.finish(),
            self.version.finish(),
            Arc::new(self.time.finish()),
            Arc::new(self.received.finish()),
            self.priority.finish(),
            Arc::new(self.sample_rate.finish()),
            self.source.finish(),
            self.platform.finish(),
            self.environment.finish(),
            self.anonymous_id.finish(),
            Arc::new(self.person.finish()),
            Arc::new(self.pseudonym.finish()),
            Arc::new(self.session.finish()),
            self.group_id.finish(),
            self.actor_type.finish(),
            self.actor_id.finish(),
            Arc::new(self.signature_verified.finish()),
            Arc::new(self.signature_kept.finish()),
            self.correlation.finish(),
            self.causation.finish(),
            self.request.finish(),
            self.tags.finish(),
        ];
        for values in self.data {
            arrays.push(values.finish(self.count)?);
        }
        arrays.extend([self.extra.finish(), self.metadata.finish(), self.category.finish()]);
        arrays.push(Arc::new(self.date.finish()));
        RecordBatch::try_new(Arc::clone(self.columns.schema()), arrays)
    }
}

/// Puts the fields of an object where they belong, those without a place into the object in `extra`. Answers whether there are
/// any; nothing where the text is no object.
fn split(
    columns: &Columns,
    name: &str,
    data: &str,
    row: usize,
    values: &mut [Values],
    extra: &mut Vec<u8>,
) -> Option<bool> {
    let personal = columns.personal_of(name);
    let mut rest = ObjectWriter::open(extra);
    let (mut any, mut first) = (false, true);
    let mut scanner = Scanner::new(data);
    scanner.pass(b'{')?;
    while scanner.peek()? != b'}' {
        if !first {
            scanner.pass(b',')?;
        }
        first = false;
        let field = unescaped(scanner.string()?);
        scanner.pass(b':')?;
        let value = scanner.value()?;
        // A null says no more than a field that is not there.
        if value == "null" || personal.is_some_and(|personal| personal.contains(&*field)) {
            continue;
        }
        let place = columns.index_of(&field).and_then(|index| values.get_mut(index));
        if !place.is_some_and(|place| place.push(row, value)) {
            rest.raw(&field, value);
            any = true;
        }
    }
    rest.close();
    Some(any)
}
