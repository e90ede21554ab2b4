//! `extract_arg(arg_set_id, key)`: one argument of a set.
//!
//! Perfetto gives each row the type of its value. Here the column is one of whole numbers when every value of the key is
//! one (true and false are 1 and 0), of real numbers when there are real ones among them, of texts when all are texts,
//! and a mixed one otherwise. So `extract_arg(arg_set_id, 'args.correlation') > 100` compares numbers at full speed. A key
//! that is computed gives a mixed column.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{Array, ArrayRef, Int64Array};
use arrow_schema::{DataType, Field, FieldRef};
use datafusion::common::cast::{as_int64_array, as_string_array};
use datafusion::common::{Result, internal_err, plan_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::mixed;
use super::value::{Value, ValuesBuilder};
use crate::arg_kinds::{ArgKinds, ArgPath, Finder};
use crate::arg_rows::Leaf;

#[derive(Debug)]
pub(super) struct ExtractArg {
    kinds: Arc<ArgKinds>,
    key: Key,
    signature: Signature,
}

/// What the function knows of its key before it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    /// It may be a constant, which says the type.
    MayBeConstant,
    /// It was computed when the query was planned. The optimiser may find out that it is a constant after all, and must
    /// not change the type by that.
    Computed,
}

impl ExtractArg {
    pub(super) fn new(kinds: Arc<ArgKinds>) -> Self {
        Self { kinds, key: Key::MayBeConstant, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

/// The function of a call whose key is computed, when it does not say so yet.
pub(super) fn settled(call: &ScalarFunction) -> Option<ScalarUDF> {
    let inner: &dyn ScalarUDFImpl = call.func.inner().as_ref();
    let ExtractArg { kinds, key: Key::MayBeConstant, signature } = (inner as &dyn Any).downcast_ref::<ExtractArg>()?
    else {
        return None;
    };
    if matches!(call.args.as_slice(), [_, Expr::Literal(..)]) {
        return None;
    }
    let (kinds, signature) = (Arc::clone(kinds), signature.clone());
    Some(ScalarUDF::new_from_impl(ExtractArg { kinds, key: Key::Computed, signature }))
}

// The same function of the same trace: a session has one of each.
impl PartialEq for ExtractArg {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.kinds, &other.kinds) && self.key == other.key
    }
}

impl Eq for ExtractArg {}

impl Hash for ExtractArg {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (Arc::as_ptr(&self.kinds), self.key).hash(state);
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
        Ok(mixed::TYPE)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let constant = args.scalar_arguments.get(1).copied().flatten().filter(|_| self.key == Key::MayBeConstant);
        let key = constant.and_then(|key| key.try_as_str().flatten());
        let data_type = key.map_or(mixed::TYPE, |key| self.kinds.kinds_of(&ArgPath::new(key)).data_type());
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
            data_type if mixed::is_mixed(data_type) => {
                let mut values = ValuesBuilder::new(data_type)?;
                for leaf in &mut leaves {
                    values.push(&match leaf {
                        Some(Leaf::Text(text)) => Value::text(text),
                        Some(leaf) => match whole(&leaf) {
                            Some(whole) => Value::Int(whole),
                            None => real(&leaf).map_or(Value::Null, Value::Real),
                        },
                        None => Value::Null,
                    });
                }
                values.finish()
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
