//! What calls of other services come to.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use daybook_catalog::{AppCatalog, Catalogs, from_texts};
use daybook_sinks::incoming::{Call, Settings, Webhook};
use http::HeaderMap;
use serde_json::{Value, json};

fn webhook(catalog: &AppCatalog, source: &str, settings: &Value) -> Webhook {
    let source = catalog.webhooks.iter().find(|known| known.name == source).unwrap();
    Webhook::new(catalog, source, Settings::read(settings).unwrap()).unwrap()
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

fn read(webhook: &Webhook, pairs: &[(&'static str, &str)], body: &Value) -> Call {
    webhook.read(&headers(pairs), body.to_string().as_bytes()).unwrap()
}

/// The events without their ids, which are looked at by themselves.
fn nameless(call: &Call) -> Vec<Value> {
    let nameless = |event: &Value| {
        let mut event = event.clone();
        assert!(event.as_object_mut().unwrap().remove("id").is_some_and(|id| id.is_string()));
        event
    };
    call.events.iter().map(nameless).collect()
}

fn whatsapp() -> Webhook {
    let shipped = Catalogs::builtin();
    let settings = json!({"secret": "s", "tables": {"communities": {"g-1": 7}, "people": {"1631555": 12345}}});
    webhook(shipped.catalogs.app("unofficial-communities").unwrap(), "whatsapp", &settings)
}

fn change(field: &str, value: &Value) -> Value {
    let change = json!({"field": field, "value": value});
    json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]})
}

#[test]
fn of_whatsapp_messages_who_where_and_when_is_taken() {
    let message = |id: &str, rest: Value| {
        let mut message = json!({"id": id, "from": "1631555", "group_id": "g-1", "timestamp": "1768402800"});
        message.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        message
    };
    let body = change(
        "messages",
        &json!({"contacts": [{"profile": {"name": "Nobody's business"}, "wa_id": "1631555"}], "messages": [
            message("m-1", json!({"type": "text", "text": {"body": "nobody's business"}})),
            message("m-2", json!({"type": "text", "context": {"id": "m-1"}, "text": {"body": "nor this"}})),
            message("m-3", json!({"type": "reaction", "reaction": {"message_id": "m-1", "emoji": "\u{1f44d}"}})),
            // Taken back; in no group; in somebody else's; and of somebody nobody knows.
            message("m-4", json!({"type": "reaction", "reaction": {"message_id": "m-1", "emoji": ""}})),
            json!({"id": "m-5", "from": "1631555", "timestamp": "1768402800", "type": "text"}),
            message("m-6", json!({"type": "image", "group_id": "g-2"})),
            message("m-7", json!({"type": "image", "from": "999"})),
        ]}),
    );
    let call = read(&whatsapp(), &[], &body);
    assert_eq!(call.event_type, "messages");
    assert!(call.delivery.starts_with("sha256:") && call.delivery.len() == 71);
    let event = |name: &str, identity: &str| {
        json!({"name": name, "source": "webhooks", "time": "2026-01-14T15:00:00.000Z", "identity": identity, "group": "7",
            "data": {"timestamp_bucket": "2026-01-14"}})
    };
    assert_eq!(
        nameless(&call),
        [
            event("whatsapp.message.sent", "12345"),
            event("whatsapp.message.sent", "999"),
            event("whatsapp.reply.sent", "12345"),
            event("whatsapp.reaction.added", "12345"),
        ]
    );
    // A message is the same in whatever call it comes.
    let alone = change("messages", &json!({"messages": [message("m-1", json!({"type": "text"}))]}));
    let again = read(&whatsapp(), &[], &alone);
    assert_ne!(again.delivery, call.delivery);
    assert_eq!(again.events[0]["id"], call.events[0]["id"]);
}

#[test]
fn several_come_and_go_at_once() {
    let group = |kind: &str, rest: Value| {
        let mut group = json!({"timestamp": "1768402800", "group_id": "g-1", "type": kind});
        group.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        group
    };
    let body = change(
        "group_participants_update",
        &json!({"groups": [
            group("group_participants_add", json!({"reason": "invite_link", "added_participants": [{"wa_id": "1"}, {"wa_id": "2"}]})),
            group("group_participants_remove", json!({"initiated_by": "participant", "removed_participants": [{"wa_id": "3"}]})),
            group("group_participants_remove", json!({"initiated_by": "business", "removed_participants": [{"wa_id": "1631555"}]})),
        ]}),
    );
    let call = read(&whatsapp(), &[], &body);
    let of = |event: &Value| json!([event["name"], event["identity"], event["group"], event["data"]]);
    let found: Vec<Value> = call.events.iter().map(of).collect();
    assert_eq!(
        found,
        [
            json!(["whatsapp.member.joined", "1", "7", {"joined_via": "invite_link"}]),
            json!(["whatsapp.member.joined", "2", "7", {"joined_via": "invite_link"}]),
            json!(["whatsapp.member.left", "3", "7", {"left_reason": "left"}]),
            json!(["whatsapp.member.left", "12345", "7", {"left_reason": "removed"}]),
        ]
    );
    let mut ids: Vec<&str> = call.events.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(read(&whatsapp(), &[], &body).events, call.events);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

const CATALOG: &str = "\
app: forge
version: 1.0.0
title: Forge
categories: {work: {description: What is done.}}
sources: [web, webhook]
";
const EVENTS: &str = "\
events:
  - name: issue.opened
    description: An issue.
    category: work
    data:
      type: object
      properties: {repository: {type: string}, number: {type: integer}, labels: {type: array, items: {type: string}}}
      required: [repository, number]
    examples: [{repository: a/b, number: 1}]
  - name: review.submitted
    description: A review.
    category: work
    data: {type: object, properties: {number: {type: integer}, verdict: {type: string}}, required: [number, verdict]}
    examples: [{number: 1, verdict: a}]
";

/// The example of the documentation is right.
#[test]
fn githubs_calls_are_read_as_the_documentation_says() {
    let page = include_str!("../../../docs/incoming-webhooks.md");
    let example = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let loaded = from_texts(&[("catalog.yaml", CATALOG), ("events/forge.yaml", EVENTS), ("webhooks.yaml", example)]);
    let catalog = loaded.catalogs.app("forge").unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    let github = webhook(catalog, "github", &json!({"secret": "s"}));
    let issue = json!({
        "action": "opened", "sender": {"login": "octocat"}, "repository": {"full_name": "octo/hello"},
        "issue": {"number": 7, "created_at": "2026-01-14T15:00:00Z", "labels": [{"name": "bug"}], "body": null},
    });
    let pairs = [("x-github-event", "issues"), ("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")];
    let call = read(&github, &pairs, &issue);
    assert_eq!((call.delivery.as_str(), call.event_type.as_str()), (pairs[1].1, "issues"));
    assert_eq!(
        nameless(&call),
        [json!({"name": "issue.opened", "source": "webhook", "time": "2026-01-14T15:00:00.000Z",
            "actor": {"type": "user", "id": "octocat"},
            "data": {"repository": "octo/hello", "number": 7, "labels": ["bug"]}})]
    );
    // Of another kind, and of another action, there is nothing to say.
    assert_eq!(read(&github, &[("x-github-event", "star")], &issue).events, Vec::<Value>::new());
    let mut closed = issue;
    closed["action"] = "closed".into();
    assert_eq!(read(&github, &pairs, &closed).events, Vec::<Value>::new());
    let review = json!({"action": "submitted", "pull_request": {"number": 3}, "review": {"state": "approved"}});
    let call = read(&github, &[("x-github-event", "pull_request_review")], &review);
    assert_eq!(call.events[0]["data"], json!({"number": 3, "verdict": "accepted"}));
}

#[test]
fn no_body_is_too_wild() {
    let whatsapp = whatsapp();
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for body in ["", "{", "\"text\"", "null", "[]", "{\"entry\": 5}", "{\"entry\": [null, {\"changes\": {}}]}", &deep] {
        let call = whatsapp.read(&HeaderMap::new(), body.as_bytes()).unwrap();
        assert_eq!(call.events.len(), usize::from(!call.readable), "{body}");
    }
    let call = whatsapp.read(&HeaderMap::new(), b"\xff\xfe").unwrap();
    assert!(!call.readable);
    let many: Vec<Value> = (0..5_001)
        .map(|number| json!({"id": number.to_string(), "from": "1", "group_id": "g-1", "timestamp": "1", "type": "text"}))
        .collect();
    let many = change("messages", &json!({"messages": many}));
    assert!(whatsapp.read(&HeaderMap::new(), many.to_string().as_bytes()).is_err());
}
