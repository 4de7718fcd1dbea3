//! Handlers that call out, and inputs that drain a buffer into admission.
//!
//! [`registry`] makes a handler of a consumer's specification and its settings; each handler is a module of its own, with the
//! same files: `mod.rs` is the handler, `options.rs` what a catalog and an operator may say of it, and then what it needs.

pub mod alert;
pub mod file;
mod forgetting;
mod form;
mod http;
pub mod incoming;
pub mod inputs;
pub mod mysql;
pub mod postgres;
pub mod redis;
pub mod registry;
mod settings;
mod tables;
pub mod webhook;

pub use http::install_crypto;
pub use registry::{BuildContext, BuildError, Built, Promise, Statuses, build, build_aggregates, check};
pub use settings::{options, unknown_setting};
