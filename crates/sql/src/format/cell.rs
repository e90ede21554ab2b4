//! Cells: the values of a batch in the few kinds that text formats tell apart.

use std::fmt::Display;
use std::io;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Float64Array, Int64Array, LargeBinaryArray, RecordBatch, StringArray,
    UInt64Array,
};
use arrow_cast::cast;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;

use crate::function::mixed::{self, Decoded, is_mixed};

/// One value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell<'a> {
    Null,
    Int(i64),
    UInt(u64),
    Real(f64),
    Bool(bool),
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// The columns of a batch, ready to be asked for cells.
pub(super) struct Cells {
    columns: Vec<Column>,
    num_rows: usize,
}

enum Column {
    Null,
    Int(Int64Array),
    UInt(UInt64Array),
    Real(Float64Array),
    Bool(BooleanArray),
    Text(StringArray),
    Word { keys: arrow_array::Int32Array, words: StringArray },
    Bytes(BinaryArray),
    Mixed(LargeBinaryArray),
}

impl Cells {
    pub(super) fn new(batch: &RecordBatch) -> io::Result<Self> {
        let columns = batch.columns().iter().map(Column::new).collect::<io::Result<_>>()?;
        Ok(Self { columns, num_rows: batch.num_rows() })
    }

    pub(super) fn num_rows(&self) -> usize {
        self.num_rows
    }

    /// The cells of one row.
    pub(super) fn row(&self, row: usize) -> impl Iterator<Item = Cell<'_>> {
        self.columns.iter().map(move |column| column.cell(row))
    }
}

impl Column {
    fn new(array: &ArrayRef) -> io::Result<Self> {
        let to = |data_type: DataType| cast(array, &data_type).map_err(io::Error::other);
        Ok(match array.data_type() {
            DataType::Null => Self::Null,
            DataType::UInt64 => Self::UInt(array.as_primitive().clone()),
            data_type if data_type.is_integer() => Self::Int(to(DataType::Int64)?.as_primitive().clone()),
            data_type if data_type.is_floating() => Self::Real(to(DataType::Float64)?.as_primitive().clone()),
            DataType::Boolean => Self::Bool(array.as_boolean().clone()),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                Self::Text(to(DataType::Utf8)?.as_string().clone())
            }
            data_type if is_mixed(data_type) => Self::Mixed(array.as_binary().clone()),
            DataType::Binary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
                Self::Bytes(to(DataType::Binary)?.as_binary().clone())
            }
            DataType::Dictionary(key, value) if **key == DataType::Int32 && **value == DataType::Utf8 => {
                let dictionary = array.as_dictionary::<Int32Type>();
                Self::Word { keys: dictionary.keys().clone(), words: dictionary.values().as_string().clone() }
            }
            DataType::Dictionary(_, value) => return Self::new(&to(value.as_ref().clone())?),
            // Dates, intervals, lists and the like: as Arrow spells them.
            _ => {
                let options = FormatOptions::default().with_display_error(false);
                let formatter = ArrayFormatter::try_new(array, &options).map_err(io::Error::other)?;
                let text = |row| array.is_valid(row).then(|| spelled(&formatter.value(row)));
                Self::Text((0..array.len()).map(text).collect())
            }
        })
    }

    fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            Self::Null => Cell::Null,
            Self::Int(values) if values.is_valid(row) => Cell::Int(values.value(row)),
            Self::UInt(values) if values.is_valid(row) => Cell::UInt(values.value(row)),
            Self::Real(values) if values.is_valid(row) => Cell::Real(values.value(row)),
            Self::Bool(values) if values.is_valid(row) => Cell::Bool(values.value(row)),
            Self::Text(values) if values.is_valid(row) => Cell::Text(values.value(row)),
            Self::Bytes(values) if values.is_valid(row) => Cell::Bytes(values.value(row)),
            Self::Word { keys, words } if keys.is_valid(row) => {
                let word = keys.value(row) as usize;
                if words.is_valid(word) { Cell::Text(words.value(word)) } else { Cell::Null }
            }
            Self::Mixed(values) if values.is_valid(row) => match mixed::decode_borrowed(values.value(row)) {
                Decoded::Int(value) => Cell::Int(value),
                Decoded::Real(value) => Cell::Real(value),
                Decoded::Text(text) => Cell::Text(text),
                Decoded::Blob(bytes) => Cell::Bytes(bytes),
            },
            _ => Cell::Null,
        }
    }
}

fn spelled(value: &dyn Display) -> String {
    value.to_string()
}

/// True for types whose values line up on the right.
pub(super) fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric()
}

/// A blob as SQLite writes one, without the quotes around it.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
