// Why a GPU had nothing to do within an area: its gaps by cause, cut to the window, and the longest with what ended it.
// Gaps are those of the whole GPU, whatever tracks are selected: a stream that waits is idle only while all others are.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { cellAt, type QueryResult } from "../api/query_stream.ts";
import { ellipsizeMiddle, formatCount, formatNanosShort } from "../base/format.ts";
import * as store from "../state/store.ts";
import { SliceLink } from "./widgets.tsx";

interface Cause {
  cause: string;
  count: number;
  nanos: number;
}
interface Longest {
  nanos: number;
  slice: number;
  name: string;
}
interface Gaps {
  causes: Cause[];
  longest: Longest | null;
}

/** Words for the causes of `gpu_idle`, with what they mean. */
const WORDS: Record<string, [string, string]> = {
  host: ["host late", "the call that launched the next work began after the gap did"],
  short: ["short", "below 30 µs, with the next work launched already: what passes between two kernels"],
  other: ["other", "waits for another stream, an event or a copy, or the launch is not known"],
};

function gapsQuery(area: { start: number; end: number }): string {
  const [start, end] = [store.sqlTimeOf(area.start), store.sqlTimeOf(area.end)];
  const within = `from gpu_idle where ts < ${end} and ts + dur > ${start}`;
  const clipped = `min(ts + dur, ${end}) - max(ts, ${start})`;
  return (
    "include perfetto module gpu.utilization; " +
    `select device_id, cause, count(*) as count, sum(${clipped}) as dur ${within} group by device_id, cause ` +
    "order by device_id, dur desc; " +
    `select device_id, ${clipped} as dur, next_slice_id, next_name ${within} order by dur desc limit 20`
  );
}

function gapsByDevice(result: QueryResult): Map<number, Gaps> {
  const found = new Map<number, Gaps>();
  const [causes, longest] = result.sets;
  for (let row = 0; row < (causes?.num_rows ?? 0); row++) {
    const device = Number(cellAt(causes!, row, 0));
    const gaps = found.get(device) ?? { causes: [], longest: null };
    found.set(device, gaps);
    const [cause, count, nanos] = [1, 2, 3].map((column) => cellAt(causes!, row, column));
    gaps.causes.push({ cause: String(cause), count: Number(count), nanos: Number(nanos) });
  }
  for (let row = 0; row < (longest?.num_rows ?? 0); row++) {
    const gaps = found.get(Number(cellAt(longest!, row, 0)));
    const [nanos, slice, name] = [1, 2, 3].map((column) => cellAt(longest!, row, column));
    if (gaps !== undefined) gaps.longest ??= { nanos: Number(nanos), slice: Number(slice), name: String(name) };
  }
  return found;
}

/** Gaps of the GPUs in an area, by the rows of their devices; empty until they are known. */
export function useGaps(area: { start: number; end: number }, hasGpu: boolean): ReadonlyMap<number, Gaps> {
  const gaps = useSignal<ReadonlyMap<number, Gaps>>(new Map());
  useEffect(() => {
    gaps.value = new Map();
    const trace = store.trace.value;
    // An exported file has no SQL.
    if (trace === null || !hasGpu || store.isFile.value) return;
    const abort = new AbortController();
    trace.client.query(gapsQuery(area), "area", abort.signal).then((result) => {
      if (result.error !== null) store.notify(result.error.message, result.error.hint, true);
      else gaps.value = gapsByDevice(result);
    }, store.reportError);
    return () => abort.abort();
  }, [area, hasGpu]);
  return gaps.value;
}

export function GapsLine({ gaps }: { gaps: Gaps }) {
  return (
    <div class="gap-line">
      <span class="faint">gaps of the whole GPU:</span>
      {gaps.causes.map(({ cause, count, nanos }) => (
        <span key={cause} title={WORDS[cause]?.[1]}>
          {WORDS[cause]?.[0] ?? cause} <b class="num">{formatNanosShort(nanos)}</b>{" "}
          <span class="faint num">in {formatCount(count)}</span>
        </span>
      ))}
      {gaps.longest !== null && (
        <span>
          <span class="faint">longest</span> <b class="num">{formatNanosShort(gaps.longest.nanos)}</b>{" "}
          <span class="faint">before</span>{" "}
          <SliceLink id={gaps.longest.slice}>{ellipsizeMiddle(gaps.longest.name, 60)}</SliceLink>
        </span>
      )}
    </div>
  );
}
