// The messages of API v1, as the server writes them. Field names are those of the SQL columns.
// Times are integer nanoseconds since the trace start; a `dur` of null means that the slice never ended.

export interface ErrorPlace {
  line: number;
  column: number;
  length: number;
  text: string;
}
export interface ErrorBody {
  message: string;
  hint: string | null;
  place: ErrorPlace | null;
}

export interface Progress {
  bytes: number;
  total_bytes: number | null;
  events: number;
  seconds_left: number | null;
  step: string;
}
export interface TraceEntry {
  id: number | string;
  name: string;
  path: string;
  bytes: number;
  state: "closed" | "opening" | "open" | "failed";
  progress: Progress | null;
  error: string | null;
}
export interface Info {
  version: string;
  page_fingerprint: string;
  /** `file`: there is no server, the page is an exported one. */
  mode: "open" | "serve" | "file";
  traces: TraceEntry[];
}

export interface TraceOverview {
  name: string;
  start: number;
  end: number;
  unix_start_ns: string | null;
  /** What SQL adds to trace time, so that queries see the times that the file writes; decimal, since it may be large. */
  sql_offset_ns?: string;
  num_slices: number;
  num_tracks: number;
  sources: { path: string; format: string; profiler: string | null }[];
  ranks: { rank: number; world_size: number | null; name: string | null }[];
  devices: { id: number; name: string | null; ordinal: number | null; total_memory: number | null }[];
  warnings: { error: number; data_loss: number; info: number };
}

export type NodeKind =
  "region" | "rank" | "process" | "thread" | "device" | "stream" | "counter" | "async" | "instants" | "debug";

export interface Track {
  id: number;
  kind: "slice" | "counter";
  num_events: number;
  num_rows: number;
  start: number;
  end: number;
  unit: string | null;
}
export interface TrackNode {
  key: string;
  name: string;
  kind: NodeKind;
  children: TrackNode[];
  tracks: Track[];
  collapsed: boolean;
  role: string | null;
  pid: number | null;
  tid: number | null;
  rank: number | null;
  device: number | null;
  stream: number | null;
}

export interface ArgNode {
  key: string;
  value: string | number | boolean | null;
  type: string;
  children: ArgNode[];
}
export interface GpuDetails {
  kind: string;
  grid: [number, number, number] | null;
  block: [number, number, number] | null;
  registers_per_thread: number | null;
  static_shared_bytes: number | null;
  dynamic_shared_bytes: number | null;
  occupancy_percent: number | null;
  warps_per_sm: number | null;
  blocks_per_sm: number | null;
  correlation: number | null;
  graph_id: number | null;
  graph_node_id: number | null;
  bytes: number | null;
  bandwidth_bytes_per_second: number | null;
  copy_kind: string | null;
}
export interface LaunchDetails {
  api_slice: number;
  api_name: string;
  api_ts: number;
  api_dur: number | null;
  api_track: number;
  launch_delay: number | null;
  queue_delay: number | null;
}
export interface SliceDetails {
  id: number;
  name: string;
  category: string | null;
  ts: number;
  dur: number | null;
  track_id: number;
  depth: number;
  parent_id: number | null;
  self_dur: number | null;
  percent_of_parent: number | null;
  thread: { utid: number; tid: number | null; name: string | null; role: string | null } | null;
  process: { upid: number; pid: number | null; name: string | null } | null;
  device: { id: number; name: string | null } | null;
  stream: { id: number; name: string | null } | null;
  rank: number | null;
  args: ArgNode[];
  stack: { id: number; name: string }[];
  python_stack: { id: number; name: string }[];
  gpu: GpuDetails | null;
  launch: LaunchDetails | null;
  launched: { slice: number; name: string; ts: number; dur: number | null; track: number }[];
  num_launched: number;
  async_chain: { id: number; name: string; ts: number }[];
  origin: { source: string; offset: number } | null;
  class: number | string | null;
}

export interface ArrowEnd {
  slice: number;
  ts: number;
  dur: number | null;
  track_id: number;
  depth: number;
  name: string;
}
export interface FlowArrow {
  kind: "launch" | "flow";
  name: string;
  from: ArrowEnd;
  to: ArrowEnd;
}

export interface NameStatistics {
  name: string;
  count: number;
  total: number;
  min: number;
  max: number;
  mean: number;
  p50: number;
  p75: number;
  p90: number;
  p95: number;
  p99: number;
  p999: number;
  rank_of_this: number;
  buckets: { from: number; to: number; count: number }[];
}

export type SearchPlace = "name" | "category" | "arg_key" | "arg_value";
export interface SearchRequest {
  text: string;
  in: SearchPlace[];
  start?: number;
  end?: number;
  limit: number;
}
export interface SearchResult {
  total: number;
  ids: number[];
  ts: number[];
  dur: (number | null)[];
  tracks: number[];
  ticks: number[];
}

export type AreaGrouping = "name" | "category" | "class" | "track";
export interface AreaRow {
  label: string;
  name: string | null;
  category: string | null;
  class: number | string | null;
  track_id: number | null;
  count: number;
  total: number;
  self: number;
  mean: number;
  min: number;
  max: number;
  p50: number;
  p99: number;
  percent_of_window: number;
  percent_of_gpu_time: number | null;
}
export interface AreaTable {
  start: number;
  end: number;
  rows: AreaRow[];
  num_slices: number;
  total: number;
  gpu: { device: number; name: string | null; busy: number; idle: number; percent_busy: number }[];
}

export interface FlowGroup {
  kind: "launch" | "flow";
  name: string;
  from_track: number;
  to_track: number;
  count: number;
  min: number;
  mean: number;
  p50: number;
  p99: number;
  max: number;
  first: FlowArrow;
  longest: FlowArrow;
}
export interface AreaFlows {
  total: number;
  groups: FlowGroup[];
  arrows: FlowArrow[];
}

export interface FlameGraph {
  total: number;
  nodes: { parent: number[]; name: string[]; total: number[]; self: number[]; count: number[] };
}

export interface Schema {
  tables: { name: string; doc: string; columns: { name: string; type: string; doc: string }[] }[];
  functions: string[];
  modules: string[];
}
export interface TraceWarning {
  name: string;
  severity: "data_loss" | "error" | "notice" | "info";
  count: number;
  description: string;
  examples: { path: string; byte_offset: number | null; detail: string }[];
}
