//! Reads one event after another from a stretch of the event array.
//!
//! This is the loop that a gigabyte goes through. It reads the fields that mean something straight into a block's
//! columns and packs the arguments on the way, so each byte is looked at once. Whatever is wrong with one event is
//! reported and never reaches the next one.

use kinetoscope_model::id::NONE;
use kinetoscope_model::{SourceId, WarningKind, Warnings};

use crate::chrome::block::{
    BlockBuilder, IdScope, Ident, InstantScope, Marks, NO_DUR, NO_TS, RareFields, RawEvent, RowKey,
};
use crate::chrome::container::has_non_finite;
use crate::chrome::cursor::{Cursor, Quotes, Stop, TextDefects, unescape};
use crate::chrome::decimal::{BadTime, nanos_from_micros, scaled, take_nanos};
use crate::chrome::layout::{Follows, Layouts, Place};

/// Where reading events came to a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventsEnd {
    /// The bytes ran out; whole events end at `position`.
    NeedMore,
    /// The array's closing bracket was stepped over.
    ArrayEnd,
    /// The event that starts at `position` is no JSON.
    Syntax {
        /// Where it stops making sense.
        at: usize,
        /// What should have stood there.
        expected: &'static str,
    },
}

/// An event up to this size is read; a larger one is no event of a profiler, and is stepped over.
pub(crate) const MAX_EVENT_BYTES: usize = 64 << 20;

/// Reads events into a block.
#[derive(Debug, Default)]
pub(crate) struct EventReader {
    pub(crate) builder: BlockBuilder,
    pub(crate) warnings: Warnings,
    source: SourceId0,
    base_offset: u64,
    scratch: Vec<u8>,
    event_layouts: Layouts<Field>,
    arg_layouts: Layouts<()>,
}

/// A `SourceId` that defaults to the first source, so that the reader can be made before it has work.
#[derive(Debug, Clone, Copy)]
struct SourceId0(SourceId);

impl Default for SourceId0 {
    fn default() -> Self {
        Self(SourceId(0))
    }
}

impl EventReader {
    /// Says where the bytes read next come from.
    pub(crate) fn start(&mut self, source: SourceId, base_offset: u64) {
        self.source = SourceId0(source);
        self.base_offset = base_offset;
    }

    /// Reads events from `position` on, which stands between two events of the array.
    ///
    /// Returns how far whole events go, and why reading stopped there.
    pub(crate) fn read(&mut self, bytes: &[u8], position: usize) -> (usize, EventsEnd) {
        let mut cursor = Cursor::new(bytes, position);
        let mut done = position;
        loop {
            cursor.skip_whitespace();
            match cursor.peek() {
                Ok(b'{') => match self.event(&mut cursor) {
                    Ok(()) => done = cursor.position,
                    Err(Stop::NeedMore) => return (done, EventsEnd::NeedMore),
                    Err(Stop::Syntax { at, expected }) => return (done, EventsEnd::Syntax { at, expected }),
                },
                // Commas are not counted: Perfetto forgives one too many, and so do we.
                Ok(b',') => {
                    cursor.position += 1;
                    done = cursor.position;
                }
                Ok(b']') => return (cursor.position + 1, EventsEnd::ArrayEnd),
                Ok(_) => return (done, EventsEnd::Syntax { at: cursor.position, expected: "an event" }),
                Err(_) => return (cursor.position, EventsEnd::NeedMore),
            }
        }
    }

    /// Reads the damaged event at `start`, which ends before `limit`, taking bare quotes inside of strings for text.
    ///
    /// Returns where the next one or the array's end stands, when the event made sense that way and was kept.
    pub(crate) fn read_leniently(&mut self, bytes: &[u8], start: usize, limit: usize) -> Option<usize> {
        let mut cursor = Cursor { quotes: Quotes::Lenient, ..Cursor::new(&bytes[..limit], start) };
        let mut fields = Fields::default();
        let end = match self.fields(&mut cursor, &mut fields) {
            Ok(()) => {
                // Between the event and the next one, or the array's end, only a comma may be left.
                let rest = &bytes[cursor.position..limit];
                let end = cursor.position + rest.iter().take_while(|&&byte| is_blank(byte)).count();
                (end == limit || bytes[end] == b']').then_some(end)
            }
            Err(_) => None,
        };
        if end.is_some() {
            self.finish(start, fields, &bytes[..cursor.position]);
        } else if fields.has_args {
            self.builder.args.abandon_set();
        }
        end
    }

    /// Reads the damaged event at `start`, which ends before `limit`, up to the argument that is damaged.
    ///
    /// True when it was kept: the damage is in the arguments, and what says where the event belongs stands before them.
    pub(crate) fn read_up_to_damaged_args(&mut self, bytes: &[u8], start: usize, limit: usize) -> bool {
        const NEEDED: u8 = Seen::PHASE | Seen::NAME | Seen::PID | Seen::TID | Seen::TS;
        let mut cursor = Cursor::new(&bytes[..limit], start);
        let mut fields = Fields::default();
        let is_damaged = self.fields(&mut cursor, &mut fields).is_err();
        let is_enough = is_damaged && fields.is_damaged_in_args && fields.seen & NEEDED == NEEDED;
        if is_enough {
            fields.bad_field = Some("args");
            self.finish(start, fields, &bytes[..limit]);
        } else if fields.has_args {
            self.builder.args.abandon_set();
        }
        is_enough
    }

    fn warn(&mut self, kind: WarningKind, at: usize, detail: impl FnOnce() -> String) {
        let offset = self.base_offset + at as u64;
        self.warnings.add(kind, self.source.0, Some(offset), detail);
    }

    /// Reads one event. On an error nothing of it is kept.
    #[inline]
    fn event(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        let start = cursor.position;
        let mut fields = Fields::default();
        match self.fields(cursor, &mut fields) {
            Ok(()) if cursor.position - start <= MAX_EVENT_BYTES => {
                // No byte after the event, which may or may not be there yet.
                self.finish(start, fields, &cursor.bytes[..cursor.position]);
                Ok(())
            }
            result => {
                if fields.has_args {
                    self.builder.args.abandon_set();
                }
                result.and(Err(Stop::Syntax { at: cursor.position, expected: "a smaller event" }))
            }
        }
    }

    fn fields(&mut self, cursor: &mut Cursor<'_>, fields: &mut Fields) -> Result<(), Stop> {
        cursor.position += 1;
        let is_strict = cursor.quotes == Quotes::Strict;
        let mut place = Place::START;
        loop {
            let bytes = cursor.bytes;
            let step = if is_strict { self.event_layouts.step(place, &bytes[cursor.position..]) } else { None };
            let follows = match step {
                Some(step) => {
                    cursor.position += step.len;
                    place = step.next;
                    step.follows
                }
                None => {
                    let (follows, next) = self.next_field(cursor, place, fields)?;
                    place = next;
                    follows
                }
            };
            match follows {
                Follows::Value(field) => self.field(field, cursor, fields)?,
                Follows::End => return Ok(()),
            }
        }
    }

    /// Reads what stands before the next value of an event, or the event's end, byte by byte.
    #[cold]
    fn next_field(
        &mut self,
        cursor: &mut Cursor<'_>,
        place: Place,
        fields: &mut Fields,
    ) -> Result<(Follows<Field>, Place), Stop> {
        let start = cursor.position;
        cursor.skip_whitespace();
        let is_first = place == Place::START;
        match cursor.peek()? {
            b'}' => {
                cursor.position += 1;
                fields.is_empty |= is_first;
                // An empty event is rare, and must be noticed each time.
                if is_first {
                    return Ok((Follows::End, place));
                }
                let next =
                    self.event_layouts.remember(place, &cursor.bytes[start..cursor.position], (0, 0), Follows::End);
                return Ok((Follows::End, next));
            }
            b',' => {
                cursor.position += 1;
                cursor.skip_whitespace();
                // A comma too many before the end is forgiven.
                if cursor.peek()? == b'}' {
                    cursor.position += 1;
                    return Ok((Follows::End, place));
                }
            }
            _ if is_first => {}
            _ => return Err(Stop::Syntax { at: cursor.position, expected: "a comma or the end of the event" }),
        }
        let key = cursor.string()?;
        cursor.expect(b':', "a colon")?;
        cursor.skip_whitespace();
        cursor.peek()?;
        let bytes = cursor.bytes;
        let follows = Follows::Value(Field::of(&bytes[key.start..key.end]));
        let between = &bytes[start..cursor.position];
        let next = match cursor.quotes {
            Quotes::Strict => {
                self.event_layouts.remember(place, between, (key.start - start, key.end - start), follows)
            }
            Quotes::Lenient => Place::LOST,
        };
        Ok((follows, next))
    }

    #[inline]
    fn field(&mut self, field: Field, cursor: &mut Cursor<'_>, fields: &mut Fields) -> Result<(), Stop> {
        match field {
            Field::Phase => {
                fields.note(Seen::PHASE);
                match scalar(cursor)? {
                    Scalar::Text { raw, .. } => fields.phase = raw.first().copied().unwrap_or(0),
                    _ => fields.phase = 0,
                }
            }
            Field::Name => {
                fields.note(Seen::NAME);
                match scalar(cursor)? {
                    Scalar::Text { raw, has_escape } => fields.name = self.builder.string(raw, has_escape),
                    Scalar::Word(b"null") => fields.name = NONE,
                    Scalar::Word(word) => fields.name = self.builder.string(word, false),
                    Scalar::Container(text) => fields.name = self.builder.string(text, false),
                }
            }
            Field::Category => {
                fields.note(Seen::CATEGORY);
                if let Scalar::Text { raw, has_escape } = scalar(cursor)? {
                    fields.category = self.builder.category(raw, has_escape);
                }
            }
            Field::Pid => {
                fields.note(Seen::PID);
                fields.row.pid = self.ident(cursor, fields)?;
            }
            Field::Tid => {
                fields.note(Seen::TID);
                fields.row.tid = self.ident(cursor, fields)?;
            }
            Field::Ts => {
                fields.note(Seen::TS);
                match time(cursor)? {
                    Ok(nanos) => fields.ts = nanos,
                    Err(bad) => fields.bad_ts = Some(bad),
                }
            }
            Field::Dur => {
                fields.note(Seen::DUR);
                match time(cursor)? {
                    Ok(nanos) => fields.dur = nanos,
                    Err(_) => fields.bad_field = Some("dur"),
                }
            }
            Field::Args => {
                if fields.has_args {
                    fields.has_duplicate = true;
                    self.builder.args.abandon_set();
                    fields.has_args = false;
                }
                if let Err(stop) = self.args(cursor, fields) {
                    fields.is_damaged_in_args = true;
                    return Err(stop);
                }
            }
            Field::Id => fields.marks.id = self.ident(cursor, fields)?,
            Field::Scope => {
                if let Scalar::Text { raw, .. } = scalar(cursor)? {
                    fields.marks.scope = match raw.first() {
                        Some(b'g') => InstantScope::Global,
                        Some(b'p') => InstantScope::Process,
                        _ => InstantScope::Thread,
                    };
                }
            }
            Field::BindingPoint => {
                if let Scalar::Text { raw, .. } = scalar(cursor)? {
                    fields.marks.binds_enclosing = raw == b"e";
                }
            }
            Field::Id2 => self.id2(cursor, fields)?,
            Field::BindId => fields.rare.bind_id = self.ident(cursor, fields)?,
            Field::FlowIn => fields.rare.flow_in = is_true(&scalar(cursor)?),
            Field::FlowOut => fields.rare.flow_out = is_true(&scalar(cursor)?),
            Field::ThreadTs => match time(cursor)? {
                Ok(nanos) => fields.rare.thread_ts = Some(nanos),
                Err(_) => fields.bad_field = Some("tts"),
            },
            Field::ThreadDur => match time(cursor)? {
                Ok(nanos) => fields.rare.thread_dur = Some(nanos),
                Err(_) => fields.bad_field = Some("tdur"),
            },
            Field::Other => {
                scalar(cursor)?;
            }
        }
        Ok(())
    }

    fn id2(&mut self, cursor: &mut Cursor<'_>, fields: &mut Fields) -> Result<(), Stop> {
        // A remembered layout may have fewer blanks before the value.
        cursor.skip_whitespace();
        if cursor.peek()? != b'{' {
            scalar(cursor)?;
            fields.bad_field = Some("id2");
            return Ok(());
        }
        cursor.position += 1;
        loop {
            cursor.skip_whitespace();
            match cursor.peek()? {
                b'}' => {
                    cursor.position += 1;
                    return Ok(());
                }
                b',' => cursor.position += 1,
                _ => {
                    let bytes = cursor.bytes;
                    let key = cursor.string()?;
                    cursor.expect(b':', "a colon")?;
                    cursor.skip_whitespace();
                    let ident = self.ident(cursor, fields)?;
                    match &bytes[key.start..key.end] {
                        b"local" => fields.rare.id2 = Some((IdScope::Local, ident)),
                        b"global" => fields.rare.id2 = Some((IdScope::Global, ident)),
                        _ => {}
                    }
                }
            }
        }
    }

    #[inline]
    fn ident(&mut self, cursor: &mut Cursor<'_>, fields: &mut Fields) -> Result<Ident, Stop> {
        if let Some(value) = take_small_int(cursor) {
            return Ok(Ident::Int(value));
        }
        self.rare_ident(cursor, fields)
    }

    fn rare_ident(&mut self, cursor: &mut Cursor<'_>, fields: &mut Fields) -> Result<Ident, Stop> {
        Ok(match scalar(cursor)? {
            Scalar::Text { raw, has_escape } => Ident::Text(self.builder.string(raw, has_escape)),
            Scalar::Word(b"null") => Ident::Absent,
            Scalar::Word(word) => match small_int(word) {
                Some(value) => Ident::Int(value),
                // Beyond 64 bits, or with a fraction that an id cannot have: kept by its digits.
                None if word.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-') => {
                    match scaled(word, 0) {
                        Ok(value) if !word.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) => Ident::Int(value),
                        Ok(_) => Ident::Int(truncated(word)),
                        Err(_) => Ident::Text(self.builder.string(word, false)),
                    }
                }
                None => {
                    fields.bad_field = Some("id");
                    Ident::Absent
                }
            },
            Scalar::Container(_) => {
                fields.bad_field = Some("id");
                Ident::Absent
            }
        })
    }

    fn args(&mut self, cursor: &mut Cursor<'_>, fields: &mut Fields) -> Result<(), Stop> {
        // A remembered layout may have fewer blanks before the value.
        cursor.skip_whitespace();
        if cursor.peek()? != b'{' {
            if !matches!(scalar(cursor)?, Scalar::Word(b"null")) {
                fields.bad_field = Some("args");
            }
            return Ok(());
        }
        cursor.position += 1;
        fields.has_args = true;
        self.builder.args.begin_set();
        let is_strict = cursor.quotes == Quotes::Strict;
        let mut place = Place::START;
        loop {
            let step = if is_strict { self.arg_layouts.step(place, &cursor.bytes[cursor.position..]) } else { None };
            match step {
                Some(step) => {
                    cursor.position += step.len;
                    place = step.next;
                    if step.follows == Follows::End {
                        return Ok(());
                    }
                    let key = self.arg_layouts.key(&step);
                    match take_small_int(cursor) {
                        Some(value) => self.builder.args.push_int(key, value),
                        None => arg_value(&mut self.builder, &mut self.scratch, key, cursor, fields)?,
                    }
                }
                None => match self.next_arg(cursor, place, fields)? {
                    Some(next) => place = next,
                    None => return Ok(()),
                },
            }
        }
    }

    /// Reads the next argument, or the end of the arguments, byte by byte.
    #[cold]
    fn next_arg(&mut self, cursor: &mut Cursor<'_>, place: Place, fields: &mut Fields) -> Result<Option<Place>, Stop> {
        let start = cursor.position;
        let bytes = cursor.bytes;
        loop {
            cursor.skip_whitespace();
            match cursor.peek()? {
                b',' => cursor.position += 1,
                b'}' => {
                    cursor.position += 1;
                    if cursor.quotes == Quotes::Strict {
                        self.arg_layouts.remember(place, &bytes[start..cursor.position], (0, 0), Follows::End);
                    }
                    return Ok(None);
                }
                b'"' => break,
                _ => return Err(Stop::Syntax { at: cursor.position, expected: "an argument" }),
            }
        }
        let span = cursor.string()?;
        cursor.expect(b':', "a colon")?;
        cursor.skip_whitespace();
        cursor.peek()?;
        let raw_key = &bytes[span.start..span.end];
        if span.has_escape {
            let mut defects = TextDefects::default();
            let key = unescape(raw_key, &mut defects);
            fields.num_lone_surrogates += defects.num_lone_surrogates;
            arg_value(&mut self.builder, &mut self.scratch, &key, cursor, fields)?;
            // A key that has to be unescaped is read anew each time; what follows is off the beaten track.
            return Ok(Some(Place::LOST));
        }
        let next = match cursor.quotes {
            Quotes::Strict => {
                let between = &bytes[start..cursor.position];
                self.arg_layouts.remember(place, between, (span.start - start, span.end - start), Follows::Value(()))
            }
            Quotes::Lenient => Place::LOST,
        };
        arg_value(&mut self.builder, &mut self.scratch, raw_key, cursor, fields)?;
        Ok(Some(next))
    }

    #[inline]
    fn finish(&mut self, start: usize, fields: Fields, bytes: &[u8]) {
        if fields.is_plain() && matches!(fields.phase, b'X') && fields.dur != NO_DUR && fields.ts != NO_TS {
            let args = if fields.has_args { self.builder.args.end_set() } else { NONE };
            let row = self.builder.row(fields.row);
            self.builder.push(fields.into_event(row, args, start));
            return;
        }
        self.finish_other(start, fields, bytes);
    }

    /// Everything that is not a plain complete event: other phases, and whatever is odd.
    fn finish_other(&mut self, start: usize, mut fields: Fields, bytes: &[u8]) {
        if fields.is_empty {
            return;
        }
        let excerpt = || excerpt(bytes, start);
        if fields.has_duplicate {
            self.warn(WarningKind::DuplicateKey, start, excerpt);
        }
        if fields.has_non_finite {
            self.warn(WarningKind::NonFiniteNumber, start, excerpt);
        }
        if fields.num_lone_surrogates > 0 {
            self.warn(WarningKind::LoneSurrogate, start, excerpt);
        }
        if let Some(field) = fields.bad_field {
            self.warn(WarningKind::BadField, start, || format!("`{field}` of {}", excerpt()));
        }
        let dropped = match fields.phase {
            0 => Some((WarningKind::JsonSyntax, "no phase (ph)")),
            b'M' => {
                // Metadata holds for the whole trace; its time says nothing.
                fields.bad_ts = None;
                None
            }
            b'X' | b'B' | b'E' | b'i' | b'I' | b'R' | b'b' | b'e' | b'n' | b'C' | b's' | b't' | b'f' | b'T' => {
                match fields.bad_ts {
                    Some(BadTime::OutOfRange) => Some((WarningKind::TimeOutOfRange, "ts beyond 64-bit nanoseconds")),
                    Some(BadTime::NotANumber) => Some((WarningKind::JsonSyntax, "ts is no number")),
                    None if fields.ts == NO_TS => Some((WarningKind::JsonSyntax, "no ts")),
                    None if matches!(fields.phase, b'X' | b'T') && fields.dur == NO_DUR => {
                        Some((WarningKind::IncompleteEvent, "no dur"))
                    }
                    None => None,
                }
            }
            _ => Some((WarningKind::UnknownPhase, "unknown phase")),
        };
        if let Some((kind, why)) = dropped {
            if fields.has_args {
                self.builder.args.abandon_set();
            }
            self.warn(kind, start, || format!("{why}: {}", excerpt()));
            return;
        }
        if fields.ts < 0 && fields.ts != NO_TS {
            self.warn(WarningKind::NegativeTimestamp, start, excerpt);
        }
        let args = if fields.has_args { self.builder.args.end_set() } else { NONE };
        let row = self.builder.row(fields.row);
        self.builder.push(fields.into_event(row, args, start));
    }
}

/// Reads one argument's value.
#[inline]
fn arg_value(
    builder: &mut BlockBuilder,
    scratch: &mut Vec<u8>,
    key: &[u8],
    cursor: &mut Cursor<'_>,
    fields: &mut Fields,
) -> Result<(), Stop> {
    let args = &mut builder.args;
    let start = cursor.position;
    match scalar(cursor)? {
        Scalar::Text { raw, has_escape: false } => args.push_text(key, raw),
        Scalar::Text { raw, .. } => {
            let mut defects = TextDefects::default();
            let text = unescape(raw, &mut defects);
            fields.num_lone_surrogates += defects.num_lone_surrogates;
            args.push_text(key, &text);
        }
        Scalar::Container(text) => {
            fields.has_non_finite |= has_non_finite(text);
            if text.contains(&b'\n') {
                compact(text, scratch);
                args.push_json(key, scratch);
            } else {
                args.push_json(key, text);
            }
        }
        Scalar::Word(word) => match word {
            b"true" => args.push_bool(key, true),
            b"false" => args.push_bool(key, false),
            b"null" => args.push_null(key),
            _ => {
                let text = std::str::from_utf8(word).unwrap_or_default();
                if let Ok(value) = text.parse::<i64>() {
                    args.push_int(key, value);
                } else if let Ok(value) = text.parse::<u64>() {
                    args.push_uint(key, value);
                } else if let Ok(value) = text.parse::<f64>() {
                    // Rust reads NaN and the infinities in every spelling that writers of JSON use.
                    fields.has_non_finite |= !value.is_finite() && !word.iter().any(u8::is_ascii_digit);
                    args.push_real(key, value);
                } else {
                    return Err(Stop::Syntax { at: start, expected: "a value" });
                }
            }
        },
    }
    Ok(())
}

/// Bytes of the input that a warning shows at most.
pub(crate) const MAX_EXCERPT_BYTES: usize = 160;

/// The first bytes of an event, for a warning. `bytes` end with the event, or go on for more than is shown.
pub(crate) fn excerpt(bytes: &[u8], start: usize) -> String {
    let end = bytes.len().min(start + MAX_EXCERPT_BYTES);
    let text = String::from_utf8_lossy(&bytes[start..end]);
    let mut line = text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    if end < bytes.len() {
        line.push('…');
    }
    line
}

/// What a key of an event means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Phase,
    Name,
    Category,
    Pid,
    Tid,
    Ts,
    Dur,
    Args,
    Id,
    Scope,
    BindingPoint,
    Id2,
    BindId,
    FlowIn,
    FlowOut,
    ThreadTs,
    ThreadDur,
    /// Colours, stack frames and the like: Chrome's own business.
    Other,
}

impl Field {
    fn of(key: &[u8]) -> Self {
        match key {
            b"ph" => Self::Phase,
            b"name" => Self::Name,
            b"cat" => Self::Category,
            b"pid" => Self::Pid,
            b"tid" => Self::Tid,
            b"ts" => Self::Ts,
            b"dur" => Self::Dur,
            b"args" => Self::Args,
            b"id" => Self::Id,
            b"s" => Self::Scope,
            b"bp" => Self::BindingPoint,
            b"id2" => Self::Id2,
            b"bind_id" => Self::BindId,
            b"flow_in" => Self::FlowIn,
            b"flow_out" => Self::FlowOut,
            b"tts" => Self::ThreadTs,
            b"tdur" => Self::ThreadDur,
            _ => Self::Other,
        }
    }
}

/// Fields that may stand in an event only once.
struct Seen;

impl Seen {
    const PHASE: u8 = 1;
    const NAME: u8 = 1 << 1;
    const CATEGORY: u8 = 1 << 2;
    const PID: u8 = 1 << 3;
    const TID: u8 = 1 << 4;
    const TS: u8 = 1 << 5;
    const DUR: u8 = 1 << 6;
}

/// The fields of an event as they are found.
#[derive(Debug)]
struct Fields {
    phase: u8,
    seen: u8,
    has_args: bool,
    is_damaged_in_args: bool,
    is_empty: bool,
    has_duplicate: bool,
    has_non_finite: bool,
    num_lone_surrogates: u64,
    ts: i64,
    bad_ts: Option<BadTime>,
    dur: i64,
    name: u32,
    category: u32,
    row: RowKey,
    marks: Marks,
    rare: RareFields,
    bad_field: Option<&'static str>,
}

impl Default for Fields {
    #[inline]
    fn default() -> Self {
        Self {
            phase: 0,
            seen: 0,
            has_args: false,
            is_damaged_in_args: false,
            is_empty: false,
            has_duplicate: false,
            has_non_finite: false,
            num_lone_surrogates: 0,
            ts: NO_TS,
            bad_ts: None,
            dur: NO_DUR,
            name: NONE,
            category: NONE,
            row: RowKey::default(),
            marks: Marks::default(),
            rare: RareFields::default(),
            bad_field: None,
        }
    }
}

impl Fields {
    #[inline]
    fn note(&mut self, field: u8) {
        self.has_duplicate |= self.seen & field != 0;
        self.seen |= field;
    }

    /// True when nothing about the event needs a word.
    #[inline]
    fn is_plain(&self) -> bool {
        !self.has_duplicate
            && !self.has_non_finite
            && self.num_lone_surrogates == 0
            && self.bad_ts.is_none()
            && self.bad_field.is_none()
            && self.ts >= 0
    }

    #[inline]
    fn into_event(self, row: u32, args: u32, start: usize) -> RawEvent {
        RawEvent {
            phase: self.phase,
            ts: self.ts,
            dur: self.dur,
            name: self.name,
            category: self.category,
            row,
            args,
            marks: self.marks,
            rare: self.rare,
            offset: start as u32,
        }
    }
}

/// A value, as far as a field's reader wants to know.
enum Scalar<'a> {
    Text { raw: &'a [u8], has_escape: bool },
    Word(&'a [u8]),
    Container(&'a [u8]),
}

#[inline]
fn scalar<'a>(cursor: &mut Cursor<'a>) -> Result<Scalar<'a>, Stop> {
    match cursor.peek()? {
        b'"' => {
            let span = cursor.string()?;
            Ok(Scalar::Text { raw: &cursor.bytes[span.start..span.end], has_escape: span.has_escape })
        }
        b'{' | b'[' => {
            let (start, end) = cursor.value()?;
            Ok(Scalar::Container(&cursor.bytes[start..end]))
        }
        // More blanks before the value than a remembered layout has.
        b' ' | b'\n' | b'\r' | b'\t' => {
            cursor.skip_whitespace();
            scalar(cursor)
        }
        _ => cursor.bare_word().map(Scalar::Word),
    }
}

/// A time in microseconds, as a number or as a text that holds one.
#[inline]
fn time(cursor: &mut Cursor<'_>) -> Result<Result<i64, BadTime>, Stop> {
    if let Some((nanos, end)) = take_nanos(cursor.bytes, cursor.position) {
        cursor.position = end;
        return Ok(Ok(nanos));
    }
    Ok(match scalar(cursor)? {
        Scalar::Word(text) | Scalar::Text { raw: text, .. } => nanos_from_micros(text),
        Scalar::Container(_) => Err(BadTime::NotANumber),
    })
}

/// True for what may stand between two events.
fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == b','
}

fn is_true(value: &Scalar<'_>) -> bool {
    matches!(value, Scalar::Word(b"true"))
}

/// A plain whole number of up to 18 digits.
fn small_int(word: &[u8]) -> Option<i64> {
    let mut cursor = Cursor::new(word, 0);
    let (value, end) = digits_at(&mut cursor)?;
    (end == word.len()).then_some(value)
}

/// Steps over a plain whole number of up to 18 digits and what is known to end it; else over nothing.
#[inline]
fn take_small_int(cursor: &mut Cursor<'_>) -> Option<i64> {
    let (value, end) = digits_at(cursor)?;
    match cursor.bytes.get(end)? {
        b',' | b'}' | b'\n' | b' ' | b'\r' | b']' => {
            cursor.position = end;
            Some(value)
        }
        _ => None,
    }
}

#[inline]
fn digits_at(cursor: &mut Cursor<'_>) -> Option<(i64, usize)> {
    const MAX_DIGITS: usize = 18;
    let start = cursor.position;
    let is_negative = cursor.bytes.get(start) == Some(&b'-');
    let first = start + usize::from(is_negative);
    let mut end = first;
    let mut value = 0i64;
    while let Some(digit) = cursor.bytes.get(end).map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit < 10) {
        if end - first == MAX_DIGITS {
            return None;
        }
        value = value * 10 + i64::from(digit);
        end += 1;
    }
    (end > first).then_some((if is_negative { -value } else { value }, end))
}

/// The whole part of a number written with a fraction or exponent.
fn truncated(word: &[u8]) -> i64 {
    std::str::from_utf8(word).ok().and_then(|text| text.parse::<f64>().ok()).map_or(0, |value| value as i64)
}

/// Copies a JSON text without the whitespace between its tokens.
fn compact(text: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let mut cursor = Cursor::new(text, 0);
    while let Ok(byte) = cursor.peek() {
        if byte == b'"' {
            let start = cursor.position;
            if cursor.string().is_err() {
                cursor.position = text.len();
            }
            out.extend_from_slice(&text[start..cursor.position]);
            continue;
        }
        if !byte.is_ascii_whitespace() {
            out.push(byte);
        }
        cursor.position += 1;
    }
}
