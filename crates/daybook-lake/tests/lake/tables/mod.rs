//! The tables, and what waits to be in them.

mod commits;
mod damage;
mod forgetting;
mod lookups;
mod merging;
mod older;
pub mod place;
mod rows;
