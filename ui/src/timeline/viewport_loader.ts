// Keeps, for each track on the screen, the columns that cover the window at the wanted resolution.
// One request at a time asks for all tracks that lack something, with a margin around the window, so that
// panning finds its data already there. What is on the screen stays until better columns arrive.
import { isAbort, type TraceClient } from "../api/client.ts";
import type { TrackColumns } from "../api/viewport_frame.ts";
import { spanOf, type TimeWindow } from "../base/geom.ts";

export interface Wanted {
  window: TimeWindow;
  width: number;
  /** Tracks that are seen, then those that scrolling would bring. */
  visible: readonly number[];
  nearby: readonly number[];
}
interface Entry {
  start: number;
  end: number;
  step: number;
  columns: TrackColumns;
}
export interface Range {
  start: number;
  end: number;
  step: number;
}

/** Pixels per block edge: blocks as fine as a pixel are asked for. Steps are powers of two, so small zooms reuse. */
export const stepFor = (window: TimeWindow, width: number): number =>
  Math.max(1, 2 ** Math.floor(Math.log2(spanOf(window) / Math.max(width, 1))));

/** The window with a margin of its own width on each side, on multiples of the step and inside the trace. */
export function rangeFor(window: TimeWindow, width: number, bounds: TimeWindow): Range {
  const step = stepFor(window, width);
  const grid = step * 256;
  const start = Math.max(Math.floor((window.start - spanOf(window)) / grid) * grid, Math.floor(bounds.start));
  const end = Math.min(Math.ceil((window.end + spanOf(window)) / grid) * grid, Math.ceil(bounds.end));
  return { start, end: Math.max(end, start + 1), step };
}

const covers = (range: Range, window: TimeWindow, step: number, bounds: TimeWindow): boolean =>
  range.step === step &&
  range.start <= Math.max(window.start, bounds.start) &&
  range.end >= Math.min(window.end, bounds.end);

/** Tracks in memory beyond this many are forgotten, the longest unseen first. */
const MAX_ENTRIES = 2000;
/** The most tracks in one request; the rest follows in the next one. */
const MAX_TRACKS = 300;

export class ViewportLoader {
  private readonly entries = new Map<number, Entry>();
  private readonly client: Pick<TraceClient, "viewport">;
  private readonly bounds: TimeWindow;
  private readonly onLoaded: () => void;
  private readonly onError: (error: unknown) => void;
  private inFlight: { abort: AbortController; range: Range; tracks: ReadonlySet<number> } | null = null;
  private last: Wanted | null = null;
  /** After an error, the same wish is not asked for again at once; a changed one is. */
  private failedWish = "";

  constructor(
    client: Pick<TraceClient, "viewport">,
    bounds: TimeWindow,
    onLoaded: () => void,
    onError: (error: unknown) => void,
  ) {
    this.client = client;
    this.bounds = bounds;
    this.onLoaded = onLoaded;
    this.onError = onError;
  }

  columnsOf(trackId: number): TrackColumns | undefined {
    return this.entries.get(trackId)?.columns;
  }

  want(wanted: Wanted): void {
    this.last = wanted;
    const { window, width } = wanted;
    const step = stepFor(window, width);
    const lacks = (id: number): boolean => {
      const entry = this.entries.get(id);
      return entry === undefined || !covers(entry, window, step, this.bounds);
    };
    const missing = wanted.visible.filter(lacks);
    if (this.inFlight !== null) {
      const { range, tracks } = this.inFlight;
      const isUseful =
        range.start < window.end &&
        range.end > window.start &&
        range.step <= step * 4 &&
        range.step >= step / 4 &&
        (missing.length === 0 || missing.some((id) => tracks.has(id)));
      if (isUseful) return;
      this.inFlight.abort.abort();
      this.inFlight = null;
    }
    if (missing.length === 0) return;
    const tracks = [...missing, ...wanted.nearby.filter(lacks)].slice(0, MAX_TRACKS);
    const range = rangeFor(window, width, this.bounds);
    const wish = `${range.start}-${range.end}-${step}-${tracks.join(".")}`;
    if (wish === this.failedWish) return;
    void this.load(range, tracks, wish);
  }

  private async load(range: Range, tracks: number[], wish: string): Promise<void> {
    const flight = { abort: new AbortController(), range, tracks: new Set(tracks) };
    this.inFlight = flight;
    try {
      const px = Math.max(1, Math.ceil((range.end - range.start) / range.step));
      const answer = await this.client.viewport(
        { start: range.start, end: range.end, px, tracks },
        flight.abort.signal,
      );
      for (const { trackId, columns } of answer) {
        this.entries.delete(trackId);
        this.entries.set(trackId, { ...range, columns });
      }
      this.forgetOld();
      this.failedWish = "";
    } catch (error) {
      if (isAbort(error)) return;
      this.failedWish = wish;
      this.onError(error);
    }
    if (this.inFlight !== flight) return;
    this.inFlight = null;
    this.onLoaded();
    if (this.last !== null) this.want(this.last);
  }

  private forgetOld(): void {
    const wanted = new Set(this.last === null ? [] : [...this.last.visible, ...this.last.nearby]);
    for (const id of this.entries.keys()) {
      if (this.entries.size <= MAX_ENTRIES) return;
      if (!wanted.has(id)) this.entries.delete(id);
    }
  }

  stop(): void {
    this.inFlight?.abort.abort();
    this.inFlight = null;
    this.last = null;
  }
}
