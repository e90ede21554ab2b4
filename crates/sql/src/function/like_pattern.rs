//! The pattern of a `LIKE` whose pattern is computed: see [`LIKE_PATTERN`].

use std::sync::Arc;

use arrow_array::StringArray;
use arrow_schema::DataType;
use datafusion::common::cast::as_string_array;
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::dialect::rewrite::{LIKE_PATTERN, backslash_pattern};

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct LikePattern {
    signature: Signature,
}

impl LikePattern {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for LikePattern {
    fn name(&self) -> &str {
        LIKE_PATTERN
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(vec![DataType::Utf8; arg_types.len()])
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [pattern, ColumnarValue::Scalar(escape)] = args.args.as_slice() else {
            return plan_err!("`LIKE` takes a pattern and a constant escape character");
        };
        let escape = escape.try_as_str().flatten().and_then(|text| text.chars().next());
        Ok(match pattern {
            ColumnarValue::Scalar(pattern) => {
                let pattern = pattern.try_as_str().flatten().map(|pattern| backslash_pattern(pattern, escape));
                ColumnarValue::Scalar(ScalarValue::Utf8(pattern))
            }
            ColumnarValue::Array(patterns) => {
                let patterns: StringArray = as_string_array(patterns)?
                    .iter()
                    .map(|pattern| pattern.map(|pattern| backslash_pattern(pattern, escape)))
                    .collect();
                ColumnarValue::Array(Arc::new(patterns))
            }
        })
    }
}
