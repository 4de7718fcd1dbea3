//! The limits that traces and audits keep to.

/// Most events of one trace: all of them are in memory while a page of it is made, some hundred bytes each.
pub const TRACE_EVENTS_MAX: usize = 250_000;
/// People that one audit is about: those that one name stands for.
pub const AUDIT_PEOPLE_MAX: usize = 1_000;
