//! What a demo shows when its history is in.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::feed::Sums;
use super::headlines::{self, Headline};
use super::traces;
use crate::client::{Client, escaped};
use crate::commands::quarantine;
use crate::failure::Failure;
use crate::output::{Table, grouped, say};
use crate::traffic::HeadlinePlan;

/// Event types shown of each app.
const TYPES_SHOWN: usize = 5;
/// Quarantined events shown of each app, each with another first error.
const QUARANTINED_SHOWN: usize = 4;
/// Quarantined events they are chosen from.
const QUARANTINED_READ: u64 = 200;

/// Everything that is shown.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Where the server is.
    pub server: String,
    /// One for each app, by name.
    pub apps: BTreeMap<String, AppSummary>,
}

/// What is shown of one app.
#[derive(Debug, Clone, Serialize)]
pub struct AppSummary {
    /// How many people there are.
    pub people: usize,
    /// What became of the events.
    #[serde(flatten)]
    pub sums: Sums,
    /// The numbers that sum it up.
    pub headlines: Vec<Headline>,
    /// The beginning of its longest trace, where it has any.
    pub trace: Option<Value>,
    /// The first events in quarantine.
    pub quarantine: Vec<Value>,
    /// A stored event, in Daybook's form.
    pub canonical: Option<Value>,
    /// The same event, in the app's form.
    pub dialect: Option<Value>,
}

/// What is known of an app's demonstration before the server is asked.
pub struct Played {
    /// The app.
    pub app: String,
    /// How many people there are.
    pub people: usize,
    /// What is to be asked.
    pub headlines: Vec<HeadlinePlan>,
}

impl Summary {
    /// Gathers what is shown from the server.
    ///
    /// # Errors
    /// Those of [`Client::get`].
    pub fn gather(
        client: &Client,
        played: &[Played],
        sums: &BTreeMap<String, Sums>,
        now_us: i64,
    ) -> Result<Self, Failure> {
        let mut apps = BTreeMap::new();
        for Played { app, people, headlines } in played {
            if !headlines::settle(client, app)? {
                say(&format!("the tables of {app} are not up to date yet; its numbers are those of what is in them"));
            }
            let slug = escaped(app);
            let first = |form: &str| -> Result<Option<Value>, Failure> {
                let page = client.get(&format!("/v1/{slug}/events?limit=1{form}"))?;
                Ok(page.get("events").and_then(|events| events.get(0)).cloned())
            };
            apps.insert(
                app.clone(),
                AppSummary {
                    people: *people,
                    sums: sums.get(app).cloned().unwrap_or_default(),
                    headlines: headlines::ask(client, app, headlines, now_us)?,
                    trace: traces::longest(client, app)?,
                    quarantine: various(quarantine::entries(client, app, "", QUARANTINED_READ)?),
                    canonical: first("")?,
                    dialect: first("&dialect=app")?,
                },
            );
        }
        Ok(Self { server: client.url(""), apps })
    }

    /// The summary for people.
    pub fn text(&self) -> String {
        let mut out = self.totals();
        out.push_str("\nIn numbers, asked of the server's metrics\n\n");
        out.push_str(&self.headlines());
        out.push_str("\nMost frequent event types\n\n");
        out.push_str(&self.types());
        for (app, trace) in self.apps.iter().filter_map(|(app, summary)| Some((app, summary.trace.as_ref()?))) {
            out.push_str(&format!("\nA piece of work of {app}, from cause to cause\n\n{}", traces::text(trace)));
        }
        out.push_str("\nIn quarantine, for instance\n\n");
        out.push_str(&self.quarantined());
        out.push_str("\nA stored event of each app, as Daybook gives it and in the app's own form\n\n");
        for (app, summary) in &self.apps {
            for (form, event) in [("canonical", &summary.canonical), ("own form", &summary.dialect)] {
                if let Some(event) = event {
                    out.push_str(&format!("{app}, {form}:\n  {event}\n"));
                }
            }
        }
        out
    }

    fn totals(&self) -> String {
        let mut table = Table::new(&[
            "app",
            "people",
            "sent",
            "stored",
            "duplicate",
            "quarantined",
            "sampled out",
            "counted",
            "refused",
            "warned",
        ]);
        for (app, AppSummary { people, sums, .. }) in &self.apps {
            let counts = [
                sums.sent,
                sums.stored,
                sums.duplicate,
                sums.quarantined,
                sums.sampled_out,
                sums.counted,
                sums.refused,
                sums.warned,
            ];
            let mut row = vec![app.clone(), grouped(*people as u64)];
            row.extend(counts.map(grouped));
            table.row(row);
        }
        table.render()
    }

    fn headlines(&self) -> String {
        let mut table = Table::new(&["app", "what", "how many"]);
        for (app, summary) in &self.apps {
            for headline in &summary.headlines {
                table.row(vec![app.clone(), headline.title.clone(), headline.shown.clone()]);
            }
        }
        table.render()
    }

    fn types(&self) -> String {
        let mut table = Table::new(&["app", "event type", "stored"]);
        for (app, summary) in &self.apps {
            let mut types: Vec<(&String, &u64)> = summary.sums.types.iter().collect();
            types.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), (*name).clone()));
            for (name, count) in types.into_iter().take(TYPES_SHOWN) {
                table.row(vec![app.clone(), name.clone(), grouped(*count)]);
            }
        }
        table.render()
    }

    fn quarantined(&self) -> String {
        let mut table = Table::new(&["app", "id", "event type", "what is wrong", "in words"]);
        for (app, summary) in &self.apps {
            for entry in &summary.quarantine {
                let name = entry.get("name").and_then(Value::as_str).unwrap_or("–").to_owned();
                let id = entry.get("id").map(Value::to_string).unwrap_or_default();
                let error = entry.get("errors").and_then(|errors| errors.get(0)).cloned().unwrap_or_default();
                let text = |member| error.get(member).and_then(Value::as_str).unwrap_or_default();
                let wrong = format!("{} {}", text("code"), text("path"));
                table.row(vec![app.clone(), id, name, wrong, text("message").to_owned()]);
            }
        }
        table.render()
    }
}

/// The first entries that have another first error than those before them.
fn various(entries: Vec<Value>) -> Vec<Value> {
    let mut seen = Vec::new();
    let mut chosen = Vec::new();
    for entry in entries {
        let code = entry.pointer("/errors/0/code").cloned();
        if !seen.contains(&code) && chosen.len() < QUARANTINED_SHOWN {
            seen.push(code);
            chosen.push(entry);
        }
    }
    chosen
}
