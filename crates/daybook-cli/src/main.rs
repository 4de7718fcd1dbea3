//! The `daybook` command.

#[allow(dead_code)]
mod traffic;

fn main() {}
