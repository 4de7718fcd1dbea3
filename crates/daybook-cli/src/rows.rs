//! Rows of an answer, for people and for spreadsheets.

use serde_json::{Map, Value};

use crate::output::Table;

/// The names of all columns, in the order in which they come first.
pub fn columns(rows: &[Value]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for name in rows.iter().filter_map(Value::as_object).flat_map(Map::keys) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

/// The rows as a table.
pub fn table(columns: &[&str], rows: &[Value]) -> String {
    let mut table = Table::new(columns);
    for row in rows {
        table.row(columns.iter().map(|name| row.get(*name).map(cell).unwrap_or_default()).collect());
    }
    table.render()
}

/// The rows as CSV (RFC 4180) with a header line.
pub fn csv(columns: &[&str], rows: &[Value]) -> String {
    let mut out = line(columns.iter().map(|name| field(name)));
    for row in rows {
        out.push_str(&line(columns.iter().map(|name| match row.get(*name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) if text.is_empty() => "\"\"".to_owned(),
            Some(Value::String(text)) => field(text),
            Some(value) => field(&value.to_string()),
        })));
    }
    out
}

fn line(fields: impl Iterator<Item = String>) -> String {
    fields.collect::<Vec<_>>().join(",") + "\r\n"
}

fn field(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// A value on one line, with nothing in it that a terminal obeys.
pub fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let shown = |c: char| if c.is_control() { c.escape_default().collect() } else { String::from(c) };
    if text.chars().any(char::is_control) { text.chars().map(shown).collect() } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_have_the_columns_of_all_of_them() {
        let rows = [json!({"period": "a", "n": 1}), json!({"period": "b, \"c\"", "group": "", "n": null})];
        let columns = columns(&rows);
        insta::assert_snapshot!(table(&columns, &rows), @r#"
        period  n  group
        a       1
        b, "c"
        "#);
        assert_eq!(csv(&columns, &rows), "period,n,group\r\na,1,\r\n\"b, \"\"c\"\"\",,\"\"\r\n");
    }
}
