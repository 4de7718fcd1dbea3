//! Made-up traffic: what `daybook demo` feeds the collector.
//!
//! The apps are not known here. Each describes its own traffic in a `demo.yaml` beside its catalog ([`plan`], the
//! language is documented in `docs/demo-traffic.md`); [`Simulation`] plays it with seeded randomness and writes every
//! event in the app's own form.

mod draw;
mod facts;
mod flow;
mod plan;
mod scope;
mod simulate;
mod spoil;
mod template;
mod yaml;

pub use facts::TypeFacts;
pub use plan::{HeadlinePlan, PlanError};
pub use simulate::{MadeEvent, Simulation};
#[cfg(test)]
pub use spoil::Spoiled;
