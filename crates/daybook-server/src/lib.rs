//! daybook-server
