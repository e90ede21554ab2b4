// Measures what moving costs: ten seconds of panning and zooming with held keys, frame times and viewport requests.
// KINETOSCOPE_URL names a server with the trace to measure; without it, the mock serves a made one.
// Times depend on the machine and its load: compare runs on one machine only.
import { startHarness } from "./harness.mjs";

const SECONDS = Number(process.env.SECONDS ?? 10);
const harness = await startHarness({ steps: 400 });
const at = (values, share) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
const row = (name, values) =>
  `${name.padEnd(28)} ${String(values.length).padStart(6)} ${at(values, 0.5).toFixed(1).padStart(8)} ${at(values, 0.99).toFixed(1).padStart(8)} ${Math.max(
    ...values,
  )
    .toFixed(1)
    .padStart(8)}`;

try {
  await harness.journey(async (page, raw) => {
    const started = Date.now();
    await page.ready();
    const firstPaint = Date.now() - started;
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
    const measured = await raw.evaluate(() => ({
      draw: [...window.kinetoscope.frames().millis],
      intervals: window.frameIntervals.slice(1),
      viewports: performance
        .getEntriesByType("resource")
        .filter((e) => e.name.endsWith("/viewport"))
        .map((e) => e.duration),
    }));
    console.log(
      `${"milliseconds".padEnd(28)} ${"count".padStart(6)} ${"p50".padStart(8)} ${"p99".padStart(8)} ${"max".padStart(8)}`,
    );
    console.log(row("drawing a frame", measured.draw));
    console.log(row("from frame to frame", measured.intervals));
    if (measured.viewports.length > 0) console.log(row("viewport request", measured.viewports));
    console.log(`from the address to the first quiet frame: ${firstPaint} ms`);
  });
} finally {
  await harness.stop();
}
