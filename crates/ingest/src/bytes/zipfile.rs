//! zip: what its directory says, and what can be found without it.
//!
//! The directory at the end of the archive is what counts, so zip needs to be read from any place. Only the directory is
//! read by the `zip` crate; the members are unpacked here, because its readers turn damage into an error. An archive that
//! was cut off has no directory, and its members are then found one after the other by the headers before them.

use std::io;

use flate2::Crc;
use kinetoscope_model::WarningKind;
use zip::ZipArchive;
use zip::result::ZipError;

use super::Problem;
use super::stream::{Lookahead, ReadSeek, Stream};
use crate::error::IngestError;

/// How many bytes show a zip archive.
pub(super) const MAGIC_BYTES: usize = 4;

const MEMBER_MAGIC: &[u8] = b"PK\x03\x04";
const DESCRIPTOR_MAGIC: &[u8] = b"PK\x07\x08";

/// A member's header, up to its name.
const HEADER_BYTES: usize = 30;

const FLAG_ENCRYPTED: u16 = 1;
const FLAG_DESCRIPTOR: u16 = 1 << 3;

/// The extra field that holds lengths of 64 bits.
const EXTRA_ZIP64: u16 = 1;

/// True for the start of a member, of an archive without members, and of one that was split (into one part).
pub(super) fn is_start(head: &[u8]) -> bool {
    [MEMBER_MAGIC, b"PK\x05\x06", b"PK\x07\x08"].iter().any(|magic| head.starts_with(magic))
}

/// How a member is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Stored,
    Deflated,
    Zstd,
    /// The number of a method that is not read.
    Other(u16),
}

impl Method {
    fn from_number(number: u16) -> Self {
        match number {
            0 => Self::Stored,
            8 => Self::Deflated,
            93 => Self::Zstd,
            other => Self::Other(other),
        }
    }

    /// The name under which people know it.
    pub(super) fn name(self) -> String {
        match self {
            Self::Stored => "stored".to_owned(),
            Self::Deflated => "deflate".to_owned(),
            Self::Zstd => "zstd".to_owned(),
            Self::Other(9) => "deflate64".to_owned(),
            Self::Other(12) => "bzip2".to_owned(),
            Self::Other(14) => "LZMA".to_owned(),
            Self::Other(95) => "xz".to_owned(),
            Self::Other(98) => "PPMd".to_owned(),
            Self::Other(number) => format!("method {number}"),
        }
    }
}

/// A member of the directory.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) method: Method,
    pub(super) is_encrypted: bool,
    /// Where its packed bytes start, or why that is not known.
    pub(super) start: Result<u64, String>,
    pub(super) num_packed_bytes: u64,
    pub(super) crc: u32,
}

/// What the directory of an archive holds.
#[derive(Debug)]
pub(super) enum Directory {
    /// Its files, in the order of the directory; folders and links are left out.
    Files(Vec<Member>),
    /// Nothing readable, because of this.
    Unreadable(String),
}

/// Reads the directory.
pub(super) fn read_directory(reader: &mut dyn ReadSeek, path: &str) -> Result<Directory, IngestError> {
    let mut archive = match ZipArchive::new(reader) {
        Ok(archive) => archive,
        Err(error) => return damage_of(error, path).map(Directory::Unreadable),
    };
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let entry = match archive.by_index_data(index) {
            Ok(entry) => entry,
            Err(error) => return damage_of(error, path).map(Directory::Unreadable),
        };
        if entry.is_dir() || entry.is_symlink() {
            continue;
        }
        let name = match entry.name() {
            Ok(name) => name.into_owned(),
            Err(_) => String::from_utf8_lossy(entry.name_raw()).into_owned(),
        };
        let method = Method::from_number(method_number(entry.compression()));
        let mut member = Member {
            name,
            method,
            is_encrypted: entry.encrypted(),
            start: Err(String::new()),
            num_packed_bytes: entry.compressed_size(),
            crc: entry.crc32(),
        };
        member.start = match archive.by_index_raw(index) {
            Ok(file) => file.data_start().ok_or_else(|| "its header is missing".to_owned()),
            Err(error) => Err(damage_of(error, path)?),
        };
        files.push(member);
    }
    Ok(Directory::Files(files))
}

/// The number under which the format knows a method.
fn method_number(method: zip::CompressionMethod) -> u16 {
    #[expect(deprecated, reason = "the crate marks reading its own unknown-method variant as deprecated")]
    match method {
        zip::CompressionMethod::Stored => 0,
        zip::CompressionMethod::Deflated => 8,
        zip::CompressionMethod::Unsupported(number) => number,
        _ => u16::MAX,
    }
}

/// What is wrong with the archive, unless it is the disk.
fn damage_of(error: ZipError, path: &str) -> Result<String, IngestError> {
    match error {
        ZipError::Io(source)
            if !matches!(
                source.kind(),
                // Offsets in a damaged directory lead anywhere.
                io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData
            ) =>
        {
            Err(IngestError::Io { path: path.to_owned(), source })
        }
        other => Ok(other.to_string()),
    }
}

/// A member that was found by its own header, with the input at its packed bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FoundMember {
    pub(super) name: String,
    pub(super) method: Method,
    pub(super) is_encrypted: bool,
    /// `None` when they stand behind the packed bytes, which then have to tell themselves where they end.
    pub(super) packed_bytes_and_crc: Option<(u64, u32)>,
}

/// What comes next in an archive that is read from front to back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Member(FoundMember),
    /// The archive ends within a header.
    CutOff,
    /// Something else than a member: the directory, or damage.
    NoMember,
}

/// Reads the header of a member, if one comes next.
pub(super) fn read_header(input: &mut Lookahead<'_>) -> Result<Found, IngestError> {
    let header = input.peek(HEADER_BYTES)?;
    if !header.starts_with(MEMBER_MAGIC) {
        let is_cut_off = header.len() < MEMBER_MAGIC.len() && MEMBER_MAGIC.starts_with(header);
        return Ok(if is_cut_off { Found::CutOff } else { Found::NoMember });
    }
    let Some(header) = header.first_chunk::<HEADER_BYTES>() else {
        return Ok(Found::CutOff);
    };
    let u16_at = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    let u32_at = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let (flags, method, crc) = (u16_at(6), Method::from_number(u16_at(8)), u32_at(14));
    let (packed, unpacked) = (u32_at(18), u32_at(22));
    let (name_bytes, extra_bytes) = (usize::from(u16_at(26)), usize::from(u16_at(28)));
    let len = HEADER_BYTES + name_bytes + extra_bytes;
    let Some(whole) = input.peek(len)?.get(HEADER_BYTES..len) else {
        return Ok(Found::CutOff);
    };
    let (name, extra) = whole.split_at(name_bytes);
    let name = String::from_utf8_lossy(name).into_owned();
    let num_packed_bytes = match packed {
        u32::MAX => zip64_packed_bytes(extra, unpacked == u32::MAX),
        packed => Some(u64::from(packed)),
    };
    input.consume(len);
    let has_descriptor = flags & FLAG_DESCRIPTOR != 0 && packed == 0;
    Ok(Found::Member(FoundMember {
        name,
        method,
        is_encrypted: flags & FLAG_ENCRYPTED != 0,
        packed_bytes_and_crc: num_packed_bytes.filter(|_| !has_descriptor).map(|num_bytes| (num_bytes, crc)),
    }))
}

/// The packed length among the extra fields, which comes after the unpacked one when that is there too.
fn zip64_packed_bytes(mut extra: &[u8], has_unpacked: bool) -> Option<u64> {
    while let [id_low, id_high, len_low, len_high, rest @ ..] = extra {
        let len = usize::from(u16::from_le_bytes([*len_low, *len_high]));
        let field = rest.get(..len)?;
        if u16::from_le_bytes([*id_low, *id_high]) == EXTRA_ZIP64 {
            let at = if has_unpacked { 8 } else { 0 };
            return field.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
        }
        extra = &rest[len..];
    }
    None
}

/// Passes over the checksum and lengths that stand behind a member's packed bytes.
///
/// They come with or without a magic number and with lengths of 32 or 64 bits, so what follows them decides.
pub(super) fn skip_descriptor(input: &mut Lookahead<'_>) -> Result<(), IngestError> {
    let bytes = input.peek(24 + 2)?;
    let magic_bytes = if bytes.starts_with(DESCRIPTOR_MAGIC) { DESCRIPTOR_MAGIC.len() } else { 0 };
    let lens = [12, 20].map(|len| magic_bytes + len);
    let len = lens.into_iter().find(|&len| bytes.get(len..).is_some_and(|rest| rest.starts_with(b"PK")));
    input.skip(len.unwrap_or(lens[0]) as u64)?;
    Ok(())
}

/// A stream that is compared with its checksum once it has ended.
pub(super) struct Checked<S> {
    below: S,
    expected: u32,
    crc: Crc,
    num_read: u64,
    is_over: bool,
    problems: Vec<Problem>,
}

impl<S: Stream> Checked<S> {
    pub(super) fn new(below: S, expected: u32) -> Self {
        Self { below, expected, crc: Crc::new(), num_read: 0, is_over: false, problems: Vec::new() }
    }
}

impl<S: Stream> Stream for Checked<S> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, IngestError> {
        if self.is_over || buf.is_empty() {
            return Ok(0);
        }
        let n = self.below.read(buf)?;
        self.crc.update(&buf[..n]);
        self.num_read += n as u64;
        if n == 0 {
            self.is_over = true;
            self.problems = self.below.take_problems();
            // A stream that ended at damage cannot have the right checksum, and has said so.
            let is_whole = self.problems.iter().all(|problem| problem.kind == WarningKind::TrailingData);
            if is_whole && self.crc.sum() != self.expected {
                self.problems.push(Problem {
                    kind: WarningKind::CorruptCompression,
                    byte_offset: Some(self.num_read),
                    detail: "the checksum does not fit the data".to_owned(),
                });
            }
        }
        Ok(n)
    }

    fn take_problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lengths_are_found_among_the_extra_fields() {
        let other = [0x55, 0x54, 1, 0, 7];
        let both = [1, 0, 16, 0, 9, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0];
        let extra = [&other[..], &both[..]].concat();
        assert_eq!(zip64_packed_bytes(&extra, true), Some(5 + (1 << 32)));
        assert_eq!(zip64_packed_bytes(&extra, false), Some(9));
        assert_eq!(zip64_packed_bytes(&other, true), None);
        assert_eq!(zip64_packed_bytes(&both[..10], true), None);
    }
}
