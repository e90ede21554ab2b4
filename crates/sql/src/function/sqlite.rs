//! SQLite's scalar functions that the engine lacks or means differently.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::mixed;
use super::per_row::{
    ADDEND, ANY, ARGUMENT, BLOBS, CAST_INT, CAST_REAL, CAST_TEXT, DECLARED_INT, DECLARED_REAL, Definition, Gives,
    MIXED, NUMBER, REAL, TEXT, TEXTS, TRUTH, WHOLE, WITH_CHECKS,
};
use super::printf;
use super::value::{Number, Value, real_text, whole_number};

/// Compares as SQLite compares a numeric column with a text: `__compare(left, right)` is -1, 0, 1 or null.
pub(crate) const COMPARE: &str = "__compare";
/// The same without taking a text for a number.
pub(crate) const COMPARE_PLAIN: &str = "__compare_plain";
/// What equal values have in common: a real number without a fraction is a whole one.
pub(crate) const KEY: &str = "__key";
/// The same, where a text that is a number counts as one.
pub(crate) const KEY_OF_NUMBER: &str = "__key_of_number";
/// The whole number that a number is equal to; null for any other.
pub(crate) const WHOLE_KEY: &str = "__whole_key";
/// A text in whose order mixed values are, where the engine orders by texts and not by bytes.
pub(crate) const ORDER_KEY: &str = "__order_key";
/// The operators of arithmetic where one side is no column of numbers; what they give is mixed.
pub(crate) const ADD: &str = "__add_mixed";
/// `-`.
pub(crate) const SUBTRACT: &str = "__subtract_mixed";
/// `*`.
pub(crate) const MULTIPLY: &str = "__multiply_mixed";
/// `/`.
pub(crate) const DIVIDE: &str = "__divide_mixed";
/// `%`.
pub(crate) const MODULO: &str = "__modulo_mixed";
/// The number below zero, or above.
pub(crate) const NEGATE: &str = "__negate_mixed";
/// The smallest of several values.
pub(crate) const SCALAR_MIN: &str = "__scalar_min";
/// The largest of several values.
pub(crate) const SCALAR_MAX: &str = "__scalar_max";
/// `substr` with its counting from the end.
pub(crate) const SUBSTR: &str = "__substr";
/// Bits moved to the left.
pub(crate) const SHIFT_LEFT: &str = "__shift_left";
/// Bits moved to the right.
pub(crate) const SHIFT_RIGHT: &str = "__shift_right";
/// Every bit turned over.
pub(crate) const BIT_NOT: &str = "__bit_not";
/// `round`, which gives a real number whatever it gets.
pub(crate) const ROUND: &str = "__round";

/// The functions.
pub(super) const DEFINITIONS: &[Definition] = &[
    Definition { name: TRUTH, num_args: 1..=1, gives: Gives::Boolean, compute: |args| Ok(truth(&args[0])) },
    Definition { name: NUMBER, num_args: 1..=1, gives: Gives::Number, compute: |args| Ok(number(&args[0])) },
    Definition { name: ADDEND, num_args: 1..=1, gives: Gives::Number, compute: |args| Ok(addend(&args[0])) },
    Definition { name: ORDER_KEY, num_args: 1..=1, gives: Gives::Text, compute: |args| Ok(order_key(&args[0])) },
    Definition { name: KEY, num_args: 1..=1, gives: Gives::Mixed, compute: |args| Ok(key(args[0].clone())) },
    Definition {
        name: KEY_OF_NUMBER,
        num_args: 1..=1,
        gives: Gives::Mixed,
        compute: |args| Ok(key(args[0].clone().with_numeric_affinity())),
    },
    Definition { name: WHOLE_KEY, num_args: 1..=1, gives: Gives::Int, compute: |args| Ok(whole_key(&args[0])) },
    Definition { name: MIXED, num_args: 1..=1, gives: Gives::Mixed, compute: |args| Ok(args[0].clone()) },
    Definition { name: ADD, num_args: 2..=2, gives: Gives::Mixed, compute: |args| Ok(arithmetic(args, ADD)) },
    Definition { name: SUBTRACT, num_args: 2..=2, gives: Gives::Mixed, compute: |args| Ok(arithmetic(args, SUBTRACT)) },
    Definition { name: MULTIPLY, num_args: 2..=2, gives: Gives::Mixed, compute: |args| Ok(arithmetic(args, MULTIPLY)) },
    Definition { name: DIVIDE, num_args: 2..=2, gives: Gives::Mixed, compute: |args| Ok(arithmetic(args, DIVIDE)) },
    Definition { name: MODULO, num_args: 2..=2, gives: Gives::Mixed, compute: |args| Ok(arithmetic(args, MODULO)) },
    Definition {
        name: NEGATE,
        num_args: 1..=1,
        gives: Gives::Mixed,
        compute: |args| Ok(arithmetic(&[Value::Int(0), args[0].clone()], SUBTRACT)),
    },
    Definition { name: TEXT, num_args: 1..=1, gives: Gives::SameText, compute: |args| Ok(args[0].clone()) },
    Definition { name: CAST_TEXT, num_args: 1..=1, gives: Gives::SameText, compute: |args| Ok(args[0].clone()) },
    Definition { name: CAST_INT, num_args: 1..=1, gives: Gives::Int, compute: |args| Ok(args[0].clone()) },
    Definition { name: CAST_REAL, num_args: 1..=1, gives: Gives::Real, compute: |args| Ok(args[0].clone()) },
    Definition { name: DECLARED_INT, num_args: 2..=2, gives: Gives::Int, compute: declared_number },
    Definition { name: DECLARED_REAL, num_args: 2..=2, gives: Gives::Real, compute: declared_number },
    Definition { name: ARGUMENT, num_args: 5..=5, gives: Gives::First, compute: argument },
    Definition { name: WITH_CHECKS, num_args: 2..=ANY, gives: Gives::First, compute: |args| Ok(args[0].clone()) },
    Definition { name: COMPARE, num_args: 2..=2, gives: Gives::Int, compute: compare },
    Definition { name: COMPARE_PLAIN, num_args: 2..=2, gives: Gives::Int, compute: compare_plain },
    Definition {
        name: SCALAR_MIN,
        num_args: 2..=ANY,
        gives: Gives::Common,
        compute: |args| Ok(extreme(args, Ordering::Less)),
    },
    Definition {
        name: SCALAR_MAX,
        num_args: 2..=ANY,
        gives: Gives::Common,
        compute: |args| Ok(extreme(args, Ordering::Greater)),
    },
    Definition { name: SUBSTR, num_args: 2..=3, gives: Gives::Text, compute: substr },
    Definition { name: SHIFT_LEFT, num_args: 2..=2, gives: Gives::Int, compute: |args| Ok(shift(args, false)) },
    Definition { name: SHIFT_RIGHT, num_args: 2..=2, gives: Gives::Int, compute: |args| Ok(shift(args, true)) },
    Definition {
        name: BIT_NOT,
        num_args: 1..=1,
        gives: Gives::Int,
        compute: |args| Ok(int_or_null(args[0].to_int().map(|value| !value))),
    },
    Definition { name: ROUND, num_args: 1..=2, gives: Gives::Real, compute: |args| Ok(round(args)) },
    Definition { name: "printf", num_args: 1..=ANY, gives: Gives::Text, compute: print },
    Definition { name: "format", num_args: 1..=ANY, gives: Gives::Text, compute: print },
    Definition { name: "hex", num_args: 1..=1, gives: Gives::Text, compute: |args| Ok(hex(&args[0])) },
    Definition { name: "unhex", num_args: 1..=2, gives: Gives::Blob, compute: |args| Ok(unhex(args)) },
    Definition { name: "unicode", num_args: 1..=1, gives: Gives::Int, compute: |args| Ok(unicode(&args[0])) },
    Definition { name: "char", num_args: 0..=ANY, gives: Gives::Text, compute: |args| Ok(chars(args)) },
    Definition { name: "quote", num_args: 1..=1, gives: Gives::Text, compute: |args| Ok(Value::text(quote(&args[0]))) },
    Definition {
        name: "typeof",
        num_args: 1..=1,
        gives: Gives::Text,
        compute: |args| Ok(Value::Text(Cow::Borrowed(type_name(&args[0])))),
    },
    Definition { name: "sign", num_args: 1..=1, gives: Gives::Int, compute: |args| Ok(sign(&args[0])) },
    Definition {
        name: "sqlite_version",
        num_args: 0..=0,
        gives: Gives::Text,
        compute: |_| Ok(Value::Text(Cow::Borrowed("3.50.0"))),
    },
    Definition { name: "zeroblob", num_args: 1..=1, gives: Gives::Blob, compute: zeroblob },
];

fn int_or_null(value: Option<i64>) -> Value<'static> {
    value.map_or(Value::Null, Value::Int)
}

fn truth<'a>(value: &Value<'a>) -> Value<'a> {
    value.to_truth().map_or(Value::Null, Value::truth)
}

fn number<'a>(value: &Value<'a>) -> Value<'a> {
    match value.to_number() {
        Some(Number::Int(value)) => Value::Int(value),
        Some(Number::Real(value)) => Value::Real(value),
        None => Value::Null,
    }
}

fn compare<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    if args.iter().any(Value::is_null) {
        return Ok(Value::Null);
    }
    let (left, right) = (args[0].clone().with_numeric_affinity(), args[1].clone().with_numeric_affinity());
    Ok(Value::Int(left.compare(&right) as i64))
}

fn order_key<'a>(value: &Value<'a>) -> Value<'a> {
    let mut bytes = Vec::new();
    match mixed::encode(value, &mut bytes) {
        true => Value::text(hex_of(&bytes)),
        false => Value::Null,
    }
}

fn key(value: Value<'_>) -> Value<'_> {
    match whole_key(&value) {
        Value::Null => value,
        whole => whole,
    }
}

fn whole_key<'a>(value: &Value<'a>) -> Value<'a> {
    match value {
        Value::Int(value) => Value::Int(*value),
        // The first one that no whole number reaches is out.
        Value::Real(value) if value.fract() == 0.0 && *value >= i64::MIN as f64 && *value < i64::MAX as f64 => {
            Value::Int(*value as i64)
        }
        _ => Value::Null,
    }
}

fn compare_plain<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    match args {
        [left, right] if !left.is_null() && !right.is_null() => Ok(Value::Int(left.compare(right) as i64)),
        _ => Ok(Value::Null),
    }
}

fn addend<'a>(value: &Value<'a>) -> Value<'a> {
    match value.clone().with_numeric_affinity() {
        Value::Null => Value::Null,
        Value::Int(value) => Value::Int(value),
        other => other.to_real().map_or(Value::Null, Value::Real),
    }
}

/// An operator of arithmetic on two values, by the operator's function.
fn arithmetic<'a>(args: &[Value<'a>], operator: &str) -> Value<'a> {
    let [left, right] = args else { return Value::Null };
    if operator == MODULO {
        return modulo(left, right);
    }
    let (Some(left), Some(right)) = (left.to_number(), right.to_number()) else { return Value::Null };
    if let (Number::Int(left), Number::Int(right)) = (left, right) {
        let result = match operator {
            ADD => left.checked_add(right),
            SUBTRACT => left.checked_sub(right),
            MULTIPLY => left.checked_mul(right),
            _ if right == 0 => return Value::Null,
            _ => left.checked_div(right),
        };
        if let Some(result) = result {
            return Value::Int(result);
        }
    }
    let (left, right) = (left.to_real(), right.to_real());
    let result = match operator {
        ADD => left + right,
        SUBTRACT => left - right,
        MULTIPLY => left * right,
        _ if right == 0.0 => return Value::Null,
        _ => left / right,
    };
    // SQLite has no value for what is no number.
    if result.is_nan() { Value::Null } else { Value::Real(result) }
}

/// What is left of a division of the whole parts.
fn modulo<'a>(left: &Value<'a>, right: &Value<'a>) -> Value<'a> {
    let (Some(left_number), Some(right_number)) = (left.to_number(), right.to_number()) else { return Value::Null };
    let (Some(left), Some(right)) = (number(left).to_int(), number(right).to_int()) else { return Value::Null };
    if right == 0 {
        return Value::Null;
    }
    // The smallest number divided by -1 leaves nothing, though the result does not fit.
    let rest = left.checked_rem(right).unwrap_or(0);
    match (left_number, right_number) {
        (Number::Int(_), Number::Int(_)) => Value::Int(rest),
        _ => Value::Real(rest as f64),
    }
}

fn extreme<'a>(args: &[Value<'a>], wanted: Ordering) -> Value<'a> {
    if args.iter().any(Value::is_null) {
        return Value::Null;
    }
    let better = |best: Value<'a>, value: &Value<'a>| if value.compare(&best) == wanted { value.clone() } else { best };
    match args.split_first() {
        Some((first, rest)) => rest.iter().fold(first.clone(), better),
        None => Value::Null,
    }
}

/// Characters from `start`, counted from 1, or from the end when negative; a negative length takes those before it.
fn substr<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    let (Some(text), Some(start)) = (args[0].to_text(), args[1].to_int()) else { return Ok(Value::Null) };
    let wanted = match args.get(2) {
        Some(length) => match length.to_int() {
            Some(length) => length,
            None => return Ok(Value::Null),
        },
        None => i64::MAX,
    };
    let num_chars = text.chars().count() as i128;
    let (mut start, mut wanted) = (i128::from(start), i128::from(wanted));
    let is_backward = wanted < 0;
    wanted = wanted.abs();
    if start < 0 {
        start += num_chars;
        if start < 0 {
            wanted = (wanted + start).max(0);
            start = 0;
        }
    } else if start > 0 {
        start -= 1;
    } else if wanted > 0 {
        // The place before the first character takes up one of the length.
        wanted -= 1;
    }
    if is_backward {
        start -= wanted;
        if start < 0 {
            wanted += start;
            start = 0;
        }
    }
    let (start, wanted) = (start.clamp(0, num_chars) as usize, wanted.clamp(0, num_chars) as usize);
    Ok(Value::text(text.chars().skip(start).take(wanted).collect::<String>()))
}

fn shift<'a>(args: &[Value<'a>], is_right: bool) -> Value<'a> {
    let (Some(value), Some(count)) = (args[0].to_int(), args[1].to_int()) else { return Value::Null };
    // A negative count moves the other way.
    let is_right = is_right != (count < 0);
    let count = u32::try_from(count.unsigned_abs()).unwrap_or(u32::MAX);
    Value::Int(match is_right {
        true => value >> count.min(63),
        false => value.checked_shl(count).unwrap_or(0),
    })
}

fn round<'a>(args: &[Value<'a>]) -> Value<'a> {
    /// SQLite's own limit.
    const MAX_PLACES: i64 = 30;
    let Some(value) = args[0].to_real() else { return Value::Null };
    let places = match args.get(1) {
        Some(places) => match places.to_int() {
            Some(places) => places.clamp(0, MAX_PLACES),
            None => return Value::Null,
        },
        None => 0,
    };
    /// From here on a real number has no fraction.
    const WHOLE_FROM: f64 = 4_503_599_627_370_496.0;
    if value.abs() >= WHOLE_FROM {
        return Value::Real(value);
    }
    if places == 0 {
        return Value::Real(if value < 0.0 { (value - 0.5).ceil() } else { (value + 0.5).floor() });
    }
    // Through the 15 digits that are shown, so that 2.675 is not the 2.67499… that it is stored as.
    Value::Real(printf::fixed(value, places as usize).parse().unwrap_or(value))
}

fn print<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    let Some((format, rest)) = args.split_first() else { return Ok(Value::Null) };
    match format.to_text() {
        Some(format) => Ok(Value::text(printf::print(&format, rest))),
        None => Ok(Value::Null),
    }
}

fn bytes_of<'v>(value: &'v Value<'_>) -> Cow<'v, [u8]> {
    match value {
        Value::Blob(bytes) => Cow::Borrowed(bytes),
        other => Cow::Owned(other.to_text().unwrap_or_default().as_bytes().to_vec()),
    }
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn hex<'a>(value: &Value<'a>) -> Value<'a> {
    Value::text(hex_of(&bytes_of(value)))
}

/// The bytes that a text of hexadecimal digits means; null for any other text.
fn unhex<'a>(args: &[Value<'a>]) -> Value<'a> {
    let Some(text) = args[0].to_text() else { return Value::Null };
    let ignored = match args.get(1).map(Value::to_text) {
        Some(None) => return Value::Null,
        Some(Some(ignored)) => ignored.into_owned(),
        None => String::new(),
    };
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut chars = text.chars();
    while let Some(first) = chars.next() {
        let Some(high) = first.to_digit(16) else {
            match ignored.contains(first) {
                true => continue,
                false => return Value::Null,
            }
        };
        let Some(low) = chars.next().and_then(|second| second.to_digit(16)) else { return Value::Null };
        bytes.push((high * 16 + low) as u8);
    }
    Value::Blob(Cow::Owned(bytes))
}

fn unicode<'a>(value: &Value<'a>) -> Value<'a> {
    int_or_null(value.to_text().and_then(|text| text.chars().next()).map(|first| i64::from(u32::from(first))))
}

fn chars<'a>(args: &[Value<'a>]) -> Value<'a> {
    let char_of = |value: &Value<'_>| {
        let code = value.to_int().and_then(|code| u32::try_from(code).ok());
        code.map_or(char::REPLACEMENT_CHARACTER, |code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    };
    Value::text(args.iter().map(char_of).collect::<String>())
}

/// The value as a literal of the language.
pub(super) fn quote(value: &Value<'_>) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Int(value) => value.to_string(),
        Value::Real(value) => real_text(*value),
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Blob(bytes) => format!("X'{}'", hex_of(bytes)),
    }
}

fn type_name(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Int(_) => "integer",
        Value::Real(_) => "real",
        Value::Text(_) => "text",
        Value::Blob(_) => "blob",
    }
}

fn sign<'a>(value: &Value<'a>) -> Value<'a> {
    match value.clone().with_numeric_affinity() {
        Value::Int(value) => Value::Int(value.signum()),
        Value::Real(0.0) => Value::Int(0),
        Value::Real(value) => Value::Int(value.signum() as i64),
        _ => Value::Null,
    }
}

fn zeroblob<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    /// SQLite's own limit of one value.
    const MAX_BYTES: i64 = 1_000_000_000;
    match args[0].to_int() {
        None => Ok(Value::Null),
        Some(len) if len > MAX_BYTES => Err(format!("zeroblob of {len} bytes is too big")),
        Some(len) => Ok(Value::Blob(Cow::Owned(vec![0; usize::try_from(len).unwrap_or(0)]))),
    }
}

/// The number that a function gives which is declared to give one. A text that is a number may stand for it, since a
/// column here has one type; any other would silently be 0.
fn declared_number<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    let [value, function] = args else { return Err("a value and a function are expected".to_owned()) };
    match check_number(value) {
        Ok(()) => Ok(value.clone()),
        Err(found) => {
            Err(format!("`{}` is declared to give a number, but gives {found}", function.to_text().unwrap_or_default()))
        }
    }
}

/// An argument, when it is of the kind that is declared: the value, the kind, the type as declared, the function, the
/// parameter.
fn argument<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    let [value, kind, type_name, function, parameter] = args else { return Err("five values are expected".to_owned()) };
    let text = |value: &Value<'_>| value.to_text().unwrap_or_default().into_owned();
    check_argument(value, &text(kind), &text(type_name), &text(function), &text(parameter))?;
    Ok(value.clone())
}

/// Says which argument is of another kind than the function declares.
pub(crate) fn check_argument(
    value: &Value<'_>,
    kind: &str,
    type_name: &str,
    function: &str,
    parameter: &str,
) -> Result<(), String> {
    let fits = match value {
        Value::Null => true,
        Value::Int(_) => matches!(kind, WHOLE | REAL),
        // A column of both kinds of numbers may have real ones only.
        Value::Real(value) => kind == REAL || (kind == WHOLE && value.fract() == 0.0),
        Value::Text(_) => kind == TEXTS,
        Value::Blob(_) => kind == BLOBS,
    };
    if fits || kind.is_empty() {
        return Ok(());
    }
    let found = match value {
        Value::Text(text) => format!("the text `{text}`"),
        Value::Blob(_) => "a blob".to_owned(),
        Value::Real(value) => format!("the real number {}", real_text(*value)),
        other => format!("the number {}", other.to_text().unwrap_or_default()),
    };
    let type_name = type_name.to_uppercase();
    Err(format!("`{function}`: the argument `{parameter}` is declared as {type_name}, which is {kind}, but is {found}"))
}

/// Says what a value is that is no number.
pub(super) fn check_number(value: &Value<'_>) -> Result<(), String> {
    match value {
        Value::Text(text) if whole_number(text).is_none() => Err(format!("the text `{text}`")),
        Value::Blob(_) => Err("a blob".to_owned()),
        _ => Ok(()),
    }
}
