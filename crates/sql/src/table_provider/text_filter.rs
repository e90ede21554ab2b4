//! Text filters: conditions on one name column, decided once per distinct name instead of once per row.
//!
//! Ten million slices have a few thousand names. A scan evaluates `name LIKE '%memcpy%'` over the names, and then a row
//! costs one look at a table of verdicts. Any condition works that reads one text column and nothing else, since the
//! engine's own expression is what is evaluated.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, BooleanArray, DictionaryArray, Int32Array, RecordBatch, StringArray, UInt32Array};
use arrow_schema::SchemaRef;
use datafusion::common::cast::as_boolean_array;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::PhysicalExpr;
use kinetoscope_model::column::ColumnKind;
use kinetoscope_model::id::NONE;

use super::stored_table::StoredTable;

/// A condition on one text column of a scan.
#[derive(Debug)]
pub(super) struct TextFilter {
    /// Place of the column among the stored ones.
    column: usize,
    predicate: Arc<dyn PhysicalExpr>,
    schema: SchemaRef,
    /// Made by the first partition that asks.
    verdicts: OnceLock<Result<Verdicts, Arc<DataFusionError>>>,
}

/// Which texts fit.
#[derive(Debug)]
pub(super) struct Verdicts {
    by_code: Vec<bool>,
    null: bool,
}

impl Verdicts {
    /// Whether the text with this number fits.
    #[inline]
    pub(super) fn fits(&self, code: u32) -> bool {
        if code == NONE { self.null } else { self.by_code.get(code as usize).copied().unwrap_or(false) }
    }
}

impl TextFilter {
    /// The text column that `filter` reads, when it reads nothing else and has the same answer every time.
    pub(super) fn column_of(filter: &Expr, find: impl Fn(&str) -> Option<usize>) -> Option<usize> {
        let mut columns = filter.column_refs().into_iter();
        let (column, others) = (columns.next()?, columns.count());
        let is_plain = !filter.is_volatile() && !filter.exists(|expr| Ok(needs_more_than_a_row(expr))).unwrap_or(true);
        if others > 0 || !is_plain {
            return None;
        }
        find(&column.name)
    }

    /// A filter by `predicate`, whose input is a batch of `schema`: the column alone.
    pub(super) fn new(column: usize, predicate: Arc<dyn PhysicalExpr>, schema: SchemaRef) -> Self {
        Self { column, predicate, schema, verdicts: OnceLock::new() }
    }

    /// Place of the column among the stored ones.
    pub(super) fn column(&self) -> usize {
        self.column
    }

    /// The condition, for plans shown to people.
    pub(super) fn predicate(&self) -> &Arc<dyn PhysicalExpr> {
        &self.predicate
    }

    /// The verdicts for the texts in rows `rows` of `table`, and possibly others.
    pub(super) fn verdicts(&self, table: &StoredTable, rows: Range<usize>) -> Result<&Verdicts> {
        let verdicts = self.verdicts.get_or_init(|| self.decide(table, rows).map_err(Arc::new));
        verdicts.as_ref().map_err(|error| DataFusionError::Shared(Arc::clone(error)))
    }

    fn decide(&self, table: &StoredTable, rows: Range<usize>) -> Result<Verdicts> {
        let texts = match table.specs[self.column].kind {
            ColumnKind::Word(words) => StringArray::from_iter_values(words.iter().copied()),
            _ => table.trace.strings.as_array().clone(),
        };
        let codes = table.codes(self.column).get(rows).unwrap_or_default();
        // The pool also holds texts of other columns. Asking for all of them is cheapest while there are not many more
        // than rows, but a condition may fail on a text that is none of this column's: a cast, for instance.
        if texts.len() <= codes.len()
            && let Ok((by_code, null)) = self.evaluate(&texts)
        {
            return Ok(Verdicts { by_code, null });
        }
        let mut is_used = vec![false; texts.len()];
        for &code in codes {
            if let Some(is_used) = is_used.get_mut(code as usize) {
                *is_used = true;
            }
        }
        let used: Vec<u32> = (0u32..).zip(&is_used).filter(|(_, is_used)| **is_used).map(|(code, _)| code).collect();
        let used_texts = arrow_select::take::take(&texts, &UInt32Array::from(used.clone()), None)?;
        let used_texts = datafusion::common::cast::as_string_array(&used_texts)?;
        let (verdicts, null) = self.evaluate(used_texts)?;
        let mut by_code = vec![false; texts.len()];
        for (code, verdict) in used.into_iter().zip(verdicts) {
            by_code[code as usize] = verdict;
        }
        Ok(Verdicts { by_code, null })
    }

    /// The verdict for each text, and for no text.
    fn evaluate(&self, texts: &StringArray) -> Result<(Vec<bool>, bool)> {
        // "No text" is asked as one more row.
        let num_texts = texts.len();
        let keys: Int32Array = (0..num_texts as i32).map(Some).chain([None]).collect();
        let column: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::try_new(keys, Arc::new(texts.clone()))?);
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), vec![column])?;
        let verdicts = self.predicate.evaluate(&batch)?.into_array(num_texts + 1)?;
        let verdicts: &BooleanArray = as_boolean_array(&verdicts)?;
        let fits = |row: usize| verdicts.is_valid(row) && verdicts.value(row);
        Ok(((0..num_texts).map(fits).collect(), fits(num_texts)))
    }
}

/// True for parts of an expression whose value does not follow from the row alone.
fn needs_more_than_a_row(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::ScalarSubquery(_)
            | Expr::InSubquery(_)
            | Expr::Exists(_)
            | Expr::SetComparison(_)
            | Expr::OuterReferenceColumn(..)
            | Expr::Placeholder(_)
            | Expr::AggregateFunction(_)
            | Expr::WindowFunction(_)
            | Expr::ScalarVariable(..)
            | Expr::Unnest(_)
            | Expr::GroupingSet(_)
    )
}
