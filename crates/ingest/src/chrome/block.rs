//! Event blocks: the events of a few megabytes of JSON as columns, complete in themselves.
//!
//! A block numbers its own strings and rows and has its own page of arguments, so blocks can be filled on any thread in
//! any order. They depend only on the bytes, never on the thread, which keeps every later number the same whatever the
//! number of cores.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use kinetoscope_model::id::NONE;
use kinetoscope_model::{ArgPage, ArgPageBuilder};

use crate::chrome::cursor::{TextDefects, text_of};

/// The duration of an X or T event that gives none (or nonsense).
pub(crate) const NO_DUR: i64 = i64::MIN;

/// The time of an event that gives none. Only metadata events get this far without one.
pub(crate) const NO_TS: i64 = i64::MIN;

/// What a pid, tid or id is in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Ident {
    #[default]
    Absent,
    Int(i64),
    /// Number of a string of the block.
    Text(u32),
}

/// The row of an event: its process and thread as the file names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct RowKey {
    pub(crate) pid: Ident,
    pub(crate) tid: Ident,
}

/// Where an instant counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum InstantScope {
    #[default]
    Thread,
    Process,
    Global,
}

/// Whose ids an `id2` is unique among.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdScope {
    Local,
    Global,
}

/// The fields of flows, async events, instants and counters that other events do not have.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Marks {
    pub(crate) id: Ident,
    pub(crate) scope: InstantScope,
    pub(crate) binds_enclosing: bool,
}

/// [`Marks`] without the id's number, which is kept beside it: a launch has two flow events, so they are worth packing.
#[derive(Debug, Clone, Copy)]
struct MarkFlags(u8);

impl MarkFlags {
    const ID_IS_INT: u8 = 1;
    const ID_IS_TEXT: u8 = 1 << 1;
    const BINDS_ENCLOSING: u8 = 1 << 2;
    const IN_PROCESS: u8 = 1 << 3;
    const GLOBAL: u8 = 1 << 4;
}

impl Marks {
    #[inline]
    fn pack(self) -> (i64, MarkFlags) {
        let (id, kind) = match self.id {
            Ident::Absent => (0, 0),
            Ident::Int(value) => (value, MarkFlags::ID_IS_INT),
            Ident::Text(id) => (i64::from(id), MarkFlags::ID_IS_TEXT),
        };
        let scope = match self.scope {
            InstantScope::Thread => 0,
            InstantScope::Process => MarkFlags::IN_PROCESS,
            InstantScope::Global => MarkFlags::GLOBAL,
        };
        let binding = if self.binds_enclosing { MarkFlags::BINDS_ENCLOSING } else { 0 };
        (id, MarkFlags(kind | scope | binding))
    }

    fn unpack(id: i64, MarkFlags(flags): MarkFlags) -> Self {
        let has = |flag: u8| flags & flag != 0;
        let id = match () {
            () if has(MarkFlags::ID_IS_INT) => Ident::Int(id),
            () if has(MarkFlags::ID_IS_TEXT) => Ident::Text(id as u32),
            () => Ident::Absent,
        };
        let scope = match () {
            () if has(MarkFlags::IN_PROCESS) => InstantScope::Process,
            () if has(MarkFlags::GLOBAL) => InstantScope::Global,
            () => InstantScope::Thread,
        };
        Self { id, scope, binds_enclosing: has(MarkFlags::BINDS_ENCLOSING) }
    }
}

/// Fields that hardly any event has.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RareFields {
    pub(crate) id2: Option<(IdScope, Ident)>,
    pub(crate) bind_id: Ident,
    pub(crate) flow_in: bool,
    pub(crate) flow_out: bool,
    pub(crate) thread_ts: Option<i64>,
    pub(crate) thread_dur: Option<i64>,
}

impl RareFields {
    pub(crate) fn is_default(&self) -> bool {
        self.id2.is_none()
            && self.bind_id == Ident::Absent
            && !self.flow_in
            && !self.flow_out
            && self.thread_ts.is_none()
            && self.thread_dur.is_none()
    }
}

/// One event as it is handed to a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawEvent {
    pub(crate) phase: u8,
    pub(crate) ts: i64,
    pub(crate) dur: i64,
    pub(crate) name: u32,
    pub(crate) category: u32,
    pub(crate) row: u32,
    pub(crate) args: u32,
    pub(crate) marks: Marks,
    pub(crate) rare: RareFields,
    /// Byte offset in the block.
    pub(crate) offset: u32,
}

/// Collects the events of one block.
#[derive(Debug, Default)]
pub(crate) struct BlockBuilder {
    pub(crate) events: EventBlock,
    pub(crate) args: ArgPageBuilder,
    string_ids: HashTable<u32>,
    row_ids: HashMap<RowKey, u32, FixedState>,
    last_row: Option<(RowKey, u32)>,
    last_category: u32,
    hasher: FixedState,
}

/// The events of one block, in file order.
#[derive(Debug, Default)]
pub(crate) struct EventBlock {
    /// Byte offset of the block in the unpacked input.
    pub(crate) base_offset: u64,
    pub(crate) phase: Vec<u8>,
    pub(crate) ts: Vec<i64>,
    /// X and T: the duration. Other phases: place among the marks.
    pub(crate) dur: Vec<i64>,
    pub(crate) name: Vec<u32>,
    pub(crate) category: Vec<u32>,
    pub(crate) row: Vec<u32>,
    pub(crate) args: Vec<u32>,
    pub(crate) offset: Vec<u32>,
    mark_ids: Vec<i64>,
    mark_flags: Vec<MarkFlags>,
    /// Events with rare fields, by their place in the block, ascending.
    pub(crate) rare: Vec<(u32, RareFields)>,
    pub(crate) rows: Vec<RowKey>,
    pub(crate) arg_page: ArgPage,
    string_offsets: Vec<u32>,
    string_bytes: Vec<u8>,
    /// Whether each string still holds escapes.
    string_has_escape: Vec<bool>,
    /// Argument texts that were not UTF-8.
    pub(crate) num_lossy_texts: u64,
}

impl BlockBuilder {
    /// The block's number of a string, given as it stands between the quotes.
    #[inline]
    pub(crate) fn string(&mut self, raw: &[u8], has_escape: bool) -> u32 {
        let hash = self.hasher.hash_one(raw);
        let events = &self.events;
        if let Some(&id) = self.string_ids.find(hash, |&id| events.raw_string(id) == raw) {
            return id;
        }
        let id = events.string_has_escape.len() as u32;
        let events = &mut self.events;
        if events.string_offsets.is_empty() {
            events.string_offsets.push(0);
        }
        events.string_bytes.extend_from_slice(raw);
        events.string_offsets.push(events.string_bytes.len() as u32);
        events.string_has_escape.push(has_escape);
        let (events, hasher) = (&self.events, &self.hasher);
        self.string_ids.insert_unique(hash, id, |&id| hasher.hash_one(events.raw_string(id)));
        id
    }

    /// The same for a category, of which neighbours mostly have the same.
    #[inline]
    pub(crate) fn category(&mut self, raw: &[u8], has_escape: bool) -> u32 {
        if (self.last_category as usize) < self.events.string_has_escape.len()
            && self.events.raw_string(self.last_category) == raw
        {
            return self.last_category;
        }
        self.last_category = self.string(raw, has_escape);
        self.last_category
    }

    /// The block's number of a row.
    #[inline]
    pub(crate) fn row(&mut self, key: RowKey) -> u32 {
        match self.last_row {
            Some((last, id)) if last == key => id,
            _ => self.row_elsewhere(key),
        }
    }

    fn row_elsewhere(&mut self, key: RowKey) -> u32 {
        let rows = &mut self.events.rows;
        let id = *self.row_ids.entry(key).or_insert_with(|| {
            rows.push(key);
            (rows.len() - 1) as u32
        });
        self.last_row = Some((key, id));
        id
    }

    /// Appends an event.
    #[inline]
    pub(crate) fn push(&mut self, event: RawEvent) {
        let events = &mut self.events;
        if !event.rare.is_default() {
            events.rare.push((events.phase.len() as u32, event.rare));
        }
        let dur = match event.phase {
            b'X' | b'T' => event.dur,
            b'M' => 0,
            _ => {
                let (id, flags) = event.marks.pack();
                events.mark_ids.push(id);
                events.mark_flags.push(flags);
                (events.mark_ids.len() - 1) as i64
            }
        };
        events.phase.push(event.phase);
        events.ts.push(event.ts);
        events.dur.push(dur);
        events.name.push(event.name);
        events.category.push(event.category);
        events.row.push(event.row);
        events.args.push(event.args);
        events.offset.push(event.offset);
    }

    /// Ends the block and leaves the builder empty for the next.
    pub(crate) fn seal(&mut self, base_offset: u64) -> EventBlock {
        self.string_ids.clear();
        self.row_ids.clear();
        self.last_row = None;
        self.last_category = NONE;
        let events = self.events.copy_out(base_offset);
        EventBlock { num_lossy_texts: self.args.num_lossy_texts(), arg_page: self.args.seal(), ..events }
    }
}

impl EventBlock {
    /// Number of events.
    pub(crate) fn len(&self) -> usize {
        self.phase.len()
    }

    /// Moves what was collected to columns of exactly its size.
    ///
    /// The columns filled so far stay behind empty, with their memory, for the next block: growing columns anew for
    /// every block costs more than this copy, and a gigabyte's worth of half-used ones costs more memory than the trace.
    fn copy_out(&mut self, base_offset: u64) -> Self {
        fn take<T: Copy>(column: &mut Vec<T>) -> Vec<T> {
            let exact = column.as_slice().to_vec();
            column.clear();
            exact
        }
        Self {
            base_offset,
            phase: take(&mut self.phase),
            ts: take(&mut self.ts),
            dur: take(&mut self.dur),
            name: take(&mut self.name),
            category: take(&mut self.category),
            row: take(&mut self.row),
            args: take(&mut self.args),
            offset: take(&mut self.offset),
            mark_ids: take(&mut self.mark_ids),
            mark_flags: take(&mut self.mark_flags),
            rare: take(&mut self.rare),
            rows: take(&mut self.rows),
            arg_page: ArgPage::default(),
            string_offsets: take(&mut self.string_offsets),
            string_bytes: take(&mut self.string_bytes),
            string_has_escape: take(&mut self.string_has_escape),
            num_lossy_texts: 0,
        }
    }

    #[inline]
    fn raw_string(&self, id: u32) -> &[u8] {
        let index = id as usize;
        &self.string_bytes[self.string_offsets[index] as usize..self.string_offsets[index + 1] as usize]
    }

    /// Number of distinct strings.
    pub(crate) fn num_strings(&self) -> usize {
        self.string_has_escape.len()
    }

    /// The text of a string of the block.
    pub(crate) fn text(&self, id: u32, defects: &mut TextDefects) -> String {
        text_of(self.raw_string(id), self.string_has_escape[id as usize], defects)
    }

    /// The marks of an event that is neither X, T nor M.
    pub(crate) fn marks_of(&self, index: usize) -> Marks {
        let packed =
            usize::try_from(self.dur[index]).ok().and_then(|at| self.mark_ids.get(at).zip(self.mark_flags.get(at)));
        packed.map(|(&id, &flags)| Marks::unpack(id, flags)).unwrap_or_default()
    }

    /// The rare fields of an event.
    pub(crate) fn rare_of(&self, index: usize) -> RareFields {
        if self.rare.is_empty() {
            return RareFields::default();
        }
        match self.rare.binary_search_by_key(&(index as u32), |&(event, _)| event) {
            Ok(at) => self.rare[at].1,
            Err(_) => RareFields::default(),
        }
    }

    /// Byte offset of an event in the unpacked input.
    pub(crate) fn offset_of(&self, index: usize) -> u64 {
        self.base_offset + u64::from(self.offset[index])
    }
}
