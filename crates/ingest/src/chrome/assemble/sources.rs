//! Before the pass: puts all documents on one clock, and reads the events that hold for the whole trace.

use kinetoscope_model::table::{Role, SourceRow};
use kinetoscope_model::time::Nanos;
use kinetoscope_model::{ArgSetId, ArgValue, SourceId, TraceBuilder, WarningKind};
use rayon::prelude::*;

use crate::chrome::assemble::Assembly;
use crate::chrome::{Document, metadata, role};
use crate::one_clock::{self, InputClock};

impl Assembly {
    /// Puts all documents on one clock and into the source, rank and metadata tables.
    pub(super) fn add_sources(&mut self) {
        let first_times = self.first_times();
        let bases: Vec<Option<i64>> = self
            .tops
            .iter()
            .zip(&first_times)
            .map(|(top, first)| top.base_unix_ns.or((*first >= Some(Document::OLDEST_UNIX_NS)).then_some(0)))
            .collect();
        let clocks = self
            .documents
            .iter()
            .zip(&bases)
            .zip(&first_times)
            .map(|((document, &base_unix_ns), &first)| InputClock { path: &document.path, base_unix_ns, first });
        self.shifts = one_clock::align(&mut self.trace, &clocks.collect::<Vec<_>>());
        for (index, document) in self.documents.iter_mut().enumerate() {
            let source_id = SourceId::from_index(index);
            self.trace.warnings.merge(std::mem::take(&mut document.warnings).of_source(source_id));
            if self.tops[index].has_display_time_unit {
                self.trace.warnings.count(WarningKind::DisplayTimeUnit, 1);
            }
            let rank_id = metadata::add_rank(&mut self.trace, source_id, &self.tops[index], &document.path);
            metadata::add_rows(&mut self.trace, source_id, &document.top_level);
            document.top_level = Vec::new();
            let path = self.trace.strings.intern(&document.path);
            let format = self.trace.strings.intern(&document.format);
            self.trace.sources.push(SourceRow {
                path,
                format,
                file_bytes: document.file_bytes as i64,
                unpacked_bytes: document.unpacked_bytes as i64,
                num_events: document.num_events as i64,
                clock_offset: self.shifts[index],
                base_unix_ns: bases[index],
                rank_id,
            });
        }
    }

    /// The earliest time of each document, metadata events aside.
    pub(super) fn first_times(&self) -> Vec<Option<Nanos>> {
        let firsts: Vec<(u32, Option<Nanos>)> = self
            .blocks
            .par_iter()
            .map(|block| {
                let times = block.events.ts.iter().zip(&block.events.phase);
                (block.source, times.filter(|&(_, &phase)| phase != b'M').map(|(&ts, _)| ts).min())
            })
            .collect();
        let mut earliest = vec![None; self.documents.len()];
        for (source, first) in firsts {
            let slot: &mut Option<Nanos> = &mut earliest[source as usize];
            *slot = slot.map_or(first, |seen| Some(first.map_or(seen, |first| first.min(seen))));
        }
        earliest
    }

    /// Reads the metadata events, which hold for the whole trace wherever they stand.
    pub(super) fn read_metadata_events(&mut self) {
        for block in 0..self.blocks.len() {
            for index in 0..self.blocks[block].events.len() {
                if self.blocks[block].events.phase[index] == b'M' {
                    self.read_metadata_event(block, index);
                }
            }
        }
    }

    pub(super) fn read_metadata_event(&mut self, block: usize, index: usize) {
        let Some(kind) = self.string_of(block, self.blocks[block].events.name[index]) else {
            return;
        };
        let kind = self.trace.strings.get(kind).to_owned();
        if !matches!(
            kind.as_str(),
            "process_name" | "process_labels" | "process_sort_index" | "thread_name" | "thread_sort_index"
        ) {
            return;
        }
        let key = self.blocks[block].events.rows[self.blocks[block].events.row[index] as usize];
        let source = self.blocks[block].source;
        let pid = self.pid_text(block, key.pid);
        let Some(set) = self.arg_set_of(block, index) else { return };
        let arg = |trace: &TraceBuilder, name: &str| {
            let page = &trace.arg_pages[block];
            let index = (set.0 - self.blocks[block].first_arg_set) as usize;
            page.set(index).find(|&(key, _)| key == name).map(|(_, value)| match value {
                ArgValue::Text(text) => text.to_owned(),
                ArgValue::Int(value) => value.to_string(),
                _ => String::new(),
            })
        };
        let (text, number) = match kind.as_str() {
            "process_name" | "thread_name" => (arg(&self.trace, "name"), None),
            "process_labels" => (arg(&self.trace, "labels"), None),
            _ => (None, arg(&self.trace, "sort_index").and_then(|text| text.parse::<i64>().ok())),
        };
        let text = text.filter(|text| !text.is_empty());
        match kind.as_str() {
            "thread_name" | "thread_sort_index" => {
                let row = self.row_of(block, self.blocks[block].events.row[index]);
                let utid = self.rows[row as usize].utid;
                if let Some(name) = text {
                    let role = role::of_thread(&name);
                    let known = self.thread_name_roles.entry(utid).or_insert(role);
                    // One thread may have had several names; the one that tells most decides what it is for.
                    if matches!(known, Role::Unknown | Role::Worker | Role::EngineCore) {
                        *known = role;
                    }
                    let id = self.trace.strings.intern(&name);
                    self.trace.threads.name.set(utid.index(), Some(id));
                }
                if number.is_some() {
                    self.trace.threads.sort_index.set(utid.index(), number);
                    let hint = self.hint_args("thread_sort_index_hint", number);
                    self.trace.threads.arg_set_id.set(utid.index(), hint);
                }
            }
            _ => {
                let upid = self.process_of(source, pid);
                let id = text.as_deref().map(|text| self.trace.strings.intern(text));
                match kind.as_str() {
                    "process_name" if id.is_some() => self.trace.processes.name.set(upid.index(), id),
                    "process_labels" if id.is_some() => self.trace.processes.labels.set(upid.index(), id),
                    "process_sort_index" if number.is_some() => {
                        self.trace.processes.sort_index.set(upid.index(), number);
                        let hint = self.hint_args("process_sort_index_hint", number);
                        self.trace.processes.arg_set_id.set(upid.index(), hint);
                    }
                    _ => {}
                }
            }
        }
    }

    pub(super) fn hint_args(&mut self, key: &str, number: Option<i64>) -> Option<ArgSetId> {
        self.merged_args.begin_set();
        self.merged_args.push(key, ArgValue::Int(number?));
        Some(ArgSetId(self.first_merged_arg_set + self.merged_args.end_set()))
    }
}
