// The window of the timeline: trace nanoseconds on one side, CSS pixels on the other.
// All motion is a pure function from window to window, kept inside the trace's bounds.

export interface TimeWindow {
  readonly start: number;
  readonly end: number;
}

/** The closest zoom: a nanosecond of trace may fill this share of the view, not more. */
export const MIN_WINDOW_NANOS = 10;

export const spanOf = (window: TimeWindow): number => window.end - window.start;

export const cssFromTrace = (window: TimeWindow, width: number, nanos: number): number =>
  ((nanos - window.start) * width) / (window.end - window.start);

export const traceFromCss = (window: TimeWindow, width: number, x: number): number =>
  window.start + (x * (window.end - window.start)) / Math.max(width, 1);

/** Keeps a window inside `bounds`, moving it before it shrinks it. */
export function clampWindow(window: TimeWindow, bounds: TimeWindow): TimeWindow {
  const full = Math.max(spanOf(bounds), MIN_WINDOW_NANOS);
  const span = Math.min(Math.max(spanOf(window), MIN_WINDOW_NANOS), full);
  const middle = (window.start + window.end) / 2;
  const start = Math.min(Math.max(middle - span / 2, bounds.start), bounds.start + full - span);
  return { start, end: start + span };
}

/** Zooms by `factor` (above 1: in), keeping the time under `anchor` where it is on the screen. */
export function zoomWindow(window: TimeWindow, bounds: TimeWindow, factor: number, anchor: number): TimeWindow {
  const full = Math.max(spanOf(bounds), MIN_WINDOW_NANOS);
  const span = Math.min(Math.max(spanOf(window) / factor, MIN_WINDOW_NANOS), full);
  const share = (anchor - window.start) / spanOf(window);
  const start = anchor - share * span;
  return clampWindow({ start, end: start + span }, bounds);
}

export function panWindow(window: TimeWindow, bounds: TimeWindow, nanos: number): TimeWindow {
  return clampWindow({ start: window.start + nanos, end: window.end + nanos }, bounds);
}

export function centerWindow(window: TimeWindow, bounds: TimeWindow, nanos: number): TimeWindow {
  const half = spanOf(window) / 2;
  return clampWindow({ start: nanos - half, end: nanos + half }, bounds);
}

/** A window that shows `target` with a margin on both sides. */
export function fitWindow(target: TimeWindow, bounds: TimeWindow, margin = 0.1): TimeWindow {
  const span = Math.max(spanOf(target), 1);
  return clampWindow({ start: target.start - span * margin, end: target.end + span * margin }, bounds);
}

/** Distance between axis ticks: 1, 2 or 5 times a power of ten, at least `minPx` apart. */
export function tickStep(window: TimeWindow, width: number, minPx: number): number {
  const raw = Math.max((spanOf(window) * minPx) / Math.max(width, 1), 1);
  const power = 10 ** Math.floor(Math.log10(raw));
  for (const multiple of [1, 2, 5]) if (power * multiple >= raw) return power * multiple;
  return power * 10;
}
