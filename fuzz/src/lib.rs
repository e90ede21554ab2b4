//! What must hold of every trace, whatever bytes it was read from. All targets that make traces share it.

use std::fmt::Write as _;

use kinetoscope_model::column::{Cell, Column, ColumnData, ColumnKind, ColumnSpec};
use kinetoscope_model::id::NONE;
use kinetoscope_model::time::end_of;
use kinetoscope_model::{ArgSetId, SliceId, StringId, Trace, TrackId};
use kinetoscope_store::Store;

/// Panics when a trace breaks what later stages rely on.
pub fn check_sealed(trace: &Trace) {
    check_references(trace);
    check_order_and_nesting(trace);
    check_launches(trace);
    check_lookups(trace);
    let _ = texts(trace);
}

/// Panics when a column points at a row that is not there.
fn check_references(trace: &Trace) {
    let strings = trace.strings.len();
    for table in trace.tables() {
        let columns = table.columns();
        for (spec, column) in table.specs().iter().zip(&columns) {
            let num_rows = match spec.kind {
                ColumnKind::Text => strings,
                ColumnKind::Id => num_rows_behind(trace, table.name(), spec.name),
                _ => continue,
            };
            let ColumnData::U32(values) = column else { panic!("`{}.{}` holds no ids", table.name(), spec.name) };
            for (row, &value) in values.iter().enumerate() {
                let is_none = value == NONE && spec.is_nullable;
                assert!(
                    is_none || (value as usize) < num_rows,
                    "`{}.{}` of row {row} is {value}, and there are {num_rows}",
                    table.name(),
                    spec.name
                );
            }
        }
    }
}

/// Number of rows of the table that a column's ids are of.
fn num_rows_behind(trace: &Trace, table: &str, column: &str) -> usize {
    match (table, column) {
        ("track", "parent_id") => trace.tracks.len(),
        ("track", "track_group_id") => usize::MAX,
        (_, "parent_id" | "slice_id" | "api_slice_id" | "gpu_slice_id" | "slice_out" | "slice_in") => {
            trace.slices.len()
        }
        (_, "track_id") => trace.tracks.len(),
        (_, "utid") => trace.threads.len(),
        (_, "upid") => trace.processes.len(),
        (_, "device_id") => trace.devices.len(),
        (_, "stream_id") => trace.streams.len(),
        (_, "rank_id") => trace.ranks.len(),
        (_, "source_id") => trace.sources.len(),
        (_, "arg_set_id") => trace.args.num_sets(),
        (_, "api_call_id") => trace.api_calls.len(),
        (_, "gpu_op_id") => trace.gpu_ops.len(),
        _ => panic!("nobody said what `{table}.{column}` is an id of"),
    }
}

fn check_order_and_nesting(trace: &Trace) {
    check_ascending(&trace.slices.ts, "slice");
    check_ascending(&trace.counters.ts, "counter");
    check_ascending(&trace.thread_states.ts, "thread_state");
    for (row, slice) in trace.slices.rows().enumerate() {
        assert!(slice.dur >= -1, "slice {row} has the duration {}", slice.dur);
        let Some(parent_id) = slice.parent_id else {
            assert_eq!(slice.depth, 0, "slice {row} is deep and has no parent");
            continue;
        };
        let parent = trace.slices.row(parent_id.index());
        assert!(parent_id.index() < row, "slice {row} comes before its parent");
        assert_eq!(parent.track_id, slice.track_id, "slice {row} is on another track than its parent");
        assert_eq!(parent.depth + 1, slice.depth, "slice {row} is not one deeper than its parent");
        // Its end may lie behind its parent's: where the parent's comes as an event of its own, it is not known when the
        // slice is placed.
        let parent_end = end_of(parent.ts, parent.dur);
        assert!(parent.dur < 0 || slice.ts <= parent_end, "slice {row} starts after its parent's end");
    }
}

fn check_ascending(times: &Column<i64>, table: &str) {
    for (row, pair) in times.values().windows(2).enumerate() {
        assert!(pair[0] <= pair[1], "row {} of `{table}` starts before the one above it", row + 1);
    }
}

fn check_launches(trace: &Trace) {
    for (row, launch) in trace.launches.rows().enumerate() {
        let call = trace.api_calls.row(launch.api_call_id as usize);
        let op = trace.gpu_ops.row(launch.gpu_op_id as usize);
        assert_eq!((call.slice_id, op.slice_id), (launch.api_slice_id, launch.gpu_slice_id), "slices of launch {row}");
        assert!(call.correlation.is_some() && call.correlation == op.correlation, "launch {row} links strangers");
    }
}

/// The store finds every slice on its track and under its parent, once.
fn check_lookups(trace: &Trace) {
    let store = Store::from(trace.clone());
    let tracks = (0..trace.tracks.len()).map(TrackId::from_index);
    let num_on_tracks: usize = tracks.map(|track| store.slices_of_track(track).len()).sum();
    assert_eq!(num_on_tracks, trace.slices.len());
    let num_children: usize =
        (0..trace.slices.len()).map(|row| store.children_of_slice(SliceId::from_index(row)).len()).sum();
    assert_eq!(num_children, trace.slices.parent_id.iter().flatten().count());
    for (row, op) in trace.gpu_ops.rows().enumerate() {
        assert!(store.gpu_ops_of_device(op.device_id).contains(&(row as u32)), "GPU op {row} is not on its device");
        assert!(store.gpu_ops_of_stream(op.stream_id).contains(&(row as u32)), "GPU op {row} is not on its stream");
    }
}

/// Reads every value of a trace that may hold nonsense, as a damaged cache file does, without following any.
pub fn read_all(trace: &Trace) {
    for table in trace.tables() {
        for column in table.columns() {
            let len = column.len();
            assert!(len == 0 || len == table.len(), "a column of `{}` has {len} values", table.name());
        }
    }
    for row in 0..trace.slices.len() {
        let _ = trace.slices.row(row);
    }
    for row in 0..trace.gpu_ops.len() {
        let _ = trace.gpu_ops.row(row);
    }
    for row in 0..trace.threads.len() {
        let _ = (trace.threads.row(row), trace.threads.role.get(row).word());
    }
    for id in (0..trace.strings.len()).map(StringId::from_index) {
        let _ = trace.strings.get(id).chars().count();
    }
    for set in (0..trace.args.num_sets()).map(ArgSetId::from_index) {
        let _ = trace.args.set(set).count();
    }
    let _ = trace.bounds();
}

/// Everything a trace says, as text: equal traces give equal texts.
pub fn texts(trace: &Trace) -> String {
    let mut out = format!("{:?}\n", trace.clock);
    for table in trace.tables() {
        let _ = writeln!(out, "{} {}", table.name(), table.len());
        for (spec, column) in table.specs().iter().zip(table.columns()) {
            let _ = writeln!(out, "  {} {}", spec.name, column_text(trace, spec, &column));
        }
    }
    out
}

/// Panics with the first line that differs.
pub fn assert_same(found: &str, expected: &str, how: &str) {
    let mut lines = found.lines().zip(expected.lines());
    if let Some((found, expected)) = lines.find(|(found, expected)| found != expected) {
        panic!("{how}:\n{found}\nand otherwise:\n{expected}");
    }
    assert!(found.len() == expected.len(), "{how}: {} bytes and otherwise {}", found.len(), expected.len());
}

fn column_text(trace: &Trace, spec: &ColumnSpec, column: &ColumnData) -> String {
    match column {
        ColumnData::U32(values) if spec.kind == ColumnKind::Text => {
            let text = |&value: &u32| Option::<StringId>::from_native(value).map(|id| trace.strings.get(id));
            format!("{:?}", values.iter().map(text).collect::<Vec<_>>())
        }
        // The arguments themselves: their numbers depend on how the bytes were cut.
        ColumnData::U32(values) if spec.name == "arg_set_id" => {
            let set = |&value: &u32| -> Vec<_> { trace.args.set(ArgSetId(value)).collect() };
            format!("{:?}", values.iter().map(set).collect::<Vec<_>>())
        }
        ColumnData::U32(values) => format!("{:?}", &values[..]),
        ColumnData::I64(values) => format!("{:?}", &values[..]),
        // Bits, since "none" is one of many NaNs.
        ColumnData::F64(values) => format!("{:x?}", values.iter().map(|value| value.to_bits()).collect::<Vec<_>>()),
    }
}
