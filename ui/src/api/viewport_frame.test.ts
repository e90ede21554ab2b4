import { expect, it } from "vitest";
import { decodeViewport, firstEndingAfter, lastNotAfter, VIEWPORT_MAGIC } from "./viewport_frame.ts";

/** Writes the format by hand with a DataView, so that the decoder is not tested against itself. */
function sample(): ArrayBuffer {
  const bytes: number[] = [];
  const push = (set: (view: DataView) => void, size: number) => {
    const view = new DataView(new ArrayBuffer(size));
    set(view);
    for (let i = 0; i < size; i++) bytes.push(view.getUint8(i));
  };
  const u32 = (...values: number[]) => values.forEach((v) => push((d) => d.setUint32(0, v, true), 4));
  const u16 = (...values: number[]) => values.forEach((v) => push((d) => d.setUint16(0, v, true), 2));
  const u8 = (...values: number[]) => values.forEach((v) => push((d) => d.setUint8(0, v), 1));
  const f64 = (...values: number[]) => values.forEach((v) => push((d) => d.setFloat64(0, v, true), 8));
  const align = () => {
    while (bytes.length % 8 !== 0) bytes.push(0);
  };
  u32(VIEWPORT_MAGIC, 2, 3, 1);
  u32(7, 0, 0, 3, 9, 1, 0, 1);
  align();
  f64(0, 50, 10);
  f64(40, 20, 5);
  for (const column of [
    [1, 3, 2],
    [1, 1, 8],
    [100, 101, 102],
    [5, 6, 7],
  ]) {
    u32(...column);
    align();
  }
  u16(0, 0, 2);
  align();
  u8(1, 5, 9);
  align();
  u8(0, 1, 2);
  align();
  f64(30);
  f64(-1);
  f64(4);
  f64(2);
  return new Uint8Array(bytes).buffer;
}

it("reads every column of slices and counters", () => {
  const [slices, counter] = decodeViewport(sample());
  expect(slices!.trackId).toBe(7);
  expect(counter!.trackId).toBe(9);
  const columns = slices!.columns;
  if (columns.kind !== "slice" || counter!.columns.kind !== "counter") throw new Error("wrong kinds");
  expect([...columns.ts]).toEqual([0, 50, 10]);
  expect([...columns.dur]).toEqual([40, 20, 5]);
  expect([...columns.slice]).toEqual([1, 3, 2]);
  expect([...columns.count]).toEqual([1, 1, 8]);
  expect([...columns.name]).toEqual([100, 101, 102]);
  expect([...columns.nameHash]).toEqual([5, 6, 7]);
  expect([...columns.class]).toEqual([1, 5, 9]);
  expect([...columns.flags]).toEqual([0, 1, 2]);
  expect([...columns.depthFirst]).toEqual([0, 2, 2, 3]);
  expect([...counter!.columns.max]).toEqual([4]);
  expect([...counter!.columns.last]).toEqual([2]);
});

it("finds the first visible block of a depth", () => {
  const columns = decodeViewport(sample())[0]!.columns;
  if (columns.kind !== "slice") throw new Error("wrong kind");
  expect(firstEndingAfter(columns, 0, 2, 39)).toBe(0);
  expect(firstEndingAfter(columns, 0, 2, 40)).toBe(1);
  expect(firstEndingAfter(columns, 0, 2, 70)).toBe(2);
});

it("finds the sample that holds at a time", () => {
  const ts = Float64Array.of(10, 20, 20, 30);
  expect(lastNotAfter(ts, 9)).toBe(-1);
  expect(lastNotAfter(ts, 20)).toBe(2);
  expect(lastNotAfter(ts, 99)).toBe(3);
});

it("says what is wrong with other bytes", () => {
  expect(() => decodeViewport(new ArrayBuffer(4))).toThrow("no header");
  expect(() => decodeViewport(new ArrayBuffer(16))).toThrow("not a viewport");
  expect(() => decodeViewport(sample().slice(0, 80))).toThrow("cut at byte 80");
});
