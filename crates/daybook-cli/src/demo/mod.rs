//! The demonstration: made-up traffic, sent through the real door.

pub mod feed;
pub mod headlines;
pub mod plans;
pub mod summary;
mod traces;

pub use feed::Feed;
pub use plans::{DemoApp, find};
pub use summary::{Played, Summary};
