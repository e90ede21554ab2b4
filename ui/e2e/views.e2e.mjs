// Journeys through what people arrange for themselves: workspaces, counters, tracks of queries, and the link that carries
// all of it; flows of an area; and what happens when the server is another one.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { TWO_STEPS, onMadeTrace, startHarness } from "./harness.mjs";
import { STEP } from "./mock_trace.mjs";

let harness;
before(async () => (harness = await startHarness({ steps: 100 })));
after(() => harness.stop());

const onMade = onMadeTrace(() => harness);
const names = async (page) => (await page.state("rows")).map((row) => row.name);
/** The address once it has caught up with the view. */
const settledHash = async (raw, part) => {
  await raw.waitForFunction((each) => decodeURIComponent(location.hash).includes(each), part);
  return raw.evaluate(() => location.hash.slice(1));
};

onMade("a workspace is made of filtered rows, changed, renamed, shared and deleted", async (page, raw) => {
  const all = await names(page);
  await raw.locator("#track-filter").fill("stream 13, memory");
  await raw.locator(".track-canvas").focus();
  await page.press("Shift+W");
  const dialog = raw.getByRole("dialog", { name: "Workspaces" });
  await dialog.getByLabel("Name of a new workspace").fill("copies");
  await dialog.getByRole("button", { name: "of the filtered (2)" }).click();
  await page.press("Escape");
  assert.deepEqual(await names(page), ["stream 13 (copies)", "Memory reserved"]);
  assert.match(
    await page.text('[data-key="gpu/0/s13"]'),
    /stream 13 \(copies\)\s+NVIDIA H100/,
    "a row says where it stands",
  );

  await raw.locator('[data-key="gpu/0/memory"]').hover();
  await raw.getByRole("button", { name: "Move Memory reserved up in the workspace" }).click();
  assert.deepEqual(await names(page), ["Memory reserved", "stream 13 (copies)"]);
  await page.click(await page.placeOf("stream 13 (copies)", 5 * STEP + 320_000));
  assert.equal((await page.state("selection")).kind, "slice", "its rows are as clickable as any");

  // What is selected goes in, and what leads out of it shows all tracks again.
  await page.press("Shift+W");
  await dialog.getByLabel("Name of copies").fill("mine");
  await dialog.getByLabel("Name of copies").press("Tab");
  await dialog.getByRole("button", { name: "Close" }).click();
  assert.equal((await page.state("workspace")).name, "mine");
  const hash = await settledHash(raw, "w=mine");

  await raw.evaluate(() => localStorage.clear());
  await raw.goto("about:blank");
  await raw.goto(`${harness.url}#${hash}`);
  await page.ready();
  assert.deepEqual(await names(page), ["Memory reserved", "stream 13 (copies)"], "the link alone brings it");

  await raw.getByRole("combobox", { name: "Workspace" }).selectOption("All tracks");
  assert.deepEqual(await names(page), all);
  await page.press("Shift+W");
  await dialog.getByRole("button", { name: "Delete mine" }).click();
  await page.press("Escape");
  assert.deepEqual(await page.state("workspaces"), []);
});

onMade(
  "a flow out of the workspace shows all tracks",
  async (page, raw) => {
    await page.click(await page.placeOf("stream 7", STEP + 400_000));
    await page.press("Shift+W");
    const dialog = raw.getByRole("dialog", { name: "Workspaces" });
    await dialog.getByRole("button", { name: "of the selected (1)" }).click();
    await dialog.getByRole("button", { name: "Close" }).click();
    assert.deepEqual(await names(page), ["stream 7"]);
    await raw.locator(".track-canvas").focus();
    await page.press("[");
    assert.equal(await page.state("workspace"), null);
    await raw.getByText("does not have this track").waitFor();
  },
  { fragment: TWO_STEPS },
);

onMade(
  "flows of an area are counted by where they lead, drawn, and lead there",
  async (page, raw) => {
    const box = await page.box();
    const from = await page.placeOf("CPU", STEP);
    await page.drag({ x: box.x + 10, y: from.y + 2 }, { x: box.x + box.width - 10, y: box.y + box.height - 5 });
    await raw.getByRole("button", { name: "Flows", exact: true }).click();
    await page.idle();
    const table = raw.getByRole("table", { name: "Flows of the area" });
    const rows = table.getByRole("row");
    // A head, and the launches of the main thread into its streams.
    assert.ok((await rows.count()) > 1);
    assert.match(
      await rows.nth(1).innerText(),
      /launch\s+python3 4321, VLLM::EngineCore pid 4321\s+stream 7, NVIDIA H100/,
    );
    const arrows = await page.state("areaArrows");
    assert.ok(arrows.length > 0 && (await page.state("arrows")).length === arrows.length, "they are drawn");
    const { start, end } = await page.state("selection");
    assert.ok(arrows.every((arrow) => arrow.to.ts < end && arrow.from.ts + arrow.from.dur > start));
    const link = rows.nth(1).getByRole("button").last();
    const name = await link.innerText();
    await link.click();
    await page.idle();
    assert.equal((await page.state("details")).name, name);
    await raw.getByRole("button", { name: "Back to the area" }).click();
    await page.idle();
    assert.deepEqual([(await page.state("selection")).start, await table.count()], [start, 1]);
  },
  { fragment: TWO_STEPS },
);

onMade(
  "a counter shows values, changes and rates, on the scale that is asked for, and its value at the mouse",
  async (page, raw) => {
    const shell = raw.locator(".shell-counter").first();
    await shell.scrollIntoViewIfNeeded();
    const key = await shell.getAttribute("data-key");
    const row = (await page.state("rows")).find((each) => each.key === key);
    await raw.evaluate((y) => window.kinetoscope.scrollTop() + y, row.y);
    await shell.getByRole("button", { name: /shows its value/ }).click();
    await shell.getByRole("button", { name: /shows its delta/ }).click();
    await shell.getByRole("button", { name: /from zero: make it fitted/ }).click();
    await shell.getByRole("button", { name: /fitted: make it logarithmic/ }).click();
    const mode = { shows: "rate", scale: "log", height: 88 };
    await shell.getByRole("button", { name: /is 44 pixels high: make it 88/ }).click();
    assert.deepEqual((await page.state("counterModes"))[key], mode);
    const at = await page.placeOf(row.name, 50 * STEP);
    await raw.mouse.move(at.x - 4, at.y);
    await raw.mouse.move(at.x, at.y);
    await page.idle();
    assert.match(await page.text(".tooltip"), /rate -?[\d.\u202f]+/);
    await settledHash(raw, "rate-log-88");
    await raw.reload();
    await page.ready();
    assert.deepEqual((await page.state("counterModes"))[key], mode);
  },
);

onMade("edges are dragged and moved with the arrow keys: a counter, the names, the drawer", async (page, raw) => {
  const height = async () => (await page.state("rows")).find((row) => row.name === "Memory reserved").height;
  const middle = async (edge) => {
    const box = await edge.boundingBox();
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  };
  const edge = raw.getByRole("separator", { name: "Height of Memory reserved" });
  const from = await middle(edge);
  const before = await height();
  await page.drag(from, { x: from.x + 30, y: from.y + 50 });
  assert.equal(await height(), before + 50);
  assert.equal((await middle(edge)).y, from.y + 50, "the edge is where the mouse let it go");
  await edge.focus();
  const view = await page.state("view");
  await page.press("ArrowDown");
  await page.press("ArrowDown");
  await page.press("ArrowUp");
  assert.equal(await height(), before + 60);
  assert.equal(await edge.getAttribute("aria-valuenow"), String(before + 60));
  assert.deepEqual(await page.state("view"), view, "the keys move the edge and nothing else");
  await page.press("Enter");
  assert.equal(await height(), 44);

  const width = async () => (await raw.locator(".shell-column").boundingBox()).width;
  const names = raw.getByRole("separator", { name: "Width of the track names" });
  const wide = await width();
  const at = await middle(names);
  await page.drag(at, { x: at.x + 40, y: at.y });
  assert.equal(await width(), wide + 40);
  await names.focus();
  await page.press("ArrowLeft");
  assert.equal(await width(), wide + 30);

  await page.press("q");
  const drawer = raw.getByRole("separator", { name: "Height of the drawer" });
  const { height: high } = await page.state("drawer");
  const top = await middle(drawer);
  await page.drag(top, { x: top.x, y: top.y - 70 });
  assert.equal((await page.state("drawer")).height, high + 70);
  await drawer.focus();
  await page.press("ArrowUp");
  assert.equal((await page.state("drawer")).height, high + 80);
});

onMade("a link brings tracks of queries, SQL, pins, notes and the panel to another browser", async (page, raw) => {
  await page.press("/");
  await raw.keyboard.type(":select * from slice where category = 'gpu_memset'");
  await page.press("Enter");
  await raw.getByRole("button", { name: "Show as track" }).click();
  await raw.getByRole("textbox", { name: "title" }).fill("fills");
  await raw.getByRole("button", { name: "Add track" }).click();
  await raw.locator('[data-key="gpu/0/s7"]').hover();
  await raw.getByRole("button", { name: "Pin stream 7", exact: true }).click();
  const box = await page.box();
  await page.click({ x: box.x + 700, y: box.y - 8 });
  await raw.getByLabel("Text of the mark").fill("look here");
  await raw.getByRole("tab", { name: "SQL" }).click();
  const [marks, tracks] = [await page.state("marks"), await page.state("debugTracks")];
  assert.deepEqual(tracks, [{ name: "fills", rows: 100 }]);
  const hash = await settledHash(raw, "fills");
  await settledHash(raw, "o=sql");

  await raw.evaluate(() => localStorage.clear());
  await raw.goto("about:blank");
  await raw.goto(`${harness.url}#${await raw.evaluate((text) => text, hash)}`);
  await page.ready();
  await raw.locator(".shell-debug").getByText("fills").waitFor();
  await page.idle();
  assert.deepEqual(await page.state("debugTracks"), tracks);
  assert.deepEqual(await page.state("pins"), ["gpu/0/s7"]);
  const again = await page.state("marks");
  assert.deepEqual(
    again.map(({ start, text }) => [start, text]),
    marks.map(({ start, text }) => [start, text]),
  );
  assert.equal((await page.state("drawer")).tab, "sql");
  assert.match(await page.text(".cm-content"), /select \* from slice where category = 'gpu_memset'/);
});

test("a page of another build offers to reload", { timeout: 60_000 }, async (t) => {
  if (!harness.isMock) return t.skip("only the mock can be rebuilt");
  const own = await startHarness({ steps: 2, mode: "open" });
  try {
    await own.journey(async (page, raw) => {
      await page.ready();
      assert.equal(await raw.getByText("serves another version of this page").count(), 0);
      own.mock.rebuild();
      await raw.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
      await raw.getByText("serves another version of this page").waitFor();
      await raw.getByRole("button", { name: "Reload" }).click();
      await page.ready();
      await raw.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
      await page.idle();
      assert.equal(await raw.getByText("serves another version of this page").count(), 0, "now it is the same one");
    });
  } finally {
    await own.stop();
  }
});
