//! `daybook subject object`.

use clap::Args;
use serde_json::{Value, json};

use super::person::Naming;
use crate::Answer;
use crate::client::ServerOptions;
use crate::failure::Failure;
use crate::output::{Format, print_json, print_line};

/// Note that a person objects: from the next event on nothing that points to them is kept
///
/// Whatever they consented to, their events are then kept without them, or not at all where the catalog says so. What was
/// kept before stays; `daybook subject erase` destroys it.
#[derive(Debug, Args)]
#[command(override_usage = "daybook subject object [OPTIONS] <APP> <PERSON>")]
#[command(after_help = "Examples:
  daybook subject object my-app 12345 --source support
  daybook subject object my-app 12345 --withdraw")]
pub struct Object {
    /// The app and the person
    #[arg(value_names = ["APP", "PERSON"], num_args = 1..=2, required = true, allow_negative_numbers = true)]
    who: Vec<String>,
    #[command(flatten)]
    naming: Naming,
    /// They no longer object
    #[arg(long)]
    withdraw: bool,
    /// Where they said so, such as settings or support
    #[arg(long, value_name = "WORD", conflicts_with = "withdraw")]
    source: Option<String>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

impl Object {
    /// Notes it, and writes what holds now.
    pub fn run(self) -> Result<Answer, Failure> {
        let path = self.naming.person(&self.who)?.path("/objection");
        let client = self.server.client()?;
        let answer = if self.withdraw {
            client.delete(&path)?
        } else {
            let body = self.source.map_or_else(|| json!({}), |source| json!({"source": source}));
            client.put(&path, body.to_string().as_bytes())?
        };
        match self.format {
            Format::Json => print_json(&answer)?,
            Format::Text => print_line(&match answer.get("objected").and_then(Value::as_str) {
                Some(when) => format!("objects since {when}"),
                None => "does not object".to_owned(),
            })?,
        }
        Ok(Answer::Yes)
    }
}
