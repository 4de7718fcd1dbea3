//! `catalog.yaml`: the app, its policies and its vocabularies.

use std::time::Duration;

use daybook_event::{Sampling, Signals};
use semver::Version;
use serde_json::{Map, Value};

use crate::audit::Audit;
use crate::collections::Collections;
use crate::limits::{SAMPLING_WINDOW_SECONDS_MAX, SLUG_BYTES_MAX};
use crate::protobuf::Numbering;
use crate::read::{self, Fields};
use crate::source::{Problem, SourceFile};
use crate::yaml::{Node, Yaml};
use crate::{
    AppCatalog, Category, CategoryPii, ConsentPurpose, Dialect, Naming, Sanitise, Signatures, UnknownFields,
    UnknownTypes, WithoutConsent,
};

/// How far a clock may run ahead unless the catalog says otherwise.
const MAX_CLOCK_SKEW_DEFAULT: Duration = Duration::from_secs(300);

/// Words an app cannot be named by, because they stand in its place in paths of the API or in the data directory.
const RESERVED_SLUGS: [&str; 27] = [
    "admin",
    "api",
    "apps",
    "assets",
    "blobs",
    "catalog",
    "catalogs",
    "console",
    "consumers",
    "events",
    "health",
    "healthz",
    "inputs",
    "keys",
    "lake",
    "livez",
    "log",
    "metrics",
    "openapi",
    "privacy",
    "proof",
    "readyz",
    "retention",
    "static",
    "status",
    "system",
    "v1",
];

/// Reads `catalog.yaml`. What cannot be read has its default, so that the rest can still be looked at; `None` when there
/// is nothing to go by. Only Daybook's own catalog `may_be_daybook`.
pub(crate) fn read(file: &SourceFile, may_be_daybook: bool) -> Option<AppCatalog> {
    let root = file.root.as_ref()?;
    let mut fields = Fields::open(file, root, "a catalog")?;
    let catalog = AppCatalog {
        app: fields.require("app").and_then(|node| slug(file, node, may_be_daybook)).unwrap_or_default(),
        version: fields
            .require("version")
            .and_then(|node| read::version(file, node, "the catalog's version"))
            .unwrap_or(Version::new(0, 0, 0)),
        title: fields.require("title").and_then(|node| read::string(file, node, "the title")).unwrap_or_default(),
        description: fields.get("description").and_then(|node| read::string(file, node, "the description")),
        naming: fields.get("naming").and_then(|node| naming(file, node)),
        dialect: fields
            .get("dialect")
            .and_then(|node| crate::read_dialect::read(file, node))
            .unwrap_or_else(Dialect::canonical),
        unknown_fields: fields
            .get("unknown-fields")
            .and_then(|node| read::choice(file, node, "`unknown-fields`", &UNKNOWN_FIELDS))
            .unwrap_or_default(),
        unknown_types: fields.get("unknown-types").and_then(|node| unknown_types(file, node)).unwrap_or_default(),
        signatures: fields
            .get("signatures")
            .and_then(|node| read::choice(file, node, "`signatures`", &SIGNATURES))
            .unwrap_or_default(),
        warn_older_than: fields.get("warn-older-than").and_then(|node| read::duration(file, node, "`warn-older-than`")),
        max_clock_skew: fields
            .get("max-clock-skew")
            .and_then(|node| read::duration(file, node, "`max-clock-skew`"))
            .unwrap_or(MAX_CLOCK_SKEW_DEFAULT),
        categories: fields.get("categories").map(|node| categories(file, node)).unwrap_or_else(default_categories),
        sources: fields.get("sources").and_then(|node| read::strings(file, node, "`sources`")).unwrap_or_default(),
        consent: fields.get("consent").map(|node| consent(file, node)).unwrap_or_default(),
        active: fields.get("active").and_then(|node| read::strings(file, node, "`active`")),
        sanitise: fields.get("sanitise").and_then(|node| sanitise(file, node)).unwrap_or_default(),
        types: fields.get("types").map(|node| types(file, node)).unwrap_or_default(),
        events: Vec::new(),
        consumers: Vec::new(),
        aggregates: Vec::new(),
        audit: Audit::default(),
        collections: Collections::default(),
        webhooks: Vec::new(),
        protobuf: Numbering::default(),
    };
    fields.close();
    Some(catalog)
}

const UNKNOWN_FIELDS: [(&str, UnknownFields); 3] =
    [("allow", UnknownFields::Allow), ("warn", UnknownFields::Warn), ("quarantine", UnknownFields::Quarantine)];

/// What is asked of signatures, as it is written.
pub(crate) const SIGNATURES: [(&str, Signatures); 2] =
    [("verified", Signatures::Verified), ("required", Signatures::Required)];

/// What is done without consent, as it is written.
pub(crate) const WITHOUT_CONSENT: [(&str, WithoutConsent); 2] =
    [("anonymise", WithoutConsent::Anonymise), ("drop", WithoutConsent::Drop)];

fn slug(file: &SourceFile, node: &Node, may_be_daybook: bool) -> Option<String> {
    let slug = read::string(file, node, "`app`")?;
    let well_formed = slug.len() <= SLUG_BYTES_MAX
        && slug.starts_with(|first: char| first.is_ascii_lowercase())
        && !slug.ends_with('-')
        && slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !well_formed {
        Problem::error("catalog.slug", format!("`{}` cannot be the name of an app", slug.escape_debug()))
            .hint(format!(
                "lower-case letters, digits and hyphens, beginning with a letter, at most {SLUG_BYTES_MAX} characters"
            ))
            .at(file, node.place);
        return None;
    }
    let reserved = RESERVED_SLUGS.contains(&slug.as_str()) || (slug == "daybook" && !may_be_daybook);
    if reserved {
        Problem::error("catalog.reserved", format!("`{slug}` is reserved"))
            .hint("choose another name")
            .at(file, node.place);
        return None;
    }
    Some(slug)
}

fn naming(file: &SourceFile, node: &Node) -> Option<Naming> {
    let mut fields = Fields::open(file, node, "`naming`")?;
    let pattern = fields.require("pattern").and_then(|node| read::regex(file, node, "the naming pattern"));
    let examples_node = fields.get("examples");
    fields.close();
    let examples = examples_node.and_then(|node| read::strings(file, node, "the naming examples")).unwrap_or_default();
    let pattern = pattern?;
    for example in examples_node.map(Node::items).unwrap_or_default() {
        if let Yaml::String(text) = &example.value
            && !pattern.is_match(text)
        {
            Problem::error("catalog.naming-example", format!("`{text}` does not follow the naming pattern"))
                .at(file, example.place);
        }
    }
    Some(Naming { pattern, examples })
}

fn unknown_types(file: &SourceFile, node: &Node) -> Option<UnknownTypes> {
    if let Yaml::String(word) = &node.value {
        return match word.as_str() {
            "quarantine" => Some(UnknownTypes::Quarantine),
            "keep" => {
                Problem::error("catalog.value", "`unknown-types: keep` does not say what to keep, and as what")
                    .hint("write {keep: \"a pattern, or *\", category: a-category}")
                    .at(file, node.place);
                None
            }
            _ => {
                read::unknown_word(file, node.place, "`unknown-types`", word, &["quarantine", "keep"]);
                None
            }
        };
    }
    let mut fields = Fields::open(file, node, "`unknown-types`")?;
    let keep = fields.require("keep");
    let category = fields.get("category").and_then(|node| read::string(file, node, "the category"));
    fields.close();
    let pattern = match &keep?.value {
        Yaml::String(text) if text == "*" => None,
        _ => Some(read::regex(file, keep?, "`keep`")?),
    };
    Some(UnknownTypes::Keep { pattern, category: category.unwrap_or_else(|| Category::DEFAULT_NAME.to_owned()) })
}

fn default_categories() -> Vec<Category> {
    vec![Category {
        name: Category::DEFAULT_NAME.to_owned(),
        description: None,
        retain: None,
        aggregate_retain: None,
        pii: CategoryPii::default(),
        sampling: None,
    }]
}

fn categories(file: &SourceFile, node: &Node) -> Vec<Category> {
    const PII: [(&str, CategoryPii); 3] =
        [("none", CategoryPii::None), ("logged", CategoryPii::Logged), ("anonymise", CategoryPii::Anonymise)];
    let Some(entries) = read::mapping(file, node, "`categories`") else { return default_categories() };
    if entries.is_empty() {
        Problem::error("catalog.value", "`categories` names none").hint("leave it out").at(file, node.place);
        return default_categories();
    }
    let mut categories = Vec::with_capacity(entries.len());
    for (key, node) in entries {
        let mut category = default_categories().remove(0);
        category.name.clone_from(&key.text);
        if let Some(mut fields) = Fields::open(file, node, "a category") {
            category.description =
                fields.get("description").and_then(|node| read::string(file, node, "the description"));
            category.retain = fields.get("retain").and_then(|node| read::duration(file, node, "`retain`"));
            category.aggregate_retain =
                fields.get("aggregate-retain").and_then(|node| read::duration(file, node, "`aggregate-retain`"));
            category.pii =
                fields.get("pii").and_then(|node| read::choice(file, node, "`pii`", &PII)).unwrap_or_default();
            category.sampling = fields.get("sampling").and_then(|node| sampling(file, node));
            fields.close();
        }
        categories.push(category);
    }
    categories
}

/// A sampling policy, of a category or an event type.
pub(crate) fn sampling(file: &SourceFile, node: &Node) -> Option<Sampling> {
    let mut fields = Fields::open(file, node, "`sampling`")?;
    let rate = fields.require("rate").and_then(|node| read::rate(file, node, "the sampling rate"));
    let minimum = fields.get("min-per-window").map(|node| read::integer(file, node, "`min-per-window`", 0..=u32::MAX));
    let window_node = fields.get("window");
    let window = window_node.map(|node| read::duration(file, node, "`window`"));
    fields.close();
    let window = window.map_or(Some(Duration::from_secs(Sampling::ALL.window_seconds)), |window| window)?;
    let window_seconds = window.as_secs();
    if let Some(node) = window_node
        && (!(1..=SAMPLING_WINDOW_SECONDS_MAX).contains(&window_seconds) || window.subsec_nanos() > 0)
    {
        Problem::error("catalog.window", "a sampling window is from 1s to 1d long, in whole seconds")
            .at(file, node.place);
        return None;
    }
    let min_per_window = minimum.unwrap_or(Some(Sampling::ALL.min_per_window))?;
    let sampling = Sampling { rate: rate?, min_per_window, window_seconds };
    if sampling.rate == 0.0 && sampling.min_per_window == 0 {
        Problem::warning("catalog.sampling-nothing", "nothing is kept: the rate and the minimum are both 0")
            .at(file, node.place);
    }
    Some(sampling)
}

fn consent(file: &SourceFile, node: &Node) -> Vec<ConsentPurpose> {
    let mut purposes = Vec::new();
    for (key, node) in read::mapping(file, node, "`consent`").unwrap_or_default() {
        let Some(mut fields) = Fields::open(file, node, "a consent purpose") else { continue };
        purposes.push(ConsentPurpose {
            purpose: key.text.clone(),
            description: fields.get("description").and_then(|node| read::string(file, node, "the description")),
            default: fields
                .require("default")
                .and_then(|node| read::boolean(file, node, "`default`"))
                .unwrap_or_default(),
            without: fields
                .require("without")
                .and_then(|node| read::choice(file, node, "`without`", &WITHOUT_CONSENT))
                .unwrap_or(WithoutConsent::Drop),
            signals: fields.get("signals").map(|node| signals(file, node)).unwrap_or_default(),
        });
        fields.close();
    }
    purposes
}

fn signals(file: &SourceFile, node: &Node) -> Signals {
    const SIGNALS: [(&str, Signals); 2] =
        [("gpc", Signals { gpc: true, dnt: false }), ("dnt", Signals { gpc: false, dnt: true })];
    let mut signals = Signals::default();
    for item in read::sequence(file, node, "`signals`").unwrap_or_default() {
        let Some(one) = read::choice(file, item, "an item of `signals`", &SIGNALS) else { continue };
        if (one.gpc && signals.gpc) || (one.dnt && signals.dnt) {
            Problem::warning("catalog.repeated", "`signals` names one twice").at(file, item.place);
        }
        signals = Signals { gpc: signals.gpc || one.gpc, dnt: signals.dnt || one.dnt };
    }
    signals
}

fn sanitise(file: &SourceFile, node: &Node) -> Option<Sanitise> {
    let mut fields = Fields::open(file, node, "`sanitise`")?;
    let mut flag = |key| fields.get(key).and_then(|node| read::boolean(file, node, key)).unwrap_or_default();
    let sanitise = Sanitise { emails: flag("emails"), card_numbers: flag("card-numbers") };
    fields.close();
    Some(sanitise)
}

fn types(file: &SourceFile, node: &Node) -> Map<String, Value> {
    read::mapping(file, node, "`types`")
        .unwrap_or_default()
        .iter()
        .map(|(key, node)| (key.text.clone(), node.to_json()))
        .collect()
}
