//! The collector: HTTP, keys, quarantine, live tail.
//!
//! [`Server::open`] takes a [`Config`] and opens a data directory and a port; [`Server::run`] serves until it is told to
//! stop. Events go through one place, `Collector::post`; what of them a key may see is decided in one place,
//! `output`; each typed error becomes a status and a code in one place, `problem`.
//!
//! [`keys`] manages the keys of a data directory, with or without a server running on it.

mod access;
mod aggregates;
mod as_of;
mod aside;
mod asking;
mod auth;
mod blobs;
mod body;
mod collector;
mod conditional;
mod connections;
mod consumers;
mod cors;
mod dcb;
mod echo;
mod inputs;
mod keyring;
mod media;
mod metrics;
mod observe;
mod output;
mod own_events;
mod people;
mod problem;
mod proof;
mod quarantine;
mod query;
mod rate;
mod reading;
mod repair;
mod rights;
mod routes;
mod server;
mod state;
mod timeout_io;
mod trail;
mod webhooks;

pub mod config;
pub mod keys;
pub mod limits;
pub mod openapi;

pub use config::{
    Aggregates, BlobOptions, BlobStoreUrl, BrowserEvents, Config, ConfigError, LogFormat, Logging, MASTER_KEY_VARIABLE,
    Privacy, Proof, QuarantineOptions, Queries, RateLimits, RequestLimits, Retention, Settings, Tables,
};
pub use consumers::ApplyError;
pub use consumers::plan::PlanError;
pub use server::{ADMIN_KEY_FILE, BLOBS_DIRECTORY, LOG_DIRECTORY, Notices, Server, ServerHandle, StartError};
pub use state::{OpenStateError, STATE_FILE, StatePlace, StateUrl, StateUrlError, open as open_state};
