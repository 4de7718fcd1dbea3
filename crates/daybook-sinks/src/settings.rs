//! How a handler reads what a catalog says of it (options) and what an operator does (settings): typed, with unknown names refused and
//! the name of what is wrong in every complaint.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Largest file that a setting is read from, in bytes: a URL, a password, a key.
const SETTING_FILE_BYTES_MAX: u64 = 64 * 1024;

/// How much alike two names must be for one to be meant by the other, from 0 to 1.
const LIKENESS_MIN: f64 = 0.55;

/// Reads a consumer's options.
///
/// # Errors
/// What is wrong, with the option's name.
pub fn options<T: DeserializeOwned>(options: &Map<String, Value>) -> Result<T, String> {
    typed(Value::Object(options.clone())).map_err(|Wrong { path, message }| match path {
        Some(path) => format!("options.{path}: {message}"),
        None => format!("options: {message}"),
    })
}

/// The complaint about a setting that is not known, of those that are.
#[must_use]
pub fn unknown_setting(unknown: &str, known: &[&str]) -> String {
    let meant = nearest(unknown, known.iter().copied());
    let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
    format!("unknown field `{unknown}`, expected one of {}{meant}", known.join(", "))
}

/// Reads an operator's settings. Each name in `indirect` may also be given as `name-file`, the file that it is in, or `name-env`, the
/// environment variable. A complaint shows no value: it may be a password.
pub(crate) fn settings<T: DeserializeOwned>(settings: &Value, indirect: &[&str]) -> Result<T, Wrong> {
    let Value::Object(settings) = settings else {
        return Err(Wrong { path: None, message: "must be a table".to_owned() });
    };
    let mut settings = settings.clone();
    settings.shift_remove("enabled");
    for name in indirect {
        let mut given: Vec<_> = settings.contains_key(*name).then(|| (*name).to_owned()).into_iter().collect();
        let mut found = None;
        for (suffix, read) in [("file", from_file as fn(&str) -> Result<String, String>), ("env", from_environment)] {
            let setting = format!("{name}-{suffix}");
            let Some(value) = settings.shift_remove(&setting) else { continue };
            let place = value.as_str().ok_or_else(|| Wrong::at(&setting, "must be a string"))?;
            found = Some(read(place).map_err(|message| Wrong::at(&setting, &message))?);
            given.push(setting);
        }
        if let [first, second, ..] = given.as_slice() {
            return Err(Wrong::at(second, &format!("and `{first}` both say the same")));
        }
        if let Some(found) = found {
            settings.insert((*name).to_owned(), Value::String(found));
        }
    }
    typed(Value::Object(settings)).map_err(|wrong| Wrong { message: without_values(&wrong.message), ..wrong })
}

/// What is wrong with a table, and where.
#[derive(Debug)]
pub(crate) struct Wrong {
    /// The dotted path of the member, where it is one.
    pub path: Option<String>,
    /// What is wrong.
    pub message: String,
}

impl Wrong {
    fn at(path: &str, message: &str) -> Self {
        Self { path: Some(path.to_owned()), message: message.to_owned() }
    }
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Wrong> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let mut message = error.into_inner().to_string();
        if let Some(meant) = suggestion(&message) {
            message = format!("{message}; did you mean `{meant}`?");
        }
        Wrong { path: (path != ".").then_some(path), message }
    })
}

fn from_file(path: &str) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|error| format!("cannot read {path}: {error}"))?.len();
    if size > SETTING_FILE_BYTES_MAX {
        return Err(format!("{path} is larger than {SETTING_FILE_BYTES_MAX} bytes"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))?;
    not_empty(text.trim(), || format!("{path} is empty"))
}

fn from_environment(name: &str) -> Result<String, String> {
    let text = std::env::var(name).map_err(|_| format!("the environment variable {name} is not set"))?;
    not_empty(text.trim(), || format!("the environment variable {name} is empty"))
}

fn not_empty(text: &str, complaint: impl Fn() -> String) -> Result<String, String> {
    if text.is_empty() { Err(complaint()) } else { Ok(text.to_owned()) }
}

/// A complaint of serde without the value that it complains of: it stands in double quotes, or between backticks after `invalid`.
fn without_values(message: &str) -> String {
    if let (Some(begin), Some(end)) = (message.find('"'), message.rfind('"')) {
        return format!("{}…{}", &message[..begin], &message[end + 1..]);
    }
    // "invalid type: integer `5`, expected a string": the number may be half a password too.
    match (message.strip_prefix("invalid "), message.find('`')) {
        (Some(_), Some(begin)) => match message[begin + 1..].find('`') {
            Some(length) => format!("{}…{}", &message[..begin], &message[begin + length + 2..]),
            None => message.to_owned(),
        },
        _ => message.to_owned(),
    }
}

/// The known name that is nearest to the unknown one that serde complains of: it names the unknown one first and then the known
/// ones, each in backticks.
fn suggestion(message: &str) -> Option<&str> {
    let mut names = message.strip_prefix("unknown ")?.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    nearest(unknown, names)
}

/// The candidate most like `unknown`, if one is like it at all. One of its words is like it, if nothing else is more so.
pub(crate) fn nearest<'a>(unknown: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| {
            let likeness = strsim::normalized_damerau_levenshtein(unknown, candidate);
            let is_a_word = candidate.split('-').any(|word| word == unknown);
            (if is_a_word { likeness.max(LIKENESS_MIN) } else { likeness }, candidate)
        })
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Place {
        url: String,
        #[serde(default)]
        pool: u8,
    }

    #[allow(clippy::needless_pass_by_value, reason = "JSON is written where it is used")]
    fn check(given: Value, expected: Result<&str, &str>) {
        let found = settings::<Place>(&given, &["url"]);
        match (found, expected) {
            (Ok(place), Ok(url)) => assert_eq!(place.url, url),
            (Err(wrong), Err(expected)) => {
                let said = format!("{}: {}", wrong.path.unwrap_or_default(), wrong.message);
                assert!(said.contains(expected), "{said}");
                assert!(!said.contains("geheim"), "{said}");
            }
            (found, expected) => panic!("{found:?}, and not {expected:?}"),
        }
    }

    #[test]
    fn a_setting_may_be_in_a_file_or_the_environment() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(path("url"), "mysql://me:geheim@host/database\n").unwrap();
        std::fs::write(path("empty"), " \n").unwrap();
        std::fs::write(path("large"), vec![b'x'; 100_000]).unwrap();
        check(json!({"url": "mysql://host", "enabled": true}), Ok("mysql://host"));
        check(json!({"url-file": path("url")}), Ok("mysql://me:geheim@host/database"));
        check(json!({"url-env": "CARGO_PKG_NAME"}), Ok("daybook-sinks"));
        check(json!({"url-file": path("empty")}), Err("is empty"));
        check(json!({"url-file": path("large")}), Err("is larger than"));
        check(json!({"url-file": path("none")}), Err("url-file: cannot read"));
        check(json!({"url-file": 5}), Err("url-file: must be a string"));
        check(json!({"url-env": "DAYBOOK_NO_SUCH_VARIABLE"}), Err("is not set"));
        check(json!({"url": "geheim", "url-file": path("url")}), Err("url-file: and `url` both"));
        check(json!({"url-env": "PATH", "url-file": path("url")}), Err("both say the same"));
    }

    #[test]
    fn complaints_name_the_setting_and_show_no_value() {
        check(json!({"url": "x", "pool": "geheim \"x\" geheim"}), Err("pool: invalid type: string …, expected u8"));
        check(json!({"url": 17}), Err("url: invalid type: integer …, expected a string"));
        check(json!({"url": "x", "poool": 1}), Err("did you mean `pool`?"));
        check(json!({"pool": 1}), Err("missing field `url`"));
        check(json!("geheim"), Err("must be a table"));
    }

    #[test]
    fn what_was_meant_is_found() {
        let check = |unknown: &str, expected: Option<&str>| {
            let known = ["table-prefix", "timeout", "connect-timeout", "url"];
            assert_eq!(nearest(unknown, known.into_iter()), expected, "{unknown}");
        };
        check("prefix", Some("table-prefix"));
        check("table_prefix", Some("table-prefix"));
        check("timeot", Some("timeout"));
        check("connect", Some("connect-timeout"));
        check("password", None);
        check("", None);
    }

    #[test]
    fn complaints_name_the_option() {
        let read = |value: Value| options::<Place>(value.as_object().unwrap());
        assert_eq!(read(json!({"url": "x"})), Ok(Place { url: "x".into(), pool: 0 }));
        assert_eq!(
            read(json!({"url": "x", "pool": 256})).unwrap_err(),
            "options.pool: invalid value: integer `256`, expected u8"
        );
        assert!(read(json!({"ulr": "x"})).unwrap_err().contains("did you mean `url`?"));
    }
}
