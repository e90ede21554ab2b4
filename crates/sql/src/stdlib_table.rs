//! `__intrinsic_stdlib_…`: what modules say of themselves, as tables.
//!
//! `__intrinsic_stdlib_modules` lists modules, `…_objects` what they define, `…_args` and `…_columns` the parameters and
//! columns of those. `…_tables`, `…_functions` and `…_macros` are the objects of one kind.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use datafusion::catalog::{MemTable, TableProvider};
use serde::Serialize;

use crate::module_doc::{FieldDoc, ObjectDoc, is_private, modules};
use crate::table_provider::ID;

/// What the names of the tables begin with.
pub(crate) const PREFIX: &str = "__intrinsic_stdlib_";

/// Rows of texts, of which some columns are whole numbers; null is `None`.
struct Rows {
    columns: &'static [&'static str],
    rows: Vec<Vec<Option<String>>>,
}

/// Columns that are whole numbers.
const NUMBERS: [&str; 1] = ["exposed"];

/// The table `name` without the prefix; `None` when there is none of that name.
pub(crate) fn table(name: &str) -> Option<Arc<dyn TableProvider>> {
    let rows = match name {
        "modules" => module_rows(),
        "objects" => object_rows(&|_| true),
        "tables" => object_rows(&|object| matches!(object.object_type, "table" | "view")),
        "functions" => object_rows(&|object| matches!(object.object_type, "function" | "table_function")),
        "macros" => object_rows(&|object| object.object_type == "macro"),
        "args" => field_rows(&|object| &object.parameters),
        "columns" => field_rows(&|object| &object.columns),
        _ => return None,
    };
    let data_type = |name: &str| if NUMBERS.contains(&name) { DataType::Int64 } else { DataType::Utf8 };
    let fields = rows.columns.iter().map(|name| Field::new(*name, data_type(name), true));
    let schema = std::iter::once(Field::new(ID, DataType::Int64, false)).chain(fields).collect::<Vec<_>>();
    let schema = Arc::new(Schema::new(schema));
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows.rows.len() as i64));
    let values = rows.columns.iter().enumerate().map(|(column, name)| -> ArrayRef {
        let texts = rows.rows.iter().map(|row| row[column].as_deref());
        match data_type(name) {
            DataType::Int64 => Arc::new(texts.map(|text| text?.parse().ok()).collect::<Int64Array>()),
            _ => Arc::new(texts.collect::<StringArray>()),
        }
    });
    let batch = RecordBatch::try_new(Arc::clone(&schema), std::iter::once(ids).chain(values).collect()).ok()?;
    Some(Arc::new(MemTable::try_new(schema, vec![vec![batch]]).ok()?))
}

fn package_of(module: &str) -> String {
    module.split('.').next().unwrap_or_default().to_owned()
}

fn module_rows() -> Rows {
    let rows = modules()
        .iter()
        .map(|module| vec![Some(module.name.clone()), Some(package_of(&module.name)), Some(module.doc.clone())]);
    Rows { columns: &["module", "package", "description"], rows: rows.collect() }
}

/// Fields as JSON, with the words that the tables use.
fn fields_json(fields: &[FieldDoc]) -> Option<String> {
    #[derive(Serialize)]
    struct Described<'a> {
        name: &'a str,
        #[serde(rename = "type")]
        type_name: &'a str,
        description: &'a str,
    }

    let described =
        fields.iter().map(|FieldDoc { name, type_name, doc }| Described { name, type_name, description: doc });
    serde_json::to_string(&described.collect::<Vec<_>>()).ok()
}

fn object_rows(is_meant: &dyn Fn(&ObjectDoc) -> bool) -> Rows {
    let mut rows = Vec::new();
    for module in modules() {
        for object in module.objects.iter().filter(|object| is_meant(object)) {
            rows.push(vec![
                Some(object.object_type.to_owned()),
                Some(module.name.clone()),
                Some(package_of(&module.name)),
                Some(object.name.clone()),
                Some(object.doc.clone()),
                Some(if is_private(&object.name) { "0" } else { "1" }.to_owned()),
                object.returns.clone(),
                // What a value is, is what the function is.
                object.returns.as_ref().map(|_| object.doc.clone()),
                fields_json(&object.parameters),
                fields_json(&object.columns),
            ]);
        }
    }
    let columns = &[
        "object_type",
        "module",
        "package",
        "name",
        "description",
        "exposed",
        "return_type",
        "return_description",
        "args",
        "cols",
    ];
    Rows { columns, rows }
}

fn field_rows(fields_of: &dyn Fn(&ObjectDoc) -> &Vec<FieldDoc>) -> Rows {
    let mut rows = Vec::new();
    for module in modules() {
        for object in &module.objects {
            for field in fields_of(object) {
                rows.push(vec![
                    Some(module.name.clone()),
                    Some(object.name.clone()),
                    Some(field.name.clone()),
                    Some(field.type_name.clone()),
                    Some(field.doc.clone()),
                ]);
            }
        }
    }
    Rows { columns: &["module", "object_name", "name", "type", "description"], rows }
}
