// Edges of a dragged area stick to the ends of slices nearby, since most people want to measure from slice to slice.
import type { SliceColumns } from "../api/viewport_frame.ts";

export const SNAP_PX = 8;

/** The start or end of a block of `depth` that is nearest to `nanos`, within `reach`; else `nanos`. */
export function snapToEdge(columns: SliceColumns, depth: number, nanos: number, reach: number): number {
  let best = nanos;
  let distance = reach;
  const from = columns.depthFirst[depth];
  const to = columns.depthFirst[depth + 1];
  if (from === undefined || to === undefined) return nanos;
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (columns.ts[middle]! < nanos) low = middle + 1;
    else high = middle;
  }
  for (let i = Math.max(from, low - 2); i < Math.min(to, low + 2); i++) {
    for (const edge of [columns.ts[i]!, columns.ts[i]! + columns.dur[i]!]) {
      if (Math.abs(edge - nanos) < distance) {
        distance = Math.abs(edge - nanos);
        best = edge;
      }
    }
  }
  return best;
}
