//! The pass: gives each event its place among what is open at its time.

use kinetoscope_model::id::NONE;
use kinetoscope_model::nest::OpenSlice;
use kinetoscope_model::table::{CounterRow, SliceRow, ThreadStateRow, TrackKind};
use kinetoscope_model::time::{DUR_OPEN, Nanos, end_of};
use kinetoscope_model::{ArgSetId, ArgValue, SliceId, SourceId, StringId, TrackId, WarningKind};

use crate::chrome::assemble::{Assembly, OrderedEvent, Row, side_track_row};
use crate::chrome::block::{Ident, InstantScope, RowKey};
use crate::chrome::category::CategoryRole;
use crate::chrome::cursor::TextDefects;
use crate::chrome::gpu::{ApiSlice, GpuRow, GpuSlice};

impl Assembly {
    #[inline]
    pub(super) fn place(&mut self, event: OrderedEvent) {
        let (block, index) = (event.block as usize, event.index as usize);
        match self.blocks[block].events.phase[index] {
            b'X' => self.place_complete(event),
            b's' | b't' | b'f' => self.place_flow(event),
            b'i' | b'I' | b'R' => self.place_instant(event),
            b'B' => self.place_begin(event),
            b'E' => self.place_end(event),
            b'b' | b'n' | b'e' => self.place_async(event),
            b'C' => self.place_counter(event),
            b'T' => self.place_thread_state(event),
            _ => {}
        }
    }

    #[inline]
    pub(super) fn name_and_category(&mut self, block: usize, index: usize) -> (StringId, Option<StringId>) {
        let name = self.blocks[block].events.name[index];
        let category = self.blocks[block].events.category[index];
        (self.string_of(block, name).unwrap_or(self.no_name), self.string_of(block, category))
    }

    pub(super) fn arg_set_of(&self, block: usize, index: usize) -> Option<ArgSetId> {
        let block = &self.blocks[block];
        let local = block.events.args[index];
        (local != NONE).then(|| ArgSetId(block.first_arg_set + local))
    }

    pub(super) fn warn(&mut self, kind: WarningKind, event: OrderedEvent, detail: &str) {
        let block = &self.blocks[event.block as usize];
        let offset = block.events.offset_of(event.index as usize);
        self.trace.warnings.add(kind, SourceId(block.source), Some(offset), || detail.to_owned());
    }

    pub(super) fn place_complete(&mut self, event: OrderedEvent) {
        let (block, index) = (event.block as usize, event.index as usize);
        let (name, category) = self.name_and_category(block, index);
        let mut dur = self.blocks[block].events.dur[index];
        if dur < 0 {
            let detail = format!("`{}` of {dur} ns", self.trace.strings.get(name));
            self.warn(WarningKind::NegativeDuration, event, &detail);
            dur = 0;
        }
        // The last nanosecond is kept apart: an end there means "not ended yet" while nesting.
        let end = event.ts.saturating_add(dur).min(i64::MAX - 1);
        let dur = end - event.ts;
        let role = self.category_role(category);
        let slice = self.place_on_row(event, end, dur, name, category, role);
        let row = self.blocks[block].rows[self.blocks[block].events.row[index] as usize];
        match role {
            CategoryRole::GpuOp(kind) => {
                let row = self.gpu_row(row);
                self.gpu_slices.push(GpuSlice { slice, kind, row });
            }
            CategoryRole::ApiCall => {
                let source = self.blocks[block].source;
                self.api_slices.push(ApiSlice { slice, source });
            }
            _ => {}
        }
        self.place_bound_flow(event, slice, name, category);
    }

    /// Place of a row in the list of those that hold GPU work.
    pub(super) fn gpu_row(&mut self, row: u32) -> u32 {
        if let Some(place) = self.rows[row as usize].gpu_row {
            return place;
        }
        let track = self.row_track(row, 0);
        let Row { utid, upid, .. } = self.rows[row as usize];
        let place = self.gpu_rows.len() as u32;
        self.gpu_rows.push(GpuRow {
            source: self.trace.processes.source_id.get(upid.index()).0,
            utid,
            upid,
            track,
            tid: self.trace.threads.tid.get(utid.index()),
            pid: self.trace.processes.pid.get(upid.index()),
        });
        self.rows[row as usize].gpu_row = Some(place);
        place
    }

    /// Puts a slice on its thread's row, or on a lane of it.
    #[inline]
    pub(super) fn place_on_row(
        &mut self,
        event: OrderedEvent,
        end: Nanos,
        dur: Nanos,
        name: StringId,
        category: Option<StringId>,
        role: CategoryRole,
    ) -> SliceId {
        let (block, index) = (event.block as usize, event.index as usize);
        let row_id = self.row_of(block, self.blocks[block].events.row[index]);
        let id = SliceId::from_index(self.trace.slices.len());
        let row = &mut self.rows[row_id as usize];
        let open = OpenSlice { id, ts: event.ts, end, name, category };
        let placement = row.nester.place(open, role.rounding_tolerance());
        row.last_placed = Some((event.ts, id));
        for point in row.waiting_flows.drain(..) {
            self.flow_points[point].slice = id.0;
        }
        let track_id = self.row_track(row_id, placement.lane);
        if placement.is_healed {
            self.warn(WarningKind::HealedOverlap, event, self.trace.strings.get(name).to_owned().as_str());
        }
        if let Some(crossed) = placement.crossed {
            self.warn_overlap(event, dur, name, crossed);
        }
        let rare = self.blocks[block].events.rare_of(index);
        self.trace.slices.push(SliceRow {
            ts: event.ts,
            dur,
            track_id,
            category,
            name,
            depth: placement.depth,
            parent_id: placement.parent,
            arg_set_id: self.arg_set_of(block, index),
            thread_ts: rare.thread_ts,
            thread_dur: rare.thread_dur,
            source_offset: self.blocks[block].events.offset_of(index) as i64,
        });
        id
    }

    #[cold]
    pub(super) fn warn_overlap(&mut self, event: OrderedEvent, dur: Nanos, name: StringId, crossed: SliceId) {
        let block = &self.blocks[event.block as usize];
        let offset = block.events.offset_of(event.index as usize);
        let (source, slices, strings) = (SourceId(block.source), &self.trace.slices, &self.trace.strings);
        self.trace.warnings.add(WarningKind::OverlappingSlice, source, Some(offset), || {
            format!(
                "`{}` at {} ns, {dur} ns long, crosses `{}` at {} ns, {} ns long",
                strings.get(name),
                event.ts,
                strings.get(slices.name.get(crossed.index())),
                slices.ts.get(crossed.index()),
                slices.dur.get(crossed.index()),
            )
        });
    }

    pub(super) fn place_begin(&mut self, event: OrderedEvent) {
        let (name, category) = self.name_and_category(event.block as usize, event.index as usize);
        let slice = self.place_on_row(event, Nanos::MAX, DUR_OPEN, name, category, CategoryRole::Other);
        self.place_bound_flow(event, slice, name, category);
    }

    pub(super) fn place_end(&mut self, event: OrderedEvent) {
        let (block, index) = (event.block as usize, event.index as usize);
        let name = self.string_of(block, self.blocks[block].events.name[index]);
        let category = self.string_of(block, self.blocks[block].events.category[index]);
        let row = self.row_of(block, self.blocks[block].events.row[index]);
        let no_name = self.no_name;
        let ended = self.rows[row as usize].nester.end(event.ts, |open| {
            name.is_none_or(|name| name == open.name || open.name == no_name)
                && (category.is_none() || open.category.is_none() || category == open.category)
        });
        let Some((open, younger)) = ended else {
            let detail = name.map_or(String::new(), |name| self.trace.strings.get(name).to_owned());
            self.warn(WarningKind::EndWithoutBegin, event, &detail);
            return;
        };
        self.close(open, event);
        self.warn_if_outliving(open, event);
        if !younger.is_empty() {
            self.warn(WarningKind::MisplacedEnd, event, self.trace.strings.get(open.name).to_owned().as_str());
        }
        // A complete event among them says itself how long it is, and is left so.
        for open in younger.iter().filter(|open| open.is_unended()) {
            self.trace.slices.dur.set(open.id.index(), event.ts - open.ts);
        }
    }

    /// Counts a slice that ends after the complete event around it, whose end was known when it began. Perfetto lets such
    /// a slice end with its parent; here both keep the times that the file gives them.
    fn warn_if_outliving(&mut self, open: OpenSlice, event: OrderedEvent) {
        let slices = &self.trace.slices;
        let Some(parent) = slices.parent_id.get(open.id.index()) else { return };
        let (ts, dur) = (slices.ts.get(parent.index()), slices.dur.get(parent.index()));
        if dur != DUR_OPEN && event.ts > end_of(ts, dur) {
            let strings = &self.trace.strings;
            let outlived = strings.get(slices.name.get(parent.index()));
            let detail = format!("`{}` ends after `{outlived}`", strings.get(open.name));
            self.warn(WarningKind::OutlivesParent, event, &detail);
        }
    }

    /// Writes what an end event says into the slice it ends.
    pub(super) fn close(&mut self, open: OpenSlice, event: OrderedEvent) {
        let (block, index) = (event.block as usize, event.index as usize);
        let slice = open.id.index();
        self.trace.slices.dur.set(slice, event.ts - open.ts);
        let end_thread_ts = self.blocks[block].events.rare_of(index).thread_ts;
        if let Some((start, end)) = self.trace.slices.thread_ts.get(slice).zip(end_thread_ts) {
            self.trace.slices.thread_dur.set(slice, Some(end - start));
        }
        if let Some(more) = self.arg_set_of(block, index) {
            let first = self.trace.slices.arg_set_id.get(slice);
            let merged = match first {
                None => more,
                Some(first) => self.merge_args(first, more),
            };
            self.trace.slices.arg_set_id.set(slice, Some(merged));
        }
    }

    /// One set with the arguments of two.
    pub(super) fn merge_args(&mut self, first: ArgSetId, second: ArgSetId) -> ArgSetId {
        self.merged_args.begin_set();
        for set in [first, second] {
            // Sets made here are merged once only, so both are sets of the file.
            let block = self.blocks.partition_point(|block| block.first_arg_set <= set.0) - 1;
            let index = (set.0 - self.blocks[block].first_arg_set) as usize;
            for (key, value) in self.trace.arg_pages[block].set(index) {
                self.merged_args.push(key, value);
            }
        }
        ArgSetId(self.first_merged_arg_set + self.merged_args.end_set())
    }

    pub(super) fn place_instant(&mut self, event: OrderedEvent) {
        let (block, index) = (event.block as usize, event.index as usize);
        let (name, category) = self.name_and_category(block, index);
        let side_track = match self.blocks[block].events.marks_of(index).scope {
            InstantScope::Thread => {
                self.place_on_row(event, event.ts, 0, name, category, CategoryRole::Other);
                return;
            }
            InstantScope::Process => {
                let row = self.row_of(block, self.blocks[block].events.row[index]);
                let upid = self.rows[row as usize].upid;
                match self.process_instants.get(&upid) {
                    Some(&track) => track,
                    None => {
                        let track = self.new_side_track(side_track_row(TrackKind::ProcessInstant, None, Some(upid)));
                        self.process_instants.insert(upid, track);
                        track
                    }
                }
            }
            InstantScope::Global => match self.global_instants {
                Some(track) => track,
                None => {
                    let track = self.new_side_track(side_track_row(TrackKind::GlobalInstant, None, None));
                    self.global_instants = Some(track);
                    track
                }
            },
        };
        self.place_on_side_track(event, side_track, event.ts, 0, name, category);
    }

    pub(super) fn place_on_side_track(
        &mut self,
        event: OrderedEvent,
        side_track: usize,
        end: Nanos,
        dur: Nanos,
        name: StringId,
        category: Option<StringId>,
    ) -> SliceId {
        let (block, index) = (event.block as usize, event.index as usize);
        let id = SliceId::from_index(self.trace.slices.len());
        let side = &mut self.side_tracks[side_track];
        // Slices here are open or instants, so none crosses another and no lane is needed.
        let placement = side.nester.place(OpenSlice { id, ts: event.ts, end, name, category }, 0);
        let rare = self.blocks[block].events.rare_of(index);
        self.trace.slices.push(SliceRow {
            ts: event.ts,
            dur,
            track_id: side.track,
            category,
            name,
            depth: placement.depth,
            parent_id: placement.parent,
            arg_set_id: self.arg_set_of(block, index),
            thread_ts: rare.thread_ts,
            thread_dur: rare.thread_dur,
            source_offset: self.blocks[block].events.offset_of(index) as i64,
        });
        id
    }

    pub(super) fn place_counter(&mut self, event: OrderedEvent) {
        let (block, index) = (event.block as usize, event.index as usize);
        let (name, _) = self.name_and_category(block, index);
        let local_row = self.blocks[block].events.row[index];
        let RowKey { pid, tid } = self.blocks[block].events.rows[local_row as usize];
        let upid = match tid {
            // Counters are their process's, and one without a thread makes none.
            Ident::Absent => {
                let pid = self.pid_text(block, pid);
                self.process_of(self.blocks[block].source, pid)
            }
            _ => {
                let row = self.row_of(block, local_row);
                self.rows[row as usize].upid
            }
        };
        let id = match self.blocks[block].events.marks_of(index).id {
            Ident::Text(id) => Some(self.blocks[block].events.text(id, &mut TextDefects::default())),
            _ => None,
        };
        let Some(set) = self.arg_set_of(block, index) else {
            self.warn(WarningKind::IncompleteEvent, event, "a counter without args");
            return;
        };
        let set_index = (set.0 - self.blocks[block].first_arg_set) as usize;
        let values: Vec<(String, Option<f64>)> =
            self.trace.arg_pages[block].set(set_index).map(|(key, value)| (key.to_owned(), value.as_f64())).collect();
        if values.is_empty() {
            self.warn(WarningKind::IncompleteEvent, event, "a counter without args");
        }
        for (key, value) in values {
            let Some(value) = value else {
                let detail = format!("counter value `{key}` is no number");
                self.warn(WarningKind::IncompleteEvent, event, &detail);
                continue;
            };
            let mut track_name = self.trace.strings.get(name).to_owned();
            if let Some(id) = &id {
                track_name.push_str(&format!(" id: {id}"));
            }
            if !key.is_empty() {
                track_name.push(' ');
                track_name.push_str(&key);
            }
            let track_name = self.trace.strings.intern(&track_name);
            let tracks = &mut self.trace.tracks;
            let track_id = *self.counter_tracks.entry((upid, track_name)).or_insert_with(|| {
                let row = side_track_row(TrackKind::ProcessCounter, Some(track_name), Some(upid));
                TrackId::from_index(tracks.push(row))
            });
            self.trace.counters.push(CounterRow { ts: event.ts, track_id, value, arg_set_id: None });
        }
    }

    pub(super) fn place_thread_state(&mut self, event: OrderedEvent) {
        let (block, index) = (event.block as usize, event.index as usize);
        let (state, _) = self.name_and_category(block, index);
        let row = self.row_of(block, self.blocks[block].events.row[index]);
        let utid = self.rows[row as usize].utid;
        let dur = self.blocks[block].events.dur[index];
        if dur < 0 {
            let detail = format!("`{}` of {dur} ns", self.trace.strings.get(state));
            self.warn(WarningKind::NegativeDuration, event, &detail);
        }
        let mut state_row = ThreadStateRow {
            ts: event.ts,
            dur: dur.max(0),
            cpu: None,
            utid,
            state,
            io_wait: None,
            blocked_function: None,
        };
        if let Some(set) = self.arg_set_of(block, index) {
            let set_index = (set.0 - self.blocks[block].first_arg_set) as usize;
            for (key, value) in self.trace.arg_pages[block].set(set_index) {
                match (key, value) {
                    ("cpu", value) => state_row.cpu = value.as_i64(),
                    ("io_wait", ArgValue::Bool(value)) => state_row.io_wait = Some(value),
                    ("io_wait", value) => state_row.io_wait = value.as_i64().map(|value| value != 0),
                    ("blocked_function", ArgValue::Text(text)) => {
                        state_row.blocked_function = Some(self.trace.strings.intern(text));
                    }
                    _ => {}
                }
            }
        }
        self.trace.thread_states.push(state_row);
    }
}
