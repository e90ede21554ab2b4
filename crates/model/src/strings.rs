//! The string pool: every name is stored once and referred to by number.
//!
//! Names repeat thousands of times in a trace and most questions compare them, so rows hold a [`StringId`] and the
//! pool holds the text. The pool is an Arrow string array, which makes it the dictionary of every name column without
//! a copy. Argument values are not in it: they live in their own pages ([`crate::args`]), so that searching names does
//! not wade through a million addresses.

use std::hash::BuildHasher;

use arrow_array::{Array, StringArray};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::id::StringId;

/// Collects strings and hands out one id per distinct text, in order of first appearance.
///
/// ```
/// use kinetoscope_model::Interner;
/// let mut interner = Interner::default();
/// let a = interner.intern("aten::mm");
/// assert_eq!(interner.intern("aten::mm"), a);
/// assert_eq!(interner.get(a), "aten::mm");
/// ```
#[derive(Debug)]
pub struct Interner {
    bytes: Vec<u8>,
    offsets: Vec<i32>,
    ids: HashTable<u32>,
    hasher: FixedState,
    num_refused: u64,
}

/// Arrow's string arrays count bytes in an `i32`; a pool this large means that something other than names was interned.
const MAX_POOL_BYTES: usize = i32::MAX as usize;

/// What a string becomes once the pool is full; counted by [`Interner::num_refused`].
pub const REFUSED: &str = "[string pool full]";

impl Default for Interner {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            offsets: vec![0],
            ids: HashTable::new(),
            hasher: FixedState::with_seed(0),
            num_refused: 0,
        }
    }
}

impl Interner {
    /// The id of `text`, which is added when it is new.
    pub fn intern(&mut self, text: &str) -> StringId {
        let hash = self.hasher.hash_one(text.as_bytes());
        let (bytes, offsets) = (&self.bytes, &self.offsets);
        if let Some(&id) = self.ids.find(hash, |&id| text_of(bytes, offsets, id) == text.as_bytes()) {
            return StringId(id);
        }
        if self.bytes.len() + text.len() > MAX_POOL_BYTES - REFUSED.len() && text != REFUSED {
            self.num_refused += 1;
            return self.intern(REFUSED);
        }
        let id = (self.offsets.len() - 1) as u32;
        self.bytes.extend_from_slice(text.as_bytes());
        self.offsets.push(self.bytes.len() as i32);
        let (bytes, offsets, hasher) = (&self.bytes, &self.offsets, &self.hasher);
        self.ids.insert_unique(hash, id, |&id| hasher.hash_one(text_of(bytes, offsets, id)));
        StringId(id)
    }

    /// The id of `text` when it has been interned.
    pub fn find(&self, text: &str) -> Option<StringId> {
        let hash = self.hasher.hash_one(text.as_bytes());
        self.ids.find(hash, |&id| text_of(&self.bytes, &self.offsets, id) == text.as_bytes()).map(|&id| StringId(id))
    }

    /// The text of an id this interner gave out.
    pub fn get(&self, id: StringId) -> &str {
        // Only whole `&str`s are ever appended.
        std::str::from_utf8(text_of(&self.bytes, &self.offsets, id.0)).unwrap_or_default()
    }

    /// Number of distinct strings.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// True when nothing was interned.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many strings were replaced by [`REFUSED`] because the pool was full.
    pub fn num_refused(&self) -> u64 {
        self.num_refused
    }

    /// Ends collecting.
    pub fn seal(self) -> StringPool {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        StringPool { array: StringArray::new(offsets, Buffer::from_vec(self.bytes), None) }
    }
}

#[inline]
fn text_of<'a>(bytes: &'a [u8], offsets: &[i32], id: u32) -> &'a [u8] {
    let index = id as usize;
    &bytes[offsets[index] as usize..offsets[index + 1] as usize]
}

/// The sealed strings of a trace.
#[derive(Debug, Clone)]
pub struct StringPool {
    array: StringArray,
}

impl StringPool {
    /// A pool from an Arrow array, for readers of the cache.
    pub fn from_array(array: StringArray) -> Self {
        Self { array }
    }

    /// The text of `id`.
    ///
    /// # Panics
    /// When `id` is not from this pool.
    #[inline]
    pub fn get(&self, id: StringId) -> &str {
        self.array.value(id.index())
    }

    /// Number of strings.
    pub fn len(&self) -> usize {
        self.array.len()
    }

    /// True when the trace has no string.
    pub fn is_empty(&self) -> bool {
        self.array.is_empty()
    }

    /// The id of `text`, found by looking at every string. Look ids up once, not per row.
    pub fn find(&self, text: &str) -> Option<StringId> {
        (0..self.array.len()).find(|&index| self.array.value(index) == text).map(StringId::from_index)
    }

    /// The pool as the Arrow array that serves as every name column's dictionary.
    pub fn as_array(&self) -> &StringArray {
        &self.array
    }
}
