// Journeys against the real server, over the trace that comes with the repository: only with KINETOSCOPE_URL, which
// has to have fixtures/vllm-h100-sample.pt.trace.json.gz open. What is expected is read from that file here.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { startHarness } from "./harness.mjs";

const FIXTURE = new URL("../../fixtures/vllm-h100-sample.pt.trace.json.gz", import.meta.url);
/** Part of a kernel's name that no other name, category or argument of the trace has. */
const SEARCHED = "cross_device_reduce_1stage";
const span = ({ start, end }) => end - start;

const skip = process.env.KINETOSCOPE_URL === undefined && "needs the real server";

let harness;
let events;

function onReal(name, body) {
  test(name, { timeout: 120_000, skip }, () =>
    harness.journey(async (page, raw) => {
      await page.ready();
      await body(page, raw);
    }),
  );
}

/** Searches for a name and waits for the number of its hits. */
async function search(page, raw, text, count) {
  await page.press("/");
  await raw.keyboard.type(text);
  await raw.getByText(`– / ${count}`).waitFor();
}

before(async () => {
  if (skip) return;
  events = JSON.parse(gunzipSync(await readFile(FIXTURE)).toString()).traceEvents;
  harness = await startHarness();
});
after(() => harness?.stop());

onReal("the regions are CPU, GPU and Profiler, each once", async (page) => {
  // Rows further down than the screen reaches are in the state only.
  const outermost = (await page.state("rows")).filter((row) => !row.key.includes("/"));
  assert.deepEqual(
    outermost.map((row) => row.name),
    ["CPU", "GPU", "Profiler"],
  );
});

onReal("W zooms in and S out again", async (page, raw) => {
  const box = await page.box();
  await raw.mouse.move(box.x + box.width / 2, box.y + 100);
  const whole = await page.state("view");
  await page.hold("w");
  const zoomed = await page.state("view");
  assert.ok(span(zoomed) < span(whole) * 0.9, "W zooms in");
  await page.hold("s", 150);
  assert.ok(span(await page.state("view")) > span(zoomed), "S zooms out");
});

onReal("search finds every launch of a kernel, in order of time", async (page, raw) => {
  const kernels = events.filter((event) => event.ph === "X" && event.name.includes(SEARCHED));
  kernels.sort((a, b) => a.ts - b.ts);
  await search(page, raw, SEARCHED, kernels.length);
  await page.press("Enter");
  const first = await page.state("details");
  await page.press("Enter");
  const second = await page.state("details");
  assert.deepEqual([first.name, second.name], [kernels[0].name, kernels[1].name]);
  assert.ok(Math.abs(second.ts - first.ts - (kernels[1].ts - kernels[0].ts) * 1000) <= 2, "the time between them");
  assert.match(await page.text(".hits"), new RegExp(`^2 / ${kernels.length}$`));
  await page.press("Shift+Enter");
  assert.equal((await page.state("details")).id, first.id);
});

onReal("a click on GPU work tells its grid, its block and the call that launched it", async (page, raw) => {
  const kernels = events.filter((event) => event.ph === "X" && event.name.includes(SEARCHED));
  kernels.sort((a, b) => a.ts - b.ts);
  const [kernel] = kernels;
  const { args } = kernel;
  const call = events.find(
    (event) => event.cat?.startsWith("cuda_") && event.args?.correlation === args.correlation && event.ph === "X",
  );
  await search(page, raw, SEARCHED, kernels.length);
  await page.press("Enter");
  const found = await page.state("details");
  await raw.locator(".track-canvas").focus();
  await page.press("f");
  await page.press("f");
  await page.press("Escape");
  assert.deepEqual(await page.state("selection"), { kind: "none" });
  await page.click(await page.placeOf(`stream ${args.stream}`, found.ts + found.dur / 2, found.depth));
  assert.equal((await page.state("details")).id, found.id);
  const panel = await page.text(".slice-panel");
  assert.match(panel, new RegExp(`Grid\\s+${args.grid.join(" × ")}`));
  assert.match(panel, new RegExp(`Block\\s+${args.block.join(" × ")}`));
  assert.match(panel, new RegExp(`Call\\s+${call.name}`));
});

onReal("an area over a stream is added up, with shares of the window", async (page, raw) => {
  await page.press("Control+p");
  await raw.keyboard.type("stream 27");
  await page.press("Enter");
  const { start, end } = await page.state("view");
  const from = await page.placeOf("stream 27", start + 1);
  const to = await page.placeOf("stream 27", end - 1);
  await page.drag({ x: from.x + 2, y: from.y }, { x: to.x - 2, y: to.y });
  assert.equal((await page.state("selection")).kind, "area");
  assert.match(await page.text(".area-table"), /% window/);
  assert.match(await page.page.locator(".area-table .grid-row").first().innerText(), /\d %|\d%/);
});

onReal("an area tells why the GPU was idle: every gap between its work, by cause", async (page, raw) => {
  await page.press("Control+a");
  await raw.locator(".gap-line").waitFor();
  const work = events.filter((event) => ["kernel", "gpu_memcpy", "gpu_memset"].includes(event.cat) && event.ph === "X");
  work.sort((a, b) => a.ts - b.ts);
  // In whole nanoseconds from the first work on.
  const nanos = (micros) => Math.round(micros * 1000);
  let [until, gaps, longest] = [0, 0, { dur: 0 }];
  for (const event of work) {
    const start = nanos(event.ts - work[0].ts);
    if (start > until) gaps++;
    if (start - until > longest.dur) longest = { dur: start - until, name: event.name };
    until = Math.max(until, start + nanos(event.dur));
  }
  const text = (await page.text(".gap-line")).replace(/\u202f/g, "");
  const counts = [...text.matchAll(/ in (\d+)/g)].map((match) => Number(match[1]));
  assert.equal(
    counts.reduce((a, b) => a + b, 0),
    gaps,
  );
  assert.match(text, new RegExp(`longest ${(longest.dur / 1e6).toPrecision(4)} ms before`));
  await raw.locator(".gap-line button").click();
  await page.idle();
  assert.equal((await page.state("details")).name, longest.name);
});

onReal("SQL counts the slices: every complete event and every instant", async (page, raw) => {
  const count = events.filter((event) => event.ph === "X" || event.ph === "i").length;
  assert.equal(count, 18_568);
  await page.press("Control+Shift+S");
  await raw.locator(".cm-content").click();
  await raw.keyboard.press("Control+a");
  await raw.keyboard.insertText("select count(*) from slice");
  await page.press("Control+Enter");
  const row = await page.text(".sql-result .grid-row");
  assert.equal(row.replace(/[^\d]/g, ""), String(count));
});

onReal("Ctrl+P finds a stream and shows its row", async (page, raw) => {
  await page.press("Control+p");
  await raw.keyboard.type("stream 27");
  await page.press("Enter");
  const row = (await page.state("rows")).find((each) => each.name === "stream 27");
  const y = row.y - (await page.state("scrollTop"));
  assert.ok(y >= 0 && y < (await page.box()).height, "the row is in view");
});

onReal("a view of one SQL tab serves the others, and a link makes a track of it again", async (page, raw) => {
  const kernels = events.filter((event) => event.ph === "X" && event.name.includes(SEARCHED)).length;
  const runSql = async (sql) => {
    await raw.locator(".cm-content").click();
    await raw.keyboard.press("Control+a");
    await raw.keyboard.insertText(sql);
    await page.press("Control+Enter");
  };
  // The server may be one that a page has asked before.
  const view = `reduces_${Date.now()}`;
  await page.press("Control+Shift+S");
  await runSql(`create view ${view} as select * from slice where name like '%${SEARCHED}%'`);
  await raw.getByRole("button", { name: "New query" }).click();
  await runSql(`select ts, dur, name from ${view}`);
  assert.match(await page.text(".sql-count"), new RegExp(`^${kernels} rows`));
  await raw.getByRole("button", { name: "Show as track" }).click();
  await raw.getByRole("textbox", { name: "title" }).fill("all of them");
  await raw.getByRole("button", { name: "Add track" }).click();
  await page.idle();
  assert.deepEqual(await page.state("debugTracks"), [{ name: "all of them", rows: kernels }]);
  await raw.waitForFunction(() => decodeURIComponent(location.hash).includes("all+of+them"));
  const link = await raw.evaluate(() => location.href);

  await raw.evaluate(() => localStorage.clear());
  await raw.goto("about:blank");
  await raw.goto(link);
  await page.ready();
  await raw.locator(".shell-debug").getByText("all of them").waitFor();
  assert.deepEqual(await page.state("debugTracks"), [{ name: "all of them", rows: kernels }]);
  // A second reload finds the view made already, and makes the track all the same.
  await raw.reload();
  await page.ready();
  await raw.locator(".shell-debug").getByText("all of them").waitFor();
  assert.equal(await raw.locator(".notice.error").count(), 0);
});

onReal("an exported window opens without a server: timeline, details, flows, sums, search", async (page, raw) => {
  const kernels = events.filter((event) => event.ph === "X" && event.name.includes(SEARCHED));
  kernels.sort((a, b) => a.ts - b.ts);
  await search(page, raw, SEARCHED, kernels.length);
  await page.press("Enter");
  await raw.locator(".track-canvas").focus();
  await page.press("f");
  await page.press("f");
  while (span(await page.state("view")) < 4e6) await page.hold("s", 300);
  const [details, view] = [await page.state("details"), await page.state("view")];
  const downloading = raw.waitForEvent("download");
  await page.press("Control+s");
  const folder = await mkdtemp(join(tmpdir(), "kinetoscope-"));
  try {
    const path = join(folder, "window.html");
    await (await downloading).saveAs(path);
    await harness.fileJourney(pathToFileURL(path).href, async (file, rawFile) => {
      await file.ready();
      const shown = await file.state("view");
      assert.deepEqual(
        shown,
        { start: Math.floor(view.start), end: Math.ceil(view.end) },
        "the window is all there is",
      );
      assert.match(await rawFile.locator(".topbar").innerText(), /exported window/);
      await rawFile.getByRole("tab", { name: "SQL" }).click();
      assert.match(
        await file.text(".no-sql"),
        /This file has no SQL[^]*kinetoscope open vllm-h100-sample\.pt\.trace\.json\.gz/,
      );
      // The same kernel, with what is known of it, and its launch where the call is in the window.
      await rawFile.locator(".track-canvas").focus();
      await file.press("/");
      await rawFile.keyboard.type(details.name.slice(0, 60));
      await file.press("Enter");
      const hits = await file.state("search");
      assert.ok(hits.result.ids.includes(details.id));
      await file.click(
        await file.placeOf(
          `stream ${details.stream.name.replace(/\D/g, "")}`,
          details.ts + details.dur / 2,
          details.depth,
        ),
      );
      const found = await file.state("details");
      assert.deepEqual(found, details, "every detail, as the server tells it");
      assert.match(await file.text(".slice-panel"), new RegExp(`Grid\\s+${details.gpu.grid.join(" × ")}`));
      await file.press("r");
      assert.match(await file.text(".area-table"), /cross_device_reduce/);
      assert.match(await file.text(".gpu-line"), /100\.0 % busy/);
      await rawFile.getByRole("button", { name: "Flame graph" }).click();
      await file.idle();
      assert.equal(await rawFile.getByText("No slices in this area").count(), 0);
      // Counters are drawn, and added up over the window: its samples are those of the trace with times in it.
      await file.press("Escape");
      await file.press("Control+a");
      await rawFile.getByRole("button", { name: "Counters", exact: true }).click();
      await file.idle();
      const counted = await rawFile.locator(".area-panel .grid-row").allInnerTexts();
      const zero = kernels[0].ts - details.ts / 1000;
      const samples = events.filter((event) => event.ph === "C");
      const expected = [...new Set(samples.map((sample) => sample.name))].sort().map((name) => {
        const own = samples.filter((sample) => sample.name === name).map(({ ts }) => (ts - zero) * 1000);
        return [name, own.filter((at) => at >= shown.start && at < shown.end).length];
      });
      assert.deepEqual(
        counted
          .map((row) => row.split("\n"))
          .map(([name, count]) => [name, Number(count)])
          .sort(),
        expected,
      );
      assert.ok(
        expected.every(([, count]) => count > 1),
        "the window has samples",
      );
      await file.press("u");
      assert.match(await file.text(".summary"), /Kernels by time/i);
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
