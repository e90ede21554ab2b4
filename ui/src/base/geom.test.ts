import { expect, it } from "vitest";
import {
  centerWindow,
  clampWindow,
  cssFromTrace,
  fitWindow,
  panWindow,
  tickStep,
  traceFromCss,
  zoomWindow,
} from "./geom.ts";

const bounds = { start: 0, end: 1000 };

it("keeps the time under the anchor in place while zooming", () => {
  const before = { start: 100, end: 500 };
  const after = zoomWindow(before, bounds, 2, 200);
  expect(after.end - after.start).toBe(200);
  expect(cssFromTrace(after, 800, 200)).toBeCloseTo(cssFromTrace(before, 800, 200), 9);
});

it("stops at the bounds without changing the span", () => {
  expect(panWindow({ start: 900, end: 1000 }, bounds, 500)).toEqual({ start: 900, end: 1000 });
  expect(panWindow({ start: 10, end: 110 }, bounds, -50)).toEqual({ start: 0, end: 100 });
  expect(clampWindow({ start: -500, end: 5000 }, bounds)).toEqual(bounds);
});

it("does not zoom closer than ten nanoseconds or farther than the trace", () => {
  expect(zoomWindow({ start: 100, end: 112 }, bounds, 100, 106)).toEqual({ start: 101, end: 111 });
  expect(zoomWindow({ start: 100, end: 112 }, bounds, 0.0001, 106)).toEqual(bounds);
});

it("centres and fits", () => {
  expect(centerWindow({ start: 0, end: 100 }, bounds, 400)).toEqual({ start: 350, end: 450 });
  expect(fitWindow({ start: 400, end: 500 }, bounds)).toEqual({ start: 390, end: 510 });
});

it("maps pixels and time both ways", () => {
  expect(traceFromCss({ start: 100, end: 300 }, 400, 100)).toBe(150);
  expect(cssFromTrace({ start: 100, end: 300 }, 400, 150)).toBe(100);
});

it("puts ticks at round distances", () => {
  expect(tickStep({ start: 0, end: 1000 }, 1000, 120)).toBe(200);
  expect(tickStep({ start: 0, end: 5 }, 1000, 100)).toBe(1);
});
