//! Reads reports of Nsight Systems (`.nsys-rep`, formerly `.qdrep`) without Nsight Systems.
//!
//! The format is not public. What is known of it was found by holding reports against the databases that were exported
//! from them, and the three constraints come from that and from the files:
//!
//! - **Unknown is normal.** Fields, events and classes that nobody has seen yet are passed over, counted by number and
//!   said with the recorder's version; they are no errors.
//! - **Reports have gigabytes.** They are read from front to back, some blocks at a time, and these are unpacked and
//!   decoded on all cores. What is held beside the rows is `BATCH_BYTES`, or one block if that is larger. Rows take
//!   several times the memory of the tables that are made of them, so who makes tables lets the blocks stay packed and
//!   has them decoded once more, some at a time (`PackedRows`).
//! - **Captures are interrupted.** A report that was cut gives what is in it, and says what is missing. Strings stand
//!   behind all events, so a cut report has no names.

mod container;
mod event;
mod numbering;
mod packed;
mod property;
mod session;
mod target;
mod unknown;
mod wire;

use kinetoscope_model::WarningKind;
use kinetoscope_model::id::SourceId;
use rayon::prelude::*;

pub(crate) use container::MAGIC;
pub use container::ReadBytes;
use container::{Halt, PackedBlock, Source};
use event::BlockRows;
pub(crate) use event::Payloads;
use numbering::{LastRows, Numbering};
pub(crate) use packed::PackedRows;
use unknown::{Message, Unknowns};
use wire::{Field, Fields, Malformed, Value};

use super::capture::Capture;
use crate::error::IngestError;
use crate::progress::Progress;

/// How much of a report is in work at once, packed and unpacked together: enough for all cores, and nothing to memory.
const BATCH_BYTES: usize = 8 << 20;

/// How far reading a report goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportLimits {
    /// The most bytes that its blocks may unpack to.
    pub max_unpacked_bytes: u64,
}

/// Reads a report into one capture. `path` is for messages.
///
/// # Errors
/// When this is no report, when nothing in it can be read, and as `read` fails. Everything else that is wrong is among
/// the warnings of the capture.
pub fn read_report(
    path: &str,
    read: &mut ReadBytes<'_>,
    limits: ReportLimits,
    progress: &Progress,
) -> Result<Capture, IngestError> {
    let mut whole = Capture::default();
    let mut rest = read_blocks(path, read, limits, progress, &mut |block| {
        numbering::append(&mut whole, block.rows);
        Ok(())
    })?;
    numbering::append(&mut rest, whole);
    numbering::sort_library_calls(&mut rest);
    Ok(rest)
}

/// Reads a report without keeping its rows: hands them to `take` a block at a time, in order and numbered, and gives
/// everything else at the end.
///
/// # Errors
/// As [`read_report`], and as `take` fails.
pub fn read_report_in_parts(
    path: &str,
    read: &mut ReadBytes<'_>,
    limits: ReportLimits,
    progress: &Progress,
    take: &mut dyn FnMut(Capture) -> Result<(), IngestError>,
) -> Result<Capture, IngestError> {
    read_blocks(path, read, limits, progress, &mut |block| take(block.rows))
}

/// A block with its rows.
struct ReadBlock {
    block: PackedBlock,
    found: Payloads,
    /// The last rows of the blocks before it.
    before: LastRows,
    /// Its own last rows, and those of the blocks before it where it has none.
    after: LastRows,
    rows: Capture,
}

fn read_blocks(
    path: &str,
    read: &mut ReadBytes<'_>,
    limits: ReportLimits,
    progress: &Progress,
    take: &mut dyn FnMut(ReadBlock) -> Result<(), IngestError>,
) -> Result<Capture, IngestError> {
    let mut source = Source::new(read);
    let Some(header) = source.header()? else {
        return Err(IngestError::WrongFormat {
            path: path.to_owned(),
            looks_like: "something else than an Nsight Systems report".to_owned(),
            hint: None,
        });
    };
    let version = session::version_of(&header);
    let mut reading = Reading {
        progress,
        max_unpacked_bytes: limits.max_unpacked_bytes,
        num_unpacked_bytes: 0,
        take,
        rest: Capture::default(),
        unknowns: Unknowns::default(),
        numbering: Numbering::default(),
        num_events: 0,
        num_declared: None,
        num_strings_declared: None,
        has_strings: false,
        batch: Vec::new(),
    };
    reading.rest.about.recorder_version.clone_from(&version);
    let first_failure = match reading.run(&mut source) {
        Ok(()) | Err(Halt::Enough) => None,
        Err(Halt::Error(error)) => return Err(error),
        Err(Halt::Cut { at, within }) => {
            let detail = format!("the report ends within {within}");
            reading.warn(WarningKind::Truncated, at, &detail);
            Some(format!("{detail}, at byte {at}"))
        }
        Err(Halt::Damaged { at, detail }) => {
            reading.warn(WarningKind::CorruptCompression, at, &detail);
            Some(format!("{detail}, at byte {at}"))
        }
    };
    let Reading { mut rest, unknowns, numbering, num_events, num_declared, has_strings, .. } = reading;
    let is_empty_capture = num_declared == Some(0);
    if let Some(reason) = first_failure
        && num_events == 0
        && !is_empty_capture
    {
        return Err(IngestError::NothingReadable { path: path.to_owned(), reason });
    }
    let at = source.position();
    if let Some(num_declared) = num_declared
        && num_declared != num_events
    {
        let detail = || format!("the report says that it has {num_declared} events; {num_events} could be read");
        rest.warnings.add(WarningKind::Truncated, SourceId(0), Some(at), detail);
    }
    if !has_strings {
        let detail = || "the names of everything are missing: they stand behind the events".to_owned();
        rest.warnings.add(WarningKind::Truncated, SourceId(0), Some(at), detail);
    }
    unknowns.add_to(&mut rest.warnings, version.as_deref().unwrap_or(&header));
    rest.processes = numbering.into_processes();
    Ok(rest)
}

/// A reading under way.
struct Reading<'a> {
    progress: &'a Progress,
    max_unpacked_bytes: u64,
    num_unpacked_bytes: u64,
    take: &'a mut dyn FnMut(ReadBlock) -> Result<(), IngestError>,
    /// Everything but the rows of events.
    rest: Capture,
    unknowns: Unknowns,
    numbering: Numbering,
    num_events: u64,
    /// How many events the report says that it has.
    num_declared: Option<u64>,
    /// How many strings.
    num_strings_declared: Option<u64>,
    has_strings: bool,
    batch: Vec<PackedBlock>,
}

impl Reading<'_> {
    fn warn(&mut self, kind: WarningKind, at: u64, detail: &str) {
        self.rest.warnings.add(kind, SourceId(0), Some(at), || detail.to_owned());
    }

    fn run(&mut self, source: &mut Source<'_>) -> Result<(), Halt> {
        if !source.skip_to_data()? {
            return Err(Halt::Cut { at: source.position(), within: "the sections before the events" });
        }
        let message = source.message("the description of the session")?;
        session::read_session(&message, &mut self.rest, &mut self.unknowns);
        let message = source.message("the counts")?;
        self.read_counts(&message);
        let result = self.read_blocks(source);
        // Whatever came after them, the blocks that are here are whole.
        self.finish_batch()?;
        result?;
        for (within, read) in [
            ("the names of threads", target::read_thread_names as fn(&[u8], &mut Capture, &mut Unknowns) -> _),
            ("the description of the devices", target::read_target),
        ] {
            let at = source.position();
            let message = source.message(within)?;
            let result: Result<(), Malformed> = read(&message, &mut self.rest, &mut self.unknowns);
            if let Err(bad) = result {
                self.warn(WarningKind::NsysBadRow, at, &format!("{within} cannot be read to the end: {bad}"));
            }
        }
        if !source.has_section_table()? {
            return Err(Halt::Cut { at: source.position(), within: "the sections behind the events" });
        }
        Ok(())
    }

    fn read_counts(&mut self, message: &[u8]) {
        for field in Fields::new(message).flatten() {
            match field {
                Field { number: 1, value: Value::Varint(value) } => self.num_declared = Some(value),
                Field { number: 3, value: Value::Varint(value) } => self.num_strings_declared = Some(value),
                // The count of thread names, the name of the packing, and descriptions of generic events,
                // which say nothing without such events.
                Field { number: 5 | 9 | 10 | 12..=15, .. } => {}
                field => self.unknowns.add_field(Message::Counts, field.number),
            }
        }
    }

    /// Reads the blocks up to and with the one of strings.
    fn read_blocks(&mut self, source: &mut Source<'_>) -> Result<(), Halt> {
        let mut num_bytes = 0;
        loop {
            self.progress.check_cancelled()?;
            let block = source.block()?;
            self.num_unpacked_bytes = self.num_unpacked_bytes.saturating_add(block.unpacked_len as u64);
            if self.num_unpacked_bytes > self.max_unpacked_bytes {
                let detail = format!("more than {} bytes unpacked", self.max_unpacked_bytes);
                self.warn(WarningKind::TooLarge, block.at, &detail);
                return Err(Halt::Enough);
            }
            if block.begins_with_event() && !self.has_strings {
                num_bytes += block.num_bytes();
                self.batch.push(block);
                if num_bytes >= BATCH_BYTES {
                    self.finish_batch()?;
                    num_bytes = 0;
                }
            } else if self.read_strings(block)? || self.has_strings && !source.begins_with_block()? {
                return Ok(());
            }
        }
    }

    /// Reads a block that does not begin with an event, or comes behind strings; false when more blocks follow: it is one
    /// of events nevertheless, or only a part of the strings, of which the report says how many there are.
    fn read_strings(&mut self, block: PackedBlock) -> Result<bool, IngestError> {
        self.finish_batch()?;
        let Ok(unpacked) = block.unpack() else {
            self.batch.push(block);
            return Ok(false);
        };
        let is_behind_events = self.num_declared.is_none_or(|declared| self.num_events >= declared);
        if !container::are_strings(&unpacked).unwrap_or(is_behind_events) && !self.has_strings {
            self.batch.push(block);
            return Ok(false);
        }
        let (num_bad, result) = target::read_strings(&unpacked, &mut self.rest, &mut self.unknowns);
        self.rest.warnings.count(WarningKind::InvalidUtf8, num_bad);
        self.has_strings = true;
        if let Err(bad) = result {
            self.warn(WarningKind::NsysBadRow, block.at, &format!("strings cannot be read to the end: {bad}"));
            return Ok(true);
        }
        Ok(self.num_strings_declared.is_none_or(|declared| self.rest.strings.len() as u64 >= declared))
    }

    /// Unpacks and decodes the blocks at hand, and hands their rows on.
    fn finish_batch(&mut self) -> Result<(), IngestError> {
        self.progress.check_cancelled()?;
        let blocks = std::mem::take(&mut self.batch);
        let decoded: Vec<Result<BlockRows, String>> = blocks
            .par_iter()
            .map(|block| block.unpack().map(|unpacked| event::decode_block(&unpacked, Payloads::ALL)))
            .collect();
        for (block, decoded) in blocks.into_iter().zip(decoded) {
            match decoded {
                Ok(rows) => self.take_block(block, rows)?,
                Err(detail) => self.warn(WarningKind::CorruptCompression, block.at, &detail),
            }
        }
        Ok(())
    }

    fn take_block(&mut self, block: PackedBlock, rows: BlockRows) -> Result<(), IngestError> {
        let BlockRows { capture: mut part, unknowns, malformed, num_out_of_range, num_bad_texts, found, .. } = rows;
        self.unknowns.merge(unknowns);
        if let Some((count, first)) = malformed {
            let detail = format!("an event of this block cannot be read: {first}");
            self.warn(WarningKind::NsysBadRow, block.at, &detail);
            self.rest.warnings.count(WarningKind::NsysBadRow, count - 1);
        }
        self.rest.warnings.count(WarningKind::ValueOutOfRange, num_out_of_range);
        self.rest.warnings.count(WarningKind::InvalidUtf8, num_bad_texts);
        session::forget_what_was_not_recorded(&mut part, self.rest.about.recorder_version.as_deref());
        let before = self.numbering.last;
        self.numbering.number(&mut part);
        self.num_events += part.num_events;
        self.progress.add_events(part.num_events);
        (self.take)(ReadBlock { block, found, before, after: self.numbering.last, rows: part })
    }
}
