//! The layers around the events of a report: header line, sections, packed blocks.
//!
//! ```text
//! NVIDIA Tegra Profiler Report 2023@4@4@54-234433681190v0.\n
//! section, section, ...                       one of them: Raw Sampling Data
//!   QDTEXT00
//!   length, message     the session           properties of the machine, options, clocks
//!   length, message     counts
//!   packed length, unpacked length, LZ4 block     events, some 7000 in each
//!   ...
//!   packed length, unpacked length, LZ4 block     strings
//!   length, message     names of threads
//!   length, message     devices
//! section table: { name, offset, size } ...
//! offset of the table in 8 bytes, U3w[END]
//! ```
//!
//! The table that says where things are stands at the end, where a recorder that was killed never came to, and which a
//! packed report only shows after everything else. So it is not used to find anything: the report is read from front to
//! back, its parts are told apart by what they hold, and the table only shows that nothing is missing.

use std::borrow::Cow;

use memchr::memmem;

use super::wire::{Fields, Value, take_varint};
use crate::error::IngestError;

/// How every report begins, `.qdrep` being its older name.
pub(crate) const MAGIC: &[u8] = b"NVIDIA Tegra Profiler Report";

const DATA_MAGIC: &[u8] = b"QDTEXT00";
const END_MAGIC: &[u8] = b"U3w[END]";

/// The header line is some 60 bytes long.
const MAX_HEADER_BYTES: usize = 1024;

/// More than one message or block of a real report has: the strings of a report of gigabytes.
const MAX_PART_BYTES: u64 = 1 << 30;

/// An LZ4 block of n bytes unpacks to no more than 255 n, each byte of a length adding 255 at most.
const MAX_LZ4_RATIO: u64 = 255;

/// What is kept of the sections after the data: room for a section table of thousands of entries.
const TAIL_BYTES: usize = 1 << 20;

/// How much is asked of the source at once.
const READ_BYTES: usize = 256 * 1024;

/// Why a report could not be read on.
#[derive(Debug)]
pub(super) enum Halt {
    /// Nothing to do with the report: the disk, the user.
    Error(IngestError),
    /// The report ends within something.
    Cut {
        /// Where it ends.
        at: u64,
        /// Within what.
        within: &'static str,
    },
    /// More is not wanted.
    Enough,
    /// What follows cannot be made out.
    Damaged {
        /// Where it begins.
        at: u64,
        /// What is wrong.
        detail: String,
    },
}

impl From<IngestError> for Halt {
    fn from(error: IngestError) -> Self {
        Self::Error(error)
    }
}

/// A source of bytes, e.g. [`crate::bytes::Document::read`]: writes to the front of the buffer, returns how many; 0 is
/// the end.
pub type ReadBytes<'a> = dyn FnMut(&mut [u8]) -> Result<usize, IngestError> + 'a;

/// The bytes of a report from front to back.
pub(super) struct Source<'a> {
    read: &'a mut ReadBytes<'a>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    is_at_end: bool,
    position: u64,
}

impl<'a> Source<'a> {
    pub(super) fn new(read: &'a mut ReadBytes<'a>) -> Self {
        Self { read, buffer: vec![0; READ_BYTES], start: 0, end: 0, is_at_end: false, position: 0 }
    }

    /// Number of bytes taken so far.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The next bytes: at least `len`, fewer only at the end. `len` is no more than the buffer has.
    fn peek(&mut self, len: usize) -> Result<&[u8], IngestError> {
        while self.end - self.start < len && !self.is_at_end {
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            let n = (self.read)(&mut self.buffer[self.end..])?;
            self.end += n;
            self.is_at_end = n == 0;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, len: usize) {
        self.start += len;
        self.position += len as u64;
    }

    /// Takes `len` bytes. Memory grows with the bytes that come, so a length that is not true costs nothing.
    fn take(&mut self, len: u64, within: &'static str) -> Result<Vec<u8>, Halt> {
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < len {
            let left = len - bytes.len() as u64;
            let at_hand = self.peek(1)?;
            if at_hand.is_empty() {
                return Err(Halt::Cut { at: self.position, within });
            }
            let n = usize::try_from(left).map_or(at_hand.len(), |left| left.min(at_hand.len()));
            bytes.extend_from_slice(&at_hand[..n]);
            self.consume(n);
        }
        Ok(bytes)
    }

    fn varint(&mut self, within: &'static str) -> Result<u64, Halt> {
        let at = self.position;
        let at_hand = self.peek(10)?;
        let mut rest = at_hand;
        let value = take_varint(&mut rest);
        let (len, num_left) = (at_hand.len(), rest.len());
        match value {
            Some(value) => {
                self.consume(len - num_left);
                Ok(value)
            }
            None if len < 10 => Err(Halt::Cut { at: at + len as u64, within }),
            None => Err(Halt::Damaged { at, detail: format!("{within} has no readable length") }),
        }
    }

    /// Takes a message and the length before it.
    pub(super) fn message(&mut self, within: &'static str) -> Result<Vec<u8>, Halt> {
        let at = self.position;
        let len = self.varint(within)?;
        if len > MAX_PART_BYTES {
            return Err(Halt::Damaged { at, detail: format!("{within} says that it is {len} bytes long") });
        }
        self.take(len, within)
    }

    /// Takes the header line and gives what stands on it behind [`MAGIC`]; `None` when this is no report.
    pub(super) fn header(&mut self) -> Result<Option<String>, IngestError> {
        let head = self.peek(MAX_HEADER_BYTES)?;
        let head = &head[..head.len().min(MAX_HEADER_BYTES)];
        let Some(rest) = head.strip_prefix(MAGIC) else { return Ok(None) };
        let line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let text = String::from_utf8_lossy(line).trim().to_owned();
        let len = MAGIC.len() + line.len();
        let has_break = head.len() > len;
        self.consume(len + usize::from(has_break));
        Ok(Some(text))
    }

    /// Passes over everything up to the data section and its magic; false when there is none.
    pub(super) fn skip_to_data(&mut self) -> Result<bool, IngestError> {
        loop {
            let at_hand = self.peek(READ_BYTES / 2)?;
            if let Some(at) = memmem::find(at_hand, DATA_MAGIC) {
                self.consume(at + DATA_MAGIC.len());
                return Ok(true);
            }
            // The magic may lie across the end of what is at hand.
            let num_done = at_hand.len().saturating_sub(DATA_MAGIC.len() - 1);
            if num_done == 0 {
                let len = at_hand.len();
                self.consume(len);
                return Ok(false);
            }
            self.consume(num_done);
        }
    }

    /// Whether what follows can be a block, and not the names of threads, whose message has a field 1 as its first byte
    /// where a block has its unpacked length.
    pub(super) fn begins_with_block(&mut self) -> Result<bool, IngestError> {
        let mut rest = self.peek(20)?;
        let lengths = take_varint(&mut rest).zip(take_varint(&mut rest));
        Ok(lengths.is_some_and(|(packed, unpacked)| {
            let most = unpacked.saturating_add(unpacked / MAX_LZ4_RATIO).saturating_add(16);
            unpacked > (1 << 3 | 2) && packed <= most && unpacked <= packed.saturating_mul(MAX_LZ4_RATIO)
        }))
    }

    /// Takes a packed block.
    pub(super) fn block(&mut self) -> Result<PackedBlock, Halt> {
        const WITHIN: &str = "a block of events";
        let at = self.position;
        let packed_len = self.varint(WITHIN)?;
        let unpacked_len = self.varint(WITHIN)?;
        let most = packed_len.saturating_mul(MAX_LZ4_RATIO);
        if packed_len > MAX_PART_BYTES || unpacked_len > MAX_PART_BYTES.min(most) {
            return Err(Halt::Damaged {
                at,
                detail: format!("a block says that its {packed_len} bytes unpack to {unpacked_len}"),
            });
        }
        let bytes = self.take(packed_len, WITHIN)?;
        Ok(PackedBlock { at, bytes, unpacked_len: usize::try_from(unpacked_len).unwrap_or(usize::MAX) })
    }

    /// Reads to the end and says whether the section table stands there.
    pub(super) fn has_section_table(&mut self) -> Result<bool, IngestError> {
        let mut tail: Vec<u8> = Vec::new();
        loop {
            let at_hand = self.peek(1)?;
            let len = at_hand.len();
            if len == 0 {
                break;
            }
            if tail.len() + len > TAIL_BYTES + READ_BYTES {
                tail.drain(..tail.len().saturating_sub(TAIL_BYTES));
            }
            tail.extend_from_slice(at_hand);
            self.consume(len);
        }
        Ok(section_table_start(&tail, self.position).is_some())
    }
}

/// Where the section table begins in a report that is `total` bytes long and ends with `tail`.
fn section_table_start(tail: &[u8], total: u64) -> Option<u64> {
    let (table, offset) = tail.strip_suffix(END_MAGIC)?.split_last_chunk::<8>()?;
    let start = u64::from_le_bytes(*offset);
    let from_end = usize::try_from(total.checked_sub(start)?.checked_sub(16)?).ok()?;
    let table = table.get(table.len().checked_sub(from_end)?..)?;
    let mut has_data = false;
    for field in Fields::new(table) {
        let Value::Bytes(section) = field.ok()?.value else { return None };
        has_data |= Fields::new(section)
            .flatten()
            .any(|field| field.number == 1 && field.value == Value::Bytes(b"Raw Sampling Data"));
    }
    has_data.then_some(start)
}

/// A block as it lies in the report.
#[derive(Debug)]
pub(super) struct PackedBlock {
    /// Where it begins.
    pub(super) at: u64,
    bytes: Vec<u8>,
    pub(super) unpacked_len: usize,
}

impl PackedBlock {
    /// Bytes that it takes, packed and unpacked together.
    pub(super) fn num_bytes(&self) -> usize {
        self.bytes.len().saturating_add(self.unpacked_len)
    }

    /// The message in it.
    pub(super) fn unpack(&self) -> Result<Vec<u8>, String> {
        let mut unpacked = vec![0; self.unpacked_len];
        match lz4_flex::block::decompress_into(&self.bytes, &mut unpacked) {
            Ok(len) if len == unpacked.len() => Ok(unpacked),
            Ok(len) => Err(format!("a block unpacks to {len} bytes instead of {}", self.unpacked_len)),
            Err(error) => Err(format!("a block cannot be unpacked: {error}")),
        }
    }

    /// Whether it begins as a block of events does, which the first bytes tell: so the block of strings, after which
    /// there are no blocks, is found without waiting for all those before it to be unpacked.
    pub(super) fn begins_with_event(&self) -> bool {
        let mut prefix = [0; 32];
        let len = unpack_prefix(&self.bytes, &mut prefix);
        let mut rest = &prefix[..len];
        // The length of the message, then its first element.
        take_varint(&mut rest).is_some()
            && take_varint(&mut rest) == Some(1 << 3 | 2)
            && take_varint(&mut rest).is_some()
            && begins_event(rest)
    }
}

/// Whether these are the first bytes of an event: its type, and then one payload, whose numbers are above 100 in every
/// version seen.
fn begins_event(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    take_varint(&mut rest) == Some(1 << 3)
        && take_varint(&mut rest).is_some()
        && take_varint(&mut rest).is_some_and(|tag| tag & 7 == 2 && tag >> 3 > 15)
}

/// The elements of an unpacked block: events or strings.
pub(super) fn elements(unpacked: &[u8]) -> &[u8] {
    let mut rest = unpacked;
    match take_varint(&mut rest) {
        Some(len) => usize::try_from(len).ok().and_then(|len| rest.get(..len)).unwrap_or(rest),
        None => &[],
    }
}

/// Whether the elements of an unpacked block are strings: a vote, because a few strings may look like events, and a few
/// events may be damaged. `None` when there are none.
pub(super) fn are_strings(unpacked: &[u8]) -> Option<bool> {
    let (mut num_all, mut num_events) = (0_u64, 0_u64);
    for field in Fields::new(elements(unpacked)).flatten() {
        if let (1, Value::Bytes(element)) = (field.number, field.value) {
            num_all += 1;
            num_events += u64::from(begins_event(element));
        }
    }
    (num_all > 0).then_some(2 * num_events < num_all)
}

/// Unpacks the beginning of an LZ4 block and gives how much of `out` it fills. What is no LZ4 block ends early.
fn unpack_prefix(packed: &[u8], out: &mut [u8]) -> usize {
    fn long_len(rest: &mut &[u8], nibble: u8) -> Option<usize> {
        let mut len = usize::from(nibble);
        if nibble == 15 {
            loop {
                let (&byte, after) = rest.split_first()?;
                *rest = after;
                len = len.checked_add(usize::from(byte))?;
                if byte != 255 {
                    break;
                }
            }
        }
        Some(len)
    }
    fn step(rest: &mut &[u8], out: &mut [u8], filled: &mut usize) -> Option<()> {
        let (&token, after) = rest.split_first()?;
        *rest = after;
        let num_literals = long_len(rest, token >> 4)?;
        let num_wanted = num_literals.min(out.len() - *filled).min(rest.len());
        out[*filled..*filled + num_wanted].copy_from_slice(&rest[..num_wanted]);
        *filled += num_wanted;
        let (distance, after) = rest.get(num_literals..)?.split_first_chunk::<2>()?;
        *rest = after;
        let distance = usize::from(u16::from_le_bytes(*distance));
        let len = long_len(rest, token & 15)?.checked_add(4)?;
        if distance == 0 || distance > *filled {
            return None;
        }
        for _ in 0..len.min(out.len() - *filled) {
            out[*filled] = out[*filled - distance];
            *filled += 1;
        }
        Some(())
    }
    let (mut rest, mut filled) = (packed, 0);
    while filled < out.len() && step(&mut rest, out, &mut filled).is_some() {}
    filled
}

/// A text of a report, with bytes replaced that are none.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_header_line_ends_at_its_break() {
        let header = |bytes: &[u8]| {
            let mut rest = bytes;
            let mut read = move |buffer: &mut [u8]| {
                // A byte at a time, as a slow pipe would.
                let n = rest.len().min(buffer.len()).min(1);
                buffer[..n].copy_from_slice(&rest[..n]);
                rest = &rest[n..];
                Ok(n)
            };
            let mut source = Source::new(&mut read);
            (source.header().unwrap(), source.position())
        };
        assert_eq!(header(b"NVIDIA Tegra Profiler Report 1.\nmore"), (Some("1.".to_owned()), 32));
        assert_eq!(header(b"NVIDIA Tegra Profiler Report 1."), (Some("1.".to_owned()), 31));
        assert_eq!(header(b"NVIDIA Tegra Profiler Rep"), (None, 0));
    }

    #[test]
    fn a_block_of_events_shows_by_its_first_bytes() {
        let begins = |message: &[u8]| {
            let bytes = lz4_flex::block::compress(message);
            PackedBlock { at: 0, bytes, unpacked_len: message.len() }.begins_with_event()
        };
        // Type 48 with payload 108, then anything.
        let event = b"\x0a\x08\x30\xe2\x06\x04\x08\x01\x10\x02";
        let message = [&[12, 0x0a, 10][..], &event[1..], b"\0\0"].concat();
        assert!(begins(&message));
        assert!(!begins(b"\x07\x0a\x05GpuMe"));
        assert!(!begins(b"\x00"));
        assert!(!begins(b""));
    }

    #[test]
    fn a_few_odd_elements_do_not_turn_the_vote() {
        let block = |elements: &[&[u8]]| {
            let mut message = Vec::new();
            for element in elements {
                message.extend_from_slice(&[0x0a, element.len() as u8]);
                message.extend_from_slice(element);
            }
            [&[message.len() as u8][..], &message].concat()
        };
        let event = b"\x08\x30\xe2\x06\x02\x08\x01";
        assert_eq!(are_strings(&block(&[event, b"odd", event])), Some(false));
        assert_eq!(are_strings(&block(&[event, b"a", b"b"])), Some(true));
        assert_eq!(are_strings(&block(&[])), None);
        assert_eq!(are_strings(b""), None);
    }

    #[test]
    fn the_section_table_is_where_the_end_says() {
        let section = b"\x0a\x11Raw Sampling Data\x10\x39\x18\x05";
        let table = [&[0x0a, section.len() as u8][..], section].concat();
        let tail = |offset: u64| [&b"before"[..], &table, &offset.to_le_bytes(), END_MAGIC].concat();
        let total = 100 + tail(0).len() as u64;
        assert_eq!(section_table_start(&tail(106), total), Some(106));
        // One byte off it is no table, and far off it is nowhere.
        assert_eq!(section_table_start(&tail(105), total), None);
        assert_eq!(section_table_start(&tail(u64::MAX), total), None);
        assert_eq!(section_table_start(&tail(0), total), None);
        assert_eq!(section_table_start(b"U3w[END]", 8), None);
    }

    proptest! {
        #[test]
        fn a_prefix_is_what_the_whole_begins_with(
            words in proptest::collection::vec(0_u8..4, 0..400),
            len in 0_usize..64,
        ) {
            let message: Vec<u8> = words.iter().flat_map(|&word| [word, word / 2, 7]).collect();
            let packed = lz4_flex::block::compress(&message);
            let mut prefix = vec![0; len];
            let filled = unpack_prefix(&packed, &mut prefix);
            prop_assert_eq!(filled, len.min(message.len()));
            prop_assert_eq!(&prefix[..filled], &message[..filled]);
        }

        #[test]
        fn any_bytes_have_a_prefix(packed: Vec<u8>) {
            let mut prefix = [0; 32];
            prop_assert!(unpack_prefix(&packed, &mut prefix) <= prefix.len());
        }
    }
}
