//! The document scanner: the one sequential truth about where in a document each byte stands.
//!
//! Bytes come in pieces of any size. Pieces that begin between two events may have been read ahead of time on another
//! thread ([`ReadAhead`]); the scanner takes such a result over only when it knows that the piece really begins there,
//! which the end of the piece before it proves. So guessing where pieces begin can cost time but never an event.
//!
//! The scanner also does what must not be guessed: keys before and after the events, damaged events, the torn end.

use kinetoscope_model::{SourceId, WarningKind, Warnings};

use crate::chrome::block::EventBlock;
use crate::chrome::cursor::{Cursor, Stop};
use crate::chrome::event::{EventReader, EventsEnd, MAX_EVENT_BYTES, MAX_EXCERPT_BYTES, excerpt};

/// A top-level value up to this size is kept as metadata; a larger one is stepped over.
const MAX_METADATA_BYTES: usize = 32 << 20;

/// How many bytes are read for nothing, over all events without end, before what is behind the next one is given up. Each
/// takes a look at all the bytes that there are.
const MAX_WASTED_BYTES: u64 = 8 << 30;

/// How far the next event behind a damaged one is looked for, with what it takes to know it.
const MAX_SEARCHED_BYTES: usize = MAX_EVENT_BYTES + RESYNC_CONTEXT_BYTES;

/// What is expected of an event that does not end.
const EVENT_END: &str = "the event's end";

/// What is kept of bytes in which no event begins, so that a beginning split between pieces is still seen.
const RESYNC_CONTEXT_BYTES: usize = 4096;

/// A piece of the event array, read on the guess that it begins between two events.
#[derive(Debug)]
pub(crate) struct ReadAhead {
    pub(crate) events: EventBlock,
    pub(crate) warnings: Warnings,
    pub(crate) consumed: usize,
    pub(crate) end: EventsEnd,
}

impl ReadAhead {
    /// Reads `bytes`, which stand at `offset` of the document.
    pub(crate) fn read(reader: &mut EventReader, source: SourceId, offset: u64, bytes: &[u8]) -> Self {
        reader.start(source, offset);
        let (consumed, end) = reader.read(bytes, 0);
        Self { events: reader.builder.seal(offset), warnings: std::mem::take(&mut reader.warnings), consumed, end }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing read yet.
    Start,
    /// Between the keys of the top-level object.
    TopLevel,
    /// Behind damage between the keys of the top-level object; the events are being looked for.
    LostBeforeEvents,
    /// Between two events.
    Events,
    /// In a damaged event; the next one is being looked for.
    LostInEvents,
    /// In a top-level value too large to keep.
    SkippingValue { depth: usize, in_string: bool, after_backslash: bool },
    /// After the document's end.
    Done,
}

/// Reads one document.
#[derive(Debug)]
pub(crate) struct DocumentScanner {
    source: SourceId,
    state: State,
    is_bare_array: bool,
    /// True once an array of events was found.
    pub(crate) has_events: bool,
    /// Bytes that could not be read for want of what follows, and their place in the document.
    carry: Vec<u8>,
    carry_offset: u64,
    /// Size of `carry` below which reading it again is not worth trying.
    retry_at: usize,
    num_wasted_bytes: u64,
    reader: EventReader,
    pub(crate) blocks: Vec<EventBlock>,
    /// Keys beside the events, with their values as JSON text.
    pub(crate) top_level: Vec<(String, String)>,
    pub(crate) warnings: Warnings,
    pub(crate) num_events: u64,
    /// The first thing that stood in the way of reading anything.
    pub(crate) first_failure: Option<String>,
}

impl DocumentScanner {
    /// A scanner for a document of its own; `is_bare_event_list` says that it begins inside of an event array.
    pub(crate) fn new(source: SourceId, is_bare_event_list: bool) -> Self {
        Self {
            source,
            state: if is_bare_event_list { State::Events } else { State::Start },
            is_bare_array: is_bare_event_list,
            has_events: is_bare_event_list,
            carry: Vec::new(),
            carry_offset: 0,
            retry_at: 0,
            num_wasted_bytes: 0,
            reader: EventReader::default(),
            blocks: Vec::new(),
            top_level: Vec::new(),
            warnings: Warnings::default(),
            num_events: 0,
            first_failure: None,
        }
    }

    pub(crate) fn source(&self) -> SourceId {
        self.source
    }

    /// Takes the next piece, with what was read ahead of it if anything was.
    pub(crate) fn push(&mut self, bytes: &[u8], read_ahead: Option<ReadAhead>) {
        match read_ahead {
            Some(ahead) if self.state == State::Events && self.carry.is_empty() => self.adopt(bytes, ahead),
            _ => self.push_sequentially(bytes, false),
        }
    }

    /// Ends the document. `is_cut` says that the bytes are known to end early.
    pub(crate) fn finish(&mut self, is_cut: bool) {
        self.push_sequentially(&[], true);
        let end = self.carry_offset + self.carry.len() as u64;
        let num_blank = self.carry.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == b',').count();
        let is_blank = num_blank == self.carry.len();
        match self.state {
            State::Done => {}
            // A bare array may lack its bracket: writers that append have no other way.
            State::Events if self.is_bare_array && is_blank && !is_cut => {}
            // Once is enough.
            _ if self.warnings.count_of(WarningKind::Truncated) > 0 => {}
            _ => {
                let what = match self.state {
                    State::Events | State::LostInEvents if !is_blank => {
                        format!("a torn event: {}", excerpt(&self.carry, num_blank))
                    }
                    State::Events | State::LostInEvents => "the event array has no end".to_owned(),
                    State::Start => "the document has no beginning".to_owned(),
                    _ => format!("a torn value: {}", excerpt(&self.carry, num_blank)),
                };
                let at = if is_blank { end } else { self.carry_offset + num_blank as u64 };
                self.warnings.add(WarningKind::Truncated, self.source, Some(at), || what.clone());
                self.first_failure.get_or_insert(format!("{what} at byte {at}"));
            }
        }
        self.carry = Vec::new();
    }

    fn adopt(&mut self, bytes: &[u8], ahead: ReadAhead) {
        let offset = self.carry_offset;
        self.keep(ahead.events);
        self.warnings.merge(ahead.warnings);
        match ahead.end {
            EventsEnd::NeedMore => {}
            EventsEnd::ArrayEnd => self.state = self.state_after_events(),
            // Read again from there, this time minding what is wrong.
            EventsEnd::Syntax { .. } => {}
        }
        self.carry_offset = offset + ahead.consumed as u64;
        let rest = &bytes[ahead.consumed..];
        match ahead.end {
            EventsEnd::NeedMore => self.carry.extend_from_slice(rest),
            _ => self.push_sequentially(rest, false),
        }
    }

    fn state_after_events(&self) -> State {
        if self.is_bare_array { State::Done } else { State::TopLevel }
    }

    fn push_sequentially(&mut self, bytes: &[u8], is_last: bool) {
        if self.carry.is_empty() {
            let consumed = self.scan(bytes, self.carry_offset, is_last);
            self.carry_offset += consumed as u64;
            self.carry.extend_from_slice(&bytes[consumed..]);
            self.retry_at = self.carry.len() * 2;
            return;
        }
        self.carry.extend_from_slice(bytes);
        // What needs more bytes is read again only when there are twice as many, so a huge value costs its size a few
        // times over and not its square.
        if self.carry.len() < self.retry_at && !is_last {
            return;
        }
        let carry = std::mem::take(&mut self.carry);
        let consumed = self.scan(&carry, self.carry_offset, is_last);
        self.carry_offset += consumed as u64;
        self.carry = carry;
        self.carry.drain(..consumed);
        self.retry_at = self.carry.len() * 2;
    }

    /// Reads as far as whole things go and returns how far that is.
    fn scan(&mut self, bytes: &[u8], offset: u64, is_last: bool) -> usize {
        let mut position = 0;
        loop {
            let before = (position, self.state);
            position = match self.state {
                State::Start => self.scan_start(bytes, position),
                State::TopLevel => self.scan_top_level(bytes, position, offset, is_last),
                State::LostBeforeEvents => self.scan_for_events(bytes, position),
                State::Events => self.scan_events(bytes, position, offset, is_last),
                State::LostInEvents => self.scan_for_next_event(bytes, position, is_last),
                State::SkippingValue { .. } => self.scan_skipped_value(bytes, position),
                State::Done => self.scan_after_end(bytes, position, offset, is_last),
            };
            if (position, self.state) == before {
                return position;
            }
        }
    }

    fn scan_start(&mut self, bytes: &[u8], position: usize) -> usize {
        const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
        let mut cursor = Cursor::new(bytes, position);
        let rest = &bytes[position..];
        if rest.starts_with(BYTE_ORDER_MARK) {
            cursor.position += BYTE_ORDER_MARK.len();
        } else if BYTE_ORDER_MARK.starts_with(rest) {
            // Its end may be in the next piece.
            return position;
        }
        cursor.skip_whitespace();
        match cursor.peek() {
            Ok(b'{') => self.state = State::TopLevel,
            Ok(b'[') => {
                self.state = State::Events;
                self.is_bare_array = true;
                self.has_events = true;
            }
            Ok(_) => {
                self.fail(position as u64, || "the document starts with neither { nor [".to_owned());
                self.state = State::Done;
                return bytes.len();
            }
            Err(_) => return position,
        }
        cursor.position + 1
    }

    fn scan_top_level(&mut self, bytes: &[u8], position: usize, offset: u64, is_last: bool) -> usize {
        let mut cursor = Cursor::new(bytes, position);
        loop {
            cursor.skip_whitespace();
            match cursor.peek() {
                Ok(b',') => cursor.position += 1,
                Ok(b'}') => {
                    self.state = State::Done;
                    return cursor.position + 1;
                }
                _ => break,
            }
        }
        let start = cursor.position;
        if self.has_events && cursor.peek() == Ok(b'{') {
            match is_event_key(&bytes[start + 1..]) {
                Ok(true) => {
                    let at = offset + start as u64;
                    self.warnings
                        .add(WarningKind::StrayBracket, self.source, Some(at), || "events go on here".to_owned());
                    self.state = State::Events;
                    return start;
                }
                Err(Stop::NeedMore) if !is_last => return start,
                _ => {}
            }
        }
        let entry = self.top_level_entry(&mut cursor);
        // Whatever of a value is there, its own size decides.
        let is_beyond = |at: usize| at - start > MAX_METADATA_BYTES;
        match entry {
            Ok(()) => cursor.position,
            Err(Stop::NeedMore) if is_beyond(bytes.len()) => self.skip_huge_value(bytes, start, offset),
            Err(Stop::NeedMore) => start,
            Err(Stop::Syntax { at, .. }) if is_beyond(at) => self.skip_huge_value(bytes, start, offset),
            Err(Stop::Syntax { at, .. }) if !is_excerpt_whole(bytes, at, is_last) => start,
            Err(Stop::Syntax { at, expected }) => {
                let what = format!("expected {expected}: {}", excerpt(bytes, at));
                self.fail(offset + at as u64, || what);
                if self.has_events {
                    self.state = State::Done;
                    return bytes.len();
                }
                // The events are what matters: look for them behind the damage, which may have swallowed the quote that
                // their key begins with.
                self.state = State::LostBeforeEvents;
                start + 1
            }
        }
    }

    fn scan_for_events(&mut self, bytes: &[u8], position: usize) -> usize {
        const KEY: &[u8] = b"\"traceEvents\"";
        match memchr::memmem::find(&bytes[position..], KEY) {
            Some(found) => {
                self.state = State::TopLevel;
                position + found
            }
            // The key may be split between pieces.
            None => position.max(bytes.len().saturating_sub(KEY.len() - 1)),
        }
    }

    fn top_level_entry(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        let bytes = cursor.bytes;
        let entry_start = cursor.position;
        let key = cursor.string()?;
        let raw_key = &bytes[key.start..key.end];
        cursor.expect(b':', "a colon")?;
        cursor.skip_whitespace();
        if raw_key == b"traceEvents" && cursor.peek()? == b'[' {
            cursor.position += 1;
            self.state = State::Events;
            self.has_events = true;
            return Ok(());
        }
        let (start, end) = cursor.value()?;
        if end - entry_start > MAX_METADATA_BYTES {
            // As if its end were not there yet.
            return Err(Stop::NeedMore);
        }
        let value = String::from_utf8_lossy(&bytes[start..end]).into_owned();
        self.top_level.push((String::from_utf8_lossy(raw_key).into_owned(), value));
        Ok(())
    }

    fn skip_huge_value(&mut self, bytes: &[u8], start: usize, offset: u64) -> usize {
        let mut cursor = Cursor::new(bytes, start);
        let key = cursor.string().ok().filter(|key| key.end - start <= MAX_METADATA_BYTES);
        let Some(key) = key.map(|key| String::from_utf8_lossy(&bytes[key.start..key.end]).into_owned()) else {
            // A key of that size: nothing here is a trace's header.
            self.fail(offset + start as u64, || "a key without end".to_owned());
            self.state = State::Done;
            return bytes.len();
        };
        if cursor.expect(b':', "a colon").is_err() {
            return start;
        }
        let at = offset + start as u64;
        self.warnings.add(WarningKind::MetadataTooLarge, self.source, Some(at), || format!("`{key}`"));
        self.state = State::SkippingValue { depth: 0, in_string: false, after_backslash: false };
        cursor.position
    }

    fn scan_skipped_value(&mut self, bytes: &[u8], position: usize) -> usize {
        let State::SkippingValue { mut depth, mut in_string, mut after_backslash } = self.state else {
            return position;
        };
        for (at, &byte) in bytes.iter().enumerate().skip(position) {
            if in_string {
                match byte {
                    _ if after_backslash => after_backslash = false,
                    b'\\' => after_backslash = true,
                    b'"' => in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => in_string = true,
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth > 0 => depth -= 1,
                b',' | b'}' if depth == 0 => {
                    self.state = State::TopLevel;
                    return at;
                }
                _ => {}
            }
        }
        self.state = State::SkippingValue { depth, in_string, after_backslash };
        bytes.len()
    }

    fn scan_events(&mut self, bytes: &[u8], position: usize, offset: u64, is_last: bool) -> usize {
        self.reader.start(self.source, offset);
        let mut position = position;
        let position = loop {
            let (done, end) = self.reader.read(bytes, position);
            match end {
                EventsEnd::NeedMore => match self.mend_unended(bytes, done, offset, is_last) {
                    Some(next) => position = next,
                    None => break done,
                },
                EventsEnd::ArrayEnd => {
                    self.state = self.state_after_events();
                    break done;
                }
                EventsEnd::Syntax { at, expected } => match self.mend(bytes, done, at, expected, offset, is_last) {
                    Some(next) => position = next,
                    None => break done,
                },
            }
        };
        self.warnings.merge(std::mem::take(&mut self.reader.warnings));
        let events = self.reader.builder.seal(offset);
        self.keep(events);
        position
    }

    /// Gets past the event that starts after `done` and does not end, if nothing more can make it end: a quote too many
    /// turns all that follows inside out. `None` when there is nothing to get past, or more bytes may still end it.
    fn mend_unended(&mut self, bytes: &[u8], done: usize, offset: u64, is_last: bool) -> Option<usize> {
        let is_huge = bytes.len() - done > MAX_SEARCHED_BYTES;
        if !(is_last || is_huge) || bytes[done..].iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        if self.num_wasted_bytes < MAX_WASTED_BYTES {
            self.num_wasted_bytes += (bytes.len() - done).min(MAX_SEARCHED_BYTES) as u64;
            return self.mend(bytes, done, bytes.len(), EVENT_END, offset, is_last);
        }
        if is_huge {
            let what = || format!("an event of more than {} MiB", MAX_EVENT_BYTES >> 20);
            self.warnings.add(WarningKind::JsonSyntax, self.source, Some(offset + done as u64), what);
            self.state = State::LostInEvents;
        }
        None
    }

    /// Gets past the damaged event that starts after `done`. `None` when more bytes are needed to find its end, or when no
    /// event of any size could end that late.
    fn mend(
        &mut self,
        bytes: &[u8],
        done: usize,
        at: usize,
        expected: &'static str,
        offset: u64,
        is_last: bool,
    ) -> Option<usize> {
        let mut cursor = Cursor::new(bytes, done);
        cursor.skip_whitespace();
        let start = cursor.position;
        let place = Some(offset + start as u64);
        // What is behind the largest event that there may be must not matter, as it may be there or not.
        let (at, expected) =
            if at - start > MAX_EVENT_BYTES { (start + MAX_EVENT_BYTES, EVENT_END) } else { (at, expected) };
        let next = find_next_event(bytes, start, is_last).filter(|next| next - start <= MAX_EVENT_BYTES);
        let next = match end_of_other_value(bytes, start) {
            // Unless it is all the rest of the events behind a bracket too many.
            Ok(end) if end - start <= MAX_EVENT_BYTES && next.is_none_or(|next| end < next) => Some(end),
            _ => next,
        };
        let limit = match next {
            Some(next) => next,
            None if bytes.len() - start > MAX_SEARCHED_BYTES => {
                let what = || format!("expected {expected}, and no event follows for {} MiB", MAX_EVENT_BYTES >> 20);
                self.warnings.add(WarningKind::JsonSyntax, self.source, place, what);
                self.state = State::LostInEvents;
                return None;
            }
            None if is_last => bytes.len(),
            None => return None,
        };
        let is_object = bytes[start] == b'{';
        if let Some(end) = is_object.then(|| self.reader.read_leniently(bytes, start, limit)).flatten() {
            let what = || excerpt(&bytes[..end], start);
            self.warnings.add(WarningKind::UnescapedQuote, self.source, place, what);
            return Some(end);
        }
        if is_last && limit == bytes.len() {
            let what = format!("a torn event: {}", excerpt(bytes, start));
            self.first_failure.get_or_insert_with(|| format!("{what} at byte {}", offset + start as u64));
            self.warnings.add(WarningKind::Truncated, self.source, place, || what);
        } else if !is_object || !self.reader.read_up_to_damaged_args(bytes, start, limit) {
            let what =
                || format!("expected {expected} at byte {}: {}", offset + at as u64, excerpt(&bytes[..limit], start));
            self.first_failure.get_or_insert_with(what);
            self.warnings.add(WarningKind::JsonSyntax, self.source, place, what);
        }
        Some(limit)
    }

    fn scan_for_next_event(&mut self, bytes: &[u8], position: usize, is_last: bool) -> usize {
        match find_next_event(bytes, position + 1, is_last) {
            Some(next) => {
                self.state = State::Events;
                next
            }
            None => position.max(bytes.len().saturating_sub(RESYNC_CONTEXT_BYTES)),
        }
    }

    fn scan_after_end(&mut self, bytes: &[u8], position: usize, offset: u64, is_last: bool) -> usize {
        let rest = &bytes[position..];
        if let Some(at) = rest.iter().position(|byte| !byte.is_ascii_whitespace() && *byte != 0)
            && self.warnings.count_of(WarningKind::TrailingData) == 0
            && self.first_failure.is_none()
        {
            if !is_excerpt_whole(rest, at, is_last) {
                return position + at;
            }
            let place = Some(offset + (position + at) as u64);
            self.warnings.add(WarningKind::TrailingData, self.source, place, || excerpt(rest, at));
        }
        bytes.len()
    }

    fn keep(&mut self, events: EventBlock) {
        self.num_events += events.len() as u64;
        if events.len() > 0 {
            self.blocks.push(events);
        }
    }

    fn fail(&mut self, at: u64, what: impl FnOnce() -> String) {
        let what = what();
        self.first_failure.get_or_insert_with(|| format!("{what} at byte {at}"));
        self.warnings.add(WarningKind::JsonSyntax, self.source, Some(at), || what);
    }
}

/// Whether all that is said of the bytes at `at` is there: it must not depend on where a piece ends.
fn is_excerpt_whole(bytes: &[u8], at: usize, is_last: bool) -> bool {
    is_last || bytes.len() - at > MAX_EXCERPT_BYTES
}

/// Where the value at `start` ends that is no event, when it is whole and a comma or the array's end follows.
fn end_of_other_value(bytes: &[u8], start: usize) -> Result<usize, Stop> {
    let mut cursor = Cursor::new(bytes, start);
    if cursor.peek()? != b'{' {
        let (_, end) = cursor.value()?;
        cursor.skip_whitespace();
        if matches!(cursor.peek()?, b',' | b']') {
            return Ok(end);
        }
    }
    Err(Stop::Syntax { at: start, expected: "a whole value" })
}

/// Position of the next thing after `from` that looks like the beginning of an event, or like the array's end.
///
/// `is_last` says that nothing follows `bytes`.
fn find_next_event(bytes: &[u8], from: usize, is_last: bool) -> Option<usize> {
    memchr::memchr2_iter(b'{', b']', bytes.get(from..)?).map(|at| from + at).filter(|&at| at > from).find(|&at| {
        if bytes[at] == b'{' { is_event_start(bytes, from, at) } else { is_array_end(bytes, from, at, is_last) }
    })
}

/// Whether the `{` at `at` starts an event: it follows `},` and its first key is one of an event's.
fn is_event_start(bytes: &[u8], from: usize, at: usize) -> bool {
    let before = bytes[from..at].trim_ascii_end();
    let follows_event = before.strip_suffix(b",").is_some_and(|rest| rest.trim_ascii_end().ends_with(b"}"));
    if !follows_event {
        return false;
    }
    let Some(key) = bytes[at + 1..].trim_ascii_start().strip_prefix(b"\"") else {
        return false;
    };
    EVENT_KEYS.iter().any(|name| key.strip_prefix(*name).is_some_and(|rest| rest.starts_with(b"\"")))
}

/// Keys that an event begins with. In files with sorted keys `args` and `bp` come first.
const EVENT_KEYS: [&[u8]; 10] = [b"ph", b"name", b"cat", b"pid", b"tid", b"ts", b"id", b"dur", b"args", b"bp"];

/// Whether one of an event's keys comes next.
fn is_event_key(bytes: &[u8]) -> Result<bool, Stop> {
    let mut cursor = Cursor::new(bytes, 0);
    cursor.skip_whitespace();
    let key = cursor.string()?;
    Ok(EVENT_KEYS.contains(&&bytes[key.start..key.end]))
}

/// Whether the `]` at `at` ends the event array: it follows `}` and only a key or the object's end comes after it.
fn is_array_end(bytes: &[u8], from: usize, at: usize, is_last: bool) -> bool {
    let before = bytes[from..at].trim_ascii_end();
    if !before.strip_suffix(b",").unwrap_or(before).trim_ascii_end().ends_with(b"}") {
        return false;
    }
    match bytes[at + 1..].trim_ascii_start() {
        [] => is_last,
        [b',', rest @ ..] => match rest.trim_ascii_start() {
            [] => is_last,
            // Another argument of the damaged event would look the same, so the key must be one of a trace's.
            rest => TOP_LEVEL_KEYS.iter().any(|key| {
                rest.strip_prefix(b"\"")
                    .is_some_and(|rest| rest.strip_prefix(key.as_bytes()).is_some_and(|rest| rest.starts_with(b"\"")))
            }),
        },
        [b'}', rest @ ..] => rest.trim_ascii_start().is_empty() && is_last,
        _ => false,
    }
}

/// Keys that are known to stand after the events.
const TOP_LEVEL_KEYS: &[&str] = &[
    "traceName",
    "displayTimeUnit",
    "baseTimeNanoseconds",
    "distributedInfo",
    "deviceProperties",
    "metadata",
    "otherData",
    "stackFrames",
    "samples",
    "systemTraceEvents",
    "schemaVersion",
    "record_shapes",
    "with_stack",
    "profile_memory",
    "with_flops",
    "with_modules",
    "trace_id",
    "host_name",
    "cuda_runtime_version",
    "cuda_driver_version",
    "cupti_version",
    "ERROR",
    "WARNING",
    "INFO",
];

/// Where to cut `bytes` so that the next piece most likely begins between two events: the position of the last `{` that
/// looks like an event's. `None` when nothing does.
pub(crate) fn find_cut(bytes: &[u8]) -> Option<usize> {
    // Events are hundreds of bytes; one that takes more than this need not be cut at.
    const WINDOW: usize = 256 << 10;
    let from = bytes.len().saturating_sub(WINDOW);
    memchr::memrchr_iter(b'{', &bytes[from..]).map(|at| from + at).find(|&at| is_event_start(bytes, from, at))
}
