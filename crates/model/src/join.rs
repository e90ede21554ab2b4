//! Joins two traces into one, on one clock: what was built by readers of different formats.
//!
//! Each reader builds a trace of its own, because how slices nest and how calls lead to work are matters of its format.
//! Joining then only has to renumber: rows of the second trace come after those of the first, but for tables that are
//! in order of time or of slices, whose rows are merged so that the order holds. What a column's values refer to shows
//! by their type, so a new table or column is renumbered without a line here.

use crate::builder::TraceBuilder;
use crate::column::{Cell, ColumnKind};
use crate::id::*;
use crate::table::*;
use crate::time::Nanos;

/// The new numbers of the rows of one trace.
#[derive(Debug, Default)]
pub struct NewIds {
    /// What is added to times.
    shift: Nanos,
    sources: u32,
    processes: u32,
    threads: u32,
    tracks: u32,
    devices: u32,
    streams: u32,
    ranks: u32,
    arg_sets: u32,
    mappings: u32,
    frames: u32,
    callsites: u32,
    track_groups: u32,
    /// The new number of each slice, and of each string.
    slices: Vec<u32>,
    strings: Vec<StringId>,
}

/// A value of a column that may refer to rows.
pub trait JoinCell: Cell {
    /// The value in the joined trace.
    #[must_use]
    fn joined(self, ids: &NewIds, kind: ColumnKind) -> Self {
        let _ = (ids, kind);
        self
    }
}

impl JoinCell for i64 {
    fn joined(self, ids: &NewIds, kind: ColumnKind) -> Self {
        if matches!(kind, ColumnKind::Timestamp) { self.saturating_add(ids.shift) } else { self }
    }
}

impl JoinCell for Option<i64> {
    fn joined(self, ids: &NewIds, kind: ColumnKind) -> Self {
        self.map(|value| value.joined(ids, kind))
    }
}

impl JoinCell for u32 {}
impl JoinCell for Option<u32> {}
impl JoinCell for f64 {}
impl JoinCell for Option<f64> {}
impl JoinCell for bool {}
impl JoinCell for Option<bool> {}

macro_rules! join_ids {
    ($($id:ident: |$ids:ident, $value:ident| $new:expr;)*) => {$(
        impl JoinCell for $id {
            fn joined(self, $ids: &NewIds, _kind: ColumnKind) -> Self {
                let $value = self;
                $new
            }
        }

        impl JoinCell for Option<$id> {
            fn joined(self, ids: &NewIds, kind: ColumnKind) -> Self {
                self.map(|id| id.joined(ids, kind))
            }
        }
    )*};
}

join_ids! {
    SourceId: |ids, id| Self(id.0 + ids.sources);
    ProcessId: |ids, id| Self(id.0 + ids.processes);
    ThreadId: |ids, id| Self(id.0 + ids.threads);
    TrackId: |ids, id| Self(id.0 + ids.tracks);
    DeviceId: |ids, id| Self(id.0 + ids.devices);
    StreamId: |ids, id| Self(id.0 + ids.streams);
    RankId: |ids, id| Self(id.0 + ids.ranks);
    ArgSetId: |ids, id| Self(id.0 + ids.arg_sets);
    MappingId: |ids, id| Self(id.0 + ids.mappings);
    FrameId: |ids, id| Self(id.0 + ids.frames);
    CallsiteId: |ids, id| Self(id.0 + ids.callsites);
    SliceId: |ids, id| Self(ids.slices[id.index()]);
    StringId: |ids, id| ids.strings[id.index()];
}

/// Where the rows of two tables are in the table of both: whether each is of the second one, and its row there.
type Merged = Vec<(bool, usize)>;

/// Merges rows by a key, those of the first table first where it is the same.
fn merged<K: Ord>(lens: [usize; 2], key: impl Fn(bool, usize) -> K) -> Merged {
    let mut order = Vec::with_capacity(lens[0] + lens[1]);
    let (mut first, mut second) = (0, 0);
    while first < lens[0] && second < lens[1] {
        if key(true, second) < key(false, first) {
            order.push((true, second));
            second += 1;
        } else {
            order.push((false, first));
            first += 1;
        }
    }
    order.extend((first..lens[0]).map(|row| (false, row)));
    order.extend((second..lens[1]).map(|row| (true, row)));
    order
}

/// The new numbers of the rows of each table.
fn numbers(order: &Merged) -> [Vec<u32>; 2] {
    let mut numbers = [Vec::new(), Vec::new()];
    for (new, &(is_second, _)) in order.iter().enumerate() {
        numbers[usize::from(is_second)].push(SliceId::from_index(new).0);
    }
    numbers
}

impl TraceBuilder {
    /// The trace of both, on one clock; `None` when one of them does not know when it began, or they began so far apart
    /// that no time could hold both.
    pub fn join(mut self, mut other: Self) -> Option<Self> {
        let (start, other_start) = (self.clock.start_unix_ns?, other.clock.start_unix_ns?);
        let joined_start = start.min(other_start);
        let shifts = [start.checked_sub(joined_start)?, other_start.checked_sub(joined_start)?];
        let mut joined = Self::default();
        joined.clock.start_unix_ns = Some(joined_start);
        joined.clock.file_offset_ns = self.clock.file_offset_ns.checked_sub(shifts[0])?;

        let mut ids = [NewIds::default(), NewIds::default()];
        for ((ids, from), shift) in ids.iter_mut().zip([&self, &other]).zip(shifts) {
            ids.shift = shift;
            ids.strings = (0..from.strings.len())
                .map(|index| joined.strings.intern(from.strings.get(StringId::from_index(index))))
                .collect();
        }
        let num = |len: usize| SliceId::from_index(len).0;
        ids[1].sources = num(self.sources.len());
        ids[1].processes = num(self.processes.len());
        ids[1].threads = num(self.threads.len());
        ids[1].tracks = num(self.tracks.len());
        ids[1].devices = num(self.devices.len());
        ids[1].streams = num(self.streams.len());
        ids[1].ranks = num(self.ranks.len());
        ids[1].arg_sets = self.next_arg_set().0;
        ids[1].mappings = num(self.stack_mappings.len());
        ids[1].frames = num(self.stack_frames.len());
        ids[1].callsites = num(self.stack_callsites.len());
        let groups = (0..self.tracks.len()).filter_map(|row| self.tracks.track_group_id.get(row));
        ids[1].track_groups = groups.max().map_or(0, |last| last + 1);

        joined.arg_pages = std::mem::take(&mut self.arg_pages);
        joined.arg_pages.append(&mut other.arg_pages);
        joined.warnings = std::mem::take(&mut self.warnings);
        joined.warnings.merge(std::mem::take(&mut other.warnings).after_sources(ids[1].sources));

        let both = [&self, &other];
        // Slices first, since others are in their order.
        let time = |table: fn(&Self, usize) -> i64| {
            move |is_second: bool, row: usize| {
                let index = usize::from(is_second);
                table(both[index], row).saturating_add(shifts[index])
            }
        };
        let order = merged(both.map(|from| from.slices.len()), time(|from, row| from.slices.ts.get(row)));
        [ids[0].slices, ids[1].slices] = numbers(&order);
        macro_rules! push_all {
            ($table:ident, $order:expr) => {
                for &(is_second, row) in $order {
                    let index = usize::from(is_second);
                    joined.$table.push(both[index].$table.row(row).joined(&ids[index]));
                }
            };
        }
        joined.slices.reserve(order.len());
        push_all!(slices, &order);
        macro_rules! by_time {
            ($($table:ident),*) => {$(
                let order = merged(both.map(|from| from.$table.len()), time(|from, row| from.$table.ts.get(row)));
                push_all!($table, &order);
            )*};
        }
        by_time!(counters, thread_states, perf_samples);
        macro_rules! in_sequence {
            ($($table:ident),*) => {$(
                let lens = both.map(|from| from.$table.len());
                push_all!($table, &merged(lens, |is_second, _| is_second));
            )*};
        }
        macro_rules! by_slice {
            ($table:ident) => {{
                let slice = |is_second: bool, row: usize| {
                    let index = usize::from(is_second);
                    ids[index].slices[both[index].$table.slice_id.get(row).index()]
                };
                let order = merged(both.map(|from| from.$table.len()), slice);
                push_all!($table, &order);
                order
            }};
        }
        let new_ops = numbers(&by_slice!(gpu_ops));
        let new_calls = numbers(&by_slice!(api_calls));
        by_slice!(cuda_syncs);
        by_slice!(osrt);
        by_slice!(overheads);
        let op_of = |is_second: bool, row: usize| {
            let index = usize::from(is_second);
            new_ops[index][both[index].launches.gpu_op_id.get(row) as usize]
        };
        for (is_second, row) in merged(both.map(|from| from.launches.len()), op_of) {
            let index = usize::from(is_second);
            let launch = both[index].launches.row(row);
            joined.launches.push(LaunchRow {
                api_call_id: new_calls[index][launch.api_call_id as usize],
                gpu_op_id: new_ops[index][launch.gpu_op_id as usize],
                ..launch.joined(&ids[index])
            });
        }
        for (from, ids) in both.into_iter().zip(&ids) {
            for row in 0..from.tracks.len() {
                let track = from.tracks.row(row);
                let track_group_id = track.track_group_id.map(|group| group + ids.track_groups);
                joined.tracks.push(TrackRow { track_group_id, ..track.joined(ids) });
            }
            for row in 0..from.sources.len() {
                let source = from.sources.row(row);
                let clock_offset = source.clock_offset.saturating_add(ids.shift);
                joined.sources.push(SourceRow { clock_offset, ..source.joined(ids) });
            }
        }
        in_sequence!(
            ranks,
            processes,
            threads,
            devices,
            streams,
            flows,
            device_properties,
            cuda_contexts,
            cuda_streams,
            cuda_events,
            cuda_graph_events,
            nvtx,
            gpu_memory_events,
            um_page_faults,
            stack_mappings,
            stack_frames,
            stack_callsites,
            diagnostics,
            process_outputs,
            metadata
        );
        Some(joined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{ArgPageBuilder, ArgValue};
    use crate::warning::WarningKind;

    /// A trace that begins at `start` of unix time, with a process, a thread, and a slice at each time, a launch from
    /// the first to the second.
    fn trace(start: Option<i64>, name: &str, times: &[i64]) -> TraceBuilder {
        let mut trace = TraceBuilder::default();
        trace.clock.start_unix_ns = start;
        let text = trace.strings.intern(name);
        trace.sources.push(SourceRow {
            path: text,
            format: text,
            file_bytes: 0,
            unpacked_bytes: 0,
            num_events: 0,
            clock_offset: 0,
            base_unix_ns: start,
            rank_id: None,
        });
        trace.processes.push(ProcessRow {
            pid: 1,
            name: Some(text),
            start_ts: Some(5),
            end_ts: None,
            sort_index: None,
            labels: None,
            role: Role::Unknown,
            device_id: None,
            source_id: SourceId(0),
            arg_set_id: None,
        });
        trace.tracks.push(TrackRow {
            name: Some(text),
            r#type: TrackKind::ProcessAsync,
            utid: None,
            upid: Some(ProcessId(0)),
            parent_id: None,
            track_group_id: Some(0),
            unit: None,
            arg_set_id: None,
        });
        let mut args = ArgPageBuilder::default();
        for (index, &ts) in times.iter().enumerate() {
            args.begin_set();
            args.push("of", ArgValue::Text(name));
            args.push("index", ArgValue::Int(index as i64));
            trace.slices.push(SliceRow {
                ts,
                dur: 1,
                track_id: TrackId(0),
                category: None,
                name: text,
                depth: 0,
                parent_id: (index > 0).then(|| SliceId::from_index(index - 1)),
                arg_set_id: Some(ArgSetId(args.end_set())),
                thread_ts: Some(7),
                thread_dur: None,
                source_offset: index as i64,
            });
        }
        trace.arg_pages.push(args.seal());
        trace.devices.push(DeviceRow::new(0, SourceId(0)));
        trace.api_calls.push(ApiCallRow::new(SliceId(0)));
        trace.gpu_ops.push(GpuOpRow::new(SliceId(1), GpuOpKind::Kernel, DeviceId(0), StreamId(0)));
        let (api_slice_id, gpu_slice_id) = (SliceId(0), SliceId(1));
        trace.launches.push(LaunchRow { api_call_id: 0, gpu_op_id: 0, api_slice_id, gpu_slice_id });
        trace.warnings.add(WarningKind::BadField, SourceId(0), Some(3), || name.to_owned());
        trace
    }

    #[test]
    fn rows_keep_what_they_refer_to() {
        // The second one begins 100 ns before the first.
        let joined = trace(Some(1_100), "a", &[0, 20]).join(trace(Some(1_000), "b", &[0, 110, 130]));
        let joined = joined.expect("both have clocks").seal();
        assert_eq!(joined.clock, crate::TraceClock { start_unix_ns: Some(1_000), file_offset_ns: -100 });
        let text = |row: &SliceRow| joined.text(row.name);
        let slices: Vec<_> = joined.slices.rows().map(|row| (row.ts, text(&row).to_owned())).collect();
        let expected = [(0, "b"), (100, "a"), (110, "b"), (120, "a"), (130, "b")];
        assert_eq!(slices, expected.map(|(ts, name)| (ts, name.to_owned())));
        for row in joined.slices.rows() {
            let track = joined.tracks.row(row.track_id.index());
            assert_eq!(track.name, Some(row.name));
            let process = joined.processes.row(track.upid.expect("it has one").index());
            assert_eq!(process.name, Some(row.name));
            assert_eq!(joined.sources.row(process.source_id.index()).path, row.name);
            let args: Vec<_> = joined.args.set(row.arg_set_id.expect("it has some")).collect();
            assert_eq!(args, [("of", ArgValue::Text(text(&row))), ("index", ArgValue::Int(row.source_offset))]);
            if let Some(parent) = row.parent_id {
                let parent = joined.slices.row(parent.index());
                assert_eq!((parent.name, parent.source_offset), (row.name, row.source_offset - 1));
            }
            assert_eq!(row.thread_ts, Some(7), "another clock");
        }
        assert_eq!(joined.processes.rows().map(|row| row.start_ts).collect::<Vec<_>>(), [Some(105), Some(5)]);
        let groups: Vec<_> = joined.tracks.rows().map(|row| row.track_group_id).collect();
        assert_eq!(groups, [Some(0), Some(1)]);
        assert_eq!(joined.launches.len(), 2);
        for launch in joined.launches.rows() {
            let api = joined.api_calls.slice_id.get(launch.api_call_id as usize);
            let gpu = joined.gpu_ops.slice_id.get(launch.gpu_op_id as usize);
            assert_eq!((api, gpu), (launch.api_slice_id, launch.gpu_slice_id));
            let name = |slice: SliceId| joined.slices.name.get(slice.index());
            assert_eq!(name(api), name(gpu));
        }
        let examples: Vec<_> = joined.import_log.rows().map(|row| (row.source_id, joined.text(row.detail))).collect();
        assert_eq!(examples, [(SourceId(0), "a"), (SourceId(1), "b")]);
    }

    #[test]
    fn without_two_clocks_there_is_no_joining() {
        assert!(trace(None, "a", &[0, 1]).join(trace(Some(5), "b", &[0, 1])).is_none());
        assert!(trace(Some(5), "a", &[0, 1]).join(trace(None, "b", &[0, 1])).is_none());
        assert!(trace(Some(i64::MIN), "a", &[0, 1]).join(trace(Some(i64::MAX), "b", &[0, 1])).is_none());
    }
}
