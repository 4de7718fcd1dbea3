//! SQL over one app's tables: questions only, within limits, answered in pieces.
//!
//! [`Engine`] is shared by everything that asks: it holds the memory that queries share, the threads they compute on, and
//! how many may run at once. [`Engine::ask`] takes a text and gives bytes; [`Engine::run`] takes work of our own.
//!
//! What a query can reach is decided three times: by its first words and syntax, by the plan that is made of it, and by the
//! session, which holds the tables of one app, and functions that neither read files nor grow without bound.

mod answer;
mod engine;
mod error;
mod explain;
pub mod format;
mod functions;
mod held;
mod hide;
pub mod limits;
mod options;
mod pauses;
mod read_only;
mod session;
mod text;

pub use answer::{Answer, Question};
pub use engine::{Engine, EngineError};
pub use error::{Fault, Place, QueryError};
pub use format::Format;
pub use options::EngineOptions;
