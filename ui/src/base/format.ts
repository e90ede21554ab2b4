// Writes times, sizes and counts for people. Times are integer nanoseconds, which a double holds exactly
// up to 2^53 (104 days), so every digit that is shown is true and nothing is rounded unless asked for.

export type TimeFormat = "auto" | "seconds" | "milliseconds" | "microseconds" | "nanoseconds";

const UNITS = [
  { name: "s", nanos: 1e9, digits: 9 },
  { name: "ms", nanos: 1e6, digits: 6 },
  { name: "µs", nanos: 1e3, digits: 3 },
  { name: "ns", nanos: 1, digits: 0 },
] as const;

const UNIT_OF_FORMAT: Record<Exclude<TimeFormat, "auto">, number> = {
  seconds: 0,
  milliseconds: 1,
  microseconds: 2,
  nanoseconds: 3,
};

/** Thin space between digit groups of long integers. */
const GROUP = "\u202f";

export function groupDigits(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, GROUP);
}

/** A count, every digit, in groups of three. */
export function formatCount(count: number): string {
  return count < 0 ? `-${groupDigits(String(-count))}` : groupDigits(String(count));
}

/** A count with its noun, which takes an s for all numbers but one. */
export const formatNumberOf = (count: number, noun: string): string =>
  `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;

/** All digits of an integer nanosecond value in one unit; trailing zeros of the fraction are left out. */
function exactInUnit(nanos: number, unitIndex: number): string {
  const unit = UNITS[unitIndex]!;
  const sign = nanos < 0 ? "-" : "";
  const abs = Math.abs(nanos);
  const whole = Math.floor(abs / unit.nanos);
  const rest = abs - whole * unit.nanos;
  const fraction = unit.digits === 0 ? "" : String(rest).padStart(unit.digits, "0").replace(/0+$/, "");
  return `${sign}${groupDigits(String(whole))}${fraction === "" ? "" : `.${fraction}`} ${unit.name}`;
}

function unitFor(nanos: number, format: TimeFormat): number {
  if (format !== "auto") return UNIT_OF_FORMAT[format];
  const abs = Math.abs(nanos);
  const index = UNITS.findIndex((unit) => abs >= unit.nanos);
  return index < 0 ? 3 : index;
}

/** Exact to the nanosecond, in the largest unit that leaves a whole part (or in the one asked for). */
export function formatNanos(nanos: number, format: TimeFormat = "auto"): string {
  if (nanos === 0) return `0 ${format === "auto" ? "s" : UNITS[UNIT_OF_FORMAT[format]]!.name}`;
  const whole = Math.round(nanos);
  return exactInUnit(whole, unitFor(whole, format));
}

/** Three or four significant digits, for places where width matters more than the last digit. */
export function formatNanosShort(nanos: number): string {
  if (nanos === 0) return "0 s";
  const unit = UNITS[unitFor(nanos, "auto")]!;
  const value = nanos / unit.nanos;
  const abs = Math.abs(value);
  const digits = unit.nanos === 1 ? (Number.isInteger(value) ? 0 : 1) : abs >= 100 ? 1 : abs >= 10 ? 2 : 3;
  return `${value.toFixed(digits)} ${unit.name}`;
}

/** The label of an axis tick: enough digits to tell it from its neighbours, `step` apart. */
export function formatTick(nanos: number, step: number): string {
  const unitIndex = unitFor(Math.max(Math.abs(step), 1), "auto");
  const unit = UNITS[nanos === 0 ? unitIndex : Math.min(unitIndex, unitFor(nanos, "auto"))]!;
  const stepInUnit = step / unit.nanos;
  const digits = stepInUnit >= 1 ? 0 : Math.min(9, Math.ceil(-Math.log10(stepInUnit) - 1e-9));
  const [whole, fraction] = (nanos / unit.nanos).toFixed(digits).split(".");
  return `${groupDigits(whole!)}${fraction === undefined ? "" : `.${fraction}`} ${unit.name}`;
}

const SIZES = ["B", "KiB", "MiB", "GiB", "TiB"];

export function formatBytes(bytes: number): string {
  let value = bytes;
  let index = 0;
  while (Math.abs(value) >= 1024 && index < SIZES.length - 1) {
    value /= 1024;
    index++;
  }
  return index === 0 ? `${value} B` : `${value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${SIZES[index]}`;
}

export function formatPercent(percent: number): string {
  if (percent === 0) return "0 %";
  if (Math.abs(percent) < 0.01) return "< 0.01 %";
  return `${percent.toFixed(Math.abs(percent) >= 99.995 || Math.abs(percent) >= 10 ? 1 : 2)} %`;
}

/** A value of a counter: integers in full, others with six significant digits. */
export function formatValue(value: number, unit: string | null): string {
  const bytes = unit === null ? null : /^bytes?(\/s)?$/i.exec(unit);
  if (bytes !== null) return formatBytes(value) + (bytes[1] ?? "");
  const text = Number.isInteger(value) ? formatCount(value) : String(Number(value.toPrecision(6)));
  if (unit === null || unit === "") return text;
  return unit.startsWith("/") ? text + unit : `${text} ${unit}`;
}

/** Absolute wall time with nanoseconds, in UTC, from decimal Unix nanoseconds and an offset. */
export function formatWallTime(unixStartNanos: string, offsetNanos: number): string {
  const nanos = BigInt(unixStartNanos) + BigInt(Math.round(offsetNanos));
  const seconds = nanos / 1_000_000_000n;
  const fraction = String(nanos % 1_000_000_000n).padStart(9, "0");
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace("T", " ")}.${fraction} UTC`;
}

/** Cuts the middle out of a long text, since both ends of a kernel's name tell kernels apart. */
export function ellipsizeMiddle(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  if (maxChars <= 1) return "…";
  const head = Math.ceil((maxChars - 1) * 0.6);
  return `${text.slice(0, head)}…${text.slice(text.length - (maxChars - 1 - head))}`;
}
