//! The person a request is about.

use std::sync::Arc;

use daybook_catalog::{As, Field};
use daybook_event::PersonName;
use daybook_event::limits::IDENTIFIER_BYTES_MAX;
use http::request::Parts;

use crate::collector::{App, Collector};
use crate::keyring::Key;
use crate::keys::Scope;
use crate::problem::Problem;
use crate::query::Query;

/// A request about one person of an app, from a key that may see people.
pub struct Asked {
    /// The key.
    pub key: Arc<Key>,
    /// The app.
    pub app: Arc<App>,
    /// The person.
    pub name: PersonName<'static>,
}

impl Asked {
    /// Reads the address of a request: the app, the person, `kind`, and the parameters that `more` names.
    ///
    /// # Errors
    /// As [`Collector::enter`]; 400 where the name cannot be one.
    pub async fn read<'q>(
        collector: &Collector,
        parts: &'q Parts,
        slug: &str,
        person: String,
        more: &[&'static str],
    ) -> Result<(Self, Query<'q>), Problem> {
        let (key, app) = collector.enter(parts, slug, &[Scope::Privacy]).await?;
        let known: Vec<&'static str> = ["kind"].iter().chain(more).copied().collect();
        let query = Query::parse(parts.uri.query(), &known)?;
        let name = person_name(&app, person, query.text("kind"))?;
        Ok((Self { key, app, name }, query))
    }
}

/// The person of an app that goes by this name: the app's own, or, where `kind` says `anonymous`, the client's anonymous id.
///
/// # Errors
/// 400 where it cannot be a name.
pub fn person_name(app: &App, name: String, kind: Option<&str>) -> Result<PersonName<'static>, Problem> {
    if name.is_empty() || name.len() > IDENTIFIER_BYTES_MAX {
        let detail = format!("The name of a person has 1 to {IDENTIFIER_BYTES_MAX} bytes.");
        return Err(Problem::bad_request("subject.name", detail));
    }
    match kind {
        None | Some("identity") => Ok(PersonName::identity(canonical(app, name))),
        Some("anonymous") => Ok(PersonName::anonymous(name)),
        Some(_) => Err(Problem::bad_request("query.kind", "kind is identity or anonymous.")),
    }
}

/// The name as events have it: numbers without leading zeros, ObjectIds and UUIDs in lower case.
fn canonical(app: &App, name: String) -> String {
    match app.catalog.dialect.field(Field::Identity).map(|spec| spec.kind) {
        Some(As::Integer) => name.parse::<i64>().map_or(name, |number| number.to_string()),
        Some(As::ObjectId | As::Uuid) => name.to_ascii_lowercase(),
        _ => name,
    }
}
