// Journeys over traces that are made here, against the real command: several ranks on one clock, and a trace that is
// opened while another one keeps the server busy.
import assert from "node:assert/strict";
import { createWriteStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createGzip, gunzipSync } from "node:zlib";
import { pipeline } from "node:stream/promises";
import { skip, startCommand } from "./command.mjs";
import { startHarness } from "./harness.mjs";

/** Real traces of two ranks, which are too large to come with the repository. */
const TP2 = fileURLToPath(new URL("../../../shared/traces/vllm-cpu/tp2", import.meta.url));

let folder;
before(async () => (folder = await mkdtemp(join(tmpdir(), "kinetoscope-ranks-"))));
after(() => rm(folder, { recursive: true, force: true }));

async function withServer(args, body) {
  const server = await startCommand(args);
  try {
    const harness = await startHarness({ url: server.url });
    try {
      await body(harness);
    } finally {
      await harness.stop();
    }
  } finally {
    await server.stop();
  }
}

/** A rank whose clock starts `base` nanoseconds after the Unix epoch: a step, and a kernel on its GPU. */
function rankTrace(rank, base) {
  const step = { ph: "X", cat: "user_annotation", name: `step of rank ${rank}`, pid: 100 + rank, tid: 100 + rank };
  const kernel = { ph: "X", cat: "kernel", name: `gemm_${rank}`, pid: rank, tid: 7, args: { device: rank, stream: 7 } };
  return JSON.stringify({
    baseTimeNanoseconds: base,
    distributedInfo: { backend: "nccl", rank, world_size: 2 },
    deviceProperties: [{ id: rank, name: "NVIDIA H100" }],
    traceEvents: [
      { ...step, ts: 0, dur: 500 },
      { ...kernel, ts: 100, dur: 300 },
    ],
  });
}

test("two ranks have a tree each, on one clock", { skip, timeout: 120_000 }, async () => {
  const base = 1_764_000_000_000_000_000n;
  const ranks = join(folder, "ranks");
  await mkdir(ranks);
  // The second one starts 200 µs later. Numbers as texts would be rounded by a script.
  const write = (rank, start) =>
    writeFile(
      join(ranks, `rank${rank}.json`),
      rankTrace(rank, 0).replace('"baseTimeNanoseconds":0', `"baseTimeNanoseconds":${start}`),
    );
  await write(0, base);
  await write(1, base + 200_000n);
  await withServer(["open", ranks, "--no-cache"], (harness) =>
    harness.journey(async (page, raw) => {
      await page.ready();
      const rows = await page.state("rows");
      const outermost = rows.filter((row) => !row.key.includes("/"));
      assert.deepEqual(
        outermost.map((row) => row.name),
        ["rank 0", "rank 1"],
      );
      assert.equal(
        rows.filter((row) => row.name === "stream 7").length,
        2,
        "there is room for both, so both are unfolded",
      );
      const startOf = async (name) => {
        await raw.locator("#omnibox").fill(name);
        await page.press("Enter");
        const details = await page.state("details");
        assert.equal(details.name, name);
        return details;
      };
      const [first, second] = [await startOf("gemm_0"), await startOf("gemm_1")];
      assert.deepEqual([second.ts - first.ts, first.rank, second.rank], [200_000, 0, 1]);
      // Folding one leaves the other.
      await raw.getByRole("button", { name: "Fold rank 0" }).click();
      assert.equal((await page.state("rows")).filter((row) => row.name === "stream 7").length, 1);
      await raw.locator(".track-canvas").focus();
      await page.press("Control+p");
      await raw.keyboard.type("rank 0 stream");
      await page.press("Enter");
      assert.equal((await page.state("rows")).filter((row) => row.name === "stream 7").length, 2, "finding unfolds");
    }),
  );
});

const noTp2 = skip || (!existsSync(TP2) && "needs the traces beside the repository");
test("real ranks of a vLLM run add up to their files", { skip: noTp2, timeout: 120_000 }, async () => {
  const files = (await readdir(TP2)).filter((name) => name.endsWith(".json.gz"));
  const read = async (name) => JSON.parse(gunzipSync(await readFile(join(TP2, name))).toString()).traceEvents;
  const events = (await Promise.all(files.map(read))).flat();
  const count = events.filter((event) => event.ph === "X" && event.name === "aten::mm").length;
  assert.ok(count > 0);
  await withServer(["open", TP2, "--no-cache"], (harness) =>
    harness.journey(async (page, raw) => {
      await page.ready();
      await raw.locator("#omnibox").fill(":select count(*) from slice where name = 'aten::mm'");
      await page.press("Enter");
      assert.equal((await page.text(".sql-result .grid-row")).replace(/\D/g, ""), String(count));
      const ranks = (await page.state("rows")).filter((row) => /^rank \d/.test(row.name));
      assert.deepEqual(
        ranks.map((row) => row.name),
        ["rank 0", "rank 1"],
      );
    }),
  );
});

const BUSY_EVENTS = 1_500_000;
async function* busyTrace() {
  yield '{"traceEvents":[';
  for (let i = 0; i < BUSY_EVENTS; i += 1000) {
    let text = "";
    for (let n = i; n < i + 1000; n++)
      text += `${n === 0 ? "" : ","}{"ph":"X","cat":"cpu_op","name":"op_${n % 97}","pid":1,"tid":${n % 8},"ts":${n},"dur":7,"args":{"n":${n}}}`;
    yield text;
  }
  yield "]}";
}

test("a second trace opens while the first keeps the server busy", { skip, timeout: 300_000 }, async () => {
  const traces = join(folder, "traces");
  await mkdir(traces);
  await pipeline(busyTrace, createGzip({ level: 1 }), createWriteStream(join(traces, "busy.json.gz")));
  await writeFile(join(traces, "small.json"), rankTrace(0, 1));
  await withServer(["serve", traces, "--no-cache"], (harness) =>
    harness.journey(async (page, raw) => {
      const choose = (name) => raw.getByRole("button", { name: new RegExp(`^${name}`) }).click();
      await choose("busy.json.gz");
      await raw.getByRole("heading", { name: "busy.json.gz" }).waitFor();
      // Another tab does not wait for it.
      const tab = await raw.context().newPage();
      await tab.goto(harness.url);
      await tab.getByRole("button", { name: /^small.json/ }).click();
      await tab.locator(".track-canvas").waitFor();
      await tab.evaluate(() => window.kinetoscopeIdle());
      assert.ok((await tab.evaluate(() => window.kinetoscope.rows())).some((row) => row.name === "stream 7"));
      await tab.close();

      await page.ready();
      assert.match(await page.text(".trace-name"), /busy\.json\.gz 1\u202f500\u202f000 slices/);
      // Every slice against every other one takes longer than anybody waits.
      await raw
        .locator("#omnibox")
        .fill(":select count(*) from slice a, slice b where a.dur + b.ts % 7 < b.dur + a.ts % 5");
      await raw.keyboard.press("Enter");
      await raw.getByText("running…").waitFor();
      await raw.getByRole("button", { name: "‹ Traces" }).click();
      await choose("small.json");
      await page.ready();
      await raw.locator("#omnibox").fill("gemm_0");
      await page.press("Enter");
      assert.equal((await page.state("details")).name, "gemm_0");
      await raw.getByRole("tab", { name: "SQL" }).click();
      await page.idle();
      assert.equal(await raw.getByText("running…").count(), 0, "the query ended with its trace");
    }),
  );
});
