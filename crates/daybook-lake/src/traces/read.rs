//! The events of a trace, out of the lake.

use std::collections::HashMap;

use datafusion::arrow::array::{Array, AsArray, Float64Array};
use datafusion::arrow::datatypes::{DataType, TimestampMicrosecondType};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{Expr, ident, lit, try_cast};
use datafusion::prelude::{DataFrame, SessionContext};
use daybook_catalog::audit::{Audit, DurationField};
use daybook_event::{EventId, Position};
use futures_util::TryStreamExt;
use serde::Deserialize;

use super::limits::TRACE_EVENTS_MAX;
use super::tree::Happening;
use super::{Trace, TraceError, Wanted};
use crate::columns::DATA_PREFIX;
use crate::metrics::run::{self, Rows};
use crate::moment::time;

/// Columns before those of the data.
const ENVELOPE: [&str; 6] = ["position", "id", "name", "time", "causation", "metadata"];

impl Wanted {
    /// Finds the trace in a table `events` with the lake's columns.
    ///
    /// # Errors
    /// [`TraceError`].
    pub async fn ask(&self, session: &SessionContext, audit: &Audit) -> Result<Trace, TraceError> {
        let fields = self.fields(session).await?;
        let mut stream = self.select(session, &fields).await?.execute_stream().await?;
        let mut read = Read { app: &self.app, names: HashMap::new(), events: Vec::new() };
        while let Some(batch) = stream.try_next().await? {
            if read.events.len() + batch.num_rows() > TRACE_EVENTS_MAX {
                return Err(TraceError::TooLarge);
            }
            read.add(&Rows(&batch), &fields)?;
        }
        let mut names = vec![String::new(); read.names.len()];
        for (name, kind) in read.names {
            if let Some(place) = names.get_mut(kind) {
                *place = name;
            }
        }
        Ok(Trace::of(read.events, names, audit))
    }

    /// What [`Wanted::ask`] reads, not read yet: its plan shows what it costs.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn rows(&self, session: &SessionContext) -> Result<DataFrame> {
        let fields = self.fields(session).await?;
        self.select(session, &fields).await
    }

    /// The fields of the data that the tree depends on. What no event had so far has no column.
    async fn fields(&self, session: &SessionContext) -> Result<Fields> {
        let schema = run::schema(session).await.map_err(unread)?;
        let column = |field: &String| Some(column_of(field)).filter(|column| schema.column_with_name(column).is_some());
        let duration = |field: &DurationField| Some((column(&field.field)?, f64::from(field.unit_us)));
        Ok(Fields {
            durations: self.durations.iter().filter_map(duration).collect(),
            attempts: self.attempts.iter().filter_map(column).collect(),
        })
    }

    async fn select(&self, session: &SessionContext, fields: &Fields) -> Result<DataFrame> {
        let number = |column: &String| try_cast(ident(column), DataType::Float64);
        let mut columns: Vec<Expr> = ENVELOPE.iter().map(|column| ident(*column)).collect();
        columns.extend(fields.durations.iter().map(|(column, _)| number(column)));
        columns.extend(fields.attempts.iter().map(number));
        // The same field may say how long something took, and how often.
        let columns = columns.into_iter().enumerate().map(|(at, column)| column.alias(format!("c{at}")));
        session.table(run::EVENTS).await?.filter(self.filter())?.select(columns.collect::<Vec<_>>())
    }

    fn filter(&self) -> Expr {
        let mut filter = self.moment.filter().and(ident("correlation").eq(lit(self.correlation.as_str())));
        if let Some(request) = &self.request {
            filter = filter.and(ident("request").eq(lit(request.as_str())));
        }
        if let Some(from) = self.from {
            filter = filter.and(ident("time").gt_eq(time(from)));
        }
        if let Some(to) = self.to {
            filter = filter.and(ident("time").lt(time(to)));
        }
        filter
    }
}

/// The column of a data field, as the lake calls it.
fn column_of(field: &str) -> String {
    let clean = field.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '_' });
    DATA_PREFIX.chars().chain(clean).collect()
}

/// A question that cannot be refused was.
fn unread(error: crate::metrics::MetricError) -> DataFusionError {
    match error {
        crate::metrics::MetricError::Query(error) => error,
        error @ crate::metrics::MetricError::Refused(_) => DataFusionError::Internal(error.to_string()),
    }
}

/// The columns of the data that are read.
struct Fields {
    /// Those that say how long something took, each with its unit in microseconds.
    durations: Vec<(String, f64)>,
    /// Those that count attempts.
    attempts: Vec<String>,
}

/// What was read so far.
struct Read<'w> {
    app: &'w str,
    /// The numbers of types, by name.
    names: HashMap<String, usize>,
    events: Vec<Happening>,
}

impl Read<'_> {
    fn add(&mut self, rows: &Rows<'_>, fields: &Fields) -> Result<()> {
        let positions = rows.integers(0)?;
        let (ids, names, causations, metadata) = (rows.texts(1)?, rows.texts(2)?, rows.texts(4)?, rows.texts(5)?);
        let times = rows.0.column(3).as_primitive_opt::<TimestampMicrosecondType>();
        let times = times.ok_or_else(|| DataFusionError::Internal("times of events are microseconds".to_owned()))?;
        let first = ENVELOPE.len();
        let numbers = |at: usize| rows.numbers(at);
        let took: Vec<(&Float64Array, f64)> = fields
            .durations
            .iter()
            .enumerate()
            .map(|(at, (_, unit))| Ok((numbers(first + at)?, *unit)))
            .collect::<Result<_>>()?;
        let first = first + took.len();
        let counts: Vec<&Float64Array> = (first..first + fields.attempts.len()).map(numbers).collect::<Result<_>>()?;
        for row in 0..rows.len() {
            let id = ids.get(row).and_then(EventId::parse_uuid);
            let Some(id) = id else { return Err(DataFusionError::Internal("ids of events are UUIDs".to_owned())) };
            let value = |column: &Float64Array| column.is_valid(row).then(|| column.value(row));
            let name = names.get(row).unwrap_or_default();
            let kind = match self.names.get(name) {
                Some(kind) => *kind,
                None => {
                    let kind = self.names.len();
                    self.names.insert(name.to_owned(), kind);
                    kind
                }
            };
            self.events.push(Happening {
                position: Position::try_from(positions.value(row)).unwrap_or(0),
                id: id.as_uuid().as_u128(),
                causes: causations.get(row).map(|causation| causes(self.app, causation, metadata.get(row))),
                kind,
                time_us: times.value(row),
                duration_us: took.iter().find_map(|(column, unit)| Some((value(column)? * unit) as i64)),
                attempt: counts.iter().find_map(|column| Some(value(column)? as u32)),
            });
        }
        Ok(())
    }
}

/// The ids that a cause may have: that of any event, or that of a CloudEvent, which is unique only within its source.
#[must_use]
pub fn causes(app: &str, causation: &str, metadata: Option<&str>) -> [u128; 2] {
    #[derive(Deserialize)]
    struct Origin {
        source: Option<String>,
    }
    let number = |id: EventId| id.as_uuid().as_u128();
    let one = number(EventId::from_any(app, causation));
    let source = metadata
        .filter(|metadata| metadata.contains("\"source\""))
        .and_then(|metadata| serde_json::from_str::<Origin>(metadata).ok()?.source);
    [one, source.map_or(one, |source| number(EventId::from_cloud_event(app, &source, causation)))]
}
