//! People: what is told of them to whom, what they allow, and what is left of them when they go.

use http::Method;
use serde_json::{Value, json};

use crate::backend::{Backend, on_every_backend};
use crate::site::{Site, order};

on_every_backend!(
    names_are_for_keys_that_may_see_them_and_every_look_is_written_down,
    what_people_say_counts_from_the_next_event_on,
    an_objection_keeps_only_anonymous_events,
    who_is_erased_is_gone_and_nobody_else_is,
    many_are_erased_by_one_request,
    people_get_what_is_kept_of_them,
    without_its_master_key_a_server_goes_on_and_says_what_it_cannot_read,
    what_is_past_its_time_goes,
);

const COMMUNITIES: &str = "/v1/unofficial-communities";

/// A zone that somebody entered, in the app's own form.
fn zone(number: u32, identity: u32) -> Value {
    json!({
        "event_id": format!("550e8400-e29b-41d4-a716-{number:012x}"), "event_name": "world.zone.entered",
        "timestamp": now(), "source": "server", "identity_id": identity,
        "session_id": format!("visit-of-{identity}"), "community_id": 1,
        "properties": {"zone_type": "workshop", "from_zone": "central_hub"},
    })
}

fn reaction(number: u32, identity: u32) -> Value {
    json!({
        "event_id": format!("550e8400-e29b-41d4-a717-{number:012x}"), "event_name": "whatsapp.reaction.added",
        "timestamp": now(), "source": "webhooks",
        "properties": {"community_id": 1, "identity_id": identity, "timestamp_bucket": now()[..10]},
    })
}

fn now() -> String {
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    daybook_event::Timestamp::from_microseconds(time.as_micros() as i64).to_string()
}

async fn send(site: &Site, events: Value) -> Value {
    site.post(&format!("{COMMUNITIES}/events")).json(&events).send().await.ok()
}

/// The events of the app, as the holder of a key sees them.
async fn feed(site: &Site, key: &str) -> Vec<Value> {
    let page = site.call(Method::GET, &format!("{COMMUNITIES}/events")).key(key).send().await.ok();
    page["events"].as_array().unwrap().clone()
}

/// Daybook's own events of a type.
async fn own(site: &Site, name: &str) -> Vec<Value> {
    let key = site.key(&json!({"scopes": ["read"]})).await;
    let page = site.call(Method::GET, &format!("/v1/daybook/events?name={name}")).key(&key).send().await.ok();
    page["events"].as_array().unwrap().clone()
}

async fn say(site: &Site, identity: u32, purpose: &str, granted: bool) -> Value {
    let path = format!("{COMMUNITIES}/subjects/{identity}/consents/{purpose}");
    let said = json!({"granted": granted, "source": "settings", "version": "2026-01"});
    site.call(Method::PUT, &path).key(&site.admin).json(&said).send().await.ok()
}

async fn names_are_for_keys_that_may_see_them_and_every_look_is_written_down(backend: Backend) {
    let site = Site::with_state_on(backend, |_| {}).await;
    assert_eq!(send(&site, json!([zone(1, 12345), zone(2, 12345), zone(3, 777)])).await["stored"], 3);
    let reader = site.key(&json!({"scopes": ["read"]})).await;
    let blind = feed(&site, &reader).await;
    assert!(own(&site, "privacy.data.accessed").await.is_empty(), "nobody was seen");
    for event in &blind {
        assert!(event.get("identity").is_none() && event.get("session").is_none(), "{event}");
        assert_eq!(event["data"]["zone_type"], "workshop");
    }
    assert_eq!(blind[0]["anonymous_id"], blind[1]["anonymous_id"]);
    assert_ne!(blind[0]["anonymous_id"], blind[2]["anonymous_id"]);

    let seen = feed(&site, &site.admin).await;
    assert_eq!(seen[0]["identity"], "12345");
    assert_eq!(seen[0]["session"], "visit-of-12345");
    assert_eq!(seen[0]["anonymous_id"], blind[0]["anonymous_id"]);
    let looks = own(&site, "privacy.data.accessed").await;
    assert_eq!(looks.len(), 1);
    assert_eq!((&looks[0]["data"]["kind"], &looks[0]["data"]["rows"]), (&json!("event"), &json!(3)));

    let path = format!("{COMMUNITIES}/subjects/12345");
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::GET, format!("{path}/export")),
        (Method::DELETE, path.clone()),
        (Method::GET, format!("{path}/consents")),
        (Method::PUT, format!("{path}/consents/telemetry")),
        (Method::PUT, format!("{path}/objection")),
    ] {
        site.call(method, &path).key(&reader).send().await.is_problem(403, "key.scope");
    }
    site.call(Method::POST, "/v1/retention/run").key(&reader).send().await.is_problem(403, "key.scope");
    let known = site.get(&path).send().await.ok();
    assert_eq!(known["anonymous_id"], blind[0]["anonymous_id"]);
    assert_eq!(own(&site, "privacy.data.accessed").await.len(), 2);
    site.get(&format!("{COMMUNITIES}/subjects/1")).send().await.is_problem(404, "subject.unknown");
    let dialect = site.get(&format!("{COMMUNITIES}/events?dialect=app&limit=1")).send().await.ok();
    assert_eq!(dialect["events"][0]["identity_id"], 12345);
}

async fn what_people_say_counts_from_the_next_event_on(backend: Backend) {
    let site = Site::with_state_on(backend, |_| {}).await;
    let (first, second) = (zone(1, 12345), zone(2, 12345));
    send(&site, json!([first])).await;
    assert_eq!(say(&site, 12345, "telemetry", false).await["previous"], Value::Null);
    let receipts = send(&site, json!([second, zone(3, 12345)])).await;
    assert_eq!(receipts["stored"], 2);
    assert_eq!(receipts["receipts"][0]["warnings"][0]["code"], "event.anonymised");
    // A retry is a duplicate, whatever was said since.
    assert_eq!(send(&site, json!([first, second])).await["duplicate"], 2);
    let mut other = first.clone();
    other["properties"]["from_zone"] = "portal_ne".into();
    assert_eq!(send(&site, json!([other])).await["receipts"][0]["errors"][0]["code"], "event.id-conflict");
    assert_eq!(say(&site, 12345, "telemetry", true).await["previous"], false);
    assert_eq!(send(&site, json!([first, second])).await["duplicate"], 2);
    send(&site, json!([zone(4, 12345)])).await;
    let events = feed(&site, &site.admin).await;
    assert_eq!(events.len(), 4);
    let ids: Vec<&str> = events.iter().map(|event| event["anonymous_id"].as_str().unwrap()).collect();
    assert!(ids[0] == ids[3] && ids[1] == ids[2] && ids[0] != ids[1], "{ids:?}");
    let names: Vec<Option<&str>> = events.iter().map(|event| event["identity"].as_str()).collect();
    assert_eq!(names, [Some("12345"), None, None, Some("12345")]);
    assert!(events[1].get("session").is_none());

    // What drops is refused until it is allowed, and again afterwards.
    let refused = send(&site, json!([reaction(1, 12345)])).await;
    assert_eq!((&refused["refused"], &refused["receipts"][0]["reason"]), (&json!(1), &json!("consent")));
    say(&site, 12345, "whatsapp_activity", true).await;
    assert_eq!(send(&site, json!([reaction(2, 12345), reaction(3, 777)])).await["counted"], 1);
    say(&site, 12345, "whatsapp_activity", false).await;
    assert_eq!(send(&site, json!([reaction(4, 12345)])).await["refused"], 1);
    assert_eq!(own(&site, "privacy.consent.changed").await.len(), 4);

    let consents = site.get(&format!("{COMMUNITIES}/subjects/12345/consents")).send().await.ok();
    assert_eq!(consents["consents"][0]["granted"], true);
    assert_eq!(consents["consents"][1]["version"], "2026-01");
    let nobody = site.get(&format!("{COMMUNITIES}/subjects/9/consents/whatsapp_activity")).send().await.ok();
    assert_eq!((&nobody["granted"], &nobody["decided"]), (&json!(false), &json!(false)));
    site.get(&format!("{COMMUNITIES}/subjects/9/consents/marketing")).send().await.is_problem(404, "consent.unknown");
    let put = |body: &Value| {
        let call = site.call(Method::PUT, &format!("{COMMUNITIES}/subjects/9/consents/telemetry")).key(&site.admin);
        let call = call.json(body);
        async move { call.send().await }
    };
    put(&json!({"granted": "yes"})).await.is_problem(400, "consent.invalid");
    put(&json!({"granted": true, "tiem": "x"})).await.is_problem(400, "consent.invalid");
    put(&json!({"granted": true, "time": "2999-01-01T00:00:00Z"})).await.is_problem(400, "consent.time");
    put(&json!({"granted": true, "source": "x".repeat(300)})).await.is_problem(400, "body.too-long");
}

async fn an_objection_keeps_only_anonymous_events(backend: Backend) {
    let site = Site::with_state_on(backend, |_| {}).await;
    let path = format!("{COMMUNITIES}/subjects/12345/objection");
    let objected = site.call(Method::PUT, &path).key(&site.admin).send().await.ok();
    assert!(objected["objected"].is_string());
    send(&site, json!([zone(1, 12345), zone(2, 777)])).await;
    let events = feed(&site, &site.admin).await;
    assert!(events[0].get("identity").is_none() && events[1]["identity"] == "777");
    assert_eq!(site.get(&path).send().await.ok(), objected);
    assert_eq!(site.call(Method::DELETE, &path).key(&site.admin).send().await.ok()["objected"], Value::Null);
    send(&site, json!([zone(3, 12345)])).await;
    assert_eq!(feed(&site, &site.admin).await[2]["identity"], "12345");
    assert_eq!(own(&site, "privacy.objection.changed").await.len(), 2);
}

async fn who_is_erased_is_gone_and_nobody_else_is(backend: Backend) {
    let site = Site::with_state_on(backend, |_| {}).await;
    send(&site, json!([zone(1, 12345), zone(2, 777), zone(3, 12345)])).await;
    // Something of theirs in quarantine as well.
    let mut broken = zone(4, 12345);
    broken["properties"] = json!({});
    assert_eq!(send(&site, json!([broken])).await["quarantined"], 1);
    let before = feed(&site, &site.admin).await;
    let path = format!("{COMMUNITIES}/subjects/12345");
    let answer = site.erase(&format!("{path}?reason=subject-request")).await;
    let report = &answer["report"];
    assert_eq!((&report["state"], &report["erased"]), (&json!("complete"), &json!(1)), "{report}");
    assert_eq!(report["people"][0]["anonymous_id"], before[0]["anonymous_id"]);
    assert!(report["log"]["position"].as_u64().unwrap() >= 4);
    assert!(!answer.to_string().contains("12345\""), "{answer}");
    let key = site.get("/v1/privacy").send().await.ok()["report_key"].as_str().unwrap().to_owned();
    let verified = daybook_privacy::report::verify(answer["jws"].as_str().unwrap(), &key).unwrap();
    assert_eq!(serde_json::to_value(&verified).unwrap(), *report);

    let after = feed(&site, &site.admin).await;
    assert_eq!(after.len(), 3);
    for (event, was) in after.iter().zip(&before) {
        if was["identity"] == "12345" {
            assert!(event.get("identity").is_none() && event.get("session").is_none(), "{event}");
            assert_eq!((&event["anonymous_id"], &event["data"]), (&was["anonymous_id"], &was["data"]));
        } else {
            assert_eq!(event, was);
        }
    }
    let quarantine = site.get(&format!("{COMMUNITIES}/quarantine")).send().await.ok();
    assert_eq!(quarantine["entries"], json!([]));
    site.get(&path).send().await.is_problem(404, "subject.unknown");
    site.get(&format!("{path}/export")).send().await.is_problem(404, "subject.unknown");

    // Asked again, or of somebody who never was: nobody to erase, and a report that says so.
    for identity in ["12345", "987654"] {
        let path = format!("{COMMUNITIES}/subjects/{identity}");
        let again = site.erase(&path).await;
        assert_eq!((&again["report"]["erased"], &again["report"]["unknown"]), (&json!(0), &json!(1)));
    }
    // A retry of what was theirs is still a duplicate; a new event makes somebody new.
    assert_eq!(send(&site, json!([zone(1, 12345)])).await["duplicate"], 1);
    assert_eq!(send(&site, json!([zone(9, 12345)])).await["stored"], 1);
    let new = feed(&site, &site.admin).await.pop().unwrap();
    assert_eq!(new["identity"], "12345");
    assert_ne!(new["anonymous_id"], before[0]["anonymous_id"]);
    assert_eq!(own(&site, "privacy.erasure.completed").await.len(), 1);

    // It holds after a restart.
    let site = site.restart(|_| {}).await;
    assert!(feed(&site, &site.admin).await[0].get("identity").is_none());
}

async fn many_are_erased_by_one_request(backend: Backend) {
    let site = Site::with_state_on(backend, |_| {}).await;
    let events: Vec<Value> = (0..1_500).map(|number| zone(number, 100_000 + number)).collect();
    assert_eq!(send(&site, json!(events)).await["stored"], 1_500);
    let names: Vec<String> = (0..1_200).map(|number| (100_000 + number).to_string()).collect();
    let asked = site.post(&format!("{COMMUNITIES}/erasures")).json(&json!({"identities": names})).send().await;
    assert_eq!(asked.status, 202, "{:?}", asked.body);
    let id = asked.json()["request"].as_str().unwrap().to_owned();
    let path = format!("{COMMUNITIES}/erasures/{id}");
    let done = loop {
        let state = site.get(&path).send().await.ok();
        if state["report"].is_object() {
            break state;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert_eq!(done["report"]["erased"], 1_200);
    let page = site.get(&format!("{COMMUNITIES}/events?limit=1000&after=1000")).send().await.ok();
    let named = page["events"].as_array().unwrap().iter().filter(|event| event.get("identity").is_some()).count();
    assert_eq!(named, 300);
    let listed = site.get(&format!("{COMMUNITIES}/erasures")).send().await.ok();
    assert_eq!(listed["erasures"][0]["request"], id);
    let post = |body: Value| {
        let call = site.post(&format!("{COMMUNITIES}/erasures")).json(&body);
        async move { call.send().await }
    };
    post(json!({"identities": []})).await.is_problem(400, "erasure.invalid");
    post(json!({"identities": [""]})).await.is_problem(400, "subject.name");
    post(json!({"identities": vec!["1"; 10_001]})).await.is_problem(400, "erasure.invalid");
    site.get(&format!("{COMMUNITIES}/erasures/nothing")).send().await.is_problem(404, "erasure.unknown");
}

async fn people_get_what_is_kept_of_them(backend: Backend) {
    let site = Site::with_state_on(backend, |_| {}).await;
    say(&site, 12345, "whatsapp_activity", true).await;
    send(&site, json!([zone(1, 12345), zone(2, 777), reaction(1, 12345)])).await;
    let answer = site.get(&format!("{COMMUNITIES}/subjects/12345/export")).send().await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/zip"));
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(answer.body.to_vec())).unwrap();
    let mut text = |name: &str| {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut zip.by_name(name).unwrap(), &mut text).unwrap();
        text
    };
    let events: Vec<Value> = text("events.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|event| event["identity"] == "12345"), "{events:?}");
    assert!(text("consents.ndjson").contains("whatsapp_activity"));
    assert!(text("README.txt").contains("world.zone.entered"));
    let looks = own(&site, "privacy.data.accessed").await;
    assert_eq!(looks.last().unwrap()["data"]["kind"], "export");
}

async fn without_its_master_key_a_server_goes_on_and_says_what_it_cannot_read(backend: Backend) {
    let site = Site::with_state_on(backend.clone(), |_| {}).await;
    let broken = |number: u32| {
        let mut event = zone(number, 12345);
        event["properties"] = json!({});
        event
    };
    send(&site, json!([zone(1, 12345), broken(11)])).await;
    let key_file = site.master_key_file();
    let key = std::fs::read_to_string(&key_file).unwrap();
    let directory = site.stop().await;
    std::fs::remove_file(&key_file).unwrap();
    let site = Site::start_on(backend.clone(), directory, |_| {}).await;
    let told = site.get("/v1/privacy").send().await.ok();
    assert_eq!((&told["vault"]["state"], &told["vault"]["unreadable_people"]), (&json!("degraded"), &json!(1)));
    assert_eq!(send(&site, json!([zone(2, 12345), broken(12)])).await["stored"], 1);
    assert_eq!(send(&site, json!([zone(1, 12345)])).await["duplicate"], 1, "its digest cannot be made any more");
    let events = feed(&site, &site.admin).await;
    assert!(events[0].get("identity").is_none() && events[1]["identity"] == "12345");

    // Both keys, and everything can be read again.
    let directory = site.stop().await;
    let new = std::fs::read_to_string(&key_file).unwrap();
    std::fs::write(&key_file, format!("{key}\n{new}")).unwrap();
    let site = Site::start_on(backend.clone(), directory, |_| {}).await;
    let events = feed(&site, &site.admin).await;
    assert!(events.iter().all(|event| event["identity"] == "12345"), "{events:?}");
    let quarantine = site.get(&format!("{COMMUNITIES}/quarantine")).send().await.ok();
    let kept: Vec<&Value> = quarantine["entries"].as_array().unwrap().iter().map(|entry| &entry["event"]).collect();
    assert!(kept.len() == 2 && kept.iter().all(|event| event["identity_id"] == 12345), "{kept:?}");
    // Two random ids for one person by now: an erasure takes both.
    site.erase(&format!("{COMMUNITIES}/subjects/12345")).await;
    assert!(feed(&site, &site.admin).await.iter().all(|event| event.get("identity").is_none()));
}

async fn what_is_past_its_time_goes(backend: Backend) {
    let site = Site::with_state_on(backend.clone(), |_| {}).await;
    let old = |id: &str, days: i64| {
        let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros() as i64;
        let time = daybook_event::Timestamp::from_microseconds(time - days * 86_400_000_000);
        let mut event = order(id, 5);
        event["at"] = time.to_string().into();
        event["customer"] = 4711.into();
        event
    };
    assert_eq!(site.send(&json!([old("a", 100), old("b", 70), old("c", 0)])).await["stored"], 3);
    let plan = site.get("/v1/retention/plan").send().await.ok();
    assert_eq!((&plan["months"], &plan["records"]), (&json!([]), &json!([])));

    // Thought over: what is sold is kept for sixty days.
    let directory = site.stop().await;
    let catalog = directory.path().join("catalogs/shop/catalog.yaml");
    let text = std::fs::read_to_string(&catalog).unwrap().replace("retain: 10y", "retain: 60d");
    std::fs::write(&catalog, text).unwrap();
    let site = Site::start_on(backend.clone(), directory, |_| {}).await;
    let plan = site.get("/v1/retention/plan").send().await.ok();
    assert!(plan["months"].as_array().is_some_and(|months| !months.is_empty()), "{plan}");
    let run = site.post("/v1/retention/run").send().await;
    assert_eq!(run.status, 202, "{:?}", run.body);
    let done = loop {
        let status = site.get("/v1/retention").send().await.ok();
        if status["last"].is_object() {
            break status;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!((&done["last"]["records"], &done["last"]["error"]), (&json!(2), &Value::Null), "{done}");
    let page = site.get("/v1/shop/events").send().await.ok();
    let kept: Vec<&Value> = page["events"].as_array().unwrap().iter().map(|event| &event["data"]["total"]).collect();
    assert_eq!(kept.len(), 1, "{page}");
    let plan = site.get("/v1/retention/plan").send().await.ok();
    assert_eq!((&plan["months"], &plan["records"]), (&json!([]), &json!([])));
    assert!(!own(&site, "privacy.month.expired").await.is_empty());
    // What comes late is refused, and what was there is still known.
    assert_eq!(site.send(&json!([old("d", 61)])).await["refused"], 1);
    assert_eq!(site.send(&json!([old("a", 100)])).await["duplicate"], 1);
}
