//! Events become rows: once each, whatever is in them.

use std::borrow::Cow;

use daybook_consumers::Item;
use daybook_event::{Event, Kind, Standing};
use daybook_harness::MariaDb;
use serde_json::json;

use crate::support::{batch, days_ago, handler, now, of, person, plain, refused, time, with_data, zone};
use crate::{communities, json_of, number, rows};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_a_row_of_the_document_s_columns() {
    let server = MariaDb::start();
    let url = server.database();
    let mysql = communities(&url);
    mysql.prepare().await.unwrap();
    let at = time("2026-06-15T12:00:00.123999Z");
    let entered = of(person(1), "12345", zone(1, at));
    mysql.deliver(&batch(vec![entered.clone()])).await.unwrap();
    let row = rows(&server, &url);
    let fields: Vec<&str> = row.split('|').collect();
    let hash = server.sql(&url, "SELECT SHA2('session-of-12345', 256)");
    let expected = [
        &entered.event.id.to_string(),
        "world.zone.entered",
        // Cut, not rounded: a row never moves to the next month.
        "2026-06-15 12:00:00.123",
        "server",
        "12345",
        &person(1).to_string(),
        "7",
        &hash,
        r#"{"zone_type":"workshop","from_zone":"central_hub"}"#,
        "2026-06-15 12:00:00",
        "1",
        "product",
    ];
    assert_eq!(fields, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_events_twice_are_there_once() {
    let server = MariaDb::start();
    let url = server.database();
    let mysql = communities(&url);
    mysql.prepare().await.unwrap();
    let items: Vec<_> =
        (1..=10_000).map(|number| of(person(1), "12345", zone(number, days_ago((number % 60) as i64)))).collect();
    let whole = batch(items);
    mysql.deliver(&whole).await.unwrap();
    let before = rows(&server, &url);
    assert_eq!(before.lines().count(), 10_000);
    mysql.deliver(&whole).await.unwrap();
    assert_eq!(rows(&server, &url), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_data_arrives_as_it_is_or_is_named() {
    let server = MariaDb::start();
    let url = server.database();
    let mysql = communities(&url);
    mysql.prepare().await.unwrap();
    let nested = |depth: usize| format!("{{\"x\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
    let texts = [
        r#"{"x":"🙂 \u202e \u0000 \\ ' \" \n"}"#.to_owned(),
        r#"{"x":1e300}"#.to_owned(),
        r#"{"x":123456789012345678901234567890}"#.to_owned(),
        nested(25),
        format!(r#"{{"x":"{}"}}"#, "ü".repeat(30_000)),
        String::new(),
    ];
    let mut items: Vec<_> =
        (1..).zip(&texts).map(|(number, text)| plain(with_data(zone(number, now()), text))).collect();
    // MariaDB reads no JSON that is nested deeper than 32.
    items.push(plain(with_data(zone(100, now()), nested(60))));
    items.push(plain(zone(101, time("1969-12-31T23:59:59Z"))));
    items.push(plain(zone(102, time("2038-01-19T03:14:08Z"))));
    items.push(of(person(1), "99999999999999999999", zone(103, now())));
    items.push(of(person(1), "9223372036854775807", zone(104, now())));
    items.push(plain(Event { source: Some(Cow::Owned("s".repeat(300))), ..zone(105, now()) }));
    items.push(plain(Event { group: Some(Cow::Borrowed("café")), ..zone(106, now()) }));
    items.push(plain(zone(107, now())));
    let result = mysql.deliver(&batch(items)).await;
    let expected = [
        (6, "mysql.refused"),
        (7, "mysql.time"),
        (8, "mysql.time"),
        (9, "mysql.integer"),
        (11, "mysql.refused"),
        (12, "mysql.integer"),
    ];
    assert_eq!(refused(result.clone()), expected);
    let said = format!("{result:?}");
    assert!(said.contains("column source") && !said.contains("sss") && !said.contains("99999"), "{said}");

    // The others are there, and say the same.
    assert_eq!(number(&server, &url, "SELECT COUNT(*) FROM analytics_events"), 8);
    for (position, text) in (1..).zip(&texts) {
        let query = format!("SELECT properties FROM analytics_events WHERE position = {position}");
        let expected = if text.is_empty() { "{}" } else { text };
        assert_eq!(json_of(&server.sql(&url, &query)), json_of(expected));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_names_its_person_in_its_columns_only() {
    let server = MariaDb::start();
    let url = server.database();
    let mysql = communities(&url);
    mysql.prepare().await.unwrap();
    let data = r#"{"session_id_hash":"aabbcc","identity_id":12345,"mine":"12345","phone":"+5511987654321","level":3}"#;
    let login = crate::support::event(1, "user.login.completed", "security", now());
    mysql.deliver(&batch(vec![of(person(1), "12345", with_data(login, data))])).await.unwrap();
    assert_eq!(server.sql(&url, "SELECT identity_id, properties FROM analytics_events"), r#"12345|{"level":3}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_no_rows() {
    let server = MariaDb::start();
    let url = server.database();
    let mysql = communities(&url);
    mysql.prepare().await.unwrap();
    let count = Event { kind: Kind::DailyCount, ..zone(1, now()) };
    let hidden = std::sync::Arc::new(Item { event: count, standing: Standing::Nobody, session: None, hidden: true });
    mysql.deliver(&batch(vec![hidden])).await.unwrap();
    assert_eq!(number(&server, &url, "SELECT COUNT(*) FROM analytics_events"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_with_other_people_have_other_columns() {
    let server = MariaDb::start();
    let url = server.database();
    let options = json!({"table-prefix": "tamma_"});
    let mysql = handler(daybook_sinks::mysql::build, "tamma", options, &url);
    mysql.prepare().await.unwrap();
    let group = Some(Cow::Borrowed("acme/loop"));
    let mut event = Event { group, app: Cow::Borrowed("tamma"), source: None, ..zone(1, now()) };
    event.name = Cow::Borrowed("CODE.FILE.DELETED");
    mysql.deliver(&batch(vec![of(person(1), "ada@example.org", event)])).await.unwrap();
    let row = server.sql(&url, "SELECT identity_id, group_id, source FROM tamma_analytics_events");
    assert_eq!(row, "ada@example.org|acme/loop|NULL");
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_are_no_larger_than_the_server_takes() {
    let server = MariaDb::start();
    let url = server.database();
    server.sql(&url, "SET GLOBAL max_allowed_packet = 65536");
    let mysql = communities(&url);
    mysql.prepare().await.unwrap();
    let text = |bytes: usize| format!(r#"{{"x":"{}"}}"#, "x".repeat(bytes));
    let mut items: Vec<_> = (1..=50).map(|number| plain(with_data(zone(number, now()), text(10_000)))).collect();
    items.push(plain(with_data(zone(51, now()), text(65_400))));
    assert_eq!(refused(mysql.deliver(&batch(items)).await), [(50, "mysql.too-large")]);
    assert_eq!(number(&server, &url, "SELECT COUNT(*) FROM analytics_events"), 50);
}
