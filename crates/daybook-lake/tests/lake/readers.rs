//! Other tools read the tables, and find what we do: the Delta readers of deltalake and Polars, and DuckDB over the files.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Short, shop_with};
use crate::tables::place::{Place, ask_lake, deliver};

const EVENTS: [Short<'static>; 4] = [
    ("page.seen", "2026-03-01T10:00:00.123456Z", "ada", r#"{"page":"/","ms":17}"#),
    ("order.paid", "2026-03-01T23:59:59.999999Z", "bob", r#"{"total":"12.50"}"#),
    ("order.placed", "2026-03-02", "ada", r#"{"total":"0.000000001","due":"2026-04-01","items":["ä","b"]}"#),
    ("page.seen", "2026-03-02", "", "{}"),
];
const LATER: &str = "
  - name: page.left
    description: Gone.
    category: product
    data: { type: object, properties: { later: { type: boolean } } }
";
/// The columns that the readers are asked for, as `readers.py` has them.
const QUERY: &str = "SELECT position, name, time, anonymous_id, data_total, data_ms, data_due, data_later, category, \
    date, signature_verified FROM events ORDER BY position";

/// The Python that `make test` makes, with the packages of benches/requirements.txt.
fn python() -> PathBuf {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python/bin/python");
    let python = std::env::var_os("DAYBOOK_PYTHON").map_or(made, PathBuf::from);
    assert!(python.exists(), "{} is not there; `make test` makes it", python.display());
    python
}

#[tokio::test]
async fn what_others_read_is_what_we_do() {
    let place = Place::new();
    let lake = place.open().await;
    deliver(&lake, 0, &EVENTS).await;
    lake.commit().await.unwrap();
    drop(lake);
    // Files of before there was a column, and one of after.
    let lake = place.open_with(shop_with(LATER)).await;
    deliver(&lake, 4, &[("page.left", "2026-03-01T12:00", "ada", r#"{"later":true}"#)]).await;
    lake.commit().await.unwrap();

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lake/readers.py");
    let output = Command::new(python()).arg(script).arg(place.table("events")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["through"], 5);
    let expected: Vec<Vec<Option<String>>> = ask_lake(&lake, QUERY).await.iter().map(|line| as_python(line)).collect();
    assert_eq!(expected.len(), 5);
    for reader in ["deltalake", "polars", "duckdb"] {
        assert_eq!(found["readers"][reader], serde_json::json!(expected), "{reader}");
    }
}

/// A line of values as `readers.py` writes them.
fn as_python(line: &str) -> Vec<Option<String>> {
    let values = line.split(' ').enumerate();
    let text = |(column, value): (usize, &str)| match (column, value) {
        (_, "-") => None,
        // Times.
        (2, time) => Some(time.replace('Z', "+00:00")),
        // Decimals, without the zeros at their end.
        (4, "0.000000001") => Some("1E-9".to_owned()),
        (4, decimal) => Some(decimal.trim_end_matches('0').to_owned()),
        (7 | 10, "true") => Some("True".to_owned()),
        (10, "false") => Some("False".to_owned()),
        (_, value) => Some(value.to_owned()),
    };
    values.map(text).collect()
}
