//! What a catalog and an operator say of a `postgres` consumer.

use std::sync::Arc;

use daybook_catalog::AppCatalog;
use daybook_catalog::consumers::Spec;
use serde::Deserialize;
use serde_json::{Map, Value};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use super::Postgres;
use super::schema::Tables;
use crate::tables::settings::{INDIRECT, MISSING, Settings};
use crate::{BuildContext, BuildError, Built};

/// Longest name of the table: the server takes 63 letters, and partitions and indexes are called after it.
const TABLE_LETTERS_MAX: usize = 40;

/// `options` of the consumer in `consumers.yaml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Options {
    /// The table.
    table: String,
    /// Whether rows name people.
    identity: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { table: "events".to_owned(), identity: false }
    }
}

/// What is wrong with a consumer's options.
#[must_use]
pub fn check(options: &Map<String, Value>, _app: &AppCatalog, _spec: &Spec) -> Vec<String> {
    match crate::options::<Options>(options) {
        Ok(options) => options.wrong().into_iter().collect(),
        Err(wrong) => vec![wrong],
    }
}

/// Makes the handler.
///
/// # Errors
/// [`BuildError`].
pub fn build(context: &BuildContext<'_>) -> Result<Built, BuildError> {
    let options: Options = context.options()?;
    let settings: Option<Settings> = context.settings(INDIRECT)?;
    let Some((settings, url)) = settings.and_then(|settings| Some((settings.clone(), settings.url?))) else {
        return Ok(Built::Unconfigured { missing: MISSING.to_owned() });
    };
    if let Some((setting, wrong)) = settings.wrong() {
        return Err(context.wrong_setting(Some(setting), wrong));
    }
    let connect = connect_options(&url).map_err(|wrong| context.wrong_setting(Some("url"), wrong))?;
    let tables = Tables::new(&options.table);
    let handler = Postgres::new(&context.app, context.consumer(), tables, options.identity, connect, settings);
    Ok(Built::Handler(Arc::new(handler)))
}

/// Reads a URL. What is wrong with it is said without quoting it.
fn connect_options(url: &str) -> Result<PgConnectOptions, &'static str> {
    if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err("must begin with postgres:// or postgresql://");
    }
    let options: PgConnectOptions =
        url.parse().map_err(|_| "is not a URL of the form postgres://user:password@host/database")?;
    if options.get_database().is_none_or(str::is_empty) {
        return Err("names no database: postgres://user:password@host/database");
    }
    Ok(options.application_name("daybook").disable_statement_logging())
}

impl Options {
    fn wrong(&self) -> Option<String> {
        let letters = self.table.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let begins = self.table.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        let fits = letters && begins && self.table.len() <= TABLE_LETTERS_MAX;
        (!fits).then(|| {
            format!("options.table: must be 1 to {TABLE_LETTERS_MAX} lower-case letters, digits and underscores, a letter first")
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn wrong_options_are_named() {
        let check = |options: Value, expected: &str| {
            let wrong = match crate::options::<Options>(options.as_object().unwrap()) {
                Ok(options) => options.wrong().unwrap_or_default(),
                Err(wrong) => wrong,
            };
            assert!(wrong.contains(expected) && wrong.is_empty() == expected.is_empty(), "{wrong}");
        };
        check(json!({}), "");
        check(json!({"table": "noema_events", "identity": true}), "");
        check(json!({"table": "e\"; DROP"}), "options.table");
        check(json!({"table": ""}), "options.table");
        check(json!({"identity": "yes"}), "options.identity");
        check(json!({"tabel": "x"}), "did you mean `table`?");
    }

    #[test]
    fn urls_are_checked_and_never_shown() {
        for url in ["mysql://a:geheim@b/c", "postgres://a:geheim@b", "postgres://a:geheim@b:99999/c", "geheim"] {
            let wrong = connect_options(url).unwrap_err();
            assert!(!wrong.contains("geheim"), "{wrong}");
        }
        assert!(connect_options("postgresql://a:geheim@b/c?sslmode=disable").is_ok());
    }
}
