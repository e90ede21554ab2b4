//! Raw deflate data, one step at a time: what gzip and zip have in common.
//!
//! The decoder is driven directly and not through `flate2`'s readers, because those report damage as an error that
//! hides how many bytes were still good, and copy through a buffer of their own.

use flate2::{Decompress, FlushDecompress, Status};
use kinetoscope_model::WarningKind;

use super::Problem;
use super::stream::{Lookahead, Stream, cut_off};
use crate::error::IngestError;

/// What one step of unpacking gave.
pub(super) enum Step {
    /// So many bytes, at least one, and perhaps more to come.
    Data(usize),
    /// The last bytes of the data, perhaps none.
    End(usize),
    /// Nothing, because the input ends before the data does.
    Starved,
    /// The last good bytes, perhaps none, before damage.
    Corrupt(usize, String),
}

/// Unpacks deflate data.
#[derive(Debug)]
pub(super) struct Inflater {
    state: Decompress,
}

impl Inflater {
    pub(super) fn new() -> Self {
        Self { state: Decompress::new(false) }
    }

    /// Makes ready for the next piece of data.
    pub(super) fn reset(&mut self) {
        self.state.reset(false);
    }

    /// Unpacks into the front of `buf`, which is not empty, and takes what that needs from `input`.
    pub(super) fn step(&mut self, input: &mut Lookahead<'_>, buf: &mut [u8]) -> Result<Step, IngestError> {
        loop {
            let packed = input.fill()?;
            let is_at_end = packed.is_empty();
            let (in_before, out_before) = (self.state.total_in(), self.state.total_out());
            let result = self.state.decompress(packed, buf, FlushDecompress::None);
            let num_taken = (self.state.total_in() - in_before) as usize;
            let num_given = (self.state.total_out() - out_before) as usize;
            input.consume(num_taken);
            match result {
                Ok(Status::StreamEnd) => return Ok(Step::End(num_given)),
                Ok(_) if num_given > 0 => return Ok(Step::Data(num_given)),
                Ok(_) if is_at_end => return Ok(Step::Starved),
                Ok(_) if num_taken > 0 => {}
                Ok(_) => return Ok(Step::Corrupt(0, "the data leads nowhere".to_owned())),
                Err(error) => {
                    let message = error.message().unwrap_or("invalid data");
                    return Ok(Step::Corrupt(num_given, message.to_owned()));
                }
            }
        }
    }
}

/// The deflate data of a zip member as a stream.
pub(super) struct InflateStream<'a, 'b> {
    input: &'a mut Lookahead<'b>,
    inflater: Inflater,
    num_given: u64,
    is_over: bool,
    problem: Option<Problem>,
}

impl<'a, 'b> InflateStream<'a, 'b> {
    pub(super) fn new(input: &'a mut Lookahead<'b>) -> Self {
        Self { input, inflater: Inflater::new(), num_given: 0, is_over: false, problem: None }
    }
}

impl Stream for InflateStream<'_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, IngestError> {
        if self.is_over || buf.is_empty() {
            return Ok(0);
        }
        let step = self.inflater.step(self.input, buf)?;
        self.is_over = !matches!(step, Step::Data(_));
        let n = match step {
            Step::Data(n) | Step::End(n) | Step::Corrupt(n, _) => n,
            Step::Starved => 0,
        };
        self.num_given += n as u64;
        match step {
            Step::Data(_) | Step::End(_) => {}
            Step::Starved => {
                let detail = || "the deflate data ends in the middle".to_owned();
                self.problem = Some(cut_off(self.input.take_problems(), self.num_given, detail));
            }
            Step::Corrupt(_, message) => {
                self.problem = Some(Problem {
                    kind: WarningKind::CorruptCompression,
                    byte_offset: Some(self.num_given),
                    detail: format!("deflate data damaged before packed byte {}: {message}", self.input.position()),
                });
            }
        }
        Ok(n)
    }

    fn take_problems(&mut self) -> Vec<Problem> {
        self.problem.take().into_iter().collect()
    }
}
