//! Declared columns: the types that `CREATE PERFETTO TABLE t(x LONG, …)` promises, kept or refused.
//!
//! Whole numbers may stand for real ones, and texts for numbers when every one of them is one: a column here has one
//! type, and what Perfetto would have as numbers may come as texts. Everything else that does not fit is an error.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_cast::cast;
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::error::SqlError;
use crate::function::mixed::is_mixed;
use crate::function::per_row::is_text;
use crate::function::user_defined::column_type;
use crate::function::value::{Number, Value, Values, ValuesBuilder, whole_number};

/// The columns of a table that is being made.
pub(crate) struct DeclaredColumns {
    schema: SchemaRef,
    /// What is to be done with each column; nothing where it stays as it is.
    targets: Vec<Option<Target>>,
}

struct Target {
    data_type: DataType,
    /// As declared.
    type_name: String,
}

fn invalid(message: String) -> SqlError {
    SqlError::Invalid { message, place: None }
}

fn words(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Float64 => "real numbers",
        DataType::Binary => "blobs",
        data_type if data_type.is_integer() || *data_type == DataType::Boolean => "whole numbers",
        _ => "texts",
    }
}

fn fits_exactly(value: &Value<'_>, data_type: &DataType) -> bool {
    matches!(
        (value, data_type),
        (Value::Int(_), DataType::Int64 | DataType::Float64)
            | (Value::Real(_), DataType::Float64)
            | (Value::Text(_), DataType::Utf8)
            | (Value::Blob(_), DataType::Binary)
    )
}

impl DeclaredColumns {
    /// Checks the types of `found` against what is declared, by name.
    pub(crate) fn new(found: &SchemaRef, declared: &[(String, String)]) -> Result<Self, SqlError> {
        let mut targets = Vec::new();
        let mut fields: Vec<Arc<Field>> = Vec::new();
        for field in found.fields() {
            let declared = declared.iter().find(|(name, _)| name == field.name());
            let Some((name, type_name)) = declared.filter(|(_, type_name)| !type_name.eq_ignore_ascii_case("any"))
            else {
                targets.push(None);
                fields.push(Arc::clone(field));
                continue;
            };
            let (wanted, is) = (column_type(type_name), field.data_type());
            let is_whole = is.is_integer() || *is == DataType::Boolean;
            let fits = is_mixed(is)
                || match wanted {
                    DataType::Utf8 => is_text(is),
                    DataType::Float64 => *is == DataType::Float64 || is_whole || is_text(is),
                    DataType::Binary => *is == DataType::Binary,
                    _ => is_whole || is_text(is),
                };
            if !fits && *is != DataType::Null {
                let (type_name, words) = (type_name.to_uppercase(), words(is));
                return Err(invalid(format!(
                    "the column `{name}` is declared as {type_name}, but the query gives {words}"
                )));
            }
            let stays = *is == wanted || (wanted == DataType::Utf8 && is_text(is));
            fields.push(match stays {
                true => Arc::clone(field),
                false => Arc::new(Field::new(name, wanted.clone(), true)),
            });
            targets.push((!stays).then(|| Target { data_type: wanted, type_name: type_name.to_uppercase() }));
        }
        Ok(Self { schema: Arc::new(Schema::new(fields)), targets })
    }

    /// The columns of the table.
    pub(crate) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The rows with the types that are declared.
    pub(crate) fn convert(&self, batch: RecordBatch) -> Result<RecordBatch, SqlError> {
        let failed = |error: String| SqlError::Execution { message: error };
        let mut columns = Vec::with_capacity(batch.num_columns());
        for ((column, target), field) in batch.columns().iter().zip(&self.targets).zip(self.schema.fields()) {
            let Some(target) = target else {
                columns.push(Arc::clone(column));
                continue;
            };
            let is_mixed = is_mixed(column.data_type());
            if !is_mixed && !is_text(column.data_type()) {
                columns.push(cast(column, &target.data_type).map_err(|error| failed(error.to_string()))?);
                continue;
            }
            let values = Values::new(column).map_err(|error| failed(error.to_string()))?;
            let mut builder = ValuesBuilder::new(&target.data_type).map_err(|error| failed(error.to_string()))?;
            for row in 0..batch.num_rows() {
                let value = values.get(row);
                let is_right = match &value {
                    value if is_mixed && fits_exactly(value, &target.data_type) => true,
                    Value::Null => true,
                    _ if target.data_type == DataType::Utf8 => false,
                    Value::Int(_) => target.data_type != DataType::Binary,
                    Value::Real(_) | Value::Blob(_) => false,
                    Value::Text(text) => match whole_number(text) {
                        Some(Number::Int(_)) => true,
                        Some(Number::Real(_)) => target.data_type == DataType::Float64,
                        None => false,
                    },
                };
                if !is_right {
                    let (name, type_name, text) =
                        (field.name(), &target.type_name, value.to_text().unwrap_or_default());
                    let kind = match &value {
                        Value::Text(_) => "the text",
                        Value::Blob(_) => "the blob",
                        _ => "the number",
                    };
                    return Err(invalid(format!(
                        "the column `{name}` is declared as {type_name}, but the query gives {kind} `{text}`"
                    )));
                }
                builder.push(&value);
            }
            columns.push(builder.finish());
        }
        RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(|error| failed(error.to_string()))
    }
}
