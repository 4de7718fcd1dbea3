//! What retention ends, and when. Only arithmetic: nothing here destroys anything.
//!
//! A category's events are kept for its `retain`, counted from each event's own time. A record is past it when its time is
//! before the category's cut-off; the secret of a month goes when the whole month is. So no record that is still kept ever
//! misses its secret, and every record whose secret is gone is past its cut-off.

use std::collections::BTreeMap;
use std::time::Duration;

use daybook_catalog::{AppCatalog, Catalogs};
use daybook_event::person::{PSEUDONYMS, QUARANTINE};
use daybook_event::{Month, Timestamp};

use crate::limits;
use crate::view::ExpiredMonth;

/// What retention ends at one point in time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The time it is made for.
    pub now: Timestamp,
    /// The months whose secrets go, by app, class and month.
    pub months: Vec<EndingMonth>,
    /// The cut-offs of the categories that have one.
    pub cut_offs: CutOffs,
    /// Months of apps or categories that no catalog has a rule for. They are kept: what nobody decided is not destroyed.
    pub unruled: Vec<ExpiredMonth>,
}

/// A month that ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndingMonth {
    /// The app.
    pub app: String,
    /// The category, [`PSEUDONYMS`] or [`QUARANTINE`].
    pub class: String,
    /// The month.
    pub month: Month,
    /// How long after its end it was kept.
    pub retain: Duration,
}

/// Before which time the records of a category are past their retention.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CutOffs {
    apps: BTreeMap<String, BTreeMap<String, CutOff>>,
}

/// The cut-off of one category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutOff {
    /// Records with an earlier time are past their retention.
    pub before: Timestamp,
    /// How long records are kept.
    pub retain: Duration,
}

/// Makes the plan for `now`. `present` is every month there is a secret of: app, class, month.
#[must_use]
pub fn plan<'a>(
    catalogs: &Catalogs,
    present: impl IntoIterator<Item = (&'a str, &'a str, Month)>,
    now: Timestamp,
) -> Plan {
    let mut plan = Plan { now, cut_offs: CutOffs::at(catalogs, now), ..Plan::default() };
    for (app, class, month) in present {
        match rule(catalogs, app, class) {
            Rule::For(retain) if month.end() <= cut_off(now, retain) => {
                plan.months.push(EndingMonth { app: app.to_owned(), class: class.to_owned(), month, retain });
            }
            Rule::For(_) | Rule::ForEver => {}
            Rule::None => {
                plan.unruled.push(ExpiredMonth { app: app.to_owned(), category: class.to_owned(), month });
            }
        }
    }
    plan.months.sort_by(|one, other| (&one.app, &one.class, one.month).cmp(&(&other.app, &other.class, other.month)));
    plan.unruled.sort();
    plan
}

impl Plan {
    /// The ending months as views are told of them.
    #[must_use]
    pub fn expired_months(&self) -> Vec<ExpiredMonth> {
        let expired = |ending: &EndingMonth| ExpiredMonth {
            app: ending.app.clone(),
            category: ending.class.clone(),
            month: ending.month,
        };
        self.months.iter().map(expired).collect()
    }

    /// Before which time events in quarantine go.
    #[must_use]
    pub fn quarantine_before(&self) -> Timestamp {
        cut_off(self.now, limits::QUARANTINE_RETAIN)
    }
}

impl CutOffs {
    /// The cut-offs at this time.
    #[must_use]
    pub fn at(catalogs: &Catalogs, now: Timestamp) -> Self {
        let of_app = |catalog: &AppCatalog| -> BTreeMap<String, CutOff> {
            let categories = catalog.categories.iter();
            let kept = categories.filter_map(|category| Some((category.name.clone(), category.retain?)));
            kept.map(|(name, retain)| (name, CutOff { before: cut_off(now, retain), retain })).collect()
        };
        let apps = catalogs.apps().map(|catalog| (catalog.app.clone(), of_app(catalog)));
        Self { apps: apps.filter(|(_, categories)| !categories.is_empty()).collect() }
    }

    /// Whether a record of this category and time is past its retention.
    #[must_use]
    pub fn is_past(&self, app: &str, category: &str, time: Timestamp) -> bool {
        self.get(app, category).is_some_and(|cut_off| time < cut_off.before)
    }

    /// The cut-off of a category, where it has one.
    #[must_use]
    pub fn get(&self, app: &str, category: &str) -> Option<CutOff> {
        self.apps.get(app)?.get(category).copied()
    }

    /// The latest of them: nothing at or after it is past its retention.
    #[must_use]
    pub fn latest(&self) -> Option<Timestamp> {
        self.apps.values().flat_map(BTreeMap::values).map(|cut_off| cut_off.before).max()
    }

    /// All of them: app, category, cut-off.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, CutOff)> {
        self.apps.iter().flat_map(|(app, categories)| {
            categories.iter().map(move |(category, cut_off)| (app.as_str(), category.as_str(), *cut_off))
        })
    }
}

/// How long a class is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    For(Duration),
    ForEver,
    None,
}

fn rule(catalogs: &Catalogs, app: &str, class: &str) -> Rule {
    match class {
        // These two hold for every app, with a catalog or without.
        PSEUDONYMS => Rule::For(limits::PSEUDONYM_RETAIN),
        QUARANTINE => Rule::For(limits::QUARANTINE_RETAIN),
        category => match catalogs.app(app).and_then(|catalog| catalog.category(category)) {
            Some(category) => category.retain.map_or(Rule::ForEver, Rule::For),
            None => Rule::None,
        },
    }
}

fn cut_off(now: Timestamp, retain: Duration) -> Timestamp {
    let retain_us = i64::try_from(retain.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_microseconds(now.microseconds().saturating_sub(retain_us))
}

#[cfg(test)]
mod tests;
