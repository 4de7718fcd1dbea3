//! `daybook keys`: who may do what.

use clap::{Args, Subcommand, ValueEnum};
use daybook_server::keys::{self, KeyInfo, NewKey, Scope};

use super::block_on;
use super::place::Place;
use crate::Answer;
use crate::failure::Failure;
use crate::output::{Format, Table, print, print_json, print_line, say};

/// Make, list and revoke keys
///
/// Works on the state itself, in the data directory or in PostgreSQL, whether or not a server runs on it; a running server
/// sees the change within a second.
#[derive(Debug, Args)]
pub struct Keys {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Create(Create),
    List(List),
    Revoke(Revoke),
}

/// Make a key and write it to standard output, this once
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook keys create --data ./data --name backend --scope write --app my-app
  daybook keys create --data ./data --name website --app my-app --public --origin https://example.org
  export DAYBOOK_KEY=$(daybook keys create --data ./data --name me --scope read --scope write)")]
struct Create {
    #[command(flatten)]
    place: Place,
    /// What people call the key
    #[arg(long)]
    name: String,
    /// What it may do; may be given several times. None includes another. Default: write
    #[arg(long = "scope", value_enum, value_name = "SCOPE")]
    scopes: Vec<KeyScope>,
    /// An app it is good for; may be given several times. Default: all apps
    #[arg(long = "app", value_name = "APP")]
    apps: Vec<String>,
    /// It may be shown to the world, in a web page for instance; only with the scope write
    #[arg(long)]
    public: bool,
    /// An origin from which browsers may use a public key, or *; may be given several times
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// Requests a second; 0 is no limit. Default: the server's
    #[arg(long, value_name = "N")]
    requests_per_second: Option<u32>,
    /// Events a second; 0 is no limit. Default: the server's
    #[arg(long, value_name = "N")]
    events_per_second: Option<u32>,
    /// When it stops being good, such as 2027-01-01T00:00:00Z. Default: never
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// How the key is written: alone, or with what is known of it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// List all keys, revoked ones included; the keys themselves are not kept
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    place: Place,
    /// How the list is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Take a key back
#[derive(Debug, Args)]
struct Revoke {
    #[command(flatten)]
    place: Place,
    /// The key's id, as `daybook keys list` shows it
    id: String,
}

/// [`Scope`] on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KeyScope {
    /// Send events
    Write,
    /// Read events, catalogs and the quarantine
    Read,
    /// See who a person is
    Privacy,
    /// Manage keys
    Admin,
}

impl Keys {
    /// Does what the action says.
    pub fn run(self) -> Result<Answer, Failure> {
        match self.action {
            Action::Create(action) => action.run(),
            Action::List(action) => action.run(),
            Action::Revoke(action) => action.run(),
        }
    }
}

impl Create {
    fn run(self) -> Result<Answer, Failure> {
        let scopes = if self.scopes.is_empty() { vec![KeyScope::Write] } else { self.scopes };
        let new = NewKey {
            name: self.name,
            apps: (!self.apps.is_empty()).then_some(self.apps),
            scopes: scopes.into_iter().map(KeyScope::scope).collect(),
            public: self.public,
            origins: self.origins,
            requests_per_second: self.requests_per_second,
            events_per_second: self.events_per_second,
            expires: self.expires,
        };
        let place = self.place.get()?;
        let created = block_on(async { keys::create(&place, new).await.map_err(|error| Failure::server(&error)) })?;
        match self.format {
            Format::Text => {
                print_line(&created.key)?;
                say(&format!(
                    "key {} ({}) made; it is shown this once and kept nowhere",
                    created.info.id, created.info.name
                ));
            }
            Format::Json => print_json(&created)?,
        }
        Ok(Answer::Yes)
    }
}

impl List {
    fn run(self) -> Result<Answer, Failure> {
        let place = self.place.in_use()?;
        let keys = block_on(async { keys::list(&place).await.map_err(|error| Failure::server(&error)) })?;
        match self.format {
            Format::Json => print_json(&keys)?,
            Format::Text if keys.is_empty() => say("there are no keys"),
            Format::Text => print(&table(&keys))?,
        }
        Ok(Answer::Yes)
    }
}

impl Revoke {
    fn run(self) -> Result<Answer, Failure> {
        let place = self.place.in_use()?;
        let revoked =
            block_on(async { keys::revoke(&place, &self.id).await.map_err(|error| Failure::server(&error)) })?;
        say(&format!("key {} ({}) is revoked", revoked.id, revoked.name));
        Ok(Answer::Yes)
    }
}

impl KeyScope {
    const fn scope(self) -> Scope {
        match self {
            Self::Write => Scope::Write,
            Self::Read => Scope::Read,
            Self::Privacy => Scope::Privacy,
            Self::Admin => Scope::Admin,
        }
    }
}

fn table(keys: &[KeyInfo]) -> String {
    let mut table = Table::new(&["id", "name", "key", "scopes", "apps", "created", "last used", "state"]);
    for key in keys {
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        let state = match (&key.revoked, key.public) {
            (Some(when), _) => format!("revoked {when}"),
            (None, true) => "public".to_owned(),
            (None, false) => key.expires.map_or_else(|| "good".to_owned(), |when| format!("until {when}")),
        };
        table.row(vec![
            key.id.clone(),
            key.name.clone(),
            format!("{}…", key.prefix),
            scopes.join(","),
            key.apps.as_ref().map_or_else(|| "all".to_owned(), |apps| apps.join(",")),
            key.created.to_string(),
            key.last_used.map_or_else(|| "never".to_owned(), |when| when.to_string()),
            state,
        ]);
    }
    table.render()
}
