//! `sum` of whole numbers, which fails when it does not fit: SQLite says "integer overflow" and so do we.
//!
//! The engine's own sum begins again at the other end. Sums of real numbers are left to it. Of a mixed column the sum is a
//! whole number when all values are whole ones, and a real number otherwise.

use std::mem::size_of;
use std::sync::Arc;

use arrow_array::builder::BooleanBufferBuilder;
use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, FieldRef};
use datafusion::common::cast::as_int64_array;
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_datafusion_err, plan_err};
use datafusion::functions_aggregate::sum::Sum;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF, Signature, Volatility,
};

use super::mixed::{self, is_mixed};
use super::per_row::whole_kind;
use super::value::{Value, Values};

/// `sum`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct CheckedSum {
    /// The engine's, for everything but whole numbers.
    inner: Sum,
    signature: Signature,
}

impl CheckedSum {
    pub(super) fn new() -> Self {
        Self { inner: Sum::new(), signature: Signature::user_defined(Volatility::Immutable) }
    }
}

fn overflow() -> DataFusionError {
    exec_datafusion_err!("integer overflow")
}

/// Whether the call adds whole numbers, all of them.
fn is_checked(args: &AccumulatorArgs<'_>) -> bool {
    *args.return_field.data_type() == DataType::Int64 && !args.is_distinct
}

impl AggregateUDFImpl for CheckedSum {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [DataType::Null | DataType::Boolean] => Ok(vec![DataType::Int64]),
            [data_type] if data_type.is_numeric() || is_mixed(data_type) => Ok(vec![whole_kind(data_type)]),
            _ => plan_err!("sum takes one number"),
        }
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        match arg_types {
            [data_type] if is_mixed(data_type) => Ok(mixed::TYPE),
            _ => self.inner.return_type(arg_types),
        }
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if is_mixed(args.return_field.data_type()) {
            return match args.is_distinct {
                false => Ok(Box::new(MixedTotal::default())),
                true => plan_err!("sum(DISTINCT …) takes values of one kind: cast them"),
            };
        }
        match is_checked(&args) {
            true => Ok(Box::new(Total::default())),
            false => self.inner.accumulator(args),
        }
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if is_mixed(args.return_field.data_type()) {
            return self.accumulator(args);
        }
        match is_checked(&args) {
            true => Ok(Box::new(Total::default())),
            false => self.inner.create_sliding_accumulator(args),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        self.inner.state_fields(args)
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        !is_mixed(args.return_field.data_type()) && self.inner.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        match is_checked(&args) {
            true => Ok(Box::new(Totals::default())),
            false => self.inner.create_groups_accumulator(args),
        }
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn order_sensitivity(&self) -> datafusion::logical_expr::utils::AggregateOrderSensitivity {
        self.inner.order_sensitivity()
    }
}

/// The sum of one group. Twice the bits, so that what a window takes away again does not count.
#[derive(Debug, Default)]
struct Total {
    sum: i128,
    num_values: u64,
}

impl Total {
    fn value(&self) -> Result<ScalarValue> {
        match self.num_values {
            0 => Ok(ScalarValue::Int64(None)),
            _ => Ok(ScalarValue::Int64(Some(i64::try_from(self.sum).map_err(|_| overflow())?))),
        }
    }
}

fn sum_of(values: &ArrayRef) -> Result<(i128, u64)> {
    let values = as_int64_array(values)?;
    let sum = values.iter().flatten().map(i128::from).sum();
    Ok((sum, (values.len() - values.null_count()) as u64))
}

impl Accumulator for Total {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let (sum, num_values) = sum_of(&values[0])?;
        self.sum += sum;
        self.num_values += num_values;
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.value()
    }

    fn size(&self) -> usize {
        size_of::<Self>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.value()?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let (sum, num_values) = sum_of(&values[0])?;
        self.sum -= sum;
        self.num_values -= num_values;
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }
}

/// The sum of values of both kinds of numbers.
#[derive(Debug, Default)]
struct MixedTotal {
    whole: i128,
    real: f64,
    num_whole: u64,
    num_real: u64,
}

impl MixedTotal {
    fn add(&mut self, values: &[ArrayRef], sign: i8) -> Result<()> {
        let column = Values::new(&values[0])?;
        for row in 0..values[0].len() {
            match column.get(row) {
                Value::Int(value) => {
                    self.whole += i128::from(value) * i128::from(sign);
                    self.num_whole = self.num_whole.wrapping_add_signed(i64::from(sign));
                }
                value => {
                    if let Some(value) = value.to_real() {
                        self.real += value * f64::from(sign);
                        self.num_real = self.num_real.wrapping_add_signed(i64::from(sign));
                    }
                }
            }
        }
        Ok(())
    }
}

impl Accumulator for MixedTotal {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.add(values, 1)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let total = match (self.num_whole, self.num_real) {
            (0, 0) => Value::Null,
            (_, 0) => Value::Int(i64::try_from(self.whole).map_err(|_| overflow())?),
            _ => Value::Real(self.whole as f64 + self.real),
        };
        let mut bytes = Vec::new();
        Ok(ScalarValue::LargeBinary(mixed::encode(&total, &mut bytes).then_some(bytes)))
    }

    fn size(&self) -> usize {
        size_of::<Self>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.add(values, -1)
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }
}

/// The sums of many groups.
#[derive(Debug, Default)]
struct Totals {
    sums: Vec<i64>,
    has_value: Vec<bool>,
    has_overflowed: bool,
}

impl GroupsAccumulator for Totals {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        let values = as_int64_array(&values[0])?;
        self.sums.resize(total_num_groups, 0);
        self.has_value.resize(total_num_groups, false);
        let mut has_overflowed = false;
        let mut add = |group: usize, value: i64| {
            let (sum, is_over) = self.sums[group].overflowing_add(value);
            self.sums[group] = sum;
            self.has_value[group] = true;
            has_overflowed |= is_over;
        };
        match (values.nulls().filter(|nulls| nulls.null_count() > 0), opt_filter) {
            (None, None) => {
                for (group, value) in group_indices.iter().zip(values.values()) {
                    add(*group, *value);
                }
            }
            _ => {
                for (row, group) in group_indices.iter().enumerate() {
                    let is_meant = opt_filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
                    if is_meant && values.is_valid(row) {
                        add(*group, values.value(row));
                    }
                }
            }
        }
        self.has_overflowed |= has_overflowed;
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        if self.has_overflowed {
            return Err(overflow());
        }
        let sums = emit_to.take_needed(&mut self.sums);
        let has_value = emit_to.take_needed(&mut self.has_value);
        let mut valid = BooleanBufferBuilder::new(has_value.len());
        valid.append_slice(&has_value);
        Ok(Arc::new(Int64Array::new(sums.into(), Some(NullBuffer::new(valid.finish())))))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit_to)?])
    }

    fn merge_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], total_num_groups: usize) -> Result<()> {
        self.update_batch(values, group_indices, None, total_num_groups)
    }

    fn convert_to_state(&self, values: &[ArrayRef], opt_filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let values = as_int64_array(&values[0])?;
        let state = match opt_filter {
            None => values.clone(),
            Some(filter) => {
                let is_meant = |row: usize| filter.is_valid(row) && filter.value(row) && values.is_valid(row);
                (0..values.len()).map(|row| is_meant(row).then(|| values.value(row))).collect()
            }
        };
        Ok(vec![Arc::new(state)])
    }

    fn size(&self) -> usize {
        self.sums.capacity() * size_of::<i64>() + self.has_value.capacity()
    }
}
