//! The store: a sealed trace with the lookups that analyses and SQL share.
//!
//! A cached trace of ten million slices opens in milliseconds, and a query may need no lookup at all, so every lookup is
//! worked out on first use and kept. Each is a flat list of row numbers; none copies a column.
//!
//! | lookup | first use | memory |
//! | --- | --- | --- |
//! | bounds | O(rows) | – |
//! | slices of a track | O(slices) | 4 bytes per slice |
//! | children of a slice | O(slices) | 4 bytes per slice and 4 per child |
//! | GPU op, API call of a slice | O(slices) | 1/5 byte per slice, 4 bytes per row that is out of order |
//! | GPU ops of a device, of a stream | O(ops) | 4 bytes per op each |
//! | API call of a GPU op | O(ops + launches) | 4 bytes per op |
//! | GPU ops of an API call | O(calls + launches) | 4 bytes per call and 4 per launch |
//! | values of a counter | O(values) | 4 bytes per value |
//! | a track's timeline | O(slices of the track) | [`crate::timeline`] says |
//!
//! GPU ops and API calls are named by their row, as the `launch` table names them.

use std::sync::{Arc, OnceLock};

use kinetoscope_model::id::NONE;
use kinetoscope_model::time::Interval;
use kinetoscope_model::{DeviceId, SliceId, StreamId, Trace, TrackId};

use crate::grouping::Grouping;
use crate::slice_rows::{SliceRows, rows_by_slice};
use crate::timeline::{Prepared, Timeline};

/// A sealed trace, ready to ask.
#[derive(Debug)]
pub struct Store {
    trace: Arc<Trace>,
    bounds: OnceLock<Option<Interval>>,
    slices_of_track: OnceLock<Grouping<SliceId>>,
    children_of_slice: OnceLock<Grouping<SliceId>>,
    gpu_op_of_slice: OnceLock<SliceRows>,
    api_call_of_slice: OnceLock<SliceRows>,
    gpu_ops_of_device: OnceLock<Grouping<u32>>,
    gpu_ops_of_stream: OnceLock<Grouping<u32>>,
    api_call_of_gpu_op: OnceLock<Vec<u32>>,
    gpu_ops_of_api_call: OnceLock<Grouping<u32>>,
    counters_of_track: OnceLock<Grouping<u32>>,
    timeline: Prepared,
}

impl From<Trace> for Store {
    fn from(trace: Trace) -> Self {
        Self::new(Arc::new(trace))
    }
}

impl Store {
    /// A store of `trace`. Costs nothing until it is asked.
    pub fn new(trace: Arc<Trace>) -> Self {
        Self {
            timeline: Prepared::new(trace.tracks.len()),
            trace,
            bounds: OnceLock::new(),
            slices_of_track: OnceLock::new(),
            children_of_slice: OnceLock::new(),
            gpu_op_of_slice: OnceLock::new(),
            api_call_of_slice: OnceLock::new(),
            gpu_ops_of_device: OnceLock::new(),
            gpu_ops_of_stream: OnceLock::new(),
            api_call_of_gpu_op: OnceLock::new(),
            gpu_ops_of_api_call: OnceLock::new(),
            counters_of_track: OnceLock::new(),
        }
    }

    /// The trace.
    pub fn trace(&self) -> &Arc<Trace> {
        &self.trace
    }

    /// From the earliest start to the latest end; `None` for a trace without events.
    pub fn bounds(&self) -> Option<Interval> {
        *self.bounds.get_or_init(|| self.trace.bounds())
    }

    /// The slices of a track, in order of time.
    pub fn slices_of_track(&self, track: TrackId) -> &[SliceId] {
        self.slices_of_track
            .get_or_init(|| {
                let tracks = self.trace.slices.track_id.values();
                Grouping::new(self.trace.tracks.len(), || tracks.iter().copied().zip((0..).map(SliceId)))
            })
            .of(track.index())
    }

    /// The slices directly inside a slice, in order of time.
    pub fn children_of_slice(&self, slice: SliceId) -> &[SliceId] {
        self.children_of_slice
            .get_or_init(|| {
                let parents = self.trace.slices.parent_id.values();
                Grouping::new(self.trace.slices.len(), || parents.iter().copied().zip((0..).map(SliceId)))
            })
            .of(slice.index())
    }

    /// The `gpu_op` row of a slice that is GPU work.
    pub fn gpu_op_of_slice(&self, slice: SliceId) -> Option<u32> {
        self.gpu_op_of_slice
            .get_or_init(|| SliceRows::new(self.trace.slices.len(), self.trace.gpu_ops.slice_id.values()))
            .find(slice)
    }

    /// The `api_call` row of a slice that is a runtime or driver call.
    pub fn api_call_of_slice(&self, slice: SliceId) -> Option<u32> {
        self.api_call_of_slice
            .get_or_init(|| SliceRows::new(self.trace.slices.len(), self.trace.api_calls.slice_id.values()))
            .find(slice)
    }

    /// The `gpu_op` rows of a device, in order of time.
    pub fn gpu_ops_of_device(&self, device: DeviceId) -> &[u32] {
        self.gpu_ops_of_device
            .get_or_init(|| self.group_gpu_ops(self.trace.devices.len(), self.trace.gpu_ops.device_id.values()))
            .of(device.index())
    }

    /// The `gpu_op` rows of a stream, in order of time.
    pub fn gpu_ops_of_stream(&self, stream: StreamId) -> &[u32] {
        self.gpu_ops_of_stream
            .get_or_init(|| self.group_gpu_ops(self.trace.streams.len(), self.trace.gpu_ops.stream_id.values()))
            .of(stream.index())
    }

    /// The `api_call` row that launched a GPU op, the earliest where several did; `None` when its launch is not in the
    /// trace.
    pub fn api_call_of_gpu_op(&self, gpu_op: u32) -> Option<u32> {
        let calls = self.api_call_of_gpu_op.get_or_init(|| {
            let mut calls = vec![NONE; self.trace.gpu_ops.len()];
            let launches = &self.trace.launches;
            // Slices are in order of time, so that the earlier call is the one of the lower slice.
            let slices = self.trace.api_calls.slice_id.values();
            let slice_of = |call: u32| slices.get(call as usize);
            for (&call, &op) in launches.api_call_id.values().iter().zip(launches.gpu_op_id.values()) {
                if let Some(found) = calls.get_mut(op as usize)
                    && (*found == NONE || slice_of(call) < slice_of(*found))
                {
                    *found = call;
                }
            }
            calls
        });
        calls.get(gpu_op as usize).copied().filter(|&call| call != NONE)
    }

    /// The `gpu_op` rows that an API call launched, in order of time. A graph launch has many.
    pub fn gpu_ops_of_api_call(&self, api_call: u32) -> &[u32] {
        self.gpu_ops_of_api_call
            .get_or_init(|| {
                let launches = &self.trace.launches;
                let (calls, ops) = (launches.api_call_id.values(), launches.gpu_op_id.values());
                let order = RowOrder::new(launches.gpu_slice_id.values());
                Grouping::new(self.trace.api_calls.len(), || {
                    order.rows().map(|row| (calls[row as usize], ops[row as usize]))
                })
            })
            .of(api_call as usize)
    }

    /// The `counter` rows of a track, in order of time.
    pub fn counters_of_track(&self, track: TrackId) -> &[u32] {
        self.counters_of_track
            .get_or_init(|| {
                let tracks = self.trace.counters.track_id.values();
                Grouping::new(self.trace.tracks.len(), || tracks.iter().copied().zip(0..))
            })
            .of(track.index())
    }

    /// The tracks as a viewport shows them, in as many blocks as it has pixels.
    pub fn timeline(&self) -> Timeline<'_> {
        Timeline::new(self, &self.timeline)
    }

    fn group_gpu_ops(&self, num_groups: usize, groups: &[u32]) -> Grouping<u32> {
        let order = RowOrder::new(self.trace.gpu_ops.slice_id.values());
        Grouping::new(num_groups, || order.rows().map(|row| (groups[row as usize], row)))
    }
}

/// The rows of a table in order of their slices, which is the order of time.
enum RowOrder {
    AsTheyAre(u32),
    Sorted(Vec<u32>),
}

impl RowOrder {
    fn new(slice_ids: &[u32]) -> Self {
        match rows_by_slice(slice_ids) {
            None => Self::AsTheyAre(slice_ids.len() as u32),
            Some(rows) => Self::Sorted(rows),
        }
    }

    fn rows(&self) -> impl Iterator<Item = u32> + '_ {
        let (plain, sorted) = match self {
            Self::AsTheyAre(len) => (0..*len, &[][..]),
            Self::Sorted(rows) => (0..0, rows.as_slice()),
        };
        plain.chain(sorted.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use kinetoscope_model::table::*;
    use kinetoscope_model::{SourceId, StringId, ThreadId, TraceBuilder};

    use super::*;

    fn slice(ts: i64, dur: i64, track: u32, parent: Option<u32>) -> SliceRow {
        SliceRow {
            ts,
            dur,
            track_id: TrackId(track),
            category: None,
            name: StringId(0),
            depth: parent.map_or(0, |_| 1),
            parent_id: parent.map(SliceId),
            arg_set_id: None,
            thread_ts: None,
            thread_dur: None,
            source_offset: 0,
        }
    }

    fn gpu_op(slice: u32, device: u32, stream: u32) -> GpuOpRow {
        GpuOpRow::new(SliceId(slice), GpuOpKind::Kernel, DeviceId(device), StreamId(stream))
    }

    /// ```text
    /// slice            0        1        2     3     4     5     6
    /// cpu (track 0)    [ op     [ graph  ]  ]              [ lone call ]
    /// gpu (track 1)                      [ k ] [ k ]
    /// gpu (track 2)                                  [ k ]
    /// ```
    /// The kernels stand in the tables in another order than in time.
    fn sample() -> Store {
        let mut builder = TraceBuilder::default();
        builder.strings.intern("x");
        for track in 0..3 {
            builder.tracks.push(TrackRow {
                name: None,
                r#type: TrackKind::Thread,
                utid: Some(ThreadId(track)),
                upid: None,
                parent_id: None,
                track_group_id: None,
                unit: None,
                arg_set_id: None,
            });
        }
        for (ts, dur, track, parent) in [
            (0, 30, 0, None),
            (10, 10, 0, Some(0)),
            (25, 5, 1, None),
            (31, 5, 1, None),
            (37, 5, 2, None),
            (40, 9, 0, None),
        ] {
            builder.slices.push(slice(ts, dur, track, parent));
        }
        for _ in 0..2 {
            builder.devices.push(DeviceRow::new(0, SourceId(0)));
        }
        for (stream, device) in [(0, 0), (1, 0), (2, 1)] {
            builder.streams.push(StreamRow {
                device_id: DeviceId(device),
                context: None,
                stream,
                utid: ThreadId(0),
                track_id: TrackId(1),
            });
        }
        for op in [gpu_op(4, 0, 1), gpu_op(2, 0, 0), gpu_op(3, 0, 0)] {
            builder.gpu_ops.push(op);
        }
        for slice in [1, 5] {
            builder.api_calls.push(ApiCallRow { is_graph_launch: slice == 1, ..ApiCallRow::new(SliceId(slice)) });
        }
        for (op, slice) in [(0, 4), (2, 3)] {
            builder.launches.push(LaunchRow {
                api_call_id: 0,
                gpu_op_id: op,
                api_slice_id: SliceId(1),
                gpu_slice_id: SliceId(slice),
            });
        }
        Store::from(builder.seal())
    }

    #[test]
    fn slices_are_found_by_track_and_by_parent() {
        let store = sample();
        let ids = |slices: &[SliceId]| slices.iter().map(|id| id.0).collect::<Vec<_>>();
        assert_eq!(ids(store.slices_of_track(TrackId(0))), [0, 1, 5]);
        assert_eq!(ids(store.slices_of_track(TrackId(1))), [2, 3]);
        assert_eq!(ids(store.slices_of_track(TrackId(2))), [4]);
        assert_eq!(ids(store.slices_of_track(TrackId(3))), [0u32; 0]);
        assert_eq!(ids(store.children_of_slice(SliceId(0))), [1]);
        assert_eq!(ids(store.children_of_slice(SliceId(1))), [0u32; 0]);
        assert_eq!(store.bounds(), Some(Interval { start: 0, end: 49 }));
    }

    #[test]
    fn gpu_ops_come_in_order_of_time() {
        let store = sample();
        assert_eq!(store.gpu_ops_of_device(DeviceId(0)), [1, 2, 0]);
        assert_eq!(store.gpu_ops_of_device(DeviceId(1)), [0u32; 0]);
        assert_eq!(store.gpu_ops_of_stream(StreamId(0)), [1, 2]);
        assert_eq!(store.gpu_ops_of_stream(StreamId(1)), [0]);
        assert_eq!(store.gpu_ops_of_stream(StreamId(2)), [0u32; 0]);
        assert_eq!(
            (0..6).map(|id| store.gpu_op_of_slice(SliceId(id))).collect::<Vec<_>>(),
            [None, None, Some(1), Some(2), Some(0), None]
        );
    }

    #[test]
    fn launches_lead_both_ways() {
        let store = sample();
        assert_eq!(store.gpu_ops_of_api_call(0), [2, 0]);
        assert_eq!(store.gpu_ops_of_api_call(1), [0u32; 0]);
        assert_eq!(store.gpu_ops_of_api_call(9), [0u32; 0]);
        assert_eq!([0, 1, 2, 9].map(|op| store.api_call_of_gpu_op(op)), [Some(0), None, Some(0), None]);
        assert_eq!(store.api_call_of_slice(SliceId(5)), Some(1));
        assert_eq!(store.api_call_of_slice(SliceId(2)), None);
    }

    #[test]
    fn of_several_launching_calls_the_earliest_counts() {
        let mut builder = TraceBuilder::default();
        builder.strings.intern("x");
        for ts in [0, 10, 20] {
            builder.slices.push(slice(ts, 5, 0, None));
        }
        // The calls stand in the table in another order than in time, and so do their launches.
        for call in [1, 0] {
            builder.api_calls.push(ApiCallRow::new(SliceId(call)));
        }
        builder.gpu_ops.push(gpu_op(2, 0, 0));
        for (call, slice) in [(0, 1), (1, 0)] {
            builder.launches.push(LaunchRow {
                api_call_id: call,
                gpu_op_id: 0,
                api_slice_id: SliceId(slice),
                gpu_slice_id: SliceId(2),
            });
        }
        let store = Store::from(builder.seal());
        assert_eq!(store.api_call_of_gpu_op(0), Some(1));
    }

    #[test]
    fn an_empty_trace_has_nothing() {
        let store = Store::from(TraceBuilder::default().seal());
        assert_eq!(store.bounds(), None);
        assert!(store.slices_of_track(TrackId(0)).is_empty());
        assert!(store.children_of_slice(SliceId(0)).is_empty());
        assert!(store.gpu_ops_of_api_call(0).is_empty());
        assert_eq!(store.gpu_op_of_slice(SliceId(0)), None);
    }
}
