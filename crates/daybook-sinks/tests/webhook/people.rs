//! Whom a receiver is told of, and whom it is told to forget.

use daybook_consumers::Sight;
use daybook_event::Month;
use daybook_privacy::view::{ExpiredMonth, Forgotten, ViewError};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::support::{Answer, Receiver, SECRET, World, batch, signed, spec, webhook};

fn world() -> World {
    let mut world = World::new();
    world.admit(&json!([{
        "name": "order.placed", "time": "2026-06-15T11:00:00Z", "identity": "ada-lovelace", "session": "session-of-lovelace",
        "data": {"total": 5, "email": "lovelace@example.com", "approver": "charles", "members": ["ada-lovelace", "mary"], "zone": "a"},
        "metadata": {"seen_by": "ada-lovelace", "build": 7},
    }]));
    world
}

fn forgotten(world: &mut World) -> Forgotten {
    Forgotten { app: "shop".to_owned(), id: world.person("ada-lovelace").id }
}

#[tokio::test]
async fn nobody_is_named_unless_the_catalog_says_so() {
    let (receiver, mut world) = (Receiver::start().await, world());
    let handler = webhook(&spec("webhook", json!({})), &receiver.url(), json!({}));
    assert_eq!(handler.sight(), Sight::Closed);
    handler.deliver(&batch(&world.items(handler.sight()))).await.unwrap();
    let call = receiver.calls().remove(0);
    let text = String::from_utf8(call.body.to_vec()).unwrap();
    for name in ["lovelace", "charles", "mary", "session-of"] {
        assert!(!text.contains(name), "{name} in {text}");
    }
    assert_eq!(call.json()["anonymous_id"], json!(world.person("ada-lovelace").id));
    assert!(!handler.holds_events(), "a consumer that never named anybody is not asked");
}

/// With names the event's own person is named, and nobody who could not be found again.
#[tokio::test]
async fn who_is_named_can_be_found_again() {
    let (receiver, mut world) = (Receiver::start().await, world());
    let handler = webhook(&spec("webhook", json!({"identity": true})), &receiver.url(), json!({}));
    assert_eq!(handler.sight(), Sight::Open);
    handler.deliver(&batch(&world.items(handler.sight()))).await.unwrap();
    let call = receiver.take().remove(0).json();
    assert_eq!((&call["identity"], &call["session"]), (&json!("ada-lovelace"), &json!("session-of-lovelace")));
    assert_eq!(call["anonymous_id"], json!(world.person("ada-lovelace").id));
    assert_eq!(call["data"], json!({"total": 5, "members": [null, null], "zone": "a"}));
    for name in ["charles", "mary", "example.com"] {
        assert!(!call.to_string().contains(name), "{name} in {call}");
    }
    // Once erased, nothing of them is sent, though the names of others still open.
    let id = world.person("ada-lovelace").id;
    world.erased.push(id);
    handler.deliver(&batch(&world.items(handler.sight()))).await.unwrap();
    let text = receiver.take().remove(0).json().to_string();
    for name in ["lovelace", "charles", "mary", "session-of"] {
        assert!(!text.contains(name), "{name} in {text}");
    }
}

/// A signature goes with everybody whom the event names, not only with its own person; that it was right stays.
#[tokio::test]
async fn of_a_signature_only_the_verdict_is_sent() {
    let (receiver, world) = (Receiver::start().await, world());
    for dialect in ["canonical", "cloudevents"] {
        let options = json!({"identity": true, "dialect": dialect});
        let handler = webhook(&spec("webhook", options), &receiver.url(), json!({}));
        handler.deliver(&batch(&signed(&world.items(handler.sight())))).await.unwrap();
        let call = receiver.take().remove(0).json();
        let text = call.to_string();
        assert!(text.contains("ada-lovelace") && !text.contains("a-key"), "{dialect}: {text}");
        if dialect == "canonical" {
            assert_eq!(call["signature"], json!({"verified": true}));
        }
    }
}

#[tokio::test]
async fn the_receiver_is_told_whom_to_forget_until_it_takes_it() {
    let (receiver, mut world) = (Receiver::start().await, world());
    let handler = webhook(&spec("webhook", json!({"identity": true})), &receiver.url(), json!({}));
    let people = [forgotten(&mut world), Forgotten { app: "elsewhere".to_owned(), ..forgotten(&mut world) }];
    for status in [500, 503, 410, 302] {
        receiver.will([Answer::Status(status)]);
        let told = handler.forget_people(&people).await;
        assert!(matches!(&told, Err(ViewError::Unavailable { reason }) if !reason.contains("geheim")), "{told:?}");
    }
    receiver.take();
    assert_eq!(handler.forget_people(&people).await.unwrap().count, 1);
    let months = [
        ExpiredMonth { app: "shop".to_owned(), category: "product".to_owned(), month: Month::from_number(677) },
        ExpiredMonth { app: "shop".to_owned(), category: "~pseudonyms".to_owned(), month: Month::from_number(677) },
    ];
    assert_eq!(handler.forget_months(&months).await.unwrap().count, 1);
    let calls = receiver.take();
    let said: Vec<Value> = calls
        .iter()
        .map(|call| {
            Webhook::new(SECRET).unwrap().verify(&call.body, &call.headers).unwrap();
            let json = call.json();
            json!([json["type"], json["data"]])
        })
        .collect();
    let id = world.person("ada-lovelace").id;
    assert_eq!(
        said,
        [
            json!(["daybook.person.forgotten", {"app": "shop", "anonymous_id": id}]),
            json!(["daybook.month.forgotten", {"app": "shop", "category": "product", "month": "2026-06"}]),
        ]
    );
    // That it names nobody any more takes no name back.
    let blind = webhook(&spec("webhook", json!({})), &receiver.url(), json!({}));
    assert_eq!((blind.forget_people(&people).await.unwrap().count, receiver.take().len()), (1, 1));
    let silent =
        webhook(&spec("webhook", json!({"identity": true, "erasure-notice": false})), &receiver.url(), json!({}));
    assert_eq!((silent.forget_people(&people).await.unwrap().count, receiver.calls().len()), (0, 0));
}
