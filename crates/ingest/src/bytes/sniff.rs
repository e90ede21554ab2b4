//! What bytes are, told from how they begin.
//!
//! Names lie (`trace.json` that is gzip, `.gz` that a proxy unpacked), so only content counts. A file that is something
//! else entirely is named for what it is, because "syntax error at byte 0" helps nobody; but a damaged trace must still
//! be taken for a trace, so whatever can be JSON is given the benefit of the doubt.

use memchr::memmem;

use super::gzip::GzipStream;
use super::stream::{Lookahead, Source, Stream as _};
use super::{ContentFormat, gzip, tarball, zipfile, zstandard};
use crate::Progress;
use crate::nsys::report;

/// How many bytes are looked at. Enough to get past the metadata that some tools write before the telling key, and past
/// most of a long event that was cut in two.
pub(super) const HEAD_BYTES: usize = 32 * 1024;

/// Something that other bytes are packed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Gzip,
    Zstd,
    Zip,
    Tar,
}

impl Container {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Zip => "zip",
            Self::Tar => "tar",
        }
    }
}

/// What bytes turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Container(Container),
    Content(ContentFormat),
    /// Something that is not read: what it looks like, with an article, and what to do instead.
    Other {
        looks_like: String,
        hint: Option<String>,
    },
    Empty,
}

/// Tells what begins with `head`, which is the whole of it when it is shorter than [`HEAD_BYTES`].
pub(super) fn recognise(head: &[u8]) -> Kind {
    if head.is_empty() {
        return Kind::Empty;
    }
    if let Some(container) = container_of(head) {
        return Kind::Container(container);
    }
    if head.starts_with(SQLITE_MAGIC) {
        return Kind::Content(ContentFormat::Sqlite);
    }
    if head.starts_with(report::MAGIC) {
        return Kind::Content(ContentFormat::NsysReport);
    }
    if let Some(other) = other_magic(head) {
        return other;
    }
    if is_perfetto(head) {
        return other(
            "a Perfetto trace (protobuf)",
            "record with the PyTorch profiler, or convert it to Chrome JSON with `traceconv json`",
        );
    }
    let text = text_of(head);
    match text.first() {
        Some(b'{') => object_of(text),
        Some(b'[') => array_of(text),
        None if is_text(head) => other("a text without a visible character", ""),
        _ if has_event(head) => Kind::Content(ContentFormat::JsonEvents),
        _ => rest_of(head),
    }
}

/// Whether what begins with `head` can be a trace: JSON, a database, a report, or something that is unpacked on the way. Some
/// thousand bytes are enough, so that the first of a gzip file can be unpacked; what is no trace after all is told when it is read.
pub fn may_be_trace(head: &[u8]) -> bool {
    match container_of(head) {
        Some(Container::Gzip) => start_within_gzip(head).is_none_or(|start| begins_like_trace(&start)),
        _ => begins_like_trace(head),
    }
}

fn begins_like_trace(head: &[u8]) -> bool {
    container_of(head).is_some()
        || [SQLITE_MAGIC, report::MAGIC].iter().any(|magic| head.starts_with(magic))
        || matches!(text_of(head).first(), Some(b'{' | b'['))
}

/// The first bytes of what is packed in a gzip file that begins with `head`; `None` when these are not enough to tell.
fn start_within_gzip(head: &[u8]) -> Option<Vec<u8>> {
    let progress = Progress::default();
    let mut packed = Source::new(head, "", &progress, None);
    let mut packed = Lookahead::new(&mut packed);
    let mut unpacked = GzipStream::new(&mut packed);
    let mut start = vec![0; HEAD_BYTES];
    let len = unpacked.read(&mut start).ok().filter(|&len| len > 0)?;
    start.truncate(len);
    Some(start)
}

/// The text from its first visible character on.
fn text_of(head: &[u8]) -> &[u8] {
    head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start()
}

fn other(looks_like: &str, hint: &str) -> Kind {
    Kind::Other { looks_like: looks_like.to_owned(), hint: (!hint.is_empty()).then(|| hint.to_owned()) }
}

fn container_of(head: &[u8]) -> Option<Container> {
    // A gzip file cut after two bytes still says what it was.
    if head.starts_with(gzip::MAGIC) || head == &gzip::MAGIC[..2] {
        Some(Container::Gzip)
    } else if zstandard::is_frame_start(head) {
        Some(Container::Zstd)
    } else if zipfile::is_start(head) {
        Some(Container::Zip)
    } else if tarball::is_start(head) {
        Some(Container::Tar)
    } else {
        None
    }
}

/// What to do with files of Nsight Systems that are not read.
pub(crate) const NSYS_HINT: &str = "of Nsight Systems, this version reads reports (.nsys-rep) and the databases that `nsys export --type sqlite` makes of them";
/// The first bytes of an SQLite database.
const SQLITE_MAGIC: &[u8] = b"SQLite format 3\0";
/// What `nsys export` makes besides databases holds a table a file, of which none is a trace.
const TABLES_HINT: &str = "if `nsys export` wrote it (parquetdir, arrowdir, arrow, hdf), open the report itself (.nsys-rep), or \
    export it with `nsys export --type sqlite`";
const UNPACK_HINT: &str = "unpack it first; gzip, zstd, zip and tar are unpacked on the fly";
const PICKLE_HINT: &str = "a PyTorch memory snapshot is a pickle and not a trace: \
    write the trace with `export_chrome_trace` or `tensorboard_trace_handler`";

/// First bytes, what they belong to, and what to do.
const MAGICS: &[(&[u8], &str, &str)] = &[
    (b"\xff\xfe", "UTF-16 text", "convert it to UTF-8: `iconv -f UTF-16 -t UTF-8`"),
    (b"\xfe\xff", "UTF-16 text", "convert it to UTF-8: `iconv -f UTF-16 -t UTF-8`"),
    (b"{\0", "UTF-16 text", "convert it to UTF-8: `iconv -f UTF-16LE -t UTF-8`"),
    (b"[\0", "UTF-16 text", "convert it to UTF-8: `iconv -f UTF-16LE -t UTF-8`"),
    (b"\0{", "UTF-16 text", "convert it to UTF-8: `iconv -f UTF-16BE -t UTF-8`"),
    (b"\0[", "UTF-16 text", "convert it to UTF-8: `iconv -f UTF-16BE -t UTF-8`"),
    (b"\x7fELF", "a program or library (ELF)", ""),
    (b"MZ", "a program or library (Windows)", ""),
    (b"\x89PNG\r\n\x1a\n", "a PNG image", ""),
    (b"\xff\xd8\xff", "a JPEG image", ""),
    (b"GIF8", "a GIF image", ""),
    (b"%PDF", "a PDF document", ""),
    (b"PAR1", "a Parquet file", TABLES_HINT),
    (b"ARROW1", "an Arrow IPC file", TABLES_HINT),
    (b"\xff\xff\xff\xff", "an Arrow IPC stream", TABLES_HINT),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", TABLES_HINT),
    (b"\x93NUMPY", "a NumPy array", ""),
    (b"GGUF", "a GGUF model", ""),
    (b"\xfd7zXZ\0", "a file packed with xz", UNPACK_HINT),
    (b"BZh", "a file packed with bzip2", UNPACK_HINT),
    (b"\x04\x22\x4d\x18", "a file packed with lz4", UNPACK_HINT),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK_HINT),
    (b"Rar!\x1a\x07", "a RAR archive", UNPACK_HINT),
];

fn other_magic(head: &[u8]) -> Option<Kind> {
    // A pickle of protocol 2 or later; from protocol 4 on a frame follows.
    if let [0x80, 2..=5, opcode, ..] = head
        && (head[1] < 4 || *opcode == 0x95)
    {
        return Some(other("a Python pickle", PICKLE_HINT));
    }
    // safetensors: a length of eight bytes, then a JSON object of that length.
    if let Some((len, rest)) = head.split_first_chunk::<8>()
        && rest.starts_with(b"{\"")
        && u64::from_le_bytes(*len) < 1 << 32
    {
        return Some(other("a safetensors file", ""));
    }
    MAGICS
        .iter()
        // Two or three letters can begin a text as well.
        .find(|(magic, ..)| head.starts_with(magic) && (magic.len() >= 4 || !is_text(head)))
        .map(|(_, looks_like, hint)| other(looks_like, hint))
}

/// True for a stream of Perfetto packets, each of which is field 1 of one message: byte 0x0a and a length.
fn is_perfetto(head: &[u8]) -> bool {
    // A text may begin with a line break, but holds no control characters.
    if is_text(head) {
        return false;
    }
    let mut rest = head;
    while let [0x0a, packet @ ..] = rest {
        let mut len = 0;
        let mut at = 0;
        loop {
            let Some(&byte) = packet.get(at) else { return true };
            if at == 5 {
                return false;
            }
            len |= usize::from(byte & 0x7f) << (7 * at);
            at += 1;
            if byte & 0x80 == 0 {
                break;
            }
        }
        match packet.get(at + len..) {
            Some(next) => rest = next,
            None => return true,
        }
    }
    rest.is_empty() && !head.is_empty()
}

/// True for bytes that a text could begin with.
fn is_text(head: &[u8]) -> bool {
    let is_utf8 = match std::str::from_utf8(head) {
        Ok(_) => true,
        // The last character may be cut by the end of the head.
        Err(error) => error.error_len().is_none(),
    };
    is_utf8 && !head.iter().any(|&byte| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b))
}

/// An object: a trace, one event of a list without brackets, or the file of another tool that shows by its keys.
fn object_of(text: &[u8]) -> Kind {
    let keys = top_level_keys(text);
    let value_of = |name: &str| keys.iter().find(|(key, _)| *key == name.as_bytes()).map(|(_, value)| *value);
    let has = |name| value_of(name).is_some();
    let holds = |value: Option<&[u8]>, words: &[&str]| {
        value.is_some_and(|value| words.iter().any(|word| memmem::find(value, word.as_bytes()).is_some()))
    };
    if has("traceEvents") {
        return Kind::Content(ContentFormat::JsonObject);
    }
    if has("ph") {
        return Kind::Content(ContentFormat::JsonEvents);
    }
    if holds(value_of("$schema").map(|value| &value[..value.len().min(100)]), &["speedscope"]) {
        return other("a speedscope profile", "open it in speedscope; it has no events, only stacks");
    }
    if holds(value_of("meta"), &["\"preprocessedProfileVersion\"", "\"geckoProfile\"", "\"processType\""]) {
        return other("a Firefox profile", "open it in the Firefox Profiler");
    }
    if has("schema") && has("nodes") {
        return other(
            "a PyTorch execution trace",
            "it holds operators and their inputs but no times; read the trace that the profiler wrote beside it",
        );
    }
    if has("device_traces") || has("segments") {
        return other("a PyTorch memory snapshot", PICKLE_HINT);
    }
    if has("nodes") && (has("startTime") || has("samples")) {
        return other("a V8 CPU profile", "open it in the browser's developer tools");
    }
    if has("Type") && keys.iter().any(|(key, _)| key.ends_with(b"Event")) {
        return other("an Nsight Systems export (JSON lines)", NSYS_HINT);
    }
    Kind::Content(ContentFormat::JsonObject)
}

/// An array: of events, or of arrays, which events never are.
fn array_of(text: &[u8]) -> Kind {
    let inside = text[1..].trim_ascii_start();
    if let Some(b'[') = inside.first()
        && let Some(b'0'..=b'9' | b'-') = inside[1..].trim_ascii_start().first()
    {
        return other(
            "a PyTorch memory timeline",
            "it holds sizes and no events; write the trace with `export_chrome_trace`",
        );
    }
    Kind::Content(ContentFormat::JsonArray)
}

/// The keys of the outermost object, as far as `text` goes, each with everything that stands after it.
fn top_level_keys(text: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut keys = Vec::new();
    let mut depth = 0_u32;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            b'"' => {
                let start = at;
                while let Some(&byte) = text.get(at) {
                    match byte {
                        b'"' => break,
                        b'\\' => at += 2,
                        _ => at += 1,
                    }
                }
                let Some(string) = text.get(start..at) else { break };
                at += 1;
                let rest = text.get(at..).unwrap_or_default().trim_ascii_start();
                if depth == 1
                    && let Some(value) = rest.strip_prefix(b":")
                {
                    keys.push((string, value));
                }
            }
            _ => {}
        }
    }
    keys
}

/// True when an event's phase stands somewhere: a trace whose beginning was lost, or that begins with rubbish.
fn has_event(head: &[u8]) -> bool {
    memmem::find_iter(head, b"\"ph\"").any(|at| {
        let rest = head[at + 4..].trim_ascii_start().strip_prefix(b":").unwrap_or_default().trim_ascii_start();
        matches!(rest, [b'"', b'A'..=b'Z' | b'a'..=b'z', b'"', ..])
    })
}

/// What is neither packed, nor JSON, nor of a known magic number.
fn rest_of(head: &[u8]) -> Kind {
    let start = head.trim_ascii_start();
    let starts_with = |word: &[u8]| start.get(..word.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(word));
    if starts_with(b"<!doctype html") || starts_with(b"<html") {
        return other("a web page (HTML)", "a download that wanted a login ends like this; fetch the file itself");
    }
    if starts_with(b"<?xml") || starts_with(b"<svg") {
        return other("an XML document", "");
    }
    if head.iter().all(|&byte| byte == 0) {
        return other("nothing but zero bytes", "the file was set aside but never written, or its disk was full");
    }
    if !is_text(head) {
        let first: Vec<String> = head.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        return other(&format!("an unknown binary format (first bytes {})", first.join(" ")), "");
    }
    if starts_with(b"----") && memmem::find(head, b"Self CPU").is_some() {
        return other(
            "a table that PyTorch printed (key_averages)",
            "read the trace that was written beside it (.pt.trace.json or .pt.trace.json.gz)",
        );
    }
    if let Some(name) = separator_of(head) {
        return other(&format!("a table of {name}-separated values"), "");
    }
    other("plain text", "")
}

/// What separates the values of a table: its first two lines have the same number of it, at least one.
fn separator_of(head: &[u8]) -> Option<&'static str> {
    let mut lines = head.split(|&byte| byte == b'\n');
    let (first, second) = (lines.next()?, lines.next()?);
    [(b',', "comma"), (b'\t', "tab"), (b';', "semicolon")].into_iter().find_map(|(separator, name)| {
        let count = |line: &[u8]| memchr::memchr_iter(separator, line).count();
        (count(first) > 0 && count(first) == count(second)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_gzip_file_may_be_a_trace_when_what_is_in_it_may() {
        let packed = |content: &str| {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            packer.write_all(content.as_bytes()).expect("memory takes it");
            packer.finish().expect("memory takes it")
        };
        // Numbers that pack badly, so that the file is longer than a head.
        let numbers: String = (0..5_000u64).map(|i| format!("{} ", i.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
        for (content, is_trace) in [
            ("{\"traceEvents\": []}".to_owned(), true),
            (format!("[{{\"ph\": \"X\", \"x\": \"{numbers}\""), true),
            ("step 1: loss 0.5".to_owned(), false),
            (numbers.clone(), false),
        ] {
            let file = packed(&content);
            assert_eq!(may_be_trace(&file[..file.len().min(4096)]), is_trace, "{}", &content[..20.min(content.len())]);
        }
        // Packed twice is unpacked on the way.
        let twice = packed("{}");
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(&twice).expect("memory takes it");
        assert!(may_be_trace(&packer.finish().expect("memory takes it")));
        // Nothing of the content is there to tell.
        assert!(may_be_trace(&packed("{}")[..10]) && may_be_trace(b"\x1f\x8b"));
    }

    fn keys(text: &str) -> Vec<String> {
        top_level_keys(text.as_bytes()).iter().map(|(key, _)| String::from_utf8_lossy(key).into_owned()).collect()
    }

    #[test]
    fn only_keys_of_the_outermost_object_count() {
        assert_eq!(keys(r#"{"a": {"b": 1}, "c": [{"d": 2}], "e" : "f"}"#), ["a", "c", "e"]);
        assert_eq!(keys(r#"{"a\"b": "c\\", "d": 1"#), [r#"a\"b"#, "d"]);
        assert_eq!(keys(r#"{"a": 1} {"b": 2}"#), ["a"]);
        assert_eq!(keys(r#"{"a": 1, "b"#), ["a"]);
        assert_eq!(keys(r#"{"a": 1, "b\"#), ["a"]);
        assert_eq!(keys("{"), Vec::<String>::new());
    }

    #[test]
    fn perfetto_is_a_chain_of_packets() {
        assert!(is_perfetto(b"\x0a\x03\x18\x01\x02\x0a\x02\x40\x01"));
        assert!(is_perfetto(b"\x0a\x80\x80\x01\x18\x01\x02"));
        assert!(!is_perfetto(b"\x0a\x03\x18\x01\x02\x0b\x02\x40\x01"));
        assert!(!is_perfetto(b"\n{\"traceEvents\": []}"));
        assert!(!is_perfetto(b"\x0a\xff\xff\xff\xff\xff\xff\x01"));
    }

    #[test]
    fn an_event_without_its_list_is_an_event() {
        assert!(has_event(br#"me": "x", "ph" : "X", "ts": 1}"#));
        assert!(has_event(br#""ph":"b""#));
        assert!(!has_event(br#""ph": 7"#));
        assert!(!has_event(br#"the "ph" of events"#));
    }

    #[test]
    fn a_text_may_end_within_a_character() {
        assert!(is_text("Größe".as_bytes()));
        assert!(is_text(&"Größe".as_bytes()[..3]));
        assert!(!is_text(b"a\xffb"));
        assert!(!is_text(b"a\0b"));
    }
}
