//! Walks through the fields of a message in protobuf's wire format, without knowing any schema.
//!
//! A report's schema is not public and grows with every version, so nothing here can fail on a field that is new: the
//! walk hands out number and value, and whoever asked for it takes what it knows. The bytes come from anyone. A walk
//! allocates nothing, looks at each byte once, and never goes into a message by itself, so neither a length nor a depth
//! that a file claims can cost anything.

/// A field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field<'a> {
    /// Its number.
    pub(super) number: u32,
    /// Its value.
    pub(super) value: Value<'a>,
}

/// The value of a field, as far as the wire tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// An integer, a truth value or an enum. A negative number is its two's complement in 64 bits.
    Varint(u64),
    /// Eight bytes.
    Fixed64(u64),
    /// Four bytes.
    Fixed32(u32),
    /// A text, bytes or a message.
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The integer; `None` when it is something else.
    #[inline]
    pub(super) fn int(self) -> Option<i64> {
        match self {
            Self::Varint(value) => Some(value.cast_signed()),
            _ => None,
        }
    }

    /// The text, bytes or message; `None` when it is something else.
    #[inline]
    pub(super) fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// Bytes that are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no field begins at byte {at} of its message")]
pub(super) struct Malformed {
    /// Where the field begins that is none, counted in its message.
    pub(super) at: usize,
}

/// The fields of a message, in their order. After a malformed one there are no more.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    /// The fields of `message`.
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self { message, at: 0 }
    }

    #[inline(always)]
    fn read(&mut self) -> Option<Field<'a>> {
        let mut rest = self.message.get(self.at..)?;
        let tag = take_varint(&mut rest)?;
        let number = u32::try_from(tag >> 3).ok().filter(|&number| number != 0 && number < 1 << 29)?;
        let value = match tag & 7 {
            0 => Value::Varint(take_varint(&mut rest)?),
            1 => Value::Fixed64(u64::from_le_bytes(*take_array(&mut rest)?)),
            2 => {
                let len = usize::try_from(take_varint(&mut rest)?).ok()?;
                let (bytes, after) = rest.split_at_checked(len)?;
                rest = after;
                Value::Bytes(bytes)
            }
            5 => Value::Fixed32(u32::from_le_bytes(*take_array(&mut rest)?)),
            // 3 and 4 were groups, which nothing has written for many years.
            _ => return None,
        };
        self.at = self.message.len() - rest.len();
        Some(Field { number, value })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Malformed>;

    // Inlined, a field stays in registers; else each goes through memory and takes twice as long.
    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.message.len() {
            return None;
        }
        let at = self.at;
        Some(self.read().ok_or_else(|| {
            self.at = self.message.len();
            Malformed { at }
        }))
    }
}

/// Takes a number of 7 bits a byte, lowest first, off the front of `bytes`; `None` when there is none within 64 bits.
#[inline]
pub(super) fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    if let [byte @ ..0x80, rest @ ..] = *bytes {
        *bytes = rest;
        return Some(u64::from(*byte));
    }
    take_long_varint(bytes)
}

/// Most numbers of a report are times and ids, five to seven bytes long: those within eight bytes are taken at once.
#[inline]
fn take_long_varint(bytes: &mut &[u8]) -> Option<u64> {
    const ENDS: u64 = 0x8080_8080_8080_8080;
    let Some((chunk, _)) = bytes.split_first_chunk::<8>() else { return take_varint_slowly(bytes) };
    let chunk = u64::from_le_bytes(*chunk);
    // The last byte of a number is the first one without its highest bit.
    let ends = !chunk & ENDS;
    if ends == 0 {
        return take_varint_slowly(bytes);
    }
    let num_bits = ends.trailing_zeros() + 1;
    let value = chunk & !ENDS & (u64::MAX >> (64 - num_bits));
    // Groups of 7 bits move together: of bytes, of pairs of bytes, of fours.
    let value = value & 0x007f_007f_007f_007f | (value & 0x7f00_7f00_7f00_7f00) >> 1;
    let value = value & 0x0000_3fff_0000_3fff | (value & 0x3fff_0000_3fff_0000) >> 2;
    let value = value & 0x0000_0000_0fff_ffff | (value & 0x0fff_ffff_0000_0000) >> 4;
    *bytes = &bytes[num_bits as usize / 8..];
    Some(value)
}

#[cold]
fn take_varint_slowly(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for (index, &byte) in bytes.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7f);
        // Of the tenth byte only one bit is left to fill.
        if index == 9 && bits > 1 {
            return None;
        }
        value |= bits << (7 * index);
        if byte & 0x80 == 0 {
            *bytes = &bytes[index + 1..];
            return Some(value);
        }
    }
    None
}

fn take_array<'a, const N: usize>(bytes: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (array, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(array)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields(message: &[u8]) -> Vec<Result<Field<'_>, Malformed>> {
        Fields::new(message).collect()
    }

    #[test]
    fn every_wire_type_is_read() {
        // The numbers of the examples in protobuf's own documentation: field 1 is 150, field 2 the text "testing".
        let message = b"\x08\x96\x01\x12\x07testing\x19\x01\0\0\0\0\0\0\x80\x25\x04\x03\x02\x01";
        let expected = [
            Field { number: 1, value: Value::Varint(150) },
            Field { number: 2, value: Value::Bytes(b"testing") },
            Field { number: 3, value: Value::Fixed64(0x8000_0000_0000_0001) },
            Field { number: 4, value: Value::Fixed32(0x0102_0304) },
        ];
        assert_eq!(fields(message), expected.map(Ok));
    }

    #[test]
    fn a_negative_number_is_ten_bytes() {
        let message = b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
        assert_eq!(fields(message)[0].unwrap().value.int(), Some(-1));
        // One bit more than a number has, and one byte more.
        assert_eq!(fields(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), [Err(Malformed { at: 0 })]);
        assert_eq!(fields(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00"), [Err(Malformed { at: 0 })]);
    }

    #[test]
    fn what_is_no_field_ends_the_walk_and_says_where() {
        let good = Ok(Field { number: 1, value: Value::Varint(5) });
        for bad in [
            &b"\x00\x01"[..],                                // field number 0
            b"\x0b",                                         // a group
            b"\x0f",                                         // a wire type that does not exist
            b"\x12\x05four",                                 // longer than the message
            b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", // longer than any message
            b"\x19\0\0\0\0\0\0\0",                           // seven bytes of eight
            b"\x25\0\0\0",                                   // three bytes of four
            b"\x10",                                         // no value
            b"\x10\x80",                                     // half a value
            b"\x80",                                         // half a tag
            b"\xf8\xff\xff\xff\xff\x01\x01",                 // a field number beyond 29 bits
        ] {
            let message = [&b"\x08\x05"[..], bad].concat();
            assert_eq!(fields(&message), [good, Err(Malformed { at: 2 })], "{bad:x?}");
        }
    }

    #[test]
    fn values_of_another_kind_are_none() {
        assert_eq!((Value::Fixed32(1).int(), Value::Varint(1).bytes()), (None, None));
    }

    /// A varint by the definition: the bits from the lowest up, in groups of seven.
    fn varint(value: u64) -> Vec<u8> {
        let mut bytes: Vec<u8> =
            (0..10).map(|group| ((u128::from(value) >> (7 * group)) & 0x7f) as u8 | 0x80).collect();
        while bytes.len() > 1 && bytes[bytes.len() - 1] == 0x80 {
            bytes.pop();
        }
        if let Some(last) = bytes.last_mut() {
            *last &= 0x7f;
        }
        bytes
    }

    proptest! {
        #[test]
        fn varints_come_back(value: u64, num_zeros in 0..64_u32, after: Vec<u8>) {
            // Of every length, and with more or less behind them than a number is long.
            let value = value >> num_zeros;
            let bytes = [varint(value), after.clone()].concat();
            let mut rest = &bytes[..];
            prop_assert_eq!(take_varint(&mut rest), Some(value));
            prop_assert_eq!(rest, &after[..]);
        }

        #[test]
        fn any_bytes_are_walked_to_their_end(message: Vec<u8>) {
            // At least two bytes a field, so a walk over n bytes has at most n steps.
            prop_assert!(Fields::new(&message).count() <= message.len());
            let num_bad = Fields::new(&message).filter(Result::is_err).count();
            prop_assert!(num_bad <= 1);
        }
    }
}
