//! The reports: names, titles, and which trace data each is made of.

use super::request::RequestError;

/// What kind of data a report cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// Calls of the CUDA runtime and driver.
    CudaApi,
    /// Kernels.
    Kernels,
    /// Copies and fills.
    MemoryOps,
    /// Ranges of NVTX.
    Nvtx,
    /// Calls of the OS runtime.
    OsRuntime,
    /// Page faults of unified memory.
    UnifiedMemory,
    /// Page faults of the CPU.
    CpuPageFaults,
    /// Events of OpenMP, which are not read.
    OpenMp,
    /// Events of OpenACC, which are not read.
    OpenAcc,
    /// Events of MPI, which are not read.
    Mpi,
    /// Calls of the video encoder and decoder, which are not read.
    NvVideo,
}

impl Data {
    /// What nsys says that a trace does not contain.
    pub fn missing_words(self) -> &'static str {
        match self {
            Self::CudaApi => "CUDA trace data",
            Self::Kernels => "CUDA kernel data",
            Self::MemoryOps => "GPU memory data",
            Self::Nvtx => "NV Tools Extension (NVTX) data",
            Self::OsRuntime => "OS Runtime trace data",
            Self::UnifiedMemory | Self::CpuPageFaults => "CUDA Unified Memory CPU page faults data",
            Self::OpenMp => "OpenMP event data",
            Self::OpenAcc => "OpenACC event data",
            Self::Mpi => "MPI event data",
            Self::NvVideo => "NvVideo data",
        }
    }

    /// How the names of the tables begin that a capture has for it, where they are not read.
    pub(super) fn unread_tables(self) -> Option<&'static str> {
        match self {
            Self::OpenMp => Some("OPENMP_EVENT_KIND_"),
            Self::OpenAcc => Some("CUPTI_ACTIVITY_KIND_OPENACC_"),
            Self::Mpi => Some("MPI_"),
            Self::NvVideo => Some("NVVIDEO_"),
            _ => None,
        }
    }
}

macro_rules! reports {
    ($($report:ident = $name:literal ($title:literal) $([$($old:literal),*])? $({$($argument:literal),*})?,)+) => {
        /// A report or rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Report {
            $(#[doc = concat!("`", $name, "`: ", $title, ".")] $report,)+
        }

        impl Report {
            /// All of them, in the order of their names' families.
            pub const ALL: &'static [Self] = &[$(Self::$report,)+];

            /// Name, as it is typed.
            pub fn name(self) -> &'static str {
                match self { $(Self::$report => $name,)+ }
            }

            /// Title, as it is printed.
            pub fn title(self) -> &'static str {
                match self { $(Self::$report => $title,)+ }
            }

            /// Names that older versions of nsys have for it.
            pub fn old_names(self) -> &'static [&'static str] {
                match self { $(Self::$report => &[$($($old),*)?],)+ }
            }

            /// Names of its arguments; those that end with `=` take a value.
            pub fn arguments(self) -> &'static [&'static str] {
                match self { $(Self::$report => &[$($($argument),*)?],)+ }
            }
        }
    };
}

reports! {
    CudaApiSum = "cuda_api_sum" ("CUDA API Summary") ["cudaapisum"],
    CudaApiTrace = "cuda_api_trace" ("CUDA API Trace") ["cudaapitrace"],
    CudaApiGpuSum = "cuda_api_gpu_sum" ("CUDA Summary (API/Kernels/MemOps)") ["apigpusum"] {"nvtx-name", "base", "mangled"},
    CudaGpuKernSum = "cuda_gpu_kern_sum" ("CUDA GPU Kernel Summary") ["gpukernsum"] {"nvtx-name", "base", "mangled"},
    CudaGpuKernGbSum = "cuda_gpu_kern_gb_sum" ("CUDA GPU Kernel/Grid/Block Summary") ["gpukerngbsum"]
        {"nvtx-name", "base", "mangled"},
    CudaGpuMemTimeSum = "cuda_gpu_mem_time_sum" ("CUDA GPU MemOps Summary (by Time)") ["gpumemtimesum"],
    CudaGpuMemSizeSum = "cuda_gpu_mem_size_sum" ("CUDA GPU MemOps Summary (by Size)") ["gpumemsizesum"],
    CudaGpuSum = "cuda_gpu_sum" ("CUDA GPU Summary (Kernels/MemOps)") ["gpusum"] {"nvtx-name", "base", "mangled"},
    CudaGpuTrace = "cuda_gpu_trace" ("CUDA GPU Trace") ["gputrace"] {"nvtx-name", "base", "mangled"},
    CudaKernExecSum = "cuda_kern_exec_sum" ("CUDA Kernel Launch & Exec Time Summary") ["kernexecsum"]
        {"nvtx-name", "base", "mangled"},
    CudaKernExecTrace = "cuda_kern_exec_trace" ("CUDA Kernel Launch & Exec Time Trace") ["kernexectrace"]
        {"nvtx-name", "base", "mangled"},
    NvtxSum = "nvtx_sum" ("NVTX Range Summary") ["nvtxsum"],
    NvtxPushPopSum = "nvtx_pushpop_sum" ("NVTX Push/Pop Range Summary") ["nvtxppsum"],
    NvtxPushPopTrace = "nvtx_pushpop_trace" ("NVTX Push/Pop Range Trace") ["nvtxpptrace"],
    NvtxStartEndSum = "nvtx_startend_sum" ("NVTX Start/End Range Summary") ["nvtxsssum"],
    NvtxKernSum = "nvtx_kern_sum" ("NVTX Range Kernel Summary") ["nvtxkernsum"] {"base", "mangled"},
    NvtxGpuProjSum = "nvtx_gpu_proj_sum" ("NVTX GPU Projection Summary"),
    NvtxGpuProjTrace = "nvtx_gpu_proj_trace" ("NVTX GPU Projection Trace") ["nvtxgpuproj"],
    OsrtSum = "osrt_sum" ("OS Runtime Summary") ["osrtsum"],
    UmSum = "um_sum" ("Unified Memory Analysis Summary") ["umsum"] {"rows="},
    UmTotalSum = "um_total_sum" ("Unified Memory Totals Summary") ["umtotalsum"],
    UmCpuPageFaultsSum = "um_cpu_page_faults_sum" ("Unified Memory CPU Page Faults Summary") ["umcpupagefaults"],
    OpenMpSum = "openmp_sum" ("OpenMP Summary") ["openmpevtsum"],
    OpenAccSum = "openacc_sum" ("OpenACC Summary") ["openaccsum"],
    MpiEventTrace = "mpi_event_trace" ("MPI Event Trace"),
    NvVideoApiSum = "nvvideo_api_sum" ("NvVideo API Summary"),
    RuleMemcpyAsync = "cuda_memcpy_async" ("CUDA Async Memcpy with Pageable Memory") ["cuda-async-memcpy"]
        {"rows=", "start=", "end=", "nvtx="},
    RuleMemcpySync = "cuda_memcpy_sync" ("CUDA Synchronous Memcpy") ["cuda-sync-memcpy"]
        {"rows=", "start=", "end=", "nvtx="},
    RuleMemsetSync = "cuda_memset_sync" ("CUDA Synchronous Memset") ["cuda-sync-memset"]
        {"rows=", "start=", "end=", "nvtx="},
    RuleApiSync = "cuda_api_sync" ("CUDA Synchronization APIs") ["cuda-sync-api"]
        {"rows=", "start=", "end=", "nvtx=", "process=", "thread="},
    RuleGpuGaps = "gpu_gaps" ("GPU Gaps") ["gpu-gaps"] {"rows=", "start=", "end=", "nvtx=", "gap="},
    RuleGpuTimeUtil = "gpu_time_util" ("GPU Time Utilization") ["gpu-low-utilization"]
        {"rows=", "start=", "end=", "nvtx=", "threshold=", "chunks="},
}

/// Reports of nsys about graphics, which no trace read here can fill.
const GRAPHICS: [&str; 10] = [
    "dx11_pix_sum",
    "dx12_gpu_marker_sum",
    "dx12_pix_sum",
    "opengl_khr_gpu_range_sum",
    "opengl_khr_range_sum",
    "vulkan_api_sum",
    "vulkan_api_trace",
    "vulkan_gpu_marker_sum",
    "vulkan_marker_sum",
    "wddm_queue_sum",
];

/// Rows that a rule prints.
const MAX_RULE_ROWS: usize = 50;

/// Rows that the summary of unified memory prints.
const MAX_UM_ROWS: usize = 10;

impl Report {
    /// What nsys prints when no report is asked for, in its order, of what is read here.
    pub fn default_set() -> impl Iterator<Item = Self> {
        [
            Self::NvtxSum,
            Self::OsrtSum,
            Self::CudaApiSum,
            Self::CudaGpuKernSum,
            Self::CudaGpuMemTimeSum,
            Self::CudaGpuMemSizeSum,
            Self::OpenMpSum,
            Self::UmSum,
            Self::UmTotalSum,
            Self::UmCpuPageFaultsSum,
            Self::OpenAccSum,
        ]
        .into_iter()
    }

    /// The rules, which look for what slows a program down.
    pub fn rules() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|report| report.is_rule())
    }

    /// True for the rules of `nsys analyze`.
    pub fn is_rule(self) -> bool {
        matches!(
            self,
            Self::RuleMemcpyAsync
                | Self::RuleMemcpySync
                | Self::RuleMemsetSync
                | Self::RuleApiSync
                | Self::RuleGpuGaps
                | Self::RuleGpuTimeUtil
        )
    }

    /// The report of a name, new or old.
    pub fn find(name: &str) -> Result<Self, RequestError> {
        let known = Self::ALL.iter().find(|report| report.name() == name || report.old_names().contains(&name));
        if let Some(&report) = known {
            return Ok(report);
        }
        match GRAPHICS.iter().find(|graphics| **graphics == name) {
            Some(graphics) => Err(RequestError::Graphics(graphics)),
            None => Err(RequestError::UnknownReport(name.to_owned())),
        }
    }

    pub(super) fn default_max_rows(self) -> Option<usize> {
        match self {
            Self::UmSum => Some(MAX_UM_ROWS),
            report if report.is_rule() => Some(MAX_RULE_ROWS),
            _ => None,
        }
    }
}
