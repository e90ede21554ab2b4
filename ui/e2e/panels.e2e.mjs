// Journeys through search, palettes, SQL, settings and the list of traces.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { TWO_STEPS, onMadeTrace, startHarness } from "./harness.mjs";
import { OPS, STEP } from "./mock_trace.mjs";

let harness;
before(async () => (harness = await startHarness({ steps: 100 })));
after(() => harness.stop());

const onMade = onMadeTrace(() => harness);
const runSql = async (page, raw, sql) => {
  await raw.locator(".cm-content").click();
  await raw.keyboard.press("Control+a");
  await raw.keyboard.insertText(sql);
  await page.press("Control+Enter");
};

onMade("/ searches; Enter and Shift+Enter step through all hits, which are ticks and a list", async (page, raw) => {
  await page.press("/");
  await raw.keyboard.type("fused_moe");
  await raw.getByText(`– / 400`).waitFor();
  const search = await page.state("search");
  // One kernel name, four times a step.
  assert.equal(search.result.total, 400);
  assert.equal(
    search.result.ticks.reduce((a, b) => a + b, 0),
    400,
  );
  await page.press("Enter");
  assert.match(await page.text(".hits"), /^1 \/ 400$/);
  assert.equal((await page.state("details")).name, "fused_moe_kernel");
  await page.press("Enter");
  assert.match(await page.text(".hits"), /^2 \/ 400$/);
  await page.press("Shift+Enter");
  await page.press("Shift+Enter");
  assert.match(await page.text(".hits"), /^400 \/ 400$/);
  const { start, end } = await page.state("view");
  const { ts } = await page.state("details");
  assert.ok(ts >= start && ts <= end, "the last hit is in view");
  await raw.getByRole("button", { name: "List", exact: true }).click();
  await page.idle();
  assert.match(await page.text(".search-panel"), /400 hits/);
  assert.match(await page.text(".search-panel .grid-row"), /fused_moe_kernel\s+GPU › NVIDIA H100 80GB HBM3 › stream 7/);
});

onMade("search finds values of arguments, and only where it is told to", async (page, raw) => {
  await page.press("/");
  await raw.keyboard.type("1007");
  await page.press("Enter");
  assert.equal((await page.state("selection")).id, 7, "External id is 1000 + id");
  await raw.locator(".places summary").click();
  await raw.getByLabel("arg values").uncheck();
  await page.idle();
  assert.match(await page.text(".hits"), /no hits/);
});

onMade("Ctrl+P finds tracks by any of their words, unfolds and shows them", async (page, raw) => {
  await page.press("Control+p");
  await raw.keyboard.type("pool-37");
  await page.press("Enter");
  await raw.locator('[data-key="cpu/4400/4438"]').waitFor();
  const box = await raw.locator('[data-key="cpu/4400/4438"]').boundingBox();
  const tracks = await page.box();
  assert.ok(box.y > tracks.y && box.y < tracks.y + tracks.height, "the row is in view");
});

onMade(
  "Ctrl+Shift+P runs commands, > opens them too, Shift+T pins",
  async (page, raw) => {
    await page.press("Control+Shift+P");
    await raw.keyboard.type("nanoseconds");
    await page.press("Enter");
    await page.click(await page.placeOf("stream 7", STEP + 400_000));
    assert.match(await page.text(".slice-panel"), /Duration\s+180\u202f000 ns/);
    await page.press("/");
    await raw.keyboard.type(">");
    await raw.getByRole("dialog", { name: "Command palette" }).waitFor();
    await page.press("Escape");
    assert.equal(await raw.getByRole("dialog").count(), 0);
    await raw.locator(".track-canvas").focus();
    await page.press("Shift+T");
    await raw.keyboard.type("stream 13");
    await page.press("Enter");
    assert.deepEqual(await page.state("pins"), ["gpu/0/s13"]);
  },
  { fragment: TWO_STEPS },
);

onMade(
  "? lists every key, and keys can be changed and reset",
  async (page, raw) => {
    await page.press("?");
    const help = raw.getByRole("dialog", { name: "Help" });
    const text = await help.innerText();
    for (const part of [
      "Zoom in at the mouse",
      "Centre the view at the mouse",
      "Follow the flow forward",
      "Command palette",
      "Ctrl + wheel",
    ]) {
      assert.ok(text.includes(part), part);
    }
    await raw.getByRole("button", { name: "Change the key of: Centre the view at the mouse" }).click();
    await page.press("x");
    await page.press("Escape");
    const box = await page.box();
    await raw.mouse.move(box.x + 100, box.y + 100);
    const before = await page.state("view");
    await page.press("e");
    assert.deepEqual(await page.state("view"), before);
    await page.press("x");
    assert.notDeepEqual(await page.state("view"), before);
    await page.press("?");
    await raw.getByRole("button", { name: "Reset keys" }).click();
    await page.press("Escape");
    const moved = await page.state("view");
    await raw.mouse.move(box.x + 200, box.y + 100);
    await page.press("e");
    assert.notDeepEqual(await page.state("view"), moved);
  },
  { fragment: `t=0&v=${10 * STEP}-${12 * STEP}` },
);

onMade("SQL: rows, links to the timeline, errors with their place, a track of a result", async (page, raw) => {
  await page.press("Control+Shift+S");
  await runSql(page, raw, "select * from slice where category = 'kernel'");
  const count = 100 * OPS;
  assert.match((await page.text(".sql-count")).replace("\u202f", ""), new RegExp(`^${count} rows in 1\\.3 ms$`));
  const rows = raw.locator(".sql-result .grid-row");
  assert.ok((await rows.count()) < 60, "only the rows on the screen exist");
  await rows.first().locator("button.link").first().click();
  await page.idle();
  assert.match((await page.state("details")).name, /gemm/);
  assert.equal((await page.state("drawer")).tab, "sql", "the panel stays while its links are followed");

  await raw.getByRole("button", { name: "Show as track" }).click();
  await raw.getByLabel("title").fill("my kernels");
  await raw.getByRole("button", { name: "Add track" }).click();
  await page.idle();
  const first = (await page.state("rows"))[0];
  assert.equal(first.name, "my kernels");
  await raw.locator(".track-canvas").focus();
  await page.press("Escape");
  await page.press("Home");
  await raw.locator('[aria-label="Remove my kernels"]').waitFor({ state: "attached" });
  const box = await page.box();
  await page.click({ x: box.x + 5, y: box.y + 11 });
  assert.equal((await page.state("selection")).kind, "slice", "a row with an id stands for its slice");

  assert.equal((await page.state("drawer")).tab, "selection", "a click in the timeline shows the details");
  await page.press("Control+Shift+S");
  await runSql(page, raw, "select * from slise");
  const error = await page.text(".sql-error");
  assert.match(error, /no such table `slise`/);
  assert.match(error, /did you mean `slice`/);
  const marker = error.split("\n").find((line) => /^\s*\^+\s*$/.test(line));
  assert.equal(marker.indexOf("^"), "select * from ".length);
});

onMade("a query can be cancelled; a selection runs alone; : runs SQL from the box", async (page, raw) => {
  await page.press("Control+Shift+S");
  await raw.locator(".cm-content").click();
  await raw.keyboard.press("Control+a");
  await raw.keyboard.insertText("select sleep");
  await raw.keyboard.press("Control+Enter");
  await raw.getByRole("button", { name: "Cancel" }).click();
  await page.idle();
  assert.match(await page.text(".sql-error"), /cancelled/);
  await raw.locator(".cm-content").click();
  await raw.keyboard.press("Control+a");
  await raw.keyboard.insertText("nonsense\nselect * from slice limit 7");
  await raw.keyboard.press("Shift+Home");
  await page.press("Control+Enter");
  assert.match(await page.text(".sql-count"), /^7 rows/);
  await page.page.locator("#omnibox").fill(":select * from slice limit 3");
  await page.press("Enter");
  assert.match(await page.text(".sql-count"), /^3 rows/);
});

onMade("completion knows tables and columns of the schema", async (page, raw) => {
  await page.press("Control+Shift+S");
  await raw.locator(".cm-content").click();
  await raw.keyboard.press("Control+a");
  await raw.keyboard.type("select track_");
  await raw.locator(".cm-tooltip-autocomplete").getByText("track_id").waitFor();
});

onMade("results are exported whole", async (page, raw) => {
  await page.press("Control+Shift+S");
  await runSql(page, raw, "select * from slice where category = 'kernel' limit 500");
  const [download] = await Promise.all([
    raw.waitForEvent("download"),
    raw.getByRole("button", { name: "CSV" }).click(),
  ]);
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  const lines = Buffer.concat(chunks).toString().trimEnd().split("\n");
  assert.equal(lines.length, 501);
  assert.equal(lines[0], "id,ts,dur,track_id,name,category");
  await raw.getByRole("button", { name: "Copy", exact: true }).click();
  await raw.getByText("500 rows copied.").waitFor();
  assert.equal((await raw.evaluate(() => navigator.clipboard.readText())).trimEnd().split("\n").length, 501);
});

onMade(
  "warnings are one click away, the theme follows, fading hides others",
  async (page, raw) => {
    await raw.locator(".warn-button").click();
    await page.idle();
    const text = await page.text(".warnings");
    assert.match(text, /LOST DATA/i);
    assert.match(text, /byte 8\u202f192/);
    assert.equal(await raw.evaluate(() => document.documentElement.dataset.theme), "dark");
    await raw.getByRole("button", { name: "Light theme" }).click();
    assert.equal(await raw.evaluate(() => document.documentElement.dataset.theme), "light");
    const pixel = async () => {
      const at = await page.placeOf("stream 7", STEP + 380_000);
      const box = await page.box();
      return raw.evaluate(
        ([x, y]) => [
          ...document
            .querySelector(".track-canvas")
            .getContext("2d")
            .getImageData(x * devicePixelRatio, y * devicePixelRatio, 1, 1).data,
        ],
        [at.x - box.x, at.y - box.y + 5],
      );
    };
    const before = await pixel();
    await raw.locator("#slice-filter").fill("fused_moe");
    await page.idle();
    const faded = await pixel();
    assert.ok(Math.min(...faded.slice(0, 3)) > Math.min(...before.slice(0, 3)) + 60, `${before} fades to ${faded}`);
  },
  { fragment: TWO_STEPS, colorScheme: "dark" },
);

onMade("U tells what was found, with links to the places", async (page, raw) => {
  await page.press("u");
  const text = await page.text(".summary");
  assert.match(text, /GPU 0 waits 46\.6 %/);
  assert.match(text, /26\.3 % busy/);
  assert.match(text, /host late\s+4\.658 ms/);
  await raw.getByRole("button", { name: "150.0 µs" }).click();
  await page.idle();
  const { start, end } = await page.state("view");
  assert.ok(start <= 542_000 && end >= 692_000 && end - start < 1_000_000, "the gap is in view");
  await raw.getByRole("button", { name: "show it" }).click();
  await page.idle();
  assert.equal((await page.state("selection")).id, 6);
});

test("a folder of traces: opening shows progress, can be cancelled, and tells why it failed", async (t) => {
  if (!harness.isMock) return t.skip("needs the mock's list of traces");
  const serving = await startHarness({ steps: 20, mode: "serve" });
  try {
    await serving.journey(async (page, raw) => {
      await page.idle();
      assert.equal(await raw.locator(".trace-entry").count(), 3);
      await raw.getByRole("button", { name: /prefill_h100/ }).click();
      await raw.getByText(/reading: .* events/).waitFor();
      await raw.getByRole("button", { name: "Cancel" }).click();
      await page.idle();
      await raw.getByRole("button", { name: /broken/ }).click();
      await raw.getByText("it ends after 12 bytes").waitFor();
      await raw.getByRole("button", { name: "Back to the list" }).click();
      await raw.getByRole("button", { name: /decode_h100/ }).click();
      await page.ready();
      assert.equal((await page.state("bounds")).end, 20 * STEP);
      await raw.getByRole("button", { name: "‹ Traces" }).click();
      assert.equal(await raw.locator(".trace-entry").count(), 3);
    });
  } finally {
    await serving.stop();
  }
});
