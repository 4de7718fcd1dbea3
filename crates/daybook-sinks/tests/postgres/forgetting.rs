//! People and months are forgotten: in the rows, and in the files below them.

use std::sync::Arc;

use daybook_event::Month;
use daybook_harness::Postgres;
use daybook_harness::search::{Haystack, Needles, Searched};
use daybook_privacy::view::{ExpiredMonth, Forgotten};

use crate::support::{batch, days_ago, erased, event, now, of, person, time, with_data, zone};
use crate::{communities, named, number, rows};

fn forgotten(numbers: &[u8]) -> Vec<Forgotten> {
    let app = || "unofficial-communities".to_owned();
    numbers.iter().map(|number| Forgotten { app: app(), id: person(*number) }).collect()
}

/// What the files of the databases say of somebody; the log of changes (`pg_wal`) is looked at apart.
fn search(server: &Postgres, identity: &str) -> Searched {
    let needles = Needles::new().identity("identity", identity).value("session", &format!("session-of-{identity}"));
    Haystack::new().directory(server.directory()).search(&needles)
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_forgotten_and_a_rebuild_says_the_same() {
    let server = Postgres::start();
    let url = server.database();
    let postgres = named(&url);
    postgres.prepare().await.unwrap();
    let (gone, stays) = ("1987654321", "1123456789");
    let mut items = Vec::new();
    for number in 1..=600 {
        let (who, identity) = if number % 2 == 0 { (person(1), gone) } else { (person(2), stays) };
        let own = format!(r#"{{"zone_type":"workshop","mine":"{identity}","phone":"+55 11 {identity}"}}"#);
        items.push(of(who, identity, with_data(zone(number, days_ago((number % 50) as i64)), own)));
    }
    postgres.deliver(&batch(items.clone())).await.unwrap();
    postgres.tend(now()).await.unwrap();
    server.sql(&url, "CHECKPOINT");
    let before = rows(&server, &url);
    assert!(search(&server, gone).found("identity"), "the control finds nothing");

    assert_eq!(postgres.forget_people(&forgotten(&[1, 3])).await.unwrap().count, 300);
    assert_eq!(postgres.forget_people(&forgotten(&[1, 3])).await.unwrap().count, 0);
    assert_eq!(number(&server, &url, "SELECT count(*) FROM events_daybook_rewrites"), 0);
    let after = rows(&server, &url);
    assert!(!after.contains(gone));
    let of_others = |rows: &str| rows.lines().filter(|row| row.contains(stays)).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(of_others(&after), of_others(&before));

    // Nothing is left in the files of the tables.
    server.sql(&url, "CHECKPOINT");
    let found = search(&server, gone);
    let in_tables: Vec<String> =
        found.findings.iter().map(ToString::to_string).filter(|line| !line.contains("pg_wal")).collect();
    assert!(in_tables.is_empty(), "{in_tables:#?}");
    assert!(search(&server, stays).found("identity"));

    // Computed again from the log, in which nothing of theirs opens any more.
    let now_items = items.iter().map(|item| match item.event.identity.as_deref() {
        Some(identity) if identity == gone => {
            let data = item.event.data.replace(&format!(r#","mine":"{gone}","phone":"+55 11 {gone}""#), "");
            let mut item = (*erased(item)).clone();
            item.event.data = data.into();
            Arc::new(item)
        }
        _ => item.clone(),
    });
    server.sql(&url, "TRUNCATE TABLE events");
    postgres.deliver(&batch(now_items.collect())).await.unwrap();
    assert_eq!(rows(&server, &url), after);
}

/// Names that upkeep takes out row by row are in the files no longer than their month has time.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_had_its_time_goes_from_the_files() {
    let server = Postgres::start();
    let url = server.database();
    let postgres = named(&url);
    postgres.prepare().await.unwrap();
    let (gone, stays) = ("1987654321", "1123456789");
    let at = time("2026-03-10T00:00:00Z");
    let mut items: Vec<_> = (1..=2_000).map(|number| of(person(1), gone, zone(number, at))).collect();
    items.push(of(person(2), stays, event(2_001, "user.login.completed", "security", at)));
    postgres.deliver(&batch(items)).await.unwrap();
    server.sql(&url, "CHECKPOINT");
    assert!(search(&server, gone).found("identity"), "the control finds nothing");

    postgres.tend(now()).await.unwrap();
    assert_eq!(server.sql(&url, "SELECT count(*), count(identity) FROM events"), "2001|1");
    postgres.tend(time("2026-07-05T00:00:00Z")).await.unwrap();
    assert_eq!(server.sql(&url, "SELECT count(*), count(identity) FROM events"), "1|1");
    assert_eq!(number(&server, &url, "SELECT count(*) FROM events_daybook_rewrites"), 0);

    server.sql(&url, "CHECKPOINT");
    let found = search(&server, gone);
    let in_tables: Vec<String> =
        found.findings.iter().map(ToString::to_string).filter(|line| !line.contains("pg_wal")).collect();
    assert!(in_tables.is_empty(), "{in_tables:#?}");
    assert!(search(&server, stays).found("identity"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_of_a_category_goes_and_no_other() {
    let server = Postgres::start();
    let url = server.database();
    let postgres = named(&url);
    postgres.prepare().await.unwrap();
    let login = |number, at| event(number, "user.login.completed", "security", at);
    let items = vec![
        of(person(1), "1987654321", zone(1, time("2026-05-01T00:00:00Z"))),
        of(person(1), "1987654321", zone(2, time("2026-05-31T23:59:59.999999Z"))),
        of(person(1), "1987654321", zone(3, time("2026-06-01T00:00:00Z"))),
        of(person(1), "1987654321", zone(4, time("2026-04-30T23:59:59.999999Z"))),
        of(person(1), "1987654321", login(5, time("2026-05-10T00:00:00Z"))),
    ];
    postgres.deliver(&batch(items)).await.unwrap();
    let month = |app: &str, category: &str| ExpiredMonth {
        app: app.to_owned(),
        category: category.to_owned(),
        month: Month::of(time("2026-05-10T00:00:00Z")),
    };
    let months = [
        month("unofficial-communities", "product"),
        month("unofficial-communities", "~pseudonyms"),
        month("tamma", "security"),
    ];
    assert_eq!(postgres.forget_months(&months).await.unwrap().count, 2);
    assert_eq!(postgres.forget_months(&months).await.unwrap().count, 0);
    assert_eq!(server.sql(&url, "SELECT position FROM events ORDER BY position"), "3\n4\n5");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_a_time_when_rows_had_them_go_too() {
    let server = Postgres::start();
    let url = server.database();
    let before = named(&url);
    before.prepare().await.unwrap();
    before.deliver(&batch(vec![of(person(1), "1987654321", zone(1, now()))])).await.unwrap();
    assert_eq!(communities(&url).forget_people(&forgotten(&[1])).await.unwrap().count, 1);
    assert_eq!(number(&server, &url, "SELECT count(identity) FROM events"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_reached_is_no_success() {
    let server = Postgres::start();
    let url = server.database();
    let postgres = named(&url);
    assert_eq!(postgres.forget_people(&forgotten(&[1])).await.unwrap().count, 0);
    postgres.prepare().await.unwrap();
    server.stop();
    postgres.forget_people(&forgotten(&[1])).await.unwrap_err();
    server.restart();
    let begun = std::time::Instant::now();
    while let Err(error) = postgres.forget_people(&forgotten(&[1])).await {
        assert!(begun.elapsed() < crate::support::PATIENCE, "{error}");
    }
}
