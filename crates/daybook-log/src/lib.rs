//! daybook-log
