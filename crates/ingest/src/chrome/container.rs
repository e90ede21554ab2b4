//! Containers: arguments that are lists or objects. They are kept as text, so what is to be known of them is found in it.
//!
//! Shapes of tensors and launch grids are most of them, in every event, so what they hardly ever have is looked for by
//! its letters first.

use crate::chrome::cursor::Cursor;

/// Whether a number in a list or object is NaN or infinite, which JSON does not know.
pub(crate) fn has_non_finite(text: &[u8]) -> bool {
    // All spellings have an n: NaN, Infinity, inf. So has null.
    if memchr::memchr2(b'n', b'N', text).is_none() {
        return false;
    }
    let mut cursor = Cursor::new(text, 0);
    while let Some(at) = memchr::memchr3(b'"', b'n', b'N', &text[cursor.position..]) {
        cursor.position += at;
        if text[cursor.position] == b'"' {
            if cursor.string().is_err() {
                return false;
            }
            continue;
        }
        let is_of_word = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let start = cursor.position - text[..cursor.position].iter().rev().take_while(is_of_word).count();
        let end = cursor.position + text[cursor.position..].iter().take_while(is_of_word).count();
        let word = std::str::from_utf8(&text[start..end]).unwrap_or_default();
        if word.parse::<f64>().is_ok_and(|number| !number.is_finite()) {
            return true;
        }
        cursor.position = end;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_json_does_not_know_are_found_in_all_spellings() {
        for text in ["[NaN]", r#"{"a": [1, [-Infinity]]}"#, "[nan, 1]", r#"["n", inf]"#, "[1, Infinity ]"] {
            assert!(has_non_finite(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn texts_and_null_are_no_numbers() {
        for text in [r#"["NaN", "a\"inf"]"#, "[null, 1e999]", r#"{"Infinity": [1, 2]}"#, r#"["int", ["float"]]"#, "[]"]
        {
            assert!(!has_non_finite(text.as_bytes()), "{text}");
        }
    }
}
