//! Reports: the tables that `nsys stats` and `nsys analyze` print, from any trace.
//!
//! A report is a pure function from a trace's activities ([`Activities`]) to a table of typed cells ([`Table`]), and a
//! layout ([`Layout`]) turns the table into text. Both are held to the bytes that Nsight Systems 2023.4 prints, because
//! people compare and parse these tables: columns, units, roundings, the order of equal rows, and what is said when there
//! is nothing to print. Additions of ours are behind [`Options`] and off.
//!
//! Every report is a pass over its activities, grouped by dense numbers, and a sort; what has to know which range is around
//! which call takes one sweep over both in start order.

use std::io::{self, Write};

pub use activity::Activities;
pub use collect::launchers;
pub use filter::{Filter, FilterError, NvtxFilter};
pub use label::base_name;
pub use layout::{Layout, LayoutError, LayoutKind, TimeUnit};
pub use report::{Data, Report};
pub use report_table::{Cell, Heading, Table, Unit};
pub use request::{KernelName, Options, ReportRequest, RequestError};

mod activity;
mod collect;
mod containment;
mod duration_statistics;
mod exec;
mod filter;
mod group;
mod kernel_name;
mod label;
mod layout;
mod number;
mod range_kernels;
mod report;
mod report_table;
mod request;
mod rule;
mod sum;
#[cfg(test)]
mod tests;
mod trace_rows;
mod unified_memory;

/// What reports are computed from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    activities: &'a Activities<'a>,
    options: &'a Options,
    wall_nanos: i64,
}

/// What a report came to.
pub enum Outcome<'a> {
    /// Rows.
    Rows(ReportRows<'a>),
    /// The trace has such data in general, but nothing for this report.
    Nothing {
        /// What is said then.
        message: String,
    },
    /// The trace has no such data.
    Skipped(Data),
    /// The trace has such data, of which no report is made.
    Unread(Data),
}

/// The rows of a report.
pub struct ReportRows<'a> {
    /// The table.
    pub table: Box<dyn Table + 'a>,
    /// Paragraphs to be read before it.
    pub advice: Vec<String>,
    /// The number of rows that the table was limited to, when it was.
    pub limited_to: Option<usize>,
}

/// What is said of a report without rows.
const NO_ROWS: &str = "Report was successfully run, but no data was returned.";

/// Computes a report. A filter among its arguments ([`ReportRequest::own_filter`]) has to be in `activities` already.
pub fn run<'a>(activities: &'a Activities<'a>, request: &ReportRequest, options: &'a Options) -> Outcome<'a> {
    let context = &Context { activities, options, wall_nanos: activities.wall_nanos() };
    let (table, data, advice) = match request.report {
        Report::CudaApiSum => (sum::cuda_api(context), Data::CudaApi, None),
        Report::CudaApiTrace => (trace_rows::cuda_api(context), Data::CudaApi, None),
        Report::CudaApiGpuSum => (sum::gpu(context, request, true), Data::CudaApi, None),
        Report::CudaGpuKernSum => (sum::kernels(context, request), Data::Kernels, None),
        Report::CudaGpuKernGbSum => (sum::kernels_by_grid(context, request), Data::Kernels, None),
        Report::CudaGpuMemTimeSum => (sum::memory_times(context), Data::MemoryOps, None),
        Report::CudaGpuMemSizeSum => (sum::memory_sizes(context), Data::MemoryOps, None),
        Report::CudaGpuSum => (sum::gpu(context, request, false), Data::Kernels, None),
        Report::CudaGpuTrace => (trace_rows::gpu(context, request), Data::Kernels, None),
        Report::CudaKernExecSum => (exec::sum(context, request), Data::Kernels, None),
        Report::CudaKernExecTrace => (exec::trace(context, request), Data::Kernels, None),
        Report::NvtxSum => (sum::ranges(context, None), Data::Nvtx, None),
        Report::NvtxPushPopSum => (sum::ranges(context, Some(activity::RangeStyle::PushPop)), Data::Nvtx, None),
        Report::NvtxStartEndSum => (sum::ranges(context, Some(activity::RangeStyle::StartEnd)), Data::Nvtx, None),
        Report::NvtxPushPopTrace => (trace_rows::push_pop_ranges(context), Data::Nvtx, None),
        Report::NvtxKernSum => (range_kernels::kernel_sum(context, request), Data::Nvtx, None),
        Report::NvtxGpuProjSum => (range_kernels::projection_sum(context), Data::Nvtx, None),
        Report::NvtxGpuProjTrace => (range_kernels::projection_trace(context), Data::Nvtx, None),
        Report::OsrtSum => (sum::os_runtime(context), Data::OsRuntime, None),
        Report::UmSum => (unified_memory::by_address(context), Data::UnifiedMemory, None),
        Report::UmTotalSum => (unified_memory::totals(context), Data::UnifiedMemory, None),
        Report::UmCpuPageFaultsSum => (unified_memory::cpu_faults(context), Data::CpuPageFaults, None),
        Report::OpenMpSum => match sum::calls_of(context, "openmp") {
            None => return unread(activities, Data::OpenMp),
            table => (table, Data::OpenMp, None),
        },
        Report::OpenAccSum => match sum::calls_of(context, "openacc") {
            None => return unread(activities, Data::OpenAcc),
            table => (table, Data::OpenAcc, None),
        },
        Report::MpiEventTrace => return unread(activities, Data::Mpi),
        Report::NvVideoApiSum => return unread(activities, Data::NvVideo),
        Report::RuleMemcpyAsync => (rule::memcpy_async(context), Data::MemoryOps, Some(rule::memcpy_async_advice())),
        Report::RuleMemcpySync => (rule::memcpy_sync(context), Data::MemoryOps, Some(rule::memcpy_sync_advice())),
        Report::RuleMemsetSync => (rule::memset_sync(context), Data::MemoryOps, Some(rule::memset_sync_advice())),
        Report::RuleApiSync => (rule::api_sync(context, request), Data::CudaApi, Some(rule::api_sync_advice())),
        Report::RuleGpuGaps => (rule::gaps(context, request), Data::Kernels, Some(rule::gaps_advice(request))),
        Report::RuleGpuTimeUtil => {
            (rule::time_utilization(context, request), Data::Kernels, Some(rule::time_utilization_advice(request)))
        }
    };
    let Some(mut table) = table else { return Outcome::Skipped(data) };
    if table.num_rows() == 0 {
        let message = advice.map_or_else(|| NO_ROWS.to_owned(), |advice| rule::wrap(&advice.not_found));
        return Outcome::Nothing { message };
    }
    let limited_to = request.max_rows.filter(|&max| table.num_rows() >= max);
    if let Some(max) = limited_to {
        table.truncate(max);
    }
    let advice = advice.map_or_else(Vec::new, |advice| advice.found.iter().map(|text| rule::wrap(text)).collect());
    Outcome::Rows(ReportRows { table, advice, limited_to })
}

/// What becomes of a report whose tables are not read: that there is nothing is known all the same.
fn unread<'a>(activities: &Activities<'a>, data: Data) -> Outcome<'a> {
    let tables = data.unread_tables().unwrap_or_default();
    match collect::unread(activities.trace, tables) {
        collect::Unread::Missing => Outcome::Skipped(data),
        collect::Unread::Empty => Outcome::Nothing { message: NO_ROWS.to_owned() },
        collect::Unread::Filled => Outcome::Unread(data),
    }
}

/// Writes reports one after the other.
pub struct ReportWriter<'w> {
    layout: Layout,
    time_unit: TimeUnit,
    out: &'w mut dyn Write,
    num_written: usize,
}

impl<'w> ReportWriter<'w> {
    /// A writer to `out`.
    pub fn new(layout: Layout, time_unit: TimeUnit, out: &'w mut dyn Write) -> Self {
        Self { layout, time_unit, out, num_written: 0 }
    }

    /// Writes what a report came to. What was skipped writes nothing: it is for the caller to say so elsewhere, and
    /// likewise that there is nothing, in the layouts for programs.
    pub fn write(&mut self, report: Report, outcome: &Outcome<'_>) -> io::Result<()> {
        if self.layout.kind == LayoutKind::Json {
            return self.write_json(report, outcome);
        }
        let is_for_people = self.layout.kind.is_for_people();
        match outcome {
            Outcome::Skipped(_) | Outcome::Unread(_) => {}
            Outcome::Nothing { message } if is_for_people => {
                self.write_title(report)?;
                write!(self.out, "{message}\n\n")?;
            }
            Outcome::Nothing { .. } => {}
            Outcome::Rows(rows) => {
                if is_for_people {
                    self.write_title(report)?;
                    for paragraph in &rows.advice {
                        write!(self.out, "{paragraph}\n\n")?;
                    }
                }
                self.layout.write(&*rows.table, self.time_unit, self.out)?;
                if let Some(max) = rows.limited_to.filter(|_| is_for_people && report.is_rule()) {
                    write!(self.out, "\nOnly the top {max} results are displayed. More data may be available.\n\n")?;
                }
                writeln!(self.out)?;
            }
        }
        self.num_written += 1;
        Ok(())
    }

    fn write_title(&mut self, report: Report) -> io::Result<()> {
        if self.layout.kind == LayoutKind::Markdown {
            return write!(self.out, "## {} (`{}`)\n\n", report.title(), report.name());
        }
        write!(self.out, "\n ** {} ({}):\n\n", report.title(), report.name())
    }

    /// One object for each report, skipped ones too, so that a program sees what it did not get.
    fn write_json(&mut self, report: Report, outcome: &Outcome<'_>) -> io::Result<()> {
        self.out.write_all(if self.num_written == 0 { b"[" } else { b",\n" })?;
        self.num_written += 1;
        write!(self.out, "{{\"report\": \"{}\", \"title\": ", report.name())?;
        serde_json::to_writer(&mut *self.out, report.title())?;
        match outcome {
            Outcome::Skipped(data) => {
                self.out.write_all(b", \"skipped\": ")?;
                serde_json::to_writer(&mut *self.out, &format!("does not contain {}", data.missing_words()))?;
            }
            Outcome::Unread(data) => {
                self.out.write_all(b", \"skipped\": ")?;
                serde_json::to_writer(&mut *self.out, &format!("no report is made of {}", data.missing_words()))?;
            }
            Outcome::Nothing { .. } => {}
            Outcome::Rows(rows) => {
                if !rows.advice.is_empty() {
                    self.out.write_all(b", \"advice\": ")?;
                    serde_json::to_writer(&mut *self.out, &rows.advice)?;
                }
                if let Some(max) = rows.limited_to {
                    write!(self.out, ", \"limited_to\": {max}")?;
                }
            }
        }
        self.out.write_all(b", \"rows\": ")?;
        match outcome {
            Outcome::Rows(rows) => self.layout.write(&*rows.table, self.time_unit, self.out)?,
            Outcome::Skipped(_) | Outcome::Unread(_) | Outcome::Nothing { .. } => self.out.write_all(b"[]")?,
        }
        self.out.write_all(b"}")
    }

    /// Ends what the layout has begun.
    pub fn finish(self) -> io::Result<()> {
        if self.layout.kind == LayoutKind::Json {
            let end: &[u8] = if self.num_written == 0 { b"[]\n" } else { b"]\n" };
            self.out.write_all(end)?;
        }
        self.out.flush()
    }
}
