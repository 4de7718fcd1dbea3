//! `events/*.yaml` and `plugins/*.yaml`: lists of event types.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use daybook_event::limits::NAME_BYTES_MAX;
use daybook_event::{Priority, Sampling};
use semver::Version;

use crate::read::{self, Fields};
use crate::read_catalog::{SIGNATURES, WITHOUT_CONSENT, sampling};
use crate::read_migrations::migrations;
use crate::source::{Problem, SourceFile, suggestion};
use crate::yaml::Node;
use crate::{AppCatalog, Category, Consent, DataMissing, Deprecated, EventType, Field, Pii, Store};

/// An event type and where it is declared.
pub(crate) struct Declared<'f> {
    pub(crate) event_type: EventType,
    pub(crate) file: &'f SourceFile,
    pub(crate) node: &'f Node,
}

/// A plugin of an app.
struct Plugin {
    name: String,
    version: Version,
}

/// Reads a file of event types; `plugin` when it lies in `plugins/`. Without a readable `catalog.yaml` the parts that
/// depend on it have defaults.
pub(crate) fn read<'f>(file: &'f SourceFile, catalog: Option<&AppCatalog>, plugin: bool) -> Vec<Declared<'f>> {
    let what = if plugin { "a plugin's file" } else { "a file of event types" };
    let Some(mut fields) = file.root.as_ref().and_then(|root| Fields::open(file, root, what)) else {
        return Vec::new();
    };
    let plugin = if plugin { read_plugin(file, &mut fields) } else { None };
    let events = fields.require("events");
    fields.close();
    let Some(items) = events.and_then(|node| read::sequence(file, node, "`events`")) else { return Vec::new() };
    items
        .iter()
        .filter_map(|node| {
            let event_type = event_type(file, node, catalog, plugin.as_ref())?;
            Some(Declared { event_type, file, node })
        })
        .collect()
}

fn read_plugin(file: &SourceFile, fields: &mut Fields<'_>) -> Option<Plugin> {
    let name = fields.require("plugin").and_then(|node| {
        let name = read::string(file, node, "the plugin's name")?;
        let well_formed = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !well_formed {
            Problem::error("catalog.value", format!("`{name}` cannot be the name of a plugin"))
                .hint("letters, digits, hyphens and underscores")
                .at(file, node.place);
        }
        Some(name)
    });
    let version = fields.require("version").and_then(|node| read::version(file, node, "the plugin's version"));
    if let Some(node) = fields.get("title") {
        read::string(file, node, "the title");
    }
    Some(Plugin { name: name?, version: version.unwrap_or(Version::new(1, 0, 0)) })
}

fn event_type(
    file: &SourceFile,
    node: &Node,
    catalog: Option<&AppCatalog>,
    plugin: Option<&Plugin>,
) -> Option<EventType> {
    const STORE: [(&str, Store); 2] = [("event", Store::Event), ("daily-counts", Store::DailyCounts)];
    const MISSING: [(&str, DataMissing); 2] = [("quarantine", DataMissing::Quarantine), ("warn", DataMissing::Warn)];
    const PRIORITY: [(&str, Priority); 4] = [
        ("low", Priority::Low),
        ("normal", Priority::Normal),
        ("high", Priority::High),
        ("critical", Priority::Critical),
    ];
    let mut fields = Fields::open(file, node, "an event type")?;
    let name = fields.require("name").and_then(|node| event_name(file, node, plugin));
    let version = fields.get("version").and_then(|node| read::version(file, node, "the version"));
    let description = fields.get("description").and_then(|node| read::string(file, node, "the description"));
    let category = fields.get("category").and_then(|node| read::string(file, node, "the category"));
    let own_sampling = fields.get("sampling").and_then(|node| sampling(file, node));
    let category = category.unwrap_or_else(|| {
        if catalog.is_some_and(|catalog| catalog.category(Category::DEFAULT_NAME).is_none()) {
            Problem::error("catalog.required", "an event type needs `category`").at(file, node.place);
        }
        Category::DEFAULT_NAME.to_owned()
    });
    let category_sampling = catalog.and_then(|catalog| catalog.category(&category)?.sampling);
    let (pii, not_personal) = fields.get("pii").map(|node| pii(file, node)).unwrap_or_default();
    let event_type = EventType {
        name: name.unwrap_or_default(),
        version: version.or_else(|| Some(plugin?.version.clone())).unwrap_or(Version::new(1, 0, 0)),
        description,
        category,
        sources: fields.get("sources").and_then(|node| read::strings(file, node, "`sources`")).unwrap_or_default(),
        priority: fields
            .get("priority")
            .and_then(|node| read::choice(file, node, "`priority`", &PRIORITY))
            .unwrap_or_default(),
        sampling: own_sampling.or(category_sampling).unwrap_or(Sampling::ALL),
        consent: fields.get("consent").and_then(|node| consent(file, node)),
        store: fields.get("store").and_then(|node| read::choice(file, node, "`store`", &STORE)).unwrap_or_default(),
        indexed: fields.get("indexed").and_then(|node| read::boolean(file, node, "`indexed`")).unwrap_or_default(),
        tags: fields.get("tags").and_then(|node| read::strings(file, node, "`tags`")).unwrap_or_default(),
        dimensions: fields
            .get("dimensions")
            .and_then(|node| read::strings(file, node, "`dimensions`"))
            .unwrap_or_default(),
        pii,
        not_personal,
        deprecated: fields.get("deprecated").and_then(|node| deprecated(file, node)),
        data: fields.get("data").map(Node::to_json),
        signatures: fields.get("signatures").and_then(|node| read::choice(file, node, "`signatures`", &SIGNATURES)),
        data_missing: fields
            .get("data-missing")
            .and_then(|node| read::choice(file, node, "`data-missing`", &MISSING))
            .unwrap_or_default(),
        examples: fields
            .get("examples")
            .and_then(|node| read::sequence(file, node, "`examples`"))
            .map(|items| items.iter().map(Node::to_json).collect())
            .unwrap_or_default(),
        migrations: fields.get("migrations").map(|node| migrations(file, node)).unwrap_or_default(),
        plugin: plugin.map(|plugin| plugin.name.clone()),
        optional_envelope: fields.get("optional-envelope").map(|node| envelope_fields(file, node)).unwrap_or_default(),
    };
    fields.close();
    (!event_type.name.is_empty()).then_some(event_type)
}

fn event_name(file: &SourceFile, node: &Node, plugin: Option<&Plugin>) -> Option<String> {
    let name = read::string(file, node, "the event's name")?;
    if name.len() > NAME_BYTES_MAX || name.chars().any(|char| char.is_control() || char.is_whitespace() || char == '*')
    {
        Problem::error("event-type.name", format!("`{}` cannot be the name of an event", name.escape_debug()))
            .hint(format!("at most {NAME_BYTES_MAX} bytes, without spaces, control characters and `*`"))
            .at(file, node.place);
        return None;
    }
    if let Some(plugin) = plugin
        && !name.strip_prefix(plugin.name.as_str()).is_some_and(|rest| rest.len() > 1 && rest.starts_with('.'))
    {
        Problem::error("event-type.plugin-prefix", format!("`{name}` does not begin with the plugin's name"))
            .hint(format!("call it `{}.{name}`", plugin.name))
            .at(file, node.place);
    }
    Some(name)
}

fn consent(file: &SourceFile, node: &Node) -> Option<Consent> {
    let mut fields = Fields::open(file, node, "`consent`")?;
    let purpose = fields.require("purpose").and_then(|node| read::string(file, node, "the purpose"));
    let without = fields.require("without").and_then(|node| read::choice(file, node, "`without`", &WITHOUT_CONSENT));
    fields.close();
    Some(Consent { purpose: purpose?, without: without? })
}

/// What is marked as personal, and what as looked at and not personal.
fn pii(file: &SourceFile, node: &Node) -> (BTreeMap<String, Pii>, BTreeSet<String>) {
    const PII: [(&str, Option<Pii>); 5] = [
        ("identifier", Some(Pii::Identifier)),
        ("personal", Some(Pii::Personal)),
        ("free-text", Some(Pii::FreeText)),
        ("person", Some(Pii::Person)),
        ("none", None),
    ];
    let (mut personal, mut not_personal) = (BTreeMap::new(), BTreeSet::new());
    for (key, node) in read::mapping(file, node, "`pii`").unwrap_or_default() {
        match read::choice(file, node, "the kind of `pii`", &PII) {
            Some(Some(pii)) => {
                personal.insert(key.text.clone(), pii);
            }
            Some(None) => {
                not_personal.insert(key.text.clone());
            }
            None => {}
        }
    }
    (personal, not_personal)
}

fn deprecated(file: &SourceFile, node: &Node) -> Option<Deprecated> {
    let mut fields = Fields::open(file, node, "`deprecated`")?;
    let since = fields.get("since").and_then(|node| read::version(file, node, "`since`"));
    let use_instead = fields.get("use").and_then(|node| read::string(file, node, "`use`"));
    fields.close();
    Some(Deprecated { since, use_instead })
}

fn envelope_fields(file: &SourceFile, node: &Node) -> Vec<Field> {
    let mut found = Vec::new();
    for item in read::sequence(file, node, "`optional-envelope`").unwrap_or_default() {
        let Some(name) = read::string(file, item, "an envelope field") else { continue };
        match Field::from_str(&name) {
            Ok(field) => found.push(field),
            Err(_) => {
                Problem::error("event-type.optional-envelope", format!("the envelope has no field `{name}`"))
                    .maybe_hint(suggestion(&name, Field::ALL.map(Field::as_str)))
                    .at(file, item.place);
            }
        }
    }
    found
}
