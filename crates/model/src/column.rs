//! Columns: flat buffers of fixed-width values, with "no value" as a reserved value.
//!
//! A column is an Arrow buffer of the plain native value and nothing else. "No value" is a reserved value per type
//! ([`Cell::NULL`]) instead of a validity bitmap, which keeps building branch-free and lets a column lie in a mapped
//! cache file as it is. The SQL layer asks for real Arrow arrays with validity ([`ColumnData::to_array`]) a batch at a
//! time. A column whose every value is "no value" takes no memory at all.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int32Array, Int64Array, StringArray};
use arrow_buffer::{ArrowNativeType, NullBuffer, ScalarBuffer, ToByteSlice};
use arrow_schema::DataType;

use crate::id::*;
use crate::strings::StringPool;

/// How a column's stored values are to be read and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// A whole number.
    Int,
    /// A point in time: stored since the trace start, shown on the source's clock.
    Timestamp,
    /// A length of time in nanoseconds; −1 when it never ended.
    Duration,
    /// A real number.
    Real,
    /// True or false.
    Bool,
    /// A row number of another table, or of this one.
    Id,
    /// Text, stored as its number in the string pool.
    Text,
    /// One of a fixed list of words, stored as its place in the list.
    Word(&'static [&'static str]),
}

impl ColumnKind {
    /// The Arrow type under which SQL and exports show the column.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Int | Self::Timestamp | Self::Duration | Self::Id => DataType::Int64,
            Self::Real => DataType::Float64,
            Self::Bool => DataType::Boolean,
            Self::Text | Self::Word(_) => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        }
    }
}

/// What a table says of one column.
#[derive(Debug, Clone, Copy)]
pub struct ColumnSpec {
    /// Name, the same in SQL, API, page and docs.
    pub name: &'static str,
    /// How to read the stored values.
    pub kind: ColumnKind,
    /// Whether a row may have no value.
    pub is_nullable: bool,
    /// One line for the schema reference.
    pub doc: &'static str,
}

/// A Rust type that can be a column's value.
pub trait Cell: Copy {
    /// The stored type.
    type Native: ArrowNativeType;
    /// How the value is shown, unless the table says otherwise.
    const KIND: ColumnKind;
    /// The stored value that means "none", for nullable cells.
    const NULL: Option<Self::Native>;
    /// Stores.
    fn to_native(self) -> Self::Native;
    /// Reads back.
    fn from_native(native: Self::Native) -> Self;
}

/// "No value" of a nullable `i64`: no trace reaches 292 years before its start.
pub const NULL_I64: i64 = i64::MIN;

/// "No value" of a nullable `f64`: a NaN with a payload that no arithmetic produces.
const NULL_F64_BITS: u64 = 0x7ff8_6e75_6c6c_0001;

impl Cell for i64 {
    type Native = i64;
    const KIND: ColumnKind = ColumnKind::Int;
    const NULL: Option<i64> = None;
    #[inline]
    fn to_native(self) -> i64 {
        self
    }
    #[inline]
    fn from_native(native: i64) -> Self {
        native
    }
}

impl Cell for Option<i64> {
    type Native = i64;
    const KIND: ColumnKind = ColumnKind::Int;
    const NULL: Option<i64> = Some(NULL_I64);
    #[inline]
    fn to_native(self) -> i64 {
        self.unwrap_or(NULL_I64)
    }
    #[inline]
    fn from_native(native: i64) -> Self {
        (native != NULL_I64).then_some(native)
    }
}

impl Cell for u32 {
    type Native = u32;
    const KIND: ColumnKind = ColumnKind::Int;
    const NULL: Option<u32> = None;
    #[inline]
    fn to_native(self) -> u32 {
        self
    }
    #[inline]
    fn from_native(native: u32) -> Self {
        native
    }
}

impl Cell for Option<u32> {
    type Native = u32;
    const KIND: ColumnKind = ColumnKind::Int;
    const NULL: Option<u32> = Some(NONE);
    #[inline]
    fn to_native(self) -> u32 {
        self.unwrap_or(NONE)
    }
    #[inline]
    fn from_native(native: u32) -> Self {
        (native != NONE).then_some(native)
    }
}

impl Cell for f64 {
    type Native = f64;
    const KIND: ColumnKind = ColumnKind::Real;
    const NULL: Option<f64> = None;
    #[inline]
    fn to_native(self) -> f64 {
        self
    }
    #[inline]
    fn from_native(native: f64) -> Self {
        native
    }
}

impl Cell for Option<f64> {
    type Native = f64;
    const KIND: ColumnKind = ColumnKind::Real;
    const NULL: Option<f64> = Some(f64::from_bits(NULL_F64_BITS));
    #[inline]
    fn to_native(self) -> f64 {
        self.unwrap_or(f64::from_bits(NULL_F64_BITS))
    }
    #[inline]
    fn from_native(native: f64) -> Self {
        (native.to_bits() != NULL_F64_BITS).then_some(native)
    }
}

impl Cell for bool {
    type Native = u32;
    const KIND: ColumnKind = ColumnKind::Bool;
    const NULL: Option<u32> = None;
    #[inline]
    fn to_native(self) -> u32 {
        u32::from(self)
    }
    #[inline]
    fn from_native(native: u32) -> Self {
        native == 1
    }
}

impl Cell for Option<bool> {
    type Native = u32;
    const KIND: ColumnKind = ColumnKind::Bool;
    const NULL: Option<u32> = Some(NONE);
    #[inline]
    fn to_native(self) -> u32 {
        self.map_or(NONE, u32::from)
    }
    #[inline]
    fn from_native(native: u32) -> Self {
        (native != NONE).then_some(native == 1)
    }
}

macro_rules! id_cells {
    ($kind:expr => $($name:ident),*) => {$(
        impl Cell for $name {
            type Native = u32;
            const KIND: ColumnKind = $kind;
            const NULL: Option<u32> = None;
            #[inline]
            fn to_native(self) -> u32 {
                self.0
            }
            #[inline]
            fn from_native(native: u32) -> Self {
                Self(native)
            }
        }

        impl Cell for Option<$name> {
            type Native = u32;
            const KIND: ColumnKind = $kind;
            const NULL: Option<u32> = Some(NONE);
            #[inline]
            fn to_native(self) -> u32 {
                self.map_or(NONE, |id| id.0)
            }
            #[inline]
            fn from_native(native: u32) -> Self {
                (native != NONE).then_some($name(native))
            }
        }
    )*};
}

id_cells!(ColumnKind::Id => SourceId, ProcessId, ThreadId, TrackId, SliceId, ArgSetId, DeviceId, StreamId, RankId);
id_cells!(ColumnKind::Id => MappingId, FrameId, CallsiteId);
id_cells!(ColumnKind::Text => StringId);

/// Declares an enum whose values are stored as small numbers and shown as words.
#[macro_export]
macro_rules! word_enum {
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u32)]
        $vis enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Every word, in the order of the values.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word that SQL, reports and the page show.
            pub fn word(self) -> &'static str {
                Self::WORDS[self as usize]
            }
        }

        impl $crate::column::Cell for $name {
            type Native = u32;
            const KIND: $crate::column::ColumnKind = $crate::column::ColumnKind::Word(Self::WORDS);
            const NULL: Option<u32> = None;
            #[inline]
            fn to_native(self) -> u32 {
                self as u32
            }
            #[inline]
            fn from_native(native: u32) -> Self {
                // A value that is no word can only come from a damaged cache file.
                Self::ALL.get(native as usize).copied().unwrap_or(Self::ALL[0])
            }
        }

        impl $crate::join::JoinCell for $name {}
    };
}

/// A sealed column of one table.
#[derive(Debug, Clone)]
pub struct Column<T: Cell> {
    values: ScalarBuffer<T::Native>,
    len: usize,
}

impl<T: Cell> Column<T> {
    /// The value of row `index`.
    ///
    /// # Panics
    /// When `index` is out of range.
    #[inline]
    pub fn get(&self, index: usize) -> T {
        match (self.values.get(index), T::NULL) {
            (Some(&native), _) => T::from_native(native),
            (None, Some(null)) if index < self.len => T::from_native(null),
            _ => panic!("row {index} of a column of {} rows", self.len),
        }
    }

    /// The stored values; empty when every row is "none".
    #[inline]
    pub fn values(&self) -> &[T::Native] {
        &self.values
    }

    /// Number of rows.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when there is no row.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// True when no row has a value.
    pub fn is_all_null(&self) -> bool {
        self.values.is_empty()
    }

    /// Every value in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = T> + '_ {
        (0..self.len).map(|index| self.get(index))
    }
}

/// Where a column is filled.
#[derive(Debug)]
pub struct ColumnBuilder<T: Cell> {
    values: Vec<T::Native>,
    /// Rows before the first value, not yet stored: most optional columns stay empty for a whole trace.
    num_leading_nulls: usize,
    /// Rows that were announced, for a column that may yet turn out to need no memory.
    num_expected: usize,
}

impl<T: Cell> Default for ColumnBuilder<T> {
    fn default() -> Self {
        Self { values: Vec::new(), num_leading_nulls: 0, num_expected: 0 }
    }
}

impl<T: Cell> ColumnBuilder<T> {
    /// Makes room for `additional` rows, once there is a value to store.
    pub fn reserve(&mut self, additional: usize) {
        if T::NULL.is_none() || !self.values.is_empty() {
            self.values.reserve_exact(additional);
        } else {
            self.num_expected = self.num_leading_nulls + additional;
        }
    }

    /// Stores the "none" of the rows so far, because a value comes.
    #[cold]
    fn start_storing(&mut self, null: T::Native) {
        self.values.reserve_exact(self.num_expected.max(self.num_leading_nulls));
        self.values.resize(self.num_leading_nulls, null);
    }

    /// Appends a row.
    #[inline]
    pub fn push(&mut self, value: T) {
        let native = value.to_native();
        if let (true, Some(null)) = (self.values.is_empty(), T::NULL) {
            if is_same(native, null) {
                self.num_leading_nulls += 1;
                return;
            }
            self.start_storing(null);
        }
        self.values.push(native);
    }

    /// Replaces the value of row `index`.
    pub fn set(&mut self, index: usize, value: T) {
        if let (true, Some(null)) = (self.values.is_empty(), T::NULL) {
            if is_same(value.to_native(), null) {
                return;
            }
            self.start_storing(null);
        }
        self.values[index] = value.to_native();
    }

    /// The value of row `index`.
    pub fn get(&self, index: usize) -> T {
        match (self.values.get(index), T::NULL) {
            (Some(&native), _) => T::from_native(native),
            (None, Some(null)) if index < self.len() => T::from_native(null),
            _ => panic!("row {index} of a column of {} rows", self.len()),
        }
    }

    /// Number of rows so far.
    pub fn len(&self) -> usize {
        if self.values.is_empty() { self.num_leading_nulls } else { self.values.len() }
    }

    /// True when there is no row yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes over a whole column at once.
    pub fn set_values(&mut self, values: Vec<T::Native>) {
        self.num_leading_nulls = 0;
        self.values = values;
    }

    /// Ends filling.
    pub fn seal(self) -> Column<T> {
        let len = self.len();
        Column { values: ScalarBuffer::from(self.values), len }
    }
}

#[inline]
fn is_same<N: ArrowNativeType>(a: N, b: N) -> bool {
    // Bytes, because the "none" of a real number is a NaN.
    a.to_byte_slice() == b.to_byte_slice()
}

/// A column without its Rust type, for code that treats all tables alike: SQL, cache, export.
#[derive(Debug, Clone)]
pub enum ColumnData {
    /// Stored as `i64`.
    I64(ScalarBuffer<i64>),
    /// Stored as `u32`.
    U32(ScalarBuffer<u32>),
    /// Stored as `f64`.
    F64(ScalarBuffer<f64>),
}

impl ColumnData {
    /// Number of stored values: zero, or one for every row.
    pub fn len(&self) -> usize {
        match self {
            Self::I64(values) => values.len(),
            Self::U32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    /// True when no row has a value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows `range` as an Arrow array of `spec.kind.data_type()`, with timestamps moved by `clock_offset` nanoseconds.
    pub fn to_array(
        &self,
        spec: &ColumnSpec,
        range: Range<usize>,
        strings: &StringPool,
        clock_offset: i64,
    ) -> ArrayRef {
        if self.is_empty() {
            return arrow_array::new_null_array(&spec.kind.data_type(), range.len());
        }
        match self {
            Self::I64(values) => {
                let values = values.slice(range.start, range.len());
                let nulls = nulls_of(spec, &values, |value| value == NULL_I64);
                let values = match spec.kind {
                    ColumnKind::Timestamp if clock_offset != 0 => {
                        values.iter().map(|value| value.wrapping_add(clock_offset)).collect()
                    }
                    _ => values,
                };
                Arc::new(Int64Array::new(values, nulls))
            }
            Self::F64(values) => {
                let values = values.slice(range.start, range.len());
                let nulls = nulls_of(spec, &values, |value: f64| value.to_bits() == NULL_F64_BITS);
                Arc::new(Float64Array::new(values, nulls))
            }
            Self::U32(values) => {
                let values = values.slice(range.start, range.len());
                let nulls = nulls_of(spec, &values, |value| value == NONE);
                match spec.kind {
                    ColumnKind::Text => dictionary(&values, nulls, strings.as_array().clone()),
                    ColumnKind::Word(words) => {
                        dictionary(&values, nulls, StringArray::from_iter_values(words.iter().copied()))
                    }
                    ColumnKind::Bool => {
                        Arc::new(BooleanArray::new(values.iter().map(|&value| value == 1).collect(), nulls))
                    }
                    _ => Arc::new(Int64Array::new(values.iter().map(|&value| i64::from(value)).collect(), nulls)),
                }
            }
        }
    }
}

fn nulls_of<N: ArrowNativeType>(spec: &ColumnSpec, values: &[N], is_null: impl Fn(N) -> bool) -> Option<NullBuffer> {
    if !spec.is_nullable || !values.iter().any(|&value| is_null(value)) {
        return None;
    }
    Some(values.iter().map(|&value| !is_null(value)).collect())
}

fn dictionary(values: &ScalarBuffer<u32>, nulls: Option<NullBuffer>, words: StringArray) -> ArrayRef {
    // The same bytes read as i32: pool numbers stay below 2^31, and "none" hides behind the validity bit.
    let keys = Int32Array::new(ScalarBuffer::new(values.inner().clone(), 0, values.len()), nulls);
    Arc::new(DictionaryArray::<Int32Type>::new(keys, Arc::new(words)))
}

/// Conversion between typed columns and [`ColumnData`].
pub trait ErasedNative: ArrowNativeType {
    /// Wraps.
    fn erase(values: ScalarBuffer<Self>) -> ColumnData
    where
        Self: Sized;
    /// Unwraps, when the stored type is this one.
    fn reveal(data: &ColumnData) -> Option<ScalarBuffer<Self>>
    where
        Self: Sized;
}

macro_rules! erased {
    ($($native:ty => $variant:ident),*) => {$(
        impl ErasedNative for $native {
            fn erase(values: ScalarBuffer<Self>) -> ColumnData {
                ColumnData::$variant(values)
            }
            fn reveal(data: &ColumnData) -> Option<ScalarBuffer<Self>> {
                match data {
                    ColumnData::$variant(values) => Some(values.clone()),
                    _ => None,
                }
            }
        }
    )*};
}

erased!(i64 => I64, u32 => U32, f64 => F64);

impl<T: Cell> Column<T>
where
    T::Native: ErasedNative,
{
    /// The column without its type.
    pub fn erase(&self) -> ColumnData {
        T::Native::erase(self.values.clone())
    }

    /// A typed column of `len` rows from stored values; `None` when type or length do not fit.
    pub fn reveal(data: &ColumnData, len: usize) -> Option<Self> {
        let values = T::Native::reveal(data)?;
        let fits = values.len() == len || (values.is_empty() && T::NULL.is_some());
        fits.then_some(Self { values, len })
    }
}
