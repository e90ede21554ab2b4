//! Choices: `CASE` and `coalesce`, whose results may be of several kinds.
//!
//! The engine brings all results of a choice to one type by casting them, and takes numbers for it where texts stand
//! beside numbers. SQLite gives each row the value as it is, and so does a mixed column. What has only one kind of
//! results is the engine's own `CASE` in the end, and as fast. Whole numbers beside real ones become real ones.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_schema::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::functions::core::coalesce;
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    Cast, ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::mixed;
use super::per_row::{Definition, Gives, MIXED, PerRow, common_type, is_text};
use super::value::{Value, Values, ValuesBuilder};

/// `CASE WHEN a THEN b … ELSE c END`, as `__case(a, b, …, c)`.
pub(crate) const CASE: &str = "__case";

/// The first argument that is not null.
pub(crate) const COALESCE: &str = "coalesce";

/// A choice by name.
#[derive(Debug)]
pub(super) struct Choice {
    name: &'static str,
    signature: Signature,
}

impl Choice {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, signature: Signature::user_defined(Volatility::Immutable) }
    }

    /// Whether the argument at `index` of `num_args` may be what is chosen.
    fn is_result(&self, index: usize, num_args: usize) -> bool {
        self.name == COALESCE || index % 2 == 1 || index + 1 == num_args
    }

    /// The type of the results.
    fn result_type(&self, types: &[DataType]) -> DataType {
        let results: Vec<DataType> = types
            .iter()
            .enumerate()
            .filter(|(index, data_type)| self.is_result(*index, types.len()) && **data_type != DataType::Null)
            .map(|(_, data_type)| data_type.clone())
            .collect();
        let Some(first) = results.first() else { return DataType::Null };
        match results.iter().all(|data_type| data_type == first) {
            true => first.clone(),
            false => common_type(&results),
        }
    }
}

impl PartialEq for Choice {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Choice {}

impl Hash for Choice {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// `expr`, which is of type `found`, in the type `target`.
fn converted(expr: Expr, found: &DataType, target: &DataType) -> Expr {
    static TO_MIXED: Definition =
        Definition { name: MIXED, num_args: 1..=1, gives: Gives::Mixed, compute: |args| Ok(args[0].clone()) };
    if found == target {
        return expr;
    }
    match mixed::is_mixed(target) {
        true => ScalarUDF::new_from_impl(PerRow::new(&TO_MIXED)).call(vec![expr]),
        false => Expr::Cast(Cast::new(Box::new(expr), target.clone())),
    }
}

impl ScalarUDFImpl for Choice {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        if arg_types.is_empty() {
            return plan_err!("{} takes at least 1 argument", self.name);
        }
        Ok(arg_types.iter().map(super::per_row::whole_kind).collect())
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(self.result_type(arg_types))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let types: Vec<DataType> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        let data_type = self.result_type(&types);
        let is_nullable = match self.name {
            COALESCE => args.arg_fields.iter().all(|field| field.is_nullable()),
            _ => true,
        };
        Ok(Arc::new(Field::new(self.name, data_type, is_nullable)))
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        let types = args.iter().map(|arg| info.get_data_type(arg)).collect::<Result<Vec<_>>>()?;
        let target = self.result_type(&types);
        let num_args = args.len();
        let mut args = args.into_iter().zip(&types).enumerate().map(|(index, (arg, found))| {
            match self.is_result(index, num_args) {
                true => converted(arg, found, &target),
                false => arg,
            }
        });
        if self.name == COALESCE {
            return Ok(ExprSimplifyResult::Simplified(coalesce().call(args.collect())));
        }
        let mut when_then_expr = Vec::new();
        let mut else_expr = None;
        while let Some(condition) = args.next() {
            match args.next() {
                Some(result) => when_then_expr.push((Box::new(condition), Box::new(result))),
                None => else_expr = Some(Box::new(condition)),
            }
        }
        Ok(ExprSimplifyResult::Simplified(Expr::Case(Case { expr: None, when_then_expr, else_expr })))
    }

    /// Only for constants: everything else is simplified to the engine's own.
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let num_rows = if is_constant { 1 } else { args.number_rows };
        let data_type = args.return_field.data_type().clone();
        if data_type == DataType::Null {
            return Ok(ColumnarValue::Scalar(ScalarValue::Null));
        }
        let columns = args.args.iter().map(|arg| Values::new(&arg.to_array(num_rows)?)).collect::<Result<Vec<_>>>()?;
        let built = if is_text(&data_type) { &DataType::Utf8 } else { &data_type };
        let mut builder = ValuesBuilder::new(built)?;
        for row in 0..num_rows {
            let mut chosen = Value::Null;
            if self.name == COALESCE {
                chosen = columns.iter().map(|column| column.get(row)).find(|value| !value.is_null()).unwrap_or(chosen);
            } else {
                for pair in columns.chunks(2) {
                    match pair {
                        [condition, result] if condition.get(row).to_truth() == Some(true) => {
                            chosen = result.get(row);
                            break;
                        }
                        [_, _] => {}
                        [otherwise] => chosen = otherwise.get(row),
                        _ => return internal_err!("a choice of {} arguments", columns.len()),
                    }
                }
            }
            builder.push(&chosen);
        }
        let array: ArrayRef = arrow_cast::cast(&builder.finish(), &data_type)?;
        Ok(match is_constant {
            true => ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?),
            false => ColumnarValue::Array(array),
        })
    }
}
