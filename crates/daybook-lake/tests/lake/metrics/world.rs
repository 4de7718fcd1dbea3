//! Made-up events, and a session over them.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringViewArray,
    TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use daybook_lake::metrics::{Answer, Definitions, MetricError, Names, Question};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::calendar::DAY;

/// The day that most of it happens around: 2026-03-02, a Monday.
pub const MONDAY: i64 = 20_514 * DAY;

/// An event.
#[derive(Debug, Clone)]
pub struct Row {
    pub position: i64,
    pub name: &'static str,
    pub time: i64,
    pub sample_rate: f64,
    pub person: Option<i64>,
    pub session: Option<i64>,
    pub platform: Option<&'static str>,
    pub plan: Option<&'static str>,
    pub ms: Option<i64>,
    pub score: Option<f64>,
    /// In hundredths.
    pub price: Option<i64>,
    pub gift: Option<bool>,
    /// JSON.
    pub place: Option<&'static str>,
}

/// An event of which only this much is of interest.
pub fn row(position: i64, name: &'static str, time: i64, person: i64) -> Row {
    Row {
        position,
        name,
        time,
        sample_rate: 1.0,
        person: Some(person),
        session: None,
        platform: None,
        plan: None,
        ms: None,
        score: None,
        price: None,
        gift: None,
        place: None,
    }
}

fn batch(rows: &[Row]) -> RecordBatch {
    let text = |of: &dyn Fn(&Row) -> Option<&'static str>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<StringViewArray>())
    };
    let price =
        rows.iter().map(|row| row.price.map(|price| i128::from(price) * 10_000_000)).collect::<Decimal128Array>();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("position", Arc::new(rows.iter().map(|row| Some(row.position)).collect::<Int64Array>())),
        ("name", text(&|row| Some(row.name))),
        (
            "time",
            Arc::new(rows.iter().map(|row| Some(row.time)).collect::<TimestampMicrosecondArray>().with_timezone("UTC")),
        ),
        ("sample_rate", Arc::new(rows.iter().map(|row| Some(row.sample_rate)).collect::<Float64Array>())),
        ("platform", text(&|row| row.platform)),
        ("person", Arc::new(rows.iter().map(|row| row.person).collect::<Int64Array>())),
        ("session", Arc::new(rows.iter().map(|row| row.session).collect::<Int64Array>())),
        ("data_plan", text(&|row| row.plan)),
        ("data_ms", Arc::new(rows.iter().map(|row| row.ms).collect::<Int64Array>())),
        ("data_score", Arc::new(rows.iter().map(|row| row.score).collect::<Float64Array>())),
        ("data_price", Arc::new(price.with_precision_and_scale(38, 9).unwrap())),
        ("data_gift", Arc::new(rows.iter().map(|row| row.gift).collect::<BooleanArray>())),
        (
            "data_seen",
            Arc::new(
                rows.iter()
                    .map(|row| row.ms.map(|_| row.time))
                    .collect::<TimestampMicrosecondArray>()
                    .with_timezone("UTC"),
            ),
        ),
        ("data_place", text(&|row| row.place)),
        ("extra", text(&|_| Some("{}"))),
        ("category", text(&|_| Some("product"))),
        ("date", Arc::new(rows.iter().map(|row| Some(row.time.div_euclid(DAY) as i32)).collect::<Date32Array>())),
    ];
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| {
            let kind = if *name == "time" { time.clone() } else { array.data_type().clone() };
            Field::new(*name, kind, !["position", "name", "time", "sample_rate", "category", "date"].contains(name))
        })
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, array)| array).collect()).unwrap()
}

/// A session over these events, in an order and in pieces that are as good as any.
pub fn session(rows: &[Row]) -> SessionContext {
    let mut partitions: Vec<Vec<RecordBatch>> = vec![Vec::new(), Vec::new(), Vec::new()];
    for (at, piece) in rows.chunks(7).enumerate() {
        partitions[at % 3].push(batch(piece));
    }
    let schema = batch(&[]).schema();
    let mut config = SessionConfig::new().with_target_partitions(3).with_batch_size(5);
    config.options_mut().sql_parser.enable_ident_normalization = false;
    let session = SessionContext::new_with_config(config);
    session.register_table("events", Arc::new(MemTable::try_new(schema, partitions).unwrap())).unwrap();
    session
}

/// Asks a question about events.
pub fn ask(rows: &[Row], active: Option<&[&str]>, metric: &str, parameters: Value) -> Result<Value, MetricError> {
    let active = active.map(|names| Names(names.iter().map(ToString::to_string).collect()));
    let question = Question::read(metric, parameters)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let answer: Answer = runtime.block_on(question.ask(&session(rows), &Definitions { active }))?;
    Ok(serde_json::to_value(answer).unwrap())
}

/// The time as answers write it.
pub fn text(time: i64) -> String {
    daybook_event::Timestamp::from_microseconds(time).to_string()
}

pub const NAMES: [&str; 5] = ["a.x", "a.y", "b.x", "b.x_y", "c"];

/// Times about some months, of which many are the same, and many lie at the ends of days, weeks and months.
pub fn time() -> impl Strategy<Value = i64> {
    let day =
        prop_oneof![3 => -3i64..=10, 1 => -70i64..=40, 1 => prop::sample::select(vec![-60, -30, -29, -1, 29, 30])];
    let within = prop_oneof![
        2 => prop::sample::select(vec![0, 1, DAY / 2, DAY - 1, 3_600_000_000]),
        1 => 0..DAY,
    ];
    (day, within).prop_map(|(day, within)| MONDAY + day * DAY + within)
}

/// The time that a question is about.
pub fn span() -> impl Strategy<Value = (i64, i64)> {
    (time(), prop_oneof![1 => Just(0i64), 2 => 0..=3i64].prop_map(|odd| odd * DAY / 5), 1..=35i64, any::<bool>())
        .prop_map(|(time, odd, days, aligned)| {
            let from = if aligned { time - time.rem_euclid(DAY) } else { time };
            (from, from + days * DAY + if aligned { 0 } else { odd })
        })
}

/// Some events of a few people and of none.
pub fn rows(max: usize) -> impl Strategy<Value = Vec<Row>> {
    let row = (
        (prop::sample::select(NAMES.to_vec()), time(), prop::sample::select(vec![1.0, 1.0, 0.5, 0.25, 0.1, 0.3])),
        prop_oneof![1 => Just(None), 6 => (0..5i64).prop_map(|person| Some(i64::MAX - person * 0x1234_5678_9abc_def1 / 3))],
        prop::option::of(prop::sample::select(vec!["ios", "web", "Ä"])),
        prop::option::of(prop::sample::select(vec!["free", "gold"])),
        (
            prop::option::of(-5..50i64),
            prop::option::of(-2.0..2.0f64),
            prop::option::of(-300..1000i64),
            prop::option::of(any::<bool>()),
            prop::option::of((0..6i64).prop_map(|session| session * 0x1234_5678_9abc_def1 - 5)),
        ),
    );
    prop::collection::vec(row, 0..max).prop_map(|rows| {
        let rows = rows.into_iter().enumerate();
        rows.map(|(at, ((name, time, sample_rate), person, platform, plan, (ms, score, price, gift, session)))| Row {
            position: at as i64 + 1,
            name,
            time,
            sample_rate,
            person,
            session,
            platform,
            plan,
            ms,
            score,
            price,
            gift,
            place: None,
        })
        .collect()
    })
}

/// What a catalog may call active.
pub fn active() -> impl Strategy<Value = Option<Vec<&'static str>>> {
    prop::sample::select(vec![
        None,
        Some(vec!["*"]),
        Some(vec!["a.*"]),
        Some(vec!["b.x", "c"]),
        Some(vec!["*.x"]),
        Some(vec!["b.x_*", "a.x"]),
        Some(vec![]),
    ])
}

/// Whether an event counts as active.
pub fn is_active(row: &Row, active: Option<&[&str]>) -> bool {
    row.person.is_some() && active.is_none_or(|patterns| matches(row.name, patterns))
}

pub fn matches(name: &str, patterns: &[&str]) -> bool {
    patterns.iter().any(|pattern| daybook_catalog::name_matches(pattern, name))
}

/// The parameters of a question about a span, and others.
pub fn parameters((from, to): (i64, i64), more: Value) -> Value {
    let mut all = json!({"from": text(from), "to": text(to)});
    for (key, value) in more.as_object().unwrap() {
        if !value.is_null() {
            all[key] = value.clone();
        }
    }
    all
}
