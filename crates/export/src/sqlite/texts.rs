//! The ids of texts: every text that a row refers to is in `StringIds` once, in the order of first use.

use hashbrown::HashMap;
use kinetoscope_model::id::NONE;
use kinetoscope_model::{StringId, Trace};

use crate::privacy::Privacy;

/// Texts that rows refer to.
#[derive(Debug)]
pub(super) struct Texts<'a> {
    trace: &'a Trace,
    /// Id of each string of the trace; [`NONE`] until it is used.
    ids: Vec<u32>,
    by_text: HashMap<Box<str>, u32>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
enum Entry {
    OfTrace(StringId),
    Made(Box<str>),
}

impl<'a> Texts<'a> {
    pub(super) fn new(trace: &'a Trace) -> Self {
        Self { trace, ids: vec![NONE; trace.strings.len()], by_text: HashMap::new(), entries: Vec::new() }
    }

    /// The id of a string of the trace.
    pub(super) fn id_of(&mut self, string: StringId, privacy: &Privacy) -> i64 {
        let known = self.ids[string.index()];
        if known != NONE {
            return known.into();
        }
        let text = privacy.clean(self.trace.text(string));
        let id = match text {
            // Another string may be the same text, made before.
            std::borrow::Cow::Borrowed(text) => match self.by_text.get(text) {
                Some(&id) => id,
                None => {
                    self.entries.push(Entry::OfTrace(string));
                    (self.entries.len() - 1) as u32
                }
            },
            std::borrow::Cow::Owned(text) => self.made(&text),
        };
        self.ids[string.index()] = id;
        id.into()
    }

    /// The id of a text that may not be in the trace.
    pub(super) fn id_of_text(&mut self, text: &str) -> i64 {
        self.made(text).into()
    }

    fn made(&mut self, text: &str) -> u32 {
        if let Some(&id) = self.by_text.get(text) {
            return id;
        }
        let id = self.entries.len() as u32;
        self.entries.push(Entry::Made(text.into()));
        self.by_text.insert(text.into(), id);
        id
    }

    /// All texts by their ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &str)> {
        (0..).zip(self.entries.iter().map(|entry| match entry {
            Entry::OfTrace(string) => self.trace.text(*string),
            Entry::Made(text) => text,
        }))
    }
}
