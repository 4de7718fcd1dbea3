//! Events become rows: once each, whatever is in them.

use std::borrow::Cow;
use std::sync::Arc;

use daybook_consumers::{Item, Sight};
use daybook_event::{Event, Kind, Standing, Timestamp};
use daybook_harness::Postgres;

use crate::support::{batch, days_ago, erased, event, now, of, person, plain, refused, time, with_data, zone};
use crate::{communities, json_of, named, number, rows};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_a_row() {
    let server = Postgres::start();
    let url = server.database();
    let postgres = named(&url);
    assert_eq!(postgres.sight(), Sight::Open);
    postgres.prepare().await.unwrap();
    let mut entered = (*of(person(1), "12345", zone(1, time("2026-06-15T12:00:00.123456Z")))).clone();
    entered.event.tags = vec![("room".into(), "a".into()), ("user_id".into(), "12345".into())];
    entered.event.metadata = r#"{"trace":"t1","userAgent":"x"}"#.into();
    postgres.deliver(&batch(vec![Arc::new(entered)])).await.unwrap();
    let columns = "time, name, category, identity, anonymous_id, session, group_id, tags, data, metadata, position";
    let row = server.sql(&url, &format!("SET timezone = 'UTC'; SELECT {columns} FROM events"));
    let fields: Vec<&str> = row.split('|').collect();
    let expected = [
        "2026-06-15 12:00:00.123456+00",
        "world.zone.entered",
        "product",
        "12345",
        &person(1).to_string(),
        "session-of-12345",
        "7",
        r#"{"room": "a"}"#,
        r#"{"from_zone": "central_hub", "zone_type": "workshop"}"#,
        r#"{"trace": "t1"}"#,
        "1",
    ];
    assert_eq!(fields, expected);
    assert_eq!(number(&server, &url, r#"SELECT count(*) FROM events WHERE data @> '{"zone_type": "workshop"}'"#), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_option_a_row_names_nobody() {
    let server = Postgres::start();
    let url = server.database();
    let postgres = communities(&url);
    assert_eq!(postgres.sight(), Sight::Closed);
    postgres.prepare().await.unwrap();
    let closed = erased(&of(person(1), "12345", zone(1, now())));
    postgres.deliver(&batch(vec![closed])).await.unwrap();
    let row = server.sql(&url, "SELECT identity, session, anonymous_id FROM events");
    assert_eq!(row, format!("||{}", person(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_events_twice_are_there_once() {
    let server = Postgres::start();
    let url = server.database();
    let postgres = communities(&url);
    postgres.prepare().await.unwrap();
    let items: Vec<_> = (1..=10_000).map(|number| plain(zone(number, days_ago((number % 60) as i64)))).collect();
    let whole = batch(items);
    postgres.deliver(&whole).await.unwrap();
    let before = rows(&server, &url);
    assert_eq!(before.lines().count(), 10_000);
    postgres.deliver(&whole).await.unwrap();
    assert_eq!(rows(&server, &url), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_data_arrives_as_it_is_or_is_named() {
    let server = Postgres::start();
    let url = server.database();
    let postgres = communities(&url);
    postgres.prepare().await.unwrap();
    let nested = format!("{{\"x\":{}1{}}}", "[".repeat(60), "]".repeat(60));
    let texts = [
        r#"{"x":"🙂 \u202e \\u0000 ' \" \n"}"#.to_owned(),
        r#"{"x":1e300}"#.to_owned(),
        r#"{"x":123456789012345678901234567890}"#.to_owned(),
        nested,
        format!(r#"{{"x":"{}"}}"#, "ü".repeat(30_000)),
        String::new(),
    ];
    let mut items: Vec<_> =
        (1..).zip(&texts).map(|(number, text)| plain(with_data(zone(number, now()), text))).collect();
    // The server knows no NUL: another letter stands in its place.
    items.push(plain(with_data(zone(100, now()), r#"{"x":"a\u0000b"}"#)));
    items.push(plain(Event { source: Some(Cow::Borrowed("a\0b")), ..zone(101, now()) }));
    items.push(plain(with_data(zone(102, now()), r#"{"x":1e300000}"#)));
    items.push(plain(zone(103, Timestamp::from_microseconds(-62_160_000_000_000_000))));
    items.push(plain(zone(104, time("1969-12-31T23:59:59Z"))));
    items.push(plain(zone(105, time("9999-12-30T00:00:00Z"))));
    items.push(plain(event(106, "world.zone.entered", "product", now())));
    let result = postgres.deliver(&batch(items)).await;
    assert_eq!(refused(result), [(8, "postgres.refused"), (9, "postgres.refused")]);
    for (position, text) in (1..).zip(&texts) {
        let found = server.sql(&url, &format!("SELECT data FROM events WHERE position = {position}"));
        let expected = if text.is_empty() { "{}" } else { text };
        assert_eq!(json_of(&found), json_of(expected));
    }
    assert_eq!(
        server.sql(&url, "SELECT data->>'x', source FROM events WHERE position IN (100, 101) ORDER BY position"),
        "a\u{fffd}b|server\n|a\u{fffd}b"
    );
    assert_eq!(number(&server, &url, "SELECT count(*) FROM events"), 11);
    // Times far off lie in no month's partition, and are no harm to upkeep.
    postgres.tend(now()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_no_rows() {
    let server = Postgres::start();
    let url = server.database();
    let postgres = communities(&url);
    postgres.prepare().await.unwrap();
    let count = Event { kind: Kind::DailyCount, ..zone(1, now()) };
    postgres
        .deliver(&batch(vec![Arc::new(Item { event: count, standing: Standing::Nobody, session: None, hidden: true })]))
        .await
        .unwrap();
    assert_eq!(number(&server, &url, "SELECT count(*) FROM events"), 0);
}
