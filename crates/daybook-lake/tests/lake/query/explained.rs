//! What is said of queries that cannot be answered.

use super::Asked;

async fn check(sql: &str, expected: &str) {
    assert_eq!(Asked::new().error(sql).await, expected, "{sql}");
}

#[tokio::test]
async fn names_that_are_not_there_are_told_with_those_that_are() {
    check(
        "SELECT name,\n  nmae FROM events",
        "sql.unknown-column There is no column nmae. (line 2, column 3) Did you mean events.name?",
    )
    .await;
    check(
        "SELECT e.zonetype FROM events e",
        "sql.unknown-column There is no column e.zonetype. (line 1, column 10) Did you mean e.\"data_zoneType\"?",
    )
    .await;
    check(
        "SELECT POSITION FROM events",
        "sql.unknown-column There is no column POSITION. (line 1, column 8) Did you mean events.position?",
    )
    .await;
    check(
        "SELECT qqq FROM events",
        "sql.unknown-column There is no column qqq. (line 1, column 8) SHOW COLUMNS FROM events tells which there are.",
    )
    .await;
    check(
        "SELECT 1\nFROM evnts",
        "sql.unknown-table There is no table evnts. (line 2, column 6) SHOW TABLES tells which there are: events and daily_counts.",
    )
    .await;
    check(
        "SELECT coumt(*) FROM events",
        "sql.unknown-function There is no function coumt. (line 1, column 8) Did you mean count?",
    )
    .await;
}

#[tokio::test]
async fn parts_that_do_not_fit_are_told() {
    let asked = Asked::new();
    for (sql, code) in [
        ("SELECT name, count(*) FROM events", "sql.invalid"),
        ("SELECT name + 1 FROM events WHERE name > 5 GROUP BY time", "sql.invalid"),
        ("SELECT position FROM events a, events b", "sql.invalid"),
        ("SELECT 1 UNION SELECT 1, 2", "sql.invalid"),
        ("SELECT upper(name, 1) FROM events", "sql.invalid"),
        ("SELECT position / 0 FROM events", "sql.value"),
        ("SELECT CAST(name AS BIGINT) FROM events", "sql.value"),
        ("SELECT date_trunc('fortnight', time) FROM events", "sql.value"),
        ("SELECT * FROM events TABLESAMPLE (10 PERCENT)", "sql.unsupported"),
    ] {
        let error = asked.error(sql).await;
        assert!(error.starts_with(&format!("{code} ")), "{sql}: {error}");
    }
}
