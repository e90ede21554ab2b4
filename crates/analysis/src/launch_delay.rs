//! Launch delay: how GPU work was launched, and how long it took from the call to the start of the work.
//!
//! The launching call of a piece of work is any runtime or driver call with its correlation id; no list of function
//! names decides. A graph launch causes hundreds of pieces of work, so that a delay from call to start says something
//! only for work that was launched on its own.

use std::collections::BTreeMap;

use kinetoscope_model::time::Nanos;
use serde::Serialize;

use crate::gpu_timeline::GpuTimeline;
use crate::percentile::percentile;

/// How the GPU work of a trace was launched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LaunchDelay {
    /// Pieces of GPU work whose launching call is in the trace.
    pub num_ops_with_launch: u64,
    /// Pieces of GPU work whose launching call is not in the trace.
    pub num_ops_without_launch: u64,
    /// Durations of those added up.
    pub sum_without_launch_ns: Nanos,
    /// Graph launches.
    pub graph: GraphLaunches,
    /// Durations of the work that was launched on its own, added up.
    pub single_sum_ns: Nanos,
    /// Delay of the work that was launched on its own; `None` when there is none.
    pub launch_to_start: Option<LaunchToStart>,
}

/// Graph launches.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct GraphLaunches {
    /// Calls that launch a graph.
    pub num_launches: u64,
    /// Pieces of work they caused.
    pub num_ops: u64,
    /// Durations of that work added up.
    pub sum_ns: Nanos,
    /// Launches by the number of pieces of work they caused, in order of that number.
    pub launches_by_num_ops: Vec<LaunchesOfSize>,
}

/// Graph launches that caused the same number of pieces of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LaunchesOfSize {
    /// Pieces of work of each launch; 0 when the trace ends before the work, or lacks it.
    pub num_ops: u64,
    /// Number of launches.
    pub num_launches: u64,
}

/// From the start of the launching call to the start of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LaunchToStart {
    /// Number of pieces of work.
    pub num_ops: u64,
    /// Half of them started within this time.
    pub p50_ns: Nanos,
    /// Nine out of ten started within this time.
    pub p90_ns: Nanos,
    /// The longest delay.
    pub max_ns: Nanos,
    /// Pieces of work that start before their call does: the clocks of CPU and GPU disagree.
    pub num_negative: u64,
}

/// Measures the launches of a trace.
pub fn launch_delay(timeline: &GpuTimeline<'_>) -> LaunchDelay {
    let trace = timeline.trace();
    let mut graph = GraphLaunches::default();
    let mut ops_of_call = vec![0u32; trace.api_calls.len()];
    let (mut num_ops_with_launch, mut single_sum_ns, mut sum_without_launch_ns) = (0, 0, 0);
    let mut delays_ns: Vec<Nanos> = Vec::new();
    for op in timeline.ops() {
        let dur_ns = op.interval.dur();
        let Some(call) = timeline.call_of(op.op) else {
            sum_without_launch_ns = dur_ns.saturating_add(sum_without_launch_ns);
            continue;
        };
        num_ops_with_launch += 1;
        if trace.api_calls.is_graph_launch.get(call) {
            graph.num_ops += 1;
            graph.sum_ns = graph.sum_ns.saturating_add(dur_ns);
            ops_of_call[call] += 1;
        } else {
            let call_start_ns = trace.slices.ts.get(trace.api_calls.slice_id.get(call).index());
            single_sum_ns = dur_ns.saturating_add(single_sum_ns);
            delays_ns.push(op.interval.start.saturating_sub(call_start_ns));
        }
    }
    let mut launches_by_num_ops = BTreeMap::<u64, u64>::new();
    for (call, &num_ops) in ops_of_call.iter().enumerate() {
        if trace.api_calls.is_graph_launch.get(call) {
            graph.num_launches += 1;
            *launches_by_num_ops.entry(u64::from(num_ops)).or_default() += 1;
        }
    }
    graph.launches_by_num_ops = launches_by_num_ops
        .into_iter()
        .map(|(num_ops, num_launches)| LaunchesOfSize { num_ops, num_launches })
        .collect();
    LaunchDelay {
        num_ops_with_launch,
        num_ops_without_launch: timeline.len() as u64 - num_ops_with_launch,
        sum_without_launch_ns,
        graph,
        single_sum_ns,
        launch_to_start: launch_to_start(&mut delays_ns),
    }
}

fn launch_to_start(delays_ns: &mut [Nanos]) -> Option<LaunchToStart> {
    Some(LaunchToStart {
        num_ops: delays_ns.len() as u64,
        num_negative: delays_ns.iter().filter(|&&delay_ns| delay_ns < 0).count() as u64,
        p50_ns: percentile(delays_ns, 0.5)?,
        p90_ns: percentile(delays_ns, 0.9)?,
        max_ns: percentile(delays_ns, 1.0)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::Drawing;

    #[test]
    fn graphs_single_launches_and_missing_launches_are_told_apart() {
        // Delays of single launches: A 3, B 7, D -2 (the clocks disagree). G is a graph, E was launched before.
        let trace = Drawing::lanes(
            "cpu  ab.gg.....d
             s7   ...AA.GG.DD
             s8   ........BB.GG..EEE",
        )
        .build();
        let found = launch_delay(&GpuTimeline::new(&trace));
        let expected = LaunchDelay {
            num_ops_with_launch: 5,
            num_ops_without_launch: 1,
            sum_without_launch_ns: 3,
            graph: GraphLaunches {
                num_launches: 1,
                num_ops: 2,
                sum_ns: 4,
                launches_by_num_ops: vec![LaunchesOfSize { num_ops: 2, num_launches: 1 }],
            },
            single_sum_ns: 6,
            launch_to_start: Some(LaunchToStart { num_ops: 3, p50_ns: 3, p90_ns: 7, max_ns: 7, num_negative: 1 }),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn work_that_only_graphs_launched_has_no_delay() {
        let trace = Drawing::lanes(
            "cpu  g
             s7   ..GG.GG.GG",
        )
        .build();
        let found = launch_delay(&GpuTimeline::new(&trace));
        assert_eq!(found.launch_to_start, None);
        assert_eq!(found.graph.launches_by_num_ops, [LaunchesOfSize { num_ops: 3, num_launches: 1 }]);
    }
}
