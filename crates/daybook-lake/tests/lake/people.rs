//! The names of people as a column, for who may know them.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use daybook_event::{Position, SubjectId};
use daybook_lake::Lake;
use daybook_lake::people::People;
use daybook_lake::query::{Engine, EngineOptions, Fault, Format, QueryError, Question};
use serde_json::{Value, json};

use crate::support::{Short, counted, item, items_after, subject};
use crate::tables::place::{Place, batch, deliver};

/// Those who are known by name. Everybody else is unknown, or was erased.
const KNOWN: [&str; 3] = ["ada", "bob", "eve"];

/// A book of names that remembers whom it was asked for.
#[derive(Debug, Default)]
struct Book {
    asked: Mutex<Vec<SubjectId>>,
    asked_names: Mutex<BTreeSet<String>>,
    opened: Mutex<BTreeSet<Position>>,
    closed: bool,
}

#[async_trait]
impl People for Book {
    async fn identities(&self, people: &[SubjectId]) -> Result<HashMap<SubjectId, String>, QueryError> {
        if self.closed {
            return Err(QueryError::new(Fault::Failed, "The book is closed."));
        }
        self.asked.lock().unwrap().extend(people);
        let known = KNOWN.iter().map(|name| (subject(name), (*name).to_owned()));
        Ok(known.filter(|(id, _)| people.contains(id)).collect())
    }

    async fn people(&self, identities: &[String]) -> Result<Vec<Vec<SubjectId>>, QueryError> {
        self.asked_names.lock().unwrap().extend(identities.iter().cloned());
        let ids = |name: &String| if KNOWN.contains(&name.as_str()) { vec![subject(name)] } else { Vec::new() };
        Ok(identities.iter().map(ids).collect())
    }

    async fn opened(&self, positions: &[Position]) -> Result<HashMap<Position, String>, QueryError> {
        self.opened.lock().unwrap().extend(positions);
        let event = |position: &Position| (*position, format!(r#"{{"data":{{"secret":"s-{position}"}}}}"#));
        // The third is past its time.
        Ok(positions.iter().filter(|position| **position != 3).map(event).collect())
    }
}

/// Two are in files, the others in memory.
const EVENTS: [Short<'static>; 6] = [
    ("page.seen", "2026-03-01T10:00", "ada", r#"{"page":"/"}"#),
    ("page.seen", "2026-03-01T11:00", "bob", ""),
    ("page.seen", "2026-03-02T10:00", "gone", ""),
    ("order.placed", "2026-03-02T11:00", "ada", ""),
    ("page.seen", "2026-03-02T12:00", "", ""),
    ("page.seen", "2026-03-02T13:00", "bob", ""),
];

struct Asked {
    engine: Arc<Engine>,
    lake: Lake,
    _place: Place,
}

impl Asked {
    async fn new() -> Self {
        let place = Place::new();
        let lake = place.open().await;
        deliver(&lake, 0, &EVENTS[..2]).await;
        lake.commit().await.unwrap();
        deliver(&lake, 2, &EVENTS[2..]).await;
        let count = counted(item(7, ("door.opened", "2026-03-02", "eve", "")));
        daybook_consumers::Handler::deliver(&lake, &batch(vec![Arc::new(count)])).await.unwrap();
        let mut options = EngineOptions::new(place.options.directory.clone());
        options.threads = 2;
        Self { engine: Engine::new(options).unwrap(), lake, _place: place }
    }

    async fn ask(&self, book: Option<&Arc<Book>>, sql: &str) -> Result<Value, QueryError> {
        let snapshot = self.lake.snapshot().await.unwrap();
        let session = match book {
            Some(book) => {
                let people: Arc<dyn People> = Arc::<Book>::clone(book);
                self.engine.session_with_people(snapshot, &people).unwrap()
            }
            None => self.engine.session(&snapshot).unwrap(),
        };
        let answer = self.engine.ask(session, Question::new(sql, Format::Json)).await?.bytes().await?;
        Ok(serde_json::from_slice::<Value>(&answer).unwrap()["rows"].take())
    }

    /// Checks an answer, and whose names were asked for on the way.
    async fn check(&self, sql: &str, expected: Value, names_of: &[&str]) {
        let book = Arc::new(Book::default());
        assert_eq!(self.ask(Some(&book), sql).await.unwrap(), expected, "{sql}");
        let asked: BTreeSet<SubjectId> = book.asked.lock().unwrap().iter().copied().collect();
        assert_eq!(asked, names_of.iter().map(|name| subject(name)).collect(), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_a_column_of_who_may_know_them() {
    let asked = Asked::new().await;
    let everybody = ["ada", "bob", "gone"];
    asked
        .check(
            "SELECT position, identity FROM events ORDER BY position",
            json!([
                {"position": 1, "identity": "ada"}, {"position": 2, "identity": "bob"}, {"position": 3, "identity": null},
                {"position": 4, "identity": "ada"}, {"position": 5, "identity": null}, {"position": 6, "identity": "bob"},
            ]),
            &everybody,
        )
        .await;
    asked
        .check(
            "SELECT identity, count(*) AS n FROM events WHERE identity IS NOT NULL GROUP BY identity ORDER BY identity",
            json!([{"identity": "ada", "n": 2}, {"identity": "bob", "n": 2}]),
            &everybody,
        )
        .await;
    asked
        .check("SELECT name, identity FROM daily_counts", json!([{"name": "door.opened", "identity": "eve"}]), &["eve"])
        .await;
    // All columns, in the order in which they are shown; the names are the last.
    let book = Arc::new(Book::default());
    let all = asked.ask(Some(&book), "SELECT * FROM events WHERE position = 1").await.unwrap();
    let columns: Vec<&String> = all[0].as_object().unwrap().keys().collect();
    assert_eq!((all[0]["identity"].clone(), all[0]["data_page"].clone()), (json!("ada"), json!("/")));
    assert_eq!(columns.last().unwrap().as_str(), "identity");
}

/// Nobody is asked about rows that are not shown.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_names_that_are_shown_are_asked_for() {
    let asked = Asked::new().await;
    asked.check("SELECT count(*) AS n FROM events", json!([{"n": 6}]), &[]).await;
    asked
        .check(
            "SELECT position, identity FROM events WHERE name = 'order.placed'",
            json!([{"position": 4, "identity": "ada"}]),
            &["ada"],
        )
        .await;
    asked
        .check(
            "SELECT e.position FROM (SELECT position, identity, name FROM events) e WHERE e.name = 'order.placed'",
            json!([{"position": 4}]),
            &[],
        )
        .await;
    // The table is not asked about the names of those in other rows, which one is first is not said.
    let book = Arc::new(Book::default());
    asked.ask(Some(&book), "SELECT identity FROM events LIMIT 1").await.unwrap();
    assert!(book.asked.lock().unwrap().len() <= 2, "{:?}", book.asked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_on_names_becomes_one_on_numbers() {
    let asked = Asked::new().await;
    for (filter, positions) in [
        ("identity = 'ada'", vec![1, 4]),
        ("'bob' = identity", vec![2, 6]),
        ("identity IN ('ada', 'bob', 'nobody')", vec![1, 2, 4, 6]),
        ("identity IN ('a', 'b', 'c', 'd', 'bob')", vec![2, 6]),
        ("identity = 'gone'", vec![]),
        ("identity = 'ada' AND name = 'page.seen'", vec![1]),
        ("identity = 'ada' OR position = 5", vec![1, 4, 5]),
        ("(identity = 'ada' AND position > 1) OR (identity = 'bob' AND date = '2026-03-01')", vec![2, 4]),
    ] {
        let rows: Vec<Value> = positions.iter().map(|position| json!({"position": position})).collect();
        let sql = format!("SELECT position FROM events WHERE {filter} ORDER BY position");
        asked.check(&sql, json!(rows), &[]).await;
        // Shown as well, those are asked for who are shown.
        let sql = format!("SELECT count(identity) AS n FROM events WHERE {filter}");
        let named = positions.iter().filter(|position| **position != 5).count();
        let book = Arc::new(Book::default());
        assert_eq!(asked.ask(Some(&book), &sql).await.unwrap(), json!([{"n": named}]), "{sql}");
        assert!(book.asked.lock().unwrap().iter().all(|id| *id != subject("gone")), "{sql}");
    }
    let everybody = ["ada", "bob", "gone"];
    for (filter, positions) in [
        ("identity LIKE 'b%'", vec![2, 6]),
        ("identity <> 'ada'", vec![2, 6]),
        ("identity NOT IN ('ada', 'eve')", vec![2, 6]),
        ("identity IS NULL", vec![3, 5]),
        ("NOT (identity = 'ada' OR identity = 'bob')", vec![]),
        ("upper(identity) = 'ADA'", vec![1, 4]),
    ] {
        let rows: Vec<Value> = positions.iter().map(|position| json!({"position": position})).collect();
        let sql = format!("SELECT position FROM events WHERE {filter} ORDER BY position");
        asked.check(&sql, json!(rows), &everybody).await;
    }
    let book = Arc::new(Book::default());
    let joined =
        "SELECT e.position FROM events e JOIN daily_counts d ON e.identity = d.identity WHERE d.identity = 'eve'";
    assert_eq!(asked.ask(Some(&book), joined).await.unwrap(), json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_have_no_such_column() {
    let asked = Asked::new().await;
    let error = asked.ask(None, "SELECT position,\n identity FROM events").await.unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        ("sql.unknown-column", "There is no column identity. (line 2, column 2)")
    );
    assert!(error.hint.unwrap().contains("`privacy`"));
    let error = asked.ask(None, "SELECT 1 FROM daily_counts WHERE identity = 'ada'").await.unwrap_err();
    assert_eq!(error.code(), "sql.unknown-column");
    let all = asked.ask(None, "SELECT * FROM events").await.unwrap();
    assert!(all.as_array().unwrap().iter().all(|row| row.get("identity").is_none()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_book_nothing_is_shown() {
    let asked = Asked::new().await;
    let closed = Arc::new(Book { closed: true, ..Book::default() });
    let error = asked.ask(Some(&closed), "SELECT identity FROM events").await.unwrap_err();
    assert_eq!((error.code(), error.to_string().as_str()), ("sql.failed", "The book is closed."));
    assert_eq!(asked.ask(Some(&closed), "SELECT count(*) AS n FROM events").await.unwrap(), json!([{"n": 6}]));
}

/// What is sealed is read from the log, for the rows that are shown.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_opened_one_by_one() {
    let asked = Asked::new().await;
    let book = Arc::new(Book::default());
    let sql = "SELECT position, opened(position)->'data'->>'secret' AS secret FROM events WHERE name = 'page.seen' AND position < 6 \
               ORDER BY position";
    assert_eq!(
        asked.ask(Some(&book), sql).await.unwrap(),
        json!([
            {"position": 1, "secret": "s-1"}, {"position": 2, "secret": "s-2"}, {"position": 3, "secret": null},
            {"position": 5, "secret": "s-5"},
        ])
    );
    assert_eq!(*book.opened.lock().unwrap(), BTreeSet::from([1, 2, 3, 5]));
    let found = "SELECT position FROM events WHERE opened(position) LIKE '%s-4%'";
    assert_eq!(asked.ask(Some(&book), found).await.unwrap(), json!([{"position": 4}]));
    let counted = "SELECT secret, count(*) AS n FROM (SELECT opened(position)->'data'->>'secret' AS secret FROM events) \
                   WHERE secret IS NULL GROUP BY secret";
    assert_eq!(asked.ask(Some(&book), counted).await.unwrap(), json!([{"secret": null, "n": 1}]));
    let error = asked.ask(None, "SELECT opened(position) FROM events").await.unwrap_err();
    assert_eq!((error.code(), error.hint.unwrap().contains("`privacy`")), ("sql.unknown-function", true));

    // So many, and no more.
    let many = items_after(7, &vec![("page.seen", "2026-03-03", "ada", ""); 10_000]);
    daybook_consumers::Handler::deliver(&asked.lake, &batch(many)).await.unwrap();
    let error = asked.ask(Some(&book), "SELECT opened(position) FROM events").await.unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        ("sql.too-large", "The query would open more than 10000 events.")
    );
    let few = "SELECT count(o) AS n FROM (SELECT opened(position) AS o FROM events WHERE position > 7)";
    assert_eq!(asked.ask(Some(&book), few).await.unwrap(), json!([{"n": 10_000}]));
}
