// A server with the page's API over made traces, on node:http alone: the page can be developed and tested
// without the binary. It folds, searches and sums the simple way; SQL is limited to the few queries that the
// journeys type, and everything else gets an error with a place, as the real server would give it.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { tableFromArrays, tableToIPC } from "@uwdata/flechette";
import { makeTrace } from "./mock_trace.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css" };

const entryOf = (trace) => ({
  id: trace.id,
  name: trace.name,
  path: `/traces/${trace.name}`,
  bytes: 123_456_789,
  state: trace.state,
  progress: trace.progress,
  error: trace.error,
});

class HttpError extends Error {
  constructor(status, message, hint = null, place = null) {
    super(message);
    Object.assign(this, { status, hint, place });
  }
}

const endOf = (data, slice) => slice.ts + (slice.dur ?? data.end - slice.ts);

function viewport(data, { start, end, px, tracks }) {
  const step = Math.max(1, 2 ** Math.ceil(Math.log2((end - start) / Math.max(px, 1))));
  const blocks = [];
  const samples = [];
  const directory = [];
  for (const id of tracks) {
    const track = data.tracks.get(id);
    if (track === undefined) throw new HttpError(404, `no track \`${id}\``);
    if (track.kind === "counter") {
      const first = samples.length;
      let bucket = null;
      const visible = track.samples.filter((s, i) => (track.samples[i + 1]?.ts ?? data.end) >= start && s.ts <= end);
      for (const { ts, value } of visible) {
        const key = Math.floor(ts / step);
        if (bucket !== null && bucket.key === key)
          Object.assign(bucket, { min: Math.min(bucket.min, value), max: Math.max(bucket.max, value), last: value });
        else samples.push((bucket = { key, ts, min: value, max: value, last: value }));
      }
      directory.push(id, 1, first, samples.length - first);
      continue;
    }
    const first = blocks.length;
    let open = null;
    for (const slice of track.slices) {
      if (endOf(data, slice) < start || slice.ts > end) continue;
      const dur = endOf(data, slice) - slice.ts;
      const key = Math.floor(slice.ts / step);
      if (dur >= step) open = null;
      if (open !== null && open.key === key && open.depth === slice.depth) {
        open.count++;
        open.dur = Math.max(open.dur, slice.ts + dur - open.ts);
        if (dur > open.longest)
          Object.assign(open, { longest: dur, slice: slice.id, name: slice.name, class: slice.class });
      } else {
        const block = {
          key,
          ts: slice.ts,
          dur,
          longest: dur,
          slice: slice.id,
          count: 1,
          name: slice.name,
          depth: slice.depth,
          class: slice.class,
          flags: (slice.dur === null ? 1 : 0) | (slice.dur === 0 ? 2 : 0),
        };
        blocks.push(block);
        open = dur < step ? block : null;
      }
    }
    directory.push(id, 0, first, blocks.length - first);
  }
  const align = (n) => Math.ceil(n / 8) * 8;
  const widths = [8, 8, 4, 4, 4, 4, 2, 1, 1];
  const size =
    16 +
    align(directory.length * 4) +
    widths.reduce((sum, w) => sum + align(w * blocks.length), 0) +
    4 * 8 * samples.length;
  const bytes = Buffer.alloc(size);
  [0x3156534b, tracks.length, blocks.length, samples.length].forEach((v, i) => bytes.writeUInt32LE(v, i * 4));
  let at = 16;
  const column = (values, width, write) => {
    values.forEach((v, i) => write(v, at + i * width));
    at += align(values.length * width);
  };
  const f64 = (v, o) => bytes.writeDoubleLE(v, o);
  const u32 = (v, o) => bytes.writeUInt32LE(v, o);
  column(directory, 4, u32);
  column(
    blocks.map((b) => b.ts),
    8,
    f64,
  );
  column(
    blocks.map((b) => b.dur),
    8,
    f64,
  );
  column(
    blocks.map((b) => b.slice),
    4,
    u32,
  );
  column(
    blocks.map((b) => b.count),
    4,
    u32,
  );
  column(
    blocks.map((b) => b.name),
    4,
    u32,
  );
  column(
    blocks.map((b) => data.names[b.name].hash),
    4,
    u32,
  );
  column(
    blocks.map((b) => b.depth),
    2,
    (v, o) => bytes.writeUInt16LE(v, o),
  );
  column(
    blocks.map((b) => b.class),
    1,
    (v, o) => bytes.writeUInt8(v, o),
  );
  column(
    blocks.map((b) => b.flags),
    1,
    (v, o) => bytes.writeUInt8(v, o),
  );
  for (const key of ["ts", "min", "max", "last"])
    column(
      samples.map((s) => s[key]),
      8,
      f64,
    );
  return bytes;
}

const nameOf = (data, slice) => data.names[slice.name].text;
const ref = (data, slice) => ({ id: slice.id, name: nameOf(data, slice) });
const arrowEnd = (data, s) => ({
  slice: s.id,
  ts: s.ts,
  dur: s.dur,
  track_id: s.track,
  depth: s.depth,
  name: nameOf(data, s),
});

function findNode(nodes, track, path = []) {
  for (const node of nodes) {
    if (node.tracks.some((t) => t.id === track)) return [...path, node];
    const below = findNode(node.children, track, [...path, node]);
    if (below !== null) return below;
  }
  return null;
}

function sliceOf(data, id) {
  const slice = data.slices[id];
  if (slice === undefined)
    throw new HttpError(404, `no slice \`${id}\``, `slices of this trace are 0 to ${data.slices.length - 1}`);
  return slice;
}

function details(data, id) {
  const slice = sliceOf(data, id);
  const stack = [];
  for (let up = slice.parent; up; up = up.parent) stack.unshift(ref(data, up));
  const path = findNode(data.nodes, slice.track);
  const node = path.at(-1);
  const children = data.slices.filter((s) => s.parent === slice);
  const launch = slice.launch;
  const gpu =
    slice.category === "kernel"
      ? {
          kind: "kernel",
          grid: [132, 1, 1],
          block: [384, 1, 1],
          registers_per_thread: 168,
          static_shared_bytes: 0,
          dynamic_shared_bytes: 214_016,
          occupancy_percent: 19,
          warps_per_sm: 12,
          blocks_per_sm: 1,
          correlation: slice.correlation,
          graph_id: null,
          graph_node_id: null,
          bytes: null,
          bandwidth_bytes_per_second: null,
          copy_kind: null,
        }
      : null;
  const arg = (key, value, children = []) => ({ key, value, type: value === null ? "object" : typeof value, children });
  return {
    id,
    name: nameOf(data, slice),
    category: slice.category,
    ts: slice.ts,
    dur: slice.dur,
    track_id: slice.track,
    depth: slice.depth,
    parent_id: slice.parent?.id ?? null,
    self_dur: slice.dur - children.reduce((sum, s) => sum + s.dur, 0),
    percent_of_parent: slice.parent ? (100 * slice.dur) / slice.parent.dur : null,
    thread: node.kind === "thread" ? { utid: 1, tid: node.tid, name: node.name, role: node.role } : null,
    process: node.kind === "thread" ? { upid: 1, pid: node.pid, name: path.at(-2).name } : null,
    device: node.device !== null ? { id: node.device, name: "NVIDIA H100 80GB HBM3" } : null,
    stream: node.stream !== null ? { id: node.stream, name: node.name } : null,
    rank: null,
    args: [
      arg("External id", 1000 + id),
      arg("Input Dims", null, [arg("[0]", null, [arg("[0]", 32), arg("[1]", 4096)])]),
      arg("note", "made up"),
    ],
    stack,
    python_stack: stack.filter((s) => s.name.includes("forward")),
    gpu,
    launch: launch
      ? {
          api_slice: launch.id,
          api_name: nameOf(data, launch),
          api_ts: launch.ts,
          api_dur: launch.dur,
          api_track: launch.track,
          launch_delay: slice.ts - launch.ts,
          queue_delay: Math.max(0, slice.ts - launch.ts - launch.dur),
        }
      : null,
    launched: slice.launched
      ? [
          {
            slice: slice.launched.id,
            name: nameOf(data, slice.launched),
            ts: slice.launched.ts,
            dur: slice.launched.dur,
            track: slice.launched.track,
          },
        ]
      : [],
    num_launched: slice.launched ? 1 : 0,
    async_chain: [],
    origin: { source: "made", offset: id * 200 },
    class: slice.class,
  };
}

function statistics(data, id) {
  const slice = sliceOf(data, id);
  const durs = data.slices
    .filter((s) => s.name === slice.name)
    .map((s) => s.dur)
    .sort((a, b) => a - b);
  const at = (p) => durs[Math.min(durs.length - 1, Math.ceil((p / 100) * durs.length) - 1)];
  const total = durs.reduce((a, b) => a + b, 0);
  const buckets = new Map();
  for (const dur of durs) {
    const power = Math.floor(Math.log2(Math.max(dur, 1)) * 2);
    buckets.set(power, (buckets.get(power) ?? 0) + 1);
  }
  return {
    name: nameOf(data, slice),
    count: durs.length,
    total,
    min: durs[0],
    max: durs.at(-1),
    mean: total / durs.length,
    p50: at(50),
    p75: at(75),
    p90: at(90),
    p95: at(95),
    p99: at(99),
    p999: at(99.9),
    rank_of_this: durs.filter((d) => d < slice.dur).length,
    buckets: [...buckets].map(([power, count]) => ({ from: 2 ** (power / 2), to: 2 ** ((power + 1) / 2), count })),
  };
}

function search(data, { text, in: places, start, end, limit }) {
  const pattern = text.toLowerCase();
  const glob = /[*?]/.test(text)
    ? new RegExp(
        `^${pattern
          .replace(/[.+^${}()|[\]\\]/g, "\\$&")
          .replace(/\*/g, ".*")
          .replace(/\?/g, ".")}$`,
      )
    : null;
  const matches = (value) =>
    glob ? glob.test(String(value).toLowerCase()) : String(value).toLowerCase().includes(pattern);
  const hits = data.slices.filter(
    (s) =>
      (start === undefined || endOf(data, s) >= start) &&
      (end === undefined || s.ts <= end) &&
      ((places.includes("name") && matches(nameOf(data, s))) ||
        (places.includes("category") && matches(s.category)) ||
        (places.includes("arg_value") && matches(1000 + s.id)) ||
        (places.includes("arg_key") && matches("External id"))),
  );
  hits.sort((a, b) => a.ts - b.ts || a.id - b.id);
  const ticks = new Array(1024).fill(0);
  for (const hit of hits) ticks[Math.min(1023, Math.floor((hit.ts / data.end) * 1024))]++;
  const first = hits.slice(0, limit);
  return {
    total: hits.length,
    ids: first.map((s) => s.id),
    ts: first.map((s) => s.ts),
    dur: first.map((s) => s.dur),
    tracks: first.map((s) => s.track),
    ticks,
  };
}

const CLASSES = [
  "none",
  "gemm",
  "attention",
  "softmax_norm",
  "moe",
  "communication",
  "copy",
  "set",
  "other",
  "annotation",
];
function area(data, { start, end, tracks, by }) {
  const groups = new Map();
  let num = 0;
  let gpuTotal = 0;
  const wanted = new Set(tracks);
  for (const s of data.slices) {
    if (!wanted.has(s.track) || s.ts >= end || endOf(data, s) <= start) continue;
    num++;
    const dur = Math.min(endOf(data, s), end) - Math.max(s.ts, start);
    const onGpu = s.class >= 1 && s.class <= 8;
    if (onGpu) gpuTotal += dur;
    const label =
      by === "name"
        ? nameOf(data, s)
        : by === "category"
          ? s.category
          : by === "class"
            ? CLASSES[s.class]
            : findNode(data.nodes, s.track).at(-1).name;
    const group = groups.get(label) ?? { label, s, durs: [], onGpu };
    group.durs.push(dur);
    groups.set(label, group);
  }
  const rows = [...groups.values()].map(({ label, s, durs, onGpu }) => {
    durs.sort((a, b) => a - b);
    const total = durs.reduce((a, b) => a + b, 0);
    return {
      label,
      name: nameOf(data, s),
      category: s.category,
      class: s.class,
      track_id: s.track,
      count: durs.length,
      total,
      self: total,
      mean: total / durs.length,
      min: durs[0],
      max: durs.at(-1),
      p50: durs[Math.floor(durs.length / 2)],
      p99: durs[Math.floor(durs.length * 0.99)],
      percent_of_window: (100 * total) / (end - start),
      percent_of_gpu_time: onGpu ? (100 * total) / gpuTotal : null,
    };
  });
  rows.sort((a, b) => b.total - a.total);
  const busy = Math.min(gpuTotal, end - start);
  const gpu =
    gpuTotal === 0
      ? []
      : [
          {
            device: 0,
            name: "NVIDIA H100 80GB HBM3",
            busy,
            idle: end - start - busy,
            percent_busy: (100 * busy) / (end - start),
          },
        ];
  return { start, end, rows, num_slices: num, total: rows.reduce((sum, row) => sum + row.total, 0), gpu };
}

function areaFlows(data, { start, end, tracks, limit }) {
  const isIn = (slice) => tracks.includes(slice.track) && slice.ts < end && slice.ts + (slice.dur ?? 0) > start;
  const flows = data.flows.filter((flow) => isIn(flow.from) && isIn(flow.to)).sort((a, b) => a.from.ts - b.from.ts);
  const told = (flow) => ({
    kind: flow.kind,
    name: flow.kind,
    from: arrowEnd(data, flow.from),
    to: arrowEnd(data, flow.to),
  });
  const delay = (flow) => flow.to.ts - flow.from.ts;
  const groups = new Map();
  for (const flow of flows) {
    const key = `${flow.from.track}-${flow.to.track}`;
    groups.set(key, [...(groups.get(key) ?? []), flow]);
  }
  return {
    total: flows.length,
    groups: [...groups.values()].map((list) => {
      const delays = list.map(delay).sort((a, b) => a - b);
      const at = (share) => delays[Math.min(delays.length - 1, Math.floor(delays.length * share))];
      return {
        kind: list[0].kind,
        name: list[0].kind,
        from_track: list[0].from.track,
        to_track: list[0].to.track,
        count: list.length,
        min: delays[0],
        mean: delays.reduce((sum, each) => sum + each, 0) / delays.length,
        p50: at(0.5),
        p99: at(0.99),
        max: delays.at(-1),
        first: told(list[0]),
        longest: told(list.find((flow) => delay(flow) === delays.at(-1))),
      };
    }),
    arrows: flows.slice(0, limit).map(told),
  };
}

function flamegraph(data, { start, end, tracks }) {
  const nodes = { parent: [], name: [], total: [], self: [], count: [] };
  const index = new Map();
  const wanted = new Set(tracks);
  const nodeFor = (slice) => {
    const parent = slice.parent ? nodeFor(slice.parent) : -1;
    const key = `${parent}/${slice.name}`;
    if (!index.has(key)) {
      index.set(key, nodes.parent.length);
      nodes.parent.push(parent);
      nodes.name.push(nameOf(data, slice));
      nodes.total.push(0);
      nodes.self.push(0);
      nodes.count.push(0);
    }
    return index.get(key);
  };
  for (const s of data.slices) {
    if (!wanted.has(s.track) || s.ts >= end || endOf(data, s) <= start) continue;
    const dur = Math.min(endOf(data, s), end) - Math.max(s.ts, start);
    const node = nodeFor(s);
    nodes.total[node] += dur;
    nodes.self[node] += dur;
    nodes.count[node]++;
    if (s.parent) nodes.self[nodeFor(s.parent)] -= dur;
  }
  const total = nodes.total.reduce((sum, v, i) => sum + (nodes.parent[i] === -1 ? v : 0), 0);
  return { total, nodes };
}

const frame = (kind, payload) => {
  const body =
    Buffer.isBuffer(payload) || payload instanceof Uint8Array
      ? Buffer.from(payload)
      : Buffer.from(JSON.stringify(payload));
  const head = Buffer.alloc(5);
  head.write(kind, 0, "latin1");
  head.writeUInt32LE(body.length, 1);
  return Buffer.concat([head, body]);
};

async function query(data, { sql }, response) {
  response.writeHead(200, { "content-type": "application/octet-stream" });
  for (const statement of sql
    .replace(/--.*$/gm, "")
    .split(";")
    .map((s) => s.trim())
    .filter(Boolean)) {
    if (/^select\s+sleep/i.test(statement)) {
      // A query that runs until the page cancels it.
      await new Promise((done) => response.on("close", done));
      return;
    }
    const named = /^select id, name from slice where id in \(([\d,]+)\)$/.exec(statement);
    if (named !== null) {
      const ids = named[1].split(",").map(Number);
      const table = tableFromArrays({ id: ids, name: ids.map((id) => nameOf(data, data.slices[id])) });
      response.write(
        frame("S", {
          columns: [
            { name: "id", type: "LONG" },
            { name: "name", type: "STRING" },
          ],
        }),
      );
      response.write(frame("A", tableToIPC(table, { format: "stream" })));
      response.write(frame("D", { rows: ids.length, ms: 0.5 }));
      continue;
    }
    if (/^include perfetto module/.test(statement)) continue;
    if (/from gpu_idle/.test(statement)) {
      // One gap by each of two causes, whatever the window.
      const table = /group by/.test(statement)
        ? { device_id: [0, 0], cause: ["host", "short"], count: [1, 2], dur: [150_000, 9_000] }
        : { device_id: [0], dur: [150_000], next_slice_id: [6], next_name: [nameOf(data, data.slices[6])] };
      const columns = Object.entries(table).map(([name, [value]]) => ({
        name,
        type: typeof value === "number" ? "LONG" : "STRING",
      }));
      response.write(frame("S", { columns }));
      response.write(frame("A", tableToIPC(tableFromArrays(table), { format: "stream" })));
      response.write(frame("D", { rows: table.dur.length, ms: 0.5 }));
      continue;
    }
    const counters = /from counter where ts >= (\d+) and ts < (\d+) and track_id in \(([\d,]+)\) window w/.exec(
      statement,
    );
    if (counters !== null) {
      const [start, end] = counters.slice(1, 3).map((text) => Number(BigInt(text) - SQL_OFFSET));
      const table = { track_id: [], count: [], mean: [], first: [], last: [], min: [], max: [], time: [] };
      for (const id of counters[3].split(",").map(Number)) {
        const samples = data.tracks.get(id).samples.filter((s) => s.ts >= start && s.ts < end);
        if (samples.length === 0) continue;
        const values = samples.map((s) => s.value);
        const held = samples.map((s, i) => (samples[i + 1]?.ts ?? end) - s.ts);
        const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
        table.track_id.push(id);
        table.count.push(values.length);
        table.mean.push(sum(values.map((value, i) => value * held[i])) / sum(held));
        table.first.push(values[0]);
        table.last.push(values.at(-1));
        table.min.push(Math.min(...values));
        table.max.push(Math.max(...values));
        table.time.push(samples.at(-1).ts - samples[0].ts);
      }
      response.write(frame("S", { columns: Object.keys(table).map((name) => ({ name, type: "DOUBLE" })) }));
      response.write(frame("A", tableToIPC(tableFromArrays(table), { format: "stream" })));
      response.write(frame("D", { rows: table.track_id.length, ms: 0.5 }));
      continue;
    }
    const match = /^select\s+\*\s+from\s+slice(?:\s+where\s+category\s*=\s*'([a-z_]+)')?(?:\s+limit\s+(\d+))?$/i.exec(
      statement.replace(/\s+/g, " "),
    );
    if (match === null) {
      const text = statement.split("\n")[0];
      response.end(
        frame("E", {
          error: {
            message: "no such table `slise`",
            hint: "did you mean `slice`?",
            place: { line: 1, column: Math.max(1, text.search(/\S+$/) + 1), length: 5, text },
          },
        }),
      );
      return;
    }
    const rows = data.slices
      .filter((s) => match[1] === undefined || s.category === match[1])
      .slice(0, match[2] === undefined ? Infinity : Number(match[2]));
    response.write(
      frame("S", {
        columns: [
          ["id", "LONG"],
          ["ts", "LONG"],
          ["dur", "LONG"],
          ["track_id", "LONG"],
          ["name", "STRING"],
          ["category", "STRING"],
        ].map(([name, type]) => ({ name, type })),
      }),
    );
    for (let at = 0; at < rows.length; at += 8192) {
      const part = rows.slice(at, at + 8192);
      const table = tableFromArrays({
        id: part.map((s) => s.id),
        ts: part.map((s) => BigInt(s.ts) + SQL_OFFSET),
        dur: part.map((s) => s.dur),
        track_id: part.map((s) => s.track),
        name: part.map((s) => nameOf(data, s)),
        category: part.map((s) => s.category),
      });
      response.write(frame("A", tableToIPC(table, { format: "stream" })));
    }
    response.write(frame("D", { rows: rows.length, ms: 1.25 }));
  }
  response.end(frame("Z", { ms: 1.5 }));
}

// Queries see the times that the file writes: Unix times, which no double holds exactly.
const SQL_OFFSET = 1_764_000_000_000_000_001n;

const SCHEMA = {
  tables: [
    {
      name: "slice",
      doc: "Every slice of the trace.",
      columns: ["id", "ts", "dur", "track_id", "name", "category"].map((name) => ({
        name,
        type: name === "name" || name === "category" ? "STRING" : "LONG",
        doc: "",
      })),
    },
    {
      name: "thread",
      doc: "Every thread.",
      columns: [
        { name: "utid", type: "LONG", doc: "" },
        { name: "tid", type: "LONG", doc: "" },
        { name: "name", type: "STRING", doc: "" },
      ],
    },
  ],
  functions: ["extract_arg", "time_str"],
  modules: ["slices.with_context"],
};
const SUMMARY = {
  schema_version: 1,
  findings: [
    {
      kind: "long_gap",
      device_ids: [0],
      time_ns: 4_658_000,
      text: "GPU 0 waits 46.6 % of the time for the CPU to launch its work.",
      advice: "Capture the decode step in a CUDA graph.",
      slice_ids: [6],
    },
  ],
  gpu: {
    time: {
      devices: [
        {
          device_id: 0,
          name: "NVIDIA H100 80GB HBM3",
          rank: 0,
          span_ns: 10_000_000,
          busy_ns: 2_632_000,
          idle_ns: 7_368_000,
          exposed_comm_ns: 520_000,
          computation: { union_ns: 2_112_000 },
          communication: { union_ns: 520_000 },
          memory: { union_ns: 68_000 },
        },
      ],
    },
    gaps: [
      {
        device_id: 0,
        num_gaps: 2,
        causes: { host_late: { num_gaps: 2, sum_ns: 4_658_000, max_ns: 4_000_000 } },
        longest: [
          {
            start_ns: 542_000,
            dur_ns: 150_000,
            cause: "host_late",
            next_slice_id: 21,
            next_name: "flash_fwd",
            call_slice_id: null,
            call_name: null,
          },
        ],
      },
    ],
    kernels: [
      { name: "fused_moe_kernel", class: "moe", num_ops: 1600, sum_ns: 384_000_000, mean_ns: 240_000, share: 0.365 },
    ],
  },
};
const WARNINGS = [
  {
    name: "overlap_healed",
    severity: "notice",
    count: 12,
    description: "Ends that cross by rounding were healed by nesting.",
    examples: [{ path: "decode.json", byte_offset: 4096, detail: "aten::linear ends 1 µs after its parent" }],
  },
  {
    name: "event_without_duration",
    severity: "data_loss",
    count: 3,
    description: "Complete events without a duration cannot be placed.",
    examples: [{ path: "decode.json", byte_offset: 8192, detail: '{"ph":"X","name":"lost"}' }],
  },
];

/** Starts the mock; resolves to its address and a function that stops it. */
export async function startMock({
  port = 0,
  steps = 400,
  mode = "open",
  page = resolve(here, "../../crates/server/page"),
} = {}) {
  const make = (id, name, steps, state) => ({ id, name, steps, state, data: null, progress: null, error: null });
  const traces = [make(0, "decode_h100.pt.trace.json.gz", steps, mode === "open" ? "open" : "closed")];
  if (mode === "serve")
    traces.push(
      make(1, "prefill_h100.pt.trace.json.gz", Math.max(1, steps >> 2), "closed"),
      make(2, "broken.json", 1, "closed"),
    );
  const requests = [];
  let fingerprint = "mock";
  const token = "mock-token";
  const opening = new Map();
  const dataOf = (trace) => {
    if (trace.state !== "open") throw new HttpError(409, `the trace is ${trace.state}`, "open it first");
    return (trace.data ??= makeTrace(trace.steps));
  };
  const startOpening = (trace) => {
    if (trace.state === "opening" || trace.state === "open") return;
    trace.state = "opening";
    let part = 0;
    const total = 123_456_789;
    opening.set(
      trace.id,
      setInterval(() => {
        part++;
        trace.progress = {
          bytes: Math.min(total, (total * part) / 8),
          total_bytes: total,
          events: part * 250_000,
          seconds_left: (8 - part) / 5,
          step: "reading",
        };
        if (part < 8) return;
        clearInterval(opening.get(trace.id));
        trace.progress = null;
        if (trace.name === "broken.json")
          Object.assign(trace, { state: "failed", error: "no events in `broken.json`: it ends after 12 bytes" });
        else trace.state = "open";
      }, 120),
    );
  };
  const server = createServer(async (request, response) => {
    try {
      const url = new URL(request.url, "http://mock");
      requests.push(`${request.method} ${url.pathname}`);
      if (!url.pathname.startsWith(`/${token}/`)) throw new HttpError(404, "not found");
      const path = url.pathname.slice(token.length + 2);
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : null;
      const json = (value, status = 200) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(value));
      };
      if (!path.startsWith("api/v1/")) {
        const file = path === "" ? "index.html" : path;
        if (!/^[a-z_]+\.(html|js|css)$/.test(file)) throw new HttpError(404, `no page file \`${file}\``);
        const bytes = await readFile(join(page, file));
        response.writeHead(200, {
          "content-type": TYPES[extname(file)],
          "content-security-policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
        });
        return response.end(bytes);
      }
      const parts = path.slice(7).split("/");
      if (parts[0] === "info")
        return json({ version: "0.1.0", page_fingerprint: fingerprint, mode, traces: traces.map(entryOf) });
      const trace = traces.find((t) => String(t.id) === parts[1]);
      if (trace === undefined) throw new HttpError(404, `no trace \`${parts[1]}\``);
      switch (parts[2]) {
        case undefined:
          return json(entryOf(trace));
        case "open":
          if (request.method === "DELETE") {
            clearInterval(opening.get(trace.id));
            Object.assign(trace, { state: "closed", progress: null });
            return json({});
          }
          startOpening(trace);
          return json({}, 202);
        case "overview": {
          const data = dataOf(trace);
          return json({
            name: trace.name,
            start: 0,
            end: data.end,
            unix_start_ns: "1764000000000000000",
            sql_offset_ns: String(SQL_OFFSET),
            num_slices: data.slices.length,
            num_tracks: data.tracks.size,
            sources: [{ path: `/traces/${trace.name}`, format: "chrome_json", profiler: "PyTorch Profiler" }],
            ranks: [{ rank: 0, world_size: 1, name: null }],
            devices: [{ id: 0, name: "NVIDIA H100 80GB HBM3", ordinal: 0, total_memory: 85_000_000_000 }],
            warnings: { error: 0, data_loss: 3, info: 12 },
          });
        }
        case "tracks":
          return json({ nodes: dataOf(trace).nodes });
        case "viewport": {
          const bytes = viewport(dataOf(trace), body);
          response.writeHead(200, { "content-type": "application/octet-stream" });
          return response.end(bytes);
        }
        case "names":
          return json({ names: body.ids.map((id) => dataOf(trace).names[id].text) });
        case "slices": {
          const data = dataOf(trace);
          const id = Number(parts[3]);
          if (parts[4] === undefined) return json(details(data, id));
          if (parts[4] === "same-name") return json(statistics(data, id));
          if (parts[4] === "flows")
            return json({
              arrows: data.flows
                .filter((f) => f.from.id === id || f.to.id === id)
                .map((f) => ({ kind: f.kind, name: f.name, from: arrowEnd(data, f.from), to: arrowEnd(data, f.to) })),
            });
          const slice = sliceOf(data, id);
          const row = [...data.tracks.get(slice.track).slices].sort((a, b) => a.ts - b.ts || a.depth - b.depth);
          const at = row.indexOf(slice) + (url.searchParams.get("direction") === "next" ? 1 : -1);
          return json({ slice: row[at]?.id ?? null });
        }
        case "search":
          return json(search(dataOf(trace), body));
        case "area":
          return json(area(dataOf(trace), body));
        case "area-flows":
          return json(areaFlows(dataOf(trace), body));
        case "flamegraph":
          return json(flamegraph(dataOf(trace), body));
        case "query":
          return await query(dataOf(trace), body, response);
        case "schema":
          return json(SCHEMA);
        case "warnings":
          return json(WARNINGS);
        case "summary":
          return json(SUMMARY);
        default:
          throw new HttpError(404, `no request \`${parts[2]}\``);
      }
    } catch (error) {
      if (response.headersSent) return response.end();
      response.writeHead(error.status ?? 500, { "content-type": "application/json" });
      response.end(
        JSON.stringify({ error: { message: error.message, hint: error.hint ?? null, place: error.place ?? null } }),
      );
    }
  });
  await new Promise((done) => server.listen(port, "127.0.0.1", done));
  const stop = () => {
    for (const timer of opening.values()) clearInterval(timer);
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  const rebuild = () => (fingerprint += "'");
  return { url: `http://127.0.0.1:${server.address().port}/${token}/`, requests, rebuild, stop };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startMock({
    port: Number(process.env.PORT ?? 9090),
    mode: process.env.MODE ?? "open",
    steps: Number(process.env.STEPS ?? 400),
  });
  console.log(url);
}
