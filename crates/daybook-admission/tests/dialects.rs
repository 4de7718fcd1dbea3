//! Every app's own envelope, the canonical form and CloudEvents, in and out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

mod support;

use daybook_admission::BodyForm;
use support::{check, desk, lines};

const ZONE: &str = r#"{"event_id":"550e8400-e29b-41d4-a716-446655440002","event_name":"world.zone.entered",
    "timestamp":"2026-01-14T15:00:00.000Z","source":"server","environment":"production","identity_id":null,
    "anonymous_id":"a1b2c3d4e5f6","community_id":1,"properties":{"zone_type":"social_east","from_zone":"central_hub"}}"#;

const LOGIN: &str = r#"{"eventId":"65a3f0c2e4b0a1b2c3d4e5f6","masterAccountId":{"$oid":"65a3f0c2e4b0a1b2c3d4e5f7"},
    "sessionId":"65a3f0c2e4b0a1b2c3d4e5f8","timestamp":{"$date":"2026-01-15T09:00:00Z"},"eventType":"user_login_success",
    "eventData":{"loginMethod":"telegram_auth","platform":"telegram"},"sourcePlatform":"telegram"}"#;

const MISSION: &str = r#"{"id":"5c9f2b1e-0d4e-4e39-9a52-6f5d5f0f4c11","category":"usage","event_type":"mission_created",
    "timestamp":"2026-01-16T09:00:00.123456Z","session_id":null,"priority":"high",
    "data":{"feature":"mission","action":"create","target":null,"duration_ms":null,"success":true},
    "metadata":{"app_version":"0.4.1","os":"linux","arch":"x86_64","locale":null,"timezone_offset":null,"channel":"beta"}}"#;

fn one(app: &str, body: &str) -> serde_json::Value {
    let outcome = desk(app).json(body);
    assert_eq!(lines(&outcome.receipts), "stored @1", "{body}");
    let mut json = Vec::new();
    outcome.events[0].write_json(&mut json);
    serde_json::from_slice(&json).unwrap()
}

/// The event as it is given back in its app's own form.
fn given_back(app: &str, body: &str) -> serde_json::Value {
    let outcome = desk(app).json(body);
    let catalogs = support::catalogs();
    let catalog = catalogs.app(app).unwrap();
    let mut json = Vec::new();
    daybook_catalog::render(&outcome.events[0], &catalog.dialect, catalog, &mut json);
    serde_json::from_slice(&json).unwrap()
}

#[test]
fn unofficial_communities() {
    let event = one("unofficial-communities", ZONE);
    assert_eq!(event["name"], "world.zone.entered");
    assert_eq!(event["group"], "1");
    assert_eq!(event["anonymous_id"], "a1b2c3d4e5f6");
    assert_eq!(event["data"]["zone_type"], "social_east");
    assert_eq!(event["source"], "server");
    assert!(event.get("identity").is_none());
    let back = given_back("unofficial-communities", ZONE);
    assert_eq!(back["community_id"], 1);
    assert_eq!(back["event_id"], "550e8400-e29b-41d4-a716-446655440002");
    assert_eq!(back["properties"]["from_zone"], "central_hub");
}

#[test]
fn noema() {
    let event = one("noema", LOGIN);
    assert_eq!(event["identity"], "65a3f0c2e4b0a1b2c3d4e5f7");
    assert_eq!(event["platform"], "telegram");
    assert_eq!(event["time"], "2026-01-15T09:00:00.000Z");
    let back = given_back("noema", LOGIN);
    assert_eq!(back["eventId"], "65a3f0c2e4b0a1b2c3d4e5f6");
    assert_eq!(back["masterAccountId"], "65a3f0c2e4b0a1b2c3d4e5f7");
    assert_eq!(back["eventData"]["loginMethod"], "telegram_auth");
}

#[test]
fn tachikoma() {
    let event = one("tachikoma", MISSION);
    assert_eq!(event["priority"], "high");
    assert_eq!(event["time"], "2026-01-16T09:00:00.123456Z");
    assert_eq!(event["metadata"]["channel"], "beta");
    let back = given_back("tachikoma", MISSION);
    assert_eq!(back["event_type"], "mission_created");
    assert_eq!(back["metadata"]["os"], "linux");
    assert_eq!(back["data"]["success"], true);
}

#[test]
fn types_of_an_open_set() {
    let custom =
        MISSION.replace("\"mission_created\"", "{\"custom\":\"my_own_thing\"}").replace("\"usage\"", "\"custom\"");
    let outcome = desk("tachikoma").json(&custom);
    assert_eq!(outcome.events[0].name, "my_own_thing");
    assert_eq!(outcome.receipts.receipts[0].warnings[0].code, "event.undeclared-type");
    assert_eq!(given_back("tachikoma", &custom)["event_type"]["custom"], "my_own_thing");
    check(
        "tachikoma",
        &MISSION.replace("\"mission_created\"", "{\"custom\":\"mission_created\"}"),
        "quarantined\n! event.name.reserved /event_type: this name belongs to a type of the app itself",
    );
    check(
        "tachikoma",
        &MISSION.replace("mission_created", "mission_creatd"),
        "quarantined\n! event.unknown-type /event_type: the catalog has no event type of this name",
    );
}

#[test]
fn the_canonical_form_needs_only_a_name() {
    for (app, name, data) in [
        ("noema", "user_logout", r#"{"logoutReason":"user_initiated"}"#),
        ("unofficial-communities", "user.signup.started", r#"{"phone_prefix":"+34"}"#),
        ("tachikoma", "feature_used", r#"{"feature":"chat","action":"open","success":true}"#),
    ] {
        let event = one(app, &format!(r#"{{"name":"{name}","identity":"42","data":{data}}}"#));
        assert_eq!(event["name"], name);
        assert_eq!(event["identity"], "42");
        assert_eq!(event["time"], support::NOW);
        assert_eq!(event["environment"], "staging");
        // What Daybook gives out can be posted again.
        let again = one(app, &event.to_string());
        assert_eq!(again["id"], event["id"]);
    }
}

#[test]
fn cloud_events() {
    let event = r#"{"specversion":"1.0","id":"A234-1","source":"/mobile","type":"user.logout.completed",
        "time":"2026-01-16T10:00:00Z","identity":"7","session":"s1","correlationid":"c-1","sampledrate":10,"color":"red",
        "data":{"session_duration_seconds":60}}"#;
    let stored = one("unofficial-communities", event);
    assert_eq!(stored["original_id"], "A234-1");
    assert_eq!(stored["metadata"]["source"], "/mobile");
    assert_eq!(stored["metadata"]["color"], "red");
    assert_eq!(stored["sample_rate"], 0.1);
    assert_eq!(stored["correlation"], "c-1");

    let desk = desk("unofficial-communities");
    let structured = desk.post(&BodyForm::CloudEvent, event.as_bytes()).unwrap();
    let batch = desk.post(&BodyForm::CloudEventBatch, format!("[{event},{event}]").as_bytes()).unwrap();
    assert_eq!(batch.receipts.stored, 2);
    let attributes = [
        "specversion=1.0",
        "id=A234-1",
        "source=/mobile",
        "type=user.logout.completed",
        "time=2026-01-16T10:00:00Z",
        "identity=7",
        "session=s1",
        "correlationid=c-1",
        "color=red",
    ];
    let attributes = attributes
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let binary = BodyForm::CloudEventBinary { attributes: attributes.collect(), json: true };
    let binary = desk.post(&binary, br#"{"session_duration_seconds":60}"#).unwrap();
    assert_eq!(binary.receipts.receipts[0].id, structured.receipts.receipts[0].id);
    assert_eq!(binary.events[0].data, structured.events[0].data);

    // Out and in again: the same event.
    let mut out = Vec::new();
    daybook_admission::cloud_events::render(&structured.events[0], &mut out);
    let again = desk.post(&BodyForm::CloudEvent, &out).unwrap();
    assert_eq!(again.receipts.receipts[0].id, structured.receipts.receipts[0].id, "{}", String::from_utf8_lossy(&out));

    check(
        "unofficial-communities",
        r#"{"specversion":"0.3","type":"user.logout.completed","data":{"session_duration_seconds":60}}"#,
        "quarantined
         ! cloud-event.version /specversion: specversion is not 1.0
         ! cloud-event.source /source: a CloudEvent has a source",
    );
}

#[test]
fn the_same_content_has_the_same_digest_in_every_form() {
    let desk = desk("unofficial-communities");
    let own = desk.json(ZONE);
    let canonical = desk.json(
        r#"{"id":"550e8400-e29b-41d4-a716-446655440002","name":"world.zone.entered","time":"2026-01-14T16:00:00+01:00",
            "source":"server","environment":"production","anonymous_id":"a1b2c3d4e5f6","group":1,
            "data":{"from_zone":"central_hub","zone_type":"social_east"}}"#,
    );
    assert_eq!(own.digests, canonical.digests);
    assert_eq!(own.batch.records[0].key, canonical.batch.records[0].key);
    let other = desk.json(&ZONE.replace("central_hub", "workshop"));
    assert_ne!(own.digests, other.digests);
    assert_eq!(own.batch.records[0].key, other.batch.records[0].key);
}

#[test]
fn the_envelope_may_hold_what_the_data_lacks() {
    let joined = |rest: &str| {
        format!(
            r#"{{"event_id":"550e8400-e29b-41d4-a716-446655440003","event_name":"community.member.joined",
               "timestamp":"2026-01-14T15:00:00Z","source":"api"{rest}}}"#
        )
    };
    let envelope = one("unofficial-communities", &joined(r#","community_id":5,"properties":{"method":"invite"}"#));
    assert_eq!(envelope["group"], "5");
    let data = one("unofficial-communities", &joined(r#","properties":{"method":"invite","community_id":5}"#));
    assert_eq!(data["group"], "5");
    assert_eq!(data["data"]["community_id"], 5);
    check(
        "unofficial-communities",
        &joined(r#","properties":{"method":"invite"}"#),
        "quarantined\n! data.required /properties/community_id: required property community_id is missing",
    );
}

#[test]
fn tamma() {
    let body = r#"{"eventId":"0197c1de-7b00-7000-8000-000000000001","timestamp":"2026-01-16T10:00:00.000Z",
        "eventType":"APPROVAL.REQUESTED","actorType":"system","actorId":"orchestrator-1","correlationId":"wf-1",
        "causationId":"0197c1de-7b00-7000-8000-000000000000","schemaVersion":"1.0.0","payload":PAYLOAD,
        "metadata":{"source":"orchestrator","version":"0.3.0","environment":"staging","tags":{"team":"core","issue":"12"}}}"#;
    let catalogs = support::catalogs();
    let example = catalogs.app("tamma").unwrap().event("APPROVAL.REQUESTED").unwrap().examples[0].to_string();
    let body = body.replace("PAYLOAD", &example);
    let event = one("tamma", &body);
    assert_eq!(event["version"], "1.0.0");
    assert_eq!(event["actor"]["type"], "system");
    assert_eq!(event["tags"]["team"], "core");
    assert_eq!(event["environment"], "staging");
    assert_eq!(event["source"], "orchestrator");
    assert_eq!(event["metadata"]["version"], "0.3.0");
    assert!(event["metadata"].get("source").is_none());
    let back = given_back("tamma", &body);
    assert_eq!(back["metadata"]["source"], "orchestrator");
    assert_eq!(back["metadata"]["version"], "0.3.0");
    assert_eq!(back["schemaVersion"], "1.0.0");
    assert_eq!(back["payload"], serde_json::from_str::<serde_json::Value>(&example).unwrap());
    check(
        "tamma",
        &body.replace("\"correlationId\":\"wf-1\",", "").replace("\"1.0.0\"", "\"9.0.0\""),
        "quarantined\n! event.unknown-version /schemaVersion: the catalog has no such version of this type
         ! event.field.required /correlationId: correlationId is missing",
    );
    check(
        "tamma",
        &body.replace("\"correlationId\":\"wf-1\",", "").replace("\"system\"", "\"robot\""),
        "quarantined
         ! event.field.enum /actorType: not one of user, system, ai, service
         ! event.field.required /correlationId: correlationId is missing",
    );
}

/// Every example of every catalog, in its app's own envelope, is stored.
#[test]
fn every_example_is_admitted() {
    let catalogs = support::catalogs();
    for catalog in catalogs.apps() {
        let desk = support::desk_of(std::sync::Arc::clone(catalog)).consented("1", "whatsapp_activity");
        for event_type in &catalog.events {
            for example in &event_type.examples {
                let body = serde_json::json!({
                    "name": event_type.name, "version": event_type.version.to_string(), "identity": "1", "group": "1", "data": example,
                });
                let outcome = desk.json(&body.to_string());
                let receipt = &outcome.receipts.receipts[0];
                assert!(
                    receipt.errors.is_empty()
                        && receipt.warnings.iter().all(|finding| finding.code == "event.sanitised"),
                    "{} {}: {}\n{body}",
                    catalog.app,
                    event_type.name,
                    lines(&outcome.receipts)
                );
            }
        }
    }
}
