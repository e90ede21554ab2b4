// How a counter is shown: its values, how much they change, or how fast, over a linear or logarithmic scale, and how high.
// Samples of a viewport stand for all values of a pixel; changes are those between their last values.
import type { CounterColumns } from "../api/viewport_frame.ts";
import { lastNotAfter } from "../api/viewport_frame.ts";
import type { TimeWindow } from "../base/geom.ts";

export const MODES = ["value", "delta", "rate"] as const;
export const SCALES = ["zero", "fit", "log"] as const;
export interface CounterMode {
  shows: (typeof MODES)[number];
  /** `zero` includes zero, `fit` is as narrow as the values, `log` is logarithmic on both sides of zero. */
  scale: (typeof SCALES)[number];
  /** Of the row, in pixels. */
  height: number;
}
/** From a line with only the name to half a screen; the plain height has room for the name and two buttons. */
export const MIN_HEIGHT = 22;
export const PLAIN_HEIGHT = 44;
export const MAX_HEIGHT = 400;
export const PLAIN: CounterMode = { shows: "value", scale: "zero", height: PLAIN_HEIGHT };

/** The heights that a button offers, one after another. */
export const HEIGHTS = [PLAIN_HEIGHT, 2 * PLAIN_HEIGHT, 4 * PLAIN_HEIGHT] as const;
/** The next higher of them; after the highest, the plain one. */
export const nextHeight = (height: number): number => HEIGHTS.find((each) => each > height) ?? PLAIN_HEIGHT;
export const clampHeight = (height: number): number => Math.round(Math.min(MAX_HEIGHT, Math.max(MIN_HEIGHT, height)));

export const modeText = ({ shows, scale, height }: CounterMode): string =>
  `${shows}-${scale}${height === PLAIN_HEIGHT ? "" : `-${height}`}`;
export function modeOfText(text: string): CounterMode | null {
  const [shows, scale, height] = text.split("-");
  const isKnown = MODES.includes(shows as never) && SCALES.includes(scale as never);
  if (!isKnown || (height !== undefined && !/^\d+$/.test(height))) return null;
  return { shows, scale, height: height === undefined ? PLAIN_HEIGHT : clampHeight(Number(height)) } as CounterMode;
}

export function unitOf(unit: string | null, mode: Pick<CounterMode, "shows">): string | null {
  return mode.shows === "rate" ? `${unit ?? ""}/s` : unit;
}

/** The columns as the mode shows them. A change is drawn where it has happened; before the first value there is none. */
export function shownColumns(columns: CounterColumns, mode: Pick<CounterMode, "shows">): CounterColumns {
  if (mode.shows === "value") return columns;
  const values = new Float64Array(columns.ts.length);
  for (let i = 0; i < values.length; i++) {
    const next = mode.shows === "rate" ? i + 1 : i;
    const before = next - 1;
    if (before < 0 || next >= values.length) continue;
    const change = columns.last[next]! - columns.last[before]!;
    // A rate holds from a value to the next one, so it is known where that begins.
    const seconds = (columns.ts[next]! - columns.ts[before]!) / 1e9;
    values[i] = mode.shows === "delta" ? change : seconds > 0 ? change / seconds : 0;
  }
  return { kind: "counter", ts: columns.ts, min: values, max: values, last: values };
}

/** The least and greatest value that is seen in a window; null when there is none. */
export function seenRange(columns: CounterColumns, window: TimeWindow): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (let i = Math.max(0, lastNotAfter(columns.ts, window.start)); i < columns.ts.length; i++) {
    if (columns.ts[i]! > window.end) break;
    low = Math.min(low, columns.min[i]!);
    high = Math.max(high, columns.max[i]!);
  }
  return low > high ? null : [low, high];
}

/** A logarithm that also has a place for zero and for what is below it. */
export const symlog = (value: number): number => Math.sign(value) * Math.log10(1 + Math.abs(value));

export interface Scale {
  low: number;
  high: number;
  /** The share of the height at which a value is drawn, from 0 at the bottom to 1 at the top. */
  shareOf: (value: number) => number;
}

export function scaleFor(range: [number, number] | null, mode: Pick<CounterMode, "scale">): Scale {
  let [low, high] = range ?? [0, 1];
  if (mode.scale !== "fit") [low, high] = [Math.min(0, low), Math.max(0, high)];
  // A flat line is drawn in the middle, or on the bottom when it is zero.
  if (low === high) [low, high] = low === 0 ? [0, 1] : [low - Math.abs(low) / 2, high + Math.abs(high) / 2];
  const of = mode.scale === "log" ? symlog : (value: number) => value;
  const [bottom, top] = [of(low), of(high)];
  return { low, high, shareOf: (value) => (of(value) - bottom) / (top - bottom) };
}
