//! Diagnostics as terminal text, JSON and annotations for continuous integration.
