//! Each kind of rule: when it fires, and when it is over.

use std::time::Duration;

use daybook_sinks::Promise;
use serde_json::json;

use crate::Site;

const DEGRADED: &str = "system.health.degraded";
const VIEWED: &str = "page.viewed";

#[tokio::test]
async fn without_rules_every_event_is_an_alert() {
    let mut site = Site::new(json!({})).await;
    site.happens(DEGRADED, json!({"service": "db"})).await;
    assert_eq!(site.told(), ["system.health.degraded{}"]);
    site.happens(VIEWED, json!({})).await;
    assert_eq!(site.told(), ["page.viewed{}"]);
    site.pass(301).await;
    let mut told = site.told();
    told.retain(|alert| alert.ends_with("resolved"));
    told.sort();
    assert_eq!(told, ["page.viewed{} resolved", "system.health.degraded{} resolved"]);
    site.pass(600).await;
    assert!(site.told().is_empty(), "what is over is told once");
}

#[tokio::test]
async fn alerts_are_told_apart_by_their_group() {
    let rule = json!({
        "name": "Degraded", "kind": "event", "events": ["system.*"], "severity": "critical", "group-by": ["service"],
        "labels": {"load": "{load}"}, "summary": "{service} is at {load}, {alert.count} times",
    });
    let mut site = Site::new(json!({"rules": [rule]})).await;
    site.happens(DEGRADED, json!({"service": "db", "load": 0.5})).await;
    let alert = site.receiver.take()[0].json()[0].clone();
    assert_eq!(alert["annotations"]["summary"], "db is at 0.5, 1 times");
    assert_eq!(alert["labels"]["severity"], "critical");
    // The same again is the same alert, whatever its load: nobody is told anew.
    site.happens(DEGRADED, json!({"service": "db", "load": 0.9})).await;
    site.happens(VIEWED, json!({"load_ms": 1})).await;
    assert!(site.told().is_empty());
    site.happens(DEGRADED, json!({"service": "web"})).await;
    assert_eq!(site.told(), ["Degraded{-,web}"]);
    site.pass(240).await;
    site.happens(DEGRADED, json!({"service": "db", "load": 0.9})).await;
    site.told();
    site.pass(61).await;
    assert!(site.told().contains(&"Degraded{-,web} resolved".to_owned()), "the one that did not come again");
}

#[tokio::test]
async fn a_rate_is_counted_in_its_window() {
    let rule = json!({
        "name": "Slow", "kind": "rate", "events": [VIEWED], "more-than": 3, "window": "1m", "group-by": ["zone"],
    });
    let mut site = Site::new(json!({"rules": [rule]})).await;
    for _ in 0..3 {
        site.happens(VIEWED, json!({"zone": "a"})).await;
        site.happens(VIEWED, json!({"zone": "b"})).await;
        site.pass(10).await;
    }
    assert!(site.told().is_empty());
    site.pass(35).await;
    // Of those of zone b two are still in the window.
    site.happens(VIEWED, json!({"zone": "b"})).await;
    assert!(site.told().is_empty());
    for _ in 0..2 {
        site.happens(VIEWED, json!({"zone": "b"})).await;
    }
    assert_eq!(site.told(), ["Slow{b}"]);
    site.pass(59).await;
    assert!(site.told().is_empty());
    site.pass(1).await;
    assert_eq!(site.told(), ["Slow{b} resolved"]);
}

/// An event that stands for ten counts as ten.
#[tokio::test]
async fn a_rate_counts_what_was_sampled_out() {
    let rule = json!({"name": "Many", "kind": "rate", "more-than": 15, "window": "1m"});
    let mut site = Site::new(json!({"rules": [rule]})).await;
    for expected in [vec![], vec!["Many{}"]] {
        let mut item = site.event(VIEWED, json!({})).as_ref().clone();
        item.event.sample_rate = 0.1;
        site.deliver(&[std::sync::Arc::new(item)]).await.unwrap();
        assert_eq!(site.told(), expected);
    }
}

#[tokio::test]
async fn a_threshold_must_be_crossed_for_its_time() {
    let rule = json!({
        "name": "Load", "kind": "threshold", "events": [DEGRADED], "field": "load", "above": 0.8, "for": "2m",
        "group-by": ["service"],
    });
    let mut site = Site::new(json!({"rules": [rule]})).await;
    for load in [json!(0.9), json!("0.95"), json!(0.7), json!(0.9)] {
        site.happens(DEGRADED, json!({"service": "db", "load": load})).await;
        site.pass(59).await;
        assert!(site.told().is_empty(), "{load}");
    }
    site.happens(DEGRADED, json!({"service": "db", "load": "much"})).await;
    site.pass(60).await;
    assert!(site.told().is_empty(), "a second is missing");
    // It was crossed two minutes ago, and nothing says otherwise.
    site.pass(1).await;
    assert_eq!(site.told(), ["Load{db}"]);
    site.happens(DEGRADED, json!({"service": "db", "load": 0.8})).await;
    assert_eq!(site.told(), ["Load{db} resolved"]);
    // Of a value that nobody says anything of any more, nobody knows.
    site.happens(DEGRADED, json!({"service": "db", "load": 1})).await;
    site.pass(120).await;
    assert_eq!(site.told(), ["Load{db}"]);
    site.pass(180).await;
    assert!(site.told().contains(&"Load{db} resolved".to_owned()));
}

#[tokio::test]
async fn silence_is_heard() {
    let rule = json!({"name": "Quiet", "kind": "silence", "events": [VIEWED], "for": "10m", "severity": "info"});
    let mut site = Site::new(json!({"rules": [rule]})).await;
    site.pass(599).await;
    assert!(site.told().is_empty());
    site.pass(1).await;
    assert_eq!(site.told(), ["Quiet{}"]);
    site.happens(VIEWED, json!({})).await;
    assert_eq!(site.told(), ["Quiet{} resolved"]);
    site.pass(540).await;
    site.happens(VIEWED, json!({})).await;
    site.pass(540).await;
    assert!(site.told().is_empty());
}

/// While the log is being caught up with, nobody knows what is silent.
#[tokio::test]
async fn a_backlog_is_not_silence() {
    let rule = json!({"name": "Quiet", "kind": "silence", "events": [VIEWED], "for": "10m"});
    let mut site = Site::new(json!({"rules": [rule]})).await;
    let old: Vec<_> = (0..3).map(|_| site.event(VIEWED, json!({}))).collect();
    // Daybook is down for a day; then it reads for half an hour what came meanwhile.
    site.now.fetch_add(86_400_000_000, std::sync::atomic::Ordering::SeqCst);
    site.start().await;
    for item in old {
        site.deliver(&[item]).await.unwrap();
        site.pass(540).await;
    }
    assert!(site.told().is_empty());
    site.pass(60).await;
    assert_eq!(site.told(), ["Quiet{}"]);
}

/// A consumer that is paused hears nothing, which says nothing.
#[tokio::test]
async fn a_pause_is_not_silence() {
    let rule = json!({"name": "Quiet", "kind": "silence", "events": [VIEWED], "for": "10m"});
    let site = Site::new(json!({"rules": [rule]})).await;
    site.pass(300).await;
    site.now.fetch_add(3_600_000_000, std::sync::atomic::Ordering::SeqCst);
    site.handler().prepare().await.unwrap();
    site.pass(599).await;
    assert!(site.told().is_empty());
    site.pass(1).await;
    assert_eq!(site.told(), ["Quiet{}"]);
}

/// A clock that was wrong, and was put right: nothing waits until that time comes.
#[tokio::test]
async fn a_clock_may_be_set_back() {
    use std::sync::atomic::Ordering::SeqCst;
    const YEAR: i64 = 365 * 86_400_000_000;
    let rules = json!([
        {"name": "Degraded", "kind": "event", "events": [DEGRADED]},
        {"name": "Many", "kind": "rate", "events": [VIEWED], "more-than": 2, "window": "1m"},
        {"name": "Quiet", "kind": "silence", "events": [VIEWED], "for": "10m"},
    ]);
    for restarts in [false, true] {
        let mut site = Site::new(json!({"rules": rules})).await;
        site.now.fetch_add(YEAR, SeqCst);
        site.handler().prepare().await.unwrap();
        site.happens(VIEWED, json!({})).await;
        site.happens(DEGRADED, json!({})).await;
        assert_eq!(site.told(), ["Degraded{}"]);
        site.now.fetch_sub(YEAR, SeqCst);
        if restarts {
            site.start().await;
        }
        site.pass(60).await;
        for _ in 0..3 {
            site.happens(VIEWED, json!({})).await;
        }
        assert!(site.told().contains(&"Many{}".to_owned()), "{restarts}");
        site.pass(300).await;
        let told = site.told();
        assert!(
            told.contains(&"Degraded{} resolved".to_owned()) && told.contains(&"Many{} resolved".to_owned()),
            "{told:?}"
        );
        site.pass(300).await;
        assert_eq!(site.told(), ["Quiet{}"], "{restarts}");
    }
}

/// Stopped for longer than an alert lasts: what came meanwhile is read before anything is said to be over.
#[tokio::test]
async fn nothing_is_over_before_the_log_was_read() {
    let rule = json!({"name": "Degraded", "kind": "event", "resolve-after": "5m"});
    let mut site = Site::new(json!({"rules": [rule], "format": "slack"})).await;
    site.happens(DEGRADED, json!({})).await;
    assert_eq!(site.receiver.take().len(), 1);
    site.now.fetch_add(200_000_000, std::sync::atomic::Ordering::SeqCst);
    let meanwhile = site.event(DEGRADED, json!({}));
    site.now.fetch_add(200_000_000, std::sync::atomic::Ordering::SeqCst);
    site.start().await;
    site.handler().tend(site.now()).await.unwrap();
    site.deliver(&[meanwhile]).await.unwrap();
    assert!(site.receiver.take().is_empty());
    site.pass(120).await;
    assert_eq!(site.receiver.take()[0].json()["text"], "*1 resolved* in shop (calls)");
}

/// What is read again says nothing of how it is now, and what nobody measured is not told as a value.
#[tokio::test]
async fn a_rewind_resolves_nothing() {
    let rule = json!({
        "name": "Load", "kind": "threshold", "field": "load", "above": 0.8, "for": "1m", "summary": "{alert.value}",
    });
    let mut site = Site::new(json!({"rules": [rule], "format": "slack"})).await;
    site.happens(VIEWED, json!({})).await;
    let low = site.event(DEGRADED, json!({"load": 0.5}));
    site.deliver(std::slice::from_ref(&low)).await.unwrap();
    site.pass(60).await;
    site.happens(DEGRADED, json!({"load": 0.9})).await;
    site.pass(60).await;
    assert_eq!(site.receiver.take()[0].json()["attachments"][0]["text"], "0.9");
    site.handler().rewind(1).await.unwrap();
    site.deliver(&[low]).await.unwrap();
    site.pass(5).await;
    assert!(site.receiver.take().is_empty());
}

/// An event that stands for more than can be counted.
#[tokio::test]
async fn counts_stay_numbers() {
    let rule = json!({"name": "Many", "kind": "rate", "more-than": 15, "window": "1m"});
    let mut site = Site::new(json!({"rules": [rule]})).await;
    let mut item = site.event(VIEWED, json!({})).as_ref().clone();
    item.event.sample_rate = f64::from_bits(1);
    site.deliver(&[std::sync::Arc::new(item)]).await.unwrap();
    assert_eq!(site.told(), ["Many{}"]);
    site.start().await;
    assert_eq!(site.handler().committed().await.unwrap(), 1);
}

/// A rule whose window was changed counts on.
#[tokio::test]
async fn a_window_may_be_changed() {
    for (before, after) in [("1m", "1h"), ("1h", "1m")] {
        let rule =
            |window: &str| json!({"rules": [{"name": "Many", "kind": "rate", "more-than": 2, "window": window}]});
        let mut site = Site::new(rule(before)).await;
        site.happens(VIEWED, json!({})).await;
        site.pass(60).await;
        site.options = rule(after);
        site.start().await;
        for _ in 0..3 {
            site.happens(VIEWED, json!({})).await;
        }
        assert!(!site.told().is_empty(), "from {before} to {after}");
    }
}

#[tokio::test]
async fn broken_promises_are_told() {
    let rule = json!({"name": "Late", "kind": "latency", "consumers": ["counters"]});
    let site = Site::new(json!({"rules": [rule]})).await;
    let promise = |consumer: &str, broken| Promise {
        consumer: consumer.to_owned(),
        promised: Duration::from_secs(1),
        measured: Some(Duration::from_secs(7)),
        broken,
    };
    *site.promises.0.lock() = vec![promise("counters", false), promise("other", true)];
    site.pass(60).await;
    assert!(site.told().is_empty());
    *site.promises.0.lock() = vec![promise("counters", true)];
    site.pass(5).await;
    let call = site.receiver.calls().remove(0).json();
    assert_eq!(call[0]["annotations"]["summary"], "counters promises 1s and takes 7s");
    assert_eq!(site.told(), ["Late{counters}"]);
    for kept in [vec![promise("counters", false)], vec![]] {
        *site.promises.0.lock() = kept;
        site.pass(5).await;
        assert_eq!(site.told(), ["Late{counters} resolved"], "it is kept, or the consumer is gone");
        *site.promises.0.lock() = vec![promise("counters", true)];
        site.pass(5).await;
        assert_eq!(site.told(), ["Late{counters}"]);
    }
}
