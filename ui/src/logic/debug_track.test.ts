import { expect, it } from "vitest";
import { debugColumns, debugCounter, layLanes } from "./debug_track.ts";

it("gives overlapping rows lanes and reuses those that are free", () => {
  const rows = [
    { ts: 20, dur: 10, name: "c" },
    { ts: 0, dur: 10, name: "a" },
    { ts: 5, dur: 20, name: "b" },
    { ts: 30, dur: 0, name: "d" },
    { ts: 30, dur: 0, name: "e" },
  ];
  expect(layLanes(rows)).toEqual({ order: [1, 2, 0, 3, 4], lanes: [0, 0, 1, 0, 1], count: 2 });
  const columns = debugColumns(rows, (text) => text.charCodeAt(0));
  expect([...columns.slice]).toEqual([1, 0, 3, 2, 4]);
  expect([...columns.depthFirst]).toEqual([0, 3, 5]);
  expect([...columns.flags]).toEqual([0, 0, 2, 0, 2]);
  expect(String.fromCharCode(...columns.name)).toBe("acdbe");
});

it("sorts the samples of a counter", () => {
  const counter = debugCounter([
    { ts: 20, value: 1 },
    { ts: 10, value: 5 },
  ]);
  expect([...counter.ts]).toEqual([10, 20]);
  expect([...counter.last]).toEqual([5, 1]);
});
