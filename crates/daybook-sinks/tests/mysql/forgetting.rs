//! People and months are forgotten: in the rows, and in the files below them.

use daybook_event::Month;
use daybook_harness::MariaDb;
use daybook_harness::search::{Haystack, Needles, Searched};
use daybook_privacy::view::{ExpiredMonth, Forgotten};

use crate::support::{batch, days_ago, erased, event, now, of, person, time, with_data, zone};
use crate::{communities, number, rows};

fn forgotten(numbers: &[u8]) -> Vec<Forgotten> {
    let app = || "unofficial-communities".to_owned();
    numbers.iter().map(|number| Forgotten { app: app(), id: person(*number) }).collect()
}

/// What the server's files say of somebody.
fn search(server: &MariaDb, identity: &str) -> Searched {
    let needles = Needles::new().identity("identity", identity).value("session", &format!("session-of-{identity}"));
    Haystack::new().directory(server.directory()).search(&needles)
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_forgotten_and_a_rebuild_says_the_same() {
    let server = MariaDb::start();
    let url = server.database();
    let mysql = communities(&url);
    mysql.prepare().await.unwrap();
    let (gone, stays) = ("1987654321", "1123456789");
    let mut items = Vec::new();
    for number in 1..=600 {
        let (who, identity) = if number % 2 == 0 { (person(1), gone) } else { (person(2), stays) };
        let own = format!(r#"{{"zone_type":"workshop","mine":"{identity}","phone":"+55 11 {identity}"}}"#);
        items.push(of(who, identity, with_data(zone(number, days_ago((number % 50) as i64)), own)));
    }
    mysql.deliver(&batch(items.clone())).await.unwrap();
    mysql.tend(now()).await.unwrap();
    let before = rows(&server, &url);
    server.sql(&url, "FLUSH TABLES analytics_events FOR EXPORT; UNLOCK TABLES");
    assert!(search(&server, gone).found("identity"), "the control finds nothing");

    let touched = mysql.forget_people(&forgotten(&[1, 3])).await.unwrap();
    assert_eq!(touched.count, 300);
    assert_eq!(mysql.forget_people(&forgotten(&[1, 3])).await.unwrap().count, 0);
    assert_eq!(number(&server, &url, "SELECT COUNT(*) FROM daybook_rewrites"), 0);
    let after = rows(&server, &url);
    assert!(!after.contains(gone));
    let of_others = |rows: &str| rows.lines().filter(|row| row.contains(stays)).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(of_others(&after), of_others(&before));

    // Computed again from the log, in which nothing of theirs opens any more.
    let now_items = items.iter().map(|item| match item.event.identity.as_deref() {
        Some(identity) if identity == gone => {
            let data = item.event.data.replace(&format!(r#","mine":"{gone}","phone":"+55 11 {gone}""#), "");
            let mut item = (*erased(item)).clone();
            item.event.data = data.into();
            std::sync::Arc::new(item)
        }
        _ => item.clone(),
    });
    server.sql(&url, "TRUNCATE TABLE analytics_events");
    mysql.deliver(&batch(now_items.collect())).await.unwrap();
    assert_eq!(rows(&server, &url), after);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_in_the_files() {
    let server = MariaDb::start();
    let url = server.database();
    let mysql = communities(&url);
    mysql.prepare().await.unwrap();
    let (gone, stays) = ("1987654321", "1123456789");
    let items: Vec<_> = (1..=2_000)
        .map(|number| {
            let (who, identity) = if number % 2 == 0 { (person(1), gone) } else { (person(2), stays) };
            of(who, identity, zone(number, days_ago((number % 50) as i64)))
        })
        .collect();
    // What an operator sets so that pages which are given up hold nothing.
    server.sql(&url, "SET GLOBAL innodb_immediate_scrub_data_uncompressed = 1");
    mysql.deliver(&batch(items)).await.unwrap();
    server.sql(&url, "FLUSH TABLES analytics_events FOR EXPORT; UNLOCK TABLES");
    assert!(search(&server, gone).found("identity"), "the control finds nothing");
    mysql.forget_people(&forgotten(&[1])).await.unwrap();

    // The table's own files are clean as they are; undo and redo go with purging and with what is written after.
    server.sql(&url, "SET GLOBAL innodb_max_purge_lag_wait = 0");
    server.sql(&url, "SET GLOBAL innodb_log_file_size = 16777216");
    server.restart();
    let found = search(&server, gone);
    let places: Vec<String> = found.findings.iter().map(ToString::to_string).collect();
    assert!(!places.iter().any(|place| place.contains("analytics_")), "{places:#?}");
    found.assert_clean();
    assert!(search(&server, stays).found("identity"));
}

/// Names that upkeep takes out row by row are in the files no longer than their month has time.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_had_its_time_goes_from_the_files() {
    let server = MariaDb::start();
    let url = server.database();
    let mysql = communities(&url);
    mysql.prepare().await.unwrap();
    let (gone, stays) = ("1987654321", "1123456789");
    let at = time("2026-03-10T00:00:00Z");
    let mut items: Vec<_> = (1..=2_000).map(|number| of(person(1), gone, zone(number, at))).collect();
    items.push(of(person(2), stays, event(2_001, "user.login.completed", "security", at)));
    server.sql(&url, "SET GLOBAL innodb_immediate_scrub_data_uncompressed = 1");
    mysql.deliver(&batch(items)).await.unwrap();
    server.sql(&url, "FLUSH TABLES analytics_events FOR EXPORT; UNLOCK TABLES");
    assert!(search(&server, gone).found("identity"), "the control finds nothing");
    let count = |column: &str| number(&server, &url, &format!("SELECT COUNT({column}) FROM analytics_events"));

    mysql.tend(now()).await.unwrap();
    assert_eq!((count("*"), count("identity_id")), (2_001, 1));
    mysql.tend(time("2026-07-05T00:00:00Z")).await.unwrap();
    assert_eq!((count("*"), count("identity_id")), (1, 1));
    assert_eq!(number(&server, &url, "SELECT COUNT(*) FROM daybook_rewrites"), 0);

    server.sql(&url, "SET GLOBAL innodb_max_purge_lag_wait = 0");
    server.sql(&url, "SET GLOBAL innodb_log_file_size = 16777216");
    server.restart();
    let places: Vec<String> = search(&server, gone).findings.iter().map(ToString::to_string).collect();
    assert!(!places.iter().any(|place| place.contains("analytics_")), "{places:#?}");
    assert!(search(&server, stays).found("identity"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewrite_that_was_cut_off_is_made_up_for() {
    let server = MariaDb::start();
    let url = server.database();
    let mysql = communities(&url);
    mysql.prepare().await.unwrap();
    mysql.deliver(&batch(vec![of(person(1), "1987654321", zone(1, now()))])).await.unwrap();
    // As an erasure leaves it that ended between the rows and the files.
    server.sql(
        &url,
        "INSERT INTO daybook_rewrites VALUES (UNIX_TIMESTAMP('2026-06-01')), (UNIX_TIMESTAMP('1990-01-01'))",
    );
    mysql.forget_people(&forgotten(&[9])).await.unwrap();
    assert_eq!(number(&server, &url, "SELECT COUNT(*) FROM daybook_rewrites"), 0);
    assert_eq!(number(&server, &url, "SELECT COUNT(identity_id) FROM analytics_events"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_of_a_category_goes_and_no_other() {
    let server = MariaDb::start();
    let url = server.database();
    let mysql = communities(&url);
    mysql.prepare().await.unwrap();
    let login = |number, at| event(number, "user.login.completed", "security", at);
    let items = vec![
        of(person(1), "1987654321", zone(1, time("2026-05-01T00:00:00Z"))),
        of(person(1), "1987654321", zone(2, time("2026-05-31T23:59:59.999999Z"))),
        of(person(1), "1987654321", zone(3, time("2026-06-01T00:00:00Z"))),
        of(person(1), "1987654321", zone(4, time("2026-04-30T23:59:59.999999Z"))),
        of(person(1), "1987654321", login(5, time("2026-05-10T00:00:00Z"))),
    ];
    mysql.deliver(&batch(items)).await.unwrap();
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
    assert_eq!(mysql.forget_months(&months).await.unwrap().count, 2);
    assert_eq!(mysql.forget_months(&months).await.unwrap().count, 0);
    assert_eq!(server.sql(&url, "SELECT position FROM analytics_events ORDER BY position"), "3\n4\n5");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_reached_is_no_success() {
    let server = MariaDb::start();
    let url = server.database();
    let mysql = communities(&url);
    // Before anything was made there is nothing to forget.
    assert_eq!(mysql.forget_people(&forgotten(&[1])).await.unwrap().count, 0);
    mysql.prepare().await.unwrap();
    server.stop();
    mysql.forget_people(&forgotten(&[1])).await.unwrap_err();
    server.restart();
    let begun = std::time::Instant::now();
    while let Err(error) = mysql.forget_people(&forgotten(&[1])).await {
        assert!(begun.elapsed() < crate::support::PATIENCE, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_was_given_up_brings_nobody_back() {
    let server = MariaDb::start();
    let url = server.database();
    let build = daybook_sinks::mysql::build;
    let settings = serde_json::json!({"url": url, "timeout": "1s"});
    let built = crate::support::try_build(build, "unofficial-communities", serde_json::json!({}), Some(settings));
    let daybook_sinks::Built::Handler(mysql) = built.unwrap() else { panic!("unconfigured") };
    let one = batch(vec![of(person(1), "1987654321", zone(1, now()))]);
    // Tables take longer to be made than this one waits.
    communities(&url).prepare().await.unwrap();
    let begun = std::time::Instant::now();
    while let Err(failure) = mysql.prepare().await {
        assert!(begun.elapsed() < crate::support::PATIENCE, "{failure}");
    }
    // The insert waits for this lock longer than the handler does, also where a slow machine sees late that it is held.
    let locking = "LOCK TABLES analytics_events READ; DO SLEEP(8); UNLOCK TABLES";
    let forgetting = async {
        while number(&server, &url, "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'")
            == 0
        {}
        assert_eq!(crate::support::all_failed(mysql.deliver(&one).await).code, "mysql.timeout");
        let begun = std::time::Instant::now();
        while let Err(error) = mysql.forget_people(&forgotten(&[1])).await {
            assert!(begun.elapsed() < crate::support::PATIENCE, "{error}");
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| server.sql(&url, locking));
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(forgetting));
    });
    assert_eq!(number(&server, &url, "SELECT COUNT(identity_id) FROM analytics_events"), 0);
}
