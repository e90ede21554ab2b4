import { expect, it } from "vitest";
import { LIGHT } from "../render/palette.ts";
import { RecordingRenderer } from "../render/renderer.ts";
import { drawOverview, type OverviewScene } from "./draw_overview.ts";

const scene = (more: Partial<OverviewScene>): OverviewScene => ({
  width: 100,
  bounds: { start: 0, end: 1000 },
  view: { start: 0, end: 1000 },
  loads: [],
  ticks: [],
  marks: [],
  dragged: null,
  theme: LIGHT,
  ...more,
});
const boxes = (more: Partial<OverviewScene>, color: string) => {
  const renderer = new RecordingRenderer();
  drawOverview(renderer, scene(more));
  return renderer.calls.flatMap((call) =>
    call.op === "rect" && call.color === color ? [[call.x, call.y, call.width, call.height]] : [],
  );
};

it("draws equal load as one box, whatever the buckets are to pixels", () => {
  // Seven buckets of 14.3 pixels: three full, two empty, one half, one nearly idle. A lane is 46 px high, its bars 43.
  const share = Float64Array.of(1, 1, 1, 0, 0, 0.5, 0.001);
  expect(boxes({ loads: [{ label: "GPU", share }] }, LIGHT.classes[1]!)).toEqual([
    [0, 9, 43, 43],
    [71, 30, 15, 22],
    [86, 51, 14, 1],
  ]);
});

it("draws a tick for each hit, two pixels wide at least, also at the very end", () => {
  const ticks = new Array<number>(200).fill(0);
  ticks[40] = 3;
  ticks[199] = 1;
  expect(boxes({ ticks }, LIGHT.hit)).toEqual([
    [20, 0, 2, 5],
    [98, 0, 2, 5],
  ]);
});
