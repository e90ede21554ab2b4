//! Segments: one table of the trace as an Arrow IPC file inside the cache file.
//!
//! Each segment is a whole Arrow file with one record batch, so that any Arrow library reads a table once it is cut out.
//! We read none of its metadata there: the message that says where each column's buffer lies is copied into the table of
//! contents, and the columns are then slices of the mapped file. The schema follows from the model, and a cache of
//! another model is refused before.
//!
//! Stored values are the model's own, sentinels included, so no column has a validity bitmap. A column without any
//! value is of Arrow's `Null` type, which stores nothing.
//!
//! Validation stays on. For columns of plain numbers it compares lengths and alignment only. For the string pool it
//! looks at every offset and every byte, and has to: reading text that is not UTF-8 would be undefined behaviour, and
//! the disk does not promise UTF-8. So opening takes time in proportion to the distinct names, and to nothing else.

use std::collections::HashMap;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt32Type};
use arrow_array::{ArrayRef, Float64Array, Int64Array, NullArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_buffer::Buffer;
use arrow_ipc::MetadataVersion;
use arrow_ipc::reader::RecordBatchDecoder;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use kinetoscope_model::column::{ColumnData, ColumnSpec};
use kinetoscope_model::table::Table;

use super::toc::Segment;

/// What every buffer's place is a multiple of: Arrow's advice, and enough for any column type.
pub(super) const ALIGNMENT: u64 = 64;

/// What stands before an Arrow message: a mark of four bytes, and the length of what follows.
const MESSAGE_PREFIX_LEN: usize = 8;

/// The file under construction, with the place reached.
pub(super) struct Output<W: Write> {
    pub(super) writer: BufWriter<W>,
    pub(super) position: u64,
}

impl<W: Write> Output<W> {
    /// Output into `writer`, which stands at its start.
    pub(super) fn new(writer: W) -> Self {
        Self { writer: BufWriter::new(writer), position: 0 }
    }

    /// Goes on to the next multiple of [`ALIGNMENT`].
    pub(super) fn align(&mut self) -> io::Result<()> {
        let padding = self.position.next_multiple_of(ALIGNMENT) - self.position;
        self.write_all(&[0; ALIGNMENT as usize][..padding as usize])
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes)?;
        self.position += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Writes one record batch as an Arrow file. What is known then is where the batch starts and how long it is;
/// [`finish_segment`] parts it into message and body.
pub(super) fn write_segment<W: Write>(
    output: &mut Output<W>,
    batch: &RecordBatch,
    is_absent: Vec<bool>,
) -> io::Result<Segment> {
    output.align()?;
    let mut writer = FileWriter::try_new(&mut *output, &batch.schema()).map_err(io_error)?;
    let start = writer.get_ref().position;
    writer.write(batch).map_err(io_error)?;
    let end = writer.get_ref().position;
    writer.finish().map_err(io_error)?;
    let num_rows = batch.num_rows() as u64;
    Ok(Segment { num_rows, is_absent, message: Vec::new(), body_at: start, body_len: end - start })
}

/// Reads the message back from the written file.
pub(super) fn finish_segment<F: Read + Seek>(file: &mut F, segment: &mut Segment) -> io::Result<()> {
    let mut prefix = [0; MESSAGE_PREFIX_LEN];
    file.seek(SeekFrom::Start(segment.body_at))?;
    file.read_exact(&mut prefix)?;
    let [_, _, _, _, len @ ..] = prefix;
    let len = u64::from(u32::from_le_bytes(len));
    file.take(len).read_to_end(&mut segment.message)?;
    segment.body_at += MESSAGE_PREFIX_LEN as u64 + len;
    segment.body_len -= MESSAGE_PREFIX_LEN as u64 + len;
    Ok(())
}

fn io_error(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        other => io::Error::other(other),
    }
}

/// A table's columns as a record batch, and which of them have no value at all. Copies nothing.
pub(super) fn batch_of(table: &dyn Table) -> io::Result<(RecordBatch, Vec<bool>)> {
    let columns = table.columns();
    let is_absent: Vec<bool> = columns.iter().map(|column| column.is_empty() && !table.is_empty()).collect();
    let schema = schema_of(table.specs(), &columns, &is_absent);
    let arrays = columns
        .into_iter()
        .zip(&is_absent)
        .map(|(column, &is_absent)| -> ArrayRef {
            match column {
                _ if is_absent => Arc::new(NullArray::new(table.len())),
                ColumnData::I64(values) => Arc::new(Int64Array::new(values, None)),
                ColumnData::U32(values) => Arc::new(UInt32Array::new(values, None)),
                ColumnData::F64(values) => Arc::new(Float64Array::new(values, None)),
            }
        })
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(table.len()));
    let batch = RecordBatch::try_new_with_options(schema, arrays, &options).map_err(io_error)?;
    Ok((batch, is_absent))
}

/// The Arrow schema of a table whose columns are stored like `columns`.
fn schema_of(specs: &[ColumnSpec], columns: &[ColumnData], is_absent: &[bool]) -> SchemaRef {
    let fields = specs.iter().zip(columns).zip(is_absent).map(|((spec, column), &is_absent)| {
        let data_type = match column {
            _ if is_absent => DataType::Null,
            ColumnData::I64(_) => DataType::Int64,
            ColumnData::U32(_) => DataType::UInt32,
            ColumnData::F64(_) => DataType::Float64,
        };
        Field::new(spec.name, data_type, is_absent)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The columns of a table as they lie in the file; `empty` is a table of the same kind without rows.
pub(super) fn read_columns(file: &Buffer, segment: &Segment, empty: &dyn Table) -> Option<(usize, Vec<ColumnData>)> {
    let kinds = empty.columns();
    if segment.is_absent.len() != kinds.len() {
        return None;
    }
    let schema = schema_of(empty.specs(), &kinds, &segment.is_absent);
    let batch = read_batch(file, segment, schema)?;
    let columns = batch
        .columns()
        .iter()
        .zip(kinds)
        .zip(&segment.is_absent)
        .map(|((array, kind), &is_absent)| {
            Some(match kind {
                kind if is_absent => kind,
                ColumnData::I64(_) => ColumnData::I64(array.as_primitive_opt::<Int64Type>()?.values().clone()),
                ColumnData::U32(_) => ColumnData::U32(array.as_primitive_opt::<UInt32Type>()?.values().clone()),
                ColumnData::F64(_) => ColumnData::F64(array.as_primitive_opt::<Float64Type>()?.values().clone()),
            })
        })
        .collect::<Option<Vec<_>>>()?;
    Some((batch.num_rows(), columns))
}

/// The record batch of a segment, its buffers being slices of `file`; `None` when anything does not fit.
pub(super) fn read_batch(file: &Buffer, segment: &Segment, schema: SchemaRef) -> Option<RecordBatch> {
    let body = slice_of(file, segment.body_at, segment.body_len)?;
    // The decoder believes the message, and panics where it points out of the body or to where no number can lie. We
    // write one shape only, so look for that first.
    let message = arrow_ipc::root_as_message(&segment.message).ok()?;
    let batch = message.header_as_record_batch()?;
    let (nodes, buffers) = (batch.nodes()?, batch.buffers()?);
    let num_rows = i64::try_from(segment.num_rows).ok()?;
    let lengths = buffer_lengths(&schema, num_rows)?;
    let is_sound = batch.length() == num_rows
        && batch.compression().is_none()
        && batch.variadicBufferCounts().is_none_or(|counts| counts.is_empty())
        && segment.body_at.is_multiple_of(ALIGNMENT)
        && nodes.len() == schema.fields().len()
        && nodes.iter().zip(schema.fields()).all(|(node, field)| {
            let null_count = if field.is_nullable() { num_rows } else { 0 };
            node.length() == num_rows && node.null_count() == null_count
        })
        && buffers.len() == lengths.len()
        && buffers.iter().zip(lengths).all(|(buffer, length)| {
            let place = u64::try_from(buffer.offset()).ok().zip(u64::try_from(buffer.length()).ok());
            length.is_none_or(|length| length == buffer.length())
                && place.is_some_and(|(at, len)| {
                    at.is_multiple_of(ALIGNMENT) && at.checked_add(len).is_some_and(|end| end <= segment.body_len)
                })
        });
    if !is_sound {
        return None;
    }
    RecordBatchDecoder::try_new(&body, batch, schema, &HashMap::new(), &MetadataVersion::V5)
        .ok()?
        // Alignment is ours to give; a copy to mend it would hide that we did not.
        .with_require_alignment(true)
        .read_record_batch()
        .ok()
}

/// The lengths of the buffers of `num_rows` rows: of each field the validity, which is empty, then the values. `None`
/// inside stands for any length, the one of text.
fn buffer_lengths(schema: &Schema, num_rows: i64) -> Option<Vec<Option<i64>>> {
    let mut lengths = Vec::new();
    for field in schema.fields() {
        match field.data_type() {
            DataType::Null => {}
            DataType::Utf8 => {
                let offsets = num_rows.checked_add(1)?.checked_mul(size_of::<i32>() as i64)?;
                lengths.extend([Some(0), Some(offsets), None]);
            }
            other => {
                let values = num_rows.checked_mul(i64::try_from(other.primitive_width()?).ok()?)?;
                lengths.extend([Some(0), Some(values)]);
            }
        }
    }
    Some(lengths)
}

/// `len` bytes from `at` on, without a copy; `None` when they are not all there.
pub(super) fn slice_of(file: &Buffer, at: u64, len: u64) -> Option<Buffer> {
    let end = usize::try_from(at.checked_add(len)?).ok()?;
    (end <= file.len()).then(|| file.slice_with_length(at as usize, len as usize))
}
