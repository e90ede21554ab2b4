import { expect, it } from "vitest";
import type { TrackNode } from "../api/types.ts";
import { firstLayout } from "./first_layout.ts";

let nextTrack = 1;
function node(kind: TrackNode["kind"], key: string, children: TrackNode[] = [], rows = 0, folded = false): TrackNode {
  const track = {
    id: nextTrack++,
    kind: "slice" as const,
    num_events: 1,
    num_rows: rows,
    start: 0,
    end: 1,
    unit: null,
  };
  const none = { role: null, pid: null, tid: null, rank: null, device: null, stream: null };
  return { key, name: key, kind, children, tracks: rows > 0 ? [track] : [], collapsed: folded, ...none };
}
const cpu = (depths: number) =>
  node("region", "CPU", [node("thread", "main", [], depths), node("thread", "io", [], 2)]);
const gpu = () => node("region", "GPU", [node("stream", "stream 7", [], 1)]);

it("makes deep threads thin when the GPU would be below the edge", () => {
  // 26 for the region, 40 rows of 18: the GPU begins at more than 700.
  expect([...firstLayout([cpu(40), gpu()], 600).compact]).toEqual(["main"]);
  expect([...firstLayout([cpu(40), gpu()], 1200).compact]).toEqual([]);
  expect([...firstLayout([cpu(10), gpu()], 600).compact]).toEqual([]);
  expect([...firstLayout([cpu(40)], 600).compact], "without a GPU there is nothing to make room for").toEqual([]);
});

it("unfolds further ranks while all of them fit", () => {
  const rank = (number: number) => node("rank", `rank ${number}`, [cpu(5)], 0, number > 0);
  // A rank has 28 + 26 + 94 + 40 = 188 pixels unfolded and 28 folded.
  const unfolded = (height: number) => [...firstLayout([rank(0), rank(1), rank(2)], height).collapsed.keys()];
  expect(unfolded(400)).toEqual([]);
  expect(unfolded(410)).toEqual(["rank 1"]);
  expect(unfolded(600)).toEqual(["rank 1", "rank 2"]);
});
