//! Tables: the model's columns as DataFusion sees them, without a copy of the trace.
//!
//! A trace may have a hundred million rows, and most questions touch a few columns of some of them. So nothing is made
//! when a session starts; a scan turns the rows it needs into Arrow arrays, a batch at a time. What the model knows for
//! certain is told to the planner: how many rows there are, that `id` is the row number, that slices lie in order of
//! time, and that a condition on a name can be decided once per name.

mod args_table;
mod computed_table;
mod late_filter;
mod row_join;
mod rows;
mod scan;
mod stored_table;
mod text_filter;

use std::sync::Arc;

use arrow_schema::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use kinetoscope_model::Trace;
use kinetoscope_model::column::ColumnSpec;
use kinetoscope_model::table::Table;

pub(crate) use args_table::ArgsTable;
pub(crate) use computed_table::ComputedTable;
pub(crate) use row_join::UseRowJoins;

use rows::Spans;
use scan::ScanExec;
use stored_table::StoredTable;
use text_filter::TextFilter;

/// Rows of one batch. Large, because operators do some work per batch that grows with the number of distinct names.
pub(crate) const BATCH_ROWS: usize = 64 << 10;

/// The column that every table has and no table stores: the row number.
pub(crate) const ID: &str = "id";

/// What the reference says of it.
pub(crate) const ID_DOC: &str = "Row number.";

/// One table of the model.
#[derive(Debug)]
pub(crate) struct ModelTable {
    table: Arc<StoredTable>,
    doc: &'static str,
}

impl ModelTable {
    /// `table` of `trace`.
    pub(crate) fn new(trace: &Arc<Trace>, table: &dyn Table) -> Self {
        Self { table: Arc::new(StoredTable::new(trace, table)), doc: table.doc() }
    }

    /// Name in the model.
    pub(crate) fn name(&self) -> &'static str {
        self.table.name
    }

    /// One line for the schema reference.
    pub(crate) fn doc(&self) -> &'static str {
        self.doc
    }

    /// The stored columns.
    pub(crate) fn specs(&self) -> &'static [ColumnSpec] {
        self.table.specs
    }

    /// What the planner may leave to the scan.
    fn condition(&self, filter: &Expr) -> Option<Condition> {
        if let Some(spans) = Spans::of_filter(filter, &|bound| self.table.spans_of(bound)) {
            return Some(Condition::Rows(spans));
        }
        let column = TextFilter::column_of(filter, |name| self.table.text_column(name))?;
        Some(Condition::Text { column })
    }
}

/// What one filter of a query means for a scan.
enum Condition {
    /// Only these rows.
    Rows(Spans),
    /// Only rows whose text in this column fits.
    Text { column: usize },
}

#[async_trait]
impl TableProvider for ModelTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.table.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let support = |filter: &&Expr| match self.condition(filter) {
            Some(_) => TableProviderFilterPushDown::Exact,
            None => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut spans = Spans::all(self.table.len);
        let mut text_filters = Vec::new();
        for filter in filters {
            match self.condition(filter) {
                Some(Condition::Rows(allowed)) => spans = spans.intersect(&allowed),
                Some(Condition::Text { column }) => {
                    let spec = &self.table.specs[column];
                    let field = Field::new(spec.name, spec.kind.data_type(), true);
                    let schema = DFSchema::try_from(Schema::new(vec![field]))?;
                    let predicate = state.create_physical_expr(filter.clone(), &schema)?;
                    text_filters.push(TextFilter::new(column, predicate, Arc::clone(schema.inner())));
                }
                None => {}
            }
        }
        let projection = projection.cloned().unwrap_or_else(|| (0..self.table.schema.fields().len()).collect());
        Ok(Arc::new(ScanExec::try_new(Arc::clone(&self.table), projection, spans, text_filters.into(), limit)?))
    }
}
