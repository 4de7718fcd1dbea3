//! `daybook master-key`: the key over all others, which lies elsewhere than the data.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use daybook_privacy::master_key::{MasterKeyError, MasterKeys, replace_file};
use daybook_privacy::vault::{RotateError, VaultId, VaultStatus, inspect, rotate};
use daybook_privacy::{MasterKey as Key, MasterKeySource};
use daybook_server::{Config, MASTER_KEY_VARIABLE, STATE_FILE, StatePlace, StateUrl, open_state};
use serde::Serialize;

use super::block_on;
use crate::Answer;
use crate::failure::Failure;
use crate::output::{Format, Table, grouped, print, print_json, say};

/// See, check and rotate the master key
///
/// The master key opens the vault, which alone knows who people are. It never lies beside the data: without it nothing that
/// is sealed for a person can be read, neither here nor in a backup. These commands work on the state itself, whether or not a
/// server runs on it, and never show a key.
#[derive(Debug, Args)]
pub struct MasterKey {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Show(Show),
    Check(Check),
    Rotate(Rotate),
}

/// Say where the master key is, and what it opens
#[derive(Debug, Args)]
#[command(after_help = "Example:
  cp \"$(daybook master-key show --data ./data --format json | jq -r .file)\" /media/safe/")]
struct Show {
    #[command(flatten)]
    vault: VaultOptions,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Check that the master key opens everything in the vault
///
/// The answer is no when the key cannot be had, or when something in the vault cannot be read.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  daybook master-key check --data /backup/data --master-key-file /media/safe/master.key")]
struct Check {
    #[command(flatten)]
    vault: VaultOptions,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Put a new master key in the place of the old one
///
/// Only the vault's own key is wrapped anew; no event and no person is written again. It may be interrupted at any point: the
/// key in place opens the vault, and the command is run again. A server that runs goes on; it needs the new key when it next
/// starts. Copies of the state made before still open with the old key, so destroy that when they are gone.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook master-key rotate --data ./data
  daybook master-key rotate --data ./data --new-file /etc/daybook/master-2027.key")]
struct Rotate {
    #[command(flatten)]
    vault: VaultOptions,
    /// The file for the new key, which the server is then given; one that is there is taken as it is. Default: the file of the
    /// old key
    #[arg(long, value_name = "FILE")]
    new_file: Option<PathBuf>,
    /// How the outcome is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Which vault, and where its master key is.
#[derive(Debug, Args)]
#[command(next_help_heading = "Vault")]
pub struct VaultOptions {
    /// The data directory. Default: daybook-data
    #[arg(long, value_name = "DIR", env = "DAYBOOK_DATA")]
    data: Option<PathBuf>,
    /// The PostgreSQL database that keeps the state, as postgres://user:password@host/database. Default: a file in the data
    /// directory
    #[arg(long, value_name = "URL", env = "DAYBOOK_STATE", hide_env_values = true)]
    state: Option<StateUrl>,
    /// The server's file with settings (TOML); options given here win
    #[arg(long, value_name = "FILE", env = "DAYBOOK_CONFIG")]
    config: Option<PathBuf>,
    /// The file with the master key
    #[arg(long, value_name = "FILE", env = "DAYBOOK_MASTER_KEY_FILE")]
    master_key_file: Option<PathBuf>,
}

impl MasterKey {
    /// Does what the action says.
    pub fn run(self) -> Result<Answer, Failure> {
        match self.action {
            Action::Show(action) => block_on(action.run()),
            Action::Check(action) => block_on(action.run()),
            Action::Rotate(action) => block_on(action.run()),
        }
    }
}

impl Show {
    async fn run(self) -> Result<Answer, Failure> {
        let found = Found::look(&self.vault.config()?).await?;
        match self.format {
            Format::Json => print_json(&found.body())?,
            Format::Text => print(&found.text())?,
        }
        Ok(found.say_warnings())
    }
}

impl Check {
    async fn run(self) -> Result<Answer, Failure> {
        let found = Found::look(&self.vault.config()?).await?;
        if self.format == Format::Json {
            print_json(&found.body())?;
        }
        let status = &found.status;
        if found.say_warnings() == Answer::No {
            return Ok(Answer::No);
        }
        if status.is_degraded() {
            if self.format == Format::Text {
                print(&generations(status))?;
            }
            say(&format!(
                "{} people and {} months cannot be read: the master key they are under is not at hand, or they are damaged",
                grouped(status.unreadable_people),
                grouped(status.unreadable_months)
            ));
            return Ok(Answer::No);
        }
        if status.generations.is_empty() {
            say("the vault is empty, and no server has opened it yet");
        } else {
            let (people, months) = (grouped(status.people), grouped(status.months));
            say(&format!("everything can be read: {people} people, {months} months"));
        }
        Ok(Answer::Yes)
    }
}

impl Rotate {
    async fn run(self) -> Result<Answer, Failure> {
        let config = self.vault.config()?;
        let found = Found::look(&config).await?;
        let old = match &found.keys {
            Ok(keys) => keys,
            Err(error) => {
                return Err(Failure::usage(
                    format!("the master key cannot be had: {}", Failure::server(error)),
                    "it takes the old key to make place for a new one; `--master-key-file` says where it is",
                ));
            }
        };
        let Some(file) = self.new_file.clone().or_else(|| found.file.clone()) else {
            return Err(Failure::usage(
                format!("the master key comes from {}, where nothing can be written", found.origin),
                "`--new-file FILE` takes the new one",
            ));
        };
        let (new, is_there) = self.new_key(&file, found.file.as_deref())?;
        let place = config.state_place();
        let database = open_state(&place).await.map_err(|error| Failure::server(&error))?;
        let install = || if is_there { Ok(()) } else { replace_file(&file, std::slice::from_ref(&new)) };
        let rotated = rotate(&database, &old.keys, &new, install).await;
        let _ = database.close().await;
        let rotated = rotated.map_err(|error| match error {
            RotateError::WrongKey => Failure::usage(
                format!("the master key of {} opens nothing in the vault", found.origin),
                "`daybook master-key show` says what it knows; `--master-key-file` takes the right one",
            ),
            error => Failure::server(&error),
        })?;
        match self.format {
            Format::Json => print_json(&Outcome { file: &file, rotated: &rotated })?,
            Format::Text => print(&format!("{}\n", file.display()))?,
        }
        say("that is where the new master key is; keep a copy, and not beside the copies of the data");
        if self.new_file.is_some() {
            say("start the server with it from now on: `--master-key-file`, or `master-key-file` under `[privacy]`");
        }
        if rotated.locked > 0 {
            say(&format!(
                "{} of {} generations of the vault open with neither key and stay as they were",
                rotated.locked,
                rotated.locked + rotated.generations
            ));
            return Ok(Answer::No);
        }
        Ok(Answer::Yes)
    }

    /// The new key, and whether it is in its file already: given by hand, or left there by a rotation that was interrupted.
    fn new_key(&self, file: &Path, old: Option<&Path>) -> Result<(Key, bool), Failure> {
        let fresh = || Key::random().map_err(|error| Failure::server(&error));
        if self.new_file.is_none() || is_same(file, old) {
            return Ok((fresh()?, false));
        }
        match std::fs::read_to_string(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((fresh()?, false)),
            Err(source) => Err(Failure::read(file, source)),
            Ok(text) => {
                let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
                let key = lines.next().and_then(|line| Key::parse(line).ok());
                let key = key.ok_or_else(|| {
                    Failure::usage(
                        format!("{} holds no master key", file.display()),
                        "name a file that is not there yet, or one that holds a key",
                    )
                })?;
                Ok((key, true))
            }
        }
    }
}

fn is_same(one: &Path, other: Option<&Path>) -> bool {
    other.is_some_and(|other| {
        one == other || matches!((one.canonicalize(), other.canonicalize()), (Ok(a), Ok(b)) if a == b)
    })
}

/// What a rotation did, for programs.
#[derive(Serialize)]
struct Outcome<'a> {
    file: &'a Path,
    #[serde(flatten)]
    rotated: &'a daybook_privacy::vault::Rotated,
}

impl VaultOptions {
    /// What a server would read, with what was given to a command in its place.
    ///
    /// # Errors
    /// When the file cannot be read, or what is in it does not go together.
    pub fn config(&self) -> Result<Config, Failure> {
        let mut config = match &self.config {
            Some(file) => Config::read(file).map_err(|error| Failure::server(&error))?,
            None => Config::default(),
        };
        if let Some(data) = &self.data {
            config.data.clone_from(data);
        }
        if let Some(state) = &self.state {
            config.state = Some(state.clone());
        }
        if let Some(file) = &self.master_key_file {
            config.privacy.master_key_file = Some(file.clone());
            config.privacy.master_key_command = None;
        }
        config.check().map_err(|error| Failure::server(&error))?;
        Ok(config)
    }
}

/// What was found of a vault and its master key.
struct Found {
    vault: VaultId,
    /// Where the key comes from, in words.
    origin: String,
    /// The file it is in, where it is in one.
    file: Option<PathBuf>,
    keys: Result<MasterKeys, MasterKeyError>,
    status: VaultStatus,
}

/// The same for programs.
#[derive(Serialize)]
struct FoundBody<'a> {
    vault: String,
    origin: &'a str,
    file: Option<&'a Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    warnings: Vec<String>,
    #[serde(flatten)]
    status: &'a VaultStatus,
}

impl Found {
    /// Looks, and makes nothing.
    async fn look(config: &Config) -> Result<Self, Failure> {
        let place = config.state_place();
        in_use(&place)?;
        let failed = |error: &dyn std::error::Error| Failure::server(error);
        let database = open_state(&place).await.map_err(|error| failed(&error))?;
        let vault = VaultId::of(&database).await.map_err(|error| failed(&error))?;
        let (source, directory) = (config.privacy.master_key(), config.privacy.directory());
        let file = source.path(&vault, directory.as_deref()).map_err(|error| failed(&error))?;
        let keys = match &file {
            // Looking for it must not make it.
            Some(path) if !path.exists() => Err(MasterKeyError::Missing { path: path.clone() }),
            _ => source.load(&vault, directory.as_deref()).await,
        };
        let known = keys.as_ref().map_or(&[][..], |keys| keys.keys.as_slice());
        let status = inspect(&database, known).await.map_err(|error| failed(&error));
        let _ = database.close().await;
        let origin = match (&source, &file) {
            (_, Some(file)) => file.display().to_string(),
            (MasterKeySource::Command(_), None) => "the command of the configuration".to_owned(),
            (_, None) => format!("the environment variable {MASTER_KEY_VARIABLE}"),
        };
        Ok(Self { vault, origin, file, keys, status: status? })
    }

    /// Says what is not as it should be; the answer is no where the key cannot be had.
    fn say_warnings(&self) -> Answer {
        match &self.keys {
            Ok(keys) => {
                keys.warnings.iter().for_each(|warning| say(&format!("warning: {warning}")));
                Answer::Yes
            }
            Err(error) => {
                say(&format!("the master key cannot be had: {}", Failure::server(error)));
                Answer::No
            }
        }
    }

    fn body(&self) -> FoundBody<'_> {
        FoundBody {
            vault: self.vault.to_string(),
            origin: &self.origin,
            file: self.file.as_deref(),
            problem: self.keys.as_ref().err().map(|error| Failure::server(error).to_string()),
            warnings: self.keys.iter().flat_map(|keys| &keys.warnings).map(ToString::to_string).collect(),
            status: &self.status,
        }
    }

    fn text(&self) -> String {
        let count = self.keys.as_ref().map_or(0, |keys| keys.keys.len());
        let mut out = format!("vault       {}\nmaster key  {}\n", self.vault, self.origin);
        if count > 1 {
            out.push_str(&format!("keys        {count}\n"));
        }
        if !self.status.generations.is_empty() {
            out.push('\n');
            out.push_str(&generations(&self.status));
        }
        out
    }
}

/// The generations of the vault's key, one a line.
fn generations(status: &VaultStatus) -> String {
    let mut table = Table::new(&["generation", "opens", "in use", "people", "months"]);
    let word = |is: bool| if is { "yes" } else { "no" }.to_owned();
    for generation in &status.generations {
        table.row(vec![
            generation.generation.to_string(),
            word(generation.open),
            word(generation.current),
            grouped(generation.people),
            grouped(generation.months),
        ]);
    }
    table.render()
}

/// What is only looked at is not made.
fn in_use(place: &StatePlace) -> Result<(), Failure> {
    match place {
        StatePlace::Directory(data) if !data.join(STATE_FILE).exists() => Err(Failure::usage(
            format!("{} is not a data directory", data.display()),
            "`daybook serve --data DIR` makes one; `--state URL` names a PostgreSQL database",
        )),
        _ => Ok(()),
    }
}
