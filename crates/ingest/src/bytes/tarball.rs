//! tar: members in 512-byte blocks, read from front to back.
//!
//! Old, POSIX (ustar, pax) and GNU headers are understood as far as finding the files goes: names, lengths, kinds. Names
//! and extended headers are bounded, because a header may claim any length.

use kinetoscope_model::WarningKind;

use super::Problem;
use super::stream::{Bounded, Lookahead, Stream, cut_off};
use crate::error::IngestError;

/// Everything in a tar starts at a multiple of this.
pub(super) const BLOCK_BYTES: usize = 512;

/// Where a POSIX or GNU header says so.
const USTAR_AT: usize = 257;

/// Longest name and longest extended header that are looked at; both are far beyond what file systems allow.
const MAX_EXTENSION_BYTES: u64 = 1024 * 1024;

/// What a member is, as far as reading it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MemberKind {
    File,
    /// A file stored without its holes, in one of several ways.
    SparseFile,
    /// Folder, link, device, or a vendor's own thing.
    Other,
}

/// A member whose data comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) num_bytes: u64,
    pub(super) kind: MemberKind,
}

impl Member {
    /// Bytes from the end of its data to the next block.
    pub(super) fn padding(&self) -> u64 {
        self.num_bytes.wrapping_neg() % BLOCK_BYTES as u64
    }
}

/// True when `head` begins with a tar header, or with the part of one that shows it.
pub(super) fn is_start(head: &[u8]) -> bool {
    match head.first_chunk() {
        Some(block) => Header::parse(block).is_some(),
        None => head.get(USTAR_AT..).is_some_and(|rest| rest.starts_with(b"ustar")),
    }
}

/// One header block.
#[derive(Debug)]
struct Header {
    name: Vec<u8>,
    num_bytes: u64,
    type_flag: u8,
    /// For sparse files in GNU's old way: true when a block with more of the map comes next.
    has_more_map: bool,
}

impl Header {
    /// `None` when the checksum, which is over the whole block, does not fit.
    fn parse(block: &[u8; BLOCK_BYTES]) -> Option<Self> {
        let expected = parse_octal(&block[148..156])?;
        let plain: u64 = block.iter().map(|&byte| u64::from(byte)).sum();
        let of_field: u64 = block[148..156].iter().map(|&byte| u64::from(byte)).sum();
        // The checksum is made with blanks in its own place. Some old writers summed signed bytes.
        let unsigned = plain - of_field + 8 * u64::from(b' ');
        let num_high = block.iter().filter(|&&byte| byte >= 0x80).count() as u64;
        let num_high_of_field = block[148..156].iter().filter(|&&byte| byte >= 0x80).count() as u64;
        let signed = unsigned as i64 - 256 * (num_high - num_high_of_field) as i64;
        if expected != unsigned && i64::try_from(expected) != Ok(signed) {
            return None;
        }
        let num_bytes = parse_number(&block[124..136])?;
        let mut name = until_zero(&block[..100]).to_vec();
        // Only POSIX has a prefix there; GNU keeps times in its place.
        if block[USTAR_AT..].starts_with(b"ustar\0") && block[345] != 0 {
            let mut whole = until_zero(&block[345..500]).to_vec();
            whole.push(b'/');
            whole.append(&mut name);
            name = whole;
        }
        Some(Self { name, num_bytes, type_flag: block[156], has_more_map: block[156] == b'S' && block[482] != 0 })
    }
}

fn until_zero(field: &[u8]) -> &[u8] {
    &field[..memchr::memchr(0, field).unwrap_or(field.len())]
}

/// Octal digits between blanks and zeros; `None` when there is none or something else.
fn parse_octal(field: &[u8]) -> Option<u64> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | 0);
    let start = field.iter().position(|byte| !is_blank(byte))?;
    let digits = &field[start..];
    let len = digits.iter().position(is_blank).unwrap_or(digits.len());
    if !digits[len..].iter().all(is_blank) {
        return None;
    }
    digits[..len].iter().try_fold(0_u64, |number, &digit| match digit {
        b'0'..=b'7' => number.checked_mul(8)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    })
}

/// A length: octal, or big-endian binary behind a byte 0x80 where octal is too short.
fn parse_number(field: &[u8]) -> Option<u64> {
    match field.split_first() {
        Some((0x80, digits)) => {
            digits.iter().try_fold(0_u64, |number, &digit| number.checked_mul(256)?.checked_add(u64::from(digit)))
        }
        _ if field.iter().all(|byte| matches!(byte, b' ' | 0)) => Some(0),
        _ => parse_octal(field),
    }
}

/// What a pax header says about the member after it.
#[derive(Debug, Default, PartialEq, Eq)]
struct PaxRecords {
    name: Option<Vec<u8>>,
    num_bytes: Option<u64>,
    is_sparse: bool,
}

impl PaxRecords {
    /// Records are `LENGTH KEY=VALUE\n`, where LENGTH counts the whole record; reading stops at the first bad one.
    fn parse(mut bytes: &[u8]) -> Self {
        let mut records = Self::default();
        while let Some(blank) = memchr::memchr(b' ', bytes) {
            let len = std::str::from_utf8(&bytes[..blank]).ok().and_then(|digits| digits.parse::<usize>().ok());
            let Some(record) = len.and_then(|len| bytes.get(blank + 1..len)) else { break };
            bytes = &bytes[blank + 1 + record.len()..];
            let record = record.strip_suffix(b"\n").unwrap_or(record);
            let Some(equals) = memchr::memchr(b'=', record) else { break };
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            match key {
                b"path" | b"GNU.sparse.name" => records.name = Some(value.to_vec()),
                b"size" => {
                    records.num_bytes = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok());
                }
                _ => {}
            }
            records.is_sparse |= key.starts_with(b"GNU.sparse.");
        }
        records
    }
}

/// Finds the members of a tar.
#[derive(Debug, Default)]
pub(super) struct TarReader {
    has_end_mark: bool,
    problems: Vec<Problem>,
}

impl TarReader {
    /// The next member, with `input` at its data; `None` at the end.
    pub(super) fn next_member(&mut self, input: &mut Lookahead<'_>) -> Result<Option<Member>, IngestError> {
        let mut long_name = None;
        let mut pax = PaxRecords::default();
        let mut num_damaged = 0;
        loop {
            let start = input.position();
            let block = input.peek(BLOCK_BYTES)?;
            let Some(block) = block.first_chunk::<BLOCK_BYTES>() else {
                let is_blank = block.iter().all(|&byte| byte == 0);
                self.push_damaged(start, num_damaged, None);
                self.push_end(input, is_blank);
                return Ok(None);
            };
            if block.iter().all(|&byte| byte == 0) {
                self.has_end_mark = true;
                input.consume(BLOCK_BYTES);
                continue;
            }
            let header = Header::parse(block);
            input.consume(BLOCK_BYTES);
            let Some(header) = header else {
                num_damaged += BLOCK_BYTES as u64;
                continue;
            };
            self.push_damaged(start, num_damaged, Some(start));
            num_damaged = 0;
            // Archives can be appended to one another, end marks and all.
            self.has_end_mark = false;
            match header.type_flag {
                b'L' => {
                    let bytes = self.read_extension(input, header.num_bytes)?;
                    long_name = Some(until_zero(&bytes).to_vec());
                }
                b'x' | b'X' => pax = PaxRecords::parse(&self.read_extension(input, header.num_bytes)?),
                b'g' | b'K' => {
                    self.read_extension(input, header.num_bytes)?;
                }
                type_flag => {
                    let mut has_more_map = header.has_more_map;
                    while has_more_map {
                        has_more_map = input.peek(BLOCK_BYTES)?.get(504).is_some_and(|&flag| flag != 0);
                        input.skip(BLOCK_BYTES as u64)?;
                    }
                    let name = pax.name.or(long_name).unwrap_or(header.name);
                    let kind = match type_flag {
                        _ if pax.is_sparse => MemberKind::SparseFile,
                        b'S' => MemberKind::SparseFile,
                        // Before POSIX, a folder was a file whose name ends so.
                        b'0' | 0 | b'7' if !name.ends_with(b"/") => MemberKind::File,
                        _ => MemberKind::Other,
                    };
                    let num_bytes = match type_flag {
                        // Links may carry the length of what they point to, and have no data.
                        b'1'..=b'6' => 0,
                        _ => pax.num_bytes.unwrap_or(header.num_bytes),
                    };
                    return Ok(Some(Member { name: String::from_utf8_lossy(&name).into_owned(), num_bytes, kind }));
                }
            }
        }
    }

    /// Takes what was wrong with the headers so far. Offsets count from the start of the tar.
    pub(super) fn take_problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }

    /// Reads the data of a header that tells about the next one.
    fn read_extension(&mut self, input: &mut Lookahead<'_>, num_bytes: u64) -> Result<Vec<u8>, IngestError> {
        let mut data = Bounded::new(input, num_bytes);
        let mut bytes = vec![0; num_bytes.min(MAX_EXTENSION_BYTES) as usize];
        let mut len = 0;
        while len < bytes.len() {
            match data.read(&mut bytes[len..])? {
                0 => break,
                n => len += n,
            }
        }
        bytes.truncate(len);
        data.skip_rest()?;
        input.skip(num_bytes.wrapping_neg() % BLOCK_BYTES as u64)?;
        Ok(bytes)
    }

    fn push_damaged(&mut self, end: u64, num_bytes: u64, next: Option<u64>) {
        if num_bytes == 0 {
            return;
        }
        let start = end - num_bytes;
        let (kind, detail) = match next {
            Some(next) => (
                WarningKind::CorruptCompression,
                format!("tar header damaged; the next member was found at byte {next}"),
            ),
            None if self.has_end_mark => {
                (WarningKind::TrailingData, format!("{num_bytes} bytes that are not tar follow the end mark"))
            }
            None => (WarningKind::CorruptCompression, "tar header damaged; no further member was found".to_owned()),
        };
        self.problems.push(Problem { kind, byte_offset: Some(start), detail });
    }

    fn push_end(&mut self, input: &mut Lookahead<'_>, is_blank: bool) {
        let below = input.take_problems();
        let position = input.position();
        if !self.has_end_mark {
            let detail = || "the tar has no end mark; members may be missing".to_owned();
            self.problems.push(cut_off(below, position, detail));
            return;
        }
        // Whatever happened below, it happened after the last member.
        self.problems.extend(below);
        if !is_blank {
            let detail = "less than a block that is not tar follows the end mark".to_owned();
            self.problems.push(Problem { kind: WarningKind::TrailingData, byte_offset: Some(position), detail });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_binary() {
        assert_eq!(parse_number(b"00000001750\0"), Some(1000));
        assert_eq!(parse_number(b"       1750 "), Some(1000));
        assert_eq!(parse_number(b"\0\0\0\0\0\0\0\0\0\0\0\0"), Some(0));
        assert_eq!(parse_number(b"\x80\0\0\0\0\0\0\x02\0\0\0\0"), Some(1 << 33));
        assert_eq!(parse_number(b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), None);
        assert_eq!(parse_number(b"00000001980\0"), None);
        assert_eq!(parse_number(b"1 2         "), None);
    }

    #[test]
    fn padding_reaches_the_next_block() {
        let member = |num_bytes| Member { name: String::new(), num_bytes, kind: MemberKind::File };
        assert_eq!(member(0).padding(), 0);
        assert_eq!(member(1).padding(), 511);
        assert_eq!(member(512).padding(), 0);
        assert_eq!(member(513).padding(), 511);
    }

    #[test]
    fn pax_records_are_read_up_to_the_first_bad_one() {
        let records = PaxRecords::parse(b"16 path=long/one\n18 size=8589934592\nrubbish 5 path=no\n");
        // The first length is one short, so its record ends before the line break.
        assert_eq!(records.name.as_deref(), Some(&b"long/one"[..]));
        let records = PaxRecords::parse(b"17 path=long/one\n19 size=8589934592\n20 GNU.sparse.map=0\n9999 path=no\n");
        assert_eq!(records.name.as_deref(), Some(&b"long/one"[..]));
        assert_eq!(records.num_bytes, Some(8_589_934_592));
        assert!(records.is_sparse);
    }
}
