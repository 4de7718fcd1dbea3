//! Stopped, killed, rewound.

use daybook_consumers::{Batch, FailureKind};
use serde_json::json;

use crate::Site;
use crate::support::batch;

const DEGRADED: &str = "system.health.degraded";

#[tokio::test]
async fn a_restart_tells_nobody_anew() {
    let rule = json!({"name": "Degraded", "kind": "event", "resolve-after": "10m"});
    let mut site = Site::new(json!({"rules": [rule], "format": "slack"})).await;
    site.happens(DEGRADED, json!({})).await;
    assert_eq!(site.receiver.take().len(), 1);
    site.start().await;
    assert_eq!(site.handler().committed().await.unwrap(), 1);
    site.happens(DEGRADED, json!({})).await;
    site.pass(60).await;
    assert!(site.receiver.take().is_empty());
    site.pass(600).await;
    assert_eq!(site.receiver.take()[0].json()["attachments"][0]["color"], "good");
}

/// Killed at any time: counted again from where the state was written, and everything once.
#[tokio::test]
async fn events_are_counted_once() {
    let rule = json!({"name": "Many", "kind": "rate", "more-than": 9, "window": "1h"});
    let mut site = Site::new(json!({"rules": [rule]})).await;
    let items: Vec<_> = (0..10).map(|_| site.event(DEGRADED, json!({}))).collect();
    for (index, item) in items.iter().enumerate() {
        site.start().await;
        let from = usize::try_from(site.handler().committed().await.unwrap()).unwrap();
        assert!(from <= index);
        site.deliver(&items[from..index]).await.unwrap_or_else(|_| assert_eq!(from, index));
        // Handed over twice, as after a delivery that took too long.
        for _ in 0..2 {
            site.deliver(std::slice::from_ref(item)).await.unwrap();
        }
        assert_eq!(site.told().len(), usize::from(index == 9), "after {index}");
    }
}

#[tokio::test]
async fn a_state_that_cannot_be_read_is_computed_again() {
    let mut site = Site::new(json!({})).await;
    site.happens(DEGRADED, json!({})).await;
    for text in ["", "{", "[]", "{\"version\":99,\"offset\":1,\"rules\":{}}"] {
        std::fs::write(site.state(), text).unwrap();
        site.start().await;
        assert_eq!(site.handler().committed().await.unwrap(), 0, "{text}");
    }
}

#[tokio::test]
async fn a_rewind_sets_the_offset() {
    let mut site = Site::new(json!({})).await;
    site.happens(DEGRADED, json!({})).await;
    site.happens(DEGRADED, json!({})).await;
    site.told();
    for to in [1, 9, 0] {
        site.handler().rewind(to).await.unwrap();
        site.start().await;
        assert_eq!(site.handler().committed().await.unwrap(), to);
    }
}

/// Where nothing can be noted, nobody is told of anything, again and again.
#[tokio::test]
async fn a_place_that_cannot_be_written_to_is_said_so_first() {
    let mut site = Site::new(json!({})).await;
    let directory = site.state().parent().unwrap().to_owned();
    std::fs::remove_dir_all(&directory).unwrap();
    std::fs::write(&directory, "no directory").unwrap();
    site.build();
    let item = site.event(DEGRADED, json!({}));
    for _ in 0..2 {
        let failure = site.handler().prepare().await.unwrap_err();
        assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "alert.state"));
        assert!(site.deliver(std::slice::from_ref(&item)).await.is_err());
    }
    assert!(site.told().is_empty());
    std::fs::remove_file(&directory).unwrap();
    site.handler().prepare().await.unwrap();
    site.deliver(&[item]).await.unwrap();
    assert_eq!(site.told().len(), 1);
}

/// What comes out of the dead letters is judged like everything else, and moves no offset.
#[tokio::test]
async fn a_replay_moves_no_offset() {
    let mut site = Site::new(json!({})).await;
    let items: Vec<_> = (0..5).map(|_| site.event(DEGRADED, json!({}))).collect();
    site.deliver(&items[2..]).await.unwrap();
    site.told();
    let replayed = Batch { after: 2, through: 2, replay: true, ..batch(&items[1..2]) };
    site.handler().deliver(&replayed).await.unwrap();
    assert_eq!(site.handler().committed().await.unwrap(), 5);
}
