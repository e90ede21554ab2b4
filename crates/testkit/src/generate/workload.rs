//! The simulated worker: what happens when, told to a [`Sink`] event by event.
//!
//! A file is written section by section (all operators, then all Python frames, then all GPU work …) while memory must
//! not grow with the trace, so nothing is collected: the same simulation runs once for each section and the section's
//! sink picks what it wants. All a run keeps is one engine step's open operators and frames.
//!
//! The ranks of an engine are simulated apart, in different files, and still agree on the end of every collective. To
//! that end a time here is a pair, [`Moment`]: when it happens on this rank, and the latest it can happen on any rank.
//! The latter is drawn from numbers all ranks share, the former is made from it by a bounded reduction of this rank's
//! own, so a rank is never later than the bound, and a collective ends on every rank at the bound.

use super::catalog::{Call, Copy, Frame, Kernel, KernelKind, OVERHEADS, Op};
use super::options::GenerateOptions;
use crate::random::Random;

/// A point in time, in nanoseconds after the session's time base.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Moment {
    /// On this rank.
    pub(crate) at: u64,
    /// On the slowest rank there could be; the same number on every rank.
    bound: u64,
}

impl Moment {
    fn later_of(self, other: Self) -> Self {
        Self { at: self.at.max(other.at), bound: self.bound.max(other.bound) }
    }

    fn plus(self, nanos: u64) -> Self {
        Self { at: self.at + nanos, bound: self.bound + nanos }
    }

    fn then(self, span: Self) -> Self {
        Self { at: self.at + span.at, bound: self.bound + span.bound }
    }
}

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
    fn num_tokens(&self) -> u64 {
        self.context_tokens + self.generation_tokens
    }

    fn num_requests(&self) -> u64 {
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

/// The session's start after the time base; the base is a quarter's begin, sessions start weeks after it.
pub(crate) const SESSION_START: u64 = 4_633_453_097_762_107;
/// From a step's planned start on, ranks are at most so much early.
const STEP_JITTER: u64 = 20_000;
/// From the end of a launching call to the kernel's start on an idle stream.
const LAUNCH_LATENCY: u64 = 2_300;
/// Between kernels that were queued behind one another.
const STREAM_GAP: u64 = 850;
/// Between kernels of a graph.
const GRAPH_GAP: u64 = 620;
/// How far a kernel may reach into its predecessor.
const MAX_EARLY_START: u64 = 480;
/// CUPTI's clock on Hopper ticks in steps of 32 ns; nothing is shorter than a few of them.
const GPU_TICK: u64 = 32;
const SHORTEST_GPU_WORK: u64 = 24 * GPU_TICK;
/// How many counter samples a second: PM sampling's default of 1 kHz.
const COUNTER_PERIOD: u64 = 1_000_000;
/// Hidden size and vocabulary of the model, in elements.
const HIDDEN_SIZE: u64 = 8192;
const VOCABULARY: u64 = 128_256;
/// vLLM captures graphs for batches up to this many tokens.
const LARGEST_GRAPH: u64 = 512;
const MAX_RUNNING: u64 = 64;

/// First start and last end on each stream of the GPU work under an annotation.
type Reach = [Option<(u64, u64)>; Stream::ALL.len()];

/// The state of a simulation.
pub(crate) struct Workload<'a, S> {
    sink: &'a mut S,
    num_layers: u64,
    world_size: u64,
    with_stack: bool,
    with_memory: bool,
    with_scopes: bool,
    shared: Random,
    local: Random,
    host: Moment,
    output: Moment,
    streams: [Moment; Stream::ALL.len()],
    /// Start of the last work on each stream, so that an early start never overtakes it.
    last_starts: [u64; Stream::ALL.len()],
    /// End of the compute stream's work, one and two steps ago.
    step_ends: [Moment; 2],
    correlation: u64,
    external_id: u64,
    event_id: u64,
    collective_sequence: u64,
    running: u64,
    num_steps: u64,
    next_counter: u64,
    operators: Vec<Operator>,
    output_operators: Vec<Operator>,
    open_operators: Vec<u64>,
    open_annotations: Vec<Reach>,
    frames: Vec<PythonFrame>,
    open_frames: Vec<u64>,
    frame_id: u64,
    modules: ModuleNumbers,
    allocations: Vec<(u64, u64)>,
    total_allocated: u64,
    next_address: u64,
}

/// Numbers of the modules entered so far in a forward pass.
#[derive(Debug, Default)]
struct ModuleNumbers {
    norm: u64,
    row_linear: u64,
}

impl<'a, S: Sink> Workload<'a, S> {
    /// Runs a session and returns its end.
    pub(crate) fn run(options: &GenerateOptions, first_frame_id: u64, sink: &'a mut S) -> u64 {
        let engine = options.rank / options.tensor_parallel_size();
        let start = Moment { at: SESSION_START, bound: SESSION_START };
        let mut local = Random::from_seed_and_stream(options.seed, 1_000 + options.rank);
        let correlation = 40_000 + local.below(900_000);
        let mut workload = Self {
            sink,
            num_layers: options.num_layers,
            world_size: options.tensor_parallel_size(),
            with_stack: options.with_stack,
            with_memory: options.with_memory,
            with_scopes: options.with_scopes,
            shared: Random::from_seed_and_stream(options.seed, engine),
            local,
            host: start.plus(350_000),
            output: start.plus(350_000),
            streams: [start; Stream::ALL.len()],
            last_starts: [0; Stream::ALL.len()],
            step_ends: [start; 2],
            correlation,
            external_id: 0,
            event_id: 100,
            collective_sequence: 5_000,
            running: 0,
            num_steps: 0,
            next_counter: SESSION_START + COUNTER_PERIOD,
            operators: Vec::new(),
            output_operators: Vec::new(),
            open_operators: Vec::new(),
            open_annotations: Vec::new(),
            frames: Vec::new(),
            open_frames: vec![first_frame_id - 1],
            frame_id: first_frame_id,
            modules: ModuleNumbers::default(),
            allocations: Vec::new(),
            total_allocated: 61_203_283_968,
            next_address: 0x7f30_0000_0000,
        };
        workload.session()
    }

    fn session(&mut self) -> u64 {
        self.work_from_before();
        loop {
            let shape = self.schedule();
            self.step(shape);
            if !self.sink.wants_another_step(self.num_steps) {
                break;
            }
        }
        // The engine's last broadcast finds nothing to do.
        self.step(StepShape::default());
        self.stop_profiler()
    }

    /// Kernels whose launches lie before the recording.
    fn work_from_before(&mut self) {
        let mut correlation = self.correlation - 2_000;
        self.streams[Stream::Compute as usize] = self.host.plus(0);
        for index in 0..29 {
            let kernel = [Kernel::Softmax, Kernel::ArgMax, Kernel::DirectCopy][index % 3];
            correlation += 11;
            let span = self.draw(kernel.kind().mean_nanos(16));
            let (start, dur) = self.occupy(Stream::Compute, Moment::default(), STREAM_GAP, 0, span);
            let work = GpuWork::Kernel { kernel, tokens: 16, graph: None, collective: None };
            self.sink.gpu_op(&GpuOp {
                work,
                stream: Stream::Compute,
                correlation,
                external_id: 0,
                start,
                dur,
                call_start: None,
            });
        }
    }

    /// Decides what the next step runs, as a continuous-batching scheduler under a steady load would.
    fn schedule(&mut self) -> StepShape {
        let generation_requests = self.running;
        let steps_between_arrivals = if self.running < MAX_RUNNING / 8 { 5 } else { 12 };
        let admits =
            self.running == 0 || (self.running < MAX_RUNNING - 4 && self.shared.below(steps_between_arrivals) == 0);
        let (mut context_requests, mut context_tokens) = (0, 0);
        if admits {
            context_requests = 1 + self.shared.below(4);
            for _ in 0..context_requests {
                // Half the prompts are short, so that some mixed steps still fit a captured graph.
                let longest = if self.shared.below(2) == 0 { 160 } else { 1_400 };
                context_tokens += 24 + self.shared.below(longest);
            }
        }
        self.running += context_requests;
        if self.shared.below(48) == 0 {
            // A burst of requests is over; the next one finds the engine empty.
            self.running = 0;
        } else if self.shared.below(96) < generation_requests {
            self.running -= 1;
        }
        StepShape { context_requests, context_tokens, generation_requests, generation_tokens: generation_requests }
    }

    fn step(&mut self, shape: StepShape) {
        self.wait_for_turn();
        if self.num_steps.is_multiple_of(6) {
            let (name, mean) = OVERHEADS[(self.num_steps / 6) as usize % OVERHEADS.len()];
            let dur = self.draw(mean).at;
            self.sink.overhead(name, self.host.at, dur);
        }
        self.framed(Frame::ExecuteRpc, |worker| {
            worker.framed(Frame::WorkerExecute, |worker| {
                worker.annotated(Label::Step(shape), |worker| {
                    worker.framed(Frame::RunnerExecute, |worker| worker.execute_model(shape));
                });
            });
        });
        if shape.num_tokens() > 0 {
            self.framed(Frame::ExecuteRpc, |worker| {
                worker.framed(Frame::Sample, |worker| worker.sample_tokens(shape));
            });
        }
        self.finish_step(shape);
    }

    /// The engine broadcasts the next step when the scheduler is ready and at most one step is still on the GPU.
    fn wait_for_turn(&mut self) {
        let mut pause = 70_000 + self.shared.below(60_000);
        if self.shared.below(14) == 0 {
            // Detokenisation, garbage collection, a slow client: the host is late and the GPU runs dry.
            pause += 900_000 + self.shared.below(5_000_000);
        }
        let planned = self.host.later_of(self.step_ends[0]).bound + pause + STEP_JITTER;
        self.host = Moment { at: planned - self.local.below(STEP_JITTER), bound: planned };
    }

    fn finish_step(&mut self, shape: StepShape) {
        self.num_steps += 1;
        self.step_ends = [self.step_ends[1], self.streams[Stream::Compute as usize]];
        self.modules = ModuleNumbers::default();
        self.free_memory(0);
        for operator in self.operators.drain(..) {
            self.sink.operator(Thread::Main, &operator);
        }
        for operator in self.output_operators.drain(..) {
            self.sink.operator(Thread::Output, &operator);
        }
        for frame in self.frames.drain(..) {
            self.sink.python_frame(&frame);
        }
        let frontier = self.streams[Stream::Compute as usize].at;
        while self.next_counter < frontier {
            for counter in 0..super::catalog::COUNTERS.len() {
                let tenths = super::catalog::COUNTERS[counter].1 * 10 - 100 + self.local.below(200);
                self.sink.counter(counter, self.next_counter, tenths);
            }
            self.next_counter += COUNTER_PERIOD;
        }
        self.sink.end_step(shape, self.host.at);
    }

    fn stop_profiler(&mut self) -> u64 {
        let last = self.streams.iter().fold(self.host, |latest, &stream| latest.later_of(stream));
        let call = self.draw(Call::DeviceSynchronize.kind().mean_nanos);
        let start = self.host.plus(40_000);
        let end = start.later_of(last).then(call);
        let correlation = self.next_correlation();
        self.host = end;
        let dur = end.at - start.at;
        self.sink.sync(&Sync {
            kind: SyncKind::Context,
            correlation,
            external_id: 0,
            start: start.at + 700,
            dur: dur.saturating_sub(1_100).max(1),
        });
        self.sink.api_call(&ApiCall {
            call: Call::DeviceSynchronize,
            thread: Thread::Main,
            correlation,
            external_id: 0,
            start: start.at,
            dur,
            has_flow: true,
        });
        end.at.max(self.output.at) + 180_000
    }

    // ---- What a step does --------------------------------------------------------------------------------------

    fn execute_model(&mut self, shape: StepShape) {
        let tokens = shape.num_tokens();
        if tokens == 0 {
            self.pass(210_000);
            return;
        }
        self.scoped("gpu_model_runner: preprocess", |worker| {
            worker.framed(Frame::PrepareInputs, |worker| worker.prepare_inputs(shape));
        });
        self.scoped("gpu_model_runner: forward", |worker| {
            if shape.context_requests == 0 {
                worker.framed(Frame::GraphWrapperCall, |worker| {
                    worker.framed(Frame::GraphReplay, |worker| {
                        worker.framed(Frame::BuiltinReplay, |worker| worker.replay_full_graph(shape));
                    });
                });
            } else {
                let is_piecewise = tokens <= LARGEST_GRAPH;
                worker.framed_module(Frame::ModelModule, 0, |worker| {
                    worker.framed(Frame::CallImpl, |worker| {
                        worker.framed(Frame::ModelForward, |worker| {
                            if is_piecewise {
                                worker.forward_piecewise(shape);
                            } else {
                                worker.forward_eager(shape);
                            }
                        });
                    });
                });
            }
        });
        self.scoped("gpu_model_runner: postprocess", |worker| {
            worker.op(Op::IndexSelect, shape.num_requests(), |worker| {
                worker.allocate(shape.num_requests() * HIDDEN_SIZE * 2);
                worker.launch(Kernel::GatherRows, shape.num_requests());
            });
        });
    }

    fn prepare_inputs(&mut self, shape: StepShape) {
        let tokens = shape.num_tokens();
        // Token ids, positions, sequence lengths, query starts, block tables.
        for bytes in [4 * tokens, 8 * tokens, 4 * shape.num_requests(), 4 * shape.num_requests() + 4, 2_048] {
            self.framed(Frame::CopyToGpu, |worker| {
                for _ in 0..2 {
                    worker.framed(Frame::BuiltinGetItem, |worker| {
                        worker.op(Op::Slice, tokens, |worker| worker.op(Op::AsStrided, tokens, |_| {}));
                    });
                }
                worker.framed(Frame::BuiltinCopy, |worker| {
                    worker.op(Op::Copy, tokens, |worker| worker.copy(Copy::PinnedToDevice, bytes, Stream::Compute));
                });
            });
        }
        self.op(Op::SlotMapping, tokens, |worker| worker.launch(Kernel::SlotMapping, tokens));
        self.op(Op::Sub, shape.num_requests(), |worker| worker.launch(Kernel::AddScalar, shape.num_requests()));
        self.framed(Frame::BuildMetadata, |worker| {
            worker.op(Op::To, tokens, |worker| {
                worker.op(Op::ToCopy, tokens, |worker| {
                    worker.op(Op::EmptyStrided, tokens, |worker| worker.allocate(4 * tokens));
                    worker.op(Op::Copy, tokens, |worker| worker.launch(Kernel::DirectCopy, tokens));
                });
            });
            if shape.context_requests > 0 {
                worker.op(Op::Copy, tokens, |worker| {
                    worker.copy(Copy::PageableToDevice, 16 * shape.num_requests(), Stream::Compute);
                    worker.synchronize_stream(Stream::Compute);
                });
                worker.op(Op::Zero, tokens, |worker| {
                    worker.op(Op::Fill, tokens, |worker| worker.copy(Copy::Set, 4 * tokens, Stream::Compute));
                });
            }
            worker.op(Op::Select, tokens, |worker| worker.op(Op::AsStrided, tokens, |_| {}));
        });
    }

    fn replay_full_graph(&mut self, shape: StepShape) {
        let padded = padded_batch(shape.num_tokens());
        let mut replay = self.begin_graph(padded, 40 * self.num_layers);
        self.replay_kernel(&mut replay, Kernel::Embedding, padded);
        self.replay_kernel(&mut replay, Kernel::AttentionPlan, padded);
        for _ in 0..self.num_layers {
            self.replay_layer_before_attention(&mut replay, padded);
            self.replay_kernel(&mut replay, Kernel::AttentionDecode, padded);
            self.replay_kernel(&mut replay, Kernel::AttentionCombine, padded);
            self.replay_layer_after_attention(&mut replay, padded);
        }
        self.replay_kernel(&mut replay, Kernel::CompiledAddNorm, padded);
        self.end_graph(&replay);
    }

    fn replay_layer_before_attention(&mut self, replay: &mut Replay, tokens: u64) {
        self.replay_kernel(replay, Kernel::CompiledAddNorm, tokens);
        self.replay_kernel(replay, Kernel::QkvGemmSmall, tokens);
        self.replay_kernel(replay, Kernel::SplitKReduce, tokens);
        self.replay_kernel(replay, Kernel::CompiledRotary, tokens);
        self.replay_kernel(replay, Kernel::CacheWrite, tokens);
    }

    fn replay_layer_after_attention(&mut self, replay: &mut Replay, tokens: u64) {
        self.replay_kernel(replay, Kernel::OutputGemmSmall, tokens);
        if self.world_size > 1 {
            self.replay_kernel(replay, Kernel::CustomAllReduce, tokens);
        }
        self.replay_kernel(replay, Kernel::CompiledAddNorm, tokens);
        self.replay_kernel(replay, Kernel::GateUpGemm, tokens);
        self.replay_kernel(replay, Kernel::CompiledSiluQuantize, tokens);
        self.replay_kernel(replay, Kernel::DownGemm, tokens);
        if self.world_size > 1 {
            self.replay_kernel(replay, Kernel::CustomAllReduce, tokens);
        }
    }

    /// Graphs between the attention operators, which run eagerly.
    fn forward_piecewise(&mut self, shape: StepShape) {
        let padded = padded_batch(shape.num_tokens());
        for layer in 0..self.num_layers {
            let mut replay = self.begin_graph(1_000 + layer, 600);
            if layer == 0 {
                self.replay_kernel(&mut replay, Kernel::Embedding, padded);
            } else {
                self.replay_layer_after_attention(&mut replay, padded);
            }
            self.replay_layer_before_attention(&mut replay, padded);
            self.end_graph(&replay);
            self.framed(Frame::OpsCall, |worker| {
                worker.op(Op::Attention, shape.num_tokens(), |worker| worker.flash_attention(shape.num_tokens()));
            });
        }
        let mut replay = self.begin_graph(1_000 + self.num_layers, 600);
        self.replay_layer_after_attention(&mut replay, padded);
        self.replay_kernel(&mut replay, Kernel::CompiledAddNorm, padded);
        self.end_graph(&replay);
    }

    fn forward_eager(&mut self, shape: StepShape) {
        let tokens = shape.num_tokens();
        self.op(Op::Embedding, tokens, |worker| {
            worker.op(Op::IndexSelect, tokens, |worker| {
                worker.op(Op::Empty, tokens, |worker| worker.allocate(tokens * HIDDEN_SIZE * 2));
                worker.launch(Kernel::Embedding, tokens);
            });
        });
        self.all_reduce(tokens);
        for layer in 0..self.num_layers {
            self.free_memory(24);
            self.framed_module(Frame::LayerModule, layer, |worker| {
                worker.framed(Frame::CallImpl, |worker| {
                    worker.framed(Frame::LayerForward, |worker| worker.layer(layer, tokens));
                });
            });
        }
        self.norm(Op::FusedAddRmsNorm, Kernel::FusedAddRmsNorm, tokens);
    }

    fn layer(&mut self, layer: u64, tokens: u64) {
        self.framed(Frame::GetAttr, |_| {});
        if layer == 0 {
            self.norm(Op::RmsNorm, Kernel::RmsNorm, tokens);
        } else {
            self.norm(Op::FusedAddRmsNorm, Kernel::FusedAddRmsNorm, tokens);
        }
        self.framed(Frame::GetAttr, |_| {});
        self.framed_module(Frame::AttentionModule, layer, |worker| {
            worker.framed(Frame::CallImpl, |worker| {
                worker.framed(Frame::AttentionForward, |worker| worker.attention_block(layer, tokens));
            });
        });
        self.norm(Op::FusedAddRmsNorm, Kernel::FusedAddRmsNorm, tokens);
        self.framed(Frame::GetAttr, |_| {});
        self.framed_module(Frame::MlpModule, layer, |worker| {
            worker.framed(Frame::CallImpl, |worker| {
                worker.framed(Frame::MlpForward, |worker| worker.mlp_block(layer, tokens));
            });
        });
    }

    fn norm(&mut self, op: Op, kernel: Kernel, tokens: u64) {
        let number = self.modules.norm;
        self.modules.norm += 1;
        self.framed_module(Frame::NormModule, number, |worker| {
            worker.framed(Frame::CallImpl, |worker| {
                worker.framed(Frame::CustomOpForward, |worker| {
                    worker.framed(Frame::NormForward, |worker| {
                        worker.framed(Frame::OpsCall, |worker| {
                            worker.op(op, tokens, |worker| worker.launch(kernel, tokens));
                        });
                    });
                });
            });
        });
    }

    fn attention_block(&mut self, layer: u64, tokens: u64) {
        self.framed_module(Frame::ColumnLinear, layer, |worker| worker.linear(Kernel::QkvGemm, tokens));
        self.framed_module(Frame::RotaryModule, 0, |worker| {
            worker.framed(Frame::OpsCall, |worker| {
                worker.op(Op::Rotary, tokens, |worker| worker.launch(Kernel::Rotary, tokens));
            });
        });
        self.framed_module(Frame::AttentionLayerModule, layer, |worker| {
            worker.op(Op::View, tokens, |_| {});
            worker.framed(Frame::OpsCall, |worker| {
                worker.op(Op::KvCacheUpdate, tokens, |worker| {
                    worker.op(Op::CacheWrite, tokens, |worker| worker.launch(Kernel::CacheWrite, tokens));
                });
            });
            worker.framed(Frame::OpsCall, |worker| {
                worker.op(Op::Attention, tokens, |worker| {
                    worker.framed(Frame::FlashForward, |worker| {
                        worker.framed(Frame::FlashVarlen, |worker| worker.flash_attention(tokens));
                    });
                });
            });
        });
        let number = self.modules.row_linear;
        self.modules.row_linear += 1;
        self.framed_module(Frame::RowLinear, number, |worker| {
            worker.linear(Kernel::OutputGemm, tokens);
            worker.all_reduce(tokens);
        });
    }

    fn flash_attention(&mut self, tokens: u64) {
        self.op(Op::FlashForward, tokens, |worker| {
            worker.op(Op::Empty, tokens, |worker| worker.allocate(tokens * 1_024 * 2));
            worker.op(Op::Empty, tokens, |worker| worker.allocate(tokens * 8 * 4));
            worker.call_without_work(Call::DeviceGetAttribute);
            worker.launch(Kernel::AttentionPlan, tokens);
            worker.call_without_work(Call::FuncSetAttribute);
            worker.launch(Kernel::AttentionPrefill, tokens);
        });
    }

    fn mlp_block(&mut self, layer: u64, tokens: u64) {
        self.framed_module(Frame::ColumnLinear, layer, |worker| worker.fp8_linear(Kernel::GateUpGemm, tokens));
        self.framed_module(Frame::SiluModule, layer, |worker| {
            worker.framed(Frame::OpsCall, |worker| {
                worker.op(Op::SiluAndMul, tokens, |worker| worker.launch(Kernel::SiluAndMul, tokens));
            });
        });
        let number = self.modules.row_linear;
        self.modules.row_linear += 1;
        self.framed_module(Frame::RowLinear, number, |worker| {
            worker.fp8_linear(Kernel::DownGemm, tokens);
            worker.all_reduce(tokens);
        });
    }

    fn linear(&mut self, gemm: Kernel, tokens: u64) {
        self.framed(Frame::LinearForward, |worker| {
            worker.framed(Frame::LinearApply, |worker| {
                worker.framed(Frame::BuiltinLinear, |worker| worker.linear_op(gemm, tokens));
            });
        });
    }

    fn linear_op(&mut self, gemm: Kernel, tokens: u64) {
        self.op(Op::Linear, tokens, |worker| {
            worker.op(Op::Transpose, tokens, |worker| {
                worker.op(Op::TransposeDims, tokens, |worker| worker.op(Op::AsStrided, tokens, |_| {}));
            });
            worker.op(Op::MatMul, tokens, |worker| {
                worker.op(Op::Mm, tokens, |worker| {
                    worker.allocate(tokens * 1_280 * 2);
                    worker.launch(gemm, tokens);
                });
            });
        });
    }

    fn fp8_linear(&mut self, gemm: Kernel, tokens: u64) {
        self.framed(Frame::LinearForward, |worker| {
            worker.framed(Frame::Fp8Apply, |worker| {
                worker.op(Op::Empty, tokens, |worker| worker.allocate(tokens * HIDDEN_SIZE));
                worker.op(Op::Quantize, tokens, |worker| worker.launch(Kernel::Quantize, tokens));
                worker.op(Op::Empty, tokens, |worker| worker.allocate(tokens * 7_168 * 2));
                worker.op(Op::ScaledMm, tokens, |worker| worker.launch(gemm, tokens));
            });
        });
    }

    fn all_reduce(&mut self, tokens: u64) {
        if self.world_size == 1 {
            return;
        }
        let elements = tokens * HIDDEN_SIZE;
        self.framed(Frame::AllReduceCall, |worker| {
            worker.framed(Frame::GroupAllReduce, |worker| {
                worker.op(Op::AllReduce, tokens, |worker| {
                    worker.op(Op::DistributedAllReduce, tokens, |worker| {
                        worker.op(Op::RecordParamComms, tokens, |worker| {
                            let reduced = Collective {
                                name: "allreduce",
                                in_elements: elements,
                                out_elements: elements,
                                sequence: worker.next_sequence(),
                            };
                            worker.collective(Kernel::NcclAllReduce, tokens, reduced, |_| {});
                        });
                    });
                });
            });
        });
    }

    fn sample_tokens(&mut self, shape: StepShape) {
        let requests = shape.num_requests();
        self.scoped("gpu_model_runner: sample", |worker| {
            worker.framed(Frame::ComputeLogits, |worker| {
                worker.linear_op(Kernel::LogitsGemm, requests);
                worker.gather_logits(requests);
            });
            worker.framed_module(Frame::SamplerModule, 0, |worker| {
                worker.framed(Frame::SamplerForward, |worker| worker.sampler(requests));
            });
        });
        self.scoped("gpu_model_runner: bookkeep", |worker| {
            worker.framed(Frame::Bookkeep, |worker| worker.hand_over(shape));
        });
        self.framed(Frame::EnqueueOutput, |_| {});
    }

    fn gather_logits(&mut self, requests: u64) {
        if self.world_size == 1 {
            return;
        }
        let out_elements = requests * VOCABULARY;
        let in_elements = out_elements / self.world_size;
        self.op(Op::AllGather, requests, |worker| {
            worker.op(Op::Empty, requests, |worker| worker.allocate(out_elements * 2));
            worker.op(Op::DistributedAllGather, requests, |worker| {
                worker.call_without_work(Call::StreamIsCapturing);
                worker.op(Op::RecordParamComms, requests, |worker| {
                    worker.annotated(Label::Scope("nccl:_all_gather_base"), |worker| {
                        let gathered = Collective {
                            name: "_allgather_base",
                            in_elements,
                            out_elements,
                            sequence: worker.next_sequence(),
                        };
                        // The sampler's noise does not need the logits and is made meanwhile.
                        worker.collective(Kernel::NcclAllGather, requests, gathered, |worker| {
                            worker.op(Op::Exponential, requests, |worker| worker.launch(Kernel::Exponential, requests));
                        });
                    });
                });
            });
        });
    }

    fn sampler(&mut self, requests: u64) {
        self.op(Op::To, requests, |worker| {
            worker.op(Op::ToCopy, requests, |worker| {
                worker.op(Op::EmptyStrided, requests, |worker| worker.allocate(requests * VOCABULARY * 4));
                worker.op(Op::Copy, requests, |worker| worker.launch(Kernel::LogitsCast, requests));
            });
        });
        self.op(Op::TopP, requests, |worker| worker.launch(Kernel::TopP, requests));
        self.op(Op::Softmax, requests, |worker| {
            worker.op(Op::SoftmaxForward, requests, |worker| worker.launch(Kernel::Softmax, requests));
        });
        if self.world_size == 1 {
            self.op(Op::Exponential, requests, |worker| worker.launch(Kernel::Exponential, requests));
        }
        self.op(Op::ArgMax, requests, |worker| worker.launch(Kernel::ArgMax, requests));
        self.op(Op::Copy, requests, |worker| worker.copy(Copy::DeviceToDevice, 8 * requests, Stream::Compute));
    }

    /// Sends the sampled tokens to the host on a stream and a thread of their own.
    fn hand_over(&mut self, shape: StepShape) {
        let requests = shape.num_requests();
        if shape.context_requests > 0 {
            // Some first tokens are looked at at once: logprobs, structured output.
            self.op(Op::Item, 1, |worker| {
                worker.op(Op::LocalScalarDense, 1, |worker| {
                    worker.copy(Copy::DeviceToPinned, 8, Stream::Compute);
                    worker.synchronize_stream(Stream::Compute);
                });
            });
        }
        let (event, record_correlation, recorded) = self.record_event(Stream::Compute);
        self.make_stream_wait(Stream::CopyOut, Stream::Compute, event, record_correlation, recorded);
        self.op(Op::To, requests, |worker| {
            worker.op(Op::ToCopy, requests, |worker| {
                worker.op(Op::Copy, requests, |worker| {
                    worker.copy(Copy::DeviceToPinned, 8 * requests, Stream::CopyOut);
                });
            });
        });
        let (event, record_correlation, copied) = self.record_event(Stream::CopyOut);
        self.await_output(requests, event, record_correlation, copied);
    }

    /// The output thread blocks until the copy is there.
    fn await_output(&mut self, requests: u64, event: u64, record_correlation: u64, copied: Moment) {
        let start = self.output.later_of(self.host).plus(9_000);
        let woken = self.draw(6_000);
        let end = start.later_of(copied).then(woken);
        let correlation = self.next_correlation();
        self.external_id += 1;
        let (external_id, parent_start) = (self.external_id, start.at - 3_000);
        self.sink.sync(&Sync {
            kind: SyncKind::Event { event, record_correlation },
            correlation,
            external_id,
            start: start.at + 400,
            dur: (end.at - start.at).saturating_sub(900).max(1),
        });
        self.sink.api_call(&ApiCall {
            call: Call::EventSynchronize,
            thread: Thread::Output,
            correlation,
            external_id,
            start: start.at,
            dur: end.at - start.at,
            has_flow: true,
        });
        let item = self.draw(2_700);
        self.output = end.then(item).plus(25_000);
        if S::TAKES_OPERATORS {
            self.output_operators.push(Operator {
                label: Label::Op(Op::Item),
                external_id,
                start: parent_start,
                dur: end.at + item.at - parent_start,
                tokens: requests,
            });
        }
    }

    // ---- What the host does ------------------------------------------------------------------------------------

    /// A span of about `mean` nanoseconds: mostly within a quarter of it, rarely several times as long.
    #[inline]
    fn draw(&mut self, mean: u64) -> Moment {
        let bits = self.shared.next();
        let mut bound = mean * (218 + (bits & 127)) / 256;
        if (bits >> 8) & 511 == 0 {
            bound += bound * (1 + ((bits >> 20) & 3));
        }
        let at = bound - bound * (self.local.next() & 15) / 256;
        Moment { at: at.max(1), bound: bound.max(1) }
    }

    /// Lets the main thread work for about `mean` nanoseconds.
    #[inline]
    fn pass(&mut self, mean: u64) {
        let span = self.draw(mean);
        self.host = self.host.then(span);
    }

    #[inline]
    fn op(&mut self, op: Op, tokens: u64, body: impl FnOnce(&mut Self)) {
        let kind = op.kind();
        let index = self.open_operator(Label::Op(op), tokens);
        self.pass(kind.before_nanos);
        body(self);
        self.pass(kind.after_nanos);
        self.close_operator(index);
    }

    fn open_operator(&mut self, label: Label, tokens: u64) -> usize {
        self.pass(700);
        self.external_id += 1;
        self.open_operators.push(self.external_id);
        if S::TAKES_OPERATORS {
            self.operators.push(Operator { label, external_id: self.external_id, start: self.host.at, dur: 0, tokens });
        }
        self.operators.len()
    }

    fn close_operator(&mut self, index: usize) {
        self.open_operators.pop();
        if S::TAKES_OPERATORS {
            let operator = &mut self.operators[index - 1];
            operator.dur = self.host.at - operator.start;
        }
    }

    /// A scope of vLLM's, which are recorded only on request.
    fn scoped(&mut self, name: &'static str, body: impl FnOnce(&mut Self)) {
        if self.with_scopes {
            self.annotated(Label::Scope(name), body);
        } else {
            body(self);
        }
    }

    /// An annotation. With stacks it opens inside the frame that enters it and closes inside the one that leaves it.
    fn annotated(&mut self, label: Label, body: impl FnOnce(&mut Self)) {
        let entering = self.open_frame(Frame::RecordEnter, 0);
        let index = self.open_operator(label, 0);
        let external_id = self.external_id;
        self.open_annotations.push([None; Stream::ALL.len()]);
        self.pass(900);
        self.close_frame(entering);
        body(self);
        let leaving = self.open_frame(Frame::RecordExit, 0);
        self.pass(1_300);
        self.close_operator(index);
        self.pass(4_000);
        self.close_frame(leaving);
        if let Some(reach) = self.open_annotations.pop() {
            for (stream, reached) in Stream::ALL.into_iter().zip(reach) {
                if let Some((start, end)) = reached {
                    // Kineto widens the GPU side so that the work nests inside after rounding.
                    let (start, dur) = (start - 1, end - start + 2);
                    self.sink.gpu_annotation(&GpuAnnotation { label, external_id, stream, start, dur });
                }
            }
        }
    }

    #[inline]
    fn framed(&mut self, frame: Frame, body: impl FnOnce(&mut Self)) {
        self.framed_module(frame, 0, body);
    }

    #[inline]
    fn framed_module(&mut self, frame: Frame, module: u64, body: impl FnOnce(&mut Self)) {
        let index = self.open_frame(frame, module);
        body(self);
        self.close_frame(index);
    }

    fn open_frame(&mut self, frame: Frame, module: u64) -> usize {
        if !self.with_stack {
            return 0;
        }
        self.pass(600);
        let (id, parent) = (self.frame_id, self.open_frames.last().copied().unwrap_or(0));
        self.frame_id += 1;
        self.open_frames.push(id);
        if S::TAKES_FRAMES {
            self.frames.push(PythonFrame { frame, module, id, parent, start: self.host.at, dur: 0 });
        }
        self.frames.len()
    }

    fn close_frame(&mut self, index: usize) {
        if !self.with_stack {
            return;
        }
        self.pass(400);
        self.open_frames.pop();
        if S::TAKES_FRAMES {
            let frame = &mut self.frames[index - 1];
            frame.dur = self.host.at - frame.start;
        }
    }

    fn allocate(&mut self, bytes: u64) {
        if !self.with_memory {
            return;
        }
        // The caching allocator hands out multiples of 512 bytes.
        let bytes = bytes.next_multiple_of(512);
        let address = self.next_address;
        self.next_address = 0x7f30_0000_0000 + (address + bytes) % 0x4_0000_0000;
        self.allocations.push((address, bytes));
        self.total_allocated += bytes;
        self.report_memory(address, bytes as i64);
    }

    /// Frees the oldest allocations down to `keep`.
    fn free_memory(&mut self, keep: usize) {
        let num_freed = self.allocations.len().saturating_sub(keep);
        for index in 0..num_freed {
            let (address, bytes) = self.allocations[index];
            self.pass(250);
            self.total_allocated -= bytes;
            self.report_memory(address, -(bytes as i64));
        }
        self.allocations.drain(..num_freed);
    }

    fn report_memory(&mut self, address: u64, bytes: i64) {
        let change = MemoryChange { ts: self.host.at, address, bytes, total_allocated: self.total_allocated };
        self.sink.memory_change(&change);
    }

    // ---- What the host asks of the GPU -------------------------------------------------------------------------

    fn next_correlation(&mut self) -> u64 {
        // Calls that Kineto leaves out take ids too.
        self.correlation += 1 + self.local.below(4);
        self.correlation
    }

    fn innermost_external_id(&self) -> u64 {
        self.open_operators.last().copied().unwrap_or(0)
    }

    /// Makes a call of about its mean length and returns it, with the moment of its end.
    fn begin_call(&mut self, call: Call, extra_nanos: u64, has_flow: bool) -> (ApiCall, Moment) {
        let start = self.host.at;
        let span = self.draw(call.kind().mean_nanos + extra_nanos);
        self.host = self.host.then(span);
        let call = ApiCall {
            call,
            thread: Thread::Main,
            correlation: self.next_correlation(),
            external_id: self.innermost_external_id(),
            start,
            dur: span.at,
            has_flow,
        };
        (call, self.host)
    }

    fn call_without_work(&mut self, call: Call) {
        let (call, _) = self.begin_call(call, 0, false);
        self.sink.api_call(&call);
    }

    /// Puts work on a stream: it starts when it is ready and the stream is free, and holds the stream to its end.
    #[inline]
    fn occupy(&mut self, stream: Stream, ready: Moment, gap: u64, early_by: u64, span: Moment) -> (u64, u64) {
        let free = self.streams[stream as usize];
        let mut start = ready.later_of(free.plus(gap));
        if early_by > 0 && start.at == free.at + gap {
            start.at = (free.at - early_by).max(ready.at).max(self.last_starts[stream as usize] + 1);
        }
        let dur = (span.at - span.at % GPU_TICK).max(SHORTEST_GPU_WORK) - (span.at & 1);
        let end = Moment { at: start.at + dur, bound: start.bound + span.bound.max(SHORTEST_GPU_WORK) };
        // An early start leaves the end where the predecessor's would allow it.
        let end = Moment { at: end.at.max(free.at + 1), bound: end.bound.max(free.bound + 1) };
        self.streams[stream as usize] = end;
        self.last_starts[stream as usize] = start.at;
        self.extend_annotations(stream, start.at, end.at);
        (start.at, end.at - start.at)
    }

    /// Like [`Self::occupy`] for work that all ranks end together.
    fn occupy_together(&mut self, stream: Stream, ready: Moment, gap: u64, span: Moment) -> (u64, u64) {
        let start = ready.later_of(self.streams[stream as usize].plus(gap));
        let end = start.bound + span.bound.max(SHORTEST_GPU_WORK);
        self.streams[stream as usize] = Moment { at: end, bound: end };
        self.last_starts[stream as usize] = start.at;
        self.extend_annotations(stream, start.at, end);
        (start.at, end - start.at)
    }

    fn extend_annotations(&mut self, stream: Stream, start: u64, end: u64) {
        for reach in &mut self.open_annotations {
            let reached = &mut reach[stream as usize];
            *reached = Some(reached.map_or((start, end), |(first, last)| (first.min(start), last.max(end))));
        }
    }

    fn early_start(&mut self, kind: &KernelKind) -> u64 {
        // Programmatic dependent launch takes effect for a part of the kernels that allow it.
        if kind.starts_early && self.local.next() & 3 == 0 { 64 + self.local.below(MAX_EARLY_START - 64) } else { 0 }
    }

    fn launch(&mut self, kernel: Kernel, tokens: u64) {
        let kind = kernel.kind();
        let (call, called) = self.begin_call(kind.launcher.call(), 0, true);
        let span = self.draw(kind.mean_nanos(tokens));
        let early_by = self.early_start(kind);
        let (start, dur) = self.occupy(Stream::Compute, called.plus(LAUNCH_LATENCY), STREAM_GAP, early_by, span);
        let work = GpuWork::Kernel { kernel, tokens, graph: None, collective: None };
        self.report_work(work, Stream::Compute, &call, start, dur);
        self.sink.api_call(&call);
    }

    fn report_work(&mut self, work: GpuWork, stream: Stream, call: &ApiCall, start: u64, dur: u64) {
        self.sink.gpu_op(&GpuOp {
            work,
            stream,
            correlation: call.correlation,
            external_id: call.external_id,
            start,
            dur,
            call_start: Some(call.start),
        });
    }

    fn copy(&mut self, copy: Copy, bytes: u64, stream: Stream) {
        let kind = copy.kind();
        let call = if kind.is_set { Call::MemsetAsync } else { Call::MemcpyAsync };
        let (call, called) = self.begin_call(call, 0, true);
        let span = self.draw(kind.base_nanos + bytes / kind.bytes_per_nano);
        let (start, dur) = self.occupy(stream, called.plus(LAUNCH_LATENCY), STREAM_GAP, 0, span);
        self.report_work(GpuWork::Copy { copy, bytes }, stream, &call, start, dur);
        self.sink.api_call(&call);
    }

    fn next_sequence(&mut self) -> u64 {
        self.collective_sequence += 1;
        self.collective_sequence
    }

    /// Runs a collective on NCCL's stream, after what the compute stream holds and before what it gets later, except
    /// for what `meanwhile` gives it.
    fn collective(&mut self, kernel: Kernel, tokens: u64, collective: Collective, meanwhile: impl FnOnce(&mut Self)) {
        let (event, record_correlation, computed) = self.record_event(Stream::Compute);
        self.make_stream_wait(Stream::Nccl, Stream::Compute, event, record_correlation, computed);
        let kind = kernel.kind();
        let (call, called) = self.begin_call(kind.launcher.call(), 0, true);
        let span = self.draw(kind.mean_nanos(tokens));
        let (start, dur) = self.occupy_together(Stream::Nccl, called.plus(LAUNCH_LATENCY), STREAM_GAP, span);
        let work = GpuWork::Kernel { kernel, tokens, graph: None, collective: Some(collective) };
        self.report_work(work, Stream::Nccl, &call, start, dur);
        self.sink.api_call(&call);
        meanwhile(self);
        let (event, record_correlation, reduced) = self.record_event(Stream::Nccl);
        self.make_stream_wait(Stream::Compute, Stream::Nccl, event, record_correlation, reduced);
        self.call_without_work(Call::EventQuery);
    }

    /// Records an event and returns its id, the record's correlation, and when the stream reaches it.
    fn record_event(&mut self, stream: Stream) -> (u64, u64, Moment) {
        let (call, called) = self.begin_call(Call::EventRecord, 0, false);
        self.event_id += 1;
        let reached = called.later_of(self.streams[stream as usize]).plus(300);
        self.sink.event_record(&EventRecord {
            event: self.event_id,
            stream,
            correlation: call.correlation,
            external_id: call.external_id,
            ts: reached.at,
        });
        self.sink.api_call(&call);
        (self.event_id, call.correlation, reached)
    }

    fn make_stream_wait(
        &mut self,
        stream: Stream,
        source: Stream,
        event: u64,
        record_correlation: u64,
        reached: Moment,
    ) {
        let (call, _) = self.begin_call(Call::StreamWaitEvent, 0, true);
        self.sink.sync(&Sync {
            kind: SyncKind::StreamWait { stream, source, event, record_correlation },
            correlation: call.correlation,
            external_id: call.external_id,
            start: call.start + 300,
            dur: call.dur.saturating_sub(500).max(1),
        });
        self.sink.api_call(&call);
        self.streams[stream as usize] = self.streams[stream as usize].later_of(reached);
    }

    /// Blocks the main thread until the stream has done all its work.
    fn synchronize_stream(&mut self, stream: Stream) {
        let start = self.host;
        let span = self.draw(Call::StreamSynchronize.kind().mean_nanos);
        self.host = start.later_of(self.streams[stream as usize]).then(span);
        let (correlation, external_id) = (self.next_correlation(), self.innermost_external_id());
        let dur = self.host.at - start.at;
        self.sink.sync(&Sync {
            kind: SyncKind::Stream(stream),
            correlation,
            external_id,
            start: start.at + 300,
            dur: dur.saturating_sub(700).max(1),
        });
        self.sink.api_call(&ApiCall {
            call: Call::StreamSynchronize,
            thread: Thread::Main,
            correlation,
            external_id,
            start: start.at,
            dur,
            has_flow: true,
        });
    }

    fn begin_graph(&mut self, graph: u64, num_nodes_nanos: u64) -> Replay {
        let (call, called) = self.begin_call(Call::GraphLaunch, num_nodes_nanos, true);
        Replay { call, ready: called.plus(2 * LAUNCH_LATENCY), graph, num_nodes: 0 }
    }

    fn replay_kernel(&mut self, replay: &mut Replay, kernel: Kernel, tokens: u64) {
        let kind = kernel.kind();
        let span = self.draw(kind.mean_nanos(tokens));
        let (start, dur) = if kernel == Kernel::CustomAllReduce {
            self.occupy_together(Stream::Compute, replay.ready, GRAPH_GAP, span)
        } else {
            let early_by = self.early_start(kind);
            self.occupy(Stream::Compute, replay.ready, GRAPH_GAP, early_by, span)
        };
        // CUPTI's node ids hold the graph in their upper half.
        let node = GraphNode { graph: replay.graph, node: (replay.graph << 32) + replay.num_nodes };
        replay.num_nodes += 1;
        let work = GpuWork::Kernel { kernel, tokens, graph: Some(node), collective: None };
        self.report_work(work, Stream::Compute, &replay.call, start, dur);
    }

    fn end_graph(&mut self, replay: &Replay) {
        self.sink.api_call(&replay.call);
    }
}

/// A graph launch whose kernels are being laid out.
struct Replay {
    call: ApiCall,
    ready: Moment,
    graph: u64,
    num_nodes: u64,
}

/// The captured batch size that a batch runs with.
fn padded_batch(tokens: u64) -> u64 {
    match tokens {
        0..=2 => tokens.max(1),
        3..=4 => 4,
        _ => tokens.next_multiple_of(8),
    }
}
