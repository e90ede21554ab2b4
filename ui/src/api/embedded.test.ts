import { expect, it } from "vitest";
import { bytesOfBase64, EmbeddedClient, type EmbeddedData, fieldAt, valueAt } from "./embedded.ts";
import {
  area,
  areaFlows,
  flamegraph,
  type KnownSlice,
  matcher,
  sameName,
  search,
  unionOf,
} from "./embedded_answers.ts";
import type { SliceDetails } from "./types.ts";

/** A list of two texts, and an object that holds it. */
const data: EmbeddedData = {
  head: { format: 1, start: 0, end: 9, answers: 3, slices: [], names: 3, viewport: "S1NWMQAAAAAAAAAAAAAAAA==" },
  pool: ["a", "b", [0, 0, 1, 0], [1, 2, 4], 7],
  shapes: [["list", "number"]],
};

it("puts values together, whole or one field alone", () => {
  expect(valueAt(data, 3)).toEqual({ list: ["a", "b", "a"], number: 7 });
  expect([fieldAt(data, 3, "number"), fieldAt(data, 3, "none"), fieldAt(data, 2, "list")]).toEqual([
    7,
    undefined,
    undefined,
  ]);
  expect([...new Uint8Array(bytesOfBase64("+/8="))]).toEqual([0xfb, 0xff]);
  expect(() => new EmbeddedClient({ ...data, head: { ...data.head, format: 2 } })).toThrow("format 2");
});

it("says what to do about what is not in the file", async () => {
  const client = new EmbeddedClient(data).trace("window");
  await expect(client.slice(5)).rejects.toThrow("slice 5 is outside of this file's window");
  await expect(client.schema()).rejects.toMatchObject({ hint: expect.stringContaining("kinetoscope open") });
  const result = await client.query("select 1", "x", new AbortController().signal);
  expect(result.error?.message).toContain("not the trace itself");
});

// main     linear 0 to 100, in it mm 10 to 50, in that mm 20 to 35
// s7       A 30 to 50, A 55 to 60
// s8       N 40 to 70
const gpu = { id: 0, name: "H100" };
const slice = (
  id: number,
  name: string,
  ts: number,
  end: number,
  track: number,
  parent: number | null,
): KnownSlice => ({
  id,
  name,
  category: track === 1 ? "cpu_op" : "kernel",
  ts,
  end,
  dur: end - ts,
  track,
  parent,
  class: name === "N" ? "communication" : track === 1 ? "none" : "other",
  device: track === 1 ? null : gpu,
});
const slices = [
  slice(0, "linear", 0, 100, 1, null),
  slice(1, "mm", 10, 50, 1, 0),
  slice(2, "mm", 20, 35, 1, 1),
  slice(3, "A", 30, 50, 7, null),
  slice(4, "A", 55, 60, 7, null),
  slice(5, "N", 40, 70, 8, null),
];

it("adds up an area as the server does", () => {
  const table = area(slices, { start: 30, end: 60, tracks: [1, 7, 8], by: "name" }, String);
  const told = table.rows.map((row) => [row.label, row.count, row.total, row.self, row.min, row.max, row.p50]);
  // Cut to 30..60: linear 30; mm 20 and 5; A 20 and 5; N 20. Selfs: less the outer mm's 20, less the inner's 5.
  expect(told).toEqual([
    ["linear", 1, 30, 10, 30, 30, 30],
    ["A", 2, 25, 25, 5, 20, 20],
    ["mm", 2, 25, 20, 5, 20, 20],
    ["N", 1, 20, 20, 20, 20, 20],
  ]);
  expect(table.rows[1]!.percent_of_gpu_time).toBeCloseTo(2500 / 45);
  expect(table.gpu).toEqual([{ device: 0, name: "H100", busy: 30, idle: 0, percent_busy: 100 }]);
  expect(area(slices, { start: 0, end: 100, tracks: [8], by: "track" }, (id) => `t${id}`).rows[0]).toMatchObject({
    label: "t8",
    class: "communication",
    track_id: 8,
  });
  expect(area(slices, { start: 50, end: 50, tracks: [1], by: "name" }, String).num_slices).toBe(0);
  expect(
    unionOf([
      [5, 9],
      [0, 4],
      [3, 6],
    ]),
  ).toBe(9);
});

it("reads stacks from above and from below", () => {
  const down = flamegraph(slices, { start: 0, end: 100, tracks: [1], direction: "top_down" });
  expect(down).toEqual({
    total: 100,
    nodes: {
      parent: [-1, 0, 1],
      name: ["linear", "mm", "mm"],
      total: [100, 40, 15],
      self: [60, 25, 15],
      count: [1, 1, 1],
    },
  });
  const up = flamegraph(slices, { start: 0, end: 100, tracks: [1], direction: "bottom_up" });
  const roots = up.nodes.name.filter((_, i) => up.nodes.parent[i] === -1);
  expect(roots).toEqual(["linear", "mm"]);
  expect([up.total, up.nodes.total[up.nodes.name.indexOf("mm")]]).toEqual([100, 40]);
});

it("searches names, categories and arguments, with and without patterns", () => {
  const find = (text: string, places: ("name" | "category" | "arg_value")[] = ["name"]) =>
    search(slices, { text, in: places, limit: 9 }, { start: 0, end: 100 }, (id) =>
      id === 4 ? [{ key: "grid", value: "12x1", type: "string", children: [] }] : [],
    );
  expect(find("MM").ids).toEqual([1, 2]);
  expect(find("kernel", ["category"]).ids).toEqual([3, 5, 4]);
  expect(find("12x", ["arg_value"]).ids).toEqual([4]);
  expect(find("").total).toBe(0);
  const { ticks } = find("N");
  // linear at 0 and N at 40 of 100.
  expect([ticks[0], ticks[Math.floor(0.4 * 1024)], ticks.reduce((a, b) => a + b)]).toEqual([1, 1, 2]);
  expect(["aten::mm", "mm::x"].map(matcher("*::mm"))).toEqual([true, false]);
  expect(["a.b", "axb"].map(matcher("a.b*"))).toEqual([true, false]);
});

it("ranks a duration among those of its name, and counts flows within the area", () => {
  const statistics = sameName(slices, { name: "mm", dur: 40 } as SliceDetails);
  expect([statistics.count, statistics.total, statistics.min, statistics.max, statistics.rank_of_this]).toEqual([
    2, 55, 15, 40, 1,
  ]);
  expect(statistics.buckets.reduce((total, bucket) => total + bucket.count, 0)).toBe(2);
  const end = (id: number) => ({
    slice: id,
    ts: slices[id]!.ts,
    dur: slices[id]!.dur,
    track_id: slices[id]!.track,
    depth: 0,
    name: "",
  });
  const arrow = { kind: "launch" as const, name: "launch", from: end(1), to: end(3) };
  const flows = (window: number, tracks: number[]) =>
    areaFlows(slices, { start: 0, end: window, tracks, limit: 9 }, (id) => (id === 1 || id === 3 ? [arrow] : []));
  expect(flows(100, [1, 7]).groups[0]).toMatchObject({ from_track: 1, to_track: 7, count: 1, min: 20, mean: 20 });
  expect([flows(30, [1, 7]).total, flows(100, [7, 8]).total]).toEqual([0, 0]);
});
