// Turns rows of a query result into a track of the timeline. Rows that overlap get lanes of their own, the
// topmost free one, so that nothing hides anything.
import { type CounterColumns, FLAG_INSTANT, indexDepths, type SliceColumns } from "../api/viewport_frame.ts";

export interface DebugRow {
  ts: number;
  dur: number;
  name: string;
}

/** The lane of each row; rows are sorted by ts first. Zero-long rows take room, so that two do not coincide. */
export function layLanes(rows: readonly DebugRow[]): { order: number[]; lanes: number[]; count: number } {
  const order = rows.map((_, i) => i).sort((a, b) => rows[a]!.ts - rows[b]!.ts || rows[b]!.dur - rows[a]!.dur);
  const ends: number[] = [];
  const lanes = new Array<number>(rows.length).fill(0);
  for (const i of order) {
    const { ts, dur } = rows[i]!;
    let lane = ends.findIndex((end) => end <= ts);
    if (lane < 0) lane = ends.length;
    ends[lane] = ts + Math.max(dur, 1);
    lanes[i] = lane;
  }
  return { order, lanes, count: Math.max(1, ends.length) };
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}

/** Columns as a viewport would give them; `slice` holds the row's number in the result. */
export function debugColumns(rows: readonly DebugRow[], nameId: (text: string) => number): SliceColumns {
  const { lanes } = layLanes(rows);
  const order = rows.map((_, i) => i).sort((a, b) => lanes[a]! - lanes[b]! || rows[a]!.ts - rows[b]!.ts);
  const depth = Uint16Array.from(order, (i) => lanes[i]!);
  return {
    kind: "slice",
    ts: Float64Array.from(order, (i) => rows[i]!.ts),
    dur: Float64Array.from(order, (i) => rows[i]!.dur),
    slice: Uint32Array.from(order),
    count: new Uint32Array(order.length).fill(1),
    name: Uint32Array.from(order, (i) => nameId(rows[i]!.name)),
    nameHash: Uint32Array.from(order, (i) => hashOf(rows[i]!.name.replace(/\d+$/, ""))),
    depth,
    class: new Uint8Array(order.length),
    flags: Uint8Array.from(order, (i) => (rows[i]!.dur === 0 ? FLAG_INSTANT : 0)),
    depthFirst: indexDepths(depth),
  };
}

/** The samples of a counter, by time. */
export function debugCounter(rows: readonly { ts: number; value: number }[]): CounterColumns {
  const sorted = [...rows].sort((a, b) => a.ts - b.ts);
  const values = Float64Array.from(sorted, (row) => row.value);
  return { kind: "counter", ts: Float64Array.from(sorted, (row) => row.ts), min: values, max: values, last: values };
}
