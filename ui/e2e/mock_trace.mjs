// A made trace for the page's tests: steps of an engine whose times follow from counting, so that a test can
// say what it must see. Step i begins at i * STEP; each has OPS operators, each launches one kernel.
export const STEP = 10_000_000;
export const OPS = 24;

export const KERNELS = [
  [
    "sm90_xmma_gemm_bf16bf16_bf16f32_f32_tn_n_tilesize128x128x64_warpgroupsize1x1x1_execute_segment_k_off_kernel",
    1,
    180_000,
  ],
  [
    "void flash::flash_fwd_splitkv_kernel<Flash_fwd_kernel_traits<128, 64, 128, 4, false>>(flash::Flash_fwd_params)",
    2,
    95_000,
  ],
  ["void vllm::rms_norm_kernel<c10::BFloat16, 8>(c10::BFloat16*, c10::BFloat16 const*, float, int, int)", 3, 9_000],
  ["fused_moe_kernel", 4, 240_000],
  ["ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<4096ul>)", 5, 130_000],
  [
    "void at::native::vectorized_elementwise_kernel<4, at::native::FillFunctor<int>>(int, at::detail::Array<char*, 1>)",
    8,
    4_000,
  ],
];
const OP_NAMES = [
  "aten::linear",
  "vllm::unified_attention",
  "vllm::rms_norm",
  "vllm::moe_forward",
  "c10d::allreduce_",
  "aten::fill_",
];

function hash(text) {
  let h = 0x811c9dc5;
  for (const c of text.replace(/\d+$/, "")) h = Math.imul(h ^ c.codePointAt(0), 0x01000193) >>> 0;
  return h;
}

/** All columns of a made trace of `steps` engine steps. */
export function makeTrace(steps) {
  const names = [];
  const nameIds = new Map();
  const nameId = (text) => {
    if (!nameIds.has(text)) {
      nameIds.set(text, names.length);
      names.push({ text, hash: hash(text) });
    }
    return nameIds.get(text);
  };
  const slices = []; // {id, track, ts, dur, depth, parent, name, category, class}
  const tracks = [];
  const flows = [];
  const addTrack = (kind, unit = null) => {
    const track = { id: tracks.length + 10, kind, slices: [], samples: [], unit };
    tracks.push(track);
    return track;
  };
  const add = (track, ts, dur, depth, parent, name, category, klass = 0, more = {}) => {
    const slice = {
      id: slices.length,
      track: track.id,
      ts,
      dur,
      depth,
      parent,
      name: nameId(name),
      category,
      class: klass,
      ...more,
    };
    slices.push(slice);
    track.slices.push(slice);
    return slice;
  };
  const main = addTrack("slice");
  const worker = addTrack("slice");
  const zmq = addTrack("slice");
  const api = addTrack("slice");
  const stream7 = addTrack("slice");
  const stream13 = addTrack("slice");
  const annotations = addTrack("slice");
  const memory = addTrack("counter", "bytes");
  const steps_ = addTrack("slice");
  const others = Array.from({ length: 40 }, () => addTrack("slice"));
  // What arrives in a step is answered in the two that follow.
  const arrivals = [];
  for (let i = 0; i < steps; i++) {
    const t = i * STEP;
    const decode = i % 5 !== 0;
    const step = add(
      main,
      t,
      9_000_000,
      0,
      null,
      `execute_model_${decode ? "decode" : "prefill"}`,
      "user_annotation",
      9,
    );
    const forward = add(main, t + 200_000, 8_000_000, 1, step, "LlamaForCausalLM: forward", "python_function");
    add(steps_, t, STEP, 0, null, `ProfilerStep#${i}`, "user_annotation", 9);
    const first = add(
      annotations,
      t + 300_000,
      8_900_000,
      0,
      null,
      `execute_context_${decode ? 0 : 1}_generation_${decode ? 32 : 0}`,
      "gpu_user_annotation",
      9,
    );
    void first;
    let gpu = t + 300_000;
    for (let k = 0; k < OPS; k++) {
      const at = t + 250_000 + k * 330_000;
      const which = k % KERNELS.length;
      const op = add(main, at, 300_000, 2, forward, OP_NAMES[which], "cpu_op");
      const launch = add(main, at + 100_000, 6_000, 3, op, "cudaLaunchKernel", "cuda_runtime");
      const [kernel, klass, dur] = KERNELS[which];
      gpu = Math.max(gpu, at + 112_000);
      const work = add(stream7, gpu, dur, 0, null, kernel, "kernel", klass, { launch, correlation: i * OPS + k });
      launch.launched = work;
      gpu += dur;
      flows.push({ kind: "launch", name: "cudaLaunchKernel", from: launch, to: work });
      for (let n = 0; n < 12; n++) add(worker, at + n * 20_000, 9_000, 0, null, `schedule_${n}`, "python_function");
    }
    const sync = add(main, t + 8_300_000, 500_000, 1, step, "cudaStreamSynchronize", "cuda_runtime");
    void sync;
    add(stream13, t + 300_000, 40_000, 0, null, "Memcpy HtoD (Pinned -> Device)", "gpu_memcpy", 6);
    add(stream13, t + 9_300_000, 25_000, 0, null, "Memcpy DtoH (Device -> Pageable)", "gpu_memcpy", 6);
    add(stream13, t + 9_400_000, 3_000, 0, null, "Memset (Device)", "gpu_memset", 7);
    arrivals.push(add(zmq, t + 9_100_000, 300_000, 0, null, "zmq_poll", "python_function"));
    if (i % 10 === 3) add(zmq, t + 9_500_000, 0, 0, null, "request_done", "instant");
    const answer = add(api, t + 1_000_000, 2_500_000, 0, null, "process_outputs", "python_function");
    for (const from of arrivals.slice(-3, -1)) flows.push({ kind: "flow", name: "request", from, to: answer });
    for (const [n, track] of others.entries())
      if ((i + n) % 7 === 0) add(track, t + n * 1000, 1_000_000, 0, null, `task_${n % 6}`, "python_function");
    memory.samples.push({ ts: t, value: 60e9 + (i % 17) * 1e8 }, { ts: t + 5_000_000, value: 61e9 + (i % 11) * 2e8 });
  }
  for (const track of tracks) track.slices.sort((a, b) => a.depth - b.depth || a.ts - b.ts);
  const end = steps * STEP;
  const node = (key, name, kind, more = {}) => ({
    key,
    name,
    kind,
    children: [],
    tracks: [],
    collapsed: false,
    role: null,
    pid: null,
    tid: null,
    rank: null,
    device: null,
    stream: null,
    ...more,
  });
  const asTrack = (track) => {
    const rows = track.slices.reduce((most, slice) => Math.max(most, slice.depth + 1), 1);
    const num = track.slices.length + track.samples.length;
    return { id: track.id, kind: track.kind, num_events: num, num_rows: rows, start: 0, end, unit: track.unit };
  };
  const thread = (track, name, pid, tid, role) =>
    node(`cpu/${pid}/${tid}`, name, "thread", { pid, tid, role, tracks: [asTrack(track)] });
  const stream = (track, name, n) =>
    node(`gpu/0/${n}`, name, "stream", { device: 0, stream: n, tracks: [asTrack(track)] });
  const nodes = [
    node("cpu", "CPU", "region", {
      children: [
        node("cpu/4321", "VLLM::EngineCore", "process", {
          pid: 4321,
          role: "engine core",
          children: [
            thread(main, "python3", 4321, 4321, "main"),
            thread(worker, "Worker_TP0", 4321, 4388, "worker"),
            thread(zmq, "ZMQbg/IO/0", 4321, 4390, "zmq io"),
          ],
        }),
        node("cpu/4300", "vLLM APIServer", "process", {
          pid: 4300,
          children: [thread(api, "uvloop", 4300, 4300, "main")],
        }),
        node("cpu/4400", "pool", "process", {
          pid: 4400,
          collapsed: true,
          children: others.map((track, n) => thread(track, `pool-${n}`, 4400, 4401 + n, null)),
        }),
      ],
    }),
    node("gpu", "GPU", "region", {
      children: [
        node("gpu/0", "NVIDIA H100 80GB HBM3", "device", {
          device: 0,
          children: [
            stream(annotations, "Annotations of stream 7", 7),
            { ...stream(stream7, "stream 7", 7), key: "gpu/0/s7" },
            { ...stream(stream13, "stream 13 (copies)", 13), key: "gpu/0/s13" },
            node("gpu/0/memory", "Memory reserved", "counter", { device: 0, tracks: [asTrack(memory)] }),
          ],
        }),
      ],
    }),
    node("profiler", "Profiler", "region", {
      children: [
        node("profiler/0", "PyTorch Profiler", "process", {
          children: [node("profiler/0/0", "Iterations", "thread", { tracks: [asTrack(steps_)] })],
        }),
      ],
    }),
  ];
  return { names, slices, tracks: new Map(tracks.map((track) => [track.id, track])), flows, nodes, end };
}
