//! `perfetto_table_info('t')`: the columns of a table as they are stored.
//!
//! The rewriter reads the call as a table whose name begins with [`PREFIX`]. What a script made is looked at value by
//! value; of a table of the trace only what its schema says is told.

use std::any::Any;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use datafusion::catalog::{MemTable, TableProvider};

use crate::function::value::{Value, Values};
use crate::table_provider::{ID, ModelTable};

/// What the name of such a table begins with.
pub(crate) const PREFIX: &str = "__table_info:";

/// One column.
struct Info {
    name: String,
    col_type: &'static str,
    is_nullable: bool,
    is_sorted: bool,
}

/// The columns of `provider` as a table; `None` when it is a view.
pub(crate) fn describe(provider: &dyn TableProvider) -> Option<Arc<dyn TableProvider>> {
    let provider: &dyn Any = provider;
    let infos: Vec<Info> = if let Some(table) = provider.downcast_ref::<MemTable>() {
        let mut batches = Vec::new();
        for partition in &table.batches {
            // Only a statement that inserts holds this for longer, and there is none.
            batches.extend(partition.try_read().ok()?.iter().cloned());
        }
        let schema = table.schema();
        let describe = |(index, field): (usize, &Arc<Field>)| describe_stored(index, field, &batches);
        schema.fields().iter().enumerate().map(describe).collect()
    } else {
        let table = provider.downcast_ref::<ModelTable>()?;
        let schema = table.schema();
        let describe = |field: &Arc<Field>| Info {
            name: field.name().clone(),
            col_type: if field.name() == ID { "id" } else { type_name(field.data_type()) },
            is_nullable: field.is_nullable(),
            is_sorted: field.name() == ID,
        };
        schema.fields().iter().map(describe).collect()
    };
    let ints = |value: &dyn Fn(&Info) -> bool| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(infos.iter().map(|info| i64::from(value(info)))))
    };
    let texts = |value: &dyn Fn(&Info) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(infos.iter().map(value)))
    };
    let field = |name: &str, data_type: DataType| Field::new(name, data_type, false);
    let schema = Arc::new(Schema::new(vec![
        field(ID, DataType::Int64),
        field("name", DataType::Utf8),
        field("col_type", DataType::Utf8),
        field("nullable", DataType::Int64),
        field("sorted", DataType::Int64),
    ]));
    let columns = vec![
        Arc::new(Int64Array::from_iter_values(0..infos.len() as i64)) as ArrayRef,
        texts(&|info| info.name.clone()),
        texts(&|info| info.col_type.to_owned()),
        ints(&|info| info.is_nullable),
        ints(&|info| info.is_sorted),
    ];
    let rows = RecordBatch::try_new(Arc::clone(&schema), columns).ok()?;
    Some(Arc::new(MemTable::try_new(schema, vec![vec![rows]]).ok()?))
}

fn type_name(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Float64 => "double",
        DataType::Binary => "bytes",
        data_type if data_type.is_integer() || *data_type == DataType::Boolean => "int64",
        _ => "string",
    }
}

/// The narrowest type of whole numbers that holds all values from `least` to `most`.
fn int_type_name(least: i64, most: i64) -> &'static str {
    if u32::try_from(least).is_ok() && u32::try_from(most).is_ok() {
        "uint32"
    } else if i32::try_from(least).is_ok() && i32::try_from(most).is_ok() {
        "int32"
    } else {
        "int64"
    }
}

/// A column is an id when it counts the rows from 0, and sorted when no value is less than the one before.
fn describe_stored(index: usize, field: &Field, batches: &[RecordBatch]) -> Info {
    let (mut is_nullable, mut is_sorted, mut is_id) = (false, true, true);
    let mut row_number = 0;
    let mut range: Option<(i64, i64)> = None;
    let mut before = Value::Null;
    for batch in batches {
        let column = batch.column(index);
        is_nullable |= column.null_count() > 0;
        let Ok(values) = Values::new(column) else { continue };
        for row in 0..column.len() {
            let value = values.get(row);
            is_id = is_id && value == Value::Int(row_number);
            if let Value::Int(value) = value {
                let (least, most) = range.unwrap_or((value, value));
                range = Some((least.min(value), most.max(value)));
            }
            if is_sorted {
                is_sorted = before.compare(&value).is_le();
                before = value.into_owned();
            }
            row_number += 1;
        }
    }
    let col_type = match (is_id && row_number > 0, type_name(field.data_type()), range) {
        (true, ..) => "id",
        (false, "int64", Some((least, most))) => int_type_name(least, most),
        (false, other, _) => other,
    };
    Info { name: field.name().clone(), col_type, is_nullable, is_sorted }
}
