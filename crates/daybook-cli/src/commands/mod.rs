//! The subcommands.

pub mod actor_key;
pub mod aggregates;
pub mod audit;
pub mod check;
pub mod consumers;
pub mod demo;
pub mod diff;
pub mod emit;
pub mod key_text;
pub mod keys;
pub mod lake;
pub mod load;
pub mod master_key;
pub mod metrics;
pub mod place;
pub mod proof;
pub mod proof_key;
pub mod quarantine;
pub mod query;
pub mod read;
pub mod retention;
pub mod serve;
pub mod sign;
pub mod signature;
pub mod subject;
pub mod tail;
pub mod trace;
pub mod validate;
pub mod verify;

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
    Diff(diff::Diff),
    Emit(emit::Emit),
    Keys(keys::Keys),
    ActorKey(actor_key::ActorKey),
    Sign(sign::Sign),
    Signature(signature::Signature),
    Tail(tail::Tail),
    Read(read::Read),
    Query(query::Query),
    Metrics(metrics::Metrics),
    Aggregates(aggregates::Aggregates),
    Trace(trace::Trace),
    Audit(audit::Audit),
    Quarantine(quarantine::Quarantine),
    Consumers(consumers::Consumers),
    Subject(subject::Subject),
    Lake(lake::Lake),
    Retention(retention::Retention),
    MasterKey(master_key::MasterKey),
    ProofKey(proof_key::ProofKey),
    Proof(proof::Proof),
    Verify(verify::Verify),
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
            Command::Diff(command) => command.run(),
            Command::Emit(command) => command.run(),
            Command::Keys(command) => command.run(),
            Command::ActorKey(command) => command.run(),
            Command::Sign(command) => command.run(),
            Command::Signature(command) => command.run(),
            Command::Tail(command) => command.run(),
            Command::Read(command) => command.run(),
            Command::Query(command) => command.run(),
            Command::Metrics(command) => command.run(),
            Command::Aggregates(command) => command.run(),
            Command::Trace(command) => command.run(),
            Command::Audit(command) => command.run(),
            Command::Quarantine(command) => command.run(),
            Command::Consumers(command) => command.run(),
            Command::Subject(command) => command.run(),
            Command::Lake(command) => command.run(),
            Command::Retention(command) => command.run(),
            Command::MasterKey(command) => command.run(),
            Command::ProofKey(command) => command.run(),
            Command::Proof(command) => command.run(),
            Command::Verify(command) => command.run(),
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
