//! `redis`: the numbers of the live counters in a Redis, for those who read them there.
//!
//! A batch's counts and the consumer's offset are changed by one script, or neither is, and only where the offset is the one that the
//! batch begins at. So nothing is counted twice, whatever is sent again; and a Redis that was emptied or set back to a backup
//! is noticed by its offset, and brought up to date from the log.
//!
//! Redis sees no name and no `anonymous_id`, only a hash of it, and keeps a HyperLogLog of these; in its append-only file the hashes
//! stand for as long as Redis keeps that.

mod failure;
mod increments;
mod keys;
mod options;
mod store;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daybook_consumers::counters::{Dimensions, backwards};
use daybook_consumers::{Batch, Failure, Handler, Item, OffsetKeeping, Undelivered};
use daybook_event::{Position, SubjectId, Timestamp};
use daybook_privacy::view::{ExpiredMonth, ExportPart, Forgotten, Touched, ViewError};
use redis::{Client, Pipeline, TlsCertificates};
use serde_json::json;

use crate::http::install_crypto;
use crate::{BuildContext, BuildError, Built};

pub use options::check;

use increments::Increments;
use keys::{Keys, LAYOUT};
use options::{INDIRECT, MISSING, Options, Settings};
use store::{APPLY, Store};

/// Events whose counts go into one run of the script: nobody else is served by Redis meanwhile.
const PIECE_EVENTS: usize = 1_000;

/// Counters in Redis.
pub struct RedisCounters {
    store: Store,
    keys: Keys,
    options: Options,
    dimensions: Dimensions,
    /// What is counted, as the state in Redis says it: where that says something else, the counts are of something else.
    counted: String,
    patience: Duration,
}

/// Makes the handler.
///
/// # Errors
/// [`BuildError`].
pub fn build(context: &BuildContext<'_>) -> Result<Built, BuildError> {
    let options: Options = context.options()?;
    let unconfigured = || Ok(Built::Unconfigured { missing: MISSING.to_owned() });
    let Some(settings) = context.settings::<Settings>(INDIRECT)? else { return unconfigured() };
    if let Some((setting, message)) = settings.wrong() {
        return Err(context.wrong_setting(Some(setting), message));
    }
    let Some(url) = &settings.url else { return unconfigured() };
    install_crypto();
    let wrong_url = |_| context.wrong_setting(Some("url"), "must be a URL such as redis://name:password@host:6379/0");
    let client = match &settings.ca_file {
        None => Client::open(url.as_str()).map_err(wrong_url)?,
        Some(file) => {
            let wrong = |message: String| context.wrong_setting(Some("ca-file"), message);
            let root_cert = std::fs::read(file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
            Client::open(url.as_str()).map_err(wrong_url)?;
            let certificates = TlsCertificates { client_tls: None, root_cert: Some(root_cert) };
            Client::build_with_tls(url.as_str(), certificates)
                .map_err(|_| wrong("must hold certificates as PEM, and the url begin with rediss://".to_owned()))?
        }
    };
    let dimensions = options.counted(&context.app);
    let spec = context.spec;
    let counted = json!({
        "events": spec.events,
        "exclude": spec.exclude,
        "where": spec.condition,
        "intervals": options.intervals,
        "dimensions": dimensions.names(),
    });
    Ok(Built::Handler(Arc::new(RedisCounters {
        store: Store::new(client, settings.connect_timeout, settings.timeout),
        keys: Keys::new(&options.prefix, &context.app.app, &spec.name),
        dimensions,
        counted: counted.to_string(),
        options,
        patience: settings.connect_timeout + settings.timeout,
    })))
}

#[async_trait]
impl Handler for RedisCounters {
    fn offset_keeping(&self) -> OffsetKeeping {
        OffsetKeeping::Handler
    }

    /// Numbers.
    fn holds_events(&self) -> bool {
        false
    }

    fn patience(&self) -> Duration {
        // What takes too long fails by its own timeout first, and says so.
        self.patience + Duration::from_secs(5)
    }

    async fn prepare(&self) -> Result<(), Failure> {
        let state = self.store.state(&self.keys).await?;
        let fits = state.layout.as_deref() == Some(LAYOUT) && state.counted.as_deref() == Some(self.counted.as_str());
        if state.offset.is_none() || !fits {
            self.store.begin(&self.keys, &self.counted).await?;
        }
        Ok(())
    }

    async fn committed(&self) -> Result<Position, Failure> {
        self.store.state(&self.keys).await?.offset.ok_or_else(failure::lost)
    }

    async fn deliver(&self, batch: &Batch) -> Result<(), Undelivered> {
        if batch.replay {
            // Nothing is ever given up here, so nothing comes back.
            return Ok(());
        }
        let mut after = batch.after;
        // Redis may be ahead, where an answer got lost on its way: then it is told the rest, which is the second try.
        for _ in 0..2 {
            let pieces = self.pieces(batch, after);
            let reached = self.store.apply(&pieces).await?.last().copied().flatten();
            match reached {
                Some(reached) if reached >= batch.through => return Ok(()),
                Some(reached) if reached > after => after = reached,
                _ => break,
            }
        }
        Err(failure::lost().into())
    }

    async fn rewind(&self, to: Position) -> Result<(), Failure> {
        if to == 0 {
            return self.store.begin(&self.keys, &self.counted).await;
        }
        if to < self.committed().await? {
            return Err(backwards());
        }
        self.store.set_offset(&self.keys, to).await
    }

    /// Nothing of a person is in the counts: a sketch is made of a hash of an id that is random.
    async fn forget_people(&self, _people: &[Forgotten]) -> Result<Touched, ViewError> {
        Ok(Touched::default())
    }

    async fn forget_months(&self, _months: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        Ok(Touched::default())
    }

    async fn export(&self, _app: &str, _person: SubjectId) -> Result<Vec<ExportPart>, ViewError> {
        Ok(Vec::new())
    }
}

impl RedisCounters {
    /// The events of a batch behind a position, as runs of the script that follow one another.
    fn pieces(&self, batch: &Batch, after: Position) -> Pipeline {
        let now = Timestamp::from_microseconds(jiff::Timestamp::now().as_microsecond());
        let first = batch.items.partition_point(|item| item.event.position <= after);
        let items = batch.items.get(first..).unwrap_or_default();
        let mut pipeline = redis::pipe();
        let mut from = after;
        let mut chunks = items.chunks(PIECE_EVENTS).peekable();
        loop {
            let chunk: &[Arc<Item>] = chunks.next().unwrap_or_default();
            let last = chunks.peek().is_none();
            let through = if last { batch.through } else { chunk.last().map_or(from, |item| item.event.position) };
            let events = chunk.iter().map(|item| &**item);
            let increments = Increments::of(events, &self.dimensions, &self.options, now);
            let mut command = redis::cmd("EVAL");
            command.arg(APPLY).arg(1).arg(self.keys.state()).arg(from).arg(through);
            increments.write(&self.keys, &self.dimensions, &self.options, &mut command);
            pipeline.add_command(command);
            if last {
                return pipeline;
            }
            from = through;
        }
    }
}
