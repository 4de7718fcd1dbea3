//! The server as its clients meet it: over a socket.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod access;
mod backend;
mod catalogs;
mod client;
mod consumers;
mod counters;
mod disk;
mod feed;
mod forgotten;
mod forms;
mod inputs;
mod keys;
mod limits;
mod live;
mod people;
mod quarantine;
mod sending;
mod shutdown;
mod site;
mod state;
mod webhooks;
