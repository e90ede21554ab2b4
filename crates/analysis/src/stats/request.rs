//! Which report is asked for, with which arguments: `cuda_gpu_kern_sum:base:nvtx-name`.
//!
//! Names, their older forms, arguments and the default set are nsys's, so that a script that calls `nsys stats` finds what
//! it asks for.

use std::fmt;
use std::str::FromStr;

use super::filter::{Filter, FilterError};
use super::report::Report;

/// What a kernel is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KernelName {
    /// With types and arguments.
    #[default]
    Full,
    /// The function alone.
    Short,
    /// As in the object file, where it is known.
    Mangled,
}

/// A report and its arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportRequest {
    /// The report.
    pub report: Report,
    /// What kernels are called.
    pub kernel_name: KernelName,
    /// Kernels are called after the range around their launch.
    pub is_nvtx_named: bool,
    /// Rows that are printed at most.
    pub max_rows: Option<usize>,
    /// Shortest idle span in milliseconds.
    pub gap_millis: f64,
    /// Use of the GPU in percent below which a span is listed.
    pub threshold_percent: f64,
    /// Pieces that the time is cut into.
    pub num_chunks: u32,
    /// Times from here on.
    pub start: Option<i64>,
    /// Times up to here.
    pub end: Option<i64>,
    /// Only what is inside of this range.
    pub nvtx: Option<String>,
    /// Only this process.
    pub process: Option<i64>,
    /// Only this thread.
    pub thread: Option<i64>,
}

impl From<Report> for ReportRequest {
    fn from(report: Report) -> Self {
        Self {
            report,
            kernel_name: KernelName::Full,
            is_nvtx_named: false,
            max_rows: report.default_max_rows(),
            gap_millis: 500.0,
            threshold_percent: 50.0,
            num_chunks: 30,
            start: None,
            end: None,
            nvtx: None,
            process: None,
            thread: None,
        }
    }
}

/// Additions that nsys has not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Columns with the 90th and the 99th percentile behind the median.
    pub percentiles: bool,
    /// A column with the share of the trace's length.
    pub wall: bool,
    /// Calls lose every version suffix, and not only those of four digits.
    pub strip_suffixes: bool,
    /// Ranges lose sequence numbers, ids and sizes.
    pub fold_ids: bool,
}

/// Why a request cannot be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestError {
    /// There is no such report.
    UnknownReport(String),
    /// The report is about graphics.
    Graphics(&'static str),
    /// The report has no such argument.
    UnknownArgument {
        /// Report.
        report: Report,
        /// Argument.
        argument: String,
    },
    /// The value of an argument is no number, or none that makes sense.
    BadValue {
        /// Argument.
        argument: String,
        /// What it has to be.
        expected: &'static str,
    },
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownReport(name) => write!(f, "there is no report `{name}`"),
            Self::Graphics(name) => write!(f, "`{name}` is about graphics, which is not read"),
            Self::UnknownArgument { report, argument } => {
                let known = report.arguments();
                write!(f, "`{}` has no argument `{argument}`", report.name())?;
                if known.is_empty() { write!(f, "; it has none") } else { write!(f, "; it has {}", known.join(", ")) }
            }
            Self::BadValue { argument, expected } => write!(f, "`{argument}` has to be {expected}"),
        }
    }
}

impl std::error::Error for RequestError {}

impl FromStr for ReportRequest {
    type Err = RequestError;

    fn from_str(text: &str) -> Result<Self, RequestError> {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let report = Report::find(name)?;
        let mut request = Self::from(report);
        for argument in parts {
            request.take(argument)?;
        }
        Ok(request)
    }
}

impl ReportRequest {
    /// The reports of a list as it is typed: names and arguments, parted by commas. `default` is the default set, `rules`
    /// all rules.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, RequestError> {
        let mut requests = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part {
                "default" => requests.extend(Report::default_set().map(Self::from)),
                "rules" => requests.extend(Report::rules().map(Self::from)),
                part => requests.push(part.parse()?),
            }
        }
        if requests.is_empty() { Err(RequestError::UnknownReport(text.to_owned())) } else { Ok(requests) }
    }

    /// What the report is to be computed from, where its arguments ask for less than `filter` keeps.
    pub fn own_filter(&self, filter: &Filter) -> Result<Option<Filter>, FilterError> {
        if self.start.is_none() && self.end.is_none() && self.nvtx.is_none() {
            return Ok(None);
        }
        let nvtx = self.nvtx.as_deref().map(str::parse).transpose()?;
        Ok(Some(Filter {
            start: self.start.max(filter.start),
            end: self.end.into_iter().chain(filter.end).min(),
            nvtx: nvtx.or_else(|| filter.nvtx.clone()),
        }))
    }

    fn take(&mut self, argument: &str) -> Result<(), RequestError> {
        let (name, value) = argument.split_once('=').map_or((argument, None), |(name, value)| (name, Some(value)));
        let known = self.report.arguments().iter().find(|known| known.trim_end_matches('=') == name);
        let takes_value = known.is_some_and(|known| known.ends_with('='));
        if known.is_none() || takes_value != value.is_some() {
            return Err(RequestError::UnknownArgument { report: self.report, argument: argument.to_owned() });
        }
        let value = value.unwrap_or_default();
        let bad = |expected| RequestError::BadValue { argument: argument.to_owned(), expected };
        let whole = || value.parse::<i64>().map_err(|_| bad("a whole number"));
        let positive = |expected| match value.parse::<f64>() {
            Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
            _ => Err(bad(expected)),
        };
        match name {
            "base" => self.kernel_name = KernelName::Short,
            "mangled" => self.kernel_name = KernelName::Mangled,
            "nvtx-name" => self.is_nvtx_named = true,
            "rows" => match whole()? {
                // As in nsys, which prints all rows then.
                -1 => self.max_rows = None,
                rows => {
                    self.max_rows = Some(usize::try_from(rows).map_err(|_| bad("a number of rows, or -1 for all"))?)
                }
            },
            "gap" => self.gap_millis = positive("a number of milliseconds")?,
            "threshold" => self.threshold_percent = positive("a percentage")?,
            "chunks" => {
                self.num_chunks =
                    value.parse().ok().filter(|&n| n > 0).ok_or_else(|| bad("a number of pieces above 0"))?;
            }
            "start" => self.start = Some(whole()?),
            "end" => self.end = Some(whole()?),
            "process" => self.process = Some(whole()?),
            "thread" => self.thread = Some(whole()?),
            _ => self.nvtx = Some(value.to_owned()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_follow_the_name() {
        let request: ReportRequest = "cuda_gpu_kern_sum:nvtx-name:base".parse().unwrap();
        assert_eq!(request.report, Report::CudaGpuKernSum);
        assert_eq!((request.kernel_name, request.is_nvtx_named), (KernelName::Short, true));
        let request: ReportRequest = "um_sum:rows=20".parse().unwrap();
        assert_eq!(request.max_rows, Some(20));
        let request: ReportRequest = "gpu_time_util:threshold=12.5:chunks=7".parse().unwrap();
        assert_eq!((request.threshold_percent, request.num_chunks, request.max_rows), (12.5, 7, Some(50)));
        assert_eq!("gpu_gaps:rows=-1".parse::<ReportRequest>().unwrap().max_rows, None);
    }

    #[test]
    fn rules_have_filters_of_their_own() {
        let shared = Filter { start: Some(5), end: Some(90), nvtx: None };
        let own = |text: &str| text.parse::<ReportRequest>().unwrap().own_filter(&shared).unwrap();
        assert_eq!(own("gpu_gaps:gap=3"), None);
        assert_eq!(own("gpu_gaps:start=10"), Some(Filter { start: Some(10), end: Some(90), nvtx: None }));
        assert_eq!(own("gpu_gaps:start=1:end=99"), Some(shared.clone()));
        let nvtx = Some("step/2".parse().unwrap());
        assert_eq!(own("cuda_api_sync:nvtx=step/2"), Some(Filter { nvtx, ..shared.clone() }));
    }

    #[test]
    fn old_names_answer() {
        for (old, report) in [
            ("gpukernsum", Report::CudaGpuKernSum),
            ("cudaapisum", Report::CudaApiSum),
            ("osrtsum", Report::OsrtSum),
            ("nvtxsum", Report::NvtxSum),
            ("gputrace", Report::CudaGpuTrace),
            ("kernexecsum", Report::CudaKernExecSum),
        ] {
            assert_eq!(old.parse::<ReportRequest>().unwrap().report, report);
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (text, message) in [
            ("kernel_sum", "there is no report `kernel_sum`"),
            ("osrt_sum:base", "`osrt_sum` has no argument `base`; it has none"),
            ("um_sum:rows", "`um_sum` has no argument `rows`; it has rows="),
            ("um_sum:rows=many", "`rows=many` has to be a whole number"),
            ("um_sum:rows=-2", "`rows=-2` has to be a number of rows, or -1 for all"),
            ("gpu_time_util:chunks=0", "`chunks=0` has to be a number of pieces above 0"),
            ("vulkan_marker_sum", "`vulkan_marker_sum` is about graphics, which is not read"),
        ] {
            assert_eq!(text.parse::<ReportRequest>().unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn lists_hold_names_and_sets() {
        let names = |text| -> Vec<&str> {
            ReportRequest::parse_list(text).unwrap().iter().map(|request| request.report.name()).collect()
        };
        assert_eq!(names("osrt_sum, cuda_gpu_kern_sum:base"), ["osrt_sum", "cuda_gpu_kern_sum"]);
        let default = names("default");
        assert_eq!(default[..4], ["nvtx_sum", "osrt_sum", "cuda_api_sum", "cuda_gpu_kern_sum"]);
        assert_eq!(names("rules").len(), 6);
        assert!(ReportRequest::parse_list(" , ").is_err());
    }
}
