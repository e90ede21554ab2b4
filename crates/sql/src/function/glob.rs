//! `glob(pattern, text)`, SQLite's: `*`, `?`, `[abc]`, `[a-z]`, `[^…]`, upper and lower case told apart.

use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_cast::cast;
use arrow_schema::DataType;
use datafusion::common::cast::as_string_array;
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use std::sync::Arc;

use super::map_texts;

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Glob {
    signature: Signature,
}

impl Glob {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Glob {
    fn name(&self) -> &str {
        "glob"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let [_, text] = arg_types else { return plan_err!("glob takes a pattern and a text") };
        // A dictionary says which rows are equal, so it is worth keeping.
        let text = match text {
            DataType::Dictionary(key, value) if **key == DataType::Int32 && **value == DataType::Utf8 => text.clone(),
            _ => DataType::Utf8,
        };
        Ok(vec![DataType::Utf8, text])
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [pattern, text] = args.args.as_slice() else { return plan_err!("glob takes a pattern and a text") };
        match (pattern, text) {
            (ColumnarValue::Scalar(pattern), ColumnarValue::Scalar(text)) => {
                let (pattern, text) = (pattern.try_as_str().flatten(), text.try_as_str().flatten());
                let verdict = pattern.zip(text).map(|(pattern, text)| glob_matches(pattern, text));
                Ok(ColumnarValue::Scalar(ScalarValue::Boolean(verdict)))
            }
            (ColumnarValue::Scalar(pattern), ColumnarValue::Array(texts)) => {
                let verdicts = match pattern.try_as_str().flatten() {
                    Some(pattern) => map_texts(texts, |text| glob_matches(pattern, text))?,
                    None => BooleanArray::new_null(texts.len()),
                };
                Ok(ColumnarValue::Array(Arc::new(verdicts)))
            }
            _ => {
                let patterns = pattern.to_array(args.number_rows)?;
                let texts: ArrayRef = cast(&text.to_array(args.number_rows)?, &DataType::Utf8)?;
                let (patterns, texts) = (as_string_array(&patterns)?, as_string_array(&texts)?);
                let verdicts: BooleanArray = patterns
                    .iter()
                    .zip(texts)
                    .map(|(pattern, text)| pattern.zip(text).map(|(pattern, text)| glob_matches(pattern, text)))
                    .collect();
                Ok(ColumnarValue::Array(Arc::new(verdicts)))
            }
        }
    }
}

/// Whether all of `text` fits `pattern`.
fn glob_matches(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // Where to go on when what follows the last `*` does not fit: the star takes one character more. Stars before it
    // need no second look, since they could only take what this one can.
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let mut ahead = pattern.clone();
        let fits = match ahead.next() {
            None => text.as_str().is_empty(),
            Some('*') => {
                retry = Some((ahead.clone(), text.clone()));
                pattern = ahead;
                continue;
            }
            Some(expected) => match text.clone().next() {
                None => false,
                Some(c) => match expected {
                    '?' => true,
                    '[' => class_matches(&mut ahead, c),
                    _ => expected == c,
                },
            },
        };
        let is_done = pattern.as_str().is_empty();
        if fits && is_done {
            return true;
        }
        if fits {
            pattern = ahead;
            text.next();
            continue;
        }
        let Some((after_star, taken)) = &mut retry else { return false };
        if taken.next().is_none() {
            return false;
        }
        pattern = after_star.clone();
        text = taken.clone();
    }
}

/// Whether `c` is in the class that `rest` begins with, behind its `[`; moves `rest` behind the class.
fn class_matches(rest: &mut std::str::Chars<'_>, c: char) -> bool {
    let mut next = rest.next();
    let is_negated = next == Some('^');
    if is_negated {
        next = rest.next();
    }
    let mut is_in = false;
    let mut before: Option<char> = None;
    // A `]` in the first place is a member.
    if next == Some(']') {
        is_in |= c == ']';
        before = next;
        next = rest.next();
    }
    loop {
        match next {
            // A class without end fits nothing.
            None => return false,
            Some(']') => return is_in != is_negated,
            Some('-') => match (before, rest.clone().next()) {
                (Some(first), Some(last)) if last != ']' => {
                    is_in |= first <= c && c <= last;
                    rest.next();
                    before = None;
                }
                _ => {
                    is_in |= c == '-';
                    before = Some('-');
                }
            },
            Some(member) => {
                is_in |= c == member;
                before = Some(member);
            }
        }
        next = rest.next();
    }
}

#[cfg(test)]
mod tests {
    use super::glob_matches;

    #[test]
    fn patterns_fit_as_in_sqlite() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("a*c", "abbbc", true),
            ("a*c", "abbbcd", false),
            ("*mem*cpy*", "cudaMemcpyAsync memcpy", true),
            ("Mem*", "memcpy", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("[^a-c]x", "dx", true),
            ("[]x]", "]", true),
            ("[]x]", "x", true),
            ("[a-]", "-", true),
            ("[abc", "a", false),
            ("*a*b*c", "xaybzc", true),
            ("*aab", "aaab", true),
            ("日?語", "日本語", true),
        ] {
            assert_eq!(glob_matches(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        assert!(!glob_matches(&"*a".repeat(50), &"b".repeat(50_000)));
    }
}
