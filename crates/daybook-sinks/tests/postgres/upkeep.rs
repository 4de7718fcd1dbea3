//! Months are made ahead; what has had its time goes.

use daybook_harness::Postgres;

use crate::support::{DAY_US, batch, days_ago, event, now, of, person, plain, time, zone};
use crate::{named, number};

fn months(server: &Postgres, url: &str) -> Vec<String> {
    let query = "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'events'::regclass ORDER BY 1";
    server.sql(url, query).lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn months_are_made_ahead_and_for_what_had_none() {
    let server = Postgres::start();
    let url = server.database();
    let postgres = named(&url);
    postgres.prepare().await.unwrap();
    let security = |number, at| plain(event(number, "user.login.completed", "security", at));
    let (early, late) = (time("2025-02-10T00:00:00Z"), time("2027-12-31T23:59:59.999Z"));
    postgres.deliver(&batch(vec![security(1, early), security(2, late), security(3, now())])).await.unwrap();
    postgres.tend(now()).await.unwrap();
    for (partition, count) in
        [("events_2025_02", 1), ("events_2026_06", 1), ("events_2027_12", 1), ("events_default", 0)]
    {
        assert_eq!(number(&server, &url, &format!("SELECT count(*) FROM {partition}")), count, "{partition}");
    }
    let there = months(&server, &url);
    postgres.tend(now()).await.unwrap();
    assert_eq!(months(&server, &url), there);
    postgres.tend(time("2029-01-15T00:00:00Z")).await.unwrap();
    assert!(months(&server, &url).contains(&"events_2029_04".to_owned()));
    assert_eq!(
        number(&server, &url, "SELECT count(*) FROM events"),
        1,
        "only the last login is younger than two years"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn names_go_after_their_time_and_rows_with_their_month() {
    let server = Postgres::start();
    let url = server.database();
    let postgres = named(&url);
    postgres.prepare().await.unwrap();
    let login = |number, at| event(number, "user.login.completed", "security", at);
    let items = vec![
        of(person(1), "111111", zone(1, time("2026-02-20T00:00:00Z"))),
        of(person(1), "111111", zone(2, time("2026-03-10T00:00:00Z"))),
        of(person(1), "111111", zone(3, time("2026-03-20T00:00:00Z"))),
        of(person(1), "111111", login(4, time("2026-02-20T00:00:00Z"))),
        of(person(1), "111111", login(5, time("2024-03-20T00:00:00Z"))),
    ];
    postgres.deliver(&batch(items.clone())).await.unwrap();
    postgres.tend(now()).await.unwrap();
    let left = "SELECT position, identity IS NULL, session IS NULL, anonymous_id IS NULL FROM events ORDER BY position";
    let expected = "2|t|t|f\n3|f|f|f\n4|f|f|f";
    assert_eq!(server.sql(&url, left), expected);
    // A rewind brings nothing back.
    postgres.deliver(&batch(items)).await.unwrap();
    assert_eq!(server.sql(&url, left), expected);
    assert!(months(&server, &url).contains(&"events_2026_02".to_owned()));
    postgres.tend(time("2028-03-02T00:00:00Z")).await.unwrap();
    assert_eq!(server.sql(&url, left), "");
    assert!(!months(&server, &url).contains(&"events_2026_02".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_rows_go_piece_by_piece() {
    let server = Postgres::start();
    let url = server.database();
    let postgres = named(&url);
    postgres.prepare().await.unwrap();
    let items: Vec<_> = (1..=12_000).map(|number| of(person(1), "111111", zone(number, days_ago(80)))).collect();
    postgres.deliver(&batch(items)).await.unwrap();
    postgres.tend(now()).await.unwrap();
    assert_eq!(number(&server, &url, "SELECT count(identity) FROM events"), 12_000);
    postgres.tend(daybook_event::Timestamp::from_microseconds(now().microseconds() + 11 * DAY_US)).await.unwrap();
    assert_eq!(server.sql(&url, "SELECT count(*), count(identity) FROM events"), "12000|0");
}
