//! The lake: everything that happened, in tables that can be asked.

pub mod columns;
pub mod error;
pub mod rows;

pub use error::LakeError;
