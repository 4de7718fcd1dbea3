//! The operator that puts names beside ids.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, RecordBatch, StringViewArray};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{CardinalityEffect, ExecutionPlanProperties};
use datafusion::physical_plan::filter_pushdown::{FilterDescription, FilterPushdownPhase};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use daybook_event::SubjectId;
use futures_util::{TryStreamExt, stream};

use super::table::with_identity;
use super::{NAMES_HELD_MAX, People};
use crate::rows::Texts;

/// Adds the names of the people of the rows that go through, as the last column.
#[derive(Debug)]
pub(super) struct Named {
    input: Arc<dyn ExecutionPlan>,
    people: Arc<dyn People>,
    /// The column with the ids.
    from: usize,
    properties: Arc<PlanProperties>,
}

impl Named {
    /// The column with the ids, which the input has.
    pub(super) const FROM: &'static str = "anonymous_id";

    pub(super) fn over(input: Arc<dyn ExecutionPlan>, people: Arc<dyn People>) -> Result<Self> {
        let from = input.schema().index_of(Self::FROM)?;
        // The columns before the names are where they were, and so is the order of the rows.
        let orderings = input.equivalence_properties().oeq_class().iter().cloned();
        let properties = PlanProperties::new(
            EquivalenceProperties::new_with_orderings(with_identity(&input.schema()), orderings),
            Partitioning::UnknownPartitioning(input.output_partitioning().partition_count()),
            input.pipeline_behavior(),
            input.boundedness(),
        );
        Ok(Self { input, people, from, properties: Arc::new(properties) })
    }
}

impl DisplayAs for Named {
    fn fmt_as(&self, _form: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NamedExec")
    }
}

impl ExecutionPlan for Named {
    fn name(&self) -> &'static str {
        "NamedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        match children.into_iter().next() {
            Some(input) => Ok(Arc::new(Self::over(input, Arc::clone(&self.people))?)),
            None => Ok(self),
        }
    }

    /// Rows that are not wanted are not asked about.
    fn supports_limit_pushdown(&self) -> bool {
        true
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::Equal
    }

    fn gather_filters_for_pushdown(
        &self,
        _phase: FilterPushdownPhase,
        parent_filters: Vec<Arc<dyn PhysicalExpr>>,
        _config: &ConfigOptions,
    ) -> Result<FilterDescription> {
        // Those on names are about no column of the input, and stay above.
        FilterDescription::from_children(parent_filters, &self.children())
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let held = MemoryConsumer::new("names").register(context.memory_pool());
        let (people, schema) = (Arc::clone(&self.people), self.schema());
        let names = Names { people, schema, from: self.from, known: HashMap::new(), bytes: 0, held };
        let input = self.input.execute(partition, context)?;
        let named = stream::try_unfold((input, names), |(mut input, mut names)| async move {
            let Some(batch) = input.try_next().await? else { return Ok(None) };
            let batch = names.add(&batch).await?;
            Ok::<_, DataFusionError>(Some((batch, (input, names))))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), named)))
    }
}

/// The names that one stream knows.
struct Names {
    people: Arc<dyn People>,
    schema: SchemaRef,
    from: usize,
    /// Nothing for those who have none.
    known: HashMap<SubjectId, Option<Box<str>>>,
    /// What the known ones take, about.
    bytes: usize,
    /// Given back with the stream.
    held: MemoryReservation,
}

impl Names {
    async fn add(&mut self, batch: &RecordBatch) -> Result<RecordBatch> {
        let ids: Option<&StringViewArray> =
            batch.columns().get(self.from).and_then(|column| column.as_string_view_opt());
        let ids = ids.ok_or_else(|| DataFusionError::Internal("ids of people are texts".to_owned()))?;
        let ids: Vec<Option<SubjectId>> = ids.iter().map(|text| text.and_then(SubjectId::parse)).collect();
        self.ask(&ids).await?;
        let mut names = Texts::repeating();
        for id in ids {
            names.push(id.and_then(|id| self.known.get(&id)).and_then(Option::as_deref));
        }
        let columns = batch.columns().iter().cloned().chain([names.finish()]);
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns.collect())?)
    }

    /// Asks for those who are not known yet, all at once.
    async fn ask(&mut self, ids: &[Option<SubjectId>]) -> Result<()> {
        if self.known.len() > NAMES_HELD_MAX {
            self.known.clear();
            self.bytes = 0;
        }
        let mut unknown: Vec<SubjectId> = ids.iter().flatten().copied().collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown.retain(|id| !self.known.contains_key(id));
        if unknown.is_empty() {
            return Ok(());
        }
        let found = self.people.identities(&unknown).await;
        let mut found = found.map_err(|error| DataFusionError::External(Box::new(error)))?;
        for id in unknown {
            let name = found.remove(&id).map(String::into_boxed_str);
            self.bytes += 2 * size_of::<(SubjectId, Option<Box<str>>)>() + name.as_ref().map_or(0, |name| name.len());
            self.known.insert(id, name);
        }
        self.held.try_resize(self.bytes)
    }
}
