//! Who is told what, how often, and what is told to nobody.

use daybook_consumers::{FailureKind, Undelivered};
use serde_json::{Value, json};

use crate::Site;
use crate::support::Answer;

const DEGRADED: &str = "system.health.degraded";

/// Alertmanager wants to hear of what lasts; it says itself how often people are told.
#[tokio::test]
async fn what_lasts_is_told_again() {
    let rule = json!({"name": "Degraded", "kind": "event", "resolve-after": "20m"});
    let mut site = Site::new(json!({"rules": [rule]})).await;
    site.happens(DEGRADED, json!({})).await;
    assert_eq!(site.told(), ["Degraded{}"]);
    for minute in 1..=10 {
        site.pass(59).await;
        assert!(site.told().is_empty(), "in minute {minute}");
        site.pass(1).await;
        assert_eq!(site.told(), ["Degraded{}"], "after {minute} minutes");
    }
}

#[tokio::test]
async fn people_are_told_seldom() {
    let rule = json!({
        "name": "Degraded", "kind": "event", "resolve-after": "3h", "severity": "critical", "group-by": ["service"],
        "summary": "<!channel> {service} & more",
    });
    let mut site = Site::new(json!({"rules": [rule], "format": "slack", "repeat-every": "1h"})).await;
    site.happens(DEGRADED, json!({"service": "<db>"})).await;
    let message = site.receiver.take()[0].json();
    assert_eq!(message["text"], "*1 firing* in shop (calls)");
    let attachment = &message["attachments"][0];
    assert_eq!((&attachment["color"], &attachment["title"]), (&json!("danger"), &json!("[FIRING] Degraded")));
    assert_eq!(attachment["text"], "&lt;!channel&gt; &lt;db&gt; &amp; more");
    site.pass(3_599).await;
    assert!(site.receiver.take().is_empty());
    site.pass(1).await;
    assert_eq!(site.receiver.take().len(), 1);
    site.pass(2 * 3_600).await;
    let messages: Vec<Value> = site.receiver.take().iter().map(super::support::Call::json).collect();
    assert_eq!(messages.last().unwrap()["attachments"][0]["color"], "good");
    assert_eq!(messages.last().unwrap()["text"], "*1 resolved* in shop (calls)");
    site.pass(4 * 3_600).await;
    assert!(site.receiver.take().is_empty());
}

#[tokio::test]
async fn many_alerts_are_one_message() {
    let rule = json!({"name": "Degraded", "kind": "event", "group-by": ["service"]});
    let mut site = Site::new(json!({"rules": [rule], "format": "slack"})).await;
    let items: Vec<_> = (0..50).map(|number| site.event(DEGRADED, json!({"service": format!("s{number}")}))).collect();
    site.deliver(&items).await.unwrap();
    let calls = site.receiver.take();
    let message = calls[0].json();
    assert_eq!((calls.len(), message["attachments"].as_array().unwrap().len()), (1, 20));
    assert_eq!(message["text"], "*50 firing* in shop (calls), and 30 not shown");
}

/// Of a hundred alerts that were told nobody is told anew because the next hundred could not be.
#[tokio::test]
async fn what_was_told_is_not_told_again_with_the_rest() {
    let rule = json!({"name": "Degraded", "kind": "event", "group-by": ["service"], "resolve-after": "10m"});
    let mut site = Site::new(json!({"rules": [rule], "format": "slack"})).await;
    let items: Vec<_> = (0..250).map(|number| site.event(DEGRADED, json!({"service": format!("s{number}")}))).collect();
    let sums = |site: &Site| -> Vec<String> {
        let text = |call: &crate::support::Call| call.json()["text"].as_str().unwrap()[..11].to_owned();
        site.receiver.take().iter().map(text).collect()
    };
    site.receiver.will([Answer::Status(200), Answer::Status(429)]);
    assert!(site.deliver(&items).await.is_err());
    assert_eq!(sums(&site), ["*100 firing", "*100 firing"]);
    // Time goes on meanwhile, which makes nothing of it forgotten.
    site.pass(5).await;
    site.deliver(&items).await.unwrap();
    assert_eq!(sums(&site), ["*100 firing", "*50 firing*"]);
    site.pass(5).await;
    assert!(sums(&site).is_empty());
    site.pass(595).await;
    assert_eq!(sums(&site), ["*100 resolv", "*100 resolv", "*50 resolve"]);
}

/// What is in an event stays in its place.
#[tokio::test]
async fn values_stay_on_their_line() {
    let rule =
        json!({"name": "Degraded", "kind": "event", "group-by": ["service", "zone"], "summary": "{service} is gone"});
    let mut site = Site::new(json!({"rules": [rule]})).await;
    site.happens(DEGRADED, json!({"service": "a\u{1f}b\nAll is well", "zone": "c"})).await;
    let alert = site.receiver.take()[0].json()[0].clone();
    assert_eq!(alert["annotations"]["summary"], "a b All is well is gone");
    assert_eq!(alert["labels"]["service"], "a b All is well");
    site.happens(DEGRADED, json!({"service": "a", "zone": "b\u{1f}c"})).await;
    assert_eq!(site.told(), ["Degraded{a,b c}"], "another alert");
}

/// Whatever is in the events, what is kept of them is bounded.
#[tokio::test]
async fn groups_are_bounded() {
    let rule = json!({"name": "Degraded", "kind": "event", "group-by": ["service"]});
    let mut site = Site::new(json!({"rules": [rule]})).await;
    let items: Vec<_> = (0..1_100)
        .map(|number| site.event(DEGRADED, json!({"service": format!("s{number}{}", "x".repeat(900))})))
        .collect();
    site.deliver(&items).await.unwrap();
    let told = site.told();
    assert_eq!(told.len(), 1_001);
    assert!(told.contains(&"Degraded{other}".to_owned()) && told.iter().all(|alert| alert.len() < 300));
}

/// After a day of downtime nobody is called for what is over.
#[tokio::test]
async fn what_is_long_over_is_told_to_nobody() {
    let rules = json!([
        {"name": "Degraded", "kind": "event"},
        {"name": "Many", "kind": "rate", "more-than": 1, "window": "1m"},
        {"name": "Load", "kind": "threshold", "field": "load", "above": 1},
    ]);
    let mut site = Site::new(json!({"rules": rules})).await;
    let old: Vec<_> = (0..20).map(|_| site.event(DEGRADED, json!({"load": 2}))).collect();
    site.now.fetch_add(3_700_000_000, std::sync::atomic::Ordering::SeqCst);
    site.deliver(&old).await.unwrap();
    site.pass(600).await;
    assert!(site.told().is_empty());
    // What is younger is told, and then that it is over.
    let young = site.event(DEGRADED, json!({"load": 0}));
    site.now.fetch_add(1_800_000_000, std::sync::atomic::Ordering::SeqCst);
    site.handler().prepare().await.unwrap();
    site.deliver(&[young]).await.unwrap();
    assert_eq!(site.told(), ["Degraded{}"]);
    // There may be more of it in what is still to be read.
    site.pass(29).await;
    assert!(site.told().is_empty());
    site.pass(1).await;
    assert_eq!(site.told(), ["Degraded{} resolved"]);
}

/// Nothing is lost, and nothing counted twice, while the receiver is away.
#[tokio::test]
async fn a_receiver_that_fails_is_waited_for() {
    let rule = json!({"name": "Many", "kind": "rate", "more-than": 2, "window": "5m", "summary": "{alert.value}"});
    let mut site = Site::new(json!({"rules": [rule]})).await;
    let items: Vec<_> = (0..3).map(|_| site.event(DEGRADED, json!({}))).collect();
    for status in [500, 503, 400, 404, 401] {
        site.receiver.will([Answer::Status(status)]);
        let Err(Undelivered::All(failure)) = site.deliver(&items).await else { panic!("{status}") };
        assert_eq!(failure.kind, FailureKind::Destination, "{status}");
        assert_eq!(site.handler().committed().await.unwrap(), 0);
    }
    site.told();
    site.deliver(&items).await.unwrap();
    let call = site.receiver.calls()[0].json();
    assert_eq!((site.told(), &call[0]["annotations"]["value"]), (vec!["Many{}".to_owned()], &json!("3")));
    // Where only time passes, the failure is not the runtime's; it is tried again a little later.
    for _ in 0..4 {
        site.pass(60).await;
    }
    site.told();
    site.receiver.will([Answer::Status(503)]);
    site.now.fetch_add(60_000_000, std::sync::atomic::Ordering::SeqCst);
    assert!(site.handler().tend(site.now()).await.is_err());
    site.pass(29).await;
    assert_eq!(site.told(), ["Many{} resolved"], "the call that failed");
    site.pass(1).await;
    assert_eq!(site.told(), ["Many{} resolved"]);
}
