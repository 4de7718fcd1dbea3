//! Catalogs: the files in which an app declares its events, read, checked and made ready for use.
//!
//! [`Catalogs::load`] reads directories of YAML files (described in `docs/catalog-format.md`) and [`Catalogs::builtin`]
//! the catalogs that ship with Daybook. Both give back what could be used and every [`Diagnostic`] that was found, with
//! file, line and column. An [`AppCatalog`] holds the app's event types with their schemas and policies, and its
//! [`Dialect`]: the envelope the app itself writes, into which [`render()`] puts a canonical event back.
//!
//! A file is read into a tree that knows its places (`yaml`), the tree by typed readers (`read*`) into the model
//! (`model`, `event_type`, `dialect`), and the model is judged as a whole (`lint`).

pub mod aggregates;
pub mod audit;
pub mod collections;
pub mod consumers;
pub mod dialect;
pub mod diff;
pub mod duration;
pub mod emit;
pub mod formats;
pub mod limits;
pub mod migrate;
pub mod protobuf;
pub mod render;
pub mod schema;
pub mod webhooks;

mod catalogs;
mod diagnostic;
mod event_type;
mod facets;
mod files;
mod lint;
mod model;
mod personal;
mod read;
mod read_catalog;
mod read_collections;
mod read_consumers;
mod read_dialect;
mod read_events;
mod read_migrations;
mod read_where;
mod source;
mod summary;
mod to_dialect;
mod yaml;

pub use catalogs::{Catalogs, Loaded, OptionsCheck, check, check_all, check_all_with, from_texts};
pub use diagnostic::Diagnostic;
pub use dialect::{As, Dialect, Field, FieldSpec};
pub use event_type::{
    Consent, Conversion, DataMissing, Deprecated, EventType, Migration, Pii, Signatures, Step, Store, WithoutConsent,
};
pub use files::builtin_file;
pub use model::{
    AppCatalog, Category, CategoryPii, ConsentPurpose, Naming, Sanitise, UnknownFields, UnknownTypes, name_matches,
};
pub use personal::likely_personal;
pub use schema::validation_options;
pub use to_dialect::render;
