//! `daybook proof-key`: the key that signs the log, which lies elsewhere than the data.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use daybook_privacy::vault::VaultId;
use daybook_proof::key_file::{KeyFileError, LogKeys};
use daybook_server::{STATE_FILE, StatePlace, open_state};
use serde::Serialize;

use super::block_on;
use super::master_key::VaultOptions;
use crate::Answer;
use crate::failure::Failure;
use crate::output::{Format, print, print_json, say};

/// See and rotate the key that signs the log
///
/// Checkpoints of the log are signed with it. It never lies beside the data: whoever can write there could otherwise write
/// another history and sign that. These commands never show the private key.
#[derive(Debug, Args)]
pub struct ProofKey {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Show(Show),
    Rotate(Rotate),
}

/// Say where the signing key is, and which public keys the log is verified with
#[derive(Debug, Args)]
#[command(after_help = "Example:
  daybook proof-key show --data ./data --format json | jq -r '.keys[0]' > log.vkey")]
struct Show {
    #[command(flatten)]
    place: KeyPlace,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Put a new signing key in the place of the old one
///
/// A server that runs signs with the new key within a few seconds. The old one's public key stays listed, so that what it signed
/// still verifies; its private key is gone. Tell those who verify the log of the new key.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook proof-key rotate --data ./data
  daybook proof-key rotate --data ./data --origin events.example.com/log")]
struct Rotate {
    #[command(flatten)]
    place: KeyPlace,
    /// The name of the log from now on. Default: what it was
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
    /// How the outcome is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Which log, and where its key is.
#[derive(Debug, Args)]
#[command(next_help_heading = "Key")]
struct KeyPlace {
    #[command(flatten)]
    vault: VaultOptions,
    /// The file with the signing key
    #[arg(long, value_name = "FILE", env = "DAYBOOK_LOG_KEY_FILE")]
    log_key_file: Option<PathBuf>,
}

/// What is told of keys.
#[derive(Debug, Serialize)]
struct Body<'a> {
    file: &'a Path,
    origin: &'a str,
    /// The current one first.
    keys: Vec<String>,
}

impl ProofKey {
    /// Does what the action says.
    pub fn run(self) -> Result<Answer, Failure> {
        match self.action {
            Action::Show(action) => action.run(),
            Action::Rotate(action) => action.run(),
        }
    }
}

impl Show {
    fn run(self) -> Result<Answer, Failure> {
        let keys = self.place.load()?;
        write(&keys, self.format)?;
        keys.warning().iter().for_each(|warning| say(&format!("warning: {warning}")));
        Ok(Answer::Yes)
    }
}

impl Rotate {
    fn run(self) -> Result<Answer, Failure> {
        let old = self.place.load()?;
        let new = old.rotate(self.origin.as_deref()).map_err(|error| Failure::server(&error))?;
        write(&new, self.format)?;
        say("the new key signs from now on; keep a copy, and not beside the copies of the data");
        if self.origin.is_some() {
            say("`origin` under `[proof]` in the server's configuration, where it is set, should say the same name");
        }
        Ok(Answer::Yes)
    }
}

fn write(keys: &LogKeys, format: Format) -> Result<(), Failure> {
    let origin = keys.signing.public().name();
    let public: Vec<String> = keys.public().iter().map(ToString::to_string).collect();
    match format {
        Format::Json => print_json(&Body { file: &keys.path, origin, keys: public }),
        Format::Text => {
            let mut out = format!("file    {}\norigin  {origin}\n", keys.path.display());
            for (index, key) in public.iter().enumerate() {
                out.push_str(if index == 0 { "key     " } else { "former  " });
                out.push_str(key);
                out.push('\n');
            }
            print(&out)
        }
    }
}

impl KeyPlace {
    /// The keys; none are made.
    fn load(&self) -> Result<LogKeys, Failure> {
        let path = match &self.log_key_file {
            Some(path) => path.clone(),
            None => block_on(self.find())?,
        };
        LogKeys::load(&path).map_err(|error| match error {
            KeyFileError::Missing { path } => Failure::usage(
                format!("there is no signing key in {}", path.display()),
                "the server makes it on its first start; `--log-key-file` says where it is",
            ),
            error => Failure::server(&error),
        })
    }

    /// Where the server has it.
    async fn find(&self) -> Result<PathBuf, Failure> {
        let config = self.vault.config()?;
        let place = config.state_place();
        if let StatePlace::Directory(data) = &place
            && !data.join(STATE_FILE).exists()
        {
            let message = format!("{} is not a data directory", data.display());
            return Err(Failure::usage(message, "`daybook serve --data DIR` makes one"));
        }
        let database = open_state(&place).await.map_err(|error| Failure::server(&error))?;
        let vault = VaultId::of(&database).await.map_err(|error| Failure::server(&error));
        let _ = database.close().await;
        config.log_key_file(&vault?).ok_or_else(|| {
            Failure::usage("the user has no configuration directory", "`--log-key-file` says where the signing key is")
        })
    }
}
