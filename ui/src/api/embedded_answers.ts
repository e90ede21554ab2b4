// What adds up or looks through many slices, over the slices of an exported file. Meanings are those of the server's
// answers: durations are cut to the window, nested slices count at every level, percentiles are of the nearest rank.
import type * as T from "./types.ts";
import type { SliceColumns } from "./viewport_frame.ts";

export interface KnownSlice {
  id: number;
  name: string;
  category: string | null;
  ts: number;
  /** Where it ends; the end of the file for one that never did. */
  end: number;
  dur: number | null;
  track: number;
  parent: number | null;
  class: string;
  /** The device of GPU work. */
  device: { id: number; name: string | null } | null;
}
interface Area {
  start: number;
  end: number;
  tracks: number[];
}

export function emptyColumns(none: Uint16Array<ArrayBuffer>): SliceColumns {
  const times = new Float64Array(0);
  const numbers = new Uint32Array(0);
  const bytes = new Uint8Array(0);
  return {
    kind: "slice",
    ts: times,
    dur: times,
    slice: numbers,
    count: numbers,
    name: numbers,
    nameHash: numbers,
    depth: none,
    class: bytes,
    flags: bytes,
    depthFirst: Uint32Array.of(0),
  };
}

/** The value of the rank nearest to the share `p`, of sorted values. */
const percentile = (sorted: readonly number[], p: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(p * (sorted.length - 1) + 0.5))] ?? 0;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const ascending = (a: number, b: number): number => a - b;

function within(slices: readonly KnownSlice[], { start, end, tracks }: Area): KnownSlice[] {
  const wanted = new Set(tracks);
  if (start >= end) return [];
  return slices.filter((each) => wanted.has(each.track) && each.ts < end && (each.end > start || each.ts >= start));
}
const clipped = (slice: KnownSlice, { start, end }: Area): number =>
  Math.max(0, Math.min(slice.end, end) - Math.max(slice.ts, start));

export function sameName(slices: readonly KnownSlice[], details: T.SliceDetails): T.NameStatistics {
  const durs = slices.flatMap((each) => (each.name === details.name && each.dur !== null ? [each.dur] : []));
  durs.sort(ascending);
  const { dur } = details;
  const [min, max] = [durs[0] ?? 0, durs[durs.length - 1] ?? 0];
  const numBuckets = max > min ? 40 : 1;
  const width = Math.max(1, Math.ceil((max - min + 1) / numBuckets));
  const buckets: T.NameStatistics["buckets"] = [];
  for (let from = min; from <= max && durs.length > 0; from += width) {
    buckets.push({ from, to: from + width, count: durs.filter((each) => each >= from && each < from + width).length });
  }
  const at = (p: number) => percentile(durs, p);
  return {
    name: details.name,
    count: durs.length,
    total: sum(durs),
    min,
    max,
    mean: durs.length > 0 ? sum(durs) / durs.length : 0,
    p50: at(0.5),
    p75: at(0.75),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    p999: at(0.999),
    rank_of_this: dur === null ? durs.length : durs.filter((each) => each < dur).length,
    buckets,
  };
}

export function neighbour(slices: readonly KnownSlice[], details: T.SliceDetails, isNext: boolean): number | null {
  const row = slices.filter((each) => each.track === details.track_id).sort((a, b) => a.ts - b.ts || a.id - b.id);
  return row[row.findIndex((each) => each.id === details.id) + (isNext ? 1 : -1)]?.id ?? null;
}

/** Whether a text has what is looked for: anywhere, without case; with `*` or `?`, as a whole. */
export function matcher(text: string): (candidate: string) => boolean {
  const wanted = text.toLowerCase();
  if (!/[*?]/.test(wanted)) return (candidate) => candidate.toLowerCase().includes(wanted);
  const escaped = wanted.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  const pattern = new RegExp(`^${escaped.replace(/\*/g, "[^]*").replace(/\?/g, "[^]")}$`);
  return (candidate) => pattern.test(candidate.toLowerCase());
}

const NUM_TICKS = 1024;

export function search(
  slices: readonly KnownSlice[],
  request: T.SearchRequest,
  bounds: { start: number; end: number },
  argsOf: (slice: number) => readonly T.ArgNode[],
): T.SearchResult {
  const matches = matcher(request.text);
  const places = new Set(request.in);
  const inArgs = (args: readonly T.ArgNode[]): boolean =>
    args.some(
      (arg) =>
        (places.has("arg_key") && matches(arg.key)) ||
        (places.has("arg_value") && arg.children.length === 0 && matches(String(arg.value))) ||
        inArgs(arg.children),
    );
  const looksIntoArgs = places.has("arg_key") || places.has("arg_value");
  const hits = slices.filter((each) => {
    if (request.text === "" || each.ts >= (request.end ?? Infinity) || each.end < (request.start ?? -Infinity))
      return false;
    if (places.has("name") && matches(each.name)) return true;
    if (places.has("category") && each.category !== null && matches(each.category)) return true;
    return looksIntoArgs && inArgs(argsOf(each.id));
  });
  hits.sort((a, b) => a.ts - b.ts || a.id - b.id);
  const ticks = new Array<number>(NUM_TICKS).fill(0);
  for (const { ts } of hits) {
    const share = (Math.max(ts, bounds.start) - bounds.start) / (bounds.end - bounds.start);
    ticks[Math.min(NUM_TICKS - 1, Math.floor(share * NUM_TICKS))]!++;
  }
  const listed = hits.slice(0, request.limit);
  return {
    total: hits.length,
    ids: listed.map((each) => each.id),
    ts: listed.map((each) => each.ts),
    dur: listed.map((each) => each.dur),
    tracks: listed.map((each) => each.track),
    ticks,
  };
}

/** The time that any of the intervals covers. */
export function unionOf(intervals: readonly (readonly [number, number])[]): number {
  let covered = 0;
  let until = -Infinity;
  for (const [start, end] of [...intervals].sort((a, b) => a[0] - b[0])) {
    covered += Math.max(0, end - Math.max(start, until));
    until = Math.max(until, end);
  }
  return covered;
}

const common = <V>(values: readonly V[]): V | null => (values.every((each) => each === values[0]) ? values[0]! : null);

export function area(
  slices: readonly KnownSlice[],
  request: Area & { by: T.AreaGrouping },
  trackName: (track: number) => string,
): T.AreaTable {
  const some = within(slices, request);
  const selfs = new Map(some.map((each) => [each.id, clipped(each, request)]));
  for (const each of some) {
    const own = each.parent === null ? undefined : selfs.get(each.parent);
    if (own !== undefined) selfs.set(each.parent!, own - clipped(each, request));
  }
  const labelOf = (each: KnownSlice): string =>
    ({ name: each.name, category: each.category ?? "no category", class: each.class, track: String(each.track) })[
      request.by
    ];
  const groups = new Map<string, KnownSlice[]>();
  for (const each of some) {
    const label = labelOf(each);
    const list = groups.get(label);
    if (list === undefined) groups.set(label, [each]);
    else list.push(each);
  }
  const timeOf = (list: readonly KnownSlice[]) => sum(list.map((each) => clipped(each, request)));
  const gpuTime = timeOf(some.filter((each) => each.device !== null));
  const window = request.end - request.start;
  const rows = [...groups].map(([label, list]): T.AreaRow => {
    const durs = list.map((each) => clipped(each, request)).sort(ascending);
    const total = sum(durs);
    const gpu = list.filter((each) => each.device !== null);
    return {
      label: request.by === "track" ? trackName(Number(label)) : label,
      name: common(list.map((each) => each.name)),
      category: common(list.map((each) => each.category)),
      class: common(list.map((each) => each.class)),
      track_id: common(list.map((each) => each.track)),
      count: list.length,
      total,
      self: sum(list.map((each) => selfs.get(each.id)!)),
      mean: total / list.length,
      min: durs[0]!,
      max: durs[durs.length - 1]!,
      p50: percentile(durs, 0.5),
      p99: percentile(durs, 0.99),
      percent_of_window: (100 * total) / window,
      percent_of_gpu_time: gpu.length === 0 ? null : gpuTime === 0 ? 0 : (100 * timeOf(gpu)) / gpuTime,
    };
  });
  rows.sort((a, b) => b.total - a.total || a.label.localeCompare(b.label));
  const devices = new Map<number, { name: string | null; intervals: [number, number][] }>();
  for (const each of some) {
    if (each.device === null) continue;
    const known = devices.get(each.device.id) ?? { name: each.device.name, intervals: [] };
    known.intervals.push([Math.max(each.ts, request.start), Math.min(each.end, request.end)]);
    devices.set(each.device.id, known);
  }
  const gpu = [...devices].map(([device, { name, intervals }]) => {
    const busy = unionOf(intervals);
    return { device, name, busy, idle: window - busy, percent_busy: (100 * busy) / window };
  });
  return { start: request.start, end: request.end, rows, num_slices: some.length, total: timeOf(some), gpu };
}

export function areaFlows(
  slices: readonly KnownSlice[],
  request: Area & { limit: number },
  arrowsOf: (slice: number) => readonly T.FlowArrow[],
): T.AreaFlows {
  const inside = new Set(within(slices, request).map((each) => each.id));
  const arrows = [...inside].flatMap((id) =>
    arrowsOf(id).filter((arrow) => arrow.from.slice === id && inside.has(arrow.to.slice)),
  );
  arrows.sort((a, b) => a.from.ts - b.from.ts || a.from.slice - b.from.slice || a.to.slice - b.to.slice);
  const groups = new Map<string, T.FlowArrow[]>();
  for (const arrow of arrows) {
    const key = [arrow.kind, arrow.name, arrow.from.track_id, arrow.to.track_id].join("\n");
    const list = groups.get(key);
    if (list === undefined) groups.set(key, [arrow]);
    else list.push(arrow);
  }
  const delay = (arrow: T.FlowArrow) => arrow.to.ts - arrow.from.ts;
  const told = [...groups.values()].map((list): T.FlowGroup => {
    const delays = list.map(delay).sort(ascending);
    const max = delays[delays.length - 1]!;
    const [first] = list as [T.FlowArrow];
    return {
      kind: first.kind,
      name: first.name,
      from_track: first.from.track_id,
      to_track: first.to.track_id,
      count: list.length,
      min: delays[0]!,
      mean: sum(delays) / delays.length,
      p50: percentile(delays, 0.5),
      p99: percentile(delays, 0.99),
      max,
      first,
      longest: list.find((arrow) => delay(arrow) === max) ?? first,
    };
  });
  told.sort((a, b) => b.count - a.count || a.from_track - b.from_track || a.to_track - b.to_track);
  return { total: arrows.length, groups: told, arrows: arrows.slice(0, request.limit) };
}

export function flamegraph(
  slices: readonly KnownSlice[],
  request: Area & { direction: "top_down" | "bottom_up" },
): T.FlameGraph {
  const some = within(slices, request);
  const byId = new Map(some.map((each) => [each.id, each]));
  const selfs = new Map(some.map((each) => [each.id, clipped(each, request)]));
  for (const each of some) {
    const own = each.parent === null ? undefined : selfs.get(each.parent);
    if (own !== undefined) selfs.set(each.parent!, own - clipped(each, request));
  }
  const nodes: T.FlameGraph["nodes"] = { parent: [], name: [], total: [], self: [], count: [] };
  const index = new Map<string, number>();
  const nodeOf = (parent: number, name: string): number => {
    const key = `${parent}/${name}`;
    const known = index.get(key);
    if (known !== undefined) return known;
    nodes.parent.push(parent);
    nodes.name.push(name);
    nodes.total.push(0);
    nodes.self.push(0);
    nodes.count.push(0);
    index.set(key, nodes.parent.length - 1);
    return nodes.parent.length - 1;
  };
  /** The slice and those around it within the area, from the inside out. */
  const stackOf = (slice: KnownSlice): KnownSlice[] => {
    const stack = [slice];
    for (let up = slice.parent; up !== null;) {
      const parent = byId.get(up);
      if (parent === undefined) break;
      stack.push(parent);
      up = parent.parent;
    }
    return stack;
  };
  for (const each of some) {
    const self = selfs.get(each.id)!;
    const stack = stackOf(each);
    if (request.direction === "top_down") {
      const node = stack.reduceRight((parent, { name }) => nodeOf(parent, name), -1);
      nodes.total[node]! += clipped(each, request);
      nodes.self[node]! += self;
      nodes.count[node]!++;
      continue;
    }
    // Read from below, a frame's own time belongs to everything that leads to it.
    let parent = -1;
    for (const { name } of stack) {
      parent = nodeOf(parent, name);
      nodes.total[parent]! += self;
      nodes.count[parent]!++;
    }
    nodes.self[nodeOf(-1, each.name)]! += self;
  }
  const total = sum(nodes.total.filter((_, i) => nodes.parent[i] === -1));
  return { total, nodes };
}
