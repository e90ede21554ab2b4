//! Functions: DataFusion's own, and the ones that Perfetto's and SQLite's users type.
//!
//! The maps are made when the first query asks for a function by name: a session that only counts rows does not pay
//! for a few hundred of them.

mod checked_sum;
pub(crate) mod choice;
pub(crate) mod date_time;
pub(crate) mod distinct_texts;
mod extract_arg;
mod file;
mod glob;
pub(crate) mod in_rows;
pub(crate) mod json;
pub(crate) mod json_rows;
mod layout;
mod like_pattern;
mod maths;
pub(crate) mod mixed;
pub(crate) mod per_row;
pub(crate) mod perfetto;
mod printf;
pub(crate) mod sqlite;
pub(crate) mod statement_time;
mod trace_lookup;
pub(crate) mod user_defined;
pub(crate) mod value;
pub(crate) mod whole;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, BooleanArray, StringArray};
use arrow_cast::cast;
use arrow_schema::DataType;
use datafusion::common::cast::{as_dictionary_array, as_string_array};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{AggregateUDF, Expr, ExprSchemable, LogicalPlan, ScalarUDF, WindowUDF};
use kinetoscope_model::Trace;

use self::json_rows::{JsonMark, Walk};
use crate::arg_kinds::ArgKinds;
use crate::file_access::FileAccess;

/// Settles the type of every call in a fresh plan: what the optimiser finds out later must not change it.
pub(crate) fn settle_types(plan: LogicalPlan, functions: &Functions) -> Result<LogicalPlan> {
    let settled = plan.transform_up_with_subqueries(|plan| {
        let mut schema = DFSchema::empty();
        for input in plan.inputs() {
            schema.merge(input.schema());
        }
        plan.map_expressions(|expr| {
            let name = expr.schema_name().to_string();
            let settled = expr.transform_up(|expr| {
                if let Expr::Negative(inner) = &expr
                    && inner.get_type(&schema).is_ok_and(|data_type| mixed::is_mixed(&data_type))
                    && let Some(negate) = functions.scalar(sqlite::NEGATE)
                {
                    return Ok(Transformed::yes(negate.call(vec![inner.as_ref().clone()])));
                }
                if let Expr::WindowFunction(window) = &expr
                    && let Some(order_key) = functions.scalar(sqlite::ORDER_KEY)
                {
                    let mut window = window.clone();
                    let mut is_changed = false;
                    for sort in &mut window.params.order_by {
                        if sort.expr.get_type(&schema).is_ok_and(|data_type| mixed::is_mixed(&data_type)) {
                            sort.expr = order_key.call(vec![sort.expr.clone()]);
                            is_changed = true;
                        }
                    }
                    let window = Expr::WindowFunction(window);
                    return Ok(if is_changed { Transformed::yes(window) } else { Transformed::no(window) });
                }
                let Expr::ScalarFunction(call) = &expr else { return Ok(Transformed::no(expr)) };
                let Some(func) = extract_arg::settled(call).or_else(|| per_row::settled(call)) else {
                    return Ok(Transformed::no(expr));
                };
                let args = call.args.clone();
                Ok(Transformed::yes(Expr::ScalarFunction(ScalarFunction { func: Arc::new(func), args })))
            })?;
            let is_renamed = settled.transformed && settled.data.schema_name().to_string() != name;
            Ok(if is_renamed { settled.update_data(|expr| expr.alias(name)) } else { settled })
        })
    });
    settled.data()
}

/// Every function of a session, by name.
pub(crate) struct Functions {
    own: HashMap<String, Arc<ScalarUDF>>,
    scalar: OnceLock<HashMap<String, Arc<ScalarUDF>>>,
    aggregate: OnceLock<HashMap<String, Arc<AggregateUDF>>>,
    window: OnceLock<HashMap<String, Arc<WindowUDF>>>,
}

impl Functions {
    /// Functions over `trace`, of which some may reach `files`.
    pub(crate) fn new(trace: &Arc<Trace>, files: Option<&Arc<dyn FileAccess>>) -> Self {
        let arg_kinds = Arc::new(ArgKinds::new(Arc::clone(trace)));
        let own = [
            ScalarUDF::new_from_impl(extract_arg::ExtractArg::new(arg_kinds)),
            ScalarUDF::new_from_impl(glob::Glob::new()),
            ScalarUDF::new_from_impl(like_pattern::LikePattern::new()),
            ScalarUDF::new_from_impl(distinct_texts::DistinctTexts::new()),
            ScalarUDF::new_from_impl(choice::Choice::new(choice::CASE)),
            ScalarUDF::new_from_impl(choice::Choice::new(choice::COALESCE)),
            ScalarUDF::new_from_impl(statement_time::StatementTime::new()),
            ScalarUDF::new_from_impl(JsonMark::new(Walk::Each)),
            ScalarUDF::new_from_impl(JsonMark::new(Walk::Tree)),
        ];
        let per_row = sqlite::DEFINITIONS.iter().chain(json::DEFINITIONS).chain(perfetto::DEFINITIONS);
        let per_row = per_row.chain(maths::DEFINITIONS).chain(date_time::DEFINITIONS);
        let per_row = per_row.map(|definition| ScalarUDF::new_from_impl(per_row::PerRow::new(definition)));
        let own = own.into_iter().chain(per_row).chain(trace_lookup::functions(trace)).chain(file::functions(files));
        let own = own.map(|function| (function.name().to_owned(), Arc::new(function))).collect();
        Self { own, scalar: OnceLock::new(), aggregate: OnceLock::new(), window: OnceLock::new() }
    }

    pub(crate) fn scalar(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.own.get(name).or_else(|| self.scalars().get(name)).cloned()
    }

    pub(crate) fn aggregate(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.aggregates().get(name).cloned()
    }

    pub(crate) fn window(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.windows().get(name).cloned()
    }

    fn scalars(&self) -> &HashMap<String, Arc<ScalarUDF>> {
        self.scalar.get_or_init(|| {
            let functions = datafusion::functions::all_default_functions();
            by_name(functions, |function| (function.name().to_owned(), function.aliases().to_vec()))
        })
    }

    fn aggregates(&self) -> &HashMap<String, Arc<AggregateUDF>> {
        self.aggregate.get_or_init(|| {
            let mut functions = datafusion::functions_aggregate::all_default_aggregate_functions();
            functions.push(Arc::new(AggregateUDF::new_from_impl(checked_sum::CheckedSum::new())));
            by_name(functions, |function| (function.name().to_owned(), function.aliases().to_vec()))
        })
    }

    fn windows(&self) -> &HashMap<String, Arc<WindowUDF>> {
        self.window.get_or_init(|| {
            let mut functions = datafusion::functions_window::all_default_window_functions();
            functions.push(Arc::new(WindowUDF::new_from_impl(layout::Layout::new())));
            by_name(functions, |function| (function.name().to_owned(), function.aliases().to_vec()))
        })
    }

    /// Names of scalar functions, sorted.
    pub(crate) fn scalar_names(&self) -> Vec<String> {
        sorted(self.own.keys().chain(self.scalars().keys()))
    }

    /// Names of aggregate functions, sorted.
    pub(crate) fn aggregate_names(&self) -> Vec<String> {
        sorted(self.aggregates().keys())
    }

    /// Names of window functions, sorted.
    pub(crate) fn window_names(&self) -> Vec<String> {
        sorted(self.windows().keys())
    }
}

fn by_name<F>(functions: Vec<Arc<F>>, names: impl Fn(&F) -> (String, Vec<String>)) -> HashMap<String, Arc<F>> {
    let mut map = HashMap::new();
    for function in functions {
        let (name, aliases) = names(&function);
        for name in aliases.into_iter().chain([name]) {
            map.insert(name, Arc::clone(&function));
        }
    }
    map
}

/// Names that are ours to use and nobody's to see begin with two underscores.
fn sorted<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut names: Vec<String> = names.filter(|name| !name.starts_with("__")).cloned().collect();
    names.sort();
    names.dedup();
    names
}

/// `test` of each text; once per distinct text where the array says which are equal.
fn map_texts(texts: &ArrayRef, mut test: impl FnMut(&str) -> bool) -> Result<BooleanArray> {
    if let DataType::Dictionary(..) = texts.data_type() {
        let dictionary = as_dictionary_array::<Int32Type>(texts)?;
        if dictionary.values().len() <= dictionary.len() {
            let verdicts = map_texts(dictionary.values(), test)?;
            let verdicts = arrow_select::take::take(&verdicts, dictionary.keys(), None)?;
            return Ok(datafusion::common::cast::as_boolean_array(&verdicts)?.clone());
        }
    }
    let plain = cast(texts, &DataType::Utf8)?;
    let plain: &StringArray = as_string_array(&plain)?;
    Ok(plain.iter().map(|text| text.map(&mut test)).collect())
}
