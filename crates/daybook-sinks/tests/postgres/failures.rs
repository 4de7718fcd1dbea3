//! A destination that fails is to blame, and no event; what it acknowledged is there.

use std::time::Duration;

use daybook_consumers::FailureKind;
use daybook_harness::Postgres;

use crate::support::{all_failed, batch, deliver_in_the_end, now, plain, refused, zone};
use crate::{communities, number};

#[tokio::test(flavor = "multi_thread")]
async fn credentials_privileges_and_modes() {
    let server = Postgres::start();
    let url = server.database();
    let failure = communities(&url.replace(server.password(), "geheim")).prepare().await.unwrap_err();
    assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "postgres.access"), "{failure}");
    assert!(!failure.to_string().contains("geheim"));
    assert_eq!(communities(&format!("{url}_not_there")).prepare().await.unwrap_err().code, "postgres.access");

    server.sql(&url, "CREATE USER poor PASSWORD 'geheim'");
    let poor_url = url.replace(&format!("daybook:{}@", server.password()), "poor:geheim@");
    let failure = communities(&poor_url).prepare().await.unwrap_err();
    assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "postgres.access"), "{failure}");
    communities(&url).prepare().await.unwrap();
    server.sql(&url, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO poor");
    let poor = communities(&poor_url);
    poor.prepare().await.unwrap();
    let one = batch(vec![plain(zone(1, now()))]);
    let failure = all_failed(poor.deliver(&one).await);
    assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "postgres.access"), "{failure}");

    let postgres = communities(&url);
    postgres.prepare().await.unwrap();
    server.sql(&url, "CREATE USER reader PASSWORD 'geheim'; GRANT ALL ON ALL TABLES IN SCHEMA public TO reader");
    server.sql(&url, "ALTER ROLE reader SET default_transaction_read_only = on");
    let read_only = communities(&poor_url.replace("poor", "reader"));
    let failure = all_failed(read_only.deliver(&one).await);
    assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "postgres.read-only"), "{failure}");
    // A table that went away is made again.
    server.sql(&url, "DROP TABLE events");
    assert_eq!(all_failed(postgres.deliver(&one).await).code, "postgres.schema");
    postgres.prepare().await.unwrap();
    postgres.deliver(&one).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_of_the_operator_s_refuses_events_one_by_one() {
    let server = Postgres::start();
    let url = server.database();
    let postgres = communities(&url);
    postgres.prepare().await.unwrap();
    server.sql(&url, "ALTER TABLE events ADD CONSTRAINT odd CHECK (position % 3 > 0)");
    let result = postgres.deliver(&batch((1..=30).map(|number| plain(zone(number, now()))).collect())).await;
    assert_eq!(refused(result), [2, 5, 8, 11, 14, 17, 20, 23, 26, 29].map(|index| (index, "postgres.refused")));
    assert_eq!(number(&server, &url, "SELECT count(*) FROM events"), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_paused_and_started_again_under_load() {
    let server = Postgres::start();
    let url = server.database();
    let postgres = communities(&url);
    postgres.prepare().await.unwrap();
    let batches: Vec<_> = (0..40u64)
        .map(|batch_number| batch((1..=250).map(|number| plain(zone(batch_number * 250 + number, now()))).collect()))
        .collect();
    let delivering = async {
        for batch in &batches {
            deliver_in_the_end(&*postgres, batch).await;
        }
    };
    let written = || number(&server, &url, "SELECT count(*) FROM events");
    let disturbing = async {
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
    assert_eq!(number(&server, &url, "SELECT count(DISTINCT event_id) FROM events"), 10_000);
}
