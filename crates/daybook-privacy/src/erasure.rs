//! Erasure: people are forgotten, step by step.
