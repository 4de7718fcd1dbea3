//! Metrics over made-up events in memory, each beside a plain implementation of the same question.

mod asking;
mod calendar;
mod limits;
mod people;
mod reference;
mod sessions;
mod shapes;
mod steps;
mod trends;
mod world;
