//! Events that are only counted, as rows of `daily_counts`.

use std::sync::Arc;

use datafusion::arrow::array::{Date32Builder, Int64Builder, RecordBatch};
use datafusion::arrow::error::ArrowError;
use daybook_consumers::Item;
use daybook_event::Kind;

use super::{Texts, day, number, person_number};
use crate::columns::daily_counts_schema;

/// The rows of those of these events that are only counted, in their order.
///
/// # Errors
/// [`ArrowError`]: the columns do not fit their schema, which would be a mistake of this module.
pub fn to_daily_counts(items: &[Arc<Item>]) -> Result<RecordBatch, ArrowError> {
    let (mut position, mut person, mut count) = (Int64Builder::new(), Int64Builder::new(), Int64Builder::new());
    let (mut name, mut group, mut anonymous_id) = (Texts::repeating(), Texts::default(), Texts::default());
    let (mut category, mut date) = (Texts::repeating(), Date32Builder::new());
    for item in items.iter().filter(|item| item.event.kind == Kind::DailyCount) {
        let (event, subject) = (&item.event, item.standing.subject());
        position.append_value(number(event.position));
        name.push(Some(&event.name));
        group.push(event.group.as_deref());
        anonymous_id.push(subject.map(|id| id.to_string()).as_deref());
        person.append_option(subject.map(person_number));
        count.append_value(1);
        category.push(Some(&event.category));
        date.append_value(day(event.time.microseconds()));
    }
    RecordBatch::try_new(
        daily_counts_schema(),
        vec![
            Arc::new(position.finish()),
            name.finish(),
            group.finish(),
            anonymous_id.finish(),
            Arc::new(person.finish()),
            Arc::new(count.finish()),
            category.finish(),
            Arc::new(date.finish()),
        ],
    )
}
