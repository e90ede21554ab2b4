//! Traces of many slices, made from a formula, so that every answer can be computed a second way.

use std::sync::Arc;

use kinetoscope_model::table::*;
use kinetoscope_model::*;

/// Names of the slices.
pub(crate) const NAMES: [&str; 7] =
    ["aten::mm", "cudaLaunchKernel", "Memcpy HtoD", "memcpy32_post", "sgemm_128x64", "ncclDevKernel", "100% a_b\\c"];

/// What [`trace`] makes of row `row`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Made {
    pub(crate) ts: i64,
    pub(crate) dur: i64,
    pub(crate) track: u32,
    pub(crate) name: &'static str,
    pub(crate) category: Option<&'static str>,
}

/// Tracks of a trace.
pub(crate) const NUM_TRACKS: u32 = 5;

/// Several rows share a time, durations repeat, and a category is missing now and then.
pub(crate) fn made(row: usize) -> Made {
    let mixed = (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
    Made {
        ts: (row as i64 / 3) * 10,
        dur: (mixed % 1000) as i64,
        track: (mixed % u64::from(NUM_TRACKS)) as u32,
        name: NAMES[(mixed / 7) as usize % NAMES.len()],
        category: [Some("cpu_op"), Some("kernel"), None][(mixed / 11) as usize % 3],
    }
}

/// A trace of `num_slices` slices; every tenth has the arguments `index` and `grid`.
pub(crate) fn trace(num_slices: usize) -> Arc<Trace> {
    let mut b = TraceBuilder::default();
    b.clock.file_offset_ns = -1000;
    let path = b.strings.intern("made");
    b.sources.push(SourceRow {
        path,
        format: path,
        file_bytes: 0,
        unpacked_bytes: 0,
        num_events: num_slices as i64,
        clock_offset: 0,
        base_unix_ns: None,
        rank_id: None,
    });
    b.processes.push(ProcessRow {
        pid: 1,
        name: Some(path),
        start_ts: None,
        end_ts: None,
        sort_index: None,
        labels: None,
        role: Role::Unknown,
        device_id: None,
        source_id: SourceId(0),
        arg_set_id: None,
    });
    for track in 0..NUM_TRACKS {
        let name = b.strings.intern(&format!("thread {track}"));
        b.threads.push(ThreadRow {
            tid: i64::from(track),
            name: Some(name),
            start_ts: None,
            end_ts: None,
            upid: ProcessId(0),
            is_main_thread: track == 0,
            sort_index: None,
            role: Role::Unknown,
            arg_set_id: None,
            priority: None,
        });
        b.tracks.push(TrackRow {
            name: None,
            r#type: TrackKind::Thread,
            utid: Some(ThreadId(track)),
            upid: Some(ProcessId(0)),
            parent_id: None,
            track_group_id: None,
            unit: None,
            arg_set_id: None,
        });
    }
    let mut page = ArgPageBuilder::default();
    for row in 0..num_slices {
        let Made { ts, dur, track, name, category } = made(row);
        let arg_set_id = (row % 10 == 0).then(|| {
            page.begin_set();
            page.push("index", ArgValue::Int(row as i64));
            page.push("grid", ArgValue::Json("[1, 2]"));
            ArgSetId(page.end_set())
        });
        let name = b.strings.intern(name);
        let category = category.map(|category| b.strings.intern(category));
        b.slices.push(SliceRow {
            ts,
            dur,
            track_id: TrackId(track),
            category,
            name,
            depth: 0,
            parent_id: None,
            arg_set_id,
            thread_ts: None,
            thread_dur: None,
            source_offset: row as i64,
        });
    }
    b.arg_pages.push(page.seal());
    Arc::new(b.seal())
}
