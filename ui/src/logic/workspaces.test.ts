import { expect, it } from "vitest";
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
import { madeNode as node } from "./made_node.ts";

const tree = [
  node("region", "cpu", [node("process", "engine", [node("thread", "main", [], 1), node("thread", "io", [], 1)])]),
  node("region", "gpu", [node("device", "h100", [node("stream", "s7", [], 1), node("stream", "s8", [], 1)])]),
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
