//! Findings: what stands out in a trace, in one sentence each, with the numbers and slices that show it.
//!
//! A finding is only made when the trace holds the evidence, and advice only follows from it; what a trace cannot tell
//! is said as such. The limits below decide what is worth a line, not what is true: every number behind a finding is in
//! the summary whether or not it makes one.

use hashbrown::HashMap;
use kinetoscope_model::Trace;
use kinetoscope_model::time::Nanos;
use serde::Serialize;

use crate::copies::CopyRow;
use crate::gap::{DeviceGaps, Gap, GapCause};
use crate::gpu_time::{DeviceUse, GpuTime};
use crate::kernels::KernelRow;
use crate::launch_delay::LaunchDelay;
use crate::text_table::cut_middle;
use crate::unit::{format_count, format_dur, format_number_of, format_percent, format_share};

/// The least share of a device's span that makes idle time worth a line.
const MIN_IDLE_SHARE: f64 = 0.05;

/// The least share of idle time that one cause must have to be called the reason.
const MIN_DOMINANT_SHARE: f64 = 0.5;

/// The least share of the span for exposed communication; the TensorBoard plugin's rule.
const MIN_EXPOSED_COMM_SHARE: f64 = 0.1;

/// The least share of the span for copies from or to pageable memory.
const MIN_PAGEABLE_SHARE: f64 = 0.01;

/// The least share of work without a launching call.
const MIN_MISSING_LAUNCH_SHARE: f64 = 0.01;

/// Below this mean length, gaps between work that was launched in time are the device's own pace.
const MAX_DEVICE_PACE_NS: f64 = 5_000.0;

/// Width of a name in a sentence.
const MAX_NAME_WIDTH: usize = 60;

/// Slices named as evidence at most.
const MAX_EVIDENCE: usize = 3;

/// What kind of thing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The GPU was hardly ever idle.
    GpuBusy,
    /// The GPU was idle, mostly for one cause.
    IdleCause,
    /// One gap holds most of the idle time.
    LongGap,
    /// Communication that no computation hides.
    ExposedCommunication,
    /// Copies from or to pageable memory.
    PageableCopies,
    /// Work without a launching call.
    MissingLaunches,
    /// The trace holds no GPU work.
    NoGpuWork,
    /// Something was lost while reading.
    DataLoss,
}

/// One thing that stands out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind.
    pub kind: FindingKind,
    /// Rows of the `device` table it holds for, the worst first; the text is about that one.
    pub device_ids: Vec<u32>,
    /// The time it is about, on the worst device.
    pub time_ns: Option<Nanos>,
    /// One sentence that says what was found.
    pub text: String,
    /// What to do or look at, when the evidence tells.
    pub advice: Option<String>,
    /// Slices that show it.
    pub slice_ids: Vec<u32>,
}

/// What the findings of a trace with GPU work are drawn from.
#[derive(Debug, Clone, Copy)]
pub struct GpuEvidence<'a> {
    /// GPU time.
    pub time: &'a GpuTime,
    /// Gaps of the same devices, in the same order.
    pub gaps: &'a [DeviceGaps],
    /// Launches.
    pub launches: &'a LaunchDelay,
    /// Work by name, the largest sum first.
    pub kernels: &'a [KernelRow],
    /// Copies.
    pub copies: &'a [CopyRow],
}

/// Findings of a trace with GPU work: those that cost time first, the longest before the others.
pub fn gpu_findings(evidence: GpuEvidence<'_>) -> Vec<Finding> {
    let devices = &evidence.time.devices;
    let names = DeviceNames::new(devices);
    let mut found = Vec::new();
    for (device, gaps) in devices.iter().zip(evidence.gaps) {
        let name = names.name(device);
        if is_share(device.gpu.idle_ns, device.gpu.span_ns, MIN_IDLE_SHARE) {
            // Where one gap is the story, the cause of the others is not.
            let cause = gaps.causes.by_length()[0].0;
            let finding = long_gap(device, gaps, &name).or_else(|| idle_cause(device, gaps, evidence.launches, &name));
            found.extend(finding.map(|finding| (Some(cause), finding)));
        }
        found.extend(exposed_communication(device, &name).map(|finding| (None, finding)));
    }
    let mut findings = merge_devices(found);
    findings.extend(pageable_copies(evidence.copies, devices));
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.time_ns));
    findings.extend(missing_launches(evidence.launches));
    findings.extend(gpu_busy(devices, &names, evidence.kernels));
    findings
}

/// Keeps the worst finding of each kind and cause, and says on how many devices more it is alike: the ranks of a job
/// mostly do the same.
fn merge_devices(mut found: Vec<(Option<GapCause>, Finding)>) -> Vec<Finding> {
    found.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.time_ns));
    let mut merged: Vec<(Option<GapCause>, Finding, Nanos)> = Vec::new();
    for (cause, finding) in found {
        let time_ns = finding.time_ns.unwrap_or_default();
        let worse = merged.iter_mut().find(|(seen, worse, _)| *seen == cause && worse.kind == finding.kind);
        match worse {
            Some((_, worse, least_ns)) => {
                worse.device_ids.extend(finding.device_ids);
                *least_ns = time_ns;
            }
            None => merged.push((cause, finding, time_ns)),
        }
    }
    let finish = |(_, mut finding, least_ns): (_, Finding, Nanos)| {
        match finding.device_ids.len() as u64 - 1 {
            0 => {}
            1 => finding.text.push_str(&format!(" It is alike on 1 more GPU, with {}.", format_dur(least_ns))),
            number => {
                let (number, least) = (format_count(number), format_dur(least_ns));
                finding.text.push_str(&format!(" It is alike on {number} more GPUs, with {least} or more."));
            }
        }
        finding
    };
    merged.into_iter().map(finish).collect()
}

/// What can be said of a trace without GPU work.
pub fn no_gpu_finding(trace: &Trace, num_profiler_errors: usize) -> Finding {
    let num_calls = trace.api_calls.len() as u64;
    let (text, advice) = if trace.slices.is_empty() {
        ("This trace holds no events.".to_owned(), None)
    } else if num_calls > 0 {
        (
            format!(
                "No GPU work in this trace, though it holds {} of the GPU runtime: how long kernels ran and when the \
                 GPU was idle cannot be known from it.",
                format_number_of(num_calls, "call")
            ),
            Some(
                "Record GPU activities too (with torch.profiler: ProfilerActivity.CUDA), and let no other tool use \
                 CUPTI at the same time."
                    .to_owned(),
            ),
        )
    } else {
        ("No GPU work in this trace (CPU only): what follows is about CPU threads and operators.".to_owned(), None)
    };
    let advice = match num_profiler_errors {
        0 => advice,
        _ => Some("The profiler logged errors while it recorded; see the profiler log below.".to_owned()),
    };
    Finding { kind: FindingKind::NoGpuWork, device_ids: Vec::new(), time_ns: None, text, advice, slice_ids: Vec::new() }
}

/// What was lost while reading; `None` when nothing was.
pub fn data_loss_finding(num_lost: u64) -> Option<Finding> {
    (num_lost > 0).then(|| Finding {
        kind: FindingKind::DataLoss,
        device_ids: Vec::new(),
        time_ns: None,
        text: format!(
            "Reading lost something in {}: all numbers are of what was kept.",
            format_number_of(num_lost, "place")
        ),
        advice: Some("See the warnings below.".to_owned()),
        slice_ids: Vec::new(),
    })
}

/// Names for devices that tell them apart: the rank where ranks have one device each, which is the rule.
#[derive(Debug)]
pub struct DeviceNames {
    /// Devices by rank; empty when all are of one rank, or of none.
    num_of_rank: HashMap<Option<i64>, usize>,
}

impl DeviceNames {
    /// Names for these devices.
    pub fn new(devices: &[DeviceUse]) -> Self {
        let mut num_of_rank = HashMap::new();
        for device in devices {
            *num_of_rank.entry(device.rank).or_default() += 1;
        }
        if num_of_rank.len() == 1 {
            num_of_rank.clear();
        }
        Self { num_of_rank }
    }

    /// The name of one of them.
    pub fn name(&self, device: &DeviceUse) -> String {
        match (device.rank, self.num_of_rank.get(&device.rank)) {
            (Some(rank), Some(1)) => format!("rank {rank}"),
            (Some(rank), Some(_)) => format!("rank {rank} GPU {}", device.ordinal),
            _ => format!("GPU {}", device.ordinal),
        }
    }
}

fn is_share(part_ns: Nanos, whole_ns: Nanos, min_share: f64) -> bool {
    part_ns > 0 && part_ns as f64 >= whole_ns as f64 * min_share
}

fn evidence_of<'a>(gaps: impl Iterator<Item = &'a Gap>) -> Vec<u32> {
    gaps.take(MAX_EVIDENCE).map(|gap| gap.next_slice_id).collect()
}

/// The devices that were hardly ever idle, in one sentence: there may be one per rank.
fn gpu_busy(devices: &[DeviceUse], names: &DeviceNames, kernels: &[KernelRow]) -> Option<Finding> {
    let is_busy = |device: &&DeviceUse| !is_share(device.gpu.idle_ns, device.gpu.span_ns, MIN_IDLE_SHARE);
    let busy: Vec<&DeviceUse> = devices.iter().filter(is_busy).collect();
    let idle_share = |device: &DeviceUse| device.gpu.idle_ns as f64 / device.gpu.span_ns.max(1) as f64;
    let least = busy.iter().max_by(|a, b| idle_share(a).total_cmp(&idle_share(b)))?;
    let share = format_percent(least.gpu.busy_ns, least.gpu.span_ns);
    let text = match busy.as_slice() {
        [device] => {
            let span = format_dur(device.gpu.span_ns);
            format!(
                "Hardly ever idle: {} was busy {share} of its span of {span}; only less work makes it shorter.",
                names.name(device)
            )
        }
        _ => {
            format!(
                "Hardly ever idle: {} GPUs were busy {share} of their spans or more; only less work makes them shorter.",
                busy.len()
            )
        }
    };
    let advice = kernels.first().map(|row| {
        let name = cut_middle(&row.name, MAX_NAME_WIDTH);
        format!("Most GPU time went into `{name}` ({} of it, {}).", format_share(row.share), format_dur(row.sum_ns))
    });
    Some(Finding {
        kind: FindingKind::GpuBusy,
        device_ids: Vec::new(),
        time_ns: None,
        text,
        advice,
        slice_ids: Vec::new(),
    })
}

fn idle_cause(device: &DeviceUse, gaps: &DeviceGaps, launches: &LaunchDelay, name: &str) -> Option<Finding> {
    let (cause, sum) = gaps.causes.by_length()[0];
    if !is_share(sum.sum_ns, device.gpu.idle_ns, MIN_DOMINANT_SHARE) {
        return None;
    }
    let share = format_percent(sum.sum_ns, device.gpu.span_ns);
    let (time, number) = (format_dur(sum.sum_ns), format_number_of(sum.num_gaps, "gap"));
    let mean_ns = sum.sum_ns as f64 / sum.num_gaps as f64;
    let (text, advice) = match cause {
        GapCause::HostLate => (
            format!(
                "The CPU launched too late: {name} waited {time} ({share} of its span, {number}) for launches that had \
                 not begun."
            ),
            host_late_advice(device, launches),
        ),
        GapCause::Launching => (
            format!(
                "Launching took long: {name} waited {time} ({share} of its span, {number}) while the CPU was inside the call."
            ),
            Some("Look at the calls that ended the longest gaps: they took long themselves.".to_owned()),
        ),
        GapCause::Queued if mean_ns <= MAX_DEVICE_PACE_NS => (
            format!(
                "The device's own pace: {name} was idle {time} ({share} of its span) between work launched in time, {} \
                 on average.",
                format_dur(mean_ns.round() as Nanos)
            ),
            Some("Fewer and longer kernels (fusion) shorten this; launching earlier does not.".to_owned()),
        ),
        GapCause::Queued => (
            format!("Launched work waited on the device: {name} was idle {time} ({share} of its span, {number})."),
            Some("Look for event waits, copies and work of other streams or ranks at the longest gaps.".to_owned()),
        ),
        GapCause::InsideGraph => (
            format!(
                "Between the kernels of graph launches {name} was idle {time} ({share} of its span), {} on average.",
                format_dur(mean_ns.round() as Nanos)
            ),
            None,
        ),
        GapCause::Unknown => (
            format!(
                "For reasons this trace cannot tell, {name} was idle {time} ({share} of its span, {number}): the calls \
                 that launched the work after it are missing."
            ),
            Some("Record CPU activities too, and start recording before the work is launched.".to_owned()),
        ),
    };
    Some(Finding {
        kind: FindingKind::IdleCause,
        device_ids: vec![device.device_id],
        time_ns: Some(sum.sum_ns),
        text,
        advice,
        slice_ids: evidence_of(gaps.longest.iter().filter(|gap| gap.cause == cause)),
    })
}

fn host_late_advice(device: &DeviceUse, launches: &LaunchDelay) -> Option<String> {
    let look = "Look at what the launching thread did in the longest gaps.";
    Some(match launches.graph.num_launches {
        0 => format!(
            "No CUDA or HIP graph was launched: {} pieces of GPU work took one call each. Where the shapes allow it, \
             graphs save most calls (vLLM: no --enforce-eager). {look}",
            format_count(device.gpu.num_ops)
        ),
        _ => look.to_owned(),
    })
}

fn long_gap(device: &DeviceUse, gaps: &DeviceGaps, name: &str) -> Option<Finding> {
    let gap = gaps.longest.first()?;
    let idle_ns = device.gpu.idle_ns;
    // Longer than all others together.
    if gaps.num_gaps < 2 || gap.dur_ns <= idle_ns - gap.dur_ns {
        return None;
    }
    let rest_ns = device.gpu.span_ns - gap.dur_ns;
    Some(Finding {
        kind: FindingKind::LongGap,
        device_ids: vec![device.device_id],
        time_ns: Some(gap.dur_ns),
        text: format!(
            "One gap of {} at +{} holds {} of {name}'s idle time ({}: {}); without it {name} was busy {} of the rest.",
            format_dur(gap.dur_ns),
            format_dur(gap.start_ns),
            format_percent(gap.dur_ns, idle_ns),
            gap.cause.words(),
            gap.cause.meaning(),
            format_percent(device.gpu.busy_ns, rest_ns),
        ),
        advice: Some(format!(
            "If the recording holds more than one phase (warm-up, waiting for requests), judge them apart; the gap \
             ends with `{}`.",
            cut_middle(&gap.next_name, MAX_NAME_WIDTH)
        )),
        slice_ids: evidence_of(std::iter::once(gap)),
    })
}

fn exposed_communication(device: &DeviceUse, name: &str) -> Option<Finding> {
    let exposed_ns = device.gpu.exposed_comm_ns;
    is_share(exposed_ns, device.gpu.span_ns, MIN_EXPOSED_COMM_SHARE).then(|| Finding {
        kind: FindingKind::ExposedCommunication,
        device_ids: vec![device.device_id],
        time_ns: Some(exposed_ns),
        text: format!(
            "Communication that no computation hides took {} of {name} ({} of its span, {} of its communication).",
            format_dur(exposed_ns),
            format_percent(exposed_ns, device.gpu.span_ns),
            format_percent(exposed_ns, device.gpu.communication.union_ns),
        ),
        advice: Some(
            "A collective also waits for the slowest rank: compare the ranks before calling the link slow.".to_owned(),
        ),
        slice_ids: Vec::new(),
    })
}

fn pageable_copies(copies: &[CopyRow], devices: &[DeviceUse]) -> Option<Finding> {
    let num_copies: u64 = copies.iter().map(|copy| copy.num_pageable).sum();
    let sum_ns = copies.iter().fold(0, |sum_ns: Nanos, copy| sum_ns.saturating_add(copy.pageable_sum_ns));
    let span_ns = devices.iter().fold(0, |span_ns: Nanos, device| span_ns.saturating_add(device.gpu.span_ns));
    is_share(sum_ns, span_ns, MIN_PAGEABLE_SHARE).then(|| Finding {
        kind: FindingKind::PageableCopies,
        device_ids: Vec::new(),
        time_ns: Some(sum_ns),
        text: format!(
            "{} from or to pageable memory took {} ({} of the GPU's span).",
            format_number_of(num_copies, "copy"),
            format_dur(sum_ns),
            format_percent(sum_ns, span_ns),
        ),
        advice: Some(
            "The CPU waits for such copies; from pinned memory (pin_memory) they run beside other work.".to_owned(),
        ),
        slice_ids: Vec::new(),
    })
}

fn missing_launches(launches: &LaunchDelay) -> Option<Finding> {
    let missing = launches.num_ops_without_launch as i64;
    let all = missing.saturating_add(launches.num_ops_with_launch as i64);
    is_share(missing, all, MIN_MISSING_LAUNCH_SHARE).then(|| Finding {
        kind: FindingKind::MissingLaunches,
        device_ids: Vec::new(),
        time_ns: None,
        text: format!(
            "{} of {} pieces of GPU work have no launching call in the trace: gaps before them count as unknown.",
            format_count(launches.num_ops_without_launch),
            format_count(all as u64),
        ),
        advice: None,
        slice_ids: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::Drawing;
    use crate::summary::summary;
    use kinetoscope_model::WarningKind;

    fn findings_of(drawing: Drawing) -> Vec<Finding> {
        summary(&drawing.build()).findings
    }

    fn kinds(findings: &[Finding]) -> Vec<FindingKind> {
        findings.iter().map(|finding| finding.kind).collect()
    }

    #[test]
    fn a_cpu_that_launches_late_is_named_with_its_evidence() {
        let findings = findings_of(Drawing::lanes(
            "cpu  a....b....c
             s7   .AA....BB....CC",
        ));
        assert_eq!(kinds(&findings), [FindingKind::IdleCause]);
        let finding = &findings[0];
        assert_eq!(
            finding.text,
            "The CPU launched too late: GPU 0 waited 8 ns (57.1 % of its span, 2 gaps) for launches that had not begun."
        );
        assert_eq!((finding.device_ids.clone(), finding.time_ns), (vec![0], Some(8)));
        // Slices in order of start: a, A, b, B, c, C. Both gaps are 4 long; they ended with B and C.
        assert_eq!(finding.slice_ids, [3, 5]);
        assert!(finding.advice.as_ref().is_some_and(|advice| advice.contains("No CUDA or HIP graph")));
    }

    #[test]
    fn advice_on_graphs_is_not_given_to_who_uses_them() {
        let findings = findings_of(Drawing::lanes(
            "cpu  g......h.......i
             s7   .GG......HH......II
             s8   .GG......HH......II",
        ));
        assert!(findings.iter().all(|finding| finding.advice.as_ref().is_none_or(|text| !text.contains("No CUDA"))));
        assert_eq!(kinds(&findings)[0], FindingKind::IdleCause);
    }

    #[test]
    fn one_long_gap_is_judged_apart_from_the_rest() {
        let findings = findings_of(Drawing::lanes(
            "cpu  a...................bc
             s7   .AA....................BBBBBBBB.CCCCCCCC",
        ));
        assert_eq!(kinds(&findings), [FindingKind::LongGap]);
        // Idle: 20 + 1. Busy 18 of the 19 that remain without the gap.
        assert!(findings[0].text.contains("One gap of 20 ns at +3 ns holds 95.2 %"), "{}", findings[0].text);
        assert!(findings[0].text.ends_with("without it GPU 0 was busy 94.7 % of the rest."), "{}", findings[0].text);
    }

    #[test]
    fn a_busy_gpu_is_told_what_its_time_went_into() {
        let findings = findings_of(Drawing::lanes("s7  AAAAAAAAAAAAAAAAAAAAAAABBBBBBBB"));
        assert_eq!(kinds(&findings), [FindingKind::MissingLaunches, FindingKind::GpuBusy]);
        assert_eq!(
            findings[1].text,
            "Hardly ever idle: GPU 0 was busy 100 % of its span of 31 ns; only less work makes it shorter."
        );
        assert_eq!(findings[1].advice.as_deref(), Some("Most GPU time went into `kernel_A` (74.2 % of it, 23 ns)."));
    }

    #[test]
    fn exposed_communication_and_pageable_copies_are_told() {
        let findings = findings_of(Drawing::lanes(
            "cpu  anp
             s7   ...AAAAAAA.......PP
             s8   ........NNNNNNNNN..",
        ));
        assert_eq!(
            kinds(&findings),
            [FindingKind::ExposedCommunication, FindingKind::PageableCopies, FindingKind::GpuBusy]
        );
        assert!(findings[0].text.contains("took 7 ns of GPU 0 (43.8 % of its span, 77.8 % of its communication)"));
        assert!(findings[1].text.starts_with("1 copy from or to pageable memory took 2 ns (12.5 %"));
    }

    #[test]
    fn a_trace_without_gpu_work_says_what_cannot_be_known() {
        let findings = findings_of(Drawing::default().slice("main", "cpu_op", "aten::mm", 0..5));
        assert_eq!(kinds(&findings), [FindingKind::NoGpuWork]);
        assert!(findings[0].text.contains("CPU only") && findings[0].advice.is_none());
        let findings = findings_of(Drawing::lanes("cpu  a").metadata("ERROR", Err(r#"["no driver"]"#)));
        assert!(findings[0].text.contains("it holds 1 call of the GPU runtime"), "{}", findings[0].text);
        assert!(findings[0].advice.as_ref().is_some_and(|advice| advice.contains("logged errors")));
    }

    #[test]
    fn lost_input_is_told() {
        let drawing = Drawing::lanes("s7  AA").warning(WarningKind::Truncated, "ends inside an event");
        let findings = findings_of(drawing.warning(WarningKind::DisplayTimeUnit, "harmless"));
        assert!(kinds(&findings).contains(&FindingKind::DataLoss));
        let finding = findings.iter().find(|finding| finding.kind == FindingKind::DataLoss);
        assert!(finding.is_some_and(|finding| finding.text.starts_with("Reading lost something in 1 place")));
    }

    #[test]
    fn what_is_alike_on_several_devices_is_told_once_of_the_worst() {
        let lanes = "cpu  abc..def
             0/s7  .A..A.A
             1/s7  .B....B..B
             2/s7  CCCCCCCCCCCCCCCCCCCCCC";
        let trace = Drawing::lanes(lanes).ranks(&[0, 1, 2]).build();
        let findings = summary(&trace).findings;
        // Without late calls: A is a graph launch whose inner gaps are 2 and 1 long, B one of 4 and 2.
        let graph: Vec<_> = findings.iter().filter(|finding| finding.time_ns.is_some()).collect();
        assert_eq!(graph.len(), 1, "{findings:#?}");
        assert_eq!((&graph[0].device_ids, graph[0].time_ns), (&vec![1, 0], Some(4)));
        assert!(graph[0].text.contains("rank 1") && graph[0].text.contains("alike on 1 more GPU"), "{}", graph[0].text);
    }
}
