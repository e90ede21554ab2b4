//! Argument rows: the arguments of one set as Perfetto's `args` table lists them.
//!
//! The model keeps arrays and objects as JSON text; Perfetto has one row per leaf. `{"grid": [4, 1]}` becomes
//!
//! ```text
//! flat_key    key            int_value
//! args.grid   args.grid[0]   4
//! args.grid   args.grid[1]   1
//! ```
//!
//! `null`, `[]` and `{}` give no row. A name with blanks or dots in it stays as it is. JSON that cannot be read stays one
//! row of text.

use std::fmt;

use kinetoscope_model::ArgValue;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// What every key of a JSON trace starts with.
pub(crate) const PREFIX: &str = "args.";

/// The value of one row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Leaf {
    Int(i64),
    UInt(u64),
    Real(f64),
    Text(String),
    Bool(bool),
}

impl Leaf {
    /// Perfetto's word for the kind.
    pub(crate) fn value_type(&self) -> &'static str {
        match self {
            Self::Int(_) => "int",
            Self::UInt(_) => "uint",
            Self::Real(_) => "real",
            Self::Text(_) => "string",
            Self::Bool(_) => "bool",
        }
    }
}

impl fmt::Display for Leaf {
    /// The value as people read it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(value) => value.fmt(f),
            Self::UInt(value) => value.fmt(f),
            // With a decimal point always, so that 2.0 is not taken for a whole number.
            Self::Real(value) => write!(f, "{value:?}"),
            Self::Text(text) => f.write_str(text),
            Self::Bool(value) => value.fmt(f),
        }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ArgRow {
    /// Key without places in arrays.
    pub(crate) flat_key: String,
    /// Key with them.
    pub(crate) key: String,
    pub(crate) value: Leaf,
}

/// Calls `give` for each row of the argument `key`, which is spelled as in the file.
pub(crate) fn for_each_row(key: &str, value: ArgValue<'_>, give: &mut dyn FnMut(ArgRow)) {
    let leaf = match value {
        ArgValue::Int(value) => Leaf::Int(value),
        ArgValue::UInt(value) => Leaf::UInt(value),
        ArgValue::Real(value) => Leaf::Real(value),
        ArgValue::Text(text) => Leaf::Text(text.to_owned()),
        ArgValue::Bool(value) => Leaf::Bool(value),
        ArgValue::Null => return,
        ArgValue::Json(text) => match flatten(key, text) {
            Ok(rows) => return rows.into_iter().for_each(give),
            Err(_) => Leaf::Text(text.to_owned()),
        },
    };
    let key = format!("{PREFIX}{key}");
    give(ArgRow { flat_key: key.clone(), key, value: leaf });
}

/// The rows of an array or object.
fn flatten(key: &str, json: &str) -> Result<Vec<ArgRow>, serde_json::Error> {
    let path = format!("{PREFIX}{key}");
    let mut flattener = Flattener { flat_key: path.clone(), key: path, rows: Vec::new() };
    let mut deserializer = serde_json::Deserializer::from_str(json);
    flattener.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(flattener.rows)
}

/// Walks JSON without building a tree of it.
struct Flattener {
    flat_key: String,
    key: String,
    rows: Vec<ArgRow>,
}

impl Flattener {
    fn push(&mut self, value: Leaf) {
        self.rows.push(ArgRow { flat_key: self.flat_key.clone(), key: self.key.clone(), value });
    }

    /// Runs `inside` with longer keys.
    fn below<T>(&mut self, flat: &str, full: &str, inside: impl FnOnce(&mut Self) -> T) -> T {
        let (flat_len, full_len) = (self.flat_key.len(), self.key.len());
        self.flat_key.push_str(flat);
        self.key.push_str(full);
        let result = inside(self);
        self.flat_key.truncate(flat_len);
        self.key.truncate(full_len);
        result
    }
}

impl<'de> DeserializeSeed<'de> for &mut Flattener {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Flattener {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.push(Leaf::Bool(value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.push(Leaf::Int(value));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.push(i64::try_from(value).map_or(Leaf::UInt(value), Leaf::Int));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.push(Leaf::Real(value));
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.push(Leaf::Text(value.to_owned()));
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut index = 0;
        while self.below("", &format!("[{index}]"), |inner| items.next_element_seed(inner))?.is_some() {
            index += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(name) = entries.next_key::<String>()? {
            let step = format!(".{name}");
            self.below(&step, &step, |inner| entries.next_value_seed(inner))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(key: &str, value: ArgValue<'_>) -> Vec<(String, String, String, &'static str)> {
        let mut rows = Vec::new();
        for_each_row(key, value, &mut |row| {
            rows.push((row.flat_key, row.key, row.value.to_string(), row.value.value_type()));
        });
        rows
    }

    fn row(flat_key: &str, key: &str, value: &str, kind: &'static str) -> (String, String, String, &'static str) {
        (flat_key.to_owned(), key.to_owned(), value.to_owned(), kind)
    }

    #[test]
    fn plain_values_give_one_row() {
        assert_eq!(rows("External id", ArgValue::Int(7)), [row("args.External id", "args.External id", "7", "int")]);
        assert_eq!(rows("x", ArgValue::Real(2.0)), [row("args.x", "args.x", "2.0", "real")]);
        assert_eq!(rows("x", ArgValue::UInt(u64::MAX)), [row("args.x", "args.x", "18446744073709551615", "uint")]);
        assert_eq!(rows("x", ArgValue::Bool(true)), [row("args.x", "args.x", "true", "bool")]);
        assert_eq!(rows("x", ArgValue::Null), []);
    }

    #[test]
    fn arrays_and_objects_give_one_row_per_leaf() {
        assert_eq!(
            rows("Input Dims", ArgValue::Json("[[2, 3], [], [4]]")),
            [
                row("args.Input Dims", "args.Input Dims[0][0]", "2", "int"),
                row("args.Input Dims", "args.Input Dims[0][1]", "3", "int"),
                row("args.Input Dims", "args.Input Dims[2][0]", "4", "int"),
            ]
        );
        assert_eq!(
            rows("o", ArgValue::Json(r#"{"z": {"k": "v", "n": null}, "a": [1.5, true], "e": {}}"#)),
            [
                row("args.o.z.k", "args.o.z.k", "v", "string"),
                row("args.o.a", "args.o.a[0]", "1.5", "real"),
                row("args.o.a", "args.o.a[1]", "true", "bool"),
            ]
        );
    }

    #[test]
    fn json_that_cannot_be_read_stays_text() {
        for text in ["[1, NaN]", "[1,", "[1] x", &"[".repeat(10_000)] {
            assert_eq!(rows("x", ArgValue::Json(text)), [row("args.x", "args.x", text, "string")]);
        }
    }
}
