// Measures what the page costs on a large trace, in one table: the first paint after opening, ten seconds of panning and
// zooming with held keys (frames, and the viewports that the server gives), over every track that fits on the screen.
//
// KINETOSCOPE_URL names a server with the trace; or KINETOSCOPE_BIN the command and TRACE a file, which is then opened
// twice, so that the second opening finds its cache; without either, the mock serves a made trace.
// Times depend on the machine and its load: compare runs on one machine only.
import { BINARY, startCommand } from "./command.mjs";
import { startHarness } from "./harness.mjs";

const SECONDS = Number(process.env.SECONDS ?? 10);
const TRACE = process.env.TRACE;
const at = (values, share) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
const cells = (values) => values.map((value) => value.padStart(9)).join("");
const row = (name, values) =>
  name.padEnd(44) +
  cells([String(values.length), ...[at(values, 0.5), at(values, 0.99), Math.max(...values)].map((v) => v.toFixed(1))]);

/** Time from the start of the command, or of the page, to a drawn timeline with nothing pending. */
async function openPage(harness, startedAt, body) {
  await harness.journey(async (page, raw) => {
    await raw.locator(".track-canvas").waitFor({ timeout: 600_000 });
    const painted = performance.now() - startedAt;
    await page.idle();
    await body(page, raw, painted, performance.now() - startedAt);
  });
}

async function move(page, raw) {
  const box = await page.box();
  await raw.mouse.move(box.x + box.width / 2, box.y + 20);
  await raw.evaluate(() => {
    window.kinetoscope.frames().millis.length = 0;
    performance.clearResourceTimings();
    performance.setResourceTimingBufferSize(5000);
    const intervals = (window.frameIntervals = []);
    let last = performance.now();
    const tick = (now) => {
      intervals.push(now - last);
      last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  const until = Date.now() + SECONDS * 1000;
  for (let i = 0; Date.now() < until; i++) {
    const key = ["w", "d", "w", "a", "s", "d", "s", "a"][i % 8];
    await raw.keyboard.down(key);
    await raw.waitForTimeout(600);
    await raw.keyboard.up(key);
  }
  await page.idle();
  return raw.evaluate(() => ({
    draw: [...window.kinetoscope.frames().millis],
    intervals: window.frameIntervals.slice(1),
    viewports: performance
      .getEntriesByType("resource")
      .filter((e) => e.name.endsWith("/viewport"))
      .map((e) => e.responseStart - e.requestStart),
  }));
}

const byCommand = BINARY !== undefined && TRACE !== undefined;
async function withPage(body) {
  const startedAt = performance.now();
  const server = byCommand ? await startCommand(["open", TRACE]) : null;
  const harness = await startHarness(server === null ? { steps: 400 } : { url: server.url });
  try {
    await openPage(harness, startedAt, body);
  } finally {
    await harness.stop();
    await server?.stop();
  }
}

if (byCommand) await withPage(async () => undefined);
await withPage(async (page, raw, painted, quiet) => {
  const measured = await move(page, raw);
  const slices = await raw.locator(".trace-name").innerText();
  console.log(slices);
  console.log("milliseconds".padEnd(44) + cells(["count", "p50", "p99", "max"]));
  console.log(row("drawing a frame", measured.draw));
  console.log(row("from frame to frame", measured.intervals));
  if (measured.viewports.length > 0) console.log(row("viewport, until its first byte", measured.viewports));
  const from = byCommand ? "the command to the" : "the address to the";
  console.log(row(`from ${from} timeline on the screen`, [painted]));
  console.log(row(`from ${from} first quiet frame`, [quiet]));
});
