//! Row queries: a sub-query that depends on the row outside, run for each set of values that it depends on.
//!
//! SQLite runs every such sub-query so. The engine makes joins of them, which is faster, and gives up where it finds
//! none: a sub-query that compares with anything but `=`, or takes a JSON text apart. Only then this is used.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Weak};

use arrow_array::{Array, ListArray, RecordBatch, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_cast::cast;
use arrow_schema::{DataType, Field, FieldRef};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, Result, ScalarValue, exec_err};
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Subquery, Volatility,
};

use crate::json_table;
use crate::session::Engine;
use crate::stopping::Stop;

/// Stack of the thread that runs the queries of a batch.
const STACK_BYTES: usize = 16 << 20;

/// The query, as a function of the values that it depends on.
#[derive(Debug)]
pub(crate) struct RowQuery {
    plan: Arc<LogicalPlan>,
    /// The columns outside, in the order of the arguments.
    outer: Vec<Column>,
    engine: Weak<Engine>,
    data_type: DataType,
    gives: Gives,
    signature: Signature,
}

/// What of its rows a query gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gives {
    /// The first column of the first row.
    Value,
    /// All of them, as a list.
    Rows,
    /// The same, and null instead of an empty list.
    RowsOrNull,
}

/// The name of column `index` in a list of rows.
pub(crate) fn row_field(index: usize) -> String {
    format!("c{index}")
}

impl RowQuery {
    /// `query` as a call for the rows of `schema`, that gives the first value.
    pub(crate) fn call(query: Subquery, schema: &DFSchema, engine: &Weak<Engine>) -> Result<Expr> {
        let data_type = query.subquery.schema().field(0).data_type().clone();
        Self::call_giving(query, schema, engine, data_type, Gives::Value)
    }

    /// `query` as a call for the rows of `schema`, that gives a list of rows whose columns are named by [`row_field`];
    /// with `null_if_empty`, null instead of an empty one.
    pub(crate) fn call_for_rows(
        query: Subquery,
        schema: &DFSchema,
        engine: &Weak<Engine>,
        null_if_empty: bool,
    ) -> Result<Expr> {
        let fields = query.subquery.schema().fields().iter().enumerate();
        let fields: Vec<Field> =
            fields.map(|(index, field)| Field::new(row_field(index), field.data_type().clone(), true)).collect();
        let data_type = DataType::new_list(DataType::Struct(fields.into()), true);
        let gives = if null_if_empty { Gives::RowsOrNull } else { Gives::Rows };
        Self::call_giving(query, schema, engine, data_type, gives)
    }

    fn call_giving(
        query: Subquery,
        schema: &DFSchema,
        engine: &Weak<Engine>,
        data_type: DataType,
        gives: Gives,
    ) -> Result<Expr> {
        // Also those of queries inside of it, which may name columns of theirs that are outside of themselves only.
        let mut outer: Vec<(FieldRef, Column)> = Vec::new();
        query.subquery.apply_with_subqueries(|plan| {
            plan.apply_expressions(|expr| {
                expr.apply(|expr| {
                    if let Expr::OuterReferenceColumn(field, column) = expr
                        && (schema.has_column(column) || query.outer_ref_columns.contains(expr))
                        && !outer.iter().any(|(_, known)| known == column)
                    {
                        outer.push((Arc::clone(field), column.clone()));
                    }
                    Ok(TreeNodeRecursion::Continue)
                })
            })
        })?;
        let args = outer.iter().map(|(field, column)| match schema.has_column(column) {
            true => Expr::Column(column.clone()),
            // A row further outside.
            false => Expr::OuterReferenceColumn(Arc::clone(field), column.clone()),
        });
        let args = args.collect();
        let function = Self {
            plan: query.subquery,
            outer: outer.into_iter().map(|(_, column)| column).collect(),
            engine: Weak::clone(engine),
            data_type,
            gives,
            // Not to be computed while planning.
            signature: Signature::user_defined(Volatility::Volatile),
        };
        Ok(ScalarUDF::new_from_impl(function).call(args))
    }

    /// The query for these values.
    fn plan_for(&self, values: &[ScalarValue]) -> Result<LogicalPlan> {
        let plan = self.plan.as_ref().clone().transform_up_with_subqueries(|plan| {
            let is_condition = matches!(plan, LogicalPlan::Filter(_) | LogicalPlan::Join(_));
            plan.map_expressions(|expr| {
                let name = expr.schema_name().to_string();
                let replaced = expr.transform_up(|expr| {
                    Ok(match expr {
                        Expr::OuterReferenceColumn(field, column) => {
                            match self.outer.iter().position(|known| *known == column) {
                                Some(index) => Transformed::yes(Expr::Literal(values[index].clone(), None)),
                                None => Transformed::no(Expr::OuterReferenceColumn(field, column)),
                            }
                        }
                        Expr::ScalarSubquery(query) => Transformed::yes(Expr::ScalarSubquery(resolved(query))),
                        Expr::Exists(exists) => Transformed::yes(Expr::Exists(Exists {
                            subquery: resolved(exists.subquery),
                            negated: exists.negated,
                        })),
                        Expr::InSubquery(found) => {
                            let subquery = resolved(found.subquery);
                            Transformed::yes(Expr::InSubquery(InSubquery::new(found.expr, subquery, found.negated)))
                        }
                        other => Transformed::no(other),
                    })
                })?;
                let is_renamed =
                    replaced.transformed && !is_condition && replaced.data.schema_name().to_string() != name;
                Ok(if is_renamed { replaced.update_data(|expr| expr.alias(name)) } else { replaced })
            })
        });
        // What was lateral stands alone now.
        let plan = plan.data()?.transform_up(|plan| match plan {
            LogicalPlan::Subquery(query) if query.subquery.all_out_ref_exprs().is_empty() => {
                Ok(Transformed::yes(Arc::unwrap_or_clone(query.subquery)))
            }
            other => Ok(Transformed::no(other)),
        });
        json_table::settle(plan.data()?)
    }

    fn values_for(&self, keys: Vec<Vec<ScalarValue>>) -> Result<Vec<ScalarValue>> {
        let plans = keys.iter().map(|values| self.plan_for(values)).collect::<Result<Vec<_>>>()?;
        let engine = Weak::clone(&self.engine);
        let (gives, data_type) = (self.gives, self.data_type.clone());
        let stop = Stop::current();
        let work = move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(|e| e.to_string())?;
            let mut values = Vec::with_capacity(plans.len());
            for plan in plans {
                stop.check().map_err(|error| error.to_string())?;
                // The session may be gone while its last query still runs.
                let Some(engine) = engine.upgrade() else { return Err("the query was cancelled".to_owned()) };
                let value = match gives {
                    Gives::Value => {
                        let value = stop.clone().scope(engine.first_value(&plan));
                        runtime.block_on(value).map_err(|error| error.to_string())?
                    }
                    Gives::Rows | Gives::RowsOrNull => {
                        let rows = stop.clone().scope(engine.all_rows(&plan));
                        let rows = runtime.block_on(rows).map_err(|error| error.to_string())?;
                        match rows.num_rows() == 0 && gives == Gives::RowsOrNull {
                            true => ScalarValue::try_from(&data_type).map_err(|error| error.to_string())?,
                            false => list_of(&rows, &data_type).map_err(|error| error.to_string())?,
                        }
                    }
                };
                values.push(value);
            }
            Ok(values)
        };
        let thread =
            std::thread::Builder::new().name("sql row query".to_owned()).stack_size(STACK_BYTES).spawn(work)?;
        match thread.join() {
            Ok(Ok(values)) => Ok(values),
            Ok(Err(message)) => exec_err!("{message}"),
            Err(_) => exec_err!("a query inside an expression failed"),
        }
    }
}

/// Rows as one list of type `data_type`.
fn list_of(rows: &RecordBatch, data_type: &DataType) -> Result<ScalarValue> {
    let DataType::List(item) = data_type else { return exec_err!("rows are given as a list") };
    let DataType::Struct(fields) = item.data_type() else { return exec_err!("rows have columns") };
    let columns = rows.columns().iter().zip(fields).map(|(column, field)| cast(column, field.data_type()));
    let columns = columns.collect::<std::result::Result<Vec<_>, _>>()?;
    let rows = StructArray::try_new_with_length(fields.clone(), columns, None, rows.num_rows())?;
    let offsets = OffsetBuffer::from_lengths([rows.len()]);
    Ok(ScalarValue::List(Arc::new(ListArray::try_new(Arc::clone(item), offsets, Arc::new(rows), None)?)))
}

/// The sub-query with a list of what it still depends on.
pub(crate) fn resolved(query: Subquery) -> Subquery {
    let outer_ref_columns = query.subquery.all_out_ref_exprs();
    Subquery { outer_ref_columns, ..query }
}

impl PartialEq for RowQuery {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.plan, &other.plan) && self.gives == other.gives
    }
}

impl Eq for RowQuery {}

impl Hash for RowQuery {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.plan).hash(state);
    }
}

impl ScalarUDFImpl for RowQuery {
    fn name(&self) -> &str {
        "__row_query"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(arg_types.to_vec())
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.data_type.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if args.number_rows == 0 {
            return Ok(ColumnarValue::Array(arrow_array::new_empty_array(&self.data_type)));
        }
        let columns = args.args.iter().map(|arg| arg.to_array(args.number_rows)).collect::<Result<Vec<_>>>()?;
        let mut numbers: HashMap<Vec<ScalarValue>, usize> = HashMap::new();
        let mut keys = Vec::new();
        let mut key_of_row = Vec::with_capacity(args.number_rows);
        for row in 0..args.number_rows {
            let key: Vec<ScalarValue> =
                columns.iter().map(|column| ScalarValue::try_from_array(column, row)).collect::<Result<_>>()?;
            let number = *numbers.entry(key.clone()).or_insert(keys.len());
            if number == keys.len() {
                keys.push(key);
            }
            key_of_row.push(number);
        }
        let values = self.values_for(keys)?;
        let rows = key_of_row.into_iter().map(|number| match values[number].data_type() == self.data_type {
            true => Ok(values[number].clone()),
            false => values[number].cast_to(&self.data_type),
        });
        Ok(ColumnarValue::Array(ScalarValue::iter_to_array(rows.collect::<Result<Vec<_>>>()?)?))
    }
}
