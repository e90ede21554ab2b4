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

mod gpu;
mod host;
mod step;

use super::catalog::{COUNTERS, Call, Frame, Kernel, OVERHEADS};
use super::event::*;
use super::options::GenerateOptions;
use crate::random::Random;
use gpu::STREAM_GAP;

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

/// The session's start after the time base; the base is a quarter's begin, sessions start weeks after it.
pub(crate) const SESSION_START: u64 = 4_633_453_097_762_107;
/// From a step's planned start on, ranks are at most so much early.
const STEP_JITTER: u64 = 20_000;
/// Between two samples of the counters.
const COUNTER_PERIOD: u64 = 1_000_000;
/// Requests that run at once, at most.
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
    /// End of the compute stream's work two steps ago, and one step ago.
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
            for (counter, (_, percent)) in COUNTERS.iter().enumerate() {
                let tenths = percent * 10 - 100 + self.local.below(200);
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
}
