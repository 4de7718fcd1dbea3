//! Traces and audits over real tables, as of now and as of then.

use std::sync::Arc;

use datafusion::prelude::SessionContext;
use daybook_catalog::audit::{Audit, DurationField, Outcome, Span, Traces};
use daybook_consumers::{Handler, Item};
use daybook_event::{Actor as EventActor, EventId, Position};
use daybook_lake::moment::Moment;
use daybook_lake::traces::audit::{self, Actor};
use daybook_lake::traces::tree::Link;
use daybook_lake::traces::{Trace, Wanted, causes};
use daybook_lake::{Lake, Snapshot};

use crate::support::{Short, ask, counted, item, subject, time_of};
use crate::tables::place::{Place, batch};

/// An event of trace `t`, caused by the one at a position.
fn caused(position: Position, short: Short<'_>, cause: Option<Position>) -> Arc<Item> {
    let mut item = item(position, short);
    item.event.correlation = Some("t".into());
    item.event.causation = cause.map(|cause| id(cause).to_string().into());
    Arc::new(item)
}

/// The id of the event at a position.
fn id(position: Position) -> EventId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&position.to_be_bytes());
    EventId::from_bytes(id)
}

fn the_audit() -> Audit {
    let traces = Traces {
        outcomes: vec![(Outcome::Failure, vec!["page.lost".to_owned()])],
        spans: vec![Span { start: "order.placed".to_owned(), end: vec!["order.paid".to_owned()] }],
        durations: vec![
            DurationField { field: "ms".to_owned(), unit_us: 1_000 },
            DurationField { field: "nowhere".to_owned(), unit_us: 1 },
        ],
        attempts: vec!["zoom".to_owned()],
    };
    Audit { traces, answers: Vec::new() }
}

fn wanted(moment: Moment) -> Wanted {
    let audit = the_audit();
    Wanted {
        app: "shop".to_owned(),
        correlation: "t".to_owned(),
        request: None,
        from: None,
        to: None,
        moment,
        durations: audit.traces.durations,
        attempts: audit.traces.attempts,
    }
}

fn session(snapshot: &Snapshot) -> SessionContext {
    let context = SessionContext::new();
    context.register_table("events", Arc::clone(&snapshot.events)).unwrap();
    context.register_table("daily_counts", Arc::clone(&snapshot.daily_counts)).unwrap();
    context
}

async fn ask_for(lake: &Lake, wanted: &Wanted) -> Trace {
    let snapshot = lake.snapshot().await.unwrap();
    wanted.ask(&session(&snapshot), &the_audit()).await.unwrap()
}

/// Half of it in files of several days and categories, half in memory, and not in the order of time.
async fn filled(place: &Place) -> Lake {
    let lake = place.open().await;
    let mut other = item(5, ("page.seen", "2026-03-01", "", ""));
    other.event.correlation = Some("other".into());
    let first = vec![
        caused(1, ("order.placed", "2026-03-01T10:00:00", "ada", ""), None),
        caused(2, ("page.seen", "2026-03-01T10:00:01", "ada", r#"{"ms":17,"zoom":3}"#), Some(1)),
        caused(3, ("order.paid", "2026-03-02T10:00:00", "bob", ""), Some(2)),
        caused(4, ("page.lost", "2026-02-01T10:00:00", "", ""), Some(40)),
        Arc::new(other),
    ];
    lake.deliver(&batch(first)).await.unwrap();
    lake.commit().await.unwrap();
    let mut clouded = item(7, ("page.seen", "2026-03-03", "", ""));
    clouded.event.correlation = Some("t".into());
    clouded.event.causation = Some("c-1".into());
    clouded.event.metadata = r#"{"source":"/cloud"}"#.into();
    let mut cloud = item(6, ("page.seen", "2026-03-02T23:59:00", "", ""));
    cloud.event.id = EventId::from_cloud_event("shop", "/cloud", "c-1");
    cloud.event.correlation = Some("t".into());
    cloud.event.request = Some("step".into());
    let second = vec![
        Arc::new(cloud),
        Arc::new(clouded),
        caused(8, ("page.seen", "2026-03-03T00:00:01", "", r#"{"ms":"much"}"#), Some(8)),
        Arc::new(counted(item(9, ("door.opened", "2026-03-03", "", "")))),
    ];
    lake.deliver(&batch(second)).await.unwrap();
    lake
}

#[tokio::test]
async fn a_trace_is_found_wherever_its_events_are() {
    let place = Place::new();
    let lake = filled(&place).await;
    let trace = ask_for(&lake, &wanted(Moment::at(100))).await;
    let positions: Vec<Position> = trace.events.iter().map(|event| event.position).collect();
    assert_eq!(positions, [1, 2, 3, 4, 6, 7, 8]);
    let links: Vec<Link> = trace.tree.nodes.iter().map(|node| node.link).collect();
    use Link::{Caused, Elsewhere, Itself, Origin};
    assert_eq!(links, [Origin, Caused, Caused, Elsewhere, Origin, Caused, Itself]);
    assert_eq!(trace.tree.nodes[5].parent, Some(4), "a cause is sought in the source that names it");
    let node = trace.tree.nodes[1];
    assert_eq!((node.duration_us, node.retry), (Some(17_000), 2));
    let paid = trace.tree.nodes[2];
    assert_eq!((paid.ends, paid.duration_us), (Some(0), Some(86_400_000_000)));
    assert_eq!((trace.tree.summary.failures, trace.tree.summary.open), (1, 0));
    assert_eq!(trace.names[trace.events[3].kind], "page.lost");

    let part = |change: &dyn Fn(&mut Wanted)| {
        let mut part = wanted(Moment::at(100));
        change(&mut part);
        part
    };
    let from =
        part(&|wanted| (wanted.from, wanted.to) = (Some(time_of("2026-03-02T10:00")), Some(time_of("2026-03-03"))));
    let positions: Vec<Position> = ask_for(&lake, &from).await.events.iter().map(|event| event.position).collect();
    assert_eq!(positions, [3, 6]);
    let step = part(&|wanted| wanted.request = Some("step".to_owned()));
    assert_eq!(ask_for(&lake, &step).await.events.len(), 1);
    let nobody = part(&|wanted| wanted.correlation = "' OR true --".to_owned());
    assert_eq!(ask_for(&lake, &nobody).await, Trace::default());
}

#[tokio::test]
async fn what_came_later_was_not_there() {
    let place = Place::new();
    let lake = filled(&place).await;
    let count = |moment: Moment| {
        let (lake, wanted) = (lake.clone(), wanted(moment));
        async move { ask_for(&lake, &wanted).await.events.len() }
    };
    assert_eq!(count(Moment::at(0)).await, 0);
    assert_eq!(count(Moment::at(3)).await, 3);
    assert_eq!(count(Moment::at(6)).await, 5);
    // Received a second after they happened.
    let by = Moment { position: 100, received: Some(time_of("2026-03-02T10:00:01")) };
    assert_eq!(count(by).await, 4);
    assert_eq!(count(Moment { position: 2, ..by }).await, 2);

    let snapshot = lake.snapshot().await.unwrap();
    let last = Moment::last_received(&session(&snapshot), time_of("2026-03-02T10:00:01")).await.unwrap();
    assert_eq!(last, 5);
    assert_eq!(Moment::last_received(&session(&snapshot), time_of("2020-01-01")).await.unwrap(), 0);
    for (moment, expected) in [
        (Moment::at(100), "8 8 1"),
        (Moment::at(8), "8 8 0"),
        (Moment::at(2), "2 2 0"),
        (Moment { position: 100, received: Some(time_of("2026-03-01T12:00")) }, "4 5 1"),
    ] {
        let then = session(&snapshot.clone().at(moment).unwrap());
        let sql =
            "SELECT count(*) AS n, max(position) AS last, (SELECT count(*) FROM daily_counts) AS counts FROM events";
        assert_eq!(ask(&then, sql).await, [expected], "{moment:?}");
        let filtered = "SELECT count(*) FROM events WHERE name = 'order.placed' AND date = DATE '2026-03-01'";
        assert_eq!(ask(&then, filtered).await, ["1"], "{moment:?}");
    }
}

#[tokio::test]
async fn an_auditor_finds_who_did_what() {
    let place = Place::new();
    let lake = place.open().await;
    let acted = |position, person: &str, kind: Option<&'static str>, id: Option<&'static str>| {
        let mut item = item(position, ("order.placed", "2026-03-01T10:00", person, ""));
        item.event.actor = Some(EventActor { kind: kind.map(Into::into), id: id.map(Into::into) });
        Arc::new(item)
    };
    let events = vec![
        acted(1, "ada", Some("user"), None),
        acted(2, "ada", Some("system"), Some("bot")),
        acted(3, "bob", None, None),
        acted(4, "", Some("system"), Some("bot")),
        Arc::new(item(5, ("page.seen", "2026-03-02", "ada", ""))),
    ];
    lake.deliver(&batch(events)).await.unwrap();
    let all = audit::Wanted {
        correlation: None,
        actor: None,
        from: None,
        to: None,
        names: None,
        after: 0,
        moment: Moment::at(100),
        limit: 10,
    };
    let snapshot = lake.snapshot().await.unwrap();
    let find = |change: &dyn Fn(&mut audit::Wanted)| {
        let (mut wanted, session) = (all.clone(), session(&snapshot));
        change(&mut wanted);
        async move { wanted.ask(&session).await.unwrap() }
    };
    let actor = |id: &str, people: &[&str]| {
        let people = people.iter().map(|name| subject(name)).collect();
        Some(Actor { id: id.to_owned(), people })
    };
    assert_eq!(find(&|_| {}).await, [1, 2, 3, 4, 5]);
    assert_eq!(find(&|wanted| wanted.actor = actor("bot", &[])).await, [2, 4]);
    assert_eq!(find(&|wanted| wanted.actor = actor("ada", &[])).await, Vec::<Position>::new());
    // Of what the bot did, ada is only whom it is about.
    assert_eq!(find(&|wanted| wanted.actor = actor("ada", &["ada"])).await, [1, 5]);
    assert_eq!(find(&|wanted| wanted.names = Some(vec!["page.seen".to_owned()])).await, [5]);
    assert_eq!(find(&|wanted| wanted.names = Some(Vec::new())).await, Vec::<Position>::new());
    assert_eq!(find(&|wanted| wanted.from = Some(time_of("2026-03-01T10:01"))).await, [5]);
    assert_eq!(find(&|wanted| wanted.to = Some(time_of("2026-03-01T10:00"))).await, Vec::<Position>::new());
    assert_eq!(find(&|wanted| (wanted.after, wanted.limit) = (1, 2)).await, [2, 3]);
    assert_eq!(find(&|wanted| wanted.moment = Moment::at(2)).await, [1, 2]);
}

#[test]
fn causes_are_known_by_all_their_names() {
    let number = |id: EventId| id.as_uuid().as_u128();
    let uuid = "550e8400-e29b-41d4-a716-446655440002";
    let plain = number(EventId::from_any("shop", uuid));
    assert_eq!(causes("shop", uuid, None), [plain; 2]);
    assert_eq!(causes("shop", uuid, Some(r#"{"source":7}"#)), [plain; 2]);
    assert_eq!(causes("shop", uuid, Some("no JSON \"source\"")), [plain; 2]);
    let cloud = number(EventId::from_cloud_event("shop", "/s", "c"));
    let metadata = Some(r#"{"a":1,"source":"/s"}"#);
    assert_eq!(causes("shop", "c", metadata), [number(EventId::from_text("shop", "c")), cloud]);
}
