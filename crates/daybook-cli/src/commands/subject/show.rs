//! `daybook subject show`.

use clap::Args;
use serde_json::Value;

use super::consent::table;
use super::person::Naming;
use crate::Answer;
use crate::client::ServerOptions;
use crate::failure::Failure;
use crate::output::{Format, print, print_json};

/// Show what is known of a person, but for their events
#[derive(Debug, Args)]
#[command(override_usage = "daybook subject show [OPTIONS] <APP> <PERSON>")]
#[command(after_help = "Examples:
  daybook subject show my-app 12345 --data ./data
  daybook subject show --app my-app --kind anonymous a1b2c3")]
pub struct Show {
    /// The app and the person
    #[arg(value_names = ["APP", "PERSON"], num_args = 1..=2, required = true, allow_negative_numbers = true)]
    who: Vec<String>,
    #[command(flatten)]
    naming: Naming,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

impl Show {
    /// Asks, and writes the answer.
    pub fn run(self) -> Result<Answer, Failure> {
        let person = self.naming.person(&self.who)?;
        let known = self.server.client()?.get(&person.path(""))?;
        match self.format {
            Format::Json => print_json(&known)?,
            Format::Text => print(&text(&known))?,
        }
        Ok(Answer::Yes)
    }
}

fn text(known: &Value) -> String {
    let text = |member: &str| known.get(member).and_then(Value::as_str);
    let mut out = format!(
        "anonymous id  {}\nknown since   {}\nobjects       {}\n",
        text("anonymous_id").unwrap_or_default(),
        text("created").unwrap_or_default(),
        text("objected").map_or_else(|| "no".to_owned(), |when| format!("since {when}")),
    );
    let consents = known.get("consents").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !consents.is_empty() {
        out.push('\n');
        out.push_str(&table(consents));
    }
    out
}
