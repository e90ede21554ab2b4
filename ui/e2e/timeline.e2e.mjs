// Journeys over the timeline: every key and gesture, seen through the view, the selection and what is written.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { TWO_STEPS, onMadeTrace, startHarness } from "./harness.mjs";
import { KERNELS, OPS, STEP } from "./mock_trace.mjs";

let harness;
before(async () => (harness = await startHarness({ steps: 100 })));
after(() => harness.stop());

const span = ({ start, end }) => end - start;
const near = (a, b, slack, what) => assert.ok(Math.abs(a - b) <= slack, `${what}: ${a} is not within ${slack} of ${b}`);
const onMade = onMadeTrace(() => harness);

test("regions come in the order CPU, GPU, Profiler", async () => {
  await harness.journey(async (page) => {
    await page.ready();
    const regions = await page.page.locator(".shell-region .shell-name").allInnerTexts();
    const known = ["CPU", "GPU", "Profiler"].filter((name) => regions.includes(name));
    assert.ok(known.length > 0);
    assert.deepEqual(regions.filter((name) => known.includes(name)).slice(0, known.length), known);
  });
});

onMade("the whole trace is shown first, with names, roles and ids", async (page) => {
  assert.deepEqual(await page.state("view"), { start: 0, end: 100 * STEP });
  const main = page.page.locator('[data-key="cpu/4321/4321"]');
  assert.match(await main.innerText(), /python3\s+main\s+4321/);
  assert.match(await page.text('[data-key="gpu/0"]'), /NVIDIA H100/);
  assert.match(await page.text(".warn-button"), /3 lost/);
});

onMade("W S zoom at the mouse and A D pan, and so do the arrow keys", async (page) => {
  const box = await page.box();
  await page.page.mouse.move(box.x + box.width / 4, box.y + 300);
  for (const [zoomIn, zoomOut, left, right] of [
    ["w", "s", "a", "d"],
    ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"],
  ]) {
    const before = await page.state("view");
    const anchor = before.start + span(before) / 4;
    await page.hold(zoomIn);
    const zoomed = await page.state("view");
    assert.ok(span(zoomed) < span(before) * 0.9, `${zoomIn} zooms in`);
    near((anchor - zoomed.start) / span(zoomed), 0.25, 0.002, `${zoomIn} keeps the time under the mouse`);
    await page.hold(right);
    const panned = await page.state("view");
    assert.ok(panned.start > zoomed.start, `${right} pans right`);
    near(span(panned), span(zoomed), 1, `${right} keeps the zoom`);
    await page.hold(left);
    assert.ok((await page.state("view")).start < panned.start, `${left} pans left`);
    const close = await page.state("view");
    await page.hold(zoomOut);
    assert.ok(span(await page.state("view")) > span(close), `${zoomOut} zooms out`);
  }
});

onMade("a short tap moves visibly", async (page) => {
  const before = await page.state("view");
  await page.press("w");
  assert.ok(span(await page.state("view")) < span(before) * 0.97);
});

onMade("the wheel scrolls, with Ctrl zooms at the cursor, with Shift pans", async (page, raw) => {
  const box = await page.box();
  const at = { x: box.x + box.width * 0.75, y: box.y + 100 };
  await raw.setViewportSize({ width: 1200, height: 420 });
  await page.idle();
  const small = await page.box();
  at.x = small.x + small.width * 0.75;
  await page.wheel(at, 0, 120);
  assert.ok((await page.state("scrollTop")) > 50);
  const before = await page.state("view");
  await raw.keyboard.down("Control");
  await page.wheel(at, 0, -400);
  await raw.keyboard.up("Control");
  const zoomed = await page.state("view");
  near((before.start + span(before) * 0.75 - zoomed.start) / span(zoomed), 0.75, 0.003, "time under the cursor");
  assert.ok(span(zoomed) < span(before) / 2);
  await raw.keyboard.down("Shift");
  await page.wheel(at, 0, 100);
  await raw.keyboard.up("Shift");
  const panned = await page.state("view");
  near(
    panned.start - zoomed.start,
    (100 / small.width) * span(zoomed),
    span(zoomed) * 0.001,
    "Shift+wheel pans by pixels",
  );
  await page.wheel(at, -100, 0);
  near((await page.state("view")).start, zoomed.start, span(zoomed) * 0.001, "a sideways wheel pans back");
});

onMade(
  "E centres the view at the mouse",
  async (page) => {
    const box = await page.box();
    await page.page.mouse.move(box.x + box.width * 0.7, box.y + 200);
    const before = await page.state("view");
    await page.press("e");
    const afterwards = await page.state("view");
    near((afterwards.start + afterwards.end) / 2, before.start + span(before) * 0.7, span(before) * 0.002, "middle");
    near(span(afterwards), span(before), 1, "zoom");
  },
  { fragment: `t=0&v=${10 * STEP}-${20 * STEP}` },
);

onMade(
  "Shift and drag pans in both directions",
  async (page, raw) => {
    const box = await page.box();
    const before = await page.state("view");
    await raw.keyboard.down("Shift");
    await page.drag({ x: box.x + 600, y: box.y + 300 }, { x: box.x + 400, y: box.y + 300 });
    await raw.keyboard.up("Shift");
    near(
      (await page.state("view")).start,
      before.start + (200 / box.width) * span(before),
      span(before) * 0.002,
      "start",
    );
    assert.deepEqual(await page.state("selection"), { kind: "none" });
  },
  { fragment: TWO_STEPS },
);

onMade(
  "a click selects a kernel: details, launch, arrow; Esc and a click beside deselect",
  async (page) => {
    // The first kernel of step 1 starts when its launch, 112 µs after its operator, is through.
    const kernel = STEP + 362_000;
    await page.click(await page.placeOf("stream 7", kernel + 90_000));
    const details = await page.state("details");
    assert.equal(details.name, KERNELS[0][0]);
    assert.equal(details.ts, kernel);
    const panel = await page.text(".slice-panel");
    assert.match(panel, /Duration\s+180 µs/);
    assert.match(panel, /132 × 1 × 1/);
    assert.match(panel, /Launch delay\s+12 µs/);
    assert.match(panel, /Queue delay\s+6 µs/);
    assert.match(panel, /400 slices/);
    assert.match(panel, /168 per thread/);
    const [arrow] = await page.state("arrows");
    assert.equal(arrow.isOutgoing, false);
    assert.ok(arrow.fromY !== null && arrow.toY !== null && arrow.fromY < arrow.toY);
    await page.press("Escape");
    assert.deepEqual(await page.state("selection"), { kind: "none" });
    await page.click(await page.placeOf("stream 7", kernel + 90_000));
    assert.equal((await page.state("selection")).kind, "slice");
    // Between two kernels lies nothing.
    await page.click(await page.placeOf("stream 7", STEP + 620_000));
    assert.deepEqual(await page.state("selection"), { kind: "none" });
  },
  { fragment: TWO_STEPS },
);

onMade(
  "[ and ] follow the launch, . and , walk the track",
  async (page) => {
    await page.click(await page.placeOf("stream 7", STEP + 400_000));
    const kernel = (await page.state("selection")).id;
    await page.press("[");
    assert.equal((await page.state("details")).name, "cudaLaunchKernel");
    await page.press("]");
    assert.equal((await page.state("selection")).id, kernel);
    await page.press(".");
    assert.equal((await page.state("details")).name, KERNELS[1][0]);
    await page.press(",");
    assert.equal((await page.state("selection")).id, kernel);
  },
  { fragment: TWO_STEPS },
);

onMade(
  "F shows the selection, a second F fits it",
  async (page, raw) => {
    await page.click(await page.placeOf("stream 7", STEP + 400_000));
    await page.press("Home");
    assert.equal(span(await page.state("view")), 100 * STEP);
    await page.press("f");
    const shown = await page.state("view");
    assert.ok(shown.start <= STEP + 362_000 && shown.end >= STEP + 542_000);
    await page.press("f");
    const fitted = await page.state("view");
    near(span(fitted), 180_000 * 1.5, 10, "the slice and a quarter on each side");
  },
  { fragment: TWO_STEPS },
);

onMade(
  "a double click selects and zooms at once",
  async (page, raw) => {
    const at = await page.placeOf("python3", STEP + 4_000_000, 0);
    await raw.mouse.dblclick(at.x, at.y);
    await page.idle();
    assert.equal((await page.state("details")).name, "execute_model_decode");
    near(span(await page.state("view")), 9_000_000 * 1.5, 100, "span");
  },
  { fragment: TWO_STEPS },
);

onMade(
  "dragging over tracks selects an area that snaps to slices, and adds it up",
  async (page) => {
    const from = await page.placeOf("stream 7", STEP + 100_000);
    const to = await page.placeOf("stream 7", 2 * STEP - 500_000);
    await page.drag({ x: from.x, y: from.y }, { x: to.x, y: to.y });
    const area = await page.state("selection");
    assert.equal(area.kind, "area");
    assert.equal(area.tracks.length, 1);
    const table = await page.text(".area-table");
    // All kernels of a step; four of each of the six kinds.
    assert.match(table, new RegExp(`${OPS} slices`));
    assert.match(table, /% GPU time/);
    assert.match(table, /busy/);
    assert.match(
      await page.text(".gap-line"),
      /host late 150\.0 µs in 1\s+short 9\.000 µs in 2\s+longest 150\.0 µs before/,
    );
    const rows = page.page.locator(".area-table .grid-row");
    assert.equal(await rows.count(), 6);
    // Longest first: four fused MoE kernels of 240 µs.
    assert.match(await rows.first().innerText(), /fused_moe_kernel\s+4\s+960\.0 µs/);
    await page.page.getByRole("button", { name: "category", exact: true }).click();
    await page.idle();
    assert.match(await rows.first().innerText(), /kernel\s+24/);
    await page.page.getByRole("button", { name: "track", exact: true }).click();
    await page.idle();
    assert.match(await rows.first().innerText(), /stream 7, NVIDIA H100 80GB HBM3\s+24/);
    await page.page.getByRole("button", { name: "Flame graph" }).click();
    await page.idle();
    assert.match(await page.text(".flames"), /in total/);
  },
  { fragment: TWO_STEPS },
);

onMade(
  "an area over counters says how far they went",
  async (page) => {
    const from = await page.placeOf("Memory reserved", STEP + 100_000);
    const to = await page.placeOf("Memory reserved", 2 * STEP + 8_000_000);
    await page.drag({ x: from.x, y: from.y + 10 }, { x: to.x, y: to.y + 10 });
    await page.page.getByRole("button", { name: "Counters" }).click();
    await page.idle();
    // Samples at 15, 20 and 25 ms: 61.2e9, 60.2e9 and 61.4e9 bytes; a GiB is 1.073741824e9.
    const text = await page.text(".area-panel .grid-row");
    // A change of 0.2e9 in 10 ms; over time, the mean of 5, 5 and 3 ms.
    const numbers = ["3", "191 MiB", "18.6 GiB/s", "56.7 GiB", "57.0 GiB", "57.2 GiB", "56.1 GiB", "57.2 GiB"];
    assert.deepEqual(text.split(/\n/), ["Memory reserved", ...numbers]);
  },
  { fragment: TWO_STEPS },
);

onMade(
  "the ends of an area can be dragged, R and Ctrl+A make areas",
  async (page) => {
    const box = await page.box();
    const y = (await page.placeOf("stream 7", STEP)).y;
    await page.drag({ x: box.x + 200, y }, { x: box.x + 500, y });
    const first = await page.state("selection");
    const edge = box.x + ((first.end - STEP) / (2 * STEP)) * box.width;
    await page.drag({ x: edge, y }, { x: edge + 150, y });
    const second = await page.state("selection");
    assert.equal(second.start, first.start);
    assert.ok(second.end > first.end);
    await page.click(await page.placeOf("stream 7", STEP + 400_000));
    await page.press("r");
    assert.deepEqual(await page.state("selection"), {
      kind: "area",
      start: STEP + 362_000,
      end: STEP + 542_000,
      tracks: second.tracks,
    });
    await page.click(await page.placeOf("stream 7", STEP + 400_000));
    await page.press("Control+a");
    assert.deepEqual(await page.state("selection"), { kind: "area", start: 0, end: 100 * STEP, tracks: second.tracks });
    await page.press("Control+a");
    assert.equal((await page.state("selection")).tracks, null);
  },
  { fragment: TWO_STEPS },
);

onMade(
  "M marks for the moment, Shift+M for good, Delete removes, a click under the axis flags",
  async (page) => {
    await page.click(await page.placeOf("stream 7", STEP + 400_000));
    await page.press("m");
    await page.press("Shift+M");
    await page.press(".");
    await page.press("m");
    const marks = await page.state("marks");
    assert.deepEqual(marks.map((mark) => [mark.start, mark.isTemporary]).sort(), [
      [STEP + 362_000, false],
      [STEP + 692_000, true],
    ]);
    const box = await page.box();
    await page.click({ x: box.x + 700, y: box.y - 8 });
    assert.equal((await page.state("marks")).length, 3);
    assert.equal((await page.state("selection")).kind, "mark");
    await page.press("Delete");
    assert.equal((await page.state("marks")).length, 2);
  },
  { fragment: TWO_STEPS },
);

onMade("the overview zooms to a dragged range and pans by its frame", async (page) => {
  const box = await page.page.locator(".overview-canvas").boundingBox();
  const y = box.y + 25;
  await page.drag({ x: box.x + box.width * 0.25, y }, { x: box.x + box.width * 0.5, y });
  const view = await page.state("view");
  near(view.start, 25 * STEP, STEP / 4, "start");
  near(view.end, 50 * STEP, STEP / 4, "end");
  await page.drag({ x: box.x + box.width * 0.4, y }, { x: box.x + box.width * 0.5, y });
  const panned = await page.state("view");
  near(panned.start, 35 * STEP, STEP / 4, "panned start");
  near(span(panned), span(view), 1, "span");
});

onMade("Q opens and closes the drawer, I shows the trace", async (page) => {
  await page.press("q");
  assert.equal((await page.state("drawer")).isOpen, true);
  await page.press("q");
  assert.equal((await page.state("drawer")).isOpen, false);
  await page.press("i");
  assert.match(await page.text(".drawer-body"), /GPU 0\s+NVIDIA H100 80GB HBM3, 79\.2 GiB/);
});

onMade(
  "hovering tells what is there",
  async (page) => {
    const at = await page.placeOf("stream 7", STEP + 440_000);
    await page.page.mouse.move(at.x - 3, at.y);
    await page.page.mouse.move(at.x, at.y);
    await page.page.getByText("launch delay").waitFor();
    const tooltip = await page.text(".tooltip");
    assert.match(tooltip, /180 µs\s*GEMM/);
    assert.match(tooltip, /at 10\.362 ms/);
    assert.match(tooltip, /launch delay 12 µs/);
  },
  { fragment: TWO_STEPS },
);

onMade(
  "a link to a slice alone shows it",
  async (page) => {
    const details = await page.state("details");
    assert.equal(details.id, 6);
    const { start, end } = await page.state("view");
    assert.ok(start <= details.ts && end >= details.ts + details.dur && end - start < 3 * details.dur);
  },
  { fragment: "s=6" },
);

onMade(
  "groups fold, tracks filter and pin, and a link opens the same again",
  async (page, raw) => {
    await raw.getByRole("button", { name: "Fold VLLM::EngineCore" }).click();
    assert.equal(await raw.locator('[data-key="cpu/4321/4321"]').count(), 0);
    await raw.locator('[data-key="gpu/0/s7"]').hover();
    await raw.getByRole("button", { name: "Pin stream 7", exact: true }).click();
    assert.deepEqual(await page.state("pins"), ["gpu/0/s7"]);
    await page.click(await page.placeOf("Iterations", 2.5 * STEP).then(({ x, y }) => ({ x, y: y + 26 })));
    await page.hold("w", 150);
    const [view, selection] = [await page.state("view"), await page.state("selection")];
    assert.equal(selection.kind, "slice");
    await raw.waitForFunction((id) => location.hash.includes(`s=${id}`), selection.id);
    await raw.waitForTimeout(400);
    await raw.reload();
    await page.ready();
    const again = await page.state("view");
    near(again.start, view.start, 1, "start");
    near(again.end, view.end, 1, "end");
    assert.deepEqual(await page.state("selection"), selection);
    assert.deepEqual(await page.state("pins"), ["gpu/0/s7"]);
    assert.equal(await raw.locator('[data-key="cpu/4321/4321"]').count(), 0);
    await raw.locator("#track-filter").fill("stream 13, tid 4390");
    await page.idle();
    const names = (await page.state("rows")).map((row) => row.name);
    assert.deepEqual(names, ["CPU", "VLLM::EngineCore", "GPU", "NVIDIA H100 80GB HBM3", "stream 13 (copies)"]);
  },
  { fragment: TWO_STEPS },
);
