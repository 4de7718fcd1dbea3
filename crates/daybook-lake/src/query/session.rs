//! What a query finds around it: one app's tables, functions, and settings nobody can change.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, MemoryPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::execution::{FunctionRegistry, SessionStateDefaults};
use datafusion::prelude::{SessionConfig, SessionContext};

use super::functions::{BoundedPlanner, bounded};
use super::held::HoldRows;
use super::limits;
use super::options::EngineOptions;
use super::pauses::LetOthersRun;

/// The only catalog.
pub const CATALOG: &str = "daybook";
/// The schema with the app's tables.
pub const SCHEMA: &str = "public";

/// What all sessions share, and what each begins with.
pub struct Template {
    state: SessionState,
    /// What those run in that may hold names: the same memory, and no place on the disk.
    memory_only: Arc<RuntimeEnv>,
}

impl Template {
    /// Makes the memory, the place for what does not fit in it, and the functions.
    ///
    /// # Errors
    /// When the spill directory cannot be made, or DataFusion does not take its own functions.
    pub fn new(options: &EngineOptions) -> Result<Self> {
        let (runtime, memory_only) = runtimes(options)?;
        let planners = [Arc::new(BoundedPlanner::default()) as _].into_iter();
        let builder = SessionStateBuilder::new()
            .with_config(config(options))
            .with_runtime_env(runtime)
            .with_expr_planners(planners.chain(SessionStateDefaults::default_expr_planners()).collect())
            .with_scalar_functions(SessionStateDefaults::default_scalar_functions())
            .with_higher_order_functions(SessionStateDefaults::default_higher_order_functions())
            .with_aggregate_functions(SessionStateDefaults::default_aggregate_functions())
            .with_window_functions(SessionStateDefaults::default_window_functions())
            .with_table_function_list(SessionStateDefaults::default_table_functions())
            .with_physical_optimizer_rule(Arc::new(HoldRows))
            .with_physical_optimizer_rule(Arc::new(LetOthersRun));
        let mut state = builder.build();
        datafusion_functions_json::register_all(&mut state)?;
        for function in bounded(state.scalar_functions().values().cloned().collect::<Vec<_>>()) {
            state.register_udf(function)?;
        }
        Ok(Self { state, memory_only })
    }

    /// A session with these tables and no others.
    ///
    /// # Errors
    /// When two tables have one name.
    pub fn session(&self, tables: &[(&str, Arc<dyn TableProvider>)]) -> Result<SessionContext> {
        Self::with(SessionStateBuilder::new_from_existing(self.state.clone()), &self.state, tables)
    }

    /// The same, for tables that hold names: nothing of them is ever put on the disk, also where the memory is not enough.
    ///
    /// # Errors
    /// Those of [`Template::session`].
    pub fn session_in_memory(&self, tables: &[(&str, Arc<dyn TableProvider>)]) -> Result<SessionContext> {
        let state = SessionStateBuilder::new_from_existing(self.state.clone());
        Self::with(state.with_runtime_env(Arc::clone(&self.memory_only)), &self.state, tables)
    }

    fn with(
        builder: SessionStateBuilder,
        template: &SessionState,
        tables: &[(&str, Arc<dyn TableProvider>)],
    ) -> Result<SessionContext> {
        let catalogs = Arc::new(datafusion::catalog::MemoryCatalogProviderList::new());
        let mut config = template.config().clone();
        config.options_mut().catalog.create_default_catalog_and_schema = true;
        let context = SessionContext::new_with_state(builder.with_config(config).with_catalog_list(catalogs).build());
        for (name, table) in tables {
            context.register_table(*name, Arc::clone(table))?;
        }
        Ok(context)
    }
}

/// What queries run in, and what those run in that may put nothing on the disk. They share the memory.
fn runtimes(options: &EngineOptions) -> Result<(Arc<RuntimeEnv>, Arc<RuntimeEnv>)> {
    let directory = &options.spill_directory;
    // What an earlier process spilled is of no use to anybody.
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(DataFusionError::IoError(error)),
        _ => std::fs::create_dir_all(directory)?,
    }
    let disk = DiskManagerBuilder::default()
        .with_mode(DiskManagerMode::Directories(vec![directory.clone()]))
        .with_max_temp_directory_size(options.spill_bytes);
    let memory: Arc<dyn MemoryPool> = Arc::new(FairSpillPool::new(options.memory_bytes));
    let build = |disk: DiskManagerBuilder| {
        RuntimeEnvBuilder::new().with_memory_pool(Arc::clone(&memory)).with_disk_manager_builder(disk).build_arc()
    };
    Ok((build(disk)?, build(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))?))
}

fn config(options: &EngineOptions) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_information_schema(true)
        .with_target_partitions(options.threads)
        .with_batch_size(limits::BATCH_ROWS);
    let settings = config.options_mut();
    // Columns are named as the catalog writes its fields.
    settings.sql_parser.enable_ident_normalization = false;
    settings.sql_parser.collect_spans = true;
    settings.execution.time_zone = Some("+00:00".to_owned());
    config
}
