import { expect, it } from "vitest";
import { firstLayout } from "./first_layout.ts";
import { madeNode as node } from "./made_node.ts";

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
  const rank = (number: number) => node("rank", `rank ${number}`, [cpu(5)], 0, { collapsed: number > 0 });
  // A rank has 28 + 26 + 94 + 40 = 188 pixels unfolded and 28 folded.
  const unfolded = (height: number) => [...firstLayout([rank(0), rank(1), rank(2)], height).collapsed.keys()];
  expect(unfolded(400)).toEqual([]);
  expect(unfolded(410)).toEqual(["rank 1"]);
  expect(unfolded(600)).toEqual(["rank 1", "rank 2"]);
});
