//! Values: one cell with the type it has by itself, as SQLite sees every value.
//!
//! The engine's columns have one type each. The functions that look at what a value is (`typeof`, `quote`, `printf`,
//! the JSON ones) and the rules for turning one kind into another are written on single values.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, Float64Builder, Int64Builder, LargeBinaryBuilder, StringBuilder,
};
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, DictionaryArray, Float64Array, Int64Array, LargeBinaryArray,
    StringArray,
};
use arrow_cast::cast;
use arrow_schema::DataType;
use datafusion::common::cast::{
    as_binary_array, as_boolean_array, as_dictionary_array, as_float64_array, as_int64_array, as_large_binary_array,
    as_string_array,
};
use datafusion::common::{Result, internal_err};

use super::mixed;

/// One value of SQLite's.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    /// No value.
    Null,
    /// A whole number.
    Int(i64),
    /// A real number.
    Real(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// Bytes.
    Blob(Cow<'a, [u8]>),
}

impl<'a> Value<'a> {
    /// A text that the value does not borrow.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(Cow::Owned(text.into()))
    }

    /// A boolean is the number 1 or 0.
    pub(crate) fn truth(is_true: bool) -> Self {
        Self::Int(i64::from(is_true))
    }

    /// The value without what it borrows.
    pub(crate) fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Int(value) => Value::Int(value),
            Self::Real(value) => Value::Real(value),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Blob(bytes) => Value::Blob(Cow::Owned(bytes.into_owned())),
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value as a text; `None` for null.
    pub(crate) fn to_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Null => None,
            Self::Int(value) => Some(Cow::Owned(value.to_string())),
            Self::Real(value) => Some(Cow::Owned(real_text(*value))),
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Blob(bytes) => Some(String::from_utf8_lossy(bytes)),
        }
    }

    /// The value as a number, from the digits that a text begins with; `None` for null.
    pub(crate) fn to_number(&self) -> Option<Number> {
        match self {
            Self::Null => None,
            Self::Int(value) => Some(Number::Int(*value)),
            Self::Real(value) => Some(Number::Real(*value)),
            Self::Text(_) | Self::Blob(_) => Some(leading_number(&self.to_text()?).0),
        }
    }

    /// `CAST(value AS INTEGER)`.
    pub(crate) fn to_int(&self) -> Option<i64> {
        match self {
            Self::Null => None,
            Self::Int(value) => Some(*value),
            // The conversion of the language goes to zero and stops at both ends, which is SQLite's rule too.
            Self::Real(value) => Some(*value as i64),
            Self::Text(_) | Self::Blob(_) => Some(leading_int(&self.to_text()?)),
        }
    }

    /// `CAST(value AS REAL)`.
    pub(crate) fn to_real(&self) -> Option<f64> {
        self.to_number().map(Number::to_real)
    }

    /// What `WHERE value` decides by.
    pub(crate) fn to_truth(&self) -> Option<bool> {
        self.to_number().map(|number| number.to_real() != 0.0)
    }

    /// The value after SQLite offered it a numeric column: a text that is a number is one.
    pub(crate) fn with_numeric_affinity(self) -> Self {
        match &self {
            Self::Text(text) => match whole_number(text) {
                Some(Number::Int(value)) => Self::Int(value),
                Some(Number::Real(value)) => Self::Real(value),
                None => self,
            },
            _ => self,
        }
    }

    /// SQLite's order of all values: null, numbers, texts by their bytes, blobs.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Real(a), Self::Real(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
            (Self::Int(a), Self::Real(b)) => compare_int_with_real(*a, *b),
            (Self::Real(a), Self::Int(b)) => compare_int_with_real(*b, *a).reverse(),
            (Self::Text(a), Self::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Self::Blob(a), Self::Blob(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Int(_) | Self::Real(_) => 1,
            Self::Text(_) => 2,
            Self::Blob(_) => 3,
        }
    }
}

/// A whole number has more digits than a real one holds, so the comparison is made between whole numbers.
fn compare_int_with_real(int: i64, real: f64) -> Ordering {
    /// The first real number that no `i64` reaches.
    const PAST_END: f64 = 9_223_372_036_854_775_808.0;
    if real.is_nan() || real < -PAST_END {
        return Ordering::Greater;
    }
    if real >= PAST_END {
        return Ordering::Less;
    }
    int.cmp(&(real as i64)).then_with(|| 0.0_f64.partial_cmp(&real.fract()).unwrap_or(Ordering::Equal))
}

/// A number of either kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    /// A whole one.
    Int(i64),
    /// A real one.
    Real(f64),
}

impl Number {
    /// The nearest real number.
    pub(crate) fn to_real(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Real(value) => value,
        }
    }
}

/// Whether SQLite takes `c` for white space around numbers.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// The number that `text` begins with, and what follows it; 0 when there is none.
fn leading_number(text: &str) -> (Number, &str) {
    let trimmed = text.trim_start_matches(is_space);
    let bytes = trimmed.as_bytes();
    let digits_from = |at: usize| bytes.get(at..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count();
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let num_whole = digits_from(sign);
    let mut end = sign + num_whole;
    let mut is_real = false;
    let mut num_fraction = 0;
    if bytes.get(end) == Some(&b'.') {
        num_fraction = digits_from(end + 1);
        if num_whole + num_fraction > 0 {
            is_real = true;
            end += 1 + num_fraction;
        }
    }
    if num_whole + num_fraction == 0 {
        return (Number::Int(0), text);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let exponent_sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let num_exponent = digits_from(end + 1 + exponent_sign);
        if num_exponent > 0 {
            is_real = true;
            end += 1 + exponent_sign + num_exponent;
        }
    }
    let (number, rest) = trimmed.split_at(end);
    let int = if is_real { None } else { number.parse().ok() };
    let number = match int {
        Some(int) => Number::Int(int),
        None => Number::Real(number.parse().unwrap_or(0.0)),
    };
    (number, rest)
}

/// The whole number that `text` begins with, stopping at both ends of the range.
fn leading_int(text: &str) -> i64 {
    let trimmed = text.trim_start_matches(is_space);
    let sign = usize::from(trimmed.starts_with(['+', '-']));
    let num_digits = trimmed[sign..].bytes().take_while(u8::is_ascii_digit).count();
    if num_digits == 0 {
        return 0;
    }
    let is_negative = trimmed.starts_with('-');
    trimmed[..sign + num_digits].parse().unwrap_or(if is_negative { i64::MIN } else { i64::MAX })
}

/// The number that all of `text` is.
pub(crate) fn whole_number(text: &str) -> Option<Number> {
    let (number, rest) = leading_number(text);
    (rest.len() < text.len() && rest.chars().all(is_space)).then_some(number)
}

/// Digits that SQLite writes of a real number.
const REAL_DIGITS: usize = 15;

/// A real number as SQLite writes it: 15 digits, always with a point.
pub(crate) fn real_text(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "Inf".to_owned() } else { "-Inf".to_owned() };
    }
    if value == 0.0 {
        return "0.0".to_owned();
    }
    let scientific = format!("{value:.*e}", REAL_DIGITS - 1);
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits = mantissa.replace('.', "");
    let digits = digits.trim_end_matches('0');
    let point_text = |whole: &str, fraction: &str| match fraction.is_empty() {
        true => format!("{sign}{whole}.0"),
        false => format!("{sign}{whole}.{fraction}"),
    };
    if exponent < -4 || exponent >= REAL_DIGITS as i32 {
        let (first, rest) = digits.split_at(1);
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{exponent_sign}{:02}", point_text(first, rest), exponent.unsigned_abs());
    }
    if exponent < 0 {
        let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
        return point_text("0", &format!("{zeros}{digits}"));
    }
    let num_whole = exponent as usize + 1;
    match digits.len() <= num_whole {
        true => point_text(&format!("{digits:0<num_whole$}"), ""),
        false => point_text(&digits[..num_whole], &digits[num_whole..]),
    }
}

/// An array whose cells are read as values.
pub(crate) enum Values {
    Null,
    Int(Int64Array),
    Real(Float64Array),
    Boolean(BooleanArray),
    Text(StringArray),
    TextDictionary(DictionaryArray<Int32Type>, StringArray),
    Blob(BinaryArray),
    Mixed(LargeBinaryArray),
}

impl Values {
    /// The cells of `array`; a type that SQLite does not know is read as its text.
    pub(crate) fn new(array: &ArrayRef) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean(as_boolean_array(array)?.clone()),
            DataType::Float64 => Self::Real(as_float64_array(array)?.clone()),
            DataType::Float16 | DataType::Float32 | DataType::Decimal128(..) => {
                Self::Real(as_float64_array(&cast(array, &DataType::Float64)?)?.clone())
            }
            data_type if data_type.is_integer() => Self::Int(as_int64_array(&cast(array, &DataType::Int64)?)?.clone()),
            data_type if *data_type == mixed::TYPE => Self::Mixed(as_large_binary_array(array)?.clone()),
            DataType::Binary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
                Self::Blob(as_binary_array(&cast(array, &DataType::Binary)?)?.clone())
            }
            DataType::Dictionary(key, value) if **key == DataType::Int32 && **value == DataType::Utf8 => {
                let dictionary = as_dictionary_array::<Int32Type>(array)?;
                Self::TextDictionary(dictionary.clone(), as_string_array(dictionary.values())?.clone())
            }
            _ => Self::Text(as_string_array(&cast(array, &DataType::Utf8)?)?.clone()),
        })
    }

    /// The cell of `row`.
    pub(crate) fn get(&self, row: usize) -> Value<'_> {
        match self {
            Self::Int(array) if array.is_valid(row) => Value::Int(array.value(row)),
            // SQLite has no value for what is no number.
            Self::Real(array) if array.is_valid(row) && !array.value(row).is_nan() => Value::Real(array.value(row)),
            Self::Boolean(array) if array.is_valid(row) => Value::truth(array.value(row)),
            Self::Text(array) if array.is_valid(row) => Value::Text(Cow::Borrowed(array.value(row))),
            Self::TextDictionary(array, texts) => match array.key(row) {
                Some(key) if texts.is_valid(key) => Value::Text(Cow::Borrowed(texts.value(key))),
                _ => Value::Null,
            },
            Self::Blob(array) if array.is_valid(row) => Value::Blob(Cow::Borrowed(array.value(row))),
            Self::Mixed(array) if array.is_valid(row) => mixed::decode(array.value(row)),
            _ => Value::Null,
        }
    }
}

/// Collects values into a column of one type.
pub(crate) enum ValuesBuilder {
    Int(Int64Builder),
    Real(Float64Builder),
    Boolean(BooleanBuilder),
    Text(StringBuilder),
    Blob(BinaryBuilder),
    Mixed(LargeBinaryBuilder, Vec<u8>),
}

impl ValuesBuilder {
    /// A builder of columns of `data_type`.
    pub(crate) fn new(data_type: &DataType) -> Result<Self> {
        Ok(match data_type {
            DataType::Int64 => Self::Int(Int64Builder::new()),
            DataType::Float64 => Self::Real(Float64Builder::new()),
            DataType::Boolean => Self::Boolean(BooleanBuilder::new()),
            DataType::Utf8 | DataType::Null => Self::Text(StringBuilder::new()),
            DataType::Binary => Self::Blob(BinaryBuilder::new()),
            data_type if *data_type == mixed::TYPE => Self::Mixed(LargeBinaryBuilder::new(), Vec::new()),
            other => return internal_err!("no values of type {other}"),
        })
    }

    /// Adds one value, turned into the column's type.
    pub(crate) fn push(&mut self, value: &Value<'_>) {
        match self {
            Self::Int(builder) => builder.append_option(value.to_int()),
            Self::Real(builder) => builder.append_option(value.to_real()),
            Self::Boolean(builder) => builder.append_option(value.to_truth()),
            Self::Text(builder) => builder.append_option(value.to_text()),
            Self::Blob(builder) => match value {
                Value::Blob(bytes) => builder.append_value(bytes),
                other => builder.append_option(other.to_text().map(|text| text.as_bytes().to_vec())),
            },
            Self::Mixed(builder, buffer) => {
                buffer.clear();
                builder.append_option(mixed::encode(value, buffer).then_some(buffer.as_slice()));
            }
        }
    }

    /// The column.
    pub(crate) fn finish(self) -> ArrayRef {
        match self {
            Self::Int(mut builder) => Arc::new(builder.finish()),
            Self::Real(mut builder) => Arc::new(builder.finish()),
            Self::Boolean(mut builder) => Arc::new(builder.finish()),
            Self::Text(mut builder) => Arc::new(builder.finish()),
            Self::Blob(mut builder) => Arc::new(builder.finish()),
            Self::Mixed(mut builder, _) => Arc::new(builder.finish()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_numbers_are_written_as_in_sqlite() {
        for (value, expected) in [
            (0.0, "0.0"),
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (100.0, "100.0"),
            (123_456.789, "123456.789"),
            (0.000_01, "1.0e-05"),
            (0.000_123, "0.000123"),
            (1e14, "100000000000000.0"),
            (1e15, "1.0e+15"),
            (1.0 / 3.0, "0.333333333333333"),
            (1.5e300, "1.5e+300"),
        ] {
            assert_eq!(real_text(value), expected);
        }
    }

    #[test]
    fn texts_begin_with_numbers_as_in_sqlite() {
        for (text, expected, is_all) in [
            ("12", Number::Int(12), true),
            (" -12 ", Number::Int(-12), true),
            ("12abc", Number::Int(12), false),
            ("1.5e3x", Number::Real(1500.0), false),
            (".5", Number::Real(0.5), true),
            ("5.", Number::Real(5.0), true),
            ("1e", Number::Int(1), false),
            ("abc", Number::Int(0), false),
            ("", Number::Int(0), false),
            ("9223372036854775808", Number::Real(9_223_372_036_854_775_808.0), true),
        ] {
            assert_eq!(leading_number(text).0, expected, "{text}");
            assert_eq!(whole_number(text).is_some(), is_all, "{text}");
        }
        assert_eq!(leading_int("1e5"), 1);
        assert_eq!(leading_int("-99999999999999999999"), i64::MIN);
    }

    #[test]
    fn whole_and_real_numbers_are_compared_exactly() {
        let big = (1_i64 << 53) + 1;
        assert_eq!(Value::Int(big).compare(&Value::Real((1_i64 << 53) as f64)), Ordering::Greater);
        assert_eq!(Value::Int(1).compare(&Value::Real(1.5)), Ordering::Less);
        assert_eq!(Value::Int(-1).compare(&Value::Real(-1.5)), Ordering::Greater);
        assert_eq!(Value::Real(1e300).compare(&Value::Int(i64::MAX)), Ordering::Greater);
        assert_eq!(Value::text("a").compare(&Value::Int(i64::MAX)), Ordering::Greater);
    }
}
