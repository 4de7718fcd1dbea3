//! The tables, and what waits to be in them.

mod commits;
mod damage;
mod forgetting;
mod lookups;
mod merging;
pub mod place;
mod rows;
