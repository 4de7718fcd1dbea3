//! What the handlers that write rows have in common: what of an event may stand in a row, how long rows are kept, and where they go.

pub(crate) mod chunks;
pub(crate) mod connection;
pub(crate) mod personal;
pub(crate) mod retention;
pub(crate) mod settings;
