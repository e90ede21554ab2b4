// A journey for every key of every command, and for every gesture that the help lists: what is in the page's own lists and
// not here fails, and so does what is here and no longer there.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { TWO_STEPS, onMadeTrace, startHarness } from "./harness.mjs";
import { KERNELS, STEP } from "./mock_trace.mjs";

let harness;
before(async () => (harness = await startHarness({ steps: 100 })));
after(() => harness.stop());

const onMade = onMadeTrace(() => harness);
const span = ({ start, end }) => end - start;
const middle = ({ start, end }) => (start + end) / 2;
const near = (a, b, slack, what) => assert.ok(Math.abs(a - b) <= slack, `${what}: ${a} is not within ${slack} of ${b}`);
const view = (page) => page.state("view");
/** A key as the page writes it, as the browser's driver wants it. */
const driven = (chord) => {
  const keys = chord.replace("Mod", "Control").split("+");
  const last = keys.pop();
  return [...keys, /^[A-Z]$/.test(last) && !keys.includes("Shift") ? last.toLowerCase() : last].join("+");
};

/** In the first kernel of the second step. */
const KERNEL = STEP + 400_000;
const selectKernel = async (page) => page.click(await page.placeOf("stream 7", KERNEL));
const nameOfSelected = async (page) => (await page.state("details"))?.name;
const search = async (page, raw) => {
  await page.press("/");
  await raw.keyboard.type("fused_moe");
  await raw.getByText("– / 400").waitFor();
  await raw.locator(".track-canvas").focus();
};
const mouseAt = async (page, share) => {
  const box = await page.box();
  await page.page.mouse.move(box.x + box.width * share, box.y + 250);
};
const isDialog = (page, name) => page.page.getByRole("dialog", { name }).waitFor();
const focused = (page) => page.page.evaluate(() => document.activeElement?.id);
const noSelection = async (page) => assert.deepEqual(await page.state("selection"), { kind: "none" });
const moveTest = (check) => async (page, key) => {
  await mouseAt(page, 0.25);
  const from = await view(page);
  await page.hold(key);
  check(from, await view(page));
};
const tabTest = (tab) => async (page, key) => {
  await page.press(key);
  assert.deepEqual(await page.state("drawer").then((drawer) => [drawer.isOpen, drawer.tab]), [true, tab]);
  await page.page.locator(".track-canvas").focus();
  await page.press(key);
  assert.equal((await page.state("drawer")).isOpen, false, "again: closed");
};
const markTest = async (page) => {
  await selectKernel(page);
  await page.press("Shift+M");
  await page.press("Escape");
  const box = await page.box();
  const { start, end } = await view(page);
  // The mark's bar lies in the strip below the axis.
  await page.click({ x: box.x + ((KERNEL - start) / (end - start)) * box.width, y: box.y - 5 });
  assert.equal((await page.state("selection")).kind, "mark");
};

/** Commands by their ids: what each of their keys does. A journey begins with a fresh page. */
const COMMANDS = {
  zoom_in: moveTest((from, to) => {
    assert.ok(span(to) < span(from) * 0.9);
    near(to.start + span(to) / 4, from.start + span(from) / 4, span(from) * 0.002, "the time under the mouse");
  }),
  zoom_out: moveTest((from, to) => assert.ok(span(to) > span(from) * 1.1)),
  pan_left: moveTest((from, to) => assert.ok(to.start < from.start && Math.abs(span(to) - span(from)) <= 1)),
  pan_right: moveTest((from, to) => assert.ok(to.start > from.start && Math.abs(span(to) - span(from)) <= 1)),
  center: async (page, key) => {
    await mouseAt(page, 0.7);
    const from = await view(page);
    await page.press(key);
    near(middle(await view(page)), from.start + span(from) * 0.7, span(from) * 0.002, "the middle");
  },
  focus: async (page, key) => {
    await selectKernel(page);
    await page.press("Home");
    await page.press(key);
    const shown = await view(page);
    assert.ok(shown.start < KERNEL && shown.end > KERNEL && span(shown) < 100 * STEP);
    await page.press(key);
    near(span(await view(page)), 180_000 * 1.5, 10, "the slice and a quarter on each side");
  },
  whole: async (page, key) => {
    await page.press(key);
    assert.deepEqual(await view(page), { start: 0, end: 100 * STEP });
  },
  page_down: async (page, key, raw) => {
    await raw.setViewportSize({ width: 1200, height: 420 });
    await page.idle();
    await page.press(key);
    assert.ok((await page.state("scrollTop")) > 100);
  },
  page_up: async (page, key, raw) => {
    await raw.setViewportSize({ width: 1200, height: 420 });
    await page.idle();
    await page.press("PageDown");
    assert.ok((await page.state("scrollTop")) > 100);
    await page.press(key);
    assert.equal(await page.state("scrollTop"), 0);
  },
  next_event: async (page, key) => {
    await selectKernel(page);
    await page.press(key);
    assert.equal(await nameOfSelected(page), KERNELS[1][0]);
    await page.press("r");
    await page.press(key);
    assert.equal(await nameOfSelected(page), KERNELS[1][0], "the first of an area");
  },
  previous_event: async (page, key) => {
    await page.click(await page.placeOf("stream 7", STEP + 700_000));
    assert.equal(await nameOfSelected(page), KERNELS[1][0]);
    await page.press(key);
    assert.equal(await nameOfSelected(page), KERNELS[0][0]);
  },
  follow_flow: async (page, key) => {
    await selectKernel(page);
    const { id } = await page.state("details");
    await page.press("[");
    await page.press(key);
    assert.equal((await page.state("details")).id, id);
  },
  follow_flow_back: async (page, key) => {
    await selectKernel(page);
    await page.press(key);
    assert.equal(await nameOfSelected(page), "cudaLaunchKernel");
  },
  // What arrives in a step is answered in the next and in the one after it.
  cycle_flow: async (page, key) => {
    await page.click(await page.placeOf("ZMQbg/IO/0", STEP + 9_200_000));
    const targets = async () => (await page.state("arrows")).filter((each) => each.isFocused).map((each) => each.arrow);
    const first = await targets();
    await page.press(key);
    const second = await targets();
    assert.equal(second[0].to.ts - first[0].to.ts, STEP);
    await page.press("]");
    assert.equal((await page.state("details")).ts, second[0].to.ts, "the chosen one is followed");
  },
  cycle_flow_back: async (page, key) => {
    await page.click(await page.placeOf("uvloop", 2 * STEP + 1_500_000));
    const sources = async () => (await page.state("arrows")).filter((each) => each.isFocused).map((each) => each.arrow);
    const first = await sources();
    await page.press(key);
    const second = await sources();
    assert.equal(second[0].from.ts - first[0].from.ts, STEP);
    await page.press("[");
    assert.equal((await page.state("details")).ts, second[0].from.ts, "the chosen one is followed");
  },
  mark: async (page, key) => {
    await selectKernel(page);
    await page.press(key);
    await page.press(".");
    await page.press(key);
    const marks = await page.state("marks");
    assert.deepEqual(
      marks.map((mark) => [mark.start, mark.isTemporary]),
      [[STEP + 692_000, true]],
    );
  },
  keep_mark: async (page, key) => {
    await selectKernel(page);
    await page.press(key);
    await page.press(".");
    await page.press(key);
    assert.deepEqual(
      (await page.state("marks")).map((mark) => mark.isTemporary),
      [false, false],
    );
  },
  remove_mark: async (page, key) => {
    await markTest(page);
    await page.press(key);
    assert.deepEqual(await page.state("marks"), []);
  },
  to_area: async (page, key) => {
    await selectKernel(page);
    await page.press(key);
    const { kind, start, end } = await page.state("selection");
    assert.deepEqual([kind, start, end], ["area", STEP + 362_000, STEP + 542_000]);
  },
  select_all: async (page, key) => {
    await selectKernel(page);
    await page.press(key);
    const one = await page.state("selection");
    assert.deepEqual([one.start, one.end, one.tracks.length], [0, 100 * STEP, 1]);
    await page.press(key);
    assert.equal((await page.state("selection")).tracks, null);
  },
  deselect: async (page, key) => {
    await selectKernel(page);
    await page.press("?");
    await page.press(key);
    assert.equal(await page.page.getByRole("dialog").count(), 0);
    assert.equal((await page.state("selection")).kind, "slice", "first the dialog");
    await page.press(key);
    await noSelection(page);
  },
  search: async (page, key) => {
    await page.press(key);
    assert.equal(await focused(page), "omnibox");
  },
  next_hit: async (page, key, raw) => {
    await search(page, raw);
    await page.press(key);
    // Four in each step: the first in view is the fifth.
    assert.match(await page.text(".hits"), /^5 \/ 400$/);
    assert.equal(await nameOfSelected(page), "fused_moe_kernel");
  },
  previous_hit: async (page, key, raw) => {
    await search(page, raw);
    await page.press("Enter");
    await page.press(key);
    assert.match(await page.text(".hits"), /^4 \/ 400$/);
  },
  find_track: async (page, key) => {
    await page.press(key);
    await isDialog(page, "Find a track");
  },
  palette: async (page, key) => {
    await page.press(key);
    await isDialog(page, "Command palette");
  },
  gpu: async (page, key, raw) => {
    await raw.setViewportSize({ width: 1200, height: 420 });
    await page.idle();
    await page.press(key);
    const row = (await page.state("rows")).find((each) => each.name === "GPU");
    const y = row.y - (await page.state("scrollTop"));
    assert.ok(y >= 0 && y < 60, `the region begins ${y} pixels below the top`);
  },
  pin_track: async (page, key, raw) => {
    await page.press(key);
    await isDialog(page, "Find a track to pin");
    await raw.keyboard.type("stream 13");
    await page.press("Enter");
    assert.deepEqual(await page.state("pins"), ["gpu/0/s13"]);
  },
  workspaces: async (page, key) => {
    await page.press(key);
    await isDialog(page, "Workspaces");
  },
  filter_tracks: async (page, key) => {
    await page.press(key);
    assert.equal(await focused(page), "track-filter");
  },
  filter_slices: async (page, key) => {
    await page.press(key);
    assert.equal(await focused(page), "slice-filter");
  },
  drawer: async (page, key) => {
    await page.press(key);
    assert.equal((await page.state("drawer")).isOpen, true);
    await page.press(key);
    assert.equal((await page.state("drawer")).isOpen, false);
  },
  summary: tabTest("summary"),
  sql: tabTest("sql"),
  info: tabTest("info"),
  help: async (page, key) => {
    await page.press(key);
    await isDialog(page, "Help");
  },
  // The mock writes no file; the real server's journeys read one.
  export_html: async (page, key, raw) => {
    const asked = raw.waitForRequest(/\/export$/);
    await raw.route(/\/export$/, (route) => route.fulfill({ contentType: "text/html", body: "<p>a window</p>" }));
    const saved = raw.waitForEvent("download");
    await page.press(key);
    assert.deepEqual(JSON.parse((await asked).postData()), { start: STEP, end: 3 * STEP });
    assert.match((await saved).suggestedFilename(), new RegExp(`-${STEP}-${3 * STEP}\\.html$`));
  },
};

onMade("every key of the page has a journey", async (page) => {
  const withKeys = (await page.state("commands")).filter((command) => command.keys.length > 0);
  assert.deepEqual(withKeys.map((command) => command.id).sort(), Object.keys(COMMANDS).sort());
  const keys = withKeys.flatMap((command) => command.keys);
  assert.equal(new Set(keys).size, keys.length, "no key belongs to two commands");
});

for (const [id, journey] of Object.entries(COMMANDS)) {
  test(`keys of ${id}`, async (t) => {
    if (!harness.isMock) return t.skip("the expectations are those of the made trace");
    let keys = [null];
    for (let i = 0; i < keys.length; i++) {
      await harness.journey(
        async (page, raw) => {
          await page.ready();
          keys = (await page.state("commands")).find((command) => command.id === id).keys;
          await t.test(keys[i], () => journey(page, driven(keys[i]), raw));
        },
        { fragment: TWO_STEPS },
      );
    }
  });
}

const drag = async (page, from, dx, dy = 0) => page.drag(from, { x: from.x + dx, y: from.y + dy });
const inTracks = async (page) => {
  const box = await page.box();
  return { x: box.x + 600, y: box.y + 250 };
};
const withKey = async (raw, key, body) => {
  await raw.keyboard.down(key);
  await body();
  await raw.keyboard.up(key);
};
const touches = async (raw, steps) => {
  const client = await raw.context().newCDPSession(raw);
  for (const [type, ...points] of steps)
    await client.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
};

/** Gestures by the help's words for them. */
const GESTURES = {
  "Ctrl + wheel": async (page, raw) => {
    const at = await inTracks(page);
    const from = await view(page);
    await withKey(raw, "Control", () => page.wheel(at, 0, -300));
    const to = await view(page);
    const share = (at.x - (await page.box()).x) / (await page.box()).width;
    assert.ok(span(to) < span(from) * 0.6);
    near(to.start + span(to) * share, from.start + span(from) * share, span(from) * 0.002, "the time under the cursor");
  },
  wheel: async (page, raw) => {
    await raw.setViewportSize({ width: 1200, height: 420 });
    await page.idle();
    await page.wheel({ x: 700, y: 300 }, 0, 90);
    assert.equal(await page.state("scrollTop"), 90);
  },
  "Shift + wheel, sideways wheel": async (page, raw) => {
    const from = await view(page);
    const { width } = await page.box();
    await withKey(raw, "Shift", async () => page.wheel(await inTracks(page), 0, 100));
    near((await view(page)).start, from.start + (100 / width) * span(from), span(from) * 0.001, "Shift and wheel");
    await page.wheel(await inTracks(page), -100, 0);
    near((await view(page)).start, from.start, span(from) * 0.001, "sideways");
  },
  "Shift + drag, middle-button drag": async (page, raw) => {
    const from = await view(page);
    const { width } = await page.box();
    await withKey(raw, "Shift", async () => drag(page, await inTracks(page), -200));
    near((await view(page)).start, from.start + (200 / width) * span(from), span(from) * 0.002, "with Shift");
    const at = await inTracks(page);
    await raw.mouse.move(at.x, at.y);
    await raw.mouse.down({ button: "middle" });
    await raw.mouse.move(at.x + 200, at.y, { steps: 5 });
    await raw.mouse.up({ button: "middle" });
    await page.idle();
    near((await view(page)).start, from.start, span(from) * 0.002, "with the middle button");
    await noSelection(page);
  },
  "drag on tracks": async (page, raw) => {
    // Both ends are three pixels from the ends of the kernel; the next one is nearly nine away.
    const { width } = await page.box();
    const px = (2 * STEP) / width;
    const from = await page.placeOf("stream 7", STEP + 362_000 - 3 * px);
    const to = await page.placeOf("stream 7", STEP + 542_000 + 3 * px);
    await page.drag(from, to);
    const stuck = await page.state("selection");
    assert.deepEqual([stuck.start, stuck.end, stuck.tracks.length], [STEP + 362_000, STEP + 542_000, 1]);
    await page.press("Escape");
    await withKey(raw, "Alt", () => page.drag(from, to));
    const free = await page.state("selection");
    near(free.start, STEP + 362_000 - 3 * px, px, "the start that was let go");
    near(free.end, STEP + 542_000 + 3 * px, px, "the end that was let go");
  },
  "drag the ends of an area": async (page, raw) => {
    await drag(page, await inTracks(page), 300);
    const first = await page.state("selection");
    const box = await page.box();
    const xOf = (nanos) => box.x + ((nanos - STEP) / (2 * STEP)) * box.width;
    await withKey(raw, "Alt", () => drag(page, { x: xOf(first.start), y: box.y + 250 }, -100));
    const second = await page.state("selection");
    assert.deepEqual([second.end, second.tracks], [first.end, first.tracks]);
    near(xOf(second.start), xOf(first.start) - 100, 2, "the start");
  },
  "drag on the time axis": async (page) => {
    const box = await page.page.locator(".axis-canvas").boundingBox();
    await drag(page, { x: box.x + 300, y: box.y + 8 }, 400);
    const area = await page.state("selection");
    assert.equal(area.tracks, null, "all tracks");
    near(area.start, STEP + (300 / box.width) * 2 * STEP, 20_000, "start");
    near(area.end, STEP + (700 / box.width) * 2 * STEP, 20_000, "end");
  },
  "drag on the overview": async (page) => {
    const box = await page.page.locator(".overview-canvas").boundingBox();
    const at = (share) => ({ x: box.x + box.width * share, y: box.y + 25 });
    const shows = async (start, end) => {
      near((await view(page)).start, start * STEP, STEP / 4, "start");
      near((await view(page)).end, end * STEP, STEP / 4, "end");
    };
    await page.drag(at(0.25), at(0.5));
    await shows(25, 50);
    await page.drag(at(0.4), at(0.5));
    await shows(35, 60);
    await page.drag(at(0.35), at(0.2));
    await shows(20, 60);
    await page.drag(at(0.6), at(0.9));
    await shows(20, 90);
  },
  click: async (page) => {
    await selectKernel(page);
    assert.equal(await nameOfSelected(page), KERNELS[0][0]);
    await page.click(await page.placeOf("stream 7", STEP + 620_000));
    await noSelection(page);
  },
  "click below the time axis": async (page) => {
    const box = await page.box();
    await page.click({ x: box.x + 500, y: box.y - 8 });
    const [mark] = await page.state("marks");
    near(mark.start, STEP + (500 / box.width) * 2 * STEP, 20_000, "the flag");
    assert.equal(mark.end, null);
  },
  "double click": async (page, raw) => {
    const at = await page.placeOf("stream 7", KERNEL);
    await raw.mouse.dblclick(at.x, at.y);
    await page.idle();
    assert.equal(await nameOfSelected(page), KERNELS[0][0]);
    near(span(await view(page)), 180_000 * 1.5, 10, "the slice and a quarter on each side");
  },
  touch: async (page, raw) => {
    const { x, y } = await inTracks(page);
    const { width } = await page.box();
    const from = await view(page);
    const along = [1, 2, 3, 4].map((step) => ["touchMove", [x - step * 50, y]]);
    await touches(raw, [["touchStart", [x, y]], ...along, ["touchEnd"]]);
    await page.idle();
    const panned = await view(page);
    near(panned.start, from.start + (200 / width) * span(from), span(from) * 0.02, "one finger pans");
    const apart = [1, 2, 3, 4].map((step) => ["touchMove", [x - 50 - step * 25, y], [x + 50 + step * 25, y]]);
    await touches(raw, [["touchStart", [x - 50, y], [x + 50, y]], ...apart, ["touchEnd"]]);
    await page.idle();
    near(span(await view(page)) / span(panned), 100 / 300, 0.05, "two fingers zoom");
  },
};

onMade("every gesture of the help has a journey", async (page, raw) => {
  await page.press("?");
  const mouse = raw.getByRole("dialog", { name: "Help" }).locator("section", { hasText: /^Mouse/ });
  const told = await mouse.locator("td:first-child").allInnerTexts();
  assert.deepEqual(told.map((text) => text.trim()).sort(), Object.keys(GESTURES).sort());
});

for (const [gesture, journey] of Object.entries(GESTURES))
  onMade(`gesture: ${gesture}`, journey, { fragment: TWO_STEPS, hasTouch: gesture === "touch" });
