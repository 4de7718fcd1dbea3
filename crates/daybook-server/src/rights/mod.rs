//! What people may ask of the data about them: the ways of `daybook-privacy` put to work on the log, the quarantine and
//! the app `daybook`.

mod export;
mod forgetting;
mod journal;
mod person;
pub mod retention;

pub use export::export_of;
pub use forgetting::QuarantineView;
pub use journal::OwnJournal;
pub use person::{Asked, person_name};
