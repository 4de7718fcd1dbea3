//! The blob store: values too large for a record of the log.
//!
//! A blob is compressed and sealed when it comes here, and named by a keyed digest of what is in it
//! ([`daybook_event::blob`]). It is durable before the record that refers to it is appended ([`Blobs::write_then`]); a
//! crash between leaves one that nothing refers to, and so does a record that is past its time. [`Blobs::collect`]
//! removes both. With its person or its month a blob goes at once: the store is a [`daybook_privacy::view::View`].
//!
//! Where blobs lie is a matter of configuration: a directory of this machine, or anything that `object_store` reaches.
//! How they are laid out there is described in `docs/blobs.md`.

pub mod limits;

mod collect;
mod error;
mod local;
mod metrics;
mod paths;
mod references;
mod store;
mod view;

pub use collect::Collected;
pub use error::{CollectError, OpenBlobsError, ReadBlobError, WriteBlobsError};
pub use references::References;
pub use store::Blobs;
