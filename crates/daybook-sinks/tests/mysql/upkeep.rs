//! Months are made ahead; what has had its time goes.

use daybook_harness::MariaDb;

use crate::support::{DAY_US, batch, days_ago, event, now, of, person, plain, time, zone};
use crate::{communities, number};

fn partitions(server: &MariaDb, url: &str) -> Vec<String> {
    let query = "SELECT partition_name FROM information_schema.partitions WHERE table_schema = DATABASE() \
        AND table_name = 'analytics_events' ORDER BY partition_ordinal_position";
    server.sql(url, query).lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn months_are_made_ahead_and_for_what_fell_outside() {
    let server = MariaDb::start();
    let url = server.database();
    let mysql = communities(&url);
    mysql.prepare().await.unwrap();
    // Events of long ago and of a clock that was far ahead of the table's months.
    let (early, late) = (time("2025-02-10T00:00:00Z"), time("2027-12-31T23:59:59.999Z"));
    let security = |number, at| plain(event(number, "user.login.completed", "security", at));
    mysql.deliver(&batch(vec![security(1, early), security(2, late), security(3, now())])).await.unwrap();
    mysql.tend(now()).await.unwrap();
    let names = partitions(&server, &url);
    assert_eq!((names.first().unwrap().as_str(), names.last().unwrap().as_str()), ("p_past", "p_future"));
    let months: Vec<&str> = names[1..names.len() - 1].iter().map(String::as_str).collect();
    assert_eq!((months[0], *months.last().unwrap()), ("p_2025_02", "p_2027_12"));
    assert_eq!(months.len(), 35, "a month is missing or there twice: {months:?}");
    for (partition, count) in [("p_past", 0), ("p_2025_02", 1), ("p_2026_06", 1), ("p_2027_12", 1), ("p_future", 0)] {
        let query = format!("SELECT COUNT(*) FROM analytics_events PARTITION ({partition})");
        assert_eq!(number(&server, &url, &query), count, "{partition}");
    }
    // Years later the months are there before their events.
    mysql.tend(time("2029-01-15T00:00:00Z")).await.unwrap();
    assert_eq!(partitions(&server, &url).iter().rev().nth(1).unwrap(), "p_2029_04");
    mysql.tend(time("2029-01-15T00:01:00Z")).await.unwrap();
    assert_eq!(partitions(&server, &url).iter().rev().nth(1).unwrap(), "p_2029_04");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_go_after_their_time_and_rows_with_their_month() {
    let server = MariaDb::start();
    let url = server.database();
    let mysql = communities(&url);
    mysql.prepare().await.unwrap();
    let login = |number, at| event(number, "user.login.completed", "security", at);
    // 90 days before now are 17 March.
    let items = vec![
        of(person(1), "111111", zone(1, time("2026-02-20T00:00:00Z"))),
        of(person(1), "111111", zone(2, time("2026-03-10T00:00:00Z"))),
        of(person(1), "111111", zone(3, time("2026-03-20T00:00:00Z"))),
        of(person(1), "111111", login(4, time("2026-02-20T00:00:00Z"))),
        of(person(1), "111111", login(5, time("2024-03-20T00:00:00Z"))),
    ];
    mysql.deliver(&batch(items.clone())).await.unwrap();
    mysql.tend(now()).await.unwrap();
    let left = "SELECT position, identity_id IS NULL, session_id IS NULL, anonymous_id IS NULL FROM analytics_events ORDER BY position";
    let expected = "2|1|1|0\n3|0|0|0\n4|0|0|0";
    assert_eq!(server.sql(&url, left), expected);
    // A rewind brings nothing back.
    mysql.deliver(&batch(items.clone())).await.unwrap();
    assert_eq!(server.sql(&url, left), expected);
    // February is still there for its login, and goes with it.
    assert!(partitions(&server, &url).contains(&"p_2026_02".to_owned()));
    mysql.tend(time("2028-02-21T00:00:00Z")).await.unwrap();
    assert_eq!(server.sql(&url, left), "");
    mysql.tend(time("2028-03-02T00:00:00Z")).await.unwrap();
    assert!(!partitions(&server, &url).contains(&"p_2026_02".to_owned()));
    assert_eq!(partitions(&server, &url).iter().rev().nth(1).unwrap(), "p_2028_06");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_rows_go_piece_by_piece() {
    let server = MariaDb::start();
    let url = server.database();
    let mysql = communities(&url);
    mysql.prepare().await.unwrap();
    let items: Vec<_> = (1..=12_000).map(|number| of(person(1), "111111", zone(number, days_ago(80)))).collect();
    for chunk in items.chunks(4_000) {
        mysql.deliver(&batch(chunk.to_vec())).await.unwrap();
    }
    mysql.tend(now()).await.unwrap();
    assert_eq!(number(&server, &url, "SELECT COUNT(identity_id) FROM analytics_events"), 12_000);
    mysql.tend(daybook_event::Timestamp::from_microseconds(now().microseconds() + 11 * DAY_US)).await.unwrap();
    assert_eq!(number(&server, &url, "SELECT COUNT(*) FROM analytics_events"), 12_000);
    assert_eq!(number(&server, &url, "SELECT COUNT(identity_id) FROM analytics_events"), 0);
}
