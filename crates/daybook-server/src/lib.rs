//! The collector: HTTP, keys, quarantine, live tail.

pub mod config;
mod keyring;
pub mod keys;
pub mod limits;
mod problem;
mod quarantine;
mod rate;
mod state;

pub use config::Config;
