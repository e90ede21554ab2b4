import { expect, it } from "vitest";
import { counterSums } from "./counter_sums.ts";

const values = Float64Array.of(10, 20, 5, 7);
const columns = {
  kind: "counter" as const,
  ts: Float64Array.of(0, 10, 20, 30),
  min: values,
  max: values,
  last: values,
};

it("adds up the samples of an area, each for as long as it holds", () => {
  // 20 for ten, 5 for eight.
  expect(counterSums(columns, { start: 1, end: 28 })).toEqual({
    count: 2,
    delta: -15,
    rate: -1.5e9,
    mean: 240 / 18,
    first: 20,
    last: 5,
    min: 5,
    max: 20,
  });
});

it("takes a sample at the start and none at the end; one alone has no rate", () => {
  expect(counterSums(columns, { start: 10, end: 20 })).toMatchObject({ count: 1, rate: null, mean: 20, delta: 0 });
  expect(counterSums(columns, { start: 11, end: 20 })).toBe(null);
  expect(counterSums(columns, { start: 31, end: 90 })).toBe(null);
});
