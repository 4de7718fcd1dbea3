//! The lake, with real tables in real directories.

mod support;
mod query;
mod tables;
