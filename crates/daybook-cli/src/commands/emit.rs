//! `daybook emit`: catalogs in the languages of others.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;
use daybook_catalog::builtin_file;
use daybook_catalog::emit::{Format, emit};

use crate::Answer;
use crate::catalogs::catalog_of;
use crate::failure::Failure;
use crate::output::{print, say};

/// Write a catalog as schemas, types or documentation
///
/// The output follows from the catalog alone, so that it can be checked in and held against it. What the format
/// cannot say stands in a comment of the output.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook emit typescript --app my-app --catalogs ./catalogs > src/events.ts
  daybook emit json-schema --app my-app | jq '.\"$defs\" | keys'
  daybook emit sql --app my-app | mariadb analytics
  daybook emit markdown --app my-app --out docs/events.md")]
pub struct Emit {
    /// The format
    #[arg(value_name = "FORMAT", value_parser = formats())]
    emitted: Format,
    /// The app
    #[arg(long)]
    app: String,
    /// Directories of catalogs, beside those that ship
    #[arg(long, value_name = "DIR")]
    catalogs: Vec<PathBuf>,
    /// Leave out the catalogs that ship
    #[arg(long)]
    no_default_catalogs: bool,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn formats() -> impl clap::builder::TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::as_str)).try_map(|text| text.parse::<Format>())
}

impl Emit {
    /// Writes the catalog.
    pub fn run(self) -> Result<Answer, Failure> {
        let app = catalog_of(&self.app, &self.catalogs, !self.no_default_catalogs)?;
        let text = emit(&app, self.emitted, self.demo().as_deref());
        match &self.out {
            None => print(&text)?,
            Some(path) => {
                fs::write(path, text).map_err(|source| Failure::write(path, source))?;
                say(&format!("{} of {} in {}", self.emitted, self.app, path.display()));
            }
        }
        Ok(Answer::Yes)
    }

    /// The app's `demo.yaml`: beside its catalog, or the one that ships.
    fn demo(&self) -> Option<String> {
        let places = self.catalogs.iter().flat_map(|directory| [directory.clone(), directory.join(&self.app)]);
        for place in places {
            let own = daybook_catalog::check(&place).catalogs;
            if place.join("catalog.yaml").is_file() && own.app(&self.app).is_some() {
                return fs::read_to_string(place.join("demo.yaml")).ok();
            }
        }
        builtin_file(&format!("{}/demo.yaml", self.app)).map(str::to_owned)
    }
}
