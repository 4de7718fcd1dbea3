//! What is sent, how it is signed, and in which order.

use daybook_catalog::consumers::Order;
use daybook_consumers::{Failure, FailureKind, Undelivered};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::support::{Answer, Receiver, SECRET, batch, plain, ready, spec, try_build, webhook};

const OTHER_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn failed(result: Result<(), Undelivered>) -> Vec<(usize, Failure)> {
    match result {
        Err(Undelivered::Some(failed)) => failed,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_call_carries_an_event_and_is_signed() {
    let receiver = Receiver::start().await;
    let handler = webhook(&spec("webhook", json!({})), &receiver.url(), json!({"headers": {"x-team": "core"}}));
    let items = plain(1, 3, "2026-06-15T11:00:00Z");
    handler.deliver(&batch(&items)).await.unwrap();
    let mut calls = receiver.calls();
    assert_eq!(calls.len(), 3);
    calls.sort_by_key(|call| call.json()["position"].as_u64());
    for (call, item) in calls.iter().zip(&items) {
        assert_eq!(call.header("webhook-id"), item.event.id.to_string());
        assert_eq!((call.header("content-type"), call.header("x-team")), ("application/json", "core"));
        assert!(call.header("user-agent").starts_with("daybook/"));
        Webhook::new(SECRET).unwrap().verify(&call.body, &call.headers).unwrap();
        assert!(Webhook::new(OTHER_SECRET).unwrap().verify(&call.body, &call.headers).is_err());
        let mut json = Vec::new();
        item.event.write_json(&mut json);
        assert_eq!(call.json(), serde_json::from_slice::<Value>(&json).unwrap());
    }
}

#[tokio::test]
async fn while_secrets_are_changed_both_sign() {
    let receiver = Receiver::start().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("secrets");
    std::fs::write(&file, format!("{SECRET}\n{OTHER_SECRET}\n")).unwrap();
    let settings = json!({"url": receiver.url(), "secret-file": file, "allow-private": true});
    let handler = ready(try_build(&spec("webhook", json!({})), Some(&settings), directory.path()).unwrap());
    handler.deliver(&batch(&plain(1, 1, "2026-06-15T11:00:00Z"))).await.unwrap();
    let call = &receiver.calls()[0];
    for secret in [SECRET, OTHER_SECRET] {
        Webhook::new(secret).unwrap().verify(&call.body, &call.headers).unwrap();
    }
}

#[tokio::test]
async fn a_batch_is_one_call_with_an_id_of_its_own() {
    let receiver = Receiver::start().await;
    let options = json!({"body": "batch", "dialect": "cloudevents"});
    let handler = webhook(&spec("webhook", options), &receiver.url(), json!({}));
    let items = plain(1, 5, "2026-06-15T11:00:00Z");
    for part in [&items[..], &items[..], &items[1..]] {
        handler.deliver(&batch(part)).await.unwrap();
    }
    let calls = receiver.calls();
    let ids: Vec<&str> = calls.iter().map(|call| call.header("webhook-id")).collect();
    assert_eq!((calls.len(), ids[0] == ids[1], ids[0] == ids[2]), (3, true, false));
    let events = calls[0].json();
    assert_eq!(events.as_array().unwrap().len(), 5);
    assert_eq!((&events[0]["specversion"], &events[0]["type"]), (&json!("1.0"), &json!("page.viewed")));
    assert_eq!(calls[0].header("content-type"), "application/cloudevents-batch+json");
    Webhook::new(SECRET).unwrap().verify(&calls[0].body, &calls[0].headers).unwrap();
}

#[tokio::test]
async fn one_event_does_not_take_others_with_it() {
    let receiver = Receiver::start().await;
    let handler = webhook(&spec("webhook", json!({})), &receiver.url(), json!({}));
    receiver.always(r#""load_ms":3,"#, Answer::Status(422));
    receiver.always(r#""load_ms":5,"#, Answer::Status(500));
    let failed = failed(handler.deliver(&batch(&plain(1, 8, "2026-06-15T11:00:00Z"))).await);
    let said: Vec<_> = failed.iter().map(|(index, failure)| (*index, failure.kind, failure.code)).collect();
    assert_eq!(said, [(2, FailureKind::GiveUp, "http.refused"), (4, FailureKind::Retry, "http.failed")]);
    assert_eq!(receiver.calls().len(), 8);
}

#[tokio::test]
async fn calls_are_made_at_once_up_to_a_limit() {
    let receiver = Receiver::start().await;
    receiver.will((0..12).map(|_| Answer::Together(4)));
    let handler = webhook(&spec("webhook", json!({"concurrency": 4})), &receiver.url(), json!({}));
    handler.deliver(&batch(&plain(1, 12, "2026-06-15T11:00:00Z"))).await.unwrap();
    let most = receiver.calls().iter().map(|call| call.at_once).max();
    assert_eq!(most, Some(4));
}

/// Of a group, an event waits for those before it; what is given up holds nobody up.
#[tokio::test]
async fn what_belongs_together_stays_in_order() {
    let receiver = Receiver::start().await;
    let mut spec = spec("webhook", json!({"concurrency": 8}));
    spec.order = Order::Group;
    let handler = webhook(&spec, &receiver.url(), json!({}));
    let items: Vec<_> = plain(1, 30, "2026-06-15T11:00:00Z")
        .into_iter()
        .map(|item| {
            let mut item = item.as_ref().clone();
            item.event.group = Some(format!("g{}", item.event.position % 3).into());
            std::sync::Arc::new(item)
        })
        .collect();
    handler.deliver(&batch(&items)).await.unwrap();
    let calls = receiver.take();
    for group in ["g0", "g1", "g2"] {
        let of_it = calls.iter().map(super::support::Call::json).filter(|call| call["group"] == group);
        let positions: Vec<u64> = of_it.map(|call| call["position"].as_u64().unwrap()).collect();
        assert!(positions.len() == 10 && positions.is_sorted(), "{group}: {positions:?}");
    }
    receiver.always(r#""load_ms":4,"#, Answer::Status(500));
    receiver.always(r#""load_ms":5,"#, Answer::Status(400));
    let failed = failed(handler.deliver(&batch(&items[..12])).await);
    let said: Vec<_> = failed.iter().map(|(index, failure)| (*index + 1, failure.code)).collect();
    assert_eq!(said, [(4, "http.failed"), (5, "http.refused"), (7, "webhook.behind"), (10, "webhook.behind")]);
    assert_eq!(failed[2].1.kind, FailureKind::Destination, "whoever waits is not to blame");
}
