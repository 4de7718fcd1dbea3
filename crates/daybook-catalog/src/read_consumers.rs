//! `consumers.yaml`: who reacts to an app's events.

use std::num::NonZeroU32;
use std::time::Duration;

use daybook_event::limits::NAME_BYTES_MAX;

use crate::AppCatalog;
use crate::consumers::{BatchSpec, From, HANDLERS, Order, RETRY_DEFAULT, Rate, Spec};
use crate::limits::{
    BATCH_DELAY_SECONDS_MAX, BATCH_SIZE_MAX, CONSUMER_PATTERNS_MAX, CONSUMERS_MAX, LATENCY_SECONDS_MAX, RETRY_MAX,
    SLUG_BYTES_MAX,
};
use crate::read::{self, Fields};
use crate::read_where::{Condition, conditions};
use crate::source::{Problem, SourceFile, suggestion};
use crate::yaml::{Key, Node, Yaml};

/// A consumer and where it is declared.
pub(crate) struct Listed<'f> {
    pub(crate) spec: Spec,
    /// What `where` says, field by field.
    pub(crate) conditions: Vec<Condition<'f>>,
    pub(crate) file: &'f SourceFile,
    pub(crate) node: &'f Node,
}

/// Reads `consumers.yaml`. Without a readable `catalog.yaml` conditions refer to no types.
pub(crate) fn read<'f>(file: &'f SourceFile, catalog: Option<&AppCatalog>) -> Vec<Listed<'f>> {
    let Some(mut fields) = file.root.as_ref().and_then(|root| Fields::open(file, root, "a file of consumers")) else {
        return Vec::new();
    };
    let consumers = fields.require("consumers");
    fields.close();
    let entries = consumers.and_then(|node| read::mapping(file, node, "`consumers`")).unwrap_or_default();
    if let Some((key, _)) = entries.get(CONSUMERS_MAX) {
        Problem::error("catalog.limit", format!("an app has at most {CONSUMERS_MAX} consumers")).at(file, key.place);
    }
    entries.iter().take(CONSUMERS_MAX).filter_map(|(key, node)| consumer(file, key, node, catalog)).collect()
}

fn consumer<'f>(
    file: &'f SourceFile,
    key: &'f Key,
    node: &'f Node,
    catalog: Option<&AppCatalog>,
) -> Option<Listed<'f>> {
    const ORDER: [(&str, Order); 3] = [
        (Order::None.as_str(), Order::None),
        (Order::Identity.as_str(), Order::Identity),
        (Order::Group.as_str(), Order::Group),
    ];
    const FROM: [(&str, From); 2] = [(From::Beginning.as_str(), From::Beginning), (From::Now.as_str(), From::Now)];
    name(file, key);
    let mut fields = Fields::open(file, node, "a consumer")?;
    let (conditions, condition) = fields.get("where").map(|node| conditions(file, node, catalog)).unwrap_or_default();
    let spec = Spec {
        name: key.text.clone(),
        description: fields.get("description").and_then(|node| read::string(file, node, "the description")),
        events: fields.require("events").map(|node| events(file, node)).unwrap_or_default(),
        exclude: fields.get("exclude").map(|node| patterns(file, node, "`exclude`")).unwrap_or_default(),
        handler: fields.require("handler").and_then(|node| handler(file, node)).unwrap_or_default(),
        retry: fields
            .get("retry")
            .and_then(|node| read::integer(file, node, "`retry`", 0..=RETRY_MAX))
            .unwrap_or(RETRY_DEFAULT),
        dlq: fields.get("dlq").and_then(|node| read::boolean(file, node, "`dlq`")).unwrap_or(true),
        condition,
        batch: fields.get("batch").map(|node| batch(file, node)).unwrap_or_default(),
        order: fields.get("order").and_then(|node| read::choice(file, node, "`order`", &ORDER)).unwrap_or_default(),
        rate: fields.get("rate").and_then(|node| rate(file, node)),
        latency: fields.get("latency").and_then(|node| wait(file, node, "`latency`", LATENCY_SECONDS_MAX)),
        from: fields.get("from").and_then(|node| read::choice(file, node, "`from`", &FROM)).unwrap_or_default(),
        options: fields
            .get("options")
            .and_then(|node| read::mapping(file, node, "`options`"))
            .map(|entries| entries.iter().map(|(key, node)| (key.text.clone(), node.to_json())).collect())
            .unwrap_or_default(),
    };
    fields.close();
    Some(Listed { spec, conditions, file, node })
}

/// Notes a name that cannot stand in a path, a metric's label or a table of the configuration.
fn name(file: &SourceFile, key: &Key) {
    let name = &key.text;
    let well_formed = name.len() <= SLUG_BYTES_MAX
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'));
    if !well_formed {
        Problem::error("consumer.name", format!("`{}` cannot be the name of a consumer", name.escape_debug()))
            .hint(format!(
                "lower-case letters, digits, hyphens and underscores, beginning with a letter, at most {SLUG_BYTES_MAX} characters"
            ))
            .at(file, key.place);
    }
}

fn events(file: &SourceFile, node: &Node) -> Vec<String> {
    let events = patterns(file, node, "`events`");
    if matches!(&node.value, Yaml::Sequence(items) if items.is_empty()) {
        Problem::error("consumer.events", "`events` names none, so the consumer would get nothing")
            .hint("for all of them write [\"*\"]")
            .at(file, node.place);
    }
    events
}

/// Names and patterns of event types.
fn patterns(file: &SourceFile, node: &Node, what: &str) -> Vec<String> {
    if let Some(item) = node.items().get(CONSUMER_PATTERNS_MAX) {
        Problem::error("catalog.limit", format!("{what} has at most {CONSUMER_PATTERNS_MAX} names and patterns"))
            .at(file, item.place);
        return Vec::new();
    }
    let patterns = read::strings(file, node, what).unwrap_or_default();
    for item in node.items() {
        if let Yaml::String(text) = &item.value
            && (text.len() > NAME_BYTES_MAX || text.chars().any(|char| char.is_control() || char.is_whitespace()))
        {
            Problem::error("consumer.events", format!("`{}` cannot be the name of an event", text.escape_debug()))
                .hint(format!("at most {NAME_BYTES_MAX} bytes, without spaces and control characters; `*` is anything"))
                .at(file, item.place);
        }
    }
    patterns
}

/// A handler, by its own name.
fn handler(file: &SourceFile, node: &Node) -> Option<String> {
    let word = read::string(file, node, "`handler`")?;
    let found = HANDLERS.iter().find(|handler| handler.name == word || handler.alias == Some(&word));
    if found.is_none() {
        let known = HANDLERS.iter().map(|handler| handler.name).chain(HANDLERS.iter().filter_map(|known| known.alias));
        Problem::error("consumer.handler", format!("there is no handler `{word}`"))
            .maybe_hint(suggestion(&word, known))
            .at(file, node.place);
    }
    found.map(|handler| handler.name.to_owned())
}

fn batch(file: &SourceFile, node: &Node) -> BatchSpec {
    let Some(mut fields) = Fields::open(file, node, "`batch`") else { return BatchSpec::default() };
    let size = fields.get("size").and_then(|node| read::integer(file, node, "`size`", 1..=BATCH_SIZE_MAX));
    let delay = fields.get("delay").and_then(|node| wait(file, node, "`delay`", BATCH_DELAY_SECONDS_MAX));
    fields.close();
    BatchSpec { size: size.and_then(NonZeroU32::new), delay }
}

/// A duration that is not nothing, and not longer than so many seconds.
fn wait(file: &SourceFile, node: &Node, what: &str, seconds_max: u64) -> Option<Duration> {
    let duration = read::duration(file, node, what)?;
    let longest = Duration::from_secs(seconds_max);
    if duration.is_zero() || duration > longest {
        let longest = crate::duration::format(longest);
        Problem::error("catalog.duration", format!("{what} must be longer than nothing, and at most {longest}"))
            .at(file, node.place);
        return None;
    }
    Some(duration)
}

fn rate(file: &SourceFile, node: &Node) -> Option<Rate> {
    let rate = match &node.value {
        Yaml::String(text) => parse_rate(text),
        // A number without a time gets the message that tells how rates are written.
        Yaml::Number(_) => None,
        _ => {
            read::wrong_type(file, node, "`rate`", "a rate such as 100/s");
            return None;
        }
    };
    if rate.is_none() {
        Problem::error("catalog.rate", "`rate` is not a rate")
            .hint("so many events in a second, a minute or an hour: 100/s, 30/m, 5000/h")
            .at(file, node.place);
    }
    rate
}

fn parse_rate(text: &str) -> Option<Rate> {
    let (events, unit) = text.split_once('/')?;
    if !events.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (_, per) = Rate::UNITS.into_iter().find(|(known, _)| *known == unit)?;
    Some(Rate { events: events.parse().ok()?, per })
}
