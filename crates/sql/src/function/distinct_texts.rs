//! `group_concat(DISTINCT …)`: the texts of a list, each once, in the order in which they come.
//!
//! The engine finds different values by sorting or by chance; SQLite keeps the first of each where it stands. So the
//! values are collected in their order, and this function joins what is different among them.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{Array, StringArray};
use arrow_schema::DataType;
use datafusion::common::cast::{as_list_array, as_string_array};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

/// `__distinct_texts(list, separator)`.
pub(crate) const DISTINCT_TEXTS: &str = "__distinct_texts";

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct DistinctTexts {
    signature: Signature,
}

impl DistinctTexts {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for DistinctTexts {
    fn name(&self) -> &str {
        DISTINCT_TEXTS
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [DataType::List(_), _] => Ok(vec![DataType::new_list(DataType::Utf8, true), DataType::Utf8]),
            _ => plan_err!("different texts are found in a list"),
        }
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [lists, separators] = args.args.as_slice() else { return plan_err!("different texts are found in a list") };
        let (lists, separators) = (lists.to_array(args.number_rows)?, separators.to_array(args.number_rows)?);
        let (lists, separators): (_, &StringArray) = (as_list_array(&lists)?, as_string_array(&separators)?);
        let mut joined = StringBuilder::new();
        for row in 0..lists.len() {
            let mut found = HashSet::new();
            let mut text: Option<String> = None;
            if lists.is_valid(row) {
                let separator = if separators.is_valid(row) { separators.value(row) } else { "" };
                let texts = lists.value(row);
                for item in as_string_array(&texts)?.iter().flatten().filter(|item| found.insert(item.to_string())) {
                    text = Some(match text {
                        Some(text) => text + separator + item,
                        None => item.to_owned(),
                    });
                }
            }
            joined.append_option(text);
        }
        Ok(ColumnarValue::Array(Arc::new(joined.finish())))
    }
}
