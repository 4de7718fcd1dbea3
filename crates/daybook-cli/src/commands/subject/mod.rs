//! `daybook subject`: what people may ask of the data about them.

mod consent;
mod erase;
mod export;
mod names;
mod object;
mod person;
mod reports;
mod show;
mod verify;

use clap::{Args, Subcommand};

use crate::Answer;
use crate::failure::Failure;

/// Show, export and erase what is known of people; note their consents and objections
///
/// A person is named as the app names them; with `--kind anonymous`, by the client's own anonymous id. It takes a key with the
/// scope privacy, and every look at a person is written down as an event of the app daybook.
#[derive(Debug, Args)]
pub struct Subject {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Show(show::Show),
    Export(export::Export),
    Erase(erase::Erase),
    Consent(consent::Consent),
    Object(object::Object),
    Verify(verify::Verify),
}

impl Subject {
    /// Does what the action says.
    pub fn run(self) -> Result<Answer, Failure> {
        match self.action {
            Action::Show(action) => action.run(),
            Action::Export(action) => action.run(),
            Action::Erase(action) => action.run(),
            Action::Consent(action) => action.run(),
            Action::Object(action) => action.run(),
            Action::Verify(action) => action.run(),
        }
    }
}
