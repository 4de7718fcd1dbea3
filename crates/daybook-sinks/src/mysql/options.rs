//! What a catalog and an operator say of a `mysql` consumer.

use std::sync::Arc;

use daybook_catalog::consumers::Spec;
use daybook_catalog::{AppCatalog, As, Field};
use daybook_consumers::Handler;
use serde::Deserialize;
use serde_json::{Map, Value};
use sqlx::ConnectOptions;
use sqlx::mysql::MySqlConnectOptions;

use super::MySql;
use super::computed::ComputedRows;
use super::schema::{Columns, Tables};
use crate::tables::settings::{INDIRECT, MISSING, Settings};
use crate::{BuildContext, BuildError, Built};

/// Longest prefix of a table's name: the server takes names of 64 letters.
const PREFIX_LETTERS_MAX: usize = 32;
/// Longest name of a column.
const COLUMN_LETTERS_MAX: usize = 64;

/// `options` of the consumer in `consumers.yaml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Options {
    /// What the names of its tables begin with. Several consumers in one database need one each.
    table_prefix: String,
    /// The column of the group; as the app's own events call it, unless this says otherwise.
    group_column: Option<String>,
}

/// What is wrong with a consumer's options.
#[must_use]
pub fn check(options: &Map<String, Value>, app: &AppCatalog, _spec: &Spec) -> Vec<String> {
    match crate::options::<Options>(options) {
        Ok(options) => options.wrong(app),
        Err(wrong) => vec![wrong],
    }
}

/// Makes the handler.
///
/// # Errors
/// [`BuildError`].
pub fn build(context: &BuildContext<'_>) -> Result<Built, BuildError> {
    Ok(match make(context)? {
        Some(handler) => Built::Handler(Arc::new(handler)),
        None => Built::Unconfigured { missing: MISSING.to_owned() },
    })
}

/// Makes the handler of what is computed of the app's events; nothing where the operator has not said where it goes.
///
/// # Errors
/// [`BuildError`].
pub fn build_aggregates(context: &BuildContext<'_>) -> Result<Option<Arc<dyn Handler>>, BuildError> {
    let handler = make(context)?;
    Ok(handler.map(|handler| Arc::new(ComputedRows::new(handler, &context.app)) as Arc<dyn Handler>))
}

fn make(context: &BuildContext<'_>) -> Result<Option<MySql>, BuildError> {
    let options: Options = context.options()?;
    let settings: Option<Settings> = context.settings(INDIRECT)?;
    let Some((settings, url)) = settings.and_then(|settings| Some((settings.clone(), settings.url?))) else {
        return Ok(None);
    };
    if let Some((setting, wrong)) = settings.wrong() {
        return Err(context.wrong_setting(Some(setting), wrong));
    }
    let connect = connect_options(&url).map_err(|wrong| context.wrong_setting(Some("url"), wrong))?;
    let tables = Tables::new(&options.table_prefix, options.columns(&context.app));
    Ok(Some(MySql::new(&context.app, context.consumer(), tables, connect, settings)))
}

/// Reads a URL. What is wrong with it is said without quoting it.
fn connect_options(url: &str) -> Result<MySqlConnectOptions, &'static str> {
    if !["mysql://", "mariadb://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err("must begin with mysql:// or mariadb://");
    }
    let options: MySqlConnectOptions =
        url.parse().map_err(|_| "is not a URL of the form mysql://user:password@host/database")?;
    if options.get_database().is_none_or(str::is_empty) {
        return Err("names no database: mysql://user:password@host/database");
    }
    Ok(options.pipes_as_concat(false).no_engine_substitution(false).timezone(None).disable_statement_logging())
}

impl Options {
    fn wrong(&self, app: &AppCatalog) -> Vec<String> {
        let is_name =
            |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let mut wrong = Vec::new();
        if !is_name(&self.table_prefix) || self.table_prefix.len() > PREFIX_LETTERS_MAX {
            wrong.push(format!(
                "options.table-prefix: must be at most {PREFIX_LETTERS_MAX} lower-case letters, digits and underscores"
            ));
        }
        match &self.group_column {
            Some(name) if name.is_empty() || !is_name(name) || name.len() > COLUMN_LETTERS_MAX => wrong.push(format!(
                "options.group-column: must be 1 to {COLUMN_LETTERS_MAX} lower-case letters, digits and underscores"
            )),
            Some(name) if Columns::is_taken(name) => {
                wrong.push(format!("options.group-column: `{name}` is the name of another column"));
            }
            _ => {}
        }
        let _ = app;
        wrong
    }

    fn columns(&self, app: &AppCatalog) -> Columns {
        let is_integer = |field| app.dialect.field(field).is_some_and(|spec| spec.kind == As::Integer);
        let own = app.dialect.field(Field::Group).and_then(|spec| spec.path.last());
        let usable = |name: &&String| {
            !name.is_empty()
                && name.len() <= COLUMN_LETTERS_MAX
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
                && name.ends_with("_id")
                && !Columns::is_taken(name)
        };
        let group = self.group_column.clone().or_else(|| own.filter(usable).cloned());
        Columns {
            group: group.unwrap_or_else(|| "group_id".to_owned()),
            integer_identity: is_integer(Field::Identity),
            integer_group: is_integer(Field::Group),
        }
    }
}

#[cfg(test)]
mod tests {
    use daybook_catalog::Catalogs;
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_the_app_s_own() {
        let catalogs = Catalogs::builtin().catalogs;
        let of = |app: &str| Options::default().columns(catalogs.app(app).unwrap());
        let communities = of("unofficial-communities");
        assert_eq!((communities.group.as_str(), communities.integer_identity), ("community_id", true));
        let tamma = of("tamma");
        assert_eq!((tamma.group.as_str(), tamma.integer_identity), ("group_id", false));
    }

    #[test]
    fn wrong_options_are_named() {
        let catalogs = Catalogs::builtin().catalogs;
        let app = catalogs.app("unofficial-communities").unwrap();
        let check = |options: Value, expected: &str| {
            let wrong = match crate::options::<Options>(options.as_object().unwrap()) {
                Ok(options) => options.wrong(app).join("; "),
                Err(wrong) => wrong,
            };
            assert!(wrong.contains(expected) && wrong.is_empty() == expected.is_empty(), "{wrong}");
        };
        check(json!({}), "");
        check(json!({"table-prefix": "uc_", "group-column": "community"}), "");
        check(json!({"table-prefix": "uc`; DROP"}), "options.table-prefix");
        check(json!({"table-prefix": "x".repeat(33)}), "options.table-prefix");
        check(json!({"group-column": "properties"}), "another column");
        check(json!({"group-column": ""}), "options.group-column");
        check(json!({"prefix": "uc_"}), "did you mean `table-prefix`?");
    }

    #[test]
    fn urls_are_checked_and_never_shown() {
        for url in ["postgres://a:geheim@b/c", "mysql://a:geheim@b", "mysql://a:geheim@b:99999/c", "geheim"] {
            let wrong = connect_options(url).unwrap_err();
            assert!(!wrong.contains("geheim"), "{wrong}");
        }
        assert!(connect_options("mysql://a:geheim@b/c?ssl-mode=DISABLED").is_ok());
        assert!(connect_options("mariadb://a:geheim@b/c").is_ok());
    }
}
