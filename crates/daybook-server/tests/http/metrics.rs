//! Metrics by their names.

use daybook_event::Timestamp;
use http::Method;
use serde_json::{Value, json};

use crate::site::{Site, away_from_midnight};
use crate::sql::rows_until;

const DAY_US: i64 = 86_400_000_000;

/// The date of so many days from today.
fn day(later: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let then = Timestamp::from_microseconds(now.as_micros() as i64 + later * DAY_US);
    then.to_string().split('T').next().unwrap().to_owned()
}

/// A shop in which two people ordered, and one of them cancelled a minute later.
async fn shop() -> Site {
    away_from_midnight().await;
    let site = Site::new().await;
    let event = |kind: &str, customer: u32, minute: u32, payload: Value| {
        json!({
            "eventId": format!("{kind}-{customer}-{minute}"), "kind": kind, "customer": customer, "branch": "a",
            "at": format!("{}T10:{minute:02}:00Z", day(-1)), "payload": payload
        })
    };
    site.send(&json!([
        event("order.placed", 7, 0, json!({"total": 1.5, "channel": "web"})),
        event("order.placed", 8, 0, json!({"total": 2, "channel": "shop"})),
        event("order.cancelled", 7, 1, json!({"reason": "late"})),
    ]))
    .await;
    rows_until(&site, "SELECT count(*) AS n FROM events", |rows| *rows == json!([{"n": 3}])).await;
    site
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_asked_by_address_and_by_body() {
    let site = shop().await;
    let (from, to) = (day(-1), day(1));
    let check = async |metric: &str, parameters: Value, expected: Value| {
        let mut all = json!({"from": from, "to": to});
        all.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in all.as_object().unwrap() {
            query.append_pair(name, &value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
        let address = format!("/v1/shop/metrics/{metric}");
        let read = site.get(&format!("{address}?{}", query.finish())).send().await;
        let asked = site.post(&address).json(&all).send().await;
        assert_eq!(read.header("content-type"), Some("application/json"));
        assert_eq!((read.ok(), asked.ok()), (expected.clone(), expected), "{metric}");
    };
    let start = |later: i64| format!("{}T00:00:00.000Z", day(later));
    let active = |later, users: u32| json!({"period_start": start(later), "active_users": users, "new_users": users, "returning_users": 0});
    check("active-users", json!({}), json!({"rows": [active(-1, 2), active(0, 0)]})).await;
    let value = |later, value: f64| match value {
        0.0 => json!({"period_start": start(later), "value": 0}),
        value => json!({"period_start": start(later), "value": value}),
    };
    check("trend", json!({"measure": "sum:total"}), json!({"rows": [value(-1, 3.5), value(0, 0.0)]})).await;
    check(
        "funnel",
        json!({"steps": [{"event": "order.placed"}, {"event": "order.cancelled"}], "within": "1h"}),
        json!({"steps": [
            {"step": 1, "event": "order.placed", "count": 2, "rate": 1, "median_seconds": null},
            {"step": 2, "event": "order.cancelled", "count": 1, "rate": 0.5, "median_seconds": 60},
        ]}),
    )
    .await;
    // The others answer too.
    for metric in daybook_lake::metrics::Question::NAMES.into_iter().filter(|metric| *metric != "funnel") {
        let answer = site.get(&format!("/v1/shop/metrics/{metric}?from={from}&to={to}")).send().await;
        assert!(answer.ok()["rows"].is_array(), "{metric}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_question_is_said_at_once() {
    let site = Site::new().await;
    let get = |path: &str| site.get(&format!("/v1/shop/metrics/{path}")).send();
    let problem = get("trend?from=yesterday").await.is_problem(400, "metric.invalid");
    assert_eq!(problem["errors"][0]["parameter"], "from", "{problem}");
    let problem = get("trend?from=2026-03-02&to=2026-03-01&events=**&measure=sum:nothing").await;
    let problem = problem.is_problem(400, "metric.invalid");
    assert!(problem["errors"].as_array().unwrap().len() >= 2, "{problem}");
    let problem = get("trend?from=2026-03-01&to=2026-03-02&intervall=day").await.is_problem(400, "metric.invalid");
    assert_eq!(problem["errors"][0]["parameter"], "intervall", "{problem}");
    let problem = get("active?from=2026-03-01&to=2026-03-02").await.is_problem(404, "metric.unknown");
    assert!(problem["hint"].as_str().unwrap().contains("active-users"), "{problem}");

    let post = |body: &'static str| site.post("/v1/shop/metrics/trend").body(body).send();
    post("from yesterday").await.is_problem(400, "metric.body");
    post("[]").await.is_problem(400, "metric.invalid");
    let twice = site.post("/v1/shop/metrics/trend?from=2026-03-01").json(&json!({"to": "2026-03-02"})).send().await;
    twice.is_problem(400, "query.unknown");
    site.get("/v1/nobody/metrics/trend").send().await.is_problem(404, "app.unknown");
    site.call(Method::GET, "/v1/shop/metrics/trend").send().await.is_problem(401, "key.missing");
    let writer = site.key(&json!({"scopes": ["write"]})).await;
    site.call(Method::GET, "/v1/shop/metrics/trend").key(&writer).send().await.is_problem(403, "key.scope");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lakes_say_how_they_are_and_drop_what_they_are_told_to() {
    let site = shop().await;
    let lake = site.get("/v1/lake/shop").send().await.ok();
    assert_eq!((&lake["app"], &lake["consumer"], &lake["state"]), (&json!("shop"), &json!("lake"), &json!("running")));
    assert_eq!((&lake["rows_waiting"], &lake["rows"], &lake["files"]), (&json!(3), &json!(0), &json!(0)), "{lake}");
    assert!(lake["as_of"].as_u64() >= Some(3) && lake["lag_seconds"].is_number(), "{lake}");
    let site = site.restart(|_| {}).await;
    rows_until(&site, "SELECT count(*) AS n FROM events", |rows| *rows == json!([{"n": 3}])).await;
    let lake = site.get("/v1/lake/shop").send().await.ok();
    assert_eq!((&lake["rows_waiting"], &lake["rows"], &lake["files"]), (&json!(0), &json!(3), &json!(1)), "{lake}");
    let metrics = String::from_utf8(site.get("/metrics").send().await.body.to_vec()).unwrap();
    for line in ["daybook_lake_rows{app=\"shop\"} 3", "daybook_lake_files{app=\"shop\"} 1"] {
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
    let retain = |body: &Value| site.post("/v1/lake/shop/retain").json(body).send();
    let before = retain(&json!({"category": "business", "before": day(-1)})).await.ok();
    assert_eq!(before, json!({"dropped": [], "rows": 0, "bytes": 0}));
    let dropped = retain(&json!({"category": "business", "before": day(0)})).await.ok();
    assert_eq!((&dropped["rows"], &dropped["dropped"][0]["date"]), (&json!(3), &json!(day(-1))), "{dropped}");
    assert_eq!(dropped["dropped"][0]["category"], "business");
    rows_until(&site, "SELECT count(*) AS n FROM events", |rows| *rows == json!([{"n": 0}])).await;
    // Nothing is past its time.
    assert_eq!(site.post("/v1/lake/shop/retain").send().await.ok()["rows"], 0);
    retain(&json!({"category": "business"})).await.is_problem(400, "lake.retain");
    retain(&json!({"category": "business", "before": "soon"})).await.is_problem(400, "lake.retain");
    retain(&json!({"category": "buisness", "before": day(0)})).await.is_problem(404, "lake.category");
    let reader = site.key(&json!({"scopes": ["read"], "apps": ["shop"]})).await;
    let refused = site.call(Method::POST, "/v1/lake/shop/retain").key(&reader).send().await;
    refused.is_problem(403, "key.scope");
    let listed = site.call(Method::GET, "/v1/lake").key(&reader).send().await.ok();
    assert_eq!(listed["lakes"].as_array().unwrap().len(), 1, "{listed}");

    // Turned off it is not asked, and loses nothing.
    let order = json!({"eventId": "again", "kind": "order.placed", "customer": 7, "payload": {"total": 1}});
    site.send(&order).await;
    let off = |config: &mut daybook_server::Config| {
        config.consumers.insert("shop/lake".to_owned(), json!({"enabled": false}).into());
    };
    let site = site.restart(off).await;
    site.get("/v1/lake/shop").send().await.is_problem(404, "lake.off");
    site.get("/v1/shop/metrics/trend?from=2026-03-01&to=2026-03-02").send().await.is_problem(404, "lake.off");
    let site = site.restart(|_| {}).await;
    rows_until(&site, "SELECT count(*) AS n FROM events", |rows| *rows == json!([{"n": 1}])).await;
}
