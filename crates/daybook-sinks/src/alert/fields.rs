//! Values of events in alerts: where they stand, and texts with places for them. Only what is not personal is ever
//! there: alerts are made of events whose names are sealed.

use std::borrow::Cow;

use daybook_event::Event;
use serde_json::Value;

/// Longest value that goes into a label or a text, in characters.
const VALUE_CHARS_MAX: usize = 200;
/// What stands for a value that is not there.
pub(super) const MISSING: &str = "-";

/// Where a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// In the envelope: `event.name`, `event.group`, …
    Envelope(&'static str),
    /// In the alert: `alert.count`, `alert.value`.
    Alert(&'static str),
    /// In the data: a dotted path.
    Data(Vec<String>),
}

/// The fields of the envelope that alerts may show.
const ENVELOPE: [&str; 8] = [
    "event.name",
    "event.group",
    "event.category",
    "event.priority",
    "event.source",
    "event.platform",
    "event.environment",
    "event.version",
];
/// What an alert says of itself.
const OWN: [&str; 2] = ["alert.count", "alert.value"];

impl Place {
    /// Reads a place as options have it.
    pub(super) fn parse(text: &str) -> Self {
        if let Some(name) = ENVELOPE.into_iter().find(|name| *name == text) {
            return Self::Envelope(name);
        }
        if let Some(name) = OWN.into_iter().find(|name| *name == text) {
            return Self::Alert(name);
        }
        Self::Data(text.split('.').map(str::to_owned).collect())
    }

    /// What a label with its value is called.
    pub(super) fn label(&self) -> String {
        match self {
            Self::Envelope(name) | Self::Alert(name) => name.replace("event.", "").replace('.', "_"),
            Self::Data(path) => {
                let name = path.join("_");
                let fit = |char: char| if char.is_ascii_alphanumeric() { char } else { '_' };
                let name: String = name.chars().map(fit).collect();
                if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
            }
        }
    }
}

/// What alerts read of one event; its data is read once.
pub(super) struct Values<'e> {
    event: &'e Event<'e>,
    data: Value,
}

impl<'e> Values<'e> {
    pub(super) fn of(event: &'e Event<'_>) -> Self {
        Self { event, data: serde_json::from_str(&event.data).unwrap_or_default() }
    }

    /// The value at a place, as text.
    pub(super) fn text(&self, place: &Place) -> Option<Cow<'_, str>> {
        let text: Cow<'_, str> = match place {
            Place::Envelope(name) => match *name {
                "event.name" => self.event.name.as_ref().into(),
                "event.group" => self.event.group.as_deref()?.into(),
                "event.category" => self.event.category.as_ref().into(),
                "event.priority" => self.event.priority.as_str().into(),
                "event.source" => self.event.source.as_deref()?.into(),
                "event.platform" => self.event.platform.as_deref()?.into(),
                "event.environment" => self.event.environment.as_deref()?.into(),
                _ => self.event.version.as_ref().into(),
            },
            Place::Alert(_) => return None,
            Place::Data(path) => match self.at(path)? {
                Value::String(text) => text.as_str().into(),
                Value::Null | Value::Array(_) | Value::Object(_) => return None,
                scalar => scalar.to_string().into(),
            },
        };
        let text = match text.char_indices().nth(VALUE_CHARS_MAX) {
            Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
            None => text,
        };
        // A value stays in its place: on one line, and apart from the next one's.
        let is_plain = !text.contains(char::is_control);
        Some(if is_plain { text } else { text.replace(char::is_control, " ").into() })
    }

    /// The number at a place: also one that is written as text, as decimals are.
    pub(super) fn number(&self, place: &Place) -> Option<f64> {
        let Place::Data(path) = place else { return None };
        let number = match self.at(path)? {
            Value::String(text) => text.parse().ok(),
            value => value.as_f64(),
        };
        number.filter(|number: &f64| number.is_finite())
    }

    fn at(&self, path: &[String]) -> Option<&Value> {
        path.iter().try_fold(&self.data, |value, step| value.get(step))
    }
}

/// A text with places in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(Place),
}

impl Template {
    /// Reads a text with `{field}`s. A brace that encloses nothing is one.
    pub(super) fn parse(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find('{') {
            let (before, from) = rest.split_at(start);
            let inner = from.get(1..).unwrap_or_default();
            let Some(end) = inner.find(['{', '}']).filter(|end| *end > 0 && inner[*end..].starts_with('}')) else {
                pieces.push(Piece::Text(format!("{before}{{")));
                rest = inner;
                continue;
            };
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::Place(Place::parse(inner.get(..end).unwrap_or_default())));
            rest = inner.get(end + 1..).unwrap_or_default();
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Self(pieces)
    }

    /// The places in it.
    pub(super) fn places(self) -> impl Iterator<Item = Place> {
        self.0.into_iter().filter_map(|piece| match piece {
            Piece::Place(place) => Some(place),
            Piece::Text(_) => None,
        })
    }

    /// The text with values in it. Those of the alert itself stay open: they change while it lasts.
    pub(super) fn fill(&self, values: &Values<'_>) -> String {
        let fill = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Place(Place::Alert(name)) => format!("{{{name}}}"),
            Piece::Place(place) => values.text(place).map_or_else(|| MISSING.to_owned(), Cow::into_owned),
        };
        self.0.iter().map(fill).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_find_their_places() {
        let check = |text: &str, expected: &[&str]| {
            let places: Vec<Place> = Template::parse(text).places().collect();
            let expected: Vec<Place> = expected.iter().map(|place| Place::parse(place)).collect();
            assert_eq!(places, expected, "{text}");
        };
        check("", &[]);
        check("{service} of {event.name}: {alert.count}", &["service", "event.name", "alert.count"]);
        check("{} {{a}} {b", &["a"]);
        check("}{a.b}{", &["a.b"]);
        assert_eq!(Place::parse("event.identity"), Place::Data(vec!["event".into(), "identity".into()]));
    }

    #[test]
    fn labels_are_named_after_fields() {
        let check = |field: &str, expected: &str| assert_eq!(Place::parse(field).label(), expected, "{field}");
        check("event.group", "group");
        check("zone.type", "zone_type");
        check("zone-type", "zone_type");
        check("3d", "_3d");
    }
}
