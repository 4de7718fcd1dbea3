//! Catalogs: the files in which an app declares its events, read, checked and made ready for use.
//!
//! [`Catalogs::load`] reads directories of YAML files (described in `docs/catalog-format.md`) and [`Catalogs::builtin`]
//! the catalogs that ship with Daybook. Both give back what could be used and every [`Diagnostic`] that was found, with
//! file, line and column. An [`AppCatalog`] holds the app's event types with their schemas and policies, and its
//! [`Dialect`]: the envelope the app itself writes, into which [`render`] puts a canonical event back.

pub mod dialect;
pub mod duration;
pub mod formats;
pub mod limits;
pub mod render;

mod catalogs;
mod diagnostic;
mod event_type;
mod model;
mod to_dialect;

pub use catalogs::{Catalogs, Loaded, check, from_texts};
pub use diagnostic::Diagnostic;
pub use dialect::{As, Dialect, Field, FieldSpec};
pub use event_type::{
    Consent, Conversion, DataMissing, Deprecated, EventType, Migration, Pii, Step, Store, WithoutConsent,
};
pub use model::{
    AppCatalog, Category, CategoryPii, ConsentPurpose, Naming, Sanitise, UnknownFields, UnknownTypes, name_matches,
};
pub use to_dialect::render;
