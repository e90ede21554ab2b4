//! What a simulated worker says happened: one type for each kind of event, and the trait that takes them.
//!
//! A section of the file wants a few kinds out of a hundred million events, so the events are small copies and a sink's
//! methods do nothing unless it says otherwise: what is not wanted costs nothing.

use super::catalog::{Call, Copy, Frame, Kernel, Op};

/// A GPU stream the worker uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// The model runs here.
    Compute,
    /// Collectives of `torch.distributed`.
    Nccl,
    /// Copies of sampled tokens back to the host.
    CopyOut,
}

impl Stream {
    pub(crate) const ALL: [Self; 3] = [Self::Compute, Self::Nccl, Self::CopyOut];

    /// The number CUPTI gives it.
    pub(crate) fn number(self) -> u64 {
        match self {
            Self::Compute => 7,
            Self::Nccl => 27,
            Self::CopyOut => 31,
        }
    }
}

/// A CPU thread of the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thread {
    Main,
    /// Waits for sampled tokens and sends them to the engine.
    Output,
}

/// What one engine step runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct StepShape {
    pub(crate) context_requests: u64,
    pub(crate) context_tokens: u64,
    pub(crate) generation_requests: u64,
    pub(crate) generation_tokens: u64,
}

impl StepShape {
    pub(crate) fn num_tokens(&self) -> u64 {
        self.context_tokens + self.generation_tokens
    }

    pub(crate) fn num_requests(&self) -> u64 {
        self.context_requests + self.generation_requests
    }
}

/// The name of an operator or annotation.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Label {
    Op(Op),
    Step(StepShape),
    Scope(&'static str),
}

/// An operator or annotation of a CPU thread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operator {
    pub(crate) label: Label,
    pub(crate) external_id: u64,
    pub(crate) start: u64,
    pub(crate) dur: u64,
    pub(crate) tokens: u64,
}

/// A frame of the main thread's Python stack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PythonFrame {
    pub(crate) frame: Frame,
    /// The module's number, for frames of modules.
    pub(crate) module: u64,
    pub(crate) id: u64,
    pub(crate) parent: u64,
    pub(crate) start: u64,
    pub(crate) dur: u64,
}

/// A call into the runtime or driver.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ApiCall {
    pub(crate) call: Call,
    pub(crate) thread: Thread,
    pub(crate) correlation: u64,
    /// 0 outside of any operator.
    pub(crate) external_id: u64,
    pub(crate) start: u64,
    pub(crate) dur: u64,
    /// The call has an arrow to GPU work or to a synchronisation row.
    pub(crate) has_flow: bool,
}

/// Which collective a kernel carries out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Collective {
    pub(crate) name: &'static str,
    pub(crate) in_elements: u64,
    pub(crate) out_elements: u64,
    pub(crate) sequence: u64,
}

/// A node of an executable CUDA graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GraphNode {
    pub(crate) graph: u64,
    pub(crate) node: u64,
}

/// What a piece of GPU work is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum GpuWork {
    Kernel { kernel: Kernel, tokens: u64, graph: Option<GraphNode>, collective: Option<Collective> },
    Copy { copy: Copy, bytes: u64 },
}

/// A piece of GPU work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GpuOp {
    pub(crate) work: GpuWork,
    pub(crate) stream: Stream,
    pub(crate) correlation: u64,
    /// 0 when the launching operator is not known.
    pub(crate) external_id: u64,
    pub(crate) start: u64,
    pub(crate) dur: u64,
    /// The launching call is in the trace, and started then.
    pub(crate) call_start: Option<u64>,
}

/// What a synchronisation row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SyncKind {
    Event { event: u64, record_correlation: u64 },
    StreamWait { stream: Stream, source: Stream, event: u64, record_correlation: u64 },
    Stream(Stream),
    Context,
}

/// A synchronisation row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sync {
    pub(crate) kind: SyncKind,
    pub(crate) correlation: u64,
    pub(crate) external_id: u64,
    pub(crate) start: u64,
    pub(crate) dur: u64,
}

/// The GPU side of an event record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventRecord {
    pub(crate) event: u64,
    pub(crate) stream: Stream,
    pub(crate) correlation: u64,
    pub(crate) external_id: u64,
    pub(crate) ts: u64,
}

/// An allocation (`bytes` > 0) or a free.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MemoryChange {
    pub(crate) ts: u64,
    pub(crate) address: u64,
    pub(crate) bytes: i64,
    pub(crate) total_allocated: u64,
}

/// An annotation's reach on one stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GpuAnnotation {
    pub(crate) label: Label,
    pub(crate) external_id: u64,
    pub(crate) stream: Stream,
    pub(crate) start: u64,
    pub(crate) dur: u64,
}

/// Takes the events of a simulation; each method ignores its kind unless the sink says otherwise.
pub(crate) trait Sink {
    /// Operators and frames are kept until their step is over; a sink that ignores them saves that.
    const TAKES_OPERATORS: bool = false;
    const TAKES_FRAMES: bool = false;

    /// Asked after each step: is there to be another?
    fn wants_another_step(&mut self, num_steps: u64) -> bool;
    /// A step is over; no GPU work that is still to come starts before `watermark`.
    fn end_step(&mut self, _shape: StepShape, _watermark: u64) {}
    fn operator(&mut self, _thread: Thread, _operator: &Operator) {}
    fn python_frame(&mut self, _frame: &PythonFrame) {}
    fn api_call(&mut self, _call: &ApiCall) {}
    fn gpu_op(&mut self, _op: &GpuOp) {}
    fn sync(&mut self, _sync: &Sync) {}
    fn event_record(&mut self, _record: &EventRecord) {}
    fn memory_change(&mut self, _change: &MemoryChange) {}
    fn gpu_annotation(&mut self, _annotation: &GpuAnnotation) {}
    fn overhead(&mut self, _name: &'static str, _start: u64, _dur: u64) {}
    fn counter(&mut self, _counter: usize, _ts: u64, _tenths: u64) {}
}
