//! The tables of the state database that belong to this crate.

pub mod dead_letters;
pub mod migration;
pub mod offsets;

pub use migration::Migrator;
