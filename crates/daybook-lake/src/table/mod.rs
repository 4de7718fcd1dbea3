//! A Delta table in a directory: its log, its files, how they are written, read, merged and dropped.

mod files;
mod log;
mod merge;
mod scan;
mod schema;
mod write;

pub(crate) use files::{DataFile, Files, Partition, date_of};
pub(crate) use log::{Change, Log};
pub(crate) use merge::{merge, merges};
pub(crate) use scan::Scan;
pub(crate) use write::write;
