//! The subcommands.

pub mod check;
pub mod consumers;
pub mod demo;
pub mod keys;
pub mod load;
pub mod master_key;
pub mod place;
pub mod quarantine;
pub mod retention;
pub mod serve;
pub mod subject;
pub mod tail;
pub mod validate;

#[cfg(test)]
mod reference;

use clap::{Parser, Subcommand};

use crate::Answer;
use crate::failure::Failure;

/// Daybook: the book of record for what happens in a product.
///
/// Events are declared in catalogs, admitted only as declared, and stored durably before they are acknowledged.
#[derive(Debug, Parser)]
#[command(name = "daybook", version, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Exit status: 0 success, 1 the answer is no (invalid, broken, conflict), 2 wrong use or failure."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Demo(demo::Demo),
    Check(check::Check),
    Validate(validate::Validate),
    Keys(keys::Keys),
    Tail(tail::Tail),
    Quarantine(quarantine::Quarantine),
    Consumers(consumers::Consumers),
    Subject(subject::Subject),
    Retention(retention::Retention),
    MasterKey(master_key::MasterKey),
    Load(load::Load),
}

impl Cli {
    /// Runs the subcommand.
    ///
    /// # Errors
    /// [`Failure`] when it could not do what it was asked.
    pub fn run(self) -> Result<Answer, Failure> {
        match self.command {
            Command::Serve(command) => command.run(),
            Command::Demo(command) => command.run(),
            Command::Check(command) => command.run(),
            Command::Validate(command) => command.run(),
            Command::Keys(command) => command.run(),
            Command::Tail(command) => command.run(),
            Command::Quarantine(command) => command.run(),
            Command::Consumers(command) => command.run(),
            Command::Subject(command) => command.run(),
            Command::Retention(command) => command.run(),
            Command::MasterKey(command) => command.run(),
            Command::Load(command) => command.run(),
        }
    }
}

/// Runs a future to its end on a runtime of its own.
///
/// # Errors
/// The future's own, or [`Failure::Runtime`].
pub fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)?;
    runtime.block_on(future)
}
