//! The server as its clients meet it: over a socket.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod access;
mod aggregates;
mod backend;
mod blobs;
mod catalogs;
mod client;
mod consumers;
mod counters;
mod dcb;
mod disk;
mod echo;
mod feed;
mod forgotten;
mod forms;
mod inputs;
mod keys;
mod limits;
mod live;
mod metrics;
mod names;
mod people;
mod proof;
mod protobuf;
mod quarantine;
mod s3;
mod sending;
mod shutdown;
mod signatures;
mod site;
mod sql;
mod state;
mod trails;
mod versions;
mod webhooks;
