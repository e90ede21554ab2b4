import { expect, it } from "vitest";
import type { TrackNode } from "../api/types.ts";
import {
  filteredKeys,
  freeName,
  indexNodes,
  keysOfTracks,
  merged,
  withoutRow,
  withRowMoved,
  withRows,
} from "./workspaces.ts";

let nextTrack = 1;
function node(kind: TrackNode["kind"], key: string, children: TrackNode[] = []): TrackNode {
  const track = { id: nextTrack++, kind: "slice" as const, num_events: 1, num_rows: 1, start: 0, end: 1, unit: null };
  const none = { role: null, pid: null, tid: null, rank: null, device: null, stream: null };
  return { key, name: key, kind, children, tracks: children.length === 0 ? [track] : [], collapsed: false, ...none };
}
const tree = [
  node("region", "cpu", [node("process", "engine", [node("thread", "main"), node("thread", "io")])]),
  node("region", "gpu", [node("device", "h100", [node("stream", "s7"), node("stream", "s8")])]),
];
const index = indexNodes(tree);

it("adds rows once, and none that a row of it already shows", () => {
  const one = withRows({ name: "w", keys: ["h100"] }, ["main", "s7", "main", "io"], index);
  expect(one).toEqual({ name: "w", keys: ["h100", "main", "io"] });
});

it("moves rows within its ends and takes them out", () => {
  const three = { name: "w", keys: ["a", "b", "c"] };
  expect(withRowMoved(three, "b", -1).keys).toEqual(["b", "a", "c"]);
  expect(withRowMoved(three, "b", 1).keys).toEqual(["a", "c", "b"]);
  expect(withRowMoved(three, "a", -1)).toBe(three);
  expect(withRowMoved(three, "gone", 1)).toBe(three);
  expect(withoutRow(three, "b").keys).toEqual(["a", "c"]);
});

it("takes the outermost rows of a filter and the rows of tracks", () => {
  expect(filteredKeys(tree, "main, h100, s7")).toEqual(["main", "h100"]);
  expect(filteredKeys(tree, " ")).toEqual([]);
  const tracks = new Set(["io", "s8"].map((key) => index.get(key)!.node.tracks[0]!.id));
  expect(keysOfTracks(tree, tracks)).toEqual(["io", "s8"]);
  expect(index.get("s8")!.path.map((each) => each.key)).toEqual(["gpu", "h100"]);
});

it("finds free names and lets a link win", () => {
  const kept = [
    { name: "a", keys: ["x"] },
    { name: "a 2", keys: [] },
  ];
  expect([freeName(kept, "a"), freeName(kept, " b "), freeName(kept, "")]).toEqual(["a 3", "b", "Workspace"]);
  expect(merged(kept, [{ name: "a", keys: ["y"] }])).toEqual([
    { name: "a 2", keys: [] },
    { name: "a", keys: ["y"] },
  ]);
});
