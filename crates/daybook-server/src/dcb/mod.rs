//! Queries and conditions over types and tags, to the specification of dcb.events: what they may say, and the terms by
//! which the log finds what they are about.

mod ask;
mod terms;

use std::collections::BTreeMap;

use daybook_admission::TagProblem;
use daybook_event::{Position, term};
use daybook_log::{Condition, TermItem, TermQuery};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use ask::{Asked, ask};
pub use terms::AppTerms;

use crate::collector::App;
use crate::limits::{DCB_ITEMS_MAX, DCB_TAGS_MAX, DCB_TYPES_MAX};

/// Which events are meant: those that one of the items describes. Without items, all of the app's indexed events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryBody {
    /// The items.
    #[serde(default)]
    pub items: Vec<QueryItemBody>,
}

/// Events of one of some types, with all of some tags. What is left out asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryItemBody {
    /// Names of event types that the catalog marks `indexed`; all of those where there are none here.
    #[serde(default)]
    pub types: Vec<String>,
    /// Tags that an event has, all of them.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// On what condition events are appended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConditionBody {
    /// No event like these,
    pub fail_if_events_match: QueryBody,
    /// behind this position: what was read, and decided on, went up to here. The whole history where left out.
    #[serde(default)]
    pub after: Option<Position>,
}

/// A query that cannot be asked: what it is about would not all be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// There are more items than one query may have.
    #[error("{count} items in one query; {DCB_ITEMS_MAX} is the most")]
    Items {
        /// How many there are.
        count: usize,
    },
    /// An item names more types than one may.
    #[error("{count} types in one item; {DCB_TYPES_MAX} is the most")]
    Types {
        /// Where they are.
        path: String,
        /// How many there are.
        count: usize,
    },
    /// An item names more tags than one may.
    #[error("{count} tags in one item; {DCB_TAGS_MAX} is the most")]
    Tags {
        /// Where they are.
        path: String,
        /// How many there are.
        count: usize,
    },
    /// The catalog does not know the type.
    #[error("the catalog of this app does not know the event type {name:?}")]
    UnknownType {
        /// Where it stands.
        path: String,
        /// The type.
        name: String,
        /// The type that was meant, perhaps.
        hint: Option<String>,
    },
    /// The catalog does not mark the type `indexed`.
    #[error("the event type {name:?} is not indexed, so its events cannot be found by type and tags")]
    NotIndexed {
        /// Where it stands.
        path: String,
        /// The type.
        name: String,
    },
    /// The catalog marks no type of the app `indexed`.
    #[error("no event type of this app is indexed")]
    NothingIndexed,
    /// Not all events that had the tag are found by it.
    #[error("events cannot be found by the tag {key:?}: {problem}")]
    Tag {
        /// Where it stands.
        path: String,
        /// Its key. Its value is nobody's business.
        key: String,
        /// Why.
        problem: TagProblem,
    },
}

impl QueryError {
    /// A stable code, as in problem documents.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Items { .. } => "dcb.too-many-items",
            Self::Types { .. } => "dcb.too-many-types",
            Self::Tags { .. } => "dcb.too-many-tags",
            Self::UnknownType { .. } => "dcb.type-unknown",
            Self::NotIndexed { .. } | Self::NothingIndexed => "dcb.type-not-indexed",
            Self::Tag { problem: TagProblem::Personal, .. } => "dcb.tag-personal",
            Self::Tag { problem: TagProblem::Redacted, .. } => "dcb.tag-redacted",
            Self::Tag { problem: TagProblem::TooLong, .. } => "dcb.tag-too-long",
        }
    }

    /// The JSON Pointer, within the query, of what is wrong.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Items { .. } => "/items",
            Self::NothingIndexed => "",
            Self::Types { path, .. }
            | Self::Tags { path, .. }
            | Self::UnknownType { path, .. }
            | Self::NotIndexed { path, .. }
            | Self::Tag { path, .. } => path,
        }
    }
}

impl ConditionBody {
    /// The condition as the log takes it.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn compile(&self, app: &App) -> Result<Condition, QueryError> {
        let fail_if_match = self.fail_if_events_match.compile(app)?;
        Ok(Condition { fail_if_match, after: self.after.unwrap_or(0) })
    }
}

impl QueryBody {
    /// The query as the log takes it. It finds every event that it describes, or is refused: whoever decides by it takes
    /// silence for absence.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn compile(&self, app: &App) -> Result<TermQuery, QueryError> {
        if self.items.len() > DCB_ITEMS_MAX {
            return Err(QueryError::Items { count: self.items.len() });
        }
        let all_types = app.admission.indexed_types();
        if all_types.is_empty() {
            return Err(QueryError::NothingIndexed);
        }
        let all = || TermItem { any: type_terms(app, all_types.iter().copied()), all: Vec::new() };
        let mut items = Vec::with_capacity(self.items.len());
        for (index, item) in self.items.iter().enumerate() {
            items.push(item.compile(app, &all_types, index)?);
        }
        // An item without types and tags describes every indexed event, and makes the others idle.
        if items.is_empty() || items.iter().any(|item| item.any.is_empty() && item.all.is_empty()) {
            return Ok(TermQuery { items: vec![all()] });
        }
        Ok(TermQuery { items })
    }
}

impl QueryItemBody {
    fn compile(&self, app: &App, all_types: &[&str], index: usize) -> Result<TermItem, QueryError> {
        if self.types.len() > DCB_TYPES_MAX {
            return Err(QueryError::Types { path: format!("/items/{index}/types"), count: self.types.len() });
        }
        if self.tags.len() > DCB_TAGS_MAX {
            return Err(QueryError::Tags { path: format!("/items/{index}/tags"), count: self.tags.len() });
        }
        for (at, name) in self.types.iter().enumerate() {
            let path = || format!("/items/{index}/types/{at}");
            match app.admission.is_type_indexed(name) {
                Some(true) => {}
                Some(false) => return Err(QueryError::NotIndexed { path: path(), name: name.clone() }),
                None => {
                    let hint = crate::config::nearest(name, all_types.iter().copied()).map(str::to_owned);
                    return Err(QueryError::UnknownType { path: path(), name: name.clone(), hint });
                }
            }
        }
        let own_types: Vec<&str> = self.types.iter().map(String::as_str).collect();
        let types = if own_types.is_empty() { all_types } else { &own_types };
        let mut all = Vec::with_capacity(self.tags.len());
        for (key, value) in &self.tags {
            app.admission.check_tag(types, key, value).map_err(|problem| {
                let mut path = format!("/items/{index}/tags");
                daybook_event::finding::push_pointer(&mut path, key);
                QueryError::Tag { path, key: key.clone(), problem }
            })?;
            all.push(term::of_tag(&app.slug, key, value));
        }
        Ok(TermItem { any: type_terms(app, own_types.into_iter()), all })
    }
}

fn type_terms<'n>(app: &App, names: impl Iterator<Item = &'n str>) -> Vec<daybook_log::Term> {
    let mut terms: Vec<_> = names.map(|name| term::of_type(&app.slug, name)).collect();
    terms.sort_unstable();
    terms.dedup();
    terms
}
