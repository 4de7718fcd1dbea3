//! daybook-catalog
