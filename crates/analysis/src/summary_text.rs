//! The summary as a page of text, for a terminal or an issue.
//!
//! Identity first, then what stands out, then the tables that show it: whoever reads only the upper half knows the
//! answer. A section without content is left out. Lists are cut to the longest entries and say how many are missing.

use std::collections::BTreeSet;
use std::fmt::{Display, Write as _};

use hashbrown::HashMap;
use kinetoscope_model::time::Nanos;

use crate::annotations::AnnotationRow;
use crate::copies::CopyRow;
use crate::cpu_ops::CpuOpRow;
use crate::cpu_threads::CpuThreadRow;
use crate::finding::{DeviceNames, Finding};
use crate::gap::{DeviceGaps, GapCause};
use crate::gpu_time::{DeviceUse, GpuTime, GpuUse, StreamUse};
use crate::gpu_timeline::OpClass;
use crate::kernels::KernelRow;
use crate::launch_delay::LaunchDelay;
use crate::summary::{DeviceSummary, GpuSummary, RankSummary, SourceSummary, Summary};
use crate::text_table::{Column, TextTable, cut_middle, write_paragraph};
use crate::unit::{
    format_bytes, format_count, format_dur, format_mean, format_memory, format_number_of, format_percent, format_rate,
    format_share,
};

/// How to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextOptions {
    /// Columns of the terminal.
    pub width: usize,
    /// Rows shown of a long list.
    pub top: usize,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self { width: 100, top: 10 }
    }
}

/// Space before everything that belongs to a section.
const INDENT: usize = 2;

/// Up to this number of inputs each has its size beside it; beyond, one line adds them up.
const MAX_DETAILED_SOURCES: usize = 2;

/// Width of the labels of the head.
const LABEL_WIDTH: usize = 10;

/// Longest gaps shown: they are a hint where to look, not a statistic.
const MAX_GAPS: usize = 3;

/// From this width on there is room for what is said twice: times beside shares, what a cause means.
const MIN_WIDE_WIDTH: usize = 100;

/// Width of an example of a warning, which may quote a piece of the input.
const MAX_EXAMPLE_WIDTH: usize = 160;

/// From this number of devices on, causes of idle time are told in one line per device.
const MIN_DEVICES_FOR_MATRIX: usize = 3;

/// Writes `summary` for people.
pub fn summary_text(summary: &Summary, options: TextOptions) -> String {
    let mut writer = Writer { out: String::new(), options, is_name_cut: false };
    writer.head(summary);
    writer.findings(&summary.findings);
    if let Some(gpu) = &summary.gpu {
        writer.gpu(gpu);
    }
    writer.annotations(&summary.annotations);
    writer.cpu_threads(&summary.cpu_threads, summary.span_ns);
    if summary.gpu.is_none() {
        writer.cpu_ops("CPU operators by self time", "operator", &summary.cpu_ops);
        if summary.cpu_ops.is_empty() {
            writer.cpu_ops("Python functions by self time", "function", &summary.python_functions);
        }
    }
    writer.categories(summary);
    writer.profiler_log(summary);
    writer.warnings(summary);
    if writer.is_name_cut {
        writer.out.push('\n');
        let note = format!("Names with … are cut to fit {} columns; --json has them whole.", options.width);
        write_paragraph(&mut writer.out, "", &note, options.width);
    }
    writer.out
}

struct Writer {
    out: String,
    options: TextOptions,
    is_name_cut: bool,
}

impl Writer {
    fn is_wide(&self) -> bool {
        self.options.width >= MIN_WIDE_WIDTH
    }

    fn section(&mut self, title: impl Display) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        write_paragraph(&mut self.out, "", &title.to_string(), self.options.width);
    }

    fn table(&mut self, table: &TextTable) {
        self.is_name_cut |= table.write(&mut self.out, INDENT, self.options.width);
    }

    fn line(&mut self, text: impl Display) {
        let first = " ".repeat(INDENT);
        write_paragraph(&mut self.out, &first, &text.to_string(), self.options.width);
    }

    /// Says what a list of `all` rows leaves out.
    fn rest(&mut self, all: usize, thing: &str) {
        let num_hidden = all.saturating_sub(self.options.top);
        if num_hidden > 0 {
            self.line(rest_text(num_hidden, thing));
        }
    }

    /// One entry of the head: a label, and text that wraps beside it.
    fn entry(&mut self, label: &str, text: &str) {
        write_paragraph(&mut self.out, &format!("{label:<LABEL_WIDTH$}"), text, self.options.width);
    }

    fn head(&mut self, summary: &Summary) {
        let label = |index| if index == 0 { "source" } else { "" };
        for (index, source) in summary.sources.iter().take(self.options.top).enumerate() {
            self.entry(label(index), &source.path);
            if summary.sources.len() <= MAX_DETAILED_SOURCES {
                self.entry("", &size_line(&source.format, std::slice::from_ref(source)));
            }
        }
        let num_hidden = summary.sources.len().saturating_sub(self.options.top);
        if num_hidden > 0 {
            self.entry("", &rest_text(num_hidden, "input"));
        }
        if summary.sources.len() > MAX_DETAILED_SOURCES {
            let number = format_number_of(summary.sources.len() as u64, "input");
            self.entry("", &size_line(&number, &summary.sources));
        }
        let start = summary.start_utc.as_deref().unwrap_or("at an unknown time");
        self.entry("recorded", &format!("{start}, {} long", format_dur(summary.span_ns)));
        if !summary.recorded_options.is_empty() {
            self.entry("", &format!("with {}", summary.recorded_options.join(", ")));
        }
        let versions: Vec<String> =
            summary.versions.iter().map(|row| format!("{} {}", row.software, row.version)).collect();
        if !versions.is_empty() {
            self.entry("software", &versions.join(", "));
        }
        for (index, line) in device_lines(&summary.devices).iter().enumerate() {
            self.entry(if index == 0 { "devices" } else { "" }, line);
        }
        if let Some(line) = rank_line(&summary.ranks) {
            self.entry("ranks", &line);
        }
    }

    fn findings(&mut self, findings: &[Finding]) {
        if findings.is_empty() {
            return;
        }
        self.section("What stands out");
        for finding in findings.iter().take(self.options.top) {
            write_paragraph(&mut self.out, "  - ", &finding.text, self.options.width);
            if let Some(advice) = &finding.advice {
                write_paragraph(&mut self.out, "    ", advice, self.options.width);
            }
            if !finding.slice_ids.is_empty() {
                let ids: Vec<String> = finding.slice_ids.iter().map(u32::to_string).collect();
                let line = format!("see slice{} {}", if ids.len() == 1 { "" } else { "s" }, ids.join(", "));
                write_paragraph(&mut self.out, "    ", &line, self.options.width);
            }
        }
        self.rest(findings.len(), "finding");
    }

    fn gpu(&mut self, gpu: &GpuSummary) {
        self.gpu_time(&gpu.time);
        self.gaps(gpu);
        self.launches(&gpu.launches, &gpu.time.all);
        self.kernels(&gpu.kernels);
        self.copies(&gpu.copies, &gpu.time.all);
    }

    fn gpu_time(&mut self, time: &GpuTime) {
        self.section("GPU time, from the first to the last piece of work; shares are of this span");
        let names = DeviceNames::new(&time.devices);
        let has_comm = time.all.communication.num_ops > 0;
        let is_wide = self.is_wide();
        // Every column that may be left out, with what says whether it is there.
        let columns = [
            (Column::Name("device"), true),
            (Column::Number("span"), true),
            (Column::Number("busy"), is_wide),
            (Column::Number(if is_wide { "" } else { "busy" }), true),
            (Column::Number("idle"), true),
            (Column::Number(""), is_wide),
            (Column::Number("compute"), true),
            (Column::Number("comm"), has_comm),
            (Column::Number("exposed"), has_comm),
            (Column::Number("copy"), true),
        ];
        let shown = columns.map(|(_, is_shown)| is_shown);
        let pick = |cells: [String; 10]| cells.into_iter().zip(shown).filter(|(_, is_shown)| *is_shown);
        let kept: Vec<Column> =
            columns.into_iter().filter(|(_, is_shown)| *is_shown).map(|(column, _)| column).collect();
        let mut table = TextTable::new(&kept);
        for device in time.devices.iter().take(self.options.top) {
            let cells = gpu_time_cells(names.name(device), &device.gpu);
            table.push(pick(cells).map(|(cell, _)| cell));
        }
        if time.devices.len() > 1 {
            let cells = gpu_time_cells("any of them".to_owned(), &time.all);
            table.push(pick(cells).map(|(cell, _)| cell));
        }
        self.table(&table);
        self.rest(time.devices.len(), "device");
        self.streams(time, &names);
    }

    fn streams(&mut self, time: &GpuTime, names: &DeviceNames) {
        let mut streams: Vec<(&DeviceUse, &StreamUse)> =
            time.devices.iter().flat_map(|device| device.streams.iter().map(move |stream| (device, stream))).collect();
        if streams.len() == time.devices.len() {
            return;
        }
        streams.sort_by_key(|(_, stream)| std::cmp::Reverse(stream.busy_ns));
        self.out.push('\n');
        let mut table = TextTable::new(&[
            Column::Text("stream"),
            Column::Number(""),
            Column::Number("work"),
            Column::Number("busy"),
            Column::Number(""),
            Column::Number("gaps"),
            Column::Number("longest gap"),
            Column::Number("overlaps"),
        ]);
        for (device, stream) in streams.iter().take(self.options.top) {
            table.push([
                names.name(device),
                stream.stream.to_string(),
                format_count(stream.num_ops),
                format_dur(stream.busy_ns),
                format_percent(stream.busy_ns, device.gpu.span_ns),
                format_count(stream.num_gaps),
                format_dur(stream.gap_max_ns),
                format_count(stream.num_adjacent_overlaps),
            ]);
        }
        self.table(&table);
        self.rest(streams.len(), "stream");
    }

    fn gaps(&mut self, gpu: &GpuSummary) {
        let devices = &gpu.time.devices;
        let names = DeviceNames::new(devices);
        let pairs: Vec<(&DeviceUse, &DeviceGaps)> =
            devices.iter().zip(&gpu.gaps).filter(|(_, gaps)| gaps.num_gaps > 0).collect();
        if pairs.is_empty() {
            return;
        }
        if pairs.len() >= MIN_DEVICES_FOR_MATRIX {
            self.gap_matrix(&pairs, &names);
        } else {
            for (device, gaps) in &pairs {
                self.gap_causes(gaps, &names.name(device), device.gpu.idle_ns);
            }
        }
        self.longest_gaps(&pairs, &names);
    }

    fn gap_causes(&mut self, gaps: &DeviceGaps, name: &str, idle_ns: Nanos) {
        let number = format_number_of(gaps.num_gaps, "gap");
        self.section(format!("Why {name} was idle ({} in {number})", format_dur(idle_ns)));
        let mut columns = vec![Column::Text("cause"), Column::Number("share"), Column::Number("total")];
        columns.extend([Column::Number("gaps"), Column::Number("longest")]);
        if self.is_wide() {
            columns.push(Column::Name(""));
        }
        let mut table = TextTable::new(&columns);
        for (cause, sum) in gaps.causes.by_length().into_iter().filter(|(_, sum)| sum.num_gaps > 0) {
            table.push([
                cause.words().to_owned(),
                format_percent(sum.sum_ns, idle_ns),
                format_dur(sum.sum_ns),
                format_count(sum.num_gaps),
                format_dur(sum.max_ns),
                cause.meaning().to_owned(),
            ]);
        }
        self.table(&table);
    }

    fn gap_matrix(&mut self, pairs: &[(&DeviceUse, &DeviceGaps)], names: &DeviceNames) {
        self.section("Why the GPUs were idle, in shares of each one's idle time");
        let mut columns = vec![Column::Name("device"), Column::Number("idle"), Column::Number("gaps")];
        columns.extend(GapCause::ALL.map(|cause| Column::Number(cause.words())));
        let mut table = TextTable::new(&columns);
        for (device, gaps) in pairs.iter().take(self.options.top) {
            let mut row = vec![names.name(device), format_dur(device.gpu.idle_ns), format_count(gaps.num_gaps)];
            row.extend(GapCause::ALL.map(|cause| format_percent(gaps.causes.of(cause).sum_ns, device.gpu.idle_ns)));
            table.push(row);
        }
        self.table(&table);
        self.rest(pairs.len(), "device");
    }

    fn longest_gaps(&mut self, pairs: &[(&DeviceUse, &DeviceGaps)], names: &DeviceNames) {
        let mut gaps: Vec<_> =
            pairs.iter().flat_map(|(device, gaps)| gaps.longest.iter().map(move |gap| (*device, gap))).collect();
        gaps.sort_by_key(|(device, gap)| (std::cmp::Reverse(gap.dur_ns), gap.start_ns, device.device_id));
        let mut table = TextTable::new(&[
            Column::Text("longest gaps"),
            Column::Number("at"),
            Column::Number("length"),
            Column::Text("cause"),
            Column::Number("slice"),
            Column::Name("ended by"),
        ]);
        for (device, gap) in gaps.iter().take(MAX_GAPS.min(self.options.top)) {
            table.push([
                names.name(device),
                format!("+{}", format_dur(gap.start_ns)),
                format_dur(gap.dur_ns),
                gap.cause.words().to_owned(),
                gap.next_slice_id.to_string(),
                gap.next_name.clone(),
            ]);
        }
        self.out.push('\n');
        self.table(&table);
    }

    fn launches(&mut self, launches: &LaunchDelay, all: &GpuUse) {
        self.section("How the work was launched, and how long from the start of the call to the start of the work");
        let num_ops = (launches.num_ops_with_launch + launches.num_ops_without_launch) as i64;
        let mut table = TextTable::new(&[
            Column::Text("launched by"),
            Column::Number("work"),
            Column::Number(""),
            Column::Number("GPU time"),
            Column::Number("p50"),
            Column::Number("p90"),
            Column::Number("longest"),
        ]);
        let mut push = |name: String, number: u64, sum_ns: Nanos, delays: [String; 3]| {
            let counts = [name, format_count(number), format_percent(number as i64, num_ops)];
            table.push(counts.into_iter().chain([format_percent(sum_ns, all.sum_ns)]).chain(delays));
        };
        let graph = &launches.graph;
        if graph.num_launches > 0 {
            let name = format_number_of(graph.num_launches, "graph launch");
            push(name, graph.num_ops, graph.sum_ns, Default::default());
        }
        if let Some(delay) = &launches.launch_to_start {
            let delays = [delay.p50_ns, delay.p90_ns, delay.max_ns].map(format_dur);
            push("single calls".to_owned(), delay.num_ops, launches.single_sum_ns, delays);
        }
        if launches.num_ops_without_launch > 0 {
            let (number, sum_ns) = (launches.num_ops_without_launch, launches.sum_without_launch_ns);
            push("not in the trace".to_owned(), number, sum_ns, Default::default());
        }
        self.table(&table);
        if graph.num_launches > 0 {
            let sizes = graph.launches_by_num_ops.iter().rev().take(self.options.top);
            let sizes =
                sizes.map(|size| format!("{} × {}", format_count(size.num_launches), format_count(size.num_ops)));
            self.line(format!("graph launches × work of each: {}", joined(sizes)));
            self.rest(graph.launches_by_num_ops.len(), "size");
        }
        if let Some(delay) = launches.launch_to_start.filter(|delay| delay.num_negative > 0) {
            let number = format_count(delay.num_negative);
            self.line(format!("{number} started before their call: the clocks of CPU and GPU disagree."));
        }
    }

    fn kernels(&mut self, kernels: &[KernelRow]) {
        let kernels: Vec<&KernelRow> = kernels.iter().filter(|row| row.class != OpClass::Memory).collect();
        if kernels.is_empty() {
            return;
        }
        self.section("Kernels by GPU time");
        let mut table = TextTable::new(&[
            Column::Number("share"),
            Column::Number("total"),
            Column::Number("count"),
            Column::Number("mean"),
            Column::Number("p99"),
            Column::Name("kernel"),
        ]);
        for row in kernels.iter().take(self.options.top) {
            table.push([
                format_share(row.share),
                format_dur(row.sum_ns),
                format_count(row.num_ops),
                format_mean(row.mean_ns),
                format_dur(row.p99_ns),
                row.name.clone(),
            ]);
        }
        self.table(&table);
        self.rest(kernels.len(), "kernel");
    }

    fn copies(&mut self, copies: &[CopyRow], all: &GpuUse) {
        if copies.is_empty() {
            return;
        }
        self.section("Copies and fills by direction");
        let mut table = TextTable::new(&[
            Column::Number("share"),
            Column::Number("total"),
            Column::Number("count"),
            Column::Number("bytes"),
            Column::Number("rate"),
            Column::Number("smallest"),
            Column::Number("largest"),
            Column::Name("direction"),
        ]);
        let known = |bytes: Option<i64>| bytes.map_or_else(|| "-".to_owned(), format_bytes);
        for row in copies.iter().take(self.options.top) {
            let direction = row.copy_kind.as_deref().unwrap_or(if row.kind == "memset" { "fill" } else { "unknown" });
            let without = match row.num_ops_without_bytes {
                0 => String::new(),
                number => format!(" ({} without a size)", format_count(number)),
            };
            table.push([
                format_percent(row.sum_ns, all.sum_ns),
                format_dur(row.sum_ns),
                format_count(row.num_ops),
                known(row.min_bytes.map(|_| row.bytes)),
                row.gb_per_s.map_or_else(|| "-".to_owned(), format_rate),
                known(row.min_bytes),
                known(row.max_bytes),
                format!("{direction}{without}"),
            ]);
        }
        self.table(&table);
        self.rest(copies.len(), "direction");
    }

    fn annotations(&mut self, annotations: &[AnnotationRow]) {
        if annotations.is_empty() {
            return;
        }
        self.section("Annotations");
        let mut table = TextTable::new(&[
            Column::Number("total"),
            Column::Number("count"),
            Column::Number("mean"),
            Column::Number("longest"),
            Column::Text("on"),
            Column::Name("annotation"),
        ]);
        let mut rows: Vec<&AnnotationRow> = annotations.iter().collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.sum_ns));
        for row in rows.iter().take(self.options.top) {
            table.push([
                format_dur(row.sum_ns),
                format_count(row.num_slices),
                format_mean(row.mean_ns),
                format_dur(row.max_ns),
                if row.category == "gpu_user_annotation" { "GPU" } else { "CPU" }.to_owned(),
                row.name.clone(),
            ]);
        }
        self.table(&table);
        self.rest(rows.len(), "annotation");
    }

    fn cpu_threads(&mut self, threads: &[CpuThreadRow], span_ns: Nanos) {
        if threads.is_empty() {
            return;
        }
        self.section("CPU threads, by recorded time");
        let has_ranks = threads.iter().any(|thread| thread.rank != threads[0].rank);
        let mut table = TextTable::new(&[
            Column::Number("recorded"),
            Column::Number(""),
            Column::Number("events"),
            Column::Text("role"),
            Column::Number("pid"),
            Column::Number("tid"),
            Column::Name("thread"),
        ]);
        for thread in threads.iter().take(self.options.top) {
            let name = thread.name.as_deref().or(thread.process_name.as_deref()).unwrap_or("");
            let rank = match thread.rank {
                Some(rank) if has_ranks => format!("rank {rank} "),
                _ => String::new(),
            };
            table.push([
                format_dur(thread.busy_ns),
                format_percent(thread.busy_ns, span_ns),
                format_count(thread.num_slices),
                thread.role.to_owned(),
                thread.pid.to_string(),
                thread.tid.to_string(),
                format!("{rank}{name}"),
            ]);
        }
        self.table(&table);
        self.rest(threads.len(), "thread");
    }

    fn cpu_ops(&mut self, title: &str, thing: &'static str, ops: &[CpuOpRow]) {
        if ops.is_empty() {
            return;
        }
        self.section(title);
        let all_ns = ops.iter().fold(0, |all_ns: Nanos, row| all_ns.saturating_add(row.self_ns));
        let mut table = TextTable::new(&[
            Column::Number("share"),
            Column::Number("self"),
            Column::Number("total"),
            Column::Number("count"),
            Column::Number("mean"),
            Column::Name(thing),
        ]);
        for row in ops.iter().take(self.options.top) {
            table.push([
                format_percent(row.self_ns, all_ns),
                format_dur(row.self_ns),
                format_dur(row.total_ns),
                format_count(row.num_slices),
                format_mean(row.mean_ns),
                row.name.clone(),
            ]);
        }
        self.table(&table);
        self.rest(ops.len(), thing);
    }

    fn categories(&mut self, summary: &Summary) {
        if summary.categories.is_empty() {
            return;
        }
        self.section("Events by category, durations added up (nested ones count at every level)");
        let mut table = TextTable::new(&[Column::Number("events"), Column::Number("total"), Column::Name("category")]);
        for row in summary.categories.iter().take(self.options.top) {
            table.push([
                format_count(row.num_slices),
                format_dur(row.sum_ns),
                row.category.clone().unwrap_or_else(|| "(none)".to_owned()),
            ]);
        }
        self.table(&table);
        self.rest(summary.categories.len(), "category");
        let counts = [
            (summary.counts.num_flows, "flow"),
            (summary.counts.num_counter_values, "counter value"),
            (summary.counts.num_thread_states, "thread state"),
        ];
        let others: Vec<String> = counts
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|&(number, thing)| format_number_of(number, thing))
            .collect();
        if !others.is_empty() {
            self.line(format!("and {}", others.join(", ")));
        }
    }

    fn profiler_log(&mut self, summary: &Summary) {
        if summary.profiler_log.is_empty() {
            return;
        }
        self.section("Profiler log");
        for row in summary.profiler_log.iter().take(self.options.top) {
            self.line(&row.message);
        }
        self.rest(summary.profiler_log.len(), "message");
    }

    fn warnings(&mut self, summary: &Summary) {
        if summary.warnings.is_empty() {
            return;
        }
        self.section("Warnings of the reader");
        let counts: Vec<String> = summary.warnings.iter().map(|row| format_count(row.count.max(0) as u64)).collect();
        let count_width = counts.iter().map(String::len).max().unwrap_or(0);
        let severity_width = summary.warnings.iter().map(|row| row.severity.len()).max().unwrap_or(0);
        for (row, count) in summary.warnings.iter().zip(&counts) {
            let first = format!("  {count:>count_width$}  {:<severity_width$}  ", row.severity);
            write_paragraph(&mut self.out, &first, &format!("{}: {}", row.name, row.description), self.options.width);
            if let Some(example) = &row.example {
                let example = cut_middle(example, MAX_EXAMPLE_WIDTH);
                let first = " ".repeat(first.len());
                write_paragraph(&mut self.out, &first, &format!("e.g. {example}"), self.options.width);
            }
        }
    }
}

fn gpu_time_cells(name: String, gpu: &GpuUse) -> [String; 10] {
    let share = |part_ns: Nanos| format_percent(part_ns, gpu.span_ns);
    [
        name,
        format_dur(gpu.span_ns),
        format_dur(gpu.busy_ns),
        share(gpu.busy_ns),
        format_dur(gpu.idle_ns),
        share(gpu.idle_ns),
        share(gpu.computation.union_ns),
        share(gpu.communication.union_ns),
        share(gpu.exposed_comm_ns),
        share(gpu.memory.union_ns),
    ]
}

/// How much the inputs hold, behind `what` they are.
fn size_line(what: &str, sources: &[SourceSummary]) -> String {
    let sum = |pick: fn(&SourceSummary) -> i64| sources.iter().map(pick).fold(0, i64::saturating_add);
    let (file_bytes, unpacked_bytes) = (sum(|source| source.file_bytes), sum(|source| source.unpacked_bytes));
    let size = if file_bytes == unpacked_bytes {
        format_bytes(file_bytes)
    } else {
        format!("{} ({} unpacked)", format_bytes(file_bytes), format_bytes(unpacked_bytes))
    };
    format!("{what}, {size}, {}", format_number_of(sum(|source| source.num_events).max(0) as u64, "event"))
}

/// One line for each kind of device: how many there are, what they are, and which of them worked.
fn device_lines(devices: &[DeviceSummary]) -> Vec<String> {
    let mut kinds: Vec<DeviceKind> = Vec::new();
    let mut index_of: HashMap<String, usize> = HashMap::new();
    for device in devices {
        let mut text = device.name.clone().unwrap_or_else(|| "unnamed device".to_owned());
        if let Some(bytes) = device.total_memory_bytes {
            let _ = write!(text, ", {}", format_memory(bytes));
        }
        if let Some(num_sms) = device.num_sms {
            let _ = write!(text, ", {num_sms} SMs");
        }
        if let Some(capability) = &device.compute_capability {
            let _ = write!(text, ", compute {capability}");
        }
        let index = *index_of.entry(text).or_insert_with_key(|text| {
            kinds.push(DeviceKind { text: text.clone(), ..DeviceKind::default() });
            kinds.len() - 1
        });
        // A set, because ranks on one host list the same devices.
        kinds[index].ordinals.insert(device.ordinal);
        if device.is_used {
            kinds[index].used.insert(device.ordinal);
        }
    }
    kinds.iter().map(DeviceKind::line).collect()
}

#[derive(Debug, Default)]
struct DeviceKind {
    text: String,
    ordinals: BTreeSet<i64>,
    used: BTreeSet<i64>,
}

impl DeviceKind {
    fn line(&self) -> String {
        let number = match self.ordinals.len() {
            1 => String::new(),
            number => format!("{number} × "),
        };
        let use_text = if self.used.is_empty() {
            " (no work in this trace)".to_owned()
        } else if self.used.len() == self.ordinals.len() {
            String::new()
        } else {
            format!(" (work in this trace: GPU {})", number_ranges(&self.used))
        };
        format!("{number}{}{use_text}", self.text)
    }
}

/// What a cut list says at its end.
fn rest_text(num_hidden: usize, thing: &str) -> String {
    format!("… and {} (--top N shows more)", format_number_of(num_hidden as u64, &format!("more {thing}")))
}

/// Which ranks of what job; `None` when nothing is known.
fn rank_line(ranks: &[RankSummary]) -> Option<String> {
    let numbers: BTreeSet<i64> = ranks.iter().filter_map(|rank| rank.rank).collect();
    let texts = |pick: fn(&RankSummary) -> Option<&String>| {
        ranks.iter().filter_map(pick).map(String::as_str).collect::<BTreeSet<&str>>()
    };
    let (backends, hosts) = (texts(|rank| rank.backend.as_ref()), texts(|rank| rank.host.as_ref()));
    if numbers.is_empty() && backends.is_empty() && hosts.is_empty() {
        return None;
    }
    let mut parts = Vec::new();
    if !numbers.is_empty() {
        let sizes: BTreeSet<i64> = ranks.iter().filter_map(|rank| rank.world_size).collect();
        parts.push(match sizes.is_empty() {
            true => number_ranges(&numbers),
            false => format!("{} of {}", number_ranges(&numbers), number_ranges(&sizes)),
        });
    }
    if !backends.is_empty() {
        parts.push(format!("backend {}", joined(&backends)));
    }
    if !hosts.is_empty() {
        parts.push(format!("host {}", joined(&hosts)));
    }
    Some(parts.join(", "))
}

/// Numbers with runs of three and more drawn together: `0-7, 9`.
fn number_ranges(numbers: &BTreeSet<i64>) -> String {
    let numbers: Vec<i64> = numbers.iter().copied().collect();
    let runs = numbers.chunk_by(|a, b| a.checked_add(1) == Some(*b));
    joined(runs.map(|run| match run {
        [first, _, .., last] => format!("{first}-{last}"),
        _ => joined(run),
    }))
}

fn joined(items: impl IntoIterator<Item = impl ToString>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use kinetoscope_model::WarningKind;
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::drawing::Drawing;
    use crate::summary::summary;

    /// A decode step: one graph launch, a copy before and a collective beside it, the next step launched late.
    fn decode_step() -> Drawing {
        Drawing::lanes(
            "cpu  m.g.n........................h...
             s7   ..MMM.GGGG.GGG.GG..................HHHH.HH
             s13  ............NNNNNN....................",
        )
        .slice("main", "user_annotation", "execute_context_0(0)_generation_32(32)", 0..40)
        .slice("main", "cpu_op", "aten::linear", 1..12)
        .slice("main", "cpu_op", "aten::mm", 3..9)
        .slice("main", "python_function", "vllm/v1/worker/gpu_model_runner.py(1): execute_model", 20..30)
        .metadata("vllm_version", Err("0.32.0"))
        .metadata("cuda_driver_version", Ok(13_000))
        .metadata("with_stack", Ok(1))
        .warning(WarningKind::HealedOverlap, "`aten::mm`")
        .warning(WarningKind::Truncated, "ends inside an event")
        .start_unix_ns(1_763_956_800_123_456_789)
        .ranks(&[0])
    }

    fn snapshots() -> insta::Settings {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../tests/snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings
    }

    #[test]
    fn a_decode_step_reads_well() {
        let summary = summary(&decode_step().build());
        snapshots().bind(|| {
            insta::assert_snapshot!("decode_step", summary_text(&summary, TextOptions::default()));
            insta::assert_snapshot!("decode_step_narrow", summary_text(&summary, TextOptions { width: 80, top: 2 }));
            insta::assert_snapshot!("decode_step_json", summary.to_json().expect("a summary is JSON"));
        });
    }

    #[test]
    fn several_ranks_are_told_apart() {
        let drawing = Drawing::lanes(
            "cpu  abcd
             0/s7  ...AAAA....NNN.......
             1/s7  ....BBB.....NN.......
             2/s7  .......CC..NNN.....CC
             3/s7  ....DDDDDDDNNN.......",
        );
        let summary = summary(&drawing.ranks(&[4, 5, 6, 7]).build());
        snapshots().bind(|| {
            insta::assert_snapshot!("several_ranks", summary_text(&summary, TextOptions { width: 100, top: 3 }));
        });
    }

    #[test]
    fn runs_of_numbers_are_drawn_together() {
        let ranges = |numbers: &[i64]| number_ranges(&numbers.iter().copied().collect());
        assert_eq!(ranges(&[]), "");
        assert_eq!(ranges(&[3]), "3");
        assert_eq!(ranges(&[0, 1]), "0, 1");
        assert_eq!(ranges(&[0, 1, 2, 5, 7, 8, 9, i64::MAX]), "0-2, 5, 7-9, 9223372036854775807");
    }

    #[test]
    fn a_trace_without_gpu_work_tells_of_the_cpu() {
        let drawing = Drawing::default()
            .slice("main", "cpu_op", "aten::linear", 0..100)
            .slice("main", "cpu_op", "aten::mm", 10..50)
            .slice("other", "cpu_op", "aten::add", 10..30)
            .slice("main", "user_annotation", "execute_context_1(40)_generation_0(0)", 0..110)
            .metadata("ERROR", Err(r#"["ERROR: gpuGetDeviceCount failed with code 35"]"#));
        let summary = summary(&drawing.build());
        snapshots().bind(|| insta::assert_snapshot!("cpu_only", summary_text(&summary, TextOptions::default())));
    }

    #[test]
    fn python_functions_stand_in_where_there_are_no_operators() {
        let drawing = Drawing::default()
            .slice("main", "python_function", "asyncio/runners.py(118): run", 0..100)
            .slice("main", "python_function", "selectors.py(415): select", 10..90);
        let text = summary_text(&summary(&drawing.build()), TextOptions::default());
        assert!(text.contains("Python functions by self time"), "{text}");
        assert!(!text.contains("CPU operators"), "{text}");
    }

    #[test]
    fn lines_fit_the_width_and_escapes_do_not_come_through() {
        let name = format!("void kernel<{}\u{1b}[31m>", "long, ".repeat(300));
        let drawing = decode_step()
            .slice("main", "user_annotation", &name, 41..45)
            .slice(&name, "cpu_op", &name, 41..45)
            .slice("main", "cpu_op", "日本語", 46..47);
        let summary = summary(&drawing.build());
        for width in [80, 100, 160] {
            let text = summary_text(&summary, TextOptions { width, top: 10 });
            let wide: Vec<&str> = text.lines().filter(|line| line.width() > width).collect();
            assert!(wide.is_empty(), "wider than {width}: {wide:#?}");
            assert!(!text.contains('\u{1b}'));
            assert!(text.contains(&format!("cut to fit {width} columns")));
        }
    }

    #[test]
    fn an_empty_trace_is_told_as_such() {
        let text = summary_text(&summary(&kinetoscope_model::TraceBuilder::default().seal()), TextOptions::default());
        insta::assert_snapshot!(text, @"
        recorded  at an unknown time, 0 ns long

        What stands out
          - This trace holds no events.
        ");
    }
}
