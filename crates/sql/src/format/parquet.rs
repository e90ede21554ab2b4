//! Parquet, for programs: one file, so one result.
//!
//! A file ends with a table of its row groups, which are written one by one as rows come: what is held back is never more
//! than one row group. A second result could stand in no file that a reader would find it in, and is refused.

use std::io::{self, Write};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::SetWriter;
use super::arrow::{plain_columns, plain_schema};

/// Rows of a row group: what a reader has to take at once, and what is held back while it fills.
const GROUP_ROWS: usize = 128 << 10;

/// Writes Parquet.
#[derive(Default)]
pub(super) struct ParquetFile {
    writer: Option<ArrowWriter<Vec<u8>>>,
    schema: Option<SchemaRef>,
}

impl ParquetFile {
    /// Hands on the row groups that are complete.
    fn drain(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        // The writer counts the bytes itself, so those that are handed on can go.
        let made = writer.inner_mut();
        out.write_all(made)?;
        made.clear();
        Ok(())
    }
}

impl SetWriter for ParquetFile {
    fn begin(&mut self, out: &mut dyn Write, schema: &SchemaRef) -> io::Result<()> {
        if self.schema.is_some() {
            let message = "a Parquet file holds one result, and the script gives several: select one of them";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let schema = plain_schema(schema);
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), SchemaRef::clone(&schema), Some(properties)).map_err(to_io)?;
        self.writer = Some(writer);
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

fn to_io(error: ParquetError) -> io::Error {
    io::Error::other(error)
}
