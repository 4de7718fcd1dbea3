//! The `daybook` command: the collector, the tools around it, and a demonstration of both.
//!
//! Every subcommand is a module of [`commands`]: its options and a `run`. Data goes to standard output, everything else
//! to standard error; [`Answer`] becomes the exit status.

mod catalogs;
mod client;
mod commands;
mod days;
mod demo;
mod failure;
#[cfg(test)]
mod judged;
mod load;
mod members;
mod output;
mod rows;
mod server;
mod traffic;
mod tree;

use std::process::ExitCode;

use clap::Parser;

use commands::Cli;
use failure::Failure;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a command found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It did what it was asked, and the answer is yes: exit status 0.
    Yes,
    /// It did what it was asked, and the answer is no (invalid, broken, conflict): exit status 1.
    No,
}

fn main() -> ExitCode {
    // Two kinds of cryptography are compiled in, and TLS does not choose by itself then.
    daybook_sinks::install_crypto();
    match Cli::parse().run() {
        Ok(Answer::Yes) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        // Whoever read our output has seen enough.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            output::say(&failure.report());
            ExitCode::from(2)
        }
    }
}
