//! The table of contents of a cache file: what it was made from, and where each part lies.
//!
//! Plain little-endian numbers, and byte strings after their length. Reading never trusts a number: every part is
//! `None` when the bytes end early or say something impossible.

use std::path::{Path, PathBuf};

use kinetoscope_model::TraceClock;

use super::key::Input;

/// What a cache file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Toc {
    pub(super) created_unix_ns: i64,
    pub(super) inputs: Vec<Input>,
    pub(super) options_key: String,
    pub(super) clock: TraceClock,
    /// The tables in the order of the model, then the string pool.
    pub(super) segments: Vec<Segment>,
    pub(super) arg_pages: Vec<ArgPagePlace>,
}

/// One table: the Arrow message that describes its columns, and where those lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) num_rows: u64,
    /// For each column, whether no row has a value, so that nothing is stored.
    pub(super) is_absent: Vec<bool>,
    /// A copy of the message. Read from here, so that opening does not have to go to every table on the disk.
    pub(super) message: Vec<u8>,
    pub(super) body_at: u64,
    pub(super) body_len: u64,
}

/// Where one page of arguments lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ArgPagePlace {
    pub(super) at: u64,
    pub(super) len: u64,
    pub(super) num_sets: u32,
}

impl Toc {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::default();
        out.i64(self.created_unix_ns);
        out.bytes(self.options_key.as_bytes());
        out.count(self.inputs.len());
        for input in &self.inputs {
            out.bytes(input.path.as_os_str().as_encoded_bytes());
            out.bytes(&input.name);
            out.u64(input.num_bytes);
            out.i64(input.modified_unix_ns);
            out.u64(input.sample);
        }
        out.u64(u64::from(self.clock.start_unix_ns.is_some()));
        out.i64(self.clock.start_unix_ns.unwrap_or_default());
        out.i64(self.clock.file_offset_ns);
        out.count(self.segments.len());
        for segment in &self.segments {
            out.u64(segment.num_rows);
            out.bytes(&segment.is_absent.iter().map(|&is_absent| u8::from(is_absent)).collect::<Vec<_>>());
            out.bytes(&segment.message);
            out.u64(segment.body_at);
            out.u64(segment.body_len);
        }
        out.count(self.arg_pages.len());
        for page in &self.arg_pages {
            out.u64(page.at);
            out.u64(page.len);
            out.u64(u64::from(page.num_sets));
        }
        out.0
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Decoder(bytes);
        let created_unix_ns = bytes.i64()?;
        let options_key = String::from_utf8(bytes.bytes()?.to_vec()).ok()?;
        let inputs = bytes.list(|bytes| {
            Some(Input {
                path: path_from(bytes.bytes()?),
                name: bytes.bytes()?.to_vec(),
                num_bytes: bytes.u64()?,
                modified_unix_ns: bytes.i64()?,
                sample: bytes.u64()?,
            })
        })?;
        let has_start = bytes.u64()? == 1;
        let start_unix_ns = Some(bytes.i64()?).filter(|_| has_start);
        let clock = TraceClock { start_unix_ns, file_offset_ns: bytes.i64()? };
        let segments = bytes.list(|bytes| {
            Some(Segment {
                num_rows: bytes.u64()?,
                is_absent: bytes.bytes()?.iter().map(|&byte| byte == 1).collect(),
                message: bytes.bytes()?.to_vec(),
                body_at: bytes.u64()?,
                body_len: bytes.u64()?,
            })
        })?;
        let arg_pages = bytes.list(|bytes| {
            Some(ArgPagePlace { at: bytes.u64()?, len: bytes.u64()?, num_sets: u32::try_from(bytes.u64()?).ok()? })
        })?;
        let toc = Self { created_unix_ns, inputs, options_key, clock, segments, arg_pages };
        bytes.0.is_empty().then_some(toc)
    }
}

#[cfg(unix)]
fn path_from(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    Path::new(std::ffi::OsStr::from_bytes(bytes)).to_owned()
}

/// Paths that are no text come back changed here, and such an input is read again each time.
#[cfg(not(unix))]
fn path_from(bytes: &[u8]) -> PathBuf {
    Path::new(&*String::from_utf8_lossy(bytes)).to_owned()
}

#[derive(Default)]
struct Encoder(Vec<u8>);

impl Encoder {
    fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn i64(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn count(&mut self, count: usize) {
        self.u64(count as u64);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }
}

struct Decoder<'a>(&'a [u8]);

impl<'a> Decoder<'a> {
    fn u64(&mut self) -> Option<u64> {
        let (word, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*word))
    }

    fn i64(&mut self) -> Option<i64> {
        self.u64().map(u64::cast_signed)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.u64()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.u64()?;
        // Grown item by item: a count that the bytes cannot hold ends with the bytes, not with the memory.
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(item(self)?);
        }
        Some(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Toc {
        Toc {
            created_unix_ns: -1,
            inputs: vec![Input {
                path: PathBuf::from("/traces/ä.json"),
                name: b"link.json".to_vec(),
                num_bytes: u64::MAX,
                modified_unix_ns: i64::MIN,
                sample: 7,
            }],
            options_key: "limit=5".to_owned(),
            clock: TraceClock { start_unix_ns: Some(0), file_offset_ns: -3 },
            segments: vec![Segment {
                num_rows: 3,
                is_absent: vec![true, false],
                message: vec![1, 2, 3],
                body_at: 128,
                body_len: 256,
            }],
            arg_pages: vec![ArgPagePlace { at: 512, len: 10, num_sets: 2 }],
        }
    }

    #[test]
    fn what_was_written_is_read_back() {
        assert_eq!(Toc::decode(&sample().encode()), Some(sample()));
        let bare = Toc { clock: TraceClock::default(), inputs: Vec::new(), ..sample() };
        assert_eq!(Toc::decode(&bare.encode()), Some(bare));
    }

    #[test]
    fn bytes_that_are_cut_or_too_many_are_refused() {
        let bytes = sample().encode();
        for cut in 0..bytes.len() {
            assert_eq!(Toc::decode(&bytes[..cut]), None, "cut at {cut}");
        }
        assert_eq!(Toc::decode(&[bytes, vec![0]].concat()), None);
        assert_eq!(Toc::decode(&[0xff; 200]), None);
    }
}
