//! Where the state is, for commands that work on it whether or not a server runs.

use std::path::PathBuf;

use clap::Args;
use daybook_server::{STATE_FILE, StatePlace, StateUrl};

use crate::failure::Failure;

/// The options that say it.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct Place {
    /// The data directory
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The PostgreSQL database that keeps the state, where the server is given one
    #[arg(long, value_name = "URL", env = "DAYBOOK_STATE", hide_env_values = true)]
    state: Option<StateUrl>,
}

impl Place {
    /// The place, which is made where there is none yet.
    pub fn get(self) -> Result<StatePlace, Failure> {
        if let Some(url) = self.state {
            check(&url)?;
            return Ok(StatePlace::Postgres(url));
        }
        // One of the two is given.
        Ok(StatePlace::Directory(self.data.unwrap_or_default()))
    }

    /// The place, which has to be in use: one that is only looked at is not made.
    pub fn in_use(self) -> Result<StatePlace, Failure> {
        let place = self.get()?;
        match &place {
            StatePlace::Directory(data) if !data.join(STATE_FILE).exists() => Err(Failure::usage(
                format!("{} is not a data directory", data.display()),
                "`daybook serve --data DIR` and `daybook keys create --data DIR` make one",
            )),
            _ => Ok(place),
        }
    }
}

/// Whether the URL can be used. What is said of it does not quote it: it may hold a password.
pub fn check(url: &StateUrl) -> Result<(), Failure> {
    let hint = "for example postgres://daybook@localhost/daybook, with the password in PGPASSWORD or ~/.pgpass";
    url.options().map(drop).map_err(|error| Failure::usage(format!("the URL of the state {error}"), hint))
}
