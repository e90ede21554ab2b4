import { expect, it } from "vitest";
import type { TrackNode } from "../api/types.ts";
import { layoutRows, rowIndexAt, stickyHeaders } from "./rows.ts";
import { indexNodes } from "./workspaces.ts";
import { madeNode as node } from "./made_node.ts";

const tree = () => [
  node("region", "CPU", [
    node("process", "engine", [node("thread", "main", [], 3, { tid: 7, role: "main" }), node("thread", "zmq", [], 1)]),
    node("process", "api", [node("thread", "loop", [], 1)], 0, { collapsed: true }),
  ]),
  node("region", "GPU", [node("device", "H100", [node("stream", "stream 7", [], 1)])]),
];
const layout = (more: object = {}) =>
  layoutRows({ nodes: tree(), collapsed: new Map(), compact: new Set(), pins: [], filter: "", ...more });
const names = (rows: { node: TrackNode }[]) => rows.map((row) => row.node.name);

it("lists what is unfolded, one under the other", () => {
  const { rows, height } = layout();
  expect(names(rows)).toEqual(["CPU", "engine", "main", "zmq", "api", "GPU", "H100", "stream 7"]);
  rows.reduce((y, row) => {
    expect(row.y).toBe(y);
    return y + row.height;
  }, 0);
  expect(height).toBe(rows.at(-1)!.y + rows.at(-1)!.height);
  expect(rows[2]!.height).toBe(3 * 18 + 4);
  expect(names(rows[4]!.summary.map(() => rows[4]!))).toEqual(["api"]);
});

it("remembers what the user folded and unfolded", () => {
  const { rows } = layout({
    collapsed: new Map([
      ["CPU", true],
      ["api", false],
    ]),
  });
  expect(names(rows)).toEqual(["CPU", "GPU", "H100", "stream 7"]);
  expect(rows[0]!.summary).toHaveLength(3);
});

it("filters by name, role and tid, keeps the way up, and looks into folded groups", () => {
  expect(names(layout({ filter: "loop" }).rows)).toEqual(["CPU", "api", "loop"]);
  expect(names(layout({ filter: "tid 7" }).rows)).toEqual(["CPU", "engine", "main"]);
  expect(names(layout({ filter: "h100, zmq" }).rows)).toEqual(["CPU", "engine", "zmq", "GPU", "H100", "stream 7"]);
  expect(layout({ filter: "no such" }).rows).toEqual([]);
});

it("pins in the order of pinning, also what is folded away, and forgets unknown pins", () => {
  const { pinned, pinnedHeight } = layout({ pins: ["loop", "gone", "main"] });
  expect(names(pinned)).toEqual(["loop", "main"]);
  expect(pinnedHeight).toBe(22 + 58);
});

it("makes pinned rows thin when they would fill the view", () => {
  expect(layout({ pins: ["main"], maxPinnedHeight: 57 }).pinnedHeight).toBe(22);
  expect(layout({ pins: ["main"], maxPinnedHeight: 58 }).pinnedHeight).toBe(58);
});

it("shows the rows of a workspace instead of the tree, each with what is above it", () => {
  const nodes = tree();
  const index = indexNodes(nodes);
  const roots = ["H100", "main"].map((key) => index.get(key)!);
  const { rows, pinned, height } = layoutRows({
    nodes,
    roots,
    collapsed: new Map(),
    compact: new Set(),
    pins: ["zmq"],
    filter: "",
  });
  expect(names(rows)).toEqual(["H100", "stream 7", "main"]);
  expect(rows.map((row) => [row.level, row.isApart, names([...row.path.map((node) => ({ node }))])])).toEqual([
    [0, true, ["GPU"]],
    [1, false, ["H100"]],
    [0, true, ["CPU", "engine"]],
  ]);
  expect(height).toBe(24 + 22 + 58);
  expect(names(pinned), "pins come from the whole tree").toEqual(["zmq"]);
  expect(names(stickyHeaders(rows, rows[1]!.y + 1))).toEqual(["H100"]);
  expect(
    names(layoutRows({ nodes, roots, collapsed: new Map(), compact: new Set(), pins: [], filter: "main" }).rows),
  ).toEqual(["main"]);
});

it("finds rows by position", () => {
  const { rows } = layout();
  expect(rowIndexAt(rows, -1)).toBe(-1);
  expect(rowIndexAt(rows, 0)).toBe(0);
  expect(rowIndexAt(rows, rows[3]!.y)).toBe(3);
  expect(rowIndexAt(rows, 1e9)).toBe(rows.length - 1);
});

it("keeps the headers of what is scrolled into", () => {
  const { rows } = layout();
  expect(stickyHeaders(rows, 0)).toEqual([]);
  expect(names(stickyHeaders(rows, rows[2]!.y + 5))).toEqual(["CPU", "engine"]);
  expect(names(stickyHeaders(rows, rows[7]!.y + 1))).toEqual(["GPU", "H100"].slice(0, 2));
});

it("makes counters as high as is asked for, and pinned ones plain where room is short", () => {
  const track = { id: 999, kind: "counter" as const, num_events: 1, num_rows: 1, start: 0, end: 1, unit: null };
  const memory = node("counter", "memory", [], 0, { tracks: [track] });
  const input = { nodes: [memory, node("thread", "main", [], 1)], pins: ["memory"] };
  const heights = (more: object) => {
    const { rows, pinned } = layout({ ...input, ...more });
    return [rows[0]!.height, rows[0]!.tracks[0]!.height, rows[1]!.y, pinned[0]!.height];
  };
  expect(heights({})).toEqual([44, 40, 44, 44]);
  const counterModes = new Map([["memory", { shows: "value", scale: "zero", height: 176 }]]);
  expect(heights({ counterModes })).toEqual([176, 172, 176, 176]);
  expect(heights({ counterModes, maxPinnedHeight: 100 })).toEqual([176, 172, 176, 44]);
});
