//! What reports are made of: calls, GPU work and ranges as plain rows with times, whatever the trace came from.
//!
//! A trace spreads a kernel over several tables, and a PyTorch trace over others than one of Nsight Systems. Reports want
//! one list for each kind of activity, in start order, with processes and threads as dense numbers. The lists are made when
//! the first report asks for them and kept for the next one, and the filters of the command line act here and nowhere else.

use std::cell::OnceCell;

use kinetoscope_model::{StringId, Trace};

use super::collect;
use super::filter::{Filter, FilterError, Kept};

/// A thread's or process's number in [`Activities`].
pub(super) type Dense = u32;

/// A thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Thread {
    /// Process.
    pub process: Dense,
    /// Thread id as the system knew it.
    pub tid: i64,
    /// Name.
    pub name: Option<StringId>,
    /// Priority, 20 being the usual one.
    pub priority: Option<i64>,
}

/// A GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Device {
    /// Number on its host.
    pub ordinal: i64,
    /// Product name.
    pub name: Option<StringId>,
}

/// A call of the CUDA runtime or driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ApiCall {
    /// Start.
    pub start: i64,
    /// End.
    pub end: i64,
    /// Name with the suffix of its version, as recorded.
    pub name: StringId,
    /// Thread.
    pub thread: Dense,
    /// Correlation id, of the process.
    pub correlation: Option<i64>,
    /// What the call returned.
    pub result: Option<i64>,
}

/// When and where GPU work ran, and what called for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Start.
    pub start: i64,
    /// End.
    pub end: i64,
    /// Process that called for it.
    pub process: Option<Dense>,
    /// Device.
    pub device: Dense,
    /// Context.
    pub context: Option<i64>,
    /// Green context.
    pub green_context: Option<i64>,
    /// Stream.
    pub stream: Option<i64>,
    /// Correlation id, of the process.
    pub correlation: Option<i64>,
}

impl Place {
    /// Length.
    pub(super) fn dur(&self) -> i64 {
        self.end - self.start
    }
}

/// A kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kernel {
    /// When, where and why.
    pub place: Place,
    /// Name with types and arguments.
    pub name: StringId,
    /// Name without them, when the recorder wrote it.
    pub short_name: Option<StringId>,
    /// Name as in the object file, when the recorder wrote it.
    pub mangled_name: Option<StringId>,
    /// Blocks in x, y, z.
    pub grid: [Option<u32>; 3],
    /// Threads of a block in x, y, z.
    pub block: [Option<u32>; 3],
    /// Registers per thread.
    pub registers: Option<u32>,
    /// Statically declared shared memory in bytes.
    pub static_shared_memory: Option<u32>,
    /// Dynamically asked-for shared memory in bytes.
    pub dynamic_shared_memory: Option<u32>,
}

/// Where a copy goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum CopyKind {
    /// From host to device.
    HostToDevice,
    /// From device to host.
    DeviceToHost,
    /// From host to array.
    HostToArray,
    /// From array to host.
    ArrayToHost,
    /// From array to array.
    ArrayToArray,
    /// From array to device.
    ArrayToDevice,
    /// From device to array.
    DeviceToArray,
    /// Within a device.
    DeviceToDevice,
    /// Within the host.
    HostToHost,
    /// From one device to another.
    PeerToPeer,
    /// Unified memory that moves to a device.
    UnifiedHostToDevice,
    /// Unified memory that moves to the host.
    UnifiedDeviceToHost,
    /// Unified memory that moves between devices.
    UnifiedDeviceToDevice,
    /// Not known.
    Unknown,
}

impl CopyKind {
    /// All kinds by CUPTI's numbers, which begin with 1, and with the words that traces and reports have for them.
    const ALL: [(Self, &'static str, &'static str); 14] = [
        (Self::HostToDevice, "HtoD", "[CUDA memcpy Host-to-Device]"),
        (Self::DeviceToHost, "DtoH", "[CUDA memcpy Device-to-Host]"),
        (Self::HostToArray, "HtoA", "[CUDA memcpy Host-to-Array]"),
        (Self::ArrayToHost, "AtoH", "[CUDA memcpy Array-to-Host]"),
        (Self::ArrayToArray, "AtoA", "[CUDA memcpy Array-to-Array]"),
        (Self::ArrayToDevice, "AtoD", "[CUDA memcpy Array-to-Device]"),
        (Self::DeviceToArray, "DtoA", "[CUDA memcpy Device-to-Array]"),
        (Self::DeviceToDevice, "DtoD", "[CUDA memcpy Device-to-Device]"),
        (Self::HostToHost, "HtoH", "[CUDA memcpy Host-to-Host]"),
        (Self::PeerToPeer, "PtoP", "[CUDA memcpy Peer-to-Peer]"),
        (Self::UnifiedHostToDevice, "UHtoD", "[CUDA memcpy Unified Host-to-Device]"),
        (Self::UnifiedDeviceToHost, "UDtoH", "[CUDA memcpy Unified Device-to-Host]"),
        (Self::UnifiedDeviceToDevice, "UDtoD", "[CUDA memcpy Unified Device-to-Device]"),
        (Self::Unknown, "", "[CUDA memcpy Unknown]"),
    ];

    /// The kind of the short word that `gpu_op.copy_kind` holds.
    pub(super) fn from_word(word: &str) -> Self {
        Self::ALL.iter().find(|(_, known, _)| *known == word).map_or(Self::Unknown, |(kind, ..)| *kind)
    }

    /// The kind of CUPTI's number.
    pub(super) fn from_number(number: u32) -> Self {
        (number as usize).checked_sub(1).and_then(|at| Self::ALL.get(at)).map_or(Self::Unknown, |(kind, ..)| *kind)
    }

    /// What reports call it.
    pub(super) fn label(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(.., label)| *label)
    }
}

/// What memory a copy or fill works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MemoryKind {
    /// Of the host, and movable: the driver has to copy it first.
    Pageable,
    /// Of the host, and in its place.
    Pinned,
    /// Of a device.
    Device,
    /// An array of a device.
    Array,
    /// Unified.
    Managed,
    /// Static, of a device.
    DeviceStatic,
    /// Static, unified.
    ManagedStatic,
    /// Not known.
    Unknown,
}

impl MemoryKind {
    /// All kinds by the numbers that traces have for them, with nsys's words, which are PyTorch's too.
    const ALL: [(Self, &'static str); 8] = [
        (Self::Pageable, "Pageable"),
        (Self::Pinned, "Pinned"),
        (Self::Device, "Device"),
        (Self::Array, "Array"),
        (Self::Managed, "Managed"),
        (Self::DeviceStatic, "Device Static"),
        (Self::ManagedStatic, "Managed Static"),
        (Self::Unknown, "Unknown"),
    ];

    /// The kind of a number.
    pub(super) fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(number as usize).map(|(kind, _)| *kind)
    }

    /// The kind of a word.
    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
    }

    /// nsys's word.
    pub(super) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| *word)
    }
}

/// What reports call a fill.
pub(super) const MEMSET_LABEL: &str = "[CUDA memset]";

/// A copy or a fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MemoryOp {
    /// When, where and why.
    pub place: Place,
    /// Where a copy goes; `None` for a fill.
    pub copy: Option<CopyKind>,
    /// Bytes.
    pub bytes: Option<i64>,
    /// Memory that is read, or of a fill that is filled.
    pub src_kind: Option<MemoryKind>,
    /// Memory that is written; `None` for a fill.
    pub dst_kind: Option<MemoryKind>,
    /// Address, of unified memory that moves.
    pub address: Option<i64>,
    /// Device that is read and device that is written, for copies between devices.
    pub devices: Option<(i64, i64)>,
}

impl MemoryOp {
    /// What reports call it.
    pub(super) fn label(&self) -> &'static str {
        self.copy.map_or(MEMSET_LABEL, CopyKind::label)
    }
}

/// How a range was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum RangeStyle {
    /// Pushed and popped on one thread.
    PushPop,
    /// Started and ended, perhaps on another thread.
    StartEnd,
}

impl RangeStyle {
    /// nsys's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::PushPop => "PushPop",
            Self::StartEnd => "StartEnd",
        }
    }
}

/// A range that the program itself names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NvtxRange {
    /// Start.
    pub start: i64,
    /// End; a range that never ended ends with the last of all NVTX times.
    pub end: i64,
    /// How it was made.
    pub style: RangeStyle,
    /// Name of its domain; `None` for the default one.
    pub domain: Option<StringId>,
    /// Name.
    pub name: Option<StringId>,
    /// Thread that pushed or started it, when it is known.
    pub thread: Option<Dense>,
    /// True when another thread ended it.
    pub ends_elsewhere: bool,
    /// Number by which reports refer to it.
    pub id: i64,
}

/// A call of the OS runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OsCall {
    /// Start.
    pub start: i64,
    /// End.
    pub end: i64,
    /// Name.
    pub name: StringId,
    /// Thread.
    pub thread: Dense,
}

/// Time that the profiler took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overhead {
    /// Start.
    pub start: i64,
    /// End.
    pub end: i64,
    /// Process.
    pub process: Dense,
    /// What it did.
    pub name: StringId,
}

/// A page fault of unified memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageFault {
    /// Time.
    pub start: i64,
    /// Process.
    pub process: Option<Dense>,
    /// Address that was touched.
    pub address: Option<i64>,
    /// Instruction that touched it, of a CPU's fault.
    pub instruction: Option<i64>,
    /// How often, where the recorder counts several as one.
    pub count: i64,
}

/// All activities of a trace, those that a filter keeps.
#[derive(Debug)]
pub struct Activities<'a> {
    /// The trace, for its texts.
    pub(super) trace: &'a Trace,
    /// Process ids.
    pub(super) processes: Vec<i64>,
    /// Threads.
    pub(super) threads: Vec<Thread>,
    /// Devices.
    pub(super) devices: Vec<Device>,
    kept: Kept,
    api_calls: OnceCell<Option<Vec<ApiCall>>>,
    kernels: OnceCell<Option<Vec<Kernel>>>,
    memcpys: OnceCell<Option<Vec<MemoryOp>>>,
    memsets: OnceCell<Option<Vec<MemoryOp>>>,
    nvtx_ranges: OnceCell<Option<Vec<NvtxRange>>>,
    os_calls: OnceCell<Option<Vec<OsCall>>>,
    overheads: OnceCell<Vec<Overhead>>,
    cpu_faults: OnceCell<Option<Vec<PageFault>>>,
    gpu_faults: OnceCell<Option<Vec<PageFault>>>,
}

/// Lists of activities: `None` when the trace has no such data at all, in start order otherwise.
impl<'a> Activities<'a> {
    /// The activities of `trace` that `filter` keeps. Fails when the filter names a range that there is not.
    pub fn new(trace: &'a Trace, filter: &Filter) -> Result<Self, FilterError> {
        let mut activities = Self {
            trace,
            processes: collect::processes(trace),
            threads: collect::threads(trace),
            devices: collect::devices(trace),
            kept: Kept::default(),
            api_calls: OnceCell::new(),
            kernels: OnceCell::new(),
            memcpys: OnceCell::new(),
            memsets: OnceCell::new(),
            nvtx_ranges: OnceCell::new(),
            os_calls: OnceCell::new(),
            overheads: OnceCell::new(),
            cpu_faults: OnceCell::new(),
            gpu_faults: OnceCell::new(),
        };
        activities.kept = filter.resolve(&activities)?;
        if activities.kept != Kept::default() {
            // Looking for the range has listed all of them.
            activities.nvtx_ranges = OnceCell::new();
        }
        Ok(activities)
    }

    /// Calls of the CUDA runtime and driver.
    pub(super) fn api_calls(&self) -> Option<&[ApiCall]> {
        let list = self.api_calls.get_or_init(|| {
            self.keep(collect::api_calls(self.trace), |call| (call.start, call.end), |call| Some(call.thread))
        });
        list.as_deref()
    }

    /// Kernels.
    pub(super) fn kernels(&self) -> Option<&[Kernel]> {
        let list = self.kernels.get_or_init(|| self.keep_work(collect::kernels(self.trace), |kernel| &kernel.place));
        list.as_deref()
    }

    /// Copies.
    pub(super) fn memcpys(&self) -> Option<&[MemoryOp]> {
        self.memcpys.get_or_init(|| self.keep_work(collect::memcpys(self.trace), |op| &op.place)).as_deref()
    }

    /// Fills.
    pub(super) fn memsets(&self) -> Option<&[MemoryOp]> {
        self.memsets.get_or_init(|| self.keep_work(collect::memsets(self.trace), |op| &op.place)).as_deref()
    }

    /// Copies, then fills; each in start order.
    pub(super) fn memory_ops(&self) -> Option<impl Iterator<Item = &MemoryOp>> {
        let (memcpys, memsets) = (self.memcpys(), self.memsets());
        (memcpys.is_some() || memsets.is_some())
            .then(|| memcpys.unwrap_or_default().iter().chain(memsets.unwrap_or_default()))
    }

    /// Ranges.
    pub(super) fn nvtx_ranges(&self) -> Option<&[NvtxRange]> {
        let list = self.nvtx_ranges.get_or_init(|| {
            self.keep(collect::nvtx_ranges(self.trace), |range| (range.start, range.end), |range| range.thread)
        });
        list.as_deref()
    }

    /// Calls of the OS runtime.
    pub(super) fn os_calls(&self) -> Option<&[OsCall]> {
        let list = self.os_calls.get_or_init(|| {
            self.keep(collect::os_calls(self.trace), |call| (call.start, call.end), |call| Some(call.thread))
        });
        list.as_deref()
    }

    /// Calls of an interface that is known by the category of its slices.
    pub(super) fn calls_of(&self, category: &str) -> Option<Vec<OsCall>> {
        let calls = collect::calls_of(self.trace, category);
        self.keep(calls, |call| (call.start, call.end), |call| Some(call.thread))
    }

    /// What the profiler took.
    pub(super) fn overheads(&self) -> &[Overhead] {
        self.overheads.get_or_init(|| {
            let mut list = collect::overheads(self.trace);
            list.retain(|overhead| self.kept.has_time(overhead.start, overhead.end));
            list
        })
    }

    /// Page faults of CPUs.
    pub(super) fn cpu_faults(&self) -> Option<&[PageFault]> {
        self.cpu_faults.get_or_init(|| self.keep_faults(collect::page_faults(self.trace, true))).as_deref()
    }

    /// Page faults of GPUs.
    pub(super) fn gpu_faults(&self) -> Option<&[PageFault]> {
        self.gpu_faults.get_or_init(|| self.keep_faults(collect::page_faults(self.trace, false))).as_deref()
    }

    /// True when the trace tells of unified memory, if only that nothing happened to it.
    pub(super) fn has_unified_memory(&self) -> bool {
        self.cpu_faults().is_some()
            || self.gpu_faults().is_some()
            || self
                .memcpys()
                .unwrap_or_default()
                .iter()
                .any(|op| matches!(op.copy, Some(CopyKind::UnifiedHostToDevice | CopyKind::UnifiedDeviceToHost)))
    }

    /// Length of what is looked at, by the clock.
    pub(super) fn wall_nanos(&self) -> i64 {
        let bounds = self.trace.bounds().map(|bounds| (bounds.start, bounds.end)).unwrap_or_default();
        let shift = collect::shift(self.trace);
        self.kept.clip(bounds.0 + shift, bounds.1 + shift)
    }

    fn keep<T>(
        &self,
        list: Option<Vec<T>>,
        time: impl Fn(&T) -> (i64, i64),
        thread: impl Fn(&T) -> Option<Dense>,
    ) -> Option<Vec<T>> {
        let mut list = list?;
        if self.kept != Kept::default() {
            list.retain(|row| {
                let ((start, end), thread) = (time(row), thread(row));
                let process = thread.map(|thread| self.threads[thread as usize].process);
                self.kept.has_time(start, end) && self.kept.has_thread(thread) && self.kept.has_process(process)
            });
        }
        Some(list)
    }

    fn keep_work<T>(&self, list: Option<Vec<T>>, place: impl Fn(&T) -> &Place) -> Option<Vec<T>> {
        let mut list = list?;
        if self.kept != Kept::default() {
            list.retain(|row| {
                let place = place(row);
                self.kept.has_time(place.start, place.end) && self.kept.has_process(place.process)
            });
        }
        Some(list)
    }

    fn keep_faults(&self, list: Option<Vec<PageFault>>) -> Option<Vec<PageFault>> {
        let mut list = list?;
        list.retain(|fault| self.kept.has_time(fault.start, fault.start) && self.kept.has_process(fault.process));
        Some(list)
    }
}
