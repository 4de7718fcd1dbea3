//! daybook-client
