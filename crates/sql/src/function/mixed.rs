//! Mixed columns: values of several kinds in one column, each as it is.
//!
//! The engine's columns have one type each, and its union type can be neither sorted nor grouped. So a value is written
//! as bytes whose order is SQLite's order of values: the engine sorts, groups and finds the smallest and the largest of
//! them as they are. A type that the engine has and nothing else here uses marks such a column, so that the kind of a
//! column is seen wherever its type is.

use std::borrow::Cow;

use arrow_schema::DataType;

use super::value::Value;

/// The type of a mixed column.
pub(crate) const TYPE: DataType = DataType::LargeBinary;

const NUMBER: u8 = 1;
const TEXT: u8 = 2;
const BLOB: u8 = 3;

/// Behind a number: which kind it is of.
const INT: u8 = 0;
const REAL: u8 = 1;

/// Bytes of a number: its mark, the nearest real number, what a whole number has beyond that, its kind.
const NUMBER_LEN: usize = 1 + 8 + 2 + 1;

/// The bits of the lowest residue: whole numbers are at most 512 from the nearest real one.
const RESIDUE_BIAS: i32 = 1 << 15;

/// Whether the column is mixed.
pub(crate) fn is_mixed(data_type: &DataType) -> bool {
    *data_type == TYPE
}

/// Adds the bytes of a value to `out`; false for null, which has none.
pub(crate) fn encode(value: &Value<'_>, out: &mut Vec<u8>) -> bool {
    match value {
        Value::Null => return false,
        Value::Int(value) => {
            let nearest = *value as f64;
            // Wider than both, since the nearest real number may be 2^63.
            let residue = i128::from(*value) - nearest as i128;
            number(nearest, residue as i32, INT, out);
        }
        Value::Real(value) => number(*value, 0, REAL, out),
        Value::Text(text) => {
            out.push(TEXT);
            out.extend_from_slice(text.as_bytes());
        }
        Value::Blob(bytes) => {
            out.push(BLOB);
            out.extend_from_slice(bytes);
        }
    }
    true
}

fn number(nearest: f64, residue: i32, kind: u8, out: &mut Vec<u8>) {
    // Both zeros are one number.
    let bits = (nearest + 0.0).to_bits();
    // Negative numbers come first, and among them those with the larger bits.
    let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
    out.push(NUMBER);
    out.extend_from_slice(&ordered.to_be_bytes());
    out.extend_from_slice(&((residue + RESIDUE_BIAS) as u16).to_be_bytes());
    out.push(kind);
}

/// The value of some bytes, which it borrows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Decoded<'a> {
    Int(i64),
    Real(f64),
    Text(&'a str),
    Blob(&'a [u8]),
}

/// The value of some bytes. Bytes that no value has are taken for a blob.
pub(crate) fn decode(bytes: &[u8]) -> Value<'_> {
    match decode_borrowed(bytes) {
        Decoded::Int(value) => Value::Int(value),
        Decoded::Real(value) => Value::Real(value),
        Decoded::Text(text) => Value::Text(Cow::Borrowed(text)),
        Decoded::Blob(bytes) => Value::Blob(Cow::Borrowed(bytes)),
    }
}

/// The same for who needs nothing but to look.
pub(crate) fn decode_borrowed(bytes: &[u8]) -> Decoded<'_> {
    match bytes.split_first() {
        Some((&TEXT, text)) => match std::str::from_utf8(text) {
            Ok(text) => Decoded::Text(text),
            Err(_) => Decoded::Blob(bytes),
        },
        Some((&BLOB, bytes)) => Decoded::Blob(bytes),
        Some((&NUMBER, number)) if bytes.len() == NUMBER_LEN => {
            let (nearest, rest) = number.split_at(8);
            let ordered = nearest.iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte));
            let bits = if ordered >> 63 == 1 { ordered & !(1 << 63) } else { !ordered };
            let nearest = f64::from_bits(bits);
            let residue = i32::from(u16::from_be_bytes([rest[0], rest[1]])) - RESIDUE_BIAS;
            match rest[2] {
                INT => Decoded::Int((nearest as i128 + i128::from(residue)) as i64),
                _ => Decoded::Real(nearest),
            }
        }
        _ => Decoded::Blob(bytes),
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;

    fn bytes_of(value: &Value<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        assert!(encode(value, &mut bytes));
        bytes
    }

    #[test]
    fn bytes_keep_the_value_and_are_in_the_order_of_values() {
        let large = 1_i64 << 53;
        let values = [
            Value::Real(f64::NEG_INFINITY),
            Value::Int(i64::MIN),
            Value::Int(i64::MIN + 1),
            Value::Int(-large - 1),
            Value::Real(-large as f64),
            Value::Real(-1.5),
            Value::Int(-1),
            Value::Int(0),
            Value::Real(5e-324),
            Value::Real(0.1),
            Value::Int(1),
            Value::Real(1.5),
            Value::Real(large as f64),
            Value::Int(large + 1),
            Value::Int(large + 2),
            Value::Int(i64::MAX - 1),
            Value::Int(i64::MAX),
            Value::Real(9_223_372_036_854_775_808.0),
            Value::Real(1e300),
            Value::text(""),
            Value::text("9"),
            Value::text("9a"),
            Value::text("\u{e9}"),
            Value::Blob(Cow::Borrowed(b"")),
            Value::Blob(Cow::Borrowed(b"\x00\xff")),
        ];
        for (at, value) in values.iter().enumerate() {
            let bytes = bytes_of(value);
            assert_eq!(&decode(&bytes), value);
            for other in &values[at + 1..] {
                assert_eq!(value.compare(other), Ordering::Less, "{value:?} {other:?}");
                assert!(bytes < bytes_of(other), "{value:?} {other:?}");
            }
        }
        assert!(!encode(&Value::Null, &mut Vec::new()));
    }

    #[test]
    fn bytes_of_no_value_are_a_blob() {
        for bytes in [&b""[..], b"\x01\x02", b"\x02\xff", b"\x09"] {
            assert_eq!(decode(bytes), Value::Blob(Cow::Borrowed(bytes)));
        }
    }
}
