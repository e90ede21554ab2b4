//! Perfetto's scalar functions that look at nothing but their arguments.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;

use cpp_demangle::Symbol;
use regex::{NoExpand, Regex, RegexBuilder};

use super::per_row::{ANY, Definition, Gives};
use super::value::Value;

/// `regexp(pattern, text, flags)`.
pub(crate) const REGEXP: &str = "__regexp";
/// `unhex` of one argument, which is a number.
pub(crate) const UNHEX: &str = "__unhex_number";

/// The functions.
pub(super) const DEFINITIONS: &[Definition] = &[
    Definition { name: REGEXP, num_args: 2..=3, gives: Gives::Boolean, compute: regexp },
    Definition { name: "regexp_extract", num_args: 2..=2, gives: Gives::Text, compute: regexp_extract },
    Definition { name: "regexp_replace_simple", num_args: 3..=3, gives: Gives::Text, compute: regexp_replace },
    Definition { name: "str_split", num_args: 3..=3, gives: Gives::Text, compute: str_split },
    Definition { name: UNHEX, num_args: 1..=1, gives: Gives::Int, compute: |args| Ok(unhex(&args[0])) },
    Definition { name: "base64_encode", num_args: 1..=1, gives: Gives::Text, compute: |args| Ok(encode(&args[0])) },
    Definition { name: "base64_decode", num_args: 1..=1, gives: Gives::Blob, compute: |args| Ok(decode(&args[0])) },
    Definition { name: "hash", num_args: 1..=ANY, gives: Gives::Int, compute: hash },
    Definition { name: "demangle", num_args: 1..=1, gives: Gives::Text, compute: |args| Ok(demangle(&args[0])) },
    Definition { name: "__intrinsic_strip_hex", num_args: 2..=2, gives: Gives::Text, compute: strip_hex },
    Definition { name: "__intrinsic_zstd_compress", num_args: 1..=1, gives: Gives::Blob, compute: zstd_compress },
];

/// Calls `with` with the compiled pattern.
///
/// A query has few patterns and many rows, and a pattern is compiled once for each thread.
fn with_pattern<T>(
    pattern: &str,
    ignores_case: bool,
    with: impl FnOnce(&Regex) -> Result<T, String>,
) -> Result<T, String> {
    /// More patterns than that come from a column, and are forgotten again.
    const MAX_KEPT: usize = 64;

    thread_local! {
        static COMPILED: RefCell<HashMap<(String, bool), Regex>> = RefCell::default();
    }

    COMPILED.with_borrow_mut(|compiled| {
        let key = (pattern.to_owned(), ignores_case);
        if !compiled.contains_key(&key) {
            if compiled.len() >= MAX_KEPT {
                compiled.clear();
            }
            let built = RegexBuilder::new(pattern).case_insensitive(ignores_case).build();
            let regex = built.map_err(|error| {
                let message = error.to_string();
                let reason = message.lines().last().unwrap_or_default().trim().trim_start_matches("error: ");
                format!("`{pattern}` is no regular expression: {reason}")
            })?;
            compiled.insert(key.clone(), regex);
        }
        match compiled.get(&key) {
            Some(regex) => with(regex),
            None => Err(format!("`{pattern}` is no regular expression")),
        }
    })
}

/// Whether the pattern matches a part of the text; the flag `i` ignores case, `c` does not.
fn regexp<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    let (Some(pattern), Some(text)) = (args[0].to_text(), args[1].to_text()) else { return Ok(Value::Null) };
    let flags = match args.get(2).map(Value::to_text) {
        Some(None) => return Ok(Value::Null),
        Some(Some(flags)) => flags.into_owned(),
        None => String::new(),
    };
    let mut ignores_case = false;
    for flag in flags.chars() {
        match flag {
            'i' => ignores_case = true,
            'c' => ignores_case = false,
            other => return Err(format!("regexp knows the flags `i` and `c`, not `{other}`")),
        }
    }
    with_pattern(&pattern, ignores_case, |regex| Ok(Value::truth(regex.is_match(&text))))
}

/// What matches: the only group, or all of it where the pattern has no group.
fn regexp_extract<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    let (Some(text), Some(pattern)) = (args[0].to_text(), args[1].to_text()) else { return Ok(Value::Null) };
    with_pattern(&pattern, false, |regex| {
        // The whole match counts as one.
        let num_groups = regex.captures_len() - 1;
        if num_groups > 1 {
            return Err(format!("regexp_extract takes a pattern with at most one group, not {num_groups}"));
        }
        let found = regex.captures(&text).and_then(|captures| captures.get(num_groups));
        Ok(found.map_or(Value::Null, |found| Value::text(found.as_str())))
    })
}

/// Every match replaced by a text that means itself.
fn regexp_replace<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    let (Some(text), Some(pattern), Some(by)) = (args[0].to_text(), args[1].to_text(), args[2].to_text()) else {
        return Ok(Value::Null);
    };
    with_pattern(&pattern, false, |regex| Ok(Value::text(regex.replace_all(&text, NoExpand(&by)))))
}

/// The part number `args[2]`, from 0; null past the last one.
fn str_split<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    let (Some(text), Some(delimiter), Some(index)) = (args[0].to_text(), args[1].to_text(), args[2].to_int()) else {
        return Ok(Value::Null);
    };
    if delimiter.is_empty() {
        return Err("str_split needs a delimiter that is not empty".to_owned());
    }
    let Ok(index) = usize::try_from(index) else {
        return Err(format!("str_split counts parts from 0, and {index} is less"));
    };
    Ok(text.split(&*delimiter).nth(index).map_or(Value::Null, Value::text))
}

/// The number that hexadecimal digits mean, with or without `0x`; null for any other text.
fn unhex<'a>(value: &Value<'a>) -> Value<'a> {
    let Some(text) = value.to_text() else { return Value::Null };
    let text = text.trim();
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let digits = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")).unwrap_or(digits);
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return Value::Null;
    }
    match u64::from_str_radix(digits, 16) {
        // An id of 64 bits keeps its bits, as every whole number here.
        Ok(number) if is_negative => Value::Int((number as i64).wrapping_neg()),
        Ok(number) => Value::Int(number as i64),
        Err(_) => Value::Null,
    }
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes of a text or blob in base 64, with `=` at the end.
fn encode<'a>(value: &Value<'a>) -> Value<'a> {
    let bytes: Cow<'_, [u8]> = match value {
        Value::Null => return Value::Null,
        Value::Blob(bytes) => Cow::Borrowed(bytes),
        other => Cow::Owned(other.to_text().unwrap_or_default().as_bytes().to_vec()),
    };
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| (group << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            match place <= chunk.len() {
                true => text.push(char::from(BASE64[(group >> (18 - 6 * place)) as usize & 63])),
                false => text.push('='),
            }
        }
    }
    Value::text(text)
}

/// The bytes that a text in base 64 means; null when it is none.
fn decode<'a>(value: &Value<'a>) -> Value<'a> {
    let Some(text) = value.to_text() else { return Value::Null };
    let digits = text.trim_end_matches('=');
    // A group of four digits is three bytes; what is filled up may be left out, and one digit alone is no byte.
    let num_filled = text.len() - digits.len();
    if num_filled > 2 || digits.len() % 4 == 1 || (num_filled > 0 && !text.len().is_multiple_of(4)) {
        return Value::Null;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    let (mut group, mut num_bits) = (0_u32, 0);
    for digit in digits.bytes() {
        let Some(sextet) = BASE64.iter().position(|known| *known == digit) else { return Value::Null };
        group = (group << 6) | sextet as u32;
        num_bits += 6;
        if num_bits >= 8 {
            num_bits -= 8;
            bytes.push((group >> num_bits) as u8);
            group &= (1 << num_bits) - 1;
        }
    }
    Value::Blob(Cow::Owned(bytes))
}

/// 64-bit FNV-1a of all arguments: of a number its 8 bytes, the lowest first; of a text its bytes.
fn hash<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let mut digest = OFFSET;
    for (index, arg) in args.iter().enumerate() {
        let number;
        let bytes: &[u8] = match arg {
            Value::Int(value) => {
                number = value.to_le_bytes();
                &number
            }
            Value::Text(text) => text.as_bytes(),
            Value::Null | Value::Real(_) | Value::Blob(_) => {
                let kind = match arg {
                    Value::Null => "null",
                    Value::Real(_) => "a real number",
                    _ => "a blob",
                };
                return Err(format!("hash takes whole numbers and texts, and argument {} is {kind}", index + 1));
            }
        };
        for byte in bytes {
            digest = (digest ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
    }
    Ok(Value::Int(digest as i64))
}

/// The C++ name that a symbol of the Itanium rules stands for; null when it is none.
fn demangle<'a>(value: &Value<'a>) -> Value<'a> {
    let Some(text) = value.to_text() else { return Value::Null };
    // Without the prefix the library would read the encoding of a type (`i` is `int`).
    if !text.starts_with("_Z") && !text.starts_with("__Z") {
        return Value::Null;
    }
    match Symbol::new(text.as_bytes()).ok().and_then(|symbol| symbol.demangle().ok()) {
        Some(name) => Value::text(name),
        None => Value::Null,
    }
}

/// Runs of hexadecimal digits, of at least `args[1]` of them and with a decimal one among them, become `<num>`: names
/// that differ in addresses and numbers only become the same.
fn strip_hex<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    let (Some(text), Some(least)) = (args[0].to_text(), args[1].to_int()) else { return Ok(Value::Null) };
    let least = usize::try_from(least).ok().filter(|least| *least > 0);
    let Some(least) = least else {
        return Err("__intrinsic_strip_hex takes a number of digits above 0".to_owned());
    };
    let mut stripped = String::with_capacity(text.len());
    let mut rest: &str = &text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let run = &rest[start..];
        let len = run.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(run.len());
        let (run, behind) = run.split_at(len);
        stripped.push_str(&rest[..start]);
        match len >= least && run.contains(|c: char| c.is_ascii_digit()) {
            true => stripped.push_str("<num>"),
            false => stripped.push_str(run),
        }
        rest = behind;
    }
    stripped.push_str(rest);
    Ok(Value::text(stripped))
}

fn zstd_compress<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    let bytes: Cow<'_, [u8]> = match &args[0] {
        Value::Null => return Ok(Value::Null),
        Value::Blob(bytes) => Cow::Borrowed(bytes),
        other => Cow::Owned(other.to_text().unwrap_or_default().as_bytes().to_vec()),
    };
    match zstd::bulk::compress(&bytes, zstd::DEFAULT_COMPRESSION_LEVEL) {
        Ok(packed) => Ok(Value::Blob(Cow::Owned(packed))),
        Err(error) => Err(format!("__intrinsic_zstd_compress: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_64_follows_the_examples_of_its_rfc() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(encode(&Value::text(plain)), Value::text(coded));
            assert_eq!(decode(&Value::text(coded)), Value::Blob(Cow::Borrowed(plain.as_bytes())));
            assert_eq!(decode(&Value::text(coded.trim_end_matches('='))), Value::Blob(Cow::Borrowed(plain.as_bytes())));
        }
        for wrong in ["Z", "Zg=", "Zg===", "Z g=", "Zg==Zg=="] {
            assert_eq!(decode(&Value::text(wrong)), Value::Null, "{wrong}");
        }
    }

    #[test]
    fn the_hash_follows_the_published_test_values() {
        // From the page of the algorithm's authors: the hashes of the empty text, `a` and `foobar`.
        for (text, expected) in
            [("", 0xcbf2_9ce4_8422_2325_u64), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)]
        {
            assert_eq!(hash(&[Value::text(text)]), Ok(Value::Int(expected as i64)));
        }
        assert_eq!(hash(&[Value::text("foo"), Value::text("bar")]), hash(&[Value::text("foobar")]));
        assert_eq!(hash(&[Value::Int(1)]), hash(&[Value::text("\u{1}\0\0\0\0\0\0\0")]));
    }
}
