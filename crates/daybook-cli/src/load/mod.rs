//! The load generator: as many events as a server takes, made so cheaply that the server is what is measured.
//!
//! A [`corpus`] holds every example of the catalogs, written once in its app's own form, with the places of its id,
//! time, person and session. [`stamp`] copies such a template and writes those anew, which costs well under 200 ns.
//! [`connection`] keeps one HTTP connection busy; [`report`] adds up what the server said.

pub mod connection;
pub mod corpus;
pub mod report;
pub mod run;
pub mod stamp;

pub use corpus::Corpus;
pub use run::{Pace, Plan, run};
