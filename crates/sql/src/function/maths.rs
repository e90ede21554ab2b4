//! SQLite's mathematical functions.
//!
//! They take numbers and texts that are numbers. Anything else, and every result that is no number, is null; the
//! engine's own functions fail on the first and give NaN for the second.

use super::per_row::{Definition, Gives};
use super::value::{Number, Value, whole_number};

/// A function of one real number.
macro_rules! of_one {
    ($name:literal, $function:expr) => {
        Definition {
            name: $name,
            num_args: 1..=1,
            gives: Gives::Real,
            compute: |args| Ok(real(number(&args[0]).map(|x| $function(x.to_real())))),
        }
    };
}

/// A function of two real numbers.
macro_rules! of_two {
    ($name:literal, $function:expr) => {
        Definition {
            name: $name,
            num_args: 2..=2,
            gives: Gives::Real,
            compute: |args| {
                let both = number(&args[0]).zip(number(&args[1]));
                Ok(real(both.map(|(x, y)| $function(x.to_real(), y.to_real()))))
            },
        }
    };
}

/// A function that leaves whole numbers as they are.
macro_rules! to_whole {
    ($name:literal, $function:expr) => {
        Definition {
            name: $name,
            num_args: 1..=1,
            gives: Gives::Number,
            compute: |args| {
                Ok(match number(&args[0]) {
                    Some(Number::Int(value)) => Value::Int(value),
                    Some(Number::Real(value)) => real(Some($function(value))),
                    None => Value::Null,
                })
            },
        }
    };
}

/// The functions.
pub(super) const DEFINITIONS: &[Definition] = &[
    of_one!("acos", f64::acos),
    of_one!("acosh", f64::acosh),
    of_one!("asin", f64::asin),
    of_one!("asinh", f64::asinh),
    of_one!("atan", f64::atan),
    of_one!("atanh", f64::atanh),
    of_one!("cos", f64::cos),
    of_one!("cosh", f64::cosh),
    of_one!("degrees", f64::to_degrees),
    of_one!("exp", f64::exp),
    of_one!("ln", |x| logarithm(x).map_or(f64::NAN, f64::ln)),
    of_one!("log10", |x| logarithm(x).map_or(f64::NAN, f64::log10)),
    of_one!("log2", |x| logarithm(x).map_or(f64::NAN, f64::log2)),
    of_one!("radians", f64::to_radians),
    of_one!("sin", f64::sin),
    of_one!("sinh", f64::sinh),
    of_one!("sqrt", f64::sqrt),
    of_one!("tan", f64::tan),
    of_one!("tanh", f64::tanh),
    of_two!("atan2", f64::atan2),
    of_two!("mod", |x: f64, y: f64| x % y),
    of_two!("pow", f64::powf),
    of_two!("power", f64::powf),
    to_whole!("ceil", f64::ceil),
    to_whole!("ceiling", f64::ceil),
    to_whole!("floor", f64::floor),
    to_whole!("trunc", f64::trunc),
    // The base comes first; without one it is 10.
    Definition { name: "log", num_args: 1..=2, gives: Gives::Real, compute: |args| Ok(real(log(args))) },
    Definition { name: "pi", num_args: 0..=0, gives: Gives::Real, compute: |_| Ok(Value::Real(std::f64::consts::PI)) },
];

/// The number that a value is; a text has to be one from its first to its last character.
fn number(value: &Value<'_>) -> Option<Number> {
    match value {
        Value::Int(value) => Some(Number::Int(*value)),
        Value::Real(value) => Some(Number::Real(*value)),
        Value::Text(text) => whole_number(text),
        Value::Null | Value::Blob(_) => None,
    }
}

fn real<'a>(value: Option<f64>) -> Value<'a> {
    value.filter(|value| !value.is_nan()).map_or(Value::Null, Value::Real)
}

/// Only what is above 0 has a logarithm.
fn logarithm(x: f64) -> Option<f64> {
    (x > 0.0).then_some(x)
}

fn log(args: &[Value<'_>]) -> Option<f64> {
    let of = |value: &Value<'_>| number(value).and_then(|number| logarithm(number.to_real()));
    match args {
        [x] => of(x).map(f64::log10),
        [base, x] => {
            let base = of(base)?.ln();
            // A base of 1 has no logarithm, and one below 1 turns the sign.
            let x = of(x)?.ln();
            (base != 0.0).then(|| x / base)
        }
        _ => None,
    }
}
