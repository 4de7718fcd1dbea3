//! A destination that fails is to blame, and no event; what it acknowledged is there.

use std::time::Duration;

use daybook_consumers::FailureKind;
use daybook_harness::MariaDb;

use crate::support::{all_failed, batch, deliver_in_the_end, now, plain, refused, zone};
use crate::{communities, number};

#[tokio::test(flavor = "multi_thread")]
async fn credentials_and_privileges() {
    let server = MariaDb::start();
    let url = server.database();
    let wrong = url.replace(server.password(), "geheim");
    let failure = communities(&wrong).prepare().await.unwrap_err();
    assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "mysql.access"), "{failure}");
    assert!(!failure.to_string().contains("geheim"));
    let nowhere = format!("{url}_not_there");
    assert_eq!(communities(&nowhere).prepare().await.unwrap_err().code, "mysql.access");

    let database = url.rsplit('/').next().unwrap();
    server.sql(
        &url,
        &format!(
            "CREATE USER poor@'127.0.0.1' IDENTIFIED BY 'geheim'; GRANT SELECT ON {database}.* TO poor@'127.0.0.1'"
        ),
    );
    let poor = url.replace(&format!("daybook:{}@", server.password()), "poor:geheim@");
    let failure = communities(&poor).prepare().await.unwrap_err();
    assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "mysql.access"), "{failure}");
    // The tables are there, but it may not write: no event is to blame.
    communities(&url).prepare().await.unwrap();
    let mysql = communities(&poor);
    mysql.prepare().await.unwrap();
    let failure = all_failed(mysql.deliver(&batch(vec![plain(zone(1, now()))])).await);
    assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "mysql.access"), "{failure}");
    assert!(!failure.to_string().contains("geheim"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_no_writes_or_no_connections() {
    let server = MariaDb::start();
    let url = server.database();
    let mysql = communities(&url);
    mysql.prepare().await.unwrap();
    let one = batch(vec![plain(zone(1, now()))]);
    // The harness's own user may write all the same; another may not.
    let database = url.rsplit('/').next().unwrap();
    server.sql(
        &url,
        &format!(
            "CREATE USER other@'127.0.0.1' IDENTIFIED BY 'geheim'; GRANT ALL ON {database}.* TO other@'127.0.0.1'"
        ),
    );
    let other = communities(&url.replace(&format!("daybook:{}@", server.password()), "other:geheim@"));
    other.prepare().await.unwrap();
    server.sql(&url, "SET GLOBAL read_only = 1");
    let failure = all_failed(other.deliver(&one).await);
    assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "mysql.read-only"), "{failure}");
    server.sql(&url, "SET GLOBAL read_only = 0; ALTER USER other@'127.0.0.1' WITH MAX_USER_CONNECTIONS 1");
    let busy = communities(&url.replace(&format!("daybook:{}@", server.password()), "other:geheim@"));
    other.deliver(&one).await.unwrap();
    let failure = busy.prepare().await.unwrap_err();
    assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "mysql.busy"), "{failure}");
    // A table that went away is made again.
    server.sql(&url, "DROP TABLE analytics_events");
    assert_eq!(all_failed(mysql.deliver(&one).await).code, "mysql.schema");
    mysql.prepare().await.unwrap();
    mysql.deliver(&one).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_of_the_operator_s_refuses_events_one_by_one() {
    let server = MariaDb::start();
    let url = server.database();
    let mysql = communities(&url);
    mysql.prepare().await.unwrap();
    server.sql(&url, "ALTER TABLE analytics_events ADD CONSTRAINT odd CHECK (position % 3 > 0)");
    let items = (1..=30).map(|number| plain(zone(number, now()))).collect();
    let codes = refused(mysql.deliver(&batch(items)).await);
    assert_eq!(codes, [2, 5, 8, 11, 14, 17, 20, 23, 26, 29].map(|index| (index, "mysql.refused")));
    assert_eq!(number(&server, &url, "SELECT COUNT(*) FROM analytics_events"), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_paused_and_started_again_under_load() {
    let server = MariaDb::start();
    let url = server.database();
    let mysql = communities(&url);
    mysql.prepare().await.unwrap();
    let batches: Vec<_> = (0..40u64)
        .map(|batch_number| batch((1..=250).map(|number| plain(zone(batch_number * 250 + number, now()))).collect()))
        .collect();
    let delivering = async {
        for batch in &batches {
            deliver_in_the_end(&*mysql, batch).await;
        }
    };
    let written = || number(&server, &url, "SELECT COUNT(*) FROM analytics_events");
    let disturbing = async {
        // In the middle of it each time; where it was quicker than that, what follows still holds.
        for end in 1..=3 {
            while tokio::task::block_in_place(written) < end * 1_500 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            tokio::task::block_in_place(|| match end {
                1 => {
                    server.kill();
                    server.restart();
                }
                2 => server.restart(),
                _ => {
                    server.pause();
                    std::thread::sleep(Duration::from_millis(300));
                    server.resume();
                }
            });
        }
    };
    tokio::join!(delivering, disturbing);
    assert_eq!(written(), 10_000);
    assert_eq!(number(&server, &url, "SELECT COUNT(DISTINCT event_id) FROM analytics_events"), 10_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_server_is_given_up_in_time() {
    let server = MariaDb::start();
    let url = server.database();
    let settings = serde_json::json!({"url": url, "timeout": "1s", "connect-timeout": "1s"});
    let build = daybook_sinks::mysql::build;
    let built = crate::support::try_build(build, "unofficial-communities", serde_json::json!({}), Some(settings));
    let daybook_sinks::Built::Handler(mysql) = built.unwrap() else { panic!("unconfigured") };
    // Tables take longer to be made than this one waits.
    communities(&url).prepare().await.unwrap();
    deliver_in_the_end(&*mysql, &batch(vec![plain(zone(1, now()))])).await;
    let whole = batch((1..=100).map(|number| plain(zone(number, now()))).collect());
    server.pause();
    let failure = all_failed(mysql.deliver(&whole).await);
    assert_eq!(failure.kind, FailureKind::Destination, "{failure}");
    server.resume();
    deliver_in_the_end(&*mysql, &whole).await;
    assert_eq!(number(&server, &url, "SELECT COUNT(*) FROM analytics_events"), 100);
}
