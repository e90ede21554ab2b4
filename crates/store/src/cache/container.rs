//! The cache file as a whole.
//!
//! ```text
//! 0        header     magic, format, build, place and checksum of the table of contents, checksum of the header
//! 64       segments   one Arrow file per table, the last one the string pool; every buffer at a multiple of 64
//!          pages      arguments, each page as it lies in memory
//!          contents   what the file was made from, and where each part lies
//! ```
//!
//! Opening reads header, contents and strings, and all that lies close together or is small. Header and contents are
//! checksummed, so a damaged file is noticed and taken for none. Columns and pages are not: checking them would read the
//! whole file, and the point is not to. A file gets its header last and its name after that, when all is on the disk, so
//! only a failing disk can damage them.
//!
//! Argument pages are no Arrow table, as one column of them would have to be put together in memory first, and one batch
//! per page would scatter thousands of messages over the file for every opening to look up.

use std::fs::File;
use std::hash::Hasher;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_buffer::Buffer;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use kinetoscope_model::column::ColumnData;
use kinetoscope_model::trace::CACHE_MAGIC;
use kinetoscope_model::{ArgPage, ArgStore, StringPool, Trace, TraceBuilder};
use twox_hash::XxHash3_64;

use super::Unusable;
use super::key::Key;
use super::segment::{Output, batch_of, finish_segment, read_batch, read_columns, slice_of, write_segment};
use super::toc::{ArgPagePlace, Segment, Toc};

/// Changes whenever the same model would be laid out differently; argument pages and key are part of the layout.
const FORMAT_VERSION: u64 = 1;

/// Length of the header, which every version must keep, with the magic in front and the checksum at the end.
const HEADER_LEN: usize = 64;

/// The header's numbers, after the magic.
struct Header {
    format_version: u64,
    build: u64,
    toc_at: u64,
    toc_len: u64,
    toc_checksum: u64,
}

impl Header {
    fn encode(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..8].copy_from_slice(CACHE_MAGIC);
        let numbers = [self.format_version, self.build, self.toc_at, self.toc_len, self.toc_checksum];
        for (place, number) in bytes[8..].chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        let checksum = XxHash3_64::oneshot(&bytes[..HEADER_LEN - 8]);
        bytes[HEADER_LEN - 8..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads the header of a file of `file_len` bytes from its first bytes.
    fn decode(bytes: &[u8], file_len: u64) -> Result<Self, Unusable> {
        if !bytes.starts_with(CACHE_MAGIC) {
            return Err(Unusable::NotACache);
        }
        let bytes = bytes.get(..HEADER_LEN).ok_or_else(|| damaged("it ends in its header"))?;
        let mut numbers =
            bytes[8..].chunks_exact(8).map(|word| word.iter().rev().fold(0, |n, &b| n << 8 | u64::from(b)));
        let mut number = || numbers.next().unwrap_or_default();
        let header = Self {
            format_version: number(),
            build: number(),
            toc_at: number(),
            toc_len: number(),
            toc_checksum: number(),
        };
        let _reserved = number();
        if number() != XxHash3_64::oneshot(&bytes[..HEADER_LEN - 8]) {
            return Err(damaged("its header does not match its checksum"));
        }
        if header.format_version != FORMAT_VERSION || header.build != build() {
            return Err(Unusable::OtherVersion);
        }
        if header.toc_at.checked_add(header.toc_len) != Some(file_len) {
            return Err(damaged("its length is not what its header says"));
        }
        Ok(header)
    }

    fn decode_toc(&self, bytes: &[u8]) -> Result<Toc, Unusable> {
        if XxHash3_64::oneshot(bytes) != self.toc_checksum {
            return Err(damaged("its table of contents does not match its checksum"));
        }
        Toc::decode(bytes).ok_or_else(|| damaged("its table of contents makes no sense"))
    }
}

fn damaged(what: impl Into<String>) -> Unusable {
    Unusable::Damaged { what: what.into() }
}

/// A number for everything outside of the file that its bytes mean something by: our version, the tables and their
/// columns, the order of bytes in a number.
fn build() -> u64 {
    static BUILD: OnceLock<u64> = OnceLock::new();
    *BUILD.get_or_init(|| {
        let mut hasher = XxHash3_64::new();
        let mut add = |text: &str| {
            hasher.write(text.as_bytes());
            hasher.write(&[0xff]);
        };
        add(env!("CARGO_PKG_VERSION"));
        add(if cfg!(target_endian = "big") { "big" } else { "little" });
        for table in TraceBuilder::default().seal().tables() {
            add(table.name());
            for (spec, column) in table.specs().iter().zip(table.columns()) {
                add(spec.name);
                add(&format!("{:?} {}", spec.kind, spec.is_nullable));
                add(match column {
                    ColumnData::I64(_) => "i64",
                    ColumnData::U32(_) => "u32",
                    ColumnData::F64(_) => "f64",
                });
            }
        }
        hasher.finish()
    })
}

fn string_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("text", DataType::Utf8, false)]))
}

/// Writes `trace` into an empty file and sees to it that it is on the disk.
///
/// Buffers go to the file one after the other as they lie in memory; nothing is put together first. Between two of
/// them, `is_cancelled` ends it with an error.
pub(super) fn write(
    file: &mut File,
    key: &Key,
    created_unix_ns: i64,
    trace: &Trace,
    is_cancelled: &AtomicBool,
) -> io::Result<()> {
    let mut output = Output::new(CancellableFile { file: &mut *file, is_cancelled });
    // The magic is there from the start, so that no reader takes an unfinished file for a trace.
    output.write_all(CACHE_MAGIC)?;
    let mut segments = Vec::new();
    for table in trace.tables() {
        let (batch, is_absent) = batch_of(table)?;
        segments.push(write_segment(&mut output, &batch, is_absent)?);
    }
    let strings = RecordBatch::try_new(string_schema(), vec![Arc::new(trace.strings.as_array().clone())]);
    segments.push(write_segment(&mut output, &strings.map_err(io::Error::other)?, vec![false])?);
    let mut arg_pages = Vec::with_capacity(trace.args.pages().len());
    for page in trace.args.pages() {
        output.align()?;
        let bytes = page.as_buffer().as_slice();
        // A page numbers its sets in u32.
        let num_sets = page.num_sets() as u32;
        arg_pages.push(ArgPagePlace { at: output.position, len: bytes.len() as u64, num_sets });
        output.write_all(bytes)?;
    }
    output.align()?;
    let toc_at = output.position;
    output.flush()?;
    drop(output);
    for segment in &mut segments {
        finish_segment(file, segment)?;
    }
    let toc = Toc {
        created_unix_ns,
        inputs: key.inputs.clone(),
        options_key: key.options_key.clone(),
        clock: trace.clock,
        segments,
        arg_pages,
    }
    .encode();
    file.seek(SeekFrom::Start(toc_at))?;
    file.write_all(&toc)?;
    let header = Header {
        format_version: FORMAT_VERSION,
        build: build(),
        toc_at,
        toc_len: toc.len() as u64,
        toc_checksum: XxHash3_64::oneshot(&toc),
    };
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&header.encode())?;
    // Before the file gets its name: after a power failure there must be no name without the content.
    file.sync_all()
}

/// A file that refuses to be written on once it is cancelled.
struct CancellableFile<'a> {
    file: &'a mut File,
    is_cancelled: &'a AtomicBool,
}

impl Write for CancellableFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_cancelled.load(Ordering::Relaxed) {
            // Not `Interrupted`, which writers take as a reason to try again.
            return Err(io::Error::other("writing was cancelled"));
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The trace in a cache file, its columns being slices of `file`; with a key, only when the file was made for it.
pub(super) fn read(file: &Buffer, key: Option<&Key>) -> Result<Trace, Unusable> {
    let header = Header::decode(file.as_slice(), file.len() as u64)?;
    let toc = slice_of(file, header.toc_at, header.toc_len).ok_or_else(|| damaged("it ends early"))?;
    let toc = header.decode_toc(toc.as_slice())?;
    if key.is_some_and(|key| key.inputs != toc.inputs) {
        return Err(Unusable::OtherInputs);
    }
    if key.is_some_and(|key| key.options_key != toc.options_key) {
        return Err(Unusable::OtherOptions);
    }
    let empty = TraceBuilder::default().seal();
    let tables = empty.tables();
    let [segments @ .., strings] = toc.segments.as_slice() else {
        return Err(damaged("it has no tables"));
    };
    let strings = read_strings(file, strings).ok_or_else(|| damaged("its strings cannot be read"))?;
    let args = read_args(file, &toc.arg_pages).ok_or_else(|| damaged("its arguments cannot be read"))?;
    let mut failed = "";
    let trace = Trace::from_tables(toc.clock, strings, args, |name, _| {
        failed = name;
        let place = tables.iter().position(|table| table.name() == name)?;
        read_columns(file, segments.get(place)?, tables[place])
    });
    trace.ok_or_else(|| damaged(format!("its table `{failed}` cannot be read")))
}

fn read_strings(file: &Buffer, segment: &Segment) -> Option<StringPool> {
    if segment.is_absent != [false] {
        return None;
    }
    let batch = read_batch(file, segment, string_schema())?;
    Some(StringPool::from_array(batch.column(0).as_string_opt::<i32>()?.clone()))
}

fn read_args(file: &Buffer, places: &[ArgPagePlace]) -> Option<ArgStore> {
    let num_sets: u64 = places.iter().map(|place| u64::from(place.num_sets)).sum();
    u32::try_from(num_sets).ok()?;
    let pages = places
        .iter()
        .map(|place| ArgPage::from_unread_bytes(slice_of(file, place.at, place.len)?, place.num_sets as usize));
    Some(ArgStore::from_pages(pages.collect::<Option<_>>()?))
}

/// What a cache file was made from, without its tables.
pub(super) fn read_toc(file: &mut File) -> io::Result<Result<Toc, Unusable>> {
    let file_len = file.metadata()?.len();
    let mut bytes = Vec::new();
    (&*file).take(HEADER_LEN as u64).read_to_end(&mut bytes)?;
    let header = match Header::decode(&bytes, file_len) {
        Ok(header) => header,
        Err(unusable) => return Ok(Err(unusable)),
    };
    bytes.clear();
    file.seek(SeekFrom::Start(header.toc_at))?;
    file.take(header.toc_len).read_to_end(&mut bytes)?;
    Ok(header.decode_toc(&bytes))
}
