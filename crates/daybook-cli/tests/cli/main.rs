//! The `daybook` command as its users meet it: as a process, with files, a socket and signals.

mod check;
mod demo;
mod durability;
mod help;
mod load;
mod process;
mod tools;
mod validate;
