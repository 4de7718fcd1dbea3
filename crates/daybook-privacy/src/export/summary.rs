//! The readable summary of an export.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use daybook_event::{Event, Timestamp};

use super::{About, Consent};
use crate::limits;

/// What was counted while events went by.
#[derive(Default)]
pub(super) struct Summary {
    pub events: u64,
    pub quarantined: u64,
    pub quarantine_unreadable: u64,
    pub missing_views: Vec<String>,
    by_type: BTreeMap<String, u64>,
    /// Events of types beyond those that are counted each for itself.
    other_types: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    unreadable_events: u64,
}

impl Summary {
    pub(super) fn count(&mut self, event: &Event<'_>, unreadable: usize) {
        self.events += 1;
        self.unreadable_events += u64::from(unreadable > 0);
        self.first = Some(self.first.map_or(event.time, |first| first.min(event.time)));
        self.last = Some(self.last.map_or(event.time, |last| last.max(event.time)));
        if let Some(count) = self.by_type.get_mut(&*event.name) {
            *count += 1;
        } else if self.by_type.len() < limits::EXPORT_TYPES_MAX {
            self.by_type.insert(event.name.clone().into_owned(), 1);
        } else {
            self.other_types += 1;
        }
    }

    pub(super) fn text(&self, about: &About, parts: &BTreeSet<String>) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text, about, parts);
        text
    }

    fn write(&self, out: &mut String, about: &About, parts: &BTreeSet<String>) -> std::fmt::Result {
        let title = format!("What {} keeps of one person", readable(&about.title));
        writeln!(out, "{title}\n{}\n", "=".repeat(title.chars().count()))?;
        writeln!(out, "  Person        {}", readable(&about.name))?;
        for id in &about.ids {
            writeln!(out, "  Anonymous id  {id}")?;
        }
        writeln!(out, "  App           {}", readable(&about.app))?;
        writeln!(out, "  First seen    {}", about.created)?;
        let objection = about.objected.map_or_else(
            || "none".to_owned(),
            |since| format!("since {since}: events are kept without pointing to this person"),
        );
        writeln!(out, "  Objection     {objection}")?;
        writeln!(out, "  Made          {}\n\nAll times are in UTC.\n", about.made)?;
        self.files(out, parts)?;
        self.types(out)?;
        consents(out, &about.consents)?;
        self.gaps(out, about.degraded)
    }

    fn files(&self, out: &mut String, parts: &BTreeSet<String>) -> std::fmt::Result {
        heading(out, "What is in this archive")?;
        let period = match (self.first, self.last) {
            (Some(first), Some(last)) => format!(", from {first} to {last}"),
            _ => String::new(),
        };
        writeln!(out, "  events.ndjson      {}{period}", count(self.events, "event", "events"))?;
        writeln!(out, "  consents.ndjson    what was agreed to, and what was not")?;
        writeln!(
            out,
            "  quarantine.ndjson  {} that did not fit what the app declares",
            count(self.quarantined, "event", "events")
        )?;
        for part in parts {
            writeln!(out, "  {part}")?;
        }
        writeln!(out, "\nFiles that end in .ndjson hold one JSON object a line.\n")
    }

    fn types(&self, out: &mut String) -> std::fmt::Result {
        heading(out, "Events by type")?;
        for (name, number) in &self.by_type {
            writeln!(out, "  {:>13}  {}", grouped(*number), readable(name))?;
        }
        if self.other_types > 0 {
            writeln!(out, "  {:>13}  of other types", grouped(self.other_types))?;
        }
        if self.events == 0 {
            writeln!(out, "  none")?;
        }
        writeln!(out)
    }

    fn gaps(&self, out: &mut String, degraded: bool) -> std::fmt::Result {
        heading(out, "What could not be read")?;
        if self.unreadable_events > 0 {
            let events = count(self.unreadable_events, "event holds parts", "events hold parts");
            writeln!(
                out,
                "  {events} that cannot be read any more: the time for which they are kept is over, or they"
            )?;
            writeln!(out, "  are about somebody else, or somebody who was erased. These parts are left out.")?;
        }
        if self.quarantine_unreadable > 0 {
            let events = count(self.quarantine_unreadable, "event", "events");
            writeln!(out, "  {events} in quarantine cannot be read any more, and are left out.")?;
        }
        for view in &self.missing_views {
            writeln!(out, "  The view `{}` did not answer. Ask again for what it holds.", readable(view))?;
        }
        if degraded {
            writeln!(out, "  Some keys were not at hand when this was made. Ask again for what they open.")?;
        }
        let any = self.unreadable_events > 0 || self.quarantine_unreadable > 0 || !self.missing_views.is_empty();
        if !any && !degraded {
            writeln!(out, "  Nothing: this is all there is.")?;
        }
        Ok(())
    }
}

fn consents(out: &mut String, consents: &[Consent]) -> std::fmt::Result {
    heading(out, "Consents")?;
    for consent in consents {
        let answer = match (consent.decided, consent.granted) {
            (true, true) => "agreed",
            (true, false) => "refused",
            (false, true) => "never asked; allowed unless refused",
            (false, false) => "never asked; not allowed unless agreed to",
        };
        write!(out, "  {}: {answer}", readable(&consent.purpose))?;
        if let Some(time) = consent.time {
            write!(out, " on {time}")?;
        }
        if let Some(source) = &consent.source {
            write!(out, ", in {}", readable(source))?;
        }
        if let Some(version) = &consent.version {
            write!(out, ", of the text {}", readable(version))?;
        }
        writeln!(out)?;
    }
    if consents.is_empty() {
        writeln!(out, "  none are asked for")?;
    }
    writeln!(out)
}

fn heading(out: &mut String, text: &str) -> std::fmt::Result {
    writeln!(out, "{text}\n{}\n", "-".repeat(text.len()))
}

fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Text that somebody else chose, as it can stand in a line: nothing that breaks the line, turns its direction or moves the
/// cursor of whoever prints it, and not without end.
fn readable(text: &str) -> String {
    let unseen = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let mut letters = text.chars();
    let taken = letters.by_ref().take(limits::EXPORT_SUMMARY_CHARS_MAX);
    let mut readable: String = taken.map(|letter| if unseen(letter) { '\u{fffd}' } else { letter }).collect();
    if letters.next().is_some() {
        readable.push('…');
    }
    readable
}
