//! `x IN (SELECT …)` as a value: whether `x` is among the rows of a sub-query, which come as one list.
//!
//! The engine turns `IN` into a join where it is a condition by itself, and cannot say "unknown" elsewhere. The language
//! can: without an equal row the answer is null when `x` is null or one of the rows is. The rows are looked up in a set
//! that is made once for a list.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::builder::BooleanBuilder;
use arrow_array::{Array, ArrayRef, ListArray};
use arrow_schema::DataType;
use datafusion::common::cast::as_list_array;
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::value::{Value, Values};

/// How values of different kinds are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Comparison {
    /// As they are.
    Plain,
    /// A text that is a number counts as one.
    Numeric,
    /// A number counts as its text.
    Text,
}

/// The function.
#[derive(Debug)]
pub(crate) struct InRows {
    comparison: Comparison,
    /// The set of the last list: every batch of a query comes with the same one.
    last: Mutex<Option<(Arc<ListArray>, Arc<RowSet>)>>,
    signature: Signature,
}

impl InRows {
    pub(crate) fn new(comparison: Comparison) -> Self {
        Self { comparison, last: Mutex::default(), signature: Signature::user_defined(Volatility::Immutable) }
    }

    fn set_of(&self, list: &Arc<ListArray>) -> Result<Arc<RowSet>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, set)) = last.as_ref()
            && Arc::ptr_eq(known, list)
        {
            return Ok(Arc::clone(set));
        }
        let set = Arc::new(RowSet::new(list, 0, self.comparison)?);
        *last = Some((Arc::clone(list), Arc::clone(&set)));
        Ok(set)
    }
}

impl PartialEq for InRows {
    fn eq(&self, other: &Self) -> bool {
        self.comparison == other.comparison
    }
}

impl Eq for InRows {}

impl Hash for InRows {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.comparison.hash(state);
    }
}

/// A value by which equal ones are found.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    Int(i64),
    /// The bits of a real number that is no whole one.
    Real(u64),
    Text(String),
    Blob(Vec<u8>),
}

impl Key {
    /// `None` for null.
    fn of(value: Value<'_>, comparison: Comparison) -> Option<Self> {
        let value = match comparison {
            Comparison::Plain => value,
            Comparison::Numeric => value.with_numeric_affinity(),
            Comparison::Text => match value {
                Value::Int(_) | Value::Real(_) => {
                    value.to_text().map_or(Value::Null, |text| Value::text(text.into_owned()))
                }
                other => other,
            },
        };
        Some(match value {
            Value::Null => return None,
            Value::Int(value) => Self::Int(value),
            // The first one that no whole number reaches is out.
            Value::Real(value) if value.fract() == 0.0 && value >= i64::MIN as f64 && value < i64::MAX as f64 => {
                Self::Int(value as i64)
            }
            Value::Real(value) => Self::Real(value.to_bits()),
            Value::Text(text) => Self::Text(text.into_owned()),
            Value::Blob(bytes) => Self::Blob(bytes.into_owned()),
        })
    }
}

/// The rows of a list.
#[derive(Debug, Default)]
struct RowSet {
    keys: HashSet<Key>,
    has_null: bool,
}

impl RowSet {
    fn new(list: &ListArray, row: usize, comparison: Comparison) -> Result<Self> {
        let mut set = Self::default();
        if list.is_null(row) {
            return Ok(set);
        }
        let rows: ArrayRef = list.value(row);
        let values = Values::new(&rows)?;
        for row in 0..rows.len() {
            match Key::of(values.get(row), comparison) {
                Some(key) => {
                    set.keys.insert(key);
                }
                None => set.has_null = true,
            }
        }
        Ok(set)
    }

    /// Whether `value` is among the rows; `None` when that is not known.
    fn contains(&self, value: Value<'_>, comparison: Comparison) -> Option<bool> {
        if self.keys.is_empty() && !self.has_null {
            return Some(false);
        }
        let key = Key::of(value, comparison)?;
        match self.keys.contains(&key) {
            true => Some(true),
            false if self.has_null => None,
            false => Some(false),
        }
    }
}

impl ScalarUDFImpl for InRows {
    fn name(&self) -> &str {
        match self.comparison {
            Comparison::Plain => "__in_rows",
            Comparison::Numeric => "__in_rows_as_numbers",
            Comparison::Text => "__in_rows_as_texts",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [_, DataType::List(_)] => Ok(arg_types.to_vec()),
            _ => plan_err!("a value is looked for in a list"),
        }
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [sought, lists] = args.args.as_slice() else { return plan_err!("a value is looked for in a list") };
        let sought = sought.to_array(args.number_rows)?;
        let values = Values::new(&sought)?;
        let mut found = BooleanBuilder::with_capacity(args.number_rows);
        match lists {
            ColumnarValue::Scalar(ScalarValue::List(list)) => {
                let set = self.set_of(list)?;
                for row in 0..args.number_rows {
                    found.append_option(set.contains(values.get(row), self.comparison));
                }
            }
            lists => {
                let lists = lists.to_array(args.number_rows)?;
                let lists = as_list_array(&lists)?;
                for row in 0..args.number_rows {
                    let set = RowSet::new(lists, row, self.comparison)?;
                    found.append_option(set.contains(values.get(row), self.comparison));
                }
            }
        }
        Ok(ColumnarValue::Array(Arc::new(found.finish())))
    }
}
