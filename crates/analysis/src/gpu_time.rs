//! GPU time: how much of its span each GPU was busy, with what, and how the work lies on its streams.
//!
//! Busy is the length of the union of all work, so that overlapping kernels count once; idle is what remains of the
//! span, and the two add up to it exactly. Sums, in which overlap counts twice, are kept beside the unions.

use kinetoscope_model::time::{Interval, Nanos};
use kinetoscope_model::{DeviceId, StreamId, Trace};
use serde::Serialize;

use crate::gpu_timeline::{GpuTimeline, OpClass};
use crate::interval::UnionSweep;

/// How the GPUs of a trace spent their time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GpuTime {
    /// All devices together, as if they were one: busy is when any of them was.
    pub all: GpuUse,
    /// Every device that ran something, in order of its id.
    pub devices: Vec<DeviceUse>,
}

/// How a GPU, or several taken together, spent the time between its first and its last piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct GpuUse {
    /// Number of pieces of work.
    pub num_ops: u64,
    /// Durations added up; overlap counts twice.
    pub sum_ns: Nanos,
    /// Start of the first piece of work.
    pub first_start_ns: Nanos,
    /// Latest end.
    pub last_end_ns: Nanos,
    /// From the first start to the latest end.
    pub span_ns: Nanos,
    /// Length of the union of all work.
    pub busy_ns: Nanos,
    /// What of the span is not busy.
    pub idle_ns: Nanos,
    /// Kernels that compute.
    pub computation: ClassUse,
    /// Kernels of the collective library.
    pub communication: ClassUse,
    /// Copies and fills.
    pub memory: ClassUse,
    /// Time in which both communication and computation ran.
    pub comm_comp_overlap_ns: Nanos,
    /// Time in which communication ran and computation did not.
    pub exposed_comm_ns: Nanos,
}

/// The work of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ClassUse {
    /// Number of pieces of work.
    pub num_ops: u64,
    /// Durations added up.
    pub sum_ns: Nanos,
    /// Length of the union.
    pub union_ns: Nanos,
}

/// One device.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeviceUse {
    /// Row of the `device` table.
    pub device_id: u32,
    /// Number of the device on its host.
    pub ordinal: i64,
    /// Rank it worked for.
    pub rank: Option<i64>,
    /// Product name.
    pub name: Option<String>,
    /// What it did.
    #[serde(flatten)]
    pub gpu: GpuUse,
    /// Every stream that ran something, in order of its id.
    pub streams: Vec<StreamUse>,
}

/// One stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StreamUse {
    /// Row of the `stream` table.
    pub stream_id: u32,
    /// Stream number as the runtime gives it.
    pub stream: i64,
    /// Thread row of the stream.
    pub utid: u32,
    /// Number of pieces of work.
    pub num_ops: u64,
    /// Durations added up.
    pub sum_ns: Nanos,
    /// Length of the union.
    pub busy_ns: Nanos,
    /// From the first start to the latest end.
    pub span_ns: Nanos,
    /// Number of gaps between the merged work.
    pub num_gaps: u64,
    /// Length of the gaps together.
    pub gap_sum_ns: Nanos,
    /// The longest gap.
    pub gap_max_ns: Nanos,
    /// Neighbours, by start and then end, of which the next starts before the previous ends.
    pub num_adjacent_overlaps: u64,
}

/// Adds up the GPU time of a trace.
pub fn gpu_time(timeline: &GpuTimeline<'_>) -> GpuTime {
    let trace = timeline.trace();
    let mut all = UseSums::default();
    let mut devices = vec![UseSums::default(); trace.devices.len()];
    let mut streams = vec![StreamSums::default(); trace.streams.len()];
    for op in timeline.ops() {
        let class = timeline.class_of(&op);
        all.add(op.interval, class);
        devices[op.device_id.index()].add(op.interval, class);
        streams[op.stream_id.index()].add(op.interval);
    }
    let mut streams_of_device: Vec<Vec<StreamUse>> = vec![Vec::new(); trace.devices.len()];
    for (index, sums) in streams.iter().enumerate().filter(|(_, sums)| sums.num_ops > 0) {
        let device_id = trace.streams.device_id.get(index);
        streams_of_device[device_id.index()].push(stream_use(trace, index, sums));
    }
    let devices = devices.iter().zip(streams_of_device).enumerate().filter(|(_, (sums, _))| sums.num_ops() > 0);
    GpuTime {
        all: all.finish(),
        devices: devices
            .map(|(index, (sums, streams))| {
                let device_id = DeviceId::from_index(index);
                let device = trace.devices.row(index);
                DeviceUse {
                    device_id: device_id.0,
                    ordinal: device.ordinal,
                    rank: rank_of_device(trace, device_id),
                    name: device.name.map(|name| trace.text(name).to_owned()).filter(|name| !name.is_empty()),
                    gpu: sums.finish(),
                    streams,
                }
            })
            .collect(),
    }
}

/// The rank whose trace a device was read from.
pub fn rank_of_device(trace: &Trace, device_id: DeviceId) -> Option<i64> {
    let source_id = trace.devices.source_id.get(device_id.index());
    let rank_id = trace.sources.rank_id.get(source_id.index())?;
    trace.ranks.rank.get(rank_id.index())
}

fn stream_use(trace: &Trace, index: usize, sums: &StreamSums) -> StreamUse {
    let stream = trace.streams.row(index);
    StreamUse {
        stream_id: StreamId::from_index(index).0,
        stream: stream.stream,
        utid: stream.utid.0,
        num_ops: sums.num_ops,
        sum_ns: sums.sum_ns,
        busy_ns: sums.union.covered_ns(),
        span_ns: sums.union.span_ns(),
        num_gaps: sums.num_gaps,
        gap_sum_ns: sums.union.uncovered_ns(),
        gap_max_ns: sums.gap_max_ns,
        num_adjacent_overlaps: sums.num_adjacent_overlaps,
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct ClassSums {
    num_ops: u64,
    sum_ns: Nanos,
    union: UnionSweep,
}

impl ClassSums {
    #[inline]
    fn add(&mut self, interval: Interval) {
        self.num_ops += 1;
        self.sum_ns = self.sum_ns.saturating_add(interval.dur());
        self.union.add(interval);
    }

    fn finish(&self) -> ClassUse {
        ClassUse { num_ops: self.num_ops, sum_ns: self.sum_ns, union_ns: self.union.covered_ns() }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct UseSums {
    union: UnionSweep,
    computation: ClassSums,
    communication: ClassSums,
    memory: ClassSums,
    /// Communication or computation. What runs at the same time is what the two unions hold more than this one.
    comm_or_comp: UnionSweep,
}

impl UseSums {
    #[inline]
    fn add(&mut self, interval: Interval, class: OpClass) {
        self.union.add(interval);
        match class {
            OpClass::Computation => self.computation.add(interval),
            OpClass::Communication => self.communication.add(interval),
            OpClass::Memory => self.memory.add(interval),
        }
        if class != OpClass::Memory {
            self.comm_or_comp.add(interval);
        }
    }

    fn num_ops(&self) -> u64 {
        self.computation.num_ops + self.communication.num_ops + self.memory.num_ops
    }

    fn finish(&self) -> GpuUse {
        let span = self.union.span().unwrap_or_default();
        let (comp_ns, comm_ns) = (self.computation.union.covered_ns(), self.communication.union.covered_ns());
        let comm_comp_overlap_ns = comp_ns.saturating_add(comm_ns).saturating_sub(self.comm_or_comp.covered_ns());
        GpuUse {
            num_ops: self.num_ops(),
            sum_ns: [self.computation, self.communication, self.memory]
                .iter()
                .fold(0, |sum_ns: Nanos, class| sum_ns.saturating_add(class.sum_ns)),
            first_start_ns: span.start,
            last_end_ns: span.end,
            span_ns: self.union.span_ns(),
            busy_ns: self.union.covered_ns(),
            idle_ns: self.union.uncovered_ns(),
            computation: self.computation.finish(),
            communication: self.communication.finish(),
            memory: self.memory.finish(),
            comm_comp_overlap_ns,
            exposed_comm_ns: comm_ns - comm_comp_overlap_ns,
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct StreamSums {
    num_ops: u64,
    sum_ns: Nanos,
    union: UnionSweep,
    num_gaps: u64,
    gap_max_ns: Nanos,
    num_adjacent_overlaps: u64,
    previous_end_ns: Nanos,
}

impl StreamSums {
    #[inline]
    fn add(&mut self, interval: Interval) {
        if self.num_ops > 0 && interval.start < self.previous_end_ns {
            self.num_adjacent_overlaps += 1;
        }
        self.previous_end_ns = interval.end;
        self.num_ops += 1;
        self.sum_ns = self.sum_ns.saturating_add(interval.dur());
        if let Some(gap) = self.union.add(interval) {
            self.num_gaps += 1;
            self.gap_max_ns = self.gap_max_ns.max(gap.dur());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::Drawing;

    fn time_of(drawing: Drawing) -> GpuTime {
        let trace = drawing.build();
        gpu_time(&GpuTimeline::new(&trace))
    }

    #[test]
    fn classes_and_streams_add_up_as_drawn() {
        let time = time_of(Drawing::lanes(
            "s7   ..AAAA..NN.BBB
             s20  ....MMM..NNN..",
        ));
        // Busy: 2 to 7 and 8 to 14. Communication: 8 to 12. Computation: 2 to 6 and 11 to 14, so they share 11 to 12.
        let device = &time.devices[0];
        let expected = GpuUse {
            num_ops: 5,
            sum_ns: 15,
            first_start_ns: 2,
            last_end_ns: 14,
            span_ns: 12,
            busy_ns: 11,
            idle_ns: 1,
            computation: ClassUse { num_ops: 2, sum_ns: 7, union_ns: 7 },
            communication: ClassUse { num_ops: 2, sum_ns: 5, union_ns: 4 },
            memory: ClassUse { num_ops: 1, sum_ns: 3, union_ns: 3 },
            comm_comp_overlap_ns: 1,
            exposed_comm_ns: 3,
        };
        assert_eq!(device.gpu, expected);
        assert_eq!(time.all, expected);
        let streams: Vec<_> = device
            .streams
            .iter()
            .map(|row| (row.stream, row.num_ops, row.sum_ns, row.busy_ns, row.span_ns, row.num_gaps, row.gap_max_ns))
            .collect();
        assert_eq!(streams, [(7, 3, 9, 9, 12, 2, 2), (20, 2, 6, 6, 8, 1, 2)]);
        assert_eq!(device.streams[0].gap_sum_ns, 3);
    }

    #[test]
    fn neighbours_overlap_by_start_and_end_not_by_what_still_runs() {
        // C starts after its neighbour B has ended, though A still runs.
        let time = time_of(Drawing::default().gpu(0, 7, 'A', 0..10).gpu(0, 7, 'B', 5..8).gpu(0, 7, 'C', 9..12));
        let stream = time.devices[0].streams[0];
        assert_eq!(stream.num_adjacent_overlaps, 1);
        assert_eq!((stream.sum_ns, stream.busy_ns, stream.num_gaps), (16, 12, 0));
    }

    #[test]
    fn devices_are_told_apart_and_taken_together() {
        let time = time_of(
            Drawing::lanes(
                "0/s7  AA..BB
                 1/s7  .CCC..",
            )
            .ranks(&[4, 5]),
        );
        let devices: Vec<_> = time
            .devices
            .iter()
            .map(|row| (row.ordinal, row.rank, row.gpu.span_ns, row.gpu.busy_ns, row.gpu.idle_ns))
            .collect();
        assert_eq!(devices, [(0, Some(4), 6, 4, 2), (1, Some(5), 3, 3, 0)]);
        assert_eq!((time.all.span_ns, time.all.busy_ns, time.all.idle_ns, time.all.sum_ns), (6, 6, 0, 7));
    }

    #[test]
    fn a_trace_without_work_has_no_devices() {
        let time = time_of(Drawing::lanes("cpu  a"));
        assert_eq!(time, GpuTime { all: GpuUse::default(), devices: Vec::new() });
    }
}
