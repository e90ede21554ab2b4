//! zstd (RFC 8878): any number of frames, one after the other, with skippable frames between them.
//!
//! When the decoder fails it does not say what it wrote before it failed. So it is fed one block at a time: what it
//! gave for the blocks before the damaged one has been handed on by then.

use kinetoscope_model::WarningKind;
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use super::Problem;
use super::stream::{Lookahead, Stream, cut_off};
use crate::error::IngestError;

/// The first bytes of a frame.
pub(super) const MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// The last three of the first four bytes of a skippable frame; the first is 0x50 to 0x5f.
const SKIPPABLE_MAGIC_END: &[u8] = &[0x2a, 0x4d, 0x18];

/// The decoder asks for a block, and for a frame header, together with the block header after it.
const BLOCK_HEADER_BYTES: usize = 3;

/// What the decoder wants first: enough of a frame header to know how long it is, in the decoder's way of asking.
const FIRST_STEP_BYTES: usize = 5 + BLOCK_HEADER_BYTES;

/// True for the start of a frame of either kind.
pub(super) fn is_frame_start(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
        || (head.len() >= MAGIC.len() && head[0] & 0xf0 == 0x50 && head[1..].starts_with(SKIPPABLE_MAGIC_END))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    BetweenFrames,
    InFrame,
    Over,
}

/// Unpacks zstd.
pub(super) struct ZstdStream<'a, 'b> {
    input: &'a mut Lookahead<'b>,
    decoder: Decoder<'static>,
    state: State,
    /// How many packed bytes the decoder wants next.
    num_wanted: usize,
    /// True when the decoder may hold unpacked bytes that did not fit.
    may_hold_output: bool,
    num_given: u64,
    problems: Vec<Problem>,
}

impl<'a, 'b> ZstdStream<'a, 'b> {
    pub(super) fn new(input: &'a mut Lookahead<'b>, max_window_log: u32, path: &str) -> Result<Self, IngestError> {
        let io_error = |source| IngestError::Io { path: path.to_owned(), source };
        let mut decoder = Decoder::new().map_err(io_error)?;
        decoder.set_parameter(DParameter::WindowLogMax(max_window_log)).map_err(io_error)?;
        Ok(Self {
            input,
            decoder,
            state: State::BetweenFrames,
            num_wanted: 0,
            may_hold_output: false,
            num_given: 0,
            problems: Vec::new(),
        })
    }

    fn end_cut_off(&mut self, detail: &str) {
        let below = self.input.take_problems();
        let detail = || format!("the zstd data ends {detail} (after {} packed bytes)", self.input.position());
        self.problems.push(cut_off(below, self.num_given, detail));
        self.state = State::Over;
    }

    fn end_with(&mut self, kind: WarningKind, detail: String) {
        self.problems.push(Problem { kind, byte_offset: Some(self.num_given), detail });
        self.state = State::Over;
    }

    /// Finds the next frame, or the end.
    fn read_between_frames(&mut self) -> Result<(), IngestError> {
        let head = self.input.peek(MAGIC.len())?;
        if is_frame_start(head) {
            self.state = State::InFrame;
            self.num_wanted = FIRST_STEP_BYTES;
        } else if head.is_empty() {
            self.state = State::Over;
            let below = self.input.take_problems();
            self.problems
                .extend(below.into_iter().map(|problem| Problem { byte_offset: Some(self.num_given), ..problem }));
        } else if MAGIC.starts_with(head) {
            self.end_cut_off("within a frame header");
        } else {
            let num_bytes = self.input.skip(u64::MAX)?;
            let detail = format!("{num_bytes} bytes that are not zstd follow the last zstd frame");
            self.end_with(WarningKind::TrailingData, detail);
        }
        Ok(())
    }

    /// One step of the decoder; returns how much it wrote to the front of `buf`.
    fn step(&mut self, buf: &mut [u8]) -> Result<usize, IngestError> {
        let len = if self.may_hold_output {
            0
        } else if self.num_wanted > BLOCK_HEADER_BYTES {
            self.num_wanted - BLOCK_HEADER_BYTES
        } else {
            self.num_wanted
        };
        let packed = self.input.fill()?;
        let is_at_end = packed.is_empty();
        let mut packed = InBuffer::around(&packed[..len.min(packed.len())]);
        let room = buf.len();
        let mut unpacked = OutBuffer::around(buf);
        let result = self.decoder.run(&mut packed, &mut unpacked);
        let (num_taken, n) = (packed.pos(), unpacked.pos());
        self.input.consume(num_taken);
        self.num_given += n as u64;
        match result {
            Ok(0) => self.state = State::BetweenFrames,
            Ok(num_wanted) => {
                self.num_wanted = num_wanted;
                if is_at_end && n == 0 && !self.may_hold_output {
                    self.end_cut_off("in the middle of a frame");
                }
            }
            Err(error) => {
                let position = self.input.position();
                let detail = format!("zstd data damaged at packed byte {position}: {error}");
                self.end_with(WarningKind::CorruptCompression, detail);
            }
        }
        self.may_hold_output = n == room;
        Ok(n)
    }
}

impl Stream for ZstdStream<'_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, IngestError> {
        let mut num_given = 0;
        while num_given < buf.len() {
            match self.state {
                State::BetweenFrames => self.read_between_frames()?,
                State::InFrame => num_given += self.step(&mut buf[num_given..])?,
                State::Over => break,
            }
        }
        Ok(num_given)
    }

    fn take_problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }
}
