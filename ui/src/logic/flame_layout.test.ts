import { expect, it } from "vitest";
import { layoutFlames } from "./flame_layout.ts";

//  a 60            b 40
//  a.x 10  a.y 30
const graph = {
  total: 100,
  nodes: {
    parent: [-1, -1, 0, 0],
    name: ["a", "b", "x", "y"],
    total: [60, 40, 10, 30],
    self: [20, 40, 10, 30],
    count: [1, 1, 1, 1],
  },
};

it("puts children under their parents, the widest first", () => {
  expect(layoutFlames(graph)).toEqual([
    { node: 0, depth: 0, start: 0, width: 0.6 },
    { node: 1, depth: 0, start: 0.6, width: 0.4 },
    { node: 3, depth: 1, start: 0, width: 0.3 },
    { node: 2, depth: 1, start: 0.3, width: 0.1 },
  ]);
});

it("zooms into a node and keeps the way back", () => {
  expect(layoutFlames(graph, 0)).toEqual([
    { node: 0, depth: 0, start: 0, width: 1 },
    { node: 3, depth: 1, start: 0, width: 0.5 },
    { node: 2, depth: 1, start: 0.5, width: 1 / 6 },
  ]);
});
