//! Arrow IPC streams, for programs: one after the other when a script has several results.
//!
//! Inside, names are numbers into the trace's string pool. A reader gets plain text columns: a ten-row result should
//! not carry the names of the whole trace, and not every reader follows dictionaries that change between batches. For a
//! mixed column they get texts too, since Arrow has no type for it that every reader knows.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_cast::cast;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

use super::SetWriter;
use crate::function::mixed::is_mixed;
use crate::function::value::{Value, Values, ValuesBuilder};

/// Writes Arrow.
#[derive(Default)]
pub(super) struct ArrowStream {
    writer: Option<StreamWriter<Vec<u8>>>,
    schema: Option<SchemaRef>,
}

impl ArrowStream {
    /// Hands on what the stream writer has made so far.
    fn drain(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let made = writer.get_mut();
        out.write_all(made)?;
        made.clear();
        Ok(())
    }
}

impl SetWriter for ArrowStream {
    fn begin(&mut self, out: &mut dyn Write, schema: &SchemaRef) -> io::Result<()> {
        let schema = plain_schema(schema);
        self.writer = Some(StreamWriter::try_new(Vec::new(), &schema).map_err(to_io)?);
        self.schema = Some(schema);
        self.drain(out)
    }

    fn batch(&mut self, out: &mut dyn Write, batch: &RecordBatch) -> io::Result<()> {
        let (Some(writer), Some(schema)) = (&mut self.writer, &self.schema) else { return Ok(()) };
        writer.write(&plain_columns(batch, schema)?).map_err(to_io)?;
        self.drain(out)
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if let Some(writer) = &mut self.writer {
            writer.finish().map_err(to_io)?;
        }
        self.drain(out)?;
        self.writer = None;
        Ok(())
    }
}

/// The columns with the types that every reader knows.
pub(super) fn plain_schema(schema: &Schema) -> SchemaRef {
    let plain = |field: &Arc<Field>| field.as_ref().clone().with_data_type(plain_type(field.data_type()));
    Arc::new(Schema::new(schema.fields().iter().map(plain).collect::<Vec<Field>>()))
}

/// Rows with the columns of [`plain_schema`].
pub(super) fn plain_columns(batch: &RecordBatch, schema: &SchemaRef) -> io::Result<RecordBatch> {
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| match column.data_type() {
        data_type if is_mixed(data_type) => unmixed(column, field),
        _ => cast(column, field.data_type()).map_err(to_io),
    });
    let columns = columns.collect::<io::Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options).map_err(to_io)
}

/// The values of a mixed column in the type of `field`. A column of whole numbers becomes a mixed one when one of them
/// does not fit, after rows were given.
fn unmixed(column: &ArrayRef, field: &Field) -> io::Result<ArrayRef> {
    let values = Values::new(column).map_err(io::Error::other)?;
    let mut builder = ValuesBuilder::new(field.data_type()).map_err(io::Error::other)?;
    for row in 0..column.len() {
        let value = values.get(row);
        if *field.data_type() == DataType::Int64 && !matches!(value, Value::Int(_) | Value::Null) {
            let (name, text) = (field.name(), value.to_text().unwrap_or_default());
            let message = format!("integer overflow: `{name}` was given as whole numbers, and {text} is none");
            return Err(io::Error::other(message));
        }
        builder.push(&value);
    }
    Ok(builder.finish())
}

fn plain_type(data_type: &DataType) -> DataType {
    match data_type {
        data_type if is_mixed(data_type) => DataType::Utf8,
        DataType::Dictionary(_, value) => plain_type(value),
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        other => other.clone(),
    }
}

fn to_io(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        other => io::Error::other(other),
    }
}
