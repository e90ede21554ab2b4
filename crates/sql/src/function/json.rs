//! JSON functions: texts that hold JSON, read, taken apart and put together.
//!
//! SQLite marks the result of a JSON function as JSON, so that `json_array(json_object(…))` nests. A column cannot carry
//! such a mark. Whether an argument is JSON is seen in the text of the call instead, and the rewriter passes it as a
//! first argument: a letter for each argument.

use std::fmt;
use std::fmt::Write as _;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::per_row::{ANY, Definition, Gives};
use super::value::{Value, real_text};

/// `json_array` after its marks.
pub(crate) const ARRAY: &str = "__json_array";
/// `json_object` after its marks.
pub(crate) const OBJECT: &str = "__json_object";
/// `json_quote` after its marks.
pub(crate) const QUOTE: &str = "__json_quote";
/// `->`.
pub(crate) const ARROW: &str = "__json_arrow";
/// `->>`.
pub(crate) const LONG_ARROW: &str = "__json_long_arrow";
/// One member of a JSON object for `json_group_object`.
pub(crate) const MEMBER: &str = "__json_member";

/// The mark of an argument that is JSON.
pub(crate) const IS_JSON: char = 'j';
/// The mark of an argument that is JSON when it is an object or an array.
pub(crate) const MAY_BE_JSON: char = 'x';
/// The mark of any other argument.
pub(crate) const IS_VALUE: char = 'v';

/// The functions.
pub(super) const DEFINITIONS: &[Definition] = &[
    Definition { name: "json", num_args: 1..=1, gives: Gives::Text, compute: json },
    Definition { name: "json_valid", num_args: 1..=2, gives: Gives::Int, compute: json_valid },
    Definition { name: "json_type", num_args: 1..=2, gives: Gives::Text, compute: json_type },
    Definition { name: "json_array_length", num_args: 1..=2, gives: Gives::Int, compute: json_array_length },
    Definition { name: "json_extract", num_args: 2..=ANY, gives: Gives::Varying, compute: json_extract },
    Definition { name: ARRAY, num_args: 1..=ANY, gives: Gives::Text, compute: json_array },
    Definition { name: OBJECT, num_args: 1..=ANY, gives: Gives::Text, compute: json_object },
    Definition { name: QUOTE, num_args: 2..=2, gives: Gives::Text, compute: json_quote },
    Definition { name: MEMBER, num_args: 3..=3, gives: Gives::Text, compute: json_member },
    Definition { name: ARROW, num_args: 2..=2, gives: Gives::Text, compute: arrow },
    Definition { name: LONG_ARROW, num_args: 2..=2, gives: Gives::Varying, compute: long_arrow },
];

/// A JSON value that keeps the order of its members.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Null,
    Boolean(bool),
    Int(i64),
    Real(f64),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyJson;

        impl<'de> Visitor<'de> for AnyJson {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Boolean(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(Json::Int(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(i64::try_from(value).map_or(Json::Real(value as f64), Json::Int))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
                Ok(Json::Real(value))
            }

            fn visit_str<E>(self, value: &str) -> Result<Json, E> {
                Ok(Json::Text(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
                let mut array = Vec::new();
                while let Some(item) = items.next_element()? {
                    array.push(item);
                }
                Ok(Json::Array(array))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
                let mut object = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    object.push(entry);
                }
                Ok(Json::Object(object))
            }
        }

        deserializer.deserialize_any(AnyJson)
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Real(value) => f.write_str(&real_text(*value)),
            Self::Text(text) => write_text(f, text),
            Self::Array(items) => {
                f.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    let comma = if index > 0 { "," } else { "" };
                    write!(f, "{comma}{item}")?;
                }
                f.write_char(']')
            }
            Self::Object(members) => {
                f.write_char('{')?;
                for (index, (name, value)) in members.iter().enumerate() {
                    f.write_str(if index > 0 { "," } else { "" })?;
                    write_text(f, name)?;
                    write!(f, ":{value}")?;
                }
                f.write_char('}')
            }
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}

impl Json {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|_| "malformed JSON".to_owned())
    }

    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(true) => "true",
            Self::Boolean(false) => "false",
            Self::Int(_) => "integer",
            Self::Real(_) => "real",
            Self::Text(_) => "text",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// The value as SQL sees it.
    pub(super) fn to_value(&self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Boolean(value) => Value::truth(*value),
            Self::Int(value) => Value::Int(*value),
            Self::Real(value) => Value::Real(*value),
            Self::Text(text) => Value::text(text.clone()),
            Self::Array(_) | Self::Object(_) => Value::text(self.to_string()),
        }
    }

    /// A value of SQL as JSON.
    fn of_value(value: &Value<'_>, mark: char) -> Result<Self, String> {
        Ok(match value {
            Value::Null => Self::Null,
            Value::Int(value) => Self::Int(*value),
            Value::Real(value) => Self::Real(*value),
            Value::Text(text) => match mark {
                IS_JSON => Self::parse(text)?,
                MAY_BE_JSON => match Self::parse(text) {
                    Ok(json @ (Self::Array(_) | Self::Object(_))) => json,
                    _ => Self::Text(text.clone().into_owned()),
                },
                _ => Self::Text(text.clone().into_owned()),
            },
            Value::Blob(_) => return Err("JSON cannot hold BLOB values".to_owned()),
        })
    }

    /// What `path` (`$.a[0]."b c"[#-1]`) leads to.
    pub(super) fn find(&self, path: &str) -> Result<Option<&Self>, String> {
        let wrong = || format!("bad JSON path: `{path}`");
        let mut rest = path.strip_prefix('$').ok_or_else(wrong)?;
        let mut found = Some(self);
        while !rest.is_empty() {
            if let Some(after_dot) = rest.strip_prefix('.') {
                let (name, after) = match after_dot.strip_prefix('"') {
                    Some(quoted) => quoted.split_once('"').ok_or_else(wrong)?,
                    None => after_dot.split_at(after_dot.find(['.', '[']).unwrap_or(after_dot.len())),
                };
                if name.is_empty() {
                    return Err(wrong());
                }
                rest = after;
                found = match found {
                    Some(Self::Object(members)) => {
                        members.iter().find(|(member, _)| member == name).map(|(_, value)| value)
                    }
                    _ => None,
                };
            } else if let Some(after_bracket) = rest.strip_prefix('[') {
                let (index, after) = after_bracket.split_once(']').ok_or_else(wrong)?;
                rest = after;
                let items: &[Self] = match found {
                    Some(Self::Array(items)) => items,
                    _ => &[],
                };
                let index = match index.strip_prefix('#') {
                    Some("") => Some(items.len()),
                    Some(back) => {
                        let back: usize =
                            back.strip_prefix('-').and_then(|back| back.parse().ok()).ok_or_else(wrong)?;
                        items.len().checked_sub(back)
                    }
                    None => Some(index.parse().map_err(|_| wrong())?),
                };
                found = index.and_then(|index| items.get(index));
            } else {
                return Err(wrong());
            }
        }
        Ok(found)
    }
}

fn json<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    match args[0].to_text() {
        Some(text) => Ok(Value::text(Json::parse(&text)?.to_string())),
        None => Ok(Value::Null),
    }
}

fn json_valid<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    Ok(match args[0].to_text() {
        Some(text) => Value::truth(Json::parse(&text).is_ok()),
        None => Value::Null,
    })
}

/// Does `then` with what the second argument of `args`, a path, leads to in the first.
fn with_found<'a>(args: &[Value<'a>], then: impl FnOnce(&Json) -> Value<'static>) -> Result<Value<'a>, String> {
    let Some(text) = args[0].to_text() else { return Ok(Value::Null) };
    let json = Json::parse(&text)?;
    let found = match args.get(1) {
        Some(path) => match path.to_text() {
            Some(path) => json.find(&path)?,
            None => None,
        },
        None => Some(&json),
    };
    Ok(found.map_or(Value::Null, then))
}

fn json_type<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    with_found(args, |json| Value::text(json.type_name()))
}

fn json_array_length<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    with_found(args, |json| match json {
        Json::Array(items) => Value::Int(items.len() as i64),
        _ => Value::Int(0),
    })
}

fn json_extract<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    if args.len() == 2 {
        return with_found(args, Json::to_value);
    }
    let Some(text) = args[0].to_text() else { return Ok(Value::Null) };
    let json = Json::parse(&text)?;
    let mut items = Vec::new();
    for path in &args[1..] {
        let Some(path) = path.to_text() else { return Ok(Value::Null) };
        items.push(json.find(&path)?.cloned().unwrap_or(Json::Null));
    }
    Ok(Value::text(Json::Array(items).to_string()))
}

fn arrow<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    with_found(&[args[0].clone(), short_path(&args[1])], |json| Value::text(json.to_string()))
}

fn long_arrow<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    with_found(&[args[0].clone(), short_path(&args[1])], Json::to_value)
}

/// The arrows take a name or a number for a path.
fn short_path<'a>(path: &Value<'a>) -> Value<'a> {
    match path {
        Value::Int(index) if *index < 0 => Value::text(format!("$[#{index}]")),
        Value::Int(index) => Value::text(format!("$[{index}]")),
        Value::Text(text) if !text.starts_with('$') => match text.starts_with('[') {
            true => Value::text(format!("${text}")),
            false => Value::text(format!("$.\"{text}\"")),
        },
        other => other.clone(),
    }
}

/// The arguments behind the first with their marks, which the first holds.
fn marked<'v, 'a>(args: &'v [Value<'a>]) -> impl Iterator<Item = (&'v Value<'a>, char)> {
    let marks: Vec<char> = match args.first() {
        Some(Value::Text(marks)) => marks.chars().collect(),
        _ => Vec::new(),
    };
    args.iter().skip(1).zip(marks.into_iter().chain(std::iter::repeat(IS_VALUE)))
}

fn json_array<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    let items = marked(args).map(|(value, mark)| Json::of_value(value, mark)).collect::<Result<Vec<_>, _>>()?;
    Ok(Value::text(Json::Array(items).to_string()))
}

fn json_object<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    let mut pairs = marked(args);
    let mut members = Vec::new();
    while let Some((name, _)) = pairs.next() {
        let Value::Text(name) = name else { return Err("json_object() labels must be TEXT".to_owned()) };
        let Some((value, mark)) = pairs.next() else {
            return Err("json_object() requires an even number of arguments".to_owned());
        };
        members.push((name.clone().into_owned(), Json::of_value(value, mark)?));
    }
    Ok(Value::text(Json::Object(members).to_string()))
}

fn json_quote<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    match marked(args).next() {
        Some((value, mark)) => Ok(Value::text(Json::of_value(value, mark)?.to_string())),
        None => Ok(Value::Null),
    }
}

fn json_member<'a>(args: &[Value<'a>]) -> Result<Value<'a>, String> {
    let mut pair = marked(args);
    let (Some((name, _)), Some((value, mark))) = (pair.next(), pair.next()) else { return Ok(Value::Null) };
    let name = Json::Text(name.to_text().unwrap_or_default().into_owned());
    Ok(Value::text(format!("{name}:{}", Json::of_value(value, mark)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_members_and_items() {
        let json = Json::parse(r#"{"b":1,"a":[10,{"c d":"x"},2.5],"z":null}"#).expect("JSON");
        for (path, expected) in [
            ("$", Some(r#"{"b":1,"a":[10,{"c d":"x"},2.5],"z":null}"#)),
            ("$.b", Some("1")),
            ("$.a[0]", Some("10")),
            ("$.a[#-1]", Some("2.5")),
            ("$.a[1].\"c d\"", Some("\"x\"")),
            ("$.a[7]", None),
            ("$.nope.x", None),
            ("$.z", Some("null")),
        ] {
            assert_eq!(json.find(path).expect("a path").map(Json::to_string).as_deref(), expected, "{path}");
        }
        for wrong in ["b", "$b", "$.a[", "$.a[x]", "$."] {
            assert!(json.find(wrong).is_err(), "{wrong}");
        }
    }
}
