//! Writes JSON text piece by piece, and times as exact decimals.

use std::io::{self, Write};

/// Bytes that are put together before they go on.
const BUFFER_BYTES: usize = 256 << 10;

const NANOS_PER_MICRO: u64 = 1_000;

/// JSON text on its way out.
pub(super) struct Json<'w> {
    out: &'w mut dyn Write,
    buffer: Vec<u8>,
}

impl<'w> Json<'w> {
    pub(super) fn new(out: &'w mut dyn Write) -> Self {
        Self { out, buffer: Vec::with_capacity(BUFFER_BYTES + (BUFFER_BYTES >> 2)) }
    }

    /// Text as it is.
    #[inline]
    pub(super) fn raw(&mut self, text: &str) -> &mut Self {
        self.buffer.extend_from_slice(text.as_bytes());
        self
    }

    /// A text in quotes.
    pub(super) fn string(&mut self, text: &str) -> &mut Self {
        self.buffer.push(b'"');
        let mut done = 0;
        for (at, byte) in text.bytes().enumerate() {
            if byte >= b' ' && byte != b'"' && byte != b'\\' {
                continue;
            }
            self.buffer.extend_from_slice(&text.as_bytes()[done..at]);
            done = at + 1;
            match byte {
                b'"' => self.buffer.extend_from_slice(b"\\\""),
                b'\\' => self.buffer.extend_from_slice(b"\\\\"),
                b'\n' => self.buffer.extend_from_slice(b"\\n"),
                b'\t' => self.buffer.extend_from_slice(b"\\t"),
                b'\r' => self.buffer.extend_from_slice(b"\\r"),
                _ => self.buffer.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            }
        }
        self.buffer.extend_from_slice(&text.as_bytes()[done..]);
        self.buffer.push(b'"');
        self
    }

    /// A whole number.
    #[inline]
    pub(super) fn int(&mut self, value: i64) -> &mut Self {
        if value < 0 {
            self.buffer.push(b'-');
        }
        self.uint(value.unsigned_abs())
    }

    /// A whole number without a sign.
    #[inline]
    pub(super) fn uint(&mut self, mut value: u64) -> &mut Self {
        // u64::MAX has 20 digits.
        let mut digits = [0; 20];
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = b'0' + (value % 10) as u8;
            value /= 10;
            if value == 0 {
                break;
            }
        }
        self.buffer.extend_from_slice(&digits[at..]);
        self
    }

    /// Nanoseconds as microseconds with three decimals.
    #[inline]
    pub(super) fn micros(&mut self, nanos: i64) -> &mut Self {
        if nanos < 0 {
            self.buffer.push(b'-');
        }
        let nanos = nanos.unsigned_abs();
        self.uint(nanos / NANOS_PER_MICRO);
        let rest = (nanos % NANOS_PER_MICRO) as u32;
        let digit = |unit: u32| b'0' + (rest / unit % 10) as u8;
        self.buffer.extend_from_slice(&[b'.', digit(100), digit(10), digit(1)]);
        self
    }

    /// A real number; those that JSON has no word for become texts.
    pub(super) fn real(&mut self, value: f64) -> &mut Self {
        // The shortest digits that give the same number again.
        let text = match value {
            value if value.is_finite() => format!("{value:?}"),
            value if value.is_nan() => "\"NaN\"".to_owned(),
            value if value > 0.0 => "\"Infinity\"".to_owned(),
            _ => "\"-Infinity\"".to_owned(),
        };
        self.raw(&text)
    }

    /// Lets what is written go on, if it is enough.
    #[inline]
    pub(super) fn flush_if_full(&mut self) -> io::Result<()> {
        if self.buffer.len() >= BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

/// True for a text that is a JSON object or array and nothing else.
pub(super) fn is_container(text: &str) -> bool {
    text.starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut Json<'_>)) -> String {
        let mut out = Vec::new();
        let mut json = Json::new(&mut out);
        write(&mut json);
        json.flush().expect("memory takes all");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn times_are_exact_decimals() {
        for (nanos, text) in [
            (0, "0.000"),
            (1, "0.001"),
            (-1, "-0.001"),
            (1_234_567, "1234.567"),
            (-1_000, "-1.000"),
            (1_695_835_535_123_456_789, "1695835535123456.789"),
            (i64::MAX, "9223372036854775.807"),
            (i64::MIN, "-9223372036854775.808"),
        ] {
            assert_eq!(
                written(|json| {
                    json.micros(nanos);
                }),
                text
            );
        }
    }

    #[test]
    fn numbers_without_a_word_are_texts() {
        let texts = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 2.0, 1e300, 0.1].map(|value| {
            written(|json| {
                json.real(value);
            })
        });
        assert_eq!(texts, ["\"NaN\"", "\"Infinity\"", "\"-Infinity\"", "2.0", "1e300", "0.1"]);
    }

    #[test]
    fn only_whole_containers_are_containers() {
        assert!(is_container("[1, {\"a\": []}]") && is_container("{}"));
        assert!(!is_container("[NaN]") && !is_container("[1] 2") && !is_container("1") && !is_container(""));
    }

    proptest! {
        #[test]
        fn texts_and_numbers_are_read_as_they_were(text in ".*", int in any::<i64>(), uint in any::<u64>()) {
            prop_assert_eq!(&serde_json::from_str::<String>(&written(|json| { json.string(&text); }))?, &text);
            prop_assert_eq!(written(|json| { json.int(int); }), int.to_string());
            prop_assert_eq!(written(|json| { json.uint(uint); }), uint.to_string());
        }
    }
}
