//! The summary: everything one page can say of a trace.
//!
//! One struct holds it all, in exact integers with the unit in the name; its JSON is what the command line prints and
//! what the page's server sends. [`mod@crate::summary_text`] writes the same struct for people. Lists are whole here: only
//! text is cut, and says so.

use hashbrown::HashSet;
use kinetoscope_model::time::Nanos;
use kinetoscope_model::{Severity, Trace};
use serde::Serialize;

use crate::annotations::{AnnotationRow, annotations};
use crate::categories::{CategoryRow, categories};
use crate::copies::{CopyRow, copies};
use crate::cpu_ops::{CPU_OP_CATEGORIES, CpuOpRow, PYTHON_CATEGORIES, cpu_ops};
use crate::cpu_threads::{CpuThreadRow, cpu_threads};
use crate::finding::{Finding, GpuEvidence, data_loss_finding, gpu_findings, no_gpu_finding};
use crate::gap::{DeviceGaps, gaps};
use crate::gpu_time::{GpuTime, gpu_time, rank_of_device};
use crate::gpu_timeline::GpuTimeline;
use crate::kernels::{KernelRow, kernels};
use crate::launch_delay::{LaunchDelay, launch_delay};
use crate::metadata::{LogRow, VersionRow, profiler_log, recorded_options, versions};
use crate::unit::format_utc;

/// Version of the JSON: raised when a field changes its meaning or goes away, not when one is added.
pub const SCHEMA_VERSION: u32 = 1;

/// Gaps kept per device: evidence for findings and a first look, not a list of all.
pub const NUM_LONGEST_GAPS: usize = 10;

/// Everything one page can say of a trace.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Version of this structure.
    pub schema_version: u32,
    /// Inputs.
    pub sources: Vec<SourceSummary>,
    /// Unix time in nanoseconds of the trace start.
    pub start_unix_ns: Option<i64>,
    /// The same in words.
    pub start_utc: Option<String>,
    /// From the earliest start to the latest end of anything recorded.
    pub span_ns: Nanos,
    /// Sizes of the tables.
    pub counts: Counts,
    /// Software that made the trace.
    pub versions: Vec<VersionRow>,
    /// What the recording was asked to hold beyond times.
    pub recorded_options: Vec<&'static str>,
    /// Distributed ranks.
    pub ranks: Vec<RankSummary>,
    /// Devices, whether or not they ran anything.
    pub devices: Vec<DeviceSummary>,
    /// What stands out: what costs time first, the longest before the others.
    pub findings: Vec<Finding>,
    /// GPU work; `None` for a trace without any.
    pub gpu: Option<GpuSummary>,
    /// Annotations by name.
    pub annotations: Vec<AnnotationRow>,
    /// Threads that are no GPU streams.
    pub cpu_threads: Vec<CpuThreadRow>,
    /// Framework operators by name.
    pub cpu_ops: Vec<CpuOpRow>,
    /// Python functions by name.
    pub python_functions: Vec<CpuOpRow>,
    /// Events by category.
    pub categories: Vec<CategoryRow>,
    /// What the profiler logged while recording.
    pub profiler_log: Vec<LogRow>,
    /// What reading lost, mended or guessed.
    pub warnings: Vec<WarningRow>,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceSummary {
    /// Path as given, with the archive member after `!`.
    pub path: String,
    /// What the content is.
    pub format: String,
    /// Bytes read from the file.
    pub file_bytes: i64,
    /// Bytes after unpacking.
    pub unpacked_bytes: i64,
    /// Events found, metadata events included.
    pub num_events: i64,
    /// Rank whose trace it is.
    pub rank: Option<i64>,
}

/// Number of rows of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields name the tables")]
pub struct Counts {
    pub num_slices: u64,
    pub num_gpu_ops: u64,
    pub num_api_calls: u64,
    pub num_launches: u64,
    pub num_flows: u64,
    pub num_counter_values: u64,
    pub num_thread_states: u64,
}

/// One rank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RankSummary {
    /// Rank number.
    pub rank: Option<i64>,
    /// Number of ranks in the job.
    pub world_size: Option<i64>,
    /// Communication library.
    pub backend: Option<String>,
    /// Host name.
    pub host: Option<String>,
    /// Name for people.
    pub name: Option<String>,
}

/// One device as its files describe it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceSummary {
    /// Row of the `device` table.
    pub device_id: u32,
    /// Number of the device on its host.
    pub ordinal: i64,
    /// Rank whose trace it was read from.
    pub rank: Option<i64>,
    /// Product name.
    pub name: Option<String>,
    /// Memory in bytes.
    pub total_memory_bytes: Option<i64>,
    /// Streaming multiprocessors, or compute units.
    pub num_sms: Option<i64>,
    /// Compute capability, e.g. `9.0`.
    pub compute_capability: Option<String>,
    /// True when the trace holds work of it.
    pub is_used: bool,
}

/// All about GPU work.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GpuSummary {
    /// Busy and idle time.
    pub time: GpuTime,
    /// Idle time by cause.
    pub gaps: Vec<DeviceGaps>,
    /// How the work was launched.
    pub launches: LaunchDelay,
    /// Work by name.
    pub kernels: Vec<KernelRow>,
    /// Copies and fills by direction.
    pub copies: Vec<CopyRow>,
}

/// One kind of warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WarningRow {
    /// Kind, as in the `stats` table.
    pub name: String,
    /// How much it matters.
    pub severity: String,
    /// How often it occurred.
    pub count: i64,
    /// What happened and what was done.
    pub description: String,
    /// The first example.
    pub example: Option<String>,
}

impl Summary {
    /// The summary as JSON, indented, with a line break at the end.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut json = serde_json::to_string_pretty(self)?;
        json.push('\n');
        Ok(json)
    }
}

/// Sums up `trace`.
pub fn summary(trace: &Trace) -> Summary {
    let timeline = GpuTimeline::new(trace);
    let gpu = (!timeline.is_empty()).then(|| gpu_summary(&timeline));
    let profiler_log = profiler_log(trace);
    let warnings = warnings(trace);
    let is_loss = |row: &&WarningRow| {
        [Severity::DataLoss, Severity::Error].iter().any(|severity| severity.word() == row.severity)
    };
    let num_lost = warnings.iter().filter(is_loss).map(|row| row.count.max(0) as u64).sum();
    let mut findings = match &gpu {
        Some(GpuSummary { time, gaps, launches, kernels, copies }) => {
            gpu_findings(GpuEvidence { time, gaps, launches, kernels, copies })
        }
        None => {
            let num_errors = profiler_log.iter().filter(|row| row.severity == "ERROR").count();
            vec![no_gpu_finding(trace, num_errors)]
        }
    };
    findings.extend(data_loss_finding(num_lost));
    Summary {
        schema_version: SCHEMA_VERSION,
        sources: sources(trace),
        start_unix_ns: trace.clock.start_unix_ns,
        start_utc: trace.clock.start_unix_ns.map(format_utc),
        span_ns: trace.bounds().map_or(0, |bounds| bounds.end.saturating_sub(bounds.start)),
        counts: Counts {
            num_slices: trace.slices.len() as u64,
            num_gpu_ops: trace.gpu_ops.len() as u64,
            num_api_calls: trace.api_calls.len() as u64,
            num_launches: trace.launches.len() as u64,
            num_flows: trace.flows.len() as u64,
            num_counter_values: trace.counters.len() as u64,
            num_thread_states: trace.thread_states.len() as u64,
        },
        versions: versions(trace),
        recorded_options: recorded_options(trace),
        ranks: ranks(trace),
        devices: devices(trace, gpu.as_ref()),
        findings,
        gpu,
        annotations: annotations(trace),
        cpu_threads: cpu_threads(trace),
        cpu_ops: cpu_ops(trace, &CPU_OP_CATEGORIES),
        python_functions: cpu_ops(trace, &PYTHON_CATEGORIES),
        categories: categories(trace),
        profiler_log,
        warnings,
    }
}

fn gpu_summary(timeline: &GpuTimeline<'_>) -> GpuSummary {
    GpuSummary {
        time: gpu_time(timeline),
        gaps: gaps(timeline, NUM_LONGEST_GAPS),
        launches: launch_delay(timeline),
        kernels: kernels(timeline),
        copies: copies(timeline.trace()),
    }
}

fn sources(trace: &Trace) -> Vec<SourceSummary> {
    let rows = trace.sources.rows();
    rows.map(|row| SourceSummary {
        path: trace.text(row.path).to_owned(),
        format: trace.text(row.format).to_owned(),
        file_bytes: row.file_bytes,
        unpacked_bytes: row.unpacked_bytes,
        num_events: row.num_events,
        rank: row.rank_id.and_then(|id| trace.ranks.rank.get(id.index())),
    })
    .collect()
}

fn ranks(trace: &Trace) -> Vec<RankSummary> {
    let text = |id: Option<_>| id.map(|id| trace.text(id).to_owned()).filter(|text| !text.is_empty());
    let rows = trace.ranks.rows();
    rows.map(|row| RankSummary {
        rank: row.rank,
        world_size: row.world_size,
        backend: text(row.backend),
        host: text(row.host),
        name: text(row.name),
    })
    .collect()
}

fn devices(trace: &Trace, gpu: Option<&GpuSummary>) -> Vec<DeviceSummary> {
    let used: HashSet<u32> =
        gpu.iter().flat_map(|gpu| gpu.time.devices.iter().map(|device| device.device_id)).collect();
    let ids = (0..trace.devices.len()).map(kinetoscope_model::DeviceId::from_index);
    ids.map(|id| {
        let row = trace.devices.row(id.index());
        DeviceSummary {
            device_id: id.0,
            ordinal: row.ordinal,
            rank: rank_of_device(trace, id),
            name: row.name.map(|name| trace.text(name).to_owned()).filter(|name| !name.is_empty()),
            total_memory_bytes: row.total_memory,
            num_sms: row.num_sms,
            compute_capability: row
                .compute_major
                .zip(row.compute_minor)
                .map(|(major, minor)| format!("{major}.{minor}")),
            is_used: used.contains(&id.0),
        }
    })
    .collect()
}

fn warnings(trace: &Trace) -> Vec<WarningRow> {
    let rows = trace.stats.rows();
    rows.map(|row| WarningRow {
        name: trace.text(row.name).to_owned(),
        severity: trace.text(row.severity).to_owned(),
        count: row.value,
        description: trace.text(row.description).to_owned(),
        example: trace.import_log.rows().find(|example| example.name == row.name).map(|example| {
            match example.byte_offset {
                Some(offset) => format!("{} (byte {offset})", trace.text(example.detail)),
                None => trace.text(example.detail).to_owned(),
            }
        }),
    })
    .collect()
}
