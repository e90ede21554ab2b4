//! Properties that hold for every trace, tried on random ones.

use proptest::prelude::*;

use crate::GpuTimeline;
use crate::drawing::Drawing;
use crate::gap::{DeviceGaps, GapCause, gaps};
use crate::gpu_time::{DeviceUse, gpu_time};
use crate::interval::IntervalSet;
use crate::kernels::kernels;
use crate::launch_delay::launch_delay;
use crate::summary::summary;

/// Work and calls on up to two devices with up to three streams each, crowded enough to overlap in every way.
fn drawings() -> impl Strategy<Value = Drawing> {
    let work =
        (0..2i64, 0..3i64, proptest::sample::select("ABCDEFMNPS".chars().collect::<Vec<_>>()), 0..80i64, 0..9i64);
    let calls = proptest::collection::vec(
        (proptest::sample::select("abcdem".chars().collect::<Vec<_>>()), 0..80i64, 0..9i64),
        0..8,
    );
    (proptest::collection::vec(work, 1..25), calls).prop_map(|(work, calls)| {
        let drawing = work.into_iter().fold(Drawing::default(), |drawing, (device, stream, letter, start, len)| {
            drawing.gpu(device, stream, letter, start..start + len)
        });
        calls.into_iter().fold(drawing, |drawing, (letter, start, len)| drawing.call(letter, start..start + len))
    })
}

fn check_device(device: &DeviceUse, gaps: &DeviceGaps, set: &IntervalSet) -> Result<(), TestCaseError> {
    let gpu = device.gpu;
    prop_assert_eq!(gpu.busy_ns, set.len_ns());
    prop_assert_eq!(gpu.busy_ns + gpu.idle_ns, gpu.span_ns);
    prop_assert_eq!(gaps.causes.sum_ns(), gpu.idle_ns);
    let num_gaps: u64 = GapCause::ALL.iter().map(|&cause| gaps.causes.of(cause).num_gaps).sum();
    prop_assert_eq!(gaps.num_gaps, num_gaps);
    prop_assert_eq!(gaps.longest.iter().map(|gap| gap.dur_ns).sum::<i64>(), gpu.idle_ns, "all gaps were asked for");
    let classes = [gpu.computation, gpu.communication, gpu.memory];
    prop_assert_eq!(classes.iter().map(|class| class.sum_ns).sum::<i64>(), gpu.sum_ns);
    for class in classes {
        prop_assert!(class.union_ns <= class.sum_ns && class.union_ns <= gpu.busy_ns);
    }
    prop_assert_eq!(gpu.comm_comp_overlap_ns + gpu.exposed_comm_ns, gpu.communication.union_ns);
    prop_assert!(gpu.comm_comp_overlap_ns >= 0 && gpu.exposed_comm_ns >= 0);
    prop_assert_eq!(device.streams.iter().map(|stream| stream.sum_ns).sum::<i64>(), gpu.sum_ns);
    for stream in &device.streams {
        prop_assert_eq!(stream.busy_ns + stream.gap_sum_ns, stream.span_ns);
        prop_assert!(stream.busy_ns <= gpu.busy_ns && stream.gap_max_ns <= stream.gap_sum_ns);
    }
    Ok(())
}

proptest! {
    #[test]
    fn times_add_up(drawing in drawings()) {
        let trace = drawing.build();
        let timeline = GpuTimeline::new(&trace);
        let (time, gaps) = (gpu_time(&timeline), gaps(&timeline, usize::MAX));
        for (device, gaps) in time.devices.iter().zip(&gaps) {
            prop_assert_eq!(device.device_id, gaps.device_id);
            let ops = timeline.ops().filter(|op| op.device_id.0 == device.device_id);
            check_device(device, gaps, &ops.map(|op| op.interval).collect())?;
        }
        let communication = intervals_named(&timeline, "nccl");
        let computation = intervals_named(&timeline, "kernel_");
        prop_assert_eq!(time.all.comm_comp_overlap_ns, communication.intersection_len_ns(&computation));
        prop_assert_eq!(time.all.busy_ns, timeline.ops().map(|op| op.interval).collect::<IntervalSet>().len_ns());

        let rows = kernels(&timeline);
        prop_assert_eq!(rows.iter().map(|row| row.sum_ns).sum::<i64>(), time.all.sum_ns);
        for row in rows {
            prop_assert!(row.min_ns <= row.p50_ns && row.p50_ns <= row.p99_ns && row.p99_ns <= row.max_ns);
        }
        let launches = launch_delay(&timeline);
        let num_single = launches.launch_to_start.map_or(0, |delay| delay.num_ops);
        prop_assert_eq!(num_single + launches.graph.num_ops, launches.num_ops_with_launch);
        prop_assert_eq!(launches.single_sum_ns + launches.graph.sum_ns + launches.sum_without_launch_ns, time.all.sum_ns);
    }

    #[test]
    fn the_order_of_rows_changes_nothing(drawing in drawings(), seed in any::<u64>()) {
        let ordered = drawing.clone().build();
        let shuffled = drawing.in_order(seed).build();
        prop_assert_eq!(summary(&ordered), summary(&shuffled));
    }
}

fn intervals_named(timeline: &GpuTimeline<'_>, part: &str) -> IntervalSet {
    let ops = timeline.ops().filter(|op| timeline.trace().text(op.name).starts_with(part));
    ops.map(|op| op.interval).collect()
}
