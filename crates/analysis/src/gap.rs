//! Gaps: why the GPU was idle, told for every gap by the call that launched the work that ended it.
//!
//! A gap is time in which no stream of a device ran anything. With P the work that ended last before the gap, N the
//! work that ends the gap, and the call that launched N:
//!
//! ```text
//! cause           the call                   gap ▁▁▁▁▁▁▁▁▁▁▁▁
//! inside graph    launched P and N both:  PPP            NNN
//! host late       started in the gap:                [ call ]
//! launching       was under way:               [ call ]
//! queued          had returned:           [call]
//! unknown         is not in the trace
//! ```
//!
//! Every gap has exactly one cause, so the causes add up to the idle time exactly.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use kinetoscope_model::time::{Interval, Nanos};
use kinetoscope_model::{DeviceId, SliceId, Trace};
use serde::Serialize;

use crate::gpu_timeline::{GpuTimeline, TimedOp};
use crate::interval::UnionSweep;

/// Why a GPU was idle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapCause {
    /// Between two pieces of one graph launch.
    InsideGraph,
    /// The CPU started the launching call only when the GPU was idle already.
    HostLate,
    /// The CPU was inside the launching call when the GPU ran dry.
    Launching,
    /// The launching call had returned: the work waited on the device.
    Queued,
    /// The launching call is not in the trace.
    Unknown,
}

impl GapCause {
    /// Every cause, in the order of reports.
    pub const ALL: [Self; 5] = [Self::InsideGraph, Self::HostLate, Self::Launching, Self::Queued, Self::Unknown];

    /// The words reports use.
    pub fn words(self) -> &'static str {
        match self {
            Self::InsideGraph => "inside graph",
            Self::HostLate => "host late",
            Self::Launching => "launching",
            Self::Queued => "queued",
            Self::Unknown => "unknown",
        }
    }

    /// What it means, as the end of a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::InsideGraph => "between kernels of one graph launch",
            Self::HostLate => "the CPU had not begun to launch the work",
            Self::Launching => "the CPU was inside the launching call",
            Self::Queued => "launched, but waiting on the device",
            Self::Unknown => "the launching call is not in the trace",
        }
    }
}

/// The gaps of one cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct GapSum {
    /// Number of gaps.
    pub num_gaps: u64,
    /// Length of the gaps together.
    pub sum_ns: Nanos,
    /// The longest.
    pub max_ns: Nanos,
}

impl GapSum {
    fn add(&mut self, gap_ns: Nanos) {
        self.num_gaps += 1;
        self.sum_ns = self.sum_ns.saturating_add(gap_ns);
        self.max_ns = self.max_ns.max(gap_ns);
    }
}

/// Idle time by cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[expect(missing_docs, reason = "the causes are documented at `GapCause`")]
pub struct GapCauses {
    pub inside_graph: GapSum,
    pub host_late: GapSum,
    pub launching: GapSum,
    pub queued: GapSum,
    pub unknown: GapSum,
}

impl GapCauses {
    /// The gaps of `cause`.
    pub fn of(&self, cause: GapCause) -> &GapSum {
        match cause {
            GapCause::InsideGraph => &self.inside_graph,
            GapCause::HostLate => &self.host_late,
            GapCause::Launching => &self.launching,
            GapCause::Queued => &self.queued,
            GapCause::Unknown => &self.unknown,
        }
    }

    fn of_mut(&mut self, cause: GapCause) -> &mut GapSum {
        match cause {
            GapCause::InsideGraph => &mut self.inside_graph,
            GapCause::HostLate => &mut self.host_late,
            GapCause::Launching => &mut self.launching,
            GapCause::Queued => &mut self.queued,
            GapCause::Unknown => &mut self.unknown,
        }
    }

    /// All causes, the longest first; equal ones in the order of [`GapCause::ALL`].
    pub fn by_length(&self) -> [(GapCause, GapSum); 5] {
        let mut causes = GapCause::ALL.map(|cause| (cause, *self.of(cause)));
        causes.sort_by_key(|(_, sum)| Reverse(sum.sum_ns));
        causes
    }

    /// The idle time: all causes together.
    pub fn sum_ns(&self) -> Nanos {
        GapCause::ALL.iter().fold(0, |sum_ns: Nanos, &cause| sum_ns.saturating_add(self.of(cause).sum_ns))
    }
}

/// One gap with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Start.
    pub start_ns: Nanos,
    /// Length.
    pub dur_ns: Nanos,
    /// Why.
    pub cause: GapCause,
    /// Slice of the work that ended last before it.
    pub previous_slice_id: u32,
    /// Slice of the work that ended it.
    pub next_slice_id: u32,
    /// Name of that work.
    pub next_name: String,
    /// Slice of the call that launched that work.
    pub call_slice_id: Option<u32>,
    /// Name of that call.
    pub call_name: Option<String>,
}

/// The idle time of one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceGaps {
    /// Row of the `device` table.
    pub device_id: u32,
    /// Number of gaps.
    pub num_gaps: u64,
    /// Idle time by cause.
    pub causes: GapCauses,
    /// The longest gaps, longest first.
    pub longest: Vec<Gap>,
}

/// Finds the cause of every gap of every device that ran something, and keeps the `num_longest` longest ones of each.
pub fn gaps(timeline: &GpuTimeline<'_>, num_longest: usize) -> Vec<DeviceGaps> {
    let trace = timeline.trace();
    let mut devices: Vec<Option<DeviceWalk>> = vec![None; trace.devices.len()];
    for op in timeline.ops() {
        let walk = devices[op.device_id.index()].get_or_insert_with(|| DeviceWalk::new(op));
        if let Some(interval) = walk.union.add(op.interval) {
            let gap = explain(timeline, interval, &walk.last_ended, &op);
            walk.causes.of_mut(gap.cause).add(gap.dur_ns);
            walk.num_gaps += 1;
            walk.longest.push(Reverse((gap.dur_ns, Reverse(gap.start_ns), gap)));
            if walk.longest.len() > num_longest {
                walk.longest.pop();
            }
        }
        if op.interval.end > walk.last_ended.interval.end {
            walk.last_ended = op;
        }
    }
    let walks = devices.into_iter().enumerate().filter_map(|(index, walk)| Some((index, walk?)));
    walks
        .map(|(index, walk)| DeviceGaps {
            device_id: DeviceId::from_index(index).0,
            num_gaps: walk.num_gaps,
            causes: walk.causes,
            longest: walk.longest.into_sorted_vec().into_iter().map(|Reverse((.., gap))| gap.finish(trace)).collect(),
        })
        .collect()
}

#[derive(Debug, Clone)]
struct DeviceWalk {
    union: UnionSweep,
    last_ended: TimedOp,
    num_gaps: u64,
    causes: GapCauses,
    longest: BinaryHeap<Reverse<(Nanos, Reverse<Nanos>, FoundGap)>>,
}

impl DeviceWalk {
    fn new(first: TimedOp) -> Self {
        Self {
            union: UnionSweep::default(),
            last_ended: first,
            num_gaps: 0,
            causes: GapCauses::default(),
            longest: BinaryHeap::new(),
        }
    }
}

/// A gap while it may still be pushed out by longer ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct FoundGap {
    start_ns: Nanos,
    dur_ns: Nanos,
    cause: GapCause,
    previous: SliceId,
    next: SliceId,
    call: Option<SliceId>,
}

impl FoundGap {
    fn finish(self, trace: &Trace) -> Gap {
        let name_of = |id: SliceId| trace.text(trace.slices.name.get(id.index())).to_owned();
        Gap {
            start_ns: self.start_ns,
            dur_ns: self.dur_ns,
            cause: self.cause,
            previous_slice_id: self.previous.0,
            next_slice_id: self.next.0,
            next_name: name_of(self.next),
            call_slice_id: self.call.map(|id| id.0),
            call_name: self.call.map(name_of),
        }
    }
}

fn explain(timeline: &GpuTimeline<'_>, gap: Interval, previous: &TimedOp, next: &TimedOp) -> FoundGap {
    let trace = timeline.trace();
    let call = timeline.call_of(next.op);
    let cause = match call {
        None => GapCause::Unknown,
        Some(call) => {
            let interval = trace.slice_interval(trace.api_calls.slice_id.get(call));
            if trace.api_calls.is_graph_launch.get(call) && timeline.call_of(previous.op) == Some(call) {
                GapCause::InsideGraph
            } else if interval.start >= gap.start {
                GapCause::HostLate
            } else if interval.end > gap.start {
                GapCause::Launching
            } else {
                GapCause::Queued
            }
        }
    };
    FoundGap {
        start_ns: gap.start,
        dur_ns: gap.dur(),
        cause,
        previous: previous.slice_id,
        next: next.slice_id,
        call: call.map(|call| trace.api_calls.slice_id.get(call)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::Drawing;

    #[test]
    fn each_gap_has_the_cause_its_launching_call_tells() {
        let trace = Drawing::default()
            .call('a', 0..2)
            .gpu(0, 7, 'A', 10..20)
            // Called long before the gap from 20 to 25.
            .call('b', 2..4)
            .gpu(0, 7, 'B', 25..30)
            // Called in the gap from 30 to 40.
            .call('c', 33..35)
            .gpu(0, 7, 'C', 40..45)
            // The call is under way when the gap from 45 to 50 begins.
            .call('d', 43..48)
            .gpu(0, 7, 'D', 50..55)
            // No call: the gap from 55 to 60.
            .gpu(0, 7, 'E', 60..61)
            // A graph launch that touches E, with a gap from 63 to 64 inside.
            .call('g', 56..58)
            .gpu(0, 7, 'G', 61..63)
            .gpu(0, 8, 'G', 64..66)
            // Called at the very start of the gap from 66 to 70: late.
            .call('h', 66..67)
            .gpu(0, 7, 'H', 70..71)
            // Returned at the very start of the gap from 71 to 73: queued.
            .call('i', 68..71)
            .gpu(0, 7, 'I', 73..74)
            .build();
        let found = &gaps(&GpuTimeline::new(&trace), 3)[0];
        let sum = |num_gaps, sum_ns, max_ns| GapSum { num_gaps, sum_ns, max_ns };
        let expected = GapCauses {
            inside_graph: sum(1, 1, 1),
            host_late: sum(2, 14, 10),
            launching: sum(1, 5, 5),
            queued: sum(2, 7, 5),
            unknown: sum(1, 5, 5),
        };
        assert_eq!(found.causes, expected);
        assert_eq!((found.num_gaps, found.causes.sum_ns()), (7, 32));
        assert_eq!(found.causes.by_length()[0].0, GapCause::HostLate);
        let longest: Vec<_> = found.longest.iter().map(|gap| (gap.start_ns, gap.dur_ns, gap.cause)).collect();
        assert_eq!(
            longest,
            [(30, 10, GapCause::HostLate), (20, 5, GapCause::Queued), (45, 5, GapCause::Launching)],
            "the longest first, equal ones by time"
        );
        let gap = &found.longest[0];
        assert_eq!((gap.next_name.as_str(), gap.call_name.as_deref()), ("kernel_C", Some("cudaLaunchKernel")));
        let interval = |id: u32| trace.slice_interval(SliceId(id));
        assert_eq!(interval(gap.previous_slice_id).end, gap.start_ns);
        assert_eq!(interval(gap.next_slice_id).start, gap.start_ns + gap.dur_ns);
        assert_eq!(gap.call_slice_id.map(interval), Some(Interval { start: 33, end: 35 }));
    }

    #[test]
    fn the_work_before_a_gap_is_what_ended_last_not_what_started_last() {
        // B starts last and ends first: the graph's own work precedes the gap.
        let trace = Drawing::lanes(
            "cpu  g
             s7   .GGGGG..GG
             s8   ...B......",
        )
        .build();
        let found = &gaps(&GpuTimeline::new(&trace), 1)[0];
        assert_eq!(found.causes.inside_graph, GapSum { num_gaps: 1, sum_ns: 2, max_ns: 2 });
    }

    #[test]
    fn two_graph_launches_of_one_graph_are_not_inside_each_other() {
        let trace = Drawing::lanes(
            "cpu  gh
             s7   ..GG.G..HH.HH",
        )
        .build();
        let found = &gaps(&GpuTimeline::new(&trace), 0)[0];
        assert_eq!((found.causes.inside_graph.num_gaps, found.causes.queued.num_gaps), (2, 1));
        assert_eq!(found.longest, []);
    }

    #[test]
    fn a_device_without_gaps_has_no_idle_time() {
        let trace = Drawing::lanes("s7  AABB").build();
        let found = gaps(&GpuTimeline::new(&trace), 10);
        assert_eq!((found[0].num_gaps, found[0].causes.sum_ns()), (0, 0));
    }
}
