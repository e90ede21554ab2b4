//! What to generate.

/// GPUs of the simulated machines; more ranks are more machines.
const GPUS_PER_HOST: u64 = 8;

/// What to generate: size, place among the ranks, and what the profiler was asked to record.
///
/// Equal options make equal bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerateOptions {
    /// Entries of `traceEvents` to reach. Engine steps are not cut, so the last step goes a little over it.
    pub num_events: u64,
    /// Ranks of the job. Up to eight form one tensor-parallel group; further ones are data-parallel copies of it.
    pub num_ranks: u64,
    /// The rank whose file this is.
    pub rank: u64,
    /// Ranks of a job share it; another seed is another job.
    pub seed: u64,
    /// Layers of the model. Sets how many events a step has: some 35 a layer in a decode step, 140 in a prefill step.
    pub num_layers: u64,
    /// Python frames (`with_stack`): twice the events.
    pub with_stack: bool,
    /// Arguments of operators (`record_shapes`).
    pub with_shapes: bool,
    /// `[memory]` instants (`with_memory`).
    pub with_memory: bool,
    /// vLLM's own scopes (`VLLM_CUSTOM_SCOPES_FOR_PROFILING`).
    pub with_scopes: bool,
    /// The occupancy calculator's numbers in each kernel's arguments, as PyTorch 2.13 writes them: 400 bytes a kernel.
    pub with_occupancy: bool,
}

impl GenerateOptions {
    /// One rank, no stacks, no shapes, memory on; as many layers as suit the size.
    pub fn new(num_events: u64) -> Self {
        Self {
            num_events,
            num_ranks: 1,
            rank: 0,
            seed: 1,
            num_layers: (num_events / 1_000).clamp(2, 32),
            with_stack: false,
            with_shapes: false,
            with_memory: true,
            with_scopes: false,
            with_occupancy: false,
        }
    }

    /// The same for another rank of the job.
    pub fn for_rank(&self, rank: u64) -> Self {
        Self { rank, ..self.clone() }
    }

    /// Ranks that split the model between them.
    pub fn tensor_parallel_size(&self) -> u64 {
        self.num_ranks.clamp(1, GPUS_PER_HOST)
    }

    /// The number of the device this rank works on.
    pub fn device(&self) -> u64 {
        self.rank % GPUS_PER_HOST
    }

    pub(crate) fn num_devices(&self) -> u64 {
        GPUS_PER_HOST
    }

    /// The worker's process id.
    pub fn pid(&self) -> u64 {
        20_772 + self.rank
    }

    /// The thread that waits for sampled tokens; the main thread's id is [`Self::pid`].
    pub fn output_thread(&self) -> u64 {
        23_040 + self.rank
    }

    pub(crate) fn host_number(&self) -> u64 {
        self.rank / GPUS_PER_HOST
    }

    pub(crate) fn process_name(&self) -> String {
        let size = self.tensor_parallel_size();
        let engine = if self.num_ranks > size { format!("_DP{}", self.rank / size) } else { String::new() };
        let worker = if size > 1 { format!("_TP{}", self.rank % size) } else { String::new() };
        format!("VLLM::Worker{engine}{worker}")
    }
}
