//! Calls of functions: SQLite's names and argument rules, as calls of functions that exist.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArguments, Ident, NullTreatment, ObjectName, OrderByExpr, OrderByOptions, Value, ValueWithSpan,
};

use super::grammar::call;
use super::truth::truth;
use crate::function::choice::CASE;
use crate::function::date_time;
use crate::function::distinct_texts::DISTINCT_TEXTS;
use crate::function::json;
use crate::function::per_row::{ADDEND, CAST_REAL, TEXT};
use crate::function::perfetto::{REGEXP, UNHEX};
use crate::function::sqlite::{ROUND, SCALAR_MAX, SCALAR_MIN, SUBSTR};
use crate::function::statement_time::STATEMENT_TIME;

/// Functions whose arguments are texts, whatever they are given.
const OF_TEXTS: [&str; 18] = [
    "length",
    "upper",
    "lower",
    "trim",
    "btrim",
    "ltrim",
    "rtrim",
    "replace",
    "instr",
    "reverse",
    "starts_with",
    "ends_with",
    "contains",
    "concat",
    "strpos",
    "initcap",
    "ascii",
    "md5",
];

/// Functions that are known with `__intrinsic_` before their names too.
const INTRINSIC: [&str; 17] = [
    "regexp",
    "regexp_extract",
    "regexp_replace_simple",
    "str_split",
    "reverse",
    "unhex",
    "base64_encode",
    "base64_decode",
    "hash",
    "demangle",
    "abs_time_str",
    "to_realtime",
    "to_monotonic",
    "extract_arg",
    "ln",
    "exp",
    "sqrt",
];

/// Functions that give JSON, by what is known of it.
const GIVING_JSON: [(&str, char); 8] = [
    ("json", json::IS_JSON),
    ("json_array", json::IS_JSON),
    ("json_object", json::IS_JSON),
    (json::ARRAY, json::IS_JSON),
    (json::OBJECT, json::IS_JSON),
    ("json_group_array", json::IS_JSON),
    ("json_group_object", json::IS_JSON),
    ("json_extract", json::MAY_BE_JSON),
];

/// Functions of dates, and what computes them from the time of the statement and the arguments.
const DATE_FUNCTIONS: [(&str, &str); 7] = [
    ("date", date_time::DATE),
    ("time", date_time::TIME),
    ("datetime", date_time::DATETIME),
    ("julianday", date_time::JULIANDAY),
    ("unixepoch", date_time::UNIXEPOCH),
    ("strftime", date_time::STRFTIME),
    ("timediff", date_time::TIMEDIFF),
];

/// The call's expression as it is to be planned; `None` when it may stay as it is.
pub(super) fn rewritten(function: &Function) -> Option<Expr> {
    let name = match function.name.0.as_slice() {
        [part] => part.as_ident()?.value.to_lowercase(),
        _ => return None,
    };
    let args = match &function.args {
        // `CURRENT_TIMESTAMP` has no parentheses.
        FunctionArguments::None => Vec::new(),
        _ => plain_args(function)?,
    };
    // The names that Perfetto's own functions delegate to.
    if let Some(public) = name.strip_prefix("__intrinsic_").filter(|public| INTRINSIC.contains(public)) {
        let renamed = with_args(function, public, args);
        return match &renamed {
            Expr::Function(function) => rewritten(function).or(Some(renamed)),
            _ => Some(renamed),
        };
    }
    match (name.as_str(), args.as_slice()) {
        ("iif" | "if", [condition, then]) => Some(case(condition, then, None)),
        ("iif" | "if", [condition, then, otherwise]) => Some(case(condition, then, Some(otherwise))),
        ("ifnull", [_, _]) => Some(call("coalesce", args)),
        ("nullif", [value, other]) => {
            let is_other = Expr::BinaryOp {
                left: Box::new(Expr::Nested(Box::new(value.clone()))),
                op: BinaryOperator::Eq,
                right: Box::new(Expr::Nested(Box::new(other.clone()))),
            };
            Some(call(CASE, [is_other, Expr::value(Value::Null), value.clone()]))
        }
        ("min", [_, _, ..]) => Some(call(SCALAR_MIN, args)),
        ("max", [_, _, ..]) => Some(call(SCALAR_MAX, args)),
        ("likely" | "unlikely", [arg]) | ("likelihood", [arg, _]) => Some(Expr::Nested(Box::new(arg.clone()))),
        ("round", [_] | [_, _]) => Some(call(ROUND, args)),
        ("regexp", [pattern, text]) => Some(call("regexp_like", [as_text(text), pattern.clone()])),
        ("regexp", [_, _, _]) => Some(call(REGEXP, args)),
        ("unhex", [_]) => Some(call(UNHEX, args)),
        ("like", [pattern, text]) => Some(like(pattern, text, None)),
        ("like", [pattern, text, Expr::Value(escape)]) => Some(like(pattern, text, Some(escape.clone()))),
        ("substr" | "substring", [text, start]) => Some(substr(text, start, None)),
        ("substr" | "substring", [text, start, length]) => Some(substr(text, start, Some(length))),
        ("sum", [arg]) if !is_number(arg) => Some(with_args(function, "sum", [call(ADDEND, [arg.clone()])])),
        ("avg", [arg]) if !is_number(arg) => Some(with_args(function, "avg", [call(CAST_REAL, [arg.clone()])])),
        ("total", [arg]) => {
            let sum = with_args(function, "sum", [call(CAST_REAL, [arg.clone()])]);
            Some(call("coalesce", [sum, number("0.0")]))
        }
        ("median", [arg]) => {
            Some(with_args(function, "percentile_cont", [call(CAST_REAL, [arg.clone()]), number("0.5")]))
        }
        // From 0 to 100; the engine's function takes a share and checks it.
        ("percentile", [arg, percent]) => {
            let share = match percent {
                Expr::Value(ValueWithSpan { value: Value::Number(digits, _), .. }) => {
                    let percent: f64 = digits.parse().ok()?;
                    number(&format!("{:?}", percent / 100.0))
                }
                _ => Expr::BinaryOp {
                    left: Box::new(Expr::Nested(Box::new(percent.clone()))),
                    op: BinaryOperator::Divide,
                    right: Box::new(number("100.0")),
                },
            };
            Some(with_args(function, "percentile_cont", [call(CAST_REAL, [arg.clone()]), share]))
        }
        ("current_date" | "current_time" | "current_timestamp", []) => {
            let name = match name.as_str() {
                "current_date" => date_time::DATE,
                "current_time" => date_time::TIME,
                _ => date_time::DATETIME,
            };
            Some(call(name, [call(STATEMENT_TIME, [])]))
        }
        (name, args) if DATE_FUNCTIONS.iter().any(|(written, _)| *written == name) => {
            let is_subsec = |arg: &Expr| {
                let word = |word: &str| *arg == text(word);
                word("subsec") || word("subsecond")
            };
            let (_, meant) = DATE_FUNCTIONS.iter().find(|(written, _)| *written == name)?;
            let meant = match *meant {
                date_time::UNIXEPOCH if args.iter().any(is_subsec) => date_time::UNIXEPOCH_SUBSEC,
                meant => meant,
            };
            Some(call(meant, std::iter::once(call(STATEMENT_TIME, [])).chain(args.iter().cloned())))
        }
        ("last_non_null", [_]) if function.over.is_some() => {
            let mut last = function.clone();
            last.name = ObjectName::from(vec![Ident::new("last_value")]);
            last.null_treatment = Some(NullTreatment::IgnoreNulls);
            Some(Expr::Function(last))
        }
        ("value_at_max_ts", [ts, value]) => {
            // Of several with the largest time the first one counts.
            let by_time = OrderByExpr {
                expr: ts.clone(),
                options: OrderByOptions { asc: Some(false), nulls_first: Some(false) },
                with_fill: None,
            };
            let mut first = function.clone();
            first.name = ObjectName::from(vec![Ident::new("first_value")]);
            if let FunctionArguments::List(list) = &mut first.args {
                list.args = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(value.clone()))];
                list.clauses = vec![FunctionArgumentClause::OrderBy(vec![by_time])];
            }
            Some(Expr::Function(first))
        }
        ("group_concat", [arg]) => Some(joined(function, arg, &text(","))),
        ("group_concat" | "string_agg", [arg, separator]) => Some(joined(function, arg, separator)),
        ("json_array", _) => Some(call(json::ARRAY, with_marks(args))),
        ("json_object", _) => Some(call(json::OBJECT, with_marks(args))),
        ("json_quote", [_]) => Some(call(json::QUOTE, with_marks(args))),
        ("json_group_array", [_]) => {
            let items = with_args(function, "string_agg", [call(json::QUOTE, with_marks(args)), text(",")]);
            Some(wrapped("[", items, "]"))
        }
        ("json_group_object", [_, _]) => {
            let members = with_args(function, "string_agg", [call(json::MEMBER, with_marks(args)), text(",")]);
            Some(wrapped("{", members, "}"))
        }
        (name, [_, ..]) if OF_TEXTS.contains(&name) && args.iter().any(|arg| !is_text(arg)) => {
            Some(with_args(function, name, args.iter().map(as_text)))
        }
        _ => None,
    }
}

/// `string_agg`, or the different ones of all values where those are asked for.
fn joined(function: &Function, arg: &Expr, separator: &Expr) -> Expr {
    let mut function = function.clone();
    if let FunctionArguments::List(list) = &mut function.args
        && list.duplicate_treatment == Some(DuplicateTreatment::Distinct)
    {
        list.duplicate_treatment = None;
        return call(DISTINCT_TEXTS, [with_args(&function, "array_agg", [as_text(arg)]), separator.clone()]);
    }
    with_args(&function, "string_agg", [as_text(arg), separator.clone()])
}

/// The arguments when they are nothing but expressions.
fn plain_args(function: &Function) -> Option<Vec<Expr>> {
    let FunctionArguments::List(list) = &function.args else { return None };
    list.args.iter().map(plain_arg).collect()
}

/// The argument when it is nothing but an expression.
pub(super) fn plain_arg(arg: &FunctionArg) -> Option<Expr> {
    match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
        _ => None,
    }
}

/// The call with other arguments, and with its `DISTINCT`, `FILTER` and `OVER`.
fn with_args(function: &Function, name: &str, args: impl IntoIterator<Item = Expr>) -> Expr {
    let mut function = function.clone();
    function.name = ObjectName::from(vec![Ident::new(name)]);
    if let FunctionArguments::List(list) = &mut function.args {
        list.args = args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).collect();
    }
    Expr::Function(function)
}

/// The arguments behind a text that says which of them are JSON.
fn with_marks(args: Vec<Expr>) -> Vec<Expr> {
    let mark = |arg: &Expr| match arg {
        Expr::Function(function) => {
            let name = function.name.to_string().to_lowercase();
            GIVING_JSON.iter().find(|(giving, _)| *giving == name).map_or(json::IS_VALUE, |(_, mark)| *mark)
        }
        Expr::BinaryOp { op: BinaryOperator::Arrow, .. } => json::IS_JSON,
        Expr::BinaryOp { op: BinaryOperator::StringConcat, left, .. } if is_wrapped(left) => json::IS_JSON,
        _ => json::IS_VALUE,
    };
    let marks: String = args.iter().map(mark).collect();
    std::iter::once(text(&marks)).chain(args).collect()
}

/// `open || coalesce(items, '') || close`.
fn wrapped(open: &str, items: Expr, close: &str) -> Expr {
    let concat =
        |left, right| Expr::BinaryOp { left: Box::new(left), op: BinaryOperator::StringConcat, right: Box::new(right) };
    concat(concat(text(open), call("coalesce", [items, text("")])), text(close))
}

/// Whether the left side of a concatenation is what [`wrapped`] begins with.
fn is_wrapped(left: &Expr) -> bool {
    match left {
        Expr::BinaryOp { op: BinaryOperator::StringConcat, left, .. } => **left == text("[") || **left == text("{"),
        _ => false,
    }
}

fn case(condition: &Expr, then: &Expr, otherwise: Option<&Expr>) -> Expr {
    call(CASE, [truth(condition.clone()), then.clone()].into_iter().chain(otherwise.cloned()))
}

fn like(pattern: &Expr, text: &Expr, escape_char: Option<ValueWithSpan>) -> Expr {
    super::rewrite::case_insensitive_like(Expr::Like {
        negated: false,
        any: false,
        expr: Box::new(text.clone()),
        pattern: Box::new(pattern.clone()),
        escape_char,
    })
}

/// The engine's `substr` where it counts like SQLite's: from a character that is there.
pub(super) fn substr(text: &Expr, start: &Expr, length: Option<&Expr>) -> Expr {
    let is_count = |expr: &Expr, least: i64| match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse::<i64>().is_ok_and(|count| count >= least),
            _ => false,
        },
        _ => false,
    };
    let name = match is_count(start, 1) && length.is_none_or(|length| is_count(length, 0)) {
        true => "substr",
        false => SUBSTR,
    };
    call(name, [as_text(text), start.clone()].into_iter().chain(length.cloned()))
}

/// The expression as a text.
pub(super) fn as_text(expr: &Expr) -> Expr {
    if is_text(expr) { expr.clone() } else { call(TEXT, [expr.clone()]) }
}

fn is_text(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_)))
}

fn is_number(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(value.value, Value::Number(..)))
}

fn text(text: &str) -> Expr {
    Expr::value(Value::SingleQuotedString(text.to_owned()))
}

fn number(digits: &str) -> Expr {
    Expr::value(Value::Number(digits.to_owned(), false))
}
