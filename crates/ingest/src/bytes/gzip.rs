//! gzip (RFC 1952): any number of members, one after the other.
//!
//! Parallel compressors and appending writers make files of many members, tapes and block devices pad them with zeros,
//! and killed writers leave the last one unfinished. All of that is read as far as it goes.

use flate2::Crc;
use kinetoscope_model::WarningKind;

use super::Problem;
use super::inflate::{Inflater, Step};
use super::stream::{Lookahead, Stream, cut_off};
use crate::error::IngestError;

/// The first bytes of a member: magic number and the only method there is, deflate.
pub(super) const MAGIC: &[u8] = &[0x1f, 0x8b, 0x08];

/// Magic, method, flags, time (4), extra flags, system.
const HEADER_BYTES: usize = 10;

/// Checksum and length, four bytes each.
const TRAILER_BYTES: usize = 8;

const FLAG_HEADER_CRC: u8 = 1 << 1;
const FLAG_EXTRA: u8 = 1 << 2;
const FLAG_NAME: u8 = 1 << 3;
const FLAG_COMMENT: u8 = 1 << 4;

/// Flags that no version of the format has given a meaning.
const FLAGS_RESERVED: u8 = 0b1110_0000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Header,
    Body,
    Trailer,
    BetweenMembers,
    Over,
}

/// Unpacks gzip.
pub(super) struct GzipStream<'a, 'b> {
    input: &'a mut Lookahead<'b>,
    inflater: Inflater,
    state: State,
    member_crc: Crc,
    num_given: u64,
    /// Members whose checksum or length is not that of their data: how many, and where the first one ends.
    num_bad_members: u64,
    first_bad_end: u64,
    problems: Vec<Problem>,
}

impl<'a, 'b> GzipStream<'a, 'b> {
    pub(super) fn new(input: &'a mut Lookahead<'b>) -> Self {
        Self {
            input,
            inflater: Inflater::new(),
            state: State::Header,
            member_crc: Crc::new(),
            num_given: 0,
            num_bad_members: 0,
            first_bad_end: 0,
            problems: Vec::new(),
        }
    }

    /// Ends the stream because its input did.
    fn end_cut_off(&mut self, detail: &str) {
        let below = self.input.take_problems();
        let detail = || format!("the gzip data ends {detail} (after {} packed bytes)", self.input.position());
        self.problems.push(cut_off(below, self.num_given, detail));
        self.state = State::Over;
    }

    /// Ends the stream because of damage.
    fn end_corrupt(&mut self, detail: &str) {
        self.problems.push(Problem {
            kind: WarningKind::CorruptCompression,
            byte_offset: Some(self.num_given),
            detail: format!("gzip data damaged before packed byte {}: {detail}", self.input.position()),
        });
        self.state = State::Over;
    }

    /// Reads a member's header and leaves the stream in its body, or over.
    fn read_header(&mut self) -> Result<(), IngestError> {
        let head = self.input.peek(HEADER_BYTES)?;
        if head.len() < HEADER_BYTES {
            self.end_cut_off("within a header");
            return Ok(());
        }
        let flags = head[3];
        if flags & FLAGS_RESERVED != 0 {
            self.end_corrupt("a header has flags that mean nothing");
            return Ok(());
        }
        self.input.consume(HEADER_BYTES);
        let mut is_whole = true;
        if flags & FLAG_EXTRA != 0 {
            let extra_bytes = match self.input.peek(2)? {
                [low, high, ..] => u64::from(u16::from_le_bytes([*low, *high])),
                _ => 0,
            };
            is_whole = self.input.skip(2 + extra_bytes)? == 2 + extra_bytes;
        }
        for flag in [FLAG_NAME, FLAG_COMMENT] {
            if is_whole && flags & flag != 0 {
                is_whole = self.skip_text()?;
            }
        }
        if is_whole && flags & FLAG_HEADER_CRC != 0 {
            is_whole = self.input.skip(2)? == 2;
        }
        if !is_whole {
            self.end_cut_off("within a header");
            return Ok(());
        }
        self.inflater.reset();
        self.member_crc.reset();
        self.state = State::Body;
        Ok(())
    }

    /// Passes over a text that ends with a zero byte; false when it does not end.
    fn skip_text(&mut self) -> Result<bool, IngestError> {
        loop {
            let bytes = self.input.fill()?;
            if bytes.is_empty() {
                return Ok(false);
            }
            match memchr::memchr(0, bytes) {
                Some(at) => {
                    self.input.consume(at + 1);
                    return Ok(true);
                }
                None => {
                    let len = bytes.len();
                    self.input.consume(len);
                }
            }
        }
    }

    /// Compares the end of a member with what was unpacked.
    fn read_trailer(&mut self) -> Result<(), IngestError> {
        let &[c0, c1, c2, c3, l0, l1, l2, l3, ..] = self.input.peek(TRAILER_BYTES)? else {
            self.end_cut_off("within a checksum");
            return Ok(());
        };
        self.input.consume(TRAILER_BYTES);
        let (crc, len) = (u32::from_le_bytes([c0, c1, c2, c3]), u32::from_le_bytes([l0, l1, l2, l3]));
        if crc != self.member_crc.sum() || len != self.member_crc.amount() {
            if self.num_bad_members == 0 {
                self.first_bad_end = self.num_given;
            }
            self.num_bad_members += 1;
        }
        self.state = State::BetweenMembers;
        Ok(())
    }

    /// Finds the next member, or the end.
    fn read_between_members(&mut self) -> Result<(), IngestError> {
        let mut num_zeros = 0;
        loop {
            let bytes = self.input.fill()?;
            let len = bytes.iter().take_while(|&&byte| byte == 0).count();
            let is_all = len == bytes.len();
            self.input.consume(len);
            num_zeros += len as u64;
            if len == 0 || !is_all {
                break;
            }
        }
        let head = self.input.peek(MAGIC.len())?;
        if head.starts_with(MAGIC) {
            self.state = State::Header;
        } else if head.is_empty() {
            self.state = State::Over;
            // The layer below may have ended because of damage just here, where a file of one member may end.
            self.problems.extend(self.input.take_problems().into_iter().map(|mut problem| {
                problem.byte_offset = Some(self.num_given);
                problem
            }));
        } else if MAGIC.starts_with(head) {
            self.end_cut_off("within a header");
        } else {
            self.state = State::Over;
            let num_bytes = num_zeros + self.input.skip(u64::MAX)?;
            self.push_trailing(format!("{num_bytes} bytes that are not gzip follow the last gzip member"));
            return Ok(());
        }
        if num_zeros > 0 {
            self.push_trailing(format!("{num_zeros} zero bytes follow a gzip member"));
        }
        Ok(())
    }

    fn push_trailing(&mut self, detail: String) {
        // Padding between members can occur as often as members do; the first one tells.
        if !self.problems.iter().any(|problem| problem.kind == WarningKind::TrailingData) {
            self.problems.push(Problem { kind: WarningKind::TrailingData, byte_offset: Some(self.num_given), detail });
        }
    }
}

impl Stream for GzipStream<'_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, IngestError> {
        let mut num_given = 0;
        while num_given < buf.len() {
            match self.state {
                State::Header => self.read_header()?,
                State::Body => {
                    let rest = &mut buf[num_given..];
                    let step = self.inflater.step(self.input, rest)?;
                    let n = match step {
                        Step::Data(n) | Step::End(n) | Step::Corrupt(n, _) => n,
                        Step::Starved => 0,
                    };
                    self.member_crc.update(&rest[..n]);
                    self.num_given += n as u64;
                    num_given += n;
                    match step {
                        Step::Data(_) => {}
                        Step::End(_) => self.state = State::Trailer,
                        Step::Starved => self.end_cut_off("in the middle of a member"),
                        Step::Corrupt(_, message) => self.end_corrupt(&message),
                    }
                }
                State::Trailer => self.read_trailer()?,
                State::BetweenMembers => self.read_between_members()?,
                State::Over => break,
            }
        }
        Ok(num_given)
    }

    fn take_problems(&mut self) -> Vec<Problem> {
        let mut problems = std::mem::take(&mut self.problems);
        if self.num_bad_members > 0 {
            let detail = match self.num_bad_members {
                1 => "the checksum of a gzip member does not fit its data".to_owned(),
                number => format!("the checksums of {number} gzip members do not fit their data"),
            };
            problems.push(Problem {
                kind: WarningKind::CorruptCompression,
                byte_offset: Some(self.first_bad_end),
                detail,
            });
            self.num_bad_members = 0;
        }
        problems
    }
}
