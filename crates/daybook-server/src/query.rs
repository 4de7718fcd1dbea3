//! Query parameters: read strictly, so that a misspelt filter is an error and not an unfiltered answer.

use std::borrow::Cow;

use daybook_event::Timestamp;
use daybook_event::limits::NAME_BYTES_MAX;

use crate::as_of::{AsOf, Cursor};
use crate::config::nearest;
use crate::limits;
use crate::problem::Problem;

/// The query parameters of one request.
pub struct Query<'q> {
    pairs: Vec<(Cow<'q, str>, Cow<'q, str>)>,
}

impl<'q> Query<'q> {
    /// Reads the query of a URL, which may have these parameters.
    ///
    /// # Errors
    /// 400 for a parameter that is not known.
    pub fn parse(query: Option<&'q str>, known: &[&'static str]) -> Result<Self, Problem> {
        let pairs: Vec<_> = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).collect();
        for (name, _) in &pairs {
            if !known.contains(&&**name) {
                let detail = if known.is_empty() {
                    "This address takes no parameters.".to_owned()
                } else {
                    format!("This address takes the parameters {}.", known.join(", "))
                };
                let problem = Problem::bad_request("query.unknown", detail);
                return Err(match nearest(name, known.iter().copied()) {
                    Some(name) => problem.hint(format!("Did you mean `{name}`?")),
                    None => problem,
                });
            }
        }
        Ok(Self { pairs })
    }

    /// The last value of a parameter.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// All values of a parameter.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs.iter().filter(move |(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// A whole number.
    ///
    /// # Errors
    /// 400 where it is none.
    pub fn number(&self, name: &'static str) -> Result<Option<u64>, Problem> {
        self.parsed(name, "a whole number", |text| text.parse().ok())
    }

    /// `true` or `false`; a parameter without a value is true.
    ///
    /// # Errors
    /// 400 where it is neither.
    pub fn flag(&self, name: &'static str) -> Result<bool, Problem> {
        let flag = self.parsed(name, "true or false", |text| match text {
            "" | "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        })?;
        Ok(flag.unwrap_or(false))
    }

    /// A point in time.
    ///
    /// # Errors
    /// 400 where it is none.
    pub fn time(&self, name: &'static str) -> Result<Option<Timestamp>, Problem> {
        self.parsed(name, "an RFC 3339 date and time such as 2026-01-14T15:00:00Z", |text| {
            // A `+` that was not escaped has become a space on the way.
            Timestamp::parse(text).or_else(|_| Timestamp::parse(&text.replace(' ', "+"))).ok()
        })
    }

    /// A moment: a position in the log, or a time.
    ///
    /// # Errors
    /// 400 where it is neither.
    pub fn moment(&self, name: &'static str) -> Result<Option<AsOf>, Problem> {
        self.parsed(name, "a position, or an RFC 3339 date and time such as 2026-01-14T15:00:00Z", |text| {
            text.parse().ok()
        })
    }

    /// What an earlier page gave as `next`.
    ///
    /// # Errors
    /// 400 where it is nothing of the kind.
    pub fn cursor(&self, name: &'static str) -> Result<Option<Cursor>, Problem> {
        self.parsed(name, "what the page before gave as next", |text| text.parse().ok())
    }

    /// How many entries a page may have.
    ///
    /// # Errors
    /// 400 where it is none or more than `most`.
    pub fn limit(&self, default: usize, most: usize) -> Result<usize, Problem> {
        match self.number("limit")? {
            None => Ok(default),
            Some(limit) => usize::try_from(limit).ok().filter(|limit| (1..=most).contains(limit)).ok_or_else(|| {
                Problem::bad_request("query.limit", format!("limit is a whole number from 1 to {most}."))
            }),
        }
    }

    /// Names of event types: exact ones, or all that begin alike (`world.*`). Several are given one after the other or
    /// separated by commas.
    ///
    /// # Errors
    /// 400 for one that cannot be a name.
    pub fn names(&self) -> Result<NameFilter, Problem> {
        self.patterns("name")
    }

    /// The same, of a parameter of another name.
    ///
    /// # Errors
    /// 400 for one that cannot be a name.
    pub fn patterns(&self, parameter: &'static str) -> Result<NameFilter, Problem> {
        let mut filter = NameFilter::default();
        let values = self.pairs.iter().filter(|(name, _)| name == parameter);
        for name in values.flat_map(|(_, value)| value.split(',')).map(str::trim) {
            let stem = name.strip_suffix('*').unwrap_or(name);
            let fits = !name.is_empty()
                && name.len() <= NAME_BYTES_MAX
                && !stem.contains('*')
                && filter.patterns.len() < limits::FILTER_NAMES_MAX;
            if !fits {
                return Err(Problem::bad_request(
                    "query.name",
                    format!("{parameter} is the name of an event type, or its beginning and `*`; at most 64 of them."),
                ));
            }
            filter.patterns.push(name.to_owned());
        }
        Ok(filter)
    }

    fn parsed<T>(
        &self,
        name: &'static str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        self.text(name)
            .map(|text| {
                parse(text).ok_or_else(|| Problem::bad_request("query.value", format!("{name} is {expected}.")))
            })
            .transpose()
    }
}

/// Which event types are wanted; all, where none is named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameFilter {
    patterns: Vec<String>,
}

impl NameFilter {
    /// Whether events of this type are wanted.
    pub fn matches(&self, name: &str) -> bool {
        self.patterns.is_empty()
            || self.patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
                Some(stem) => name.starts_with(stem),
                None => name == pattern,
            })
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_read_or_refused() {
        let query = Query::parse(
            Some("name=a.b,world.*&name=c&limit=5&atomic&since=2026-01-14T15:00:00+01:00"),
            &["name", "limit", "atomic", "since"],
        )
        .unwrap();
        let names = query.names().unwrap();
        for (name, expected) in
            [("a.b", true), ("a.bc", false), ("world.zone.entered", true), ("c", true), ("d", false)]
        {
            assert_eq!(names.matches(name), expected, "{name}");
        }
        assert_eq!(query.limit(1, 10).unwrap(), 5);
        assert!(query.limit(1, 4).is_err());
        assert!(query.flag("atomic").unwrap());
        assert_eq!(
            query.time("since").unwrap().map(|time| time.to_string()).as_deref(),
            Some("2026-01-14T14:00:00.000Z")
        );
        assert!(NameFilter::default().matches("anything"));
        for query in ["name=", "name=a*b", "name=**", "limit=0", "limit=x", "limit=-1"] {
            let query = Query::parse(Some(query), &["name", "limit"]).unwrap();
            assert!(query.names().is_err() || query.limit(1, 10).is_err());
        }
        assert!(Query::parse(Some("nmae=a"), &["name", "limit"]).is_err());
    }
}
