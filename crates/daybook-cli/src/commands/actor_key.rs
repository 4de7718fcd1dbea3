//! `daybook actor-key`: the keys that actors sign events with.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use daybook_event::Secret;
use daybook_signature::SigningKey;
use rand::TryRngCore;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::key_text;
use crate::Answer;
use crate::client::{ServerOptions, escaped};
use crate::failure::Failure;
use crate::members::text;
use crate::output::{Format, Table, print, print_json, print_line, say};

/// Make, register and revoke the keys that actors sign events with
///
/// Whoever acts keeps the private key and signs with it (`daybook sign`, or an SDK). The server knows the public one, and believes a
/// signature only of the actor whose key it is.
#[derive(Debug, Args)]
pub struct ActorKey {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    New(New),
    Add(Add),
    List(List),
    Revoke(Revoke),
    Remove(Remove),
}

/// Make a key: the private one in a new file, the public one on standard output
#[derive(Debug, Args)]
#[command(after_help = "Example:
  daybook actor-key new ada.key > ada.jwk")]
struct New {
    /// The file for the private key, which must not be there; only its owner may read it
    file: PathBuf,
}

/// Let an actor sign with a key
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook actor-key add my-app ada --public-key ada.jwk --data ./data
  daybook actor-key add my-app orchestrator --actor-type service --public-key orchestrator.pem")]
struct Add {
    #[command(flatten)]
    actor: Actor,
    /// The file with the public key, as a JSON Web Key or as OpenSSL writes it; - for standard input
    #[arg(long, value_name = "FILE")]
    public_key: PathBuf,
    /// The time of the first event that may be signed with it, such as 2026-01-14T15:00:00Z. Default: any
    #[arg(long, value_name = "TIME")]
    not_before: Option<String>,
    /// The time from which on events may not be signed with it. Default: none
    #[arg(long, value_name = "TIME")]
    not_after: Option<String>,
    #[command(flatten)]
    server: ServerOptions,
    /// How the outcome is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// List the keys of an actor, revoked ones included
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    actor: Actor,
    #[command(flatten)]
    server: ServerOptions,
    /// How the list is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Believe nothing that is signed with a key from now on
///
/// What came in before stays verified. Events that were signed before and come in later are quarantined: whoever has a stolen key can
/// give them any time.
#[derive(Debug, Args)]
struct Revoke {
    #[command(flatten)]
    key: Named,
}

/// Forget a key
///
/// Events that were signed with it stay verified, but the server cannot say any more whose key that was.
#[derive(Debug, Args)]
struct Remove {
    #[command(flatten)]
    key: Named,
}

/// Whose keys.
#[derive(Debug, Args)]
struct Actor {
    /// The app
    app: String,
    /// The person, as the app names them, or the actor with `--actor-type`
    name: String,
    /// The kind of the actor, where it is no person: service, ai, system
    #[arg(long, value_name = "TYPE")]
    actor_type: Option<String>,
}

/// Which key.
#[derive(Debug, Args)]
struct Named {
    /// The app
    app: String,
    /// The key's thumbprint, as `daybook actor-key list` shows it
    kid: String,
    #[command(flatten)]
    server: ServerOptions,
    /// How the outcome is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl ActorKey {
    /// Does what the action says.
    pub fn run(self) -> Result<Answer, Failure> {
        match self.action {
            Action::New(action) => action.run(),
            Action::Add(action) => action.run(),
            Action::List(action) => action.run(),
            Action::Revoke(action) => {
                action.key.change(|client, path| client.post(&format!("{path}/revoke"), b""), "revoked")
            }
            Action::Remove(action) => action.key.change(|client, path| client.delete(path), "removed"),
        }
    }
}

impl New {
    fn run(self) -> Result<Answer, Failure> {
        let mut seed = Zeroizing::new([0; 32]);
        let random = rand::rngs::OsRng.try_fill_bytes(seed.as_mut_slice());
        random.map_err(|error| Failure::server(&error))?;
        let key = SigningKey::from_seed(&Secret::from_bytes(*seed));
        write_private(&self.file, &key).map_err(|source| Failure::write(&self.file, source))?;
        print_line(&key.public().to_jwk().to_string())?;
        say(&format!("the private key is in {}; it goes to nobody, and there is no other copy", self.file.display()));
        Ok(Answer::Yes)
    }
}

/// Writes a private key where nothing is yet, for its owner alone.
fn write_private(path: &Path, key: &SigningKey) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(key.to_jwk().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

impl Add {
    fn run(self) -> Result<Answer, Failure> {
        let key = key_text::public(&self.public_key)?;
        let mut body = json!({ "jwk": key.to_jwk() });
        match &self.actor.actor_type {
            Some(kind) => body["actor"] = json!({ "type": kind, "id": self.actor.name }),
            None => body["identity"] = self.actor.name.as_str().into(),
        }
        for (name, time) in [("not_before", &self.not_before), ("not_after", &self.not_after)] {
            if let Some(time) = time {
                body[name] = time.as_str().into();
            }
        }
        let path = format!("/v1/{}/actor-keys", escaped(&self.actor.app));
        let added = self.server.client()?.post(&path, body.to_string().as_bytes())?;
        match self.format {
            Format::Json => print_json(&added)?,
            Format::Text => {
                print_line(text(&added, "kid"))?;
                say(&format!("{} may sign events of {} with it", self.actor.name, self.actor.app));
            }
        }
        Ok(Answer::Yes)
    }
}

impl List {
    fn run(self) -> Result<Answer, Failure> {
        let client = self.server.client()?;
        let name = escaped(&self.actor.name);
        let whose = match &self.actor.actor_type {
            Some(kind) => format!("actor_type={}&actor_id={name}", escaped(kind)),
            None => format!("identity={name}"),
        };
        let (mut keys, mut after) = (Vec::new(), 0);
        loop {
            let path = format!("/v1/{}/actor-keys?{whose}&after={after}", escaped(&self.actor.app));
            let page = client.get(&path)?;
            keys.extend(page.get("keys").and_then(Value::as_array).cloned().unwrap_or_default());
            match page.get("next").and_then(Value::as_i64) {
                Some(next) => after = next,
                None => break,
            }
        }
        match self.format {
            Format::Json => print_json(&keys)?,
            Format::Text if keys.is_empty() => say("there are no keys"),
            Format::Text => print(&table(&keys))?,
        }
        Ok(Answer::Yes)
    }
}

impl Named {
    fn change(
        &self,
        call: impl Fn(&crate::client::Client, &str) -> Result<Value, Failure>,
        what: &str,
    ) -> Result<Answer, Failure> {
        let path = format!("/v1/{}/actor-keys/{}", escaped(&self.app), escaped(&self.kid));
        let changed = call(&self.server.client()?, &path)?;
        match self.format {
            Format::Json => print_json(&changed)?,
            Format::Text => say(&format!("key {} is {what}", text(&changed, "kid"))),
        }
        Ok(Answer::Yes)
    }
}

fn table(keys: &[Value]) -> String {
    let mut table = Table::new(&["kid", "created", "good from", "good until", "state"]);
    for key in keys {
        let or = |member: &str, otherwise: &str| {
            let given = text(key, member);
            if given.is_empty() { otherwise.to_owned() } else { given.to_owned() }
        };
        let revoked = text(key, "revoked");
        table.row(vec![
            or("kid", ""),
            or("created", ""),
            or("not_before", "ever"),
            or("not_after", "ever"),
            if revoked.is_empty() { "good".to_owned() } else { format!("revoked {revoked}") },
        ]);
    }
    table.render()
}
