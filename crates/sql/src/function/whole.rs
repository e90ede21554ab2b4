//! `+`, `-` and `*` of whole numbers, which fail when the result does not fit.
//!
//! The engine's own begin again at the other end, and cannot be told otherwise. SQLite goes on with a real number in that
//! row. That is settled after the failure: the statement is planned again with an operation that gives a mixed column.

use std::fmt;
use std::sync::Arc;

use arrow_schema::{ArrowError, DataType, Field, FieldRef};
use datafusion::arrow::compute::kernels::numeric;
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::logical_expr::{
    ColumnarValue, Operator, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr_common::datum::apply;

/// The error of a result that does not fit.
#[derive(Debug)]
pub(crate) struct Overflow {
    /// The operation, as the plan had it.
    pub(crate) operation: String,
}

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "integer overflow in `{}`", self.operation)
    }
}

impl std::error::Error for Overflow {}

/// One of the three.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Whole {
    op: Operator,
    /// By which the operation is known when it fails.
    operation: String,
    signature: Signature,
}

impl Whole {
    /// The function of an operator.
    pub(crate) fn new(op: Operator, operation: String) -> Self {
        let signature = Signature::exact(vec![DataType::Int64, DataType::Int64], Volatility::Immutable);
        Self { op, operation, signature }
    }

    /// The result for constants; `None` when it does not fit.
    pub(crate) fn of_constants(op: Operator, left: i64, right: i64) -> Option<i64> {
        match op {
            Operator::Plus => left.checked_add(right),
            Operator::Minus => left.checked_sub(right),
            Operator::Multiply => left.checked_mul(right),
            _ => None,
        }
    }
}

impl ScalarUDFImpl for Whole {
    fn name(&self) -> &str {
        match self.op {
            Operator::Plus => "__add",
            Operator::Minus => "__subtract",
            _ => "__multiply",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let is_nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name(), DataType::Int64, is_nullable)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [left, right] = args.args.as_slice() else { return internal_err!("{} takes two numbers", self.name()) };
        let result = match self.op {
            Operator::Plus => apply(left, right, numeric::add),
            Operator::Minus => apply(left, right, numeric::sub),
            _ => apply(left, right, numeric::mul),
        };
        result.map_err(|error| match &error {
            DataFusionError::ArrowError(inner, _) if matches!(**inner, ArrowError::ArithmeticOverflow(_)) => {
                DataFusionError::External(Box::new(Overflow { operation: self.operation.clone() }))
            }
            _ => error,
        })
    }
}
