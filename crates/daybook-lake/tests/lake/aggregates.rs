//! The aggregates of the catalogs that ship, on events that can be counted by hand; and what else is asked of the lake for them.

use std::sync::Arc;

use daybook_catalog::aggregates::Spec;
use daybook_catalog::{AppCatalog, Catalogs, from_texts};
use daybook_consumers::{Batch, Handler, Item};
use daybook_event::Position;
use daybook_lake::aggregates::{ComputeError, Span, Tables, canonical, compute, days_since, first_day};
use daybook_lake::query::{Engine, EngineOptions};
use daybook_lake::{Lake, LakeOptions};
use jiff::civil::Date;

use crate::support::item;

/// A lake with events, and somebody to ask it.
struct World {
    app: Arc<AppCatalog>,
    lake: Lake,
    engine: Arc<Engine>,
    _directory: tempfile::TempDir,
}

impl World {
    /// With these events, a line each: time, person, group, name, data. What is not there is `-`; `name@0.5` is one of two that were
    /// kept.
    async fn of(app: Arc<AppCatalog>, events: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let lake = Lake::open(LakeOptions::new(directory.path().join("lake")), Arc::clone(&app)).await.unwrap();
        let engine = Engine::new(EngineOptions::new(directory.path().join("engine"))).unwrap();
        let world = Self { app, lake, engine, _directory: directory };
        world.add(0, events).await;
        world
    }

    async fn shipped(app: &str, events: &str) -> Self {
        Self::of(Catalogs::builtin().catalogs.app(app).unwrap().clone(), events).await
    }

    async fn add(&self, after: Position, events: &str) {
        let lines = events.lines().map(str::trim).filter(|line| !line.is_empty());
        let items: Vec<Arc<Item>> =
            lines.zip(after + 1..).map(|(line, position)| Arc::new(self.event(position, line))).collect();
        let through = after + items.len() as Position;
        self.lake.prepare().await.unwrap();
        if !items.is_empty() {
            self.lake.deliver(&Batch { items, after, through, replay: false }).await.unwrap();
        }
    }

    fn event(&self, position: Position, line: &str) -> Item {
        let mut parts = line.splitn(5, ' ').map(|part| if part == "-" { "" } else { part });
        let mut part = || parts.next().unwrap_or_default();
        let (time, person, group, name, data) = (part(), part(), part(), part(), part());
        let (name, rate) = name.split_once('@').unwrap_or((name, "1"));
        let event_type = self.app.event(name).unwrap_or_else(|| panic!("{name} is no event type"));
        let mut item = item(position, (name, time, person, if data.is_empty() { "{}" } else { data }));
        item.event.app = self.app.app.clone().into();
        item.event.category = event_type.category.clone().into();
        item.event.group = (!group.is_empty()).then(|| group.to_owned().into());
        item.event.sample_rate = rate.parse().unwrap();
        item
    }

    async fn tables(&self) -> Tables {
        Tables::of(&self.engine, &self.lake.snapshot().await.unwrap()).unwrap()
    }

    fn spec(&self, name: &str) -> &Spec {
        self.app.aggregates.iter().find(|spec| spec.name == name).unwrap_or_else(|| panic!("no aggregate {name}"))
    }

    /// An aggregate of the period of a day, as of another day: a line for each row, dimensions and numbers.
    async fn computed(&self, name: &str, of: &str, today: &str) -> Result<Vec<String>, ComputeError> {
        let spec = self.spec(name);
        let span = Span::of(spec.period, day(of));
        let rows = compute(&self.engine, &self.tables().await, &self.app, spec, span, day(today)).await?;
        let mut lines: Vec<String> =
            rows.iter().map(|row| format!("{} {}", canonical(&row.dimensions), canonical(&row.metrics))).collect();
        lines.sort();
        Ok(lines)
    }

    async fn check(&self, name: &str, of: &str, today: &str, expected: &[&str]) {
        assert_eq!(self.computed(name, of, today).await.unwrap(), expected, "{name} of {of}");
    }
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn communities_have_active_people_missions_zones_and_sessions() {
    let world = World::shipped(
        "unofficial-communities",
        r#"
        2026-01-13T20:00 bob 1 world.zone.entered {"zone_type":"workshop","from_zone":"central_hub"}
        2026-01-13T23:30 ada 1 gamification.mission.assigned {"mission_count":3}
        2026-01-14T00:30 ada 1 gamification.mission.completed {"mission_type":"send_messages","xp_awarded":50}
        2026-01-14T07:00 ada 1 user.signup.completed {"has_avatar":true}
        2026-01-14T08:00 bob 1 gamification.mission.assigned {"mission_count":2}
        2026-01-14T08:00 dan 1 gamification.mission.assigned {"mission_count":4}
        2026-01-14T08:30 bob 1 gamification.mission.assigned {"mission_count":0}
        2026-01-14T10:00 bob 1 gamification.mission.completed {"mission_type":"send_messages","xp_awarded":40}
        2026-01-14T10:00 - 1 gamification.mission.completed {"mission_type":"send_messages","xp_awarded":60}
        2026-01-14T11:00 bob 2 gamification.mission.completed {"mission_type":"visit_zone","xp_awarded":20}
        2026-01-14T12:00 cleo - user.login.completed {}
        2026-01-14T12:00 dan 1 gamification.level.up {"old_level":1,"new_level":2}
        2026-01-14T13:00 bob 1 world.zone.exited@0.5 {"zone_type":"workshop","duration_seconds":100}
        2026-01-14T13:00 ada 1 world.zone.exited {"zone_type":"workshop","duration_seconds":200.5}
        2026-01-14T13:00 ada 1 world.session.ended {"duration_seconds":60}
        2026-01-14T13:00 bob 1 world.session.ended {"duration_seconds":120}
        2026-01-15T00:00 eve 1 world.zone.entered {"zone_type":"workshop","from_zone":"central_hub"}
        "#,
    )
    .await;
    let (of, today) = ("2026-01-14", "2026-01-15");
    let dau = [
        r#"{"community_id":1} {"active_users":2,"new_users":1,"returning_users":1}"#,
        r#"{"community_id":2} {"active_users":1,"new_users":0,"returning_users":1}"#,
    ];
    world.check("dau", of, today, &dau).await;
    world.check("dau_total", of, today, &[r#"{} {"active_users":3,"new_users":1,"returning_users":2}"#]).await;
    let missions = [
        r#"{"community_id":1,"mission_type":"send_messages"} {"avg_completion_time_minutes":75.0,"avg_xp":50.0,"completions":3,"total_xp_awarded":150,"unique_users":2}"#,
        r#"{"community_id":2,"mission_type":"visit_zone"} {"avg_completion_time_minutes":null,"avg_xp":20.0,"completions":1,"total_xp_awarded":20,"unique_users":1}"#,
    ];
    world.check("mission_completion", of, today, &missions).await;
    let rates = [
        r#"{"community_id":1} {"assigned":6,"completed":3,"completion_rate":0.5}"#,
        r#"{"community_id":2} {"assigned":0,"completed":1,"completion_rate":null}"#,
    ];
    world.check("mission_completion_rate", of, today, &rates).await;
    let zones = [r#"{"community_id":1,"zone_type":"workshop"} {"avg_duration":133.5,"unique_users":2,"visits":3}"#];
    world.check("zone_dwell_time", of, today, &zones).await;
    world.check("avg_session_duration", of, today, &[r#"{"community_id":1} {"avg_duration":90.0,"sessions":2}"#]).await;
    // On a day without events there are rows of nobody only where there are no dimensions.
    world.check("dau", "2026-01-10", today, &[]).await;
    world
        .check("dau_total", "2026-01-10", today, &[r#"{} {"active_users":0,"new_users":0,"returning_users":0}"#])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cohorts_are_of_a_week_and_null_until_their_days_are_over() {
    let world = World::shipped(
        "unofficial-communities",
        r#"
        2026-01-11T10:00 old 1 user.signup.completed {"has_avatar":true}
        2026-01-12T10:00 ada 1 user.signup.completed {"has_avatar":true}
        2026-01-13T10:00 ada 1 world.session.started {"room_population":1}
        2026-01-13T10:00 old 1 world.session.started {"room_population":1}
        2026-01-14T10:00 cleo 1 user.signup.completed {"has_avatar":true}
        2026-01-18T23:59 bob 1 user.signup.completed {"has_avatar":true}
        2026-01-19T00:01 bob - user.login.completed {}
        2026-01-19T10:00 ada 1 world.session.started {"room_population":1}
        2026-02-11T10:00 ada 2 world.session.started {"room_population":1}
        2026-02-13T10:00 cleo 1 gamification.level.up {"old_level":1,"new_level":2}
        "#,
    )
    .await;
    let row = |numbers: &str| format!(r#"{{"cohort_week":"2026-W03","signup_week":"2026-01-12"}} {numbers}"#);
    for (today, numbers) in [
        ("2026-01-19", r#"{"d1":null,"d30":null,"d7":null,"signups":3}"#),
        ("2026-01-20", r#"{"d1":0.6667,"d30":null,"d7":null,"signups":3}"#),
        ("2026-01-26", r#"{"d1":0.6667,"d30":null,"d7":0.3333,"signups":3}"#),
        ("2026-02-17", r#"{"d1":0.6667,"d30":null,"d7":0.3333,"signups":3}"#),
        ("2026-02-18", r#"{"d1":0.6667,"d30":0.3333,"d7":0.3333,"signups":3}"#),
    ] {
        world.check("retention_cohorts", "2026-01-15", today, &[&row(numbers)]).await;
    }
    world.check("retention_cohorts", "2026-01-25", "2026-03-20", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_have_generations() {
    let world = World::shipped(
        "noema",
        r#"
        2026-01-14T10:00 ada - generation_requested {"serviceName":"dalle3"}
        2026-01-14T10:01 ada - generation_requested {"serviceName":"dalle3"}
        2026-01-14T10:02 bob - generation_requested {"serviceName":"dalle3"}
        2026-01-14T10:03 ada - generation_completed {"serviceName":"dalle3","durationMs":1000,"costUsd":"0.02","status":"success"}
        2026-01-14T10:04 ada - generation_completed {"serviceName":"dalle3","durationMs":"3000","costUsd":0.04,"status":"success"}
        2026-01-14T10:05 bob - generation_failed {"serviceName":"dalle3","durationMs":500,"costUsd":"0.01","status":"timeout","errorSource":"x"}
        2026-01-14T10:06 bob - generation_requested {"serviceName":"comfy"}
        "#,
    )
    .await;
    let expected = [
        r#"{"service":"comfy"} {"avg_duration_ms":null,"completed":0,"cost_usd":0.0,"cost_usd_per_completed":null,"failed":0,"p50_duration_ms":null,"p95_duration_ms":null,"requested":1,"success_rate":null}"#,
        r#"{"service":"dalle3"} {"avg_duration_ms":2000.0,"completed":2,"cost_usd":0.07,"cost_usd_per_completed":0.035,"failed":1,"p50_duration_ms":1000.0,"p95_duration_ms":3000.0,"requested":3,"success_rate":0.6667}"#,
    ];
    world.check("generations", "2026-01-14", "2026-01-15", &expected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn models_have_tokens_costs_and_latencies_and_caches_have_hits() {
    let world = World::shipped(
        "tachikoma",
        r#"
        2026-01-14T10:00 - - tokens_consumed {"metric_type":"input_tokens","value":812,"unit":"tokens","backend":"a","model":"m1"}
        2026-01-14T10:00 - - tokens_consumed {"metric_type":"output_tokens","value":188,"unit":"tokens","backend":"a","model":"m1"}
        2026-01-14T10:00 - - cost_incurred {"metric_type":"cost_usd","value":0.5,"unit":"USD","backend":"a","model":"m1"}
        2026-01-14T10:00 - - cost_incurred {"metric_type":"cost_usd","value":0.25,"unit":"USD","backend":"a","model":"m1"}
        2026-01-14T10:00 - - tokens_consumed {"metric_type":"total_tokens","value":1500.0,"unit":"tokens","backend":"a","model":null}
        2026-01-14T10:00 - - response_latency {"metric":"response_latency","value":100,"unit":"ms","tags":{"backend":"a","model":"m1"}}
        2026-01-14T10:00 - - response_latency {"metric":"response_latency","value":200,"unit":"ms","tags":{"backend":"a","model":"m1"}}
        2026-01-14T10:00 - - response_latency@0.5 {"metric":"response_latency","value":300.5,"unit":"ms","tags":{"backend":"a","model":"m1"}}
        2026-01-14T10:00 - - response_latency {"metric":"response_latency","value":1,"unit":"s","tags":{"backend":"a","model":"m1"}}
        2026-01-14T10:00 - - cache_hit@0.1 {"metric":"lookup","value":1,"unit":"ms","tags":{"cache":"embeddings"}}
        2026-01-14T10:00 - - cache_miss@0.2 {"metric":"lookup","value":1,"unit":"ms","tags":{"cache":"embeddings"}}
        2026-01-14T10:00 - - cache_miss@0.2 {"metric":"lookup","value":1,"unit":"ms","tags":{"cache":"embeddings"}}
        "#,
    )
    .await;
    let (of, today) = ("2026-01-14", "2026-01-15");
    let tokens = [
        r#"{"backend":"a","model":"m1"} {"cost_credits":0.0,"cost_usd":0.75,"input_tokens":812,"output_tokens":188,"total_tokens":1000}"#,
        r#"{"backend":"a","model":null} {"cost_credits":0.0,"cost_usd":0.0,"input_tokens":0,"output_tokens":0,"total_tokens":1500}"#,
    ];
    world.check("tokens_and_cost", of, today, &tokens).await;
    let latencies = [
        r#"{"backend":"a","model":"m1"} {"avg_ms":380.2,"p50_ms":300.5,"p90_ms":1000.0,"p95_ms":1000.0,"p99_ms":1000.0,"responses":5}"#,
    ];
    world.check("response_latency", of, today, &latencies).await;
    world
        .check("cache_hit_rate", of, today, &[r#"{"cache":"embeddings"} {"hit_rate":0.5,"hits":10,"misses":10}"#])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_loop_has_approvals_escalations_and_calls() {
    let world = World::shipped(
        "tamma",
        r#"
        2026-01-13T23:00 - - APPROVAL.REQUESTED {"approvalId":"a1","subject":"merge","repository":"acme/x"}
        2026-01-14T09:00 - - APPROVAL.REQUESTED {"approvalId":"a2","subject":"merge","repository":"acme/x"}
        2026-01-14T09:00 - - APPROVAL.PROVIDED {"approvalId":"a1","decision":"approved"}
        2026-01-14T09:30 - - APPROVAL.REJECTED {"approvalId":"a2","repository":"acme/x"}
        2026-01-12T09:00 - - SYSTEM.ESCALATION.TRIGGERED {"escalationId":"e1","trigger":"retries-exhausted","severity":"high"}
        2026-01-14T09:00 - - SYSTEM.ESCALATION.TRIGGERED {"escalationId":"e2","trigger":"approval-expired","severity":"low"}
        2026-01-14T09:00 - - SYSTEM.ESCALATION.RESOLVED {"escalationId":"e1","resolution":"fixed","openSeconds":172800}
        2026-01-14T09:00 - - AI.REQUEST.STARTED {"requestId":"r1","provider":"anthropic","model":"m"}
        2026-01-14T09:00 - - AI.RESPONSE.RECEIVED {"requestId":"r1","provider":"anthropic","model":"m","inputTokens":100,"outputTokens":20,"costUsd":"0.07335","durationMs":2000}
        2026-01-14T09:00 - - AI.REQUEST.STARTED {"requestId":"r2","provider":"anthropic","model":"m"}
        2026-01-14T09:00 - - AI.RESPONSE.RECEIVED {"requestId":"r2","provider":"anthropic","model":"m","inputTokens":50,"outputTokens":5,"durationMs":1000}
        2026-01-14T09:00 - - AI.REQUEST.STARTED {"requestId":"r3","provider":"anthropic","model":"m"}
        2026-01-14T09:00 - - AI.ERROR.OCCURRED {"requestId":"r3","provider":"anthropic","model":"m","errorCode":"overloaded","retryable":true}
        "#,
    )
    .await;
    let (of, today) = ("2026-01-14", "2026-01-15");
    let approvals = [
        r#"{"repository":"acme/x"} {"approval_rate":0.5,"avg_decision_time_minutes":315.0,"provided":1,"rejected":1,"requested":1}"#,
    ];
    world.check("approvals", of, today, &approvals).await;
    let escalations = [
        r#"{"severity":"high","trigger":"retries-exhausted"} {"avg_open_seconds":172800.0,"resolved":1,"triggered":0}"#,
        r#"{"severity":"low","trigger":"approval-expired"} {"avg_open_seconds":null,"resolved":0,"triggered":1}"#,
    ];
    world.check("escalations", of, today, &escalations).await;
    let calls = [
        r#"{"model":"m","provider":"anthropic"} {"avg_duration_ms":1500.0,"cost_usd":0.07335,"error_rate":0.3333,"errors":1,"input_tokens":150,"output_tokens":25,"p95_duration_ms":2000.0,"requests":3,"responses":2}"#,
    ];
    world.check("provider_calls", of, today, &calls).await;
}

const SHOP: &str = "app: shop\nversion: 1.0.0\ntitle: Shop\ncategories: {product: {}}\n";
const SHOP_EVENTS: &str = "events:\n  - {name: page.seen, description: x, category: product, data: {type: object, properties: {page: {type: string}}}, examples: [{}]}\n";

/// A shop whose one aggregate `a` has these dimensions and this statement.
async fn shop(dimensions: &str, sql: &str, events: &str) -> World {
    let aggregates = format!(
        "aggregates:\n  a:\n    period: daily\n    category: product\n    dimensions: [{dimensions}]\n    sql: {sql}\n"
    );
    let files = [("catalog.yaml", SHOP), ("events/a.yaml", SHOP_EVENTS), ("aggregates.yaml", aggregates.as_str())];
    let loaded = from_texts(&files);
    let app = loaded.catalogs.app("shop").unwrap_or_else(|| panic!("{:?}", loaded.diagnostics)).clone();
    World::of(app, events).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_no_aggregate_is_said_to_be_none() {
    let events = r#"
        2026-01-14T10:00 ada - page.seen {"page":"a"}
        2026-01-14T11:00 bob - page.seen {"page":"b"}
    "#;
    let within = "FROM events WHERE date BETWEEN $period_start AND $period_end";
    let check = async |dimensions: &str, sql: String, expected: &str| {
        let world = shop(dimensions, &sql, events).await;
        let error = world.computed("a", "2026-01-14", "2026-01-15").await.unwrap_err();
        assert_eq!(error.code(), expected, "{error}");
    };
    check("page", format!("SELECT count(*) AS page_count, 'page' AS x {within}"), "aggregate.no-dimension").await;
    check("page", format!("SELECT data_page AS page {within}"), "aggregate.no-metrics").await;
    check("page", format!("SELECT 1 AS page, data_page AS n {within}"), "aggregate.twice").await;
    let many =
        format!("SELECT value AS n FROM range(10001) CROSS JOIN (SELECT count(*) AS events {within}) AS counted");
    check("", many, "aggregate.too-many-rows").await;
    check("", format!("SELECT nobody AS n {within}"), "sql.unknown-column").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_days_of_what_came_since_are_told() {
    let sql = "SELECT count(*) AS n FROM events WHERE date BETWEEN $period_start AND $period_end";
    let world = shop("", sql, "").await;
    assert_eq!(first_day(&world.engine, &world.tables().await).await.unwrap(), None);
    assert!(days_since(&world.engine, &world.tables().await, 0).await.unwrap().is_empty());
    world.add(0, "2026-01-14T10:00 ada - page.seen {}\n2026-01-15T10:00 ada - page.seen {}").await;
    world.lake.commit().await.unwrap();
    let late = ["2026-01-14T23:59", "2026-01-12T10:00", "2026-01-14T10:00"];
    world.add(2, &late.map(|time| format!("{time} bob - page.seen {{}}")).join("\n")).await;
    let tables = world.tables().await;
    assert_eq!((tables.as_of, first_day(&world.engine, &tables).await.unwrap()), (5, Some(day("2026-01-12"))));
    let since = async |after| {
        let mut days = days_since(&world.engine, &tables, after).await.unwrap();
        days.sort();
        days.into_iter().map(|(day, last)| format!("{day} {last}")).collect::<Vec<_>>()
    };
    assert_eq!(since(0).await, ["2026-01-12 4", "2026-01-14 5", "2026-01-15 2"]);
    assert_eq!(since(2).await, ["2026-01-12 4", "2026-01-14 5"]);
    assert_eq!(since(5).await, Vec::<String>::new());
    world.check("a", "2026-01-14", "2026-01-15", &[r#"{} {"n":3}"#]).await;
}
