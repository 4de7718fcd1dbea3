//! Appending on condition, and reading by types and tags.

use http::Method;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::site::Site;

const CATALOG: &str = "
app: cinema
version: 1.0.0
title: Small cinema
categories:
  business: {description: What is sold., retain: 10y}
  noise: {description: What is looked at., sampling: {rate: 0.0}}
";

const EVENTS: &str = "
events:
  - name: seat.reserved
    description: A seat was taken.
    category: business
    indexed: true
    tags: [screening, seat]
    pii: {email: identifier}
    data:
      type: object
      properties: {screening: {type: string}, seat: {type: integer}, email: {type: string}}
      required: [seat]
    examples: [{screening: tuesday, seat: 7}]
  - name: seat.released
    description: A seat was given back.
    category: business
    indexed: INDEXED
    data: {type: object, properties: {seat: {type: integer}}}
    examples: [{seat: 7}]
  - name: poster.seen
    description: Somebody looked.
    category: noise
    priority: low
    indexed: true
    data: {type: object, properties: {}}
    examples: [{}]
  - name: door.opened
    description: Somebody came in.
    category: business
    data: {type: object, properties: {}}
    examples: [{}]
";

fn write_catalog(catalogs: &std::path::Path, released_is_indexed: bool) {
    let cinema = catalogs.join("cinema");
    std::fs::create_dir_all(cinema.join("events")).unwrap();
    std::fs::write(cinema.join("catalog.yaml"), CATALOG).unwrap();
    let events = EVENTS.replace("INDEXED", if released_is_indexed { "true" } else { "false" });
    std::fs::write(cinema.join("events/cinema.yaml"), events).unwrap();
}

async fn cinema() -> Site {
    Site::with(|config| write_catalog(&config.catalogs[0], true)).await
}

fn reserved(id: &str, seat: u64) -> Value {
    json!({"id": id, "name": "seat.reserved", "data": {"screening": "tuesday", "seat": seat}})
}

/// The seat of tuesday's screening, whatever became of it.
fn seat(seat: u64) -> Value {
    json!({"items": [{"types": ["seat.reserved", "seat.released"], "tags": {"screening": "tuesday", "seat": seat.to_string()}}]})
}

async fn append(site: &Site, events: Value, condition: Option<Value>) -> Answer {
    let mut body = json!({"events": events});
    if let Some(condition) = condition {
        body["condition"] = condition;
    }
    site.post("/v1/cinema/append").json(&body).send().await
}

async fn read(site: &Site, body: Value) -> Value {
    site.post("/v1/cinema/read").json(&body).send().await.ok()
}

fn ids(page: &Value) -> Vec<&str> {
    page["events"].as_array().unwrap().iter().map(|event| event["original_id"].as_str().unwrap()).collect()
}

fn positions(answer: &Value) -> Vec<u64> {
    answer["receipts"].as_array().unwrap().iter().map(|receipt| receipt["position"].as_u64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seat_is_sold_once() {
    let site = cinema().await;
    let free = json!({"fail_if_events_match": seat(7)});
    let receipts = append(&site, json!([reserved("a", 7), reserved("b", 8)]), Some(free.clone())).await.ok();
    assert_eq!((&receipts["stored"], &receipts["duplicate"]), (&json!(2), &json!(0)));
    let [first, second] = positions(&receipts)[..] else { panic!("{receipts}") };
    assert_eq!(second, first + 1);

    let problem = append(&site, json!([reserved("c", 7)]), Some(free.clone())).await;
    let problem = problem.is_problem(409, "append.condition-failed");
    assert_eq!(problem["position"], first);

    // `after` is exclusive, and what was read is told.
    let page = read(&site, json!({"query": seat(7)})).await;
    assert_eq!(ids(&page), ["a"]);
    assert_eq!(page["next"], page["head"]);
    for (after, refused) in [(first - 1, true), (first, false)] {
        let condition = json!({"fail_if_events_match": seat(7), "after": after});
        let answer = append(&site, json!([reserved(&format!("d-{after}"), 9)]), Some(condition)).await;
        assert_eq!(answer.status == 409, refused, "{after}: {:?}", answer.body);
    }

    // Sent again, it is what it was, though its own events stand against it now.
    let again = append(&site, json!([reserved("a", 7), reserved("b", 8)]), Some(free.clone())).await.ok();
    assert_eq!((&again["stored"], &again["duplicate"]), (&json!(0), &json!(2)));
    assert_eq!(positions(&again), [first, second]);
    let partly = append(&site, json!([reserved("b", 8), reserved("e", 10)]), Some(free.clone())).await;
    assert_eq!(partly.is_problem(409, "append.partly-known")["positions"], json!([second]));
    // The same id and another seat is no repetition.
    append(&site, json!([reserved("a", 11)]), Some(free.clone())).await.is_problem(422, "events.refused");
    // Without a condition it is a plain append, all or nothing.
    let plain = append(&site, json!([reserved("b", 8), reserved("f", 7)]), None).await.ok();
    assert_eq!((&plain["stored"], &plain["duplicate"]), (&json!(1), &json!(1)));

    let site = site.restart(|_| {}).await;
    let again = append(&site, json!([reserved("a", 7), reserved("b", 8)]), Some(free.clone())).await.ok();
    assert_eq!(again["duplicate"], 2);
    append(&site, json!([reserved("g", 7)]), Some(free)).await.is_problem(409, "append.condition-failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_want_a_seat_one_gets_it() {
    let site = cinema().await;
    for round in 0..10_u64 {
        let head = read(&site, json!({"query": seat(round)})).await["next"].as_u64().unwrap();
        let condition = json!({"fail_if_events_match": seat(round), "after": head});
        let racing: Vec<_> = (0..8)
            .map(|client| {
                let body = json!({"events": [reserved(&format!("{round}-{client}"), round)], "condition": condition});
                tokio::spawn(site.post("/v1/cinema/append").json(&body).send())
            })
            .collect();
        let mut statuses = Vec::new();
        for one in racing {
            statuses.push(one.await.unwrap().status.as_u16());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409]);
        assert_eq!(read(&site, json!({"query": seat(round)})).await["events"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_or_nothing_and_nothing_sampled() {
    let site = cinema().await;
    let bad = json!({"id": "bad", "name": "seat.reserved", "data": {"seat": "seven"}});
    let problem = append(&site, json!([reserved("a", 1), bad]), None).await.is_problem(422, "events.refused");
    assert_eq!(problem["receipts"][0]["index"], 1);
    assert_eq!(site.get("/v1/cinema/quarantine").send().await.ok()["entries"], json!([]));
    assert_eq!(read(&site, json!({"query": {"items": []}})).await["events"], json!([]));
    let seen: Vec<Value> = (0..20).map(|number| json!({"id": format!("p{number}"), "name": "poster.seen"})).collect();
    assert_eq!(append(&site, json!(seen), None).await.ok()["stored"], 20);
    // Of all indexed types, also those that no item names; a type that is not is in no answer.
    append(&site, json!([{"id": "door", "name": "door.opened"}]), None).await.ok();
    assert_eq!(read(&site, json!({"query": {}})).await["events"].as_array().unwrap().len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_asked_is_refused() {
    let site = cinema().await;
    append(&site, json!([reserved("a", 1)]), None).await.ok();
    let query = |items: Value| json!({"items": items});
    let long = "x".repeat(300);
    let many_types: Vec<&str> = vec!["seat.reserved"; 65];
    for (items, code, path) in [
        (json!([{"types": ["seat.resevred"]}]), "dcb.type-unknown", "/items/0/types/0"),
        (json!([{}, {"types": ["seat.reserved", "door.opened"]}]), "dcb.type-not-indexed", "/items/1/types/1"),
        (json!([{"tags": {"email": "a@b.example"}}]), "dcb.tag-personal", "/items/0/tags/email"),
        (json!([{"types": ["seat.released"], "tags": {"user/id": "7"}}]), "dcb.tag-personal", "/items/0/tags/user~1id"),
        (json!([{"tags": {"password": "hunter2"}}]), "dcb.tag-redacted", "/items/0/tags/password"),
        (json!([{"tags": {"seat": long}}]), "dcb.tag-too-long", "/items/0/tags/seat"),
        (json!([{"types": many_types}]), "dcb.too-many-types", "/items/0/types"),
        (json!(vec![json!({}); 65]), "dcb.too-many-items", "/items"),
    ] {
        let answer = site.post("/v1/cinema/read").json(&json!({"query": query(items.clone())})).send().await;
        assert_eq!(answer.is_problem(422, code)["path"], path);
        let condition = json!({"fail_if_events_match": query(items)});
        append(&site, json!([reserved("b", 2)]), Some(condition)).await.is_problem(422, code);
    }
    // A version of this app's own that nothing is indexed of.
    let nothing = site.post("/v1/shop/read").json(&json!({"query": {}})).send().await;
    nothing.is_problem(422, "dcb.type-not-indexed");

    let ahead = json!({"fail_if_events_match": seat(1), "after": 1_000_000});
    append(&site, json!([reserved("b", 2)]), Some(ahead)).await.is_problem(422, "dcb.after-ahead");
    let ahead = site.post("/v1/cinema/read").json(&json!({"query": seat(1), "after": 1_000_000})).send().await;
    ahead.is_problem(422, "dcb.after-ahead");

    let raw = |path: &str, body: &str| {
        let call = site.post(&format!("/v1/cinema/{path}")).header("content-type", "application/json");
        call.body(body.to_owned()).send()
    };
    for (body, status, code) in [
        (r#"[{"name": "poster.seen"}]"#, 400, "append.body"),
        (r#"{"name": "poster.seen", "condition": {}}"#, 400, "append.body"),
        (r#"{"events": []}"#, 422, "append.empty"),
        (r#"{"events": [{"name": "poster.seen"}], "conditions": {}}"#, 422, "append.member"),
        (r#"{"events": [{"name": "poster.seen"}], "condition": null, "condition": {}}"#, 422, "append.member"),
        (r#"{"events": [{"name": "poster.seen"}], "condition": {}}"#, 422, "append.condition"),
        (
            r#"{"events": [{"name": "poster.seen"}], "condition": {"fail_if_events_match": {"item": []}}}"#,
            422,
            "append.condition",
        ),
        (
            r#"{"events": [{"name": "poster.seen"}], "condition": {"fail_if_events_match": {}, "after": -1}}"#,
            422,
            "append.condition",
        ),
        ("", 400, "body.empty"),
    ] {
        raw("append", body).await.is_problem(status, code);
    }
    for (body, status, code) in [
        ("{}", 400, "dcb.body"),
        (r#"{"query": {"items": {}}}"#, 400, "dcb.body"),
        (r#"{"query": {}, "limit": 0}"#, 422, "dcb.limit"),
        (r#"{"query": {}, "limit": 1001}"#, 422, "dcb.limit"),
        (r#"{"query": {}, "as_of": "yesterday"}"#, 422, "dcb.as-of"),
        (r#"{"query": {}, "to": 7}"#, 400, "dcb.body"),
    ] {
        raw("read", body).await.is_problem(status, code);
    }
    site.post("/v1/cinema/read?limit=5").json(&json!({"query": {}})).send().await.is_problem(400, "query.unknown");
    // Nothing of all this was kept.
    assert_eq!(read(&site, json!({"query": {}})).await["events"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_only_writes_finds_nothing_out() {
    let site = cinema().await;
    let (writer, reader) =
        (site.key(&json!({"scopes": ["write"]})).await, site.key(&json!({"scopes": ["read"]})).await);
    let call = |path: &str, key: &str, body: Value| site.call(Method::POST, path).key(key).json(&body).send();
    let plain = json!({"events": [reserved("a", 1)]});
    let guarded = json!({"events": [reserved("b", 2)], "condition": {"fail_if_events_match": seat(2)}});
    call("/v1/cinema/append", &writer, plain.clone()).await.ok();
    call("/v1/cinema/append", &writer, guarded.clone()).await.is_problem(403, "key.scope");
    call("/v1/cinema/append", &reader, plain).await.is_problem(403, "key.scope");
    call("/v1/cinema/read", &writer, json!({"query": {}})).await.is_problem(403, "key.scope");
    let both = site.key(&json!({"scopes": ["read", "write"]})).await;
    call("/v1/cinema/append", &both, guarded).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_personal_is_read_by_those_who_may_and_sought_by_nobody() {
    let site = cinema().await;
    let mut event = reserved("a", 1);
    event["identity"] = json!("zadeluvimo");
    event["data"]["email"] = json!("zadeluvimo@cinema.example");
    // A tag with a harmless name, and the person in it.
    event["tags"] = json!({"row": "5", "holder_of": "zadeluvimo"});
    let receipts = append(&site, json!([event]), None).await.ok();
    let warning = &receipts["receipts"][0]["warnings"][0];
    assert_eq!((&warning["code"], &warning["path"]), (&json!("event.tag.sealed"), &json!("/tags/holder_of")));
    let row = json!({"query": {"items": [{"tags": {"row": "5"}}]}});
    let open = read(&site, row.clone()).await;
    assert_eq!(open["events"][0]["identity"], "zadeluvimo");
    assert_eq!(open["events"][0]["data"]["email"], "zadeluvimo@cinema.example");
    let blind = site.key(&json!({"scopes": ["read"]})).await;
    let closed = site.call(Method::POST, "/v1/cinema/read").key(&blind).json(&row).send().await;
    assert_eq!(closed.ok()["events"].as_array().unwrap().len(), 1);
    assert!(!String::from_utf8_lossy(&closed.body).contains("zadeluvimo"));
    let named = read(&site, json!({"query": {"items": [{"tags": {"holder_of": "zadeluvimo"}}]}})).await;
    assert_eq!(named["events"], json!([]), "its receipt said so");
    // Who looked is written down.
    let accesses = site.get("/v1/daybook/events?name=privacy.data.accessed").send().await.ok();
    assert!(!accesses["events"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_is_read_in_pages_both_ways_and_as_it_was() {
    let site = cinema().await;
    let names: Vec<String> = (0..25).map(|number| format!("e{number}")).collect();
    for (number, name) in names.iter().enumerate() {
        let mut event = reserved(name, number as u64 % 5);
        if number % 2 == 1 {
            event["name"] = json!("seat.released");
            event["tags"] = json!({"screening": "tuesday", "seat": (number % 5).to_string()});
        }
        append(&site, json!([event]), None).await.ok();
        // Events of others lie between.
        site.send(&json!({"eventId": format!("o{number}"), "kind": "order.placed", "payload": {"total": 1}})).await;
    }
    let every: Vec<&str> = names.iter().map(String::as_str).collect();
    let query = json!({"items": [{"tags": {"screening": "tuesday"}}]});
    let mut found = Vec::new();
    let mut after = 0;
    loop {
        let page = read(&site, json!({"query": query, "after": after, "limit": 7})).await;
        found.extend(ids(&page).into_iter().map(str::to_owned));
        after = page["next"].as_u64().unwrap();
        if page["next"] == page["head"] {
            break;
        }
    }
    assert_eq!(found, every);
    let mut found = Vec::new();
    let mut before = None::<u64>;
    loop {
        let page = read(&site, json!({"query": query, "backwards": true, "before": before, "limit": 7})).await;
        found.extend(ids(&page).into_iter().map(str::to_owned));
        before = page["next"].as_u64();
        if before == Some(1) {
            break;
        }
    }
    found.reverse();
    assert_eq!(found, every);

    // One of the types; one of two items; and both a type and a tag.
    let released = read(&site, json!({"query": {"items": [{"types": ["seat.released"]}]}})).await;
    assert_eq!(released["events"].as_array().unwrap().len(), 12);
    let either = json!({"items": [
        {"types": ["seat.reserved"], "tags": {"seat": "0"}},
        {"types": ["seat.released"], "tags": {"seat": "1", "screening": "tuesday"}},
    ]});
    let either = read(&site, json!({"query": either})).await;
    assert_eq!(ids(&either), ["e0", "e1", "e10", "e11", "e20", "e21"]);
    let page = read(&site, json!({"query": {"items": [{"types": ["poster.seen"], "tags": {"seat": "0"}}]}})).await;
    assert_eq!((&page["events"], &page["next"]), (&json!([]), &page["head"]));

    // As it was.
    let tenth = read(&site, json!({"query": query, "limit": 10})).await["events"][9].clone();
    let then = read(&site, json!({"query": query, "as_of": tenth["position"]})).await;
    assert_eq!((ids(&then), &then["head"]), (every[..10].to_vec(), &tenth["position"]));
    let then = read(&site, json!({"query": query, "as_of": tenth["received"]})).await;
    assert!(ids(&then).len() >= 10 && ids(&then).len() < 25, "{:?}", ids(&then));
    assert!(
        then["events"].as_array().unwrap().iter().all(|event| event["received"].as_str() <= tenth["received"].as_str())
    );
    assert_eq!(read(&site, json!({"query": query, "as_of": "2020-01-01T00:00:00Z"})).await["events"], json!([]));
    let feed = site.get(&format!("/v1/cinema/events?as_of={}", tenth["position"])).send().await.ok();
    assert_eq!((ids(&feed), &feed["next"]), (every[..10].to_vec(), &tenth["position"]));
    let feed = site.get("/v1/cinema/events?as_of=2020-01-01T00:00:00Z").send().await.ok();
    assert_eq!(feed["events"], json!([]));
    site.get("/v1/cinema/events?as_of=soon").send().await.is_problem(400, "query.value");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_indexed_later_is_found_all_the_same() {
    let site = Site::with(|config| write_catalog(&config.catalogs[0], false)).await;
    let released = |id: &str| json!({"id": id, "name": "seat.released", "tags": {"seat": "3"}, "data": {"seat": 3}});
    append(&site, json!([released("early"), reserved("r", 3)]), None).await.ok();
    let query = json!({"items": [{"types": ["seat.released"], "tags": {"seat": "3"}}]});
    let refused = site.post("/v1/cinema/read").json(&json!({"query": query})).send().await;
    refused.is_problem(422, "dcb.type-not-indexed");
    // No type is named, so those that are indexed are meant.
    assert_eq!(ids(&read(&site, json!({"query": {"items": [{"tags": {"seat": "3"}}]}})).await), ["r"]);
    let site = site.restart(|config| write_catalog(&config.catalogs[0], true)).await;
    assert_eq!(ids(&read(&site, json!({"query": query})).await), ["early"]);
    let condition = json!({"fail_if_events_match": query});
    append(&site, json!([released("late")]), Some(condition)).await.is_problem(409, "append.condition-failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_values_are_read_whole() {
    let site = cinema().await;
    let mut large = reserved("large", 7);
    large["data"]["email"] = json!(format!("ada@{}.example", "long".repeat(20_000)));
    large["data"]["comment"] = json!("so it goes ".repeat(10_000));
    assert_eq!(append(&site, json!([large, reserved("small", 8)]), None).await.ok()["stored"], 2);
    let query = json!({"query": {"items": [{"types": ["seat.reserved"]}]}});
    let whole = read(&site, query.clone()).await;
    assert_eq!(ids(&whole), ["large", "small"]);
    assert_eq!(whole["events"][0]["data"], large["data"]);
    let read_as = async |key: &str, parameter: &str| {
        let path = format!("/v1/cinema/read{parameter}");
        site.call(Method::POST, &path).key(key).json(&query).send().await
    };
    let referred = read_as(&site.admin, "?blobs=reference").await.ok();
    assert!(referred["events"][0]["data"]["comment"]["$blob"]["digest"].is_string(), "{referred}");
    let reader = site.key(&json!({"scopes": ["read"]})).await;
    let blind = read_as(&reader, "").await.ok();
    assert_eq!(blind["events"][0]["data"]["comment"], large["data"]["comment"]);
    assert_eq!(blind["events"][0]["data"].get("email"), None);
    read_as(&site.admin, "?blobs=none").await.is_problem(400, "query.blobs");
}
