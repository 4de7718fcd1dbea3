//! The lake: everything that happened, in tables that can be asked.
