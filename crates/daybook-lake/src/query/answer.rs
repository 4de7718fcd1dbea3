//! An answer: a task that plans, computes and writes, and the pieces it sends.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use datafusion::common::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::SessionContext;
use futures_util::{Stream, StreamExt};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, timeout, timeout_at};

use super::engine::{Abort, Engine, broken, timed_out};
use super::error::{Fault, QueryError};
use super::explain::explain;
use super::format::{Format, Writer};
use super::hide::Hide;
use super::text::Text;
use super::{limits, read_only};

/// A question.
#[derive(Debug, Clone)]
pub struct Question {
    /// One statement.
    pub sql: String,
    /// How the answer is written.
    pub format: Format,
    /// Rows of the answer at most. JSON says whether there were more; the others only end.
    pub limit: Option<usize>,
    /// How long it may take; the engine's own limit where left out.
    pub time_limit: Option<Duration>,
}

impl Question {
    /// A question answered in this format, within the engine's own limits.
    pub fn new(sql: impl Into<String>, format: Format) -> Self {
        Self { sql: sql.into(), format, limit: None, time_limit: None }
    }
}

/// An answer on its way. Dropped, it stops the query.
pub struct Answer {
    format: Format,
    first: Option<Bytes>,
    pieces: mpsc::Receiver<Piece>,
    /// Whether nothing more will come.
    ended: bool,
    patience: Duration,
    _task: Abort<()>,
}

/// What the task sends. That nothing is missing is said: a task that broke down says nothing.
enum Piece {
    Bytes(Bytes),
    End,
    Failed(QueryError),
}

impl Answer {
    pub(super) async fn begin(
        engine: &Engine,
        session: SessionContext,
        question: Question,
        slot: OwnedSemaphorePermit,
    ) -> Result<Self, QueryError> {
        let limit = engine.time_limit(question.time_limit);
        let format = question.format;
        let options = engine.options();
        let rows = match (question.limit, format) {
            (Some(rows), _) => rows.min(options.rows_max),
            (None, Format::Json) => options.json_rows.min(options.rows_max),
            (None, _) => options.rows_max,
        };
        let (sender, pieces) = mpsc::channel(limits::PIECES_WAITING);
        let work = Work {
            session,
            sql: question.sql,
            format,
            rows,
            // Nobody said that rows beyond the most there may be are not wanted.
            cut: question.limit.is_some_and(|asked| asked <= options.rows_max) || format == Format::Json,
            bytes_max: options.bytes_max,
            clock: Clock { deadline: Instant::now() + limit, limit },
            hide: Arc::clone(engine.hide()),
            sender,
        };
        let task = engine.spawn(async move {
            let _slot = slot;
            work.run().await;
        });
        let patience = limit + limits::GRACE;
        let mut answer = Self { format, first: None, pieces, ended: false, patience, _task: Abort(task) };
        answer.first = answer.receive().await?;
        Ok(answer)
    }

    /// How it is written.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The next piece; none after the last.
    ///
    /// # Errors
    /// [`QueryError`]; then what was received is not the whole answer.
    pub async fn next(&mut self) -> Result<Option<Bytes>, QueryError> {
        match self.first.take() {
            Some(first) => Ok(Some(first)),
            None => self.receive().await,
        }
    }

    /// The pieces.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, QueryError>> + Send + 'static {
        futures_util::stream::unfold(self, |mut answer| async move {
            let piece = answer.next().await.transpose()?;
            Some((piece, answer))
        })
    }

    /// All of it.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn bytes(mut self) -> Result<Vec<u8>, QueryError> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.next().await? {
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    async fn receive(&mut self) -> Result<Option<Bytes>, QueryError> {
        if self.ended {
            return Ok(None);
        }
        // A query that computes without a pause does not notice that its time is over.
        let Ok(piece) = timeout(self.patience, self.pieces.recv()).await else {
            self.ended = true;
            return Err(timed_out(self.patience.saturating_sub(limits::GRACE)));
        };
        match piece {
            Some(Piece::Bytes(bytes)) => return Ok(Some(bytes)),
            Some(Piece::End) => self.ended = true,
            Some(Piece::Failed(error)) => {
                self.ended = true;
                return Err(error);
            }
            None => {
                self.ended = true;
                return Err(broken());
            }
        }
        Ok(None)
    }
}

/// The time that is left. It stands still while the answer waits for whoever reads it.
struct Clock {
    deadline: Instant,
    limit: Duration,
}

impl Clock {
    async fn within<T>(&self, work: impl Future<Output = T>) -> Result<T, QueryError> {
        timeout_at(self.deadline, work).await.map_err(|_| timed_out(self.limit))
    }
}

/// Everything that the task needs.
struct Work {
    session: SessionContext,
    sql: String,
    format: Format,
    rows: usize,
    /// Whether an answer with more rows is cut off there, and not refused.
    cut: bool,
    bytes_max: usize,
    clock: Clock,
    hide: Arc<Hide>,
    sender: mpsc::Sender<Piece>,
}

/// Why the task ends early.
enum Stop {
    Failed(QueryError),
    /// Nobody reads the answer any more.
    Gone,
}

impl From<QueryError> for Stop {
    fn from(error: QueryError) -> Self {
        Self::Failed(error)
    }
}

impl Work {
    async fn run(mut self) {
        let last = match self.answer().await {
            Ok(()) => Piece::End,
            Err(Stop::Failed(error)) => Piece::Failed(error),
            Err(Stop::Gone) => return,
        };
        let _ = timeout(limits::STALL_MAX, self.sender.send(last)).await;
    }

    async fn answer(&mut self) -> Result<(), Stop> {
        let text = Text::read(&self.sql)?;
        read_only::check_words(&text)?;
        let hide = Arc::clone(&self.hide);
        let explained = |error: &DataFusionError| explain(error, Some(&text), &hide);
        let mut rows = self.clock.within(self.start(&text)).await??;
        let mut writer = Writer::new(self.format, &rows.schema()).map_err(|error| explained(&error))?;
        let (mut given, mut sent, mut truncated) = (0, 0, false);
        while let Some(batch) = self.clock.within(rows.next()).await? {
            let mut batch = batch.map_err(|error| explained(&error))?;
            if given + batch.num_rows() > self.rows {
                if !self.cut {
                    let message = format!("The answer has more than {} rows.", self.rows);
                    return Err(QueryError::new(Fault::TooLarge, message).hint("Ask for a part of it.").into());
                }
                batch = batch.slice(0, self.rows - given);
                truncated = true;
            }
            given += batch.num_rows();
            writer.write(&batch).map_err(|error| explained(&error))?;
            self.send(&mut writer, limits::PIECE_BYTES, &mut sent).await?;
            if truncated {
                break;
            }
            // Many batches may be ready at once; others have work too.
            tokio::task::yield_now().await;
            if Instant::now() >= self.clock.deadline {
                return Err(timed_out(self.clock.limit).into());
            }
        }
        drop(rows);
        writer.finish(truncated).map_err(|error| explained(&error))?;
        self.send(&mut writer, 1, &mut sent).await
    }

    /// Plans the query and starts it.
    async fn start(&self, text: &Text) -> Result<SendableRecordBatchStream, QueryError> {
        let explained = |error: DataFusionError| explain(&error, Some(text), &self.hide);
        let statement = text.statement()?;
        read_only::check_statement(&statement)?;
        let state = self.session.state();
        let mut plan = state.statement_to_plan(statement).await.map_err(explained)?;
        read_only::check_plan(&plan)?;
        let explains = matches!(plan, LogicalPlan::Explain(_) | LogicalPlan::Analyze(_));
        if self.cut && !explains && !matches!(plan, LogicalPlan::DescribeTable(_)) {
            // One more than is given, to know whether there are more.
            let limited = LogicalPlanBuilder::from(plan).limit(0, Some(self.rows.saturating_add(1)));
            plan = limited.and_then(LogicalPlanBuilder::build).map_err(explained)?;
        }
        let physical = state.create_physical_plan(&plan).await.map_err(explained)?;
        let rows = execute_stream(physical, state.task_ctx()).map_err(explained)?;
        Ok(if explains { super::format::shown(rows, Arc::clone(&self.hide)) } else { rows })
    }

    /// Sends what the writer has, where that is enough.
    async fn send(&mut self, writer: &mut Writer, enough: usize, sent: &mut usize) -> Result<(), Stop> {
        if writer.len() < enough {
            return Ok(());
        }
        let bytes = writer.take();
        *sent += bytes.len();
        if *sent > self.bytes_max {
            let message = format!("The answer has more than {} bytes.", self.bytes_max);
            return Err(QueryError::new(Fault::TooLarge, message).hint("Ask for a part of it.").into());
        }
        let waits = Instant::now();
        let delivered = timeout(limits::STALL_MAX, self.sender.send(Piece::Bytes(bytes))).await;
        self.clock.deadline += waits.elapsed();
        match delivered {
            Ok(Ok(())) => Ok(()),
            _ => Err(Stop::Gone),
        }
    }
}
