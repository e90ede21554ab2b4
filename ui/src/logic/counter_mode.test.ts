import { expect, it } from "vitest";
import type { CounterColumns } from "../api/viewport_frame.ts";
import {
  modeOfText,
  modeText,
  MAX_HEIGHT,
  nextHeight,
  PLAIN,
  scaleFor,
  seenRange,
  shownColumns,
  symlog,
  unitOf,
} from "./counter_mode.ts";

/** 10 at 0 s, 30 at 2 s, 0 at 3 s. */
const columns: CounterColumns = {
  kind: "counter",
  ts: Float64Array.of(0, 2e9, 3e9),
  min: Float64Array.of(10, 20, 0),
  max: Float64Array.of(10, 35, 0),
  last: Float64Array.of(10, 30, 0),
};
const shown = (shows: "delta" | "rate") => [...shownColumns(columns, { shows }).last];

it("shows values, changes where they happen, and rates from where they begin", () => {
  expect(shownColumns(columns, PLAIN)).toBe(columns);
  expect(shown("delta")).toEqual([0, 20, -30]);
  expect(shown("rate")).toEqual([10, -30, 0]);
  expect([unitOf("bytes", PLAIN), unitOf("bytes", { shows: "rate" }), unitOf(null, PLAIN)]).toEqual([
    "bytes",
    "bytes/s",
    null,
  ]);
});

it("looks at what is seen, with the value that holds where the window begins", () => {
  expect(seenRange(columns, { start: 1e9, end: 2.5e9 })).toEqual([10, 35]);
  expect(seenRange(columns, { start: 2.9e9, end: 4e9 })).toEqual([0, 35]);
  expect(seenRange({ ...columns, ts: new Float64Array(0) }, { start: 0, end: 1 })).toBe(null);
});

it("scales from zero, to fit, or by logarithm", () => {
  const zero = scaleFor([10, 40], PLAIN);
  expect([zero.low, zero.high, zero.shareOf(10)]).toEqual([0, 40, 0.25]);
  const fit = scaleFor([10, 40], { scale: "fit" });
  expect([fit.low, fit.shareOf(10), fit.shareOf(25)]).toEqual([10, 0, 0.5]);
  const log = scaleFor([-9, 99], { scale: "log" });
  // Ten below zero is one unit down, a hundred above two units up.
  expect(log.shareOf(0)).toBeCloseTo(1 / 3);
  expect(log.shareOf(9)).toBeCloseTo(2 / 3);
  expect(symlog(-9)).toBeCloseTo(-1);
  expect(scaleFor([5, 5], { scale: "fit" }).shareOf(5)).toBe(0.5);
  expect(scaleFor([0, 0], PLAIN).shareOf(0)).toBe(0);
  expect(scaleFor(null, PLAIN).high).toBe(1);
});

it("is written into a link and read from it", () => {
  const mode = { shows: "rate", scale: "log", height: 96 } as const;
  expect(modeOfText(modeText(mode))).toEqual(mode);
  expect(modeText({ ...mode, height: PLAIN.height }), "as links were before heights could be chosen").toBe("rate-log");
  expect(modeOfText("rate-log")).toEqual({ ...mode, height: PLAIN.height });
  expect(["rate", "x-log", "", "rate-log-x", "rate-log--9"].map(modeOfText)).toEqual([null, null, null, null, null]);
  expect(modeOfText("rate-log-99999")!.height).toBe(MAX_HEIGHT);
});

it("goes through the heights and begins again", () => {
  expect([44, 60, 88, 176, 300].map(nextHeight)).toEqual([88, 88, 176, 44, 44]);
});
