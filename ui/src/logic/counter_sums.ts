// What the samples of a counter add up to within an area, where all of them are at hand: in an exported file, which has no
// SQL. A sample holds until the next one, the last one until the end of the area; what holds before the first is no sample.
import { type CounterColumns, lastNotAfter } from "../api/viewport_frame.ts";

export interface CounterSums {
  count: number;
  delta: number;
  /** Of a second; null where all samples are of one time. */
  rate: number | null;
  mean: number;
  first: number;
  last: number;
  min: number;
  max: number;
}

/** Null where no sample is in the area. Every sample of the columns stands for itself. */
export function counterSums(columns: CounterColumns, area: { start: number; end: number }): CounterSums | null {
  const { ts, last: values } = columns;
  const from = lastNotAfter(ts, area.start - 1) + 1;
  const to = lastNotAfter(ts, area.end - 1) + 1;
  if (from >= to) return null;
  let [held, sum, min, max] = [0, 0, Infinity, -Infinity];
  for (let i = from; i < to; i++) {
    const nanos = (i + 1 < to ? ts[i + 1]! : area.end) - ts[i]!;
    held += nanos;
    sum += nanos * values[i]!;
    min = Math.min(min, values[i]!);
    max = Math.max(max, values[i]!);
  }
  const [first, last] = [values[from]!, values[to - 1]!];
  const nanos = ts[to - 1]! - ts[from]!;
  return {
    count: to - from,
    delta: last - first,
    rate: nanos > 0 ? ((last - first) / nanos) * 1e9 : null,
    mean: sum / held,
    first,
    last,
    min,
    max,
  };
}
