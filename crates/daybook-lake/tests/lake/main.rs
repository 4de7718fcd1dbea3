//! The lake, with real tables in real directories.

mod support;
