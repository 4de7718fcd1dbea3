//! Traces, audits, and how both were at an earlier moment.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use daybook_catalog::Catalogs;
use http::Method;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::site::{PATIENCE, Site};

/// The number in the id of the event that another is caused by.
type Cause = Option<u32>;

fn id(number: u32) -> String {
    format!("0197c1de-7b00-7000-8000-{number:012}")
}

/// Event `number` of a trace, `number` seconds after ten, with the data of the catalog's example.
fn event(trace: &str, number: u32, name: &str, cause: Cause) -> Value {
    static CATALOGS: LazyLock<Catalogs> = LazyLock::new(|| Catalogs::builtin().catalogs);
    let data = CATALOGS.app("tamma").unwrap().event(name).unwrap().examples[0].clone();
    let mut event = json!({
        "id": id(number), "name": name, "time": format!("2026-01-16T10:{:02}:{:02}Z", number / 60, number % 60),
        "actor": {"type": "system", "id": "orchestrator-1"}, "correlation": trace, "data": data
    });
    if let Some(cause) = cause {
        event["causation"] = id(cause).into();
    }
    event
}

/// Waits until the tables have everything up to a position: a question about a moment does not wait for long.
async fn tables_have(site: &Site, position: u64) {
    let begun = Instant::now();
    loop {
        let lake = site.get("/v1/consumers/tamma/lake").send().await.ok();
        if lake["offset"].as_u64() >= Some(position) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{lake}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Sends events, and gives the position of the last, once the tables have it.
async fn send(site: &Site, events: &[Value]) -> u64 {
    let receipts = site.post("/v1/tamma/events").json(&Value::from(events.to_vec())).send().await.ok();
    assert_eq!(receipts["stored"], events.len(), "{receipts}");
    let positions =
        receipts["receipts"].as_array().unwrap().iter().map(|receipt| receipt["position"].as_u64().unwrap());
    let last = positions.max().unwrap();
    tables_have(site, last).await;
    last
}

async fn get(site: &Site, key: &str, path: &str) -> Answer {
    site.call(Method::GET, path).key(key).send().await
}

/// A workflow: a model is asked, fails, is asked again and answers; something is committed, and a person asked.
fn workflow() -> Vec<Value> {
    let mut second = event("wf-1", 5, "AI.REQUEST.STARTED", Some(1));
    second["data"]["attempt"] = 2.into();
    second["request"] = "step-2".into();
    let mut decided = event("wf-1", 50, "APPROVAL.PROVIDED", Some(8));
    decided["actor"] = json!({"type": "user", "id": "mkowalska"});
    vec![
        event("wf-1", 1, "ISSUE.SELECTED.SUCCESS", None),
        event("wf-1", 2, "AI.REQUEST.STARTED", Some(1)),
        event("wf-1", 4, "AI.ERROR.OCCURRED", Some(2)),
        second,
        event("wf-1", 6, "AI.RESPONSE.RECEIVED", Some(5)),
        event("wf-1", 7, "CODE.COMMIT.CREATED", Some(6)),
        event("wf-1", 8, "APPROVAL.REQUESTED", Some(7)),
        event("wf-2", 9, "SYSTEM.RETRY.EXHAUSTED", None),
        event("wf-1", 10, "SYSTEM.ESCALATION.TRIGGERED", Some(9)),
        event("wf-1", 11, "CONFIG.CHANGED", Some(99)),
        decided,
    ]
}

/// Name, depth, and whatever else there is to say of each node, as lines.
fn lines(trace: &Value) -> Vec<String> {
    let line = |node: &Value| {
        let mut line =
            format!("{}{}", "  ".repeat(node["depth"].as_u64().unwrap() as usize), node["name"].as_str().unwrap());
        for name in ["since_cause_ms", "duration_ms", "span_ms", "retry"] {
            match node[name].as_i64() {
                None | Some(0) => {}
                Some(number) => line += &format!(" {}={number}", name.trim_end_matches("_ms")),
            }
        }
        for name in ["failed", "open"] {
            line += if node[name] == true { if name == "failed" { " failed" } else { " open" } } else { "" };
        }
        if let Some(status) = node["cause"]["status"].as_str() {
            line += &format!(" cause {status} {}", node["cause"]["correlation"].as_str().unwrap_or("-"));
        }
        line
    };
    trace["nodes"].as_array().unwrap().iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_is_a_tree_of_causes() {
    let site = Site::new().await;
    let reader = site.key(&json!({"scopes": ["read"]})).await;
    let last = send(&site, &workflow()).await;
    let trace = get(&site, &reader, &format!("/v1/tamma/traces/wf-1?as_of={last}")).await.ok();
    assert_eq!(
        lines(&trace),
        [
            "ISSUE.SELECTED.SUCCESS span=49000",
            "  AI.REQUEST.STARTED since_cause=1000 span=2000",
            "    AI.ERROR.OCCURRED since_cause=2000 duration=2000 retry=1 failed",
            "  AI.REQUEST.STARTED since_cause=4000 span=45000 retry=1",
            "    AI.RESPONSE.RECEIVED since_cause=1000 duration=22810 span=44000",
            "      CODE.COMMIT.CREATED since_cause=1000 span=43000",
            "        APPROVAL.REQUESTED since_cause=1000 span=42000",
            "          APPROVAL.PROVIDED since_cause=42000 duration=42000",
            "SYSTEM.ESCALATION.TRIGGERED open cause known wf-2",
            "CONFIG.CHANGED cause missing -",
        ]
    );
    let expected = json!({
        "events": 10, "roots": 3, "orphans": 2, "circles": 0, "started": "2026-01-16T10:00:01.000Z",
        "ended": "2026-01-16T10:00:50.000Z", "duration_ms": 49000, "failures": 1, "retries": 1, "open": 1, "depth": 5
    });
    assert_eq!((&trace["summary"], &trace["as_of"]), (&expected, &json!(last)));
    assert!(trace.get("next").is_none());
    let second = &trace["nodes"][3];
    assert_eq!(
        (&second["request"], &second["parent"], &second["outcome"]),
        (&json!("step-2"), &json!(id(1)), &json!("start"))
    );
    assert_eq!(second["actor"], json!({"type": "system", "id": "orchestrator-1"}));
    assert_eq!(trace["nodes"][4]["ends"], id(5));
    assert_eq!(trace["nodes"][8]["cause"]["name"], "SYSTEM.RETRY.EXHAUSTED");

    // One step, and a part of the time.
    let step = get(&site, &reader, "/v1/tamma/traces/wf-1?request=step-2").await.ok();
    assert_eq!(lines(&step), ["AI.REQUEST.STARTED retry=1 open cause known wf-1"]);
    let path = "/v1/tamma/traces/wf-1?from=2026-01-16T10:00:06Z&to=2026-01-16T10:00:08Z";
    assert_eq!(get(&site, &reader, path).await.ok()["summary"]["events"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_named_to_who_may_know_them_until_they_are_erased() {
    let site = Site::new().await;
    let reader = site.key(&json!({"scopes": ["read"]})).await;
    let seer = site.key(&json!({"scopes": ["read", "privacy"]})).await;
    let last = send(&site, &workflow()).await;
    let path = format!("/v1/tamma/traces/wf-1?as_of={last}");
    let closed = get(&site, &reader, &path).await.ok();
    let who = &closed["nodes"][7];
    assert_eq!((&who["actor"], who["anonymous_id"].is_string()), (&json!({"type": "user"}), true));
    assert!(!closed.to_string().contains("mkowalska"));
    let open = get(&site, &seer, &path).await.ok();
    assert_eq!(open["nodes"][7]["actor"], json!({"type": "user", "id": "mkowalska"}));
    let looks = site.get("/v1/daybook/events?name=privacy.data.accessed").send().await.ok();
    let looks: Vec<&Value> = looks["events"].as_array().unwrap().iter().map(|event| &event["data"]).collect();
    assert_eq!(looks.len(), 1, "{looks:?}");
    assert_eq!((&looks[0]["app"], &looks[0]["kind"]), (&json!("tamma"), &json!("event")));

    site.erase("/v1/tamma/subjects/mkowalska").await;
    let after = get(&site, &seer, &path).await.ok();
    assert!(!after.to_string().contains("mkowalska"), "{after}");
    assert_eq!(after["summary"], open["summary"], "the trail itself stays");
    assert_eq!(after["nodes"][7]["actor"], json!({"type": "user"}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_of_one_moment() {
    let site = Site::new().await;
    let chain = |range: std::ops::Range<u32>| -> Vec<Value> {
        let cause = |number: u32| (number > 1).then(|| if number.is_multiple_of(3) { 1 } else { number - 1 });
        range.map(|number| event("long", number, "CONFIG.CHANGED", cause(number))).collect()
    };
    let last = send(&site, &chain(1..250)).await;
    let whole = site.get(&format!("/v1/tamma/traces/long?limit=1000&as_of={last}")).send().await.ok();
    let ids = |page: &Value| -> Vec<String> {
        page["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
    };
    let mut seen = Vec::new();
    let mut cursor = String::new();
    let mut sent = 250;
    loop {
        let path = format!("/v1/tamma/traces/long?limit=100&as_of={last}{cursor}");
        let page = site.get(&path).send().await.ok();
        assert_eq!(page["summary"], whole["summary"]);
        seen.extend(ids(&page));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
        // These would stand in the middle.
        send(&site, &chain(sent..sent + 30)).await;
        sent += 30;
    }
    assert_eq!(seen, ids(&whole));
    assert_eq!(seen.len(), 249);
    let beyond = cursor.rsplit_once('.').unwrap().0.to_owned() + ".100000";
    let page = site.get(&format!("/v1/tamma/traces/long?{}", &beyond[1..])).send().await.ok();
    assert_eq!((&page["nodes"], page["next"].is_null()), (&json!([]), true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_can_be_asked_as_it_was() {
    let site = Site::new().await;
    let first = send(&site, &[event("wf", 1, "CONFIG.CHANGED", None), event("wf", 2, "CONFIG.CHANGED", Some(1))]).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let last =
        send(&site, &[event("wf", 3, "CONFIG.CHANGED", Some(2)), event("wf", 4, "CONFIG.CHANGED", Some(9))]).await;
    let received = |position: u64| {
        let call = site.get(&format!("/v1/tamma/events?after={}&limit=1", position - 1));
        async move { call.send().await.ok()["events"][0]["received"].as_str().unwrap().to_owned() }
    };
    let then = received(first).await;
    assert_ne!(then, received(last).await);
    for moment in [first.to_string(), then.clone()] {
        let trace = site.get(&format!("/v1/tamma/traces/wf?as_of={moment}")).send().await.ok();
        assert_eq!(trace["summary"]["events"], 2, "{moment}");
        let feed = site.get(&format!("/v1/tamma/events?as_of={moment}")).send().await.ok();
        assert_eq!(feed["events"].as_array().unwrap().len(), 2, "{moment}");
        let audit = site.get(&format!("/v1/tamma/audit?correlation=wf&as_of={moment}")).send().await.ok();
        assert_eq!(audit["events"].as_array().unwrap().len(), 2, "{moment}");
        let query = json!({"query": "SELECT count(*) AS n, max(position) AS last FROM events", "as_of": moment});
        let rows = site.post("/v1/tamma/sql").json(&query).send().await.ok();
        assert_eq!(rows["rows"], json!([{"n": 2, "last": first}]), "{moment}");
    }
    // A number is a position too, and so is a parameter beside a bare query; people may be asked for as well.
    let query = json!({"query": "SELECT count(*) AS n, count(identity) AS people FROM events", "as_of": last});
    let rows = site.post("/v1/tamma/sql").json(&query).send().await.ok();
    assert_eq!(rows["rows"], json!([{"n": 4, "people": 0}]));
    let call = site.post(&format!("/v1/tamma/sql?as_of={first}")).header("content-type", "application/sql");
    assert_eq!(call.body("SELECT count(*) AS n FROM events").send().await.ok()["rows"], json!([{"n": 2}]));
    let feed = site.get(&format!("/v1/tamma/events?as_of={first}&limit=1")).send().await.ok();
    let rest = site.get(&format!("/v1/tamma/events?as_of={first}&after={}", feed["next"])).send().await.ok();
    assert_eq!((rest["events"].as_array().unwrap().len(), &rest["next"]), (1, &json!(first)));
    assert_eq!(site.get("/v1/tamma/events?as_of=0").send().await.ok()["events"], json!([]));
    // What lies ahead is now.
    let ahead = site.get("/v1/tamma/traces/wf?as_of=999999999").send().await.ok();
    assert_eq!(ahead["summary"]["events"], 4);
    // A cause that came later than the moment is told apart from one that is not there.
    send(&site, &[event("wf", 9, "CONFIG.CHANGED", None)]).await;
    let trace = site.get(&format!("/v1/tamma/traces/wf?as_of={last}")).send().await.ok();
    assert_eq!(trace["nodes"][3]["cause"]["status"], "later");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_is_answered() {
    let site = Site::new().await;
    let reader = site.key(&json!({"scopes": ["read"]})).await;
    let seer = site.key(&json!({"scopes": ["read", "privacy"]})).await;
    let last = send(&site, &workflow()).await;
    let audit = |key: &str, query: &str| {
        let call = site.call(Method::GET, &format!("/v1/tamma/audit?as_of={last}&{query}")).key(key);
        async move { call.send().await.ok() }
    };
    let names = |answer: &Value| -> Vec<String> {
        answer["events"].as_array().unwrap().iter().map(|event| event["name"].as_str().unwrap().to_owned()).collect()
    };
    let whole = audit(&reader, "correlation=wf-1").await;
    assert_eq!(names(&whole).len(), 10);
    assert_eq!(whole["questions"], json!(["who", "what", "when", "why", "read", "changed"]));
    let commit = &whole["events"][5];
    assert_eq!(commit["who"]["actor"], json!({"type": "system", "id": "orchestrator-1"}));
    assert_eq!(commit["what"]["fields"]["branch"], "tamma/482-basket-discount");
    assert_eq!(commit["when"]["time"], "2026-01-16T10:00:07.000Z");
    assert_eq!(commit["why"]["cause"]["name"], "AI.RESPONSE.RECEIVED");
    assert!(commit["why"]["fields"]["reason"].is_string());
    // What Git was told is what somebody may have written.
    assert_eq!(commit["why"]["withheld"], json!(["message"]));
    assert!(commit.get("read").is_none());
    assert_eq!(commit["changed"]["fields"]["filesChanged"][0], "src/basket/list-price.ts");
    assert!(!whole.to_string().contains("mkowalska"));

    // One question alone leaves out what says nothing of it.
    let read = audit(&reader, "correlation=wf-1&question=read").await;
    assert_eq!(
        names(&read),
        [
            "ISSUE.SELECTED.SUCCESS",
            "AI.REQUEST.STARTED",
            "AI.REQUEST.STARTED",
            "AI.RESPONSE.RECEIVED",
            "APPROVAL.PROVIDED"
        ]
    );
    assert_eq!(read["events"][0]["read"]["fields"]["resourcesAccessed"][0]["kind"], "issue");
    assert!(read["events"][0].get("who").is_none());
    let changed = audit(&reader, "correlation=wf-1&question=changed").await;
    assert_eq!(names(&changed), ["CODE.COMMIT.CREATED", "CONFIG.CHANGED"]);
    assert_eq!(changed["events"][1]["changed"]["fields"], json!({"before": false, "after": true}));

    // A period, an actor, and both; a person is found by who may know people.
    let period = audit(&reader, "from=2026-01-16T10:00:09Z&to=2026-01-16T10:00:11Z").await;
    assert_eq!(names(&period), ["SYSTEM.RETRY.EXHAUSTED", "SYSTEM.ESCALATION.TRIGGERED"]);
    let actor = audit(&reader, "actor=orchestrator-1&to=2026-01-16T10:00:03Z&question=who,why").await;
    assert_eq!((names(&actor).len(), &actor["questions"]), (2, &json!(["who", "why"])));
    assert_eq!(audit(&reader, "actor=mkowalska").await["events"], json!([]));
    let person = audit(&seer, "actor=mkowalska").await;
    assert_eq!(names(&person), ["APPROVAL.PROVIDED"]);
    assert_eq!(person["events"][0]["who"]["actor"]["id"], "mkowalska");
    assert_eq!(person["events"][0]["who"]["fields"]["approver"], "mkowalska");
    let looks = site.get("/v1/daybook/events?name=privacy.data.accessed").send().await.ok();
    let kinds: Vec<&Value> = looks["events"].as_array().unwrap().iter().map(|look| &look["data"]["kind"]).collect();
    assert_eq!(kinds, ["query", "event"], "{looks}");
    assert!(!looks.to_string().contains("mkowalska"));

    // Page by page.
    let mut cursor = String::new();
    let mut seen = Vec::new();
    loop {
        let page = audit(&reader, &format!("correlation=wf-1&limit=4{cursor}")).await;
        seen.extend(names(&page));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, names(&whole));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_brings_its_trace() {
    let site = Site::new().await;
    let mut plain = event("", 1, "CONFIG.CHANGED", None);
    plain.as_object_mut().unwrap().remove("correlation");
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let send = |number: u32, traceparent: &str| {
        let mut event = plain.clone();
        event["id"] = id(number).into();
        let call = site.post("/v1/tamma/events").json(&event).header("traceparent", traceparent);
        async move { call.send().await.ok()["receipts"][0].clone() }
    };
    let receipt = send(1, &format!("00-{trace}-00f067aa0ba902b7-01")).await;
    assert!(receipt.get("warnings").is_none(), "{receipt}");
    let again = send(1, &format!("00-{trace}-53995c3f42cd8ad8-01")).await;
    assert_eq!(again["status"], "duplicate", "another operation sent the same");
    tables_have(&site, receipt["position"].as_u64().unwrap()).await;
    let found = site.get(&format!("/v1/tamma/traces/{trace}?as_of={}", receipt["position"])).send().await.ok();
    assert_eq!((&found["summary"]["events"], &found["nodes"][0]["request"]), (&json!(1), &json!("00f067aa0ba902b7")));
    for malformed in ["00-1-1-01", ""] {
        let receipt = send(2 + malformed.len() as u32, malformed).await;
        assert_eq!(receipt["status"], "stored");
        assert_eq!(receipt["warnings"][0]["code"], "event.traceparent", "{receipt}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_asked_is_refused() {
    let site = Site::new().await;
    let writer = site.key(&json!({"scopes": ["write"]})).await;
    let last = send(&site, &[event("wf", 1, "CONFIG.CHANGED", None)]).await;
    for (path, status, code) in [
        ("/v1/tamma/traces/nobody", 404, "trace.unknown"),
        (&*format!("/v1/tamma/traces/{}", "x".repeat(300)), 404, "trace.unknown"),
        ("/v1/tamma/traces/wf?as_of=yesterday", 400, "query.value"),
        ("/v1/tamma/traces/wf?cursor=1", 400, "query.value"),
        ("/v1/tamma/traces/wf?limit=1001", 400, "query.limit"),
        ("/v1/tamma/traces/wf?from=2026", 400, "query.value"),
        ("/v1/tamma/traces/wf?asof=1", 400, "query.unknown"),
        ("/v1/nothing/traces/wf", 404, "app.unknown"),
        ("/v1/tamma/audit", 400, "audit.of-what"),
        ("/v1/tamma/audit?actor=", 400, "audit.of-what"),
        ("/v1/tamma/audit?actor=a&question=whom", 400, "query.value"),
        ("/v1/tamma/audit?actor=a&cursor=x", 400, "query.value"),
        (&format!("/v1/tamma/audit?actor={}", "x".repeat(300)), 400, "query.value"),
        ("/v1/tamma/events?as_of=-1", 400, "query.value"),
    ] {
        site.get(path).send().await.is_problem(status, code);
    }
    let sql = site.post("/v1/tamma/sql").json(&json!({"query": "SELECT 1", "as_of": "soon"})).send().await;
    sql.is_problem(400, "query.value");
    for path in ["/v1/tamma/traces/wf", "/v1/tamma/audit?actor=a"] {
        get(&site, &writer, path).await.is_problem(403, "key.scope");
        site.call(Method::GET, path).send().await.is_problem(401, "key.missing");
        site.post(path).send().await.is_problem(405, "http.method");
    }
    assert_eq!(site.get(&format!("/v1/tamma/traces/wf?as_of={last}")).send().await.ok()["summary"]["events"], 1);
}
