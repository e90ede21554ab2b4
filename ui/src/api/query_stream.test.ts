import { tableFromArrays, tableToIPC } from "@uwdata/flechette";
import { expect, it } from "vitest";
import { applyFrame, cellAt, emptyResult, FrameReader, plainNumbers } from "./query_stream.ts";

function frame(kind: string, payload: Uint8Array | object): Uint8Array {
  const body = payload instanceof Uint8Array ? payload : new TextEncoder().encode(JSON.stringify(payload));
  const bytes = new Uint8Array(5 + body.length);
  bytes[0] = kind.charCodeAt(0);
  new DataView(bytes.buffer).setUint32(1, body.length, true);
  bytes.set(body, 5);
  return bytes;
}
const rows = (ts: number[], name: string[]) => tableToIPC(tableFromArrays({ ts, name }), { format: "stream" })!;

it("puts a result together from pieces of any size", () => {
  const columns = [
    { name: "ts", type: "LONG" },
    { name: "name", type: "STRING" },
  ];
  const frames = [
    frame("N", { message: "careful" }),
    frame("S", { columns }),
    frame("A", rows([1, 2], ["a", "b"])),
    frame("A", rows([3], ["c"])),
    frame("D", { rows: 3, ms: 1.5 }),
    frame("Z", { ms: 2 }),
  ];
  const all = frames.flatMap((bytes) => [...bytes]);
  for (const size of [1, 7, 100_000]) {
    const result = emptyResult();
    const reader = new FrameReader();
    for (let at = 0; at < all.length; at += size) {
      reader.push(Uint8Array.from(all.slice(at, at + size)), (kind, payload) => applyFrame(result, kind, payload));
    }
    reader.finish();
    expect(result.notes).toEqual(["careful"]);
    const set = result.sets[0]!;
    expect(set.num_rows).toBe(3);
    expect([0, 1, 2].map((row) => [cellAt(set, row, 0), cellAt(set, row, 1)])).toEqual([
      [1, "a"],
      [2, "b"],
      [3, "c"],
    ]);
    expect([set.ms, result.ms]).toEqual([1.5, 2]);
  }
});

it("keeps the place of an error", () => {
  const result = emptyResult();
  const error = {
    message: "no such column `dru`",
    hint: "did you mean `dur`?",
    place: { line: 1, column: 8, length: 3, text: "select dru" },
  };
  new FrameReader().push(frame("E", { error }), (kind, payload) => applyFrame(result, kind, payload));
  expect(result.error).toEqual(error);
});

it("keeps integers that no double holds, and nulls", () => {
  expect(plainNumbers([null, 5n, 1_700_000_000_000_000_001n])).toEqual([null, 5, 1_700_000_000_000_000_001n]);
  expect([...(plainNumbers(BigInt64Array.of(1n, 2n) as unknown as ArrayLike<bigint>) as number[])]).toEqual([1, 2]);
  expect(plainNumbers(["a", null])).toEqual(["a", null]);
});

it("tells when the answer is cut", () => {
  const reader = new FrameReader();
  reader.push(frame("Z", { ms: 1 }).slice(0, 6), () => undefined);
  expect(() => reader.finish()).toThrow("ended within a frame");
});
