//! Kinds of arguments: which type the values of a key have, all over a trace.
//!
//! Perfetto's `extract_arg` has a type per row; a plan needs one before it runs. The shapes of the argument pages list
//! every key with its kinds, so the answer costs no look at the rows, except for keys inside of arrays and objects.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow_schema::DataType;
use kinetoscope_model::{ArgKind, ArgPage, ArgStore, ArgValue, Trace};

use crate::arg_rows::{Leaf, PREFIX, for_each_row};
use crate::function::mixed;

/// The kinds that were seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct KindSet {
    has_whole: bool,
    /// Real numbers, and whole ones beyond 64 bits: SQLite has no other type for those.
    has_real: bool,
    has_text: bool,
    has_json: bool,
}

impl KindSet {
    fn add(&mut self, kind: ArgKind) {
        match kind {
            ArgKind::Int | ArgKind::Bool => self.has_whole = true,
            ArgKind::UInt | ArgKind::Real => self.has_real = true,
            ArgKind::Text => self.has_text = true,
            ArgKind::Json => self.has_json = true,
            ArgKind::Null => {}
        }
    }

    fn add_leaf(&mut self, leaf: &Leaf) {
        self.add(match leaf {
            Leaf::Int(_) => ArgKind::Int,
            Leaf::UInt(_) => ArgKind::UInt,
            Leaf::Real(_) => ArgKind::Real,
            Leaf::Text(_) => ArgKind::Text,
            Leaf::Bool(_) => ArgKind::Bool,
        });
    }

    /// The type that holds them all. A key that nobody has is a whole number that is always null.
    pub(crate) fn data_type(self) -> DataType {
        match self {
            Self { has_text, has_json, has_real, has_whole } if has_text || has_json => {
                if has_real || has_whole {
                    mixed::TYPE
                } else {
                    DataType::Utf8
                }
            }
            Self { has_real: true, .. } => DataType::Float64,
            _ => DataType::Int64,
        }
    }
}

/// The kinds of every key of a trace, found on first use.
#[derive(Debug)]
pub(crate) struct ArgKinds {
    trace: Arc<Trace>,
    by_key: OnceLock<HashMap<String, KindSet>>,
    /// Answers for keys that reach into arrays and objects: each takes a look at all sets.
    nested: Mutex<HashMap<String, KindSet>>,
}

impl ArgKinds {
    pub(crate) fn new(trace: Arc<Trace>) -> Self {
        Self { trace, by_key: OnceLock::new(), nested: Mutex::default() }
    }

    /// The arguments of the trace.
    pub(crate) fn args(&self) -> &ArgStore {
        &self.trace.args
    }

    fn by_key(&self) -> &HashMap<String, KindSet> {
        self.by_key.get_or_init(|| {
            let mut kinds: HashMap<String, KindSet> = HashMap::new();
            for page in self.trace.args.pages() {
                for (key, kind) in page.fields() {
                    match kinds.get_mut(key) {
                        Some(kinds) => kinds.add(kind),
                        None => kinds.entry(key.to_owned()).or_default().add(kind),
                    }
                }
            }
            kinds
        })
    }

    /// The kinds of the values that stand under `path`.
    pub(crate) fn kinds_of(&self, path: &ArgPath) -> KindSet {
        let by_key = self.by_key();
        let mut kinds = by_key.get(path.key()).copied().unwrap_or_default();
        let containers: Vec<&str> =
            path.containers().filter(|key| by_key.get(*key).is_some_and(|kinds| kinds.has_json)).collect();
        if containers.is_empty() {
            return kinds;
        }
        let mut nested = self.nested.lock().unwrap_or_else(PoisonError::into_inner);
        let found = *nested.entry(path.key().to_owned()).or_insert_with(|| self.compute_nested(path, &containers));
        kinds.has_whole |= found.has_whole;
        kinds.has_real |= found.has_real;
        kinds.has_text |= found.has_text;
        kinds
    }

    fn compute_nested(&self, path: &ArgPath, containers: &[&str]) -> KindSet {
        let mut kinds = KindSet::default();
        for page in self.trace.args.pages() {
            let has_container: Vec<bool> = (0..page.num_shapes())
                .map(|shape| {
                    page.shape_fields(shape).any(|(key, kind)| kind == ArgKind::Json && containers.contains(&key))
                })
                .collect();
            if !has_container.contains(&true) {
                continue;
            }
            let mut finder = Finder::new(path);
            for set in (0..page.num_sets()).filter(|&set| has_container[page.shape_of(set)]) {
                if let Some(leaf) = finder.find(page, set) {
                    kinds.add_leaf(&leaf);
                }
            }
        }
        kinds
    }
}

/// A key as `extract_arg` takes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ArgPath {
    key: String,
}

impl ArgPath {
    /// From `args.x`, or from `x` alone.
    pub(crate) fn new(key: &str) -> Self {
        Self { key: key.strip_prefix(PREFIX).unwrap_or(key).to_owned() }
    }

    /// The key as the file spells it, if it is a plain one.
    fn key(&self) -> &str {
        &self.key
    }

    /// The keys of arrays and objects that the path may lead into.
    fn containers(&self) -> impl Iterator<Item = &str> {
        self.key.char_indices().filter(|&(at, c)| at > 0 && (c == '.' || c == '[')).map(|(at, _)| &self.key[..at])
    }

    fn leads_into(&self, key: &str) -> bool {
        self.key.strip_prefix(key).is_some_and(|rest| rest.starts_with(['.', '[']))
    }
}

/// Looks one path up in many sets.
#[derive(Debug)]
pub(crate) struct Finder<'a> {
    path: &'a ArgPath,
    full_key: String,
    /// What was found in an array or object, by where its text lies and which key it has: texts repeat, and a page
    /// holds each once.
    by_text: HashMap<(usize, usize, usize), Option<Leaf>>,
}

/// Texts remembered at once.
const MAX_REMEMBERED: usize = 4096;

impl<'a> Finder<'a> {
    pub(crate) fn new(path: &'a ArgPath) -> Self {
        Self { path, full_key: format!("{PREFIX}{}", path.key), by_text: HashMap::new() }
    }

    /// The value in set `set` of `page`. An array or object that the path names as a whole comes as its text.
    pub(crate) fn find(&mut self, page: &ArgPage, set: usize) -> Option<Leaf> {
        for (key, value) in page.set(set) {
            if key == self.path.key {
                match value {
                    ArgValue::Int(value) => return Some(Leaf::Int(value)),
                    ArgValue::UInt(value) => return Some(Leaf::UInt(value)),
                    ArgValue::Real(value) => return Some(Leaf::Real(value)),
                    ArgValue::Text(text) | ArgValue::Json(text) => return Some(Leaf::Text(text.to_owned())),
                    ArgValue::Bool(value) => return Some(Leaf::Bool(value)),
                    ArgValue::Null => continue,
                }
            }
            if let ArgValue::Json(text) = value
                && self.path.leads_into(key)
                && let Some(leaf) = self.find_inside(key, text)
            {
                return Some(leaf);
            }
        }
        None
    }

    fn find_inside(&mut self, key: &str, text: &str) -> Option<Leaf> {
        let place = (text.as_ptr() as usize, text.len(), key.len());
        if let Some(found) = self.by_text.get(&place) {
            return found.clone();
        }
        let mut found = None;
        for_each_row(key, ArgValue::Json(text), &mut |row| {
            if found.is_none() && row.key == self.full_key {
                found = Some(row.value);
            }
        });
        if self.by_text.len() >= MAX_REMEMBERED {
            self.by_text.clear();
        }
        self.by_text.insert(place, found.clone());
        found
    }

    /// The value in the set with this number in all of `store`.
    pub(crate) fn find_in(&mut self, store: &ArgStore, arg_set_id: i64) -> Option<Leaf> {
        let id = u32::try_from(arg_set_id).ok()?;
        let (page, set) = store.locate(kinetoscope_model::ArgSetId(id))?;
        self.find(page, set)
    }
}
