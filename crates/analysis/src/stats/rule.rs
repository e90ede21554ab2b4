//! Rules: looks for known ways to slow a program down, and says what to do about what is found.
//!
//! The rules, their thresholds, their sentences and their order of rows are those of `nsys analyze`. Where that prints
//! nothing to compare with (no public capture breaks the rule), the sentences are ours and say the same.

use std::cmp::Reverse;

use hashbrown::HashMap;

use super::Context;
use super::activity::{ApiCall, CopyKind, Dense, MemoryKind, MemoryOp, Place};
use super::exec::CallsById;
use super::report_table::{Cell, Rows, Table, Unit};
use super::request::ReportRequest;

type Outcome<'a> = Option<Box<dyn Table + 'a>>;

/// What a rule says: when something is found, and when nothing is.
pub(super) struct Advice {
    /// Paragraphs before the table; `None` parts them by an empty line.
    pub(super) found: Vec<String>,
    pub(super) not_found: String,
}

/// The longest line of advice.
const MAX_LINE_CHARS: usize = 80;

/// `text` in lines of at most 80 characters, broken at blanks; the blank that a break replaces counts too, as in nsys.
pub(super) fn wrap(text: &str) -> String {
    let mut wrapped = String::with_capacity(text.len() + 8);
    for paragraph in text.split('\n') {
        if !wrapped.is_empty() {
            wrapped.push('\n');
        }
        let indent = paragraph.len() - paragraph.trim_start().len();
        wrapped.push_str(&paragraph[..indent]);
        let mut num_chars = indent;
        let mut words = paragraph.split_whitespace().peekable();
        let mut is_first = true;
        while let Some(word) = words.next() {
            let word_chars = word.chars().count();
            let blank_after = usize::from(words.peek().is_some());
            if !std::mem::take(&mut is_first) {
                if num_chars + 1 + word_chars + blank_after > MAX_LINE_CHARS {
                    wrapped.push('\n');
                    num_chars = 0;
                } else {
                    wrapped.push(' ');
                    num_chars += 1;
                }
            }
            wrapped.push_str(word);
            num_chars += word_chars;
        }
    }
    wrapped
}

/// A copy or fill and the call that asked for it.
struct MemoryRow<'a> {
    op: &'a MemoryOp,
    call: &'a ApiCall,
}

/// Copies or fills with their calls, of those that `is_wanted`, the longest first.
fn memory_rows<'a>(
    context: &Context<'a>,
    mut is_wanted: impl FnMut(&MemoryOp, &str) -> bool,
    is_copy: bool,
) -> Option<Vec<MemoryRow<'a>>> {
    let activities = context.activities;
    let calls = activities.api_calls()?;
    let by_id = CallsById::new(activities, calls);
    let ops = if is_copy { activities.memcpys() } else { activities.memsets() };
    let mut rows = Vec::new();
    for op in ops? {
        for call in by_id.of(&op.place).map(|call| &calls[call]) {
            if is_wanted(op, activities.trace.text(call.name)) {
                rows.push(MemoryRow { op, call });
            }
        }
    }
    rows.sort_by_key(|row| (Reverse(row.op.place.dur()), row.op.place.start));
    Some(rows)
}

/// Columns of where GPU work ran.
fn place_columns<'a>(context: &Context<'a>, table: Rows<'a, MemoryRow<'a>>) -> Rows<'a, MemoryRow<'a>> {
    let activities = context.activities;
    table
        .column("PID", Unit::None, move |row| {
            Cell::int(row.op.place.process.map(|process| activities.processes[process as usize]))
        })
        .column("Device ID", Unit::None, move |row| Cell::Int(activities.devices[row.op.place.device as usize].ordinal))
        .column("Context ID", Unit::None, |row| Cell::int(row.op.place.context))
        .column("Green Context ID", Unit::None, |row| Cell::int(row.op.place.green_context))
        .column("Stream ID", Unit::None, |row| Cell::int(row.op.place.stream))
        .column("API Name", Unit::Text, move |row| Cell::Text(activities.trace.text(row.call.name).to_owned().into()))
}

fn memory_kind<'a>(kind: Option<MemoryKind>) -> Cell<'a> {
    kind.map_or(Cell::Empty, |kind| Cell::text(kind.word()))
}

fn copy_table<'a>(context: &Context<'a>, rows: Vec<MemoryRow<'a>>) -> Outcome<'a> {
    let table = Rows::new(rows)
        .column("Duration", Unit::Nanos, |row: &MemoryRow<'_>| Cell::Int(row.op.place.dur()))
        .column("Start", Unit::Nanos, |row| Cell::Int(row.op.place.start))
        .column("Src Kind", Unit::Text, |row| memory_kind(row.op.src_kind))
        .column("Dst Kind", Unit::Text, |row| memory_kind(row.op.dst_kind))
        .column("Bytes", Unit::Bytes, |row| Cell::int(row.op.bytes));
    Some(Box::new(place_columns(context, table)))
}

/// `cuda_memcpy_async`.
pub(super) fn memcpy_async<'a>(context: &Context<'a>) -> Outcome<'a> {
    let rows = memory_rows(
        context,
        |op, api| {
            let is_async = api.strip_prefix("cudaMemcpy").is_some_and(|rest| rest.contains("Async"));
            is_async && [op.src_kind, op.dst_kind].contains(&Some(MemoryKind::Pageable))
        },
        true,
    )?;
    copy_table(context, rows)
}

pub(super) fn memcpy_async_advice() -> Advice {
    Advice {
        found: vec![
            "The following APIs use PAGEABLE memory which causes asynchronous CUDA memcpy operations to block and be \
             executed synchronously. This leads to low GPU utilization."
                .to_owned(),
            "Suggestion: If applicable, use PINNED memory instead.".to_owned(),
        ],
        not_found: "There were no problems detected related to memcpy operations using pageable memory.".to_owned(),
    }
}

/// A copy to the device of no more than this returns before it is done.
const MAX_STAGED_BYTES: i64 = 64_000;

/// `cuda_memcpy_sync`.
pub(super) fn memcpy_sync<'a>(context: &Context<'a>) -> Outcome<'a> {
    let rows = memory_rows(
        context,
        |op, api| {
            let is_sync = api.strip_prefix("cudaMemcpy").is_some_and(|rest| !rest.contains("Async"));
            let is_staged =
                op.copy == Some(CopyKind::HostToDevice) && op.bytes.is_some_and(|bytes| bytes <= MAX_STAGED_BYTES);
            let is_within = op.copy == Some(CopyKind::DeviceToDevice) && op.devices.is_none_or(|(src, dst)| src == dst);
            is_sync && !is_staged && !is_within
        },
        true,
    )?;
    copy_table(context, rows)
}

pub(super) fn memcpy_sync_advice() -> Advice {
    Advice {
        found: vec![
            "The following are synchronous memory transfers that block the host. This does not include host to device \
             transfers of a memory block of 64 KB or less."
                .to_owned(),
            "Suggestion: Use cudaMemcpy*Async() APIs instead.".to_owned(),
        ],
        not_found: "There were no problems detected related to synchronous memcpy operations.".to_owned(),
    }
}

/// `cuda_memset_sync`.
pub(super) fn memset_sync<'a>(context: &Context<'a>) -> Outcome<'a> {
    let rows = memory_rows(
        context,
        |op, api| {
            let is_sync = api.strip_prefix("cudaMemset").is_some_and(|rest| !rest.contains("Async"));
            is_sync && matches!(op.src_kind, Some(MemoryKind::Pinned | MemoryKind::Managed))
        },
        false,
    )?;
    let table = Rows::new(rows)
        .column("Duration", Unit::Nanos, |row: &MemoryRow<'_>| Cell::Int(row.op.place.dur()))
        .column("Start", Unit::Nanos, |row| Cell::Int(row.op.place.start))
        .column("Memory Kind", Unit::Text, |row| memory_kind(row.op.src_kind))
        .column("Bytes", Unit::Bytes, |row| Cell::int(row.op.bytes));
    Some(Box::new(place_columns(context, table)))
}

pub(super) fn memset_sync_advice() -> Advice {
    Advice {
        found: vec![
            "The following are synchronous fills of pinned or managed memory, which block the host until they are done."
                .to_owned(),
            "Suggestion: Use cudaMemset*Async() APIs instead.".to_owned(),
        ],
        not_found: "There were no problems detected related to synchronization APIs.".to_owned(),
    }
}

/// `cuda_api_sync`.
pub(super) fn api_sync<'a>(context: &Context<'a>, request: &ReportRequest) -> Outcome<'a> {
    let activities = context.activities;
    let thread = move |call: &ApiCall| activities.threads[call.thread as usize];
    let pid = move |call: &ApiCall| activities.processes[thread(call).process as usize];
    let is_wanted = |call: &&ApiCall| {
        let name = activities.trace.text(call.name);
        (name.starts_with("cudaDeviceSynchronize") || name.starts_with("cudaStreamSynchronize"))
            && request.process.is_none_or(|process| process == pid(call))
            && request.thread.is_none_or(|tid| tid == thread(call).tid)
    };
    let mut rows: Vec<&ApiCall> = activities.api_calls()?.iter().filter(is_wanted).collect();
    rows.sort_by_key(|call| (Reverse(call.end - call.start), call.start));
    let table = Rows::new(rows)
        .column("Duration", Unit::Nanos, |call: &&ApiCall| Cell::Int(call.end - call.start))
        .column("Start", Unit::Nanos, |call| Cell::Int(call.start))
        .column("PID", Unit::None, move |call| Cell::Int(pid(call)))
        .column("TID", Unit::None, move |call| Cell::Int(thread(call).tid))
        .column("API Name", Unit::Text, move |call| Cell::Text(activities.trace.text(call.name).to_owned().into()));
    Some(Box::new(table))
}

pub(super) fn api_sync_advice() -> Advice {
    Advice {
        found: vec![
            "The following are synchronization APIs that block the host until all issued CUDA calls are complete."
                .to_owned(),
            "Suggestions:\n   1. Avoid excessive use of synchronization.\n   2. Use asynchronous CUDA event calls, such as \
             cudaStreamWaitEvent() and cudaEventSynchronize(), to prevent host synchronization."
                .to_owned(),
        ],
        not_found: "There were no problems detected related to synchronization APIs.".to_owned(),
    }
}

/// All GPU work of a process on a device.
struct Usage {
    pid: Option<i64>,
    device: i64,
    context: Option<i64>,
    /// Start of the first, end of the last.
    start: i64,
    end: i64,
    /// Times in use, by start: of the work, and of the profiler where it stopped the program.
    spans: Vec<(i64, i64)>,
}

/// What processes did with devices, in the order of processes and devices.
fn usages(context: &Context<'_>) -> Option<Vec<Usage>> {
    let activities = context.activities;
    let (kernels, memory_ops) = (activities.kernels(), activities.memory_ops());
    if kernels.is_none() && memory_ops.is_none() {
        return None;
    }
    let mut index_of: HashMap<(Option<Dense>, Dense), usize> = HashMap::new();
    let mut usages: Vec<(Option<Dense>, Usage)> = Vec::new();
    let kernels = kernels.unwrap_or_default().iter().map(|kernel| &kernel.place);
    let mut add = |place: &Place| {
        let index = *index_of.entry((place.process, place.device)).or_insert_with(|| {
            let usage = Usage {
                pid: place.process.map(|process| activities.processes[process as usize]),
                device: activities.devices[place.device as usize].ordinal,
                context: place.context,
                start: place.start,
                end: place.end,
                spans: Vec::new(),
            };
            usages.push((place.process, usage));
            usages.len() - 1
        });
        let usage = &mut usages[index].1;
        usage.start = usage.start.min(place.start);
        usage.end = usage.end.max(place.end);
        usage.spans.push((place.start, place.end));
    };
    kernels.for_each(&mut add);
    memory_ops.into_iter().flatten().for_each(|op| add(&op.place));
    for (process, usage) in &mut usages {
        for overhead in activities.overheads().iter().filter(|overhead| Some(overhead.process) == *process) {
            let name = activities.trace.text(overhead.name);
            // Work of the profiler before the first and after the last piece of work is outside of what is looked at.
            let (start, end) = (overhead.start.max(usage.start), overhead.end.min(usage.end));
            if start < end && name.starts_with("CUDA profiling") && name.contains("overhead") {
                usage.spans.push((start, end));
            }
        }
        usage.spans.sort_unstable();
    }
    let mut usages: Vec<Usage> = usages.into_iter().map(|(_, usage)| usage).collect();
    usages.sort_by_key(|usage| (usage.pid, usage.device));
    Some(usages)
}

/// A stretch of time in which a device had little to do.
struct Stretch {
    number: i64,
    percent: f64,
    start: i64,
    end: i64,
    pid: Option<i64>,
    device: i64,
    context: Option<i64>,
}

fn stretch_table<'a>(mut rows: Vec<Stretch>, has_percent: bool) -> Outcome<'a> {
    for (number, row) in (1..).zip(&mut rows) {
        row.number = number;
    }
    let table = Rows::new(rows)
        .column("Row#", Unit::None, |row: &Stretch| Cell::Int(row.number))
        .column_if(has_percent, "In-Use", Unit::Percent, |row| Cell::Real(row.percent))
        .column("Duration", Unit::Nanos, |row| Cell::Int(row.end - row.start))
        .column("Start", Unit::Nanos, |row| Cell::Int(row.start))
        .column("PID", Unit::None, |row| Cell::int(row.pid))
        .column("Device ID", Unit::None, |row| Cell::Int(row.device))
        .column("Context ID", Unit::None, |row| Cell::int(row.context));
    Some(Box::new(table))
}

/// `gpu_gaps`.
pub(super) fn gaps<'a>(context: &Context<'a>, request: &ReportRequest) -> Outcome<'a> {
    const NANOS_PER_MILLI: f64 = 1e6;
    let shortest = request.gap_millis * NANOS_PER_MILLI;
    let mut gaps = Vec::new();
    for usage in usages(context)? {
        let mut busy_until = usage.start;
        for &(start, end) in &usage.spans {
            if (start - busy_until) as f64 > shortest {
                gaps.push(Stretch {
                    number: 0,
                    percent: 0.0,
                    start: busy_until,
                    end: start,
                    pid: usage.pid,
                    device: usage.device,
                    context: usage.context,
                });
            }
            busy_until = busy_until.max(end);
        }
    }
    gaps.sort_by_key(|gap| (Reverse(gap.end - gap.start), gap.start));
    stretch_table(gaps, false)
}

pub(super) fn gaps_advice(request: &ReportRequest) -> Advice {
    let gap = request.gap_millis;
    Advice {
        found: vec![
            format!("The following are time regions where a GPU is idle for more than {gap}ms. Addressing the gaps might \
                     improve application performance."),
            "Suggestions:\n   1. Use CPU sampling data, OS Runtime blocked state backtraces, and/or OS Runtime APIs \
             related to thread synchronization to understand if a sluggish or blocked CPU is causing the gaps.\n   2. Add \
             NVTX annotations to CPU code to understand the reason behind the gaps."
                .to_owned(),
        ],
        not_found: format!(
            "There were no problems detected with GPU utilization. GPU was not found to be idle for more than {gap}ms."
        ),
    }
}

/// `gpu_time_util`.
pub(super) fn time_utilization<'a>(context: &Context<'a>, request: &ReportRequest) -> Outcome<'a> {
    let mut stretches = Vec::new();
    for usage in usages(context)? {
        let num_chunks = i64::from(request.num_chunks);
        // Rounded up, so that the chunks hold all of it; the last one ends with the work.
        let chunk_nanos =
            ((usage.end - usage.start) / num_chunks + i64::from((usage.end - usage.start) % num_chunks > 0)).max(1);
        let busy = busy_by_chunk(&usage, chunk_nanos);
        let mut chunk = 0;
        while chunk < busy.len() {
            let start = usage.start + chunk as i64 * chunk_nanos;
            let bounds = |chunk: usize| {
                let start = usage.start + chunk as i64 * chunk_nanos;
                (start, (start + chunk_nanos).min(usage.end))
            };
            let is_idle = |chunk: usize| {
                let (start, end) = bounds(chunk);
                (busy[chunk] as f64) * 100.0 < request.threshold_percent * (end - start) as f64
            };
            let num_idle = (chunk..busy.len()).take_while(|&chunk| is_idle(chunk)).count();
            if num_idle > 0 {
                let end = bounds(chunk + num_idle - 1).1;
                let nanos: i64 = busy[chunk..chunk + num_idle].iter().sum();
                stretches.push(Stretch {
                    number: 0,
                    percent: nanos as f64 * 100.0 / (end - start) as f64,
                    start,
                    end,
                    pid: usage.pid,
                    device: usage.device,
                    context: usage.context,
                });
            }
            chunk += num_idle.max(1);
        }
    }
    stretches.sort_by(|a, b| a.percent.total_cmp(&b.percent).then_with(|| a.start.cmp(&b.start)));
    stretch_table(stretches, true)
}

/// Nanoseconds in use in each chunk; work of parallel streams adds up.
fn busy_by_chunk(usage: &Usage, chunk_nanos: i64) -> Vec<i64> {
    let num_chunks = ((usage.end - usage.start + chunk_nanos - 1) / chunk_nanos).max(0) as usize;
    // Work of many chunks counts at its ends, and between them as a step that begins and a step that ends.
    let (mut partial, mut steps) = (vec![0_i64; num_chunks], vec![0_i64; num_chunks + 1]);
    for &(start, end) in usage.spans.iter().filter(|(start, end)| start < end) {
        let (from, to) = (start - usage.start, end - usage.start);
        let (first, last) = ((from / chunk_nanos) as usize, ((to - 1) / chunk_nanos) as usize);
        if first == last {
            partial[first] += to - from;
            continue;
        }
        partial[first] += (first as i64 + 1) * chunk_nanos - from;
        partial[last] += to - last as i64 * chunk_nanos;
        steps[first + 1] += 1;
        steps[last] -= 1;
    }
    let mut num_whole = 0;
    for (partial, step) in partial.iter_mut().zip(steps) {
        num_whole += step;
        *partial += num_whole * chunk_nanos;
    }
    partial
}

pub(super) fn time_utilization_advice(request: &ReportRequest) -> Advice {
    // The doubled sign is nsys's.
    let threshold = request.threshold_percent;
    Advice {
        found: vec![
            format!(
                "The following are time regions with an average GPU utilization below {threshold}%%. Addressing the gaps \
                 might improve application performance."
            ),
            "Suggestions:\n   1. Use CPU sampling data, OS Runtime blocked state backtraces, and/or OS Runtime APIs \
             related to thread synchronization to understand if a sluggish or blocked CPU is causing the gaps.\n   2. Add \
             NVTX annotations to CPU code to understand the reason behind the gaps."
                .to_owned(),
        ],
        not_found: format!(
            "There were no problems detected with GPU utilization. No time regions have an average GPU utilization below \
             {threshold}%%."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_advice_are_broken_at_blanks() {
        // 79 characters and one that would be the eightieth: it fits where nothing follows.
        let word = "x".repeat(78);
        assert_eq!(wrap(&format!("{word} y")), format!("{word} y"));
        assert_eq!(wrap(&format!("{word} y z")), format!("{word}\ny z"));
        assert_eq!(wrap("one\n   1. two"), "one\n   1. two");
        assert_eq!(wrap(""), "");
    }

    fn usage(spans: &[(i64, i64)], end: i64) -> Usage {
        Usage { pid: None, device: 0, context: None, start: 0, end, spans: spans.to_vec() }
    }

    /// ```text
    /// chunk  0         1         2
    ///        ..aaaaaaaaaaaaaaaaaaaaaa
    ///        .....bb.........cc
    /// ```
    #[test]
    fn work_is_shared_out_to_chunks() {
        let usage = usage(&[(2, 24), (5, 7), (16, 18)], 24);
        assert_eq!(busy_by_chunk(&usage, 10), [8 + 2, 10 + 2, 4]);
        // The ends of chunks belong to those before them.
        assert_eq!(busy_by_chunk(&self::usage(&[(0, 10), (10, 20)], 20), 10), [10, 10]);
        assert_eq!(busy_by_chunk(&self::usage(&[(0, 40)], 40), 10), [10, 10, 10, 10]);
        assert_eq!(busy_by_chunk(&self::usage(&[(0, 0)], 0), 1), [0_i64; 0]);
    }
}
