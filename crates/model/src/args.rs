//! Arguments: what an event says beyond name and time, packed so that it costs little until asked for.
//!
//! Arguments are most of a trace's bytes and are read rarely, a few rows at a time. They are kept in pages. A page has
//! its own strings, so pages can be built on different threads and laid side by side without renumbering, and a page
//! is one block of bytes, so it lies in a cache file as it lies in memory.
//!
//! ```text
//! page  := num_sets, num_nodes, num_strings, strings_len, rows_len        (u32 each, little endian)
//!          nodes   : num_nodes × (parent u32, key u32, kind u32)          the shapes, as a tree
//!          offsets : (num_sets + 1) × u32                                 where each set's row starts
//!          texts   : (num_strings + 1) × u32, then strings_len bytes      UTF-8
//!          rows    : per set: node (3 bytes), then one value per key from the root to that node
//! value := Int zigzag varint · UInt varint · Real 8 bytes · Text, Json string number varint · Bool 1 byte · Null nothing
//! ```
//!
//! A *shape* is the sequence of keys and kinds of a set. Events of one category nearly all have one of a few shapes, so
//! a row holds only values. Nested arrays and objects stay JSON text: launch grids and tensor shapes repeat, and their
//! text is stored once per page.

use std::hash::BuildHasher;
use std::sync::OnceLock;

use arrow_buffer::Buffer;
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};

use crate::id::ArgSetId;

/// The value of one argument.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ArgValue<'a> {
    /// A whole number that fits an `i64`.
    Int(i64),
    /// A whole number above `i64::MAX`.
    UInt(u64),
    /// Any other number, NaN and the infinities included.
    Real(f64),
    /// Text.
    Text(&'a str),
    /// True or false.
    Bool(bool),
    /// JSON's `null`.
    Null,
    /// An array or object, as JSON text.
    Json(&'a str),
}

impl ArgValue<'_> {
    /// The value as a whole number, also when it was written as text or as a real without a fraction.
    pub fn as_i64(self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(value),
            Self::UInt(value) => i64::try_from(value).ok(),
            Self::Real(value) if value.fract() == 0.0 && value.abs() < 9.0e18 => Some(value as i64),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// The value as a real number, also when it was written as text.
    pub fn as_f64(self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(value as f64),
            Self::UInt(value) => Some(value as f64),
            Self::Real(value) => Some(value),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }
}

/// The kind of an argument's value: which [`ArgValue`] it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u32)]
pub enum ArgKind {
    /// A whole number that fits an `i64`.
    Int,
    /// A whole number above `i64::MAX`.
    UInt,
    /// Any other number.
    Real,
    /// Text.
    Text,
    /// True or false.
    Bool,
    /// JSON's `null`.
    Null,
    /// An array or object, as JSON text.
    Json,
}

use ArgKind as Kind;

const KINDS: [Kind; 7] = [Kind::Int, Kind::UInt, Kind::Real, Kind::Text, Kind::Bool, Kind::Null, Kind::Json];

/// The root of the shape tree: a set without arguments.
const ROOT: u32 = 0;
/// The shape of a set without arguments.
const BARE_SHAPE: u32 = 0;
const NODE_BYTES: usize = 3;
const MAX_NODES: usize = 1 << (8 * NODE_BYTES);
const HEADER_BYTES: usize = 20;

#[derive(Debug, Clone, Copy)]
struct Node {
    parent: u32,
    key: u32,
    kind: Kind,
}

/// The place in the shape tree that was reached last from a node: the next event most likely goes the same way.
#[derive(Debug, Clone, Copy)]
struct LikelyChild {
    key: u32,
    kind: Kind,
    child: u32,
}

/// Fills one page.
#[derive(Debug)]
pub struct ArgPageBuilder {
    nodes: Vec<Node>,
    likely: Vec<Option<LikelyChild>>,
    children: HashMap<(u32, u32, Kind), u32, FixedState>,
    offsets: Vec<u32>,
    rows: Vec<u8>,
    text_offsets: Vec<u32>,
    texts: Vec<u8>,
    text_ids: HashTable<u32>,
    hasher: FixedState,
    node: u32,
    num_lossy_texts: u64,
    num_lossy_texts_before_set: u64,
}

impl Default for ArgPageBuilder {
    fn default() -> Self {
        Self {
            nodes: vec![Node { parent: ROOT, key: 0, kind: Kind::Null }],
            likely: vec![None],
            children: HashMap::with_hasher(FixedState::with_seed(0)),
            offsets: Vec::new(),
            rows: Vec::new(),
            text_offsets: vec![0],
            texts: Vec::new(),
            text_ids: HashTable::new(),
            hasher: FixedState::with_seed(0),
            node: ROOT,
            num_lossy_texts: 0,
            num_lossy_texts_before_set: 0,
        }
    }
}

impl ArgPageBuilder {
    /// Starts a set.
    #[inline]
    pub fn begin_set(&mut self) {
        self.offsets.push(self.rows.len() as u32);
        self.rows.extend_from_slice(&[0; NODE_BYTES]);
        self.node = ROOT;
        self.num_lossy_texts_before_set = self.num_lossy_texts;
    }

    /// Ends the set begun last and returns its place in the page.
    #[inline]
    pub fn end_set(&mut self) -> u32 {
        let index = self.offsets.len() - 1;
        let start = self.offsets[index] as usize;
        self.rows[start..start + NODE_BYTES].copy_from_slice(&self.node.to_le_bytes()[..NODE_BYTES]);
        index as u32
    }

    /// Drops the set begun last, with all its values.
    pub fn abandon_set(&mut self) {
        if let Some(start) = self.offsets.pop() {
            self.rows.truncate(start as usize);
        }
        self.node = ROOT;
        self.num_lossy_texts = self.num_lossy_texts_before_set;
    }

    /// True when the set begun last has no value yet.
    pub fn is_set_empty(&self) -> bool {
        self.node == ROOT
    }

    /// Number of sets.
    pub fn num_sets(&self) -> usize {
        self.offsets.len()
    }

    /// Bytes of rows and strings so far.
    pub fn num_bytes(&self) -> usize {
        self.rows.len() + self.texts.len()
    }

    /// Texts of sets that were not UTF-8 and were stored with replacement characters.
    pub fn num_lossy_texts(&self) -> u64 {
        self.num_lossy_texts
    }

    /// Adds a whole number.
    #[inline]
    pub fn push_int(&mut self, key: &[u8], value: i64) {
        if self.step(key, Kind::Int) {
            push_varint(&mut self.rows, ((value << 1) ^ (value >> 63)) as u64);
        }
    }

    /// Adds a whole number above `i64::MAX`.
    pub fn push_uint(&mut self, key: &[u8], value: u64) {
        if self.step(key, Kind::UInt) {
            push_varint(&mut self.rows, value);
        }
    }

    /// Adds a real number.
    #[inline]
    pub fn push_real(&mut self, key: &[u8], value: f64) {
        if self.step(key, Kind::Real) {
            self.rows.extend_from_slice(&value.to_le_bytes());
        }
    }

    /// Adds a text; bytes that are not UTF-8 become replacement characters.
    #[inline]
    pub fn push_text(&mut self, key: &[u8], value: &[u8]) {
        if self.step(key, Kind::Text) {
            let text = self.intern(value);
            push_varint(&mut self.rows, u64::from(text));
        }
    }

    /// Adds true or false.
    #[inline]
    pub fn push_bool(&mut self, key: &[u8], value: bool) {
        if self.step(key, Kind::Bool) {
            self.rows.push(u8::from(value));
        }
    }

    /// Adds a `null`.
    #[inline]
    pub fn push_null(&mut self, key: &[u8]) {
        self.step(key, Kind::Null);
    }

    /// Adds an array or object, given as its JSON text.
    #[inline]
    pub fn push_json(&mut self, key: &[u8], value: &[u8]) {
        if self.step(key, Kind::Json) {
            let text = self.intern(value);
            push_varint(&mut self.rows, u64::from(text));
        }
    }

    /// Adds a value of any kind.
    pub fn push(&mut self, key: &str, value: ArgValue<'_>) {
        let key = key.as_bytes();
        match value {
            ArgValue::Int(value) => self.push_int(key, value),
            ArgValue::UInt(value) => self.push_uint(key, value),
            ArgValue::Real(value) => self.push_real(key, value),
            ArgValue::Text(value) => self.push_text(key, value.as_bytes()),
            ArgValue::Bool(value) => self.push_bool(key, value),
            ArgValue::Null => self.push_null(key),
            ArgValue::Json(value) => self.push_json(key, value.as_bytes()),
        }
    }

    /// Moves down the shape tree. False when the tree is full, which sixteen million different shapes in one page take;
    /// the value is left out then.
    #[inline]
    fn step(&mut self, key: &[u8], kind: Kind) -> bool {
        if let Some(likely) = self.likely[self.node as usize]
            && likely.kind == kind
            && self.text(likely.key) == key
        {
            self.node = likely.child;
            return true;
        }
        self.step_elsewhere(key, kind)
    }

    #[cold]
    fn step_elsewhere(&mut self, key: &[u8], kind: Kind) -> bool {
        let key = self.intern(key);
        let parent = self.node;
        let child = match self.children.get(&(parent, key, kind)) {
            Some(&child) => child,
            None if self.nodes.len() >= MAX_NODES => return false,
            None => {
                let child = self.nodes.len() as u32;
                self.nodes.push(Node { parent, key, kind });
                self.likely.push(None);
                self.children.insert((parent, key, kind), child);
                child
            }
        };
        self.likely[parent as usize] = Some(LikelyChild { key, kind, child });
        self.node = child;
        true
    }

    #[inline]
    fn text(&self, id: u32) -> &[u8] {
        let index = id as usize;
        &self.texts[self.text_offsets[index] as usize..self.text_offsets[index + 1] as usize]
    }

    #[inline]
    fn intern(&mut self, bytes: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(bytes);
        if let Some(&id) = self.text_ids.find(hash, |&id| self.text(id) == bytes) {
            return id;
        }
        self.add_text(bytes, hash)
    }

    fn add_text(&mut self, bytes: &[u8], hash: u64) -> u32 {
        if std::str::from_utf8(bytes).is_err() {
            self.num_lossy_texts += 1;
            let text = String::from_utf8_lossy(bytes).into_owned();
            return self.intern(text.as_bytes());
        }
        let id = (self.text_offsets.len() - 1) as u32;
        self.texts.extend_from_slice(bytes);
        self.text_offsets.push(self.texts.len() as u32);
        let (texts, offsets, hasher) = (&self.texts, &self.text_offsets, &self.hasher);
        self.text_ids.insert_unique(hash, id, |&id| {
            let index = id as usize;
            hasher.hash_one(&texts[offsets[index] as usize..offsets[index + 1] as usize])
        });
        id
    }

    /// Ends the page and leaves the builder empty, its memory kept for the next page.
    pub fn seal(&mut self) -> ArgPage {
        let mut blob = Vec::with_capacity(
            HEADER_BYTES
                + self.nodes.len() * 12
                + (self.offsets.len() + 1 + self.text_offsets.len()) * 4
                + self.texts.len()
                + self.rows.len(),
        );
        let mut word = |value: usize| blob.extend_from_slice(&(value as u32).to_le_bytes());
        word(self.offsets.len());
        word(self.nodes.len());
        word(self.text_offsets.len() - 1);
        word(self.texts.len());
        word(self.rows.len());
        for node in &self.nodes {
            word(node.parent as usize);
            word(node.key as usize);
            word(node.kind as usize);
        }
        for &offset in &self.offsets {
            word(offset as usize);
        }
        word(self.rows.len());
        for &offset in &self.text_offsets {
            word(offset as usize);
        }
        blob.extend_from_slice(&self.texts);
        blob.extend_from_slice(&self.rows);

        self.nodes.truncate(1);
        self.likely.clear();
        self.likely.push(None);
        self.children.clear();
        self.offsets.clear();
        self.rows.clear();
        self.text_offsets.truncate(1);
        self.texts.clear();
        self.text_ids.clear();
        self.num_lossy_texts = 0;
        // Every section was just written by the same rules that `from_bytes` checks.
        ArgPage::from_bytes(Buffer::from_vec(blob)).unwrap_or_default()
    }
}

/// A sealed page of argument sets.
#[derive(Debug, Clone, Default)]
pub struct ArgPage {
    blob: Buffer,
    num_sets: usize,
    /// Read on first use for pages of a cache file: opening one must not touch thousands of pages.
    layout: OnceLock<PageLayout>,
}

/// What a page's bytes say of themselves.
///
/// Only nodes where a set ends are spelled out from the root down. All of them would take the square of the number of keys
/// for a set with many, of which there may be thousands.
#[derive(Debug, Clone)]
struct PageLayout {
    /// Keys and kinds of the shapes, one shape after the other.
    fields: Vec<(u32, Kind)>,
    /// Where each shape starts among `fields`, and their number at the end. The first shape has no fields.
    shape_starts: Vec<u32>,
    /// Shape of each node where a set ends; the one without fields for all others.
    shape_of_node: Vec<u32>,
    num_sets: usize,
    offsets_at: usize,
    text_offsets_at: usize,
    texts_at: usize,
    rows_at: usize,
}

impl PageLayout {
    /// The layout of bytes that are no page: every set is without arguments.
    fn bare() -> Self {
        Self {
            fields: Vec::new(),
            shape_starts: vec![0, 0],
            shape_of_node: vec![BARE_SHAPE],
            num_sets: 0,
            offsets_at: 0,
            text_offsets_at: 0,
            texts_at: 0,
            rows_at: 0,
        }
    }

    /// `None` when `bytes` are not a page.
    fn read(bytes: &[u8]) -> Option<Self> {
        let num_sets = read_u32(bytes, 0)? as usize;
        let num_nodes = read_u32(bytes, 4)? as usize;
        let num_texts = read_u32(bytes, 8)? as usize;
        let texts_len = read_u32(bytes, 12)? as usize;
        let rows_len = read_u32(bytes, 16)? as usize;
        let offsets_at = HEADER_BYTES.checked_add(num_nodes.checked_mul(12)?)?;
        let text_offsets_at = offsets_at.checked_add((num_sets + 1).checked_mul(4)?)?;
        let texts_at = text_offsets_at.checked_add((num_texts + 1).checked_mul(4)?)?;
        let rows_at = texts_at.checked_add(texts_len)?;
        if rows_at.checked_add(rows_len)? != bytes.len() || num_nodes == 0 {
            return None;
        }
        for index in 1..num_nodes {
            let node = read_node(bytes, index)?;
            if node.parent as usize >= index || node.key as usize >= num_texts {
                return None;
            }
        }
        let mut layout = Self { num_sets, offsets_at, text_offsets_at, texts_at, rows_at, ..Self::bare() };
        layout.shape_of_node = vec![BARE_SHAPE; num_nodes];
        for set in 0..num_sets {
            let node = layout.node_of(bytes, set);
            if node != ROOT && layout.shape_of_node[node as usize] == BARE_SHAPE {
                layout.add_shape(bytes, node)?;
            }
        }
        Some(layout)
    }

    /// Spells out the shape of the sets that end at `end`.
    fn add_shape(&mut self, bytes: &[u8], end: u32) -> Option<()> {
        let start = self.fields.len();
        let mut node = end;
        while node != ROOT {
            let Node { parent, key, kind } = read_node(bytes, node as usize)?;
            self.fields.push((key, kind));
            node = parent;
        }
        self.fields[start..].reverse();
        self.shape_of_node[end as usize] = (self.shape_starts.len() - 1) as u32;
        self.shape_starts.push(u32::try_from(self.fields.len()).ok()?);
        Some(())
    }

    /// The node where a set ends. One that is none can only come from damaged bytes; such a set has no arguments.
    #[inline]
    fn node_of(&self, bytes: &[u8], set: usize) -> u32 {
        let start = self.rows_at + read_u32(bytes, self.offsets_at + set * 4).unwrap_or_default() as usize;
        match bytes.get(start..start + NODE_BYTES) {
            Some(&[a, b, c]) => {
                let node = u32::from_le_bytes([a, b, c, 0]);
                if (node as usize) < self.shape_of_node.len() { node } else { ROOT }
            }
            _ => ROOT,
        }
    }

    #[inline]
    fn shape(&self, shape: usize) -> &[(u32, Kind)] {
        match self.shape_starts.get(shape..) {
            Some(&[start, end, ..]) => &self.fields[start as usize..end as usize],
            _ => &[],
        }
    }
}

impl ArgPage {
    /// A page from its bytes; `None` when they are not a page.
    pub fn from_bytes(blob: Buffer) -> Option<Self> {
        let layout = PageLayout::read(blob.as_slice())?;
        Some(Self { num_sets: layout.num_sets, blob, layout: OnceLock::from(layout) })
    }

    /// A page of `num_sets` sets whose bytes are looked at only once a set is asked for.
    ///
    /// `None` when the bytes are too few for so many sets, so that nobody counts to a number that damage made up. Bytes that
    /// turn out later not to be such a page give sets without arguments.
    pub fn from_unread_bytes(blob: Buffer, num_sets: usize) -> Option<Self> {
        let most_sets = blob.len() / (size_of::<u32>() + NODE_BYTES);
        (num_sets <= most_sets).then(|| Self { blob, num_sets, layout: OnceLock::new() })
    }

    fn layout(&self) -> &PageLayout {
        self.layout.get_or_init(|| {
            PageLayout::read(self.blob.as_slice())
                .filter(|layout| layout.num_sets == self.num_sets)
                .unwrap_or_else(PageLayout::bare)
        })
    }

    /// The page's bytes, as [`Self::from_bytes`] takes them.
    pub fn as_buffer(&self) -> &Buffer {
        &self.blob
    }

    /// Number of sets.
    pub fn num_sets(&self) -> usize {
        self.num_sets
    }

    /// The arguments of the page's set `index`, in file order.
    pub fn set(&self, index: usize) -> ArgIter<'_> {
        let layout = self.layout();
        let start = self.offset(layout.offsets_at, index);
        let end = self.offset(layout.offsets_at, index + 1);
        let rows = &self.blob.as_slice()[layout.rows_at..];
        let row = rows.get(start..end).unwrap_or_default();
        let shape = layout.shape(self.shape_of(index));
        ArgIter { page: self, shape: shape.iter(), row: row.get(NODE_BYTES..).unwrap_or_default() }
    }

    /// A number that is equal for sets with the same keys and kinds of values, below [`Self::num_shapes`].
    #[inline]
    pub fn shape_of(&self, index: usize) -> usize {
        let layout = self.layout();
        layout.shape_of_node[layout.node_of(self.blob.as_slice(), index) as usize] as usize
    }

    /// Number of shapes.
    pub fn num_shapes(&self) -> usize {
        self.layout().shape_starts.len() - 1
    }

    /// The keys of a shape, in order.
    pub fn shape_keys(&self, shape: usize) -> impl Iterator<Item = &str> {
        self.shape_fields(shape).map(|(key, _)| key)
    }

    /// The keys of a shape with the kinds of their values, in order.
    pub fn shape_fields(&self, shape: usize) -> impl Iterator<Item = (&str, ArgKind)> {
        self.layout().shape(shape).iter().map(|&(key, kind)| (self.text(key), kind))
    }

    /// Every key with each kind of value that it has in the page: a look at the tree of shapes, which names a pair once for
    /// each place where shapes go apart, and not once for each shape.
    pub fn fields(&self) -> impl Iterator<Item = (&str, ArgKind)> {
        (1..self.layout().shape_of_node.len())
            .filter_map(|node| read_node(self.blob.as_slice(), node))
            .map(|node| (self.text(node.key), node.kind))
    }

    fn offset(&self, at: usize, index: usize) -> usize {
        read_u32(self.blob.as_slice(), at + index * 4).unwrap_or_default() as usize
    }

    fn text(&self, id: u32) -> &str {
        let layout = self.layout();
        let start = self.offset(layout.text_offsets_at, id as usize);
        let end = self.offset(layout.text_offsets_at, id as usize + 1);
        let texts = &self.blob.as_slice()[layout.texts_at..layout.rows_at];
        texts.get(start..end).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

/// The arguments of one set: key and value pairs in file order, keys as the file spells them.
#[derive(Debug, Clone)]
pub struct ArgIter<'a> {
    page: &'a ArgPage,
    shape: std::slice::Iter<'a, (u32, Kind)>,
    row: &'a [u8],
}

impl<'a> ArgIter<'a> {
    /// The next value alone, without looking its key up: for readers that know the shape's keys already.
    #[inline]
    pub fn next_value_only(&mut self) -> Option<ArgValue<'a>> {
        let &(_, kind) = self.shape.next()?;
        self.next_value(kind)
    }

    /// Steps over the next argument without reading it. False at the end.
    #[inline]
    pub fn skip_value(&mut self) -> bool {
        let Some(&(_, kind)) = self.shape.next() else { return false };
        match kind {
            Kind::Int | Kind::UInt | Kind::Text | Kind::Json => take_varint(&mut self.row).is_some(),
            Kind::Real => self.row.split_off(..8).is_some(),
            Kind::Bool => self.row.split_off(..1).is_some(),
            Kind::Null => true,
        }
    }

    fn next_value(&mut self, kind: Kind) -> Option<ArgValue<'a>> {
        Some(match kind {
            Kind::Int => {
                let raw = take_varint(&mut self.row)?;
                ArgValue::Int((raw >> 1) as i64 ^ -((raw & 1) as i64))
            }
            Kind::UInt => ArgValue::UInt(take_varint(&mut self.row)?),
            Kind::Real => {
                let (bytes, rest) = self.row.split_first_chunk::<8>()?;
                self.row = rest;
                ArgValue::Real(f64::from_le_bytes(*bytes))
            }
            Kind::Text => ArgValue::Text(self.page.text(take_varint(&mut self.row)? as u32)),
            Kind::Json => ArgValue::Json(self.page.text(take_varint(&mut self.row)? as u32)),
            Kind::Bool => {
                let (&byte, rest) = self.row.split_first()?;
                self.row = rest;
                ArgValue::Bool(byte != 0)
            }
            Kind::Null => ArgValue::Null,
        })
    }
}

impl<'a> Iterator for ArgIter<'a> {
    type Item = (&'a str, ArgValue<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let &(key, kind) = self.shape.next()?;
        let value = self.next_value(kind)?;
        Some((self.page.text(key), value))
    }
}

/// All argument sets of a trace.
#[derive(Debug, Clone, Default)]
pub struct ArgStore {
    pages: Vec<ArgPage>,
    /// First set id of each page, and the number of sets at the end.
    starts: Vec<u32>,
}

impl ArgStore {
    /// A store of these pages, whose sets are numbered in order.
    pub fn from_pages(pages: Vec<ArgPage>) -> Self {
        let mut starts = Vec::with_capacity(pages.len() + 1);
        let mut next = 0u32;
        for page in &pages {
            starts.push(next);
            next += page.num_sets() as u32;
        }
        starts.push(next);
        Self { pages, starts }
    }

    /// The pages in order of their sets.
    pub fn pages(&self) -> &[ArgPage] {
        &self.pages
    }

    /// Number of sets.
    pub fn num_sets(&self) -> usize {
        self.starts.last().map_or(0, |&end| end as usize)
    }

    /// The page that holds `id`, and the set's place in it.
    pub fn locate(&self, id: ArgSetId) -> Option<(&ArgPage, usize)> {
        if id.index() >= self.num_sets() {
            return None;
        }
        let page = self.starts.partition_point(|&start| start <= id.0) - 1;
        Some((&self.pages[page], (id.0 - self.starts[page]) as usize))
    }

    /// The arguments of `id`; nothing for an unknown id.
    pub fn set(&self, id: ArgSetId) -> impl Iterator<Item = (&str, ArgValue<'_>)> {
        self.locate(id).into_iter().flat_map(|(page, index)| page.set(index))
    }

    /// The value of one argument, by its key as the file spells it.
    pub fn get(&self, id: ArgSetId, key: &str) -> Option<ArgValue<'_>> {
        self.set(id).find(|&(found, _)| found == key).map(|(_, value)| value)
    }
}

#[inline]
fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[inline]
fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    let mut shift = 0;
    loop {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(value);
        }
        shift += 7;
    }
}

#[inline]
fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map(u32::from_le_bytes)
}

/// Node `index` of a page, which is not the root.
#[inline]
fn read_node(bytes: &[u8], index: usize) -> Option<Node> {
    let at = HEADER_BYTES + index * 12;
    let kind = *KINDS.get(read_u32(bytes, at + 8)? as usize)?;
    Some(Node { parent: read_u32(bytes, at)?, key: read_u32(bytes, at + 4)?, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_come_back_as_they_were_written() {
        let mut builder = ArgPageBuilder::default();
        let values = [
            ("External id", ArgValue::Int(-5)),
            ("big", ArgValue::UInt(u64::MAX)),
            ("ratio", ArgValue::Real(0.25)),
            ("name", ArgValue::Text("ünï")),
            ("ok", ArgValue::Bool(true)),
            ("nothing", ArgValue::Null),
            ("grid", ArgValue::Json("[1, 2, 3]")),
        ];
        for length in 0..=values.len() {
            builder.begin_set();
            for &(key, value) in &values[..length] {
                builder.push(key, value);
            }
            assert_eq!(builder.end_set() as usize, length);
        }
        let page = builder.seal();
        let store = ArgStore::from_pages(vec![page.clone(), page]);
        for set in 0..store.num_sets() {
            let expected = &values[..set % (values.len() + 1)];
            let found: Vec<_> = store.set(ArgSetId::from_index(set)).collect();
            assert_eq!(found, expected);
        }
        assert_eq!(store.get(ArgSetId(7), "ratio"), Some(ArgValue::Real(0.25)));
        assert_eq!(store.get(ArgSetId(99), "ratio"), None);
    }

    #[test]
    fn an_unread_page_says_the_same_as_a_read_one() {
        let mut builder = ArgPageBuilder::default();
        for value in 0..3 {
            builder.begin_set();
            builder.push("n", ArgValue::Int(value));
            builder.push("name", ArgValue::Text("text"));
            builder.end_set();
        }
        let page = builder.seal();
        let unread = ArgPage::from_unread_bytes(page.as_buffer().clone(), 3).expect("three sets fit");
        assert_eq!((unread.num_sets(), unread.num_shapes()), (3, page.num_shapes()));
        for set in 0..3 {
            assert_eq!(unread.set(set).collect::<Vec<_>>(), page.set(set).collect::<Vec<_>>());
            assert_eq!(unread.shape_of(set), page.shape_of(set));
        }
    }

    #[test]
    fn unread_bytes_that_are_no_page_give_sets_without_arguments() {
        let mut builder = ArgPageBuilder::default();
        builder.begin_set();
        builder.push("n", ArgValue::Int(1));
        builder.end_set();
        let good = builder.seal().as_buffer().clone();
        for (bytes, num_sets) in [(Buffer::from_vec(vec![0xffu8; 100]), 5), (Buffer::default(), 0), (good, 2)] {
            let page = ArgPage::from_unread_bytes(bytes, num_sets).expect("so many sets fit");
            assert_eq!((page.num_sets(), page.num_shapes()), (num_sets, 1));
            for set in 0..num_sets {
                assert_eq!(page.set(set).count(), 0);
                assert_eq!(page.shape_of(set), 0);
            }
        }
    }

    #[test]
    fn a_number_of_sets_that_cannot_be_is_refused() {
        assert!(ArgPage::from_unread_bytes(Buffer::default(), 1).is_none());
        assert!(ArgPage::from_unread_bytes(Buffer::from_vec(vec![0u8; 100]), u32::MAX as usize).is_none());
    }

    #[test]
    fn a_set_of_many_keys_is_spelled_out_once() {
        let keys: Vec<String> = (0..5000).map(|number| format!("key {number}")).collect();
        let mut builder = ArgPageBuilder::default();
        for _ in 0..2 {
            builder.begin_set();
            keys.iter().for_each(|key| builder.push(key, ArgValue::Null));
            builder.end_set();
        }
        // One that ends half-way has a shape of its own.
        builder.begin_set();
        keys[..2500].iter().for_each(|key| builder.push(key, ArgValue::Null));
        builder.end_set();
        let page = builder.seal();
        let shapes: Vec<usize> = (0..page.num_shapes()).map(|shape| page.shape_keys(shape).count()).collect();
        assert_eq!(shapes, [0, 5000, 2500]);
        assert_eq!((0..3).map(|set| page.shape_of(set)).collect::<Vec<_>>(), [1, 1, 2]);
        assert!(page.set(1).map(|(key, _)| key).eq(&keys));
        assert!(page.set(2).map(|(key, _)| key).eq(&keys[..2500]));
        assert_eq!(page.fields().count(), 5000);
    }

    #[test]
    fn an_abandoned_set_leaves_no_trace() {
        let mut builder = ArgPageBuilder::default();
        builder.begin_set();
        builder.push("a", ArgValue::Int(1));
        builder.push_text(b"bad", b"\xff");
        builder.abandon_set();
        assert_eq!(builder.num_lossy_texts(), 0);
        builder.begin_set();
        builder.push("b", ArgValue::Int(2));
        assert_eq!(builder.end_set(), 0);
        let page = builder.seal();
        assert_eq!(page.num_sets(), 1);
        assert_eq!(page.set(0).collect::<Vec<_>>(), [("b", ArgValue::Int(2))]);
    }

    #[test]
    fn damaged_bytes_are_refused_or_read_without_a_panic() {
        let mut builder = ArgPageBuilder::default();
        builder.begin_set();
        builder.push("key", ArgValue::Text("value"));
        builder.push("n", ArgValue::Int(300));
        builder.end_set();
        let good = builder.seal().as_buffer().as_slice().to_vec();
        for position in 0..good.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = good.clone();
                bytes[position] ^= flip;
                if let Some(page) = ArgPage::from_bytes(Buffer::from_vec(bytes)) {
                    for set in 0..page.num_sets().min(4) {
                        let _ = page.set(set).count();
                    }
                }
            }
        }
        for cut in 0..good.len() {
            assert!(ArgPage::from_bytes(Buffer::from_vec(good[..cut].to_vec())).is_none());
        }
    }
}
