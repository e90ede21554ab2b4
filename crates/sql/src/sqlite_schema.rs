//! What SQLite tells of its own tables: `sqlite_schema`, `pragma_table_info('t')` and the statements `PRAGMA …`.
//!
//! The rewriter and the statement reader turn these into names that begin with [`COLUMNS`], so that a table of columns is
//! planned like any other. A pragma that would change something changes nothing, and one that nobody knows gives no
//! rows: both is what SQLite does with what it does not know.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::common::Result;
use datafusion::logical_expr::TableType;

use crate::catalog::Catalog;
use crate::function::mixed::is_mixed;
use crate::table_provider::ID;

/// What the name of a table of columns begins with, without and with those that `*` leaves out.
pub(crate) const COLUMNS: [(&str, &str); 2] =
    [("pragma_table_info", "__pragma_table_info:"), ("pragma_table_xinfo", "__pragma_table_xinfo:")];

/// The names of the table of tables.
const SCHEMA_TABLES: [&str; 4] = ["sqlite_schema", "sqlite_master", "sqlite_temp_schema", "sqlite_temp_master"];

/// Pragmas that tell one number or word, and what.
const TOLD: [(&str, &str); 8] = [
    ("application_id", "0"),
    ("encoding", "'UTF-8'"),
    ("foreign_keys", "0"),
    ("query_only", "1"),
    ("schema_version", "0"),
    ("user_version", "0"),
    ("page_count", "0"),
    ("freelist_count", "0"),
];

/// The table that describes `described` under a name of ours: the name without its beginning, and the beginning.
pub(crate) fn described_by(name: &str) -> Option<(&str, bool)> {
    let [(_, info), (_, xinfo)] = COLUMNS;
    match name.strip_prefix(info) {
        Some(described) => Some((described, false)),
        None => name.strip_prefix(xinfo).map(|described| (described, true)),
    }
}

/// Whether the name means the table of tables.
pub(crate) fn is_schema_table(name: &str) -> bool {
    SCHEMA_TABLES.contains(&name)
}

/// The query that a pragma stands for; `None` when it tells nothing.
pub(crate) fn query_of_pragma(name: &str, argument: Option<&str>) -> Option<String> {
    let quoted = |text: &str| text.replace('\'', "''");
    match (name, argument) {
        ("table_info", Some(table)) => Some(format!("SELECT * FROM pragma_table_info('{}')", quoted(table))),
        ("table_xinfo", Some(table)) => Some(format!("SELECT * FROM pragma_table_xinfo('{}')", quoted(table))),
        ("table_list", table) => {
            let wanted = table.map(|table| format!(" WHERE s.name = '{}'", quoted(table))).unwrap_or_default();
            Some(format!(
                "SELECT 'main' AS schema, s.name AS name, s.type AS type, \
                 (SELECT count(*) FROM sqlite_schema) * 0 AS ncol, 0 AS wr, 0 AS strict FROM sqlite_schema s{wanted}"
            ))
        }
        ("database_list", None) => Some("SELECT 0 AS seq, 'main' AS name, '' AS file".to_owned()),
        (name, None) => {
            let (name, told) = TOLD.iter().find(|(known, _)| *known == name)?;
            Some(format!("SELECT {told} AS {name}"))
        }
        _ => None,
    }
}

fn type_name(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Float64 => "REAL",
        DataType::Binary => "BLOB",
        data_type if is_mixed(data_type) => "",
        data_type if data_type.is_integer() || *data_type == DataType::Boolean => "INTEGER",
        _ => "TEXT",
    }
}

fn ints(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

fn texts(values: impl Iterator<Item = String>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

fn table(columns: Vec<(&str, ArrayRef)>) -> Result<Arc<dyn TableProvider>> {
    let field = |(name, column): &(&str, ArrayRef)| Field::new(*name, column.data_type().clone(), true);
    let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    let rows = RecordBatch::try_new(Arc::clone(&schema), columns)?;
    Ok(Arc::new(MemTable::try_new(schema, vec![vec![rows]])?))
}

/// The columns of a table or view as SQLite lists them; no rows for a name that nothing has.
pub(crate) fn columns_of(schema: Option<&Schema>, has_hidden: bool) -> Result<Arc<dyn TableProvider>> {
    let fields: Vec<&Field> = schema.into_iter().flat_map(|schema| schema.fields()).map(AsRef::as_ref).collect();
    let all = || fields.iter();
    let mut columns = vec![
        ("cid", ints(0..fields.len() as i64)),
        ("name", texts(all().map(|field| field.name().clone()))),
        ("type", texts(all().map(|field| type_name(field.data_type()).to_owned()))),
        ("notnull", ints(all().map(|_| 0))),
        ("dflt_value", Arc::new(StringArray::new_null(fields.len())) as ArrayRef),
        ("pk", ints(all().map(|field| i64::from(field.name() == ID)))),
    ];
    if has_hidden {
        columns.push(("hidden", ints(all().map(|_| 0))));
    }
    table(columns)
}

/// Every table and view that a person may type.
pub(crate) fn tables_of(catalog: &Catalog) -> Result<Arc<dyn TableProvider>> {
    let listed = catalog.listed();
    let kind = |table_type: &TableType| if *table_type == TableType::View { "view" } else { "table" };
    table(vec![
        ("type", texts(listed.iter().map(|entry| kind(&entry.table_type).to_owned()))),
        ("name", texts(listed.iter().map(|entry| entry.name.clone()))),
        ("tbl_name", texts(listed.iter().map(|entry| entry.name.clone()))),
        ("rootpage", ints(listed.iter().map(|_| 0))),
        ("sql", Arc::new(listed.iter().map(|entry| entry.text.clone()).collect::<StringArray>()) as ArrayRef),
    ])
}
