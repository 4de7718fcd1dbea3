//! A table with the names of people beside their ids.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, DataFusionError, Result};
use datafusion::datasource::TableType;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, lit};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};
use daybook_event::SubjectId;

use super::filter::{can_be_of_numbers, gather_names, is_about_names, of_numbers, opens_events};
use super::named::Named;
use super::{IDENTITY, People};
use crate::columns::TEXT;

/// A table and, as its last column, the identity of the person of each row.
#[derive(Debug)]
pub(super) struct WithIdentity {
    table: Arc<dyn TableProvider>,
    people: Arc<dyn People>,
    schema: SchemaRef,
}

impl WithIdentity {
    /// Over a table that has the columns `anonymous_id` and `person`.
    pub(super) fn over(table: Arc<dyn TableProvider>, people: Arc<dyn People>) -> Self {
        let schema = with_identity(&table.schema());
        Self { table, people, schema }
    }

    /// The filters on names, said of numbers.
    async fn turned(&self, filters: &[&Expr]) -> Result<Vec<Expr>> {
        let mut names = BTreeSet::new();
        filters.iter().for_each(|filter| gather_names(filter, &mut names));
        let names: Vec<String> = names.into_iter().collect();
        let ids = self.people.people(&names).await.map_err(|error| DataFusionError::External(Box::new(error)))?;
        let people: HashMap<String, Vec<SubjectId>> = names.into_iter().zip(ids).collect();
        Ok(filters.iter().map(|filter| of_numbers(filter, &people)).collect())
    }

    /// The columns of the table that are read to show these ones, and to look at the filters.
    fn columns(&self, shown: &[usize], filters: &[Expr]) -> Result<Vec<usize>> {
        let (table, identity) = (self.table.schema(), self.schema.fields().len() - 1);
        let mut columns: Vec<usize> = shown.iter().copied().filter(|column| *column != identity).collect();
        let mut further = BTreeSet::new();
        for column in filters.iter().flat_map(Expr::column_refs) {
            further.insert(table.index_of(&column.name)?);
        }
        if shown.contains(&identity) {
            further.insert(table.index_of(Named::FROM)?);
        }
        columns.extend(further.into_iter().filter(|column| !shown.contains(column)));
        Ok(columns)
    }
}

#[async_trait]
impl TableProvider for WithIdentity {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        self.table.table_type()
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let mut supported = Vec::with_capacity(filters.len());
        for filter in filters.iter().copied() {
            supported.push(match filter {
                filter if opens_events(filter) => TableProviderFilterPushDown::Unsupported,
                filter if !is_about_names(filter) => {
                    let of_table = self.table.supports_filters_pushdown(&[filter])?;
                    of_table.into_iter().next().unwrap_or(TableProviderFilterPushDown::Unsupported)
                }
                // Looked at here, so that nobody has to ask for names to look again.
                filter if can_be_of_numbers(filter) => TableProviderFilterPushDown::Exact,
                _ => TableProviderFilterPushDown::Unsupported,
            });
        }
        Ok(supported)
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let identity = self.schema.fields().len() - 1;
        let shown = projection.cloned().unwrap_or_else(|| (0..=identity).collect());
        let (of_names, others): (Vec<&Expr>, Vec<&Expr>) = filters.iter().partition(|filter| is_about_names(filter));
        if of_names.is_empty() && !shown.contains(&identity) {
            return self.table.scan(state, Some(&shown), filters, limit).await;
        }
        let turned = if of_names.is_empty() { Vec::new() } else { self.turned(&of_names).await? };
        if turned.contains(&lit(false)) {
            return Ok(Arc::new(EmptyExec::new(Arc::new(self.schema.project(&shown)?))));
        }
        let filters: Vec<Expr> = others.into_iter().cloned().chain(turned).collect();
        let columns = self.columns(&shown, &filters)?;
        let limit = limit.filter(|_| filters.is_empty());
        let mut plan = self.table.scan(state, Some(&columns), &filters, limit).await?;
        if let Some(filter) = conjunction(filters) {
            let schema = DFSchema::try_from(plan.schema())?;
            plan = Arc::new(FilterExec::try_new(state.create_physical_expr(filter, &schema)?, plan)?);
        }
        if shown.contains(&identity) {
            plan = Arc::new(Named::over(plan, Arc::clone(&self.people))?);
        }
        in_order(plan, &self.schema, &shown)
    }
}

/// A schema with the column of names as its last.
pub(super) fn with_identity(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().cloned();
    Arc::new(Schema::new(fields.chain([Arc::new(Field::new(IDENTITY, TEXT, true))]).collect::<Vec<_>>()))
}

/// The plan with these columns only, in this order.
fn in_order(plan: Arc<dyn ExecutionPlan>, schema: &Schema, shown: &[usize]) -> Result<Arc<dyn ExecutionPlan>> {
    let columns = shown.iter().map(|column| {
        let name = schema.field(*column).name();
        let expr = Arc::new(Column::new_with_schema(name, &plan.schema())?);
        Ok(ProjectionExpr { expr, alias: name.clone() })
    });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(ProjectionExec::try_new(columns, plan)?))
}
