//! Reads `webhooks.yaml` and judges it by the app's catalog.

use serde_json::Value;

use super::{Condition, Conversion, Encoding, Expression, Otherwise, Path, Root, Rule, Scheme, Source};
use crate::limits::{WEBHOOK_NESTING_MAX, WEBHOOK_RULES_MAX, WEBHOOK_SOURCES_MAX};
use crate::read::{self, Fields};
use crate::source::{Problem, SourceFile, suggestion};
use crate::yaml::{Key, Node, Yaml};
use crate::{AppCatalog, EventType, Field};

/// Fields of the envelope that a rule may set, as it writes them.
const ENVELOPE: [(&str, Field); 12] = [
    ("time", Field::Time),
    ("identity", Field::Identity),
    ("anonymous_id", Field::AnonymousId),
    ("session", Field::Session),
    ("group", Field::Group),
    ("source", Field::Source),
    ("platform", Field::Platform),
    ("correlation", Field::Correlation),
    ("causation", Field::Causation),
    ("request", Field::Request),
    ("actor.type", Field::ActorType),
    ("actor.id", Field::ActorId),
];
/// What an expression that is a mapping may say.
const VERBS: [&str; 8] = ["header", "value", "first", "integer", "text", "date", "time", "words"];

/// The sources of a file, as far as they can be read; what is wrong with them is noted.
pub(crate) fn read(file: &SourceFile, catalog: &AppCatalog) -> Vec<Source> {
    let Some(root) = &file.root else { return Vec::new() };
    let Some(mut fields) = Fields::open(file, root, "the file") else { return Vec::new() };
    let sources = fields.require("sources").and_then(|node| read::mapping(file, node, "`sources`")).unwrap_or_default();
    fields.close();
    if sources.len() > WEBHOOK_SOURCES_MAX {
        let message = format!("an app has at most {WEBHOOK_SOURCES_MAX} sources of webhooks");
        Problem::error("catalog.limit", message).at(file, root.place);
    }
    let reader = Reader { file, catalog };
    sources.iter().take(WEBHOOK_SOURCES_MAX).filter_map(|(key, node)| reader.source(key, node)).collect()
}

struct Reader<'f> {
    file: &'f SourceFile,
    catalog: &'f AppCatalog,
}

impl Reader<'_> {
    fn source(&self, key: &Key, node: &Node) -> Option<Source> {
        let file = self.file;
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        if key.text.is_empty() || key.text.len() > 63 || !key.text.bytes().all(is_word) {
            Problem::error("webhooks.name", format!("`{}` cannot stand in an address", key.text.escape_debug()))
                .hint("lower-case letters, digits, hyphens and underscores, at most 63")
                .at(file, key.place);
        }
        let mut fields = Fields::open(file, node, "a source of webhooks")?;
        let description = fields.get("description").and_then(|node| read::string(file, node, "the description"));
        let scheme = fields.require("scheme").and_then(|node| self.scheme(node));
        let id = fields.get("id").and_then(|node| self.expression(node, 0, 0));
        let event_type = fields.get("event-type").and_then(|node| self.expression(node, 0, 0));
        let events = fields.require("events").and_then(|node| read::sequence(file, node, "`events`"));
        fields.close();
        let events = events.unwrap_or_default();
        if events.len() > WEBHOOK_RULES_MAX {
            let message = format!("a source has at most {WEBHOOK_RULES_MAX} rules");
            Problem::error("catalog.limit", message).at(file, node.place);
        }
        let rules = events.iter().take(WEBHOOK_RULES_MAX).filter_map(|node| self.rule(node)).collect();
        Some(Source { name: key.text.clone(), description, scheme: scheme?, id, event_type, rules })
    }

    fn scheme(&self, node: &Node) -> Option<Scheme> {
        let file = self.file;
        if let Yaml::String(word) = &node.value {
            return match word.as_str() {
                "github" => Some(Scheme::Github),
                "stripe" => Some(Scheme::Stripe),
                "whatsapp" => Some(Scheme::Whatsapp),
                "standard" => Some(Scheme::Standard),
                _ => {
                    let known = ["github", "stripe", "whatsapp", "standard", "{hmac: …}"];
                    read::unknown_word(file, node.place, "`scheme`", word, &known);
                    None
                }
            };
        }
        let mut fields = Fields::open(file, node, "`scheme`")?;
        let hmac = fields.require("hmac");
        fields.close();
        let mut fields = Fields::open(file, hmac?, "`hmac`")?;
        let header = fields.require("header").and_then(|node| self.header(node));
        let prefix = fields.get("prefix").and_then(|node| read::string(file, node, "the prefix")).unwrap_or_default();
        const ENCODINGS: [(&str, Encoding); 2] = [("hex", Encoding::Hex), ("base64", Encoding::Base64)];
        let encoding = fields.get("encoding").and_then(|node| read::choice(file, node, "`encoding`", &ENCODINGS));
        fields.close();
        Some(Scheme::Hmac { header: header?, prefix, encoding: encoding.unwrap_or_default() })
    }

    fn header(&self, node: &Node) -> Option<String> {
        let name = read::string(self.file, node, "the header's name")?;
        if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            return Some(name.to_ascii_lowercase());
        }
        Problem::error("catalog.value", format!("`{}` is no name of a header", name.escape_debug()))
            .at(self.file, node.place);
        None
    }

    fn rule(&self, node: &Node) -> Option<Rule> {
        let file = self.file;
        let mut fields = Fields::open(file, node, "a rule")?;
        let event_node = fields.require("event");
        let event = event_node.and_then(|node| read::string(file, node, "the event type"));
        let each = fields.get("each").map(|node| self.each(node)).unwrap_or_default();
        let depth = each.len();
        let when = fields.get("when").map(|node| self.conditions(node)).unwrap_or_default();
        let id = fields.get("id").and_then(|node| self.expression(node, depth, 0));
        let envelope = ENVELOPE
            .iter()
            .filter_map(|(name, field)| Some((*field, self.expression(fields.get(name)?, depth, 0)?)))
            .collect();
        let tags = fields.get("tags").map(|node| self.members(node, "`tags`", depth)).unwrap_or_default();
        let data_node = fields.get("data");
        let data = data_node.map(|node| self.members(node, "`data`", depth)).unwrap_or_default();
        fields.close();
        let rule = Rule { event: event?, when, each, id, envelope, tags, data };
        match self.catalog.event(&rule.event) {
            Some(event_type) => self.judge(&rule, event_type, node),
            None => {
                let known = self.catalog.current_events().map(|event_type| event_type.name.as_str());
                Problem::error("webhooks.unknown-type", format!("there is no event type `{}`", rule.event))
                    .maybe_hint(suggestion(&rule.event, known))
                    .at(file, event_node.map_or(node.place, |node| node.place));
            }
        }
        Some(rule)
    }

    /// What a rule makes must be able to be an event of its type.
    fn judge(&self, rule: &Rule, event_type: &EventType, node: &Node) {
        let schema = event_type.data.as_ref();
        let properties = schema.and_then(|schema| schema.get("properties")?.as_object());
        let known: Vec<&str> = properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let top = |field: &str| field.split('.').next().unwrap_or_default().to_owned();
        let written: Vec<&Key> = node.get("data").into_iter().flat_map(Node::entries).map(|(key, _)| key).collect();
        for key in &written {
            if !known.contains(&top(&key.text).as_str()) {
                Problem::error("webhooks.unknown-field", format!("`{}` has no field `{}`", rule.event, key.text))
                    .maybe_hint(suggestion(&top(&key.text), known.iter().copied()))
                    .at(self.file, key.place);
            }
        }
        let in_envelope = self.catalog.envelope_required(event_type);
        let required = schema.and_then(|schema| schema.get("required")?.as_array()).into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            let in_data = written.iter().any(|key| top(&key.text) == name);
            let elsewhere = in_envelope
                .iter()
                .any(|(property, field)| property == name && rule.envelope.iter().any(|(set, _)| set == field));
            if !in_data && !elsewhere {
                Problem::error(
                    "webhooks.required",
                    format!("`{}` needs `{name}`, which the rule does not set", rule.event),
                )
                .at(self.file, node.get("data").unwrap_or(node).place);
            }
        }
    }

    /// A path, or a list of paths, each within what the one before names.
    fn each(&self, node: &Node) -> Vec<Path> {
        let nodes = match &node.value {
            Yaml::Sequence(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        if nodes.len() > WEBHOOK_NESTING_MAX {
            Problem::error("catalog.limit", format!("`each` has at most {WEBHOOK_NESTING_MAX} paths"))
                .at(self.file, node.place);
        }
        let mut paths = Vec::new();
        for (depth, node) in nodes.iter().take(WEBHOOK_NESTING_MAX).enumerate() {
            let Some(text) = read::string(self.file, node, "`each`") else { continue };
            paths.extend(self.path(node, &text, depth));
        }
        paths
    }

    fn conditions(&self, node: &Node) -> Vec<Condition> {
        let mut conditions = Vec::new();
        for (key, node) in read::mapping(self.file, node, "`when`").unwrap_or_default() {
            let of = if key.text == "type" {
                Some(Expression::EventType)
            } else {
                // Said of the call as a whole: what holds of single items is said by the filters of `each`.
                let at_key = Node { place: key.place, value: Yaml::Invalid };
                self.path(&at_key, &key.text, 0).map(Expression::Path)
            };
            let is = match node.to_json() {
                Value::Array(values) => values,
                value => vec![value],
            };
            if is.iter().any(|value| value.is_object() || value.is_array()) {
                Problem::error("catalog.type", "a condition is a value or a list of values").at(self.file, node.place);
            }
            conditions.extend(of.map(|of| Condition { of, is }));
        }
        conditions
    }

    fn members(&self, node: &Node, what: &str, depth: usize) -> Vec<(String, Expression)> {
        let entries = read::mapping(self.file, node, what).unwrap_or_default();
        let members = entries.iter().map(|(key, node)| Some((key.text.clone(), self.expression(node, depth, 0)?)));
        members.flatten().collect()
    }

    /// An expression, in a rule whose `each` has `depth` paths.
    fn expression(&self, node: &Node, depth: usize, nesting: usize) -> Option<Expression> {
        let file = self.file;
        if nesting > WEBHOOK_NESTING_MAX {
            Problem::error("catalog.limit", "too many expressions within each other").at(file, node.place);
            return None;
        }
        match &node.value {
            Yaml::String(text) if Path::is_meant(text) => self.path(node, text, depth).map(Expression::Path),
            Yaml::Mapping(_) => self.verb(node, depth, nesting + 1),
            Yaml::Sequence(_) => {
                Problem::error("catalog.type", "a list stands for itself only as {value: […]}").at(file, node.place);
                None
            }
            Yaml::Invalid => None,
            _ => Some(Expression::Constant(node.to_json())),
        }
    }

    fn verb(&self, node: &Node, depth: usize, nesting: usize) -> Option<Expression> {
        let file = self.file;
        if node.get("table").is_some() {
            return self.table(node, depth, nesting);
        }
        let given: Vec<&str> = VERBS.into_iter().filter(|verb| node.get(verb).is_some()).collect();
        let [verb] = given.as_slice() else {
            let message =
                format!("an expression is a path, a value, or a mapping with one of {}, table", VERBS.join(", "));
            Problem::error("webhooks.expression", message).at(file, node.place);
            return None;
        };
        let mut fields = Fields::open(file, node, "an expression")?;
        let operand = fields.get(VERBS.into_iter().find(|known| known == verb)?)?;
        let of = (*verb == "words").then(|| fields.require("of"));
        fields.close();
        let inner = |node: &Node| self.expression(node, depth, nesting).map(Box::new);
        Some(match *verb {
            "header" => Expression::Header(self.header(operand)?),
            "value" => Expression::Constant(operand.to_json()),
            "first" => Expression::First(inner(operand)?),
            "integer" => Expression::Convert(Conversion::Integer, inner(operand)?),
            "text" => Expression::Convert(Conversion::Text, inner(operand)?),
            "date" => Expression::Convert(Conversion::Date, inner(operand)?),
            "time" => Expression::Convert(Conversion::Time, inner(operand)?),
            _ => {
                let words = read::mapping(file, operand, "`words`")?;
                let words = words.iter().map(|(key, node)| (key.text.clone(), node.to_json())).collect();
                Expression::Words { words, of: inner(of??)? }
            }
        })
    }

    fn table(&self, node: &Node, depth: usize, nesting: usize) -> Option<Expression> {
        let mut fields = Fields::open(self.file, node, "an expression")?;
        let table = fields.get("table").and_then(|node| read::string(self.file, node, "the table's name"));
        let of = fields.require("of").and_then(|node| self.expression(node, depth, nesting));
        let otherwise = fields.get("otherwise").and_then(|node| match &node.value {
            Yaml::String(word) if word == "skip" => Some(Otherwise::Skip),
            _ => self.expression(node, depth, nesting).map(|value| Otherwise::Value(Box::new(value))),
        });
        fields.close();
        Some(Expression::Table { table: table?, of: Box::new(of?), otherwise })
    }

    fn path(&self, node: &Node, text: &str, depth: usize) -> Option<Path> {
        let problem = match Path::parse(text) {
            Ok(Path { root: Root::Item(around), .. }) if around >= depth => {
                let hint =
                    if around == 0 { "`@` is an item of `each`" } else { "there are not so many paths in `each`" };
                Problem::error("webhooks.path", format!("there is nothing that `{text}` could begin with")).hint(hint)
            }
            Ok(path) => return Some(path),
            Err(error) => Problem::error("webhooks.path", format!("`{text}` is no JSONPath: {error}"))
                .hint("paths are written as RFC 9535 says, such as $.items[*].name"),
        };
        problem.at(self.file, node.place);
        None
    }
}
