import { expect, it } from "vitest";
import type { TrackColumns } from "../api/viewport_frame.ts";
import { rangeFor, stepFor, ViewportLoader } from "./viewport_loader.ts";

const bounds = { start: 0, end: 1_000_000 };
const none = new Float64Array(0);
const columns: TrackColumns = { kind: "counter", ts: none, min: none, max: none, last: none };

interface Call {
  body: { start: number; end: number; px: number; tracks: number[] };
  signal: AbortSignal;
  answer: () => Promise<void>;
  fail: (error: Error) => Promise<void>;
}
function fake() {
  const calls: Call[] = [];
  const client = {
    viewport: (body: Call["body"], signal: AbortSignal) =>
      new Promise<{ trackId: number; columns: TrackColumns }[]>((resolve, reject) => {
        signal.addEventListener("abort", () => reject(Object.assign(new Error("aborted"), { name: "AbortError" })));
        const settle = async (act: () => void) => {
          act();
          await new Promise((done) => setImmediate(done));
        };
        calls.push({
          body,
          signal,
          answer: () => settle(() => resolve(body.tracks.map((trackId) => ({ trackId, columns })))),
          fail: (error) => settle(() => reject(error)),
        });
      }),
  };
  const errors: unknown[] = [];
  const loader = new ViewportLoader(
    client,
    bounds,
    () => undefined,
    (error) => errors.push(error),
  );
  return { calls, loader, errors };
}
const wish = (start: number, end: number, visible: number[], nearby: number[] = []) => ({
  window: { start, end },
  width: 1000,
  visible,
  nearby,
});

it("asks in steps of powers of two, with a margin, inside the trace", () => {
  expect(stepFor({ start: 0, end: 100_000 }, 1000)).toBe(64);
  const range = rangeFor({ start: 200_000, end: 300_000 }, 1000, bounds);
  expect(range).toEqual({ start: 98_304, end: 409_600, step: 64 });
  expect(rangeFor({ start: 0, end: 1_000_000 }, 1000, bounds)).toEqual({ start: 0, end: 1_000_000, step: 512 });
});

it("asks once for all visible and nearby tracks, and not again while the margin lasts", async () => {
  const { calls, loader } = fake();
  loader.want(wish(200_000, 300_000, [1, 2], [3]));
  loader.want(wish(201_000, 301_000, [1, 2], [3]));
  expect(calls).toHaveLength(1);
  expect(calls[0]!.body).toEqual({ start: 98_304, end: 409_600, px: (409_600 - 98_304) / 64, tracks: [1, 2, 3] });
  await calls[0]!.answer();
  loader.want(wish(290_000, 390_000, [1, 3]));
  expect(calls).toHaveLength(1);
  expect(loader.columnsOf(3)).toBe(columns);
  loader.want(wish(350_000, 450_000, [1, 3]));
  expect(calls).toHaveLength(2);
});

it("keeps old columns and aborts a request that has become useless", async () => {
  const { calls, loader } = fake();
  loader.want(wish(0, 1_000, [1]));
  await calls[0]!.answer();
  loader.want(wish(500_000, 501_000, [1]));
  loader.want(wish(900_000, 901_000, [1]));
  expect(calls[1]!.signal.aborted).toBe(true);
  expect(loader.columnsOf(1)).toBe(columns);
  expect(calls).toHaveLength(3);
});

it("asks for the newest wish when an answer comes that was enough for a while", async () => {
  const { calls, loader } = fake();
  loader.want(wish(0, 100_000, [1]));
  loader.want(wish(0, 50_000, [1]));
  expect(calls).toHaveLength(1);
  await calls[0]!.answer();
  expect(calls).toHaveLength(2);
  expect(calls[1]!.body.px).toBe(Math.ceil(calls[1]!.body.end / 32));
});

it("reports an error once and does not repeat the same request for ever", async () => {
  const { calls, loader, errors } = fake();
  loader.want(wish(0, 1_000, [1]));
  await calls[0]!.fail(new Error("no"));
  loader.want(wish(0, 1_000, [1]));
  expect([calls.length, errors.length]).toEqual([1, 1]);
  loader.want(wish(0, 50_000, [1]));
  expect(calls).toHaveLength(2);
});
