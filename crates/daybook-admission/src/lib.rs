//! daybook-admission
