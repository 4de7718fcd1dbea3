//! When something is to be alerted of: what events and the clock do to the state.

use std::time::Duration;

use daybook_consumers::Item;
use daybook_event::Timestamp;

use super::fields::{MISSING, Place, Template, Values};
use super::options::{Kind, Options, Rule};
use super::state::{Labels, State};
use crate::Promise;

/// How long after it last happened an alert of an event is over, unless its rule says.
const RESOLVE_AFTER: Duration = Duration::from_secs(300);
/// How long a group is remembered that nothing is heard of, beyond what its rule looks at.
const QUIET: Duration = Duration::from_secs(24 * 60 * 60);
/// An event that was received longer ago than this when it is read shows that the log is being caught up with.
const BEHIND: Duration = Duration::from_secs(30);
/// For how many one event counts at most, whatever its sampling says: counts stay numbers.
const WEIGHT_MAX: f64 = 1e12;

/// A consumer's rules, ready for use.
pub(super) struct Rules {
    rules: Vec<Ready>,
    max_age: i64,
}

struct Ready {
    rule: Rule,
    places: Vec<(String, Place)>,
    labels: Vec<(String, Template)>,
    summary: Option<Template>,
    field: Option<Place>,
    window: i64,
    lasting: i64,
    resolve_after: i64,
}

/// What only this process knows: until when it says nothing that nothing comes, because the log was not followed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watch {
    pub(super) since: i64,
}

impl Watch {
    /// Whether the log is followed, and was caught up with: what has not come did not happen.
    fn is_followed(self, now: i64) -> bool {
        now - self.since >= microseconds(BEHIND)
    }
}

impl Rules {
    pub(super) fn of(options: &Options) -> Self {
        Self { rules: options.rules().into_iter().map(Ready::new).collect(), max_age: microseconds(options.max_age) }
    }

    /// How bad what a rule finds is.
    pub(super) fn severity(&self, rule: &str) -> Option<&str> {
        self.rules.iter().find(|ready| ready.rule.name == rule).map(|ready| ready.rule.severity.as_str())
    }

    /// Whether an alert is over for so long that nobody is to be told of it any more.
    pub(super) fn is_long_over(&self, last: i64, now: i64) -> bool {
        last < now.saturating_sub(self.max_age)
    }

    /// What an event does.
    pub(super) fn see(&self, item: &Item, state: &mut State, watch: &mut Watch, now: i64) {
        let event = &item.event;
        let at = event.received.microseconds().min(now);
        if now - at > microseconds(BEHIND) {
            watch.since = watch.since.max(now);
        }
        let mut values = None;
        for ready in self.rules.iter().filter(|ready| ready.rule.is_about(&event.name)) {
            let values = values.get_or_insert_with(|| Values::of(event));
            ready.see(values, at, !self.is_long_over(at, now), event.sample_rate, state);
        }
    }

    /// What the passing of time does, and how the app's consumers keep their promises.
    pub(super) fn pass(&self, state: &mut State, watch: Watch, now: i64, promises: &[Promise]) {
        // Rules that there are no more say nothing any more.
        state.rules.retain(|name, _| self.rules.iter().any(|ready| ready.rule.name == *name));
        for ready in &self.rules {
            ready.pass(state, watch, now, promises);
        }
    }
}

impl Ready {
    fn new(rule: Rule) -> Self {
        let place = |field: &String| {
            let place = Place::parse(field);
            (place.label(), place)
        };
        let mut places: Vec<_> = rule.group_by.iter().map(place).collect();
        if rule.name.is_empty() {
            places.push(("alertname".to_owned(), Place::Envelope("event.name")));
        }
        let window = microseconds(rule.window.unwrap_or_default());
        let lasting = microseconds(rule.lasting.unwrap_or_default());
        let resolve_after = rule.resolve_after.map_or_else(
            || match rule.kind {
                Kind::Rate => window,
                Kind::Threshold => lasting.saturating_mul(2).max(microseconds(RESOLVE_AFTER)),
                Kind::Event | Kind::Silence | Kind::Latency => microseconds(RESOLVE_AFTER),
            },
            microseconds,
        );
        Self {
            places,
            labels: rule.labels.iter().map(|(name, text)| (name.clone(), Template::parse(text))).collect(),
            summary: rule.summary.as_deref().map(Template::parse),
            field: rule.field.as_deref().map(Place::parse),
            window,
            lasting,
            resolve_after,
            rule,
        }
    }

    fn see(&self, values: &Values<'_>, at: i64, is_fresh: bool, sample_rate: f64, state: &mut State) {
        let number = self.field.as_ref().map(|field| values.number(field));
        if number == Some(None) {
            return;
        }
        let group_values: Vec<String> = self.places.iter().map(|(_, place)| text(values, place)).collect();
        let labels = || {
            let by_group = self.places.iter().map(|(name, _)| name.clone()).zip(group_values.iter().cloned());
            by_group.chain(self.labels.iter().map(|(name, text)| (name.clone(), text.fill(values)))).collect::<Labels>()
        };
        let group = state.group(&self.rule.name, labels, group_values.join("\u{1f}"));
        let is_newest = at >= group.heard;
        group.heard = group.heard.max(at);
        if group.alert.is_none()
            && let Some(summary) = &self.summary
        {
            group.summary = summary.fill(values);
        }
        match self.rule.kind {
            Kind::Event if is_fresh => group.touch(at, at, 1.0),
            Kind::Rate => {
                let weight = if sample_rate > 0.0 { (1.0 / sample_rate).min(WEIGHT_MAX) } else { 1.0 };
                let count = group.count(at, self.window, weight);
                if is_fresh && self.rule.more_than.is_some_and(|most| count > most) {
                    group.touch(at, at, count);
                }
            }
            // What was measured before, and is read again, says nothing of how it is now.
            Kind::Threshold if !is_newest => {}
            Kind::Threshold => {
                let value = number.flatten().unwrap_or_default();
                let is_beyond = self.rule.above.is_some_and(|above| value > above)
                    || self.rule.below.is_some_and(|below| value < below);
                if !is_beyond {
                    group.beyond_since = None;
                    group.end(at);
                    return;
                }
                group.measured = value;
                let since = *group.beyond_since.get_or_insert(at);
                if is_fresh && at - since >= self.lasting {
                    group.touch(at, since, value);
                }
            }
            Kind::Silence => group.end(at),
            Kind::Event | Kind::Latency => {}
        }
    }

    fn pass(&self, state: &mut State, watch: Watch, now: i64, promises: &[Promise]) {
        match self.rule.kind {
            Kind::Latency => self.judge_promises(state, now, promises),
            // Silence begins before there was ever an event.
            Kind::Silence if self.places.is_empty() => {
                let labels = || self.labels.iter().map(|(name, _)| (name.clone(), MISSING.to_owned())).collect();
                state.group(&self.rule.name, labels, String::new());
            }
            _ => {}
        }
        let is_followed = watch.is_followed(now);
        let quiet = self.window.max(self.lasting).max(self.resolve_after).saturating_add(microseconds(QUIET));
        let Some(groups) = state.rules.get_mut(&self.rule.name) else { return };
        for group in groups.values_mut() {
            match self.rule.kind {
                Kind::Silence => {
                    let since = group.heard.max(watch.since);
                    if now - since >= self.lasting {
                        group.touch(now, since, (now - since) as f64 / 1e6);
                    }
                }
                Kind::Threshold => {
                    let is_known = is_followed && now - group.heard < self.resolve_after;
                    if let Some(since) = group.beyond_since.filter(|since| is_known && now - since >= self.lasting)
                        && group.alert.is_none()
                    {
                        group.touch(now, since, group.measured);
                    }
                }
                Kind::Event | Kind::Rate | Kind::Latency => {}
            }
            // Whether it is over shows once everything that came meanwhile was read.
            let over = match (self.rule.kind, group.alert.as_ref().filter(|_| is_followed)) {
                (Kind::Event | Kind::Rate, Some(alert)) => Some(alert.last),
                (Kind::Threshold, Some(_)) => Some(group.heard),
                _ => None,
            };
            if let Some(over) = over.map(|last| last.saturating_add(self.resolve_after)).filter(|over| *over <= now) {
                group.end(over);
            }
        }
        groups.retain(|key, group| {
            group.alert.is_some() || key.is_empty() || now - group.heard < quiet || self.rule.kind == Kind::Silence
        });
    }

    fn judge_promises(&self, state: &mut State, now: i64, promises: &[Promise]) {
        // Those that are still broken go on; also a consumer that is gone breaks none.
        state.rules.entry(self.rule.name.clone()).or_default().values_mut().for_each(|group| group.end(now));
        let watched =
            |promise: &&Promise| self.rule.consumers.is_empty() || self.rule.consumers.contains(&promise.consumer);
        for promise in promises.iter().filter(watched).filter(|promise| promise.broken) {
            let labels = || {
                let fixed = self.rule.labels.iter().map(|(name, text)| (name.clone(), text.clone()));
                fixed.chain([("promised_by".to_owned(), promise.consumer.clone())]).collect()
            };
            let group = state.group(&self.rule.name, labels, promise.consumer.clone());
            group.heard = now;
            let late = promise.measured.unwrap_or_default();
            group.summary =
                self.rule.summary.clone().unwrap_or_else(|| {
                    format!("{} promises {:?} and takes {late:?}", promise.consumer, promise.promised)
                });
            group.touch(now, now, late.as_secs_f64());
        }
    }
}

fn text(values: &Values<'_>, place: &Place) -> String {
    values.text(place).map_or_else(|| MISSING.to_owned(), std::borrow::Cow::into_owned)
}

fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// A time as alerts are told with.
pub(super) fn timestamp(microseconds: i64) -> Timestamp {
    Timestamp::from_microseconds(microseconds)
}
