//! `extract_arg(arg_set_id, key)`: one argument of a set.
//!
//! Perfetto gives each row the type of its value. Here the type belongs to the call: a whole number when every value of
//! the key is one (true and false are 1 and 0), a real number when there are real ones among them, text when there are
//! texts. So `extract_arg(arg_set_id, 'args.correlation') > 100` compares numbers.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{Array, ArrayRef, Int64Array};
use arrow_schema::{DataType, Field, FieldRef};
use datafusion::common::cast::{as_int64_array, as_string_array};
use datafusion::common::{Result, internal_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use crate::arg_kinds::{ArgKinds, ArgPath, Finder};
use crate::arg_rows::Leaf;

#[derive(Debug)]
pub(super) struct ExtractArg {
    kinds: Arc<ArgKinds>,
    signature: Signature,
}

impl ExtractArg {
    pub(super) fn new(kinds: Arc<ArgKinds>) -> Self {
        Self { kinds, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

// The same function of the same trace: a session has one of each.
impl PartialEq for ExtractArg {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.kinds, &other.kinds)
    }
}

impl Eq for ExtractArg {}

impl Hash for ExtractArg {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.kinds).hash(state);
    }
}

impl ScalarUDFImpl for ExtractArg {
    fn name(&self) -> &str {
        "extract_arg"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [_, _] => Ok(vec![DataType::Int64, DataType::Utf8]),
            _ => plan_err!("extract_arg takes an argument set and a key"),
        }
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let key = args.scalar_arguments.get(1).copied().flatten().and_then(|key| key.try_as_str().flatten());
        let data_type = key.map_or(DataType::Utf8, |key| self.kinds.kinds_of(&ArgPath::new(key)).data_type());
        Ok(Arc::new(Field::new(self.name(), data_type, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [ids, keys] = args.args.as_slice() else {
            return plan_err!("extract_arg takes an argument set and a key");
        };
        let ids = ids.to_array(args.number_rows)?;
        let ids = as_int64_array(&ids)?;
        let array = match keys {
            ColumnarValue::Scalar(key) => match key.try_as_str().flatten() {
                Some(key) => {
                    let path = ArgPath::new(key);
                    let mut finder = Finder::new(&path);
                    self.collect(ids, args.return_field.data_type(), |_, id| finder.find_in(self.kinds.args(), id))?
                }
                None => arrow_array::new_null_array(args.return_field.data_type(), ids.len()),
            },
            ColumnarValue::Array(keys) => {
                let keys = as_string_array(keys)?;
                self.collect(ids, args.return_field.data_type(), |row, id| {
                    let path = keys.is_valid(row).then(|| ArgPath::new(keys.value(row)))?;
                    Finder::new(&path).find_in(self.kinds.args(), id)
                })?
            }
        };
        Ok(ColumnarValue::Array(array))
    }
}

impl ExtractArg {
    fn collect(
        &self,
        ids: &Int64Array,
        data_type: &DataType,
        mut find: impl FnMut(usize, i64) -> Option<Leaf>,
    ) -> Result<ArrayRef> {
        let mut leaves = ids.iter().enumerate().map(|(row, id)| id.and_then(|id| find(row, id)));
        Ok(match data_type {
            DataType::Int64 => {
                let mut values = Int64Builder::with_capacity(ids.len());
                leaves.for_each(|leaf| values.append_option(leaf.and_then(|leaf| whole(&leaf))));
                Arc::new(values.finish())
            }
            DataType::Float64 => {
                let mut values = Float64Builder::with_capacity(ids.len());
                leaves.for_each(|leaf| values.append_option(leaf.and_then(|leaf| real(&leaf))));
                Arc::new(values.finish())
            }
            DataType::Utf8 => {
                let mut values = StringBuilder::new();
                for leaf in &mut leaves {
                    match leaf {
                        Some(Leaf::Text(text)) => values.append_value(text),
                        Some(leaf) => values.append_value(leaf.to_string()),
                        None => values.append_null(),
                    }
                }
                Arc::new(values.finish())
            }
            other => return internal_err!("extract_arg cannot give {other}"),
        })
    }
}

fn whole(leaf: &Leaf) -> Option<i64> {
    match leaf {
        Leaf::Int(value) => Some(*value),
        Leaf::Bool(value) => Some(i64::from(*value)),
        Leaf::UInt(_) | Leaf::Real(_) | Leaf::Text(_) => None,
    }
}

fn real(leaf: &Leaf) -> Option<f64> {
    match leaf {
        Leaf::Real(value) => Some(*value),
        Leaf::UInt(value) => Some(*value as f64),
        leaf => whole(leaf).map(|value| value as f64),
    }
}
