// A journey over a trace of millions of slices, which does not come with the repository: TRACE names it, as for
// measure_frames.mjs, and KINETOSCOPE_BIN the command. Nothing may be dropped, whatever the zoom.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BINARY, startCommand } from "./command.mjs";
import { startHarness } from "./harness.mjs";

const { TRACE } = process.env;
const skip = (BINARY === undefined || TRACE === undefined) && "needs the real command, and a large trace in TRACE";
const span = ({ start, end }) => end - start;
const digits = (text) => Number(text.replace(/\D/g, ""));

/** In the page: how many slices each block of a track stands for, over all of the trace; see `viewport_frame.ts`. */
async function blockCounts({ track, bounds }) {
  const { traces } = await (await fetch("api/v1/info")).json();
  const response = await fetch(`api/v1/traces/${encodeURIComponent(traces[0].id)}/viewport`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ start: bounds.start, end: Math.ceil(bounds.end), px: 1000, tracks: [track] }),
  });
  const buffer = await response.arrayBuffer();
  const [, tracks, blocks] = new Uint32Array(buffer, 0, 4);
  const aligned = (bytes) => Math.ceil(bytes / 8) * 8;
  // After the header and the directory: times, durations, ids of slices, counts.
  const at = 16 + aligned(tracks * 16) + 2 * blocks * 8 + aligned(blocks * 4);
  return [...new Uint32Array(buffer, at, blocks)];
}

test(
  "a large trace: all slices are there, and the keys and a search lead to each",
  { timeout: 900_000, skip },
  async () => {
    const server = await startCommand(["open", TRACE]);
    const harness = await startHarness({ url: server.url });
    try {
      await harness.journey(async (page, raw) => {
        // Reading it for the first time may take minutes.
        await raw.locator(".track-canvas").waitFor({ timeout: 600_000 });
        await page.idle();
        const query = async (sql) => {
          await page.press("Control+Shift+S");
          await raw.locator(".cm-content").click();
          await raw.keyboard.press("Control+a");
          await raw.keyboard.insertText(sql);
          await page.press("Control+Enter");
          const text = await page.text(".sql-result .grid-row");
          await raw.locator(".track-canvas").focus();
          await page.press("Control+Shift+S");
          return text;
        };
        const total = digits(/[\d\u202f]+ slices/.exec(await page.text(".trace-name"))[0]);
        assert.ok(total > 1_000_000, `${total} slices`);
        assert.equal(digits(await query("select count(*) from slice")), total);

        // Zoomed out as far as it goes, the blocks of the fullest track stand for every one of its slices.
        const [track, events] = (
          await query("select track_id, count(*) from slice group by track_id order by 2 desc limit 1")
        )
          .split("\n")
          .map(digits);
        assert.ok(events > 100_000);
        const counts = await raw.evaluate(blockCounts, { track, bounds: await page.state("bounds") });
        assert.ok(counts.length < events / 10, "many share a block");
        assert.equal(
          counts.reduce((a, b) => a + b, 0),
          events,
        );

        const name = await query("select min(name) from slice where category = 'kernel'");
        await raw.keyboard.press("/");
        await raw.keyboard.type(name);
        await page.press("Enter");
        const found = await page.state("search");
        const counted = await query(`select count(*) from slice where name = '${name.replaceAll("'", "''")}'`);
        assert.ok(found.result.total >= digits(counted), "every slice of this name is a hit");
        assert.equal((await page.state("details")).name.includes(name), true);

        // From the whole down to one kernel and back, with the keys alone.
        await page.press("Home");
        const whole = await page.state("view");
        await page.press("f");
        await page.press("f");
        const close = await page.state("view");
        assert.ok(span(close) < span(whole) / 1000);
        const { id } = await page.state("details");
        await page.press(".");
        await page.press(",");
        assert.equal((await page.state("details")).id, id);
        while (span(await page.state("view")) < span(whole)) await page.hold("s", 500);
        assert.deepEqual(await page.state("view"), whole);
        const frames = await page.state("frames");
        assert.ok(frames.count > 20, `${frames.count} frames were drawn on the way`);
      });
    } finally {
      await harness.stop();
      await server.stop();
    }
  },
);
