//! Questions only: what a statement may be, and what a plan may reach.

use std::ops::ControlFlow;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, TableReference};
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Query, SetExpr, Statement as Parsed, TableFactor, Visit, Visitor};
use datafusion::sql::sqlparser::keywords::Keyword;

use super::error::{Fault, QueryError};
use super::session;
use super::text::Text;

const HINT: &str = "Questions begin with SELECT, WITH, EXPLAIN, DESCRIBE, SHOW TABLES or SHOW COLUMNS.";

/// Refuses a query whose first word is that of something else than a question, whether or not the rest is understood.
///
/// # Errors
/// [`Fault::ReadOnly`].
pub fn check_words(text: &Text) -> Result<(), QueryError> {
    use Keyword as K;
    match text.first_word() {
        Some((
            _,
            K::NoKeyword | K::SELECT | K::WITH | K::EXPLAIN | K::DESCRIBE | K::DESC | K::SHOW | K::VALUES | K::FROM,
            _,
        ))
        | None => Ok(()),
        Some((word, _, place)) => Err(refused(word).at(place)),
    }
}

/// Refuses a statement that is no question.
///
/// # Errors
/// [`Fault::ReadOnly`], [`Fault::Unsupported`].
pub fn check_statement(statement: &Statement) -> Result<(), QueryError> {
    match statement {
        Statement::Statement(parsed) => check_parsed(parsed),
        Statement::Explain(explained) => check_statement(&explained.statement),
        Statement::CreateExternalTable(_) => Err(refused("CREATE")),
        Statement::CopyTo(_) => Err(refused("COPY")),
        Statement::Reset(_) => Err(refused("RESET")),
    }
}

fn check_parsed(statement: &Parsed) -> Result<(), QueryError> {
    match statement {
        Parsed::Query(query) => {
            check_query(query)?;
            match query.visit(&mut Samples) {
                ControlFlow::Break(refused) => Err(refused),
                ControlFlow::Continue(()) => Ok(()),
            }
        }
        Parsed::Explain { statement, .. } => check_parsed(statement),
        Parsed::ExplainTable { .. }
        | Parsed::ShowColumns { .. }
        | Parsed::ShowTables { .. }
        | Parsed::ShowFunctions { .. } => Ok(()),
        Parsed::ShowVariable { .. } => Err(QueryError::new(Fault::Unsupported, "Settings are not shown.")
            .hint("SHOW TABLES and SHOW COLUMNS FROM events are.")),
        other => {
            let text = other.to_string();
            Err(refused(text.split_whitespace().next().unwrap_or_default()))
        }
    }
}

/// Finds tables of which only a sample is wanted: all of it would be given.
struct Samples;

impl Visitor for Samples {
    type Break = QueryError;

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<QueryError> {
        match factor {
            TableFactor::Table { sample: Some(_), .. } => {
                ControlFlow::Break(QueryError::new(Fault::Unsupported, "TABLESAMPLE is not supported."))
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

fn check_query(query: &Query) -> Result<(), QueryError> {
    let with = query.with.iter().flat_map(|with| &with.cte_tables);
    with.map(|table| &table.query).try_for_each(|query| check_query(query))?;
    check_body(&query.body)
}

fn check_body(body: &SetExpr) -> Result<(), QueryError> {
    match body {
        SetExpr::Select(select) if select.into.is_some() => Err(refused("SELECT INTO")),
        SetExpr::Select(_) | SetExpr::Values(_) | SetExpr::Table(_) => Ok(()),
        SetExpr::Query(query) => check_query(query),
        SetExpr::SetOperation { left, right, .. } => {
            // Chains of UNION lean to the left and may be long.
            check_body(right)?;
            check_body(left)
        }
        SetExpr::Insert(_) => Err(refused("INSERT")),
        SetExpr::Update(_) => Err(refused("UPDATE")),
        SetExpr::Delete(_) => Err(refused("DELETE")),
        SetExpr::Merge(_) => Err(refused("MERGE")),
    }
}

/// Refuses a plan that does more than read, or reads what is not the app's.
///
/// # Errors
/// [`Fault::ReadOnly`], [`Fault::UnknownTable`].
pub fn check_plan(plan: &LogicalPlan) -> Result<(), QueryError> {
    let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    options.verify_plan(plan).map_err(|_| refused("this statement"))?;
    let mut hidden = None;
    let visited = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && !may_be_read(&scan.table_name)
        {
            hidden = Some(scan.table_name.clone());
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok::<_, DataFusionError>(TreeNodeRecursion::Continue)
    });
    match (visited, hidden) {
        (Ok(_), None) => Ok(()),
        (_, Some(table)) => Err(QueryError::new(Fault::UnknownTable, format!("The table {table} is not to be seen."))),
        (Err(_), None) => Err(QueryError::new(Fault::Failed, "The plan of the query could not be checked.")),
    }
}

/// Whether a table is the app's, or says only what those have.
fn may_be_read(table: &TableReference) -> bool {
    let catalog = table.catalog().is_none_or(|catalog| catalog == session::CATALOG);
    catalog
        && match table.schema() {
            // Made by a table function, or by VALUES.
            None => true,
            Some(session::SCHEMA) => true,
            // Others of this schema hold settings of the engine.
            Some("information_schema") => {
                matches!(table.table(), "tables" | "columns" | "schemata" | "views" | "routines" | "parameters")
            }
            Some(_) => false,
        }
}

fn refused(word: &str) -> QueryError {
    let what = word.to_uppercase();
    QueryError::new(Fault::ReadOnly, format!("Only questions are answered here; {what} is none.")).hint(HINT)
}
