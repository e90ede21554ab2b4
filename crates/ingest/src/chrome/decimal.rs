//! Decimal times: from the digits in the file to whole nanoseconds, never through a float.
//!
//! Kineto writes microseconds with three decimals on a base months away. At 1.7e15 µs a double steps by a quarter of a
//! microsecond, so a reader that goes through one loses the nanoseconds that launch delays are made of.

/// Why a text is no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadTime {
    /// Not a decimal number.
    NotANumber,
    /// More nanoseconds than an `i64` holds.
    OutOfRange,
}

/// Nanoseconds of a decimal number of microseconds, rounded half away from zero below the nanosecond.
pub(crate) fn nanos_from_micros(text: &[u8]) -> Result<i64, BadTime> {
    match quick(text) {
        Some(nanos) => Ok(nanos),
        None => scaled(text, 3),
    }
}

/// The common case: whole microseconds since 1970 and less, at most three decimals, no exponent, no sign.
#[inline]
fn quick(text: &[u8]) -> Option<i64> {
    let (nanos, end) = quick_prefix(text, 0)?;
    (end == text.len()).then_some(nanos)
}

/// Reads a time of the common kind at `position`, with what ends it in JSON; returns nanoseconds and where it ends.
#[inline]
pub(crate) fn take_nanos(bytes: &[u8], position: usize) -> Option<(i64, usize)> {
    let (nanos, end) = quick_prefix(bytes, position)?;
    matches!(bytes.get(end)?, b',' | b'}' | b'\n' | b' ' | b'\r').then_some((nanos, end))
}

/// The number at `position` and where it ends, as far as it is of the common kind.
#[inline]
fn quick_prefix(text: &[u8], position: usize) -> Option<(i64, usize)> {
    const MAX_DIGITS: usize = 16;
    /// Largest whole part whose nanoseconds fit with any decimals.
    const MAX_WHOLE: i64 = i64::MAX / 1000 - 1;
    let mut whole = 0i64;
    let mut at = position;
    while let Some(digit) = digit_at(text, at) {
        whole = whole * 10 + digit;
        at += 1;
        if at - position > MAX_DIGITS {
            return None;
        }
    }
    if at == position || whole > MAX_WHOLE {
        return None;
    }
    if text.get(at) != Some(&b'.') {
        return Some((whole * 1000, at));
    }
    let mut nanos = whole * 1000;
    let mut unit = 100;
    at += 1;
    while let Some(digit) = digit_at(text, at) {
        if unit == 0 {
            return None;
        }
        nanos += digit * unit;
        unit /= 10;
        at += 1;
    }
    // A point wants a digit after it.
    (unit < 100).then_some((nanos, at))
}

#[inline]
fn digit_at(text: &[u8], position: usize) -> Option<i64> {
    let value = text.get(position)?.wrapping_sub(b'0');
    (value < 10).then_some(i64::from(value))
}

/// `text` × 10^`shift` as a whole number, rounded half away from zero. Any JSON number, and a leading `+`.
pub(crate) fn scaled(text: &[u8], shift: i64) -> Result<i64, BadTime> {
    let (is_negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let exponent_at = rest.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (mantissa, exponent) = match exponent_at {
        Some(at) => (&rest[..at], parse_exponent(&rest[at + 1..])?),
        None => (rest, 0),
    };
    let (whole, decimals) = match mantissa.iter().position(|&byte| byte == b'.') {
        Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
        None => (mantissa, &[][..]),
    };
    if whole.len() + decimals.len() == 0 || !whole.iter().chain(decimals).all(u8::is_ascii_digit) {
        return Err(BadTime::NotANumber);
    }
    // The value is 0.d1d2d3… × 10^point after leading zeros are dropped.
    let mut digits = whole.iter().chain(decimals).copied().skip_while(|&byte| byte == b'0').peekable();
    let num_leading = whole.iter().chain(decimals).take_while(|&&byte| byte == b'0').count() as i64;
    if digits.peek().is_none() {
        return Ok(0);
    }
    let point = whole.len() as i64 - num_leading + exponent + shift;
    if point > 19 {
        return Err(BadTime::OutOfRange);
    }
    if point < 0 {
        return Ok(0);
    }
    let mut value = 0i128;
    for _ in 0..point {
        value = value * 10 + i128::from(digits.next().unwrap_or(b'0') - b'0');
    }
    if digits.next().is_some_and(|next| next >= b'5') {
        value += 1;
    }
    i64::try_from(if is_negative { -value } else { value }).map_err(|_| BadTime::OutOfRange)
}

fn parse_exponent(text: &[u8]) -> Result<i64, BadTime> {
    let (sign, digits) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => (1, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(BadTime::NotANumber);
    }
    // Beyond any time, and far from overflow when added to lengths of texts.
    const HUGE: i64 = 1 << 40;
    let value = digits.iter().fold(0i64, |value, &byte| (value * 10 + i64::from(byte - b'0')).min(HUGE));
    Ok(sign * value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_exact() {
        let cases: &[(&str, i64)] = &[
            ("0", 0),
            ("1", 1_000),
            ("4633453097869.389", 4_633_453_097_869_389),
            ("1695835535123456.789", 1_695_835_535_123_456_789),
            ("9223372036854775.807", i64::MAX),
            ("-9223372036854775.808", i64::MIN),
            ("0.5", 500),
            ("0.0005", 1),
            ("0.00049999999999999999999999", 0),
            ("-0.0005", -1),
            ("1.5e3", 1_500_000),
            ("1E-3", 1),
            ("123e-2", 1_230),
            ("1.23456", 1_235),
            ("00012.5", 12_500),
            ("0e999999999999", 0),
            ("1e-999999999999", 0),
            ("-3.25", -3_250),
        ];
        for &(text, expected) in cases {
            assert_eq!(nanos_from_micros(text.as_bytes()), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "-", ".", "1.2.3", "abc", "1e", "50a", "NaN", "0x10", "1 2"] {
            assert_eq!(nanos_from_micros(text.as_bytes()), Err(BadTime::NotANumber), "{text}");
        }
        for text in ["9223372036854775.808", "1e30", "99999999999999999999999"] {
            assert_eq!(nanos_from_micros(text.as_bytes()), Err(BadTime::OutOfRange), "{text}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_big_integers(nanos in any::<i64>(), extra in "[0-9]{0,12}") {
            let magnitude = i128::from(nanos).abs();
            let sign = if nanos < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:03}{extra}", magnitude / 1000, magnitude % 1000);
            let up = i128::from(extra.as_bytes().first().is_some_and(|&byte| byte >= b'5'));
            let expected = i128::from(nanos) + if nanos < 0 { -up } else { up };
            prop_assert_eq!(nanos_from_micros(text.as_bytes()).ok(), i64::try_from(expected).ok());
        }
    }
}
