import { expect, it } from "vitest";
import { debugColumns } from "./debug_track.ts";
import { snapToEdge } from "./snapping.ts";

it("sticks to the nearest edge within reach and to nothing farther", () => {
  const columns = debugColumns(
    [
      { ts: 100, dur: 50, name: "" },
      { ts: 200, dur: 10, name: "" },
    ],
    () => 0,
  );
  expect(snapToEdge(columns, 0, 147, 5)).toBe(150);
  expect(snapToEdge(columns, 0, 97, 5)).toBe(100);
  expect(snapToEdge(columns, 0, 207, 5)).toBe(210);
  expect(snapToEdge(columns, 0, 175, 5)).toBe(175);
  expect(snapToEdge(columns, 3, 100, 5)).toBe(100);
});
