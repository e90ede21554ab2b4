//! Argument nodes: a slice's arguments as a tree that can be opened, arrays and objects included.
//!
//! The model keeps nested values as their JSON text; here they become children, element by element. Numbers go to a page
//! whose numbers are doubles: whole numbers that a double cannot hold are given as text, with the type of a number.

use kinetoscope_model::ArgValue;
use serde::Serialize;
use serde_json::Value;

/// One argument, or an element of one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArgNode {
    /// Key as the file spells it; `[0]` for the first element of an array.
    pub key: String,
    /// The value: text, number, true or false; null for nothing, arrays and objects.
    pub value: Value,
    /// `int`, `real`, `text`, `bool`, `null`, `array` or `object`; `json` for a nested value that cannot be read.
    pub r#type: &'static str,
    /// Elements of an array or object.
    pub children: Vec<ArgNode>,
}

/// The largest whole number up to which a double holds every one.
const MAX_EXACT: u64 = 1 << 53;

/// The arguments of a set as nodes.
pub fn arg_nodes<'a>(args: impl Iterator<Item = (&'a str, ArgValue<'a>)>) -> Vec<ArgNode> {
    args.map(|(key, value)| arg_node(key, value)).collect()
}

fn arg_node(key: &str, value: ArgValue<'_>) -> ArgNode {
    let (value, r#type) = match value {
        ArgValue::Int(value) => (whole(value.unsigned_abs(), || Value::from(value), value.to_string()), "int"),
        ArgValue::UInt(value) => (whole(value, || Value::from(value), value.to_string()), "int"),
        ArgValue::Real(value) => (real(value), "real"),
        ArgValue::Text(text) => (Value::from(text), "text"),
        ArgValue::Bool(value) => (Value::from(value), "bool"),
        ArgValue::Null => (Value::Null, "null"),
        ArgValue::Json(text) => match serde_json::from_str::<Value>(text) {
            Ok(value) => return json_node(key.to_owned(), value),
            Err(_) => (Value::from(text), "json"),
        },
    };
    ArgNode { key: key.to_owned(), value, r#type, children: Vec::new() }
}

fn whole(size: u64, exact: impl FnOnce() -> Value, text: String) -> Value {
    if size <= MAX_EXACT { exact() } else { Value::from(text) }
}

/// JSON has no infinities and no NaN; these are given as text.
fn real(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or_else(|| Value::from(value.to_string()), Value::Number)
}

/// The nesting of `value` is bounded by the parser that made it.
fn json_node(key: String, value: Value) -> ArgNode {
    let leaf = |value, r#type| (value, r#type, Vec::new());
    let (value, r#type, children) = match value {
        Value::Null => leaf(Value::Null, "null"),
        Value::Bool(value) => leaf(Value::Bool(value), "bool"),
        Value::String(text) => leaf(Value::String(text), "text"),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => leaf(whole(value.unsigned_abs(), || Value::from(value), value.to_string()), "int"),
            (None, Some(value)) => leaf(whole(value, || Value::from(value), value.to_string()), "int"),
            (None, None) => leaf(Value::Number(number), "real"),
        },
        Value::Array(elements) => {
            let children = elements.into_iter().enumerate();
            let children = children.map(|(index, value)| json_node(format!("[{index}]"), value)).collect();
            (Value::Null, "array", children)
        }
        Value::Object(fields) => {
            let children = fields.into_iter().map(|(key, value)| json_node(key, value)).collect();
            (Value::Null, "object", children)
        }
    };
    ArgNode { key, value, r#type, children }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_shown_as_it_is() {
        let args = [
            ("stream", ArgValue::Int(-7)),
            ("address", ArgValue::Int(139_637_976_727_552_001)),
            ("huge", ArgValue::UInt(u64::MAX)),
            ("ratio", ArgValue::Real(0.5)),
            ("odd", ArgValue::Real(f64::NAN)),
            ("Collective name", ArgValue::Text("allreduce")),
            ("is_async", ArgValue::Bool(true)),
            ("none", ArgValue::Null),
            ("grid", ArgValue::Json("[12, [1.5, \"x\"]]")),
            ("map", ArgValue::Json("{\"a\": {\"b\": 18446744073709551615}}")),
            ("cut", ArgValue::Json("[12,")),
        ];
        let nodes = arg_nodes(args.into_iter());
        let json = serde_json::to_value(&nodes).expect("nodes are JSON");
        let leaf = |key: &str, value: Value, r#type: &str| serde_json::json!({"key": key, "value": value, "type": r#type, "children": []});
        let expected = serde_json::json!([
            leaf("stream", (-7).into(), "int"),
            leaf("address", "139637976727552001".into(), "int"),
            leaf("huge", "18446744073709551615".into(), "int"),
            leaf("ratio", 0.5.into(), "real"),
            leaf("odd", "NaN".into(), "real"),
            leaf("Collective name", "allreduce".into(), "text"),
            leaf("is_async", true.into(), "bool"),
            leaf("none", Value::Null, "null"),
            {"key": "grid", "value": null, "type": "array", "children": [
                leaf("[0]", 12.into(), "int"),
                {"key": "[1]", "value": null, "type": "array", "children": [
                    leaf("[0]", 1.5.into(), "real"),
                    leaf("[1]", "x".into(), "text"),
                ]},
            ]},
            {"key": "map", "value": null, "type": "object", "children": [
                {"key": "a", "value": null, "type": "object", "children": [
                    leaf("b", "18446744073709551615".into(), "int"),
                ]},
            ]},
            leaf("cut", "[12,".into(), "json"),
        ]);
        assert_eq!(json, expected);
    }

    #[test]
    fn nesting_without_end_stays_text() {
        let text = "[".repeat(100_000);
        let nodes = arg_nodes([("deep", ArgValue::Json(&text))].into_iter());
        assert_eq!((nodes[0].r#type, nodes[0].children.len()), ("json", 0));
    }
}
