//! The time of a statement, which is one for all its rows: what `'now'` means in functions of dates.
//!
//! The optimiser puts the time at which the statement began in the place of every call, so the function itself is never
//! run.

use arrow_schema::DataType;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

/// Its name.
pub(crate) const STATEMENT_TIME: &str = "__statement_time";

/// Milliseconds since 1970.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct StatementTime {
    signature: Signature,
}

impl StatementTime {
    pub(super) fn new() -> Self {
        Self { signature: Signature::nullary(Volatility::Stable) }
    }
}

impl ScalarUDFImpl for StatementTime {
    fn name(&self) -> &str {
        STATEMENT_TIME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        Ok(match info.query_execution_start_time() {
            Some(time) => {
                let millis = ScalarValue::Int64(Some(time.timestamp_millis()));
                ExprSimplifyResult::Simplified(Expr::Literal(millis, None))
            }
            None => ExprSimplifyResult::Original(args),
        })
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        exec_err!("the time of the statement is not known")
    }
}
