import { expect, it } from "vitest";
import { indexDepths, type SliceColumns, type TrackColumns } from "../api/viewport_frame.ts";
import { madeNode } from "../logic/made_node.ts";
import { layoutRows } from "../logic/rows.ts";
import { PLAIN } from "../logic/counter_mode.ts";
import { DARK, LIGHT } from "../render/palette.ts";
import { type DrawCall, RecordingRenderer } from "../render/renderer.ts";
import { drawArrows, drawAxis, drawRows, fitText, MERGED_ALPHA, type Scene } from "./draw.ts";

interface Block {
  ts: number;
  dur: number;
  depth?: number;
  count?: number;
  class?: number;
  flags?: number;
}
/** Blocks in the order (depth, ts); slice and name ids are their places in the list. */
function columns(blocks: Block[]): SliceColumns {
  const depth = Uint16Array.from(blocks, (b) => b.depth ?? 0);
  return {
    kind: "slice",
    ts: Float64Array.from(blocks, (b) => b.ts),
    dur: Float64Array.from(blocks, (b) => b.dur),
    slice: Uint32Array.from(blocks, (_, i) => i),
    count: Uint32Array.from(blocks, (b) => b.count ?? 1),
    name: Uint32Array.from(blocks, (_, i) => i),
    nameHash: Uint32Array.from(blocks, (_, i) => i),
    depth,
    class: Uint8Array.from(blocks, (b) => b.class ?? 0),
    flags: Uint8Array.from(blocks, (b) => b.flags ?? 0),
    depthFirst: indexDepths(depth),
  };
}
function row(rows: number, kind: "slice" | "counter" = "slice", height = 44) {
  const track = { id: 1, kind, num_events: 1, num_rows: rows, start: 0, end: 100, unit: null };
  const node = madeNode("stream", "stream 7", [], 0, { tracks: [track] });
  const counterModes = new Map([["stream 7", { ...PLAIN, height }]]);
  return layoutRows({ nodes: [node], counterModes, collapsed: new Map(), compact: new Set(), pins: [], filter: "" })
    .rows;
}
/** 100 ns over 1000 px, so that a nanosecond is ten pixels. */
const scene = (track: TrackColumns, more: Partial<Scene> = {}): Scene => ({
  window: { start: 0, end: 100 },
  width: 1000,
  theme: LIGHT,
  columnsOf: () => track,
  nameOf: (id) => `name${id}`,
  selectedSlice: null,
  hoveredHash: null,
  hoveredSlice: null,
  isNameShown: null,
  modeOf: () => PLAIN,
  pointer: null,
  ...more,
});
function draw(
  track: TrackColumns,
  more: Partial<Scene> = {},
  rows = 2,
  kind: "slice" | "counter" = "slice",
  height = 44,
): DrawCall[] {
  const renderer = new RecordingRenderer();
  drawRows(renderer, scene(track, more), row(rows, kind, height), 0, 0, 200);
  return renderer.calls.slice(1); // the first is the line under the row
}
const rects = (calls: DrawCall[]) => calls.filter((call) => call.op === "rect");

it("draws each block at its time and depth, with its name", () => {
  const calls = draw(
    columns([
      { ts: 10, dur: 20, class: 1 },
      { ts: 12, dur: 8, depth: 1, class: 2 },
    ]),
  );
  expect(calls).toEqual([
    { op: "rect", x: 100, y: 2, width: 199.25, height: 17, color: LIGHT.classes[1], alpha: 1 },
    { op: "text", x: 104, y: 11, text: "name0" },
    { op: "rect", x: 120, y: 20, width: 79.25, height: 17, color: LIGHT.classes[2], alpha: 1 },
    { op: "text", x: 124, y: 29, text: "name1" },
  ]);
});

it("leaves out what is left and right of the window and cuts what reaches out of it", () => {
  const track = columns([
    { ts: 0, dur: 5 },
    { ts: 8, dur: 50 },
    { ts: 90, dur: 5 },
  ]);
  const calls = draw(track, { window: { start: 10, end: 60 } });
  expect(rects(calls)).toHaveLength(1);
  expect(rects(calls)[0]).toMatchObject({ x: -4, width: 963.25 });
  // The name stays readable at the window's left edge.
  expect(calls.at(-1)).toEqual({ op: "text", x: 4, y: 11, text: "name1" });
});

it("shades merged blocks and says how many they are", () => {
  const calls = draw(columns([{ ts: 0, dur: 10, count: 5 }]));
  expect(rects(calls)[0]!.alpha).toBeLessThan(1);
  expect(calls.at(-1)).toMatchObject({ op: "text", text: "name0 +4" });
});

it("draws a block of any shortness, one for each pixel", () => {
  const thin = Array.from({ length: 1000 }, (_, i) => ({ ts: i / 1000, dur: 0.0005 }));
  expect(rects(draw(columns(thin))).length).toBeGreaterThanOrEqual(10);
  expect(rects(draw(columns(thin))).length).toBeLessThan(25);
  expect(rects(draw(columns([{ ts: 50, dur: 0.00001 }])))[0]).toMatchObject({ x: 500, width: 1 });
});

it("marks the selected block, also where many share its pixel", () => {
  const thin = Array.from({ length: 100 }, (_, i) => ({ ts: i / 1000, dur: 0.0005 }));
  const strokes = draw(columns(thin), { selectedSlice: 37 }).filter((call) => call.op === "stroke");
  expect(strokes).toHaveLength(1);
  expect(strokes[0]).toMatchObject({ color: LIGHT.selection });
});

it("fades what a filter hides", () => {
  const track = columns([
    { ts: 0, dur: 10 },
    { ts: 20, dur: 10 },
  ]);
  const alphas = rects(draw(track, { isNameShown: (name) => name === "name1" })).map((call) => call.alpha);
  expect(alphas).toEqual([0.1, 1]);
});

it("tears the end of what never ended and points at instants", () => {
  expect(draw(columns([{ ts: 0, dur: 50, flags: 1 }])).filter((call) => call.op === "polygon").length).toBeGreaterThan(
    2,
  );
  const [instant] = draw(columns([{ ts: 50, dur: 0, flags: 2 }]));
  expect(instant).toMatchObject({ op: "polygon" });
});

it("draws thin neighbours of one colour as one box, and ends it where something else comes", () => {
  const thin = (ts: number, kernelClass: number, count = 2) => ({ ts, dur: 0.2, class: kernelClass, count });
  const track = columns([
    thin(10, 1),
    thin(10.2, 1),
    thin(10.4, 1),
    thin(10.6, 2),
    thin(10.8, 1),
    thin(12, 1),
    thin(12.2, 1, 1),
  ]);
  const told = (more: Partial<Scene> = {}) =>
    draw(track, more, 1).flatMap((call) =>
      call.op === "rect" ? [[Math.round(call.x), Math.round(call.width), LIGHT.classes.indexOf(call.color)]] : [],
    );
  // Two pixels each; a gap, another colour and another opacity part them.
  expect(told()).toEqual([
    [100, 6, 1],
    [106, 2, 2],
    [108, 2, 1],
    [120, 2, 1],
    [122, 2, 1],
  ]);
  expect(told({ selectedSlice: 1 })).toHaveLength(7);
});

/** The boxes of a counter: its area, and its line. */
const boxes = (calls: DrawCall[], color: string) =>
  calls.flatMap((call) =>
    call.op === "rect" && call.color === color ? [[call.x, call.y, call.width, call.height]] : [],
  );

it("steps counters and keeps the value that holds at the left edge", () => {
  const track: TrackColumns = {
    kind: "counter",
    ts: Float64Array.of(0, 50),
    min: Float64Array.of(10, 20),
    max: Float64Array.of(10, 20),
    last: Float64Array.of(10, 20),
  };
  const calls = draw(track, { window: { start: 20, end: 100 } }, 1, "counter");
  // 36 px high from y 4 on: 10 of 20 is the middle.
  expect(boxes(calls, LIGHT.counterFill)).toEqual([
    [0, 22, 375, 18],
    [375, 4, 625, 36],
  ]);
  expect(boxes(calls, LIGHT.counterLine)).toEqual([
    [0, 21.5, 375, 1],
    [375, 4, 1, 18],
    [375, 3.5, 625, 1],
  ]);
});

it("draws many values of a pixel as the range they reached, in boxes that do not grow with their number", () => {
  const n = 100_000;
  const values = Float64Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 0 : 36));
  const ts = Float64Array.from({ length: n }, (_, i) => (i * 100) / n);
  const calls = draw({ kind: "counter", ts, min: values, max: values, last: values }, {}, 1, "counter");
  // From 36 at the top to 0 at the bottom, in every pixel.
  expect(boxes(calls, LIGHT.counterLine)).toEqual([[0, 4, 1000, 36]]);
});

it("draws dense values of a counter pixel by pixel: the area, the line, and the step between", () => {
  // Two pixels each: 10, 30, and 20 from then on, of a scale up to 30 that is 36 px high.
  const values = Float64Array.of(10, 30, 20);
  const track: TrackColumns = {
    kind: "counter",
    ts: Float64Array.of(0, 0.2, 0.4),
    min: values,
    max: values,
    last: values,
  };
  const calls = draw(track, {}, 1, "counter");
  const [fill] = LIGHT.counterFill.match(/^#.{6}/)!;
  // The line lies half a pixel above and below its value, which rounds down to the pixel at the value.
  expect(boxes(calls, LIGHT.counterLine)).toEqual([
    [4, 4, 1, 12],
    [4, 15.5, 996, 1],
    [0, 28, 2, 1],
    [2, 4, 1, 24],
    [3, 4, 1, 1],
  ]);
  expect(boxes(calls, fill)).toEqual([
    [0, 29, 2, 11],
    [2, 28, 1, 12],
    [3, 5, 1, 35],
  ]);
});

/** 10 at 0, 1000 at 50: a unit and a hundred of them. */
const counter: TrackColumns = {
  kind: "counter",
  ts: Float64Array.of(0, 50),
  min: Float64Array.of(10, 1000),
  max: Float64Array.of(10, 1000),
  last: Float64Array.of(10, 1000),
};
const texts = (calls: DrawCall[]) => calls.flatMap((call) => (call.op === "text" ? [[call.text, call.y]] : []));

it("labels the ends of a counter's scale, at the top and at the bottom", () => {
  expect(texts(draw(counter, {}, 1, "counter"))).toEqual([
    ["1\u202f000", 11],
    ["0", 34],
  ]);
  expect(texts(draw(counter, {}, 1, "counter", 100)).at(-1)).toEqual(["0", 90]);
  expect(texts(draw(counter, {}, 1, "counter", 24)), "no room for the lower one").toEqual([["1\u202f000", 11]]);
  const fit = draw(counter, { modeOf: () => ({ shows: "value", scale: "fit" }) }, 1, "counter");
  expect(texts(fit).map(([text]) => text)).toEqual(["1\u202f000", "10"]);
});

it("draws changes and logarithms of a counter", () => {
  // A change of 990 at 50, nothing before it: the line runs along the bottom and jumps to the top.
  const delta = draw(counter, { modeOf: () => ({ shows: "delta", scale: "zero" }) }, 1, "counter");
  expect(boxes(delta, LIGHT.counterLine)).toEqual([
    [0, 39.5, 500, 1],
    [500, 4, 1, 36],
    [500, 3.5, 500, 1],
  ]);
  expect(texts(delta)[0]).toEqual(["990", 11]);
  const rate = draw(counter, { modeOf: () => ({ shows: "rate", scale: "zero" }) }, 1, "counter");
  expect(texts(rate)[0]![0], "990 in 50 ns").toBe("19\u202f800\u202f000\u202f000/s");
  const log = draw(counter, { modeOf: () => ({ shows: "value", scale: "log" }) }, 1, "counter");
  // log10(11) of log10(1001), upwards from 40.
  expect(boxes(log, LIGHT.counterFill)[0]![1]).toBeCloseTo(40 - (36 * Math.log10(11)) / Math.log10(1001));
});

it("writes a counter's value at the mouse, on the side that has room", () => {
  const at = (nanos: number) => texts(draw(counter, { pointer: { trackId: 1, nanos } }, 1, "counter")).at(-1);
  expect(at(20)).toEqual(["10", 22]);
  expect(at(60)).toEqual(["1\u202f000", 22]);
  const calls = draw(counter, { pointer: { trackId: 1, nanos: 99 } }, 1, "counter");
  // Five characters of seven pixels do not fit right of 990.
  expect(calls.at(-1)).toMatchObject({ op: "text", x: 990 - 8 - 35 });
  const elsewhere = draw(counter, { pointer: { trackId: 2, nanos: 99 } }, 1, "counter");
  expect(texts(elsewhere)).toHaveLength(2);
});

it("leaves the return type out of a name that has no room", () => {
  const name = "void flash_fwd_kernel(Params)";
  const textAt = (dur: number) => texts(draw(columns([{ ts: 0, dur }]), { nameOf: () => name }))[0]![0];
  // 29 characters of seven pixels, and four of margin on each side.
  expect(textAt(21.1)).toBe(name);
  expect(textAt(21)).toBe("flash_fwd_kernel(Params)");
  expect(textAt(10)).toBe("flash_fwd_ke…");
});

it("writes names of merged blocks in full, on a paler block", () => {
  class TextRenderer extends RecordingRenderer {
    readonly texts: unknown[] = [];
    override text(_x: number, _y: number, text: string, color?: string): void {
      this.texts.push([text, color, this.opacity]);
    }
  }
  const renderer = new TextRenderer();
  const track = columns([{ ts: 0, dur: 20, count: 3 }]);
  drawRows(renderer, scene(track, { theme: DARK }), row(1), 0, 0, 200);
  expect(renderer.texts).toEqual([["name0 +2", DARK.onMerged, 1]]);
  expect(rects(renderer.calls).at(-1)!.alpha).toBe(MERGED_ALPHA);
});

it("fits text by cutting its end", () => {
  const renderer = new RecordingRenderer();
  expect(fitText(renderer, "abcdef", 42)).toBe("abcdef");
  expect(fitText(renderer, "abcdef", 41)).toBe("abcd…");
  expect(fitText(renderer, "abcdef", 6)).toBe("");
});

it("lets arrows leave the end of the source, or its start when the target begins within", () => {
  const end = (ts: number, dur: number) => ({ slice: 1, ts, dur, track_id: 1, depth: 0, name: "" });
  const renderer = new RecordingRenderer();
  const base = { fromY: 5, toY: 50, isOutgoing: true, isFocused: true };
  drawArrows(renderer, scene(columns([])), [
    { ...base, arrow: { kind: "launch", name: "", from: end(10, 5), to: end(20, 9) } },
    { ...base, arrow: { kind: "launch", name: "", from: end(10, 50), to: end(20, 9) } },
    { ...base, fromY: null, arrow: { kind: "launch", name: "", from: end(1, 1), to: end(2, 9) } },
  ]);
  const curves = renderer.calls.filter((call) => call.op === "curve");
  expect(curves).toEqual([
    { op: "curve", x1: 150, y1: 5, x2: 200, y2: 50, alpha: 1 },
    { op: "curve", x1: 100, y1: 5, x2: 200, y2: 50, alpha: 1 },
  ]);
  const alphaOf = (count: number) => {
    const many = new RecordingRenderer();
    const arrow = { kind: "flow" as const, name: "", from: end(10, 5), to: end(20, 9) };
    drawArrows(
      many,
      scene(columns([])),
      Array.from({ length: count }, () => ({ ...base, arrow })),
    );
    return many.calls.flatMap((call) => (call.op === "curve" ? [call.alpha] : []))[0];
  };
  expect([1, 40, 80, 1000].map(alphaOf), "the more there are, the fainter each").toEqual([1, 1, 0.5, 0.05]);
});

it("writes how long the area is in the middle of what is seen of it", () => {
  const at = (start: number, end: number) => {
    const renderer = new RecordingRenderer();
    drawAxis(renderer, scene(columns([]), { window: { start: 100, end: 200 } }), [], { start, end });
    return renderer.calls.flatMap((call) => (call.op === "text" && call.y === 30 ? [[call.x, call.text]] : []));
  };
  // Five characters of seven pixels.
  expect(at(120, 140)).toEqual([[300 - 17.5, "20 ns"]]);
  expect(at(40, 120)).toEqual([[100 - 17.5, "80 ns"]]);
  expect(at(99, 101), "pushed into view").toEqual([[4, "2 ns"]]);
  expect(at(0, 50)).toEqual([]);
});

it("labels the axis and draws flags and spans", () => {
  const renderer = new RecordingRenderer();
  drawAxis(
    renderer,
    scene(columns([])),
    [
      { id: 1, start: 10, end: null, text: "here", isTemporary: false },
      { id: 2, start: 20, end: 40, text: "", isTemporary: true },
    ],
    { start: 0, end: 50 },
  );
  const texts = renderer.calls.flatMap((call) => (call.op === "text" ? [call.text] : []));
  expect(texts).toEqual(["0 ns", "20 ns", "40 ns", "60 ns", "80 ns", "100 ns", "50 ns", "here"]);
  expect(rects(renderer.calls)).toContainEqual(expect.objectContaining({ x: 200, width: 200, color: LIGHT.mark }));
});
