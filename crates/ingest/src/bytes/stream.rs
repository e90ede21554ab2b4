//! Streams of bytes that end at damage instead of failing, and the small ones that the decoders are stacked on.
//!
//! A damaged trace is worth reading up to the damage. So a [`Stream`] only fails when the disk does or the user
//! cancels; everything that is wrong with the bytes themselves ends the stream, and the stream says afterwards what it
//! was. That is also why this is not [`io::Read`], whose one error type would mix the two.

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};

use kinetoscope_model::WarningKind;

use super::Problem;
use crate::error::IngestError;
use crate::progress::Progress;

/// How much packed input is read ahead for a decoder: large enough that reading costs nothing beside unpacking.
pub(super) const INPUT_BUFFER_BYTES: usize = 256 * 1024;

/// Reads shorter than this go through the look-ahead buffer, so that a reader of single bytes is not a system call each.
const SMALL_READ_BYTES: usize = 4 * 1024;

/// A stream of bytes that ends at damage, and then says what the damage was.
pub(super) trait Stream {
    /// Writes to the front of `buf` and returns how much. 0 is the end: of the bytes, or of those that can be had.
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, IngestError>;

    /// Takes what is known to be wrong with the bytes read so far. It belongs to the first who asks.
    fn take_problems(&mut self) -> Vec<Problem>;

    /// Passes over `num_bytes` and returns how many there were.
    fn skip(&mut self, num_bytes: u64) -> Result<u64, IngestError> {
        let mut scratch = vec![0; shorter(INPUT_BUFFER_BYTES, num_bytes)];
        let mut num_skipped = 0;
        while num_skipped < num_bytes {
            let len = shorter(scratch.len(), num_bytes - num_skipped);
            match self.read(&mut scratch[..len])? {
                0 => break,
                n => num_skipped += n as u64,
            }
        }
        Ok(num_skipped)
    }
}

/// The smaller of a length in memory and one that may be too large for it.
fn shorter(len: usize, num_bytes: u64) -> usize {
    usize::try_from(num_bytes).map_or(len, |num_bytes| num_bytes.min(len))
}

/// The problem of a stream whose input ended too early: the input's own, when it knows why, put at `offset`.
pub(super) fn cut_off(below: Vec<Problem>, offset: u64, detail: impl FnOnce() -> String) -> Problem {
    let why = below.into_iter().find(|problem| problem.kind != WarningKind::TrailingData);
    let (kind, detail) = match why {
        Some(problem) => (problem.kind, problem.detail),
        None => (WarningKind::Truncated, detail()),
    };
    Problem { kind, byte_offset: Some(offset), detail }
}

/// Anything that can be read from any place; what a zip archive needs.
pub(super) trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// Counts the bytes of one input as they are read, never more than it has.
#[derive(Debug)]
pub(super) struct FileMeter<'a> {
    progress: &'a Progress,
    num_counted: Cell<u64>,
    size: Option<u64>,
}

impl<'a> FileMeter<'a> {
    pub(super) fn new(progress: &'a Progress, size: Option<u64>) -> Self {
        Self { progress, num_counted: Cell::new(0), size }
    }

    /// Number of bytes counted so far.
    pub(super) fn num_counted(&self) -> u64 {
        self.num_counted.get()
    }

    /// Counts bytes that were read or passed over.
    fn add(&self, num_bytes: u64) {
        let before = self.num_counted.get();
        let after = before.saturating_add(num_bytes).min(self.size.unwrap_or(u64::MAX));
        self.num_counted.set(after);
        self.progress.add_file_bytes(after - before);
    }

    /// Counts what nobody had to read: directories of archives, bytes after the end.
    pub(super) fn finish(&self) {
        if let Some(size) = self.size {
            self.add(size);
        }
    }
}

/// The bottom of every stack: a file, standard input, memory.
pub(super) struct Source<'a, R> {
    reader: R,
    path: &'a str,
    progress: &'a Progress,
    /// `None` for a copy of bytes that were counted when they were copied.
    meter: Option<&'a FileMeter<'a>>,
}

impl<'a, R: Read> Source<'a, R> {
    pub(super) fn new(reader: R, path: &'a str, progress: &'a Progress, meter: Option<&'a FileMeter<'a>>) -> Self {
        Self { reader, path, progress, meter }
    }
}

impl<R: Read> Stream for Source<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, IngestError> {
        loop {
            self.progress.check_cancelled()?;
            match self.reader.read(buf) {
                Ok(n) => {
                    if let Some(meter) = self.meter {
                        meter.add(n as u64);
                    }
                    return Ok(n);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(IngestError::Io { path: self.path.to_owned(), source }),
            }
        }
    }

    fn take_problems(&mut self) -> Vec<Problem> {
        Vec::new()
    }
}

/// A [`Source`] that passes over bytes without reading them.
pub(super) struct SeekableSource<'a, R> {
    source: Source<'a, R>,
    /// Bytes from here to the end.
    num_left: u64,
}

impl<'a, R: Read + Seek> SeekableSource<'a, R> {
    /// From `start` to the end, wherever that is now.
    pub(super) fn new(
        mut reader: R,
        start: u64,
        path: &'a str,
        progress: &'a Progress,
        meter: Option<&'a FileMeter<'a>>,
    ) -> Result<Self, IngestError> {
        let ends = reader.seek(SeekFrom::End(0)).and_then(|end| Ok((reader.seek(SeekFrom::Start(start))?, end)));
        let (start, end) = ends.map_err(|source| IngestError::Io { path: path.to_owned(), source })?;
        Ok(Self { source: Source::new(reader, path, progress, meter), num_left: end.saturating_sub(start) })
    }
}

impl<R: Read + Seek> Stream for SeekableSource<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, IngestError> {
        let n = self.source.read(buf)?;
        self.num_left = self.num_left.saturating_sub(n as u64);
        Ok(n)
    }

    fn take_problems(&mut self) -> Vec<Problem> {
        Vec::new()
    }

    fn skip(&mut self, num_bytes: u64) -> Result<u64, IngestError> {
        self.source.progress.check_cancelled()?;
        // Seeking beyond the end succeeds, so the end has to be known here.
        let num_skipped = num_bytes.min(self.num_left);
        let Ok(distance) = i64::try_from(num_skipped) else {
            return Ok(0);
        };
        self.source
            .reader
            .seek(SeekFrom::Current(distance))
            .map_err(|source| IngestError::Io { path: self.source.path.to_owned(), source })?;
        self.num_left -= num_skipped;
        if let Some(meter) = self.source.meter {
            meter.add(num_skipped);
        }
        Ok(num_skipped)
    }
}

/// A stream whose next bytes can be looked at before they are taken.
///
/// Large reads bypass the buffer once it is empty, so that unpacked bytes go straight to whoever wants them.
pub(super) struct Lookahead<'a> {
    below: &'a mut dyn Stream,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    is_at_end: bool,
    position: u64,
}

impl<'a> Lookahead<'a> {
    pub(super) fn new(below: &'a mut dyn Stream) -> Self {
        Self { below, buffer: Vec::new(), start: 0, end: 0, is_at_end: false, position: 0 }
    }

    /// Number of bytes taken so far.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The next bytes: at least `len` of them, fewer only when the stream ends before.
    pub(super) fn peek(&mut self, len: usize) -> Result<&[u8], IngestError> {
        while self.end - self.start < len && !self.is_at_end {
            self.refill(len)?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// The next bytes, as many as are at hand; empty only at the end.
    pub(super) fn fill(&mut self) -> Result<&[u8], IngestError> {
        if self.start == self.end && !self.is_at_end {
            self.refill(INPUT_BUFFER_BYTES)?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// Takes bytes that [`Self::peek`] or [`Self::fill`] showed.
    pub(super) fn consume(&mut self, num_bytes: usize) {
        debug_assert!(num_bytes <= self.end - self.start, "only what was shown can be taken");
        self.start += num_bytes;
        self.position += num_bytes as u64;
    }

    /// Reads once more into a buffer of at least `len` bytes, of which fewer than `len` are in use.
    fn refill(&mut self, len: usize) -> Result<(), IngestError> {
        if self.buffer.len() < len {
            // A fresh allocation comes zeroed from the system; growing the old one would write every byte.
            let mut grown = vec![0; len];
            grown[..self.end - self.start].copy_from_slice(&self.buffer[self.start..self.end]);
            self.buffer = grown;
        } else {
            self.buffer.copy_within(self.start..self.end, 0);
        }
        self.end -= self.start;
        self.start = 0;
        let n = self.below.read(&mut self.buffer[self.end..])?;
        self.end += n;
        self.is_at_end = n == 0;
        Ok(())
    }
}

impl Stream for Lookahead<'_> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, IngestError> {
        if buf.is_empty() {
            return Ok(0);
        }
        if self.start == self.end && !self.is_at_end {
            if buf.len() >= SMALL_READ_BYTES {
                let n = self.below.read(buf)?;
                self.is_at_end = n == 0;
                self.position += n as u64;
                return Ok(n);
            }
            self.refill(SMALL_READ_BYTES)?;
        }
        let len = buf.len().min(self.end - self.start);
        buf[..len].copy_from_slice(&self.buffer[self.start..self.start + len]);
        self.consume(len);
        Ok(len)
    }

    fn take_problems(&mut self) -> Vec<Problem> {
        self.below.take_problems()
    }

    fn skip(&mut self, num_bytes: u64) -> Result<u64, IngestError> {
        let mut num_left = num_bytes;
        // A short way is read over, because what comes after it is wanted next.
        while num_left > 0 && (self.start < self.end || num_left < INPUT_BUFFER_BYTES as u64) {
            let len = shorter(self.fill()?.len(), num_left);
            if len == 0 {
                break;
            }
            self.consume(len);
            num_left -= len as u64;
        }
        if num_left > 0 && !self.is_at_end {
            let num_skipped = self.below.skip(num_left)?;
            self.position += num_skipped;
            num_left -= num_skipped;
        }
        Ok(num_bytes - num_left)
    }
}

/// The next bytes of another stream, of a length that is known beforehand: a member of an archive.
pub(super) struct Bounded<'a> {
    below: &'a mut dyn Stream,
    num_left: u64,
    num_read: u64,
    is_cut_off: bool,
    problem: Option<Problem>,
}

impl<'a> Bounded<'a> {
    pub(super) fn new(below: &'a mut dyn Stream, num_bytes: u64) -> Self {
        Self { below, num_left: num_bytes, num_read: 0, is_cut_off: false, problem: None }
    }

    /// Passes over what nobody read; false when the stream below ended before.
    pub(super) fn skip_rest(&mut self) -> Result<bool, IngestError> {
        let num_skipped = self.below.skip(self.num_left)?;
        self.num_left -= num_skipped;
        if self.num_left > 0 && !self.is_cut_off {
            self.end_cut_off();
        }
        Ok(self.num_left == 0)
    }

    fn end_cut_off(&mut self) {
        let num_left = self.num_left;
        let detail = || format!("the archive ends {num_left} bytes before the end of this member");
        self.problem = Some(cut_off(self.below.take_problems(), self.num_read, detail));
        self.is_cut_off = true;
    }
}

impl Stream for Bounded<'_> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, IngestError> {
        let len = shorter(buf.len(), self.num_left);
        if len == 0 || self.is_cut_off {
            return Ok(0);
        }
        let n = self.below.read(&mut buf[..len])?;
        self.num_left -= n as u64;
        self.num_read += n as u64;
        if n == 0 {
            self.end_cut_off();
        }
        Ok(n)
    }

    fn take_problems(&mut self) -> Vec<Problem> {
        self.problem.take().into_iter().collect()
    }
}

/// How many more bytes may be unpacked, over all layers and members of one input.
#[derive(Debug)]
pub(super) struct Budget {
    limit: u64,
    num_left: Cell<u64>,
    is_exceeded: Cell<bool>,
}

impl Budget {
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, num_left: Cell::new(limit), is_exceeded: Cell::new(false) }
    }

    /// True once a stream was cut because of the limit.
    pub(super) fn is_exceeded(&self) -> bool {
        self.is_exceeded.get()
    }
}

/// A stream that ends when the budget is spent.
///
/// The limit is on bytes and not on how well they were packed: traces of ten thousand equal events shrink a
/// thousandfold and are still traces.
pub(super) struct Budgeted<'a, S> {
    below: S,
    budget: &'a Budget,
    num_read: u64,
    is_cut_off: bool,
    problem: Option<Problem>,
}

impl<'a, S: Stream> Budgeted<'a, S> {
    pub(super) fn new(below: S, budget: &'a Budget) -> Self {
        Self { below, budget, num_read: 0, is_cut_off: false, problem: None }
    }
}

impl<S: Stream> Stream for Budgeted<'_, S> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, IngestError> {
        let num_left = self.budget.num_left.get();
        if self.is_cut_off || buf.is_empty() {
            return Ok(0);
        }
        if num_left == 0 {
            // The stream may end exactly at the limit, which is no offence.
            if self.below.read(&mut [0])? > 0 {
                self.budget.is_exceeded.set(true);
                self.is_cut_off = true;
                self.problem = Some(Problem {
                    kind: WarningKind::TooLarge,
                    byte_offset: Some(self.num_read),
                    detail: format!("more than {} bytes unpacked", self.budget.limit),
                });
            }
            return Ok(0);
        }
        let len = shorter(buf.len(), num_left);
        let n = self.below.read(&mut buf[..len])?;
        self.budget.num_left.set(num_left - n as u64);
        self.num_read += n as u64;
        Ok(n)
    }

    fn take_problems(&mut self) -> Vec<Problem> {
        let mut problems = self.below.take_problems();
        problems.extend(self.problem.take());
        problems
    }
}
