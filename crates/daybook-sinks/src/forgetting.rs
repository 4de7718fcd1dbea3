//! What of a request to forget concerns the app of a handler, and how a handler says that it could not.

use daybook_consumers::Failure;
use daybook_event::SubjectId;
use daybook_privacy::view::{ExpiredMonth, Forgotten, ViewError};

/// The people of this app.
pub(crate) fn own_people(app: &str, people: &[Forgotten]) -> Vec<SubjectId> {
    people.iter().filter(|person| person.app == app).map(|person| person.id).collect()
}

/// The months of this app's categories. Classes that are no categories are of people without a name, and of the quarantine: no
/// handler is given any of that.
pub(crate) fn own_months<'m>(app: &str, months: &'m [ExpiredMonth]) -> Vec<&'m ExpiredMonth> {
    months.iter().filter(|month| month.app == app && !month.category.starts_with('~')).collect()
}

/// What a failure of the destination is to whoever waits for it to forget.
#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(crate) fn unavailable(failure: Failure) -> ViewError {
    ViewError::Unavailable { reason: failure.to_string() }
}
