//! The JSON cursor: steps over the tokens of a text that may be cut anywhere and may be wrong anywhere.
//!
//! Two ways to stop are kept apart everywhere: the bytes ran out ([`Stop::NeedMore`], nothing is wrong yet) and the
//! bytes cannot be JSON ([`Stop::Syntax`]). Nothing here recurses, so nesting costs no stack.

/// Why a step could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The text ends inside the token.
    NeedMore,
    /// The text cannot be JSON from this position on.
    Syntax {
        /// Position in the text.
        at: usize,
        /// What should have stood there.
        expected: &'static str,
    },
}

/// A string token without its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StringSpan {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) has_escape: bool,
}

/// How to tell where a string ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quotes {
    /// At the first quote without a backslash before it, as JSON says.
    Strict,
    /// At the first quote that is followed by what may follow a string. PyTorch writes names with bare quotes.
    Lenient,
}

/// A position in a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) position: usize,
    pub(crate) quotes: Quotes,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8], position: usize) -> Self {
        Self { bytes, position, quotes: Quotes::Strict }
    }

    /// The next byte, without stepping over it.
    #[inline]
    pub(crate) fn peek(&self) -> Result<u8, Stop> {
        self.bytes.get(self.position).copied().ok_or(Stop::NeedMore)
    }

    #[inline]
    pub(crate) fn skip_whitespace(&mut self) {
        while let Some(&byte) = self.bytes.get(self.position) {
            if byte > b' ' || !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return;
            }
            self.position += 1;
        }
    }

    /// Steps over whitespace and then exactly `byte`.
    #[inline]
    pub(crate) fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Stop> {
        self.skip_whitespace();
        if self.peek()? != byte {
            return Err(Stop::Syntax { at: self.position, expected });
        }
        self.position += 1;
        Ok(())
    }

    /// Steps over a string, whose opening quote comes next.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<StringSpan, Stop> {
        if self.peek()? != b'"' {
            return Err(Stop::Syntax { at: self.position, expected: "a string" });
        }
        self.position += 1;
        match self.quotes {
            Quotes::Strict => self.rest_of_string(),
            Quotes::Lenient => self.rest_of_lenient_string(),
        }
    }

    #[inline]
    fn rest_of_string(&mut self) -> Result<StringSpan, Stop> {
        let start = self.position;
        let mut has_escape = false;
        loop {
            let at = find_quote_or_backslash(self.bytes, self.position).ok_or(Stop::NeedMore)?;
            if self.bytes[at] == b'"' {
                self.position = at + 1;
                return Ok(StringSpan { start, end: at, has_escape });
            }
            has_escape = true;
            self.position = at + 2;
        }
    }

    fn rest_of_lenient_string(&mut self) -> Result<StringSpan, Stop> {
        let start = self.position;
        let mut has_escape = false;
        loop {
            let at = find_quote_or_backslash(self.bytes, self.position).ok_or(Stop::NeedMore)?;
            if self.bytes[at] == b'\\' {
                has_escape = true;
                self.position = at + 2;
                continue;
            }
            let mut after = Self { position: at + 1, ..*self };
            after.skip_whitespace();
            if matches!(after.peek()?, b',' | b':' | b'}' | b']') {
                self.position = at + 1;
                return Ok(StringSpan { start, end: at, has_escape });
            }
            self.position = at + 1;
        }
    }

    /// Steps over a number, `true`, `false`, `null`, `NaN` or the like, and returns its text.
    #[inline]
    pub(crate) fn bare_word(&mut self) -> Result<&'a [u8], Stop> {
        let start = self.position;
        let mut end = start;
        while let Some(&byte) = self.bytes.get(end) {
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+')) {
                if end == start {
                    return Err(Stop::Syntax { at: start, expected: "a value" });
                }
                self.position = end;
                return Ok(&self.bytes[start..end]);
            }
            end += 1;
        }
        Err(Stop::NeedMore)
    }

    /// Steps over one value of any kind and returns where it starts and ends.
    pub(crate) fn value(&mut self) -> Result<(usize, usize), Stop> {
        self.skip_whitespace();
        let start = self.position;
        match self.peek()? {
            b'"' => {
                self.string()?;
            }
            b'{' | b'[' => self.container()?,
            _ => {
                self.bare_word()?;
            }
        }
        Ok((start, self.position))
    }

    /// Steps over an array or object, looking only at strings and brackets.
    fn container(&mut self) -> Result<(), Stop> {
        // One bit per open bracket would do; bytes are simpler and a nesting bomb pays its own size.
        let mut open: Vec<u8> = Vec::new();
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                    self.skip_whitespace();
                    // A quote too many turns texts and what is between them inside out, and would only be noticed where
                    // the next one of its kind turns them back. What follows a text tells at once.
                    if !matches!(self.peek()?, b',' | b':' | b'}' | b']') {
                        return Err(Stop::Syntax { at: self.position, expected: "a comma or the end of a list" });
                    }
                    continue;
                }
                b'{' => open.push(b'}'),
                b'[' => open.push(b']'),
                byte @ (b'}' | b']') => {
                    if open.pop() != Some(byte) {
                        return Err(Stop::Syntax { at: self.position, expected: "the matching bracket" });
                    }
                    if open.is_empty() {
                        self.position += 1;
                        return Ok(());
                    }
                }
                _ => {}
            }
            self.position += 1;
        }
    }
}

/// Position of the first quote or backslash at or after `from`.
#[inline]
fn find_quote_or_backslash(bytes: &[u8], from: usize) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    // A byte of `word ^ pattern` is zero where the byte was found; the classic test marks the lowest such byte exactly.
    let zero_bytes = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let mut position = from;
    let mut chunks = bytes.get(from..)?.chunks_exact(8);
    for chunk in &mut chunks {
        let mut eight = [0; 8];
        eight.copy_from_slice(chunk);
        let word = u64::from_le_bytes(eight);
        let found = zero_bytes(word ^ (ONES * b'"' as u64)) | zero_bytes(word ^ (ONES * b'\\' as u64));
        if found != 0 {
            return Some(position + (found.trailing_zeros() / 8) as usize);
        }
        position += 8;
    }
    chunks.remainder().iter().position(|&byte| byte == b'"' || byte == b'\\').map(|at| position + at)
}

/// What reading a JSON string's text came across.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TextDefects {
    /// `\u` escapes that are half a character.
    pub(crate) num_lone_surrogates: u64,
    /// True when the bytes were not UTF-8.
    pub(crate) is_invalid_utf8: bool,
}

/// The bytes that a string token's text stands for.
pub(crate) fn unescape(raw: &[u8], defects: &mut TextDefects) -> Vec<u8> {
    let mut text = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        text.extend_from_slice(&rest[..at]);
        let Some(&escape) = rest.get(at + 1) else {
            text.push(b'\\');
            return text;
        };
        rest = &rest[at + 2..];
        match escape {
            b'n' => text.push(b'\n'),
            b't' => text.push(b'\t'),
            b'r' => text.push(b'\r'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'u' => match take_hex(&mut rest) {
                Some(unit) => {
                    let mut buffer = [0; 4];
                    text.extend_from_slice(
                        unicode_escape(unit, &mut rest, defects).encode_utf8(&mut buffer).as_bytes(),
                    );
                }
                None => text.extend_from_slice(b"\\u"),
            },
            b'"' | b'\\' | b'/' => text.push(escape),
            // No escape of JSON's: kept as written.
            other => text.extend_from_slice(&[b'\\', other]),
        }
    }
    text.extend_from_slice(rest);
    text
}

fn unicode_escape(unit: u16, rest: &mut &[u8], defects: &mut TextDefects) -> char {
    if let Some(character) = char::from_u32(u32::from(unit)) {
        return character;
    }
    if (0xd800..0xdc00).contains(&unit)
        && let [b'\\', b'u', after @ ..] = *rest
    {
        let mut after = after;
        if let Some(low) = take_hex(&mut after).filter(|low| (0xdc00..0xe000).contains(low)) {
            *rest = after;
            let code = 0x1_0000 + ((u32::from(unit) - 0xd800) << 10) + (u32::from(low) - 0xdc00);
            return char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
    }
    defects.num_lone_surrogates += 1;
    char::REPLACEMENT_CHARACTER
}

fn take_hex(bytes: &mut &[u8]) -> Option<u16> {
    let (digits, rest) = bytes.split_first_chunk::<4>()?;
    let mut value = 0u16;
    for &byte in digits {
        value = value << 4 | (byte as char).to_digit(16)? as u16;
    }
    *bytes = rest;
    Some(value)
}

/// The text a string token stands for, with replacement characters where it is not text.
pub(crate) fn text_of(raw: &[u8], has_escape: bool, defects: &mut TextDefects) -> String {
    let bytes = if has_escape { unescape(raw, defects) } else { raw.to_vec() };
    String::from_utf8(bytes).unwrap_or_else(|error| {
        defects.is_invalid_utf8 = true;
        String::from_utf8_lossy(error.as_bytes()).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_string(text: &str) -> Option<String> {
        let mut cursor = Cursor::new(text.as_bytes(), 0);
        let span = cursor.string().ok()?;
        (cursor.position == text.len()).then_some(())?;
        Some(text_of(&text.as_bytes()[span.start..span.end], span.has_escape, &mut TextDefects::default()))
    }

    proptest! {
        #[test]
        fn strings_agree_with_serde_json(text in any::<String>()) {
            let json = serde_json::to_string(&text).expect("strings serialize");
            prop_assert_eq!(read_string(&json), Some(text));
        }

        #[test]
        fn values_end_where_serde_json_ends_them(value in arbitrary_json(), tail in "[ ,\\]}]{1,3}") {
            let json = serde_json::to_string_pretty(&value).expect("values serialize");
            let text = format!("{json}{tail}");
            let mut cursor = Cursor::new(text.as_bytes(), 0);
            prop_assert_eq!(cursor.value(), Ok((0, json.len())));
            for cut in 0..json.len() {
                let cut = &text.as_bytes()[..cut];
                prop_assert_eq!(Cursor::new(cut, 0).value(), Err(Stop::NeedMore));
            }
        }
    }

    fn arbitrary_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            ".{0,8}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                prop::collection::hash_map(".{0,4}", inner, 0..4)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn surrogates_pair_up_or_are_replaced() {
        let mut defects = TextDefects::default();
        assert_eq!(text_of(br"\ud83d\ude00", true, &mut defects), "😀");
        assert_eq!(defects.num_lone_surrogates, 0);
        assert_eq!(text_of(br"a\ud83db\ude00", true, &mut defects), "a\u{fffd}b\u{fffd}");
        assert_eq!(defects.num_lone_surrogates, 2);
        assert_eq!(text_of(br"\q\u12", true, &mut defects), r"\q\u12");
    }

    #[test]
    fn lenient_strings_end_before_structure() {
        let text = br#""quote "x" y", "next": 1"#;
        let mut cursor = Cursor { quotes: Quotes::Lenient, ..Cursor::new(text, 0) };
        let span = cursor.string().expect("the string ends");
        assert_eq!(&text[span.start..span.end], br#"quote "x" y"#);
    }

    #[test]
    fn a_quote_too_many_in_a_list_is_noticed_at_once() {
        let text = br#"["a", "b"c", "d"], "e", ["f"g"]"#;
        assert!(matches!(Cursor::new(text, 0).value(), Err(Stop::Syntax { at: 9, .. })));
    }

    #[test]
    fn a_nesting_bomb_needs_no_stack() {
        let bomb = [b'['; 1_000_000];
        assert_eq!(Cursor::new(&bomb, 0).value(), Err(Stop::NeedMore));
    }
}
