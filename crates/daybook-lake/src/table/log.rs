//! The Delta log of a table: what is read from it, and what is committed to it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::datatypes::Schema;
use daybook_event::Position;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake::kernel::{Action, MetadataExt, StructType, Transaction};
use deltalake::operations::create::CreateBuilder;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::table::state::DeltaTableState;
use deltalake::{DeltaTable, DeltaTableBuilder, DeltaTableError, ensure_table_uri};

use super::files::{DataFile, Files};
use super::schema;
use crate::columns::{DataField, PARTITION_COLUMNS};
use crate::error::LakeError;
use crate::limits;

/// Who commits, in Delta's words: the version of this application's transaction is the position through which the table is
/// complete.
const APPLICATION: &str = "daybook";

/// The log of one table. Whoever has it is the only one who commits.
pub(crate) struct Log {
    root: PathBuf,
    table: DeltaTable,
    state: DeltaTableState,
    /// Everything up to here is in the table.
    pub(crate) through: Position,
}

/// What changes in a table at once.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) added: Vec<DataFile>,
    pub(crate) removed: Vec<Arc<DataFile>>,
    /// Whether rows come or go, or are only written otherwise.
    pub(crate) rows_change: bool,
    /// Complete through here from now on.
    pub(crate) through: Option<Position>,
}

impl Log {
    /// Opens the table in a directory, if there is one.
    ///
    /// # Errors
    /// [`LakeError`].
    pub(crate) async fn open(root: &Path) -> Result<Option<Self>, LakeError> {
        if !root.join("_delta_log").is_dir() {
            return Ok(None);
        }
        let mut table = builder(root)?.build()?;
        if !table.verify_deltatable_existence().await? {
            return Ok(None);
        }
        table.load().await?;
        Self::of(root, table).await.map(Some)
    }

    /// Makes a table in a directory.
    ///
    /// # Errors
    /// [`LakeError`].
    pub(crate) async fn create(root: &Path, schema: &Schema, fields: &[DataField]) -> Result<Self, LakeError> {
        let failed = |source| LakeError::Directory { path: root.to_owned(), source };
        std::fs::create_dir_all(root).map_err(failed)?;
        let columns: Vec<_> = schema::to_delta(schema, fields)?.fields().cloned().collect();
        let bounded = ["position", "time", "name"].into_iter().filter(|name| schema.index_of(name).is_ok());
        let bounded: Vec<&str> = bounded.collect();
        let properties = [
            ("delta.checkpointInterval", limits::CHECKPOINT_COMMITS.to_string()),
            // What others see of the past is not promised. What is gone from the table shall be gone from the disk.
            ("delta.logRetentionDuration", "interval 1 days".to_owned()),
            ("delta.deletedFileRetentionDuration", "interval 1 hours".to_owned()),
            ("delta.dataSkippingStatsColumns", bounded.join(",")),
        ];
        let table = CreateBuilder::new()
            .with_log_store(builder(root)?.build()?.log_store())
            .with_columns(columns)
            .with_partition_columns(PARTITION_COLUMNS)
            .with_configuration(properties.map(|(key, value)| (key, Some(value))))
            .await?;
        Self::of(root, table).await
    }

    async fn of(root: &Path, table: DeltaTable) -> Result<Self, LakeError> {
        let state = table.snapshot()?.clone();
        let through = state.transaction_version(table.log_store().as_ref(), APPLICATION).await?;
        let through = through.and_then(|version| Position::try_from(version).ok()).unwrap_or_default();
        Ok(Self { root: root.to_owned(), table, state, through })
    }

    /// Reads it anew: after something failed, only the directory knows what is in it.
    ///
    /// # Errors
    /// [`LakeError::Gone`] where there is no table any more.
    pub(crate) async fn reload(&mut self) -> Result<(), LakeError> {
        let opened = Self::open(&self.root).await?;
        *self = opened.ok_or_else(|| LakeError::Gone { path: self.root.clone() })?;
        Ok(())
    }

    /// The data columns of the table.
    ///
    /// # Errors
    /// [`LakeError::Foreign`] where the table is none of Daybook's.
    pub(crate) fn fields(&self) -> Result<Vec<DataField>, LakeError> {
        schema::fields_of(&self.root, &self.state.schema(), self.state.metadata().partition_columns())
    }

    /// The files of the table.
    ///
    /// # Errors
    /// [`LakeError::Foreign`] where the table is none of Daybook's.
    pub(crate) fn files(&self) -> Result<Files, LakeError> {
        let views = self.state.snapshot().try_log_data()?;
        let files = views.iter().map(|view| DataFile::of(&self.root, &view).map(Arc::new));
        files.collect::<Result<Vec<_>, _>>().map(Into::into)
    }

    /// The version of the table.
    pub(crate) fn version(&self) -> u64 {
        self.state.version()
    }

    /// Whether the log is where it was.
    pub(crate) fn is_there(&self) -> bool {
        let log = self.root.join("_delta_log");
        let version = self.version();
        log.join(format!("{version:020}.json")).is_file()
            || log.join(format!("{version:020}.checkpoint.parquet")).is_file()
    }

    /// Adds the columns that the table does not have yet. No file is touched: those without them read as null.
    ///
    /// # Errors
    /// [`LakeError`].
    pub(crate) async fn evolve(&mut self, schema: &Schema, fields: &[DataField]) -> Result<(), LakeError> {
        let wanted = schema::to_delta(schema, fields)?;
        if names(&wanted) == names(&self.state.schema()) {
            return Ok(());
        }
        let metadata = self.state.metadata().clone().with_schema(&wanted);
        let metadata = metadata.map_err(|error| DeltaTableError::GenericError { source: Box::new(error) })?;
        let added = wanted.fields().filter(|field| self.state.schema().field(field.name()).is_none()).cloned();
        let operation = DeltaOperation::AddColumn { fields: added.collect() };
        self.write(vec![Action::Metadata(metadata)], None, operation).await
    }

    /// Changes the table, all at once; gives back the files that it added.
    ///
    /// # Errors
    /// [`LakeError`]. Whether the change is in the table is then not known: [`Log::reload`] tells.
    pub(crate) async fn commit(&mut self, change: Change) -> Result<Vec<DataFile>, LakeError> {
        let now_ms = crate::now_us() / 1_000;
        let removed = change.removed.iter().map(|file| Action::Remove(file.remove(change.rows_change, now_ms)));
        let added = change.added.iter().map(|file| Action::Add(file.add(change.rows_change)));
        let actions = removed.chain(added).collect();
        let operation = match (change.removed.is_empty(), change.rows_change) {
            (false, false) => {
                DeltaOperation::Optimize { predicate: None, target_size: limits::FILE_BYTES_TARGET as i64 }
            }
            (false, true) => DeltaOperation::Delete { predicate: None },
            (true, _) => DeltaOperation::Write {
                mode: SaveMode::Append,
                partition_by: Some(PARTITION_COLUMNS.map(str::to_owned).to_vec()),
                predicate: None,
            },
        };
        self.write(actions, change.through, operation).await?;
        Ok(change.added)
    }

    async fn write(
        &mut self,
        actions: Vec<Action>,
        through: Option<Position>,
        operation: DeltaOperation,
    ) -> Result<(), LakeError> {
        if !self.is_there() {
            return Err(LakeError::Gone { path: self.root.clone() });
        }
        // One that another won is not tried again: what it is based on is not so any more.
        let mut properties = CommitProperties::default().with_max_retries(0);
        if let Some(through) = through {
            let version = i64::try_from(through).unwrap_or(i64::MAX);
            properties = properties.with_application_transaction(Transaction::new(APPLICATION, version));
        }
        let store = self.table.log_store();
        let commit = CommitBuilder::from(properties).with_actions(actions).build(Some(&self.state), store, operation);
        let committed = commit.await?;
        self.state = committed.snapshot();
        self.through = through.unwrap_or(self.through);
        self.sync();
        Ok(())
    }

    /// Makes the last commit survive a loss of power. Where that fails, what would be lost is delivered again.
    fn sync(&self) {
        let log = self.root.join("_delta_log");
        let entry = log.join(format!("{:020}.json", self.version()));
        for path in [entry, log] {
            if let Err(error) = std::fs::File::open(&path).and_then(|file| file.sync_all()) {
                tracing::warn!(%error, "the lake's log could not be synced");
            }
        }
    }
}

fn builder(root: &Path) -> Result<DeltaTableBuilder, LakeError> {
    Ok(DeltaTableBuilder::from_url(ensure_table_uri(root.to_string_lossy())?)?)
}

fn names(schema: &StructType) -> HashSet<&str> {
    schema.fields().map(|field| field.name().as_str()).collect()
}
