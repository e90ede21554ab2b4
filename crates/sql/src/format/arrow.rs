//! Arrow IPC streams, for programs: one after the other when a script has several results.
//!
//! Inside, names are numbers into the trace's string pool. A reader gets plain text columns: a ten-row result should
//! not carry the names of the whole trace, and not every reader follows dictionaries that change between batches.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_cast::cast;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

use super::SetWriter;

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
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| cast(column, field.data_type()));
    let columns = columns.collect::<Result<Vec<_>, _>>().map_err(to_io)?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options).map_err(to_io)
}

fn plain_type(data_type: &DataType) -> DataType {
    match data_type {
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
