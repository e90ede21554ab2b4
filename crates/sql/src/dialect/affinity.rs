//! Type names: what `CAST(x AS …)` makes, by SQLite's rule of what the name contains.
//!
//! SQLite has one whole number of 64 bits, whatever it is called. `INT` of 32 bits would make `CAST(ts AS INT)` fail on
//! every real trace.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::sql::sqlparser::ast;

/// SQLite's reading of type names.
#[derive(Debug)]
pub(crate) struct Affinity;

impl TypePlanner for Affinity {
    fn plan_type_field(&self, sql_type: &ast::DataType) -> Result<Option<FieldRef>> {
        Ok(data_type_of(&sql_type.to_string()).map(|data_type| Arc::new(Field::new("", data_type, true))))
    }
}

/// The type that a name means; `None` for names that the engine may read its own way.
pub(super) fn data_type_of(name: &str) -> Option<DataType> {
    let name = name.to_uppercase();
    let has_any = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    // An interval is a type of the engine's that has INT in its name.
    if has_any(&["INTERVAL", "POINT"]) {
        return None;
    }
    // `LONG` and `STRING` are Perfetto's.
    if has_any(&["INT", "LONG"]) {
        return Some(DataType::Int64);
    }
    if has_any(&["CHAR", "CLOB", "TEXT", "STRING"]) {
        return Some(DataType::Utf8);
    }
    if has_any(&["BLOB", "BYTES"]) {
        return Some(DataType::Binary);
    }
    has_any(&["REAL", "FLOA", "DOUB"]).then_some(DataType::Float64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_what_they_mean_in_sqlite() {
        for (name, expected) in [
            ("INT", Some(DataType::Int64)),
            ("TINYINT", Some(DataType::Int64)),
            ("UNSIGNED BIG INT", Some(DataType::Int64)),
            ("LONG", Some(DataType::Int64)),
            ("VARCHAR(20)", Some(DataType::Utf8)),
            ("text", Some(DataType::Utf8)),
            ("DOUBLE PRECISION", Some(DataType::Float64)),
            ("FLOAT", Some(DataType::Float64)),
            ("BLOB", Some(DataType::Binary)),
            ("INTERVAL", None),
            ("BOOLEAN", None),
            ("DATE", None),
        ] {
            assert_eq!(data_type_of(name), expected, "{name}");
        }
    }
}
