import { describe, expect, it } from "vitest";
import {
  ellipsizeMiddle,
  formatBytes,
  formatNanos,
  formatNanosShort,
  formatNumberOf,
  formatPercent,
  formatTick,
  formatWallTime,
} from "./format.ts";

describe("formatNanos", () => {
  it("counts in singular and plural", () => {
    expect([0, 1, 1234].map((count) => formatNumberOf(count, "gap"))).toEqual(["0 gaps", "1 gap", "1\u202f234 gaps"]);
  });

  it("keeps every digit, in the largest unit with a whole part", () => {
    expect(formatNanos(0)).toBe("0 s");
    expect(formatNanos(7)).toBe("7 ns");
    expect(formatNanos(1_234)).toBe("1.234 µs");
    expect(formatNanos(1_500_000)).toBe("1.5 ms");
    expect(formatNanos(9_007_199_254_740_991)).toBe("9\u202f007\u202f199.254740991 s");
  });
  it("takes the unit that is asked for", () => {
    expect(formatNanos(1, "seconds")).toBe("0.000000001 s");
    expect(formatNanos(1_234_567, "nanoseconds")).toBe("1\u202f234\u202f567 ns");
    expect(formatNanos(-1_500, "microseconds")).toBe("-1.5 µs");
  });
  it("shortens only where asked", () => {
    expect(formatNanosShort(1_234_567)).toBe("1.235 ms");
    expect(formatNanosShort(999)).toBe("999 ns");
  });
});

describe("other units", () => {
  it("tells neighbouring ticks apart", () => {
    expect(formatTick(1_000_000_500, 500)).toBe("1.0000005 s");
    expect(formatTick(1_000_001_000, 500)).toBe("1.0000010 s");
    expect(formatTick(2_000, 1_000)).toBe("2 µs");
  });
  it("writes sizes in powers of two and small shares honestly", () => {
    expect(formatBytes(1023)).toBe("1023 B");
    expect(formatBytes(1536)).toBe("1.50 KiB");
    expect(formatPercent(0.001)).toBe("< 0.01 %");
    expect(formatPercent(100)).toBe("100.0 %");
  });
  it("adds an offset to a Unix time without losing nanoseconds", () => {
    expect(formatWallTime("1700000000000000001", 2)).toBe("2023-11-14 22:13:20.000000003 UTC");
  });
  it("keeps both ends of a name", () => {
    expect(ellipsizeMiddle("abcdefghij", 6)).toBe("abc…ij");
  });
});
