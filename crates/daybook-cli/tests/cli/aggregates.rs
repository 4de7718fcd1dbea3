//! `daybook aggregates`: what there is, its numbers, and having them computed.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::process::{ServerProcess, away_from_midnight, json as read, shop_catalog, stdout, transcript};

const AGGREGATES: &str = "
aggregates:
  orders:
    description: Orders of a day.
    period: daily
    category: business
    at: '00:00'
    sql: >-
      SELECT count(*) AS orders, CAST(sum(data_total) AS DOUBLE) AS total FROM events
      WHERE name = 'order.placed' AND date BETWEEN $period_start AND $period_end HAVING count(*) > 0
";

/// The date of so many days ago.
fn day(ago: u64) -> String {
    let then = SystemTime::now() - Duration::from_secs(ago * 86_400);
    let seconds = then.duration_since(UNIX_EPOCH).expect("a time").as_micros() as i64;
    let text = daybook_event::Timestamp::from_microseconds(seconds).to_string();
    text.split('T').next().expect("a date").to_owned()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}

#[test]
fn aggregates_are_listed_shown_and_computed() {
    away_from_midnight();
    let data = tempfile::tempdir().expect("a directory");
    let catalogs = data.path().join("catalogs");
    copy(&shop_catalog(), &catalogs.join("shop"));
    fs::write(catalogs.join("shop/aggregates.yaml"), AGGREGATES).expect("a file");
    let configuration = data.path().join("daybook.toml");
    fs::write(&configuration, "[aggregates]\nenabled = false\n").expect("a file");
    let options = ["--listen", "127.0.0.1:0", "--config", configuration.to_str().expect("a path")];
    let server = ServerProcess::start_on(&data.path().join("data"), &catalogs, &options);
    let order = |ago: u64, total: &str| json!({"name": "order.placed", "identity": "c1", "time": format!("{}T10:00:00Z", day(ago)), "data": {"total": total}});
    let receipts = server.send("shop", &json!([order(1, "1.50"), order(1, "2.50"), order(2, "4.00")]));
    assert_eq!(receipts["stored"], 3, "{receipts}");
    server.fills_lake("shop");

    let undated = |text: String| (0..5).fold(text, |text, ago| text.replace(&day(ago), &format!("<{ago} days>")));
    let compute = ["aggregates", "compute", "shop", "--from", &day(40), "--to", &day(0)];
    insta::assert_snapshot!(stdout(&server.run(&compute)), @r"
    40 periods computed with 2 rows, of which 2 are new or others than before and 0 are gone
    1 periods were left out: they are not over yet
    ");
    let show = ["aggregates", "show", "shop", "orders"];
    insta::assert_snapshot!(undated(stdout(&server.run(&show))), @r"
    from          to  orders  total
    <2 days>  <2 days>       1    4.0
    <1 days>  <1 days>       2    4.0
    ");
    let rows = read(&server.run(&[&show[..], &["--from", &day(1), "--format", "json"]].concat()));
    assert_eq!(rows.as_array().map(Vec::len), Some(1), "{rows}");
    assert_eq!(rows[0]["metrics"], json!({"orders": 2, "total": 4.0}));
    let listed: Value = read(&server.run(&["aggregates", "list", "shop", "--format", "json"]));
    assert_eq!((&listed[0]["name"], &listed[0]["periods"]), (&json!("orders"), &json!(40)));
    let text = stdout(&server.run(&["aggregates", "list", "unofficial-communities"]));
    assert!(text.contains("mission_completion_rate") && text.contains("retention_cohorts"), "{text}");
    let wrong =
        server.run(&["aggregates", "compute", "shop", "--aggregate", "order", "--from", &day(1), "--to", &day(1)]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(transcript(&wrong).contains("Did you mean `orders`?"), "{}", transcript(&wrong));
    let wrong = server.run(&["aggregates", "compute", "shop", "--from", "yesterday", "--to", &day(1)]);
    assert!(transcript(&wrong).contains("2026-01-14"), "{}", transcript(&wrong));
    server.stop();
}
