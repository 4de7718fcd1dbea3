//! Aggregates: computed by themselves and by command, again where events come late, read page by page, and made anew from the log.

use std::path::Path;
use std::time::{Duration, Instant};

use daybook_event::Timestamp;
use daybook_server::Config;
use http::Method;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::backend::Backend;
use crate::site::{PATIENCE, Site, away_from_midnight, write_catalog};

const DAY_US: i64 = 86_400_000_000;

/// Computed from midnight on, so that the tests hold at any hour.
const AGGREGATES: &str = "
aggregates:
  orders:
    description: Orders of a day.
    period: daily
    category: business
    at: '00:00'
    dimensions: [channel]
    sql: |
      SELECT data_channel AS channel, count(*) AS orders, round(sum(data_total), 2) AS total
      FROM events
      WHERE name = 'order.placed' AND date BETWEEN $period_start AND $period_end
      GROUP BY data_channel
  buyers:
    period: daily
    category: business
    at: '00:00'
    sql: >-
      SELECT count(DISTINCT person) AS people FROM events
      WHERE $active AND date BETWEEN $period_start AND $period_end HAVING count(*) > 0
";

/// The date of so many days from today.
fn day(later: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let then = Timestamp::from_microseconds(now.as_micros() as i64 + later * DAY_US);
    then.to_string().split('T').next().unwrap().to_owned()
}

fn order(number: u32, later: i64, channel: &str, total: f64) -> Value {
    json!({
        "eventId": format!("o{number}"), "kind": "order.placed", "customer": number, "branch": "a",
        "at": format!("{}T10:00:00Z", day(later)), "payload": {"total": total, "channel": channel}
    })
}

/// A shop with these aggregates.
async fn shop(aggregates: &str, change: impl FnOnce(&mut Config)) -> Site {
    away_from_midnight().await;
    let directory = tempfile::tempdir().unwrap();
    write_catalog(directory.path());
    write(directory.path(), aggregates);
    Site::start_on(Backend::Sqlite, directory, change).await
}

fn write(directory: &Path, aggregates: &str) {
    std::fs::write(directory.join("catalogs/shop/aggregates.yaml"), aggregates).unwrap();
}

/// Computes nothing by itself.
fn by_hand(config: &mut Config) {
    config.aggregates.enabled = false;
}

/// Computes as soon as it can.
fn at_once(config: &mut Config) {
    config.aggregates.every = Duration::from_secs(1);
    config.aggregates.late_after = Duration::ZERO;
}

/// The rows, in short: type, start, dimensions, numbers.
async fn rows(site: &Site, query: &str) -> Vec<String> {
    let answer = site.get(&format!("/v1/shop/aggregates{query}")).send().await.ok();
    answer["aggregates"].as_array().unwrap().iter().map(short).collect()
}

fn short(row: &Value) -> String {
    let text = |member: &str| row[member].as_str().unwrap_or_else(|| panic!("{row}")).to_owned();
    format!("{} {} {} {}", text("aggregate_type"), text("period_start"), row["dimensions"], row["metrics"])
}

fn orders(later: i64, channel: &str, orders: u32, total: f64) -> String {
    let (dimensions, metrics) = (json!({"channel": channel}), json!({"orders": orders, "total": total}));
    format!("orders {} {dimensions} {metrics}", day(later))
}

async fn rows_until(site: &Site, query: &str, expected: &[String]) {
    let mut expected = expected.to_vec();
    expected.sort();
    let begun = Instant::now();
    loop {
        let mut found = rows(site, query).await;
        found.sort();
        if found == expected {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{found:#?} instead of {expected:#?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Computes periods, as soon as the lake has everything: a call does not wait for long.
async fn compute(site: &Site, body: &Value) -> crate::client::Answer {
    let begun = Instant::now();
    loop {
        let answer = site.post("/v1/shop/aggregates/compute").json(body).send().await;
        if answer.status != 503 || begun.elapsed() > PATIENCE {
            return answer;
        }
    }
}

/// The data of what the log says of computed rows.
async fn said(site: &Site) -> Vec<Value> {
    let answer = site.get("/v1/daybook/events?name=aggregate.computed&limit=1000").send().await.ok();
    answer["events"].as_array().unwrap().iter().map(|event| event["data"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_missed_is_caught_up_with_and_what_comes_late_is_counted() {
    let site = shop(AGGREGATES, by_hand).await;
    site.send(&json!([
        order(1, -4, "web", 1.5),
        order(2, -2, "web", 2.0),
        order(3, -2, "shop", 3.0),
        order(4, 0, "web", 9.0)
    ]))
    .await;
    // It was turned off: nothing is computed until it is started again.
    let site = site.restart(at_once).await;
    let before = [orders(-4, "web", 1, 1.5), orders(-2, "web", 1, 2.0), orders(-2, "shop", 1, 3.0)];
    rows_until(&site, "?type=orders", &before).await;
    let buyers = |later, people: u32| format!("buyers {} {{}} {{\"people\":{people}}}", day(later));
    rows_until(&site, "?type=buyers", &[buyers(-4, 1), buyers(-2, 2)]).await;
    let first = said(&site).await;
    assert_eq!(first.len(), 5, "{first:?}");
    assert!(first.iter().all(|data| data["app"] == "shop" && data["category"] == "business"));

    // Of a day that was computed, and of one before everything.
    site.send(&json!([order(5, -2, "web", 0.5), order(6, -9, "web", 7.0)])).await;
    let after =
        [orders(-9, "web", 1, 7.0), orders(-4, "web", 1, 1.5), orders(-2, "web", 2, 2.5), orders(-2, "shop", 1, 3.0)];
    rows_until(&site, "?type=orders", &after).await;
    rows_until(&site, "?type=buyers", &[buyers(-9, 1), buyers(-4, 1), buyers(-2, 3)]).await;
    // Only what is new, or another than before, is in the log.
    assert_eq!(said(&site).await.len(), 9);
    let definitions = site.get("/v1/shop/aggregates/definitions").send().await.ok();
    let one = &definitions["aggregates"][0];
    assert_eq!((&one["name"], &one["periods"], &one["first"]), (&json!("orders"), &json!(9), &json!(day(-9))));
    assert_eq!((&one["last"], &one["dimensions"], &one["at"]), (&json!(day(-1)), &json!(["channel"]), &json!("00:00")));

    // Another definition: rows that are no longer there are gone for readers, and the log says so.
    let directory = site.stop().await;
    write(
        directory.path(),
        &AGGREGATES.replace("name = 'order.placed'", "name = 'order.placed' AND data_channel = 'web'"),
    );
    let site = Site::start_on(Backend::Sqlite, directory, at_once).await;
    rows_until(&site, "?type=orders", &[after[0].clone(), after[1].clone(), after[2].clone()]).await;
    let last = said(&site).await;
    let gone = last.last().unwrap();
    assert_eq!((last.len(), &gone["metrics"], &gone["dimensions"]), (10, &json!({}), &json!({"channel": "shop"})));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn periods_are_computed_by_command() {
    let site = shop(AGGREGATES, by_hand).await;
    // Nothing ever happened.
    let span = json!({"from": day(-3), "to": day(0)});
    let nothing = json!({"periods": 0, "rows": 0, "changed": 0, "removed": 0, "unfinished": 2, "expired": 0});
    assert_eq!(compute(&site, &span).await.ok(), nothing);
    site.send(&json!([order(1, -2, "web", 1.5), order(2, -1, "web", 2.0), order(3, 0, "web", 2.0)])).await;
    let done = compute(&site, &span).await.ok();
    let first = json!({"periods": 6, "rows": 4, "changed": 4, "removed": 0, "unfinished": 2, "expired": 0});
    assert_eq!(done, first);
    // What it says is there when it answers.
    assert_eq!(rows(&site, "?type=orders").await, [orders(-2, "web", 1, 1.5), orders(-1, "web", 1, 2.0)]);
    let again = json!({"periods": 6, "rows": 4, "changed": 0, "removed": 0, "unfinished": 2, "expired": 0});
    assert_eq!(compute(&site, &span).await.ok(), again);
    assert_eq!(said(&site).await.len(), 4);
    site.send(&json!([order(4, -2, "shop", 4.0)])).await;
    let one = compute(&site, &json!({"aggregate": "orders", "from": day(-2), "to": day(-2)})).await.ok();
    assert_eq!((&one["periods"], &one["rows"], &one["changed"]), (&json!(1), &json!(2), &json!(1)));
    // Events are kept for ten years.
    let old = compute(&site, &json!({"aggregate": "orders", "from": "2010-01-01", "to": "2010-01-02"})).await.ok();
    assert_eq!((&old["periods"], &old["expired"]), (&json!(0), &json!(2)));

    compute(&site, &json!({"from": day(-450), "to": day(-1)})).await.is_problem(422, "aggregates.too-many");
    let problem = compute(&site, &json!({"aggregate": "order", "from": day(-1), "to": day(-1)})).await;
    assert_eq!(problem.is_problem(404, "aggregates.unknown")["hint"], "Did you mean `orders`?");
    compute(&site, &json!({"from": day(-1)})).await.is_problem(400, "aggregates.compute");
    compute(&site, &json!({"from": "yesterday", "to": day(-1)})).await.is_problem(400, "query.value");
    let read = site.key(&json!({"scopes": ["read"]})).await;
    let call = site.call(Method::POST, "/v1/shop/aggregates/compute").key(&read);
    call.json(&json!({"from": day(-1), "to": day(-1)})).send().await.is_problem(403, "key.scope");
    site.call(Method::GET, "/v1/shop/aggregates").key(&read).send().await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_read_page_by_page_and_made_anew_from_the_log() {
    let site = shop(AGGREGATES, by_hand).await;
    let channels = ["web", "shop", "phone", "mail", "fair"];
    let sent: Vec<Value> = (0..15u32)
        .map(|number| order(number, -1 - i64::from(number / 5), channels[number as usize % 5], f64::from(number)))
        .collect();
    site.send(&Value::Array(sent)).await;
    compute(&site, &json!({"from": day(-5), "to": day(-1)})).await.ok();
    let all = rows(&site, "?limit=1000").await;
    assert_eq!(all.len(), 18);
    let (mut pages, mut after) = (Vec::new(), String::new());
    loop {
        let page = site.get(&format!("/v1/shop/aggregates?limit=4{after}")).send().await.ok();
        pages.extend(page["aggregates"].as_array().unwrap().iter().map(short));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(pages, all);
    assert_eq!(rows(&site, &format!("?from={}&to={}&type=orders", day(-2), day(-2))).await.len(), 5);
    assert_eq!(rows(&site, "?period=weekly").await, Vec::<String>::new());
    let web = rows(&site, "?dimension=channel:web&limit=2").await;
    assert_eq!(web, [orders(-3, "web", 1, 10.0), orders(-2, "web", 1, 5.0)]);
    for (query, code) in [
        ("period=hourly", "aggregates.period"),
        ("from=2026-01-14T00:00:00Z", "query.value"),
        ("dimension=channel", "aggregates.dimension"),
        ("after=x", "aggregates.after"),
        ("dimensions=channel:web", "query.unknown"),
    ] {
        site.get(&format!("/v1/shop/aggregates?{query}")).send().await.is_problem(400, code);
    }

    // The table is lost; the log is not.
    let database = daybook_server::open_state(&site.state()).await.unwrap();
    database.execute_unprepared("DELETE FROM aggregates").await.unwrap();
    database.close().await.unwrap();
    assert_eq!(rows(&site, "").await, Vec::<String>::new());
    let rewind = site.post("/v1/consumers/daybook/aggregates/rewind").json(&json!({"to": "beginning"}));
    rewind.send().await.ok();
    rows_until(&site, "?limit=1000", &all).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aggregate_that_cannot_be_computed_is_in_nobody_s_way() {
    let broken = format!(
        "{AGGREGATES}  broken:\n    period: daily\n    category: business\n    at: '00:00'\n    \
         sql: SELECT nobody AS n FROM events WHERE date BETWEEN $period_start AND $period_end\n"
    );
    let site = shop(&broken, at_once).await;
    site.send(&json!([order(1, -1, "web", 1.5)])).await;
    rows_until(&site, "?type=orders", &[orders(-1, "web", 1, 1.5)]).await;
    let begun = Instant::now();
    loop {
        let definitions = site.get("/v1/shop/aggregates/definitions").send().await.ok();
        if definitions["aggregates"][2]["code"] == "sql.unknown-column" {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{definitions}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let problem = compute(&site, &json!({"aggregate": "broken", "from": day(-1), "to": day(-1)})).await;
    assert_eq!(problem.is_problem(422, "sql.unknown-column")["aggregate"], "broken");
    let off = site.restart(|config| {
        config.consumers.insert("shop/lake".to_owned(), toml::from_str("enabled = false").unwrap());
    });
    let off = off.await;
    compute(&off, &json!({"from": day(-1), "to": day(-1)})).await.is_problem(404, "lake.off");
    // What was computed is there as before.
    assert_eq!(rows(&off, "?type=orders").await, [orders(-1, "web", 1, 1.5)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_computed_outlives_its_definition_and_says_so() {
    let site = shop(AGGREGATES, by_hand).await;
    site.send(&json!([order(1, -2, "web", 1.5)])).await;
    compute(&site, &json!({"from": day(-3), "to": day(-1)})).await.ok();
    let listed = async |site: &Site| site.get("/v1/shop/aggregates").send().await.ok()["aggregates"].clone();
    let before = listed(&site).await;
    assert_eq!(before.as_array().unwrap().len(), 2);
    assert!(before.as_array().unwrap().iter().all(|row| row.get("removed").is_none()), "{before}");
    let definitions = async |site: &Site| site.get("/v1/shop/aggregates/definitions").send().await.ok();
    assert_eq!(definitions(&site).await.get("removed"), None);

    // One is gone, and the other is of weeks now.
    let directory = site.stop().await;
    let (kept, _) = AGGREGATES.split_once("  buyers:").unwrap();
    write(directory.path(), &kept.replace("period: daily", "period: weekly"));
    let site = Site::start_on(Backend::Sqlite, directory, by_hand).await;
    let after = listed(&site).await;
    for (before, after) in before.as_array().unwrap().iter().zip(after.as_array().unwrap()) {
        assert_eq!(after["removed"], true, "{after}");
        assert_eq!(after["metrics"], before["metrics"]);
    }
    let removed = json!([{"name": "buyers", "periods": 3, "first": day(-3), "last": day(-1)}]);
    assert_eq!(definitions(&site).await["removed"], removed);
}
